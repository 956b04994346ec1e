//! Address lookup tables: which of them a transaction names, and whether a block engine resolves them.
//!
//! | account of a table | |
//! |---|---|
//! | kind | u32@0: 1 |
//! | deactivation slot | u64@4: the highest number while the table is in use |
//! | slot of the last extension | u64@12 |
//! | keys | 32 bytes each, from 56 on; at most 256 |
//!
//! Source: solana-address-lookup-table-interface 3.1 src/state.rs. A bundle's tables are resolved against
//! the root bank (jito-solana core/src/bundle_stage, `test_bundle_alt_resolution_uses_root_bank`), which
//! is some 32 slots behind: what was extended since is not there yet.

use crate::bytes::{u32_at, u64_at};
use crate::dex::AccountBook;
use crate::ids::{JITO_TIP_ACCOUNTS, Key, LOOKUP_TABLE};
use solana_sdk::message::AddressLookupTableAccount;
use solana_sdk::pubkey::Pubkey;
use std::collections::HashSet;

/// Slots by which the root bank is behind at least (agave `MAX_LOCKOUT_HISTORY` is 31 votes).
pub const ROOT_LAG_SLOTS: u64 = 32;
/// Keys in a table at most.
const KEYS_MAX: usize = 256;
/// Bytes before the keys.
const META_LEN: usize = 56;
/// Stands in a table for what must not be looked up there.
const MASKED: Key = [0xff; 32];
/// Bytes that naming a table costs: its key and two counts.
const TABLE_COST: usize = 34;
/// Bytes that a key costs less when it is looked up: 32 for one.
const KEY_GAIN: usize = 31;

/// One table in use.
#[derive(Clone, Debug)]
struct Table {
    account: AddressLookupTableAccount,
    keys: HashSet<Key>,
    extended_slot: u64,
}

/// What became of the accounts of the table files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableCounts {
    /// Tables that can be used.
    pub used: usize,
    /// Tables that are not, or no longer, in use.
    pub deactivated: usize,
    /// Accounts of the program that are no tables.
    pub damaged: usize,
}

/// The tables that transactions may name.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    tables: Vec<Table>,
    counts: TableCounts,
}

impl Tables {
    /// The lookup tables among the accounts of `book`, in the order of their keys.
    pub fn of(book: &AccountBook) -> Self {
        let mut tables = Self::default();
        for (key, account) in book.owned_by(&LOOKUP_TABLE) {
            match read(&account.data) {
                Some((u64::MAX, extended_slot, keys)) => {
                    tables.tables.push(Table::new(key, extended_slot, keys));
                    tables.counts.used = tables.counts.used.saturating_add(1);
                }
                Some(_) => {
                    tables.counts.deactivated = tables.counts.deactivated.saturating_add(1);
                }
                None => tables.counts.damaged = tables.counts.damaged.saturating_add(1),
            }
        }
        tables.tables.sort_unstable_by_key(|table| table.account.key);
        tables
    }

    /// What was found.
    pub fn counts(&self) -> TableCounts {
        self.counts
    }

    /// The tables to name for `wanted`, the keys that may be looked up, in a transaction to land in
    /// `slot`: one after the other that which saves most of what is left, while it saves anything.
    pub(super) fn choose(
        &self,
        wanted: &HashSet<Key>,
        slot: u64,
    ) -> Vec<AddressLookupTableAccount> {
        let (mut wanted, mut chosen) = (wanted.clone(), Vec::new());
        loop {
            let usable = self.tables.iter().filter(|table| !table.is_young(slot));
            let best = usable.max_by_key(|table| (table.gain(&wanted), reversed(table)));
            let Some(best) = best.filter(|table| table.gain(&wanted) > 0) else { return chosen };
            wanted.retain(|key| !best.keys.contains(key));
            chosen.push(best.account.clone());
        }
    }

    /// Whether a table would make a transaction of the keys `wanted` smaller that is too young in `slot`.
    pub(super) fn lacks_young(&self, wanted: &HashSet<Key>, slot: u64) -> bool {
        self.tables.iter().any(|table| table.is_young(slot) && table.gain(wanted) > 0)
    }
}

/// So that of equals the first is the greatest.
fn reversed(table: &Table) -> std::cmp::Reverse<Pubkey> {
    std::cmp::Reverse(table.account.key)
}

impl Table {
    fn new(key: &Key, extended_slot: u64, keys: &[Key]) -> Self {
        // docs.jito.wtf: a tip account must not stand in a lookup table.
        let masked = keys.iter().map(|key| {
            let is_tip = JITO_TIP_ACCOUNTS.contains(key);
            if is_tip { MASKED } else { *key }
        });
        let masked: Vec<Key> = masked.collect();
        let addresses = masked.iter().map(|key| Pubkey::new_from_array(*key)).collect();
        let key = Pubkey::new_from_array(*key);
        let account = AddressLookupTableAccount { key, addresses };
        Self { account, keys: masked.into_iter().collect(), extended_slot }
    }

    fn is_young(&self, slot: u64) -> bool {
        self.extended_slot.saturating_add(ROOT_LAG_SLOTS) > slot
    }

