//! Pricing: one range of the square-root price, or a plain product that compounds.
//!
//! Source: MeteoraAg/damm-v2 programs/cp-amm/src/{state/{pool,fee}.rs, liquidity_handler} @a3d3827.
//! `L` has 64 fractional bits more than the square root `P`:
//!
//! | goes in or out | price after | other side |
//! |---|---|---|
//! | a in, b out | `ceil(L P / (L + a P))` | `floor(L (P - P') / 2^128)` |
//! | b in, a out | `P + floor(b 2^128 / L)` | `floor(L (P' - P) / (P P'))` |
//! | b out, a in | `P - ceil(b 2^128 / L)` | `ceil(L (P - P') / (P P'))` |
//! | a out, b in | `ceil(L P / (L - a P))` | `ceil(L (P' - P) / 2^128)` |
//!
//! A fee is `ceil(amount n / 10^9)`, of the output, but in the modes that take b alone of b. What of it
//! compounds grows the product; all else waits in the vaults. A pool whose fee depends on the amount or
//! on the price is not quoted while it does: its record says unsupported. An order that leaves the range
//! is refused, as the program does; in the mode "partial fill", which a row does not tell, the program
//! would fill it up to the range's end.

use super::super::around::{Around, Moment};
use super::super::product;
use super::super::quote::{Fault, Order, Quote, State, Swapped, less_fee, with_fee};
use super::super::segment::{Cursor, Segment, fee_on_input, keeps_of, product_with, transfer_fees};
use super::fee;
use crate::math::muldiv::mul_div_floor;
use crate::math::wide::{U256, U512, to_u64, to_u128};
use crate::record::{Curve, Exact, Pool};

/// What the curve gives for the exact side, or takes for it, fees aside, and the price after.
type Go = fn(&Pool, bool, Exact, u64) -> Result<(u64, u128), Fault>;

/// Whether the fee is taken from what goes in.
fn on_input(pool: &Pool, a_to_b: bool) -> Result<bool, Fault> {
    match pool.fee_side {
        3 => Ok(false),
        _ => fee_on_input(pool, a_to_b),
    }
}

/// Answers an order as the program does.
pub(super) fn swap(pool: &Pool, around: Around<'_>, order: &Order) -> Swapped {
    swap_by(pool, around.now, order, curve)
}

/// Answers an order to a pool whose fees are these and whose curve is `go`.
pub(in super::super) fn swap_by(pool: &Pool, now: Moment, order: &Order, go: Go) -> Swapped {
    let (a_to_b, rate) = (order.a_to_b, fee::rate(pool, now)?);
    let on_input = on_input(pool, a_to_b)?;
    let (fee_in, fee_out) = transfer_fees(pool, a_to_b);
    let (reached, left, fee, paid, received, sqrt_price);
    match order.exact {
        Exact::In => {
            paid = order.amount;
            let arrived = fee_in.net(order.amount);
            if arrived == 0 {
                return Err(Fault::ZeroAmount);
            }
            let (net, of_input) = if on_input { less_fee(rate, arrived)? } else { (arrived, 0) };
            let gives;
            (gives, sqrt_price) = go(pool, a_to_b, Exact::In, net)?;
            let (out, of_output) = if on_input { (gives, 0) } else { less_fee(rate, gives)? };
            (reached, left, fee) = (net, gives, of_input.max(of_output));
            received = fee_out.net(out);
        }
        Exact::Out => {
            received = order.amount;
            let sent = fee_out.gross(order.amount).ok_or(Fault::Overflow)?;
            let (gives, of_output) = if on_input { (sent, 0) } else { with_fee(rate, sent)? };
            let net;
            (net, sqrt_price) = go(pool, a_to_b, Exact::Out, gives)?;
            let (arrived, of_input) = if on_input { with_fee(rate, net)? } else { (net, 0) };
            (reached, left, fee) = (net, gives, of_input.max(of_output));
            paid = fee_in.gross(arrived).ok_or(Fault::Overflow)?;
        }
    }
    if received == 0 {
        return Err(Fault::ZeroOut);
    }
    let quote = Quote {
        amount_in: paid,
        amount_out: received,
        fee: if on_input { fee } else { 0 },
        ticks_crossed: 0,
        complete: true,
    };
    let state = State { sqrt_price, ..State::of(pool) };
    Ok((quote, after(pool, state, a_to_b, (reached, left, fee))?))
}

