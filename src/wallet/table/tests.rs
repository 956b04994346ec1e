//! The table against a model, and what happens when a writer stops at each of its stores.

#![expect(clippy::cast_possible_truncation, reason = "random numbers are cut to size")]

use super::check::{Report, Since, check};
use super::edit::{Full, Steps};
use super::*;
use crate::wallet::row::{Flags, ONE};
use std::cell::Cell;
use std::collections::HashMap;

/// A generator that is good enough for keys.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// Address number `number` of a set.
pub(crate) fn address(number: u64) -> Address {
    let mut random = Random(number);
    bytemuck::cast([random.next(), random.next(), random.next(), random.next()])
}

/// Some row of an address; half of them differ in what is decided by only.
pub(crate) fn row(address: Address, random: &mut Random) -> Row {
    let mut row = Row::new(address);
    row.confidence = u32::try_from(random.below(u64::from(ONE) + 1)).unwrap();
    row.flags = random.next() as u32;
    if random.below(2) == 0 {
        row.trade_count = random.next() as u32;
        row.avg_profit = (random.next() as u32) & 0x3fff_ffff;
    }
    row
}

fn head(rows: u64, whole: bool) -> Head {
    let geometry = Geometry::for_rows(rows).unwrap();
    Head {
        geometry,
        id: 1,
        seeds: [0x1234_5678_9abc_def0, 0x0fed_cba9_8765_4321],
        generation: 1,
        base: 0,
        whole,
    }
}

fn faults(heap: &Heap, lanes: Lanes) -> Report {
    let lines = Lines::new(heap.lines());
    check(lines, heap.head(), &heap.table(lanes))
}

fn sound(heap: &Heap) {
    let edit = Edit::new(heap.lines(), heap.head(), Lanes::best());
    let [live, used] = [edit.live(), edit.used()];
    Standing { state: State::Closed, boot: 1, live, used, sequence: 9 }.write(heap.lines());
    let report = faults(heap, Lanes::best());
    assert_eq!(report.faults, [], "of {}", report.count);
}

/// Everything that the table answers is what the model holds, by every way of comparing.
fn same(heap: &Heap, model: &HashMap<Address, Row>, absent: impl Iterator<Item = Address>) {
    for lanes in Lanes::all() {
        let table = heap.table(lanes);
        for (address, row) in model {
            assert_eq!(table.lookup(address), Answer::Known(row.decision()));
            let Whole::Known(found) = table.get(address) else { panic!("not found") };
            assert_eq!(Row { address_hash: 0, ..found }, *row);
        }
    }
    let table = heap.table(Lanes::best());
    let mut keys: Vec<Address> = model.keys().copied().chain(absent).collect();
    keys.truncate(keys.len() / 7 * 7 + 3);
    let mut answers = vec![Answer::Busy; keys.len()];
    table.lookup_batch(&keys, &mut answers);
    for (key, answer) in keys.iter().zip(answers) {
        assert_eq!(answer, table.lookup(key));
        assert_eq!(answer == Answer::Absent, !model.contains_key(key));
    }
    let rows: Vec<Row> = table.iter().collect::<Result<_, _>>().unwrap();
    assert_eq!(rows.len(), model.len());
    assert!(rows.iter().all(|row| model.contains_key(&row.address)));
}

/// Random operations on a table of 200 wallets, in which buckets overflow and slots run out; the table
/// is written anew when it is full, as the store does.
#[test]
fn it_answers_as_a_hash_map_does() {
    for whole in [true, false] {
        let mut random = Random(7 + u64::from(whole));
        let mut model = HashMap::new();
        let mut heap = Heap::new(head(200, whole));
        let mut rebuilt = 0;
        let mut counts = [0; 2];
        for round in 0..60_000 {
            let key = address(random.below(250));
            let mut edit = Edit::counted(heap.lines(), heap.head(), Lanes::best(), counts, ());
            if random.below(4) == 0 {
                assert_eq!(edit.remove(&key), model.remove(&key).is_some());
            } else {
                let row = row(key, &mut random);
                if let Ok(was) = edit.put(&row) {
                    assert_eq!(was, model.insert(key, row).is_some());
                } else {
                    let next = Heap::new(head(200, whole));
                    let mut fresh = Edit::new(next.lines(), next.head(), Lanes::best());
                    for held in heap.table(Lanes::best()).iter() {
                        assert_eq!(fresh.put(&held.unwrap()), Ok(false));
                    }
                    counts = [fresh.live(), fresh.used()];
                    heap = next;
                    rebuilt += 1;
                    continue;
                }
            }
            counts = [edit.live(), edit.used()];
            assert_eq!(counts[0], model.len() as u64, "round {round}");
            if round % 997 == 0 {
                same(&heap, &model, (250..400).map(address));
                sound(&heap);
                let fresh = Edit::new(heap.lines(), heap.head(), Lanes::best());
                assert_eq!([fresh.live(), fresh.used()], counts);
            }
        }
        assert!(rebuilt > 3, "the table never filled up");
        same(&heap, &model, (250..400).map(address));
    }
}

