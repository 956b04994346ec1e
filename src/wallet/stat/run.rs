//! Looks at the files.

use crate::cli::{Format, Frame};
use crate::error::{Error, Exit, Result};
use crate::mem::{Lanes, pairs_are_whole};
use crate::wallet::learn::Lots;
use crate::wallet::row::Row;
use crate::wallet::run::say_opening;
use crate::wallet::store::files::Paths;
use crate::wallet::store::log;
use crate::wallet::store::{Options, Reader, Sync, Writer};
use crate::wallet::table::State;
use crate::wallet::table::check::{Report, check};
use crate::wallet::table::head::bytes_each;
use std::io::ErrorKind;
use std::path::Path;

/// A value that is shown.
enum Value {
    Number(u64),
    Text(String),
}

/// Shows what a table is.
pub(in crate::wallet) fn run(frame: &Frame, path: &Path, huge: bool) -> Result<Exit> {
    let reader = Reader::open(path, huge)?;
    reader.populate();
    let head = *reader.head();
    let geometry = head.geometry;
    let [tags_at, rows_at, checks_at, len] = geometry.offsets();
    let report = check(reader.lines(), &head, &reader.table());
    let standing = reader.standing();
    let state = standing.map_or("changing", |standing| standing.state.name());
    let hundredths = bytes_each(&geometry, report.live);
    let each = hundredths.map_or("-".to_owned(), |n| format!("{}.{:02}", n / 100, n % 100));
    let load = report.live * 10_000 / geometry.slots();
    let pairs = match (head.whole, pairs_are_whole()) {
        (true, _) => "one store",
        (false, true) => "sequence lock, of another processor",
        (false, false) => "sequence lock",
    };
    let (small, large) = pages(reader.address(), usize::try_from(len).unwrap_or(usize::MAX));
    let number = |n: u64| Value::Number(n);
    let text = |t: &str| Value::Text(t.to_owned());
    let mut all = vec![
        ("wallets", number(report.live)),
        ("room", number(geometry.rows_max())),
        ("slots", number(geometry.slots())),
        ("used_slots", number(report.used)),
        ("load_bps", number(load)),
        ("buckets", number(geometry.buckets as u64)),
        ("generation", number(head.generation)),
        ("file_len", number(len)),
        ("bytes_a_wallet", Value::Text(each)),
        ("tags_at", number(tags_at)),
        ("rows_at", number(rows_at)),
        ("checks_at", number(checks_at)),
        ("row_len", number(size_of::<Row>() as u64)),
        ("pages_kb", number(small)),
        ("large_pages_kb", number(large)),
        ("compared_by", text(Lanes::best().name())),
        ("published_by", text(pairs)),
        ("state", text(state)),
        ("sequence", number(standing.map_or(0, |standing| standing.sequence))),
    ];
    all.extend(beside(&Paths::of(path))?);
    show(frame, &all)?;
    Ok(Exit::Done)
}

/// What log and lots hold.
fn beside(paths: &Paths) -> Result<Vec<(&'static str, Value)>> {
    let mut all = Vec::new();
    if let Some(bytes) = read(&paths.log)? {
        let named = |e: Error| e.input(paths.log.display().to_string());
        let contents = log::read(&bytes).map_err(named)?;
        all.push(("log_len", Value::Number(bytes.len() as u64)));
        all.push(("log_changes", Value::Number(contents.changes.len() as u64)));
    }
    if let Some(bytes) = read(&paths.lots)? {
        let named = |e: Error| e.input(paths.lots.display().to_string());
        let lots = Lots::read(&bytes).map_err(named)?;
        let quote = crate::bytes::base58::Key(&lots.quote().mint).to_string();
        all.push(("quote", Value::Text(quote)));
        all.push(("quote_decimals", Value::Number(lots.quote().decimals.into())));
        all.push(("fills", Value::Number(lots.fills())));
        all.push(("lots", Value::Number(lots.open())));
    }
    Ok(all)
}

/// The bytes of a file; `None` when there is none.
fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::os("cannot read", &e).input(path.display().to_string())),
    }
}

