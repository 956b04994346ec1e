//! Slots made for tests: transactions that swap, entries with a valid proof of history, and data
//! shreds without signatures.

use crate::ids::{Key, RAYDIUM_AMM_V4};
use crate::keys::Signer;
use crate::wire::shredder::{Place, Shredder};
use crate::wire::variant::{Kind, Variant};
use sha2::{Digest, Sha256};

/// A legacy transaction with one Raydium AMM v4 swap of `amount_in` for each of `amounts`.
pub(super) fn swap_tx(seed: u8, amounts: &[u64]) -> Vec<u8> {
    let mut tx = vec![1];
    tx.extend([seed; 64]);
    // Owner, pool, authority, two vaults, source, target, token program, AMM program.
    tx.extend([1, 0, 1]);
    let mut keys: Vec<Key> = (0..8).map(|n| [seed.wrapping_add(n); 32]).collect();
    keys.push(RAYDIUM_AMM_V4);
    tx.push(u8::try_from(keys.len()).unwrap());
    tx.extend(keys.concat());
    tx.extend([9; 32]);
    tx.push(u8::try_from(amounts.len()).unwrap());
    for amount in amounts {
        // SwapBaseInV2: token program, pool, authority, two vaults, source, target, owner.
        tx.extend([8, 8, 7, 1, 2, 3, 4, 5, 6, 0]);
        tx.extend([17, 16]);
        tx.extend(amount.to_le_bytes());
        tx.extend((amount / 2).to_le_bytes());
    }
    tx
}

/// Entries that follow from each other.
pub(super) struct Ledger {
    hash: [u8; 32],
}

impl Ledger {
    pub(super) fn new() -> Self {
        Self { hash: [7; 32] }
    }

    /// A batch: a tick, then an entry with each of `txs`.
    pub(super) fn batch(&mut self, txs: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = (txs.len() as u64 + 1).to_le_bytes().to_vec();
        self.hash = Sha256::digest(Sha256::digest(self.hash)).into();
        bytes.extend(entry(2, &self.hash, &[]));
        for tx in txs {
            let signature = tx.get(1..65).unwrap();
            let leaf = Sha256::new().chain_update([0]).chain_update(signature).finalize();
            self.hash = Sha256::new().chain_update(self.hash).chain_update(leaf).finalize().into();
            bytes.extend(entry(1, &self.hash, std::slice::from_ref(tx)));
        }
        bytes
    }
}

fn entry(num_hashes: u64, hash: &[u8; 32], txs: &[Vec<u8>]) -> Vec<u8> {
    let count = (txs.len() as u64).to_le_bytes();
    [&num_hashes.to_le_bytes()[..], hash, &count, &txs.concat()].concat()
}

/// A data shred of variant 0x96 with an empty proof; every 32 indexes are a FEC set.
pub(super) fn shred(slot: u64, index: u32, flags: u8, ledger: &[u8]) -> Vec<u8> {
    let variant = Variant::from_byte(0x96).unwrap();
    assert!(variant.kind == Kind::Data && ledger.len() <= variant.capacity());
    let mut bytes = vec![u8::try_from(index / 32 % 256).unwrap(); 64];
    bytes.push(0x96);
    bytes.extend(slot.to_le_bytes());
    bytes.extend(index.to_le_bytes());
    bytes.extend(1u16.to_le_bytes());
    bytes.extend((index / 32 * 32).to_le_bytes());
    bytes.extend(u16::from(slot > 0).to_le_bytes());
    bytes.push(flags);
    bytes.extend(u16::try_from(88 + ledger.len()).unwrap().to_le_bytes());
    bytes.extend(ledger);
    bytes.resize(variant.shred_len(), 0);
    bytes
}

/// The data shreds of `batches`, the last of which ends the slot.
pub(super) fn shreds(slot: u64, batches: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut made = Vec::new();
    for (number, batch) in batches.iter().enumerate() {
        let pieces: Vec<_> = batch.chunks(500).collect();
        for (at, piece) in pieces.iter().enumerate() {
            let flags = match (at + 1 == pieces.len(), number + 1 == batches.len()) {
                (true, true) => 0xc0,
                (true, false) => 0x40,
                _ => 0,
            };
            made.push(shred(slot, u32::try_from(made.len()).unwrap(), flags, piece));
        }
    }
    made
}

/// A slot of `batch_count` batches of three transactions, two of them with swaps.
pub(super) fn slot(slot: u64, batch_count: u8) -> Vec<Vec<u8>> {
    shreds(slot, &batches(slot, batch_count))
}

/// The same with data and code shreds, 32 and 32 a set, that `signer` signed.
pub(super) fn signed_slot(slot: u64, batch_count: u8, signer: &Signer) -> Vec<Vec<u8>> {
    signed(slot, [3; 32], &batches(slot, batch_count), signer).0
}

/// The shreds of `batches` as slot `slot`, whose parent is the slot before and ends in the FEC set of
/// root `parent_root`; and the root of the last set.
pub(super) fn signed(
    slot: u64,
    parent_root: [u8; 32],
    batches: &[Vec<u8>],
    signer: &Signer,
) -> (Vec<Vec<u8>>, [u8; 32]) {
    let mut shredder = Shredder::new(1);
    shredder.start(slot, 1, parent_root);
    let mut made = Vec::new();
    for (number, batch) in batches.iter().enumerate() {
        let place = Place { last_in_slot: number + 1 == batches.len(), reference_tick: 0 };
        let mut sign = |root: &[u8; 32]| signer.sign(root);
        shredder.shred(batch, place, &mut sign, &mut |shred| made.push(shred.to_vec())).unwrap();
    }
    (made, shredder.root())
}

pub(super) fn batches(slot: u64, batch_count: u8) -> Vec<Vec<u8>> {
    let mut ledger = Ledger::new();
    (0..batch_count)
        .map(|batch| {
            let seed = batch.wrapping_mul(3);
            let amount = u64::from(seed) + 1000 * slot;
            ledger.batch(&[
                swap_tx(seed, &[amount, amount + 1]),
                swap_tx(seed + 1, &[]),
                swap_tx(seed + 2, &[amount + 2]),
            ])
        })
        .collect()
}