#[test]
fn a_wallet_moves_between_two_slots_for_ever() {
    let heap = Heap::new(head(60, true));
    let mut edit = Edit::new(heap.lines(), heap.head(), Lanes::best());
    let mut random = Random(1);
    for number in 0..40 {
        edit.put(&row(address(number), &mut random)).unwrap();
    }
    let used = edit.used();
    for count in 1..100_000 {
        let row = Row { trade_count: count, ..Row::new(address(3)) };
        assert_eq!(edit.put(&row), Ok(true));
    }
    assert_eq!((edit.used(), edit.live()), (used + 1, 40));
    sound(&heap);
}

#[test]
fn a_full_table_says_so_and_stays_as_it_was() {
    let heap = Heap::new(head(10, true));
    let mut edit = Edit::new(heap.lines(), heap.head(), Lanes::best());
    let slots = heap.head().geometry.slots();
    let all: Vec<Row> = (0..slots).map(|number| Row::new(address(number))).collect();
    assert!(all.iter().all(|row| edit.put(row) == Ok(false)));
    assert_eq!(edit.put(&Row::new(address(slots))), Err(Full::Slots));
    assert!(!edit.has_room(0));
    assert_eq!(edit.put(&Row { flags: Flags::COPY, ..all[0] }), Ok(true));
    assert!(!edit.remove(&address(slots)));
    sound(&heap);
}

/// Wallets of one bucket, found by their hash, fill the buckets behind it too.
#[test]
fn wallets_of_one_bucket_overflow_and_are_found() {
    let heap = Heap::new(head(20_000, true));
    let buckets = heap.head().geometry.buckets;
    assert!(buckets > REACH + 10);
    let of_last = (0..)
        .map(address)
        .filter(|a| bucket_of(hash(heap.head().seeds, a), buckets) == buckets - 1);
    let most = REACH * SLOTS;
    let all: Vec<Address> = of_last.take(most + 1).collect();
    let mut edit = Edit::new(heap.lines(), heap.head(), Lanes::best());
    for one in &all[..most] {
        assert_eq!(edit.put(&Row::new(*one)), Ok(false));
    }
    assert_eq!(edit.put(&Row::new(all[most])), Err(Full::Reach));
    sound(&heap);
    for lanes in Lanes::all() {
        let table = heap.table(lanes);
        assert!(all[..most].iter().all(|one| matches!(table.lookup(one), Answer::Known(_))));
        assert_eq!(table.lookup(&all[most]), Answer::Absent);
    }
    // Those in front go: the others are still found, and nobody is passed any more in the end.
    for (count, one) in all[..most].iter().enumerate() {
        assert!(edit.remove(one));
        assert_eq!(edit.live(), (most - count - 1) as u64);
        let next = all.get(count + 1).filter(|_| count + 1 < most);
        assert!(next.is_none_or(|one| heap.table(Lanes::best()).lookup(one) != Answer::Absent));
    }
    sound(&heap);
    assert!((0..buckets).all(|at| overflow(heap.table(Lanes::best()).tags.get(at).unwrap()) == 0));
}

#[test]
fn every_flipped_bit_is_found_and_none_stops_a_reader() {
    let heap = Heap::new(head(100, true));
    let mut edit = Edit::new(heap.lines(), heap.head(), Lanes::best());
    let mut random = Random(5);
    for number in 0..100 {
        edit.put(&row(address(number), &mut random)).unwrap();
    }
    for number in 0..100 {
        let row = row(address(number), &mut random);
        if number % 3 == 0 {
            edit.remove(&row.address);
        } else if edit.has_room(1) {
            edit.put(&row).unwrap();
        }
    }
    let standing = Standing {
        state: State::Synced,
        boot: 1,
        live: edit.live(),
        used: edit.used(),
        sequence: 9,
    };
    standing.write(heap.lines());
    let lines = Lines::new(heap.lines());
    let look = || {
        let head = Head::read(lines, heap.head().geometry.len()).ok()?;
        let table = Table::new(lines, &head, Lanes::best());
        for number in 0..120 {
            let _ = (table.lookup(&address(number)), table.get(&address(number)));
        }
        let report = check(lines, &head, &table);
        (report.count == 0).then_some(())
    };
    assert_eq!(look(), Some(()));
    for (at, line) in heap.lines().iter().enumerate() {
        for bit in 0..512 {
            // Everywhere in what is dense, here and there in the rest.
            if at > 90 && random.below(17) > 0 {
                continue;
            }
            let (word, mask) = (bit / 64, 1 << (bit % 64));
            let right = line.look().word(word);
            line.store(word, right ^ mask);
            assert_eq!(look(), None, "line {at} bit {bit}");
            line.store(word, right);
        }
    }
    assert_eq!(look(), Some(()));
}

/// Stops after so many stores.
struct Stop<'a>(&'a Cell<usize>);

struct Stopped;

impl Steps for Stop<'_> {
    fn stored(&self) {
        let left = self.0.get();
        if left == 0 {
            std::panic::resume_unwind(Box::new(Stopped));
        }
        self.0.set(left - 1);
    }
}

