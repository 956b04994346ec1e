//! The I/O of simulate: files into the bank, or requests to a remote.

use super::args::Simulate;
use super::ask::{self, Reply};
use super::judge::{Judged, Tried};
use super::say::say;
use super::trial::{Counts, Executor, Trial};
#[cfg(feature = "sim")]
use crate::bytes::base58;
use crate::cli::{Flow, Frame, Named, Stats, filter};
use crate::error::{Error, Exit, Result};
#[cfg(feature = "sim")]
use crate::ids::Key;
use crate::keys::secret_line;
use crate::net::http::Client;
use crate::record::{Bundle, Layout, Simulated, Simulator};
#[cfg(feature = "sim")]
use crate::sim::Local;
use crate::sim::{Cause, Fault, Simulation};
use std::path::Path;
#[cfg(feature = "sim")]
use std::path::PathBuf;
use zeroize::Zeroizing;

/// The longest answer that is read: five transactions with all their logs.
const ANSWER_MAX: usize = 1 << 24;

/// Tries every bundle of the inputs.
pub(in crate::bundle) fn run(frame: &Frame, args: &Simulate) -> Result<Exit> {
    let inputs = args.files.named()?;
    match &args.rpc {
        Some(path) => by_rpc(frame, args, &inputs, path),
        None => here(frame, args, &inputs),
    }
}

fn by_rpc(frame: &Frame, args: &Simulate, inputs: &[Named], url: &Path) -> Result<Exit> {
    let url = secret_line(url)?;
    let client = Client::new(args.timeout)?.with_body_max(ANSWER_MAX);
    let remote = Remote { client, url, has_bundles: true };
    tried(frame, args, inputs, remote)
}

#[cfg(feature = "sim")]
fn here(frame: &Frame, args: &Simulate, inputs: &[Named]) -> Result<Exit> {
    inputs.iter().take(1).for_each(Named::wait);
    let bank = bank(frame, &args.accounts, &args.program)?;
    tried(frame, args, inputs, Here(bank))
}

/// A bank of the accounts in the files `accounts` and of `programs`.
#[cfg(feature = "sim")]
pub(in crate::bundle) fn bank(
    frame: &Frame,
    accounts: &[PathBuf],
    programs: &[(Key, PathBuf)],
) -> Result<Local> {
    let mut bank = Local::new();
    let read = |path: &Path| {
        let name = path.display().to_string();
        std::fs::read(path).map_err(|e| Error::os("cannot read", &e).input(name))
    };
    for path in accounts {
        let name = path.display().to_string();
        let count = bank.read(&read(path)?).map_err(|error| error.input(&name))?;
        frame.note(&format!("{count} accounts in {name}"));
    }
    for (program, words) in bank.load() {
        frame.warn(&format!("program {} is not loaded: {words}", base58::Key(&program)));
    }
    for (id, path) in programs {
        bank.program(id, &read(path)?).map_err(|e| e.input(path.display().to_string()))?;
    }
    Ok(bank)
}

#[cfg(not(feature = "sim"))]
fn here(_: &Frame, _: &Simulate, _: &[Named]) -> Result<Exit> {
    Err(Error::usage("this build has no local simulation")
        .hint("build with the feature sim, or name a server with --rpc FILE"))
}

/// Runs the stage with `executor` and reports.
fn tried(
    frame: &Frame,
    args: &Simulate,
    inputs: &[Named],
    executor: impl Executor,
) -> Result<Exit> {
    let logs = args.logs;
    let observe = |bundle: &Bundle, tried: &Tried, judged: Judged| {
        if logs {
            frame.show(&say(bundle, tried, judged));
        }
    };
    let mut trial = Trial::new(executor, args.owner.clone(), args.allow_loss, observe);
    let flow = filter(frame, &mut trial, &[Bundle::SCHEMA.kind], inputs)?;
    let counts = trial.counts();
    report(counts, &flow, frame);
    warn(counts, frame);
    let refused = counts.bundles > counts.passed;
    Ok(if counts.bundles > 0 && counts.of(Simulated::NoAnswer) == counts.bundles {
        Exit::Refused
    } else if frame.common.check && refused {
        Exit::No
    } else {
        Exit::Done
    })
}

