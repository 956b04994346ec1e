//! Wire transaction to swap rows, both systems in one process.
//!
//! Over at least 10 000 distinct transactions, in another order each pass, the systems pass by pass
//! in turn. A sample is a block of 32 transactions between two reads of the clock, divided by 32;
//! the percentiles are over all blocks of all passes. Every pass is checked: it finds the rows of
//! the first.
//!
//! The transactions lie in one buffer of some ten megabytes, so that in another order their bytes come
//! from outside of the near caches. So each comparison is made twice: without more, and with the bytes
//! of the transactions ahead asked for by the caller, for both systems.
//!
//! sol-parser-sdk is called as its ShredStream client calls it, with its own memory used again, and
//! both with its filter set to swaps and without one; the faster counts. Both systems read outer
//! instructions and know no lookup tables here.

#![allow(clippy::cast_precision_loss, reason = "a measurement")]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

#[path = "../../benches/support/paired.rs"]
mod paired;

use mev::mem;
use mev::parse::{Executed, Parser, TxPlace, Wanted};
use mev::record::{Role, Swap};
use mev::stream::Arena;
use mev::wire::txn::Transaction;
use peers::generate::{self, Random};
use peers::{fixtures, ours, theirs};
use sol_parser_sdk::DexEvent;
use sol_parser_sdk::grpc::instruction_parser::parse_instructions_enhanced;
use sol_parser_sdk::grpc::parse_subscribe_update_transaction_low_latency;
use sol_parser_sdk::grpc::{EventType, EventTypeFilter};
use solana_sdk::pubkey::Pubkey;
use solana_sdk::signature::Signature;
use std::hint::black_box;
use std::time::Instant;
use yellowstone_grpc_proto::prelude::SubscribeUpdateTransaction;
use yellowstone_grpc_proto::prelude::{CompiledInstruction, Message, TransactionStatusMeta};

/// Transactions between two reads of the clock.
const BLOCK: usize = 32;
/// Distinct transactions at least.
const TRANSACTIONS: usize = 10_240;
/// How far ahead bytes are asked for, where they are.
const AHEAD: usize = 4;
/// Passes over them, of each system.
const PASSES: u64 = 31;

/// What instructions ask for: the SDK's rows of a transaction that is not executed.
const INTENTS: Wanted =
    Wanted { intents: true, fills: false, routes: false, liquidity: false, rederived: false };
/// What was executed: the SDK's rows of one that is.
const FILLS: Wanted = Wanted { intents: false, fills: true, ..INTENTS };

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    println!("<!-- bench -->");
    println!("{}\n", paired::machine());
    println!("Reading the clock twice costs {:.1} ns of each block of {BLOCK}.\n", clock());
    let captured = captured();
    from_wire(&captured);
    executed(&captured);
    rejection();
    println!("<!-- /bench -->");
}

/// What two reads of the clock cost, ns.
fn clock() -> f64 {
    let start = Instant::now();
    for _ in 0..1_000_000 {
        black_box(Instant::now().elapsed());
    }
    start.elapsed().as_nanos() as f64 / 1e6
}

fn captured() -> Vec<fixtures::Captured> {
    let mut captured = fixtures::of_sdk();
    match fixtures::of_shared() {
        Some(more) => captured.extend(more),
        None => println!("(no shared folder: without its transactions)\n"),
    }
    captured
}

/// The times of one system.
#[derive(Default)]
struct Times {
    blocks: Vec<f64>,
}

impl Times {
    /// Runs `each` over `items`, in their order, and gives the sum of what it found.
    fn pass<T>(&mut self, items: &[T], mut each: impl FnMut(&T) -> usize) -> usize {
        let mut found = 0;
        for block in items.chunks_exact(BLOCK) {
            let start = Instant::now();
            for item in block {
                found += each(black_box(item));
            }
            self.blocks.push(start.elapsed().as_nanos() as f64 / BLOCK as f64);
        }
        found
    }

