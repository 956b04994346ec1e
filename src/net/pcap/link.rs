//! From a captured frame to the UDP datagram in it: link layer, IP, UDP.
//!
//! Link layers are walked here, by the LINKTYPE registry of tcpdump.org; IP with its extension
//! headers and UDP are `etherparse`'s.

use super::{Datagram, Skip};
use crate::bytes::{array_at, u8_at};
use etherparse::{LaxIpPayloadSlice, LaxIpSlice, UdpHeaderSlice, err, ip_number};

/// A link layer that is read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// An address family of 4 bytes in either byte order, then IP (0 NULL, 108 LOOP).
    Family,
    /// Ethernet (1).
    Ethernet,
    /// IP at once (101 RAW; 12 and 14 as some systems number it).
    Ip,
    /// IPv4 at once (228).
    Ipv4,
    /// IPv6 at once (229).
    Ipv6,
    /// Linux cooked, 16 bytes (113 SLL).
    Cooked,
    /// Linux cooked, 20 bytes (276 SLL2).
    Cooked2,
    /// Any other.
    Unknown,
}

impl Link {
    /// The link layer of LINKTYPE `number`.
    pub(super) fn from_number(number: u32) -> Self {
        match number {
            0 | 108 => Self::Family,
            1 => Self::Ethernet,
            12 | 14 | 101 => Self::Ip,
            113 => Self::Cooked,
            228 => Self::Ipv4,
            229 => Self::Ipv6,
            276 => Self::Cooked2,
            _ => Self::Unknown,
        }
    }
}

/// The UDP datagram in the kept bytes `frame` of a packet.
#[inline]
pub(super) fn datagram(
    link: Link,
    rx_ns: u64,
    interface: u16,
    frame: &[u8],
) -> Result<Datagram<'_>, Skip> {
    match plain(link, rx_ns, interface, frame) {
        Some(datagram) => Ok(datagram),
        None => general(link, rx_ns, interface, frame),
    }
}

/// The datagram of a whole packet of Ethernet, IPv4 without options and UDP, which nearly all are:
/// what [`general`] says of it, in a few compares. `None` for all others, and for what is not sound.
#[inline]
pub(super) fn plain(link: Link, rx_ns: u64, interface: u16, frame: &[u8]) -> Option<Datagram<'_>> {
    // With the headers' length known, no read below is checked at run time.
    let head: &[u8; PLAIN_LEN] = frame.first_chunk()?;
    let be16 = |at: usize| array_at(head, at).map(u16::from_be_bytes);
    let is_ipv4 = be16(12)? == ETHERTYPE_IPV4 && u8_at(head, 14)? == 0x45;
    // Neither more fragments nor an offset (RFC 791 section 3.1): 14 bits are zero.
    let is_whole_udp = be16(20)?.trailing_zeros() >= 14 && u8_at(head, 23)? == ip_number::UDP.0;
    if link != Link::Ethernet || !is_ipv4 || !is_whole_udp {
        return None;
    }
    let ip = frame.get(14..)?.get(..usize::from(be16(16)?))?;
    let udp = ip.get(20..)?.get(..usize::from(be16(38)?))?;
    let payload = udp.get(8..)?;
    let mapped = |a: [u8; 4]| std::net::Ipv4Addr::from(a).to_ipv6_mapped().octets();
    Some(Datagram {
        rx_ns,
        source: mapped(array_at(head, 26)?),
        target: mapped(array_at(head, 30)?),
        source_port: be16(34)?,
        target_port: be16(36)?,
        payload,
        truncated: false,
        interface,
    })
}

