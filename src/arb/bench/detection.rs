//! Detection: an update of a pool and the search behind it, against following every cycle.
//!
//! The baselines run on the same market after the same updates. All but the first keep the best rate of
//! every pair, which is what makes each of them as fast as it can be: a cycle of pools is looked at only
//! through the best pools of its pairs. The first follows the cycles of pools one by one, as searchers
//! do that keep no such rates, and stops at a hundred million. Ours and they are timed in turns, round by round: what a
//! baseline reads drives out what ours would have found near, and the other way round.

use std::collections::BTreeMap;

use super::topology::{Dice, Market, SOL};
use crate::arb::detect::{Found, Graph, NO_RATE, Room, add};
use crate::ids::Key;
use crate::time::Stopwatch;
use hdrhistogram::Histogram;

/// Candidates that a search keeps.
const LISTED: usize = 8;

/// Turns of ours and of the baselines.
const ROUNDS: u32 = 4;

/// Updates at the start of a turn that are not timed.
const WARM: u32 = 2000;

/// How long each took, ns, and what came of it.
pub struct Detection {
    /// Ours: rates set, both directions searched where they have to be.
    pub ours: Histogram<u64>,
    /// Every cycle of pools, of two to four hops, through the pool.
    pub every_pool: Histogram<u64>,
    /// Such searches that stopped before their end.
    pub stopped: u64,
    /// The same cycles followed over the pairs.
    pub every_cycle: Histogram<u64>,
    /// The cycles of the pool listed beforehand, screened; none where lists do not fit.
    pub listed: Histogram<u64>,
    /// Relaxing every pair three times from where the pool leads.
    pub relaxed: Histogram<u64>,
    /// Updates in which the best score differed from the baseline's.
    pub mismatches: u64,
    /// Updates compared.
    pub compared: u64,
    /// Candidates met.
    pub met: u64,
    /// Bytes of the detector a pool, keys aside.
    pub bytes_a_pool: u64,
    /// Nanoseconds a pool to add all of them.
    pub build_ns: u64,
}

/// The market as pairs, for the baselines.
struct Pairs {
    /// Neighbours of each token: token and pair.
    next: Vec<Vec<(u32, u32)>>,
    tokens: Vec<[u32; 2]>,
    /// Pools of each pair, and their rates in the pair's directions.
    pools: Vec<Vec<u32>>,
    rates: Vec<Vec<[i32; 2]>>,
    /// Pair of each pool, whether its token a is the pair's second, and its place among the pair's.
    of_pool: Vec<(u32, bool, u32)>,
    best: Vec<[i32; 2]>,
    /// The best rate from each token to the one that a search ends in.
    home: Vec<i32>,
    /// The pair of each token with the one that a search ends in.
    home_pairs: Vec<u32>,
}

/// There is no pair.
const NO_PAIR: u32 = u32::MAX;

/// Cycles of pools that are followed at most.
pub const FOLLOWED: u64 = 100_000_000;

impl Pairs {
    fn new(market: &Market) -> Self {
        let mut numbers: BTreeMap<[u32; 2], u32> = BTreeMap::new();
        let mut pairs = Self {
            next: vec![Vec::new(); market.tokens as usize],
            tokens: Vec::new(),
            pools: Vec::new(),
            of_pool: Vec::new(),
            rates: Vec::new(),
            best: Vec::new(),
            home: vec![NO_RATE; market.tokens as usize],
            home_pairs: vec![NO_PAIR; market.tokens as usize],
        };
        for (pool, [a, b]) in (0_u32..).zip(&market.pools) {
            let tokens = [*a.min(b), *a.max(b)];
            let fresh = u32::try_from(pairs.tokens.len()).unwrap_or(u32::MAX);
            let pair = *numbers.entry(tokens).or_insert(fresh);
            if pair == fresh {
                pairs.tokens.push(tokens);
                pairs.pools.push(Vec::new());
                pairs.rates.push(Vec::new());
                pairs.best.push([NO_RATE; 2]);
                let [low, high] = tokens;
                for (token, other) in [(low, high), (high, low)] {
                    if let Some(list) = pairs.next.get_mut(token as usize) {
                        list.push((other, pair));
                    }
                }
            }
            let mut place = 0;
            if let Some(list) = pairs.pools.get_mut(pair as usize) {
                place = u32::try_from(list.len()).unwrap_or(u32::MAX);
                list.push(pool);
            }
            if let Some(list) = pairs.rates.get_mut(pair as usize) {
                list.push([NO_RATE; 2]);
            }
            pairs.of_pool.push((pair, a > b, place));
        }
        pairs
    }

