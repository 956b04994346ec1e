//! Receives datagrams from several sockets in batches.

use super::super::pcap::Datagram;
use super::super::superframe::split;
use super::control::{mapped, said};
use super::syscall::{self, Inbox};
use crate::error::{Error, Result};
use crate::time::now_ns;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::Duration;

/// How a receiver is set up.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Bytes of kernel buffer asked for, for each socket.
    pub buffer_len: usize,
    /// The longest payload that is kept whole; more is cut and flagged.
    pub payload_max: usize,
    /// Have the kernel merge datagrams of a flow that come close together and take them apart here:
    /// several times cheaper for each where the sender or the driver makes superframes. A merged
    /// datagram that the kernel drops is one loss.
    pub merge: bool,
}

impl Default for Options {
    /// 32 MiB, a tenth of a second at 2.5 Gbit/s; 9216 bytes, a jumbo frame and more than twice
    /// the longest transaction.
    fn default() -> Self {
        Self { buffer_len: 32 << 20, payload_max: 9216, merge: false }
    }
}

/// A datagram as it arrived.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// The datagram. Its stamp is the kernel's (or `user_ns` when the kernel gave none); its
    /// target is the address that was bound; its interface is the number of the socket.
    ///
    /// Stamps may go back: in the first milliseconds after the first such socket of the machine
    /// was opened, the kernel stamps a datagram not when it comes but when it is read
    /// (`__sock_recv_timestamp`, net/socket.c of Linux: "Race occurred between timestamp enabling
    /// and packet receiving").
    pub datagram: Datagram<'a>,
    /// When the batch it came in reached this process: CLOCK_REALTIME nanoseconds.
    pub user_ns: u64,
    /// When the NIC saw it, by a clock of its own that may be set apart from the system's; only
    /// where the driver says so.
    pub nic_ns: Option<u64>,
    /// How many datagrams the kernel dropped at this socket since the one before it.
    pub lost: u32,
}

/// UDP sockets, bound and read in batches.
pub struct Receiver {
    lanes: Vec<Lane>,
    polls: Vec<libc::pollfd>,
    inbox: Inbox,
    payload_max: usize,
}

struct Lane {
    socket: UdpSocket,
    address: SocketAddr,
    /// The kernel's count of drops as last seen; it wraps.
    dropped: u32,
    /// All of them.
    dropped_total: u64,
}

impl Receiver {
    /// Binds every one of `addresses`, in their order; port 0 takes a free one. A multicast
    /// address is joined on the default interface.
    ///
    /// # Errors
    /// Status 5 when the system refuses an address, which is named.
    pub fn bind(addresses: &[SocketAddr], options: Options) -> Result<Self> {
        let lanes = addresses
            .iter()
            .map(|address| {
                Lane::bind(*address, options)
                    .map_err(|e| Error::os(format!("cannot listen on udp {address}"), &e))
            })
            .collect::<Result<Vec<_>>>()?;
        let polls = lanes
            .iter()
            .map(|lane| libc::pollfd {
                fd: lane.socket.as_raw_fd(),
                events: libc::POLLIN,
                revents: 0,
            })
            .collect();
        // What the kernel merges may be as long as any datagram.
        let room = if options.merge { MERGED_MAX } else { options.payload_max };
        Ok(Self { lanes, polls, inbox: Inbox::new(room), payload_max: options.payload_max })
    }

