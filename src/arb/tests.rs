//! The stage from end to end, against an independent model in big integers.

#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "the model is written plainly"
)]

use super::*;
use crate::ids::{Key, Venue, WSOL};
use crate::record::{Direction, Gap, GapReason, Record, Refusal, Tick, Wallet, WalletVerdict};
use crate::stream::{Arena, Stage};
use num_bigint::BigInt;
use proptest::prelude::*;

fn options() -> Options {
    Options {
        bases: vec![WSOL],
        pools: 32,
        tokens: 16,
        deep_pools: 4,
        entries: 64,
        visits: 1 << 16,
        balance: u64::MAX,
        flash_cap: u64::MAX,
        reach: 8,
        flash: Flash::Own,
        costs: CostModel { signatures: 1, cu_price_micro: 1000, tip_bps: 5000, min_tip: 1000 },
        cu_base: 10_000,
        cu_hop: 80_000,
        cu_step: 0,
        min_profit: 1,
        guards: Guards { min_reserve: 10, min_depth: 10, max_slot_spread: 100 },
        ref_size: 0,
        plan: 0,
        explain: false,
    }
}

fn key(number: u8) -> Key {
    if number == 0 { WSOL } else { [number; 32] }
}

/// Pool `number` between tokens `a` and `b`, 30 bps.
fn pool(number: u8, [a, b]: [u8; 2], [reserve_a, reserve_b]: [u64; 2]) -> Pool {
    let mut pool = Pool::new(1);
    pool.venue = Venue::Feed as u16;
    (pool.pool, pool.mint_a, pool.mint_b) = ([100 + number; 32], key(a), key(b));
    (pool.reserve_a, pool.reserve_b) = (reserve_a, reserve_b);
    (pool.fee_num, pool.fee_den) = (30, 10_000);
    (pool.slot, pool.sequence, pool.present) = (5, 1, Pool::RESERVES);
    pool
}

fn swap(number: u8, a_to_b: bool, amount_in: u64, signature: u8) -> Swap {
    let mut row = Swap::new(77);
    row.head.flags = Swap::LAST_OF_TX;
    (row.pool, row.slot) = ([100 + number; 32], 6);
    (row.signature, row.amount_in) = ([signature; 64], amount_in);
    row.direction = if a_to_b { Direction::AToB } else { Direction::BToA } as u8;
    row.present = Swap::POOL | Swap::SIGNATURE | Swap::AMOUNT_IN;
    row
}

struct Bed {
    engine: Engine,
    out: Arena,
}

impl Bed {
    fn new(options: Options) -> Self {
        Self { engine: Engine::new(options), out: Arena::with_room(Engine::MAX_OUT) }
    }

    fn give<T: Layout>(&mut self, record: &T) -> Vec<Opportunity> {
        self.out.clear();
        self.engine.step(Record::of(record), &mut self.out);
        let found = self.out.records().filter_map(|record| record.get::<Opportunity>().unwrap());
        found.copied().collect()
    }

    fn refused(&self, refusal: Refusal) -> u64 {
        self.engine.counters().refusal(refusal)
    }

    fn number(&self, name: &str) -> u64 {
        self.engine.counters().numbers().into_iter().find(|one| one.0 == name).unwrap().1
    }

    fn dropped(&self, name: &str) -> u64 {
        self.engine.counters().dropped().find(|one| one.0 == name).unwrap().1
    }
}

/// Two pools at the same price, then a swap that moves one: a bed with a gain in it.
fn moved(options: Options) -> (Bed, Vec<Opportunity>) {
    let mut bed = Bed::new(options);
    assert!(bed.give(&pool(1, [0, 1], [1_000_000_000_000, 150_000_000_000])).is_empty());
    assert!(bed.give(&pool(2, [0, 1], [800_000_000_000, 120_000_000_000])).is_empty());
    let found = bed.give(&swap(1, true, 40_000_000_000, 9));
    (bed, found)
}

/// The model's constant product: what `x` gives, in big integers.
fn model_out(r: &BigInt, s: &BigInt, x: &BigInt) -> BigInt {
    let fee: BigInt = (x * 30 + 9999) / 10_000;
    let net = x - fee;
    &net * s / (r + &net)
}

