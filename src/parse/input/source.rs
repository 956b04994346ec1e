//! Bytes from a map, or from a pipe through a buffer that grows.

use crate::stream::{Mapped, Source};
use std::io::{ErrorKind, Read, Result};

/// A pipe or any other `Read`, through a buffer that grows with what has to wait in it.
#[derive(Debug)]
pub struct Buffered<R> {
    from: R,
    bytes: Vec<u8>,
    start: usize,
    filled: usize,
}

/// Bytes of the buffer at the start.
const ROOM: usize = 256 << 10;

impl<R: Read> Buffered<R> {
    /// Reads from `from`.
    pub fn new(from: R) -> Self {
        Self { from, bytes: vec![0; ROOM], start: 0, filled: 0 }
    }
}

impl<R: Read> Source for Buffered<R> {
    fn waiting(&self) -> &[u8] {
        self.bytes.get(self.start..self.filled).unwrap_or_default()
    }

    fn take(&mut self, count: usize) {
        self.start = self.start.saturating_add(count).min(self.filled);
    }

    fn more(&mut self) -> Result<usize> {
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.filled, 0);
            (self.start, self.filled) = (0, self.filled - self.start);
        }
        if self.filled == self.bytes.len() {
            self.bytes.resize(self.filled.saturating_mul(2), 0);
        }
        loop {
            match self.from.read(self.bytes.get_mut(self.filled..).unwrap_or_default()) {
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Ok(count) => {
                    self.filled += count;
                    return Ok(count);
                }
                Err(e) => return Err(e),
            }
        }
    }
}

/// Either a map or a pipe, chosen when an input is opened.
pub enum Bytes {
    /// A mapped file.
    Mapped(Mapped),
    /// Anything else.
    Piped(Buffered<Box<dyn Read>>),
}

impl Source for Bytes {
    fn waiting(&self) -> &[u8] {
        match self {
            Self::Mapped(mapped) => mapped.waiting(),
            Self::Piped(piped) => piped.waiting(),
        }
    }

    fn take(&mut self, count: usize) {
        match self {
            Self::Mapped(mapped) => mapped.take(count),
            Self::Piped(piped) => piped.take(count),
        }
    }

    fn more(&mut self) -> Result<usize> {
        match self {
            Self::Mapped(mapped) => mapped.more(),
            Self::Piped(piped) => piped.more(),
        }
    }
}
