//! The core: datagrams in, rows out. One slot after another, or as it comes.

use super::batch::{self, Place, Read};
use super::deshred::{Admit, Deshredder, Limits, Phase, Slot, Taken, Verify};
use super::feed::Feed;
use super::poh::Proof;
use super::rows::Rows;
use super::tally::{Note, Refusal, Tally};
use super::version::Version;
use crate::record::{self, Gap, GapReason, Packet, Producer, Record, Swap, Verdict};
use crate::stream::{Sink, Stage};
use crate::wire::feed::{DexSwapTx, PoolStateUpdate};
use crate::wire::shred::{Reject, Shred};
use std::ops::RangeInclusive;

/// The order in which rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// By slot, batch, transaction and instruction.
    Slot,
    /// As batches become whole.
    Arrival,
}

/// What a parser does and how much it may hold.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) order: Order,
    pub(super) verify: Verify,
    pub(super) limits: Limits,
    pub(super) shred_version: Option<u16>,
}

/// In slot order a slot that is whole is written when a shred of the slot that many numbers later
/// was seen: until then its late code shreds and duplicates are counted in its record, and nothing
/// is recovered that is only late.
const SETTLE_SLOTS: u64 = 2;

/// Why a slot is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    Whole,
    Evicted,
    StorageFull,
    InputEnds,
}

/// The core of mev-parse.
#[derive(Debug)]
pub(super) struct Parser {
    order: Order,
    deshred: Deshredder,
    version: Version,
    feed: Feed,
    rows: Rows,
    /// By place in the window; empty unless asked for.
    proofs: Vec<Proof>,
    pub(super) tally: Tally,
    scratch: Vec<u8>,
    /// Highest slot seen.
    newest: u64,
    /// In slot order: slots below this were written or passed by.
    floor: u64,
}

impl Parser {
    /// A parser with everything reserved that it will use.
    pub(super) fn new(config: &Config, rows: Rows, feed: Feed) -> Self {
        let places = if config.verify.poh { config.limits.slots_max } else { 0 };
        let proofs = (0..places).map(|_| Proof::new()).collect();
        Self {
            order: config.order,
            deshred: Deshredder::new(&config.limits, config.verify.clone()),
            version: Version::new(config.shred_version),
            feed,
            rows,
            proofs,
            tally: Tally::default(),
            scratch: Vec::with_capacity(batch::LEN_MAX),
            newest: 0,
            floor: 0,
        }
    }

    /// Another input begins: it may be of another cluster.
    pub(super) fn next_input(&mut self) {
        self.version.forget();
    }

    /// Takes a datagram's payload.
    #[inline]
    pub(super) fn datagram(
        &mut self,
        payload: &[u8],
        truncated: bool,
        rx_ns: u64,
        out: &mut impl Sink,
    ) {
        self.tally.packets += 1;
        match payload.len() {
            DexSwapTx::LEN | PoolStateUpdate::LEN if !truncated => {
                self.feed.take(payload, rx_ns, &mut self.tally, out);
            }
            _ => match Shred::check(payload) {
                Ok(shred) => self.shred(&shred, rx_ns, out),
                Err(Reject::Short) if truncated => self.tally.refuse(Refusal::Truncated),
                Err(why) => self.tally.refuse_shred(why),
            },
        }
    }

    fn shred(&mut self, shred: &Shred<'_>, rx_ns: u64, out: &mut impl Sink) {
        if !self.version.agrees(shred.version()) {
            return self.tally.refuse(Refusal::ShredVersion);
        }
        let at = match self.admit(shred.slot(), out) {
            Ok(at) => at,
            Err(why) => return self.tally.refuse(why),
        };
        let mut taken = self.deshred.take(at, shred, rx_ns);
        while taken == Err(Refusal::StorageFull)
            && let Some(victim) = self.victim()
        {
            self.close(victim, Why::StorageFull, out);
            if victim == at {
                break;
            }
            taken = self.deshred.take(at, shred, rx_ns);
        }
        match taken {
            Ok(Taken::Data) => self.tally.shreds_data += 1,
            Ok(Taken::Code) => self.tally.shreds_code += 1,
            Ok(Taken::Duplicate) => self.tally.shreds_duplicate += 1,
            Err(why) => return self.tally.refuse(why),
        }
        self.note_recovered();
        self.advance(at, shred.slot(), out);
    }

