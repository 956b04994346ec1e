//! Tokens, pairs of tokens and the pools between them, with a logarithm for every rate.
//!
//! A cycle gains at the margin if and only if the logarithms of its rates sum to more than zero.
//! Per pair and direction the best rate over its pools is kept: if any cycle of pools gains, the
//! cycle of the best ones through the same tokens gains too, so tokens are searched and pools are
//! opened only where the best of them pass (facts: arb.md section 2.2). Listed is every cycle of
//! two or three hops through a base token and the touched pool that scores at least `-hops`, the
//! most by which rounded-down logarithms can hide a gain.
//!
//! **When a touched pool is searched.** A rate that rises can make a gain, so its direction is
//! searched. A rate that does not rise makes none; but gains listed before are still there, only
//! smaller, so its direction is searched as long as the last search listed something ("hot").
//! Everything else returns at once, and nothing is lost: whatever scores enough was listed when the
//! last of its rates rose to it.

use super::intern::Interner;
use crate::ids::Key;

/// No rate in this direction.
const NO_RATE: i32 = i32::MIN;

/// End of a list.
const END: u32 = u32::MAX;

/// Most hops the search lists.
pub(super) const SEARCH_HOPS: usize = 3;

/// One hop: a pool, and whether token a goes in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Step {
    pub(super) pool: u32,
    pub(super) a_to_b: bool,
}

/// A cycle that starts in a base token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    steps: [Step; SEARCH_HOPS],
    hops: u8,
    /// Sum of the logarithms, 2^-20.
    pub(super) score: i32,
}

impl Candidate {
    /// The hops in order.
    #[inline]
    pub(super) fn steps(&self) -> &[Step] {
        self.steps.get(..usize::from(self.hops)).unwrap_or_default()
    }
}

/// The best candidates of a search.
pub(super) struct Found {
    list: Vec<Candidate>,
    most: usize,
    /// Pairs and pools looked at.
    pub(super) visits: u32,
    /// Candidates met, listed or not.
    pub(super) met: u32,
    /// The search stopped before its end: too many places to look at.
    pub(super) cut: bool,
}

impl Found {
    /// Room for the `most` best.
    pub(super) fn new(most: usize) -> Self {
        let list = Vec::with_capacity(most.saturating_add(1));
        Self { list, most, visits: 0, met: 0, cut: false }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.list.clear();
        (self.visits, self.met, self.cut) = (0, 0, false);
    }

    /// The best first; among equals the first met.
    pub(super) fn list(&self) -> &[Candidate] {
        &self.list
    }

    /// Counts a candidate; whether it would be kept.
    fn meets(&mut self, score: i32) -> bool {
        self.met = self.met.saturating_add(1);
        self.list.len() < self.most || self.list.last().is_some_and(|last| last.score < score)
    }

    fn push(&mut self, candidate: Candidate) {
        let at = self.list.partition_point(|held| held.score >= candidate.score);
        if at < self.most {
            self.list.insert(at, candidate);
            self.list.truncate(self.most);
        }
    }
}

struct Token {
    /// First pair of its list.
    first_pair: u32,
    degree: u32,
}

/// Two tokens; direction 0 is from the first to the second.
struct Pair {
    tokens: [u32; 2],
    /// The next pair in the list of each token.
    next: [u32; 2],
    first_pool: u32,
    best: [i32; 2],
}

struct Node {
    pair: u32,
    next: u32,
    /// Rate in the pair's two directions.
    rate: [i32; 2],
    /// The last search in this direction listed something.
    hot: [bool; 2],
    /// Token a of the pool is the pair's second.
    swapped: bool,
}

/// Why a pool was not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Full {
    /// No room for another token.
    Tokens = 0,
    /// No room for another pair.
    Pairs = 1,
    /// No room for another pool.
    Pools = 2,
}

impl Full {
    /// Names by number, as counters show them.
    pub(super) const NAMES: &'static [&'static str] = &["tokens_full", "pairs_full", "pools_full"];
}

/// How much the graph holds at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) tokens: usize,
    pub(super) pools: usize,
    /// Places that one search looks at.
    pub(super) visits: u32,
}

