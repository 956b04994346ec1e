//! The only file with I/O, with those of `gen` and `udp`: opens, loops, counts, finishes.

use super::args::{Args, Source};
use super::generate::args::Gen;
use super::out::Out;
use super::packets;
use crate::cli::{self, Detected, Frame, Named, Opened, Progress, Ready};
use crate::error::{Error, Exit, Result};
use crate::mem::{Behind, Map};
use crate::net::pcap::{self, Capture, Item};
use crate::record::{GapReason, Packet, Record, check};
use crate::stream;
use crate::sys::{pipe, signal};
use clap::{ArgMatches, FromArgMatches};
use std::io::Read;
use std::os::fd::OwnedFd;
use std::time::Duration;

/// Does the work.
pub(super) fn run(matches: &ArgMatches, frame: &Frame) -> Result<Exit> {
    let args = Args::from_arg_matches(matches).map_err(|e| Error::usage(e.to_string()))?;
    match &args.source {
        None => convert(frame, &args.files.named()?),
        Some(Source::Udp(udp)) => super::udp::run::listen(frame, udp),
        Some(Source::Live(live)) => super::live::run::run(frame, live),
        Some(Source::Probe(probe)) => super::live::run::probe(frame, probe),
        Some(Source::Clean(clean)) => super::live::run::clean(frame, clean),
        Some(Source::Send(send)) => super::play::run::play(frame, send),
        Some(Source::Accounts(accounts)) => super::accounts::run::run(frame, accounts),
        Some(Source::Gen(Gen::Shreds(shreds))) => super::generate::run::shreds(frame, shreds),
        Some(Source::Ring(ring)) => super::ring::run::run(frame, ring),
        Some(Source::Gen(Gen::Feed(feed))) => super::generate::run::feed(frame, feed),
    }
}

/// Reads captures and record streams, one after another, and writes them.
fn convert(frame: &Frame, inputs: &[Named]) -> Result<Exit> {
    let opened: Vec<_> = inputs.iter().map(|named| named.open(frame)).collect::<Result<_>>()?;
    let total_len = opened.iter().try_fold(0, |sum, input| Some(sum + input.file_len()?));
    let mut out = Out::open(frame)?;
    let mut progress = Progress::new(&frame.common, total_len);
    let mut before = 0;
    for (named, input) in inputs.iter().zip(opened) {
        let mut to = Convert { out: &mut out, rx_ns: 0, before, progress: &mut progress };
        match walk(input, frame, &mut to) {
            Ok(len) => before += len,
            Err(error) => return out.fail(frame, error.input(named.name())),
        }
    }
    progress.finish();
    out.finish(frame, |_| ())
}

/// What takes the items of a capture or a record stream, in order.
pub(super) trait Take {
    /// A packet of a capture that ends at byte `at`.
    fn item(&mut self, item: &Item<'_>, at: u64) -> Result<()>;

    /// A record of a stream that ends at byte `at`.
    fn record(&mut self, record: Record<'_>, at: u64) -> Result<()>;

    /// Bytes from `at` on, where that is known, cannot be read.
    fn damage(&mut self, at: Option<u64>) -> Result<()>;

    /// Something upstream dropped records.
    fn holes(&mut self);

    /// Nothing waits.
    fn idle(&mut self) -> Result<()>;

    /// Nothing more is wanted.
    fn is_full(&self) -> bool;
}

/// Writes what it takes.
struct Convert<'a> {
    out: &'a mut Out,
    /// Stamp of the last packet: the time of a gap that follows it.
    rx_ns: u64,
    before: u64,
    progress: &'a mut Progress,
}

impl Take for Convert<'_> {
    fn item(&mut self, item: &Item<'_>, at: u64) -> Result<()> {
        self.progress.at(self.before + at);
        match item {
            Item::Datagram(datagram) => {
                self.rx_ns = datagram.rx_ns;
                self.out.put(datagram, None)
            }
            Item::Skipped(skip) => {
                if let Some(count) = self.out.tally.refused.get_mut(*skip as usize) {
                    *count += 1;
                }
                if packets::is_hole(*skip) {
                    let reason = GapReason::CaptureDamaged;
                    self.out.gap(&packets::gap(self.rx_ns, reason, 1, None))?;
                }
                Ok(())
            }
        }
    }

