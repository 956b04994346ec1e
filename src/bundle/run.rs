//! The only file with I/O: reads the key and the accounts, drives the builder, reports.

use super::args::{Args, Task};
use super::{Builder, Payer, Reject, Tables, check, simulate};
use crate::cli::{Flow, Frame, Named, Stats, filter};
use crate::dex::AccountBook;
use crate::error::{Error, Exit, Result};
use crate::keys::Signer;
use crate::record::{Layout, Opportunity, Slot};
use clap::{ArgMatches, FromArgMatches};
use std::path::{Path, PathBuf};

/// Kinds the builder takes.
const CONSUMES: &[u16] = &[Opportunity::SCHEMA.kind, Slot::SCHEMA.kind];

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
    let mut payers = payers.into_iter();
    let payer = payers.next().or(args.payer.map(Payer::Named)).unwrap_or(Payer::Nobody);
    inputs.iter().take(1).for_each(Named::wait);
    let mut book = AccountBook::new();
    for path in &args.accounts {
        read_accounts(path, &mut book)?;
    }
    let tables = read_tables(&args.alt, frame)?;
    let mut builder = Builder::new(book, payer, args.policy(), args.blockhash)
        .with_tables(tables)
        .with_payers(payers);
    frame.note(&format!("{} pools in the account files", builder.pool_count()));
    let flow = filter(frame, &mut builder, CONSUMES, &inputs)?;
    warn(&builder, frame);
    report(&builder, &flow, frame);
    Ok(Exit::Done)
}

/// The lookup tables in `paths`.
fn read_tables(paths: &[PathBuf], frame: &Frame) -> Result<Tables> {
    let mut book = AccountBook::new();
    for path in paths {
        read_accounts(path, &mut book)?;
    }
    let tables = Tables::of(&book);
    let counts = tables.counts();
    if !paths.is_empty() && counts.used == 0 {
        frame.warn("no lookup table in the files of --alt is in use");
    }
    for (count, what) in [(counts.deactivated, "deactivated"), (counts.damaged, "damaged")] {
        if count > 0 {
            frame.warn(&format!("{count} lookup tables in the files of --alt are {what}"));
        }
    }
    Ok(tables)
}

pub(super) fn read_accounts(path: &Path, book: &mut AccountBook) -> Result<()> {
    let name = path.display().to_string();
    let text = std::fs::read(path).map_err(|e| Error::os("cannot read", &e).input(&name))?;
    book.read(&text).map_err(|error| error.input(name))
}

/// Says what a user would otherwise look for.
fn warn(builder: &Builder, frame: &Frame) {
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
    if counts.bundles == 0 && counts.opportunities > 0 {
        let refused = Reject::NAMES.iter().zip(counts.refused).filter(|(_, count)| *count > 0);
        let reasons: Vec<_> = refused.map(|(name, count)| format!("{name} {count}")).collect();
        frame.warn(&format!("every opportunity was refused: {}", reasons.join(", ")));
        if counts.of(Reject::NoPayer) > 0 {
            frame.warn("nobody is named who pays: see --keypair and --payer");
        }
    }
}

fn report(builder: &Builder, flow: &Flow, frame: &Frame) {
    let counts = builder.counts();
    let mut stats = Stats::default();
    stats
        .number("opportunities", counts.opportunities)
        .number("slots", counts.slots)
        .number("blockhashes", counts.blockhashes)
        .number("pools", builder.pool_count() as u64)
        .number("bundles", counts.bundles)
        .number("signed", counts.signed)
        .number("no_blockhash", counts.no_blockhash)
        .number("tips_lamports", counts.tips_lamports)
        .counts("refused", Reject::NAMES.iter().copied().zip(counts.refused))
        .flow(flow);
    frame.report(&stats);
}
