//! Drives the decoder: over a whole capture in memory, and over a pipe.

use super::capture::{Decoder, ELEMENT_MAX, Frame, HEADER_LEN, Step};
use super::{Datagram, Item, PACKET_MAX, Skip, link};
use crate::bytes::u32_at;
use crate::error::{Error, Result};
use crate::mem;
use std::io::Read;

/// Packets by which the cache is asked for headers before they are read, as if all were as long as
/// the current one: where a packet begins is known only when the header before it was read, so
/// without this each of them waits for memory.
const AHEAD: usize = 6;
/// Bytes of headers: capture, Ethernet, IPv4, UDP and shred.
const AHEAD_LEN: usize = 192;
/// Where, counted from a packet's end, the chained root of a Merkle shred stands, before a proof of 6
/// entries: deshredding compares it in each shred of a set, far from the header.
const ROOT_BACK: usize = 6 * 20 + 32;
/// Bytes that reach both of the cache lines it may lie in.
const ROOT_LEN: usize = 65;

/// A whole capture in memory, read packet by packet; payloads are borrowed from it.
///
/// Each item is a packet, or the error that ends the capture (status 4, with the byte offset).
#[derive(Debug)]
pub struct Capture<'a> {
    bytes: &'a [u8],
    at: usize,
    decoder: Decoder,
    /// Nanoseconds of a unit of stamps, where packets are tried by [`Self::plain`] first.
    plain_ns: Option<u64>,
    ended: bool,
}

impl<'a> Capture<'a> {
    /// Starts at the first byte of `bytes`.
    ///
    /// # Errors
    /// Status 3 when they are no capture, or one of another version; status 4 when they end inside
    /// the file header.
    pub fn new(bytes: &'a [u8]) -> Result<Self> {
        let mut made = Self { bytes, at: 0, decoder: Decoder::Start, plain_ns: None, ended: false };
        if bytes.is_empty() {
            return Err(empty());
        }
        match made.decoder.step(bytes).map_err(|e| e.at_byte(0))? {
            Step::More => Err(cut(0)),
            Step::Other { used } | Step::Packet { used, .. } => {
                made.at = used;
                made.plain_ns = made.decoder.plain_ns();
                Ok(made)
            }
        }
    }

    /// Offset of the next byte that is not read yet: bytes before it may be released.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The next packet, if it is as nearly all are; else nothing has happened and [`Self::step`] says
    /// what it is.
    #[inline]
    fn plain(&mut self) -> Option<Datagram<'a>> {
        let unit_ns = self.plain_ns?;
        let rest = self.bytes.get(self.at..)?;
        let header: &[u8; HEADER_LEN] = rest.first_chunk()?;
        let field = |at| u32_at(header, at);
        let kept_len = usize::try_from(field(8)?).ok().filter(|len| *len <= PACKET_MAX)?;
        let used = HEADER_LEN.saturating_add(kept_len);
        // At most 2^32 * (10^9 + 10^3), far below 2^64.
        let rx_ns = u64::from(field(0)?)
            .wrapping_mul(1_000_000_000)
            .wrapping_add(u64::from(field(4)?).wrapping_mul(unit_ns));
        let datagram = link::plain(link::Link::Ethernet, rx_ns, 0, rest.get(HEADER_LEN..used)?)?;
        self.at = self.at.saturating_add(used);
        fetch_ahead(rest, used);
        Some(datagram)
    }

    #[inline(never)]
    fn step(&mut self) -> Result<Option<Item<'a>>> {
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            if rest.is_empty() {
                return Ok(None);
            }
            match self.decoder.step(rest).map_err(|e| e.at_byte(offset(self.at)))? {
                Step::More => return Err(cut(offset(self.at))),
                Step::Other { used } => self.at = self.at.saturating_add(used),
                Step::Packet { used, frame } => {
                    self.at = self.at.saturating_add(used);
                    fetch_ahead(rest, used);
                    return Ok(Some(item(frame, rest)));
                }
            }
        }
    }
}

/// Asks for what will be read of a packet some places behind the one at the start of `rest`, which
/// takes `used` bytes. Short packets the processor sees coming by itself.
#[inline]
fn fetch_ahead(rest: &[u8], used: usize) {
    if used <= AHEAD_LEN {
        return;
    }
    let ahead = used.saturating_mul(AHEAD);
    mem::prefetch(rest, ahead, AHEAD_LEN);
    let root = ahead.saturating_add(used).saturating_sub(ROOT_BACK);
    mem::prefetch(rest, root, ROOT_LEN);
}

impl<'a> Iterator for Capture<'a> {
    type Item = Result<Item<'a>>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        if let Some(datagram) = self.plain() {
            return Some(Ok(Item::Datagram(datagram)));
        }
        let step = self.step().transpose();
        self.ended = !matches!(step, Some(Ok(_)));
        step
    }
}

