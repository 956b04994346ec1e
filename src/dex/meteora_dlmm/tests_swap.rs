//! Swaps against the program's text in big integers.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a model is written plainly; a panic in it is a failed test"
)]

use num_bigint::BigInt;
use proptest::prelude::*;

use super::super::around::{AroundMut, BinRange, Depth, DepthMut, Moment};
use super::super::model::{big, ce, fl, narrow, t22_fee, t22_pre};
use super::super::quote::{Fault, Order, Quote};
use super::super::segment::{Cursor, Segment, transfer_fees};
use super::super::{Around, apply, min_in, quote_in, quote_out, segment};
use super::price::price;
use crate::ids::Venue;
use crate::record::{Bin, Exact, Pool};

const NOW: u64 = 1_790_000_000;
const DEN: u64 = 1_000_000_000;

fn bin(bin: i32, amounts: [u64; 2], orders: u64, of_a: bool) -> Bin {
    let [amount_a, amount_b] = amounts;
    let orders_of_a = u32::from(of_a);
    Bin { price: price(bin, 20).unwrap(), amount_a, amount_b, orders, bin, orders_of_a }
}

fn pool(active: i32, base: u64) -> Pool {
    let mut pool = Pool::new(0);
    pool.venue = Venue::MeteoraDlmm as u16;
    (pool.tick, pool.bin_step_bps, pool.vol_group) = (active, 20, 1);
    (pool.fee_num, pool.fee_den) = (base, DEN);
    (pool.reserve_a, pool.reserve_b) = (1 << 62, 1 << 62);
    pool.present = Pool::RESERVES | Pool::VOLATILITY;
    pool
}

fn around(bins: &[Bin], unix_s: u64) -> Around<'_> {
    let depth = Depth::Bins(BinRange { bins, first_bin: -70, end_bin: 70 });
    Around { depth, now: Moment { slot: 0, unix_s } }
}

fn lent(bins: &mut [Bin], unix_s: u64) -> AroundMut<'_> {
    let depth = DepthMut::Bins { bins, first_bin: -70, end_bin: 70 };
    AroundMut { depth, now: Moment { slot: 0, unix_s } }
}

fn order(a_to_b: bool, exact_in: bool, amount: u64) -> Order {
    if exact_in { Order::exact_in(a_to_b, amount) } else { Order::exact_out(a_to_b, amount) }
}

/// A pair by the program's text: what each bin holds in its own terms, lowest first.
#[derive(Clone, Debug)]
struct Model {
    pool: Pool,
    bins: Vec<Own>,
}

/// A bin: number, x, y, orders in process and open ones, which sell x or y.
#[derive(Clone, Debug, PartialEq)]
struct Own {
    id: i32,
    x: BigInt,
    y: BigInt,
    processed: BigInt,
    open: BigInt,
    ask: bool,
}

/// What one bin moves: in, out, fee on the input, offered to the layers.
type Layered = (BigInt, BigInt, BigInt, BigInt);

impl Model {
    fn new(pool: &Pool, bins: &[Bin]) -> Self {
        let mut own: Vec<Own> = Vec::new();
        for entry in bins {
            match own.last_mut().filter(|last| last.id == entry.bin) {
                Some(last) => last.open = big(entry.orders),
                None => own.push(Own {
                    id: entry.bin,
                    x: big(entry.amount_a),
                    y: big(entry.amount_b),
                    processed: big(entry.orders),
                    open: big(0),
                    ask: entry.orders_of_a != 0,
                }),
            }
        }
        Self { pool: *pool, bins: own }
    }

    fn layers(bin: &Own, for_y: bool) -> [BigInt; 3] {
        let makers = if for_y { &bin.y } else { &bin.x };
        let met = bin.ask != for_y;
        let orders = |amount: &BigInt| if met { amount.clone() } else { big(0) };
        [makers.clone(), orders(&bin.processed), orders(&bin.open)]
    }

    /// bin.rs `get_amount_in` and `get_amount_out`.
    fn amount_in(out: &BigInt, price: u128, for_y: bool) -> BigInt {
        if for_y { ce(out << 64, price) } else { ce(out * price, 1u128 << 64) }
    }

    fn amount_out(amount: &BigInt, price: u128, for_y: bool) -> BigInt {
        if for_y { fl(amount * price, 1u128 << 64) } else { fl(amount << 64, price) }
    }

