//! mev-parse allocates nothing for a packet: real captures with a third of their data shreds
//! removed, every check on, counted by the allocator.

#![expect(unsafe_code, reason = "an allocator is unsafe by nature")]
#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]

#[path = "support/counting.rs"]
mod counting;

use mev::ids::Key;
use mev::net::pcap::{Capture, Datagram, Item};
use mev::parse::{Config, Feed, Leaders, Limits, Order, Parser, Verify, Wanted, Whole};
use mev::stream::{Arena, Stage};
use std::path::PathBuf;

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

/// Feeds `datagrams` to a parser and gives the requests for memory, and the transactions.
fn requests(datagrams: &[Datagram<'_>], order: Order, leader: Option<Key>) -> (u64, u64) {
    let verify = Verify { merkle: true, leader: leader.map(Leaders::One), poh: true };
    // Transactions whole, too: more is never written.
    let rows = Wanted { txns: Whole::All, ..Wanted::ALL };
    let config = Config { order, verify, limits: Limits::DEFAULT, shred_version: None, rows };
    let mut parser = Parser::new(&config, Feed::default()).unwrap();
    let mut arena = Arena::with_room(Parser::MAX_OUT);
    let before = counting::requests();
    // Every second packet is lent, every second one copied.
    for (number, datagram) in datagrams.iter().enumerate() {
        let Datagram { payload, truncated, rx_ns, .. } = *datagram;
        if number.is_multiple_of(2) {
            parser.datagram_lent(payload, truncated, rx_ns, &mut arena);
        } else {
            parser.datagram(payload, truncated, rx_ns, &mut arena);
        }
        parser.idle(0, &mut arena);
        arena.clear();
    }
    parser.finish(&mut arena);
    (counting::requests() - before, parser.tally().txns)
}

#[test]
fn nothing_is_allocated_for_a_packet() {
    let root = std::env::var_os("MEV_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let shreds = root.join("data/shreds");
    if !shreds.is_dir() {
        println!("skipped: no data in {}", root.display());
        return;
    }
    let key = std::fs::read(shreds.join("demo-shreds.leader-key.bin")).unwrap();
    let key: Key = key[32..].try_into().unwrap();
    for (name, txns, leader) in [
        ("mainnet-102815960", 3000, None),
        ("demo-shreds", 1280, None),
        ("demo-shreds", 1280, Some(key)),
    ] {
        let bytes = std::fs::read(shreds.join(format!("{name}.pcap"))).unwrap();
        let datagrams: Vec<_> = Capture::new(&bytes)
            .unwrap()
            .filter_map(|item| match item.unwrap() {
                Item::Datagram(datagram) => Some(datagram),
                Item::Skipped(_) => None,
            })
            .enumerate()
            .filter(|(at, datagram)| at % 4 != 0 || datagram.payload.get(64) == Some(&0x5a))
            .map(|(_, datagram)| datagram)
            .collect();
        for order in [Order::Slot, Order::Arrival, Order::Eager] {
            let (requests, seen) = requests(&datagrams, order, leader);
            assert!(seen >= txns, "{name}: {seen} transactions");
            assert_eq!(requests, 0, "{name} {order:?}");
        }
    }
}
