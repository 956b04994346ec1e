//! Copies datagrams on their way: whoever they are for gets them as before.
//!
//! ```text
//! wire -> driver -> [program] --every frame--> the kernel's network stack
//!                       \ those asked for --copy--> BPF ring buffer --> Arrival
//! ```
//!
//! For a host whose own software receives what is to be captured: a validator. A copy costs the
//! receive path several times what redirecting does.

use super::super::interface::Interface;
use super::super::pcap::{Skip, ethernet};
use super::super::udp::{Arrival, poll};
use super::bpf::{Hook, Link, Map, Program};
use super::classify::{Action, COPY_HEAD_LEN, Filter, Reason, program};
use super::receiver::{Mode, counts, failed};
use super::rings::Copies;
use super::socket::patiently;
use super::syscall;
use crate::bytes::{u32_at, u64_at};
use crate::error::{Error, Result};
use crate::time::{Stopwatch, now_ns};
use std::io;
use std::time::Duration;

/// How a tee is set up.
#[derive(Clone, Debug)]
pub struct TeeOptions {
    /// Which datagrams are copied.
    pub filter: Filter,
    /// Bytes of the ring buffer: a power of two, at least 4096. A datagram of up to 240 bytes, with
    /// its headers, takes 264 of them, one of up to 1520 takes 1544, a longer one 9224.
    pub ring_len: u32,
    /// Never sleep while waiting; nobody is then woken either, which costs the kernel more than
    /// the copy.
    pub spin: bool,
    /// The modes that are tried, in this order. [`Mode::ZeroCopy`] does not exist here.
    pub modes: Vec<Mode>,
}

impl Default for TeeOptions {
    /// Every datagram, 64 MiB, sleeping, both modes.
    fn default() -> Self {
        Self {
            filter: Filter::default(),
            ring_len: 64 << 20,
            spin: false,
            modes: vec![Mode::Driver, Mode::Generic],
        }
    }
}

/// A program that copies datagrams of an interface, and the reader of its copies.
#[derive(Debug)]
pub struct Tee {
    // First: nothing is copied any more when the ring goes.
    link: Link,
    counters: Map,
    copies: Copies,
    ring: Map,
    ring_len: u32,
    spin: bool,
    mode: Mode,
    refusals: Vec<String>,
    tai_offset_ns: u64,
    skipped: [u64; Skip::COUNT],
    told: u64,
    untold: u64,
    behind: bool,
}

/// Datagrams that are delivered at once.
const BATCH: usize = 64;

impl Tee {
    /// Attaches to `interface`, all queues, in the first of the modes that works.
    ///
    /// # Errors
    /// Status 2 when the options cannot be; status 5 when the system refuses all modes, with each
    /// refusal.
    pub fn open(interface: &str, options: &TeeOptions) -> Result<Self> {
        if let Some(why) = options.filter.invalid() {
            return Err(Error::usage(why));
        }
        if !options.ring_len.is_power_of_two() || options.ring_len < Copies::LEN_MIN {
            return Err(Error::usage(format!("a ring buffer of {} bytes", options.ring_len)));
        }
        let interface = Interface::named(interface)?;
        let mut refusals = Vec::new();
        for mode in &options.modes {
            let hook = match mode {
                Mode::ZeroCopy => continue,
                Mode::Driver => Hook::Driver,
                Mode::Generic => Hook::Generic,
            };
            match Self::attempt(&interface, *mode, hook, options) {
                Ok(mut tee) => {
                    tee.refusals = refusals;
                    return Ok(tee);
                }
                Err((what, e)) => refusals.push(format!("{}: {what}: {e}", mode.name())),
            }
        }
        let refused = io::Error::other(refusals.join("; "));
        Err(Error::os(format!("cannot copy from {} by XDP", interface.name()), &refused)
            .hint("this takes root, or CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON; `ip link` shows a program that is in the way"))
    }