fn show(frame: &Frame, all: &[(&'static str, Value)]) -> Result<()> {
    let value = |value: &Value| match value {
        Value::Number(number) => number.to_string(),
        Value::Text(text) => text.clone(),
    };
    let join = |parts: Vec<String>| parts.join(",");
    let text = match frame.common.format {
        Format::Json => {
            let parts = all.iter().map(|(name, of)| format!("\"{name}\":\"{}\"", value(of)));
            format!("{{{}}}\n", join(parts.collect()))
        }
        Format::Csv => {
            let names = join(all.iter().map(|(name, _)| (*name).to_owned()).collect());
            let values = all.iter().map(|(_, of)| {
                let text = value(of);
                if text.contains(',') { format!("\"{text}\"") } else { text }
            });
            format!("{names}\n{}\n", join(values.collect()))
        }
        Format::Parquet | Format::Pcap => {
            return Err(Error::usage("this command writes text, csv or json"));
        }
        _ => all.iter().map(|(name, of)| format!("{name:<16} {}\n", value(of))).collect(),
    };
    frame.write_text(&text)
}

/// How much of the `len` bytes mapped at `address` is in memory, and how much of that on large pages, in
/// KiB; zeros where the system does not tell.
pub(in crate::wallet) fn pages(address: usize, len: usize) -> (u64, u64) {
    let text = std::fs::read_to_string("/proc/self/smaps").unwrap_or_default();
    let (mut resident, mut large, mut inside) = (0, 0, false);
    // proc_pid_smaps(5): a mapping is named by its range, its attributes follow.
    for line in text.lines() {
        let (first, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        if let Some((from, to)) = first.split_once('-') {
            let [from, to] = [from, to].map(|text| usize::from_str_radix(text, 16).unwrap_or(0));
            inside = from < address.saturating_add(len) && to > address;
            continue;
        }
        let kb = rest.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0);
        match first {
            "Rss:" if inside => resident += kb,
            "AnonHugePages:" | "ShmemPmdMapped:" | "FilePmdMapped:" if inside => large += kb,
            _ => {}
        }
    }
    (resident, large)
}

/// Looks at a table that a writer changes, at most.
const LOOKS: usize = 5;

/// Looks at every byte.
pub(in crate::wallet) fn verify(frame: &Frame, path: &Path) -> Result<Exit> {
    let reader = Reader::open(path, false)?;
    let first = check(reader.lines(), reader.head(), &reader.table());
    let standing = reader.standing();
    // A writer has it open or ended without closing it, or the machine was started since.
    let unsettled = standing.is_some_and(|standing| {
        standing.state == State::Open || standing.boot != Options::new(Sync::Always).boot
    });
    let report = if first.count > 0 && unsettled { settle(frame, path, reader)? } else { first };
    let rest = beside(&Paths::of(path));
    let mut text = String::new();
    for (slot, fault) in &report.faults {
        text += &format!("slot {slot}: {fault}\n");
    }
    let told = report.faults.len() as u64;
    if report.count > told {
        text += &format!("and {} more\n", report.count - told);
    }
    if report.count == 0 {
        text += &format!("{} wallets, no fault\n", report.live);
    }
    frame.write_text(&text)?;
    rest?;
    Ok(if report.count == 0 { Exit::Done } else { Exit::No })
}

/// The report of a table after what its last writer left undone is done or, where one is at work, of what
/// is wrong at every look.
fn settle(frame: &Frame, path: &Path, reader: Reader) -> Result<Report> {
    match Writer::open(path, Options::new(Sync::Always)) {
        Ok(writer) => {
            say_opening(frame, &writer);
            let mut report = check(writer.lines(), writer.head(), &writer.table());
            let opening = writer.opening();
            let lost =
                opening.repaired.filter(|_| opening.replayed == 0).map_or(0, |of| of.dropped);
            report.count += lost;
            writer.close()?;
            Ok(report)
        }
        Err(error) if error.exit() != Exit::Os => Err(error),
        Err(error) => {
            frame.note(&format!("looked at as a reader: {error}"));
            Ok(watched(reader))
        }
    }
}

/// The report of a table that is changed meanwhile: a fault that is there at every look.
fn watched(mut reader: Reader) -> Report {
    let mut report = Report::default();
    for _ in 0..LOOKS {
        reader.refresh();
        report = check(reader.lines(), reader.head(), &reader.table());
        if report.count == 0 {
            break;
        }
    }
    report
}
