//! Pricing of stable pools.
//!
//! Source: stabbleorg/amm_v1, programs/stable-swap/src/{instructions/swap_v2.rs, state/pool.rs}
//! @719956f. Balances are counted in 9 decimals and are whole raw units, as every amount that moves
//! them. The program has no exact output: such an order is answered by the smallest input that gives
//! as much.

use crate::math::muldiv::{mul_div_ceil, mul_div_floor};
use crate::record::{Exact, Pool};

use super::super::around::Around;
use super::super::quote::{Fault, Order, Quote, State, Swapped, by_input};
use super::super::segment::transfer_fees;
use super::super::stable::Stabble;
use super::ONE;

/// What the record's ppm of the beneficiary's share are parts of the program's by.
const PPM_PART: u64 = 1000;

/// The amplification at `unix_s` in thousandths, which moves by the minute (`get_amplification`).
fn amplification(pool: &Pool, unix_s: u64) -> Result<u64, Fault> {
    let thousandths = |amp: u64| amp.checked_mul(1000).ok_or(Fault::Overflow);
    let (from, to) = (thousandths(pool.amp)?, thousandths(pool.amp_target)?);
    if from == to {
        return Ok(to);
    }
    match unix_s {
        0 => Err(Fault::Moment),
        _ if unix_s <= pool.ramp_start_s => Ok(from),
        _ if unix_s >= pool.ramp_stop_s => Ok(to),
        _ => {
            let passed = unix_s.saturating_sub(pool.ramp_start_s);
            let passed = passed.saturating_sub(passed % 60);
            let range = pool.ramp_stop_s.saturating_sub(pool.ramp_start_s);
            let moved = mul_div_floor(from.abs_diff(to), passed, range).ok_or(Fault::State)?;
            Ok(if to > from { from.saturating_add(moved) } else { from.saturating_sub(moved) })
        }
    }
}

/// Raw units of 9 decimals in one of a token.
fn factor(decimals: u8) -> Result<u64, Fault> {
    let more = 9u32.checked_sub(decimals.into()).ok_or(Fault::State)?;
    10u64.checked_pow(more).ok_or(Fault::State)
}

/// Answers an order as the program does.
pub(in super::super) fn swap(pool: &Pool, around: Around<'_>, order: &Order) -> Swapped {
    let state = State::of(pool);
    let (r_in, r_out) = state.reserves(order.a_to_b);
    if r_in == 0 || r_out == 0 {
        return Err(Fault::ZeroReserve);
    }
    let (a, b) = (factor(pool.decimals_a)?, factor(pool.decimals_b)?);
    let (up_in, up_out) = if order.a_to_b { (a, b) } else { (b, a) };
    let scaled = |raw: u64, up: u64| raw.checked_mul(up).ok_or(Fault::Overflow);
    let (x, y) = (scaled(r_in, up_in)?, scaled(r_out, up_out)?);
    let kept = ONE.checked_sub(pool.fee_num).filter(|kept| *kept > 0 && pool.fee_den == ONE);
    let kept = kept.ok_or(Fault::Fee)?;
    let share = u64::from(pool.protocol_ppm).checked_mul(PPM_PART).ok_or(Fault::Fee)?;
    let (tax_in, tax_out) = transfer_fees(pool, order.a_to_b);
    let amp = amplification(pool, around.now.unix_s)?;
    let curve = Stabble::through(amp, x, y).ok_or(Fault::Overflow)?;
    let swap_in = |amount_in: u64| {
        let arrived = tax_in.net(amount_in);
        let x = x.checked_add(scaled(arrived, up_in)?).ok_or(Fault::Overflow)?;
        let left = curve.other(x, y).ok_or(Fault::Overflow)?;
        let gross = y.checked_sub(left).and_then(|out| out.checked_sub(1)).ok_or(Fault::ZeroOut)?;
        let net = mul_div_floor(gross, kept, ONE).ok_or(Fault::Overflow)?;
        let fee = gross.saturating_sub(net);
        let owed = mul_div_floor(fee, share, ONE).ok_or(Fault::Overflow)?;
        let raw = |scaled: u64| scaled.checked_div(up_out).ok_or(Fault::State);
        let (sent, owed) = (raw(net)?, raw(owed)?);
        let amount_out = tax_out.net(sent);
        if amount_out == 0 {
            return Err(Fault::ZeroOut);
        }
        let r_in = r_in.checked_add(arrived).ok_or(Fault::Overflow)?;
        let r_out = r_out.checked_sub(sent).and_then(|left| left.checked_sub(owed));
        // The fee is of what comes out.
        let quote = Quote { amount_in, amount_out, fee: 0, ticks_crossed: 0, complete: true };
        Ok((quote, state.with_reserves(order.a_to_b, r_in, r_out.ok_or(Fault::Fee)?)))
    };
    match order.exact {
        Exact::In => swap_in(order.amount),
        Exact::Out => {
            let sent = tax_out.gross(order.amount).filter(|sent| *sent < r_out);
            let net = scaled(sent.ok_or(Fault::Reserve)?, up_out)?;
            // The curve is the same seen from the other side.
            let gross = mul_div_ceil(net, ONE, kept).unwrap_or(y);
            let left = y.saturating_sub(gross).saturating_sub(1).max(1);
            let needed = curve.other(left, x).map_or(1, |needed| needed.saturating_sub(x));
            let guess = tax_in.gross(needed.div_ceil(up_in)).unwrap_or(1);
            by_input(order.amount, guess, swap_in)
        }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "the model is written plainly")]
