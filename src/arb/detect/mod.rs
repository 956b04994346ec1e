//! Every cycle of two to four hops through a pool, in a handful of table reads.
//!
//! A cycle gains at the margin if and only if the logarithms of its rates sum to more than zero. Per
//! pair of tokens and direction the best rate over its pools is kept: if any cycle of pools gains,
//! the cycle of the best ones through the same tokens gains too. Tokens with many neighbours are
//! hubs, and all detours between two of them are contracted into max-trees (facts: arb.md 2.2):
//!
//! ```text
//! pair      pools, best rate each way
//! W[h][h']  best direct rate between hubs
//! T2{h,h'}  over every token c:            w(h,c) + w(c,h')
//! T3{h,h'}  over every two spokes Y, Z:    w(h,Y) + w(Y,Z) + w(Z,h')
//! ```
//!
//! so that the best way from one end of a pool to the other is found by a few look-ups ([`search`]);
//! leaves are opened only where their tree's best passes the bar. Listed is what scores at least
//! `-hops`, the most by which rounded-down logarithms can hide a gain: the best few, in order
//! ([`list`]).
//!
//! **When a touched pool is searched.** A rate that rises can make a gain, so its direction is
//! searched. A rate that does not rise makes none; but gains listed before are still there, only
//! smaller, so its direction is searched as long as the last search listed something ("hot").
//!
//! A pool whose rates are both gone counts no more: a token with one pool left is on no cycle.
//!
//! Cycles are simple: no token twice. They start in a base token; what meets none is counted.
//! All memory is taken at construction; a pool that finds no room is refused by name.

mod arena;
mod link;
mod list;
mod search;
#[cfg(test)]
mod tests;
mod tree;

use super::intern::Interner;
use crate::ids::Key;
use crate::mem;
use arena::{Arena, END};
pub(super) use list::Found;
use tree::{Forest, Head};

/// No rate in this direction.
pub(super) const NO_RATE: i32 = i32::MIN;

/// Most hops of a cycle.
pub(super) const SEARCH_HOPS: usize = 4;

/// Most hubs.
const HUBS: usize = 128;

/// Distinct neighbours from which a token is a hub.
const HUB_DEGREE: u32 = 64;

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

/// A neighbour of a token.
#[derive(Clone, Copy)]
struct Entry {
    /// Number of the hub, or of the spoke.
    other: u32,
    way: Way,
    /// The pair's best rates: to the neighbour, and back. Held here too, so that a search reads one
    /// line instead of a pair for each neighbour.
    rate: [i32; 2],
}

/// Words of an entry.
const ENTRY: usize = 4;

/// The pool that a search starts from, in one direction.
#[derive(Clone, Copy)]
struct Touched {
    pool: u32,
    way: Way,
    from: u32,
    to: u32,
    rate: i32,
    /// One of its tokens is a base.
    based: bool,
}

/// A list of [`Entry`]s in the arena.
#[derive(Clone, Copy)]
struct List {
    at: u32,
    len: u32,
    /// Entries that its block has.
    room: u32,
}

impl Entry {
    #[inline]
    fn read(words: &[i32]) -> Self {
        match *words {
            [other, way, out, back] => Self {
                other: other.cast_unsigned(),
                way: Way(way.cast_unsigned()),
                rate: [out, back],
            },
            _ => Self { other: END, way: Way(END), rate: [NO_RATE; 2] },
        }
    }

    /// The rate to the neighbour, or (`flip`) from it.
    #[inline]
    fn turned(self, flip: bool) -> i32 {
        let [out, back] = self.rate;
        if flip { back } else { out }
    }
}

impl List {
    const EMPTY: Self = Self { at: END, len: 0, room: 0 };

    /// Place of entry `at`.
    #[inline]
    fn place(self, at: u32) -> u32 {
        self.at.wrapping_add(at.wrapping_mul(4))
    }
}

/// A pair, taken in one direction: the pair's number doubled, plus the direction.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Way(u32);

impl Way {
    fn new(pair: u32, direction: usize) -> Self {
        Self(pair.wrapping_mul(2) | u32::from(direction == 1))
    }