/// The graph.
pub(super) struct Graph {
    mints: Interner<Key>,
    tokens: Vec<Token>,
    numbers: Interner<[u32; 2]>,
    pairs: Vec<Pair>,
    pools: Vec<Node>,
    bases: Vec<u32>,
    room: Room,
}

/// Item `at` of `list`.
fn item<T>(list: &[T], at: u32) -> Option<&T> {
    list.get(usize::try_from(at).ok()?)
}

fn item_mut<T>(list: &mut [T], at: u32) -> Option<&mut T> {
    list.get_mut(usize::try_from(at).ok()?)
}

/// Sum of rates; `NO_RATE` when one is missing.
fn add(a: i32, b: i32) -> i32 {
    if a == NO_RATE || b == NO_RATE { NO_RATE } else { a.saturating_add(b) }
}

impl Graph {
    /// An empty graph whose cycles start in `bases`, the first of them that they meet.
    pub(super) fn new(bases: &[Key], room: Room) -> Self {
        let mut graph = Self {
            mints: Interner::new(room.tokens),
            tokens: Vec::with_capacity(room.tokens),
            numbers: Interner::new(room.pools),
            pairs: Vec::with_capacity(room.pools),
            pools: Vec::with_capacity(room.pools),
            bases: Vec::with_capacity(bases.len()),
            room,
        };
        for base in bases {
            if let Some(token) = graph.token(base) {
                graph.bases.push(token);
            }
        }
        graph
    }

    /// Takes in the next pool, between `mint_a` and `mint_b`, and returns its number: the first
    /// one's is 0. It has no rates yet.
    pub(super) fn add(&mut self, mint_a: &Key, mint_b: &Key) -> Result<u32, Full> {
        if self.pools.len() >= self.room.pools {
            return Err(Full::Pools);
        }
        let a = self.token(mint_a).ok_or(Full::Tokens)?;
        let b = self.token(mint_b).ok_or(Full::Tokens)?;
        let pair = self.pair(a.min(b), a.max(b)).ok_or(Full::Pairs)?;
        let number = u32::try_from(self.pools.len()).map_err(|_| Full::Pools)?;
        let held = item_mut(&mut self.pairs, pair).ok_or(Full::Pairs)?;
        let next = std::mem::replace(&mut held.first_pool, number);
        self.pools.push(Node { pair, next, rate: [NO_RATE; 2], hot: [false; 2], swapped: a > b });
        Ok(number)
    }

    fn token(&mut self, mint: &Key) -> Option<u32> {
        let number = self.mints.insert(mint)?;
        if item(&self.tokens, number).is_none() {
            self.tokens.push(Token { first_pair: END, degree: 0 });
        }
        Some(number)
    }

    fn pair(&mut self, low: u32, high: u32) -> Option<u32> {
        let number = self.numbers.insert(&[low, high])?;
        if item(&self.pairs, number).is_none() {
            let mut link = |token| {
                let token: &mut Token = item_mut(&mut self.tokens, token)?;
                token.degree = token.degree.saturating_add(1);
                Some(std::mem::replace(&mut token.first_pair, number))
            };
            let next = [link(low)?, link(high)?];
            let best = [NO_RATE; 2];
            self.pairs.push(Pair { tokens: [low, high], next, first_pool: END, best });
        }
        Some(number)
    }

    /// Number of tokens known.
    pub(super) fn token_count(&self) -> usize {
        self.tokens.len()
    }

    /// Number of pairs known.
    pub(super) fn pair_count(&self) -> usize {
        self.numbers.len()
    }

    /// Sets the rates of `pool` from a to b and from b to a, `None` where it cannot be traded, and
    /// says which of the two directions has to be searched.
    pub(super) fn set(&mut self, pool: u32, a_to_b: Option<i32>, b_to_a: Option<i32>) -> [bool; 2] {
        let Some(node) = item_mut(&mut self.pools, pool) else { return [false; 2] };
        let mut rate = [a_to_b, b_to_a].map(|rate| rate.unwrap_or(NO_RATE));
        if node.swapped {
            rate.reverse();
        }
        let before = std::mem::replace(&mut node.rate, rate);
        let (hot, swapped, pair) = (node.hot, node.swapped, node.pair);
        let mut best = [NO_RATE; 2];
        let mut at = item(&self.pairs, pair).map_or(END, |pair| pair.first_pool);
        while let Some(node) = item(&self.pools, at) {
            for (best, rate) in best.iter_mut().zip(node.rate) {
                *best = (*best).max(rate);
            }
            at = node.next;
        }
        if let Some(pair) = item_mut(&mut self.pairs, pair) {
            pair.best = best;
        }
        let mut search = [false; 2];
        for (search, ((rate, before), hot)) in
            search.iter_mut().zip(rate.iter().zip(before).zip(hot))
        {
            *search = *rate > before || hot;
        }
        if swapped {
            search.reverse();
        }
        search
    }

