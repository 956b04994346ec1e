//! The core as a whole, on slots made here: order, loss of memory, hostile input, accounts of it.

#![allow(clippy::indexing_slicing, reason = "a test may panic")]

use super::deshred::{Limits, Verify};
use super::feed::Feed;
use super::rows::Wanted;
use super::stage::{Config, Order, Parser};
use super::tally::{Refusal, Tally};
use super::testing::{self, Ledger, shred, shreds, swap_tx};
use crate::keys::Signer;
use crate::record::{Finding, Gap, GapReason, Packet, Record, Slot, Swap, Verdict};
use crate::stream::{Arena, Stage};
use crate::wire::leaders::Leaders;
use proptest::prelude::*;

pub(super) const WHOLE: Limits = Limits { slots_max: 8, shreds_max: 4096 };

pub(super) fn config(order: Order, limits: Limits) -> Config {
    let verify = Verify { merkle: false, leader: None, poh: true };
    Config { order, verify, limits, shred_version: None, rows: Wanted::ALL }
}

pub(super) fn parser(order: Order, limits: Limits) -> Parser<'static> {
    Parser::new(&config(order, limits), Feed::default()).unwrap()
}

/// What a run wrote.
#[derive(Debug, Default)]
pub(super) struct Out {
    pub(super) swaps: Vec<Swap>,
    pub(super) slots: Vec<Slot>,
    pub(super) gaps: Vec<Gap>,
    pub(super) findings: Vec<Finding>,
    /// Kinds in the order in which they were written.
    pub(super) kinds: Vec<u16>,
}

impl Out {
    pub(super) fn drain(&mut self, arena: &mut Arena) {
        for record in arena.records() {
            self.kinds.push(record.kind());
            self.swaps.extend(record.get::<Swap>().unwrap());
            self.slots.extend(record.get::<Slot>().unwrap());
            self.gaps.extend(record.get::<Gap>().unwrap());
            self.findings.extend(record.get::<Finding>().unwrap());
        }
        arena.clear();
    }

    /// The swaps without their receive stamps.
    pub(super) fn timeless(&self) -> Vec<Swap> {
        let strip = |swap: &Swap| {
            let mut swap = *swap;
            swap.head.rx_ns = 0;
            swap
        };
        self.swaps.iter().map(strip).collect()
    }
}

/// Runs `packets` through a parser, the stamp of each being its number from 1.
pub(super) fn run(mut parser: Parser, packets: &[Vec<u8>]) -> (Out, Tally) {
    let (mut out, mut arena) = (Out::default(), Arena::with_room(1 << 16));
    for (rx_ns, packet) in (1u64..).zip(packets) {
        parser.datagram(packet, false, rx_ns, &mut arena);
        parser.idle(0, &mut arena);
        out.drain(&mut arena);
    }
    parser.finish(&mut arena);
    out.drain(&mut arena);
    let tally = &parser.tally;
    let known = tally.shreds_data + tally.shreds_code + tally.shreds_duplicate;
    let fed = tally.feed_swaps + tally.feed_updates;
    assert_eq!(tally.packets, known + fed + tally.refused_count(), "{tally:?}");
    assert_eq!(tally.packets, packets.len() as u64);
    assert_eq!(tally.swaps, out.swaps.len() as u64);
    assert_eq!(tally.findings, out.findings.len() as u64);
    (out, parser.tally)
}

pub(super) fn shuffled(mut packets: Vec<Vec<u8>>, seed: u64) -> Vec<Vec<u8>> {
    let mut state = seed | 1;
    for at in (1..packets.len()).rev() {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        packets.swap(at, (state >> 33) as usize % (at + 1));
    }
    packets
}

fn three_slots() -> Vec<Vec<u8>> {
    (100..103).flat_map(|slot| testing::slot(slot, 5)).collect()
}

