//! Tick array accounts, of fixed and of growing length.
//!
//! | layout | bytes | fields |
//! |---|---|---|
//! | TickArray | 9988 | start i32@8, 88 ticks of 113 bytes @12, pool @9956 |
//! | DynamicTickArray | 148 + 112 for each initialised tick | start i32@8, pool @12, bitmap u128@44, 88 ticks @60, each 1 byte, or 113 when initialised |
//!
//! A tick is initialised u8@0, liquidity_net i128@1, then what swaps do not read.

use crate::bytes::{Cursor, i32_at, i128_at, key_at, u8_at, u128_at};
use crate::ids::{Key, Venue};
use crate::record::{Pool, Tick, Ticks};

use super::super::accounts::{Account, AccountBook, AccountFault, Entries, Found, Out};
use super::tick::{TICK_MAX, TICK_MIN};
use super::{ARRAY_TICKS, tick_array_address};

pub(super) const FIXED: [u8; 8] = [0x45, 0x61, 0xbd, 0xbe, 0x6e, 0x07, 0x42, 0xbb];
pub(super) const DYNAMIC: [u8; 8] = [0x11, 0xd8, 0xf6, 0x8e, 0xe1, 0xc7, 0xda, 0x38];
const FIXED_LEN: usize = 9988;
const TICK_LEN: usize = 113;
/// Ticks with a place in an array.
const PLACES: usize = 88;

/// The initialised ticks of one array and their number.
type Places = ([Tick; PLACES], usize);

/// Every tick array by pool and start.
pub(super) struct ArrayIndex<'a>(Vec<(&'a Key, i32, &'a Key, &'a Account)>);

impl<'a> ArrayIndex<'a> {
    /// Sorts the tick arrays among `owned`; one too short to say what it is part of is refused.
    pub(super) fn new(owned: &[(&'a Key, &'a Account)], out: &mut Out<'_>) -> Self {
        let mut arrays = Vec::new();
        for (key, account) in owned {
            let data = &account.data;
            let pool_at = match data.first_chunk() {
                Some(&FIXED) => 9956,
                Some(&DYNAMIC) => 12,
                _ => continue,
            };
            if let (Some(pool), Some(start)) = (key_at(data, pool_at), i32_at(data, 8)) {
                arrays.push((pool, start, *key, *account));
            } else {
                let (venue, fault) = (Venue::OrcaWhirlpool, AccountFault::WrongLen);
                out(Found::Refused { pool: key, key, venue, fault });
            }
        }
        arrays.sort_unstable_by_key(|(pool, start, key, _)| (*pool, *start, *key));
        Self(arrays)
    }

    /// The arrays of `pool`, lowest first. Arrays near the price that are known not to exist are
    /// among them, without an account: they hold no liquidity.
    pub(super) fn of(
        &self,
        book: &AccountBook,
        pool: &Pool,
    ) -> Vec<(i32, Key, Option<&'a Account>)> {
        let first = self.0.partition_point(|(of, ..)| **of < pool.pool);
        let own = self.0.get(first..).unwrap_or_default();
        let mut arrays: Vec<_> = own
            .iter()
            .take_while(|(of, ..)| **of == pool.pool)
            .map(|(_, start, key, account)| (*start, **key, Some(*account)))
            .collect();
        if book.knows_absent() {
            for start in around(pool) {
                if arrays.iter().all(|(known, ..)| *known != start) {
                    let key = tick_array_address(&pool.pool, start);
                    if book.is_absent(&key) {
                        arrays.push((start, key, None));
                    }
                }
            }
            arrays.sort_unstable_by_key(|(start, key, _)| (*start, *key));
        }
        arrays
    }
}

