//! Bin array accounts, and the bitmaps that say which of them hold liquidity.
//!
//! | layout | bytes | fields |
//! |---|---|---|
//! | BinArray | 10136 | index i64@8, pair@24, 70 bins of 144 bytes @56 |
//! | a bin | 144 | x u64@0, y u64@8, price u128@16, open orders u64@112, the rest of those in process u64@128, orders sell x u8@140 |
//! | BinArrayBitmapExtension | 1576 | pair@8, 12 x 512 bits @40 upwards, 12 x 512 bits @808 downwards |
//!
//! The pair's own bitmap says it of arrays -512 to 511, the extension of those beyond. What stands
//! at 112 and behind was something else before there were limit orders: it is read of pairs that
//! support them alone.
//!
//! Source: MeteoraAg/dlmm-sdk idls/dlmm.json 0.12.0, commons/src/{quote.rs,
//! extensions/{bin,bin_array,bin_array_bitmap,lb_pair}.rs} @fb02e51.

use crate::bytes::{array_at, key_at, u8_at, u64_at, u128_at};
use crate::ids::{Key, METEORA_DLMM, Venue};
use crate::record::{Bin, Pool, Ticks};

use super::super::accounts::{Account, AccountBook, AccountFault, Entries, Found, Out, Part};
use super::super::build::derived;
use super::account::BIN_MAX;
use super::names::{BIN_ARRAY_ACCOUNT, BIN_ARRAY_BITMAP_EXTENSION_ACCOUNT};
use super::price::price;

const ARRAY_LEN: usize = 10_136;
const EXTENSION_LEN: usize = 1_576;
/// Bins of an array.
const BINS: i32 = 70;
const BIN_LEN: usize = 144;
/// Arrays on either side of 0 that the pair's own bitmap tells of, and of one of the extension's.
const MAPPED: i32 = 512;
/// Bitmaps of the extension on either side.
const EXTENSIONS: i32 = 12;

/// The array that holds `bin`.
fn index_of(bin: i32) -> i32 {
    bin.div_euclid(BINS)
}

/// The address of the array `index` of `pair`.
pub(super) fn array_address(pair: &Key, index: i32) -> Key {
    derived(&METEORA_DLMM, &[b"bin_array", pair, &i64::from(index).to_le_bytes()])
}

/// Every bin array and every bitmap extension by pair.
pub(super) struct Arrays<'a> {
    arrays: Vec<(&'a Key, i64, &'a Key, &'a Account)>,
    extensions: Vec<(&'a Key, &'a [u8])>,
}

impl<'a> Arrays<'a> {
    /// Sorts those among `owned`; one too short is refused.
    pub(super) fn new(owned: &[(&'a Key, &'a Account)], out: &mut Out<'_>) -> Self {
        let (mut arrays, mut extensions) = (Vec::new(), Vec::new());
        for (key, account) in owned {
            let data = account.data.as_slice();
            let read = match data.first_chunk() {
                Some(&BIN_ARRAY_ACCOUNT) if data.len() >= ARRAY_LEN => key_at(data, 24)
                    .zip(array_at(data, 8).map(i64::from_le_bytes))
                    .map(|(pair, index)| arrays.push((pair, index, *key, *account))),
                Some(&BIN_ARRAY_BITMAP_EXTENSION_ACCOUNT) if data.len() >= EXTENSION_LEN => {
                    key_at(data, 8).map(|pair| extensions.push((pair, data)))
                }
                Some(&(BIN_ARRAY_ACCOUNT | BIN_ARRAY_BITMAP_EXTENSION_ACCOUNT)) => None,
                _ => continue,
            };
            if read.is_none() {
                let (venue, fault) = (Venue::MeteoraDlmm, AccountFault::WrongLen);
                out(Found::Refused { pool: key, key, venue, fault });
            }
        }
        arrays.sort_unstable_by_key(|(pair, index, key, _)| (*pair, *index, *key));
        extensions.sort_unstable();
        Self { arrays, extensions }
    }

    /// The arrays of `pair`, lowest first.
    fn of(&self, pair: &Key) -> &[(&'a Key, i64, &'a Key, &'a Account)] {
        let first = self.arrays.partition_point(|(of, ..)| *of < pair);
        let after = self.arrays.partition_point(|(of, ..)| *of <= pair);
        self.arrays.get(first..after).unwrap_or_default()
    }

    fn extension(&self, pair: &Key) -> Option<&'a [u8]> {
        let at = self.extensions.partition_point(|(of, _)| *of < pair);
        self.extensions.get(at).filter(|(of, _)| *of == pair).map(|(_, data)| *data)
    }
}

