//! The system calls of AF_PACKET sockets, each behind a safe function.

#![expect(unsafe_code, reason = "std has no AF_PACKET")]

use super::super::interface::Interface;
use super::super::option::{self, checked, len_of};
use bytemuck::{NoUninit, Pod, Zeroable};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

/// `struct tpacket_req3`; the first four are `struct tpacket_req`.
#[repr(C)]
#[derive(Clone, Copy, NoUninit)]
pub(super) struct RingRequest {
    pub(super) block_len: u32,
    pub(super) block_count: u32,
    pub(super) frame_len: u32,
    pub(super) frame_count: u32,
    /// After so many milliseconds a block is given to us though it is not full.
    pub(super) retire_ms: u32,
    pub(super) private_len: u32,
    pub(super) features: u32,
}

/// `struct tpacket_stats_v3`; older rings give the first two.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub(super) struct Statistics {
    pub(super) packets: u32,
    pub(super) drops: u32,
    pub(super) freezes: u32,
}

/// Opens a socket that receives nothing yet.
pub(super) fn socket() -> io::Result<OwnedFd> {
    option::socket(libc::AF_PACKET, libc::SOCK_RAW, 0)
}

/// Sets an integer option.
pub(super) fn set_number(socket: &OwnedFd, name: i32, value: i32) -> io::Result<()> {
    option::set(socket, libc::SOL_PACKET, name, &value)
}

/// Asks for a receive ring.
pub(super) fn set_ring(socket: &OwnedFd, version: i32, request: RingRequest) -> io::Result<()> {
    set_number(socket, libc::PACKET_VERSION, version)?;
    if version == libc::tpacket_versions::TPACKET_V3 as i32 {
        return option::set(socket, libc::SOL_PACKET, libc::PACKET_RX_RING, &request);
    }
    let RingRequest { block_len, block_count, frame_len, frame_count, .. } = request;
    let request = [block_len, block_count, frame_len, frame_count];
    option::set(socket, libc::SOL_PACKET, libc::PACKET_RX_RING, &request)
}

/// Has a bound socket share what comes in with the others of group `id`, or of a new one, flow by
/// flow (PACKET_FANOUT_HASH of packet(7)); the group's number.
pub(super) fn join(socket: &OwnedFd, id: Option<u32>) -> io::Result<u32> {
    // Linux 4.14 (include/uapi/linux/if_packet.h); the group has one filter of its own for what we
    // send ourselves (PACKET_FANOUT_FLAG_IGNORE_OUTGOING, Linux 5.11).
    const UNIQUE_ID: u32 = 0x2000;
    const IGNORE_OUTGOING: u32 = 0x4000;
    let flags = IGNORE_OUTGOING | if id.is_none() { UNIQUE_ID } else { 0 };
    let value = flags << 16 | id.unwrap_or_default();
    option::set(socket, libc::SOL_PACKET, libc::PACKET_FANOUT, &value)?;
    option::get::<u32>(socket, libc::SOL_PACKET, libc::PACKET_FANOUT).map(|told| told & 0xffff)
}

/// Has the socket take nothing, neither into its ring nor into its counters; or everything.
pub(super) fn set_shut(socket: &OwnedFd, shut: bool) -> io::Result<()> {
    if !shut {
        return option::set(socket, libc::SOL_SOCKET, libc::SO_DETACH_FILTER, &0i32);
    }
    // BPF_RET of the constant 0: no byte is kept.
    let mut nothing = libc::sock_filter { code: 0x06, jt: 0, jf: 0, k: 0 };
    let program = libc::sock_fprog { len: 1, filter: &raw mut nothing };
    let (fd, at, len) = (socket.as_raw_fd(), &raw const program, len_of::<libc::sock_fprog>());
    // SAFETY: setsockopt reads `len` bytes at `at`, those of `program`, and the one instruction that
    // it leads to; both live until the end of this function, and the kernel keeps a copy.
    let done =
        unsafe { libc::setsockopt(fd, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, at.cast(), len) };
    checked(done).map(|_| ())
}

/// What the socket counted since it was last asked.
pub(super) fn statistics(socket: &OwnedFd) -> io::Result<Statistics> {
    option::get(socket, libc::SOL_PACKET, libc::PACKET_STATISTICS)
}

/// Binds the socket to an interface, for frames of `protocol` (0: it only sends).
pub(super) fn bind(socket: &OwnedFd, interface: &Interface, protocol: i32) -> io::Result<()> {
    let protocol = u16::try_from(protocol).unwrap_or_default();
    let name = libc::sockaddr_ll {
        sll_family: u16::try_from(libc::AF_PACKET).unwrap_or_default(),
        sll_protocol: protocol.to_be(),
        sll_ifindex: interface.index_i32(),
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 0,
        sll_addr: [0; 8],
    };
    let at = &raw const name;
    // SAFETY: bind reads `len_of` bytes at the pointer, those of `name`.
    checked(unsafe { libc::bind(socket.as_raw_fd(), at.cast(), len_of::<libc::sockaddr_ll>()) })
        .map(|_| ())
}

/// Frames that one system call sends at most.
pub(super) const BATCH: usize = 64;

/// Sends the first [`BATCH`] of `frames`, each whole; how many went.
pub(super) fn send(socket: &OwnedFd, frames: &[&[u8]]) -> io::Result<usize> {
    if let [frame] = frames {
        let (fd, at) = (socket.as_raw_fd(), frame.as_ptr().cast());
        // SAFETY: send reads `len` bytes at the pointer, those of `frame`.
        return match unsafe { libc::send(fd, at, frame.len(), 0) } {
            ..0 => Err(io::Error::last_os_error()),
            _ => Ok(1),
        };
    }
    // SAFETY: mmsghdr and iovec consist of integers and raw pointers, for which zero is a value.
    let mut headers: [libc::mmsghdr; BATCH] = unsafe { std::mem::zeroed() };
    let mut rooms = [libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; BATCH];
    let mut count = 0;
    for ((header, room), frame) in headers.iter_mut().zip(&mut rooms).zip(frames) {
        *room = libc::iovec { iov_base: frame.as_ptr().cast_mut().cast(), iov_len: frame.len() };
        header.msg_hdr.msg_iov = room;
        header.msg_hdr.msg_iovlen = 1;
        count += 1;
    }
    let (fd, at) = (socket.as_raw_fd(), headers.as_mut_ptr());
    // SAFETY: the first `count` headers were filled above, each with one room that is a slice of
    // `frames`, which sendmmsg only reads; `headers` and `rooms` outlive the call.
    let sent = checked(unsafe { libc::sendmmsg(fd, at, count, 0) })?;
    Ok(usize::try_from(sent).unwrap_or_default())
}
