//! From receiving threads to the one that writes: batches of records in buffers that go round.
//!
//! ```text
//! thread 0 --batch--\                     a thread without an empty buffer waits: then its ring in the
//! thread 1 --batch---+--> writer           kernel fills, and what is lost there is counted there
//!     ^               |
//!     \---- empty ----/
//! ```
//!
//! A batch goes out after every receive while buffers are at hand, so that a datagram waits for nothing;
//! when the writer is slower, what comes meanwhile joins the batch, up to [`FULL`].
//!
//! Invariants:
//! - What a thread put is written, in its order, unless the writer fails.
//! - Nothing is allocated once every buffer has been as large as it gets.

use super::super::packets;
use crate::net::udp::Arrival;
use crate::record::GapReason;
use crate::stream::{Arena, Sink};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::time::Duration;

/// Buffers of a thread.
const DEPTH: usize = 8;

/// Bytes of records from which on a batch waits for an empty buffer instead of growing.
const FULL: usize = 256 << 10;

/// A thread's end.
pub(super) struct Giver {
    number: usize,
    batch: Arena,
    full: SyncSender<(usize, Arena)>,
    empty: Receiver<Arena>,
}

/// The writer's end.
pub(super) struct Taker {
    full: Receiver<(usize, Arena)>,
    empty: Vec<SyncSender<Arena>>,
}

/// What the writer finds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A batch.
    Batch,
    /// Nothing for now.
    Nothing,
    /// All threads have ended.
    End,
}

/// The ends for `count` threads.
pub(super) fn handover(count: usize) -> (Vec<Giver>, Taker) {
    // One more of each thread than buffers that it can give: giving never waits.
    let (to, full) = sync_channel(count * (DEPTH + 1));
    let (mut givers, mut empties) = (Vec::new(), Vec::new());
    for number in 0..count {
        let (back, empty) = sync_channel(DEPTH + 1);
        let room = || Arena::with_room(FULL);
        (1..DEPTH).for_each(|_| drop(back.send(room())));
        givers.push(Giver { number, batch: room(), full: to.clone(), empty });
        empties.push(back);
    }
    (givers, Taker { full, empty: empties })
}

impl Giver {
    /// Adds `arrival`, and before it what was lost, for this reason.
    #[inline]
    pub(super) fn put(&mut self, arrival: &Arrival<'_>, reason: GapReason) {
        packets::put_arrival(arrival, reason, &mut self.batch);
    }

    /// Hands over what there is, if a buffer is at hand; `false` when the writer is gone.
    pub(super) fn give(&mut self) -> bool {
        if self.batch.is_empty() {
            return true;
        }
        let next = match self.empty.try_recv() {
            Err(TryRecvError::Empty) if self.batch.held() < FULL => return true,
            Err(TryRecvError::Empty) => self.empty.recv().ok(),
            other => other.ok(),
        };
        let Some(next) = next else { return false };
        let batch = std::mem::replace(&mut self.batch, next);
        self.full.send((self.number, batch)).is_ok()
    }

    /// Hands over the rest.
    pub(super) fn finish(self) {
        // A writer that is gone has failed, and says so itself.
        let _ = self.full.send((self.number, self.batch));
    }
}

impl Taker {
    /// Waits at most `timeout` for a batch and lends it to `each`.
    pub(super) fn take<E>(
        &mut self,
        timeout: Duration,
        each: impl FnOnce(&Arena) -> Result<(), E>,
    ) -> Result<Found, E> {
        let (number, mut batch) = match self.full.recv_timeout(timeout) {
            Ok(batch) => batch,
            Err(RecvTimeoutError::Timeout) => return Ok(Found::Nothing),
            Err(RecvTimeoutError::Disconnected) => return Ok(Found::End),
        };
        each(&batch)?;
        batch.clear();
        if let Some(empty) = self.empty.get(number) {
            // A thread that has ended needs none.
            let _ = empty.try_send(batch);
        }
        Ok(Found::Batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::pcap::Datagram;
    use crate::record::{Gap, Packet};

    fn arrival(payload: &[u8], lost: u32) -> Arrival<'_> {
        let datagram = Datagram {
            rx_ns: 5,
            source: [0; 16],
            target: [0; 16],
            source_port: 1,
            target_port: 2,
            payload,
            truncated: false,
            interface: 3,
        };
        Arrival { datagram, user_ns: 9, nic_ns: Some(4), lost }
    }

    #[test]
    fn everything_given_is_taken_in_order_however_slow_the_writer() {
        const COUNT: u32 = 20_000;
        let (givers, mut taker) = handover(3);
        let threads: Vec<_> = givers
            .into_iter()
            .map(|mut giver| {
                std::thread::spawn(move || {
                    for number in 0..COUNT {
                        let payload = [number.to_le_bytes(), [0; 4]].concat();
                        giver.put(&arrival(&payload, u32::from(number == 7)), GapReason::NicRing);
                        assert!(giver.give());
                    }
                    giver.finish();
                })
            })
            .collect();
        let (mut next, mut gaps, mut batches) = ([0; 3], 0, 0u32);
        let each = |batch: &Arena, thread: usize, next: &mut [u32; 3], gaps: &mut u64| {
            for record in batch.records() {
                *gaps += record.typed::<Gap>().map_or(0, |gap| gap.count);
                if record.typed::<Packet>().is_some() {
                    let number = crate::bytes::u32_at(record.tail::<Packet>(), 0).unwrap();
                    assert_eq!(number, next[thread]);
                    next[thread] += 1;
                }
            }
        };
        while let Ok((number, mut batch)) = taker.full.recv() {
            batches += 1;
            if batches % 64 == 0 {
                std::thread::yield_now();
            }
            each(&batch, number, &mut next, &mut gaps);
            batch.clear();
            let _ = taker.empty[number].try_send(batch);
        }
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!((next, gaps), ([COUNT; 3], 3));
        let found: Result<Found, ()> = taker.take(Duration::ZERO, |_| Ok(()));
        assert_eq!(found, Ok(Found::End));
    }

    #[test]
    fn a_writer_that_is_gone_ends_its_threads() {
        let (mut givers, taker) = handover(1);
        let mut giver = givers.remove(0);
        giver.put(&arrival(&[1], 0), GapReason::NicRing);
        drop(taker);
        assert!(!giver.give());
        giver.finish();
    }

    #[test]
    fn a_writer_that_does_not_take_gets_larger_batches_and_then_holds_the_thread() {
        let (mut givers, mut taker) = handover(1);
        let mut giver = givers.remove(0);
        let payload = [0; 960];
        // All buffers but one are on their way after as many gives; the last one fills.
        for _ in 0..DEPTH - 1 {
            giver.put(&arrival(&payload, 0), GapReason::NicRing);
            assert!(giver.give());
        }
        while giver.batch.held() < FULL - 1024 {
            giver.put(&arrival(&payload, 0), GapReason::NicRing);
            assert!(giver.give(), "it does not wait");
        }
        let found: Result<Found, ()> = taker.take(Duration::ZERO, |batch| {
            assert_eq!(batch.records().count(), 1);
            Ok(())
        });
        assert_eq!(found, Ok(Found::Batch));
        assert!(giver.give());
        assert!(giver.batch.is_empty(), "the large one has gone into the buffer that came back");
    }
}
