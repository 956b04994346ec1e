//! A whole cycle as one function of its input, `F(x) = K x / (M + N x)`, in exact integers.
//!
//! Each hop `out = keep_out * s * g * x / (r + g * x)`, with `g = num / den`, folds in by
//!
//! ```text
//! K' = K * num * s      M' = M * den * r      N' = N * den * r + K * num      (each times keep_out)
//! ```
//!
//! With a flash loan at `f / d` of the principal (facts: arb.md section 2.3):
//!
//! ```text
//! a gain exists             <=>  K d > M (d + f)
//! a gain above C exists     <=>  t = K d + M (d + f) - N d C > 0  and  t^2 > 4 K M (d + f) d
//! the best input             =   (isqrt(K M d / (d + f)) - M) / N, rounded down
//! ```
//!
//! A level of a book or a bin is flat: its `K num` does not enter `N'`. A cycle of such pieces alone has
//! `N = 0`, and its best input is wherever the first of them ends.
//!
//! Every program rounds against the trader, so the real gain bounds the integer one from above.
//!
//! [`Cycle`] answers with 128-bit blocks, whose error is known, and asks the exact [`Moebius`] where
//! that error could decide.

use ruint::Uint;
use std::cmp::Ordering;

use super::block::Block;
use super::curve::Curve;
use crate::math::root::isqrt;
use crate::math::wide::to_u128;

/// Four hops of reserves below 2^96 with two fees below 2^34 each fit.
pub(super) type Wide = Uint<768, 12>;
type Double = Uint<1536, 24>;

/// The price of borrowed principal as a ratio: `num / den` of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate {
    pub(super) num: u64,
    pub(super) den: u64,
}

impl Rate {
    /// Own funds.
    pub(super) const FREE: Self = Self { num: 0, den: 1 };
}

/// `F(x) = k x / (m + n x)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moebius {
    pub(super) k: Wide,
    pub(super) m: Wide,
    pub(super) n: Wide,
}

impl Moebius {
    /// `F(x) = x`.
    pub(super) const IDENTITY: Self = Self { k: Wide::ONE, m: Wide::ONE, n: Wide::ZERO };

    /// The function of the cycle `hops`. `None` when it does not fit.
    pub(super) fn of(hops: &[Curve]) -> Option<Self> {
        hops.iter().try_fold(Self::IDENTITY, |cycle, hop| cycle.then(hop))
    }

    /// This followed by `hop`.
    fn then(&self, hop: &Curve) -> Option<Self> {
        let (r, s) = (Wide::from(hop.r), Wide::from(hop.s));
        let (num, den) = (Wide::from(hop.keep_in.num), Wide::from(hop.keep_in.den));
        let k = self.k.checked_mul(num)?;
        let depth = den.checked_mul(r)?;
        let mut next = Self {
            k: k.checked_mul(s)?,
            m: self.m.checked_mul(depth)?,
            n: self.n.checked_mul(depth)?.checked_add(if hop.flat { Wide::ZERO } else { k })?,
        };
        if hop.keep_out.num != hop.keep_out.den {
            let (num, den) = (Wide::from(hop.keep_out.num), Wide::from(hop.keep_out.den));
            next.k = next.k.checked_mul(num)?;
            next.m = next.m.checked_mul(den)?;
            next.n = next.n.checked_mul(den)?;
        }
        Some(next)
    }

    /// Whether any input gains. `None` when the numbers do not fit.
    pub(super) fn gains(&self, flash: Rate) -> Option<bool> {
        let (kd, mdf) = self.sides(flash)?;
        Some(kd > mdf)
    }

    /// Whether any input gains more than `cost`. `None` when the numbers do not fit.
    pub(super) fn gains_above(&self, flash: Rate, cost: u128) -> Option<bool> {
        let (kd, mdf) = self.sides(flash)?;
        let charged = Double::from(self.n)
            .checked_mul(Double::from(flash.den))?
            .checked_mul(Double::from(cost))?;
        let both = Double::from(kd).checked_add(Double::from(mdf))?;
        let Some(t) = both.checked_sub(charged).filter(|t| !t.is_zero()) else {
            return Some(false);
        };
        let four = Double::from(kd).checked_mul(Double::from(mdf))?.checked_shl(2)?;
        Some(t.checked_mul(t)? > four)
    }

