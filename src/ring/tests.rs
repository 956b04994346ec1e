//! Rings within one process, against a list of what was put.

use super::*;
use crate::error::Exit;
use crate::record::{Gap, LEN_MAX, Producer, Record};
use proptest::prelude::*;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

const ME: Identity = (1, 1);

fn everybody(_: u32, _: u64) -> bool {
    true
}

fn nobody(_: u32, _: u64) -> bool {
    false
}

/// A path that is removed with the test.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self(std::env::temp_dir().join(format!("mev-ring-{}-{number}", std::process::id())))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn small(mode: Mode) -> Options {
    Options { payload_len: 4096, cells: 256, mode, huge: false }
}

fn writer(place: &Place, options: Options, alive: Alive) -> Writer {
    Writer::create(&place.0, options, Producer::Capture, ME, alive).unwrap()
}

fn reader(place: &Place) -> Reader {
    Reader::attach(&place.0, ME, everybody).unwrap()
}

/// A record of `lines` lines all of whose bytes follow from `number`.
#[repr(align(64))]
#[derive(Clone, Copy)]
struct Aligned([u8; 4096]);

fn record(number: u64, lines: usize) -> Aligned {
    let mut made = Aligned([0; 4096]);
    for (at, word) in made.0.as_chunks_mut::<8>().0.iter_mut().enumerate().take(lines * 8) {
        *word = (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ at as u64).to_le_bytes();
    }
    made.0[..4].copy_from_slice(&u32::try_from(lines * 64).unwrap().to_le_bytes());
    made.0[8..16].copy_from_slice(&number.to_le_bytes());
    made
}

fn put(writer: &mut Writer, number: u64, lines: usize) -> bool {
    writer.try_put(Record::new(&record(number, lines).0[..lines * 64]).unwrap()).unwrap()
}

/// What one look brings, each record checked against what its number says.
fn look(reader: &mut Reader, bytes_max: usize) -> (Got, Vec<(u64, usize)>) {
    let mut batch = Batch::default();
    let got = reader.fill(&mut batch, bytes_max, Wait::No).unwrap();
    let found: Vec<_> = batch
        .records()
        .map(|found| {
            let (number, lines) = (found.rx_ns(), found.bytes().len() / 64);
            assert_eq!(found.bytes(), &record(number, lines).0[..lines * 64], "record {number}");
            (number, lines)
        })
        .collect();
    assert_eq!(found.len() as u64, got.records);
    (got, found)
}

#[test]
fn what_is_flushed_is_read_and_then_comes_the_end() {
    let place = Place::new();
    let mut writer = writer(&place, small(Mode::Reliable), everybody);
    let mut reader = reader(&place);
    assert!(put(&mut writer, 7, 1) && put(&mut writer, 8, 3));
    assert_eq!(look(&mut reader, 4096).1, []);
    assert!(writer.flush().unwrap() && !writer.flush().unwrap());
    let (got, found) = look(&mut reader, 4096);
    assert_eq!((got.lost, got.status, found), (0, Status::Open, vec![(7, 1), (8, 3)]));
    assert!(put(&mut writer, 9, 2));
    writer.set_holes();
    writer.finish().unwrap();
    assert_eq!(look(&mut reader, 4096).1, [(9, 2)]);
    let (got, found) = look(&mut reader, 4096);
    assert_eq!((got.status, found.len(), reader.position()), (Status::Ended, 0, 3));
    assert!(reader.has_holes());
    assert_eq!(reader.producer(), Producer::Capture as u16);
}

#[test]
fn the_first_reader_of_a_reliable_ring_gets_the_first_record_whenever_it_comes() {
    let place = Place::new();
    let mut writer = writer(&place, small(Mode::Reliable), everybody);
    let mut count = 0;
    while put(&mut writer, count, 1) {
        count += 1;
    }
    assert_eq!(count, 256);
    let mut first = reader(&place);
    let mut second = reader(&place);
    assert_eq!(look(&mut first, 64 * 1000).1.len(), 16, "no more than a quarter at a time");
    assert_eq!(look(&mut second, 64).1, []);
    assert!(put(&mut writer, count, 1));
    writer.finish().unwrap();
    let mut all = 16;
    while look(&mut first, 4096).0.status == Status::Open {
        all = first.position();
    }
    assert_eq!((all, look(&mut second, 64).1), (257, vec![(256, 1)]));
}

