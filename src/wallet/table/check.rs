//! Whether a table is sound, and how one that a power cut left behind is made so again.

use super::edit::{Edit, Steps};
use super::{DEAD, FREE, Found, Place, SLOTS, Standing, State, Table};
use super::{bucket_of, hash, head, overflow, tag_of};
use crate::mem::Lines;
use crate::wallet::row::{Address, Row};
use std::fmt;

/// What is wrong with a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A row is not the one whose checksum stands beside it.
    Checksum,
    /// A field of a row is out of range.
    Row(&'static str),
    /// A tag is not that of the row's address.
    Tag,
    /// A row's hash is not that of its address.
    Hash,
    /// A wallet is looked for elsewhere.
    Unreachable,
    /// A wallet lies in another slot too.
    Twice,
    /// A slot that was never used is not empty.
    NotEmpty,
    /// A slot that was never used lies before one that was.
    Hole,
    /// As many wallets as it says did not go past a bucket.
    Overflow,
    /// The tags of a bucket are not those whose checksum stands beside them.
    Tags,
    /// A bucket's sequence lock is held, or set where there is none.
    Lock,
    /// Bytes between the parts are not zero.
    Padding,
    /// What the head says of the whole table is not so.
    Head(&'static str),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Checksum => "the row's checksum is another one",
            Self::Row(rule) | Self::Head(rule) => rule,
            Self::Tag => "the tag is not that of the row's address",
            Self::Hash => "the hash is not that of the row's address",
            Self::Unreachable => "the wallet is not found from its own bucket",
            Self::Twice => "the wallet lies in another slot too",
            Self::NotEmpty => "the slot was never used and is not empty",
            Self::Hole => "the slot was never used and lies before one that was",
            Self::Overflow => "the count of wallets past the bucket is another one",
            Self::Tags => "the checksum of the bucket's tags is another one",
            Self::Lock => "the bucket's lock is held",
            Self::Padding => "bytes between the parts are not zero",
        })
    }
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The first faults, each with the number of its slot, or of the first slot of its bucket.
    pub faults: Vec<(u64, Fault)>,
    /// All of them.
    pub count: u64,
    /// Wallets.
    pub live: u64,
    /// Slots that hold one or did.
    pub used: u64,
}

/// Faults that are told one by one.
const TOLD: usize = 20;

impl Report {
    fn add(&mut self, slot: u64, fault: Fault) {
        self.count += 1;
        if self.faults.len() < TOLD {
            self.faults.push((slot, fault));
        }
    }
}

/// Looks at every byte of the table in `lines`. Where a writer is at work, rows and counts that change
/// meanwhile may be called faulty.
pub fn check(lines: Lines<'_>, head: &super::Head, table: &Table<'_>) -> Report {
    let mut report = Report::default();
    if let Some(rule) = head::stray(lines) {
        report.add(0, Fault::Head(rule));
    }
    let mut passing = Passing::new(table);
    for bucket in 0..table.buckets {
        bucket_faults(table, bucket, &mut passing, &mut report);
    }
    passing.compare(|bucket, _, _| report.add(first_of(bucket), Fault::Overflow));
    padding(lines, head, &mut report);
    match Standing::read(lines) {
        None => report.add(0, Fault::Head("the head's state or counts are damaged")),
        Some(standing)
            if standing.state != State::Open
                && [standing.live, standing.used] != [report.live, report.used] =>
        {
            report.add(0, Fault::Head("the head counts other wallets than there are"));
        }
        Some(_) => {}
    }
    report
}

fn first_of(bucket: usize) -> u64 {
    Place { bucket, slot: 0 }.number()
}

/// Counts of wallets past each bucket, as they should be.
struct Passing<'t, 'a> {
    table: &'t Table<'a>,
    counts: Vec<u16>,
}

impl<'t, 'a> Passing<'t, 'a> {
    fn new(table: &'t Table<'a>) -> Self {
        Self { table, counts: vec![0; table.buckets] }
    }

    /// A wallet of this hash lies in `bucket`.
    fn add(&mut self, hash: u64, bucket: usize) {
        let mut at = bucket_of(hash, self.table.buckets);
        for _ in 0..self.table.reach {
            if at == bucket {
                return;
            }
            if let Some(count) = self.counts.get_mut(at) {
                *count = count.saturating_add(1);
            }
            at = self.table.after(at);
        }
    }

    /// Gives every bucket whose count is another one, with that which it has and should have.
    fn compare(&self, mut differs: impl FnMut(usize, u64, u64)) {
        for (bucket, should) in self.counts.iter().enumerate() {
            let (is, should) =
                (self.table.tags.get(bucket).map_or(0, overflow), u64::from(*should));
            if is != should {
                differs(bucket, is, should);
            }
        }
    }
}

