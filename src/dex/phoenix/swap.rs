//! Pricing: what the matching engine makes of an order that takes and does not rest.
//!
//! Source: Ellipsis-Labs/phoenix-v1, src/state/markets/fifo.rs `place_order_inner`, `match_order`
//! and what they call, @dac82fe; self-trades aside. Sums are in adjusted quote lots, lots of b times
//! lots of a in a unit, which no price rounds; they are rounded once, at the end, and so is the fee.
//!
//! | order | budget |
//! |---|---|
//! | sells a, exact in | lots of a |
//! | sells a, exact out | the least lots of a that give as much (the program's own budget of b, lowered by the fee, can give a lot less) |
//! | buys a, exact in | lots of b with the fee taken off; rounding up twice can cost a lot more than that, and then the budget is one lot less |
//! | buys a, exact out | lots of a |

use crate::math::muldiv::{mul_div_ceil, mul_div_floor_u128};
use crate::record::{Exact, Pool};

use super::super::around::Around;
use super::super::levels;
use super::super::quote::{Fault, Order, Quote, Swapped, least};

/// What is matched.
#[derive(Clone, Copy, Debug, Default)]
struct Matched {
    base_lots: u64,
    /// Quote lots times lots of a in a unit.
    adjusted: u64,
    /// The budget ended before the book did.
    complete: bool,
}

/// A side of the book under the rules of its market.
#[derive(Clone, Copy)]
struct Book<'a> {
    pool: &'a Pool,
    around: Around<'a>,
    a_to_b: bool,
}

