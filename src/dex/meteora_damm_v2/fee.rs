//! The fee of a pool of DAMM v2 or DBC: a base, constant or on its way to become so, and what
//! volatility adds.
//!
//! | mode | base fee |
//! |---|---|
//! | 0, 1 | falls by time, from `cliff` on, `periods` times: by `reduction`, or to `1 - reduction / 10^4` of it |
//! | 2 | `cliff`, and more of large amounts of b until `duration` is over |
//! | 3, 4 | falls as the price rises, until `duration` is over (DAMM v2 alone) |
//!
//! A record holds a fee that is constant, or was a schedule which is over, or falls by time. A pool whose
//! fee depends on amount or price is unsupported until it does no more; its fee is then the first.
//!
//! Volatility adds `ceil(control * accumulator^2 / 10^11)`. The accumulator of a swap is the one that the
//! swap before left, so that no moment is needed to know the fee; the moment says what is left to the next:
//!
//! ```text
//! from = price before, if the filter's seconds are over; reference: kept | reduced | 0 after the decay's
//! accumulator = min(reference + 10^4 * 2 * ((high * 2^64 / low - 2^64) / step), max)
//! ```
//!
//! Source: MeteoraAg/damm-v2 programs/cp-amm/src/{base_fee, state/fee.rs, math/fee_math.rs} @a3d3827,
//! MeteoraAg/dynamic-bonding-curve programs/dynamic-bonding-curve/src/{base_fee, state/{fee,config}.rs}
//! @b4f9547.

use super::super::accounts::{AccountFault, Unsupported};
use super::super::around::{AroundMut, Moment};
use super::super::meteora_dlmm::power;
use super::super::quote::{Fault, Order, Quote, State};
use super::super::volatility::variable_fee;
use crate::bytes::{u8_at, u16_at, u32_at, u128_at};
use crate::math::muldiv::mul_div_floor_u128;
use crate::record::Pool;

/// Parts of a fee rate.
pub(in super::super) const FEE_DEN: u64 = 1_000_000_000;
/// constants.rs `BIN_STEP_BPS_U128_DEFAULT`: the one step of the price there is, 1 bps, Q64.64.
const STEP: u128 = 1_844_674_407_370_955;
/// get_variable_fee: what control and squared accumulator are scaled by.
const SCALE: u64 = 100_000_000_000;
const BPS: u64 = 10_000;

/// How the fee moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Moves {
    /// Not at all.
    Never,
    /// At every `frequency` points until there were `periods`.
    ByTime { frequency: u64 },
    /// With the price until `duration` points are over; then it is that of the last period.
    ByPrice { duration: u64 },
    /// With the amount until `duration` points are over; then it is the first again.
    ByAmount { duration: u64 },
}

/// A base fee.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct BaseFee {
    pub(in super::super) moves: Moves,
    /// The first fee, parts of 10^9.
    pub(in super::super) cliff: u64,
    pub(in super::super) periods: u16,
    pub(in super::super) reduction: u64,
    /// Each period leaves a part of the fee instead of taking an amount from it.
    pub(in super::super) exponential: bool,
}

impl BaseFee {
    /// The fee after so many periods.
    fn after(&self, periods: u16) -> Option<u64> {
        if self.reduction == 0 {
            return Some(self.cliff);
        }
        if !self.exponential {
            return self.cliff.checked_sub(self.reduction.checked_mul(periods.into())?);
        }
        let part = u128::from(self.reduction).checked_shl(64)?.checked_div(BPS.into())?;
        let left = power((1u128 << 64).checked_sub(part)?, periods.into())?;
        u64::try_from(left.checked_mul(self.cliff.into())? >> 64).ok()
    }

    /// The fee at the point `now`, and whether it stays; `None` when it has none.
    fn settled(&self, opened: u64, now: Option<u64>) -> Option<(u64, bool)> {
        let now = now.unwrap_or(0);
        let past =
            |duration: u64| u128::from(now) > u128::from(opened).saturating_add(duration.into());
        let last = self.after(self.periods);
        match self.moves {
            Moves::Never => Some((self.cliff, true)),
            Moves::ByTime { frequency } => {
                let whole = u128::from(frequency).checked_mul(self.periods.into())?;
                let over = u128::from(now) >= whole.checked_add(opened.into())?;
                Some(if over { (last?, true) } else { (self.cliff, false) })
            }
            Moves::ByPrice { duration } if past(duration) => Some((last?, true)),
            Moves::ByPrice { .. } => Some((self.cliff, false)),
            Moves::ByAmount { duration } => Some((self.cliff, past(duration))),
        }
    }

