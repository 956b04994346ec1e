//! A swap: steps from one initialised tick to the next.
//!
//! Source: manager/swap_manager.rs, util/sparse_swap.rs, util/swap_tick_sequence.rs (facts/dex.md
//! 5). One instruction walks at most three tick arrays, counted from the current price; an array
//! that does not exist counts as one without liquidity.

use std::ops::RangeInclusive;

use crate::record::Pool;

use super::super::quote::Fault;
use super::super::ranges::{Edge, Reach, Rule};
use super::super::ticks::TickRange;
use super::tick::{
    SQRT_PRICE_MAX, SQRT_PRICE_MIN, TICK_MAX, TICK_MIN, sqrt_price_at_tick, tick_at_sqrt_price,
};
use super::{ARRAY_TICKS, ARRAYS_A_SWAP};

/// First tick of each array that a swap can walk, in the order of the walk, and their number: the
/// arrays at the ends of the tick range have no successor.
pub(super) fn array_starts(tick: i32, spacing: u16, a_to_b: bool) -> Option<([i32; 3], usize)> {
    let span = ARRAY_TICKS.checked_mul(i32::from(spacing))?;
    let base = tick.checked_sub(tick.checked_rem_euclid(span)?)?;
    let lowest = TICK_MIN.checked_sub(TICK_MIN.checked_rem_euclid(span)?)?;
    let (mut start, stride) = if a_to_b {
        (base, span.checked_neg()?)
    } else {
        // From the last possible tick of an array upwards the search begins in the next one.
        let next = base.checked_add(span)?;
        (if tick.checked_add(i32::from(spacing))? >= next { next } else { base }, span)
    };
    let (mut starts, mut count) = ([0; 3], 0usize);
    for slot in &mut starts {
        if !(lowest..=TICK_MAX).contains(&start) {
            break;
        }
        *slot = start;
        count = count.saturating_add(1);
        start = start.checked_add(stride)?;
    }
    (count > 0).then_some((starts, count))
}

/// Its way of walking.
pub(in super::super) struct Orca;

impl Rule for Orca {
    const PRICES: RangeInclusive<u128> = SQRT_PRICE_MIN..=SQRT_PRICE_MAX;
    const LIMITS: RangeInclusive<u128> = SQRT_PRICE_MIN..=SQRT_PRICE_MAX;
    const PART_OF_INPUT: bool = true;
    const BOTH_MOVE: bool = false;
    const NARROW: bool = true;

    #[inline]
    fn price_at(tick: i32) -> Option<u128> {
        sqrt_price_at_tick(tick)
    }

    #[inline]
    fn tick_at(sqrt_price: u128) -> Option<i32> {
        tick_at_sqrt_price(sqrt_price)
    }

    /// The loaded part of the arrays that one instruction reaches.
    fn reach(pool: &Pool, ticks: TickRange<'_>, a_to_b: bool) -> Result<Reach, Fault> {
        let starts = array_starts(pool.tick, pool.tick_spacing, a_to_b).ok_or(Fault::Ticks)?;
        let [first, ..] = starts.0;
        let span = ARRAY_TICKS.checked_mul(i32::from(pool.tick_spacing)).ok_or(Fault::State)?;
        if !(ticks.first_tick..ticks.end_tick).contains(&first) {
            return Err(Fault::Ticks);
        }
        let walked = ARRAYS_A_SWAP.checked_mul(span).ok_or(Fault::State)?;
        let edge = if a_to_b {
            let end = first.checked_add(span).and_then(|end| end.checked_sub(walked));
            end.ok_or(Fault::State)?.max(ticks.first_tick).max(TICK_MIN)
        } else {
            let end = first.checked_add(walked).ok_or(Fault::State)?.min(ticks.end_tick);
            end.checked_sub(1).ok_or(Fault::State)?.min(TICK_MAX)
        };
        Ok(Reach { edge, at_edge: Edge::Stop, a_to_b })
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "test fixtures")]
mod tests {
    use super::super::super::model::{self, Clmm, clmm, join, narrow, shared, t22_fee, t22_pre};
    use super::super::super::quote::{Order, State};
    use super::super::super::ranges::PPM;
    use super::super::super::segment::{Cursor, Segment, transfer_fees};
    use super::super::super::{Clock, apply, covered, min_in, quote_in, quote_out, segment};
    use super::*;
    use crate::ids::Venue;
    use crate::record::{Exact, Tick};
    use proptest::prelude::*;

