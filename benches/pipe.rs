//! Whether a tool should hand its pages to a pipe, `vmsplice(2)`, or have them copied, `write(2)`.
//!
//! Both sides fill 64 KiB with records, from memory that the cache does not hold, and give them to a pipe of
//! a megabyte; the other end reads 64 KiB a call, as every tool does. Pages that were given belong to the
//! pipe until they are read, and to whoever moved them on without reading (`splice`, `tee`) for longer: a
//! writer cannot know when it may write them again. So there are two ways to give: always new pages, which is
//! safe; and the same pages again once a whole pipe has followed them, which is not, and is here to show
//! what safety costs.

#![expect(unsafe_code, reason = "vmsplice and anonymous maps are calls of the C library")]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark prints, stops where it stands, and reads the clock"
)]

#[path = "support/paired.rs"]
mod paired;

use mev::sys::{cpu, pipe};
use std::io::{PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsRawFd;
use std::ptr::NonNull;
use std::time::Instant;

/// Bytes of a call.
const BATCH: usize = 64 << 10;
/// Bytes of a round.
const FLOOD_LEN: usize = 2 << 30;
/// Bytes that records come from: more than the caches hold.
const SOURCE_LEN: usize = 64 << 20;
/// Rounds, in each of which every way has its turn.
const ROUNDS: usize = 7;

/// How a batch gets into the pipe.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Write,
    GiveNew,
    GiveAgain,
}

const WAYS: [(How, &str); 3] = [
    (How::Write, "write(2)"),
    (How::GiveNew, "vmsplice(2), new pages each time"),
    (How::GiveAgain, "vmsplice(2), pages used again (not safe)"),
];

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let cpus = cpu::allowed();
    if cpus.len() < 2 {
        println!("skipped: this takes two processors");
        return;
    }
    let source = vec![7; SOURCE_LEN];
    let mut rates = [const { Vec::new() }; WAYS.len()];
    for _ in 0..ROUNDS {
        for ((how, _), rates) in WAYS.iter().zip(&mut rates) {
            rates.push(flood(*how, &source, &cpus));
        }
    }
    println!("<!-- bench -->\n### Records into a pipe: copied or given\n\n{}\n", paired::machine());
    println!("{ROUNDS} rounds in turn, medians; the ratio is of each round.\n");
    println!("| way | GB/s | times write(2) |\n|---|---:|---:|");
    for ((_, name), of_it) in WAYS.iter().zip(&rates) {
        let ratios = of_it.iter().zip(&rates[0]).map(|(this, write)| this / write).collect();
        println!(
            "| {name} | {:.2} | {:.2}x |",
            paired::median(of_it.clone()),
            paired::median(ratios)
        );
    }
    println!("<!-- /bench -->");
}

/// Gigabytes a second from one processor to the other.
fn flood(how: How, source: &[u8], cpus: &[usize]) -> f64 {
    let (reader, writer) = std::io::pipe().unwrap();
    let pipe_len = pipe::enlarge(&writer).unwrap();
    std::thread::scope(|scope| {
        let sink = scope.spawn(|| {
            cpu::pin(cpus[1]);
            drain(reader)
        });
        cpu::pin(cpus[0]);
        let start = Instant::now();
        match how {
            How::Write => write(writer, source),
            How::GiveNew => give(writer, source, BATCH, true),
            How::GiveAgain => give(writer, source, pipe_len + 2 * BATCH, false),
        }
        assert_eq!(sink.join().unwrap(), FLOOD_LEN);
        FLOOD_LEN as f64 / start.elapsed().as_secs_f64() / 1e9
    })
}

/// Reads to the end, as a tool does; the bytes that there were, looked at one a cache line.
fn drain(mut reader: PipeReader) -> usize {
    let (mut total, mut sum, mut buffer) = (0, 0_u64, vec![0_u8; BATCH]);
    loop {
        let len = reader.read(&mut buffer).unwrap();
        if len == 0 {
            assert!(std::hint::black_box(sum) > 0);
            return total;
        }
        sum += buffer[..len].iter().step_by(64).map(|byte| u64::from(*byte)).sum::<u64>();
        total += len;
    }
}

fn batches(source: &[u8]) -> impl Iterator<Item = &[u8]> {
    source.chunks_exact(BATCH).cycle().take(FLOOD_LEN / BATCH)
}

fn write(mut writer: PipeWriter, source: &[u8]) {
    let mut buffer = vec![0; BATCH];
    for batch in batches(source) {
        buffer.copy_from_slice(batch);
        writer.write_all(&buffer).unwrap();
    }
}

/// Gives pages of a map of `len` bytes, round and round; after each batch its pages are let go if `new`.
fn give(writer: PipeWriter, source: &[u8], len: usize, new: bool) {
    let map = Map::new(len);
    for (number, batch) in batches(source).enumerate() {
        let at = number * BATCH % len;
        // SAFETY: `at + BATCH` is at most `len`, which is a multiple of BATCH; nothing else refers to the
        // map's memory in this process.
        let place = unsafe { std::slice::from_raw_parts_mut(map.0.as_ptr().add(at), BATCH) };
        place.copy_from_slice(batch);
        let mut left = libc::iovec { iov_base: place.as_mut_ptr().cast(), iov_len: BATCH };
        while left.iov_len > 0 {
            // SAFETY: the entry names mapped memory; the descriptor is open because `writer` is owned.
            let gone = unsafe { libc::vmsplice(writer.as_raw_fd(), &raw const left, 1, 0) };
            let gone = usize::try_from(gone).expect("vmsplice");
            left.iov_base = left.iov_base.wrapping_byte_add(gone);
            left.iov_len -= gone;
        }
        if new {
            // SAFETY: the range is whole pages of the map; they stay the pipe's, and the map gets others.
            let done =
                unsafe { libc::madvise(map.0.as_ptr().add(at).cast(), BATCH, libc::MADV_DONTNEED) };
            assert_eq!(done, 0);
        }
    }
    // Pages that the pipe still has stay its own when the map goes.
}

/// Anonymous memory of whole pages.
struct Map(NonNull<u8>, usize);

impl Map {
    fn new(len: usize) -> Self {
        let (read_write, flags) =
            (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: a new private map at an address of the kernel's choice touches nothing that there is.
        let at = unsafe { libc::mmap(std::ptr::null_mut(), len, read_write, flags, -1, 0) };
        assert_ne!(at, libc::MAP_FAILED);
        Self(NonNull::new(at.cast()).unwrap(), len)
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        // SAFETY: this is the whole map, and nothing refers to it any more.
        unsafe { libc::munmap(self.0.as_ptr().cast(), self.1) };
    }
}
