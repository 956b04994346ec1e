//! Max-trees of sixteen branches: the best of many values, kept while they change.
//!
//! ```text
//! block: values 0 | values 1 | owners
//! values: leaves | maxima of 16 leaves each | maxima of 16 of these | .. (at most 16)
//! ```
//!
//! A tree has two values a leaf, one for each direction, and an owner. A node is one line of memory.
//! Trees of up to 16 leaves are a few words in a row. A tree that is full moves to a block of twice
//! the leaves; a leaf keeps its slot for life, and a slot given back is used again.

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
    pub(super) fn leaves(self) -> usize {
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
pub(super) struct Forest {
    pub(super) arena: Arena,
}

/// Kinds of values.
const KINDS: usize = 2;

impl Forest {
    /// Words of a block with `leaves` leaves.
    fn block(leaves: usize) -> usize {
        span(leaves).wrapping_mul(KINDS).wrapping_add(leaves)
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
        Self::kind_at(head, KINDS).wrapping_add(slot)
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
        for kind in 0..KINDS {
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

    /// Sets both values of leaf `slot`. Returns the tree's best of each that may have changed.
    #[inline]
    pub(super) fn set_both(&mut self, head: Head, slot: u32, values: [i32; 2]) -> [Option<i32>; 2] {
        let [there, back] = values;
        if head.used() == 1 {
            // The only leaf is the best one: it need not be read.
            self.arena.set(Self::kind_at(head, 0), there);
            self.arena.set(Self::kind_at(head, 1), back);
            return values.map(Some);
        }
        [self.set(head, slot, 0, there), self.set(head, slot, 1, back)]
    }

    /// Asks for what [`Self::first`] reads first.
    #[inline]
    pub(super) fn prefetch(&self, head: Head, kind: usize) {
        let leaves = head.leaves();
        let top = if leaves > LINE { span(leaves).wrapping_sub(LINE) } else { 0 };
        #[expect(clippy::cast_possible_truncation, reason = "inside of a block")]
        self.arena.prefetch(Self::kind_at(head, kind).wrapping_add(top as u32));
        self.arena.prefetch(Self::owner_at(head, 0));
    }

    /// The leaf with the best of values `kind`, and by how much it is better than every other.
    #[inline]
    pub(super) fn first(&self, head: Head, kind: usize) -> Option<(u32, i32)> {
        let levels = Levels::of(head, kind);
        let (mut node, mut lead, mut best) = (0, i32::MAX, NO_RATE);
        for (base, width) in levels.list.get(..levels.count)?.iter().rev() {
            let line = self.arena.slice(base.wrapping_add(node << 4), *width);
            let (mut first, mut second, mut branch) = (NO_RATE, NO_RATE, 0);
            for (value, place) in line.iter().zip(0_u32..) {
                if *value > first {
                    (second, first, branch) = (first, *value, place);
                } else {
                    second = second.max(*value);
                }
            }
            best = first;
            lead = lead.min(first.saturating_sub(second));
            node = (node << 4) | branch;
        }
        (best != NO_RATE).then_some((node, lead))
    }

    /// The best of values `kind`; `NO_RATE` when there is none.
    #[cfg(test)]
    fn root(&self, head: Head, kind: usize) -> i32 {
        let levels = Levels::of(head, kind);
        let top = levels.list.get(..levels.count).and_then(<[_]>::last);
        top.map_or(NO_RATE, |(at, len)| greatest(self.arena.slice(*at, *len)))
    }

    /// Begins to walk over the leaves by values `kind`.
    #[inline]
    pub(super) fn walk(head: Head, kind: usize) -> Walk {
        let levels = Levels::of(head, kind);
        let level = levels.count.wrapping_sub(1);
        Walk { levels, path: [(0, FRESH); LEVELS], level }
    }
}

/// The levels of a tree, leaves first: where each begins, and branches of a node.
struct Levels {
    list: [(u32, usize); LEVELS],
    count: usize,
}

impl Levels {
    #[inline]
    fn of(head: Head, kind: usize) -> Self {
        let mut levels = Self { list: [(0, 0); LEVELS], count: 0 };
        if head.is_empty() {
            return levels;
        }
        let mut at = Forest::kind_at(head, kind);
        let mut len = head.leaves();
        for level in &mut levels.list {
            *level = (at, len.min(LINE));
            levels.count = levels.count.wrapping_add(1);
            if len <= LINE {
                break;
            }
            #[expect(clippy::cast_possible_truncation, reason = "inside of a block")]
            {
                at = at.wrapping_add(len as u32);
            }
            len = len.div_ceil(LINE).next_multiple_of(LINE);
        }
        levels
    }
}

/// A node whose branches have not been looked at.
const FRESH: u32 = u32::MAX;

/// Place of a walk: in every node the best branch first, so that a bar that rises cuts early.
pub(super) struct Walk {
    levels: Levels,
    /// Node of each level and the branches of it that passed when it was entered.
    path: [(u32, u32); LEVELS],
    level: usize,
}

impl Walk {
    /// The next leaf with at least `bar`: slot and value.
    #[inline]
    pub(super) fn next(&mut self, arena: &Arena, bar: i32) -> Option<(u32, i32)> {
        loop {
            let (base, width) = *self.levels.list.get(..self.levels.count)?.get(self.level)?;
            let (node, branches) = self.path.get_mut(self.level)?;
            let line = arena.slice(base.wrapping_add(*node << 4), width);
            if *branches == FRESH {
                *branches = passing(line, bar);
            }
            let Some((branch, best)) = best_of(line, *branches).filter(|(_, best)| *best >= bar)
            else {
                self.level = self.level.wrapping_add(1);
                continue;
            };
            *branches &= !(1 << branch);
            let index = (*node << 4) | branch;
            if self.level == 0 {
                return Some((index, best));
            }
            self.level = self.level.wrapping_sub(1);
            *self.path.get_mut(self.level)? = (index, FRESH);
        }
    }
}

/// A bit for each of `values` with at least `bar`.
#[inline]
fn passing(values: &[i32], bar: i32) -> u32 {
    let bit = |(value, place): (&i32, u32)| u32::from(*value >= bar) << place;
    match <&[i32; LINE]>::try_from(values) {
        Ok(line) => line.iter().zip(0..).map(bit).fold(0, |bits, bit| bits | bit),
        Err(_) => values.iter().zip(0..).map(bit).fold(0, |bits, bit| bits | bit),
    }
}

/// The best of the `values` that have a bit, and its place.
#[inline]
fn best_of(values: &[i32], mut bits: u32) -> Option<(u32, i32)> {
    let mut best = None;
    while bits != 0 {
        let place = bits.trailing_zeros();
        bits &= bits.wrapping_sub(1);
        let value = *values.get(place as usize)?;
        if best.is_none_or(|(_, held)| value > held) {
            best = Some((place, value));
        }
    }
    best
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a plain model")]
#[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "a plain model")]
mod tests {
    use super::*;

    /// A tree against a plain list, through growth, changes and removals.
    fn equals_a_list(count: u32) {
        let mut forest = Forest { arena: Arena::new(1 << 20) };
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
                model.push((slot, step, vec![NO_RATE; 2]));
            } else if choice == 4 {
                let (slot, owner, _) = model.swap_remove(random(model.len() as u32) as usize);
                assert_eq!(forest.owner(head, slot), owner);
                (0..2).for_each(|kind| {
                    forest.set(head, slot, kind, NO_RATE);
                });
                forest.erase(&mut head, slot);
            } else {
                let at = random(model.len() as u32) as usize;
                let (kind, value) = (random(2) as usize, random(1000) as i32 - 500);
                let before = forest.root(head, kind);
                let changed = forest.set(head, model[at].0, kind, value);
                model[at].2[kind] = value;
                assert_eq!(changed.unwrap_or(before), forest.root(head, kind));
            }
            for kind in 0..2 {
                let best = model.iter().map(|leaf| leaf.2[kind]).max().unwrap_or(NO_RATE);
                assert_eq!(forest.root(head, kind), best);
            }
        }
        for (bar, kind) in [(-500, 0), (100, 1), (499, 0), (500, 1)] {
            let mut want: Vec<_> =
                model.iter().filter(|l| l.2[kind] >= bar).map(|l| (l.0, l.2[kind])).collect();
            let mut walk = Forest::walk(head, kind);
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
            equals_a_list(count);
        }
    }

    #[test]
    fn a_memory_that_is_full_leaves_the_tree_as_it_was() {
        let mut forest = Forest { arena: Arena::new(0) };
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
