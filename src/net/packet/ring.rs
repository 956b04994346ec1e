//! The memory of a receive ring, shared with the kernel (Documentation/networking/packet_mmap.rst).
//!
//! ```text
//! version 2: slots of one length       status | .. | vnet header | frame      each is given over alone
//! version 3: blocks                    status, count, first | frame frame ..  given over when full or old
//! ```
//!
//! A slot or block whose status has the user's bit is ours until we clear it. What stands in it is
//! checked against its bounds before it is used.

#![expect(unsafe_code, reason = "memory that the kernel writes too")]

use super::super::superframe::HEADER_LEN;
use crate::bytes::{u16_at, u32_at};
use memmap2::{MmapOptions, MmapRaw};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicU32, Ordering};

/// A frame in a ring.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    /// When the kernel received it: CLOCK_REALTIME nanoseconds.
    pub(super) rx_ns: u64,
    /// The header before the frame.
    pub(super) vnet: &'a [u8],
    /// The frame's bytes, as many as were kept.
    pub(super) bytes: &'a [u8],
    /// Frames were dropped since the socket was last asked.
    pub(super) losing: bool,
}

/// Slots or blocks in a row, read in their order.
#[derive(Debug)]
pub(super) struct Ring {
    map: MmapRaw,
    /// Bytes of a slot or block.
    place_len: usize,
    place_count: usize,
    /// Where the status word stands in a place.
    status_at: usize,
    /// The place that is read next.
    next: usize,
}

const STATUS_USER: u32 = 1;
const STATUS_LOSING: u32 = 4;

impl Ring {
    /// Maps the ring of `socket`: `place_count` places of `place_len` bytes, a multiple of 16.
    pub(super) fn map(
        socket: &OwnedFd,
        place_len: usize,
        place_count: usize,
        status_at: usize,
    ) -> io::Result<Self> {
        if !place_len.is_multiple_of(16) || status_at + 4 > place_len || place_count == 0 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let len = place_len.saturating_mul(place_count);
        let map = MmapOptions::new().len(len).map_raw(socket.as_raw_fd())?;
        Ok(Self { map, place_len, place_count, status_at, next: 0 })
    }

    fn status(&self) -> &AtomicU32 {
        // SAFETY: `next` is less than `place_count` and `status_at + 4` at most `place_len`, so that
        // the word is in the mapping.
        let at = unsafe { self.map.as_mut_ptr().add(self.next * self.place_len + self.status_at) };
        // SAFETY: it is aligned (places are multiples of 16 and statuses of 4 from a page), mapped
        // as long as `self` is, and changed by the kernel in one store.
        unsafe { AtomicU32::from_ptr(at.cast()) }
    }

    /// Whether the next place is ours.
    #[inline]
    pub(super) fn is_ready(&self) -> bool {
        // Acquire pairs with the kernel's barrier between contents and status.
        self.status().load(Ordering::Acquire) & STATUS_USER != 0
    }

    /// Lends the next place, if it is ours, to `each`, gives it back and goes on to the one behind
    /// it; whether it was.
    pub(super) fn take(&mut self, each: impl FnOnce(&[u8])) -> bool {
        if !self.is_ready() {
            return false;
        }
        // SAFETY: `next` is less than `place_count`.
        let place = unsafe { self.map.as_ptr().add(self.next * self.place_len) };
        // SAFETY: `place_len` bytes from there are in the mapping and initialised (the kernel
        // clears the pages); the kernel does not write them until the status is cleared below,
        // after the borrow has ended.
        each(unsafe { std::slice::from_raw_parts(place, self.place_len) });
        // Release: what was read was read before.
        self.status().store(0, Ordering::Release);
        self.next = (self.next + 1) % self.place_count;
        true
    }
}

/// Nanoseconds of seconds and nanoseconds.
fn stamp(seconds: u32, nanoseconds: u32) -> u64 {
    u64::from(seconds) * 1_000_000_000 + u64::from(nanoseconds)
}