    /// The addresses that are bound, in order.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.lanes.iter().map(|lane| lane.address)
    }

    /// Bytes of the smallest kernel buffer that the sockets got: less than asked for when the
    /// system's limit (`net.core.rmem_max`) is lower and may not be overridden.
    ///
    /// # Errors
    /// Status 5 when the system does not say.
    pub fn buffer_len(&self) -> Result<usize> {
        let lens = self.lanes.iter().map(|lane| {
            // socket(7): the kernel doubles what was asked for, for its own bookkeeping.
            syscall::option(&lane.socket, libc::SOL_SOCKET, libc::SO_RCVBUF)
                .map(|len| usize::try_from(len / 2).unwrap_or_default())
                .map_err(|e| Error::os("cannot read SO_RCVBUF", &e))
        });
        lens.reduce(|a, b| Ok(a?.min(b?))).unwrap_or(Ok(0))
    }

    /// Waits at most `timeout` for datagrams and gives each to `each`: up to 64 from every socket
    /// that has some, in the order of the sockets. The answer is how many; 0 when the time passed
    /// or a signal came.
    ///
    /// # Errors
    /// Status 5 when a socket fails.
    pub fn receive(
        &mut self,
        timeout: Duration,
        mut each: impl FnMut(Arrival<'_>),
    ) -> Result<usize> {
        let failed = |e: io::Error| Error::os("cannot receive", &e);
        let mut total = 0;
        if syscall::poll(&mut self.polls, timeout).map_err(failed)? == 0 {
            return Ok(0);
        }
        for (number, (lane, poll)) in self.lanes.iter_mut().zip(&self.polls).enumerate() {
            if poll.revents == 0 {
                continue;
            }
            let count = match self.inbox.receive(&lane.socket) {
                Ok(count) => count,
                Err(e)
                    if matches!(
                        e.kind(),
                        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                    ) =>
                {
                    0
                }
                Err(e) => return Err(failed(e)),
            };
            let user_ns = now_ns();
            for message in self.inbox.messages(count) {
                let said = said(message.control);
                let (source, source_port) = message.source.address();
                let datagram = Datagram {
                    rx_ns: said.rx_ns.unwrap_or(user_ns),
                    source,
                    target: mapped(lane.address.ip()),
                    source_port,
                    target_port: lane.address.port(),
                    payload: message.payload,
                    truncated: message.truncated,
                    interface: u16::try_from(number).unwrap_or(u16::MAX),
                };
                let mut lost = said.dropped.map_or(0, |dropped| lane.drops_since(dropped));
                for part in parts(datagram, said.segment_len) {
                    let lost = std::mem::take(&mut lost);
                    let datagram = cut(part, self.payload_max);
                    each(Arrival { datagram, user_ns, nic_ns: None, lost });
                    total += 1;
                }
            }
        }
        Ok(total)
    }

    /// How many datagrams the kernel dropped that no [`Arrival`] has told of, because none came
    /// after them, for each socket in order. Counted once.
    ///
    /// # Errors
    /// Status 5 when the system does not say.
    pub fn untold_losses(&mut self) -> Result<Vec<u32>> {
        let losses = self.lanes.iter_mut().map(|lane| {
            let dropped = syscall::dropped(&lane.socket)
                .map_err(|e| Error::os("cannot read SO_MEMINFO", &e))?;
            Ok(lane.drops_since(dropped))
        });
        losses.collect()
    }

    /// How many datagrams the kernel dropped, as far as arrivals and [`Self::untold_losses`] told.
    pub fn dropped(&self) -> u64 {
        self.lanes.iter().map(|lane| lane.dropped_total).sum()
    }
}

/// The longest datagram, and the longest that the kernel makes of several.
const MERGED_MAX: usize = 65_535;

