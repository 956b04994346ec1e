//! Pricing: no lots and no fee; every order is rounded by itself.
//!
//! Source: CKS-Systems/manifest, programs/manifest/src/program/processor/swap.rs `process_swap_core`,
//! state/market.rs `impact_base_atoms_with_slot` and `place_order`, quantities.rs @95ee542. An order
//! that is filled whole rounds its quote in the taker's favour, one that is filled in part in the
//! maker's.
//!
//! An order that reverses comes back on the other side when it is filled; a record does not say
//! which do, so the other side stays as it was until the account is read again.

use crate::math::muldiv::{mul_div_ceil_u128, mul_div_floor_u128};
use crate::record::{Exact, Level, Pool};

use super::super::around::Around;
use super::super::levels;
use super::super::quote::{Fault, Order, Quote, Swapped};

/// What a price is for: quote atoms of so many base atoms.
pub(super) const UNIT: u64 = 1_000_000_000_000_000_000;

/// `checked_quote_for_base`.
fn quote_for(level: &Level, base: u64, up: bool) -> Result<u64, Fault> {
    // The program's product has 128 bits.
    let product = level.price.checked_mul(base.into()).ok_or(Fault::Overflow)?;
    let divide = if up { mul_div_ceil_u128 } else { mul_div_floor_u128 };
    let quote = divide(product, 1, UNIT.into()).ok_or(Fault::Overflow)?;
    u64::try_from(quote).map_err(|_| Fault::Overflow)
}

/// `checked_base_for_quote`.
fn base_for(level: &Level, quote: u64, up: bool) -> Result<u64, Fault> {
    if level.price == 0 {
        return Ok(0);
    }
    let divide = if up { mul_div_ceil_u128 } else { mul_div_floor_u128 };
    let base = divide(quote.into(), UNIT.into(), level.price).ok_or(Fault::Overflow)?;
    u64::try_from(base).map_err(|_| Fault::Overflow)
}

/// What is matched.
#[derive(Clone, Copy, Debug, Default)]
struct Matched {
    base: u64,
    quote: u64,
    /// The order ended before the book did.
    complete: bool,
}

impl Matched {
    fn add(&mut self, base: u64, quote: u64) -> Result<(), Fault> {
        self.base = self.base.checked_add(base).ok_or(Fault::Overflow)?;
        self.quote = self.quote.checked_add(quote).ok_or(Fault::Overflow)?;
        Ok(())
    }
}

/// `place_order` of `base` atoms.
fn by_base(around: Around<'_>, sells: bool, base: u64) -> Result<Matched, Fault> {
    let (mut matched, mut left) = (Matched::default(), base);
    for level in levels::live(around, sells)? {
        if left == 0 {
            break;
        }
        let level = level?;
        let whole = left >= level.base;
        let base = level.base.min(left);
        // A buyer's quote is rounded up unless the order is filled whole; a seller's down.
        matched.add(base, quote_for(level, base, sells == whole)?)?;
        left = left.saturating_sub(base);
    }
    matched.complete = left == 0;
    Ok(matched)
}

/// `impact_base_atoms` of `quote` atoms, with what the orders come to.
fn by_quote(around: Around<'_>, sells: bool, quote: u64) -> Result<Matched, Fault> {
    let (mut matched, mut left) = (Matched::default(), quote);
    for level in levels::live(around, sells)? {
        let level = level?;
        let most = base_for(level, left, sells)?;
        let whole = most >= level.base;
        let base = level.base.min(most);
        let quote = quote_for(level, base, sells == whole)?;
        matched.add(base, quote)?;
        // A seller's last order can round above what is asked for: there the program's exact output
        // fails; the same base sold by exact input gives it.
        left = left.saturating_sub(quote);
        if !whole || left == 0 {
            // A price of nothing gives a seller nothing, however much is sold.
            matched.complete = !sells || left == 0;
            break;
        }
    }
    Ok(matched)
}

