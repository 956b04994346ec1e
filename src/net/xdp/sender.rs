//! Sends frames out of a queue of an interface, past the kernel's network stack.

use super::super::interface::Interface;
use super::super::udp::poll;
use super::receiver::{Mode, frame_len};
use super::rings::Frames;
use super::socket::{Setup, Socket};
use crate::error::{Error, Result};
use std::io;
use std::time::Duration;

/// Frames that may be on their way out.
const RING_LEN: u32 = 4096;

/// How often a full ring is looked at again, a millisecond apart, before the driver is held to be stuck.
const TRIES: u32 = 1000;

/// An AF_XDP socket that only sends: what comes to the queue goes where it went before.
#[derive(Debug)]
pub struct Sender {
    socket: Socket,
    mode: Mode,
    frame_max: usize,
}

impl Sender {
    /// Sends out of queue `queue` of `interface`, without a copy where the driver can.
    ///
    /// # Errors
    /// Status 5 when the system refuses both modes, with each refusal.
    pub fn open(interface: &Interface, queue: u32) -> Result<Self> {
        let frame_len = frame_len(interface.mtu()?);
        let mut refusals = Vec::new();
        for mode in [Mode::ZeroCopy, Mode::Generic] {
            let setup = Setup {
                zero_copy: mode == Mode::ZeroCopy,
                // Nothing is redirected here; no socket binds without.
                ring_len: 64,
                frame_len,
                send_len: RING_LEN,
                busy_poll: None,
            };
            match Socket::bind(interface.index(), queue, setup) {
                Ok(socket) => return Ok(Self { socket, mode, frame_max: frame_len as usize }),
                Err(e) => refusals.push(format!("{}: {e}", mode.name())),
            }
        }
        let refused = io::Error::other(refusals.join("; "));
        Err(Error::os(format!("cannot send on {} by AF_XDP", interface.name()), &refused)
            .hint("this takes root, or CAP_NET_ADMIN and CAP_NET_RAW"))
    }

    /// Whether the driver sends from our memory.
    pub fn is_zero_copy(&self) -> bool {
        self.mode == Mode::ZeroCopy
    }

    /// Sends all of `frames` in their order: hands them to the driver, which may not have sent the last of
    /// them before [`finish`](Self::finish).
    ///
    /// # Errors
    /// Status 4 when a frame is longer than the interface takes; status 5 when the driver takes none for a
    /// second.
    pub fn send(&mut self, frames: &[&[u8]]) -> Result<()> {
        for frame in frames {
            if frame.len() > self.frame_max {
                let what =
                    format!("frame of {} bytes, longer than the interface takes", frame.len());
                return Err(Error::damaged(what));
            }
            self.until(|frames| {
                frames.send(frame.len(), |to| to.copy_from_slice(frame)).is_some()
            })?;
        }
        self.socket.push();
        Ok(())
    }

    /// Waits until every frame has left: those that the driver still has go when the socket is closed.
    ///
    /// # Errors
    /// Status 5 when the driver takes none for a second.
    pub fn finish(&mut self) -> Result<()> {
        self.until(Frames::all_sent)
    }

    /// Pushes until `done` is true of the frames.
    fn until(&mut self, mut done: impl FnMut(&mut Frames) -> bool) -> Result<()> {
        let mut left = TRIES;
        while !done(&mut self.socket.frames) {
            self.socket.push();
            left = left.checked_sub(1).ok_or_else(stuck)?;
            poll(&mut [], Duration::from_millis(u64::from(left < TRIES / 2)))
                .map_err(|e| Error::os("cannot send by AF_XDP", &e))?;
        }
        Ok(())
    }
}

fn stuck() -> Error {
    let what = io::Error::from(io::ErrorKind::TimedOut);
    Error::os("cannot send by AF_XDP: the driver takes no frames", &what)
}