/// `state` with the reserves after `reached` went into the curve and `left` came from it.
fn after(
    pool: &Pool,
    state: State,
    a_to_b: bool,
    (reached, left, fee): (u64, u64, u64),
) -> Result<State, Fault> {
    let (r_in, r_out) = state.reserves(a_to_b);
    let r_in = r_in.checked_add(reached).ok_or(Fault::Overflow)?;
    let r_out = r_out.checked_sub(left).ok_or(Fault::Reserve)?;
    let mut state = state.with_reserves(a_to_b, r_in, r_out);
    if pool.curve == Curve::Product as u8 {
        let compounds = compounding(pool, fee)?;
        state.reserve_b = state.reserve_b.checked_add(compounds).ok_or(Fault::Overflow)?;
    }
    Ok(state)
}

/// What of a fee grows the product, fee.rs `split_fees`.
fn compounding(pool: &Pool, fee: u64) -> Result<u64, Fault> {
    const PPM: u64 = 1_000_000;
    let protocol_pct = u64::from(pool.protocol_ppm / 10_000);
    let protocol = mul_div_floor(fee, protocol_pct, 100).ok_or(Fault::Fee)?;
    let rest = fee.checked_sub(protocol).ok_or(Fault::Fee)?;
    // The record holds what does not compound as ppm of the fee: percent of the rest times bps.
    let rest_pct = 100_u64.checked_sub(protocol_pct).ok_or(Fault::Fee)?;
    let claimed_bps = match rest_pct {
        0 => PPM / 100,
        pct => u64::from(pool.fund_ppm).checked_div(pct).ok_or(Fault::Fee)?,
    };
    let bps = 10_000_u64.checked_sub(claimed_bps).ok_or(Fault::Fee)?;
    mul_div_floor(rest, bps, 10_000).ok_or(Fault::Fee)
}

/// The curve of a pool: its range, or a product.
fn curve(pool: &Pool, a_to_b: bool, exact: Exact, amount: u64) -> Result<(u64, u128), Fault> {
    if pool.curve == Curve::Product as u8 {
        let (r_in, r_out) = State::of(pool).reserves(a_to_b);
        let other = match exact {
            Exact::In => product::out_for(r_in, r_out, amount),
            Exact::Out => product::in_for(r_in, r_out, amount),
        };
        return Ok((other?, pool.sqrt_price));
    }
    let next = next_price(pool, a_to_b, exact, amount)?;
    // pool.rs `PriceRangeViolation`: what leaves the range is refused.
    let inside = if a_to_b { next >= pool.sqrt_min } else { next <= pool.sqrt_max };
    if inside { Ok((other_side(pool, a_to_b, exact, next)?, next)) } else { Err(Fault::Reserve) }
}

/// What the side that is not exact moves on the way to the price `next`.
pub(in super::super) fn other_side(
    pool: &Pool,
    a_to_b: bool,
    exact: Exact,
    next: u128,
) -> Result<u64, Fault> {
    // b moves on the side that is asked for when a is given, and the other way round.
    let of_b = a_to_b == (exact == Exact::In);
    between(pool, next, of_b, exact == Exact::Out)
}

/// What of one token lies between the pool's price and `next`, rounded up or down.
pub(in super::super) fn between(
    pool: &Pool,
    next: u128,
    of_b: bool,
    up: bool,
) -> Result<u64, Fault> {
    let (low, high) = (pool.sqrt_price.min(next), pool.sqrt_price.max(next));
    let apart = U512::from(pool.liquidity)
        .checked_mul(U512::from(high.checked_sub(low).ok_or(Fault::State)?))
        .ok_or(Fault::Overflow)?;
    let by = if of_b {
        U512::from(1_u8).wrapping_shl(128)
    } else {
        U512::from(low).checked_mul(U512::from(high)).ok_or(Fault::Overflow)?
    };
    let (quotient, rest) = apart.checked_div(by).zip(apart.checked_rem(by)).ok_or(Fault::State)?;
    let whole = to_u64(&quotient).ok_or(Fault::Overflow)?;
    whole.checked_add(u64::from(up && !rest.is_zero())).ok_or(Fault::Overflow)
}

