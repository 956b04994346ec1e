//! The system calls of live UDP, each behind a safe function.

#![expect(unsafe_code, reason = "std has neither recvmmsg, sendmmsg, poll nor these options")]

use super::control::{Control, Name};
use std::io;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::time::Duration;

/// Datagrams that one system call moves.
pub(super) const BATCH: usize = 64;

/// Sets an integer option of `socket`.
pub(super) fn set_option(
    socket: &UdpSocket,
    level: libc::c_int,
    name: libc::c_int,
    value: libc::c_int,
) -> io::Result<()> {
    let (at, len) = ((&raw const value).cast(), len_of::<libc::c_int>());
    // SAFETY: setsockopt reads `len` bytes at `at`, which are those of `value`, alive until the
    // end of this function; the descriptor is open because `socket` is borrowed.
    let done = unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, at, len) };
    checked(done).map(|_| ())
}

/// An integer option of `socket`.
pub(super) fn option(
    socket: &UdpSocket,
    level: libc::c_int,
    name: libc::c_int,
) -> io::Result<libc::c_int> {
    let mut value: libc::c_int = 0;
    let mut len = len_of::<libc::c_int>();
    // SAFETY: getsockopt writes at most `len` bytes at the pointer, which are those of `value`, and
    // the length at the other; both are exclusively borrowed for the call; the descriptor is open.
    let done = unsafe {
        libc::getsockopt(socket.as_raw_fd(), level, name, (&raw mut value).cast(), &raw mut len)
    };
    checked(done).map(|_| value)
}

/// How many datagrams the kernel dropped at `socket` since it was made, modulo 2^32.
pub(super) fn dropped(socket: &UdpSocket) -> io::Result<u32> {
    const INDEX: usize = libc::SK_MEMINFO_DROPS as usize;
    let mut counters = [0u32; INDEX + 1];
    let mut len = len_of::<[u32; INDEX + 1]>();
    // SAFETY: as in `option`: at most `len` bytes are written, those of `counters`.
    let done = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_MEMINFO,
            counters.as_mut_ptr().cast(),
            &raw mut len,
        )
    };
    checked(done).map(|_| counters.last().copied().unwrap_or_default())
}

/// Waits until one of `polls` is ready, at most `timeout` (rounded up to a millisecond).
///
/// The answer is how many are ready: 0 at the end of the time, and when a signal came.
pub(in super::super) fn poll(polls: &mut [libc::pollfd], timeout: Duration) -> io::Result<usize> {
    let count = libc::nfds_t::try_from(polls.len()).unwrap_or(libc::nfds_t::MAX);
    let ms = i32::try_from(timeout.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX);
    // SAFETY: poll reads and writes `count` entries at the pointer, which are those of `polls`,
    // exclusively borrowed for the call.
    let ready = unsafe { libc::poll(polls.as_mut_ptr(), count, ms) };
    match checked(ready) {
        Err(e) if e.kind() == io::ErrorKind::Interrupted => Ok(0),
        other => other,
    }
}

/// Room for a batch of received datagrams.
pub(super) struct Inbox {
    payloads: Box<[u8]>,
    payload_max: usize,
    names: Box<[Name; BATCH]>,
    controls: Box<[Control; BATCH]>,
    sizes: [Sizes; BATCH],
}

/// How much of each room a datagram took.
#[derive(Clone, Copy, Default)]
struct Sizes {
    payload_len: usize,
    control_len: usize,
    truncated: bool,
}

/// One received datagram.
pub(super) struct Message<'a> {
    pub(super) payload: &'a [u8],
    pub(super) truncated: bool,
    pub(super) source: &'a Name,
    pub(super) control: &'a [u8],
}

impl Inbox {
    /// Room for datagrams of up to `payload_max` bytes, at least 1.
    pub(super) fn new(payload_max: usize) -> Self {
        let payload_max = payload_max.max(1);
        Self {
            payloads: vec![0; payload_max.saturating_mul(BATCH)].into_boxed_slice(),
            payload_max,
            names: Box::new([Name::EMPTY; BATCH]),
            controls: Box::new([Control::EMPTY; BATCH]),
            sizes: [Sizes::default(); BATCH],
        }
    }

    /// Takes what waits at `socket`, up to a batch, without waiting; the count of datagrams.
    pub(super) fn receive(&mut self, socket: &UdpSocket) -> io::Result<usize> {
        let mut rooms = [EMPTY_ROOM; BATCH];
        let mut headers = empty_headers();
        let slots = self.payloads.chunks_exact_mut(self.payload_max);
        let slots = slots.zip(self.names.iter_mut().zip(self.controls.iter_mut()));
        for ((header, room), (payload, (name, control))) in
            headers.iter_mut().zip(&mut rooms).zip(slots)
        {
            *room = libc::iovec { iov_base: payload.as_mut_ptr().cast(), iov_len: payload.len() };
            header.msg_hdr.msg_iov = room;
            header.msg_hdr.msg_iovlen = 1;
            header.msg_hdr.msg_name = name.0.as_mut_ptr().cast();
            header.msg_hdr.msg_namelen = len_of::<[u8; Name::LEN]>();
            header.msg_hdr.msg_control = control.0.as_mut_ptr().cast();
            header.msg_hdr.msg_controllen = Control::LEN;
        }
        let (fd, count) = (socket.as_raw_fd(), len_of_batch());
        let (at, flags) = (headers.as_mut_ptr(), libc::MSG_DONTWAIT);
        // SAFETY: `at` points to BATCH headers. Each names one room of `iov_len` bytes, a name
        // of `msg_namelen` and control bytes of `msg_controllen`, all within slots of `self`,
        // which is exclusively borrowed, and disjoint from one another; `headers` and `rooms` live
        // until the end of this function and are not touched during the call. A null timeout is
        // allowed (recvmmsg(2)).
        let got = unsafe { libc::recvmmsg(fd, at, count, flags, std::ptr::null_mut()) };
        let got = checked(got)?;
        for (sizes, header) in self.sizes.iter_mut().zip(&headers).take(got) {
            *sizes = Sizes {
                payload_len: usize::try_from(header.msg_len).unwrap_or(usize::MAX),
                control_len: header.msg_hdr.msg_controllen,
                truncated: header.msg_hdr.msg_flags & libc::MSG_TRUNC != 0,
            };
        }
        Ok(got)
    }

