//! Where a swap of the feed begins to matter: behind a front-run, and past the fees of a second
//! pool.

use crate::dex::{self, Order, TickRange};
use crate::math::wide::U256;
use crate::record::Pool;

/// What `amount` gives now.
pub(super) fn quote(pool: &Pool, a_to_b: bool, amount: u64) -> Option<u64> {
    dex::quote_in(pool, TickRange::NONE, a_to_b, amount).ok().map(|quote| quote.amount_out)
}

/// What `amount` gives behind a swap of `first` in the same direction.
pub(super) fn behind(pool: &Pool, a_to_b: bool, first: u64, amount: u64) -> Option<u64> {
    let mut moved = *pool;
    if first > 0 {
        dex::apply(&mut moved, TickRange::NONE, &Order::exact_in(a_to_b, first)).ok()?;
    }
    quote(&moved, a_to_b, amount)
}

/// The least amount whose swap on `pool` leaves a gain, at the margin, in swapping back on it and
/// forth on `second`; `None` when there is one already, or when no amount does.
pub(super) fn least_past(pool: &Pool, second: &Pool, a_to_b: bool) -> Option<u64> {
    let past = |amount: u64| {
        let mut moved = *pool;
        let order = Order::exact_in(a_to_b, amount);
        dex::apply(&mut moved, TickRange::NONE, &order).is_ok() && gains(&moved, second, a_to_b)
    };
    if gains(pool, second, a_to_b) {
        return None;
    }
    let reserve = if a_to_b { pool.reserve_a } else { pool.reserve_b };
    // The price moves with the square of the amount: a few times the reserve is a lot.
    let mut high = (reserve / 1_000_000).max(1);
    while !past(high) {
        high = high.checked_mul(2).filter(|high| *high / 64 <= reserve)?;
    }
    let mut low = high / 2;
    while high - low > 1 {
        let middle = low.midpoint(high);
        if past(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

/// Whether the smallest swap back on `pool` (against `a_to_b`) and forth on `second` gains: the
/// product of both prices and of what both fees leave exceeds 1.
fn gains(pool: &Pool, second: &Pool, a_to_b: bool) -> bool {
    let side = |pool: &Pool, forth: bool| {
        let (a, b) = (U256::from(pool.reserve_a), U256::from(pool.reserve_b));
        if forth { (a, b) } else { (b, a) }
    };
    let kept = |pool: &Pool| U256::from(pool.fee_den.saturating_sub(pool.fee_num));
    let (back_in, back_out) = side(pool, !a_to_b);
    let (forth_in, forth_out) = side(second, a_to_b);
    let gained = back_out * forth_out * kept(pool);
    let paid = back_in * forth_in * U256::from(pool.fee_den);
    // 64 + 64 + 14 bits, and 14 more.
    gained * kept(second) > paid * U256::from(second.fee_den)
}
