//! From whole batches to rows, and a slot's last words: its gaps and its record.

use super::batch::{self, Place, Read};
use super::deshred::{Deshredder, Slot};
use super::stage::{Order, Parser};
use super::tally::Note;
use crate::record::{self, Gap, GapReason, Producer, Record, Verdict};
use crate::stream::Sink;
use std::ops::RangeInclusive;

/// Why a slot is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Why {
    /// All of it is there.
    #[default]
    Whole,
    /// Another slot needs its place.
    Evicted,
    /// Another shred needs its cells.
    StorageFull,
    /// Nothing more comes.
    InputEnds,
}

/// FEC sets at whose start a batch is looked for when its first shreds are missing.
const STARTS_MAX: usize = 16;

impl Parser<'_> {
    /// Writes the slot at `at` and gives its memory back.
    pub(super) fn close(&mut self, at: usize, why: Why, out: &mut impl Sink) {
        if self.deshred.window.get(at).is_some_and(|slot| !slot.is_settled()) {
            self.deshred.recover_all(at);
            self.note_recovered();
            self.write_finding(out);
        }
        self.check_whole(at, out);
        if self.parcels.is_some() {
            self.hand_over(at, why, out);
        } else {
            self.decode_rest(at, out);
            self.write_slot(at, why, out);
        }
        self.deshred.close(at);
    }

    /// Checks what needs all shreds of the slot at `at` that will come.
    fn check_whole(&mut self, at: usize, out: &mut impl Sink) {
        self.deshred.check_chain(at, &mut |finding| {
            self.tally.findings += 1;
            out.put(Record::of(finding));
        });
        if self.deshred.is_leader_unknown(at) {
            self.tally.note(Note::LeaderUnknown);
        }
    }

    /// Decodes and proves, in order, all batches of the slot at `at` that were not.
    fn decode_rest(&mut self, at: usize, out: &mut impl Sink) {
        let mut from = 0;
        while let Some(slot) = self.deshred.window.get(at)
            && let Some(end) = slot.end_from(from)
        {
            let (done, batch) = (slot.is_done(end), slot.batch_from(from));
            if let Some(batch) = batch {
                if !done {
                    self.decode(at, batch.clone(), out);
                }
                self.prove(at, batch);
            } else if !done && let Some(batch) = self.assumed(at, from..=end) {
                self.tally.note(Note::StartAssumed);
                self.decode(at, batch.clone(), out);
                self.prove(at, batch);
            }
            from = end + 1;
        }
    }

    /// The batch that ends where `range` does, when its first shreds are missing: it begins at the
    /// start of a FEC set, as leaders lay batches since 2024, and every byte of it is an entry's.
    fn assumed(&mut self, at: usize, range: RangeInclusive<u32>) -> Option<RangeInclusive<u32>> {
        let mut from = *range.start();
        for _ in 0..STARTS_MAX {
            let slot = self.deshred.window.get(at)?;
            let batch = slot.start_before(from, *range.end())?..=*range.end();
            let (bytes, _) = self.deshred.ledger(at, batch.clone(), &mut self.scratch)?;
            if batch::is_whole(bytes) {
                return Some(batch);
            }
            from = *batch.start() + 1;
        }
        None
    }

    /// Writes the rows of what data shred `index` made whole: its own batch, and the next one, whose
    /// start it tells when it ends a batch.
    pub(super) fn decode_around(&mut self, at: usize, index: u32, out: &mut impl Sink) {
        let Some(slot) = self.deshred.window.get(at) else { return };
        let own = slot.batch_around(index);
        let next = slot.ends_at(index).then(|| slot.batch_around(index + 1)).flatten();
        for batch in [own, next].into_iter().flatten() {
            self.decode(at, batch, out);
        }
    }

    /// Writes the rows of a batch, but for those that were written before it was whole.
    pub(super) fn decode(&mut self, at: usize, range: RangeInclusive<u32>, out: &mut impl Sink) {
        let (start, end) = (*range.start(), *range.end());
        let Some(slot) = self.deshred.window.get(at) else { return };
        let (number, in_order) = (slot.number, slot.numbered.next == start);
        let tx_index = in_order.then_some(slot.numbered.txns);
        let (read, rx_ns) = if let Some(rest) = self.read_rest(at, &range, out) {
            rest
        } else {
            let Some((bytes, rx_ns)) = self.deshred.ledger(at, range, &mut self.scratch) else {
                return;
            };
            let place = Place { slot: number, batch_start: start, tx_index, rx_ns };
            let rows = self.makes_rows.then_some(&mut self.rows);
            let read = batch::read(bytes, place, rows, &mut self.tally, out);
            if let Some(slot) = self.deshred.window.get_mut(at) {
                slot.add_items(&Read::default(), &read);
            }
            (read, rx_ns)
        };
        if let Some(fault) = read.fault {
            self.tally.refuse_batch(fault);
            self.write_gap(number, rx_ns, GapReason::BatchUndecodable, 1, Some(start), out);
        }
        if let Some(slot) = self.deshred.window.get_mut(at) {
            slot.set_done(end);
            slot.add_batch(&read, end);
        }
        if in_order {
            self.number(at, &read, end);
        }
    }

    /// Moves the count of transactions past the batch that ends at `end` and those behind it that
    /// were decoded before it.
    fn number(&mut self, at: usize, read: &Read, end: u32) {
        let mut txns = read.txns;
        let mut end = end;
        while let Some(slot) = self.deshred.window.get_mut(at) {
            slot.numbered.txns += txns;
            slot.numbered.next = end + 1;
            let Some(batch) = slot.batch_from(end + 1).filter(|next| slot.is_done(*next.end()))
            else {
                return;
            };
            end = *batch.end();
            let ledger = self.deshred.ledger(at, batch, &mut self.scratch);
            txns = ledger.map_or(0, |(bytes, _)| batch::txns(bytes));
        }
    }

    /// Follows the proof of history through a batch, if that was asked for and it was not done.
    pub(super) fn prove(&mut self, at: usize, batch: RangeInclusive<u32>) {
        let Some(proof) = self.proofs.get_mut(at) else { return };
        if *batch.start() < proof.next() {
            return;
        }
        if let Some((bytes, _)) = self.deshred.ledger(at, batch.clone(), &mut self.scratch) {
            proof.follow(&batch, bytes, &mut |why| self.tally.refuse_poh(why));
        }
    }

    /// Writes the finding that waits, if one does.
    pub(super) fn write_finding(&mut self, out: &mut impl Sink) {
        let dropped = std::mem::take(&mut self.deshred.findings_dropped);
        self.tally.note_many(Note::FindingDropped, dropped);
        if let Some(finding) = self.deshred.finding.take() {
            self.tally.findings += 1;
            out.put(Record::of(&finding));
        }
    }

    /// Writes the gaps and the record of the slot at `at`.
    fn write_slot(&mut self, at: usize, why: Why, out: &mut impl Sink) {
        let Some(slot) = self.deshred.window.get(at) else { return };
        let (number, rx_ns) = (slot.number, slot.rx_ns);
        let mut record = slot.record();
        if let Some(proof) = self.proofs.get_mut(at) {
            let checked = proof.checked(&mut |why| self.tally.refuse_poh(why));
            record.poh = checked.verdict(slot.is_complete()) as u8;
        }
        let reason = match why {
            Why::Whole | Why::InputEnds => GapReason::FecUnrecoverable,
            Why::Evicted => GapReason::SlotEvicted,
            Why::StorageFull => GapReason::StorageFull,
        };
        let given_up = !slot.is_whole() && matches!(why, Why::Evicted | Why::StorageFull);
        match self.deshred.missing(at) {
            Some((count, first)) => {
                self.write_gap(number, rx_ns, reason, count.into(), Some(first), out);
            }
            None if given_up => self.write_gap(number, rx_ns, reason, 0, None, out),
            None => {}
        }
        let verdicts = [record.poh, record.merkle, record.leader];
        let bad = verdicts.contains(&(Verdict::Bad as u8)) || is_at_fault(&self.deshred, at);
        self.tally.slots += 1;
        self.tally.slots_complete += u64::from(record.complete);
        self.tally.slots_bad += u64::from(bad);
        if self.order == Order::Slot {
            self.floor = self.floor.max(number);
        }
        out.put(Record::of(&record));
    }

    fn write_gap(
        &mut self,
        slot: u64,
        rx_ns: u64,
        reason: GapReason,
        count: u64,
        first: Option<u32>,
        out: &mut impl Sink,
    ) {
        let mut gap = Gap::new(rx_ns);
        (gap.count, gap.slot, gap.present) = (count, slot, Gap::SLOT);
        if let Some(first) = first {
            gap.first = first.into();
            gap.present |= Gap::FIRST;
        }
        (gap.reason, gap.producer) = (reason as u16, Producer::Parse as u16);
        self.tally.gap(reason);
        out.put(Record::of(&gap));
    }
}