    /// Sets both rates of a pool, and the best ones of its pair.
    fn set(&mut self, pool: u32, [ab, ba]: [i32; 2]) {
        let Some((pair, swapped, place)) = self.of_pool.get(pool as usize).copied() else { return };
        let Some(list) = self.rates.get_mut(pair as usize) else { return };
        if let Some(held) = list.get_mut(place as usize) {
            *held = if swapped { [ba, ab] } else { [ab, ba] };
        }
        let all = list
            .iter()
            .fold([NO_RATE; 2], |best, [there, back]| [best[0].max(*there), best[1].max(*back)]);
        if let Some(held) = self.best.get_mut(pair as usize) {
            *held = all;
        }
    }

    #[inline]
    fn rate(&self, from: u32, to: u32, pair: u32) -> i32 {
        let best = self.best.get(pair as usize).copied().unwrap_or([NO_RATE; 2]);
        if from > to { best[1] } else { best[0] }
    }

    /// Tokens and rate of a pool in one direction.
    fn ends(&self, pool: u32, a_to_b: bool) -> (u32, u32, u32, i32) {
        let (pair, swapped, place) = self.of_pool.get(pool as usize).copied().unwrap_or_default();
        let [low, high] = self.tokens.get(pair as usize).copied().unwrap_or([0; 2]);
        let direction = usize::from(a_to_b == swapped);
        let list = self.rates.get(pair as usize).map_or(&[][..], Vec::as_slice);
        let rates = list.get(place as usize).copied().unwrap_or([NO_RATE; 2]);
        let rate = if direction == 0 { rates[0] } else { rates[1] };
        let (from, to) = if direction == 0 { (low, high) } else { (high, low) };
        (from, to, pair, rate)
    }

    /// The best rate from the pool's pair's end back to its start through another pool of the pair.
    fn back(&self, pool: u32, (from, to, pair, rate): (u32, u32, u32, i32)) -> i32 {
        let place = self.of_pool.get(pool as usize).map_or(0, |(_, _, place)| *place as usize);
        let list = self.rates.get(pair as usize).map_or(&[][..], Vec::as_slice);
        if from != SOL && to != SOL {
            return NO_RATE;
        }
        let others = list.iter().enumerate().filter(|(at, _)| *at != place);
        others.fold(NO_RATE, |best, (_, rates)| {
            best.max(add(rate, if to > from { rates[1] } else { rates[0] }))
        })
    }