#[test]
fn a_slot_gives_its_rows_then_its_record() {
    let packets = testing::slot(100, 2);
    let (out, tally) = run(parser(Order::Slot, WHOLE), &packets);
    let (swap, slot) = (0x20, 0x24);
    assert_eq!(out.kinds, [swap, swap, swap, swap, swap, swap, slot]);
    let record = out.slots[0];
    assert_eq!((record.slot, record.batches, record.entries, record.txns), (100, 2, 8, 6));
    assert_eq!((record.swaps, record.complete, record.poh), (6, 1, Verdict::Ok as u8));
    assert_eq!((record.shreds_data as usize, record.parent), (packets.len(), 99));
    assert_eq!(record.present, Slot::BLOCKHASH | Slot::PARENT);
    let first = out.swaps[0];
    assert_eq!((first.amount_in, first.limit, first.ix_outer), (100_000, 50_000, 0));
    assert_eq!((first.slot, first.tx_index, first.batch_start, first.batch_tx), (100, 0, 0, 0));
    let places: Vec<_> = out
        .swaps
        .iter()
        .map(|swap| {
            (swap.tx_index, swap.batch_tx, swap.ix_outer, swap.head.flags & Swap::LAST_OF_TX)
        })
        .collect();
    let batch = [(0, 0, 0, 0), (0, 0, 1, 1), (2, 2, 0, 1)];
    let next = batch.map(|(tx, in_batch, ix, last)| (tx + 3, in_batch, ix, last));
    assert_eq!(places, [batch, next].concat());
    assert_eq!((tally.slots, tally.slots_complete, tally.slots_bad), (1, 1, 0));
}

#[test]
fn slot_order_does_not_depend_on_the_order_of_packets() {
    let packets = three_slots();
    let (straight, _) = run(parser(Order::Slot, WHOLE), &packets);
    assert_eq!(straight.swaps.len(), 45);
    for seed in 1..20 {
        let (mixed, tally) = run(parser(Order::Slot, WHOLE), &shuffled(packets.clone(), seed));
        assert_eq!(mixed.timeless(), straight.timeless(), "seed {seed}");
        assert_eq!(mixed.kinds, straight.kinds);
        assert_eq!((tally.slots_complete, tally.slots_bad), (3, 0));
    }
}

#[test]
fn arrival_order_writes_the_same_rows_as_their_batches_become_whole() {
    let packets = three_slots();
    let (straight, _) = run(parser(Order::Slot, WHOLE), &packets);
    let (arrival, _) = run(parser(Order::Arrival, WHOLE), &packets);
    assert_eq!(arrival.timeless(), straight.timeless());
    for seed in 1..20 {
        let (mixed, tally) = run(parser(Order::Arrival, WHOLE), &shuffled(packets.clone(), seed));
        let key = |swap: &Swap| (swap.slot, swap.batch_start, swap.batch_tx, swap.ix_outer);
        let mut rows = mixed.timeless();
        rows.sort_by_key(key);
        for (row, known) in rows.iter_mut().zip(&straight.timeless()) {
            if row.present & Swap::TX_INDEX == 0 {
                (row.tx_index, row.present) = (known.tx_index, row.present | Swap::TX_INDEX);
            }
            assert_eq!(row, known, "seed {seed}");
        }
        assert_eq!(rows.len(), straight.swaps.len());
        assert_eq!((tally.slots_complete, tally.slots_bad), (3, 0));
        assert!(mixed.slots.iter().all(|slot| slot.poh == Verdict::Ok as u8));
    }
}

#[test]
fn a_row_has_the_stamp_of_the_packet_that_completed_its_batch() {
    let mut packets = testing::slot(100, 1);
    let held = packets.remove(0);
    packets.push(held);
    let (out, _) = run(parser(Order::Arrival, WHOLE), &packets);
    let last = packets.len() as u64;
    assert!(out.swaps.iter().all(|swap| swap.head.rx_ns == last));
    assert_eq!(out.slots[0].head.rx_ns, last);
}

