//! Our ring beside rtrb, disruptor and iceoryx2, each between two pinned threads of one process, as
//! its authors would use it: batches where it has them, busy waiting everywhere.

use disruptor::{BusySpin, ProcessorSettings as _, Producer as _, Sequence};
use iceoryx2::prelude::*;
use mev::record::{Producer, Record};
use mev::ring::{Batch, Options, Reader, Status, Wait, Writer};
use mev::sys::{cpu, process};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

#[path = "../../../benches/support/paired.rs"]
mod paired;

const ROUNDS: usize = 7;
const FLOOD_LEN: u64 = 2 << 30;
const HOPS: usize = 100_000;
/// Records of a batch, for those that are told.
const BATCH: usize = 64;
/// Records that each holds.
const ROOM: usize = 1 << 14;
const SPIN: Wait = Wait::Spin(Duration::from_secs(10));

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    pin(0);
    set_log_level(LogLevel::Error);
    println!("<!-- bench -->\n### One way between two threads\n\n{}\n", paired::machine());
    println!("Millions of records a second; medians of {ROUNDS} rounds of 2 GiB, all in turn.\n");
    println!("| what | 64 B | 512 B |\n|---|---:|---:|");
    let (small, long) = (flood::<8>(), flood::<64>());
    for (small, long) in small.iter().zip(&long) {
        println!("| {} | {:.1} | {:.1} |", small.0, small.1, long.1);
    }
    let times = |times: &[(&str, f64)], at: usize| times[3].1 / times[at].1;
    for (at, name) in [(0, "rtrb"), (1, "disruptor"), (2, "iceoryx2")] {
        println!("| ours against {name} | {:.2}x | {:.2}x |", times(&small, at), times(&long, at));
    }
    println!(
        "\n### A hop of 64 B between two threads\n\nNanoseconds, half of a way there and back.\n"
    );
    println!("| what | p50 | p99 |\n|---|---:|---:|");
    let mut rounds = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        rounds.0.push(iceoryx2_hops());
        rounds.1.push(ring_hops());
    }
    let (theirs, ours) = (middle(&mut rounds.0), middle(&mut rounds.1));
    println!("| iceoryx2 | {} | {} |\n| ring | {} | {} |", theirs.0, theirs.1, ours.0, ours.1);
    println!(
        "| ratio | {:.1}x | {:.1}x |",
        theirs.0 as f64 / ours.0 as f64,
        theirs.1 as f64 / ours.1 as f64
    );
    println!("<!-- /bench -->");
}

fn middle(rounds: &mut [(u64, u64)]) -> (u64, u64) {
    rounds.sort_unstable();
    rounds[rounds.len() / 2]
}

fn pin(number: usize) {
    assert!(cpu::pin(cpus()[number]), "cannot pin: two processors are needed");
}

/// Processors that this process might use when it began: a thread inherits what its parent kept.
fn cpus() -> &'static [usize] {
    static CPUS: std::sync::OnceLock<Vec<usize>> = std::sync::OnceLock::new();
    CPUS.get_or_init(cpu::allowed)
}

/// Medians of all, in turn.
fn flood<const WORDS: usize>() -> Vec<(&'static str, f64)> {
    let count = FLOOD_LEN / (WORDS as u64 * 8);
    let sides: [(&str, fn(u64) -> f64); 4] = [
        ("rtrb, chunks of 64", rtrb_flood::<WORDS>),
        ("disruptor, batches of 64", disruptor_flood::<WORDS>),
        ("iceoryx2, one by one", iceoryx2_flood::<WORDS>),
        ("ring, reliable", ring_flood::<WORDS>),
    ];
    let mut rates = vec![Vec::new(); sides.len()];
    for _ in 0..ROUNDS {
        for (rates, (_, side)) in rates.iter_mut().zip(sides) {
            rates.push(side(count));
        }
    }
    let median = |mut rates: Vec<f64>| {
        rates.sort_by(f64::total_cmp);
        rates[rates.len() / 2]
    };
    sides.iter().zip(rates).map(|((name, _), rates)| (*name, median(rates))).collect()
}

fn millions(count: u64, since: Instant) -> f64 {
    count as f64 * 1e3 / since.elapsed().as_nanos() as f64
}

fn filled<const WORDS: usize>(number: u64) -> [u64; WORDS] {
    let mut event = [0; WORDS];
    event[1] = number;
    event
}

