//! The node: its addresses, its sockets, and a turn.

use super::super::pcap::{self, Datagram};
use super::super::udp::{Arrival, mapped};
use super::device::Nic;
use super::wire::Wire;
use crate::error::{Error, Result};
use crate::time::{Stopwatch, now_ns};
use smoltcp::iface::{Config, Interface, PollIngressSingleResult, SocketHandle, SocketSet};
use smoltcp::socket::{tcp, udp};
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, IpAddress, IpCidr, Ipv4Cidr};
use std::net::Ipv4Addr;
use std::time::Duration;

/// Where a node is to be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its address.
    pub address: Ipv4Addr,
    /// How many leading bits its network has.
    pub prefix: u8,
    /// Who passes on what goes out of its network; without one, nothing does.
    pub gateway: Option<Ipv4Addr>,
    /// The port of its UDP and of its TCP endpoint.
    pub port: u16,
}

/// What a node did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Frames that came.
    pub frames: u64,
    /// Datagrams to the port.
    pub datagrams: u64,
    /// Answers that the wire took.
    pub replies: u64,
    /// Answers that it did not take, or that are longer than a frame.
    pub not_replied: u64,
    /// TCP connections that were told the line.
    pub told: u64,
    /// Frames sent, of ARP, ICMP and TCP too.
    pub sent: u64,
    /// Frames that the wire did not take.
    pub not_sent: u64,
}

/// Frames of a turn at most, before time is looked at again.
const BATCH: usize = 64;

/// Datagrams and bytes that wait in smoltcp: one frame is taken at a time.
const PACKETS: usize = 64;
const BYTES: usize = 1 << 17;

/// Bytes of the line that a TCP connection is told at most.
const LINE: usize = 4096;

/// A host at a wire.
pub struct Node {
    nic: Nic,
    interface: Interface,
    sockets: SocketSet<'static>,
    udp: SocketHandle,
    tcp: SocketHandle,
    place: Place,
    mac: [u8; 6],
    clock: Stopwatch,
    reply: Vec<u8>,
    frame: Vec<u8>,
    counts: Counts,
}

impl Node {
    /// A node at `place`, reached over `wire`.
    ///
    /// # Errors
    /// Status 2 when the port is 0 or the prefix longer than an address.
    pub fn open(wire: Wire, place: Place) -> Result<Self> {
        let address = place.address;
        let is_host =
            !(address.is_multicast() || address.is_broadcast() || address.is_unspecified());
        if place.port == 0 || place.prefix > 32 || !is_host {
            return Err(Error::usage("a node needs an address of its own and a port")
                .hint("an address is such as 10.0.0.2/24"));
        }
        let [a, b, c, d] = place.address.octets();
        // Locally administered (IEEE 802 section 8.4).
        let mac = wire.mac().unwrap_or([2, 0, a, b, c, d]);
        let mut nic = Nic::new(wire);
        let clock = Stopwatch::start();
        let config = Config::new(EthernetAddress(mac).into());
        let mut interface = Interface::new(config, &mut nic, now(clock));
        let cidr = Ipv4Cidr::new(place.address, place.prefix);
        // There is room: it is the first.
        interface.update_ip_addrs(|all| all.extend([IpCidr::Ipv4(cidr)]));
        if let Some(gateway) = place.gateway {
            // There is room for it too.
            let _ = interface.routes_mut().add_default_ipv4_route(gateway);
        }
        let mut sockets = SocketSet::new(Vec::with_capacity(2));
        let waiting = vec![udp::PacketMetadata::EMPTY; PACKETS];
        let received = udp::PacketBuffer::new(waiting, vec![0; BYTES]);
        // Answers leave past smoltcp: see `frame`.
        let sent = udp::PacketBuffer::new(vec![], vec![]);
        let mut listener = udp::Socket::new(received, sent);
        let refused = |_| Error::usage("a node needs a port");
        listener.bind(place.port).map_err(refused)?;
        let udp = sockets.add(listener);
        let bytes = || tcp::SocketBuffer::new(vec![0; LINE]);
        let tcp = sockets.add(tcp::Socket::new(bytes(), bytes()));
        let [reply, frame] = [BYTES; 2].map(Vec::with_capacity);
        let counts = Counts::default();
        Ok(Self { nic, interface, sockets, udp, tcp, place, mac, clock, reply, frame, counts })
    }

