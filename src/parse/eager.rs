//! Batches that are read before they are whole: rows as soon as a transaction's own bytes are there.
//!
//! ```text
//! batch   | shred | shred | shred | missing | shred | end |
//!          start     ^ walked to here: a place in a shred, and what the entry still owes
//! ```
//!
//! A batch is walked from a start that is known: the slot's first shred, or the one after a shred that
//! ends a batch, and no further than its shreds lie in a row. The bytes from the place where the walk
//! stopped are gathered again, so that a transaction across shreds is read once, when its last byte
//! came, and every row is written once. When the batch is whole the walk ends with the checks that
//! need its end.
//!
//! [`Walks`] holds the batches of one slot that are under way, a fixed number of them: a batch that
//! finds no room is read when it is whole, as without this.

use super::batch::{self, Place, Read};
use super::stage::Parser;
use crate::stream::Sink;
use crate::wire::entry::Walk;
use crate::wire::txn::V1_LEN_MAX;
use std::ops::RangeInclusive;

/// A batch under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Under {
    /// Data index of its first shred.
    start: u32,
    /// The shred that holds the next byte to read, and the byte's place in its ledger bytes.
    shred: u32,
    at: usize,
    walk: Walk,
    /// What was read so far.
    read: Read,
    /// Latest receive stamp of the shreds that were read.
    rx_ns: u64,
    /// The next item does not read though all its bytes are there: the rest waits for the batch's end,
    /// and is not gathered again with each shred until then.
    stalled: bool,
}

/// The batches of a slot that are under way.
#[derive(Clone, Debug)]
pub(super) struct Walks {
    under: [Option<Under>; Self::MAX],
}

impl Walks {
    /// Batches of a slot at a time: leaders send one or two, shuffled a little.
    const MAX: usize = 16;

    pub(super) fn new() -> Self {
        Self { under: [None; Self::MAX] }
    }

    /// Takes the batch that begins at `start` out, if it is under way.
    pub(super) fn take(&mut self, start: u32) -> Option<Under> {
        let found = |place: &&mut Option<Under>| place.is_some_and(|under| under.start == start);
        self.under.iter_mut().find(found)?.take()
    }

    /// Puts a batch in; `false` when there is no room.
    fn put(&mut self, under: Under) -> bool {
        let place = self.under.iter_mut().find(|place| place.is_none());
        place.map(|place| *place = Some(under)).is_some()
    }

    fn has_room(&self) -> bool {
        self.under.iter().any(Option::is_none)
    }
}

