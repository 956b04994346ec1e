//! A wire as smoltcp takes it: a frame at a time.

use super::wire::Wire;
use crate::bytes::array_at;
use crate::error::Result;
use smoltcp::phy::{Checksum, Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::Instant;

/// Room for the longest frame that any wire carries.
const FRAME_MAX: usize = 9216;

/// An Ethernet header.
const HEADER_LEN: usize = 14;

/// A wire with room for a frame each way.
pub(super) struct Nic {
    pub(super) wire: Wire,
    /// Length of the frame that was read and not taken.
    waits: Option<usize>,
    rx: Box<[u8]>,
    tx: Box<[u8]>,
    pub(super) frames: u64,
    pub(super) sent: u64,
    pub(super) not_sent: u64,
}

impl Nic {
    /// Over `wire`.
    pub(super) fn new(wire: Wire) -> Self {
        let room = || vec![0; FRAME_MAX].into_boxed_slice();
        Self { wire, waits: None, rx: room(), tx: room(), frames: 0, sent: 0, not_sent: 0 }
    }

    /// Reads the next frame, if one waits: when it was received.
    pub(super) fn read(&mut self) -> Result<Option<u64>> {
        let Some((rx_ns, len)) = self.wire.next(&mut self.rx)? else { return Ok(None) };
        self.waits = Some(len);
        self.frames += 1;
        Ok(Some(rx_ns))
    }
}

impl Nic {
    /// The Ethernet address that the frame that was read last came from.
    pub(super) fn peer(&self) -> [u8; 6] {
        array_at(&self.rx, 6).unwrap_or_default()
    }

    /// Sends a frame as it is; false when it is too long or the wire does not take it.
    pub(super) fn send(&mut self, frame: &[u8]) -> bool {
        if frame.len() > self.wire.mtu() + HEADER_LEN {
            return false;
        }
        let write = |room: &mut [u8]| room.copy_from_slice(frame);
        let ((), sent) = self.wire.send(&mut self.tx, frame.len(), write);
        *if sent { &mut self.sent } else { &mut self.not_sent } += 1;
        sent
    }
}

/// The frame that was read.
pub(super) struct Received<'a>(&'a [u8]);

/// A frame to come.
pub(super) struct Sending<'a> {
    wire: &'a mut Wire,
    room: &'a mut [u8],
    sent: &'a mut u64,
    not_sent: &'a mut u64,
}

impl RxToken for Received<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, take: F) -> R {
        take(self.0)
    }
}

impl TxToken for Sending<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, write: F) -> R {
        let (made, sent) = self.wire.send(self.room, len, write);
        *if sent { self.sent } else { self.not_sent } += 1;
        made
    }
}

impl Device for Nic {
    type RxToken<'a> = Received<'a>;
    type TxToken<'a> = Sending<'a>;

    fn receive(&mut self, now: Instant) -> Option<(Self::RxToken<'_>, Self::TxToken<'_>)> {
        let _ = now;
        let len = self.waits.take()?;
        let received = Received(self.rx.get(..len)?);
        let Self { wire, tx, sent, not_sent, .. } = self;
        Some((received, Sending { wire, room: tx, sent, not_sent }))
    }

    fn transmit(&mut self, now: Instant) -> Option<Self::TxToken<'_>> {
        let _ = now;
        let Self { wire, tx, sent, not_sent, .. } = self;
        Some(Sending { wire, room: tx, sent, not_sent })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut told = DeviceCapabilities::default();
        told.medium = Medium::Ethernet;
        told.max_transmission_unit = (self.wire.mtu() + HEADER_LEN).min(FRAME_MAX);
        if self.wire.leaves_checksums() {
            (told.checksum.udp, told.checksum.tcp) = (Checksum::Tx, Checksum::Tx);
        }
        told
    }
}
