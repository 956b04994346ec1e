//! A ring whose writer or reader is killed at any moment: no record comes torn, every loss is told.
//!
//! Each record carries a checksum of its content. `MEV_RING_KILLS=1000` asks for as many kills of each
//! kind (`scripts/test --full` does).

#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]

use mev::record::{Producer, Record};
use mev::ring::{Batch, Mode, Options, Reader, Stat, Status, Wait, Writer};
use mev::sys::process;
use mev::time::Stopwatch;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use xxhash_rust::xxh3::xxh3_64;

const PATH: &str = "MEV_TEST_RING";
const ROLE: &str = "MEV_TEST_RING_ROLE";
const LINES_MAX: usize = 20;

fn kills() -> u64 {
    std::env::var("MEV_RING_KILLS").map_or(50, |count| count.parse().unwrap())
}

/// Small, so that it wraps all the time.
fn options(mode: Mode) -> Options {
    Options { payload_len: 16 << 10, cells: 256, mode, huge: false }
}

fn place(name: &str) -> PathBuf {
    let shm = Path::new("/dev/shm");
    let folder = if shm.is_dir() { shm.to_owned() } else { std::env::temp_dir() };
    folder.join(format!("mev-kill-{}-{name}", std::process::id()))
}

#[repr(align(64))]
struct Bytes([u8; LINES_MAX * 64]);

/// Records of all lengths; what follows the common 16 bytes is a checksum and what it is of.
struct Maker(Bytes, u64);

impl Maker {
    fn new() -> Self {
        Self(Bytes([0; LINES_MAX * 64]), 0x9e37_79b9_7f4a_7c15)
    }

    fn make(&mut self, number: u64) -> Record<'_> {
        self.1 ^= self.1 << 13;
        self.1 ^= self.1 >> 7;
        self.1 ^= self.1 << 17;
        let lines = usize::try_from(self.1 % LINES_MAX as u64).unwrap() + 1;
        let bytes = &mut self.0.0[..lines * 64];
        bytes[..4].copy_from_slice(&u32::try_from(lines * 64).unwrap().to_le_bytes());
        bytes[8..16].copy_from_slice(&number.to_le_bytes());
        for word in bytes[24..].as_chunks_mut::<8>().0 {
            *word = (self.1 ^ number).to_le_bytes();
        }
        let sum = xxh3_64(&bytes[24..]);
        bytes[16..24].copy_from_slice(&sum.to_le_bytes());
        Record::new(bytes).unwrap()
    }
}

/// Checks what a look brought against where the reader was.
fn check(batch: &Batch, before: u64, lost: u64) {
    for (number, record) in (before + lost..).zip(batch.records()) {
        let bytes = record.bytes();
        assert_eq!(record.rx_ns(), number);
        assert_eq!(bytes[16..24], xxh3_64(&bytes[24..]).to_le_bytes(), "record {number} is torn");
    }
}

/// Another process, which does not outlive its test.
struct Other(Child);

impl Other {
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn child(role: &str, path: &Path) -> Other {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_child", "--ignored", "--nocapture"])
        .env(ROLE, role)
        .env(PATH, path)
        .stdout(Stdio::null())
        .spawn();
    Other(child.unwrap())
}

fn writer(path: &Path, mode: Mode) -> Writer {
    let own = process::own();
    Writer::create(path, options(mode), Producer::Other, own, process::alive).unwrap()
}

fn reader(path: &Path) -> Reader {
    Reader::attach(path, process::own(), process::alive).unwrap()
}

const PARK: Wait = Wait::Park(Duration::from_millis(10));

#[test]
#[ignore = "the tests of this file run it as a process of its own"]
fn the_child() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let path = PathBuf::from(std::env::var_os(PATH).unwrap());
    if role == "writes" {
        let (mut writer, mut maker) = (writer(&path, Mode::Reliable), Maker::new());
        for number in 0.. {
            writer.put(maker.make(number)).unwrap();
            if number % 3 == 0 {
                writer.flush().unwrap();
            }
        }
    }
    let (mut reader, mut batch) = (reader(&path), Batch::default());
    loop {
        batch.clear();
        reader.fill(&mut batch, 2048, PARK).unwrap();
    }
}