    #[inline]
    fn pair(self) -> u32 {
        self.0 >> 1
    }

    #[inline]
    fn direction(self) -> usize {
        usize::from(self.0 & 1 == 1)
    }

    /// The same pair the other way.
    #[inline]
    fn back(self) -> Self {
        Self(self.0 ^ 1)
    }
}

struct Token {
    /// Hubs next to it: hub number and way there.
    hubs: List,
    /// Spokes next to it: token and way there; of a hub not kept.
    spokes: List,
    /// Slots of its leaves in T2, one for every two of its hubs.
    slots: u32,
    /// Its number as a hub, or `END`.
    hub: u32,
    degree: u32,
    /// Pools with a rate.
    pools: u32,
}

/// Two tokens; direction 0 is from the first, the lower number, to the second.
struct Pair {
    tokens: [u32; 2],
    pools: Head,
    best: [i32; 2],
    /// Of two spokes: slots of its leaves in T3, a row a hub of the first token.
    slots: u32,
    /// Rows and columns that `slots` has room for.
    room: [u16; 2],
    /// Some leaf found no room: its pools are refused.
    partial: bool,
}

struct Node {
    /// Those of its pair.
    tokens: [u32; 2],
    pair: u32,
    /// Its leaf in the pair's tree.
    slot: u32,
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
    /// No room for what its pair adds to the trees.
    Trees = 3,
}

impl Full {
    /// Names by number, as counters show them.
    pub(super) const NAMES: &'static [&'static str] =
        &["tokens_full", "pairs_full", "pools_full", "trees_full"];
}

/// How much the graph holds at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) tokens: usize,
    pub(super) pools: usize,
    /// Places that one search looks at.
    pub(super) visits: u32,
}

/// Rates between hubs, row by row.
struct Matrix(Vec<i32>);

impl Matrix {
    fn new() -> Self {
        Self(vec![NO_RATE; HUBS * HUBS])
    }

    #[inline]
    fn row(&self, from: u32) -> &[i32] {
        let at = (from as usize).wrapping_mul(HUBS);
        self.0.get(at..at.wrapping_add(HUBS)).unwrap_or_default()
    }

    #[inline]
    fn set(&mut self, from: u32, to: u32, rate: i32) {
        if let Some(held) = self.0.get_mut((from as usize).wrapping_mul(HUBS) | to as usize) {
            *held = rate;
        }
    }
}

/// The graph.
pub(super) struct Graph {
    mints: Interner<Key>,
    tokens: Vec<Token>,
    numbers: Interner<[u32; 2]>,
    pairs: Vec<Pair>,
    pools: Vec<Node>,
    bases: Vec<u32>,
    /// Tokens of the hubs.
    hubs: Vec<u32>,
    forest: Forest,
    /// T2 and T3 of every two hubs, by [`two`]; value 0 is from the lower number to the higher.
    t2: Vec<Head>,
    t3: Vec<Head>,
    /// Direct rates by where they start, and by where they end.
    direct: [Matrix; 2],
    /// The roots of T2, likewise.
    detour: [Matrix; 2],
    hub_degree: u32,
    room: Room,
    /// Something found no room: no pair is taken in any more.
    full: bool,
}

/// Item `at` of `list`.
#[inline]
fn item<T>(list: &[T], at: u32) -> Option<&T> {
    list.get(at as usize)
}

#[inline]
fn item_mut<T>(list: &mut [T], at: u32) -> Option<&mut T> {
    list.get_mut(at as usize)
}

/// Sum of rates; `NO_RATE` when one is missing.
#[inline]
pub(super) fn add(a: i32, b: i32) -> i32 {
    if a == NO_RATE || b == NO_RATE { NO_RATE } else { a.saturating_add(b) }
}

/// Number of two different hubs, and the value that leads from the first to the second.
#[inline]
fn two(from: u32, to: u32) -> (usize, usize) {
    let (low, high) = if from < to { (from, to) } else { (to, from) };
    let row = high.wrapping_mul(high.wrapping_sub(1)) / 2;
    (row.wrapping_add(low) as usize, usize::from(from > to))
}