    /// Writes the fee, of which at most `max` is taken, into `pool`, which opened at the point `opened`.
    /// `now` is a point, second (`by_time`) or slot, that is not after the present.
    pub(in super::super) fn fill(
        &self,
        pool: &mut Pool,
        max: u64,
        (opened, now): (u64, Option<u64>),
        by_time: bool,
    ) -> Result<Option<Unsupported>, AccountFault> {
        let (fee, stays) = self.settled(opened, now).ok_or(AccountFault::Fee)?;
        (pool.fee_num, pool.fee_den, pool.fee_max) = (fee.min(max), FEE_DEN, max);
        pool.present |= Pool::FEE_MAX;
        if stays {
            return Ok(None);
        }
        let Moves::ByTime { frequency } = self.moves else {
            return Ok(Some(Unsupported::FeeSchedule));
        };
        // A schedule that ends below nothing is refused here, not at the quote.
        self.after(self.periods).ok_or(AccountFault::Fee)?;
        pool.fee_num = fee;
        (pool.fall_start, pool.fall_every) = (opened, frequency);
        (pool.fall_step, pool.fall_count) = (self.reduction, self.periods);
        (pool.fall_mode, pool.fall_by) = (u8::from(self.exponential), u8::from(by_time));
        pool.present |= Pool::FEE_FALLS;
        Ok(None)
    }
}

/// What moves of volatility: Unix seconds of the last change, the square root of the price that moves
/// are measured from, accumulator and reference.
pub(in super::super) type Tracker = (u64, [u128; 3]);

/// Writes volatility's part of the fee into `pool`: its rules, which begin with the byte that says whether
/// there are any, and where it stands.
pub(in super::super) fn volatility(
    pool: &mut Pool,
    rules: &[u8],
    (last_s, [from, accumulator, reference]): Tracker,
) -> Result<Option<Unsupported>, AccountFault> {
    let short = AccountFault::WrongLen;
    if u8_at(rules, 0).ok_or(short)? == 0 {
        return Ok(None);
    }
    let word = |at| u32_at(rules, at).ok_or(short);
    let half = |at| u16_at(rules, at).ok_or(short);
    let narrow = |wide: u128| u32::try_from(wide).map_err(|_| AccountFault::Value);
    if (half(16)?, u128_at(rules, 32).ok_or(short)?) != (1, STEP) {
        return Ok(Some(Unsupported::AdaptiveFee));
    }
    (pool.vol_max, pool.vol_control) = (word(8)?, word(12)?);
    (pool.vol_filter_s, pool.vol_decay_s, pool.vol_reduction_bps) =
        (half(18)?, half(20)?, half(22)?);
    (pool.vol_acc, pool.vol_ref) = (narrow(accumulator)?, narrow(reference)?);
    (pool.vol_last_s, pool.vol_sqrt) = (last_s, from);
    pool.present |= Pool::VOLATILITY | Pool::VOL_SQRT;
    Ok(None)
}

/// The fee of a swap at `now`: numerator and denominator.
pub(in super::super) fn rate(pool: &Pool, now: Moment) -> Result<(u64, u64), Fault> {
    let mut fee = pool.fee_num;
    if pool.present & Pool::FEE_FALLS != 0 {
        fee = fallen(pool, now)?;
    }
    if pool.present & Pool::VOLATILITY != 0 {
        if pool.fee_den != FEE_DEN {
            return Err(Fault::Fee);
        }
        let more = variable_fee(pool.vol_control, pool.vol_acc, 1, SCALE).ok_or(Fault::Overflow)?;
        let more = u64::try_from(more).map_err(|_| Fault::Overflow)?;
        fee = fee.checked_add(more).ok_or(Fault::Overflow)?;
    }
    if pool.present & Pool::FEE_MAX != 0 {
        fee = fee.min(pool.fee_max);
    }
    Ok((fee, pool.fee_den))
}

/// A base fee that falls by time, fee_time_scheduler.rs `get_base_fee_numerator`.
fn fallen(pool: &Pool, now: Moment) -> Result<u64, Fault> {
    let now = if pool.fall_by == 0 { now.slot } else { now.unix_s };
    if now == 0 {
        return Err(Fault::Moment);
    }
    let passed = now.checked_sub(pool.fall_start).ok_or(Fault::Disabled)?;
    let passed = passed.checked_div(pool.fall_every).ok_or(Fault::State)?;
    let base = BaseFee {
        moves: Moves::Never,
        cliff: pool.fee_num,
        periods: pool.fall_count,
        reduction: pool.fall_step,
        exponential: pool.fall_mode != 0,
    };
    let periods = u16::try_from(passed).unwrap_or(u16::MAX).min(pool.fall_count);
    base.after(periods).ok_or(Fault::Fee)
}

