//! Tick array accounts, and the bitmaps that say which arrays hold ticks at all.
//!
//! | account | bytes | fields |
//! |---|---|---|
//! | TickArrayState | 10240 | pool@8, start i32@40, 60 ticks @44 |
//! | DynTickArrayState, Byreal's | 216 and 168 for each allocated tick | pool@8, start i32@40, for each of the 60 places the number of its tick from 1, or 0, u8@48, allocated u8@108, ticks @216 |
//! | a tick of either | 168 | tick i32, liquidity_net i128@4, liquidity_gross u128@20, limit orders u64@124, partly filled ones u64@132 |
//! | TickArrayBitmapExtension | 1832 | pool@8, arrays above 14 x 512 bits @40, below 14 x 512 bits @936 |
//!
//! Source: raydium-io/raydium-clmm, programs/amm/src/{states/tick_array.rs,
//! states/tickarray_bitmap_extension.rs, libraries/tick_array_bit_map.rs} @03b44b7; jup-ag/byreal-clmm,
//! programs/amm/src/states/dyn_tick_array.rs @2badd50. Where the forks have no limit orders the bytes
//! are zero.
//!
//! ```text
//! array    -7394 .. -513 | -512 .. 511 | 512 .. 7393      number of an array: floor(start / span)
//!               extension | the pool's  | extension       its bit
//! ```
//!
//! A swap steps from one set bit to the next and needs no account between them. An array whose bit
//! is clear therefore holds nothing, whether it has an account or not: a run of such arrays next to
//! an array at hand is handed over as one without entries, under the address of its first.

use crate::bytes::{i32_at, i128_at, key_at, u8_at, u64_at, u128_at};
use crate::ids::{Key, Venue};
use crate::record::{Pool, Tick, Ticks};

use super::super::accounts::{Account, AccountBook, AccountFault, Entries, Found, Out, Part};
use super::super::build::derived;
use super::super::orca_whirlpool::{TICK_MAX, TICK_MIN};

pub(super) const FIXED: [u8; 8] = [0xc0, 0x9b, 0x55, 0xcd, 0x31, 0xf9, 0x81, 0x2a];
pub(super) const DYNAMIC: [u8; 8] = [0x6a, 0x8b, 0x98, 0x24, 0x75, 0x99, 0xb8, 0x38];
pub(super) const EXTENSION: [u8; 8] = [0x3c, 0x96, 0x24, 0xdb, 0x61, 0x80, 0x8b, 0x99];

const FIXED_LEN: usize = 10_240;
const FIXED_TICKS_AT: usize = 44;
const DYNAMIC_TICKS_AT: usize = 216;
const TICK_LEN: usize = 168;
const EXTENSION_LEN: usize = 1832;
/// Ticks with a place in an array.
const PLACES: usize = 60;
/// Arrays with a bit in the pool's own bitmap, on either side of tick 0.
const OWN_BITS: i32 = 512;

/// The address of the array of `pool` that starts at `start_tick`.
fn array_address(program: &Key, pool: &Key, start_tick: i32) -> Key {
    derived(program, &[b"tick_array", pool, &start_tick.to_be_bytes()])
}

/// The address of the extension of the bitmap of `pool`.
fn extension_address(program: &Key, pool: &Key) -> Key {
    derived(program, &[b"pool_tick_array_bitmap_extension", pool])
}

/// Every tick array by pool and start.
pub(super) struct ArrayIndex<'a>(Vec<(&'a Key, i32, &'a Key, &'a Account)>);

impl<'a> ArrayIndex<'a> {
    /// Sorts the tick arrays among `owned`; one too short to say what it is part of is refused.
    pub(super) fn new(venue: Venue, owned: &[(&'a Key, &'a Account)], out: &mut Out<'_>) -> Self {
        let mut arrays = Vec::new();
        for (key, account) in owned {
            let data = &account.data;
            if !matches!(data.first_chunk(), Some(&FIXED | &DYNAMIC)) {
                continue;
            }
            if let (Some(pool), Some(start)) = (key_at(data, 8), i32_at(data, 40)) {
                arrays.push((pool, start, *key, *account));
            } else {
                out(Found::Refused { pool: key, key, venue, fault: AccountFault::WrongLen });
            }
        }
        arrays.sort_unstable_by_key(|(pool, start, key, _)| (*pool, *start, *key));
        Self(arrays)
    }

