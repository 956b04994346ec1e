//! A capture file to transactions: mapped, its pages in the cache, read as mev-parse reads it.
//!
//! Two captures of 400 slots each, all different: a mainnet block of 2021 (legacy shreds), copied
//! with its slot numbers rewritten, and generated slots with Merkle shreds, 32 data and 32 code a
//! set. Every run is checked: transactions out are transactions in. The rows of a table are run in
//! turn, round after round; each number is the median of the rounds.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark prints, stops where it stands, and reads the clock"
)]

#[path = "support/paired.rs"]
mod paired;

use mev::mem::{Behind, Map};
use mev::net::pcap::{Capture, Datagram, Item, Writer};
use mev::parse::{Config, Feed, Limits, Order, Parser, Tally, Verify, Wanted};
use mev::stream::{Arena, Stage};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Slots of a capture.
const SLOTS: u64 = 400;
/// Transactions of a generated slot.
const TXNS_PER_SLOT: u64 = 1000;
/// Rounds of a table.
const ROUNDS: usize = 7;

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let folder = std::env::temp_dir().join(format!("mev-bench-capture-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (block, made) = (folder.join("block.pcap"), folder.join("made.pcap"));
    let mut report = String::new();
    if let Some(txns) = copies(&block) {
        table(&mut report, "A mainnet block of 2021, 400 times", &block, txns);
    }
    generated(&made);
    table(&mut report, "Generated slots, Merkle shreds", &made, SLOTS * TXNS_PER_SLOT);
    println!("<!-- bench -->\n{report}<!-- /bench -->");
    views(&folder);
    std::fs::remove_dir_all(&folder).unwrap();
}

/// A capture in memory iterated to UDP views, nothing written, beside the usual stack; then written as
/// records by the program.
fn views(folder: &Path) {
    let mut report = paired::Report::new("Capture to UDP views, one core (ns a packet)");
    for (payload_len, count) in [(64, 400_000), (1232, 100_000)] {
        let bytes = datagrams(payload_len, count);
        report.compare(
            &format!("{payload_len} B: pcap-file and etherparse / ours"),
            &mut |calls| rounds(calls, |most| theirs(&bytes, most)),
            &mut |calls| rounds(calls, |most| ours(&bytes, most)),
        );
        let path = folder.join("views.pcap");
        std::fs::write(&path, &bytes).unwrap();
        let mut seconds: Vec<f64> = (0..ROUNDS)
            .map(|_| {
                let start = Instant::now();
                let mut program = Command::new(env!("CARGO_BIN_EXE_mev-capture"));
                let status = program.arg(&path).args(["-q", "-o", "/dev/null"]).status();
                assert!(status.unwrap().success());
                start.elapsed().as_secs_f64()
            })
            .collect();
        seconds.sort_by(f64::total_cmp);
        let rate = f64::from(count) / seconds[ROUNDS / 2] / 1e6;
        report.line(&format!(
            "{payload_len} B: `mev-capture FILE -o /dev/null`, records written: {rate:.2} M packets/s, the program's start included."
        ));
    }
    report.print();
}

/// A capture of `count` datagrams.
fn datagrams(payload_len: usize, count: u32) -> Vec<u8> {
    let address = |last| std::net::Ipv4Addr::new(10, 0, 0, last).to_ipv6_mapped().octets();
    let mut to = Writer::new(Vec::new()).unwrap();
    let mut payload = vec![7; payload_len];
    for number in 0..count {
        payload[..4].copy_from_slice(&number.to_le_bytes());
        let datagram = Datagram {
            rx_ns: 1_700_000_000_000_000_000 + u64::from(number),
            source: address(1),
            target: address(2),
            source_port: 8000,
            target_port: 8001,
            payload: &payload,
            truncated: false,
            interface: 0,
        };
        to.write(&datagram).unwrap();
    }
    to.into_inner()
}

/// Reads `calls` packets, by `round`, which reads so many at most and says how many there were.
fn rounds(calls: u64, mut round: impl FnMut(u64) -> u64) {
    let mut done = 0;
    while done < calls {
        done += round(calls - done);
    }
}

/// Every packet as a view: its stamp, port and the first byte are looked at.
fn ours(capture: &[u8], most: u64) -> u64 {
    let (mut count, mut sum) = (0, 0);
    for item in Capture::new(capture).unwrap() {
        if count == most {
            break;
        }
        let Item::Datagram(datagram) = item.unwrap() else { panic!("no datagram") };
        sum ^= datagram.rx_ns ^ u64::from(datagram.target_port) ^ u64::from(datagram.payload[0]);
        count += 1;
    }
    std::hint::black_box(sum);
    count
}

/// The same by the crates that one would take.
fn theirs(capture: &[u8], most: u64) -> u64 {
    let (mut count, mut sum) = (0, 0);
    let mut reader = pcap_file::pcap::PcapReader::new(capture).unwrap();
    while count < most
        && let Some(packet) = reader.next_packet()
    {
        let packet = packet.unwrap();
        let sliced = etherparse::SlicedPacket::from_ethernet(&packet.data).unwrap();
        let Some(etherparse::TransportSlice::Udp(udp)) = sliced.transport else { panic!("no UDP") };
        let rx_ns = u64::try_from(packet.timestamp.as_nanos()).unwrap();
        sum ^= rx_ns ^ u64::from(udp.destination_port()) ^ u64::from(udp.payload()[0]);
        count += 1;
    }
    std::hint::black_box(sum);
    count
}

/// Writes the block as [`SLOTS`] slots to `path` and gives the number of their transactions; `None`,
/// said aloud, where there is no block.
fn copies(path: &Path) -> Option<u64> {
    let root = std::env::var_os("MEV_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let block = root.join("data/shreds/mainnet-102815960.pcap");
    let Ok(mut bytes) = std::fs::read(&block) else {
        println!("skipped: no {}", block.display());
        return None;
    };
    // Nanosecond pcap: a header of 24 bytes, then 16 before each packet; Ethernet, IPv4 and UDP take
    // 42, and the slot stands at byte 65 of a shred. The parent is an offset and moves with it.
    let slots_at: Vec<usize> = Capture::new(&bytes)
        .unwrap()
        .map(|item| match item.unwrap() {
            Item::Datagram(datagram) => {
                datagram.payload.as_ptr() as usize - bytes.as_ptr() as usize + 65
            }
            Item::Skipped(why) => panic!("the block holds a {}", why.name()),
        })
        .collect();
    let mut file = BufWriter::new(File::create(path).unwrap());
    file.write_all(&bytes[..24]).unwrap();
    for slot in 0..SLOTS {
        for at in &slots_at {
            bytes[*at..at + 8].copy_from_slice(&(102_815_960 + slot).to_le_bytes());
        }
        file.write_all(&bytes[24..]).unwrap();
    }
    file.flush().unwrap();
    Some(3177 * SLOTS)
}

/// Writes generated slots to `path`.
fn generated(path: &Path) {
    let [slots, txns] = [SLOTS, TXNS_PER_SLOT].map(|number| number.to_string());
    let status = Command::new(env!("CARGO_BIN_EXE_mev-capture"))
        .args(["gen", "shreds", "--seed", "1", "--slots", &slots, "--txs-per-slot", &txns])
        .args(["-f", "pcap", "-o"])
        .arg(path)
        .status();
    assert!(status.unwrap().success());
}

/// What a row of a table does.
enum Way {
    /// In this process, on one thread.
    Here { rows: bool, merkle: bool, poh: bool },
    /// The program, with so many threads, and rows or not.
    Program { threads: u16, rows: bool },
}

const WAYS: [(&str, Way); 8] = [
    ("transaction views", Way::Here { rows: false, merkle: false, poh: false }),
    ("the same, decoded to swap rows", Way::Here { rows: true, merkle: false, poh: false }),
    ("views, `merkle`", Way::Here { rows: false, merkle: true, poh: false }),
    ("views, `poh`", Way::Here { rows: false, merkle: false, poh: true }),
    ("`mev-parse --no-rows --threads 1`", Way::Program { threads: 1, rows: false }),
    ("`mev-parse --no-rows --threads 2`", Way::Program { threads: 2, rows: false }),
    ("`mev-parse --threads 1`", Way::Program { threads: 1, rows: true }),
    ("`mev-parse --threads 2`", Way::Program { threads: 2, rows: true }),
];

/// Adds a table of all ways through the capture at `path`, which holds `txns` transactions.
fn table(report: &mut String, title: &str, path: &Path, txns: u64) {
    let map = Map::open(&File::open(path).unwrap()).unwrap();
    let (bytes, packets) = (map.bytes().len(), Capture::new(map.bytes()).unwrap().count());
    let mut seconds = [[0.0; ROUNDS]; WAYS.len()];
    for round in 0..ROUNDS {
        for ((_, way), seconds) in WAYS.iter().zip(&mut seconds) {
            // What is slow says enough once.
            if matches!(way, Way::Here { poh: true, .. }) && round > 0 {
                seconds[round] = seconds[0];
                continue;
            }
            let start = Instant::now();
            let found = match way {
                Way::Here { rows, merkle, poh } => here(&map, *rows, *merkle, *poh),
                Way::Program { threads, rows } => program(path, *threads, *rows),
            };
            seconds[round] = start.elapsed().as_secs_f64();
            assert_eq!(found, txns, "transactions out are not transactions in");
        }
    }
    let _ = writeln!(
        report,
        "### {title}\n\n{}\n\n{bytes} bytes, {packets} packets, {SLOTS} slots, {txns} transactions; \
         `--verify none` but where it says so; {ROUNDS} rounds (`poh` once).\n\n\
         | what | GB/s | slowest to fastest | M packets/s | M transactions/s |\n\
         |---|---:|---:|---:|---:|",
        paired::machine()
    );
    for ((what, _), mut seconds) in WAYS.iter().zip(seconds) {
        seconds.sort_by(f64::total_cmp);
        let per_second = |count: f64, seconds: f64| count / seconds;
        let [bytes, packets, txns] = [bytes as u64, packets as u64, txns].map(number);
        let median = seconds[ROUNDS / 2];
        let _ = writeln!(
            report,
            "| {what} | {:.2} | {:.2} to {:.2} | {:.2} | {:.2} |",
            per_second(bytes / 1e9, median),
            per_second(bytes / 1e9, seconds[ROUNDS - 1]),
            per_second(bytes / 1e9, seconds[0]),
            per_second(packets / 1e6, median),
            per_second(txns / 1e6, median),
        );
    }
    report.push('\n');
}

#[expect(clippy::cast_precision_loss, reason = "a measurement")]
fn number(count: u64) -> f64 {
    count as f64
}

/// Reads a capture in this process as mev-parse does; transactions found.
fn here(map: &Map, rows: bool, merkle: bool, poh: bool) -> u64 {
    let verify = Verify { merkle, leader: None, poh };
    let limits = Limits::DEFAULT;
    let config = Config {
        order: Order::Slot,
        verify,
        limits,
        shred_version: None,
        rows: if rows { Wanted::ALL } else { Wanted::NONE },
    };
    let mut parser = Parser::new(&config, Feed::default()).unwrap();
    let mut arena = Arena::with_room(Parser::MAX_OUT);
    let mut capture = Capture::new(map.bytes()).unwrap();
    let mut behind = Behind::default();
    while let Some(item) = capture.next() {
        if let Item::Datagram(datagram) = item.unwrap() {
            let (payload, truncated) = (datagram.payload, datagram.truncated);
            parser.datagram_lent(payload, truncated, datagram.rx_ns, &mut arena);
            arena.clear();
        }
        behind.passed(map, capture.at());
    }
    parser.finish(&mut arena);
    let Tally { slots, slots_complete, txns, .. } = parser.tally();
    assert_eq!((*slots, *slots_complete), (SLOTS, SLOTS), "slots were lost");
    *txns
}

/// Lets the program read the capture at `path`; transactions found.
fn program(path: &Path, threads: u16, rows: bool) -> u64 {
    let output = Command::new(env!("CARGO_BIN_EXE_mev-parse"))
        .arg(path)
        .args(["--verify", "none", "--check", "--stats", "--threads", &threads.to_string()])
        .args((!rows).then_some("--no-rows"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success());
    let stats: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    stats["txns"].as_u64().unwrap()
}
