//! The rules of a sandwich, each with its own verdict, and the two sets that they make.
//!
//! | rule | strict | wide | holds when |
//! |---|---|---|---|
//! | pool | x | x | front-run and back-run are in one pool, in opposite directions |
//! | wrapper | x | x | they come through the same program, or all go to the venue directly |
//! | aggregator | x | x | that program is no known aggregator |
//! | linked | x | | they share an owner, a fee payer or token accounts |
//! | victim | x | x | another's swap stands between them in the front-run's direction |
//! | bought | x | x | the back-run gives no more than the front-run got |
//! | paid | x | x | the back-run gets no less than the front-run gave |
//! | leader | x | | all are in the four slots of one leader |
//! | window | | x | all are within the window |
//! | exact | | one | the back-run gives what the front-run got, within 0.1 % |
//! | owner | | of both | all have one owner |
//!
//! The strict set is that of FixedLocally/sandwich-finder v2 (sandwich-finder/src/events/sandwich.rs
//! @89e85f0: the same wrapper, where none counts as one; no aggregator; both amounts; connected token
//! accounts; four slots) with three differences. Owners and fee payers link too; transfers from one
//! account to the other do not, for no row tells of them: `linked` is open then, and not strict; and
//! legs that go to the venue directly are looked at under one owner only (sandwich.rs).

use five8_const::decode_32_const;

use crate::ids::{Key, Venue};
use crate::record::{Finding, Rule, RuleLevel, RuleVerdict, Swap};

/// Slots that one leader has in a row, from a multiple of them on (NUM_CONSECUTIVE_LEADER_SLOTS in
/// Agave's solana-clock; epochs are multiples of it).
pub(super) const LEADER_SLOTS: u64 = 4;

/// Parts of the front-run's output that the back-run may leave unsold and still be exact.
const EXACT_PARTS: u128 = 1000;

/// Jupiter v4, which is no venue of ours.
const JUPITER_V4: Key = decode_32_const("JUP4Fb2cqiRUcaTHdrPC8h2gNsA2ETXiPDD33WcGuJB");

/// Programs that everybody trades through: both legs through one of them are no sign.
const AGGREGATORS: [Venue; 6] =
    [Venue::JupiterV6, Venue::OkxV2, Venue::OkxV1, Venue::Dflow, Venue::Titan, Venue::RaydiumRoute];

/// Whether `program` is one of the aggregators that are known.
pub(super) fn is_aggregator(program: &Key) -> bool {
    *program == JUPITER_V4 || AGGREGATORS.iter().any(|venue| venue.programs().contains(program))
}

/// The number of the leader's turn that `slot` is in.
pub(super) fn leader_turn(slot: u64) -> u64 {
    slot.checked_div(LEADER_SLOTS).unwrap_or(0)
}

/// The program that `row` comes through; `None` when it goes to the venue directly.
pub(super) fn wrapper(row: &Swap) -> Option<&Key> {
    (row.present & Swap::OUTER_PROGRAM != 0).then_some(&row.outer_program)
}

/// Whether two rows share what `bit` says is there; `None` when one of them does not tell.
fn share(one: &Swap, other: &Swap, bit: u32, same: bool) -> Option<bool> {
    (one.present & other.present & bit != 0).then_some(same)
}

/// Whether both have one owner.
pub(super) fn same_owner(one: &Swap, other: &Swap) -> RuleVerdict {
    verdict(share(one, other, Swap::OWNER, one.owner == other.owner))
}

/// Whether what both say ties them to one trader. Never `Failed`: tokens can be moved in between.
pub(super) fn linked(front: &Swap, leg: &Swap) -> RuleVerdict {
    let told = |row: &Swap, bit, key: Key| (row.present & bit != 0).then_some(key);
    let user_in = |row| told(row, Swap::USER_IN, row.user_in);
    let user_out = |row| told(row, Swap::USER_OUT, row.user_out);
    let meet = |one: Option<Key>, other: Option<Key>| one.is_some() && one == other;
    let accounts = if is_reverse(front, leg) {
        meet(user_out(front), user_in(leg)) || meet(user_in(front), user_out(leg))
    } else {
        meet(user_out(front), user_out(leg)) || meet(user_in(front), user_in(leg))
    };
    if accounts || is_own(front, leg) { RuleVerdict::Passed } else { RuleVerdict::Unknown }
}

