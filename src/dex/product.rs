//! The constant-product curve: `x * y` never falls.

use crate::ids::Venue;
use crate::math::muldiv::{mul_div_ceil, mul_div_floor, mul_div_floor_u128};
use crate::record::{Exact, Pool, PoolStatus};

use super::around::Around;
use super::quote::{Fault, Order, Quote, State, Swapped};

/// What `net_in` gives: `floor(r_out * net_in / (r_in + net_in))`, always below `r_out`.
#[inline]
pub(super) fn out_for(r_in: u64, r_out: u64, net_in: u64) -> Result<u64, Fault> {
    if r_in == 0 || r_out == 0 {
        return Err(Fault::ZeroReserve);
    }
    if let Some(depth) = r_in.checked_add(net_in) {
        return mul_div_floor(r_out, net_in, depth).ok_or(Fault::Overflow);
    }
    let [r_in, r_out, net_in] = [r_in, r_out, net_in].map(u128::from);
    let depth = r_in.checked_add(net_in).ok_or(Fault::Overflow)?;
    let out = mul_div_floor_u128(r_out, net_in, depth).ok_or(Fault::Overflow)?;
    u64::try_from(out).map_err(|_| Fault::Overflow)
}

/// What `out` needs: `ceil(r_in * out / (r_out - out))`, the smallest input that gives it.
#[inline]
pub(super) fn in_for(r_in: u64, r_out: u64, out: u64) -> Result<u64, Fault> {
    if r_in == 0 || r_out == 0 {
        return Err(Fault::ZeroReserve);
    }
    let left = r_out.checked_sub(out).filter(|left| *left > 0).ok_or(Fault::Reserve)?;
    mul_div_ceil(r_in, out, left).ok_or(Fault::Overflow)
}

/// A pool in one direction, taken from its record once for many questions: a swap whose fee,
/// `ceil(in * num / den)`, stays in the pool (raydium-amm's processor.rs `process_swap_base_in_v2` and
/// `_out_v2` @27f461d, and the feed's rule).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Product {
    r_in: u64,
    r_out: u64,
    fee_num: u64,
    fee_den: u64,
    /// What is left of `fee_den` after the fee, never 0.
    kept: u64,
}

impl Product {
    /// `pool` in one direction, if its venue has this rule and swaps there are switched on.
    #[inline]
    pub fn of(pool: &Pool, a_to_b: bool) -> Option<Self> {
        let venue = Venue::from_number(pool.venue)?;
        let is_open = pool.status != PoolStatus::Unsupported as u8
            && pool.status != PoolStatus::Disabled as u8;
        (is_open && super::spec(venue).is_product).then(|| Self::read(pool, a_to_b).ok())?
    }

    fn read(pool: &Pool, a_to_b: bool) -> Result<Self, Fault> {
        let (r_in, r_out) = State::of(pool).reserves(a_to_b);
        let (fee_num, fee_den) = (pool.fee_num, pool.fee_den);
        let kept = fee_den.checked_sub(fee_num).filter(|kept| *kept > 0).ok_or(Fault::Fee)?;
        Ok(Self { r_in, r_out, fee_num, fee_den, kept })
    }

    /// What `amount_in` gives: the output of [`quote_in`](super::quote_in).
    ///
    /// # Errors
    /// The first rule that forbids the swap.
    #[inline]
    pub fn out(&self, amount_in: u64) -> Result<u64, Fault> {
        if amount_in == 0 {
            return Err(Fault::ZeroAmount);
        }
        let (out, _) = self.give(amount_in)?;
        self.after(amount_in, out).map(|_| out)
    }

    /// The smallest input that gives `amount_out`: that of [`min_in`](super::min_in).
    ///
    /// # Errors
    /// The first rule that forbids the swap.
    #[inline]
    pub fn min_in(&self, amount_out: u64) -> Result<u64, Fault> {
        if amount_out == 0 {
            return Err(Fault::ZeroAmount);
        }
        let (gross, _) = self.need(amount_out)?;
        self.after(gross, amount_out).map(|_| gross)
    }

    /// What `amount_in` gives, and the fee.
    #[inline]
    fn give(&self, amount_in: u64) -> Result<(u64, u64), Fault> {
        let fee = mul_div_ceil(amount_in, self.fee_num, self.fee_den).ok_or(Fault::Overflow)?;
        let net = amount_in.checked_sub(fee).ok_or(Fault::Fee)?;
        Ok((out_for(self.r_in, self.r_out, net)?, fee))
    }

    /// What `amount_out` costs, and the fee in it.
    #[inline]
    fn need(&self, amount_out: u64) -> Result<(u64, u64), Fault> {
        let net = in_for(self.r_in, self.r_out, amount_out)?;
        let gross = mul_div_ceil(net, self.fee_den, self.kept).ok_or(Fault::Overflow)?;
        Ok((gross, gross.checked_sub(net).ok_or(Fault::Fee)?))
    }

