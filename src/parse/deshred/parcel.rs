//! A slot to be written by another parser: all that its rows and its record are made from.
//!
//! Borrowed shreds stay borrowed; those that were copied or recovered are copied once more, because
//! the giver needs its cells for the next slots. Code shreds stay behind: whoever packs a slot has
//! recovered what they can recover.

use super::Deshredder;
use super::cells::Cell;
use super::sets::FecSet;
use super::slot::{Checked, Counts, Slot};

/// A packed slot. It is used again and again, so that it allocates only until it has its size.
#[derive(Debug, Default)]
pub(in crate::parse) struct Parcel<'m> {
    about: About,
    shreds: Vec<Packed<'m>>,
    sets: Vec<FecSet>,
    /// The bytes of shreds that are not borrowed.
    own: Vec<u8>,
}

/// What is known of the slot beside its shreds.
#[derive(Clone, Copy, Debug, Default)]
struct About {
    number: u64,
    version: u16,
    parent: Option<u64>,
    last: Option<u32>,
    rx_ns: u64,
    counts: Counts,
    merkle: Checked,
    leader: Checked,
    /// Its leader signed two versions of something.
    proven: bool,
}

/// A data shred.
#[derive(Clone, Copy, Debug)]
struct Packed<'m> {
    index: u32,
    /// It ends a batch.
    ends: bool,
    cell: Cell<'m>,
}

impl Parcel<'_> {
    /// The slot's number.
    pub(in crate::parse) fn number(&self) -> u64 {
        self.about.number
    }
}

impl<'m> Deshredder<'m> {
    /// Packs the slot at `at` into `parcel`, whatever that held before.
    pub(in crate::parse) fn pack(&self, at: usize, parcel: &mut Parcel<'m>) {
        let Some(slot) = self.window.get(at) else { return };
        parcel.about = slot.about();
        parcel.own.clear();
        parcel.shreds.clear();
        parcel.sets.clear();
        let (mut next, own) = (0, &mut parcel.own);
        while let Some(index) = slot.have.next(next) {
            if let Some(cell) = slot.data.cell(index).and_then(|id| self.cells.pack(id, own)) {
                parcel.shreds.push(Packed { index, ends: slot.ends.has(index), cell });
            }
            next = index + 1;
        }
        parcel.sets.extend(slot.sets.ids().filter_map(|id| self.sets.get(id)));
    }

    /// Makes the slot at `at`, which was opened and has no shreds, the packed one.
    pub(in crate::parse) fn unpack(&mut self, at: usize, parcel: &Parcel<'m>) {
        let Some(slot) = self.window.get_mut(at) else { return };
        slot.resume(&parcel.about);
        for Packed { index, ends, cell } in &parcel.shreds {
            let Some(id) = self.cells.unpack(cell, &parcel.own) else { return };
            slot.place(*index, id, *ends);
        }
        for set in &parcel.sets {
            let Some(id) = self.sets.add(*set) else { return };
            slot.sets.put(set.index, id);
        }
    }
}

impl Slot {
    fn about(&self) -> About {
        let Self { number, version, parent, last, rx_ns, counts, merkle, leader, .. } = *self;
        let proven = self.found.proven;
        About { number, version, parent, last, rx_ns, counts, merkle, leader, proven }
    }

    fn resume(&mut self, about: &About) {
        let About { number, version, parent, last, rx_ns, counts, merkle, leader, proven } = *about;
        (self.number, self.version, self.parent, self.last) = (number, version, parent, last);
        (self.rx_ns, self.counts) = (rx_ns, counts);
        (self.merkle, self.leader, self.found.proven) = (merkle, leader, proven);
        // Nothing is left to recover.
        self.eager = true;
    }
}
