//! The ring between two processes: how long a record takes, and how many go through.
//!
//! The benchmark starts itself as the other process; each keeps a processor of its own. A hop is half
//! of a way there and back. The pipe is given its best case: both ends spin without blocking for hops,
//! and move a batch a system call, over a pipe of a megabyte, for throughput.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark prints, reads the clock and stops where it stands"
)]

#[path = "support/paired.rs"]
mod paired;

use hdrhistogram::Histogram;
use mev::record::{Producer, Record};
use mev::ring::{Batch, Mode, Options, Reader, Status, Wait, Writer};
use mev::sys::{cpu, pipe, process};
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Records of a round of hops, after as many tenths to warm up.
const HOPS: u64 = 200_000;
/// Rounds of everything, the sides in turn.
const ROUNDS: usize = 7;
/// Bytes of a round of throughput.
const FLOOD_LEN: u64 = 4 << 30;
/// Bytes that a pipe moves a call.
const PIPE_BATCH: usize = 64 << 10;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.get(1..).unwrap_or_default() {
        ["ring-echo", there, back, len] => ring_echo(there, back, len.parse().unwrap()),
        ["pipe-echo", len] => pipe_echo(len.parse().unwrap()),
        ["ring-sink", path] => ring_sink(path),
        ["pipe-sink"] => pipe_sink(),
        args if args.contains(&"--bench") => bench(cpus()),
        _ => {}
    }
}

fn bench(cpus: &[usize]) {
    assert!(cpus.len() > 1 && cpu::pin(cpus[0]), "two processors are needed");
    println!("<!-- bench -->\n### A hop between two processes\n\n{}\n", paired::machine());
    println!("Nanoseconds, half of a way there and back; medians of {ROUNDS} rounds of {HOPS}.\n");
    println!("| what | p50 | p99 | p99.9 |\n|---|---:|---:|---:|");
    for len in [64, 512] {
        let mut rounds = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            rounds.0.push(pipe_hops(len));
            rounds.1.push(ring_hops(len));
        }
        let (pipe, ring) = (middle(&rounds.0), middle(&rounds.1));
        for (what, [p50, p99, p999]) in [("pipe, both ends spin", pipe), ("ring", ring)] {
            println!("| {what}, {len} B | {p50} | {p99} | {p999} |");
        }
        println!(
            "| ratio, {len} B | {} | {} | |",
            ratio(pipe[0], ring[0]),
            ratio(pipe[1], ring[1])
        );
    }
    println!("\n### Throughput one way between two processes\n");
    println!("Millions of records a second; medians of {ROUNDS} rounds of 4 GiB.\n");
    println!("| what | 64 B | 512 B |\n|---|---:|---:|");
    let mut table = vec![Vec::new(); 4];
    for len in [64, 512] {
        let mut sides: Vec<Vec<f64>> = vec![Vec::new(); 4];
        for _ in 0..ROUNDS {
            sides[0].push(pipe_flood(len));
            sides[1].push(ring_flood(len, Mode::Reliable, u64::MAX));
            sides[2].push(ring_flood(len, Mode::Reliable, 1));
            sides[3].push(ring_flood(len, Mode::Lossy, u64::MAX));
        }
        for (row, side) in table.iter_mut().zip(&mut sides) {
            side.sort_by(f64::total_cmp);
            row.push(side[ROUNDS / 2]);
        }
    }
    let names = [
        "pipe, 64 KiB a call",
        "ring, reliable, published in batches",
        "ring, reliable, published one by one",
        "ring, lossy, put (its reader may lose some)",
    ];
    for (what, row) in names.iter().zip(&table) {
        println!("| {what} | {:.1} | {:.1} |", row[0], row[1]);
    }
    println!("<!-- /bench -->");
}

#[expect(clippy::cast_precision_loss, reason = "a measurement")]
fn ratio(slow: u64, fast: u64) -> String {
    format!("{:.1}x", slow as f64 / fast as f64)
}

/// The median of each percentile.
fn middle(rounds: &[[u64; 3]]) -> [u64; 3] {
    std::array::from_fn(|at| {
        let mut column: Vec<_> = rounds.iter().map(|round| round[at]).collect();
        column.sort_unstable();
        column[ROUNDS / 2]
    })
}

/// Names the processor of the other process, which inherits that of this one.
const OTHER_CPU: &str = "MEV_BENCH_CPU";

fn pin_other() {
    let cpu = std::env::var(OTHER_CPU).unwrap().parse().unwrap();
    assert!(cpu::pin(cpu), "cannot pin");
}

