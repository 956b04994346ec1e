//! Pricing: the product of what is left and what was taken, virtual ones added, or a fixed price.
//!
//! | what is exact | reaches the curve | comes from it | user |
//! |---|---|---|---|
//! | quote in | it less the fee | by the curve, rounded down | gets that |
//! | base out | by the curve, rounded up | that | pays it with the fee |
//! | base in | that | by the curve, rounded down | gets it less the fee |
//! | quote out | by the curve, rounded up | it with the fee | pays that |
//!
//! The fee is `ceil(amount * rate / 10^6)` of the quote, of all rates together, and leaves the reserves;
//! to add it, `ceil(amount * 10^6 / (10^6 - rate))`. A purchase of more than is left ends the curve at
//! less than what was asked for: it is refused. Source: raydium-io/raydium-sdk-V2
//! src/raydium/launchpad/curve/{curve,constantProductCurve,fixedPriceCurve}.ts @124c625.

use super::super::around::{Around, AroundMut};
use super::super::product;
use super::super::quote::{Fault, Order, Quote, State, Swapped, less_fee, with_fee};
use super::super::segment::{Cursor, Ratio, Segment, bounded_product};
use crate::math::muldiv::{mul_div_ceil, mul_div_floor};
use crate::record::{Curve, Exact, Pool, PoolStatus};

/// What a quote needs of the record.
struct Rule {
    /// Base and quote that the price is made from.
    base: u64,
    quote: u64,
    fixed: bool,
}

impl Rule {
    fn of(pool: &Pool) -> Result<Self, Fault> {
        if pool.transfer_fee_bps_a != 0 || pool.transfer_fee_bps_b != 0 {
            return Err(Fault::Unsupported);
        }
        let beside = |beside: i64| u64::try_from(beside).map_err(|_| Fault::State);
        let (beside_a, beside_b) = (beside(pool.virtual_a)?, beside(pool.virtual_b)?);
        let fixed = match pool.curve {
            curve if curve == Curve::Product as u8 => false,
            curve if curve == Curve::Fixed as u8 => true,
            _ => return Err(Fault::Unsupported),
        };
        let (own_a, own_b) = if fixed { (0, 0) } else { (pool.reserve_a, pool.reserve_b) };
        let base = own_a.checked_add(beside_a).ok_or(Fault::Overflow)?;
        let quote = own_b.checked_add(beside_b).ok_or(Fault::Overflow)?;
        if base == 0 || quote == 0 {
            Err(Fault::ZeroReserve)
        } else {
            Ok(Self { base, quote, fixed })
        }
    }

    /// Reserves of what goes in and of what comes out.
    fn sides(&self, a_to_b: bool) -> (u64, u64) {
        if a_to_b { (self.base, self.quote) } else { (self.quote, self.base) }
    }

    fn out_for(&self, a_to_b: bool, net: u64) -> Result<u64, Fault> {
        let (r_in, r_out) = self.sides(a_to_b);
        if self.fixed {
            return mul_div_floor(net, r_out, r_in).ok_or(Fault::Overflow);
        }
        product::out_for(r_in, r_out, net)
    }

    fn in_for(&self, a_to_b: bool, out: u64) -> Result<u64, Fault> {
        let (r_in, r_out) = self.sides(a_to_b);
        if self.fixed {
            return mul_div_ceil(out, r_in, r_out).ok_or(Fault::Overflow);
        }
        product::in_for(r_in, r_out, out)
    }
}

/// Answers an order as the program does.
pub(super) fn swap(pool: &Pool, _: Around<'_>, order: &Order) -> Swapped {
    let rule = Rule::of(pool)?;
    let (a_to_b, rate) = (order.a_to_b, (pool.fee_num, pool.fee_den));
    // Reaches the curve, comes from it.
    let (reached, left, paid, got) = match (a_to_b, order.exact) {
        (false, Exact::In) => {
            let (net, _) = less_fee(rate, order.amount)?;
            let out = rule.out_for(false, net)?;
            (net, out, order.amount, out)
        }
        (false, Exact::Out) => {
            let net = rule.in_for(false, order.amount)?;
            (net, order.amount, with_fee(rate, net)?.0, order.amount)
        }
        (true, Exact::In) => {
            let out = rule.out_for(true, order.amount)?;
            (order.amount, out, order.amount, less_fee(rate, out)?.0)
        }
        (true, Exact::Out) => {
            let (out, _) = with_fee(rate, order.amount)?;
            let net = rule.in_for(true, out)?;
            (net, out, net, order.amount)
        }
    };
    if got == 0 || left == 0 {
        return Err(Fault::ZeroOut);
    }
    let state = State::of(pool);
    let (own_in, own_out) = state.reserves(a_to_b);
    let own_in = own_in.checked_add(reached).ok_or(Fault::Overflow)?;
    let own_out = own_out.checked_sub(left).ok_or(Fault::Reserve)?;
    let fee = if a_to_b { 0 } else { paid.checked_sub(reached).ok_or(Fault::Fee)? };
    let quote = Quote { amount_in: paid, amount_out: got, fee, ticks_crossed: 0, complete: true };
    Ok((quote, state.with_reserves(a_to_b, own_in, own_out)))
}

