//! What an input is: a capture, or a stream of records, told apart by its first bytes.

use super::Opened;
use crate::bytes::{u16_at, u64_at};
use crate::error::{Error, Result};
use crate::mem::Map;
use crate::net::pcap::Format;
use crate::record::{Head, Layout, PREFIX_LEN, Packet};
use crate::time::now_ns;
use std::io::{Cursor, Read};
use std::os::fd::OwnedFd;

/// An input whose kind is known.
pub enum Detected {
    /// A capture in a map.
    Capture(Map),
    /// A capture from a pipe, and its descriptor to wait on.
    Piped(Box<dyn Read>, OwnedFd),
    /// A record stream, or what its reader will name; live when it comes from a pipe and its first
    /// packet was received just now.
    Stream {
        /// The input, whole.
        input: Opened,
        /// Whether it is live.
        live: bool,
    },
}

/// Bytes of a stream that tell whether it is live: its head, and the common start of a record.
const LIVE_LEN: usize = size_of::<Head>() + PREFIX_LEN;

/// Age of a first packet above which a stream from a pipe counts as recorded, in ns.
const LIVE_AGE_NS: u64 = 60_000_000_000;

impl Opened {
    /// Looks at the first bytes. Of a pipe they are read, and put before the rest.
    ///
    /// # Errors
    /// Status 5 when the system refuses the read.
    pub fn detect(self) -> Result<Detected> {
        let (mut from, fd) = match self {
            Self::Map(map) if Format::detect(map.bytes()).is_some() => {
                return Ok(Detected::Capture(map));
            }
            Self::Map(map) => return Ok(Detected::Stream { input: Self::Map(map), live: false }),
            Self::Pipe(from, fd) => (from, fd),
        };
        let mut start = Vec::with_capacity(LIVE_LEN);
        fill(&mut start, &mut from, Format::DETECT_LEN)?;
        let capture = Format::detect(&start).is_some();
        if !capture {
            fill(&mut start, &mut from, LIVE_LEN)?;
        }
        let live = is_live(&start);
        let whole: Box<dyn Read> = Box::new(Cursor::new(start).chain(from));
        Ok(if capture {
            Detected::Piped(whole, fd)
        } else {
            Detected::Stream { input: Self::Pipe(whole, fd), live }
        })
    }
}

/// Reads until `start` is `len` bytes long or the input ends.
fn fill(start: &mut Vec<u8>, from: &mut impl Read, len: usize) -> Result<()> {
    let missing = len.saturating_sub(start.len()) as u64;
    let read = from.by_ref().take(missing).read_to_end(start);
    read.map(|_| ()).map_err(|e| Error::os("cannot read", &e))
}

/// Whether a stream's second record, the first after its head, is a packet less than a minute old.
/// What was recorded gives the same rows through a pipe as from a file.
fn is_live(start: &[u8]) -> bool {
    let record = start.get(size_of::<Head>()..).unwrap_or_default();
    let (kind, rx_ns) = (u16_at(record, 4), u64_at(record, 8).unwrap_or(0));
    kind == Some(Packet::SCHEMA.kind) && is_recent(rx_ns)
}

/// Whether a receive time is of this minute; what is older was recorded.
pub(super) fn is_recent(rx_ns: u64) -> bool {
    now_ns().saturating_sub(rx_ns) < LIVE_AGE_NS
}
