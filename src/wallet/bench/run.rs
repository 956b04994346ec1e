//! Makes a table in memory and looks wallets up.
//!
//! Throughput is the time of many look-ups that do not depend on each other, a look-up each; latency is
//! that of look-ups of which each waits for the one before. The first is a fraction of the second.

use crate::cli::{Format, Frame, Table as Sheet};
use crate::error::{Error, Exit, Result};
use crate::mem::{Lanes, pairs_are_whole};
use crate::time::Stopwatch;
use crate::wallet::args::Bench;
use crate::wallet::row::{Address, ONE, Row};
use crate::wallet::stat::pages;
use crate::wallet::table::{Answer, Edit, Geometry, Head, Heap, Table};
use std::hint::black_box;

/// Look-ups of a round.
const QUERIES: usize = 1 << 17;
/// Rounds, of which the fastest and the median are told.
const ROUNDS: usize = 11;
/// Wallets of the hot set.
const HOT: u64 = 4096;
/// Keys of a batch.
const BATCH: usize = 32;

/// A result.
#[derive(Clone, Debug)]
struct Line {
    rows: u64,
    mix: &'static str,
    how: &'static str,
    what: &'static str,
    cores: u64,
    /// Hundredths of a nanosecond: fastest round, and median.
    min: u64,
    median: u64,
    resident_kb: u64,
    large_kb: u64,
    lanes: &'static str,
}

/// Does the work.
pub(in crate::wallet) fn run(frame: &Frame, args: &Bench) -> Result<Exit> {
    let mut lines = Vec::new();
    for rows in &args.rows {
        measure(*rows, args.huge, &mut lines)?;
    }
    let mut frame = Frame { tool: frame.tool, common: frame.common.clone() };
    if args.json {
        frame.common.format = Format::Json;
    }
    Sheet::new("bench", &lines)
        .unsigned("rows", |line| Some(line.rows))
        .text("mix", |line| Some(line.mix.to_owned()))
        .text("how", |line| Some(line.how.to_owned()))
        .text("what", |line| Some(line.what.to_owned()))
        .unsigned("cores", |line| Some(line.cores))
        .text("ns_min", |line| Some(texts(line.min)))
        .text("ns_median", |line| Some(texts(line.median)))
        .text("million_a_second", |line| {
            let rate = 100_000 * 100 / line.min.max(1);
            Some(format!("{}.{}", rate / 100, rate % 100 / 10))
        })
        .text("from_1_to_5_ns", |line| Some((line.min <= 500).to_string()))
        .unsigned("resident_kb", |line| Some(line.resident_kb))
        .unsigned("large_pages_kb", |line| Some(line.large_kb))
        .text("compared_by", |line| Some(line.lanes.to_owned()))
        .write(&frame)?;
    Ok(Exit::Done)
}

/// Hundredths as a decimal number.
fn texts(hundredths: u64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// A generator of numbers for keys (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }
}

/// Address number `number`.
fn address(number: u64) -> Address {
    let mut random = Random(number.wrapping_mul(0x2545_f491_4f6c_dd1d));
    bytemuck::cast([random.next(), random.next(), random.next(), random.next()])
}

/// Queries by their share of hits in percent, among `of` wallets of `rows`.
fn queries(rows: u64, of: u64, percent: u64, seed: u64) -> Vec<Address> {
    let mut random = Random(seed);
    let one = |at: usize| {
        let hit = random.next() % 100 < percent;
        address(if hit { random.next() % of } else { rows + 1 + at as u64 })
    };
    (0..QUERIES).map(one).collect()
}

