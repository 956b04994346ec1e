//! The back ends as one: opened by name, received from alike, accounted for.

use super::args::Live;
use super::ladder::Rung;
use crate::cli::Stats;
use crate::error::Result;
use crate::net::packet;
use crate::net::pcap::Skip;
use crate::net::tap;
use crate::net::udp::{self, Arrival};
use crate::net::xdp::{self, Filter, Reason};
use crate::record::GapReason;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// An open back end.
pub(super) enum Source {
    Xdp(Box<xdp::Receiver>),
    Tee(Box<xdp::Tee>),
    Packet(Box<packet::Receiver>),
    Udp(Box<udp::Receiver>),
    Tap(Box<tap::Receiver>),
}

/// The datagrams that `args` asks for.
pub(super) fn filter(args: &Live) -> Filter {
    Filter { ports: args.port.clone(), addresses: args.address.clone() }
}

impl Source {
    /// Opens `rung` as `args` asks.
    ///
    /// # Errors
    /// Status 2 when the options cannot be; status 5 when the system refuses.
    pub(super) fn open(rung: Rung, args: &Live) -> Result<Self> {
        let (interface, filter, spin) = (args.interface.as_str(), filter(args), args.spin);
        match rung {
            Rung::Xdp => {
                let (queues, busy_poll) = (args.queue.clone(), args.busy_poll);
                let options =
                    xdp::Options { filter, queues, spin, busy_poll, ..xdp::Options::default() };
                xdp::Receiver::open(interface, &options).map(|one| Self::Xdp(Box::new(one)))
            }
            Rung::Tee => {
                let options = xdp::TeeOptions { filter, spin, ..xdp::TeeOptions::default() };
                xdp::Tee::open(interface, &options).map(|one| Self::Tee(Box::new(one)))
            }
            Rung::Packet => {
                let kind = if args.volume { packet::Kind::Volume } else { packet::Kind::Latency };
                let options = packet::Options { filter, kind, spin, ..packet::Options::default() };
                packet::Receiver::open(interface, &options).map(|one| Self::Packet(Box::new(one)))
            }
            Rung::Udp => {
                let any = [IpAddr::V4(Ipv4Addr::UNSPECIFIED)];
                let addresses = if args.address.is_empty() { &any[..] } else { &args.address };
                let sockets: Vec<SocketAddr> = addresses
                    .iter()
                    .flat_map(|ip| args.port.iter().map(|port| SocketAddr::new(*ip, *port)))
                    .collect();
                let options = udp::Options { merge: true, ..udp::Options::default() };
                udp::Receiver::bind(&sockets, options).map(|one| Self::Udp(Box::new(one)))
            }
            Rung::Tap => {
                let opened = tap::Receiver::open(interface, filter, spin);
                opened.map(|one| Self::Tap(Box::new(one)))
            }
        }
    }

    /// What was opened, for people.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Xdp(one) => {
                let pages = if one.has_huge_pages() { "huge pages" } else { "small pages" };
                format!("xdp, {}, {} queues, {pages}", one.mode().name(), one.queues().count())
            }
            Self::Tee(one) => format!("tee, {}", one.mode().name()),
            Self::Packet(_) => "packet".to_owned(),
            Self::Tap(_) => "tap".to_owned(),
            Self::Udp(one) => format!("udp, {} sockets", one.addresses().count()),
        }
    }

    /// What was tried in vain within the back end: faster modes.
    pub(super) fn refusals(&self) -> &[String] {
        match self {
            Self::Xdp(one) => one.refusals(),
            Self::Tee(one) => one.refusals(),
            Self::Packet(_) | Self::Udp(_) | Self::Tap(_) => &[],
        }
    }

    /// Waits at most `timeout` for datagrams and gives each to `each`.
    ///
    /// # Errors
    /// Status 5 when the back end fails, as when its interface goes away.
    pub(super) fn receive(
        &mut self,
        timeout: Duration,
        each: &mut dyn FnMut(Arrival<'_>),
    ) -> Result<usize> {
        match self {
            Self::Xdp(one) => one.receive(timeout, each),
            Self::Tee(one) => one.receive(timeout, each),
            Self::Packet(one) => one.receive(timeout, each),
            Self::Tap(one) => one.receive(timeout, each),
            Self::Udp(one) => one.receive(timeout, each),
        }
    }

    /// Datagrams lost that no arrival has told of. Counted once.
    ///
    /// # Errors
    /// Status 5 when the system does not say.
    pub(super) fn untold(&mut self) -> Result<u64> {
        match self {
            Self::Xdp(one) => one.untold_losses().map(|all| all.iter().sum()),
            Self::Tee(one) => one.untold_losses(),
            Self::Packet(one) => one.untold_losses(),
            Self::Tap(_) => Ok(0),
            Self::Udp(one) => one.untold_losses().map(|all| all.into_iter().map(u64::from).sum()),
        }
    }

    /// The reason of a gap for what is lost here.
    pub(super) fn gap_reason(&self) -> GapReason {
        match self {
            Self::Xdp(_) | Self::Tee(_) => GapReason::NicRing,
            Self::Packet(_) | Self::Udp(_) | Self::Tap(_) => GapReason::SocketOverflow,
        }
    }

    /// What became of every frame that the back end saw, by name.
    ///
    /// # Errors
    /// Status 5 when the system does not say.
    pub(super) fn account(&mut self, stats: &mut Stats) -> Result<()> {
        let reasons = |counts: [u64; Reason::COUNT]| {
            Reason::ALL.into_iter().map(Reason::name).zip(counts).collect::<Vec<_>>()
        };
        match self {
            Self::Xdp(one) => {
                stats.counts("frames", reasons(one.counts()?));
                let losses = one.losses()?;
                let named = [
                    ("fill_empty", losses.fill_empty),
                    ("ring_full", losses.ring_full),
                    ("too_long", losses.too_long),
                ];
                stats.counts("lost", named);
            }
            Self::Tee(one) => {
                stats.counts("frames", reasons(one.counts()?));
            }
            Self::Packet(one) => {
                let tally = one.tally()?;
                stats.counts(
                    "frames",
                    [
                        ("seen", tally.frames),
                        ("delivered", tally.delivered),
                        ("filtered", tally.filtered),
                        ("broken", tally.broken),
                        ("superframes", tally.superframes),
                    ],
                );
                stats.counts("lost", [("dropped", tally.dropped)]);
            }
            Self::Tap(one) => {
                let tally = one.tally();
                let own = [
                    ("seen", tally.frames),
                    ("delivered", tally.delivered),
                    ("filtered", tally.filtered),
                ];
                let skipped = Skip::NAMES.into_iter().zip(tally.skipped);
                stats.counts("frames", own.into_iter().chain(skipped));
            }
            Self::Udp(_) => {}
        }
        Ok(())
    }
}
