//! The core: datagrams in, rows out. One slot after another, or as it comes.

use super::accounts::{self, Told};
use super::batch;
use super::crew::Parcels;
use super::decode::Why;
use super::deshred::{Admit, Deshredder, Limits, Phase, Slot, Taken, Verify};
use super::eager::Walks;
use super::feed::Feed;
use super::input;
use super::poh::Proof;
use super::rows::{At, Executed, Rows, Wanted};
use super::tally::{Note, Refusal, Tally};
use super::version::Version;
use crate::dex::AccountBook;
use crate::mem;
use crate::net::pcap::Skip;
use crate::record::{Packet, Record, Swap};
use crate::stream::{Sink, Stage};
use crate::wire::feed::{DexSwapTx, PoolStateUpdate};
use crate::wire::shred::{Reject, Shred};
use crate::wire::txn::{Transaction, TxReject};
use std::collections::TryReserveError;

/// The order in which rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// By slot, batch, transaction and instruction.
    Slot,
    /// As batches become whole.
    Arrival,
    /// As the bytes of each transaction are there.
    Eager,
}

/// What a parser does and how much it may hold.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which rows come first.
    pub order: Order,
    /// What is checked.
    pub verify: Verify,
    /// How much is held.
    pub limits: Limits,
    /// The only shred version that counts; none for that of most recent shreds.
    pub shred_version: Option<u16>,
    /// Which rows are written; without any, transactions are checked and counted.
    pub rows: Wanted,
}

/// Where a transaction that came without its block stands, as far as its source says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TxPlace {
    /// Its slot; its rows say 0 when it is not known.
    pub slot: Option<u64>,
    /// Its number in the slot.
    pub tx_index: Option<u32>,
    /// When it was received, or the time of its block, in CLOCK_REALTIME ns; 0 when neither is
    /// known.
    pub rx_ns: u64,
}

/// In slot order a slot that is whole is written when a shred of the slot that many numbers later
/// was seen: until then its late code shreds and duplicates are counted in its record, and nothing
/// is recovered that is only late.
const SETTLE_SLOTS: u64 = 2;

/// The core of mev-parse: a stage that consumes `packet` records, and takes datagrams that are no
/// records where they lie. Datagrams that live for `'m` need not be copied.
#[derive(Debug)]
pub struct Parser<'m> {
    pub(super) order: Order,
    pub(super) deshred: Deshredder<'m>,
    version: Version,
    feed: Feed,
    pub(super) rows: Rows,
    pub(super) makes_rows: bool,
    /// By place in the window; empty unless asked for.
    pub(super) proofs: Vec<Proof>,
    /// By place in the window; empty unless batches are read before they are whole.
    pub(super) walks: Vec<Walks>,
    pub(super) tally: Tally,
    pub(super) scratch: Vec<u8>,
    /// Highest slot seen.
    newest: u64,
    /// In slot order: slots below this were written or passed by.
    pub(super) floor: u64,
    /// Slots are packed for other parsers instead of written.
    pub(super) parcels: Option<Parcels<'m>>,
}

impl<'m> Parser<'m> {
    /// A parser with all memory reserved that it will use. Datagrams of the toolkit's own feed are
    /// understood by the directory `feed`.
    ///
    /// # Errors
    /// There is not as much memory.
    pub fn new(config: &Config, feed: Feed) -> Result<Self, TryReserveError> {
        let places = if config.verify.poh { config.limits.slots_max } else { 0 };
        let proofs = (0..places).map(|_| Proof::new()).collect();
        let walks = match config.order {
            Order::Eager => vec![Walks::new(); config.limits.slots_max.max(1) as usize],
            Order::Slot | Order::Arrival => Vec::new(),
        };
        let mut scratch = Vec::new();
        scratch.try_reserve_exact(batch::LEN_MAX)?;
        Ok(Self {
            order: config.order,
            deshred: Deshredder::new(&config.limits, config.verify.clone())?,
            version: Version::new(config.shred_version),
            feed,
            rows: Rows::new(config.rows),
            makes_rows: config.rows.any(),
            proofs,
            walks,
            tally: Tally::default(),
            scratch,
            newest: 0,
            floor: 0,
            parcels: None,
        })
    }