#[test]
fn a_swap_that_moves_a_price_opens_a_cycle() {
    let (bed, found) = moved(options());
    let [one] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(one.invalid(), None);
    assert_eq!((one.slot, one.ordinal, one.head.rx_ns, one.hops), (6, 2, 77, 2));
    assert_eq!((one.trigger, one.trigger_pool), ([9; 64], [101; 32]));
    assert_eq!((one.oldest_slot, one.newest_slot), (5, 6));
    assert_eq!((one.pools[0], one.pools[1]), ([102; 32], [101; 32]));
    assert_eq!((one.base_mint, one.mints[0], one.mints[1]), (WSOL, WSOL, key(1)));
    assert_eq!(one.directions, [1, 2, 0, 0]);
    // The victim's pool after it, by hand: net 39 880 000 000, out 5 752 586 836.
    let [a, b] = [BigInt::from(1_040_000_000_000_u64), BigInt::from(150_000_000_000_u64)];
    let out =
        model_out(&BigInt::from(1_000_000_000_000_u64), &b, &BigInt::from(40_000_000_000_u64));
    let middle = model_out(
        &BigInt::from(800_000_000_000_u64),
        &BigInt::from(120_000_000_000_u64),
        &BigInt::from(one.amounts[0]),
    );
    assert_eq!(BigInt::from(one.amounts[1]), middle);
    assert_eq!(BigInt::from(one.amounts[2]), model_out(&(b - out), &a, &middle));
    assert_eq!(one.gross, 594_642_517);
    assert_eq!((one.compute_units, one.base_fee, one.priority_fee), (170_000, 5000, 170));
    assert_eq!(one.tip, (594_642_517 - 5170) / 2);
    assert_eq!(one.net, 594_642_517 - 5170 - i64::try_from(one.tip).unwrap());
    assert_eq!(one.min_out[0], one.amounts[1]);
    assert_eq!(one.min_out[1], one.amounts[0] + 5170 + one.tip);
    assert!(one.bound > 0 && one.bound < 100 && one.excess_q20 > 0 && one.conflict_group == 1);
    assert_eq!(bed.number("opportunities"), 1);
}

#[test]
fn a_cycle_is_not_written_twice_for_the_same_states() {
    let (mut bed, _) = moved(options());
    // The same transaction again, then the same state again: nothing changes.
    assert!(bed.give(&swap(1, true, 40_000_000_000, 9)).is_empty());
    assert_eq!(bed.dropped("repeated"), 1);
    let mut again = pool(2, [0, 1], [800_000_000_000, 120_000_000_000]);
    again.sequence = 2;
    assert!(bed.give(&again).is_empty());
    // One more lamport does.
    again.sequence = 3;
    again.reserve_a += 1;
    assert_eq!(bed.give(&again).len(), 1, "worse, but still there");
}

#[test]
fn a_plan_is_one_cycle_after_the_other_and_leaves_the_states_alone() {
    // Three pools at one price; the swap moves the first against both others.
    let feed = |bed: &mut Bed| {
        bed.give(&pool(1, [0, 1], [1_000_000_000_000, 150_000_000_000]));
        bed.give(&pool(2, [0, 1], [800_000_000_000, 120_000_000_000]));
        bed.give(&pool(3, [0, 1], [500_000_000_000, 75_000_000_000]));
        bed.give(&swap(1, true, 40_000_000_000, 9))
    };
    let mut planned = Bed::new(Options { plan: 5, ..options() });
    let mut plain = Bed::new(options());
    let (found, alone) = (feed(&mut planned), feed(&mut plain));
    let plan: Vec<_> = found.iter().filter(|one| one.plan_count > 0).collect();
    assert!(plan.len() > 1 && plan.iter().all(|one| one.invalid().is_none()));
    let count = usize::from(plan[0].plan_count);
    assert_eq!((count, plan.len()), (plan.len(), count));
    for (one, index) in plan.iter().zip(0..) {
        assert_eq!((one.plan_index, one.conflict_group), (index, plan[0].conflict_group));
        assert_eq!((one.plan_bound, one.trigger), (plan[0].plan_bound, [9; 64]));
    }
    // The best comes first, and all together stay below the bound and take most of it.
    assert_eq!((plan[0].net, plan[0].amounts), (alone[0].net, alone[0].amounts));
    let gross: i64 = plan.iter().map(|one| one.gross).sum();
    assert!(gross > alone[0].gross && gross <= i64::try_from(plan[0].plan_bound).unwrap());
    let share = u64::try_from(gross).unwrap() * 1_000_000 / plan[0].plan_bound;
    assert_eq!(u64::from(plan[0].captured_ppm), share);
    assert!(share > 950_000, "{share}");
    // Each is the best on what those before it leave: the model trades them one after the other.
    let mut reserves = [
        [1_040_000_000_000, 0],
        [800_000_000_000, 120_000_000_000],
        [500_000_000_000, 75_000_000_000_i64],
    ]
    .map(|pair| pair.map(BigInt::from));
    reserves[0][1] = BigInt::from(150_000_000_000_i64)
        - model_out(
            &BigInt::from(1_000_000_000_000_i64),
            &BigInt::from(150_000_000_000_i64),
            &BigInt::from(40_000_000_000_i64),
        );
    for one in &plan {
        for hop in 0..2 {
            let at = usize::from(one.pools[hop][0]) - 101;
            let way = usize::from(one.directions[hop]) - 1;
            let input = BigInt::from(one.amounts[hop]);
            let [r, s] = [way, 1 - way].map(|side| reserves[at][side].clone());
            let out = model_out(&r, &s, &input);
            assert_eq!(out, BigInt::from(one.amounts[hop + 1]));
            reserves[at][way] += input;
            reserves[at][1 - way] -= out;
        }
    }
    // What was supposed is forgotten: the next swap finds the same states in both.
    let next = swap(2, true, 1_000_000_000, 8);
    let (found, alone) = (planned.give(&next), plain.give(&next));
    let single = |found: &[Opportunity]| {
        let all = found.iter().filter(|one| one.plan_index == 0);
        all.map(|one| (one.amounts, one.net, one.state_hash)).collect::<Vec<_>>()
    };
    assert_eq!(single(&found), single(&alone));
}