    /// The arrays of `pool`, lowest first.
    fn of(&self, pool: &Key) -> &[(&'a Key, i32, &'a Key, &'a Account)] {
        let from = self.0.partition_point(|(of, ..)| *of < pool);
        let to = self.0.partition_point(|(of, ..)| *of <= pool);
        self.0.get(from..to).unwrap_or_default()
    }
}

/// Which arrays of a pool hold initialised ticks, as far as that is known.
pub(super) struct Bitmap<'a> {
    own: &'a [u8],
    extension: Extension<'a>,
}

/// The bits of the arrays beyond the pool's own bitmap.
enum Extension<'a> {
    /// Those above and those below.
    Known(&'a [u8], &'a [u8]),
    /// There is no such account, so no tick was ever initialised there; or no such array.
    None,
    /// Not at hand.
    Unknown,
}

impl<'a> Bitmap<'a> {
    /// The 1024 bits `own` of `pool`, and those of its extension when that is in the book.
    pub(super) fn new(
        book: &'a AccountBook,
        pool: &Pool,
        own: &'a [u8],
    ) -> Result<Self, (Key, AccountFault)> {
        let is_own = |number: i32| (-OWN_BITS..OWN_BITS).contains(&number);
        if numbers(span(pool)).is_some_and(|(low, high)| is_own(low) && is_own(high)) {
            return Ok(Self { own, extension: Extension::None });
        }
        let key = extension_address(&pool.program, &pool.pool);
        let extension = match book.get(&key) {
            Some(account) => extension(account, pool).map_err(|fault| (key, fault))?,
            None if book.is_absent(&key) => Extension::None,
            None => Extension::Unknown,
        };
        Ok(Self { own, extension })
    }

    /// Whether array `number` holds an initialised tick; `None` when that is not known.
    fn holds(&self, number: i32) -> Option<bool> {
        let bit = |bits: &[u8], at: i32| {
            let at = usize::try_from(at).ok()?;
            Some(u8_at(bits, at >> 3)? >> (at & 7) & 1 != 0)
        };
        let own = number.checked_add(OWN_BITS)?;
        if (0..OWN_BITS << 1).contains(&own) {
            return bit(self.own, own);
        }
        match self.extension {
            Extension::None => Some(false),
            Extension::Unknown => None,
            Extension::Known(above, _) if number > 0 => bit(above, number.checked_sub(OWN_BITS)?),
            // Each 512 bits run upwards, the groups of them downwards: -513 has bit 511.
            Extension::Known(_, below) => bit(below, number.checked_neg()?.checked_sub(513)? ^ 511),
        }
    }
}

fn extension<'a>(account: &'a Account, pool: &Pool) -> Result<Extension<'a>, AccountFault> {
    let data = &account.data;
    if account.owner != pool.program {
        return Err(AccountFault::Owner);
    }
    if data.first_chunk() != Some(&EXTENSION) {
        return Err(AccountFault::Discriminator);
    }
    if data.len() != EXTENSION_LEN || key_at(data, 8) != Some(&pool.pool) {
        return Err(AccountFault::WrongLen);
    }
    match (data.get(40..936), data.get(936..)) {
        (Some(above), Some(below)) => Ok(Extension::Known(above, below)),
        _ => Err(AccountFault::WrongLen),
    }
}

/// Ticks that an array of `pool` covers.
fn span(pool: &Pool) -> i32 {
    60i32.saturating_mul(pool.tick_spacing.into())
}