#[test]
fn a_dead_reader_is_dropped_and_counted_and_a_living_one_holds() {
    let place = Place::new();
    let mut one = writer(&place, small(Mode::Reliable), everybody);
    let held = reader(&place);
    while put(&mut one, 0, 1) {}
    assert_eq!(one.drop_dead().unwrap(), 0);
    assert!(!put(&mut one, 0, 1));
    let stat = Stat::of(&place.0, everybody).unwrap();
    assert_eq!((stat.records, stat.readers[0].lag, stat.readers[0].alive), (256, 256, true));
    drop((one, held));
    assert_eq!(Stat::of(&place.0, everybody).unwrap().state, "cut off");

    let mut one = writer(&place, small(Mode::Reliable), nobody);
    let held = reader(&place);
    while put(&mut one, 0, 1) {}
    // Waiting notices it.
    one.put(Record::of(&Gap::new(0))).unwrap();
    let stat = Stat::of(&place.0, nobody).unwrap();
    assert_eq!((stat.dropped, stat.readers.len(), stat.epoch, stat.state), (1, 0, 2, "cut off"));
    // It finds out what it lost, though it is not dead at all.
    let mut held = held;
    while put(&mut one, 5, 1) && one.records() < 2000 {}
    one.flush().unwrap();
    let (got, _) = look(&mut held, 64);
    assert!(got.lost > 1000, "{got:?}");
    assert_eq!(got.lost + got.records, held.position());
}

#[test]
fn a_writer_that_is_gone_is_told_after_its_last_record_and_the_next_is_another_epoch() {
    let place = Place::new();
    let mut first = writer(&place, small(Mode::Reliable), everybody);
    assert!(put(&mut first, 1, 2));
    first.flush().unwrap();
    assert!(put(&mut first, 2, 2));
    let mut reader = Reader::attach(&place.0, ME, nobody).unwrap();
    assert!(!reader.reattach().unwrap());
    drop(first);
    let mut batch = Batch::default();
    let mut fill = |reader: &mut Reader| {
        batch.clear();
        let got = reader.fill(&mut batch, 4096, Wait::Park(Duration::from_mins(1))).unwrap();
        (got.status, batch.records().map(|r| r.rx_ns()).collect::<Vec<_>>())
    };
    assert_eq!(fill(&mut reader), (Status::Open, vec![1]));
    assert_eq!(fill(&mut reader), (Status::Died, vec![]));
    let mut second = writer(&place, Options { cells: 512, ..small(Mode::Lossy) }, everybody);
    assert_eq!(second.options(), small(Mode::Reliable), "the place keeps its options");
    assert!(put(&mut second, 3, 1));
    second.finish().unwrap();
    assert_eq!(fill(&mut reader).0, Status::Died, "until it asks");
    assert!(reader.reattach().unwrap());
    assert_eq!(reader.epoch(), 2);
    assert_eq!(fill(&mut reader), (Status::Open, vec![3]));
    assert_eq!(fill(&mut reader), (Status::Ended, vec![]));
}

#[test]
fn a_ring_has_one_writer_and_is_prepared_once() {
    let place = Place::new();
    Writer::prepare(&place.0, small(Mode::Lossy)).unwrap();
    assert_eq!(Writer::prepare(&place.0, small(Mode::Lossy)).unwrap_err().exit(), Exit::Usage);
    let mut early = reader(&place);
    assert_eq!(look(&mut early, 64).0.status, Status::Open, "no writer is no death");
    assert_eq!(Stat::of(&place.0, nobody).unwrap().state, "prepared");
    let mut one = writer(&place, Options::default(), everybody);
    assert_eq!((one.options(), early.epoch()), (small(Mode::Lossy), 1));
    let other = Writer::create(&place.0, small(Mode::Lossy), Producer::Arb, ME, everybody);
    let error = other.unwrap_err();
    assert_eq!(error.exit(), Exit::Usage);
    assert!(error.to_string().contains("has a writer: process 1"), "{error}");
    assert!(put(&mut one, 1, 1) && one.flush().unwrap());
    assert_eq!(look(&mut early, 64).1, [(1, 1)]);
    assert_eq!(remove(&place.0, everybody, false).unwrap_err().exit(), Exit::Usage);
    remove(&place.0, nobody, false).unwrap();
    assert!(!place.0.exists());
}

