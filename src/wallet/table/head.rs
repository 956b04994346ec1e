//! The head of a table: what the file is, checked before anything in it is believed.
//!
//! In words of 8 bytes; what is not named is zero.
//!
//! | word | holds |
//! |---|---|
//! | 0 | `MEVWLLT1` |
//! | 1 | version of this layout, 1 |
//! | 2 | 0x0102030405060708, by which the order of bytes is told |
//! | 3 | buckets |
//! | 4, 5, 6, 7 | where tags, rows and checks begin, and where the file ends, in bytes |
//! | 8 | the table's own number, the same in every generation |
//! | 9, 10 | seeds of the hash |
//! | 11 | generation, from 1: how often the table was written anew |
//! | 12 | how pairs of words are published: 1 by one store, 2 under the sequence lock |
//! | 13 | the number up to which changes are in the file since it was written: those are not made again |
//! | 15 | xxh3-64 of words 0 to 14 |
//! | 16 | state: 1 open, 2 closed, 3 synced |
//! | 17 | the boot in which it was put into that state |
//! | 18, 19 | wallets; slots that hold one or did |
//! | 20 | sequence number of the last change that it holds |
//! | 24 | `MOVING!!` while another file is about to take its place, and for good once one has |
//!
//! Words 16 to 20 are numbers of 48 bits under a checksum of 16 each, so that each is written by one store.

use super::{Geometry, SLOTS};
use crate::error::{Error, Result};
use crate::mem::{AtomicLine, Lines};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// Lines of the head: a page.
pub(super) const HEAD_LINES: usize = 64;

const MAGIC: u64 = u64::from_le_bytes(*b"MEVWLLT1");
const VERSION: u64 = 1;
const ORDER: u64 = 0x0102_0304_0506_0708;
const MOVING: u64 = u64::from_le_bytes(*b"MOVING!!");

/// The line of words 16 to 23, and that of word 24.
const STATE_LINE: usize = 2;
const MOVING_LINE: usize = 3;

/// How a writer left a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A writer has it open, or had and is gone.
    Open,
    /// Closed: whole in memory, but not all of it need be on the disk.
    Closed,
    /// Closed, and all of it is on the disk.
    Synced,
}

impl State {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Synced => "synced",
        }
    }
}

/// The part of a head that never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Where everything is.
    pub geometry: Geometry,
    /// The table's own number, the same in every generation.
    pub id: u64,
    /// Seeds of the hash.
    pub seeds: [u64; 2],
    /// How often the table was written anew.
    pub generation: u64,
    /// The number up to which changes were in the file when it was written.
    pub base: u64,
    /// Pairs of words are published by one store, not under the sequence lock.
    pub whole: bool,
}

/// The part of a head that a writer changes when it opens, closes or syncs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// How it was left.
    pub state: State,
    /// In which boot.
    pub boot: u64,
    /// Wallets.
    pub live: u64,
    /// Slots that hold a wallet or did.
    pub used: u64,
    /// Sequence number of the last change that it holds.
    pub sequence: u64,
}

