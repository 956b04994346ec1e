//! The stage as a whole: against every choice of legs tried one by one, against the replay in big
//! integers, and on rows that nobody would send.

use super::rules::is_aggregator;
use super::{Findings, FindingsOptions, Levels};
use crate::ids::{Key, Venue, WSOL};
use crate::record::{Finding, Layout, LossUnknown, Pool, Record, Role, RuleLevel, Swap, What};
use crate::stream::{Arena, Stage};
use num_bigint::BigInt;
use proptest::prelude::*;

const OPTIONS: FindingsOptions = FindingsOptions {
    window: 6,
    levels: Levels::Both,
    explain: false,
    tx_fee: 5000,
    swaps: 64,
    pools: 4,
    deep_pools: 1,
    entries: 1,
};

const TOKEN: Key = [2; 32];

/// A fill in a transaction of its own; owner and program 0 are not told, program 9 is an aggregator.
fn fill(number: usize, slot: u64, buys: bool, owner: u8, program: u8, amounts: (u64, u64)) -> Swap {
    let mut row = Swap::new(3);
    row.head.flags = Swap::LAST_OF_TX;
    (row.slot, row.role, row.venue) = (slot, Role::Fill as u8, Venue::Feed as u16);
    (row.pool, row.owner, row.outer_program) = ([1; 32], [owner; 32], [program; 32]);
    (row.mint_in, row.mint_out) = if buys { (WSOL, TOKEN) } else { (TOKEN, WSOL) };
    (row.amount_in, row.amount_out) = amounts;
    row.signature[..8].copy_from_slice(&(number as u64 + 1).to_le_bytes());
    row.present = Swap::SIGNATURE | Swap::POOL | Swap::MINT_IN | Swap::MINT_OUT;
    row.present |= Swap::AMOUNT_IN | Swap::AMOUNT_OUT;
    row.present |= if owner == 0 { 0 } else { Swap::OWNER };
    row.present |= if program == 0 { 0 } else { Swap::OUTER_PROGRAM };
    if program == 9 {
        row.outer_program = Venue::JupiterV6.programs()[0];
    }
    row
}

fn run(options: FindingsOptions, pool: Option<&Pool>, rows: &[Swap]) -> (Vec<Finding>, Findings) {
    let mut stage = Findings::new(options);
    let mut arena = Arena::with_room(Findings::MAX_OUT);
    if let Some(pool) = pool {
        stage.step(Record::of(pool), &mut arena);
    }
    let mut found = Vec::new();
    for row in rows {
        stage.step(Record::of(row), &mut arena);
        let bytes: usize = arena.records().map(|record| record.bytes().len()).sum();
        assert!(bytes <= Findings::MAX_OUT, "{bytes} bytes of one step");
        found.extend(arena.records().filter_map(|record| record.typed::<Finding>().copied()));
        arena.clear();
    }
    stage.finish(&mut arena);
    found.extend(arena.records().filter_map(|record| record.typed::<Finding>().copied()));
    assert!(found.iter().all(|one| one.invalid().is_none()));
    (found, stage)
}

/// A sandwich as its rows: set of rules, front-runs, back-runs, victims.
type Legs = (u8, Vec<usize>, Vec<usize>, usize);

/// What makes a choice of legs the better one: exact amounts, the first back-run, the last, fronts.
type Rank = (bool, usize, usize, usize);

/// A sandwich as its record: set of rules, first and last row, counts of legs and victims, sums.
type Seen = (u8, usize, usize, u16, u16, u32, u64, u64);

/// Every sandwich, by trying all choices of legs for each swap in turn.
fn model(rows: &[Swap], window: u64, levels: &[RuleLevel]) -> Vec<Legs> {
    let mut used = vec![false; rows.len()];
    let mut all = Vec::new();
    for first in 0..rows.len() {
        if used[first] || program(&rows[first]).is_some_and(|program| is_aggregator(&program)) {
            continue;
        }
        let groups = levels.iter().flat_map(|level| [(*level, true), (*level, false)]);
        let found = groups.into_iter().find_map(|(level, one_owner)| {
            let group = Group { rows, used: &used, first, level, one_owner, window };
            group.best().map(|(fronts, backs, victims)| (level as u8, fronts, backs, victims))
        });
        if let Some(found) = found {
            found.1.iter().chain(&found.2).for_each(|leg| used[*leg] = true);
            all.push(found);
        }
    }
    all
}

fn program(row: &Swap) -> Option<Key> {
    (row.present & Swap::OUTER_PROGRAM != 0).then_some(row.outer_program)
}

