//! Pricing.
//!
//! Source: stable-swap-math/src/curve.rs `swap_to`, `compute_amp_factor` and
//! stable-swap-program/program/src/processor/swap.rs `process_swap` @39d5d4e. The program has no
//! exact output: such an order is answered by the smallest input that gives as much.

use crate::math::muldiv::{mul_div_ceil, mul_div_floor};
use crate::record::{Exact, Pool};

use super::super::around::Around;
use super::super::quote::{Fault, Order, Quote, State, Swapped, by_input};
use super::super::stable::Saber;

/// Parts of the fee: 100 %.
const PPM: u64 = 1_000_000;

/// The amplification at `unix_s`, which only a ramp needs to know.
fn amplification(pool: &Pool, unix_s: u64) -> Result<u64, Fault> {
    let (from, to) = (pool.amp, pool.amp_target);
    if unix_s == 0 {
        return if from == to { Ok(to) } else { Err(Fault::Moment) };
    }
    if unix_s >= pool.ramp_stop_s {
        return Ok(to);
    }
    let range = pool.ramp_stop_s.checked_sub(pool.ramp_start_s).ok_or(Fault::State)?;
    // Before the ramp the program fails.
    let passed = unix_s.checked_sub(pool.ramp_start_s).ok_or(Fault::State)?;
    let moved = mul_div_floor(from.abs_diff(to), passed, range).ok_or(Fault::State)?;
    let amp = if to >= from { from.checked_add(moved) } else { from.checked_sub(moved) };
    amp.ok_or(Fault::State)
}

