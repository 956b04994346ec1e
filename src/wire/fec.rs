//! The erasure code of FEC sets: Reed-Solomon over GF(2^8).
//!
//! Byte by byte, a set's data shards are the values at the points 0, 1, 2, .. of the one polynomial
//! of degree below `num_data` that passes through them; its code shards are the values at the
//! points after. That is the code of the crate reed-solomon-erasure (`galois_8`), which agave uses:
//! its matrix `V * inverse(top of V)`, with `V[r][c] = r^c`, is that evaluation. So there is one
//! operation: from the values at any `num_data` points, find the values at others. Encoding and
//! recovery differ in which points are known, and no matrix is inverted:
//!
//! ```text
//! value at m = sum over known s of  value at s * A(m) / ((m - s) * W(s))
//! A(m) = product over known k of (m - k)     W(s) = product over known k other than s of (s - k)
//! ```
//!
//! (Lagrange's interpolation in barycentric form.)

use super::gf256::{BLOCK_LEN, Block, Products, Term, combine, exp_of_difference, log};

/// Points: positions of shards in their FEC set.
pub use crate::bytes::IndexSet as Points;

/// The shards of a set, wherever the caller keeps them.
pub trait Shards {
    /// The bytes of the shard at `point`. A known shard may be short; the rest of it is zero.
    fn shard(&self, point: u8) -> &[u8];
    /// The place of the shard at `point`, as long as shards are.
    fn shard_mut(&mut self, point: u8) -> &mut [u8];
}

/// Computes shards from others. It keeps its memory, about 180 KiB, from one set to the next.
#[derive(Debug)]
pub struct Coder {
    /// For each known point, the factors that lead to each wanted one.
    factors: Vec<u8>,
    terms: Vec<Term>,
    sums: Vec<Block>,
    products: Box<Products>,
}

impl Default for Coder {
    fn default() -> Self {
        Self::new()
    }
}

impl Coder {
    /// A coder for sets of up to 256 shards.
    pub fn new() -> Self {
        Self {
            // Known and wanted points are distinct, so the largest table is half by half.
            factors: Vec::with_capacity(128 * 128),
            terms: Vec::with_capacity(256),
            sums: Vec::with_capacity(256),
            products: Box::new(Products::new()),
        }
    }

    /// Writes the shards at `wanted`, `shard_len` bytes each, from those at `known`: the values of
    /// the polynomial of degree below the number of known points. Wanted points that are known are
    /// left as they are.
    pub fn fill(
        &mut self,
        shards: &mut impl Shards,
        shard_len: usize,
        known: &Points,
        wanted: &Points,
    ) {
        let wanted = wanted.without(known);
        let wanted_count = wanted.len();
        if wanted_count == 0 {
            return;
        }
        self.weigh(known, &wanted);
        self.sums.clear();
        self.sums.resize(wanted_count, Block::ZERO);
        for at in (0..shard_len).step_by(BLOCK_LEN) {
            self.terms.clear();
            for (point, factors_at) in known.iter().zip((0..).step_by(wanted_count)) {
                let block = Block::load(shards.shard(point), at);
                // Shards are zero beyond their size, which in small batches is most of them.
                if !block.is_zero() {
                    self.terms.push(Term { block, factors_at });
                }
            }
            combine(&self.terms, &self.factors, &mut self.sums, &mut self.products);
            for (point, sum) in wanted.iter().zip(&self.sums) {
                let shard = shards.shard_mut(point);
                let len = shard_len.min(shard.len());
                sum.store(shard.get_mut(..len).unwrap_or_default(), at);
            }
        }
    }

