//! Swaps against the chain's own results and against the program's text in big integers.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "a model is written plainly; a panic in it is a failed test"
)]

use num_bigint::BigInt;
use proptest::prelude::*;

use super::super::around::{Depth, Moment};
use super::super::model::{between, big, ce, fl, narrow, t22_fee, t22_pre};
use super::super::quote::{Fault, Order};
use super::super::segment::{Cursor, Segment, transfer_fees};
use super::super::{Around, TickRange, apply, min_in, quote_in, quote_out, segment};
use super::super::{TICK_MAX, TICK_MIN};
use super::tick::{SQRT_PRICE_MAX, sqrt_price_at_tick, tick_at_sqrt_price};
use crate::ids::Venue;
use crate::record::{Exact, Pool, Tick};

const M: u64 = 1_000_000;
const MIN: u128 = 4_295_048_016;

fn tick(tick: i32, liquidity_net: i128) -> Tick {
    Tick { liquidity_net, tick, orders: 0, _zero: [0; 8] }
}

fn pool(tick: i32, spacing: u16, fee_ppm: u64, liquidity: u128) -> Pool {
    let mut pool = Pool::new(0);
    pool.venue = Venue::RaydiumClmm as u16;
    (pool.tick, pool.tick_spacing, pool.liquidity) = (tick, spacing, liquidity);
    pool.sqrt_price = sqrt_price_at_tick(tick).unwrap();
    (pool.fee_num, pool.fee_den) = (fee_ppm, M);
    pool
}

fn around(ticks: &[Tick], first_tick: i32, end_tick: i32, unix_s: u64) -> Around<'_> {
    let depth = Depth::Ticks(TickRange { ticks, first_tick, end_tick });
    Around { depth, now: Moment { slot: 0, unix_s } }
}

fn order(a_to_b: bool, exact_in: bool, amount: u64) -> Order {
    if exact_in { Order::exact_in(a_to_b, amount) } else { Order::exact_out(a_to_b, amount) }
}

/// Swaps of mainnet (testdata/raydium-clmm-swaps.csv): what the chain took and gave.
#[test]
fn swaps_of_mainnet_are_what_the_chain_made_of_them() {
    let text = include_str!("../../../testdata/raydium-clmm-swaps.csv");
    let (mut count, mut crossed) = (0, 0);
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let field: Vec<&str> = line.split(',').collect();
        let index = |at: usize| field[at].parse::<i32>().unwrap();
        let wide = |at: usize| field[at].parse::<u128>().unwrap();
        let word = |at: usize| field[at].parse::<u64>().unwrap();
        let ticks: Vec<Tick> = field[9]
            .split(' ')
            .map(|entry| {
                let (at, net) = entry.split_once(':').unwrap();
                tick(at.parse().unwrap(), net.parse().unwrap())
            })
            .collect();
        let mut pool = pool(index(2), u16::try_from(index(3)).unwrap(), word(4), wide(5));
        pool.sqrt_price = wide(6);
        let order = Order {
            sqrt_limit: Some(wide(11)),
            ..order(field[13] == "a_to_b", field[12] == "in", word(10))
        };
        let around = around(&ticks, index(7), index(8), 0);
        let quote = apply(&mut pool, around, &order).unwrap();
        assert_eq!((quote.amount_in, quote.amount_out), (word(14), word(15)), "{line}");
        count += 1;
        crossed += quote.ticks_crossed;
    }
    assert_eq!((count, crossed > 0), (17, true));
}

/// What a swap moves and leaves, by the program's text.
#[derive(Debug)]
struct Model {
    amount_in: BigInt,
    amount_out: BigInt,
    fee_in: BigInt,
    sqrt_price: BigInt,
    liquidity: BigInt,
    tick: i32,
    crossed: u16,
    /// Accumulator, reference, index that it is measured from, last change.
    volatility: (u32, u32, i32, u64),
    /// All of the amount was traded; else the ticks came to an end.
    filled: bool,
}

