//! Receives datagrams from the queues of an interface, past the kernel's network stack.

use super::super::interface::Interface;
use super::super::pcap::{Skip, ethernet};
use super::super::udp::{Arrival, poll};
use super::bpf::{Hook, Link, Map, Program};
use super::btf;
use super::classify::{Action, Filter, Reason, Stamp, program};
use super::socket::{Losses, Setup, Socket, patiently};
use super::syscall;
use crate::bytes::u64_at;
use crate::error::{Error, Result};
use crate::time::{Stopwatch, now_ns};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// How frames come from the driver to us, the fastest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// The NIC writes into our memory.
    ZeroCopy,
    /// The driver's frame is copied before the kernel makes a packet of it.
    Driver,
    /// The kernel's packet is copied; any driver.
    Generic,
}

impl Mode {
    /// All, in the order they are tried.
    pub const ALL: [Self; 3] = [Self::ZeroCopy, Self::Driver, Self::Generic];

    /// The name that messages show.
    pub fn name(self) -> &'static str {
        match self {
            Self::ZeroCopy => "zero copy",
            Self::Driver => "driver copy",
            Self::Generic => "generic copy",
        }
    }
}

/// How a receiver is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which datagrams are taken; all others pass to the kernel.
    pub filter: Filter,
    /// The queues that are received from; all of the interface when empty.
    pub queues: Vec<u32>,
    /// The modes that are tried, in this order.
    pub modes: Vec<Mode>,
    /// Entries of each ring, a power of two. One of 4096 loses packets whenever the reader is not
    /// running for a millisecond.
    pub ring_len: u32,
    /// Never sleep while waiting: a whole processor for less than 2 us from the wire.
    pub spin: bool,
    /// Poll the driver from our thread instead of being interrupted; packets a poll takes at most.
    pub busy_poll: Option<u16>,
    /// Have each frame stamped in the kernel, before it waits for us: some 50 ns of its processor's.
    pub stamp: bool,
}

impl Default for Options {
    /// Every datagram, all queues and modes, rings of 32 768, sleeping, stamped.
    fn default() -> Self {
        Self {
            filter: Filter::default(),
            queues: Vec::new(),
            modes: Mode::ALL.to_vec(),
            ring_len: 32_768,
            spin: false,
            busy_poll: None,
            stamp: true,
        }
    }
}

/// Frames of one queue that are delivered before the next queue's turn.
const BATCH: u32 = 64;

/// AF_XDP sockets at the queues of one interface, and the program that feeds them.
///
/// Nothing of it outlives the process, however that ends.
#[derive(Debug)]
pub struct Receiver {
    // First: no frame is redirected any more when the sockets close.
    feed: Arc<Feed>,
    /// Whether the feed's counters are told of here: by one of the parts of a split receiver.
    leads: bool,
    lanes: Vec<Lane>,
    polls: Vec<libc::pollfd>,
    spin: bool,
    busy_poll: bool,
    mode: Mode,
    refusals: Vec<String>,
    tai_offset_ns: u64,
    skipped: [u64; Skip::COUNT],
}

/// The program and its maps.
#[derive(Debug)]
struct Feed {
    _link: Link,
    counters: Map,
    _sockets: Map,
    /// Why the program does not ask the driver for the NIC's stamp.
    no_nic_stamp: Option<String>,
}

#[derive(Debug)]
struct Lane {
    socket: Socket,
    /// Losses that an arrival has told of, and those that the next one will.
    told: u64,
    untold: u64,
    /// The reader was so far behind that something may have been lost.
    behind: bool,
}