#[test]
fn copies_are_counted_and_the_first_of_two_versions_stays() {
    let mut packets = testing::slot(100, 2);
    let count = packets.len();
    packets.extend(packets.clone());
    let mut other = packets[0].clone();
    other[200] ^= 1;
    packets.insert(1, other);
    let (out, tally) = run(parser(Order::Slot, WHOLE), &packets);
    assert_eq!((tally.shreds_duplicate, tally.count_of(Refusal::ShredConflict)), (count as u64, 1));
    let record = out.slots[0];
    assert_eq!((record.complete, record.poh), (1, Verdict::Ok as u8));
    assert_eq!(record.shreds_duplicate as usize, count);
}

#[test]
fn a_slot_that_has_to_go_leaves_its_rows_a_gap_and_its_record() {
    let limits = Limits { slots_max: 2, ..WHOLE };
    let mut packets = testing::slot(100, 3);
    packets.remove(0);
    packets.extend([101, 102].into_iter().flat_map(|slot| testing::slot(slot, 1)));
    for order in [Order::Slot, Order::Arrival] {
        let (out, _) = run(parser(order, limits.clone()), &packets);
        let gap = out.gaps.iter().find(|gap| gap.slot == 100).unwrap();
        assert_eq!((gap.count, gap.first, gap.present), (1, 0, Gap::SLOT | Gap::FIRST));
        let evicted = order == Order::Slot;
        let reason = if evicted { GapReason::SlotEvicted } else { GapReason::FecUnrecoverable };
        assert_eq!(gap.reason, reason as u16, "{order:?}");
        let record = out.slots.iter().find(|slot| slot.slot == 100).unwrap();
        // The first batch cannot be decoded, the others are; what follows a hole is not numbered.
        assert_eq!((record.batches, record.complete, record.poh), (2, 0, Verdict::Partial as u8));
        let rows: Vec<_> = out.swaps.iter().filter(|swap| swap.slot == 100).collect();
        assert_eq!(rows.len(), 6);
        assert!(rows.iter().all(|swap| swap.present & Swap::TX_INDEX == 0));
    }
}

