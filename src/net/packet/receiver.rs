//! Receives datagrams of an interface from a ring that the kernel copies frames into.

use super::super::interface::Interface;
use super::super::option;
use super::super::pcap::{Skip, ethernet};
use super::super::superframe::{segment_len, split};
use super::super::udp::{Arrival, poll};
use super::super::xdp::Filter;
use super::ring::{BLOCK_STATUS_AT, Frame, Ring, block_frames, slot_frame};
use super::syscall::{self, RingRequest};
use crate::error::{Error, Result};
use crate::time::{Stopwatch, now_ns};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

/// Which ring the kernel copies into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A slot for each frame (TPACKET_V2): it is ours at once.
    Latency,
    /// Blocks of frames (TPACKET_V3): cheaper for each, and up to 2 ms late.
    Volume,
}

/// How a receiver is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which datagrams are delivered.
    pub filter: Filter,
    /// Which ring.
    pub kind: Kind,
    /// Bytes of the ring, rounded up to a multiple of 1 MiB. A slot takes 64 KiB, room for a
    /// superframe.
    pub ring_len: usize,
    /// Never sleep while waiting.
    pub spin: bool,
}

impl Default for Options {
    /// Every datagram, slots, 128 MiB, sleeping.
    fn default() -> Self {
        Self { filter: Filter::default(), kind: Kind::Latency, ring_len: 128 << 20, spin: false }
    }
}

/// What became of the frames that the socket counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Frames that the socket got, dropped ones included; without those that wait in the ring it is
    /// the sum of all others but `datagrams` and `superframes`.
    pub frames: u64,
    /// Frames that were delivered, as one datagram or several.
    pub delivered: u64,
    /// Frames of a datagram that the filter does not take.
    pub filtered: u64,
    /// Frames that hold no datagram, by [`Skip`].
    pub skipped: [u64; Skip::COUNT],
    /// Frames that the ring contradicted itself about.
    pub broken: u64,
    /// Frames that the kernel dropped because the ring was full.
    pub dropped: u64,
    /// Datagrams delivered.
    pub datagrams: u64,
    /// Frames that were of several datagrams.
    pub superframes: u64,
}

/// An AF_PACKET socket at one interface.
#[derive(Debug)]
pub struct Receiver {
    ring: Ring,
    socket: OwnedFd,
    kind: Kind,
    filter: Filter,
    spin: bool,
    lane: u16,
    tally: Tally,
    /// Drops that the next arrival tells of.
    untold: u64,
}

/// Bytes of a block of the ring.
const BLOCK_LEN: usize = 1 << 20;
/// Bytes of a slot: a superframe, which is an IP packet, needs as many but for the last segment.
const SLOT_LEN: usize = 1 << 16;
/// Slots that are delivered at once.
const BATCH: usize = 64;

impl Receiver {
    /// Listens on `interface`: to what comes in, not to what goes out.
    ///
    /// # Errors
    /// Status 5 when the system refuses.
    pub fn open(interface: &str, options: &Options) -> Result<Self> {
        let interface = Interface::named(interface)?;
        Self::attempt(&interface, options, 0, false).map_err(|e| refused(&interface, &e))
    }

    /// The same by `count` sockets, each with a ring of its own and for a thread of its own. The
    /// kernel deals the flows out among them, and each stays in order. The interface of a datagram
    /// is the number of its socket.
    ///
    /// # Errors
    /// Status 5 when the system refuses.
    pub fn open_group(interface: &str, options: &Options, count: u16) -> Result<Vec<Self>> {
        let interface = Interface::named(interface)?;
        let group = || {
            // Until it belongs to the group a socket sees what the others see: it is shut before.
            let numbers = 0..count.max(1);
            let all = numbers.map(|lane| Self::attempt(&interface, options, lane, true));
            let all = all.collect::<io::Result<Vec<_>>>()?;
            let mut id = None;
            for one in &all {
                id = Some(syscall::join(&one.socket, id)?);
            }
            all.iter().try_for_each(|one| syscall::set_shut(&one.socket, false))?;
            Ok(all)
        };
        group().map_err(|e| refused(&interface, &e))
    }

    fn attempt(
        interface: &Interface,
        options: &Options,
        lane: u16,
        shut: bool,
    ) -> io::Result<Self> {
        let socket = syscall::socket()?;
        if shut {
            syscall::set_shut(&socket, true)?;
        }
        let len32 = |len: usize| u32::try_from(len).map_err(|_| io::ErrorKind::InvalidInput);
        let block_count = options.ring_len.div_ceil(BLOCK_LEN).max(2);
        let (version, place_len, status_at) = match options.kind {
            Kind::Latency => (libc::tpacket_versions::TPACKET_V2, SLOT_LEN, 0),
            Kind::Volume => (libc::tpacket_versions::TPACKET_V3, BLOCK_LEN, BLOCK_STATUS_AT),
        };
        let request = RingRequest {
            block_len: len32(BLOCK_LEN)?,
            block_count: len32(block_count)?,
            frame_len: len32(SLOT_LEN)?,
            frame_count: len32(block_count * (BLOCK_LEN / SLOT_LEN))?,
            retire_ms: 1,
            private_len: 0,
            features: 0,
        };
        // Before the ring is made: it gives each frame room for the header.
        syscall::set_number(&socket, libc::PACKET_VNET_HDR, 1)?;
        syscall::set_ring(&socket, version as i32, request)?;
        // Linux 4.20; before, what we send ourselves is seen too.
        let _ = syscall::set_number(&socket, libc::PACKET_IGNORE_OUTGOING, 1);
        let place_count = block_count * (BLOCK_LEN / place_len);
        let ring = Ring::map(&socket, place_len, place_count, status_at)?;
        syscall::bind(&socket, interface, libc::ETH_P_ALL)?;
        // To an interface that is down it binds all the same, and an error waits.
        option::error_of(&socket)?;
        Ok(Self {
            ring,
            socket,
            kind: options.kind,
            filter: options.filter.clone(),
            spin: options.spin,
            lane,
            tally: Tally::default(),
            untold: 0,
        })
    }