impl Receiver {
    /// Attaches to `interface` in the first of the modes that works.
    ///
    /// # Errors
    /// Status 2 when the filter is too long or no mode is given; status 5 when the system refuses
    /// all modes, with each refusal.
    pub fn open(interface: &str, options: &Options) -> Result<Self> {
        if let Some(why) = options.filter.invalid() {
            return Err(Error::usage(why));
        }
        if !options.ring_len.is_power_of_two() {
            return Err(Error::usage(format!("{} is no power of two", options.ring_len)));
        }
        let interface = Interface::named(interface)?;
        let queues = match options.queues.as_slice() {
            [] => (0..interface.queues()).collect(),
            some => some.to_vec(),
        };
        let frame_len = frame_len(interface.mtu()?);
        let mut refusals = Vec::new();
        for mode in &options.modes {
            let setup = Setup {
                zero_copy: *mode == Mode::ZeroCopy,
                ring_len: options.ring_len,
                frame_len,
                send_len: 0,
                busy_poll: options.busy_poll,
            };
            match Self::attempt(&interface, &queues, *mode, setup, options) {
                Ok(mut receiver) => {
                    receiver.refusals = refusals;
                    return Ok(receiver);
                }
                Err((what, e)) => refusals.push(format!("{}: {what}: {e}", mode.name())),
            }
        }
        if refusals.is_empty() {
            return Err(Error::usage("no mode to receive in"));
        }
        let refused = io::Error::other(refusals.join("; "));
        Err(Error::os(format!("cannot receive from {} by AF_XDP", interface.name()), &refused)
            .hint("this takes root, or CAP_BPF, CAP_NET_ADMIN and CAP_NET_RAW; `ip link` shows a program that is in the way"))
    }

    fn attempt(
        interface: &Interface,
        queues: &[u32],
        mode: Mode,
        setup: Setup,
        options: &Options,
    ) -> std::result::Result<Self, (&'static str, io::Error)> {
        let named = |what| move |e| (what, e);
        let entries = queues.iter().max().map_or(1, |last| last.saturating_add(1));
        let map = Map::sockets(entries).map_err(named("map of sockets"))?;
        let reasons = u32::try_from(Reason::COUNT).unwrap_or_default();
        let counters = Map::counters(reasons).map_err(named("map of counters"))?;
        let mut lanes = Vec::new();
        for queue in queues {
            let socket = Socket::bind(interface.index(), *queue, setup).map_err(named("socket"))?;
            let fd = socket.fd().to_ne_bytes();
            map.set(*queue, &fd).map_err(named("map of sockets"))?;
            lanes.push(Lane { socket, told: 0, untold: 0, behind: false });
        }
        let load = |nic| {
            let action = Action::Redirect { sockets: map.fd(), stamp: options.stamp, nic };
            let insns = program(&options.filter, action, counters.fd()).unwrap_or_default();
            match nic {
                Some(_) => Program::load_bound("mev_capture", &insns, interface.index()),
                None => Program::load("mev_capture", &insns),
            }
        };
        let hook = if mode == Mode::Generic { Hook::Generic } else { Hook::Driver };
        let attach = |program: &Program| patiently(|| program.attach(interface.index(), hook));
        let with_nic = match (options.stamp, hook) {
            (false, _) => Err(io::Error::other("no stamps were asked for")),
            (_, Hook::Generic) => Err(io::Error::other("generic copy has none")),
            (true, Hook::Driver) => btf::kernel_function(NIC_STAMP).and_then(|id| load(Some(id))),
        };
        // A driver may know nothing of it, or be bound to another program.
        let (link, no_nic_stamp) = match with_nic.and_then(|program| attach(&program)) {
            Ok(link) => (link, None),
            Err(e) => {
                let program = load(None).map_err(named("program"))?;
                (attach(&program).map_err(named("attach"))?, Some(e.to_string()))
            }
        };
        Ok(Self {
            feed: Arc::new(Feed { _link: link, no_nic_stamp, counters, _sockets: map }),
            leads: true,
            polls: polls(&lanes),
            lanes,
            spin: options.spin,
            busy_poll: options.busy_poll.is_some(),
            mode,
            refusals: Vec::new(),
            tai_offset_ns: syscall::tai_offset_ns(),
            skipped: [0; Skip::COUNT],
        })
    }

    /// The mode that worked.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Why each faster mode was refused.
    pub fn refusals(&self) -> &[String] {
        &self.refusals
    }

    /// Deals the queues out to `count` receivers, each for a thread of its own; there are no more
    /// receivers than queues. [`Self::counts`] is told by the first one, for all.
    pub fn split(mut self, count: usize) -> Vec<Self> {
        let count = count.clamp(1, self.lanes.len().max(1));
        let mut hands: Vec<Vec<Lane>> = (0..count).map(|_| Vec::new()).collect();
        for (lane, hand) in self.lanes.drain(..).zip((0..count).cycle()) {
            hands[hand].push(lane);
        }
        let parts = hands.into_iter().enumerate().map(|(number, lanes)| Self {
            feed: Arc::clone(&self.feed),
            leads: number == 0 && self.leads,
            polls: polls(&lanes),
            lanes,
            refusals: if number == 0 { std::mem::take(&mut self.refusals) } else { Vec::new() },
            skipped: [0; Skip::COUNT],
            ..self
        });
        parts.collect()
    }

