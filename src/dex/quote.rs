//! What a swap gives, and what it leaves behind: the part that all venues share.
//!
//! A `pool` record is the whole state of a pool, together with the ticks of a concentrated one.
//! Each venue's file holds one function that answers an [`Order`] exactly as its program would, in
//! integers; this file turns it into quotes, into changes of the record and into the smallest
//! input for an output.

use crate::ids::Venue;
use crate::math::muldiv::mul_div_ceil;
use crate::record::{Exact, Pool, PoolStatus};

use super::around::{Around, AroundMut};

/// The result of a swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Quote {
    /// Raw units the user pays, transfer fee included.
    pub amount_in: u64,
    /// Raw units the user receives, transfer fee deducted.
    pub amount_out: u64,
    /// The venue's fee in units of the token that goes in.
    pub fee: u64,
    /// Initialised ticks crossed.
    pub ticks_crossed: u16,
    /// False when the walk stopped at the last loaded tick array, or at the last of the arrays
    /// that one instruction can walk: the amounts are those up to there.
    pub complete: bool,
}

/// A swap as a user asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Token a goes in and b comes out; else the other way.
    pub a_to_b: bool,
    /// Which side `amount` is.
    pub exact: Exact,
    /// Raw units of the exact side.
    pub amount: u64,
    /// The least that must come out (`exact` in) or the most that may go in (`exact` out).
    pub limit: Option<u64>,
    /// Where the square-root price stops, Q64.64; concentrated liquidity only.
    pub sqrt_limit: Option<u128>,
}

impl Order {
    /// `amount` goes in, without limits.
    #[inline]
    pub fn exact_in(a_to_b: bool, amount: u64) -> Self {
        Self { a_to_b, exact: Exact::In, amount, limit: None, sqrt_limit: None }
    }

    /// `amount` comes out, without limits.
    #[inline]
    pub fn exact_out(a_to_b: bool, amount: u64) -> Self {
        Self { a_to_b, exact: Exact::Out, amount, limit: None, sqrt_limit: None }
    }
}

/// The changing part of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    pub(super) reserve_a: u64,
    pub(super) reserve_b: u64,
    pub(super) sqrt_price: u128,
    pub(super) liquidity: u128,
    pub(super) tick: i32,
}

impl State {
    pub(super) fn of(pool: &Pool) -> Self {
        Self {
            reserve_a: pool.reserve_a,
            reserve_b: pool.reserve_b,
            sqrt_price: pool.sqrt_price,
            liquidity: pool.liquidity,
            tick: pool.tick,
        }
    }

    /// Reserves of the token that goes in and of the one that comes out.
    #[inline]
    pub(super) fn reserves(&self, a_to_b: bool) -> (u64, u64) {
        if a_to_b { (self.reserve_a, self.reserve_b) } else { (self.reserve_b, self.reserve_a) }
    }

    /// The same state with other reserves.
    #[inline]
    pub(super) fn with_reserves(self, a_to_b: bool, r_in: u64, r_out: u64) -> Self {
        let (reserve_a, reserve_b) = if a_to_b { (r_in, r_out) } else { (r_out, r_in) };
        Self { reserve_a, reserve_b, ..self }
    }
}

/// A swap's result and the state it leaves.
pub(super) type Swapped = Result<(Quote, State), Fault>;

/// Why there is no quote. Nothing is ever quoted that the venue's rules do not cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Fault {
    /// The record names no venue that can be quoted.
    Venue = 0,
    /// A rule of the pool is not modelled.
    Unsupported = 1,
    /// Its program has switched swaps off.
    Disabled = 2,
    /// The amount is zero, or a transfer fee takes all of it.
    ZeroAmount = 3,
    /// A reserve is zero or unknown.
    ZeroReserve = 4,
    /// A fee is 100 % or more, or has no denominator.
    Fee = 5,
    /// A number leaves its range, as it would in the program.
    Overflow = 6,
    /// Nothing would come out; the program refuses that.
    ZeroOut = 7,
    /// More is asked for than there is.
    Reserve = 8,
    /// The tick array of the current price is not loaded.
    Ticks = 9,
    /// The record or its ticks contradict themselves.
    State = 10,
    /// The limit of the price is out of range or on the wrong side.
    SqrtLimit = 11,
    /// The order's limit is not kept.
    Slippage = 12,
    /// The walk leaves the ticks, bins or levels that are known, or that one instruction can reach.
    Incomplete = 13,
    /// A rule of the pool moves with time, and the moment is not known.
    Moment = 14,
}

