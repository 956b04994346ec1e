//! Shreds into batches: duplicates out, missing shreds recovered, batches found; bounded memory.
//!
//! Everything it holds is reserved at construction: a slab of cells for shreds, a slab of FEC
//! sets, and a window of slots. It decides nothing about time and writes nothing; when it needs
//! room it names the slot that has to go, and its caller writes that slot first.

mod bits;
mod cells;
mod conflict;
mod parcel;
mod places;
mod sets;
mod slot;
mod verify;
mod window;

pub(super) use parcel::Parcel;
pub(super) use slot::{Checked, Phase, Slot};
pub use verify::Verify;
pub(super) use window::Admit;

use super::tally::Refusal;
use crate::record::Finding;
use crate::wire::recover::{RecoverReject, Recoverer};
use crate::wire::shred::{Header, Shred};
use crate::wire::variant::{CODE_LEN, Kind};
use cells::{CellId, Cells};
use places::Place;
use sets::{FecSet, SetId, Sets};
use std::collections::TryReserveError;
use std::ops::RangeInclusive;
use window::Window;

/// What a shred was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// A data shred that had not been received.
    Data,
    /// A code shred that had not been received.
    Code,
    /// A shred that had been received.
    Duplicate,
}

/// How much a parser may hold; more makes it give up a slot.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Slots in flight, and slots remembered to tell late shreds from new ones; at least 1.
    pub slots_max: u32,
    /// Shreds stored: 40 bytes each, and 1280 more for those that are copied.
    pub shreds_max: u32,
}

impl Limits {
    /// Slots for half a minute of an outage, shreds for a hundred slots whose code shreds are gone:
    /// 330 MiB of address space, of which a healthy stream touches a tenth, and a capture file that is
    /// mapped a few hundredths.
    pub const DEFAULT: Self = Self { slots_max: 128, shreds_max: 1 << 18 };
}

/// Shreds by which the cache is asked for ledger bytes before they are read.
const AHEAD: u32 = 2;

/// Shreds of several slots on their way to become batches.
#[derive(Debug)]
pub(super) struct Deshredder<'m> {
    pub(super) window: Window,
    cells: Cells<'m>,
    sets: Sets,
    verify: Verify,
    recoverer: Recoverer,
    staged: Staged,
    /// Data shreds that came in with the last call, recovered ones included.
    fresh: Vec<u32>,
    /// Recovered with the last call.
    pub(super) recovered: u32,
    /// Why sets were given up, with the last call.
    pub(super) unrecoverable: Option<RecoverReject>,
    /// The contradiction that was described last, until somebody takes it.
    pub(super) finding: Option<Finding>,
    /// Contradictions that were not described, because their slot had too many.
    pub(super) findings_dropped: u64,
}

/// Recovered shreds between the recoverer, which borrows the cells, and the cells.
#[derive(Debug)]
struct Staged {
    bytes: Vec<u8>,
    lens: Vec<usize>,
}

impl Staged {
    /// Data shreds a set can lack.
    const COUNT_MAX: usize = 256;

    fn new() -> Self {
        Self {
            bytes: Vec::with_capacity(Self::COUNT_MAX * CODE_LEN),
            lens: Vec::with_capacity(Self::COUNT_MAX),
        }
    }
}

impl<'m> Deshredder<'m> {
    /// Reserves all memory that it will use.
    ///
    /// # Errors
    /// There is not as much memory.
    pub(super) fn new(limits: &Limits, verify: Verify) -> Result<Self, TryReserveError> {
        Ok(Self {
            window: Window::new(limits.slots_max),
            cells: Cells::new(limits.shreds_max)?,
            sets: Sets::new(limits.shreds_max)?,
            verify,
            recoverer: Recoverer::new(),
            staged: Staged::new(),
            fresh: Vec::with_capacity(Staged::COUNT_MAX + 1),
            recovered: 0,
            unrecoverable: None,
            finding: None,
            findings_dropped: 0,
        })
    }

    /// Data shred `at` of those that came in with the last [`Self::take`].
    pub(super) fn fresh(&self, at: usize) -> Option<u32> {
        self.fresh.get(at).copied()
    }

    /// Makes the closed or unused slot at `at` slot `number`, which recovers at once when `eager`.
    pub(super) fn open(&mut self, at: usize, number: u64, eager: bool) {
        let (cells, sets) = (&mut self.cells, &mut self.sets);
        let led_by = self.verify.leader.as_ref().and_then(|leaders| leaders.of(number));
        self.window.reuse(at, |slot| {
            slot.open(number, eager, cells, sets);
            slot.led_by = led_by;
        });
    }

    /// Whether leaders are checked and that of the slot at `at` is not known.
    pub(super) fn is_leader_unknown(&self, at: usize) -> bool {
        let led_by = self.window.get(at).and_then(|slot| slot.led_by);
        self.verify.leader.is_some() && led_by.is_none()
    }

    /// Gives the memory of the slot at `at` back; what comes late for it is only counted.
    pub(super) fn close(&mut self, at: usize) {
        let (cells, sets) = (&mut self.cells, &mut self.sets);
        self.window.close(at, |slot| slot.close(cells, sets));
    }

