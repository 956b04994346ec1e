//! The field GF(2^8) of the erasure code: polynomials over bits modulo x^8 + x^4 + x^3 + x^2 + 1
//! (0x11d), in which x generates every element but 0. Addition is exclusive or.
//!
//! [`combine`] is all the work of the code: sums of blocks times factors. A product by a constant is
//! linear over bits, so GFNI's affine instruction does 64 of them at once from the constant's 8 x 8
//! matrix (its own multiplication is modulo 0x11b and of no use here); AVX2 looks halves of bytes up
//! in two tables of 16. Which of them the processor has is asked at run time; else [`scalar`] has
//! blocks multiplied by powers of x, and is the twin that the tests hold both equal to.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod gfni;
mod scalar;
#[cfg_attr(not(target_arch = "x86_64"), path = "portable.rs")]
mod x86;

pub(super) use scalar::Products;

/// The polynomial without its x^8.
const REDUCTION: u16 = 0x1d;
/// The order of the group of all elements but 0.
const ORDER: usize = 255;

/// `EXP[n]` is x^n, for three times the order so that a sum of three logarithms needs no reduction.
const EXP: [u8; 3 * ORDER] = exp_table();
/// `LOG[v]` is the n with x^n = v. There is none for 0; its place holds 0.
const LOG: [u8; 256] = log_table();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
#[expect(clippy::cast_possible_truncation, reason = "value stays below 256")]
const fn exp_table() -> [u8; 3 * ORDER] {
    let mut table = [0; 3 * ORDER];
    let (mut at, mut value) = (0, 1u16);
    while at < table.len() {
        table[at] = value as u8;
        value <<= 1;
        if value >= 256 {
            value = (value & 0xff) ^ REDUCTION;
        }
        at += 1;
    }
    table
}

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
#[expect(clippy::cast_possible_truncation, reason = "at stays below 255")]
const fn log_table() -> [u8; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    while at < ORDER {
        table[EXP[at] as usize] = at as u8;
        at += 1;
    }
    table
}

/// The logarithm of a value, below 255; 0 of 0, which has none.
#[inline]
#[expect(clippy::indexing_slicing, reason = "a byte indexes 256 entries")]
pub(super) fn log(value: u8) -> usize {
    usize::from(LOG[usize::from(value)])
}

/// x to the power `above - below - further`, each below 255.
#[inline]
pub(super) fn exp_of_difference(above: usize, below: usize, further: usize) -> u8 {
    let exponent = (above + ORDER + ORDER).saturating_sub(below + further);
    EXP.get(exponent).copied().unwrap_or_default()
}

/// The product of two elements.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn product(a: u8, b: u8) -> u8 {
    if a == 0 || b == 0 {
        return 0;
    }
    EXP[LOG[a as usize] as usize + LOG[b as usize] as usize]
}

/// Bytes of a block: small enough that a set's blocks and sums stay in the first cache, and a
/// divisor of little more than the shards' lengths (923 to 1139).
pub(super) const BLOCK_LEN: usize = 256;

/// Bytes that are multiplied together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(64))]
pub(super) struct Block([u8; BLOCK_LEN]);

impl Block {
    pub(super) const ZERO: Self = Self([0; BLOCK_LEN]);

    /// The block at offset `at` of `bytes`, zeros beyond their end.
    #[inline]
    pub(super) fn load(bytes: &[u8], at: usize) -> Self {
        let bytes = bytes.get(at..).unwrap_or_default();
        if let Some(whole) = bytes.first_chunk() {
            return Self(*whole);
        }
        let mut block = Self::ZERO;
        if let Some(place) = block.0.get_mut(..bytes.len()) {
            place.copy_from_slice(bytes);
        }
        block
    }

    /// Writes the block at offset `at` of `bytes`, as far as they reach.
    #[inline]
    pub(super) fn store(&self, bytes: &mut [u8], at: usize) {
        let bytes = bytes.get_mut(at..).unwrap_or_default();
        if let Some(place) = bytes.first_chunk_mut() {
            *place = self.0;
        } else if let Some(block) = self.0.get(..bytes.len()) {
            bytes.copy_from_slice(block);
        }
    }

    /// Whether all bytes are zero.
    #[inline]
    pub(super) fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }
}

