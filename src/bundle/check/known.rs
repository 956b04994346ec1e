//! What a check knows beside the bundle: recent blockhashes and lookup tables.

use super::super::recent::Hashes;
use super::super::tables;
use crate::dex::AccountBook;
use crate::ids::{Key, LOOKUP_TABLE};
use crate::record::Slot;
use crate::wire::txn::Lookup;
use std::collections::HashMap;

/// What is known of a blockhash's age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    /// That of a slot.
    Slot(u64),
    /// Of none of the slots in which it would still be valid, all of which are known.
    Foreign,
    /// The stream does not tell.
    Unknown,
}

/// A lookup table as its account says.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) in_use: bool,
    pub(super) extended_slot: u64,
    keys: Vec<Key>,
}

impl Table {
    /// The keys that `lookup` names, writable ones first; `None` for a position beyond the last.
    pub(super) fn keys(&self, lookup: &Lookup<'_>) -> Option<Vec<Key>> {
        let positions = lookup.writable.iter().chain(lookup.readonly);
        positions.map(|at| self.keys.get(usize::from(*at)).copied()).collect()
    }
}

/// Blockhashes and tables.
#[derive(Debug, Default)]
pub(in crate::bundle) struct Known {
    pub(in crate::bundle) hashes: Hashes,
    tables: HashMap<Key, Table>,
}

impl Known {
    /// Takes in the tables among the accounts of `book`.
    pub(in crate::bundle) fn new(book: &AccountBook) -> Self {
        let mut known = Self::default();
        for (key, account) in book.owned_by(&LOOKUP_TABLE) {
            let Some((deactivated, extended_slot, keys)) = tables::read(&account.data) else {
                continue;
            };
            let in_use = deactivated == u64::MAX;
            known.tables.insert(*key, Table { in_use, extended_slot, keys: keys.to_vec() });
        }
        known
    }

    /// Takes in what a slot of the stream ends with.
    pub(in crate::bundle) fn slot(&mut self, slot: &Slot) {
        self.hashes.slot(slot);
    }

    /// The newest complete slot of the stream so far.
    pub(super) fn newest(&self) -> Option<u64> {
        self.hashes.newest()
    }

    /// Which slot ended in `hash`.
    pub(super) fn age(&self, hash: &[u8; 32]) -> Age {
        match self.hashes.slot_of(hash) {
            Some(slot) => Age::Slot(slot),
            None if self.hashes.are_all() => Age::Foreign,
            None => Age::Unknown,
        }
    }

    /// The table `key`, if it is known.
    pub(super) fn table(&self, key: &Key) -> Option<&Table> {
        self.tables.get(key)
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]
mod tests {
    use super::super::super::testdata::ended;
    use super::*;

    fn hash(slot: u64) -> [u8; 32] {
        let mut hash = [1; 32];
        hash[..8].copy_from_slice(&slot.to_le_bytes());
        hash
    }

    #[test]
    fn a_hash_is_foreign_only_when_every_slot_is_known() {
        let mut known = Known::default();
        assert_eq!((known.age(&hash(1)), known.newest()), (Age::Unknown, None));
        for slot in 1000..1150 {
            known.slot(&ended(slot, hash(slot)));
            assert_eq!(known.age(&[9; 32]), Age::Unknown, "{slot}");
        }
        known.slot(&ended(1150, hash(1150)));
        assert_eq!((known.age(&[9; 32]), known.newest()), (Age::Foreign, Some(1150)));
        assert_eq!(known.age(&hash(1000)), Age::Slot(1000));
        // A slot that is missing could have ended in it.
        known.slot(&ended(1152, hash(1152)));
        assert_eq!(known.age(&[9; 32]), Age::Unknown);
        for slot in 2000..2512 {
            known.slot(&ended(slot, hash(slot)));
        }
        assert_eq!((known.age(&hash(1150)), known.hashes.len()), (Age::Foreign, 512));
    }
}