    fn attempt(
        interface: &Interface,
        mode: Mode,
        hook: Hook,
        options: &TeeOptions,
    ) -> std::result::Result<Self, (&'static str, io::Error)> {
        let named = |what| move |e| (what, e);
        let ring = Map::ring_buffer(options.ring_len).map_err(named("ring buffer"))?;
        let reasons = u32::try_from(Reason::COUNT).unwrap_or_default();
        let counters = Map::counters(reasons).map_err(named("map of counters"))?;
        let action = Action::Copy { ring: ring.fd(), wake: !options.spin };
        let insns = program(&options.filter, action, counters.fd()).unwrap_or_default();
        let program = Program::load("mev_tee", &insns).map_err(named("program"))?;
        let copies = Copies::map(ring.fd(), options.ring_len).map_err(named("ring buffer"))?;
        let link =
            patiently(|| program.attach(interface.index(), hook)).map_err(named("attach"))?;
        Ok(Self {
            link,
            counters,
            copies,
            ring,
            ring_len: options.ring_len,
            spin: options.spin,
            mode,
            refusals: Vec::new(),
            tai_offset_ns: syscall::tai_offset_ns(),
            skipped: [0; Skip::COUNT],
            told: 0,
            untold: 0,
            behind: false,
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

    /// Waits at most `timeout` for copies and gives up to 64 to `each`, stamped by the kernel; their
    /// interface is the queue they came in on. The answer is how many frames came; 0 when the time
    /// passed or a signal came.
    ///
    /// # Errors
    /// Status 5 when the system fails, as when the interface goes away.
    pub fn receive(
        &mut self,
        timeout: Duration,
        mut each: impl FnMut(Arrival<'_>),
    ) -> Result<usize> {
        let count = self.take(&mut each);
        if count > 0 {
            return Ok(count);
        }
        if std::mem::take(&mut self.behind) {
            self.look()?;
        }
        if !self.spin && !timeout.is_zero() {
            let (fd, events) = (self.ring.fd(), libc::POLLIN);
            let ready = poll(&mut [libc::pollfd { fd, events, revents: 0 }], timeout);
            return match ready.map_err(failed)? {
                0 => self.check().map(|()| 0),
                _ => Ok(self.take(&mut each)),
            };
        }
        let clock = Stopwatch::start();
        loop {
            for _ in 0..64 {
                let count = self.take(&mut each);
                if count > 0 {
                    return Ok(count);
                }
                std::hint::spin_loop();
            }
            if clock.elapsed() >= timeout {
                return self.check().map(|()| 0);
            }
        }
    }

    /// Nobody tells a ring buffer that its interface is gone.
    fn check(&self) -> Result<()> {
        if self.link.is_attached().map_err(failed)? {
            return Ok(());
        }
        Err(failed(io::Error::from_raw_os_error(libc::ENODEV)))
    }

    fn take(&mut self, each: &mut impl FnMut(Arrival<'_>)) -> usize {
        let waiting = self.copies.waiting();
        if waiting == 0 {
            return 0;
        }
        // Only a reader that is far behind loses anything.
        self.behind |= waiting > u64::from(self.ring_len) / 4;
        let (user_ns, offset_ns) = (now_ns(), self.tai_offset_ns);
        let (untold, skipped) = (&mut self.untold, &mut self.skipped);
        self.copies.take(BATCH, |record| {
            let (stamp, len, queue) =
                (u64_at(record, 0), u32_at(record, 8), u32_at(record, 12).unwrap_or_default());
            let rx_ns = stamp.map_or(user_ns, |ns| ns.saturating_sub(offset_ns));
            let frame = record.get(COPY_HEAD_LEN..).unwrap_or_default();
            let frame = frame.get(..len.unwrap_or_default() as usize).unwrap_or_default();
            match ethernet(rx_ns, u16::try_from(queue).unwrap_or(u16::MAX), frame) {
                Ok(datagram) => {
                    let lost = u32::try_from(std::mem::take(untold)).unwrap_or(u32::MAX);
                    each(Arrival { datagram, user_ns, nic_ns: None, lost });
                }
                Err(skip) => skipped[skip as usize] += 1,
            }
        })
    }

    fn look(&mut self) -> Result<()> {
        let total = self.counts()?[Reason::NoRoom as usize];
        self.untold = self.untold.saturating_add(total.saturating_sub(self.told));
        self.told = total;
        Ok(())
    }

    /// How many datagrams were not copied that no [`Arrival`] has told of. Counted once.
    ///
    /// # Errors
    /// Status 5 when the system does not say.
    pub fn untold_losses(&mut self) -> Result<u64> {
        self.look()?;
        Ok(std::mem::take(&mut self.untold))
    }

    /// What became of frames at the program, by [`Reason`]: [`Reason::Taken`] were copied,
    /// [`Reason::NoRoom`] should have been.
    ///
    /// # Errors
    /// Status 5 when the system does not say.
    pub fn counts(&self) -> Result<[u64; Reason::COUNT]> {
        counts(&self.counters)
    }

    /// Copies that hold no datagram, by [`Skip`]: none, as the program copies no such.
    pub fn skipped(&self) -> &[u64; Skip::COUNT] {
        &self.skipped
    }
}
