//! Account files into the pools they describe: the first records of a run, and, of files that grow,
//! later ones.

use super::rows::Rows;
use super::tally::{Note, Tally};
use crate::bytes::base58;
use crate::dex::{AccountBook, Found};
use crate::ids::Key;
use crate::record::Record;
use crate::stream::Sink;
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64;

/// What was written of pools and of their arrays, so that only what differs is written again.
#[derive(Debug, Default)]
pub struct Told(BTreeMap<[Key; 2], u64>);

impl Told {
    /// Counts all that `book` describes as told.
    pub fn mark(&mut self, book: &AccountBook) {
        book.pools(book.clock(), &mut |found| match found {
            Found::Pool { pool, .. } => {
                self.is_new(&pool.pool, &pool.pool, &[bytemuck::bytes_of(pool)]);
            }
            Found::Ticks { ticks, entries } => {
                let bytes = [bytemuck::bytes_of(ticks), entries.bytes()];
                self.is_new(&ticks.pool, &ticks.array, &bytes);
            }
            Found::Missing { .. } | Found::Refused { .. } => {}
        });
    }

    /// Whether `bytes`, of `of` that belongs to `pool`, were not told yet.
    fn is_new(&mut self, pool: &Key, of: &Key, bytes: &[&[u8]]) -> bool {
        let hash = bytes.iter().fold(0_u64, |all, part| all.rotate_left(1) ^ xxh3_64(part));
        self.0.insert([*pool, *of], hash) != Some(hash)
    }
}

/// Writes what `book` describes otherwise than `told` says was written: states of pools, and arrays.
/// What lacks parts or is refused was named in the beginning, or waits for more accounts.
pub(super) fn write_again(
    book: &AccountBook,
    told: &mut Told,
    rows: &mut Rows,
    tally: &mut Tally,
    out: &mut impl Sink,
) {
    book.pools(book.clock(), &mut |found| match found {
        Found::Pool { pool, .. } => {
            if told.is_new(&pool.pool, &pool.pool, &[bytemuck::bytes_of(pool)]) {
                rows.learn_pool(pool);
                tally.pools += 1;
                out.put(Record::of(pool));
            }
        }
        Found::Ticks { ticks, entries } => {
            let bytes = [bytemuck::bytes_of(ticks), entries.bytes()];
            if told.is_new(&ticks.pool, &ticks.array, &bytes) {
                out.put_parts(ticks, entries.bytes());
            }
        }
        Found::Missing { .. } | Found::Refused { .. } => {}
    });
}

/// Writes the pools and tick arrays of `book`, tells `rows` what it learns, and hands what is
/// wrong with an account to `warn`.
///
/// The clock is the cluster's own, where its account is among them, else unknown: what is written
/// does not depend on when it is written.
pub(super) fn write(
    book: &AccountBook,
    rows: &mut Rows,
    tally: &mut Tally,
    out: &mut impl Sink,
    warn: &mut dyn FnMut(String),
) {
    book.pools(book.clock(), &mut |found| match found {
        Found::Pool { pool, unsupported } => {
            rows.learn_pool(pool);
            tally.pools += 1;
            if let Some(why) = unsupported {
                let pool = base58::Key(&pool.pool);
                warn(format!("pool {pool} is not traded: {}", why.name()));
            }
            out.put(Record::of(pool));
        }
        Found::Ticks { ticks, entries } => out.put_parts(ticks, entries.bytes()),
        Found::Missing { pool, venue, part, key } => {
            tally.note(Note::PoolPartMissing);
            let (pool, key) = (base58::Key(pool), base58::Key(key));
            let venue = venue.name();
            let lack = if part.is_array() { "is not whole" } else { "is left out" };
            warn(format!(
                "{venue} pool {pool} {lack}: its {}, account {key}, is missing",
                part.name()
            ));
        }
        Found::Refused { pool, key, venue, fault } => {
            tally.refuse_account(fault);
            let (pool, key) = (base58::Key(pool), base58::Key(key));
            let (venue, fault) = (venue.name(), fault.name());
            warn(format!("{venue} pool {pool} is left out: account {key}: {fault}"));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{RAYDIUM_AMM_V4, RAYDIUM_CPMM};
    use crate::stream::Arena;

    #[test]
    fn pools_without_their_parts_are_named_and_left_out() {
        let mut book = AccountBook::new();
        let mut amm = vec![0; 752];
        amm.splice(..1, [6]);
        book.insert([1; 32], RAYDIUM_AMM_V4, amm, 5);
        book.insert([2; 32], RAYDIUM_CPMM, vec![9; 637], 5);
        book.insert([3; 32], [9; 32], vec![1; 80], 5);
        let (mut rows, mut tally) = (Rows::default(), Tally::default());
        let (mut arena, mut warnings) = (Arena::with_room(64), Vec::new());
        write(&book, &mut rows, &mut tally, &mut arena, &mut |what| warnings.push(what));
        assert!(arena.is_empty() && tally.pools == 0);
        assert!(!warnings.is_empty());
        assert!(warnings.iter().all(|what| what.contains("is left out: ")), "{warnings:?}");
    }
}
