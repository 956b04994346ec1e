//! Volatility: what a fee that follows the price's moves is made of.
//!
//! ```text
//! reference ----- |index - from| * 10000 ----> accumulator, at most max
//!                                              fee = ceil(control * (accumulator * step)^2 / scale)
//! ```
//!
//! An index numbers groups of ticks, or bins. Where a swap begins, the reference and the index that
//! moves are measured from are renewed by the time since they last were: kept within the filter's
//! seconds, reduced within the decay's, forgotten after. So a swap needs to know its moment, unless
//! all three come to the same or the fee does not listen.
//!
//! Raydium CLMM (programs/amm/src/states/pool_fee.rs @03b44b7) and Meteora DLMM
//! (commons/src/extensions/lb_pair.rs @fb02e51) have the same rule and each a scale of its own.

use crate::record::Pool;

use super::around::Moment;
use super::quote::Fault;

/// What one index adds to the accumulator; parts of the reduction.
const UNIT: u32 = 10_000;

/// The references of one swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Volatility {
    reference: u32,
    from: i32,
    control: u32,
    pub(super) max: u32,
    /// Unix seconds at which they were renewed.
    last_s: u64,
}

impl Volatility {
    /// As a swap at `now` that begins at `index` renews them.
    #[inline]
    pub(super) fn start(pool: &Pool, index: i32, now: Moment) -> Result<Self, Fault> {
        let with = |reference, from, last_s| Self {
            reference,
            from,
            control: pool.vol_control,
            max: pool.vol_max,
            last_s,
        };
        let kept = with(pool.vol_ref, pool.vol_index, pool.vol_last_s);
        let reduced = u64::from(pool.vol_acc).saturating_mul(pool.vol_reduction_bps.into());
        let reduced =
            reduced.checked_div(UNIT.into()).and_then(|reduced| u32::try_from(reduced).ok());
        let reduced = reduced.ok_or(Fault::Overflow)?;
        if now.unix_s == 0 {
            let alike = reduced == 0 && kept.reference == 0 && kept.from == index;
            return if alike || !kept.listens() { Ok(kept) } else { Err(Fault::Moment) };
        }
        let elapsed_s = now.unix_s.saturating_sub(pool.vol_last_s);
        Ok(if elapsed_s < pool.vol_filter_s.into() {
            kept
        } else if elapsed_s < pool.vol_decay_s.into() {
            with(reduced, index, now.unix_s)
        } else {
            with(0, index, now.unix_s)
        })
    }

    /// The same where only a swap that changes the bin counts as a change at `now`.
    #[inline]
    pub(super) fn changed(self, pool: &Pool, now: Moment, moved: bool) -> Self {
        let last_s = if moved && now.unix_s != 0 { now.unix_s } else { pool.vol_last_s };
        Self { last_s, ..self }
    }

    /// Whether the fee depends on it.
    #[inline]
    fn listens(&self) -> bool {
        self.control != 0 && self.max != 0
    }

    /// The accumulator at `index`.
    #[inline]
    pub(super) fn at(&self, index: i32) -> u32 {
        let moved = u64::from(self.from.abs_diff(index)).saturating_mul(UNIT.into());
        let sum = u64::from(self.reference).saturating_add(moved).min(self.max.into());
        u32::try_from(sum).unwrap_or(self.max)
    }

    /// [`variable_fee`] of its control.
    #[inline]
    pub(super) fn fee(&self, accumulator: u32, step: u32, scale: u64) -> Option<u128> {
        variable_fee(self.control, accumulator, step, scale)
    }

    /// Leaves them in the record of a pool whose swap ended with `accumulator`.
    pub(super) fn leave(&self, pool: &mut Pool, accumulator: u32) {
        (pool.vol_ref, pool.vol_index, pool.vol_acc) = (self.reference, self.from, accumulator);
        pool.vol_last_s = self.last_s;
    }
}

/// `ceil(control * (accumulator * step)^2 / scale)`; `None` above 128 bits.
#[inline]
pub(super) fn variable_fee(control: u32, accumulator: u32, step: u32, scale: u64) -> Option<u128> {
    let moved = u128::from(accumulator).checked_mul(step.into())?;
    let parts = moved.checked_mul(moved)?.checked_mul(control.into())?;
    // Mostly it fits into 64 bits, where a division takes a fraction of the time.
    if let Ok(parts) = u64::try_from(parts) {
        return parts
            .checked_div(scale)?
            .checked_add(u64::from(parts.checked_rem(scale)? != 0))
            .map(u128::from);
    }
    crate::math::muldiv::div_ceil(parts, scale.into())
}
