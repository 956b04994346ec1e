//! The only file with I/O: opens, loops, counts, finishes.

use super::args::Args;
use super::feed::Feed;
use super::input::{Said, read_dump, read_text};
use super::stage::{Order, Parser};
use super::tally::Tally;
use crate::cli::{Detected, Drive, Frame, Named, Opened, Stats, read_stream};
use crate::dex::AccountBook;
use crate::error::{Error, Exit, Result};
use crate::mem::{Behind, Map};
use crate::net::pcap::{Capture, Item, Reader};
use crate::record::{Layout, Packet};
use crate::stream::Stage;
use crate::sys::pipe;
use clap::{ArgMatches, FromArgMatches};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::time::Duration;

/// Does the work.
pub(super) fn run(matches: &ArgMatches, frame: &Frame) -> Result<Exit> {
    let args = Args::from_arg_matches(matches).map_err(|e| Error::usage(e.to_string()))?;
    args.config(Order::Slot)?;
    let mut inputs = args.files.named()?;
    if args.only_accounts() && is_device(&std::io::stdin())? {
        inputs.clear();
    }
    let opened: Vec<_> = inputs.iter().map(|named| named.open(frame)).collect::<Result<_>>()?;
    inputs.iter().take(1).for_each(Named::wait);
    let feed = directory(&args)?;
    let book = book(&args)?;
    let total_len = opened.iter().try_fold(0, |sum, input| match input {
        Opened::Map(map) => Some(sum + map.bytes().len() as u64),
        Opened::Pipe(..) => None,
    });
    let mut drive = Drive::open(frame, Parser::MAX_OUT, total_len)?;
    let mut kinds = inputs.iter().zip(opened).map(|(named, input)| {
        input.detect().map(|input| (named, input)).map_err(|e| e.input(named.name()))
    });
    let first = kinds.next().transpose()?;
    let live = matches!(first, Some((_, Detected::Stream { live: true, .. })));
    let default = if live || frame.common.follow { Order::Arrival } else { Order::Slot };
    let mut parser = Parser::new(&args.config(default)?, feed).map_err(|_| {
        let error = std::io::Error::from(ErrorKind::OutOfMemory);
        Error::os("cannot reserve the shreds' storage", &error).hint("lower --shreds-max")
    })?;
    snapshot(frame, &mut drive, &mut parser, &book)?;
    let mut done = Ok(());
    let mut before = 0;
    for input in first.map(Ok).into_iter().chain(kinds) {
        let read = input.and_then(|(named, input)| {
            parser.next_input();
            let name = named.name();
            read(frame, &mut drive, &mut parser, (&name, input), before).map_err(|e| e.input(name))
        });
        match read {
            Ok(len) => before += len,
            Err(error) => {
                done = Err(error);
                break;
            }
        }
    }
    if !drive.is_full() {
        drive.end(&mut parser)?;
    }
    finish(frame, drive, parser.tally(), done)
}

/// Whether `input` is a terminal, or a device such as /dev/null.
fn is_device(input: &impl AsFd) -> Result<bool> {
    let refused = |e: std::io::Error| Error::os("cannot look at standard input", &e);
    let input = input.as_fd().try_clone_to_owned().map_err(refused)?;
    let meta = File::from(input).metadata().map_err(refused)?;
    Ok(meta.file_type().is_char_device())
}

/// Ends the output, unless the input was damaged, and reports.
fn finish(frame: &Frame, drive: Drive, tally: &Tally, done: Result<()>) -> Result<Exit> {
    match done {
        Ok(()) => {
            let flow = drive.finish()?;
            frame.report(stats(tally).flow(&flow));
            let no = frame.common.check && tally.slots_bad + tally.inputs_bad > 0;
            Ok(if no { Exit::No } else { Exit::Done })
        }
        Err(error) => {
            frame.report(stats(tally).flow(&drive.flow));
            Err(error)
        }
    }
}

/// The counters in the order in which they are reported.
fn stats(tally: &Tally) -> Stats {
    let mut stats = Stats::default();
    let numbers = [
        ("packets", tally.packets),
        ("shreds_data", tally.shreds_data),
        ("shreds_code", tally.shreds_code),
        ("shreds_recovered", tally.shreds_recovered),
        ("shreds_duplicate", tally.shreds_duplicate),
        ("feed_swaps", tally.feed_swaps),
        ("feed_updates", tally.feed_updates),
        ("slots", tally.slots),
        ("slots_complete", tally.slots_complete),
        ("batches", tally.batches),
        ("entries", tally.entries),
        ("txns", tally.txns),
        ("swaps", tally.swaps),
        ("pools", tally.pools),
        ("gaps", tally.gaps),
    ];
    for (name, value) in numbers {
        stats.number(name, value);
    }
    stats
        .counts("gap_reasons", tally.gap_reasons())
        .counts("refused", tally.refused())
        .counts("txns_from", tally.forms())
        .counts("inputs_refused", tally.refused_inputs())
        .counts("batches_refused", tally.refused_batches())
        .counts("sets_refused", tally.refused_sets())
        .counts("poh_refused", tally.refused_poh())
        .counts("swaps_refused", tally.refused_swaps())
        .counts("accounts_refused", tally.refused_accounts())
        .counts("notes", tally.notes());
    stats
}

