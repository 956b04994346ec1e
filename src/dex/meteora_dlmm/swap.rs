//! A swap: the walk over bins with transfer fees around it, what it leaves, and its curve in pieces.
//!
//! Fees of makers and orders lie apart from a bin's amounts, in the reserves, and so does the
//! protocol's share until it is claimed. A host's share would leave the reserves with the swap; who
//! swaps decides whether there is a host, so none is reckoned with.
//!
//! Source: MeteoraAg/dlmm-sdk commons/src/quote.rs @fb02e51.

use crate::record::{Exact, Pool};

use super::super::around::{Around, AroundMut, DepthMut};
use super::super::quote::{Fault, Order, Quote, State, Swapped};
use super::super::segment::{Cursor, Segment, keeps_of, transfer_fees};
use super::account::RATE_DEN;
use super::walk::{Fees, Walk, ahead, group, offers, take};

/// Answers an order as the program does.
pub(super) fn swap(pool: &Pool, around: Around<'_>, order: &Order) -> Swapped {
    let bins = around.bins().ok_or(Fault::Ticks)?;
    let mut walk = Walk::start(pool, bins, around.now, order)?;
    let traded = walk.left;
    let (mut amount_in, mut amount_out, mut fee) = (0u64, 0u64, 0u64);
    while let Some((_, moved)) = walk.next(bins.bins)? {
        amount_in = amount_in.checked_add(moved.amount_in).ok_or(Fault::Overflow)?;
        amount_out = amount_out.checked_add(moved.amount_out).ok_or(Fault::Overflow)?;
        fee = fee.checked_add(moved.fee_in).ok_or(Fault::Overflow)?;
    }
    let (fee_in, fee_out) = transfer_fees(pool, order.a_to_b);
    let paid = match order.exact {
        Exact::In if amount_in == traded => order.amount,
        _ => fee_in.gross(amount_in).ok_or(Fault::Overflow)?,
    };
    let before = State::of(pool);
    let mut state = State { tick: walk.bin, ..before };
    if pool.present & Pool::RESERVES != 0 {
        let (r_in, r_out) = before.reserves(order.a_to_b);
        let r_in = r_in.checked_add(amount_in).ok_or(Fault::Overflow)?;
        let r_out = r_out.checked_sub(amount_out).ok_or(Fault::Reserve)?;
        state = state.with_reserves(order.a_to_b, r_in, r_out);
    }
    let quote = Quote {
        amount_in: paid,
        amount_out: fee_out.net(amount_out),
        fee,
        ticks_crossed: walk.met.saturating_sub(1),
        complete: walk.left == 0,
    };
    Ok((quote, state))
}

/// Leaves in the bins and in the record what the swap made of liquidity and volatility.
pub(super) fn settle(
    pool: &mut Pool,
    around: &mut AroundMut<'_>,
    order: &Order,
    _: &Quote,
    _: &State,
) -> Result<(), Fault> {
    let bins = around.view().bins().ok_or(Fault::Ticks)?;
    let mut walk = Walk::start(pool, bins, around.now, order)?;
    if let DepthMut::Bins { bins, .. } = &mut around.depth {
        while let Some((range, moved)) = walk.next(bins)? {
            take(bins.get_mut(range).unwrap_or_default(), moved.net_in, order.a_to_b)?;
        }
    } else if let Some(bins) = around.view().bins() {
        // Bins that are only lent to look at stay as they are.
        while walk.next(bins.bins)?.is_some() {}
    }
    // The program run on the kit's own pairs leaves the time as it was where the bin stays.
    let moved = walk.bin != pool.tick;
    let volatility = walk.fees.volatility.changed(pool, around.now, moved);
    volatility.leave(pool, volatility.at(walk.bin));
    Ok(())
}

/// The next part of a bin that has something to give, at its price and its fee.
pub(super) fn segment(
    pool: &Pool,
    around: Around<'_>,
    a_to_b: bool,
    cursor: &mut Cursor,
) -> Option<Segment> {
    let bins = around.bins()?;
    let known = bins.first_bin..bins.end_bin;
    if cursor.ended || !known.contains(&pool.tick) {
        return None;
    }
    let fees = Fees::start(pool, around.now, a_to_b).ok()?;
    loop {
        let range = group(bins.bins, ahead(bins.bins, cursor.tick, a_to_b), a_to_b)?;
        let entries = bins.bins.get(range)?;
        let bin = entries.first()?.bin;
        let behind = if a_to_b { bin > cursor.tick } else { bin < cursor.tick };
        if behind || !known.contains(&bin) {
            return None;
        }
        if bin != cursor.tick {
            (cursor.tick, cursor.at) = (bin, 0);
        }
        let parts =
            entries.iter().flat_map(|entry| offers(entry, a_to_b).map(|o| (entry.price, o)));
        let past = usize::try_from(cursor.at).ok()?;
        let Some((place, (price, out))) =
            parts.enumerate().skip(past).find(|(_, (_, offer))| *offer > 0)
        else {
            cursor.tick = cursor.tick.checked_add(if a_to_b { -1 } else { 1 })?;
            cursor.at = 0;
            continue;
        };
        cursor.at = u32::try_from(place).ok()?.checked_add(1)?;
        if price == 0 {
            return None;
        }
        let rate = fees.rate(bin).ok()?;
        let out_rate = if fees.on_input { 0 } else { rate };
        let fee = (rate.checked_sub(out_rate)?, RATE_DEN);
        let (keep_in, keep_out) = keeps_of(pool, a_to_b, fee, (out_rate, RATE_DEN))?;
        let (num, den) = if a_to_b { (price, 1 << 64) } else { (1 << 64, price) };
        return Some(Segment::Price { num, den, out, keep_in, keep_out });
    }
}
