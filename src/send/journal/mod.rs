//! The journal: what was begun and what came of it, in a file that survives the process.
//!
//! ```text
//! head 64 | entry 384 | entry 384 | ..
//!
//! head   0 magic "MEVJRNL1"   8 version u32   12 entry length u32   16 zero
//! entry  0 checksum u64, xxh3-64 of bytes 8..384     8 sequence u64, from 1
//!       16 kind u8: 1 attempt, 2 outcome, 3 final, 4 taken, 5 signatures (both version 2)   17 zero
//!       24 at_ns u64, CLOCK_REALTIME
//!       32 price u64, lamports     40 expires_ns u64   48 ends_ns u64   56 last valid slot u64 or 0
//!       64 receipt, 320 bytes: the record of that layout; of signatures instead: those of a bundle's
//!          transactions, 64 bytes each, and zero bytes where there are no more
//! ```
//!
//! An `attempt` is written before the first byte of its request leaves; its receipt says which
//! bundle, road and endpoint, and nothing of an answer. An `outcome` is the receipt of an attempt,
//! a `final` that of a bundle. A `taken` stands before the attempts of a bundle that somebody was
//! promised to hear of, as the gateway does; `signatures` before the first attempt of a bundle whose
//! transactions may land one by one: nobody else knows such a bundle by its id, which is a hash of them.
//! Little-endian, appended only, each entry by one write(2): what was
//! written survives the death of the process; the machine's own death only under `--sync always`.
//!
//! A tail that is no whole sound entry was being written when the machine or the process died: it is
//! cut off, and said. Damage before a sound entry is damage.

pub mod run;

use crate::error::{Error, Result};
use crate::record::{Layout, Receipt};
use xxhash_rust::xxh3::xxh3_64;

/// The head's first bytes.
const MAGIC: [u8; 8] = *b"MEVJRNL1";
/// The version of the layout above. Journals of version 1 are read, too: they have neither `taken` nor `signatures`.
const VERSION: u32 = 2;
/// Bytes of the head.
pub(super) const HEAD_LEN: usize = 64;
/// Bytes of an entry.
pub(super) const ENTRY_LEN: usize = size_of::<Entry>();

/// What an entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A request is about to leave.
    Attempt = 1,
    /// What came of an attempt.
    Outcome = 2,
    /// The last word about a bundle.
    Final = 3,
    /// A bundle is going to be sent.
    Taken = 4,
    /// The signatures of a bundle's transactions.
    Signatures = 5,
}

/// One entry. See the module's documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Entry {
    checksum: u64,
    sequence: u64,
    kind: u8,
    _zero: [u8; 7],
    /// When it was written.
    pub at_ns: u64,
    /// What the bundle costs if it lands, in lamports.
    pub price: u64,
    /// When the bundle is not sent any more.
    pub expires_ns: u64,
    /// When the bundle cannot land any more.
    pub ends_ns: u64,
    /// Last slot in which the bundle can land; 0 if that is not known.
    pub last_valid_slot: u64,
    /// Which attempt, or what came of it.
    pub receipt: Receipt,
}

const _: () = assert!(size_of::<Entry>() == 384);

impl Entry {
    /// An entry that was not sealed yet.
    pub fn new(kind: Kind, at_ns: u64, receipt: Receipt) -> Self {
        let kind = kind as u8;
        let mut made: Self = bytemuck::Zeroable::zeroed();
        (made.kind, made.at_ns, made.receipt) = (kind, at_ns, receipt);
        made
    }

    /// The entry that holds `signatures`, at most five.
    pub fn of_signatures(at_ns: u64, signatures: &[[u8; 64]]) -> Self {
        let mut made: Self = bytemuck::Zeroable::zeroed();
        (made.kind, made.at_ns) = (Kind::Signatures as u8, at_ns);
        let room = bytemuck::bytes_of_mut(&mut made.receipt).chunks_exact_mut(64);
        room.zip(signatures).for_each(|(to, signature)| to.copy_from_slice(signature));
        made
    }

    /// The signatures that an entry of them holds.
    pub fn signatures(&self) -> Vec<[u8; 64]> {
        let all = bytemuck::bytes_of(&self.receipt).chunks_exact(64);
        let held = all.filter_map(|bytes| <[u8; 64]>::try_from(bytes).ok());
        held.take_while(|signature| *signature != [0; 64]).collect()
    }

    /// What it says.
    pub fn kind(&self) -> Kind {
        match self.kind {
            1 => Kind::Attempt,
            2 => Kind::Outcome,
            4 => Kind::Taken,
            5 => Kind::Signatures,
            _ => Kind::Final,
        }
    }

