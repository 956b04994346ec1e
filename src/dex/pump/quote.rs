//! Pricing of Pump's curves and PumpSwap's pools: one rule, but for what a purchase of base costs.
//!
//! The price is made from base and quote, virtual ones added. Every fee is on the quote and rounded up
//! by itself ([`rates`]); the liquidity providers' stays, the protocol's and the creator's go:
//!
//! | what is exact | reaches the curve | comes from it | user |
//! |---|---|---|---|
//! | quote `q` in | `n`, the most whose fees fit | `floor(B (n - 1) / (Q + n - 1))` | pays `n` + fees |
//! | base out | the venue's cost | that | pays cost + fees |
//! | base in | that | `floor(Q t / (B + t))` | gets it less fees |
//!
//! Source: facts/dex.md 10 and 11, whose formulas hold on every real event at hand. Neither program has
//! a sale by exact output: such an order is answered by the least input that gives as much. The rates
//! are those of the record; a market value that reaches another tier is told by the next record. A
//! purchase of more than a curve still sells is refused: what the rest of it becomes is not modelled.

use super::super::around::{Around, AroundMut};
use super::super::quote::{Fault, Order, Quote, State, Swapped, by_input};
use super::super::segment::{Cursor, Ratio, Segment, bounded_product};
use super::event::cost as curve_cost;
use super::rates;
use crate::math::muldiv::mul_div_ceil_u128;
use crate::record::{Exact, Pool, PoolStatus};

const BPS: u64 = 10_000;

/// What `bought` of base costs before fees, given base and quote.
type Cost = fn(u64, u64, u64) -> Option<u64>;

/// `ceil(Q t / (B - t))`.
pub(in super::super) fn pool_cost(bought: u64, base: u64, quote: u64) -> Option<u64> {
    let left = base.checked_sub(bought)?;
    mul_div_ceil_u128(quote.into(), bought.into(), left.into())?.try_into().ok()
}

/// What a quote needs of the record.
struct Rule {
    /// Base and quote, virtual ones added.
    base: u64,
    quote: u64,
    /// Liquidity providers', protocol's, creator's, bps.
    bps: [u64; 3],
    cost: Cost,
}

impl Rule {
    fn of(pool: &Pool, cost: Cost) -> Result<Self, Fault> {
        if pool.transfer_fee_bps_a != 0 || pool.transfer_fee_bps_b != 0 {
            return Err(Fault::Unsupported);
        }
        if pool.present & Pool::SPLIT_FEES == 0 {
            return Err(Fault::State);
        }
        let bps = [pool.lp_bps, pool.protocol_bps, pool.creator_bps].map(u64::from);
        let rule = Self {
            base: whole(pool.reserve_a, pool.virtual_a)?,
            quote: whole(pool.reserve_b, pool.virtual_b)?,
            bps,
            cost,
        };
        if rule.sum() >= BPS { Err(Fault::Fee) } else { Ok(rule) }
    }

    fn sum(&self) -> u64 {
        self.bps.iter().fold(0, |sum, bps| sum.saturating_add(*bps))
    }

    /// Answers an order, given what the reserves hold.
    fn swap(&self, pool: &Pool, order: &Order) -> Swapped {
        let done = match (order.a_to_b, order.exact) {
            (true, Exact::In) => return self.sell(pool, order.amount),
            (true, Exact::Out) => {
                let guess = pool_cost(order.amount, self.quote, self.base).unwrap_or(1);
                return by_input(order.amount, guess, |amount| self.sell(pool, amount));
            }
            (false, Exact::In) => {
                let net = rates::net_of(order.amount, &self.bps).ok_or(Fault::Overflow)?;
                let bought = match net {
                    0 => 0,
                    net => rates::base_for(net, self.base.into(), self.quote.into())
                        .ok_or(Fault::Overflow)?,
                };
                (net, bought)
            }
            (false, Exact::Out) => {
                let sold = order.amount;
                if sold > pool.reserve_a || sold >= self.base {
                    return Err(Fault::Reserve);
                }
                ((self.cost)(sold, self.base, self.quote).ok_or(Fault::Overflow)?, sold)
            }
        };
        self.buy(pool, done)
    }

