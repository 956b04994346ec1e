//! Datagrams as frames: an outlet past the kernel's UDP and IP.

use super::interface::Interface;
use super::pcap::{self, Datagram};
use super::udp::{Outlet, PAYLOAD_MAX, mapped};
use super::{packet, xdp};
use crate::error::{Error, Result};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Frames of a batch.
const BATCH: usize = 64;

/// Who frames are from and for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// The Ethernet addresses of the sender and of the receiver.
    pub macs: [[u8; 6]; 2],
    /// Where every datagram goes; without it, where it went when it was captured.
    pub to: Option<SocketAddr>,
}

impl Route {
    /// From `interface` to `to`, whose Ethernet address is `mac`, or else what the kernel knows of its
    /// neighbours.
    ///
    /// # Errors
    /// Status 2 when the Ethernet address is not known; status 5 when there is no such interface.
    pub fn of(interface: &Interface, to: Option<SocketAddr>, mac: Option<[u8; 6]>) -> Result<Self> {
        let unknown = || {
            let what = "the receiver's Ethernet address is not known";
            Error::usage(what).hint("say it by --to-mac; ip neigh shows those of neighbours")
        };
        let known = || neighbour(interface.name(), to?.ip());
        let target = mac.or_else(known).ok_or_else(unknown)?;
        Ok(Self { macs: [interface.mac()?, target], to })
    }

    /// Writes `datagram` on this route behind what `frame` holds.
    ///
    /// # Errors
    /// Status 4 when it is too long.
    pub fn write(&self, datagram: &Datagram<'_>, frame: &mut Vec<u8>) -> Result<()> {
        let mut datagram = *datagram;
        if let Some(to) = self.to {
            datagram.target = mapped(to.ip());
            datagram.target_port = to.port();
            // A source of the other family would make a packet that nobody answers.
            let v4 = |octets| Ipv6Addr::from(octets).to_ipv4_mapped().is_some();
            if v4(datagram.source) != v4(datagram.target) {
                datagram.source = datagram.target;
            }
        }
        pcap::frame(self.macs, &datagram, frame)
    }
}

/// The Ethernet address of `address` in the kernel's table of neighbours of the thread's namespace.
fn neighbour(interface: &str, address: IpAddr) -> Option<[u8; 6]> {
    let table = std::fs::read_to_string("/proc/thread-self/net/arp").ok()?;
    // IP address, HW type, flags, HW address, mask, device.
    let row = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>()).find(
        |row| {
            row.first().and_then(|ip| ip.parse().ok()) == Some(address)
                && row.last() == Some(&interface)
        },
    )?;
    parse_mac(row.get(3)?).filter(|mac| *mac != [0; 6])
}

/// An Ethernet address such as `02:00:0a:4e:00:02`.
pub fn parse_mac(text: &str) -> Option<[u8; 6]> {
    let mut mac = [0; 6];
    let mut parts = text.split(':');
    for byte in &mut mac {
        *byte = u8::from_str_radix(parts.next()?, 16).ok()?;
    }
    parts.next().is_none().then_some(mac)
}

/// What frames leave by.
#[derive(Debug)]
pub enum Exit {
    /// An AF_PACKET socket.
    Packet(packet::Sender),
    /// An AF_XDP socket.
    Xdp(Box<xdp::Sender>),
}

/// Sends datagrams as whole frames.
#[derive(Debug)]
pub struct Framed {
    route: Route,
    exit: Exit,
    /// The frames of a batch; their room is kept.
    frames: Vec<Vec<u8>>,
    waiting: usize,
}

impl Framed {
    /// On `route`, by `exit`.
    pub fn new(route: Route, exit: Exit) -> Self {
        Self { route, exit, frames: vec![Vec::new(); BATCH], waiting: 0 }
    }
}

impl Outlet for Framed {
    fn payload_max(&self) -> usize {
        // An IP packet's; whether the interface takes the frame is for the exit to say.
        PAYLOAD_MAX
    }

    fn put(&mut self, datagram: &Datagram<'_>) -> Result<()> {
        if let Some(frame) = self.frames.get_mut(self.waiting) {
            frame.clear();
            self.route.write(datagram, frame)?;
            self.waiting += 1;
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.waiting >= BATCH
    }

    fn flush(&mut self) -> Result<()> {
        let mut all: [&[u8]; BATCH] = [&[]; BATCH];
        for (to, frame) in all.iter_mut().zip(&self.frames) {
            *to = frame;
        }
        let waiting = all.get(..std::mem::take(&mut self.waiting)).unwrap_or_default();
        match &mut self.exit {
            _ if waiting.is_empty() => Ok(()),
            Exit::Packet(sender) => sender.send(waiting),
            Exit::Xdp(sender) => sender.send(waiting),
        }
    }

    fn finish(&mut self) -> Result<()> {
        self.flush()?;
        match &mut self.exit {
            Exit::Packet(_) => Ok(()),
            Exit::Xdp(sender) => sender.finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ethernet_address_has_six_bytes() {
        assert_eq!(parse_mac("02:00:0a:4e:00:ff"), Some([2, 0, 10, 78, 0, 255]));
        for bad in
            ["", "02:00:0a:4e:00", "02:00:0a:4e:00:02:01", "02:00:0a:4e:00:100", "zz:0:0:0:0:0"]
        {
            assert_eq!(parse_mac(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_datagram_goes_where_the_route_leads_and_else_where_it_went() {
        let payload = b"to whom";
        let mapped = |last| mapped([10, 0, 0, last].into());
        let datagram = Datagram {
            rx_ns: 5,
            source: mapped(1),
            target: mapped(2),
            source_port: 7,
            target_port: 8,
            payload,
            truncated: false,
            interface: 0,
        };
        let macs = [[2; 6], [4; 6]];
        for (to, target, port) in
            [(None, mapped(2), 8), (Some("10.0.0.9:99".parse().unwrap()), mapped(9), 99)]
        {
            let mut frame = Vec::new();
            Route { macs, to }.write(&datagram, &mut frame).unwrap();
            assert_eq!((&frame[..6], &frame[6..12]), (&[4; 6][..], &[2; 6][..]));
            let read = pcap::ethernet(5, 0, &frame).unwrap();
            assert_eq!((read.target, read.target_port, read.payload), (target, port, &payload[..]));
            assert_eq!((read.source, read.source_port), (mapped(1), 7));
        }
    }
}
