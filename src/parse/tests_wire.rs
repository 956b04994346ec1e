//! The core on what the wire does to a slot: contradictions, chains of roots, schedules, markers,
//! copies, strays, and batches that are read before they are whole.

#![allow(clippy::indexing_slicing, reason = "a test may panic")]

use super::deshred::{Limits, Verify};
use super::feed::Feed;
use super::stage::{Config, Order, Parser};
use super::tally::{Note, Refusal, Tally};
use super::testing::{self, Ledger, shred, shreds, swap_tx};
use super::tests::{Out, WHOLE, checked, config, parser, run, shuffled, signer};
use crate::keys::Signer;
use crate::record::{Finding, FindingReason, GapReason, Proof, Signed, Slot, Swap, Verdict};
use crate::stream::{Arena, Stage};
use crate::wire::leaders::{Leaders, Schedule};
use crate::wire::shred::Shred;
use proptest::prelude::*;

fn note(tally: &Tally, what: Note) -> u64 {
    tally.notes().find(|(name, _)| *name == Note::NAMES[what as usize]).unwrap().1
}

/// A slot of one batch of `count` transactions whose seeds begin at `seed`, signed.
fn version(seed: u8, count: u8) -> Vec<Vec<u8>> {
    let txs: Vec<_> =
        (0..count).map(|at| swap_tx(seed.wrapping_add(at), &[u64::from(at) + 1])).collect();
    testing::signed(100, [3; 32], &[Ledger::new().batch(&txs)], &signer()).0
}

fn roots_differ(finding: &Finding) -> bool {
    finding.root != finding.other_root && finding.signature != finding.other_signature
}

#[test]
fn two_shreds_of_one_place_that_the_leader_signed_are_a_proof() {
    let (one, other) = (version(1, 60), version(90, 60));
    let (data, code) = (other[3].clone(), other[40].clone());
    // Each conflicting shred comes twice; nothing of the other version is kept.
    let packets = [&one[..], &[data.clone(), data, code.clone(), code]].concat();
    let (plain, _) = run(checked(true, None, Order::Slot), &one);
    for (leader, proof, signed) in [
        (Some(signer().public()), Proof::Proven, Signed::Ok),
        (None, Proof::Open, Signed::Unchecked),
    ] {
        let (out, tally) = run(checked(true, leader, Order::Slot), &packets);
        assert_eq!(tally.count_of(Refusal::ShredConflict), 4);
        let [data, code] = out.findings.as_slice() else { panic!("{:?}", out.findings) };
        for (finding, kind, index) in [(data, 0, 3), (code, 1, 8)] {
            assert_eq!((finding.slot, finding.reason), (100, FindingReason::Shred as u16));
            assert_eq!(
                (finding.shred_kind, finding.index, finding.other_index),
                (kind, index, index)
            );
            assert_eq!((finding.proof, finding.signed), (proof as u8, signed as u8));
            assert_eq!((finding.other_signed, finding.fec_set_index), (signed as u8, 0));
            assert!(roots_differ(finding));
            assert_eq!(finding.leader, leader.unwrap_or_default());
            assert_eq!(finding.present & Finding::LEADER != 0, leader.is_some());
        }
        assert_eq!(out.timeless(), plain.timeless());
        assert_eq!(tally.slots_bad, u64::from(leader.is_some()));
    }
}

#[test]
fn two_signatures_of_one_fec_set_are_a_finding_where_no_place_is_taken_twice() {
    let (one, other) = (version(1, 60), version(90, 60));
    let packets = [&one[..20], &other[25..30], &one[40..]].concat();
    let (out, tally) = run(checked(true, Some(signer().public()), Order::Slot), &packets);
    assert_eq!((tally.count_of(Refusal::SetConflict), out.findings.len()), (5, 1));
    let finding = out.findings[0];
    assert_eq!(
        (finding.reason, finding.proof),
        (FindingReason::FecSet as u16, Proof::Proven as u8)
    );
    assert_eq!((finding.index, finding.other_index, finding.fec_set_index), (0, 25, 0));
    assert!(roots_differ(&finding));
    assert_eq!((out.slots[0].complete, tally.slots_bad), (1, 1));
}