/// libraries/swap_math.rs `compute_swap` (facts/dex.md 3): in, out, fee, price.
fn step(
    at: &Model,
    target: &BigInt,
    left: &BigInt,
    (fee, on_input): (u64, bool),
    a_to_b: bool,
    exact_in: bool,
) -> [BigInt; 4] {
    let (p, l) = (&at.sqrt_price, &at.liquidity);
    let budget = match (exact_in, on_input) {
        (true, true) => fl(left * (M - fee), M),
        (false, false) => ce(left * M, M - fee),
        _ => left.clone(),
    };
    let exact_is_a = a_to_b == exact_in;
    let x = &budget;
    let p2 = if between(exact_is_a, p, target, l, exact_in) <= budget {
        target.clone()
    } else {
        match (exact_is_a, exact_in) {
            (true, true) => ce((l << 64) * p, (l << 64) + x * p),
            (true, false) => ce((l << 64) * p, (l << 64) - x * p),
            (false, true) => p + fl(x << 64, l.clone()),
            (false, false) => p - ce(x << 64, l.clone()),
        }
    };
    let reached = p2 == *target;
    let mut amount_in = between(a_to_b, p, &p2, l, true);
    let mut out = between(!a_to_b, p, &p2, l, false);
    let taken;
    if on_input {
        taken =
            if exact_in && !reached { left - &amount_in } else { ce(&amount_in * fee, M - fee) };
        out = if exact_in { out } else { out.min(left.clone()) };
    } else {
        taken = ce(&out * fee, M);
        out -= &taken;
        if exact_in && !reached {
            amount_in = left.clone();
        }
        if !exact_in {
            out = out.min(left.clone());
        }
    }
    [amount_in, out, taken, p2]
}

/// instructions/swap.rs `swap_internal`: from tick to tick, and within that from group to group.
fn model(
    pool: &Pool,
    ticks: &[Tick],
    now: u64,
    a_to_b: bool,
    exact_in: bool,
    amount: u64,
) -> Option<Model> {
    let on_input = match pool.fee_side {
        0 => true,
        1 => a_to_b,
        _ => !a_to_b,
    };
    let spacing = i32::from(pool.tick_spacing);
    let dynamic = pool.present & Pool::VOLATILITY != 0;
    let mut index = pool.tick.div_euclid(spacing);
    let (mut acc, mut reference) = (pool.vol_acc, pool.vol_ref);
    let (mut from, mut last) = (pool.vol_index, pool.vol_last_s);
    let dt = now.saturating_sub(last);
    if dynamic && dt >= pool.vol_filter_s.into() {
        let reduced = u64::from(acc) * u64::from(pool.vol_reduction_bps) / 10_000;
        reference = if dt < pool.vol_decay_s.into() { reduced.try_into().unwrap() } else { 0 };
        (from, last) = (index, now);
    }
    let grown = |index: i32| {
        let sum = u64::from(reference) + u64::from(from.abs_diff(index)) * 10_000;
        u32::try_from(sum.min(pool.vol_max.into())).unwrap()
    };
    let mut at = Model {
        amount_in: big(0),
        amount_out: big(0),
        fee_in: big(0),
        sqrt_price: big(pool.sqrt_price),
        liquidity: big(pool.liquidity),
        tick: pool.tick,
        crossed: 0,
        volatility: (0, 0, 0, 0),
        filled: false,
    };
    let mut left = big(amount);
    'ticks: while left > big(0) {
        let next = if a_to_b {
            ticks.iter().rev().find(|entry| entry.tick <= at.tick)
        } else {
            ticks.iter().find(|entry| entry.tick > at.tick)
        };
        let Some(next) = next else { break };
        let target = big(sqrt_price_at_tick(next.tick)?);
        loop {
            let mut fee = pool.fee_num;
            if dynamic {
                acc = grown(index);
                let moved = big(acc) * spacing;
                let variable = ce(&moved * &moved * pool.vol_control, 10_000_000_000_000u64);
                fee = narrow(&(big(fee) + variable).min(big(100_000))).unwrap();
            }
            let skip = !dynamic || at.liquidity == big(0) || acc == pool.vol_max;
            let end = if a_to_b { index * spacing } else { (index + 1) * spacing };
            let mut bounded = target.clone();
            if !skip {
                let price = big(sqrt_price_at_tick(end)?);
                let first = if a_to_b { price >= target } else { price <= target };
                bounded = if first { price } else { bounded };
            }
            let before = at.sqrt_price.clone();
            if before != bounded {
                let [into, out, taken, p2] =
                    step(&at, &bounded, &left, (fee, on_input), a_to_b, exact_in);
                let paid = if on_input { &into + &taken } else { into };
                left -= if exact_in { &paid } else { &out };
                at.fee_in += if on_input { taken } else { big(0) };
                at.amount_in += paid;
                at.amount_out += out;
                at.sqrt_price = p2;
            }
            if at.sqrt_price == target {
                at.liquidity +=
                    if a_to_b { -big(next.liquidity_net) } else { big(next.liquidity_net) };
                at.crossed += 1;
                at.tick = if a_to_b { next.tick - 1 } else { next.tick };
            } else if at.sqrt_price != before {
                let landed = !skip && at.sqrt_price == bounded;
                let price = u128::try_from(&at.sqrt_price).unwrap();
                at.tick = if landed { end } else { tick_at_sqrt_price(price)? };
            }
            if dynamic {
                if skip {
                    let tick = if at.sqrt_price == target { next.tick } else { at.tick };
                    index = tick.div_euclid(spacing) - i32::from(!a_to_b && tick % spacing == 0);
                    acc = if acc == pool.vol_max { acc } else { grown(index) };
                }
                index += if a_to_b { -1 } else { 1 };
            }
            if left == big(0) || at.sqrt_price == target {
                continue 'ticks;
            }
        }
    }
    at.filled = left == big(0);
    at.volatility = if dynamic { (acc, reference, from, last) } else { (acc, 0, 0, 0) };
    narrow(&at.amount_in).and(narrow(&at.amount_out)).map(|_| at)
}

