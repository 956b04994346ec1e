//! Account files into the pools they describe: the first records of a run.

use super::rows::Rows;
use super::tally::{Note, Tally};
use crate::bytes::base58;
use crate::dex::{AccountBook, Found};
use crate::record::Record;
use crate::stream::Sink;

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
