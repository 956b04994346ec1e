//! The base fee of a pool of DAMM v2 or DBC: constant, or on its way to become so.
//!
//! | mode | fee |
//! |---|---|
//! | 0, 1 | falls by time, from `cliff` on, `periods` times: by `reduction`, or to `1 - reduction / 10^4` of it |
//! | 2 | `cliff`, and more of large amounts of b until `duration` is over |
//! | 3, 4 | falls as the price rises, until `duration` is over (DAMM v2 alone) |
//!
//! A record holds one fee: that of a schedule which is over, or which never was one. Else the pool
//! is unsupported, and its fee the one that the schedule begins with.
//!
//! Source: MeteoraAg/damm-v2 programs/cp-amm/src/{base_fee, math/fee_math.rs} @a3d3827,
//! MeteoraAg/dynamic-bonding-curve programs/dynamic-bonding-curve/src/base_fee @b4f9547.

use super::super::accounts::{AccountFault, Unsupported};
use super::super::meteora_dlmm::power;
use crate::record::Pool;

/// Parts of a fee rate.
pub(in super::super) const FEE_DEN: u64 = 1_000_000_000;
const BPS: u64 = 10_000;

/// How the fee moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Moves {
    /// Not at all.
    Never,
    /// At every `frequency` points until there were `periods`.
    ByTime { frequency: u64 },
    /// With the price until `duration` points are over; then it is that of the last period.
    ByPrice { duration: u64 },
    /// With the amount until `duration` points are over; then it is the first again.
    ByAmount { duration: u64 },
}

/// A base fee.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct BaseFee {
    pub(in super::super) moves: Moves,
    /// The first fee, parts of 10^9.
    pub(in super::super) cliff: u64,
    pub(in super::super) periods: u16,
    pub(in super::super) reduction: u64,
    /// Each period leaves a part of the fee instead of taking an amount from it.
    pub(in super::super) exponential: bool,
}

impl BaseFee {
    /// The fee after the last period.
    fn last(&self) -> Option<u64> {
        if self.reduction == 0 {
            return Some(self.cliff);
        }
        if !self.exponential {
            return self.cliff.checked_sub(self.reduction.checked_mul(self.periods.into())?);
        }
        let part = u128::from(self.reduction).checked_shl(64)?.checked_div(BPS.into())?;
        let left = power((1u128 << 64).checked_sub(part)?, self.periods.into())?;
        u64::try_from(left.checked_mul(self.cliff.into())? >> 64).ok()
    }

    /// The fee at the point `now`, and whether it stays; `None` when it has none.
    fn settled(&self, opened: u64, now: Option<u64>) -> Option<(u64, bool)> {
        let now = now.unwrap_or(0);
        let past =
            |duration: u64| u128::from(now) > u128::from(opened).saturating_add(duration.into());
        match self.moves {
            Moves::Never => Some((self.cliff, true)),
            Moves::ByTime { frequency } => {
                let whole = u128::from(frequency).checked_mul(self.periods.into())?;
                let over = u128::from(now) >= whole.checked_add(opened.into())?;
                Some(if over { (self.last()?, true) } else { (self.cliff, false) })
            }
            Moves::ByPrice { duration } if past(duration) => Some((self.last()?, true)),
            Moves::ByPrice { .. } => Some((self.cliff, false)),
            Moves::ByAmount { duration } => Some((self.cliff, past(duration))),
        }
    }

    /// Writes the fee, at most `max`, into `pool`, which opened at the point `opened`. `now` is a
    /// point, slot or second as the pool counts, that is not after the present.
    pub(in super::super) fn fill(
        &self,
        pool: &mut Pool,
        max: u64,
        opened: u64,
        now: Option<u64>,
    ) -> Result<Option<Unsupported>, AccountFault> {
        let (fee, stays) = self.settled(opened, now).ok_or(AccountFault::Fee)?;
        (pool.fee_num, pool.fee_den) = (fee.min(max), FEE_DEN);
        Ok((!stays).then_some(Unsupported::FeeSchedule))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEE: BaseFee = BaseFee {
        moves: Moves::Never,
        cliff: 500_000_000,
        periods: 10,
        reduction: 40_000_000,
        exponential: false,
    };

    #[test]
    fn a_schedule_ends_with_its_last_period() {
        let linear = BaseFee { moves: Moves::ByTime { frequency: 60 }, ..FEE };
        assert_eq!(linear.settled(1000, Some(1599)), Some((500_000_000, false)));
        assert_eq!(linear.settled(1000, Some(1600)), Some((100_000_000, true)));
        assert_eq!(linear.settled(1000, None), Some((500_000_000, false)));
        let exponential = BaseFee { exponential: true, reduction: 1000, ..linear };
        // 0.9^10 of a half, rounded down at each of the program's steps.
        assert_eq!(exponential.settled(1000, Some(9999)), Some((174_339_220, true)));
        let sinks = BaseFee { reduction: 50_000_001, ..linear };
        assert_eq!(sinks.settled(0, Some(600)), None);
        assert_eq!(BaseFee { exponential: true, reduction: 10_001, ..linear }.last(), None);
        assert_eq!(BaseFee { exponential: true, reduction: 0, ..linear }.last(), Some(500_000_000));
    }

    #[test]
    fn limits_by_price_and_by_amount_end() {
        let price = BaseFee { moves: Moves::ByPrice { duration: 60 }, ..FEE };
        assert_eq!(price.settled(1000, Some(1060)), Some((500_000_000, false)));
        assert_eq!(price.settled(1000, Some(1061)), Some((100_000_000, true)));
        let amount = BaseFee { moves: Moves::ByAmount { duration: 60 }, ..FEE };
        assert_eq!(amount.settled(1000, Some(1060)), Some((500_000_000, false)));
        assert_eq!(amount.settled(1000, Some(1061)), Some((500_000_000, true)));
        assert_eq!(FEE.settled(u64::MAX, None), Some((500_000_000, true)));
    }

    #[test]
    fn a_record_holds_the_fee_and_what_it_lacks() {
        let mut pool = Pool::new(0);
        let price = BaseFee { moves: Moves::ByPrice { duration: 60 }, ..FEE };
        let open = price.fill(&mut pool, 400_000_000, 5, Some(9));
        assert_eq!((open, pool.fee_num), (Ok(Some(Unsupported::FeeSchedule)), 400_000_000));
        assert_eq!(price.fill(&mut pool, 400_000_000, 5, Some(99)), Ok(None));
        assert_eq!((pool.fee_num, pool.fee_den), (100_000_000, FEE_DEN));
    }
}
