//! Max-trees of sixteen branches: the best of many values, kept while they change.
//!
//! ```text
//! block: values 0 | values 1 | .. | values 2L-1 | owners
//! values: leaves | maxima of 16 leaves each | maxima of 16 of these | .. (at most 16)
//! ```
//!
//! A tree has `2L` values a leaf (two directions in each of `L` layers) and an owner. A node is one
//! line of memory. Trees of up to 16 leaves are a few words in a row. A tree that is full moves to
//! a block of twice the leaves; a leaf keeps its slot for life, and a slot given back is used again.

use super::NO_RATE;
use super::arena::{Arena, END, LINE};

/// Levels that a tree of 2^26 leaves has, and one more.
const LEVELS: usize = 8;

/// Low bits of `Head::state`: slots ever used. The others: logarithm of the leaves there are.
const USED: u32 = (1 << 27) - 1;

/// Where a tree is.
#[derive(Clone, Copy)]
pub(super) struct Head {
    at: u32,
    /// A slot that is free again; its owner is the next one.
    free: u32,
    state: u32,
}

impl Head {
    /// A tree without leaves, for which no memory is taken.
    pub(super) const EMPTY: Self = Self { at: END, free: END, state: 0 };

    #[inline]
    fn used(self) -> u32 {
        self.state & USED
    }

    /// Leaves that the block has.
    #[inline]
    fn leaves(self) -> usize {
        1 << (self.state >> 27)
    }

    /// Whether the tree has no block.
    #[inline]
    pub(super) fn is_empty(self) -> bool {
        self.at == END
    }
}

/// Words of one kind of values with `leaves` leaves.
#[inline]
fn span(leaves: usize) -> usize {
    let (mut sum, mut len) = (leaves, leaves);
    while len > LINE {
        len = len.div_ceil(LINE).next_multiple_of(LINE);
        sum = sum.wrapping_add(len);
    }
    sum
}

/// The greatest of `values`.
#[inline]
fn greatest(values: &[i32]) -> i32 {
    match <&[i32; LINE]>::try_from(values) {
        Ok(line) => line.iter().fold(i32::MIN, |best, value| best.max(*value)),
        Err(_) => values.iter().fold(i32::MIN, |best, value| best.max(*value)),
    }
}

/// Trees in one memory.
pub(super) struct Forest<const L: usize> {
    pub(super) arena: Arena,
}

impl<const L: usize> Forest<L> {
    /// Kinds of values.
    const KINDS: usize = 2 * L;

    /// Words of a block with `leaves` leaves.
    fn block(leaves: usize) -> usize {
        span(leaves).wrapping_mul(Self::KINDS).wrapping_add(leaves)
    }

    /// First word of values `kind`.
    #[inline]
    fn kind_at(head: Head, kind: usize) -> u32 {
        let skip = span(head.leaves()).wrapping_mul(kind);
        #[expect(clippy::cast_possible_truncation, reason = "inside of a block")]
        head.at.wrapping_add(skip as u32)
    }

    #[inline]
    fn owner_at(head: Head, slot: u32) -> u32 {
        Self::kind_at(head, Self::KINDS).wrapping_add(slot)
    }

    /// Adds a leaf without values (`NO_RATE`) and returns its slot. `None` when there is no room.
    pub(super) fn insert(&mut self, head: &mut Head, owner: u32) -> Option<u32> {
        let slot = if head.free == END {
            let slot = head.used();
            if head.is_empty() || slot as usize >= head.leaves() {
                self.grow(head)?;
            }
            head.state = head.state.wrapping_add(1);
            slot
        } else {
            let slot = head.free;
            head.free = self.arena.get(Self::owner_at(*head, slot)).cast_unsigned();
            slot
        };
        self.arena.set(Self::owner_at(*head, slot), owner.cast_signed());
        Some(slot)
    }

    /// Moves the tree to a block of twice the leaves.
    fn grow(&mut self, head: &mut Head) -> Option<()> {
        let old = *head;
        let leaves = if old.is_empty() { 1 } else { old.leaves().checked_mul(2)? };
        let at = self.arena.take(Self::block(leaves))?;
        head.at = at;
        head.state = old.used() | (leaves.ilog2() << 27);
        if leaves > 1 << 26 {
            return None;
        }
        for kind in 0..Self::KINDS {
            let to = Self::kind_at(*head, kind);
            self.arena.slice_mut(to, span(leaves)).fill(NO_RATE);
            if !old.is_empty() {
                self.arena.copy(Self::kind_at(old, kind), to, old.leaves());
            }
            self.rebuild(to, leaves);
        }
        if !old.is_empty() {
            let (from, to) = (Self::owner_at(old, 0), Self::owner_at(*head, 0));
            self.arena.copy(from, to, old.leaves());
            self.arena.give(old.at, Self::block(old.leaves()));
        }
        Some(())
    }

