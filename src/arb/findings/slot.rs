//! The swaps of one slot until the next one begins, then in the order in which they executed.
//!
//! By the number of their transaction in the slot, if every row has one; else as they came.

use crate::record::Swap;

/// Most rows of a slot: a slot of 48 million compute units holds fewer swaps.
pub(super) const SLOT_ROWS: usize = 8192;

/// The rows that wait.
pub(super) struct SlotRows {
    /// Rows, each with the number of its transaction.
    rows: Vec<(Swap, u64)>,
    order: Vec<u32>,
}

impl SlotRows {
    /// Takes all the memory that it will ever use.
    pub(super) fn new() -> Self {
        Self { rows: Vec::with_capacity(SLOT_ROWS), order: Vec::with_capacity(SLOT_ROWS) }
    }

    /// The slot of the rows that wait; `None` when none do.
    pub(super) fn slot(&self) -> Option<u64> {
        self.rows.first().map(|(row, _)| row.slot)
    }

    /// Whether there is room for `count` more.
    pub(super) fn has_room(&self, count: usize) -> bool {
        self.rows.len().saturating_add(count) <= SLOT_ROWS
    }

    /// Takes in a row of transaction `tx`.
    pub(super) fn push(&mut self, row: &Swap, tx: u64) {
        if self.has_room(1) {
            self.rows.push((*row, tx));
        }
    }

    /// Puts the rows in order, and says whether it is the order of the slot.
    pub(super) fn sort(&mut self) -> bool {
        let numbered = self.rows.iter().all(|(row, _)| row.present & Swap::TX_INDEX != 0);
        self.order.clear();
        self.order.extend((0_u32..).take(self.rows.len()));
        if numbered {
            let rows = &self.rows;
            let key = |at: &u32| {
                let found = usize::try_from(*at).ok().and_then(|at| rows.get(at));
                (found.map(|(row, tx)| (row.tx_index, *tx)), *at)
            };
            self.order.sort_unstable_by_key(key);
        }
        numbered
    }

    /// Row `at` in order and the number of its transaction.
    pub(super) fn get(&self, at: usize) -> Option<&(Swap, u64)> {
        let at = usize::try_from(*self.order.get(at)?).ok()?;
        self.rows.get(at)
    }

    /// Forgets them.
    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.order.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(tx_index: Option<u32>, ix_outer: u16) -> Swap {
        let mut row = Swap::new(0);
        (row.ix_outer, row.tx_index) = (ix_outer, tx_index.unwrap_or(0));
        row.present = if tx_index.is_some() { Swap::TX_INDEX } else { 0 };
        row
    }

    fn order(rows: &[(Option<u32>, u16, u64)]) -> (bool, Vec<(u64, u16)>) {
        let mut slot = SlotRows::new();
        for (tx_index, ix_outer, tx) in rows {
            slot.push(&row(*tx_index, *ix_outer), *tx);
        }
        let numbered = slot.sort();
        let rows = (0..rows.len()).map(|at| slot.get(at).unwrap());
        (numbered, rows.map(|(row, tx)| (*tx, row.ix_outer)).collect())
    }

    #[test]
    fn numbers_order_where_all_have_one() {
        let rows = [(Some(7), 1, 1), (Some(7), 0, 1), (Some(3), 5, 2), (Some(7), 2, 3)];
        assert_eq!(order(&rows), (true, vec![(2, 5), (1, 1), (1, 0), (3, 2)]));
        let rows = [(Some(7), 1, 1), (None, 0, 2), (Some(3), 5, 3)];
        assert_eq!(order(&rows), (false, vec![(1, 1), (2, 0), (3, 5)]));
        assert_eq!(order(&[]), (true, vec![]));
    }

    #[test]
    fn the_room_ends() {
        let mut slot = SlotRows::new();
        for _ in 0..=SLOT_ROWS {
            slot.push(&row(None, 0), 1);
        }
        assert_eq!((slot.rows.len(), slot.has_room(1), slot.slot()), (SLOT_ROWS, false, Some(0)));
        slot.clear();
        assert_eq!((slot.slot(), slot.get(0)), (None, None));
    }
}
