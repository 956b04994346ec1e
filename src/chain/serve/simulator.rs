//! The thread that runs bundles on the VM in memory, and what a caller reads of it.

use super::app::Trial;
use super::config::Simulate;
use crate::bundle::{Tried, judge};
use crate::bytes::base58;
use crate::error::{Error, Result};
use crate::record::{Simulated, Simulator};
use crate::sim::Local;
use crate::wire::txn::Transaction;
use serde_json::{Value, json};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Bundles that wait to be simulated, at most.
const WAITING_MAX: usize = 64;
/// Lines of a transaction's log that are shown, and bytes of one.
const LOGS_MAX: usize = 256;

/// A bank of what `config` names, on a thread of its own; tells what could not be loaded to `warn`.
///
/// # Errors
/// Those of the files; status 5 when the system gives no thread.
pub(super) fn start(config: &Simulate, mut warn: impl FnMut(&str)) -> Result<SyncSender<Trial>> {
    let mut bank = Local::new();
    let read = |path: &std::path::Path| {
        let name = path.display().to_string();
        std::fs::read(path).map_err(|e| Error::os("cannot read", &e).input(name))
    };
    for path in &config.accounts {
        let name = path.display().to_string();
        bank.read(&read(path)?).map_err(|error| error.input(name))?;
    }
    for (program, words) in bank.load() {
        warn(&format!("program {} is not loaded: {words}", base58::Key(&program)));
    }
    for program in &config.programs {
        let name = program.file.display().to_string();
        bank.program(&program.key()?, &read(&program.file)?).map_err(|e| e.input(name))?;
    }
    let (sender, trials) = sync_channel(WAITING_MAX);
    std::thread::Builder::new()
        .name("simulator".to_owned())
        .spawn(move || work(bank, &trials))
        .map_err(|e| Error::os("cannot start a thread", &e))?;
    Ok(sender)
}

fn work(mut bank: Local, trials: &Receiver<Trial>) {
    while let Ok(Trial { parsed, reply }) = trials.recv() {
        if reply.is_closed() {
            continue;
        }
        let bundle = &parsed.bundle;
        let wires = parsed.transactions();
        bank.at(bundle.slot, bundle.head.rx_ns.checked_div(1_000_000_000).unwrap_or(0));
        let made = bank.run(wires.iter().copied(), true);
        let payer = wires.last().and_then(|wire| Transaction::check(wire).ok());
        let payer = payer.map(|tx| *tx.fee_payer());
        let tried = Tried { made, by: Simulator::Local };
        let judged = judge(&tried, wires.len(), bundle.net, payer.as_slice());
        // Its caller may have given up.
        let _ = reply.send((judged.verdict, say(&tried, judged.verdict, judged.profit)));
    }
}

fn say(tried: &Tried, verdict: Simulated, profit: Option<i64>) -> Value {
    let made = &tried.made;
    let fault = made.fault.as_ref().map(|fault| {
        json!({
            "tx_index": fault.tx, "instruction": fault.instruction, "code": fault.code,
            "program": fault.program.map(|key| base58::Key(&key).to_string()),
            "reason": fault.words,
        })
    });
    let cut = |line: &String| line.chars().take(LOGS_MAX).collect::<String>();
    let transactions = made.transactions.iter().map(|ran| {
        let logs: Vec<_> = ran.logs.iter().take(LOGS_MAX).map(cut).collect();
        json!({"units": ran.units, "fee_lamports": ran.fee_lamports, "logs": logs})
    });
    json!({
        "verdict": verdict.name(),
        "profit_lamports": profit,
        "fault": fault,
        "missing": made.missing.iter().map(|key| base58::Key(key).to_string()).collect::<Vec<_>>(),
        "transactions": transactions.collect::<Vec<_>>(),
    })
}
