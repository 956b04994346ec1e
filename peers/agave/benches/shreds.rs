//! A capture to transactions: mev-parse and Agave's own path, in turn, over the same bytes.
//!
//! Two captures of [`SLOTS`] slots: the entries of a whole mainnet block, shredded by Agave for each
//! of them (`capture`), and generated slots. Each is mapped once, all its pages present before the
//! clock starts and kept; all read it there. Every run is checked: transactions out are transactions
//! in.

#![allow(clippy::cast_precision_loss, reason = "a measurement")]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

#[path = "../../../benches/support/paired.rs"]
mod paired;

use bytes::Bytes;
use mev::mem::Map;
use mev::net::pcap::{Capture, Item};
use mev::parse::{Config, Feed, Limits, Order, Parser, Verify, Wanted};
use mev::stream::{Arena, Stage as _};
use peers_agave::capture;
use peers_agave::theirs::{self, Path as Way};
use std::fmt::Write as _;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

/// As agave-validator has it: its entries are allocated one by one.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Slots of the capture.
const SLOTS: u64 = 400;
/// Slot number of the first, of the block's.
const FIRST_SLOT: u64 = 300_000_000;
/// Transactions of a generated slot.
const TXNS_PER_SLOT: u64 = 1000;
/// Runs of each system.
const ROUNDS: usize = 11;

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let path = std::env::temp_dir().join(format!("mev-peers-agave-{}.pcap", std::process::id()));
    let mut report = String::new();
    if let Some(txns) = block(&path) {
        table(&mut report, "A mainnet block, shredded by Agave for each slot", &path, txns);
    }
    generated(&path);
    table(&mut report, "Generated slots", &path, SLOTS * TXNS_PER_SLOT);
    std::fs::remove_file(&path).unwrap();
    println!("<!-- bench -->\n{report}<!-- /bench -->");
}

