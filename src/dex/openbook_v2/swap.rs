//! Pricing: what `place_take_order` makes of an order.
//!
//! Source: openbook-dex/openbook-v2, programs/openbook-v2/src/state/orderbook/book.rs `new_order`,
//! instructions/place_take_order.rs, state/market.rs @f3e1742. Prices are lots of b for a lot of a.
//!
//! A buyer's budget is lowered by the taker's fee, but who takes by this instruction pays the makers'
//! rebates alone, of each fill and rounded down: the rest of the fee is not asked for. The record has
//! the taker's fee, and what of it the makers do not get as the protocol's part.
//!
//! | order | budget |
//! |---|---|
//! | sells a, exact in | lots of a |
//! | sells a, exact out | the least lots of a that give as much (the program's own budget of b stops before) |
//! | buys a, exact in | lots of b, the fee taken off |
//! | buys a, exact out | lots of a |

use crate::math::muldiv::{mul_div_floor, mul_div_floor_u128};
use crate::record::{Exact, Pool};

use super::super::around::Around;
use super::super::levels;
use super::super::quote::{Fault, Order, Quote, Swapped, least};
use super::super::segment::{Cursor, Segment};

/// Parts of a fee: `FEES_SCALE_FACTOR`.
pub(super) const PPM: u64 = 1_000_000;

/// The most fills of one instruction, whose limit is a byte.
const FILLS_MAX: u32 = 255;

/// The makers' rebate, ppm; what the record's share leaves of the taker's fee.
pub(super) fn rebate_ppm(pool: &Pool) -> Option<u64> {
    let kept = PPM.checked_sub(pool.protocol_ppm.into())?;
    mul_div_floor(pool.fee_num, kept, PPM)
}

/// What is matched.
#[derive(Clone, Copy, Debug, Default)]
struct Matched {
    base_lots: u64,
    quote_lots: u64,
    /// Raw units of b that go to the makers.
    rebates: u64,
    /// The budget ended before the book, or the fills, did.
    complete: bool,
}

/// A side of the book under the rules of its market.
#[derive(Clone, Copy)]
struct Book<'a> {
    pool: &'a Pool,
    around: Around<'a>,
    a_to_b: bool,
    rebate_ppm: u64,
}