impl Book<'_> {
    /// `match_order` with budgets of base lots and of adjusted quote lots.
    fn take(&self, mut base_budget: u64, mut adjusted_budget: u64) -> Result<Matched, Fault> {
        let mut matched = Matched::default();
        for level in levels::live(self.around, self.a_to_b)? {
            if base_budget == 0 || adjusted_budget == 0 {
                break;
            }
            let level = level?;
            let ticks = u64::try_from(level.price).map_err(|_| Fault::State)?;
            let price = ticks.checked_mul(self.pool.price_step).ok_or(Fault::Overflow)?;
            let whole = price.checked_mul(level.base).ok_or(Fault::Overflow)?;
            let fits = level.base <= base_budget && whole <= adjusted_budget;
            let (base, adjusted) = if fits {
                (level.base, whole)
            } else {
                let lots = adjusted_budget.checked_div(price).ok_or(Fault::State)?;
                let lots = lots.min(base_budget);
                (lots, price.checked_mul(lots).ok_or(Fault::Overflow)?)
            };
            base_budget = base_budget.saturating_sub(base);
            adjusted_budget = adjusted_budget.saturating_sub(adjusted);
            matched.base_lots = matched.base_lots.checked_add(base).ok_or(Fault::Overflow)?;
            matched.adjusted = matched.adjusted.checked_add(adjusted).ok_or(Fault::Overflow)?;
            if !fits {
                matched.complete = true;
                return Ok(matched);
            }
        }
        matched.complete = base_budget == 0 || adjusted_budget == 0;
        Ok(matched)
    }

    /// The fee on `adjusted`, in whole quote lots, rounded up twice.
    fn fee_lots(&self, adjusted: u64) -> Result<u64, Fault> {
        let fee = mul_div_ceil(adjusted, self.pool.fee_num, self.pool.fee_den);
        Ok(fee.ok_or(Fault::Overflow)?.div_ceil(self.pool.lots_per_unit))
    }

    /// Sells `base_lots`.
    fn sell(&self, base_lots: u64) -> Result<Quote, Fault> {
        let matched = self.take(base_lots, u64::MAX)?;
        let fee_lots = self.fee_lots(matched.adjusted)?;
        let whole = matched.adjusted.checked_div(self.pool.lots_per_unit).ok_or(Fault::State)?;
        // A fee above the proceeds is an error in the program.
        let out_lots = whole.saturating_sub(fee_lots);
        self.quote(matched.base_lots, out_lots, 0, matched.complete)
    }

    /// Buys with what was matched.
    fn bought(&self, matched: Matched) -> Result<(u64, Quote), Fault> {
        let fee_lots = self.fee_lots(matched.adjusted)?;
        let in_lots = matched.adjusted.div_ceil(self.pool.lots_per_unit);
        let in_lots = in_lots.checked_add(fee_lots).ok_or(Fault::Overflow)?;
        Ok((in_lots, self.quote(in_lots, matched.base_lots, fee_lots, matched.complete)?))
    }

    /// Buys with at most `quote_lots`, the fee included.
    fn buy(&self, quote_lots: u64) -> Result<Quote, Fault> {
        let (in_lots, quote) = self.bought(self.take(u64::MAX, self.budget(quote_lots)?)?)?;
        if in_lots <= quote_lots {
            return Ok(quote);
        }
        let less = quote_lots.saturating_sub(1);
        Ok(self.bought(self.take(u64::MAX, self.budget(less)?)?)?.1)
    }

    /// `adjusted_quote_lot_budget_post_fee_adjustment_for_buys`: `1 / (1 + fee)` of it, over 2^64.
    fn budget(&self, quote_lots: u64) -> Result<u64, Fault> {
        let lots = quote_lots.checked_mul(self.pool.lots_per_unit).ok_or(Fault::Overflow)?;
        let whole = u128::from(u64::MAX);
        let fee = mul_div_ceil(u64::MAX, self.pool.fee_num, self.pool.fee_den);
        let with_fee = whole.checked_add(fee.ok_or(Fault::Fee)?.into()).ok_or(Fault::Fee)?;
        let budget = mul_div_floor_u128(lots.into(), whole, with_fee).ok_or(Fault::Fee)?;
        u64::try_from(budget).map_err(|_| Fault::Fee)
    }

    fn quote(&self, taken: u64, given: u64, fee: u64, complete: bool) -> Result<Quote, Fault> {
        let Pool { lot_a, lot_b, .. } = *self.pool;
        let (lot_in, lot_out) = if self.a_to_b { (lot_a, lot_b) } else { (lot_b, lot_a) };
        let raw = |lots: u64, lot: u64| lots.checked_mul(lot).ok_or(Fault::Overflow);
        let (amount_in, amount_out) = (raw(taken, lot_in)?, raw(given, lot_out)?);
        // A seller's fee is of what comes out.
        Ok(Quote { amount_in, amount_out, fee: raw(fee, lot_in)?, ticks_crossed: 0, complete })
    }

    /// The least base lots that sell for `quote_lots`.
    fn sell_for(&self, quote_lots: u64) -> Result<Quote, Fault> {
        let Pool { fee_num, fee_den, lots_per_unit, .. } = *self.pool;
        let kept = fee_den.checked_sub(fee_num).ok_or(Fault::Fee)?;
        let gross = mul_div_ceil(quote_lots, fee_den, kept).ok_or(Fault::Overflow)?;
        let budget = gross.checked_mul(lots_per_unit).ok_or(Fault::Overflow)?;
        let guess = self.take(u64::MAX, budget)?;
        if !guess.complete {
            // All that is there gives less than what is asked for.
            let all = self.sell(guess.base_lots)?;
            return Ok(Quote { complete: false, ..all });
        }
        let wanted = quote_lots.checked_mul(self.pool.lot_b).ok_or(Fault::Overflow)?;
        let lots = least(guess.base_lots, |lots| {
            let sold = self.sell(lots)?;
            let enough = sold.amount_out >= wanted;
            if enough || sold.complete { Ok(enough) } else { Err(Fault::Incomplete) }
        })?;
        self.sell(lots)
    }
}

