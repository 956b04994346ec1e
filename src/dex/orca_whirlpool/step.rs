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

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "test fixtures")]
mod tests {
    use super::super::super::model::shared;
    use super::*;

    fn leg(exact: Exact, a_to_b: bool, remaining: u64) -> Leg {
        let (liquidity, sqrt_price) = (1 << 40, 1 << 64);
        Leg { exact, a_to_b, remaining, fee_ppm: 3000, liquidity, sqrt_price }
    }

    /// The three ranges of `cpmm_clmm` in the shared vectors, worked by an independent model.
    #[test]
    fn steps_of_the_shared_vectors() {
        let Some(text) = shared("vectors/arb.json") else { return };
        let vectors: serde_json::Value = serde_json::from_str(&text).unwrap();
        let case = &vectors["cpmm_clmm"];
        let number = |value: &serde_json::Value| value.as_str().unwrap().parse::<u128>().unwrap();
        let narrow = |value| u64::try_from(number(value)).unwrap();
        let mut leg = Leg {
            exact: Exact::In,
            a_to_b: false,
            remaining: narrow(&case["best_legs"][0]),
            fee_ppm: 400,
            liquidity: 0,
            sqrt_price: number(&case["clmm"]["sqrt_price"]),
        };
        let ranges = case["clmm"]["ranges"].as_array().unwrap();
        let (mut out, steps) = (0, case["steps"].as_array().unwrap());
        assert_eq!((ranges.len(), steps.len()), (3, 3));
        for (range, expected) in ranges.iter().zip(steps) {
            leg.liquidity = number(&range["liquidity"]);
            let step = leg.towards(number(&range["target_sqrt_price"])).unwrap();
            let seen = (step.amount_in, step.amount_out, step.fee, step.sqrt_price);
            let [amount_in, amount_out, fee] =
                ["in", "out", "fee"].map(|name| narrow(&expected[name]));
            assert_eq!(seen, (amount_in, amount_out, fee, number(&expected["sqrt_price"])));
            (leg.remaining, leg.sqrt_price) =
                (leg.remaining - step.amount_in - step.fee, step.sqrt_price);
            out += step.amount_out;
        }
        assert_eq!((leg.remaining, out), (0, narrow(&case["best_legs"][1])));
    }

    #[test]
    fn a_step_without_liquidity_moves_the_price_and_nothing_else() {
        for (exact, a_to_b) in [(Exact::In, true), (Exact::In, false), (Exact::Out, true)] {
            let mut leg = leg(exact, a_to_b, 1000);
            leg.liquidity = 0;
            let target = if a_to_b { 1 << 63 } else { 1 << 65 };
            let step = Step { amount_in: 0, amount_out: 0, fee: 0, sqrt_price: target };
            assert_eq!(leg.towards(target), Ok(step));
        }
    }

    #[test]
    fn an_amount_that_the_fee_eats_moves_nothing() {
        let step = leg(Exact::In, true, 1).towards(1 << 63).unwrap();
        assert_eq!(step, Step { amount_in: 0, amount_out: 0, fee: 1, sqrt_price: 1 << 64 });
    }

    #[test]
    fn numbers_that_the_program_cannot_hold_are_refused() {
        let mut wide = leg(Exact::In, true, u64::MAX);
        (wide.liquidity, wide.sqrt_price) = (u128::MAX, SQRT_PRICE_MAX);
        assert_eq!(wide.towards(SQRT_PRICE_MIN), Err(Fault::Overflow));
        // The other side, which is not exact, leaves 64 bits.
        (wide.a_to_b, wide.liquidity, wide.sqrt_price) = (false, 1 << 64, SQRT_PRICE_MIN);
        assert_eq!(wide.towards(SQRT_PRICE_MAX), Err(Fault::Overflow));
        let mut out = leg(Exact::Out, false, u64::MAX);
        out.liquidity = 1 << 20;
        assert_eq!(out.towards(SQRT_PRICE_MAX).map(|step| step.sqrt_price), Ok(SQRT_PRICE_MAX));
        out.fee_ppm = PPM + 1;
        assert_eq!(out.towards(1 << 65), Err(Fault::Fee));
    }
}
