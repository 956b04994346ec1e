//! Numbers of 128 significant bits with an exponent each, for sums and products of whole cycles.
//!
//! Everything rounds down, and each operation is off by less than 2^-124 of its result. A closed
//! form made of them is cheap enough for every candidate; where its error could change a whole
//! unit, the caller decides with exact wide integers instead. Exponents of their own keep all bits of
//! every coefficient, however unbalanced the prices.

use ruint::Uint;
use std::cmp::Ordering;

use crate::math::wide::to_u128;

/// `mantissa * 2^exponent`; the mantissa's highest bit is set, or all of it is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    mantissa: u128,
    exponent: i32,
}

/// Low 64 bits.
const LOW: u128 = u64::MAX as u128;

impl Block {
    /// Nothing.
    pub(super) const ZERO: Self = Self { mantissa: 0, exponent: 0 };

    /// `value`, exact.
    #[inline]
    pub(super) fn of(value: u128) -> Self {
        Self { mantissa: value, exponent: 0 }.normal()
    }

    /// The product of two numbers of 64 bits, exact.
    #[inline]
    pub(super) fn product(a: u64, b: u64) -> Self {
        Self::of(u128::from(a).wrapping_mul(u128::from(b)))
    }

    /// Whether it is zero.
    #[inline]
    pub(super) fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    #[inline]
    fn normal(self) -> Self {
        if self.mantissa == 0 {
            return Self::ZERO;
        }
        let zeros = self.mantissa.leading_zeros();
        Self {
            mantissa: self.mantissa.wrapping_shl(zeros),
            exponent: self.exponent.wrapping_sub(zeros.cast_signed()),
        }
    }

    /// `self * other`; three partial products of 64 bits are cut, each less than a unit of 2^126.
    #[inline]
    pub(super) fn times(self, other: Self) -> Self {
        let (a_high, a_low) = (self.mantissa >> 64, self.mantissa & LOW);
        let (b_high, b_low) = (other.mantissa >> 64, other.mantissa & LOW);
        // 64-bit halves: no product leaves 128 bits, and their sum is a high half of one.
        let middle =
            (a_high.wrapping_mul(b_low) >> 64).wrapping_add(a_low.wrapping_mul(b_high) >> 64);
        let mantissa = a_high.wrapping_mul(b_high).wrapping_add(middle);
        let exponent = self.exponent.saturating_add(other.exponent).saturating_add(128);
        Self { mantissa, exponent }.normal()
    }

    /// The same number, its mantissa shifted down to exponent `exponent`.
    #[inline]
    fn at(self, exponent: i32) -> u128 {
        let shift = exponent.saturating_sub(self.exponent);
        u32::try_from(shift).ok().and_then(|shift| self.mantissa.checked_shr(shift)).unwrap_or(0)
    }

    /// `self + other`.
    #[inline]
    pub(super) fn plus(self, other: Self) -> Self {
        if self.is_zero() || other.is_zero() {
            return if self.is_zero() { other } else { self };
        }
        // One bit of room for the carry.
        let exponent = self.exponent.max(other.exponent).saturating_add(1);
        let mantissa = self.at(exponent).wrapping_add(other.at(exponent));
        Self { mantissa, exponent }.normal()
    }

    /// `self - other`; zero when that is not positive. The error is one of `self`, not of the result.
    #[inline]
    pub(super) fn minus(self, other: Self) -> Self {
        if self.is_zero() || self.order(other) != Ordering::Greater {
            return Self::ZERO;
        }
        let exponent = self.exponent;
        Self { mantissa: self.mantissa.wrapping_sub(other.at(exponent)), exponent }.normal()
    }

    /// Which is larger.
    #[inline]
    pub(super) fn order(self, other: Self) -> Ordering {
        match (self.is_zero(), other.is_zero()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => (self.exponent, self.mantissa).cmp(&(other.exponent, other.mantissa)),
        }
    }

    /// Whether `self` is less than 2^`-bits` of `other`, or nearly so.
    #[inline]
    pub(super) fn is_below(self, other: Self, bits: i32) -> bool {
        self.is_zero() || self.exponent.saturating_add(bits) <= other.exponent
    }

    /// The square root.
    #[inline]
    pub(super) fn root(self) -> Self {
        if self.is_zero() {
            return Self::ZERO;
        }
        let odd = self.exponent.rem_euclid(2);
        let mantissa = self.mantissa >> odd;
        let exponent = self.exponent.saturating_add(odd).wrapping_div(2).saturating_sub(64);
        // 64 bits of the root, and 64 more from the rest: (r + e)^2 = r^2 + 2re + e^2, where e^2 is
        // less than a unit of the last place.
        let root = mantissa.isqrt();
        let rest = mantissa.wrapping_sub(root.wrapping_mul(root)); // at most 2 * root
        let more = (rest << 63).checked_div(root).unwrap_or(0);
        Self { mantissa: (root << 64).saturating_add(more), exponent }.normal()
    }

