//! What is remembered between opportunities: the newest blockhash, and what was built already.

use crate::record::{Slot, Verdict};
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;

/// Slots for which a blockhash is valid (solana-clock `MAX_PROCESSING_AGE`).
pub const BLOCKHASH_AGE_MAX: u64 = 150;

/// A recent blockhash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blockhash {
    /// The hash.
    pub hash: [u8; 32],
    /// The slot it ends, if that is known.
    pub slot: Option<u64>,
}

impl Blockhash {
    /// The blockhash that `slot` ends in: none unless the slot is complete and its proof of history
    /// was not found broken.
    pub(super) fn of(slot: &Slot) -> Option<Self> {
        let sound = slot.complete == 1
            && slot.present & Slot::BLOCKHASH != 0
            && slot.poh != Verdict::Bad as u8;
        sound.then_some(Self { hash: slot.blockhash, slot: Some(slot.slot) })
    }

    /// The last slot in which a transaction that names it may land.
    pub(super) fn last_valid_slot(&self) -> Option<u64> {
        self.slot.map(|slot| slot.saturating_add(BLOCKHASH_AGE_MAX))
    }

    /// Whether it is too old for a transaction that is to land in `slot`.
    pub(super) fn is_too_old(&self, slot: u64) -> bool {
        self.last_valid_slot().is_some_and(|last| slot > last)
    }
}

/// Slots whose blockhash is remembered: more than a blockhash lives, for those that come out of order.
const SLOTS_MAX: usize = 512;

/// The blockhashes of the last slots.
#[derive(Debug, Default)]
pub(super) struct Hashes {
    slots: HashMap<[u8; 32], u64>,
    order: VecDeque<([u8; 32], u64)>,
    newest: Option<u64>,
}

impl Hashes {
    /// Takes in what a slot of the stream ends with.
    pub(super) fn slot(&mut self, slot: &Slot) {
        let Some(Blockhash { hash, slot: Some(number) }) = Blockhash::of(slot) else { return };
        self.newest = self.newest.max(Some(number));
        if self.slots.insert(hash, number).is_none() {
            self.order.push_back((hash, number));
        }
        if self.order.len() > SLOTS_MAX
            && let Some((oldest, _)) = self.order.pop_front()
        {
            self.slots.remove(&oldest);
        }
    }

    /// The newest complete slot of the stream so far.
    pub(super) fn newest(&self) -> Option<u64> {
        self.newest
    }

    /// The slot that ended in `hash`, if it is remembered.
    pub(super) fn slot_of(&self, hash: &[u8; 32]) -> Option<u64> {
        self.slots.get(hash).copied()
    }

    /// Whether `hash` is known to be too old for a transaction that is to land in `slot`.
    pub(super) fn is_too_old(&self, hash: &[u8; 32], slot: u64) -> bool {
        Blockhash { hash: *hash, slot: self.slot_of(hash) }.is_too_old(slot)
    }

    /// Whether every slot is known whose blockhash is still valid: known slots without a hole, back from
    /// the newest.
    pub(super) fn are_all(&self) -> bool {
        let Some(newest) = self.newest else { return false };
        let first = newest.saturating_sub(BLOCKHASH_AGE_MAX);
        let recent = self.order.iter().filter(|(_, slot)| (first..=newest).contains(slot)).count();
        let all = usize::try_from(BLOCKHASH_AGE_MAX).unwrap_or(usize::MAX).saturating_add(1);
        recent >= all
    }

    /// How many are remembered.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }
}

/// The things seen last, up to a number that bounds the memory.
#[derive(Debug)]
pub(super) struct Seen<T> {
    set: HashSet<T>,
    order: VecDeque<T>,
    most: usize,
}

impl<T: Copy + Eq + Hash> Seen<T> {
    /// Remembers the last `most` things.
    pub(super) fn new(most: usize) -> Self {
        Self { set: HashSet::with_capacity(most), order: VecDeque::with_capacity(most), most }
    }

    pub(super) fn contains(&self, thing: &T) -> bool {
        self.set.contains(thing)
    }

    pub(super) fn insert(&mut self, thing: T) {
        if !self.set.insert(thing) {
            return;
        }
        if self.order.len() == self.most
            && let Some(oldest) = self.order.pop_front()
        {
            self.set.remove(&oldest);
        }
        self.order.push_back(thing);
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]
mod tests {
    use super::*;

    #[test]
    fn only_a_complete_slot_of_sound_history_has_a_blockhash() {
        let mut slot = Slot::new(0);
        (slot.slot, slot.complete, slot.poh) = (9, 1, Verdict::Ok as u8);
        (slot.blockhash, slot.present) = ([7; 32], Slot::BLOCKHASH);
        let made = Blockhash::of(&slot).unwrap();
        assert_eq!((made.hash, made.slot), ([7; 32], Some(9)));
        slot.poh = Verdict::Unchecked as u8;
        assert!(Blockhash::of(&slot).is_some());
        slot.poh = Verdict::Bad as u8;
        assert!(Blockhash::of(&slot).is_none());
        (slot.poh, slot.complete) = (Verdict::Ok as u8, 0);
        assert!(Blockhash::of(&slot).is_none());
        (slot.complete, slot.present, slot.blockhash) = (1, 0, [0; 32]);
        assert!(Blockhash::of(&slot).is_none());
    }

    #[test]
    fn a_blockhash_is_valid_for_150_slots() {
        let hash = Blockhash { hash: [1; 32], slot: Some(1000) };
        assert_eq!(hash.last_valid_slot(), Some(1150));
        assert!(!hash.is_too_old(1150) && hash.is_too_old(1151) && !hash.is_too_old(3));
        assert!(!Blockhash { slot: None, ..hash }.is_too_old(u64::MAX));
        assert!(!Blockhash { slot: Some(u64::MAX - 1), ..hash }.is_too_old(u64::MAX));
    }

    #[test]
    fn memory_is_bounded_and_forgets_the_oldest() {
        let mut seen = Seen::new(2);
        for thing in [1, 2, 2, 1] {
            seen.insert(thing);
        }
        assert!(seen.contains(&1) && seen.contains(&2));
        seen.insert(3);
        assert!(!seen.contains(&1) && seen.contains(&2) && seen.contains(&3));
        assert_eq!((seen.set.len(), seen.order.len()), (2, 2));
    }
}