    /// Adds to `found` every cycle through `pool`, entered with token a if `a_to_b`, that may gain.
    pub(super) fn search(&mut self, pool: u32, a_to_b: bool, found: &mut Found) {
        let Some(touched) = self.touched(pool, a_to_b) else { return };
        let met = found.met;
        if touched.rate != NO_RATE {
            self.search_rated(&touched, found);
        }
        let hot = found.met != met || found.cut;
        self.heat(pool, touched.direction, hot);
    }

    fn search_rated(&mut self, touched: &Touched, found: &mut Found) {
        let [from, to] = touched.tokens;
        if self.is_base(from) || self.is_base(to) {
            self.two_hops(touched, found);
            // Both ends' common neighbours, along the shorter list.
            let degree = |token| item(&self.tokens, token).map_or(0, |token: &Token| token.degree);
            let (near, far) = if degree(from) < degree(to) { (from, to) } else { (to, from) };
            let mut at = item(&self.tokens, near).map_or(END, |token| token.first_pair);
            while let Some(pair) = item(&self.pairs, at) {
                let side = usize::from(pair.tokens.last() == Some(&near));
                let third = pair.tokens.iter().copied().find(|token| *token != near);
                at = pair.next.get(side).copied().unwrap_or(END);
                if let Some(third) = third.filter(|third| *third != far) {
                    self.three_hops(touched, third, found);
                }
            }
        } else {
            for place in 0..self.bases.len() {
                if let Some(base) = self.bases.get(place).copied() {
                    self.three_hops(touched, base, found);
                }
            }
        }
    }

    fn touched(&self, pool: u32, a_to_b: bool) -> Option<Touched> {
        let node = item(&self.pools, pool)?;
        let pair = item(&self.pairs, node.pair)?;
        let direction = usize::from(a_to_b == node.swapped);
        let mut tokens = pair.tokens;
        if direction == 1 {
            tokens.reverse();
        }
        let rate = node.rate.get(direction).copied()?;
        Some(Touched { pool, pair: node.pair, direction, tokens, rate })
    }

    fn is_base(&self, token: u32) -> bool {
        self.bases.contains(&token)
    }

    /// Closes the cycle through another pool of the same pair.
    fn two_hops(&mut self, touched: &Touched, found: &mut Found) {
        let back = 1_usize.saturating_sub(touched.direction);
        let Some(pair) = item(&self.pairs, touched.pair) else { return };
        let best = pair.best.get(back).copied().unwrap_or(NO_RATE);
        let mut at = if add(touched.rate, best) >= -2 { pair.first_pool } else { END };
        while self.visit(found) {
            let Some(node) = item(&self.pools, at) else { return };
            let (here, rate) = (at, node.rate.get(back).copied().unwrap_or(NO_RATE));
            at = node.next;
            let score = add(touched.rate, rate);
            if here != touched.pool && score >= -2 {
                self.heat(here, back, true);
                self.list(touched, &[(here, back)], score, found);
            }
        }
    }

    /// Closes the cycle through token `third`, if there are pairs.
    fn three_hops(&mut self, touched: &Touched, third: u32, found: &mut Found) {
        let [from, to] = touched.tokens;
        let (Some(out), Some(home)) = (self.toward(to, third), self.toward(third, from)) else {
            return;
        };
        let bar = -3;
        if !self.visit(found) || add(add(touched.rate, out.best), home.best) < bar {
            return;
        }
        let mut first = out.first_pool;
        while let Some(node) = item(&self.pools, first) {
            let (one, rate) = (first, node.rate.get(out.direction).copied().unwrap_or(NO_RATE));
            first = node.next;
            let so_far = add(touched.rate, rate);
            if !self.visit(found) {
                return;
            }
            if add(so_far, home.best) < bar {
                continue;
            }
            let mut second = home.first_pool;
            while let Some(node) = item(&self.pools, second) {
                let (two, rate) =
                    (second, node.rate.get(home.direction).copied().unwrap_or(NO_RATE));
                second = node.next;
                let score = add(so_far, rate);
                if !self.visit(found) {
                    return;
                }
                if score >= bar {
                    self.heat(one, out.direction, true);
                    self.heat(two, home.direction, true);
                    self.list(
                        touched,
                        &[(one, out.direction), (two, home.direction)],
                        score,
                        found,
                    );
                }
            }
        }
    }