#[test]
fn what_contradicts_a_recovered_shred_says_so() {
    let (one, other) = (version(1, 60), version(90, 60));
    // 31 data shreds and one code shred give the last data shred; the other version's comes then,
    // in a slot that another batch keeps open.
    let mut ledger = Ledger::new();
    let txs: Vec<_> = (0..60).map(|at| swap_tx(at, &[1])).collect();
    let (first, second) = (ledger.batch(&txs), ledger.batch(&txs));
    let open = testing::signed(100, [3; 32], &[first, second], &signer()).0;
    assert!(open.len() > 64 && one.len() == 64);
    let packets = [&open[1..33], &other[..1], &open[64..90]].concat();
    let (out, tally) = run(checked(false, None, Order::Arrival), &packets);
    assert_eq!((tally.shreds_recovered, tally.count_of(Refusal::ShredConflict)), (1, 1));
    let finding = out.findings[0];
    assert_eq!((finding.reason, finding.index), (FindingReason::Recovered as u16, 0));
    assert_eq!(finding.proof, Proof::Open as u8);
}

#[test]
fn a_damaged_copy_convicts_nobody() {
    let one = version(1, 60);
    let leader = signer().public();
    // Ledger bytes, then the signature.
    for at in [300, 3] {
        let mut copy = one[5].clone();
        copy[at] ^= 1;
        let packets = [&one[..], &[copy]].concat();
        for (leader, signed) in
            [(Some(leader), [Signed::Ok, Signed::Bad]), (None, [Signed::Unchecked; 2])]
        {
            let (out, tally) = run(checked(true, leader, Order::Slot), &packets);
            let finding = out.findings[0];
            assert_eq!(finding.proof, Proof::Refuted as u8, "byte {at}");
            assert_eq!([finding.signed, finding.other_signed], signed.map(|signed| signed as u8));
            assert_eq!((tally.slots_bad, out.slots[0].complete), (0, 1));
        }
    }
}

#[test]
fn retransmitters_signatures_and_trailing_bytes_contradict_nothing() {
    let one = version(1, 4);
    assert!(Shred::check(&one[0]).unwrap().retransmitter_signature().is_some());
    let mut copies = one.clone();
    for (at, copy) in copies.iter_mut().enumerate() {
        let place = copy.len() - 1;
        copy[place] ^= 0x5a;
        // A repair nonce, or junk.
        copy.extend(vec![7; if at % 2 == 0 { 4 } else { 21 }]);
    }
    let packets = [one.clone(), copies].concat();
    let (out, tally) = run(checked(true, Some(signer().public()), Order::Slot), &packets);
    assert_eq!((out.findings.len(), tally.shreds_duplicate), (0, one.len() as u64));
    assert_eq!((tally.refused_count(), out.slots[0].leader), (0, Verdict::Ok as u8));
}

#[test]
fn legacy_shreds_are_told_by_their_own_signatures() {
    let legacy = |ledger: &[u8]| {
        let mut bytes = shred(100, 0, 0xc0, ledger);
        bytes[64] = 0xa5;
        bytes.resize(1228, 0);
        let signature = signer().sign(&bytes[64..]);
        bytes[..64].copy_from_slice(&signature);
        bytes
    };
    let (one, other) = (legacy(&[0; 8]), legacy(&[0; 9]));
    let leader = Some(signer().public());
    let (out, _) = run(checked(false, leader, Order::Slot), &[one, other]);
    let finding = out.findings[0];
    assert_eq!((finding.reason, finding.proof), (FindingReason::Shred as u16, Proof::Proven as u8));
    assert!(roots_differ(&finding));
    assert_eq!(out.slots[0].leader, Verdict::Ok as u8);
}

