//! The only file with I/O: opens, loops, counts, finishes.

use super::args::{Args, Draw, Show, Task};
use super::explain::Explained;
use super::exposure::say;
use super::findings::{self, By as FindingsBy};
use super::replay::{Delay, Replay};
use super::stats::{By, group};
use super::table::table;
use super::vectors::swaps_of;
use super::{
    Economics, Engine, Exposer, Findings, FindingsOptions, Options, bench, methods, plot, report,
    verify,
};
use crate::cli::{
    Files, Flow, Format, Frame, Named, Output, Stats, Table, each_record, each_record_and, filter,
    print,
};
use crate::error::{Error, Exit, Result};
use crate::ids::Key;
use crate::record::{
    self, Exposure, Finding, Gap, Layout, Liquidity, Opportunity, Pool, Record, Refusal, Schema,
    Swap, Ticks, What,
};
use crate::stream::{Arena, Stage};
use crate::time::Stopwatch;
use clap::{ArgMatches, FromArgMatches};
use hdrhistogram::Histogram;
use std::path::Path;

/// Does the work.
pub(super) fn run(matches: &ArgMatches, frame: &Frame) -> Result<Exit> {
    let args = Args::from_arg_matches(matches).map_err(|e| Error::usage(e.to_string()))?;
    match &args.task {
        Some(Task::Table(files)) => show(frame, files),
        Some(Task::Replay { files, latency, land, tip_floor, table }) => {
            let delay = |latency: &std::time::Duration| Delay {
                latency_ns: u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX),
                land_ppm: land.saturating_mul(10_000),
                tip_floor: *tip_floor,
            };
            let delays: Vec<Delay> = latency.iter().map(delay).collect();
            replay(frame, &args, files, &delays, *table)
        }
        Some(Task::Findings { files, window, level, explain, tx_fee, max_swaps, table, by }) => {
            let options = FindingsOptions {
                window: *window,
                levels: *level,
                explain: *explain,
                tx_fee: *tx_fee,
                swaps: usize::try_from(*max_swaps).unwrap_or(usize::MAX),
                pools: usize::try_from(args.max_pools).unwrap_or(usize::MAX),
                ..FindingsOptions::default()
            };
            look_back(frame, files, options, (*table, *by))
        }
        Some(Task::Size { files, path, curve }) => size(frame, &args, files, path, *curve),
        Some(Task::Exposure { files, attack_cost, part_cost, most_parts, say }) => {
            let economics = Economics {
                attack_cost: *attack_cost,
                part_cost: *part_cost,
                most_parts: *most_parts,
            };
            exposure(frame, &args, files, economics, *say)
        }
        Some(Task::Bench { pools }) => {
            let sizes: Vec<usize> = pools.iter().map(|pools| *pools as usize).collect();
            print(&bench::report(&sizes)).map(|()| Exit::Done)
        }
        Some(Task::Stats { files, by }) => sum(frame, files, *by),
        Some(Task::Plot { what, files, id }) => draw(frame, &args, *what, files, *id),
        Some(Task::Explain { id, files, what_if }) => explain(frame, &args, *id, files, *what_if),
        Some(Task::Verify { vectors, swaps: None }) => check(vectors),
        Some(Task::Verify { vectors, swaps: Some(case) }) => swaps(frame, vectors, case),
        None => search(frame, &args),
    }
}

/// Filters record streams. Every kind goes through the engine, so that an opportunity's ordinal
/// counts them all.
fn search(frame: &Frame, args: &Args) -> Result<Exit> {
    let options = args.options()?;
    let inputs = args.files.named()?;
    let mut engine = Engine::new(options);
    let flow = filter(&one_kind(frame, Opportunity::SCHEMA), &mut engine, &[], &inputs)?;
    frame.report(&stats(&engine, &flow));
    Ok(Exit::Done)
}

/// A Parquet file holds one kind of record: that of the command, unless --only names another.
fn one_kind(frame: &Frame, schema: &Schema) -> Frame {
    let mut common = frame.common.clone();
    if common.format == Format::Parquet && common.only.is_empty() {
        common.only = vec![schema.name.to_owned()];
    }
    Frame { tool: frame.tool, common }
}