/// What the curve still sells, and what it takes until it is complete.
#[expect(clippy::unnecessary_wraps, reason = "other venues' can fail")]
pub(super) fn settle(
    pool: &mut Pool,
    _: &mut AroundMut<'_>,
    _: &Order,
    _: &Quote,
    after: &State,
) -> Result<(), Fault> {
    let wanted = pool.reserve_b.saturating_add(pool.left_b);
    pool.left_a = after.reserve_a;
    pool.left_b = wanted.saturating_sub(after.reserve_b);
    if pool.left_a == 0 || pool.left_b == 0 {
        pool.status = PoolStatus::Disabled as u8;
    }
    Ok(())
}

/// The one piece of the curve, as far as what is there reaches.
pub(super) fn segment(
    pool: &Pool,
    _: Around<'_>,
    a_to_b: bool,
    cursor: &mut Cursor,
) -> Option<Segment> {
    let rule = Rule::of(pool).ok()?;
    if cursor.ended || pool.reserve_a == 0 {
        return None;
    }
    cursor.ended = true;
    let kept = Ratio::new(pool.fee_den.checked_sub(pool.fee_num)?, pool.fee_den)?;
    let (keep_in, keep_out) = if a_to_b { (Ratio::ONE, kept) } else { (kept, Ratio::ONE) };
    let out = if a_to_b { pool.reserve_b } else { pool.reserve_a };
    if !rule.fixed {
        return bounded_product((rule.base, rule.quote), out, a_to_b, (keep_in, keep_out));
    }
    let (r_in, r_out) = rule.sides(a_to_b);
    // A unit that goes in may give more than one: the end leaves room for it.
    let out = out.saturating_sub(r_out.checked_div(r_in)?.saturating_add(1));
    let (num, den) = (u128::from(r_out), u128::from(r_in));
    Some(Segment::Price { num, den, out, keep_in, keep_out })
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "the model is written plainly")]
#[allow(clippy::cast_possible_wrap, reason = "the model is written plainly")]
mod tests {
    use super::super::super::model::{big, ce, fl, narrow, product_pool};
    use super::super::super::quote::{apply, quote_in, quote_out};
    use super::*;
    use crate::ids::Venue;
    use num_bigint::BigInt;
    use proptest::prelude::*;

    const NONE: Around<'static> = Around::NONE;

    fn curve([left, taken]: [u64; 2], [more_a, more_b]: [u64; 2], rate: u64, fixed: bool) -> Pool {
        let mut pool = product_pool(Venue::RaydiumLaunchlab, left, taken, rate, 1_000_000);
        (pool.virtual_a, pool.virtual_b) = (more_a as i64, more_b as i64);
        (pool.left_a, pool.left_b) = (left, 85_000_000_000);
        pool.curve = if fixed { Curve::Fixed } else { Curve::Product } as u8;
        pool
    }

    /// The two purchases of mainnet in the tests of `event`: what was left and taken before, paid and
    /// got, at 1.25 %.
    #[test]
    fn quotes_equal_what_the_chain_did() {
        const BESIDE: [u64; 2] = [279_925_605_606_459, 1_967_423_749];
        for (own, paid, got) in [
            ([753_567_572_603_843, 75_256_475], 2025, 1_011_392_197),
            ([753_566_561_211_646, 75_258_474], 2021, 1_009_366_428),
        ] {
            let pool = curve(own, BESIDE, 12_500, false);
            let quote = quote_in(&pool, NONE, false, paid).unwrap();
            assert_eq!((quote.amount_in, quote.amount_out), (paid, got));
        }
    }

    #[test]
    fn a_curve_ends_where_nothing_is_left() {
        let mut pool = curve([1_000_000, 500], [73_000_000, 30_000_000], 12_500, false);
        assert_eq!(quote_out(&pool, NONE, false, 1_000_001), Err(Fault::Reserve));
        assert_eq!(quote_in(&pool, NONE, true, 1_000_000), Err(Fault::Reserve), "it took 500");
        apply(&mut pool, NONE, &Order::exact_out(false, 400_000)).unwrap();
        assert_eq!((pool.left_a, pool.reserve_a), (600_000, 600_000));
        assert_eq!(pool.left_b + pool.reserve_b, 85_000_000_500);
        apply(&mut pool, NONE, &Order::exact_out(false, 600_000)).unwrap();
        assert_eq!(pool.status, PoolStatus::Disabled as u8);
        let linear = Pool { curve: Curve::Closed as u8, ..pool };
        assert_eq!(swap(&linear, NONE, &Order::exact_in(false, 5)), Err(Fault::Unsupported));
    }