    fn tick(tick: i32, liquidity_net: i128) -> Tick {
        Tick { liquidity_net, tick, orders: 0, _zero: [0; 8] }
    }

    fn pool(tick: i32, spacing: u16, fee_ppm: u64, liquidity: u128) -> Pool {
        let mut pool = Pool::new(0);
        pool.venue = Venue::OrcaWhirlpool as u16;
        (pool.tick, pool.tick_spacing, pool.liquidity) = (tick, spacing, liquidity);
        pool.sqrt_price = sqrt_price_at_tick(tick).unwrap();
        (pool.fee_num, pool.fee_den) = (fee_ppm, PPM);
        pool
    }

    /// Official results of the program itself (testdata/orca-whirlpool-swaps.csv).
    #[test]
    fn the_programs_own_cases() {
        let text = include_str!("../../../testdata/orca-whirlpool-swaps.csv");
        let mut count = [0; 2];
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let field: Vec<&str> = line.split(',').collect();
            let number = |at: usize| field[at].parse::<u128>().unwrap();
            let index = |at: usize| field[at].parse::<i32>().unwrap();
            let (spacing, amount) = (u16::try_from(number(0)).unwrap(), number(4));
            let fee_ppm = u64::try_from(number(1)).unwrap();
            let mut pool = pool(index(3), spacing, fee_ppm, number(2));
            let (exact_in, a_to_b) = (field[5] == "in", field[6] == "a_to_b");
            // Three arrays from the one of the current tick, and the limit at their end.
            let span = 88 * i32::from(spacing);
            let start = pool.tick.div_euclid(span) * span;
            let (first_tick, end_tick) =
                if a_to_b { (start - 2 * span, start + span) } else { (start, start + 3 * span) };
            let edge = if a_to_b { first_tick } else { end_tick - 1 };
            let order = Order {
                a_to_b,
                exact: if exact_in { Exact::In } else { Exact::Out },
                amount: u64::try_from(amount).unwrap(),
                limit: None,
                sqrt_limit: sqrt_price_at_tick(edge.clamp(TICK_MIN, TICK_MAX)),
            };
            let ticks = TickRange { ticks: &[], first_tick, end_tick: end_tick + span };
            let result = apply(&mut pool, ticks, &order);
            if field[7] == "ok" {
                let quote = result.unwrap_or_else(|fault| panic!("{line}: {fault:?}"));
                let (a, b) = super::super::sides(a_to_b, quote.amount_in, quote.amount_out);
                assert_eq!((u128::from(a), u128::from(b)), (number(8), number(9)), "{line}");
                let state = (pool.liquidity, pool.tick, pool.sqrt_price);
                assert_eq!(state, (number(10), index(11), number(12)), "{line}");
                count[0] += 1;
            } else {
                let zero = field[7] == "ZeroTradableAmount";
                let fault = if zero { Fault::ZeroAmount } else { Fault::Overflow };
                assert_eq!(result, Err(fault), "{line}");
                count[1] += 1;
            }
        }
        assert!(count[0] > 500 && count[1] > 300, "{count:?}");
    }

    /// A quote and the state after it, against the model, where the walk reaches its end.
    fn check(pool: &Pool, ticks: TickRange<'_>, a_to_b: bool, exact_in: bool, amount: u64) -> bool {
        let order = if exact_in {
            Order::exact_in(a_to_b, amount)
        } else {
            Order::exact_out(a_to_b, amount)
        };
        let mut after = *pool;
        let result = apply(&mut after, ticks, &order);
        let quoted = if exact_in {
            quote_in(pool, ticks, a_to_b, amount)
        } else {
            quote_out(pool, ticks, a_to_b, amount)
        };
        let quote = match result {
            Ok(quote) => quote,
            Err(fault) => {
                assert_eq!(after, *pool, "a refused order changes nothing");
                match fault {
                    Fault::Incomplete => assert!(!quoted.unwrap().complete),
                    fault => assert_eq!(quoted, Err(fault)),
                }
                return false;
            }
        };
        assert_eq!(quoted, Ok(quote), "a quote is what apply does");
        let big = num_bigint::BigInt::from;
        let (fee_in, fee_out) = transfer_fees(pool, a_to_b);
        let moved = if exact_in {
            big(amount) - t22_fee(&big(amount), fee_in.bps, fee_in.max)
        } else {
            t22_pre(&big(amount), fee_out.bps, fee_out.max)
        };
        let edge = Orca::reach(pool, ticks, a_to_b).unwrap().edge;
        let moved = narrow(&moved).unwrap();
        let model = clmm(pool, ticks.ticks, edge, a_to_b, exact_in, moved).unwrap();
        let Clmm { amount_in, amount_out, fee, .. } = &model;
        if exact_in && model.filled {
            assert_eq!(quote.amount_in, amount);
        } else {
            let paid = t22_pre(amount_in, fee_in.bps, fee_in.max);
            assert_eq!(Some(quote.amount_in), narrow(&paid));
        }
        let got = amount_out - t22_fee(amount_out, fee_out.bps, fee_out.max);
        assert_eq!(Some(quote.amount_out), narrow(&got));
        assert_eq!((Some(quote.fee), quote.ticks_crossed), (narrow(fee), model.crossed));
        assert_eq!(big_of(after.sqrt_price), model.sqrt_price);
        assert_eq!((big_of(after.liquidity), after.tick), (model.liquidity.clone(), model.tick));
        if pool.present & Pool::RESERVES != 0 {
            let (r_in, r_out) = State::of(pool).reserves(a_to_b);
            let (to_in, to_out) = State::of(&after).reserves(a_to_b);
            assert_eq!((big(to_in), big(to_out)), (big(r_in) + amount_in, big(r_out) - amount_out));
        }
        true
    }

    fn big_of(value: u128) -> num_bigint::BigInt {
        value.into()
    }

    /// Pool HJPjoWUr.. of a real accounts file: amounts of every size, both ways, both sides, each
    /// swap on the state that the one before left.
    #[test]
    fn the_real_pool_equals_the_big_model() {
        let Some(text) = shared("data/pools/orca-whirlpool-sol-usdc.jsonl") else { return };
        let joined = join(&model::book(&text), Clock::default());
        let mut pool = joined.pools[0].0;
        let own = || joined.arrays.iter().filter(|(ticks, _)| ticks.pool == pool.pool);
        let all: Vec<Tick> = own().flat_map(|(_, entries)| entries.iter().copied()).collect();
        let spans: Vec<_> = own().map(|(ticks, _)| (ticks.start_tick, ticks.span_ticks)).collect();
        let (mut done, mut crossed, mut incomplete) = (0, 0, 0);
        for round in 0..120u32 {
            let (first_tick, end_tick) = covered(&spans, pool.tick).unwrap();
            assert!(round > 0 || (first_tick, end_tick) == (-78_848, 101_376));
            let ticks = TickRange { ticks: &all, first_tick, end_tick };
            let (a_to_b, exact_in) = (round % 2 == 0, round % 4 < 2);
            let amount = 7u64.saturating_pow(round % 15).saturating_add(u64::from(round));
            if check(&pool, ticks, a_to_b, exact_in, amount) {
                let exact = if exact_in { Exact::In } else { Exact::Out };
                let order = Order { a_to_b, exact, amount, limit: None, sqrt_limit: None };
                crossed += apply(&mut pool, ticks, &order).unwrap().ticks_crossed;
                done += 1;
            } else {
                incomplete += 1;
            }
            // Towards the end of the three arrays that one instruction can walk.
            let far = quote_in(&pool, ticks, a_to_b, 1 << 55).unwrap();
            assert!(!far.complete && far.amount_in < 1 << 55 && far.ticks_crossed > 20);
        }
        assert!(done >= 100 && crossed > 20 && done + incomplete == 120, "{done} {crossed}");
    }

    #[test]
    fn one_instruction_walks_three_arrays() {
        // facts/dex.md 5; the cases are the program's own rule in util/sparse_swap.rs
        let of = |tick, spacing, a_to_b| {
            let (starts, count) = array_starts(tick, spacing, a_to_b).unwrap();
            starts[..count].to_vec()
        };
        assert_eq!(of(0, 1, true), [0, -88, -176]);
        assert_eq!(of(-1, 1, true), [-88, -176, -264]);
        assert_eq!(of(0, 1, false), [0, 88, 176]);
        assert_eq!(of(86, 1, false), [0, 88, 176]);
        assert_eq!(of(87, 1, false), [88, 176, 264], "the last tick looks into the next array");
        assert_eq!(of(695, 8, false), [0, 704, 1408]);
        assert_eq!(of(696, 8, false), [704, 1408, 2112]);
        assert_eq!(of(-443_608, 1, true), [-443_608, -443_696]);
        assert_eq!(of(TICK_MIN, 1, true), [-443_696]);
        assert_eq!(of(443_519, 1, false), [443_520, 443_608]);
        assert_eq!(of(0, u16::MAX, true), [0, -88 * 65_535]);
        assert_eq!(array_starts(TICK_MAX, 1, false).map(|s| s.1), Some(1));
        assert_eq!(array_starts(443_695, 1, false), None);
        assert_eq!(array_starts(i32::MIN, 1, true), None);
        assert_eq!(array_starts(0, 0, true), None);
    }

    #[test]
    fn a_walk_that_ends_at_the_edge_says_so() {
        let ticks = TickRange { ticks: &[], first_tick: -88, end_tick: 176 };
        let mut pool = pool(0, 1, 3000, 1 << 40);
        for a_to_b in [true, false] {
            let far = quote_in(&pool, ticks, a_to_b, 1 << 50).unwrap();
            assert!(!far.complete && far.amount_in < 1 << 50 && far.amount_out > 0);
            // Up to there it is exact, and one more is too much.
            assert!(quote_in(&pool, ticks, a_to_b, far.amount_in).unwrap().complete);
            assert!(!quote_in(&pool, ticks, a_to_b, far.amount_in + 1).unwrap().complete);
            let order = Order::exact_in(a_to_b, 1 << 50);
            assert_eq!(apply(&mut pool, ticks, &order), Err(Fault::Incomplete));
            assert_eq!(min_in(&pool, ticks, a_to_b, 1 << 50), Err(Fault::Incomplete));
            let part = quote_out(&pool, ticks, a_to_b, 1 << 50).unwrap();
            assert!(!part.complete && part.amount_out < 1 << 50);
        }
        let nothing = TickRange { ticks: &[], first_tick: 88, end_tick: 176 };
        assert_eq!(quote_in(&pool, nothing, true, 1), Err(Fault::Ticks));
        assert_eq!(quote_in(&pool, nothing, false, 1), Err(Fault::Ticks));
        pool.tick = 87; // upwards the walk begins in the next array
        pool.sqrt_price = sqrt_price_at_tick(87).unwrap();
        assert!(quote_in(&pool, nothing, false, 1).unwrap().complete);
    }

    #[test]
    fn limits_stop_the_price_and_must_lie_ahead() {
        let ticks = TickRange { ticks: &[], first_tick: -88, end_tick: 176 };
        let mut pool = pool(0, 1, 3000, 1 << 40);
        let before = pool;
        let at = |tick| sqrt_price_at_tick(tick);
        let order = |a_to_b, sqrt_limit| Order { sqrt_limit, ..Order::exact_in(a_to_b, 1 << 50) };
        for (a_to_b, limit) in [
            (true, at(1)),
            (true, at(0)),
            (false, at(-1)),
            (true, Some(SQRT_PRICE_MIN - 1)),
            (false, Some(SQRT_PRICE_MAX + 1)),
        ] {
            let refused = apply(&mut pool, ticks, &order(a_to_b, limit));
            assert_eq!(refused, Err(Fault::SqrtLimit), "{a_to_b} {limit:?}");
        }
        let quote = apply(&mut pool, ticks, &order(true, at(-5))).unwrap();
        assert!(quote.complete && quote.amount_in < 1 << 50);
        assert_eq!((Some(pool.sqrt_price), pool.tick), (at(-5), -5));
        // With a limit of its own an exact output may be filled in part, without one it may not.
        pool = before;
        let exact = Exact::Out;
        let part = Order { exact, ..order(true, at(-5)) };
        assert!(apply(&mut pool, ticks, &part).unwrap().amount_out < 1 << 50);
        pool = before;
        let wide = TickRange { ticks: &[], first_tick: -500_000, end_tick: 500_000 };
        (pool.tick_spacing, pool.liquidity) = (32_896, 1 << 20);
        let all = Order { exact, ..order(true, None) };
        assert_eq!(apply(&mut pool, wide, &all), Err(Fault::Reserve));
    }

    #[test]
    fn records_that_contradict_themselves_are_refused() {
        let good = pool(0, 8, 3000, 1 << 40);
        let ticks = [tick(-8, 1 << 50), tick(8, -(1 << 50))];
        let range = TickRange { ticks: &ticks, first_tick: -704, end_tick: 704 };
        let with = |change: &dyn Fn(&mut Pool)| {
            let mut pool = good;
            change(&mut pool);
            quote_in(&pool, range, true, 1 << 50).unwrap_err()
        };
        assert_eq!(with(&|_| {}), Fault::State, "more liquidity leaves than there is");
        assert_eq!(with(&|pool| pool.tick_spacing = 0), Fault::State);
        assert_eq!(with(&|pool| pool.sqrt_price = 0), Fault::State);
        assert_eq!(with(&|pool| pool.sqrt_price >>= 1), Fault::State, "ticks behind the price");
        assert_eq!(with(&|pool| pool.tick = i32::MIN), Fault::Ticks);
        assert_eq!(with(&|pool| pool.fee_num = PPM), Fault::Fee);
        assert_eq!(with(&|pool| pool.fee_den = 10_000), Fault::Fee);
        let poor = |pool: &mut Pool| {
            pool.liquidity = 1 << 60;
            pool.present = Pool::RESERVES;
        };
        assert_eq!(with(&poor), Fault::Reserve, "the vault cannot pay");
    }

    /// Positions and a price among them: spacing 8, within three arrays on either side.
    fn pools() -> impl Strategy<Value = (Pool, Vec<Tick>)> {
        let position = (-300i32..300, 1i32..200, 1u128.., 75u32..120);
        let positions = proptest::collection::vec(position, 1..8);
        let fee = prop_oneof![Just(0u64), 1u64..60_000];
        let taxes = (0u16..500, 0u64..1_000_000, 0u16..500, 0u64..1_000_000, 0u8..4);
        (positions, -700i32..700, any::<u64>(), fee, taxes).prop_map(
            |(positions, at, within, fee, taxes)| {
                let mut nets = std::collections::BTreeMap::<i32, i128>::new();
                let mut pool = pool(at, 8, fee, 0);
                for (low, width, size, cut) in positions {
                    let (low, high) = (low * 8, (low + width) * 8);
                    let size = i128::try_from(size >> cut).unwrap() + 1;
                    *nets.entry(low).or_default() += size;
                    *nets.entry(high).or_default() -= size;
                    if (low..high).contains(&at) {
                        pool.liquidity += size.unsigned_abs();
                    }
                }
                let width = sqrt_price_at_tick(at + 1).unwrap() - pool.sqrt_price;
                pool.sqrt_price += u128::from(within) % width;
                if taxes.4 & 1 != 0 {
                    (pool.transfer_fee_bps_a, pool.transfer_fee_max_a) = (taxes.0, taxes.1);
                }
                if taxes.4 & 2 != 0 {
                    (pool.transfer_fee_bps_b, pool.transfer_fee_max_b) = (taxes.2, taxes.3);
                }
                (pool.reserve_a, pool.reserve_b) = (1 << 62, 1 << 62);
                pool.present = Pool::RESERVES;
                (pool, nets.into_iter().map(|(at, net)| tick(at, net)).collect())
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn random_pools_equal_the_big_model(
            (pool, ticks) in pools(), a_to_b: bool, exact_in: bool, amount in 1u64.., cut in 2u32..62,
        ) {
            let ticks = TickRange { ticks: &ticks, first_tick: -7 * 704, end_tick: 7 * 704 };
            check(&pool, ticks, a_to_b, exact_in, (amount >> cut).max(1));
        }

        #[test]
        fn the_least_input_is_the_least(
            (pool, ticks) in pools(), a_to_b: bool, amount in 1u64.., cut in 20u32..62,
        ) {
            let ticks = TickRange { ticks: &ticks, first_tick: -7 * 704, end_tick: 7 * 704 };
            let amount = (amount >> cut).max(1);
            let got = |amount| quote_in(&pool, ticks, a_to_b, amount).map_or(0, |q| q.amount_out);
            if let Ok(least) = min_in(&pool, ticks, a_to_b, amount) {
                prop_assert!(got(least) >= amount);
                prop_assert!(least == 1 || got(least - 1) < amount);
            }
            // More in never gives less out.
            prop_assert!(got(amount) <= got(amount + 1));
        }

        #[test]
        fn segments_end_where_quotes_cross((mut pool, ticks) in pools(), a_to_b: bool) {
            (pool.transfer_fee_bps_a, pool.transfer_fee_bps_b) = (0, 0);
            let range = TickRange { ticks: &ticks, first_tick: -7 * 704, end_tick: 7 * 704 };
            let (mut cursor, mut sum, mut pieces) = (Cursor::start(&pool), (0u64, 0u64), 0);
            while let Some(piece) = segment(&pool, range, a_to_b, &mut cursor) {
                let Segment::Range { liquidity, sqrt_price, sqrt_target, .. } = piece else { panic!() };
                let (gross, out) = piece.room().unwrap();
                prop_assert!(liquidity > 0 || (gross, out) == (0, 0));
                let (r, s) = piece.reserves();
                // Virtual reserves, rounded down, of a product of the liquidity's square.
                let (r, s, l) = (big_of(r), big_of(s), big_of(liquidity));
                prop_assert!(&r * &s <= &l * &l && (r + 1) * (s + 1) > &l * &l);
                prop_assert_ne!((sqrt_price, a_to_b), (sqrt_target, !a_to_b));
                let (Ok(gross), Ok(out)) = (u64::try_from(gross), u64::try_from(out)) else { break };
                sum = (sum.0 + gross, sum.1 + out);
                pieces += 1;
                if sum.0 > 0 && gross > 0 {
                    let mut after = pool;
                    let quote = apply(&mut after, range, &Order::exact_in(a_to_b, sum.0)).unwrap();
                    prop_assert_eq!((quote.amount_in, quote.amount_out), sum);
                    prop_assert_eq!(after.sqrt_price, sqrt_target);
                }
            }
            prop_assert!(pieces > 0 && segment(&pool, range, a_to_b, &mut cursor).is_none());
        }

        #[test]
        fn hostile_records_never_panic(
            numbers: [u128; 2], tick_at: i32, spacing: u16, fee: u64, nets: [i128; 3],
            at in (any::<i32>(), any::<i32>(), any::<i32>()), edges in (any::<i32>(), any::<i32>()), amount: u64,
        ) {
            let mut ticks = [tick(at.0, nets[0]), tick(at.1, nets[1]), tick(at.2, nets[2])];
            ticks.sort_by_key(|tick| tick.tick);
            let range = TickRange { ticks: &ticks, first_tick: edges.0, end_tick: edges.1 };
            let mut wild = pool(0, spacing, fee % PPM, numbers[1]);
            for tick in [tick_at, tick_at % TICK_MAX] {
                wild.tick = tick;
                for price in [numbers[0], SQRT_PRICE_MIN + numbers[0] % SQRT_PRICE_MAX] {
                    wild.sqrt_price = price;
                    for (range, a_to_b) in [(range, true), (range, false)] {
                        let _ = (quote_in(&wild, range, a_to_b, amount), quote_out(&wild, range, a_to_b, amount));
                        let mut cursor = Cursor::start(&wild);
                        for _ in 0..5 {
                            let piece = segment(&wild, range, a_to_b, &mut cursor);
                            let _ = piece.map(|piece| (piece.room(), piece.reserves()));
                        }
                    }
                }
            }
        }
    }
}
