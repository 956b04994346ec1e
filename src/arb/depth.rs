//! What lies around the prices of all pools: ticks, bins and levels, and what a transaction changed
//! of them.

use super::arrays::{Arrays, DepthFault};
use super::sides::Sides;
use crate::dex::{Depth, DepthMut, TickRange};
use crate::record::{Bin, Level, Tick, Ticks};

/// Most pools of a transaction whose bins or levels can be put back as they were.
const UNDO: usize = 16;

/// Where what lies around a pool's price is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Place {
    /// Nothing came yet.
    #[default]
    None,
    /// A region of ticks.
    Ticks(u32),
    /// A region of bins.
    Bins(u32),
    /// A book.
    Levels(u32),
}

/// The stores.
pub(super) struct Depths {
    ticks: Arrays<Tick>,
    bins: Arrays<Bin>,
    levels: Sides,
    /// Bins and levels as they were before the swaps of a transaction, oldest first.
    old_bins: Vec<Bin>,
    old_levels: Vec<Level>,
}

/// How much was put aside before a swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    bins: usize,
    levels: usize,
}

impl Depths {
    /// Room for `pools` pools of each kind with `entries` ticks, bins, or levels of a side each.
    pub(super) fn new(pools: usize, entries: usize) -> Self {
        let undo = entries.saturating_mul(UNDO);
        Self {
            ticks: Arrays::new(pools, entries),
            bins: Arrays::new(pools, entries),
            levels: Sides::new(pools, entries),
            old_bins: Vec::with_capacity(undo),
            old_levels: Vec::with_capacity(undo.saturating_mul(2)),
        }
    }

    /// Takes in the entries of `array`, which `tail` holds, of a pool whose price is at `price`.
    ///
    /// # Errors
    /// Why they are not held; they count as not loaded then.
    pub(super) fn put(
        &mut self,
        place: &mut Place,
        array: &Ticks,
        tail: &[u8],
        price: i32,
    ) -> Result<(), DepthFault> {
        let at = (array.start_tick, array.span_ticks);
        if let Some(ticks) = array.entries(tail) {
            if *place == Place::None {
                *place = Place::Ticks(self.ticks.claim()?);
            }
            let Place::Ticks(region) = *place else { return Err(DepthFault::Order) };
            self.ticks.put(region, at, ticks, price)
        } else if let Some(bins) = array.bins(tail) {
            if *place == Place::None {
                *place = Place::Bins(self.bins.claim()?);
            }
            let Place::Bins(region) = *place else { return Err(DepthFault::Order) };
            self.bins.put(region, at, bins, price)
        } else if let Some(levels) = array.levels(tail) {
            if *place == Place::None {
                *place = Place::Levels(self.levels.claim().ok_or(DepthFault::Pools)?);
            }
            let Place::Levels(book) = *place else { return Err(DepthFault::Order) };
            let put = self.levels.put(book, array.start_tick < 0, levels);
            if put { Ok(()) } else { Err(DepthFault::Pools) }
        } else {
            Err(DepthFault::Order)
        }
    }

    /// What is held at `place` around `price`.
    #[inline]
    pub(super) fn around(&self, place: Place, price: i32) -> Depth<'_> {
        let depth = match place {
            Place::None => None,
            Place::Ticks(region) => Some(Depth::Ticks(self.ticks.range(region, price))),
            Place::Bins(region) => self.bins.range(region, price).map(Depth::Bins),
            Place::Levels(book) => self.levels.levels(book).map(Depth::Levels),
        };
        depth.unwrap_or(Depth::None)
    }

    /// The same, for a swap to change.
    pub(super) fn around_mut(&mut self, place: Place, price: i32) -> DepthMut<'_> {
        let depth = match place {
            Place::None => None,
            Place::Ticks(region) => {
                let ticks: TickRange<'_> = self.ticks.range(region, price);
                Some(DepthMut::Fixed(Depth::Ticks(ticks)))
            }
            Place::Bins(region) => self.bins.range_mut(region, price),
            Place::Levels(book) => self.levels.levels_mut(book),
        };
        depth.unwrap_or(DepthMut::Fixed(Depth::None))
    }

    /// A transaction begins.
    pub(super) fn begin(&mut self) {
        self.old_bins.clear();
        self.old_levels.clear();
    }

    /// Puts aside what a swap around `price` may change; `None` when there is no room for it.
    pub(super) fn put_aside(&mut self, place: Place, price: i32) -> Option<Mark> {
        let mark = Mark { bins: self.old_bins.len(), levels: self.old_levels.len() };
        match place {
            Place::Bins(region) => {
                let bins = self.bins.range(region, price).map_or(&[][..], |range| range.bins);
                keep(&mut self.old_bins, bins)?;
            }
            Place::Levels(book) => {
                let sides = self.levels.levels(book)?;
                keep(&mut self.old_levels, sides.bids)?;
                keep(&mut self.old_levels, sides.asks)?;
            }
            Place::None | Place::Ticks(_) => {}
        }
        Some(mark)
    }

    /// Puts back what was put aside at `mark`, the newest first.
    pub(super) fn put_back(&mut self, place: Place, price: i32, mark: Mark) {
        let bins = self.old_bins.get(mark.bins..).unwrap_or_default();
        let levels = self.old_levels.get(mark.levels..).unwrap_or_default();
        match place {
            Place::Bins(region) => {
                if let Some(DepthMut::Bins { bins: now, .. }) = self.bins.range_mut(region, price) {
                    now.iter_mut().zip(bins).for_each(|(now, old)| *now = *old);
                }
            }
            Place::Levels(book) => {
                if let Some(DepthMut::Levels { bids, asks }) = self.levels.levels_mut(book) {
                    bids.iter_mut().chain(asks).zip(levels).for_each(|(now, old)| *now = *old);
                }
            }
            Place::None | Place::Ticks(_) => {}
        }
        self.old_bins.truncate(mark.bins);
        self.old_levels.truncate(mark.levels);
    }
}

