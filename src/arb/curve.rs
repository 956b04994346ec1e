//! One hop of a cycle as the real curve behind its program: virtual reserves in fixed point.
//!
//! Every venue's curve is, piece by piece, `out = keep_out * s * g * x / (r + g * x)` with
//! `g = keep_in` (facts: arb.md section 2.4): the whole of a constant product, one range between
//! ticks of concentrated liquidity; a bin or a level of a book is `keep_out * s * g * x / r`. A [`Curve`] stands at a point of such a piece: `r` and `s` are
//! what is there *now*, and [`Curve::advance`] moves it. So a cycle at any point of its walk is a
//! cycle of plain constant products, and one composition serves all venues.
//!
//! Amounts are in units of 2^-`shift` of a raw unit: 0 when every hop is a constant product, whose
//! reserves are integers, so that the composition is exact; [`FINE`] when a range takes part.
//! A range's `r` is rounded down and its `s` up: the curve is never below the program's.

use ruint::Uint;

use crate::dex::{Ratio, Segment};
use crate::math::wide::{U512, to_u128};

/// Fraction bits of amounts in cycles with concentrated liquidity.
pub(super) const FINE: u32 = 32;

/// A hop at a point of one piece of its curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Curve {
    /// Virtual reserve of the token that goes in.
    pub(super) r: u128,
    /// Virtual reserve of the token that comes out.
    pub(super) s: u128,
    /// What is kept of the input.
    pub(super) keep_in: Ratio,
    /// What is kept of the output.
    pub(super) keep_out: Ratio,
    /// Gross input until the end of the piece; `None` when it has no end.
    pub(super) room: Option<u128>,
    /// One price, `s / r`, all along: `out = keep_out * s * g * x / r`.
    pub(super) flat: bool,
}

impl Curve {
    /// No hop.
    pub(super) const EMPTY: Self = {
        let all = Ratio { num: 1, den: 1 };
        Self { r: 0, s: 0, keep_in: all, keep_out: all, room: None, flat: false }
    };

    /// The start of `segment`. `None` when its numbers leave 128 bits, a fee has no denominator or
    /// takes more than everything.
    pub(super) fn of(segment: &Segment, shift: u32) -> Option<Self> {
        match *segment {
            Segment::Price { num, den, out, keep_in, keep_out } => {
                let (r, s) = narrow(den, num)?;
                let out = u128::from(out).checked_mul(1_u128.checked_shl(shift)?)?;
                let net = U512::from(out).checked_mul(U512::from(r))?.checked_div(U512::from(s))?;
                let room = wide_ratio(to_u128(&net)?, keep_in.den, keep_in.num)?;
                Self { r, s, keep_in, keep_out, room: Some(room), flat: true }.sound()
            }
            Segment::Product { r_in, r_out, keep_in, keep_out } => {
                let fine =
                    |reserve: u64| u128::from(reserve).checked_mul(1_u128.checked_shl(shift)?);
                let (r, s) = (fine(r_in)?, fine(r_out)?);
                Self { r, s, keep_in, keep_out, room: None, flat: false }.sound()
            }
            Segment::Range { liquidity, sqrt_price, sqrt_target, a_to_b, keep_in, keep_out } => {
                let forward =
                    if a_to_b { sqrt_target <= sqrt_price } else { sqrt_price <= sqrt_target };
                if !forward || sqrt_price == 0 || sqrt_target == 0 {
                    return None;
                }
                // In range, token a is L / sqrt price and token b is L * sqrt price.
                let (p, t) = (U512::from(sqrt_price), U512::from(sqrt_target));
                let moved = U512::from(sqrt_price.abs_diff(sqrt_target));
                let q64 = U512::ONE.checked_shl(64)?;
                let (a, a_up) = fine_ratio(liquidity, q64, p, shift)?;
                let (b, b_up) = fine_ratio(liquidity, p, q64, shift)?;
                let (r, s, net) = if a_to_b {
                    let (above, below) = (moved.checked_mul(q64)?, p.checked_mul(t)?);
                    (a, b_up, fine_ratio(liquidity, above, below, shift)?.0)
                } else {
                    (b, a_up, fine_ratio(liquidity, moved, q64, shift)?.0)
                };
                let room = wide_ratio(net, keep_in.den, keep_in.num)?;
                Self { r, s, keep_in, keep_out, room: Some(room), flat: false }.sound()
            }
        }
    }