/// The square root of the price after `amount`, which is the exact side.
pub(in super::super) fn next_price(
    pool: &Pool,
    a_to_b: bool,
    exact: Exact,
    amount: u64,
) -> Result<u128, Fault> {
    let (price, liquidity) = (U512::from(pool.sqrt_price), U512::from(pool.liquidity));
    if liquidity.is_zero() || price.is_zero() {
        return Err(Fault::ZeroReserve);
    }
    let moved = U512::from(amount);
    let of_a = a_to_b == (exact == Exact::In);
    let next = if of_a {
        let by = moved.checked_mul(price).ok_or(Fault::Overflow)?;
        let below = if exact == Exact::In {
            liquidity.checked_add(by).ok_or(Fault::Overflow)?
        } else {
            liquidity.checked_sub(by).filter(|left| !left.is_zero()).ok_or(Fault::Reserve)?
        };
        let product = liquidity.checked_mul(price).ok_or(Fault::Overflow)?;
        product.div_ceil(below)
    } else {
        let shifted = moved.wrapping_shl(128);
        if exact == Exact::In {
            price.checked_add(shifted.wrapping_div(liquidity)).ok_or(Fault::Overflow)?
        } else {
            price.checked_sub(shifted.div_ceil(liquidity)).ok_or(Fault::Reserve)?
        }
    };
    to_u128(&next).ok_or(Fault::Overflow)
}

/// The one piece of the curve.
pub(in super::super) fn segment(
    pool: &Pool,
    around: Around<'_>,
    a_to_b: bool,
    cursor: &mut Cursor,
) -> Option<Segment> {
    let fee = fee::rate(pool, around.now).ok()?;
    let keep = if on_input(pool, a_to_b).ok()? {
        keeps_of(pool, a_to_b, fee, (0, 1))?
    } else {
        keeps_of(pool, a_to_b, (0, 1), fee)?
    };
    if pool.curve == Curve::Product as u8 {
        return product_with(pool, a_to_b, cursor, keep);
    }
    if cursor.ended {
        return None;
    }
    cursor.ended = true;
    let (keep_in, keep_out) = keep;
    // 64 fractional bits less: a size is found with it, what it gives is quoted.
    let liquidity = to_u128(&U256::from(pool.liquidity).wrapping_shr(64))?;
    let sqrt_target = if a_to_b { pool.sqrt_min } else { pool.sqrt_max };
    let sqrt_price = pool.sqrt_price;
    Some(Segment::Range { liquidity, sqrt_price, sqrt_target, a_to_b, keep_in, keep_out })
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "the model is written plainly")]
mod tests {
    use super::super::super::model::{big, ce, fl, narrow};
    use super::super::super::quote::{apply, min_in, quote_in};
    use super::super::fee::FEE_DEN;
    use super::*;
    use crate::ids::Venue;
    use num_bigint::BigInt;
    use proptest::prelude::*;

    const NONE: Around<'static> = Around::NONE;

    fn range(liquidity: u128, sqrt_price: u128, side: u8, fee: u64) -> Pool {
        let mut pool = Pool::new(0);
        (pool.venue, pool.curve) = (Venue::MeteoraDammV2 as u16, Curve::Range as u8);
        (pool.liquidity, pool.sqrt_price) = (liquidity, sqrt_price);
        (pool.sqrt_min, pool.sqrt_max) = (sqrt_price / 8, sqrt_price.saturating_mul(8));
        (pool.reserve_a, pool.reserve_b) = (u64::MAX / 4, u64::MAX / 4);
        (pool.fee_num, pool.fee_den, pool.fee_side) = (fee, FEE_DEN, side);
        pool.present = Pool::SQRT_PRICE | Pool::LIQUIDITY | Pool::SQRT_RANGE | Pool::RESERVES;
        pool
    }

