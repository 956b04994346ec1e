//! A swap: steps from one initialised tick to the next.
//!
//! Source: manager/swap_manager.rs, util/sparse_swap.rs, util/swap_tick_sequence.rs (facts/dex.md
//! 5). One instruction walks at most three tick arrays, counted from the current price; an array
//! that does not exist counts as one without liquidity.

use crate::record::{Exact, Pool};

use super::super::quote::{Fault, Order, Quote, State, Swapped};
use super::super::segment::{Cursor, Segment, keeps, transfer_fees};
use super::super::ticks::TickRange;
use super::step::{Leg, PPM};
use super::tick::{
    SQRT_PRICE_MAX, SQRT_PRICE_MIN, TICK_MAX, TICK_MIN, sqrt_price_at_tick, tick_at_sqrt_price,
};
use super::{ARRAY_TICKS, ARRAYS_A_SWAP};

/// First tick of each array that a swap can walk, in the order of the walk, and their number: the
/// arrays at the ends of the tick range have no successor.
pub(super) fn array_starts(tick: i32, spacing: u16, a_to_b: bool) -> Option<([i32; 3], usize)> {
    let span = ARRAY_TICKS.checked_mul(i32::from(spacing))?;
    let base = tick.checked_sub(tick.checked_rem_euclid(span)?)?;
    let lowest = TICK_MIN.checked_sub(TICK_MIN.checked_rem_euclid(span)?)?;
    let (mut start, stride) = if a_to_b {
        (base, span.checked_neg()?)
    } else {
        // From the last possible tick of an array upwards the search begins in the next one.
        let next = base.checked_add(span)?;
        (if tick.checked_add(i32::from(spacing))? >= next { next } else { base }, span)
    };
    let (mut starts, mut count) = ([0; 3], 0usize);
    for slot in &mut starts {
        if !(lowest..=TICK_MAX).contains(&start) {
            break;
        }
        *slot = start;
        count = count.saturating_add(1);
        start = start.checked_add(stride)?;
    }
    (count > 0).then_some((starts, count))
}

/// How far a walk can go: the loaded part of the arrays that one instruction reaches.
#[derive(Clone, Copy, Debug)]
struct Reach {
    /// The last tick in the direction of the walk, inclusive.
    edge: i32,
    a_to_b: bool,
}

impl Reach {
    fn of(pool: &Pool, ticks: TickRange<'_>, a_to_b: bool) -> Result<Self, Fault> {
        let starts = array_starts(pool.tick, pool.tick_spacing, a_to_b).ok_or(Fault::Ticks)?;
        let [first, ..] = starts.0;
        let span = ARRAY_TICKS.checked_mul(i32::from(pool.tick_spacing)).ok_or(Fault::State)?;
        if !(ticks.first_tick..ticks.end_tick).contains(&first) {
            return Err(Fault::Ticks);
        }
        let walked = ARRAYS_A_SWAP.checked_mul(span).ok_or(Fault::State)?;
        let edge = if a_to_b {
            let end = first.checked_add(span).and_then(|end| end.checked_sub(walked));
            end.ok_or(Fault::State)?.max(ticks.first_tick).max(TICK_MIN)
        } else {
            let end = first.checked_add(walked).ok_or(Fault::State)?.min(ticks.end_tick);
            end.checked_sub(1).ok_or(Fault::State)?.min(TICK_MAX)
        };
        Ok(Self { edge, a_to_b })
    }

    /// The next stop after `tick`: an initialised tick and its liquidity, or the edge; `None` past
    /// the edge.
    #[inline]
    fn next(self, ticks: TickRange<'_>, tick: i32) -> Option<(i32, Option<i128>)> {
        let (inside, found) = if self.a_to_b {
            (tick >= self.edge, ticks.at_or_below(tick).filter(|found| found.tick >= self.edge))
        } else {
            (tick < self.edge, ticks.above(tick).filter(|found| found.tick <= self.edge))
        };
        match found {
            _ if !inside => None,
            Some(found) => Some((found.tick, Some(found.liquidity_net))),
            None => Some((self.edge, None)),
        }
    }