/// A block, and where in a table its factors begin, one a sum.
#[derive(Clone, Copy, Debug)]
pub(super) struct Term {
    pub(super) block: Block,
    pub(super) factors_at: usize,
}

/// Replaces each of `sums` by the sum of all `terms` times their factors for it.
pub(super) fn combine(terms: &[Term], factors: &[u8], sums: &mut [Block], products: &mut Products) {
    if !x86::combine(terms, factors, sums) {
        products.combine(terms, factors, sums);
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Multiplication by the definition: long multiplication, then long division.
    fn times(a: u8, b: u8) -> u8 {
        let mut product = 0u16;
        for bit in (0..8).filter(|bit| b >> bit & 1 == 1) {
            product ^= u16::from(a) << bit;
        }
        for bit in (8..16).rev() {
            if product >> bit & 1 == 1 {
                product ^= 0x11d << (bit - 8);
            }
        }
        u8::try_from(product).unwrap()
    }

    #[test]
    fn logarithms_multiply_and_divide_every_pair() {
        for a in 1..=255u8 {
            assert_eq!(EXP[log(a)], a);
            for b in 0..=255u8 {
                assert_eq!(product(a, b), times(a, b));
                assert_eq!(product(b, a), times(a, b));
                if b != 0 {
                    assert_eq!(exp_of_difference(log(times(a, b)), log(b), 0), a);
                    assert_eq!(exp_of_difference(log(times(a, b)), 0, log(b)), a);
                    assert_eq!(times(times(exp_of_difference(0, log(a), log(b)), a), b), 1);
                }
            }
        }
    }

    /// Every way to combine that this machine has.
    fn ways(terms: &[Term], factors: &[u8], sum_count: usize) -> Vec<(&'static str, Vec<Block>)> {
        let mut sums = vec![Block([0xa5; BLOCK_LEN]); sum_count];
        let mut ways = Vec::new();
        for (name, way) in x86::WAYS {
            if way(terms, factors, &mut sums) {
                ways.push((*name, sums.clone()));
                sums.fill(Block([0x5a; BLOCK_LEN]));
            }
        }
        Products::new().combine(terms, factors, &mut sums);
        ways.push(("scalar", sums));
        ways
    }

    #[test]
    fn every_byte_times_every_factor_is_right_every_way() {
        let mut bytes = [0; BLOCK_LEN];
        for (at, byte) in (0..=255).zip(&mut bytes) {
            *byte = at;
        }
        let term = Term { block: Block(bytes), factors_at: 0 };
        let factors: Vec<u8> = (0..=255).collect();
        for sum_count in [256, 5, 4, 3, 2, 1] {
            for factors in factors.chunks_exact(sum_count) {
                for (name, sums) in ways(&[term], factors, sum_count) {
                    for (sum, factor) in sums.iter().zip(factors) {
                        let expected = bytes.map(|byte| times(byte, *factor));
                        assert_eq!(sum.0, expected, "{name} {factor}");
                    }
                }
            }
        }
    }

    #[test]
    fn blocks_end_with_their_bytes() {
        let bytes: Vec<u8> = (1..=255).cycle().take(600).collect();
        for len in 0..bytes.len() {
            let mut out = vec![0xa5; len];
            for at in (0..len).step_by(BLOCK_LEN) {
                Block::load(&bytes[..len], at).store(&mut out, at);
            }
            assert_eq!(out, bytes[..len]);
        }
        assert!(Block::load(&bytes, 600).is_zero() && !Block::load(&bytes, 599).is_zero());
    }

    proptest! {
        #[test]
        fn all_ways_give_the_same_sums(
            term_count in 0usize..40,
            sum_count in 0usize..40,
            bytes in proptest::collection::vec(any::<u8>(), 1000..4000),
        ) {
            let at = |place: usize| bytes[place % bytes.len()];
            let terms: Vec<Term> = (0..term_count)
                .map(|n| {
                    let block = std::array::from_fn(|byte| at(n * 251 + byte * 13));
                    Term { block: Block(block), factors_at: n * sum_count }
                })
                .collect();
            let factors: Vec<u8> = (0..term_count * sum_count).map(|n| at(n * 7 + 3)).collect();
            let ways = ways(&terms, &factors, sum_count);
            let (_, scalar) = ways.last().unwrap();
            for (name, sums) in &ways {
                prop_assert_eq!(sums, scalar, "{}", name);
            }
        }
    }
}
