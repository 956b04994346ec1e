//! Storage for the tick arrays of concentrated-liquidity pools: one fixed region a pool.
//!
//! A `ticks` record replaces what its array held. What has no room, or contradicts itself, is
//! treated as not loaded, so that a quote stops there instead of inventing liquidity.

use crate::dex::{TickRange, covered};
use crate::record::Tick;

/// Most arrays of one pool.
const ARRAYS: usize = 64;

/// Why an array was not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TickFault {
    /// No region is left for another pool.
    Pools,
    /// The pool's region, or its list of arrays, is full.
    Room,
    /// The ticks are out of order or outside of their array, or the array overlaps another.
    Order,
}

struct Region {
    /// Start and span of the arrays held, lowest first.
    arrays: Vec<(i32, u32)>,
    /// Ticks in use of the region.
    count: usize,
}

/// Regions of the same size.
pub(super) struct TickStore {
    slab: Vec<Tick>,
    regions: Vec<Region>,
    /// Ticks of one region.
    size: usize,
}

impl TickStore {
    /// Room for `pools` pools with `size` initialised ticks each.
    pub(super) fn new(pools: usize, size: usize) -> Self {
        let slab = Vec::with_capacity(pools.saturating_mul(size));
        let regions = (0..pools).map(|_| Region { arrays: Vec::with_capacity(ARRAYS), count: 0 });
        Self { slab, regions: regions.collect(), size }
    }

    /// A region for another pool.
    pub(super) fn claim(&mut self) -> Result<u32, TickFault> {
        let used = self.slab.len().checked_div(self.size).ok_or(TickFault::Pools)?;
        if used >= self.regions.len() {
            return Err(TickFault::Pools);
        }
        let end = self.slab.len().saturating_add(self.size); // within the capacity: no heap
        self.slab.resize(end, Tick { liquidity_net: 0, tick: 0, orders: 0, _zero: [0; 8] });
        u32::try_from(used).map_err(|_| TickFault::Pools)
    }

    /// Replaces the array of `region` that starts at `start` and spans `span` ticks by `ticks`.
    ///
    /// # Errors
    /// Why it could not be taken in; the array counts as not loaded then.
    pub(super) fn put(
        &mut self,
        region: u32,
        (start, span): (i32, u32),
        ticks: &[Tick],
    ) -> Result<(), TickFault> {
        let at = usize::try_from(region).map_err(|_| TickFault::Pools)?;
        let first = at.checked_mul(self.size).ok_or(TickFault::Pools)?;
        let last = first.checked_add(self.size).ok_or(TickFault::Pools)?;
        let slab = self.slab.get_mut(first..last).ok_or(TickFault::Pools)?;
        let region = self.regions.get_mut(at).ok_or(TickFault::Pools)?;
        region.forget(slab, start);
        let end = start.checked_add_unsigned(span).filter(|end| *end > start);
        let end = end.ok_or(TickFault::Order)?;
        let inside = ticks.iter().all(|tick| (start..end).contains(&tick.tick));
        let rising = ticks.is_sorted_by(|a, b| a.tick < b.tick);
        let place = region.arrays.partition_point(|array| array.0 < start);
        let before = place.checked_sub(1).and_then(|at| region.arrays.get(at));
        let clear = before.is_none_or(|(at, span)| at.saturating_add_unsigned(*span) <= start)
            && region.arrays.get(place).is_none_or(|(at, _)| *at >= end);
        if !(inside && rising && clear) {
            return Err(TickFault::Order);
        }
        let count = region.count.saturating_add(ticks.len());
        if count > self.size || region.arrays.len() >= ARRAYS {
            return Err(TickFault::Room);
        }
        let held = slab.get(..region.count).unwrap_or_default();
        let to = held.partition_point(|tick| tick.tick < start);
        slab.copy_within(to..region.count, to.saturating_add(ticks.len()));
        let gap = slab.get_mut(to..to.saturating_add(ticks.len())).ok_or(TickFault::Room)?;
        gap.copy_from_slice(ticks);
        region.count = count;
        region.arrays.insert(place, (start, span));
        Ok(())
    }

    /// The ticks of `region` around `tick`.
    #[inline]
    pub(super) fn range(&self, region: u32, tick: i32) -> TickRange<'_> {
        self.known(region, tick).unwrap_or(TickRange::NONE)
    }

    fn known(&self, region: u32, tick: i32) -> Option<TickRange<'_>> {
        let at = usize::try_from(region).ok()?;
        let region = self.regions.get(at)?;
        let first = at.checked_mul(self.size)?;
        let ticks = self.slab.get(first..first.checked_add(region.count)?)?;
        let (first_tick, end_tick) = covered(&region.arrays, tick)?;
        Some(TickRange { ticks, first_tick, end_tick })
    }
}

impl Region {
    /// Drops the array that starts at `start`, if it is held.
    fn forget(&mut self, slab: &mut [Tick], start: i32) {
        let Some(place) = self.arrays.iter().position(|array| array.0 == start) else { return };
        let (_, span) = self.arrays.remove(place);
        let end = start.saturating_add_unsigned(span);
        let held = slab.get(..self.count).unwrap_or_default();
        let from = held.partition_point(|tick| tick.tick < start);
        let to = held.partition_point(|tick| tick.tick < end);
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
        let mut store = TickStore::new(1, 3);
        assert_eq!(store.claim(), Ok(0));
        assert_eq!(store.claim(), Err(TickFault::Pools));
        assert_eq!(store.put(1, (0, 88), &[]), Err(TickFault::Pools));
        assert_eq!(store.put(0, (0, 0), &[]), Err(TickFault::Order));
        assert_eq!(store.put(0, (i32::MAX, 88), &[]), Err(TickFault::Order));
        assert_eq!(store.put(0, (0, 88), &ticks(&[8, 8])), Err(TickFault::Order));
        assert_eq!(store.put(0, (0, 88), &ticks(&[88])), Err(TickFault::Order));
        assert_eq!(store.put(0, (0, 88), &ticks(&[1, 2])), Ok(()));
        assert_eq!(store.put(0, (80, 88), &[]), Err(TickFault::Order), "overlaps");
        assert_eq!(store.put(0, (-8, 16), &[]), Err(TickFault::Order), "overlaps");
        assert_eq!(store.put(0, (88, 88), &ticks(&[90, 91])), Err(TickFault::Room));
        assert_eq!(store.range(0, 5).end_tick, 88);
        assert_eq!(store.put(0, (0, 88), &ticks(&[1, 2, 3, 4])), Err(TickFault::Room));
        assert_eq!(store.range(0, 5).end_tick, 0, "the array that does not fit is gone");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]
        #[test]
        fn holds_the_newest_of_every_array(
            puts in prop::collection::vec((-4..4_i32, prop::collection::btree_set(0..88_i32, 0..9)), 1..30),
        ) {
            let mut store = TickStore::new(2, 200);
            store.claim().unwrap();
            let region = store.claim().unwrap();
            let mut model: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
            for (array, list) in puts {
                let list: Vec<i32> = list.into_iter().map(|tick| array * 88 + tick).collect();
                prop_assert_eq!(store.put(region, (array * 88, 88), &ticks(&list)), Ok(()));
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