/// What a swap that leaves the state `after` makes of volatility, state/pool.rs `update_pre_swap` and
/// `update_post_swap`.
pub(in super::super) fn settle(
    pool: &mut Pool,
    around: &mut AroundMut<'_>,
    _: &Order,
    _: &Quote,
    after: &State,
) -> Result<(), Fault> {
    if pool.present & Pool::VOLATILITY == 0 {
        return Ok(());
    }
    let now_s = around.now.unix_s;
    if now_s == 0 {
        return Err(Fault::Moment);
    }
    let elapsed_s = now_s.saturating_sub(pool.vol_last_s);
    let (mut from, mut reference) = (pool.vol_sqrt, pool.vol_ref);
    if elapsed_s >= pool.vol_filter_s.into() {
        from = pool.sqrt_price;
        reference = 0;
        if elapsed_s < pool.vol_decay_s.into() {
            let kept = u64::from(pool.vol_acc).saturating_mul(pool.vol_reduction_bps.into());
            reference = u32::try_from(kept / BPS).map_err(|_| Fault::Overflow)?;
        }
    }
    let moved = steps(after.sqrt_price, from)?.checked_mul(BPS.into()).ok_or(Fault::Overflow)?;
    let sum = moved.checked_add(reference.into()).ok_or(Fault::Overflow)?;
    let crossed = steps(pool.sqrt_price, after.sqrt_price)? > 0;
    (pool.vol_sqrt, pool.vol_ref) = (from, reference);
    pool.vol_acc = u32::try_from(sum).unwrap_or(u32::MAX).min(pool.vol_max);
    if crossed {
        pool.vol_last_s = now_s;
    }
    Ok(())
}

