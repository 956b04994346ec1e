//! A batch: the ledger bytes between two data-complete shreds, as entries and transactions.
//!
//! ```text
//! batch   count u64 | count entries | zeros
//! entry   hashes u64 | hash 32 | count u64 | count transactions
//! marker  0 u64 | version u16 | variant u8 | len u16 | payload
//! ```
//!
//! Little-endian (agave entry/src/entry.rs:45). A count of 0 is a block marker instead of entries
//! (agave entry/src/block_component.rs, SIMD-0307 and SIMD-0337): nothing to read for this toolkit,
//! and no error.
//!
//! [`Entries`] reads in one pass and holds nothing: an entry's head, then its transactions, then
//! the next head. Counts are claims: before it is believed, each is compared with how many of the
//! smallest items the bytes left could hold. The first refusal ends the walk, because the place of
//! everything after it depends on what was refused.
//!
//! A batch of which only the first bytes are there is read by [`Walk`], which goes on where it stopped
//! when more have come.

use super::reason::reasons;
use super::txn::{self, Transaction, TxReject};
use crate::bytes::Cursor;

/// Bytes of an entry without transactions.
pub const ENTRY_LEN_MIN: usize = 8 + 32 + 8;

reasons! {
    /// Why bytes are not a batch.
    pub enum BatchReject {
        /// They end before the batch does.
        Short = "batch_short",
        /// The count of entries exceeds what the bytes can hold.
        EntryCount = "batch_entry_count",
        /// An entry's count of transactions exceeds what the bytes can hold.
        TxCount = "batch_tx_count",
        /// Something other than zeros follows the last entry.
        Trailing = "batch_trailing",
    }
}

/// What ended the walk over a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The batch itself.
    Batch(BatchReject),
    /// A transaction in it.
    Txn(TxReject),
}

impl Fault {
    /// The name under which it is counted.
    pub fn name(self) -> &'static str {
        match self {
            Self::Batch(reason) => reason.name(),
            Self::Txn(reason) => reason.name(),
        }
    }
}

impl From<BatchReject> for Fault {
    fn from(reason: BatchReject) -> Self {
        Self::Batch(reason)
    }
}

impl From<TxReject> for Fault {
    fn from(reason: TxReject) -> Self {
        Self::Txn(reason)
    }
}

/// A batch's content.
#[derive(Clone, Debug)]
pub enum Batch<'a> {
    /// Entries.
    Entries(Entries<'a>),
    /// A block marker.
    Marker(Marker<'a>),
}

/// The head of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Hashes since the entry before, as its leader claims.
    pub num_hashes: u64,
    /// The last of those hashes.
    pub hash: &'a [u8; 32],
    /// Transactions that follow; 0 in a tick.
    pub tx_count: u64,
}

/// A block marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marker<'a> {
    /// Format, 1 so far; 0 in a leader's abort.
    pub version: u16,
    /// What it marks.
    pub variant: u8,
    /// Its content.
    pub payload: &'a [u8],
}

/// One step of the walk over a batch.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::large_enum_variant, reason = "one at a time, on the stack: a box would be heap")]
pub enum Item<'a> {
    /// The head of the next entry.
    Entry(Entry<'a>),
    /// The next transaction of the entry whose head came last.
    Txn(Transaction<'a>),
}

impl<'a> Batch<'a> {
    /// The batch that `bytes` are.
    ///
    /// # Errors
    /// The bytes end inside the count or the marker, or cannot hold as many entries.
    pub fn check(bytes: &'a [u8]) -> Result<Self, BatchReject> {
        let mut cursor = Cursor::new(bytes);
        let count = cursor.u64().ok_or(BatchReject::Short)?;
        if count == 0 {
            return Marker::read(&mut cursor).map(Self::Marker).ok_or(BatchReject::Short);
        }
        if count > at_most(&cursor, ENTRY_LEN_MIN) {
            return Err(BatchReject::EntryCount);
        }
        let left = Left { heads: count, txns: 0 };
        Ok(Self::Entries(Entries { cursor, left, more: false, ended: false }))
    }
}

impl<'a> Marker<'a> {
    /// A leader that abandons its block sends a count of 0 and nothing else.
    fn read(cursor: &mut Cursor<'a>) -> Option<Self> {
        if cursor.is_empty() {
            return Some(Self { version: 0, variant: 0, payload: &[] });
        }
        let (version, variant, len) = (cursor.u16()?, cursor.u8()?, cursor.u16()?);
        Some(Self { version, variant, payload: cursor.take(len.into())? })
    }
}

/// Walks over the entries and transactions of a batch, in order. A copy walks on its own, so that
/// a reader can look ahead before it believes.
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    cursor: Cursor<'a>,
    left: Left,
    /// More bytes follow, so that none of these counts can be judged.
    more: bool,
    ended: bool,
}

