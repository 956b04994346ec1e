//! The part of a pool's ticks that is loaded.

use crate::record::Tick;

/// A borrowed view of the initialised ticks of a pool around its price.
///
/// Arb owns the storage: ticks sorted by number, and the interval `[first_tick, end_tick)` of the
/// contiguous arrays that are loaded. A tick inside the interval that is not listed holds no
/// liquidity; outside of it nothing is known. Ticks outside the interval may be listed and are
/// ignored.
#[derive(Clone, Copy, Debug)]
pub struct TickRange<'a> {
    /// Initialised ticks, lowest first.
    pub ticks: &'a [Tick],
    /// First tick of the lowest array of the run.
    pub first_tick: i32,
    /// First tick after the highest array of the run.
    pub end_tick: i32,
}

impl TickRange<'static> {
    /// No ticks: what a constant-product pool is quoted with.
    pub const NONE: Self = Self { ticks: &[], first_tick: 0, end_tick: 0 };
}

impl TickRange<'_> {
    /// The highest listed tick that is not above `tick`.
    #[inline]
    pub(super) fn at_or_below(&self, tick: i32) -> Option<&Tick> {
        let after = self.ticks.partition_point(|entry| entry.tick <= tick);
        self.ticks.get(after.checked_sub(1)?)
    }

    /// The lowest listed tick that is above `tick`.
    #[inline]
    pub(super) fn above(&self, tick: i32) -> Option<&Tick> {
        self.ticks.get(self.ticks.partition_point(|entry| entry.tick <= tick))
    }
}

/// The contiguous run of loaded arrays around `tick`, as `(first_tick, end_tick)`.
///
/// `arrays` are `(start_tick, span_ticks)`, lowest first. The run starts from the array that holds
/// `tick` or, when that one is not loaded, from the one just above it (a swap upwards from the last
/// tick of an array needs only the next). `None` when neither is loaded.
pub fn covered(arrays: &[(i32, u32)], tick: i32) -> Option<(i32, i32)> {
    let end = |(start, span): (i32, u32)| start.checked_add_unsigned(span);
    let after = arrays.partition_point(|(start, _)| *start <= tick);
    let holder = after
        .checked_sub(1)
        .filter(|at| arrays.get(*at).and_then(|array| end(*array)).is_some_and(|end| end > tick));
    let next_to = |(start, span): &(i32, u32)| {
        start.checked_sub_unsigned(*span).is_some_and(|low| low <= tick)
    };
    let at = match holder {
        Some(at) => at,
        None => arrays.get(after).filter(|array| next_to(array)).map(|_| after)?,
    };
    let (mut first, mut last) = (*arrays.get(at)?, *arrays.get(at)?);
    for array in arrays.get(..at)?.iter().rev() {
        if end(*array) != Some(first.0) {
            break;
        }
        first = *array;
    }
    for array in arrays.get(at..)?.iter().skip(1) {
        if end(last) != Some(array.0) {
            break;
        }
        last = *array;
    }
    Some((first.0, end(last)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tick(tick: i32) -> Tick {
        Tick { liquidity_net: 1, tick, orders: 0, _zero: [0; 8] }
    }

    #[test]
    fn neighbours_are_found_on_both_sides() {
        let ticks = [tick(-8), tick(0), tick(16)];
        let range = TickRange { ticks: &ticks, first_tick: -88, end_tick: 88 };
        let below = |t| range.at_or_below(t).map(|t| t.tick);
        let above = |t| range.above(t).map(|t| t.tick);
        assert_eq!(
            [below(-9), below(-8), below(-1), below(0), below(99)],
            [None, Some(-8), Some(-8), Some(0), Some(16)]
        );
        assert_eq!(
            [above(-9), above(-8), above(0), above(15), above(16)],
            [Some(-8), Some(0), Some(16), Some(16), None]
        );
    }

    #[test]
    fn a_run_ends_at_the_first_hole() {
        let arrays = [(-352, 88), (-176, 88), (-88, 88), (0, 88), (176, 88)];
        assert_eq!(covered(&arrays, -1), Some((-176, 88)));
        assert_eq!(covered(&arrays, -300), Some((-352, -264)));
        assert_eq!(covered(&arrays, 87), Some((-176, 88)));
        assert_eq!(covered(&arrays, 100), Some((176, 264)), "only the array above is loaded");
        assert_eq!(covered(&arrays, 264), None);
        assert_eq!(covered(&arrays, -441), None);
        assert_eq!(covered(&[], 0), None);
        assert_eq!(covered(&[(i32::MAX, 88)], i32::MAX), None);
    }
}