#[test]
fn full_storage_gives_a_slot_up_and_goes_on() {
    let limits = Limits { slots_max: 8, shreds_max: 70 };
    let mut packets = testing::slot(100, 20);
    packets.remove(0);
    let first = packets.len();
    assert!((40..70).contains(&first));
    packets.extend(testing::slot(101, 20));
    let (out, tally) = run(parser(Order::Slot, limits.clone()), &packets);
    assert_eq!(out.gaps[0].reason, GapReason::StorageFull as u16);
    assert_eq!(out.slots.iter().map(|slot| slot.complete).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(tally.count_of(Refusal::StorageFull), 0);
    // One slot larger than the storage is given up too, and the rest of it is refused.
    let (out, tally) = run(parser(Order::Slot, limits), &testing::slot(100, 40)[1..]);
    assert_eq!((out.slots.len(), tally.count_of(Refusal::StorageFull)), (1, 1));
    assert!(tally.count_of(Refusal::SlotClosed) > 0);
}

#[test]
fn what_comes_after_a_slot_was_written_is_only_counted() {
    let limits = Limits { slots_max: 2, ..WHOLE };
    let (one, mut packets) = (testing::slot(100, 1), three_slots());
    packets.extend(testing::slot(103, 1));
    packets.push(one[0].clone());
    packets.push(shred(99, 0, 0xc0, &[0; 8]));
    let (out, tally) = run(parser(Order::Slot, limits), &packets);
    let slots: Vec<_> = out.slots.iter().map(|slot| slot.slot).collect();
    assert_eq!(slots, [100, 101, 102, 103]);
    assert_eq!(tally.count_of(Refusal::SlotPast), 2);
}

#[test]
fn nothing_lies_beyond_the_last_shred() {
    let mut packets = testing::slot(100, 2);
    let end = u32::try_from(packets.len()).unwrap();
    packets.push(shred(100, end + 3, 0, &[1; 9]));
    packets.push(shred(100, 1, 0xc0, &[1; 9]));
    packets.push(shred(101, 5, 0, &[1; 9]));
    packets.push(shred(101, 2, 0xc0, &[1; 9]));
    let (out, tally) = run(parser(Order::Slot, WHOLE), &packets);
    assert_eq!(tally.count_of(Refusal::LastConflict), 2);
    assert_eq!(tally.count_of(Refusal::ShredConflict), 1);
    assert_eq!(out.slots[0].complete, 1);
}

#[test]
fn a_claim_of_endless_hashes_is_not_followed() {
    let mut ledger = Ledger::new();
    let mut batch = ledger.batch(&[swap_tx(1, &[5]), swap_tx(2, &[6])]);
    // The first entry is believed; the second one's count lies behind it.
    batch[8 + 48..8 + 56].copy_from_slice(&u64::MAX.to_le_bytes());
    let (out, tally) = run(parser(Order::Slot, WHOLE), &shreds(100, &[batch]));
    assert_eq!((out.swaps.len(), out.slots[0].poh), (2, Verdict::Partial as u8));
    assert_eq!(tally.refused_poh().map(|(_, count)| count).sum::<u64>(), 1);
}

#[test]
fn a_hash_that_does_not_follow_is_bad() {
    let mut ledger = Ledger::new();
    let mut batch = ledger.batch(&[swap_tx(1, &[5])]);
    batch[8 + 48] = 2;
    let (out, tally) = run(parser(Order::Slot, WHOLE), &shreds(100, &[batch]));
    assert_eq!((out.slots[0].complete, out.slots[0].poh), (1, Verdict::Bad as u8));
    assert_eq!(tally.slots_bad, 1);
}

#[test]
fn a_batch_cut_inside_gives_the_rows_before_the_cut_and_a_gap() {
    let mut ledger = Ledger::new();
    let txs: Vec<_> = (0..6).map(|seed| swap_tx(seed, &[u64::from(seed)])).collect();
    let batch = ledger.batch(&txs);
    let packets = shreds(100, &[batch[..batch.len() - 700].to_vec(), ledger.batch(&txs)]);
    let (out, tally) = run(parser(Order::Slot, WHOLE), &packets);
    assert!((1..6).contains(&(out.swaps.len() - 6)));
    assert_eq!(out.gaps[0].reason, GapReason::BatchUndecodable as u16);
    assert_eq!((out.slots[0].complete, out.slots[0].batches), (0, 1));
    assert_eq!((tally.slots_bad, tally.refused_batches().map(|(_, count)| count).sum()), (1, 1));
}

#[test]
fn a_batch_whose_start_is_missing_is_found_at_the_start_of_its_fec_set() {
    let mut ledger = Ledger::new();
    let txs: Vec<_> = (0..3).map(|seed| swap_tx(seed, &[9])).collect();
    let mut packets = Vec::new();
    for (at, piece) in (32u32..).zip(ledger.batch(&txs).chunks(500)) {
        packets.push(shred(100, at, 0, piece));
    }
    packets.last_mut().unwrap()[85] = 0x40;
    let (out, _) = run(parser(Order::Slot, WHOLE), &packets);
    assert_eq!((out.swaps.len(), out.slots[0].batches), (3, 1));
    assert_eq!((out.gaps[0].count, out.slots[0].complete), (32, 0));
    // Elsewhere nothing is guessed.
    let (out, _) = run(parser(Order::Slot, WHOLE), &packets[1..]);
    assert_eq!((out.swaps.len(), out.slots[0].batches), (0, 0));
}

#[test]
fn packets_come_as_records_too() {
    let mut parser = parser(Order::Slot, WHOLE);
    let (mut arena, mut out) = (Arena::with_room(1 << 16), Out::default());
    for payload in testing::slot(100, 1) {
        let mut packets = Arena::with_room(2048);
        let mut packet = Packet::new(7);
        packet.payload_len = u16::try_from(payload.len()).unwrap();
        packet.head.len = u32::try_from((64 + payload.len()).next_multiple_of(64)).unwrap();
        crate::stream::Sink::put_parts(&mut packets, &packet, &payload);
        packets.records().for_each(|record| parser.step(record, &mut arena));
    }
    parser.step(Record::of(&Gap::new(3)), &mut arena);
    parser.finish(&mut arena);
    out.drain(&mut arena);
    assert_eq!((out.swaps.len(), out.gaps.len(), out.slots.len()), (3, 1, 1));
}

pub(super) fn checked(merkle: bool, leader: Option<[u8; 32]>, order: Order) -> Parser<'static> {
    let verify = Verify { merkle, leader: leader.map(Leaders::One), poh: false };
    let config = Config { verify, shred_version: Some(1), ..config(order, WHOLE) };
    Parser::new(&config, Feed::default()).unwrap()
}