fn measure(rows: u64, huge: bool, lines: &mut Vec<Line>) -> Result<()> {
    let geometry = Geometry::for_rows(rows)
        .ok_or_else(|| Error::usage(format!("{rows} wallets are more than a table holds")))?;
    let seeds = [0x9ae1_6a3b_2f90_404f, 0xd6e8_feb8_6659_fd93];
    let head = Head { geometry, id: 1, seeds, generation: 1, base: 0, whole: pairs_are_whole() };
    let heap = Heap::with_pages(head, huge);
    let lanes = Lanes::best();
    let mut edit = Edit::counted(heap.lines(), &head, lanes, [0; 2], ());
    for number in 0..rows {
        let row = Row { confidence: ONE, flags: 1, ..Row::new(address(number)) };
        edit.put(&row).map_err(|full| Error::damaged(format!("the table is full: {full:?}")))?;
    }
    let table = heap.table(lanes);
    let (resident_kb, large_kb) = pages(heap.page(), geometry.lines() * 64);
    let line = |mix, how, what, cores, rounds: &[u64]| {
        let mut rounds = rounds.to_vec();
        rounds.sort_unstable();
        let min = rounds.first().copied().unwrap_or(0);
        let median = rounds.get(rounds.len() / 2).copied().unwrap_or(0);
        let lanes = lanes.name();
        Line { rows, mix, how, what, cores, min, median, resident_kb, large_kb, lanes }
    };
    let mixes = [
        ("miss", queries(rows, rows, 0, 1)),
        ("99 % miss", queries(rows, rows, 1, 2)),
        ("50 % miss", queries(rows, rows, 50, 3)),
        ("hit", queries(rows, rows, 100, 4)),
        ("hit, hot 4096", queries(rows, rows.min(HOT), 100, 5)),
    ];
    for (mix, keys) in &mixes {
        lines.push(line(mix, "loop", "throughput", 1, &repeat(|| one_by_one(&table, keys))));
        lines.push(line(mix, "batch of 32", "throughput", 1, &repeat(|| batched(&table, keys))));
        lines.push(line(mix, "dependent", "latency", 1, &repeat(|| dependent(&table, keys))));
    }
    let both = |keys: &[Address]| repeat(|| two_cores(&table, keys));
    lines.push(line("99 % miss", "loop", "throughput", 2, &both(&mixes[1].1)));
    lines.push(line(
        "hit",
        "batch of 32",
        "throughput",
        2,
        &repeat(|| two_cores_batched(&table, &mixes[3].1)),
    ));
    Ok(())
}

fn repeat(mut round: impl FnMut() -> u64) -> Vec<u64> {
    (0..ROUNDS).map(|_| round()).collect()
}

/// Hundredths of a nanosecond that each of `count` took.
fn each(clock: Stopwatch, count: usize) -> u64 {
    clock.elapsed_ns() * 100 / count as u64
}

fn flags_of(answer: Answer) -> u64 {
    match answer {
        Answer::Known(known) => known.flags.into(),
        Answer::Absent => 0,
        Answer::Busy => 2,
    }
}

fn one_by_one(table: &Table<'_>, keys: &[Address]) -> u64 {
    // A copy, so that it stays in registers.
    let table = *table;
    let clock = Stopwatch::start();
    let sum: u64 = keys.iter().map(|key| flags_of(table.lookup(key))).sum();
    black_box(sum);
    each(clock, keys.len())
}

fn batched(table: &Table<'_>, keys: &[Address]) -> u64 {
    let mut answers = [Answer::Absent; BATCH];
    let clock = Stopwatch::start();
    for keys in keys.chunks(BATCH) {
        table.lookup_batch(keys, &mut answers);
        black_box(&answers);
    }
    each(clock, keys.len())
}

/// Each address is changed by what the look-up before it gave, by nothing in the end: the processor cannot
/// begin before it knows.
fn dependent(table: &Table<'_>, keys: &[Address]) -> u64 {
    let keys = keys.get(..QUERIES / 8).unwrap_or(keys);
    let table = *table;
    let clock = Stopwatch::start();
    let mut last = 0_u64;
    for key in keys {
        let mut words: [u64; 4] = bytemuck::cast(*key);
        words[0] ^= black_box(last) & 1 << 63;
        last = flags_of(table.lookup(&bytemuck::cast(words)));
    }
    black_box(last);
    each(clock, keys.len())
}

/// Two threads at once; the time of a look-up is that of both over all of theirs.
fn two_cores(table: &Table<'_>, keys: &[Address]) -> u64 {
    side_by_side(
        || {
            one_by_one(table, keys);
        },
        keys.len(),
    )
}

fn two_cores_batched(table: &Table<'_>, keys: &[Address]) -> u64 {
    side_by_side(
        || {
            batched(table, keys);
        },
        keys.len(),
    )
}

fn side_by_side(work: impl Fn() + Sync, count: usize) -> u64 {
    /// Times over: threads take a while to start.
    const TIMES: usize = 16;
    let gate = std::sync::Barrier::new(3);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                gate.wait();
                (0..TIMES).for_each(|_| work());
                gate.wait();
            });
        }
        gate.wait();
        let clock = Stopwatch::start();
        gate.wait();
        each(clock, 2 * TIMES * count)
    })
}