fn owner(row: &Swap) -> Option<Key> {
    (row.present & Swap::OWNER != 0).then_some(row.owner)
}

struct Group<'a> {
    rows: &'a [Swap],
    used: &'a [bool],
    first: usize,
    level: RuleLevel,
    one_owner: bool,
    window: u64,
}

impl Group<'_> {
    fn is_leg(&self, at: usize) -> bool {
        let (front, row) = (&self.rows[self.first], &self.rows[at]);
        let strict = self.level == RuleLevel::Strict;
        let in_time = if strict {
            front.slot / 4 == row.slot / 4
        } else {
            row.slot - front.slot <= self.window
        };
        let same = owner(front).is_some() && owner(front) == owner(row);
        let through = program(front).is_some() && !self.one_owner;
        let tied = at == self.first || same || (through && !strict);
        in_time && tied && !self.used[at] && program(front) == program(row)
    }

    fn best(&self) -> Option<(Vec<usize>, Vec<usize>, usize)> {
        let buys = self.rows[self.first].mint_in;
        let legs = (self.first..self.rows.len()).filter(|at| self.is_leg(*at));
        let (fronts, backs): (Vec<usize>, Vec<usize>) =
            legs.partition(|at| self.rows[*at].mint_in == buys);
        let mut best: Option<(Rank, Vec<usize>, Vec<usize>, usize)> = None;
        for count in 1..=fronts.len() {
            for from in 0..backs.len() {
                for to in from + 1..=backs.len() {
                    let (fronts, run) = (&fronts[..count], &backs[from..to]);
                    let Some((exact, victims)) = self.holds(fronts, run) else { continue };
                    let key = (exact, usize::MAX - run[0], to, count);
                    if best.as_ref().is_none_or(|(held, ..)| *held < key) {
                        best = Some((key, fronts.to_vec(), run.to_vec(), victims));
                    }
                }
            }
        }
        best.map(|(_, fronts, backs, victims)| (fronts, backs, victims))
    }

    /// Whether these legs are a sandwich; whether its amounts fit, and how many it hurts.
    fn holds(&self, fronts: &[usize], backs: &[usize]) -> Option<(bool, usize)> {
        let sum = |legs: &[usize]| {
            let rows = legs.iter().map(|leg| &self.rows[*leg]);
            rows.fold((0, 0), |sum, row| (sum.0 + row.amount_in, sum.1 + row.amount_out))
        };
        let ((gave, bought), (sold, got)) = (sum(fronts), sum(backs));
        let exact = (bought - sold.min(bought)) * 1000 <= bought;
        let front = &self.rows[self.first];
        let hurt = |at: &usize| {
            let row = &self.rows[*at];
            let own = owner(row).is_some() && owner(row) == owner(front);
            let through = program(row).is_some() && program(row) == program(front);
            row.mint_in == front.mint_in && !own && !through
        };
        let victims = (self.first + 1..*backs.last()?).filter(hurt).count();
        let ordered = fronts.last() < backs.first();
        let tied = self.one_owner || self.level == RuleLevel::Strict || exact;
        (ordered && victims > 0 && sold <= bought && got >= gave && tied)
            .then_some((exact, victims))
    }
}

/// What the stage found, in the model's words; rows are known by their signatures.
fn seen(found: &[Finding]) -> Vec<Seen> {
    let number = |signature: &[u8; 64]| signature[0] as usize - 1;
    found
        .iter()
        .filter(|one| one.what == What::Sandwich as u16)
        .map(|one| {
            let (first, last) = (number(&one.signature), number(&one.other_signature));
            let sums = (one.front_in, one.back_in);
            (one.level, first, last, one.fronts, one.backs, one.victims, sums.0, sums.1)
        })
        .collect()
}

fn check_model(rows: &[Swap], window: u64, levels: Levels) -> usize {
    let (found, stage) = run(FindingsOptions { window, levels, ..OPTIONS }, None, rows);
    let list: &[RuleLevel] = match levels {
        Levels::Strict => &[RuleLevel::Strict],
        Levels::Wide => &[RuleLevel::Wide],
        Levels::Both => &[RuleLevel::Strict, RuleLevel::Wide],
    };
    let sum = |legs: &[usize]| legs.iter().map(|leg| rows[*leg].amount_in).sum::<u64>();
    let should: Vec<_> = model(rows, window, list)
        .into_iter()
        .map(|(level, fronts, backs, victims)| {
            let counts = (fronts.len() as u16, backs.len() as u16, victims as u32);
            let ends = (fronts[0], *backs.last().unwrap());
            let sums = (sum(&fronts), sum(&backs));
            (level, ends.0, ends.1, counts.0, counts.1, counts.2, sums.0, sums.1)
        })
        .collect();
    assert_eq!(seen(&found), should);
    let victims = found.iter().filter(|one| one.what == What::Victim as u16).count();
    assert_eq!(victims, should.iter().map(|one| one.5 as usize).sum::<usize>());
    assert_eq!(stage.counters().searched, rows.len() as u64, "each swap is looked at once");
    should.len()
}

