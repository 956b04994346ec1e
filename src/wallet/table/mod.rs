//! The table: where a wallet is, over lines of memory that a writer may change meanwhile.
//!
//! ```text
//! | head 4 KiB | tags: a line a bucket | rows: 30 lines a bucket | checks: 2 lines a bucket |
//!
//! tags    30 x u16: 0 a free slot, 1 a dead one, else 16 bits of the hash    u16 overflow, u16 moves
//! rows    30 x 64 bytes (`row.rs`)
//! checks  30 x u32: checksum of the row, 0 of a free slot                    u32 sequence lock, u32 checksum of the tags
//! ```
//!
//! A wallet lies in the bucket that its hash names or, where that is full, in one of those that follow;
//! `overflow` counts the wallets that had to go past a bucket, so that a miss almost always ends in one
//! line (the idea is F14's: folly, `F14.md`). At a load of 0.65 a wallet takes 108 bytes.
//!
//! - A row appears by its tag, which is stored last. Confidence and flags are then changed in place by
//!   one store of 16 bytes; where more changes, the row is written to another slot and the tags are
//!   switched: the new one is set, `moves` of the wallet's own bucket counted, the old one taken away.
//!   Who finds neither tag sees by `moves` that it must look again.
//! - A slot is used again by its own wallet only: whoever has seen a tag finds that wallet in the slot,
//!   and never half of a decision.
//! - Who reads takes no lock and waits for nobody. A writer that dies leaves a row as it was or as it
//!   was to be.
//! - Nothing that is read here is trusted: any bits give an answer, in bounded time.
//! - Where the processor does not store 16 bytes at once ([`pairs_are_whole`](crate::mem)), a sequence
//!   lock a bucket stands in; who meets it held for too long is told [`Answer::Busy`].

#![expect(
    clippy::inline_always,
    reason = "a look-up is a few nanoseconds, and a call is one of them"
)]

pub mod check;
pub mod edit;
pub mod head;

pub use edit::Edit;
pub use head::{Head, Standing, State};

use super::row::{Address, Decision, Row};
use crate::mem::{AtomicLine, Lanes, Line, Lines};
use head::HEAD_LINES;
use std::sync::atomic::Ordering::Acquire;
use std::sync::atomic::fence;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Slots of a bucket.
pub const SLOTS: usize = 30;

/// Buckets that are looked at for a wallet, at most. A writer writes the table anew before one is
/// farther away.
pub const REACH: usize = 32;

/// Tags of slots that hold no wallet.
const FREE: u16 = 0;
const DEAD: u16 = 1;

/// The bits of the slots in what a comparison of tags gives.
const SLOT_BITS: u32 = (1 << SLOTS) - 1;

/// Looks at a row that changes, before it is called busy.
const LOOKS: usize = 1 << 10;

/// Keys of a batch that are on the way at once: more than a core has misses outstanding.
const BATCH: usize = 32;

/// Where everything is in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Buckets of 30 slots.
    pub buckets: usize,
}

/// Lines of a page.
const PAGE: usize = 64;

impl Geometry {
    /// The smallest table that holds `rows` wallets at a load of 0.65; `None` above 2^40.
    pub fn for_rows(rows: u64) -> Option<Self> {
        // 0.65 of 30 slots, in hundredths.
        let buckets = rows.checked_mul(100)?.div_ceil(SLOTS as u64 * 65).max(2);
        Self::of_buckets(usize::try_from(buckets).ok()?)
    }

    /// A table of so many buckets; `None` when they are none or too many.
    pub fn of_buckets(buckets: usize) -> Option<Self> {
        (1..=1 << 36).contains(&buckets).then_some(Self { buckets })
    }

    fn rows_at(self) -> usize {
        (HEAD_LINES + self.buckets).next_multiple_of(PAGE)
    }

    fn checks_at(self) -> usize {
        (self.rows_at() + self.buckets * SLOTS).next_multiple_of(PAGE)
    }

    /// Lines of the file.
    pub fn lines(self) -> usize {
        (self.checks_at() + 2 * self.buckets).next_multiple_of(PAGE)
    }

    /// Bytes of the file.
    pub fn len(self) -> u64 {
        self.lines() as u64 * 64
    }

    /// Whether there is nothing: never.
    pub fn is_empty(self) -> bool {
        false
    }

