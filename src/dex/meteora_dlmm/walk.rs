//! A walk over bins: what each takes and gives, from the active one on.
//!
//! ```text
//!  b in: upwards, a comes out  ------>
//!  bins   ... | b b | b b | b a | a a |     | a a | ...      each at one price
//! <------  a in: downwards, b comes out
//!
//!  one bin:  makers' amount, then its orders of that side, part by part; each part rounded by itself
//! ```
//!
//! A bin that holds nothing of what comes out is passed over. In one that does, the fee rate is made
//! anew: with the distance from the bin that volatility is measured from.
//!
//! Source: MeteoraAg/dlmm-sdk commons/src/{quote.rs, extensions/bin.rs, extensions/lb_pair.rs}
//! @fb02e51.

use std::ops::Range;

use crate::math::muldiv::{mul_div_ceil, mul_div_ceil_u128, mul_div_floor_u128};
use crate::record::{Bin, Exact, Pool};

use super::super::around::{BinRange, Moment};
use super::super::quote::{Fault, Order};
use super::super::segment::{fee_on_input, traded};
use super::super::volatility::Volatility;
use super::account::{RATE_DEN, RATE_MAX};

/// lb_pair.rs `compute_variable_fee`.
const SCALE: u64 = 100_000_000_000;

/// What comes out at `price` for `amount` that goes in, rounded down.
#[inline]
fn out_for(amount: u64, price: u128, a_to_b: bool) -> Option<u64> {
    let amount = u128::from(amount);
    let out = if a_to_b {
        mul_div_floor_u128(amount, price, 1 << 64)
    } else {
        mul_div_floor_u128(amount, 1 << 64, price)
    };
    u64::try_from(out?).ok()
}

/// What must go in at `price` for `out` to come out, rounded up.
#[inline]
fn in_for(out: u64, price: u128, a_to_b: bool) -> Option<u64> {
    let out = u128::from(out);
    let amount = if a_to_b {
        mul_div_ceil_u128(out, 1 << 64, price)
    } else {
        mul_div_ceil_u128(out, price, 1 << 64)
    };
    u64::try_from(amount?).ok()
}

/// What an entry offers: its makers' amount and its orders.
#[inline]
pub(super) fn offers(bin: &Bin, a_to_b: bool) -> [u64; 2] {
    let makers = if a_to_b { bin.amount_b } else { bin.amount_a };
    [makers, if (bin.orders_of_a != 0) == a_to_b { 0 } else { bin.orders }]
}

/// What goes in and comes out of one part of a bin.
type Part = (u64, u64);

/// What both parts of an entry take of `amount` and give; quote.rs `calculate_exact_in_fill_amount`.
#[inline]
fn fill(bin: &Bin, amount: u64, a_to_b: bool) -> Result<[Part; 2], Fault> {
    let mut left = amount;
    let mut parts = [(0, 0); 2];
    for (part, offer) in parts.iter_mut().zip(offers(bin, a_to_b)) {
        if offer == 0 || left == 0 {
            continue;
        }
        let whole = in_for(offer, bin.price, a_to_b).ok_or(Fault::Overflow)?;
        *part = if left >= whole {
            (whole, offer)
        } else {
            (left, out_for(left, bin.price, a_to_b).ok_or(Fault::Overflow)?)
        };
        left = left.saturating_sub(part.0);
    }
    // Makers keep what goes in.
    let held = if a_to_b { bin.amount_a } else { bin.amount_b };
    held.checked_add(parts[0].0).map(|_| parts).ok_or(Fault::Overflow)
}

/// What the entries of a bin take of `amount` in all, and give.
#[inline]
fn fill_all(group: &[Bin], amount: u64, a_to_b: bool) -> Result<Part, Fault> {
    let (mut left, mut out) = (amount, 0u64);
    for bin in group {
        for (taken, given) in fill(bin, left, a_to_b)? {
            left = left.checked_sub(taken).ok_or(Fault::Overflow)?;
            out = out.checked_add(given).ok_or(Fault::Overflow)?;
        }
    }
    Ok((amount.saturating_sub(left), out))
}