/// A quote and the state after it, against the model.
fn check(pool: &Pool, ticks: &[Tick], now: u64, a_to_b: bool, exact_in: bool, amount: u64) {
    let around = around(ticks, TICK_MIN, TICK_MAX + 1, now);
    let mut after = *pool;
    let result = apply(&mut after, around, &order(a_to_b, exact_in, amount));
    let (fee_in, fee_out) = transfer_fees(pool, a_to_b);
    let traded = if exact_in {
        big(amount) - t22_fee(&big(amount), fee_in.bps, fee_in.max)
    } else {
        t22_pre(&big(amount), fee_out.bps, fee_out.max)
    };
    let model = narrow(&traded).and_then(|traded| {
        (traded > 0).then(|| model(pool, ticks, now, a_to_b, exact_in, traded))?
    });
    let quote = match result {
        Ok(quote) => quote,
        Err(fault) => {
            assert_eq!(after, *pool, "a refused order changes nothing");
            match (fault, model) {
                (Fault::Reserve, Some(model)) => {
                    assert!(!model.filled || model.amount_out > big(1u64 << 62));
                }
                (Fault::ZeroOut, Some(model)) => {
                    assert!(model.amount_out == big(0) || model.amount_in == big(0));
                }
                (Fault::ZeroAmount, None) => assert!(traded == big(0)),
                (Fault::Overflow | Fault::Reserve, None) => {}
                (fault, model) => panic!("{fault:?} {model:?}"),
            }
            return;
        }
    };
    let model = model.unwrap();
    assert!(model.filled);
    let paid =
        if exact_in { big(amount) } else { t22_pre(&model.amount_in, fee_in.bps, fee_in.max) };
    let got = &model.amount_out - t22_fee(&model.amount_out, fee_out.bps, fee_out.max);
    assert_eq!((big(quote.amount_in), big(quote.amount_out)), (paid, got));
    assert_eq!((big(quote.fee), quote.ticks_crossed), (model.fee_in, model.crossed));
    assert_eq!(big(after.sqrt_price), model.sqrt_price);
    assert_eq!((big(after.liquidity), after.tick), (model.liquidity, model.tick));
    if pool.present & Pool::VOLATILITY != 0 {
        let left = (after.vol_acc, after.vol_ref, after.vol_index, after.vol_last_s);
        assert_eq!(left, model.volatility);
    }
    let moved = if a_to_b {
        (after.reserve_a - pool.reserve_a, pool.reserve_b - after.reserve_b)
    } else {
        (after.reserve_b - pool.reserve_b, pool.reserve_a - after.reserve_a)
    };
    assert_eq!((big(moved.0), big(moved.1)), (model.amount_in, model.amount_out));
}