impl Parser<'_> {
    /// Reads on in the batch of data shred `index`, which has just come, and in the one that begins
    /// behind it, as far as they are there and their starts are known.
    pub(super) fn read_ahead(&mut self, at: usize, index: u32, out: &mut impl Sink) {
        let Some(slot) = self.deshred.window.get(at) else { return };
        let start = slot.start_of(index);
        let next = slot.ends_at(index).then_some(index + 1);
        for start in [Some(start), next].into_iter().flatten() {
            let Some(run) = self.deshred.window.get(at).and_then(|slot| slot.run_from(start))
            else {
                continue;
            };
            // A whole batch is read by its caller.
            self.read_run(at, start, run, out);
        }
    }

    /// Reads what is there of the batch that begins at `start` and lies in a row up to `last`.
    fn read_run(&mut self, at: usize, start: u32, last: u32, out: &mut impl Sink) {
        let Some(walks) = self.walks.get_mut(at) else { return };
        let mut under = match walks.take(start) {
            Some(under) => under,
            None if !walks.has_room() => return,
            None => {
                let ledger = self.deshred.ledger(at, start..=last, &mut self.scratch);
                let Some(walk) = ledger.and_then(|(bytes, _)| Walk::new(bytes)) else { return };
                let (read, at) = (Read::default(), Walk::START);
                Under { start, shred: start, at, walk, read, rx_ns: 0, stalled: false }
            }
        };
        if !under.stalled {
            self.walk(at, &mut under, last, false, out);
        }
        if let Some(walks) = self.walks.get_mut(at) {
            walks.put(under);
        }
    }

    /// Reads the rest of `batch`, which is whole, if a part of it was read before; what was read in
    /// all, and the batch's receive stamp.
    pub(super) fn read_rest(
        &mut self,
        at: usize,
        batch: &RangeInclusive<u32>,
        out: &mut impl Sink,
    ) -> Option<(Read, u64)> {
        let mut under = self.walks.get_mut(at)?.take(*batch.start())?;
        self.walk(at, &mut under, *batch.end(), true, out);
        Some((under.read, under.rx_ns))
    }

    /// Walks on to the end of data shred `last`.
    fn walk(&mut self, at: usize, under: &mut Under, last: u32, whole: bool, out: &mut impl Sink) {
        let Some(slot) = self.deshred.window.get_mut(at) else { return };
        let tx_index = (slot.numbered.next == under.start).then_some(slot.numbered.txns);
        let number = slot.number;
        let ledger = self.deshred.ledger(at, under.shred..=last, &mut self.scratch);
        let Some((bytes, rx_ns)) = ledger else { return };
        under.rx_ns = under.rx_ns.max(rx_ns);
        let place = Place { slot: number, batch_start: under.start, tx_index, rx_ns: under.rx_ns };
        let before = under.read;
        let mut items = under.walk.on(bytes.get(under.at..).unwrap_or_default(), whole);
        let rows = self.makes_rows.then_some(&mut self.rows);
        batch::items(&mut items, &mut under.read, place, rows, &mut self.tally, out);
        under.at += under.walk.stop(&items);
        under.stalled = bytes.len().saturating_sub(under.at) > V1_LEN_MAX;
        if whole {
            self.tally.batches += u64::from(under.read.fault.is_none());
        }
        if let Some(slot) = self.deshred.window.get_mut(at) {
            slot.add_items(&before, &under.read);
        }
        while under.shred < last
            && let Some(len) = self.deshred.ledger_len(at, under.shred)
            && len <= under.at
        {
            (under.shred, under.at) = (under.shred + 1, under.at - len);
        }
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::stage::Order;
    use super::super::testing::{Ledger, shreds, swap_tx};
    use super::super::tests::{WHOLE, parser};
    use crate::stream::Arena;

    #[test]
    fn what_will_never_read_is_not_gathered_again_with_each_shred() {
        let txs: Vec<_> = (0..40).map(|seed| swap_tx(seed, &[1])).collect();
        let mut batch = Ledger::new().batch(&txs);
        // The third transaction claims more signatures than there will be bytes.
        let third = 8 + 48 + 3 * (48 + txs[0].len()) - txs[0].len();
        batch.splice(third..third + 3, [0xff, 0xff, 0x03]);
        let packets = shreds(100, &[batch, vec![0; 8]]);
        let mut parser = parser(Order::Eager, WHOLE);
        let mut arena = Arena::with_room(1 << 16);
        let mut stalled = 0;
        for packet in &packets[..packets.len() - 2] {
            parser.datagram(packet, false, 1, &mut arena);
            let under = parser.walks[0].under[0].unwrap();
            assert_eq!((under.start, under.read.fault), (0, None));
            assert!(under.shred <= 3, "it waits where the fault is");
            stalled += usize::from(under.stalled);
        }
        assert!((20..packets.len() - 9).contains(&stalled), "{stalled} of {}", packets.len());
        assert_eq!(parser.tally().txns, 2);
        let end = &packets[packets.len() - 2];
        parser.datagram(end, false, 1, &mut arena);
        assert!(parser.walks[0].under[0].is_none());
        assert_eq!(parser.tally().refused_batches().map(|(_, count)| count).sum::<u64>(), 1);
    }
}
