//! The I/O of UDP sockets that receive.

use super::super::args::Udp;
use super::super::out::Out;
use super::super::packets;
use crate::cli::Frame;
use crate::error::{Exit, Result};
use crate::net::udp::{Options, Receiver};
use crate::record::GapReason;
use crate::sys::signal;
use crate::time::{Stopwatch, now_ns};
use std::time::Duration;

/// The longest wait for datagrams before the stop flag is looked at again.
const WAIT_MAX: Duration = Duration::from_millis(100);

/// Receives until a signal, `--duration` or `--limit`.
pub(in crate::capture) fn listen(frame: &Frame, udp: &Udp) -> Result<Exit> {
    let mut out = Out::open(frame)?;
    let options = Options { buffer_len: udp.buffer_len, ..Options::default() };
    let mut receiver = Receiver::bind(&udp.addresses, options)?;
    for (lane, address) in receiver.addresses().enumerate() {
        frame.note(&format!("lane {lane} listens on {address}"));
    }
    let granted = receiver.buffer_len()?;
    if granted < udp.buffer_len {
        let asked = udp.buffer_len;
        frame.warn(&format!("{granted} bytes of socket buffer granted of {asked} asked for"));
    }
    // A reader that starts with us sees the head before the first datagram.
    out.flush()?;
    let clock = Stopwatch::start();
    let mut last_ns = 0;
    while !out.is_full() && !signal::stop_requested() {
        let Some(wait) = left(frame.common.duration, clock) else { break };
        let mut failed = Ok(());
        receiver.receive(wait.min(WAIT_MAX), |arrival| {
            if failed.is_ok() {
                last_ns = arrival.datagram.rx_ns;
                failed = lost(&mut out, last_ns, arrival.lost)
                    .and_then(|()| out.put(&arrival.datagram, Some(arrival.user_ns)));
            }
        })?;
        failed?;
        out.flush()?;
    }
    let at_ns = if last_ns == 0 { now_ns() } else { last_ns };
    for count in receiver.untold_losses()? {
        lost(&mut out, at_ns, count)?;
    }
    out.finish(frame, |_| ())
}

/// What is left of `duration`; `None` when nothing is.
fn left(duration: Option<Duration>, clock: Stopwatch) -> Option<Duration> {
    let Some(duration) = duration else { return Some(WAIT_MAX) };
    duration.checked_sub(clock.elapsed()).filter(|left| !left.is_zero())
}

/// Writes a gap for `count` datagrams that the kernel dropped.
fn lost(out: &mut Out, rx_ns: u64, count: u32) -> Result<()> {
    if count == 0 {
        return Ok(());
    }
    out.gap(&packets::gap(rx_ns, GapReason::SocketOverflow, count.into(), None))
}
