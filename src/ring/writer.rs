//! Writes a ring.

use super::head::{
    BELL, CUT, DROPPED, EPOCH, FINISHED, HOLES, Options, PREPARED, Ring, SLEEPS, STATE,
    WRITER_BELL, WRITER_SLEEPS, beside,
};
use super::protocol::{Bytes, Putter};
use super::{ALIVE_EVERY, Alive, Identity, LOOKS, SLEEP_MAX};
use crate::error::{Error, Result};
use crate::record::{LINE, Producer, Record};
use crate::time::Stopwatch;
use std::fs::TryLockError;
use std::io::ErrorKind;
use std::path::Path;

/// Records and payload lines of a batch, in a ring that is large enough.
const BATCH: u64 = 64;
const BATCH_LINES: u64 = 512;
/// The part of a small ring that waits unpublished at most.
const BATCH_PART: usize = 8;

/// The one writer of a ring. Dropped without [`finish`](Self::finish) it leaves a ring without end:
/// that is the message to its readers that this one failed.
#[derive(Debug)]
pub struct Writer {
    ring: Ring,
    putter: Putter,
    alive: Alive,
    is_finished: bool,
    /// Records and payload lines that are published without being asked.
    batch: (u64, u64),
}

impl Writer {
    /// Writes the ring at `path`: one that was prepared, or else a new one that takes the place of
    /// what another writer left there, with the options of that and the next epoch. `options` are
    /// for a ring in a place where none is. `identity` is this process; `alive` tells of others.
    ///
    /// # Errors
    /// Status 2 when another writer is at work or the options are out of bounds; status 3 and 4 when
    /// something else lies there; status 5 when the system refuses.
    pub fn create(
        path: &Path,
        options: Options,
        producer: Producer,
        identity: Identity,
        alive: Alive,
    ) -> Result<Self> {
        let named = |e: Error| e.input(format!("ring:{}", path.display()));
        let ring = place(path, Some(options)).map_err(named)?;
        ring.adopt(producer, identity);
        let Options { cells, payload_len, .. } = ring.options;
        let batch = (
            BATCH.min((cells / BATCH_PART) as u64),
            BATCH_LINES.min((payload_len / LINE / BATCH_PART) as u64),
        );
        Ok(Self { ring, putter: Putter::default(), alive, is_finished: false, batch })
    }

    /// Prepares a ring at `path` for a writer to come, so that readers may come before it.
    ///
    /// # Errors
    /// Status 2 when something is there; else those of [`create`](Self::create).
    pub fn prepare(path: &Path, options: Options) -> Result<()> {
        let named = |e: Error| e.input(format!("ring:{}", path.display()));
        if path.symlink_metadata().is_ok() {
            let hint = "mev-capture ring rm removes a ring";
            return Err(named(Error::usage("file exists").hint(hint)));
        }
        make(path, options, 1, false).map(drop).map_err(named)
    }

    /// States that something upstream dropped records; heard by readers that begin later.
    pub fn set_holes(&mut self) {
        self.ring.store(HOLES, 1);
    }

    /// What the ring was made with.
    pub fn options(&self) -> Options {
        self.ring.options
    }

    /// Records put so far.
    pub fn records(&self) -> u64 {
        self.putter.seq()
    }

    /// Records that readers can see.
    pub fn published(&self) -> u64 {
        self.putter.seq() - self.putter.unpublished()
    }

    /// Puts a record, copying it once. It is seen after the next [`flush`](Self::flush), or when
    /// enough have been put. Waits for readers if the ring is reliable and full.
    ///
    /// # Errors
    /// Status 2 when the record is too long for the ring.
    #[inline]
    pub fn put(&mut self, record: Record<'_>) -> Result<()> {
        let lines: &[Bytes] = record.bytes().as_chunks().0;
        let area = self.ring.area()?;
        if !self.putter.put(area, lines) {
            self.put_slowly(lines)?;
        }
        if self.putter.unpublished() >= self.batch.0
            || self.putter.unpublished_lines() >= self.batch.1
        {
            self.flush()?;
        }
        Ok(())
    }