    /// The place of slot `number`, made if need be.
    #[inline]
    fn admit(&mut self, number: u64, out: &mut impl Sink) -> Result<usize, Refusal> {
        let in_order = self.order == Order::Slot;
        loop {
            match self.deshred.window.admit(number, self.floor, in_order) {
                Admit::At(at) => return Ok(at),
                Admit::Free(at) => {
                    self.open(at, number);
                    return Ok(at);
                }
                Admit::Evict(at) => self.close(at, Why::Evicted, out),
                Admit::Refused(why) => return Err(why),
            }
        }
    }

    fn open(&mut self, at: usize, number: u64) {
        self.deshred.open(at, number, self.order == Order::Arrival);
        if let Some(proof) = self.proofs.get_mut(at) {
            *proof = Proof::new();
        }
    }

    /// The open slot that goes first when memory is short.
    fn victim(&self) -> Option<usize> {
        let window = &self.deshred.window;
        match self.order {
            Order::Slot => window.lowest_by(Phase::Open, |slot| slot.number),
            Order::Arrival => window.lowest_by(Phase::Open, Slot::touched),
        }
    }

    fn note_recovered(&mut self) {
        self.tally.shreds_recovered += u64::from(self.deshred.recovered);
        if let Some(why) = self.deshred.unrecoverable {
            self.tally.refuse_set(why);
        }
    }

    /// Writes what has become possible with a shred of slot `number`, which is at `at`.
    fn advance(&mut self, at: usize, number: u64, out: &mut impl Sink) {
        match self.order {
            Order::Arrival => {
                let mut next = 0;
                while let Some(index) = self.deshred.fresh(next) {
                    let slot = self.deshred.window.get(at);
                    if let Some(batch) = slot.and_then(|slot| slot.batch_around(index)) {
                        self.decode(at, batch, out);
                    }
                    next += 1;
                }
                if self.is_ready(at) {
                    self.close(at, Why::Whole, out);
                }
            }
            Order::Slot => {
                if number > self.newest {
                    self.newest = number;
                    self.settle();
                }
                // One slot a packet is enough: no slot comes without a packet.
                if let Some(at) = self.victim().filter(|at| self.is_ready(*at)) {
                    self.close(at, Why::Whole, out);
                }
            }
        }
    }

    /// Recovers what is still missing of slots that lie behind.
    fn settle(&mut self) {
        let Some(behind) = self.newest.checked_sub(SETTLE_SLOTS) else { return };
        while let Some(at) = self.deshred.window.unsettled(behind) {
            self.deshred.recover_all(at);
            self.note_recovered();
        }
    }

    /// Whether the slot at `at` can be written as whole.
    fn is_ready(&self, at: usize) -> bool {
        let slot = self.deshred.window.get(at);
        slot.is_some_and(|slot| slot.phase == Phase::Open && slot.is_settled() && slot.is_whole())
    }

    /// Writes the slot at `at` and gives its memory back.
    fn close(&mut self, at: usize, why: Why, out: &mut impl Sink) {
        if self.deshred.window.get(at).is_some_and(|slot| !slot.is_settled()) {
            self.deshred.recover_all(at);
            self.note_recovered();
        }
        self.decode_rest(at, out);
        self.write_slot(at, why, out);
        self.deshred.close(at);
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
        loop {
            let slot = self.deshred.window.get(at)?;
            let start = slot.starts_before(from, *range.end()).next()?;
            let batch = start..=*range.end();
            let (bytes, _) = self.deshred.ledger(at, batch.clone(), &mut self.scratch)?;
            if batch::is_whole(bytes) {
                return Some(batch);
            }
            from = start + 1;
        }
    }

