//! Liquidity in ranges of the square-root price: the walk that its venues share.
//!
//! ```text
//! sqrt price   ---|======L1======|===L2===|--------|=====L3=====|---
//!               tick            tick     tick     tick         edge: what is known, or can be reached
//!                        ^ price: one step to the nearest of a tick, the edge, the order's limit and
//!                          the end of the group of ticks in which the fee rate is one and the same
//! ```
//!
//! Orca Whirlpool and Raydium CLMM (with its forks) walk alike; what each does in its own way is
//! its [`Rule`]. A step is in `step`, a fee that follows volatility in `fees`, the logarithm that gives
//! a price's tick in `log`.
//!
//! A walk never guesses: where the ticks that are known end, it ends and says so.

mod fees;
mod log;
pub(super) mod step;

use std::ops::RangeInclusive;

use crate::record::{Exact, Pool};

use super::around::{Around, AroundMut};
use super::quote::{Fault, Order, Quote, State, Swapped};
use super::segment::{Cursor, Segment, fee_on_input, keeps, traded, transfer_fees};
use super::ticks::TickRange;
use fees::Fees;
pub(super) use log::tick_at;
pub(super) use step::PPM;
use step::{Leg, Step};

/// Steps that a walk takes at most. A step costs a program well over a thousand of the 1.4 million
/// compute units that a transaction has.
const STEPS_MAX: u32 = 4096;

/// What the venues of ranges do each in its own way.
pub(super) trait Rule {
    /// Square-root prices that a pool can be at, Q64.64.
    const PRICES: RangeInclusive<u128>;
    /// Limits that an order can set; the ends stand for none.
    const LIMITS: RangeInclusive<u128>;
    /// An exact input need not be used up at the end of all prices.
    const PART_OF_INPUT: bool;
    /// A swap that moves nothing of one side is refused.
    const BOTH_MOVE: bool;
    /// Products of liquidity and prices are kept to 256 bits: what is longer is refused.
    const NARROW: bool;

    /// The square-root price of a tick, Q64.64; `None` beyond the ends.
    fn price_at(tick: i32) -> Option<u128>;

    /// The tick of a square-root price; `None` beyond the ends.
    fn tick_at(sqrt_price: u128) -> Option<i32>;

    /// How far a walk from the pool's price can go.
    fn reach(pool: &Pool, ticks: TickRange<'_>, a_to_b: bool) -> Result<Reach, Fault>;
}

/// What it means to arrive at the edge of a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    /// It is a stop of the program's own.
    Stop,
    /// What lies beyond is not known, so a walk that arrives there is cut.
    Unknown,
    /// There is no tick left: the program refuses.
    End,
}

/// How far a walk can go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    /// The last tick in the direction of the walk, inclusive.
    pub(super) edge: i32,
    pub(super) at_edge: Edge,
    pub(super) a_to_b: bool,
}

impl Reach {
    /// The next stop after `tick`: an initialised tick with its liquidity and whether orders wait
    /// there, or the edge; `None` past the edge.
    #[inline]
    fn next(self, ticks: TickRange<'_>, tick: i32) -> Option<(i32, Option<(i128, bool)>)> {
        let (inside, found) = if self.a_to_b {
            (tick >= self.edge, ticks.at_or_below(tick).filter(|found| found.tick >= self.edge))
        } else {
            (tick < self.edge, ticks.above(tick).filter(|found| found.tick <= self.edge))
        };
        match found {
            _ if !inside => None,
            Some(found) => Some((found.tick, Some((found.liquidity_net, found.orders != 0)))),
            None => Some((self.edge, None)),
        }
    }

    /// Where the search goes on after a stop: downwards it includes the tick it starts from.
    #[inline]
    fn past(self, tick: i32) -> i32 {
        if self.a_to_b { tick.saturating_sub(1) } else { tick }
    }

    /// Whether the walk passes price `a` before price `b`.
    #[inline]
    fn before(self, a: u128, b: u128) -> bool {
        if self.a_to_b { a > b } else { a < b }
    }

