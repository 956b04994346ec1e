//! The I/O of live sockets.

use super::super::args::{Send, Udp};
use super::super::out::Out;
use super::super::packets;
use super::super::run::{Take, walk};
use super::gaps::GapErrors;
use crate::cli::{Flow, Frame, Named, Stats};
use crate::error::{Error, Exit, Result};
use crate::net::pcap::{Datagram, Item, Skip};
use crate::net::udp::{Options, Pace, Pacer, Played, Player, Receiver};
use crate::record::{GapReason, Packet, Record};
use crate::sys::signal;
use crate::time::{Stopwatch, now_ns};
use std::io::Write;
use std::num::NonZeroU64;
use std::path::Path;
use std::time::Duration;

/// The longest wait for datagrams before the stop flag is looked at again.
const WAIT_MAX: Duration = Duration::from_millis(100);

/// Receives until a signal, `--duration` or `--limit`.
pub(in crate::capture) fn listen(frame: &Frame, udp: &Udp) -> Result<Exit> {
    let mut out = Out::open(frame)?;
    let options = Options { buffer_len: udp.buffer_len, ..Options::default() };
    let mut receiver = Receiver::bind(&udp.addresses, options)?;
    for (lane, address) in receiver.addresses().enumerate() {
        frame.note(&format!("lane {lane} listens on {address}"));
    }
    let granted = receiver.buffer_len()?;
    if granted < udp.buffer_len {
        let asked = udp.buffer_len;
        frame.warn(&format!("{granted} bytes of socket buffer granted of {asked} asked for"));
    }
    // A reader that starts with us sees the head before the first datagram.
    out.flush()?;
    let clock = Stopwatch::start();
    let mut last_ns = 0;
    while !out.is_full() && !signal::stop_requested() {
        let Some(wait) = left(frame.common.duration, clock) else { break };
        let mut failed = Ok(());
        receiver.receive(wait.min(WAIT_MAX), |arrival| {
            if failed.is_ok() {
                last_ns = arrival.datagram.rx_ns;
                failed = lost(&mut out, last_ns, arrival.lost)
                    .and_then(|()| out.put(&arrival.datagram, Some(arrival.user_ns)));
            }
        })?;
        failed?;
        out.flush()?;
    }
    let at_ns = if last_ns == 0 { now_ns() } else { last_ns };
    for count in receiver.untold_losses()? {
        lost(&mut out, at_ns, count)?;
    }
    out.finish(frame, |_| ())
}

/// What is left of `duration`; `None` when nothing is.
fn left(duration: Option<Duration>, clock: Stopwatch) -> Option<Duration> {
    let Some(duration) = duration else { return Some(WAIT_MAX) };
    duration.checked_sub(clock.elapsed()).filter(|left| !left.is_zero())
}

/// Writes a gap for `count` datagrams that the kernel dropped.
fn lost(out: &mut Out, rx_ns: u64, count: u32) -> Result<()> {
    if count == 0 {
        return Ok(());
    }
    out.gap(&packets::gap(rx_ns, GapReason::SocketOverflow, count.into(), None))
}

/// Plays a capture, or packet records, to an address.
pub(in crate::capture) fn play(frame: &Frame, send: &Send) -> Result<Exit> {
    let named = Named::new(send.file.as_deref().unwrap_or(Path::new("-")));
    let input = named.open(frame)?;
    let mut to = Play {
        player: Player::new(send.to, pace(send))?,
        pacer: Pacer::new(pace(send)),
        gaps: (!send.full_rate).then(GapErrors::new),
        clock: None,
        duration: frame.common.duration,
        left: frame.common.limit.unwrap_or(u64::MAX),
        check: frame.common.check,
        flow: Flow::open(frame)?,
        refused: [0; Skip::COUNT],
        truncated: 0,
        stopped: false,
    };
    let walked = walk(input, frame, &mut to);
    let played = to.player.finish()?;
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

fn pace(send: &Send) -> Pace {
    match (send.pps, send.speed) {
        _ if send.full_rate => Pace::Full,
        (Some(per_second), _) => Pace::Rate { per_second },
        (None, speed) => {
            let recorded = NonZeroU64::MIN.saturating_add(999_999);
            Pace::Recorded { speed_ppm: speed.unwrap_or(recorded) }
        }
    }
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
    player: Player,
    /// The same times as the player's, to measure against.
    pacer: Pacer,
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
        let due_ns = self.pacer.due_ns(datagram.rx_ns);
        let duration = self.duration;
        let over = || signal::stop_requested() || left(duration, clock).is_none();
        if self.player.play(datagram.rx_ns, datagram.payload, over)? {
            if let Some(gaps) = &mut self.gaps {
                gaps.take(due_ns, clock.elapsed_ns());
            }
            self.left -= 1;
        } else {
            self.stopped = true;
        }
        Ok(())
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
        self.player.flush()
    }

    fn is_full(&self) -> bool {
        self.left == 0 || self.stopped
    }
}
