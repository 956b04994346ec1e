//! The swaps of the last slots, in order, and for each of them the next of the same kind.
//!
//! ```text
//! ring    | e | . | v | . | e | . | v | b |      oldest on the left
//! pool      \-----/------/---/-------/--/        each swap of a pool leads to the next in it,
//! owner     \-------------/------------/         to the next of its owner there,
//! wrapper   \-------------/------------/         and to the next through its program
//! ```
//!
//! Swaps have numbers that rise by one, from 1; 0 is none. Chains are told apart by a hash: who
//! follows one compares the keys. The memory is taken at the start, and the oldest makes room.

use xxhash_rust::xxh3::xxh3_64;

use super::loss::Before;
use crate::ids::Key;
use crate::record::Swap;

/// What the swaps of a chain share beside their pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chain {
    /// Nothing.
    Pool = 0,
    /// Their owner.
    Owner = 1,
    /// The program that they come through.
    Wrapper = 2,
}

const CHAINS: [Chain; 3] = [Chain::Pool, Chain::Owner, Chain::Wrapper];

/// A swap in the window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) row: Swap,
    /// Number of its transaction, rising.
    pub(super) tx: u64,
    /// It is a leg of a sandwich that was found.
    pub(super) is_used: bool,
    /// The pool before it.
    pub(super) before: Before,
    next: [u64; CHAINS.len()],
}

impl Entry {
    pub(super) fn new(row: &Swap, tx: u64, before: &Before) -> Self {
        Self { row: *row, tx, is_used: false, before: *before, next: [0; CHAINS.len()] }
    }
}

/// The ring.
pub(super) struct Window {
    ring: Vec<Entry>,
    room: usize,
    /// Number of the oldest swap.
    first: u64,
    /// Number of the next swap.
    end: u64,
    tails: Tails,
}

impl Window {
    /// Room for `room` swaps.
    pub(super) fn new(room: usize) -> Self {
        let room = room.max(1);
        let tails = Tails::new(room.saturating_mul(CHAINS.len()));
        Self { ring: Vec::with_capacity(room), room, first: 1, end: 1, tails }
    }

    /// Where in the ring `number` is or will be.
    fn place(&self, number: u64) -> usize {
        let room = u64::try_from(self.room).unwrap_or(u64::MAX);
        let place = number.wrapping_sub(1).checked_rem(room).unwrap_or(0);
        usize::try_from(place).unwrap_or(usize::MAX)
    }

    fn is_held(&self, number: u64) -> bool {
        number >= self.first && number < self.end
    }

    /// The swap of number `number`, while it is held.
    pub(super) fn get(&self, number: u64) -> Option<&Entry> {
        self.ring.get(self.place(number)).filter(|_| self.is_held(number))
    }

    fn get_mut(&mut self, number: u64) -> Option<&mut Entry> {
        let (place, held) = (self.place(number), self.is_held(number));
        self.ring.get_mut(place).filter(|_| held)
    }

    /// The oldest swap and its number.
    pub(super) fn oldest(&self) -> Option<(u64, &Entry)> {
        self.get(self.first).map(|entry| (self.first, entry))
    }

    /// Whether the next swap needs the room of the oldest.
    pub(super) fn is_full(&self) -> bool {
        self.len() >= self.room
    }

    /// Swaps held.
    pub(super) fn len(&self) -> usize {
        usize::try_from(self.end.saturating_sub(self.first)).unwrap_or(usize::MAX)
    }

    /// Takes in the next swap; there must be room.
    pub(super) fn push(&mut self, entry: &Entry) {
        if self.is_full() {
            return;
        }
        let number = self.end;
        self.end = self.end.wrapping_add(1);
        let place = self.place(number);
        match self.ring.get_mut(place) {
            Some(place) => *place = *entry,
            None => self.ring.push(*entry),
        }
        for chain in CHAINS {
            let Some(hash) = hash(&entry.row, chain) else { continue };
            let before = self.tails.set(hash, number);
            if let Some(next) =
                self.get_mut(before).and_then(|before| before.next.get_mut(chain as usize))
            {
                *next = number;
            }
        }
    }

    /// Forgets the oldest swap.
    pub(super) fn forget(&mut self) {
        let Some((number, entry)) = self.oldest() else { return };
        let row = entry.row;
        for chain in CHAINS {
            if let Some(hash) = hash(&row, chain) {
                self.tails.remove(hash, number);
            }
        }
        self.first = self.first.wrapping_add(1);
    }

    /// Marks a leg.
    pub(super) fn set_used(&mut self, number: u64) {
        if let Some(entry) = self.get_mut(number) {
            entry.is_used = true;
        }
    }

    /// The swaps after `number` in its `chain`, with their numbers; now and then one of another key.
    pub(super) fn after(&self, number: u64, chain: Chain) -> impl Iterator<Item = (u64, &Entry)> {
        let next = move |entry: &Entry| entry.next.get(chain as usize).copied().unwrap_or(0);
        let mut at = self.get(number).map_or(0, next);
        std::iter::from_fn(move || {
            let entry = self.get(at)?;
            let here = std::mem::replace(&mut at, next(entry));
            Some((here, entry))
        })
    }
}