/// Answers an order as the program does.
pub(in super::super) fn swap(pool: &Pool, around: Around<'_>, order: &Order) -> Swapped {
    levels::units(pool)?;
    let sells = order.a_to_b;
    let matched = match (sells, order.exact) {
        (true, Exact::In) | (false, Exact::Out) => by_base(around, sells, order.amount)?,
        (true, Exact::Out) | (false, Exact::In) => by_quote(around, sells, order.amount)?,
    };
    let Matched { base, quote, complete } = matched;
    let (amount_in, amount_out) = if sells { (base, quote) } else { (quote, base) };
    let quote = Quote { amount_in, amount_out, fee: 0, ticks_crossed: 0, complete };
    levels::filled(pool, sells, quote)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "the model is written plainly")]
mod tests {
    use super::super::super::around::{AroundMut, Depth, DepthMut, Levels, Moment};
    use super::super::super::model::product_pool;
    use super::super::super::quote::{apply, min_in, quote_in, quote_out};
    use super::*;
    use crate::ids::Venue;
    use crate::record::Curve;
    use num_bigint::BigInt;
    use proptest::prelude::*;

    fn market() -> Pool {
        let mut pool = product_pool(Venue::Manifest, 1 << 60, 1 << 60, 0, 1);
        pool.curve = Curve::Book as u8;
        (pool.lot_a, pool.lot_b, pool.lots_per_unit, pool.price_step) = (1, 1, UNIT, 1);
        pool
    }

    fn level(price: u128, base: u64, expires: u64) -> Level {
        Level { price, base, sequence: 0, expires, is_bid: 0 }
    }