impl Book<'_> {
    /// The most lots of a token, all of which must fit into 63 bits.
    fn most(lot: u64) -> Result<u64, Fault> {
        i64::MAX.unsigned_abs().checked_div(lot).ok_or(Fault::State)
    }

    /// The loop of `new_order` with budgets of lots.
    fn take(&self, mut base_budget: u64, mut quote_budget: u64) -> Result<Matched, Fault> {
        let (mut matched, mut fills) = (Matched::default(), 0u32);
        for level in levels::live(self.around, self.a_to_b)? {
            if base_budget == 0 || quote_budget == 0 {
                break;
            }
            let level = level?;
            if fills == FILLS_MAX {
                return Ok(matched);
            }
            let price = i64::try_from(level.price).map_err(|_| Fault::State)?.unsigned_abs();
            let payable = quote_budget.checked_div(price).ok_or(Fault::State)?;
            if payable == 0 {
                matched.complete = true;
                return Ok(matched);
            }
            let base = base_budget.min(level.base).min(payable);
            let quote = base.checked_mul(price).ok_or(Fault::Overflow)?;
            let raw = quote.checked_mul(self.pool.lot_b).ok_or(Fault::Overflow)?;
            let rebate = mul_div_floor(raw, self.rebate_ppm, PPM).ok_or(Fault::Overflow)?;
            base_budget = base_budget.saturating_sub(base);
            quote_budget = quote_budget.saturating_sub(quote);
            let sum = |a: u64, b: u64| a.checked_add(b).ok_or(Fault::Overflow);
            matched.base_lots = sum(matched.base_lots, base)?;
            matched.quote_lots = sum(matched.quote_lots, quote)?;
            matched.rebates = sum(matched.rebates, rebate)?;
            fills = fills.saturating_add(1);
        }
        matched.complete = base_budget == 0 || quote_budget == 0;
        Ok(matched)
    }

    fn quote(&self, matched: Matched) -> Result<Quote, Fault> {
        let Matched { base_lots, quote_lots, rebates, complete } = matched;
        let raw = |lots: u64, lot: u64| lots.checked_mul(lot).ok_or(Fault::Overflow);
        let (base, quote) = (raw(base_lots, self.pool.lot_a)?, raw(quote_lots, self.pool.lot_b)?);
        let (amount_in, amount_out, fee) = if self.a_to_b {
            // A seller's fee is of what comes out.
            (base, quote.checked_sub(rebates).ok_or(Fault::Fee)?, 0)
        } else {
            (quote.checked_add(rebates).ok_or(Fault::Overflow)?, base, rebates)
        };
        Ok(Quote { amount_in, amount_out, fee, ticks_crossed: 0, complete })
    }

    /// Trades `base_lots`.
    fn by_base(&self, base_lots: u64) -> Result<Quote, Fault> {
        let most = Self::most(self.pool.lot_a)?;
        if base_lots > most {
            return Err(Fault::Overflow);
        }
        let most = Self::most(self.pool.lot_b)?;
        let quote_lots = if self.a_to_b { most } else { self.less_fee(most)? };
        let matched = self.take(base_lots, quote_lots)?;
        // Where all the b that there can be is spent first, lots are left.
        let complete = matched.complete && matched.base_lots == base_lots;
        self.quote(Matched { complete, ..matched })
    }

    /// `subtract_taker_fees`.
    fn less_fee(&self, quote_lots: u64) -> Result<u64, Fault> {
        let with_fee = PPM.checked_add(self.pool.fee_num).ok_or(Fault::Fee)?;
        let lots = mul_div_floor_u128(quote_lots.into(), PPM.into(), with_fee.into());
        u64::try_from(lots.ok_or(Fault::Fee)?).map_err(|_| Fault::Overflow)
    }

    /// Buys for at most `quote_lots`.
    fn buy(&self, quote_lots: u64) -> Result<Quote, Fault> {
        let quote_lots = quote_lots.min(Self::most(self.pool.lot_b)?);
        self.quote(self.take(Self::most(self.pool.lot_a)?, self.less_fee(quote_lots)?)?)
    }

    /// Sells the least base lots that give `amount_out`.
    fn sell_for(&self, amount_out: u64) -> Result<Quote, Fault> {
        let lots = amount_out.div_ceil(self.pool.lot_b);
        let guess = self.take(Self::most(self.pool.lot_a)?, lots)?;
        let lots = least(guess.base_lots, |lots| {
            let sold = self.by_base(lots)?;
            let enough = sold.amount_out >= amount_out;
            if enough || sold.complete { Ok(enough) } else { Err(Fault::Incomplete) }
        });
        match lots {
            Ok(lots) => self.by_base(lots),
            Err(Fault::Incomplete) => self.by_base(Self::most(self.pool.lot_a)?),
            Err(fault) => Err(fault),
        }
    }
}

/// Answers an order as the program does.
pub(in super::super) fn swap(pool: &Pool, around: Around<'_>, order: &Order) -> Swapped {
    levels::units(pool)?;
    if pool.fee_num >= pool.fee_den || pool.fee_den != PPM {
        return Err(Fault::Fee);
    }
    let rebate_ppm = rebate_ppm(pool).ok_or(Fault::Fee)?;
    let book = Book { pool, around, a_to_b: order.a_to_b, rebate_ppm };
    let lots = |lot: u64| order.amount.checked_div(lot).filter(|lots| *lots > 0);
    let quote = match (order.a_to_b, order.exact) {
        (true, Exact::In) => book.by_base(lots(pool.lot_a).ok_or(Fault::ZeroOut)?)?,
        (false, Exact::In) => book.buy(lots(pool.lot_b).ok_or(Fault::ZeroOut)?)?,
        (true, Exact::Out) => book.sell_for(order.amount)?,
        (false, Exact::Out) => book.by_base(order.amount.div_ceil(pool.lot_a))?,
    };
    levels::filled(pool, order.a_to_b, quote)
}

/// The next level, with the makers' part of the fee.
pub(in super::super) fn segment(
    pool: &Pool,
    around: Around<'_>,
    a_to_b: bool,
    cursor: &mut Cursor,
) -> Option<Segment> {
    levels::segment(pool, around, a_to_b, cursor, (rebate_ppm(pool)?, PPM))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "the model is written plainly")]
