//! Memory that is shared with the kernel: rings of descriptors and the frames they name.
//!
//! ```text
//!            fill ring: frames to be filled            receive ring: frames that were
//!   us ---> [ addr addr addr .. ] ---> kernel ---> [ addr+len addr+len .. ] ---> us
//!       \______________________________________________________________________/
//!                              the same frames, back again
//! ```
//!
//! There are as many frames as either ring has entries, so a frame always has a place to go:
//! neither ring can overflow, and what can be lost is only what came while the fill ring was empty.
//!
//! A socket that sends has more frames, which go round by themselves: free, in the transmit ring, the
//! kernel's, in the completion ring, free again.
//!
//! Invariants:
//! - A frame is in the fill ring, or the kernel's, or in the receive ring, or lent to the closure of
//!   [`Frames::take`]: in exactly one of these. A frame to send is free, or in one of the other two rings,
//!   or the kernel's.
//! - What the kernel wrote into a ring is checked against the frames before it is used.

#![expect(unsafe_code, reason = "memory that the kernel writes too")]

use super::syscall::{self, RingOffsets};
use memmap2::{MmapMut, MmapOptions, MmapRaw};
use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// A descriptor of the receive and transmit rings: `struct xdp_desc`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
struct Descriptor {
    at: u64,
    len: u32,
    options: u32,
}

/// One ring, of which we are the producer or the consumer.
#[derive(Debug)]
struct Ring<T> {
    map: MmapRaw,
    offsets: RingOffsets,
    mask: u32,
    /// Our own position, which only we write; the other side's is read when needed.
    position: u32,
    _entries: PhantomData<T>,
}

impl<T: Copy> Ring<T> {
    /// Maps a ring of `len` entries, a power of two.
    fn map(socket: &OwnedFd, page_at: u64, offsets: RingOffsets, len: u32) -> io::Result<Self> {
        let invalid = || io::Error::from(io::ErrorKind::InvalidData);
        let end = |at: u64, bytes: usize| usize::try_from(at).ok()?.checked_add(bytes);
        let entries = (len as usize).checked_mul(size_of::<T>()).ok_or_else(invalid)?;
        let bytes = end(offsets.entries, entries).ok_or_else(invalid)?;
        for at in [offsets.producer, offsets.consumer, offsets.flags] {
            if !len.is_power_of_two()
                || !at.is_multiple_of(4)
                || end(at, 4).is_none_or(|end| end > bytes)
            {
                return Err(invalid());
            }
        }
        if !offsets.entries.is_multiple_of(align_of::<T>() as u64) {
            return Err(invalid());
        }
        let fd = socket.as_raw_fd();
        let map = MmapOptions::new().offset(page_at).len(bytes).populate().map_raw(fd)?;
        Ok(Self { map, offsets, mask: len - 1, position: 0, _entries: PhantomData })
    }

    fn word(&self, at: u64) -> &AtomicU32 {
        // The bound was checked by `map`; a usize holds it.
        let at = usize::try_from(at).unwrap_or_default();
        // SAFETY: `map` checked that 4 bytes from `at` are in the mapping.
        let word = unsafe { self.map.as_mut_ptr().add(at) };
        // SAFETY: it is aligned (a page and a multiple of 4, checked by `map`), mapped as long as
        // `self` is, and accessed by the kernel as an atomic integer too.
        unsafe { AtomicU32::from_ptr(word.cast()) }
    }

    fn producer(&self) -> &AtomicU32 {
        self.word(self.offsets.producer)
    }

    fn consumer(&self) -> &AtomicU32 {
        self.word(self.offsets.consumer)
    }

    /// Whether the kernel asks to be woken.
    fn wants_wake_up(&self) -> bool {
        self.word(self.offsets.flags).load(Ordering::Relaxed) & libc::XDP_RING_NEED_WAKEUP != 0
    }

    fn slot(&self, position: u32) -> *mut T {
        let at = usize::try_from(self.offsets.entries).unwrap_or_default();
        let at = at.wrapping_add((position & self.mask) as usize * size_of::<T>());
        // SAFETY: `map` checked that `mask + 1` entries from there are in the mapping.
        unsafe { self.map.as_mut_ptr().add(at) }.cast()
    }

    /// As the consumer: entries that wait.
    fn waiting(&self) -> u32 {
        // Acquire pairs with the kernel's release after it wrote the entries.
        self.producer().load(Ordering::Acquire).wrapping_sub(self.position).min(self.mask + 1)
    }