    /// `net` reaches the curve, `bought` comes from it.
    fn buy(&self, pool: &Pool, (net, bought): (u64, u64)) -> Swapped {
        if bought == 0 {
            return Err(Fault::ZeroOut);
        }
        let fee = rates::fees(net, &self.bps).ok_or(Fault::Overflow)?;
        let kept = rates::fee(net, self.bps[0]).ok_or(Fault::Overflow)?;
        let amount_in = net.checked_add(fee).ok_or(Fault::Overflow)?;
        let grown = net.checked_add(kept).and_then(|more| pool.reserve_b.checked_add(more));
        let reserve_a = pool.reserve_a.checked_sub(bought).ok_or(Fault::Reserve)?;
        let state =
            State { reserve_a, reserve_b: grown.ok_or(Fault::Overflow)?, ..State::of(pool) };
        let quote = Quote { amount_in, amount_out: bought, fee, ticks_crossed: 0, complete: true };
        Ok((quote, state))
    }

    fn sell(&self, pool: &Pool, sold: u64) -> Swapped {
        let got = rates::proceeds(sold, self.base.into(), self.quote.into());
        let got = got.ok_or(Fault::Overflow)?;
        let fee = rates::fees(got, &self.bps).ok_or(Fault::Overflow)?;
        let amount_out = got.checked_sub(fee).filter(|out| *out > 0).ok_or(Fault::ZeroOut)?;
        let kept = rates::fee(got, self.bps[0]).ok_or(Fault::Overflow)?;
        let paid = got.checked_sub(kept).ok_or(Fault::Fee)?;
        let reserve_a = pool.reserve_a.checked_add(sold).ok_or(Fault::Overflow)?;
        let reserve_b = pool.reserve_b.checked_sub(paid).ok_or(Fault::Reserve)?;
        let state = State { reserve_a, reserve_b, ..State::of(pool) };
        // The fee is on what comes out.
        let quote = Quote { amount_in: sold, amount_out, fee: 0, ticks_crossed: 0, complete: true };
        Ok((quote, state))
    }
}

/// A reserve with the virtual one.
fn whole(own: u64, beside: i64) -> Result<u64, Fault> {
    let whole = if beside < 0 {
        own.checked_sub(beside.unsigned_abs())
    } else {
        own.checked_add(beside.unsigned_abs())
    };
    whole.filter(|whole| *whole > 0).ok_or(Fault::ZeroReserve)
}

/// Answers an order to one of PumpSwap's pools.
pub(in super::super) fn swap_pool(pool: &Pool, _: Around<'_>, order: &Order) -> Swapped {
    Rule::of(pool, pool_cost)?.swap(pool, order)
}

/// Answers an order to one of Pump's curves.
pub(super) fn swap_curve(pool: &Pool, _: Around<'_>, order: &Order) -> Swapped {
    Rule::of(pool, curve_cost)?.swap(pool, order)
}

/// What a curve still sells, and what that costs; one that has sold all takes no more swaps.
#[expect(clippy::unnecessary_wraps, reason = "other venues' can fail")]
pub(super) fn settle_curve(
    pool: &mut Pool,
    _: &mut AroundMut<'_>,
    _: &Order,
    _: &Quote,
    after: &State,
) -> Result<(), Fault> {
    let left = after.reserve_a;
    // What leaves 64 bits is told as the most there is: no quote is made of it.
    let cost = |left| {
        let base = whole(left, pool.virtual_a).ok()?;
        curve_cost(left, base, whole(after.reserve_b, pool.virtual_b).ok()?)
    };
    pool.left_b = if left == 0 { 0 } else { cost(left).unwrap_or(u64::MAX) };
    pool.left_a = left;
    if left == 0 {
        pool.status = PoolStatus::Disabled as u8;
    }
    Ok(())
}

/// The one piece of the curve, as far as what is there reaches.
pub(in super::super) fn segment(
    pool: &Pool,
    _: Around<'_>,
    a_to_b: bool,
    cursor: &mut Cursor,
) -> Option<Segment> {
    let rule = Rule::of(pool, pool_cost).ok()?;
    if cursor.ended || pool.reserve_a == 0 {
        return None;
    }
    cursor.ended = true;
    let sum = rule.sum();
    let (reserves, most_out, keep) = if a_to_b {
        let keep_out = Ratio::new(BPS.checked_sub(sum)?, BPS)?;
        ((rule.base, rule.quote), pool.reserve_b, (Ratio::ONE, keep_out))
    } else {
        let keep_in = Ratio::new(BPS, BPS.checked_add(sum)?)?;
        ((rule.quote, rule.base), pool.reserve_a, (keep_in, Ratio::ONE))
    };
    if most_out >= reserves.1 {
        let ((r_in, r_out), (keep_in, keep_out)) = (reserves, keep);
        return Some(Segment::Product { r_in, r_out, keep_in, keep_out });
    }
    bounded_product((rule.base, rule.quote), most_out, a_to_b, keep)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "the model is written plainly")]
