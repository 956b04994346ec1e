//! Pool accounts.
//!
//! Whirlpool, 653 bytes: tick_spacing u16@41, fee_tier_index u16@43, fee_rate u16@45 (ppm),
//! protocol_rate u16@47 (bps of the fee), liquidity u128@49, sqrt_price u128@65, tick i32@81,
//! mint_a@101, vault_a@133, mint_b@181, vault_b@213.

use crate::bytes::{i32_at, key_at, u16_at, u128_at};
use crate::ids::{Key, ORCA_WHIRLPOOL, Venue};
use crate::record::{Pool, PoolStatus};

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
pub(in crate::dex) fn pools(book: &AccountBook, clock: Clock, out: &mut Out<'_>) {
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
    (pool.fee_num, pool.fee_den) = (u64::from(state.fee_rate_ppm), super::step::PPM);
    pool.protocol_ppm = u32::from(state.protocol_rate_bps).saturating_mul(100);
    (pool.decimals_a, pool.decimals_b) = (mint_a.decimals, mint_b.decimals);
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
                out(Found::Ticks { ticks: &ticks, entries });
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