    /// Slots.
    pub fn slots(self) -> u64 {
        self.buckets as u64 * SLOTS as u64
    }

    /// Wallets at a load of 0.65.
    pub fn rows_max(self) -> u64 {
        self.slots() * 65 / 100
    }

    /// Slots that may be used, dead ones included, before the table is written anew.
    pub fn used_max(self) -> u64 {
        self.slots() * 80 / 100
    }

    /// Bytes at which tags, rows and checks begin, and the file ends.
    pub fn offsets(self) -> [u64; 4] {
        [HEAD_LINES, self.rows_at(), self.checks_at(), self.lines()].map(|line| line as u64 * 64)
    }
}

/// What is known of a wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is not in the table.
    Absent,
    /// It is, with this.
    Known(Decision),
    /// It is, and was being written at every look.
    Busy,
}

/// What is known of a wallet, all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whole {
    /// It is not in the table.
    Absent,
    /// It is, with this.
    Known(Row),
    /// It is, and its checksum was another one at every look: it is being written, or damaged.
    Busy,
}

/// What a look for a wallet finds.
enum Found {
    At(Place),
    Absent,
    /// It was not found, and a wallet of its bucket moved meanwhile.
    Moving,
}

/// A place in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub(super) bucket: usize,
    pub(super) slot: usize,
}

impl Place {
    /// The number of the slot.
    pub fn number(self) -> u64 {
        self.bucket as u64 * SLOTS as u64 + self.slot as u64
    }
}

/// A table to look at.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    tags: Lines<'a>,
    rows: Lines<'a>,
    checks: Lines<'a>,
    seeds: [u64; 2],
    buckets: usize,
    /// Buckets that are looked at for a wallet, each once.
    reach: usize,
    lanes: Lanes,
    whole: bool,
}

impl<'a> Table<'a> {
    /// The table in `lines`, whose head is `head`.
    pub fn new(lines: Lines<'a>, head: &Head, lanes: Lanes) -> Self {
        let geometry = &head.geometry;
        let buckets = geometry.buckets;
        Self {
            tags: lines.part(HEAD_LINES, buckets),
            rows: lines.part(geometry.rows_at(), buckets * SLOTS),
            checks: lines.part(geometry.checks_at(), 2 * buckets),
            seeds: head.seeds,
            buckets,
            reach: REACH.min(buckets),
            lanes,
            whole: head.whole,
        }
    }

    /// Decides about a wallet.
    #[inline(always)]
    pub fn lookup(&self, address: &Address) -> Answer {
        let hash = hash(self.seeds, address);
        self.answer(address, hash)
    }

    #[inline(always)]
    fn answer(&self, address: &Address, hash: u64) -> Answer {
        match self.find(address, hash) {
            Found::At(place) => self.decision(place),
            Found::Absent => Answer::Absent,
            Found::Moving => self.answer_again(address, hash),
        }
    }

    /// Looks again for a wallet that moved while it was looked for.
    #[cold]
    fn answer_again(&self, address: &Address, hash: u64) -> Answer {
        for _ in 0..LOOKS {
            match self.find(address, hash) {
                Found::At(place) => return self.decision(place),
                Found::Absent => return Answer::Absent,
                Found::Moving => std::hint::spin_loop(),
            }
        }
        Answer::Busy
    }

    /// Whether the table is as sure of a wallet as `threshold` (bits of an f32 from 0 to 1) asks for.
    #[inline]
    pub fn is_high_confidence(&self, address: &Address, threshold: u32) -> bool {
        matches!(self.lookup(address), Answer::Known(known) if known.is_at_least(threshold))
    }

    /// Asks the processor for what a look-up of a wallet reads first. Advice only.
    #[inline]
    pub fn expect(&self, address: &Address) {
        self.tags.prefetch(bucket_of(hash(self.seeds, address), self.buckets));
    }

    /// Decides about each of `addresses`, into the places of `answers`: while one is compared, the
    /// lines of those that follow are on their way.
    ///
    /// What has no place in the shorter of the two is left out.
    pub fn lookup_batch(&self, addresses: &[Address], answers: &mut [Answer]) {
        for (addresses, answers) in addresses.chunks(BATCH).zip(answers.chunks_mut(BATCH)) {
            self.lookup_few(addresses, answers);
        }
    }