    /// The price that the walk passes first.
    #[inline]
    fn nearer(self, a: u128, b: u128) -> u128 {
        if self.a_to_b { a.max(b) } else { a.min(b) }
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
#[derive(Clone, Copy, Debug)]
struct Walk {
    amount_in: u64,
    amount_out: u64,
    /// Of what went in.
    fee_in: u64,
    ticks_crossed: u16,
    complete: bool,
    sqrt_price: u128,
    liquidity: u128,
    tick: i32,
    fees: Fees,
    accumulator: u32,
}

impl Walk {
    fn start(pool: &Pool, fees: Fees) -> Self {
        Self {
            amount_in: 0,
            amount_out: 0,
            fee_in: 0,
            ticks_crossed: 0,
            complete: true,
            sqrt_price: pool.sqrt_price,
            liquidity: pool.liquidity,
            tick: pool.tick,
            fees,
            accumulator: pool.vol_acc,
        }
    }

    /// Adds a step and gives what is left of `remaining`; `None` when a number leaves 64 bits.
    #[inline]
    fn add(&mut self, step: &Step, exact: Exact, remaining: u64) -> Option<u64> {
        let taken = step.amount_in.checked_add(step.fee_in)?;
        self.amount_in = self.amount_in.checked_add(taken)?;
        self.amount_out = self.amount_out.checked_add(step.amount_out)?;
        self.fee_in = self.fee_in.checked_add(step.fee_in)?;
        remaining.checked_sub(if exact == Exact::In { taken } else { step.amount_out })
    }

    /// Moves the price; at the stop it crosses the tick that was `found` there. False where what
    /// lies beyond is not known.
    #[inline]
    fn arrive<R: Rule>(&mut self, to: Arrival, reach: Reach) -> Result<bool, Fault> {
        let mut known = true;
        if to.sqrt_price == to.stop_price {
            match to.found {
                // Orders wait at the tick: how they are filled is not modelled.
                Some((_, true)) => return Err(Fault::Unsupported),
                Some((net, false)) => {
                    let next = crossed(self.liquidity, net, reach.a_to_b);
                    self.liquidity = next.ok_or(Fault::State)?;
                    self.ticks_crossed = self.ticks_crossed.saturating_add(1);
                }
                None => known = reach.at_edge == Edge::Stop,
            }
            self.tick = reach.past(to.stop);
        } else if to.sqrt_price != self.sqrt_price {
            self.tick = match to.bound {
                Some((tick, price)) if price == to.sqrt_price => tick,
                _ => R::tick_at(to.sqrt_price).ok_or(Fault::Overflow)?,
            };
        }
        self.sqrt_price = to.sqrt_price;
        Ok(known)
    }
}

/// Where a step ended, and what could stop it.
#[derive(Clone, Copy)]
struct Arrival {
    sqrt_price: u128,
    stop: i32,
    stop_price: u128,
    /// The initialised tick at the stop: its liquidity, and whether orders wait there.
    found: Option<(i128, bool)>,
    /// The end of the fee's group, if it came first, with its price.
    bound: Option<(i32, u128)>,
}

/// Where the price must stop: the order's own limit, or the end of all prices.
fn price_limit<R: Rule>(pool: &Pool, order: &Order) -> Result<u128, Fault> {
    let explicit = order.sqrt_limit.filter(|limit| *limit != 0);
    let end = if order.a_to_b { R::LIMITS.start() } else { R::LIMITS.end() };
    let limit = explicit.unwrap_or(*end);
    let ahead = if order.a_to_b { limit < pool.sqrt_price } else { limit > pool.sqrt_price };
    if ahead && R::LIMITS.contains(&limit) { Ok(limit) } else { Err(Fault::SqrtLimit) }
}

/// The steps of an order whose exact side is `amount`, transfer fees aside.
fn walk<R: Rule>(
    pool: &Pool,
    around: Around<'_>,
    order: &Order,
    amount: u64,
) -> Result<Walk, Fault> {
    let (ticks, a_to_b) = (around.ticks(), order.a_to_b);
    let fees = Fees::start(pool, around.now)?;
    if pool.tick_spacing == 0 || !R::PRICES.contains(&pool.sqrt_price) {
        return Err(Fault::State);
    }
    let limit = price_limit::<R>(pool, order)?;
    let reach = R::reach(pool, ticks, a_to_b)?;
    let mut walk = Walk::start(pool, fees);
    let (mut remaining, mut searched, mut index) = (amount, pool.tick, fees.group_of(pool.tick));
    let (on_input, mut steps) = (fee_on_input(pool, a_to_b)?, 0);
    while remaining > 0 && walk.sqrt_price != limit {
        let next = reach.next(ticks, searched).filter(|_| steps < STEPS_MAX);
        let Some((stop, found)) = next else {
            walk.complete = false;
            break;
        };
        steps = steps.saturating_add(1);
        if found.is_none() && reach.at_edge == Edge::End {
            return Err(Fault::Reserve);
        }
        let stop_price = R::price_at(stop).ok_or(Fault::State)?;
        let rate = fees.rate(index, walk.liquidity, a_to_b)?;
        let mut target = reach.nearer(limit, stop_price);
        let mut bound = None;
        if let Some(until) = rate.until {
            let price = R::price_at(until).ok_or(Fault::State)?;
            bound = (!reach.before(target, price)).then_some((until, price));
            target = bound.map_or(target, |(_, price)| price);
        }
        if reach.before(target, walk.sqrt_price) {
            return Err(Fault::State); // the tick does not belong to the price
        }
        let leg = Leg {
            exact: order.exact,
            a_to_b,
            remaining,
            fee_ppm: rate.ppm,
            fee_on_input: on_input,
            liquidity: walk.liquidity,
            sqrt_price: walk.sqrt_price,
        };
        let step = leg.towards::<R>(target)?;
        remaining = walk.add(&step, order.exact, remaining).ok_or(Fault::Overflow)?;
        let to = Arrival { sqrt_price: step.sqrt_price, stop, stop_price, found, bound };
        if !walk.arrive::<R>(to, reach)? {
            walk.complete = false;
            break;
        }
        let arrived = walk.sqrt_price == stop_price;
        let ended = if arrived { stop } else { walk.tick };
        (walk.accumulator, index) = fees.after(&rate, index, ended, a_to_b);
        if arrived {
            searched = reach.past(stop);
        }
    }
    // Part of an order is accepted only where it limits the price itself.
    let explicit = order.sqrt_limit.is_some_and(|limit| limit != 0);
    let whole = remaining == 0 || explicit || (order.exact == Exact::In && R::PART_OF_INPUT);
    if walk.complete && !whole {
        return Err(Fault::Reserve);
    }
    Ok(walk)
}

/// Answers an order as the program does: transfer fees around the walk.
pub(super) fn swap<R: Rule>(pool: &Pool, around: Around<'_>, order: &Order) -> Swapped {
    let (fee_in, fee_out) = transfer_fees(pool, order.a_to_b);
    let amount = traded(pool, order)?;
    let walk = walk::<R>(pool, around, order, amount)?;
    if R::BOTH_MOVE && walk.complete && (walk.amount_in == 0 || walk.amount_out == 0) {
        return Err(Fault::ZeroOut);
    }
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
        fee: walk.fee_in,
        ticks_crossed: walk.ticks_crossed,
        complete: walk.complete,
    };
    Ok((quote, state))
}

/// Leaves in the record what the swap made of volatility.
pub(super) fn settle<R: Rule>(
    pool: &mut Pool,
    around: &mut AroundMut<'_>,
    order: &Order,
    _: &Quote,
    _: &State,
) -> Result<(), Fault> {
    if pool.present & Pool::VOLATILITY != 0 {
        let walk = walk::<R>(pool, around.view(), order, traded(pool, order)?)?;
        walk.fees.leave(pool, walk.accumulator);
    }
    Ok(())
}

/// The next range of constant liquidity and fee. The last is the one before a tick where orders
/// wait.
pub(super) fn segment<R: Rule>(
    pool: &Pool,
    around: Around<'_>,
    a_to_b: bool,
    cursor: &mut Cursor,
) -> Option<Segment> {
    if cursor.ended || cursor.at >= STEPS_MAX {
        return None;
    }
    let reach = R::reach(pool, around.ticks(), a_to_b).ok()?;
    let fees = Fees::start(pool, around.now).ok()?;
    let Cursor { sqrt_price, liquidity, tick, .. } = *cursor;
    let (stop, found) = reach.next(around.ticks(), tick)?;
    if found.is_none() && reach.at_edge == Edge::End {
        return None;
    }
    let rate = fees.rate(fees.group_of(tick), liquidity, a_to_b).ok()?;
    let (fee, out_ppm) =
        if fee_on_input(pool, a_to_b).ok()? { (rate.ppm, 0) } else { (0, rate.ppm) };
    let (keep_in, keep_out) = keeps(pool, a_to_b, (fee, PPM), out_ppm)?;
    let stop_price = R::price_at(stop)?;
    let bound = match rate.until {
        Some(until) => Some((until, R::price_at(until)?)),
        None => None,
    };
    let bound = bound.filter(|(_, price)| reach.before(*price, stop_price));
    let (end, sqrt_target) = bound.unwrap_or((stop, stop_price));
    if reach.before(sqrt_target, sqrt_price) {
        return None;
    }
    if bound.is_none() {
        match found {
            Some((_, true)) => cursor.ended = true,
            Some((net, false)) => match crossed(liquidity, net, a_to_b) {
                Some(next) => cursor.liquidity = next,
                None => cursor.ended = true,
            },
            None => {}
        }
    }
    cursor.sqrt_price = sqrt_target;
    cursor.tick = reach.past(end);
    cursor.at = cursor.at.saturating_add(1);
    Some(Segment::Range { liquidity, sqrt_price, sqrt_target, a_to_b, keep_in, keep_out })
}
