//! Pricing.

use crate::math::muldiv::{mul_div_ceil, mul_div_floor};
use crate::record::{Exact, Pool};

use super::super::product;
use super::super::quote::{Fault, Order, Quote, State, Swapped};
use super::super::segment::{Cursor, Segment, keeps, product_with, transfer_fees};
use super::super::ticks::TickRange;

/// The rates of a swap in one direction, ppm.
#[derive(Clone, Copy)]
struct Rates {
    /// Trade fee.
    trade: u64,
    /// The creator's fee where it is on the input, else 0.
    creator_in: u64,
    /// The creator's fee where it is on the output, else 0.
    creator_out: u64,
    /// Whether the creator's side is the input, also at a rate of 0.
    on_input: bool,
}

impl Rates {
    /// pool.rs `is_creator_fee_on_input`.
    fn of(pool: &Pool, a_to_b: bool) -> Result<Self, Fault> {
        let on_input = match (pool.creator_side, a_to_b) {
            (0, _) | (1, true) | (2, false) => true,
            (1 | 2, _) => false,
            _ => return Err(Fault::State),
        };
        let creator = u64::from(pool.creator_ppm);
        let total = pool.fee_num.checked_add(creator).ok_or(Fault::Fee)?;
        if total >= PPM || pool.fee_den != PPM {
            return Err(Fault::Fee);
        }
        let (creator_in, creator_out) = if on_input { (creator, 0) } else { (0, creator) };
        Ok(Self { trade: pool.fee_num, creator_in, creator_out, on_input })
    }

    /// All of the fee on the input.
    fn on_in(&self) -> u64 {
        self.trade.saturating_add(self.creator_in)
    }

    /// The creator's part of `total`, the fee taken from the input; 0 when it is on the output.
    fn creator_of(&self, total: u64) -> Result<u64, Fault> {
        if self.on_input {
            // fees.rs `split_creator_fee`: without any rate the program fails on its division.
            mul_div_floor(total, self.creator_in, self.on_in()).ok_or(Fault::Fee)
        } else {
            Ok(0)
        }
    }
}

/// Parts of a rate: 100 %.
const PPM: u64 = 1_000_000;

/// What moved, in the token units of the pool: transfer fees are outside.
struct Moved {
    /// Reached the pool.
    amount_in: u64,
    /// Left the pool for the user.
    amount_out: u64,
    /// Fee on the input, the creator's included.
    fee: u64,
    /// The creator's fee on the output.
    creator_out: u64,
}

/// Answers an order as the program does (instructions/swap_base_input.rs, swap_base_output.rs).
pub(in crate::dex) fn swap(pool: &Pool, _: TickRange<'_>, order: &Order) -> Swapped {
    let state = State::of(pool);
    let reserves = state.reserves(order.a_to_b);
    let rates = Rates::of(pool, order.a_to_b)?;
    let (fee_in, fee_out) = transfer_fees(pool, order.a_to_b);
    let (moved, amount_in, amount_out) = match order.exact {
        Exact::In => {
            let reached = fee_in.net(order.amount);
            let moved = base_input(reserves, rates, reached)?;
            let received = fee_out.net(moved.amount_out);
            (moved, order.amount, received)
        }
        Exact::Out => {
            let sent = fee_out.gross(order.amount).ok_or(Fault::Overflow)?;
            let moved = base_output(reserves, rates, sent)?;
            let paid = fee_in.gross(moved.amount_in).ok_or(Fault::Overflow)?;
            (moved, paid, order.amount)
        }
    };
    if amount_out == 0 {
        return Err(Fault::ZeroOut);
    }
    let (r_in, r_out) = after(pool, reserves, rates, &moved)?;
    let quote = Quote { amount_in, amount_out, fee: moved.fee, ticks_crossed: 0, complete: true };
    Ok((quote, state.with_reserves(order.a_to_b, r_in, r_out)))
}

/// curve/calculator.rs `swap_base_input`.
fn base_input((r_in, r_out): (u64, u64), rates: Rates, amount_in: u64) -> Result<Moved, Fault> {
    if amount_in == 0 {
        return Err(Fault::ZeroAmount);
    }
    let fee = mul_div_ceil(amount_in, rates.on_in(), PPM).ok_or(Fault::Overflow)?;
    let net = amount_in.checked_sub(fee).ok_or(Fault::Fee)?;
    let swapped = product::out_for(r_in, r_out, net)?;
    let creator_out = mul_div_ceil(swapped, rates.creator_out, PPM).ok_or(Fault::Overflow)?;
    let amount_out = swapped.checked_sub(creator_out).ok_or(Fault::Fee)?;
    Ok(Moved { amount_in, amount_out, fee, creator_out })
}

/// curve/calculator.rs `swap_base_output`.
fn base_output((r_in, r_out): (u64, u64), rates: Rates, amount_out: u64) -> Result<Moved, Fault> {
    // fees.rs `calculate_pre_fee_amount`
    let before_fee = |amount: u64, rate: u64| {
        let kept = PPM.checked_sub(rate)?;
        mul_div_ceil(amount, PPM, kept)
    };
    let swapped = before_fee(amount_out, rates.creator_out).ok_or(Fault::Overflow)?;
    let creator_out = swapped.checked_sub(amount_out).ok_or(Fault::Fee)?;
    let net = product::in_for(r_in, r_out, swapped)?;
    let amount_in = before_fee(net, rates.on_in()).ok_or(Fault::Overflow)?;
    let fee = amount_in.checked_sub(net).ok_or(Fault::Fee)?;
    Ok(Moved { amount_in, amount_out, fee, creator_out })
}

/// The reserves after a swap: protocol, fund and creator fees lie in the vaults but are owed.
fn after(
    pool: &Pool,
    (r_in, r_out): (u64, u64),
    rates: Rates,
    moved: &Moved,
) -> Result<(u64, u64), Fault> {
    let creator_in = rates.creator_of(moved.fee)?;
    let trade = moved.fee.checked_sub(creator_in).ok_or(Fault::Fee)?;
    let part = |ppm: u32| mul_div_floor(trade, u64::from(ppm), PPM).ok_or(Fault::Overflow);
    let grown = r_in.checked_add(moved.amount_in).ok_or(Fault::Overflow)?;
    let owed = [part(pool.protocol_ppm)?, part(pool.fund_ppm)?, creator_in];
    let r_in = owed.iter().try_fold(grown, |left, owed| left.checked_sub(*owed));
    let r_out = r_out.checked_sub(moved.amount_out).and_then(|r| r.checked_sub(moved.creator_out));
    Ok((r_in.ok_or(Fault::Fee)?, r_out.ok_or(Fault::Reserve)?))
}

/// The one piece of the curve.
pub(in crate::dex) fn segment(
    pool: &Pool,
    _: TickRange<'_>,
    a_to_b: bool,
    cursor: &mut Cursor,
) -> Option<Segment> {
    let rates = Rates::of(pool, a_to_b).ok()?;
    let keep = keeps(pool, a_to_b, (rates.on_in(), PPM), rates.creator_out)?;
    product_with(pool, a_to_b, cursor, keep)
}