#[test]
fn what_is_no_ring_is_refused_by_name() {
    let place = Place::new();
    let refused = |bytes: &[u8]| {
        std::fs::write(&place.0, bytes).unwrap();
        let error = Reader::attach(&place.0, ME, everybody).unwrap_err();
        let writing = Writer::create(&place.0, Options::default(), Producer::Arb, ME, everybody);
        assert_eq!(writing.unwrap_err().exit(), error.exit());
        assert!(error.advice().is_some() || error.exit() == Exit::Damaged, "{error}");
        assert_eq!(std::fs::read(&place.0).unwrap(), bytes, "what is no ring is left alone");
        (error.exit(), error.to_string())
    };
    drop(writer(&place, small(Mode::Reliable), everybody));
    let good = std::fs::read(&place.0).unwrap();
    let with = |at: usize, to: u8| {
        let mut bytes = good.clone();
        bytes[at] = to;
        bytes
    };
    for (bytes, exit, what) in [
        (Vec::new(), Exit::Foreign, "not a ring: it has 0 bytes only"),
        (b"a text".to_vec(), Exit::Foreign, "not a ring"),
        (with(0, b'X'), Exit::Foreign, "not a ring: it starts with 58 45 56"),
        (with(8, 2), Exit::Foreign, "ring of layout version 2; this tool knows version 1"),
        (with(16, 3), Exit::Damaged, "contradicts itself: 259 cells"),
        (with(26, 3), Exit::Damaged, "ring contradicts itself"),
        (good[..good.len() - 64].to_vec(), Exit::Damaged, "bytes long, and its head says"),
        ([&good[..], &[0; 64]].concat(), Exit::Damaged, "bytes long, and its head says"),
    ] {
        let (is, said) = refused(&bytes);
        assert_eq!(is, exit, "{said}");
        assert!(said.contains(what), "{said}");
    }
    let nothing = Reader::attach(Path::new("/nonexistent/ring"), ME, everybody).unwrap_err();
    assert_eq!(nothing.exit(), Exit::Os);
    for options in [
        Options { cells: 300, ..Options::default() },
        Options { cells: 128, ..Options::default() },
        Options { payload_len: 5000, ..Options::default() },
    ] {
        assert_eq!(options.check().unwrap_err().exit(), Exit::Usage);
    }
}

#[test]
fn the_longest_record_passes_and_a_longer_one_than_the_ring_takes_is_refused() {
    let place = Place::new();
    let options = Options { payload_len: 2 * LEN_MAX, ..small(Mode::Reliable) };
    let mut one = writer(&place, options, everybody);
    let mut reader = reader(&place);
    let mut arena = vec![Aligned([0; 4096]); LEN_MAX / 4096];
    arena[0] = record(3, 64);
    arena[0].0[..4].copy_from_slice(&u32::try_from(LEN_MAX).unwrap().to_le_bytes());
    let bytes: Vec<u8> = arena.iter().flat_map(|part| part.0).collect();
    let room = bytes.as_ptr().align_offset(16);
    assert_eq!(room, 0, "an allocation of a megabyte is aligned");
    for _ in 0..5 {
        one.put(Record::new(&bytes).unwrap()).unwrap();
        one.put(Record::of(&Gap::new(0))).unwrap();
        one.flush().unwrap();
        let mut batch = Batch::default();
        while batch.len() < LEN_MAX + 64 {
            reader.fill(&mut batch, 64, Wait::No).unwrap();
        }
        assert_eq!(batch.bytes()[..LEN_MAX], bytes);
    }
    let other = Place::new();
    let mut tight = writer(&other, small(Mode::Lossy), everybody);
    let error = tight.put(Record::new(&bytes).unwrap()).unwrap_err();
    assert_eq!(error.exit(), Exit::Usage);
    assert!(error.to_string().contains("have 2048 at most"), "{error}");
    assert!(put(&mut tight, 1, 32), "half the area fits wherever it begins");
}