/// Whether both are known to have one owner or one fee payer.
pub(super) fn is_own(one: &Swap, other: &Swap) -> bool {
    same_owner(one, other) == RuleVerdict::Passed
        || share(one, other, Swap::FEE_PAYER, one.fee_payer == other.fee_payer) == Some(true)
}

/// Whether `row` is hurt by a front-run like `front` before it: the same pool and direction, somebody
/// else's, not through the same program.
pub(super) fn is_victim(front: &Swap, row: &Swap) -> bool {
    let same_wrapper = wrapper(front).is_some() && wrapper(front) == wrapper(row);
    is_same_way(front, row) && !same_wrapper && !is_own(front, row)
}

/// Whether both swap in one pool, in one direction.
pub(super) fn is_same_way(one: &Swap, other: &Swap) -> bool {
    one.pool == other.pool && one.mint_in == other.mint_in && one.mint_out == other.mint_out
}

/// Whether both swap in one pool, in opposite directions.
pub(super) fn is_reverse(one: &Swap, other: &Swap) -> bool {
    one.pool == other.pool && one.mint_in == other.mint_out && one.mint_out == other.mint_in
}

/// What the legs of one side move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) amount_in: u128,
    pub(super) amount_out: u128,
}

impl Sum {
    /// What `row` moves.
    pub(super) fn of(row: &Swap) -> Self {
        Self { amount_in: row.amount_in.into(), amount_out: row.amount_out.into() }
    }

    /// With `other` too.
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            amount_in: self.amount_in.saturating_add(other.amount_in),
            amount_out: self.amount_out.saturating_add(other.amount_out),
        }
    }

    /// Without `other`, which is in it.
    pub(super) fn minus(self, other: Self) -> Self {
        Self {
            amount_in: self.amount_in.saturating_sub(other.amount_in),
            amount_out: self.amount_out.saturating_sub(other.amount_out),
        }
    }
}

/// Whether the back-run gives no more than the front-run got.
pub(super) fn bought(front: Sum, back: Sum) -> bool {
    back.amount_in <= front.amount_out
}

/// Whether the back-run gets no less than the front-run gave.
pub(super) fn paid(front: Sum, back: Sum) -> bool {
    back.amount_out >= front.amount_in
}

/// Whether the back-run gives what the front-run got, within 0.1 % of it.
pub(super) fn exact(front: Sum, back: Sum) -> bool {
    let most = front.amount_out.checked_div(EXACT_PARTS).unwrap_or(0);
    front.amount_out.abs_diff(back.amount_in) <= most
}

fn verdict(holds: Option<bool>) -> RuleVerdict {
    match holds {
        Some(true) => RuleVerdict::Passed,
        Some(false) => RuleVerdict::Failed,
        None => RuleVerdict::Unknown,
    }
}

/// The verdict of every rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Verdicts([RuleVerdict; Rule::NAMES.len()]);

/// Of two verdicts on one rule, the worse.
fn worse(one: RuleVerdict, other: RuleVerdict) -> RuleVerdict {
    match (one, other) {
        (RuleVerdict::Failed, _) | (_, RuleVerdict::Failed) => RuleVerdict::Failed,
        (RuleVerdict::Unknown, _) | (_, RuleVerdict::Unknown) => RuleVerdict::Unknown,
        _ => RuleVerdict::Passed,
    }
}

impl Verdicts {
    /// The verdict of `rule`.
    pub(super) fn of(&self, rule: Rule) -> RuleVerdict {
        self.0.get(rule as usize).copied().unwrap_or_default()
    }

    fn set(&mut self, rule: Rule, verdict: RuleVerdict) {
        if let Some(place) = self.0.get_mut(rule as usize) {
            *place = verdict;
        }
    }

