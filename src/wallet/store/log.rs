//! The log: changes in the order in which they were made, each under a checksum.
//!
//! ```text
//! head 64 | record | record | ..
//!
//! head    0 "MEVWLOG1"   8 version u32   12 zero   16 number of the table u64
//!        24 sequence number of the first record u64   32 zero   56 xxh3-64 of bytes 0..56
//! record  0 xxh3-64 of bytes 8.., seeded by the table's number   8 sequence u64   16 length u32
//!        20 kind u8: 1 put, 2 remove, 3 fill   21 last of its group u8   22 zero
//!        24 body: a row of 64 bytes, an address of 32, or a fill of 160
//! ```
//!
//! A group of records takes effect together or not at all. What follows a record that is torn, or
//! whose number is not the next, does not count.

use crate::error::{Error, Result};
use crate::wallet::learn::Fill;
use crate::wallet::row::{Address, Row};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// Bytes of the head.
pub const HEAD_LEN: usize = 64;

/// Bytes of a record before its body.
const PREFIX_LEN: usize = 24;

const MAGIC: [u8; 8] = *b"MEVWLOG1";
const VERSION: u32 = 1;

/// A change, absolute: made twice it is as if it were made once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The wallet has this row.
    Put(Row),
    /// The wallet is not in the table.
    Remove(Address),
    /// A fill was taken into the lots.
    Fill(Fill),
}

/// A change that was read, with its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Logged {
    /// Its number.
    pub sequence: u64,
    /// What it is.
    pub change: Change,
    /// The last of its group.
    pub last: bool,
}

/// What a log holds.
#[derive(Debug, PartialEq, Eq)]
pub struct Contents {
    /// The number of the table that it is of.
    pub id: u64,
    /// The number of the record that comes first, or would.
    pub first: u64,
    /// The changes of whole groups.
    pub changes: Vec<Logged>,
    /// Bytes up to the end of the last whole group.
    pub sound_len: u64,
}

impl Contents {
    /// The number of the next record.
    pub fn next(&self) -> u64 {
        self.changes.last().map_or(self.first, |last| last.sequence + 1)
    }
}

/// The head of the log of table `id`, whose first record has the number `first`.
pub fn head(id: u64, first: u64) -> [u8; HEAD_LEN] {
    let mut head = [0; HEAD_LEN];
    head[..8].copy_from_slice(&MAGIC);
    head[8..12].copy_from_slice(&VERSION.to_le_bytes());
    head[16..24].copy_from_slice(&id.to_le_bytes());
    head[24..32].copy_from_slice(&first.to_le_bytes());
    let sum = xxh3_64(&head[..56]);
    head[56..].copy_from_slice(&sum.to_le_bytes());
    head
}

/// What a head says: the number of the table, and that of the first record.
///
/// # Errors
/// Status 3 when it is no log, or one of another version; 4 when it is damaged.
pub fn read_head(bytes: &[u8]) -> Result<(u64, u64)> {
    let hint = "it is the log of a wallet table: restore it, or remove it and lose what it holds";
    let word = |at| crate::bytes::u64_at(bytes, at).unwrap_or(0);
    if bytes.first_chunk::<8>() != Some(&MAGIC) {
        return Err(Error::foreign("not the log of a wallet table").hint(hint));
    }
    let version = crate::bytes::u32_at(bytes, 8).unwrap_or(0);
    if version != VERSION {
        let what = format!("log of layout version {version}; this tool knows version {VERSION}");
        return Err(Error::foreign(what).hint("open the table once with the release that wrote it"));
    }
    let sound = bytes.get(..56).is_some_and(|head| xxh3_64(head) == word(56));
    if !sound {
        return Err(Error::damaged("the log's head is damaged").hint(hint));
    }
    Ok((word(16), word(24)))
}

/// Appends a record to `to`.
pub fn append(to: &mut Vec<u8>, id: u64, logged: &Logged) {
    let at = to.len();
    let (kind, body): (u8, &[u8]) = match &logged.change {
        Change::Put(row) => (1, bytemuck::bytes_of(row)),
        Change::Remove(address) => (2, address),
        Change::Fill(fill) => (3, bytemuck::bytes_of(fill)),
    };
    let len = u32::try_from(PREFIX_LEN + body.len()).unwrap_or(0);
    to.extend([0; 8]);
    to.extend(logged.sequence.to_le_bytes());
    to.extend(len.to_le_bytes());
    to.extend([kind, u8::from(logged.last), 0, 0]);
    to.extend(body);
    if let Some((sum, rest)) = to.get_mut(at..).and_then(|record| record.split_first_chunk_mut()) {
        *sum = xxh3_64_with_seed(rest, id).to_le_bytes();
    }
}

