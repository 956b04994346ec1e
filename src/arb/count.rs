//! What the stage counted: where records went, where candidates went, and why.

use super::book::{Applied, ModelChecks};
use super::detect::{Found, Full};
use super::rows::Taken;
use crate::record::Refusal;

/// Every count since the start.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counters {
    pub(super) pools: u64,
    pub(super) ticks: u64,
    pub(super) liquidity: u64,
    pub(super) swaps: u64,
    pub(super) gaps: u64,
    pub(super) transactions: u64,
    pub(super) rolled_back: u64,
    pub(super) stopped: u64,
    pub(super) skipped: u64,
    pub(super) emitted: u64,
    pub(super) crowded_out: u64,
    pub(super) model: ModelChecks,
    pub(super) pools_known: usize,
    pub(super) tokens_known: usize,
    pub(super) pairs_known: usize,
    searched: u64,
    with_candidate: u64,
    cut: u64,
    candidates: u64,
    baseless: u64,
    listed: u64,
    no_rate: u64,
    full: [u64; Full::NAMES.len()],
    rows: [u64; Taken::NAMES.len()],
    applied: [u64; Applied::NAMES.len()],
    refused: [u64; Refusal::NAMES.len()],
}

/// One more.
pub(super) fn more(count: &mut u64) {
    *count = count.saturating_add(1);
}

/// One more of number `at`.
pub(super) fn count(counts: &mut [u64], at: u8) {
    counts.get_mut(usize::from(at)).into_iter().for_each(more);
}

impl Counters {
    /// A record reached the book.
    pub(super) fn applied(&mut self, applied: Applied) {
        count(&mut self.applied, applied as u8);
    }

    /// A row came.
    pub(super) fn row(&mut self, taken: Taken) {
        count(&mut self.rows, taken as u8);
    }

    /// A pool found no room.
    pub(super) fn full(&mut self, full: Option<Full>) {
        if let Some(full) = full {
            count(&mut self.full, full as u8);
        }
    }

    /// A candidate was judged.
    pub(super) fn judged(&mut self, refusal: Refusal) {
        count(&mut self.refused, refusal as u8);
    }

    /// The rates of a pool were taken.
    pub(super) fn rates(&mut self, rates: [Option<i32>; 2]) {
        let missing = rates.iter().filter(|rate| rate.is_none()).count();
        self.no_rate = self.no_rate.saturating_add(u64::try_from(missing).unwrap_or(0));
    }

    /// A search ended.
    pub(super) fn search(&mut self, found: &Found) {
        let listed = u64::try_from(found.list().len()).unwrap_or(u64::MAX);
        self.searched = self.searched.saturating_add(1);
        self.cut = self.cut.saturating_add(u64::from(found.cut));
        self.candidates = self.candidates.saturating_add(u64::from(found.met));
        self.baseless = self.baseless.saturating_add(u64::from(found.baseless));
        self.listed = self.listed.saturating_add(listed);
    }

    /// What was searched at once ended; `before` candidates were found until it began.
    pub(super) fn searched(&mut self, before: u64) {
        self.with_candidate =
            self.with_candidate.saturating_add(u64::from(self.candidates > before));
    }

    /// Candidates found so far.
    pub(super) fn candidates(&self) -> u64 {
        self.candidates
    }

    /// Inputs that led to a candidate, whatever became of it.
    pub fn with_candidate(&self) -> u64 {
        self.with_candidate
    }

    /// How often a candidate ended with `refusal`.
    pub fn refusal(&self, refusal: Refusal) -> u64 {
        self.refused.get(refusal as usize).copied().unwrap_or(0)
    }

    /// Candidates refused, by reason.
    pub fn refused(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Refusal::NAMES.iter().copied().zip(self.refused).skip(1)
    }

    /// Records that changed nothing or made a pool stale, by reason.
    pub fn dropped(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let applied = Applied::NAMES.iter().copied().zip(self.applied).skip(Applied::DROPPED_FROM);
        let rows = Taken::NAMES.iter().copied().zip(self.rows).skip(1);
        let full = Full::NAMES.iter().copied().zip(self.full);
        applied.chain(rows).chain(full)
    }

    /// The funnel, widest first, and what stands beside it.
    pub fn numbers(&self) -> [(&'static str, u64); 22] {
        let known = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        [
            ("swaps", self.swaps),
            ("pools", self.pools),
            ("ticks", self.ticks),
            ("liquidity", self.liquidity),
            ("gaps", self.gaps),
            ("transactions", self.transactions),
            ("rolled_back", self.rolled_back),
            ("stopped", self.stopped),
            ("pools_known", known(self.pools_known)),
            ("tokens_known", known(self.tokens_known)),
            ("pairs_known", known(self.pairs_known)),
            ("model_checked", self.model.checked),
            ("model_wrong", self.model.wrong),
            ("rates_missing", self.no_rate),
            ("searches_skipped", self.skipped),
            ("searches", self.searched),
            ("searches_cut", self.cut),
            ("inputs_with_candidate", self.with_candidate),
            ("candidates", self.candidates),
            ("candidates_without_base", self.baseless),
            ("candidates_judged", self.listed),
            ("opportunities", self.emitted),
        ]
    }

    /// Opportunities that one step had no room for.
    pub fn crowded_out(&self) -> u64 {
        self.crowded_out
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may stop where it is wrong")]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_counted_under_its_name() {
        let mut counters = Counters::default();
        counters.judged(Refusal::FlashLoan);
        counters.judged(Refusal::None);
        counters.applied(Applied::BadTicks);
        counters.applied(Applied::UnknownPool);
        counters.applied(Applied::Changed);
        counters.row(Taken::Full);
        counters.full(Some(Full::Pools));
        counters.full(None);
        let some = |list: &mut dyn Iterator<Item = (&'static str, u64)>| {
            list.filter(|(_, count)| *count > 0).map(|(name, _)| name).collect::<Vec<_>>()
        };
        assert_eq!(some(&mut counters.refused()), ["flash_loan"]);
        assert_eq!(
            some(&mut counters.dropped()),
            ["unknown_pool", "bad_ticks", "rows_full", "pools_full"]
        );
        assert_eq!(counters.refusal(Refusal::None), 1);
    }

    #[test]
    fn tables_of_names_are_complete() {
        assert_eq!(Applied::NAMES.len(), Applied::VaultChange as usize + 1);
        assert_eq!(Applied::NAMES[Applied::DROPPED_FROM], "unknown_pool");
        assert_eq!(Taken::NAMES.len(), Taken::Full as usize + 1);
        assert_eq!(Full::NAMES.len(), Full::Trees as usize + 1);
        assert_eq!(Refusal::NAMES.len(), Refusal::Moment as usize + 1);
    }
}
