//! Address lookup tables: the keys that a v0 transaction names by position.
//!
//! A table's content comes from its account (`--accounts`: 56 bytes of header, then keys; agave
//! sdk `address-lookup-table` `state.rs`) or is learned from the wire: CreateLookupTable (tag 0)
//! makes a table empty, each ExtendLookupTable (tag 2: keys u64, 32 bytes each) appends. An
//! extension of a table whose content so far is not known teaches nothing, since its positions are
//! not known either. Whether an instruction succeeded is not on the wire; a table that is wrong for
//! that names wrong keys for its own users only.
//!
//! Every table has a chunk of [`KEYS_MAX`] keys in one slab. Tables learned from the wire are
//! bounded: there is room for [`LEARNED_MAX`], reserved at construction, then the oldest goes.

use crate::dex::AccountBook;
use crate::ids::{Key, LOOKUP_TABLE};
use crate::wire::txn::{Instruction, Transaction};
use std::collections::HashMap;

/// Keys in a table at most.
const KEYS_MAX: usize = 256;
/// Tables learned from the wire at most.
const LEARNED_MAX: usize = 1024;
/// Tags of the program's instructions.
const CREATE: [u8; 4] = [0, 0, 0, 0];
const EXTEND: [u8; 4] = [2, 0, 0, 0];
/// Bytes before the keys of a table's account.
const META_LEN: usize = 56;

/// A table's chunk, how much of it is filled, and since which change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Table {
    at: usize,
    len: usize,
    since: u64,
}

/// A change of a table as the wire tells it: the table, and the instruction's data.
pub(in crate::parse) type Change = (Key, Box<[u8]>);

/// What a parser saw of tables that learns nothing by itself: changes, to be made by all who share
/// the work in the same order, and the tables that were looked into, as they were.
#[derive(Debug, Default)]
pub(in crate::parse) struct Heard {
    pub(in crate::parse) changes: Vec<Change>,
    /// By table, the change since which it was as it was; none of an unknown one.
    used: HashMap<Key, Option<u64>>,
}

/// The content of the tables that are known.
#[derive(Debug)]
pub(super) struct Tables {
    tables: HashMap<Key, Table>,
    slab: Vec<Key>,
    /// Tables learned from the wire, as a ring.
    learned: Vec<Key>,
    oldest: usize,
    /// The keys of the transaction resolved last, writable ones first.
    loaded: Vec<Option<Key>>,
    /// Changes that were made.
    changes: u64,
    /// Changes are noted here instead of made.
    heard: Option<Box<Heard>>,
}

impl Default for Tables {
    fn default() -> Self {
        Self {
            tables: HashMap::with_capacity(LEARNED_MAX),
            slab: Vec::with_capacity(LEARNED_MAX * KEYS_MAX),
            learned: Vec::with_capacity(LEARNED_MAX),
            oldest: 0,
            loaded: Vec::with_capacity(KEYS_MAX),
            changes: 0,
            heard: None,
        }
    }
}

impl Tables {
    /// Takes in the lookup tables among `book`.
    pub(super) fn read(&mut self, book: &AccountBook) {
        let owned = book.owned_by(&LOOKUP_TABLE);
        let rest = LEARNED_MAX.saturating_sub(self.learned.len());
        self.tables.reserve(owned.len().saturating_add(rest));
        self.slab.reserve(owned.len().saturating_add(rest).saturating_mul(KEYS_MAX));
        for (key, account) in owned {
            let (keys, _) = account.data.get(META_LEN..).unwrap_or_default().as_chunks();
            let known = self.tables.get(key).map(|table| table.at);
            let at = known.unwrap_or_else(|| self.chunk());
            self.tables.insert(*key, Table { at, len: 0, since: self.changes });
            self.extend(key, keys);
        }
    }

    /// A fresh chunk.
    fn chunk(&mut self) -> usize {
        let at = self.slab.len();
        self.slab.resize(at.saturating_add(KEYS_MAX), [0; 32]);
        at
    }

