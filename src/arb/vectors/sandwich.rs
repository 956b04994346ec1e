//! `sandwich_detect`: lists of swaps that are a sandwich or are not, given to the stage as records.

use super::{Case, Odd, number, plain};
use crate::arb::{Findings, FindingsOptions};
use crate::bytes::base58;
use crate::ids::{Key, Venue, WSOL};
use crate::record::{Finding, Role, Rule, Source, Swap, What};
use crate::stream::{Arena, Stage};
use serde_json::Value;
use std::collections::BTreeSet;

/// Every case of the group.
pub(super) fn group(case: &mut Case<'_>) -> Result<(), Odd> {
    let group = case.name.clone();
    for value in cases(case.value)? {
        let label = value.get("name").and_then(plain).ok_or("a case has no name")?;
        let name = format!("{group} {label}");
        let mut one = Case { name, value, report: case.report };
        if let Err(what) = check(&mut one) {
            let name = one.name;
            one.report.check(false, || format!("{name}: {what}"));
        }
    }
    Ok(())
}

fn cases(group: &Value) -> Result<&Vec<Value>, Odd> {
    let cases = group.get("cases").ok_or("cases is missing")?;
    cases.as_array().ok_or_else(|| "cases is no list".to_owned())
}

/// The swaps of case `name` of `group`.
pub(super) fn swaps_of(group: &Value, name: &str) -> Result<Vec<Swap>, Odd> {
    let named = |value: &&Value| value.get("name").and_then(Value::as_str) == Some(name);
    let found = cases(group)?.iter().find(named);
    swaps(found.ok_or_else(|| format!("no case {name:?} in sandwich_detect"))?)
}

/// The swaps of a case, in their order.
fn swaps(case: &Value) -> Result<Vec<Swap>, Odd> {
    let list = case.get("swaps").and_then(Value::as_array).ok_or("swaps is no list")?;
    list.iter().map(swap).collect()
}

/// A fill. Each is a transaction of its own, of slot and index.
fn swap(value: &Value) -> Result<Swap, Odd> {
    let key = |field: &str| {
        let word = value.get(field).and_then(Value::as_str);
        word.map(address).ok_or_else(|| format!("{field} is missing"))
    };
    let mut row = Swap::new(0);
    row.head.flags = Swap::LAST_OF_TX;
    (row.venue, row.role) = (Venue::Feed as u16, Role::Fill as u8);
    row.source = Source::Event as u8;
    (row.slot, row.tx_index) = (number(value, "slot")?, number(value, "index")?);
    (row.amount_in, row.amount_out) = (number(value, "in")?, number(value, "out")?);
    (row.pool, row.owner) = (key("pool")?, key("signer")?);
    row.fee_payer = row.owner;
    (row.mint_in, row.mint_out) = (key("mint_in")?, key("mint_out")?);
    let (slot, index) = (row.slot.to_le_bytes(), row.tx_index.to_le_bytes());
    let unique = slot.iter().chain(&index).chain(&row.owner);
    row.signature.iter_mut().zip(unique).for_each(|(to, from)| *to = *from);
    row.present = Swap::SIGNATURE
        | Swap::TX_INDEX
        | Swap::AMOUNT_IN
        | Swap::AMOUNT_OUT
        | Swap::POOL
        | Swap::OWNER
        | Swap::FEE_PAYER
        | Swap::MINT_IN
        | Swap::MINT_OUT;
    if value.get("outer_program").is_some_and(|program| !program.is_null()) {
        row.outer_program = key("outer_program")?;
        row.present |= Swap::OUTER_PROGRAM;
    }
    Ok(row)
}

/// The address that `word` stands for: itself in base58, the usual short names, else its own bytes.
fn address(word: &str) -> Key {
    let program = |venue: Venue| venue.programs().first().copied();
    let known = match word {
        "SOL" | "WSOL" => Some(WSOL),
        "JUP" | "JUP6" => program(Venue::JupiterV6),
        "OKX" => program(Venue::OkxV2),
        "DFLOW" | "DF1ow" => program(Venue::Dflow),
        "TITAN" => program(Venue::Titan),
        _ => base58::key(word),
    };
    known.unwrap_or_else(|| {
        let mut key = [0; 32];
        key.iter_mut().zip(word.bytes()).for_each(|(to, from)| *to = from);
        key
    })
}

/// The findings about `rows`, with near misses.
fn look(rows: &[Swap], tx_fee: u64) -> Vec<Finding> {
    let defaults = FindingsOptions::default();
    let slots = rows.iter().map(|row| row.slot);
    let span = slots.clone().max().zip(slots.min());
    // The cases tell one window for all: a wide one.
    let window = span.map_or(0, |(last, first)| last.saturating_sub(first)).max(defaults.window);
    let mut stage = Findings::new(FindingsOptions {
        window,
        explain: true,
        tx_fee,
        swaps: rows.len(),
        pools: 1,
        ..defaults
    });
    let mut arena = Arena::with_room(Findings::MAX_OUT);
    for row in rows {
        stage.step(crate::record::Record::of(row), &mut arena);
    }
    stage.finish(&mut arena);
    arena.records().filter_map(|record| record.typed::<Finding>().copied()).collect()
}

fn check(case: &mut Case<'_>) -> Result<(), Odd> {
    let rows = swaps(case.value)?;
    let expect = case.value.get("expect").ok_or("expect is missing")?;
    let mut want = Case { name: case.name.clone(), value: expect, report: case.report };
    // The rows do not tell fees; the case does, for all legs.
    let legs: BTreeSet<(u64, u32)> = rows
        .iter()
        .zip(case.value.get("swaps").and_then(Value::as_array).into_iter().flatten())
        .filter(|(_, swap)| swap.get("tag").and_then(Value::as_str) != Some("victim"))
        .map(|(row, _)| (row.slot, row.tx_index))
        .collect();
    let legs = u64::try_from(legs.len()).unwrap_or(0);
    let fees: u64 = want.number_or("tx_fees", 0)?;
    let tx_fee = fees.checked_div(legs).unwrap_or(0);
    let found = look(&rows, tx_fee);
    let of = |near: bool| {
        let is_near = move |one: &&Finding| (one.head.flags & Finding::NEAR_MISS != 0) == near;
        found.iter().filter(is_near).find(|one| one.what == What::Sandwich as u16)
    };
    want.check("sandwich", of(false).is_some());
    if let Some(one) = of(false) {
        let victims = found.iter().filter(|one| one.what == What::Victim as u16).count();
        want.check("victims", one.victims);
        want.check("victims", victims);
        want.check("gross", one.gross);
        want.check("tx_fees", one.tx_fees);
        want.check("net", one.net);
        want.check("slots_spanned", one.slots_spanned);
    }
    let why = expect.get("why").and_then(Value::as_str);
    if let Some(rule) = why.and_then(rule_of) {
        let missed = of(true).map(|one| Rule::NAMES.get(usize::from(one.missed)).copied());
        want.holds(
            "another rule fails",
            missed.flatten() == Rule::NAMES.get(rule as usize).copied(),
        );
    }
    Ok(())
}

/// The rule that a case's `why` speaks of, if it is one of ours.
fn rule_of(why: &str) -> Option<Rule> {
    Some(match why {
        "no victim" | "victim direction" | "victim not in the same pool" => Rule::Victim,
        "back.in > front.out" => Rule::Bought,
        "back.out < front.in" => Rule::Paid,
        "front/back through a known aggregator" => Rule::Aggregator,
        "wrapper differs" => Rule::Wrapper,
        _ => return None,
    })
}
