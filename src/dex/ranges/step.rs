//! One step of a swap: constant liquidity from one square-root price towards another.
//!
//! Source: orca-so/whirlpools math/{swap_math.rs, token_math.rs} @964f84d, raydium-io/raydium-clmm
//! programs/amm/src/libraries/{swap_math.rs, liquidity_math.rs, sqrt_price_math.rs} @03b44b7
//! (facts/dex.md 3 "Swap step"). Amounts that go in are rounded up, amounts that come out are
//! rounded down.

use crate::math::muldiv::{div_ceil, div_ceil_wide, mul_div_ceil, mul_div_floor};
use crate::math::wide::{U256, U384, mul_wide, to_u128};
use crate::record::Exact;

use super::super::quote::Fault;
use super::super::segment::divide;
use super::Rule;

/// Parts of a fee rate: 100 %.
pub(in super::super) const PPM: u64 = 1_000_000;

/// The result of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// What reaches the curve.
    pub(super) amount_in: u64,
    /// What the user gets.
    pub(super) amount_out: u64,
    /// What is taken beside `amount_in`; 0 where the fee is taken from the output.
    pub(super) fee_in: u64,
    pub(super) sqrt_price: u128,
}

/// What is left of an order, and where it trades.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leg {
    pub(super) exact: Exact,
    pub(super) a_to_b: bool,
    pub(super) remaining: u64,
    pub(super) fee_ppm: u64,
    pub(super) fee_on_input: bool,
    pub(super) liquidity: u128,
    pub(super) sqrt_price: u128,
}

impl Leg {
    /// Trades until `target` is reached or nothing remains.
    ///
    /// # Errors
    /// [`Fault::Overflow`] where the program's numbers overflow too.
    #[inline]
    pub(super) fn towards<R: Rule>(&self, target: u128) -> Result<Step, Fault> {
        let (exact_in, start) = (self.exact == Exact::In, self.sqrt_price);
        let kept = PPM.checked_sub(self.fee_ppm).ok_or(Fault::Fee)?;
        // What can move along the curve.
        let budget = match (exact_in, self.fee_on_input) {
            (true, true) => mul_div_floor(self.remaining, kept, PPM).ok_or(Fault::Overflow)?,
            (false, false) => mul_div_ceil(self.remaining, PPM, kept).ok_or(Fault::Overflow)?,
            _ => self.remaining,
        };
        // The exact side is token a when a goes in exactly or comes out exactly.
        let exact_a = self.a_to_b == exact_in;
        let exact_delta = |to| self.delta::<R>(exact_a, start, to, exact_in);
        let whole = exact_delta(target)?;
        let reached = whole.is_some_and(|whole| whole <= budget);
        let end = if reached { target } else { self.price_after::<R>(exact_a, budget)? };
        let other = self.delta::<R>(!exact_a, start, end, !exact_in)?.ok_or(Fault::Overflow)?;
        let moved = match whole {
            Some(whole) if end == target => whole,
            _ => exact_delta(end)?.ok_or(Fault::Overflow)?,
        };
        let (amount_in, gross_out) = if exact_in { (moved, other) } else { (other, moved) };
        if self.fee_on_input {
            self.fee_from_input(amount_in, gross_out, end, end == target)
        } else {
            self.fee_from_output(amount_in, gross_out, end, end == target)
        }
    }

    /// The step with its fee on top of what reaches the curve.
    #[inline]
    fn fee_from_input(
        &self,
        amount_in: u64,
        out: u64,
        end: u128,
        whole: bool,
    ) -> Result<Step, Fault> {
        let exact_in = self.exact == Exact::In;
        let fee_in = if exact_in && !whole {
            self.remaining.checked_sub(amount_in)
        } else {
            mul_div_ceil(amount_in, self.fee_ppm, PPM.saturating_sub(self.fee_ppm))
        };
        let fee_in = fee_in.ok_or(Fault::Overflow)?;
        let amount_out = if exact_in { out } else { out.min(self.remaining) };
        Ok(Step { amount_in, amount_out, fee_in, sqrt_price: end })
    }

    /// The step with its fee out of what the curve gives: an exact input that does not reach the
    /// target goes in whole, and an exact output is never exceeded.
    #[inline]
    fn fee_from_output(
        &self,
        amount_in: u64,
        out: u64,
        end: u128,
        whole: bool,
    ) -> Result<Step, Fault> {
        let fee = mul_div_ceil(out, self.fee_ppm, PPM).ok_or(Fault::Overflow)?;
        let net = out.checked_sub(fee).ok_or(Fault::Overflow)?;
        let (amount_in, amount_out) = match self.exact {
            Exact::In if !whole => (self.remaining, net),
            Exact::In => (amount_in, net),
            Exact::Out => (amount_in, net.min(self.remaining)),
        };
        Ok(Step { amount_in, amount_out, fee_in: 0, sqrt_price: end })
    }

