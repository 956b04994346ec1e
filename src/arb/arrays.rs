//! Storage for the ticks or bins around a pool's price, by array.
//!
//! Each pool has a region of a fixed size. A `ticks` record replaces what its array held.
//! Where a region is full, the array farthest from the price goes first; what has no room, or
//! contradicts itself, counts as not loaded, so that a quote stops there instead of inventing
//! liquidity.

use crate::dex::{BinRange, DepthMut, TickRange, covered};
use crate::record::{Bin, Tick};

/// Most arrays of one pool.
const ARRAYS: usize = 64;

/// Why an array was not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DepthFault {
    /// No region is left for another pool.
    Pools,
    /// The pool's region is full of what lies nearer to its price.
    Room,
    /// The entries are out of order or outside of their array, or the array overlaps another.
    Order,
}

/// An entry that has a place on the axis of prices.
pub(super) trait Placed: bytemuck::Zeroable + Copy {
    /// Two may stand at one place.
    const REPEATS: bool;

    /// Its tick or bin.
    fn place(&self) -> i32;
}

impl Placed for Tick {
    const REPEATS: bool = false;

    fn place(&self) -> i32 {
        self.tick
    }
}

impl Placed for Bin {
    const REPEATS: bool = true;

    fn place(&self) -> i32 {
        self.bin
    }
}

struct Region {
    /// Start and span of the arrays held, lowest first.
    arrays: Vec<(i32, u32)>,
    /// Entries in use of the region.
    count: usize,
}

/// Regions of the same size.
pub(super) struct Arrays<T> {
    slab: Vec<T>,
    regions: Vec<Region>,
    /// Entries of one region.
    size: usize,
}

impl<T: Placed> Arrays<T> {
    /// Room for `pools` pools with `size` entries each.
    pub(super) fn new(pools: usize, size: usize) -> Self {
        let slab = Vec::with_capacity(pools.saturating_mul(size));
        let regions = (0..pools).map(|_| Region { arrays: Vec::with_capacity(ARRAYS), count: 0 });
        Self { slab, regions: regions.collect(), size }
    }

    /// A region for another pool.
    pub(super) fn claim(&mut self) -> Result<u32, DepthFault> {
        let used = self.slab.len().checked_div(self.size).ok_or(DepthFault::Pools)?;
        if used >= self.regions.len() {
            return Err(DepthFault::Pools);
        }
        let end = self.slab.len().saturating_add(self.size); // within the capacity: no heap
        self.slab.resize(end, T::zeroed());
        u32::try_from(used).map_err(|_| DepthFault::Pools)
    }

    /// Replaces the array of `region` that starts at `start` and spans `span` places by `entries`.
    /// `price` is the place of the pool's price.
    ///
    /// # Errors
    /// Why it could not be taken in; the array counts as not loaded then.
    pub(super) fn put(
        &mut self,
        region: u32,
        (start, span): (i32, u32),
        entries: &[T],
        price: i32,
    ) -> Result<(), DepthFault> {
        let size = self.size;
        let (region, slab) = self.region(region).ok_or(DepthFault::Pools)?;
        region.forget(slab, start);
        let end = start.checked_add_unsigned(span).filter(|end| *end > start);
        let end = end.ok_or(DepthFault::Order)?;
        let inside = entries.iter().all(|entry| (start..end).contains(&entry.place()));
        let rising = entries
            .is_sorted_by(|a, b| a.place() < b.place() || (T::REPEATS && a.place() == b.place()));
        let at = region.arrays.partition_point(|array| array.0 < start);
        let before = at.checked_sub(1).and_then(|at| region.arrays.get(at));
        let clear = before.is_none_or(|(at, span)| at.saturating_add_unsigned(*span) <= start)
            && region.arrays.get(at).is_none_or(|(at, _)| *at >= end);
        if !(inside && rising && clear) {
            return Err(DepthFault::Order);
        }
        let mine = far((start, span), price);
        while region.count.saturating_add(entries.len()) > size || region.arrays.len() >= ARRAYS {
            let farthest = region.arrays.iter().copied().max_by_key(|array| far(*array, price));
            let Some(farthest) = farthest.filter(|array| far(*array, price) > mine) else {
                return Err(DepthFault::Room);
            };
            region.forget(slab, farthest.0);
        }
        let held = slab.get(..region.count).unwrap_or_default();
        let to = held.partition_point(|entry| entry.place() < start);
        let after = to.saturating_add(entries.len());
        slab.copy_within(to..region.count, after);
        slab.get_mut(to..after).ok_or(DepthFault::Room)?.copy_from_slice(entries);
        region.count = region.count.saturating_add(entries.len());
        let at = region.arrays.partition_point(|array| array.0 < start);
        region.arrays.insert(at, (start, span));
        Ok(())
    }

    fn region(&mut self, region: u32) -> Option<(&mut Region, &mut [T])> {
        let at = usize::try_from(region).ok()?;
        let first = at.checked_mul(self.size)?;
        let slab = self.slab.get_mut(first..first.checked_add(self.size)?)?;
        Some((self.regions.get_mut(at)?, slab))
    }

    /// The entries of `region`, and the run of its arrays around `price`.
    #[inline]
    fn known(&self, region: u32, price: i32) -> Option<(&[T], (i32, i32))> {
        let at = usize::try_from(region).ok()?;
        let region = self.regions.get(at)?;
        let first = at.checked_mul(self.size)?;
        let entries = self.slab.get(first..first.checked_add(region.count)?)?;
        Some((entries, covered(&region.arrays, price)?))
    }

