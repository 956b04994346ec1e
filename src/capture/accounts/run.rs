//! The I/O of accounts: asks, waits, writes.

use super::super::args::Accounts;
use super::ask::{self, Fetched, KEYS_MAX};
use super::held::Held;
use crate::bytes::base58;
use crate::cli::{Common, Format, Frame, Stats, Target};
use crate::error::{Error, Exit, Result};
use crate::ids::Key;
use crate::keys::secret_line;
use crate::net::http::Client;
use crate::sys::{pipe, signal};
use crate::time::Stopwatch;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::time::Duration;
use zeroize::Zeroizing;

/// Rounds in which what pools lack is asked for: what a part names is missing one round later.
const ROUNDS: u32 = 4;

/// The longest answer that is read: all accounts of a large program.
const ANSWER_MAX: usize = 1 << 30;

/// Fetches what was asked for, once or again and again.
pub(in crate::capture) fn run(frame: &Frame, args: &Accounts) -> Result<Exit> {
    if args.program.is_empty() && args.pubkey.is_empty() && args.pubkeys.is_none() {
        return Err(Error::usage("no accounts are named")
            .hint("add --program ID, --pubkeys FILE or --pubkey KEY"));
    }
    let url = secret_line(&args.rpc)?;
    let mut wanted: BTreeSet<Key> = args.pubkey.iter().copied().collect();
    if let Some(path) = &args.pubkeys {
        wanted.extend(read_keys(path)?);
    }
    // A file that is read on while it grows is written where it is.
    let in_place = frame.common.in_place || args.every.is_some();
    let common = Common { in_place, format: Format::Text, ..frame.common.clone() };
    let mut to = Target::open(&common)?;
    let client = Client::new(args.timeout)?.with_body_max(ANSWER_MAX);
    let mut fetch = Fetch { client, url, args, held: Held::default(), requests: 0, failed: 0 };
    let clock = Stopwatch::start();
    let mut turns = 0_u64;
    loop {
        let turn = Stopwatch::start();
        let mut lines = String::new();
        let done = fetch.turn(&wanted, &mut lines);
        to.write_all(lines.as_bytes()).map_err(|e| Error::os("cannot write", &e))?;
        to.flush().map_err(|e| Error::os("cannot write", &e))?;
        turns += 1;
        match (done, args.every) {
            (Err(why), None) => return Err(Error::refused(why).input("rpc")),
            // The next turn may succeed; what is known stays.
            (Err(why), Some(_)) => frame.warn(&why),
            (Ok(()), _) => {}
        }
        frame.note(&format!("{} accounts, {} pools", fetch.held.keys().len(), fetch.held.pools()));
        let Some(every) = args.every else { break };
        if !wait(every.saturating_sub(turn.elapsed()), frame.common.duration, clock) {
            break;
        }
    }
    to.finish()?;
    let mut stats = Stats::default();
    stats.number("turns", turns).number("requests", fetch.requests).number("failed", fetch.failed);
    stats.number("changed", fetch.held.changed).number("unchanged", fetch.held.unchanged);
    stats.number("older", fetch.held.older).number("pools", fetch.held.pools());
    stats.number("missing", fetch.held.missing().len() as u64);
    frame.report(&stats);
    Ok(Exit::Done)
}

/// Waits for `time` in pieces, until a signal or until all of `duration` is over; then false.
fn wait(time: Duration, duration: Option<Duration>, clock: Stopwatch) -> bool {
    const PIECE: Duration = Duration::from_millis(50);
    let waited = Stopwatch::start();
    loop {
        let over = duration.is_some_and(|duration| clock.elapsed() >= duration);
        if signal::stop_requested() || over {
            return false;
        }
        let left = time.saturating_sub(waited.elapsed());
        if left.is_zero() {
            return true;
        }
        pipe::pause(left.min(PIECE));
    }
}

/// Keys, one a line; what follows `#` is a comment.
fn read_keys(path: &Path) -> Result<Vec<Key>> {
    let named = |error: Error| error.input(path.display().to_string());
    let text = std::fs::read_to_string(path).map_err(|e| named(Error::os("cannot read", &e)))?;
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    let lines = (1..).zip(lines).filter(|(_, line)| !line.is_empty());
    lines
        .map(|(number, line)| {
            base58::key(line).ok_or_else(|| {
                named(Error::foreign(format!("line {number}: not an address in base58")))
            })
        })
        .collect()
}

/// The client and what it has brought.
struct Fetch<'a> {
    client: Client,
    url: Zeroizing<String>,
    args: &'a Accounts,
    held: Held,
    requests: u64,
    failed: u64,
}

impl Fetch<'_> {
    /// Asks for everything once, and for what the pools among it lack.
    fn turn(
        &mut self,
        wanted: &BTreeSet<Key>,
        lines: &mut String,
    ) -> std::result::Result<(), String> {
        let mut fresh = BTreeSet::new();
        for program in &self.args.program {
            let reply = self.post(&ask::program(program, self.args.commitment.name()))?;
            let list = self.counted(ask::take_program(&reply))?;
            fresh.extend(list.iter().map(|fetched| fetched.key));
            self.take(&list, lines)?;
        }
        let mut keys: BTreeSet<Key> = self.held.keys().union(wanted).copied().collect();
        keys.retain(|key| !fresh.contains(key));
        self.many(&keys, lines)?;
        for _ in 0..if self.args.only_named { 0 } else { ROUNDS } {
            let missing = self.held.missing();
            if missing.is_empty() {
                break;
            }
            self.many(&missing, lines)?;
        }
        Ok(())
    }

    fn many(
        &mut self,
        keys: &BTreeSet<Key>,
        lines: &mut String,
    ) -> std::result::Result<(), String> {
        let keys: Vec<Key> = keys.iter().copied().collect();
        for keys in keys.chunks(KEYS_MAX) {
            let reply = self.post(&ask::many(keys, self.args.commitment.name()))?;
            let list = self.counted(ask::take_many(&reply, keys))?;
            self.take(&list, lines)?;
        }
        Ok(())
    }

    fn take(&mut self, list: &[Fetched], lines: &mut String) -> std::result::Result<(), String> {
        list.iter().try_for_each(|fetched| self.held.take(fetched, lines))
    }

    /// The body of the answer to `request`.
    fn post(&mut self, request: &str) -> std::result::Result<Vec<u8>, String> {
        self.requests += 1;
        let exchange = self.client.post_json(&[self.url.as_str()], request).remove(0);
        let answer = exchange.result.map_err(|failure| {
            // The URL may hold a secret: it is in no message.
            format!("{}: {}", failure.reason.name(), failure.words)
        });
        self.counted(answer.and_then(|answer| match answer.status {
            200 => Ok(answer.body),
            status => Err(format!("the server answers with status {status}")),
        }))
    }

    fn counted<T>(
        &mut self,
        result: std::result::Result<T, String>,
    ) -> std::result::Result<T, String> {
        self.failed += u64::from(result.is_err());
        result
    }
}
