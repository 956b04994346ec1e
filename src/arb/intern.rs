//! Numbers for keys: the first distinct key is 0, the next 1, without heap after construction.

use xxhash_rust::xxh3::xxh3_64;

use crate::ids::Key;
use crate::mem;

/// What can be numbered.
pub(super) trait Named: Copy + Eq {
    /// Spread over all 64 bits.
    fn hash(&self) -> u64;
}

impl Named for Key {
    fn hash(&self) -> u64 {
        xxh3_64(self)
    }
}

impl Named for [u32; 2] {
    fn hash(&self) -> u64 {
        xxh3_64(bytemuck::cast_slice(self))
    }
}

/// An open-addressed table that is at most half full.
pub(super) struct Interner<K> {
    keys: Vec<K>,
    /// Number of the key plus one; 0 is free.
    table: Vec<u32>,
    most: usize,
}

impl<K: Named> Interner<K> {
    /// Room for `most` keys, fewer than 2^31.
    pub(super) fn new(most: usize) -> Self {
        let most = most.min(1 << 30);
        let slots = most.saturating_mul(2).max(2).next_power_of_two();
        Self { keys: Vec::with_capacity(most), table: vec![0; slots], most }
    }

    /// The number of `key`.
    #[inline]
    pub(super) fn get(&self, key: &K) -> Option<u32> {
        self.find(key).ok()
    }

    /// The number of `key`, which is taken in if it was not there. `None` when there is no room.
    #[inline]
    pub(super) fn insert(&mut self, key: &K) -> Option<u32> {
        match self.find(key) {
            Ok(number) => Some(number),
            Err(_) if self.keys.len() >= self.most => None,
            Err(free) => {
                let number = u32::try_from(self.keys.len()).ok()?;
                *self.table.get_mut(free)? = number.checked_add(1)?;
                self.keys.push(*key);
                Some(number)
            }
        }
    }

    /// The key of number `number`.
    #[inline]
    pub(super) fn key(&self, number: u32) -> Option<&K> {
        self.keys.get(usize::try_from(number).ok()?)
    }

    /// Keys taken in.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Where the search for `key` begins, whose line is asked for.
    #[inline]
    pub(super) fn expect(&self, key: &K) -> usize {
        let at = self.start(key);
        mem::prefetch_item(&self.table, at);
        at
    }

    /// The number that a search from `at` meets first, most likely the one looked for; its key's line is
    /// asked for.
    #[inline]
    pub(super) fn guess(&self, at: usize) -> Option<u32> {
        let number = self.table.get(at)?.checked_sub(1)?;
        mem::prefetch_item(&self.keys, number as usize);
        Some(number)
    }

    #[inline]
    fn start(&self, key: &K) -> usize {
        #[expect(clippy::cast_possible_truncation, reason = "any bits of the hash will do")]
        let at = key.hash() as usize;
        at & self.table.len().wrapping_sub(1)
    }

    /// The number of `key`, or the free place where it would go.
    #[inline]
    fn find(&self, key: &K) -> Result<u32, usize> {
        let mask = self.table.len().wrapping_sub(1);
        let mut at = self.start(key);
        loop {
            // Never more than half full: a free place is always met.
            let Some(number) = self.table.get(at).and_then(|slot| slot.checked_sub(1)) else {
                return Err(at);
            };
            if self.key(number) == Some(key) {
                return Ok(number);
            }
            at = at.wrapping_add(1) & mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_dense_stable_and_bounded() {
        let mut names = Interner::new(1000);
        for round in 0..2 {
            for at in 0..1000_u32 {
                assert_eq!(names.insert(&[at * 7, at]), Some(at), "round {round}");
            }
        }
        assert_eq!(names.len(), 1000);
        assert_eq!(names.insert(&[1, 1]), None, "full");
        assert_eq!(names.get(&[7, 1]), Some(1));
        assert_eq!(names.get(&[1, 1]), None);
        assert_eq!(names.key(3), Some(&[21, 3]));
        assert_eq!(names.key(1000), None);
    }

    #[test]
    fn no_room_at_all_is_no_fault() {
        let mut names: Interner<Key> = Interner::new(0);
        assert_eq!(names.insert(&[1; 32]), None);
        assert_eq!(names.get(&[1; 32]), None);
    }
}