    /// Where the search goes on after a stop: downwards it includes the tick it starts from.
    #[inline]
    fn past(self, tick: i32) -> i32 {
        if self.a_to_b { tick.saturating_sub(1) } else { tick }
    }
}

/// Liquidity after crossing a tick.
#[inline]
fn crossed(liquidity: u128, net: i128, a_to_b: bool) -> Option<u128> {
    // The net enters when the price rises through the tick and leaves when it falls.
    if (net >= 0) == a_to_b {
        liquidity.checked_sub(net.unsigned_abs())
    } else {
        liquidity.checked_add(net.unsigned_abs())
    }
}

/// What a walk did.
#[derive(Clone, Copy, Debug, Default)]
struct Walk {
    amount_in: u64,
    amount_out: u64,
    fee: u64,
    ticks_crossed: u16,
    complete: bool,
    sqrt_price: u128,
    liquidity: u128,
    tick: i32,
}

/// Where the price must stop: the order's own limit, or the end of all prices.
fn price_limit(pool: &Pool, order: &Order) -> Result<u128, Fault> {
    let explicit = order.sqrt_limit.filter(|limit| *limit != 0);
    let end = if order.a_to_b { SQRT_PRICE_MIN } else { SQRT_PRICE_MAX };
    let limit = explicit.unwrap_or(end);
    let ahead = if order.a_to_b { limit < pool.sqrt_price } else { limit > pool.sqrt_price };
    if ahead && (SQRT_PRICE_MIN..=SQRT_PRICE_MAX).contains(&limit) {
        Ok(limit)
    } else {
        Err(Fault::SqrtLimit)
    }
}

/// manager/swap_manager.rs `swap`, for a fee that does not change.
fn walk(pool: &Pool, ticks: TickRange<'_>, order: &Order, amount: u64) -> Result<Walk, Fault> {
    let fee_ppm = Some(pool.fee_num).filter(|_| pool.fee_den == PPM).ok_or(Fault::Fee)?;
    if fee_ppm >= PPM {
        return Err(Fault::Fee);
    }
    if pool.tick_spacing == 0 || !(SQRT_PRICE_MIN..=SQRT_PRICE_MAX).contains(&pool.sqrt_price) {
        return Err(Fault::State);
    }
    let limit = price_limit(pool, order)?;
    let reach = Reach::of(pool, ticks, order.a_to_b)?;
    let State { sqrt_price, liquidity, tick, .. } = State::of(pool);
    let mut walk = Walk { complete: true, sqrt_price, liquidity, tick, ..Walk::default() };
    let mut remaining = amount;
    while remaining > 0 && walk.sqrt_price != limit {
        let Some((stop, net)) = reach.next(ticks, walk.tick) else {
            walk.complete = false;
            break;
        };
        let stop_price = sqrt_price_at_tick(stop).ok_or(Fault::State)?;
        let target = if order.a_to_b { limit.max(stop_price) } else { limit.min(stop_price) };
        let behind = if order.a_to_b { target > walk.sqrt_price } else { target < walk.sqrt_price };
        if behind {
            return Err(Fault::State); // the tick does not belong to the price
        }
        let leg = Leg {
            exact: order.exact,
            a_to_b: order.a_to_b,
            remaining,
            fee_ppm,
            liquidity: walk.liquidity,
            sqrt_price: walk.sqrt_price,
        };
        let step = leg.towards(target)?;
        remaining = match order.exact {
            Exact::In => {
                remaining.checked_sub(step.amount_in).and_then(|r| r.checked_sub(step.fee))
            }
            Exact::Out => remaining.checked_sub(step.amount_out),
        }
        .ok_or(Fault::Overflow)?;
        walk.add(step.amount_in, step.amount_out, step.fee).ok_or(Fault::Overflow)?;
        if step.sqrt_price == stop_price {
            if let Some(net) = net {
                walk.liquidity = crossed(walk.liquidity, net, order.a_to_b).ok_or(Fault::State)?;
                walk.ticks_crossed = walk.ticks_crossed.saturating_add(1);
            }
            walk.tick = reach.past(stop);
        } else if step.sqrt_price != walk.sqrt_price {
            walk.tick = tick_at_sqrt_price(step.sqrt_price).ok_or(Fault::Overflow)?;
        }
        walk.sqrt_price = step.sqrt_price;
    }
    // Part of an exact output is accepted only where the order itself limits the price.
    let explicit = order.sqrt_limit.is_some_and(|limit| limit != 0);
    if remaining > 0 && walk.complete && order.exact == Exact::Out && !explicit {
        return Err(Fault::Reserve);
    }
    Ok(walk)
}