/// Lets the entries of a bin take `amount`: makers keep what went in, orders are owed it elsewhere.
pub(super) fn take(group: &mut [Bin], amount: u64, a_to_b: bool) -> Result<(), Fault> {
    let mut left = amount;
    for bin in group {
        let [makers, orders] = fill(bin, left, a_to_b)?;
        let (held_in, held_out) = if a_to_b {
            (&mut bin.amount_a, &mut bin.amount_b)
        } else {
            (&mut bin.amount_b, &mut bin.amount_a)
        };
        *held_in = held_in.saturating_add(makers.0);
        *held_out = held_out.saturating_sub(makers.1);
        bin.orders = bin.orders.saturating_sub(orders.1);
        left = left.saturating_sub(makers.0).saturating_sub(orders.0);
    }
    Ok(())
}

/// The fee rate from bin to bin, parts of 10^9.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fees {
    base: u64,
    step: u32,
    pub(super) volatility: Volatility,
    pub(super) on_input: bool,
}

impl Fees {
    /// At the start of a swap.
    #[inline]
    pub(super) fn start(pool: &Pool, now: Moment, a_to_b: bool) -> Result<Self, Fault> {
        let base = Some(pool.fee_num).filter(|_| pool.fee_den == RATE_DEN).ok_or(Fault::Fee)?;
        Ok(Self {
            base,
            step: pool.bin_step_bps.into(),
            volatility: Volatility::start(pool, pool.tick, now)?,
            on_input: fee_on_input(pool, a_to_b)?,
        })
    }

    /// lb_pair.rs `get_total_fee` in `bin`.
    #[inline]
    pub(super) fn rate(&self, bin: i32) -> Result<u64, Fault> {
        let accumulator = self.volatility.at(bin);
        let variable = self.volatility.fee(accumulator, self.step, SCALE).ok_or(Fault::Overflow)?;
        let rate = u128::from(self.base).saturating_add(variable).min(RATE_MAX.into());
        u64::try_from(rate).map_err(|_| Fault::Overflow)
    }
}

/// The fee within `amount`.
#[inline]
fn fee_within(amount: u64, rate: u64) -> Result<u64, Fault> {
    mul_div_ceil(amount, rate, RATE_DEN).ok_or(Fault::Overflow)
}

/// The fee on top of `amount`.
#[inline]
fn fee_on_top(amount: u64, rate: u64) -> Result<u64, Fault> {
    mul_div_ceil(amount, rate, RATE_DEN.saturating_sub(rate)).ok_or(Fault::Overflow)
}

/// What a swap moves in one bin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moved {
    /// What the user pays, the fee on the input included.
    pub(super) amount_in: u64,
    /// What the user gets, the fee on the output deducted.
    pub(super) amount_out: u64,
    /// The fee on the input.
    pub(super) fee_in: u64,
    /// What the bin takes.
    pub(super) net_in: u64,
}

/// quote.rs `swap_exact_in_quote_at_bin`.
#[inline]
fn exact_in(
    group: &[Bin],
    amount: u64,
    rate: u64,
    on_input: bool,
    a_to_b: bool,
) -> Result<Moved, Fault> {
    let mut fee_in = if on_input { fee_within(amount, rate)? } else { 0 };
    let offered = amount.checked_sub(fee_in).ok_or(Fault::Fee)?;
    let (net_in, out) = fill_all(group, offered, a_to_b)?;
    let mut amount_in = amount;
    if net_in < offered {
        fee_in = if on_input { fee_on_top(net_in, rate)? } else { 0 };
        amount_in = net_in.checked_add(fee_in).ok_or(Fault::Overflow)?;
    }
    let fee_out = if on_input { 0 } else { fee_within(out, rate)? };
    let amount_out = out.checked_sub(fee_out).ok_or(Fault::Fee)?;
    Ok(Moved { amount_in, amount_out, fee_in, net_in })
}

/// quote.rs `swap_exact_out_quote_at_bin`: the bin is emptied when it has no more than is asked for.
#[inline]
fn exact_out(
    group: &[Bin],
    amount: u64,
    rate: u64,
    on_input: bool,
    a_to_b: bool,
) -> Result<Moved, Fault> {
    let fee_out = if on_input { 0 } else { fee_on_top(amount, rate)? };
    let gross_out = amount.checked_add(fee_out).ok_or(Fault::Overflow)?;
    let all = group.iter().flat_map(|bin| offers(bin, a_to_b)).fold(0, u64::saturating_add);
    if gross_out >= all {
        return exact_in(group, u64::MAX, rate, on_input, a_to_b);
    }
    let (mut left, mut net_in) = (gross_out, 0u64);
    for bin in group {
        for offer in offers(bin, a_to_b) {
            let part = left.min(offer);
            let needed = in_for(part, bin.price, a_to_b).ok_or(Fault::Overflow)?;
            net_in = net_in.checked_add(needed).ok_or(Fault::Overflow)?;
            left = left.saturating_sub(part);
        }
    }
    let fee_in = if on_input { fee_on_top(net_in, rate)? } else { 0 };
    let gross_in = net_in.checked_add(fee_in).ok_or(Fault::Overflow)?;
    let moved = exact_in(group, gross_in, rate, on_input, a_to_b)?;
    // What rounding gives beyond is not the user's.
    Ok(Moved { amount_out: amount, ..moved })
}

