//! Writes datagrams as a classic pcap: little-endian, nanosecond stamps, Ethernet.

use super::{Datagram, PACKET_MAX};
use crate::error::{Error, Result};
use etherparse::PacketBuilder;
use etherparse::err::packet::BuildWriteError;
use pcap_file::pcap::{PcapHeader, PcapPacket, PcapWriter};
use pcap_file::{Endianness, PcapError, TsResolution};
use std::io::Write;
use std::net::Ipv6Addr;
use std::time::Duration;

/// Locally administered addresses (IEEE 802 section 8.4): a datagram does not know its frame's.
const SOURCE_MAC: [u8; 6] = [2, 0, 0, 0, 0, 1];
const TARGET_MAC: [u8; 6] = [2, 0, 0, 0, 0, 2];
const HOPS: u8 = 64;

/// Writes a pcap whose packets are Ethernet frames of UDP with correct checksums, over IPv4 when
/// both addresses are mapped IPv4 ones, else over IPv6.
///
/// Interfaces are not kept, and of a truncated datagram what was kept is written as the whole. A
/// stamp past the year 2106, which the format cannot hold, is written as the last second it can.
pub struct Writer<W: Write> {
    to: PcapWriter<W>,
    frame: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// Writes the file header.
    ///
    /// # Errors
    /// Status 5 when writing fails.
    pub fn new(to: W) -> Result<Self> {
        let header = PcapHeader {
            snaplen: u32::try_from(PACKET_MAX).unwrap_or(u32::MAX),
            ts_resolution: TsResolution::NanoSecond,
            endianness: Endianness::Little,
            ..PcapHeader::default()
        };
        let to = PcapWriter::with_header(to, header).map_err(failed)?;
        Ok(Self { to, frame: Vec::new() })
    }

    /// Writes one datagram.
    ///
    /// # Errors
    /// Status 4 when the payload is longer than its IP packet can hold (65 507 bytes over IPv4,
    /// 65 527 over IPv6), status 5 when writing fails.
    pub fn write(&mut self, datagram: &Datagram<'_>) -> Result<()> {
        self.frame.clear();
        frame([SOURCE_MAC, TARGET_MAC], datagram, &mut self.frame)?;
        let seconds = (datagram.rx_ns / 1_000_000_000).min(u64::from(u32::MAX));
        let stamp = Duration::from_secs(seconds)
            .saturating_add(Duration::from_nanos(datagram.rx_ns % 1_000_000_000));
        let wire_len = u32::try_from(self.frame.len()).unwrap_or(u32::MAX);
        self.to.write_packet(&PcapPacket::new(stamp, wire_len, &self.frame)).map_err(failed)?;
        Ok(())
    }

    /// What it wrote to. Nothing is buffered here.
    pub fn into_inner(self) -> W {
        self.to.into_writer()
    }
}

/// Writes `datagram` behind what `to` holds, as an Ethernet frame from the first to the second of `macs`,
/// with correct checksums: over IPv4 when both addresses are mapped IPv4 ones, else over IPv6.
///
/// # Errors
/// Status 4 when the payload is longer than its IP packet can hold.
pub fn frame(macs: [[u8; 6]; 2], datagram: &Datagram<'_>, to: &mut Vec<u8>) -> Result<()> {
    let [from_mac, to_mac] = macs;
    let frame = PacketBuilder::ethernet2(from_mac, to_mac);
    let (source, target) = (Ipv6Addr::from(datagram.source), Ipv6Addr::from(datagram.target));
    let packet = match (source.to_ipv4_mapped(), target.to_ipv4_mapped()) {
        (Some(source), Some(target)) => frame.ipv4(source.octets(), target.octets(), HOPS),
        _ => frame.ipv6(datagram.source, datagram.target, HOPS),
    };
    packet.udp(datagram.source_port, datagram.target_port).write(to, datagram.payload).map_err(
        |error| match error {
            BuildWriteError::Io(e) => Error::os("cannot write", &e),
            _ => Error::damaged(format!("datagram of {} bytes", datagram.payload.len())),
        },
    )
}