/// The UDP datagram in a frame of any kind.
fn general(link: Link, rx_ns: u64, interface: u16, frame: &[u8]) -> Result<Datagram<'_>, Skip> {
    let packet = ip_packet(link, frame)?;
    let (mut ip, stop) = ip_slice(packet)?;
    whole(&ip, stop.as_ref())?;
    if let LaxIpSlice::Ipv4(outer) = &ip
        && outer.payload().ip_number == ip_number::GRE
    {
        let (inner, stop) = ip_slice(gre_payload(outer.payload())?)?;
        whole(&inner, stop.as_ref())?;
        ip = inner;
    }
    let carried = ip.payload();
    if carried.ip_number != ip_number::UDP {
        return Err(Skip::NotUdp);
    }
    let short = if carried.incomplete { Skip::CutHeader } else { Skip::BadUdpLength };
    let udp = UdpHeaderSlice::from_slice(carried.payload).map_err(|_| short)?;
    let kept = carried.payload.get(udp.slice().len()..).unwrap_or_default();
    let (payload, truncated) = match usize::from(udp.length()) {
        // RFC 2675 section 4 and segmentation offload: no length; what the IP packet holds.
        0 => (kept, carried.incomplete),
        length => {
            let length = length.checked_sub(udp.slice().len()).ok_or(Skip::BadUdpLength)?;
            match kept.get(..length) {
                Some(payload) => (payload, false),
                None if carried.incomplete => (kept, true),
                None => return Err(Skip::BadUdpLength),
            }
        }
    };
    let (source, target) = addresses(&ip);
    let (source_port, target_port) = (udp.source_port(), udp.destination_port());
    Ok(Datagram { rx_ns, source, target, source_port, target_port, payload, truncated, interface })
}

/// The IP packet at the start of `packet`, and where the walk over its extensions stopped.
fn ip_slice(packet: &[u8]) -> Result<(LaxIpSlice<'_>, Option<Stop>), Skip> {
    LaxIpSlice::from_slice(packet).map_err(|error| match error {
        err::ip::LaxHeaderSliceError::Len(_) => Skip::CutHeader,
        err::ip::LaxHeaderSliceError::Content(err::ip::HeaderError::UnsupportedIpVersion {
            ..
        }) => Skip::NotIp,
        err::ip::LaxHeaderSliceError::Content(_) => Skip::BadIp,
    })
}

/// Refuses a fragment, and headers that end early.
fn whole(ip: &LaxIpSlice<'_>, stop: Option<&Stop>) -> Result<(), Skip> {
    let carried = ip.payload();
    match stop {
        // A fragment's headers may be whole, cut or absent (in all but the first one).
        _ if carried.fragmented => Err(Skip::Fragment),
        Some((err::ipv6_exts::HeaderSliceError::Len(_), _)) if carried.incomplete => {
            Err(Skip::CutHeader)
        }
        Some(_) => Err(Skip::BadIp),
        None => Ok(()),
    }
}

/// The IPv4 packet in a GRE packet (RFC 2784) with or without checksum, key and sequence number
/// (RFC 2890).
fn gre_payload<'a>(gre: &LaxIpPayloadSlice<'a>) -> Result<&'a [u8], Skip> {
    let short = if gre.incomplete { Skip::CutHeader } else { Skip::BadIp };
    let flags = array_at(gre.payload, 0).map(u16::from_be_bytes).ok_or(short)?;
    // Routing, recursion or a version; or another payload.
    if flags & 0x4fff != 0 || ethertype(gre.payload, 2)? != ETHERTYPE_IPV4 {
        return Err(Skip::NotUdp);
    }
    let optional = usize::try_from((flags & 0xb000).count_ones()).map_err(|_| short)?;
    let header_len = optional.saturating_add(1).saturating_mul(4);
    let inner = gre.payload.get(header_len..).ok_or(short)?;
    match u8_at(inner, 0).map(|first| first >> 4) {
        Some(4) => Ok(inner),
        Some(_) => Err(Skip::BadIp),
        None => Err(short),
    }
}

/// Source and destination address, IPv4 mapped into IPv6.
fn addresses(ip: &LaxIpSlice<'_>) -> ([u8; 16], [u8; 16]) {
    match ip {
        LaxIpSlice::Ipv4(ip) => {
            let header = ip.header();
            let mapped = |a: std::net::Ipv4Addr| a.to_ipv6_mapped().octets();
            (mapped(header.source_addr()), mapped(header.destination_addr()))
        }
        LaxIpSlice::Ipv6(ip) => (ip.header().source(), ip.header().destination()),
    }
}

/// Where etherparse stopped in the headers that follow an IP header.
type Stop = (err::ipv6_exts::HeaderSliceError, err::Layer);

/// Bytes of the headers of Ethernet, IPv4 without options and UDP.
const PLAIN_LEN: usize = 14 + 20 + 8;
const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_IPV6: u16 = 0x86dd;

