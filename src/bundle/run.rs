//! The only file with I/O: reads the key and the accounts, drives the builder, reports.

use super::args::{Args, Task};
use super::{Builder, Meter, Nonce, Payer, Reject, TableCounts, check, simulate};
use crate::bytes::base58;
use crate::cli::{Flow, Frame, Named, Stats, filter};
use crate::dex::flash::Lender;
use crate::dex::{AccountBook, accounts_file};
use crate::error::{Error, Exit, Result};
use crate::ids::{Key, WSOL};
use crate::keys::Signer;
use crate::record::{Layout, Opportunity, Slot, Txn};
use clap::{ArgMatches, FromArgMatches};
use std::collections::HashMap;
use std::path::Path;

/// Kinds the builder takes.
const CONSUMES: &[u16] = &[Opportunity::SCHEMA.kind, Slot::SCHEMA.kind, Txn::SCHEMA.kind];

/// Does the work.
pub(super) fn run(matches: &ArgMatches, frame: &Frame) -> Result<Exit> {
    let args = Args::from_arg_matches(matches).map_err(|e| Error::usage(e.to_string()))?;
    match &args.task {
        Some(Task::Check(check)) => check::run::run(frame, check),
        Some(Task::Simulate(simulate)) => simulate::run::run(frame, simulate),
        None => build(frame, &args),
    }
}

/// Makes bundles of the opportunities of record streams.
fn build(frame: &Frame, args: &Args) -> Result<Exit> {
    let inputs = args.files.named()?;
    let mut payers = Vec::new();
    for path in &args.keypair {
        payers.push(Payer::Signs(Signer::from_file(path)?));
    }
    payers.extend(args.payer.map(Payer::Named));
    let keys: Vec<Key> = payers.iter().map(Payer::key).collect();
    inputs.iter().take(1).for_each(Named::wait);
    let (mut book, mut balances) = (AccountBook::new(), HashMap::new());
    for path in &args.accounts {
        read_balances(path, &keys, &mut book, &mut balances)?;
    }
    let nonces = nonces(args, &book, &keys)?;
    let lender = lender(args, &book)?;
    let mut tables = AccountBook::new();
    for path in &args.alt {
        read_accounts(path, &mut tables)?;
    }
    let mut payers = payers.into_iter();
    let payer = payers.next().unwrap_or(Payer::Nobody);
    let mut builder = Builder::new(book, payer, args.policy(), args.blockhash)
        .with_alt(&tables)
        .with_payers(payers)
        .with_nonces(nonces)
        .with_lender(lender);
    if let Some(least) = args.min_balance {
        builder = builder.with_least(least, balances);
    }
    say_tables(args, builder.table_counts(), frame);
    frame.note(&format!("{} pools in the account files", builder.pool_count()));
    match args.measure {
        Some(_) => measured(frame, args, builder, &inputs),
        None => drive(frame, builder, &inputs),
    }
}

fn drive(frame: &Frame, mut builder: Builder<impl Meter>, inputs: &[Named]) -> Result<Exit> {
    let flow = filter(frame, &mut builder, CONSUMES, inputs)?;
    warn(&builder, frame);
    report(&builder, &flow, frame);
    Ok(Exit::Done)
}

/// Builds with compute units as a run here measures them.
#[cfg(feature = "sim")]
fn measured(frame: &Frame, args: &Args, builder: Builder, inputs: &[Named]) -> Result<Exit> {
    let bank = simulate::run::bank(frame, &args.accounts, &args.program)?;
    drive(frame, builder.with_meter(Here(bank)), inputs)
}

#[cfg(not(feature = "sim"))]
fn measured(_: &Frame, _: &Args, _: Builder, _: &[Named]) -> Result<Exit> {
    Err(Error::usage("this build has no local VM that could measure")
        .hint("build with the feature sim, or leave --measure out"))
}

/// The local VM as a meter.
#[cfg(feature = "sim")]
struct Here(crate::sim::Local);

#[cfg(feature = "sim")]
impl Meter for Here {
    const MEASURES: bool = true;

    fn units(&mut self, slot: u64, rx_ns: u64, transactions: &[&[u8]]) -> Option<Vec<u64>> {
        self.0.at(slot, rx_ns.checked_div(1_000_000_000).unwrap_or(0));
        let made = self.0.run(transactions.iter().copied(), false);
        let all = made.fault.is_none() && made.transactions.len() == transactions.len();
        all.then(|| made.transactions.iter().map(|ran| ran.units).collect())
    }
}

