//! packet: what left the socket or the capture, with its times and addresses. capture to parse.

use super::layout::record;
use super::schema::Show;

record! {
    /// One UDP datagram: when, from whom, to whom, and its payload.
    ///
    /// The payload follows the fixed part and is padded with zero bytes to a multiple of 64.
    pub struct Packet = 0x10 "packet" version 1, 64 bytes then "the UDP payload, zero-padded to a multiple of 64";
    flags {
        /// The capture kept only a part of the datagram.
        TRUNCATED = 1 "truncated";
    }
    /// Source address; IPv4 is mapped into IPv6.
    16 source: [u8; 16] => Show::Ip;
    /// Destination address; IPv4 is mapped into IPv6.
    32 target: [u8; 16] => Show::Ip;
    /// Source port.
    48 source_port: u16 => Show::Dec;
    /// Destination port.
    50 target_port: u16 => Show::Dec;
    /// Bytes of payload.
    52 payload_len: u16 => Show::Dec;
    /// The queue or socket it came in on.
    54 lane: u16 => Show::Dec;
    /// The NIC's stamp, ns from `rx_ns`; 0 if there is none.
    56 nic_ns: i32 => Show::Dec;
    /// The user clock's stamp, ns from `rx_ns`; 0 if there is none.
    60 user_ns: i32 => Show::Dec;
}