#[test]
fn two_ends_of_a_slot_are_a_finding() {
    let (out, tally) = run(
        parser(Order::Slot, WHOLE),
        &[shred(100, 40, 0, &[1]), shred(100, 9, 0xc0, &[2]), shred(100, 8, 0xc0, &[2])],
    );
    assert_eq!((tally.count_of(Refusal::LastConflict), out.findings.len()), (2, 1));
    let finding = out.findings[0];
    assert_eq!(
        (finding.reason, finding.index, finding.other_index),
        (FindingReason::Last as u16, 40, 9)
    );
}

#[test]
fn a_slot_has_room_for_so_many_findings() {
    let packets: Vec<_> = (0..100)
        .flat_map(|index| [1, 2, 3].map(|byte| shred(100, index, 0, &[byte])))
        .chain([shred(101, 0, 0, &[1]), shred(101, 0, 0, &[2])])
        .collect();
    let (out, tally) = run(parser(Order::Slot, WHOLE), &packets);
    assert_eq!((out.findings.len(), tally.count_of(Refusal::ShredConflict)), (65, 201));
    assert_eq!(note(&tally, Note::FindingDropped), 2 * 36);
}

/// Slots 100 and 101, the second of which stands on the root that it is given or on the right one.
fn two_slots(root: Option<[u8; 32]>) -> Vec<Vec<u8>> {
    let (parent, end) = testing::signed(100, [3; 32], &testing::batches(100, 3), &signer());
    let child = testing::signed(101, root.unwrap_or(end), &testing::batches(101, 2), &signer()).0;
    [parent, child].concat()
}

#[test]
fn a_chain_of_roots_is_followed_within_a_slot_and_to_its_parent() {
    let leader = Some(signer().public());
    for order in [Order::Slot, Order::Arrival] {
        let (out, _) = run(checked(true, leader, order), &two_slots(None));
        assert_eq!((out.findings.len(), out.slots[1].merkle), (0, Verdict::Ok as u8));
        let (out, tally) = run(checked(true, leader, order), &two_slots(Some([9; 32])));
        let finding = out.findings[0];
        assert_eq!((finding.slot, finding.first_slot), (101, 100));
        assert_eq!(finding.reason, FindingReason::ChainedRoot as u16);
        assert_eq!((finding.other_root, finding.proof), ([9; 32], Proof::Proven as u8));
        assert_eq!(out.slots.iter().map(|slot| slot.merkle).collect::<Vec<_>>(), [1, 3]);
        assert_eq!((out.findings.len(), tally.slots_bad), (1, 1));
        // Without the parent, or the check, nothing is known.
        let (out, _) = run(checked(true, leader, order), &two_slots(Some([9; 32]))[192..]);
        assert_eq!((out.findings.len(), out.slots[0].merkle), (0, Verdict::Ok as u8));
        let (out, _) = run(checked(false, leader, order), &two_slots(Some([9; 32])));
        assert_eq!(out.findings.len(), 0);
    }
    // The second set of another version of the slot stands on that version's first set.
    let made = |seed| {
        let batches = testing::batches(100, 3).into_iter().enumerate().map(|(at, batch)| {
            if at == 0 { Ledger::new().batch(&[swap_tx(seed, &[1])]) } else { batch }
        });
        testing::signed(100, [3; 32], &batches.collect::<Vec<_>>(), &signer()).0
    };
    let packets = [&made(1)[..64], &made(2)[64..]].concat();
    // Half of a set is enough to know where it ends.
    for packets in [packets.clone(), packets[20..].to_vec()] {
        let (out, _) = run(checked(true, None, Order::Slot), &packets);
        let finding = out.findings[0];
        assert_eq!((out.findings.len(), finding.index, finding.other_index), (1, 0, 32));
        assert_eq!((finding.proof, out.slots[0].merkle), (Proof::Open as u8, Verdict::Bad as u8));
    }
}