#[test]
fn rows_of_a_transaction_are_applied_together() {
    let mut bed = Bed::new(options());
    bed.give(&pool(1, [0, 1], [1_000_000_000_000, 150_000_000_000]));
    bed.give(&pool(2, [0, 1], [800_000_000_000, 120_000_000_000]));
    let mut first = swap(1, true, 40_000_000_000, 9);
    first.head.flags = 0;
    assert!(bed.give(&first).is_empty(), "the transaction is not over");
    // Its second swap puts the other pool where the first one went.
    let mut second = swap(2, true, 32_000_000_000, 9);
    second.ix_outer = 1;
    assert!(bed.give(&second).is_empty(), "no state between them was ever tradable");
    assert_eq!(bed.number("transactions"), 1);
    // A transaction whose last row never came ends where another begins, or the input does.
    let mut open = swap(1, true, 40_000_000_000, 10);
    open.head.flags = 0;
    assert!(bed.give(&open).is_empty());
    bed.out.clear();
    bed.engine.finish(&mut bed.out);
    assert_eq!(bed.out.records().count(), 1);
    assert_eq!(bed.out.records().next().unwrap().get::<Opportunity>().unwrap().unwrap().ordinal, 4);
}

#[test]
fn a_transaction_that_would_be_refused_opens_nothing() {
    let mut bed = Bed::new(options());
    bed.give(&pool(1, [0, 1], [1_000_000_000_000, 150_000_000_000]));
    bed.give(&pool(2, [0, 1], [800_000_000_000, 120_000_000_000]));
    let mut row = swap(1, true, 40_000_000_000, 9);
    (row.limit, row.present) = (u64::MAX, row.present | Swap::LIMIT);
    assert!(bed.give(&row).is_empty());
    assert_eq!((bed.number("rolled_back"), bed.dropped("would_revert")), (1, 1));
    assert_eq!(bed.give(&swap(1, true, 40_000_000_000, 8)).len(), 1);
}

#[test]
fn a_gap_passes_on_and_makes_everything_stale() {
    let (mut bed, _) = moved(Options { explain: true, ..options() });
    bed.out.clear();
    let gap = Gap::new(3);
    bed.engine.step(Record::of(&gap), &mut bed.out);
    assert_eq!(bed.out.records().next().unwrap().bytes(), Record::of(&gap).bytes());
    let found = bed.give(&swap(1, true, 1_000_000_000, 8));
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].head.flags, found[0].reason), (Opportunity::REFUSED, 4));
    assert_eq!(bed.refused(Refusal::Stale), 1);
    let mut fresh = pool(1, [0, 1], [1_040_000_000_000, 144_247_413_164]);
    (fresh.slot, fresh.sequence) = (6, 2);
    assert_eq!(bed.give(&fresh)[0].reason, Refusal::Stale as u8, "the other is not known yet");
    let mut other = pool(2, [0, 1], [800_000_000_000, 120_000_000_000]);
    (other.slot, other.sequence) = (6, 2);
    assert_eq!(bed.give(&other)[0].reason, Refusal::None as u8);
}

/// What a wallet filter says before a swap of pool `number`.
fn verdict(number: u8, verdict: WalletVerdict) -> Wallet {
    let mut wallet = Wallet::new(77);
    (wallet.verdict, wallet.pool, wallet.present) =
        (verdict as u8, [100 + number; 32], Wallet::POOL);
    assert_eq!(wallet.invalid(), None);
    wallet
}