/// The row, tag and checksum of a slot, as they stand.
struct Slot {
    place: Place,
    tag: u16,
    row: Row,
    check: u32,
}

fn slots<'t>(table: &'t Table<'_>, bucket: usize) -> impl Iterator<Item = Slot> + use<'t> {
    let words = table.tags.get(bucket).map_or([0; 8], |line| line.words());
    for slot in 0..SLOTS {
        table.rows.prefetch((bucket + 1) * SLOTS + slot);
    }
    (0..SLOTS).filter_map(move |slot| {
        let place = Place { bucket, slot };
        let word = words.get(slot / 4)? >> (slot % 4 * 16);
        let [a, b, ..] = word.to_le_bytes();
        Some(Slot {
            place,
            tag: u16::from_le_bytes([a, b]),
            row: Row::of(table.rows.get(bucket * SLOTS + slot)?.words()),
            check: table.check_at(place),
        })
    })
}

impl Slot {
    /// What is wrong with a slot that holds a wallet or did, its way there left out.
    fn fault(&self, table: &Table<'_>) -> Option<Fault> {
        if self.row.checksum(self.place.number()) != self.check {
            return Some(Fault::Checksum);
        }
        let own = hash(table.seeds, &self.row.address);
        if self.row.address_hash != own {
            return Some(Fault::Hash);
        }
        if self.tag != DEAD && self.tag != tag_of(own) {
            return Some(Fault::Tag);
        }
        self.row.invalid().map(Fault::Row)
    }

    fn is_empty(&self) -> bool {
        self.check == 0 && self.row.words() == [0; 8]
    }
}

fn bucket_faults(
    table: &Table<'_>,
    bucket: usize,
    passing: &mut Passing<'_, '_>,
    report: &mut Report,
) {
    let mut free_before = false;
    for slot in slots(table, bucket) {
        let number = slot.place.number();
        if slot.tag == FREE {
            free_before = true;
            if !slot.is_empty() {
                report.add(number, Fault::NotEmpty);
            }
            continue;
        }
        report.used += 1;
        if free_before {
            report.add(number, Fault::Hole);
        }
        if let Some(fault) = slot.fault(table) {
            report.add(number, fault);
        }
        if slot.tag != DEAD {
            report.live += 1;
            let own = hash(table.seeds, &slot.row.address);
            passing.add(own, bucket);
            match table.find(&slot.row.address, own) {
                Found::At(place) if place == slot.place => {}
                Found::At(_) => report.add(number, Fault::Twice),
                Found::Absent | Found::Moving => report.add(number, Fault::Unreachable),
            }
        }
    }
    let lock = table.sequence(bucket);
    if table.tags_sum(bucket) != table.tags_check(bucket) {
        report.add(first_of(bucket), Fault::Tags);
    }
    if (table.whole && lock != 0) || !lock.is_multiple_of(2) {
        report.add(first_of(bucket), Fault::Lock);
    }
}

/// What lies between the parts and behind the last.
fn padding(lines: Lines<'_>, head: &super::Head, report: &mut Report) {
    let geometry = &head.geometry;
    let between = [
        super::HEAD_LINES + geometry.buckets..geometry.rows_at(),
        geometry.rows_at() + geometry.buckets * SLOTS..geometry.checks_at(),
        geometry.checks_at() + 2 * geometry.buckets..geometry.lines(),
    ];
    let mut lines = between.into_iter().flatten().filter_map(|at| lines.get(at));
    if lines.any(|line| line.words() != [0; 8]) {
        report.add(geometry.slots(), Fault::Padding);
    }
}

/// What a repair did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repaired {
    /// Slots that named a wallet and were not whole.
    pub dropped: u64,
    /// Rows that were being changed.
    pub mended: u64,
    /// Slots without a tag that were emptied.
    pub cleared: u64,
    /// Counts and locks that were set right.
    pub counts: u64,
    /// Rows that are damaged, for another reason than the end of a writer.
    pub damaged: u64,
}

/// How a table came to be as it is.
#[derive(Clone, Copy)]
pub enum Since<'a> {
    /// Its writer ended at any moment, and what it stored is here: one change at most is half done. Who
    /// has changes in the log is told by the function.
    Kill(&'a dyn Fn(&Address) -> bool),
    /// Of the pages written since it was last synced any may have reached the disk, in any order.
    PowerCut,
}