    /// Counts one more place; false when there have been too many.
    fn visit(&self, found: &mut Found) -> bool {
        found.visits = found.visits.saturating_add(1);
        found.cut |= found.visits > self.room.visits;
        !found.cut
    }

    fn heat(&mut self, pool: u32, direction: usize, hot: bool) {
        let node = item_mut(&mut self.pools, pool);
        if let Some(held) = node.and_then(|node| node.hot.get_mut(direction)) {
            *held = hot;
        }
    }

    /// The pair between two tokens, in the direction from the first to the second.
    fn toward(&self, from: u32, to: u32) -> Option<Toward> {
        let pair = item(&self.pairs, self.numbers.get(&[from.min(to), from.max(to)])?)?;
        let direction = usize::from(from > to);
        let best = pair.best.get(direction).copied()?;
        Some(Toward { direction, best, first_pool: pair.first_pool })
    }

    /// Turns the cycle so that it starts in the first base it meets, and lists it.
    fn list(&self, touched: &Touched, rest: &[(u32, usize)], score: i32, found: &mut Found) {
        if !found.meets(score) {
            return;
        }
        let mut steps = [Step::default(); SEARCH_HOPS];
        let mut starts = [END; SEARCH_HOPS];
        let hops = std::iter::once((touched.pool, touched.direction)).chain(rest.iter().copied());
        let mut count = 0_u8;
        for ((pool, direction), (step, start)) in hops.zip(steps.iter_mut().zip(&mut starts)) {
            let Some(node) = item(&self.pools, pool) else { return };
            let Some(pair) = item(&self.pairs, node.pair) else { return };
            *step = Step { pool, a_to_b: (direction == 1) == node.swapped };
            *start = pair.tokens.get(direction).copied().unwrap_or(END);
            count = count.saturating_add(1);
        }
        let place =
            self.bases.iter().find_map(|base| starts.iter().position(|start| start == base));
        let (Some(place), Some(used)) = (place, steps.get_mut(..usize::from(count))) else {
            return;
        };
        if place < used.len() {
            used.rotate_left(place);
            found.push(Candidate { steps, hops: count, score });
        }
    }
}

/// The pool that a search starts from, in one direction.
struct Touched {
    pool: u32,
    pair: u32,
    direction: usize,
    /// From, to.
    tokens: [u32; 2],
    rate: i32,
}

/// A pair in one direction.
struct Toward {
    direction: usize,
    best: i32,
    first_pool: u32,
}