#[test]
fn damage_by_another_process_is_an_error_and_no_panic() {
    let options = small(Mode::Lossy);
    for word in 0..4 {
        for bits in [1_u64, 1 << 5, 1 << 31, 1 << 40, u64::MAX, 1 << 63] {
            let place = Place::new();
            let mut one = writer(&place, options, everybody);
            assert!(put(&mut one, 1, 3));
            one.flush().unwrap();
            let mut reader = reader(&place);
            let file = std::fs::OpenOptions::new().read(true).write(true).open(&place.0).unwrap();
            let other = crate::mem::Shared::open(&file).unwrap();
            other.words()[4096 / 8 + word].fetch_xor(bits, Ordering::Relaxed);
            let mut batch = Batch::default();
            let found = reader.fill(&mut batch, 4096, Wait::No);
            match found {
                Ok(got) => assert!(got.records <= 1, "word {word} bits {bits:x}"),
                Err(error) => assert_eq!(error.exit(), Exit::Damaged),
            }
        }
    }
}

#[test]
fn places_for_readers_are_counted_and_those_of_the_dead_taken() {
    let place = Place::new();
    let _writer = writer(&place, small(Mode::Lossy), everybody);
    let mut all: Vec<_> = (0..30).map(|_| reader(&place)).collect();
    let error = Reader::attach(&place.0, ME, everybody).unwrap_err();
    assert_eq!(error.exit(), Exit::Os);
    assert!(error.to_string().contains("all 30 places"), "{error}");
    drop(all.pop());
    all.push(reader(&place));
    drop(Reader::attach(&place.0, ME, nobody).unwrap());
}

#[test]
fn a_thread_that_sleeps_is_woken() {
    let place = Place::new();
    let mut one = writer(&place, small(Mode::Reliable), everybody);
    let mut reader = reader(&place);
    std::thread::scope(|scope| {
        let sleeper = scope.spawn(move || {
            let (mut batch, mut seen) = (Batch::default(), 0);
            loop {
                batch.clear();
                let wait = Wait::Park(Duration::from_mins(1));
                let got = reader.fill(&mut batch, 4096, wait).unwrap();
                seen += got.records;
                assert_eq!(got.lost, 0);
                if got.status == Status::Ended {
                    return seen;
                }
            }
        });
        for number in 0..20_000 {
            let lines = usize::try_from(number % 5 + 1).unwrap();
            one.put(Record::new(&record(number, lines).0[..lines * 64]).unwrap()).unwrap();
            if number % 7 == 0 {
                one.flush().unwrap();
            }
        }
        one.finish().unwrap();
        assert_eq!(sleeper.join().unwrap(), 20_000);
    });
}

#[derive(Clone, Debug)]
enum Step {
    Put(usize),
    Flush,
    Read(usize, usize),
    Join,
    Leave(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => prop_oneof![3 => Just(1_usize), 3 => 2..9_usize, 1 => 1..33_usize].prop_map(Step::Put),
        2 => Just(Step::Flush),
        4 => (0..4_usize, prop_oneof![Just(64_usize), 1..5000_usize]).prop_map(|(a, b)| Step::Read(a, b)),
        1 => Just(Step::Join),
        1 => (0..4_usize).prop_map(Step::Leave),
    ]
}

/// Records, by number and lines, that a reader must still get.
type Left = VecDeque<(u64, usize)>;