    /// The rules about `legs`, of which `front` is the first, their sums, and `victims` swaps between.
    pub(super) fn judge<'a>(
        front: &Swap,
        legs: impl Iterator<Item = &'a Swap>,
        sums: (Sum, Sum),
        victims: u32,
        window: u64,
    ) -> Self {
        let mut found = Self::default();
        let mut all = [RuleVerdict::Passed; 6];
        for leg in legs {
            let slots = leg.slot.saturating_sub(front.slot);
            let holds = [
                verdict(Some(is_same_way(front, leg) || is_reverse(front, leg))),
                verdict(Some(wrapper(front) == wrapper(leg))),
                linked(front, leg),
                same_owner(front, leg),
                verdict(Some(leader_turn(front.slot) == leader_turn(leg.slot))),
                verdict(Some(slots <= window)),
            ];
            for (held, one) in all.iter_mut().zip(holds) {
                *held = worse(*held, one);
            }
        }
        let rules =
            [Rule::Pool, Rule::Wrapper, Rule::Linked, Rule::Owner, Rule::Leader, Rule::Window];
        for (rule, verdict) in rules.into_iter().zip(all) {
            found.set(rule, verdict);
        }
        found.set(Rule::Aggregator, verdict(Some(!wrapper(front).is_some_and(is_aggregator))));
        found.set(Rule::Victim, verdict(Some(victims > 0)));
        found.set(Rule::Bought, verdict(Some(bought(sums.0, sums.1))));
        found.set(Rule::Paid, verdict(Some(paid(sums.0, sums.1))));
        found.set(Rule::Exact, verdict(Some(exact(sums.0, sums.1))));
        found
    }

    /// The rules of `level` that do not hold: how many, and the first of them. Of `exact` and `owner`,
    /// one is enough.
    pub(super) fn missing(&self, level: RuleLevel) -> (usize, Rule) {
        let both =
            [Rule::Pool, Rule::Wrapper, Rule::Aggregator, Rule::Victim, Rule::Bought, Rule::Paid];
        let own = if level == RuleLevel::Strict {
            [Rule::Linked, Rule::Leader]
        } else {
            let tie =
                if self.of(Rule::Owner) == RuleVerdict::Passed { Rule::Owner } else { Rule::Exact };
            [Rule::Window, tie]
        };
        let open = |rule: &Rule| self.of(*rule) != RuleVerdict::Passed;
        let mut missing = both.into_iter().chain(own).filter(open);
        let first = missing.next();
        let count = missing.count().saturating_add(usize::from(first.is_some()));
        (count, first.unwrap_or_default())
    }

    /// Writes every verdict into its field.
    pub(super) fn write(&self, to: &mut Finding) {
        to.rule_pool = self.of(Rule::Pool) as u8;
        to.rule_wrapper = self.of(Rule::Wrapper) as u8;
        to.rule_aggregator = self.of(Rule::Aggregator) as u8;
        to.rule_linked = self.of(Rule::Linked) as u8;
        to.rule_victim = self.of(Rule::Victim) as u8;
        to.rule_bought = self.of(Rule::Bought) as u8;
        to.rule_paid = self.of(Rule::Paid) as u8;
        to.rule_leader = self.of(Rule::Leader) as u8;
        to.rule_window = self.of(Rule::Window) as u8;
        to.rule_exact = self.of(Rule::Exact) as u8;
        to.rule_owner = self.of(Rule::Owner) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(slot: u64, buys: bool, owner: u8) -> Swap {
        let mut row = Swap::new(0);
        (row.slot, row.pool, row.owner) = (slot, [9; 32], [owner; 32]);
        (row.mint_in, row.mint_out) = if buys { ([1; 32], [2; 32]) } else { ([2; 32], [1; 32]) };
        row.present = Swap::POOL | Swap::MINT_IN | Swap::MINT_OUT | Swap::OWNER;
        row
    }

    fn sum(amount_in: u128, amount_out: u128) -> Sum {
        Sum { amount_in, amount_out }
    }

    fn judge(front: &Swap, back: &Swap, sums: (Sum, Sum), victims: u32) -> Verdicts {
        Verdicts::judge(front, [front, back].into_iter(), sums, victims, 8)
    }

    const FINE: (Sum, Sum) =
        (Sum { amount_in: 10, amount_out: 1000 }, Sum { amount_in: 1000, amount_out: 10 });

    #[test]
    fn amounts_are_held_to_the_unit() {
        assert!(bought(sum(0, 7), sum(7, 0)) && !bought(sum(0, 7), sum(8, 0)));
        assert!(paid(sum(7, 0), sum(0, 7)) && !paid(sum(7, 0), sum(0, 6)));
        assert!(exact(sum(0, 1000), sum(999, 0)) && exact(sum(0, 1000), sum(1001, 0)));
        assert!(!exact(sum(0, 1000), sum(998, 0)) && !exact(sum(0, 999), sum(998, 0)));
        assert_eq!(sum(1, 2).plus(sum(3, 4)).minus(sum(3, 4)), sum(1, 2));
    }

    #[test]
    fn each_set_names_what_it_misses() {
        let (front, back) = (row(8, true, 1), row(11, false, 1));
        let missing = |back: &Swap, sums, victims| {
            let found = judge(&front, back, sums, victims);
            [RuleLevel::Strict, RuleLevel::Wide].map(|level| found.missing(level))
        };
        let none = (0, Rule::None);
        assert_eq!(missing(&back, FINE, 1), [none, none]);
        assert_eq!(missing(&back, FINE, 0), [(1, Rule::Victim); 2]);
        assert_eq!(missing(&row(12, false, 1), FINE, 1), [(1, Rule::Leader), none]);
        assert_eq!(missing(&row(17, false, 1), FINE, 1), [(1, Rule::Leader), (1, Rule::Window)]);
        let other = row(11, false, 2);
        assert_eq!(missing(&other, FINE, 1), [(1, Rule::Linked), none], "exact amounts tie them");
        let loose = (FINE.0, sum(900, 10));
        assert_eq!(missing(&other, loose, 1), [(1, Rule::Linked), (1, Rule::Exact)]);
        assert_eq!(missing(&back, loose, 1), [none, none], "one owner ties them");
        assert_eq!(missing(&back, (FINE.0, sum(1001, 10)), 1), [(1, Rule::Bought); 2]);
        assert_eq!(missing(&back, (FINE.0, sum(1000, 9)), 1), [(1, Rule::Paid); 2]);
        let mut wrapped = back;
        (wrapped.outer_program, wrapped.present) = ([5; 32], back.present | Swap::OUTER_PROGRAM);
        assert_eq!(missing(&wrapped, FINE, 1), [(1, Rule::Wrapper); 2]);
        assert_eq!(missing(&wrapped, (FINE.0, sum(1000, 9)), 1), [(2, Rule::Wrapper); 2]);
    }

    #[test]
    fn aggregators_are_known_and_victims_are_others() {
        let through = |program: Key| {
            let mut row = row(8, true, 1);
            (row.outer_program, row.present) = (program, row.present | Swap::OUTER_PROGRAM);
            row
        };
        for venue in AGGREGATORS {
            assert!(venue.programs().iter().all(is_aggregator));
        }
        assert!(is_aggregator(&JUPITER_V4) && !is_aggregator(&[5; 32]));
        let front = through([5; 32]);
        assert!(is_victim(&front, &row(9, true, 2)), "directly");
        assert!(!is_victim(&front, &row(9, true, 1)), "its own");
        assert!(!is_victim(&front, &row(9, false, 2)), "the other way");
        let mut same = through([5; 32]);
        same.owner = [2; 32];
        assert!(!is_victim(&front, &same), "through the same program");
        assert!(is_victim(&row(8, true, 1), &row(9, true, 2)), "both directly");
    }

    #[test]
    fn accounts_link_crosswise_and_what_is_not_told_is_open() {
        let mut front = row(8, true, 1);
        let mut back = row(9, false, 2);
        assert_eq!(linked(&front, &back), RuleVerdict::Unknown);
        (front.user_out, front.present) = ([7; 32], front.present | Swap::USER_OUT);
        (back.user_in, back.present) = ([7; 32], back.present | Swap::USER_IN);
        assert_eq!(linked(&front, &back), RuleVerdict::Passed);
        assert_eq!(same_owner(&front, &back), RuleVerdict::Failed);
        back.present &= !Swap::OWNER;
        assert_eq!(same_owner(&front, &back), RuleVerdict::Unknown);
        let mut second = row(9, true, 2);
        assert_eq!(linked(&front, &second), RuleVerdict::Unknown);
        (second.user_out, second.present) = ([7; 32], second.present | Swap::USER_OUT);
        assert_eq!(linked(&front, &second), RuleVerdict::Passed, "they buy into one account");
    }
}