impl Graph {
    /// An empty graph whose cycles start in `bases`, the first of them that they meet.
    pub(super) fn new(bases: &[Key], room: Room) -> Self {
        Self::with_hubs(bases, room, HUB_DEGREE)
    }

    /// The same, in which a token with `hub_degree` neighbours is a hub.
    fn with_hubs(bases: &[Key], room: Room, hub_degree: u32) -> Self {
        let twos = HUBS.wrapping_mul(HUBS.wrapping_sub(1)) / 2;
        let mut graph = Self {
            mints: Interner::new(room.tokens),
            tokens: Vec::with_capacity(room.tokens),
            numbers: Interner::new(room.pools),
            pairs: Vec::with_capacity(room.pools),
            pools: Vec::with_capacity(room.pools),
            bases: Vec::with_capacity(bases.len()),
            hubs: Vec::with_capacity(HUBS),
            forest: Forest { arena: Arena::new(room.pools.saturating_mul(24)) },
            t2: vec![Head::EMPTY; twos],
            t3: vec![Head::EMPTY; twos],
            direct: [Matrix::new(), Matrix::new()],
            detour: [Matrix::new(), Matrix::new()],
            hub_degree,
            room,
            full: false,
        };
        mem::large_pages(graph.tokens.spare_capacity_mut());
        mem::large_pages(graph.pairs.spare_capacity_mut());
        mem::large_pages(graph.pools.spare_capacity_mut());
        for base in bases {
            if let Some(token) = graph.token(base) {
                graph.bases.push(token);
            }
        }
        graph
    }

    /// Takes in the next pool, between `mint_a` and `mint_b`, and returns its number: the first
    /// one's is 0. It has no rates yet.
    ///
    /// # Errors
    /// What is full.
    pub(super) fn add(&mut self, mint_a: &Key, mint_b: &Key) -> Result<u32, Full> {
        if self.pools.len() >= self.room.pools {
            return Err(Full::Pools);
        }
        let a = self.token(mint_a).ok_or(Full::Tokens)?;
        let b = self.token(mint_b).ok_or(Full::Tokens)?;
        let pair = self.pair(a.min(b), a.max(b)).ok_or(Full::Pairs)?;
        let number = u32::try_from(self.pools.len()).map_err(|_| Full::Pools)?;
        let held = item_mut(&mut self.pairs, pair).ok_or(Full::Pairs)?;
        if held.partial {
            return Err(Full::Trees);
        }
        let slot = self.forest.insert(&mut held.pools, number).ok_or(Full::Trees)?;
        let rate = [NO_RATE; 2];
        let tokens = [a.min(b), a.max(b)];
        self.pools.push(Node { tokens, pair, slot, rate, hot: [false; 2], swapped: a > b });
        Ok(number)
    }

    fn token(&mut self, mint: &Key) -> Option<u32> {
        let number = self.mints.insert(mint)?;
        if item(&self.tokens, number).is_none() {
            self.tokens.push(Token {
                hubs: List::EMPTY,
                spokes: List::EMPTY,
                slots: END,
                hub: END,
                degree: 0,
                pools: 0,
            });
        }
        Some(number)
    }

    fn pair(&mut self, low: u32, high: u32) -> Option<u32> {
        let number = self.numbers.insert(&[low, high])?;
        if item(&self.pairs, number).is_none() {
            self.pairs.push(Pair {
                tokens: [low, high],
                pools: Head::EMPTY,
                best: [NO_RATE; 2],
                slots: END,
                room: [0; 2],
                partial: false,
            });
            self.link(number);
        }
        Some(number)
    }

    /// The numbers of tokens a and b of `pool`.
    pub(super) fn tokens_of(&self, pool: u32) -> [u32; 2] {
        match item(&self.pools, pool) {
            Some(Node { tokens: [low, high], swapped: true, .. }) => [*high, *low],
            Some(Node { tokens, .. }) => *tokens,
            None => [END; 2],
        }
    }

