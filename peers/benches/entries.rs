//! A capture file to transactions: mev-parse, and what Agave's path cannot do without.
//!
//! Agave's path is `solana_ledger::shred::Shred` -> `Shredder::deshred` -> `solana_entry`, and stands
//! whole in `../agave`. Its 4.2 no longer reads the legacy shreds of the block. So this is a floor of
//! that path, over the block as it was captured: shreds are parsed by mev-parse's
//! `Shred::check`, a batch is put together by copying the parts one after another, as `deshred`
//! does, into memory used again, and what follows is Agave's own: `Vec<Entry>` of solana-entry by
//! wincode (the blockstore reads it inside a `BlockComponent`). No header is read twice, no shred
//! is stored, no code shred is looked at: the whole path does more and cannot be faster.
//!
//! The capture is the mainnet block written again with [`SLOTS`] slot numbers. Every run is
//! checked: transactions out are transactions in.

#![allow(clippy::cast_precision_loss, reason = "a measurement")]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

#[path = "../../benches/support/paired.rs"]
mod paired;

use mev::mem::{Behind, Map};
use mev::net::pcap::{Capture, Item};
use mev::parse::{Config, Feed, Limits, Order, Parser, Verify, Wanted};
use mev::stream::{Arena, Stage as _};
use mev::wire::shred::Shred;
use peers::fixtures;
use solana_entry::entry::Entry;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::Instant;

/// Slots of the capture.
const SLOTS: u64 = 400;
/// Transactions of the block.
const TXNS: u64 = 3177;
/// Runs of each system.
const ROUNDS: usize = 11;

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let block = fixtures::shared().map(|root| root.join("data/shreds/mainnet-102815960.pcap"));
    let Some(block) = block.and_then(|path| std::fs::read(path).ok()) else {
        println!("skipped: no shared folder with data/shreds/mainnet-102815960.pcap");
        return;
    };
    let path = std::env::temp_dir().join(format!("mev-peers-entries-{}.pcap", std::process::id()));
    copies(block, &path);
    compare(&path);
    std::fs::remove_file(&path).unwrap();
}

/// Writes the block as [`SLOTS`] slots: the slot stands at byte 65 of a shred, and the parent is an
/// offset, so that it moves with it. Nanosecond pcap: a header of 24 bytes comes first.
fn copies(mut block: Vec<u8>, path: &Path) {
    let slots_at: Vec<usize> = Capture::new(&block)
        .unwrap()
        .map(|item| match item.unwrap() {
            Item::Datagram(datagram) => {
                datagram.payload.as_ptr() as usize - block.as_ptr() as usize + 65
            }
            Item::Skipped(why) => panic!("the block holds a {}", why.name()),
        })
        .collect();
    let mut file = BufWriter::new(File::create(path).unwrap());
    file.write_all(&block[..24]).unwrap();
    for slot in 0..SLOTS {
        for at in &slots_at {
            block[*at..at + 8].copy_from_slice(&(102_815_960 + slot).to_le_bytes());
        }
        file.write_all(&block[24..]).unwrap();
    }
    file.flush().unwrap();
}

