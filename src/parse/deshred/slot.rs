//! One slot in flight: which shreds are there, what they say, and how far it has been decoded.

use super::bits::Bits;
use super::cells::Cells;
use super::conflict::Found;
use super::places::Places;
use super::sets::{SetTable, Sets};
use crate::ids::Key;
use crate::record::Verdict;
use crate::wire::merkle::Root;
use std::ops::RangeInclusive;

/// How far a slot has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::parse) enum Phase {
    /// It may still get shreds that matter.
    Open,
    /// Its record was written; what comes late is only counted.
    Closed,
}

/// Shreds and what was made of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::parse) struct Counts {
    pub(in crate::parse) data: u32,
    pub(in crate::parse) code: u32,
    pub(in crate::parse) recovered: u32,
    pub(in crate::parse) duplicate: u32,
    pub(in crate::parse) batches: u32,
    pub(in crate::parse) entries: u32,
    pub(in crate::parse) txns: u32,
    pub(in crate::parse) swaps: u32,
    /// Batches that were there and could not be decoded to their end.
    pub(in crate::parse) undecodable: u32,
}

/// How often a check held and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::parse) struct Checked {
    pub(in crate::parse) held: u32,
    pub(in crate::parse) failed: u32,
    /// Something could not be checked, because what it is checked against is missing.
    pub(in crate::parse) open: bool,
}

impl Checked {
    /// The verdict over a slot that is `complete` or not.
    pub(in crate::parse) fn verdict(self, complete: bool) -> Verdict {
        match (self.failed, self.held) {
            (1.., _) => Verdict::Bad,
            (0, 0) => Verdict::Unchecked,
            (0, _) if complete && !self.open => Verdict::Ok,
            (0, _) => Verdict::Partial,
        }
    }
}

/// How far the transactions of a slot are numbered: batches in order, without a gap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::parse) struct Numbered {
    /// Data index at which the next batch begins.
    pub(in crate::parse) next: u32,
    /// Transactions before it.
    pub(in crate::parse) txns: u32,
}

/// A slot.
#[derive(Debug)]
pub(in crate::parse) struct Slot {
    pub(in crate::parse) number: u64,
    pub(in crate::parse) phase: Phase,
    pub(in crate::parse) version: u16,
    pub(in crate::parse) parent: Option<u64>,
    /// Index of the shred that ends the slot.
    pub(in crate::parse) last: Option<u32>,
    /// Latest receive stamp of its shreds.
    pub(in crate::parse) rx_ns: u64,
    pub(in crate::parse) counts: Counts,
    pub(in crate::parse) merkle: Checked,
    pub(in crate::parse) leader: Checked,
    /// Who has to have signed its shreds, when that is checked and known.
    pub(in crate::parse) led_by: Option<Key>,
    pub(in crate::parse) found: Found,
    /// Root of the FEC set that ends the slot, once it is closed.
    end_root: Option<Root>,
    pub(in crate::parse) numbered: Numbered,
    /// Where the last batch with entries ends, and the hash of its last entry.
    pub(in crate::parse) tip: Option<(u32, [u8; 32])>,
    /// Missing shreds are recovered as soon as they can be.
    pub(super) eager: bool,
    pub(super) touched: u64,
    pub(super) data: Places,
    pub(super) code: Places,
    pub(super) sets: SetTable,
    /// Data shreds that are there.
    pub(super) have: Bits,
    /// Those of them that end a batch.
    pub(super) ends: Bits,
    /// Ends of batches that were decoded.
    done: Bits,
    /// Number of bits in `have`.
    pub(super) have_count: u32,
}

impl Slot {
    pub(super) fn new() -> Self {
        Self {
            number: 0,
            phase: Phase::Closed,
            version: 0,
            parent: None,
            last: None,
            rx_ns: 0,
            counts: Counts::default(),
            merkle: Checked::default(),
            leader: Checked::default(),
            led_by: None,
            found: Found::new(),
            end_root: None,
            numbered: Numbered::default(),
            tip: None,
            eager: false,
            touched: 0,
            data: Places::new(),
            code: Places::new(),
            sets: SetTable::new(),
            have: Bits::new(),
            ends: Bits::new(),
            done: Bits::new(),
            have_count: 0,
        }
    }