    fn around(side: &[Level], slot: u64) -> Around<'_> {
        let depth = Depth::Levels(Levels { bids: side, asks: side });
        Around { depth, now: Moment { slot, unix_s: 0 } }
    }

    /// market.rs: a bid for 10 at 1.15, of which 5 are sold, gives 5; at 1.001, 100 quote buy 99 of
    /// more than 100 and all of 100 cost 100.
    #[test]
    fn whole_orders_round_for_the_taker_and_parts_for_the_maker() {
        let pool = market();
        let bids = [level(1_150_000_000_000_000_000, 10, 0)];
        let sold = |amount| quote_in(&pool, around(&bids, 0), true, amount).unwrap();
        assert_eq!((sold(5).amount_out, sold(10).amount_out), (5, 12));
        let part = sold(11);
        assert_eq!((part.complete, part.amount_in, part.amount_out), (false, 10, 12));
        let asks = [level(1_001_000_000_000_000_000, 100, 0), level(u128::from(UNIT) * 2, 9, 0)];
        let bought = |amount| quote_in(&pool, around(&asks, 0), false, amount).unwrap();
        assert_eq!((bought(100).amount_in, bought(100).amount_out), (100, 99));
        assert_eq!((bought(101).amount_in, bought(101).amount_out), (100, 100), "one stays");
        assert_eq!((bought(103).amount_in, bought(103).amount_out), (103 - 1, 101));
        let cost = quote_out(&pool, around(&asks, 0), false, 100).unwrap();
        assert_eq!((cost.amount_in, cost.amount_out), (100, 100));
        assert_eq!(min_in(&pool, around(&asks, 0), false, 100), Ok(101));
        assert_eq!(quote_out(&pool, around(&bids, 0), true, 12).unwrap().amount_in, 10);
    }

    #[test]
    fn what_cannot_be_filled_has_a_name() {
        let pool = market();
        let bids = [level(u128::from(UNIT), 10, 100)];
        let quote = |slot, amount| quote_in(&pool, around(&bids, slot), true, amount);
        assert_eq!(quote(0, 5), Err(Fault::Moment));
        assert_eq!(quote(100, 5).unwrap().amount_out, 5);
        assert_eq!(quote(101, 5), Err(Fault::Incomplete));
        let cheap = [level(1, 10, 0)];
        assert_eq!(quote_in(&pool, around(&cheap, 1), true, 5), Err(Fault::ZeroOut));
        assert_eq!(quote_in(&pool, around(&cheap, 1), false, u64::MAX), Err(Fault::Overflow));
        let dear = [level(u128::MAX, 10, 0)];
        assert_eq!(quote_in(&pool, around(&dear, 1), true, 5), Err(Fault::Overflow));
    }

    #[derive(Debug, Clone)]
    struct Case {
        side: Vec<Level>,
        a_to_b: bool,
        amount: u64,
    }

    fn cases() -> impl Strategy<Value = Case> {
        let orders = prop::collection::vec((0u64..1 << 58, 1u64..90, 0u8..5), 1..9);
        (orders, 0u32..12, any::<bool>(), 1u64..2_000).prop_map(|(orders, cut, a_to_b, amount)| {
            let mut price = UNIT >> cut;
            let mut side = Vec::new();
            for (apart, base, kind) in orders {
                let apart = apart >> cut;
                price = if a_to_b { price.saturating_sub(apart).max(1) } else { price + apart };
                side.push(level(price.into(), base, if kind == 0 { 9 } else { 0 }));
            }
            Case { side, a_to_b, amount }
        })
    }

    /// Quote atoms that `base` atoms come to, and how many there are.
    fn model(case: &Case, base: u64) -> (u64, BigInt) {
        let (mut left, mut sum) = (base, BigInt::from(0));
        for level in case.side.iter().filter(|level| level.expires == 0) {
            let lots = level.base.min(left);
            let product = BigInt::from(level.price) * lots;
            let up = (lots == level.base) == case.a_to_b;
            sum += if up { (product + UNIT - 1) / UNIT } else { product / UNIT };
            left -= lots;
        }
        (base - left, sum)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn quotes_equal_the_big_model(case in cases()) {
            let (pool, Case { ref side, a_to_b, amount }) = (market(), case.clone());
            let view = around(side, 10);
            if let Ok(quote) = quote_in(&pool, view, a_to_b, amount) {
                let base = if a_to_b { quote.amount_in } else { quote.amount_out };
                let other = if a_to_b { quote.amount_out } else { quote.amount_in };
                let (there, worth) = model(&case, base);
                prop_assert_eq!((there, BigInt::from(other)), (base, worth));
                prop_assert!(quote.amount_in <= amount);
                let all: u64 = side.iter().filter(|l| l.expires == 0).map(|l| l.base).sum();
                if a_to_b {
                    prop_assert_eq!((base, quote.complete), (amount.min(all), amount <= all));
                } else if base < all {
                    // One more would not be paid for, by the rounding of a part.
                    prop_assert!(quote.complete && model(&case, base + 1).1 >= BigInt::from(amount));
                }
                let (mut bids, mut asks) = (side.clone(), side.clone());
                let depth = DepthMut::Levels { bids: &mut bids, asks: &mut asks };
                let lent = AroundMut { depth, now: view.now };
                let applied = apply(&mut pool.clone(), lent, &Order::exact_in(a_to_b, amount));
                if quote.complete {
                    prop_assert_eq!(applied, Ok(quote));
                    let met = if a_to_b { &bids } else { &asks };
                    let left: u64 = met.iter().filter(|l| l.expires == 0).map(|l| l.base).sum();
                    prop_assert_eq!(all - left, base);
                } else {
                    prop_assert_eq!(applied, Err(Fault::Incomplete));
                }
            }
        }

        #[test]
        fn the_least_input_is_least_and_more_gives_no_less(case in cases()) {
            let (pool, Case { ref side, a_to_b, amount }) = (market(), case.clone());
            let view = around(side, 10);
            let out = |amount| quote_in(&pool, view, a_to_b, amount).map_or(0, |q| q.amount_out);
            prop_assert!(out(amount) <= out(amount + 1));
            if out(amount) > 0 {
                let back = quote_out(&pool, view, a_to_b, out(amount)).unwrap();
                prop_assert!(back.amount_out >= out(amount));
                let least = min_in(&pool, view, a_to_b, out(amount)).unwrap();
                prop_assert!(least <= amount && out(least) >= out(amount));
                prop_assert!(out(least - 1) < out(amount));
            }
        }
    }
}
