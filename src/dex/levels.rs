//! Orders of a book, out of the trees that accounts keep them in, and what all books share of pricing.
//!
//! A record holds one side, best first: bids by price falling, asks by price rising, equal prices
//! by sequence. Its `start_tick` tells the side, of an empty one too: -1 bids, which lie below the
//! price, 1 asks. An order that has expired is among them, with the point at which it did.
//!
//! ```text
//! level.price * price_step * level.base / lots_per_unit = lots of b for level.base lots of a
//! ```
//!
//! A swap walks the side it meets. What is left of an input below the next lot stays with the user:
//! `Quote::amount_in` is what is taken. A book that ends before the order does fills it in part, as
//! the programs do: such a quote is not complete, for what lies behind may have been cut off.

use super::accounts::{Entries, Found, Out};
use super::around::{Around, AroundMut, DepthMut, GENESIS_UNIX_S, Moment};
use super::quote::{Fault, Order, Quote, State, Swapped};
use super::segment::{Cursor, Ratio, Segment};
use crate::ids::Key;
use crate::math::muldiv::mul_div_floor_u128;
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

/// Whether an order has expired. Seconds of the day and slots are far apart: a number from the first
/// second of Solana on is a second.
fn expired(level: &Level, now: Moment) -> Result<bool, Fault> {
    let at = if level.expires >= GENESIS_UNIX_S { now.unix_s } else { now.slot };
    match (level.expires, at) {
        (0, _) => Ok(false),
        (_, 0) => Err(Fault::Moment),
        (last, at) => Ok(last < at),
    }
}

/// The orders that a swap meets, best first; those that are filled or expired are passed over.
pub(super) fn live(
    around: Around<'_>,
    a_to_b: bool,
) -> Result<impl Iterator<Item = Result<&Level, Fault>>, Fault> {
    let levels = around.levels().ok_or(Fault::Ticks)?;
    let side = if a_to_b { levels.bids } else { levels.asks };
    Ok(side.iter().filter_map(move |level| {
        if level.base == 0 {
            return None;
        }
        match expired(level, around.now) {
            Ok(true) => None,
            Ok(false) => Some(Ok(level)),
            Err(fault) => Some(Err(fault)),
        }
    }))
}

/// Whether the pool's record has what prices and sizes are in, and tokens that arrive whole.
pub(super) fn units(pool: &Pool) -> Result<(), Fault> {
    let lots = [pool.lot_a, pool.lot_b, pool.lots_per_unit, pool.price_step];
    if lots.contains(&0) {
        return Err(Fault::State);
    }
    // No program of a book reckons with transfer fees.
    let taxed = pool.transfer_fee_bps_a != 0 || pool.transfer_fee_bps_b != 0;
    if taxed { Err(Fault::Unsupported) } else { Ok(()) }
}

/// What a walk came to, as a swap: the vaults take and give it.
pub(super) fn filled(pool: &Pool, a_to_b: bool, quote: Quote) -> Swapped {
    if quote.amount_out == 0 {
        return Err(if quote.complete { Fault::ZeroOut } else { Fault::Incomplete });
    }
    let state = State::of(pool);
    let (r_in, r_out) = state.reserves(a_to_b);
    let r_in = r_in.checked_add(quote.amount_in).ok_or(Fault::Overflow)?;
    let r_out = r_out.checked_sub(quote.amount_out).ok_or(Fault::Reserve)?;
    Ok((quote, state.with_reserves(a_to_b, r_in, r_out)))
}

/// Takes what a swap moved of token a from the levels it met; the expired ones before are dropped.
pub(super) fn settle(
    pool: &mut Pool,
    around: &mut AroundMut<'_>,
    order: &Order,
    quote: &Quote,
    _: &State,
) -> Result<(), Fault> {
    let DepthMut::Levels { bids, asks } = &mut around.depth else { return Ok(()) };
    let (side, raw) = if order.a_to_b { (bids, quote.amount_in) } else { (asks, quote.amount_out) };
    let mut left = raw.checked_div(pool.lot_a).ok_or(Fault::State)?;
    for level in side.iter_mut() {
        if left == 0 {
            break;
        }
        let taken = if expired(level, around.now)? { 0 } else { level.base.min(left) };
        level.base = if taken == 0 { 0 } else { level.base.saturating_sub(taken) };
        left = left.saturating_sub(taken);
    }
    Ok(())
}

/// The next level as a piece: its price, what it gives, and the part of `fee`, `(num, den)` of token
/// b, that is taken from a seller's output or added to a buyer's input.
pub(super) fn segment(
    pool: &Pool,
    around: Around<'_>,
    a_to_b: bool,
    cursor: &mut Cursor,
    (fee, fee_den): (u64, u64),
) -> Option<Segment> {
    units(pool).ok()?;
    let at = usize::try_from(cursor.at).ok()?;
    let level = live(around, a_to_b).ok()?.nth(at)?.ok()?;
    cursor.at = cursor.at.checked_add(1)?;
    let of = |n: u64| u128::from(n);
    let paid = level.price.checked_mul(of(pool.price_step))?.checked_mul(of(pool.lot_b))?;
    let per = of(pool.lots_per_unit).checked_mul(of(pool.lot_a))?;
    if paid == 0 {
        return None;
    }
    let a = level.base.checked_mul(pool.lot_a)?;
    Some(if a_to_b {
        let out = u64::try_from(mul_div_floor_u128(of(a), paid, per)?).ok()?;
        let keep_out = Ratio::new(fee_den.checked_sub(fee)?, fee_den)?;
        Segment::Price { num: paid, den: per, out, keep_in: Ratio::ONE, keep_out }
    } else {
        let keep_in = Ratio::new(fee_den, fee_den.checked_add(fee)?)?;
        Segment::Price { num: per, den: paid, out: a, keep_in, keep_out: Ratio::ONE }
    })
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