    /// Appends `keys` to table `key`, if it is known and as far as there is room.
    fn extend(&mut self, key: &Key, keys: &[Key]) {
        let Some(table) = self.tables.get_mut(key) else { return };
        let chunk = self.slab.get_mut(table.at..).unwrap_or_default();
        let free = chunk.iter_mut().take(KEYS_MAX).skip(table.len);
        table.since = self.changes;
        for (to, key) in free.zip(keys) {
            *to = *key;
            table.len = table.len.saturating_add(1);
        }
    }

    /// Resolves the keys of `tx` that lookup tables hold, as far as they are known.
    #[inline]
    pub(super) fn resolve(&mut self, tx: &Transaction<'_>) {
        self.loaded.clear();
        if let Some(heard) = &mut self.heard {
            for lookup in tx.lookups() {
                let since = self.tables.get(lookup.table).map(|table| table.since);
                heard.used.insert(*lookup.table, since);
            }
        }
        if self.tables.is_empty() || tx.lookups().len() == 0 {
            return;
        }
        let Self { tables, slab, loaded, .. } = self;
        for writable in [true, false] {
            for lookup in tx.lookups() {
                let table = tables.get(lookup.table).map(|Table { at, len, .. }| {
                    slab.get(*at..).and_then(|chunk| chunk.get(..*len)).unwrap_or_default()
                });
                let places = if writable { lookup.writable } else { lookup.readonly };
                loaded.extend(
                    places
                        .iter()
                        .map(|place| table.and_then(|keys| keys.get(usize::from(*place)).copied())),
                );
            }
        }
    }

    /// The keys of the transaction resolved last.
    #[inline]
    pub(super) fn loaded(&self) -> &[Option<Key>] {
        &self.loaded
    }

    /// Learns from an instruction of `tx`, if it is one of the lookup table program.
    #[inline]
    pub(super) fn learn(&mut self, program: &Key, tx: &Transaction<'_>, ix: &Instruction<'_>) {
        if *program == LOOKUP_TABLE
            && let Some(table) = ix.accounts.first().and_then(|index| tx.account_key(*index))
        {
            match &mut self.heard {
                Some(heard) => heard.changes.push((*table, ix.data.into())),
                None => self.learn_table(table, ix.data),
            }
        }
    }

    /// From now on changes are noted instead of made.
    pub(super) fn only_hear(&mut self) {
        self.heard = Some(Box::default());
    }

    /// What was noted, and from now on changes are made.
    pub(super) fn heard(&mut self) -> Heard {
        self.heard.take().map(|heard| *heard).unwrap_or_default()
    }

    /// Makes changes that were noted.
    pub(super) fn change(&mut self, changes: &[Change]) {
        for (table, data) in changes {
            self.learn_table(table, data);
        }
    }

    /// Whether whoever noted `heard` saw in every table what is in it here, and what would have been
    /// in it had the changes been made.
    pub(super) fn agrees(&self, heard: &Heard) -> bool {
        let used = |key: &Key| heard.used.contains_key(key);
        let as_it_was = |(key, since): (&Key, &Option<u64>)| {
            self.tables.get(key).map(|table| table.since) == *since
        };
        let created = heard.changes.iter().filter(|(_, data)| data.starts_with(&CREATE)).count();
        let gone = self.learned.len().saturating_add(created).saturating_sub(LEARNED_MAX);
        let oldest = self.learned.iter().cycle().skip(self.oldest).take(gone.min(LEARNED_MAX));
        heard.used.iter().all(as_it_was)
            && !heard.changes.iter().any(|(key, _)| used(key))
            && !oldest.into_iter().any(used)
    }

