//! The toolkit's own records, and Solana's bytes up to transactions.

use super::inside;
use mev::net::pcap::{Capture, Item};
use mev::parse::input::{Buffered, Dump};
use mev::parse::{Config, Feed, Leaders, Limits, Order, Parser, Verify, Wanted};
use mev::record::{self, Finding, Gap, Layout, Packet, Slot, Swap};
use mev::stream::{Arena, Piped, Reader, Stage};
use mev::wire::entry::{Batch, Item as EntryItem};
use mev::wire::feed::Datagram;
use mev::wire::recover::Recoverer;
use mev::wire::shred::Shred;
use mev::wire::shredder::{Place, Shredder};
use mev::wire::txn::Transaction;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// The stream reader: every record handed out is whole, views of it can be printed, and the reader
/// stops.
pub(crate) fn stream(bytes: &[u8]) {
    let mut reader = Reader::new(Piped::new(bytes));
    let mut text = String::new();
    let mut passed = 0;
    while let Ok(Some(record)) = reader.next() {
        assert_eq!(record.bytes().len() % 64, 0);
        passed += record.bytes().len();
        assert!(passed <= bytes.len());
        if let (Some(schema), Ok(())) = (record::schema(record.kind()), record::check(record)) {
            text.clear();
            record::json(schema, record, &mut text);
            record::csv(schema, record, true, &mut text);
            record::text(schema, record, false, &mut text);
        }
        if let Some(packet) = record.typed::<Packet>() {
            let _ = record.tail::<Packet>().get(..usize::from(packet.payload_len));
        }
    }
}

/// The capture reader: payloads lie inside the capture, and it ends.
pub(crate) fn capture(bytes: &[u8]) {
    let Ok(capture) = Capture::new(bytes) else { return };
    let mut items = 0usize;
    for item in capture {
        items += 1;
        assert!(items <= bytes.len(), "more packets than bytes");
        if let Ok(Item::Datagram(datagram)) = item {
            assert!(inside(bytes, datagram.payload));
        }
    }
}

/// The shred view: every region lies inside the shred, and a checked shred checks again.
pub(crate) fn shred(bytes: &[u8]) {
    let Ok(shred) = Shred::check(bytes) else { return };
    for part in [shred.bytes(), shred.ledger(), shred.shard(), shred.proof()] {
        assert!(inside(bytes, part));
    }
    let again = Shred::check(shred.bytes());
    assert!(again.is_ok_and(|again| again.same_as(&shred)));
}

/// A batch: the walk ends, and what it counts fits into the bytes.
pub(crate) fn entry(bytes: &[u8]) {
    let Ok(Batch::Entries(entries)) = Batch::check(bytes) else { return };
    for item in entries {
        match item {
            Ok(EntryItem::Entry(entry)) => assert!(inside(bytes, entry.hash)),
            Ok(EntryItem::Txn(txn)) => assert!(inside(bytes, txn.bytes())),
            Err(_) => break,
        }
    }
}

/// A transaction: every part lies inside it, every index names an account, and it checks again
/// alone.
pub(crate) fn txn(bytes: &[u8]) {
    let Ok(txn) = Transaction::check_prefix(bytes) else { return };
    assert!(inside(bytes, txn.bytes()) && inside(txn.bytes(), txn.message()));
    assert!(Transaction::check(txn.bytes()).is_ok());
    for instruction in txn.instructions() {
        assert!(txn.account_key(instruction.program_index).is_some());
        assert!(inside(txn.bytes(), instruction.data));
        for account in instruction.accounts {
            assert!(usize::from(*account) < txn.account_count());
        }
    }
}

/// A datagram of the feed: what is accepted is what would be sent.
pub(crate) fn feed(bytes: &[u8]) {
    match Datagram::check(bytes) {
        Ok(Datagram::Swap(swap)) => assert_eq!(swap.bytes(), bytes),
        Ok(Datagram::Pool(pool)) => assert_eq!(pool.bytes(), bytes),
        Err(_) => {}
    }
}

