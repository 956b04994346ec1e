//! What an input is, told apart by its first bytes: a capture, a stream of records, a dump of
//! datagrams, or text.
//!
//! | kind | starts with |
//! |---|---|
//! | capture | a magic of pcap or pcapng |
//! | text | characters and blanks of ASCII, and nothing else, for twelve bytes |
//! | dump | a count, a length of 1 to 2048, and so many bytes that are a shred or one of the toolkit's datagrams, or are followed by another such length |
//! | record stream | anything else: its reader names what it is not |
//!
//! No two of them can be confused: a stream's head has the length 64 and then kind 1, which as a
//! dump's first length is above 65536; text and magics are no counts with such lengths.

use super::Opened;
use crate::bytes::{u16_at, u32_at, u64_at};
use crate::error::{Error, Result};
use crate::mem::Map;
use crate::net::pcap::Format;
use crate::record::{Head, Layout, PREFIX_LEN, Packet};
use crate::time::now_ns;
use crate::wire::feed::Datagram;
use crate::wire::shred::Shred;
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
    /// A dump of datagrams, whole.
    Dump(Opened),
    /// Lines or JSON, whole.
    Text(Opened),
}

/// Bytes of a stream that tell whether it is live: its head, and the common start of a record.
const LIVE_LEN: usize = size_of::<Head>() + PREFIX_LEN;

/// Age of a first packet above which a stream from a pipe counts as recorded, in ns.
const LIVE_AGE_NS: u64 = 60_000_000_000;

/// Bytes of a datagram at most by which a dump is told: more than a shred or a v0 transaction has.
const DUMPED_MAX: u32 = 2048;

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
            Self::Map(map) if is_text(map.bytes()) => return Ok(Detected::Text(Self::Map(map))),
            Self::Map(map) if is_dump(map.bytes()) => return Ok(Detected::Dump(Self::Map(map))),
            Self::Map(map) => return Ok(Detected::Stream { input: Self::Map(map), live: false }),
            Self::Pipe(from, fd) => (from, fd),
            Self::Ring(mut ring) => {
                let live = is_live(ring.peek(LIVE_LEN)?);
                return Ok(Detected::Stream { input: Self::Ring(ring), live });
            }
        };
        let mut start = Vec::with_capacity(LIVE_LEN);
        fill(&mut start, &mut from, Format::DETECT_LEN)?;
        if Format::detect(&start).is_some() {
            return Ok(Detected::Piped(whole(start, from), fd));
        }
        if is_text(&start) {
            return Ok(Detected::Text(Self::Pipe(whole(start, from), fd)));
        }
        if let Some(len) = dumped_len(&start) {
            fill(&mut start, &mut from, len)?;
            if is_dump(&start) {
                return Ok(Detected::Dump(Self::Pipe(whole(start, from), fd)));
            }
        }
        fill(&mut start, &mut from, LIVE_LEN)?;
        let live = is_live(&start);
        Ok(Detected::Stream { input: Self::Pipe(whole(start, from), fd), live })
    }
}

/// The bytes that were read and those that follow.
fn whole(start: Vec<u8>, from: Box<dyn Read>) -> Box<dyn Read> {
    Box::new(Cursor::new(start).chain(from))
}

/// Reads until `start` is `len` bytes long or the input ends.
fn fill(start: &mut Vec<u8>, from: &mut impl Read, len: usize) -> Result<()> {
    let missing = len.saturating_sub(start.len()) as u64;
    let read = from.by_ref().take(missing).read_to_end(start);
    read.map(|_| ()).map_err(|e| Error::os("cannot read", &e))
}

/// Whether an input that starts with `start` is text.
fn is_text(start: &[u8]) -> bool {
    let start = start.get(..Format::DETECT_LEN).unwrap_or(start);
    !start.is_empty()
        && start.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace())
}

/// Bytes of a dump that tell that it is one: count, length, datagram, and the next length if there
/// is one. `None` when count or length are none of a dump.
fn dumped_len(start: &[u8]) -> Option<usize> {
    let (count, len) = (u32_at(start, 0)?, u32_at(start, 4)?);
    let next = if count > 1 { 4 } else { 0 };
    let fits = count > 0 && (1..=DUMPED_MAX).contains(&len);
    fits.then_some(8 + len as usize + next)
}