    /// `self / other`; `None` when `other` is zero.
    #[inline]
    pub(super) fn quotient(self, other: Self) -> Option<Self> {
        // Between 2^126 and 2^128: as many bits as a mantissa has.
        let quotient = Uint::<256, 4>::from(self.mantissa)
            .wrapping_shl(127)
            .checked_div(Uint::from(other.mantissa))?;
        let exponent = self.exponent.saturating_sub(other.exponent).saturating_sub(127);
        Some(Self { mantissa: to_u128(&quotient)?, exponent }.normal())
    }

    /// `self * 2^by`, exact.
    #[inline]
    pub(super) fn scaled(self, by: i32) -> Self {
        let exponent = if self.is_zero() { 0 } else { self.exponent.saturating_add(by) };
        Self { exponent, ..self }
    }

    /// `floor(self / other * 2^bits)`; `None` when `other` is zero or the result leaves 128 bits.
    #[inline]
    pub(super) fn over(self, other: Self, bits: i32) -> Option<u128> {
        if self.is_zero() {
            return (!other.is_zero()).then_some(0);
        }
        // 96 bits more than the mantissas have in common: as many as the quotient keeps at least.
        let quotient = Uint::<256, 4>::from(self.mantissa)
            .wrapping_shl(96)
            .checked_div(Uint::from(other.mantissa))?;
        let quotient = to_u128(&quotient)?; // below 2^97
        let shift = self.exponent.saturating_sub(other.exponent).saturating_add(bits);
        let shift = shift.saturating_sub(96);
        match u32::try_from(shift) {
            Ok(up) if up <= quotient.leading_zeros() => Some(quotient.wrapping_shl(up)),
            Ok(_) => None,
            Err(_) => Some(quotient.checked_shr(shift.unsigned_abs()).unwrap_or(0)),
        }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "the model is written plainly")]
mod tests {
    use super::*;
    use num_bigint::BigUint;
    use proptest::prelude::*;

    /// The number times 2^600.
    fn big(block: Block) -> BigUint {
        let shift = 600 + block.exponent;
        BigUint::from(block.mantissa) << u32::try_from(shift).unwrap()
    }

    /// `got` is at most `want` and less than 2^-124 of `scale` below it.
    fn near(got: &BigUint, want: &BigUint, scale: &BigUint) {
        assert!(got <= want, "rounded up");
        assert!(((want - got) << 124_u32) <= *scale, "{got} for {want}");
    }

    #[test]
    fn zero_is_zero() {
        let (zero, one) = (Block::ZERO, Block::of(1));
        assert!(zero.times(one).is_zero() && zero.root().is_zero() && one.minus(one).is_zero());
        assert_eq!((zero.plus(one), one.plus(zero)), (one, one));
        assert_eq!(
            (zero.over(one, 9), one.over(zero, 9), one.over(one, 9)),
            (Some(0), None, Some(512))
        );
        assert_eq!((zero.order(one), one.order(zero)), (Ordering::Less, Ordering::Greater));
        assert_eq!(one.over(one, 128), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn every_operation_is_within_its_error(
            a in any::<u128>(), b in any::<u128>(), cut in 0_u32..128, other in 0_u32..128,
        ) {
            let (a, b) = ((a >> cut).max(1), (b >> other).max(1));
            let (x, y) = (Block::of(a), Block::of(b));
            let one = BigUint::from(1_u8) << 600_u32;
            let (wide_a, wide_b) = (BigUint::from(a), BigUint::from(b));
            prop_assert_eq!(big(x), &wide_a * &one);
            let product = &wide_a * &wide_b * &one;
            near(&big(x.times(y)), &product, &product);
            let sum = (&wide_a + &wide_b) * &one;
            near(&big(x.plus(y)), &sum, &sum);
            prop_assert_eq!(x.order(y), a.cmp(&b));
            if a > b {
                let rest = (&wide_a - &wide_b) * &one;
                let got = big(x.minus(y));
                prop_assert!(got >= rest && ((got - rest) << 124_u32) <= &wide_a * &one);
            } else {
                prop_assert!(x.minus(y).is_zero());
            }
            let root = ((&wide_a * &one) * &one).sqrt();
            let got = big(x.root());
            let miss = if got > root { &got - &root } else { &root - &got };
            prop_assert!((miss << 124_u32) <= root);
            let exact = (&wide_a << 20_u32) / &wide_b;
            let ratio = (&wide_a * &one) / &wide_b;
            let got = big(x.quotient(y).unwrap());
            prop_assert!(got <= ratio && ((&ratio - &got) << 124_u32) <= ratio);
            prop_assert_eq!(big(x.scaled(-3)) << 3_u32, big(x));
            if let (Some(got), Ok(exact)) = (x.over(y, 20), u128::try_from(&exact)) {
                prop_assert!(got <= exact && (exact - got) >> 84 == 0 && (exact - got) <= exact >> 90);
            }
        }
    }
}
