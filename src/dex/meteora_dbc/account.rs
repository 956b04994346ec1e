//! Pool and configuration accounts.
//!
//! | account | bytes | fields |
//! |---|---|---|
//! | VirtualPool, TransferHookPool | 424 | last change of volatility u64@8, what it is measured from u128@24, accumulator u128@40, reference u128@56, config@72, base mint@136, base vault@168, quote vault@200, base u64@232, quote u64@240, sqrt_price u128@280, activation point u64@296, migrated u8@305 |
//! | PoolConfig | 1048 | quote mint@8, cliff fee u64@104, frequency or duration u64@112, reduction or reference amount u64@120, periods or increment u16@128, fee mode u8@130, dynamic fee on u8@136 and its rules as in DAMM v2, fee side u8@232 (0 quote, 1 output), by time u8@234, threshold u64@264, migration price u128@280, first price u128@392, 20 points {sqrt_price u128, liquidity u128} @408 |
//! | ConfigWithTransferHook | 1128 | the same, and more |
//!
//! The curve is a row of ranges: point n is where the n-th ends, and its liquidity. A record holds
//! the range of the present price, `sqrt_min` to `sqrt_max`: a quote that leaves it is not known.
//! The liquidity has the scale of DAMM v2's. What `left_b` counts is what the quote reserve still
//! takes until the pool migrates; then it takes no swaps.
//!
//! Source: MeteoraAg/dynamic-bonding-curve programs/dynamic-bonding-curve/src/{state/{config,
//! virtual_pool,fee}.rs, constants.rs} @b4f9547 and its interface 0.2.1 (facts/dex.md 8).

use crate::bytes::{key_at, u8_at, u16_at, u64_at, u128_at};
use crate::ids::{Key, Venue};
use crate::record::{Curve, Pool, PoolStatus};

use super::super::accounts::{
    Account, AccountBook, AccountFault, Clock, Found, Out, Part, PoolKeys, Unsupported,
};
use super::super::join::{self, FEE_IN_B, FEE_OF_OUTPUT};
use super::super::meteora_damm_v2::account::{SQRT_MAX, SQRT_MIN};
use super::super::meteora_damm_v2::fee::{self, BaseFee, Moves};
use super::names::{
    ACCOUNTS, CONFIG_WITH_TRANSFER_HOOK_ACCOUNT, POOL_CONFIG_ACCOUNT, TRANSFER_HOOK_POOL_ACCOUNT,
    VIRTUAL_POOL_ACCOUNT,
};

const VENUE: Venue = Venue::MeteoraDbc;
const POOL_LEN: usize = 424;
const CONFIG_LEN: usize = 1048;
/// constants.rs `MAX_FEE_NUMERATOR` and `PROTOCOL_FEE_PERCENT`.
const FEE_MAX: u64 = 990_000_000;
const PROTOCOL_PPM: u32 = 200_000;
/// Points of a curve.
const POINTS: usize = 20;

pub(super) fn pools(book: &AccountBook, clock: Clock, out: &mut Out<'_>) {
    join::each(book, VENUE, out, &mut |key, account, out| {
        let (data, short) = (account.data.as_slice(), AccountFault::WrongLen);
        match *data.first_chunk().ok_or(short)? {
            VIRTUAL_POOL_ACCOUNT | TRANSFER_HOOK_POOL_ACCOUNT => {}
            POOL_CONFIG_ACCOUNT | CONFIG_WITH_TRANSFER_HOOK_ACCOUNT => return Ok(()),
            kind if ACCOUNTS.iter().any(|(_, known)| *known == kind) => return Ok(()),
            _ => return Err(AccountFault::Discriminator),
        }
        if data.len() < POOL_LEN {
            return Err(short);
        }
        let config_key = key_at(data, 72).ok_or(short)?;
        if !book.complete(key, VENUE, &[(Part::Config, config_key)], out) {
            return Ok(());
        }
        match config(book, config_key) {
            Ok(config) => joined(book, clock, (key, account), config, out),
            Err(fault) => {
                out(Found::Refused { pool: key, key: config_key, venue: VENUE, fault });
                Ok(())
            }
        }
    });
}

/// The data of the configuration `key`.
fn config<'a>(book: &'a AccountBook, key: &Key) -> Result<&'a [u8], AccountFault> {
    let account = book.get(key).ok_or(AccountFault::NotInitialised)?;
    if !VENUE.programs().contains(&account.owner) {
        return Err(AccountFault::Owner);
    }
    match account.data.first_chunk() {
        Some(&(POOL_CONFIG_ACCOUNT | CONFIG_WITH_TRANSFER_HOOK_ACCOUNT)) => {}
        _ => return Err(AccountFault::Discriminator),
    }
    Some(account.data.as_slice())
        .filter(|data| data.len() >= CONFIG_LEN)
        .ok_or(AccountFault::WrongLen)
}

