//! Captures made here in every format, byte order and link type, read back whole and cut.

#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests may panic; the code they test may not"
)]

use super::{Capture, Datagram, Format, Item, Reader, Skip};
use crate::error::{Exit, Result};
use std::net::{Ipv4Addr, Ipv6Addr};

const V4: ([u8; 4], [u8; 4]) = ([10, 0, 0, 1], [10, 0, 0, 2]);
const V6: (u16, u16) = (0x11, 0x22);

/// UDP from port 8001 to port 8002.
fn udp(payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(8 + payload.len()).unwrap();
    let header = [8001u16, 8002, len, 0];
    header.iter().flat_map(|n| n.to_be_bytes()).chain(payload.iter().copied()).collect()
}

fn ipv4(protocol: u8, flags: u16, carried: &[u8]) -> Vec<u8> {
    let len = u16::try_from(20 + carried.len()).unwrap().to_be_bytes();
    let [high, low] = flags.to_be_bytes();
    let mut packet = vec![0x45, 0, len[0], len[1], 0, 1, high, low, 64, protocol, 0, 0];
    packet.extend(V4.0);
    packet.extend(V4.1);
    packet.extend(carried);
    packet
}

fn ipv6(next: u8, carried: &[u8]) -> Vec<u8> {
    let len = u16::try_from(carried.len()).unwrap().to_be_bytes();
    let mut packet = vec![0x60, 0, 0, 0, len[0], len[1], next, 64];
    for end in [V6.0, V6.1] {
        packet.extend(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, end).octets());
    }
    packet.extend(carried);
    packet
}

fn ethernet(tags: &[u16], kind: u16, packet: &[u8]) -> Vec<u8> {
    let mut frame = vec![0xee; 12];
    for tag in tags {
        frame.extend(tag.to_be_bytes());
        frame.extend([0, 7]);
    }
    frame.extend(kind.to_be_bytes());
    frame.extend(packet);
    frame
}

/// `packet` behind every link layer that can carry it.
fn linked(packet: &[u8]) -> Vec<(u32, Vec<u8>)> {
    let v4 = packet[0] >> 4 == 4;
    let kind: u16 = if v4 { 0x0800 } else { 0x86dd };
    let behind = |header: &[u8]| [header, packet].concat();
    let [high, low] = kind.to_be_bytes();
    let mut cooked = [0; 16];
    (cooked[14], cooked[15]) = (high, low);
    let mut cooked2 = [0; 20];
    (cooked2[0], cooked2[1]) = (high, low);
    let families: &[u8] = if v4 { &[2] } else { &[10, 24, 28, 30] };
    let mut all = vec![
        (1, ethernet(&[], kind, packet)),
        (1, ethernet(&[0x8100], kind, packet)),
        (1, ethernet(&[0x88a8, 0x8100], kind, packet)),
        (1, ethernet(&[0x9100, 0x9200, 0x88a8, 0x8100, 0x8100], kind, packet)),
        // Padding to the shortest Ethernet frame is no payload.
        (1, [ethernet(&[], kind, packet), vec![0xaa; 30]].concat()),
        (12, packet.to_vec()),
        (14, packet.to_vec()),
        (101, packet.to_vec()),
        (if v4 { 228 } else { 229 }, packet.to_vec()),
        (113, behind(&cooked)),
        (276, behind(&cooked2)),
    ];
    for family in families {
        all.push((0, behind(&[*family, 0, 0, 0])));
        all.push((0, behind(&[0, 0, 0, *family])));
        all.push((108, behind(&[0, 0, 0, *family])));
    }
    all
}

/// A growing file of one byte order.
struct File {
    big: bool,
    bytes: Vec<u8>,
}

impl File {
    fn u16(&mut self, n: u16) -> &mut Self {
        self.bytes.extend(if self.big { n.to_be_bytes() } else { n.to_le_bytes() });
        self
    }

    fn u32(&mut self, n: u32) -> &mut Self {
        self.bytes.extend(if self.big { n.to_be_bytes() } else { n.to_le_bytes() });
        self
    }

    fn pcap(big: bool, nano: bool, link: u32) -> Self {
        let mut file = Self { big, bytes: Vec::new() };
        file.u32(if nano { 0xa1b2_3c4d } else { 0xa1b2_c3d4 });
        file.u16(2).u16(4).u32(0).u32(0).u32(65_535).u32(link);
        file
    }

