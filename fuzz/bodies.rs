//! What each fuzz target does with its bytes: it takes them as foreign input and asserts what must
//! hold of any. `tests/corpus.rs` replays the same bodies on stable.
#![allow(dead_code, reason = "each target uses one body")]

use mev::dex::{AccountBook, Clock};
use mev::net::pcap::{Capture, Item};
use mev::parse::input::{Buffered, Dump, Found, Text};
use mev::parse::{Config, Feed, Leaders, Limits, Order, Parser, Verify, Wanted};
use mev::record::{self, Finding, Gap, Layout, Packet, Slot, Swap};
use mev::stream::{Arena, Piped, Reader, Stage};
use mev::wire::entry::{Batch, Item as EntryItem};
use mev::wire::feed::Datagram;
use mev::wire::shred::Shred;
use mev::wire::shredder::{Place, Shredder};
use mev::wire::txn::Transaction;
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// Whether `part` lies inside `whole`.
fn inside(whole: &[u8], part: &[u8]) -> bool {
    let (outer, inner) = (whole.as_ptr_range(), part.as_ptr_range());
    part.is_empty() || (outer.start <= inner.start && inner.end <= outer.end)
}

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

/// Every account decoder: the bytes as an account of each program, in its own and in the venue's
/// lengths; pools that come out hold their own rules.
pub(crate) fn accounts(bytes: &[u8]) {
    for program in mev::ids::Venue::ALL.iter().flat_map(|venue| venue.programs()) {
        let mut book = AccountBook::new();
        for (number, part) in bytes.chunks(1024).take(8).enumerate() {
            let key = [u8::try_from(number).unwrap_or(0); 32];
            book.insert(key, *program, part.to_vec(), 1);
        }
        book.insert([9; 32], *program, bytes.to_vec(), 1);
        book.insert([10; 32], mev::ids::TOKEN, bytes.to_vec(), 1);
        book.insert([11; 32], mev::ids::TOKEN_2022, bytes.to_vec(), 1);
        book.pools(Clock::default(), &mut |found| {
            if let mev::dex::Found::Pool { pool, .. } = found {
                assert_eq!(pool.invalid(), None);
                let ticks = mev::dex::TickRange::NONE;
                for a_to_b in [false, true] {
                    let _ = mev::dex::quote_in(pool, ticks, a_to_b, 1_000_000);
                    let _ = mev::dex::quote_out(pool, ticks, a_to_b, 1_000_000);
                }
            }
        });
    }
}

/// An account file: every account handed out was read whole, and the reader stops.
pub(crate) fn accounts_file(bytes: &[u8]) {
    let mut taken = 0u64;
    let read = mev::dex::accounts_file::read(bytes, &mut |_| taken += 1);
    if let Ok(count) = read {
        assert_eq!(count, taken);
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

/// Lines and JSON: what is handed on is a transaction, all that is said of it can be looked at,
/// each piece takes bytes, and the reader stops.
pub(crate) fn text(bytes: &[u8]) {
    let mut text = Text::new(Buffered::new(bytes));
    let (mut pieces, mut transactions) = (0usize, 0usize);
    let mut take = |found: Found<'_>| {
        let Found::Transaction { wire, executed, .. } = found else { return Ok(()) };
        assert!(Transaction::check(wire).is_ok());
        transactions += 1;
        if let Some(executed) = executed {
            let data = executed
                .inner()
                .iter()
                .map(|inner| executed.accounts(inner).len() + executed.data(inner).len());
            // A character of the document is at most a byte.
            let held = data.sum::<usize>() + executed.logs().map(<[u8]>::len).sum::<usize>();
            assert!(held <= bytes.len());
        }
        Ok(())
    };
    while let Ok(true) = text.next(&mut take) {
        pieces += 1;
        assert!(pieces <= bytes.len());
    }
    assert!(transactions <= bytes.len() && text.position() <= bytes.len() as u64);
}