/// Which arrays of a pair hold liquidity.
struct Bitmap<'a> {
    own: &'a [u8; 128],
    extension: Option<&'a [u8]>,
}

impl Bitmap<'_> {
    /// Whether the array `index` holds any; `None` when no bitmap here tells.
    fn holds(&self, index: i32) -> Option<bool> {
        let (bytes, start, bit) = if (-MAPPED..MAPPED).contains(&index) {
            (self.own.as_slice(), 0, index.checked_add(MAPPED)?)
        } else if index >= MAPPED {
            (self.extension?, 40, index.checked_sub(MAPPED)?)
        } else {
            // extensions/bin_array_bitmap.rs: -513 is the first bit.
            (self.extension?, 808, index.checked_add(MAPPED)?.checked_add(1)?.checked_neg()?)
        };
        if bit >= MAPPED.checked_mul(EXTENSIONS)? {
            return None;
        }
        let bit = usize::try_from(bit).ok()?;
        let byte = u8_at(bytes, bit.checked_div(8)?.checked_add(start)?)?;
        Some(byte & 1u8.checked_shl(u32::try_from(bit % 8).ok()?)? != 0)
    }

    /// The first array from `index` on, itself among them, that holds liquidity.
    fn next(&self, index: i32, up: bool) -> Option<i32> {
        let mut at = index;
        while !self.holds(at)? {
            at = if up { at.checked_add(1)? } else { at.checked_sub(1)? };
        }
        Some(at)
    }
}

/// The address of the bitmap extension of `pair`.
fn extension_address(pair: &Key) -> Key {
    derived(&METEORA_DLMM, &[b"bitmap", pair])
}

/// Addresses of the first arrays with liquidity that a swap reaches from bin `active`, `most` of them and
/// as far as bitmaps tell, and that of the bitmap extension, if it is in the book. `own` is the pair's
/// bitmap (extensions/lb_pair.rs `get_bin_array_pubkeys_for_swap`).
pub(super) fn ahead(
    book: &AccountBook,
    pair: &Key,
    own: &[u8; 128],
    (active, up): (i32, bool),
    most: usize,
) -> (Vec<Key>, Option<Key>) {
    let key = extension_address(pair);
    let extension = book.get(&key).map(|account| account.data.as_slice()).filter(|data| {
        data.first_chunk() == Some(&BIN_ARRAY_BITMAP_EXTENSION_ACCOUNT)
            && data.len() >= EXTENSION_LEN
    });
    let bitmap = Bitmap { own, extension };
    let (mut at, mut found) = (Some(index_of(active)), Vec::with_capacity(most));
    while found.len() < most {
        let Some(next) = at.and_then(|at| bitmap.next(at, up)) else { break };
        found.push(array_address(pair, next));
        at = if up { next.checked_add(1) } else { next.checked_sub(1) };
    }
    (found, extension.map(|_| key))
}

/// What an array is read by: its pair.
pub(super) struct Pair<'a> {
    pub(super) pool: &'a Pool,
    pub(super) bitmap: &'a [u8; 128],
    /// Limit orders are supported.
    pub(super) orders: bool,
}

/// Hands over the pair's arrays, lowest first, and what lies between them where a bitmap says that
/// it is nothing; names the arrays that a swap meets first on either side when they are missing.
pub(super) fn emit(arrays: &Arrays<'_>, pair: &Pair<'_>, out: &mut Out<'_>) {
    let (venue, pool) = (Venue::MeteoraDlmm, &pair.pool.pool);
    let bitmap = Bitmap { own: pair.bitmap, extension: arrays.extension(pool) };
    let active = index_of(pair.pool.tick);
    let (mut loaded, mut end) = (Vec::new(), None);
    let hole = |from: Option<i32>, to: i32, out: &mut Out<'_>| {
        if let Some(ticks) = from.and_then(|from| nothing(pair.pool, &bitmap, from, to)) {
            out(Found::Ticks { ticks: &ticks, entries: Entries::Bins(&[]) });
        }
    };
    for (_, index, key, account) in arrays.of(pool) {
        let (ticks, bins, index) = match read(pair, *index, key, account) {
            Ok(array) => array,
            Err(fault) => {
                out(Found::Refused { pool, key, venue, fault });
                continue;
            }
        };
        // Where no array is loaded at the active bin and below, what is known begins at that bin.
        let from = end.or(Some(active).filter(|active| *active < index));
        hole(from, index, out);
        out(Found::Ticks { ticks: &ticks, entries: Entries::Bins(&bins) });
        end = index.checked_add(1);
        loaded.push(index);
    }
    if let Some(after) = active.checked_add(1) {
        hole(end.or(Some(active)), after, out);
    }
    let (below, above) = (bitmap.next(active, false), bitmap.next(active, true));
    for index in [below, above.filter(|above| below != Some(*above))].into_iter().flatten() {
        if !loaded.contains(&index) {
            let key = array_address(pool, index);
            out(Found::Missing { pool, venue, part: Part::BinArray, key: &key });
        }
    }
}