/// Appends `from` within the capacity of `to`.
fn keep<T: Copy>(to: &mut Vec<T>, from: &[T]) -> Option<()> {
    if to.len().checked_add(from.len())? > to.capacity() {
        return None;
    }
    to.extend_from_slice(from);
    Some(())
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may stop where it is wrong")]
mod tests {
    use super::*;
    use crate::record::TickKind;

    fn array(what: TickKind, start: i32, span: u32, count: u16) -> Ticks {
        let mut array = Ticks::new(0);
        (array.what, array.start_tick, array.span_ticks) = (what as u8, start, span);
        array.count = count;
        array
    }

    fn bin(bin: i32, amount_a: u64) -> Bin {
        Bin { price: 1, amount_a, amount_b: 0, orders: 0, bin, orders_of_a: 0 }
    }

    fn level(base: u64, is_bid: u64) -> Level {
        Level { price: 5, base, sequence: 0, expires: 0, is_bid }
    }

    #[test]
    fn bins_and_levels_are_put_back_as_they_were() {
        let mut depths = Depths::new(2, 4);
        let (mut bins, mut book) = (Place::None, Place::None);
        let tail = [bin(0, 5), bin(1, 6)];
        let record = array(TickKind::Bins, 0, 70, 2);
        assert_eq!(depths.put(&mut bins, &record, bytemuck::cast_slice(&tail), 0), Ok(()));
        let asks = [level(9, 0)];
        let record = array(TickKind::Levels, 1, 1, 1);
        assert_eq!(depths.put(&mut book, &record, bytemuck::cast_slice(&asks), 0), Ok(()));
        let first = depths.put_aside(bins, 0).unwrap();
        let DepthMut::Bins { bins: changed, .. } = depths.around_mut(bins, 0) else { panic!() };
        changed[1].amount_a = 0;
        let second = depths.put_aside(book, 0).unwrap();
        let DepthMut::Levels { asks, .. } = depths.around_mut(book, 0) else { panic!() };
        asks[0].base = 1;
        depths.put_back(book, 0, second);
        depths.put_back(bins, 0, first);
        let Depth::Bins(range) = depths.around(bins, 69) else { panic!() };
        assert_eq!((range.bins, range.first_bin, range.end_bin), (&tail[..], 0, 70));
        let Depth::Levels(sides) = depths.around(book, 0) else { panic!() };
        assert_eq!((sides.asks[0].base, sides.bids.len()), (9, 0));
    }

    #[test]
    fn a_pool_has_one_kind_and_room_ends() {
        let mut depths = Depths::new(1, 1);
        let mut place = Place::None;
        assert_eq!(depths.put(&mut place, &array(TickKind::Bins, 0, 70, 0), &[], 0), Ok(()));
        let ticks = array(TickKind::Ticks, 0, 88, 0);
        assert_eq!(depths.put(&mut place, &ticks, &[], 0), Err(DepthFault::Order));
        let levels = array(TickKind::Levels, 1, 1, 3);
        assert_eq!(depths.put(&mut Place::None, &levels, &[0; 48], 0), Err(DepthFault::Order));
        let bins = array(TickKind::Bins, 0, 70, 0);
        assert_eq!(depths.put(&mut Place::None, &bins, &[], 0), Err(DepthFault::Pools));
        assert!(matches!(depths.around(place, 70), Depth::None), "not loaded");
        for _ in 0..UNDO {
            assert!(depths.put_aside(place, 0).is_some(), "nothing is held yet");
        }
    }
}