    /// What moves, in big integers: paid, got, price after.
    fn model(pool: &Pool, a_to_b: bool, exact_in: bool, amount: u64) -> Option<[BigInt; 3]> {
        let (l, p) = (big(pool.liquidity), big(pool.sqrt_price));
        let one: BigInt = big(1) << 128;
        let on_input = pool.fee_side == 2 && !a_to_b;
        let less = |x: &BigInt| x - ce(x * pool.fee_num, FEE_DEN);
        let more = |x: &BigInt| ce(x * FEE_DEN, FEE_DEN - pool.fee_num);
        let of_a = |q: &BigInt, up: bool| {
            let apart = &l * if q > &p { q - &p } else { &p - q };
            if up { ce(apart, &p * q) } else { fl(apart, &p * q) }
        };
        let of_b = |q: &BigInt, up: bool| {
            let apart = &l * if q > &p { q - &p } else { &p - q };
            if up { ce(apart, one.clone()) } else { fl(apart, one.clone()) }
        };
        let x = big(amount);
        let (paid, got, next) = if exact_in {
            let net = if on_input { less(&x) } else { x.clone() };
            let (next, out) = if a_to_b {
                let next = ce(&l * &p, &l + &net * &p);
                let out = of_b(&next, false);
                (next, out)
            } else {
                let next = &p + fl(&net * &one, l.clone());
                let out = of_a(&next, false);
                (next, out)
            };
            (x, if on_input { out } else { less(&out) }, next)
        } else {
            let out = if on_input { x.clone() } else { more(&x) };
            let (next, net) = if a_to_b {
                let next = &p - ce(&out * &one, l.clone());
                if next <= big(0) {
                    return None;
                }
                let net = of_a(&next, true);
                (next, net)
            } else {
                let left = &l - &out * &p;
                if left <= big(0) {
                    return None;
                }
                let next = ce(&l * &p, left);
                let net = of_b(&next, true);
                (next, net)
            };
            (if on_input { more(&net) } else { net }, x, next)
        };
        let inside = next >= big(pool.sqrt_min) && next <= big(pool.sqrt_max);
        (inside && got > big(0)).then_some([paid, got, next])
    }

    #[test]
    fn a_product_that_compounds_grows_by_its_part_of_the_fee() {
        let mut pool = range(0, 0, 2, 10_000_000);
        (pool.curve, pool.reserve_a, pool.reserve_b) = (Curve::Product as u8, 1_000_000, 2_000_000);
        // A fifth to the protocol; of the rest 30 % compounds, so that 56 % is claimed.
        (pool.protocol_ppm, pool.fund_ppm) = (200_000, 80 * 7000);
        let mut bought = pool;
        let quote = apply(&mut bought, NONE, &Order::exact_in(false, 100_000)).unwrap();
        // fee 1000, net 99 000: floor(1 000 000 * 99 000 / 2 099 000); 0.3 * 800 compounds.
        assert_eq!((quote.amount_out, quote.fee), (47_165, 1000));
        assert_eq!((bought.reserve_a, bought.reserve_b), (952_835, 2_099_240));
        let mut sold = pool;
        let quote = apply(&mut sold, NONE, &Order::exact_in(true, 100_000)).unwrap();
        // floor(2 000 000 * 100 000 / 1 100 000) = 181 818, fee ceil 1819, of the rest 1456 * 0.3.
        assert_eq!((quote.amount_out, quote.fee), (179_999, 0));
        assert_eq!((sold.reserve_a, sold.reserve_b), (1_100_000, 2_000_000 - 181_818 + 436));
    }

