//! Transactions as entries with valid proof of history, and entries as batches.
//!
//! ```text
//! tick   hashes_per_tick hashes after the tick before, those of the entries between included
//! entry  n - 1 hashes, then the hash of the last one and the root over its signatures
//! ```
//!
//! Source: agave entry/src/{poh.rs, entry.rs} (facts/wire.md 4.8). The hashes are few compared with
//! mainnet's 62 500 a tick, so that a block takes milliseconds to make and to check.

use crate::wire::poh::SignatureTree;
use sha2::{Digest, Sha256};

use super::message::Signed;
use super::rng::Rng;

/// How a slot is divided.
#[derive(Clone, Copy, Debug)]
pub struct Beat {
    /// Ticks of a slot, at least 1.
    pub ticks_per_slot: u32,
    /// Hashes of a tick, at least 2.
    pub hashes_per_tick: u64,
}

/// Entries that are shredded together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// The bytes that shreds carry.
    pub bytes: Vec<u8>,
    /// Entries in it, ticks included.
    pub entries: u64,
    /// Transactions in it.
    pub txns: u64,
    /// The tick of the slot in which it ends.
    pub tick: u8,
}

/// Bytes at which a batch is closed: between one and two erasure sets of 32 shreds.
const BATCH_LEN: (u64, u64) = (20_000, 60_000);
/// Transactions that leaders put into one entry, at most.
const ENTRY_TXNS_MAX: u64 = 16;

/// A chain of hashes and what hangs on it.
pub struct Poh {
    hash: [u8; 32],
    rng: Rng,
    beat: Beat,
    open: Batch,
    close_at: u64,
    closed: Vec<Batch>,
}

impl Poh {
    /// A chain that starts at `hash`.
    pub fn new(seed: u64, hash: [u8; 32], beat: Beat) -> Self {
        let mut rng = Rng::of(seed, "poh");
        let close_at = rng.between(BATCH_LEN.0, BATCH_LEN.1);
        Self { hash, rng, beat, open: Batch::default(), close_at, closed: Vec::new() }
    }

    /// The last hash: the blockhash of the slot that ended with it.
    pub fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// A whole slot of `txns`, spread evenly over its ticks, in order.
    pub fn slot(&mut self, txns: &[&Signed]) -> Vec<Batch> {
        let ticks = self.beat.ticks_per_slot.max(1) as usize;
        for tick in 0..ticks {
            let share = |tick: usize| txns.len() * tick / ticks;
            let txns = txns.get(share(tick)..share(tick + 1)).unwrap_or_default();
            self.open.tick = u8::try_from(tick).unwrap_or(u8::MAX);
            self.tick(txns);
        }
        self.close();
        std::mem::take(&mut self.closed)
    }

    /// The entries of one tick, and the tick.
    fn tick(&mut self, txns: &[&Signed]) {
        let hashes = self.beat.hashes_per_tick.max(2);
        // Every entry needs a hash of its own, and the tick one too.
        let count = u64::try_from(txns.len()).unwrap_or(u64::MAX);
        let least = count.div_ceil(hashes - 1).max(1);
        let mut entries = Vec::new();
        let mut rest = txns;
        while !rest.is_empty() {
            let size = self.rng.log_between(least, ENTRY_TXNS_MAX.max(least));
            let size = usize::try_from(size).unwrap_or(usize::MAX).min(rest.len());
            let (entry, after) = rest.split_at(size);
            entries.push(entry);
            rest = after;
        }
        let shares = u64::try_from(entries.len()).unwrap_or(u64::MAX).saturating_add(1);
        let most = (hashes / shares).max(1);
        let mut left = hashes;
        for entry in entries {
            let spent = self.rng.between(1, most);
            left = left.saturating_sub(spent);
            self.entry(spent, entry);
        }
        self.entry(left, &[]);
    }

    /// One entry after `hashes` hashes; a tick when it has no transactions.
    fn entry(&mut self, hashes: u64, txns: &[&Signed]) {
        let plain = hashes - u64::from(!txns.is_empty());
        for _ in 0..plain {
            self.hash = sha(&[&self.hash]);
        }
        if !txns.is_empty() {
            self.hash = sha(&[&self.hash, &root(txns)]);
        }
        let count = u64::try_from(txns.len()).unwrap_or(u64::MAX);
        let batch = &mut self.open;
        if batch.bytes.is_empty() {
            batch.bytes.extend([0; 8]);
        }
        batch.bytes.extend(hashes.to_le_bytes());
        batch.bytes.extend(self.hash);
        batch.bytes.extend(count.to_le_bytes());
        for txn in txns {
            batch.bytes.extend_from_slice(&txn.wire);
        }
        batch.entries += 1;
        batch.txns += count;
        if u64::try_from(batch.bytes.len()).unwrap_or(u64::MAX) >= self.close_at {
            self.close();
        }
    }

