//! The I/O of live capture.

use super::super::out::Out;
use super::super::pump::{LAST, Pump, WAIT_MAX};
use super::args::{Backend, Clean, Live, Probe};
use super::handover::{Found, Giver, Taker, handover};
use super::ladder::{Rung, rungs};
use super::source::{Source, filter};
use crate::cli::{Frame, Table, columns, print};
use crate::error::{Error, Exit, Result};
use crate::net::interface::Interface;
use crate::net::xdp;
use crate::sys::{pipe, process};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Between two attempts to open an interface that went away.
const AGAIN: Duration = Duration::from_millis(100);

/// Receives until a signal, `--duration` or `--limit`.
pub(in crate::capture) fn run(frame: &Frame, args: &Live) -> Result<Exit> {
    let rungs = rungs(args).map_err(Error::usage)?;
    if let Some(why) = filter(args).invalid() {
        return Err(Error::usage(why));
    }
    if let &[number] = args.cpu.as_slice() {
        frame.pin(number);
    }
    let out = Out::open(frame)?;
    let mut sources = climb(frame, args, &rungs)?;
    frame.note(&format!("receives by {}", describe(&sources)));
    let mut pump = Pump::start(frame, out)?;
    loop {
        let failed = match sources.as_mut_slice() {
            [one] => pump.run(one)?,
            several => by_threads(frame, &mut pump, several, &args.cpu)?,
        };
        for source in &mut sources {
            pump.settle(source)?;
        }
        let Some(error) = failed else { break };
        frame.warn(&format!("{}: {error}; waits for it to come back", args.interface));
        pump.down()?;
        drop(sources);
        let Some(again) = reopen(args, &rungs, &pump) else { break };
        sources = again;
        frame.warn(&format!("{} is back: {}", args.interface, describe(&sources)));
    }
    pump.finish()
}

/// What was opened, for people.
fn describe(sources: &[Source]) -> String {
    let all: Vec<_> = sources.iter().map(Source::describe).collect();
    match all.as_slice() {
        [one] => one.clone(),
        several => format!("{} threads: {}", several.len(), several.join("; ")),
    }
}

/// Receives by a thread for each of `sources`, kept on one of `cpus`, and writes here, until it is time
/// to stop; the error of a source that went away before.
fn by_threads(
    frame: &Frame,
    pump: &mut Pump<'_>,
    sources: &mut [Source],
    cpus: &[usize],
) -> Result<Option<Error>> {
    let (givers, mut taker) = handover(sources.len());
    let stop = &AtomicBool::new(false);
    thread::scope(|scope| {
        let threads: Vec<_> = sources
            .iter_mut()
            .zip(givers)
            .zip(cpus)
            .map(|((source, giver), cpu)| {
                scope.spawn(move || {
                    frame.pin(*cpu);
                    let failed = receive(source, giver, stop);
                    // One that fails ends the others: they are of the same interface.
                    stop.store(true, Ordering::Relaxed);
                    failed
                })
            })
            .collect();
        let written = write_all(pump, &mut taker, stop);
        stop.store(true, Ordering::Relaxed);
        // A thread that waits for a buffer ends when there is nobody to give one back.
        drop(taker);
        let mut failed = None;
        for thread in threads {
            match thread.join() {
                Ok(Err(error)) => failed = failed.or(Some(error)),
                Ok(Ok(())) => {}
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        written.map(|()| failed)
    })
}

/// A receiving thread.
fn receive(source: &mut Source, mut giver: Giver, stop: &AtomicBool) -> Result<()> {
    let reason = source.gap_reason();
    let mut failed = Ok(());
    while failed.is_ok() && !stop.load(Ordering::Relaxed) {
        failed = source.receive(WAIT_MAX, &mut |arrival| giver.put(&arrival, reason)).map(drop);
        if !giver.give() {
            break;
        }
    }
    if failed.is_err() {
        let mut more = || source.receive(LAST, &mut |arrival| giver.put(&arrival, reason));
        while matches!(more(), Ok(1..)) {}
    }
    giver.finish();
    failed
}

/// Writes what the threads give until all have ended, and tells them when it is time to.
fn write_all(pump: &mut Pump<'_>, taker: &mut Taker, stop: &AtomicBool) -> Result<()> {
    let mut wait = WAIT_MAX;
    loop {
        match pump.wait() {
            Some(left) => wait = wait.min(left),
            None => stop.store(true, Ordering::Relaxed),
        }
        match taker.take(wait, |batch| pump.write(batch))? {
            Found::Batch => wait = Duration::ZERO,
            Found::Nothing => {
                // Nothing waits: whoever reads gets all there is.
                pump.out.flush()?;
                wait = WAIT_MAX;
            }
            Found::End => return Ok(()),
        }
    }
}

/// Opens the first of `rungs` that works, and says why those before it did not.
fn climb(frame: &Frame, args: &Live, rungs: &[Rung]) -> Result<Vec<Source>> {
    let mut last = None;
    for rung in rungs {
        match Source::open(*rung, args) {
            Ok(sources) => {
                for refusal in sources.iter().flat_map(Source::refusals) {
                    frame.warn(&format!("{}: {refusal}", rung.name()));
                }
                return Ok(sources);
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
fn reopen(args: &Live, rungs: &[Rung], pump: &Pump<'_>) -> Option<Vec<Source>> {
    while pump.wait().is_some() {
        for rung in rungs {
            if let Ok(sources) = Source::open(*rung, args) {
                return Some(sources);
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
        cpu: Vec::new(),
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
            Ok(sources) => {
                works += 1;
                let refusals = sources.iter().flat_map(Source::refusals);
                let refusals: String = refusals.map(|why| format!("; {why}")).collect();
                ("yes", format!("{}{refusals}", describe(sources)))
            }
            Err(error) => ("no", error.to_string()),
        };
        rows.push(vec![rung.name().to_owned(), word.to_owned(), how]);
    }
    let head = format!("{}: {} receive queues\n", interface.name(), interface.queues());
    print(&format!("{head}{}", columns(&rows, usize::MAX)))?;
    Ok(if works > 0 { Exit::Done } else { Exit::No })
}

/// Removes programs that were left at an interface, and prints what became of each.
pub(in crate::capture) fn clean(frame: &Frame, args: &Clean) -> Result<Exit> {
    let interface = Interface::named(&args.interface)?;
    let mut rows = Vec::new();
    for program in xdp::attached(&interface)? {
        let fate = if !program.is_ours() && !frame.common.force {
            "left: not of this toolkit; --force removes it".to_owned()
        } else if xdp::detach(&interface, &program)? {
            "removed".to_owned()
        } else {
            let holders = process::holding(&format!("prog_id:\t{}", program.id));
            let names: Vec<_> =
                holders.iter().map(|(pid, name)| format!("{name} ({pid})")).collect();
            let who = if names.is_empty() { "a process".to_owned() } else { names.join(", ") };
            format!("left: goes when {who} ends")
        };
        rows.push((program, fate));
    }
    Table::new("xdp", &rows)
        .unsigned("id", |(program, _)| Some(program.id.into()))
        .text("name", |(program, _)| Some(program.name.clone()))
        .text("place", |(program, _)| Some(program.place.to_owned()))
        .text("fate", |(_, fate)| Some(fate.clone()))
        .write(frame)?;
    Ok(if rows.iter().all(|(_, fate)| fate == "removed") { Exit::Done } else { Exit::No })
}
