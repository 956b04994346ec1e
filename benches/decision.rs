//! Datagram to decision: one datagram of the feed goes in, parse and arb run in this process, and
//! what they decide comes out. Percentiles of every datagram, and the requests for memory.
//!
//! Each datagram is timed alone, the clock included (its cost is stated), over traffic that
//! `mev-capture gen feed` makes from a seed. Allocations are counted over the same run.

#![expect(unsafe_code, reason = "an allocator is unsafe by nature")]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark prints, stops where it stands, and reads the clock"
)]

#[path = "../tests/support/counting.rs"]
mod counting;
#[path = "support/paired.rs"]
mod paired;

use hdrhistogram::Histogram;
use mev::arb::{Engine, Options};
use mev::chain::Chain;
use mev::parse::{Config, Feed, Limits, Order, Parser, Verify, Wanted};
use mev::record::Opportunity;
use mev::stream::{Arena, Piped, Reader, Stage};
use std::process::Command;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

/// Swaps in the traffic; an update of the pool follows each.
const SWAPS: u32 = 200_000;

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let folder = std::env::temp_dir().join(format!("mev-decision-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (feed_path, pools_path) = (folder.join("feed"), folder.join("pools"));
    let count = SWAPS.to_string();
    let made = Command::new(env!("CARGO_BIN_EXE_mev-capture"))
        .args(["gen", "feed", "--mode", "mixed", "--seed", "1", "--count", &count, "--pools-out"])
        .args([&pools_path, std::path::Path::new("-o"), &feed_path])
        .status();
    assert!(made.unwrap().success());
    let stream = std::fs::read(&feed_path).unwrap();
    let mut feed = Feed::default();
    feed.read(&std::fs::read(&pools_path).unwrap()).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();

    let verify = Verify { merkle: false, leader: None, poh: false };
    let config = Config {
        order: Order::Arrival,
        verify,
        limits: Limits::DEFAULT,
        shred_version: None,
        rows: Wanted::ALL,
    };
    let kinds: &[u16] = &[0x20, 0x21, 0x22];
    let parser = Parser::new(&config, feed).unwrap();
    let mut chain = Chain::new(parser, Engine::new(Options::default()), kinds);
    let mut arena = Arena::with_room(Engine::MAX_OUT);
    let mut reader = Reader::new(Piped::new(stream.as_slice()));
    let (mut all, mut deciding) = (Histogram::<u64>::new(3).unwrap(), Histogram::new(3).unwrap());
    let (mut found, mut requests) = (0, 0);
    while let Some(record) = reader.next().unwrap() {
        let before = counting::requests();
        let start = Instant::now();
        chain.step(record, &mut arena);
        let spent = u64::try_from(start.elapsed().as_nanos()).unwrap();
        requests += counting::requests() - before;
        all.record(spent).unwrap();
        let decisions = arena.records().filter(|r| r.typed::<Opportunity>().is_some()).count();
        if decisions > 0 {
            deciding.record(spent).unwrap();
        }
        found += decisions;
        arena.clear();
    }
    println!(
        "<!-- bench -->\n### Feed datagram to decision (ns a datagram, parse and arb in one process)\n"
    );
    println!("{}\n", paired::machine());
    println!("| datagrams | count | p50 | p99 | p99.9 | max |\n|---|---:|---:|---:|---:|---:|");
    for (name, histogram) in [("all", &all), ("with an opportunity", &deciding)] {
        let at = |quantile| histogram.value_at_quantile(quantile);
        let (p50, p99, p999) = (at(0.5), at(0.99), at(0.999));
        println!("| {name} | {} | {p50} | {p99} | {p999} | {} |", histogram.len(), histogram.max());
    }
    println!(
        "\n{found} opportunities; {requests} requests for memory; reading the clock twice costs {} ns of each.",
        clock()
    );
    println!("<!-- /bench -->");
}

/// What two reads of the clock cost, ns.
fn clock() -> u128 {
    let start = Instant::now();
    for _ in 0..1_000_000 {
        std::hint::black_box(Instant::now().elapsed());
    }
    start.elapsed().as_nanos() / 1_000_000
}