/// Shreds of three slots as a leader sends them, two FEC sets each, with entries and transactions in
/// them: what [`deshred`] damages.
fn sent() -> &'static [Vec<u8>] {
    static SENT: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    SENT.get_or_init(|| {
        let mut made = Vec::new();
        let mut shredder = Shredder::new(7);
        for slot in 100..103 {
            shredder.start(slot, 1, shredder.root());
            for last_in_slot in [false, true] {
                let place = Place { last_in_slot, reference_tick: 1 };
                let mut sign = |root: &[u8; 32]| [root[0]; 64];
                let mut out = |shred: &[u8]| made.push(shred.to_vec());
                let shredded = shredder.shred(&batch(slot), place, &mut sign, &mut out);
                assert!(shredded.is_ok());
            }
        }
        made
    })
}

/// Entries of one transaction each with a Raydium AMM v4 swap, over several shreds.
fn batch(slot: u64) -> Vec<u8> {
    let mut bytes = 12u64.to_le_bytes().to_vec();
    for seed in 0..12u8 {
        bytes.extend(1u64.to_le_bytes());
        bytes.extend([seed; 32]);
        bytes.extend(1u64.to_le_bytes());
        bytes.push(1);
        bytes.extend([seed; 56]);
        bytes.extend(slot.to_le_bytes());
        bytes.extend([1, 0, 1, 9]);
        bytes.extend((0..8).flat_map(|key| [key; 32]));
        bytes.extend(mev::ids::RAYDIUM_AMM_V4);
        bytes.extend([9; 32]);
        bytes.extend([1, 8, 8, 7, 1, 2, 3, 4, 5, 6, 0, 17, 16]);
        bytes.extend([seed; 16]);
    }
    bytes
}

/// FEC sets of [`sent`].
fn sets() -> &'static [Vec<&'static [u8]>] {
    static SETS: OnceLock<Vec<Vec<&[u8]>>> = OnceLock::new();
    SETS.get_or_init(|| {
        let mut sets: BTreeMap<_, Vec<&[u8]>> = BTreeMap::new();
        for bytes in sent() {
            let shred = Shred::check(bytes).expect("what a leader sends is sound");
            sets.entry((shred.slot(), shred.fec_set_index())).or_default().push(bytes);
        }
        sets.into_values().collect()
    })
}

/// Recovery: which set, which of its shreds came (a bit each), then changes of them: which, where,
/// what. What comes out is the shreds that are missing, in order; without changes they are those
/// that were sent, and all of them when enough came.
pub(crate) fn recover(bytes: &[u8]) {
    thread_local! {
        static RECOVERER: RefCell<Recoverer> = RefCell::new(Recoverer::new());
    }
    let Some((which, rest)) = bytes.split_first() else { return };
    let (came, changes) = rest.split_at(rest.len().min(16));
    let set = &sets()[usize::from(*which) % sets().len()];
    let is_there = |at: usize| came.get(at / 8).is_some_and(|bits| bits >> (at % 8) & 1 == 1);
    let mut received: Vec<Vec<u8>> =
        (0..).zip(set).filter(|(at, _)| is_there(*at)).map(|(_, shred)| shred.to_vec()).collect();
    for change in changes.chunks_exact(4) {
        let [which, low, high, value] = *change else { continue };
        let at = usize::from(u16::from_le_bytes([low, high]));
        let count = received.len().max(1);
        if let Some(shred) = received.get_mut(usize::from(which) % count) {
            let len = shred.len();
            shred[at % len] ^= value;
        }
    }
    let whole = received.iter().all(|shred| set.contains(&shred.as_slice()));
    let shreds: Vec<_> = received.iter().filter_map(|shred| Shred::check(shred).ok()).collect();
    let mut out: Vec<Vec<u8>> = Vec::new();
    let found = RECOVERER.with_borrow_mut(|recoverer| {
        recoverer.recover(shreds.iter().copied(), &mut |shred| out.push(shred.bytes().to_vec()))
    });
    assert_eq!(out.len(), found.unwrap_or(0), "what is counted is handed out");
    let mut last = None;
    for bytes in &out {
        let shred = Shred::check(bytes).expect("what is recovered is a shred");
        assert!(last.is_none_or(|last| last < shred.index()), "by rising index");
        last = Some(shred.index());
        assert!(
            shreds.iter().all(
                |other| (other.index(), other.data_header().is_some()) != (shred.index(), true)
            )
        );
        assert!(!whole || set.contains(&bytes.as_slice()), "what is recovered was sent");
    }
    let is_data = |bytes: &&&[u8]| Shred::check(bytes).is_ok_and(|s| s.data_header().is_some());
    let data = set.iter().filter(is_data).count();
    if whole && shreds.len() >= data && shreds.iter().any(|shred| shred.code_header().is_some()) {
        let there = shreds.iter().filter(|shred| shred.data_header().is_some()).count();
        assert_eq!(found, Ok(data - there), "enough came");
    }
}

