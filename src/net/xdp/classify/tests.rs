//! The program against a model of it over the user-space decoder, run by the kernel.

use super::super::super::pcap::{Skip, ethernet};
use super::super::bpf::{Map, Program, verdict};
use super::*;
use std::net::Ipv6Addr;

/// A generator of numbers (SplitMix64).
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn one_in(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[usize::try_from(self.below(list.len() as u64)).unwrap()]
    }

    fn len(&mut self, bound: u64) -> usize {
        usize::try_from(self.below(bound)).unwrap()
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next().to_le_bytes()[0]).collect()
    }

    /// A frame that is mostly well-formed.
    fn frame(&mut self) -> Vec<u8> {
        let v6 = self.one_in(4);
        let packet = if v6 { self.ipv6() } else { self.ipv4(true) };
        let mut frame = self.bytes(12);
        for _ in 0..self.pick(&[0, 0, 0, 1, 1, 2, 2, 3]) {
            frame.extend(self.pick(&[0x8100u16, 0x88a8, 0x9100, 0x9200]).to_be_bytes());
            frame.extend(self.bytes(2));
        }
        let kind = if v6 { 0x86dd } else { 0x0800u16 };
        let kind = if self.one_in(40) { self.pick(&[0x0806, 0x86dd, 0x0800, 60]) } else { kind };
        frame.extend(kind.to_be_bytes());
        frame.extend(packet);
        let trailer_len = self.pick(&[0, 0, 4, 18]);
        frame.extend(self.bytes(trailer_len));
        frame
    }

    fn ipv4(&mut self, outer: bool) -> Vec<u8> {
        let (protocol, carried) = match self.below(8) {
            0 | 1 if outer => (47, self.gre()),
            2 if self.one_in(3) => (self.pick(&[1, 6, 51, 4]), self.bytes(24)),
            _ => (17, self.udp()),
        };
        let options_len = self.pick(&[0, 0, 0, 4, 8, 40]);
        let header_len = 20 + options_len;
        let mut total = header_len + carried.len();
        if self.one_in(16) {
            total = self.len(total as u64 + 8);
        }
        let mut packet = vec![0x40 | u8::try_from(header_len / 4).unwrap(), 0];
        packet.extend(u16::try_from(total).unwrap().to_be_bytes());
        packet.extend(self.bytes(2));
        let fragment = if self.one_in(10) { self.pick(&[0x2000u16, 1, 0x1fff, 0x2005]) } else { 0 };
        packet.extend((fragment | self.pick(&[0, 0x4000, 0x8000])).to_be_bytes());
        packet.extend([64, protocol, 0, 0]);
        packet.extend(self.bytes(4));
        packet.extend(self.pick(&[[10, 0, 0, 1], [10, 0, 0, 2], [10, 0, 1, 1]]));
        packet.extend(self.bytes(options_len));
        packet.extend(carried);
        packet
    }

    fn gre(&mut self) -> Vec<u8> {
        let mut flags = self.pick(&[0u16, 0x2000, 0x1000, 0x8000, 0x3000, 0xa000, 0xb000]);
        let optional = flags.count_ones() as usize * 4;
        if self.one_in(8) {
            flags |= self.pick(&[0x4000, 0x0800, 1, 0x80]);
        }
        let mut bytes = flags.to_be_bytes().to_vec();
        let kind = if self.one_in(8) { self.pick(&[0x86dd, 0x6558]) } else { 0x0800u16 };
        bytes.extend(kind.to_be_bytes());
        bytes.extend(self.bytes(optional));
        bytes.extend(self.ipv4(false));
        bytes
    }

    fn ipv6(&mut self) -> Vec<u8> {
        let carried = self.udp();
        let next = if self.one_in(5) { self.pick(&[0, 44, 43, 60, 6, 58, 51]) } else { 17 };
        let mut len = carried.len();
        if self.one_in(12) {
            len = self.len(len as u64 + 4);
        }
        let mut packet = vec![0x60, 0, 0, 0];
        packet.extend(u16::try_from(len).unwrap().to_be_bytes());
        packet.extend([next, 64]);
        packet.extend(self.bytes(16));
        packet.extend(self.pick(&[HERE, THERE]).octets());
        packet.extend(carried);
        packet
    }

    fn udp(&mut self) -> Vec<u8> {
        let payload_len = self.len(40);
        let mut length = 8 + payload_len;
        if self.one_in(12) {
            length = self.len(length as u64 + 4);
        }
        let mut bytes = self.bytes(2);
        bytes.extend(self.pick(&[8001u16, 8001, 8002, 65535, 9]).to_be_bytes());
        bytes.extend(u16::try_from(length).unwrap().to_be_bytes());
        bytes.extend(self.bytes(2));
        bytes.extend(self.bytes(payload_len));
        bytes
    }
}