/// The nonces that --nonce-account names.
fn nonces(args: &Args, book: &AccountBook, payers: &[Key]) -> Result<Vec<Nonce>> {
    let mut nonces = Vec::new();
    for (key, file) in &args.nonce_account {
        let signer = file.as_deref().map(Signer::from_file).transpose()?;
        let named = || format!("nonce account {}", base58::Key(key));
        let state = book.get(key).ok_or_else(|| {
            Error::foreign(format!("{} is not in the account files", named()))
                .hint("name a file that holds it with --accounts")
        })?;
        let nonce = Nonce::read(*key, state, signer, payers);
        nonces.push(
            nonce.map_err(|fault| Error::foreign(format!("{}: {}", named(), fault.words())))?,
        );
    }
    Ok(nonces)
}

/// The lender that --flash names.
fn lender(args: &Args, book: &AccountBook) -> Result<Option<Lender>> {
    let Some((protocol, reserve)) = &args.flash else { return Ok(None) };
    let lender = Lender::read(book, *protocol, reserve.as_ref(), &WSOL);
    lender.map(Some).map_err(|fault| {
        Error::foreign(format!("--flash {}: {}", protocol.name(), fault.words()))
            .hint("give the reserve's account with --accounts, and its key as LENDER=RESERVE")
    })
}

fn say_tables(args: &Args, counts: TableCounts, frame: &Frame) {
    if !args.alt.is_empty() && counts.used == 0 {
        frame.warn("no lookup table in the files of --alt is in use");
    }
    for (count, what) in [(counts.deactivated, "deactivated"), (counts.damaged, "damaged")] {
        if count > 0 {
            frame.warn(&format!("{count} lookup tables in the files of --alt are {what}"));
        }
    }
}

/// Reads the accounts of `path` into `book`, and what those of `keys` have into `balances`.
fn read_balances(
    path: &Path,
    keys: &[Key],
    book: &mut AccountBook,
    balances: &mut HashMap<Key, u64>,
) -> Result<()> {
    let name = path.display().to_string();
    let text = std::fs::read(path).map_err(|e| Error::os("cannot read", &e).input(&name))?;
    let read = accounts_file::read(&text, &mut |entry| {
        let lamports = entry.contents.as_ref().map_or(Some(0), |contents| contents.lamports);
        if let Some(lamports) = lamports.filter(|_| keys.contains(&entry.key)) {
            balances.insert(entry.key, lamports);
        }
        match entry.contents {
            Some(contents) => book.insert(entry.key, contents.owner, contents.data, entry.slot),
            None => book.insert_absent(entry.key),
        }
    });
    read.map(|_| ()).map_err(|error| error.input(name))
}

pub(super) fn read_accounts(path: &Path, book: &mut AccountBook) -> Result<()> {
    let name = path.display().to_string();
    let text = std::fs::read(path).map_err(|e| Error::os("cannot read", &e).input(&name))?;
    book.read(&text).map_err(|error| error.input(name))
}

/// Says what a user would otherwise look for.
fn warn(builder: &Builder<impl Meter>, frame: &Frame) {
    let counts = builder.counts();
    if !builder.can_sign() && counts.bundles > 0 {
        frame.warn(&format!("unsigned bundles: {} (there is no --keypair)", counts.bundles));
    }
    if counts.no_blockhash > 0 {
        frame.warn(&format!(
            "{} of {} bundles have no blockhash: no complete slot came before them (see --blockhash)",
            counts.no_blockhash, counts.bundles
        ));
    }
    if counts.unmeasured > 0 {
        frame.warn(&format!(
            "{} transactions could not be measured and ask for the opportunity's compute units",
            counts.unmeasured
        ));
    }
    if counts.bundles == 0 && counts.opportunities > 0 {
        let refused = Reject::NAMES.iter().zip(counts.refused).filter(|(_, count)| *count > 0);
        let reasons: Vec<_> = refused.map(|(name, count)| format!("{name} {count}")).collect();
        frame.warn(&format!("every opportunity was refused: {}", reasons.join(", ")));
        if counts.of(Reject::NoPayer) > 0 {
            frame.warn("nobody is named who pays: see --keypair and --payer");
        }
    }
}

fn report(builder: &Builder<impl Meter>, flow: &Flow, frame: &Frame) {
    let (counts, pending) = (builder.counts(), builder.pending());
    let mut stats = Stats::default();
    stats
        .number("opportunities", counts.opportunities)
        .number("slots", counts.slots)
        .number("blockhashes", counts.blockhashes)
        .number("pools", builder.pool_count() as u64)
        .number("bundles", counts.bundles)
        .number("signed", counts.signed)
        .number("no_blockhash", counts.no_blockhash)
        .number("backruns", counts.backruns)
        .number("joined", counts.joined)
        .number("measured", counts.measured)
        .number("unmeasured", counts.unmeasured)
        .number("pending", pending.taken)
        .number("pending_forgotten", pending.forgotten)
        .number("pending_landed", pending.landed)
        .number("tips_lamports", counts.tips_lamports)
        .counts("refused", Reject::NAMES.iter().copied().zip(counts.refused))
        .counts("broken", check::Rule::NAMES.iter().copied().zip(counts.broken))
        .flow(flow);
    frame.report(&stats);
}
