//! The writer's side of a table: rows appear, change and go, under the eyes of readers.
//!
//! Each operation is a sequence of stores of which every prefix is a table that readers may see, and
//! that the next writer can go on with: [`Steps::stored`] is told after each of them.

use super::{
    COUNTS_WORD, MOVES_SHIFT, OVERFLOW_SHIFT, bits, bucket_of, check_place, hash, overflow, tag_of,
};
use super::{DEAD, FREE, Geometry, Head, Place, SLOT_BITS, SLOTS, Table};
use crate::mem::{AtomicLine, Lanes, Lines};
use crate::wallet::row::{Address, Row};
use crate::wallet::store::Step;

/// Is told of every step, for tests that stop at it or look at the files. Nothing otherwise.
pub trait Steps {
    /// A store to the table was made.
    fn stored(&self) {}

    /// A step of the store was done.
    fn reached(&self, step: Step) {
        let _ = step;
    }
}

impl<S: Steps> Steps for &S {
    fn stored(&self) {
        (*self).stored();
    }

    fn reached(&self, step: Step) {
        (*self).reached(step);
    }
}

impl Steps for () {}

/// Why a row was not put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// As many slots are used as may be.
    Slots,
    /// No slot is free in the reach of the wallet's bucket.
    Reach,
}

/// The one writer of a table.
#[derive(Debug)]
pub struct Edit<'a, S: Steps = ()> {
    lines: &'a [AtomicLine],
    table: Table<'a>,
    geometry: Geometry,
    /// Wallets, and slots that hold one or did.
    live: u64,
    used: u64,
    steps: S,
}

/// What a walk along the buckets of a wallet finds.
#[derive(Default)]
struct Walk {
    /// Slots that hold it: one, or two where a writer died between two tags.
    held: [Option<Place>; 2],
    /// A dead slot that did.
    own: Option<Place>,
    /// The first free slot.
    free: Option<Place>,
}

impl<'a> Edit<'a> {
    /// Writes the table in `lines`, whose head is `head`, and counts what it holds.
    pub fn new(lines: &'a [AtomicLine], head: &Head, lanes: Lanes) -> Self {
        Edit::with_steps(lines, head, lanes, ())
    }
}

impl<'a, S: Steps> Edit<'a, S> {
    /// The same, telling `steps` of each store.
    pub fn with_steps(lines: &'a [AtomicLine], head: &Head, lanes: Lanes, steps: S) -> Self {
        let mut edit = Self::counted(lines, head, lanes, [0; 2], steps);
        edit.count();
        edit
    }

    /// The same, of a table that is known to hold `live` wallets in `used` slots.
    pub fn counted(
        lines: &'a [AtomicLine],
        head: &Head,
        lanes: Lanes,
        [live, used]: [u64; 2],
        steps: S,
    ) -> Self {
        let table = Table::new(Lines::new(lines), head, lanes);
        Self { lines, table, geometry: head.geometry, live, used, steps }
    }

