//! The only file with I/O: opens, loops, counts, finishes.

use super::args::{Args, Task};
use super::crew::Crew;
use super::feed::Feed;
use super::fresh::run::{Beside, Fresh};
use super::input::{Said, read_dump, read_text};
use super::rederive::{Outcome, Rederivation};
use super::rows::Whole;
use super::stage::{Config, Order, Parser};
use super::table;
use super::tally::Tally;
use crate::bytes::base58;
use crate::cli::{Detected, Drive, Frame, Named, Stats, columns, print, read_stream};
use crate::dex::AccountBook;
use crate::error::{Error, Exit, Result};
use crate::mem::{Behind, Map};
use crate::net::pcap::{Capture, Datagram, Item, Reader};
use crate::record::{Layout, Packet, Txn};
use crate::stream::{Arena, Stage};
use crate::sys::pipe;
use crate::wire::leaders::{Leaders, Schedule};
use clap::{ArgMatches, FromArgMatches};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::thread::Scope;
use std::time::Duration;

/// Does the work.
pub(super) fn run(matches: &ArgMatches, frame: &Frame) -> Result<Exit> {
    let args = Args::from_arg_matches(matches).map_err(|e| Error::usage(e.to_string()))?;
    match &args.task {
        Some(Task::Venues) => {
            print(&columns(&table::coverage(), usize::MAX))?;
            Ok(Exit::Done)
        }
        Some(Task::Verify(_)) => parse(&args, &frame.checking()),
        None => parse(&args, frame),
    }
}

/// Reads all inputs and ends the output.
fn parse(args: &Args, frame: &Frame) -> Result<Exit> {
    args.config(Order::Slot)?;
    let mut inputs = args.files().named()?;
    if args.only_accounts() && is_device(&std::io::stdin())? {
        inputs.clear();
    }
    let opened: Vec<_> = inputs.iter().map(|named| named.open(frame)).collect::<Result<_>>()?;
    inputs.iter().take(1).for_each(Named::wait);
    let feed = directory(args)?;
    let (book, files) = book(args, frame.common.follow)?;
    let leaders = schedule(args)?;
    let total_len = opened.iter().try_fold(0, |sum, input| Some(sum + input.file_len()?));
    let mut drive = Drive::open(frame, Parser::MAX_OUT, total_len)?;
    // Parsers borrow shreds from mapped captures, so these outlive them.
    let maps: Vec<_> = opened.iter().map(|_| OnceLock::new()).collect();
    let mut kinds = inputs.iter().zip(opened).map(|(named, input)| {
        input.detect().map(|input| (named, input)).map_err(|e| e.input(named.name()))
    });
    let first = kinds.next().transpose()?;
    let live = matches!(first, Some((_, Detected::Stream { live: true, .. })));
    let default = if live || frame.common.follow { Order::Arrival } else { Order::Slot };
    let mut config = args.config(default)?;
    config.verify.leader = config.verify.leader.or(leaders);
    // Who asks for the kind wants all of it.
    if config.rows.txns == Whole::None && frame.common.only_kinds()?.contains(&Txn::SCHEMA.kind) {
        config.rows.txns = Whole::All;
    }
    let helpers = match (args.threads, config.order) {
        (2.., Order::Arrival | Order::Eager) => {
            frame.warn("--threads: rows in arrival order come from one thread");
            0
        }
        (threads, _) => usize::from(threads) - 1,
    };
    let inputs = first.map(Ok).into_iter().chain(kinds).zip(&maps);
    std::thread::scope(|scope| {
        let mut crew = crew(scope, frame, &mut drive, &config, feed, &book, helpers)?;
        let mut fresh =
            if frame.common.follow { Fresh::open(files, book.clone())? } else { Fresh::default() };
        let done = read_all(frame, &mut drive, &mut crew, &mut fresh, inputs);
        let done = done.and_then(|()| fresh.failure());
        if !drive.is_full() {
            drive.end(&mut crew)?;
        }
        finish(args, frame, drive, &crew.tally(), done)
    })
}

