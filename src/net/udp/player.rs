//! Plays datagrams, each at its time, through an outlet.

use super::super::pcap::Datagram;
use super::pacer::{Pace, Pacer};
use super::syscall::{self, Outbox, PAYLOAD_MAX};
use crate::error::{Error, Result};
use crate::time::Stopwatch;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

/// A sleep may last this much longer than asked (timer slack and wake-up); the rest of a wait is
/// spent spinning.
const WAKE_UP: Duration = Duration::from_micros(150);

/// The longest sleep before the stop flag is looked at again.
const NAP_MAX: Duration = Duration::from_millis(20);

/// A datagram that is late by more than this waits for the batch to fill, so that a sender that
/// cannot keep up spends its time on sending.
const LATE_NS: u64 = 100_000;

/// Bytes of kernel buffer asked for.
const BUFFER_LEN: i32 = 4 << 20;

/// What datagrams leave by, in batches.
pub trait Outlet {
    /// The longest payload that can leave here.
    fn payload_max(&self) -> usize;

    /// Takes a datagram, whose payload is not too long, behind those that wait, of which there are fewer
    /// than a batch.
    ///
    /// # Errors
    /// Status 4 when it cannot be made what leaves here.
    fn put(&mut self, datagram: &Datagram<'_>) -> Result<()>;

    /// Whether a batch waits.
    fn is_full(&self) -> bool;

    /// Sends all that wait.
    ///
    /// # Errors
    /// Status 5 when the system refuses.
    fn flush(&mut self) -> Result<()>;

    /// Sends all that wait, and returns when nothing of it can be lost by leaving.
    ///
    /// # Errors
    /// Status 5 when the system refuses.
    fn finish(&mut self) -> Result<()> {
        self.flush()
    }
}

impl<O: Outlet + ?Sized> Outlet for Box<O> {
    fn payload_max(&self) -> usize {
        (**self).payload_max()
    }

    fn put(&mut self, datagram: &Datagram<'_>) -> Result<()> {
        (**self).put(datagram)
    }

    fn is_full(&self) -> bool {
        (**self).is_full()
    }

    fn flush(&mut self) -> Result<()> {
        (**self).flush()
    }

    fn finish(&mut self) -> Result<()> {
        (**self).finish()
    }
}

/// A UDP socket that sends every datagram to one address, whatever its own target was.
pub struct Socket {
    socket: UdpSocket,
    outbox: Outbox,
}

impl Socket {
    /// A socket that sends to `target`.
    ///
    /// # Errors
    /// Status 5 when the system refuses a socket.
    pub fn to(target: SocketAddr) -> Result<Self> {
        // Not connected: a refusal that comes back over ICMP must not stop a replay.
        let socket = match target {
            SocketAddr::V4(_) => UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)),
            SocketAddr::V6(_) => UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0)),
        }
        .map_err(|e| Error::os("cannot open a udp socket", &e))?;
        // A wish: with less buffer the socket blocks earlier.
        let _ = syscall::set_option(&socket, libc::SOL_SOCKET, libc::SO_SNDBUF, BUFFER_LEN);
        Ok(Self { socket, outbox: Outbox::new(target) })
    }
}

impl Outlet for Socket {
    fn payload_max(&self) -> usize {
        PAYLOAD_MAX
    }

    fn put(&mut self, datagram: &Datagram<'_>) -> Result<()> {
        self.outbox.put(datagram.payload);
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.outbox.is_full()
    }

    fn flush(&mut self) -> Result<()> {
        self.outbox.send(&self.socket).map_err(|e: io::Error| Error::os("cannot send", &e))
    }
}

/// Sends datagrams at a pace, in batches.
pub struct Player<O> {
    outlet: O,
    pace: Pace,
    pacer: Pacer,
    clock: Option<Stopwatch>,
    played: Played,
}

/// When a datagram was sent, in nanoseconds after the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// When it was due.
    pub due_ns: u64,
    /// When it was handed on; at full rate, when it was due.
    pub sent_ns: u64,
}