impl<S: Steps> Edit<'_, S> {
    /// Makes a table sound again, as far as the log tells the rest: slots that are not whole are
    /// dropped or, with readers about, mended; what follows from the rows is reckoned anew.
    pub fn repair(&mut self, since: Since<'_>) -> Repaired {
        let mut done = Repaired::default();
        let table = self.table();
        let mut passing = Passing::new(&table);
        for bucket in 0..self.geometry().buckets {
            let used = slots(&table, bucket).filter(|slot| slot.tag != FREE);
            let used_end = used.last().map_or(0, |slot| slot.place.slot + 1);
            for slot in slots(&table, bucket) {
                match since {
                    Since::Kill(logged) => self.mend(&slot, &table, logged, &mut done),
                    Since::PowerCut => self.drop_torn(&slot, &table, used_end, &mut done),
                }
            }
            for slot in slots(&table, bucket).filter(|slot| slot.tag > DEAD) {
                passing.add(hash(table.seeds, &slot.row.address), bucket);
            }
            if table.sequence(bucket) != 0 {
                self.set_check(Place { bucket, slot: SLOTS }, 0);
                done.counts += 1;
            }
            self.seal(bucket);
        }
        done.counts += self.set_counts(&passing);
        if matches!(since, Since::PowerCut) && self.drop_twice(&table, &mut done) {
            let mut passing = Passing::new(&table);
            for slot in (0..table.buckets).flat_map(|at| slots(&table, at)) {
                if slot.tag > DEAD {
                    passing.add(slot.row.address_hash, slot.place.bucket);
                }
            }
            done.counts += self.set_counts(&passing);
        }
        self.count();
        done
    }

    /// Sets right how many wallets went past each bucket; how many counts were wrong.
    fn set_counts(&self, passing: &Passing<'_, '_>) -> u64 {
        let mut wrong = Vec::new();
        passing.compare(|bucket, _, should| wrong.push((bucket, should)));
        for (bucket, should) in &wrong {
            self.set_overflow(*bucket, *should);
        }
        wrong.len() as u64
    }

    /// Leaves one slot to each wallet, of two whose tags reached the disk at different times; whether
    /// there was one. Where it matters which, the log has the wallet.
    fn drop_twice(&self, table: &Table<'_>, done: &mut Repaired) -> bool {
        let before = done.dropped;
        for slot in (0..table.buckets).flat_map(|at| slots(table, at)) {
            let place = slot.place;
            if slot.tag > DEAD
                && let Found::At(first) = table.find(&slot.row.address, slot.row.address_hash)
                && first != place
            {
                self.set_tag(place, DEAD);
                done.dropped += 1;
            }
        }
        done.dropped > before
    }

    /// A slot after a kill: what was half done is in the log, and the old and the new row are both
    /// right until it is done again. Anything else is damage, and stays for `verify` to tell.
    fn mend(
        &self,
        slot: &Slot,
        table: &Table<'_>,
        logged: &dyn Fn(&Address) -> bool,
        done: &mut Repaired,
    ) {
        let fault = slot.fault(table);
        match slot.tag {
            FREE if slot.is_empty() => {}
            FREE => {
                self.clear(slot.place);
                done.cleared += 1;
            }
            _ if fault == Some(Fault::Checksum) && logged(&slot.row.address) => {
                self.set_check(slot.place, slot.row.checksum(slot.place.number()));
                done.mended += 1;
            }
            DEAD => {}
            _ => done.damaged += u64::from(fault.is_some()),
        }
    }

    /// A slot after a power cut: rows that are not whole, or that no one would find, go.
    fn drop_torn(&self, slot: &Slot, table: &Table<'_>, used_end: usize, done: &mut Repaired) {
        let torn = slot.fault(table).is_some();
        match slot.tag {
            // A slot before others that are used is used up.
            FREE if slot.place.slot < used_end => {
                self.clear_dead(slot.place);
                done.cleared += 1;
            }
            FREE if slot.is_empty() => {}
            FREE => {
                self.clear(slot.place);
                done.cleared += 1;
            }
            tag if torn || (tag != DEAD && !is_near(table, slot)) => {
                self.clear_dead(slot.place);
                done.dropped += u64::from(tag != DEAD);
            }
            _ => {}
        }
    }
}

/// Whether the bucket of a wallet is near enough before the one it lies in.
fn is_near(table: &Table<'_>, slot: &Slot) -> bool {
    let mut bucket = bucket_of(slot.row.address_hash, table.buckets);
    for _ in 0..table.reach {
        if bucket == slot.place.bucket {
            return true;
        }
        bucket = table.after(bucket);
    }
    false
}