/// The parser with `helpers` threads beside its own, after it wrote what the accounts describe.
fn crew<'m: 'scope, 'scope>(
    scope: &'scope Scope<'scope, '_>,
    frame: &Frame,
    drive: &mut Drive,
    config: &Config,
    feed: Feed,
    book: &AccountBook,
    helpers: usize,
) -> Result<Crew<'m>> {
    let refused = |_| {
        let error = std::io::Error::from(ErrorKind::OutOfMemory);
        Error::os("cannot reserve the shreds' storage", &error).hint("lower --shreds-max")
    };
    if helpers == 0 {
        let mut parser = Parser::new(config, feed).map_err(refused)?;
        snapshot(frame, drive, &mut parser, book)?;
        return Ok(Crew::alone(parser));
    }
    let mut crew = Crew::of(scope, config, feed, helpers, book).map_err(refused)?;
    snapshot(frame, drive, crew.parser(), book)?;
    Ok(crew)
}

/// Reads all inputs, each to its end.
fn read_all<'a, 'm>(
    frame: &Frame,
    drive: &mut Drive,
    crew: &mut Crew<'m>,
    fresh: &mut Fresh,
    inputs: impl Iterator<Item = (Result<(&'a Named, Detected)>, &'m OnceLock<Map>)>,
) -> Result<()> {
    let mut before = 0;
    for (input, map) in inputs {
        let (named, input) = input?;
        crew.parser().next_input();
        let name = named.name();
        let read = read(frame, drive, (crew, fresh), (&name, input), map, before);
        before += read.map_err(|e| e.input(name))?;
    }
    Ok(())
}

/// Whether `input` is a terminal, or a device such as /dev/null.
fn is_device(input: &impl AsFd) -> Result<bool> {
    let refused = |e: std::io::Error| Error::os("cannot look at standard input", &e);
    let input = input.as_fd().try_clone_to_owned().map_err(refused)?;
    let meta = File::from(input).metadata().map_err(refused)?;
    Ok(meta.file_type().is_char_device())
}

/// Ends the output, unless the input was damaged, and reports.
fn finish(
    args: &Args,
    frame: &Frame,
    drive: Drive,
    tally: &Tally,
    done: Result<()>,
) -> Result<Exit> {
    if args.drift {
        frame.show(&table::drift(tally.drift()));
    }
    match done {
        Ok(()) => {
            let flow = drive.finish()?;
            frame.report(stats(tally).flow(&flow));
            if matches!(args.task, Some(Task::Verify(_))) {
                return rederived(tally.rederivation());
            }
            let no = frame.common.check && tally.slots_bad + tally.inputs_bad > 0;
            Ok(if no { Exit::No } else { Exit::Done })
        }
        Err(error) => {
            frame.report(stats(tally).flow(&drive.flow));
            Err(error)
        }
    }
}

/// Prints what reckoning again has found; the answer is yes when all of something is equal.
fn rederived(found: &Rederivation) -> Result<Exit> {
    print(&table::rederivation(found))?;
    let (equal, differs) = (found.total(Outcome::Equal), found.total(Outcome::Differs));
    Ok(if equal > 0 && differs == 0 { Exit::Done } else { Exit::No })
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
        ("txns_whole", tally.whole),
        ("swaps", tally.swaps),
        ("liquidity", tally.liquidity),
        ("pools", tally.pools),
        ("findings", tally.findings),
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
        .counts("rows", tally.rows())
        .counts("fill_sources", tally.fill_sources())
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

/// The leader schedule, if there is one.
fn schedule(args: &Args) -> Result<Option<Leaders>> {
    let Some(path) = &args.leaders else { return Ok(None) };
    let mut schedule = Schedule::default();
    with_file(path, |text| {
        schedule = Schedule::read(text, args.epoch_start)?;
        Ok(())
    })?;
    Ok(Some(Leaders::Of(schedule)))
}

/// All accounts of all account files, and how far each file was read: of those that are followed, to
/// the end of the last whole line.
fn book(args: &Args, follow: bool) -> Result<(AccountBook, Vec<(PathBuf, u64)>)> {
    let (mut book, mut files) = (AccountBook::new(), Vec::new());
    for path in &args.accounts {
        if path.is_dir() {
            folder(path, &mut book).map_err(|e| e.input(path.display().to_string()))?;
            continue;
        }
        with_file(path, |text| {
            let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            let text = text.get(..whole).filter(|_| follow).unwrap_or(text);
            files.push((path.clone(), text.len() as u64));
            book.read(text)
        })?;
    }
    Ok((book, files))
}

/// Takes in the raw accounts of the pair that names the folder `path`.
fn folder(path: &Path, book: &mut AccountBook) -> Result<()> {
    let pair = path.file_name().and_then(|name| base58::key(name.to_str()?)).ok_or_else(|| {
        Error::foreign("the folder's name is not the key of a pair")
            .hint("a folder of raw accounts is one pair's, and named after it")
    })?;
    let failed = |e: std::io::Error| Error::os("cannot read", &e);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_file() {
            files.push((name, std::fs::read(&path).map_err(failed)?));
        }
    }
    book.read_pair(pair, files)
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

/// Reads one input to its end and gives its length; a map is kept in `kept`.
fn read<'m>(
    frame: &Frame,
    drive: &mut Drive,
    (crew, fresh): (&mut Crew<'m>, &mut Fresh),
    (name, input): (&str, Detected),
    kept: &'m OnceLock<Map>,
    before: u64,
) -> Result<u64> {
    match input {
        Detected::Dump(input) => read_dump(frame, drive, crew, input, before),
        Detected::Text(input) => read_text(frame, drive, crew, (name, input), before),
        Detected::Capture(map) => read_capture(drive, crew, kept.get_or_init(|| map), before),
        Detected::Piped(from, fd) => read_piped(drive, &mut Beside { crew, fresh }, from, &fd),
        Detected::Stream { input, .. } => {
            let mut beside = Beside { crew, fresh };
            read_stream(frame, drive, &mut beside, &[Packet::SCHEMA.kind], input, before)
        }
    }
}

/// Reads a mapped capture; its payloads are parsed where they lie.
fn read_capture<'m>(
    drive: &mut Drive,
    crew: &mut Crew<'m>,
    map: &'m Map,
    before: u64,
) -> Result<u64> {
    let mut capture = Capture::new(map.bytes())?;
    let mut behind = Behind::default();
    while !drive.is_full()
        && let Some(item) = capture.next()
    {
        match item? {
            Item::Datagram(Datagram { payload, truncated, rx_ns, .. }) => {
                drive.input(rx_ns, false, |out| {
                    crew.input(out, |parser, out| {
                        parser.datagram_lent(payload, truncated, rx_ns, out);
                    });
                })?;
            }
            Item::Skipped(why) => crew.parser().skip(why),
        }
        let at = capture.at();
        drive.progress(before + at as u64);
        behind.passed(map, at);
    }
    Ok(map.bytes().len() as u64)
}

/// Reads a capture from a pipe or a growing file, handing on what is there before it waits.
fn read_piped(
    drive: &mut Drive,
    beside: &mut Beside<'_, '_>,
    from: Box<dyn Read>,
    fd: &OwnedFd,
) -> Result<u64> {
    let mut reader = Reader::new(from);
    loop {
        while let Some(item) = reader.buffered()? {
            match item {
                Item::Datagram(Datagram { payload, truncated, rx_ns, .. }) => {
                    drive.input(rx_ns, true, |out| {
                        let take = |parser: &mut Parser<'_>, out: &mut Arena| {
                            parser.datagram(payload, truncated, rx_ns, out);
                        };
                        beside.crew.input(out, take);
                    })?;
                }
                Item::Skipped(why) => beside.crew.parser().skip(why),
            }
            if drive.is_full() {
                return Ok(0);
            }
        }
        // The end of a file that grows shows only when it is read: a file always reads at once.
        let is_file = pipe::kind(fd) == pipe::Kind::File;
        if is_file || !pipe::readable(fd, Duration::ZERO).unwrap_or(true) {
            drive.idle(beside)?;
        }
        if !reader.more()? {
            return Ok(0);
        }
    }
}