    /// Computes all maxima above the leaves at `at`.
    fn rebuild(&mut self, mut at: u32, leaves: usize) {
        let mut len = leaves;
        while len > LINE {
            #[expect(clippy::cast_possible_truncation, reason = "inside of a block")]
            let above = at.wrapping_add(len as u32);
            for (node, place) in (0..len.div_ceil(LINE)).zip(above..) {
                #[expect(clippy::cast_possible_truncation, reason = "inside of a block")]
                let first = at.wrapping_add((node as u32).wrapping_mul(16));
                let best = greatest(self.arena.slice(first, LINE));
                self.arena.set(place, best);
            }
            at = above;
            len = len.div_ceil(LINE).next_multiple_of(LINE);
        }
    }

    /// Takes leaf `slot` out; its values must be `NO_RATE` already. The block stays.
    pub(super) fn erase(&mut self, head: &mut Head, slot: u32) {
        self.arena.set(Self::owner_at(*head, slot), head.free.cast_signed());
        head.free = slot;
    }

    /// Gives back the block of a tree that has no leaf left.
    #[cfg(test)]
    fn clear(&mut self, head: &mut Head) {
        if !head.is_empty() {
            self.arena.give(head.at, Self::block(head.leaves()));
            *head = Head::EMPTY;
        }
    }

    /// Value `kind` of leaf `slot`.
    #[inline]
    pub(super) fn leaf(&self, head: Head, slot: u32, kind: usize) -> i32 {
        self.arena.get(Self::kind_at(head, kind).wrapping_add(slot))
    }

    /// The owner of leaf `slot`.
    #[inline]
    pub(super) fn owner(&self, head: Head, slot: u32) -> u32 {
        self.arena.get(Self::owner_at(head, slot)).cast_unsigned()
    }

    /// Sets value `kind` of leaf `slot`. Returns the tree's best when it may have changed.
    #[inline]
    pub(super) fn set(&mut self, head: Head, slot: u32, kind: usize, value: i32) -> Option<i32> {
        let mut at = Self::kind_at(head, kind);
        let mut len = head.leaves();
        let (mut index, mut value) = (slot, value);
        loop {
            let place = at.wrapping_add(index);
            let before = self.arena.get(place);
            if before == value {
                return None;
            }
            self.arena.set(place, value);
            if len <= LINE {
                return Some(greatest(self.arena.slice(at, len)));
            }
            let node = index >> 4;
            #[expect(clippy::cast_possible_truncation, reason = "inside of a block")]
            let above = at.wrapping_add(len as u32);
            let best = self.arena.get(above.wrapping_add(node));
            if value < best {
                if before < best {
                    return None;
                }
                value = greatest(self.arena.slice(at.wrapping_add(node << 4), LINE));
            }
            (at, index) = (above, node);
            len = len.div_ceil(LINE).next_multiple_of(LINE);
        }
    }

    /// The best of values `kind`; `NO_RATE` when there is none.
    #[cfg(test)]
    fn root(&self, head: Head, kind: usize) -> i32 {
        if head.is_empty() {
            return NO_RATE;
        }
        let mut at = Self::kind_at(head, kind);
        let mut len = head.leaves();
        while len > LINE {
            #[expect(clippy::cast_possible_truncation, reason = "inside of a block")]
            {
                at = at.wrapping_add(len as u32);
            }
            len = len.div_ceil(LINE).next_multiple_of(LINE);
        }
        greatest(self.arena.slice(at, len))
    }

    /// Begins to walk over the leaves by values `kind`.
    pub(super) fn walk(head: Head, kind: usize) -> Walk {
        let mut walk =
            Walk { bases: [0; LEVELS], path: [(0, 0); LEVELS], level: 0, levels: 0, width: 0 };
        if head.is_empty() {
            return walk;
        }
        let mut at = Self::kind_at(head, kind);
        let mut len = head.leaves();
        walk.width = len.min(LINE);
        for base in &mut walk.bases {
            *base = at;
            if len <= LINE {
                break;
            }
            #[expect(clippy::cast_possible_truncation, reason = "inside of a block")]
            {
                at = at.wrapping_add(len as u32);
            }
            len = len.div_ceil(LINE).next_multiple_of(LINE);
            walk.level = walk.level.wrapping_add(1);
        }
        walk.levels = walk.level.wrapping_add(1);
        walk
    }
}

