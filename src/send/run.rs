//! The only file with I/O and threads beside those of `journal` and `live`: reads the secret,
//! rehearses, prints what a journal holds, reports.

use super::Tally;
use super::args::{Args, Receipts, Task};
use super::desk::Rehearsal;
use super::journal::Kind;
use super::journal::run::Journal;
use super::live::Doors;
use super::live::pipe::live;
use crate::cli::{Drive, Flow, Frame, Stats, filter};
use crate::error::{Error, Exit, Result};
use crate::keys::{Signer, secret_line};
use crate::record::{Bundle, Layout, Outcome, Receipt, Record, fixed_text};
use crate::stream::Sink;
use clap::{ArgMatches, FromArgMatches};
use std::collections::HashSet;
use std::sync::Arc;

/// Kinds the stage takes.
pub(super) const CONSUMES: &[u16] = &[Bundle::SCHEMA.kind];

/// Does the work.
pub(super) fn run(matches: &ArgMatches, frame: &Frame) -> Result<Exit> {
    let args = Args::from_arg_matches(matches).map_err(|e| Error::usage(e.to_string()))?;
    if let Some(Task::Receipts(task)) = &args.task {
        return receipts(task, frame);
    }
    args.check(&frame.common)?;
    if args.tpu.tpu {
        return super::tpu::run::run(&args, frame);
    }
    let endpoints = args.endpoints()?;
    let inputs = args.files.named()?;
    // A dry run reads the secret that would be sent, too.
    let auth = args.auth_file.as_deref().map(secret_line).transpose()?;
    let signer = args.grpc_keypair.as_deref().map(Signer::from_file).transpose()?;
    let (flow, tally) = if args.live {
        let doors = Doors { timeout: args.timeout, auth, signer: signer.map(Arc::new) };
        let (flow, tally, _) = live(frame, &args, (endpoints, doors), &inputs, None)?;
        (flow, tally)
    } else {
        let mut rehearsal = Rehearsal::new(&endpoints);
        let flow = filter(frame, &mut rehearsal, CONSUMES, &inputs)?;
        (flow, rehearsal.tally)
    };
    report(&flow, &tally, frame);
    judge(&tally, frame)
}

/// Prints the receipts of a journal.
fn receipts(task: &Receipts, frame: &Frame) -> Result<Exit> {
    let found = Journal::read(&task.journal)?;
    if found.cut_len > 0 {
        let len = found.cut_len;
        frame.warn(&format!("the journal's last {len} bytes are no whole entry: not read"));
    }
    let (mut tally, mut open) = (Tally::default(), HashSet::new());
    let mut drive = Drive::open(frame, size_of::<Receipt>(), None)?;
    let ended = |receipt: &Receipt| (receipt.id, receipt.url, receipt.attempt);
    let outcomes = found.entries.iter().filter(|entry| entry.kind() == Kind::Outcome);
    let outcomes: HashSet<_> = outcomes.map(|entry| ended(&entry.receipt)).collect();
    for entry in &found.entries {
        let mut receipt = entry.receipt;
        let shown = match entry.kind() {
            Kind::Signatures => continue,
            Kind::Final => {
                open.remove(&receipt.id);
                true
            }
            Kind::Outcome => task.attempts,
            Kind::Taken => {
                open.insert(receipt.id);
                false
            }
            Kind::Attempt => {
                open.insert(receipt.id);
                receipt.outcome = Outcome::Unknown as u8;
                receipt.text = fixed_text("no_outcome");
                task.attempts && !outcomes.contains(&ended(&receipt))
            }
        };
        if shown {
            tally.count(&receipt);
            drive.emit(|out| out.put(Record::of(&receipt)))?;
        }
    }
    let flow = drive.finish()?;
    if !open.is_empty() {
        let count = open.len();
        frame.warn(&format!(
            "{count} bundles have no final receipt: --live with this journal follows them"
        ));
    }
    report(&flow, &tally, frame);
    Ok(Exit::Done)
}

fn report(flow: &Flow, tally: &Tally, frame: &Frame) {
    let mut stats = Stats::default();
    stats.number("bundles", tally.bundles).counts("receipts", tally.outcomes());
    stats.counts("finals", tally.finals());
    stats.counts("answer_ns", tally.answers()).flow(flow);
    frame.report(&stats);
}
/// The status of the run: 6 when remotes answered and none accepted, 5 when none answered.
fn judge(tally: &Tally, frame: &Frame) -> Result<Exit> {
    let unfit = tally.of(Outcome::Unfit);
    if unfit > 0 {
        frame.warn(&format!("{unfit} receipts say unfit: their text says why nothing was sent"));
    }
    let Some(words) = tally.failure() else { return Ok(Exit::Done) };
    if tally.of(Outcome::Refused) > 0 || tally.of(Outcome::RateLimited) > 0 {
        return Err(Error::refused(words));
    }
    if tally.of(Outcome::Unreachable) > 0 {
        return Err(Error::os("cannot send", &std::io::Error::other(words)));
    }
    frame.warn(&words);
    Ok(Exit::Done)
}
