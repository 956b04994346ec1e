//! The I/O of replay.

use super::super::packets;
use super::super::run::{Take, walk};
use super::args::{Backend, Send};
use super::gaps::GapErrors;
use crate::cli::{Common, Flow, Frame, Named, Opened, Stats};
use crate::error::{Error, Exit, Result};
use crate::net::frames::{Exit as Leave, Framed, Route};
use crate::net::interface::Interface;
use crate::net::pcap::{Datagram, Item, Skip};
use crate::net::udp::{Outlet, Played, Player, Socket};
use crate::net::{packet, xdp};
use crate::record::{Packet, Record};
use crate::sys::signal;
use crate::time::Stopwatch;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

/// Plays a capture, or packet records, to an address.
pub(in crate::capture) fn play(frame: &Frame, send: &Send) -> Result<Exit> {
    let named = Named::new(send.file.as_deref().unwrap_or(Path::new("-")));
    let mut input = named.open(frame)?;
    let by = match outlet(send)? {
        Some(outlet) => By::Player(Player::new(outlet, send.pace())),
        None => By::Kernel(Loaded::new(send)?),
    };
    let mut to = Play {
        by,
        gaps: (!send.full_rate && send.backend != Backend::Live).then(GapErrors::new),
        clock: None,
        duration: frame.common.duration,
        left: frame.common.limit.unwrap_or(u64::MAX),
        check: frame.common.check,
        flow: Flow::open(frame)?,
        refused: [0; Skip::COUNT],
        truncated: 0,
        stopped: false,
    };
    // The kernel repeats by itself what it was given once.
    let rounds = if matches!(to.by, By::Kernel(_)) { 1 } else { send.repeat.get() };
    if rounds > 1 && !matches!(input, Opened::Map(_)) {
        return Err(
            Error::usage("--repeat takes a file, which can be read again").input(named.name())
        );
    }
    let mut walked = Ok(0);
    for round in 1..=rounds {
        walked = walk(input, frame, &mut to);
        if walked.is_err() || round == rounds || to.is_full() || signal::stop_requested() {
            break;
        }
        to.again();
        input = named.open(frame)?;
    }
    let played = match to.by {
        By::Player(player) => player.finish()?,
        By::Kernel(loaded) => loaded.play(send, &frame.common)?,
    };
    if !frame.common.quiet {
        let line = summary(frame.tool.name, &played, to.gaps.as_ref());
        // Standard error may be gone; the status still tells.
        let _ = writeln!(std::io::stderr().lock(), "{line}");
    }
    let mut stats = Stats::default();
    stats.number("packets", played.datagrams).number("payload_bytes", played.bytes);
    stats.number("truncated", to.truncated).number("per_second", per_second(&played));
    stats.counts("gap_error_ns", to.gaps.iter().flat_map(GapErrors::percentiles));
    stats.counts("refused", Skip::NAMES.into_iter().zip(to.refused));
    to.flow.records_out = played.datagrams;
    frame.report(stats.flow(&to.flow));
    walked.map(|_| Exit::Done).map_err(|error| error.input(named.name()))
}

fn per_second(played: &Played) -> u64 {
    let rate = u128::from(played.datagrams) * 1_000_000_000 / u128::from(played.elapsed_ns.max(1));
    u64::try_from(rate).unwrap_or(u64::MAX)
}

/// What was sent, in a line for people.
fn summary(tool: &str, played: &Played, gaps: Option<&GapErrors>) -> String {
    let (seconds, millis) =
        (played.elapsed_ns / 1_000_000_000, played.elapsed_ns / 1_000_000 % 1000);
    let gaps = gaps.map(|gaps| format!("; {gaps}")).unwrap_or_default();
    format!(
        "{tool}: sent {} datagrams of {} bytes in {seconds}.{millis:03} s, {} a second{gaps}",
        played.datagrams,
        played.bytes,
        per_second(played)
    )
}

/// Sends what it takes, each datagram at its time.
struct Play {
    by: By,
    /// How well gaps are kept, where there are any to keep.
    gaps: Option<GapErrors>,
    clock: Option<Stopwatch>,
    duration: Option<Duration>,
    left: u64,
    check: bool,
    flow: Flow,
    refused: [u64; Skip::COUNT],
    truncated: u64,
    stopped: bool,
}

impl Play {
    fn send(&mut self, datagram: &Datagram<'_>) -> Result<()> {
        self.flow.records_in += 1;
        self.truncated += u64::from(datagram.truncated);
        if self.check {
            return Ok(());
        }
        let clock = *self.clock.get_or_insert_with(Stopwatch::start);
        let duration = self.duration;
        let passed = || duration.is_some_and(|duration| clock.elapsed() >= duration);
        let over = || signal::stop_requested() || passed();
        self.stopped = match &mut self.by {
            By::Player(player) => {
                let sent = player.play(datagram, over)?;
                if let (Some(gaps), Some(sent)) = (&mut self.gaps, sent) {
                    gaps.take(sent.due_ns, sent.sent_ns);
                }
                sent.is_none()
            }
            By::Kernel(loaded) => {
                loaded.load(datagram)?;
                over()
            }
        };
        self.left -= u64::from(!self.stopped);
        Ok(())
    }

