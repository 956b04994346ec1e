//! Exposure against every front-run there is, and from record to record.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "the model is written plainly"
)]

use super::*;
use crate::arb::book::{Book, BookRoom};
use crate::ids::{Venue, WSOL};
use crate::record::{Exact, Pool};
use crate::stream::Arena;
use proptest::prelude::*;

/// A constant product whose fee stays in it, in wide integers.
#[derive(Clone, Copy, Debug)]
struct Model {
    r: u128,
    s: u128,
    fee_bps: u128,
}

impl Model {
    /// What `x` gives, and what it leaves; `None` where the program refuses.
    fn swap(self, x: u128) -> Option<(u128, Self)> {
        let net = x - (x * self.fee_bps).div_ceil(10_000);
        let out = net * self.s / (self.r + net);
        (out > 0).then_some((out, Self { r: self.r + x, s: self.s - out, ..self }))
    }

    fn turned(self) -> Self {
        Self { r: self.s, s: self.r, ..self }
    }

    /// What `v` gives behind a front-run of `x`, and what the front-run gains.
    fn attack(self, x: u128, v: u128) -> Option<(u128, Option<i128>)> {
        let Some((bought, state)) = self.swap(x) else {
            return self.swap(v).map(|(out, _)| (out, None));
        };
        let (out, state) = state.swap(v)?;
        let back = state.turned().swap(bought).map(|(back, _)| back as i128 - x as i128);
        Some((out, back))
    }

    fn pool(self) -> Pool {
        let mut pool = Pool::new(1);
        pool.venue = Venue::Feed as u16;
        (pool.pool, pool.mint_a, pool.mint_b) = ([9; 32], WSOL, [2; 32]);
        (pool.reserve_a, pool.reserve_b) = (self.r as u64, self.s as u64);
        (pool.fee_num, pool.fee_den) = (self.fee_bps as u64, 10_000);
        (pool.slot, pool.sequence, pool.present) = (5, 1, Pool::RESERVES);
        pool
    }

    fn book(self) -> Book {
        let mut book = Book::new(BookRoom { pools: 1, deep_pools: 0, entries: 0 });
        book.put_pool(&self.pool(), |_| true);
        book
    }
}

proptest! {
    /// The largest front-run is the largest there is; none that fills gains more than the one that
    /// is called best by more than rounding, and the victim never gets more behind a larger one.
    #[test]
    fn equals_every_front_run(
        r in 300_u128..4000,
        s in 300_u128..400_000,
        fee_bps in 0_u128..200,
        share in 1_u128..60,
        tolerance in 0_u32..400_000,
    ) {
        let model = Model { r, s, fee_bps };
        let v = (r * share / 100).max(1);
        let Some((alone, _)) = model.swap(v) else { return Ok(()) };
        let mut book = model.book();
        let mut market = Market { book: &mut book, number: 0, now: Moment::default() };
        let victim = Order::exact_in(true, v as u64);
        let quote = market.behind(&victim, 0).unwrap();
        prop_assert_eq!(u128::from(quote.amount_out), alone);
        let least = limit(&victim, &quote, tolerance);
        let victim = Order { limit: Some(least), ..victim };
        let guess = front(market.book.state(0).unwrap().0, crate::dex::Around::NONE, &victim);
        let most = market.largest(&victim, guess.unwrap_or(1)).unwrap();
        let (mut largest, mut best, mut before) = (0, 0, alone);
        for x in 1..20 * r {
            let Some((out, gain)) = model.attack(x, v) else { break };
            prop_assert!(out <= before, "more behind a larger one");
            before = out;
            if out < u128::from(least) {
                break;
            }
            largest = x;
            best = best.max(gain.unwrap_or(0));
        }
        prop_assert!(u128::from(most.amount) == largest || largest == 20 * r - 1, "{most:?} {largest}");
        let found = market.best(&victim, most.amount.min(20 * r as u64 - 1)).map_or(0, |a| a.gain);
        prop_assert!(found <= best);
        // Two units a swap of the token that goes in.
        prop_assert!(found.max(0) + 6 >= best, "{found} of {best}");
        // It is put back.
        prop_assert_eq!(market.book.state(0).unwrap().0.reserve_a, r as u64);
    }

    /// Whatever the numbers are, there is a result or a reason.
    #[test]
    fn hostile_states_give_reasons(
        r in any::<u64>(), s in any::<u64>(), fee in any::<u64>(), den in any::<u64>(),
        v in any::<u64>(), least in proptest::option::of(any::<u64>()), out in any::<bool>(),
    ) {
        let mut pool = Model { r: 1, s: 1, fee_bps: 0 }.pool();
        (pool.reserve_a, pool.reserve_b, pool.fee_num, pool.fee_den) = (r, s, fee, den);
        let mut book = Book::new(BookRoom { pools: 1, deep_pools: 0, entries: 0 });
        book.put_pool(&pool, |_| true);
        let mut market = Market { book: &mut book, number: 0, now: Moment::default() };
        let exact = if out { Exact::Out } else { Exact::In };
        let victim = Order { exact, limit: least, ..Order::exact_in(true, v) };
        let economics = Economics { attack_cost: 1, part_cost: 1, most_parts: 3 };
        let mut case = Case { market: &mut market, victim, base_in: v % 2 == 0, economics };
        let _ = case.measure();
        let held = market.book.state(0).unwrap().0;
        prop_assert_eq!((held.reserve_a, held.reserve_b), (r, s));
    }
}

