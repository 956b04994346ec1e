//! `ring:PATH`: a ring as an input and as an output of every tool.
//!
//! A ring holds records only. Its reader makes a stream of them: a head that names the ring's
//! writer, a gap where records were lost, an end when the writer has finished. A writer that is gone
//! without an end leaves a gap of unknown size and a stream that is cut.

use super::Frame;
use crate::error::{Error, Result};
use crate::record::{End, Gap, GapReason, Head, Layout, MAGIC, Producer, Record};
use crate::ring::{Batch, Got, Options, Reader, Status, Wait, Writer};
use crate::stream::Source;
use crate::sys::{pipe, process, signal};
use crate::time::Stopwatch;
use std::cell::RefCell;
use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

/// Bytes that are copied out at a time.
const BATCH_LEN: usize = 64 << 10;

/// How often one who waits looks for a signal.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The file of the ring that `path` names, if it names one.
pub fn ring_path(path: &Path) -> Option<&Path> {
    path.as_os_str()
        .as_bytes()
        .strip_prefix(b"ring:")
        .map(|path| Path::new(OsStr::from_bytes(path)))
}

/// A ring that is read as a stream.
pub struct RingInput {
    reader: Rc<RefCell<Reader>>,
    batch: Batch,
    /// Bytes of the batch that were taken.
    at: usize,
    state: State,
    /// Records in the stream, gaps included.
    records: u64,
    /// Stamp of the last record: the time of a gap that follows it.
    rx_ns: u64,
    producer: Producer,
    follow: bool,
    until: Option<(Stopwatch, Duration)>,
}

/// Where in the stream a ring stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the head.
    Start,
    /// Behind it.
    Inside,
    /// The writer is gone; another one is waited for.
    Between,
    /// Nothing follows.
    Over,
}

impl RingInput {
    /// Reads the ring at `path`. Under `--follow` it is waited for, and a writer that begins anew
    /// after one that died is followed.
    ///
    /// # Errors
    /// Those of [`Reader::attach`].
    pub(super) fn open(path: &Path, frame: &Frame) -> Result<Self> {
        let follow = frame.common.follow;
        let until =
            frame.common.duration.filter(|_| follow).map(|limit| (Stopwatch::start(), limit));
        while follow && !path.exists() && !is_over(until) {
            pipe::pause(LOOK_EVERY);
        }
        let reader = Reader::attach(path, process::own(), process::alive)?;
        Ok(Self {
            reader: Rc::new(RefCell::new(reader)),
            batch: Batch::with_room(2 * BATCH_LEN),
            at: 0,
            state: State::Start,
            records: 0,
            rx_ns: 0,
            producer: frame.tool.producer,
            follow,
            until,
        })
    }

    /// What to wait on.
    pub(super) fn ready(&self) -> Ready {
        Ready::Ring(Rc::clone(&self.reader))
    }

    /// Makes at least `len` bytes wait, if there are so many.
    pub(super) fn peek(&mut self, len: usize) -> Result<&[u8]> {
        while self.waiting().len() < len && self.read_ring()? > 0 {}
        Ok(self.waiting())
    }

    /// Adds what the ring has, waiting for it; 0 when nothing follows.
    fn read_ring(&mut self) -> Result<usize> {
        if self.at == self.batch.len() {
            self.batch.clear();
            self.at = 0;
        }
        let start = self.batch.len();
        while self.state != State::Over && self.batch.len() == start {
            if self.state == State::Between {
                self.await_writer()?;
            } else {
                let wait = Wait::Park(LOOK_EVERY);
                let got = self.reader.borrow_mut().fill(&mut self.batch, BATCH_LEN, wait)?;
                self.take(start, got);
            }
            if self.state != State::Over && self.batch.len() == start && is_over(self.until) {
                self.end(start);
            }
        }
        Ok(self.batch.len() - start)
    }