    /// The best cycle of two to four hops through the pool by following every cycle of pools; whether
    /// that came to its end before `most` of them.
    fn follow_pools(&mut self, pool: u32, a_to_b: bool, most: u64) -> (i32, bool) {
        let ends = self.ends(pool, a_to_b);
        let (from, to, _, rate) = ends;
        let mut best = self.back(pool, ends);
        let mut home = std::mem::take(&mut self.home_pairs);
        let degree = |token: u32| self.next.get(token as usize).map_or(0, Vec::len);
        let flip = degree(from) < degree(to);
        let (near, far) = if flip { (from, to) } else { (to, from) };
        let mut place = |token: u32, pair: u32| {
            if let Some(held) = home.get_mut(token as usize) {
                *held = pair;
            }
        };
        for (token, pair) in self.next.get(far as usize).into_iter().flatten() {
            place(*token, *pair);
        }
        // Rates of the pools between two tokens, in the direction of the trade.
        let way = |x: u32, y: u32, pair: u32| {
            let back = usize::from(if flip { y > x } else { x > y });
            let list = self.rates.get(pair as usize).map_or(&[][..], Vec::as_slice);
            list.iter().map(move |rates| if back == 1 { rates[1] } else { rates[0] })
        };
        let known = |token: u32| home.get(token as usize).copied().filter(|pair| *pair != NO_PAIR);
        let based = near == SOL || far == SOL;
        let mut looked = 0_u64;
        'all: for (y, pair) in self.next.get(near as usize).into_iter().flatten() {
            if *y == far {
                continue;
            }
            for first in way(near, *y, *pair).map(|more| add(rate, more)) {
                if let Some(last) = known(*y).filter(|_| based || *y == SOL) {
                    best = way(*y, far, last).fold(best, |best, more| best.max(add(first, more)));
                }
                for (z, pair) in self.next.get(*y as usize).into_iter().flatten() {
                    let meets = based || *y == SOL || *z == SOL;
                    let Some(last) = known(*z).filter(|_| meets && *z != near && *z != far) else {
                        continue;
                    };
                    for second in way(*y, *z, *pair).map(|more| add(first, more)) {
                        for all in way(*z, far, last).map(|more| add(second, more)) {
                            best = best.max(all);
                            looked += 1;
                        }
                    }
                }
                if looked > most {
                    break 'all;
                }
            }
        }
        for (token, _) in self.next.get(far as usize).into_iter().flatten() {
            if let Some(held) = home.get_mut(*token as usize) {
                *held = NO_PAIR;
            }
        }
        self.home_pairs = home;
        (best, looked <= most)
    }

    /// The best cycle of two to four hops through the pool by following all of them, started from
    /// the end with fewer neighbours; only those that meet SOL.
    fn follow(&mut self, pool: u32, a_to_b: bool) -> i32 {
        let ends = self.ends(pool, a_to_b);
        let (from, to, _, rate) = ends;
        let mut best = self.back(pool, ends);
        let mut home = std::mem::take(&mut self.home);
        let degree = |token: u32| self.next.get(token as usize).map_or(0, Vec::len);
        // `near` has fewer neighbours; `flip`: the trade arrives there.
        let flip = degree(from) < degree(to);
        let (near, far) = if flip { (from, to) } else { (to, from) };
        let way = |x: u32, y: u32, pair: u32| {
            if flip { self.rate(y, x, pair) } else { self.rate(x, y, pair) }
        };
        for (token, pair) in self.next.get(far as usize).into_iter().flatten() {
            if let Some(held) = home.get_mut(*token as usize) {
                *held = way(*token, far, *pair);
            }
        }
        let known = |token: u32| home.get(token as usize).copied().unwrap_or(NO_RATE);
        let based = near == SOL || far == SOL;
        for (y, pair) in self.next.get(near as usize).into_iter().flatten() {
            if *y == far {
                continue;
            }
            let first = add(rate, way(near, *y, *pair));
            if first == NO_RATE {
                continue;
            }
            if based || *y == SOL {
                best = best.max(add(first, known(*y)));
            }
            for (z, pair) in self.next.get(*y as usize).into_iter().flatten() {
                if *z != near && *z != far && (based || *y == SOL || *z == SOL) {
                    best = best.max(add(add(first, way(*y, *z, *pair)), known(*z)));
                }
            }
        }
        for (token, _) in self.next.get(far as usize).into_iter().flatten() {
            if let Some(held) = home.get_mut(*token as usize) {
                *held = NO_RATE;
            }
        }
        self.home = home;
        best
    }

    /// The cycles through the pool as lists of ways, if there are at most `most`.
    fn list(&self, pool: u32, a_to_b: bool, most: usize) -> Option<Vec<[u32; 3]>> {
        let (from, to, pair, _) = self.ends(pool, a_to_b);
        let mut lists = Vec::new();
        let way = |x: u32, y: u32, pair: u32| pair * 2 + u32::from(x > y);
        let next = |token: u32| self.next.get(token as usize).into_iter().flatten().copied();
        lists.push([way(to, from, pair), u32::MAX, u32::MAX]);
        for (y, first) in next(to).filter(|(y, _)| *y != from) {
            for (z, second) in next(y).filter(|(z, _)| *z != to) {
                let head = [way(to, y, first), way(y, z, second), u32::MAX];
                if z == from {
                    lists.push(head);
                } else if let Some((_, third)) = next(z).find(|(end, _)| *end == from) {
                    lists.push([head[0], head[1], way(z, from, third)]);
                }
                if lists.len() > most {
                    return None;
                }
            }
        }
        Some(lists)
    }

    /// The best of listed cycles.
    fn screen(&self, lists: &[[u32; 3]], rate: i32) -> i32 {
        let of = |way: u32| {
            let best = self.best.get((way >> 1) as usize);
            best.map_or(0, |best| if way & 1 == 1 { best[1] } else { best[0] })
        };
        lists.iter().fold(NO_RATE, |best, list| {
            best.max(list.iter().fold(rate, |all, way| all.saturating_add(of(*way))))
        })
    }

    /// The best way of at most three hops from where the pool leads to where it starts, by relaxing
    /// all pairs in each of three rounds.
    fn relax(&self, pool: u32, a_to_b: bool, space: &mut [Vec<i32>; 2]) -> i32 {
        let (from, to, _, rate) = self.ends(pool, a_to_b);
        let mut best = NO_RATE;
        let [now, then] = space;
        now.fill(NO_RATE);
        if let Some(start) = now.get_mut(to as usize) {
            *start = rate;
        }
        for _ in 0..3 {
            then.copy_from_slice(now);
            for ([low, high], rates) in self.tokens.iter().zip(&self.best) {
                for (x, y, rate) in [(*low, *high, rates[0]), (*high, *low, rates[1])] {
                    let reached = add(now.get(x as usize).copied().unwrap_or(NO_RATE), rate);
                    if let Some(held) = then.get_mut(y as usize) {
                        *held = (*held).max(reached);
                    }
                }
            }
            best = best.max(then.get(from as usize).copied().unwrap_or(NO_RATE));
            std::mem::swap(now, then);
        }
        best
    }
}

