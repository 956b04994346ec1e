//! When generated packets are received, and between which addresses.

use crate::net::pcap::Datagram;

/// The start of generated time: 2026-01-01T00:00:00Z.
pub const EPOCH_NS: u64 = 1_767_225_600_000_000_000;
/// A slot takes 400 ms.
pub const SLOT_NS: u64 = 400_000_000;

/// Source and target: addresses set aside for documentation (RFC 5737), IPv4 mapped into IPv6,
/// and the port that validators commonly receive shreds on.
const SOURCE: ([u8; 4], u16) = ([192, 0, 2, 1], 8000);
const TARGET: ([u8; 4], u16) = ([198, 51, 100, 1], 8001);

/// Stamp of packet `index` of the `count` that are spread evenly over slot `ordinal`, counted from
/// 0.
pub fn stamp_ns(ordinal: u64, index: u64, count: u64) -> u64 {
    let within = u128::from(SLOT_NS) * u128::from(index) / u128::from(count.max(1));
    let within = u64::try_from(within).unwrap_or(u64::MAX);
    EPOCH_NS.saturating_add(ordinal.saturating_mul(SLOT_NS)).saturating_add(within)
}

/// A generated packet as a datagram.
pub fn datagram(rx_ns: u64, payload: &[u8]) -> Datagram<'_> {
    let mapped = |[a, b, c, d]: [u8; 4]| [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d];
    Datagram {
        rx_ns,
        source: mapped(SOURCE.0),
        target: mapped(TARGET.0),
        source_port: SOURCE.1,
        target_port: TARGET.1,
        payload,
        truncated: false,
        interface: 0,
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_even_and_slots_do_not_overlap() {
        assert_eq!(crate::time::rfc3339(stamp_ns(0, 0, 9)), "2026-01-01T00:00:00.000000000Z");
        assert_eq!(stamp_ns(1, 0, 9), EPOCH_NS + SLOT_NS);
        assert_eq!(stamp_ns(2, 1, 4), EPOCH_NS + 2 * SLOT_NS + 100_000_000);
        assert!(stamp_ns(3, 6, 7) < stamp_ns(4, 0, 1));
        assert_eq!(stamp_ns(0, 0, 0), EPOCH_NS);
    }
}