/// Place of a walk: in every node the best branch first, so that a bar that rises cuts early.
pub(super) struct Walk {
    /// First word of each level.
    bases: [u32; LEVELS],
    /// Node of each level and the branches of it that are done.
    path: [(u32, u16); LEVELS],
    level: usize,
    /// Levels there are.
    levels: usize,
    width: usize,
}

impl Walk {
    /// The next leaf with at least `bar`: slot and value.
    pub(super) fn next(&mut self, arena: &Arena, bar: i32) -> Option<(u32, i32)> {
        loop {
            let base = *self.bases.get(..self.levels)?.get(self.level)?;
            let (node, done) = self.path.get_mut(self.level)?;
            let at = base.wrapping_add(*node << 4);
            let (mut best, mut branch) = (i32::MIN, 0_u32);
            for (value, place) in arena.slice(at, self.width).iter().zip(0_u32..) {
                if *value > best && *done & (1_u16 << place) == 0 {
                    (best, branch) = (*value, place);
                }
            }
            if best < bar {
                self.level = self.level.wrapping_add(1);
                continue;
            }
            *done |= 1 << branch;
            let index = (*node << 4) | branch;
            if self.level == 0 {
                return Some((index, best));
            }
            self.level = self.level.wrapping_sub(1);
            *self.path.get_mut(self.level)? = (index, 0);
        }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a plain model")]
#[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "a plain model")]
mod tests {
    use super::*;

    /// A tree of `2L` kinds against a plain list, through growth, changes and removals.
    fn equals_a_list<const L: usize>(count: u32) {
        let mut forest = Forest::<L> { arena: Arena::new(1 << 20) };
        let mut head = Head::EMPTY;
        let mut model: Vec<(u32, u32, Vec<i32>)> = Vec::new();
        let mut seed = u64::from(count) + 1;
        let mut random = |most: u32| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) as u32 % most
        };
        for step in 0..count * 6 {
            let choice = random(10);
            if model.is_empty() || (choice < 4 && (model.len() as u32) < count) {
                let slot = forest.insert(&mut head, step).unwrap();
                assert!(model.iter().all(|leaf| leaf.0 != slot));
                model.push((slot, step, vec![NO_RATE; 2 * L]));
            } else if choice == 4 {
                let (slot, owner, _) = model.swap_remove(random(model.len() as u32) as usize);
                assert_eq!(forest.owner(head, slot), owner);
                (0..2 * L).for_each(|kind| {
                    forest.set(head, slot, kind, NO_RATE);
                });
                forest.erase(&mut head, slot);
            } else {
                let at = random(model.len() as u32) as usize;
                let (kind, value) = (random(2 * L as u32) as usize, random(1000) as i32 - 500);
                let before = forest.root(head, kind);
                let changed = forest.set(head, model[at].0, kind, value);
                model[at].2[kind] = value;
                assert_eq!(changed.unwrap_or(before), forest.root(head, kind));
            }
            for kind in 0..2 * L {
                let best = model.iter().map(|leaf| leaf.2[kind]).max().unwrap_or(NO_RATE);
                assert_eq!(forest.root(head, kind), best);
            }
        }
        for (bar, kind) in [(-500, 0), (100, 1), (499, 0), (500, 1)] {
            let mut want: Vec<_> =
                model.iter().filter(|l| l.2[kind] >= bar).map(|l| (l.0, l.2[kind])).collect();
            let mut walk = Forest::<L>::walk(head, kind);
            let mut got: Vec<_> = std::iter::from_fn(|| walk.next(&forest.arena, bar)).collect();
            assert_eq!(got.first().map(|leaf| leaf.1), want.iter().map(|leaf| leaf.1).max());
            want.sort_unstable();
            got.sort_unstable();
            assert_eq!(got, want);
        }
    }

    #[test]
    fn trees_of_every_height_equal_a_list() {
        for count in [1, 2, 3, 15, 16, 17, 40, 255, 257, 700, 4200] {
            equals_a_list::<1>(count);
        }
        equals_a_list::<2>(300);
    }

    #[test]
    fn a_memory_that_is_full_leaves_the_tree_as_it_was() {
        let mut forest = Forest::<1> { arena: Arena::new(0) };
        let mut head = Head::EMPTY;
        let mut count = 0;
        while let Some(slot) = forest.insert(&mut head, count) {
            forest.set(head, slot, 0, count as i32);
            count += 1;
        }
        assert!(count > 4);
        assert_eq!(forest.root(head, 0), count as i32 - 1);
        assert_eq!(forest.insert(&mut head, 0), None);
        forest.clear(&mut head);
        assert!(head.is_empty() && forest.insert(&mut head, 0).is_some());
    }
}
