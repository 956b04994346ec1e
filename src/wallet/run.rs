//! The only file with I/O of the commands that are little more than a call.

use super::args::{Args, Create, Export, Get, Put, Remove, Stat, Task, Writing};
use super::filter::{CONSUMES, Criteria, Filter};
use super::row::{Address, Row};
use super::rows::{self, COLUMNS, Csv};
use super::store::log::Change;
use super::store::{Options, Reader, Writer};
use super::table::Whole;
use super::{args, bench, follow, import, learn, stat};
use crate::bytes::base58;
use crate::cli::{Format, Frame, Stats, Table, Target, filter, print};
use crate::error::{Error, Exit, Result};
use crate::record::{Layout, Wallet};
use clap::{ArgMatches, FromArgMatches};
use std::io::Write;
use std::path::Path;

/// Does the work.
pub(super) fn run(matches: &ArgMatches, frame: &Frame) -> Result<Exit> {
    let args = Args::from_arg_matches(matches).map_err(|e| Error::usage(e.to_string()))?;
    match &args.task {
        None => Err(Error::usage("no command").hint("walletdb --help names them")),
        Some(Task::Create(args)) => create(frame, args),
        Some(Task::Import(args)) => import::run(frame, args),
        Some(Task::Export(args)) => export(frame, args),
        Some(Task::Get(args)) => get(frame, args),
        Some(Task::Put(args)) => put(frame, args),
        Some(Task::Remove(args)) => remove(frame, args),
        Some(Task::Stat(args)) => stat::run(frame, &args.db()?, args.huge),
        Some(Task::Verify(args)) => stat::verify(frame, &args.db()?),
        Some(Task::Compact(args)) => compact(frame, args),
        Some(Task::Follow(args)) => follow::run(frame, args),
        Some(Task::Filter(args)) => judge(frame, args),
        Some(Task::Learn(args)) => learn::run(frame, args),
        Some(Task::Bench(args)) => bench::run(frame, args),
    }
}

impl Stat {
    /// The table, which may be left out only where a layout is asked for.
    pub(super) fn db(&self) -> Result<std::path::PathBuf> {
        self.db.clone().ok_or_else(|| Error::usage("no table is named"))
    }
}

/// Opens a table for writing, and says what the last writer left undone.
pub(super) fn open(frame: &Frame, path: &Path, writing: &Writing) -> Result<Writer> {
    let writer = Writer::open(path, Options::new(writing.sync))?;
    say_opening(frame, &writer);
    Ok(writer)
}

pub(super) fn say_opening(frame: &Frame, writer: &Writer) {
    let opening = writer.opening();
    if opening.cut_len > 0 {
        frame.note(&format!(
            "the log ended in {} bytes of a change that was not whole",
            opening.cut_len
        ));
    }
    let Some(repaired) = opening.repaired else { return };
    frame.note(&format!(
        "the last writer did not close the table: {} changes made again, {} slots dropped, {} mended, \
         {} emptied, {} counts set right",
        opening.replayed, repaired.dropped, repaired.mended, repaired.cleared, repaired.counts
    ));
    if repaired.damaged > 0 || (repaired.dropped > 0 && opening.replayed == 0) {
        let count = repaired.damaged + repaired.dropped;
        frame.warn(&format!("{count} rows of the table were damaged: see walletdb verify"));
    }
}

/// Room of a table when nobody says how much.
pub(super) const ROWS: u64 = 1000;

fn create(frame: &Frame, args: &Create) -> Result<Exit> {
    let rows = args.capacity.unwrap_or(ROWS);
    let sync = super::store::Sync::Always;
    let writer = Writer::create(&args.db, rows, Options::new(sync))?;
    frame.note(&format!("room for {} wallets", writer.head().geometry.rows_max()));
    writer.close().map(|()| Exit::Done)
}

fn compact(frame: &Frame, args: &Create) -> Result<Exit> {
    let sync = super::store::Sync::Always;
    let mut writer = open(frame, &args.db, &Writing { sync })?;
    let before = writer.head().geometry.len();
    writer.compact(args.capacity.unwrap_or(0))?;
    let after = writer.head().geometry.len();
    frame.note(&format!("{before} bytes before, {after} after"));
    writer.close().map(|()| Exit::Done)
}

/// Text of a row in the form of the common options; `bin` is text here.
fn show(row: &Row, format: Format, out: &mut String) {
    match format {
        Format::Csv => rows::to_csv(row, out),
        Format::Json => {
            out.push('{');
            rows::json_fields(row, out);
            out.push_str("}\n");
        }
        _ => rows::to_text(row, out),
    }
}