/// The feed's directory, if there is one.
fn directory(args: &Args) -> Result<Feed> {
    let mut feed = Feed::default();
    if let Some(path) = &args.pools {
        with_file(path, |text| feed.read(text))?;
    }
    Ok(feed)
}

/// All accounts of all account files.
fn book(args: &Args) -> Result<AccountBook> {
    let mut book = AccountBook::new();
    for path in &args.accounts {
        with_file(path, |text| book.read(text))?;
    }
    Ok(book)
}

/// Hands the bytes of a file to `take`.
fn with_file(path: &Path, take: impl FnOnce(&[u8]) -> Result<()>) -> Result<()> {
    let name = || path.display().to_string();
    let file = File::open(path).map_err(|e| Error::os("cannot open", &e).input(name()))?;
    let meta = file.metadata().map_err(|e| Error::os("cannot open", &e).input(name()))?;
    if meta.is_file() && meta.len() > 0 {
        let map = Map::open(&file).map_err(|e| Error::os("cannot map", &e).input(name()))?;
        return take(map.bytes()).map_err(|e| e.input(name()));
    }
    let mut bytes = Vec::new();
    let mut file = file;
    file.read_to_end(&mut bytes).map_err(|e| Error::os("cannot read", &e).input(name()))?;
    take(&bytes).map_err(|e| e.input(name()))
}

/// Writes the pools that the accounts describe.
fn snapshot(
    frame: &Frame,
    drive: &mut Drive,
    parser: &mut Parser,
    book: &AccountBook,
) -> Result<()> {
    let mut said = Said::default();
    drive.emit(|out| {
        parser.snapshot(book, out, &mut |what| said.warn(frame, &what));
    })?;
    said.finish(frame);
    drive.flush()
}

/// Reads one input to its end and gives its length.
fn read(
    frame: &Frame,
    drive: &mut Drive,
    parser: &mut Parser,
    (name, input): (&str, Detected),
    before: u64,
) -> Result<u64> {
    match input {
        Detected::Dump(input) => read_dump(frame, drive, parser, input, before),
        Detected::Text(input) => read_text(frame, drive, parser, (name, input), before),
        Detected::Capture(map) => read_capture(drive, parser, &map, before),
        Detected::Piped(from, fd) => read_piped(drive, parser, from, &fd),
        Detected::Stream { input, .. } => {
            read_stream(frame, drive, parser, &[Packet::SCHEMA.kind], input, before)
        }
    }
}

/// Reads a mapped capture; its payloads are parsed where they lie.
fn read_capture(drive: &mut Drive, parser: &mut Parser, map: &Map, before: u64) -> Result<u64> {
    let mut capture = Capture::new(map.bytes())?;
    let mut behind = Behind::default();
    while !drive.is_full()
        && let Some(item) = capture.next()
    {
        take(drive, parser, item?, false)?;
        let at = capture.at();
        drive.progress(before + at as u64);
        behind.passed(map, at);
    }
    Ok(map.bytes().len() as u64)
}

/// Reads a capture from a pipe, handing on what is there whenever nothing waits.
fn read_piped(
    drive: &mut Drive,
    parser: &mut Parser,
    from: Box<dyn Read>,
    fd: &OwnedFd,
) -> Result<u64> {
    let mut reader = Reader::new(from);
    while !drive.is_full() {
        if !pipe::readable(fd, Duration::ZERO).unwrap_or(true) {
            drive.idle(parser)?;
        }
        let Some(item) = reader.next_item()? else { break };
        take(drive, parser, item, true)?;
    }
    Ok(0)
}

fn take(drive: &mut Drive, parser: &mut Parser, item: Item<'_>, piped: bool) -> Result<()> {
    match item {
        Item::Datagram(datagram) => drive.input(datagram.rx_ns, piped, |out| {
            parser.datagram(datagram.payload, datagram.truncated, datagram.rx_ns, out);
        }),
        Item::Skipped(why) => {
            parser.skip(why);
            Ok(())
        }
    }
}