#[allow(clippy::cast_possible_wrap, reason = "the model is written plainly")]
mod tests {
    use super::super::super::model::{big, ce, fl, narrow, product_pool};
    use super::super::super::quote::{apply, min_in, quote_in, quote_out};
    use super::super::fees;
    use super::*;
    use crate::ids::Venue;
    use num_bigint::BigInt;
    use proptest::prelude::*;

    const NONE: Around<'static> = Around::NONE;

    fn pool(venue: Venue, [a, b]: [u64; 2], [more_a, more_b]: [i64; 2], bps: [u64; 3]) -> Pool {
        let mut pool = product_pool(venue, a, b, 0, 1);
        (pool.virtual_a, pool.virtual_b) = (more_a, more_b);
        fees::charge(&mut pool, bps).unwrap();
        pool
    }

    #[test]
    fn golden_numbers_of_the_sdk() {
        // facts/dex.md 22
        let pool = pool(
            Venue::PumpSwap,
            [800_000_000_000_000, 100_000_000_000],
            [0, 5_000_000_000],
            [20, 5, 30],
        );
        let bought = quote_out(&pool, NONE, false, 123_456_789_000).unwrap();
        assert_eq!((bought.amount_in, bought.fee), (16_295_341, 16_295_341 - 16_206_205));
        let spent = quote_in(&pool, NONE, false, 1_500_000_000).unwrap();
        assert_eq!((spent.amount_in, spent.amount_out), (1_500_000_000, 11_206_836_149_304));
        let sold = quote_in(&pool, NONE, true, 123_456_789_000).unwrap();
        assert_eq!(sold.amount_out, 16_112_095);
    }

    #[test]
    fn a_curve_sells_what_is_left_and_no_more() {
        let mut curve = pool(Venue::Pump, [1_000_000, 500], [73_000_000, 30_000_000], [0, 95, 30]);
        (curve.left_a, curve.left_b) = (1_000_000, 1);
        assert_eq!(quote_out(&curve, NONE, false, 1_000_001), Err(Fault::Reserve));
        assert_eq!(quote_in(&curve, NONE, false, 1_000_000), Err(Fault::Reserve));
        // More comes out of it than it took: nothing that is not there is paid.
        assert_eq!(quote_in(&curve, NONE, true, 1_000_000), Err(Fault::Reserve));
        apply(&mut curve, NONE, &Order::exact_out(false, 400_000)).unwrap();
        assert_eq!((curve.reserve_a, curve.left_a), (600_000, 600_000));
        assert_eq!(
            curve.left_b,
            curve_cost(600_000, 73_600_000, 30_000_000 + curve.reserve_b).unwrap()
        );
        apply(&mut curve, NONE, &Order::exact_out(false, 600_000)).unwrap();
        assert_eq!((curve.left_a, curve.left_b, curve.status), (0, 0, PoolStatus::Disabled as u8));
        assert_eq!(quote_in(&curve, NONE, true, 5), Err(Fault::Disabled));
    }

    #[test]
    fn what_the_record_does_not_hold_is_refused() {
        let whole = pool(Venue::PumpSwap, [1000, 1000], [0, 0], [20, 5, 30]);
        let taxed = Pool { transfer_fee_bps_a: 1, ..whole };
        assert_eq!(quote_in(&taxed, NONE, true, 500), Err(Fault::Unsupported));
        let silent = Pool { present: Pool::RESERVES, ..whole };
        assert_eq!(quote_in(&silent, NONE, true, 500), Err(Fault::State));
        let dear = Pool { lp_bps: 9965, ..whole };
        assert_eq!(quote_in(&dear, NONE, true, 500), Err(Fault::Fee));
        let empty = Pool { virtual_b: -1000, ..whole };
        assert_eq!(quote_in(&empty, NONE, true, 500), Err(Fault::ZeroReserve));
        assert_eq!(quote_in(&whole, NONE, false, 1), Err(Fault::ZeroOut));
    }