    fn packet(&mut self, seconds: u32, fraction: u32, kept: &[u8], wire_len: usize) -> &mut Self {
        self.u32(seconds).u32(fraction);
        self.u32(u32::try_from(kept.len()).unwrap()).u32(u32::try_from(wire_len).unwrap());
        self.bytes.extend(kept);
        self
    }

    /// A pcapng without interfaces.
    fn pcapng(big: bool) -> Self {
        let mut file = Self { big, bytes: Vec::new() };
        file.section();
        file
    }

    fn section(&mut self) -> &mut Self {
        let mut body = Self { big: self.big, bytes: Vec::new() };
        body.u32(0x1a2b_3c4d).u16(1).u16(0).u32(u32::MAX).u32(u32::MAX);
        self.block(0x0a0d_0d0a, &body.bytes)
    }

    fn block(&mut self, kind: u32, body: &[u8]) -> &mut Self {
        let padded = body.len().next_multiple_of(4);
        let len = u32::try_from(12 + padded).unwrap();
        self.u32(kind).u32(len);
        self.bytes.extend(body);
        self.bytes.resize(self.bytes.len() + padded - body.len(), 0);
        self.u32(len)
    }

    /// An interface with options (code, value), which end without a mark.
    fn interface(&mut self, link: u32, snap_len: u32, options: &[(u16, &[u8])]) -> &mut Self {
        let mut body = Self { big: self.big, bytes: Vec::new() };
        body.u16(u16::try_from(link).unwrap()).u16(0).u32(snap_len);
        for (code, value) in options {
            body.u16(*code).u16(u16::try_from(value.len()).unwrap());
            body.bytes.extend(*value);
            body.bytes.resize(body.bytes.len().next_multiple_of(4), 0);
        }
        self.block(1, &body.bytes)
    }

    fn enhanced(&mut self, interface: u32, ticks: u64, kept: &[u8]) -> &mut Self {
        let mut body = Self { big: self.big, bytes: Vec::new() };
        let len = u32::try_from(kept.len()).unwrap();
        body.u32(interface).u32(u32::try_from(ticks >> 32).unwrap());
        body.u32(u32::try_from(ticks & 0xffff_ffff).unwrap()).u32(len).u32(len);
        body.bytes.extend(kept);
        self.block(6, &body.bytes)
    }

    fn simple(&mut self, wire_len: u32, kept: &[u8]) -> &mut Self {
        let mut body = Self { big: self.big, bytes: Vec::new() };
        body.u32(wire_len);
        body.bytes.extend(kept);
        self.block(3, &body.bytes)
    }
}

/// Every item, owned, and the error that ended the capture, from both drivers, which must agree.
fn read(bytes: &[u8]) -> (Vec<Found>, Option<(Exit, String)>) {
    let mut found = Vec::new();
    let mut fault = None;
    match Capture::new(bytes) {
        Ok(capture) => {
            for item in capture {
                match item {
                    Ok(item) => found.push(Found::of(item)),
                    Err(e) => fault = Some((e.exit(), e.to_string())),
                }
            }
        }
        Err(e) => fault = Some((e.exit(), e.to_string())),
    }
    // A pipe that gives 7 bytes at a time.
    let mut reader = Reader::new(Dribble(bytes));
    let mut piped = Vec::new();
    let end = loop {
        match reader.next_item() {
            Ok(Some(item)) => piped.push(Found::of(item)),
            Ok(None) => break None,
            Err(e) => break Some((e.exit(), e.to_string())),
        }
    };
    assert!(matches!(reader.next_item(), Ok(None)));
    assert_eq!((&piped, &end), (&found, &fault));
    (found, fault)
}

struct Dribble<'a>(&'a [u8]);

impl std::io::Read for Dribble<'_> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let count = to.len().min(7);
        std::io::Read::read(&mut self.0, &mut to[..count])
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Found {
    Udp {
        rx_ns: u64,
        source: [u8; 16],
        ports: (u16, u16),
        payload: Vec<u8>,
        truncated: bool,
        interface: u16,
    },
    Skipped(Skip),
}

impl Found {
    fn of(item: Item<'_>) -> Self {
        match item {
            Item::Datagram(d) => {
                let Datagram { rx_ns, source, truncated, interface, .. } = d;
                let (ports, payload) = ((d.source_port, d.target_port), d.payload.to_vec());
                Self::Udp { rx_ns, source, ports, payload, truncated, interface }
            }
            Item::Skipped(skip) => Self::Skipped(skip),
        }
    }