    /// Begins another round.
    fn again(&mut self) {
        if let By::Player(player) = &mut self.by {
            player.again();
        }
    }
}

impl Take for Play {
    fn item(&mut self, item: &Item<'_>, _: u64) -> Result<()> {
        match item {
            Item::Datagram(datagram) => self.send(datagram),
            Item::Skipped(skip) => {
                if let Some(count) = self.refused.get_mut(*skip as usize) {
                    *count += 1;
                }
                Ok(())
            }
        }
    }

    fn record(&mut self, record: Record<'_>, _: u64) -> Result<()> {
        let Some(packet) = record.get::<Packet>()? else { return Ok(()) };
        let datagram = packets::datagram(packet, record)
            .ok_or_else(|| Error::damaged("packet record: its payload is longer than it is"))?;
        self.send(&datagram)
    }

    fn damage(&mut self, _: Option<u64>) -> Result<()> {
        Ok(())
    }

    fn holes(&mut self) {}

    fn idle(&mut self) -> Result<()> {
        match &mut self.by {
            By::Player(player) => player.flush(),
            By::Kernel(_) => Ok(()),
        }
    }

    fn is_full(&self) -> bool {
        self.left == 0 || self.stopped
    }
}

/// What sends.
enum By {
    /// We do, each datagram at its time.
    Player(Player<Box<dyn Outlet>>),
    /// The kernel, when all are there.
    Kernel(Loaded),
}

/// What datagrams leave by; `None` where the kernel makes the frames.
fn outlet(send: &Send) -> Result<Option<Box<dyn Outlet>>> {
    let Some(name) = &send.interface else {
        let to = send.to.ok_or_else(|| Error::usage("--to says where datagrams go"))?;
        return Ok(Some(Box::new(Socket::to(to)?)));
    };
    let interface = Interface::named(name)?;
    let exit = match send.backend {
        Backend::Packet => Leave::Packet(packet::Sender::new(&interface)?),
        Backend::Xdp => Leave::Xdp(Box::new(xdp::Sender::open(&interface, 0)?)),
        Backend::Live => return Ok(None),
    };
    let route = Route::of(&interface, send.to, send.to_mac)?;
    Ok(Some(Box::new(Framed::new(route, exit))))
}

/// Most frames that the kernel is given, 4 KiB each.
const LOADED_MAX: usize = 1 << 17;

/// Frames that the kernel makes in one call at most: a signal is heard between two.
const CALL_MAX: u32 = 1 << 19;

/// The frames of a whole capture, one after the other.
struct Loaded {
    interface: Interface,
    route: Route,
    interval_ns: u64,
    bytes: Vec<u8>,
    /// Where each frame ends.
    ends: Vec<usize>,
    payload_bytes: u64,
}

impl Loaded {
    fn new(send: &Send) -> Result<Self> {
        let interval_ns = send.interval_ns().map_err(Error::usage)?;
        let interface = Interface::named(send.interface.as_deref().unwrap_or_default())?;
        let route = Route::of(&interface, send.to, send.to_mac)?;
        let (bytes, ends) = (Vec::new(), Vec::new());
        Ok(Self { interface, route, interval_ns, bytes, ends, payload_bytes: 0 })
    }

    fn load(&mut self, datagram: &Datagram<'_>) -> Result<()> {
        if self.ends.len() >= LOADED_MAX {
            let what = format!("more than {LOADED_MAX} datagrams for --backend live");
            return Err(Error::usage(what).hint("take a part by --limit, and --repeat it"));
        }
        self.route.write(datagram, &mut self.bytes)?;
        self.ends.push(self.bytes.len());
        self.payload_bytes += datagram.payload.len() as u64;
        Ok(())
    }

    /// Has the kernel send all, as often as was asked for.
    fn play(self, send: &Send, common: &Common) -> Result<Played> {
        if common.check || self.ends.is_empty() {
            return Ok(Played::default());
        }
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let frames: Vec<&[u8]> =
            starts.zip(&self.ends).filter_map(|(from, to)| self.bytes.get(from..*to)).collect();
        let mut live = xdp::Live::set(&self.interface, &frames)?;
        live.set_pace(self.interval_ns)?;
        let count = frames.len() as u64;
        let mut left = count.saturating_mul(send.repeat.get().into());
        let clock = Stopwatch::start();
        let is_over = || common.duration.is_some_and(|duration| clock.elapsed() >= duration);
        while left > 0 && !signal::stop_requested() && !is_over() {
            let now = u32::try_from(left).unwrap_or(CALL_MAX).min(CALL_MAX);
            match live.play(now) {
                // A signal ends the call in the middle: what was made by then is told.
                Err(_) if signal::stop_requested() => break,
                played => played?,
            }
            left -= u64::from(now);
        }
        let elapsed_ns = clock.elapsed_ns();
        let datagrams = live.made()?;
        let bytes = u128::from(self.payload_bytes) * u128::from(datagrams) / u128::from(count);
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        Ok(Played { datagrams, bytes, late_max_ns: 0, elapsed_ns })
    }
}
