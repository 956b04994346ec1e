//! Pricing: DAMM v2's rules within the range of the curve in which the price is.
//!
//! A curve is a row of ranges, of which a record holds one, `sqrt_min` to `sqrt_max`. An order that ends
//! inside is answered exactly; one that leaves the range is not known ([`Fault::Incomplete`]). At the range's
//! very end the program goes by what fits into it, not by the formula of the price:
//!
//! | exact side | fits, at most | exactly that |
//! |---|---|---|
//! | a in | `ceil(L (P - S) / (P S))` | ends at S |
//! | b in | `ceil(L (E - P) / 2^128)` | ends at E |
//! | b out | `floor(L (P - S) / 2^128)` | ends at S, in the first range by the formula |
//! | a out | `floor(L (E - P) / (P E))` | ends at E, before the migration by the formula |
//!
//! Where the two come to different prices the record does not say which holds: not known either. The mode
//! "partial fill", which a row does not tell, is answered as exact input.
//!
//! Source: MeteoraAg/dynamic-bonding-curve programs/dynamic-bonding-curve/src/{state/virtual_pool,
//! state/config,curve}.rs @b4f9547.

use super::super::around::{Around, AroundMut};
use super::super::meteora_damm_v2::fee;
use super::super::meteora_damm_v2::quote::{between, next_price, other_side, swap_by};
use super::super::quote::{Fault, Order, Quote, State, Swapped};
use crate::record::{Exact, Pool, PoolStatus};

/// Answers an order as the program does, within the range.
pub(super) fn swap(pool: &Pool, around: Around<'_>, order: &Order) -> Swapped {
    swap_by(pool, around.now, order, within)
}

/// What the other side moves, and the price after.
fn within(pool: &Pool, a_to_b: bool, exact: Exact, amount: u64) -> Result<(u64, u128), Fault> {
    let end = if a_to_b { pool.sqrt_min } else { pool.sqrt_max };
    let ahead = if a_to_b { end < pool.sqrt_price } else { end > pool.sqrt_price };
    if pool.liquidity == 0 || end == 0 {
        return Err(Fault::ZeroReserve);
    }
    if !ahead {
        return Err(Fault::Incomplete);
    }
    let of_b = a_to_b != (exact == Exact::In);
    let next = match between(pool, end, of_b, exact == Exact::In) {
        // More than 64 bits fit.
        Err(Fault::Overflow) => next_price(pool, a_to_b, exact, amount)?,
        Err(fault) => return Err(fault),
        Ok(fits) if amount > fits => return Err(Fault::Incomplete),
        Ok(fits) if amount < fits => next_price(pool, a_to_b, exact, amount)?,
        Ok(_) => {
            let by_formula = next_price(pool, a_to_b, exact, amount);
            if exact == Exact::Out && by_formula != Ok(end) {
                return Err(Fault::Incomplete);
            }
            end
        }
    };
    Ok((other_side(pool, a_to_b, exact, next)?, next))
}

/// What is left of volatility, and of what the curve takes; one that took all takes no more swaps.
pub(super) fn settle(
    pool: &mut Pool,
    around: &mut AroundMut<'_>,
    order: &Order,
    quote: &Quote,
    after: &State,
) -> Result<(), Fault> {
    fee::settle(pool, around, order, quote, after)?;
    let (had, has) = (pool.reserve_b, after.reserve_b);
    pool.left_b = pool.left_b.saturating_sub(has.saturating_sub(had));
    pool.left_b = pool.left_b.saturating_add(had.saturating_sub(has));
    if pool.left_b == 0 {
        pool.status = PoolStatus::Disabled as u8;
    }
    Ok(())
}

#[cfg(test)]
#[allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "the model is written plainly"
)]
mod tests {
    use super::super::super::meteora_damm_v2::fee::FEE_DEN;
    use super::super::super::model::{big, ce, fl, narrow};
    use super::super::super::quote::{apply, quote_in};
    use super::*;
    use crate::ids::Venue;
    use crate::record::Curve;
    use num_bigint::BigInt;
    use proptest::prelude::*;

    /// Ranges of a curve: where it begins, and the ends and liquidities of its ranges.
    #[derive(Debug)]
    struct Ranges {
        start: u128,
        points: Vec<(u128, u128)>,
        migration: u128,
    }