    fn v4(rx_ns: u64, payload: &[u8]) -> Self {
        let source = Ipv4Addr::from(V4.0).to_ipv6_mapped().octets();
        let (ports, payload) = ((8001, 8002), payload.to_vec());
        Self::Udp { rx_ns, source, ports, payload, truncated: false, interface: 0 }
    }

    fn v6(rx_ns: u64, payload: &[u8]) -> Self {
        let source = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, V6.0).octets();
        let (ports, payload) = ((8001, 8002), payload.to_vec());
        Self::Udp { rx_ns, source, ports, payload, truncated: false, interface: 0 }
    }

    fn on(mut self, on: u16) -> Self {
        if let Self::Udp { interface, .. } = &mut self {
            *interface = on;
        }
        self
    }

    fn truncated(mut self) -> Self {
        if let Self::Udp { truncated, .. } = &mut self {
            *truncated = true;
        }
        self
    }
}

/// What one raw IP packet becomes.
fn raw(packet: &[u8]) -> Found {
    let mut file = File::pcap(false, true, 101);
    let (found, fault) = read(&file.packet(0, 5, packet, packet.len()).bytes);
    assert_eq!((found.len(), fault), (1, None));
    found[0].clone()
}

#[test]
fn every_link_type_in_every_format_and_byte_order() {
    let v4 = linked(&ipv4(17, 0x4000, &udp(b"four")));
    let v6 = linked(&ipv6(17, &udp(b"six")));
    let all = v4.iter().map(|l| (l, true)).chain(v6.iter().map(|l| (l, false)));
    for ((link, frame), is_v4) in all {
        let expect = |ns| if is_v4 { Found::v4(ns, b"four") } else { Found::v6(ns, b"six") };
        for big in [false, true] {
            for (nano, ns) in [(false, 3_000_999_000), (true, 3_000_000_999)] {
                let mut file = File::pcap(big, nano, *link);
                file.packet(3, 999, frame, frame.len());
                assert_eq!(Format::detect(&file.bytes), Some(Format::Pcap));
                assert_eq!(read(&file.bytes), (vec![expect(ns)], None), "{link} {big} {nano}");
            }
            let mut file = File::pcapng(big);
            file.interface(*link, 0, &[(9, &[9])]);
            file.enhanced(0, 3_000_000_999, frame);
            file.simple(u32::try_from(frame.len()).unwrap(), frame);
            assert_eq!(Format::detect(&file.bytes), Some(Format::PcapNg));
            let both = vec![expect(3_000_000_999), expect(0)];
            assert_eq!(read(&file.bytes), (both, None), "{link} {big}");
        }
    }
}

#[test]
fn cut_at_every_byte_gives_what_came_before_and_says_where() {
    let frame = ethernet(&[0x8100], 0x0800, &ipv4(17, 0, &udp(b"payload")));
    for big in [false, true] {
        let mut classic = File::pcap(big, true, 1);
        let mut ends = vec![(classic.bytes.len(), 0)];
        for count in 1..=3 {
            classic.packet(0, count, &frame, frame.len());
            ends.push((classic.bytes.len(), count as usize));
        }
        let mut next = File::pcapng(big);
        let mut next_ends = vec![(next.bytes.len(), 0)];
        next.interface(1, 0, &[(9, &[9])]);
        next_ends.push((next.bytes.len(), 0));
        for count in 1..=3 {
            next.enhanced(0, count, &frame);
            next_ends.push((next.bytes.len(), usize::try_from(count).unwrap()));
        }
        for (bytes, ends) in [(&classic.bytes, &ends), (&next.bytes, &next_ends)] {
            for len in 0..=bytes.len() {
                let (found, fault) = read(&bytes[..len]);
                let expect: Vec<Found> =
                    (1..=found.len() as u64).map(|count| Found::v4(count, b"payload")).collect();
                assert_eq!(found, expect, "cut to {len}");
                let before = ends.iter().rev().find(|(end, _)| *end <= len);
                assert_eq!(found.len(), before.map_or(0, |(_, count)| *count), "cut to {len}");
                match before {
                    _ if len == 0 => assert_eq!(fault.unwrap().0, Exit::Foreign),
                    Some((end, _)) if *end == len => assert_eq!(fault, None),
                    _ => {
                        let (exit, text) = fault.unwrap();
                        assert_eq!(exit, Exit::Damaged, "cut to {len}");
                        let at = before.map_or(0, |(end, _)| *end);
                        assert!(text.starts_with(&format!("byte {at}: ")), "{len}: {text}");
                    }
                }
            }
        }
    }
}

