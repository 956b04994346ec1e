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
    pub fn next_block(&mut self) -> Result<Block, ShredderReject> {
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

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::accounts::{self, Account};
    use super::super::market::Market;
    use super::super::traffic::{Drawn, Mix};
    use super::super::world::{Scale, World};
    use super::*;
    use crate::dex::{self, Decoded, Instruction, Order};
    use crate::ids::Venue;
    use crate::record::{Direction, Exact};
    use crate::wire::entry::{Batch, Item};
    use crate::wire::merkle::root_of;
    use crate::wire::poh::Chain;
    use crate::wire::recover::Recoverer;
    use crate::wire::shred::Shred;
    use crate::wire::txn::Transaction;
    use ed25519_dalek::{Signature, VerifyingKey};
    use std::collections::HashSet;

    const PLAN: Plan =
        Plan { first_slot: 500, txs_per_slot: 120, hashes_per_tick: 16, shred_version: 77 };

    fn made(seed: u64, failing: &str) -> (Vec<Account>, Blocks) {
        let share = |text: &str| text.parse().unwrap();
        let scale = Scale { tokens: 5, pools_per_pair: 3, wallets: 8, spread: share("500ppm") };
        let size = (share("20ppm"), share("1%"));
        let (swaps, reverting) = (share("70%"), share("10%"));
        let mix = Mix { swaps, reverting, failing: share(failing), size };
        let world = World::new(seed, &scale);
        let accounts = accounts::all(&world);
        let traffic = Traffic::new(seed, world, &accounts, 499, mix);
        (accounts, Blocks::new(seed, traffic, PLAN))
    }

    fn verifies(key: &Key, message: &[u8], signature: &[u8; 64]) -> bool {
        let key = VerifyingKey::from_bytes(key).unwrap();
        key.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }

    /// The ledger bytes of a slot's batches, from its data shreds.
    fn batches(packets: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let (mut closed, mut open) = (Vec::new(), Vec::new());
        for packet in packets {
            let shred = Shred::check(packet).unwrap();
            let Some(header) = shred.data_header() else { continue };
            open.extend_from_slice(shred.ledger());
            if header.data_complete() {
                closed.push(std::mem::take(&mut open));
            }
        }
        assert!(open.is_empty());
        closed
    }

    /// The swap in `txn`, as a reader that knows the accounts finds it.
    fn swap_in(txn: &Transaction<'_>, market: &Market) -> Option<Drawn> {
        let mut swaps = txn.instructions().filter_map(|ix| {
            let program = txn.account_key(ix.program_index)?;
            let (data, indices, keys) = (ix.data, ix.accounts, txn.keys());
            let ix = Instruction { program, data, indices, keys, loaded: &[] };
            let decoded = dex::decode(&ix)?;
            let Decoded::One(swap) = decoded else { panic!("{decoded:?}") };
            let live = market.pools.iter().find(|live| live.pool.pool == *swap.pool.unwrap());
            let pool = &live.unwrap().pool;
            let user_in = market.book.get(swap.user_in.unwrap()).unwrap();
            let mint_in: Key = *user_in.data.first_chunk().unwrap();
            let a_to_b = mint_in == pool.mint_a;
            let said = swap.direction;
            assert!(
                [Direction::Unknown, if a_to_b { Direction::AToB } else { Direction::BToA }]
                    .contains(&said)
            );
            assert_eq!(swap.exact, Exact::In);
            let order = Order::exact_in(a_to_b, swap.amount.unwrap());
            Some(Drawn {
                pool: pool.pool,
                venue: Venue::from_number(pool.venue).unwrap(),
                owner: *swap.owner.unwrap(),
                mint_in,
                mint_out: if a_to_b { pool.mint_b } else { pool.mint_a },
                order: Order { limit: swap.limit, ..order },
                amount_out: None,
            })
        });
        let swap = swaps.next();
        assert!(swaps.next().is_none());
        swap
    }

    #[test]
    fn a_reader_of_the_shreds_finds_what_was_drawn_and_ends_in_the_same_state() {
        let (accounts, mut blocks) = made(1, "10%");
        let mut market = Market::open(&accounts, 499);
        let mut chain = Chain::new(Some(*blocks.poh.hash()));
        let (mut venues, mut failed, mut hash) = (HashSet::new(), 0, *blocks.poh.hash());
        for slot in 500..502 {
            let block = blocks.next_block().unwrap();
            assert_eq!((block.slot, block.txns.len()), (slot, 120));
            let batches = batches(&block.packets);
            assert_eq!(batches.len() as u64, block.batches);
            let mut drawn = block.txns.iter();
            for batch in &batches {
                let Ok(Batch::Entries(entries)) = Batch::check(batch) else { panic!("no batch") };
                for item in entries {
                    let item = item.unwrap();
                    chain.item(&item, &mut |why| panic!("{why:?}"));
                    let Item::Txn(txn) = item else { continue };
                    let drawn = drawn.next().unwrap();
                    assert_eq!(txn.bytes(), drawn.signed.wire);
                    assert!(txn.bytes().len() <= 1232);
                    assert_eq!(*txn.blockhash(), hash);
                    assert!(verifies(txn.fee_payer(), txn.message(), txn.signature()));
                    let found = swap_in(&txn, &market);
                    assert_eq!(found, drawn.swap.map(|swap| Drawn { amount_out: None, ..swap }));
                    if let Some(swap) = drawn.swap {
                        let mut pools = market.pools.iter_mut();
                        let live = pools.find(|live| live.pool.pool == swap.pool).unwrap();
                        let out = live.apply(&swap.order).ok().map(|quote| quote.amount_out);
                        assert_eq!(out, swap.amount_out);
                        failed += u32::from(out.is_none());
                        venues.insert(swap.venue);
                    }
                }
                chain.close(&mut |why| panic!("{why:?}"));
            }
            chain.settle(&mut |why| panic!("{why:?}"));
            assert!(drawn.next().is_none());
            assert_eq!(chain.last(), Some(&block.blockhash));
            hash = block.blockhash;
        }
        assert_eq!(venues.len(), 3);
        assert!((5..40).contains(&failed), "{failed}");
        for (mine, theirs) in market.pools.iter().zip(&blocks.traffic().market().pools) {
            assert_eq!(mine.pool, theirs.pool);
        }
    }

    #[test]
    fn every_shred_belongs_to_a_root_that_the_leader_signed_and_names_the_root_before() {
        let (_, mut blocks) = made(2, "0%");
        let leader = *blocks.leader();
        let mut before = None;
        for _ in 0..2 {
            let block = blocks.next_block().unwrap();
            for (at, set) in block.packets.chunks(64).enumerate() {
                let shreds: Vec<_> =
                    set.iter().map(|packet| Shred::check(packet).unwrap()).collect();
                let root = root_of(&shreds[0]).unwrap();
                assert!(verifies(&leader, &root, shreds[0].signature()));
                for shred in &shreds {
                    assert_eq!(root_of(shred), Some(root));
                    assert_eq!((shred.slot(), shred.version()), (block.slot, 77));
                    assert_eq!(shred.fec_set_index() as usize, at * 32);
                    assert_eq!(shred.signature(), shreds[0].signature());
                    if let Some(before) = before {
                        assert_eq!(shred.chained_root(), Some(&before));
                    }
                }
                assert_eq!(shreds[0].parent(), Some(block.slot - 1));
                before = Some(root);
                // Any 32 of the 64 are enough: here only code shreds arrived.
                let mut found = Vec::new();
                let code = shreds.iter().skip(32).copied();
                let mut keep = |shred: Shred<'_>| found.push(shred.bytes().to_vec());
                Recoverer::new().recover(code, &mut keep).unwrap();
                assert_eq!(found, set[..32]);
            }
            let last = Shred::check(&block.packets[block.packets.len() - 33]).unwrap();
            assert!(last.data_header().unwrap().last_in_slot());
            assert!(last.retransmitter_signature().is_some());
        }
    }

    #[test]
    fn the_seed_decides() {
        let run = |seed| {
            let (accounts, mut blocks) = made(seed, "5%");
            let lines: String = accounts.iter().map(|account| account.line(499)).collect();
            (lines, blocks.next_block().unwrap().packets)
        };
        let (first, again, other) = (run(3), run(3), run(4));
        assert!(first == again);
        assert!(first.0 != other.0 && first.1 != other.1);
    }
}
