//! One bit for each shred of a slot, scanned by words.

use crate::wire::shred::SHREDS_PER_SLOT_MAX;

const WORDS: usize = SHREDS_PER_SLOT_MAX.div_ceil(64) as usize;

/// A set of shred indexes. An index at or beyond [`SHREDS_PER_SLOT_MAX`] is never in it.
#[derive(Debug)]
pub(super) struct Bits {
    words: Box<[u64]>,
}

impl Bits {
    pub(super) fn new() -> Self {
        Self { words: vec![0; WORDS].into_boxed_slice() }
    }

    #[inline]
    pub(super) fn set(&mut self, index: u32) {
        if let Some(word) = self.words.get_mut(index as usize / 64) {
            *word |= 1 << (index % 64);
        }
    }

    #[inline]
    pub(super) fn has(&self, index: u32) -> bool {
        self.words.get(index as usize / 64).is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    /// The first index at or after `from` that is in the set.
    #[inline]
    pub(super) fn next(&self, from: u32) -> Option<u32> {
        let mut word = *self.words.get(from as usize / 64)? & (u64::MAX << (from % 64));
        let mut base = from & !63;
        while word == 0 {
            base += 64;
            word = *self.words.get(base as usize / 64)?;
        }
        Some(base + word.trailing_zeros())
    }

    /// The first index at or after `from` that is not in the set.
    #[inline]
    pub(super) fn next_gap(&self, from: u32) -> u32 {
        let mut base = from & !63;
        let mut below = (1u64 << (from % 64)) - 1;
        while let Some(word) = self.words.get(base as usize / 64) {
            let word = word | below;
            if word != u64::MAX {
                return base + word.trailing_ones();
            }
            (base, below) = (base + 64, 0);
        }
        SHREDS_PER_SLOT_MAX.max(from)
    }

    /// The last index before `end` that is in the set.
    #[inline]
    pub(super) fn last_before(&self, end: u32) -> Option<u32> {
        let end = end.min(SHREDS_PER_SLOT_MAX);
        let mut base = end & !63;
        let mut word =
            self.words.get(base as usize / 64).map_or(0, |word| word & ((1u64 << (end % 64)) - 1));
        while word == 0 {
            base = base.checked_sub(64)?;
            word = *self.words.get(base as usize / 64)?;
        }
        Some(base + 63 - word.leading_zeros())
    }

    /// The last index before `end` that is not in the set.
    pub(super) fn last_gap_before(&self, end: u32) -> Option<u32> {
        let end = end.min(SHREDS_PER_SLOT_MAX);
        let mut base = end & !63;
        let mut word = self
            .words
            .get(base as usize / 64)
            .map_or(u64::MAX, |word| word | (u64::MAX << (end % 64)));
        while word == u64::MAX {
            base = base.checked_sub(64)?;
            word = *self.words.get(base as usize / 64)?;
        }
        Some(base + 63 - word.leading_ones())
    }

    /// How many indexes below `end` are not in the set.
    pub(super) fn gaps_before(&self, end: u32) -> u32 {
        let (whole, rest) = (end as usize / 64, end % 64);
        let ones = |words: &[u64]| words.iter().map(|word| word.count_ones()).sum::<u32>();
        let whole_ones = self.words.get(..whole).map_or(0, ones);
        let rest_ones =
            self.words.get(whole).map_or(0, |word| (word & ((1u64 << rest) - 1)).count_ones());
        end.saturating_sub(whole_ones + rest_ones)
    }

    /// Takes every index below `end` out.
    pub(super) fn clear(&mut self, end: u32) {
        if let Some(words) = self.words.get_mut(..(end as usize).div_ceil(64).min(WORDS)) {
            words.fill(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn scans_agree_with_a_set(
            members in proptest::collection::btree_set(0..SHREDS_PER_SLOT_MAX, 0..40),
            dense in 0..300u32,
            from in 0..SHREDS_PER_SLOT_MAX + 3,
        ) {
            let members: BTreeSet<u32> = members.into_iter().chain(0..dense).collect();
            let mut bits = Bits::new();
            for index in &members {
                bits.set(*index);
            }
            for from in [from, dense, 0, 63, 64, SHREDS_PER_SLOT_MAX] {
                prop_assert_eq!(bits.has(from), members.contains(&from));
                prop_assert_eq!(bits.next(from), members.range(from..).next().copied());
                prop_assert_eq!(bits.last_before(from), members.range(..from).next_back().copied());
                let end = from.min(SHREDS_PER_SLOT_MAX);
                let last_gap = (0..end).rev().find(|index| !members.contains(index));
                prop_assert_eq!(bits.last_gap_before(from), last_gap);
                let beyond = SHREDS_PER_SLOT_MAX + 4;
                let gap = (from..beyond).find(|index| !members.contains(index)).unwrap();
                prop_assert_eq!(bits.next_gap(from), gap);
                let gaps = from as usize - members.range(..from).count();
                prop_assert_eq!(bits.gaps_before(from) as usize, gaps);
            }
            bits.clear(SHREDS_PER_SLOT_MAX);
            prop_assert_eq!(bits.next(0), None);
        }
    }

    #[test]
    fn indexes_beyond_the_slot_are_never_in() {
        let mut bits = Bits::new();
        bits.set(u32::MAX);
        bits.set(SHREDS_PER_SLOT_MAX);
        assert!(!bits.has(u32::MAX) && !bits.has(SHREDS_PER_SLOT_MAX));
        assert_eq!((bits.next(0), bits.last_before(u32::MAX)), (None, None));
        assert_eq!(bits.next_gap(SHREDS_PER_SLOT_MAX), SHREDS_PER_SLOT_MAX);
    }
}