#[test]
fn packets_that_are_no_datagram_are_named() {
    let body = udp(b"abc");
    assert_eq!(raw(&ipv4(17, 0, &body)), Found::v4(5, b"abc"));
    assert_eq!(raw(&ipv4(6, 0, &body)), Found::Skipped(Skip::NotUdp));
    // More fragments; a later fragment; a later one that is too short for a UDP header.
    for (flags, carried) in [(0x2000, &body[..]), (0x0001, &body[..]), (0x0001, b"xy")] {
        assert_eq!(raw(&ipv4(17, flags, carried)), Found::Skipped(Skip::Fragment));
    }
    let fragment = |bits| [&[17, 0, 0, bits, 0, 0, 0, 1][..], &body].concat();
    assert_eq!(raw(&ipv6(44, &fragment(1))), Found::Skipped(Skip::Fragment));
    // RFC 6946: an atomic fragment is a whole packet.
    assert_eq!(raw(&ipv6(44, &fragment(0))), Found::v6(5, b"abc"));
    // Hop-by-hop, routing and destination options before UDP.
    let options =
        [&[43, 0, 1, 4, 0, 0, 0, 0, 60, 0, 0, 0, 0, 0, 0, 0, 17, 0, 1, 4, 0, 0, 0, 0][..], &body]
            .concat();
    assert_eq!(raw(&ipv6(0, &options)), Found::v6(5, b"abc"));
    assert_eq!(raw(&ipv6(58, &body)), Found::Skipped(Skip::NotUdp));
    assert_eq!(raw(&[0x50; 40]), Found::Skipped(Skip::NotIp));
    let mut short_header = ipv4(17, 0, &body);
    short_header[0] = 0x44;
    assert_eq!(raw(&short_header), Found::Skipped(Skip::BadIp));
    for len in [1, 7, 12, 60_000u16] {
        let mut lies = body.clone();
        lies[4..6].copy_from_slice(&len.to_be_bytes());
        assert_eq!(raw(&ipv4(17, 0, &lies)), Found::Skipped(Skip::BadUdpLength), "{len}");
    }
    assert_eq!(raw(&ipv4(17, 0, &body[..5])), Found::Skipped(Skip::BadUdpLength));
    // Bytes of the IP packet behind the UDP length are no payload; a UDP length of 0 is all of it.
    assert_eq!(raw(&ipv4(17, 0, &[&body[..], b"tail"].concat())), Found::v4(5, b"abc"));
    let mut unset = body.clone();
    unset[4..6].copy_from_slice(&[0, 0]);
    assert_eq!(raw(&ipv4(17, 0, &unset)), Found::v4(5, b"abc"));
}

#[test]
fn links_that_carry_no_ip_are_named() {
    let arp = ethernet(&[], 0x0806, &[0; 28]);
    let lies = ethernet(&[], 0x0800, &ipv6(17, &udp(b"")));
    let cases: [(u32, &[u8], Skip); 9] = [
        (1, &arp, Skip::NotIp),
        (1, &lies, Skip::BadIp),
        (1, &arp[..13], Skip::CutHeader),
        (0, &[7, 0, 0, 0, 0x45], Skip::NotIp),
        (0, &[2, 0, 0], Skip::CutHeader),
        (228, &[0x60], Skip::NotIp),
        (229, &[0x45], Skip::NotIp),
        (101, &[], Skip::CutHeader),
        (147, &arp, Skip::UnknownLinkType),
    ];
    for (link, frame, skip) in cases {
        let mut file = File::pcap(false, true, link);
        file.packet(0, 0, frame, frame.len());
        assert_eq!(read(&file.bytes), (vec![Found::Skipped(skip)], None), "{link}");
    }
    assert_eq!(Skip::COUNT, Skip::BadUdpLength as usize + 1);
    assert_eq!(Skip::CutHeader.name(), "cut_header");
}

#[test]
fn a_snap_length_gives_truncated_datagrams_or_a_cut_header() {
    for (packet, headers_len) in
        [(ipv4(17, 0, &udp(b"0123456789")), 28), (ipv6(17, &udp(b"0123456789")), 48)]
    {
        let whole = raw(&packet);
        for kept in 0..packet.len() {
            let mut file = File::pcap(true, false, 101);
            let (found, fault) = read(&file.packet(0, 0, &packet[..kept], packet.len()).bytes);
            assert_eq!(fault, None);
            let expect = match (&whole, kept.checked_sub(headers_len)) {
                (_, None) => Found::Skipped(Skip::CutHeader),
                (Found::Udp { source, payload, .. }, Some(kept)) => Found::Udp {
                    rx_ns: 0,
                    source: *source,
                    ports: (8001, 8002),
                    payload: payload[..kept].to_vec(),
                    truncated: true,
                    interface: 0,
                },
                (Found::Skipped(skip), _) => panic!("{skip:?}"),
            };
            assert_eq!(found, [expect], "kept {kept}");
        }
    }
}