/// Whether a batch of the slot at `at` could not be decoded, or its leader signed two versions.
fn is_at_fault(deshred: &Deshredder<'_>, at: usize) -> bool {
    let slot = deshred.window.get(at);
    slot.is_some_and(|slot| slot.counts.undecodable > 0 || slot.found.proven)
}

impl Slot {
    /// Adds what was read of a batch since `before`.
    pub(super) fn add_items(&mut self, before: &Read, read: &Read) {
        self.counts.entries += read.entries - before.entries;
        self.counts.txns += read.txns - before.txns;
        self.counts.swaps += read.swaps - before.swaps;
    }

    /// Adds the batch that ends at `end`, all of which was read.
    fn add_batch(&mut self, read: &Read, end: u32) {
        self.counts.batches += u32::from(read.fault.is_none());
        self.counts.undecodable += u32::from(read.fault.is_some());
        if let Some(hash) = read.last_hash
            && self.tip.is_none_or(|(tip, _)| tip < end)
        {
            self.tip = Some((end, hash));
        }
    }

    /// The slot's record, as far as the slot has come, without the proof of history.
    fn record(&self) -> record::Slot {
        let mut record = record::Slot::new(self.rx_ns);
        let (counts, complete) = (self.counts, self.is_complete());
        record.slot = self.number;
        (record.shreds_data, record.shreds_code) = (counts.data, counts.code);
        (record.shreds_recovered, record.shreds_duplicate) = (counts.recovered, counts.duplicate);
        (record.batches, record.entries) = (counts.batches, counts.entries);
        (record.txns, record.swaps) = (counts.txns, counts.swaps);
        record.shred_version = self.version;
        record.complete = u8::from(complete);
        record.merkle = self.merkle.verdict(complete) as u8;
        record.leader = self.leader.verdict(complete) as u8;
        if let Some((_, hash)) = self.tip.filter(|_| complete) {
            record.blockhash = hash;
            record.present |= record::Slot::BLOCKHASH;
        }
        if let Some(parent) = self.parent {
            record.parent = parent;
            record.present |= record::Slot::PARENT;
        }
        record
    }
}