    /// As [`Self::pass`], but the bytes of the transactions ahead are asked for while one is read, as
    /// `net::pcap` does with packets.
    fn ahead(&mut self, wires: &[&[u8]], mut each: impl FnMut(&[u8]) -> usize) -> usize {
        let (mut found, mut next) = (0, wires.iter().skip(AHEAD));
        for block in wires.chunks_exact(BLOCK) {
            let start = Instant::now();
            for wire in block {
                next.next().inspect(|next| mem::prefetch(next, 0, next.len()));
                found += each(black_box(wire));
            }
            self.blocks.push(start.elapsed().as_nanos() as f64 / BLOCK as f64);
        }
        found
    }

    /// The time below which the share `of` of the blocks is.
    fn at(&mut self, of: f64) -> f64 {
        self.blocks.sort_by(f64::total_cmp);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
        let index = ((self.blocks.len() - 1) as f64 * of).round() as usize;
        self.blocks[index]
    }
}

fn head(title: &str, about: &str) {
    println!("### {title}\n\n{about}\n");
    println!("| system | rows found | p50 ns | p99 ns | max ns | p50 of ours is |");
    println!("|---|---:|---:|---:|---:|---:|");
}

/// Prints a line a system; ours comes first.
fn lines(mut systems: Vec<(&str, usize, Times)>) {
    let ours = systems[0].2.at(0.5);
    for (name, rows, times) in &mut systems {
        let [p50, p99, max] = [0.5, 0.99, 1.0].map(|of| times.at(of));
        let ratio = p50 / ours;
        println!("| {name} | {rows} | {p50:.0} | {p99:.0} | {max:.0} | {ratio:.1}x faster |");
    }
    println!();
}

fn from_wire(captured: &[fixtures::Captured]) {
    let bases: Vec<_> = captured.iter().map(|one| one.wire.clone()).collect();
    let all = generate::distinct(&bases, TRANSACTIONS);
    let mut swapping = all.clone();
    let mut events = Vec::new();
    let filter = theirs::swaps_only();
    swapping.retain(|wire| {
        theirs::wire(wire, Some(&filter), &mut events);
        !events.is_empty() && ours::intents(wire).len() == events.len()
    });
    let count = all.len();
    let about = format!("{count} distinct transactions, {PASSES} passes.");
    compare_wire("Wire transaction to swap rows: all transactions", &about, &all);
    let about = format!(
        "The {} of them in which both find the same number of swaps, and at least one.",
        swapping.len()
    );
    compare_wire("Wire transaction to swap rows: transactions with swaps", &about, &swapping);
}

fn compare_wire(title: &str, about: &str, all: &[Vec<u8>]) {
    let bytes = all.concat();
    let mut rest = &bytes[..];
    let mut wires: Vec<&[u8]> = Vec::with_capacity(all.len());
    for wire in all {
        let (wire, after) = rest.split_at(wire.len());
        wires.push(wire);
        rest = after;
    }
    let (mut parser, mut arena) = (ours::parser(INTENTS), ours::arena());
    let (mut events, filter) = (Vec::<DexEvent>::new(), theirs::swaps_only());
    let (mut times, mut rows): ([Times; 5], _) = (Default::default(), [0; 5]);
    let mut random = Random(1);
    // A multiple of the block, so that every pass is over all of them.
    wires.truncate(wires.len() / BLOCK * BLOCK);
    for pass in 0..PASSES {
        random.shuffle(&mut wires);
        let found = [
            times[0].pass(&wires, |wire| from_bytes(&mut parser, wire, &mut arena)),
            times[1].pass(&wires, |wire| {
                theirs::wire(wire, Some(&filter), &mut events);
                events.len()
            }),
            times[2].pass(&wires, |wire| {
                theirs::wire(wire, None, &mut events);
                events.len()
            }),
            times[3].ahead(&wires, |wire| from_bytes(&mut parser, wire, &mut arena)),
            times[4].ahead(&wires, |wire| {
                theirs::wire(wire, Some(&filter), &mut events);
                events.len()
            }),
        ];
        assert!(pass == 0 || rows == found, "a pass found other rows");
        rows = found;
    }
    head(title, about);
    let [ours, swaps, everything, ours_ahead, theirs_ahead] = times;
    lines(vec![
        ("mev-parse", rows[0], ours),
        ("sol-parser-sdk, filter: swaps", rows[1], swaps),
        ("sol-parser-sdk, no filter (rows of all kinds)", rows[2], everything),
    ]);
    let about = "The same, the bytes of those ahead asked for while one is read.";
    head(&format!("{title}, asked for ahead"), about);
    lines(vec![
        ("mev-parse", rows[3], ours_ahead),
        ("sol-parser-sdk, filter: swaps", rows[4], theirs_ahead),
    ]);
}