#[test]
fn pcapng_keeps_interfaces_clocks_and_sections_apart() {
    let frame = ipv4(17, 0, &udp(b"x"));
    let tagged = ethernet(&[], 0x0800, &frame);
    let mut file = File::pcapng(true);
    // Microseconds by default; then milliseconds two hours east, with a comment that is no UTF-8
    // and a time zone before it; then an interface that is too short to describe anything.
    file.interface(101, 0, &[]);
    let offset = (-7200i64).to_be_bytes();
    file.interface(1, 21, &[(1, &[0xff]), (10, &[0; 4]), (9, &[3]), (14, &offset), (0, &[])]);
    file.block(1, &[0, 1]);
    file.enhanced(0, 1_500_000, &frame);
    file.enhanced(1, 7_200_001, &tagged);
    file.enhanced(2, 1, &frame);
    file.enhanced(3, 1, &frame);
    file.block(6, &[0; 8]);
    file.block(0x0bad, b"custom block");
    // The obsolete packet block: interface 1 and 3 drops.
    let mut old = File { big: true, bytes: Vec::new() };
    let len = u32::try_from(tagged.len()).unwrap();
    old.u16(1).u16(3).u32(0).u32(7_200_002).u32(len).u32(len);
    old.bytes.extend(&tagged);
    file.block(2, &old.bytes);
    // A second section in the other byte order numbers its interfaces anew. The snap length cuts
    // the simple packet.
    file.big = false;
    file.section().enhanced(0, 1, &frame);
    file.interface(101, 28, &[]).simple(29, &frame[..28]);
    let (found, fault) = read(&file.bytes);
    assert_eq!(fault, None);
    assert_eq!(
        found,
        [
            Found::v4(1_500_000_000, b"x"),
            Found::v4(1_000_000, b"x").on(1),
            Found::Skipped(Skip::UnknownInterface),
            Found::Skipped(Skip::UnknownInterface),
            Found::Skipped(Skip::BadBlock),
            Found::v4(2_000_000, b"x").on(1),
            Found::Skipped(Skip::UnknownInterface),
            Found::v4(0, b"").truncated(),
        ]
    );
}

#[test]
fn damage_and_foreign_files_are_told_apart() {
    let fault = |bytes: &[u8]| read(bytes).1.unwrap();
    let mut length = File::pcap(false, true, 101);
    length.u32(0).u32(0).u32(300_000).u32(300_000).bytes.resize(300_040, 0);
    assert_eq!(
        fault(&length.bytes),
        (Exit::Damaged, "byte 24: packet of more than 262144 bytes".to_owned())
    );
    let mut block = File::pcapng(false);
    block.u32(6).u32(32).bytes.resize(60, 0);
    assert_eq!(
        fault(&block.bytes),
        (Exit::Damaged, "byte 28: block of 32 bytes ends as one of 0".to_owned())
    );
    for len in [0, 8, 13, 1 << 30] {
        let mut block = File::pcapng(false);
        block.u32(6).u32(len).u32(0);
        let text = format!("byte 28: block of {len} bytes");
        assert_eq!(fault(&block.bytes), (Exit::Damaged, text));
    }
    let mut version = File::pcap(false, true, 101);
    version.bytes[4] = 9;
    let text = "byte 0: pcap of version 9.4; this tool reads version 2".to_owned();
    assert_eq!(fault(&version.bytes), (Exit::Foreign, text));
    for foreign in [&b""[..], b"MEVREC01", b"\x0a\x0d\x0d\x0a\x1c\0\0\0nope", &[0x1f, 0x8b, 8]] {
        assert_eq!(fault(foreign).0, Exit::Foreign, "{foreign:?}");
        assert_eq!(Format::detect(foreign), None);
    }
}

#[test]
fn longest_packet_passes_through_both_drivers() {
    let mut long = File::pcap(false, true, 101);
    long.packet(0, 0, &vec![0x45; 262_144], 262_144);
    let packet = ipv4(17, 0, &udp(b"after"));
    long.packet(0, 9, &packet, packet.len());
    let (found, fault) = read(&long.bytes);
    assert_eq!((&found[1..], fault), (&[Found::v4(9, b"after")][..], None));
}