    /// Bytes that a transaction of the keys `wanted` is smaller with it.
    fn gain(&self, wanted: &HashSet<Key>) -> usize {
        let held = wanted.iter().filter(|key| self.keys.contains(*key)).count();
        held.saturating_mul(KEY_GAIN).saturating_sub(TABLE_COST)
    }
}

/// Deactivation slot, slot of the last extension, and keys of a table's account.
pub(super) fn read(data: &[u8]) -> Option<(u64, u64, &[Key])> {
    u32_at(data, 0).filter(|kind| *kind == 1)?;
    let (keys, rest) = data.get(META_LEN..)?.as_chunks();
    if !rest.is_empty() || keys.len() > KEYS_MAX {
        return None;
    }
    Some((u64_at(data, 4)?, u64_at(data, 12)?, keys))
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]
pub(super) mod tests {
    use super::*;

    /// A table's account in use, last extended in `slot`.
    pub(in super::super) fn account(slot: u64, keys: &[Key]) -> Vec<u8> {
        let mut data = vec![0; META_LEN];
        data[0] = 1;
        data[4..12].copy_from_slice(&u64::MAX.to_le_bytes());
        data[12..20].copy_from_slice(&slot.to_le_bytes());
        data.extend(keys.iter().flatten());
        data
    }

    fn keys(numbers: std::ops::Range<u8>) -> Vec<Key> {
        numbers.map(|number| [number; 32]).collect()
    }

    fn names(chosen: &[AddressLookupTableAccount]) -> Vec<u8> {
        chosen.iter().map(|table| table.key.to_bytes()[0]).collect()
    }

    #[test]
    fn an_account_is_read_as_the_chain_writes_it() {
        // `ProgramState::LookupTable(LookupTableMeta)` by bincode: the slots, the index at which the last
        // extension begins, the authority, and padding to 56 bytes.
        let meta = (1u32, u64::MAX, 77u64, 0u8, Some([9u8; 32]), 0u16);
        let mut data = bincode::serialize(&meta).unwrap();
        data.extend(keys(1..4).iter().flatten());
        assert_eq!(read(&data), Some((u64::MAX, 77, keys(1..4).as_slice())));
        assert_eq!(account(77, &keys(1..4))[..20], data[..20]);
        for len in 0..META_LEN {
            assert_eq!(read(&data[..len]), None);
        }
        assert_eq!(read(&data[..data.len() - 1]), None);
        let mut other = data;
        other[0] = 0;
        assert_eq!(read(&other), None);
        assert_eq!(read(&account(0, &vec![[1; 32]; 257])), None);
    }

    #[test]
    fn tables_are_chosen_by_what_they_save() {
        let mut book = AccountBook::new();
        // 0xa2 holds most, 0xa1 three that 0xa2 does not, 0xa3 one that is left: not worth its place.
        book.insert([0xa1; 32], LOOKUP_TABLE, account(5, &keys(6..12)), 0);
        book.insert([0xa2; 32], LOOKUP_TABLE, account(5, &keys(0..9)), 0);
        book.insert([0xa3; 32], LOOKUP_TABLE, account(5, &keys(12..13)), 0);
        book.insert([0xa4; 32], LOOKUP_TABLE, account(100, &keys(0..13)), 0);
        book.insert([0xa6; 32], LOOKUP_TABLE, vec![1; 7], 0);
        let mut old = account(5, &keys(0..13));
        old[4..12].copy_from_slice(&9u64.to_le_bytes());
        book.insert([0xa5; 32], LOOKUP_TABLE, old, 0);
        let tables = Tables::of(&book);
        assert_eq!(tables.counts(), TableCounts { used: 4, deactivated: 1, damaged: 1 });
        let wanted: HashSet<Key> = keys(0..13).into_iter().collect();
        assert_eq!(names(&tables.choose(&wanted, 131)), [0xa2, 0xa1]);
        assert!(tables.lacks_young(&wanted, 131));
        // One slot later the young one is there, which holds all.
        assert_eq!(names(&tables.choose(&wanted, 132)), [0xa4]);
        assert!(!tables.lacks_young(&wanted, 132));
        // None of them is 32 slots old.
        assert_eq!(names(&tables.choose(&wanted, 36)), [0u8; 0]);
        let one: HashSet<Key> = keys(0..1).into_iter().collect();
        assert_eq!(names(&tables.choose(&one, 1000)), [0u8; 0], "two keys at least");
    }

    #[test]
    fn a_tip_account_is_never_looked_up() {
        let mut book = AccountBook::new();
        book.insert([0xa1; 32], LOOKUP_TABLE, account(5, &JITO_TIP_ACCOUNTS), 0);
        let tables = Tables::of(&book);
        let wanted: HashSet<Key> = JITO_TIP_ACCOUNTS.into_iter().collect();
        assert_eq!(names(&tables.choose(&wanted, 1000)), [0u8; 0]);
        assert_eq!(tables.tables[0].account.addresses.len(), 8, "positions stay");
    }
}