/// Positions and a price among them, spacing 10; fees of every kind.
fn pools() -> impl Strategy<Value = (Pool, Vec<Tick>)> {
    let position = (-300i32..300, 1i32..200, 1u128.., 75u32..120);
    let positions = proptest::collection::vec(position, 1..8);
    let fee = (prop_oneof![Just(0u64), 1u64..60_000], 0u8..3);
    let taxes = (0u16..500, 0u64..1_000_000, 0u16..500, 0u64..1_000_000, 0u8..4);
    let periods = (0u16..60, 0u16..600, 0u16..10_000, 0u64..1000);
    let volatility = (1u32..100_000, 1u32..900_000, 0u32..900_000, 0u32..900_000, -99i32..99);
    let volatility = proptest::option::of((periods, volatility));
    (positions, -999i32..999, any::<u64>(), fee, taxes, volatility).prop_map(
        |(positions, at, within, fee, taxes, volatility)| {
            let mut nets = std::collections::BTreeMap::<i32, i128>::new();
            let mut pool = pool(at, 10, fee.0, 0);
            for (low, width, size, cut) in positions {
                let (low, high) = (low * 10, (low + width) * 10);
                let size = i128::try_from(size >> cut).unwrap() + 1;
                *nets.entry(low).or_default() += size;
                *nets.entry(high).or_default() -= size;
                if (low..high).contains(&at) {
                    pool.liquidity += size.unsigned_abs();
                }
            }
            let width = sqrt_price_at_tick(at + 1).unwrap() - pool.sqrt_price;
            // Every other time on the tick itself, where groups meet.
            pool.sqrt_price += u128::from(within) % width * u128::from(within & 1);
            pool.fee_side = fee.1;
            if taxes.4 & 1 != 0 {
                (pool.transfer_fee_bps_a, pool.transfer_fee_max_a) = (taxes.0, taxes.1);
            }
            if taxes.4 & 2 != 0 {
                (pool.transfer_fee_bps_b, pool.transfer_fee_max_b) = (taxes.2, taxes.3);
            }
            (pool.reserve_a, pool.reserve_b) = (1 << 62, 1 << 62);
            pool.present = Pool::RESERVES;
            if let Some((periods, (control, max, acc, reference, from))) = volatility {
                (pool.vol_filter_s, pool.vol_decay_s, pool.vol_reduction_bps, _) = periods;
                pool.vol_last_s = NOW - periods.3;
                (pool.vol_control, pool.vol_max, pool.vol_group) = (control, max, 10);
                (pool.vol_acc, pool.vol_ref) = (acc.min(max), reference.min(max));
                pool.vol_index = from;
                pool.present |= Pool::VOLATILITY;
            }
            (pool, nets.into_iter().map(|(at, net)| tick(at, net)).collect())
        },
    )
}

