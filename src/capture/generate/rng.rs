//! Random integers from a seed: the same on every machine, for ever.
//!
//! xoshiro256++ 1.0, seeded through SplitMix64 (Blackman and Vigna, prng.di.unimi.it). It is here
//! and not a crate's because the numbers are part of the output: the same seed must give the same
//! bytes after every update of a dependency. Nothing secret may be drawn from it.

use crate::ids::Key;

/// A stream of random integers.
#[derive(Clone, Debug)]
pub struct Rng {
    state: [u64; 4],
}

impl Rng {
    /// The stream of `seed`.
    pub fn new(seed: u64) -> Self {
        let mut mix = SplitMix(seed);
        Self { state: [mix.next(), mix.next(), mix.next(), mix.next()] }
    }

    /// The stream of `seed` for one purpose, so that drawing more for one thing leaves every other
    /// as it was.
    pub fn of(seed: u64, purpose: &str) -> Self {
        let mut mix = SplitMix(seed);
        let folded =
            purpose.bytes().fold(mix.next(), |hash, byte| SplitMix(hash ^ u64::from(byte)).next());
        Self::new(folded)
    }

    /// The next 64 bits.
    pub fn word(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.state;
        let drawn = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        drawn
    }

    /// An even draw from `0..count`; 0 when `count` is 0.
    ///
    /// Lemire, "Fast random integer generation in an interval": multiply, and draw again in the
    /// sliver that would favour small numbers.
    pub fn below(&mut self, count: u64) -> u64 {
        if count == 0 {
            return 0;
        }
        let sliver = count.wrapping_neg() % count;
        loop {
            let wide = u128::from(self.word()) * u128::from(count);
            let [low, high] = [wide & u128::from(u64::MAX), wide >> 64];
            if low >= u128::from(sliver) {
                return u64::try_from(high).unwrap_or(0);
            }
        }
    }

    /// An even draw from `low..=high`; `low` when the two are out of order.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        match high.checked_sub(low).map(|span| span.checked_add(1)) {
            None => low,
            Some(None) => self.word(),
            Some(Some(count)) => low.saturating_add(self.below(count)),
        }
    }

    /// A draw from `low..=high` in which every octave has the same chance, and within an octave
    /// every number: small and large orders of magnitude are equally frequent.
    ///
    /// `low` is taken as at least 1. Octaves at the ends count as whole ones of which only the part
    /// inside the bounds is drawn from.
    pub fn log_between(&mut self, low: u64, high: u64) -> u64 {
        let (low, high) = (low.max(1), high.max(1));
        if low >= high {
            return low;
        }
        let octave = self.between(u64::from(low.ilog2()), u64::from(high.ilog2()));
        let floor = 1u64 << octave.min(63);
        let ceiling = floor.saturating_mul(2).saturating_sub(1).max(floor);
        let ceiling = if octave >= 63 { u64::MAX } else { ceiling };
        self.between(floor.max(low), ceiling.min(high))
    }

    /// True in `ppm` of a million draws.
    pub fn chance(&mut self, ppm: u32) -> bool {
        self.below(1_000_000) < u64::from(ppm)
    }

    /// An even draw from `items`; `None` when there are none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let index = self.below(u64::try_from(items.len()).unwrap_or(u64::MAX));
        items.get(usize::try_from(index).ok()?)
    }

    /// An even draw from `0..count`.
    pub fn index(&mut self, count: usize) -> usize {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        usize::try_from(self.below(count)).unwrap_or(0)
    }

    /// 32 random bytes.
    pub fn key(&mut self) -> Key {
        let mut key = [0; 32];
        for chunk in key.chunks_exact_mut(8) {
            chunk.copy_from_slice(&self.word().to_le_bytes());
        }
        key
    }
}

/// SplitMix64: turns a seed, however poor, into well-mixed words.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = self.0;
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_reference_code() {
        // splitmix64.c with x = 1234567, as published with many ports.
        let mut mix = SplitMix(1_234_567);
        let first: Vec<u64> = (0..5).map(|_| mix.next()).collect();
        assert_eq!(
            first,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423,
                4_593_380_528_125_082_431,
                16_408_922_859_458_223_821
            ]
        );
        // xoshiro256plusplus.c from the state 1, 2, 3, 4 (the vector of rand_xoshiro).
        let mut rng = Rng { state: [1, 2, 3, 4] };
        let first: Vec<u64> = (0..5).map(|_| rng.word()).collect();
        assert_eq!(
            first,
            [
                41_943_041,
                58_720_359,
                3_588_806_011_781_223,
                3_591_011_842_654_386,
                9_228_616_714_210_784_205
            ]
        );
    }

    #[test]
    fn draws_stay_in_bounds_and_reach_both_ends() {
        let mut rng = Rng::new(7);
        let mut seen = [0u32; 10];
        for _ in 0..10_000 {
            seen[usize::try_from(rng.between(3, 12) - 3).unwrap()] += 1;
        }
        assert!(seen.iter().all(|count| (850..1150).contains(count)), "{seen:?}");
        assert_eq!(rng.between(5, 5), 5);
        assert_eq!(rng.between(5, 4), 5);
        assert_eq!((rng.below(0), rng.below(1)), (0, 0));
        assert_eq!((rng.pick::<u8>(&[]), rng.pick(&[9]), rng.index(0)), (None, Some(&9), 0));
        rng.between(0, u64::MAX);
    }

    #[test]
    fn octaves_are_equally_frequent() {
        let mut rng = Rng::new(8);
        let mut seen = [0u32; 10];
        for _ in 0..10_000 {
            seen[rng.log_between(1, 1023).ilog2() as usize] += 1;
        }
        assert!(seen.iter().all(|count| (850..1150).contains(count)), "{seen:?}");
        for _ in 0..1000 {
            assert!((100..=130).contains(&rng.log_between(100, 130)));
            assert!(rng.log_between(u64::MAX - 5, u64::MAX) >= u64::MAX - 5);
        }
        assert_eq!((rng.log_between(0, 0), rng.log_between(9, 3)), (1, 9));
    }

    #[test]
    fn chances_are_kept_and_purposes_are_independent() {
        let mut rng = Rng::new(9);
        let hits = (0..100_000).filter(|_| rng.chance(250_000)).count();
        assert!((24_500..25_500).contains(&hits), "{hits}");
        assert!(!rng.chance(0) && rng.chance(1_000_000));
        let first = |mut rng: Rng| rng.word();
        let draws = [Rng::of(1, "world"), Rng::of(1, "traffic"), Rng::of(2, "world"), Rng::new(1)];
        let mut draws: Vec<u64> = draws.map(first).to_vec();
        assert_eq!(draws.first(), Some(&first(Rng::of(1, "world"))));
        draws.sort_unstable();
        draws.dedup();
        assert_eq!(draws.len(), 4);
    }
}