    /// As the consumer: entry `number` of those that wait.
    fn peek(&self, number: u32) -> T {
        // SAFETY: the slot is inside of the mapping and aligned; the kernel does not write entries
        // between producer and consumer, where this one is. All `T` are plain integers.
        unsafe { self.slot(self.position.wrapping_add(number)).read() }
    }

    /// As the consumer: the next `count` entries may be overwritten.
    fn release(&mut self, count: u32) {
        self.position = self.position.wrapping_add(count);
        // Release: what was read of the entries was read before.
        self.consumer().store(self.position, Ordering::Release);
    }

    /// As the producer: writes the next entry, which nobody sees before [`Self::submit`]. There
    /// must be room: see the module's head.
    fn put(&mut self, entry: T) {
        // SAFETY: the slot is inside of the mapping and aligned, and the kernel does not read it
        // before `submit`.
        unsafe { self.slot(self.position).write(entry) };
        self.position = self.position.wrapping_add(1);
    }

    /// As the producer: what was put is the kernel's.
    fn submit(&self) {
        // Release: the entries are written before.
        self.producer().store(self.position, Ordering::Release);
    }
}

/// A socket's frames and the two rings they go round in.
#[derive(Debug)]
pub(super) struct Frames {
    // The rings first: they are unmapped, and the socket that `Lane` holds before them closed,
    // before the frames are.
    fill: Ring<u64>,
    rx: Ring<Descriptor>,
    outgoing: Option<Outgoing>,
    memory: MmapRaw,
    memory_len: u64,
    frame_len: u32,
    huge: bool,
}

/// Frames to send, and the rings they go round in.
#[derive(Debug)]
struct Outgoing {
    tx: Ring<Descriptor>,
    done: Ring<u64>,
    /// Where the first frame to send begins, behind those that are received into.
    first: u64,
    /// Where the frames begin that are neither in a ring nor the kernel's.
    free: Vec<u64>,
    /// Frames in all.
    count: usize,
}

impl Outgoing {
    /// Takes back the frames that were sent.
    fn reclaim(&mut self) {
        let done = self.done.waiting();
        (0..done).for_each(|number| self.free.push(self.done.peek(number)));
        self.done.release(done);
    }
}

/// Bytes of a large page.
const LARGE: usize = 2 << 20;

