//! The only file with I/O: opens, loops, counts, finishes.

use super::args::{Args, Task};
use super::table::table;
use super::{Engine, verify};
use crate::cli::{Files, Flow, Frame, Stats, filter, print};
use crate::error::{Error, Exit, Result};
use crate::record::Opportunity;
use crate::stream::Reader;
use clap::{ArgMatches, FromArgMatches};
use std::path::Path;

/// Does the work.
pub(super) fn run(matches: &ArgMatches, frame: &Frame) -> Result<Exit> {
    let args = Args::from_arg_matches(matches).map_err(|e| Error::usage(e.to_string()))?;
    match &args.task {
        Some(Task::Table(files)) => show(frame, files),
        Some(Task::Verify { vectors }) => check(vectors),
        None => search(frame, &args),
    }
}

/// Filters record streams. Every kind goes through the engine, so that an opportunity's ordinal
/// counts them all.
fn search(frame: &Frame, args: &Args) -> Result<Exit> {
    let options = args.options()?;
    let inputs = args.files.named()?;
    let mut engine = Engine::new(options);
    let flow = filter(frame, &mut engine, &[], &inputs)?;
    frame.report(&stats(&engine, &flow));
    Ok(Exit::Done)
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

/// Prints the opportunities of record streams as a table.
fn show(frame: &Frame, files: &Files) -> Result<Exit> {
    let mut found = Vec::new();
    for named in files.named()? {
        let (source, _) = named.open(frame)?.into_source();
        let mut reader = Reader::new(source);
        while let Some(record) = reader.next().map_err(|e| e.input(named.name()))? {
            let one = record.get::<Opportunity>().map_err(|e| e.input(named.name()))?;
            found.extend(one.filter(|one| one.head.flags & Opportunity::REFUSED == 0).copied());
        }
    }
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

/// Prints what came of a file of vectors.
fn check(path: &Path) -> Result<Exit> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| Error::os("cannot read", &e).input(path.display().to_string()))?;
    let report = verify(&text);
    let mut out = String::new();
    for line in report.lines() {
        out.push_str(line);
        out.push('\n');
    }
    print(&format!("{out}{report}\n"))?;
    Ok(if report.holds() { Exit::Done } else { Exit::No })
}
