//! Base-2 logarithms of exact ratios, in units of 2^-20, rounded down exactly.
//!
//! The screen of the detector adds these instead of multiplying rates. Because every one is a
//! floor, the sum over `h` hops lies less than `h` units below the true logarithm: a cycle whose
//! product of rates is above one never scores below `-h` (facts: arb.md section 2.2).
//!
//! Way: the top bits of the mantissa pick a reciprocal from a table of 128, which leaves
//! `1 + z` with |z| < 2^-7; seven terms of the series give `ln(1 + z)`. Each logarithm is within
//! [`ULPS`] of 2^-52. When the sum is that close to a multiple of 2^-20, which happens once in 2^27
//! or when the ratio is a power of two, 512-bit squaring decides.

use ruint::Uint;

/// Fraction bits of the result.
pub(super) const SHIFT: u32 = 20;

/// Fraction bits of a single logarithm.
const FINE: u32 = 52;

/// Bound of the error of a single logarithm, in 2^-52: the table and the series are good to a few
/// 2^-62, the cut to 52 bits takes less than one, mantissas cut to 64 bits less than one more.
const ULPS: i64 = 4;

/// Bound of the error of a sum of up to four logarithms on either side.
const SLACK: i64 = ULPS * 8;

type Wide = Uint<512, 8>;
type Square = Uint<1024, 16>;

/// 2^62 / ln 2, rounded.
const INV_LN2_Q62: i64 = 6_653_256_548_922_161_246;

/// `1 / k` for k from 7 down to 1, with 62 fraction bits.
const COEFFICIENTS: [i64; 7] = {
    const ONE: i64 = 1 << 62;
    [ONE / 7, ONE / 6, ONE / 5, ONE / 4, ONE / 3, ONE / 2, ONE]
};

/// For the 7 bits below the leading one of a mantissa: a 16-bit reciprocal of the middle of its
/// interval, and minus the reciprocal's logarithm with 62 fraction bits.
#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "evaluated by the compiler, which stops at a miss or an overflow"
)]
const TABLE: [(u32, i64); 128] = {
    let mut table = [(0, 0); 128];
    let mut at = 0;
    while at < table.len() {
        let reciprocal = ((1_u64 << 24) / (257 + 2 * at as u64)) as u32;
        table[at] = (reciprocal, minus_log2_q62(reciprocal));
        at += 1;
    }
    table
};

/// `-log2(reciprocal / 2^16)` with 62 fraction bits, for `reciprocal` in 2^15..2^16: one bit a
/// squaring. Each rounding weighs 2^-63 of the bit it happens at, so the sum stays below 2^-61.
#[expect(clippy::arithmetic_side_effects, reason = "evaluated by the compiler, as the table")]
const fn minus_log2_q62(reciprocal: u32) -> i64 {
    let mut mantissa = (reciprocal as u128) << 48; // in [1, 2) with 63 fraction bits
    let mut fraction: i64 = 0;
    let mut bit = 0;
    while bit < 62 {
        mantissa = (mantissa * mantissa) >> 63;
        fraction <<= 1;
        if mantissa >> 64 != 0 {
            mantissa >>= 1;
            fraction |= 1;
        }
        bit += 1;
    }
    (1 << 62) - fraction
}

/// `floor(2^20 * log2(above / below))` of the products of `above` and of `below`, exact.
///
/// At most four factors a side. `None` when a factor is zero or there are more of them.
#[inline]
pub(super) fn floor_log2_q20(above: &[u128], below: &[u128]) -> Option<i32> {
    if above.len() > 4 || below.len() > 4 {
        return None;
    }
    let sum = sum_q52(above)?.checked_sub(sum_q52(below)?)?;
    let low = sum.checked_sub(SLACK)? >> (FINE - SHIFT);
    let high = sum.checked_add(SLACK)? >> (FINE - SHIFT);
    if low == high { i32::try_from(low).ok() } else { exact(above, below) }
}

/// Sum of the logarithms of `factors`, of as few products as fit: reserves and fees mostly are one.
#[inline]
fn sum_q52(factors: &[u128]) -> Option<i64> {
    let (mut sum, mut product) = (0_i64, 1_u128);
    for factor in factors {
        // Numbers with so many leading zeros do not overflow.
        if product.leading_zeros().wrapping_add(factor.leading_zeros()) >= 128 {
            product = product.wrapping_mul(*factor);
        } else {
            sum = sum.checked_add(log2_q52(product)?)?;
            product = *factor;
        }
    }
    sum.checked_add(log2_q52(product)?)
}

/// The product of two numbers with 62 fraction bits, both below two and one of them below one.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "below two")]
fn mul_q62(one: i64, other: i64) -> i64 {
    (i128::from(one).wrapping_mul(i128::from(other)) >> 62) as i64
}

/// `log2(value)` with 52 fraction bits, within [`ULPS`]. `None` for zero.
#[inline]
fn log2_q52(value: u128) -> Option<i64> {
    let exponent = value.checked_ilog2()?;
    // The leading 64 bits, the highest of them set.
    let mantissa = u64::try_from(value.wrapping_shl(127_u32.wrapping_sub(exponent)) >> 64).ok()?;
    let index = usize::try_from((mantissa >> 56) & 0x7f).ok()?;
    let (reciprocal, log) = *TABLE.get(index)?;
    let product = i128::from(mantissa).wrapping_mul(i128::from(reciprocal));
    let z = i64::try_from(product.wrapping_sub(1 << 79) >> 17).ok()?;
    // ln(1 + z) = z (1 - z (1/2 - z (1/3 - ...))).
    let mut series = 0_i64;
    for coefficient in COEFFICIENTS {
        series = coefficient.wrapping_sub(mul_q62(z, series));
    }
    let tail = mul_q62(mul_q62(z, series), INV_LN2_Q62);
    let fraction = tail.checked_add(log)? >> (62 - FINE);
    i64::from(exponent).checked_shl(FINE)?.checked_add(fraction)
}

