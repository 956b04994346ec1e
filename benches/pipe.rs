//! Whether a tool should hand its pages to a pipe, `vmsplice(2)`, or have them copied, `write(2)`.
//!
//! Both sides fill 64 KiB with records, from memory that the cache does not hold, and give them to a pipe of
//! a megabyte; the other end reads 64 KiB a call, as every tool does. Pages that were given belong to the
//! pipe until they are read, and to whoever moved them on without reading (`splice`, `tee`) for longer. New
//! pages each time are right for every reader; the same pages again once a whole pipe has followed them,
//! which is `--give-pages`, are right for those that read.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark prints, stops where it stands, and reads the clock"
)]

#[path = "support/paired.rs"]
mod paired;

use memmap2::MmapMut;
use mev::sys::{cpu, pipe};
use std::io::{PipeReader, PipeWriter, Read, Write};
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
    (How::GiveAgain, "vmsplice(2), pages used again: `--give-pages`"),
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
            How::GiveNew => give(writer, source, 16 * BATCH, true),
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

/// Gives pages of a map of `len` bytes, round and round; of a new map each round if `new`.
fn give(writer: PipeWriter, source: &[u8], len: usize, new: bool) {
    let mut map = MmapMut::map_anon(len).unwrap();
    for (number, batch) in batches(source).enumerate() {
        let at = number * BATCH % len;
        if new && at == 0 {
            // What the pipe still has of the old one stays its own.
            map = MmapMut::map_anon(len).unwrap();
        }
        let place = &mut map[at..at + BATCH];
        place.copy_from_slice(batch);
        let mut left = &*place;
        while !left.is_empty() {
            left = &left[pipe::give(&writer, left).unwrap()..];
        }
    }
    drop(writer);
}
