//! An exposure in sentences.

use super::super::show::sol;
use crate::bytes::base58;
use crate::ids::{Key, Venue, WSOL};
use crate::record::{Exact, Exposure, Unmeasured};
use std::fmt::Write;

/// Two digits of a percent, of parts in a million.
fn percent(ppm: u32) -> String {
    let hundredths = ppm / 100;
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

fn token(mint: &Key) -> String {
    if *mint == WSOL {
        return "SOL".to_owned();
    }
    base58::Key(mint).to_string().chars().take(6).collect()
}

/// Whether a flag of `one` is set.
fn has(one: &Exposure, flag: u8) -> bool {
    one.head.flags & flag != 0
}

/// One paragraph about `one`.
pub(in super::super) fn say(one: &Exposure) -> String {
    let venue = Venue::from_number(one.venue).map_or("?", Venue::name);
    let (from, to) = (token(&one.mint_in), token(&one.mint_out));
    let mut text = format!("record {}, slot {}, {venue} {from} > {to}\n", one.ordinal, one.slot);
    if has(one, Exposure::WOULD_REVERT) {
        text.push_str("  would be refused as things are: nothing can be taken\n");
    } else if has(one, Exposure::REFUSED) {
        let reason = Unmeasured::NAMES.get(usize::from(one.reason)).copied().unwrap_or("?");
        let _ = writeln!(text, "  not measured: {reason}");
    } else {
        attack(&mut text, one);
        defence(&mut text, one);
    }
    text
}

/// What can be taken.
fn attack(text: &mut String, one: &Exposure) {
    let exact_out = one.exact == Exact::Out as u8;
    let _ = writeln!(
        text,
        "  gives {} for {} and moves its price: {} less than at the first unit's price, which falls by {}",
        one.amount_out,
        one.amount_in,
        percent(one.impact_ppm),
        percent(one.move_ppm)
    );
    let tolerance = percent(one.tolerance_ppm);
    let limit = match (has(one, Exposure::NO_LIMIT), exact_out) {
        (true, _) => "has no limit".to_owned(),
        (false, false) => format!("wants at least {} (tolerance {tolerance})", one.limit),
        (false, true) => format!("pays at most {} (tolerance {tolerance})", one.limit),
    };
    let _ = writeln!(
        text,
        "  {limit}: up to {} can be swapped in front of it{}, behind which it {} {}",
        one.front_max,
        if has(one, Exposure::INCOMPLETE) { " as far as is loaded" } else { "" },
        if exact_out { "pays" } else { "gets" },
        one.worst
    );
    let _ = writeln!(
        text,
        "  the best front-run, {}, gains {} and costs the user {}: {}",
        one.front_best,
        sol(i128::from(one.gain_lamports)),
        sol(i128::from(one.loss_lamports)),
        if has(one, Exposure::ATTACKABLE) { "an attack pays" } else { "no attack pays" }
    );
}

/// What would keep it, and what is there behind it.
fn defence(text: &mut String, one: &Exposure) {
    if has(one, Exposure::NO_SAFE_LIMIT) {
        text.push_str("  no limit is tight enough to keep it\n");
    } else if one.safe_ppm == 1_000_000 {
        let cost = sol(i128::from(one.attack_cost));
        let _ = writeln!(text, "  safe: at any limit, against attacks that cost {cost}");
    } else {
        let _ = writeln!(
            text,
            "  safe: {} {} (tolerance {} ppm) against attacks that cost {}",
            if one.exact == Exact::Out as u8 { "pay at most" } else { "want at least" },
            one.safe_limit,
            one.safe_ppm,
            sol(i128::from(one.attack_cost))
        );
    }
    if one.parts > 1 {
        let _ = writeln!(
            text,
            "  in {} parts it loses {} to attacks and fees, in one {}",
            one.parts,
            sol(i128::from(one.parts_cost)),
            sol(i128::from(one.whole_cost))
        );
    }
    if one.back_net > 0 {
        let _ = writeln!(
            text,
            "  behind it a cycle gains {}, {} after costs",
            sol(i128::from(one.back_gross)),
            sol(i128::from(one.back_net))
        );
    }
}