    /// Takes a shred of the slot at `at`; its bytes are borrowed if they are `lent`.
    ///
    /// # Errors
    /// Why it is not taken. Of [`Refusal::StorageFull`] nothing has been changed: the call may be
    /// repeated when another slot was closed.
    pub(super) fn take(
        &mut self,
        at: usize,
        shred: &Shred<'_>,
        lent: Option<&'m [u8]>,
        rx_ns: u64,
    ) -> Result<Taken, Refusal> {
        self.fresh.clear();
        (self.recovered, self.unrecoverable) = (0, None);
        self.window.touch(at);
        let Some(slot) = self.window.get_mut(at) else { return Err(Refusal::SlotPast) };
        let places = match shred.variant().kind {
            Kind::Data => &mut slot.data,
            Kind::Code => &mut slot.code,
        };
        match places.get(shred.index()) {
            Place::Empty => {}
            Place::Seen => return Ok(slot.duplicate()),
            Place::Stored(cell) => {
                let known = Shred::check(self.cells.bytes(cell));
                if !known.is_ok_and(|known| known.same_as(shred)) {
                    return Err(Refusal::ShredConflict);
                }
                if !self.cells.is_recovered(cell) {
                    return Ok(slot.duplicate());
                }
                self.cells.set_received(cell);
                slot.counts.data += 1;
                return Ok(Taken::Data);
            }
        }
        if slot.phase == Phase::Closed {
            return slot.late(shred);
        }
        slot.check_last(shred)?;
        let set = self.place_in_set(at, shred)?;
        self.store(at, set, shred, lent, rx_ns, false)?;
        if self.window.get(at).is_some_and(|slot| slot.eager) {
            self.recover(at, set);
        }
        Ok(if shred.data_header().is_some() { Taken::Data } else { Taken::Code })
    }

    /// Recovers what can be recovered in the slot at `at`, from then on as soon as it can be.
    pub(super) fn recover_all(&mut self, at: usize) {
        self.fresh.clear();
        (self.recovered, self.unrecoverable) = (0, None);
        let mut next = 0;
        while let Some((index, set)) =
            self.window.get(at).and_then(|slot| slot.sets.next_from(next))
        {
            self.recover(at, set);
            // Nobody asks for these: batches are looked for when the slot is written.
            self.fresh.clear();
            next = index + 1;
        }
        if let Some(slot) = self.window.get_mut(at) {
            slot.eager = true;
        }
    }

    /// The FEC set of `shred`, which agrees with it and, as far as asked for, proves to belong to
    /// it.
    fn place_in_set(&mut self, at: usize, shred: &Shred<'_>) -> Result<SetId, Refusal> {
        let slot = self.window.get_mut(at).ok_or(Refusal::SlotPast)?;
        if let Some(id) = slot.sets.get(shred.fec_set_index()) {
            let set = self.sets.get_mut(id).ok_or(Refusal::StorageFull)?;
            set.check(shred)?;
            self.verify.check(shred, set, slot)?;
            return Ok(id);
        }
        let mut set = FecSet::of(shred);
        self.verify.check(shred, &mut set, slot)?;
        let id = self.sets.add(set).ok_or(Refusal::StorageFull)?;
        slot.sets.put(shred.fec_set_index(), id);
        Ok(id)
    }

    /// Stores a shred and notes what it says.
    fn store(
        &mut self,
        at: usize,
        set: SetId,
        shred: &Shred<'_>,
        lent: Option<&'m [u8]>,
        rx_ns: u64,
        recovered: bool,
    ) -> Result<(), Refusal> {
        let cell = self.cells.put(shred, lent, rx_ns, recovered).ok_or(Refusal::StorageFull)?;
        let (Some(slot), Some(set)) = (self.window.get_mut(at), self.sets.get_mut(set)) else {
            self.cells.free(cell);
            return Err(Refusal::SlotPast);
        };
        set.count(shred);
        slot.note(shred, cell, rx_ns, recovered);
        if shred.data_header().is_some() {
            self.fresh.push(shred.index());
        }
        Ok(())
    }

    /// Recovers the missing data shreds of a set, if enough of it is there.
    fn recover(&mut self, at: usize, id: SetId) {
        let Some(set) = self.sets.get(id).filter(|set| set.is_recoverable()) else { return };
        let (Some(shape), Some(slot)) = (set.shape, self.window.get(at)) else { return };
        let cells = &self.cells;
        let data = (set.index..set.index + u32::from(shape.num_data))
            .filter_map(|index| slot.data.cell(index));
        let code = (shape.first_code..shape.first_code + u32::from(shape.num_code))
            .filter_map(|index| slot.code.cell(index));
        let members = data.chain(code).take(usize::from(shape.num_data));
        let rx_ns = members.clone().map(|cell| cells.rx_ns(cell)).max().unwrap_or(0);
        let shreds = members.filter_map(|cell| Shred::check(cells.bytes(cell)).ok());
        let staged = &mut self.staged;
        staged.bytes.clear();
        staged.lens.clear();
        let result = self.recoverer.recover(shreds, &mut |shred| {
            staged.bytes.extend_from_slice(shred.bytes());
            staged.lens.push(shred.bytes().len());
        });
        if let Err(why) = result {
            self.unrecoverable = Some(why);
            if let Some(set) = self.sets.get_mut(id) {
                set.hopeless = true;
            }
            return;
        }
        self.store_staged(at, id, rx_ns);
    }

