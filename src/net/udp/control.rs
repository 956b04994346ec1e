//! Socket addresses and control messages as the Linux kernel lays them out, without a socket.

#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::float_arithmetic)]

use crate::bytes::{array_at, u32_at, u64_at};
use std::net::{IpAddr, SocketAddr};

const _: () = assert!(
    size_of::<libc::cmsghdr>() == 16 && size_of::<libc::timespec>() == 16,
    "control messages are read as those of a 64-bit Linux"
);

/// A `sockaddr_in` or `sockaddr_in6` in its bytes, aligned as the kernel's.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(8))]
pub(super) struct Name(pub(super) [u8; Name::LEN]);

impl Name {
    /// Bytes of a `sockaddr_in6`, the longer one.
    pub(super) const LEN: usize = 28;

    pub(super) const EMPTY: Self = Self([0; Self::LEN]);

    /// The name of `address`, and its length.
    pub(super) fn of(address: SocketAddr) -> (Self, u32) {
        let mut name = [0; Self::LEN];
        let mut put = |at: usize, bytes: &[u8]| {
            name.iter_mut().skip(at).zip(bytes).for_each(|(to, from)| *to = *from);
        };
        put(2, &address.port().to_be_bytes());
        let len = match address {
            SocketAddr::V4(v4) => {
                put(0, &family(libc::AF_INET).to_ne_bytes());
                put(4, &v4.ip().octets());
                16
            }
            SocketAddr::V6(v6) => {
                put(0, &family(libc::AF_INET6).to_ne_bytes());
                put(4, &v6.flowinfo().to_ne_bytes());
                put(8, &v6.ip().octets());
                put(24, &v6.scope_id().to_ne_bytes());
                28
            }
        };
        (Self(name), len)
    }

    /// Its address, IPv4 mapped into IPv6, and port; zero when it is of no such family.
    pub(super) fn address(&self) -> ([u8; 16], u16) {
        let port = array_at(&self.0, 2).map_or(0, u16::from_be_bytes);
        let kind = array_at(&self.0, 0).map_or(0, u16::from_ne_bytes);
        let address = if kind == family(libc::AF_INET) {
            array_at::<4>(&self.0, 4).map(|v4| mapped(IpAddr::from(v4)))
        } else if kind == family(libc::AF_INET6) {
            array_at(&self.0, 8)
        } else {
            None
        };
        address.map_or(([0; 16], 0), |address| (address, port))
    }
}

/// `address`, IPv4 mapped into IPv6.
pub(in super::super) fn mapped(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    }
}

fn family(number: libc::c_int) -> u16 {
    u16::try_from(number).unwrap_or_default()
}

/// Room for the control messages that are asked for (a stamp, a count, a length: 80 bytes), with a
/// margin, aligned as the kernel's.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(8))]
pub(super) struct Control(pub(super) [u8; Control::LEN]);

impl Control {
    pub(super) const LEN: usize = 128;

    pub(super) const EMPTY: Self = Self([0; Self::LEN]);
}

/// What the kernel said of a datagram.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// When it was received: CLOCK_REALTIME nanoseconds.
    pub(super) rx_ns: Option<u64>,
    /// How many datagrams the socket had dropped before it, since the socket was made, modulo
    /// 2^32; absent until the first drop.
    pub(super) dropped: Option<u32>,
    /// The datagram is several of the same flow, each of so many bytes but the last.
    pub(super) segment_len: Option<usize>,
}

/// Reads the control messages in `bytes`; those not asked for, and damaged ones, say nothing.
pub(super) fn said(bytes: &[u8]) -> Said {
    let mut said = Said::default();
    let mut rest = bytes;
    // cmsg(3): length of header and data, level, type, data; the next one at a multiple of 8.
    while let (Some(len), Some(level), Some(kind)) =
        (u64_at(rest, 0), array_at(rest, 8), array_at(rest, 12))
    {
        let Some(data) =
            usize::try_from(len).ok().and_then(|len| rest.get(..len)).and_then(|m| m.get(16..))
        else {
            break;
        };
        match (i32::from_ne_bytes(level), i32::from_ne_bytes(kind)) {
            (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS) => said.rx_ns = stamp(data).or(said.rx_ns),
            (libc::SOL_SOCKET, libc::SO_RXQ_OVFL) => said.dropped = u32_at(data, 0),
            (libc::SOL_UDP, libc::UDP_GRO) => {
                said.segment_len = u32_at(data, 0).and_then(|len| usize::try_from(len).ok());
            }
            _ => {}
        }
        rest = rest.get(data.len().saturating_add(16).next_multiple_of(8)..).unwrap_or_default();
    }
    said
}

/// A `timespec` as nanoseconds; `None` if it is before the epoch or past the year 2554.
fn stamp(data: &[u8]) -> Option<u64> {
    let seconds = u64::try_from(i64::from_ne_bytes(array_at(data, 0)?)).ok()?;
    let nanoseconds = u64::try_from(i64::from_ne_bytes(array_at(data, 8)?)).ok()?;
    seconds.checked_mul(1_000_000_000)?.checked_add(nanoseconds)
}

#[cfg(test)]
#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests may panic; the code they test may not"
)]
mod tests {
    use super::*;

    fn message(level: i32, kind: i32, data: &[u8]) -> Vec<u8> {
        let mut bytes = (16 + data.len() as u64).to_ne_bytes().to_vec();
        bytes.extend(level.to_ne_bytes());
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(data);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        bytes
    }

    #[test]
    fn stamp_and_drops_are_read_among_others_and_cut_anywhere() {
        let time = [5i64.to_ne_bytes(), 7i64.to_ne_bytes()].concat();
        let all = [
            message(libc::IPPROTO_IP, libc::IP_TTL, &[64, 0, 0, 0]),
            message(libc::SOL_SOCKET, libc::SO_RXQ_OVFL, &9u32.to_ne_bytes()),
            message(libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS, &time),
        ]
        .concat();
        let expect = Said { rx_ns: Some(5_000_000_007), dropped: Some(9), segment_len: None };
        assert_eq!(said(&all), expect);
        let merged = message(libc::SOL_UDP, libc::UDP_GRO, &1232u32.to_ne_bytes());
        assert_eq!(said(&merged).segment_len, Some(1232));
        for len in 0..all.len() {
            let cut = said(&all[..len]);
            assert_eq!(cut.rx_ns, None);
            assert_eq!(cut.dropped, (len >= 24 + 20).then_some(9), "{len}");
        }
        let past = [(-1i64).to_ne_bytes(), 0i64.to_ne_bytes()].concat();
        assert_eq!(said(&message(libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS, &past)), Said::default());
        // A length shorter than its header must not loop.
        assert_eq!(said(&[0; 64]), Said::default());
        assert_eq!(said(&[0xff; 64]), Said::default());
    }

    #[test]
    fn names_round_trip() {
        for text in ["10.1.2.3:8001", "[2001:db8::1]:65535", "0.0.0.0:0"] {
            let address: SocketAddr = text.parse().unwrap();
            let (name, len) = Name::of(address);
            assert_eq!(len, if address.is_ipv4() { 16 } else { 28 });
            assert_eq!(name.address(), (mapped(address.ip()), address.port()));
        }
        assert_eq!(Name::EMPTY.address(), ([0; 16], 0));
    }
}