impl Head {
    /// The head of a file of `len` bytes that begins with `lines`.
    ///
    /// # Errors
    /// Status 3 when it is no table, or one of another version, byte order or kind of processor; 4
    /// when it contradicts itself.
    pub fn read(lines: Lines<'_>, len: u64) -> Result<Self> {
        let (Some(first), Some(second)) = (lines.get(0), lines.get(1)) else {
            return Err(foreign(&format!("it has {len} bytes only")));
        };
        let [magic, version, order, buckets, tags_at, rows_at, checks_at, end] = first.words();
        let [id, one, other, generation, pairs, base, _, sum] = second.words();
        if magic == MAGIC.swap_bytes() || (magic == MAGIC && order == ORDER.swap_bytes()) {
            return Err(Error::foreign("wallet table of a machine with the other order of bytes")
                .hint("export it there with walletdb export, and import that here"));
        }
        if magic != MAGIC {
            let start: String = magic.to_le_bytes().map(|byte| format!(" {byte:02x}")).concat();
            return Err(foreign(&format!("it starts with{start}")));
        }
        if version != VERSION {
            return Err(Error::foreign(format!(
                "wallet table of layout version {version}; this tool knows version {VERSION}"
            ))
            .hint("export it with the release that made it, and import that with this one"));
        }
        let words = [first.words(), second.words()];
        if sum != sum_of(words.as_flattened()) {
            return Err(Error::damaged("the head's checksum is not that of its words")
                .hint("the head is damaged: restore the file, or import an export of it"));
        }
        let geometry = usize::try_from(buckets).ok().and_then(Geometry::of_buckets);
        let Some(geometry) =
            geometry.filter(|of| of.offsets() == [tags_at, rows_at, checks_at, end])
        else {
            return Err(Error::damaged(format!("head contradicts itself: {buckets} buckets")));
        };
        if end != len {
            return Err(Error::damaged(format!(
                "table is {len} bytes long, and its head says {end}"
            ))
            .hint("it was cut: restore the file, or import an export of it"));
        }
        let whole = match pairs {
            1 => true,
            2 => false,
            _ => return Err(Error::damaged(format!("head contradicts itself: pairs {pairs}"))),
        };
        Ok(Self { geometry, id, seeds: [one, other], generation, base, whole })
    }

    /// Writes the head to the first of `lines`.
    pub fn write(&self, lines: &[AtomicLine]) {
        let [tags_at, rows_at, checks_at, end] = self.geometry.offsets();
        let buckets = self.geometry.buckets as u64;
        let [one, other] = self.seeds;
        let pairs = if self.whole { 1 } else { 2 };
        let mut words = [
            [MAGIC, VERSION, ORDER, buckets, tags_at, rows_at, checks_at, end],
            [self.id, one, other, self.generation, pairs, self.base, 0, 0],
        ];
        words[1][7] = sum_of(words.as_flattened());
        for (line, words) in lines.iter().zip(words) {
            put(line, words);
        }
    }
}

impl Standing {
    /// What `lines` say; `None` when a checksum is another one.
    pub fn read(lines: Lines<'_>) -> Option<Self> {
        let words = lines.get(STATE_LINE)?.words();
        let number = |at: u64| {
            let word = *words.get(usize::try_from(at).ok()?)?;
            (sealed(at, word) == word).then_some(word & LOW)
        };
        let state = match number(0)? {
            1 => State::Open,
            2 => State::Closed,
            3 => State::Synced,
            _ => return None,
        };
        let [boot, live, used, sequence] = [number(1)?, number(2)?, number(3)?, number(4)?];
        (words[5..] == [0; 3]).then_some(Self { state, boot, live, used, sequence })
    }

    /// Writes it to `lines`: that a table is open before all else, that it is closed after.
    pub fn write(&self, lines: &[AtomicLine]) {
        let Some(line) = lines.get(STATE_LINE) else { return };
        let state = match self.state {
            State::Open => 1,
            State::Closed => 2,
            State::Synced => 3,
        };
        if self.state == State::Open {
            line.store(0, sealed(0, state));
        }
        for (at, number) in (1..).zip([self.boot, self.live, self.used, self.sequence]) {
            line.store(usize::try_from(at).unwrap_or(8), sealed(at, number));
        }
        line.store(0, sealed(0, state));
    }
}

/// The bits of a number under its own checksum.
const LOW: u64 = (1 << 48) - 1;

/// The low 48 bits of `number`, under a checksum of it and of the place it stands in.
fn sealed(at: u64, number: u64) -> u64 {
    let low = number & LOW;
    low | xxh3_64_with_seed(&low.to_le_bytes(), at) << 48
}

/// Whether another file is about to take the place of this one, or has.
#[inline]
pub fn is_moving(lines: Lines<'_>) -> bool {
    lines.get(MOVING_LINE).is_some_and(|line| line.word(0) == MOVING)
}

/// Says or unsays that another file is about to take the place of this one.
pub fn set_moving(lines: &[AtomicLine], moving: bool) {
    if let Some(line) = lines.get(MOVING_LINE) {
        line.store(0, if moving { MOVING } else { 0 });
    }
}

