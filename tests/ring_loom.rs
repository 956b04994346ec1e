//! The ring's protocol over every interleaving and every value that the memory model allows.
//!
//! `src/ring/protocol.rs` is written against a module `sync`; here that is loom's atomics, with lines
//! of four words, so that a ring of a few lines is small enough to be walked through.

#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]
#![allow(dead_code, unreachable_pub, reason = "the model uses a part of the protocol")]

mod sync {
    pub(super) use loom::sync::atomic::{AtomicU64, Ordering, fence};

    pub(super) const WORDS: usize = 4;

    #[derive(Clone, Copy, Debug)]
    pub(super) struct Row(pub(super) [u64; WORDS]);
}

#[path = "../src/ring/protocol.rs"]
mod protocol;

use loom::sync::Arc;
use loom::thread;
use protocol::{Area, Bytes, FIXED_LINES, Found, Line, Putter, SLOT_LINES, Taker};
use sync::AtomicU64;

const READERS: usize = 2;
const HEAD: usize = FIXED_LINES + READERS * SLOT_LINES;
const CELLS: usize = 2;

/// A ring of two cells and `payload` lines.
struct Ring(Vec<Line>);

impl Ring {
    fn new(payload: usize, reliable: bool) -> Arc<Self> {
        let line = || std::array::from_fn(|_| AtomicU64::new(0));
        let ring = Self((0..HEAD + CELLS + payload).map(|_| line()).collect());
        if reliable {
            let reserved = &ring.0[FIXED_LINES][0];
            reserved.store(protocol::RESERVED, sync::Ordering::Relaxed);
        }
        Arc::new(ring)
    }

    fn area(&self) -> Area<'_> {
        Area::new(&self.0, HEAD, CELLS).unwrap()
    }
}

/// A record of `lines` lines whose words all say `number`.
fn record(number: u64, lines: usize) -> Vec<Bytes> {
    let mut made = vec![[0; size_of::<Bytes>()]; lines];
    for line in &mut made {
        for word in line.as_chunks_mut::<8>().0 {
            *word = (number << 32 | 7).to_le_bytes();
        }
    }
    let len = u32::try_from(lines * size_of::<Bytes>()).unwrap();
    made[0][..4].copy_from_slice(&len.to_le_bytes());
    made
}

fn put(putter: &mut Putter, area: Area<'_>, lines: usize, reliable: bool) -> bool {
    let record = record(putter.seq(), lines);
    if putter.put(area, &record) {
        return true;
    }
    if !putter.claim(area, lines, reliable) {
        putter.publish(area);
        if !putter.claim(area, lines, reliable) {
            return false;
        }
    }
    putter.put(area, &record)
}

/// Takes once and checks that what came is what was put under that number.
fn take(taker: &mut Taker, area: Area<'_>) -> Found {
    let mut out = Vec::new();
    let seq = taker.seq();
    let found = taker.take(area, &mut out);
    match found {
        Found::Record => {
            let len = (out.len() * size_of::<Bytes>()) as u64;
            for (at, word) in out.iter().flat_map(|row| row.0).enumerate() {
                let should = if at == 0 { seq << 32 | len } else { seq << 32 | 7 };
                assert_eq!(word, should, "word {at} of record {seq}");
            }
            taker.pass(area);
        }
        Found::Damage => panic!("record {seq} is damaged"),
        Found::Nothing | Found::Overrun => {}
    }
    found
}

/// Walks through `model` with at most two preemptions, which is where faults of such protocols show;
/// switches where a thread waits or ends are free.
fn check(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(model);
}

