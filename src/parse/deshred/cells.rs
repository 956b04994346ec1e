//! Storage of shreds: one slab of equal cells, its address space reserved at construction.
//!
//! Memory is touched only as cells are first used, and a cell that was freed is the next one to be
//! used again, so a run that holds few shreds stays small whatever the bound is.

use crate::wire::variant::CODE_LEN;
use std::collections::TryReserveError;

/// Bytes of a cell: the longest shred, rounded up to whole cache lines.
const CELL_LEN: usize = CODE_LEN.next_multiple_of(64);

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

/// What is known of a stored shred beside its bytes.
#[derive(Clone, Copy, Debug)]
struct Meta {
    rx_ns: u64,
    len: u16,
    recovered: bool,
}

/// The slab.
#[derive(Debug)]
pub(super) struct Cells {
    bytes: Vec<u8>,
    metas: Vec<Meta>,
    free: Vec<CellId>,
    count_max: usize,
}

impl Cells {
    /// Room for `count_max` shreds.
    ///
    /// # Errors
    /// There is not as much memory.
    pub(super) fn new(count_max: u32) -> Result<Self, TryReserveError> {
        let count_max = count_max as usize;
        let (mut bytes, mut metas, mut free) = (Vec::new(), Vec::new(), Vec::new());
        bytes.try_reserve_exact(count_max * CELL_LEN)?;
        metas.try_reserve_exact(count_max)?;
        free.try_reserve_exact(count_max)?;
        Ok(Self { bytes, metas, free, count_max })
    }

    /// Stores `shred`; `None` when every cell is in use or it fits into none.
    #[inline]
    pub(super) fn put(&mut self, shred: &[u8], rx_ns: u64, recovered: bool) -> Option<CellId> {
        let len = u16::try_from(shred.len()).ok().filter(|len| usize::from(*len) <= CELL_LEN)?;
        let id = self.take()?;
        let meta = self.metas.get_mut(id.0 as usize)?;
        *meta = Meta { rx_ns, len, recovered };
        let from = id.0 as usize * CELL_LEN;
        self.bytes.get_mut(from..from + shred.len())?.copy_from_slice(shred);
        Some(id)
    }

    /// The shred's bytes.
    #[inline]
    pub(super) fn bytes(&self, id: CellId) -> &[u8] {
        let from = id.0 as usize * CELL_LEN;
        let len = self.metas.get(id.0 as usize).map_or(0, |meta| usize::from(meta.len));
        self.bytes.get(from..from + len).unwrap_or_default()
    }

    /// When the shred was received, or the last of those that it was recovered from.
    #[inline]
    pub(super) fn rx_ns(&self, id: CellId) -> u64 {
        self.metas.get(id.0 as usize).map_or(0, |meta| meta.rx_ns)
    }

    /// Whether the shred was recovered and has not been received.
    #[inline]
    pub(super) fn is_recovered(&self, id: CellId) -> bool {
        self.metas.get(id.0 as usize).is_some_and(|meta| meta.recovered)
    }

    /// Notes that a recovered shred was received after all.
    pub(super) fn set_received(&mut self, id: CellId) {
        if let Some(meta) = self.metas.get_mut(id.0 as usize) {
            meta.recovered = false;
        }
    }

    /// Gives a cell back.
    pub(super) fn free(&mut self, id: CellId) {
        self.free.push(id);
    }

    /// A cell with stale bytes.
    fn take(&mut self) -> Option<CellId> {
        if let Some(id) = self.free.pop() {
            return Some(id);
        }
        if self.metas.len() >= self.count_max {
            return None;
        }
        let id = CellId(u32::try_from(self.metas.len()).ok()?);
        self.metas.push(Meta { rx_ns: 0, len: 0, recovered: false });
        self.bytes.resize(self.metas.len() * CELL_LEN, 0);
        Some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_bounded_reused_and_never_moved() {
        let mut cells = Cells::new(2).unwrap();
        let room = cells.bytes.capacity();
        let one = cells.put(&[1; 1203], 10, false).unwrap();
        let two = cells.put(&[2; 1228], 20, true).unwrap();
        assert!(cells.put(&[3], 30, false).is_none());
        assert_eq!((cells.bytes(one), cells.bytes(two)), (&[1; 1203][..], &[2; 1228][..]));
        assert_eq!((cells.rx_ns(one), cells.is_recovered(two)), (10, true));
        cells.set_received(two);
        assert!(!cells.is_recovered(two));
        cells.free(one);
        let three = cells.put(&[3; 100], 30, false).unwrap();
        assert_eq!((three, cells.bytes(three)), (one, &[3; 100][..]));
        assert_eq!(cells.bytes.capacity(), room);
    }

    #[test]
    fn what_is_longer_than_a_cell_is_not_stored() {
        let mut cells = Cells::new(1).unwrap();
        assert!(cells.put(&[0; CELL_LEN + 1], 0, false).is_none());
        assert!(cells.put(&vec![0; 1 << 17], 0, false).is_none());
        assert!(cells.put(&[0; CELL_LEN], 0, false).is_some());
    }

    #[test]
    fn numbers_stand_for_cells() {
        assert_eq!(CellId::from_number(CellId(7).number()), Some(CellId(7)));
        assert_eq!(CellId::from_number(0), None);
    }
}
