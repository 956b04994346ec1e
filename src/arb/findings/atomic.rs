//! Atomic arbitrages: swaps of one transaction that end in the token that they begin with, and gain.
//!
//! ```text
//! swaps   SOL->A   A->B   X->Y   B->SOL   SOL->C   C->SOL
//! walks   [1------ 2------------ 3----]   [1------ 2----]
//! ```
//!
//! A closed walk takes swaps in their order, each of which takes in the token that the one before it
//! gives. The shortest is taken first, of those the earliest, and its swaps are in no other. What
//! gains nothing, or costs any token, is none: such swaps may have been split, and are looked at
//! once more as a component, all swaps between tokens that lead to each other.
//! The first and the last swap are in different pools: two ways through one pool are no arbitrage
//! (the rule of mev-inspect-py and Brontes).
//!
//! Nets are sums over the amounts of the rows. What a transaction pays beside its swaps is not there.

use super::sandwich::has_amounts;
use crate::arb::rows::ROWS;
use crate::ids::{Key, WSOL};
use crate::record::{Confidence, FindingReason, Role, Swap};

/// Most tokens of one transaction whose components are looked for.
const TOKENS: usize = u128::BITS as usize;

/// Arbitrages of one transaction at most: each has two swaps of its own.
pub(super) const MOST: usize = ROWS / 2;

/// An arbitrage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Atomic {
    pub(super) reason: FindingReason,
    pub(super) confidence: Confidence,
    /// Places of its first and its last swap among the rows.
    pub(super) first: usize,
    pub(super) last: usize,
    pub(super) hops: u16,
    /// The token that it gains.
    pub(super) mint: Key,
    /// How much of it.
    pub(super) gross: i128,
}

/// A swap between numbered tokens.
#[derive(Clone, Copy, Debug, Default)]
struct Hop {
    /// Its place among the rows.
    at: usize,
    from: usize,
    to: usize,
    is_used: bool,
    /// No closed walk shorter than this begins with it.
    least: usize,
}

/// The memory of searches, for one transaction after the other.
pub(super) struct Atomics {
    hops: Vec<Hop>,
    tokens: Vec<Key>,
    /// Hops from the first to each, and the hop before it, of the walk that is looked at.
    steps: Vec<(usize, usize)>,
    path: Vec<usize>,
    nets: Vec<i128>,
    pub(super) found: Vec<Atomic>,
}

impl Atomics {
    /// Takes all the memory that it will ever use.
    pub(super) fn new() -> Self {
        let tokens = ROWS.saturating_mul(2);
        Self {
            hops: Vec::with_capacity(ROWS),
            tokens: Vec::with_capacity(tokens),
            steps: Vec::with_capacity(ROWS),
            path: Vec::with_capacity(ROWS),
            nets: Vec::with_capacity(tokens),
            found: Vec::with_capacity(MOST),
        }
    }

    /// Finds all arbitrages of the transaction whose rows are `rows`.
    pub(super) fn search(&mut self, rows: &[Swap]) {
        self.read(rows);
        for length in 2..=self.hops.len() {
            for start in 0..self.hops.len() {
                self.walk_from(rows, start, length);
            }
        }
        if self.tokens.len() <= TOKENS {
            self.components(rows);
        }
    }

    /// Numbers the tokens of the fills; an intent moved nothing yet.
    fn read(&mut self, rows: &[Swap]) {
        self.hops.clear();
        self.tokens.clear();
        self.found.clear();
        let mints = Swap::MINT_IN | Swap::MINT_OUT;
        for (at, row) in rows.iter().enumerate().take(ROWS) {
            let told = row.role == Role::Fill as u8 && has_amounts(row);
            if told && row.present & mints == mints && row.mint_in != row.mint_out {
                let (from, to) = (self.token(&row.mint_in), self.token(&row.mint_out));
                self.hops.push(Hop { at, from, to, is_used: false, least: 2 });
            }
        }
    }

    fn token(&mut self, mint: &Key) -> usize {
        if let Some(number) = self.tokens.iter().position(|held| held == mint) {
            return number;
        }
        self.tokens.push(*mint);
        self.tokens.len().saturating_sub(1)
    }