/// Answers an order as the program does.
pub(in super::super) fn swap(pool: &Pool, around: Around<'_>, order: &Order) -> Swapped {
    let state = State::of(pool);
    let (r_in, r_out) = state.reserves(order.a_to_b);
    if r_in == 0 || r_out == 0 {
        return Err(Fault::ZeroReserve);
    }
    let kept = pool.fee_den.checked_sub(pool.fee_num).filter(|kept| *kept > 0);
    let (kept, den) = (kept.ok_or(Fault::Fee)?, pool.fee_den);
    let amp = amplification(pool, around.now.unix_s)?;
    let curve = Saber::through(amp, r_in, r_out).ok_or(Fault::Overflow)?;
    let swap_in = |amount_in: u64| {
        let r_in = r_in.checked_add(amount_in).ok_or(Fault::Overflow)?;
        let y = curve.other(r_in).ok_or(Fault::Overflow)?;
        let gross = r_out.checked_sub(y).and_then(|out| out.checked_sub(1));
        let gross = gross.ok_or(Fault::ZeroOut)?;
        let fee = mul_div_floor(gross, pool.fee_num, den).ok_or(Fault::Overflow)?;
        let admin = mul_div_floor(fee, pool.protocol_ppm.into(), PPM).ok_or(Fault::Overflow)?;
        let amount_out = gross.checked_sub(fee).filter(|out| *out > 0).ok_or(Fault::ZeroOut)?;
        let r_out = r_out.checked_sub(amount_out).and_then(|left| left.checked_sub(admin));
        let r_out = r_out.ok_or(Fault::Fee)?;
        // The fee is of what comes out.
        let quote = Quote { amount_in, amount_out, fee: 0, ticks_crossed: 0, complete: true };
        Ok((quote, state.with_reserves(order.a_to_b, r_in, r_out)))
    };
    match order.exact {
        Exact::In => swap_in(order.amount),
        Exact::Out => {
            if order.amount >= r_out {
                return Err(Fault::Reserve);
            }
            // The curve is the same seen from the other side.
            let gross = mul_div_ceil(order.amount, den, kept).unwrap_or(r_out);
            let left = r_out.saturating_sub(gross).saturating_sub(1).max(1);
            let guess = curve.other(left).map_or(1, |x| x.saturating_sub(r_in));
            by_input(order.amount, guess, swap_in)
        }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::super::around::Moment;
    use super::super::super::model::{big_stable, product_pool};
    use super::super::super::quote::{apply, min_in, quote_in, quote_out};
    use super::super::super::{Cursor, Segment, segment};
    use super::*;
    use crate::ids::Venue;
    use crate::record::Curve;
    use num_bigint::BigInt;
    use proptest::prelude::*;

    fn pool(a: u64, b: u64, amp: u64) -> Pool {
        let mut pool = product_pool(Venue::Saber, a, b, 4, 10_000);
        (pool.amp, pool.amp_target, pool.curve) = (amp, amp, Curve::Stable as u8);
        pool.protocol_ppm = 500_000;
        pool
    }

    fn at(unix_s: u64) -> Around<'static> {
        Around { now: Moment { slot: 0, unix_s }, ..Around::NONE }
    }

    /// By hand: D = 2 000 000 of balanced reserves; A = 100, 1 000 in: y is the root of
    /// y^2 + (x + D/200 - D) y = D^3 / (800 x).
    #[test]
    fn a_balanced_pool_gives_nearly_one_for_one() {
        let pool = pool(1_000_000, 1_000_000, 100);
        let quote = quote_in(&pool, Around::NONE, true, 1_000).unwrap();
        // y = 999 000.01..: floored 999 000, less one 999; the fee of 4 bps is 0.
        assert_eq!((quote.amount_in, quote.amount_out, quote.fee), (1_000, 999, 0));
        let mut after = pool;
        apply(&mut after, Around::NONE, &Order::exact_in(true, 500_000)).unwrap();
        let out = quote_in(&pool, Around::NONE, true, 500_000).unwrap().amount_out;
        let gross = (1..=u64::MAX).find(|gross| gross - gross * 4 / 10_000 == out).unwrap();
        let admin = gross * 4 / 10_000 / 2;
        assert_eq!((after.reserve_a, after.reserve_b), (1_500_000, 1_000_000 - out - admin));
    }

    #[test]
    fn the_amplification_moves_with_time_and_needs_it_only_then() {
        let mut pool = pool(1 << 40, 1 << 39, 100);
        let still = quote_in(&pool, Around::NONE, true, 1 << 30);
        assert_eq!(still, quote_in(&pool, at(12), true, 1 << 30));
        (pool.amp_target, pool.ramp_start_s, pool.ramp_stop_s) = (200, 1_000, 87_400);
        assert_eq!(quote_in(&pool, Around::NONE, true, 1), Err(Fault::Moment));
        assert_eq!(quote_in(&pool, at(999), true, 1 << 30), Err(Fault::State));
        for (unix_s, amp) in [(1_000, 100), (44_200, 150), (87_399, 199), (87_400, 200)] {
            assert_eq!(amplification(&pool, unix_s), Ok(amp));
        }
        (pool.amp, pool.amp_target) = (200, 100);
        for (unix_s, amp) in [(1_000, 200), (44_200, 150), (87_399, 101), (90_000, 100)] {
            assert_eq!(amplification(&pool, unix_s), Ok(amp));
        }
        pool.ramp_stop_s = 500;
        assert_eq!(amplification(&pool, 400), Err(Fault::State));
    }

    #[test]
    fn what_the_program_refuses_is_refused_by_name() {
        let refused = |pool: &Pool, amount| quote_in(pool, Around::NONE, true, amount).unwrap_err();
        assert_eq!(refused(&pool(0, 5, 9), 1), Fault::ZeroReserve);
        assert_eq!(refused(&pool(1000, 1000, 0), 1), Fault::Overflow);
        assert_eq!(refused(&pool(1000, 1000, 9), 1), Fault::ZeroOut);
        assert_eq!(refused(&pool(1000, 1000, 9), u64::MAX), Fault::Overflow);
        assert_eq!(refused(&pool(1 << 63, 1000, 9), 1), Fault::Overflow);
        assert_eq!(quote_out(&pool(9, 9, 9), Around::NONE, true, 9), Err(Fault::Reserve));
        let mut odd = pool(1000, 1000, 9);
        odd.fee_num = odd.fee_den;
        assert_eq!(refused(&odd, 50), Fault::Fee);
    }

    #[derive(Debug, Clone)]
    struct Case {
        pool: Pool,
        a_to_b: bool,
        amount: u64,
    }

    fn cases() -> impl Strategy<Value = Case> {
        let near = (1u64 << 8..1 << 58, 0u32..40, 0u32..6, any::<bool>());
        (near, 1u64..1_000_000, (0u64..500, 0u32..=1_000_000), any::<bool>(), 0u32..64).prop_map(
            |((a, cut, apart, swap), amp, (fee, admin), a_to_b, small)| {
                let a = (a >> cut).max(64);
                let b = (a >> apart).max(1);
                let mut pool = if swap { pool(b, a, amp) } else { pool(a, b, amp) };
                (pool.fee_num, pool.protocol_ppm) = (fee, admin);
                Case { pool, a_to_b, amount: ((a * 2) >> small).max(1) }
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn quotes_equal_the_big_model(case in cases()) {
            let Case { pool, a_to_b, amount } = case;
            let (r_in, r_out) = State::of(&pool).reserves(a_to_b);
            let y = big_stable::saber(pool.amp, r_in, r_out, amount);
            let gross = BigInt::from(r_out) - y - 1;
            match quote_in(&pool, Around::NONE, a_to_b, amount) {
                Ok(quote) => {
                    let fee = &gross * pool.fee_num / pool.fee_den;
                    prop_assert_eq!(BigInt::from(quote.amount_out), &gross - &fee);
                    let mut after = pool;
                    let order = Order::exact_in(a_to_b, amount);
                    prop_assert_eq!(apply(&mut after, Around::NONE, &order), Ok(quote));
                    let admin = fee * pool.protocol_ppm / PPM;
                    let (after_in, after_out) = State::of(&after).reserves(a_to_b);
                    prop_assert_eq!(after_in, r_in + amount);
                    prop_assert_eq!(BigInt::from(after_out), r_out - quote.amount_out - admin);
                }
                Err(fault) => {
                    prop_assert_eq!(fault, Fault::ZeroOut);
                    prop_assert!(gross <= BigInt::from(1));
                }
            }
        }

        #[test]
        fn the_least_input_is_least_and_more_gives_no_less(case in cases()) {
            let Case { pool, a_to_b, amount } = case;
            let out = |amount| quote_in(&pool, Around::NONE, a_to_b, amount).map_or(0, |q| q.amount_out);
            prop_assert!(out(amount) <= out(amount + 1));
            if out(amount) > 0 {
                let least = min_in(&pool, Around::NONE, a_to_b, out(amount)).unwrap();
                prop_assert!(least <= amount && out(least) == out(amount));
                prop_assert!(out(least - 1) < out(amount));
                let back = quote_out(&pool, Around::NONE, a_to_b, out(amount)).unwrap();
                prop_assert_eq!((back.amount_in, back.amount_out), (least, out(least)));
            }
        }

        #[test]
        fn chords_lie_on_the_quotes_at_their_ends(case in cases()) {
            let Case { pool, a_to_b, .. } = case;
            let (mut cursor, mut sum, mut pieces) = (Cursor::start(&pool), (0u64, 0u64), 0);
            while let Some(piece) = segment(&pool, Around::NONE, a_to_b, &mut cursor) {
                let Segment::Price { num, den, out, .. } = piece else { panic!() };
                prop_assert_eq!(num, u128::from(out));
                sum = (sum.0 + u64::try_from(den).unwrap(), sum.1 + out);
                let quote = quote_in(&pool, Around::NONE, a_to_b, sum.0).unwrap();
                prop_assert_eq!(quote.amount_out, sum.1);
                pieces += 1;
            }
            prop_assert!(pieces <= 24);
        }
    }
}