    /// The reserves after a swap.
    #[inline]
    fn after(&self, amount_in: u64, amount_out: u64) -> Result<(u64, u64), Fault> {
        if amount_out == 0 {
            return Err(Fault::ZeroOut);
        }
        let r_in = self.r_in.checked_add(amount_in).ok_or(Fault::Overflow)?;
        Ok((r_in, self.r_out.checked_sub(amount_out).ok_or(Fault::Reserve)?))
    }
}

/// Answers an order by the rule of [`Product`].
pub(super) fn swap(pool: &Pool, _: Around<'_>, order: &Order) -> Swapped {
    let product = Product::read(pool, order.a_to_b)?;
    let (amount_in, amount_out, fee) = match order.exact {
        Exact::In => {
            let (out, fee) = product.give(order.amount)?;
            (order.amount, out, fee)
        }
        Exact::Out => {
            let (gross, fee) = product.need(order.amount)?;
            (gross, order.amount, fee)
        }
    };
    let (r_in, r_out) = product.after(amount_in, amount_out)?;
    let quote = Quote { amount_in, amount_out, fee, ticks_crossed: 0, complete: true };
    Ok((quote, State::of(pool).with_reserves(order.a_to_b, r_in, r_out)))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "the model is written plainly")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn exhaustive_on_small_reserves() {
        for r_in in 1..24u64 {
            for r_out in 1..24u64 {
                for net in 1..40u64 {
                    let out = out_for(r_in, r_out, net).unwrap();
                    assert!(out < r_out && (r_in + net) * (r_out - out) >= r_in * r_out);
                    assert!((r_in + net) * (r_out - out - 1) < r_in * r_out, "one more breaks it");
                }
                for out in 1..r_out {
                    let net = in_for(r_in, r_out, out).unwrap();
                    assert!(out_for(r_in, r_out, net).unwrap() >= out);
                    assert!(out_for(r_in, r_out, net - 1).unwrap() < out, "one less is too little");
                }
                assert_eq!(in_for(r_in, r_out, r_out), Err(Fault::Reserve));
            }
        }
    }

    #[test]
    fn an_exact_output_costs_the_least_that_gives_it() {
        use super::super::quote::{min_in, quote_in};
        let mut pool = Pool::new(0);
        pool.venue = Venue::Feed as u16;
        pool.present = Pool::RESERVES;
        for (r_in, r_out, num, den) in [
            (1, 40, 1, 2),
            (37, 23, 25, 10_000),
            (37, 23, 9_999, 10_000),
            (1000, 30, 0, 1),
            (u64::MAX / 2, 90, 30, 10_000),
            (1 << 40, 1 << 50, 25, 10_000),
        ] {
            (pool.reserve_a, pool.reserve_b, pool.fee_num, pool.fee_den) = (r_in, r_out, num, den);
            let got =
                |amount| quote_in(&pool, Around::NONE, true, amount).map_or(0, |q| q.amount_out);
            for out in 1..r_out.min(200) {
                let Ok(least) = min_in(&pool, Around::NONE, true, out) else { continue };
                assert!(got(least) >= out && got(least - 1) < out, "{r_in} {r_out} {num} {out}");
            }
        }
    }

    proptest! {
        #[test]
        fn taken_once_it_answers_as_the_quotes_do(
            reserves: (u64, u64), fee: (u64, u64), amount: u64, cuts: (u32, u32, u32),
            status in 0_u8..5, a_to_b: bool,
        ) {
            use super::super::quote::{min_in, quote_in};
            let mut pool = Pool::new(0);
            (pool.reserve_a, pool.reserve_b) = (reserves.0 >> (cuts.0 % 64), reserves.1 >> (cuts.1 % 64));
            (pool.fee_num, pool.fee_den) = (fee.0 % 12_000, 10_000);
            (pool.present, pool.status) = (Pool::RESERVES, status);
            let amount = amount >> (cuts.2 % 64);
            for spec in super::super::VENUES {
                pool.venue = spec.venue as u16;
                let Some(product) = Product::of(&pool, a_to_b) else {
                    let answers = quote_in(&pool, Around::NONE, a_to_b, amount).is_ok();
                    prop_assert!(!spec.is_product || !answers);
                    continue;
                };
                let quoted = quote_in(&pool, Around::NONE, a_to_b, amount);
                prop_assert_eq!(product.out(amount), quoted.map(|quote| quote.amount_out));
                prop_assert_eq!(product.min_in(amount), min_in(&pool, Around::NONE, a_to_b, amount));
            }
        }
    }

    #[test]
    fn edges_of_64_bits() {
        assert_eq!(out_for(u64::MAX, u64::MAX, u64::MAX), Ok(u64::MAX / 2));
        assert_eq!(in_for(u64::MAX, u64::MAX, u64::MAX - 1), Err(Fault::Overflow));
        assert_eq!(out_for(0, 1, 1), Err(Fault::ZeroReserve));
        assert_eq!(in_for(1, 0, 1), Err(Fault::ZeroReserve));
    }
}