    /// Takes the closed walk of `length` hops that begins with hop `start`, if that is its shortest.
    fn walk_from(&mut self, rows: &[Swap], start: usize, length: usize) {
        let Some(first) = self.hops.get(start).copied() else { return };
        if first.is_used || first.least != length {
            return;
        }
        let shortest = self.shortest(rows, start, &first);
        let least = match shortest {
            // It is looked at again when walks are that long.
            Some((hops, _)) if hops > length => hops,
            Some((_, last)) => {
                self.trace(start, last);
                if self.take(rows, FindingReason::ClosedWalk, Some(first.from)) {
                    return;
                }
                usize::MAX
            }
            None => usize::MAX,
        };
        if let Some(hop) = self.hops.get_mut(start) {
            hop.least = least;
        }
    }

    /// The shortest closed walk that begins with hop `start`: its hops, and the last of them.
    fn shortest(&mut self, rows: &[Swap], start: usize, first: &Hop) -> Option<(usize, usize)> {
        let pool = |hop: &Hop| rows.get(hop.at).map(|row| row.pool);
        self.steps.clear();
        self.steps.resize(self.hops.len(), (0, 0));
        *self.steps.get_mut(start)? = (1, start);
        let mut best: Option<(usize, usize)> = None;
        for at in start.saturating_add(1)..self.hops.len() {
            let Some(hop) = self.hops.get(at).filter(|hop| !hop.is_used) else { continue };
            let before = self.steps.iter().zip(&self.hops).take(at).enumerate().skip(start);
            let reached = before
                .filter(|(_, ((hops, _), before))| *hops > 0 && before.to == hop.from)
                .map(|(place, ((hops, _), _))| (hops.saturating_add(1), place))
                .min();
            let Some(reached) = reached else { continue };
            let is_closed = hop.to == first.from && pool(hop) != pool(first);
            if is_closed && best.is_none_or(|(hops, _)| reached.0 < hops) {
                best = Some((reached.0, at));
            }
            *self.steps.get_mut(at)? = reached;
        }
        best
    }

    /// Notes the hops from `start` to `last`, in order.
    fn trace(&mut self, start: usize, last: usize) {
        self.path.clear();
        let mut at = last;
        self.path.push(at);
        while at != start {
            // Each step leads to an earlier hop.
            let Some((_, before)) = self.steps.get(at).filter(|(_, before)| *before < at) else {
                break;
            };
            at = *before;
            self.path.push(at);
        }
        self.path.reverse();
    }

    /// Takes the hops of the path as an arbitrage if they gain, in `token` or else in any, and cost
    /// nothing.
    fn take(&mut self, rows: &[Swap], reason: FindingReason, token: Option<usize>) -> bool {
        self.nets.clear();
        self.nets.resize(self.tokens.len(), 0);
        let (mut chained, mut before) = (true, None);
        for hop in self.path.iter().filter_map(|at| self.hops.get(*at)) {
            let Some(row) = rows.get(hop.at) else { return false };
            for (token, amount) in [
                (hop.from, i128::from(row.amount_in).saturating_neg()),
                (hop.to, row.amount_out.into()),
            ] {
                if let Some(net) = self.nets.get_mut(token) {
                    *net = net.saturating_add(amount);
                }
            }
            chained &= before.is_none_or(|before| before == row.amount_in);
            before = Some(row.amount_out);
        }
        let gain = |token: usize| self.nets.get(token).copied().unwrap_or(0);
        let wrapped = self.tokens.iter().position(|mint| *mint == WSOL);
        let any = wrapped.into_iter().chain(0..self.nets.len()).find(|token| gain(*token) > 0);
        let Some(token) = token.filter(|token| gain(*token) > 0).or(any) else { return false };
        let ends = self.path.first().zip(self.path.last());
        let ends = ends.and_then(|(first, last)| self.hops.get(*first).zip(self.hops.get(*last)));
        let (Some((first, last)), Some(mint)) = (ends, self.tokens.get(token)) else {
            return false;
        };
        if self.nets.iter().any(|net| *net < 0) || self.found.len() >= MOST {
            return false;
        }
        let is_walk = reason == FindingReason::ClosedWalk;
        self.found.push(Atomic {
            reason,
            confidence: if is_walk && chained { Confidence::High } else { Confidence::Medium },
            first: first.at,
            last: last.at,
            hops: u16::try_from(self.path.len()).unwrap_or(u16::MAX),
            mint: *mint,
            gross: gain(token),
        });
        for at in &self.path {
            if let Some(hop) = self.hops.get_mut(*at) {
                hop.is_used = true;
            }
        }
        true
    }