impl Frames {
    /// Gives `socket` memory for `count` frames of `frame_len` bytes (both powers of two) and all
    /// of them to the kernel, and for `send_count` frames to send (a power of two, or none).
    pub(super) fn new(
        socket: &OwnedFd,
        count: u32,
        frame_len: u32,
        send_count: u32,
    ) -> io::Result<Self> {
        let sends = send_count > 0;
        if !count.is_power_of_two()
            || !frame_len.is_power_of_two()
            || (sends && !send_count.is_power_of_two())
        {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let used = (u64::from(count) + u64::from(send_count)) * u64::from(frame_len);
        let len = usize::try_from(used).map_err(|_| io::ErrorKind::InvalidInput)?;
        let len = len.next_multiple_of(LARGE);
        let (memory, huge) = memory(len)?;
        let memory = MmapRaw::from(memory);
        // SAFETY: the memory stays mapped as long as `Frames`, which the owner of the socket keeps
        // until the socket is closed; frames are read only in `take`, between leaving the receive
        // ring and entering the fill ring, and written only in `send`, while they are free.
        unsafe {
            syscall::register(
                socket,
                memory.as_mut_ptr(),
                used.try_into().unwrap_or(len),
                frame_len,
            )
        }?;
        syscall::set_ring_len(socket, libc::XDP_UMEM_FILL_RING, count)?;
        // No socket binds without it.
        let done_count = if sends { send_count } else { 64 };
        syscall::set_ring_len(socket, libc::XDP_UMEM_COMPLETION_RING, done_count)?;
        syscall::set_ring_len(socket, libc::XDP_RX_RING, count)?;
        if sends {
            syscall::set_ring_len(socket, libc::XDP_TX_RING, send_count)?;
        }
        let offsets = syscall::offsets(socket)?;
        let mut fill = Ring::map(socket, libc::XDP_UMEM_PGOFF_FILL_RING, offsets.fill, count)?;
        let rx_at = u64::try_from(libc::XDP_PGOFF_RX_RING).unwrap_or_default();
        let rx = Ring::map(socket, rx_at, offsets.rx, count)?;
        (0..count).for_each(|number| fill.put(u64::from(number) * u64::from(frame_len)));
        fill.submit();
        let outgoing = if sends {
            let tx_at = u64::try_from(libc::XDP_PGOFF_TX_RING).unwrap_or_default();
            let done_at = libc::XDP_UMEM_PGOFF_COMPLETION_RING;
            let free = (count..count + send_count).map(|n| u64::from(n) * u64::from(frame_len));
            Some(Outgoing {
                tx: Ring::map(socket, tx_at, offsets.tx, send_count)?,
                done: Ring::map(socket, done_at, offsets.completion, send_count)?,
                first: u64::from(count) * u64::from(frame_len),
                free: free.collect(),
                count: usize::try_from(send_count).unwrap_or_default(),
            })
        } else {
            None
        };
        Ok(Self { fill, rx, outgoing, memory, memory_len: used, frame_len, huge })
    }

    /// Lends a frame of `len` bytes to `write` and hands it to the kernel, which must then be told; `None`
    /// when no frame is free, or none is as long.
    pub(super) fn send<T>(&mut self, len: usize, write: impl FnOnce(&mut [u8]) -> T) -> Option<T> {
        let outgoing = self.outgoing.as_mut()?;
        outgoing.reclaim();
        if len > self.frame_len as usize {
            return None;
        }
        let at = outgoing.free.pop()?;
        // What the kernel gives back is checked: one of the frames to send.
        let len_max = u64::from(self.frame_len);
        let fits = at.checked_add(len_max).is_some_and(|end| end <= self.memory_len);
        let is_ours = fits && at >= outgoing.first && at.is_multiple_of(len_max);
        let start = usize::try_from(at).ok().filter(|_| is_ours)?;
        // SAFETY: a whole frame from `start` is within the memory: just checked.
        let place = unsafe { self.memory.as_mut_ptr().add(start) };
        // SAFETY: `len` bytes from there, at most a frame's, are mapped and initialised; the frame is not
        // the kernel's, because it was free, nor lent otherwise, because `self` is exclusively borrowed.
        let made = write(unsafe { std::slice::from_raw_parts_mut(place, len) });
        let len = u32::try_from(len).unwrap_or_default();
        // There is room: as many entries as there are frames.
        outgoing.tx.put(Descriptor { at, len, options: 0 });
        outgoing.tx.submit();
        Some(made)
    }

    /// Whether every frame that was handed to the kernel has left.
    pub(super) fn all_sent(&mut self) -> bool {
        self.outgoing.as_mut().is_none_or(|outgoing| {
            outgoing.reclaim();
            outgoing.free.len() >= outgoing.count
        })
    }

    /// Whether the frames are in large pages that were set aside for that.
    pub(super) fn is_huge(&self) -> bool {
        self.huge
    }

    /// Frames that wait to be read.
    #[inline]
    pub(super) fn waiting(&self) -> u32 {
        self.rx.waiting()
    }

    /// Whether the driver sleeps until it is kicked.
    pub(super) fn wants_wake_up(&self) -> bool {
        self.fill.wants_wake_up()
    }

    /// Lends the next `count` frames, which wait, to `each`, with the bytes before them, and gives
    /// them back to the kernel.
    #[inline]
    pub(super) fn take(&mut self, count: u32, mut each: impl FnMut(&[u8], &[u8])) {
        const AHEAD: u32 = 4;
        for number in 0..count {
            if number + AHEAD < count {
                let ahead = self.rx.peek(number + AHEAD);
                let (_, frame) = self.frame(ahead);
                crate::mem::prefetch(frame, 0, 64);
            }
            let descriptor = self.rx.peek(number);
            let (before, frame) = self.frame(descriptor);
            each(before, frame);
            // The start of the frame's place: descriptors point behind the headroom.
            self.fill.put(descriptor.at & !u64::from(self.frame_len - 1));
        }
        self.rx.release(count);
        self.fill.submit();
    }

    /// The bytes before the frame that `descriptor` names, as far as they are in its place, and the
    /// frame; empty when it names none.
    fn frame(&self, descriptor: Descriptor) -> (&[u8], &[u8]) {
        let mask = u64::from(self.frame_len - 1);
        let (at, start) = (descriptor.at, descriptor.at & !mask);
        let end = at.saturating_add(u64::from(descriptor.len));
        if end > self.memory_len || end > start.saturating_add(mask + 1) {
            return (&[], &[]);
        }
        let (Ok(start), Ok(before), Ok(len)) =
            (usize::try_from(start), usize::try_from(at & mask), usize::try_from(end - start))
        else {
            return (&[], &[]);
        };
        // SAFETY: `start + len` is within the memory: just checked.
        let place = unsafe { self.memory.as_ptr().add(start) };
        // SAFETY: `len` bytes from there are mapped and initialised (anonymous memory is zero at
        // first). The kernel does not write them: the frame's place has left the fill ring for the
        // receive ring and enters the fill ring again only after the borrow has ended, because
        // `take` lends it to a closure that cannot keep it and puts it after that.
        let bytes = unsafe { std::slice::from_raw_parts(place, len) };
        bytes.split_at(before.min(len))
    }
}

/// Anonymous memory, in large pages if the system has some set aside.
fn memory(len: usize) -> io::Result<(MmapMut, bool)> {
    if let Ok(map) = MmapOptions::new().len(len).huge(Some(21)).populate().map_anon() {
        return Ok((map, true));
    }
    let map = MmapOptions::new().len(len).map_anon()?;
    // A wish.
    let _ = map.advise(memmap2::Advice::HugePage);
    Ok((map, false))
}

/// The memory of a BPF ring buffer, of which we are the consumer (kernel/bpf/ringbuf.c).
///
/// ```text
/// page 0: our position    page 1: the kernel's    then the records, mapped twice in a row, so that
/// each lies in one piece: length and two flags (4), page (4), bytes, to a multiple of 8
/// ```
#[derive(Debug)]
pub(super) struct Copies {
    ours: MmapRaw,
    theirs: MmapRaw,
    ring_len: u64,
    position: u64,
}

impl Copies {
    /// Smallest ring: a page.
    pub(super) const LEN_MIN: u32 = 4096;
    const HEAD_LEN: u64 = 8;
    const BUSY: u32 = 1 << 31;
    const DISCARDED: u32 = 1 << 30;