#[test]
fn a_swap_that_is_stopped_is_applied_and_opens_nothing() {
    let (_, should) = moved(options());
    let pools = |bed: &mut Bed| {
        bed.give(&pool(1, [0, 1], [1_000_000_000_000, 150_000_000_000]));
        bed.give(&pool(2, [0, 1], [800_000_000_000, 120_000_000_000]));
    };
    let victim = swap(1, true, 40_000_000_000, 9);
    for (said, opens) in [(WalletVerdict::Pass, true), (WalletVerdict::Stop, false)] {
        let mut bed = Bed::new(options());
        pools(&mut bed);
        assert!(bed.give(&verdict(1, said)).is_empty());
        assert!(bed.out.is_empty(), "the verdict is for this tool");
        let found = bed.give(&victim);
        assert_eq!(found.len(), usize::from(opens));
        assert_eq!(bed.number("stopped"), u64::from(!opens));
        if opens {
            assert_eq!((found[0].net, found[0].amounts), (should[0].net, should[0].amounts));
        } else {
            // What it changed is known: the next swap of anybody finds it.
            let next = bed.give(&swap(2, false, 100_000_000, 10));
            assert_eq!((next.len(), next[0].trigger), (1, [10; 64]));
        }
    }
    // One of a transaction's rows that passes is enough, and a verdict is for one row.
    let mut bed = Bed::new(options());
    pools(&mut bed);
    let mut first = victim;
    first.head.flags = 0;
    let mut second = swap(2, false, 1000, 9);
    second.ix_outer = 1;
    bed.give(&verdict(1, WalletVerdict::Stop));
    bed.give(&first);
    assert_eq!(bed.give(&second).len(), 1);
    // What was told before opens nothing for the transaction that follows.
    bed.give(&second);
    bed.give(&verdict(1, WalletVerdict::Stop));
    assert!(bed.give(&swap(1, true, 1_000_000_000, 11)).is_empty());
}

#[test]
fn a_swap_that_was_dropped_makes_its_pool_stale_and_no_other() {
    let (mut bed, _) = moved(options());
    let mut gap = Gap::new(78);
    (gap.count, gap.reason) = (1, GapReason::Filtered as u16);
    bed.give(&pool(3, [0, 1], [500_000_000_000, 75_000_000_000]));
    bed.give(&verdict(2, WalletVerdict::Stop));
    bed.give(&gap);
    assert_eq!(bed.out.records().count(), 1, "the gap passes on");
    // Pool 2 is not traded with any more; 1 and 3 are.
    let found = bed.give(&swap(1, true, 1_000_000_000, 12));
    assert!(!found.is_empty());
    assert!(found.iter().all(|one| !one.pools.contains(&[102; 32])));
    // Without a verdict before it, the gap makes all of them stale.
    bed.give(&gap);
    assert!(bed.give(&swap(1, true, 1_000_000_000, 13)).is_empty());
}

#[test]
fn conflicting_opportunities_share_a_group() {
    let mut bed = Bed::new(options());
    for (number, reserves) in [
        (1, [1_000_000_000_000, 150_000_000_000]),
        (2, [800_000_000_000, 120_000_000_000]),
        (3, [700_000_000_000, 105_000_000_000]),
    ] {
        bed.give(&pool(number, [0, 1], reserves));
    }
    let found = bed.give(&swap(1, true, 40_000_000_000, 9));
    assert_eq!(found.len(), 2);
    assert!(found[0].net >= found[1].net, "the largest comes first");
    assert_eq!([found[0].conflict_group, found[1].conflict_group], [1, 1]);
    let found = bed.give(&swap(1, true, 40_000_000_000, 8));
    assert_eq!([found[0].conflict_group, found[1].conflict_group], [2, 2]);
}