    /// Whether the real gain of `input` is at least `gain`: `K x d >= (gain d + x (d + f)) (M + N x)`.
    /// `None` when the numbers do not fit.
    pub(super) fn reaches(&self, flash: Rate, input: u64, gain: i128) -> Option<bool> {
        let Ok(gain) = u128::try_from(gain) else { return Some(true) };
        let (x, den) = (Double::from(input), Double::from(flash.den));
        let owed = den.checked_add(Double::from(flash.num))?.checked_mul(x)?;
        let owed = den.checked_mul(Double::from(gain))?.checked_add(owed)?;
        let depth = Double::from(self.m).checked_add(Double::from(self.n).checked_mul(x)?)?;
        Some(Double::from(self.k).checked_mul(x)?.checked_mul(den)? >= owed.checked_mul(depth)?)
    }

    /// The input at which the real gain is largest, rounded down and to 128 bits; 0 when none
    /// gains. `None` when the numbers do not fit.
    pub(super) fn best_input(&self, flash: Rate) -> Option<u128> {
        let square = Double::from(self.k)
            .checked_mul(Double::from(self.m))?
            .checked_mul(Double::from(flash.den))?
            .checked_div(Double::from(flash.den).checked_add(Double::from(flash.num))?)?;
        let root = isqrt(square);
        let Some(above) = root.checked_sub(Double::from(self.m)) else { return Some(0) };
        if above.is_zero() {
            return Some(0);
        }
        if self.n.is_zero() {
            return Some(u128::MAX);
        }
        let input = above.checked_div(Double::from(self.n))?;
        Some(to_u128(&input).unwrap_or(u128::MAX))
    }

    /// `K d` and `M (d + f)`.
    fn sides(&self, flash: Rate) -> Option<(Wide, Wide)> {
        let den = Wide::from(flash.den);
        let owed = den.checked_add(Wide::from(flash.num))?;
        Some((self.k.checked_mul(den)?, self.m.checked_mul(owed)?))
    }
}

/// A cycle with the answers that every candidate is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cycle<'a> {
    hops: &'a [Curve],
    k: Block,
    m: Block,
    n: Block,
}

// Each coefficient of four hops is off by less than 2^-118 of itself: at most twenty operations of
// 2^-124 each. From that follow the distances below which exact integers decide.

/// Two products of coefficients whose order is sure when they are 2^-100 apart.
const SIDES: i32 = 100;

/// A difference that is at least 2^-36 of what it was taken from keeps 80 bits.
const DIFFERENCE: i32 = 36;

/// Squares and products of such differences whose order is sure when they are 2^-70 apart.
const SQUARES: i32 = 70;

/// Fraction bits of results in whole units.
const FRACTION: u32 = 20;

impl<'a> Cycle<'a> {
    /// The cycle `hops`.
    #[inline]
    pub(super) fn of(hops: &'a [Curve]) -> Self {
        let one = Block::of(1);
        let mut cycle = Self { hops, k: one, m: one, n: Block::ZERO };
        for hop in hops {
            let k = cycle.k.times(Block::of(u128::from(hop.keep_in.num)));
            let depth = fine(hop.r, hop.keep_in.den);
            let n = cycle.n.times(depth);
            cycle.n = if hop.flat { n } else { n.plus(k) };
            cycle.k = cycle.k.times(fine(hop.s, hop.keep_in.num));
            cycle.m = cycle.m.times(depth);
            if hop.keep_out.num != hop.keep_out.den {
                let [num, den] =
                    [hop.keep_out.num, hop.keep_out.den].map(u128::from).map(Block::of);
                cycle.k = cycle.k.times(num);
                (cycle.m, cycle.n) = (cycle.m.times(den), cycle.n.times(den));
            }
        }
        cycle
    }

    /// Whether any input gains. `None` when the numbers do not fit.
    #[inline]
    pub(super) fn gains(&self, flash: Rate) -> Option<bool> {
        let (kd, mdf) = self.sides(flash);
        apart(kd, mdf, SIDES).or_else(|| Moebius::of(self.hops)?.gains(flash))
    }

    /// Whether any input gains more than `cost`. `None` when the numbers do not fit.
    #[inline]
    pub(super) fn gains_above(&self, flash: Rate, cost: u128) -> Option<bool> {
        self.fast_above(flash, cost).or_else(|| Moebius::of(self.hops)?.gains_above(flash, cost))
    }