impl Fault {
    /// Names by number.
    pub const NAMES: &'static [&'static str] = &[
        "venue",
        "unsupported",
        "disabled",
        "zero_amount",
        "zero_reserve",
        "fee",
        "overflow",
        "zero_out",
        "reserve",
        "ticks_not_loaded",
        "bad_state",
        "sqrt_limit",
        "slippage",
        "incomplete_ticks",
        "moment_unknown",
    ];

    /// The name counters show.
    pub fn name(self) -> &'static str {
        Self::NAMES.get(self as usize).copied().unwrap_or("?")
    }
}

/// The venue's answer to `order`, and the state after it.
#[inline]
pub(super) fn swap(pool: &Pool, around: Around<'_>, order: &Order) -> Swapped {
    let venue = Venue::from_number(pool.venue).ok_or(Fault::Venue)?;
    if pool.status == PoolStatus::Unsupported as u8 {
        return Err(Fault::Unsupported);
    }
    if pool.status == PoolStatus::Disabled as u8 {
        return Err(Fault::Disabled);
    }
    if order.amount == 0 {
        return Err(Fault::ZeroAmount);
    }
    (super::spec(venue).swap)(pool, around, order)
}

/// What `amount_in` gives.
///
/// # Errors
/// The first rule that forbids the swap.
#[inline]
pub fn quote_in<'a>(
    pool: &Pool,
    around: impl Into<Around<'a>>,
    a_to_b: bool,
    amount_in: u64,
) -> Result<Quote, Fault> {
    swap(pool, around.into(), &Order::exact_in(a_to_b, amount_in)).map(|(quote, _)| quote)
}

/// What `amount_out` costs by the program's exact-output rule.
///
/// # Errors
/// The first rule that forbids the swap.
#[inline]
pub fn quote_out<'a>(
    pool: &Pool,
    around: impl Into<Around<'a>>,
    a_to_b: bool,
    amount_out: u64,
) -> Result<Quote, Fault> {
    swap(pool, around.into(), &Order::exact_out(a_to_b, amount_out)).map(|(quote, _)| quote)
}

/// Executes `order` on the record and on the bins or levels around it: reserves, price, liquidity,
/// tick and what else a swap changes become what the program would leave. Slot, sequence and time are
/// the caller's.
///
/// # Errors
/// The first rule that forbids the swap, [`Fault::Slippage`] when the order's limit is not kept,
/// [`Fault::Incomplete`] when the ticks do not reach; the record is unchanged then.
pub fn apply<'a>(
    pool: &mut Pool,
    around: impl Into<AroundMut<'a>>,
    order: &Order,
) -> Result<Quote, Fault> {
    let mut around = around.into();
    let (quote, state) = swap(pool, around.view(), order)?;
    if !quote.complete {
        return Err(Fault::Incomplete);
    }
    let kept = match (order.exact, order.limit) {
        (_, None) => true,
        (Exact::In, Some(least)) => quote.amount_out >= least,
        (Exact::Out, Some(most)) => quote.amount_in <= most,
    };
    if !kept {
        return Err(Fault::Slippage);
    }
    let venue = Venue::from_number(pool.venue).ok_or(Fault::Venue)?;
    (super::spec(venue).settle)(pool, &mut around, order, &quote, &state)?;
    pool.reserve_a = state.reserve_a;
    pool.reserve_b = state.reserve_b;
    pool.sqrt_price = state.sqrt_price;
    pool.liquidity = state.liquidity;
    pool.tick = state.tick;
    Ok(quote)
}

