//! Pool accounts.
//!
//! Whirlpool, 653 bytes: tick_spacing u16@41, fee_tier_index u16@43, fee_rate u16@45 (ppm),
//! protocol_rate u16@47 (bps of the fee), liquidity u128@49, sqrt_price u128@65, tick i32@81,
//! mint_a@101, vault_a@133, mint_b@181, vault_b@213.

use crate::bytes::{i32_at, key_at, u16_at, u128_at};
use crate::ids::{Key, ORCA_WHIRLPOOL, Venue};
use crate::record::{Curve, Pool, PoolStatus};

use super::super::accounts::{
    Account, AccountBook, AccountFault, Clock, Found, Out, Part, PoolKeys, Unsupported, with_mints,
};
use super::array::{self, ArrayIndex};
use super::names;
use super::swap::array_starts;
use super::tick::{SQRT_PRICE_MAX, SQRT_PRICE_MIN, TICK_MAX, TICK_MIN};

pub(super) const WHIRLPOOL: [u8; 8] = [0x3f, 0x95, 0xd1, 0x0c, 0xe1, 0x80, 0x63, 0x09];
const WHIRLPOOL_LEN: usize = 653;

/// What a swap needs of a Whirlpool account.
#[derive(Clone, Copy, Debug)]
struct Whirlpool<'a> {
    tick_spacing: u16,
    fee_tier_index: u16,
    fee_rate_ppm: u16,
    protocol_rate_bps: u16,
    liquidity: u128,
    sqrt_price: u128,
    tick: i32,
    mints: [&'a Key; 2],
    vaults: [&'a Key; 2],
}

impl<'a> Whirlpool<'a> {
    fn read(data: &'a [u8]) -> Result<Self, AccountFault> {
        if data.first_chunk() != Some(&WHIRLPOOL) {
            return Err(AccountFault::Discriminator);
        }
        if data.len() != WHIRLPOOL_LEN {
            return Err(AccountFault::WrongLen);
        }
        Self::fields(data).ok_or(AccountFault::WrongLen)?.checked()
    }

    fn fields(data: &'a [u8]) -> Option<Self> {
        Some(Self {
            tick_spacing: u16_at(data, 41)?,
            fee_tier_index: u16_at(data, 43)?,
            fee_rate_ppm: u16_at(data, 45)?,
            protocol_rate_bps: u16_at(data, 47)?,
            liquidity: u128_at(data, 49)?,
            sqrt_price: u128_at(data, 65)?,
            tick: i32_at(data, 81)?,
            mints: [key_at(data, 101)?, key_at(data, 181)?],
            vaults: [key_at(data, 133)?, key_at(data, 213)?],
        })
    }

    /// The first broken rule. A fee rate of 16 bits is below 100 % whatever it is.
    fn checked(self) -> Result<Self, AccountFault> {
        // After a downward crossing at the lowest tick the program stores one below it.
        let ticks = TICK_MIN.saturating_sub(1)..=TICK_MAX;
        if self.tick_spacing == 0 {
            Err(AccountFault::TickSpacing)
        } else if !(SQRT_PRICE_MIN..=SQRT_PRICE_MAX).contains(&self.sqrt_price) {
            Err(AccountFault::SqrtPrice)
        } else if !ticks.contains(&self.tick) {
            Err(AccountFault::Tick)
        } else if self.mints[0] == self.mints[1] {
            Err(AccountFault::SameMint)
        } else if self.protocol_rate_bps > 10_000 {
            Err(AccountFault::Fee)
        } else {
            Ok(self)
        }
    }
}

/// Joins every pool with its vaults, mints and tick arrays.
pub(in super::super) fn pools(book: &AccountBook, clock: Clock, out: &mut Out<'_>) {
    let venue = Venue::OrcaWhirlpool;
    let owned = book.owned_by(&ORCA_WHIRLPOOL);
    let arrays = ArrayIndex::new(&owned, out);
    for (key, account) in owned {
        let kind = account.data.first_chunk();
        if kind.is_some_and(|kind| names::ACCOUNTS.iter().any(|(_, known)| known == kind)) {
            continue;
        }
        let pool = match Whirlpool::read(&account.data) {
            Ok(pool) => pool,
            Err(fault) => {
                out(Found::Refused { pool: key, key, venue, fault });
                continue;
            }
        };
        let parts = [
            (Part::VaultA, pool.vaults[0]),
            (Part::VaultB, pool.vaults[1]),
            (Part::MintA, pool.mints[0]),
            (Part::MintB, pool.mints[1]),
        ];
        if book.complete(key, venue, &parts, out) {
            match join(book, clock, (key, account), &pool) {
                Ok((record, unsupported)) => {
                    out(Found::Pool { pool: &record, unsupported });
                    emit_arrays(book, &arrays, &record, out);
                }
                Err((part, fault)) => out(Found::Refused { pool: key, key: &part, venue, fault }),
            }
        }
    }
}

fn join(
    book: &AccountBook,
    clock: Clock,
    (key, account): (&Key, &Account),
    state: &Whirlpool<'_>,
) -> Result<(Pool, Option<Unsupported>), (Key, AccountFault)> {
    let side = |vault: &Key, mint: &Key| {
        let held = book.vault(vault, mint).map_err(|fault| (*vault, fault))?;
        let mint = book.mint(mint, clock).map_err(|fault| (*mint, fault))?;
        Ok((held, mint))
    };
    let (vault_a, mint_a) = side(state.vaults[0], state.mints[0])?;
    let (vault_b, mint_b) = side(state.vaults[1], state.mints[1])?;
    let keys = PoolKeys {
        pool: key,
        program: ORCA_WHIRLPOOL,
        venue: Venue::OrcaWhirlpool,
        mints: state.mints,
        vaults: state.vaults,
    };
    let slots = [account.slot, vault_a.slot, vault_b.slot];
    let mut pool = keys.record(slots, [vault_a.amount, vault_b.amount]);
    (pool.sqrt_price, pool.liquidity, pool.tick) = (state.sqrt_price, state.liquidity, state.tick);
    pool.tick_spacing = state.tick_spacing;
    (pool.fee_num, pool.fee_den) = (u64::from(state.fee_rate_ppm), super::super::ranges::PPM);
    pool.protocol_ppm = u32::from(state.protocol_rate_bps).saturating_mul(100);
    (pool.decimals_a, pool.decimals_b) = (mint_a.decimals, mint_b.decimals);
    pool.curve = Curve::Range as u8;
    pool.present |= Pool::SQRT_PRICE | Pool::LIQUIDITY | Pool::TICK | Pool::TICK_SPACING;
    pool.present |= Pool::DECIMALS | Pool::DECIMALS_B;
    if vault_a.frozen || vault_b.frozen {
        pool.status = PoolStatus::Disabled as u8;
    }
    // A pool of an adaptive fee tier has an oracle account; the others' tier index is the spacing.
    let adaptive = (state.fee_tier_index != state.tick_spacing).then_some(Unsupported::AdaptiveFee);
    let unsupported = with_mints(&mut pool, [Some(mint_a), Some(mint_b)], adaptive);
    Ok((pool, unsupported))
}

/// Hands over the pool's arrays, lowest first; names the one of the current price when it is
/// missing.
fn emit_arrays(book: &AccountBook, arrays: &ArrayIndex<'_>, pool: &Pool, out: &mut Out<'_>) {
    let venue = Venue::OrcaWhirlpool;
    let loaded = arrays.of(book, pool);
    for (start, key, account) in &loaded {
        match array::read(pool, *start, key, *account) {
            Ok((ticks, entries, count)) => {
                let entries = entries.get(..count).unwrap_or_default();
                out(Found::Ticks { ticks: &ticks, entries: entries.into() });
            }
            Err(fault) => out(Found::Refused { pool: &pool.pool, key, venue, fault }),
        }
    }
    // The array in which a swap downwards begins is the one that holds the current price.
    if let Some(([current, ..], _)) = array_starts(pool.tick, pool.tick_spacing, true)
        && !loaded.iter().any(|(start, ..)| *start == current)
    {
        let key = super::tick_array_address(&pool.pool, current);
        out(Found::Missing { pool: &pool.pool, venue, part: Part::TickArray, key: &key });
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "test fixtures")]
mod tests {
    use super::super::super::accounts::tests::put;
    use super::super::super::model::{self, Joined, join, key, shared};
    use super::super::super::token::tests::{account_bytes, fee_value, mint_bytes};
    use super::super::super::{TickRange, covered, quote_in};
    use super::super::array;
    use super::super::tick_array_address;
    use super::*;
    use crate::ids::{TOKEN, TOKEN_2022};
    use crate::record::Layout;
    use proptest::prelude::*;

    #[test]
    fn the_real_pool_is_joined_with_its_arrays() {
        let Some(text) = shared("data/pools/orca-whirlpool-sol-usdc.jsonl") else { return };
        let joined = join(&model::book(&text), Clock::default());
        let named = |name| joined.wrong.iter().filter(|(_, wrong)| *wrong == name).count();
        assert_eq!(named("vault_a") + named("vault_b") + named("mint_a"), joined.wrong.len());
        let (pool, unsupported) = joined.pools[0];
        assert_eq!(pool.pool, key("HJPjoWUrhoZzkNfRpHuieeFk9WcZWjwy6PBjZ81ngndJ"));
        assert_eq!((unsupported, pool.invalid()), (None, None));
        assert_eq!((pool.tick_spacing, pool.fee_num, pool.fee_den), (64, 3000, 1_000_000));
        assert_eq!((pool.mint_a, pool.mint_b), (crate::ids::WSOL, crate::ids::USDC));
        assert_eq!((pool.decimals_a, pool.decimals_b, pool.tick), (9, 6, -37_756));
        let tick = super::super::tick_at_sqrt_price(pool.sqrt_price);
        assert_eq!(tick, Some(pool.tick), "price and tick agree");
        let own: Vec<_> = joined.arrays.iter().filter(|(t, _)| t.pool == pool.pool).collect();
        assert!(
            own.len() == 39
                && own.windows(2).all(|pair| pair[0].0.start_tick < pair[1].0.start_tick)
        );
        for (ticks, entries) in own {
            assert_eq!((ticks.invalid(), usize::from(ticks.count)), (None, entries.len()));
            assert_eq!(ticks.array, tick_array_address(&pool.pool, ticks.start_tick));
            let range = ticks.start_tick..ticks.start_tick + 88 * 64;
            assert!(entries.iter().all(|t| range.contains(&t.tick) && t.tick % 64 == 0));
            assert!(entries.windows(2).all(|pair| pair[0].tick < pair[1].tick));
        }
        // All liquidity that was ever added and not removed: the sum of nets up to the price.
        let nets = joined.arrays.iter().filter(|(t, _)| t.pool == pool.pool).flat_map(|(_, e)| e);
        let below = nets.filter(|t| t.tick <= pool.tick).map(|t| t.liquidity_net).sum::<i128>();
        assert_eq!(u128::try_from(below), Ok(pool.liquidity));
    }

    fn pool_bytes(spacing: u16, tier: u16) -> Vec<u8> {
        let mut data = vec![0; WHIRLPOOL_LEN];
        put(&mut data, 0, &WHIRLPOOL);
        for (at, n) in [(101, 3), (133, 4), (181, 5), (213, 6)] {
            put(&mut data, at, &[n; 32]);
        }
        for (at, value) in [(41, spacing), (43, tier), (45, 3000), (47, 1300)] {
            put(&mut data, at, &value.to_le_bytes());
        }
        put(&mut data, 49, &(1u128 << 40).to_le_bytes());
        put(&mut data, 65, &(1u128 << 64).to_le_bytes());
        data
    }

    fn array_bytes(start: i32, ticks: &[(usize, i128)], growing: bool) -> Vec<u8> {
        let mut data = if growing { array::DYNAMIC } else { array::FIXED }.to_vec();
        data.extend(start.to_le_bytes());
        if growing {
            data.extend([1; 32]);
            let bitmap = ticks.iter().fold(0u128, |bits, (place, _)| bits | 1 << place);
            data.extend(bitmap.to_le_bytes());
        }
        for place in 0..88 {
            let net = ticks.iter().find(|(at, _)| *at == place).map(|(_, net)| net);
            data.push(u8::from(net.is_some()));
            if net.is_some() || !growing {
                data.extend(net.unwrap_or(&0).to_le_bytes());
                data.extend([0; 96]);
            }
        }
        if !growing {
            data.extend([1; 32]);
        }
        data
    }

    /// Pool 1 of spacing 8, mints 3 and 5, vaults 4 and 6, without arrays.
    fn accounts() -> AccountBook {
        let mut book = AccountBook::new();
        book.insert([1; 32], ORCA_WHIRLPOOL, pool_bytes(8, 8), 30);
        book.insert([3; 32], TOKEN, mint_bytes(9, &[]), 0);
        book.insert([5; 32], TOKEN_2022, mint_bytes(6, &[(1, fee_value((0, 9, 7), (9, 9, 5)))]), 0);
        book.insert([4; 32], TOKEN, account_bytes(&[3; 32], &[1; 32], 1 << 40), 29);
        book.insert([6; 32], TOKEN_2022, account_bytes(&[5; 32], &[1; 32], 1 << 40), 31);
        book
    }

    fn first_wrong(joined: &Joined) -> Option<(u8, &'static str)> {
        joined.wrong.first().map(|(key, name)| (key[0], *name))
    }

    #[test]
    fn fixed_and_growing_arrays_say_the_same() {
        let ticks = [(0, 5), (9, -7), (87, 2)];
        for growing in [false, true] {
            let mut book = accounts();
            book.insert([8; 32], ORCA_WHIRLPOOL, array_bytes(-704, &ticks, growing), 40);
            book.insert([7; 32], ORCA_WHIRLPOOL, array_bytes(0, &[], growing), 41);
            let joined = join(&book, Clock { epoch: Some(9), unix_s: None });
            assert_eq!(joined.wrong, []);
            let pool = joined.pools[0].0;
            assert_eq!((pool.slot, pool.transfer_fee_bps_b, pool.protocol_ppm), (29, 5, 130_000));
            let [(low, entries), (high, none)] = &joined.arrays[..] else { panic!() };
            let entries: Vec<_> = entries.iter().map(|t| (t.tick, t.liquidity_net)).collect();
            assert_eq!(entries, [(-704, 5), (-632, -7), (-8, 2)]);
            assert_eq!((low.count, low.head.len, low.slot), (3, 256, 40));
            assert_eq!((low.start_tick, low.span_ticks, low.invalid()), (-704, 704, None));
            assert_eq!((high.start_tick, high.head.len, none.len()), (0, 128, 0));
            assert!(!growing || array_bytes(0, &ticks, true).len() == 148 + 112 * 3);
        }
    }

    #[test]
    fn an_array_known_not_to_exist_is_an_empty_one() {
        let mut book = accounts();
        book.insert([7; 32], ORCA_WHIRLPOOL, array_bytes(0, &[], false), 1);
        book.insert_absent(tick_array_address(&[1; 32], -704));
        book.insert_absent(tick_array_address(&[1; 32], 704));
        let joined = join(&book, Clock::default());
        let arrays: Vec<_> =
            joined.arrays.iter().map(|(t, _)| (t.start_tick, t.span_ticks)).collect();
        assert_eq!(arrays, [(-704, 704), (0, 704), (704, 704)]);
        assert_eq!(covered(&arrays, joined.pools[0].0.tick), Some((-704, 1408)));
        assert_eq!(joined.wrong, []);
    }

    #[test]
    fn the_array_of_the_price_is_named_when_it_is_missing() {
        let joined = join(&accounts(), Clock::default());
        assert_eq!(joined.wrong, [(tick_array_address(&[1; 32], 0), "tick_array")]);
        let quote = quote_in(&joined.pools[0].0, TickRange::NONE, true, 5);
        assert_eq!(quote, Err(super::super::super::Fault::Ticks));
    }

    #[test]
    fn an_adaptive_fee_is_unsupported() {
        let mut book = accounts();
        book.insert([1; 32], ORCA_WHIRLPOOL, pool_bytes(8, 1025), 31);
        let (pool, unsupported) = join(&book, Clock::default()).pools[0];
        assert_eq!(unsupported, Some(Unsupported::AdaptiveFee));
        assert_eq!(pool.status, PoolStatus::Unsupported as u8);
    }

    #[test]
    fn every_broken_part_is_named() {
        let with = |change: &dyn Fn(&mut Vec<u8>)| {
            let (mut book, mut data) = (accounts(), pool_bytes(8, 8));
            change(&mut data);
            book.insert([1; 32], ORCA_WHIRLPOOL, data, 99);
            first_wrong(&join(&book, Clock::default()))
        };
        let array = |data: Vec<u8>| {
            let mut book = accounts();
            book.insert([7; 32], ORCA_WHIRLPOOL, data, 99);
            let joined = join(&book, Clock::default());
            joined.wrong.iter().find(|(key, _)| key[0] == 7).map(|(_, name)| (7, *name))
        };
        for price in [0, SQRT_PRICE_MIN - 1, SQRT_PRICE_MAX + 1, u128::MAX] {
            let wrong = with(&|data| put(data, 65, &price.to_le_bytes()));
            assert_eq!(wrong, Some((1, "bad_sqrt_price")));
        }
        for tick in [i32::MIN, TICK_MIN - 2, TICK_MAX + 1, i32::MAX] {
            assert_eq!(with(&|data| put(data, 81, &tick.to_le_bytes())), Some((1, "bad_tick")));
        }
        assert_eq!(with(&|data| put(data, 41, &[0; 4])), Some((1, "bad_tick_spacing")));
        assert_eq!(with(&|data| put(data, 181, &[3; 32])), Some((1, "same_mint")));
        assert_eq!(with(&|data| put(data, 47, &10_001u16.to_le_bytes())), Some((1, "bad_fee")));
        assert_eq!(with(&|data| put(data, 133, &[44; 32])), Some((44, "vault_a")));
        assert_eq!(with(&|data| put(data, 213, &[4; 32])), Some((4, "vault_mint")));
        assert_eq!(with(&|data| data[0] ^= 1), Some((1, "wrong_discriminator")));
        for len in (0..WHIRLPOOL_LEN).chain([WHIRLPOOL_LEN + 1]) {
            let name = if len < 8 { "wrong_discriminator" } else { "wrong_len" };
            assert_eq!(with(&|data| data.resize(len, 0)), Some((1, name)), "{len}");
        }
        for growing in [false, true] {
            let whole = array_bytes(0, &[(3, 1)], growing);
            assert_eq!(array(whole.clone()), None);
            for len in 0..whole.len() {
                let name = if len < 8 { "wrong_discriminator" } else { "wrong_len" };
                assert_eq!(array(whole[..len].to_vec()), Some((7, name)), "{growing} {len}");
            }
            let mut odd = whole.clone();
            odd[if growing { 60 } else { 12 }] = 2;
            assert_eq!(array(odd), Some((7, "bad_value")));
            assert_eq!(array(array_bytes(8, &[], growing)), Some((7, "bad_tick")));
            assert_eq!(array(array_bytes(704 * 1000, &[], growing)), Some((7, "bad_tick")));
            // The lowest array begins below the lowest tick.
            let lowest = TICK_MIN - TICK_MIN.rem_euclid(704);
            assert_eq!(array(array_bytes(lowest, &[(0, 1)], growing)), Some((7, "bad_tick")));
        }
        let mut lies = array_bytes(0, &[(3, 1)], true);
        lies[44] ^= 1;
        assert_eq!(array(lies), Some((7, "bad_value")), "its bitmap says another tick");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn hostile_accounts_never_panic(
            mut pool in proptest::collection::vec(any::<u8>(), WHIRLPOOL_LEN),
            mut array in proptest::collection::vec(any::<u8>(), 8..11_000),
            start in -900_000i32..900_000, spacing in 1u16..300, tick in TICK_MIN..TICK_MAX, sparse: bool,
        ) {
            let mut book = accounts();
            let honest = pool_bytes(spacing, spacing);
            put(&mut pool, 0, &honest[..45]);
            put(&mut pool, 65, &honest[65..81]);
            put(&mut pool, 81, &tick.to_le_bytes());
            put(&mut pool, 101, &honest[101..245]);
            book.insert([1; 32], ORCA_WHIRLPOOL, pool, 99);
            put(&mut array, 0, if sparse { &array::DYNAMIC } else { &array::FIXED });
            if array.len() > 60 {
                let start = start - start % (88 * i32::from(spacing));
                put(&mut array, 8, &start.to_le_bytes());
                put(&mut array, 12, &[1; 32]);
            }
            book.insert([7; 32], ORCA_WHIRLPOOL, array, 99);
            let joined = join(&book, Clock::default());
            for (pool, _) in &joined.pools {
                for (ticks, entries) in &joined.arrays {
                    let end_tick = ticks.start_tick + i32::try_from(ticks.span_ticks).unwrap();
                    let range = TickRange { ticks: entries, first_tick: ticks.start_tick, end_tick };
                    let _ = (quote_in(pool, range, true, 1 << 40), quote_in(pool, range, false, 1));
                }
            }
        }
    }
}