/// Where a walk stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk {
    exact: Exact,
    pub(super) a_to_b: bool,
    pub(super) fees: Fees,
    /// What is left of the exact side.
    pub(super) left: u64,
    /// The last bin that was traded in, at first the active one.
    pub(super) bin: i32,
    /// The entries that lie ahead: those before it downwards, those from it on upwards.
    at: usize,
    first_bin: i32,
    end_bin: i32,
    /// Bins that were traded in.
    pub(super) met: u16,
}

impl Walk {
    /// At the pool's active bin.
    pub(super) fn start(
        pool: &Pool,
        bins: BinRange<'_>,
        now: Moment,
        order: &Order,
    ) -> Result<Self, Fault> {
        if !(bins.first_bin..bins.end_bin).contains(&pool.tick) {
            return Err(Fault::Ticks);
        }
        Ok(Self {
            exact: order.exact,
            a_to_b: order.a_to_b,
            fees: Fees::start(pool, now, order.a_to_b)?,
            left: traded(pool, order)?,
            bin: pool.tick,
            at: ahead(bins.bins, pool.tick, order.a_to_b),
            first_bin: bins.first_bin,
            end_bin: bins.end_bin,
            met: 0,
        })
    }

    /// Trades in the next bin that has something to give; `None` when nothing is left to trade, or
    /// when what is known of the bins ends.
    #[inline]
    pub(super) fn next(&mut self, bins: &[Bin]) -> Result<Option<(Range<usize>, Moved)>, Fault> {
        while self.left > 0 {
            let Some(range) = group(bins, self.at, self.a_to_b) else { return Ok(None) };
            let entries = bins.get(range.clone()).unwrap_or_default();
            let bin = entries.first().map_or(self.bin, |entry| entry.bin);
            if !(self.first_bin..self.end_bin).contains(&bin) {
                return Ok(None);
            }
            let behind = if self.a_to_b { bin > self.bin } else { bin < self.bin };
            if behind || (self.met > 0 && bin == self.bin) {
                return Err(Fault::State); // the bins are not in order
            }
            self.at = if self.a_to_b { range.start } else { range.end };
            if entries.iter().all(|entry| offers(entry, self.a_to_b) == [0, 0]) {
                continue;
            }
            let rate = self.fees.rate(bin)?;
            let (on_input, a_to_b) = (self.fees.on_input, self.a_to_b);
            let moved = match self.exact {
                Exact::In => exact_in(entries, self.left, rate, on_input, a_to_b)?,
                Exact::Out => exact_out(entries, self.left, rate, on_input, a_to_b)?,
            };
            let done = if self.exact == Exact::In { moved.amount_in } else { moved.amount_out };
            self.left = self.left.checked_sub(done).ok_or(Fault::Overflow)?;
            self.bin = bin;
            self.met = self.met.saturating_add(1);
            return Ok(Some((range, moved)));
        }
        Ok(None)
    }
}

/// How the entries from `bin` on begin, in the direction of a walk (see [`Walk`]).
#[inline]
pub(super) fn ahead(bins: &[Bin], bin: i32, a_to_b: bool) -> usize {
    bins.partition_point(|entry| if a_to_b { entry.bin <= bin } else { entry.bin < bin })
}

/// The entries of the next bin.
#[inline]
pub(super) fn group(bins: &[Bin], at: usize, a_to_b: bool) -> Option<Range<usize>> {
    if a_to_b {
        let before = bins.get(..at)?;
        let bin = before.last()?.bin;
        let count = before.iter().rev().take_while(|entry| entry.bin == bin).count();
        Some(at.checked_sub(count)?..at)
    } else {
        let after = bins.get(at..)?;
        let bin = after.first()?.bin;
        let count = after.iter().take_while(|entry| entry.bin == bin).count();
        Some(at..at.checked_add(count)?)
    }
}