    /// lb_pair.rs `get_total_fee`.
    fn rate(&self) -> BigInt {
        let moved = big(self.pool.vol_acc) * self.pool.bin_step_bps;
        let variable = ce(&moved * &moved * self.pool.vol_control, 100_000_000_000u64);
        (big(self.pool.fee_num) + variable).min(big(100_000_000))
    }

    /// quote.rs `swap_exact_in_quote_at_bin`.
    fn exact_in(&self, bin: &Own, amount: &BigInt, for_y: bool, on_input: bool) -> Layered {
        let (rate, p) = (self.rate(), price(bin.id, 20).unwrap());
        let mut fee = if on_input { ce(amount * &rate, DEN) } else { big(0) };
        let mut net = amount - &fee;
        let (mut left, mut out) = (net.clone(), big(0));
        for layer in Self::layers(bin, for_y) {
            let whole = Self::amount_in(&layer, p, for_y);
            if left >= whole {
                left -= whole;
                out += layer;
            } else {
                out += Self::amount_out(&left, p, for_y);
                left = big(0);
            }
        }
        let mut paid = amount.clone();
        if left > big(0) {
            net -= left;
            fee = if on_input { ce(&net * &rate, big(DEN) - &rate) } else { big(0) };
            paid = &net + &fee;
        }
        let taken = if on_input { big(0) } else { ce(&out * &rate, DEN) };
        (paid, out - taken, fee, net)
    }

    /// quote.rs `swap_exact_out_quote_at_bin`.
    fn exact_out(&self, bin: &Own, amount: &BigInt, for_y: bool, on_input: bool) -> Layered {
        let (rate, p) = (self.rate(), price(bin.id, 20).unwrap());
        let top = |net: &BigInt| ce(net * &rate, big(DEN) - &rate);
        let mut left = if on_input { amount.clone() } else { amount + top(amount) };
        let layers = Self::layers(bin, for_y);
        if left >= layers.iter().sum() {
            return self.exact_in(bin, &big(u64::MAX), for_y, on_input);
        }
        let mut net = big(0);
        for layer in layers {
            let part = left.clone().min(layer);
            net += Self::amount_in(&part, p, for_y);
            left -= part;
        }
        let paid = if on_input { &net + top(&net) } else { net };
        let (paid, _, fee, net) = self.exact_in(bin, &paid, for_y, on_input);
        (paid, amount.clone(), fee, net)
    }

    /// What the layers of a bin take of `net`; what makers take stays in the bin.
    fn take(bin: &mut Own, net: &BigInt, for_y: bool) {
        let p = price(bin.id, 20).unwrap();
        let mut left = net.clone();
        for (number, layer) in Self::layers(bin, for_y).into_iter().enumerate() {
            let whole = Self::amount_in(&layer, p, for_y);
            let (taken, given) = if left >= whole {
                (whole, layer)
            } else {
                (left.clone(), Self::amount_out(&left, p, for_y))
            };
            left -= &taken;
            match number {
                0 if for_y => (bin.x, bin.y) = (&bin.x + taken, &bin.y - given),
                0 => (bin.x, bin.y) = (&bin.x - given, &bin.y + taken),
                1 => bin.processed -= given,
                _ => bin.open -= given,
            }
        }
    }

