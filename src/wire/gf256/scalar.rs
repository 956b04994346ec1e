//! Products by factors without tables and without special instructions.
//!
//! [`Products`] holds a block multiplied by 1, 2, 4, .. 128, and the product by any factor is a sum
//! of those. The words that make up a block have no dependence on each other, so the compiler turns
//! the loops into whatever vector instructions it may use.

use super::{BLOCK_LEN, Term};

/// Words of a block.
const WORDS: usize = BLOCK_LEN / 8;

/// A block as words. Byte order does not matter: nothing crosses from one byte to another.
type Block = [u64; WORDS];

/// A block multiplied by every factor below 16, and by 16 times those.
#[derive(Debug)]
pub(in crate::wire) struct Products {
    low: [Block; 16],
    high: [Block; 16],
    whole: bool,
}

impl Products {
    /// Factors of one block from which on all 32 products are worth making.
    const WHOLE_FROM: usize = 6;

    /// Products of nothing.
    pub(in crate::wire) fn new() -> Self {
        Self { low: [[0; WORDS]; 16], high: [[0; WORDS]; 16], whole: false }
    }

    /// As [`super::combine`].
    pub(super) fn combine(&mut self, terms: &[Term], factors: &[u8], sums: &mut [super::Block]) {
        sums.fill(super::Block::ZERO);
        for term in terms {
            self.set(&term.block, sums.len());
            let factors = factors.get(term.factors_at..).unwrap_or_default();
            for (factor, sum) in factors.iter().zip(&mut *sums) {
                let mut words = bytemuck::cast(sum.0);
                self.add(*factor, &mut words);
                sum.0 = bytemuck::cast(words);
            }
        }
    }

    /// Replaces the block, which `factor_count` calls of [`Self::add`] will follow.
    #[expect(clippy::indexing_slicing, reason = "constant or below 16")]
    fn set(&mut self, block: &super::Block, factor_count: usize) {
        let mut power: Block = bytemuck::cast(block.0);
        for products in [&mut self.low, &mut self.high] {
            for bit in 0..4 {
                products[1 << bit] = power;
                double(&mut power);
            }
        }
        self.whole = factor_count >= Self::WHOLE_FROM;
        if self.whole {
            for products in [&mut self.low, &mut self.high] {
                for factor in 3..16usize {
                    let bit = 1 << factor.trailing_zeros();
                    let mut sum = products[factor & !bit];
                    if factor != bit {
                        add(&mut sum, &products[bit]);
                        products[factor] = sum;
                    }
                }
            }
        }
    }

    /// Adds `factor` times the block to `sum`.
    #[inline]
    #[expect(clippy::indexing_slicing, reason = "half a byte indexes 16 entries")]
    fn add(&self, factor: u8, sum: &mut Block) {
        let (low, high) = (usize::from(factor & 15), usize::from(factor >> 4));
        if self.whole {
            let (low, high) = (&self.low[low], &self.high[high]);
            for (sum, (low, high)) in sum.iter_mut().zip(low.iter().zip(high)) {
                *sum ^= low ^ high;
            }
            return;
        }
        for (products, half) in [(&self.low, low), (&self.high, high)] {
            for bit in [1, 2, 4, 8].into_iter().filter(|bit| half & bit != 0) {
                add(sum, &products[bit]);
            }
        }
    }
}

#[inline]
fn add(sum: &mut Block, block: &Block) {
    for (sum, word) in sum.iter_mut().zip(block) {
        *sum ^= word;
    }
}

/// Multiplies each byte by x.
#[inline]
fn double(block: &mut Block) {
    const TOP: u64 = 0x8080_8080_8080_8080;
    for word in block {
        // Each byte is 1 where x^8 falls out; 0x1d is the sum of x^4, x^3, x^2 and 1.
        let out = (*word & TOP) >> 7;
        *word = (*word & !TOP) << 1 ^ out ^ out << 2 ^ out << 3 ^ out << 4;
    }
}
