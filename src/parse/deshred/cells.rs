//! Storage of shreds: a table of cells, and a slab for the bytes of those that nobody else keeps.
//!
//! ```text
//! cell   stamp, lengths, bytes --+--> the caller's: a mapped capture, say, that outlives the table
//!                                +--> the slab: equal pieces, copied into
//! ```
//!
//! The address space of both is reserved at construction, for as many shreds each. Memory is touched
//! only as it is first used, and what was freed is the next to be used again, so a run that holds
//! few shreds stays small whatever the bound is, and one over a map never touches the slab but for
//! what it recovers.

use crate::mem;
use crate::wire::shred::Shred;
use crate::wire::variant::{CODE_LEN, DATA_HEADER_LEN};
use std::collections::TryReserveError;

/// Bytes of a piece of the slab: the longest shred, rounded up to whole cache lines.
const PIECE_LEN: usize = CODE_LEN.next_multiple_of(64);

/// A cell that holds a shred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CellId(u32);

impl CellId {
    /// A number above 0, for tables in which 0 is empty.
    pub(super) fn number(self) -> u32 {
        self.0 + 1
    }

    /// The cell of a number; `None` for 0.
    pub(super) fn from_number(number: u32) -> Option<Self> {
        number.checked_sub(1).map(Self)
    }
}

/// Where a shred's bytes are.
#[derive(Clone, Copy, Debug)]
enum Bytes<'m> {
    /// With the caller.
    Lent(&'m [u8]),
    /// In this piece of the slab.
    Own(u32),
}

/// A stored shred.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell<'m> {
    rx_ns: u64,
    bytes: Bytes<'m>,
    len: u16,
    /// Header and ledger bytes; 0 of a code shred.
    size: u16,
    recovered: bool,
}

// What `--shreds-max` says of memory: a cell and its two places among the free ones.
const _: () = assert!(size_of::<Cell<'_>>() == 32);

/// The table and the slab. Shreds may be borrowed for `'m`.
#[derive(Debug)]
pub(super) struct Cells<'m> {
    cells: Vec<Cell<'m>>,
    free: Vec<CellId>,
    slab: Vec<u8>,
    free_pieces: Vec<u32>,
    count_max: usize,
}

impl<'m> Cells<'m> {
    /// Room for `count_max` shreds.
    ///
    /// # Errors
    /// There is not as much memory.
    pub(super) fn new(count_max: u32) -> Result<Self, TryReserveError> {
        let count_max = count_max as usize;
        let mut made = Self {
            cells: Vec::new(),
            free: Vec::new(),
            slab: Vec::new(),
            free_pieces: Vec::new(),
            count_max,
        };
        made.cells.try_reserve_exact(count_max)?;
        made.free.try_reserve_exact(count_max)?;
        made.slab.try_reserve_exact(count_max * PIECE_LEN)?;
        made.free_pieces.try_reserve_exact(count_max)?;
        Ok(made)
    }

    /// Stores `shred`, whose bytes are borrowed if they are `lent` and copied if not; `None` when
    /// every cell is in use.
    #[inline]
    pub(super) fn put(
        &mut self,
        shred: &Shred<'_>,
        lent: Option<&'m [u8]>,
        rx_ns: u64,
        recovered: bool,
    ) -> Option<CellId> {
        if self.is_full() {
            return None;
        }
        let len = u16::try_from(shred.bytes().len()).ok()?;
        let size = shred.data_header().map_or(0, |data| data.size);
        let bytes = match lent {
            Some(bytes) => Bytes::Lent(bytes),
            None => Bytes::Own(self.copy(shred.bytes())?),
        };
        self.add(Cell { rx_ns, bytes, len, size, recovered })
    }

