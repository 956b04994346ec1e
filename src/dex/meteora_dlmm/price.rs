//! The price of a bin, Q64.64: `(1 + bin_step / 10000)^bin` as the program rounds it.
//!
//! Source: MeteoraAg/dlmm-sdk commons/src/math/u64x64_math.rs `pow`, price_math.rs @fb02e51
//! (facts/dex.md 6 and its golden values in 22).

const ONE: u128 = 1 << 64;
/// Exponents have at most 19 bits.
const EXPONENT_BITS: u32 = 19;

/// The price of x in y in bin `bin` where each bin's is `bin_step_bps` above the one below; `None`
/// where the program has none either.
pub(super) fn price(bin: i32, bin_step_bps: u16) -> Option<u128> {
    let step = u128::from(bin_step_bps).checked_shl(64)?.checked_div(10_000)?;
    let base = ONE.checked_add(step)?;
    let exponent = bin.unsigned_abs();
    if exponent >= 1 << EXPONENT_BITS {
        return None;
    }
    if bin == 0 {
        return Some(ONE);
    }
    // The base is at least 1, so its inverse is raised and the result turned around.
    let product = power(u128::MAX.checked_div(base)?, exponent)?;
    if bin > 0 { u128::MAX.checked_div(product) } else { Some(product) }
}

/// `base^exponent` of a base below 1, rounded down at each step; `None` when nothing is left of it.
///
/// The same `pow` stands in MeteoraAg/damm-v2 programs/cp-amm/src/math/fee_math.rs @a3d3827.
pub(in super::super) fn power(base: u128, exponent: u32) -> Option<u128> {
    let (mut square, mut product) = (base, ONE);
    for bit in 0..EXPONENT_BITS {
        if exponent.checked_shr(bit)? & 1 == 1 {
            product = product.checked_mul(square)? >> 64;
        }
        square = square.checked_mul(square)? >> 64;
    }
    Some(product).filter(|product| *product != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_prices() {
        // facts/dex.md 22: equal to the stored prices of mainnet bins.
        for (bin, step, expected) in [
            (1, 1, 18_448_588_748_116_922_571),
            (-1, 1, 18_444_899_583_751_176_498),
            (100, 25, 23_678_699_809_202_413_098),
            (-1054, 80, 4_154_501_107_467_251),
            (8388, 10, 80_716_369_362_312_265_840_737),
            (-3000, 100, 2_003_541),
            (0, 25, ONE),
        ] {
            assert_eq!(price(bin, step), Some(expected), "{bin} {step}");
        }
    }

    #[test]
    fn the_ends_have_no_price() {
        assert_eq!(price(1 << 19, 1), None);
        assert_eq!(price(i32::MIN, 1), None);
        assert_eq!(price(443_636, 500), None);
    }
}