    /// What it goes over.
    pub fn wire(&self) -> &Wire {
        &self.nic.wire
    }

    /// What it did so far.
    pub fn counts(&self) -> Counts {
        let Nic { frames, sent, not_sent, .. } = self.nic;
        Counts { frames, sent, not_sent, ..self.counts }
    }

    /// Waits at most `timeout` for frames, without sleeping if told to `spin`, and gives each datagram to
    /// `each`, which may put an answer into the room it is lent. A TCP connection is told the counts.
    ///
    /// # Errors
    /// Status 5 when the wire is gone.
    pub fn turn(
        &mut self,
        timeout: Duration,
        spin: bool,
        mut each: impl FnMut(&Arrival<'_>, &mut Vec<u8>),
    ) -> Result<()> {
        let began = Stopwatch::start();
        let mut taken = 0;
        loop {
            while taken < BATCH
                && let Some(rx_ns) = self.nic.read()?
            {
                taken += 1;
                self.frame(rx_ns, &mut each);
            }
            self.connection();
            let now = now(self.clock);
            self.interface.poll_egress(now, &mut self.nic, &mut self.sockets);
            self.interface.poll_maintenance(now);
            let left = timeout.saturating_sub(began.elapsed());
            if taken > 0 || left.is_zero() {
                return Ok(());
            }
            let due = self.interface.poll_delay(now, &self.sockets).map(Duration::from);
            let wait = if spin { Duration::ZERO } else { due.map_or(left, |due| left.min(due)) };
            self.nic.wire.wait(wait)?;
        }
    }

    /// Takes the frame that was read at `rx_ns`, and answers it.
    fn frame(&mut self, rx_ns: u64, each: &mut impl FnMut(&Arrival<'_>, &mut Vec<u8>)) {
        let now = now(self.clock);
        let taken = self.interface.poll_ingress_single(now, &mut self.nic, &mut self.sockets);
        if taken != PollIngressSingleResult::SocketStateChanged {
            return;
        }
        let user_ns = now_ns();
        let socket = self.sockets.get_mut::<udp::Socket>(self.udp);
        while let Ok((payload, meta)) = socket.recv() {
            self.counts.datagrams += 1;
            let IpAddress::Ipv4(source) = meta.endpoint.addr;
            let datagram = Datagram {
                rx_ns,
                source: mapped(source.into()),
                target: mapped(self.place.address.into()),
                source_port: meta.endpoint.port,
                target_port: self.place.port,
                payload,
                truncated: false,
                interface: 0,
            };
            self.reply.clear();
            each(&Arrival { datagram, user_ns, nic_ns: None, lost: 0 }, &mut self.reply);
            if self.reply.is_empty() {
                continue;
            }
            // Back to where the frame came from: smoltcp would ask by ARP first, and hold all other
            // answers back while one sender does not reply.
            let answer = Datagram {
                source: datagram.target,
                target: datagram.source,
                source_port: datagram.target_port,
                target_port: datagram.source_port,
                payload: &self.reply,
                ..datagram
            };
            self.frame.clear();
            let macs = [self.mac, self.nic.peer()];
            let made = pcap::frame(macs, &answer, &mut self.frame).is_ok();
            let sent = made && self.nic.send(&self.frame);
            *if sent { &mut self.counts.replies } else { &mut self.counts.not_replied } += 1;
        }
    }

    /// Listens, tells a connection the counts as a line of JSON, and closes it.
    fn connection(&mut self) {
        let Counts { frames, datagrams, replies, .. } = self.counts();
        let socket = self.sockets.get_mut::<tcp::Socket>(self.tcp);
        if !socket.is_open() {
            // The port is not 0, and the socket is closed: it listens.
            let _ = socket.listen(self.place.port);
        } else if socket.may_send() && socket.send_queue() == 0 {
            let line = format!(
                "{{\"frames\":{frames},\"datagrams\":{datagrams},\"replies\":{replies}}}\n"
            );
            if socket.send_slice(line.as_bytes()).is_ok() {
                self.counts.told += 1;
            }
            socket.close();
        }
    }
}

/// Since the node was opened.
fn now(clock: Stopwatch) -> Instant {
    Instant::from_micros(i64::try_from(clock.elapsed().as_micros()).unwrap_or(i64::MAX))
}