/// Address of a token of a market.
pub fn mint(token: u32) -> Key {
    let mut key = [0; 32];
    for (place, byte) in key.iter_mut().zip(token.to_le_bytes()) {
        *place = byte;
    }
    key
}

/// Measures `updates` updates on a market of `count` pools, and one in `every` more with the baselines.
pub fn measure(count: usize, updates: u32, every: u32) -> Detection {
    let market = Market::draw(count, 42);
    let mut dice = Dice::new(7);
    let histogram = || Histogram::new(3).unwrap_or_else(|_| unreachable!("3 digits are valid"));
    let mut done = Detection {
        ours: histogram(),
        every_pool: histogram(),
        stopped: 0,
        every_cycle: histogram(),
        listed: histogram(),
        relaxed: histogram(),
        mismatches: 0,
        compared: 0,
        met: 0,
        bytes_a_pool: 0,
        build_ns: 0,
    };
    let room = Room { tokens: market.tokens as usize + 1, pools: count + 1, visits: 1 << 16 };
    let mut graph = Graph::new(&[mint(SOL)], room);
    let mut found = Found::new(LISTED);
    let pools = u32::try_from(count).unwrap_or(u32::MAX);
    let mut held: Vec<[i32; 2]> = (0..pools).map(|pool| market.rates(pool, &mut dice)).collect();
    let clock = Stopwatch::start();
    for [a, b] in &market.pools {
        let _ = graph.add(&mint(*a), &mint(*b));
    }
    for (pool, rates) in (0..pools).zip(&held) {
        let [ab, ba] = rates.map(Some);
        graph.set(pool, ab, ba);
    }
    let per = u64::from(pools.max(1));
    done.build_ns = clock.elapsed_ns() / per;
    done.bytes_a_pool = u64::try_from(graph.memory()).unwrap_or(u64::MAX) / per;
    let mut pairs = Pairs::new(&market);
    let mut space = [vec![NO_RATE; market.tokens as usize], vec![NO_RATE; market.tokens as usize]];
    let mut draw = |held: &mut Vec<[i32; 2]>| {
        let pool = dice.roll(pools);
        let rates = market.rates(pool, &mut dice);
        if let Some(place) = held.get_mut(pool as usize) {
            *place = rates;
        }
        (pool, rates)
    };
    for _ in 0..ROUNDS {
        for update in 0..WARM.saturating_add(updates / ROUNDS) {
            let (pool, rates) = draw(&mut held);
            update_ours(&mut graph, &mut found, (pool, rates), update >= WARM, &mut done);
        }
        for (pool, rates) in (0..pools).zip(&held) {
            pairs.set(pool, *rates);
        }
        for update in 0..updates / ROUNDS / every.max(1) {
            let (pool, rates) = draw(&mut held);
            let ours = update_ours(&mut graph, &mut found, (pool, rates), false, &mut done);
            pairs.set(pool, rates);
            let kinds = (count <= 10_000, update.is_multiple_of(8));
            compare(&mut pairs, pool, ours, kinds, &mut space, &mut done);
        }
    }
    done
}

