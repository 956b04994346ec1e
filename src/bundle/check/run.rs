//! The only file with I/O: reads bundles, slots and tables, and says what is broken.

use super::args::Check;
use super::{Broken, Known, Rule, Rules};
use crate::bundle::run::read_accounts;
use crate::bytes::hex;
use crate::cli::{Frame, Stats, Table, each_record};
use crate::dex::AccountBook;
use crate::error::{Exit, Result};
use crate::record::{Bundle, Slot};

/// A row: a rule that a bundle breaks.
struct Row {
    ordinal: u64,
    slot: u64,
    id: Option<String>,
    broken: Broken,
}

/// Checks the bundles of the streams that `args` names; status 1 when one breaks a rule.
pub(in crate::bundle) fn run(frame: &Frame, args: &Check) -> Result<Exit> {
    let inputs = args.files.named()?;
    let mut book = AccountBook::new();
    for path in &args.alt {
        read_accounts(path, &mut book)?;
    }
    let mut rules = Rules { known: Known::new(&book), ..Rules::default() };
    let mut rows = Vec::new();
    each_record(frame, &inputs, |record| {
        if let Some(slot) = record.typed::<Slot>() {
            rules.known.slot(slot);
        } else if let Some(bundle) = record.typed::<Bundle>() {
            let told = bundle.present & Bundle::ID != 0;
            rows.extend(rules.check(bundle, record.tail::<Bundle>()).into_iter().map(|broken| {
                Row {
                    ordinal: bundle.ordinal,
                    slot: bundle.slot,
                    id: told.then(|| hex::Hex(&bundle.id).to_string()),
                    broken,
                }
            }));
        }
        Ok(true)
    })?;
    Table::new("check", &rows)
        .unsigned("ordinal", |row| Some(row.ordinal))
        .unsigned("slot", |row| Some(row.slot))
        .unsigned("tx", |row| row.broken.tx.map(u64::from))
        .text("rule", |row| Some(row.broken.rule.name().to_owned()))
        .text("id", |row| row.id.clone())
        .text("says", |row| Some(row.broken.rule.says().to_owned()))
        .write(frame)?;
    report(frame, &rules);
    Ok(if rows.is_empty() { Exit::Done } else { Exit::No })
}

fn report(frame: &Frame, rules: &Rules) {
    let counts = &rules.counts;
    let unchecked = [
        (counts.blockhash_unchecked, "blockhashes whose age the stream does not tell"),
        (counts.table_unchecked, "lookups in tables that no --alt file holds"),
        (counts.tip_unchecked, "tips that no top-level transfer pays"),
    ];
    for (count, what) in unchecked.into_iter().filter(|(count, _)| *count > 0) {
        frame.warn(&format!("not checked: {count} {what}"));
    }
    let mut stats = Stats::default();
    stats
        .number("bundles", counts.bundles)
        .number("sound", counts.sound)
        .number("blockhash_unchecked", counts.blockhash_unchecked)
        .number("table_unchecked", counts.table_unchecked)
        .number("tip_unchecked", counts.tip_unchecked)
        .counts("broken", Rule::NAMES.iter().copied().zip(counts.broken));
    frame.report(&stats);
}