    /// quote.rs `quote_exact_in` and `_out`, transfer fees aside: in, out, fee, what is left.
    fn swap(&mut self, for_y: bool, exact_in: bool, amount: &BigInt) -> [BigInt; 4] {
        let on_input = self.pool.fee_side == 0 || !for_y;
        let pool = &mut self.pool;
        let dt = NOW - pool.vol_last_s;
        if dt >= pool.vol_filter_s.into() {
            pool.vol_index = pool.tick;
            let reduced = u64::from(pool.vol_acc) * u64::from(pool.vol_reduction_bps) / 10_000;
            let reduced = u32::try_from(reduced).unwrap();
            pool.vol_ref = if dt < pool.vol_decay_s.into() { reduced } else { 0 };
        }
        let active = pool.tick;
        let mut ids: Vec<usize> = (0..self.bins.len()).collect();
        if for_y {
            ids.reverse();
        }
        let (mut left, mut sums) = (amount.clone(), [big(0), big(0), big(0)]);
        for at in ids {
            let id = self.bins[at].id;
            let ahead = if for_y { id <= self.pool.tick } else { id >= self.pool.tick };
            let layers: BigInt = Self::layers(&self.bins[at], for_y).iter().sum();
            if !ahead || layers == big(0) || left == big(0) {
                continue;
            }
            let grown =
                u64::from(self.pool.vol_ref) + u64::from(self.pool.vol_index.abs_diff(id)) * 10_000;
            self.pool.vol_acc = grown.min(self.pool.vol_max.into()).try_into().unwrap();
            self.pool.tick = id;
            let (paid, out, fee, net) = if exact_in {
                self.exact_in(&self.bins[at], &left, for_y, on_input)
            } else {
                self.exact_out(&self.bins[at], &left, for_y, on_input)
            };
            Self::take(&mut self.bins[at], &net, for_y);
            left -= if exact_in { &paid } else { &out };
            for (sum, part) in sums.iter_mut().zip([paid, out, fee]) {
                *sum += part;
            }
        }
        if self.pool.tick != active {
            self.pool.vol_last_s = NOW;
        }
        let [paid, out, fee] = sums;
        [paid, out, fee, left]
    }
}

/// A quote and what it leaves, against the model.
fn check(pool: &Pool, bins: &[Bin], a_to_b: bool, exact_in: bool, amount: u64) -> Option<Quote> {
    let (mut after, mut held) = (*pool, bins.to_vec());
    let order = order(a_to_b, exact_in, amount);
    let result = apply(&mut after, lent(&mut held, NOW), &order);
    let (fee_in, fee_out) = transfer_fees(pool, a_to_b);
    let traded = if exact_in {
        big(amount) - t22_fee(&big(amount), fee_in.bps, fee_in.max)
    } else {
        t22_pre(&big(amount), fee_out.bps, fee_out.max)
    };
    let mut model = Model::new(pool, bins);
    let [paid, out, fee, left] = model.swap(a_to_b, exact_in, &traded);
    let quoted = if exact_in {
        quote_in(pool, around(bins, NOW), a_to_b, amount)
    } else {
        quote_out(pool, around(bins, NOW), a_to_b, amount)
    };
    let quote = match result {
        Ok(quote) => quote,
        Err(fault) => {
            assert_eq!((after, &held[..]), (*pool, bins), "a refused order changes nothing");
            match fault {
                Fault::Incomplete => {
                    assert!(left > big(0) && !quoted.unwrap().complete);
                    assert_eq!(big(quoted.unwrap().fee), fee);
                }
                Fault::ZeroAmount => assert_eq!(traded, big(0)),
                Fault::Overflow | Fault::Reserve => {
                    assert!(
                        narrow(&traded).is_none()
                            || out > big(1u64 << 62)
                            || paid > big(1u64 << 62)
                    );
                }
                fault => panic!("{fault:?}"),
            }
            return None;
        }
    };
    assert_eq!((quoted, left), (Ok(quote), big(0)));
    let gross = if exact_in { big(amount) } else { t22_pre(&paid, fee_in.bps, fee_in.max) };
    let got = &out - t22_fee(&out, fee_out.bps, fee_out.max);
    assert_eq!((big(quote.amount_in), big(quote.amount_out)), (gross, got));
    assert_eq!(big(quote.fee), fee);
    assert_eq!(Model::new(&after, &held).bins, model.bins);
    let state =
        |pool: &Pool| (pool.tick, pool.vol_acc, pool.vol_ref, pool.vol_index, pool.vol_last_s);
    assert_eq!(state(&after), state(&model.pool));
    let (to, from) = if a_to_b {
        (after.reserve_a - pool.reserve_a, pool.reserve_b - after.reserve_b)
    } else {
        (after.reserve_b - pool.reserve_b, pool.reserve_a - after.reserve_a)
    };
    assert_eq!((big(to), big(from)), (paid, out));
    Some(quote)
}

