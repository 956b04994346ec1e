//! A set of small numbers: account indexes of a transaction, positions of shards.

/// A set of numbers below 256.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IndexSet([u64; 4]);

impl IndexSet {
    /// The numbers of `range`, as far as they are below 256.
    pub fn range(range: std::ops::Range<usize>) -> Self {
        let mut set = Self::default();
        for number in range {
            set.insert(number);
        }
        set
    }

    /// Adds `number`; whether it was absent and is below 256.
    #[inline]
    pub fn insert(&mut self, number: usize) -> bool {
        let bit = 1 << (number % 64);
        self.0.get_mut(number / 64).is_some_and(|word| {
            let absent = *word & bit == 0;
            *word |= bit;
            absent
        })
    }

    /// Whether `number` is in the set.
    #[inline]
    pub fn contains(&self, number: usize) -> bool {
        self.0.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// How many numbers there are.
    pub fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The numbers that are not in `other`.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let mut set = *self;
        for (word, other) in set.0.iter_mut().zip(other.0) {
            *word &= !other;
        }
        set
    }

    /// The numbers that are in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut set = *self;
        for (word, other) in set.0.iter_mut().zip(other.0) {
            *word |= other;
        }
        set
    }

    /// The lowest `count` numbers.
    #[must_use]
    pub fn first(&self, count: usize) -> Self {
        let mut set = Self::default();
        for number in self.iter().take(count) {
            set.insert(number.into());
        }
        set
    }

    /// The numbers, rising.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = u8> + use<> {
        let (mut words, mut base) = (self.0.into_iter(), 0u8);
        let mut word = words.next().unwrap_or(0);
        std::iter::from_fn(move || {
            while word == 0 {
                (word, base) = (words.next()?, base.checked_add(64)?);
            }
            let bit = word.trailing_zeros().to_le_bytes()[0];
            word &= word - 1;
            Some(base | bit)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_below_256_are_held_and_come_back_rising() {
        let mut set = IndexSet::default();
        assert!(set.is_empty() && set.insert(200) && set.insert(3) && !set.insert(3));
        assert!(!set.insert(256) && set.contains(200) && !set.contains(4));
        assert_eq!((set.len(), set.iter().collect::<Vec<_>>()), (2, vec![3, 200]));
        assert_eq!(set.first(1), IndexSet::range(3..4));
        assert_eq!(set.without(&IndexSet::range(0..100)), IndexSet::range(200..201));
        assert_eq!(IndexSet::range(0..300).len(), 256);
    }
}