fn rtrb_flood<const WORDS: usize>(count: u64) -> f64 {
    let (mut to, mut from) = rtrb::RingBuffer::<[u64; WORDS]>::new(ROOM);
    let start = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            pin(1);
            let (mut got, mut sum) = (0, 0_u64);
            while got < count {
                let ready = from.slots();
                if ready == 0 {
                    std::hint::spin_loop();
                    continue;
                }
                let chunk = from.read_chunk(ready.min(256)).unwrap();
                got += chunk.len() as u64;
                chunk.into_iter().for_each(|event| sum = sum.wrapping_add(event[1]));
            }
            std::hint::black_box(sum);
        });
        let mut number = 0;
        while number < count {
            let Ok(chunk) = to.write_chunk_uninit(BATCH) else {
                std::hint::spin_loop();
                continue;
            };
            number += chunk.fill_from_iter((number..count).map(filled::<WORDS>)) as u64;
        }
    });
    millions(count, start)
}

fn disruptor_flood<const WORDS: usize>(count: u64) -> f64 {
    let sum = Arc::new(AtomicU64::new(0));
    let theirs = Arc::clone(&sum);
    let mut local = 0_u64;
    let take = move |event: &[u64; WORDS], sequence: Sequence, _: bool| {
        local = local.wrapping_add(event[1]);
        if sequence as u64 + 1 == count {
            theirs.store(local | 1, Ordering::Release);
        }
    };
    // Its own pinning asks for a processor that the calling thread may use: the thread that it starts
    // inherits ours instead.
    pin(1);
    let mut to = disruptor::build_single_producer(ROOM, || [0; WORDS], BusySpin)
        .handle_events_with(take)
        .build();
    pin(0);
    let start = Instant::now();
    let mut number = 0;
    while number < count {
        to.batch_publish(BATCH, |events| {
            for event in events {
                *event = filled(number);
                number += 1;
            }
        });
    }
    while sum.load(Ordering::Acquire) == 0 {}
    millions(count, start)
}

/// A ring's file, removed in the end.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let place = PathBuf::from(format!("/dev/shm/mev-peers-{}-{name}", std::process::id()));
        let _ = std::fs::remove_file(&place);
        Self(place)
    }

    fn writer(&self) -> Writer {
        let own = process::own();
        Writer::create(&self.0, Options::default(), Producer::Other, own, process::alive).unwrap()
    }

    fn reader(&self) -> Reader {
        Reader::attach(&self.0, process::own(), process::alive).unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[repr(align(64))]
struct Bytes([u8; 512]);

impl Bytes {
    fn new(len: usize) -> Self {
        let mut bytes = Self([0; 512]);
        bytes.0[..4].copy_from_slice(&u32::try_from(len).unwrap().to_le_bytes());
        bytes
    }

    fn record(&mut self, number: u64, len: usize) -> Record<'_> {
        self.0[8..16].copy_from_slice(&number.to_le_bytes());
        Record::new(&self.0[..len]).unwrap()
    }
}

fn ring_flood<const WORDS: usize>(count: u64) -> f64 {
    let place = Place::new("flood");
    let (mut to, mut from) = (place.writer(), place.reader());
    let start = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            pin(1);
            let (mut batch, mut sum) = (Batch::with_room(1 << 16), 0_u64);
            loop {
                batch.clear();
                if from.fill(&mut batch, 1 << 14, SPIN).unwrap().status != Status::Open {
                    break;
                }
                batch.records().for_each(|record| sum = sum.wrapping_add(record.rx_ns()));
            }
            std::hint::black_box(sum);
        });
        let mut bytes = Bytes::new(WORDS * 8);
        for number in 0..count {
            to.put(bytes.record(number, WORDS * 8)).unwrap();
        }
        to.finish().unwrap();
    });
    millions(count, start)
}

/// One side of a service of iceoryx2: each thread has its own node, as each process would.
macro_rules! service {
    ($name:expr, $words:expr) => {{
        let node = NodeBuilder::new().create::<ipc::Service>().unwrap();
        let name = format!("mev-peers-{}-{}-{}", std::process::id(), $name, $words);
        node.service_builder(&name.as_str().try_into().unwrap())
            .publish_subscribe::<[u64; $words]>()
            .enable_safe_overflow(false)
            .subscriber_max_buffer_size(4096)
            .max_publishers(1)
            .max_subscribers(1)
            .open_or_create()
            .unwrap()
    }};
}

