//! pcapng: blocks, sections, interfaces and their clocks (draft-ietf-opsawg-pcapng).
//!
//! Framed here and not by `pcap-file`, whose block decoder (2.0.0) reads every stamp as
//! nanoseconds whatever `if_tsresol` says, and refuses whole captures that are valid: an option
//! list without its end mark, an `if_tzone`, a comment that is not UTF-8. It is the independent
//! writer of the tests.

use super::capture::{ELEMENT_MAX, Frame, Step};
use super::link::Link;
use super::{PACKET_MAX, Skip};
use crate::bytes::array_at;
use crate::error::{Error, Result};

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;

/// Block type and length before the body, the length again after it.
const BLOCK_LEN_MIN: usize = 12;
const BODY_AT: usize = 8;

/// The section that is being read: its byte order and its interfaces so far.
#[derive(Debug, Default)]
pub(super) struct Section {
    big: bool,
    /// In the order of their numbers; `None` for one whose description is damaged.
    interfaces: Vec<Option<Interface>>,
}

/// What is needed of an interface description.
#[derive(Clone, Copy, Debug)]
struct Interface {
    link: Link,
    snap_len: u32,
    clock: Clock,
}

impl Interface {
    /// The frame of interface `number` whose bytes lie in `body` from `data_at` on.
    fn frame(
        self,
        number: u32,
        rx_ns: u64,
        body: &[u8],
        data_at: usize,
        kept_len: u32,
    ) -> std::result::Result<Frame, Skip> {
        let kept_len = usize::try_from(kept_len).map_err(|_| Skip::BadBlock)?;
        let data_end = data_at.saturating_add(kept_len);
        if kept_len > PACKET_MAX || data_end > body.len() {
            return Err(Skip::BadBlock);
        }
        let interface = u16::try_from(number).map_err(|_| Skip::UnknownInterface)?;
        let kept = data_at.saturating_add(BODY_AT)..data_end.saturating_add(BODY_AT);
        Ok(Frame { rx_ns, link: self.link, interface, kept })
    }
}

impl Section {
    /// The block at the start of `bytes`.
    pub(super) fn step(&mut self, bytes: &[u8]) -> Result<Step> {
        let Some(kind) = self.u32(bytes, 0) else { return Ok(Step::More) };
        if kind == SECTION_HEADER {
            let Some(magic) = array_at::<4>(bytes, BODY_AT) else { return Ok(Step::More) };
            self.big = match magic {
                [0x1a, 0x2b, 0x3c, 0x4d] => true,
                [0x4d, 0x3c, 0x2b, 0x1a] => false,
                _ => return Err(Error::damaged("section header without its byte-order magic")),
            };
        }
        let Some(len) = self.u32(bytes, 4) else { return Ok(Step::More) };
        let used = usize::try_from(len).unwrap_or(usize::MAX);
        if !(BLOCK_LEN_MIN..=ELEMENT_MAX).contains(&used) || !used.is_multiple_of(4) {
            return Err(Error::damaged(format!("block of {len} bytes")));
        }
        let Some(block) = bytes.get(..used) else { return Ok(Step::More) };
        let body_end = used.saturating_sub(4);
        let closing = self.u32(block, body_end);
        if closing != Some(len) {
            let closing = closing.unwrap_or_default();
            return Err(Error::damaged(format!("block of {len} bytes ends as one of {closing}")));
        }
        let body = block.get(BODY_AT..body_end).unwrap_or_default();
        let frame = match kind {
            SECTION_HEADER => {
                self.open(body)?;
                return Ok(Step::Other { used });
            }
            INTERFACE_DESCRIPTION => {
                let described = self.interface(body);
                self.interfaces.push(described);
                return Ok(Step::Other { used });
            }
            ENHANCED_PACKET => self.enhanced(body),
            SIMPLE_PACKET => self.simple(body),
            PACKET => self.obsolete(body),
            // Names, statistics, secrets, custom blocks: no packets.
            _ => return Ok(Step::Other { used }),
        };
        Ok(Step::Packet { used, frame })
    }

    /// Starts a section: its interfaces are numbered from 0 again.
    fn open(&mut self, body: &[u8]) -> Result<()> {
        self.interfaces.clear();
        match (self.u16(body, 4), self.u16(body, 6)) {
            (Some(1), Some(_)) => Ok(()),
            (Some(major), Some(minor)) => Err(Error::foreign(format!(
                "pcapng section of version {major}.{minor}; this tool reads version 1"
            ))),
            _ => Err(Error::damaged("section header too short")),
        }
    }

    fn interface(&self, body: &[u8]) -> Option<Interface> {
        let link = Link::from_number(u32::from(self.u16(body, 0)?));
        let snap_len = self.u32(body, 4)?;
        let mut clock = Clock { resolution: Clock::MICROSECONDS, offset_s: 0 };
        let mut options = body.get(BODY_AT..)?;
        // Section 3.5: code, length, value padded to 4 bytes; code 0 ends the list, and "code that
        // reads pcapng files [..] MUST also check for the end of the block".
        while let (Some(code @ 1..), Some(len)) = (self.u16(options, 0), self.u16(options, 2)) {
            let value = options.get(4..)?.get(..usize::from(len))?;
            match (code, value) {
                (9, [resolution]) => clock.resolution = *resolution,
                (14, offset) => {
                    let bytes: [u8; 8] = offset.try_into().ok()?;
                    clock.offset_s = if self.big {
                        i64::from_be_bytes(bytes)
                    } else {
                        i64::from_le_bytes(bytes)
                    };
                }
                _ => {}
            }
            let next = usize::from(len).next_multiple_of(4).saturating_add(4);
            options = options.get(next..).unwrap_or_default();
        }
        Some(Interface { link, snap_len, clock })
    }