    fn sound(self) -> Option<Self> {
        let whole = |keep: Ratio| keep.den != 0 && keep.num <= keep.den;
        (whole(self.keep_in) && whole(self.keep_out)).then_some(self)
    }

    /// Moves by `gross` input and returns the output. `None` when a number leaves 128 bits.
    pub(super) fn advance(&mut self, gross: u128) -> Option<u128> {
        let net = wide_ratio(gross, self.keep_in.num, self.keep_in.den)?;
        let depth = if self.flat { self.r } else { self.r.checked_add(net)? };
        let out =
            U512::from(self.s).checked_mul(U512::from(net))?.checked_div(U512::from(depth))?;
        let out = to_u128(&out)?;
        if !self.flat {
            self.r = depth;
            self.s = self.s.checked_sub(out)?;
        }
        self.room = self.room.map(|room| room.saturating_sub(gross));
        wide_ratio(out, self.keep_out.num, self.keep_out.den)
    }

    /// The gross input that gives `out`, rounded down; `None` when no input of this piece does.
    pub(super) fn input_for(&self, out: u128) -> Option<u128> {
        let out = wide_ratio(out, self.keep_out.den, self.keep_out.num)?;
        let left = if self.flat { self.s } else { self.s.checked_sub(out)? };
        let net = U512::from(self.r).checked_mul(U512::from(out))?.checked_div(U512::from(left))?;
        wide_ratio(to_u128(&net)?, self.keep_in.den, self.keep_in.num)
    }
}

/// A price `s / r` in numbers of at most 96 bits, never below it.
fn narrow(r: u128, s: u128) -> Option<(u128, u128)> {
    const MOST: u32 = 96;
    let bits = |value: u128| 128_u32.saturating_sub(value.leading_zeros());
    let shift = bits(r).max(bits(s)).saturating_sub(MOST);
    let (low, high) = (r >> shift, s >> shift);
    let rest = high.checked_shl(shift)? != s;
    let high = high.checked_add(u128::from(rest))?;
    (low != 0 && high != 0).then_some((low, high))
}

/// `floor(value * num / den)`; `None` when `den` is zero or the result leaves 128 bits.
fn wide_ratio(value: u128, num: u64, den: u64) -> Option<u128> {
    crate::math::muldiv::mul_div_floor_u128(value, u128::from(num), u128::from(den))
}