    impl Ranges {
        /// The record of a pool at `price`.
        fn pool(&self, price: u128, side: u8, fee: u64) -> Pool {
            let mut pool = Pool::new(0);
            (pool.venue, pool.curve) = (Venue::MeteoraDbc as u16, Curve::Range as u8);
            (pool.fee_num, pool.fee_den, pool.fee_side) = (fee, FEE_DEN, side);
            (pool.reserve_a, pool.reserve_b, pool.left_b) =
                (u64::MAX / 4, u64::MAX / 4, u64::MAX / 4);
            let mut from = self.start;
            for &(to, liquidity) in &self.points {
                if to > price {
                    (pool.sqrt_min, pool.sqrt_max) = (from, to.min(self.migration));
                    (pool.sqrt_price, pool.liquidity) = (price, liquidity);
                    break;
                }
                from = to;
            }
            pool.present = Pool::SQRT_PRICE | Pool::LIQUIDITY | Pool::SQRT_RANGE | Pool::LEFT_B;
            pool
        }

        /// virtual_pool.rs, all four walks, in big integers: the other side and the price after.
        fn walk(
            &self,
            price: u128,
            a_to_b: bool,
            exact_in: bool,
            amount: u64,
        ) -> Option<[BigInt; 2]> {
            let (mut at, mut left, mut other) = (big(price), big(amount), big(0));
            let one: BigInt = big(1) << 128;
            let of_a = |l: &BigInt, p: &BigInt, q: &BigInt, up: bool| {
                let apart = l * if q > p { q - p } else { p - q };
                if up { ce(apart, p * q) } else { fl(apart, p * q) }
            };
            let of_b = |l: &BigInt, p: &BigInt, q: &BigInt, up: bool| {
                let apart = l * if q > p { q - p } else { p - q };
                if up { ce(apart, one.clone()) } else { fl(apart, one.clone()) }
            };
            let next = |l: &BigInt, p: &BigInt, x: &BigInt| match (a_to_b, exact_in) {
                (true, true) => Some(ce(l * p, l + x * p)),
                (false, true) => Some(p + fl(x * &one, l.clone())),
                (true, false) => Some(p - ce(x * &one, l.clone())),
                (false, false) => {
                    Some(l - x * p).filter(|left| *left > big(0)).map(|left| ce(l * p, left))
                }
            };
            let exact_side = |l: &BigInt, p: &BigInt, q: &BigInt| {
                if a_to_b == exact_in { of_a(l, p, q, exact_in) } else { of_b(l, p, q, exact_in) }
            };
            let other_side = |l: &BigInt, p: &BigInt, q: &BigInt| {
                if a_to_b == exact_in { of_b(l, p, q, !exact_in) } else { of_a(l, p, q, !exact_in) }
            };
            let migration = big(self.migration);
            if a_to_b {
                for i in (0..self.points.len() - 1).rev() {
                    let (end, l) = (big(self.points[i].0), big(self.points[i + 1].1));
                    if end < at && left > big(0) {
                        let fits = exact_side(&l, &at, &end);
                        let to = if left < fits { next(&l, &at, &left)? } else { end };
                        other += other_side(&l, &at, &to);
                        left = if left < fits { big(0) } else { left - fits };
                        at = to;
                    }
                }
                if left > big(0) {
                    let (start, l) = (big(self.start), big(self.points[0].1));
                    if !exact_in && left > of_b(&l, &at, &start, false) {
                        return None;
                    }
                    let mut to = next(&l, &at, &left)?;
                    if to < start {
                        left -= of_a(&l, &at, &start, true);
                        to = start;
                    } else {
                        left = big(0);
                    }
                    other += other_side(&l, &at, &to);
                    at = to;
                }
            } else {
                for &(end, l) in &self.points {
                    let (mut end, l) = (big(end), big(l));
                    if exact_in {
                        end = end.min(migration.clone());
                    }
                    if end > at && left > big(0) {
                        let fits = exact_side(&l, &at, &end);
                        let to = if left < fits { next(&l, &at, &left)? } else { end };
                        other += other_side(&l, &at, &to);
                        left = if left < fits { big(0) } else { left - fits };
                        at = to;
                    }
                }
            }
            (left == big(0) && at <= migration).then_some([other, at])
        }
    }