    /// As [`lookup_batch`](Self::lookup_batch), for a batch at most.
    #[inline]
    fn lookup_few(&self, addresses: &[Address], answers: &mut [Answer]) {
        let mut hashes = [0; BATCH];
        for (hash_at, address) in hashes.iter_mut().zip(addresses) {
            *hash_at = hash(self.seeds, address);
            self.tags.prefetch(bucket_of(*hash_at, self.buckets));
        }
        // Those of which a tag is there, or whose bucket was passed: a store for each, and a step for
        // those few, is cheaper than a branch that is guessed wrong.
        let mut maybe = [(0, 0); BATCH];
        let mut count = 0;
        for (at, (hash, answer)) in hashes.iter().zip(answers.iter_mut()).enumerate() {
            *answer = Answer::Absent;
            let bucket = bucket_of(*hash, self.buckets);
            let Some(line) = self.tags.get(bucket) else { continue };
            let before = line.word(COUNTS_WORD);
            fence(Acquire);
            let tags = self.lanes.equal(line, tag_of(*hash)) & SLOT_BITS;
            fence(Acquire);
            let moved = (line.word(COUNTS_WORD) ^ before) >> MOVES_SHIFT;
            if let Some(place) = maybe.get_mut(count) {
                *place = (at, tags);
            }
            count += usize::from(u64::from(tags) | overflow_of(before) | moved != 0);
        }
        for (at, tags) in maybe.iter().take(count) {
            let bucket = bucket_of(hashes[*at & (BATCH - 1)], self.buckets);
            self.rows.prefetch(bucket * SLOTS + (tags.trailing_zeros() as usize & 31));
        }
        for (at, tags) in maybe.iter().take(count) {
            let Some(((address, hash), answer)) =
                addresses.get(*at).zip(hashes.get(*at)).zip(answers.get_mut(*at))
            else {
                continue;
            };
            let (bucket, slot) =
                (bucket_of(*hash, self.buckets), tags.trailing_zeros() as usize & 31);
            // Nearly always the first tag is the wallet's.
            *answer = if *tags != 0 && self.holds(bucket * SLOTS + slot, address) {
                self.decision(Place { bucket, slot })
            } else {
                self.answer(address, *hash)
            };
        }
    }

    /// Everything that is known of a wallet, by its checksum of one moment.
    pub fn get(&self, address: &Address) -> Whole {
        let hash = hash(self.seeds, address);
        for _ in 0..LOOKS {
            match self.find(address, hash) {
                Found::At(place) => {
                    if let Some(row) = self.row(place).filter(|row| row.address == *address) {
                        return Whole::Known(row);
                    }
                }
                Found::Absent => return Whole::Absent,
                Found::Moving => {}
            }
            std::hint::spin_loop();
        }
        Whole::Busy
    }