fn failed(error: PcapError) -> Error {
    match error {
        PcapError::IoError(e) => Error::os("cannot write", &e),
        other => Error::damaged(other.to_string()),
    }
}

#[cfg(test)]
#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests may panic; the code they test may not"
)]
mod tests {
    use super::super::{Capture, Item};
    use super::*;
    use crate::error::Exit;

    fn datagram(v4: bool, rx_ns: u64, payload: &[u8]) -> Datagram<'_> {
        let address = |last| {
            let v6 = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last);
            let v4_mapped = Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0x0a00, last);
            if v4 { v4_mapped } else { v6 }.octets()
        };
        Datagram {
            rx_ns,
            source: address(1),
            target: address(2),
            source_port: 8001,
            target_port: 8002,
            payload,
            truncated: false,
            interface: 0,
        }
    }

    /// RFC 1071: the ones' complement sum of the words, which is 0xffff when a checksum over them
    /// is right.
    fn sum(bytes: &[u8]) -> u16 {
        let words =
            bytes.chunks(2).map(|w| u32::from(w[0]) << 8 | w.get(1).map_or(0, |b| u32::from(*b)));
        let total: u32 = words.sum();
        let folded = (total & 0xffff) + (total >> 16);
        u16::try_from((folded & 0xffff) + (folded >> 16)).unwrap()
    }

    #[test]
    fn written_datagrams_read_back_with_right_checksums() {
        let long: Vec<u8> = (0..65_507u32).map(|n| n.to_le_bytes()[0]).collect();
        for v4 in [true, false] {
            for payload in [&b""[..], b"odd", &long[..1228], &long] {
                let given = datagram(v4, 1_700_000_000_123_456_789, payload);
                let mut writer = Writer::new(Vec::new()).unwrap();
                writer.write(&given).unwrap();
                writer.write(&given).unwrap();
                let bytes = writer.into_inner();
                let found: Vec<_> = Capture::new(&bytes).unwrap().map(Result::unwrap).collect();
                assert_eq!(found, [Item::Datagram(given); 2]);
                // File header 24, packet header 16, Ethernet 14.
                let packet = &bytes[54..54 + 28 + payload.len() + if v4 { 0 } else { 20 }];
                let (addresses, udp) = if v4 {
                    (&packet[12..20], &packet[20..])
                } else {
                    (&packet[8..40], &packet[40..])
                };
                if v4 {
                    assert_eq!(sum(&packet[..20]), 0xffff);
                }
                let len = u16::try_from(udp.len()).unwrap();
                let pseudo = [addresses, &[0, 17], &len.to_be_bytes(), udp].concat();
                assert_eq!(sum(&pseudo), 0xffff, "v4 {v4}, {} bytes", payload.len());
            }
        }
    }

    #[test]
    fn what_the_format_cannot_hold_is_refused_or_clamped() {
        let mut writer = Writer::new(Vec::new()).unwrap();
        let error = writer.write(&datagram(true, 0, &vec![0; 65_508])).unwrap_err();
        assert_eq!(error.exit(), Exit::Damaged);
        writer.write(&datagram(true, u64::MAX, b"x")).unwrap();
        let bytes = writer.into_inner();
        let Some(Ok(Item::Datagram(found))) = Capture::new(&bytes).unwrap().next() else {
            panic!("no datagram");
        };
        assert_eq!(found.rx_ns / 1_000_000_000, u64::from(u32::MAX));
    }

    #[test]
    fn a_full_disk_is_status_5() {
        let mut room = [0u8; 24];
        let mut writer = Writer::new(&mut room[..]).unwrap();
        assert_eq!(writer.write(&datagram(true, 0, b"x")).unwrap_err().exit(), Exit::Os);
    }
}