    /// Enhanced packet: interface, stamp (high, low), kept length, length on the wire, bytes.
    fn enhanced(&self, body: &[u8]) -> std::result::Result<Frame, Skip> {
        let interface = self.u32(body, 0).ok_or(Skip::BadBlock)?;
        self.stamped(interface, body)
    }

    /// The obsolete packet block: as the enhanced one, with a 16-bit interface and a drop count.
    fn obsolete(&self, body: &[u8]) -> std::result::Result<Frame, Skip> {
        let interface = self.u16(body, 0).ok_or(Skip::BadBlock)?;
        self.stamped(u32::from(interface), body)
    }

    fn stamped(&self, interface: u32, body: &[u8]) -> std::result::Result<Frame, Skip> {
        let (high, low) = (self.u32(body, 4), self.u32(body, 8));
        let (high, low) = (high.ok_or(Skip::BadBlock)?, low.ok_or(Skip::BadBlock)?);
        let ticks = u64::from(high) << 32 | u64::from(low);
        let kept_len = self.u32(body, 12).ok_or(Skip::BadBlock)?;
        let described = self.described(interface)?;
        described.frame(interface, described.clock.ns(ticks), body, 20, kept_len)
    }

    /// Simple packet: length on the wire, bytes. No stamp; of interface 0.
    fn simple(&self, body: &[u8]) -> std::result::Result<Frame, Skip> {
        let wire_len = self.u32(body, 0).ok_or(Skip::BadBlock)?;
        let described = self.described(0)?;
        // Section 4.4: the kept length is not written; it follows from the snap length.
        let kept_len =
            if described.snap_len == 0 { wire_len } else { wire_len.min(described.snap_len) };
        described.frame(0, 0, body, 4, kept_len)
    }

    fn described(&self, interface: u32) -> std::result::Result<Interface, Skip> {
        let index = usize::try_from(interface).map_err(|_| Skip::UnknownInterface)?;
        self.interfaces.get(index).copied().flatten().ok_or(Skip::UnknownInterface)
    }

    fn u16(&self, bytes: &[u8], at: usize) -> Option<u16> {
        array_at(bytes, at).map(if self.big { u16::from_be_bytes } else { u16::from_le_bytes })
    }

    fn u32(&self, bytes: &[u8], at: usize) -> Option<u32> {
        array_at(bytes, at).map(if self.big { u32::from_be_bytes } else { u32::from_le_bytes })
    }
}

/// What an interface's ticks mean.
#[derive(Clone, Copy, Debug)]
struct Clock {
    /// `if_tsresol`: ticks a second are 10^n, or 2^n with the highest bit set.
    resolution: u8,
    /// `if_tsoffset`: seconds to add.
    offset_s: i64,
}

impl Clock {
    const MICROSECONDS: u8 = 6;

    /// Nanoseconds since the Unix epoch at `ticks`, rounded down; the nearest that fits.
    fn ns(self, ticks: u64) -> u64 {
        const NS: u128 = 1_000_000_000;
        let ticks = u128::from(ticks);
        let exponent = u32::from(self.resolution & 0x7f);
        let since = if self.resolution & 0x80 == 0 {
            match exponent.checked_sub(9) {
                None => {
                    10u128.checked_pow(9u32.saturating_sub(exponent)).map(|n| ticks.checked_mul(n))
                }
                Some(over) => 10u128.checked_pow(over).map(|n| ticks.checked_div(n)),
            }
            .flatten()
            .unwrap_or(0)
        } else {
            ticks.saturating_mul(NS).checked_shr(exponent).unwrap_or(0)
        };
        let offset = u128::from(self.offset_s.unsigned_abs()).saturating_mul(NS);
        let ns = if self.offset_s < 0 {
            since.saturating_sub(offset)
        } else {
            since.saturating_add(offset)
        };
        u64::try_from(ns).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_become_nanoseconds_in_every_resolution() {
        let ns = |resolution, offset_s, ticks| Clock { resolution, offset_s }.ns(ticks);
        assert_eq!(ns(0, 0, 7), 7_000_000_000);
        assert_eq!(ns(6, 0, 7), 7_000);
        assert_eq!(ns(9, 0, u64::MAX), u64::MAX);
        assert_eq!(ns(12, 0, 7_999), 7);
        assert_eq!(ns(0x80, 0, 3), 3_000_000_000);
        assert_eq!(ns(0x8a, 0, 1), 976_562);
        assert_eq!(ns(6, -1, 2_000_000), 1_000_000_000);
        assert_eq!(ns(6, 5, 1), 5_000_001_000);
        // Out of range: the nearest that fits.
        assert_eq!(ns(0, 0, u64::MAX), u64::MAX);
        assert_eq!(ns(9, i64::MAX, 0), u64::MAX);
        assert_eq!(ns(9, i64::MIN, u64::MAX), 0);
        for resolution in 0..=255 {
            assert_eq!(ns(resolution, 0, 0), 0);
            let _ = ns(resolution, i64::MIN, u64::MAX);
        }
        assert_eq!(ns(127, 0, u64::MAX), 0);
        assert_eq!(ns(255, 0, u64::MAX), 0);
    }
}