    #[inline]
    fn fast_above(&self, flash: Rate, cost: u128) -> Option<bool> {
        let (kd, mdf) = self.sides(flash);
        let charged = self.n.times(Block::of(u128::from(flash.den))).times(Block::of(cost));
        let both = kd.plus(mdf);
        if !apart(both, charged, SIDES)? {
            return Some(false);
        }
        let t = both.minus(charged);
        if t.is_below(both, DIFFERENCE) {
            return None;
        }
        apart(t.times(t), kd.times(mdf).times(Block::of(4)), SQUARES)
    }

    /// The input at which the real gain is largest, in units of 2^-`shift`, rounded down to them when
    /// `shift` is 0 and to within a small part of a whole unit else; 0 when none gains, `u128::MAX`
    /// when more always gains. `None` when the numbers do not fit.
    #[inline]
    pub(super) fn best_input(&self, flash: Rate, shift: u32) -> Option<u128> {
        self.fast_input(flash, shift).or_else(|| Moebius::of(self.hops)?.best_input(flash))
    }

    /// With `A = K d` and `B = M (d + f)` the best input is
    /// `(sqrt(A B) - B) / (N (d + f)) = B (A - B) / ((sqrt(A B) + B) N (d + f))`.
    #[inline]
    fn fast_input(&self, flash: Rate, shift: u32) -> Option<u128> {
        let (a, b) = self.sides(flash);
        if !apart(a, b, SIDES)? {
            return Some(0);
        }
        if self.n.is_zero() {
            return Some(u128::MAX);
        }
        let above = a.minus(b);
        if above.is_below(a, DIFFERENCE) {
            return None;
        }
        let owed = Block::of(u128::from(flash.den).wrapping_add(u128::from(flash.num)));
        let below = a.times(b).root().plus(b).times(self.n).times(owed);
        let input = b.times(above).over(below, FRACTION.cast_signed())?;
        let error = (input >> 79).checked_add(2)?;
        let whole = FRACTION.checked_add(shift)?;
        let (low, high) = (input.saturating_sub(error), input.checked_add(error)?);
        (low >> whole == high >> whole).then_some(input >> FRACTION)
    }

    /// `K d` and `M (d + f)`.
    #[inline]
    fn sides(&self, flash: Rate) -> (Block, Block) {
        if flash == Rate::FREE {
            return (self.k, self.m);
        }
        let owed = u128::from(flash.den).wrapping_add(u128::from(flash.num));
        (self.k.times(Block::of(u128::from(flash.den))), self.m.times(Block::of(owed)))
    }
}

/// `reserve * fee` of 128 and 64 bits.
#[inline]
fn fine(reserve: u128, fee: u64) -> Block {
    match u64::try_from(reserve) {
        Ok(reserve) => Block::product(reserve, fee),
        Err(_) => Block::of(reserve).times(Block::of(u128::from(fee))),
    }
}

/// Whether `a` is above `b`, if they are farther apart than 2^-`bits` of themselves.
#[inline]
fn apart(a: Block, b: Block, bits: i32) -> Option<bool> {
    let above = a.order(b) == Ordering::Greater;
    let (high, low) = if above { (a, b) } else { (b, a) };
    (!high.minus(low).is_below(high, bits)).then_some(above)
}

/// How much of the real optimum rounding can cost, in units of the token that comes back: for each
/// hop one unit of its input and one of its output, as often as `roundings` says, at the marginal
/// rates of what follows. Rounded up; `u64::MAX` when it does not fit.
pub(super) fn rounding_bound(hops: &[Curve], roundings: &[u64]) -> u64 {
    let exact = || u64::try_from(to_u128(&bound(hops, roundings)?)?).ok();
    fast_bound(hops, roundings).or_else(exact).unwrap_or(u64::MAX)
}

/// The same in blocks; `None` where their error could decide.
fn fast_bound(hops: &[Curve], roundings: &[u64]) -> Option<u64> {
    let (mut sum, mut rate, mut below) = (Block::ZERO, Block::of(1), Block::of(1));
    for (hop, times) in hops.iter().zip(roundings).rev() {
        let up = fine(hop.s, hop.keep_in.num).times(Block::of(u128::from(hop.keep_out.num)));
        let down = fine(hop.r, hop.keep_in.den).times(Block::of(u128::from(hop.keep_out.den)));
        let times = Block::of(u128::from(*times));
        sum = sum.plus(rate.times(times)).times(down);
        rate = rate.times(up);
        sum = sum.plus(rate.times(times));
        below = below.times(down);
    }
    let least = sum.over(below, FRACTION.cast_signed())?;
    let most = least.checked_add(least >> 90)?.checked_add(2)?;
    let up = |value: u128| value.div_ceil(1 << FRACTION);
    (up(least) == up(most)).then(|| u64::try_from(up(least)).ok())?
}

