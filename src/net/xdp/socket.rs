//! One AF_XDP socket: bound to a queue, with its frames.

use super::super::option;
use super::super::udp::poll;
use super::rings::Frames;
use super::syscall;
use crate::time::Stopwatch;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::time::Duration;

/// How a socket is bound.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setup {
    pub(super) zero_copy: bool,
    /// Frames, and entries of each ring: a power of two.
    pub(super) ring_len: u32,
    /// Bytes of a frame's place: a power of two.
    pub(super) frame_len: u32,
    /// Frames to send: a power of two, or none.
    pub(super) send_len: u32,
    /// The driver is polled by us, not by interrupts: packets a poll takes at most.
    pub(super) busy_poll: Option<u16>,
}

/// A socket that receives from one queue.
#[derive(Debug)]
pub(super) struct Socket {
    // First: it is closed before its memory is unmapped.
    fd: OwnedFd,
    pub(super) frames: Frames,
    pub(super) queue: u32,
}

/// How long a queue or interface that is still busy with a predecessor is waited for: the kernel
/// takes an old socket and program down only after everybody who could use them has gone on.
const BUSY: Duration = Duration::from_secs(2);

impl Socket {
    /// A socket at queue `queue` of interface `interface`.
    pub(super) fn bind(interface: u32, queue: u32, setup: Setup) -> io::Result<Self> {
        let fd = syscall::socket()?;
        let frames = Frames::new(&fd, setup.ring_len, setup.frame_len, setup.send_len)?;
        let copy = if setup.zero_copy { libc::XDP_ZEROCOPY } else { libc::XDP_COPY };
        let flags = copy | libc::XDP_USE_NEED_WAKEUP;
        patiently(|| syscall::bind(&fd, interface, queue, flags))?;
        if let Some(budget) = setup.busy_poll {
            let option = |name, value| syscall::set_number(&fd, libc::SOL_SOCKET, name, value);
            option(libc::SO_PREFER_BUSY_POLL, 1)?;
            // Microseconds; what a poll takes is bounded by the budget.
            option(libc::SO_BUSY_POLL, 20)?;
            option(libc::SO_BUSY_POLL_BUDGET, budget.into())?;
        }
        Ok(Self { fd, frames, queue })
    }

    /// The number of its descriptor.
    pub(super) fn fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }

    /// Lets the driver look for frames.
    pub(super) fn kick(&self) {
        syscall::kick(&self.fd);
    }

    /// Lets the driver send what was handed to it.
    pub(super) fn push(&self) {
        syscall::push(&self.fd);
    }

    /// The error that waits, if one does.
    pub(super) fn error(&self) -> io::Result<()> {
        option::error_of(&self.fd)
    }

    /// What it lost since it was made.
    pub(super) fn losses(&self) -> io::Result<Losses> {
        let told = syscall::statistics(&self.fd)?;
        Ok(Losses {
            fill_empty: told.fill_empty,
            ring_full: told.rx_ring_full,
            // Frames for which no place was found are counted in both (`__xsk_rcv`, net/xdp/xsk.c).
            too_long: told.rx_dropped.saturating_sub(told.fill_empty),
            invalid: told.rx_invalid,
        })
    }
}

/// Frames that were redirected to a socket and not delivered, by cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// No empty frame was at hand: we were slower than the traffic.
    pub fill_empty: u64,
    /// The receive ring was full.
    pub ring_full: u64,
    /// Longer than a frame.
    pub too_long: u64,
    /// The kernel did not accept a frame that we gave back: a defect of ours. Not a packet.
    pub invalid: u64,
}

impl Losses {
    /// Packets lost.
    pub fn total(&self) -> u64 {
        self.fill_empty.saturating_add(self.ring_full).saturating_add(self.too_long)
    }

    /// The losses of both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            fill_empty: self.fill_empty.saturating_add(other.fill_empty),
            ring_full: self.ring_full.saturating_add(other.ring_full),
            too_long: self.too_long.saturating_add(other.too_long),
            invalid: self.invalid.saturating_add(other.invalid),
        }
    }
}

/// Does it again while the answer is that something is busy, for a while.
pub(super) fn patiently<T>(mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let clock = Stopwatch::start();
    loop {
        match attempt() {
            Err(e) if e.kind() == io::ErrorKind::ResourceBusy && clock.elapsed() < BUSY => {
                poll(&mut [], Duration::from_millis(5))?;
            }
            other => return other,
        }
    }
}
