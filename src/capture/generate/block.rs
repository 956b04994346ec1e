//! Slots: transactions in entries, entries in shreds, signed by one leader.

use crate::ids::Key;
use crate::wire::shredder::{Place, Shredder, ShredderReject};

use super::poh::{Beat, Poh};
use super::rng::Rng;
use super::traffic::{Traffic, Txn};
use super::world::Signer;

/// What every slot has in common.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The first slot; its parent is the one before.
    pub first_slot: u64,
    /// Transactions of a slot.
    pub txs_per_slot: u32,
    /// Hashes of a tick, at least 2.
    pub hashes_per_tick: u64,
    /// The version that shreds carry.
    pub shred_version: u16,
}

/// Ticks of a slot, as on mainnet.
pub const TICKS_PER_SLOT: u32 = 64;

/// A slot as its leader sends it.
#[derive(Clone, Debug)]
pub struct Block {
    /// Its number.
    pub slot: u64,
    /// Its shreds in the order in which they are sent: set by set, data before code.
    pub packets: Vec<Vec<u8>>,
    /// Its transactions, in order.
    pub txns: Vec<Txn>,
    /// Its batches.
    pub batches: u64,
    /// Its entries, ticks included.
    pub entries: u64,
    /// Hash of its last entry.
    pub blockhash: [u8; 32],
}

/// Makes one slot after another, each on the one before: chained roots, one chain of hashes,
/// transactions built on the parent's blockhash.
pub struct Blocks {
    traffic: Traffic,
    plan: Plan,
    poh: Poh,
    shredder: Shredder,
    leader: Signer,
    next_slot: u64,
}

impl Blocks {
    /// The slots of `seed`.
    pub fn new(seed: u64, traffic: Traffic, plan: Plan) -> Self {
        let mut rng = Rng::of(seed, "leader");
        let leader = Signer::draw(&mut rng);
        let beat = Beat { ticks_per_slot: TICKS_PER_SLOT, hashes_per_tick: plan.hashes_per_tick };
        let poh = Poh::new(seed, rng.key(), beat);
        let mut shredder = Shredder::new(plan.shred_version);
        // The root that the slot before the first one would have had.
        shredder.start(plan.first_slot, 1, rng.key());
        Self { traffic, plan, poh, shredder, leader, next_slot: plan.first_slot }
    }

    /// Who signs the shreds.
    pub fn leader(&self) -> &Key {
        &self.leader.key
    }

    /// The pools and what they were after the last slot.
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// The next slot.
    ///
    /// # Errors
    /// The slot has no room for so many transactions.
    pub fn next(&mut self) -> Result<Block, ShredderReject> {
        let slot = self.next_slot;
        let parent_hash = *self.poh.hash();
        let draw = |_| self.traffic.next(slot, &parent_hash);
        let txns: Vec<Txn> = (0..self.plan.txs_per_slot).map_while(draw).collect();
        let batches = self.poh.slot(&txns.iter().map(|txn| &txn.signed).collect::<Vec<_>>());
        self.shredder.start(slot, 1, self.shredder.root());
        let mut packets = Vec::new();
        let last = batches.len().saturating_sub(1);
        for (at, batch) in batches.iter().enumerate() {
            let place = Place { last_in_slot: at == last, reference_tick: batch.tick };
            let leader = &self.leader;
            self.shredder.shred(
                &batch.bytes,
                place,
                &mut |root| leader.sign(root),
                &mut |packet| packets.push(packet.to_vec()),
            )?;
        }
        self.next_slot += 1;
        Ok(Block {
            slot,
            packets,
            txns,
            batches: u64::try_from(batches.len()).unwrap_or(u64::MAX),
            entries: batches.iter().map(|batch| batch.entries).sum(),
            blockhash: *self.poh.hash(),
        })
    }
}