/// The IP packet in `frame`.
fn ip_packet(link: Link, frame: &[u8]) -> Result<&[u8], Skip> {
    let from = |at: usize| frame.get(at..).ok_or(Skip::CutHeader);
    let version = |expected: u8| match u8_at(frame, 0) {
        Some(first) if first >> 4 == expected => Ok(frame),
        Some(_) => Err(Skip::NotIp),
        None => Err(Skip::CutHeader),
    };
    match link {
        Link::Unknown => Err(Skip::UnknownLinkType),
        Link::Ip => Ok(frame),
        Link::Ipv4 => version(4),
        Link::Ipv6 => version(6),
        Link::Family => {
            let family = array_at::<4>(frame, 0).ok_or(Skip::CutHeader)?;
            // NULL is in the byte order of the capturing host, LOOP in network order. The number
            // of IPv6 is 10 on Linux, 24, 28 and 30 on the BSDs and macOS.
            match family {
                [n, 0, 0, 0] | [0, 0, 0, n] if matches!(n, 2 | 10 | 24 | 28 | 30) => from(4),
                _ => Err(Skip::NotIp),
            }
        }
        Link::Ethernet => tagged(ethertype(frame, 12)?, from(14)?),
        Link::Cooked => tagged(ethertype(frame, 14)?, from(16)?),
        Link::Cooked2 => tagged(ethertype(frame, 0)?, from(20)?),
    }
}

/// The IP packet behind any number of VLAN tags (802.1Q 0x8100, 802.1ad 0x88a8, and the older QinQ
/// numbers 0x9100, 0x9200).
fn tagged(mut kind: u16, mut rest: &[u8]) -> Result<&[u8], Skip> {
    while matches!(kind, 0x8100 | 0x88a8 | 0x9100 | 0x9200) {
        kind = ethertype(rest, 2)?;
        rest = rest.get(4..).ok_or(Skip::CutHeader)?;
    }
    match (kind, u8_at(rest, 0).map(|first| first >> 4)) {
        (ETHERTYPE_IPV4, Some(4)) | (ETHERTYPE_IPV6, Some(6)) => Ok(rest),
        (ETHERTYPE_IPV4 | ETHERTYPE_IPV6, Some(_)) => Err(Skip::BadIp),
        (ETHERTYPE_IPV4 | ETHERTYPE_IPV6, None) => Err(Skip::CutHeader),
        _ => Err(Skip::NotIp),
    }
}

fn ethertype(bytes: &[u8], at: usize) -> Result<u16, Skip> {
    array_at(bytes, at).map(u16::from_be_bytes).ok_or(Skip::CutHeader)
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test may panic")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A frame of Ethernet, IPv4 and UDP with `payload_len` bytes and a trailer.
    fn frame(payload_len: u16, trailer_len: usize) -> Vec<u8> {
        let mut frame = vec![2; 12];
        frame.extend([8, 0, 0x45, 0]);
        frame.extend((28 + payload_len).to_be_bytes());
        frame.extend([
            0, 1, 0x40, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x1f, 0x40, 0x1f, 0x41,
        ]);
        frame.extend((8 + payload_len).to_be_bytes());
        frame.extend([0, 0]);
        frame.extend(vec![7; usize::from(payload_len) + trailer_len]);
        frame
    }

    #[test]
    fn nearly_all_packets_take_the_short_way() {
        for (payload_len, trailer_len) in [(0, 18), (1203, 0), (1228, 4)] {
            let frame = frame(payload_len, trailer_len);
            let datagram = plain(Link::Ethernet, 9, 1, &frame).unwrap();
            assert_eq!(datagram.payload, &vec![7; payload_len.into()][..]);
            assert_eq!(general(Link::Ethernet, 9, 1, &frame), Ok(datagram));
            assert_eq!(plain(Link::Ip, 9, 1, &frame), None);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn the_short_way_leads_where_the_long_one_does(
            payload_len in 0u16..40,
            trailer_len in 0usize..8,
            cut in 0usize..12,
            changes in proptest::collection::vec((12usize..42, any::<u8>()), 0..3),
        ) {
            let mut frame = frame(payload_len, trailer_len);
            for (at, value) in changes { frame[at] = value; }
            frame.truncate(frame.len() - cut);
            if let Some(datagram) = plain(Link::Ethernet, 9, 1, &frame) {
                prop_assert_eq!(general(Link::Ethernet, 9, 1, &frame), Ok(datagram));
            }
        }
    }
}
