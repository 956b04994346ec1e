//! Where the shreds of one kind and slot are: by index, the cell, or that it was there.

use super::cells::{CellId, Cells};
use crate::wire::shred::SHREDS_PER_SLOT_MAX;

/// What is known of one index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// No shred was seen.
    Empty,
    /// The shred is stored.
    Stored(CellId),
    /// The shred was seen and is not stored any more.
    Seen,
}

/// A table from index to place.
#[derive(Debug)]
pub(super) struct Places {
    /// 0 is empty, [`Self::SEEN`] is seen, any other a cell's number.
    numbers: Box<[u32]>,
    end: u32,
}

impl Places {
    const SEEN: u32 = u32::MAX;

    pub(super) fn new() -> Self {
        Self { numbers: vec![0; SHREDS_PER_SLOT_MAX as usize].into_boxed_slice(), end: 0 }
    }

    /// One past the highest index that was seen.
    #[inline]
    pub(super) fn end(&self) -> u32 {
        self.end
    }

    #[inline]
    pub(super) fn get(&self, index: u32) -> Place {
        match self.numbers.get(index as usize).copied() {
            None | Some(0) => Place::Empty,
            Some(Self::SEEN) => Place::Seen,
            Some(number) => CellId::from_number(number).map_or(Place::Empty, Place::Stored),
        }
    }

    /// The cell at `index`, if one is there.
    #[inline]
    pub(super) fn cell(&self, index: u32) -> Option<CellId> {
        if let Place::Stored(cell) = self.get(index) { Some(cell) } else { None }
    }

    #[inline]
    pub(super) fn put(&mut self, index: u32, cell: CellId) {
        self.set(index, cell.number());
    }

    #[inline]
    pub(super) fn set_seen(&mut self, index: u32) {
        self.set(index, Self::SEEN);
    }

    fn set(&mut self, index: u32, number: u32) {
        if let Some(at) = self.numbers.get_mut(index as usize) {
            *at = number;
            self.end = self.end.max(index + 1);
        }
    }

    /// Gives every cell back and remembers what was seen.
    pub(super) fn free(&mut self, cells: &mut Cells<'_>) {
        let seen = self.numbers.get_mut(..self.end as usize).unwrap_or_default();
        for number in seen.iter_mut().filter(|number| **number != 0 && **number != Self::SEEN) {
            if let Some(cell) = CellId::from_number(std::mem::replace(number, Self::SEEN)) {
                cells.free(cell);
            }
        }
    }

    /// Gives every cell back and forgets everything.
    pub(super) fn reset(&mut self, cells: &mut Cells<'_>) {
        self.free(cells);
        self.numbers.get_mut(..self.end as usize).unwrap_or_default().fill(0);
        self.end = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::testing;
    use crate::wire::shred::Shred;

    #[test]
    fn places_are_emptied_in_two_steps() {
        let bytes = testing::shred(1, 9, 0, &[1]);
        let shred = Shred::check(&bytes).unwrap();
        let (mut places, mut cells) = (Places::new(), Cells::new(1).unwrap());
        let cell = cells.put(&shred, None, 0, false).unwrap();
        places.put(9, cell);
        places.set_seen(4);
        assert_eq!(
            (places.get(9), places.get(4), places.end()),
            (Place::Stored(cell), Place::Seen, 10)
        );
        assert!(cells.put(&shred, None, 0, false).is_none());
        places.free(&mut cells);
        assert_eq!(cells.put(&shred, None, 0, false), Some(cell));
        assert_eq!((places.get(9), places.cell(9)), (Place::Seen, None));
        places.reset(&mut cells);
        assert_eq!((places.get(9), places.get(4), places.end()), (Place::Empty, Place::Empty, 0));
        places.put(u32::MAX, cell);
        assert_eq!((places.end(), places.get(u32::MAX)), (0, Place::Empty));
    }
}
