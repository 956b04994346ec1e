//! Where frames come from and go to.

use super::super::tap::Tap;
use super::super::xdp::Port;
use crate::error::Result;
use crate::time::now_ns;
use std::time::Duration;

/// What the node's frames go over.
#[derive(Debug)]
pub enum Wire {
    /// A TAP device: the kernel is at the other end.
    Tap(Tap),
    /// A queue of an interface: the interface's peer is.
    Xdp(Box<Port>),
}

impl Wire {
    /// The name in messages.
    pub fn describe(&self) -> String {
        match self {
            Self::Tap(_) => "tap".to_owned(),
            Self::Xdp(port) => format!("xdp, {}", port.mode().name()),
        }
    }

    /// Whether frames come with checksums of UDP and TCP that nobody has finished: before a sender's
    /// driver does, as on veth (`CHECKSUM_PARTIAL`, include/linux/skbuff.h). Of a TAP device the kernel
    /// finishes them.
    pub(super) fn leaves_checksums(&self) -> bool {
        matches!(self, Self::Xdp(_))
    }

    /// The longest packet, without its Ethernet header.
    pub(super) fn mtu(&self) -> usize {
        match self {
            Self::Tap(tap) => tap.mtu(),
            Self::Xdp(port) => port.mtu(),
        }
    }

    /// The Ethernet address that the node has here; `None` where it may choose one.
    pub(super) fn mac(&self) -> Option<[u8; 6]> {
        match self {
            Self::Tap(_) => None,
            Self::Xdp(port) => Some(port.mac()),
        }
    }

    /// Copies the next frame into `to`: when it was received and its length; `None` when none waits, or
    /// what waited was longer.
    pub(super) fn next(&mut self, to: &mut [u8]) -> Result<Option<(u64, usize)>> {
        match self {
            Self::Tap(tap) => Ok(tap.read(to)?.map(|len| (now_ns(), len))),
            Self::Xdp(port) => Ok(port
                .next(|rx_ns, frame| {
                    to.get_mut(..frame.len())?.copy_from_slice(frame);
                    Some((rx_ns.unwrap_or_else(now_ns), frame.len()))
                })
                .flatten()),
        }
    }

    /// Sends a frame of `len` bytes that `write` fills in; false when it could not be sent.
    pub(super) fn send<T>(
        &mut self,
        room: &mut [u8],
        len: usize,
        write: impl FnOnce(&mut [u8]) -> T,
    ) -> (T, bool) {
        let room = room.get_mut(..len).unwrap_or_default();
        let made = write(room);
        let sent = match self {
            Self::Tap(tap) => tap.write(room),
            Self::Xdp(port) => port.send(len, |frame| frame.copy_from_slice(room)).is_some(),
        };
        (made, sent)
    }

    /// Waits at most `timeout` for a frame.
    pub(super) fn wait(&mut self, timeout: Duration) -> Result<bool> {
        match self {
            Self::Tap(tap) => tap.wait(timeout),
            Self::Xdp(port) => port.wait(timeout),
        }
    }
}
