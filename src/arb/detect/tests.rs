//! The detector against every cycle there is, after every update.

#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "the model is written plainly"
)]

use super::*;
use crate::arb::bench::topology::Dice;

const ROOM: Room = Room { tokens: 64, pools: 512, visits: 1 << 20 };

fn mint(token: u32) -> Key {
    let mut key = [0; 32];
    key[..4].copy_from_slice(&token.to_le_bytes());
    key
}

/// The same search by following every sequence of pools.
#[derive(Default)]
struct Model {
    pools: Vec<([u32; 2], [Option<i32>; 2])>,
    /// Steps out of each token.
    out: Vec<Vec<(Step, u32)>>,
}

impl Model {
    fn add(&mut self, a: u32, b: u32) {
        let pool = self.pools.len() as u32;
        self.pools.push(([a, b], [None; 2]));
        self.out.resize(self.out.len().max(a.max(b) as usize + 1), Vec::new());
        self.out[a as usize].push((Step { pool, a_to_b: true }, b));
        self.out[b as usize].push((Step { pool, a_to_b: false }, a));
    }

    fn rate(&self, step: Step) -> Option<i32> {
        self.pools[step.pool as usize].1[usize::from(!step.a_to_b)]
    }

    /// Every cycle through `step` that may gain and meets a base: hops, score and pools.
    fn search(&self, step: Step, bases: &[u32]) -> Vec<(i32, Vec<u32>)> {
        let [a, b] = self.pools[step.pool as usize].0;
        let (from, to) = if step.a_to_b { (a, b) } else { (b, a) };
        let mut found = Vec::new();
        if let Some(rate) = self.rate(step) {
            let (mut tokens, mut pools) = (vec![from, to], vec![step.pool]);
            self.follow(rate, &mut tokens, &mut pools, bases, &mut found);
        }
        found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        found
    }

    fn follow(
        &self,
        score: i32,
        tokens: &mut Vec<u32>,
        pools: &mut Vec<u32>,
        bases: &[u32],
        found: &mut Vec<(i32, Vec<u32>)>,
    ) {
        for (step, to) in &self.out[*tokens.last().unwrap() as usize] {
            let Some(rate) = self.rate(*step).filter(|_| !pools.contains(&step.pool)) else {
                continue;
            };
            let hops = pools.len() as i32 + 1;
            if *to == tokens[0] {
                let based = tokens.iter().any(|token| bases.contains(token));
                if score + rate >= -hops && based {
                    let mut pools = pools.clone();
                    pools.push(step.pool);
                    found.push((score + rate, pools));
                }
            } else if hops < 4 && !tokens.contains(to) {
                tokens.push(*to);
                pools.push(step.pool);
                self.follow(score + rate, tokens, pools, bases, found);
                tokens.pop();
                pools.pop();
            }
        }
    }
}

/// Checks the candidates against the model: each is a cycle with the score it says, no two are the
/// same, and the scores are those of the best.
fn check(model: &Model, found: &Found, want: &[(i32, Vec<u32>)], bases: &[u32], most: usize) {
    let scores: Vec<i32> = found.list().iter().map(|one| one.score).collect();
    let best: Vec<i32> = want.iter().take(most).map(|one| one.0).collect();
    assert_eq!(scores, best);
    let mut seen: Vec<Vec<Step>> = Vec::new();
    for one in found.list() {
        let ends = |step: &Step| {
            let [a, b] = model.pools[step.pool as usize].0;
            if step.a_to_b { (a, b) } else { (b, a) }
        };
        let steps = one.steps();
        let next = steps.iter().cycle().skip(1);
        assert!(steps.iter().zip(next).all(|(step, next)| ends(step).1 == ends(next).0));
        assert!(bases.contains(&ends(&steps[0]).0));
        let sum: i32 = steps.iter().map(|step| model.rate(*step).unwrap()).sum();
        assert_eq!(sum, one.score);
        assert!(!seen.contains(&steps.to_vec()), "listed twice");
        seen.push(steps.to_vec());
    }
}

/// Plays random events on a graph of `tokens` tokens and at most `pools` pools; `skew` draws tokens
/// so that few have most pools. Returns how many updates were compared.
fn play(seed: u64, tokens: u32, pools: usize, hub_degree: u32, skew: bool, updates: u32) -> u32 {
    const MOST: usize = 8;
    let mut dice = Dice::new(seed);
    let bases: Vec<u32> = if dice.roll(2) == 0 { vec![0] } else { vec![1, 0] };
    let keys: Vec<Key> = bases.iter().map(|base| mint(*base)).collect();
    let mut graph = Graph::with_hubs(&keys, ROOM, hub_degree);
    let mut model = Model::default();
    let mut found = Found::new(MOST);
    let mut compared = 0;
    while compared < updates {
        if model.pools.len() < pools && (model.pools.is_empty() || dice.roll(6) == 0) {
            let draw = |dice: &mut Dice| {
                let one = dice.roll(tokens);
                if skew && dice.roll(4) != 0 { one % (1 + dice.roll(tokens)) % 5 } else { one }
            };
            let (a, b) = (draw(&mut dice), draw(&mut dice));
            if a != b {
                assert_eq!(graph.add(&mint(a), &mint(b)), Ok(model.pools.len() as u32));
                model.add(a, b);
            }
            continue;
        }
        let pool = dice.roll(model.pools.len() as u32);
        // Around no gain, so that some cycles pass and most do not; sometimes closed.
        let mut rate = || (dice.roll(12) != 0).then(|| dice.roll(16) as i32 - 11);
        let rates = [rate(), rate()];
        model.pools[pool as usize].1 = rates;
        let search = graph.set(pool, rates[0], rates[1]);
        for (a_to_b, search) in [true, false].into_iter().zip(search) {
            let want = model.search(Step { pool, a_to_b }, &bases);
            if search {
                found.clear();
                graph.search(pool, a_to_b, &mut found);
                assert!(!found.cut);
                check(&model, &found, &want, &bases, MOST);
            }
            compared += 1;
        }
    }
    compared
}

