//! meteora-dlmm: an independent quote of DLMM pairs, made against the program's answers.

use meteora_dlmm::{PoolState, StaticParams, TransferFee, VariableParams, array_index_of, quote};
use mev::dex::Order;
use mev::ids::Venue;
use mev::record::{Bin, Curve, Pool};
use std::collections::{BTreeMap, BTreeSet};

use crate::ask::{Ask, Places, Rng, pool, taxes};
use crate::tally::{Answer, Cause, Peer, Said, nothing};

/// The crate.
pub struct Dlmm;

/// What its quote takes.
pub struct Input {
    order: Order,
    unix_s: u64,
    pool: PoolState,
    fees: [Option<TransferFee>; 2],
}

/// Bins of an array.
const ARRAY: i32 = 70;

/// The price of a bin, near enough: both sides are given the same.
fn price(bin: i32, step_bps: u16) -> u128 {
    let step = (u128::from(step_bps) << 64) / 10_000;
    let (mut price, base) = (1u128 << 64, (1u128 << 64) + step);
    let times = |a: u128, b: u128| {
        // (a * b) >> 64 for numbers below 2^100, in two parts.
        (a >> 32) * (b >> 32)
    };
    for _ in 0..bin.unsigned_abs() {
        price = times(price, base);
    }
    if bin < 0 { ((1u128 << 127) / price) << 1 } else { price }
}

impl Peer for Dlmm {
    const VENUE: &'static str = "Meteora DLMM";
    const CRATE: &'static str = "meteora-dlmm 0.2.0";
    const LICENCE: &'static str = "MIT";
    const BEYOND: bool = true;
    type Input = Input;

    fn ask(rng: &mut Rng) -> Ask {
        let mut pool = pool(Venue::MeteoraDlmm, Curve::Bins);
        pool.bin_step_bps = [1, 2, 5, 10, 20, 25, 80, 100][index(rng.pick(0, 7))];
        let reach = i64::from(6_000 / i32::from(pool.bin_step_bps).max(10));
        pool.tick = small(rng.within(-reach, reach));
        let base = rng.pick(0, 30_000) * u64::from(pool.bin_step_bps) * 10;
        (pool.fee_num, pool.fee_den) = (base.min(100_000_000), 1_000_000_000);
        // 2: always of token b.
        pool.fee_side = if rng.one_in(3) { 2 } else { 0 };
        if !rng.one_in(4) {
            pool.vol_control = u32::try_from(rng.pick(0, 4_000_000)).expect("small");
            pool.vol_max = u32::try_from(rng.pick(0, 1_000_000)).expect("small");
            pool.vol_acc = u32::try_from(rng.pick(0, pool.vol_max.into())).expect("small");
            pool.vol_ref = u32::try_from(rng.pick(0, pool.vol_max.into())).expect("small");
            pool.vol_index = pool.tick + small(rng.within(-80, 80));
            pool.vol_filter_s = u16::try_from(rng.pick(1, 100)).expect("small");
            pool.vol_decay_s =
                pool.vol_filter_s + u16::try_from(rng.pick(1, 1_200)).expect("small");
            pool.vol_reduction_bps = u16::try_from(rng.pick(0, 10_000)).expect("small");
        }
        (pool.vol_last_s, pool.vol_group) = (1_750_000_000, 1);
        pool.present = Pool::TICK | Pool::BIN_STEP | Pool::VOLATILITY;
        let first = (pool.tick.div_euclid(ARRAY) - small(rng.within(0, 1))) * ARRAY;
        let end = (pool.tick.div_euclid(ARRAY) + 1 + small(rng.within(0, 1))) * ARRAY;
        let mut bins = Vec::new();
        let size = rng.pick(8, 48);
        for bin in first..end {
            if rng.one_in(3) {
                continue;
            }
            let held = |rng: &mut Rng| rng.bits(1, u32::try_from(size).expect("small"));
            let empty = Bin {
                price: price(bin, pool.bin_step_bps),
                amount_a: 0,
                amount_b: 0,
                orders: 0,
                bin,
                orders_of_a: 0,
            };
            let mut makers = empty;
            if bin >= pool.tick {
                makers.amount_a = held(rng);
            }
            if bin <= pool.tick {
                makers.amount_b = held(rng);
            }
            if rng.one_in(4) {
                makers.orders_of_a =
                    u32::from(bin > pool.tick || (bin == pool.tick && rng.one_in(2)));
                makers.orders = held(rng);
                bins.push(makers);
                if rng.one_in(2) {
                    let orders_of_a = makers.orders_of_a;
                    bins.push(Bin { orders: held(rng), orders_of_a, ..empty });
                }
            } else {
                bins.push(makers);
            }
        }
        taxes(rng, &mut pool);
        let amount = rng.bits(1, u32::try_from(size).expect("small") + 4);
        let order = Order::exact_in(rng.one_in(2), amount);
        let unix_s = pool.vol_last_s + rng.pick(0, 2 * u64::from(pool.vol_decay_s) + 1);
        Ask { pool, places: Places::Bins(bins, first, end), unix_s, order }
    }