fn from_bytes(parser: &mut Parser<'_>, wire: &[u8], arena: &mut Arena) -> usize {
    arena.clear();
    parser.transaction(wire, TxPlace::default(), None, arena);
    arena.records().count()
}

fn fills(arena: &Arena) -> usize {
    let swaps = arena.records().filter_map(|record| record.typed::<Swap>());
    swaps.filter(|swap| swap.role == Role::Fill as u8).count()
}

/// An executed transaction in each system's own form, decoded from the RPC reply beforehand.
struct Outcome {
    wire: Vec<u8>,
    ours: Executed,
    theirs: SubscribeUpdateTransaction,
}

fn executed(captured: &[fixtures::Captured]) {
    let mut outcomes: Vec<_> = captured
        .iter()
        .filter_map(|one| {
            let ours = ours::executed(one)?;
            Some(Outcome { wire: one.wire.clone(), ours, theirs: theirs::update(one).ok()? })
        })
        .collect();
    outcomes.truncate(outcomes.len() / BLOCK * BLOCK);
    let (mut parser, mut arena) = (ours::parser(FILLS), ours::arena());
    let filter = theirs::swaps_only();
    let (mut times, mut rows, mut random): ([Times; 2], _, _) =
        (Default::default(), [0; 2], Random(2));
    for pass in 0..PASSES * 4 {
        random.shuffle(&mut outcomes);
        let found = [
            times[0].pass(&outcomes, |outcome| {
                arena.clear();
                let place = TxPlace::default();
                parser.transaction(&outcome.wire, place, Some(&outcome.ours), &mut arena);
                fills(&arena)
            }),
            times[1].pass(&outcomes, |outcome| {
                let update = &outcome.theirs;
                parse_subscribe_update_transaction_low_latency(update, 0, None, Some(&filter)).len()
            }),
        ];
        assert!(pass == 0 || rows == found, "a pass found other rows");
        rows = found;
    }
    let about = format!(
        "The {} captured transactions with an outcome; each system gets it decoded, in its own form: \
         ours wire bytes and `Executed`, the SDK a \
         Yellowstone message (`parse_subscribe_update_transaction_low_latency`).",
        outcomes.len()
    );
    head("Executed transaction to swap rows", &about);
    let [ours, theirs] = times;
    lines(vec![("mev-parse", rows[0], ours), ("sol-parser-sdk, filter: swaps", rows[1], theirs)]);
}

/// The transaction of the SDK's own `benches/instruction_reject.rs`: 32 keys, of which the last is
/// a program that nobody watches, called 8 times with 10 accounts and 16 bytes.
const KEYS: usize = 32;