fn joined(
    book: &AccountBook,
    clock: Clock,
    (key, account): (&Key, &Account),
    config: &[u8],
    out: &mut Out<'_>,
) -> Result<(), AccountFault> {
    let (data, short) = (account.data.as_slice(), AccountFault::WrongLen);
    let keys = PoolKeys {
        pool: key,
        program: account.owner,
        venue: VENUE,
        mints: [key_at(data, 136).ok_or(short)?, key_at(config, 8).ok_or(short)?],
        vaults: [key_at(data, 168).ok_or(short)?, key_at(data, 200).ok_or(short)?],
    };
    join::lean_pool(book, clock, &keys, account.slot, out, |pool| {
        let unsupported = fill(pool, data, config, account.slot, clock)?;
        curve(pool, data, config)?;
        Ok(unsupported)
    });
    Ok(())
}

/// Fees, reserves, and whether the pool takes swaps.
fn fill(
    pool: &mut Pool,
    data: &[u8],
    config: &[u8],
    slot: u64,
    clock: Clock,
) -> Result<Option<Unsupported>, AccountFault> {
    let byte = |at| u8_at(config, at).ok_or(AccountFault::WrongLen);
    let word = |data, at| u64_at(data, at).ok_or(AccountFault::WrongLen);
    let (by_time, dynamic) = (byte(234)?, byte(136)? != 0);
    let opened = word(data, 296)?;
    let now = match by_time {
        0 => Some(slot),
        1 => clock.unix_s.max(dynamic.then_some(word(data, 8)?)),
        _ => return Err(AccountFault::Value),
    };
    let base = base_fee(config)?.fill(pool, FEE_MAX, (opened, now), by_time == 1)?;
    let wide = |at| u128_at(data, at).ok_or(AccountFault::WrongLen);
    let tracker = (word(data, 8)?, [wide(24)?, wide(40)?, wide(56)?]);
    let moves = fee::volatility(pool, config.get(136..).unwrap_or_default(), tracker)?;
    pool.protocol_ppm = PROTOCOL_PPM;
    pool.fee_side = match byte(232)? {
        0 => FEE_IN_B,
        1 => FEE_OF_OUTPUT,
        _ => return Err(AccountFault::Value),
    };
    (pool.reserve_a, pool.reserve_b) = (word(data, 232)?, word(data, 240)?);
    pool.left_b = word(config, 264)?.saturating_sub(pool.reserve_b);
    pool.present |= Pool::LEFT_B;
    join::opens(pool, by_time == 1, opened, slot, clock);
    // virtual_pool.rs `is_curve_complete`.
    if pool.left_b == 0 || u8_at(data, 305) != Some(0) {
        pool.status = PoolStatus::Disabled as u8;
    }
    Ok(base.or(moves))
}

/// base_fee/mod.rs `get_base_fee_handler`.
fn base_fee(config: &[u8]) -> Result<BaseFee, AccountFault> {
    let word = |at| u64_at(config, at).ok_or(AccountFault::WrongLen);
    let (cliff, second, reduction) = (word(104)?, word(112)?, word(120)?);
    let periods = u16_at(config, 128).ok_or(AccountFault::WrongLen)?;
    let mode = u8_at(config, 130).ok_or(AccountFault::WrongLen)?;
    let moves = match mode {
        0 | 1 if second == 0 => Moves::Never,
        0 | 1 => Moves::ByTime { frequency: second },
        2 if (periods, second, reduction) == (0, 0, 0) => Moves::Never,
        2 => Moves::ByAmount { duration: second },
        _ => return Err(AccountFault::Value),
    };
    Ok(BaseFee { moves, cliff, periods, reduction, exponential: mode == 1 })
}

/// The range of the curve in which the price is; past the last one there is no liquidity.
fn curve(pool: &mut Pool, data: &[u8], config: &[u8]) -> Result<(), AccountFault> {
    let short = AccountFault::WrongLen;
    let price = u128_at(data, 280).ok_or(short)?;
    let end = u128_at(config, 280).ok_or(short)?;
    let mut from = u128_at(config, 392).ok_or(short)?;
    if !(SQRT_MIN..=SQRT_MAX).contains(&price) || from > price || from < SQRT_MIN {
        return Err(AccountFault::SqrtPrice);
    }
    (pool.curve, pool.sqrt_price) = (Curve::Range as u8, price);
    (pool.sqrt_min, pool.sqrt_max) = (from, price);
    pool.present |= Pool::SQRT_PRICE | Pool::LIQUIDITY | Pool::SQRT_RANGE;
    let points = config.get(408..).unwrap_or_default().chunks_exact(32).take(POINTS);
    for (to, liquidity) in points.filter_map(|point| u128_at(point, 0).zip(u128_at(point, 16))) {
        if to == 0 || liquidity == 0 {
            break;
        }
        if to <= from || to > SQRT_MAX {
            return Err(AccountFault::SqrtPrice);
        }
        if to > price && end > price {
            pool.liquidity = liquidity;
            (pool.sqrt_min, pool.sqrt_max) = (from, to.min(end));
            return Ok(());
        }
        from = to;
    }
    // The last range reaches up to the price at which the pool migrates.
    pool.sqrt_min = price;
    pool.status = PoolStatus::Disabled as u8;
    Ok(())
}