const HERE: Ipv6Addr = Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, 1);
const THERE: Ipv6Addr = Ipv6Addr::new(0xfd77, 0, 0, 1, 0, 0, 0, 1);

/// What the decoder refuses is refused under these names: where a frame has several faults, either.
fn agrees(skip: Skip, reason: Reason) -> bool {
    let allowed: &[Reason] = match skip {
        Skip::NotIp => &[Reason::NotIp],
        Skip::BadIp => &[Reason::CutHeader, Reason::NotUdp, Reason::Extension, Reason::Fragment],
        Skip::NotUdp => &[Reason::NotUdp, Reason::OtherGre, Reason::Extension, Reason::CutHeader],
        Skip::Fragment => &[Reason::Fragment, Reason::CutHeader, Reason::Extension],
        Skip::CutHeader => {
            &[Reason::CutHeader, Reason::Extension, Reason::NotUdp, Reason::Fragment]
        }
        Skip::BadUdpLength => &[Reason::BadUdpLength, Reason::CutHeader, Reason::Extension],
        Skip::UnknownLinkType | Skip::UnknownInterface | Skip::BadBlock => &[],
    };
    // What has no length is refused before anything in it is looked at.
    allowed.contains(&reason) || reason == Reason::BadIp || reason == Reason::ManyTags
}

/// What only the program refuses of what the decoder reads: read here from the bytes.
fn refused(frame: &[u8]) -> Option<Reason> {
    let be16 = |at: usize| u16::from_be_bytes([frame[at], frame[at + 1]]);
    let mut at = 12;
    while [0x8100, 0x88a8, 0x9100, 0x9200].contains(&be16(at)) {
        at += 4;
    }
    if at > 12 + 2 * 4 {
        return Some(Reason::ManyTags);
    }
    let ip = at + 2;
    if be16(at) == 0x86dd {
        return match frame[ip + 6] {
            _ if be16(ip + 4) == 0 => Some(Reason::BadIp),
            _ if ip + 40 + usize::from(be16(ip + 4)) > frame.len() => Some(Reason::CutHeader),
            17 => None,
            44 => Some(Reason::Fragment),
            _ => Some(Reason::Extension),
        };
    }
    let (mut ip, mut end) = (ip, frame.len());
    loop {
        let header_len = usize::from(frame[ip] & 15) * 4;
        if usize::from(be16(ip + 2)) < header_len {
            return Some(Reason::BadIp);
        }
        // The decoder gives the datagram of a cut packet if it is whole itself.
        if ip + usize::from(be16(ip + 2)) > end {
            return Some(Reason::CutHeader);
        }
        end = ip + usize::from(be16(ip + 2));
        match frame[ip + 9] {
            17 => return None,
            47 => {
                let gre = ip + header_len;
                ip = gre + 4 + 4 * (be16(gre) & 0xb000).count_ones() as usize;
            }
            _ => return Some(Reason::NotUdp),
        }
    }
}

/// The verdict on `frame`, or the fault that the decoder finds.
fn model(filter: &Filter, frame: &[u8]) -> Result<Reason, Skip> {
    let datagram = ethernet(0, 0, frame)?;
    let target = Ipv6Addr::from(datagram.target);
    let target = target.to_ipv4_mapped().map_or(IpAddr::V6(target), IpAddr::V4);
    Ok(match refused(frame) {
        Some(reason) => reason,
        None if datagram.truncated => Reason::CutHeader,
        None if !filter.ports.is_empty() && !filter.ports.contains(&datagram.target_port) => {
            Reason::OtherPort
        }
        None if !filter.addresses.is_empty() && !filter.addresses.contains(&target) => {
            Reason::OtherAddress
        }
        // Nothing listens here.
        None => Reason::NoRoom,
    })
}

struct Bench {
    filter: Filter,
    program: Program,
    counters: Map,
    seen: [u64; Reason::COUNT],
    _sockets: Map,
}

impl Bench {
    fn new(filter: Filter, stamp: bool) -> Self {
        let counters = Map::counters(u32::try_from(Reason::COUNT).unwrap()).unwrap();
        let sockets = Map::sockets(1).unwrap();
        let action = Action::Redirect { sockets: sockets.fd(), stamp, nic: None };
        let insns = program(&filter, action, counters.fd()).unwrap();
        let program = Program::load("mev_test", &insns).unwrap();
        Self { filter, program, counters, seen: [0; Reason::COUNT], _sockets: sockets }
    }

