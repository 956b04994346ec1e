//! A TAP device: an interface whose frames are read and written as a file.
//!
//! What the kernel sends to the interface is read here, and what is written here the kernel receives
//! from it (Documentation/networking/tuntap.rst).

#![expect(unsafe_code, reason = "std has no ioctl")]

use super::interface::{Interface, Request};
use super::pcap::{Skip, ethernet};
use super::udp::{Arrival, poll};
use super::xdp::Filter;
use crate::error::{Error, Result};
use crate::time::{Stopwatch, now_ns};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

/// A TAP device that is attached to.
#[derive(Debug)]
pub struct Tap {
    file: File,
    mtu: usize,
}

impl Tap {
    /// Attaches to the TAP device `name` of the thread's network namespace; one that is not there is made,
    /// and goes with the last who is attached.
    ///
    /// # Errors
    /// Status 5 when the system refuses, or another process is attached.
    pub fn open(name: &str) -> Result<Self> {
        let refused = |e: io::Error| {
            let what = format!("cannot attach to TAP device {}", name.escape_debug());
            let error = Error::os(what, &e);
            match e.kind() {
                ErrorKind::PermissionDenied => error.hint("this takes root, or CAP_NET_ADMIN"),
                ErrorKind::ResourceBusy => error.hint("another process is attached to it"),
                ErrorKind::NotFound => error.hint("this kernel has no /dev/net/tun"),
                _ => error.hint("the name may be that of another kind of interface"),
            }
        };
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).custom_flags(libc::O_NONBLOCK);
        let file = options.open("/dev/net/tun").map_err(refused)?;
        let mut request = Request::about(name);
        // Whole frames, without a header of their own before them.
        let flags = i16::try_from(libc::IFF_TAP | libc::IFF_NO_PI).unwrap_or_default();
        request.told[0] = u64::from(flags.cast_unsigned());
        let what = libc::Ioctl::try_from(libc::TUNSETIFF).unwrap_or_default();
        // SAFETY: TUNSETIFF reads and writes one `ifreq` at the pointer: `request`, of that size, alive
        // for the call.
        if unsafe { libc::ioctl(file.as_raw_fd(), what, &raw mut request) } != 0 {
            return Err(refused(io::Error::last_os_error()));
        }
        let mtu = Interface::named(name)?.mtu()?;
        Ok(Self { file, mtu })
    }

    /// The longest packet, without its Ethernet header.
    pub fn mtu(&self) -> usize {
        self.mtu
    }

    /// Reads the next frame into `to`, which cuts it off where it is shorter; its length, or `None` when
    /// none waits.
    ///
    /// # Errors
    /// Status 5 when the device is gone.
    pub fn read(&mut self, to: &mut [u8]) -> Result<Option<usize>> {
        match self.file.read(to) {
            Ok(len) => Ok(Some(len)),
            Err(e) if e.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(e) => Err(Error::os("cannot read from the TAP device", &e)),
        }
    }

    /// Writes a frame; false when the kernel has no room for it, or its interface is down.
    pub fn write(&mut self, frame: &[u8]) -> bool {
        self.file.write(frame).is_ok()
    }

    /// Waits at most `timeout` for a frame; false when none came.
    ///
    /// # Errors
    /// Status 5 when the device is gone.
    pub fn wait(&self, timeout: Duration) -> Result<bool> {
        let fd = self.file.as_raw_fd();
        let mut polls = [libc::pollfd { fd, events: libc::POLLIN, revents: 0 }];
        let ready = poll(&mut polls, timeout);
        ready.map(|ready| ready > 0).map_err(|e| Error::os("cannot wait for the TAP device", &e))
    }
}

/// Room for the longest frame.
const FRAME_MAX: usize = 1 << 16;

/// Frames that are delivered before the caller's turn.
const BATCH: usize = 64;

/// What became of the frames of a device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Frames that were read: the sum of all others.
    pub frames: u64,
    /// Datagrams delivered.
    pub delivered: u64,
    /// Datagrams that the filter does not take.
    pub filtered: u64,
    /// Frames that hold no datagram, by [`Skip`].
    pub skipped: [u64; Skip::COUNT],
}

/// Datagrams that the kernel sends to a TAP device. Nothing is lost behind the device: what it cannot
/// hold the kernel does not send.
#[derive(Debug)]
pub struct Receiver {
    tap: Tap,
    filter: Filter,
    spin: bool,
    frame: Box<[u8]>,
    tally: Tally,
}

impl Receiver {
    /// Attaches to the TAP device `name`, as [`Tap::open`] does, and delivers what `filter` takes.
    ///
    /// # Errors
    /// Those of [`Tap::open`].
    pub fn open(name: &str, filter: Filter, spin: bool) -> Result<Self> {
        let frame = vec![0; FRAME_MAX].into_boxed_slice();
        Ok(Self { tap: Tap::open(name)?, filter, spin, frame, tally: Tally::default() })
    }

    /// What became of the frames so far.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// Waits at most `timeout` for frames and gives each datagram to `each`, with the time at which it was
    /// read. The answer is how many frames came; 0 when the time passed or a signal came.
    ///
    /// # Errors
    /// Status 5 when the device is gone.
    pub fn receive(
        &mut self,
        timeout: Duration,
        each: &mut dyn FnMut(Arrival<'_>),
    ) -> Result<usize> {
        let clock = Stopwatch::start();
        loop {
            let mut came = 0;
            while came < BATCH
                && let Some(len) = self.tap.read(&mut self.frame)?
            {
                came += 1;
                self.take(len, each);
            }
            if came > 0 || clock.elapsed() >= timeout {
                return Ok(came);
            }
            if !self.spin && !self.tap.wait(timeout.saturating_sub(clock.elapsed()))? {
                return Ok(0);
            }
        }
    }

    fn take(&mut self, len: usize, each: &mut dyn FnMut(Arrival<'_>)) {
        let user_ns = now_ns();
        self.tally.frames += 1;
        match ethernet(user_ns, 0, self.frame.get(..len).unwrap_or_default()) {
            Ok(datagram) if self.filter.takes(datagram.target, datagram.target_port) => {
                self.tally.delivered += 1;
                each(Arrival { datagram, user_ns, nic_ns: None, lost: 0 });
            }
            Ok(_) => self.tally.filtered += 1,
            Err(skip) => self.tally.skipped[skip as usize] += 1,
        }
    }
}
