//! A table that is written anew: in memory, until it takes the place of the old one.

use super::files;
use crate::error::{Error, Result};
use crate::mem::Lanes;
use crate::wallet::row::Row;
use crate::wallet::table::edit::Full;
use crate::wallet::table::{Answer, Edit, Geometry, Head, Heap};

/// A table that is being written anew, for nobody to see yet.
#[derive(Debug)]
pub struct Bulk {
    heap: Heap,
    lanes: Lanes,
    counts: [u64; 2],
    name: String,
}

impl Bulk {
    /// The next generation of the table with this head, which has the changes up to number `base`: with
    /// room for `rows` wallets, and other seeds of the hash where `reseed` says so.
    ///
    /// # Errors
    /// Status 2 when that many wallets are more than a table holds.
    pub(super) fn new(
        old: &Head,
        base: u64,
        rows: u64,
        reseed: bool,
        name: String,
    ) -> Result<Self> {
        let geometry = Geometry::for_rows(rows).ok_or_else(|| too_large(rows, &name))?;
        let seeds = if reseed { files::random()? } else { old.seeds };
        let generation = old.generation + 1;
        let head = Head { geometry, seeds, generation, base, ..*old };
        Ok(Self { heap: Heap::new(head), lanes: Lanes::best(), counts: [0; 2], name })
    }

    /// What it will be, with its wallets and used slots.
    pub(super) fn finish(self) -> (Heap, [u64; 2]) {
        (self.heap, self.counts)
    }

    /// Puts a row in the place of the one with its address; makes itself larger where that is needed.
    ///
    /// # Errors
    /// Status 4 when too many wallets share a hash, or they are more than a table holds.
    pub fn put(&mut self, row: &Row) -> Result<()> {
        for _ in 0..8 {
            let head = *self.heap.head();
            let mut edit = Edit::counted(self.heap.lines(), &head, self.lanes, self.counts, ());
            let roomy = edit.live() < head.geometry.rows_max()
                || edit.table().lookup(&row.address) != Answer::Absent;
            let reach = match if roomy { edit.put(row) } else { Err(Full::Slots) } {
                Ok(_) => {
                    self.counts = [edit.live(), edit.used()];
                    return Ok(());
                }
                Err(full) => full == Full::Reach,
            };
            self.grow(reach)?;
        }
        let what = "too many wallets share the 16 bytes that the hash is made of";
        Err(Error::damaged(what).input(&self.name))
    }

    /// Copies itself into a larger one or, when wallets crowd in one place, one with other seeds.
    fn grow(&mut self, crowded: bool) -> Result<()> {
        let old = *self.heap.head();
        let most = old.geometry.rows_max();
        let rows = if crowded { most } else { most.saturating_mul(2) };
        let geometry = Geometry::for_rows(rows.max(self.counts[0] + 1));
        let geometry = geometry.ok_or_else(|| Error::damaged("too many wallets for a table"))?;
        let seeds = if crowded { files::random()? } else { old.seeds };
        let next = Heap::new(Head { geometry, seeds, ..old });
        let head = *next.head();
        let mut edit = Edit::counted(next.lines(), &head, self.lanes, [0; 2], ());
        for row in self.heap.table(self.lanes).iter().flatten() {
            // A row that finds no place is missed below, and the next try has other seeds again.
            let _ = edit.put(&row);
        }
        if edit.live() == self.counts[0] {
            self.counts = [edit.live(), edit.used()];
            self.heap = next;
        }
        Ok(())
    }

    /// Makes itself smaller, if much of the room that was made is not used and `rows` wallets need less.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn fit(&mut self, rows: u64) -> Result<()> {
        let rows = rows.max(self.counts[0]);
        if rows > self.heap.head().geometry.rows_max() / 5 * 4 {
            return Ok(());
        }
        let Some(geometry) = Geometry::for_rows(rows) else { return Ok(()) };
        let head = Head { geometry, ..*self.heap.head() };
        let (lanes, name) = (self.lanes, self.name.clone());
        let mut next = Self { heap: Heap::new(head), lanes, counts: [0; 2], name };
        for row in self.heap.table(lanes).iter().flatten() {
            next.put(&row)?;
        }
        *self = next;
        Ok(())
    }

    /// Wallets in it.
    pub fn live(&self) -> u64 {
        self.counts[0]
    }
}

/// A table cannot have room for so many.
pub(super) fn too_large(rows: u64, name: &str) -> Error {
    Error::usage(format!("{rows} wallets are more than a table holds")).input(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wallet::table::check::check;
    use crate::wallet::table::tests::address;

    #[test]
    fn it_grows_as_rows_come_and_fits_itself_to_them() {
        let geometry = Geometry::for_rows(10).unwrap();
        let head = Head { geometry, id: 1, seeds: [3, 5], generation: 1, base: 0, whole: true };
        let mut bulk = Bulk::new(&head, 7, 10, false, "db".to_owned()).unwrap();
        for number in 0..20_000 {
            bulk.put(&Row { flags: 1, ..Row::new(address(number % 15_000)) }).unwrap();
        }
        assert_eq!(bulk.live(), 15_000);
        let before = bulk.heap.head().geometry;
        bulk.fit(0).unwrap();
        let after = bulk.heap.head().geometry;
        assert!(after.len() <= before.len() && after.rows_max() >= 15_000);
        let (heap, counts) = bulk.finish();
        assert_eq!((counts, heap.head().generation, heap.head().base), ([15_000; 2], 2, 7));
        let table = heap.table(Lanes::best());
        assert!((0..15_000).all(|n| table.lookup(&address(n)) != Answer::Absent));
        let lines = crate::mem::Lines::new(heap.lines());
        // The head counts nothing yet: that is for the store to write.
        assert!(check(lines, heap.head(), &table).count <= 1);
        assert!(Bulk::new(&head, 0, u64::MAX, false, "db".to_owned()).is_err());
    }
}