/// `value * above / below * 2^shift`, rounded down and rounded up.
fn fine_ratio(value: u128, above: U512, below: U512, shift: u32) -> Option<(u128, u128)> {
    type Wide = Uint<640, 10>;
    let product = Wide::from(above).checked_mul(Wide::from(value))?;
    let product = product.checked_shl(usize::try_from(shift).ok()?)?;
    let below = Wide::from(below);
    let floor = product.checked_div(below)?;
    let rest = !product.checked_rem(below)?.is_zero();
    let floor = to_u128(&floor)?;
    Some((floor, floor.checked_add(u128::from(rest))?))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "the model is written plainly")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: Ratio = Ratio { num: 1, den: 1 };

    fn product(r_in: u64, r_out: u64) -> Segment {
        Segment::Product { r_in, r_out, keep_in: Ratio { num: 9975, den: 10_000 }, keep_out: ALL }
    }

    #[test]
    fn a_range_at_price_one_has_equal_reserves() {
        let range = |a_to_b, sqrt_target| Segment::Range {
            liquidity: 1000,
            sqrt_price: 1 << 64,
            sqrt_target,
            a_to_b,
            keep_in: ALL,
            keep_out: ALL,
        };
        // Down to a quarter of the price: 1000 of a in, 500 of b out.
        let mut down = Curve::of(&range(true, 1 << 63), FINE).unwrap();
        assert_eq!((down.r, down.s, down.room), (1000 << 32, 1000 << 32, Some(1000 << 32)));
        assert_eq!(down.advance(1000 << 32), Some(500 << 32));
        assert_eq!((down.r, down.s, down.room), (2000 << 32, 500 << 32, Some(0)));
        // Up to four times the price: 1000 of b in, 500 of a out.
        let mut up = Curve::of(&range(false, 1 << 65), FINE).unwrap();
        assert_eq!(up.room, Some(1000 << 32));
        assert_eq!(up.advance(1000 << 32), Some(500 << 32));
        assert_eq!(Curve::of(&range(true, 1 << 65), FINE), None, "the wrong way");
        assert_eq!(Curve::of(&range(true, 0), FINE), None);
    }

    #[test]
    fn one_price_is_flat_until_it_is_sold_out() {
        let keep_in = Ratio { num: 9, den: 10 };
        let level = |num, den, out| Segment::Price { num, den, out, keep_in, keep_out: ALL };
        let mut curve = Curve::of(&level(3, 2, 900), FINE).unwrap();
        // 900 come out for 600 that reach the level, of 666.6 gross.
        assert_eq!((curve.r, curve.s, curve.room), (2, 3, Some((6000 << 32) / 9)));
        assert_eq!(curve.input_for(300 << 32), Some((2000 << 32) / 9));
        assert_eq!(curve.advance(100 << 32), Some(135 << 32));
        assert_eq!((curve.r, curve.s), (2, 3));
        assert_eq!(curve.room, Some((6000 << 32) / 9 - (100 << 32)));
        assert_eq!(Curve::of(&level(0, 2, 900), FINE), None);
        assert_eq!(Curve::of(&level(2, 0, 900), FINE), None);
        // A price of 128 bits is cut to 96, and never below itself.
        let wide = Curve::of(&level((1 << 127) + 1, 1 << 64, 1 << 20), FINE).unwrap();
        assert_eq!((wide.r, wide.s), (1 << 32, (1 << 95) + 1));
        assert_eq!(Curve::of(&level(u128::MAX, 1, 1), FINE), None, "no price at all is left");
    }

    #[test]
    fn odd_fees_and_sizes_are_refused() {
        let with = |num, den| Segment::Product {
            r_in: 1,
            r_out: 1,
            keep_in: Ratio { num, den },
            keep_out: ALL,
        };
        assert_eq!(Curve::of(&with(1, 0), 0), None);
        assert_eq!(Curve::of(&with(2, 1), 0), None);
        assert!(Curve::of(&with(0, 1), 0).is_some(), "a fee of everything is a curve that gives 0");
        let huge = Segment::Range {
            liquidity: u128::MAX,
            sqrt_price: 1 << 64,
            sqrt_target: 1 << 65,
            a_to_b: false,
            keep_in: ALL,
            keep_out: ALL,
        };
        assert_eq!(Curve::of(&huge, FINE), None);
    }

    #[test]
    fn no_input_gives_the_whole_reserve() {
        let curve = Curve::of(&product(1000, 1000), 0).unwrap();
        assert_eq!(curve.input_for(1000), None);
        assert_eq!(curve.input_for(1001), None);
        assert!(curve.input_for(999).is_some());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn two_steps_are_one_and_input_undoes_output(
            r in 1_000_u64..1 << 60, s in 1_000_u64..1 << 60, x in 1_u64..1 << 50, y in 1_u64..1 << 50,
        ) {
            let start = Curve::of(&product(r, s), FINE).unwrap();
            let (x, y) = (u128::from(x) << 32, u128::from(y) << 32);
            let (mut whole, mut parts) = (start, start);
            let at_once = whole.advance(x + y).unwrap();
            let in_two = parts.advance(x).unwrap() + parts.advance(y).unwrap();
            // Each rounding is a unit of 2^-32 of the input, worth s / r of the output, or of that.
            let unit = 2 + u128::from(s) / u128::from(r);
            prop_assert!(at_once.abs_diff(in_two) <= 4 * unit, "{at_once} {in_two}");
            let back = start.input_for(at_once).unwrap();
            prop_assert!(back <= x + y);
            let mut again = start;
            prop_assert!(at_once.abs_diff(again.advance(back).unwrap()) <= 4 * unit);
        }
    }
}