/// A record was published: everybody who reads gets it, and who comes first.
fn tell(readers: &mut [(Reader, Left)], first: &mut Option<Left>, one: (u64, usize)) {
    for (_, left) in readers {
        left.push_back(one);
    }
    if let Some(left) = first {
        left.push_back(one);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_reliable_ring_is_a_queue_for_each_reader(steps in prop::collection::vec(step(), 1..1500)) {
        let place = Place::new();
        let mut writer = writer(&place, small(Mode::Reliable), everybody);
        // What each reader must still get; the first one from the beginning.
        let mut readers: Vec<(Reader, Left)> = Vec::new();
        let mut before: Option<Left> = Some(VecDeque::new());
        let mut unflushed = VecDeque::new();
        for step in steps {
            match step {
                Step::Put(lines) => {
                    let number = writer.records();
                    if put(&mut writer, number, lines) {
                        unflushed.push_back((number, lines));
                    } else {
                        // What is in the way was published to be passed.
                        for one in unflushed.drain(..) {
                            tell(&mut readers, &mut before, one);
                        }
                    }
                }
                Step::Flush => {
                    prop_assert_eq!(writer.flush().unwrap(), !unflushed.is_empty());
                }
                Step::Join if readers.len() < 4 => {
                    let left = before.take();
                    // Whoever comes later gets what is published later.
                    let left = left.unwrap_or_default();
                    readers.push((reader(&place), left));
                }
                Step::Leave(which) if which < readers.len() => drop(readers.remove(which)),
                Step::Read(which, max) if which < readers.len() => {
                    let (reader, left) = &mut readers[which];
                    let (got, found) = look(reader, max);
                    prop_assert_eq!(got.lost, 0);
                    prop_assert_eq!(found.is_empty(), left.is_empty());
                    for one in found {
                        prop_assert_eq!(Some(one), left.pop_front());
                    }
                }
                _ => {}
            }
            let published = writer.published();
            while unflushed.front().is_some_and(|(number, _)| *number < published) {
                let one = unflushed.pop_front().unwrap();
                tell(&mut readers, &mut before, one);
            }
        }
        writer.finish().unwrap();
        for one in unflushed {
            tell(&mut readers, &mut before, one);
        }
        for (mut reader, mut left) in readers {
            loop {
                let (got, found) = look(&mut reader, 4096);
                for one in found {
                    prop_assert_eq!(Some(one), left.pop_front());
                }
                if got.status == Status::Ended {
                    break;
                }
            }
            prop_assert!(left.is_empty());
        }
    }

    #[test]
    fn a_lossy_ring_gives_each_record_or_counts_it(steps in prop::collection::vec(step(), 1..3000)) {
        let place = Place::new();
        let mut writer = writer(&place, small(Mode::Lossy), everybody);
        let mut readers: Vec<Reader> = Vec::new();
        let mut all = Vec::new();
        let check = |reader: &mut Reader, all: &[(u64, usize)], max| {
            let before = reader.position();
            let (got, found) = look(reader, max);
            assert_eq!(reader.position(), before + got.lost + got.records);
            let from = usize::try_from(before + got.lost).unwrap();
            assert_eq!(found, all[from..from + found.len()]);
            got
        };
        for step in steps {
            match step {
                Step::Put(lines) => {
                    let number = writer.records();
                    prop_assert!(put(&mut writer, number, lines), "nobody holds a lossy writer");
                    all.push((number, lines));
                }
                Step::Flush => { writer.flush().unwrap(); }
                Step::Join if readers.len() < 4 => {
                    let reader = reader(&place);
                    prop_assert!(reader.position() <= writer.published());
                    prop_assert!(writer.published() - reader.position() <= 128);
                    readers.push(reader);
                }
                Step::Leave(which) if which < readers.len() => drop(readers.remove(which)),
                Step::Read(which, max) if which < readers.len() => {
                    check(&mut readers[which], &all, max);
                }
                _ => {}
            }
        }
        writer.finish().unwrap();
        for mut reader in readers {
            while check(&mut reader, &all, 4096).status == Status::Open {}
            prop_assert_eq!(reader.position(), all.len() as u64);
        }
    }
}