/// A capture from a pipe or a socket, read packet by packet through a buffer that grows with the
/// longest element of the capture, up to 16 MiB.
#[derive(Debug)]
pub struct Reader<R> {
    from: R,
    buffer: Vec<u8>,
    /// The bytes of `buffer` that were read and not used yet.
    start: usize,
    end: usize,
    /// Offset of `start` in the capture.
    at: u64,
    decoder: Decoder,
    ended: bool,
}

/// Bytes asked for at once.
const READ_LEN: usize = 64 << 10;

impl<R: Read> Reader<R> {
    /// A reader of the capture that `from` gives from its first byte on. Reads nothing yet.
    pub fn new(from: R) -> Self {
        let buffer = vec![0; READ_LEN];
        Self { from, buffer, start: 0, end: 0, at: 0, decoder: Decoder::Start, ended: false }
    }

    /// The next packet; `None` at the end of the capture, and after an error.
    ///
    /// # Errors
    /// Status 3 when this is no capture, status 4 when it is damaged, both with the byte offset;
    /// status 5 when reading fails.
    pub fn next_item(&mut self) -> Result<Option<Item<'_>>> {
        loop {
            match self.whole_frame()? {
                Some((frame, from)) => {
                    let bytes = self.buffer.get(from..).unwrap_or_default();
                    return Ok(Some(item(frame, bytes)));
                }
                None if self.more()? => {}
                None => return Ok(None),
            }
        }
    }

    /// The next packet of what was read; `None` when all of it was given out, and after an error.
    /// It never waits.
    ///
    /// # Errors
    /// Those of [`Self::next_item`].
    pub fn buffered(&mut self) -> Result<Option<Item<'_>>> {
        let found = self.whole_frame()?;
        let bytes = |from| self.buffer.get(from..).unwrap_or_default();
        Ok(found.map(|(frame, from)| item(frame, bytes(from))))
    }

    /// Reads on; `false` at the end of the capture, and after an error.
    ///
    /// # Errors
    /// Those of [`Self::next_item`].
    pub fn more(&mut self) -> Result<bool> {
        if self.ended {
            return Ok(false);
        }
        let read = self.fill();
        self.ended = !matches!(read, Ok(true));
        match (read?, &self.decoder, self.start == self.end) {
            (true, ..) => Ok(true),
            (false, Decoder::Start, true) => Err(empty()),
            (false, _, true) => Ok(false),
            (false, _, false) => Err(cut(self.at)),
        }
    }

    /// The next frame of what was read, with the index in `buffer` that its range counts from.
    fn whole_frame(&mut self) -> Result<Option<(std::result::Result<Frame, Skip>, usize)>> {
        while !self.ended && self.start < self.end {
            let step = self.decode(self.end.saturating_sub(self.start));
            self.ended = step.is_err();
            match step? {
                Step::More => break,
                Step::Other { used } => self.consume(used),
                Step::Packet { used, frame } => {
                    let from = self.start;
                    self.consume(used);
                    return Ok(Some((frame, from)));
                }
            }
        }
        Ok(None)
    }

    fn decode(&mut self, len: usize) -> Result<Step> {
        let rest = self.buffer.get(self.start..).and_then(|b| b.get(..len)).unwrap_or_default();
        self.decoder.step(rest).map_err(|e| e.at_byte(self.at))
    }

    fn consume(&mut self, used: usize) {
        self.start = self.start.saturating_add(used).min(self.end);
        self.at = self.at.saturating_add(u64::try_from(used).unwrap_or(u64::MAX));
    }

    /// Reads more behind what is there; `false` at the end of the input.
    fn fill(&mut self) -> Result<bool> {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end.saturating_sub(self.start));
        if self.end == self.buffer.len() {
            // No element is longer than this: the decoder refuses before it asks for more.
            let grown = self.buffer.len().saturating_mul(2).min(ELEMENT_MAX.saturating_mul(2));
            self.buffer.resize(grown, 0);
        }
        loop {
            match self.from.read(self.buffer.get_mut(self.end..).unwrap_or_default()) {
                Ok(0) => return Ok(false),
                Ok(count) => {
                    self.end = self.end.saturating_add(count).min(self.buffer.len());
                    return Ok(true);
                }
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(Error::os("cannot read", &e)),
            }
        }
    }
}

fn item(frame: std::result::Result<Frame, Skip>, bytes: &[u8]) -> Item<'_> {
    let found = frame.and_then(|frame| {
        let kept = bytes.get(frame.kept).ok_or(Skip::BadBlock)?;
        link::datagram(frame.link, frame.rx_ns, frame.interface, kept)
    });
    found.map_or_else(Item::Skipped, Item::Datagram)
}

fn offset(at: usize) -> u64 {
    u64::try_from(at).unwrap_or(u64::MAX)
}

fn cut(at: u64) -> Error {
    Error::damaged("capture ends inside a packet or header").at_byte(at)
}

fn empty() -> Error {
    Error::foreign("empty; expected a capture (pcap or pcapng)")
}