fn row(amount_in: u64, least: u64) -> Swap {
    let mut row = Swap::new(7);
    row.head.flags = Swap::LAST_OF_TX;
    (row.pool, row.slot, row.signature) = ([9; 32], 6, [3; 64]);
    (row.amount_in, row.limit, row.direction) = (amount_in, least, Direction::AToB as u8);
    row.present = Swap::POOL | Swap::SIGNATURE | Swap::AMOUNT_IN | Swap::LIMIT;
    row
}

const MEME: Model = Model { r: 300_000_000_000, s: 900_000_000_000_000, fee_bps: 25 };

struct Bed {
    exposer: Exposer,
    out: Arena,
}

impl Bed {
    fn new(explain: bool) -> Self {
        let options = Options { pools: 8, tokens: 8, deep_pools: 1, explain, ..Options::default() };
        let economics = Economics { attack_cost: 150_000, part_cost: 5000, most_parts: 16 };
        let exposer = Exposer::new(options, economics);
        Self { exposer, out: Arena::with_room(Exposer::MAX_OUT) }
    }

    fn give<T: Layout>(&mut self, record: &T) -> Vec<Exposure> {
        self.out.clear();
        self.exposer.step(Record::of(record), &mut self.out);
        let told = self.out.records().filter_map(|record| record.get::<Exposure>().unwrap());
        told.copied().collect()
    }
}

#[test]
fn a_swap_is_measured_before_it_and_behind_it() {
    let mut bed = Bed::new(false);
    assert!(bed.give(&MEME.pool()).is_empty());
    let other = Pool { pool: [8; 32], ..MEME.pool() };
    bed.give(&other);
    let told = bed.give(&row(10_000_000_000, 28_672_392_934_913));
    let [one] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(one.invalid(), None);
    assert_eq!((one.slot, one.ordinal, one.pool, one.signature), (6, 2, [9; 32], [3; 64]));
    assert_eq!((one.mint_in, one.mint_out), (WSOL, [2; 32]));
    // facts/arb.md 3.1, one percent.
    assert_eq!((one.amount_in, one.amount_out), (10_000_000_000, 28_962_013_065_569));
    assert_eq!((one.front_max, one.worst), (1_538_014_626, 28_672_392_935_036));
    assert_eq!(
        (one.front_best, one.gain, one.gain_lamports),
        (1_538_014_614, 95_140_843, 95_140_843)
    );
    assert_eq!((one.safe_ppm, one.safe_limit, one.tolerance_ppm), (15, 28_961_578_635_373, 10_000));
    assert_eq!(one.head.flags, Exposure::ATTACKABLE);
    // 300 / 310 of the first unit's price on average, the square of it afterwards, fee aside.
    assert_eq!((one.impact_ppm / 1000, one.move_ppm / 1000), (32, 63));
    assert!(one.parts > 1 && one.parts_cost < one.whole_cost);
    assert_eq!(one.whole_cost, 95_140_843 + 5000);
    assert!(one.back_net > 0 && one.back_gross > one.back_net);
    assert!(one.loss_lamports > 90_000_000, "{}", one.loss_lamports);
    assert!(say(one).contains("an attack pays"));
    // The swap has happened: told again it is the same, and the next one meets another state.
    assert!(bed.give(&row(10_000_000_000, 28_672_392_934_913)).is_empty());
    let next = Swap { signature: [4; 64], ..row(10_000_000_000, 28_672_392_934_913) };
    let told = bed.give(&next);
    assert_eq!(told[0].head.flags, Exposure::WOULD_REVERT);
    assert!(say(&told[0]).contains("would be refused"));
    assert_eq!(bed.exposer.measured(), (1, 1));
}