/// The smallest input whose [`quote_in`] gives at least `amount_out`.
///
/// Some venues' exact-output rule gives it at once, as tests of theirs hold; where rounding can be a few
/// units off, a search around it repairs that.
///
/// # Errors
/// The first rule that forbids the swap; [`Fault::Reserve`] when no input gives that much.
pub fn min_in<'a>(
    pool: &Pool,
    around: impl Into<Around<'a>>,
    a_to_b: bool,
    amount_out: u64,
) -> Result<u64, Fault> {
    let around = around.into();
    let quote = quote_out(pool, around, a_to_b, amount_out)?;
    if !quote.complete {
        return Err(Fault::Incomplete);
    }
    if Venue::from_number(pool.venue).is_some_and(|venue| super::spec(venue).exact_out_is_least) {
        return Ok(quote.amount_in);
    }
    let enough = |amount: u64| match quote_in(pool, around, a_to_b, amount) {
        Ok(quote) => Ok(quote.amount_out >= amount_out),
        Err(Fault::ZeroOut | Fault::ZeroAmount) => Ok(false),
        Err(fault) => Err(fault),
    };
    least(quote.amount_in, enough)
}

/// The smallest amount that is `enough`, looked for around `guess`: of an amount that is, every
/// larger one is held to be too.
///
/// # Errors
/// Those of `enough`; [`Fault::Reserve`] when no amount is.
pub(super) fn least(guess: u64, enough: impl Fn(u64) -> Result<bool, Fault>) -> Result<u64, Fault> {
    // Bracket the answer in (low, high] by steps that double, then halve the bracket.
    let mut high = guess.max(1);
    let mut low = high.saturating_sub(1);
    let mut step = 1u64;
    while !enough(high)? {
        low = high;
        high = high.checked_add(step).ok_or(Fault::Reserve)?;
        step = step.saturating_mul(2);
    }
    step = 1;
    while low > 0 && enough(low)? {
        high = low;
        low = low.saturating_sub(step);
        step = step.saturating_mul(2);
    }
    while high.saturating_sub(low) > 1 {
        let middle = low.midpoint(high);
        if enough(middle)? { high = middle } else { low = middle }
    }
    Ok(high)
}

/// What a fee of `num / den`, rounded up, leaves of `amount`, and the fee.
pub(super) fn less_fee((num, den): (u64, u64), amount: u64) -> Result<(u64, u64), Fault> {
    let fee = mul_div_ceil(amount, num, den).ok_or(Fault::Fee)?;
    Ok((amount.checked_sub(fee).ok_or(Fault::Fee)?, fee))
}

/// The least that leaves `amount` after such a fee, and the fee.
pub(super) fn with_fee((num, den): (u64, u64), amount: u64) -> Result<(u64, u64), Fault> {
    let kept = den.checked_sub(num).filter(|kept| *kept > 0).ok_or(Fault::Fee)?;
    let whole = mul_div_ceil(amount, den, kept).ok_or(Fault::Overflow)?;
    Ok((whole, whole.checked_sub(amount).ok_or(Fault::Fee)?))
}

/// Answers an order of exact output to a program that has none: by the smallest input that gives as
/// much, looked for around `guess`, of which more may come out than was asked for.
pub(super) fn by_input(amount_out: u64, guess: u64, swap_in: impl Fn(u64) -> Swapped) -> Swapped {
    let enough = |amount| match swap_in(amount) {
        Ok((quote, _)) => Ok(quote.amount_out >= amount_out),
        Err(Fault::ZeroOut | Fault::ZeroAmount) => Ok(false),
        Err(fault) => Err(fault),
    };
    swap_in(least(guess, enough)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_a_name() {
        assert_eq!(Fault::NAMES.len(), Fault::Moment as usize + 1);
        assert_eq!(Fault::Incomplete.name(), "incomplete_ticks");
    }

    #[test]
    fn a_record_without_a_venue_or_switched_off_has_no_quote() {
        let mut pool = Pool::new(0);
        let quote_in = |pool: &Pool, amount| quote_in(pool, Around::NONE, true, amount);
        assert_eq!(quote_in(&pool, 1), Err(Fault::Venue));
        for venue in Venue::ALL {
            pool.venue = *venue as u16;
            pool.status = PoolStatus::Disabled as u8;
            assert_eq!(quote_in(&pool, 1), Err(Fault::Disabled));
            pool.status = PoolStatus::Unsupported as u8;
            assert_eq!(quote_in(&pool, 1), Err(Fault::Unsupported));
            pool.status = PoolStatus::Open as u8;
            assert_eq!(quote_in(&pool, 0), Err(Fault::ZeroAmount));
            assert!(quote_in(&pool, 1).is_err(), "{venue:?}");
        }
    }
}
