//! The second set of weights: average rates at a reference size.
//!
//! A tiny pool with a good price wins its pair at the margin and hides a deep one behind it. At a size
//! it does not: the average rate of a pool falls with the amount. A cycle of which every amount at its
//! best size is at least the reference of that token is found here (facts: arb.md section 2.2); only
//! smaller ones can be missed, and those are what the marginal rates are for.
//!
//! The reference of a base token is the size itself; of any other token it is what that last bought in
//! a pool between the two which it moves by less than half: what a tiny pool gives says nothing. A pool
//! between two other tokens waits until both references are known.

use super::book::Book;
use super::decide::{Bench, PoolHop};
use super::detect::Graph;
use super::log2::{SHIFT, floor_log2_q20};
use super::size::Hop;
use crate::dex::Moment;
use crate::ids::Key;
use crate::record::Pool;

/// No pool.
const NONE: u32 = u32::MAX;

/// Behind the last of those that wait.
const LAST: u32 = u32::MAX - 1;

/// A graph of its own, with average rates.
pub(super) struct AtSize {
    pub(super) graph: Graph,
    /// Raw units of each token by its number in the graph; 0 is not known.
    references: Vec<u64>,
    /// The first pool that waits for the reference of each token, and the next one behind each pool.
    waiting: Vec<u32>,
    behind: Vec<u32>,
    lamports: u64,
}

/// What the rates of a pool are made of.
#[derive(Clone, Copy)]
struct View<'a> {
    book: &'a Book,
    now: Moment,
    bases: &'a [Key],
}

impl AtSize {
    /// References worth `lamports` of a base, for as many `tokens` and `pools`.
    pub(super) fn new(graph: Graph, tokens: usize, pools: usize, lamports: u64) -> Self {
        Self {
            graph,
            references: vec![0; tokens],
            waiting: vec![NONE; tokens],
            behind: vec![NONE; pools],
            lamports,
        }
    }

    /// Sets the average rates of pool `number`; which of its directions have to be searched.
    pub(super) fn set(
        &mut self,
        book: &Book,
        number: u32,
        now: Moment,
        bases: &[Key],
    ) -> [bool; 2] {
        let view = View { book, now, bases };
        let Some((pool, _)) = book.state(number) else { return [false; 2] };
        let [token_a, token_b] = self.graph.tokens_of(number);
        for (mint, other, a_to_b) in [(pool.mint_a, token_b, true), (pool.mint_b, token_a, false)] {
            if bases.contains(&mint) {
                self.learn(view, number, other, a_to_b);
            }
        }
        self.rate(view, number)
    }

    /// Takes in what the size buys of token `other` in pool `number`; those that waited for it are
    /// rated.
    fn learn(&mut self, view: View<'_>, number: u32, other: u32, a_to_b: bool) {
        let Some(out) = view.gives(number, a_to_b, self.lamports) else { return };
        let average = floor_log2_q20(&[out.into()], &[self.lamports.into()]);
        let margin = Bench::rate(view.book, number, a_to_b, view.now);
        let moves = average
            .zip(margin)
            .is_none_or(|(average, margin)| average.saturating_add(1 << SHIFT) < margin);
        let Some(held) = self.references.get_mut(other as usize).filter(|_| !moves) else { return };
        *held = out;
        let first = self.waiting.get_mut(other as usize);
        let mut next = first.map_or(NONE, |first| std::mem::replace(first, NONE));
        while let Some(behind) = self.behind.get_mut(next as usize) {
            let pool = std::mem::replace(&mut next, std::mem::replace(behind, NONE));
            self.rate(view, pool);
        }
    }

    /// Sets the rates of a pool, as far as its references are known; else it waits for one.
    fn rate(&mut self, view: View<'_>, number: u32) -> [bool; 2] {
        let Some((pool, _)) = view.book.state(number) else { return [false; 2] };
        let tokens = self.graph.tokens_of(number);
        let amounts = [true, false].map(|a_to_b| self.reference(pool, a_to_b, tokens, view.bases));
        for (amount, token) in amounts.into_iter().zip(tokens) {
            if amount.is_none() && self.wait(number, token) {
                break;
            }
        }
        let mut rates = [None; 2];
        for (rate, (amount, a_to_b)) in rates.iter_mut().zip(amounts.into_iter().zip([true, false]))
        {
            *rate = amount.and_then(|amount| {
                let out = view.gives(number, a_to_b, amount)?;
                floor_log2_q20(&[out.into()], &[amount.into()])
            });
        }
        let [a_to_b, b_to_a] = rates;
        self.graph.set(number, a_to_b, b_to_a)
    }

    /// Lets pool `number` wait for the reference of `token`; whether it waits for that from now on.
    fn wait(&mut self, number: u32, token: u32) -> bool {
        let (Some(first), Some(behind)) =
            (self.waiting.get_mut(token as usize), self.behind.get_mut(number as usize))
        else {
            return false;
        };
        if *behind == NONE {
            let next = std::mem::replace(first, number);
            *behind = if next == NONE { LAST } else { next };
        }
        true // since now, or since before
    }

    /// The reference of the token that goes in.
    fn reference(
        &self,
        pool: &Pool,
        a_to_b: bool,
        [token_a, token_b]: [u32; 2],
        bases: &[Key],
    ) -> Option<u64> {
        let (mint, token) = if a_to_b { (pool.mint_a, token_a) } else { (pool.mint_b, token_b) };
        if bases.contains(&mint) {
            return Some(self.lamports);
        }
        self.references.get(token as usize).copied().filter(|amount| *amount > 0)
    }
}

impl View<'_> {
    /// What `amount` gives in pool `number`, if it is filled whole.
    fn gives(&self, number: u32, a_to_b: bool, amount: u64) -> Option<u64> {
        PoolHop::of(self.book, number, a_to_b, self.now)?.out(amount).ok()
    }
}
