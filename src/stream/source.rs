//! Where a reader's bytes come from: a pipe through a buffer, or a map without one.

use super::stage::Line;
use crate::mem::{Behind, Map};
use crate::record::{LEN_MAX, LINE};
use std::io::{ErrorKind, Read, Result};

/// Bytes that a reader looks at before it takes them.
pub trait Source {
    /// Bytes that wait, aligned to 16 as long as multiples of 64 are taken.
    fn waiting(&self) -> &[u8];

    /// Drops the first `count` of the waiting bytes.
    fn take(&mut self, count: usize);

    /// Asks for more behind the waiting bytes; gives how many came, 0 at the end.
    ///
    /// # Errors
    /// Those of the system.
    fn more(&mut self) -> Result<usize>;
}

/// A pipe or any other `Read`, through a buffer that holds the longest record and a batch.
#[derive(Debug)]
pub struct Piped<R> {
    from: R,
    lines: Vec<Line>,
    start: usize,
    filled: usize,
}

/// Bytes of a pipe's buffer.
const ROOM: usize = LEN_MAX + (256 << 10);

impl<R: Read> Piped<R> {
    /// Reads from `from`.
    pub fn new(from: R) -> Self {
        Self { from, lines: vec![Line::ZERO; ROOM / LINE], start: 0, filled: 0 }
    }
}

impl<R: Read> Source for Piped<R> {
    fn waiting(&self) -> &[u8] {
        let bytes: &[u8] = bytemuck::cast_slice(&self.lines);
        bytes.get(self.start..self.filled).unwrap_or_default()
    }

    fn take(&mut self, count: usize) {
        self.start = (self.start + count).min(self.filled);
    }

    fn more(&mut self) -> Result<usize> {
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut self.lines);
        if self.start > 0 {
            bytes.copy_within(self.start..self.filled, 0);
            (self.start, self.filled) = (0, self.filled - self.start);
        }
        loop {
            match self.from.read(bytes.get_mut(self.filled..).unwrap_or_default()) {
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

/// A mapped file; pages behind the reader are given back.
#[derive(Debug)]
pub struct Mapped {
    map: Map,
    at: usize,
    behind: Behind,
}

impl Mapped {
    /// Reads `map` from its first byte.
    pub fn new(map: Map) -> Self {
        Self { map, at: 0, behind: Behind::default() }
    }
}

impl Source for Mapped {
    fn waiting(&self) -> &[u8] {
        self.map.bytes().get(self.at..).unwrap_or_default()
    }

    fn take(&mut self, count: usize) {
        self.at = (self.at + count).min(self.map.bytes().len());
        self.behind.passed(&self.map, self.at);
    }

    fn more(&mut self) -> Result<usize> {
        Ok(0)
    }
}

/// Either of the two, chosen when an input is opened.
pub enum Input {
    /// Through a buffer.
    Piped(Piped<Box<dyn Read>>),
    /// From a map.
    Mapped(Mapped),
}

impl Source for Input {
    fn waiting(&self) -> &[u8] {
        match self {
            Self::Piped(piped) => piped.waiting(),
            Self::Mapped(mapped) => mapped.waiting(),
        }
    }

    fn take(&mut self, count: usize) {
        match self {
            Self::Piped(piped) => piped.take(count),
            Self::Mapped(mapped) => mapped.take(count),
        }
    }

    fn more(&mut self) -> Result<usize> {
        match self {
            Self::Piped(piped) => piped.more(),
            Self::Mapped(mapped) => mapped.more(),
        }
    }
}
