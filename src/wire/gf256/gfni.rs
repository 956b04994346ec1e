//! Products by GFNI's affine instruction on vectors of AVX-512: 64 bytes times one factor at a time.
//!
//! Four sums of a block, 16 vectors, stay in registers while all terms pass.
//!
//! The function is safe; that the processor has the instructions is its caller's proof.

use super::{Block, Term, product};
use std::arch::x86_64::{
    __m512i, _mm512_gf2p8affine_epi64_epi8, _mm512_set1_epi64, _mm512_setzero_si512,
    _mm512_xor_si512,
};

/// For each factor the matrix whose product with the bits of a byte is that of factor and byte.
/// The instruction takes the row of bit 0 from the highest byte (Intel SDM, GF2P8AFFINEQB).
static MATRICES: [u64; 256] = matrices();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
#[expect(clippy::cast_possible_truncation, reason = "factor stays below 256")]
const fn matrices() -> [u64; 256] {
    let mut matrices = [0; 256];
    let mut factor = 0;
    while factor < 256 {
        let mut column = 0;
        while column < 8 {
            let image = product(factor as u8, 1 << column);
            let mut row = 0;
            while row < 8 {
                let bit = (image >> row & 1) as u64;
                matrices[factor] |= bit << (8 * (7 - row) + column);
                row += 1;
            }
            column += 1;
        }
        factor += 1;
    }
    matrices
}

/// A block as vectors.
type Vectors = [__m512i; 4];

/// As [`super::combine`].
#[target_feature(enable = "gfni,avx512f")]
pub(super) fn combine(terms: &[Term], factors: &[u8], sums: &mut [Block]) {
    let whole = sums.len() / 4 * 4;
    let (fours, rest) = sums.as_chunks_mut::<4>();
    for (sums, at) in fours.iter_mut().zip((0..).step_by(4)) {
        together(terms, factors, at, sums);
    }
    for (sum, at) in rest.iter_mut().zip(whole..) {
        together(terms, factors, at, std::array::from_mut(sum));
    }
}

/// Sums `at` to `at + COUNT - 1`.
#[inline]
#[target_feature(enable = "gfni,avx512f")]
fn together<const COUNT: usize>(
    terms: &[Term],
    factors: &[u8],
    at: usize,
    sums: &mut [Block; COUNT],
) {
    let mut all = [[_mm512_setzero_si512(); 4]; COUNT];
    for term in terms {
        let factors = factors.get(term.factors_at + at..).and_then(|rest| rest.first_chunk());
        let factors: [u8; COUNT] = factors.copied().unwrap_or([0; COUNT]);
        let block: Vectors = bytemuck::cast(term.block.0);
        for (sum, factor) in all.iter_mut().zip(factors) {
            #[expect(clippy::indexing_slicing, reason = "a byte indexes 256 entries")]
            let matrix = _mm512_set1_epi64(MATRICES[usize::from(factor)].cast_signed());
            for (sum, vector) in sum.iter_mut().zip(block) {
                let product = _mm512_gf2p8affine_epi64_epi8::<0>(vector, matrix);
                *sum = _mm512_xor_si512(*sum, product);
            }
        }
    }
    for (sum, vectors) in sums.iter_mut().zip(all) {
        sum.0 = bytemuck::cast(vectors);
    }
}