/// The same floor by squaring a 512-bit mantissa twenty times. The lower end of the interval is
/// the answer: it is exact when the ratio is a power of two (the only rational case), and
/// otherwise the twenty roundings move it by less than 2^-480.
#[cold]
fn exact(above: &[u128], below: &[u128]) -> Option<i32> {
    let product = |factors: &[u128]| {
        factors.iter().try_fold(Wide::ONE, |all, one| all.checked_mul(Wide::from(*one)))
    };
    let (above, below) = (product(above)?, product(below)?);
    // Ratio = quotient / 2^511 before the exponent is taken out.
    let scaled = Square::from(above).checked_shl(511)?;
    let quotient = scaled.checked_div(Square::from(below))?;
    let top = i32::try_from(quotient.bit_len()).ok()?.checked_sub(1)?;
    let mut fraction: i32 = top.checked_sub(511)?;
    let mut mantissa = align(quotient)?;
    for _ in 0..SHIFT {
        let square = mantissa.checked_mul(mantissa)?;
        fraction = fraction.checked_mul(2)?;
        if square.bit_len() == 1022 {
            fraction = fraction.checked_add(1)?;
        }
        mantissa = align(square)?;
    }
    Some(fraction)
}

/// `value` shifted until it has 511 bits, the lowest cut off.
fn align(value: Square) -> Option<Square> {
    let bits = value.bit_len();
    if bits > 511 {
        Some(value.wrapping_shr(bits.checked_sub(511)?))
    } else {
        value.checked_shl(511_usize.checked_sub(bits)?)
    }
}

#[cfg(test)]
#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "a test may stop where it is wrong"
)]
mod tests {
    use super::*;
    use num_bigint::BigUint;
    use proptest::prelude::*;

    /// Independent model: the same floor from big integers, by squaring with 700 fraction bits.
    fn model(above: &[u128], below: &[u128]) -> i32 {
        let product = |f: &[u128]| f.iter().fold(BigUint::from(1_u8), |all, one| all * *one);
        let mut mantissa = (product(above) << 1400_u32) / product(below);
        let mut result = mantissa.bits() as i32 - 1401;
        for _ in 0..SHIFT {
            let cut = mantissa.bits() - 701;
            mantissa >>= cut;
            mantissa = &mantissa * &mantissa;
            result = 2 * result + i32::from(mantissa.bits() == 1402);
        }
        result
    }

    #[test]
    fn powers_of_two_are_exact() {
        for shift in 0..127 {
            let two = 1_u128 << shift;
            assert_eq!(floor_log2_q20(&[two], &[1]), Some(shift << SHIFT));
            assert_eq!(floor_log2_q20(&[1], &[two]), Some(-(shift << SHIFT)));
            assert_eq!(floor_log2_q20(&[two + 1, 3], &[two + 1, 3]), Some(0));
        }
        assert_eq!(floor_log2_q20(&[], &[]), Some(0));
    }

    #[test]
    fn one_below_a_power_of_two_rounds_down() {
        let big = 1_u128 << 100;
        assert_eq!(floor_log2_q20(&[big - 1], &[big]), Some(-1));
        assert_eq!(floor_log2_q20(&[big + 1], &[big]), Some(0));
        assert_eq!(floor_log2_q20(&[u128::MAX; 4], &[1]), Some((512 << SHIFT) - 1));
        assert_eq!(floor_log2_q20(&[1], &[u128::MAX; 4]), Some(-(512 << SHIFT)));
    }

    #[test]
    fn zero_and_too_many_have_no_logarithm() {
        assert_eq!(floor_log2_q20(&[0, 1], &[1]), None);
        assert_eq!(floor_log2_q20(&[1], &[0]), None);
        assert_eq!(floor_log2_q20(&[1; 5], &[1]), None);
    }

    #[test]
    fn single_logarithms_keep_their_bound() {
        // 52-bit floor by the model's squaring, compared within ULPS.
        for value in (0..128_u32).map(|bit| (u128::MAX >> bit) ^ (u128::from(bit) * 977)) {
            if value == 0 {
                continue;
            }
            let mut mantissa = BigUint::from(value) << 700_u32;
            let mut want = mantissa.bits() as i64 - 701;
            for _ in 0..FINE {
                mantissa >>= mantissa.bits() - 701;
                mantissa = &mantissa * &mantissa;
                want = 2 * want + i64::from(mantissa.bits() == 1402);
            }
            let got = log2_q52(value).unwrap();
            assert!((got - want).abs() < ULPS, "{value}: {got} against {want}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn equals_the_model(
            above in prop::collection::vec(any::<u128>(), 1..=4),
            below in prop::collection::vec(any::<u128>(), 1..=4),
            shifts in prop::array::uniform8(0_u32..128),
        ) {
            let cut = |v: &[u128], s: &[u32]| -> Vec<u128> {
                v.iter().zip(s).map(|(v, s)| (v >> s).max(1)).collect()
            };
            let (above, below) = (cut(&above, &shifts[..4]), cut(&below, &shifts[4..]));
            prop_assert_eq!(floor_log2_q20(&above, &below), Some(model(&above, &below)));
            prop_assert_eq!(exact(&above, &below), Some(model(&above, &below)));
        }
    }
}
