//! Reads a ring.

use super::head::{
    BELL, CUT, EPOCH, FINISHED, HOLES, Options, PREPARED, Ring, SLEEPS, STATE, WRITER_BELL,
    WRITER_SLEEPS, WRITTEN,
};
use super::protocol::{Found, Taker};
use super::{ALIVE_EVERY, Alive, Batch, Identity, LOOKS, LOOKS_AWAKE, SLEEP_MAX, Wait};
use crate::error::{Error, Result};
use crate::time::Stopwatch;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A reader of a ring. Dropping it gives its place back.
#[derive(Debug)]
pub struct Reader {
    ring: Ring,
    taker: Taker,
    path: PathBuf,
    identity: Identity,
    alive: Alive,
    looked: Stopwatch,
}

/// What came of a look at a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Got {
    /// Records that were copied out.
    pub records: u64,
    /// Records that were lost before them.
    pub lost: u64,
    /// What is to be expected.
    pub status: Status,
}

/// What is to be expected of a ring's writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// More may come.
    Open,
    /// The writer has finished and everything was read.
    Ended,
    /// The writer is gone without an end, and everything it published was read. What it had not
    /// published is lost; how much that is nobody knows.
    Died,
}

impl Reader {
    /// Reads the ring at `path` as the process `identity`; `alive` tells of others.
    ///
    /// The first reader of a reliable ring begins with the first record, every other one with what
    /// comes next; a reader of a lossy ring half a ring before that.
    ///
    /// # Errors
    /// Status 3 when it is no ring, or of another layout; status 4 when it is cut off or contradicts
    /// itself; status 5 when the system refuses, or all places for readers are taken.
    pub fn attach(path: &Path, identity: Identity, alive: Alive) -> Result<Self> {
        let named = |e: Error| e.input(format!("ring:{}", path.display()));
        let ring = Ring::open(path).map_err(named)?;
        ring.shared.populate();
        let taker = join(&ring, identity, alive).map_err(named)?;
        let looked = Stopwatch::start();
        Ok(Self { ring, taker, path: path.to_owned(), identity, alive, looked })
    }

    /// Goes over to the ring that another writer has put in the place of this one; `false` if there
    /// is none yet.
    ///
    /// # Errors
    /// As [`attach`](Self::attach).
    pub fn reattach(&mut self) -> Result<bool> {
        if self.ring.is_at(&self.path) || !self.path.exists() {
            return Ok(false);
        }
        let next = Self::attach(&self.path, self.identity, self.alive)?;
        *self = next;
        Ok(true)
    }

    /// What the ring was made with.
    pub fn options(&self) -> Options {
        self.ring.options
    }

    /// How often a writer began in this place, this one included.
    pub fn epoch(&self) -> u64 {
        self.ring.load(EPOCH)
    }

    /// The number of the program that writes; 0 before one does.
    pub fn producer(&self) -> u16 {
        self.ring.producer()
    }

    /// Whether the writer said that something upstream dropped records.
    pub fn has_holes(&self) -> bool {
        self.ring.load(HOLES) != 0
    }

    /// The number of the next record, from 0 in this epoch.
    pub fn position(&self) -> u64 {
        self.taker.seq()
    }

    /// Whether a record waits, so that [`fill`](Self::fill) will not.
    pub fn is_ready(&self) -> bool {
        self.ring.area().is_ok_and(|area| self.taker.is_ready(area))
    }

    /// Copies the records that wait to the end of `batch`: up to `bytes_max` bytes and the rest of a
    /// record, one record at least. If none waits, waits for it as `wait` says.
    ///
    /// Everything is told in order: records that were lost before those that are given now, an end
    /// or a death only when nothing is left before it.
    ///
    /// # Errors
    /// Status 4 when what is there contradicts itself.
    #[inline]
    pub fn fill(&mut self, batch: &mut Batch, bytes_max: usize, wait: Wait) -> Result<Got> {
        let got = self.drain(batch, bytes_max)?;
        if got.records > 0 || got.lost > 0 {
            return Ok(got);
        }
        let status = self.wait(wait)?;
        if status != Status::Open {
            return Ok(Got { status, ..got });
        }
        self.drain(batch, bytes_max)
    }