/// A time that differs from round to round, up to 3 ms.
fn moment(round: u64) -> Duration {
    Duration::from_micros(round.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32).mul_f64(3000.0 / 4.3e9)
}

/// Kills writers; one reader goes from one to the next.
fn kill_writers(mode: Mode) {
    let path = place(if mode == Mode::Lossy { "lossy" } else { "reliable" });
    let _ = std::fs::remove_file(&path);
    Writer::prepare(&path, options(mode)).unwrap();
    let (mut reader, mut batch) = (reader(&path), Batch::default());
    let (mut given, mut all_lost) = (0, 0);
    for round in 0..kills() {
        let mut other = child("writes", &path);
        let (mut killed, mut since) = (false, None);
        loop {
            batch.clear();
            let before = reader.position();
            let got = reader.fill(&mut batch, 4096, PARK).unwrap();
            check(&batch, before, got.lost);
            assert_eq!(reader.position(), before + got.lost + got.records);
            (given, all_lost) = (given + got.records, all_lost + got.lost);
            if got.status == Status::Died {
                // That of the round before, until the new one has put its own in its place.
                if killed {
                    break;
                }
                assert_eq!(got.records, 0);
                reader.reattach().unwrap();
            }
            assert_ne!(got.status, Status::Ended);
            if got.records > 0 && !killed {
                let since: &mut Stopwatch = since.get_or_insert_with(Stopwatch::start);
                if since.elapsed() >= moment(round) {
                    other.kill();
                    killed = true;
                } else if mode == Mode::Lossy && round % 2 == 0 {
                    // Long enough to be overtaken.
                    let pause = Stopwatch::start();
                    while pause.elapsed() < Duration::from_micros(200) {}
                }
            }
        }
        assert_eq!(reader.epoch(), round + 1);
        assert_eq!(Stat::of(&path, process::alive).unwrap().state, "cut off");
    }
    assert!(given > kills());
    if mode == Mode::Reliable {
        assert_eq!(all_lost, 0);
    } else {
        assert!(all_lost > 0, "nobody was overtaken");
    }
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn a_killed_writer_leaves_whole_records_and_is_told() {
    kill_writers(Mode::Reliable);
}

#[test]
fn a_killed_writer_of_a_lossy_ring_too() {
    kill_writers(Mode::Lossy);
}

#[test]
fn a_killed_reader_is_dropped_and_the_others_lose_nothing() {
    let path = place("readers");
    let _ = std::fs::remove_file(&path);
    let (mut writer, mut maker) = (writer(&path, Mode::Reliable), Maker::new());
    let (mut steady, mut batch) = (reader(&path), Batch::default());
    for round in 0..kills() {
        let mut other = child("reads", &path);
        let pid = other.0.id();
        let joined = |path: &Path| {
            let stat = Stat::of(path, process::alive).unwrap();
            stat.readers.iter().any(|reader| reader.pid == pid)
        };
        while !joined(&path) {}
        let (mut killed, since) = (None, Stopwatch::start());
        loop {
            // The steady reader is this thread: a put that waits would wait for itself.
            let record = maker.make(writer.records());
            while !writer.try_put(record).unwrap() {
                batch.clear();
                let before = steady.position();
                let got = steady.fill(&mut batch, 1 << 16, Wait::No).unwrap();
                assert_eq!(got.lost, 0);
                check(&batch, before, 0);
                if killed.is_some() {
                    writer.drop_dead().unwrap();
                }
            }
            if killed.is_none() && since.elapsed() >= moment(round) {
                other.kill();
                killed = Some(writer.records());
            }
            // More than the ring holds, so that the dead one stood in the way.
            if killed.is_some_and(|at: u64| writer.records() > at + 600) {
                break;
            }
        }
        let stat = Stat::of(&path, process::alive).unwrap();
        assert_eq!((stat.dropped, stat.readers.len()), (round + 1, 1));
    }
    writer.finish().unwrap();
    std::fs::remove_file(&path).unwrap();
}