/// Starts of the arrays that a swap can reach from the price on either side.
fn around(pool: &Pool) -> impl Iterator<Item = i32> + use<> {
    let span = i64::from(ARRAY_TICKS).saturating_mul(i64::from(pool.tick_spacing));
    let tick = i64::from(pool.tick);
    let base = tick.saturating_sub(tick.checked_rem_euclid(span).unwrap_or(0));
    let starts = (-3i64..=3).map(move |n| base.saturating_add(n.saturating_mul(span)));
    let below = i64::from(TICK_MIN).saturating_sub(span);
    starts
        .filter(move |start| *start > below && *start <= i64::from(TICK_MAX))
        .filter_map(|start| i32::try_from(start).ok())
}

/// The record of one array; of an array without an account an empty one.
pub(super) fn read(
    pool: &Pool,
    start: i32,
    key: &Key,
    account: Option<&Account>,
) -> Result<(Ticks, [Tick; PLACES], usize), AccountFault> {
    let spacing = i32::from(pool.tick_spacing);
    let span = ARRAY_TICKS.checked_mul(spacing).ok_or(AccountFault::TickSpacing)?;
    // state/tick.rs `check_is_valid_start_tick`: a multiple of the span that reaches the tick range.
    let placed = start.checked_rem(span) == Some(0)
        && start <= TICK_MAX
        && start.checked_add(span).is_some_and(|end| end > TICK_MIN);
    if !placed {
        return Err(AccountFault::Tick);
    }
    let (entries, count) = match account {
        Some(account) => entries(&account.data, start, spacing)?,
        None => ([EMPTY; PLACES], 0),
    };
    let mut ticks = Ticks::new(0);
    ticks.head.flags = Ticks::SNAPSHOT;
    Entries::Ticks(entries.get(..count).unwrap_or_default())
        .describe(&mut ticks)
        .ok_or(AccountFault::WrongLen)?;
    ticks.slot = account.map_or(0, |account| account.slot);
    ticks.start_tick = start;
    ticks.span_ticks = span.unsigned_abs();
    (ticks.pool, ticks.array) = (pool.pool, *key);
    ticks.tick_spacing = pool.tick_spacing;
    Ok((ticks, entries, count))
}

const EMPTY: Tick = Tick { liquidity_net: 0, tick: 0, orders: 0, _zero: [0; 8] };

/// The initialised ticks in the account `data`.
fn entries(data: &[u8], start: i32, spacing: i32) -> Result<Places, AccountFault> {
    let (ticks, fixed) = match data.first_chunk() {
        Some(&FIXED) if data.len() == FIXED_LEN => (data.get(12..), true),
        Some(&DYNAMIC) => (data.get(60..), false),
        _ => return Err(AccountFault::WrongLen),
    };
    let mut ticks = Cursor::new(ticks.unwrap_or_default());
    let (mut found, mut count, mut bitmap) = ([EMPTY; PLACES], 0usize, 0u128);
    let mut tick = start;
    for place in 0..PLACES {
        let short = AccountFault::WrongLen;
        let initialised = match u8_at(ticks.rest(), 0).ok_or(short)? {
            0 => false,
            1 => true,
            _ => return Err(AccountFault::Value),
        };
        let len = if fixed || initialised { TICK_LEN } else { 1 };
        let bytes = ticks.take(len).ok_or(short)?;
        if initialised {
            if !(TICK_MIN..=TICK_MAX).contains(&tick) {
                return Err(AccountFault::Tick);
            }
            let liquidity_net = i128_at(bytes, 1).ok_or(short)?;
            *found.get_mut(count).ok_or(short)? =
                Tick { liquidity_net, tick, orders: 0, _zero: [0; 8] };
            count = count.saturating_add(1);
            bitmap |= 1u128.wrapping_shl(u32::try_from(place).map_err(|_| short)?);
        }
        tick = tick.checked_add(spacing).ok_or(AccountFault::Tick)?;
    }
    // The program searches a growing array by its bitmap: both must say the same.
    if !fixed && u128_at(data, 44) != Some(bitmap) {
        return Err(AccountFault::Value);
    }
    Ok((found, count))
}
