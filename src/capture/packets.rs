//! Datagrams as `packet` records, and back.

use crate::net::pcap::{Datagram, Skip};
use crate::net::udp::Arrival;
use crate::record::{Gap, GapReason, LINE, Packet, Producer, Record};
use crate::stream::Sink;

/// When a datagram was seen before and after the kernel had it, where that is known.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stamps {
    /// By the NIC.
    pub(super) nic_ns: Option<u64>,
    /// By this process.
    pub(super) user_ns: Option<u64>,
}

impl Stamps {
    /// Those of `arrival`.
    pub(super) fn of(arrival: &Arrival<'_>) -> Self {
        Self { nic_ns: arrival.nic_ns, user_ns: Some(arrival.user_ns) }
    }
}

/// Puts `datagram` as a `packet` record.
pub(super) fn put(datagram: &Datagram<'_>, stamps: Stamps, out: &mut impl Sink) {
    // A UDP length is 16 bits, so nothing longer comes from a capture or a socket.
    let payload = datagram.payload.get(..usize::from(u16::MAX)).unwrap_or(datagram.payload);
    let mut packet = Packet::new(datagram.rx_ns);
    let len = (size_of::<Packet>() + payload.len()).next_multiple_of(LINE);
    packet.head.len = u32::try_from(len).unwrap_or(u32::MAX);
    let cut = datagram.truncated || payload.len() < datagram.payload.len();
    packet.head.flags = if cut { Packet::TRUNCATED } else { 0 };
    (packet.source, packet.target) = (datagram.source, datagram.target);
    (packet.source_port, packet.target_port) = (datagram.source_port, datagram.target_port);
    packet.payload_len = u16::try_from(payload.len()).unwrap_or(u16::MAX);
    packet.lane = datagram.interface;
    packet.nic_ns = stamps.nic_ns.map_or(0, |nic_ns| near(datagram.rx_ns, nic_ns));
    packet.user_ns = stamps.user_ns.map_or(0, |user_ns| after(datagram.rx_ns, user_ns));
    out.put_parts(&packet, payload);
}

/// Nanoseconds from `rx_ns` to `then_ns`, as far as 32 bits reach.
fn after(rx_ns: u64, then_ns: u64) -> i32 {
    let apart = i128::from(then_ns) - i128::from(rx_ns);
    let bounds = (i128::from(i32::MIN), i128::from(i32::MAX));
    i32::try_from(apart.clamp(bounds.0, bounds.1)).unwrap_or(0)
}

/// The same where it fits, else 0: a clock that is further off is not set to the system's.
fn near(rx_ns: u64, then_ns: u64) -> i32 {
    i32::try_from(i128::from(then_ns) - i128::from(rx_ns)).unwrap_or(0)
}

/// Puts what was lost before `arrival`, for this reason, and then itself.
pub(super) fn put_arrival(arrival: &Arrival<'_>, reason: GapReason, out: &mut impl Sink) {
    if arrival.lost > 0 {
        let gap = gap(arrival.datagram.rx_ns, reason, arrival.lost.into(), None);
        out.put(Record::of(&gap));
    }
    put(&arrival.datagram, Stamps::of(arrival), out);
}

/// The datagram that a `packet` record holds; `None` when its payload is longer than the record.
pub(super) fn datagram<'a>(packet: &Packet, record: Record<'a>) -> Option<Datagram<'a>> {
    Some(Datagram {
        rx_ns: packet.head.rx_ns,
        source: packet.source,
        target: packet.target,
        source_port: packet.source_port,
        target_port: packet.target_port,
        payload: record.tail::<Packet>().get(..usize::from(packet.payload_len))?,
        truncated: packet.head.flags & Packet::TRUNCATED != 0,
        interface: packet.lane,
    })
}

/// A gap of `count` lost, after what came at `rx_ns`; `first_at` is the byte of the capture.
pub(super) fn gap(rx_ns: u64, reason: GapReason, count: u64, first_at: Option<u64>) -> Gap {
    let mut gap = Gap::new(rx_ns);
    (gap.count, gap.reason) = (count, reason as u16);
    gap.producer = Producer::Capture as u16;
    if let Some(at) = first_at {
        (gap.first, gap.present) = (at, Gap::FIRST);
    }
    gap
}

/// Whether what was skipped may have been a UDP datagram: then it is a hole in the capture.
pub(super) fn is_hole(skip: Skip) -> bool {
    match skip {
        Skip::UnknownInterface
        | Skip::BadBlock
        | Skip::BadIp
        | Skip::Fragment
        | Skip::CutHeader
        | Skip::BadUdpLength => true,
        Skip::UnknownLinkType | Skip::NotIp | Skip::NotUdp => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Layout, check};
    use crate::stream::Arena;

    fn sample(payload: &[u8]) -> Datagram<'_> {
        Datagram {
            rx_ns: 1_000,
            source: [1; 16],
            target: [2; 16],
            source_port: 3,
            target_port: 4,
            payload,
            truncated: false,
            interface: 5,
        }
    }

    #[test]
    fn every_length_round_trips() {
        let bytes: Vec<u8> = (0..=u16::MAX).map(|n| n.to_le_bytes()[0]).collect();
        for len in (0..300).chain([1228, 1472, 65_507, 65_535]) {
            let mut arena = Arena::with_room(128);
            let datagram_in = sample(&bytes[..len]);
            let stamps = Stamps { nic_ns: Some(1_001), user_ns: Some(900) };
            put(&datagram_in, stamps, &mut arena);
            let record = arena.records().next().unwrap();
            check(record).unwrap();
            assert_eq!(record.bytes().len(), (64 + len).next_multiple_of(64));
            let packet: &Packet = record.get().unwrap().unwrap();
            assert_eq!((packet.nic_ns, packet.user_ns), (1, -100));
            assert_eq!(datagram(packet, record), Some(datagram_in));
        }
    }

    #[test]
    fn a_length_beyond_the_record_is_no_datagram() {
        let mut packet = Packet::new(0);
        packet.payload_len = 1;
        assert_eq!(datagram(&packet, Record::of(&packet)), None);
    }

    #[test]
    fn stamps_far_apart_saturate() {
        assert_eq!(after(0, u64::MAX), i32::MAX);
        assert_eq!(after(u64::MAX, 0), i32::MIN);
        assert_eq!(after(7, 9), 2);
        assert_eq!(near(7, 9), 2);
        assert_eq!(near(u64::MAX, 0), 0, "another clock is no stamp");
    }

    #[test]
    fn a_gap_is_valid_and_says_who_noticed() {
        let gap = gap(9, GapReason::CaptureDamaged, 1, Some(77));
        assert_eq!((gap.invalid(), gap.first, gap.producer), (None, 77, 1));
    }
}
