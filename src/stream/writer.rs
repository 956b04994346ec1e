//! Writes a stream: head first, end last, and in between whatever is put.

use crate::error::{Error, Result};
use crate::record::{End, Head, Layout, MAGIC, Producer, Record};
use std::io::Write;

/// Bytes collected before they are written without being asked.
const BATCH: usize = 64 << 10;

/// A stream writer over `W`.
///
/// The head is written with the first flush, so that an input's holes can still be named in it. A
/// writer dropped without [`finish`](Self::finish) leaves a stream without end: that is the message
/// to the next stage that this one failed.
#[derive(Debug)]
pub struct Writer<W: Write> {
    to: W,
    head: Head,
    batch: Vec<u8>,
    started: bool,
    records: u64,
}

impl<W: Write> Writer<W> {
    /// Starts a stream written by `producer`.
    pub fn new(to: W, producer: Producer) -> Self {
        let mut head = Head::new(0);
        (head.magic, head.producer) = (MAGIC, producer as u16);
        Self { to, head, batch: Vec::with_capacity(2 * BATCH), started: false, records: 0 }
    }

    /// States in the head that something upstream dropped records; without effect once the head is
    /// written.
    pub fn set_holes(&mut self) {
        self.head.head.flags |= Head::HOLES;
    }

    /// Appends a record.
    ///
    /// # Errors
    /// Status 5 when the system refuses the write, quiet when the reader is gone.
    #[inline]
    pub fn put(&mut self, record: Record<'_>) -> Result<()> {
        self.start();
        self.batch.extend_from_slice(record.bytes());
        self.records += 1;
        if self.batch.len() >= BATCH { self.flush() } else { Ok(()) }
    }

    /// Hands everything put so far to the reader.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn flush(&mut self) -> Result<()> {
        if !self.batch.is_empty() {
            self.to.write_all(&self.batch).map_err(|e| Error::os("cannot write", &e))?;
            self.to.flush().map_err(|e| Error::os("cannot write", &e))?;
            self.batch.clear();
        }
        Ok(())
    }

    /// Writes the end and gives the target back, everything flushed.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn finish(mut self) -> Result<W> {
        self.start();
        let mut end = End::new(0);
        end.records = self.records;
        self.batch.extend_from_slice(bytemuck::bytes_of(&end));
        self.flush()?;
        Ok(self.to)
    }

    fn start(&mut self) {
        if !self.started {
            debug_assert_eq!(self.head.invalid(), None);
            self.batch.extend_from_slice(bytemuck::bytes_of(&self.head));
            self.started = true;
        }
    }
}