#[test]
fn a_schedule_says_who_leads_which_slot() {
    let other = Signer::from_seed(&[6; 32]);
    let packets = [
        testing::signed_slot(100, 1, &signer()),
        testing::signed_slot(101, 1, &other),
        testing::signed_slot(102, 1, &other),
        testing::signed_slot(103, 1, &signer()),
    ]
    .concat();
    let key = |signer: &Signer| crate::bytes::base58::Key(&signer.public()).to_string();
    let text = format!("100 {}\n101-101 {}\n103 {}\n", key(&signer()), key(&other), key(&other));
    let schedule = Schedule::read(text.as_bytes(), None).unwrap();
    let verify = Verify { merkle: false, leader: Some(Leaders::Of(schedule)), poh: false };
    let config = Config { verify, ..config(Order::Slot, WHOLE) };
    let (out, tally) = run(Parser::new(&config, Feed::default()).unwrap(), &packets);
    let verdicts: Vec<_> = out.slots.iter().map(|slot| (slot.slot, slot.leader)).collect();
    let (ok, unchecked, bad) = (Verdict::Ok as u8, Verdict::Unchecked as u8, Verdict::Bad as u8);
    assert_eq!(verdicts, [(100, ok), (101, ok), (102, unchecked), (103, bad)]);
    assert_eq!((note(&tally, Note::LeaderUnknown), tally.slots_bad), (1, 1));
    assert_eq!(tally.count_of(Refusal::LeaderSignature), 64);
}

#[test]
fn rules_of_feature_gates_are_counted_and_refuse_nothing() {
    let (_, tally) =
        run(checked(false, None, Order::Slot), &testing::signed_slot(100, 2, &signer()));
    assert_eq!((note(&tally, Note::SetNotFixed), note(&tally, Note::EndNotAligned)), (0, 0));
    let mut packets = testing::slot(100, 3);
    let ends = packets.iter().filter(|packet| packet[85] & 0x40 != 0).count() as u64;
    packets[1][79] = 1;
    packets[1].splice(..64, [9; 64]);
    let (out, tally) = run(parser(Order::Slot, WHOLE), &packets);
    assert_eq!((note(&tally, Note::SetNotFixed), note(&tally, Note::EndNotAligned)), (1, ends));
    assert_eq!((tally.refused_count(), out.slots[0].complete), (0, 1));
}

#[test]
fn markers_and_batches_without_bytes_are_no_faults() {
    let header = [&[0; 8][..], &1u16.to_le_bytes(), &[1], &3u16.to_le_bytes(), &[5; 3]].concat();
    let footer = [&[0; 8][..], &1u16.to_le_bytes(), &[0], &0u16.to_le_bytes()].concat();
    let abort = vec![0; 8];
    let entries = Ledger::new().batch(&[swap_tx(1, &[5])]);
    let mut packets = Vec::new();
    let mut add = |flags, bytes: &[u8]| {
        packets.push(shred(100, u32::try_from(packets.len()).unwrap(), flags, bytes));
    };
    add(0x40, &header);
    // The end of a batch in a shred of its own, then a batch of nothing else.
    add(0, &entries);
    add(0, &[]);
    add(0x40, &[]);
    add(0x40, &[]);
    add(0x40, &footer);
    add(0xc0, &abort);
    for order in [Order::Slot, Order::Arrival, Order::Eager] {
        for seed in 0..8 {
            let (out, tally) = run(parser(order, WHOLE), &shuffled(packets.clone(), seed));
            assert_eq!((note(&tally, Note::BlockMarker), note(&tally, Note::EmptyBatch)), (3, 1));
            let slot = out.slots[0];
            assert_eq!((slot.complete, slot.batches, slot.entries, slot.swaps), (1, 5, 2, 1));
            assert_eq!((slot.poh, out.gaps.len()), (Verdict::Ok as u8, 0), "{order:?}");
            assert!(slot.present & Slot::BLOCKHASH != 0);
        }
    }
}

#[test]
fn forks_are_slots_of_one_parent() {
    let mut packets = testing::slot(100, 2);
    for (slot, offset) in [(101, 1u8), (102, 2), (103, 3)] {
        let child = testing::slot(slot, 2).into_iter().map(|mut packet| {
            packet[83] = offset;
            packet
        });
        packets.extend(child);
    }
    for order in [Order::Slot, Order::Arrival] {
        let (out, tally) = run(parser(order, WHOLE), &shuffled(packets.clone(), 3));
        let mut parents: Vec<_> = out.slots.iter().map(|slot| (slot.slot, slot.parent)).collect();
        parents.sort_unstable();
        assert_eq!(parents, [(100, 99), (101, 100), (102, 100), (103, 100)]);
        assert_eq!((tally.slots_complete, out.swaps.len()), (4, 24));
    }
}