/// The record of the arrays `from..to`, which the bitmap says hold nothing; `None` when one does, or
/// when there are none.
fn nothing(pool: &Pool, bitmap: &Bitmap<'_>, from: i32, to: i32) -> Option<Ticks> {
    if from >= to || (from..to).any(|index| bitmap.holds(index) != Some(false)) {
        return None;
    }
    let mut ticks = Ticks::new(0);
    ticks.head.flags = Ticks::SNAPSHOT;
    ticks.slot = pool.slot;
    ticks.start_tick = from.checked_mul(BINS)?;
    ticks.span_ticks = to.checked_sub(from)?.checked_mul(BINS)?.unsigned_abs();
    ticks.pool = pool.pool;
    ticks.tick_spacing = 1;
    Entries::Bins(&[]).describe(&mut ticks)?;
    Some(ticks)
}

/// The record of one array, its bins and its index.
fn read(
    pair: &Pair<'_>,
    index: i64,
    key: &Key,
    account: &Account,
) -> Result<(Ticks, Vec<Bin>, i32), AccountFault> {
    let index = i32::try_from(index)
        .ok()
        .filter(|index| (index_of(BIN_MAX.saturating_neg())..=index_of(BIN_MAX)).contains(index))
        .ok_or(AccountFault::Tick)?;
    let start = index.checked_mul(BINS).ok_or(AccountFault::Tick)?;
    let mut bins = Vec::new();
    let data = account.data.get(56..).unwrap_or_default();
    for (number, bytes) in (start..).zip(data.chunks_exact(BIN_LEN)).take(70) {
        push(pair, number, bytes, &mut bins)?;
    }
    let mut ticks = Ticks::new(0);
    ticks.head.flags = Ticks::SNAPSHOT;
    ticks.slot = account.slot;
    (ticks.start_tick, ticks.span_ticks) = (start, BINS.unsigned_abs());
    (ticks.pool, ticks.array) = (pair.pool.pool, *key);
    ticks.tick_spacing = 1;
    Entries::Bins(&bins).describe(&mut ticks).ok_or(AccountFault::WrongLen)?;
    Ok((ticks, bins, index))
}

/// Adds what the bin `number` holds, if anything.
///
/// The program fills orders in process first and then the open ones, rounding twice (quote.rs
/// `get_exact_in_fill_amount_result`): where there are both, the open ones are an entry of their own.
fn push(
    pair: &Pair<'_>,
    number: i32,
    bytes: &[u8],
    bins: &mut Vec<Bin>,
) -> Result<(), AccountFault> {
    let word = |at| u64_at(bytes, at).ok_or(AccountFault::WrongLen);
    let (amount_a, amount_b) = (word(0)?, word(8)?);
    let (open, left) = if pair.orders { (word(112)?, word(128)?) } else { (0, 0) };
    if amount_a == 0 && amount_b == 0 && open == 0 && left == 0 {
        return Ok(());
    }
    let price = match u128_at(bytes, 16).ok_or(AccountFault::WrongLen)? {
        // A bin that no swap has met yet: the program reckons it then.
        0 => price(number, pair.pool.bin_step_bps).ok_or(AccountFault::Tick)?,
        stored => stored,
    };
    let of_a = u32::from(u8_at(bytes, 140) != Some(0));
    let bin = |amounts: [u64; 2], orders: u64| Bin {
        price,
        amount_a: amounts[0],
        amount_b: amounts[1],
        orders,
        bin: number,
        orders_of_a: if orders == 0 { 0 } else { of_a },
    };
    bins.push(bin([amount_a, amount_b], if left == 0 { open } else { left }));
    if left != 0 && open != 0 {
        bins.push(bin([0, 0], open));
    }
    Ok(())
}
