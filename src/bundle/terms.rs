//! What a transaction pays in the end, beside what its opportunity counted.

use super::policy::priority_fee;
use super::{COMPUTE_UNITS_MAX, Reject};
use crate::record::Opportunity;

/// The costs of one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    /// Compute units asked for.
    pub(super) units: u32,
    pub(super) base_fee: u64,
    pub(super) priority_fee: u64,
    /// What a flash loan takes.
    pub(super) flash_fee: u64,
    /// Its part of the bundle's tip.
    pub(super) tip: u64,
}

impl Terms {
    /// As `opportunity` counts them, which asks for `units` and borrows for `flash_fee`.
    pub(super) fn of(opportunity: &Opportunity) -> Self {
        Self {
            units: opportunity.compute_units,
            base_fee: opportunity.base_fee,
            priority_fee: opportunity.priority_fee,
            flash_fee: opportunity.flash_fee,
            tip: opportunity.tip,
        }
    }

    /// The same with `units` compute units at `price_micro`.
    ///
    /// # Errors
    /// No transaction may have as many, or the fee does not fit.
    pub(super) fn with_units(self, units: u32, price_micro: u64) -> Result<Self, Reject> {
        if !(1..=COMPUTE_UNITS_MAX).contains(&units) {
            return Err(Reject::ComputeUnits);
        }
        let priority_fee = priority_fee(price_micro, units).ok_or(Reject::FeesDiffer)?;
        Ok(Self { units, priority_fee, ..self })
    }

    /// What must come back for `input`: input, every fee and the tip; `None` beyond 64 bits.
    pub(super) fn needed(&self, input: u64) -> Option<u64> {
        let costs = [self.flash_fee, self.base_fee, self.priority_fee, self.tip];
        costs.into_iter().try_fold(input, u64::checked_add)
    }

    /// Lamports that the payer's own account pays, whatever the swaps bring.
    pub(super) fn spent(&self) -> u64 {
        self.base_fee.saturating_add(self.priority_fee).saturating_add(self.tip)
    }

    /// What is left of `gross`.
    pub(super) fn net(&self, gross: i64) -> i64 {
        let costs = [self.flash_fee, self.base_fee, self.priority_fee, self.tip];
        let net = costs.into_iter().map(i128::from).fold(i128::from(gross), i128::saturating_sub);
        i64::try_from(net).unwrap_or(if net < 0 { i64::MIN } else { i64::MAX })
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "tests may panic")]
mod tests {
    use super::*;

    #[test]
    fn every_cost_is_counted_once() {
        let terms = Terms { units: 9, base_fee: 5000, priority_fee: 30, flash_fee: 200, tip: 1000 };
        assert_eq!((terms.needed(100), terms.spent()), (Some(6330), 6030));
        assert_eq!((terms.net(6230), terms.net(0)), (0, -6230));
        assert_eq!(Terms { tip: u64::MAX, ..terms }.needed(1), None);
        assert_eq!(Terms { tip: u64::MAX, ..terms }.net(i64::MIN), i64::MIN);
        let measured = terms.with_units(1_000_001, 1).unwrap();
        assert_eq!((measured.units, measured.priority_fee, measured.tip), (1_000_001, 2, 1000));
        assert_eq!(terms.with_units(0, 1), Err(Reject::ComputeUnits));
        assert_eq!(terms.with_units(COMPUTE_UNITS_MAX + 1, 1), Err(Reject::ComputeUnits));
        assert_eq!(terms.with_units(1_400_000, u64::MAX), Err(Reject::FeesDiffer));
    }
}