    /// All that a swap moves, in big integers: paid, got, base after, quote after.
    fn model(pool: &Pool, a_to_b: bool, exact: Exact, amount: u64) -> Option<[BigInt; 4]> {
        let (b, q) =
            (big(pool.reserve_a) + big(pool.virtual_a), big(pool.reserve_b) + big(pool.virtual_b));
        let bps = [pool.lp_bps, pool.protocol_bps, pool.creator_bps];
        let fees = |n: &BigInt| bps.map(|bps| ce(n * bps, 10_000)).into_iter().sum::<BigInt>();
        let kept = |n: &BigInt| ce(n * bps[0], 10_000);
        let (own_a, own_b) = (big(pool.reserve_a), big(pool.reserve_b));
        if a_to_b {
            let got = fl(&q * amount, &b + amount);
            let out = &got - fees(&got);
            let after = own_b - &got + kept(&got);
            return (out > big(0) && after >= big(0))
                .then(|| [big(amount), out, own_a + amount, after]);
        }
        let (net, bought) = if exact == Exact::Out {
            let t = big(amount);
            if t >= b {
                return None;
            }
            let cost = if pool.venue == Venue::Pump as u16 {
                fl(&t * &q, &b - &t) + 1
            } else {
                ce(&t * &q, &b - &t)
            };
            (cost, t)
        } else {
            let sum: u64 = bps.iter().map(|bps| u64::from(*bps)).sum();
            let mut n = fl(big(amount) * 10_000, 10_000 + sum);
            let over = &n + fees(&n) - amount;
            if over > big(0) {
                n -= over;
            }
            if n < big(1) {
                return None;
            }
            let less = &n - 1;
            let t = fl(&b * &less, &q + &less);
            (n, t)
        };
        let left = own_a - &bought;
        (bought > big(0) && left >= big(0)).then(|| {
            let paid = &net + fees(&net);
            let after = own_b + &net + kept(&net);
            [paid, bought, left, after]
        })
    }

    proptest! {
        #[test]
        fn quotes_equal_the_model(
            of_curve in any::<bool>(),
            reserves in proptest::array::uniform2(1_u64..1 << 40),
            beside in proptest::array::uniform2(0_i64..1 << 36),
            bps in proptest::array::uniform3(0_u64..300),
            a_to_b in any::<bool>(),
            exact_out in any::<bool>(),
            amount in 1_u64..1 << 38,
        ) {
            let venue = if of_curve { Venue::Pump } else { Venue::PumpSwap };
            let beside = if of_curve { beside } else { [0, beside[1] - (reserves[1] / 2) as i64] };
            let mut pool = pool(venue, reserves, beside, bps);
            if exact_out && a_to_b {
                return Ok(()); // by the least input: below
            }
            let exact = if exact_out { Exact::Out } else { Exact::In };
            let order = Order { exact, ..Order::exact_in(a_to_b, amount) };
            let want = model(&pool, a_to_b, exact, amount);
            let got = apply(&mut pool, NONE, &order);
            match want {
                None => prop_assert!(got.is_err(), "{got:?}"),
                Some(want) => {
                    let quote = got.unwrap();
                    let ours = [quote.amount_in, quote.amount_out, pool.reserve_a, pool.reserve_b];
                    prop_assert_eq!(want.map(|one| narrow(&one)), ours.map(Some));
                }
            }
        }

        /// The least input gives as much and one unit less does not; the piece is the curve.
        #[test]
        fn least_inputs_and_pieces_follow_the_quotes(
            reserves in proptest::array::uniform2(1_u64 << 20..1 << 40),
            bps in proptest::array::uniform3(0_u64..300),
            a_to_b in any::<bool>(),
            share in 2_u64..1000,
        ) {
            let pool = pool(Venue::PumpSwap, reserves, [0, 1 << 30], bps);
            let out = if a_to_b { reserves[1] } else { reserves[0] } / share;
            if out == 0 {
                return Ok(());
            }
            if let Ok(least) = min_in(&pool, NONE, a_to_b, out) {
                prop_assert!(quote_in(&pool, NONE, a_to_b, least).unwrap().amount_out >= out);
                let less = quote_in(&pool, NONE, a_to_b, least - 1).map_or(0, |q| q.amount_out);
                prop_assert!(less < out);
                let piece = segment(&pool, NONE, a_to_b, &mut Cursor::start(&pool)).unwrap();
                let (r, s) = piece.reserves();
                let (g, k) = (piece.keep_in(), piece.keep_out());
                let net = u128::from(least) * u128::from(g.num) / u128::from(g.den);
                let of_piece = s * net / (r + net) * u128::from(k.num) / u128::from(k.den);
                prop_assert!(of_piece + 1 + s / r >= u128::from(out), "{of_piece} {out}");
                prop_assert!(of_piece <= u128::from(out) + 6 + 4 * (s / r + 1), "{of_piece} {out}");
            }
        }
    }
}
