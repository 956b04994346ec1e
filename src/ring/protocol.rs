//! The protocol of a ring: one writer, many readers, no lock; safe code over atomic words.
//!
//! Record number `seq` belongs to cell `seq % cells`. A cell is a line of 8 words:
//!
//! | word | record of one line | longer record |
//! |---|---|---|
//! | 0, low half | lap + 1, shifted by one; low bit 0 | the same; low bit 1 |
//! | 0, high half | kind, version, flags: the record's own | the same |
//! | 1 | `rx_ns`: the record's own | the same |
//! | 2 | the record's word 2 | its place: a line of the payload area, counted over all laps |
//! | 3 | the record's word 3 | its lines; in the high half, the low half of `seq` |
//! | 4..8 | the record's words 4..8 | nothing |
//!
//! So a record of one line costs one line, and whoever waits for it looks at that very line; only
//! its own length, which is known, gave its place to the lap. Longer records lie contiguous in the
//! payload area, the cell behind them, so that nobody polls a line that is being filled.
//!
//! ```text
//! writer    claim (rare): look how far the readers are; say what will be overwritten ; fence
//!           put:          payload, cell .. word 0 last (release); that of a batch's first is held back
//!           publish:      word 0 of the batch's first (release)
//! reader    take:         word 0 (acquire) ; copy out ; fence ; is it claimed by now? then it is lost
//!           pass:         cursor (release), which lets a reliable writer go on
//! ```
//!
//! - *Claims* are two counters in a line of their own: sequence and payload line before which the
//!   writer may write. What lies a whole ring before a claim is lost to readers. They move a
//!   sixteenth of the ring at a time, so that their line stays in everybody's cache.
//! - That a copy is whole follows from fences alone (as in a seqlock): a reader that saw one word
//!   of a later lap, then passed its acquire fence, sees the claim that was stored before the
//!   writer's release fence before that word.
//! - A *reliable* writer claims no further than a ring after the slowest cursor. A reader that joins
//!   stores its cursor, passes a sequentially consistent fence and only then takes its place where
//!   the writer is; the writer passes such a fence before it looks at the cursors. One of the two
//!   sees the other, so no place is overwritten that a reader was given.
//! - Every number another process wrote is checked, clamped or only compared: a liar among them
//!   costs records, never memory.
//!
//! No checksum: the claims decide, and xxh3 over 512 bytes would cost as much as the copy.

use super::sync::{AtomicU64, Ordering, Row, WORDS, fence};
use Ordering::{Acquire, Relaxed, Release, SeqCst};

/// A line of memory.
pub(super) type Line = [AtomicU64; WORDS];

/// A line of a record, as its writer has it.
pub(super) type Bytes = [u8; 8 * WORDS];

/// Lines of the head before the slots of the readers: what the ring is, flow, claims, bells.
pub(super) const FIXED_LINES: usize = 4;
/// Lines of a reader's slot: who it is, and where it is.
pub(super) const SLOT_LINES: usize = 2;

/// Word of the flow line: records before this one are published.
pub(super) const PUBLISHED: usize = 0;
/// Word of the flow line: payload lines before this one are published.
pub(super) const PUBLISHED_AT: usize = 1;

const LOW: u64 = 0xffff_ffff;
const LAPS: u32 = u32::MAX >> 1;

/// A slot nobody holds.
const FREE: u64 = 0;
/// The place of the first reader, which holds a reliable writer at the first record.
pub(super) const RESERVED: u64 = 1 << 32;
/// A reader that looks for its place.
const JOINING: u64 = 2 << 32;
/// A reader.
const ACTIVE: u64 = 3 << 32;

/// The parts of a ring. Cells and payload lines are powers of two: who opens a ring has checked it.
#[derive(Clone, Copy)]
pub(super) struct Area<'a> {
    pub(super) flow: &'a Line,
    claims: &'a Line,
    slots: &'a [[Line; SLOT_LINES]],
    cells: &'a [Line],
    payload: &'a [Line],
}

impl<'a> Area<'a> {
    /// The ring that `lines` are, the first `head` of them being its head.
    #[inline]
    pub(super) fn new(lines: &'a [Line], head: usize, cells: usize) -> Option<Self> {
        let (head, rest) = lines.split_at_checked(head)?;
        let (cells, payload) = rest.split_at_checked(cells)?;
        let [_, flow, claims, _, slots @ ..] = head else { return None };
        Some(Self { flow, claims, slots: slots.as_chunks().0, cells, payload })
    }

