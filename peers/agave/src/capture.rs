//! A capture of many slots with the content of one mainnet block, made by Agave's own shredder.
//!
//! The block is of 2021, and Agave 4.2 reads its legacy shreds no more. So its entries are laid into
//! batches of one FEC set each, as leaders fill them today, and shredded again, with Merkle roots,
//! signed, 32 data and 32 code shreds a set, once for each slot.

use mev::net::pcap::{Capture, Datagram, Item, Writer};
use mev::wire::shred::Shred as View;
use solana_entry::entry::Entry;
use solana_hash::Hash;
use solana_keypair::Keypair;
use solana_ledger::shred::{ProcessShredsStats, ReedSolomonCache, Shredder};
use std::collections::BTreeMap;
use std::io::Write;
use std::net::Ipv4Addr;

/// Bytes of entries in a batch at most: 32 data shreds with a proof of 6 nodes hold 30 816.
const BATCH_LEN: usize = 30_000;

/// The entries of the block in `capture`, whose data shreds are all there.
///
/// # Panics
/// It is not such a capture.
pub fn block(capture: &[u8]) -> Vec<Entry> {
    let mut shreds = BTreeMap::new();
    for item in Capture::new(capture).expect("a capture") {
        let Item::Datagram(datagram) = item.expect("a packet") else { continue };
        let shred = View::check(datagram.payload).expect("a shred");
        if let Some(header) = shred.data_header() {
            shreds.insert(shred.index(), (shred.ledger(), header.data_complete()));
        }
    }
    let (mut entries, mut batch) = (Vec::<Entry>::new(), Vec::new());
    for (ledger, complete) in shreds.into_values() {
        batch.extend_from_slice(ledger);
        if complete {
            entries.extend(wincode::deserialize::<Vec<Entry>>(&batch).expect("entries"));
            batch.clear();
        }
    }
    entries
}

/// Writes `entries` as the content of each of `slots` slots, the first of which is `first`.
///
/// # Panics
/// It cannot be written.
pub fn write(entries: &[Entry], first: u64, slots: u64, to: impl Write) {
    let batches = batches(entries);
    let (keypair, cache) = (Keypair::new_from_array([7; 32]), ReedSolomonCache::default());
    let (mut writer, mut packets) = (Writer::new(to).expect("written"), 0_u64);
    for slot in first..first + slots {
        let shredder = Shredder::new(slot, slot - 1, 0, 1).expect("a shredder");
        let (mut root, mut next) = (Hash::default(), 0);
        for (number, batch) in batches.iter().enumerate() {
            let is_last = number + 1 == batches.len();
            let stats = &mut ProcessShredsStats::default();
            let shreds: Vec<_> = shredder
                .make_merkle_shreds_from_entries(
                    &keypair, batch, is_last, root, next, next, &cache, stats,
                )
                .collect();
            for shred in &shreds {
                writer.write(&datagram(packets * 1000, shred.payload())).expect("written");
                packets += 1;
            }
            root = shreds.last().expect("shreds").merkle_root().expect("a root");
            next += u32::try_from(shreds.iter().filter(|shred| shred.is_data()).count())
                .expect("as many as there are");
        }
    }
    writer.into_inner().flush().expect("written");
}

/// From nobody to nobody, over IPv4.
fn datagram(rx_ns: u64, payload: &[u8]) -> Datagram<'_> {
    let [source, target] =
        [1, 2].map(|host| Ipv4Addr::new(10, 0, 0, host).to_ipv6_mapped().octets());
    let (source_port, target_port, truncated, interface) = (8000, 8001, false, 0);
    Datagram { rx_ns, source, target, source_port, target_port, payload, truncated, interface }
}

fn batches(entries: &[Entry]) -> Vec<Vec<Entry>> {
    let (mut batches, mut held) = (vec![Vec::new()], 8);
    for entry in entries {
        let len = wincode::serialize(entry).expect("an entry").len();
        if held + len > BATCH_LEN {
            batches.push(Vec::new());
            held = 8;
        }
        held += len;
        batches.last_mut().expect("one at least").push(entry.clone());
    }
    batches
}
