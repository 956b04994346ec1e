//! Datagram to decision: a capture of the feed goes in, parse and arb run in this process, and what
//! they decide comes out.
//!
//! First how many messages a second, beside the same market told in JSON: both read a capture that is in
//! memory, both give the same rows to the same engine, and in turn. Then the percentiles of every
//! datagram, each timed alone, the clock included (its cost is stated), and the requests for memory.

#![expect(unsafe_code, reason = "an allocator is unsafe by nature")]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark prints, stops where it stands, and reads the clock"
)]

#[path = "../tests/support/counting.rs"]
mod counting;
#[path = "support/json_feed.rs"]
mod json_feed;
#[path = "support/market.rs"]
mod market;
#[path = "support/paired.rs"]
mod paired;

use hdrhistogram::Histogram;
use json_feed::JsonFeed;
use market::Market;
use mev::arb::{Engine, Options};
use mev::net::pcap::{Capture, Datagram, Item};
use mev::record::Opportunity;
use mev::stream::{Arena, Stage};
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

/// Swaps in the traffic; an update of the pool follows each.
const SWAPS: u32 = 200_000;
/// Rounds, in each of which every side has its turn.
const ROUNDS: usize = 7;

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    println!(
        "<!-- bench -->\n### Messages decided: capture -> parse -> arb, one process, one core\n"
    );
    println!("{}\n", paired::machine());
    println!(
        "Median of {ROUNDS} rounds in turn over {} messages, half of them swaps and half the states after them.\n",
        2 * SWAPS
    );
    println!(
        "| market | gave a candidate | opportunities | JSON M/s | ours M/s | ratio |\n|---|---:|---:|---:|---:|---:|"
    );
    for mode in ["small", "mixed", "large"] {
        messages(mode);
    }
    println!();
    percentiles(&Market::make("mixed", SWAPS));
    println!("<!-- /bench -->");
}

/// What a side made of a capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Made {
    messages: u64,
    opportunities: u64,
}

/// A line of the table.
fn messages(mode: &str) {
    let market = Market::make(mode, SWAPS);
    let json = json_feed::told(&market.capture);
    let mut rates = [Vec::new(), Vec::new()];
    let (mut made, mut share) = ([Made::default(); 2], 0.0);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        made[0] = theirs(&market, &json);
        rates[0].push(made[0].messages as f64 / start.elapsed().as_secs_f64() / 1e6);
        let mut decider = market.decider();
        let start = Instant::now();
        made[1] = ours(&mut decider, &market.capture);
        rates[1].push(made[1].messages as f64 / start.elapsed().as_secs_f64() / 1e6);
        share = decider.second().counters().with_candidate() as f64 / made[1].messages as f64;
    }
    assert_eq!(made[0], made[1], "both decide alike");
    let [json, ours] = rates.map(|mut rates| {
        rates.sort_by(f64::total_cmp);
        rates[ROUNDS / 2]
    });
    let share = 100.0 * share;
    let found = made[1].opportunities;
    println!("| {mode} | {share:.1} % | {found} | {json:.2} | {ours:.2} | {:.1}x |", ours / json);
}

/// The datagrams of a capture in memory.
fn datagrams(capture: &[u8]) -> impl Iterator<Item = Datagram<'_>> {
    Capture::new(capture).unwrap().map(|item| match item.unwrap() {
        Item::Datagram(datagram) => datagram,
        Item::Skipped(why) => panic!("the capture holds a {}", why.name()),
    })
}

fn ours(decider: &mut market::Decider, capture: &[u8]) -> Made {
    let (mut made, mut arena) = (Made::default(), Arena::with_room(Engine::MAX_OUT));
    for Datagram { payload, truncated, rx_ns, .. } in datagrams(capture) {
        decider.input(|parser, out| parser.datagram(payload, truncated, rx_ns, out), &mut arena);
        made.messages += 1;
        made.opportunities += opportunities(&mut arena);
    }
    made
}

fn theirs(market: &Market, capture: &[u8]) -> Made {
    let mut feed = JsonFeed::new(&market.pools);
    let mut engine = Engine::new(Options::default());
    let (mut made, mut arena) = (Made::default(), Arena::with_room(Engine::MAX_OUT));
    for Datagram { payload, rx_ns, .. } in datagrams(capture) {
        feed.take(payload, rx_ns, |record| engine.step(record, &mut arena));
        made.messages += 1;
        made.opportunities += opportunities(&mut arena);
    }
    made
}

/// Opportunities in `arena`, which is emptied.
fn opportunities(arena: &mut Arena) -> u64 {
    let count = arena.records().filter(|record| record.typed::<Opportunity>().is_some()).count();
    arena.clear();
    count as u64
}

/// Every datagram alone.
fn percentiles(market: &Market) {
    let (mut decider, mut arena) = (market.decider(), Arena::with_room(Engine::MAX_OUT));
    let (mut all, mut deciding) = (Histogram::<u64>::new(3).unwrap(), Histogram::new(3).unwrap());
    let (mut found, mut requests) = (0, 0);
    for Datagram { payload, truncated, rx_ns, .. } in datagrams(&market.capture) {
        let before = counting::requests();
        let start = Instant::now();
        decider.input(|parser, out| parser.datagram(payload, truncated, rx_ns, out), &mut arena);
        let spent = u64::try_from(start.elapsed().as_nanos()).unwrap();
        requests += counting::requests() - before;
        all.record(spent).unwrap();
        let decisions = opportunities(&mut arena);
        if decisions > 0 {
            deciding.record(spent).unwrap();
        }
        found += decisions;
    }
    println!(
        "### Feed datagram to decision (ns a datagram, parse and arb in one process, mixed)\n"
    );
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
}

/// What two reads of the clock cost, ns.
fn clock() -> u128 {
    let start = Instant::now();
    for _ in 0..1_000_000 {
        std::hint::black_box(Instant::now().elapsed());
    }
    start.elapsed().as_nanos() / 1_000_000
}
