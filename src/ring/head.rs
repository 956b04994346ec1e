//! What a ring is: its options and its head, checked before anything in it is believed.

use super::Identity;
use super::protocol::{Area, Bytes, FIXED_LINES, RESERVED, SLOT_LINES};
use crate::error::{Error, Result};
use crate::mem::Shared;
use crate::record::{LEN_MAX, Producer};
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// Whether readers hold the writer back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The slowest reader holds the writer back.
    Reliable,
    /// The writer overtakes who is slow.
    Lossy,
}

impl Mode {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reliable => "reliable",
            Self::Lossy => "lossy",
        }
    }
}

/// What a ring is made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Bytes of the payload area: a power of two, 4096 at least. A record takes half of it at most.
    pub payload_len: usize,
    /// Records that it holds at most: a power of two, 256 at least.
    pub cells: usize,
    /// Whether readers hold the writer back.
    pub mode: Mode,
    /// Whether to ask for large pages, which a file on tmpfs gets where the kernel allows it.
    pub huge: bool,
}

impl Default for Options {
    /// 16 384 records of 512 bytes, reliable, on pages of the usual size: 9 MiB, a part of a usual
    /// third-level cache.
    fn default() -> Self {
        Self { payload_len: 8 << 20, cells: 1 << 14, mode: Mode::Reliable, huge: false }
    }
}

/// The least and the most that the options may say.
const CELLS: std::ops::RangeInclusive<usize> = 1 << 8..=1 << 24;
const PAYLOAD: std::ops::RangeInclusive<usize> = 1 << 12..=1 << 36;

impl Options {
    /// Checks the bounds.
    ///
    /// # Errors
    /// Status 2, naming the one that is broken.
    pub fn check(&self) -> Result<()> {
        let fine = |n: usize, bounds: &std::ops::RangeInclusive<usize>| {
            n.is_power_of_two() && bounds.contains(&n)
        };
        if !fine(self.cells, &CELLS) {
            return Err(Error::usage(format!(
                "cells: {} is no power of two from {} to {}",
                self.cells,
                CELLS.start(),
                CELLS.end()
            )));
        }
        if !fine(self.payload_len, &PAYLOAD) {
            let (least, most) = (PAYLOAD.start(), PAYLOAD.end());
            return Err(Error::usage(format!(
                "payload length: {} is no power of two from {least} to {most}",
                self.payload_len
            )));
        }
        Ok(())
    }

    /// The longest record that it takes.
    pub fn len_max(&self) -> usize {
        LEN_MAX.min(self.payload_len / 2).max(size_of::<Bytes>())
    }

    fn file_len(&self) -> usize {
        HEAD_LEN + self.cells * size_of::<Bytes>() + self.payload_len
    }
}

/// Readers at a time.
pub(super) const READERS_MAX: usize = 30;
/// Lines of the head.
pub(super) const HEAD_LINES: usize = FIXED_LINES + READERS_MAX * SLOT_LINES;
const HEAD_LEN: usize = HEAD_LINES * size_of::<Bytes>();

const MAGIC: u64 = u64::from_le_bytes(*b"MEVRING1");
const VERSION: u64 = 1;

/// Words of the head; the protocol has those of flow, claims and readers.
pub(super) const EPOCH: usize = 5;
pub(super) const PID: usize = 6;
pub(super) const START: usize = 7;
pub(super) const STATE: usize = 10;
pub(super) const HOLES: usize = 11;
pub(super) const DROPPED: usize = 18;
pub(super) const BELL: usize = 24;
pub(super) const SLEEPS: usize = 25;
pub(super) const WRITER_BELL: usize = 26;
pub(super) const WRITER_SLEEPS: usize = 27;

/// States of a ring.
pub(super) const PREPARED: u64 = 0;
pub(super) const WRITTEN: u64 = 1;
pub(super) const FINISHED: u64 = 2;
pub(super) const CUT: u64 = 3;

/// A ring that is mapped and whose head was checked.
#[derive(Debug)]
pub(super) struct Ring {
    pub(super) shared: Shared,
    pub(super) options: Options,
    pub(super) file: File,
}

impl Ring {
    /// Makes a ring of the file `file`, which is empty.
    pub(super) fn create(file: File, options: Options, epoch: u64) -> Result<Self> {
        options.check()?;
        let refused = |e: std::io::Error| {
            Error::os(format!("cannot make a ring of {} bytes", options.file_len()), &e)
        };
        let shared = Shared::create(&file, options.file_len(), options.huge).map_err(refused)?;
        let ring = Self { shared, options, file };
        ring.store(1, VERSION);
        ring.store(2, options.cells as u64);
        ring.store(3, options.payload_len as u64);
        ring.store(4, u64::from(options.mode == Mode::Lossy));
        ring.store(EPOCH, epoch);
        if options.mode == Mode::Reliable {
            ring.store(8 * FIXED_LINES, RESERVED);
        }
        ring.store(0, MAGIC);
        Ok(ring)
    }