    /// Puts a record if there is room; `false` if a reader stands in the way.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn try_put(&mut self, record: Record<'_>) -> Result<bool> {
        let lines: &[Bytes] = record.bytes().as_chunks().0;
        if self.putter.put(self.ring.area()?, lines) {
            return Ok(true);
        }
        self.fits(lines)?;
        let reliable = self.ring.is_reliable();
        if self.putter.claim(self.ring.area()?, lines.len(), reliable) {
            return Ok(self.putter.put(self.ring.area()?, lines));
        }
        self.flush()?;
        let area = self.ring.area()?;
        Ok(self.putter.claim(area, lines.len(), reliable) && self.putter.put(area, lines))
    }

    fn fits(&self, lines: &[Bytes]) -> Result<()> {
        let (len, most) = (lines.len() * LINE, self.ring.options.len_max());
        if len <= most {
            return Ok(());
        }
        let what = format!("record of {len} bytes in a ring whose records have {most} at most");
        Err(Error::usage(what).hint("make the ring with a longer --payload-len"))
    }

    /// Puts a record that has no room yet.
    #[cold]
    #[inline(never)]
    fn put_slowly(&mut self, lines: &[Bytes]) -> Result<()> {
        self.fits(lines)?;
        let reliable = self.ring.is_reliable();
        let (mut looks, mut since) = (0_u32, Stopwatch::start());
        loop {
            let area = self.ring.area()?;
            if self.putter.claim(area, lines.len(), reliable) && self.putter.put(area, lines) {
                return Ok(());
            }
            if self.flush()? {
                continue;
            }
            looks = looks.saturating_add(1);
            if looks < LOOKS {
                std::hint::spin_loop();
                continue;
            }
            self.sleep();
            if since.elapsed() >= ALIVE_EVERY {
                since = Stopwatch::start();
                self.drop_dead()?;
            }
        }
    }

    /// Sleeps until a reader has gone on, or a moment.
    fn sleep(&self) {
        let bell = self.ring.load(WRITER_BELL);
        self.ring.store(WRITER_SLEEPS, 1);
        #[expect(clippy::cast_possible_truncation, reason = "a futex is the low half")]
        self.ring.shared.wait(WRITER_BELL, bell as u32, SLEEP_MAX);
    }

    /// Drops readers that are no more, and counts them.
    ///
    /// # Errors
    /// Status 4 when the ring's head was damaged.
    pub fn drop_dead(&mut self) -> Result<u64> {
        let gone = |pid, start| pid != 0 && !(self.alive)(pid, start);
        let start =
            |reader: &super::protocol::Held<'_>| if reader.is_joining { 0 } else { reader.start };
        let dead = self.ring.area()?.readers().filter(|reader| {
            !reader.is_reserved && gone(reader.pid, start(reader)) && reader.evict()
        });
        let count = dead.count() as u64;
        if count > 0 {
            self.ring.add(DROPPED, count);
        }
        Ok(count)
    }

    /// Lets readers see everything put so far; whether there was something.
    ///
    /// # Errors
    /// Status 4 when the ring's head was damaged.
    #[inline]
    pub fn flush(&mut self) -> Result<bool> {
        let published = self.putter.publish(self.ring.area()?);
        if published {
            self.ring.wake_from(SLEEPS, BELL);
        }
        Ok(published)
    }

    /// Publishes the rest and the end.
    ///
    /// # Errors
    /// Status 4 when the ring's head was damaged.
    pub fn finish(mut self) -> Result<()> {
        self.flush()?;
        self.is_finished = true;
        Ok(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.ring.store(STATE, if self.is_finished { FINISHED } else { CUT });
        self.ring.ring(BELL);
    }
}

/// A locked ring at `path` that no writer has written.
fn place(path: &Path, options: Option<Options>) -> Result<Ring> {
    for _ in 0..8 {
        if path.symlink_metadata().is_err() {
            let Some(options) = options else { break };
            match make(path, options, 1, false)? {
                Some(ring) => return Ok(ring),
                // Another one was faster.
                None => continue,
            }
        }
        let old = Ring::open(path)?;
        lock(&old)?;
        if !old.is_at(path) {
            continue;
        }
        if old.load(STATE) == PREPARED {
            old.shared.populate();
            return Ok(old);
        }
        // The lock on the old file is held until the new one is in its place.
        let epoch = old.load(EPOCH).wrapping_add(1);
        if let Some(ring) = make(path, old.options, epoch, true)? {
            return Ok(ring);
        }
    }
    Err(Error::usage("other writers come and go here"))
}

/// A new, locked ring at `path`; `None` when something came there before and is not to be replaced.
fn make(path: &Path, options: Options, epoch: u64, replace: bool) -> Result<Option<Ring>> {
    options.check()?;
    let (file, part) = beside(path)?;
    let made = Ring::create(file, options, epoch).and_then(|ring| lock(&ring).map(|()| ring));
    let placed = made.and_then(|ring| {
        let done =
            if replace { std::fs::rename(&part, path) } else { std::fs::hard_link(&part, path) };
        match done {
            Ok(()) => Ok(Some(ring)),
            Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(None),
            Err(e) => Err(Error::os("cannot put in place", &e)),
        }
    });
    // After a rename there is nothing left of it.
    let _ = std::fs::remove_file(&part);
    placed
}

/// Takes the writer's lock, which the system gives back when the process ends however it ends.
fn lock(ring: &Ring) -> Result<()> {
    match ring.file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => {
            let (pid, _) = ring.writer();
            Err(Error::usage(format!("ring has a writer: process {pid}"))
                .hint("a ring has one writer; name another ring"))
        }
        Err(TryLockError::Error(e)) => Err(Error::os("cannot lock", &e)),
    }
}