    /// Every wallet, in the order of their slots, with what is wrong with none of them. A row that a
    /// writer switches meanwhile may come twice; one that cannot be read whole comes as its place.
    pub fn iter(&self) -> impl Iterator<Item = Result<Row, Place>> + use<'a> {
        let table = *self;
        (0..table.buckets).flat_map(move |bucket| {
            // What a bucket's rows need is asked for while those of the one before are read.
            for slot in 0..SLOTS {
                table.rows.prefetch((bucket + 1) * SLOTS + slot);
            }
            let live = table.tags.get(bucket).map_or(0, |line| table.live(line));
            bits(live).map(move |slot| {
                let place = Place { bucket, slot };
                (0..LOOKS).find_map(|_| table.row(place)).ok_or(place)
            })
        })
    }

    /// The row at `place`, if its checksum is right.
    fn row(&self, place: Place) -> Option<Row> {
        let row = Row::of(self.rows.get(place.bucket * SLOTS + place.slot)?.words());
        fence(Acquire);
        (self.check_at(place) == row.checksum(place.number())).then_some(row)
    }

    /// Where a wallet is: the first slot with its address.
    #[inline(always)]
    fn find(&self, address: &Address, hash: u64) -> Found {
        let home = bucket_of(hash, self.buckets);
        let Some(line) = self.tags.get(home) else { return Found::Absent };
        let before = line.word(COUNTS_WORD);
        // What is looked at below is looked at after that.
        fence(Acquire);
        let place = self.in_bucket(line, home, address, tag_of(hash));
        let place = match place {
            None if overflow_of(before) != 0 => self.beyond(home, address, tag_of(hash)),
            place => place,
        };
        if let Some(place) = place {
            return Found::At(place);
        }
        fence(Acquire);
        let same = line.word(COUNTS_WORD) >> MOVES_SHIFT == before >> MOVES_SHIFT;
        if same { Found::Absent } else { Found::Moving }
    }

    /// Where a wallet is in the buckets behind its own.
    fn beyond(&self, home: usize, address: &Address, tag: u16) -> Option<Place> {
        let mut bucket = home;
        for _ in 1..self.reach {
            bucket = self.after(bucket);
            let line = self.tags.get(bucket)?;
            // Before the tags: a wallet that goes past is counted before its tag is set.
            let more = overflow(line) != 0;
            fence(Acquire);
            let place = self.in_bucket(line, bucket, address, tag);
            if place.is_some() || !more {
                return place;
            }
        }
        None
    }

    /// Where a wallet is in a bucket with these tags.
    #[inline(always)]
    fn in_bucket(
        &self,
        line: Line<'_>,
        bucket: usize,
        address: &Address,
        tag: u16,
    ) -> Option<Place> {
        let mut tags = self.lanes.equal(line, tag) & SLOT_BITS;
        while tags != 0 {
            let slot = tags.trailing_zeros() as usize;
            // What was stored before the tag is seen after it.
            fence(Acquire);
            if self.holds(bucket * SLOTS + slot, address) {
                return Some(Place { bucket, slot });
            }
            tags &= tags - 1;
        }
        None
    }

    /// Whether the row of number `at` is that of `address`.
    #[inline(always)]
    fn holds(&self, at: usize, address: &Address) -> bool {
        let words: [u64; 4] = bytemuck::pod_read_unaligned(address);
        let Some(line) = self.rows.get(at) else { return false };
        let differ = (line.word(4) ^ words[0])
            | (line.word(5) ^ words[1])
            | (line.word(6) ^ words[2])
            | (line.word(7) ^ words[3]);
        differ == 0
    }

    /// The decision at `place`.
    #[inline(always)]
    fn decision(&self, place: Place) -> Answer {
        let Some(line) = self.rows.get(place.bucket * SLOTS + place.slot) else {
            return Answer::Absent;
        };
        if self.whole { known(line.pair(0)) } else { self.locked(line, place.bucket) }
    }

    /// The decision in `line` by the sequence lock of its bucket.
    #[cold]
    fn locked(&self, line: Line<'_>, bucket: usize) -> Answer {
        for _ in 0..LOOKS {
            let before = self.sequence(bucket);
            fence(Acquire);
            let pair = [line.word(0), line.word(1)];
            fence(Acquire);
            if before.is_multiple_of(2) && self.sequence(bucket) == before {
                return known(pair);
            }
            std::hint::spin_loop();
        }
        Answer::Busy
    }

    /// The sequence lock of a bucket: odd while a pair is written.
    fn sequence(&self, bucket: usize) -> u32 {
        self.check_at(Place { bucket, slot: SLOTS })
    }

    /// The checksum that stands for a bucket's line of tags.
    fn tags_check(&self, bucket: usize) -> u32 {
        self.check_at(Place { bucket, slot: SLOTS + 1 })
    }

    /// The checksum that a bucket's line of tags has; 0 of one without any.
    fn tags_sum(&self, bucket: usize) -> u32 {
        let words = self.tags.get(bucket).map_or([0; 8], |line| line.words());
        if words == [0; 8] {
            return 0;
        }
        let sum = xxh3_64_with_seed(bytemuck::cast_slice(&words), bucket as u64);
        let [a, b, c, d, ..] = sum.to_le_bytes();
        u32::from_le_bytes([a, b, c, d])
    }

    /// The checksum of a slot.
    fn check_at(&self, place: Place) -> u32 {
        let (line, word, half) = check_place(place);
        let word = self.checks.get(line).map_or(0, |line| line.word(word));
        let [a, b, c, d, e, f, g, h] = word.to_le_bytes();
        u32::from_le_bytes(if half == 0 { [a, b, c, d] } else { [e, f, g, h] })
    }

    /// Slots of `line` that hold a wallet.
    fn live(&self, line: Line<'_>) -> u32 {
        !(self.lanes.equal(line, FREE) | self.lanes.equal(line, DEAD)) & SLOT_BITS
    }

    /// The bucket behind `bucket`.
    #[inline]
    fn after(&self, bucket: usize) -> usize {
        if bucket + 1 < self.buckets { bucket + 1 } else { 0 }
    }
}