    /// The entries of `region` to be changed, and the run of its arrays around `price`.
    fn known_mut(&mut self, region: u32, price: i32) -> Option<(&mut [T], (i32, i32))> {
        let (region, slab) = self.region(region)?;
        let run = covered(&region.arrays, price)?;
        Some((slab.get_mut(..region.count)?, run))
    }
}

/// How far an array lies from a price, in places.
fn far((start, span): (i32, u32), price: i32) -> i64 {
    let (first, price) = (i64::from(start), i64::from(price));
    let last = first.saturating_add(i64::from(span)).saturating_sub(1);
    first.saturating_sub(price).max(price.saturating_sub(last)).max(0)
}

impl Arrays<Tick> {
    /// The ticks of `region` around `tick`.
    #[inline]
    pub(super) fn range(&self, region: u32, tick: i32) -> TickRange<'_> {
        match self.known(region, tick) {
            Some((ticks, (first_tick, end_tick))) => TickRange { ticks, first_tick, end_tick },
            None => TickRange::NONE,
        }
    }
}

impl Arrays<Bin> {
    /// The bins of `region` around `bin`, if its array is held.
    #[inline]
    pub(super) fn range(&self, region: u32, bin: i32) -> Option<BinRange<'_>> {
        let (bins, (first_bin, end_bin)) = self.known(region, bin)?;
        Some(BinRange { bins, first_bin, end_bin })
    }

    /// As [`Self::range`], to be changed.
    pub(super) fn range_mut(&mut self, region: u32, bin: i32) -> Option<DepthMut<'_>> {
        let (bins, (first_bin, end_bin)) = self.known_mut(region, bin)?;
        Some(DepthMut::Bins { bins, first_bin, end_bin })
    }
}

impl Region {
    /// Drops the array that starts at `start`, if it is held.
    fn forget<T: Placed>(&mut self, slab: &mut [T], start: i32) {
        let Some(at) = self.arrays.iter().position(|array| array.0 == start) else { return };
        let (_, span) = self.arrays.remove(at);
        let end = start.saturating_add_unsigned(span);
        let held = slab.get(..self.count).unwrap_or_default();
        let from = held.partition_point(|entry| entry.place() < start);
        let to = held.partition_point(|entry| entry.place() < end);
        slab.copy_within(to..self.count, from);
        self.count = self.count.saturating_sub(to.saturating_sub(from));
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "the model is written plainly")]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn ticks(list: &[i32]) -> Vec<Tick> {
        let tick = |tick: &i32| Tick { liquidity_net: 1, tick: *tick, orders: 0, _zero: [0; 8] };
        list.iter().map(tick).collect()
    }

    #[test]
    fn what_cannot_be_held_is_named_and_not_loaded() {
        let mut store = Arrays::<Tick>::new(1, 3);
        assert_eq!(store.claim(), Ok(0));
        assert_eq!(store.claim(), Err(DepthFault::Pools));
        assert_eq!(store.put(1, (0, 88), &[], 0), Err(DepthFault::Pools));
        assert_eq!(store.put(0, (0, 0), &[], 0), Err(DepthFault::Order));
        assert_eq!(store.put(0, (i32::MAX, 88), &[], 0), Err(DepthFault::Order));
        assert_eq!(store.put(0, (0, 88), &ticks(&[8, 8]), 0), Err(DepthFault::Order));
        assert_eq!(store.put(0, (0, 88), &ticks(&[88]), 0), Err(DepthFault::Order));
        assert_eq!(store.put(0, (0, 88), &ticks(&[1, 2]), 0), Ok(()));
        assert_eq!(store.put(0, (80, 88), &[], 0), Err(DepthFault::Order), "overlaps");
        assert_eq!(store.put(0, (-8, 16), &[], 0), Err(DepthFault::Order), "overlaps");
        assert_eq!(store.put(0, (88, 88), &ticks(&[90, 91]), 0), Err(DepthFault::Room));
        assert_eq!(store.put(0, (88, 88), &ticks(&[90, 91]), 99), Ok(()), "the nearer one stays");
        assert_eq!((store.range(0, 5).first_tick, store.range(0, 99).ticks.len()), (88, 2));
        assert_eq!(store.put(0, (0, 88), &ticks(&[1, 2]), 5), Ok(()), "and gives way again");
        assert_eq!(store.range(0, 5).end_tick, 88);
        assert_eq!(store.put(0, (0, 88), &ticks(&[1, 2, 3, 4]), 0), Err(DepthFault::Room));
        assert_eq!(store.range(0, 5).end_tick, 0, "the array that does not fit is gone");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]
        #[test]
        fn holds_the_newest_of_every_array(
            puts in prop::collection::vec((-4..4_i32, prop::collection::btree_set(0..88_i32, 0..9)), 1..30),
        ) {
            let mut store = Arrays::<Tick>::new(2, 200);
            store.claim().unwrap();
            let region = store.claim().unwrap();
            let mut model: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
            for (array, list) in puts {
                let list: Vec<i32> = list.into_iter().map(|tick| array * 88 + tick).collect();
                prop_assert_eq!(store.put(region, (array * 88, 88), &ticks(&list), 0), Ok(()));
                model.insert(array, list);
                let held: Vec<i32> = model.values().flatten().copied().collect();
                let range = store.range(region, array * 88 + 3);
                prop_assert_eq!(range.ticks.iter().map(|tick| tick.tick).collect::<Vec<_>>(), held);
                let (mut low, mut high) = (array, array + 1);
                while model.contains_key(&(low - 1)) { low -= 1; }
                while model.contains_key(&high) { high += 1; }
                prop_assert_eq!((range.first_tick, range.end_tick), (low * 88, high * 88));
            }
        }
    }
}
