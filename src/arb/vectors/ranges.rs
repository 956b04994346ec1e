//! A constant product, then concentrated liquidity, bins or a book, which the file gives by prices.

use serde_json::Value;

use super::super::cost::Flash;
use super::super::decide::PoolHop;
use super::super::size::{self, Hop, Limits};
use super::cycle::{hop, outcome, read_flash, read_pool};
use super::stairs::Stairs;
use super::{Case, Odd, number};
use crate::dex::{
    Cursor, Fault, Order, Quote, Segment, TickRange, apply, segment, tick_at_sqrt_price,
};
use crate::ids::Venue;
use crate::record::{Exact, Pool};

/// Ticks without any that is initialised, so that only the order's own limit ends a range.
const EMPTY: TickRange<'_> = TickRange { ticks: &[], first_tick: -9_000_000, end_tick: 9_000_000 };

/// Wide enough that one array holds every price.
const SPACING: u16 = 32_768;

/// Hops of the cases: a pool of the book, or ranges or steps by price.
enum Either<'a> {
    Pool(PoolHop<'a>),
    Ranges(&'a Ranges),
    Stairs(&'a Stairs),
}

/// Concentrated liquidity as a list of ranges, each a pool that stands at its start.
struct Ranges {
    a_to_b: bool,
    ranges: Vec<(Pool, u128)>,
}

impl Ranges {
    fn read(value: &Value) -> Result<Self, Odd> {
        let a_to_b = value.get("a_to_b").and_then(Value::as_bool).ok_or("a_to_b is no truth")?;
        let fee = number(value, "fee_1e6")?;
        let mut sqrt_price = number(value, "sqrt_price")?;
        let list = value.get("ranges").and_then(Value::as_array).ok_or("ranges is no list")?;
        let mut ranges = Vec::new();
        for range in list {
            let target = number(range, "target_sqrt_price")?;
            let mut pool = Pool::new(0);
            (pool.venue, pool.tick_spacing) = (Venue::OrcaWhirlpool as u16, SPACING);
            (pool.fee_num, pool.fee_den) = (fee, 1_000_000);
            (pool.sqrt_price, pool.liquidity) = (sqrt_price, number(range, "liquidity")?);
            pool.tick = tick_at_sqrt_price(sqrt_price).ok_or("sqrt_price is out of range")?;
            pool.present = Pool::SQRT_PRICE | Pool::LIQUIDITY | Pool::TICK | Pool::TICK_SPACING;
            ranges.push((pool, target));
            sqrt_price = target;
        }
        Ok(Self { a_to_b, ranges })
    }

    /// Range after range by the venue's own arithmetic, until nothing is left to go in.
    fn steps(&self, amount_in: u64) -> Result<Vec<(Quote, u128)>, Fault> {
        let mut left = amount_in;
        let mut steps = Vec::new();
        for (pool, target) in &self.ranges {
            if left == 0 {
                break;
            }
            let mut pool = *pool;
            let order = Order {
                a_to_b: self.a_to_b,
                exact: Exact::In,
                amount: left,
                limit: None,
                sqrt_limit: Some(*target),
            };
            let quote = apply(&mut pool, EMPTY, &order)?;
            left = left.checked_sub(quote.amount_in).ok_or(Fault::Overflow)?;
            steps.push((quote, pool.sqrt_price));
        }
        if left == 0 { Ok(steps) } else { Err(Fault::Incomplete) }
    }
}

impl Hop for Either<'_> {
    type Cursor = (usize, Option<Cursor>);

    fn start(&self) -> Self::Cursor {
        match self {
            Self::Pool(hop) => (0, Some(hop.start())),
            Self::Ranges(_) | Self::Stairs(_) => (0, None),
        }
    }

    fn segment(&self, (next, cursor): &mut Self::Cursor) -> Option<Segment> {
        match self {
            Self::Pool(hop) => hop.segment(cursor.as_mut()?),
            Self::Stairs(stairs) => stairs.segment(next),
            Self::Ranges(ranges) => {
                let (pool, target) = ranges.ranges.get(*next)?;
                *next = next.saturating_add(1);
                let piece = segment(pool, EMPTY, ranges.a_to_b, &mut Cursor::start(pool))?;
                match piece {
                    Segment::Range { liquidity, sqrt_price, a_to_b, keep_in, keep_out, .. } => {
                        let sqrt_target = *target;
                        Some(Segment::Range {
                            liquidity,
                            sqrt_price,
                            sqrt_target,
                            a_to_b,
                            keep_in,
                            keep_out,
                        })
                    }
                    Segment::Product { .. } | Segment::Price { .. } => None,
                }
            }
        }
    }

    fn out(&self, amount_in: u64) -> Result<u64, Fault> {
        match self {
            Self::Pool(hop) => hop.out(amount_in),
            Self::Stairs(stairs) => stairs.out(amount_in),
            Self::Ranges(ranges) => {
                let out = |sum: u64, (quote, _): &(Quote, u128)| sum.checked_add(quote.amount_out);
                let steps = ranges.steps(amount_in)?;
                steps.iter().try_fold(0, out).ok_or(Fault::Overflow)
            }
        }
    }

    fn min_in(&self, amount_out: u64) -> Result<u64, Fault> {
        match self {
            Self::Pool(hop) => hop.min_in(amount_out),
            Self::Stairs(stairs) => stairs.min_in(amount_out),
            Self::Ranges(_) => super::least_input(amount_out, |amount| self.out(amount)),
        }
    }
}

/// Checks one case.
pub(super) fn case(case: &mut Case<'_>) -> Result<(), Odd> {
    let cpmm = read_pool(case.value.get("cpmm").ok_or("cpmm is missing")?)?;
    let flash = read_flash(case.value)?;
    let second = |field: &str| case.value.get(field);
    if let Some(bins) = second("dlmm") {
        let stairs = Stairs::bins(bins)?;
        return cycle(case, &[Either::Pool(hop(&cpmm)), Either::Stairs(&stairs)], flash);
    }
    if let Some(book) = second("book") {
        let stairs = Stairs::asks(book)?;
        return cycle(case, &[Either::Pool(hop(&cpmm)), Either::Stairs(&stairs)], flash);
    }
    let ranges = Ranges::read(second("clmm").ok_or("neither clmm, dlmm nor book is there")?)?;
    let hops = [Either::Pool(hop(&cpmm)), Either::Ranges(&ranges)];
    if case.has("best_x") {
        let (legs, _) = outcome(&hops, case.number("best_x")?)?;
        if let Some(first) = legs.first() {
            steps(case, &ranges, *first)?;
        }
    }
    cycle(case, &hops, flash)
}

/// The certified best, the walk, and what is found around it.
fn cycle(case: &mut Case<'_>, hops: &[Either<'_>], flash: Flash) -> Result<(), Odd> {
    if case.has("best_x") {
        let (legs, gain) = outcome(hops, case.number("best_x")?)?;
        case.check_list("best_legs", &legs);
        case.check("best_profit", gain);
    }
    let walk = size::walk(hops, flash, 0);
    if let Some(want) = case.value.get("segment_walk").cloned() {
        let walk = walk.map_err(|refusal| format!("no walk: {refusal:?}"))?;
        let (_, gain) = outcome(hops, walk.input)?;
        let got =
            [("x", i128::from(walk.input)), ("steps", i128::from(walk.pieces)), ("profit", gain)];
        for (field, got) in got {
            if let Some(want) = want.get(field) {
                case.compare(&format!("segment_walk.{field}"), want, got);
            }
        }
    }
    if case.has("best_profit") && walk.is_ok() {
        bounded(case, hops, flash)?;
    }
    Ok(())
}