/// Addresses of the first arrays with initialised ticks that a swap reaches from the pool's tick, `most`
/// of them and as far as bitmaps tell; `own` are the pool's own bits. `None` for an impossible spacing.
///
/// The program begins in the first initialised array at or ahead of the tick and asks for the next
/// ones in the order of its walk (states/pool.rs `get_first_initialized_tick_array`).
pub(super) fn ahead(
    book: &AccountBook,
    pool: &Pool,
    own: &[u8],
    a_to_b: bool,
    most: usize,
) -> Option<Vec<Key>> {
    let (low, high) = numbers(span(pool))?;
    let Ok(bitmap) = Bitmap::new(book, pool, own) else { return Some(Vec::new()) };
    let mut number = pool.tick.checked_div_euclid(span(pool))?.clamp(low, high);
    let mut found = Vec::with_capacity(most);
    while found.len() < most && (low..=high).contains(&number) {
        match bitmap.holds(number) {
            Some(true) => {
                let start = number.checked_mul(span(pool))?;
                found.push(array_address(&pool.program, &pool.pool, start));
            }
            Some(false) => {}
            None => break,
        }
        number = if a_to_b { number.checked_sub(1)? } else { number.checked_add(1)? };
    }
    Some(found)
}

/// The extension of the bitmap of `pool`, if it is in the book.
pub(super) fn known_extension(book: &AccountBook, pool: &Pool) -> Option<Key> {
    let key = extension_address(&pool.program, &pool.pool);
    book.get(&key).filter(|account| account.owner == pool.program).map(|_| key)
}

/// Numbers of the lowest and the highest array, for arrays of `span` ticks.
fn numbers(span: i32) -> Option<(i32, i32)> {
    Some((TICK_MIN.checked_div_euclid(span)?, TICK_MAX.checked_div_euclid(span)?))
}

/// A piece of the tick range: an array at hand, or a run of arrays known to hold nothing.
#[derive(Clone, Copy)]
struct Piece<'a> {
    start: i32,
    span: i32,
    array: Option<(&'a Key, &'a Account)>,
}

