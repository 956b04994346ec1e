//! The two formats: where each packet of a capture begins and ends, its stamp and its link type.
//!
//! A decoder without I/O: it is shown the bytes from the current offset on and says how many of
//! them the next element takes, or that it needs more. [`super::reader`] drives it over a map and
//! over a pipe. Classic pcap is framed by `pcap-file`; pcapng by [`super::pcapng`].

use super::link::Link;
use super::pcapng::Section;
use super::{Format, PACKET_MAX, Skip};
use crate::error::{Error, Result};
use pcap_file::pcap::PcapParser;
use pcap_file::{Endianness, PcapError, TsResolution};
use std::ops::Range;

/// Bytes before each packet of a classic pcap.
pub(super) const HEADER_LEN: usize = 16;

/// The longest element of a capture that is believed: libpcap's limit of a pcapng block
/// (`INITIAL_MAX_BLOCKSIZE`, sf-pcapng.c).
pub(super) const ELEMENT_MAX: usize = 16 << 20;

/// A packet as the capture kept it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) rx_ns: u64,
    pub(super) link: Link,
    pub(super) interface: u16,
    /// Where the kept bytes lie, from the offset shown to the decoder.
    pub(super) kept: Range<usize>,
}

/// What the bytes at the current offset are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The beginning of something longer.
    More,
    /// A packet that takes `used` bytes.
    Packet { used: usize, frame: std::result::Result<Frame, Skip> },
    /// Something else than a packet that takes `used` bytes.
    Other { used: usize },
}

/// Where in a capture the decoder is.
#[derive(Debug)]
pub(super) enum Decoder {
    /// Before the file header.
    Start,
    /// In a classic pcap.
    Pcap(Classic),
    /// In a section of a pcapng.
    PcapNg(Section),
}

impl Decoder {
    /// What is at the start of `bytes`, which are the capture's bytes from the current offset on
    /// and not empty.
    ///
    /// # Errors
    /// Status 3 when this is no capture or one of another version, status 4 when it contradicts
    /// itself; without an offset, which only the caller knows.
    pub(super) fn step(&mut self, bytes: &[u8]) -> Result<Step> {
        match self {
            Self::Start => self.start(bytes),
            Self::Pcap(classic) => classic.step(bytes),
            Self::PcapNg(section) => section.step(bytes),
        }
    }

    /// Nanoseconds of a unit of stamps, in a classic pcap of Ethernet that is little-endian.
    pub(super) fn plain_ns(&self) -> Option<u64> {
        let Self::Pcap(classic) = self else { return None };
        let little = classic.parser.header().endianness == Endianness::Little;
        (little && classic.link == Link::Ethernet).then(|| classic.unit_ns())
    }

    fn start(&mut self, bytes: &[u8]) -> Result<Step> {
        match Format::detect(bytes) {
            Some(Format::Pcap) => match PcapParser::new(bytes) {
                Ok((rest, parser)) => {
                    *self = Self::Pcap(Classic::new(parser)?);
                    Ok(Step::Other { used: used(bytes, rest) })
                }
                Err(PcapError::IncompleteBuffer) => Ok(Step::More),
                Err(error) => Err(Error::damaged(error.to_string())),
            },
            Some(Format::PcapNg) => {
                let mut section = Section::default();
                let step = section.step(bytes)?;
                if step != Step::More {
                    *self = Self::PcapNg(section);
                }
                Ok(step)
            }
            None if bytes.len() < Format::DETECT_LEN && begins_like_a_capture(bytes) => {
                Ok(Step::More)
            }
            None => Err(Error::foreign("not a capture; expected pcap or pcapng")),
        }
    }
}

/// Whether `bytes`, too few to tell, could grow into a capture.
fn begins_like_a_capture(bytes: &[u8]) -> bool {
    Format::MAGICS.iter().any(|magic| bytes.iter().zip(magic).all(|(a, b)| a == b))
}

fn used(bytes: &[u8], rest: &[u8]) -> usize {
    bytes.len().saturating_sub(rest.len())
}

/// A classic pcap after its header.
#[derive(Debug)]
pub(super) struct Classic {
    parser: PcapParser,
    link: Link,
}

impl Classic {
    fn new(parser: PcapParser) -> Result<Self> {
        let header = parser.header();
        if header.version_major != 2 {
            return Err(Error::foreign(format!(
                "pcap of version {}.{}; this tool reads version 2",
                header.version_major, header.version_minor
            )));
        }
        // The upper 6 bits say whether frames end in a check sequence (draft-ietf-opsawg-pcap
        // section 4; libpcap's LT_LINKTYPE): IP lengths cut that off.
        let link = Link::from_number(u32::from(header.datalink) & 0x03ff_ffff);
        Ok(Self { parser, link })
    }

    /// Nanoseconds of a unit of the stamps' fractions.
    fn unit_ns(&self) -> u64 {
        match self.parser.header().ts_resolution {
            TsResolution::MicroSecond => 1_000,
            TsResolution::NanoSecond => 1,
        }
    }

    fn step(&self, bytes: &[u8]) -> Result<Step> {
        // The raw form, because `next_packet` of pcap-file 2.0.0 refuses every packet that was
        // longer on the wire than the snap length, which is what a snap length is for.
        let (rest, packet) = match self.parser.next_raw_packet(bytes) {
            Ok(found) => found,
            Err(PcapError::IncompleteBuffer) if bytes.len() < HEADER_LEN + PACKET_MAX => {
                return Ok(Step::More);
            }
            Err(PcapError::IncompleteBuffer) => return Err(too_long()),
            Err(error) => return Err(Error::damaged(error.to_string())),
        };
        let (used, kept_len) = (used(bytes, rest), packet.data.len());
        if kept_len > PACKET_MAX {
            return Err(too_long());
        }
        // At most 2^32 * (10^9 + 10^3), far below 2^64.
        let rx_ns = u64::from(packet.ts_sec)
            .saturating_mul(1_000_000_000)
            .saturating_add(u64::from(packet.ts_frac).saturating_mul(self.unit_ns()));
        let kept = used.saturating_sub(kept_len)..used;
        let frame = Frame { rx_ns, link: self.link, interface: 0, kept };
        Ok(Step::Packet { used, frame: Ok(frame) })
    }
}

fn too_long() -> Error {
    Error::damaged(format!("packet of more than {PACKET_MAX} bytes"))
}
