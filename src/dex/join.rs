//! Joins pools whose own account names both vaults and both mints: what such venues share.

use super::accounts::{
    Account, AccountBook, AccountFault, Clock, Found, Out, Part, PoolKeys, Unsupported, with_mints,
};
use crate::bytes::key_at;
use crate::ids::{Key, TOKEN, Venue};
use crate::record::{Pool, PoolStatus};

/// `fee_side` of a record: the fee is always taken of b.
pub(super) const FEE_IN_B: u8 = 2;
/// `fee_side` of a record: the fee is taken of the output.
pub(super) const FEE_OF_OUTPUT: u8 = 3;

impl<'a> PoolKeys<'a> {
    /// The keys of the pool `pool`, whose account `data` has them at `mints` and `vaults`; `None`
    /// when it ends before.
    pub(super) fn at(
        pool: &'a Key,
        venue: Venue,
        data: &'a [u8],
        mints: [usize; 2],
        vaults: [usize; 2],
    ) -> Option<Self> {
        let both = |[a, b]: [usize; 2]| Some([key_at(data, a)?, key_at(data, b)?]);
        let program = *venue.programs().first()?;
        Some(Self { pool, program, venue, mints: both(mints)?, vaults: both(vaults)? })
    }
}

/// What a venue does with one of its accounts: refuses it, or leaves it aside, or joins it.
type OfAccount<'f> = dyn FnMut(&Key, &Account, &mut Out<'_>) -> Result<(), AccountFault> + 'f;

/// Asks `of` about every account of the venue's program, in order of their keys.
pub(super) fn each(book: &AccountBook, venue: Venue, out: &mut Out<'_>, of: &mut OfAccount<'_>) {
    for program in venue.programs() {
        for (key, account) in book.owned_by(program) {
            if let Err(fault) = of(key, account, out) {
                out(Found::Refused { pool: key, key, venue, fault });
            }
        }
    }
}

/// Joins one pool with its vaults and mints; `fill` adds what is the venue's own and says what is
/// not modelled. A frozen vault switches the pool off. Gives the record that was handed over.
pub(super) fn pool(
    book: &AccountBook,
    clock: Clock,
    keys: &PoolKeys<'_>,
    slot: u64,
    out: &mut Out<'_>,
    fill: impl FnOnce(&mut Pool) -> Result<Option<Unsupported>, AccountFault>,
) -> Option<Pool> {
    let parts = [
        (Part::VaultA, keys.vaults[0]),
        (Part::VaultB, keys.vaults[1]),
        (Part::MintA, keys.mints[0]),
        (Part::MintB, keys.mints[1]),
    ];
    let complete = book.complete(keys.pool, keys.venue, &parts, out);
    complete.then(|| emit(book, clock, keys, slot, out, fill))?
}

/// The same for a venue whose price needs no decimals: a mint of SPL Token, which says nothing else,
/// may be missing.
pub(super) fn lean_pool(
    book: &AccountBook,
    clock: Clock,
    keys: &PoolKeys<'_>,
    slot: u64,
    out: &mut Out<'_>,
    fill: impl FnOnce(&mut Pool) -> Result<Option<Unsupported>, AccountFault>,
) -> Option<Pool> {
    let mut parts = vec![(Part::VaultA, keys.vaults[0]), (Part::VaultB, keys.vaults[1])];
    let mints = [(Part::MintA, keys.mints[0]), (Part::MintB, keys.mints[1])];
    let plain = |vault| book.get(vault).is_some_and(|account| account.owner == TOKEN);
    parts.extend(mints.into_iter().zip(keys.vaults).filter(|(_, v)| !plain(v)).map(|x| x.0));
    let complete = book.complete(keys.pool, keys.venue, &parts, out);
    complete.then(|| emit(book, clock, keys, slot, out, fill))?
}

fn emit(
    book: &AccountBook,
    clock: Clock,
    keys: &PoolKeys<'_>,
    slot: u64,
    out: &mut Out<'_>,
    fill: impl FnOnce(&mut Pool) -> Result<Option<Unsupported>, AccountFault>,
) -> Option<Pool> {
    let joined = joined(book, clock, keys, slot, fill);
    hand_over(keys.pool, keys.venue, &joined, out);
    joined.ok().map(|(pool, _)| pool)
}

/// Hands over what joining the pool `key` made: the pool, or which of its accounts is at fault.
pub(super) fn hand_over(key: &Key, venue: Venue, joined: &Joined, out: &mut Out<'_>) {
    match joined {
        Ok((pool, unsupported)) => out(Found::Pool { pool, unsupported: *unsupported }),
        Err((part, fault)) => {
            out(Found::Refused { pool: key, key: part, venue, fault: *fault });
        }
    }
}

/// A pool and what of it is not modelled, or which account is at fault.
pub(super) type Joined = Result<(Pool, Option<Unsupported>), (Key, AccountFault)>;

/// One pool of which all four parts are at hand: [`pool`] without the naming of what is missing.
pub(super) fn joined(
    book: &AccountBook,
    clock: Clock,
    keys: &PoolKeys<'_>,
    slot: u64,
    fill: impl FnOnce(&mut Pool) -> Result<Option<Unsupported>, AccountFault>,
) -> Joined {
    if keys.mints[0] == keys.mints[1] {
        return Err((*keys.pool, AccountFault::SameMint));
    }
    let side = |vault: &Key, mint: &Key| {
        let held = book.vault(vault, mint).map_err(|fault| (*vault, fault))?;
        let there = book.get(mint).map(|_| book.mint(mint, clock));
        Ok((held, there.transpose().map_err(|fault| (*mint, fault))?))
    };
    let (vault_a, mint_a) = side(keys.vaults[0], keys.mints[0])?;
    let (vault_b, mint_b) = side(keys.vaults[1], keys.mints[1])?;
    let slots = [slot, vault_a.slot, vault_b.slot];
    let mut pool = keys.record(slots, [vault_a.amount, vault_b.amount]);
    if let (Some(a), Some(b)) = (mint_a, mint_b) {
        (pool.decimals_a, pool.decimals_b) = (a.decimals, b.decimals);
        pool.present |= Pool::DECIMALS | Pool::DECIMALS_B;
    }
    let unsupported = fill(&mut pool).map_err(|fault| (*keys.pool, fault))?;
    if vault_a.frozen || vault_b.frozen {
        pool.status = PoolStatus::Disabled as u8;
    }
    let unsupported = with_mints(&mut pool, [mint_a, mint_b], unsupported);
    Ok((pool, unsupported))
}

/// From when a pool takes swaps: the point `at`, Unix seconds if `by_time`, else a slot. `slot` is
/// that of the pool's account.
pub(super) fn opens(pool: &mut Pool, by_time: bool, at: u64, slot: u64, clock: Clock) {
    let waits = if by_time {
        pool.open_time = at;
        pool.present |= Pool::OPEN_TIME;
        clock.unix_s.is_some_and(|now| now < at)
    } else {
        slot != 0 && slot < at
    };
    if waits {
        pool.status = PoolStatus::Waiting as u8;
    }
}