    fn record(&mut self, record: Record<'_>, at: u64) -> Result<()> {
        self.progress.at(self.before + at);
        let Some(packet) = record.get::<Packet>()? else { return self.out.pass(record) };
        let Some(datagram) = packets::datagram(packet, record) else {
            return Err(Error::damaged("packet record: its payload is longer than it is"));
        };
        self.rx_ns = datagram.rx_ns;
        self.out.put_record(record, &datagram, false)
    }

    fn damage(&mut self, at: Option<u64>) -> Result<()> {
        self.out.gap(&packets::gap(self.rx_ns, GapReason::CaptureDamaged, 0, at))
    }

    fn holes(&mut self) {
        self.out.set_holes();
    }

    fn idle(&mut self) -> Result<()> {
        self.out.flush()
    }

    fn is_full(&self) -> bool {
        self.out.is_full()
    }
}

/// Hands everything in `input` to `to`, until a signal or until nothing more is wanted; gives the
/// input's length, if it is known.
pub(super) fn walk(input: Opened, frame: &Frame, to: &mut impl Take) -> Result<u64> {
    let input = match input.detect()? {
        Detected::Capture(map) => return walk_map(&map, to),
        Detected::Piped(from, fd) => return walk_pipe(from, &fd, frame, to),
        // What is no stream either, the stream reader names.
        Detected::Stream { input, .. } | Detected::Dump(input) | Detected::Text(input) => input,
    };
    let len = input.file_len().unwrap_or(0);
    let (source, ready) = input.into_source();
    walk_stream(stream::Reader::new(source), ready.as_ref(), frame, to).map(|()| len)
}

fn wanted(to: &impl Take) -> bool {
    !to.is_full() && !signal::stop_requested()
}

/// A mapped capture: payloads are taken where they lie.
fn walk_map(map: &Map, to: &mut impl Take) -> Result<u64> {
    let mut capture = Capture::new(map.bytes())?;
    let mut behind = Behind::default();
    while wanted(to)
        && let Some(item) = capture.next()
    {
        let at = capture.at() as u64;
        match item {
            Ok(item) => to.item(&item, at)?,
            Err(error) => return to.damage(Some(at)).and(Err(error)),
        }
        behind.passed(map, capture.at());
    }
    Ok(map.bytes().len() as u64)
}

/// A capture from a pipe, handing on what is there whenever nothing waits.
fn walk_pipe(from: Box<dyn Read>, fd: &OwnedFd, frame: &Frame, to: &mut impl Take) -> Result<u64> {
    let mut reader = pcap::Reader::new(from);
    while wanted(to) {
        // A file that is followed always counts as readable.
        if frame.common.follow || !pipe::readable(fd, Duration::ZERO).unwrap_or(true) {
            to.idle()?;
        }
        match reader.next_item() {
            Ok(Some(item)) => to.item(&item, 0)?,
            Ok(None) => break,
            // Following ends where the signal found the writer, which may be inside a packet.
            Err(_) if frame.common.follow && signal::stop_requested() => break,
            Err(error) => return to.damage(None).and(Err(error)),
        }
    }
    Ok(0)
}

/// A record stream, from a pipe or a ring when there is something to wait on.
fn walk_stream(
    mut reader: stream::Reader<cli::Source>,
    ready: Option<&Ready>,
    frame: &Frame,
    to: &mut impl Take,
) -> Result<()> {
    if frame.common.follow {
        reader = reader.until_end();
    }
    while wanted(to) {
        if let Some(ready) = ready
            && !reader.is_ready()
            && (frame.common.follow || !ready.wait(Duration::ZERO).unwrap_or(true))
        {
            to.idle()?;
        }
        let at = reader.position();
        if reader.has_holes() {
            to.holes();
        }
        let Some(record) = reader.next()? else { break };
        let taken = if frame.common.check { check(record) } else { Ok(()) };
        if let Err(error) = taken.and_then(|()| to.record(record, at)) {
            let (byte, number) = reader.place();
            return Err(error.at(byte, number));
        }
    }
    Ok(())
}
