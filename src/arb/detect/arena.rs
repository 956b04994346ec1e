//! Words of four bytes in blocks, all taken at construction.
//!
//! A block has one of the sizes `m * 2^e` with `m` of 4 to 7 (or less than 4), so that at most a
//! fifth of it lies idle; blocks of a line or more begin on a line of 64 bytes. A block given back
//! is handed out again to who asks for its size. Blocks are neither split nor joined: what was had
//! once can be had again, which is what undoing relies on.

use super::NO_RATE;
use crate::mem;
use bytemuck::{Pod, Zeroable};

/// No block, no number.
pub(super) const END: u32 = u32::MAX;

/// Words of a line.
pub(super) const LINE: usize = 16;

/// Sizes up to 2^31 words.
const CLASSES: usize = 128;

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
struct Line([i32; LINE]);

/// The memory.
pub(super) struct Arena {
    lines: Vec<Line>,
    most: usize,
    /// First free block of each size; its first word is the next one.
    free: [u32; CLASSES],
}

/// The size of the block that `words` words get, and its number.
fn class(words: usize) -> (usize, usize) {
    let words = if words < LINE { words.max(1) } else { words.next_multiple_of(LINE) };
    let shift = words.ilog2().saturating_sub(2);
    let quarters = words.div_ceil(1 << shift);
    ((shift as usize).wrapping_mul(4).wrapping_add(quarters), quarters << shift)
}

impl Arena {
    /// Memory of `words` words and a little more.
    pub(super) fn new(words: usize) -> Self {
        // A first block of each small size takes lines of its own.
        let most = words.div_ceil(LINE).saturating_add(2 * LINE).min(1 << 28);
        let mut lines = Vec::with_capacity(most);
        mem::large_pages(lines.spare_capacity_mut());
        Self { lines, most, free: [END; CLASSES] }
    }

    /// Bytes of the blocks handed out so far, given back or not.
    pub(super) fn used_bytes(&self) -> usize {
        self.lines.len().saturating_mul(size_of::<Line>())
    }

    /// Bytes taken at construction.
    pub(super) fn room_bytes(&self) -> usize {
        self.most.saturating_mul(size_of::<Line>())
    }

    /// A block of at least `words` words, whatever they hold; `None` when there is no room.
    pub(super) fn take(&mut self, words: usize) -> Option<u32> {
        let (class, len) = class(words);
        let first = *self.free.get(class)?;
        if first != END {
            let next = self.get(first).cast_unsigned();
            *self.free.get_mut(class)? = next;
            return Some(first);
        }
        let at = self.lines.len().checked_mul(LINE)?;
        // Sixteen small blocks fill whole lines.
        let (lines, blocks) = if len < LINE { (len, LINE) } else { (len.div_ceil(LINE), 1) };
        let end = self.lines.len().checked_add(lines).filter(|end| *end <= self.most)?;
        self.lines.resize(end, Line([NO_RATE; LINE]));
        for block in (1..blocks).rev() {
            let at = at.checked_add(block.checked_mul(len)?)?;
            self.give(u32::try_from(at).ok()?, len);
        }
        u32::try_from(at).ok()
    }

    /// Gives back the block at `at`, which was taken for `words` words.
    pub(super) fn give(&mut self, at: u32, words: usize) {
        let (class, _) = class(words);
        if at == END {
            return;
        }
        if let Some(first) = self.free.get_mut(class) {
            let next = std::mem::replace(first, at);
            self.set(at, next.cast_signed());
        }
    }

    /// All words.
    #[inline]
    pub(super) fn words(&self) -> &[i32] {
        bytemuck::cast_slice(&self.lines)
    }

    #[inline]
    fn words_mut(&mut self) -> &mut [i32] {
        bytemuck::cast_slice_mut(&mut self.lines)
    }

    /// The word at `at`.
    #[inline]
    pub(super) fn get(&self, at: u32) -> i32 {
        self.words().get(at as usize).copied().unwrap_or(NO_RATE)
    }

    /// Writes the word at `at`.
    #[inline]
    pub(super) fn set(&mut self, at: u32, word: i32) {
        if let Some(held) = self.words_mut().get_mut(at as usize) {
            *held = word;
        }
    }

    /// Asks for the line of the word at `at`.
    #[inline]
    pub(super) fn prefetch(&self, at: u32) {
        mem::prefetch_item(self.words(), at as usize);
    }

    /// `len` words from `at`.
    #[inline]
    pub(super) fn slice(&self, at: u32, len: usize) -> &[i32] {
        self.words().get(at as usize..).and_then(|rest| rest.get(..len)).unwrap_or_default()
    }

    /// The same, to be written.
    #[inline]
    pub(super) fn slice_mut(&mut self, at: u32, len: usize) -> &mut [i32] {
        self.words_mut()
            .get_mut(at as usize..)
            .and_then(|rest| rest.get_mut(..len))
            .unwrap_or_default()
    }

    /// Copies `len` words from one place to another; they may overlap.
    pub(super) fn copy(&mut self, from: u32, to: u32, len: usize) {
        let (from, to) = (from as usize, to as usize);
        let words = self.words_mut();
        let fits = from.max(to).checked_add(len).is_some_and(|end| end <= words.len());
        if fits {
            words.copy_within(from..from.saturating_add(len), to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_large_enough_and_never_much_too_large() {
        let mut before = (0, 0);
        for words in 1..20_000 {
            let (class, len) = class(words);
            assert!(len >= words && class < CLASSES);
            assert!(len * 4 <= words * 5 || words < 64, "{words} words get {len}");
            assert!(len < LINE || len.is_multiple_of(LINE));
            assert!((class == before.0) == (len == before.1), "one size a class");
            before = (class, len);
        }
    }

    #[test]
    fn what_was_given_back_is_handed_out_again_and_no_two_overlap() {
        let mut arena = Arena::new(4096);
        let mut held: Vec<(u32, usize)> = Vec::new();
        let mut step = 7_usize;
        for round in 0..2000 {
            step = (step * 31 + 17) % 1009;
            let words = 1 + step % 90;
            if round % 3 == 2 {
                let (at, words) = held.swap_remove(step % held.len());
                arena.give(at, words);
            } else if let Some(at) = arena.take(words) {
                let end = at as usize + words;
                let apart =
                    |(a, w): &(u32, usize)| end <= *a as usize || *a as usize + w <= at as usize;
                assert!(held.iter().all(apart), "overlap");
                assert!(words < LINE || (at as usize).is_multiple_of(LINE));
                held.push((at, words));
            }
        }
        assert!(arena.used_bytes() <= arena.room_bytes());
        while arena.take(16).is_some() {}
        assert!(arena.take(100_000).is_none());
        let (at, words) = held.pop().unwrap();
        arena.give(at, words);
        assert_eq!(arena.take(words), Some(at), "room that was had once is there again");
    }
}