/// The datagrams that `datagram` was merged from.
fn parts(datagram: Datagram<'_>, segment_len: Option<usize>) -> impl Iterator<Item = Datagram<'_>> {
    split(datagram, segment_len.unwrap_or(usize::MAX))
}

/// At most `payload_max` bytes of `datagram`, flagged if that is not all.
fn cut(datagram: Datagram<'_>, payload_max: usize) -> Datagram<'_> {
    match datagram.payload.get(..payload_max) {
        Some(payload) => {
            let truncated = datagram.truncated || payload.len() < datagram.payload.len();
            Datagram { payload, truncated, ..datagram }
        }
        None => datagram,
    }
}

impl Lane {
    fn bind(address: SocketAddr, options: Options) -> io::Result<Self> {
        let socket = UdpSocket::bind(address)?;
        socket.set_nonblocking(true)?;
        match address.ip() {
            IpAddr::V4(group) if group.is_multicast() => {
                socket.join_multicast_v4(&group, &Ipv4Addr::UNSPECIFIED)?;
            }
            IpAddr::V6(group) if group.is_multicast() => socket.join_multicast_v6(&group, 0)?,
            _ => {}
        }
        let option = |name, value| syscall::set_option(&socket, libc::SOL_SOCKET, name, value);
        option(libc::SO_TIMESTAMPNS, 1)?;
        option(libc::SO_RXQ_OVFL, 1)?;
        if options.merge {
            syscall::set_option(&socket, libc::SOL_UDP, libc::UDP_GRO, 1)?;
        }
        let len = i32::try_from(options.buffer_len).unwrap_or(i32::MAX);
        // The first ignores the system's limit and needs CAP_NET_ADMIN; the second obeys it.
        option(libc::SO_RCVBUFFORCE, len).or_else(|_| option(libc::SO_RCVBUF, len))?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address, dropped: 0, dropped_total: 0 })
    }

    /// Drops between the count as last seen and `dropped`.
    fn drops_since(&mut self, dropped: u32) -> u32 {
        let since = dropped.wrapping_sub(self.dropped);
        self.dropped = dropped;
        self.dropped_total += u64::from(since);
        since
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(5);

    /// When nothing came for so long, nothing is on its way over loopback.
    const SETTLED: Duration = Duration::from_millis(20);

    fn loopback(options: Options) -> (Receiver, UdpSocket) {
        let any = "127.0.0.1:0".parse().unwrap();
        let receiver = Receiver::bind(&[any], options).unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        sender.connect(receiver.addresses().next().unwrap()).unwrap();
        (receiver, sender)
    }

    #[test]
    fn a_longer_datagram_than_the_room_is_cut_and_flagged() {
        let (mut receiver, sender) = loopback(Options { payload_max: 4, ..Options::default() });
        for payload in [&b"1234"[..], b"12345", b""] {
            sender.send(payload).unwrap();
        }
        let mut found = Vec::new();
        while found.len() < 3 {
            let count = receiver.receive(SOON, |a| {
                found.push((a.datagram.payload.to_vec(), a.datagram.truncated));
            });
            assert!(count.unwrap() > 0, "nothing came");
        }
        let expect = [(b"1234".to_vec(), false), (b"1234".to_vec(), true), (Vec::new(), false)];
        assert_eq!(found, expect);
    }

    #[test]
    fn what_the_kernel_merged_comes_apart() {
        let options = Options { merge: true, payload_max: 1000, ..Options::default() };
        let (mut receiver, sender) = loopback(options);
        // One superframe: five datagrams and a shorter one; then a plain one that is cut.
        let payload: Vec<u8> = (0..5 * 200 + 77u32).map(|n| n.to_le_bytes()[0]).collect();
        syscall::set_option(&sender, libc::SOL_UDP, libc::UDP_SEGMENT, 200).unwrap();
        sender.send(&payload).unwrap();
        syscall::set_option(&sender, libc::SOL_UDP, libc::UDP_SEGMENT, 0).unwrap();
        sender.send(&[9; 1001]).unwrap();
        let mut found = Vec::new();
        while found.len() < 7 {
            let count = receiver.receive(SOON, |a| {
                found.push((a.datagram.payload.to_vec(), a.datagram.truncated));
            });
            assert!(count.unwrap() > 0, "nothing came: {}", found.len());
        }
        let mut expect: Vec<_> = payload.chunks(200).map(|part| (part.to_vec(), false)).collect();
        expect.push((vec![9; 1000], true));
        assert_eq!(found, expect);
    }

    #[test]
    fn silence_ends_with_the_timeout() {
        let (mut receiver, _sender) = loopback(Options::default());
        assert_eq!(receiver.receive(Duration::from_millis(1), |_| panic!()).unwrap(), 0);
        assert!(receiver.buffer_len().unwrap() > 0);
    }

    #[test]
    fn overflow_is_counted_before_the_next_arrival_and_at_the_end() {
        // The kernel's smallest buffer holds only a few datagrams.
        let (mut receiver, sender) = loopback(Options { buffer_len: 1, ..Options::default() });
        let send = |count| {
            for _ in 0..count {
                sender.send(&[7; 1200]).unwrap();
            }
        };
        send(100);
        let mut kept = 0;
        while receiver.receive(SETTLED, |a| kept += 1 + a.lost).unwrap() > 0 {}
        assert!((1..100).contains(&kept), "{kept} kept");
        // One more tells of those that were dropped after the last one kept.
        send(1);
        let mut lost = 0;
        receiver.receive(SOON, |a| lost = a.lost).unwrap();
        assert_eq!(kept + lost, 100);
        assert_eq!(receiver.untold_losses().unwrap(), [0]);
        send(50);
        let mut more = 0;
        while receiver.receive(SETTLED, |a| more += 1 + a.lost).unwrap() > 0 {}
        let untold = receiver.untold_losses().unwrap();
        assert_eq!(more + untold[0], 50);
        assert_eq!(receiver.untold_losses().unwrap(), [0]);
    }

    #[test]
    fn an_address_in_use_is_status_5_and_named() {
        let (receiver, _) = loopback(Options::default());
        let taken = receiver.addresses().next().unwrap();
        let Err(error) = Receiver::bind(&[taken], Options::default()) else { panic!("bound") };
        assert_eq!(error.exit(), crate::error::Exit::Os);
        assert!(error.to_string().contains(&taken.to_string()), "{error}");
    }
}