    /// Maps the ring buffer `map` of `ring_len` bytes.
    pub(super) fn map(map: RawFd, ring_len: u32) -> io::Result<Self> {
        const PAGE: usize = Copies::LEN_MIN as usize;
        let len = PAGE + 2 * ring_len as usize;
        let ours = MmapOptions::new().len(PAGE).map_raw(map)?;
        let theirs = MmapOptions::new().offset(PAGE as u64).len(len).map_raw_read_only(map)?;
        Ok(Self { ours, theirs, ring_len: ring_len.into(), position: 0 })
    }

    /// Bytes that wait.
    pub(super) fn waiting(&self) -> u64 {
        // SAFETY: the position is the first word of its page, which is mapped as long as `self` is
        // and which the kernel changes as an atomic integer too.
        let theirs = unsafe { AtomicU64::from_ptr(self.theirs.as_mut_ptr().cast()) };
        // Acquire pairs with the kernel's release after it reserved the records.
        theirs.load(Ordering::Acquire).wrapping_sub(self.position)
    }

    /// Lends up to `most` records to `each` and gives their room back; how many there were.
    pub(super) fn take(&mut self, most: usize, mut each: impl FnMut(&[u8])) -> usize {
        let (mut waiting, mut count) = (self.waiting().min(self.ring_len), 0);
        while waiting >= Self::HEAD_LEN && count < most {
            let at = self.position & (self.ring_len - 1);
            let at = usize::try_from(at).unwrap_or_default() + Self::LEN_MIN as usize;
            // SAFETY: `at` is in the records' first mapping, which `theirs` holds.
            let record = unsafe { self.theirs.as_ptr().add(at) };
            // SAFETY: records begin at multiples of 8, and the kernel changes their first word as
            // an atomic integer; it is read only, which a load does not violate.
            let head = unsafe { AtomicU32::from_ptr(record.cast_mut().cast()) };
            // Acquire pairs with the kernel's exchange when the record is submitted.
            let head = head.load(Ordering::Acquire);
            if head & Self::BUSY != 0 {
                break;
            }
            let len = head & !Self::DISCARDED;
            let whole_len = (u64::from(len) + Self::HEAD_LEN).next_multiple_of(8);
            if whole_len > waiting {
                break;
            }
            if head & Self::DISCARDED == 0 {
                // SAFETY: the record is no longer than the ring (just checked: `waiting` is at most
                // that), so that it lies within the two mappings in a row.
                let bytes = unsafe { record.add(8) };
                // SAFETY: submitted records are initialised, and the kernel does not write them
                // before our position has passed them, which is after the borrow has ended.
                each(unsafe { std::slice::from_raw_parts(bytes, len as usize) });
                count += 1;
            }
            self.position = self.position.wrapping_add(whole_len);
            waiting -= whole_len;
        }
        // SAFETY: as in `waiting`; this page is the one that we write.
        let ours = unsafe { AtomicU64::from_ptr(self.ours.as_mut_ptr().cast()) };
        // Release: what was read of the records was read before.
        ours.store(self.position, Ordering::Release);
        count
    }
}