    /// Number of tokens known.
    pub(super) fn token_count(&self) -> usize {
        self.tokens.len()
    }

    /// Number of pairs known.
    pub(super) fn pair_count(&self) -> usize {
        self.numbers.len()
    }

    /// Bytes in use, the keys of tokens and pairs and their look-up aside.
    pub(super) fn memory(&self) -> usize {
        let vec = |len: usize, one: usize| len.saturating_mul(one);
        vec(self.tokens.len(), size_of::<Token>())
            .saturating_add(vec(self.pairs.len(), size_of::<Pair>()))
            .saturating_add(vec(self.pools.len(), size_of::<Node>()))
            .saturating_add(vec(self.t2.len().saturating_mul(2), size_of::<Head>()))
            .saturating_add(vec(HUBS * HUBS * 4, size_of::<i32>()))
            .saturating_add(self.forest.arena.used_bytes())
    }

    /// Pool `pool` will be [`set`](Self::set) soon: asks for its node.
    #[inline]
    pub(super) fn expect(&self, pool: u32) {
        mem::prefetch_item(&self.pools, pool as usize);
    }

    /// Asks for what its node, which was asked for before, leads to.
    #[inline]
    pub(super) fn fetch(&self, pool: u32) {
        let Some(node) = item(&self.pools, pool) else { return };
        mem::prefetch_item(&self.pairs, node.pair as usize);
        for token in node.tokens {
            mem::prefetch_item(&self.tokens, token as usize);
        }
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
        let (hot, swapped, number, slot) = (node.hot, node.swapped, node.pair, node.slot);
        let ends = node.tokens;
        for token in ends {
            mem::prefetch_item(&self.tokens, token as usize);
        }
        let Some(pair) = item_mut(&mut self.pairs, number) else { return [false; 2] };
        let held = pair.best;
        if rate != before {
            let [there, back] = self.forest.set_both(pair.pools, slot, rate);
            let best = [there.unwrap_or(held[0]), back.unwrap_or(held[1])];
            if best != held {
                pair.best = best;
                self.spread(number, ends, best);
            }
        }
        let counts = self.count(ends, before, rate);
        let mut search = [false; 2];
        for (search, ((rate, before), hot)) in
            search.iter_mut().zip(rate.into_iter().zip(before).zip(hot))
        {
            *search = (rate > before || hot) && counts;
        }
        if swapped {
            search.reverse();
        }
        search
    }

    /// Counts the pools with a rate of both tokens; whether both have another one.
    #[inline]
    fn count(&mut self, ends: [u32; 2], before: [i32; 2], now: [i32; 2]) -> bool {
        let [was, is] = [before, now].map(|rate| rate != [NO_RATE; 2]);
        let mut more = true;
        for end in ends {
            let Some(token) = item_mut(&mut self.tokens, end) else { return false };
            if was != is {
                token.pools =
                    if is { token.pools.saturating_add(1) } else { token.pools.saturating_sub(1) };
            }
            more &= token.pools >= 2;
        }
        more
    }

    /// The best rate of `way`.
    #[inline]
    fn best(&self, way: Way) -> i32 {
        let pair = item(&self.pairs, way.pair());
        pair.and_then(|pair| pair.best.get(way.direction()).copied()).unwrap_or(NO_RATE)
    }

    /// Entry `at` of `list`.
    #[inline]
    fn entry(&self, list: List, at: u32) -> Entry {
        Entry::read(self.forest.arena.slice(list.place(at), ENTRY))
    }

    /// The entries of `list`.
    #[inline]
    fn entries(&self, list: List) -> impl Iterator<Item = Entry> + Clone + use<'_> {
        let words = self.forest.arena.slice(list.at, (list.len as usize).wrapping_mul(ENTRY));
        words.chunks_exact(ENTRY).map(Entry::read)
    }

    /// The way from token `from` to token `to`, if they are a pair.
    #[inline]
    fn way(&self, from: u32, to: u32) -> Option<Way> {
        let pair = self.numbers.get(&[from.min(to), from.max(to)])?;
        Some(Way::new(pair, usize::from(from > to)))
    }
}