/// What has not been read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Left {
    /// Heads of entries.
    heads: u64,
    /// Transactions of the entry whose head came last.
    txns: u64,
}

/// How far a batch was read that comes piece by piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walk {
    left: Left,
}

impl Walk {
    /// Bytes that the count of entries takes, behind which the walk begins.
    pub const START: usize = 8;

    /// The walk over the batch that begins with `bytes`; `None` when they are too few to tell, and of
    /// what holds no entries.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let heads = Cursor::new(bytes).u64().filter(|count| *count > 0)?;
        Some(Self { left: Left { heads, txns: 0 } })
    }

    /// Goes on with `bytes`, the first of which was not read yet. Unless they are the `last` ones of
    /// the batch, an item that does not read is one whose bytes have not all come: the walk ends
    /// before it, and [`Self::stop`] keeps the place.
    pub fn on<'a>(&self, bytes: &'a [u8], last: bool) -> Entries<'a> {
        Entries { cursor: Cursor::new(bytes), left: self.left, more: !last, ended: false }
    }

    /// Keeps where `entries` stopped; the number of bytes that were read.
    pub fn stop(&mut self, entries: &Entries<'_>) -> usize {
        self.left = entries.left;
        entries.at()
    }
}

/// What a batch holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Entries.
    pub entries: u64,
    /// Transactions.
    pub txns: u64,
}

impl<'a> Entries<'a> {
    /// Entries whose head has not been read.
    pub fn entries_left(&self) -> u64 {
        self.left.heads
    }

    /// Offset in the batch of the next unread byte; after a refusal, of what was refused.
    pub fn at(&self) -> usize {
        self.cursor.at()
    }

    /// Walks a copy to the end: how much there is, or what is wrong and at which byte.
    ///
    /// # Errors
    /// What [`Iterator::next`] would come upon, with its offset in the batch.
    pub fn totals(mut self) -> Result<Totals, (usize, Fault)> {
        let mut totals = Totals::default();
        while let Some(item) = self.next() {
            match item {
                Ok(Item::Entry(_)) => totals.entries += 1,
                Ok(Item::Txn(_)) => totals.txns += 1,
                Err(fault) => return Err((self.at(), fault)),
            }
        }
        Ok(totals)
    }

    fn step(&mut self) -> Result<Option<Item<'a>>, Fault> {
        if let Some(left) = self.left.txns.checked_sub(1) {
            let txn = Transaction::check_prefix(self.cursor.rest())?;
            self.cursor.take(txn.bytes().len()).ok_or(BatchReject::Short)?;
            self.left.txns = left;
            return Ok(Some(Item::Txn(txn)));
        }
        let Some(left) = self.left.heads.checked_sub(1) else {
            let clean = self.more || self.cursor.rest().iter().all(|byte| *byte == 0);
            return if clean { Ok(None) } else { Err(BatchReject::Trailing.into()) };
        };
        let mut cursor = self.cursor;
        let entry = Entry::read(&mut cursor).ok_or(BatchReject::Short)?;
        if !self.more && entry.tx_count > at_most(&cursor, txn::LEN_MIN) {
            return Err(BatchReject::TxCount.into());
        }
        (self.cursor, self.left) = (cursor, Left { heads: left, txns: entry.tx_count });
        Ok(Some(Item::Entry(entry)))
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Item<'a>, Fault>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let step = self.step().transpose();
        self.ended = !matches!(step, Some(Ok(_)));
        step.filter(|step| step.is_ok() || !self.more)
    }
}

impl std::iter::FusedIterator for Entries<'_> {}

impl<'a> Entry<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Option<Self> {
        Some(Self { num_hashes: cursor.u64()?, hash: cursor.array()?, tx_count: cursor.u64()? })
    }
}

