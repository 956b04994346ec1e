//! The field GF(2^8) of the erasure code: polynomials over bits modulo x^8 + x^4 + x^3 + x^2 + 1
//! (0x11d), in which x generates every element but 0. Addition is exclusive or.
//!
//! Many products by many factors are made without tables of products: [`Products`] holds a block of
//! bytes multiplied by 1, 2, 4, .. 128, and the product by any factor is a sum of those. The words
//! that make up a block have no dependence on each other, so the compiler turns the loops into
//! vector instructions.

/// The polynomial without its x^8.
const REDUCTION: u16 = 0x1d;
/// The order of the group of all elements but 0.
const ORDER: usize = 255;

/// `EXP[n]` is x^n, for twice the order so that a sum of two logarithms needs no reduction.
const EXP: [u8; 2 * ORDER] = exp_table();
/// `LOG[v]` is the n with x^n = v. There is none for 0; its place holds 0 and is not used.
const LOG: [u8; 256] = log_table();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
#[expect(clippy::cast_possible_truncation, reason = "value stays below 256")]
const fn exp_table() -> [u8; 2 * ORDER] {
    let mut table = [0; 2 * ORDER];
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

/// The logarithm of a value that is not 0.
#[inline]
#[expect(clippy::indexing_slicing, reason = "a byte indexes 256 entries")]
pub(super) fn log(value: u8) -> usize {
    usize::from(LOG[usize::from(value)])
}

/// x to the power `exponent`.
#[inline]
#[expect(clippy::indexing_slicing, reason = "reduced below the table's length")]
pub(super) fn exp(exponent: usize) -> u8 {
    EXP[exponent % ORDER]
}

/// x to the power `above - below`.
#[inline]
pub(super) fn exp_of_difference(above: usize, below: usize) -> u8 {
    exp(above % ORDER + ORDER - below % ORDER)
}

/// Words of a block.
const WORDS: usize = 32;
/// Bytes of a block: small enough that a set's sums and one set of products stay in the first
/// cache, and a divisor of little more than the shards' lengths (923 to 1139).
pub(super) const BLOCK_LEN: usize = WORDS * 8;

/// Bytes that are multiplied together.
pub(super) type Block = [u64; WORDS];

/// The block at offset `at` of `bytes`, zeros beyond their end.
pub(super) fn load(bytes: &[u8], at: usize) -> Block {
    let bytes = bytes.get(at..).unwrap_or_default();
    let (words, last) = bytes.get(..BLOCK_LEN).unwrap_or(bytes).as_chunks();
    let mut block = [0; WORDS];
    for (word, bytes) in block.iter_mut().zip(words) {
        *word = u64::from_le_bytes(*bytes);
    }
    if let Some(word) = block.get_mut(words.len()) {
        *word = last.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
    }
    block
}

/// Writes `block` at offset `at` of `bytes`, as far as they reach.
pub(super) fn store(block: &Block, bytes: &mut [u8], at: usize) {
    for (bytes, word) in bytes.get_mut(at..).unwrap_or_default().chunks_mut(8).zip(block) {
        for (byte, value) in bytes.iter_mut().zip(word.to_le_bytes()) {
            *byte = value;
        }
    }
}

/// A block multiplied by every factor below 16, and by 16 times those.
#[derive(Debug)]
pub(super) struct Products {
    low: [Block; 16],
    high: [Block; 16],
    whole: bool,
}

impl Products {
    /// Factors of one block from which on all 32 products are worth making.
    const WHOLE_FROM: usize = 6;

    pub(super) fn new() -> Self {
        Self { low: [[0; WORDS]; 16], high: [[0; WORDS]; 16], whole: false }
    }

    /// Replaces the block, which `factor_count` calls of [`Self::add`] will follow.
    #[expect(clippy::indexing_slicing, reason = "constant or below 16")]
    pub(super) fn set(&mut self, block: &Block, factor_count: usize) {
        let mut power = *block;
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
    pub(super) fn add(&self, factor: u8, sum: &mut Block) {
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

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;

    /// Multiplication by the definition: long multiplication, then long division.
    fn product(a: u8, b: u8) -> u8 {
        let mut product = 0u16;
        for bit in (0..8).filter(|bit| b >> bit & 1 == 1) {
            product ^= u16::from(a) << bit;
        }
        for bit in (8..16).rev().filter(|bit| *bit >= 8) {
            if product >> bit & 1 == 1 {
                product ^= 0x11d << (bit - 8);
            }
        }
        u8::try_from(product).unwrap()
    }

    #[test]
    fn logarithms_multiply_and_divide_every_pair() {
        for a in 1..=255u8 {
            assert_eq!(exp(log(a)), a);
            for b in 1..=255u8 {
                let product = product(a, b);
                assert_eq!(exp(log(a) + log(b)), product);
                assert_eq!(exp_of_difference(log(product), log(b)), a);
            }
        }
    }

    #[test]
    fn block_products_are_those_of_their_bytes() {
        let bytes: Vec<u8> = (0..=255).collect();
        let mut products = Products::new();
        for factor_count in [1, Products::WHOLE_FROM] {
            products.set(&load(&bytes, 0), factor_count);
            for factor in 0..=255u8 {
                let mut sum = load(&bytes, 0);
                products.add(factor, &mut sum);
                let mut out = vec![0; 256];
                store(&sum, &mut out, 0);
                for (at, byte) in bytes.iter().enumerate() {
                    assert_eq!(out[at], byte ^ product(*byte, factor), "{factor} {byte}");
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
                store(&load(&bytes[..len], at), &mut out, at);
            }
            assert_eq!(out, bytes[..len]);
        }
    }
}