    /// Writes the pools and tick arrays that the accounts of `book` describe, flagged as snapshots,
    /// learns their tokens, and hands what is wrong with an account to `warn`.
    pub fn snapshot(
        &mut self,
        book: &AccountBook,
        out: &mut impl Sink,
        warn: &mut dyn FnMut(String),
    ) {
        self.rows.learn_tables(book);
        accounts::write(book, &mut self.rows, &mut self.tally, out, warn);
    }

    /// Writes what the accounts of `book`, of which some are new, describe otherwise than was `told`.
    pub fn refresh(&mut self, book: &AccountBook, told: &mut Told, out: &mut impl Sink) {
        self.rows.learn_tables(book);
        accounts::write_again(book, told, &mut self.rows, &mut self.tally, out);
    }

    /// What was counted so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Counts a packet of a capture that carries no datagram.
    pub fn skip(&mut self, why: Skip) {
        self.tally.skip(why);
    }

    /// Another input begins: it may be of another cluster.
    pub fn next_input(&mut self) {
        self.version.forget();
    }

    /// Takes a datagram's payload, which was received at `rx_ns`; of a truncated one a part is
    /// missing. What is kept of it is copied.
    #[inline]
    pub fn datagram(&mut self, payload: &[u8], truncated: bool, rx_ns: u64, out: &mut impl Sink) {
        self.take(payload, truncated, rx_ns, |_| None, out);
    }

    /// As [`Self::datagram`], for a payload that outlives the parser: what is kept of it is
    /// borrowed.
    #[inline]
    pub fn datagram_lent(
        &mut self,
        payload: &'m [u8],
        truncated: bool,
        rx_ns: u64,
        out: &mut impl Sink,
    ) {
        self.take(payload, truncated, rx_ns, |shred| Some(shred.bytes()), out);
    }

    #[inline]
    fn take<'p>(
        &mut self,
        payload: &'p [u8],
        truncated: bool,
        rx_ns: u64,
        lend: impl FnOnce(&Shred<'p>) -> Option<&'m [u8]>,
        out: &mut impl Sink,
    ) {
        self.tally.packets += 1;
        match payload.len() {
            DexSwapTx::LEN | PoolStateUpdate::LEN if !truncated => {
                self.feed.take(payload, rx_ns, &mut self.tally, out);
            }
            _ => match Shred::check(payload) {
                Ok(shred) => self.shred(&shred, lend(&shred), rx_ns, out),
                Err(Reject::Short) if truncated => self.tally.refuse(Refusal::Truncated),
                Err(why) => self.tally.refuse_shred(why),
            },
        }
    }

    /// Takes a transaction's bytes at once, past all slots, and what the chain says of it.
    #[inline]
    pub fn transaction(
        &mut self,
        wire: &[u8],
        place: TxPlace,
        executed: Option<&Executed>,
        out: &mut impl Sink,
    ) {
        // One wait for all of its cache lines instead of one after the other.
        mem::prefetch(wire, 0, wire.len());
        let why = match &Transaction::check_prefix(wire) {
            Ok(tx) if tx.bytes().len() == wire.len() => {
                return self.transaction_checked(tx, place, executed, out);
            }
            Ok(_) => TxReject::Trailing,
            Err(why) => *why,
        };
        self.tally.refuse_input(input::Reject::Bytes(why));
    }

    /// As [`Self::transaction`], for bytes that were checked already.
    #[inline]
    pub fn transaction_checked(
        &mut self,
        tx: &Transaction<'_>,
        place: TxPlace,
        executed: Option<&Executed>,
        out: &mut impl Sink,
    ) {
        // Keys from lookup tables that are not as many as it looks up would be others' keys.
        let executed = executed.filter(|executed| {
            let loaded = executed.loaded.len();
            let fits = loaded == 0 || loaded == tx.account_count() - tx.keys().len();
            if !fits {
                self.tally.note(Note::MetaRefused);
            }
            fits
        });
        self.tally.txns += 1;
        let TxPlace { slot, tx_index, rx_ns } = place;
        let at = At { slot: slot.unwrap_or(0), batch: None, tx_index, rx_ns };
        match executed {
            Some(executed) => {
                self.rows.write_executed(tx, at, executed, &mut self.tally, out);
            }
            None => {
                self.rows.write_at(tx, at, &mut self.tally, out);
            }
        }
    }