/// A ring's file on shared memory, removed in the end.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let place = Path::new("/dev/shm").join(format!("mev-bench-{}-{name}", std::process::id()));
        let _ = std::fs::remove_file(&place);
        Self(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Processors that this process might use when it began.
fn cpus() -> &'static [usize] {
    static CPUS: std::sync::OnceLock<Vec<usize>> = std::sync::OnceLock::new();
    CPUS.get_or_init(cpu::allowed)
}

fn other(args: &[&str], stdin: impl Into<Stdio>, stdout: impl Into<Stdio>) -> Child {
    let exe = std::env::current_exe().unwrap();
    let mut command = Command::new(exe);
    command.args(args).env(OTHER_CPU, cpus()[1].to_string());
    command.stdin(stdin).stdout(stdout).spawn().unwrap()
}

/// A record of `len` bytes with number `number`.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Bytes([u8; 512]);

impl Bytes {
    fn new(len: usize) -> Self {
        let mut bytes = Self([0; 512]);
        bytes.0[..4].copy_from_slice(&u32::try_from(len).unwrap().to_le_bytes());
        bytes
    }

    #[inline]
    fn record(&mut self, number: u64, len: usize) -> Record<'_> {
        self.0[8..16].copy_from_slice(&number.to_le_bytes());
        Record::new(&self.0[..len]).unwrap()
    }
}

fn writer(path: &Path, options: Options) -> Writer {
    Writer::create(path, options, Producer::Other, process::own(), process::alive).unwrap()
}

fn reader(path: &Path) -> Reader {
    Reader::attach(path, process::own(), process::alive).unwrap()
}

const SPIN: Wait = Wait::Spin(Duration::from_secs(10));

/// Times `HOPS` ways there and back.
fn hops(mut there_and_back: impl FnMut(u64)) -> [u64; 3] {
    let mut times = Histogram::<u64>::new(3).unwrap();
    for number in 0..HOPS / 10 {
        there_and_back(number);
    }
    for number in 0..HOPS {
        let start = Instant::now();
        there_and_back(HOPS / 10 + number);
        times.record(u64::try_from(start.elapsed().as_nanos() / 2).unwrap()).unwrap();
    }
    [0.5, 0.99, 0.999].map(|at| times.value_at_quantile(at))
}

fn ring_hops(len: usize) -> [u64; 3] {
    let (there, back) = (Place::new("there"), Place::new("back"));
    let mut to = writer(&there.0, Options::default());
    let args = ["ring-echo", there.0.to_str().unwrap(), back.0.to_str().unwrap(), &len.to_string()];
    let mut child = other(&args, Stdio::null(), Stdio::null());
    while !back.0.exists() {}
    let mut from = reader(&back.0);
    let (mut bytes, mut batch) = (Bytes::new(len), Batch::with_room(1 << 16));
    let times = hops(|number| {
        to.put(bytes.record(number, len)).unwrap();
        to.flush().unwrap();
        batch.clear();
        assert_eq!(from.fill(&mut batch, 1 << 16, SPIN).unwrap().records, 1);
        assert_eq!(batch.records().next().unwrap().rx_ns(), number);
    });
    to.finish().unwrap();
    assert!(child.wait().unwrap().success());
    times
}

fn ring_echo(there: &str, back: &str, len: usize) {
    pin_other();
    let mut from = reader(Path::new(there));
    let mut to = writer(Path::new(back), Options::default());
    let mut batch = Batch::with_room(1 << 16);
    loop {
        batch.clear();
        let got = from.fill(&mut batch, 1 << 16, SPIN).unwrap();
        if got.status != Status::Open {
            return;
        }
        for record in batch.records() {
            assert_eq!(record.bytes().len(), len);
            to.put(record).unwrap();
        }
        to.flush().unwrap();
    }
}

