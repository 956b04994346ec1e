//! Proof of history: whether an entry's hash follows from the one before.
//!
//! ```text
//! tick                hash = sha256^n(previous)
//! with transactions   hash = sha256(sha256^(n-1)(previous) | root over the signatures)
//! root                leaf = sha256(0x00 | signature)   node = sha256(0x01 | left | right), an odd node pairs with itself
//! ```
//!
//! (agave entry/src/entry.rs `next_hash`, `hash_transactions`.) The leaves are all signatures of all
//! the entry's transactions. The root is folded as they come, in a fixed stack of one node a level.
//!
//! How many hashes lie between two entries is the sender's claim, and checking takes that long: a
//! claim beyond [`ENTRY_HASHES_MAX`], or beyond what is left of [`SLOT_HASHES_MAX`], is refused
//! instead of computed.

use super::entry::{Entry, Item};
use super::links::{Link, Links};
use super::reason::reasons;
use super::txn::Transaction;
use sha2::{Digest, Sha256};

/// A hash of the chain.
pub type Hash = [u8; 32];

/// Hashes that one entry may claim: sixteen ticks of mainnet, which has had from 12 500 to 62 500
/// hashes a tick, and an entry ends at the latest with its tick.
pub const ENTRY_HASHES_MAX: u64 = 1_000_000;
/// Hashes that a slot's entries may claim together: four times mainnet's 64 ticks of 62 500.
pub const SLOT_HASHES_MAX: u64 = 16_000_000;

reasons! {
    /// Why an entry does not follow.
    pub enum PohReject {
        /// Its hash is another than the one that follows.
        Hash = "poh_hash",
        /// It claims more hashes than one entry may.
        EntryHashes = "poh_entry_hashes",
        /// It claims more hashes than the slot has left.
        SlotHashes = "poh_slot_hashes",
    }
}

/// The Merkle root over an entry's signatures, folded as they come.
#[derive(Clone, Debug, Default)]
pub struct SignatureTree {
    /// Per level the left node that waits for its sibling; it waits where `leaf_count` has a bit.
    waiting: [Hash; 32],
    leaf_count: u32,
}

impl SignatureTree {
    /// Adds the next signature.
    pub fn add(&mut self, signature: &[u8; 64]) {
        let mut hash: Hash =
            Sha256::new().chain_update([0]).chain_update(signature).finalize().into();
        let mut place = 0;
        for (level, waiting) in self.waiting.iter().enumerate() {
            if self.leaf_count >> level & 1 == 0 {
                place = level;
                break;
            }
            hash = node(waiting, &hash);
        }
        if let Some(waiting) = self.waiting.get_mut(place) {
            *waiting = hash;
        }
        // A batch is smaller than 2^32 signatures of 64 bytes.
        self.leaf_count = self.leaf_count.saturating_add(1);
    }

    /// The root, which empties the tree; zeros of an empty one, as agave has it.
    pub fn take_root(&mut self) -> Hash {
        let count = std::mem::take(&mut self.leaf_count);
        let Some(top) = count.checked_ilog2() else { return [0; 32] };
        let mut last: Option<Hash> = None;
        for (level, waiting) in (0..=top).zip(&self.waiting) {
            last = match (count >> level & 1 == 1, last) {
                (true, Some(right)) => Some(node(waiting, &right)),
                (true, None) if level == top => Some(*waiting),
                (true, None) => Some(node(waiting, waiting)),
                (false, last) => last.map(|last| node(&last, &last)),
            };
        }
        last.unwrap_or_default()
    }
}

fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// Whether an entry of `num_hashes` hashes that ends in `hash` follows from `previous`; `root` is
/// that of its signatures, `None` for a tick.
///
/// # Errors
/// [`PohReject::EntryHashes`] before anything is computed, else [`PohReject::Hash`].
pub fn check(
    previous: &Hash,
    num_hashes: u64,
    hash: &Hash,
    root: Option<&Hash>,
) -> Result<(), PohReject> {
    if num_hashes > ENTRY_HASHES_MAX {
        return Err(PohReject::EntryHashes);
    }
    // The root is mixed into the last hash; an entry that claims none gets that one all the same.
    let plain = if root.is_some() { num_hashes.saturating_sub(1) } else { num_hashes };
    let mut last = *previous;
    for _ in 0..plain {
        last = Sha256::digest(last).into();
    }
    if let Some(root) = root {
        last = Sha256::new().chain_update(last).chain_update(root).finalize().into();
    }
    if last == *hash { Ok(()) } else { Err(PohReject::Hash) }
}

/// Follows a slot's entries through its batches, item by item.
///
/// An entry can be checked once its last transaction is known: by the next entry's head or by
/// [`Chain::close`]. Up to sixteen such entries wait, to be computed side by side, which is what
/// [`check`] finds of each; [`Chain::settle`] leaves none waiting. After a refusal the chain goes on
/// from the hash that was claimed.
#[derive(Clone, Debug)]
pub struct Chain {
    previous: Option<Hash>,
    open: Option<Open>,
    signatures: SignatureTree,
    waiting: Links,
    hashes_left: u64,
    checked: u64,
}

#[derive(Clone, Debug)]
struct Open {
    num_hashes: u64,
    hash: Hash,
    has_txns: bool,
}

impl Chain {
    /// A chain that continues `previous`, the last hash of the parent slot; without it the first
    /// entry is believed.
    pub fn new(previous: Option<Hash>) -> Self {
        Self {
            previous,
            open: None,
            signatures: SignatureTree::default(),
            waiting: Links::new(),
            hashes_left: SLOT_HASHES_MAX,
            checked: 0,
        }
    }

    /// Takes the next item of a batch, and hands to `refuse` why entries before it do not follow.
    pub fn item(&mut self, item: &Item<'_>, refuse: &mut impl FnMut(PohReject)) {
        match item {
            Item::Entry(entry) => self.entry(entry, refuse),
            Item::Txn(txn) => self.txn(txn),
        }
    }

    /// Takes the head of the next entry, and hands to `refuse` why entries before it do not follow.
    pub fn entry(&mut self, entry: &Entry<'_>, refuse: &mut impl FnMut(PohReject)) {
        self.close(refuse);
        let (num_hashes, hash) = (entry.num_hashes, *entry.hash);
        self.open = Some(Open { num_hashes, hash, has_txns: false });
    }

    /// Takes the next transaction of the entry whose head came last.
    pub fn txn(&mut self, txn: &Transaction<'_>) {
        if let Some(open) = &mut self.open {
            open.has_txns = true;
            txn.signatures().iter().for_each(|signature| self.signatures.add(signature));
        }
    }

    /// Ends the entry whose transactions have all been taken, and hands to `refuse` why entries do
    /// not follow: a claim too large at once, another hash when it is computed.
    pub fn close(&mut self, refuse: &mut impl FnMut(PohReject)) {
        let Some(Open { num_hashes, hash, has_txns }) = self.open.take() else { return };
        let root = self.signatures.take_root();
        let Some(previous) = self.previous.replace(hash) else { return };
        if num_hashes > ENTRY_HASHES_MAX {
            return refuse(PohReject::EntryHashes);
        }
        let Some(left) = self.hashes_left.checked_sub(num_hashes) else {
            return refuse(PohReject::SlotHashes);
        };
        self.hashes_left = left;
        let link = Link::new(&previous, num_hashes, &hash, has_txns.then_some(&root));
        self.waiting.push(link, &mut count(&mut self.checked, refuse));
    }

    /// Computes the entries that wait, and hands to `refuse` why some do not follow.
    pub fn settle(&mut self, refuse: &mut impl FnMut(PohReject)) {
        self.waiting.settle(&mut count(&mut self.checked, refuse));
    }

    /// Forgets what came before, because a batch is missing: the next entry is believed. Entries
    /// that wait go on waiting.
    pub fn forget(&mut self) {
        (self.previous, self.open) = (None, None);
        self.signatures.take_root();
    }

