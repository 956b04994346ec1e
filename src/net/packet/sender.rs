//! Sends whole frames out of an interface.

use super::super::interface::Interface;
use super::super::udp::poll;
use super::syscall;
use crate::error::{Error, Result};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

/// A socket that sends frames as they are: the caller makes every header.
#[derive(Debug)]
pub struct Sender {
    socket: OwnedFd,
}

impl Sender {
    /// Sends out of `interface`, past its queueing discipline where the driver lets us: frames that
    /// its queue cannot hold are then not waited for.
    ///
    /// # Errors
    /// Status 5 when the system refuses.
    pub fn new(interface: &Interface) -> Result<Self> {
        let failed = |e| Error::os(format!("cannot send on {}", interface.name()), &e);
        let socket = syscall::socket().map_err(failed)?;
        syscall::set_number(&socket, libc::PACKET_QDISC_BYPASS, 1).map_err(failed)?;
        syscall::bind(&socket, interface, 0).map_err(failed)?;
        Ok(Self { socket })
    }

    /// Sends all of `frames` in their order.
    ///
    /// # Errors
    /// Status 5 when the system refuses one: it and those behind it were not sent.
    pub fn send(&mut self, mut frames: &[&[u8]]) -> Result<()> {
        while !frames.is_empty() {
            match syscall::send(&self.socket, frames) {
                Ok(sent) => frames = frames.get(sent..).unwrap_or_default(),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                // The queue or the socket's buffer is full.
                Err(e)
                    if e.kind() == io::ErrorKind::WouldBlock
                        || e.raw_os_error() == Some(libc::ENOBUFS) =>
                {
                    let (fd, events) = (self.socket.as_raw_fd(), libc::POLLOUT);
                    poll(&mut [libc::pollfd { fd, events, revents: 0 }], Duration::from_millis(1))
                        .map_err(|e| Error::os("cannot send", &e))?;
                }
                Err(e) => return Err(Error::os("cannot send", &e)),
            }
        }
        Ok(())
    }
}