mod tests {
    use super::super::super::around::Moment;
    use super::super::super::model::{big_stable, product_pool, t22_fee};
    use super::super::super::quote::{apply, min_in, quote_in, quote_out};
    use super::super::super::{Cursor, segment};
    use super::*;
    use crate::ids::Venue;
    use crate::record::Curve;
    use num_bigint::BigInt;
    use proptest::prelude::*;

    fn pool(a: u64, b: u64, amp: u64) -> Pool {
        let mut pool = product_pool(Venue::StabbleStable, a, b, 0, ONE);
        (pool.amp, pool.amp_target, pool.curve) = (amp, amp, Curve::Stable as u8);
        (pool.decimals_a, pool.decimals_b) = (9, 9);
        pool
    }

    /// The numbers of libraries/math/src/stable_math.rs @b3ce8a4, amplification 5000.
    #[test]
    fn numbers_of_the_program() {
        let deep = pool(40_000_000_000_000_000, 60_000_000_000_000_000, 5_000);
        let out = |pool: &Pool, a_to_b, amount| {
            quote_in(pool, Around::NONE, a_to_b, amount).unwrap().amount_out
        };
        assert_eq!(out(&deep, false, 100_000_000_000_000), 99_991_271_119_067);
        assert_eq!(out(&deep, true, 100_000_000_000_000), 100_008_628_389_994);
        let other = pool(894_520_800_000_000, 467_581_800_000_000, 5_000);
        assert_eq!(out(&other, true, 1_000_000_000_000), 999_845_351_779);
        assert_eq!(out(&other, true, 1_000_000_000), 999_845_869);
        assert_eq!(out(&other, true, 1_000_000), 999_845);
    }

    #[test]
    fn the_amplification_moves_by_the_minute() {
        let mut pool = pool(1 << 40, 1 << 40, 100);
        (pool.amp_target, pool.ramp_start_s, pool.ramp_stop_s) = (200, 1_000, 1_600);
        for (unix_s, amp) in
            [(999, 100_000), (1_059, 100_000), (1_060, 110_000), (1_599, 190_000), (1_600, 200_000)]
        {
            assert_eq!(amplification(&pool, unix_s), Ok(amp));
        }
        assert_eq!(quote_in(&pool, Around::NONE, true, 9), Err(Fault::Moment));
        let now = Moment { slot: 0, unix_s: 1_060 };
        assert!(quote_in(&pool, Around { now, ..Around::NONE }, true, 1 << 20).is_ok());
        (pool.amp, pool.amp_target) = (200, 100);
        assert_eq!(amplification(&pool, 1_060), Ok(190_000));
    }

    #[test]
    fn what_the_program_refuses_is_refused_by_name() {
        let refused = |pool: &Pool, amount| quote_in(pool, Around::NONE, true, amount).unwrap_err();
        assert_eq!(refused(&pool(0, 5, 9), 1), Fault::ZeroReserve);
        assert_eq!(refused(&pool(1000, 1000, 0), 1), Fault::Overflow);
        assert_eq!(refused(&pool(1000, 1000, 9), 1), Fault::ZeroOut);
        assert_eq!(refused(&pool(1000, 1000, 9), u64::MAX), Fault::Overflow);
        let mut odd = pool(1000, 1000, 9);
        odd.decimals_a = 10;
        assert_eq!(refused(&odd, 50), Fault::State);
        (odd.decimals_a, odd.fee_num) = (9, ONE);
        assert_eq!(refused(&odd, 50), Fault::Fee);
        assert_eq!(quote_out(&pool(9, 9, 9), Around::NONE, true, 9), Err(Fault::Reserve));
    }