    /// The hash of the last entry taken and closed: a complete slot's blockhash.
    pub fn last(&self) -> Option<&Hash> {
        self.previous.as_ref()
    }

    /// Entries that were found to follow; of those that wait nothing is known.
    pub fn checked(&self) -> u64 {
        self.checked
    }
}

/// Counts entries that hold in `checked` and refuses the others.
fn count(checked: &mut u64, refuse: &mut impl FnMut(PohReject)) -> impl FnMut(bool) {
    |holds| if holds { *checked += 1 } else { refuse(PohReject::Hash) }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::entry::Batch;
    use super::super::shred::Shred;
    use super::super::testdata;
    use super::*;
    use crate::bytes::base58::Key;

    /// The tree by the definition: whole levels, the last node doubled where one is left over.
    fn model(signatures: &[[u8; 64]]) -> Hash {
        let mut level: Vec<Hash> =
            signatures.iter().map(|s| Sha256::digest([&[0][..], s].concat()).into()).collect();
        while level.len() > 1 {
            level = level.chunks(2).map(|pair| node(&pair[0], pair.last().unwrap())).collect();
        }
        level.first().copied().unwrap_or_default()
    }

    #[test]
    fn the_folded_tree_is_the_whole_one() {
        let signatures: Vec<[u8; 64]> = (0..200).map(|byte| [byte; 64]).collect();
        let mut tree = SignatureTree::default();
        for count in 0..signatures.len() {
            signatures[..count].iter().for_each(|signature| tree.add(signature));
            assert_eq!(tree.take_root(), model(&signatures[..count]), "{count}");
        }
    }

    fn chained(previous: Hash, hashes: usize, root: Option<Hash>) -> Hash {
        let mut hash = previous;
        for at in 0..hashes {
            hash = match root {
                Some(root) if at + 1 == hashes => Sha256::digest([hash, root].concat()).into(),
                _ => Sha256::digest(hash).into(),
            };
        }
        hash
    }

    #[test]
    fn ticks_and_roots_follow_as_defined() {
        let (start, root) = ([5; 32], [6; 32]);
        for hashes in 0..20 {
            let tick = chained(start, hashes, None);
            assert_eq!(check(&start, hashes as u64, &tick, None), Ok(()));
            assert_eq!(check(&start, hashes as u64 + 1, &tick, None), Err(PohReject::Hash));
            let mixed = chained(start, hashes.max(1), Some(root));
            assert_eq!(check(&start, hashes as u64, &mixed, Some(&root)), Ok(()));
            assert_eq!(check(&start, hashes as u64, &mixed, Some(&start)), Err(PohReject::Hash));
        }
    }

    #[test]
    fn claims_that_would_take_long_are_refused() {
        let hash = [1; 32];
        let claim = |num_hashes| Item::Entry(Entry { num_hashes, hash: &[1; 32], tx_count: 0 });
        assert_eq!(check(&hash, u64::MAX, &hash, None), Err(PohReject::EntryHashes));
        assert_eq!(check(&hash, ENTRY_HASHES_MAX + 1, &hash, None), Err(PohReject::EntryHashes));
        let mut chain = Chain::new(Some(hash));
        let mut closed = |num_hashes| {
            let mut refused = Vec::new();
            chain.item(&claim(num_hashes), &mut |why| refused.push(why));
            chain.close(&mut |why| refused.push(why));
            chain.settle(&mut |why| refused.push(why));
            refused
        };
        assert_eq!(closed(u64::MAX), [PohReject::EntryHashes]);
        assert_eq!(closed(ENTRY_HASHES_MAX + 1), [PohReject::EntryHashes]);
        assert_eq!(closed(9), [PohReject::Hash]);
        chain.hashes_left = 1;
        let mut refused = Vec::new();
        chain.item(&claim(2), &mut |why| refused.push(why));
        chain.close(&mut |why| refused.push(why));
        assert_eq!((refused, chain.hashes_left), (vec![PohReject::SlotHashes], 1));
        assert_eq!((chain.checked(), chain.last()), (0, Some(&hash)));
    }

    /// The items of all batches of a capture's data shreds, taken by `chain`; refusals and entries.
    fn run(packets: &[Vec<u8>], chain: &mut Chain) -> (Vec<PohReject>, u64) {
        let mut shreds: Vec<_> = packets.iter().map(|p| Shred::check(p).unwrap()).collect();
        shreds.retain(|shred| shred.data_header().is_some());
        shreds.sort_by_key(Shred::index);
        let (mut refused, mut open, mut entries) = (Vec::new(), Vec::new(), 0);
        for shred in shreds {
            open.extend_from_slice(shred.ledger());
            if shred.data_header().unwrap().data_complete() {
                let Ok(Batch::Entries(items)) = Batch::check(&open) else { panic!() };
                for item in items {
                    let item = item.unwrap();
                    entries += u64::from(matches!(item, Item::Entry(_)));
                    chain.item(&item, &mut |why| refused.push(why));
                }
                chain.close(&mut |why| refused.push(why));
                open.clear();
            }
        }
        chain.settle(&mut |why| refused.push(why));
        (refused, entries)
    }

    #[test]
    fn a_mainnet_block_is_one_chain_that_ends_in_its_blockhash() {
        let Some(packets) = testdata::packets("mainnet-102815960") else { return };
        let mut chain = Chain::new(None);
        assert_eq!(run(&packets, &mut chain), (vec![], 881));
        assert_eq!(chain.checked(), 880);
        let blockhash = Key(chain.last().unwrap()).to_string();
        assert_eq!(blockhash, "4F2LmjBhbTdeZENqMwgk2ZFMHdSsrTkLiUTCE2MUGVsS");
    }

    #[test]
    fn a_chained_set_is_a_chain_and_a_changed_signature_breaks_one_link() {
        let Some(mut packets) = testdata::packets("slot-410010000-fec0") else { return };
        let mut chain = Chain::new(None);
        assert_eq!(run(&packets, &mut chain), (vec![], 65));
        assert_eq!(chain.checked(), 64);
        // Where in which shred the signature of the tenth transaction lies.
        let ledger: Vec<u8> =
            packets.iter().flat_map(|p| Shred::check(p).unwrap().ledger().to_vec()).collect();
        let Ok(Batch::Entries(items)) = Batch::check(&ledger) else { panic!() };
        let mut txns = items.filter_map(|item| match item.unwrap() {
            Item::Txn(txn) => Some(txn),
            Item::Entry(_) => None,
        });
        let signature = txns.nth(9).unwrap().signature().as_ptr();
        let mut at = signature.addr() - ledger.as_ptr().addr();
        let shred = packets.iter_mut().find(|packet| {
            let len = Shred::check(packet).unwrap().ledger().len();
            at.checked_sub(len).is_none_or(|rest| {
                at = rest;
                false
            })
        });
        shred.unwrap()[88 + at] ^= 1;
        assert_eq!(run(&packets, &mut Chain::new(None)), (vec![PohReject::Hash], 65));
    }

    #[test]
    fn a_chain_that_forgot_believes_the_next_entry() {
        let (hash, next) = ([1; 32], Sha256::digest([9; 32]).into());
        let mut chain = Chain::new(Some(hash));
        let entry = |hash| Item::Entry(Entry { num_hashes: 1, hash, tx_count: 0 });
        let mut refused = Vec::new();
        chain.item(&entry(&[9; 32]), &mut |why| refused.push(why));
        chain.forget();
        chain.item(&entry(&[9; 32]), &mut |why| refused.push(why));
        chain.item(&entry(&next), &mut |why| refused.push(why));
        chain.close(&mut |why| refused.push(why));
        assert_eq!(chain.checked(), 0);
        chain.settle(&mut |why| refused.push(why));
        assert_eq!((chain.checked(), refused), (1, vec![]));
    }
}