fn bound(hops: &[Curve], roundings: &[u64]) -> Option<Wide> {
    // sum / below is the bound so far, rate / below the marginal rate from here on.
    let (mut sum, mut rate, mut below) = (Wide::ZERO, Wide::ONE, Wide::ONE);
    for (hop, times) in hops.iter().zip(roundings).rev() {
        let product = |a: u64, b: u64, c: u128| {
            Wide::from(a).checked_mul(Wide::from(b))?.checked_mul(Wide::from(c))
        };
        let up = product(hop.keep_in.num, hop.keep_out.num, hop.s)?;
        let down = product(hop.keep_in.den, hop.keep_out.den, hop.r)?;
        let times = Wide::from(*times);
        sum = sum.checked_add(rate.checked_mul(times)?)?.checked_mul(down)?;
        rate = rate.checked_mul(up)?;
        sum = sum.checked_add(rate.checked_mul(times)?)?;
        below = below.checked_mul(down)?;
    }
    let rest = !sum.checked_rem(below)?.is_zero();
    sum.checked_div(below)?.checked_add(Wide::from(u64::from(rest)))
}

#[cfg(test)]
#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "the model is written plainly"
)]
mod tests {
    use super::*;
    use crate::dex::Ratio;
    use num_bigint::BigInt;
    use proptest::prelude::*;

    fn hop(r: u64, s: u64, fee: u64, den: u64) -> Curve {
        Curve {
            r: u128::from(r),
            s: u128::from(s),
            keep_in: Ratio { num: den - fee, den },
            keep_out: Ratio { num: 1, den: 1 },
            room: None,
            flat: false,
        }
    }

    #[test]
    fn worked_example_of_the_facts() {
        // arb.md section 2.3, `cpmm2`.
        let hops = [
            hop(800_000_000_000, 124_000_000_000, 2500, 1_000_000),
            hop(150_000_000_000, 1_000_000_000_000, 2500, 1_000_000),
        ];
        let cycle = Moebius::of(&hops).unwrap();
        assert_eq!(cycle.k.to_string(), "123380775000000000000000000000000000");
        assert_eq!(cycle.m.to_string(), "120000000000000000000000000000000000");
        assert_eq!(cycle.n.to_string(), "273005775000000000000000");
        assert_eq!(cycle.best_input(Rate::FREE), Some(6_148_757_996));
        assert_eq!(cycle.gains_above(Rate::FREE, 86_013_256), Some(true));
        assert_eq!(cycle.gains_above(Rate::FREE, 86_013_257), Some(false));
        assert_eq!(rounding_bound(&hops, &[1, 1]), 16);
        let fast = Cycle::of(&hops);
        assert_eq!(fast.fast_input(Rate::FREE, 0), Some(6_148_757_996));
        assert_eq!(fast.fast_above(Rate::FREE, 86_013_256), Some(true));
        assert_eq!(fast.fast_above(Rate::FREE, 86_013_257), Some(false));
        assert_eq!(fast_bound(&hops, &[1, 1]), Some(16));
        let back = Moebius::of(&[hops[1], hops[0]].map(|h| hop_back(&h))).unwrap();
        assert_eq!(back.gains(Rate::FREE), Some(false));
        assert_eq!(back.best_input(Rate::FREE), Some(0));
    }

    fn hop_back(hop: &Curve) -> Curve {
        Curve { r: hop.s, s: hop.r, ..*hop }
    }