/// The first broken rule of what is not under a checksum.
pub(super) fn stray(lines: Lines<'_>) -> Option<&'static str> {
    let moving = lines.get(MOVING_LINE).map_or([0; 8], |line| line.words());
    if ![0, MOVING].contains(&moving[0]) {
        return Some("the mark of a moving table is neither set nor clear");
    }
    let rest = (MOVING_LINE + 1..HEAD_LINES).filter_map(|at| lines.get(at));
    let zero = moving[1..].iter().all(|word| *word == 0)
        && rest.into_iter().all(|line| line.words() == [0; 8]);
    (!zero).then_some("the rest of the head is not zero")
}

fn put(line: &AtomicLine, words: [u64; 8]) {
    for (at, word) in words.into_iter().enumerate() {
        line.store(at, word);
    }
}

/// The checksum of all words but the last.
fn sum_of(words: &[u64]) -> u64 {
    let words = words.split_last().map_or(&[][..], |(_, words)| words);
    xxh3_64(bytemuck::cast_slice(words))
}

fn foreign(why: &str) -> Error {
    Error::foreign(format!("not a wallet table: {why}"))
        .hint("walletdb create and walletdb import make one; a CSV or Parquet file is imported")
}

/// Bytes of the file for each wallet, a hundredth each, when it holds `live`.
pub fn bytes_each(geometry: &Geometry, live: u64) -> Option<u64> {
    geometry.len().checked_mul(100)?.checked_div(live)
}

const _: () = assert!(SLOTS == 30 && HEAD_LINES * 64 == 4096);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Exit;

    fn lines() -> Vec<AtomicLine> {
        let geometry = Geometry::for_rows(100).unwrap();
        let made: Vec<_> = (0..geometry.lines()).map(|_| AtomicLine::zero()).collect();
        let head = Head { geometry, id: 7, seeds: [3, 9], generation: 1, base: 0, whole: true };
        head.write(&made);
        assert_eq!(Head::read(Lines::new(&made), geometry.len()).unwrap(), head);
        made
    }

    fn refusal(lines: &[AtomicLine], len: u64) -> (Exit, String) {
        let error = Head::read(Lines::new(lines), len).unwrap_err();
        assert!(error.exit() == Exit::Damaged || error.advice().is_some(), "{error}");
        (error.exit(), error.to_string())
    }

    #[test]
    fn every_flipped_bit_of_the_head_is_found() {
        let made = lines();
        let len = made.len() as u64 * 64;
        for (at, bit) in (0..16).flat_map(|at| (0..64).map(move |bit| (at, bit))) {
            let (line, word) = (&made[at / 8], at % 8);
            let right = line.look().word(word);
            line.store(word, right ^ 1 << bit);
            let (exit, what) = refusal(&made, len);
            let foreign = at < 2;
            assert_eq!(exit == Exit::Foreign, foreign, "word {at} bit {bit}: {what}");
            line.store(word, right);
        }
        assert_eq!(refusal(&made, len + 64).0, Exit::Damaged);
        assert_eq!(refusal(&[], 5).0, Exit::Foreign);
    }

    #[test]
    fn another_order_of_bytes_is_told() {
        let made = lines();
        for at in 0..16 {
            let word = made[at / 8].look().word(at % 8);
            made[at / 8].store(at % 8, word.swap_bytes());
        }
        let (exit, what) = refusal(&made, made.len() as u64 * 64);
        assert_eq!(exit, Exit::Foreign);
        assert!(what.contains("other order of bytes"), "{what}");
    }

    #[test]
    fn a_standing_is_read_whole_or_not_at_all() {
        let made = lines();
        let standing = Standing { state: State::Closed, boot: 5, live: 10, used: 12, sequence: 99 };
        standing.write(&made);
        assert_eq!(Standing::read(Lines::new(&made)), Some(standing));
        made[2].store(2, 11);
        assert_eq!(Standing::read(Lines::new(&made)), None);
        assert!(!is_moving(Lines::new(&made)) && stray(Lines::new(&made)).is_none());
        set_moving(&made, true);
        assert!(is_moving(Lines::new(&made)) && stray(Lines::new(&made)).is_none());
        made[3].store(0, 1);
        assert!(!is_moving(Lines::new(&made)) && stray(Lines::new(&made)).is_some());
    }
}