fn compare(path: &Path) {
    let map = Map::open(&File::open(path).unwrap()).unwrap();
    let (mut seconds, mut busy) = ([[0.0; ROUNDS]; 3], [[0.0; ROUNDS]; 3]);
    for round in 0..ROUNDS {
        let runs: [&dyn Fn() -> u64; 3] =
            [&|| ours(&map, Wanted::NONE), &|| theirs(&map), &|| ours(&map, Wanted::ALL)];
        for ((run, seconds), busy) in runs.into_iter().zip(&mut seconds).zip(&mut busy) {
            let (start, worked) = (Instant::now(), on_processor());
            let found = run();
            seconds[round] = start.elapsed().as_secs_f64();
            busy[round] = on_processor() - worked;
            assert_eq!(found, SLOTS * TXNS, "transactions out are not transactions in");
        }
    }
    let bytes = map.bytes().len() as f64;
    println!(
        "<!-- bench -->\n### Capture file to transactions, beside Agave's `solana-entry` 4.2.2\n"
    );
    println!("{}\n", paired::machine());
    println!(
        "{bytes} bytes, {SLOTS} slots, {} transactions in and out; one core, nothing verified; \
         {ROUNDS} runs of each, in turn; medians; the last column is of processor time. Agave's line is a \
         floor: see `peers/benches/entries.rs`.\n",
        SLOTS * TXNS
    );
    println!("| what | GB/s | slowest to fastest | GB/s of processor time | times Agave's |");
    println!("|---|---:|---:|---:|---:|");
    for times in seconds.iter_mut().chain(&mut busy) {
        times.sort_by(f64::total_cmp);
    }
    let names = [
        "mev-parse, transaction views",
        "`Shred::check`, copy, Agave's `wincode::deserialize::<Vec<Entry>>`",
        "mev-parse, decoded to swap rows",
    ];
    let agave = busy[1][ROUNDS / 2];
    for ((name, seconds), busy) in names.into_iter().zip(seconds).zip(busy) {
        let speed = |seconds: f64| bytes / 1e9 / seconds;
        println!(
            "| {name} | {:.2} | {:.2} to {:.2} | {:.2} | {:.2} |",
            speed(seconds[ROUNDS / 2]),
            speed(seconds[ROUNDS - 1]),
            speed(seconds[0]),
            speed(busy[ROUNDS / 2]),
            agave / busy[ROUNDS / 2]
        );
    }
    println!("<!-- /bench -->");
}

/// Seconds that this thread has been on a processor: what a loaded machine does not take from it.
fn on_processor() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let nanos: u64 = stat.split(' ').next().unwrap().parse().unwrap();
    nanos as f64 / 1e9
}

/// Transactions that mev-parse finds.
fn ours(map: &Map, rows: Wanted) -> u64 {
    let config = Config {
        order: Order::Slot,
        verify: Verify { merkle: false, leader: None, poh: false },
        limits: Limits::DEFAULT,
        shred_version: None,
        rows,
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
    assert_eq!(parser.tally().slots_complete, SLOTS, "slots were lost");
    parser.tally().txns
}

/// Transactions that the floor of Agave's path finds, in a capture whose slots come one after
/// another.
fn theirs(map: &Map) -> u64 {
    let (mut slot, mut held, mut last) = (Vec::<Option<Shred<'_>>>::new(), 0, usize::MAX);
    let (mut batch, mut txns) = (Vec::new(), 0);
    let mut capture = Capture::new(map.bytes()).unwrap();
    let mut behind = Behind::default();
    while let Some(item) = capture.next() {
        let Item::Datagram(datagram) = item.unwrap() else { continue };
        let shred = Shred::check(datagram.payload).unwrap();
        let Some(header) = shred.data_header() else { continue };
        let index = shred.index() as usize;
        if header.last_in_slot() {
            last = index;
        }
        if slot.len() <= index {
            slot.resize(index + 1, None);
        }
        held += usize::from(slot[index].replace(shred).is_none());
        if held == last.saturating_add(1) {
            txns += transactions(&slot, &mut batch);
            slot.clear();
            (held, last) = (0, usize::MAX);
            // Not earlier: its shreds lie in the mapped pages.
            behind.passed(map, capture.at());
        }
    }
    txns
}

fn transactions(slot: &[Option<Shred<'_>>], batch: &mut Vec<u8>) -> u64 {
    let mut txns = 0;
    for shred in slot.iter().flatten() {
        batch.extend_from_slice(shred.ledger());
        if shred.data_header().unwrap().data_complete() {
            let entries: Vec<Entry> = wincode::deserialize(batch).unwrap();
            txns += entries.iter().map(|entry| entry.transactions.len() as u64).sum::<u64>();
            std::hint::black_box(&entries);
            batch.clear();
        }
    }
    txns
}
