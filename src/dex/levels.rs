//! Orders of a book, out of the trees that accounts keep them in.
//!
//! A record holds one side, best first: bids by price falling, asks by price rising, equal prices
//! by sequence. Its `start_tick` tells the side, of an empty one too: -1 bids, which lie below the
//! price, 1 asks. Prices and sizes are in the venue's units, whose worth a `pool` record has no
//! place for; an order that has expired is among them, with the point at which it did.

use super::accounts::{Entries, Found, Out};
use crate::ids::Key;
use crate::record::{Level, Pool, Ticks};

/// The most orders of one side that a record holds; worse ones are left out.
pub(super) const LEVELS_MAX: usize = 20_000;

/// Visits every node of a tree from `root` on. `node` takes one in and gives its children, `nil` for
/// none; `None` when it is no node, or when there are more than `most`, as in a tree with a cycle.
pub(super) fn walk(
    root: u32,
    nil: u32,
    most: usize,
    mut node: impl FnMut(u32) -> Option<[u32; 2]>,
) -> Option<()> {
    let (mut waiting, mut seen) = (vec![root], 0usize);
    while let Some(index) = waiting.pop() {
        if index == nil {
            continue;
        }
        seen = seen.checked_add(1).filter(|seen| *seen <= most)?;
        waiting.extend(node(index)?);
    }
    Some(())
}

/// Hands over one side of the book of `pool`, which the account `array` of slot `slot` holds.
pub(super) fn emit(
    pool: &Pool,
    (array, slot): (&Key, u64),
    is_bid: bool,
    mut levels: Vec<Level>,
    out: &mut Out<'_>,
) {
    let best = |level: &Level| if is_bid { !level.price } else { level.price };
    levels.sort_unstable_by_key(|level| (best(level), level.sequence));
    levels.truncate(LEVELS_MAX);
    let mut ticks = Ticks::new(0);
    ticks.head.flags = Ticks::SNAPSHOT;
    ticks.slot = slot;
    ticks.start_tick = if is_bid { -1 } else { 1 };
    (ticks.pool, ticks.array) = (pool.pool, *array);
    let entries = Entries::Levels(&levels);
    if entries.describe(&mut ticks).is_some() {
        out(Found::Ticks { ticks: &ticks, entries });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Layout;

    #[test]
    fn a_tree_is_walked_once_and_a_cycle_is_none() {
        let tree = |index: u32| match index {
            1 => Some([2, 3]),
            2 | 3 => Some([0, 0]),
            _ => None,
        };
        let mut seen = Vec::new();
        let mut visit = |index| {
            seen.push(index);
            tree(index)
        };
        assert_eq!(walk(1, 0, 3, &mut visit), Some(()));
        seen.sort_unstable();
        assert_eq!(seen, [1, 2, 3]);
        assert_eq!(walk(1, 0, 2, tree), None);
        assert_eq!(walk(4, 0, 9, tree), None);
        assert_eq!(walk(0, 0, 0, tree), Some(()));
        assert_eq!(walk(1, 0, 1000, |_| Some([1, 1])), None);
    }

    #[test]
    fn a_side_is_best_first_and_has_a_bound() {
        let level = |price, sequence| Level { price, base: 1, sequence, expires: 0, is_bid: 0 };
        let given = vec![level(5, 2), level(7, 9), level(5, 1)];
        let read = |is_bid, given: Vec<Level>| {
            let mut got = None;
            emit(&Pool::new(0), (&[7; 32], 9), is_bid, given, &mut |found| {
                let Found::Ticks { ticks, entries: Entries::Levels(levels) } = found else {
                    panic!("{found:?}")
                };
                assert_eq!((ticks.invalid(), usize::from(ticks.count)), (None, levels.len()));
                let order = levels.iter().map(|level| (level.price, level.sequence));
                got = Some((ticks.start_tick, order.collect::<Vec<_>>()));
            });
            got.unwrap()
        };
        assert_eq!(read(true, given.clone()), (-1, vec![(7, 9), (5, 1), (5, 2)]));
        assert_eq!(read(false, given), (1, vec![(5, 1), (5, 2), (7, 9)]));
        assert_eq!(read(true, vec![]), (-1, vec![]));
        let many = read(false, (0..30_000).map(|n| level(n, 0)).collect()).1;
        assert_eq!((many.len(), many.last()), (LEVELS_MAX, Some(&(19_999, 0))));
    }
}