/// Refuses what the commands that show rows do not write.
fn shown(frame: &Frame) -> Result<()> {
    match frame.common.format {
        Format::Parquet | Format::Pcap => {
            Err(Error::usage("this command writes text, csv or json")
                .hint("walletdb export writes Parquet"))
        }
        _ => Ok(()),
    }
}

fn get(frame: &Frame, args: &Get) -> Result<Exit> {
    shown(frame)?;
    let mut reader = Reader::open(&args.db, false)?;
    let format = frame.common.format;
    let text = crate::cli::Common {
        format: if format == Format::Bin { Format::Text } else { format },
        ..frame.common.clone()
    };
    let mut to = Target::open(&text)?;
    let no = |e: std::io::Error| Error::os("cannot write", &e);
    let (mut out, mut absent) = (String::new(), 0_u64);
    if format == Format::Csv {
        out = COLUMNS.join(",") + "\n";
    }
    let mut left = frame.common.limit.unwrap_or(u64::MAX);
    each_address(frame, &args.addresses, |batch, drained| {
        reader.refresh();
        for address in batch {
            match reader.table().get(address) {
                Whole::Known(_) if left == 0 => {}
                Whole::Known(row) => {
                    left -= 1;
                    show(&row, format, &mut out);
                }
                Whole::Absent => absent += 1,
                Whole::Busy => {
                    let name = base58::Key(address).to_string();
                    return Err(Error::damaged(format!("the row of {name} is not whole"))
                        .input(args.db.display().to_string())
                        .hint("it is being written, or damaged: walletdb verify tells"));
                }
            }
        }
        if drained || out.len() >= 64 << 10 {
            to.write_all(out.as_bytes()).and_then(|()| to.flush()).map_err(no)?;
            out.clear();
        }
        Ok(())
    })?;
    to.finish()?;
    if absent > 0 {
        frame.note(&format!("{absent} wallets are not in the table"));
    }
    Ok(if absent > 0 { Exit::No } else { Exit::Done })
}

/// Gives the addresses named or, without any, those of standard input, in batches; and whether no more
/// waits behind a batch.
fn each_address(
    frame: &Frame,
    named: &[Address],
    mut take: impl FnMut(&[Address], bool) -> Result<()>,
) -> Result<()> {
    if !named.is_empty() {
        return take(named, true);
    }
    let mut batch = Vec::new();
    import::each_line_of_stdin(
        frame,
        |line, number, more| {
            let text = line.trim();
            if !text.is_empty() {
                batch.push(base58::key(text).ok_or_else(|| {
                    Error::damaged(format!(
                        "line {number}: {text:?} is no base58 address of 32 bytes"
                    ))
                    .input("standard input")
                })?);
            }
            if !more || batch.len() >= 1 << 12 {
                take(&batch, !more)?;
                batch.clear();
            }
            Ok(())
        },
        || Ok(()),
    )?;
    take(&batch, true)
}

fn put(frame: &Frame, args: &Put) -> Result<Exit> {
    let mut writer = open(frame, &args.db, &args.writing)?;
    if let Some(address) = args.address {
        let old = match writer.table().get(&address) {
            Whole::Known(row) => row,
            _ => Row::new(address),
        };
        let row = Row {
            confidence: args.confidence.unwrap_or(old.confidence),
            flags: args.flags.unwrap_or(old.flags),
            last_activity: args.last_activity.unwrap_or(old.last_activity),
            win_rate: args.win_rate.unwrap_or(old.win_rate),
            avg_profit: args.avg_profit.unwrap_or(old.avg_profit),
            trade_count: args.trade_count.unwrap_or(old.trade_count),
            ..old
        };
        writer.stage(Change::Put(row));
        acknowledge(&mut writer, args.ack)?;
        return writer.close().map(|()| Exit::Done);
    }
    let mut csv = None;
    let cell = std::cell::RefCell::new(&mut writer);
    import::each_line_of_stdin(
        frame,
        |line, number, more| {
            let line = line.trim_end_matches('\r');
            let wrong = |what: String| {
                Error::damaged(format!("line {number}: {what}")).input("standard input")
            };
            let mut writer = cell.borrow_mut();
            match &csv {
                _ if line.is_empty() => {}
                None => csv = Some(Csv::header(line).map_err(wrong)?),
                Some(csv) => writer.stage(Change::Put(csv.row(line).map_err(wrong)?)),
            }
            if !more || writer.staged() >= 1 << 12 {
                acknowledge(&mut writer, args.ack)?;
            }
            Ok(())
        },
        || cell.borrow_mut().idle(),
    )?;
    acknowledge(&mut writer, args.ack)?;
    writer.close().map(|()| Exit::Done)
}

/// Commits what is staged, and prints its number where that is asked for.
fn acknowledge(writer: &mut Writer, ack: bool) -> Result<()> {
    if writer.staged() == 0 {
        return Ok(());
    }
    let sequence = writer.commit()?;
    if ack { print(&format!("{sequence}\n")) } else { Ok(()) }
}