const NOW: u64 = 1_790_000_000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(768))]
    #[test]
    fn random_pools_equal_the_big_model(
        (pool, ticks) in pools(), a_to_b: bool, exact_in: bool, amount in 1u64.., cut in 2u32..62,
    ) {
        check(&pool, &ticks, NOW, a_to_b, exact_in, (amount >> cut).max(1));
    }

    #[test]
    fn the_least_input_is_the_least(
        (pool, ticks) in pools(), a_to_b: bool, amount in 1u64.., cut in 20u32..62,
    ) {
        let around = around(&ticks, TICK_MIN, TICK_MAX + 1, NOW);
        let amount = (amount >> cut).max(1);
        let got = |amount| quote_in(&pool, around, a_to_b, amount).map(|q| q.amount_out);
        if let Ok(least) = min_in(&pool, around, a_to_b, amount) {
            prop_assert!(got(least).unwrap() >= amount);
            prop_assert!(least == 1 || got(least - 1).unwrap_or(0) < amount);
        }
        // More in never gives less out, and the way back gives no more than went in.
        if let (Ok(less), Ok(more)) = (got(amount), got(amount + 1)) {
            prop_assert!(less <= more);
        }
        let mut after = pool;
        if let Ok(there) = apply(&mut after, around, &Order::exact_in(a_to_b, amount))
            && let Ok(back) = quote_in(&after, around, !a_to_b, there.amount_out) {
            prop_assert!(back.amount_out <= amount);
        }
    }

    #[test]
    fn segments_end_where_quotes_cross((mut pool, ticks) in pools(), a_to_b: bool) {
        (pool.transfer_fee_bps_a, pool.transfer_fee_bps_b) = (0, 0);
        let around = around(&ticks, TICK_MIN, TICK_MAX + 1, NOW);
        let (mut cursor, mut sum, mut end) = (Cursor::start(&pool), (0u64, 0u64), None);
        while let Some(piece) = segment(&pool, around, a_to_b, &mut cursor) {
            let Segment::Range { liquidity, sqrt_price, sqrt_target, .. } = piece else { panic!() };
            prop_assert_eq!(sqrt_price, end.unwrap_or(pool.sqrt_price), "a hole between pieces");
            end = Some(sqrt_target);
            let (gross, out) = piece.room().unwrap();
            prop_assert!(liquidity > 0 || (gross, out) == (0, 0));
            let (Ok(gross), Ok(out)) = (u64::try_from(gross), u64::try_from(out)) else { break };
            sum = (sum.0 + gross, sum.1 + out);
            if sum.0 > 0 && sum.1 > 0 && gross > 0 {
                let mut after = pool;
                let quote = apply(&mut after, around, &Order::exact_in(a_to_b, sum.0)).unwrap();
                prop_assert_eq!((quote.amount_in, quote.amount_out), sum);
                prop_assert_eq!(after.sqrt_price, sqrt_target);
            }
        }
        prop_assert!(segment(&pool, around, a_to_b, &mut cursor).is_none());
    }

    #[test]
    fn hostile_records_never_panic(
        numbers: [u128; 2], tick_at: i32, spacing: u16, fee: u64, nets: [i128; 3], side: u8,
        at: [i32; 3], edges: [i32; 2], amount: u64, volatility: ([u32; 4], [u16; 4], i32, u64, u64),
    ) {
        let mut ticks = [0, 1, 2].map(|n| tick(at[n], nets[n]));
        ticks.sort_by_key(|tick| tick.tick);
        let mut wild = pool(0, spacing, fee % M, numbers[1]);
        let (words, periods, index, last, now) = volatility;
        [wild.vol_control, wild.vol_max, wild.vol_acc, wild.vol_ref] = words;
        [wild.vol_filter_s, wild.vol_decay_s, wild.vol_reduction_bps, wild.vol_group] = periods;
        (wild.vol_index, wild.vol_last_s, wild.fee_side) = (index, last, side % 4);
        wild.present = if side & 4 == 0 { Pool::VOLATILITY } else { 0 };
        for (tick, edges) in [(tick_at, edges), (tick_at % TICK_MAX, [i32::MIN, i32::MAX])] {
            wild.tick = tick;
            for price in [numbers[0], MIN + numbers[0] % SQRT_PRICE_MAX, sqrt_price_at_tick(tick).unwrap_or(1)] {
                wild.sqrt_price = price;
                let around = around(&ticks, edges[0], edges[1], now);
                for a_to_b in [true, false] {
                    let _ = (quote_in(&wild, around, a_to_b, amount), quote_out(&wild, around, a_to_b, amount));
                    let mut cursor = Cursor::start(&wild);
                    for _ in 0..5 {
                        let piece = segment(&wild, around, a_to_b, &mut cursor);
                        let _ = piece.map(|piece| (piece.room(), piece.reserves()));
                    }
                }
            }
        }
    }
}

