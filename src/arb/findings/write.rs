//! Findings as records.

use super::atomic::Atomic;
use super::loss::{Victim, is_exact_out};
use super::rules::Sum;
use super::sandwich::{Sandwich, Search};
use super::window::{Entry, Window};
use crate::ids::{Key, WSOL};
use crate::record::{
    Confidence, Finding, FindingReason, LossUnknown, Role, Rule, RuleLevel, RuleVerdict, Swap, What,
};

/// The record of a sandwich, without its loss; `None` when an amount leaves its field.
pub(super) fn sandwich(
    window: &Window,
    search: &Search,
    found: &Sandwich,
    tx_fee: u64,
) -> Option<Finding> {
    let first = &window.get(*search.legs.first()?)?.row;
    let last = &window.get(*search.legs.last()?)?.row;
    let mut record = begin(What::Sandwich, FindingReason::Rules, first);
    record.head.rx_ns = last.head.rx_ns;
    (record.slot, record.first_slot) = (last.slot, first.slot);
    record.present |= Finding::FIRST_SLOT;
    other(&mut record, last);
    mints(&mut record, &first.mint_in, Some(&first.mint_out));
    (record.front_in, record.front_out) = narrow(found.front)?;
    (record.back_in, record.back_out) = narrow(found.back)?;
    record.present |= Finding::FRONT_IN;
    let gross = i128::from(record.back_out).checked_sub(record.front_in.into())?;
    money(&mut record, gross, tx_fee.saturating_mul(found.txs))?;
    let spanned = last.slot.saturating_sub(first.slot).saturating_add(1);
    record.slots_spanned = u32::try_from(spanned).unwrap_or(u32::MAX);
    record.victims = found.victims;
    record.fronts = u16::try_from(found.fronts).unwrap_or(u16::MAX);
    record.backs = u16::try_from(found.backs).unwrap_or(u16::MAX);
    record.present |= Finding::SLOTS_SPANNED;
    record.level = found.level as u8;
    record.confidence = confidence(window, search, found) as u8;
    found.verdicts.write(&mut record);
    Some(record)
}

/// How much speaks for a sandwich.
fn confidence(window: &Window, search: &Search, found: &Sandwich) -> Confidence {
    let victims = search.victims.iter().map(|victim| &victim.number);
    let mut rows = search.legs.iter().chain(victims).filter_map(|number| window.get(*number));
    let holds = |rule| found.verdicts.of(rule) == RuleVerdict::Passed;
    if rows.any(|entry| entry.row.role != Role::Fill as u8) || !holds(Rule::Linked) {
        Confidence::Low
    } else if found.level == RuleLevel::Strict && holds(Rule::Exact) {
        Confidence::High
    } else {
        Confidence::Medium
    }
}

/// Writes the sum of what the victims lost, or why there is none.
pub(super) fn sum(record: &mut Finding, victims: &[Victim], unknown: LossUnknown) {
    let all = victims.iter().map(|victim| victim.loss);
    let sum: Option<i128> = all.map(|loss| loss.map(i128::from)).sum();
    let fits = sum.and_then(|sum| i64::try_from(sum).ok());
    let of_out = victims.iter().filter(|victim| victim.is_exact_out).count();
    let mixed = of_out != 0 && of_out != victims.len();
    record.head.flags |= if of_out != 0 && !mixed { Finding::EXACT_OUT } else { 0 };
    match (unknown, fits) {
        (LossUnknown::None, _) if mixed => record.loss_unknown = LossUnknown::Mixed as u8,
        (LossUnknown::None, Some(loss)) => {
            (record.loss, record.present) = (loss, record.present | Finding::LOSS);
        }
        (LossUnknown::None, None) => record.loss_unknown = LossUnknown::Model as u8,
        _ => record.loss_unknown = unknown as u8,
    }
}