#[test]
fn files_of_an_independent_writer_read_back() {
    use pcap_file::pcap::{PcapPacket, PcapWriter};
    use pcap_file::pcapng::PcapNgWriter;
    use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
    use pcap_file::pcapng::blocks::interface_description::{
        InterfaceDescriptionBlock, InterfaceDescriptionOption,
    };
    use pcap_file::{DataLink, Endianness};
    use std::time::Duration;

    let frame = ethernet(&[0x88a8, 0x8100], 0x86dd, &ipv6(17, &udp(b"independent")));
    let len = u32::try_from(frame.len()).unwrap();
    let stamp = Duration::new(1_700_000_000, 123_456_000);
    let expect = vec![Found::v6(1_700_000_000_123_456_000, b"independent"); 2];

    let mut writer = PcapWriter::new(Vec::new()).unwrap();
    for _ in 0..2 {
        writer.write_packet(&PcapPacket::new(stamp, len, &frame)).unwrap();
    }
    assert_eq!(read(&writer.into_writer()), (expect.clone(), None));

    for order in [Endianness::Big, Endianness::Little] {
        let mut writer = PcapNgWriter::with_endianness(Vec::new(), order).unwrap();
        let mut interface = InterfaceDescriptionBlock::new(DataLink::ETHERNET, 0);
        interface.options = vec![
            InterfaceDescriptionOption::IfName("eth0".into()),
            InterfaceDescriptionOption::IfTsResol(9),
        ];
        writer.write_pcapng_block(interface).unwrap();
        for _ in 0..2 {
            let packet = EnhancedPacketBlock {
                interface_id: 0,
                timestamp: stamp,
                original_len: len,
                data: frame.as_slice().into(),
                options: vec![EnhancedPacketOption::Comment("odd".into())],
            };
            writer.write_pcapng_block(packet).unwrap();
        }
        assert_eq!(read(writer.get_ref()), (expect.clone(), None));
    }
}

#[test]
fn real_captures_hold_the_packets_their_oracles_count() -> Result<()> {
    let shared = std::env::var_os("MEV_SHARED").map_or_else(
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        std::path::PathBuf::from,
    );
    let folder = shared.join("data/shreds");
    if !folder.is_dir() {
        println!("skipped: no {}", folder.display());
        return Ok(());
    }
    for (name, count, payload_len) in [
        ("mainnet-102815960.pcap", 2047, 2047 * 1228),
        ("mainnet-2024-merkle.pcap", 99, 0),
        ("mainnet-284737905-recovery.pcap", 11, 0),
        ("slot-410010000-fec0.pcap", 59, 0),
        ("demo-shreds.pcap", 512, 0),
    ] {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        let (mut found, mut total, mut last_ns) = (0, 0, 0);
        for item in Capture::new(&bytes)? {
            let Item::Datagram(datagram) = item? else { panic!("{name}: skipped a packet") };
            assert!(!datagram.truncated && datagram.rx_ns >= last_ns, "{name}");
            (found, total, last_ns) = (found + 1, total + datagram.payload.len(), datagram.rx_ns);
        }
        assert_eq!(found, count, "{name}");
        if payload_len != 0 {
            assert_eq!(total, payload_len, "{name}");
        }
    }
    Ok(())
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config {
        cases: 512,
        failure_persistence: None,
        ..Default::default()
    })]

    /// Whatever the bytes, both drivers agree, end, and end with no more than one error.
    #[test]
    fn hostile_bytes_never_panic(
        big in proptest::bool::ANY,
        next in proptest::bool::ANY,
        link in proptest::sample::select(vec![0u32, 1, 101, 108, 113, 228, 229, 276]),
        body in proptest::collection::vec(proptest::num::u8::ANY, 0..400),
        flips in proptest::collection::vec((0usize..400, proptest::num::u8::ANY), 0..8),
    ) {
        let mut file = if next { File::pcapng(big) } else { File::pcap(big, true, link) };
        if next {
            file.interface(link, 0, &[(9, &[9]), (14, &[0; 8])]).enhanced(0, 1, &body);
        } else {
            file.packet(0, 0, &body, body.len());
        }
        for (at, bits) in flips {
            if let Some(byte) = file.bytes.get_mut(at) {
                *byte ^= bits;
            }
        }
        let _ = read(&file.bytes);
    }
}