/// The deshredder whole, on shreds of a real form: each four bytes take one of [`sent`] and change it
/// or not. Whatever comes, every packet is counted once, every record is sound and counted, and no
/// row is written twice.
pub(crate) fn deshred(bytes: &[u8]) {
    let Some((how, steps)) = bytes.split_first() else { return };
    let order = [Order::Slot, Order::Arrival, Order::Eager][usize::from(how % 3)];
    let leader = (how & 16 != 0).then_some(Leaders::One([1; 32]));
    let verify = Verify { merkle: how & 8 != 0, leader, poh: how & 32 != 0 };
    let shreds_max = if how & 64 != 0 { 64 } else { 512 };
    let limits = Limits { slots_max: u32::from(how % 5) + 1, shreds_max };
    let config = Config { order, verify, limits, shred_version: None, rows: Wanted::ALL };
    let Ok(mut parser) = Parser::new(&config, Feed::default()) else { return };
    let mut arena = Arena::with_room(1 << 16);
    for (rx_ns, step) in (1u64..).zip(steps.chunks_exact(4)) {
        let [which, how, place, value] = *step else { continue };
        let which = usize::from(which) + 256 * usize::from(how >> 7);
        let mut shred = sent()[which % sent().len()].clone();
        match how % 8 {
            // Headers are where rules are.
            4 | 5 => shred[64 + usize::from(place) % 25] = value,
            6 => shred[usize::from(place) * 4] ^= value,
            7 if value < 128 => shred.truncate(usize::from(place) * 5),
            7 => shred.extend([place; 21]),
            _ => {}
        }
        parser.datagram(&shred, false, rx_ns, &mut arena);
        parser.idle(rx_ns, &mut arena);
    }
    parser.finish(&mut arena);
    let tally = parser.tally();
    let taken = tally.shreds_data + tally.shreds_code + tally.shreds_duplicate;
    let refused: u64 = tally.refused().map(|(_, count)| count).sum();
    assert_eq!(tally.packets, taken + tally.feed_swaps + tally.feed_updates + refused);
    let (mut rows, mut counts) = (BTreeSet::new(), [0u64; 4]);
    for record in arena.records() {
        assert!(record::check(record).is_ok());
        if let Some(swap) = record.typed::<Swap>() {
            counts[0] += 1;
            let place = (swap.batch_start, swap.batch_tx, swap.ix_outer, swap.ix_inner);
            assert!(rows.insert((swap.slot, place)), "a row was written twice");
        }
        counts[1] += u64::from(record.typed::<Slot>().is_some());
        counts[2] += u64::from(record.typed::<Gap>().is_some());
        counts[3] += u64::from(record.typed::<Finding>().is_some());
    }
    assert_eq!(counts, [tally.swaps, tally.slots, tally.gaps, tally.findings]);
}

/// A dump: packets are no more than the bytes, and the reader stops.
pub(crate) fn dump(bytes: &[u8]) {
    let mut dump = Dump::new(Buffered::new(bytes));
    let mut passed = 0;
    while let Ok(Some(packet)) = dump.next() {
        passed += 4 + packet.len();
        assert!(passed <= bytes.len());
    }
    assert!(dump.position() <= bytes.len() as u64);
}
