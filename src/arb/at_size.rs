//! The second set of weights: average rates at a reference size.
//!
//! A tiny pool with a good price wins its pair at the margin and hides a deep one behind it. At a size
//! it does not: the average rate of a pool falls with the amount. A cycle of which every amount at its
//! best size is at least the reference of that token is found here (facts: arb.md section 2.2); only
//! smaller ones can be missed, and those are what the marginal rates are for.
//!
//! The reference of a base token is the size itself; of any other token it is what that last bought in
//! a pool between the two.

use super::book::Book;
use super::detect::{Found, Graph};
use super::log2::floor_log2_q20;
use crate::dex::{Moment, quote_in};
use crate::ids::Key;
use crate::record::Pool;

/// A graph of its own, with average rates.
pub(super) struct AtSize {
    pub(super) graph: Graph,
    /// Raw units of each token by its number in the graph; 0 is not known.
    references: Vec<u64>,
    lamports: u64,
}

impl AtSize {
    /// References for as many `tokens`, worth `lamports` of a base.
    pub(super) fn new(graph: Graph, tokens: usize, lamports: u64) -> Self {
        Self { graph, references: vec![0; tokens], lamports }
    }

    /// Sets the average rates of pool `number`; which of its directions have to be searched.
    pub(super) fn set(
        &mut self,
        book: &Book,
        number: u32,
        now: Moment,
        bases: &[Key],
    ) -> [bool; 2] {
        let Some((pool, _)) = book.state(number) else { return [false; 2] };
        let around = book.around(number, now);
        let gives = |a_to_b: bool, amount: u64| {
            quote_in(pool, around, a_to_b, amount).ok().filter(|quote| quote.complete)
        };
        let [token_a, token_b] = self.graph.tokens_of(number);
        for (mint, other, a_to_b) in [(pool.mint_a, token_b, true), (pool.mint_b, token_a, false)] {
            if bases.contains(&mint)
                && let Some(quote) = gives(a_to_b, self.lamports)
                && let Some(held) = self.references.get_mut(other as usize)
            {
                *held = quote.amount_out;
            }
        }
        let rates = [true, false].map(|a_to_b| {
            let amount = self.reference(pool, a_to_b, [token_a, token_b], bases)?;
            let out = gives(a_to_b, amount)?.amount_out;
            floor_log2_q20(&[out.into()], &[amount.into()])
        });
        let [a_to_b, b_to_a] = rates;
        self.graph.set(number, a_to_b, b_to_a)
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

    /// Adds the best cycles through a pool to `found`.
    pub(super) fn search(&mut self, number: u32, a_to_b: bool, found: &mut Found) {
        self.graph.search(number, a_to_b, found);
    }
}