    /// Puts around what came behind byte `start` what makes it a stream.
    fn take(&mut self, start: usize, got: Got) {
        let last = self.batch.records_from(start).last().map(|record| record.rx_ns());
        self.records += got.records;
        if got.lost > 0 {
            let first = self.reader.borrow().position() - got.records - got.lost;
            let mut gap = self.gap(GapReason::RingOverrun);
            (gap.count, gap.first, gap.present) = (got.lost, first, Gap::FIRST);
            self.batch.insert(start, Record::of(&gap));
            self.records += 1;
        }
        self.rx_ns = last.unwrap_or(self.rx_ns);
        match got.status {
            Status::Open if self.batch.len() == start => {}
            Status::Open => self.begin(start),
            Status::Ended => self.end(start),
            Status::Died => {
                let gap = self.gap(GapReason::RingWriterDied);
                self.batch.insert(self.batch.len(), Record::of(&gap));
                self.records += 1;
                self.begin(start);
                self.state = if self.follow { State::Between } else { State::Over };
            }
        }
    }

    fn gap(&self, reason: GapReason) -> Gap {
        let mut gap = Gap::new(self.rx_ns);
        (gap.reason, gap.producer) = (reason as u16, self.producer as u16);
        gap
    }

    /// Puts the head at byte `start`, if there was none.
    fn begin(&mut self, start: usize) {
        if self.state != State::Start {
            return;
        }
        let reader = self.reader.borrow();
        let mut head = Head::new(0);
        (head.magic, head.producer) = (MAGIC, reader.producer());
        if reader.has_holes() {
            head.head.flags |= Head::HOLES;
        }
        // A number that another release gave is no reason to refuse the stream.
        if head.invalid().is_some() {
            head.producer = Producer::Other as u16;
        }
        self.batch.insert(start, Record::of(&head));
        self.state = State::Inside;
    }

    /// Puts the end behind everything.
    fn end(&mut self, start: usize) {
        self.begin(start);
        let mut end = End::new(0);
        end.records = self.records;
        self.batch.insert(self.batch.len(), Record::of(&end));
        self.state = State::Over;
    }

    /// Looks once for a writer that begins anew.
    fn await_writer(&mut self) -> Result<()> {
        if self.reader.borrow_mut().reattach()? {
            self.state = State::Inside;
        } else {
            pipe::pause(LOOK_EVERY);
        }
        Ok(())
    }
}

/// Whether a source was asked to stop, or its time has come.
fn is_over(until: Option<(Stopwatch, Duration)>) -> bool {
    until.is_some_and(|(since, limit)| since.elapsed() >= limit) || signal::stop_requested()
}

impl Source for RingInput {
    #[inline]
    fn waiting(&self) -> &[u8] {
        self.batch.bytes().get(self.at..).unwrap_or_default()
    }

    #[inline]
    fn take(&mut self, count: usize) {
        self.at = (self.at + count).min(self.batch.len());
    }

    fn more(&mut self) -> io::Result<usize> {
        self.read_ring().map_err(io::Error::other)
    }
}

impl Read for RingInput {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.waiting().is_empty() {
            self.more()?;
        }
        let count = self.waiting().read(to)?;
        Source::take(self, count);
        Ok(count)
    }
}

/// What to wait on before an input that is no file is read.
pub enum Ready {
    /// A pipe, a device, a terminal.
    Fd(std::os::fd::OwnedFd),
    /// A ring.
    Ring(Rc<RefCell<Reader>>),
}

impl Ready {
    /// Whether a read would return at once, waiting at most `timeout` for that.
    ///
    /// # Errors
    /// Status 5 when the system refuses; status 4 when a ring was damaged.
    pub fn wait(&self, timeout: Duration) -> Result<bool> {
        match self {
            Self::Fd(fd) => {
                pipe::readable(fd, timeout).map_err(|e| Error::os("cannot wait for input", &e))
            }
            Self::Ring(reader) => {
                let mut reader = reader.borrow_mut();
                let status = reader.wait(Wait::Park(timeout))?;
                Ok(status != Status::Open || reader.is_ready())
            }
        }
    }
}

/// The ring at `path`, to be written by `frame`'s tool.
///
/// # Errors
/// Those of [`Writer::create`].
pub(super) fn create(path: &Path, frame: &Frame) -> Result<Box<Writer>> {
    let (producer, own) = (frame.tool.producer, process::own());
    Writer::create(path, Options::default(), producer, own, process::alive).map(Box::new)
}