/// The record that `bytes` begin with, and its length; `None` when there is none, or one that is torn.
pub fn read_one(bytes: &[u8], id: u64) -> Option<(Logged, usize)> {
    let len = crate::bytes::u32_at(bytes, 16)? as usize;
    let record = bytes.get(..len)?;
    let (sum, rest) = record.split_first_chunk()?;
    if u64::from_le_bytes(*sum) != xxh3_64_with_seed(rest, id) {
        return None;
    }
    let sequence = crate::bytes::u64_at(record, 8)?;
    let [kind, last, 0, 0] = crate::bytes::array_at(record, 20)? else { return None };
    let body = record.get(PREFIX_LEN..)?;
    let change = match kind {
        1 => Change::Put(bytemuck::try_pod_read_unaligned(body).ok()?),
        2 => Change::Remove(bytemuck::try_pod_read_unaligned(body).ok()?),
        3 => Change::Fill(bytemuck::try_pod_read_unaligned(body).ok()?),
        _ => return None,
    };
    Some((Logged { sequence, change, last: last != 0 }, len))
}

/// Reads a whole log.
///
/// # Errors
/// Those of [`read_head`].
pub fn read(bytes: &[u8]) -> Result<Contents> {
    let (id, first) = read_head(bytes)?;
    let mut found = Contents { id, first, changes: Vec::new(), sound_len: HEAD_LEN as u64 };
    let (mut at, mut whole) = (HEAD_LEN, 0);
    while let Some((logged, len)) = bytes.get(at..).and_then(|rest| read_one(rest, id)) {
        if logged.sequence != found.next() {
            break;
        }
        at += len;
        found.changes.push(logged);
        if logged.last {
            (whole, found.sound_len) = (found.changes.len(), at as u64);
        }
    }
    found.changes.truncate(whole);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Exit;

    fn log(groups: &[usize]) -> (Vec<u8>, Vec<Logged>) {
        let (mut bytes, mut all) = (head(7, 100).to_vec(), Vec::new());
        for count in groups {
            for place in 0..*count {
                let sequence = 100 + all.len() as u64;
                let address = [u8::try_from(sequence % 256).unwrap(); 32];
                let change = match sequence % 3 {
                    0 => Change::Remove(address),
                    1 => Change::Put(Row { flags: 5, ..Row::new(address) }),
                    _ => Change::Fill(Fill { wallet: address, ..bytemuck::Zeroable::zeroed() }),
                };
                let logged = Logged { sequence, change, last: place + 1 == *count };
                append(&mut bytes, 7, &logged);
                all.push(logged);
            }
        }
        (bytes, all)
    }

    #[test]
    fn what_was_appended_is_read() {
        let (bytes, all) = log(&[1, 3, 2]);
        let found = read(&bytes).unwrap();
        assert_eq!((found.id, found.first, found.next()), (7, 100, 106));
        assert_eq!((found.changes, found.sound_len), (all, bytes.len() as u64));
    }

    #[test]
    fn cut_anywhere_it_gives_the_whole_groups_before() {
        let (bytes, all) = log(&[2, 1, 4]);
        let mut seen = std::collections::BTreeSet::new();
        for cut in HEAD_LEN..bytes.len() {
            let found = read(&bytes[..cut]).unwrap();
            assert!([0, 2, 3].contains(&found.changes.len()), "{cut}");
            assert_eq!(found.changes, all[..found.changes.len()]);
            assert!(found.sound_len <= cut as u64);
            seen.insert(found.changes.len());
        }
        assert_eq!(seen.len(), 3);
        for cut in 0..HEAD_LEN {
            assert!(read(&bytes[..cut]).is_err());
        }
    }

    #[test]
    fn a_flipped_bit_ends_it_before() {
        let (bytes, all) = log(&[1; 5]);
        for bit in 0..bytes.len() * 8 {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            match read(&bytes) {
                Err(error) => assert!(bit < HEAD_LEN * 8 && error.exit() != Exit::Done),
                Ok(found) => {
                    assert!(bit >= HEAD_LEN * 8 && found.changes.len() < 5);
                    assert_eq!(found.changes, all[..found.changes.len()]);
                }
            }
        }
    }

    #[test]
    fn records_of_another_log_do_not_count() {
        let (mut bytes, all) = log(&[1, 1]);
        let len = bytes.len();
        // An older record, as a file that was written over may end with; and one of another table.
        append(&mut bytes, 7, &Logged { sequence: 101, ..all[1] });
        append(&mut bytes, 7, &Logged { sequence: 102, ..all[1] });
        assert_eq!(read(&bytes).unwrap().sound_len, len as u64);
        bytes.truncate(len);
        append(&mut bytes, 8, &Logged { sequence: 102, ..all[1] });
        assert_eq!(read(&bytes).unwrap().sound_len, len as u64);
    }
}