/// A pool without fee that moves little, so that legs of a few units often pay.
fn streams() -> impl Strategy<Value = Vec<(u64, bool, u8, u8, u64, u64)>> {
    let program = prop_oneof![3 => Just(0_u8), 4 => Just(5), 2 => Just(6), 1 => Just(9)];
    prop::collection::vec((0_u64..3, any::<bool>(), 0_u8..4, program, 1_u64..5, 1_u64..5), 0..24)
}

fn rows_of(stream: &[(u64, bool, u8, u8, u64, u64)]) -> Vec<Swap> {
    let mut slot = 100;
    let rows = stream.iter().enumerate().map(|(at, (more, buys, owner, program, give, get))| {
        slot += more;
        fill(at, slot, *buys, *owner, *program, (*give, *get))
    });
    rows.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn sandwiches_are_those_of_trying_all_legs(stream in streams(), window in 0_u64..9) {
        let rows = rows_of(&stream);
        for levels in [Levels::Strict, Levels::Wide, Levels::Both] {
            check_model(&rows, window, levels);
        }
    }

    #[test]
    fn losses_are_those_of_big_integers(
        reserves in (1_000_000_u64..1 << 50, 1_000_000_u64..1 << 50),
        front_ppm in 100_u64..200_000,
        middle in prop::collection::vec((any::<bool>(), 1_u64..100_000), 1..12),
    ) {
        let (pool, rows, fair) = scene(reserves, front_ppm, &middle);
        let (found, _) = run(OPTIONS, Some(&pool), &rows);
        let back = rows.last().unwrap();
        let holds = back.amount_out >= rows[0].amount_in && middle.iter().any(|(buys, _)| *buys);
        let sandwich = found.iter().find(|one| one.what == What::Sandwich as u16);
        prop_assert_eq!(sandwich.is_some(), holds);
        let victims: Vec<_> = found.iter().filter(|one| one.what == What::Victim as u16).collect();
        let fair = if holds { fair } else { Vec::new() };
        prop_assert_eq!(victims.len(), fair.len());
        let mut sum = 0;
        for (victim, fair) in victims.iter().zip(&fair) {
            prop_assert_eq!(victim.loss_unknown, LossUnknown::None as u8);
            prop_assert_eq!(victim.fair_amount, *fair);
            prop_assert_eq!(victim.loss, i64::try_from(*fair).unwrap() - i64::try_from(victim.amount_out).unwrap());
            sum += victim.loss;
        }
        prop_assert!(sandwich.is_none_or(|one| one.loss == sum && one.present & Finding::LOSS != 0));
    }

    #[test]
    fn rows_that_nobody_would_send_have_a_reason(
        rows in prop::collection::vec(
            (any::<u64>(), any::<u32>(), any::<[u64; 3]>(), any::<[u8; 6]>(), 0_u8..4),
            0..60,
        ),
        swaps in 1_usize..8,
        explain in any::<bool>(),
    ) {
        let mut all = Vec::new();
        for (slot, present, amounts, small, near) in rows {
            let mut row = Swap::new(0);
            row.present = present & !Swap::ROUTE;
            row.slot = if near == 0 { slot } else { u64::from(small[0] % 8) + 1 };
            (row.amount_in, row.amount_out, row.limit) = (amounts[0], amounts[1], amounts[2]);
            (row.pool, row.owner) = ([small[1] % 2; 32], [small[2] % 3; 32]);
            (row.mint_in, row.mint_out) = ([small[3] % 3; 32], [small[4] % 3; 32]);
            (row.role, row.failed, row.exact) = (small[5] % 3, small[5] % 5 / 4, small[4] % 2);
            row.signature = [small[0] % 16; 64];
            row.head.flags = u8::from(small[1] % 4 > 0) as _;
            all.push(row);
        }
        let options = FindingsOptions { swaps, explain, tx_fee: u64::MAX, ..OPTIONS };
        let (_, stage) = run(options, None, &all);
        let counters = stage.counters();
        let dropped = counters.drops().filter(|(name, _)| *name != "window_full");
        let dropped: u64 = dropped.map(|(_, count)| count).sum();
        prop_assert_eq!(counters.searched + dropped, all.len() as u64, "each has one place");
    }
}