    /// Runs `frame` and gives the one reason under which it was counted.
    fn run(&mut self, frame: &[u8]) -> Reason {
        assert_eq!(self.program.test(frame).unwrap(), verdict::PASS);
        let before = self.seen;
        for reason in Reason::ALL {
            self.seen[reason as usize] = self.counters.counted(reason as u32).unwrap();
        }
        let moved: Vec<_> = Reason::ALL
            .into_iter()
            .filter(|reason| self.seen[*reason as usize] != before[*reason as usize])
            .collect();
        assert_eq!(moved.len(), 1, "{moved:?}: {frame:02x?}");
        moved[0]
    }

    fn check(&mut self, frame: &[u8]) -> Reason {
        let reason = self.run(frame);
        match model(&self.filter, frame) {
            Ok(expect) => assert_eq!(reason, expect, "{frame:02x?}"),
            Err(skip) => assert!(agrees(skip, reason), "{skip:?} {reason:?}: {frame:02x?}"),
        }
        reason
    }
}

/// Whether programs may be loaded; said aloud where not.
fn permitted() -> bool {
    match Map::counters(1) {
        Ok(_) => true,
        Err(error) => {
            eprintln!("skipped: bpf(2): {error}");
            false
        }
    }
}

#[test]
fn the_kernel_takes_what_the_decoder_reads() {
    if !permitted() {
        return;
    }
    let filters = [
        Filter::default(),
        Filter { ports: vec![8001, 65535], addresses: vec![] },
        Filter {
            ports: vec![8001],
            addresses: vec![[10, 0, 0, 1].into(), HERE.into(), [10, 0, 1, 1].into()],
        },
        Filter {
            ports: (7990..8006).collect(),
            addresses: (0..16).map(|n| [10, 0, 0, n].into()).collect(),
        },
    ];
    let mut seen = [0u64; Reason::COUNT];
    let mut draw = Draw(7);
    for (number, filter) in filters.into_iter().enumerate() {
        let mut bench = Bench::new(filter, number % 2 == 1);
        for _ in 0..10_000 {
            let mut frame = draw.frame();
            if draw.one_in(3) {
                for _ in 0..=draw.below(2) {
                    let at = draw.len(frame.len() as u64 - 12) + 12;
                    frame[at] = draw.bytes(1)[0];
                }
            }
            if draw.one_in(4) {
                frame.truncate(14 + draw.len(frame.len() as u64 - 13));
            }
            seen[bench.check(&frame) as usize] += 1;
        }
    }
    let never: Vec<_> = Reason::ALL.into_iter().filter(|r| seen[*r as usize] == 0).collect();
    assert_eq!(never, [Reason::Taken], "{seen:?}");
}

#[test]
fn a_frame_cut_anywhere_is_judged_as_the_decoder_does() {
    if !permitted() {
        return;
    }
    let mut bench = Bench::new(Filter::default(), false);
    let mut draw = Draw(8);
    for _ in 0..60 {
        let frame = draw.frame();
        for len in 14..=frame.len() {
            bench.check(&frame[..len]);
        }
    }
}

#[test]
fn every_form_passes_the_verifier() {
    if !permitted() {
        return;
    }
    let full = Filter {
        ports: (1..=16).collect(),
        addresses: (0..16)
            .map(|n| if n % 2 == 0 { [10, 0, 0, n].into() } else { HERE.into() })
            .collect(),
    };
    let ring = Map::ring_buffer(1 << 16).unwrap();
    let sockets = Map::sockets(64).unwrap();
    let counters = Map::counters(u32::try_from(Reason::COUNT).unwrap()).unwrap();
    for filter in [Filter::default(), full] {
        for flag in [false, true] {
            let redirect = Action::Redirect { sockets: sockets.fd(), stamp: flag, nic: None };
            let copy = Action::Copy { ring: ring.fd(), wake: flag };
            for action in [redirect, copy] {
                let insns = program(&filter, action, counters.fd()).unwrap();
                Program::load("mev_test", &insns).unwrap();
            }
        }
    }
}

#[test]
fn a_filter_that_is_too_long_is_no_program() {
    let filter = Filter { ports: (0..17).collect(), addresses: vec![] };
    assert!(program(&filter, Action::Copy { ring: 0, wake: false }, 0).is_none());
    let filter = Filter { ports: vec![], addresses: vec![[1, 2, 3, 4].into(); 17] };
    assert!(filter.invalid().is_some());
}

#[test]
fn every_reason_has_its_number_and_a_name_of_its_own() {
    for (number, reason) in Reason::ALL.into_iter().enumerate() {
        assert_eq!(reason as usize, number);
        let same = Reason::ALL.into_iter().filter(|other| other.name() == reason.name());
        assert_eq!(same.count(), 1);
    }
}