/// Bins around an active one; fees of every kind. Step 20.
fn pairs() -> impl Strategy<Value = (Pool, Vec<Bin>)> {
    let entry = (0u64.., 0u32..64, 0u64.., 0u32..64, 0u64.., 0u8..8);
    let entries = proptest::collection::btree_map(-40i32..40, entry, 1..12);
    let fee = (prop_oneof![Just(0u64), 1u64..120_000_000], 0u8..2);
    let taxes = (0u16..500, 0u64..1_000_000, 0u16..500, 0u64..1_000_000, 0u8..4);
    let periods = (0u16..60, 0u16..600, 0u16..10_000, 0u64..1000);
    let volatility = (0u32..100_000, 0u32..900_000, 0u32..900_000, 0u32..900_000, -60i32..60);
    (entries, -45i32..45, fee, taxes, periods, volatility).prop_map(
        |(entries, active, fee, taxes, periods, (control, max, acc, reference, from))| {
            let mut pool = pool(active, fee.0.min(100_000_000));
            pool.fee_side = fee.1 * 2;
            if taxes.4 & 1 != 0 {
                (pool.transfer_fee_bps_a, pool.transfer_fee_max_a) = (taxes.0, taxes.1);
            }
            if taxes.4 & 2 != 0 {
                (pool.transfer_fee_bps_b, pool.transfer_fee_max_b) = (taxes.2, taxes.3);
            }
            (pool.vol_filter_s, pool.vol_decay_s, pool.vol_reduction_bps, _) = periods;
            pool.vol_last_s = NOW - periods.3;
            (pool.vol_control, pool.vol_max, pool.vol_index) = (control, max, from);
            (pool.vol_acc, pool.vol_ref) = (acc.min(max), reference.min(max));
            let mut bins = Vec::new();
            for (number, (a, cut_a, b, cut_b, orders, kind)) in entries {
                // Makers hold a from the active bin on and b up to it.
                let a = if number >= active { a >> cut_a >> 4 } else { 0 };
                let b = if number <= active { b >> cut_b >> 4 } else { 0 };
                let of_a = number > active || (number == active && kind & 4 != 0);
                let first = if kind & 1 == 0 { 0 } else { orders >> 6 >> cut_a };
                bins.push(bin(number, [a, b], first, of_a));
                if kind & 3 == 3 {
                    bins.push(bin(number, [0, 0], orders >> 6 >> cut_b, of_a));
                }
            }
            (pool, bins)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]
    #[test]
    fn random_pairs_equal_the_big_model(
        (pool, bins) in pairs(), a_to_b: bool, exact_in: bool, amount in 1u64.., cut in 2u32..62,
    ) {
        check(&pool, &bins, a_to_b, exact_in, (amount >> cut).max(1));
    }

    #[test]
    fn the_least_input_is_the_least(
        (mut pool, mut bins) in pairs(), a_to_b: bool, amount in 1u64.., cut in 10u32..62,
    ) {
        let amount = (amount >> cut).max(1);
        let got = |amount| quote_in(&pool, around(&bins, NOW), a_to_b, amount).map(|q| q.amount_out);
        if let Ok(least) = min_in(&pool, around(&bins, NOW), a_to_b, amount) {
            prop_assert!(got(least).unwrap() >= amount);
            prop_assert!(least == 1 || got(least - 1).unwrap_or(0) < amount);
        }
        // More in never gives less out, and the way back gives no more than went in.
        if let (Ok(less), Ok(more)) = (got(amount), got(amount + 1)) {
            prop_assert!(less <= more);
        }
        if let Ok(there) = apply(&mut pool, lent(&mut bins, NOW), &Order::exact_in(a_to_b, amount))
            && let Ok(back) = quote_in(&pool, around(&bins, NOW), !a_to_b, there.amount_out) {
            prop_assert!(back.amount_out <= amount);
        }
    }

    /// Two halves of a swap at one moment give what the whole gives, but for what each rounds.
    #[test]
    fn halves_make_a_whole(
        (mut pool, mut bins) in pairs(), a_to_b: bool, amount in 2u64.., cut in 10u32..62,
    ) {
        (pool.transfer_fee_bps_a, pool.transfer_fee_bps_b) = (0, 0);
        pool.vol_filter_s = 9;
        pool.vol_last_s = NOW;
        let half = (amount >> cut).max(2) / 2;
        let whole = quote_in(&pool, around(&bins, NOW), a_to_b, half * 2);
        let mut halves = [(); 2].map(|()| {
            apply(&mut pool, lent(&mut bins, NOW), &Order::exact_in(a_to_b, half))
        });
        if let (Ok(whole), [Ok(first), Ok(second)]) = (whole, &mut halves) {
            let sum = first.amount_out + second.amount_out;
            prop_assert!(sum <= whole.amount_out, "{sum} {whole:?}");
        }
    }

    #[test]
    fn pieces_end_where_quotes_cross((mut pool, bins) in pairs(), a_to_b: bool) {
        (pool.transfer_fee_bps_a, pool.transfer_fee_bps_b) = (0, 0);
        let (mut cursor, mut sum, mut pieces) = (Cursor::start(&pool), (0u64, 0u64), 0u64);
        while let Some(piece) = segment(&pool, around(&bins, NOW), a_to_b, &mut cursor) {
            let Segment::Price { out, .. } = piece else { panic!() };
            prop_assert!(out > 0);
            let (gross, out) = piece.room().unwrap();
            let (Ok(gross), Ok(out)) = (u64::try_from(gross), u64::try_from(out)) else { break };
            let Some(next) = sum.0.checked_add(gross).zip(sum.1.checked_add(out)) else { break };
            (sum, pieces) = (next, pieces + 1);
            // Whether the piece's end is the quote's, to within what each part rounds.
            let Ok(quote) = quote_in(&pool, around(&bins, NOW), a_to_b, sum.0) else { break };
            prop_assert!(quote.complete || sum.0 - quote.amount_in <= pieces * 2);
            prop_assert!(quote.amount_out.abs_diff(sum.1) <= slack(&pool, &bins, a_to_b) * pieces,
                "{quote:?} {sum:?}");
        }
        prop_assert!(pieces <= 4 * bins.len() as u64);
    }

    #[test]
    fn hostile_records_never_panic(
        numbers in proptest::collection::vec((any::<u128>(), any::<[u64; 3]>(), -80i32..80, 0u32..2), 0..9),
        active in -80i32..80, step: u16, fee: u64, side in 0u8..4, edges: [i32; 2], amount: u64,
        volatility: ([u32; 4], [u16; 3], i32, u64, u64), sorted: bool,
    ) {
        let mut bins: Vec<Bin> = numbers
            .iter()
            .map(|(price, [amount_a, amount_b, orders], bin, of_a)| Bin {
                price: price >> (amount_a % 128),
                amount_a: *amount_a,
                amount_b: *amount_b,
                orders: *orders,
                bin: *bin,
                orders_of_a: *of_a,
            })
            .collect();
        if sorted {
            bins.sort_by_key(|bin| bin.bin);
        }
        let mut wild = pool(active, fee);
        (wild.bin_step_bps, wild.fee_side) = (step, side);
        let (words, periods, index, last, now) = volatility;
        [wild.vol_control, wild.vol_max, wild.vol_acc, wild.vol_ref] = words;
        [wild.vol_filter_s, wild.vol_decay_s, wild.vol_reduction_bps] = periods;
        (wild.vol_index, wild.vol_last_s) = (index, last);
        for (first_bin, end_bin) in [(-70, 70), (edges[0], edges[1])] {
            for a_to_b in [true, false] {
                let depth = Depth::Bins(BinRange { bins: &bins, first_bin, end_bin });
                let around = Around { depth, now: Moment { slot: 0, unix_s: now } };
                let quotes = [quote_in(&wild, around, a_to_b, amount), quote_out(&wild, around, a_to_b, amount)];
                let mut cursor = Cursor::start(&wild);
                let mut pieces = 0;
                while let Some(piece) = segment(&wild, around, a_to_b, &mut cursor) {
                    let _ = (piece.room(), piece.reserves());
                    pieces += 1;
                    prop_assert!(pieces <= 4 * bins.len());
                }
                for (exact_in, quote) in [(true, quotes[0]), (false, quotes[1])] {
                    let (mut after, mut held) = (wild, bins.clone());
                    let depth = DepthMut::Bins { bins: &mut held, first_bin, end_bin };
                    let around = AroundMut { depth, now: Moment { slot: 0, unix_s: now } };
                    match (apply(&mut after, around, &order(a_to_b, exact_in, amount)), quote) {
                        (Ok(applied), Ok(quote)) => prop_assert_eq!(applied, quote),
                        (Err(Fault::Incomplete), Ok(quote)) => prop_assert!(!quote.complete),
                        (Err(applied), Err(quote)) => prop_assert_eq!(applied, quote),
                        (applied, quote) => prop_assert!(false, "{applied:?} {quote:?}"),
                    }
                }
            }
        }
    }
}

/// How much one unit in may move the output: the highest price of the bins.
fn slack(pool: &Pool, bins: &[Bin], a_to_b: bool) -> u64 {
    let rho = bins.iter().map(|bin| if a_to_b { bin.price >> 64 } else { (1 << 64) / bin.price });
    let _ = pool;
    3 + 3 * u64::try_from(rho.max().unwrap_or(0)).unwrap()
}

#[test]
fn what_is_known_ends_a_walk() {
    let bins =
        [bin(-3, [0, 500], 0, false), bin(0, [1000, 1000], 0, false), bin(2, [500, 0], 7, true)];
    let pool = pool(0, 2_000_000);
    for a_to_b in [true, false] {
        let far = quote_in(&pool, around(&bins, NOW), a_to_b, 1 << 40).unwrap();
        let all = if a_to_b { 1500 } else { 1507 };
        assert_eq!((far.complete, far.amount_out, far.ticks_crossed), (false, all, 1));
        assert!(quote_in(&pool, around(&bins, NOW), a_to_b, far.amount_in).unwrap().complete);
        let over = quote_in(&pool, around(&bins, NOW), a_to_b, far.amount_in + 2).unwrap();
        assert!(!over.complete);
        assert_eq!(
            quote_out(&pool, around(&bins, NOW), a_to_b, all).unwrap().amount_in,
            far.amount_in
        );
        assert!(!quote_out(&pool, around(&bins, NOW), a_to_b, all + 1).unwrap().complete);
        assert_eq!(min_in(&pool, around(&bins, NOW), a_to_b, all + 1), Err(Fault::Incomplete));
        assert_eq!(quote_in(&pool, Around::NONE, a_to_b, 1), Err(Fault::Ticks));
    }
    let away = Depth::Bins(BinRange { bins: &bins, first_bin: 70, end_bin: 140 });
    assert_eq!(quote_in(&pool, away, true, 1), Err(Fault::Ticks));
    let order = Order { exact: Exact::In, limit: Some(1 << 40), ..Order::exact_in(true, 100) };
    let (mut after, mut held) = (pool, bins);
    assert_eq!(apply(&mut after, lent(&mut held, NOW), &order), Err(Fault::Slippage));
    assert_eq!((after, held), (pool, bins));
}

#[test]
fn a_fee_that_moves_needs_its_moment_only_where_it_matters() {
    let bins = [bin(0, [1 << 40, 1 << 40], 0, false)];
    let mut pool = pool(0, 2_000_000);
    (pool.vol_filter_s, pool.vol_decay_s, pool.vol_reduction_bps) = (30, 600, 5000);
    (pool.vol_control, pool.vol_max, pool.vol_last_s) = (40_000, 350_000, NOW);
    let quote = |pool: &Pool, now| quote_in(pool, around(&bins, now), true, 1 << 30);
    let calm = quote(&pool, 0).unwrap();
    assert_eq!(quote(&pool, NOW), Ok(calm), "nothing to forget");
    (pool.vol_acc, pool.vol_ref) = (300_000, 250_000);
    assert_eq!(quote(&pool, 0), Err(Fault::Moment));
    assert_eq!(segment(&pool, around(&bins, 0), true, &mut Cursor::start(&pool)), None);
    let outs = [NOW, NOW + 30, NOW + 600].map(|now| quote(&pool, now).unwrap().amount_out);
    assert!(outs[0] < outs[1] && outs[1] < outs[2] && outs[2] == calm.amount_out, "{outs:?}");
    pool.vol_control = 0;
    assert_eq!(quote(&pool, 0), Ok(calm));
}

#[test]
fn bins_out_of_order_are_refused() {
    let bins = [bin(0, [0, 9], 0, false), bin(3, [5, 0], 0, false), bin(2, [7, 0], 0, false)];
    let result = quote_in(&pool(0, 0), around(&bins, NOW), false, 1 << 30);
    assert_eq!(result, Err(Fault::State));
    let bins = [bin(-2, [0, 9], 0, false), bin(-3, [0, 5], 0, false), bin(-2, [0, 7], 0, false)];
    assert_eq!(quote_in(&pool(0, 0), around(&bins, NOW), true, 1 << 30), Err(Fault::State));
}