/// A constant product; a front-run, what others do, and a back-run of all that was bought, each with
/// what it gives in big integers; and what each buyer in between would have got without them.
fn scene(
    (a, b): (u64, u64),
    front_ppm: u64,
    middle: &[(bool, u64)],
) -> (Pool, Vec<Swap>, Vec<u64>) {
    let mut pool = Pool::new(1);
    (pool.venue, pool.pool, pool.slot) = (Venue::Feed as u16, [1; 32], 99);
    (pool.mint_a, pool.mint_b, pool.present) = (WSOL, TOKEN, Pool::RESERVES);
    (pool.reserve_a, pool.reserve_b, pool.fee_num, pool.fee_den) = (a, b, 25, 10_000);
    let part = |of: u64, ppm: u64| (u128::from(of) * u128::from(ppm) / 1_000_000) as u64 + 1;
    let (mut chain, mut fair_chain) = ([a, b].map(BigInt::from), [a, b].map(BigInt::from));
    let front_in = part(a, front_ppm);
    let front_out = swap(&mut chain, true, front_in);
    let mut rows = vec![fill(0, 100, true, 1, 5, (front_in, front_out))];
    let mut fair = Vec::new();
    for (at, (buys, ppm)) in middle.iter().enumerate() {
        let amount = part(if *buys { a } else { b }, *ppm);
        let out = swap(&mut chain, *buys, amount);
        let fair_out = swap(&mut fair_chain, *buys, amount);
        rows.push(fill(at + 1, 100, *buys, 2, 0, (amount, out)));
        fair.extend(buys.then_some(fair_out));
    }
    let back_out = swap(&mut chain, false, front_out);
    rows.push(fill(rows.len(), 101, false, 1, 5, (front_out, back_out)));
    for row in &mut rows {
        row.direction = if row.mint_in == WSOL { 1 } else { 2 };
    }
    (pool, rows, fair)
}

/// A swap of the feed's constant product: the fee is rounded up and stays.
fn swap(reserves: &mut [BigInt; 2], buys: bool, amount: u64) -> u64 {
    let (r, s) = if buys { (0, 1) } else { (1, 0) };
    let amount = BigInt::from(amount);
    let fee: BigInt = (&amount * 25 + 9999) / 10_000;
    let net = &amount - fee;
    let out = &net * &reserves[s] / (&reserves[r] + &net);
    reserves[r] += amount;
    reserves[s] -= &out;
    u64::try_from(out).unwrap()
}

#[test]
fn the_streams_of_the_model_hold_sandwiches_of_both_sets() {
    // Front, victim, back in one turn by one owner; then the same by two owners, two turns apart.
    let rows = [
        fill(0, 100, true, 1, 5, (3, 3)),
        fill(1, 100, true, 2, 0, (3, 3)),
        fill(2, 101, false, 1, 5, (3, 4)),
        fill(3, 103, true, 1, 5, (2, 2)),
        fill(4, 104, true, 2, 6, (3, 3)),
        fill(5, 105, false, 3, 5, (2, 2)),
    ];
    assert_eq!(check_model(&rows, 6, Levels::Both), 2);
    assert_eq!(check_model(&rows, 6, Levels::Strict), 1);
    assert_eq!(check_model(&rows, 0, Levels::Strict), 1, "a leader's turn is not cut short");
    assert_eq!(check_model(&rows, 0, Levels::Wide), 0);
}

#[test]
fn what_is_not_known_is_no_loss() {
    let (mut pool, mut rows, _) = scene((1 << 40, 1 << 40), 1000, &[(true, 90_000)]);
    let unknown = |pool: Option<&Pool>, rows: &[Swap]| {
        let (found, stage) = run(OPTIONS, pool, rows);
        assert!(found.iter().all(|one| one.present & Finding::LOSS == 0), "{found:?}");
        assert_eq!(stage.counters().unknowns().map(|(_, count)| count).sum::<u64>(), 1);
        found[0].loss_unknown
    };
    assert_eq!(unknown(None, &rows), LossUnknown::NoState as u8);
    pool.slot = 200;
    assert_eq!(unknown(Some(&pool), &rows), LossUnknown::NoState as u8, "a later state");
    pool.slot = 99;
    rows[1].amount_out += 1;
    assert_eq!(unknown(Some(&pool), &rows), LossUnknown::Model as u8, "not what the pool gives");
}