    #[inline]
    fn cell(self, seq: u64) -> Option<&'a Line> {
        self.cells.get(place(seq, self.cells.len()))
    }

    /// The stamp of the cell of `seq`, without the low bit.
    #[inline]
    fn lap(self, seq: u64) -> u32 {
        let lap = seq >> self.cells.len().trailing_zeros();
        // Cut to 31 bits: laps that far apart are told apart by the claims.
        ((lap & LOW) as u32).wrapping_add(1) & LAPS
    }

    /// Whether the record `seq`, of which the payload begins at `at`, is not yet claimed.
    #[inline]
    fn is_valid(self, seq: u64, at: Option<u64>) -> bool {
        let whole = |at: u64| self.claims[1].load(Relaxed) <= at.saturating_add(len(self.payload));
        self.claims[0].load(Relaxed) <= seq.saturating_add(len(self.cells)) && at.is_none_or(whole)
    }

    /// Those who read, or may begin to: what they have passed, and the slot they hold.
    pub(super) fn readers(self) -> impl Iterator<Item = Held<'a>> {
        self.slots.iter().enumerate().filter_map(|(number, [who, place])| {
            let word = who[0].load(Acquire);
            let state = word & !LOW;
            (state != FREE).then(|| Held {
                number,
                pid: (word & LOW) as u32,
                start: who[1].load(Relaxed),
                seq: place[0].load(Acquire),
                at: place[1].load(Acquire),
                is_reserved: state == RESERVED,
                is_joining: state == JOINING,
                who: &who[0],
                word,
            })
        })
    }
}

/// A reader, as others see it.
pub(super) struct Held<'a> {
    pub(super) number: usize,
    pub(super) pid: u32,
    /// Time of its start; 0 while that is not known.
    pub(super) start: u64,
    pub(super) seq: u64,
    at: u64,
    pub(super) is_reserved: bool,
    pub(super) is_joining: bool,
    who: &'a AtomicU64,
    word: u64,
}

impl Held<'_> {
    /// Frees the slot, if it is still held by the same reader.
    pub(super) fn evict(&self) -> bool {
        self.who.compare_exchange(self.word, FREE, SeqCst, Relaxed).is_ok()
    }
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "cut to what is below the power of two")]
fn place(number: u64, of: usize) -> usize {
    number as usize & of.wrapping_sub(1)
}

#[inline]
fn len(lines: &[Line]) -> u64 {
    lines.len() as u64
}

/// The writer's side.
#[derive(Debug, Default)]
pub(super) struct Putter {
    /// The next record and its first line of payload.
    seq: u64,
    at: u64,
    /// The same of the first record that is not published, and word 0 of its cell.
    first: u64,
    first_at: u64,
    held: u64,
    /// What may be written.
    claimed: u64,
    claimed_at: u64,
}

impl Putter {
    /// Records put, published or not.
    #[inline]
    pub(super) fn seq(&self) -> u64 {
        self.seq
    }

    /// Records that are not published.
    #[inline]
    pub(super) fn unpublished(&self) -> u64 {
        self.seq - self.first
    }

    /// Payload lines that are not published.
    #[inline]
    pub(super) fn unpublished_lines(&self) -> u64 {
        self.at - self.first_at
    }

    /// Where a payload of `lines` lines begins and ends: contiguous.
    #[inline]
    fn fit(&self, area: Area<'_>, lines: u64) -> (u64, u64) {
        if lines < 2 {
            return (self.at, self.at);
        }
        let left = len(area.payload) - (self.at & (len(area.payload) - 1));
        let at = if left < lines { self.at + left } else { self.at };
        (at, at + lines)
    }

    /// Puts a record, which is one line at least and half the payload area at most; `false` when
    /// there is no room that was claimed.
    #[inline]
    pub(super) fn put(&mut self, area: Area<'_>, record: &[Bytes]) -> bool {
        let (at, end) = self.fit(area, record.len() as u64);
        if self.seq >= self.claimed || end > self.claimed_at {
            return false;
        }
        let (Some(cell), Some(line)) = (area.cell(self.seq), record.first()) else { return false };
        let words = line.as_chunks::<8>().0;
        let long = u64::from(record.len() > 1);
        if long == 0 {
            for (to, word) in cell.iter().zip(words).skip(1) {
                to.store(u64::from_le_bytes(*word), Relaxed);
            }
        } else {
            let to = area.payload.iter().skip(place(at, area.payload.len()));
            for (to, line) in to.zip(record) {
                for (to, word) in to.iter().zip(line.as_chunks::<8>().0) {
                    to.store(u64::from_le_bytes(*word), Relaxed);
                }
            }
            cell[1].store(words.get(1).map_or(0, |word| u64::from_le_bytes(*word)), Relaxed);
            cell[2].store(at, Relaxed);
            cell[3].store(record.len() as u64 | self.seq << 32, Relaxed);
        }
        let own = words.first().map_or(0, |word| u64::from_le_bytes(*word)) & !LOW;
        let word = own | u64::from(area.lap(self.seq)) << 1 | long;
        if self.seq == self.first {
            self.held = word;
        } else {
            cell[0].store(word, Release);
        }
        (self.seq, self.at) = (self.seq + 1, end);
        true
    }