mod tests {
    use super::super::super::around::{AroundMut, Depth, DepthMut, Levels, Moment};
    use super::super::super::model::product_pool;
    use super::super::super::quote::{apply, min_in, quote_in, quote_out};
    use super::*;
    use crate::ids::Venue;
    use crate::record::{Curve, Level};
    use num_bigint::BigInt;
    use proptest::prelude::*;

    /// The second at which every order is looked at.
    const NOW: u64 = 1_700_000_000;

    fn market(lot_a: u64, lot_b: u64, taker: u64, protocol_ppm: u32) -> Pool {
        let mut pool = product_pool(Venue::OpenbookV2, 1 << 60, 1 << 60, taker, PPM);
        (pool.curve, pool.protocol_ppm) = (Curve::Book as u8, protocol_ppm);
        (pool.lot_a, pool.lot_b, pool.lots_per_unit, pool.price_step) = (lot_a, lot_b, 1, 1);
        pool
    }

    fn level(price: u64, base: u64, expires: u64) -> Level {
        Level { price: price.into(), base, sequence: 0, expires, is_bid: 0 }
    }

    fn around(side: &[Level], unix_s: u64) -> Around<'_> {
        let depth = Depth::Levels(Levels { bids: side, asks: side });
        Around { depth, now: Moment { slot: 0, unix_s } }
    }

    /// By hand: taker 400 ppm, makers get 200 ppm of each fill, rounded down.
    #[test]
    fn who_takes_pays_the_makers_part_alone() {
        let pool = market(1_000, 10, 400, 500_000);
        let side = [level(1_000, 3, 0), level(1_001, 5, 0)];
        let bought = quote_out(&pool, around(&side, NOW), false, 4_000).unwrap();
        // 3 000 and 1 001 lots of 10: 30 000 -> 6, 10 010 -> 2.002.
        assert_eq!((bought.amount_in, bought.amount_out, bought.fee), (40_010 + 8, 4_000, 8));
        let sold = quote_in(&pool, around(&side, NOW), true, 4_999).unwrap();
        assert_eq!((sold.amount_in, sold.amount_out), (4_000, 40_010 - 8));
        // The budget is lowered by the whole fee: 4 002 lots are 4 000, one too few.
        let less = quote_in(&pool, around(&side, NOW), false, 40_020).unwrap();
        assert_eq!((less.amount_in, less.amount_out), (30_006, 3_000));
        assert_eq!(min_in(&pool, around(&side, NOW), false, 4_000), Ok(40_030));
    }

    #[test]
    fn a_book_that_ends_or_has_expired() {
        let pool = market(1, 1, 400, 500_000);
        let side = [level(10, 3, NOW)];
        let quote = |unix_s, amount| quote_in(&pool, around(&side, unix_s), true, amount);
        assert_eq!(quote(0, 1), Err(Fault::Moment));
        assert_eq!(quote(NOW, 3).unwrap().amount_out, 30);
        assert_eq!(quote(NOW + 1, 3), Err(Fault::Incomplete));
        assert!(!quote(NOW, 4).unwrap().complete);
        assert_eq!(quote_in(&pool, Around::NONE, true, 4), Err(Fault::Ticks));
        assert_eq!(quote(NOW, u64::MAX), Err(Fault::Overflow));
        let many = vec![level(10, 1, 0); 300];
        let most = quote_in(&pool, around(&many, NOW), true, 256).unwrap();
        assert_eq!((most.complete, most.amount_in), (false, 255));
        let wild = [level(u64::MAX, u64::MAX, 0), level(0, 9, 0)];
        assert_eq!(quote_in(&pool, around(&wild, NOW), true, 1), Err(Fault::State));
        assert_eq!(quote_in(&pool, around(&wild[1..], NOW), true, 1), Err(Fault::State));
    }

    #[derive(Debug, Clone)]
    struct Case {
        pool: Pool,
        side: Vec<Level>,
        a_to_b: bool,
        amount: u64,
    }

    fn cases() -> impl Strategy<Value = Case> {
        let rates = (1u64..2_000, 1u64..90, 0u64..100_000, 0u32..=1_000_000);
        let orders = prop::collection::vec((1u64..40, 1u64..90, 0u8..5), 1..9);
        (rates, orders, 1u64..900, any::<bool>(), 1u64..4_000_000, 0u32..20).prop_map(
            |((lot_a, lot_b, taker, part), orders, mut price, a_to_b, amount, cut)| {
                let mut side = Vec::new();
                for (apart, base, kind) in orders {
                    price = if a_to_b { price.saturating_sub(apart).max(1) } else { price + apart };
                    side.push(level(price, base, if kind == 0 { NOW - 1 } else { 0 }));
                }
                let pool = market(lot_a, lot_b, taker, part);
                Case { pool, side, a_to_b, amount: (amount >> cut).max(1) }
            },
        )
    }

    /// Base lots that are there of `base`, their quote lots and the makers' part.
    fn worth(case: &Case, base: u64) -> (u64, BigInt, BigInt) {
        let (mut left, mut sum, mut rebates) = (base, BigInt::from(0), BigInt::from(0));
        let rate =
            BigInt::from(case.pool.fee_num) * (PPM - u64::from(case.pool.protocol_ppm)) / PPM;
        for level in case.side.iter().filter(|level| level.expires == 0) {
            let lots = BigInt::from(level.price) * level.base.min(left);
            rebates += &lots * case.pool.lot_b * &rate / PPM;
            sum += lots;
            left -= level.base.min(left);
        }
        (base - left, sum, rebates)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn quotes_equal_the_big_model(case in cases()) {
            let Case { pool, ref side, a_to_b, amount } = case;
            let view = around(side, NOW);
            if let Ok(quote) = quote_in(&pool, view, a_to_b, amount) {
                prop_assert!(quote.amount_in <= amount);
                let base = if a_to_b { quote.amount_in } else { quote.amount_out } / pool.lot_a;
                let (there, lots, rebates) = worth(&case, base);
                prop_assert_eq!(there, base);
                if a_to_b {
                    let net = lots * pool.lot_b - rebates;
                    prop_assert_eq!(BigInt::from(quote.amount_out), net);
                    prop_assert_eq!(worth(&case, amount / pool.lot_a).0, base);
                } else {
                    prop_assert_eq!(BigInt::from(quote.amount_in), lots * pool.lot_b + rebates);
                    let budget = BigInt::from(amount / pool.lot_b) * PPM / (PPM + pool.fee_num);
                    prop_assert!(worth(&case, base).1 <= budget);
                    let more = worth(&case, base + 1);
                    prop_assert!(more.0 == base || more.1 > budget);
                }
                let (mut bids, mut asks) = (side.clone(), side.clone());
                let depth = DepthMut::Levels { bids: &mut bids, asks: &mut asks };
                let lent = AroundMut { depth, now: view.now };
                let applied = apply(&mut pool.clone(), lent, &Order::exact_in(a_to_b, amount));
                if quote.complete {
                    prop_assert_eq!(applied, Ok(quote));
                    let sum = |side: &[Level]| -> u64 {
                        side.iter().filter(|l| l.expires == 0).map(|l| l.base).sum()
                    };
                    prop_assert_eq!(sum(side) - sum(if a_to_b { &bids } else { &asks }), base);
                } else {
                    prop_assert_eq!(applied, Err(Fault::Incomplete));
                }
            }
        }

        #[test]
        fn the_least_input_is_least_and_more_gives_no_less(case in cases()) {
            let Case { pool, ref side, a_to_b, amount } = case;
            let view = around(side, NOW);
            let out = |amount| quote_in(&pool, view, a_to_b, amount).map_or(0, |q| q.amount_out);
            prop_assert!(out(amount) <= out(amount + 1));
            if out(amount) > 0 {
                let back = quote_out(&pool, view, a_to_b, out(amount)).unwrap();
                prop_assert!(back.amount_out >= out(amount));
                let least = min_in(&pool, view, a_to_b, out(amount)).unwrap();
                prop_assert!(least <= amount && out(least) >= out(amount));
                prop_assert!(out(least - 1) < out(amount));
                prop_assert!(!a_to_b || back.amount_in == least);
            }
        }
    }
}
