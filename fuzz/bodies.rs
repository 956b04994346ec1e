//! What each fuzz target does with its bytes: it takes them as foreign input and asserts what must
//! hold of any. `tests/corpus.rs` replays the same bodies on stable.
#![allow(dead_code, reason = "each target uses one body")]

use mev::dex::{AccountBook, Clock};
use mev::net::pcap::{Capture, Item};
use mev::parse::input::{Buffered, Dump, Found, Text};
use mev::record::{self, Layout, Packet};
use mev::stream::{Piped, Reader};
use mev::wire::entry::{Batch, Item as EntryItem};
use mev::wire::feed::Datagram;
use mev::wire::shred::Shred;
use mev::wire::txn::Transaction;

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