    #[test]
    fn what_leaves_the_range_is_refused() {
        let pool = range(1 << 100, 1 << 64, 3, 2_500_000);
        assert_eq!(quote_in(&pool, NONE, true, u64::MAX / 8), Err(Fault::Reserve));
        assert_eq!(quote_in(&pool, NONE, false, u64::MAX / 8), Err(Fault::Reserve));
        assert_eq!(quote_in(&range(0, 1 << 64, 3, 0), NONE, true, 5), Err(Fault::ZeroReserve));
        assert_eq!(quote_in(&range(1, 0, 3, 0), NONE, true, 5), Err(Fault::ZeroReserve));
        let all = range(1 << 100, 1 << 64, 3, FEE_DEN);
        assert_eq!(quote_in(&all, NONE, true, 500), Err(Fault::ZeroOut));
        assert_eq!(segment(&all, NONE, true, &mut Cursor::start(&all)), None);
    }

    proptest! {
        #[test]
        fn ranges_equal_the_model(
            liquidity in 1_u128 << 74..1 << 110,
            sqrt_price in 1_u128 << 50..1 << 80,
            of_b in any::<bool>(),
            fee in 0_u64..500_000_000,
            a_to_b in any::<bool>(),
            exact_in in any::<bool>(),
            amount in 1_u64..1 << 45,
        ) {
            let mut pool = range(liquidity, sqrt_price, if of_b { 2 } else { 3 }, fee);
            let exact = if exact_in { Exact::In } else { Exact::Out };
            let want = model(&pool, a_to_b, exact_in, amount).map(|all| {
                let [paid, got, next] = all;
                (narrow(&paid), narrow(&got), u128::try_from(next).ok())
            });
            let got = apply(&mut pool, NONE, &Order { exact, ..Order::exact_in(a_to_b, amount) });
            match want {
                Some((Some(paid), Some(out), Some(next)))
                    if paid < u64::MAX / 4 && out < u64::MAX / 8 =>
                {
                    let quote = got.unwrap();
                    prop_assert_eq!((quote.amount_in, quote.amount_out), (paid, out));
                    prop_assert_eq!(pool.sqrt_price, next);
                }
                _ => prop_assert!(got.is_err() || exact_in, "{got:?} {want:?}"),
            }
        }

        #[test]
        fn the_piece_is_the_curve(
            liquidity in 1_u128 << 100..1 << 110,
            sqrt_price in 1_u128 << 60..1 << 68,
            fee in 0_u64..50_000_000,
            a_to_b in any::<bool>(),
            part in 3_u32..1000,
        ) {
            let pool = range(liquidity, sqrt_price, 3, fee);
            let piece = segment(&pool, NONE, a_to_b, &mut Cursor::start(&pool)).unwrap();
            let (gross, out) = piece.room().unwrap();
            let amount = u64::try_from(gross / u128::from(part)).unwrap_or(u64::MAX / 8);
            let quote = quote_in(&pool, NONE, a_to_b, amount).unwrap();
            prop_assert!(u128::from(quote.amount_out) <= out + 1);
            let least = min_in(&pool, NONE, a_to_b, quote.amount_out).unwrap();
            prop_assert!(least <= amount);
        }

        #[test]
        fn hostile_records_give_reasons(
            liquidity in any::<u128>(), sqrt_price in any::<u128>(), ends in any::<[u128; 2]>(),
            reserves in any::<[u64; 2]>(), fee in any::<[u64; 2]>(), side in 0_u8..4,
            a_to_b in any::<bool>(), amount in any::<u64>(), product in any::<bool>(),
            parts in any::<[u32; 2]>(),
        ) {
            let mut pool = range(liquidity, sqrt_price, side, fee[0]);
            (pool.fee_den, pool.sqrt_min, pool.sqrt_max) = (fee[1], ends[0], ends[1]);
            [pool.reserve_a, pool.reserve_b] = reserves;
            [pool.protocol_ppm, pool.fund_ppm] = parts;
            if product {
                pool.curve = Curve::Product as u8;
            }
            for exact in [Exact::In, Exact::Out] {
                let order = Order { exact, ..Order::exact_in(a_to_b, amount) };
                let _ = apply(&mut pool.clone(), NONE, &order);
            }
            let _ = segment(&pool, NONE, a_to_b, &mut Cursor::start(&pool)).map(|s| s.room());
        }
    }
}
