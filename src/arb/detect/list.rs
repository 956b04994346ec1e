//! The best cycles of a search: by their tokens first, by their pools then.
//!
//! While a search walks, a cycle is its tokens and the sum of their pairs' best rates. Cycles of
//! pools are made at the end, and only of the best few cycles of tokens: a cycle of pools is at most
//! as good as that of its tokens, so what was crowded out there can list nothing here.

use crate::mem;

use super::arena::END;
use super::tree::Forest;
use super::{Candidate, Graph, NO_RATE, SEARCH_HOPS, Step, Touched, Way, add, item, item_mut};

/// A cycle through the touched pool.
#[derive(Clone, Copy)]
pub(super) struct Line {
    score: i32,
    /// Tokens between where the pool leads and where it starts; `END` where there is none.
    between: [u32; 2],
    /// The other pools, each with its way, when they are chosen already.
    pools: [(u32, Way); SEARCH_HOPS - 1],
    hops: u8,
    chosen: bool,
    /// By how much the pool chosen for each way is better than every other.
    lead: [i32; SEARCH_HOPS - 1],
}

/// No pool is chosen.
const NONE: (u32, Way) = (END, Way(END));

impl Line {
    /// A cycle over the tokens `between`, without pools and score.
    #[inline]
    fn of(between: [u32; 2]) -> Self {
        let hops = match between {
            [END, _] => 2,
            [_, END] => 3,
            _ => 4,
        };
        let pools = [NONE; SEARCH_HOPS - 1];
        Self {
            score: NO_RATE,
            between,
            pools,
            hops,
            chosen: false,
            lead: [i32::MAX; SEARCH_HOPS - 1],
        }
    }
}

/// The best candidates of a search.
pub(in super::super) struct Found {
    lines: Vec<Line>,
    /// Lines by tokens, to be opened.
    closed: Vec<Line>,
    /// The best pools of each way of a line, and their rates.
    pools: [Vec<(u32, i32)>; SEARCH_HOPS - 1],
    list: Vec<Candidate>,
    most: usize,
    /// Places looked at.
    pub(in super::super) visits: u32,
    /// Candidates met, listed or not.
    pub(in super::super) met: u32,
    /// Of these, those that meet no base token.
    pub(in super::super) baseless: u32,
    /// The search stopped before its end: too many places to look at.
    pub(in super::super) cut: bool,
}

impl Found {
    /// Room for the `most` best.
    pub(in super::super) fn new(most: usize) -> Self {
        Self {
            lines: Vec::with_capacity(most.saturating_add(1)),
            closed: Vec::with_capacity(most),
            pools: std::array::from_fn(|_| Vec::with_capacity(most)),
            list: Vec::with_capacity(most),
            most,
            visits: 0,
            met: 0,
            baseless: 0,
            cut: false,
        }
    }

    /// Forgets everything.
    pub(in super::super) fn clear(&mut self) {
        self.lines.clear();
        self.list.clear();
        (self.visits, self.met, self.baseless, self.cut) = (0, 0, 0, false);
    }

    /// The best first; among equals the first met.
    pub(in super::super) fn list(&self) -> &[Candidate] {
        &self.list
    }

    /// The least score that a cycle of `hops` hops must have to be listed.
    #[inline]
    pub(super) fn bar(&self, hops: usize) -> i32 {
        let least = i32::try_from(hops).unwrap_or(4).wrapping_neg();
        match self.lines.last() {
            Some(last) if self.lines.len() >= self.most => least.max(last.score.saturating_add(1)),
            _ => least,
        }
    }

    fn push(&mut self, line: Line) {
        let at = self.lines.partition_point(|held| held.score >= line.score);
        if at < self.most {
            self.lines.insert(at, line);
            self.lines.truncate(self.most);
        }
    }
}

impl Graph {
    /// A cycle of tokens passes: over the tokens `between` where the pool leads and where it starts.
    #[inline]
    pub(super) fn meet(&self, touched: &Touched, sum: i32, between: [u32; 2], found: &mut Found) {
        if self.counted(touched, between, found) {
            found.push(Line { score: touched.rate.saturating_add(sum), ..Line::of(between) });
        }
    }