    /// The cell, for another table; bytes that are not borrowed are appended to `own`, whose length
    /// is a whole number of pieces.
    pub(super) fn pack(&self, id: CellId, own: &mut Vec<u8>) -> Option<Cell<'m>> {
        let mut cell = *self.cells.get(id.0 as usize)?;
        if let Bytes::Own(piece) = &mut cell.bytes {
            *piece = u32::try_from(own.len() / PIECE_LEN).ok()?;
            own.extend_from_slice(self.bytes(id));
            own.resize(own.len().next_multiple_of(PIECE_LEN), 0);
        }
        Some(cell)
    }

    /// Stores a cell that [`Self::pack`] gave, with the bytes it appended in `own`; `None` when
    /// every cell is in use.
    pub(super) fn unpack(&mut self, cell: &Cell<'m>, own: &[u8]) -> Option<CellId> {
        if self.is_full() {
            return None;
        }
        let mut cell = *cell;
        if let Bytes::Own(piece) = &mut cell.bytes {
            let from = *piece as usize * PIECE_LEN;
            *piece = self.copy(own.get(from..from + usize::from(cell.len))?)?;
        }
        self.add(cell)
    }

    fn is_full(&self) -> bool {
        self.free.is_empty() && self.cells.len() >= self.count_max
    }

    #[inline]
    fn add(&mut self, cell: Cell<'m>) -> Option<CellId> {
        if let Some(id) = self.free.pop() {
            *self.cells.get_mut(id.0 as usize)? = cell;
            return Some(id);
        }
        let id = CellId(u32::try_from(self.cells.len()).ok()?);
        self.cells.push(cell);
        Some(id)
    }

    /// The shred's bytes.
    #[inline]
    pub(super) fn bytes(&self, id: CellId) -> &[u8] {
        let Some(cell) = self.cells.get(id.0 as usize) else { return &[] };
        match cell.bytes {
            Bytes::Lent(bytes) => bytes,
            Bytes::Own(piece) => {
                let from = piece as usize * PIECE_LEN;
                self.slab.get(from..from + usize::from(cell.len)).unwrap_or_default()
            }
        }
    }

    /// The ledger bytes of a data shred; empty of a code shred.
    #[inline]
    pub(super) fn ledger(&self, id: CellId) -> &[u8] {
        let size = self.cells.get(id.0 as usize).map_or(0, |cell| usize::from(cell.size));
        self.bytes(id).get(DATA_HEADER_LEN..size).unwrap_or_default()
    }

    /// Asks the cache for the shred's ledger bytes.
    #[inline]
    pub(super) fn prefetch(&self, id: CellId) {
        let ledger = self.ledger(id);
        mem::prefetch(ledger, 0, ledger.len());
    }

    /// When the shred was received, or the last of those that it was recovered from.
    #[inline]
    pub(super) fn rx_ns(&self, id: CellId) -> u64 {
        self.cells.get(id.0 as usize).map_or(0, |cell| cell.rx_ns)
    }

    /// Whether the shred was recovered and has not been received.
    #[inline]
    pub(super) fn is_recovered(&self, id: CellId) -> bool {
        self.cells.get(id.0 as usize).is_some_and(|cell| cell.recovered)
    }

    /// Notes that a recovered shred was received after all.
    pub(super) fn set_received(&mut self, id: CellId) {
        if let Some(cell) = self.cells.get_mut(id.0 as usize) {
            cell.recovered = false;
        }
    }

    /// Gives a cell back.
    #[inline]
    pub(super) fn free(&mut self, id: CellId) {
        if let Some(Cell { bytes: Bytes::Own(piece), .. }) = self.cells.get(id.0 as usize) {
            self.free_pieces.push(*piece);
        }
        self.free.push(id);
    }

    /// A piece of the slab that holds `bytes`; `None` when they are longer. There are as many
    /// pieces as cells.
    #[inline]
    fn copy(&mut self, bytes: &[u8]) -> Option<u32> {
        if bytes.len() > PIECE_LEN {
            return None;
        }
        let piece = if let Some(piece) = self.free_pieces.pop() {
            piece
        } else {
            let piece = u32::try_from(self.slab.len() / PIECE_LEN).ok()?;
            self.slab.resize(self.slab.len() + PIECE_LEN, 0);
            piece
        };
        let from = piece as usize * PIECE_LEN;
        self.slab.get_mut(from..from + bytes.len())?.copy_from_slice(bytes);
        Some(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::testing;

    fn made(index: u32, fill: u8) -> Vec<u8> {
        testing::shred(1, index, 0, &[fill; 500])
    }

    #[test]
    fn cells_are_bounded_reused_and_never_moved() {
        let lent = made(3, 3);
        let mut cells = Cells::new(2).unwrap();
        let room = (cells.cells.capacity(), cells.slab.capacity());
        let (one, two) = (made(1, 1), made(2, 2));
        let [first, second, third] = [&one, &two, &lent].map(|bytes| Shred::check(bytes).unwrap());
        let at_one = cells.put(&first, None, 10, false).unwrap();
        let at_two = cells.put(&second, None, 20, true).unwrap();
        assert!(cells.put(&third, None, 30, false).is_none());
        assert!(cells.put(&third, Some(third.bytes()), 30, false).is_none());
        assert_eq!((cells.bytes(at_one), cells.bytes(at_two)), (&one[..], &two[..]));
        assert_eq!((cells.ledger(at_two), cells.rx_ns(at_one)), (&[2; 500][..], 10));
        assert!(cells.is_recovered(at_two));
        cells.set_received(at_two);
        assert!(!cells.is_recovered(at_two));
        // Both kinds take turns in a cell, and the slab stays as long as it was.
        for _ in 0..3 {
            cells.free(at_one);
            assert_eq!(cells.put(&third, Some(third.bytes()), 30, false), Some(at_one));
            assert!(std::ptr::eq(cells.bytes(at_one), &raw const lent[..]));
            assert_eq!(
                (cells.ledger(at_one), cells.ledger(at_two)),
                (third.ledger(), &[2; 500][..])
            );
            cells.free(at_one);
            assert_eq!(cells.put(&first, None, 30, false), Some(at_one));
            assert_eq!((cells.bytes(at_one), cells.bytes(at_two)), (&one[..], &two[..]));
        }
        assert_eq!(cells.slab.len(), 2 * PIECE_LEN);
        assert_eq!((cells.cells.capacity(), cells.slab.capacity()), room);
    }

    #[test]
    fn numbers_stand_for_cells() {
        assert_eq!(CellId::from_number(CellId(7).number()), Some(CellId(7)));
        assert_eq!(CellId::from_number(0), None);
    }
}