    /// Becomes slot `number`, empty; its missing shreds are recovered at once when `eager`.
    pub(super) fn open(
        &mut self,
        number: u64,
        eager: bool,
        cells: &mut Cells<'_>,
        sets: &mut Sets,
    ) {
        let end = self.data.end();
        self.data.reset(cells);
        self.code.reset(cells);
        self.sets.reset(sets);
        self.have.clear(end);
        self.ends.clear(end);
        self.done.clear(end);
        (self.number, self.phase, self.have_count, self.eager) = (number, Phase::Open, 0, eager);
        (self.version, self.parent, self.last, self.rx_ns) = (0, None, None, 0);
        (self.counts, self.tip) = (Counts::default(), None);
        (self.merkle, self.leader) = (Checked::default(), Checked::default());
        (self.led_by, self.found, self.end_root) = (None, Found::new(), None);
        self.numbered = Numbered::default();
    }

    /// Takes nothing any more but counts.
    pub(super) fn close(&mut self, cells: &mut Cells<'_>, sets: &mut Sets) {
        self.end_root = self.end_root(sets);
        self.phase = Phase::Closed;
        self.data.free(cells);
        self.code.free(cells);
        self.sets.reset(sets);
    }

    /// Root of the FEC set that ends the slot, as far as it was checked.
    pub(super) fn end_root(&self, sets: &Sets) -> Option<Root> {
        match self.phase {
            Phase::Closed => self.end_root,
            Phase::Open => self.last.and_then(|_| sets.get(self.sets.ids().last()?)?.root),
        }
    }

    /// Whether its missing shreds are recovered as soon as they can be.
    #[inline]
    pub(in crate::parse) fn is_settled(&self) -> bool {
        self.eager
    }

    /// The order in which slots were last touched.
    pub(in crate::parse) fn touched(&self) -> u64 {
        self.touched
    }

    /// Whether every data shred up to the one that ends the slot is there.
    #[inline]
    pub(in crate::parse) fn is_whole(&self) -> bool {
        self.last.is_some_and(|last| self.have_count == last + 1)
    }

    /// Whether it is whole and all of it was decoded.
    pub(in crate::parse) fn is_complete(&self) -> bool {
        self.is_whole() && self.counts.undecodable == 0
    }

    /// The batch that begins at `start`, if all of it is there.
    #[inline]
    pub(in crate::parse) fn batch_from(&self, start: u32) -> Option<RangeInclusive<u32>> {
        let end = self.ends.next(start)?;
        (self.have.next_gap(start) > end).then_some(start..=end)
    }

    /// The batch that data shred `index` belongs to, if all of it is there, its start is known and
    /// it was not decoded.
    #[inline]
    pub(in crate::parse) fn batch_around(&self, index: u32) -> Option<RangeInclusive<u32>> {
        self.batch_from(self.start_of(index)).filter(|batch| !self.done.has(*batch.end()))
    }

    /// Where the batch of data shred `index` begins, if no shred is missing before it.
    #[inline]
    pub(in crate::parse) fn start_of(&self, index: u32) -> u32 {
        self.ends.last_before(index).map_or(0, |end| end + 1)
    }

    /// Whether data shred `index` ends a batch.
    #[inline]
    pub(in crate::parse) fn ends_at(&self, index: u32) -> bool {
        self.ends.has(index)
    }

    /// The last of the data shreds that lie in a row from `start` on and end no batch; `None` when
    /// there is none, or the batch is whole.
    pub(in crate::parse) fn run_from(&self, start: u32) -> Option<u32> {
        let gap = self.have.next_gap(start);
        let whole = self.ends.next(start).is_some_and(|end| end < gap);
        gap.checked_sub(1).filter(|last| *last >= start && !whole)
    }

    /// Whether the batch that ends at `end` was decoded.
    #[inline]
    pub(in crate::parse) fn is_done(&self, end: u32) -> bool {
        self.done.has(end)
    }

    /// Notes that the batch that ends at `end` was decoded.
    #[inline]
    pub(in crate::parse) fn set_done(&mut self, end: u32) {
        self.done.set(end);
    }

    /// The first end of a batch at or after `index`.
    pub(in crate::parse) fn end_from(&self, index: u32) -> Option<u32> {
        self.ends.next(index)
    }

    /// The first start of a FEC set between the last missing shred before `end` and `end`, at or
    /// after `from`: where a batch may begin whose first shreds are not known.
    pub(in crate::parse) fn start_before(&self, from: u32, end: u32) -> Option<u32> {
        let run = self.have.last_gap_before(end).map_or(0, |gap| gap + 1).max(from);
        self.sets.next_from(run).map(|(start, _)| start).filter(|start| *start <= end)
    }

    /// One past the highest data shred that is known to exist.
    pub(super) fn known_end(&self, sets: &Sets) -> u32 {
        let of_set = |id| sets.get(id).map_or(0, super::sets::FecSet::data_end);
        let known = self.sets.ids().map(of_set).max().unwrap_or(0).max(self.data.end());
        self.last.map_or(known, |last| last + 1)
    }
}
