//! Captures: pcap and pcapng files, read as the UDP datagrams in them, and written from them.
//!
//! ```text
//! bytes --capture/pcapng--> frames --link--> Ethernet, VLAN, SLL, raw --> IP, UDP --> Datagram
//!                              \------------------------------------------> Skip (by name)
//! ```
//!
//! [`Capture`] reads a whole capture in memory, a map above all, and borrows every payload from
//! it; [`Reader`] reads one from a pipe through a buffer. Both give the same items.
//!
//! Invariants:
//! - Every packet of the capture becomes one [`Item`]: a datagram, or the reason why it is none.
//! - A capture that is cut or contradicts itself gives all packets before the damage, then one
//!   error of status 4 with the byte offset, then nothing.
//! - Checksums of IP and UDP are not verified: captures on the sending host, and on hosts whose
//!   NIC computes them, hold unfinished ones.
//! - Fragments are refused, never reassembled: Solana's datagrams fit the IPv6 minimum MTU.

#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::float_arithmetic)]

mod capture;
mod link;
mod pcapng;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

pub use reader::{Capture, Reader};
pub use writer::{Writer, frame};

/// The longest packet that is believed and written: libpcap's `MAXIMUM_SNAPLEN` (pcap-int.h).
const PACKET_MAX: usize = 262_144;

/// A capture file's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Classic pcap, of either byte order, with stamps in microseconds or nanoseconds.
    Pcap,
    /// pcapng, of either byte order.
    PcapNg,
}

impl Format {
    /// Bytes from the start that [`Format::detect`] looks at.
    pub const DETECT_LEN: usize = 12;

    /// The first bytes of every capture: classic pcap (draft-ietf-opsawg-pcap section 4) with
    /// microseconds and nanoseconds in both byte orders, and pcapng, whose first block type reads
    /// the same in both (draft-ietf-opsawg-pcapng section 4.1).
    const MAGICS: [[u8; 4]; 5] = [
        [0xa1, 0xb2, 0xc3, 0xd4],
        [0xd4, 0xc3, 0xb2, 0xa1],
        [0xa1, 0xb2, 0x3c, 0x4d],
        [0x4d, 0x3c, 0xb2, 0xa1],
        [0x0a, 0x0d, 0x0d, 0x0a],
    ];

    /// The format of the capture that starts with `bytes`; `None` if they start no capture or are
    /// fewer than [`Format::DETECT_LEN`].
    pub fn detect(bytes: &[u8]) -> Option<Self> {
        let [a, b, c, d, .., e, f, g, h] = *bytes.first_chunk::<{ Self::DETECT_LEN }>()?;
        match Self::MAGICS.iter().position(|magic| *magic == [a, b, c, d])? {
            0..4 => Some(Self::Pcap),
            // The byte-order magic of the section header, after the block's length.
            _ => matches!([e, f, g, h], [0x1a, 0x2b, 0x3c, 0x4d] | [0x4d, 0x3c, 0x2b, 0x1a])
                .then_some(Self::PcapNg),
        }
    }
}

/// The UDP datagram in an Ethernet frame that came in on `interface` at `rx_ns`.
///
/// # Errors
/// Why it holds none.
#[inline]
pub fn ethernet(rx_ns: u64, interface: u16, frame: &[u8]) -> Result<Datagram<'_>, Skip> {
    link::datagram(link::Link::Ethernet, rx_ns, interface, frame)
}

/// One UDP datagram of a capture or a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram<'a> {
    /// When it was received: CLOCK_REALTIME nanoseconds; 0 when the capture has no stamp (simple
    /// packet blocks). A stamp outside of the years 1970 to 2554 is the nearest that fits.
    pub rx_ns: u64,
    /// Source address; IPv4 is mapped into IPv6.
    pub source: [u8; 16],
    /// Destination address; IPv4 is mapped into IPv6.
    pub target: [u8; 16],
    /// Source port.
    pub source_port: u16,
    /// Destination port.
    pub target_port: u16,
    /// The UDP payload, as much of it as was kept.
    pub payload: &'a [u8],
    /// A part of the payload was not kept (the capture's snap length, the socket's buffer).
    pub truncated: bool,
    /// The capture's interface (pcapng), or the receiver's socket; 0 when there is only one.
    pub interface: u16,
}

/// What one packet of a capture became.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// A UDP datagram.
    Datagram(Datagram<'a>),
    /// No UDP datagram, and why.
    Skipped(Skip),
}

/// Why a packet of a capture is not delivered as a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Skip {
    /// A link type that is not read here.
    UnknownLinkType = 0,
    /// A packet of an interface that the capture does not describe.
    UnknownInterface = 1,
    /// A pcapng packet block whose lengths contradict each other.
    BadBlock = 2,
    /// Neither IPv4 nor IPv6: ARP, LLDP and their like.
    NotIp = 3,
    /// An IP header that contradicts itself.
    BadIp = 4,
    /// IP, but not UDP.
    NotUdp = 5,
    /// A fragment of an IP packet.
    Fragment = 6,
    /// The kept bytes end inside the headers.
    CutHeader = 7,
    /// The UDP length is less than a header, or more than its IP packet holds.
    BadUdpLength = 8,
}

impl Skip {
    /// How many reasons there are.
    pub const COUNT: usize = Self::NAMES.len();

    /// Names by number.
    pub const NAMES: [&'static str; 9] = [
        "unknown_link_type",
        "unknown_interface",
        "bad_block",
        "not_ip",
        "bad_ip",
        "not_udp",
        "fragment",
        "cut_header",
        "bad_udp_length",
    ];

    /// The name that statistics show.
    pub fn name(self) -> &'static str {
        Self::NAMES.get(self as usize).copied().unwrap_or_default()
    }
}