    #[inline]
    fn drain(&mut self, batch: &mut Batch, bytes_max: usize) -> Result<Got> {
        // A reliable writer waits for what is not passed yet: not for half of its ring.
        let full = batch.len() + bytes_max.min(self.ring.options.payload_len / 4);
        let area = self.ring.area()?;
        let mut got = Got { records: 0, lost: 0, status: Status::Open };
        loop {
            match self.taker.take(area, &mut batch.rows) {
                Found::Record => got.records += 1,
                Found::Overrun if got.records == 0 => got.lost += self.taker.skip(area),
                // So far behind that laps cannot be told apart by their stamps.
                Found::Nothing if got.records == 0 && self.taker.is_overrun(area) => {
                    got.lost += self.taker.skip(area);
                }
                Found::Nothing | Found::Overrun => break,
                Found::Damage => return Err(self.damaged()),
            }
            if batch.len() >= full {
                break;
            }
        }
        if got.records > 0 || got.lost > 0 {
            self.taker.pass(area);
            self.ring.wake_from(WRITER_SLEEPS, WRITER_BELL);
        }
        Ok(got)
    }

    fn damaged(&self) -> Error {
        let what =
            format!("ring is damaged: cell of record {} contradicts itself", self.taker.seq());
        Error::damaged(what).input(format!("ring:{}", self.path.display()))
    }

    /// Waits until a record is there, as `wait` says, and tells what to expect when none came.
    ///
    /// # Errors
    /// Status 4 when the ring's head was damaged.
    pub fn wait(&mut self, wait: Wait) -> Result<Status> {
        let (limit, sleeps) = match wait {
            Wait::No => (Duration::ZERO, false),
            Wait::Spin(limit) => (limit, false),
            Wait::Park(limit) => (limit, true),
        };
        let (mut clock, mut looks) = (None, 0_u32);
        loop {
            let area = self.ring.area()?;
            for _ in 0..LOOKS {
                if self.taker.is_ready(area) {
                    return Ok(Status::Open);
                }
                std::hint::spin_loop();
                if limit.is_zero() {
                    break;
                }
            }
            if self.taker.is_overrun(area) {
                return Ok(Status::Open);
            }
            let status = self.status();
            let elapsed = clock.get_or_insert_with(Stopwatch::start).elapsed();
            if status != Status::Open || elapsed >= limit {
                return Ok(status);
            }
            looks = looks.saturating_add(LOOKS);
            if sleeps && looks >= LOOKS_AWAKE {
                self.sleep(limit.saturating_sub(elapsed).min(SLEEP_MAX))?;
            }
        }
    }

    /// Sleeps until the writer publishes, or for `time`.
    fn sleep(&self, time: Duration) -> Result<()> {
        let bell = self.ring.load(BELL);
        self.ring.store(SLEEPS, 1);
        if !self.taker.is_ready(self.ring.area()?) && self.ring.load(STATE) < FINISHED {
            #[expect(clippy::cast_possible_truncation, reason = "a futex is the low half")]
            self.ring.shared.wait(BELL, bell as u32, time);
        }
        Ok(())
    }

    /// What to expect when no record was there.
    fn status(&mut self) -> Status {
        let state = self.ring.load(STATE);
        if state == FINISHED || state == CUT {
            // What was published before that is seen by now.
            let end = if state == FINISHED { Status::Ended } else { Status::Died };
            return if self.is_ready() { Status::Open } else { end };
        }
        if state == PREPARED || self.looked.elapsed() < ALIVE_EVERY {
            return Status::Open;
        }
        self.looked = Stopwatch::start();
        let (pid, start) = self.ring.writer();
        if (self.alive)(pid, start) {
            return Status::Open;
        }
        // What it did last is seen by now.
        let more = self.is_ready() || self.ring.load(STATE) != WRITTEN;
        if more { Status::Open } else { Status::Died }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Ok(area) = self.ring.area() {
            self.taker.leave(area);
        }
        self.ring.wake_from(WRITER_SLEEPS, WRITER_BELL);
    }
}

/// Takes a place, if need be that of a reader that is no more.
fn join(ring: &Ring, identity: Identity, alive: Alive) -> Result<Taker> {
    let area = ring.area()?;
    let take = || Taker::join(area, ring.is_reliable(), identity.0, identity.1);
    take()
        .or_else(|| {
            let gone = |pid, start| pid != 0 && !alive(pid, start);
            let dead =
                area.readers().filter(|r| !r.is_joining && gone(r.pid, r.start) && r.evict());
            if dead.count() > 0 { take() } else { None }
        })
        .ok_or_else(|| {
            let error = std::io::Error::from(std::io::ErrorKind::QuotaExceeded);
            Error::os(
                format!("all {} places for readers are taken", super::head::READERS_MAX),
                &error,
            )
        })
}