    /// Counts a cycle; whether it meets a base.
    fn counted(&self, touched: &Touched, between: [u32; 2], found: &mut Found) -> bool {
        found.met = found.met.saturating_add(1);
        let based = touched.based || self.bases.iter().any(|base| between.contains(base));
        found.baseless = found.baseless.saturating_add(u32::from(!based));
        based
    }

    /// The other pools of the touched pair.
    pub(super) fn beside(&self, touched: &Touched, found: &mut Found) {
        let way = touched.way.back();
        let Some(pair) = item(&self.pairs, way.pair()) else { return };
        let bar = found.bar(2).saturating_sub(touched.rate);
        if pair.pools.leaves() < 2 || self.best(way) < bar {
            return;
        }
        let mut pools = std::mem::take(&mut found.pools);
        let [first, ..] = &mut pools;
        self.best_pools(way, bar, touched.pool, first, found);
        for (pool, rate) in first.iter() {
            let line = Line { pools: [(*pool, way), NONE, NONE], ..Line::of([END; 2]) };
            self.put(touched, Line { score: add(touched.rate, *rate), ..line }, found);
        }
        found.pools = pools;
    }

    /// The best pools of `way` with at least `bar`, the best first, without `other`.
    fn best_pools(
        &self,
        way: Way,
        bar: i32,
        other: u32,
        pools: &mut Vec<(u32, i32)>,
        found: &mut Found,
    ) {
        pools.clear();
        let Some(head) = item(&self.pairs, way.pair()).map(|pair| pair.pools) else { return };
        let mut walk = Forest::walk(head, way.direction());
        while pools.len() < found.most {
            let Some((slot, rate)) = self.leaf(&mut walk, bar, found) else { return };
            let pool = self.forest.owner(head, slot);
            if pool != other {
                pools.push((pool, rate));
            }
        }
    }

    /// A cycle of pools, if it passes.
    fn put(&self, touched: &Touched, line: Line, found: &mut Found) {
        if line.score >= found.bar(usize::from(line.hops))
            && self.counted(touched, line.between, found)
        {
            found.push(Line { chosen: true, ..line });
        }
    }

    /// Makes candidates of what was met.
    ///
    /// What a line needs lies at the end of chains of addresses; the lines go along them together,
    /// a step for all before the next, so that they wait for memory together.
    pub(super) fn finish(&mut self, touched: &Touched, found: &mut Found) {
        if found.lines.is_empty() {
            return;
        }
        let mut lines = std::mem::take(&mut found.lines);
        self.choose_best(touched, &mut lines);
        let mut closed = std::mem::take(&mut found.closed);
        closed.clear();
        closed.extend(lines.iter().filter(|line| !line.chosen));
        found.lines = lines;
        for line in &closed {
            // It is listed with its best pools; others of the same tokens are worse by some lead.
            let lead = line.lead.iter().copied().min().unwrap_or(0);
            let next = line.score.saturating_sub(lead);
            if next >= found.bar(usize::from(line.hops)) && !found.cut {
                self.open(touched, line, found);
            }
        }
        found.closed = closed;
        let lines = std::mem::take(&mut found.lines);
        for (pool, _) in lines.iter().flat_map(|line| &line.pools) {
            mem::prefetch_item(&self.pools, *pool as usize);
        }
        for line in &lines {
            if let Some(candidate) = self.candidate(touched, line) {
                found.list.push(candidate);
            }
        }
        found.lines = lines;
    }

    /// The best pool of each way of each cycle of tokens.
    fn choose_best(&self, touched: &Touched, lines: &mut [Line]) {
        let open = |line: &&mut Line| !line.chosen;
        for token in lines.iter().flat_map(|line| line.between) {
            mem::prefetch_item(&self.tokens, token as usize);
        }
        for token in lines.iter().flat_map(|line| line.between).filter(|token| *token != END) {
            self.forest.arena.prefetch(self.hubs_of(token).at);
        }
        for line in lines.iter_mut().filter(open) {
            let [y, z] = line.between;
            let steps = match z {
                END => [(touched.to, y), (y, touched.from), (END, END)],
                _ => [(touched.to, y), (y, z), (z, touched.from)],
            };
            for ((from, to), (_, way)) in
                steps.into_iter().zip(&mut line.pools).filter(|((from, _), _)| *from != END)
            {
                *way = self.any_way(from, to).unwrap_or(Way(END));
                mem::prefetch_item(&self.pairs, way.pair() as usize);
            }
        }
        let pools = |way: &Way| item(&self.pairs, way.pair()).map(|pair| pair.pools);
        for (_, way) in lines.iter_mut().filter(open).flat_map(|line| &line.pools) {
            if let Some(head) = pools(way) {
                self.forest.prefetch(head, way.direction());
            }
        }
        for line in lines.iter_mut().filter(open) {
            for ((pool, way), lead) in line.pools.iter_mut().zip(&mut line.lead) {
                if let Some(head) = pools(way)
                    && let Some((slot, first)) = self.forest.first(head, way.direction())
                {
                    *pool = self.forest.owner(head, slot);
                    *lead = first;
                    mem::prefetch_item(&self.pools, *pool as usize);
                }
            }
        }
    }