    /// Waits at most `timeout` for frames and gives the datagrams of up to 64 slots, or of one
    /// block, to `each`. The answer is how many frames were looked at; 0 when the time passed or a
    /// signal came.
    ///
    /// # Errors
    /// Status 5 when the socket fails, as when the interface goes down.
    pub fn receive(
        &mut self,
        timeout: Duration,
        mut each: impl FnMut(Arrival<'_>),
    ) -> Result<usize> {
        let clock = Stopwatch::start();
        loop {
            let count = self.take(&mut each)?;
            if count > 0 {
                return Ok(count);
            }
            if clock.elapsed() >= timeout {
                option::error_of(&self.socket).map_err(failed)?;
                return Ok(0);
            }
            if self.spin {
                std::hint::spin_loop();
            } else {
                let (fd, events) = (self.socket.as_raw_fd(), libc::POLLIN);
                let mut polls = [libc::pollfd { fd, events, revents: 0 }];
                let left = timeout.saturating_sub(clock.elapsed());
                if poll(&mut polls, left).map_err(failed)? == 0 {
                    return Ok(0);
                }
                // What it received before it broke comes first.
                if polls[0].revents & libc::POLLERR != 0 && !self.ring.is_ready() {
                    option::error_of(&self.socket).map_err(failed)?;
                }
            }
        }
    }

    fn take(&mut self, each: &mut impl FnMut(Arrival<'_>)) -> Result<usize> {
        if !self.ring.is_ready() {
            return Ok(0);
        }
        let user_ns = now_ns();
        let mut sorter = Sorter {
            filter: &self.filter,
            lane: self.lane,
            tally: &mut self.tally,
            untold: &mut self.untold,
            user_ns,
            losing: false,
            count: 0,
        };
        match self.kind {
            Kind::Latency => {
                for _ in 0..BATCH {
                    if !self.ring.take(|slot| sorter.sort(slot_frame(slot), each)) {
                        break;
                    }
                }
            }
            Kind::Volume => {
                self.ring.take(|block| {
                    let said = crate::bytes::u32_at(block, 12).unwrap_or_default() as usize;
                    block_frames(block).for_each(|frame| sorter.sort(Some(frame), each));
                    (sorter.count..said).for_each(|_| sorter.tally.broken += 1);
                    // A block may be given over empty when its time is up.
                    sorter.count = sorter.count.max(1);
                });
            }
        }
        let (losing, count) = (sorter.losing, sorter.count);
        if losing {
            self.look()?;
        }
        Ok(count)
    }

    /// Asks the kernel what it counted.
    fn look(&mut self) -> Result<()> {
        let told = syscall::statistics(&self.socket).map_err(failed)?;
        self.tally.frames += u64::from(told.packets);
        self.tally.dropped += u64::from(told.drops);
        self.untold += u64::from(told.drops);
        Ok(())
    }

    /// What became of all frames so far.
    ///
    /// # Errors
    /// Status 5 when the system does not say.
    pub fn tally(&mut self) -> Result<Tally> {
        self.look()?;
        Ok(self.tally)
    }

    /// How many frames the kernel dropped that no [`Arrival`] has told of. Counted once.
    ///
    /// # Errors
    /// Status 5 when the system does not say.
    pub fn untold_losses(&mut self) -> Result<u64> {
        self.look()?;
        Ok(std::mem::take(&mut self.untold))
    }
}

/// Delivers frames, and counts those that are not.
struct Sorter<'a> {
    filter: &'a Filter,
    lane: u16,
    tally: &'a mut Tally,
    untold: &'a mut u64,
    user_ns: u64,
    losing: bool,
    count: usize,
}

impl Sorter<'_> {
    #[inline]
    fn sort(&mut self, frame: Option<Frame<'_>>, each: &mut impl FnMut(Arrival<'_>)) {
        self.count += 1;
        let Some(frame) = frame else {
            self.tally.broken += 1;
            return;
        };
        self.losing |= frame.losing;
        let datagram = match ethernet(frame.rx_ns, self.lane, frame.bytes) {
            Ok(datagram) => datagram,
            Err(skip) => {
                self.tally.skipped[skip as usize] += 1;
                return;
            }
        };
        if !self.filter.takes(datagram.target, datagram.target_port) {
            self.tally.filtered += 1;
            return;
        }
        self.tally.delivered += 1;
        let user_ns = self.user_ns;
        let mut deliver = |datagram| {
            let lost = u32::try_from(std::mem::take(self.untold)).unwrap_or(u32::MAX);
            self.tally.datagrams += 1;
            each(Arrival { datagram, user_ns, nic_ns: None, lost });
        };
        match segment_len(frame.vnet) {
            Some(len) => {
                self.tally.superframes += 1;
                split(datagram, len).for_each(deliver);
            }
            None => deliver(datagram),
        }
    }
}

fn refused(interface: &Interface, e: &io::Error) -> Error {
    Error::os(format!("cannot receive from {} by AF_PACKET", interface.name()), e)
        .hint("this takes root or CAP_NET_RAW")
}

#[expect(clippy::needless_pass_by_value, reason = "what map_err gives")]
fn failed(e: io::Error) -> Error {
    Error::os("cannot receive by AF_PACKET", &e)
}