pub(super) fn signer() -> Signer {
    Signer::from_seed(&[5; 32])
}

#[test]
fn half_of_every_set_is_enough() {
    let packets = testing::signed_slot(100, 3, &signer());
    let leader = Some(signer().public());
    let (whole, _) = run(checked(true, leader, Order::Slot), &packets);
    assert_eq!(whole.slots[0].complete, 1);
    for seed in 1..6 {
        // Of each set of 64 any 32 remain.
        let kept: Vec<_> = packets
            .chunks(64)
            .flat_map(|set| shuffled(set.to_vec(), seed).into_iter().take(32))
            .collect();
        for order in [Order::Slot, Order::Arrival] {
            let (out, tally) = run(checked(true, leader, order), &shuffled(kept.clone(), seed));
            let mut rows = out.timeless();
            rows.sort_by_key(|swap| (swap.batch_start, swap.batch_tx, swap.ix_outer));
            if order == Order::Slot {
                assert_eq!(rows, whole.timeless());
                assert_eq!(out.kinds, whole.kinds);
            }
            assert_eq!(rows.len(), whole.swaps.len());
            let record = out.slots[0];
            assert_eq!((record.complete, record.blockhash), (1, whole.slots[0].blockhash));
            assert_eq!(record.shreds_data + record.shreds_recovered, whole.slots[0].shreds_data);
            assert_eq!((record.merkle, record.leader), (Verdict::Ok as u8, Verdict::Ok as u8));
            assert_eq!(tally.shreds_recovered, u64::from(record.shreds_recovered));
        }
    }
}

#[test]
fn one_shred_less_than_enough_leaves_a_gap() {
    let packets = testing::signed_slot(100, 2, &signer());
    let kept = [&packets[..64], &packets[64 + 33..128]].concat();
    let (out, _) = run(checked(false, None, Order::Slot), &kept);
    assert_eq!((out.gaps[0].count, out.gaps[0].reason), (32, GapReason::FecUnrecoverable as u16));
    assert_eq!((out.slots[0].batches, out.slots[0].complete), (1, 0));
}

#[test]
fn a_recovered_shred_that_comes_late_is_received_and_not_new() {
    let mut packets = testing::signed_slot(100, 1, &signer());
    let late = packets.remove(0);
    let again = late.clone();
    packets.extend([late, again]);
    packets.truncate(66);
    // The slot is whole as soon as 32 shreds are there; one of another slot keeps it open.
    let mut parser = checked(false, None, Order::Arrival);
    let mut arena = Arena::with_room(1 << 16);
    for packet in &packets[..20] {
        parser.datagram(packet, false, 1, &mut arena);
    }
    assert!(arena.is_empty());
    for packet in &packets[20..] {
        parser.datagram(packet, false, 2, &mut arena);
    }
    parser.finish(&mut arena);
    let mut out = Out::default();
    out.drain(&mut arena);
    assert_eq!((out.slots.len(), out.swaps.len()), (1, 3));
    assert_eq!(parser.tally.packets, 65);
    assert_eq!(parser.tally.shreds_duplicate, 2);
}