/// What a player has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Played {
    /// Datagrams sent.
    pub datagrams: u64,
    /// Bytes of payload sent.
    pub bytes: u64,
    /// The most that a datagram was late against its pace, in nanoseconds.
    pub late_max_ns: u64,
    /// From the first datagram to the last, in nanoseconds.
    pub elapsed_ns: u64,
}

impl<O: Outlet> Player<O> {
    /// A player through `outlet`. The time starts with the first datagram.
    pub fn new(outlet: O, pace: Pace) -> Self {
        let (pacer, played) = (Pacer::new(pace), Played::default());
        Self { outlet, pace, pacer, clock: None, played }
    }

    /// Waits until `datagram` is due by its stamp and sends it; tells when. `None` if `stop` became true
    /// before: it was not sent.
    ///
    /// # Errors
    /// Status 4, at once, when its payload is too long; those of the outlet.
    pub fn play(
        &mut self,
        datagram: &Datagram<'_>,
        stop: impl Fn() -> bool,
    ) -> Result<Option<Sent>> {
        let payload_len = datagram.payload.len();
        if payload_len > self.outlet.payload_max() {
            return Err(Error::damaged(format!("datagram of {payload_len} bytes")));
        }
        let clock = *self.clock.get_or_insert_with(Stopwatch::start);
        let due_ns = self.pacer.due_ns(datagram.rx_ns, payload_len);
        if clock.elapsed_ns() < due_ns {
            self.flush()?;
            if !wait(clock, due_ns, &stop) {
                return Ok(None);
            }
        } else if stop() {
            return Ok(None);
        }
        self.outlet.put(datagram)?;
        // At full rate nobody asks, and the clock is a part of what a datagram costs.
        let sent_ns = if self.pace == Pace::Full { due_ns } else { clock.elapsed_ns() };
        let late_ns = sent_ns.saturating_sub(due_ns);
        self.played.datagrams += 1;
        self.played.bytes += payload_len as u64;
        self.played.late_max_ns = self.played.late_max_ns.max(late_ns);
        if self.outlet.is_full() || (self.pace != Pace::Full && late_ns < LATE_NS) {
            self.flush()?;
        }
        Ok(Some(Sent { due_ns, sent_ns }))
    }

    /// Begins again: the next datagram is the first of a round.
    pub fn again(&mut self) {
        self.pacer.again();
    }

    /// Sends what waits for its batch to fill.
    ///
    /// # Errors
    /// Status 5 when sending fails.
    pub fn flush(&mut self) -> Result<()> {
        self.outlet.flush()
    }

    /// Sends the rest; what was done.
    ///
    /// # Errors
    /// Status 5 when sending fails.
    pub fn finish(mut self) -> Result<Played> {
        self.outlet.finish()?;
        self.played.elapsed_ns = self.clock.map_or(0, |clock| clock.elapsed_ns());
        Ok(self.played)
    }
}