/// Writes the block's entries as [`SLOTS`] slots to `path` and gives the number of their
/// transactions; `None`, said aloud, where there is no block.
fn block(path: &Path) -> Option<u64> {
    let shared = std::env::var_os("MEV_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let block = shared.join("data/shreds/mainnet-102815960.pcap");
    let Ok(block) = std::fs::read(&block) else {
        println!("skipped: no {}", block.display());
        return None;
    };
    let entries = capture::block(&block);
    let file = BufWriter::new(File::create(path).unwrap());
    capture::write(&entries, FIRST_SLOT, SLOTS, file);
    Some(SLOTS * entries.iter().map(|entry| entry.transactions.len() as u64).sum::<u64>())
}

/// Writes generated slots to `path`.
fn generated(path: &Path) {
    let [slots, txns] = [SLOTS, TXNS_PER_SLOT].map(|number| number.to_string());
    let status = Command::new(env!("CARGO_BIN_EXE_mev-capture"))
        .args(["gen", "shreds", "--seed", "1", "--slots", &slots, "--txs-per-slot", &txns])
        .args(["-f", "pcap", "--force", "-o"])
        .arg(path)
        .status();
    assert!(status.unwrap().success());
}

/// What the ways are called in the table.
const WAYS: [&str; 6] = [
    "the packets counted, as all below do first",
    "mev-parse, transaction views",
    "mev-parse, decoded to swap rows",
    "A: Agave, data shreds only, lent by the map",
    "B: Agave, code shreds parsed too",
    "C: Agave, and each payload copied",
];

/// Adds a table of all ways through the capture at `path`, which holds `txns` transactions.
fn table(report: &mut String, title: &str, path: &Path, txns: u64) {
    let map = Arc::new(Map::open(&File::open(path).unwrap()).unwrap());
    let len = map.bytes().len();
    map.populate(0, len);
    let packets = Capture::new(map.bytes()).unwrap().count();
    let lent = Bytes::from_owner(Mapped(Arc::clone(&map)));
    let (mut seconds, mut busy) = ([[0.0; ROUNDS]; WAYS.len()], [[0.0; ROUNDS]; WAYS.len()]);
    for round in 0..ROUNDS {
        let runs: [&dyn Fn() -> u64; WAYS.len()] = [
            &|| txns * u64::from(Capture::new(map.bytes()).unwrap().count() == packets),
            &|| ours(map.bytes(), Wanted::NONE),
            &|| ours(map.bytes(), Wanted::ALL),
            &|| theirs(&lent, Way::Data),
            &|| theirs(&lent, Way::Every),
            &|| theirs(&lent, Way::Copied),
        ];
        for ((run, seconds), busy) in runs.into_iter().zip(&mut seconds).zip(&mut busy) {
            let (start, worked) = (Instant::now(), on_processor());
            let found = run();
            seconds[round] = start.elapsed().as_secs_f64();
            busy[round] = on_processor() - worked;
            assert_eq!(found, txns, "transactions out are not transactions in");
        }
    }
    for times in seconds.iter_mut().chain(&mut busy) {
        times.sort_by(f64::total_cmp);
    }
    let _ = writeln!(
        report,
        "### {title}\n\n{}\n\n{len} bytes, {packets} packets, {SLOTS} slots, {txns} transactions in \
         and out; one core, nothing verified; {ROUNDS} runs of each, in turn; medians. From processor \
         time on, the columns are of it: what a loaded machine does not take from it.\n\n\
         | what | GB/s | slowest to fastest | GB/s of processor time | ns a transaction | \
         times as fast as A | as B | as C |\n|---|---:|---:|---:|---:|---:|---:|---:|",
        paired::machine()
    );
    let [.., a, b, c] = busy.map(|busy| busy[ROUNDS / 2]);
    for ((name, seconds), busy) in WAYS.into_iter().zip(seconds).zip(busy) {
        let speed = |seconds: f64| len as f64 / 1e9 / seconds;
        let median = busy[ROUNDS / 2];
        let _ = writeln!(
            report,
            "| {name} | {:.2} | {:.2} to {:.2} | {:.2} | {:.0} | {:.2} | {:.2} | {:.2} |",
            speed(seconds[ROUNDS / 2]),
            speed(seconds[ROUNDS - 1]),
            speed(seconds[0]),
            speed(median),
            median * 1e9 / txns as f64,
            a / median,
            b / median,
            c / median
        );
    }
    report.push('\n');
}

/// Seconds that this thread has been on a processor.
fn on_processor() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let nanos: u64 = stat.split(' ').next().unwrap().parse().unwrap();
    nanos as f64 / 1e9
}

/// Transactions that mev-parse finds.
fn ours(bytes: &[u8], rows: Wanted) -> u64 {
    let config = Config {
        order: Order::Slot,
        verify: Verify { merkle: false, leader: None, poh: false },
        limits: Limits::DEFAULT,
        shred_version: None,
        rows,
    };
    let mut parser = Parser::new(&config, Feed::default()).unwrap();
    let mut arena = Arena::with_room(Parser::MAX_OUT);
    for item in Capture::new(bytes).unwrap() {
        if let Item::Datagram(datagram) = item.unwrap() {
            let (payload, truncated) = (datagram.payload, datagram.truncated);
            parser.datagram_lent(payload, truncated, datagram.rx_ns, &mut arena);
            arena.clear();
        }
    }
    parser.finish(&mut arena);
    assert_eq!(parser.tally().slots_complete, SLOTS, "slots were lost");
    parser.tally().txns
}

/// Transactions that Agave finds.
fn theirs(bytes: &Bytes, way: Way) -> u64 {
    let read = theirs::read(bytes, way);
    assert_eq!(read.slots, SLOTS, "slots were lost");
    read.txns
}

/// A map that owns what `Bytes` lends.
struct Mapped(Arc<Map>);

impl AsRef<[u8]> for Mapped {
    fn as_ref(&self) -> &[u8] {
        self.0.bytes()
    }
}