#[cfg(test)]
#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "the model is written plainly"
)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ROOM: Room = Room { tokens: 16, pools: 64, visits: 1 << 20 };

    fn mint(token: u8) -> Key {
        [token; 32]
    }

    /// The same search by trying every sequence of pools.
    #[derive(Default)]
    struct Model {
        pools: Vec<([u8; 2], [Option<i32>; 2])>,
    }

    impl Model {
        /// From, to and rate of a step.
        fn edge(&self, step: Step) -> Option<(u8, u8, i64)> {
            let ([a, b], [ab, ba]) = self.pools[step.pool as usize];
            if step.a_to_b { Some((a, b, ab?.into())) } else { Some((b, a, ba?.into())) }
        }

        /// Every cycle through `step` that may gain, started in the first of `bases` it meets.
        fn search(&self, step: Step, bases: &[u8]) -> Vec<(Vec<Step>, i64)> {
            let mut found = Vec::new();
            let all: Vec<Step> = (0..self.pools.len() as u32)
                .flat_map(|pool| [true, false].map(|a_to_b| Step { pool, a_to_b }))
                .collect();
            let twos = all.iter().map(|second| vec![step, *second]);
            let threes =
                all.iter().flat_map(|second| all.iter().map(|third| vec![step, *second, *third]));
            for cycle in twos.chain(threes) {
                let Some(edges) = cycle.iter().map(|s| self.edge(*s)).collect::<Option<Vec<_>>>()
                else {
                    continue;
                };
                let count = edges.len();
                let closed = (0..count).all(|at| edges[at].1 == edges[(at + 1) % count].0);
                let mut tokens: Vec<u8> = edges.iter().map(|edge| edge.0).collect();
                let starts = tokens.clone();
                tokens.sort_unstable();
                tokens.dedup();
                let mut pools: Vec<u32> = cycle.iter().map(|step| step.pool).collect();
                pools.sort_unstable();
                pools.dedup();
                let score: i64 = edges.iter().map(|edge| edge.2).sum();
                let simple = closed && tokens.len() == count && pools.len() == count;
                let base = bases.iter().find_map(|base| starts.iter().position(|s| s == base));
                if let (true, true, Some(base)) = (simple, score >= -(count as i64), base) {
                    let mut cycle = cycle;
                    cycle.rotate_left(base);
                    found.push((cycle, score));
                }
            }
            found.sort();
            found
        }
    }

    fn listed(found: &Found) -> Vec<(Vec<Step>, i64)> {
        let mut list: Vec<_> =
            found.list().iter().map(|c| (c.steps().to_vec(), i64::from(c.score))).collect();
        list.sort();
        list
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
    fn the_best_are_kept_in_order() {
        let mut graph = Graph::new(&[mint(0)], ROOM);
        for rate in 0..20 {
            let pool = graph.add(&mint(1), &mint(0)).unwrap();
            graph.set(pool, Some(rate % 7), Some(100));
        }
        let mut found = Found::new(4);
        graph.search(3, false, &mut found);
        assert_eq!(found.met, 19);
        assert_eq!(found.list().iter().map(|c| c.score).collect::<Vec<_>>(), [106, 106, 105, 105]);
        assert!(found.list()[0].steps()[0] == Step { pool: 3, a_to_b: false });
    }

    #[derive(Clone, Debug)]
    enum Event {
        Add(u8, u8),
        Set(prop::sample::Index, Option<i32>, Option<i32>),
    }

    fn event() -> impl Strategy<Value = Event> {
        let rate = || prop::option::weighted(0.9, -12..12_i32);
        prop_oneof![
            1 => (0..5_u8, 1..5_u8).prop_map(|(a, b)| Event::Add(a, (a + b) % 5)),
            4 => (any::<prop::sample::Index>(), rate(), rate()).prop_map(|(p, a, b)| Event::Set(p, a, b)),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        /// After every update, the cycles listed are those of brute force; where the search is
        /// skipped, brute force finds none.
        #[test]
        fn equals_brute_force_after_every_update(
            events in prop::collection::vec(event(), 1..60),
            two_bases: bool,
        ) {
            let bases: &[u8] = if two_bases { &[2, 0] } else { &[0] };
            let keys: Vec<Key> = bases.iter().map(|base| mint(*base)).collect();
            let mut graph = Graph::new(&keys, ROOM);
            let mut model = Model::default();
            let mut found = Found::new(100_000);
            for event in events {
                match event {
                    Event::Add(a, b) if model.pools.len() < 12 => {
                        prop_assert_eq!(graph.add(&mint(a), &mint(b)), Ok(model.pools.len() as u32));
                        model.pools.push(([a, b], [None; 2]));
                    }
                    Event::Set(pool, ab, ba) if !model.pools.is_empty() => {
                        let pool = pool.index(model.pools.len());
                        model.pools[pool].1 = [ab, ba];
                        let pool = pool as u32;
                        let search = graph.set(pool, ab, ba);
                        for (a_to_b, search) in [true, false].into_iter().zip(search) {
                            let want = model.search(Step { pool, a_to_b }, bases);
                            found.clear();
                            if search {
                                graph.search(pool, a_to_b, &mut found);
                            }
                            if search || ab.max(ba).is_none() {
                                prop_assert_eq!(listed(&found), want);
                            } else {
                                prop_assert!(want.is_empty(), "skipped {:?}", want);
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}