/// Looks for findings in record streams: writes them, a table, or their sums.
fn look_back(
    frame: &Frame,
    files: &Files,
    options: FindingsOptions,
    (table, by): (bool, Option<FindingsBy>),
) -> Result<Exit> {
    let inputs = files.named()?;
    let mut stage = Findings::new(options);
    if table || by.is_some() {
        let found = findings(frame, &inputs, &mut stage)?;
        if let Some(by) = by {
            return sum_findings(frame, &found, by);
        }
        frame.write_text(&findings::table(&found))?;
        return Ok(if found.is_empty() { Exit::No } else { Exit::Done });
    }
    let flow = filter(&one_kind(frame, Finding::SCHEMA), &mut stage, &CONSUMED, &inputs)?;
    let counters = stage.counters();
    let mut stats = Stats::default();
    for (name, value) in counters.numbers() {
        stats.number(name, value);
    }
    stats
        .counts("dropped", counters.drops())
        .counts("states", counters.states())
        .counts("loss_unknown", counters.unknowns())
        .flow(&flow);
    frame.report(&stats);
    Ok(Exit::Done)
}

/// Kinds that findings are made from; all others pass through.
const CONSUMED: [u16; 5] = [
    Gap::SCHEMA.kind,
    Swap::SCHEMA.kind,
    Pool::SCHEMA.kind,
    Ticks::SCHEMA.kind,
    Liquidity::SCHEMA.kind,
];

/// Every sandwich, victim and arbitrage in the inputs, those that are findings already too.
fn findings(frame: &Frame, inputs: &[Named], stage: &mut Findings) -> Result<Vec<Finding>> {
    let mut found: Vec<Finding> = Vec::new();
    each_made(frame, inputs, stage, |record| {
        let one = record.typed::<Finding>().copied();
        found.extend(one.filter(|one| one.what != What::Equivocation as u16));
    })?;
    Ok(found)
}