/// Waits until `clock` shows `due_ns`; `false` if `stop` became true before.
#[expect(clippy::disallowed_methods, reason = "pacing is the one thing that waits for a time")]
fn wait(clock: Stopwatch, due_ns: u64, stop: &impl Fn() -> bool) -> bool {
    loop {
        let Some(left_ns) = due_ns.checked_sub(clock.elapsed_ns()).filter(|left| *left > 0) else {
            return true;
        };
        if stop() {
            return false;
        }
        match Duration::from_nanos(left_ns).checked_sub(WAKE_UP) {
            Some(nap) => std::thread::sleep(nap.min(NAP_MAX)),
            None => std::hint::spin_loop(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Options, Receiver};
    use super::*;
    use crate::time::now_ns;
    use std::num::NonZeroU64;

    const SOON: Duration = Duration::from_secs(5);

    fn player(target: SocketAddr, pace: Pace) -> Player<Socket> {
        Player::new(Socket::to(target).unwrap(), pace)
    }

    fn datagram(rx_ns: u64, payload: &[u8]) -> Datagram<'_> {
        Datagram {
            rx_ns,
            source: [0; 16],
            target: [0; 16],
            source_port: 0,
            target_port: 0,
            payload,
            truncated: false,
            interface: 0,
        }
    }

    #[test]
    fn a_thousand_datagrams_arrive_in_order_with_stamps() {
        for loopback in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(mut receiver) = Receiver::bind(&[loopback.parse().unwrap()], Options::default())
            else {
                println!("skipped: no {loopback} here");
                continue;
            };
            let target = receiver.addresses().next().unwrap();
            let before_ns = now_ns();
            let sending = std::thread::spawn(move || {
                let mut player = player(target, Pace::Full);
                for count in 0..1000u64 {
                    let mut payload = [0; 1228];
                    payload[..8].copy_from_slice(&count.to_le_bytes());
                    assert!(player.play(&datagram(count, &payload), || false).unwrap().is_some());
                }
                player.finish().unwrap()
            });
            let mut next = 0u64;
            while next < 1000 {
                let count = receiver.receive(SOON, |arrival| {
                    let datagram = arrival.datagram;
                    assert_eq!(datagram.payload.len(), 1228);
                    assert_eq!(datagram.payload[..8], next.to_le_bytes());
                    assert_eq!(datagram.target_port, target.port());
                    assert_eq!(datagram.source, datagram.target);
                    assert!((before_ns..=arrival.user_ns).contains(&datagram.rx_ns));
                    assert_eq!(
                        (arrival.lost, datagram.truncated, datagram.interface),
                        (0, false, 0)
                    );
                    next += 1;
                });
                assert!(count.unwrap() > 0, "lost after {next}");
            }
            let played = sending.join().unwrap();
            assert_eq!((played.datagrams, played.bytes), (1000, 1_228_000));
            assert_eq!(receiver.untold_losses().unwrap(), [0]);
        }
    }

    #[test]
    fn several_sockets_keep_their_numbers_and_a_rate_keeps_its_time() {
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let mut receiver = Receiver::bind(&[any; 3], Options::default()).unwrap();
        let targets: Vec<SocketAddr> = receiver.addresses().collect();
        let pace = Pace::Rate { per_second: NonZeroU64::new(1000).unwrap() };
        for (number, target) in targets.iter().enumerate() {
            let mut player = player(*target, pace);
            for _ in 0..5 {
                assert!(
                    player
                        .play(&datagram(0, &[u8::try_from(number).unwrap()]), || false)
                        .unwrap()
                        .is_some()
                );
            }
            // The last of 5 at 1000 a second is due after 4 ms.
            assert!(player.finish().unwrap().elapsed_ns >= 4_000_000);
        }
        let mut found = [0; 3];
        while found.iter().sum::<u32>() < 15 {
            let count = receiver.receive(SOON, |arrival| {
                let number = usize::from(arrival.datagram.interface);
                assert_eq!(arrival.datagram.payload, [u8::try_from(number).unwrap()]);
                assert_eq!(arrival.datagram.target_port, targets[number].port());
                found[number] += 1;
            });
            assert!(count.unwrap() > 0, "lost after {found:?}");
        }
        assert_eq!(found, [5; 3]);
    }

    #[test]
    fn a_stop_ends_the_wait_and_sends_nothing() {
        let target = "127.0.0.1:9".parse().unwrap();
        let speed_ppm = NonZeroU64::new(1_000_000).unwrap();
        let mut player = player(target, Pace::Recorded { speed_ppm });
        assert!(player.play(&datagram(0, b"first"), || false).unwrap().is_some());
        // Due in three hours.
        let asked = std::cell::Cell::new(0);
        let stop = || asked.replace(asked.get() + 1) > 1;
        assert_eq!(player.play(&datagram(10_800_000_000_000, b"never"), stop).unwrap(), None);
        let error = player.play(&datagram(0, &vec![0; 65_508]), || false).unwrap_err();
        assert_eq!(error.exit(), crate::error::Exit::Damaged);
        let played = player.finish().unwrap();
        assert_eq!((played.datagrams, played.bytes), (1, 5));
    }
}
