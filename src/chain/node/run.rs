//! The I/O of the node.

use super::super::Chain;
use super::args::{Backend, Node as Args};
use crate::arb::{Engine, Options};
use crate::cli::{Drive, Frame, Stats};
use crate::dex::AccountBook;
use crate::error::{Error, Exit, Result};
use crate::net::node::{Counts, Node, Place, Wire};
use crate::net::tap::Tap;
use crate::net::xdp::Port;
use crate::parse::{Config, Feed, Limits, Order, Parser, Verify, Wanted};
use crate::record::Opportunity;
use crate::stream::Stage;
use crate::sys::signal;
use crate::time::Stopwatch;
use std::path::Path;
use std::time::Duration;

/// The longest wait for a frame: stages look at the time each millisecond.
const WAIT_MAX: Duration = Duration::from_millis(1);

/// Decides until a signal, `--duration` or `--limit`.
pub(super) fn run(frame: &Frame, args: &Args) -> Result<Exit> {
    if let Some(number) = args.cpu {
        frame.pin(number);
    }
    let mut drive = Drive::open(frame, Engine::MAX_OUT, None)?;
    let mut chain = chain(frame, args, &mut drive)?;
    let wire = match args.backend {
        Backend::Tap => Wire::Tap(Tap::open(&args.interface)?),
        Backend::Xdp => Wire::Xdp(Box::new(Port::open(&args.interface, args.queue)?)),
    };
    let (address, prefix) = args.address;
    let mut node =
        Node::open(wire, Place { address, prefix, gateway: args.gateway, port: args.listen })?;
    frame.note(&format!("{address}:{} answers by {}", args.listen, node.wire().describe()));
    drive.flush()?;
    let clock = Stopwatch::start();
    while !drive.is_full() && !signal::stop_requested() {
        if frame.common.duration.is_some_and(|whole| clock.elapsed() >= whole) {
            break;
        }
        let (mut done, mut came) = (Ok(()), false);
        node.turn(WAIT_MAX, args.spin, |arrival, reply| {
            came = true;
            let (payload, rx_ns) = (arrival.datagram.payload, arrival.datagram.rx_ns);
            let decided = drive.input(rx_ns, true, |arena| {
                chain.input(|parser, out| parser.datagram(payload, false, rx_ns, out), arena);
                // They come with the largest net first.
                let best = arena.records().find(|record| record.typed::<Opportunity>().is_some());
                if let Some(best) = best.filter(|_| args.reply) {
                    reply.extend_from_slice(best.bytes());
                }
            });
            if done.is_ok() {
                done = decided;
            }
        })?;
        done?;
        if came { drive.flush()? } else { drive.idle(&mut chain)? }
    }
    drive.end(&mut chain)?;
    let flow = drive.finish()?;
    let mut stats = counts(node.counts());
    stats.counts("refused", chain.first().tally().refused());
    for (name, value) in chain.second().counters().numbers() {
        stats.number(name, value);
    }
    frame.report(stats.flow(&flow));
    Ok(Exit::Done)
}

/// Parse and arb as one, which know the pools of the command line.
fn chain(frame: &Frame, args: &Args, drive: &mut Drive) -> Result<Chain<Parser<'static>, Engine>> {
    let mut feed = Feed::default();
    if let Some(path) = &args.pools {
        feed.read(&read(path)?).map_err(|e| e.input(path.display().to_string()))?;
    }
    let mut book = AccountBook::new();
    for path in &args.accounts {
        book.read(&read(path)?).map_err(|e| e.input(path.display().to_string()))?;
    }
    let config = Config {
        order: Order::Eager,
        verify: Verify { merkle: false, leader: None, poh: false },
        limits: Limits::DEFAULT,
        shred_version: None,
        rows: Wanted::ALL,
    };
    let refused = |_| Error::os("cannot reserve memory", &std::io::ErrorKind::OutOfMemory.into());
    let parser = Parser::new(&config, feed).map_err(refused)?;
    let options = Options { min_profit: args.min_profit, ..Options::default() };
    let mut chain = Chain::new(parser, Engine::new(options), &[]);
    drive.emit(|arena| {
        let mut warn = |what: String| frame.warn(&what);
        chain.input(|parser, out| parser.snapshot(&book, out, &mut warn), arena);
    })?;
    Ok(chain)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|e| Error::os("cannot read", &e).input(path.display().to_string()))
}

/// What the node did, by name.
fn counts(counts: Counts) -> Stats {
    let mut stats = Stats::default();
    let Counts { frames, datagrams, replies, not_replied, told, sent, not_sent } = counts;
    let numbers = [
        ("frames", frames),
        ("datagrams", datagrams),
        ("replies", replies),
        ("not_replied", not_replied),
        ("connections", told),
        ("frames_sent", sent),
        ("frames_not_sent", not_sent),
    ];
    for (name, value) in numbers {
        stats.number(name, value);
    }
    stats
}
