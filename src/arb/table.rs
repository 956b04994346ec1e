//! Opportunities as a table for people: route, readable amounts, every cost, what is left.

use super::explain::id;
use super::show::{amount, sol};
use crate::cli::columns;
use crate::ids::Venue;
use crate::record::Opportunity;
use std::fmt::Write;

/// Columns of the table; all but the first three are numbers.
const COLUMNS: [&str; 10] =
    ["id", "slot", "route", "amounts", "gross", "flash fee", "base fee", "priority", "tip", "net"];

/// Columns that are aligned to the right.
const NUMBERS_FROM: usize = 4;

/// The table of `found`, one row each and a sum, amounts of money in SOL.
pub(super) fn table(found: &[Opportunity]) -> String {
    let mut rows = vec![COLUMNS.map(str::to_owned)];
    let mut sums = [0i128; 6];
    for one in found {
        let money = [
            i128::from(one.gross),
            i128::from(one.flash_fee),
            i128::from(one.base_fee),
            i128::from(one.priority_fee),
            i128::from(one.tip),
            i128::from(one.net),
        ];
        for (sum, part) in sums.iter_mut().zip(money) {
            *sum = sum.saturating_add(part);
        }
        let [gross, flash, base, priority, tip, net] = money.map(sol);
        let slot = one.slot.to_string();
        rows.push([
            id(one),
            slot,
            route(one),
            amounts(one),
            gross,
            flash,
            base,
            priority,
            tip,
            net,
        ]);
    }
    if found.len() > 1 {
        let [gross, flash, base, priority, tip, net] = sums.map(sol);
        let empty = String::new;
        rows.push([
            empty(),
            empty(),
            "sum".into(),
            empty(),
            gross,
            flash,
            base,
            priority,
            tip,
            net,
        ]);
    }
    columns(&rows, NUMBERS_FROM)
}

/// The venues in order of the hops.
fn route(one: &Opportunity) -> String {
    let names = one
        .venues
        .iter()
        .take(usize::from(one.hops))
        .map(|venue| Venue::from_number(*venue).map_or("?", Venue::name));
    names.collect::<Vec<_>>().join(" > ")
}

/// What goes into each hop, and what comes back.
fn amounts(one: &Opportunity) -> String {
    let hops = usize::from(one.hops);
    let into = one.amounts.iter().zip(&one.mints).zip(&one.decimals).take(hops);
    let mut text = String::new();
    for ((raw, mint), decimals) in into {
        let _ = write!(text, "{} > ", amount(*raw, *decimals, mint));
    }
    let back = one.amounts.get(hops).copied().unwrap_or(0);
    let decimals = one.decimals.first().copied().unwrap_or(0);
    text.push_str(&amount(back, decimals, &one.base_mint));
    text
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may stop where it is wrong")]
mod tests {
    use super::*;
    use crate::ids::{USDC, WSOL};

    #[test]
    fn a_row_reads_to_the_last_lamport() {
        let mut one = Opportunity::new(0);
        (one.slot, one.hops, one.venues) = (7, 2, [1, 3, 0, 0]);
        (one.base_mint, one.mints[0], one.mints[1]) = (WSOL, WSOL, USDC);
        (one.decimals, one.amounts) =
            ([9, 6, 0, 0], [1_500_000_000, 225_000_001, 1_500_086_013, 0, 0]);
        (one.gross, one.base_fee, one.priority_fee, one.tip, one.net) =
            (86_013, 5000, 1, 40_506, 40_506);
        let text = table(&[one, one]);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 4);
        assert!(lines[1].contains("raydium_amm_v4 > orca_whirlpool"));
        assert!(lines[1].contains("1.500000000 SOL > 225.000001 USDC > 1.500086013 SOL"));
        assert!(lines[1].ends_with("0.000000001  0.000040506  0.000040506"));
        assert!(lines[3].contains("sum") && lines[3].contains("0.000172026"));
        assert!(lines.iter().all(|line| line.chars().count() == lines[0].chars().count()));
    }

    #[test]
    fn nothing_found_is_a_head_alone() {
        assert_eq!(table(&[]).lines().count(), 1);
    }
}