    /// To look at.
    pub fn table(&self) -> Table<'a> {
        self.table
    }

    /// Wallets.
    pub fn live(&self) -> u64 {
        self.live
    }

    /// Slots that hold a wallet or did.
    pub fn used(&self) -> u64 {
        self.used
    }

    /// Whether `count` more rows may be put before the table is to be written anew.
    pub fn has_room(&self, count: u64) -> bool {
        self.used.saturating_add(count) <= self.geometry.used_max()
    }

    /// Puts a row in the place of the one with its address, if there is one; whether there was. The
    /// row's hash is filled in.
    ///
    /// # Errors
    /// When there is no slot for it; the table is as it was.
    pub fn put(&mut self, row: &Row) -> Result<bool, Full> {
        let hash = hash(self.table.seeds, &row.address);
        let row = Row { address_hash: hash, ..*row };
        let walk = self.walk(&row.address, hash);
        let [held, second] = walk.held;
        if let Some(place) = held.filter(|_| second.is_none())
            && let Some(old) = self.table.rows.get(line_of(place)).map(|line| Row::of(line.words()))
        {
            let same = Row { confidence: row.confidence, flags: row.flags, ..old };
            if same == row {
                if old != row {
                    self.decide(place, &row);
                }
                return Ok(true);
            }
        }
        let target = match walk.own {
            Some(own) => own,
            None if self.used >= self.geometry.slots() => return Err(Full::Slots),
            None => walk.free.ok_or(Full::Reach)?,
        };
        self.write(target, &row);
        self.pass(hash, target, 1);
        self.set_tag(target, tag_of(hash));
        self.live += 1;
        self.used += u64::from(walk.own.is_none());
        if held.is_some() {
            self.moved(bucket_of(hash, self.geometry.buckets));
        }
        for old in walk.held.into_iter().flatten() {
            self.kill(old, hash);
        }
        Ok(held.is_some())
    }

    /// Removes a wallet; whether it was there.
    pub fn remove(&mut self, address: &Address) -> bool {
        let hash = hash(self.table.seeds, address);
        let walk = self.walk(address, hash);
        for old in walk.held.into_iter().flatten() {
            self.kill(old, hash);
        }
        walk.held[0].is_some()
    }

    /// Looks for a wallet, and for a slot for it.
    fn walk(&self, address: &Address, hash: u64) -> Walk {
        let mut found = Walk::default();
        let mut bucket = bucket_of(hash, self.geometry.buckets);
        let tag = tag_of(hash);
        for _ in 0..self.table.reach {
            let Some(line) = self.table.tags.get(bucket) else { break };
            let lanes = self.table.lanes;
            let holds = |slot: &usize| self.table.holds(bucket * SLOTS + slot, address);
            let place = |slot| Place { bucket, slot };
            for held in bits(lanes.equal(line, tag) & SLOT_BITS).filter(holds).map(place) {
                match &mut found.held {
                    [first @ None, _] => *first = Some(held),
                    [_, second] => *second = Some(held),
                }
            }
            if found.own.is_none() {
                found.own = bits(lanes.equal(line, DEAD) & SLOT_BITS).find(holds).map(place);
            }
            let free = lanes.equal(line, FREE) & SLOT_BITS;
            if found.free.is_none() {
                found.free = bits(free).next().map(place);
            }
            // Its dead slot may lie behind a full bucket that no wallet is passing now.
            if overflow(line) == 0 && free != 0 {
                break;
            }
            bucket = self.table.after(bucket);
        }
        found
    }

    /// Changes confidence and flags in their place.
    fn decide(&mut self, place: Place, row: &Row) {
        let Some(line) = self.lines_of_rows(place) else { return };
        let [hash, decision, ..] = row.words();
        if !self.table.whole {
            self.turn(place.bucket);
        }
        line.store_pair(0, [hash, decision]);
        self.steps.stored();
        self.set_check(place, row.checksum(place.number()));
        if !self.table.whole {
            self.turn(place.bucket);
        }
    }

    /// Writes a row to a slot that holds no wallet.
    fn write(&mut self, place: Place, row: &Row) {
        let Some(line) = self.lines_of_rows(place) else { return };
        let words = row.words();
        for (at, word) in words.into_iter().enumerate().skip(2) {
            line.store(at, word);
            self.steps.stored();
        }
        if !self.table.whole {
            self.turn(place.bucket);
        }
        line.store_pair(0, [words[0], words[1]]);
        self.steps.stored();
        self.set_check(place, row.checksum(place.number()));
        if !self.table.whole {
            self.turn(place.bucket);
        }
    }

    /// Takes a wallet's tag away; its row stays, for nobody.
    fn kill(&mut self, place: Place, hash: u64) {
        self.set_tag(place, DEAD);
        self.pass(hash, place, -1);
        self.live = self.live.saturating_sub(1);
    }

    /// Counts a wallet that goes past the buckets before `place`, or no longer does.
    fn pass(&self, hash: u64, place: Place, by: i64) {
        let mut bucket = bucket_of(hash, self.geometry.buckets);
        for _ in 0..self.table.reach {
            if bucket == place.bucket {
                return;
            }
            let count = self.table.tags.get(bucket).map_or(0, overflow);
            self.set_overflow(bucket, count.saturating_add_signed(by).min(u16::MAX.into()));
            bucket = self.table.after(bucket);
        }
    }

    /// One step of a bucket's sequence lock.
    fn turn(&self, bucket: usize) {
        let lock = Place { bucket, slot: SLOTS };
        self.set_check(lock, self.table.check_at(lock).wrapping_add(1));
    }

    /// Counts a wallet of `bucket` that moves.
    fn moved(&self, bucket: usize) {
        if let Some(line) = self.tag_line(bucket) {
            let word = line.look().word(COUNTS_WORD);
            line.store(COUNTS_WORD, word.wrapping_add(1 << MOVES_SHIFT));
            self.steps.stored();
            self.seal(bucket);
        }
    }

    pub(super) fn set_overflow(&self, bucket: usize, count: u64) {
        if let Some(line) = self.tag_line(bucket) {
            let word = line.look().word(COUNTS_WORD) & !(0xffff << OVERFLOW_SHIFT);
            line.store(COUNTS_WORD, word | count << OVERFLOW_SHIFT);
            self.steps.stored();
            self.seal(bucket);
        }
    }

    pub(super) fn set_tag(&self, place: Place, tag: u16) {
        let (at, shift) = (place.slot / 4, place.slot % 4 * 16);
        if let Some(line) = self.tag_line(place.bucket) {
            let word = line.look().word(at);
            line.store(at, word & !(0xffff << shift) | u64::from(tag) << shift);
            self.steps.stored();
            self.seal(place.bucket);
        }
    }

    /// Writes the checksum of a bucket's line of tags.
    pub(super) fn seal(&self, bucket: usize) {
        self.set_check(Place { bucket, slot: SLOTS + 1 }, self.table.tags_sum(bucket));
    }

    pub(super) fn set_check(&self, place: Place, check: u32) {
        let (line, word, half) = check_place(place);
        let at = self.geometry.checks_at() + line;
        if let Some(line) = self.lines.get(at) {
            let (is, shift) = (line.look().word(word), 32 * half);
            line.store(word, is & !(0xffff_ffff << shift) | u64::from(check) << shift);
            self.steps.stored();
        }
    }

    /// Makes a slot that no tag names what it was at first.
    pub(super) fn clear(&self, place: Place) {
        if let Some(line) = self.lines_of_rows(place) {
            (0..8).for_each(|at| line.store(at, 0));
        }
        self.set_check(place, 0);
    }

    /// Makes a slot a dead one that no wallet is in: a dead slot has the checksum of its row, and this
    /// one the row of the address of all zeros, with its hash.
    pub(super) fn clear_dead(&self, place: Place) {
        // The tag first: whoever looks meanwhile finds nothing.
        self.set_tag(place, DEAD);
        let row = Row { address_hash: hash(self.table.seeds, &[0; 32]), ..Row::new([0; 32]) };
        if let Some(line) = self.lines_of_rows(place) {
            for (at, word) in row.words().into_iter().enumerate() {
                line.store(at, word);
            }
        }
        self.set_check(place, row.checksum(place.number()));
    }

    pub(super) fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// Counts what the table holds.
    pub(super) fn count(&mut self) {
        let counts =
            (0..self.geometry.buckets).filter_map(|at| self.table.tags.get(at)).map(|line| {
                let live = self.table.live(line).count_ones();
                (live, live + (self.table.lanes.equal(line, DEAD) & SLOT_BITS).count_ones())
            });
        (self.live, self.used) = counts.fold((0, 0), |(live, used), (more_live, more_used)| {
            (live + u64::from(more_live), used + u64::from(more_used))
        });
    }

    fn tag_line(&self, bucket: usize) -> Option<&'a AtomicLine> {
        (bucket < self.geometry.buckets).then(|| self.lines.get(super::HEAD_LINES + bucket))?
    }

    fn lines_of_rows(&self, place: Place) -> Option<&'a AtomicLine> {
        self.lines.get(self.geometry.rows_at() + line_of(place))
    }
}

fn line_of(place: Place) -> usize {
    place.bucket * SLOTS + place.slot
}
