//! Storage for the levels of order books: two sides of a fixed size a pool.
//!
//! A `ticks` record of levels replaces one side; what is worse than the side has room for is left
//! out, so that a quote stops there.

use crate::dex::{DepthMut, Levels};
use crate::record::Level;
use bytemuck::Zeroable;

/// Bids and asks.
type Pair<'a> = (&'a mut [Level], &'a mut [Level]);

/// The books.
pub(super) struct Sides {
    slab: Vec<Level>,
    /// Levels of bids and asks in use.
    counts: Vec<[usize; 2]>,
    /// Levels of one side.
    size: usize,
}

impl Sides {
    /// Room for `pools` books with `size` levels on either side.
    pub(super) fn new(pools: usize, size: usize) -> Self {
        let slab = Vec::with_capacity(pools.saturating_mul(size).saturating_mul(2));
        Self { slab, counts: Vec::with_capacity(pools), size }
    }

    /// Both sides for another pool; `None` when there are no more.
    pub(super) fn claim(&mut self) -> Option<u32> {
        if self.counts.len() >= self.counts.capacity() {
            return None;
        }
        let number = u32::try_from(self.counts.len()).ok()?;
        let end = self.slab.len().saturating_add(self.size.saturating_mul(2));
        self.slab.resize(end, Level::zeroed()); // within the capacity: no heap
        self.counts.push([0; 2]);
        Some(number)
    }

    /// Replaces the bids or the asks of book `number` by `levels`, best first; false when there is no
    /// such book.
    pub(super) fn put(&mut self, number: u32, bids: bool, levels: &[Level]) -> bool {
        let size = self.size;
        let Some((sides, counts)) = self.book(number) else { return false };
        let [bid_count, ask_count] = counts;
        let (side, count) = if bids { (sides.0, bid_count) } else { (sides.1, ask_count) };
        let held = levels.get(..size).unwrap_or(levels);
        let Some(place) = side.get_mut(..held.len()) else { return false };
        place.copy_from_slice(held);
        *count = held.len();
        true
    }

    fn book(&mut self, number: u32) -> Option<(Pair<'_>, &mut [usize; 2])> {
        let at = usize::try_from(number).ok()?;
        let len = self.size.checked_mul(2)?;
        let first = at.checked_mul(len)?;
        let slab = self.slab.get_mut(first..first.checked_add(len)?)?;
        Some((slab.split_at_mut_checked(self.size)?, self.counts.get_mut(at)?))
    }

    /// The levels of book `number`.
    #[inline]
    pub(super) fn levels(&self, number: u32) -> Option<Levels<'_>> {
        let at = usize::try_from(number).ok()?;
        let [bids, asks] = *self.counts.get(at)?;
        let first = at.checked_mul(self.size)?.checked_mul(2)?;
        let middle = first.checked_add(self.size)?;
        Some(Levels {
            bids: self.slab.get(first..first.checked_add(bids)?)?,
            asks: self.slab.get(middle..middle.checked_add(asks)?)?,
        })
    }

    /// As [`Self::levels`], to be changed.
    pub(super) fn levels_mut(&mut self, number: u32) -> Option<DepthMut<'_>> {
        let ((bids, asks), counts) = self.book(number)?;
        let [bid_count, ask_count] = *counts;
        Some(DepthMut::Levels {
            bids: bids.get_mut(..bid_count)?,
            asks: asks.get_mut(..ask_count)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(price: u128) -> Level {
        Level { price, base: 1, sequence: 0, expires: 0, is_bid: 0 }
    }

    #[test]
    fn sides_are_apart_and_bounded() {
        let mut sides = Sides::new(2, 2);
        assert_eq!((sides.claim(), sides.claim(), sides.claim()), (Some(0), Some(1), None));
        assert!(sides.put(1, true, &[level(9), level(8), level(7)]));
        assert!(sides.put(1, false, &[level(10)]));
        assert!(!sides.put(2, false, &[level(10)]));
        let prices = |side: &[Level]| side.iter().map(|level| level.price).collect::<Vec<_>>();
        let held = sides.levels(1).unwrap();
        assert_eq!((prices(held.bids), prices(held.asks)), (vec![9, 8], vec![10]));
        assert!(sides.levels(0).unwrap().bids.is_empty());
        let Some(DepthMut::Levels { bids, .. }) = sides.levels_mut(1) else { panic!("no levels") };
        bids.first_mut().unwrap().base = 0;
        assert_eq!(sides.levels(1).unwrap().bids.first().unwrap().base, 0);
        assert!(sides.put(1, true, &[]));
        assert!(sides.levels(1).unwrap().bids.is_empty() && sides.levels(2).is_none());
    }
}