#[test]
fn what_is_known_ends_a_walk_and_what_is_left_ends_the_swap() {
    let liquidity = 1u128 << 40;
    let net = i128::try_from(liquidity).unwrap();
    let mut pool = pool(5, 10, 3000, liquidity);
    let ticks = [tick(-1000, net), tick(1000, -net)];
    for a_to_b in [true, false] {
        // Two arrays are known, and no tick in them.
        let known = around(&[], -600, 600, 0);
        let far = quote_in(&pool, known, a_to_b, 1 << 50).unwrap();
        assert!(!far.complete && far.amount_in < 1 << 50 && far.amount_out > 0);
        assert!(!quote_in(&pool, known, a_to_b, far.amount_in).unwrap().complete);
        assert!(quote_in(&pool, known, a_to_b, far.amount_in - 1).unwrap().complete);
        let order = Order::exact_in(a_to_b, 1 << 50);
        assert_eq!(apply(&mut pool, known, &order), Err(Fault::Incomplete));
        assert_eq!(min_in(&pool, known, a_to_b, 1 << 50), Err(Fault::Incomplete));
        // All is known: past the last tick there is nothing to trade with.
        let all = around(&ticks, TICK_MIN, TICK_MAX + 1, 0);
        assert_eq!(quote_in(&pool, all, a_to_b, 1 << 50), Err(Fault::Reserve));
        assert_eq!(quote_out(&pool, all, a_to_b, 1 << 50), Err(Fault::Reserve));
        assert!(quote_in(&pool, all, a_to_b, far.amount_in).unwrap().complete);
        // The array of the price itself is not known.
        assert_eq!(quote_in(&pool, around(&ticks, 600, 1200, 0), a_to_b, 1), Err(Fault::Ticks));
        assert_eq!(quote_in(&pool, Around::NONE, a_to_b, 1), Err(Fault::Ticks));
    }
    assert_eq!(quote_in(&pool, around(&ticks, -1200, 1200, 0), true, 1), Err(Fault::ZeroOut));
}

#[test]
fn limits_stop_the_price_and_must_lie_ahead() {
    let net = 1i128 << 40;
    let ticks = [tick(-100, net), tick(100, -net)];
    let all = around(&ticks, TICK_MIN, TICK_MAX + 1, 0);
    let pool = pool(0, 10, 3000, net.unsigned_abs());
    let limited = |a_to_b, exact, limit: u128| {
        let mut after = pool;
        let order = Order { exact, sqrt_limit: Some(limit), ..Order::exact_in(a_to_b, 1 << 50) };
        apply(&mut after, all, &order).map(|quote| (quote.complete, after.sqrt_price, after.tick))
    };
    let at = |tick| sqrt_price_at_tick(tick).unwrap();
    for exact in [Exact::In, Exact::Out] {
        assert_eq!(limited(true, exact, at(-5)), Ok((true, at(-5), -5)));
        assert_eq!(limited(false, exact, at(7)), Ok((true, at(7), 7)));
        assert_eq!(limited(true, exact, at(-100)), Ok((true, at(-100), -101)), "and crosses it");
        assert_eq!(limited(true, exact, at(-101)), Err(Fault::Reserve), "no tick is left");
        for (a_to_b, limit) in
            [(true, at(0)), (true, at(1)), (true, MIN), (false, at(-1)), (false, SQRT_PRICE_MAX)]
        {
            assert_eq!(limited(a_to_b, exact, limit), Err(Fault::SqrtLimit), "{a_to_b} {limit}");
        }
    }
}

