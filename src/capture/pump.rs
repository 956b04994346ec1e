//! From live sources to the output, until it is time to stop: the loop of everything that receives.
//!
//! Nothing is lost in silence: what a source dropped is a gap before the next datagram, or at the end
//! of the source; what became of its frames stays in the account when it goes away.

use super::live::source::{Account, Source};
use super::out::Out;
use super::packets::{self, Stamps};
use crate::cli::Frame;
use crate::error::{Error, Exit, Result};
use crate::record::{Gap, GapReason, Packet};
use crate::stream::Arena;
use crate::sys::signal;
use crate::time::{Stopwatch, now_ns};
use std::time::Duration;

/// The longest wait for datagrams before the stop flag is looked at again.
pub(super) const WAIT_MAX: Duration = Duration::from_millis(100);

/// How long what a source had received before it broke is waited for: a block of AF_PACKET is given
/// over 1 to 2 ms after its first frame.
pub(super) const LAST: Duration = Duration::from_millis(20);

/// What is left of `duration`; `None` when nothing is.
pub(super) fn left(duration: Option<Duration>, clock: Stopwatch) -> Option<Duration> {
    let Some(duration) = duration else { return Some(WAIT_MAX) };
    duration.checked_sub(clock.elapsed()).filter(|left| !left.is_zero())
}

/// Writes what sources receive.
pub(super) struct Pump<'a> {
    frame: &'a Frame,
    pub(super) out: Out,
    clock: Stopwatch,
    /// Stamp of the last datagram: the time of a gap that follows it.
    last_ns: u64,
    account: Account,
}

impl<'a> Pump<'a> {
    /// Starts the clock of `--duration`. A reader that starts with us sees the head at once.
    pub(super) fn start(frame: &'a Frame, mut out: Out) -> Result<Self> {
        out.flush()?;
        let clock = Stopwatch::start();
        Ok(Self { frame, out, clock, last_ns: 0, account: Account::default() })
    }

    /// How long to wait for datagrams; `None` when it is time to stop.
    pub(super) fn wait(&self) -> Option<Duration> {
        if self.out.is_full() || signal::stop_requested() {
            return None;
        }
        left(self.frame.common.duration, self.clock).map(|left| left.min(WAIT_MAX))
    }

    /// Receives until it is time to stop; the error of the source if it went away before.
    ///
    /// # Errors
    /// Those of the output.
    pub(super) fn run(&mut self, source: &mut Source) -> Result<Option<Error>> {
        while let Some(wait) = self.wait() {
            if let Err(error) = self.take(source, wait)? {
                while matches!(self.take(source, LAST)?, Ok(1..)) {}
                return Ok(Some(error));
            }
        }
        Ok(None)
    }

    fn take(&mut self, source: &mut Source, wait: Duration) -> Result<Result<usize>> {
        let Self { out, last_ns, .. } = self;
        let (mut failed, reason) = (Ok(()), source.gap_reason());
        let received = source.receive(wait, &mut |arrival| {
            if failed.is_ok() {
                *last_ns = arrival.datagram.rx_ns;
                failed = lost(out, *last_ns, reason, arrival.lost.into())
                    .and_then(|()| out.put_stamped(&arrival.datagram, Stamps::of(&arrival)));
            }
        });
        failed?;
        out.flush()?;
        Ok(received)
    }

    /// Writes what a receiving thread has collected: packets and gaps.
    pub(super) fn write(&mut self, batch: &Arena) -> Result<()> {
        for record in batch.records() {
            let datagram =
                record.typed::<Packet>().and_then(|packet| packets::datagram(packet, record));
            match (datagram, record.typed::<Gap>()) {
                (Some(datagram), _) => {
                    self.last_ns = datagram.rx_ns;
                    self.out.put_record(record, &datagram, true)?;
                }
                (None, Some(gap)) => self.out.gap(gap)?,
                (None, None) => {}
            }
        }
        Ok(())
    }

    /// Writes what `source` lost and told nobody of, and keeps what became of its frames.
    pub(super) fn settle(&mut self, source: &mut Source) -> Result<()> {
        let at_ns = if self.last_ns == 0 { now_ns() } else { self.last_ns };
        lost(&mut self.out, at_ns, source.gap_reason(), source.untold()?)?;
        source.account(&mut self.account)
    }

    /// Writes that there was no source for a while: how much was lost nobody knows.
    pub(super) fn down(&mut self) -> Result<()> {
        self.out.gap(&packets::gap(now_ns(), GapReason::InterfaceDown, 0, None))?;
        self.out.flush()
    }

    /// Writes the end and reports.
    pub(super) fn finish(self) -> Result<Exit> {
        self.out.finish(self.frame, |stats| self.account.report(stats))
    }
}

fn lost(out: &mut Out, rx_ns: u64, reason: GapReason, count: u64) -> Result<()> {
    if count == 0 {
        return Ok(());
    }
    out.gap(&packets::gap(rx_ns, reason, count, None))
}
