//! Every frame of a queue, in both directions, past the kernel's network stack.

use super::super::interface::Interface;
use super::super::udp::poll;
use super::bpf::{Hook, Link, Map, Program};
use super::classify::{Reason, every_frame};
use super::receiver::{Mode, frame_len, stamp_of};
use super::socket::{Setup, Socket, patiently};
use super::syscall;
use crate::error::{Error, Result};
use std::io;
use std::time::Duration;

/// Frames that wait to be read, and that may be on their way out.
const RING_LEN: u32 = 4096;

/// An AF_XDP socket that has a queue for itself: the kernel sees nothing of what comes to it.
///
/// Nothing of it outlives the process, however that ends.
#[derive(Debug)]
pub struct Port {
    // First: no frame is redirected any more when the socket closes.
    _link: Link,
    _counters: Map,
    _sockets: Map,
    socket: Socket,
    mode: Mode,
    mac: [u8; 6],
    mtu: usize,
    tai_offset_ns: u64,
}

impl Port {
    /// Takes queue `queue` of `interface` in the first mode that works.
    ///
    /// # Errors
    /// Status 5 when there is no such interface, or the system refuses all modes, with each refusal.
    pub fn open(interface: &str, queue: u32) -> Result<Self> {
        let interface = Interface::named(interface)?;
        let mut refusals = Vec::new();
        for mode in Mode::ALL {
            match Self::attempt(&interface, queue, mode) {
                Ok(port) => return Ok(port),
                Err(e) => refusals.push(format!("{}: {e}", mode.name())),
            }
        }
        let refused = io::Error::other(refusals.join("; "));
        Err(Error::os(format!("cannot take {} by AF_XDP", interface.name()), &refused)
            .hint("this takes root, or CAP_BPF, CAP_NET_ADMIN and CAP_NET_RAW; `ip link` shows a program that is in the way"))
    }

    fn attempt(interface: &Interface, queue: u32, mode: Mode) -> io::Result<Self> {
        let asked = |e: Error| io::Error::other(e.to_string());
        let (mac, mtu) = (interface.mac().map_err(asked)?, interface.mtu().map_err(asked)?);
        let sockets = Map::sockets(queue.saturating_add(1))?;
        let counters = Map::counters(u32::try_from(Reason::COUNT).unwrap_or_default())?;
        let insns = every_frame(sockets.fd(), counters.fd()).unwrap_or_default();
        let program = Program::load("mev_node", &insns)?;
        let setup = Setup {
            zero_copy: mode == Mode::ZeroCopy,
            ring_len: RING_LEN,
            frame_len: frame_len(mtu),
            send_len: RING_LEN,
            busy_poll: None,
        };
        let socket = Socket::bind(interface.index(), queue, setup)?;
        sockets.set(queue, &socket.fd().to_ne_bytes())?;
        let hook = if mode == Mode::Generic { Hook::Generic } else { Hook::Driver };
        let link = patiently(|| program.attach(interface.index(), hook))?;
        Ok(Self {
            _link: link,
            _counters: counters,
            _sockets: sockets,
            socket,
            mode,
            mac,
            mtu,
            tai_offset_ns: syscall::tai_offset_ns(),
        })
    }

    /// The mode that worked.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The interface's Ethernet address.
    pub fn mac(&self) -> [u8; 6] {
        self.mac
    }

    /// The longest packet, without its Ethernet header.
    pub fn mtu(&self) -> usize {
        self.mtu
    }

    /// Gives the next frame that waits to `each`, with the kernel's receive stamp where there is one
    /// (CLOCK_REALTIME ns); `None` when none waits.
    pub fn next<T>(&mut self, each: impl FnOnce(Option<u64>, &[u8]) -> T) -> Option<T> {
        if self.socket.frames.waiting() == 0 {
            return None;
        }
        let (mut each, mut made, offset_ns) = (Some(each), None, self.tai_offset_ns);
        self.socket.frames.take(1, |before, frame| {
            let rx_ns = stamp_of(before).map(|ns| ns.saturating_sub(offset_ns));
            made = each.take().map(|each| each(rx_ns, frame));
        });
        made
    }

    /// Sends a frame of `len` bytes that `write` fills in; `None` when too many are on their way, or it
    /// is too long.
    pub fn send<T>(&mut self, len: usize, write: impl FnOnce(&mut [u8]) -> T) -> Option<T> {
        let made = self.socket.frames.send(len, write);
        self.socket.push();
        made
    }

    /// Waits at most `timeout` for a frame; false when none came.
    ///
    /// # Errors
    /// Status 5 when the interface goes away.
    pub fn wait(&mut self, timeout: Duration) -> Result<bool> {
        if self.socket.frames.wants_wake_up() {
            self.socket.kick();
        }
        if self.socket.frames.waiting() > 0 {
            return Ok(true);
        }
        let failed = |e| Error::os("cannot receive by AF_XDP", &e);
        if !timeout.is_zero() {
            let mut polls =
                [libc::pollfd { fd: self.socket.fd(), events: libc::POLLIN, revents: 0 }];
            poll(&mut polls, timeout).map_err(failed)?;
        }
        self.socket.error().map_err(failed)?;
        Ok(self.socket.frames.waiting() > 0)
    }
}