/// A name and what it does to a pool.
type Case = (&'static str, fn(&mut Pool));

#[test]
fn hostile_states_are_refused_or_have_no_rate() {
    let sound = || pool(1, [0, 1], [1_000_000_000_000, 150_000_000_000]);
    let cases: [Case; 7] = [
        ("reserves of zero", |pool| (pool.reserve_a, pool.reserve_b) = (0, 0)),
        ("one reserve of zero", |pool| pool.reserve_b = 0),
        ("a fee of everything", |pool| pool.fee_num = pool.fee_den),
        ("a fee above everything", |pool| pool.fee_num = u64::MAX),
        ("no fee denominator", |pool| pool.fee_den = 0),
        ("no venue", |pool| pool.venue = 0),
        ("ticks missing", |pool| pool.venue = Venue::OrcaWhirlpool as u16),
    ];
    for (name, change) in cases {
        let mut bed = Bed::new(options());
        let mut hostile = sound();
        change(&mut hostile);
        bed.give(&pool(2, [0, 1], [800_000_000_000, 60_000_000_000]));
        assert!(bed.give(&hostile).is_empty(), "{name}");
        assert_eq!(bed.number("rates_missing"), 2, "{name}");
        assert!(bed.give(&swap(1, true, 1 << 40, 9)).is_empty(), "{name}");
        assert!(bed.give(&swap(1, false, u64::MAX, 8)).is_empty(), "{name}");
    }
    let mut bed = Bed::new(options());
    bed.give(&pool(1, [0, 1], [u64::MAX, 1]));
    bed.give(&pool(2, [0, 1], [1, u64::MAX]));
    assert_eq!(bed.refused(Refusal::AbsurdFactor), 1);
    bed.give(&pool(3, [0, 1], [5, 5]));
    bed.give(&pool(4, [0, 1], [50, 50]));
    assert!(bed.refused(Refusal::Dust) + bed.refused(Refusal::AbsurdFactor) > 1);
    assert_eq!(bed.number("opportunities"), 0);
}

#[test]
fn each_cost_and_limit_decides() {
    let with = |change: fn(&mut Options)| {
        let mut options = Options { explain: true, ..options() };
        change(&mut options);
        let (_, found) = moved(options);
        found[0]
    };
    assert_eq!(with(|o| o.costs.min_tip = 600_000_000).reason, Refusal::BelowCost as u8);
    assert_eq!(with(|o| o.min_profit = 400_000_000).reason, Refusal::BelowMinProfit as u8);
    assert_eq!(
        with(|o| o.flash = Flash::Klend { fee_sf: u64::MAX }).reason,
        Refusal::FlashLoan as u8
    );
    assert_eq!(
        with(|o| o.flash = Flash::Share { num: 1, den: 10 }).reason,
        Refusal::NotProfitable as u8
    );
    assert_eq!(with(|o| o.guards.min_depth = u64::MAX).reason, Refusal::Dust as u8);
    let held = with(|o| o.balance = 1_000_000_000);
    assert_eq!((held.reason, held.head.flags), (0, Opportunity::CAPPED_BALANCE));
    assert!(held.amounts[0] <= 1_000_000_000 && held.net > 0);
    let lent = with(|o| o.flash = Flash::Share { num: 9, den: 10_000 });
    assert_eq!(lent.flash_fee, (lent.amounts[0] * 9).div_ceil(10_000));
    let left = lent.gross - i64::try_from(lent.flash_fee).unwrap() - 5170;
    assert_eq!(lent.net, left - left / 2);
}

/// A Whirlpool-like pool around price 0.15 whose liquidity halves 40 ticks away on either side.
fn whirlpool() -> (Pool, Vec<u8>) {
    let mut pool = pool(3, [0, 1], [0, 0]);
    (pool.venue, pool.tick_spacing, pool.tick) = (Venue::OrcaWhirlpool as u16, 8, -18_973);
    pool.sqrt_price = crate::dex::sqrt_price_at_tick(-18_973).unwrap();
    (pool.liquidity, pool.fee_num, pool.fee_den) = (8_000_000_000_000, 400, 1_000_000);
    pool.present = Pool::SQRT_PRICE | Pool::LIQUIDITY | Pool::TICK | Pool::TICK_SPACING;
    let mut array = Ticks::new(1);
    let ticks = [(-19_016, 4_000_000_000_000), (-18_936, -4_000_000_000_000)];
    (array.pool, array.start_tick, array.span_ticks) = (pool.pool, -19_712, 704 * 2);
    (array.count, array.tick_spacing) = (2, 8);
    array.head.len = 192;
    let mut bytes = bytemuck::bytes_of(&array).to_vec();
    for (tick, liquidity_net) in ticks {
        bytes.extend_from_slice(bytemuck::bytes_of(&Tick {
            liquidity_net,
            tick,
            orders: 0,
            _zero: [0; 8],
        }));
    }
    (pool, bytes)
}

#[test]
fn a_cycle_crosses_ticks() {
    let mut bed = Bed::new(options());
    let (ranged, ticks) = whirlpool();
    bed.give(&ranged);
    assert_eq!(bed.number("rates_missing"), 2, "no ticks, no rate");
    let mut lines = vec![[0_u128; 4]; ticks.len() / 64];
    bytemuck::cast_slice_mut(&mut lines).copy_from_slice(&ticks);
    bed.out.clear();
    bed.engine.step(Record::new(bytemuck::cast_slice(&lines)).unwrap(), &mut bed.out);
    assert_eq!(bed.number("rates_missing"), 2);
    let found = bed.give(&pool(1, [0, 1], [1_000_000_000_000, 175_000_000_000]));
    let [one] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((one.venues, one.hops), ([4, 3, 0, 0], 2));
    let range = crate::dex::TickRange {
        ticks: &[(-19_016, 4_000_000_000_000), (-18_936, -4_000_000_000_000)]
            .map(|(tick, liquidity_net)| Tick { liquidity_net, tick, orders: 0, _zero: [0; 8] }),
        first_tick: -19_712,
        end_tick: -19_712 + 1408,
    };
    let gain = |input: u64| {
        let first = pool(1, [0, 1], [1_000_000_000_000, 175_000_000_000]);
        let middle =
            crate::dex::quote_in(&first, crate::dex::TickRange::NONE, true, input).unwrap();
        let last = crate::dex::quote_in(&ranged, range, false, middle.amount_out).unwrap();
        (i128::from(last.amount_out) - i128::from(input), last.ticks_crossed)
    };
    let (best, crossed) = gain(one.amounts[0]);
    assert_eq!((best, crossed), (i128::from(one.gross), 1), "the optimum lies past a tick");
    for away in [1_000, 1_000_000, 10_000_000, 1_000_000_000] {
        let bound = i128::from(one.bound);
        assert!(gain(one.amounts[0] - away).0 <= best + bound);
        assert!(gain(one.amounts[0] + away).0 <= best + bound);
    }
    assert!(gain(one.amounts[0] - 1_000_000_000).0 < best);
    assert!(gain(one.amounts[0] + 1_000_000_000).0 < best);
}

/// Reserves of the model, by pool.
struct Model {
    pools: Vec<([u8; 2], [BigInt; 2])>,
}

impl Model {
    fn side(&self, pool: usize, from: u8) -> (BigInt, BigInt, u8) {
        let ([a, b], [ra, rb]) = &self.pools[pool];
        if *a == from { (ra.clone(), rb.clone(), *b) } else { (rb.clone(), ra.clone(), *a) }
    }

    fn swap(&mut self, pool: usize, a_to_b: bool, amount: u64) {
        let ([a, b], _) = self.pools[pool];
        let (r, s, _) = self.side(pool, if a_to_b { a } else { b });
        let out = model_out(&r, &s, &BigInt::from(amount));
        let (r, s) = (r + amount, s - out);
        self.pools[pool].1 = if a_to_b { [r, s] } else { [s, r] };
    }

    /// What `input` of token 0 leaves along `cycle`; `None` when it does not close.
    fn gain(&self, cycle: &[usize], input: &BigInt) -> Option<BigInt> {
        let (mut token, mut amount) = (0, input.clone());
        for pool in cycle {
            let (r, s, next) = self.side(*pool, token);
            if !self.pools[*pool].0.contains(&token) {
                return None;
            }
            amount = model_out(&r, &s, &amount);
            token = next;
        }
        (token == 0).then(|| amount - input)
    }

    /// The best gain of `cycle` to within a few lamports, by thirds.
    fn best(&self, cycle: &[usize]) -> Option<BigInt> {
        let (mut low, mut high) = (BigInt::from(1), BigInt::from(1_u64 << 44));
        self.gain(cycle, &low)?;
        while &high - &low > BigInt::from(8) {
            let third: BigInt = (&high - &low) / 3;
            let (one, two) = (&low + &third, &high - &third);
            // On the stairs near the top both thirds may tie: keep the middle.
            if self.gain(cycle, &one)? < self.gain(cycle, &two)? { low = one } else { high = two }
        }
        self.gain(cycle, &low)
    }

    /// The best gain of every cycle of two or three pools through `touched`.
    fn best_through(&self, touched: usize) -> BigInt {
        let count = self.pools.len();
        let mut best = BigInt::from(0);
        for first in 0..count {
            for second in (0..count).filter(|second| *second != first) {
                let pair = [first, second];
                let thirds = (0..count).filter(|third| !pair.contains(third));
                let cycles = std::iter::once(pair.to_vec())
                    .chain(thirds.map(|third| vec![first, second, third]));
                for cycle in cycles.filter(|cycle| cycle.contains(&touched)) {
                    if let Some(gain) = self.best(&cycle) {
                        best = best.max(gain);
                    }
                }
            }
        }
        best
    }
}

const PAIRS: [[u8; 2]; 6] = [[0, 1], [1, 0], [0, 2], [1, 2], [2, 0], [2, 1]];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    /// Random swaps on six pools: what is written is what the model computes, to the lamport, and
    /// where the model finds a gain that pays, something is written.
    #[test]
    fn equals_the_model(
        depths in prop::array::uniform6(1_u64..1000),
        swaps in prop::collection::vec((0_usize..6, any::<bool>(), 1_u64..200), 1..8),
    ) {
        let mut bed = Bed::new(Options { guards: Guards { min_reserve: 0, min_depth: 0, max_slot_spread: 9 }, ..options() });
        let mut model = Model { pools: Vec::new() };
        let price = |token: u8| [1_u64, 7, 3][usize::from(token)];
        for (number, (pair, depth)) in PAIRS.into_iter().zip(depths).enumerate() {
            let reserves = pair.map(|token| depth * 1_000_000_000 * price(token));
            bed.give(&pool(u8::try_from(number).unwrap(), pair, reserves));
            model.pools.push((pair, reserves.map(BigInt::from)));
        }
        for (at, (pool, a_to_b, part)) in swaps.into_iter().enumerate() {
            let amount = u64::try_from(&model.pools[pool].1[usize::from(!a_to_b)]).unwrap() / 1000 * part;
            let row = swap(u8::try_from(pool).unwrap(), a_to_b, amount, u8::try_from(at).unwrap() + 1);
            let found = bed.give(&row);
            model.swap(pool, a_to_b, amount);
            for one in &found {
                let cycle: Vec<usize> =
                    one.pools[..usize::from(one.hops)].iter().map(|key| usize::from(key[0]) - 100).collect();
                prop_assert!(cycle.contains(&pool));
                let input = BigInt::from(one.amounts[0]);
                let gross = model.gain(&cycle, &input);
                prop_assert_eq!(gross, Some(BigInt::from(one.gross)));
                let cu = 10_000 + 80_000 * u64::from(one.hops);
                let priority = (cu * 1000).div_ceil(1_000_000);
                prop_assert_eq!((one.base_fee, one.priority_fee), (5000, priority));
                let left = one.gross - 5000 - i64::try_from(priority).unwrap();
                let tip = (left / 2).max(1000);
                prop_assert_eq!((one.tip, one.net), (tip.unsigned_abs(), left - tip));
                prop_assert!(one.net > 0);
                // No input beats it by more than the bound.
                let best = model.best(&cycle).unwrap();
                prop_assert!(best <= BigInt::from(one.gross) + one.bound, "{} {}", best, one.gross);
            }
            let best = model.best_through(pool);
            if best > BigInt::from(5000 + 250 + 1000 + 200) {
                prop_assert!(!found.is_empty(), "a gain of {} was missed", best);
            }
        }
    }
}