    /// The same entry with its number and checksum.
    #[must_use]
    pub fn sealed(mut self, sequence: u64) -> Self {
        self.sequence = sequence;
        self.checksum = self.sum();
        self
    }

    fn sum(&self) -> u64 {
        xxh3_64(bytemuck::bytes_of(self).get(8..).unwrap_or_default())
    }

    /// The entry that is all of `bytes`, if its checksum is right and it follows the layout.
    fn read(bytes: &[u8]) -> Option<Self> {
        let entry: Self = bytemuck::try_pod_read_unaligned(bytes).ok()?;
        let schema = Receipt::SCHEMA;
        let prefix = entry.receipt.head;
        let is_receipt = matches!(entry.kind, 1..=4)
            && (prefix.kind, prefix.version) == (schema.kind, schema.version)
            && usize::try_from(prefix.len).ok() == Some(schema.size)
            && entry.receipt.invalid().is_none();
        let sound = entry.checksum == entry.sum()
            && (is_receipt || (entry.kind() == Kind::Signatures && !entry.signatures().is_empty()));
        sound.then_some(entry)
    }
}

/// The head of a new journal.
pub(super) fn head() -> [u8; HEAD_LEN] {
    head_of(VERSION)
}

fn head_of(version: u32) -> [u8; HEAD_LEN] {
    let mut head = [0; HEAD_LEN];
    let parts = [MAGIC.as_slice(), &version.to_le_bytes(), &384u32.to_le_bytes()].concat();
    for (to, byte) in head.iter_mut().zip(parts) {
        *to = byte;
    }
    head
}

/// What a journal holds.
#[derive(Debug, Default)]
pub struct Recovered {
    /// Its entries, in order.
    pub entries: Vec<Entry>,
    /// Bytes up to the end of the last whole one; 0 if not even the head is whole.
    pub sound_len: u64,
    /// Bytes behind them, which are cut off.
    pub cut_len: u64,
}