#[test]
fn shreds_of_another_cluster_are_strays_unless_they_are_forced() {
    let ours = testing::slot(100, 5);
    let theirs = testing::slot(100, 5).into_iter().map(|mut packet| {
        packet[77] = 2;
        packet
    });
    let strays: Vec<_> = theirs.clone().take(3).collect();
    let (plain, _) = run(parser(Order::Slot, WHOLE), &ours);
    for at in [1, 4, ours.len()] {
        let packets = [&ours[..at], &strays, &ours[at..]].concat();
        let (out, tally) = run(parser(Order::Slot, WHOLE), &packets);
        // Up to three of ours may count as the strays, while those are the majority.
        assert!(tally.count_of(Refusal::ShredVersion) >= 3);
        if at > 3 {
            assert_eq!(out.timeless(), plain.timeless());
        }
    }
    let config = Config { shred_version: Some(2), ..config(Order::Slot, WHOLE) };
    let packets = [ours.clone(), theirs.collect()].concat();
    let (out, tally) = run(Parser::new(&config, Feed::default()).unwrap(), &packets);
    assert_eq!((out.slots[0].shred_version, out.slots[0].complete), (2, 1));
    assert_eq!(tally.count_of(Refusal::ShredVersion), ours.len() as u64);
}

#[test]
fn a_slot_split_over_two_inputs_comes_together() {
    let packets = testing::slot(100, 5);
    let mut parser = parser(Order::Slot, WHOLE);
    let (mut arena, mut out) = (Arena::with_room(1 << 16), Out::default());
    for (input, part) in packets.chunks(4).enumerate() {
        parser.next_input();
        for packet in part {
            parser.datagram(packet, false, input as u64, &mut arena);
        }
    }
    parser.finish(&mut arena);
    out.drain(&mut arena);
    assert_eq!((out.slots[0].complete, out.swaps.len()), (1, 15));
}

#[test]
fn every_way_to_give_a_slot_up_leaves_a_gap_with_its_reason() {
    let reasons = |limits: Limits, order, packets: &[Vec<u8>]| {
        let (out, tally) = run(parser(order, limits), packets);
        let gaps = out.gaps.iter().map(|gap| (gap.slot, gap.reason, gap.count, gap.present));
        let mut gaps: Vec<_> = gaps.collect();
        gaps.sort_unstable();
        assert_eq!(tally.gaps, gaps.len() as u64);
        assert_eq!(tally.gap_reasons().map(|(_, count)| count).sum::<u64>(), tally.gaps);
        gaps
    };
    let two = Limits { slots_max: 2, ..WHOLE };
    let (evicted, full, lost) = (
        GapReason::SlotEvicted as u16,
        GapReason::StorageFull as u16,
        GapReason::FecUnrecoverable as u16,
    );
    for order in [Order::Slot, Order::Arrival, Order::Eager] {
        // Something is known to be missing; nothing is known to be missing, but no end was seen.
        let hole = shred(100, 5, 0, &[1]);
        let begun = shred(101, 0, 0, &[1]);
        let next = [shred(102, 0, 0xc0, &[0; 8]), shred(103, 0, 0, &[1]), shred(104, 0, 0, &[1])];
        let packets = [&[hole, begun][..], &next].concat();
        let gaps = reasons(two.clone(), order, &packets);
        assert_eq!(gaps[..2], [(100, evicted, 5, 3), (101, evicted, 0, 1)], "{order:?}");
        // Storage: of another slot, and of the slot's own.
        let many: Vec<_> = (1..70).map(|index| shred(100, index, 0, &[1])).collect();
        let small = Limits { slots_max: 8, shreds_max: 64 };
        let gaps = reasons(small, order, &many);
        assert_eq!(gaps[0], (100, full, 1, 3), "{order:?}");
        // The end of the input.
        let gaps = reasons(WHOLE, order, &many);
        assert_eq!(gaps, [(100, lost, 1, 3)], "{order:?}");
    }
}

