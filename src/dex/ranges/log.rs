//! The tick of a square-root price: a logarithm in integers, and the venue's own table of prices.
//!
//! Source: orca-so/whirlpools math/tick_math.rs, raydium-io/raydium-clmm libraries/tick_math.rs
//! (facts/dex.md 3 and 5): the same function, with 14 binary digits and with 16.

/// 2^32 / log2(sqrt(1.0001)).
const LOG_B_2_X32: i128 = 59_543_866_431_248;
/// How far the estimate may be above and below the truth, Q64.64 (the program's own bounds).
const ABOVE_X64: i128 = 184_467_440_737_095_516;
const BELOW_X64: i128 = 15_793_534_762_490_258_745;

/// The highest tick whose square-root price, by the table `price_at`, is not above `sqrt_price`,
/// Q64.64; `None` for a price of 0.
///
/// A logarithm with at least 14 binary digits leaves at most two candidates; the table decides.
#[inline]
pub(in super::super) fn tick_at(
    sqrt_price: u128,
    digits: u32,
    price_at: impl Fn(i32) -> Option<u128>,
) -> Option<i32> {
    let top = sqrt_price.checked_ilog2()?;
    // The mantissa in [1, 2) with 63 binary digits: squaring it yields one digit of the log a time.
    let mantissa = match top.checked_sub(63) {
        Some(down) => sqrt_price.checked_shr(down)?,
        None => sqrt_price.checked_shl(63u32.checked_sub(top)?)?,
    };
    let mut mantissa = u64::try_from(mantissa).ok()?;
    let mut log2 = i64::from(top).checked_sub(64)?;
    for _ in 0..digits {
        let square = u128::from(mantissa).wrapping_mul(mantissa.into()); // 64 bits by 64
        let digit = square >> 127;
        mantissa = u64::try_from((square >> 63) >> digit).ok()?;
        log2 = log2.checked_mul(2)?.checked_add(i64::try_from(digit).ok()?)?;
    }
    let log_x32 = i128::from(log2).checked_mul(1 << 32u32.checked_sub(digits)?)?;
    let log_x64 = log_x32.checked_mul(LOG_B_2_X32)?;
    let floor = |x64: i128| i32::try_from(x64 >> 64).ok();
    let low = floor(log_x64.checked_sub(ABOVE_X64)?)?;
    let high = floor(log_x64.checked_add(BELOW_X64)?)?;
    if low == high {
        return Some(low);
    }
    // Above the highest tick there is no price to compare with: the lower candidate holds.
    Some(if price_at(high).is_some_and(|price| price <= sqrt_price) { high } else { low })
}