/// Reads the bytes of a journal.
///
/// # Errors
/// Status 3 when it is no journal, or one of another version; status 4 when an entry before a sound
/// one is damaged.
pub fn recover(bytes: &[u8]) -> Result<Recovered> {
    let mut found = Recovered::default();
    let should = head();
    let Some((head, mut rest)) = bytes.split_at_checked(HEAD_LEN) else {
        if !should.starts_with(bytes) {
            return Err(Error::foreign("not a journal of mev-send"));
        }
        found.cut_len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        return Ok(found);
    };
    if head != should && head != head_of(1) {
        let other = head.starts_with(MAGIC.get(..7).unwrap_or_default());
        let what = if other { "a journal of another version" } else { "not a journal of mev-send" };
        return Err(Error::foreign(what));
    }
    let mut sound_len = HEAD_LEN;
    while let Some((entry, after)) = rest.split_at_checked(ENTRY_LEN) {
        let number = found.entries.len();
        let next = u64::try_from(number).unwrap_or(u64::MAX).saturating_add(1);
        match Entry::read(entry).filter(|entry| entry.sequence == next) {
            Some(entry) => found.entries.push(entry),
            None if after.chunks_exact(ENTRY_LEN).any(|later| Entry::read(later).is_some()) => {
                let at = u64::try_from(sound_len).unwrap_or(u64::MAX);
                let error = Error::damaged("an entry of the journal is damaged, and others follow");
                return Err(error.at(at, u64::try_from(number).unwrap_or(u64::MAX)));
            }
            None => break,
        }
        sound_len = sound_len.saturating_add(ENTRY_LEN);
        rest = after;
    }
    found.sound_len = u64::try_from(sound_len).unwrap_or(u64::MAX);
    found.cut_len = u64::try_from(rest.len()).unwrap_or(u64::MAX);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Exit;
    use crate::record::Outcome;
    use proptest::prelude::*;

    fn entry(number: u8, kind: Kind) -> Entry {
        let mut receipt = Receipt::new(u64::from(number));
        (receipt.id, receipt.present) = ([number; 32], Receipt::ID);
        receipt.outcome = Outcome::Unknown as u8;
        let mut entry = Entry::new(kind, 1_000 + u64::from(number), receipt);
        (entry.price, entry.expires_ns, entry.ends_ns) = (5, 6, 7);
        entry.sealed(u64::from(number))
    }

    fn journal(count: u8) -> Vec<u8> {
        let mut bytes = head().to_vec();
        for number in 1..=count {
            bytes.extend(bytemuck::bytes_of(&entry(number, Kind::Attempt)));
        }
        bytes
    }

    #[test]
    fn what_was_written_is_read_back() {
        let mut bytes = head().to_vec();
        let signatures = Entry::of_signatures(9, &[[7; 64]; 3]).sealed(4);
        let entries =
            [entry(1, Kind::Attempt), entry(2, Kind::Outcome), entry(3, Kind::Final), signatures];
        for entry in &entries {
            bytes.extend(bytemuck::bytes_of(entry));
        }
        let found = recover(&bytes).unwrap();
        assert_eq!(found.entries, entries);
        assert_eq!((found.sound_len, found.cut_len), (64 + 4 * 384, 0));
        let kinds = [Kind::Attempt, Kind::Outcome, Kind::Final, Kind::Signatures];
        assert_eq!(entries.map(|entry| entry.kind()), kinds);
        assert_eq!(entries[3].signatures(), [[7; 64]; 3]);
        assert_eq!(&bytes[..16], b"MEVJRNL1\x02\0\0\0\x80\x01\0\0");
        // The layout is this one, byte for byte.
        assert_eq!(bytes[72..80], 1u64.to_le_bytes());
        assert_eq!((bytes[80], &bytes[88..96]), (1, 1_001u64.to_le_bytes().as_slice()));
        assert_eq!(&bytes[128..134], &[64, 1, 0, 0, 0x50, 0]);
        assert_eq!(bytes[64..72], xxh3_64(&bytes[72..448]).to_le_bytes());
    }

    #[test]
    fn a_journal_cut_at_any_byte_keeps_what_is_whole() {
        let bytes = journal(3);
        for len in 0..bytes.len() {
            let found = recover(&bytes[..len]).unwrap();
            let whole = len.saturating_sub(HEAD_LEN) / ENTRY_LEN;
            assert_eq!(found.entries.len(), whole, "{len}");
            let sound = if len < HEAD_LEN { 0 } else { HEAD_LEN + whole * ENTRY_LEN };
            assert_eq!(found.sound_len, sound as u64);
            assert_eq!(found.cut_len, (len - sound) as u64);
        }
    }

    #[test]
    fn a_damaged_last_entry_is_cut_and_one_before_it_is_damage() {
        let bytes = journal(3);
        for byte in (HEAD_LEN..bytes.len()).step_by(7) {
            let mut damaged = bytes.clone();
            damaged[byte] ^= 0x10;
            let number = (byte - HEAD_LEN) / ENTRY_LEN;
            match recover(&damaged) {
                Ok(found) => {
                    assert_eq!((number, found.entries.len()), (2, 2), "{byte}");
                    assert_eq!(found.cut_len, 384);
                }
                Err(error) => assert!(number < 2 && error.exit() == Exit::Damaged, "{error}"),
            }
        }
        // Several that were lost with the power: zeros.
        let mut zeros = journal(1);
        zeros.extend([0; 1000]);
        let found = recover(&zeros).unwrap();
        assert_eq!((found.entries.len(), found.cut_len), (1, 1000));
        // One that was left out.
        let mut missing = journal(1);
        missing.extend(bytemuck::bytes_of(&entry(3, Kind::Attempt)));
        missing.extend(bytemuck::bytes_of(&entry(4, Kind::Attempt)));
        assert_eq!(recover(&missing).unwrap_err().exit(), Exit::Damaged);
    }

    #[test]
    fn other_files_are_not_taken_for_a_journal() {
        for other in [b"MEVREC01".repeat(20), b"x".to_vec(), vec![0; 64]] {
            let error = recover(&other).unwrap_err();
            assert_eq!(
                (error.exit(), error.to_string().contains("not a journal")),
                (Exit::Foreign, true)
            );
        }
        let mut later = journal(1);
        later[7] = b'2';
        assert!(recover(&later).unwrap_err().to_string().contains("another version"));
        let mut later = journal(1);
        later[8] = 3;
        assert!(recover(&later).unwrap_err().to_string().contains("another version"));
        let mut earlier = journal(1);
        earlier[8] = 1;
        assert_eq!(recover(&earlier).unwrap().entries.len(), 1);
    }

    proptest! {
        #[test]
        fn no_bytes_behind_the_entries_are_taken_for_one(
            tail in prop::collection::vec(any::<u8>(), 0..900)
        ) {
            let bytes = [journal(2), tail.clone()].concat();
            let found = recover(&bytes).unwrap();
            prop_assert_eq!((found.entries.len(), found.cut_len), (2, tail.len() as u64));
        }
    }
}
