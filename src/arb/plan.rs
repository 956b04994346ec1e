//! Several cycles for one trigger: the best, then the best on what it leaves, up to five.
//!
//! A bundle holds five transactions, so a plan has five cycles at most. Each is judged, sized and
//! costed on the state that those before it leave; the states are put back afterwards. What all of
//! them gain stands beside what any trades in the same pools could gain at most ([`Dual`]).

use super::book::Book;
use super::decide::{Judged, PoolHop, judge};
use super::detect::Candidate;
use super::dual::{Dual, TOKENS};
use super::engine::Options;
use super::guard::Progress;
use super::size::{Hop, curves};
use crate::dex::{Moment, Order};
use crate::ids::Key;
use crate::record::{Opportunity, Refusal};

/// Transactions of a bundle.
pub(super) const MOST: usize = 5;

/// Candidates of one trigger that a plan is made of.
const CANDIDATES: usize = 32;

/// Pools that one bound looks at, and pieces of their curves.
const POOLS: usize = 20;
const PIECES: usize = 1024;

/// Makes plans.
pub(super) struct Planner {
    candidates: Vec<Candidate>,
    plan: Vec<Opportunity>,
    dual: Dual,
    pools: Vec<u32>,
    tokens: Vec<Key>,
}

impl Planner {
    /// Takes all the memory that it will ever use.
    pub(super) fn new() -> Self {
        Self {
            candidates: Vec::with_capacity(CANDIDATES),
            plan: Vec::with_capacity(MOST),
            dual: Dual::new(POOLS.saturating_mul(2), PIECES),
            pools: Vec::with_capacity(POOLS),
            tokens: Vec::with_capacity(TOKENS),
        }
    }

    /// A trigger begins.
    pub(super) fn clear(&mut self) {
        self.candidates.clear();
        self.plan.clear();
    }

    /// Takes in a cycle that the trigger opened.
    pub(super) fn remember(&mut self, candidate: &Candidate) {
        if self.candidates.len() < CANDIDATES && !self.candidates.contains(candidate) {
            self.candidates.push(*candidate);
        }
    }

    /// The plan of at most `most` cycles; the book is as it was afterwards.
    pub(super) fn make(
        &mut self,
        book: &mut Book,
        options: &Options,
        progress: Progress,
        most: usize,
    ) -> &mut [Opportunity] {
        let now = progress.now();
        let bound = self.bound(book, now);
        book.suppose();
        while self.plan.len() < most.min(MOST) {
            let Some((candidate, record)) = self.best(book, options, progress) else { break };
            if !trade(book, &candidate, &record, now) {
                break;
            }
            self.plan.push(record);
        }
        book.roll_back();
        let gross: u64 = self.plan.iter().fold(0, |sum, one| sum.saturating_add_signed(one.gross));
        let count = u8::try_from(self.plan.len()).unwrap_or(0);
        for (record, index) in self.plan.iter_mut().zip(0_u16..) {
            (record.plan_index, record.plan_count) = (index, count);
            if let Some(bound) = bound.filter(|bound| *bound > 0) {
                record.plan_bound = bound;
                let ppm = u128::from(gross).saturating_mul(1_000_000).checked_div(bound.into());
                record.captured_ppm = ppm.and_then(|ppm| u32::try_from(ppm).ok()).unwrap_or(0);
                record.present |= Opportunity::PLAN;
            }
        }
        &mut self.plan
    }

    /// The candidate with the largest net in the present states.
    fn best(
        &self,
        book: &Book,
        options: &Options,
        progress: Progress,
    ) -> Option<(Candidate, Opportunity)> {
        let mut best: Option<(Candidate, Opportunity)> = None;
        for candidate in &self.candidates {
            let Judged { record, refusal } = judge(candidate, book, options, progress);
            let better = best.as_ref().is_none_or(|(_, held)| held.net < record.net);
            if refusal == Refusal::None && better {
                best = Some((*candidate, record));
            }
        }
        best
    }

    /// What any trades in the pools of the candidates can gain at most, of what is loaded of them;
    /// `None` when they are too many or one has no closed form.
    fn bound(&mut self, book: &Book, now: Moment) -> Option<u64> {
        self.dual.clear();
        self.pools.clear();
        self.tokens.clear();
        let first = self.candidates.first()?.steps().first()?;
        let (pool, _) = book.state(first.pool)?;
        self.tokens.push(if first.a_to_b { pool.mint_a } else { pool.mint_b });
        let mut shift = 0;
        for step in self.candidates.iter().flat_map(Candidate::steps) {
            if !self.pools.contains(&step.pool) {
                (self.pools.len() < POOLS).then_some(())?;
                self.pools.push(step.pool);
                let hop = PoolHop::of(book, step.pool, true, now)?;
                shift = shift.max(super::size::shift_of(&hop)?);
            }
        }
        for at in 0..self.pools.len() {
            let number = *self.pools.get(at)?;
            let (pool, _) = book.state(number)?;
            let numbers = [&pool.mint_a, &pool.mint_b].map(|mint| self.token(mint));
            let [Some(a), Some(b)] = numbers else { return None };
            for a_to_b in [true, false] {
                let hop = PoolHop::of(book, number, a_to_b, now)?;
                if hop.is_smooth() {
                    return None;
                }
                let (from, to) = if a_to_b { (a, b) } else { (b, a) };
                self.dual.add(from, to, curves(&hop, shift)).then_some(())?;
            }
        }
        self.dual.bound(shift)
    }

    /// The number of a token, a new one for a new token.
    fn token(&mut self, mint: &Key) -> Option<usize> {
        if let Some(at) = self.tokens.iter().position(|held| held == mint) {
            return Some(at);
        }
        (self.tokens.len() < TOKENS).then(|| {
            self.tokens.push(*mint);
            self.tokens.len().saturating_sub(1)
        })
    }
}

/// Trades the cycle; false when a pool answers otherwise than it was quoted.
fn trade(book: &mut Book, candidate: &Candidate, record: &Opportunity, now: Moment) -> bool {
    let (from, to) = (record.amounts.iter(), record.amounts.iter().skip(1));
    candidate.steps().iter().zip(from.zip(to)).all(|(step, (amount_in, amount_out))| {
        let order = Order::exact_in(step.a_to_b, *amount_in);
        book.trade(step.pool, &order, now).is_ok_and(|quote| quote.amount_out == *amount_out)
    })
}