    /// Ends the open batch, if anything is in it.
    fn close(&mut self) {
        let tick = self.open.tick;
        let mut batch = std::mem::replace(&mut self.open, Batch { tick, ..Batch::default() });
        let entries = batch.entries;
        if let Some(count) = batch.bytes.first_chunk_mut::<8>() {
            *count = entries.to_le_bytes();
            self.closed.push(batch);
        }
        self.close_at = self.rng.between(BATCH_LEN.0, BATCH_LEN.1);
    }
}

fn sha(parts: &[&[u8]]) -> [u8; 32] {
    parts.iter().fold(Sha256::new(), Digest::chain_update).finalize().into()
}

/// The Merkle root over the signatures of `txns`.
fn root(txns: &[&Signed]) -> [u8; 32] {
    let mut tree = SignatureTree::default();
    for txn in txns {
        tree.add(&txn.signature);
    }
    tree.take_root()
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::wire::entry::{Batch as View, Item};

    fn signed(count: u8) -> Vec<Signed> {
        // The smallest transaction: one signature, one key, no instruction.
        let wire = |n: u8| [&[1][..], &[n; 64], &[1, 0, 0, 1], &[n; 32], &[9; 32], &[0]].concat();
        (1..=count).map(|n| Signed { wire: wire(n), signature: [n; 64] }).collect()
    }

    /// The chain as a verifier walks it: every entry's hash from the one before.
    fn check(mut hash: [u8; 32], batches: &[Batch], beat: Beat) -> (u64, u64, [u8; 32]) {
        let (mut ticks, mut txns, mut since) = (0, 0, 0);
        for batch in batches {
            let Ok(View::Entries(items)) = View::check(&batch.bytes) else { panic!("no entries") };
            let items: Vec<_> = items.map(Result::unwrap).collect();
            let mut at = 0;
            while at < items.len() {
                let Item::Entry(entry) = items[at] else { panic!("a transaction too many") };
                let count = usize::try_from(entry.tx_count).unwrap();
                let mut signatures: Vec<[u8; 32]> = items[at + 1..=at + count]
                    .iter()
                    .map(|item| match item {
                        Item::Txn(txn) => sha(&[&[0], txn.signature()]),
                        Item::Entry(_) => panic!("an entry too early"),
                    })
                    .collect();
                at += 1 + count;
                since += entry.num_hashes;
                for _ in 1..entry.num_hashes {
                    hash = sha(&[&hash]);
                }
                hash = if count == 0 {
                    assert_eq!(since, beat.hashes_per_tick);
                    (ticks, since) = (ticks + 1, 0);
                    sha(&[&hash])
                } else {
                    while signatures.len() > 1 {
                        if signatures.len() % 2 == 1 {
                            signatures.push(*signatures.last().unwrap());
                        }
                        let pairs = signatures.chunks_exact(2);
                        signatures = pairs.map(|pair| sha(&[&[1], &pair[0], &pair[1]])).collect();
                    }
                    sha(&[&hash, &signatures[0]])
                };
                assert_eq!(*entry.hash, hash);
                txns += entry.tx_count;
            }
        }
        (ticks, txns, hash)
    }

    #[test]
    fn a_verifier_follows_every_hash_and_counts_every_tick() {
        for (count, ticks_per_slot, hashes_per_tick) in
            [(0, 64, 20), (1, 1, 2), (200, 64, 20), (250, 4, 12), (250, 1, 2), (99, 3, 1000)]
        {
            let txns = signed(count);
            let beat = Beat { ticks_per_slot, hashes_per_tick };
            let mut poh = Poh::new(5, [3; 32], beat);
            let batches = poh.slot(&txns.iter().collect::<Vec<_>>());
            let found = check([3; 32], &batches, beat);
            assert_eq!(found, (u64::from(ticks_per_slot), u64::from(count), *poh.hash()));
            let second = poh.slot(&[]);
            assert_eq!(check(found.2, &second, beat).2, *poh.hash(), "slots are one chain");
        }
    }

    #[test]
    fn batches_are_closed_between_their_bounds() {
        let mut txns = signed(200);
        for txn in &mut txns {
            txn.wire.resize(1000, 0);
        }
        let beat = Beat { ticks_per_slot: 64, hashes_per_tick: 8 };
        let batches = Poh::new(1, [0; 32], beat).slot(&txns.iter().collect::<Vec<_>>());
        let (_, whole) = batches.split_last().unwrap();
        assert!(whole.len() >= 3);
        let slack = 16 * 1000 + 48;
        assert!(whole.iter().all(|b| (20_000..60_000 + slack).contains(&b.bytes.len())));
        assert_eq!(batches.iter().map(|b| b.txns).sum::<u64>(), 200);
        assert_eq!(batches.last().unwrap().tick, 63);
    }
}