    fn input(ask: &Ask) -> Input {
        let Places::Bins(entries, first, end) = &ask.places else { panic!("a pool of bins") };
        let p = &ask.pool;
        let mut bins = BTreeMap::new();
        for entry in entries {
            // The first entry of a number has the makers' part and the orders that are being filled,
            // the second those that wait.
            let bin = bins.entry(i64::from(entry.bin)).or_insert(meteora_dlmm::Bin {
                bin_id: entry.bin.into(),
                amount_x: entry.amount_a,
                amount_y: entry.amount_b,
                price_x64: entry.price,
                open_order: u64::MAX,
                processed_order: entry.orders,
                ask_side: u8::from(entry.orders_of_a != 0),
            });
            bin.open_order = if bin.open_order == u64::MAX { 0 } else { entry.orders };
        }
        // The base fee as the peer makes it: a factor of the step, so that any rate can be said by a
        // step of its own, is not at hand; the rate is given by a factor of 10 times the step.
        let unit = u64::from(p.bin_step_bps) * 10;
        let pool = PoolState {
            active_id: p.tick.into(),
            bin_step: p.bin_step_bps,
            decimals_x: 9,
            decimals_y: 6,
            static_params: StaticParams {
                base_factor: u16::try_from(p.fee_num.div_ceil(unit)).expect("a factor"),
                base_fee_power_factor: 0,
                variable_fee_control: p.vol_control,
                max_volatility_accumulator: p.vol_max,
                filter_period: p.vol_filter_s,
                decay_period: p.vol_decay_s,
                reduction_factor: p.vol_reduction_bps,
                protocol_share: 0,
            },
            variable_params: VariableParams {
                volatility_accumulator: p.vol_acc,
                volatility_reference: p.vol_ref,
                index_reference: p.vol_index,
                last_update_timestamp: i64::try_from(p.vol_last_s).expect("a time"),
            },
            bins,
            loaded_arrays: (*first..*end)
                .map(|bin| array_index_of(bin.into()))
                .collect::<BTreeSet<_>>(),
            exhaustive: false,
            token_x_mint: [0; 32],
            token_y_mint: [0; 32],
            collect_fee_mode: u8::from(p.fee_side != 0),
        };
        Input { order: ask.order, unix_s: ask.unix_s, pool, fees: fees(p) }
    }

    fn answer(input: &mut Input) -> Said {
        let Input { order, unix_s, pool, fees: [x, y] } = input;
        let (fee_in, fee_out) =
            if order.a_to_b { (x.as_ref(), y.as_ref()) } else { (y.as_ref(), x.as_ref()) };
        let now = i64::try_from(*unix_s).expect("a time");
        let amount = u128::from(order.amount);
        let quote = quote(pool, amount, order.a_to_b, now, true, false, fee_in, fee_out)
            .map_err(|fault| format!("{fault:?}"))?;
        let taxed = fee_in.is_some();
        let paid = u64::try_from(amount - quote.remaining_in).map_err(|_| "more than 64 bits")?;
        Ok(Answer {
            // Of an order that is filled in part it says what is left after the transfer fee.
            amount_in: (quote.complete || !taxed).then_some(paid),
            amount_out: u64::try_from(quote.amount_out).map_err(|_| "more than 64 bits")?,
            fee: None,
            complete: quote.complete,
            reserves: None,
            range: None,
        })
    }

    fn cause(_: &Ask, ours: &Said, theirs: &Said) -> Option<Cause> {
        nothing(ours, theirs)
    }
}

/// The transfer fees of x and y.
fn fees(p: &Pool) -> [Option<TransferFee>; 2] {
    let fee = |bps, max_fee| (bps != 0).then_some(TransferFee { basis_points: bps, max_fee });
    [
        fee(p.transfer_fee_bps_a, p.transfer_fee_max_a),
        fee(p.transfer_fee_bps_b, p.transfer_fee_max_b),
    ]
}

/// The same pair as the peer itself reads it from account bytes, for the order of `ask`.
pub fn input_of(ask: &Ask, pair: &[u8], arrays: &[Vec<u8>]) -> Input {
    let pool = PoolState::from_accounts(pair, arrays, 9, 6, None, false).expect("a pair");
    Input { order: ask.order, unix_s: ask.unix_s, pool, fees: fees(&ask.pool) }
}

/// Bounds were given as i32.
fn small(n: i64) -> i32 {
    i32::try_from(n).expect("within 32 bits")
}

/// Bounds were given as a place of a list.
fn index(n: u64) -> usize {
    usize::try_from(n).expect("small")
}
