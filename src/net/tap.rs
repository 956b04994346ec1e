//! A TAP device: an interface whose frames are read and written as a file.
//!
//! What the kernel sends to the interface is read here, and what is written here the kernel receives
//! from it (Documentation/networking/tuntap.rst).

#![expect(unsafe_code, reason = "std has no ioctl")]

use super::interface::{Interface, Request};
use super::udp::poll;
use crate::error::{Error, Result};
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
