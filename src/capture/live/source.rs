//! The back ends as one: opened by name, received from alike, accounted for.

use super::args::Live;
use super::ladder::Rung;
use crate::cli::Stats;
use crate::error::{Error, Result};
use crate::net::packet;
use crate::net::pcap::Skip;
use crate::net::tap;
use crate::net::udp::{self, Arrival};
use crate::net::xdp::{self, Filter, Reason};
use crate::record::GapReason;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// An open back end.
pub(in crate::capture) enum Source {
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
    /// Opens `rung` as `args` asks: a source for each thread.
    ///
    /// # Errors
    /// Status 2 when the options cannot be; status 5 when the system refuses.
    pub(super) fn open(rung: Rung, args: &Live) -> Result<Vec<Self>> {
        let (interface, filter, spin) = (args.interface.as_str(), filter(args), args.spin);
        let count = args.cpu.len().max(1);
        match rung {
            Rung::Xdp => {
                let (queues, busy_poll) = (args.queue.clone(), args.busy_poll);
                let options =
                    xdp::Options { filter, queues, spin, busy_poll, ..xdp::Options::default() };
                let receiver = xdp::Receiver::open(interface, &options)?;
                let queue_count = receiver.queues().count();
                if count > queue_count {
                    return Err(Error::usage(format!(
                        "--cpu {count} times for {queue_count} queues"
                    ))
                    .hint("each thread needs a queue of its own: give --cpu less often"));
                }
                let parts = receiver.split(count).into_iter();
                Ok(parts.map(|one| Self::Xdp(Box::new(one))).collect())
            }
            Rung::Tee => {
                one_thread(rung, count)?;
                let options = xdp::TeeOptions { filter, spin, ..xdp::TeeOptions::default() };
                xdp::Tee::open(interface, &options).map(|one| vec![Self::Tee(Box::new(one))])
            }
            Rung::Packet => {
                let kind = if args.volume { packet::Kind::Volume } else { packet::Kind::Latency };
                let options = packet::Options { filter, kind, spin, ..packet::Options::default() };
                let all = if count > 1 {
                    let count = u16::try_from(count).unwrap_or(u16::MAX);
                    packet::Receiver::open_group(interface, &options, count)?
                } else {
                    vec![packet::Receiver::open(interface, &options)?]
                };
                Ok(all.into_iter().map(|one| Self::Packet(Box::new(one))).collect())
            }
            Rung::Udp => {
                one_thread(rung, count)?;
                let any = [IpAddr::V4(Ipv4Addr::UNSPECIFIED)];
                let addresses = if args.address.is_empty() { &any[..] } else { &args.address };
                let sockets: Vec<SocketAddr> = addresses
                    .iter()
                    .flat_map(|ip| args.port.iter().map(|port| SocketAddr::new(*ip, *port)))
                    .collect();
                let options = udp::Options { merge: true, ..udp::Options::default() };
                udp::Receiver::bind(&sockets, options).map(|one| vec![Self::Udp(Box::new(one))])
            }
            Rung::Tap => {
                one_thread(rung, count)?;
                let opened = tap::Receiver::open(interface, filter, spin);
                opened.map(|one| vec![Self::Tap(Box::new(one))])
            }
        }
    }