    #[derive(Debug, Clone)]
    struct Case {
        pool: Pool,
        a_to_b: bool,
        amount: u64,
    }

    fn cases() -> impl Strategy<Value = Case> {
        let sizes = (1u64 << 8..1 << 58, 0u32..40, 0u32..4, any::<bool>());
        let rates = (0u64..10_000_000, 0u32..=1_000_000, 6u8..=9, 6u8..=9, 0u16..3);
        (sizes, 1u64..12_000, rates, any::<bool>(), 0u32..40).prop_map(
            |((a, cut, apart, swap), amp, rates, a_to_b, small)| {
                // In 9 decimals both sides are near each other.
                let a = (a >> cut).max(1 << 20);
                let (fee, share, decimals_a, decimals_b, bps) = rates;
                let raw = |scaled: u64, decimals| (scaled / factor(decimals).unwrap()).max(1);
                let (big, small_side) = (a, a >> apart);
                let (a, b) = if swap { (small_side, big) } else { (big, small_side) };
                let mut pool = pool(raw(a, decimals_a), raw(b, decimals_b), amp);
                (pool.decimals_a, pool.decimals_b) = (decimals_a, decimals_b);
                (pool.fee_num, pool.protocol_ppm) = (fee, share);
                (pool.transfer_fee_bps_a, pool.transfer_fee_max_a) = (bps * 100, 1 << 30);
                let most = State::of(&pool).reserves(a_to_b).0;
                Case { pool, a_to_b, amount: ((most * 2) >> small).max(1) }
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn quotes_equal_the_big_model(case in cases()) {
            let Case { pool, a_to_b, amount } = case;
            let big = |n: u64| BigInt::from(n);
            let (fee_a, max_a) = (pool.transfer_fee_bps_a, pool.transfer_fee_max_a);
            let tax = |of: &BigInt, is_a: bool| if is_a { t22_fee(of, fee_a, max_a) } else { big(0) };
            let (r_in, r_out) = State::of(&pool).reserves(a_to_b);
            let (fa, fb) = (factor(pool.decimals_a).unwrap(), factor(pool.decimals_b).unwrap());
            let (up_in, up_out) = if a_to_b { (fa, fb) } else { (fb, fa) };
            let arrived = big(amount) - tax(&big(amount), a_to_b);
            let scaled = u64::try_from(&arrived * up_in).unwrap();
            let y = big_stable::stabble(pool.amp * 1000, r_in * up_in, r_out * up_out, scaled);
            let gross = y.map(|y| big(r_out * up_out) - y - 1);
            match quote_in(&pool, Around::NONE, a_to_b, amount) {
                Ok(quote) => {
                    let gross = gross.unwrap();
                    let net = &gross * (ONE - pool.fee_num) / ONE;
                    let owed = (gross - &net) * (u64::from(pool.protocol_ppm) * 1000) / ONE / up_out;
                    let sent = net / up_out;
                    prop_assert_eq!(big(quote.amount_out), &sent - tax(&sent, !a_to_b));
                    let mut after = pool;
                    let order = Order::exact_in(a_to_b, amount);
                    prop_assert_eq!(apply(&mut after, Around::NONE, &order), Ok(quote));
                    let left = State::of(&after).reserves(a_to_b);
                    prop_assert_eq!(big(left.0), big(r_in) + arrived);
                    prop_assert_eq!(big(left.1), big(r_out) - sent - owed);
                }
                Err(Fault::ZeroOut) => prop_assert!(gross.unwrap() / up_out <= big(2)),
                Err(fault) => prop_assert!(gross.is_none(), "{:?}", fault),
            }
        }

        #[test]
        fn the_least_input_is_least_and_chords_meet_the_quotes(case in cases()) {
            let Case { pool, a_to_b, amount } = case;
            let out = |amount| quote_in(&pool, Around::NONE, a_to_b, amount).map_or(0, |q| q.amount_out);
            prop_assert!(out(amount) <= out(amount + 1));
            if out(amount) > 0 {
                let least = min_in(&pool, Around::NONE, a_to_b, out(amount)).unwrap();
                prop_assert!(least <= amount && out(least) == out(amount));
                prop_assert!(out(least - 1) < out(amount));
            }
            let (mut cursor, mut given) = (Cursor::start(&pool), 0);
            while let Some(piece) = segment(&pool, Around::NONE, a_to_b, &mut cursor) {
                let (_, out_of) = piece.room().unwrap();
                given += out_of;
                prop_assert_eq!(given, u128::from(out(cursor.used)));
            }
        }
    }
}