    /// Three ranges, of which the last ends at the migration or beyond it.
    fn ranges() -> impl Strategy<Value = Ranges> {
        let grow = 1_000_001_u128..4_000_000;
        let one = (grow, 1_u128 << 84..1 << 108);
        (1_u128 << 56..1 << 70, [one.clone(), one.clone(), one], any::<bool>()).prop_map(
            |(start, steps, beyond)| {
                let mut points = Vec::new();
                let mut at = start;
                for (grow, liquidity) in steps {
                    at = at * grow / 1_000_000;
                    points.push((at, liquidity));
                }
                let migration = if beyond { points[1].0.midpoint(at) } else { at };
                Ranges { start, points, migration }
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn a_quote_is_the_whole_curves_or_not_known(
            ranges in ranges(), part in 0_u128..1000, a_to_b in any::<bool>(), exact_in in any::<bool>(),
            bits in 1_u32..60, low in any::<u64>(), edge in 0_u8..4,
        ) {
            let price = ranges.start + (ranges.migration - 1 - ranges.start) * part / 1000;
            let pool = ranges.pool(price, 3, 0);
            let exact = if exact_in { Exact::In } else { Exact::Out };
            // Often just what fits into the range, or one more or less.
            let end = if a_to_b { pool.sqrt_min } else { pool.sqrt_max };
            let fits = between(&pool, end, a_to_b != exact_in, exact_in).ok().filter(|_| edge < 3);
            let amount = fits.map_or((low % (1 << bits)).max(1), |fits| (fits + u64::from(edge)).max(2) - 1);
            let got = within(&pool, a_to_b, exact, amount);
            let want = ranges.walk(price, a_to_b, exact_in, amount);
            match (got, want) {
                (Ok((other, next)), Some([want_other, want_next])) => {
                    prop_assert_eq!((Some(other), Some(next)), (narrow(&want_other), u128::try_from(want_next).ok()));
                }
                (Ok(got), None) => prop_assert!(false, "{got:?} where the program refuses"),
                (Err(Fault::Incomplete), _) | (Err(_), None) => {}
                (Err(fault), Some(want)) => {
                    prop_assert!(narrow(&want[0]).is_none(), "{fault:?}, {want:?}");
                }
            }
        }

        #[test]
        fn inside_of_its_range_everything_is_known(ranges in ranges(), part in 1_u128..999, a_to_b in any::<bool>()) {
            let price = ranges.start + (ranges.migration - 1 - ranges.start) * part / 1000;
            let pool = ranges.pool(price, 3, 0);
            let end = if a_to_b { pool.sqrt_min } else { pool.sqrt_max };
            if let Ok(fits @ 3..) = between(&pool, end, !a_to_b, true) {
                prop_assert!(within(&pool, a_to_b, Exact::In, fits / 2).is_ok());
                prop_assert!(within(&pool, a_to_b, Exact::In, fits).is_ok());
                prop_assert_eq!(within(&pool, a_to_b, Exact::In, fits + 1), Err(Fault::Incomplete));
            }
        }

        #[test]
        fn hostile_records_give_reasons(
            liquidity in any::<u128>(), prices in any::<[u128; 3]>(), reserves in any::<[u64; 3]>(),
            fee in any::<[u64; 2]>(), side in 0_u8..4, a_to_b in any::<bool>(), amount in any::<u64>(),
        ) {
            let mut pool = Pool::new(0);
            (pool.venue, pool.curve) = (Venue::MeteoraDbc as u16, Curve::Range as u8);
            [pool.sqrt_min, pool.sqrt_price, pool.sqrt_max] = prices;
            [pool.reserve_a, pool.reserve_b, pool.left_b] = reserves;
            (pool.liquidity, pool.fee_num, pool.fee_den, pool.fee_side) = (liquidity, fee[0], fee[1], side);
            for exact in [Exact::In, Exact::Out] {
                let order = Order { exact, ..Order::exact_in(a_to_b, amount) };
                let _ = apply(&mut pool.clone(), Around::NONE, &order);
            }
        }
    }

    #[test]
    fn a_purchase_of_the_rest_completes_the_curve() {
        let one = 1_u128 << 64;
        let ranges = Ranges { start: one, points: vec![(one * 2, one << 30)], migration: one * 2 };
        let mut pool = ranges.pool(one, 2, 10_000_000);
        // 2^30 of b reach the end, and with the fee of 1 %: ceil(2^30 / 0.99).
        (pool.reserve_b, pool.left_b) = (7, 1 << 30);
        let all = ((1_u64 << 30) * 100).div_ceil(99);
        let mut half = pool;
        let quote = apply(&mut half, Around::NONE, &Order::exact_in(false, all / 2)).unwrap();
        assert_eq!((quote.fee, half.status), ((all / 2).div_ceil(100), PoolStatus::Open as u8));
        assert_eq!(half.left_b, (1 << 30) - (all / 2 - quote.fee));
        let quote = apply(&mut pool, Around::NONE, &Order::exact_in(false, all)).unwrap();
        assert_eq!((quote.amount_out, pool.sqrt_price), (1 << 29, one * 2));
        assert_eq!((pool.left_b, pool.status), (0, PoolStatus::Disabled as u8));
        assert_eq!(quote_in(&pool, Around::NONE, true, 5), Err(Fault::Disabled));
    }
}
