//! One step of a swap: constant liquidity from one square-root price towards another.
//!
//! Source: math/swap_math.rs, math/token_math.rs (facts/dex.md 3 "Swap step", with the fee on the
//! input). Amounts that go in are rounded up, amounts that come out are rounded down.

use crate::math::muldiv::{div_ceil, div_ceil_wide, mul_div_ceil, mul_div_floor};
use crate::math::wide::{U256, mul_wide, to_u128};
use crate::record::Exact;

use super::super::quote::Fault;
use super::tick::{SQRT_PRICE_MAX, SQRT_PRICE_MIN};

/// Parts of a fee rate: 100 %.
pub(super) const PPM: u64 = 1_000_000;

/// The result of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) amount_in: u64,
    pub(super) amount_out: u64,
    pub(super) fee: u64,
    pub(super) sqrt_price: u128,
}

/// What is left of an order, and where it trades.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leg {
    pub(super) exact: Exact,
    pub(super) a_to_b: bool,
    pub(super) remaining: u64,
    pub(super) fee_ppm: u64,
    pub(super) liquidity: u128,
    pub(super) sqrt_price: u128,
}

impl Leg {
    /// Trades until `target` is reached or nothing remains.
    ///
    /// # Errors
    /// [`Fault::Overflow`] where the program's numbers overflow too.
    #[inline]
    pub(super) fn towards(&self, target: u128) -> Result<Step, Fault> {
        let (exact_in, start) = (self.exact == Exact::In, self.sqrt_price);
        let kept = PPM.checked_sub(self.fee_ppm).ok_or(Fault::Fee)?;
        // What can move along the curve.
        let budget = if exact_in {
            mul_div_floor(self.remaining, kept, PPM).ok_or(Fault::Overflow)?
        } else {
            self.remaining
        };
        // The exact side is token a when a goes in exactly or comes out exactly.
        let exact_a = self.a_to_b == exact_in;
        let exact_delta = |to| self.delta(exact_a, start, to, exact_in);
        let other_delta = |to| self.delta(!exact_a, start, to, !exact_in);
        let whole = exact_delta(target)?;
        let reached = whole.is_some_and(|whole| whole <= budget);
        let end = if reached { target } else { self.price_after(exact_a, budget)? };
        let other = other_delta(end)?.ok_or(Fault::Overflow)?;
        let moved = match whole {
            Some(whole) if end == target => whole,
            _ => exact_delta(end)?.ok_or(Fault::Overflow)?,
        };
        let (amount_in, amount_out) =
            if exact_in { (moved, other) } else { (other, moved.min(self.remaining)) };
        let fee = if exact_in && end != target {
            self.remaining.checked_sub(amount_in).ok_or(Fault::Overflow)?
        } else {
            mul_div_ceil(amount_in, self.fee_ppm, kept).ok_or(Fault::Overflow)?
        };
        Ok(Step { amount_in, amount_out, fee, sqrt_price: end })
    }

    /// How much of token a (or b) lies between two prices; `None` above 64 bits.
    fn delta(&self, of_a: bool, from: u128, to: u128, up: bool) -> Result<Option<u64>, Fault> {
        let (low, high) = (from.min(to), from.max(to));
        let apart = high.checked_sub(low).ok_or(Fault::State)?;
        let amount = if of_a {
            // L * 2^64 * (high - low) / (high * low)
            let (n, d) = (scaled(self.liquidity, apart)?, mul_wide(high, low));
            if up { div_ceil_wide(n, d) } else { n.checked_div(d).and_then(|q| to_u128(&q)) }
        } else {
            // L * (high - low) / 2^64, whose product the program keeps to 128 bits
            let product = self.liquidity.checked_mul(apart);
            product.and_then(|product| {
                let part = product & u128::from(u64::MAX) != 0;
                (product >> 64).checked_add(u128::from(up && part))
            })
        };
        Ok(amount.and_then(|amount| u64::try_from(amount).ok()))
    }

    /// The price after `amount` of the exact side moved, rounded so that the pool gains.
    fn price_after(&self, exact_a: bool, amount: u64) -> Result<u128, Fault> {
        let exact_in = self.exact == Exact::In;
        let price = if exact_a {
            if amount == 0 {
                return Ok(self.sqrt_price);
            }
            // L * 2^64 * P / (L * 2^64 +- amount * P), rounded up
            let n = scaled(self.liquidity, self.sqrt_price)?;
            let moved = mul_wide(self.sqrt_price, u128::from(amount));
            let held = mul_wide(self.liquidity, 1 << 64);
            let d = if exact_in { held.checked_add(moved) } else { held.checked_sub(moved) };
            let price = div_ceil_wide(n, d.ok_or(Fault::Reserve)?).ok_or(Fault::Overflow)?;
            Some(price).filter(|price| (SQRT_PRICE_MIN..=SQRT_PRICE_MAX).contains(price))
        } else {
            // P +- amount * 2^64 / L: down when b comes in, up when it goes out
            let shift = u128::from(amount) << 64;
            if exact_in {
                let up = shift.checked_div(self.liquidity).ok_or(Fault::Overflow)?;
                self.sqrt_price.checked_add(up)
            } else {
                let down = div_ceil(shift, self.liquidity).ok_or(Fault::Overflow)?;
                self.sqrt_price.checked_sub(down)
            }
        };
        price.ok_or(Fault::Overflow)
    }
}

/// `a * b * 2^64`, which the program keeps to 256 bits.
fn scaled(a: u128, b: u128) -> Result<U256, Fault> {
    mul_wide(a, b).checked_shl(64).ok_or(Fault::Overflow)
}