    fn shred(
        &mut self,
        shred: &Shred<'_>,
        lent: Option<&'m [u8]>,
        rx_ns: u64,
        out: &mut impl Sink,
    ) {
        if !self.version.agrees(shred.version()) {
            return self.tally.refuse(Refusal::ShredVersion);
        }
        let at = match self.admit(shred.slot(), out) {
            Ok(at) => at,
            Err(why) => return self.tally.refuse(why),
        };
        let mut taken = self.deshred.take(at, shred, lent, rx_ns);
        while taken == Err(Refusal::StorageFull)
            && let Some(victim) = self.victim()
        {
            self.close(victim, Why::StorageFull, out);
            if victim == at {
                break;
            }
            taken = self.deshred.take(at, shred, lent, rx_ns);
        }
        match taken {
            Ok(Taken::Data) => self.tally.shreds_data += 1,
            Ok(Taken::Code) => self.tally.shreds_code += 1,
            Ok(Taken::Duplicate) => self.tally.shreds_duplicate += 1,
            Err(why) => {
                self.deshred.contradict(at, shred, rx_ns, why);
                self.write_finding(out);
                return self.tally.refuse(why);
            }
        }
        if taken != Ok(Taken::Duplicate) {
            self.note_rules(shred);
        }
        self.note_recovered();
        self.write_finding(out);
        self.advance(at, shred.slot(), out);
    }

    /// Counts what `shred` breaks of the rules that came with feature gates.
    #[inline]
    fn note_rules(&mut self, shred: &Shred<'_>) {
        if shred.breaks_fixed_sets() {
            self.tally.note(Note::SetNotFixed);
        }
        if shred.breaks_aligned_ends() {
            self.tally.note(Note::EndNotAligned);
        }
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

    pub(super) fn open(&mut self, at: usize, number: u64) {
        self.deshred.open(at, number, self.order != Order::Slot);
        if let Some(proof) = self.proofs.get_mut(at) {
            *proof = Proof::new();
        }
        if let Some(walks) = self.walks.get_mut(at) {
            *walks = Walks::new();
        }
    }

    /// The input has ended: writes the lowest slot that is still open; `false` when there is none.
    pub(super) fn finish_slot(&mut self, out: &mut impl Sink) -> bool {
        let lowest = self.deshred.window.lowest_open();
        if let Some(at) = lowest {
            self.close(at, Why::InputEnds, out);
        }
        lowest.is_some()
    }

    /// The open slot that goes first when memory is short.
    fn victim(&self) -> Option<usize> {
        let window = &self.deshred.window;
        match self.order {
            Order::Slot => window.lowest_open(),
            Order::Arrival | Order::Eager => window.lowest_by(Phase::Open, Slot::touched),
        }
    }

    pub(super) fn note_recovered(&mut self) {
        self.tally.shreds_recovered += u64::from(self.deshred.recovered);
        if let Some(why) = self.deshred.unrecoverable {
            self.tally.refuse_set(why);
        }
    }

    /// Writes what has become possible with a shred of slot `number`, which is at `at`.
    fn advance(&mut self, at: usize, number: u64, out: &mut impl Sink) {
        match self.order {
            Order::Arrival | Order::Eager => {
                let mut next = 0;
                while let Some(index) = self.deshred.fresh(next) {
                    self.decode_around(at, index, out);
                    if self.order == Order::Eager {
                        self.read_ahead(at, index, out);
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
                    self.settle(out);
                }
                // One slot a packet is enough: no slot comes without a packet.
                if let Some(at) = self.victim().filter(|at| self.is_ready(*at)) {
                    self.close(at, Why::Whole, out);
                }
            }
        }
    }

    /// Recovers what is still missing of slots that lie behind.
    fn settle(&mut self, out: &mut impl Sink) {
        let Some(behind) = self.newest.checked_sub(SETTLE_SLOTS) else { return };
        while let Some(at) = self.deshred.window.unsettled(behind) {
            self.deshred.recover_all(at);
            self.note_recovered();
            self.write_finding(out);
        }
    }

    /// Whether the slot at `at` can be written as whole.
    fn is_ready(&self, at: usize) -> bool {
        let slot = self.deshred.window.get(at);
        slot.is_some_and(|slot| slot.phase == Phase::Open && slot.is_settled() && slot.is_whole())
    }
}

impl Stage for Parser<'_> {
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
        while self.finish_slot(out) {}
    }
}