    /// Takes what is left as components of tokens that lead to each other.
    fn components(&mut self, rows: &[Swap]) {
        let reach = self.reach();
        let leads = |from: usize, to: usize| {
            let bit = u32::try_from(to).ok().and_then(|to| 1_u128.checked_shl(to)).unwrap_or(0);
            reach.get(from).is_some_and(|reached| reached & bit != 0)
        };
        for token in 0..self.tokens.len() {
            let within = |other: usize| leads(token, other) && leads(other, token);
            if !within(token) {
                continue;
            }
            self.path.clear();
            let hops = self.hops.iter().enumerate();
            let inside = |hop: &Hop| !hop.is_used && within(hop.from) && within(hop.to);
            self.path.extend(hops.filter(|(_, hop)| inside(hop)).map(|(at, _)| at));
            let pool = |at: Option<&usize>| {
                let hop = at.and_then(|at| self.hops.get(*at))?;
                rows.get(hop.at).map(|row| row.pool)
            };
            if self.path.len() > 2 && pool(self.path.first()) != pool(self.path.last()) {
                self.take(rows, FindingReason::Component, None);
            }
        }
    }

    /// For each token the tokens that swaps which are left lead to.
    fn reach(&self) -> [u128; TOKENS] {
        let mut reach = [0_u128; TOKENS];
        let bit = |token: usize| u32::try_from(token).ok().and_then(|at| 1_u128.checked_shl(at));
        for hop in self.hops.iter().filter(|hop| !hop.is_used) {
            if let Some((from, to)) = reach.get_mut(hop.from).zip(bit(hop.to)) {
                *from |= to;
            }
        }
        for middle in 0..self.tokens.len() {
            let through = reach.get(middle).copied().unwrap_or(0);
            for from in &mut reach {
                if *from & bit(middle).unwrap_or(0) != 0 {
                    *from |= through;
                }
            }
        }
        reach
    }
}