/// The record of a victim of `sandwich`.
pub(super) fn victim(
    sandwich: &Finding,
    entry: &Entry,
    victim: &Victim,
    unknown: LossUnknown,
) -> Finding {
    let row = &entry.row;
    let mut record = begin(What::Victim, FindingReason::Rules, row);
    record.head.flags |= if is_exact_out(row) { Finding::EXACT_OUT } else { 0 };
    record.slot = row.slot;
    record.first_slot = sandwich.first_slot;
    record.other_signature = sandwich.signature;
    record.other_tx_index = sandwich.tx_index;
    record.present |= Finding::FIRST_SLOT;
    for (theirs, ours) in [
        (Finding::SIGNATURE, Finding::OTHER_SIGNATURE),
        (Finding::TX_INDEX, Finding::OTHER_TX_INDEX),
    ] {
        record.present |= if sandwich.present & theirs != 0 { ours } else { 0 };
    }
    mints(&mut record, &row.mint_in, Some(&row.mint_out));
    amounts(&mut record, row, row);
    if let Some(fair) = victim.fair {
        (record.fair_amount, record.present) = (fair, record.present | Finding::FAIR_AMOUNT);
    }
    match victim.loss {
        Some(loss) => (record.loss, record.present) = (loss, record.present | Finding::LOSS),
        None if unknown == LossUnknown::None => record.loss_unknown = LossUnknown::Model as u8,
        None => record.loss_unknown = unknown as u8,
    }
    (record.level, record.confidence) = (sandwich.level, sandwich.confidence);
    record
}

/// The record of an arbitrage among `rows`; `None` when an amount leaves its field.
pub(super) fn atomic(rows: &[Swap], found: &Atomic, tx_fee: u64) -> Option<Finding> {
    let (first, last) = (rows.get(found.first)?, rows.get(found.last)?);
    let mut record = begin(What::AtomicArbitrage, found.reason, first);
    record.slot = first.slot;
    mints(&mut record, &found.mint, None);
    amounts(&mut record, first, last);
    money(&mut record, found.gross, tx_fee)?;
    (record.hops, record.present) = (found.hops, record.present | Finding::HOPS);
    record.confidence = found.confidence as u8;
    Some(record)
}

/// A record about `row`: who, where, through what.
fn begin(what: What, reason: FindingReason, row: &Swap) -> Finding {
    let mut record = Finding::new(row.head.rx_ns);
    (record.what, record.reason) = (what as u16, reason as u16);
    let told = |bit| row.present & bit != 0;
    for (from, bit, to, mark) in [
        (&row.pool, Swap::POOL, &mut record.pool, Finding::POOL),
        (&row.owner, Swap::OWNER, &mut record.owner, Finding::OWNER),
        (
            &row.outer_program,
            Swap::OUTER_PROGRAM,
            &mut record.outer_program,
            Finding::OUTER_PROGRAM,
        ),
    ] {
        if told(bit) {
            (*to, record.present) = (*from, record.present | mark);
        }
    }
    if told(Swap::SIGNATURE) {
        (record.signature, record.present) = (row.signature, record.present | Finding::SIGNATURE);
    }
    if told(Swap::TX_INDEX) {
        (record.tx_index, record.present) = (row.tx_index, record.present | Finding::TX_INDEX);
    }
    record
}

/// The other side is that of `row`.
fn other(record: &mut Finding, row: &Swap) {
    if row.present & Swap::SIGNATURE != 0 {
        record.other_signature = row.signature;
        record.present |= Finding::OTHER_SIGNATURE;
    }
    if row.present & Swap::TX_INDEX != 0 {
        record.other_tx_index = row.tx_index;
        record.present |= Finding::OTHER_TX_INDEX;
    }
}

fn mints(record: &mut Finding, mint_in: &Key, mint_out: Option<&Key>) {
    (record.mint_in, record.present) = (*mint_in, record.present | Finding::MINT_IN);
    if let Some(mint_out) = mint_out {
        (record.mint_out, record.present) = (*mint_out, record.present | Finding::MINT_OUT);
    }
}

/// What `first` gives and `last` gets, as far as the rows say.
fn amounts(record: &mut Finding, first: &Swap, last: &Swap) {
    if first.present & Swap::AMOUNT_IN != 0 {
        (record.amount_in, record.present) = (first.amount_in, record.present | Finding::AMOUNT_IN);
    }
    if last.present & Swap::AMOUNT_OUT != 0 {
        (record.amount_out, record.present) =
            (last.amount_out, record.present | Finding::AMOUNT_OUT);
    }
}

/// Gross, fees and, in lamports, net.
fn money(record: &mut Finding, gross: i128, fees: u64) -> Option<()> {
    record.gross = i64::try_from(gross).ok()?;
    record.tx_fees = fees;
    record.present |= Finding::GROSS | Finding::TX_FEES;
    if record.mint_in == WSOL {
        record.net = i64::try_from(gross.checked_sub(fees.into())?).ok()?;
        record.present |= Finding::NET;
    }
    Some(())
}

fn narrow(sum: Sum) -> Option<(u64, u64)> {
    Some((u64::try_from(sum.amount_in).ok()?, u64::try_from(sum.amount_out).ok()?))
}