/// Whether an input that starts with `start` is a dump.
fn is_dump(start: &[u8]) -> bool {
    let Some(len) = dumped_len(start) else { return false };
    let datagram_len = u32_at(start, 4).unwrap_or(0) as usize;
    let Some(datagram) = start.get(8..8 + datagram_len) else { return false };
    let next = start.get(8 + datagram_len..len).and_then(|next| u32_at(next, 0));
    Shred::check(datagram).is_ok()
        || Datagram::check(datagram).is_ok()
        || next.is_some_and(|next| (1..=DUMPED_MAX).contains(&next))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Producer;
    use crate::stream::Writer;

    /// The kind of an input from a pipe, which must come back whole.
    fn kind(bytes: &[u8]) -> &'static str {
        let fd = OwnedFd::from(std::fs::File::open("/dev/null").unwrap());
        let input = Opened::Pipe(Box::new(Cursor::new(bytes.to_vec())), fd);
        let (name, mut rest) = match input.detect().unwrap() {
            Detected::Piped(rest, _) => ("capture", rest),
            Detected::Stream { input: Opened::Pipe(rest, _), .. } => ("stream", rest),
            Detected::Dump(Opened::Pipe(rest, _)) => ("dump", rest),
            Detected::Text(Opened::Pipe(rest, _)) => ("text", rest),
            _ => panic!("a pipe became a map"),
        };
        let mut whole = Vec::new();
        rest.read_to_end(&mut whole).unwrap();
        assert_eq!(whole, bytes, "{name}");
        name
    }

    fn dump(packets: &[&[u8]]) -> Vec<u8> {
        let mut bytes = u32::try_from(packets.len()).unwrap().to_le_bytes().to_vec();
        for packet in packets {
            bytes.extend(u32::try_from(packet.len()).unwrap().to_le_bytes());
            bytes.extend(*packet);
        }
        bytes
    }

    #[test]
    fn each_kind_is_told_by_its_first_bytes() {
        let stream = Writer::new(Vec::new(), Producer::Other).finish().unwrap();
        assert_eq!(kind(&stream), "stream");
        for magic in [[0xa1, 0xb2, 0xc3, 0xd4], [0x4d, 0x3c, 0xb2, 0xa1]] {
            assert_eq!(kind(&[&magic[..], &[0; 40]].concat()), "capture");
        }
        for text in ["{", "AbC", "\n\n  {\"a\":1}", "these foreign bytes are no stream"] {
            assert_eq!(kind(text.as_bytes()), "text", "{text}");
        }
        let mut shred = vec![0; 1203];
        (shred[64], shred[65], shred[83], shred[86]) = (0x96, 9, 1, 88);
        assert!(Shred::check(&shred).is_ok());
        // One packet tells by itself, two also by their lengths.
        assert_eq!(kind(&dump(&[&shred])), "dump");
        assert_eq!(kind(&dump(&[&[7; 100], &[8; 9]])), "dump");
        assert_eq!(kind(&dump(&[&[7; 100]])), "stream");
        assert_eq!(kind(&dump(&[&[7; 2049], &shred])), "stream");
        assert_eq!(kind(&dump(&[&shred, &[7; 2049]])), "dump");
        for foreign in [&[][..], &[0; 200], &[0xff; 200], b"\x7fELF\x02\x01\x01\0\0\0\0\0\0"] {
            assert_eq!(kind(foreign), "stream");
        }
    }

    #[test]
    fn cut_anywhere_an_input_comes_back_whole() {
        let mut shred = vec![0; 1203];
        (shred[64], shred[65], shred[83], shred[86]) = (0x96, 9, 1, 88);
        let dump = dump(&[&shred, &shred]);
        for len in 0..dump.len() {
            let is = kind(&dump[..len]);
            assert_eq!(is, if len < 8 + shred.len() { "stream" } else { "dump" }, "{len}");
        }
    }
}