/// The pools of the shared folder.
#[cfg(test)]
mod real_pools {
    use super::super::{book, decide, size};
    use super::*;

    /// Pools and ticks of the account files in `names`, as records, or why there are none.
    fn real(names: &[&str]) -> Option<Vec<Vec<[u128; 4]>>> {
        let folder = std::env::var_os("MEV_SHARED")
            .unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared").into());
        let mut accounts = crate::dex::AccountBook::new();
        for name in names {
            let path = std::path::Path::new(&folder).join("data/pools").join(name);
            let text = std::fs::read(path).ok()?;
            let mut take = |entry: crate::dex::accounts_file::Entry| {
                if let Some(held) = entry.contents {
                    accounts.insert(entry.key, held.owner, held.data, entry.slot);
                }
            };
            crate::dex::accounts_file::read(&text, &mut take).unwrap();
        }
        let mut records = Vec::new();
        let mut keep = |parts: [&[u8]; 2], len: u32| {
            let mut lines = vec![[0_u128; 4]; usize::try_from(len).unwrap() / 64];
            let whole = parts.concat();
            bytemuck::cast_slice_mut(&mut lines)[..whole.len()].copy_from_slice(&whole);
            records.push(lines);
        };
        accounts.pools(crate::dex::Clock::default(), &mut |found| match found {
            crate::dex::Found::Pool { pool, .. } => {
                keep([bytemuck::bytes_of(pool), &[]], pool.head.len);
            }
            crate::dex::Found::Ticks { ticks, entries } => {
                keep([bytemuck::bytes_of(ticks), entries.bytes()], ticks.head.len);
            }
            _ => {}
        });
        Some(records)
    }