    fn store_staged(&mut self, at: usize, id: SetId, rx_ns: u64) {
        let staged =
            std::mem::replace(&mut self.staged, Staged { bytes: Vec::new(), lens: Vec::new() });
        let mut rest = staged.bytes.as_slice();
        for len in &staged.lens {
            let Some((bytes, after)) = rest.split_at_checked(*len) else { break };
            rest = after;
            let Ok(shred) = Shred::check(bytes) else { continue };
            let last = self.window.get(at).map_or(Ok(()), |slot| slot.check_last(&shred));
            if let Err(why) = last {
                self.contradict(at, &shred, rx_ns, why);
            } else if self.store(at, id, &shred, None, rx_ns, true).is_ok() {
                self.recovered += 1;
            }
        }
        self.staged = staged;
    }

    /// The ledger bytes of data shreds `batch` of the slot at `at`, in a row, and when the last of
    /// them was received. One shred's are borrowed as they lie; more are gathered in `scratch`.
    pub(super) fn ledger<'a>(
        &'a self,
        at: usize,
        batch: RangeInclusive<u32>,
        scratch: &'a mut Vec<u8>,
    ) -> Option<(&'a [u8], u64)> {
        let slot = self.window.get(at)?;
        let shred = |index| {
            if let Some(cell) = slot.data.cell(index + AHEAD) {
                self.cells.prefetch(cell);
            }
            let cell = slot.data.cell(index)?;
            Some((self.cells.ledger(cell), self.cells.rx_ns(cell)))
        };
        if batch.start() == batch.end() {
            return shred(*batch.start());
        }
        scratch.clear();
        let mut rx_ns = 0;
        for index in batch {
            let (bytes, stamp) = shred(index)?;
            scratch.extend_from_slice(bytes);
            rx_ns = rx_ns.max(stamp);
        }
        Some((scratch, rx_ns))
    }

    /// Number of ledger bytes of data shred `index` of the slot at `at`.
    pub(super) fn ledger_len(&self, at: usize, index: u32) -> Option<usize> {
        let cell = self.window.get(at)?.data.cell(index)?;
        Some(self.cells.ledger(cell).len())
    }

    /// How many data shreds of the slot at `at` are missing as far as is known, and the first.
    pub(super) fn missing(&self, at: usize) -> Option<(u32, u32)> {
        let slot = self.window.get(at)?;
        let end = slot.known_end(&self.sets);
        let count = slot.have.gaps_before(end);
        (count > 0).then(|| (count, slot.have.next_gap(0)))
    }
}

impl Slot {
    fn duplicate(&mut self) -> Taken {
        self.counts.duplicate += 1;
        Taken::Duplicate
    }

    /// Counts a shred that came after the slot was written.
    fn late(&mut self, shred: &Shred<'_>) -> Result<Taken, Refusal> {
        if !self.is_whole() {
            return Err(Refusal::SlotClosed);
        }
        match shred.header() {
            // Of a whole slot every data shred was seen: this one lies beyond the last.
            Header::Data(_) => Err(Refusal::LastConflict),
            Header::Code(_) => {
                self.code.set_seen(shred.index());
                Ok(Taken::Code)
            }
        }
    }

    /// Whether a data shred agrees with what is known of the slot's end.
    fn check_last(&self, shred: &Shred<'_>) -> Result<(), Refusal> {
        let Some(data) = shred.data_header() else { return Ok(()) };
        let beyond = self.last.is_some_and(|last| shred.index() > last);
        let before = data.last_in_slot() && self.data.end() > shred.index() + 1;
        if beyond || before { Err(Refusal::LastConflict) } else { Ok(()) }
    }

    /// Notes where data shred `index` is, and whether it ends a batch.
    #[inline]
    fn place(&mut self, index: u32, cell: CellId, ends: bool) {
        self.data.put(index, cell);
        self.have.set(index);
        self.have_count += 1;
        if ends {
            self.ends.set(index);
        }
    }

    /// Notes what a stored shred says.
    fn note(&mut self, shred: &Shred<'_>, cell: CellId, rx_ns: u64, recovered: bool) {
        let index = shred.index();
        self.version = shred.version();
        self.rx_ns = self.rx_ns.max(rx_ns);
        let Some(data) = shred.data_header() else {
            self.code.put(index, cell);
            self.counts.code += 1;
            return;
        };
        self.place(index, cell, data.data_complete());
        if data.last_in_slot() {
            self.last = Some(index);
        }
        self.parent = self.parent.or(shred.parent());
        if recovered {
            self.counts.recovered += 1;
        } else {
            self.counts.data += 1;
        }
    }
}
