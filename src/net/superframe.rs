//! Superframes: several datagrams of one flow that the kernel carries as one frame.
//!
//! A sender with UDP_SEGMENT, and a driver or kernel that merges what it receives, make frames whose
//! UDP payload is that of up to 128 datagrams, each of `gso_size` bytes but the last. The kernel says
//! so in a header before the frame (PACKET_VNET_HDR): `struct virtio_net_hdr`,
//!
//! ```text
//! 0 flags u8   1 gso_type u8   2 hdr_len u16   4 gso_size u16   6 csum_start u16   8 csum_offset u16
//! ```
//!
//! little-endian (VIRTIO 1.2 section 5.1.6).

#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::float_arithmetic)]

use super::pcap::Datagram;
use crate::bytes::{u8_at, u16_at};

/// Bytes of the header.
pub(super) const HEADER_LEN: usize = 10;

/// Bytes of each datagram's payload, if `header` says that the frame is a superframe of UDP.
pub(super) fn segment_len(header: &[u8]) -> Option<usize> {
    // VIRTIO_NET_HDR_GSO_UDP_L4; the highest bit is of congestion marks.
    const UDP_L4: u8 = 5;
    let kind = u8_at(header, 1)? & 0x7f;
    let len = u16_at(header, 4)?;
    (kind == UDP_L4 && len > 0).then_some(len.into())
}

/// The datagrams that `datagram` is of, each with `segment_len` bytes of payload but the last; one
/// without payload stays one. What was cut of the superframe was cut of the last one.
pub(super) fn split(
    datagram: Datagram<'_>,
    segment_len: usize,
) -> impl Iterator<Item = Datagram<'_>> {
    let chunks = datagram.payload.chunks(segment_len.max(1));
    let last = chunks.len().saturating_sub(1);
    let empty = datagram.payload.is_empty().then_some(datagram);
    let whole = chunks.enumerate().map(move |(number, payload)| Datagram {
        payload,
        truncated: datagram.truncated && number == last,
        ..datagram
    });
    whole.chain(empty)
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test may panic")]
mod tests {
    use super::*;

    fn datagram(payload: &[u8], truncated: bool) -> Datagram<'_> {
        Datagram {
            rx_ns: 7,
            source: [1; 16],
            target: [2; 16],
            source_port: 3,
            target_port: 4,
            payload,
            truncated,
            interface: 5,
        }
    }

    #[test]
    fn every_length_comes_apart_into_what_was_put_together() {
        let bytes: Vec<u8> = (0..=255).collect();
        for len in 0..=bytes.len() {
            for segment_len in [1, 2, 7, 100, 256, 1000] {
                let whole = datagram(&bytes[..len], true);
                let parts: Vec<_> = split(whole, segment_len).collect();
                assert_eq!(parts.len(), len.div_ceil(segment_len).max(1));
                let together: Vec<u8> = parts.iter().flat_map(|p| p.payload).copied().collect();
                assert_eq!(together, &bytes[..len]);
                let (last, others) = parts.split_last().unwrap();
                assert!(last.truncated && last.payload.len() <= segment_len);
                for other in others {
                    let expect = Datagram { payload: other.payload, ..datagram(&[], false) };
                    assert_eq!((*other, other.payload.len()), (expect, segment_len));
                }
            }
        }
    }

    #[test]
    fn only_udp_superframes_are_such() {
        let header = |kind, len: u16| {
            let [a, b] = len.to_le_bytes();
            [0, kind, 42, 0, a, b, 0, 0, 0, 0]
        };
        assert_eq!(segment_len(&header(5, 1232)), Some(1232));
        assert_eq!(segment_len(&header(0x85, 1)), Some(1));
        for header in [header(5, 0), header(0, 9), header(1, 9), header(4, 9)] {
            assert_eq!(segment_len(&header), None);
        }
        for len in 0..6 {
            assert_eq!(segment_len(&header(5, 1232)[..len]), None);
        }
    }
}
