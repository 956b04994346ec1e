//! The constant-product curve: `x * y` never falls.

use crate::math::muldiv::{div_ceil, mul_div_ceil, mul_div_floor_u128};
use crate::record::{Exact, Pool};

use super::around::Around;
use super::quote::{Fault, Order, Quote, State, Swapped};

/// What `net_in` gives: `floor(r_out * net_in / (r_in + net_in))`, always below `r_out`.
#[inline]
pub(super) fn out_for(r_in: u64, r_out: u64, net_in: u64) -> Result<u64, Fault> {
    if r_in == 0 || r_out == 0 {
        return Err(Fault::ZeroReserve);
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
    let product = u128::from(r_in).checked_mul(u128::from(out)).ok_or(Fault::Overflow)?;
    let net_in = div_ceil(product, u128::from(left)).ok_or(Fault::Overflow)?;
    u64::try_from(net_in).map_err(|_| Fault::Overflow)
}

/// A swap whose fee, `ceil(in * num / den)`, stays in the pool: raydium-amm's processor.rs
/// `process_swap_base_in_v2` and `_out_v2` @27f461d, and the feed's rule.
pub(super) fn swap(pool: &Pool, _: Around<'_>, order: &Order) -> Swapped {
    let state = State::of(pool);
    let (r_in, r_out) = state.reserves(order.a_to_b);
    let (num, den) = (pool.fee_num, pool.fee_den);
    let kept = den.checked_sub(num).filter(|kept| *kept > 0).ok_or(Fault::Fee)?;
    let (amount_in, amount_out, fee) = match order.exact {
        Exact::In => {
            let fee = mul_div_ceil(order.amount, num, den).ok_or(Fault::Overflow)?;
            let net = order.amount.checked_sub(fee).ok_or(Fault::Fee)?;
            (order.amount, out_for(r_in, r_out, net)?, fee)
        }
        Exact::Out => {
            let net = in_for(r_in, r_out, order.amount)?;
            let gross = mul_div_ceil(net, den, kept).ok_or(Fault::Overflow)?;
            (gross, order.amount, gross.checked_sub(net).ok_or(Fault::Fee)?)
        }
    };
    if amount_out == 0 {
        return Err(Fault::ZeroOut);
    }
    let r_in = r_in.checked_add(amount_in).ok_or(Fault::Overflow)?;
    let r_out = r_out.checked_sub(amount_out).ok_or(Fault::Reserve)?;
    let quote = Quote { amount_in, amount_out, fee, ticks_crossed: 0, complete: true };
    Ok((quote, state.with_reserves(order.a_to_b, r_in, r_out)))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "the model is written plainly")]
mod tests {
    use super::*;

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
        pool.venue = crate::ids::Venue::Feed as u16;
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

    #[test]
    fn edges_of_64_bits() {
        assert_eq!(out_for(u64::MAX, u64::MAX, u64::MAX), Ok(u64::MAX / 2));
        assert_eq!(in_for(u64::MAX, u64::MAX, u64::MAX - 1), Err(Fault::Overflow));
        assert_eq!(out_for(0, 1, 1), Err(Fault::ZeroReserve));
        assert_eq!(in_for(1, 0, 1), Err(Fault::ZeroReserve));
    }
}
