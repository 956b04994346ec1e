//! Products by AVX2: the two halves of 32 bytes are looked up in tables of 16 products.
//!
//! Two sums of 64 bytes, 4 vectors, stay in registers while all terms pass.
//!
//! The function is safe; that the processor has the instructions is its caller's proof.

use super::{BLOCK_LEN, Block, Term, product};
use std::arch::x86_64::{
    __m128i, __m256i, _mm256_and_si256, _mm256_broadcastsi128_si256, _mm256_set1_epi8,
    _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_srli_epi64, _mm256_xor_si256,
};

/// For each factor its products with 0 to 15, and with 16 times those.
static TABLES: [[[u8; 16]; 2]; 256] = tables();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
#[expect(clippy::cast_possible_truncation, reason = "factor stays below 256, half below 16")]
const fn tables() -> [[[u8; 16]; 2]; 256] {
    let mut tables = [[[0; 16]; 2]; 256];
    let mut factor = 0;
    while factor < 256 {
        let mut half = 0;
        while half < 16 {
            tables[factor][0][half] = product(factor as u8, half as u8);
            tables[factor][1][half] = product(factor as u8, (half as u8) << 4);
            half += 1;
        }
        factor += 1;
    }
    tables
}

/// A quarter of a block.
const QUARTER: usize = BLOCK_LEN / 4;

/// As [`super::combine`].
#[target_feature(enable = "avx2")]
pub(super) fn combine(terms: &[Term], factors: &[u8], sums: &mut [Block]) {
    let whole = sums.len() / 2 * 2;
    let (twos, rest) = sums.as_chunks_mut::<2>();
    for quarter in 0..4 {
        for (sums, at) in twos.iter_mut().zip((0..).step_by(2)) {
            together(terms, factors, at, quarter, sums);
        }
        for (sum, at) in rest.iter_mut().zip(whole..) {
            together(terms, factors, at, quarter, std::array::from_mut(sum));
        }
    }
}

/// Quarter `quarter` of sums `at` to `at + COUNT - 1`.
#[inline]
#[target_feature(enable = "avx2")]
fn together<const COUNT: usize>(
    terms: &[Term],
    factors: &[u8],
    at: usize,
    quarter: usize,
    sums: &mut [Block; COUNT],
) {
    let low_half = _mm256_set1_epi8(0x0f);
    let mut all = [[_mm256_setzero_si256(); 2]; COUNT];
    for term in terms {
        let factors = factors.get(term.factors_at + at..).and_then(|rest| rest.first_chunk());
        let factors: [u8; COUNT] = factors.copied().unwrap_or([0; COUNT]);
        let bytes: [u8; QUARTER] =
            term.block.0.as_chunks().0.get(quarter).copied().unwrap_or([0; QUARTER]);
        let vectors: [__m256i; 2] = bytemuck::cast(bytes);
        for (sum, factor) in all.iter_mut().zip(factors) {
            #[expect(clippy::indexing_slicing, reason = "a byte indexes 256 entries")]
            let [low, high]: [__m128i; 2] = bytemuck::cast(TABLES[usize::from(factor)]);
            let (low, high) = (_mm256_broadcastsi128_si256(low), _mm256_broadcastsi128_si256(high));
            for (sum, vector) in sum.iter_mut().zip(vectors) {
                let halves = _mm256_and_si256(vector, low_half);
                let uppers = _mm256_and_si256(_mm256_srli_epi64::<4>(vector), low_half);
                let product = _mm256_xor_si256(
                    _mm256_shuffle_epi8(low, halves),
                    _mm256_shuffle_epi8(high, uppers),
                );
                *sum = _mm256_xor_si256(*sum, product);
            }
        }
    }
    for (sum, vectors) in sums.iter_mut().zip(all) {
        if let Some(place) = sum.0.as_chunks_mut().0.get_mut(quarter) {
            let bytes: [u8; QUARTER] = bytemuck::cast(vectors);
            *place = bytes;
        }
    }
}
