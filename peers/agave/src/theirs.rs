//! Agave 4.2 from shreds to entries: `Shred` -> `Shredder::deshred` -> `solana-entry`.
//!
//! ```text
//! payload -> Shred::new_from_serialized_shred -> [slot: payload by index] -> consumed, batch complete
//!                                                   |
//!         Vec<Entry> <- wincode::deserialize::<BlockComponent> <- Shredder::deshred
//! ```
//!
//! The calls are those of a validator, all of 4.2.2: `to_vec` of a packet's shred (solana-turbine,
//! `sigverify_shreds::extract_shred_and_location`), every shred parsed (solana-core,
//! `window_service::run_insert`), a range of shreds to entries (solana-ledger,
//! `Blockstore::get_slot_entries_in_block`). Between the last two a validator has RocksDB; here is a
//! `Vec` by index, and a batch is read as soon as it is complete, while its shreds are in the
//! processor's cache.
//!
//! What a validator does besides is left out, to its advantage: signatures, Merkle proofs and leaders
//! are not checked, nothing is deduplicated, stored, recovered or retransmitted. [`Path`] says what
//! can be left out further.

use bytes::Bytes;
use mev::net::pcap::{Capture, Item};
use solana_entry::block_component::BlockComponent;
use solana_ledger::shred::{Payload, Shred, ShredType, Shredder, layout};

/// How much of Agave's path is walked, from the least on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// Code shreds are told by their variant and passed over; the capture lends the payloads.
    Data,
    /// Code shreds are parsed too, and dropped.
    Every,
    /// And each payload is copied out of its packet first, into a `Vec` of its own.
    Copied,
}

/// What was read of a capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// Slots that ended.
    pub slots: u64,
    /// Entries.
    pub entries: u64,
    /// Transactions.
    pub txns: u64,
}

/// Reads a capture whose slots come one after another and whole, shreds in any order within a slot.
///
/// # Panics
/// A shred, a batch or an entry does not read.
pub fn read(bytes: &Bytes, path: Path) -> Read {
    let (mut read, mut slot) = (Read::default(), Slot::default());
    for item in Capture::new(bytes).expect("a capture") {
        let Item::Datagram(datagram) = item.expect("a packet") else { continue };
        let kind = layout::get_shred_type(datagram.payload).expect("a shred");
        if kind == ShredType::Code && path == Path::Data {
            continue;
        }
        let payload = match path {
            Path::Data | Path::Every => Payload::from(bytes.slice_ref(datagram.payload)),
            Path::Copied => Payload::from(datagram.payload.to_vec()),
        };
        let shred = Shred::new_from_serialized_shred(payload).expect("a shred");
        match kind {
            ShredType::Code => drop(std::hint::black_box(shred)),
            ShredType::Data => slot.take(shred, &mut read),
        }
    }
    read
}

/// A data shred that was parsed.
struct Held {
    payload: Payload,
    ends_batch: bool,
    ends_slot: bool,
}

/// The data shreds of a slot. `consumed` is the first index that is missing, as in Agave's
/// `SlotMeta`; the batch that it lies in begins at `batch`.
#[derive(Default)]
struct Slot {
    held: Vec<Option<Held>>,
    consumed: usize,
    batch: usize,
}

impl Slot {
    fn take(&mut self, shred: Shred, read: &mut Read) {
        let index = shred.index() as usize;
        let (ends_batch, ends_slot) = (shred.data_complete(), shred.last_in_slot());
        if self.held.len() <= index {
            self.held.resize_with(index + 1, || None);
        }
        self.held[index] = Some(Held { payload: shred.into_payload(), ends_batch, ends_slot });
        while let Some(Some(Held { ends_batch, ends_slot, .. })) = self.held.get(self.consumed) {
            let (ends_batch, ends_slot) = (*ends_batch, *ends_slot);
            self.consumed += 1;
            if ends_batch {
                entries(&self.held[self.batch..self.consumed], read);
                self.batch = self.consumed;
            }
            if ends_slot {
                read.slots += 1;
                self.held.clear();
                (self.consumed, self.batch) = (0, 0);
            }
        }
    }
}

/// Reads the entries of a batch, as `Blockstore::get_slot_entries_in_block` does.
fn entries(batch: &[Option<Held>], read: &mut Read) {
    let payloads = batch.iter().flatten().map(|held| &held.payload);
    let ledger = Shredder::deshred(payloads).expect("a batch");
    let component: BlockComponent = wincode::deserialize(&ledger).expect("a component");
    let entries = match component {
        BlockComponent::EntryBatch(entries) => entries,
        BlockComponent::BlockMarker(_) => Vec::new(),
    };
    read.entries += entries.len() as u64;
    read.txns += entries.iter().map(|entry| entry.transactions.len() as u64).sum::<u64>();
    drop(std::hint::black_box(entries));
}
