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
    // The base is at least 1, so its inverse is raised and the result turned around.
    let mut square = u128::MAX.checked_div(base)?;
    let mut product = ONE;
    for bit in 0..EXPONENT_BITS {
        if exponent.checked_shr(bit)? & 1 == 1 {
            product = product.checked_mul(square)? >> 64;
        }
        square = square.checked_mul(square)? >> 64;
    }
    match (bin, product) {
        (0, _) => Some(ONE),
        (_, 0) => None,
        (1.., _) => u128::MAX.checked_div(product),
        _ => Some(product),
    }
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