/// A reliable ring that wraps: everything comes, whole and in order.
fn reliable(lines: usize, payload: usize, puts: u64) {
    check(move || {
        let ring = Ring::new(payload, true);
        let theirs = Arc::clone(&ring);
        let writer = thread::spawn(move || {
            let (area, mut putter) = (theirs.area(), Putter::default());
            while putter.seq() < puts {
                if put(&mut putter, area, lines, true) {
                    putter.publish(area);
                } else {
                    thread::yield_now();
                }
            }
        });
        let mut taker = Taker::join(ring.area(), true, 1, 1).unwrap();
        while taker.seq() < puts {
            match take(&mut taker, ring.area()) {
                Found::Record => {}
                Found::Nothing => thread::yield_now(),
                other => panic!("{other:?} in a reliable ring"),
            }
        }
        writer.join().unwrap();
    });
}

#[test]
fn a_reliable_ring_gives_every_record_of_one_line() {
    reliable(1, 4, 3);
}

#[test]
fn a_reliable_ring_gives_every_longer_record() {
    // The payload area holds one of them: the second is laid over the first.
    reliable(2, 2, 2);
}

/// A lossy ring: what is given is whole, what is lost is counted.
fn lossy(lines: usize, puts: u64) {
    check(move || {
        let ring = Ring::new(4, false);
        let theirs = Arc::clone(&ring);
        let mut taker = Taker::join(ring.area(), false, 1, 1).unwrap();
        let writer = thread::spawn(move || {
            let (area, mut putter) = (theirs.area(), Putter::default());
            for _ in 0..puts {
                assert!(put(&mut putter, area, lines, false));
                putter.publish(area);
            }
        });
        let (mut given, mut lost) = (0, 0);
        let look = |taker: &mut Taker, given: &mut u64, lost: &mut u64| {
            let found = take(taker, ring.area());
            match found {
                Found::Record => *given += 1,
                Found::Overrun => *lost += taker.skip(ring.area()),
                _ => {}
            }
            found
        };
        for _ in 0..2 {
            look(&mut taker, &mut given, &mut lost);
        }
        writer.join().unwrap();
        while look(&mut taker, &mut given, &mut lost) != Found::Nothing {}
        assert_eq!((given + lost, taker.seq()), (puts, puts));
    });
}

#[test]
fn a_lossy_ring_gives_whole_records_of_one_line_or_counts_them() {
    lossy(1, 4);
}

#[test]
fn a_lossy_ring_gives_whole_longer_records_or_counts_them() {
    lossy(2, 3);
}

/// A reader that joins a reliable ring nobody reads gets everything from its place on.
#[test]
fn who_joins_while_the_writer_runs_free_loses_nothing_after_its_place() {
    check(|| {
        let ring = Ring::new(4, false);
        let theirs = Arc::clone(&ring);
        let writer = thread::spawn(move || {
            let (area, mut putter) = (theirs.area(), Putter::default());
            let mut refused = 0;
            while putter.seq() < 4 && refused < 2 {
                if put(&mut putter, area, 1, true) {
                    putter.publish(area);
                } else {
                    refused += 1;
                    thread::yield_now();
                }
            }
            putter.seq()
        });
        let mut taker = Taker::join(ring.area(), true, 1, 1).unwrap();
        for _ in 0..2 {
            assert_ne!(take(&mut taker, ring.area()), Found::Overrun);
        }
        let last = writer.join().unwrap();
        while taker.seq() < last {
            assert_eq!(take(&mut taker, ring.area()), Found::Record);
        }
    });
}

/// A batch appears as a whole: its first record is published last.
#[test]
fn a_batch_is_seen_only_when_it_is_published() {
    check(|| {
        let ring = Ring::new(4, false);
        let theirs = Arc::clone(&ring);
        let mut taker = Taker::join(ring.area(), false, 1, 1).unwrap();
        let writer = thread::spawn(move || {
            let (area, mut putter) = (theirs.area(), Putter::default());
            assert!(put(&mut putter, area, 1, false) && put(&mut putter, area, 2, false));
            putter.publish(area);
        });
        if take(&mut taker, ring.area()) == Found::Record {
            assert_eq!(take(&mut taker, ring.area()), Found::Record);
        }
        writer.join().unwrap();
    });
}
