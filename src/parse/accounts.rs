//! Account files into the pools they describe: the first records of a run.

use super::mints::Mints;
use super::tally::Tally;
use crate::bytes::base58;
use crate::dex::{AccountBook, Clock, Found};
use crate::record::Record;
use crate::stream::Sink;

/// Writes the pools and tick arrays of `book`, tells `mints` what it learns, and hands what is
/// wrong with an account to `warn`.
///
/// The clock is left unknown: what is written does not depend on when it is written.
pub(super) fn write(
    book: &AccountBook,
    mints: &mut Mints,
    tally: &mut Tally,
    out: &mut impl Sink,
    warn: &mut dyn FnMut(String),
) {
    book.pools(Clock::default(), &mut |found| match found {
        Found::Pool { pool, unsupported } => {
            mints.learn(pool);
            tally.pools += 1;
            if let Some(why) = unsupported {
                let pool = base58::Key(&pool.pool);
                warn(format!("pool {pool} is not traded: {}", why.name()));
            }
            out.put(Record::of(pool));
        }
        Found::Ticks { ticks, entries } => out.put_parts(ticks, bytemuck::cast_slice(entries)),
        Found::Missing { pool, venue, part, key } => {
            let (pool, key) = (base58::Key(pool), base58::Key(key));
            let (venue, part) = (venue.name(), part.name());
            warn(format!("{venue} pool {pool} is left out: its {part}, account {key}, is missing"));
        }
        Found::Refused { pool, key, venue, fault } => {
            tally.refuse_account(fault);
            let (pool, key) = (base58::Key(pool), base58::Key(key));
            let (venue, fault) = (venue.name(), fault.name());
            warn(format!("{venue} pool {pool} is left out: account {key}: {fault}"));
        }
    });
}