/// A writer dies after each of its stores: readers see the row as it was or as it was to be, and after
/// the repair the table is sound and takes the change again.
#[test]
fn a_writer_may_die_after_each_store() {
    for whole in [true, false] {
        let mut random = Random(11);
        let mut died = 0;
        for case in 0..400 {
            let old = row(address(case), &mut random);
            let kind = random.below(4);
            let new = match kind {
                0 => Row { flags: old.flags ^ 1, ..old },
                _ => Row { trade_count: old.trade_count ^ 1, ..row(address(case), &mut random) },
            };
            for stores in 0..40 {
                let heap = Heap::new(head(40, whole));
                let mut edit = Edit::new(heap.lines(), heap.head(), Lanes::best());
                for number in 1000..1020 + case % 8 {
                    edit.put(&row(address(number), &mut Random(number))).unwrap();
                }
                if kind != 1 {
                    edit.put(&old).unwrap();
                }
                let before = (kind != 1).then_some(old);
                let after = (kind != 2).then_some(new);
                let left = Cell::new(stores);
                let run = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    let mut edit =
                        Edit::with_steps(heap.lines(), heap.head(), Lanes::best(), Stop(&left));
                    match after {
                        Some(row) => drop(edit.put(&row)),
                        None => drop(edit.remove(&old.address)),
                    }
                }));
                let table = heap.table(Lanes::best());
                let decision = |row: Option<Row>| {
                    row.map_or(Answer::Absent, |row| Answer::Known(row.decision()))
                };
                let answer = table.lookup(&old.address);
                let held = whole || answer != Answer::Busy;
                assert!(
                    !held || [decision(before), decision(after)].contains(&answer),
                    "case {case}.{kind} after {stores}: {answer:?} of {before:?} {after:?}"
                );
                if let Whole::Known(found) = table.get(&old.address) {
                    let found = Some(Row { address_hash: 0, ..found });
                    assert!([before, after].contains(&found), "{found:?}");
                }
                let mut next = Edit::new(heap.lines(), heap.head(), Lanes::best());
                let repaired = next.repair(Since::Kill(&|of| *of == old.address));
                assert_eq!((repaired.dropped, repaired.damaged), (0, 0));
                match after {
                    Some(row) => drop(next.put(&row).unwrap()),
                    None => drop(next.remove(&old.address)),
                }
                assert_eq!(heap.table(Lanes::best()).lookup(&old.address), decision(after));
                assert_eq!(next.live(), 20 + case % 8 + u64::from(after.is_some()));
                sound(&heap);
                if run.is_ok() {
                    break;
                }
                died += 1;
            }
        }
        assert!(died > 2000, "{died}");
    }
}

/// One thread changes wallets, others look: no decision is torn, and no wallet is ever missed.
#[test]
fn readers_never_miss_a_wallet_that_moves() {
    let heap = Heap::new(head(300, crate::mem::pairs_are_whole()));
    // All of one bucket, which they fill: the other slot of each lies in the next bucket, and every
    // second move goes against the way of those who look.
    let (seeds, buckets) = (heap.head().seeds, heap.head().geometry.buckets);
    let keys = (0..).map(address).filter(|key| bucket_of(hash(seeds, key), buckets) == 3);
    let keys: Vec<Address> = keys.take(SLOTS).collect();
    let whole_row = |at: usize, count: u32| Row {
        confidence: count % ONE,
        flags: !(count % ONE),
        trade_count: count,
        last_activity: !count,
        ..Row::new(keys[at])
    };
    let mut edit = Edit::new(heap.lines(), heap.head(), Lanes::best());
    for at in 0..SLOTS {
        edit.put(&whole_row(at, 0)).unwrap();
    }
    let stop = std::sync::atomic::AtomicBool::new(false);
    let relaxed = std::sync::atomic::Ordering::Relaxed;
    std::thread::scope(|scope| {
        for lanes in Lanes::all() {
            let (heap, keys, stop) = (&heap, &keys, &stop);
            scope.spawn(move || {
                let table = heap.table(lanes);
                let mut answers = vec![Answer::Absent; keys.len()];
                while !stop.load(relaxed) {
                    table.lookup_batch(keys, &mut answers);
                    for answer in &answers {
                        let Answer::Known(known) = answer else {
                            assert_eq!(*answer, Answer::Busy, "{}: missed", lanes.name());
                            continue;
                        };
                        assert_eq!(known.flags, !known.confidence, "torn");
                    }
                    for key in keys.iter().step_by(3) {
                        if let Whole::Known(row) = table.get(key) {
                            assert_eq!(row.last_activity, !row.trade_count, "torn row");
                            assert_eq!(row.confidence, row.trade_count % ONE, "torn row");
                        }
                    }
                }
            });
        }
        let mut random = Random(3);
        let long = std::env::var_os("MEV_WALLET_OPERATIONS").is_some();
        for count in 1..if long { 50_000_000 } else { 400_000 } {
            let at = random.below(SLOTS as u64) as usize;
            assert_eq!(edit.put(&whole_row(at, count)), Ok(true));
        }
        stop.store(true, relaxed);
    });
    sound(&heap);
}
