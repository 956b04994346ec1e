//! Integer square roots, rounded down.

use ruint::Uint;

/// `floor(sqrt(n))`.
#[inline]
pub fn isqrt_u128(n: u128) -> u128 {
    n.isqrt()
}

/// `floor(sqrt(n))` of an integer of any width.
///
/// Newton's iteration from above: the first guess has its top 64 bits right, each step doubles
/// them, so 384 bits take three steps.
pub fn isqrt<const BITS: usize, const LIMBS: usize>(n: Uint<BITS, LIMBS>) -> Uint<BITS, LIMBS> {
    let len = n.bit_len();
    // An even shift leaves at most 128 bits whose root the language knows.
    let shift = len.saturating_sub(127).next_multiple_of(2);
    let top = n.wrapping_shr(shift).as_limbs().iter().rev().fold(0u128, |high, limb| {
        high << 64 | u128::from(*limb) // limbs above the second are zero
    });
    if shift == 0 {
        return Uint::saturating_from(top.isqrt());
    }
    // Rounded up, so that the guess is never below the root and the iteration falls.
    let guess = Uint::<BITS, LIMBS>::saturating_from(top.isqrt().saturating_add(1));
    let mut root = guess.wrapping_shl(shift / 2);
    loop {
        let Some(quotient) = n.checked_div(root) else { return root };
        let next = root.wrapping_add(quotient).wrapping_shr(1);
        if next >= root {
            return root;
        }
        root = next;
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "the model is written plainly")]
mod tests {
    use super::super::wide::{U256, U384, U512, U768};
    use super::*;
    use num_bigint::BigUint;
    use proptest::prelude::*;

    fn check<const BITS: usize, const LIMBS: usize>(n: Uint<BITS, LIMBS>) {
        let model = BigUint::from_bytes_le(n.as_le_slice()).sqrt();
        assert_eq!(BigUint::from_bytes_le(isqrt(n).as_le_slice()), model, "{n}");
    }

    #[test]
    fn small_values_and_neighbours_of_every_power_of_two() {
        for n in 0u64..5000 {
            check(U256::from(n));
        }
        for bit in 0..768 {
            let power = U768::from(1) << bit;
            check(power);
            check(power - U768::from(1));
            check(power + U768::from(1));
        }
        check(U256::MAX);
        check(U384::MAX);
        check(U512::MAX);
        check(U768::MAX);
        assert_eq!(isqrt_u128(u128::MAX), u128::from(u64::MAX));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn squares_and_their_neighbours(limbs: [u64; 6], cut in 0usize..384) {
            let root = U384::from_limbs(limbs) >> cut;
            let square: U768 = root.widening_mul(root);
            check(square);
            check(square.saturating_sub(U768::from(1)));
            check(square.saturating_add(U768::from(1)));
        }
    }
}
