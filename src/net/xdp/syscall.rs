//! The system calls of AF_XDP sockets, each behind a safe function.

#![expect(unsafe_code, reason = "std has no AF_XDP")]

use super::super::option::{self, checked, get, len_of, set};
use bytemuck::{NoUninit, Pod, Zeroable};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

/// Opens a socket that does not block.
pub(super) fn socket() -> io::Result<OwnedFd> {
    option::socket(libc::AF_XDP, libc::SOCK_RAW, 0)
}

/// Sets an integer option.
pub(super) fn set_number(socket: &OwnedFd, level: i32, name: i32, value: i32) -> io::Result<()> {
    set(socket, level, name, &value)
}

/// Asks for a ring of `len` entries: one of `XDP_RX_RING`, `XDP_UMEM_FILL_RING` and their like.
pub(super) fn set_ring_len(socket: &OwnedFd, ring: i32, len: u32) -> io::Result<()> {
    set(socket, libc::SOL_XDP, ring, &len)
}

/// `struct xdp_umem_reg`, as kernels since 5.4 take it.
#[repr(C)]
#[derive(Clone, Copy, NoUninit)]
struct UmemReg {
    at: u64,
    len: u64,
    frame_len: u32,
    headroom: u32,
    flags: u32,
    tx_metadata_len: u32,
}

/// Gives the socket the memory at `at`, of `len` bytes, in frames of `frame_len`.
///
/// # Safety
/// Until the socket and all rings of it are gone, the memory must stay mapped, and bytes of a frame
/// may be read or written only while the frame is not the kernel's: neither in the fill ring nor in
/// the transmit ring.
pub(super) unsafe fn register(
    socket: &OwnedFd,
    at: *mut u8,
    len: usize,
    frame_len: u32,
) -> io::Result<()> {
    let reg = UmemReg {
        at: at.expose_provenance() as u64,
        len: len as u64,
        frame_len,
        headroom: 0,
        flags: 0,
        tx_metadata_len: 0,
    };
    set(socket, libc::SOL_XDP, libc::XDP_UMEM_REG, &reg)
}

/// Where a ring's parts stand in its mapping: `struct xdp_ring_offset`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub(super) struct RingOffsets {
    pub(super) producer: u64,
    pub(super) consumer: u64,
    pub(super) entries: u64,
    pub(super) flags: u64,
}

/// Of all rings: `struct xdp_mmap_offsets`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub(super) struct Offsets {
    pub(super) rx: RingOffsets,
    pub(super) tx: RingOffsets,
    pub(super) fill: RingOffsets,
    pub(super) completion: RingOffsets,
}

/// Where the parts of the socket's rings stand.
pub(super) fn offsets(socket: &OwnedFd) -> io::Result<Offsets> {
    get(socket, libc::SOL_XDP, libc::XDP_MMAP_OFFSETS)
}

/// `struct xdp_statistics`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub(super) struct Statistics {
    /// Frames dropped for lack of a frame to copy into (of the fill ring, or long enough).
    pub(super) rx_dropped: u64,
    pub(super) rx_invalid: u64,
    pub(super) tx_invalid: u64,
    pub(super) rx_ring_full: u64,
    pub(super) fill_empty: u64,
    pub(super) tx_empty: u64,
}

/// What the socket counted since it was made.
pub(super) fn statistics(socket: &OwnedFd) -> io::Result<Statistics> {
    get(socket, libc::SOL_XDP, libc::XDP_STATISTICS)
}

/// Binds the socket to a queue of an interface.
pub(super) fn bind(socket: &OwnedFd, interface: u32, queue: u32, flags: u16) -> io::Result<()> {
    let name = libc::sockaddr_xdp {
        sxdp_family: u16::try_from(libc::AF_XDP).unwrap_or_default(),
        sxdp_flags: flags,
        sxdp_ifindex: interface,
        sxdp_queue_id: queue,
        sxdp_shared_umem_fd: 0,
    };
    let at = &raw const name;
    // SAFETY: bind reads `len_of` bytes at the pointer, those of `name`.
    checked(unsafe { libc::bind(socket.as_raw_fd(), at.cast(), len_of::<libc::sockaddr_xdp>()) })
        .map(|_| ())
}

/// Lets the driver look for frames to receive, on this processor.
pub(super) fn kick(socket: &OwnedFd) {
    let (fd, none) = (socket.as_raw_fd(), std::ptr::null_mut());
    // The answer says nothing about frames: the ring does.
    // SAFETY: recvfrom may have no room (of 0 bytes) and no address.
    unsafe { libc::recvfrom(fd, none, 0, libc::MSG_DONTWAIT, none.cast(), none.cast()) };
}

/// Lets the driver look for frames to send, on this processor.
pub(super) fn push(socket: &OwnedFd) {
    let (fd, none) = (socket.as_raw_fd(), std::ptr::null());
    // The answer says nothing about frames: the completion ring does.
    // SAFETY: sendto may have no bytes (0 of them) and no address.
    unsafe { libc::sendto(fd, none, 0, libc::MSG_DONTWAIT, none.cast(), 0) };
}

/// Whole seconds that CLOCK_TAI is ahead of CLOCK_REALTIME, in nanoseconds.
pub(super) fn tai_offset_ns() -> u64 {
    let now = |clock| {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: clock_gettime writes one `timespec`, `time`.
        unsafe { libc::clock_gettime(clock, &raw mut time) };
        i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_nsec)
    };
    let (real, tai) = (now(libc::CLOCK_REALTIME), now(libc::CLOCK_TAI));
    let seconds = (tai - real + 500_000_000) / 1_000_000_000;
    u64::try_from(seconds * 1_000_000_000).unwrap_or_default()
}