impl Walk {
    /// Adds a step; `None` when a sum leaves 64 bits.
    #[inline]
    fn add(&mut self, amount_in: u64, amount_out: u64, fee: u64) -> Option<()> {
        self.amount_in = self.amount_in.checked_add(amount_in)?.checked_add(fee)?;
        self.amount_out = self.amount_out.checked_add(amount_out)?;
        self.fee = self.fee.checked_add(fee)?;
        Some(())
    }
}

/// Answers an order as the program does (instructions/v2/swap.rs: transfer fees around the walk).
pub(in crate::dex) fn swap(pool: &Pool, ticks: TickRange<'_>, order: &Order) -> Swapped {
    let (fee_in, fee_out) = transfer_fees(pool, order.a_to_b);
    let amount = match order.exact {
        Exact::In => fee_in.net(order.amount),
        Exact::Out => fee_out.gross(order.amount).ok_or(Fault::Overflow)?,
    };
    if amount == 0 {
        return Err(Fault::ZeroAmount);
    }
    let walk = walk(pool, ticks, order, amount)?;
    let paid = match order.exact {
        Exact::In if walk.amount_in == amount => order.amount,
        _ => fee_in.gross(walk.amount_in).ok_or(Fault::Overflow)?,
    };
    let before = State::of(pool);
    let mut state =
        State { sqrt_price: walk.sqrt_price, liquidity: walk.liquidity, tick: walk.tick, ..before };
    if pool.present & Pool::RESERVES != 0 {
        let (r_in, r_out) = before.reserves(order.a_to_b);
        let r_in = r_in.checked_add(walk.amount_in).ok_or(Fault::Overflow)?;
        let r_out = r_out.checked_sub(walk.amount_out).ok_or(Fault::Reserve)?;
        state = state.with_reserves(order.a_to_b, r_in, r_out);
    }
    let quote = Quote {
        amount_in: paid,
        amount_out: fee_out.net(walk.amount_out),
        fee: walk.fee,
        ticks_crossed: walk.ticks_crossed,
        complete: walk.complete,
    };
    Ok((quote, state))
}

/// The next range of constant liquidity.
pub(in crate::dex) fn segment(
    pool: &Pool,
    ticks: TickRange<'_>,
    a_to_b: bool,
    cursor: &mut Cursor,
) -> Option<Segment> {
    if cursor.ended {
        return None;
    }
    let reach = Reach::of(pool, ticks, a_to_b).ok()?;
    let (keep_in, keep_out) = keeps(pool, a_to_b, (pool.fee_num, pool.fee_den), 0)?;
    let (stop, net) = reach.next(ticks, cursor.tick)?;
    let sqrt_target = sqrt_price_at_tick(stop)?;
    let Cursor { sqrt_price, liquidity, .. } = *cursor;
    if if a_to_b { sqrt_target > sqrt_price } else { sqrt_target < sqrt_price } {
        return None;
    }
    match net.map_or(Some(liquidity), |net| crossed(liquidity, net, a_to_b)) {
        Some(next) => cursor.liquidity = next,
        None => cursor.ended = true,
    }
    cursor.sqrt_price = sqrt_target;
    cursor.tick = reach.past(stop);
    Some(Segment::Range { liquidity, sqrt_price, sqrt_target, a_to_b, keep_in, keep_out })
}
