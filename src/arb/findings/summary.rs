//! Findings counted and summed by what they have in common.
//!
//! What a victim lost counts to its sandwich's group. Money is summed in wrapped SOL only: tokens have
//! no common measure. A loss in another token counts at the price of the victim's own fair swap.

use crate::bytes::base58;
use crate::ids::{Key, WSOL};
use crate::math::muldiv::mul_div_floor;
use crate::record::{Finding, RuleLevel, What};
use clap::ValueEnum;
use std::collections::BTreeMap;

/// What findings are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::arb) enum By {
    /// What was found
    What,
    /// The pool; of an arbitrage, its first
    Pool,
    /// Who signs for the first swap: the attacker, the arbitrageur
    Owner,
    /// The program that the swaps come through
    Program,
}

/// One group: findings of one kind and one set of rules with one key.
#[derive(Clone, Debug, Default)]
pub(in crate::arb) struct Group {
    pub(in crate::arb) what: &'static str,
    pub(in crate::arb) level: &'static str,
    pub(in crate::arb) key: String,
    pub(in crate::arb) count: u64,
    pub(in crate::arb) victims: u64,
    /// Those whose net is told, and its sum: in wrapped SOL, lamports.
    pub(in crate::arb) nets: u64,
    pub(in crate::arb) net: i64,
    pub(in crate::arb) tx_fees: u64,
    /// Victims whose loss is told in wrapped SOL or for it, and its sum, lamports.
    pub(in crate::arb) losses: u64,
    pub(in crate::arb) loss: i64,
}

/// The groups of `found`, in the order of the stage, by `by`: by kind, of each the largest net first.
pub(in crate::arb) fn group(found: &[Finding], by: By) -> Vec<Group> {
    let mut groups: BTreeMap<(u16, u8, String), Group> = BTreeMap::new();
    let mut sandwich: Option<(&Finding, (u16, u8, String))> = None;
    for one in found {
        let own = (one.what, one.level, key(one, by));
        let of_victim = sandwich.as_ref().filter(|(sandwich, _)| is_inside(one, sandwich));
        let group =
            groups.entry(of_victim.map_or(own.clone(), |(_, key)| key.clone())).or_default();
        if let Some(loss) = lamports_lost(one) {
            group.losses = group.losses.saturating_add(1);
            group.loss = group.loss.saturating_add(loss);
        }
        if of_victim.is_some() {
            continue;
        }
        group.count = group.count.saturating_add(1);
        group.victims = group.victims.saturating_add(one.victims.into());
        group.tx_fees = group.tx_fees.saturating_add(one.tx_fees);
        group.net = group.net.saturating_add(one.net);
        group.nets = group.nets.saturating_add(u64::from(one.present & Finding::NET != 0));
        if one.what == What::Sandwich as u16 {
            sandwich = Some((one, own));
        }
    }
    let name = |names: &'static [&'static str], at| names.get(at).copied().unwrap_or("?");
    let named = |((what, level, key), group)| {
        let (what_name, level) =
            (name(What::NAMES, usize::from(what)), name(RuleLevel::NAMES, usize::from(level)));
        (what, Group { what: what_name, level, key, ..group })
    };
    let mut groups: Vec<(u16, Group)> = groups.into_iter().map(named).collect();
    groups.sort_by_key(|(what, group)| (*what, std::cmp::Reverse((group.net, group.count))));
    groups.into_iter().map(|(_, group)| group).collect()
}

/// What `one` is grouped under.
fn key(one: &Finding, by: By) -> String {
    let told = |bit, key: &Key| {
        let told = one.present & bit != 0;
        if told { base58::Key(key).to_string() } else { "-".to_owned() }
    };
    match by {
        By::What => "-".to_owned(),
        By::Pool => told(Finding::POOL, &one.pool),
        By::Owner => told(Finding::OWNER, &one.owner),
        By::Program => told(Finding::OUTER_PROGRAM, &one.outer_program),
    }
}