#[expect(unsafe_code, reason = "std does not open pipes without blocking")]
fn unblock(end: &impl AsFd) {
    // SAFETY: F_SETFL takes an int; the descriptor is open because `end` is borrowed.
    let done = unsafe { libc::fcntl(end.as_fd().as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
    assert_eq!(done, 0);
}

fn spin_read(from: &mut impl Read, to: &mut [u8]) -> bool {
    let mut filled = 0;
    while filled < to.len() {
        match from.read(&mut to[filled..]) {
            Ok(0) => return false,
            Ok(count) => filled += count,
            Err(e) if e.kind() == ErrorKind::WouldBlock => std::hint::spin_loop(),
            Err(e) => panic!("{e}"),
        }
    }
    true
}

fn pipe_hops(len: usize) -> [u64; 3] {
    let (their_in, mut to): (PipeReader, PipeWriter) = std::io::pipe().unwrap();
    let (mut from, their_out) = std::io::pipe().unwrap();
    let mut child = other(&["pipe-echo", &len.to_string()], their_in, their_out);
    unblock(&from);
    let (mut bytes, mut got) = (Bytes::new(len), [0; 512]);
    let times = hops(|number| {
        to.write_all(bytes.record(number, len).bytes()).unwrap();
        assert!(spin_read(&mut from, &mut got[..len]));
        assert_eq!(got[8..16], number.to_le_bytes());
    });
    drop(to);
    assert!(child.wait().unwrap().success());
    times
}

fn pipe_echo(len: usize) {
    pin_other();
    let mut from = File::from(std::io::stdin().as_fd().try_clone_to_owned().unwrap());
    let mut to = File::from(std::io::stdout().as_fd().try_clone_to_owned().unwrap());
    unblock(&from);
    let mut bytes = [0; 512];
    while spin_read(&mut from, &mut bytes[..len]) {
        to.write_all(&bytes[..len]).unwrap();
    }
}

/// Waits for a line of the other process.
fn said(lines: &mut impl BufRead) -> u64 {
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    line.trim().parse().unwrap()
}

#[expect(clippy::cast_precision_loss, reason = "a measurement")]
fn millions(count: u64, since: Instant) -> f64 {
    count as f64 * 1e3 / since.elapsed().as_nanos() as f64
}

/// Millions of records a second through a ring, published each `each` records or as the ring does.
fn ring_flood(len: usize, mode: Mode, each: u64) -> f64 {
    let place = Place::new("flood");
    let mut to = writer(&place.0, Options { mode, ..Options::default() });
    let mut child = other(&["ring-sink", place.0.to_str().unwrap()], Stdio::null(), Stdio::piped());
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    assert_eq!(said(&mut lines), 0);
    let count = FLOOD_LEN / len as u64 / if each == 1 { 4 } else { 1 };
    let mut bytes = Bytes::new(len);
    let start = Instant::now();
    for number in 0..count {
        to.put(bytes.record(number, len)).unwrap();
        if each == 1 {
            to.flush().unwrap();
        }
    }
    to.finish().unwrap();
    let got = said(&mut lines);
    let rate = millions(count, start);
    assert!(got == count || mode == Mode::Lossy && got <= count, "{got} of {count}");
    assert!(child.wait().unwrap().success());
    rate
}

fn ring_sink(path: &str) {
    pin_other();
    let mut from = reader(Path::new(path));
    println!("0");
    let mut batch = Batch::with_room(1 << 16);
    let (mut count, mut sum) = (0, 0_u64);
    loop {
        batch.clear();
        let got = from.fill(&mut batch, 1 << 14, SPIN).unwrap();
        for record in batch.records() {
            sum = sum.wrapping_add(record.rx_ns());
        }
        count += got.records;
        if got.status != Status::Open {
            break;
        }
    }
    std::hint::black_box(sum);
    println!("{count}");
}

fn pipe_flood(len: usize) -> f64 {
    let (their_in, mut to) = std::io::pipe().unwrap();
    pipe::enlarge(&to);
    let mut child = other(&["pipe-sink"], their_in, Stdio::piped());
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    assert_eq!(said(&mut lines), 0);
    let count = FLOOD_LEN / len as u64 / 4;
    let (mut bytes, mut batch) = (Bytes::new(len), Vec::with_capacity(PIPE_BATCH));
    let start = Instant::now();
    for number in 0..count {
        batch.extend_from_slice(bytes.record(number, len).bytes());
        if batch.len() == PIPE_BATCH {
            to.write_all(&batch).unwrap();
            batch.clear();
        }
    }
    to.write_all(&batch).unwrap();
    drop(to);
    assert_eq!(said(&mut lines), count * len as u64);
    let rate = millions(count, start);
    assert!(child.wait().unwrap().success());
    rate
}

fn pipe_sink() {
    pin_other();
    let mut from = File::from(std::io::stdin().as_fd().try_clone_to_owned().unwrap());
    println!("0");
    let mut bytes = vec![0; 1 << 18];
    let (mut total, mut sum) = (0, 0_u64);
    loop {
        let count = from.read(&mut bytes).unwrap();
        if count == 0 {
            break;
        }
        // One word a record, as the ring's reader looks at.
        for line in bytes[..count].as_chunks::<64>().0 {
            sum = sum.wrapping_add(u64::from(line[8]));
        }
        total += count as u64;
    }
    std::hint::black_box(sum);
    println!("{total}");
}