    #[test]
    fn odd_states_have_an_answer_and_never_panic() {
        let empty = hop(0, 0, 0, 1);
        assert_eq!(Moebius::of(&[empty, empty]).unwrap().gains(Rate::FREE), Some(false));
        assert_eq!(Moebius::of(&[empty, empty]).unwrap().best_input(Rate::FREE), Some(0));
        let all_fee = hop(5, 7, 1, 1);
        assert_eq!(Moebius::of(&[all_fee]).unwrap().best_input(Rate::FREE), Some(0));
        assert_eq!(rounding_bound(&[empty], &[1]), u64::MAX, "no rate, no bound");
        let huge = Curve { r: u128::MAX, s: u128::MAX, ..hop(1, 1, 0, u64::MAX) };
        assert_eq!(Moebius::of(&[huge; 8]), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        /// The test without a root agrees with the real maximum
        /// P* = (K d + M (d + f) - 2 sqrt(K M d (d + f))) / (N d), and the best input with its
        /// definition, both in big integers.
        #[test]
        fn formulas_hold_over_the_whole_range(
            sizes in prop::array::uniform8((1_u64.., 0_u32..63)),
            fees in prop::array::uniform4(0_u64..1_000_000),
            count in 2_usize..=4,
            flash in 0_u64..1000,
        ) {
            let sizes = sizes.map(|(size, cut)| (size >> cut).max(1));
            let hops: Vec<Curve> = (0..count)
                .map(|at| hop(sizes[2 * at], sizes[2 * at + 1], fees[at] / 10, 1_000_000))
                .collect();
            let cycle = Moebius::of(&hops).unwrap();
            let rate = Rate { num: flash, den: 10_000 };
            let big = |wide: &Wide| BigInt::from_bytes_le(num_bigint::Sign::Plus, wide.as_le_slice());
            let (k, m, n) = (big(&cycle.k), big(&cycle.m), big(&cycle.n));
            let (d, df) = (BigInt::from(10_000), BigInt::from(10_000 + flash));
            prop_assert_eq!(cycle.gains(rate), Some(&k * &d > &m * &df));
            let best = ((&k * &m * &d / &df).sqrt() - &m) / &n;
            let best = if best > BigInt::from(0) { best } else { BigInt::from(0) };
            let limit = BigInt::from(u128::MAX);
            prop_assert_eq!(BigInt::from(cycle.best_input(rate).unwrap()), best.min(limit));
            if &k * &d > &m * &df {
                // floor(P*): the largest C with N d C <= K d + M df - ceil(2 sqrt(K M d df)),
                // which is where the test turns (strictly above needs one more when exact).
                let root = (BigInt::from(4) * &k * &m * &d * &df).sqrt();
                let exact = &root * &root == BigInt::from(4) * &k * &m * &d * &df;
                let above = &k * &d + &m * &df - &root - i32::from(!exact);
                let floor = &above / (&n * &d);
                if let Ok(floor) = u128::try_from(&floor) {
                    let touches = exact && &above % (&n * &d) == BigInt::from(0);
                    prop_assert_eq!(cycle.gains_above(rate, floor), Some(!touches));
                    prop_assert_eq!(cycle.gains_above(rate, floor + 1), Some(false));
                }
            }
        }

        /// What the blocks say is what the exact integers say, whenever they say anything; and they
        /// almost always do.
        #[test]
        fn blocks_are_exact_or_silent(
            sizes in prop::array::uniform8((1_u64.., 0_u32..63)),
            fees in prop::array::uniform8(0_u64..100_000),
            count in 1_usize..=4,
            flat in 0_u8..16,
            flash in prop::option::of(0_u64..1000),
            cost in 0_u64..1 << 40,
        ) {
            let sizes = sizes.map(|(size, cut)| (size >> cut).max(1));
            let hops: Vec<Curve> = (0..count)
                .map(|at| Curve {
                    keep_out: Ratio { num: 1_000_000 - fees[4 + at] / 100, den: 1_000_000 },
                    flat: flat >> at & 1 == 1,
                    ..hop(sizes[2 * at], sizes[2 * at + 1], fees[at], 1_000_000)
                })
                .collect();
            let (exact, fast) = (Moebius::of(&hops).unwrap(), Cycle::of(&hops));
            let rate = flash.map_or(Rate::FREE, |num| Rate { num, den: 10_000 });
            prop_assert_eq!(fast.gains(rate), exact.gains(rate));
            if let Some(input) = fast.fast_input(rate, 0) {
                prop_assert_eq!(Some(input), exact.best_input(rate));
            }
            if let (Some(input), Some(best)) = (fast.fast_input(rate, 32), exact.best_input(rate)) {
                prop_assert!(input.abs_diff(best) <= (best >> 79) + 1, "{} {}", input, best);
            }
            if let Some(above) = fast.fast_above(rate, cost.into()) {
                prop_assert_eq!(Some(above), exact.gains_above(rate, cost.into()));
            }
            if let Some(error) = fast_bound(&hops, &[1, 2, 3, 4]) {
                let wide = bound(&hops, &[1, 2, 3, 4]).and_then(|wide| to_u128(&wide));
                prop_assert_eq!(Some(u128::from(error)), wide);
            }
        }
    }
}