    #[test]
    fn are_sized_to_the_best_that_their_quotes_give() {
        let Some(records) = real(&["orca-whirlpool-sol-usdc.jsonl", "raydium-cpmm-sol-usdc.jsonl"])
        else {
            println!("skipped: no shared folder with data/pools");
            return;
        };
        let mut bed = Bed::new(Options { explain: true, ..Options::default() });
        let mut found = Vec::new();
        let mut pools = Vec::new();
        for record in &records {
            let record = Record::new(bytemuck::cast_slice(record)).unwrap();
            bed.out.clear();
            bed.engine.step(record, &mut bed.out);
            pools.extend(record.get::<Pool>().unwrap().copied());
            found.extend(bed.out.records().map(|one| *one.get::<Opportunity>().unwrap().unwrap()));
        }
        bed.out.clear();
        bed.engine.finish(&mut bed.out);
        found.extend(bed.out.records().map(|one| *one.get::<Opportunity>().unwrap().unwrap()));
        let [one] = found.as_slice() else { panic!("{} opportunities", found.len()) };
        assert_eq!((one.reason, one.head.flags, one.hops), (0, 0, 2));
        assert_eq!(bed.engine.counters().dropped().map(|(_, count)| count).sum::<u64>(), 0);
        let mut book =
            book::Book::new(book::BookRoom { pools: 4, deep_pools: 4, entries: 1 << 12 });
        for record in &records {
            let record = Record::new(bytemuck::cast_slice(record)).unwrap();
            if let Some(array) = record.get::<Ticks>().unwrap() {
                book.put_ticks(array, record.tail::<Ticks>());
            }
            if let Some(pool) = record.get::<Pool>().unwrap() {
                book.put_pool(pool, |_| true);
            }
        }
        let hops = [0, 1].map(|at| {
            let number = book.number(&one.pools[at]).unwrap();
            let (pool, _) = book.state(number).unwrap();
            let around = book.around(number, crate::dex::Moment::default());
            decide::PoolHop::new(pool, around, one.directions[at] == 1)
        });
        let gain = |input| size::plan(&hops, input, Flash::Own).map_or(i128::MIN, |plan| plan.gain);
        assert_eq!(gain(one.amounts[0]), i128::from(one.gross));
        let most = i128::from(one.gross) + i128::from(one.bound);
        let grid = (1..3000).map(|part| one.amounts[0] / 1000 * part);
        let near = one.amounts[0] - 1000..one.amounts[0] + 1000;
        for input in grid.chain(near) {
            assert!(gain(input) <= most, "{input} gives {} above {most}", gain(input));
        }
    }
}