#[test]
fn a_damaged_shred_is_refused_by_its_proof_and_healed_by_the_code() {
    let packets = testing::signed_slot(100, 2, &signer());
    let leader = Some(signer().public());
    for at in [64, 75, 88, 200, 1000, 1100, 1202] {
        let mut damaged = packets.clone();
        // The first shred of a set with a leader's key; any other without.
        for number in [0, 5, 40, 64, 90] {
            if let Some(byte) = damaged[number].get_mut(at) {
                *byte ^= 0x04;
            }
        }
        let (out, tally) = run(checked(true, leader, Order::Slot), &damaged);
        let slot = out.slots.iter().find(|slot| slot.slot == 100).unwrap();
        assert_eq!((slot.complete, out.swaps.len()), (1, 6), "byte {at}: {tally:?}");
        assert!(tally.refused_count() + u64::from(slot.shreds_recovered) >= 3, "byte {at}");
    }
}

#[test]
fn shreds_of_another_leader_are_refused_and_the_verdict_is_bad() {
    let packets = testing::signed_slot(100, 1, &signer());
    let other = Signer::from_seed(&[6; 32]).public();
    let (out, tally) = run(checked(true, Some(other), Order::Slot), &packets);
    assert_eq!(tally.count_of(Refusal::LeaderSignature), packets.len() as u64);
    assert_eq!((out.slots[0].leader, out.slots[0].complete), (Verdict::Bad as u8, 0));
    assert_eq!((tally.slots_bad, out.swaps.len()), (1, 0));
}

#[test]
fn shreds_that_disagree_with_their_set_are_refused() {
    let packets = testing::signed_slot(100, 2, &signer());
    let mut forged = packets.clone();
    forged[3][0] ^= 1; // another signature
    forged[4][64] ^= 1; // another length of the proof
    forged[40][83] = 31; // another count of data shreds
    let (out, tally) = run(checked(false, None, Order::Slot), &forged);
    assert_eq!(tally.count_of(Refusal::SetConflict), 3);
    assert_eq!((out.slots[0].complete, out.slots[0].shreds_recovered), (1, 2));
}

#[test]
fn another_shred_version_is_refused() {
    let mut packets = testing::slot(100, 2);
    packets[1][77] = 2;
    let (_, tally) = run(parser(Order::Slot, WHOLE), &packets);
    assert_eq!(tally.count_of(Refusal::ShredVersion), 1);
}

/// A packet made of a good one by a few changed bytes, of the header mostly.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let changes = proptest::collection::vec((0..1203usize, any::<u8>(), any::<bool>()), 0..4);
    (0..90usize, changes, 0..40usize).prop_map(|(at, changes, cut)| {
        let all = if at < 45 { three_slots() } else { testing::signed_slot(100, 2, &signer()) };
        let mut packet = all[at % all.len()].clone();
        for (place, value, header) in changes {
            let place = if header { 64 + place % 25 } else { place };
            packet[place % 1203] = value;
        }
        packet.truncate(packet.len() - if cut < 3 { cut * 500 } else { 0 });
        packet
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_input_makes_it_panic_or_lose_count(
        damaged in proptest::collection::vec(damaged(), 0..60),
        noise in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..1300), 0..20),
        order in 0..3usize,
        small in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let order = [Order::Slot, Order::Arrival, Order::Eager][order];
        let limits = if small { Limits { slots_max: 2, shreds_max: 64 } } else { WHOLE };
        let signed = testing::signed_slot(100, 2, &signer());
        let packets = shuffled([three_slots(), signed, damaged, noise].concat(), seed);
        run(parser(order, limits.clone()), &packets);
        let leader = Some(Leaders::One(signer().public()));
        let verify = Verify { merkle: true, leader, poh: false };
        let config = Config { verify, ..config(order, limits) };
        run(Parser::new(&config, Feed::default()).unwrap(), &packets);
    }
}