    proptest! {
        /// What a piece has room for is there: its end is quoted, and is nearly all.
        #[test]
        fn a_piece_ends_within_what_is_there(
            own in proptest::array::uniform2(1_u64 << 22..1 << 40),
            beside in proptest::array::uniform2(1_u64 << 22..1 << 40),
            rate in 0_u64..20_000,
            fixed in any::<bool>(),
            a_to_b in any::<bool>(),
        ) {
            let pool = curve(own, beside, rate, fixed);
            let piece = segment(&pool, NONE, a_to_b, &mut Cursor::start(&pool)).unwrap();
            let (gross, out) = piece.room().unwrap();
            if out == 0 || gross == 0 {
                return Ok(()); // a unit gives more than there is
            }
            let gross = u64::try_from(gross).unwrap();
            let quote = quote_in(&pool, NONE, a_to_b, gross).unwrap();
            // Two units' worth and a millionth of what is there are left.
            let (there, unit) = if a_to_b {
                (own[1], (own[1] + beside[1]) / (own[0] + beside[0]).max(1))
            } else {
                (own[0], (own[0] + beside[0]) / (own[1] + beside[1]).max(1))
            };
            let unit = if fixed {
                let (a, b) = (beside[0], beside[1]);
                if a_to_b { b / a + 4 } else { a / b + 4 }
            } else {
                4 * unit + 8
            };
            let kept = there - u64::try_from(u128::from(there) * u128::from(rate) / 1_000_000).unwrap();
            prop_assert!(quote.amount_out + (kept >> 18) + unit >= kept, "{quote:?} of {kept}");
        }

        #[test]
        fn quotes_equal_the_model(
            own in proptest::array::uniform2(1_u64..1 << 40),
            beside in proptest::array::uniform2(1_u64..1 << 40),
            rate in 0_u64..200_000,
            fixed in any::<bool>(),
            a_to_b in any::<bool>(),
            exact_in in any::<bool>(),
            amount in 1_u64..1 << 36,
        ) {
            let mut pool = curve(own, beside, rate, fixed);
            let (b, q) = if fixed {
                (big(beside[0]), big(beside[1]))
            } else {
                (big(own[0]) + beside[0], big(own[1]) + beside[1])
            };
            let (r, s) = if a_to_b { (b, q) } else { (q, b) };
            let out = |x: &BigInt| if fixed { fl(x * &s, r.clone()) } else { fl(x * &s, &r + x) };
            let into = |y: &BigInt| match fixed {
                true => Some(ce(y * &r, s.clone())),
                false if *y < s => Some(ce(y * &r, &s - y)),
                false => None,
            };
            let less = |x: &BigInt| x - ce(x * rate, 1_000_000);
            let more = |x: &BigInt| ce(x * 1_000_000, 1_000_000 - rate);
            let x = big(amount);
            // Reached, left, paid, got.
            let want = match (a_to_b, exact_in) {
                (false, true) => {
                    let (net, left) = (less(&x), out(&less(&x)));
                    Some((net, left.clone(), x, left))
                }
                (false, false) => into(&x).map(|net| (net.clone(), x.clone(), more(&net), x)),
                (true, true) => Some((x.clone(), out(&x), x.clone(), less(&out(&x)))),
                (true, false) => {
                    let left = more(&x);
                    into(&left).map(|net| (net.clone(), left, net, x))
                }
            };
            let (own_in, own_out) =
                if a_to_b { (own[0], own[1]) } else { (own[1], own[0]) };
            let exact = if exact_in { Exact::In } else { Exact::Out };
            let got = apply(&mut pool, NONE, &Order { exact, ..Order::exact_in(a_to_b, amount) });
            match want {
                Some((reached, left, paid, got_out))
                    if got_out > big(0) && left <= big(own_out)
                        && narrow(&(big(own_in) + &reached)).is_some() =>
                {
                    let quote = got.unwrap();
                    prop_assert_eq!(narrow(&paid), Some(quote.amount_in));
                    prop_assert_eq!(narrow(&got_out), Some(quote.amount_out));
                    let (after_in, after_out) = if a_to_b {
                        (pool.reserve_a, pool.reserve_b)
                    } else {
                        (pool.reserve_b, pool.reserve_a)
                    };
                    prop_assert_eq!(big(after_in), big(own_in) + reached);
                    prop_assert_eq!(big(after_out), big(own_out) - left);
                }
                _ => prop_assert!(got.is_err(), "{got:?}"),
            }
        }
    }
}