/// Line, word and half of it where the checksum of a slot stands; the lock stands in that of slot 30, and the
/// checksum of the tags in that of slot 31.
fn check_place(place: Place) -> (usize, usize, usize) {
    (2 * place.bucket + place.slot / 16, place.slot % 16 / 2, place.slot % 2)
}

#[inline(always)]
fn known([_, decision]: [u64; 2]) -> Answer {
    let [a, b, c, d, e, f, g, h] = decision.to_le_bytes();
    Answer::Known(Decision {
        confidence: u32::from_le_bytes([a, b, c, d]),
        flags: u32::from_le_bytes([e, f, g, h]),
    })
}

/// The word of a line of tags whose upper half are `overflow` and `moves`.
const COUNTS_WORD: usize = 7;
const OVERFLOW_SHIFT: u32 = 32;
const MOVES_SHIFT: u32 = 48;

/// Wallets that had to go past the bucket of this line of tags.
#[inline(always)]
fn overflow(line: Line<'_>) -> u64 {
    overflow_of(line.word(COUNTS_WORD))
}

#[inline(always)]
fn overflow_of(word: u64) -> u64 {
    word >> OVERFLOW_SHIFT & 0xffff
}

/// The bits that are set, from the lowest.
fn bits(mut of: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let at = of.trailing_zeros();
        (of != 0).then(|| {
            of &= of - 1;
            at as usize
        })
    })
}

/// The hash of an address: the halves of one product of 64 x 64 bits of what the seeds, which are the
/// table's secret, make of its first and last 8 bytes. Two wallets with keys can hardly share 16 bytes;
/// who makes a table of addresses that do gets a table that says it is full.
#[inline(always)]
pub fn hash(seeds: [u64; 2], address: &Address) -> u64 {
    let words: [u64; 4] = bytemuck::pod_read_unaligned(address);
    let product = u128::from(words[0] ^ seeds[0]) * u128::from(words[3] ^ seeds[1]);
    let [low, high]: [u64; 2] = bytemuck::cast(product);
    low ^ high
}

/// The bucket that a hash names: by its high bits.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "below the number of buckets")]
fn bucket_of(hash: u64, buckets: usize) -> usize {
    let [_, high]: [u64; 2] = bytemuck::cast(u128::from(hash) * buckets as u128);
    high as usize
}

/// The tag of a hash: its low 16 bits, and never one of a slot without a wallet.
#[inline(always)]
fn tag_of(hash: u64) -> u16 {
    let [a, b, ..] = hash.to_le_bytes();
    let tag = u16::from_le_bytes([a, b]);
    if tag <= DEAD { tag + 2 } else { tag }
}

/// A table in memory of this process only: what a new file is made of, and tests.
#[derive(Debug)]
pub struct Heap {
    lines: Vec<AtomicLine>,
    head: Head,
}

impl Heap {
    /// An empty table, on pages of any size.
    pub fn new(head: Head) -> Self {
        Self::with_pages(head, true)
    }

    /// An empty table on large pages, as far as the system has them, or on small ones only.
    pub fn with_pages(head: Head, large: bool) -> Self {
        let count = head.geometry.lines();
        let mut lines: Vec<AtomicLine> = Vec::with_capacity(count);
        if large {
            crate::mem::large_pages(lines.spare_capacity_mut());
        } else {
            crate::mem::small_pages(lines.spare_capacity_mut());
        }
        lines.resize_with(count, AtomicLine::zero);
        head.write(&lines);
        Self { lines, head }
    }

    /// The address of a page of it, to find it in `/proc/self/smaps`.
    pub fn page(&self) -> usize {
        self.lines.as_ptr().addr() / 4096 * 4096
    }

    /// Its lines.
    pub fn lines(&self) -> &[AtomicLine] {
        &self.lines
    }

    /// What it is.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// To look at.
    pub fn table(&self, lanes: Lanes) -> Table<'_> {
        Table::new(Lines::new(&self.lines), &self.head, lanes)
    }
}

#[cfg(test)]
pub(crate) mod tests;