    fn learn_table(&mut self, table: &Key, data: &[u8]) {
        self.changes = self.changes.saturating_add(1);
        match data.split_first_chunk::<4>() {
            Some((&CREATE, _)) if !self.tables.contains_key(table) => self.create(table),
            Some((&EXTEND, rest)) => {
                let Some((count, keys)) = rest.split_first_chunk() else { return };
                let (keys, _) = keys.as_chunks();
                let count = usize::try_from(u64::from_le_bytes(*count)).unwrap_or(usize::MAX);
                self.extend(table, keys.get(..count).unwrap_or(keys));
            }
            _ => {}
        }
    }

    /// Makes an empty table, in the place of the oldest learned one where there is no other.
    fn create(&mut self, key: &Key) {
        let at = if self.learned.len() < LEARNED_MAX {
            self.learned.push(*key);
            self.chunk()
        } else {
            let Some(place) = self.learned.get_mut(self.oldest) else { return };
            let gone = std::mem::replace(place, *key);
            self.oldest = self.oldest.saturating_add(1) % LEARNED_MAX;
            match self.tables.remove(&gone) {
                Some(table) => table.at,
                None => return,
            }
        };
        self.tables.insert(*key, Table { at, len: 0, since: self.changes });
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;

    fn extension(keys: &[Key]) -> Vec<u8> {
        [&[2, 0, 0, 0][..], &(keys.len() as u64).to_le_bytes(), &keys.concat()].concat()
    }

    fn keys<'a>(tables: &'a Tables, table: &Key) -> &'a [Key] {
        let Table { at, len, .. } = tables.tables[table];
        &tables.slab[at..at + len]
    }

    #[test]
    fn tables_grow_from_their_creation_and_from_accounts() {
        let mut tables = Tables::default();
        tables.learn_table(&[1; 32], &extension(&[[5; 32]]));
        assert!(tables.tables.is_empty(), "what came before is not known");
        tables.learn_table(&[1; 32], &[0; 17]);
        tables.learn_table(&[1; 32], &extension(&[[5; 32], [6; 32]]));
        tables.learn_table(&[1; 32], &extension(&[[7; 32]]));
        assert_eq!(keys(&tables, &[1; 32]), [[5; 32], [6; 32], [7; 32]]);
        tables.learn_table(&[1; 32], &[0; 17]);
        assert_eq!(keys(&tables, &[1; 32]).len(), 3, "a second creation fails on chain");
        let mut book = AccountBook::new();
        let account = [vec![9; META_LEN], [[3; 32], [4; 32]].concat(), vec![1; 31]].concat();
        book.insert([2; 32], LOOKUP_TABLE, account, 5);
        tables.read(&book);
        tables.learn_table(&[2; 32], &extension(&[[8; 32]; 300]));
        assert_eq!(keys(&tables, &[2; 32]).len(), KEYS_MAX);
        assert_eq!(keys(&tables, &[2; 32])[..3], [[3; 32], [4; 32], [8; 32]]);
    }

    #[test]
    fn the_oldest_learned_table_makes_room_and_nothing_is_moved() {
        let mut tables = Tables::default();
        let room = tables.slab.capacity();
        let key = |n: usize| {
            let mut key = [9; 32];
            key[..8].copy_from_slice(&n.to_le_bytes());
            key
        };
        for n in 0..LEARNED_MAX + 2 {
            tables.learn_table(&key(n), &[0; 4]);
            tables.learn_table(&key(n), &extension(&[key(n)]));
        }
        assert_eq!(tables.tables.len(), LEARNED_MAX);
        assert!(!tables.tables.contains_key(&key(1)) && tables.tables.contains_key(&key(2)));
        assert_eq!(keys(&tables, &key(LEARNED_MAX + 1)), [key(LEARNED_MAX + 1)]);
        assert_eq!(tables.slab.capacity(), room);
    }

    #[test]
    fn short_or_foreign_data_teaches_nothing() {
        let mut tables = Tables::default();
        tables.learn_table(&[1; 32], &[0; 4]);
        for data in [&[2, 0, 0, 0][..], &[2, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1], &[1], &[]] {
            tables.learn_table(&[1; 32], data);
        }
        assert!(keys(&tables, &[1; 32]).is_empty());
    }
}