fn remove(frame: &Frame, args: &Remove) -> Result<Exit> {
    let mut writer = open(frame, &args.db, &args.writing)?;
    let before = writer.live();
    let mut asked = std::collections::HashSet::new();
    each_address(frame, &args.addresses, |batch, _| {
        for address in batch {
            asked.insert(*address);
            writer.stage(Change::Remove(*address));
        }
        writer.commit().map(drop)
    })?;
    writer.flush()?;
    let removed = before - writer.live();
    writer.close()?;
    let absent = asked.len() as u64 - removed;
    if absent > 0 {
        frame.note(&format!("{absent} wallets were not in the table"));
    }
    Ok(if absent > 0 { Exit::No } else { Exit::Done })
}

fn export(frame: &Frame, args: &Export) -> Result<Exit> {
    let reader = Reader::open(&args.db, false)?;
    let mut bad = 0_u64;
    let limit = frame.common.limit.unwrap_or(u64::MAX);
    let rows = reader.table().iter().filter_map(|row| match row {
        Ok(row) => Some(Ok(row)),
        Err(_) if args.skip_bad => {
            bad += 1;
            None
        }
        Err(place) => {
            Some(Err(Error::damaged(format!("the row in slot {} is not whole", place.number()))
                .input(args.db.display().to_string())
                .hint("walletdb verify tells all faults; --skip-bad leaves such rows out")))
        }
    });
    let rows = rows.take(usize::try_from(limit).unwrap_or(usize::MAX));
    match frame.common.format {
        Format::Pcap => return Err(Error::usage("a table is no capture")),
        Format::Parquet => {
            let all: Vec<Row> = rows.collect::<Result<_>>()?;
            sheet(&all).write(frame)?;
        }
        format => {
            let mut to = Target::open(&frame.common)?;
            write_rows(&mut to, format, rows)?;
            to.finish()?;
        }
    }
    if bad > 0 {
        frame.warn(&format!("{bad} rows were not whole and were left out"));
    }
    Ok(Exit::Done)
}

fn write_rows(
    to: &mut Target,
    format: Format,
    rows: impl Iterator<Item = Result<Row>>,
) -> Result<()> {
    let no = |e: std::io::Error| Error::os("cannot write", &e);
    let (mut text, mut bytes) = (String::new(), Vec::new());
    if format == Format::Csv {
        text = COLUMNS.join(",") + "\n";
    }
    for row in rows {
        match format {
            Format::Bin => bytes.extend(bytemuck::bytes_of(&row?)),
            format => show(&row?, format, &mut text),
        }
        if bytes.len() + text.len() >= 64 << 10 {
            to.write_all(&bytes).and_then(|()| to.write_all(text.as_bytes())).map_err(no)?;
            bytes.clear();
            text.clear();
        }
    }
    to.write_all(&bytes).and_then(|()| to.write_all(text.as_bytes())).map_err(no)
}

/// The rows as a sheet; the numbers that are floats are text, as CSV shows them.
fn sheet(all: &[Row]) -> Table<'_, Row> {
    fn at<const N: usize>(row: &Row) -> Option<String> {
        rows::texts(row).into_iter().nth(N)
    }
    Table::new("wallets", all)
        .text("address", at::<0>)
        .text("confidence", at::<1>)
        .unsigned("last_activity", |row| Some(row.last_activity.into()))
        .text("flags", at::<3>)
        .text("win_rate", at::<4>)
        .text("avg_profit", at::<5>)
        .unsigned("trade_count", |row| Some(row.trade_count.into()))
}

/// Puts a verdict before each swap.
fn judge(frame: &Frame, args: &args::Filter) -> Result<Exit> {
    let criteria = Criteria {
        min_confidence: args.min_confidence,
        any_flag: args.any_flag,
        none_flag: args.none_flag,
        invert: args.invert,
    };
    let inputs = args.files.named()?;
    let reader = Reader::open(&args.db, args.huge)?;
    reader.populate();
    let mut stage = Filter::new(reader, criteria, args.drop);
    let mut common = frame.common.clone();
    if common.format == Format::Parquet && common.only.is_empty() {
        common.only = vec![Wallet::SCHEMA.name.to_owned()];
    }
    let flow = filter(&Frame { tool: frame.tool, common }, &mut stage, CONSUMES, &inputs)?;
    let mut stats = Stats::default();
    stats
        .number("stopped", stage.stopped())
        .number("refreshed", stage.refreshed())
        .counts("reasons", stage.reasons())
        .flow(&flow);
    frame.report(&stats);
    Ok(Exit::Done)
}
