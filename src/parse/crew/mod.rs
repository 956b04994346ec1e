//! Several threads over one input: one reads, the others write slots.
//!
//! ```text
//!          +--> worker: parcel --> rows, record --+
//! reader --+--> worker: ..                        +--> in the order in which slots were packed
//!          +--> itself, when all workers have enough
//! ```
//!
//! The output is the same bytes whatever the number of threads, and the counters are the same sums:
//!
//! - The reader decides everything that depends on more than one slot: which shreds count, what is
//!   recovered, when a slot is written and when it has to go. What is left is a function of the
//!   slot: batches into entries, transactions and rows, the proof of history, the record.
//! - But for lookup tables, which are learned from one slot for the next. Workers learn nothing by
//!   themselves: they note what they hear of tables, and in which they looked. When a slot's turn in
//!   the output has come, its rows stand if all it looked into was as it would have been for a
//!   parser alone; if not, the reader writes the slot again. Then everybody learns what was heard.
//!
//! Only slot order is divided: in arrival order a batch's rows wait for nothing. The checks of
//! shreds (`merkle`, `leader`) and recovery stay with the reader.

mod run;
#[cfg(test)]
mod tests;

pub(super) use run::Crew;

use super::decode::Why;
use super::deshred::Parcel;
use super::rows::Heard;
use super::stage::{Order, Parser};
use super::tally::Tally;
use crate::stream::{Arena, Sink};

/// A slot on its way to be written, and what was made of it.
#[derive(Debug, Default)]
pub(super) struct Job<'m> {
    parcel: Parcel<'m>,
    why: Why,
    /// Bytes of records that the reader itself put with the same input before.
    after: usize,
    rows: Arena,
    /// What was counted while it was written.
    tally: Tally,
    /// What was heard of lookup tables.
    heard: Heard,
}

/// Slots that were packed and not taken yet, and jobs to be used again.
#[derive(Debug, Default)]
pub(super) struct Parcels<'m> {
    packed: Vec<Box<Job<'m>>>,
    spare: Vec<Box<Job<'m>>>,
}

impl<'m> Parser<'m> {
    /// From now on slots are packed for other parsers instead of written.
    fn pack_slots(&mut self) {
        self.parcels = Some(Parcels::default());
    }

    /// Packs the slot at `at` instead of writing it.
    pub(super) fn hand_over(&mut self, at: usize, why: Why, out: &impl Sink) {
        let Some(parcels) = &mut self.parcels else { return };
        let mut job = parcels.spare.pop().unwrap_or_default();
        self.deshred.pack(at, &mut job.parcel);
        (job.why, job.after) = (why, out.held());
        if self.order == Order::Slot {
            self.floor = self.floor.max(job.parcel.number());
        }
        parcels.packed.push(job);
    }

    /// Whether a slot was packed that nobody took.
    #[inline]
    fn has_packed(&self) -> bool {
        self.parcels.as_ref().is_some_and(|parcels| !parcels.packed.is_empty())
    }

    /// The slot that was packed first.
    fn packed(&mut self) -> Option<Box<Job<'m>>> {
        let packed = &mut self.parcels.as_mut()?.packed;
        (!packed.is_empty()).then(|| packed.remove(0))
    }

    /// Takes a job back to use it again.
    fn spare(&mut self, job: Box<Job<'m>>) {
        if let Some(parcels) = &mut self.parcels {
            parcels.spare.push(job);
        }
    }

    /// Writes a packed slot and learns from it.
    fn write_packed(&mut self, job: &mut Job<'m>) {
        let before = std::mem::take(&mut self.tally);
        job.rows.clear();
        self.open(0, job.parcel.number());
        self.deshred.unpack(0, &job.parcel);
        self.close(0, job.why, &mut job.rows);
        job.tally = std::mem::replace(&mut self.tally, before);
    }

    /// Writes a packed slot and notes what could be learned from it.
    fn write_and_hear(&mut self, job: &mut Job<'m>) {
        self.rows.only_hear();
        self.write_packed(job);
        job.heard = self.rows.heard();
    }
}