/// Twelve pools that are tiny and cheap hide a deep one that is less so: what search lists of a pair
/// are the best at the margin. At a size of half a SOL the deep one is the best of its pair.
#[test]
fn a_reference_size_finds_what_tiny_pools_hide() {
    let found = |ref_size: u64| {
        let mut bed = Bed::new(Options { ref_size, min_profit: 1_000_000, ..options() });
        for number in 0..12 {
            let tiny = [1_000_000, 160_000 + u64::from(number)];
            bed.give(&pool(number, [0, 1], tiny));
        }
        bed.give(&pool(20, [0, 1], [1_000_000_000_000, 155_000_000_000]));
        bed.give(&pool(21, [0, 1], [1_000_000_000_000, 150_000_000_000]));
        bed.give(&swap(21, true, 10_000_000, 3))
    };
    assert!(found(0).is_empty());
    let deep = found(500_000_000);
    assert_eq!((deep.len(), deep[0].pools[0], deep[0].pools[1]), (1, [120; 32], [121; 32]));
    assert!(deep[0].net > 1_000_000, "{deep:?}");
}

/// A pool between two other tokens is known before what the size is worth in either: it is rated once
/// that is known, in whatever order the records come.
#[test]
fn a_pool_between_others_waits_for_its_references() {
    let pools = [
        pool(0, [1, 2], [1_000_000_000_000, 1_000_000_000_000]),
        pool(1, [0, 1], [1_000_000_000_000, 1_000_000_000_000]),
        pool(2, [2, 0], [1_000_000_000_000, 1_030_000_000_000]),
    ];
    for order in [[0, 1, 2], [1, 0, 2], [2, 1, 0], [2, 0, 1]] {
        let mut bed = Bed::new(Options { ref_size: 1_000_000_000, ..options() });
        let found = order.map(|at| bed.give(&pools[at]).len());
        assert_eq!(found, [0, 0, 1], "{order:?}");
        let searched = bed.number("candidates");
        let mut alone = Bed::new(options());
        for at in order {
            alone.give(&pools[at]);
        }
        // Both weights met the cycle when the last of the three was touched.
        assert_eq!(searched, 2 * alone.number("candidates"), "{order:?}");
    }
}

/// What both sets of weights find is taken once.
#[test]
fn both_weights_find_a_cycle_once() {
    let (bed, once) = moved(options());
    let (both_bed, both) = moved(Options { ref_size: 50_000_000, ..options() });
    assert_eq!(once, both);
    assert!(both_bed.number("searches") > bed.number("searches"));
}