#[test]
fn a_swap_that_sells_for_the_base_is_told_in_lamports() {
    let mut bed = Bed::new(false);
    let turned = Pool { mint_a: [2; 32], mint_b: WSOL, ..MEME.pool() };
    bed.give(&turned);
    let told = bed.give(&row(10_000_000_000, 28_672_392_934_913));
    // Of the token it gains what it gained of SOL before: at the swap's rate of 2896 that is more.
    assert_eq!(told[0].gain, 95_140_843);
    assert_eq!(
        told[0].gain_lamports,
        (95_140_843_i128 * 28_962_013_065_569 / 10_000_000_000) as i64
    );
    assert!(told[0].loss_lamports.abs_diff(289_620_130_533) < 1_000_000_000);
}

#[test]
fn without_a_limit_and_with_exact_output() {
    let mut bed = Bed::new(false);
    bed.give(&MEME.pool());
    let told = bed.give(&row(10_000_000_000, 0));
    assert_eq!(told[0].head.flags & Exposure::NO_LIMIT, Exposure::NO_LIMIT);
    assert!(told[0].gain > 2_000_000_000, "{}", told[0].gain);
    let mut bed = Bed::new(false);
    bed.give(&MEME.pool());
    let mut exact = row(0, 10_100_000_000);
    (exact.exact, exact.amount_out) = (Exact::Out as u8, 28_962_013_065_569);
    exact.present = exact.present & !Swap::AMOUNT_IN | Swap::AMOUNT_OUT;
    let told = bed.give(&exact);
    let one = &told[0];
    assert!((one.limit, one.worst) == (10_100_000_000, one.worst) && one.worst <= one.limit);
    assert!(one.worst + 100 > one.limit && one.front_max > 1_000_000_000);
    assert!(one.safe_limit > one.amount_in && one.safe_ppm < 100);
    assert!(say(one).contains("pays at most"));
}

#[test]
fn what_is_not_measured_is_named() {
    let mut bed = Bed::new(true);
    let unknown = bed.give(&row(5, 1));
    assert_eq!(unknown[0].reason, Unmeasured::UnknownPool as u8);
    assert_eq!(unknown[0].head.flags, Exposure::REFUSED);
    bed.give(&MEME.pool());
    bed.give(&Pool { pool: [7; 32], mint_a: [3; 32], ..MEME.pool() });
    let no_base = bed.give(&Swap { pool: [7; 32], ..row(5000, 1) });
    assert_eq!(no_base[0].reason, Unmeasured::NoBase as u8);
    let fill = bed.give(&Swap { role: Role::Fill as u8, signature: [4; 64], ..row(5000, 1) });
    assert_eq!(fill[0].reason, Unmeasured::NotPending as u8);
    let mut silent = Swap { signature: [5; 64], ..row(5000, 1) };
    silent.present &= !Swap::AMOUNT_IN;
    assert_eq!(bed.give(&silent)[0].reason, Unmeasured::NoAmount as u8);
    let mut stale = Swap { signature: [6; 64], ..row(5000, 1) };
    stale.slot = 7;
    assert_eq!(bed.give(&stale)[0].reason, Unmeasured::Stale as u8, "an amount was not known");
    let old = Swap { signature: [8; 64], slot: 4, ..row(5000, 1) };
    let told = bed.give(&Swap { pool: [7; 32], ..old });
    assert_eq!(told[0].reason, Unmeasured::Happened as u8);
    let named: Vec<_> = bed.exposer.unmeasured().filter(|one| one.1 > 0).collect();
    assert_eq!(named.len(), 6, "{named:?}");
}