#[cfg(test)]
#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may stop where it is wrong"
)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(pool: u8, from: u8, to: u8, amounts: (u64, u64)) -> Swap {
        let mut row = Swap::new(0);
        (row.role, row.pool) = (Role::Fill as u8, [pool; 32]);
        (row.mint_in, row.mint_out) = (key(from), key(to));
        (row.amount_in, row.amount_out) = amounts;
        row.present =
            Swap::POOL | Swap::MINT_IN | Swap::MINT_OUT | Swap::AMOUNT_IN | Swap::AMOUNT_OUT;
        row
    }

    /// Token 0 is wrapped SOL.
    fn key(token: u8) -> Key {
        if token == 0 { WSOL } else { [token; 32] }
    }

    fn search(rows: &[Swap]) -> Vec<Atomic> {
        let mut search = Atomics::new();
        search.search(rows);
        search.found
    }

    fn found(rows: &[Swap]) -> Vec<(usize, usize, u16, i128)> {
        search(rows).iter().map(|one| (one.first, one.last, one.hops, one.gross)).collect()
    }

    #[test]
    fn walks_are_taken_shortest_first_and_each_swap_once() {
        let rows = [
            row(1, 0, 1, (100, 50)),
            row(2, 1, 2, (50, 60)),
            row(9, 7, 8, (1, 1)),
            row(3, 2, 0, (60, 103)),
            row(4, 0, 3, (10, 20)),
            row(5, 3, 0, (20, 12)),
        ];
        assert_eq!(found(&rows), [(4, 5, 2, 2), (0, 3, 3, 3)]);
        let all = search(&rows);
        assert_eq!(all[0].confidence, Confidence::High);
        assert_eq!((all[1].mint, all[1].reason), (WSOL, FindingReason::ClosedWalk));
    }

    #[test]
    fn what_gains_nothing_or_costs_another_token_is_none() {
        assert_eq!(found(&[row(1, 0, 1, (100, 50)), row(2, 1, 0, (50, 100))]), []);
        assert_eq!(found(&[row(1, 0, 1, (100, 50)), row(2, 1, 0, (51, 200))]), []);
        let left = [row(1, 0, 1, (100, 50)), row(2, 1, 0, (49, 101))];
        assert_eq!(found(&left), [(0, 1, 2, 1)]);
        assert_eq!(search(&left)[0].confidence, Confidence::Medium, "a unit is left");
        assert_eq!(found(&[row(1, 0, 1, (100, 50)), row(1, 1, 0, (50, 101))]), [], "one pool");
        let turned = [row(2, 1, 0, (50, 101)), row(1, 0, 1, (100, 50))];
        assert_eq!(found(&turned), [(0, 1, 2, 1)], "from inventory, the other way round");
    }

    #[test]
    fn split_swaps_are_one_component() {
        let rows = [
            row(1, 0, 1, (100, 90)),
            row(2, 1, 2, (60, 6)),
            row(3, 1, 3, (30, 3)),
            row(4, 2, 0, (6, 70)),
            row(5, 3, 0, (3, 33)),
        ];
        let all = search(&rows);
        assert_eq!(found(&rows), [(0, 4, 5, 3)]);
        assert_eq!((all[0].reason, all[0].mint), (FindingReason::Component, WSOL));
    }

    #[test]
    fn intents_and_rows_without_tokens_are_left_out() {
        let mut rows = [row(1, 0, 1, (100, 50)), row(2, 1, 0, (50, 101))];
        rows[0].role = Role::Intent as u8;
        assert_eq!(found(&rows), []);
        rows[0] = row(1, 0, 1, (100, 50));
        rows[0].present &= !Swap::MINT_OUT;
        assert_eq!(found(&rows), []);
        assert_eq!(found(&[]), []);
    }

    #[test]
    fn the_most_rows_of_one_token_pair_end_in_time() {
        let rows: Vec<_> = (0..2 * ROWS)
            .map(|at| {
                let from = u8::from(at % 2 == 1);
                row(
                    u8::try_from(at % 251).unwrap(),
                    from,
                    1 - from,
                    (100, 99 + u64::from(from) * 3),
                )
            })
            .collect();
        assert!(found(&rows).len() <= MOST);
    }

    /// All closed walks of length `length` over what is left, the earliest first, by following all.
    fn model(rows: &[Swap]) -> Vec<(usize, usize, u16, i128)> {
        let mut used = vec![false; rows.len()];
        let mut dead = vec![false; rows.len()];
        let mut found = Vec::new();
        for length in 2..=rows.len() {
            for start in 0..rows.len() {
                if used[start] || dead[start] {
                    continue;
                }
                let mut walks = vec![vec![start]];
                for _ in 1..length {
                    walks = walks
                        .iter()
                        .flat_map(|walk| {
                            let end = *walk.last().unwrap();
                            let next = end + 1..rows.len();
                            let next = next
                                .filter(|at| !used[*at] && rows[*at].mint_in == rows[end].mint_out);
                            next.map(|at| [walk.as_slice(), &[at]].concat()).collect::<Vec<_>>()
                        })
                        .collect();
                }
                let closed = |walk: &&Vec<usize>| {
                    let (first, last) = (&rows[walk[0]], &rows[*walk.last().unwrap()]);
                    last.mint_out == first.mint_in && last.pool != first.pool
                };
                // Of equally long ones the one that ends first, and whose hops come first from the end.
                let walk = walks
                    .iter()
                    .filter(closed)
                    .min_by_key(|walk| walk.iter().rev().copied().collect::<Vec<_>>());
                let Some(walk) = walk else { continue };
                let mut nets = std::collections::BTreeMap::<Key, i128>::new();
                for at in walk {
                    *nets.entry(rows[*at].mint_in).or_default() -= i128::from(rows[*at].amount_in);
                    *nets.entry(rows[*at].mint_out).or_default() +=
                        i128::from(rows[*at].amount_out);
                }
                let mints = walk.iter().flat_map(|at| [rows[*at].mint_in, rows[*at].mint_out]);
                let mut token = [rows[start].mint_in, WSOL].into_iter().chain(mints);
                let token = token.find(|mint| nets.get(mint).is_some_and(|net| *net > 0));
                if let Some(token) = token.filter(|_| nets.values().all(|net| *net >= 0)) {
                    let gross = nets[&token];
                    for at in walk {
                        used[*at] = true;
                    }
                    let hops = u16::try_from(walk.len()).unwrap();
                    found.push((walk[0], *walk.last().unwrap(), hops, gross));
                } else {
                    dead[start] = true;
                }
            }
        }
        found
    }

    proptest! {
        #[test]
        fn walks_are_those_of_following_all(
            hops in prop::collection::vec((0_u8..4, 0_u8..4, 0_u8..4, 8_u64..12, 8_u64..12), 0..9),
        ) {
            let hops = hops.iter().filter(|hop| hop.1 != hop.2);
            let rows: Vec<_> = hops.map(|hop| row(hop.0, hop.1, hop.2, (hop.3, hop.4))).collect();
            let walks: Vec<_> = search(&rows)
                .iter()
                .filter(|one| one.reason == FindingReason::ClosedWalk)
                .map(|one| (one.first, one.last, one.hops, one.gross))
                .collect();
            prop_assert_eq!(walks, model(&rows));
        }
    }
}
