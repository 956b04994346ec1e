//! The fee rate along a walk, which may change from one group of ticks to the next.
//!
//! Source: raydium-io/raydium-clmm, programs/amm/src/instructions/swap.rs (`get_total_fee_rate`,
//! `get_spacing_bounded_price`, `update_dynamic_fee_index`) and states/pool_fee.rs @03b44b7.

use crate::record::Pool;

use super::super::around::Moment;
use super::super::orca_whirlpool::{TICK_MAX, TICK_MIN};
use super::super::quote::Fault;
use super::super::volatility::Volatility;
use super::step::PPM;

/// states/pool_fee.rs: the scale of the accumulator squared times that of the control.
const SCALE: u64 = 10_000_000_000_000;
/// states/pool_fee.rs `MAX_FEE_RATE_NUMERATOR`; it does not bind a fee that does not change.
const RATE_MAX_PPM: u64 = 100_000;

/// The fee rates of one swap.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fees {
    base_ppm: u64,
    /// Ticks of one group.
    group: i32,
    volatility: Option<Volatility>,
}

/// The rate of one group of ticks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    pub(super) ppm: u64,
    pub(super) accumulator: u32,
    /// The tick at which the next rate begins, in the direction of the walk; `None` when the rate
    /// holds as far as the next stop.
    pub(super) until: Option<i32>,
}

impl Fees {
    /// At the start of a swap.
    #[inline]
    pub(super) fn start(pool: &Pool, now: Moment) -> Result<Self, Fault> {
        let base_ppm = Some(pool.fee_num).filter(|_| pool.fee_den == PPM).ok_or(Fault::Fee)?;
        if base_ppm >= PPM {
            return Err(Fault::Fee);
        }
        let mut fees = Self { base_ppm, group: pool.vol_group.into(), volatility: None };
        if pool.present & Pool::VOLATILITY != 0 {
            let index = pool.tick.checked_div_euclid(fees.group).ok_or(Fault::State)?;
            fees.volatility = Some(Volatility::start(pool, index, now)?);
        }
        Ok(fees)
    }

    /// The group that `tick` is of; always 0 where the rate does not change.
    #[inline]
    pub(super) fn group_of(&self, tick: i32) -> i32 {
        if self.volatility.is_some() { tick.checked_div_euclid(self.group).unwrap_or(0) } else { 0 }
    }

    /// The rate of group `index` for a walk with `liquidity`.
    #[inline]
    pub(super) fn rate(&self, index: i32, liquidity: u128, a_to_b: bool) -> Result<Rate, Fault> {
        let Some(volatility) = &self.volatility else {
            return Ok(Rate { ppm: self.base_ppm, accumulator: 0, until: None });
        };
        let accumulator = volatility.at(index);
        let step = u32::try_from(self.group).map_err(|_| Fault::State)?;
        let variable = volatility.fee(accumulator, step, SCALE).ok_or(Fault::Overflow)?;
        let ppm = u128::from(self.base_ppm).saturating_add(variable).min(RATE_MAX_PPM.into());
        let ppm = u64::try_from(ppm).map_err(|_| Fault::Overflow)?;
        let until = (liquidity != 0 && accumulator != volatility.max).then(|| {
            let next = if a_to_b { index } else { index.saturating_add(1) };
            next.saturating_mul(self.group).clamp(TICK_MIN, TICK_MAX)
        });
        Ok(Rate { ppm, accumulator, until })
    }

    /// Where volatility stands after a step with `rate` that ended at `tick`: the accumulator, and
    /// the group of the next step.
    #[inline]
    pub(super) fn after(&self, rate: &Rate, index: i32, tick: i32, a_to_b: bool) -> (u32, i32) {
        let Some(volatility) = &self.volatility else { return (0, 0) };
        let (mut accumulator, mut index) = (rate.accumulator, index);
        if rate.until.is_none() {
            // Groups were skipped. The lowest tick of a group is the end of the one below.
            let on_edge = tick.checked_rem_euclid(self.group) == Some(0);
            index = self.group_of(tick).saturating_sub(i32::from(on_edge && !a_to_b));
            if accumulator != volatility.max {
                accumulator = volatility.at(index);
            }
        }
        (accumulator, index.saturating_add(if a_to_b { -1 } else { 1 }))
    }

    /// Leaves the volatility of a swap that ended with `accumulator` in its pool's record.
    pub(super) fn leave(&self, pool: &mut Pool, accumulator: u32) {
        if let Some(volatility) = &self.volatility {
            volatility.leave(pool, accumulator);
        }
    }
}