/// Slot 100 in two batches of many transactions over several shreds each, and slot 101.
fn long_slots() -> Vec<Vec<u8>> {
    let mut ledger = Ledger::new();
    let mut batch = |seed: u8| {
        let txs: Vec<_> = (0..40)
            .map(|at| swap_tx(seed.wrapping_add(at), &vec![u64::from(at); usize::from(at % 3)]))
            .collect();
        ledger.batch(&txs)
    };
    let first = shreds(100, &[batch(1), batch(60), batch(120)]);
    [first, testing::slot(101, 4)].concat()
}

fn key(swap: &Swap) -> (u64, u32, u32, u16) {
    (swap.slot, swap.batch_start, swap.batch_tx, swap.ix_outer)
}

/// The rows in order, without what depends on the order of packets.
fn rows(out: &Out) -> Vec<Swap> {
    let mut rows = out.timeless();
    rows.sort_by_key(key);
    for row in &mut rows {
        (row.tx_index, row.present) = (0, row.present & !Swap::TX_INDEX);
    }
    rows
}

#[test]
fn eager_rows_come_with_the_packet_that_holds_their_last_byte() {
    let packets = long_slots();
    let mut parser = parser(Order::Eager, WHOLE);
    let (mut arena, mut out) = (Arena::with_room(1 << 16), Out::default());
    let mut ledger = 0;
    for (rx_ns, packet) in (1u64..).zip(&packets[..20]) {
        parser.datagram(packet, false, rx_ns, &mut arena);
        let before = out.swaps.len();
        out.drain(&mut arena);
        ledger += Shred::check(packet).unwrap().ledger().len();
        assert!(out.swaps[before..].iter().all(|swap| swap.head.rx_ns == rx_ns));
        // As many transactions as their bytes allow: none is 360 bytes with its entry.
        let seen = out.swaps.last().map_or(0, |swap| swap.batch_tx + 1);
        assert!(seen as usize + 3 >= ledger.saturating_sub(56) / 500, "{seen} of {ledger} bytes");
    }
    assert!(out.slots.is_empty() && out.swaps.len() > 15);
    assert!(out.swaps.iter().all(|swap| swap.present & Swap::TX_INDEX != 0));
    assert!(out.swaps.iter().all(|swap| swap.batch_start == 0));
}

#[test]
fn eager_rows_are_those_of_whole_batches_whatever_the_order() {
    let packets = long_slots();
    let (straight, _) = run(parser(Order::Slot, WHOLE), &packets);
    for seed in 0..40 {
        let mixed = if seed == 0 { packets.clone() } else { shuffled(packets.clone(), seed) };
        let (out, tally) = run(parser(Order::Eager, WHOLE), &[mixed.clone(), mixed].concat());
        assert_eq!(rows(&out), rows(&straight), "seed {seed}");
        for (row, known) in out.swaps.iter().filter_map(|row| {
            let known = straight.swaps.iter().find(|known| key(known) == key(row))?;
            (row.present & Swap::TX_INDEX != 0).then_some((row, known))
        }) {
            assert_eq!(row.tx_index, known.tx_index);
        }
        let plain =
            |slot: &Slot| (slot.slot, slot.txns, slot.entries, slot.batches, slot.blockhash);
        let mut slots: Vec<_> = out.slots.iter().map(plain).collect();
        slots.sort_unstable();
        assert_eq!(slots, straight.slots.iter().map(plain).collect::<Vec<_>>());
        assert!(out.slots.iter().all(|slot| slot.poh == Verdict::Ok as u8));
        assert_eq!((tally.slots_complete, tally.batches), (2, 7));
        // A transaction's rows stay together.
        let mut open = None;
        for row in &out.swaps {
            assert!(open.is_none_or(|open| open == (row.slot, row.batch_start, row.batch_tx)));
            let last = row.head.flags & Swap::LAST_OF_TX != 0;
            open = (!last).then_some((row.slot, row.batch_start, row.batch_tx));
        }
    }
}