    /// Fills the table of factors.
    fn weigh(&mut self, known: &Points, wanted: &Points) {
        let (mut points, mut known_count) = ([0; 256], 0);
        for (place, point) in points.iter_mut().zip(known.iter()) {
            *place = point;
            known_count += 1;
        }
        let known = points.get(..known_count).unwrap_or_default();
        // The difference of a point and itself is 0, whose place among the logarithms holds 0: it
        // counts as the factor 1 that it is to be.
        let product_log =
            |point: u8| known.iter().map(|other| log(point ^ other)).sum::<usize>() % 255;
        let mut above = [(0, 0); 256];
        let mut wanted_count = 0;
        for (place, point) in above.iter_mut().zip(wanted.iter()) {
            *place = (point, product_log(point));
            wanted_count += 1;
        }
        let above = above.get(..wanted_count).unwrap_or_default();
        self.factors.clear();
        for point in known {
            let below = product_log(*point);
            self.factors.extend(
                above.iter().map(|(to, above)| exp_of_difference(*above, below, log(to ^ point))),
            );
        }
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    impl Shards for Vec<Vec<u8>> {
        fn shard(&self, point: u8) -> &[u8] {
            &self[usize::from(point)]
        }

        fn shard_mut(&mut self, point: u8) -> &mut [u8] {
            &mut self[usize::from(point)]
        }
    }

    fn times(a: u8, b: u8) -> u8 {
        (0..8).filter(|bit| b >> bit & 1 == 1).fold(0, |sum, bit| {
            let mut a = u16::from(a);
            for _ in 0..bit {
                a = a << 1 ^ if a & 0x80 == 0 { 0 } else { 0x11d };
            }
            sum ^ u8::try_from(a).unwrap()
        })
    }

    /// The inverse by trying all: slow and obviously right.
    fn inverse(a: u8) -> u8 {
        (1..=255).find(|b| times(a, *b) == 1).unwrap()
    }

    /// The matrix of reed-solomon-erasure `galois_8`, by Gauss and Jordan: V * inverse(top of V).
    fn matrix(num_data: usize, num_code: usize) -> Vec<Vec<u8>> {
        let power = |base: usize, exponent: usize| {
            (0..exponent).fold(1, |p, _| times(p, u8::try_from(base).unwrap()))
        };
        let vandermonde: Vec<Vec<u8>> = (0..num_data + num_code)
            .map(|row| (0..num_data).map(|column| power(row, column)).collect())
            .collect();
        let mut left = vandermonde[..num_data].to_vec();
        let mut right: Vec<Vec<u8>> =
            (0..num_data).map(|r| (0..num_data).map(|c| u8::from(r == c)).collect()).collect();
        for column in 0..num_data {
            let pivot = (column..num_data).find(|row| left[*row][column] != 0).unwrap();
            left.swap(column, pivot);
            right.swap(column, pivot);
            let scale = inverse(left[column][column]);
            for at in 0..num_data {
                left[column][at] = times(left[column][at], scale);
                right[column][at] = times(right[column][at], scale);
            }
            for row in (0..num_data).filter(|row| *row != column) {
                let scale = left[row][column];
                for at in 0..num_data {
                    left[row][at] ^= times(left[column][at], scale);
                    right[row][at] ^= times(right[column][at], scale);
                }
            }
        }
        let product = |row: &Vec<u8>| {
            (0..num_data)
                .map(|c| (0..num_data).fold(0, |sum, k| sum ^ times(row[k], right[k][c])))
                .collect()
        };
        vandermonde.iter().map(product).collect()
    }

    #[test]
    fn code_shards_are_those_of_the_inverted_vandermonde_matrix() {
        for (num_data, num_code) in [(1, 1), (2, 3), (7, 21), (19, 45), (32, 32)] {
            let matrix = matrix(num_data, num_code);
            // Data shard c is 1 at byte c, so that the code shards show the matrix.
            let mut shards: Vec<Vec<u8>> =
                (0..num_data).map(|c| (0..num_data).map(|b| u8::from(b == c)).collect()).collect();
            shards.resize(num_data + num_code, vec![0xa5; num_data]);
            let (known, all) = (Points::range(0..num_data), Points::range(0..num_data + num_code));
            Coder::new().fill(&mut shards, num_data, &known, &all);
            assert_eq!(shards, matrix, "{num_data}:{num_code}");
        }
    }

    #[test]
    fn shards_are_those_of_reed_solomon_erasure() {
        use reed_solomon_erasure::galois_8::ReedSolomon;
        let mut coder = Coder::new();
        for (num_data, num_code) in [(1, 1), (7, 21), (19, 45), (32, 32), (34, 34), (67, 67)] {
            let count = num_data + num_code;
            let byte = |shard: usize, at: usize| {
                (shard * 151 + at * 29 + (at >> 4) * shard).to_le_bytes()[0]
            };
            let mut theirs: Vec<Vec<u8>> =
                (0..count).map(|shard| (0..987).map(|at| byte(shard, at)).collect()).collect();
            let mut ours = theirs.clone();
            let code = ReedSolomon::new(num_data, num_code).unwrap();
            code.encode(&mut theirs).unwrap();
            let all = Points::range(0..count);
            coder.fill(&mut ours, 987, &Points::range(0..num_data), &all);
            assert_eq!(ours, theirs, "{num_data}:{num_code} encoded");
            // Every third shard is lost, and then as many as the code can bear.
            let mut known = Points::default();
            for point in (0..count).filter(|point| point % 3 != 0).chain((0..count).step_by(3)) {
                if known.len() < num_data {
                    known.insert(point);
                }
            }
            let mut lossy: Vec<Option<Vec<u8>>> = theirs
                .iter()
                .enumerate()
                .map(|(point, shard)| known.contains(point).then(|| shard.clone()))
                .collect();
            for lost in all.without(&known).iter() {
                ours[usize::from(lost)].fill(0xa5);
            }
            code.reconstruct(&mut lossy).unwrap();
            coder.fill(&mut ours, 987, &known, &all);
            assert_eq!(
                ours,
                lossy.into_iter().flatten().collect::<Vec<_>>(),
                "{num_data}:{num_code}"
            );
        }
    }

    #[test]
    fn points_behave_as_a_set() {
        let mut points = Points::range(60..70);
        assert_eq!(points.iter().collect::<Vec<_>>(), (60..70).collect::<Vec<u8>>());
        assert!(points.insert(255) && !points.insert(255) && !points.insert(256));
        assert!(points.contains(63) && !points.contains(70) && !points.contains(300));
        assert_eq!((points.len(), points.first(2).iter().last()), (11, Some(61)));
        assert_eq!(points.without(&Points::range(0..256)), Points::default());
        assert!(Points::default().is_empty() && Points::range(0..256).len() == 256);
    }

    #[test]
    fn no_known_point_gives_zeros_and_known_ones_stay() {
        let mut shards = vec![vec![7; 5]; 3];
        let mut coder = Coder::new();
        coder.fill(&mut shards, 5, &Points::default(), &Points::range(2..3));
        coder.fill(&mut shards, 5, &Points::range(0..1), &Points::range(0..1));
        assert_eq!(shards, [vec![7; 5], vec![7; 5], vec![0; 5]]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_num_data_shards_give_all_others(
            num_data in 1usize..40,
            num_code in 1usize..40,
            shard_len in 1usize..700,
            seed in any::<u64>(),
        ) {
            let mut state = seed | 1;
            let mut random = || {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state
            };
            let count = num_data + num_code;
            let mut shards: Vec<Vec<u8>> = (0..count)
                .map(|_| (0..shard_len).map(|_| random().to_le_bytes()[3]).collect())
                .collect();
            let all = Points::range(0..count);
            let mut coder = Coder::new();
            coder.fill(&mut shards, shard_len, &Points::range(0..num_data), &all);
            let whole = shards.clone();
            let mut known = Points::default();
            while known.len() < num_data {
                known.insert(usize::try_from(random() % count as u64).unwrap());
            }
            for lost in all.without(&known).iter() {
                shards[usize::from(lost)].fill(0xa5);
            }
            coder.fill(&mut shards, shard_len, &known, &all);
            prop_assert_eq!(shards, whole);
        }
    }
}
