//! Fixed-size wide integers and their conversions.

use ruint::Uint;

/// 256 bits: a product of two `u128`.
pub type U256 = Uint<256, 4>;
/// 384 bits: three hops of 64-bit reserves with their fees.
pub type U384 = Uint<384, 6>;
/// 512 bits: a product of two [`U256`].
pub type U512 = Uint<512, 8>;
/// 768 bits: a product of two [`U384`].
pub type U768 = Uint<768, 12>;

/// The whole product of `a` and `b`.
#[inline]
pub fn mul_wide(a: u128, b: u128) -> U256 {
    Uint::<128, 2>::from(a).widening_mul::<128, 2, 256, 4>(Uint::from(b))
}

/// `value` if it fits into 64 bits.
#[inline]
pub fn to_u64<const BITS: usize, const LIMBS: usize>(value: &Uint<BITS, LIMBS>) -> Option<u64> {
    let (low, high) = value.as_limbs().split_first()?;
    high.iter().all(|limb| *limb == 0).then_some(*low)
}

/// `value` if it fits into 128 bits.
#[inline]
pub fn to_u128<const BITS: usize, const LIMBS: usize>(value: &Uint<BITS, LIMBS>) -> Option<u128> {
    let ([low, middle], high) = value.as_limbs().split_first_chunk::<2>()?;
    let low = u128::from(*low) | u128::from(*middle) << 64;
    high.iter().all(|limb| *limb == 0).then_some(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_and_conversions_keep_every_bit() {
        let square = mul_wide(u128::MAX, u128::MAX);
        // (2^128 - 1)^2 = 2^256 - 2^129 + 1
        assert_eq!(square, U256::MAX - (U256::from(1) << 129) + U256::from(2));
        assert_eq!(to_u128(&square), None);
        assert_eq!(to_u128(&U256::from(u128::MAX)), Some(u128::MAX));
        assert_eq!(to_u128(&(U256::from(1) << 128)), None);
        assert_eq!(to_u64(&U768::from(u64::MAX)), Some(u64::MAX));
        assert_eq!(to_u64(&(U768::from(1) << 64)), None);
        assert_eq!(to_u64(&(U768::from(1) << 767)), None);
    }
}
