//! Pool accounts.
//!
//! Pool, 1112 bytes: cliff fee u64@8, fee mode u8@16; of a time schedule periods u16@22, frequency
//! u64@24, reduction u64@32; of a rate limiter increment u16@22, duration u32@24, highest fee u32@28,
//! reference amount u64@32; of a price schedule periods u16@22, step u32@24, duration u32@28,
//! reduction u64@32; protocol's part u8@48 (% of the fee), compounding part u16@54 (bps of the rest);
//! dynamic fee on u8@56, its highest accumulator u32@64, control u32@68, step u16@72, filter u16@74, decay
//! u16@76, reduction u16@78, last change u64@80, step u128@88, square root it is measured from u128@104,
//! accumulator u128@120, reference u128@136; mint a@168, mint b@200, vault a@232, vault b@264,
//! liquidity u128@360, sqrt_min u128@424, sqrt_max u128@440, sqrt_price u128@456, activation point
//! u64@472, by time u8@480, status u8@481, fee mode u8@484 (0 of the output, 1 of b, 2 of b and
//! compounding), fee version u8@486, a u64@680, b u64@688.
//!
//! A pool that compounds is a plain product of the amounts @680 and @688. Any other is one range,
//! whose liquidity has 64 fractional bits more than a whirlpool's: b = L * (P - P') / 2^128.
//!
//! A dynamic fee in a pool that compounds follows a price that no record holds: such pools are
//! unsupported.
//!
//! Source: MeteoraAg/damm-v2 programs/cp-amm/src/{state/{pool,fee}.rs, constants.rs, base_fee}
//! @a3d3827 and its interface 0.2.5 (facts/dex.md 7).

use crate::bytes::{u8_at, u16_at, u32_at, u64_at, u128_at};
use crate::ids::Venue;
use crate::record::{Curve, Pool, PoolStatus};

use super::super::accounts::{AccountBook, AccountFault, Clock, Out, PoolKeys, Unsupported};
use super::super::join::{self, FEE_IN_B, FEE_OF_OUTPUT};
use super::fee::{self, BaseFee, Moves};
use super::names::{ACCOUNTS, POOL_ACCOUNT};

const POOL_LEN: usize = 1112;
/// constants.rs `MIN_SQRT_PRICE` and `MAX_SQRT_PRICE`.
pub(in super::super) const SQRT_MIN: u128 = 4_295_048_016;
pub(in super::super) const SQRT_MAX: u128 = 79_226_673_521_066_979_257_578_248_091;
/// constants.rs `get_max_fee_numerator`, by fee version.
const FEE_MAX: [u64; 2] = [500_000_000, 990_000_000];

pub(super) fn pools(book: &AccountBook, clock: Clock, out: &mut Out<'_>) {
    let venue = Venue::MeteoraDammV2;
    join::each(book, venue, out, &mut |key, account, out| {
        let (data, short) = (account.data.as_slice(), AccountFault::WrongLen);
        let kind = data.first_chunk().ok_or(short)?;
        if ACCOUNTS.iter().any(|(_, known)| known == kind) {
            return Ok(());
        }
        if *kind != POOL_ACCOUNT {
            return Err(AccountFault::Discriminator);
        }
        if data.len() < POOL_LEN {
            return Err(short);
        }
        let keys = PoolKeys::at(key, venue, data, [168, 200], [232, 264]).ok_or(short)?;
        join::lean_pool(book, clock, &keys, account.slot, out, |pool| {
            let unsupported = fill(pool, data, account.slot, clock)?;
            curve(pool, data)?;
            Ok(unsupported)
        });
        Ok(())
    });
}