    /// Writes the rows of a batch.
    fn decode(&mut self, at: usize, range: RangeInclusive<u32>, out: &mut impl Sink) {
        let (start, end) = (*range.start(), *range.end());
        let Some(slot) = self.deshred.window.get(at) else { return };
        let number = slot.number;
        let tx_index = (slot.numbered.next == start).then_some(slot.numbered.txns);
        let Some((bytes, rx_ns)) = self.deshred.ledger(at, range, &mut self.scratch) else {
            return;
        };
        let place = Place { slot: number, batch_start: start, tx_index, rx_ns };
        let read = batch::read(bytes, place, &self.rows, &mut self.tally, out);
        if let Some(fault) = read.fault {
            self.tally.refuse_batch(fault);
            self.write_gap(number, rx_ns, GapReason::BatchUndecodable, 1, Some(start), out);
        }
        if let Some(slot) = self.deshred.window.get_mut(at) {
            slot.set_done(end);
            slot.add(&read, end);
        }
        if tx_index.is_some() {
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
    fn prove(&mut self, at: usize, batch: RangeInclusive<u32>) {
        let Some(proof) = self.proofs.get_mut(at) else { return };
        if *batch.start() < proof.next() {
            return;
        }
        if let Some((bytes, _)) = self.deshred.ledger(at, batch.clone(), &mut self.scratch) {
            proof.follow(&batch, bytes, &mut |why| self.tally.refuse_poh(why));
        }
    }

    /// Writes the gaps and the record of the slot at `at`.
    fn write_slot(&mut self, at: usize, why: Why, out: &mut impl Sink) {
        let Some(slot) = self.deshred.window.get(at) else { return };
        let (number, rx_ns) = (slot.number, slot.rx_ns);
        let mut record = slot.record();
        if let Some(proof) = self.proofs.get(at) {
            record.poh = proof.checked().verdict(slot.is_complete()) as u8;
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
        let bad = verdicts.contains(&(Verdict::Bad as u8)) || slot_undecodable(&self.deshred, at);
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

fn slot_undecodable(deshred: &Deshredder, at: usize) -> bool {
    deshred.window.get(at).is_some_and(|slot| slot.counts.undecodable > 0)
}

impl Slot {
    /// Adds what was read of the batch that ends at `end`.
    fn add(&mut self, read: &Read, end: u32) {
        let counts = &mut self.counts;
        counts.batches += u32::from(read.fault.is_none());
        counts.undecodable += u32::from(read.fault.is_some());
        counts.entries += read.entries;
        counts.txns += read.txns;
        counts.swaps += read.swaps;
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

impl Stage for Parser {
    // The rows of the largest slot that a leader can fill today, several times over: 60 M compute
    // units at 20 k a swap are 3000 rows.
    const MAX_OUT: usize = 16_384 * size_of::<Swap>();

    fn step(&mut self, input: Record<'_>, out: &mut impl Sink) {
        let Some(packet) = input.typed::<Packet>() else { return out.put(input) };
        let tail = input.tail::<Packet>();
        let payload = tail.get(..usize::from(packet.payload_len)).unwrap_or(tail);
        let truncated = packet.head.flags & Packet::TRUNCATED != 0;
        self.datagram(payload, truncated, packet.head.rx_ns, out);
    }

    /// Follows the proof of history, which rows do not wait for, by one batch.
    fn idle(&mut self, _now_ns: u64, _out: &mut impl Sink) {
        if self.order == Order::Slot {
            return;
        }
        let waiting = self.deshred.window.open().find_map(|(at, slot)| {
            let batch = slot.batch_from(self.proofs.get(at)?.next())?;
            slot.is_done(*batch.end()).then_some((at, batch))
        });
        if let Some((at, batch)) = waiting {
            self.prove(at, batch);
        }
    }

    fn finish(&mut self, out: &mut impl Sink) {
        while let Some(at) = self.deshred.window.lowest_by(Phase::Open, |slot| slot.number) {
            self.close(at, Why::InputEnds, out);
        }
    }
}