    /// Lists the other cycles of pools through the tokens of `line` that pass.
    fn open(&self, touched: &Touched, line: &Line, found: &mut Found) {
        let mut pools = std::mem::take(&mut found.pools);
        let most = line.score.saturating_sub(found.bar(usize::from(line.hops)));
        let ways = usize::from(line.hops).wrapping_sub(1);
        let chosen = line.pools.iter().zip(line.lead).take(ways);
        for (pools, ((pool, way), lead)) in pools.iter_mut().zip(chosen) {
            let best = self.best(*way);
            if lead > most {
                pools.clear();
                pools.push((*pool, best));
            } else {
                self.best_pools(*way, best.saturating_sub(most), END, pools, found);
            }
        }
        let ways = pools.get(..ways).unwrap_or_default();
        let mut at = [0; SEARCH_HOPS - 1];
        while let Some(score) =
            next_choice(&mut at, ways, line.score, found.bar(usize::from(line.hops)))
        {
            let mut made = Line { score, ..*line };
            for ((held, _), (pools, at)) in made.pools.iter_mut().zip(ways.iter().zip(at)) {
                *held = pools.get(at).map_or(END, |(pool, _)| *pool);
            }
            self.put(touched, made, found);
        }
        found.pools = pools;
    }

    /// The cycle, turned so that it starts in the first base it meets. Its pools are hot.
    fn candidate(&mut self, touched: &Touched, line: &Line) -> Option<Candidate> {
        let mut steps = [Step::default(); SEARCH_HOPS];
        let [y, z] = line.between;
        let starts = match line.hops {
            2 => [touched.from, touched.to, END, END],
            3 => [touched.from, touched.to, y, END],
            _ => [touched.from, touched.to, y, z],
        };
        let [second, third, fourth] = line.pools;
        let hops = [(touched.pool, touched.way), second, third, fourth];
        for (step, (pool, way)) in steps.iter_mut().zip(hops).take(usize::from(line.hops)) {
            let node = item_mut(&mut self.pools, pool)?;
            *step = Step { pool, a_to_b: (way.direction() == 1) == node.swapped };
            *node.hot.get_mut(way.direction())? = true;
        }
        let place =
            self.bases.iter().find_map(|base| starts.iter().position(|start| start == base))?;
        steps.get_mut(..usize::from(line.hops))?.rotate_left(place);
        Some(Candidate { steps, hops: line.hops, score: line.score })
    }
}

/// Counts `at` on to the next choice of a pool for each of `ways` that has at least `bar`, and
/// returns its score; the first choice has `best`. A choice that does not pass ends its way's turn,
/// for the pools behind it are worse.
fn next_choice(
    at: &mut [usize; SEARCH_HOPS - 1],
    ways: &[Vec<(u32, i32)>],
    best: i32,
    bar: i32,
) -> Option<i32> {
    for depth in 0..ways.len() {
        let place = at.get_mut(depth)?;
        *place = place.wrapping_add(1);
        let score = ways.iter().zip(at.iter()).try_fold(best, |score, (pools, at)| {
            let ((_, first), (_, rate)) = (pools.first()?, pools.get(*at)?);
            Some(score.saturating_sub(first.saturating_sub(*rate)))
        });
        match score.filter(|score| *score >= bar) {
            Some(score) => return Some(score),
            None => *at.get_mut(depth)? = 0,
        }
    }
    None
}