/// Fees, and when the pool is open.
fn fill(
    pool: &mut Pool,
    data: &[u8],
    slot: u64,
    clock: Clock,
) -> Result<Option<Unsupported>, AccountFault> {
    let byte = |at| u8_at(data, at).ok_or(AccountFault::WrongLen);
    let word = |at| u64_at(data, at).ok_or(AccountFault::WrongLen);
    let (by_time, status, dynamic) = (byte(480)?, byte(481)?, byte(56)? != 0);
    let max = FEE_MAX.get(usize::from(byte(486)?)).ok_or(AccountFault::Value)?;
    if by_time > 1 || status > 1 {
        return Err(AccountFault::Value);
    }
    let opened = word(472)?;
    let now = match by_time {
        0 => Some(slot),
        // The time of a change of the dynamic fee is not after the present either.
        _ => clock.unix_s.max(dynamic.then_some(word(80)?)),
    };
    let mut unsupported = base_fee(data)?.fill(pool, *max, (opened, now), by_time == 1)?;
    let (protocol, compounding) = (byte(48)?, u16_at(data, 54).ok_or(AccountFault::WrongLen)?);
    let rest = 100u32.checked_sub(protocol.into()).ok_or(AccountFault::Fee)?;
    pool.protocol_ppm = u32::from(protocol).saturating_mul(10_000);
    match byte(484)? {
        0 => pool.fee_side = FEE_OF_OUTPUT,
        1 => pool.fee_side = FEE_IN_B,
        2 => {
            // What of the rest does not compound leaves the reserves, to be claimed.
            let claimed = 10_000u32.checked_sub(compounding.into()).ok_or(AccountFault::Fee)?;
            pool.fund_ppm = rest.saturating_mul(claimed);
            (pool.fee_side, pool.curve) = (FEE_IN_B, Curve::Product as u8);
            unsupported = unsupported.or(dynamic.then_some(Unsupported::AdaptiveFee));
        }
        _ => return Err(AccountFault::Value),
    }
    join::opens(pool, by_time == 1, opened, slot, clock);
    if status != 0 {
        pool.status = PoolStatus::Disabled as u8;
    }
    let rules = data.get(56..).unwrap_or_default();
    let wide = |at| u128_at(data, at).ok_or(AccountFault::WrongLen);
    let tracker = (word(80)?, [wide(104)?, wide(120)?, wide(136)?]);
    let moves = fee::volatility(pool, rules, tracker)?;
    Ok(unsupported.or(moves))
}

fn base_fee(data: &[u8]) -> Result<BaseFee, AccountFault> {
    let short = AccountFault::WrongLen;
    let (cliff, mode) = (u64_at(data, 8).ok_or(short)?, u8_at(data, 16).ok_or(short)?);
    let periods = u16_at(data, 22).ok_or(short)?;
    let (frequency, reduction) = (u64_at(data, 24).ok_or(short)?, u64_at(data, 32).ok_or(short)?);
    let duration = |at| u32_at(data, at).map(u64::from).ok_or(short);
    let moves = match mode {
        0 | 1 if frequency == 0 => Moves::Never,
        0 | 1 => Moves::ByTime { frequency },
        // fee_rate_limiter.rs `is_zero_rate_limiter`; 24 and 28 are one word here.
        2 if (periods, frequency, reduction) == (0, 0, 0) => Moves::Never,
        2 => Moves::ByAmount { duration: duration(24)? },
        3 | 4 => Moves::ByPrice { duration: duration(28)? },
        _ => return Err(AccountFault::Value),
    };
    Ok(BaseFee { moves, cliff, periods, reduction, exponential: matches!(mode, 1 | 4) })
}

/// The price: of one range, or of the two amounts of a pool that compounds.
fn curve(pool: &mut Pool, data: &[u8]) -> Result<(), AccountFault> {
    let short = AccountFault::WrongLen;
    if u8_at(data, 484) == Some(2) {
        (pool.reserve_a, pool.reserve_b) = u64_at(data, 680).zip(u64_at(data, 688)).ok_or(short)?;
        return if pool.reserve_a == 0 || pool.reserve_b == 0 {
            Err(AccountFault::ZeroReserve)
        } else {
            Ok(())
        };
    }
    let wide = |at| u128_at(data, at).ok_or(short);
    pool.liquidity = wide(360)?;
    (pool.sqrt_min, pool.sqrt_max, pool.sqrt_price) = (wide(424)?, wide(440)?, wide(456)?);
    let ordered = SQRT_MIN <= pool.sqrt_min
        && pool.sqrt_min <= pool.sqrt_price
        && pool.sqrt_price <= pool.sqrt_max
        && pool.sqrt_max <= SQRT_MAX;
    if !ordered {
        return Err(AccountFault::SqrtPrice);
    }
    pool.curve = Curve::Range as u8;
    pool.present |= Pool::SQRT_PRICE | Pool::LIQUIDITY | Pool::SQRT_RANGE;
    Ok(())
}