    /// Opens the ring at `path` and checks its head.
    ///
    /// # Errors
    /// Status 3 when it is no ring or one of another layout; 4 when it is cut off or contradicts
    /// itself; 5 when the system refuses.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(path);
        let file = file.map_err(|e| {
            let error = Error::os("cannot open", &e);
            if e.kind() != ErrorKind::NotFound {
                return error;
            }
            error.hint("its writer makes it; mev-capture ring create makes it before there is one")
        })?;
        let meta = file.metadata().map_err(|e| Error::os("cannot look at", &e))?;
        if !meta.is_file() || meta.len() < HEAD_LEN as u64 {
            return Err(foreign(&format!("it has {} bytes only", meta.len())));
        }
        let shared = Shared::open(&file).map_err(|e| Error::os("cannot map", &e))?;
        let default = Options { huge: false, ..Options::default() };
        let mut ring = Self { shared, options: default, file };
        ring.options = ring.checked(meta.len())?;
        Ok(ring)
    }

    /// What the head says, if it is that of a file of `len` bytes.
    fn checked(&self, len: u64) -> Result<Options> {
        let [magic, version, cells, payload_len, mode] = std::array::from_fn(|at| self.load(at));
        if magic != MAGIC {
            let start: String = magic.to_le_bytes().map(|byte| format!(" {byte:02x}")).concat();
            return Err(foreign(&format!("it starts with{start}")));
        }
        if version != VERSION {
            return Err(Error::foreign(format!(
                "ring of layout version {version}; this tool knows version {VERSION}"
            ))
            .hint("writer and readers must be of the same release: remove the ring and start both anew"));
        }
        let mode = if mode & 1 == 0 { Mode::Reliable } else { Mode::Lossy };
        let size = |n: u64| usize::try_from(n).unwrap_or(0);
        let options =
            Options { payload_len: size(payload_len), cells: size(cells), mode, huge: false };
        if options.check().is_err() {
            let what =
                format!("ring contradicts itself: {cells} cells, {payload_len} bytes of payload");
            return Err(Error::damaged(what));
        }
        if len != options.file_len() as u64 {
            let what =
                format!("ring is {len} bytes long, and its head says {}", options.file_len());
            return Err(Error::damaged(what).hint("remove it and start its writer anew"));
        }
        Ok(options)
    }

    /// The parts of it.
    #[inline]
    pub(super) fn area(&self) -> Result<Area<'_>> {
        Area::new(self.shared.lines(), HEAD_LINES, self.options.cells)
            .ok_or_else(|| Error::damaged("ring is shorter than it was"))
    }

    pub(super) fn is_reliable(&self) -> bool {
        self.options.mode == Mode::Reliable
    }

    /// A word of the head.
    #[inline]
    pub(super) fn load(&self, at: usize) -> u64 {
        self.shared.words().get(at).map_or(0, |word| word.load(Acquire))
    }

    /// Sets a word of the head.
    #[inline]
    pub(super) fn store(&self, at: usize, to: u64) {
        if let Some(word) = self.shared.words().get(at) {
            word.store(to, Release);
        }
    }

    /// Adds to a word of the head; wraps.
    pub(super) fn add(&self, at: usize, count: u64) {
        if let Some(word) = self.shared.words().get(at) {
            word.fetch_add(count, std::sync::atomic::Ordering::AcqRel);
        }
    }

    /// Rings the bell at `bell` if somebody said in the word at `sleeps` that it sleeps. The word is
    /// a flag and no count: who dies asleep leaves one ring too many.
    #[inline]
    pub(super) fn wake_from(&self, sleeps: usize, bell: usize) {
        if self.shared.words().get(sleeps).is_some_and(|word| word.load(Relaxed) != 0) {
            self.store(sleeps, 0);
            self.ring(bell);
        }
    }

    /// Rings the bell at `bell`.
    #[cold]
    pub(super) fn ring(&self, bell: usize) {
        self.add(bell, 1);
        self.shared.wake(bell);
    }

    /// The writer.
    pub(super) fn writer(&self) -> Identity {
        (u32::try_from(self.load(PID)).unwrap_or(0), self.load(START))
    }

    /// The program that writes.
    pub(super) fn producer(&self) -> u16 {
        u16::try_from(self.load(4) >> 32).unwrap_or(Producer::Other as u16)
    }

    /// Makes `producer` in `identity` the writer.
    pub(super) fn adopt(&self, producer: Producer, identity: Identity) {
        self.store(4, u64::from(self.options.mode == Mode::Lossy) | (producer as u64) << 32);
        self.store(PID, identity.0.into());
        self.store(START, identity.1);
        self.store(STATE, WRITTEN);
    }

    /// Whether `path` still names this file.
    pub(super) fn is_at(&self, path: &Path) -> bool {
        let same =
            |a: &std::fs::Metadata, b: &std::fs::Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
        match (self.file.metadata(), std::fs::metadata(path)) {
            (Ok(own), Ok(there)) => same(&own, &there),
            _ => false,
        }
    }
}

fn foreign(why: &str) -> Error {
    Error::foreign(format!("not a ring: {why}"))
        .hint("ring:PATH names a ring that a writer or mev-capture ring create made; a file of records is named by its path alone")
}

/// An empty file beside `path`, for its owner only.
pub(super) fn beside(path: &Path) -> Result<(File, std::path::PathBuf)> {
    let mut part = path.as_os_str().to_owned();
    part.push(format!(".{}.part", std::process::id()));
    let part = std::path::PathBuf::from(part);
    let mut options = OpenOptions::new();
    let open = options.read(true).write(true).create(true).truncate(true).mode(0o600);
    let file = open.open(&part).map_err(|e| Error::os("cannot create", &e))?;
    Ok((file, part))
}