    /// What was opened, for people.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Xdp(one) => {
                let pages = if one.has_huge_pages() { "huge pages" } else { "small pages" };
                let nic = one
                    .no_nic_stamp()
                    .map_or("NIC stamps where the driver has them".to_owned(), |why| {
                        format!("no NIC stamps ({why})")
                    });
                let (mode, count) = (one.mode().name(), one.queues().count());
                format!("xdp, {mode}, {count} queues, {pages}, {nic}")
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
    pub(in crate::capture) fn receive(
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
    pub(in crate::capture) fn untold(&mut self) -> Result<u64> {
        match self {
            Self::Xdp(one) => one.untold_losses().map(|all| all.iter().sum()),
            Self::Tee(one) => one.untold_losses(),
            Self::Packet(one) => one.untold_losses(),
            Self::Tap(_) => Ok(0),
            Self::Udp(one) => one.untold_losses().map(|all| all.into_iter().map(u64::from).sum()),
        }
    }

    /// The reason of a gap for what is lost here.
    pub(in crate::capture) fn gap_reason(&self) -> GapReason {
        match self {
            Self::Xdp(_) | Self::Tee(_) => GapReason::NicRing,
            Self::Packet(_) | Self::Udp(_) | Self::Tap(_) => GapReason::SocketOverflow,
        }
    }

    /// Adds what became of every frame that the back end saw, by name.
    ///
    /// # Errors
    /// Status 5 when the system does not say.
    pub(in crate::capture) fn account(&mut self, to: &mut Account) -> Result<()> {
        let reasons =
            |counts: [u64; Reason::COUNT]| Reason::ALL.map(Reason::name).into_iter().zip(counts);
        match self {
            Self::Xdp(one) => {
                add(&mut to.frames, reasons(one.counts()?));
                let losses = one.losses()?;
                let named = [
                    ("fill_empty", losses.fill_empty),
                    ("ring_full", losses.ring_full),
                    ("too_long", losses.too_long),
                ];
                add(&mut to.lost, named);
            }
            Self::Tee(one) => add(&mut to.frames, reasons(one.counts()?)),
            Self::Packet(one) => {
                let tally = one.tally()?;
                let named = [
                    ("seen", tally.frames),
                    ("delivered", tally.delivered),
                    ("filtered", tally.filtered),
                    ("broken", tally.broken),
                    ("superframes", tally.superframes),
                ];
                add(&mut to.frames, named);
                add(&mut to.frames, Skip::NAMES.into_iter().zip(tally.skipped));
                add(&mut to.lost, [("dropped", tally.dropped)]);
            }
            Self::Udp(one) => add(&mut to.lost, [("dropped", one.dropped())]),
            Self::Tap(one) => {
                let tally = one.tally();
                let own = [
                    ("seen", tally.frames),
                    ("delivered", tally.delivered),
                    ("filtered", tally.filtered),
                ];
                add(&mut to.frames, own);
                add(&mut to.frames, Skip::NAMES.into_iter().zip(tally.skipped));
            }
        }
        Ok(())
    }
}

/// Refuses several threads where there is one ring, or one set of sockets.
fn one_thread(rung: Rung, count: usize) -> Result<()> {
    if count > 1 {
        return Err(Error::usage(format!("{} receives by one thread", rung.name()))
            .hint("give --cpu once; xdp and packet have several"));
    }
    Ok(())
}

/// What became of the frames of one back end after another, by name.
#[derive(Debug, Default)]
pub(in crate::capture) struct Account {
    frames: Vec<(&'static str, u64)>,
    lost: Vec<(&'static str, u64)>,
}

impl Account {
    /// Adds what there is to `stats`.
    pub(in crate::capture) fn report(&self, stats: &mut Stats) {
        for (name, counts) in [("frames", &self.frames), ("lost", &self.lost)] {
            if !counts.is_empty() {
                stats.counts(name, counts.iter().copied());
            }
        }
    }
}

fn add(to: &mut Vec<(&'static str, u64)>, counts: impl IntoIterator<Item = (&'static str, u64)>) {
    for (name, count) in counts {
        match to.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sum)) => *sum = sum.saturating_add(count),
            None => to.push((name, count)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_outlives_the_back_ends_it_is_of() {
        let mut account = Account::default();
        add(&mut account.frames, [("taken", 3), ("not_ip", 0)]);
        add(&mut account.frames, [("seen", 7), ("taken", 4)]);
        let mut stats = Stats::default();
        account.report(&mut stats);
        let told: serde_json::Value = serde_json::from_str(&stats.line("t")).unwrap();
        assert_eq!(told["frames"], serde_json::json!({"taken": 7, "seen": 7}));
        assert_eq!(told.get("lost"), None, "nothing that could lose");
    }
}
