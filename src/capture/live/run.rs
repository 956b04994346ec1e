//! The I/O of live capture.

use super::super::out::Out;
use super::super::packets;
use super::args::{Backend, Live, Probe};
use super::ladder::{Rung, rungs};
use super::source::{Source, filter};
use crate::cli::{Frame, columns, print};
use crate::error::{Error, Exit, Result};
use crate::net::interface::Interface;
use crate::record::GapReason;
use crate::sys::{cpu, pipe, signal};
use crate::time::{Stopwatch, now_ns};
use std::time::Duration;

/// The longest wait for datagrams before the stop flag is looked at again.
const WAIT_MAX: Duration = Duration::from_millis(100);

/// Between two attempts to open an interface that went away.
const AGAIN: Duration = Duration::from_millis(100);

/// Receives until a signal, `--duration` or `--limit`.
pub(in crate::capture) fn run(frame: &Frame, args: &Live) -> Result<Exit> {
    let rungs = rungs(args).map_err(Error::usage)?;
    if let Some(why) = filter(args).invalid() {
        return Err(Error::usage(why));
    }
    if let Some(number) = args.cpu
        && !cpu::pin(number)
    {
        frame.warn(&format!("--cpu {number}: the system refuses; the thread stays free"));
    }
    let mut out = Out::open(frame)?;
    let mut source = climb(frame, args, &rungs)?;
    frame.note(&format!("receives by {}", source.describe()));
    out.flush()?;
    let clock = Stopwatch::start();
    let mut last_ns = 0;
    while !out.is_full() && !signal::stop_requested() {
        let Some(wait) = left(frame, clock) else { break };
        let (mut failed, reason) = (Ok(()), source.gap_reason());
        let received = source.receive(wait.min(WAIT_MAX), &mut |arrival| {
            if failed.is_ok() {
                last_ns = arrival.datagram.rx_ns;
                failed = lost(&mut out, last_ns, reason, arrival.lost.into())
                    .and_then(|()| out.put(&arrival.datagram, Some(arrival.user_ns)));
            }
        });
        failed?;
        out.flush()?;
        if let Err(error) = received {
            frame.warn(&format!("{}: {error}; waits for it to come back", args.interface));
            // How much was lost nobody knows.
            out.gap(&packets::gap(now_ns(), GapReason::InterfaceDown, 0, None))?;
            drop(source);
            let Some(again) = reopen(frame, args, &rungs, clock) else { return end(out, frame) };
            source = again;
            frame.warn(&format!("{} is back: {}", args.interface, source.describe()));
        }
    }
    let at_ns = if last_ns == 0 { now_ns() } else { last_ns };
    let (count, reason) = (source.untold()?, source.gap_reason());
    lost(&mut out, at_ns, reason, count)?;
    let mut told = Ok(());
    let exit = out.finish(frame, |stats| told = source.account(stats))?;
    told.map(|()| exit)
}

fn end(out: Out, frame: &Frame) -> Result<Exit> {
    out.finish(frame, |_| ())
}

/// What is left of `--duration`; `None` when nothing is.
fn left(frame: &Frame, clock: Stopwatch) -> Option<Duration> {
    let Some(duration) = frame.common.duration else { return Some(WAIT_MAX) };
    duration.checked_sub(clock.elapsed()).filter(|left| !left.is_zero())
}

fn lost(out: &mut Out, rx_ns: u64, reason: GapReason, count: u64) -> Result<()> {
    if count == 0 {
        return Ok(());
    }
    out.gap(&packets::gap(rx_ns, reason, count, None))
}

/// Opens the first of `rungs` that works, and says why those before it did not.
fn climb(frame: &Frame, args: &Live, rungs: &[Rung]) -> Result<Source> {
    let mut last = None;
    for rung in rungs {
        match Source::open(*rung, args) {
            Ok(source) => {
                for refusal in source.refusals() {
                    frame.warn(&format!("{}: {refusal}", rung.name()));
                }
                return Ok(source);
            }
            Err(error) if rungs.len() == 1 => return Err(error),
            Err(error) => {
                frame.warn(&format!("{} is refused: {error}", rung.name()));
                last = Some(error);
            }
        }
    }
    let hint = format!("mev-capture probe {} shows what is missing", args.interface);
    Err(match last {
        Some(error) => error.hint(hint),
        None => Error::usage("nothing to receive by").hint("add --port"),
    })
}

/// Opens again what went away, until it works; `None` when it is time to stop.
fn reopen(frame: &Frame, args: &Live, rungs: &[Rung], clock: Stopwatch) -> Option<Source> {
    while !signal::stop_requested() && left(frame, clock).is_some() {
        for rung in rungs {
            if let Ok(source) = Source::open(*rung, args) {
                return Some(source);
            }
        }
        pipe::pause(AGAIN);
    }
    None
}

/// Tries every back end on an interface and prints what came of it.
pub(in crate::capture) fn probe(_: &Frame, args: &Probe) -> Result<Exit> {
    let interface = Interface::named(&args.interface)?;
    let mut rows = vec![["back end", "works", "how, or why not"].map(str::to_owned).to_vec()];
    let live = Live {
        interface: args.interface.clone(),
        // A port that nobody uses: a probe takes no traffic away.
        port: vec![9],
        address: vec!["192.0.2.1".parse().map_err(|_| Error::usage("no address"))?],
        backend: Backend::Auto,
        tee: false,
        queue: Vec::new(),
        cpu: None,
        spin: false,
        busy_poll: None,
        volume: false,
    };
    let mut works = 0;
    for rung in Rung::ALL {
        // UDP sockets are bound to an address that is there.
        let own = Live { address: Vec::new(), port: vec![0], ..live.clone() };
        let opened = Source::open(rung, if rung == Rung::Udp { &own } else { &live });
        let (word, how) = match &opened {
            Ok(source) => {
                works += 1;
                let refusals = source.refusals().iter().map(|why| format!("; {why}"));
                ("yes", format!("{}{}", source.describe(), refusals.collect::<String>()))
            }
            Err(error) => ("no", error.to_string()),
        };
        rows.push(vec![rung.name().to_owned(), word.to_owned(), how]);
    }
    let head = format!("{}: {} receive queues\n", interface.name(), interface.queues());
    print(&format!("{head}{}", columns(&rows, usize::MAX)))?;
    Ok(if works > 0 { Exit::Done } else { Exit::No })
}
