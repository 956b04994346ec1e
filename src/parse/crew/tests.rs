//! Any number of workers writes what one parser writes.

#![allow(clippy::indexing_slicing, reason = "a test may panic")]

use super::super::deshred::{Limits, Verify};
use super::super::feed::Feed;
use super::super::stage::{Config, Order, Parser};
use super::super::testing::{self, Ledger, shreds, swap_tx};
use super::Crew;
use crate::dex::AccountBook;
use crate::ids::{Key, LOOKUP_TABLE, RAYDIUM_AMM_V4};
use crate::keys::Signer;
use crate::parse::Wanted;
use crate::record::Swap;
use crate::stream::{Arena, Stage};
use proptest::prelude::*;

/// The bytes that `packets` lead to, and the counters, with `helpers` workers.
fn run(packets: &[Vec<u8>], limits: &Limits, helpers: usize) -> (Vec<u8>, String) {
    let verify = Verify { merkle: false, leader: None, poh: true };
    let limits = limits.clone();
    let config =
        Config { order: Order::Slot, verify, limits, shred_version: None, rows: Wanted::ALL };
    std::thread::scope(|scope| {
        let mut crew = if helpers == 0 {
            Crew::alone(Parser::new(&config, Feed::default()).unwrap())
        } else {
            let book = AccountBook::new();
            Crew::of(scope, &config, Feed::default(), helpers, &book).unwrap()
        };
        let mut out = Arena::default();
        for (packet, rx_ns) in packets.iter().zip(1..) {
            // Both ways a shred can be kept.
            crew.input(&mut out, |parser, out| match rx_ns % 3 {
                0 => parser.datagram(packet, false, rx_ns, out),
                _ => parser.datagram_lent(packet, false, rx_ns, out),
            });
        }
        crew.finish(&mut out);
        let bytes = out.records().flat_map(|record| record.bytes().to_vec()).collect();
        (bytes, format!("{:?}", crew.tally()))
    })
}

/// A transaction that calls the lookup table program on `table` with `data`.
fn table_tx(seed: u8, table: &Key, data: &[u8]) -> Vec<u8> {
    let mut tx = [&[1][..], &[seed; 64], &[1, 0, 1, 3], &[seed; 32], table, &LOOKUP_TABLE].concat();
    tx.extend([9; 32]);
    tx.extend([1, 2, 1, 1, u8::try_from(data.len()).unwrap()]);
    tx.extend(data);
    tx
}

/// A v0 transaction with a Raydium AMM v4 swap whose pool is the first key of `table`.
fn lookup_tx(seed: u8, table: &Key) -> Vec<u8> {
    // Owner, authority, two vaults, source, target, token program, AMM program; pool from the table.
    let mut tx = [&[1][..], &[seed; 64], &[0x80, 1, 0, 1, 8]].concat();
    for n in 0..7 {
        tx.extend([seed.wrapping_add(n); 32]);
    }
    tx.extend(RAYDIUM_AMM_V4);
    tx.extend([9; 32]);
    tx.extend([1, 7, 8, 6, 8, 1, 2, 3, 4, 5, 0, 17, 16]);
    tx.extend([1000u64.to_le_bytes(), 500u64.to_le_bytes()].concat());
    tx.extend([&[1][..], table, &[1, 0, 0]].concat());
    tx
}

/// Slots that make, extend and use tables, each also those of slots shortly before.
fn slots_with_tables(count: u8) -> Vec<Vec<u8>> {
    let table = |slot: u8| [100 + slot; 32];
    let mut packets = Vec::new();
    for slot in 1..=count {
        let extend = |n: u8| [&[2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0][..], &[200 - n; 32]].concat();
        let mut txs = vec![swap_tx(slot, &[5]), table_tx(slot, &table(slot), &[0; 4])];
        if slot % 3 == 0 {
            // A slot that uses what it makes.
            txs.push(table_tx(slot, &table(slot), &extend(slot)));
            txs.push(lookup_tx(slot, &table(slot)));
        }
        for before in 1..slot.min(3) {
            txs.push(table_tx(slot, &table(slot - before), &extend(slot)));
            txs.push(lookup_tx(slot, &table(slot - before)));
        }
        packets.extend(shreds(slot.into(), &[Ledger::new().batch(&txs)]));
    }
    packets
}

#[test]
fn tables_are_learned_in_the_order_of_slots() {
    let packets = slots_with_tables(40);
    let (alone, counted) = run(&packets, &Limits::DEFAULT, 0);
    let swaps = alone.chunks(size_of::<Swap>()).count();
    assert!(swaps > 40 && alone.windows(32).any(|key| key == [197; 32]), "tables are not used");
    for helpers in [1, 2, 4] {
        let (bytes, counts) = run(&packets, &Limits::DEFAULT, helpers);
        assert!(bytes == alone, "{helpers} workers write something else");
        assert_eq!(counts, counted);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn losses_copies_and_narrow_bounds_change_nothing(
        signed in any::<bool>(),
        drops in proptest::collection::vec(any::<proptest::sample::Index>(), 0..60),
        copies in proptest::collection::vec(any::<proptest::sample::Index>(), 0..30),
        swaps in proptest::collection::vec(any::<(proptest::sample::Index, proptest::sample::Index)>(), 0..60),
        slots_max in 1u32..8,
        shreds_max in prop_oneof![Just(64u32), Just(4096)],
        helpers in 1usize..4,
    ) {
        let signer = Signer::from_seed(&[7; 32]);
        let mut packets: Vec<Vec<u8>> = (1..7).flat_map(|slot| {
            if signed { testing::signed_slot(slot, 3, &signer) } else { testing::slot(slot, 5) }
        }).collect();
        for (a, b) in swaps {
            let (a, b) = (a.index(packets.len()), b.index(packets.len()));
            packets.swap(a, b);
        }
        for at in copies { let packet = packets[at.index(packets.len())].clone(); packets.push(packet); }
        for at in drops { packets.remove(at.index(packets.len())); }
        let limits = Limits { slots_max, shreds_max };
        let (alone, crew) = (run(&packets, &limits, 0), run(&packets, &limits, helpers));
        prop_assert!(alone.0 == crew.0);
        prop_assert_eq!(alone.1, crew.1);
    }
}