/// Its publisher, which waits for its subscriber.
macro_rules! publisher {
    ($service:expr) => {
        $service
            .publisher_builder()
            .backpressure_strategy(BackpressureStrategy::RetryUntilDelivered)
            .create()
            .unwrap()
    };
}

/// The round of a flood or of hops, which makes names that were not there before.
fn round() -> u64 {
    static ROUND: AtomicU64 = AtomicU64::new(0);
    ROUND.fetch_add(1, Ordering::Relaxed)
}

fn iceoryx2_flood<const WORDS: usize>(count: u64) -> f64 {
    let (count, round) = (count / 16, round());
    let (ready, done) = (AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            pin(1);
            let service = service!(round, WORDS);
            let from = service.subscriber_builder().create().unwrap();
            ready.store(1, Ordering::Release);
            let (mut got, mut sum) = (0, 0_u64);
            while got < count {
                match from.receive().unwrap() {
                    Some(sample) => {
                        sum = sum.wrapping_add(sample.payload()[1]);
                        got += 1;
                    }
                    None => std::hint::spin_loop(),
                }
            }
            done.store(sum | 1, Ordering::Release);
        });
        let service = service!(round, WORDS);
        let to = publisher!(service);
        while ready.load(Ordering::Acquire) == 0 {}
        let start = Instant::now();
        for number in 0..count {
            to.loan_uninit().unwrap().write_payload(filled::<WORDS>(number)).send().unwrap();
        }
        while done.load(Ordering::Acquire) == 0 {}
        millions(count, start)
    })
}

/// The median and the 99th percentile of ways there and back, halved.
fn hops(mut there_and_back: impl FnMut(u64)) -> (u64, u64) {
    let mut times: Vec<u64> = (0..HOPS as u64)
        .map(|number| {
            let start = Instant::now();
            there_and_back(number);
            u64::try_from(start.elapsed().as_nanos() / 2).unwrap()
        })
        .collect();
    times.sort_unstable();
    (times[HOPS / 2], times[HOPS / 100 * 99])
}

fn iceoryx2_hops() -> (u64, u64) {
    let (there, back, ready) = (round(), round(), AtomicU64::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            pin(1);
            let (there, back) = (service!(there, 8), service!(back, 8));
            let from = there.subscriber_builder().create().unwrap();
            let to = publisher!(back);
            ready.store(1, Ordering::Release);
            let mut got = 0;
            while got < HOPS {
                let Some(event) = from.receive().unwrap() else { continue };
                to.loan_uninit().unwrap().write_payload(*event.payload()).send().unwrap();
                got += 1;
            }
        });
        let (there, back) = (service!(there, 8), service!(back, 8));
        let from = back.subscriber_builder().create().unwrap();
        let to = publisher!(there);
        while ready.load(Ordering::Acquire) == 0 {}
        hops(|number| {
            to.loan_uninit().unwrap().write_payload(filled::<8>(number)).send().unwrap();
            loop {
                if let Some(event) = from.receive().unwrap() {
                    assert_eq!(event.payload()[1], number);
                    break;
                }
            }
        })
    })
}

fn ring_hops() -> (u64, u64) {
    let (there, back) = (Place::new("there"), Place::new("back"));
    let (mut to, mut from) = (there.writer(), there.reader());
    let (mut to_back, mut from_back) = (back.writer(), back.reader());
    std::thread::scope(|scope| {
        scope.spawn(move || {
            pin(1);
            let mut batch = Batch::with_room(1 << 16);
            loop {
                batch.clear();
                if from.fill(&mut batch, 1 << 16, SPIN).unwrap().status != Status::Open {
                    return;
                }
                batch.records().for_each(|record| to_back.put(record).unwrap());
                to_back.flush().unwrap();
            }
        });
        let (mut bytes, mut batch) = (Bytes::new(64), Batch::with_room(1 << 16));
        let times = hops(|number| {
            to.put(bytes.record(number, 64)).unwrap();
            to.flush().unwrap();
            batch.clear();
            assert_eq!(from_back.fill(&mut batch, 1 << 16, SPIN).unwrap().records, 1);
        });
        to.finish().unwrap();
        times
    })
}