/// How many items of `len` bytes the rest of `cursor` can hold.
fn at_most(cursor: &Cursor<'_>, len: usize) -> u64 {
    (cursor.rest().len() / len) as u64
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::shred::Shred;
    use super::super::testdata;
    use super::*;
    use crate::bytes::base58::Signature;
    use ed25519_dalek::{Signature as Ed25519, VerifyingKey};
    use proptest::prelude::*;

    /// A transaction of one key and no instruction.
    fn txn(byte: u8) -> Vec<u8> {
        [&[1][..], &[byte; 64], &[1, 0, 0, 1], &[byte; 64], &[0]].concat()
    }

    fn entry(hashes: u64, txns: &[Vec<u8>]) -> Vec<u8> {
        let count = (txns.len() as u64).to_le_bytes();
        [&hashes.to_le_bytes()[..], &[3; 32], &count, &txns.concat()].concat()
    }

    fn batch(entries: &[Vec<u8>]) -> Vec<u8> {
        [(entries.len() as u64).to_le_bytes().to_vec(), entries.concat()].concat()
    }

    fn entries(bytes: &[u8]) -> Entries<'_> {
        match Batch::check(bytes) {
            Ok(Batch::Entries(entries)) => entries,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn entries_come_before_their_transactions() {
        let bytes = batch(&[entry(7, &[]), entry(1, &[txn(1), txn(2)]), entry(5, &[txn(3)])]);
        let seen: Vec<u64> = entries(&bytes)
            .map(|item| match item.unwrap() {
                Item::Entry(entry) => 100 + entry.num_hashes,
                Item::Txn(txn) => txn.signature()[0].into(),
            })
            .collect();
        assert_eq!(seen, [107, 101, 1, 2, 105, 3]);
        assert_eq!(entries(&bytes).totals(), Ok(Totals { entries: 3, txns: 3 }));
    }

    #[test]
    fn only_zeros_may_follow() {
        let mut bytes = batch(&[entry(7, &[txn(1)])]);
        let len = bytes.len();
        bytes.extend([0; 50]);
        assert!(entries(&bytes).totals().is_ok());
        bytes.push(1);
        assert_eq!(entries(&bytes).totals(), Err((len, Fault::Batch(BatchReject::Trailing))));
    }

    #[test]
    fn every_shorter_length_is_refused() {
        let bytes = batch(&[entry(7, &[]), entry(1, &[txn(1), txn(2)])]);
        for len in 0..bytes.len() {
            let refused = match Batch::check(&bytes[..len]) {
                Ok(Batch::Entries(entries)) => entries.totals().is_err(),
                other => other.is_err(),
            };
            assert!(refused, "{len}");
        }
    }

    #[test]
    fn counts_beyond_the_bytes_are_refused_at_once() {
        for count in [2, 1 << 40, u64::MAX] {
            let mut bytes = batch(&[entry(7, &[txn(1)])]);
            bytes[..8].copy_from_slice(&(5 + count.min(u64::MAX - 5)).to_le_bytes());
            assert_eq!(Batch::check(&bytes).unwrap_err(), BatchReject::EntryCount);
            let mut bytes = batch(&[entry(7, &[txn(1)])]);
            bytes[48..56].copy_from_slice(&count.to_le_bytes());
            let mut walk = entries(&bytes);
            assert_eq!(walk.next().unwrap().unwrap_err(), Fault::Batch(BatchReject::TxCount));
            assert!(walk.next().is_none());
        }
    }

    #[test]
    fn a_bad_transaction_ends_the_walk_at_its_offset() {
        let mut bad = txn(2);
        bad[65] = 2;
        let bytes = batch(&[entry(7, &[txn(1), bad]), entry(1, &[])]);
        let good = 8 + ENTRY_LEN_MIN + txn(1).len();
        assert_eq!(entries(&bytes).totals(), Err((good, Fault::Txn(TxReject::Signatures))));
        assert_eq!(Fault::Txn(TxReject::Signatures).name(), "tx_signatures");
    }

    #[test]
    fn a_count_of_zero_is_a_marker() {
        let marker = |bytes: &[u8]| match Batch::check(bytes) {
            Ok(Batch::Marker(marker)) => {
                Some((marker.version, marker.variant, marker.payload.len()))
            }
            _ => None,
        };
        assert_eq!(marker(&[0; 8]), Some((0, 0, 0)));
        let bytes = [&[0; 8][..], &[1, 0, 2, 3, 0], &[9; 3], &[0; 7]].concat();
        assert_eq!(marker(&bytes), Some((1, 2, 3)));
        for len in 9..16 {
            assert_eq!(Batch::check(&bytes[..len]).unwrap_err(), BatchReject::Short);
        }
    }

    #[test]
    fn a_batch_that_comes_in_pieces_gives_the_same_items_as_soon_as_their_bytes_are_there() {
        let bytes = batch(&[entry(7, &[]), entry(1, &[txn(1), txn(2)]), entry(5, &[txn(3)])]);
        let bytes = [&bytes[..], &[0; 9]].concat();
        let shown = |item: Result<Item<'_>, Fault>| match item.unwrap() {
            Item::Entry(entry) => format!("{entry:?}").into_bytes(),
            Item::Txn(txn) => txn.bytes().to_vec(),
        };
        let whole: Vec<_> = entries(&bytes).map(shown).collect();
        let mut walk = entries(&bytes);
        let item_ends: Vec<_> = std::iter::from_fn(|| walk.next().map(|_| walk.at())).collect();
        assert!(Walk::new(&bytes[..7]).is_none() && Walk::new(&[0; 9]).is_none());
        for piece in [1, 5, 48, 100, 1000] {
            let mut walk = Walk::new(&bytes).unwrap();
            let (mut at, mut seen) = (Walk::START, Vec::new());
            for end in (at..bytes.len()).step_by(piece).chain([bytes.len()]) {
                let mut items = walk.on(&bytes[at..end], end == bytes.len());
                seen.extend(items.by_ref().map(shown));
                at += walk.stop(&items);
                // Nothing waits whose bytes are there.
                assert_eq!(seen.len(), item_ends.iter().filter(|item| **item <= end).count());
            }
            assert_eq!(seen, whole, "{piece}");
        }
        // A count that the rest cannot hold is refused with the last bytes only.
        let cut = &bytes[..8 + 48 + 48 + 20];
        let walk = Walk::new(cut).unwrap();
        assert_eq!(walk.on(&cut[8..], false).count(), 2);
        let refused = walk.on(&cut[8..], true).last().unwrap().unwrap_err();
        assert_eq!(refused, Fault::Batch(BatchReject::TxCount));
    }

    /// The batches of a capture's data shreds, in order of index, and the indexes that end them.
    fn batches(packets: &[Vec<u8>]) -> (Vec<Vec<u8>>, Vec<u32>) {
        let mut shreds: Vec<Shred<'_>> = packets
            .iter()
            .map(|packet| Shred::check(packet).unwrap())
            .filter(|shred| shred.data_header().is_some())
            .collect();
        shreds.sort_by_key(Shred::index);
        shreds.dedup_by_key(|shred| shred.index());
        let (mut batches, mut open, mut ends) = (Vec::new(), Vec::new(), Vec::new());
        for shred in shreds {
            open.extend_from_slice(shred.ledger());
            if shred.data_header().unwrap().data_complete() {
                batches.push(std::mem::take(&mut open));
                ends.push(shred.index());
            }
        }
        assert!(open.is_empty());
        (batches, ends)
    }

    fn verifies(txn: &Transaction<'_>) -> bool {
        txn.signatures().iter().zip(txn.keys()).all(|(signature, key)| {
            VerifyingKey::from_bytes(key).is_ok_and(|key| {
                key.verify_strict(txn.message(), &Ed25519::from_bytes(signature)).is_ok()
            })
        })
    }

    #[test]
    fn a_mainnet_block_is_what_the_oracle_says() {
        let Some(packets) = testdata::packets("mainnet-102815960") else { return };
        let oracle = testdata::json("shreds/mainnet-102815960.oracle.json").unwrap();
        let (batches, ends) = batches(&packets);
        let expected: Vec<u32> =
            serde_json::from_value(oracle["entry_end_indexes"].clone()).unwrap();
        assert_eq!((ends, batches.len()), (expected, 574));
        let mut sum = Totals::default();
        for batch in &batches {
            let totals = entries(batch).totals().unwrap();
            (sum.entries, sum.txns) = (sum.entries + totals.entries, sum.txns + totals.txns);
            for item in entries(batch) {
                if let Item::Txn(txn) = item.unwrap() {
                    assert!(verifies(&txn));
                }
            }
        }
        assert_eq!(sum, Totals { entries: 881, txns: 3177 });
    }

    #[test]
    fn a_chained_set_holds_the_manifest_s_signatures() {
        let Some(packets) = testdata::packets("slot-410010000-fec0") else { return };
        let manifest = testdata::file("shreds/slot-410010000-fec0.manifest.zon").unwrap();
        let manifest = String::from_utf8(manifest).unwrap();
        let expected: Vec<&str> =
            manifest.split('"').filter(|text| text.len() > 80 && text.len() < 90).collect();
        let (batches, ends) = batches(&packets);
        assert_eq!((batches.len(), ends), (1, vec![31]));
        assert_eq!(entries(&batches[0]).totals(), Ok(Totals { entries: 65, txns: 74 }));
        let signatures: Vec<String> = entries(&batches[0])
            .filter_map(|item| match item.unwrap() {
                Item::Txn(txn) => {
                    assert!(verifies(&txn));
                    Some(
                        txn.signatures()
                            .iter()
                            .map(|s| Signature(s).to_string())
                            .collect::<Vec<_>>(),
                    )
                }
                Item::Entry(_) => None,
            })
            .flatten()
            .collect();
        assert_eq!(signatures, expected);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn no_bytes_make_it_panic_or_walk_far(
            mut bytes in proptest::collection::vec(any::<u8>(), 0..600),
            counts in (0u64..4, 0u64..4),
        ) {
            if let Some(at) = bytes.get_mut(..8) { at.copy_from_slice(&counts.0.to_le_bytes()); }
            if let Some(at) = bytes.get_mut(48..56) { at.copy_from_slice(&counts.1.to_le_bytes()); }
            if let Ok(Batch::Entries(walk)) = Batch::check(&bytes) {
                prop_assert!(walk.count() <= bytes.len());
            }
        }
    }
}