    /// Lets readers see what was put; `false` if nothing was.
    #[inline]
    pub(super) fn publish(&mut self, area: Area<'_>) -> bool {
        let Some(cell) = area.cell(self.first).filter(|_| self.first < self.seq) else {
            return false;
        };
        cell[0].store(self.held, Release);
        // In this order: who sees the second, sees the first at least as far.
        area.flow[PUBLISHED].store(self.seq, Release);
        area.flow[PUBLISHED_AT].store(self.at, Release);
        (self.first, self.first_at) = (self.seq, self.at);
        true
    }

    /// Claims room for a record of `lines` lines and some more; `false` when a reader (if the ring
    /// is `reliable`) or what is not published stands in the way.
    pub(super) fn claim(&mut self, area: Area<'_>, lines: usize, reliable: bool) -> bool {
        let (cells, payload) = (len(area.cells), len(area.payload));
        let (mut seq, mut at) = (self.first, self.first_at);
        if reliable {
            fence(SeqCst);
            for reader in area.readers().filter(|reader| !reader.is_joining) {
                (seq, at) = (seq.min(reader.seq), at.min(reader.at));
            }
        }
        let end = self.fit(area, lines as u64).1;
        let claimed = (seq + cells).min(self.seq + (cells / 16).max(1));
        let claimed_at = (at + payload).min(end.max(self.at + payload / 16));
        self.claimed = self.claimed.max(claimed);
        self.claimed_at = self.claimed_at.max(claimed_at);
        area.claims[0].store(self.claimed, Relaxed);
        area.claims[1].store(self.claimed_at, Relaxed);
        fence(Release);
        self.seq < self.claimed && end <= self.claimed_at
    }
}

/// What a reader found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The next record is not there yet.
    Nothing,
    /// A record, copied out.
    Record,
    /// The next record was overwritten.
    Overrun,
    /// What is there contradicts itself.
    Damage,
}

/// A reader's side.
#[derive(Debug)]
pub(super) struct Taker {
    slot: usize,
    /// What stands in the slot as long as it is held.
    mine: u64,
    /// The next record, and payload lines that were passed.
    seq: u64,
    at: u64,
}

impl Taker {
    /// Takes a slot for the process `pid`, started at `start`; `None` when all are taken. The first
    /// reader of a reliable ring begins with the first record; any other one with the next that is
    /// published if the ring is `reliable`, else half a ring before it.
    pub(super) fn join(area: Area<'_>, reliable: bool, pid: u32, start: u64) -> Option<Self> {
        let mine = ACTIVE | u64::from(pid);
        let take = |from: u64, to: u64| {
            let change = |who: &AtomicU64| who.compare_exchange(from, to, SeqCst, Relaxed).is_ok();
            area.slots.iter().position(|[who, _]| change(&who[0]))
        };
        // At once, so that the place holds the writer all the time.
        if let Some(slot) = take(RESERVED, mine) {
            area.slots.get(slot)?[0][1].store(start, Relaxed);
            return Some(Self { slot, mine, seq: 0, at: 0 });
        }
        let slot = take(FREE, JOINING | u64::from(pid))?;
        let [who, _] = area.slots.get(slot)?;
        let mut found = Self { slot, mine, seq: 0, at: 0 };
        who[1].store(start, Relaxed);
        // It may lie behind what is claimed by now: it holds the writer, and is not read from.
        found.seek(area);
        found.store(area);
        who[0].store(mine, Release);
        fence(SeqCst);
        found.seek(area);
        if !reliable {
            let half = found.seq.saturating_sub(len(area.cells) / 2);
            found.seq = half.max(area.claims[0].load(Acquire).saturating_sub(len(area.cells)));
        }
        found.store(area);
        Some(found)
    }

    /// Stands where the writer is.
    fn seek(&mut self, area: Area<'_>) {
        // In this order: the payload lines are at most those before the record.
        self.at = area.flow[PUBLISHED_AT].load(Acquire);
        self.seq = area.flow[PUBLISHED].load(Acquire);
    }

    /// The number of the next record.
    #[inline]
    pub(super) fn seq(&self) -> u64 {
        self.seq
    }