fn rejection() {
    let mut random = Random(3);
    let foreign: Vec<Vec<[u8; 32]>> = (0..BLOCK)
        .map(|_| {
            let mut keys = vec![[0; 32]; KEYS];
            keys.iter_mut().for_each(|key| random.fill(key));
            keys
        })
        .collect();
    let v1: Vec<_> = foreign.iter().map(|keys| wire_v1(keys)).collect();
    let legacy: Vec<_> = foreign.iter().map(|keys| wire_legacy(&keys[..24])).collect();
    let checked: Vec<_> = v1.iter().map(|wire| Transaction::check(wire).unwrap()).collect();
    let messages: Vec<_> = foreign.iter().map(|keys| yellowstone(keys)).collect();
    let (mut parser, mut arena) = (ours::parser(INTENTS), ours::arena());
    let mut events = Vec::new();
    let (meta, filter) = (
        TransactionStatusMeta::default(),
        EventTypeFilter::include_only(vec![EventType::PumpFunTrade]),
    );
    let swaps = theirs::swaps_only();
    let mut times: [Times; 6] = Default::default();
    for _ in 0..20_000 {
        let found = [
            times[0].pass(&checked, |tx| {
                parser.transaction_checked(tx, TxPlace::default(), None, &mut arena);
                usize::from(!arena.is_empty())
            }),
            times[1].pass(&v1, |wire| from_bytes(&mut parser, wire, &mut arena)),
            times[2].pass(&legacy, |wire| from_bytes(&mut parser, wire, &mut arena)),
            times[3].pass(&messages, |tx| {
                let signature = Signature::default();
                parse_instructions_enhanced(&meta, tx, signature, 1, 0, None, 0, Some(&filter))
                    .len()
            }),
            times[4].pass(&v1, |wire| {
                theirs::wire(wire, Some(&swaps), &mut events);
                events.len()
            }),
            times[5].pass(&legacy, |wire| {
                theirs::wire(wire, Some(&swaps), &mut events);
                events.len()
            }),
        ];
        assert_eq!(found, [0; 6], "a foreign instruction became a row");
    }
    println!("### Rejecting a transaction of 8 foreign instructions\n");
    println!(
        "The transaction of the SDK's `benches/instruction_reject.rs` (32 keys, 8 instructions of 10 \
         accounts), which fits the wire only as version 1; as legacy it has 24 keys. {BLOCK} distinct \
         ones, 20000 passes.\n"
    );
    println!("| what | p50 ns | p99 ns | max ns |\n|---|---:|---:|---:|");
    let names = [
        "mev-parse, from a checked transaction",
        "mev-parse, from wire bytes, version 1",
        "mev-parse, from wire bytes, legacy with 24 keys",
        "sol-parser-sdk, from a decoded Yellowstone message (its own benchmark)",
        "sol-parser-sdk, from wire bytes, version 1",
        "sol-parser-sdk, from wire bytes, legacy with 24 keys",
    ];
    for (name, times) in names.iter().zip(&mut times) {
        let [p50, p99, max] = [0.5, 0.99, 1.0].map(|of| times.at(of));
        println!("| {name} | {p50:.1} | {p99:.1} | {max:.0} |");
    }
    println!();
}

fn wire_legacy(keys: &[[u8; 32]]) -> Vec<u8> {
    let count = u8::try_from(keys.len()).unwrap();
    let mut wire = vec![1];
    wire.extend([7; 64]);
    wire.extend([1, 0, 1, count]);
    wire.extend(keys.concat());
    wire.extend([9; 32]);
    wire.push(8);
    for _ in 0..8 {
        wire.extend([count - 1, 10]);
        wire.extend(0..10);
        wire.push(16);
        wire.extend([0xab; 16]);
    }
    wire
}

fn wire_v1(keys: &[[u8; 32]]) -> Vec<u8> {
    let count = u8::try_from(keys.len()).unwrap();
    let mut wire = vec![0x81, 1, 0, 1];
    wire.extend([0; 4]);
    wire.extend([9; 32]);
    wire.extend([8, count]);
    wire.extend(keys.concat());
    for _ in 0..8 {
        wire.extend([count - 1, 10, 16, 0]);
    }
    for _ in 0..8 {
        wire.extend(0..10);
        wire.extend([0xab; 16]);
    }
    wire.extend([7; 64]);
    wire
}

fn yellowstone(keys: &[[u8; 32]]) -> Option<yellowstone_grpc_proto::prelude::Transaction> {
    let account_keys = keys.iter().map(|key| Pubkey::from(*key).to_bytes().to_vec()).collect();
    let instruction = CompiledInstruction {
        program_id_index: u32::try_from(keys.len() - 1).unwrap(),
        accounts: (0..10).collect(),
        data: vec![0xab; 16],
    };
    let message =
        Message { account_keys, instructions: vec![instruction; 8], ..Default::default() };
    let transaction = yellowstone_grpc_proto::prelude::Transaction {
        message: Some(message),
        ..Default::default()
    };
    Some(transaction)
}
