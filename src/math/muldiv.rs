//! `a * b / d` without losing the product's high half, rounded down or up.

use super::wide::{U256, mul_wide, to_u128};

/// `floor(a * b / d)`; `None` when `d` is zero or the result does not fit.
#[inline]
pub fn mul_div_floor(a: u64, b: u64, d: u64) -> Option<u64> {
    if let Some(product) = a.checked_mul(b) {
        return product.checked_div(d);
    }
    let product = u128::from(a).wrapping_mul(u128::from(b)); // two 64-bit factors always fit
    u64::try_from(product.checked_div(u128::from(d))?).ok()
}

/// `ceil(a * b / d)`; `None` when `d` is zero or the result does not fit.
#[inline]
pub fn mul_div_ceil(a: u64, b: u64, d: u64) -> Option<u64> {
    if let Some(product) = a.checked_mul(b) {
        return (d != 0).then(|| product.div_ceil(d));
    }
    let product = u128::from(a).wrapping_mul(u128::from(b));
    u64::try_from(div_ceil(product, u128::from(d))?).ok()
}

/// `floor(a * b / d)` through 256 bits; `None` when `d` is zero or the result does not fit.
#[inline]
pub fn mul_div_floor_u128(a: u128, b: u128, d: u128) -> Option<u128> {
    if let Some(product) = a.checked_mul(b) {
        return product.checked_div(d);
    }
    to_u128(&mul_wide(a, b).checked_div(U256::from(d))?)
}

/// `ceil(a * b / d)` through 256 bits; `None` when `d` is zero or the result does not fit.
#[inline]
pub fn mul_div_ceil_u128(a: u128, b: u128, d: u128) -> Option<u128> {
    if let Some(product) = a.checked_mul(b) {
        return div_ceil(product, d);
    }
    div_ceil_wide(mul_wide(a, b), U256::from(d))
}

/// `ceil(n / d)`; `None` when `d` is zero.
#[inline]
pub fn div_ceil(n: u128, d: u128) -> Option<u128> {
    let quotient = n.checked_div(d)?;
    // By the quotient, as a second division takes as long as the first. Nothing overflows: the product is
    // at most n, and a remainder leaves a quotient below n.
    let has_rest = quotient.wrapping_mul(d) != n;
    quotient.checked_add(u128::from(has_rest))
}

/// `ceil(n / d)`; `None` when `d` is zero or the result does not fit into 128 bits.
#[inline]
pub fn div_ceil_wide(n: U256, d: U256) -> Option<u128> {
    if d.is_zero() {
        return None;
    }
    let (quotient, remainder) = n.div_rem(d);
    to_u128(&quotient)?.checked_add(u128::from(!remainder.is_zero()))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "the model is written plainly")]
mod tests {
    use super::*;
    use num_bigint::BigUint;
    use proptest::prelude::*;

    #[test]
    fn edges() {
        assert_eq!(mul_div_floor(7, 3, 2), Some(10));
        assert_eq!(mul_div_ceil(7, 3, 2), Some(11));
        assert_eq!(mul_div_ceil(6, 3, 2), Some(9));
        assert_eq!(mul_div_floor(1, 1, 0), None);
        assert_eq!(mul_div_ceil(0, 0, 0), None);
        assert_eq!(mul_div_floor(u64::MAX, u64::MAX, u64::MAX), Some(u64::MAX));
        assert_eq!(mul_div_floor(u64::MAX, u64::MAX, u64::MAX - 1), None);
        assert_eq!(mul_div_ceil_u128(u128::MAX, u128::MAX, u128::MAX), Some(u128::MAX));
        assert_eq!(mul_div_ceil_u128(u128::MAX, 2, 3), Some(u128::MAX / 3 * 2));
        assert_eq!(mul_div_floor_u128(u128::MAX, 2, 1), None);
        assert_eq!(mul_div_floor_u128(u128::MAX, 2, 0), None);
        assert_eq!(mul_div_ceil_u128(u128::MAX, 2, 0), None);
        assert_eq!(div_ceil(u128::MAX, 1), Some(u128::MAX));
        assert_eq!(div_ceil_wide(U256::MAX, U256::from(u128::MAX)), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        #[test]
        fn both_roundings_equal_the_big_model(a: u128, b: u128, d: u128, small: (u64, u64, u64), cut in 0u32..128) {
            let (a, b, d) = (a >> cut, b >> (cut / 2), d >> (cut / 3));
            prop_assume!(d != 0);
            let product = BigUint::from(a) * BigUint::from(b);
            let floor = &product / d;
            let ceil = (&product + (d - 1)) / d;
            prop_assert_eq!(mul_div_floor_u128(a, b, d), u128::try_from(&floor).ok());
            prop_assert_eq!(mul_div_ceil_u128(a, b, d), u128::try_from(&ceil).ok());
            let (a, b, d) = (small.0 >> (cut / 2), small.1, small.2.max(1));
            let product = BigUint::from(a) * BigUint::from(b);
            prop_assert_eq!(mul_div_floor(a, b, d), u64::try_from(&product / d).ok());
            prop_assert_eq!(mul_div_ceil(a, b, d), u64::try_from((&product + (d - 1)) / d).ok());
        }
    }
}