    /// How far the stamp `word` of the next record's cell is from what is looked for, in laps: 0 is
    /// the record, above [`LAPS`]` / 2` an earlier lap.
    #[inline]
    fn laps_ahead(&self, area: Area<'_>, word: u64) -> u32 {
        ((word & LOW) as u32 >> 1).wrapping_sub(area.lap(self.seq)) & LAPS
    }

    /// Whether [`take`](Self::take) would find something.
    #[inline]
    pub(super) fn is_ready(&self, area: Area<'_>) -> bool {
        let ahead = area.cell(self.seq).map(|cell| self.laps_ahead(area, cell[0].load(Relaxed)));
        ahead.is_some_and(|ahead| ahead <= LAPS / 2)
    }

    /// Whether the next record is overwritten, however long ago.
    pub(super) fn is_overrun(&self, area: Area<'_>) -> bool {
        !area.is_valid(self.seq, None)
    }

    /// Copies the next record to the end of `out`, if it is there.
    #[inline]
    pub(super) fn take(&mut self, area: Area<'_>, out: &mut Vec<Row>) -> Found {
        let Some(cell) = area.cell(self.seq) else { return Found::Damage };
        let word = cell[0].load(Acquire);
        match self.laps_ahead(area, word) {
            0 => {}
            1..=0x3fff_ffff => return Found::Overrun,
            _ => return Found::Nothing,
        }
        if word & 1 == 1 {
            return self.take_long(area, cell, out);
        }
        let mut row = Row(std::array::from_fn(|at| cell[at].load(Relaxed)));
        row.0[0] = word & !LOW | size_of::<Bytes>() as u64;
        fence(Acquire);
        if !area.is_valid(self.seq, None) {
            return Found::Overrun;
        }
        out.push(row);
        self.seq += 1;
        Found::Record
    }

    fn take_long(&mut self, area: Area<'_>, cell: &Line, out: &mut Vec<Row>) -> Found {
        let (at, lines) = (cell[2].load(Relaxed), cell[3].load(Relaxed));
        // What is claimed already need not be copied.
        if !area.is_valid(self.seq, Some(at)) {
            return Found::Overrun;
        }
        let is_own = lines >> 32 == self.seq & LOW;
        let from = place(at, area.payload.len());
        let long = usize::try_from(lines & LOW).unwrap_or(0);
        let rows = from.checked_add(long).and_then(|end| area.payload.get(from..end));
        let start = out.len();
        if let Some(rows) = rows.filter(|_| is_own && long > 1) {
            let row = |line: &Line| Row(std::array::from_fn(|at| line[at].load(Relaxed)));
            out.extend(rows.iter().map(row));
        }
        fence(Acquire);
        let is_valid = area.is_valid(self.seq, Some(at));
        let own_len = out.get(start).map(|row| row.0[0] & LOW);
        if !is_valid || own_len != Some((long * size_of::<Bytes>()) as u64) {
            out.truncate(start);
            return if is_valid { Found::Damage } else { Found::Overrun };
        }
        (self.seq, self.at) = (self.seq + 1, at + long as u64);
        Found::Record
    }

    /// After an overrun: goes on to where records are whole for a while, and gives how many are lost.
    pub(super) fn skip(&mut self, area: Area<'_>) -> u64 {
        let cells = len(area.cells);
        let claimed = area.claims[0].load(Acquire);
        let published = area.flow[PUBLISHED].load(Acquire);
        let next = self.seq + 1;
        // Only this one's payload was overwritten; or the cell, and then those behind it soon too.
        let to = if claimed <= self.seq.saturating_add(cells) {
            next
        } else {
            (claimed.saturating_sub(cells).saturating_add(cells / 4)).min(published).max(next)
        };
        let lost = to - self.seq;
        self.seq = to;
        lost
    }

    #[inline]
    fn store(&self, area: Area<'_>) {
        if let Some([_, place]) = area.slots.get(self.slot) {
            place[0].store(self.seq, Release);
            place[1].store(self.at, Release);
        }
    }

    /// Tells the writer how far this reader is, unless it was taken for dead.
    #[inline]
    pub(super) fn pass(&self, area: Area<'_>) {
        if area.slots.get(self.slot).is_some_and(|[who, _]| who[0].load(Relaxed) == self.mine) {
            self.store(area);
        }
    }

    /// Gives the slot back.
    pub(super) fn leave(&self, area: Area<'_>) {
        if let Some([who, _]) = area.slots.get(self.slot) {
            let _ = who[0].compare_exchange(self.mine, FREE, SeqCst, Relaxed);
        }
    }
}