fn report(counts: &Counts, flow: &Flow, frame: &Frame) {
    let sum = |sum: i128| u64::try_from(sum.unsigned_abs()).unwrap_or(u64::MAX);
    let (gained, lost) = match counts.profit_lamports {
        profit if profit < 0 => (0, sum(profit)),
        profit => (sum(profit), 0),
    };
    let mut stats = Stats::default();
    stats
        .number("bundles", counts.bundles)
        .number("passed", counts.passed)
        .number("allowed", counts.allowed)
        .counts("verdicts", Simulated::NAMES.iter().copied().zip(counts.verdicts))
        .counts("refused", Simulated::NAMES.iter().copied().zip(counts.refused))
        .number("gained_lamports", gained)
        .number("lost_lamports", lost)
        .number("expected_lamports", sum(counts.net_lamports.max(0)))
        .number("units", counts.units)
        .number("accounts_missing", counts.missing)
        .flow(flow);
    frame.report(&stats);
}

/// Says what a user would otherwise look for.
fn warn(counts: &Counts, frame: &Frame) {
    if counts.bundles == counts.passed {
        return;
    }
    let refused = Simulated::NAMES.iter().zip(counts.refused).filter(|(_, count)| *count > 0);
    let reasons: Vec<_> = refused.map(|(name, count)| format!("{name} {count}")).collect();
    let of = counts.bundles.saturating_sub(counts.passed);
    frame.warn(&format!("refused {of} of {} bundles: {}", counts.bundles, reasons.join(", ")));
    if counts.of(Simulated::NoProgram) > 0 {
        frame.warn("programs are missing: see --program and --logs");
    }
    if counts.of(Simulated::OneByOne) > 0 {
        frame.warn("the server simulates no bundles; those of several transactions are refused");
    }
}

/// The local SVM as an executor.
#[cfg(feature = "sim")]
struct Here(Local);

#[cfg(feature = "sim")]
impl Executor for Here {
    fn execute(&mut self, bundle: &Bundle, transactions: &[&[u8]]) -> Tried {
        let unix_s = bundle.head.rx_ns.checked_div(1_000_000_000).unwrap_or(0);
        self.0.at(bundle.slot, unix_s);
        let made = self.0.run(transactions.iter().copied(), is_signed(bundle));
        Tried { made, by: Simulator::Local }
    }
}

fn is_signed(bundle: &Bundle) -> bool {
    bundle.head.flags & Bundle::SIGNED != 0
}

/// A server of JSON-RPC as an executor.
struct Remote {
    client: Client,
    url: Zeroizing<String>,
    /// It has not said yet that it does not know simulateBundle.
    has_bundles: bool,
}

impl Executor for Remote {
    fn execute(&mut self, bundle: &Bundle, transactions: &[&[u8]]) -> Tried {
        let signed = is_signed(bundle);
        if self.has_bundles {
            let reply = self.post(&ask::bundle(transactions, signed), |body| {
                ask::take_bundle(body, transactions)
            });
            match reply {
                Reply::Made(made) => return Tried { made, by: Simulator::Bundle },
                Reply::Not(words) => return no_answer(Simulator::Bundle, 0, words),
                Reply::NoSuchMethod => self.has_bundles = false,
            }
        }
        let mut all = Simulation { has_balances: true, ..Simulation::default() };
        for (tx, wire) in transactions.iter().enumerate() {
            let reply = self
                .post(&ask::transaction(wire, signed), |body| ask::take_transaction(body, wire));
            let one = match reply {
                Reply::Made(one) => one,
                Reply::Not(words) => return no_answer(Simulator::Transaction, tx, words),
                Reply::NoSuchMethod => {
                    let words = "the server knows neither simulateBundle nor simulateTransaction";
                    return no_answer(Simulator::Transaction, tx, words);
                }
            };
            all.transactions.extend(one.transactions);
            all.has_balances &= one.has_balances;
            all.slot = one.slot;
            if let Some(fault) = one.fault {
                all.fault = Some(Fault { tx, ..fault });
                break;
            }
        }
        Tried { made: all, by: Simulator::Transaction }
    }
}

fn no_answer(by: Simulator, tx: usize, words: impl Into<String>) -> Tried {
    let fault = Some(Fault::new(Cause::NoAnswer, tx, words));
    Tried { made: Simulation { fault, ..Simulation::default() }, by }
}

impl Remote {
    /// The answer to `request`, taken by `take`. No words hold the URL.
    fn post(&self, request: &str, take: impl FnOnce(&[u8]) -> Reply) -> Reply {
        let mut exchanges = self.client.post_json(&[self.url.as_str()], request);
        match exchanges.pop().map(|exchange| exchange.result) {
            // An error in the body says more than its status.
            Some(Ok(answer)) => match take(&answer.body) {
                Reply::Not(_) if answer.status != 200 => {
                    Reply::Not(format!("the server answers with status {}", answer.status))
                }
                reply => reply,
            },
            Some(Err(failure)) => {
                Reply::Not(format!("{}: {}", failure.reason.name(), failure.words))
            }
            None => Reply::Not("no exchange".to_owned()),
        }
    }
}
