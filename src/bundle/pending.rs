//! Pending transactions: what a back-run carries before itself.
//!
//! ```text
//! txn, pending --> kept by its signature, the oldest forgotten first
//! txn, in a block or executed --> the pending one of that signature has landed
//! opportunity, pending --> its trigger: in hand, landed, expired or unknown
//! ```
//!
//! A bundle in which somebody's transaction stands between two of ours is a sandwich. None is made: ours
//! always come after the pending one, and never before it.

use super::Reject;
use super::recent::Hashes;
use crate::record::{Cause, Opportunity, Txn, TxnState};
use crate::wire::txn::Transaction;
use std::collections::{HashMap, VecDeque};

/// Pending transactions that are remembered.
pub(super) const PENDING_MAX: usize = 1 << 12;

/// When the pending transaction of a back-run is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backrun {
    /// When it is in the stream and can still land; else the bundle is made without it.
    Auto,
    /// Always: what is no back-run, or whose transaction is not there, is refused.
    Only,
    /// Never.
    Never,
}

/// The pending transactions of a stream.
pub(super) struct Pending {
    held: HashMap<[u8; 64], Held>,
    order: VecDeque<[u8; 64]>,
    most: usize,
    pub(super) counts: PendingCounts,
}

struct Held {
    wire: Vec<u8>,
    landed: bool,
}

/// What came in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PendingCounts {
    /// Pending transactions that were taken in.
    pub taken: u64,
    /// Those of them that were forgotten for others.
    pub forgotten: u64,
    /// Those of them that landed since.
    pub landed: u64,
}

impl Pending {
    /// Remembers the last `most`.
    pub(super) fn new(most: usize) -> Self {
        let (held, order) = (HashMap::new(), VecDeque::new());
        Self { held, order, most, counts: PendingCounts::default() }
    }

    /// Takes in `txn`, whose bytes are `wire`.
    pub(super) fn take(&mut self, txn: &Txn, wire: &[u8]) {
        if txn.state != TxnState::Pending as u8 {
            if let Some(held) = self.held.get_mut(&txn.signature).filter(|held| !held.landed) {
                held.landed = true;
                self.counts.landed = self.counts.landed.saturating_add(1);
            }
            return;
        }
        if self.held.contains_key(&txn.signature) {
            return;
        }
        if self.order.len() >= self.most
            && let Some(oldest) = self.order.pop_front()
        {
            self.held.remove(&oldest);
            self.counts.forgotten = self.counts.forgotten.saturating_add(1);
        }
        self.counts.taken = self.counts.taken.saturating_add(1);
        self.order.push_back(txn.signature);
        self.held.insert(txn.signature, Held { wire: wire.to_vec(), landed: false });
    }

    /// The transaction that a bundle of `opportunity` carries, to land in `slot`; `None` for one that
    /// carries none.
    ///
    /// # Errors
    /// It can land no more, or `how` wants one and there is none.
    pub(super) fn of(
        &self,
        opportunity: &Opportunity,
        how: Backrun,
        (hashes, slot): (&Hashes, u64),
    ) -> Result<Option<&[u8]>, Reject> {
        if how == Backrun::Never {
            return Ok(None);
        }
        let or_alone = |why| if how == Backrun::Only { Err(why) } else { Ok(None) };
        let is_backrun = opportunity.cause == Cause::Pending as u8
            && opportunity.present & Opportunity::TRIGGER != 0;
        let Some(held) = self.held.get(&opportunity.trigger).filter(|_| is_backrun) else {
            return or_alone(Reject::NoTrigger);
        };
        if held.landed {
            return or_alone(Reject::TriggerLanded);
        }
        let tx = Transaction::check(&held.wire).map_err(|_| Reject::TriggerUnfit)?;
        if !super::nonce::is_used_by(&tx) && hashes.is_too_old(tx.blockhash(), slot) {
            return Err(Reject::TriggerExpired);
        }
        Ok(Some(&held.wire))
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]
mod tests {
    use super::super::testdata::ended;
    use super::super::transaction::{message, transfer, wire};
    use super::super::{BLOCKHASH_AGE_MAX, Tables};
    use super::*;

    fn wire_of(number: u8) -> Vec<u8> {
        let transfer = [transfer(&[number; 32], &[9; 32], 1)];
        let none = (&Tables::default(), 0);
        let message = message(&transfer, &[number; 32], &[7; 32], none, 1).unwrap();
        wire(&message, &[[number; 64]])
    }

    fn txn(number: u8, state: TxnState) -> Txn {
        let mut txn = Txn::new(0);
        (txn.state, txn.signature) = (state as u8, [number; 64]);
        txn
    }

    fn behind(number: u8) -> Opportunity {
        let mut made = Opportunity::new(0);
        (made.cause, made.trigger, made.present) =
            (Cause::Pending as u8, [number; 64], Opportunity::TRIGGER);
        made
    }

    #[test]
    fn a_trigger_is_carried_while_it_can_land() {
        let mut pending = Pending::new(8);
        pending.take(&txn(1, TxnState::Pending), &wire_of(1));
        pending.take(&txn(1, TxnState::Pending), &wire_of(1));
        let mut hashes = Hashes::default();
        let of = |pending: &Pending, number, how, hashes: &Hashes, slot| {
            pending.of(&behind(number), how, (hashes, slot)).map(|wire| wire.map(<[u8]>::to_vec))
        };
        let whole = Ok(Some(wire_of(1)));
        assert_eq!(of(&pending, 1, Backrun::Auto, &hashes, 1000), whole);
        assert_eq!(of(&pending, 1, Backrun::Only, &hashes, 1000), whole);
        assert_eq!(of(&pending, 1, Backrun::Never, &hashes, 1000), Ok(None));
        assert_eq!(of(&pending, 2, Backrun::Auto, &hashes, 1000), Ok(None));
        assert_eq!(of(&pending, 2, Backrun::Only, &hashes, 1000), Err(Reject::NoTrigger));
        let mut state = behind(1);
        state.cause = Cause::State as u8;
        assert_eq!(pending.of(&state, Backrun::Auto, (&hashes, 1000)), Ok(None));
        // The slot of its blockhash.
        hashes.slot(&ended(1000, [7; 32]));
        let last = 1000 + BLOCKHASH_AGE_MAX;
        assert_eq!(of(&pending, 1, Backrun::Auto, &hashes, last), whole);
        let late = of(&pending, 1, Backrun::Auto, &hashes, last + 1);
        assert_eq!(late, Err(Reject::TriggerExpired));
        pending.take(&txn(1, TxnState::InBlock), &[]);
        pending.take(&txn(1, TxnState::Executed), &[]);
        assert_eq!(of(&pending, 1, Backrun::Auto, &hashes, 1000), Ok(None));
        assert_eq!(of(&pending, 1, Backrun::Only, &hashes, 1000), Err(Reject::TriggerLanded));
        assert_eq!(pending.counts, PendingCounts { taken: 1, forgotten: 0, landed: 1 });
    }

    #[test]
    fn memory_is_bounded_and_what_is_forgotten_is_counted() {
        let mut pending = Pending::new(2);
        for number in 1..=5 {
            pending.take(&txn(number, TxnState::Pending), &wire_of(number));
        }
        assert_eq!((pending.held.len(), pending.order.len()), (2, 2));
        assert_eq!(pending.counts, PendingCounts { taken: 5, forgotten: 3, landed: 0 });
        let none = (&Hashes::default(), 0);
        assert_eq!(pending.of(&behind(3), Backrun::Only, none), Err(Reject::NoTrigger));
        assert!(pending.of(&behind(4), Backrun::Only, none).unwrap().is_some());
    }
}