/// Hands over the arrays of `pool` that are at hand and the empty runs beside them, lowest first;
/// names the array of the current price when it holds ticks and is missing.
pub(super) fn emit(
    venue: Venue,
    arrays: &ArrayIndex<'_>,
    bitmap: &Bitmap<'_>,
    pool: &Pool,
    out: &mut Out<'_>,
) {
    let span = span(pool);
    let Some((lowest, highest)) = numbers(span) else { return };
    let price = pool.tick.checked_div_euclid(span);
    let mut own = arrays.of(&pool.pool).iter().peekable();
    let (mut hole, mut beside): (Option<Piece<'_>>, bool) = (None, false);
    for number in lowest..=highest {
        let start = number.saturating_mul(span);
        while let Some((_, _, key, _)) = own.next_if(|(_, at, ..)| *at < start) {
            refuse(venue, pool, key, AccountFault::Tick, out);
        }
        let here = own.next_if(|(_, at, ..)| *at == start);
        if here.is_none() && bitmap.holds(number) == Some(false) {
            let piece = hole.get_or_insert(Piece { start, span: 0, array: None });
            piece.span = piece.span.saturating_add(span);
            beside |= Some(number) == price;
            continue;
        }
        if let Some(piece) = hole.take().filter(|_| beside || here.is_some()) {
            emit_piece(venue, pool, piece, out);
        }
        if let Some((_, start, key, account)) = here {
            emit_piece(
                venue,
                pool,
                Piece { start: *start, span, array: Some((key, account)) },
                out,
            );
        } else if Some(number) == price {
            let key = array_address(&pool.program, &pool.pool, start);
            out(Found::Missing { pool: &pool.pool, venue, part: Part::TickArray, key: &key });
        }
        beside = here.is_some();
    }
    if let Some(piece) = hole.filter(|_| beside) {
        emit_piece(venue, pool, piece, out);
    }
    own.for_each(|(_, _, key, _)| refuse(venue, pool, key, AccountFault::Tick, out));
}

fn refuse(venue: Venue, pool: &Pool, key: &Key, fault: AccountFault, out: &mut Out<'_>) {
    out(Found::Refused { pool: &pool.pool, key, venue, fault });
}

fn emit_piece(venue: Venue, pool: &Pool, piece: Piece<'_>, out: &mut Out<'_>) {
    let mut ticks = Ticks::new(0);
    ticks.head.flags = Ticks::SNAPSHOT;
    (ticks.start_tick, ticks.span_ticks) = (piece.start, piece.span.unsigned_abs());
    (ticks.pool, ticks.tick_spacing) = (pool.pool, pool.tick_spacing);
    let mut entries = [EMPTY; PLACES];
    let count = if let Some((key, account)) = piece.array {
        (ticks.array, ticks.slot) = (*key, account.slot);
        match read(&account.data, piece.start, pool.tick_spacing, &mut entries) {
            Ok(count) => count,
            Err(fault) => return refuse(venue, pool, key, fault, out),
        }
    } else {
        ticks.array = array_address(&pool.program, &pool.pool, piece.start);
        ticks.slot = pool.slot;
        0
    };
    let entries = entries.get(..count).unwrap_or_default();
    let entries = Entries::Ticks(entries);
    if entries.describe(&mut ticks).is_some() {
        out(Found::Ticks { ticks: &ticks, entries });
    }
}

const EMPTY: Tick = Tick { liquidity_net: 0, tick: 0, orders: 0, _zero: [0; 8] };

/// Reads the initialised ticks of an array into `found` and gives their number.
fn read(
    data: &[u8],
    start: i32,
    spacing: u16,
    found: &mut [Tick; PLACES],
) -> Result<usize, AccountFault> {
    let (short, mut count) = (AccountFault::WrongLen, 0usize);
    let fixed = data.starts_with(&FIXED);
    if fixed && data.len() != FIXED_LEN {
        return Err(short);
    }
    let mut tick = start;
    for place in 0..PLACES {
        let bytes =
            if fixed { Some(nth(data, FIXED_TICKS_AT, place)?) } else { held(data, place)? };
        if let Some(entry) = bytes.map(|bytes| initialised(bytes, tick)).transpose()?.flatten() {
            *found.get_mut(count).ok_or(short)? = entry;
            count = count.saturating_add(1);
        }
        tick = tick.checked_add(i32::from(spacing)).ok_or(AccountFault::Tick)?;
    }
    Ok(count)
}

/// The bytes of tick `number` of those that begin at `at`.
fn nth(data: &[u8], at: usize, number: usize) -> Result<&[u8], AccountFault> {
    let from = number.checked_mul(TICK_LEN).and_then(|offset| offset.checked_add(at));
    from.and_then(|from| data.get(from..)?.get(..TICK_LEN)).ok_or(AccountFault::WrongLen)
}

/// The tick at `place` of a growing array, when one is allocated.
fn held(data: &[u8], place: usize) -> Result<Option<&[u8]>, AccountFault> {
    let short = AccountFault::WrongLen;
    let number = u8_at(data, place.saturating_add(48)).ok_or(short)?;
    let allocated = u8_at(data, 108).ok_or(short)?;
    if number > allocated {
        return Err(AccountFault::Value);
    }
    let number = number.checked_sub(1).map(usize::from);
    number.map(|number| nth(data, DYNAMIC_TICKS_AT, number)).transpose()
}

/// The tick of `bytes`, which is to be `tick`, when it is initialised: by liquidity or by orders.
fn initialised(bytes: &[u8], tick: i32) -> Result<Option<Tick>, AccountFault> {
    let fields = || {
        let orders = u64_at(bytes, 124)? | u64_at(bytes, 132)?;
        Some((i32_at(bytes, 0)?, i128_at(bytes, 4)?, u128_at(bytes, 20)?, orders != 0))
    };
    let (named, liquidity_net, gross, orders) = fields().ok_or(AccountFault::WrongLen)?;
    if gross == 0 && !orders {
        return Ok(None);
    }
    if named != tick || !(TICK_MIN..=TICK_MAX).contains(&tick) {
        return Err(AccountFault::Tick);
    }
    Ok(Some(Tick { liquidity_net, tick, orders: u32::from(orders), _zero: [0; 8] }))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a test may panic")]
pub(super) mod tests {
    use super::super::super::accounts::tests::put;
    use super::super::super::instruction::tests::anchor_hash;
    use super::super::super::model::key;
    use super::*;
    use proptest::prelude::*;

    const POOL: Key = [1; 32];

    fn program() -> Key {
        Venue::RaydiumClmm.programs()[0]
    }

    /// An array of pool 1 with ticks of (place, net, gross, orders), in order of their places.
    pub(in super::super) fn array_bytes(
        (start, spacing): (i32, i32),
        ticks: &[(u8, i128, u128, u64)],
        growing: bool,
    ) -> Vec<u8> {
        let mut data = if growing { DYNAMIC } else { FIXED }.to_vec();
        data.extend(POOL);
        data.extend(start.to_le_bytes());
        data.resize(if growing { DYNAMIC_TICKS_AT } else { FIXED_LEN }, 0);
        // A growing array holds them in the order in which they were allocated.
        for (number, (place, net, gross, orders)) in ticks.iter().rev().enumerate() {
            let at = if growing {
                data[48 + usize::from(*place)] = u8::try_from(number + 1).unwrap();
                data[108] += 1;
                data.resize(data.len() + TICK_LEN, 0);
                data.len() - TICK_LEN
            } else {
                FIXED_TICKS_AT + usize::from(*place) * TICK_LEN
            };
            put(&mut data, at, &(start + i32::from(*place) * spacing).to_le_bytes());
            put(&mut data, at + 4, &net.to_le_bytes());
            put(&mut data, at + 20, &gross.to_le_bytes());
            put(&mut data, at + 124, &orders.to_le_bytes());
        }
        data
    }

    /// An extension of pool 1 in which nothing is set.
    fn extension_bytes() -> Vec<u8> {
        let mut data = vec![0; EXTENSION_LEN];
        put(&mut data, 0, &EXTENSION);
        put(&mut data, 8, &POOL);
        data
    }

    fn pool(tick_spacing: u16, tick: i32) -> Pool {
        let mut pool = Pool::new(0);
        (pool.pool, pool.program) = (POOL, program());
        (pool.tick_spacing, pool.tick, pool.slot) = (tick_spacing, tick, 30);
        pool
    }

    /// (start, span, ticks of it, whether the address is the one derived from the start) of every
    /// record, then what is wrong.
    type Emitted = (Vec<(i32, u32, Vec<Tick>)>, Vec<(Key, &'static str)>);

    fn emitted(pool: &Pool, own: &[u8], accounts: &[(u8, Vec<u8>)]) -> Emitted {
        let mut book = AccountBook::new();
        for (name, data) in accounts {
            let starts = i32_at(data, 40).map(|start| array_address(&pool.program, &POOL, start));
            let key = if *name == 0 { starts.unwrap() } else { [*name; 32] };
            book.insert(key, pool.program, data.clone(), 40);
        }
        let (mut records, mut wrong) = (Vec::new(), Vec::new());
        let mut out = |found: Found<'_>| match found {
            Found::Ticks { ticks, entries } => {
                let Entries::Ticks(entries) = entries else { panic!("{entries:?}") };
                let address = array_address(&pool.program, &POOL, ticks.start_tick);
                assert_eq!((ticks.array, usize::from(ticks.count)), (address, entries.len()));
                assert_eq!(ticks.slot, if book.get(&address).is_some() { 40 } else { 30 });
                records.push((ticks.start_tick, ticks.span_ticks, entries.to_vec()));
            }
            Found::Missing { part, key, .. } => wrong.push((*key, part.name())),
            Found::Refused { key, fault, .. } => wrong.push((*key, fault.name())),
            Found::Pool { .. } => panic!("no pool is emitted here"),
        };
        let venue = Venue::RaydiumClmm;
        let arrays = ArrayIndex::new(venue, &book.owned_by(&pool.program), &mut out);
        let bitmap = Bitmap::new(&book, pool, own);
        let bitmap = bitmap.unwrap_or_else(|(_, fault)| panic!("{fault:?}"));
        emit(venue, &arrays, &bitmap, pool, &mut out);
        (records, wrong)
    }

    fn own_bits(numbers: &[i32]) -> Vec<u8> {
        let mut own = vec![0; 128];
        for number in numbers {
            let bit = usize::try_from(number + OWN_BITS).unwrap();
            own[bit / 8] |= 1 << (bit % 8);
        }
        own
    }

    #[test]
    fn hashes_are_those_of_the_names() {
        assert_eq!(FIXED, anchor_hash("account", "TickArrayState"));
        assert_eq!(DYNAMIC, anchor_hash("account", "DynTickArrayState"));
        assert_eq!(EXTENSION, anchor_hash("account", "TickArrayBitmapExtension"));
    }

    #[test]
    fn addresses_are_those_of_mainnet() {
        let pool = key("ANyCzRPgiCLeJx3nH4SKS1jxtaxMk9qzG5SmJooh55ie");
        let arrays = [
            (21_600, "2eBN89sbPB8dvRuRvDqQoSKXQyNohqzQUDuU6wu33Xwp"),
            (28_800, "FmDMUHNjAwepMDGSCBUz9Hh6bGhuTmExfFZZtdawm2EF"),
        ];
        for (start, array) in arrays {
            assert_eq!(array_address(&program(), &pool, start), key(array));
        }
        let extension = key("HCPxp6fkJEHRLjWgTEhVeFCgcHGdHKcpvSB2HFyHy8vF");
        assert_eq!(extension_address(&program(), &pool), extension);
    }

    /// The bit of array `number` as tickarray_bitmap_extension.rs finds it from the start tick of an
    /// array of one tick: `get_bitmap_offset`, `tick_array_offset_in_bitmap`.
    fn flip(data: &mut [u8], number: i32) {
        let in_one = 512;
        let mut group = number.abs() / in_one - 1;
        if number < 0 && number.abs() % in_one == 0 {
            group -= 1;
        }
        let within = number.abs() % in_one;
        let within = if number < 0 && within != 0 { 512 - within } else { within };
        let at =
            if number < 0 { 936 } else { 40 } + usize::try_from(group * 64 + within / 8).unwrap();
        data[at] ^= 1 << (within % 8);
    }

    /// The address of array `number` of a pool of spacing 1.
    pub(in super::super) fn array_start(pool: &Key, number: i32) -> Key {
        array_address(&program(), pool, number * 60)
    }

    pub(in super::super) fn extension_of(pool: &Key) -> Key {
        extension_address(&program(), pool)
    }

    /// An extension of `pool` that holds those of `numbers` that are not the pool's own.
    pub(in super::super) fn extension_with(pool: &Key, numbers: &[i32]) -> Vec<u8> {
        let mut data = extension_bytes();
        put(&mut data, 8, pool);
        for number in numbers.iter().filter(|number| !(-OWN_BITS..OWN_BITS).contains(*number)) {
            flip(&mut data, *number);
        }
        data
    }

    #[test]
    fn every_array_beyond_the_pools_own_bits_has_its_bit_in_the_extension() {
        let pool = pool(1, 0);
        let (lowest, highest) = numbers(span(&pool)).unwrap();
        assert_eq!((lowest, highest), (-7394, 7393));
        let clear = vec![0; 128];
        for number in (lowest..-512).chain(512..=highest) {
            let mut data = extension_bytes();
            flip(&mut data, number);
            let extension = Extension::Known(&data[40..936], &data[936..]);
            let bitmap = Bitmap { own: &clear, extension };
            assert_eq!(bitmap.holds(number), Some(true), "{number}");
            let others = [number - 1, number + 1, -number, number ^ 512, 0];
            assert!(others.iter().all(|other| bitmap.holds(*other) != Some(true)), "{number}");
        }
        for number in -512..512 {
            let own = own_bits(&[number]);
            let bitmap = Bitmap { own: &own, extension: Extension::Unknown };
            assert_eq!(bitmap.holds(number), Some(true));
            let others = (-512..512).filter(|other| bitmap.holds(*other) == Some(true));
            assert_eq!(others.count(), 1);
            assert_eq!((bitmap.holds(-513), bitmap.holds(512)), (None, None));
        }
    }

    #[test]
    fn empty_runs_beside_arrays_and_around_the_price_are_handed_over() {
        // Spacing 100: arrays -74 to 73 of 6000 ticks.
        let ticks = [(0, 5, 5, 0), (59, -5, 5, 0)];
        let array = |start| (0, array_bytes((start, 100), &ticks, false));
        let starts = |records: &[(i32, u32, Vec<Tick>)]| -> Vec<_> {
            records.iter().map(|(start, span, ticks)| (*start, *span, ticks.len())).collect()
        };
        let own = own_bits(&[-2, 0, 3, 9, 12]);
        let (records, wrong) = emitted(&pool(100, 6000 * 2), &own, &[array(0), array(18_000)]);
        assert_eq!(wrong, []);
        // Between -2 and 0, 0 and 3, 3 and 9 nothing is initialised; -2, 9 and 12 are not here.
        let expected = [(-6000, 6000, 0), (0, 6000, 2), (6000, 12_000, 0), (18_000, 6000, 2)];
        assert_eq!(starts(&records), [&expected[..], &[(24_000, 30_000, 0)]].concat());
        assert_eq!(records[1].2.iter().map(|tick| tick.tick).collect::<Vec<_>>(), [0, 5900]);
        // The price in an empty run without an array beside it.
        let (records, wrong) = emitted(&pool(100, 6000 * 10), &own, &[]);
        assert_eq!((starts(&records), wrong), (vec![(60_000, 12_000, 0)], vec![]));
        // The price in an array that holds ticks and is missing.
        let (records, wrong) = emitted(&pool(100, -6001), &own, &[]);
        assert_eq!((records.len(), wrong.len()), (0, 1));
        assert_eq!(wrong[0], (array_address(&program(), &POOL, -12_000), "tick_array"));
        // All of the range up to its end.
        let (records, _) = emitted(&pool(100, 0), &own_bits(&[]), &[]);
        assert_eq!(starts(&records), [(-444_000, 888_000, 0)]);
        // Beyond the pool's own bits nothing is known without the extension.
        let far = 60 * 600;
        let (records, wrong) = emitted(&pool(1, far), &own_bits(&[]), &[]);
        assert_eq!((records.len(), wrong.len()), (0, 1));
        let mut data = extension_bytes();
        for number in [-601, 603] {
            flip(&mut data, number);
        }
        let key = extension_address(&program(), &POOL);
        let mut book = AccountBook::new();
        book.insert(key, program(), data.clone(), 1);
        let (pool, clear) = (pool(1, far), own_bits(&[]));
        let bitmap = Bitmap::new(&book, &pool, &clear).unwrap_or_else(|_| panic!());
        assert_eq!(
            [602, 603, -601, -600].map(|n| bitmap.holds(n).unwrap()),
            [false, true, true, false]
        );
        let mut book = AccountBook::new();
        book.insert_absent(key);
        let bitmap = Bitmap::new(&book, &pool, &clear).unwrap_or_else(|_| panic!());
        assert_eq!(bitmap.holds(603), Some(false));
        let refused = |owner: Key, data: Vec<u8>| {
            let mut book = AccountBook::new();
            book.insert(key, owner, data, 1);
            Bitmap::new(&book, &pool, &clear).err()
        };
        assert_eq!(refused([9; 32], data.clone()), Some((key, AccountFault::Owner)));
        let cut = data[..EXTENSION_LEN - 1].to_vec();
        assert_eq!(refused(program(), cut), Some((key, AccountFault::WrongLen)));
        assert_eq!(refused(program(), vec![0; 9]), Some((key, AccountFault::Discriminator)));
        put(&mut data, 8, &[2; 32]);
        assert_eq!(
            refused(program(), data),
            Some((key, AccountFault::WrongLen)),
            "of another pool"
        );
    }

    #[test]
    fn fixed_and_growing_arrays_say_the_same() {
        // Liquidity, liquidity that cancels out, limit orders alone, and a tick no longer in use.
        let ticks = [(0, 5, 5, 0), (9, 0, 14, 0), (30, 0, 0, 77), (31, 8, 0, 0), (59, -7, 7, 1)];
        let mut all = Vec::new();
        for growing in [false, true] {
            let data = array_bytes((-480, 8), &ticks, growing);
            assert_eq!(data.len(), if growing { 216 + 5 * 168 } else { 10_240 });
            let mut found = [EMPTY; PLACES];
            let count = read(&data, -480, 8, &mut found).unwrap();
            let said = |tick: &Tick| (tick.tick, tick.liquidity_net, tick.orders);
            let found: Vec<_> = found[..count].iter().map(said).collect();
            assert_eq!(found, [(-480, 5, 0), (-408, 0, 0), (-240, 0, 1), (-8, -7, 1)]);
            all.push(found);
            for len in 0..data.len() {
                let mut found = [EMPTY; PLACES];
                let cut = read(&data[..len], -480, 8, &mut found);
                assert_eq!(cut, Err(AccountFault::WrongLen), "{growing} {len}");
            }
            let partly = {
                let mut data = array_bytes((-480, 8), &[(3, 0, 0, 0)], growing);
                let at = if growing { DYNAMIC_TICKS_AT } else { FIXED_TICKS_AT + 3 * TICK_LEN };
                data[at + 132] = 1;
                data
            };
            let mut found = [EMPTY; PLACES];
            assert_eq!(read(&partly, -480, 8, &mut found), Ok(1));
            assert_eq!((found[0].tick, found[0].orders), (-456, 1));
        }
        assert_eq!(all[0], all[1]);
    }

    #[test]
    fn arrays_and_ticks_out_of_place_are_refused() {
        let with = |start: i32, data: Vec<u8>| {
            let (_, mut wrong) = emitted(&pool(8, 0), &own_bits(&[]), &[(7, data)]);
            wrong.retain(|(key, _)| key[0] == 7 || start == 1);
            wrong
        };
        let bad = |name| vec![([7; 32], name)];
        for start in [8, -481, 480 * 1000, -480 * 1000, i32::MIN, i32::MAX] {
            assert_eq!(
                with(start, array_bytes((start, 8), &[], false)),
                bad("bad_tick"),
                "{start}"
            );
        }
        let mut odd = array_bytes((480, 8), &[(3, 1, 1, 0)], true);
        odd[DYNAMIC_TICKS_AT] ^= 1;
        assert_eq!(with(480, odd.clone()), bad("bad_tick"));
        odd[48 + 3] = 2;
        assert_eq!(with(480, odd), bad("bad_value"), "more than are allocated");
        // The lowest array begins below the lowest tick, the highest ends above the highest.
        let (lowest, highest) = numbers(480).unwrap();
        let low = array_bytes((lowest * 480, 8), &[(0, 1, 1, 0)], false);
        assert_eq!(with(0, low), bad("bad_tick"));
        let high = array_bytes((highest * 480, 8), &[(59, 1, 1, 0)], false);
        assert_eq!(with(0, high), bad("bad_tick"));
        assert_eq!(with(0, FIXED.to_vec()), bad("wrong_len"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn hostile_arrays_never_panic(
            data in proptest::collection::vec(any::<u8>(), 0..11_000),
            start in any::<i32>(), spacing in 1u16.., fixed: bool,
        ) {
            let data = [&(if fixed { FIXED } else { DYNAMIC })[..], &data].concat();
            let _ = read(&data, start, spacing, &mut [EMPTY; PLACES]);
        }

        #[test]
        fn pieces_are_in_order_and_never_overlap(
            spacing in 1u16..500, tick in TICK_MIN..TICK_MAX, set in proptest::collection::vec(-40i32..40, 0..9),
            here in proptest::collection::vec(-40i32..40, 0..9),
        ) {
            let pool = pool(spacing, tick);
            let spacing = i32::from(spacing);
            let (lowest, highest) = numbers(60 * spacing).unwrap();
            let mut here = here;
            here.retain(|number| (lowest..=highest).contains(number));
            let arrays: Vec<_> = here
                .iter()
                .map(|number| (0, array_bytes((number * 60 * spacing, spacing), &[], false)))
                .collect();
            let (records, wrong) = emitted(&pool, &own_bits(&set), &arrays);
            let end = |(start, span, _): &(i32, u32, Vec<Tick>)| start.strict_add_unsigned(*span);
            prop_assert!(records.windows(2).all(|pair| end(&pair[0]) <= pair[1].0));
            // The price is covered, or its array is named.
            let covered = records.iter().any(|record| (record.0..end(record)).contains(&tick));
            prop_assert_eq!(wrong.len(), usize::from(!covered));
        }
    }
}