#[test]
fn eager_rows_before_a_hole_are_written_and_no_others() {
    let packets = long_slots();
    let (straight, _) = run(parser(Order::Slot, WHOLE), &packets);
    let missing = 9;
    let mut lossy = packets.clone();
    lossy.remove(missing);
    let (batches, _) = run(parser(Order::Arrival, WHOLE), &lossy);
    let (out, _) = run(parser(Order::Eager, WHOLE), &lossy);
    let (all, whole, eager) = (rows(&straight), rows(&batches), rows(&out));
    assert!(
        whole.iter().all(|row| eager.contains(row)) && eager.iter().all(|row| all.contains(row))
    );
    let extra: Vec<_> = eager.iter().filter(|row| !whole.contains(row)).collect();
    assert!(extra.len() > 3 && extra.iter().all(|row| row.batch_start == 0));
    assert_eq!(out.gaps.len(), 1);
}

#[test]
fn eager_damage_is_named_when_the_batch_is_whole() {
    let mut ledger = Ledger::new();
    let txs: Vec<_> = (0..9).map(|seed| swap_tx(seed, &[u64::from(seed)])).collect();
    let batch = ledger.batch(&txs);
    let cut = batch[..batch.len() - 700].to_vec();
    let packets = shreds(100, &[cut, ledger.batch(&txs)]);
    let (whole, known) = run(parser(Order::Arrival, WHOLE), &packets);
    let (out, tally) = run(parser(Order::Eager, WHOLE), &packets);
    assert_eq!(rows(&out), rows(&whole));
    assert_eq!(out.gaps[0].reason, GapReason::BatchUndecodable as u16);
    assert!(tally.refused_batches().eq(known.refused_batches()));
    assert_eq!((tally.batches, tally.slots_bad), (1, 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Slots interleaved, any 32 shreds of each set of 64, some of them twice, some with bytes behind
    /// them, and strays of another cluster: the output is that of the whole slots in order.
    #[test]
    fn what_the_network_does_leaves_no_trace(
        seed in any::<u64>(),
        kept in 32..64usize,
        copies in 0..40usize,
        strays in 0..20usize,
        order in 0..3usize,
        merkle in any::<bool>(),
    ) {
        let order = [Order::Slot, Order::Arrival, Order::Eager][order];
        let batches = |slot| testing::batches(slot, 3);
        let mut slots = Vec::new();
        let mut root = [3; 32];
        for slot in 100..103 {
            let (made, end) = testing::signed(slot, root, &batches(slot), &signer());
            (slots, root) = ([slots, made].concat(), end);
        }
        let leader = Some(signer().public());
        let (straight, _) = run(checked(merkle, leader, Order::Slot), &slots);
        let mut packets: Vec<_> = slots
            .chunks(64)
            .flat_map(|set| shuffled(set.to_vec(), seed).into_iter().take(kept))
            .collect();
        packets.extend(shuffled(slots.clone(), seed ^ 1).into_iter().take(copies));
        packets.extend(slots.iter().take(strays).map(|packet| {
            let mut packet = packet.clone();
            packet[77] = 9;
            packet
        }));
        let mut packets = shuffled(packets, seed ^ 2);
        packets.iter_mut().step_by(3).for_each(|packet| packet.extend([1, 2, 3, 4]));
        let (out, tally) = run(checked(merkle, leader, order), &packets);
        prop_assert_eq!(rows(&out), rows(&straight));
        if order == Order::Slot {
            prop_assert_eq!(out.timeless(), straight.timeless());
        }
        prop_assert_eq!((tally.slots_complete, tally.slots_bad, tally.findings), (3, 0, 0));
        prop_assert_eq!(tally.count_of(Refusal::ShredVersion), strays as u64);
        let hashes = |out: &Out| {
            let mut hashes: Vec<_> = out.slots.iter().map(|s| (s.slot, s.blockhash, s.parent)).collect();
            hashes.sort_unstable();
            hashes
        };
        prop_assert_eq!(hashes(&out), hashes(&straight));
    }
}