    /// How much of token a (or b) lies between two prices; `None` above 64 bits.
    #[inline]
    fn delta<R: Rule>(
        &self,
        of_a: bool,
        from: u128,
        to: u128,
        up: bool,
    ) -> Result<Option<u64>, Fault> {
        let (low, high) = (from.min(to), from.max(to));
        let apart = high.checked_sub(low).ok_or(Fault::State)?;
        let product = mul_wide(self.liquidity, apart);
        let amount = if of_a {
            // L * 2^64 * (high - low) / (high * low)
            scaled_over::<R>(product, mul_wide(high, low), up)?
        } else {
            // L * (high - low) / 2^64: what needs more than 128 bits gives more than 64.
            to_u128(&product).and_then(|product| {
                let part = product & u128::from(u64::MAX) != 0;
                (product >> 64).checked_add(u128::from(up && part))
            })
        };
        Ok(amount.and_then(|amount| u64::try_from(amount).ok()))
    }

    /// The price after `amount` of the exact side moved, rounded so that the pool gains.
    #[inline]
    fn price_after<R: Rule>(&self, exact_a: bool, amount: u64) -> Result<u128, Fault> {
        let exact_in = self.exact == Exact::In;
        let price = if exact_a {
            if amount == 0 {
                return Ok(self.sqrt_price);
            }
            // L * 2^64 * P / (L * 2^64 +- amount * P), rounded up
            let moved = mul_wide(self.sqrt_price, u128::from(amount));
            let held = mul_wide(self.liquidity, 1 << 64);
            let d = if exact_in { held.checked_add(moved) } else { held.checked_sub(moved) };
            let d = d.ok_or(Fault::Reserve)?;
            scaled_over::<R>(mul_wide(self.liquidity, self.sqrt_price), d, true)?
                .filter(|price| R::PRICES.contains(price))
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

/// `n * 2^64 / d`; `None` above 128 bits.
#[inline]
fn scaled_over<R: Rule>(n: U256, d: U256, up: bool) -> Result<Option<u128>, Fault> {
    match n.checked_shl(64) {
        Some(n) if up => Ok(div_ceil_wide(n, d)),
        Some(n) => Ok(n.checked_div(d).and_then(|quotient| to_u128(&quotient))),
        None if R::NARROW => Err(Fault::Overflow),
        None => Ok(divide(U384::from(n).wrapping_shl(64), U384::from(d), up)),
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "test fixtures")]
mod tests {
    use super::super::super::model::shared;
    use super::super::super::orca_whirlpool::{Orca, SQRT_PRICE_MAX, SQRT_PRICE_MIN};
    use super::*;

    fn leg(exact: Exact, a_to_b: bool, remaining: u64) -> Leg {
        let (liquidity, sqrt_price) = (1 << 40, 1 << 64);
        Leg { exact, a_to_b, remaining, fee_ppm: 3000, fee_on_input: true, liquidity, sqrt_price }
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
            fee_on_input: true,
            liquidity: 0,
            sqrt_price: number(&case["clmm"]["sqrt_price"]),
        };
        let ranges = case["clmm"]["ranges"].as_array().unwrap();
        let (mut out, steps) = (0, case["steps"].as_array().unwrap());
        assert_eq!((ranges.len(), steps.len()), (3, 3));
        for (range, expected) in ranges.iter().zip(steps) {
            leg.liquidity = number(&range["liquidity"]);
            let step = leg.towards::<Orca>(number(&range["target_sqrt_price"])).unwrap();
            let seen = (step.amount_in, step.amount_out, step.fee_in, step.sqrt_price);
            let [amount_in, amount_out, fee] =
                ["in", "out", "fee"].map(|name| narrow(&expected[name]));
            assert_eq!(seen, (amount_in, amount_out, fee, number(&expected["sqrt_price"])));
            (leg.remaining, leg.sqrt_price) =
                (leg.remaining - step.amount_in - step.fee_in, step.sqrt_price);
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
            let step = Step { amount_in: 0, amount_out: 0, fee_in: 0, sqrt_price: target };
            assert_eq!(leg.towards::<Orca>(target), Ok(step));
        }
    }

    #[test]
    fn an_amount_that_the_fee_eats_moves_nothing() {
        let step = leg(Exact::In, true, 1).towards::<Orca>(1 << 63).unwrap();
        assert_eq!(step, Step { amount_in: 0, amount_out: 0, fee_in: 1, sqrt_price: 1 << 64 });
    }

    #[test]
    fn numbers_that_the_program_cannot_hold_are_refused() {
        let mut wide = leg(Exact::In, true, u64::MAX);
        (wide.liquidity, wide.sqrt_price) = (u128::MAX, SQRT_PRICE_MAX);
        assert_eq!(wide.towards::<Orca>(SQRT_PRICE_MIN), Err(Fault::Overflow));
        // The other side, which is not exact, leaves 64 bits.
        (wide.a_to_b, wide.liquidity, wide.sqrt_price) = (false, 1 << 64, SQRT_PRICE_MIN);
        assert_eq!(wide.towards::<Orca>(SQRT_PRICE_MAX), Err(Fault::Overflow));
        let mut out = leg(Exact::Out, false, u64::MAX);
        out.liquidity = 1 << 20;
        assert_eq!(
            out.towards::<Orca>(SQRT_PRICE_MAX).map(|step| step.sqrt_price),
            Ok(SQRT_PRICE_MAX)
        );
        out.fee_ppm = PPM + 1;
        assert_eq!(out.towards::<Orca>(1 << 65), Err(Fault::Fee));
    }
}