/// An update and its searches by the detector, timed.
fn update_ours(
    graph: &mut Graph,
    found: &mut Found,
    (pool, rates): (u32, [i32; 2]),
    timed: bool,
    done: &mut Detection,
) -> ([bool; 2], [i32; 2]) {
    let [ab, ba] = rates.map(Some);
    let mut best = [NO_RATE; 2];
    let clock = Stopwatch::start();
    let search = graph.set(pool, ab, ba);
    for ((a_to_b, wanted), best) in [true, false].into_iter().zip(search).zip(&mut best) {
        if wanted {
            found.clear();
            graph.search(pool, a_to_b, found);
            *best = found.list().first().map_or(NO_RATE, |one| one.score);
            done.met += u64::from(found.met);
        }
    }
    let spent = clock.elapsed_ns();
    if timed {
        let _ = done.ours.record(spent);
    }
    (search, best)
}

/// The same by the baselines, timed, and compared.
fn compare(
    pairs: &mut Pairs,
    pool: u32,
    (search, best): ([bool; 2], [i32; 2]),
    (lists_fit, relax): (bool, bool),
    space: &mut [Vec<i32>; 2],
    done: &mut Detection,
) {
    // Each is timed over both directions, as ours is.
    let mut spent = [0_u64; 4];
    let mut timed = |at: usize, ns: u64| {
        if let Some(sum) = spent.get_mut(at) {
            *sum += ns;
        }
    };
    for ((a_to_b, wanted), best) in [true, false].into_iter().zip(search).zip(best) {
        let clock = Stopwatch::start();
        let want = pairs.follow(pool, a_to_b);
        timed(0, clock.elapsed_ns());
        if wanted && want >= -2 {
            done.compared += 1;
            done.mismatches += u64::from(want != best);
        }
        let clock = Stopwatch::start();
        let (all, whole) = pairs.follow_pools(pool, a_to_b, FOLLOWED);
        timed(1, clock.elapsed_ns());
        done.stopped += u64::from(!whole);
        done.mismatches += u64::from(whole && all != want);
        if lists_fit && let Some(lists) = pairs.list(pool, a_to_b, 1 << 20) {
            let rate = pairs.ends(pool, a_to_b).3;
            let clock = Stopwatch::start();
            std::hint::black_box(pairs.screen(&lists, rate));
            timed(2, clock.elapsed_ns());
        }
        if relax {
            let clock = Stopwatch::start();
            std::hint::black_box(pairs.relax(pool, a_to_b, space));
            timed(3, clock.elapsed_ns());
        }
    }
    let [every_cycle, every_pool, listed, relaxed] = spent;
    let _ = done.every_cycle.record(every_cycle);
    let _ = done.every_pool.record(every_pool);
    if lists_fit {
        let _ = done.listed.record(listed);
    }
    if relax {
        let _ = done.relaxed.record(relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_and_the_baselines_agree_on_a_market() {
        let done = measure(3000, 4000, 1);
        assert_eq!(done.mismatches, 0);
        assert!(done.compared > 20, "{}", done.compared);
        assert!(done.bytes_a_pool < 400, "{}", done.bytes_a_pool);
    }

    #[test]
    fn listed_and_relaxed_cycles_are_those_that_are_followed() {
        let market = Market::draw(400, 3);
        let mut dice = Dice::new(5);
        let mut pairs = Pairs::new(&market);
        for pool in 0..400 {
            let rates = market.rates(pool, &mut dice);
            pairs.set(pool, rates);
        }
        let mut space = [vec![0; market.tokens as usize], vec![0; market.tokens as usize]];
        for pool in 0..400 {
            let (_, _, _, rate) = pairs.ends(pool, true);
            let lists = pairs.list(pool, true, 1 << 20).unwrap();
            // Lists and rounds may go back through the pool's own pair; following does not.
            let followed = pairs.follow(pool, true);
            assert!(pairs.screen(&lists, rate) >= followed);
            assert!(pairs.relax(pool, true, &mut space) >= followed);
        }
    }
}