/// Gives every record that `stage` makes of the streams `inputs` to `take`, for what is shown.
fn each_made<S: Stage>(
    frame: &Frame,
    inputs: &[Named],
    stage: &mut S,
    mut take: impl FnMut(Record<'_>),
) -> Result<()> {
    let mut arena = Arena::with_room(S::MAX_OUT);
    let mut drain = |arena: &mut Arena| {
        arena.records().for_each(&mut take);
        arena.clear();
    };
    each_record(frame, inputs, |record| {
        record::check(record)?;
        stage.step(record, &mut arena);
        drain(&mut arena);
        Ok(true)
    })?;
    stage.finish(&mut arena);
    drain(&mut arena);
    Ok(())
}

/// Counts and sums findings.
fn sum_findings(frame: &Frame, found: &[Finding], by: FindingsBy) -> Result<Exit> {
    let is_one = |one: &&Finding| one.head.flags & Finding::NEAR_MISS == 0;
    let found: Vec<Finding> = found.iter().filter(is_one).copied().collect();
    let groups = findings::group(&found, by);
    Table::new("findings", &groups)
        .text("what", |one| Some(one.what.to_owned()))
        .text("level", |one| Some(one.level.to_owned()))
        .text("key", |one| Some(one.key.clone()))
        .unsigned("count", |one| Some(one.count))
        .unsigned("victims", |one| Some(one.victims))
        .unsigned("with_net", |one| Some(one.nets))
        .signed("net", |one| Some(one.net))
        .unsigned("tx_fees", |one| Some(one.tx_fees))
        .unsigned("with_loss", |one| Some(one.losses))
        .signed("loss", |one| Some(one.loss))
        .write(frame)?;
    Ok(if groups.is_empty() { Exit::No } else { Exit::Done })
}

fn stats(engine: &Engine, flow: &Flow) -> Stats {
    let counters = engine.counters();
    let mut stats = Stats::default();
    for (name, value) in counters.numbers() {
        stats.number(name, value);
    }
    stats
        .number("crowded_out", counters.crowded_out())
        .counts("refused", counters.refused())
        .counts("dropped", counters.dropped())
        .flow(flow);
    stats
}

/// Measures the pending swaps of record streams.
fn exposure(
    frame: &Frame,
    args: &Args,
    files: &Files,
    economics: Economics,
    in_sentences: bool,
) -> Result<Exit> {
    let mut exposer = Exposer::new(args.options()?, economics);
    let inputs = files.named()?;
    if in_sentences {
        let mut texts = Vec::new();
        each_made(frame, &inputs, &mut exposer, |record| {
            texts.extend(record.typed::<Exposure>().map(say));
        })?;
        frame.write_text(&texts.join("\n"))?;
        return Ok(if texts.is_empty() { Exit::No } else { Exit::Done });
    }
    let flow = filter(&one_kind(frame, Exposure::SCHEMA), &mut exposer, &[], &inputs)?;
    let (measured, attackable) = exposer.measured();
    let mut stats = Stats::default();
    stats
        .number("measured", measured)
        .number("attackable", attackable)
        .number("crowded_out", exposer.crowded_out())
        .counts("unmeasured", exposer.unmeasured())
        .flow(&flow);
    frame.report(&stats);
    Ok(Exit::Done)
}

/// Prints the opportunities of record streams as a table.
fn show(frame: &Frame, files: &Files) -> Result<Exit> {
    let mut found = opportunities(frame, files)?;
    let all = found.len();
    if let Some(limit) = frame.common.limit.and_then(|limit| usize::try_from(limit).ok()) {
        found.sort_by_key(|one| std::cmp::Reverse(one.net));
        found.truncate(limit);
    }
    let rest = all.saturating_sub(found.len());
    let rest = if rest > 0 { format!("and {rest} more of smaller net\n") } else { String::new() };
    print(&format!("{}{rest}", table(&found)))?;
    Ok(if found.is_empty() { Exit::No } else { Exit::Done })
}

/// The opportunities of record streams, refused ones left out.
fn opportunities(frame: &Frame, files: &Files) -> Result<Vec<Opportunity>> {
    let mut found = Vec::new();
    each_record(frame, &files.named()?, |record| {
        let one = record.get::<Opportunity>()?;
        found.extend(one.filter(|one| one.head.flags & Opportunity::REFUSED == 0).copied());
        Ok(true)
    })?;
    Ok(found)
}

/// Counts and sums.
fn sum(frame: &Frame, files: &Files, by: By) -> Result<Exit> {
    let groups = group(&opportunities(frame, files)?, by);
    Table::new("stats", &groups)
        .text("key", |one| Some(one.key.clone()))
        .unsigned("count", |one| Some(one.count))
        .signed("gross", |one| Some(one.gross))
        .unsigned("flash_fee", |one| Some(one.flash_fee))
        .unsigned("base_fee", |one| Some(one.base_fee))
        .unsigned("priority_fee", |one| Some(one.priority_fee))
        .unsigned("tip", |one| Some(one.tip))
        .signed("net", |one| Some(one.net))
        .signed("net_p50", |one| one.quantile(500_000))
        .signed("net_p90", |one| one.quantile(900_000))
        .signed("net_max", |one| one.quantile(1_000_000))
        .unsigned("share_ppm", |one| Some(one.share_ppm))
        .write(frame)?;
    Ok(if groups.is_empty() { Exit::No } else { Exit::Done })
}

/// Sizes one cycle in the states that the input ends with.
fn size(
    frame: &Frame,
    args: &Args,
    files: &Files,
    path: &[Key],
    points: Option<u64>,
) -> Result<Exit> {
    let mut engine = Engine::new(args.options()?);
    let mut arena = Arena::with_room(Engine::MAX_OUT);
    each_record(frame, &files.named()?, |record| {
        engine.step(record, &mut arena);
        arena.clear();
        Ok(true)
    })?;
    engine.finish(&mut arena);
    let hops = engine.path(path).map_err(Error::usage)?;
    let limits = engine.limits();
    let said =
        |refusal: Refusal| print(&format!("no size: {}\n", refusal.name())).map(|()| Exit::No);
    if let Some(count) = points {
        let curve = match methods::curve(&hops, limits.flash, count) {
            Ok(curve) => curve,
            Err(refusal) => return said(refusal),
        };
        Table::new("curve", &curve)
            .unsigned("input", |point| Some(point.input))
            .signed("gain", |point| Some(point.gain))
            .unsigned("crossed", |point| Some(point.crossed))
            .write(frame)?;
        return Ok(Exit::Done);
    }
    let found = match methods::methods(&hops, &limits) {
        Ok(found) => found,
        Err(refusal) => return said(refusal),
    };
    Table::new("size", &found)
        .text("method", |one| Some(one.name.clone()))
        .unsigned("input", |one| Some(one.input))
        .unsigned("back", |one| Some(one.back))
        .unsigned("flash_fee", |one| Some(one.flash_fee))
        .signed("gain", |one| Some(one.gain))
        .write(frame)?;
    Ok(Exit::Done)
}

/// Draws.
fn draw(
    frame: &Frame,
    args: &Args,
    what: Draw,
    files: &Files,
    id: Option<(u64, Option<u64>)>,
) -> Result<Exit> {
    let text = match what {
        Draw::Money => plot::money(&opportunities(frame, files)?),
        Draw::Latency => {
            let mut engine = Engine::new(args.options()?);
            let mut arena = Arena::with_room(Engine::MAX_OUT);
            let mut steps = Histogram::new(3).map_err(|e| Error::usage(e.to_string()))?;
            each_record(frame, &files.named()?, |record| {
                let clock = Stopwatch::start();
                engine.step(record, &mut arena);
                let _ = steps.record(clock.elapsed_ns());
                arena.clear();
                Ok(true)
            })?;
            plot::latency(&steps)
        }
        Draw::Profit => {
            let id = id.ok_or_else(|| Error::usage("plot profit wants --id"))?;
            let engine = watched(frame, args, id.0, files, None)?;
            let Some(one) = named(&engine, id.1).next() else { return absent(&engine, id.0) };
            plot::profit(one)
        }
    };
    frame.write_text(&text)?;
    Ok(Exit::Done)
}

/// Replays the input up to one opportunity and explains it.
fn explain(
    frame: &Frame,
    args: &Args,
    (ordinal, hash): (u64, Option<u64>),
    files: &Files,
    what_if: Option<u64>,
) -> Result<Exit> {
    let engine = watched(frame, args, ordinal, files, what_if)?;
    let texts: Vec<_> = named(&engine, hash).map(ToString::to_string).collect();
    if texts.is_empty() {
        return absent(&engine, ordinal);
    }
    print(&texts.join("\n"))?;
    Ok(Exit::Done)
}

/// An engine that has seen what record `ordinal` led to.
fn watched(
    frame: &Frame,
    args: &Args,
    ordinal: u64,
    files: &Files,
    what_if: Option<u64>,
) -> Result<Engine> {
    let mut engine = Engine::new(Options { explain: true, ..args.options()? });
    engine.watch(ordinal, what_if);
    let mut arena = Arena::with_room(Engine::MAX_OUT);
    each_record(frame, &files.named()?, |record| {
        engine.step(record, &mut arena);
        arena.clear();
        Ok(engine.seen().is_empty() || engine.ordinal() <= ordinal)
    })?;
    engine.finish(&mut arena);
    Ok(engine)
}

/// What was seen in the states of `hash`, or in any.
fn named(engine: &Engine, hash: Option<u64>) -> impl Iterator<Item = &Explained> {
    let is_it = move |one: &&Explained| hash.is_none_or(|hash| hash == one.record.state_hash);
    engine.seen().iter().filter(is_it)
}

/// Says why nothing is shown.
fn absent(engine: &Engine, ordinal: u64) -> Result<Exit> {
    let said = match engine.seen().first() {
        Some(other) => {
            format!("the states at record {ordinal} are others: {} was found in them", other.id())
        }
        None => format!("record {ordinal} leads to nothing that the options ask for"),
    };
    print(&format!("{said}\n"))?;
    Ok(Exit::No)
}

/// Replays with a delay.
fn replay(
    frame: &Frame,
    args: &Args,
    files: &Files,
    delays: &[Delay],
    table: Show,
) -> Result<Exit> {
    let mut replay = Replay::new(args.options()?, delays.to_vec());
    each_record_and(frame, &files.named()?, Engine::AHEAD, |record, coming| {
        if let Some(coming) = coming {
            replay.expect(coming);
        }
        replay.step(record);
        Ok(true)
    })?;
    replay.finish();
    report::write(frame, &replay, delays, table)?;
    Ok(if replay.outcomes.iter().all(|one| one.tried == 0) { Exit::No } else { Exit::Done })
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path)
        .map_err(|e| Error::os("cannot read", &e).input(path.display().to_string()))
}

/// Writes the swaps of a sandwich case.
fn swaps(frame: &Frame, path: &Path, case: &str) -> Result<Exit> {
    let rows = swaps_of(&read(path)?, case)
        .map_err(|what| Error::foreign(what).input(path.display().to_string()))?;
    let mut output = Output::open(&one_kind(frame, Swap::SCHEMA))?;
    for row in &rows {
        output.put(Record::of(row))?;
    }
    output.finish()?;
    Ok(Exit::Done)
}

/// Prints what came of a file of vectors.
fn check(path: &Path) -> Result<Exit> {
    let text = read(path)?;
    let report = verify(&text);
    let mut out = String::new();
    for line in report.lines() {
        out.push_str(line);
        out.push('\n');
    }
    print(&format!("{out}{report}\n"))?;
    Ok(if report.holds() { Exit::Done } else { Exit::No })
}