/// Answers an order as the program does.
pub(in super::super) fn swap(pool: &Pool, around: Around<'_>, order: &Order) -> Swapped {
    levels::units(pool)?;
    if pool.fee_num >= pool.fee_den {
        return Err(Fault::Fee);
    }
    let book = Book { pool, around, a_to_b: order.a_to_b };
    let quote = match (order.a_to_b, order.exact) {
        (true, Exact::In) => match order.amount.checked_div(pool.lot_a) {
            None | Some(0) => return Err(Fault::ZeroOut),
            Some(lots) => book.sell(lots)?,
        },
        (false, Exact::In) => match order.amount.checked_div(pool.lot_b) {
            None | Some(0) => return Err(Fault::ZeroOut),
            Some(lots) => book.buy(lots)?,
        },
        (true, Exact::Out) => book.sell_for(order.amount.div_ceil(pool.lot_b))?,
        (false, Exact::Out) => {
            book.bought(book.take(order.amount.div_ceil(pool.lot_a), u64::MAX)?)?.1
        }
    };
    levels::filled(pool, order.a_to_b, quote)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::super::around::{AroundMut, Depth, DepthMut, Levels, Moment};
    use super::super::super::model::product_pool;
    use super::super::super::quote::{apply, min_in, quote_in, quote_out};
    use super::super::super::{Cursor, segment};
    use super::*;
    use crate::ids::Venue;
    use crate::record::{Curve, Level};
    use num_bigint::BigInt;
    use proptest::prelude::*;

    /// SOL/USDC: lots of 0.001 SOL and of a millionth USDC, ticks of 0.001 USDC, 5 bps.
    fn market() -> Pool {
        let mut pool = product_pool(Venue::Phoenix, 1 << 60, 1 << 60, 5, 10_000);
        pool.curve = Curve::Book as u8;
        (pool.lot_a, pool.lot_b, pool.lots_per_unit, pool.price_step) =
            (1_000_000, 1, 1_000, 1_000);
        pool
    }

    fn level(price: u64, base: u64, expires: u64) -> Level {
        Level { price: price.into(), base, sequence: 0, expires, is_bid: 0 }
    }

    fn around(side: &[Level], slot: u64) -> Around<'_> {
        let depth = Depth::Levels(Levels { bids: side, asks: side });
        Around { depth, now: Moment { slot, unix_s: 0 } }
    }

    /// By hand, at 150 and 151 USDC: 3 lots of 0.001 SOL.
    #[test]
    fn a_sale_and_a_purchase() {
        let pool = market();
        let side = [level(150_000, 2, 0), level(149_000, 5, 0)];
        let quote = quote_in(&pool, around(&side, 0), true, 3_999_999).unwrap();
        // 2 * 150 000 + 149 000 = 449 000 millionths; fee 224.5 up: 225.
        assert_eq!((quote.amount_in, quote.amount_out), (3_000_000, 448_775));
        assert!(quote.complete);
        let side = [level(150_000, 2, 0), level(151_000, 5, 0)];
        let quote = quote_out(&pool, around(&side, 0), false, 2_000_001).unwrap();
        // 300 000 + 151 000 = 451 000; fee 225.5 up: 226.
        assert_eq!((quote.amount_in, quote.amount_out, quote.fee), (451_226, 3_000_000, 226));
        let quote = quote_in(&pool, around(&side, 0), false, 451_226).unwrap();
        assert_eq!((quote.amount_in, quote.amount_out), (451_226, 3_000_000));
        let quote = quote_in(&pool, around(&side, 0), false, 451_224).unwrap();
        assert_eq!((quote.amount_in, quote.amount_out), (300_150, 2_000_000));
        assert_eq!(min_in(&pool, around(&side, 0), false, 2_000_001), Ok(451_226));
    }

    #[test]
    fn a_book_that_ends_or_has_expired() {
        let pool = market();
        let side = [level(150_000, 2, 100), level(149_000, 5, 2_000_000_000)];
        let quote = |slot, amount| quote_in(&pool, around(&side[..1], slot), true, amount);
        assert_eq!(quote(0, 1_000_000), Err(Fault::Moment));
        assert_eq!(quote(100, 2_000_000).unwrap().amount_out, 299_850);
        assert_eq!(quote(101, 2_000_000), Err(Fault::Incomplete), "nothing is left");
        let part = quote(9, 3_000_000).unwrap();
        assert_eq!((part.complete, part.amount_in, part.amount_out), (false, 2_000_000, 299_850));
        // The second level's limit is a second, which is not known; only who gets there asks.
        let both = |amount| quote_in(&pool, around(&side, 9), true, amount);
        assert_eq!((both(2_000_000).unwrap().complete, both(2_000_001).is_ok()), (true, true));
        assert_eq!(both(3_000_000), Err(Fault::Moment));
        assert_eq!(both(999_999), Err(Fault::ZeroOut));
        assert_eq!(quote_in(&pool, Around::NONE, true, 1_000_000), Err(Fault::Ticks));
        let mut odd = pool;
        odd.lots_per_unit = 0;
        assert_eq!(quote_in(&odd, around(&side, 9), true, 1_000_000), Err(Fault::State));
        odd = pool;
        odd.transfer_fee_bps_b = 1;
        assert_eq!(quote_in(&odd, around(&side, 9), true, 1_000_000), Err(Fault::Unsupported));
        odd = pool;
        odd.fee_num = odd.fee_den;
        assert_eq!(quote_in(&odd, around(&side, 9), true, 1_000_000), Err(Fault::Fee));
        let wild = [level(u64::MAX, u64::MAX, 0), level(0, 9, 0)];
        assert_eq!(quote_in(&pool, around(&wild, 9), true, 1_000_000), Err(Fault::Overflow));
        assert_eq!(quote_in(&pool, around(&wild[1..], 9), true, 1_000_000), Err(Fault::State));
    }

    #[derive(Debug, Clone)]
    struct Case {
        pool: Pool,
        side: Vec<Level>,
        a_to_b: bool,
        amount: u64,
    }

    fn cases() -> impl Strategy<Value = Case> {
        let market = (1u64..2_000, 1u64..9, 1u64..1_001, 1u64..200, 0u64..400);
        let orders = prop::collection::vec((1u64..40, 0u64..90, 0u8..5), 1..9);
        (market, orders, 100u64..2_000, any::<bool>(), 1u64..4_000_000, 0u32..20).prop_map(
            |((lot_a, lot_b, unit, step, fee), orders, mut price, a_to_b, amount, cut)| {
                let mut pool = market_of([lot_a, lot_b, unit, step]);
                pool.fee_num = fee;
                let mut side = Vec::new();
                for (apart, base, kind) in orders {
                    price = if a_to_b { price.saturating_sub(apart).max(1) } else { price + apart };
                    side.push(level(price, base, if kind == 0 { 9 } else { 0 }));
                }
                Case { pool, side, a_to_b, amount: (amount >> cut).max(1) }
            },
        )
    }

    fn market_of([lot_a, lot_b, unit, step]: [u64; 4]) -> Pool {
        let mut pool = market();
        (pool.lot_a, pool.lot_b, pool.lots_per_unit, pool.price_step) = (lot_a, lot_b, unit, step);
        pool
    }

    /// What `base` lots are worth in adjusted quote lots, and how many of them there are.
    fn worth(case: &Case, base: u64) -> (u64, BigInt) {
        let (mut left, mut sum) = (base, BigInt::from(0));
        for level in case.side.iter().filter(|level| level.expires == 0) {
            let lots = level.base.min(left);
            sum += BigInt::from(level.price) * case.pool.price_step * lots;
            left -= lots;
        }
        (base - left, sum)
    }

    fn fee(case: &Case, adjusted: &BigInt) -> BigInt {
        let adjusted: BigInt = (adjusted * case.pool.fee_num + 9_999) / 10_000;
        (adjusted + case.pool.lots_per_unit - 1) / case.pool.lots_per_unit
    }

    fn cost(case: &Case, base: u64) -> BigInt {
        let adjusted = worth(case, base).1;
        let unit = case.pool.lots_per_unit;
        (&adjusted + unit - 1) / unit + fee(case, &adjusted)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(768))]
        #[test]
        fn quotes_equal_the_big_model(case in cases()) {
            let Case { pool, ref side, a_to_b, amount } = case;
            let view = around(side, 10);
            let quoted = quote_in(&pool, view, a_to_b, amount);
            if let Ok(quote) = quoted {
                prop_assert!(quote.amount_in <= amount);
                let (taken, given) = if a_to_b {
                    (quote.amount_in / pool.lot_a, quote.amount_out / pool.lot_b)
                } else {
                    (quote.amount_in / pool.lot_b, quote.amount_out / pool.lot_a)
                };
                if a_to_b {
                    let lots = amount / pool.lot_a;
                    let (there, adjusted) = worth(&case, lots);
                    prop_assert_eq!((taken, quote.complete), (there, there == lots));
                    let net = &adjusted / pool.lots_per_unit - fee(&case, &adjusted);
                    prop_assert_eq!(BigInt::from(given), net);
                } else {
                    prop_assert_eq!(BigInt::from(taken), cost(&case, given));
                    // The budget is what the program's rule makes of the lots, or of one less.
                    let lots = amount / pool.lot_b;
                    let rule = |lots: u64| {
                        let fee: BigInt = (BigInt::from(u64::MAX) * pool.fee_num + 9_999) / 10_000;
                        let budget = BigInt::from(lots) * pool.lots_per_unit * u64::MAX / (fee + u64::MAX);
                        (0..=u64::MAX).take_while(|n| {
                            let (there, adjusted) = worth(&case, *n);
                            there == *n && adjusted <= budget
                        }).last().unwrap()
                    };
                    let most = rule(lots);
                    let fits = cost(&case, most) <= BigInt::from(lots);
                    prop_assert_eq!(given, if fits { most } else { rule(lots - 1) });
                }
                let mut after = pool;
                let (mut bids, mut asks) = (side.clone(), side.clone());
                let order = Order::exact_in(a_to_b, amount);
                let depth = DepthMut::Levels { bids: &mut bids, asks: &mut asks };
                let applied = apply(&mut after, AroundMut { depth, now: view.now }, &order);
                if quote.complete {
                    prop_assert_eq!(applied, Ok(quote));
                    let (met, other) = if a_to_b { (&bids, &asks) } else { (&asks, &bids) };
                    prop_assert_eq!(other, side);
                    let sum = |side: &[Level]| -> u64 {
                        side.iter().filter(|l| l.expires == 0).map(|l| l.base).sum()
                    };
                    let moved = if a_to_b { taken } else { given };
                    prop_assert_eq!(sum(side) - sum(met), moved);
                    // What is filled is filled from the best on.
                    let worse = met.iter().zip(side).skip_while(|(l, _)| l.base == 0).skip(1);
                    prop_assert!(worse.into_iter().all(|(now, before)| now == before));
                } else {
                    prop_assert_eq!(applied, Err(Fault::Incomplete));
                }
            }
        }

        #[test]
        fn the_least_input_is_least_and_more_gives_no_less(case in cases()) {
            let Case { pool, ref side, a_to_b, amount } = case;
            let view = around(side, 10);
            let out = |amount| quote_in(&pool, view, a_to_b, amount).map_or(0, |q| q.amount_out);
            prop_assert!(out(amount) <= out(amount + 1));
            prop_assert!(out(amount) <= out(amount + pool.lot_a.max(pool.lot_b)));
            if out(amount) > 0 {
                let back = quote_out(&pool, view, a_to_b, out(amount)).unwrap();
                prop_assert!(back.amount_out >= out(amount));
                let least = min_in(&pool, view, a_to_b, out(amount)).unwrap();
                prop_assert!(least <= amount && out(least) >= out(amount));
                prop_assert!(out(least - 1) < out(amount));
                prop_assert!(!a_to_b || back.amount_in == least);
            }
        }

        #[test]
        fn pieces_are_the_levels_that_live(case in cases()) {
            let Case { pool, ref side, a_to_b, .. } = case;
            let view = around(side, 10);
            let mut cursor = Cursor::start(&pool);
            let live = side.iter().filter(|level| level.base > 0 && level.expires == 0);
            for level in live {
                let piece = segment(&pool, view, a_to_b, &mut cursor).unwrap();
                let (gross, out) = piece.room().unwrap();
                let quote = BigInt::from(level.price) * pool.price_step * level.base * pool.lot_b
                    / pool.lots_per_unit;
                let base = u128::from(level.base * pool.lot_a);
                if a_to_b {
                    let apart: BigInt = quote * (10_000 - pool.fee_num) / 10_000 - out;
                    prop_assert!(apart.magnitude() <= &2u32.into());
                    prop_assert!(gross <= base);
                } else {
                    prop_assert_eq!(out, base);
                    let apart: BigInt = quote * (10_000 + pool.fee_num) / 10_000 - gross;
                    prop_assert!(apart.magnitude() <= &3u32.into());
                }
            }
            prop_assert!(segment(&pool, view, a_to_b, &mut cursor).is_none());
        }
    }
}