/// 100 000 updates on random graphs, with hubs and without.
#[test]
fn equals_every_cycle_after_every_update() {
    let mut compared = 0;
    for seed in 0..250 {
        let tokens = 4 + (seed % 9) as u32;
        let hub_degree = [2, 3, 4, 64][(seed % 4) as usize];
        compared += play(seed, tokens, 8 + (seed % 13) as usize, hub_degree, false, 220);
        compared += play(seed, 2 * tokens, 24, hub_degree, true, 220);
    }
    assert!(compared >= 100_000, "{compared}");
}

/// What a skipped search would have found was listed before: nothing is new in it.
#[test]
fn a_skipped_search_hides_nothing_new() {
    let mut dice = Dice::new(7);
    for _ in 0..60 {
        let mut graph = Graph::with_hubs(&[mint(0)], ROOM, 3);
        let mut model = Model::default();
        let mut found = Found::new(10_000);
        for _ in 0..14 {
            let (a, b) = (dice.roll(6), dice.roll(6));
            if a != b {
                graph.add(&mint(a), &mint(b)).unwrap();
                model.add(a, b);
            }
        }
        for _ in 0..80 {
            let pool = dice.roll(model.pools.len() as u32);
            let mut rate = || (dice.roll(12) != 0).then(|| dice.roll(16) as i32 - 11);
            let rates = [rate(), rate()];
            model.pools[pool as usize].1 = rates;
            for (a_to_b, search) in
                [true, false].into_iter().zip(graph.set(pool, rates[0], rates[1]))
            {
                let want = model.search(Step { pool, a_to_b }, &[0]);
                if search {
                    found.clear();
                    graph.search(pool, a_to_b, &mut found);
                    assert_eq!(found.list().len(), want.len());
                } else {
                    assert!(want.is_empty(), "skipped {want:?}");
                }
            }
        }
    }
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let mut graph = Graph::new(&[mint(0)], Room { tokens: 3, pools: 2, visits: 9 });
    assert_eq!(graph.add(&mint(0), &mint(1)), Ok(0));
    assert_eq!(graph.add(&mint(2), &mint(3)), Err(Full::Tokens));
    assert_eq!(graph.add(&mint(1), &mint(0)), Ok(1));
    assert_eq!(graph.add(&mint(0), &mint(1)), Err(Full::Pools));
    assert_eq!((graph.token_count(), graph.pair_count()), (3, 1));
    assert_eq!(graph.set(9, Some(1), None), [false; 2]);
    assert!(graph.memory() > 0);
}

#[test]
fn a_search_that_grows_too_long_is_cut_and_says_so() {
    let mut graph = Graph::new(&[mint(0)], Room { visits: 3, ..ROOM });
    for _ in 0..10 {
        let pool = graph.add(&mint(0), &mint(1)).unwrap();
        graph.set(pool, Some(5), Some(5));
    }
    let mut found = Found::new(8);
    graph.search(0, true, &mut found);
    assert!(found.cut && found.met < 9);
    assert_eq!(graph.set(0, Some(4), Some(4)), [true, false], "what was cut stays hot");
}

#[test]
fn the_best_are_kept_in_order_and_what_meets_no_base_is_counted() {
    let mut graph = Graph::new(&[mint(0)], ROOM);
    for rate in 0..20 {
        let pool = graph.add(&mint(1), &mint(0)).unwrap();
        graph.set(pool, Some(rate % 7), Some(100));
    }
    let mut found = Found::new(4);
    graph.search(3, false, &mut found);
    assert_eq!(found.list().iter().map(|c| c.score).collect::<Vec<_>>(), [106, 106, 105, 105]);
    assert!(found.list()[0].steps()[0] == Step { pool: 3, a_to_b: false });
    for _ in 0..2 {
        let pool = graph.add(&mint(7), &mint(8)).unwrap();
        graph.set(pool, Some(5), Some(5));
    }
    found.clear();
    graph.search(20, true, &mut found);
    assert_eq!((found.met, found.baseless, found.list().len()), (1, 1, 0));
}

#[test]
fn an_arena_that_is_full_refuses_the_pool_and_keeps_the_rest_whole() {
    let mut graph = Graph::with_hubs(&[mint(0)], Room { tokens: 4000, pools: 8, visits: 99 }, 2);
    graph.forest.arena = Arena::new(0);
    let (mut taken, mut refused) = (0, 0);
    for token in 1..8 {
        match graph.add(&mint(0), &mint(token)) {
            Ok(_) => taken += 1,
            Err(full) => {
                assert_eq!(full, Full::Trees);
                refused += 1;
            }
        }
    }
    assert!(taken + refused == 7 && taken > 0);
}