/// The steps of the ranges that `amount_in` walks.
fn steps(case: &mut Case<'_>, ranges: &Ranges, amount_in: u64) -> Result<(), Odd> {
    let Some(want) = case.value.get("steps").cloned() else { return Ok(()) };
    let want = want.as_array().ok_or("steps is no list")?;
    let got = ranges.steps(amount_in).map_err(|fault| fault.name().to_owned())?;
    case.holds("steps: another number of ranges is walked", want.len() == got.len());
    for (at, (want, (quote, sqrt_price))) in want.iter().zip(got).enumerate() {
        let net = quote.amount_in.checked_sub(quote.fee).ok_or("the fee is above the input")?;
        let fields = [
            ("in", u128::from(net)),
            ("out", u128::from(quote.amount_out)),
            ("fee", u128::from(quote.fee)),
            ("sqrt_price", sqrt_price),
        ];
        for (field, got) in fields {
            if let Some(want) = want.get(field) {
                case.compare(&format!("steps.{at}.{field}"), want, got);
            }
        }
    }
    Ok(())
}

/// The closed form misses the certified best by at most its bound, the search around it reaches
/// for it and never passes it.
fn bounded(case: &mut Case<'_>, hops: &[Either<'_>], flash: Flash) -> Result<(), Odd> {
    let most: i128 = case.number("best_profit")?;
    let limits = Limits { flash, cap: u64::MAX, reach: 128, cost: 0, step_cost: 0 };
    let sizing = size::size(hops, &limits).map_err(|refusal| format!("no size: {refusal:?}"))?;
    let walk = sizing.walk;
    let (_, plain) = outcome(hops, walk.input)?;
    let bound = i128::from(walk.bound);
    case.holds("the walk misses the best by more than E", plain.saturating_add(bound) >= most);
    case.holds("a plan beats the certified best", sizing.plan.gain <= most);
    case.holds("refining loses", sizing.plan.gain >= plain);
    Ok(())
}