    /// The first `count` datagrams of the last batch.
    pub(super) fn messages(&self, count: usize) -> impl Iterator<Item = Message<'_>> {
        let slots = self.payloads.chunks_exact(self.payload_max);
        let slots = slots.zip(self.names.iter().zip(self.controls.iter())).zip(&self.sizes);
        slots.take(count).map(|((payload, (source, control)), sizes)| Message {
            payload: payload.get(..sizes.payload_len).unwrap_or(payload),
            truncated: sizes.truncated,
            source,
            control: control.0.get(..sizes.control_len).unwrap_or(&control.0),
        })
    }
}

/// A batch of datagrams to one address.
pub(super) struct Outbox {
    name: Name,
    name_len: u32,
    payloads: Box<[u8]>,
    lens: [usize; BATCH],
    queued: usize,
}

/// The longest UDP payload over IPv4; the few more bytes that IPv6 allows are not sent.
pub(in super::super) const PAYLOAD_MAX: usize = 65_507;

impl Outbox {
    /// An empty batch to `target`.
    pub(super) fn new(target: std::net::SocketAddr) -> Self {
        let (name, name_len) = Name::of(target);
        let payloads = vec![0; BATCH * PAYLOAD_MAX].into_boxed_slice();
        Self { name, name_len, payloads, lens: [0; BATCH], queued: 0 }
    }

    /// Copies `payload`, of at most [`PAYLOAD_MAX`] bytes, behind those that wait, of which there
    /// are fewer than a batch.
    pub(super) fn put(&mut self, payload: &[u8]) {
        debug_assert!(payload.len() <= PAYLOAD_MAX && !self.is_full());
        let slot = self.payloads.chunks_exact_mut(PAYLOAD_MAX).nth(self.queued);
        let room = slot.and_then(|slot| slot.get_mut(..payload.len()));
        if let (Some(room), Some(len)) = (room, self.lens.get_mut(self.queued)) {
            room.copy_from_slice(payload);
            *len = payload.len();
            self.queued += 1;
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.queued == BATCH
    }

    /// Sends all that wait from `socket`, which blocks.
    pub(super) fn send(&mut self, socket: &UdpSocket) -> io::Result<()> {
        let mut sent = 0;
        while sent < self.queued {
            match self.send_from(sent, socket) {
                Ok(count) => sent += count,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => {
                    self.queued = 0;
                    return Err(e);
                }
            }
        }
        self.queued = 0;
        Ok(())
    }

    fn send_from(&mut self, first: usize, socket: &UdpSocket) -> io::Result<usize> {
        let mut rooms = [EMPTY_ROOM; BATCH];
        let mut headers = empty_headers();
        let name: *mut [u8; Name::LEN] = &raw mut self.name.0;
        let waiting = self.payloads.chunks_exact_mut(PAYLOAD_MAX).zip(&self.lens);
        let waiting = waiting.take(self.queued).skip(first);
        let mut count = 0;
        for ((header, room), (payload, len)) in headers.iter_mut().zip(&mut rooms).zip(waiting) {
            *room = libc::iovec { iov_base: payload.as_mut_ptr().cast(), iov_len: *len };
            header.msg_hdr.msg_iov = room;
            header.msg_hdr.msg_iovlen = 1;
            header.msg_hdr.msg_name = name.cast();
            header.msg_hdr.msg_namelen = self.name_len;
            count += 1;
        }
        let (fd, at) = (socket.as_raw_fd(), headers.as_mut_ptr());
        // SAFETY: `at` points to at least `count` (at most BATCH) headers that were filled above:
        // one room each of `iov_len` (at most PAYLOAD_MAX) bytes in a slot of `self`, and the name
        // of `msg_namelen` bytes; sendmmsg only reads through them. `headers`, `rooms` and `self`
        // outlive the call.
        checked(unsafe { libc::sendmmsg(fd, at, count, 0) })
    }
}

const EMPTY_ROOM: libc::iovec = libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 };

fn empty_headers() -> [libc::mmsghdr; BATCH] {
    // SAFETY: mmsghdr consists of integers and raw pointers, for which all zero bits are a value.
    unsafe { std::mem::zeroed() }
}

fn len_of_batch() -> libc::c_uint {
    libc::c_uint::try_from(BATCH).unwrap_or_default()
}

fn len_of<T>() -> libc::socklen_t {
    libc::socklen_t::try_from(size_of::<T>()).unwrap_or_default()
}

/// A count from the return value of a system call, or the error it left in errno.
fn checked(returned: libc::c_int) -> io::Result<usize> {
    usize::try_from(returned).map_err(|_| io::Error::last_os_error())
}
