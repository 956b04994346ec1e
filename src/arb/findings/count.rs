//! What the stage counted: where rows went, what was found, and why a loss is not told.

use crate::arb::book::Applied;
use crate::arb::count::count;
use crate::arb::rows::Taken;
use crate::record::LossUnknown;

/// Why a swap is not looked at for sandwiches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Dropped {
    /// Its slot is not known.
    NoSlot = 0,
    /// Its slot is before one that was looked at.
    OutOfOrder = 1,
    /// Neither it nor its pool's record says which tokens it swaps in which pool.
    NoMints = 2,
    /// It would not have executed in the state of its pool.
    WouldRevert = 3,
}

impl Dropped {
    /// Names by number, as counters show them.
    pub(super) const NAMES: &'static [&'static str] =
        &["no_slot", "out_of_order", "no_mints", "would_revert"];
}

/// Every count since the start.
#[derive(Clone, Copy, Debug, Default)]
pub struct FindingCounters {
    pub(super) swaps: u64,
    pub(super) transactions: u64,
    pub(super) slots: u64,
    pub(super) slots_by_arrival: u64,
    pub(super) slots_split: u64,
    pub(super) gaps: u64,
    pub(super) searched: u64,
    pub(super) strict: u64,
    pub(super) wide: u64,
    pub(super) near_misses: u64,
    pub(super) victims: u64,
    pub(super) victims_untold: u64,
    pub(super) losses: u64,
    pub(super) arbitrages: u64,
    pub(super) window_full: u64,
    pub(super) legs_cut: u64,
    pub(super) overflow: u64,
    rows: [u64; Taken::NAMES.len()],
    dropped: [u64; Dropped::NAMES.len()],
    applied: [u64; Applied::NAMES.len()],
    unknown: [u64; LossUnknown::NAMES.len()],
}

impl FindingCounters {
    pub(super) fn row(&mut self, taken: Taken) {
        count(&mut self.rows, taken as u8);
    }

    pub(super) fn dropped(&mut self, dropped: Dropped) {
        count(&mut self.dropped, dropped as u8);
    }

    pub(super) fn applied(&mut self, applied: Applied) {
        count(&mut self.applied, applied as u8);
    }

    pub(super) fn unknown(&mut self, unknown: LossUnknown) {
        count(&mut self.unknown, unknown as u8);
    }

    /// What came in and what was found.
    pub fn numbers(&self) -> [(&'static str, u64); 16] {
        [
            ("swaps", self.swaps),
            ("transactions", self.transactions),
            ("slots", self.slots),
            ("slots_by_arrival", self.slots_by_arrival),
            ("slots_split", self.slots_split),
            ("gaps", self.gaps),
            ("searched", self.searched),
            ("sandwiches_strict", self.strict),
            ("sandwiches_wide", self.wide),
            ("near_misses", self.near_misses),
            ("victims", self.victims),
            ("victims_untold", self.victims_untold),
            ("losses", self.losses),
            ("atomic_arbitrages", self.arbitrages),
            ("legs_cut", self.legs_cut),
            ("overflow", self.overflow),
        ]
    }

    /// Rows that are no part of any finding, or left the window early, by reason.
    pub fn drops(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let rows = Taken::NAMES.iter().copied().zip(self.rows).skip(1);
        let dropped = Dropped::NAMES.iter().copied().zip(self.dropped);
        rows.chain(dropped).chain([("window_full", self.window_full)])
    }

    /// Records that the book could not use, by reason.
    pub fn states(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Applied::NAMES.iter().copied().zip(self.applied).skip(Applied::DROPPED_FROM)
    }

    /// Sandwiches without a loss, by reason.
    pub fn unknowns(&self) -> impl Iterator<Item = (&'static str, u64)> {
        LossUnknown::NAMES.iter().copied().zip(self.unknown).skip(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_counted_under_its_name() {
        let mut counters = FindingCounters::default();
        counters.row(Taken::Full);
        counters.dropped(Dropped::WouldRevert);
        counters.applied(Applied::ModelError);
        counters.unknown(LossUnknown::TooMany);
        let some = |list: &mut dyn Iterator<Item = (&'static str, u64)>| {
            list.filter(|(_, count)| *count > 0).map(|(name, _)| name).collect::<Vec<_>>()
        };
        assert_eq!(some(&mut counters.drops()), ["rows_full", "would_revert"]);
        assert_eq!(some(&mut counters.states()), ["model_error"]);
        assert_eq!(some(&mut counters.unknowns()), ["too_many"]);
        assert_eq!(Dropped::NAMES.len(), Dropped::WouldRevert as usize + 1);
    }
}