/// A number for the chain that `row` belongs to; `None` when it belongs to none.
fn hash(row: &Swap, chain: Chain) -> Option<u64> {
    let told = |bit, key: &Key| (row.present & bit != 0).then_some(*key);
    let key = match chain {
        Chain::Pool => [0; 32],
        Chain::Owner => told(Swap::OWNER, &row.owner)?,
        // Those that go to the venue directly are no chain: everybody does.
        Chain::Wrapper => told(Swap::OUTER_PROGRAM, &row.outer_program)?,
    };
    let mut bytes = [0_u8; 65];
    let (pool, rest) = bytes.split_at_mut(32);
    pool.copy_from_slice(&row.pool);
    let (to, kind) = rest.split_at_mut(32);
    to.copy_from_slice(&key);
    kind.fill(chain as u8);
    Some(xxh3_64(&bytes))
}

/// The last swap of each chain: an open-addressed table, at most half full.
struct Tails {
    /// Hash and number; number 0 is free.
    places: Vec<(u64, u64)>,
}

impl Tails {
    fn new(most: usize) -> Self {
        let places = most.saturating_mul(2).max(2).next_power_of_two();
        Self { places: vec![(0, 0); places] }
    }

    fn mask(&self) -> usize {
        self.places.len().wrapping_sub(1)
    }

    #[expect(clippy::cast_possible_truncation, reason = "any bits of the hash will do")]
    fn home(&self, hash: u64) -> usize {
        hash as usize & self.mask()
    }

    /// Where `hash` is, or the free place where it would go.
    fn find(&self, hash: u64) -> usize {
        let mut at = self.home(hash);
        // Never more than half full: a free place is always met.
        while self.places.get(at).is_some_and(|(held, number)| *number != 0 && *held != hash) {
            at = at.wrapping_add(1) & self.mask();
        }
        at
    }

    /// Makes `number` the last of `hash` and gives the one that was; 0 when there was none.
    fn set(&mut self, hash: u64, number: u64) -> u64 {
        let at = self.find(hash);
        let place = self.places.get_mut(at);
        place.map_or(0, |place| std::mem::replace(place, (hash, number)).1)
    }

    /// Removes `hash` if `number` is its last, and closes the hole.
    fn remove(&mut self, hash: u64, number: u64) {
        let mut hole = self.find(hash);
        if self.places.get(hole).is_none_or(|(_, held)| *held != number) {
            return;
        }
        let mut at = hole;
        loop {
            at = at.wrapping_add(1) & self.mask();
            let Some(&(held, number)) = self.places.get(at) else { return };
            if number == 0 {
                break;
            }
            // It may move into the hole unless its home lies behind it.
            let from_home = at.wrapping_sub(self.home(held)) & self.mask();
            let from_hole = at.wrapping_sub(hole) & self.mask();
            if from_home >= from_hole {
                if let Some(place) = self.places.get_mut(hole) {
                    *place = (held, number);
                }
                hole = at;
            }
        }
        if let Some(place) = self.places.get_mut(hole) {
            *place = (0, 0);
        }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test may stop where it is wrong")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(tx: u64, pool: u8, owner: u8, wrapper: u8) -> Entry {
        let mut row = Swap::new(0);
        (row.pool, row.owner, row.outer_program) = ([pool; 32], [owner; 32], [wrapper; 32]);
        row.present = Swap::POOL;
        for (key, bit) in [(owner, Swap::OWNER), (wrapper, Swap::OUTER_PROGRAM)] {
            row.present |= if key > 0 { bit } else { 0 };
        }
        Entry::new(&row, tx, &Before::unknown())
    }

    /// What `chain` should lead to from `from`: the later ones that are still there, with its key.
    fn model(held: &[(u64, Entry)], from: &Entry, number: u64, chain: Chain) -> Vec<u64> {
        let key = |entry: &Entry| hash(&entry.row, chain);
        let later = held.iter().filter(|(at, other)| *at > number && key(other) == key(from));
        if key(from).is_none() { vec![] } else { later.map(|(at, _)| *at).collect() }
    }

    proptest! {
        #[test]
        fn chains_lead_to_all_that_are_held(
            room in 1_usize..9,
            rows in prop::collection::vec((0_u8..3, 0_u8..3, 0_u8..3, 0_u8..4), 1..80),
        ) {
            let mut window = Window::new(room);
            let mut held: Vec<(u64, Entry)> = Vec::new();
            for (at, (pool, owner, wrapper, forget)) in (1_u64..).zip(rows) {
                if forget == 0 || window.is_full() {
                    window.forget();
                    held = held.split_off(1.min(held.len()));
                }
                window.push(&entry(at, pool, owner, wrapper));
                held.push((at, entry(at, pool, owner, wrapper)));
                prop_assert_eq!(window.len(), held.len());
                prop_assert_eq!(window.oldest().map(|(number, _)| number), Some(held.first().unwrap().0));
                for (number, one) in &held {
                    prop_assert_eq!(window.get(*number).unwrap().tx, *number);
                    for chain in CHAINS {
                        let is: Vec<_> = window.after(*number, chain).map(|(at, _)| at).collect();
                        prop_assert_eq!(is, model(&held, one, *number, chain));
                    }
                }
                prop_assert!(window.get(at + 1).is_none());
            }
            let keys = window.tails.places.iter().filter(|(_, number)| *number != 0).count();
            let mut should: Vec<_> =
                held.iter().flat_map(|(_, one)| CHAINS.map(|chain| hash(&one.row, chain))).flatten().collect();
            should.sort_unstable();
            should.dedup();
            prop_assert_eq!(keys, should.len(), "nothing is left of what was forgotten");
        }
    }
}