    /// The queues. [`Datagram::interface`](super::super::pcap::Datagram) says which one it was.
    pub fn queues(&self) -> impl Iterator<Item = u32> {
        self.lanes.iter().map(|lane| lane.socket.queue)
    }

    /// Why the driver is not asked for the NIC's stamp; `None` when it is, which does not say that it has
    /// one of every frame.
    pub fn no_nic_stamp(&self) -> Option<&str> {
        self.feed.no_nic_stamp.as_deref()
    }

    /// Whether all frames are in large pages that were set aside.
    pub fn has_huge_pages(&self) -> bool {
        self.lanes.iter().all(|lane| lane.socket.frames.is_huge())
    }

    /// Waits at most `timeout` for datagrams and gives each to `each`: up to 64 of every queue that
    /// has some, in the order of the queues. The answer is how many frames came; 0 when the time
    /// passed or a signal came.
    ///
    /// # Errors
    /// Status 5 when a socket fails, as when its interface goes away.
    pub fn receive(
        &mut self,
        timeout: Duration,
        mut each: impl FnMut(Arrival<'_>),
    ) -> Result<usize> {
        let total = self.take(&mut each);
        if total > 0 {
            return Ok(total);
        }
        self.look_at_losses()?;
        if !self.spin && !timeout.is_zero() {
            self.sleep(timeout)?;
            return Ok(self.take(&mut each));
        }
        let clock = Stopwatch::start();
        loop {
            for lane in &self.lanes {
                if self.busy_poll || lane.socket.frames.wants_wake_up() {
                    lane.socket.kick();
                }
            }
            for _ in 0..if self.busy_poll { 1 } else { 64 } {
                let total = self.take(&mut each);
                if total > 0 {
                    return Ok(total);
                }
                std::hint::spin_loop();
            }
            if clock.elapsed() >= timeout {
                return self.check().map(|()| 0);
            }
        }
    }

    fn sleep(&mut self, timeout: Duration) -> Result<()> {
        let ready = poll(&mut self.polls, timeout).map_err(failed)?;
        // An interface that goes away is an error of the socket, of which poll(2) does not tell.
        if ready == 0 { self.check() } else { Ok(()) }
    }

    fn check(&self) -> Result<()> {
        self.lanes.iter().try_for_each(|lane| lane.socket.error().map_err(failed))
    }

    /// Delivers what waits.
    fn take(&mut self, each: &mut impl FnMut(Arrival<'_>)) -> usize {
        let mut total = 0;
        for lane in &mut self.lanes {
            let waiting = lane.socket.frames.waiting();
            if waiting == 0 {
                continue;
            }
            let user_ns = now_ns();
            let number = u16::try_from(lane.socket.queue).unwrap_or(u16::MAX);
            let (count, offset_ns) = (waiting.min(BATCH), self.tai_offset_ns);
            let (untold, skipped) = (&mut lane.untold, &mut self.skipped);
            lane.socket.frames.take(count, |before, frame| {
                let rx_ns = stamp_of(before).map_or(user_ns, |ns| ns.saturating_sub(offset_ns));
                let nic_ns = nic_stamp_of(before);
                match ethernet(rx_ns, number, frame) {
                    Ok(datagram) => {
                        let lost = u32::try_from(std::mem::take(untold)).unwrap_or(u32::MAX);
                        each(Arrival { datagram, user_ns, nic_ns, lost });
                    }
                    Err(skip) => skipped[skip as usize] += 1,
                }
            });
            // Only a reader that is far behind loses anything but long frames.
            lane.behind |= waiting > 4 * BATCH;
            total += count as usize;
        }
        total
    }

    /// Asks the kernel what was lost, where something may have been: when the reader has caught up.
    fn look_at_losses(&mut self) -> Result<()> {
        for lane in self.lanes.iter_mut().filter(|lane| lane.behind) {
            lane.behind = false;
            lane.look()?;
        }
        Ok(())
    }

    /// How many datagrams were lost that no [`Arrival`] has told of, for each queue in order.
    /// Counted once.
    ///
    /// # Errors
    /// Status 5 when the system does not say.
    pub fn untold_losses(&mut self) -> Result<Vec<u64>> {
        let lanes = self.lanes.iter_mut();
        lanes.map(|lane| lane.look().map(|()| std::mem::take(&mut lane.untold))).collect()
    }

    /// All losses since the start, by cause.
    ///
    /// # Errors
    /// Status 5 when the system does not say.
    pub fn losses(&self) -> Result<Losses> {
        self.lanes.iter().try_fold(Losses::default(), |sum, lane| {
            Ok(sum.plus(lane.socket.losses().map_err(failed)?))
        })
    }

    /// What became of frames at the program, by [`Reason`]. Without losses, as many are taken as
    /// [`Self::receive`] delivers. Of the parts of a split receiver the first tells for all; the
    /// others count nothing.
    ///
    /// # Errors
    /// Status 5 when the system does not say.
    pub fn counts(&self) -> Result<[u64; Reason::COUNT]> {
        if self.leads { counts(&self.feed.counters) } else { Ok([0; Reason::COUNT]) }
    }

    /// Frames that came and held no datagram, by [`Skip`]: none, as the program takes no such.
    pub fn skipped(&self) -> &[u64; Skip::COUNT] {
        &self.skipped
    }
}

impl Lane {
    fn look(&mut self) -> Result<()> {
        let total = self.socket.losses().map_err(failed)?.total();
        self.untold = self.untold.saturating_add(total.saturating_sub(self.told));
        self.told = total;
        Ok(())
    }
}

fn polls(lanes: &[Lane]) -> Vec<libc::pollfd> {
    let poll =
        |lane: &Lane| libc::pollfd { fd: lane.socket.fd(), events: libc::POLLIN, revents: 0 };
    lanes.iter().map(poll).collect()
}

/// The counters of a program.
pub(super) fn counts(counters: &Map) -> Result<[u64; Reason::COUNT]> {
    let mut counts = [0; Reason::COUNT];
    for (reason, count) in Reason::ALL.into_iter().zip(&mut counts) {
        *count = counters.counted(u32::from(reason as u8)).map_err(failed)?;
    }
    Ok(counts)
}

#[expect(clippy::needless_pass_by_value, reason = "what map_err gives")]
pub(super) fn failed(e: io::Error) -> Error {
    Error::os("cannot receive by AF_XDP", &e)
}

/// Bytes of a frame's place where packets have at most `mtu`.
pub(super) fn frame_len(mtu: usize) -> u32 {
    // The frame and 256 bytes that the kernel keeps before it (XDP_PACKET_HEADROOM).
    if mtu.saturating_add(14 + 2 * 4 + 256) <= 2048 { 2048 } else { 4096 }
}

/// The function that gives the NIC's stamp of the frame that a program looks at, where the driver has
/// one (Documentation/networking/xdp-rx-metadata.rst, Linux 6.3).
const NIC_STAMP: &str = "bpf_xdp_metadata_rx_timestamp";

/// The kernel's stamp in the bytes before a frame.
#[inline]
pub(super) fn stamp_of(before: &[u8]) -> Option<u64> {
    let stamp = before.get(before.len().checked_sub(Stamp::LEN)?..)?;
    let mark = u64_at(stamp, 0)?;
    (mark == Stamp::MARK || mark == Stamp::LONG_MARK).then(|| u64_at(stamp, 8)).flatten()
}

/// The NIC's stamp in the bytes before a frame.
#[inline]
fn nic_stamp_of(before: &[u8]) -> Option<u64> {
    let stamp = before.get(before.len().checked_sub(Stamp::LONG_LEN)?..)?;
    (u64_at(stamp, 8)? == Stamp::LONG_MARK).then(|| u64_at(stamp, 0)).flatten().filter(|ns| *ns > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_read_where_their_mark_stands() {
        let words = |words: &[u64]| words.iter().flat_map(|w| w.to_ne_bytes()).collect::<Vec<_>>();
        let both = words(&[9, 7, Stamp::LONG_MARK, 8]);
        assert_eq!((stamp_of(&both), nic_stamp_of(&both)), (Some(8), Some(7)));
        let none = words(&[0, Stamp::LONG_MARK, 8]);
        assert_eq!((stamp_of(&none), nic_stamp_of(&none)), (Some(8), None));
        let short = words(&[7, Stamp::MARK, 8]);
        assert_eq!((stamp_of(&short), nic_stamp_of(&short)), (Some(8), None));
        for bytes in [&both[..8], &both[8..16], &[]] {
            assert_eq!((stamp_of(bytes), nic_stamp_of(bytes)), (None, None));
        }
    }
}