/// Steps of the price between two square roots of it, two for each of the root's.
fn steps(a: u128, b: u128) -> Result<u128, Fault> {
    const ONE: u128 = 1 << 64;
    let ratio = mul_div_floor_u128(a.max(b), ONE, a.min(b)).ok_or(Fault::Overflow)?;
    let steps = ratio.checked_sub(ONE).and_then(|apart| apart.checked_div(STEP));
    steps.and_then(|steps| steps.checked_mul(2)).ok_or(Fault::State)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::super::around::Around;
    use super::*;
    use crate::record::Layout;

    const NONE: Around<'static> = Around::NONE;

    const FEE: BaseFee = BaseFee {
        moves: Moves::Never,
        cliff: 500_000_000,
        periods: 10,
        reduction: 40_000_000,
        exponential: false,
    };

    #[test]
    fn a_schedule_ends_with_its_last_period() {
        let linear = BaseFee { moves: Moves::ByTime { frequency: 60 }, ..FEE };
        assert_eq!(linear.settled(1000, Some(1599)), Some((500_000_000, false)));
        assert_eq!(linear.settled(1000, Some(1600)), Some((100_000_000, true)));
        assert_eq!(linear.settled(1000, None), Some((500_000_000, false)));
        let exponential = BaseFee { exponential: true, reduction: 1000, ..linear };
        // 0.9^10 of a half, rounded down at each of the program's steps.
        assert_eq!(exponential.settled(1000, Some(9999)), Some((174_339_220, true)));
        let sinks = BaseFee { reduction: 50_000_001, ..linear };
        assert_eq!(sinks.settled(0, Some(600)), None);
        assert_eq!(BaseFee { exponential: true, reduction: 10_001, ..linear }.after(10), None);
        assert_eq!(
            BaseFee { exponential: true, reduction: 0, ..linear }.after(10),
            Some(500_000_000)
        );
    }

    #[test]
    fn limits_by_price_and_by_amount_end() {
        let price = BaseFee { moves: Moves::ByPrice { duration: 60 }, ..FEE };
        assert_eq!(price.settled(1000, Some(1060)), Some((500_000_000, false)));
        assert_eq!(price.settled(1000, Some(1061)), Some((100_000_000, true)));
        let amount = BaseFee { moves: Moves::ByAmount { duration: 60 }, ..FEE };
        assert_eq!(amount.settled(1000, Some(1060)), Some((500_000_000, false)));
        assert_eq!(amount.settled(1000, Some(1061)), Some((500_000_000, true)));
        assert_eq!(FEE.settled(u64::MAX, None), Some((500_000_000, true)));
    }

    #[test]
    fn a_record_holds_the_fee_and_what_it_lacks() {
        let mut pool = Pool::new(0);
        let price = BaseFee { moves: Moves::ByPrice { duration: 60 }, ..FEE };
        let open = price.fill(&mut pool, 400_000_000, (5, Some(9)), false);
        assert_eq!((open, pool.fee_num), (Ok(Some(Unsupported::FeeSchedule)), 400_000_000));
        assert_eq!(price.fill(&mut pool, 400_000_000, (5, Some(99)), false), Ok(None));
        assert_eq!((pool.fee_num, pool.fee_den), (100_000_000, FEE_DEN));
        assert_eq!(pool.present & Pool::FEE_FALLS, 0);
    }

    #[test]
    fn a_fee_falls_with_the_slot_or_the_second() {
        for (by_time, exponential) in [(false, false), (true, false), (true, true)] {
            let reduction = if exponential { 1000 } else { 40_000_000 };
            let moves = Moves::ByTime { frequency: 60 };
            let base = BaseFee { moves, reduction, exponential, ..FEE };
            let mut pool = Pool::new(0);
            let filled = base.fill(&mut pool, 450_000_000, (1000, Some(1060)), by_time);
            assert_eq!((filled, pool.invalid()), (Ok(None), None));
            let at = |now| {
                let now = if by_time {
                    Moment { slot: 7, unix_s: now }
                } else {
                    Moment { slot: now, unix_s: 0 }
                };
                rate(&pool, now).map(|(fee, _)| fee)
            };
            assert_eq!(at(0), Err(Fault::Moment));
            assert_eq!(at(999), Err(Fault::Disabled), "it is not open");
            assert_eq!((at(1000), at(1059)), (Ok(450_000_000), Ok(450_000_000)), "the cap holds");
            let (two, ten) =
                if exponential { (405_000_000, 174_339_220) } else { (420_000_000, 100_000_000) };
            assert_eq!((at(1120), at(1600), at(u64::MAX)), (Ok(two), Ok(ten), Ok(ten)));
        }
    }

    /// A pool of volatility: control 40 000, at most 350 000, filter 10 s, decay 120 s, half kept.
    fn moving() -> Pool {
        let mut pool = Pool::new(0);
        (pool.fee_num, pool.fee_den, pool.sqrt_price) = (2_500_000, FEE_DEN, 1 << 64);
        pool.present = Pool::SQRT_PRICE;
        let mut rules = vec![0; 48];
        rules[0] = 1;
        rules[8..12].copy_from_slice(&350_000_u32.to_le_bytes());
        rules[12..16].copy_from_slice(&40_000_u32.to_le_bytes());
        for (at, half) in [(16, 1_u16), (18, 10), (20, 120), (22, 5000)] {
            rules[at..at + 2].copy_from_slice(&half.to_le_bytes());
        }
        rules[32..].copy_from_slice(&STEP.to_le_bytes());
        assert_eq!(volatility(&mut pool, &rules, (1000, [1 << 64, 100_000, 20_000])), Ok(None));
        rules[16] = 2;
        let other = volatility(&mut { pool }, &rules, (0, [0; 3]));
        assert_eq!(other, Ok(Some(Unsupported::AdaptiveFee)));
        assert_eq!(volatility(&mut { pool }, &[0; 48], (0, [0; 3])), Ok(None));
        assert_eq!(pool.invalid(), None);
        pool
    }

    #[test]
    fn volatility_is_of_the_swap_before_and_left_to_the_next() {
        let pool = moving();
        // ceil(40 000 * 100 000^2 / 10^11) = 4000.
        assert_eq!(rate(&pool, Moment::default()), Ok((2_504_000, FEE_DEN)));
        let swap = |pool: &Pool, now_s: u64, sqrt_price: u128| {
            let (mut pool, now) = (*pool, Moment { slot: 0, unix_s: now_s });
            let mut around = AroundMut::from(Around { now, ..NONE });
            let after = State { sqrt_price, ..State::of(&pool) };
            let order = Order::exact_in(true, 1);
            settle(&mut pool, &mut around, &order, &Quote::default(), &after).map(|()| pool)
        };
        let left = |now_s, sqrt_price| {
            let pool = swap(&pool, now_s, sqrt_price).unwrap();
            (pool.vol_ref, pool.vol_acc, pool.vol_last_s)
        };
        // 3 steps of 1 bps of the root are 6 of the price.
        let (one, up) = (1_u128 << 64, (1 << 64) + 3 * STEP);
        assert_eq!(left(1009, up), (20_000, 80_000, 1009), "within the filter");
        assert_eq!(left(1010, up), (50_000, 110_000, 1010), "reduced");
        assert_eq!(left(1120, up), (0, 60_000, 1120), "forgotten");
        assert_eq!(left(1120, one + STEP - 1), (0, 0, 1000), "no step was crossed");
        assert_eq!(left(1010, one * 2), (50_000, 350_000, 1010), "at most the highest");
        assert_eq!(left(1010, one / 2), (50_000, 350_000, 1010));
        assert!(matches!(swap(&pool, 0, up), Err(Fault::Moment)));
        assert!(matches!(swap(&pool, 1120, 0), Err(Fault::Overflow)));
        let before = swap(&pool, 1010, up).unwrap();
        assert_eq!(before.vol_sqrt, one);
        let moved = Pool { sqrt_price: up, ..before };
        assert_eq!(
            swap(&moved, 1015, one).unwrap().vol_acc,
            50_000,
            "back where moves are measured from"
        );
    }
}
