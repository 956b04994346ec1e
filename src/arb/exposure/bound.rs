//! The rate of a pool's first unit, and the largest front-run of a constant product in closed form.

use super::super::decide::PoolHop;
use super::super::size::{Hop, next_piece};
use crate::dex::{Around, Order, Segment};
use crate::math::root::isqrt;
use crate::math::wide::{U512, to_u64};
use crate::record::{Exact, Pool};
use ruint::Uint;

type U1024 = Uint<1024, 16>;

/// What comes out for a first unit that goes in: `num / den`, both above zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Slope {
    num: U512,
    den: U512,
}

/// The first piece of the pool's curve that holds something.
fn first_piece(pool: &Pool, around: Around<'_>, a_to_b: bool) -> Option<Segment> {
    let hop = PoolHop::new(pool, around, a_to_b);
    next_piece(&hop, &mut hop.start())
}

/// The rate of the pool's first unit in one direction.
pub(in super::super) fn slope(pool: &Pool, around: Around<'_>, a_to_b: bool) -> Option<Slope> {
    let piece = first_piece(pool, around, a_to_b)?;
    let (keep_in, keep_out) = (piece.keep_in(), piece.keep_out());
    let (r, s) = piece.reserves();
    let times = |one: u128, two: u64, three: u64| {
        U512::from(one).checked_mul(U512::from(two))?.checked_mul(U512::from(three))
    };
    let num = times(s, keep_in.num, keep_out.num)?;
    let den = times(r, keep_in.den, keep_out.den)?;
    (!num.is_zero() && !den.is_zero()).then_some(Slope { num, den })
}

/// Parts in a million of `part` less than `whole`: 0 when it is not less.
fn less_ppm(part: U1024, whole: U1024) -> u32 {
    let Some(less) = whole.checked_sub(part).filter(|less| !less.is_zero()) else { return 0 };
    let ppm = less.checked_mul(U1024::from(1_000_000_u32)).and_then(|all| all.checked_div(whole));
    ppm.and_then(|ppm| to_u64(&ppm)).and_then(|ppm| u32::try_from(ppm).ok()).unwrap_or(0)
}

impl Slope {
    /// How much less than `amount_in` at this rate `amount_out` is, ppm.
    pub(in super::super) fn impact_ppm(&self, amount_in: u64, amount_out: u64) -> u32 {
        let whole = self.num.widening_mul::<512, 8, 1024, 16>(U512::from(amount_in));
        let part = self.den.widening_mul::<512, 8, 1024, 16>(U512::from(amount_out));
        less_ppm(part, whole)
    }

    /// How much lower this rate is than `before`, ppm.
    pub(in super::super) fn fall_ppm(&self, before: &Self) -> u32 {
        let whole = before.num.widening_mul::<512, 8, 1024, 16>(self.den);
        let part = self.num.widening_mul::<512, 8, 1024, 16>(before.den);
        less_ppm(part, whole)
    }
}

/// The largest front-run of a constant product whose fees are on the input and stay in the pool, by
/// the real bound (facts: arb.md 3.1): integer rounding moves it by a few units. `None` for any other
/// curve, an order that is not exact in, or without a limit.
///
/// With `v` and `m` the victim's input and limit, `g/d` what a fee leaves, it is the larger root of
/// `g d m x^2 + (r d (d + g) + g^2 v) m x + (d^2 r^2 + r g d v) m - r s g d v`.
pub(in super::super) fn front(pool: &Pool, around: Around<'_>, victim: &Order) -> Option<u64> {
    let limit = victim.limit.filter(|limit| *limit > 0 && victim.exact == Exact::In)?;
    let Segment::Product { r_in, r_out, keep_in, .. } = first_piece(pool, around, victim.a_to_b)?
    else {
        return None;
    };
    let product = |factors: &[u64]| {
        factors.iter().try_fold(U512::from(1_u8), |all, one| all.checked_mul(U512::from(*one)))
    };
    let (g, d, v) = (keep_in.num, keep_in.den, victim.amount);
    let square = product(&[g, d, limit])?;
    let linear = product(&[r_in, d, d.checked_add(g)?])?
        .checked_add(product(&[g, g, v])?)?
        .checked_mul(U512::from(limit))?;
    let over = product(&[d, d, r_in, r_in])?
        .checked_add(product(&[r_in, g, d, v])?)?
        .checked_mul(U512::from(limit))?;
    let room = product(&[r_in, r_out, g, d, v])?.checked_sub(over)?;
    let four = U512::from(4_u8);
    let inside =
        linear.checked_mul(linear)?.checked_add(square.checked_mul(room)?.checked_mul(four)?)?;
    let root = isqrt(inside).checked_sub(linear)?;
    to_u64(&root.checked_div(square.checked_mul(U512::from(2_u8))?)?)
}
