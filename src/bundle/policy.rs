//! What may be paid: the rules about money that an opportunity must keep before anything is built.

use super::{Backrun, Reject};
use crate::ids::{Key, WSOL};
use crate::record::Opportunity;

/// Lamports of a transaction's base fee for each signature (solana.com/docs/core/fees).
pub const BASE_FEE_LAMPORTS: u64 = 5000;
/// Compute units that a transaction may ask for at most (agave compute-budget
/// `MAX_COMPUTE_UNIT_LIMIT`).
pub const COMPUTE_UNITS_MAX: u32 = 1_400_000;
/// Lamports below which a block engine ignores a tip (docs.jito.wtf, "Tips").
pub const TIP_MIN_LAMPORTS: u64 = 1000;

/// What the user allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Lamports of tip at most.
    pub tip_max_lamports: Option<u64>,
    /// Complete slots that the stream may be ahead of an opportunity at most.
    pub age_max_slots: u64,
    /// The tip account; `None` chooses one by the opportunity's state.
    pub tip_account: Option<Key>,
    /// Each transaction first creates the payer's token accounts that do not exist.
    pub create_token_accounts: bool,
    /// When the pending transaction of a back-run is carried.
    pub backrun: Backrun,
    /// The cycles of a plan go into one bundle.
    pub join_plans: bool,
    /// Compute units that are asked for beyond those that were measured, percent.
    pub margin_percent: u32,
}

impl Policy {
    /// Age in slots at which an opportunity counts as stale, unless told otherwise: the turn of one
    /// leader.
    pub const AGE_MAX_SLOTS: u64 = 4;

    /// What holds where nothing else is said.
    pub const DEFAULT: Self = Self {
        tip_max_lamports: None,
        age_max_slots: Self::AGE_MAX_SLOTS,
        tip_account: None,
        create_token_accounts: false,
        backrun: Backrun::Auto,
        join_plans: false,
        margin_percent: 10,
    };

    /// Checks everything that is decided by the numbers of `opportunity` alone, in a bundle that tips
    /// `before` without it.
    ///
    /// # Errors
    /// The first rule it breaks.
    pub fn check(&self, opportunity: &Opportunity, before: u64) -> Result<(), Reject> {
        if opportunity.head.flags & Opportunity::REFUSED != 0 {
            return Err(Reject::NotTaken);
        }
        if opportunity.base_mint != WSOL {
            return Err(Reject::BaseMint);
        }
        if !(1..=COMPUTE_UNITS_MAX).contains(&opportunity.compute_units) {
            return Err(Reject::ComputeUnits);
        }
        let priority_fee = priority_fee(opportunity.cu_price_micro, opportunity.compute_units);
        if Some(opportunity.priority_fee) != priority_fee {
            return Err(Reject::FeesDiffer);
        }
        self.check_tip(opportunity, before)
    }

    fn check_tip(&self, opportunity: &Opportunity, before: u64) -> Result<(), Reject> {
        let tip = opportunity.tip;
        if tip < TIP_MIN_LAMPORTS {
            return Err(Reject::TipTooSmall);
        }
        if self.tip_max_lamports.is_some_and(|most| tip.saturating_add(before) > most) {
            return Err(Reject::TipOverLimit);
        }
        let left = i128::from(opportunity.gross)
            .saturating_sub(i128::from(opportunity.flash_fee))
            .saturating_sub(i128::from(opportunity.base_fee))
            .saturating_sub(i128::from(opportunity.priority_fee));
        if i128::from(tip) > left { Err(Reject::TipBeyondProfit) } else { Ok(()) }
    }
}

/// Lamports of priority fee: price times limit, rounded up to a lamport; `None` beyond `u64`.
pub fn priority_fee(price_micro_lamports: u64, compute_units: u32) -> Option<u64> {
    let micro = u128::from(price_micro_lamports).checked_mul(u128::from(compute_units))?;
    u64::try_from(micro.div_ceil(1_000_000)).ok()
}

/// Whether the last hop's limit pays for everything: what went in, every fee and the tip.
pub(super) fn is_guarded(opportunity: &Opportunity, input: u64, last_min_out: u64) -> bool {
    let costs = [
        opportunity.flash_fee,
        opportunity.base_fee,
        opportunity.priority_fee,
        opportunity.tip,
        input,
    ];
    let needed = costs.into_iter().try_fold(0u64, u64::checked_add);
    needed.is_some_and(|needed| last_min_out >= needed)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "tests may panic")]
mod tests {
    use super::*;

    #[test]
    fn priority_fees_are_rounded_up_to_a_lamport() {
        let cases = [
            (0, 1_400_000, Some(0)),
            (1, 1, Some(1)),
            (1, 1_000_000, Some(1)),
            (1, 1_000_001, Some(2)),
            (5_000, 200_000, Some(1000)),
            (u64::MAX, 1_000_000, Some(u64::MAX)),
            (u64::MAX, 1_000_001, None),
            (u64::MAX, u32::MAX, None),
        ];
        for (price, units, fee) in cases {
            assert_eq!(priority_fee(price, units), fee, "{price} {units}");
        }
    }

    #[test]
    fn a_guard_covers_input_fees_and_tip_to_the_lamport() {
        let mut opportunity = Opportunity::new(0);
        (opportunity.base_fee, opportunity.priority_fee, opportunity.tip) = (5000, 371, 1000);
        assert!(is_guarded(&opportunity, 100, 6471) && !is_guarded(&opportunity, 100, 6470));
        opportunity.flash_fee = 1;
        assert!(!is_guarded(&opportunity, 100, 6471));
        opportunity.tip = u64::MAX;
        assert!(!is_guarded(&opportunity, 100, u64::MAX));
    }

    #[test]
    fn a_tip_may_take_all_that_is_left_and_not_a_lamport_more() {
        let policy = Policy::DEFAULT;
        let mut opportunity = Opportunity::new(0);
        (opportunity.base_mint, opportunity.compute_units) = (WSOL, 1);
        (opportunity.base_fee, opportunity.gross) = (BASE_FEE_LAMPORTS, 7000);
        opportunity.tip = 2000;
        assert_eq!(policy.check(&opportunity, 0), Ok(()));
        opportunity.tip = 2001;
        assert_eq!(policy.check(&opportunity, 0), Err(Reject::TipBeyondProfit));
        opportunity.gross = i64::MIN;
        assert_eq!(policy.check(&opportunity, 0), Err(Reject::TipBeyondProfit));
    }
}