/// The frame at `mac_at` of `place`, of which `kept` bytes were kept, and the header before it.
fn parts(place: &[u8], mac_at: usize, kept: usize) -> Option<(&[u8], &[u8])> {
    let vnet = place.get(mac_at.checked_sub(HEADER_LEN)?..mac_at)?;
    Some((vnet, place.get(mac_at..mac_at.checked_add(kept)?)?))
}

/// The frame in a slot: `struct tpacket2_hdr`.
pub(super) fn slot_frame(slot: &[u8]) -> Option<Frame<'_>> {
    let (mac_at, kept) = (u16_at(slot, 12)?, u32_at(slot, 8)?);
    let (vnet, bytes) = parts(slot, mac_at.into(), usize::try_from(kept).ok()?)?;
    let rx_ns = stamp(u32_at(slot, 16)?, u32_at(slot, 20)?);
    Some(Frame { rx_ns, vnet, bytes, losing: u32_at(slot, 0)? & STATUS_LOSING != 0 })
}

/// Where a block's status stands: `struct tpacket_block_desc`, then `struct tpacket_hdr_v1`.
pub(super) const BLOCK_STATUS_AT: usize = 8;

/// The frames in a block: each `struct tpacket3_hdr`. Ends early where the block contradicts itself.
pub(super) fn block_frames(block: &[u8]) -> impl Iterator<Item = Frame<'_>> {
    let count = u32_at(block, 12).unwrap_or_default();
    let mut at = u32_at(block, 16).unwrap_or_default() as usize;
    (0..count).map_while(move |_| {
        let head = block.get(at..)?;
        let (next, kept, mac_at) = (u32_at(head, 0)?, u32_at(head, 12)?, u16_at(head, 24)?);
        let (vnet, bytes) = parts(head, mac_at.into(), usize::try_from(kept).ok()?)?;
        let rx_ns = stamp(u32_at(head, 4)?, u32_at(head, 8)?);
        let losing = u32_at(head, 20)? & STATUS_LOSING != 0;
        at = at.saturating_add(next as usize);
        Some(Frame { rx_ns, vnet, bytes, losing })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block of frames with these bytes, laid out as the kernel does.
    fn block(frames: &[&[u8]]) -> Vec<u8> {
        let mut block = vec![0; 48];
        block[12..16].copy_from_slice(&u32::try_from(frames.len()).unwrap().to_ne_bytes());
        block[16..20].copy_from_slice(&48u32.to_ne_bytes());
        for (number, bytes) in (1u32..).zip(frames) {
            let mut head = vec![0; 96];
            let next = u32::try_from((96 + bytes.len()).next_multiple_of(8)).unwrap();
            let kept = u32::try_from(bytes.len()).unwrap();
            for (at, value) in [(0, next), (4, number), (8, 5), (12, kept), (16, kept)] {
                head[at..at + 4].copy_from_slice(&value.to_ne_bytes());
            }
            head[24..26].copy_from_slice(&96u16.to_ne_bytes());
            head.extend(*bytes);
            head.resize(next as usize, 0);
            block.extend(head);
        }
        block
    }

    #[test]
    fn a_block_gives_its_frames_and_a_damaged_one_never_more() {
        let frames: [&[u8]; 3] = [b"first", b"", b"the third one"];
        let good = block(&frames);
        let found: Vec<_> = block_frames(&good).map(|f| (f.rx_ns, f.bytes)).collect();
        let expect = [(1, frames[0]), (2, frames[1]), (3, frames[2])];
        assert_eq!(found, expect.map(|(s, bytes)| (s * 1_000_000_000 + 5, bytes)));
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0xff;
            assert!(block_frames(&bad).take(100).all(|frame| frame.vnet.len() == HEADER_LEN));
            assert!(block_frames(&good[..at]).count() <= 3);
        }
        for len in 0..32 {
            assert!(slot_frame(&vec![0xff; len]).is_none());
        }
    }
}