/// Whether `one` is a victim of `sandwich`.
fn is_inside(one: &Finding, sandwich: &Finding) -> bool {
    one.what == What::Victim as u16
        && one.pool == sandwich.pool
        && one.first_slot == sandwich.first_slot
        && one.other_signature == sandwich.signature
}

/// A victim's loss in lamports: of wrapped SOL itself, or of a token that it paid wrapped SOL for, at
/// the price that it should have had, rounded toward zero.
fn lamports_lost(one: &Finding) -> Option<i64> {
    let is_told = one.what == What::Victim as u16 && one.present & Finding::LOSS != 0;
    let is_out = one.head.flags & Finding::EXACT_OUT != 0;
    let (token, other) =
        if is_out { (one.mint_in, one.mint_out) } else { (one.mint_out, one.mint_in) };
    let loss = Some(one.loss).filter(|_| is_told)?;
    if token == WSOL {
        return Some(loss);
    }
    // Of an exact output, the other side is what comes out; of an exact input, what goes in.
    let price =
        Some(if is_out { one.amount_out } else { one.amount_in }).filter(|_| other == WSOL)?;
    let lamports = mul_div_floor(loss.unsigned_abs(), price, one.fair_amount)?;
    Some(i64::try_from(lamports).ok()?.saturating_mul(loss.signum()))
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may stop where it is wrong")]
mod tests {
    use super::*;

    fn found(what: What, pool: u8, net: i64) -> Finding {
        let mut one = Finding::new(0);
        (one.what, one.pool, one.net) = (what as u16, [pool; 32], net);
        (one.victims, one.tx_fees, one.signature) = (2, 10, [pool; 64]);
        one.present = Finding::POOL | Finding::NET;
        one
    }

    /// A victim that paid wrapped SOL for a token of which it should have had 2000.
    fn victim(pool: u8, loss: i64) -> Finding {
        let mut one = found(What::Victim, pool, 0);
        (one.other_signature, one.mint_in, one.mint_out) = ([pool; 64], WSOL, [7; 32]);
        (one.amount_in, one.fair_amount, one.loss) = (1000, 2000, loss);
        one.present = Finding::POOL | Finding::LOSS;
        one
    }

    #[test]
    fn groups_hold_what_they_should() {
        let all = [
            found(What::Sandwich, 1, 5),
            victim(1, 21),
            victim(1, -3),
            found(What::AtomicArbitrage, 1, 9),
            found(What::Sandwich, 2, 7),
            found(What::Sandwich, 1, 6),
        ];
        let kinds = group(&all, By::What);
        let counts: Vec<_> = kinds.iter().map(|one| (one.what, one.count, one.net)).collect();
        assert_eq!(counts, [("sandwich", 3, 18), ("atomic_arbitrage", 1, 9)]);
        assert_eq!((kinds[0].victims, kinds[0].tx_fees, kinds[0].nets), (6, 30, 3));
        assert_eq!((kinds[0].losses, kinds[0].loss), (2, 10 - 1), "at half the price");
        let pools: Vec<_> = group(&all, By::Pool).into_iter().map(|one| one.net).collect();
        assert_eq!(pools, [11, 7, 9]);
        assert_eq!(group(&all, By::Owner)[0].key, "-");
        assert!(group(&[], By::What).is_empty());
        let strange = group(&[victim(1, 21)], By::Pool);
        assert_eq!((strange[0].what, strange[0].loss), ("victim", 10), "its sandwich is not there");
    }

    #[test]
    fn losses_in_no_known_money_have_no_sum() {
        let mut one = victim(1, 21);
        one.mint_in = [8; 32];
        assert_eq!(lamports_lost(&one), None);
        one.mint_out = WSOL;
        assert_eq!(lamports_lost(&one), Some(21), "wrapped SOL itself");
        one.head.flags = Finding::EXACT_OUT;
        (one.mint_in, one.amount_out, one.fair_amount) = ([8; 32], 500, 1000);
        assert_eq!(lamports_lost(&one), Some(10), "in a token that wrapped SOL came out for");
        one.fair_amount = 0;
        assert_eq!(lamports_lost(&one), None);
        one.present = Finding::POOL;
        assert_eq!(lamports_lost(&one), None);
    }
}