#[test]
fn orders_at_a_tick_are_refused_where_they_are_met() {
    let net = 1i128 << 40;
    let mut ticks = [tick(-100, net), tick(0, 0), tick(100, -net)];
    ticks[1].orders = 1;
    let all = around(&ticks, TICK_MIN, TICK_MAX + 1, 0);
    let pool = pool(50, 10, 3000, net.unsigned_abs());
    let mut cursor = Cursor::start(&pool);
    let piece = segment(&pool, all, true, &mut cursor).unwrap();
    assert_eq!(segment(&pool, all, true, &mut cursor), None, "the curve ends at the orders");
    let up_to = u64::try_from(piece.room().unwrap().0).unwrap();
    assert!(quote_in(&pool, all, true, up_to - 1).unwrap().complete);
    assert_eq!(quote_in(&pool, all, true, up_to), Err(Fault::Unsupported));
    assert_eq!(quote_in(&pool, all, true, up_to * 2), Err(Fault::Unsupported));
    assert!(quote_in(&pool, all, false, up_to).is_ok());
}

#[test]
fn a_fee_that_moves_needs_its_moment_only_where_it_matters() {
    let net = 1i128 << 40;
    let ticks = [tick(-100, net), tick(100, -net)];
    let mut pool = pool(0, 10, 3000, net.unsigned_abs());
    (pool.vol_filter_s, pool.vol_decay_s, pool.vol_reduction_bps) = (30, 600, 5000);
    (pool.vol_control, pool.vol_max, pool.vol_group) = (50_000, 350_000, 10);
    pool.vol_last_s = NOW;
    pool.present = Pool::VOLATILITY;
    let quote = |pool: &Pool, now| quote_in(pool, around(&ticks, -1200, 1200, now), true, 1 << 30);
    let calm = quote(&pool, 0).unwrap();
    assert_eq!(quote(&pool, NOW), Ok(calm), "nothing to forget");
    (pool.vol_acc, pool.vol_ref) = (300_000, 250_000);
    assert_eq!(quote(&pool, 0), Err(Fault::Moment));
    assert_eq!(
        segment(&pool, around(&ticks, -1200, 1200, 0), true, &mut Cursor::start(&pool)),
        None
    );
    let outs: Vec<u64> =
        [NOW, NOW + 30, NOW + 600].map(|now| quote(&pool, now).unwrap().amount_out).into();
    assert!(outs[0] < outs[1] && outs[1] < outs[2] && outs[2] == calm.amount_out, "{outs:?}");
    pool.vol_control = 0;
    assert!(quote(&pool, 0).unwrap().amount_out > calm.amount_out);
}

#[test]
fn records_that_contradict_themselves_are_refused() {
    let net = 1i128 << 40;
    let good = pool(0, 10, 3000, net.unsigned_abs());
    let ticks = [tick(-10, 1 << 50), tick(10, -(1 << 50))];
    let range = around(&ticks, -1200, 1200, 0);
    let with = |change: &dyn Fn(&mut Pool)| {
        let mut pool = good;
        change(&mut pool);
        quote_in(&pool, range, true, 1 << 50).unwrap_err()
    };
    assert_eq!(with(&|_| {}), Fault::State, "more liquidity leaves than there is");
    assert_eq!(with(&|pool| pool.tick_spacing = 0), Fault::State);
    assert_eq!(with(&|pool| pool.sqrt_price = 0), Fault::State);
    assert_eq!(with(&|pool| pool.sqrt_price = SQRT_PRICE_MAX), Fault::State);
    assert_eq!(with(&|pool| pool.sqrt_price >>= 1), Fault::State, "ticks behind the price");
    assert_eq!(with(&|pool| pool.tick = i32::MIN), Fault::Ticks);
    assert_eq!(with(&|pool| pool.fee_num = M), Fault::Fee);
    assert_eq!(with(&|pool| pool.fee_den = 10_000), Fault::Fee);
    assert_eq!(with(&|pool| pool.fee_side = 3), Fault::Unsupported);
    assert_eq!(with(&|pool| pool.present = Pool::VOLATILITY), Fault::State, "groups of no ticks");
    let poor = |pool: &mut Pool| {
        (pool.liquidity, pool.present) = (1 << 60, Pool::RESERVES);
    };
    assert_eq!(with(&poor), Fault::Reserve, "the vault cannot pay");
}
