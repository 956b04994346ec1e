//! Stable-swap curves of two tokens, as each program rounds them, and the pieces they are shown as.
//!
//! ```text
//! A n^n S + D = A n^n D + D^(n+1) / (n^n xy)        n = 2, S = x + y, D constant along the curve
//! ```
//!
//! Newton's iteration finds `D` of two balances, then `y` of `D` and the new `x`. The programs differ
//! in the order of their divisions, in the width of their integers, in when they stop and in what
//! they round up; so each has its own type here. A number that a program cannot hold is `None`.
//!
//! Such a curve has no closed form. Its pieces are chords between exact quotes, narrow at first:
//! the curve is concave, so they lie below it but for rounding, and a size found on them is refined
//! by exact quotes.
//!
//! Sources: saber-hq/stable-swap, stable-swap-math/src/curve.rs @39d5d4e; solana-program-library,
//! token-swap/program/src/curve/stable.rs @fcbc0d3 (before its division was rounded up, d557474);
//! stabbleorg/amm-sdk, libraries/math/src/stable_math.rs @b3ce8a4.

use ruint::Uint;

use crate::math::wide::{U256, to_u64, to_u128};
use crate::record::Pool;

use super::around::Around;
use super::quote::quote_in;
use super::segment::{Cursor, Ratio, Segment};

/// The width that Saber and Stabble reckon in.
type U192 = Uint<192, 3>;

/// Newton's iteration from `start`: the first value within `near` of the one before it, or the last
/// of `rounds`, and whether it was that near.
fn newton<const BITS: usize, const LIMBS: usize>(
    start: Uint<BITS, LIMBS>,
    rounds: u32,
    near: u64,
    step: impl Fn(Uint<BITS, LIMBS>) -> Option<Uint<BITS, LIMBS>>,
) -> Option<(Uint<BITS, LIMBS>, bool)> {
    let (mut at, near) = (start, Uint::from(near));
    for _ in 0..rounds {
        let next = step(at)?;
        if next.abs_diff(std::mem::replace(&mut at, next)) <= near {
            return Some((at, true));
        }
    }
    Some((at, false))
}

/// `a * b / d`, as far as the product fits.
fn mul_div<const BITS: usize, const LIMBS: usize>(
    a: Uint<BITS, LIMBS>,
    b: Uint<BITS, LIMBS>,
    d: Uint<BITS, LIMBS>,
) -> Option<Uint<BITS, LIMBS>> {
    a.checked_mul(b)?.checked_div(d)
}

/// Saber's curve: steps end within one unit, or after 256.
#[derive(Clone, Copy, Debug)]
pub(super) struct Saber {
    /// Twice the amplification.
    ann: u64,
    d: U192,
}

impl Saber {
    /// Through the balances `x` and `y` (`compute_d`).
    pub(super) fn through(amp: u64, x: u64, y: u64) -> Option<Self> {
        let ann = amp.checked_mul(2)?;
        let sum = x.checked_add(y).filter(|sum| *sum > 0)?;
        let (x2, y2) = (U192::from(x.checked_mul(2)?), U192::from(y.checked_mul(2)?));
        let leverage = U192::from(u128::from(sum).checked_mul(ann.into())?);
        let (less, two, three) =
            (U192::from(ann.checked_sub(1)?), U192::from(2u64), U192::from(3u64));
        let (d, _) = newton(U192::from(sum), 256, 1, |d| {
            let part = mul_div(mul_div(d, d, x2)?, d, y2)?;
            let above = d.checked_mul(part.checked_mul(two)?.checked_add(leverage)?)?;
            let below = d.checked_mul(less)?.checked_add(part.checked_mul(three)?)?;
            above.checked_div(below)
        })?;
        Some(Self { ann, d })
    }

    /// The balance beside the balance `x` (`compute_y`).
    pub(super) fn other(&self, x: u64) -> Option<u64> {
        let (d, ann) = (self.d, U192::from(self.ann));
        let c = mul_div(d, d, U192::from(x.checked_mul(2)?))?;
        let c = mul_div(c, d, U192::from(self.ann.checked_mul(2)?))?;
        let b = d.checked_div(ann)?.checked_add(U192::from(x))?;
        let (y, _) = newton(d, 256, 1, |y| {
            let below = y.checked_mul(U192::from(2u64))?.checked_add(b)?.checked_sub(d)?;
            y.checked_mul(y)?.checked_add(c)?.checked_div(below)
        })?;
        to_u64(&y)
    }
}

/// The curve of SPL token-swap: steps end when nothing changes, or after 32.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spl {
    /// Twice the amplification.
    leverage: U256,
    d: U256,
}

impl Spl {
    /// Through the balances `x` and `y` (`compute_d`).
    pub(super) fn through(amp: u64, x: u64, y: u64) -> Option<Self> {
        let leverage = U256::from(amp.checked_mul(2)?);
        let less = leverage.checked_sub(U256::from(1u64))?;
        let sum = U256::from(u128::from(x).checked_add(y.into()).filter(|sum| *sum > 0)?);
        // 2 x + 1: 65 bits.
        let double = |n: u64| U256::from(u128::from(n) << 1 | 1);
        let (two, three) = (U256::from(2u64), U256::from(3u64));
        let (d, _) = newton(sum, 32, 0, |d| {
            let part = mul_div(mul_div(d, d, double(x))?, d, double(y))?;
            let above = leverage.checked_mul(sum)?.checked_add(part.checked_mul(two)?)?;
            let below = d.checked_mul(less)?.checked_add(part.checked_mul(three)?)?;
            mul_div(above, d, below)
        })?;
        Some(Self { leverage, d: U256::from(to_u128(&d)?) })
    }

    /// The balance beside the balance `x` (`compute_new_destination_amount`).
    pub(super) fn other(&self, x: u128) -> Option<u128> {
        let (d, x) = (self.d, U256::from(x));
        let below = x.checked_mul(U256::from(4u64))?.checked_mul(self.leverage)?;
        let c = d.checked_mul(d)?.checked_mul(d)?.checked_div(below)?;
        let b = x.checked_add(d.checked_div(self.leverage)?)?;
        let (y, _) = newton(d, 32, 0, |y| {
            let below = y.checked_mul(U256::from(2u64))?.checked_add(b)?.checked_sub(d)?;
            y.checked_mul(y)?.checked_add(c)?.checked_div(below)
        })?;
        to_u128(&y)
    }
}

/// Stabble's curve of balances in 9 decimals: `D` ends within 100 units, `y` within one, each rounded
/// up; after 64 steps the program gives up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stabble {
    /// Twice the amplification, in thousandths.
    ann: u64,
    d: u64,
}

/// What Stabble's amplification is multiplied by.
const STABBLE_AMP: u64 = 1000;

impl Stabble {
    /// Through the balances `x` and `y`; `amp` is in thousandths (`calc_invariant`).
    pub(super) fn through(amp: u64, x: u64, y: u64) -> Option<Self> {
        let ann = amp.checked_mul(2)?;
        let sum = U192::from(x.checked_add(y).filter(|sum| *sum > 0)?);
        let (x2, y2) = (U192::from(x.checked_mul(2)?), U192::from(y.checked_mul(2)?));
        let one = U192::from(STABBLE_AMP);
        let leverage = narrow_div(U192::from(ann), sum, one)?;
        let less = U192::from(ann.checked_sub(STABBLE_AMP)?);
        let (two, three) = (U192::from(2u64), U192::from(3u64));
        let (d, near) = newton(sum, 64, 100, |d| {
            let part = narrow_div(narrow_div(d, d, x2)?, d, y2)?;
            let above = leverage.checked_add(part.checked_mul(two)?)?;
            let below = narrow_div(less, d, one)?.checked_add(three.checked_mul(part)?)?;
            word(narrow_div(above, d, below)?)
        })?;
        near.then_some(Self { ann, d: to_u64(&d)? })
    }

    /// The balance beside `x`, of a token that has the balance `y` now
    /// (`get_token_balance_given_invariant_n_all_other_balances`).
    pub(super) fn other(&self, x: u64, y: u64) -> Option<u64> {
        let (d, one) = (U192::from(self.d), U192::from(STABBLE_AMP));
        let [x2, y2] = [x.checked_mul(2)?, y.checked_mul(2)?].map(U192::from);
        x.checked_add(y)?;
        let product = narrow_div(x2, y2, d)?;
        let (square, y) = (d.checked_mul(d)?, U192::from(y));
        let ann = U192::from(self.ann);
        let c = narrow(div_up(square.checked_mul(one)?, ann.checked_mul(product)?)?)?;
        let c = c.checked_mul(y)?;
        let b = narrow_div(d, one, ann)?.checked_add(U192::from(x))?;
        let start = narrow(div_up(square.checked_add(c)?, d.checked_add(b)?)?)?;
        let (y, near) = newton(start, 64, 1, |y| {
            let below = y.wrapping_shl(1).checked_add(b)?.checked_sub(d)?;
            let next = narrow(div_up(y.checked_mul(y)?.checked_add(c)?, below)?)?;
            word(y)?; // the program narrows both, after the step
            word(next)
        })?;
        near.then(|| to_u64(&y))?
    }
}

/// Stabble's wide results stay within 128 bits.
fn narrow(n: U192) -> Option<U192> {
    to_u128(&n).map(|_| n)
}

/// A value that the program holds in 64 bits.
fn word(n: U192) -> Option<U192> {
    to_u64(&n).map(|_| n)
}

fn narrow_div(a: U192, b: U192, d: U192) -> Option<U192> {
    narrow(mul_div(a, b, d)?)
}

/// `ceil(n / d)`, as Stabble does it: by adding `d - 1` first.
fn div_up(n: U192, d: U192) -> Option<U192> {
    n.checked_add(d.checked_sub(U192::from(1u64))?)?.checked_div(d)
}

/// Pieces of a curve: each is twice as wide as the one before.
const CHORDS: u32 = 24;

/// The first piece takes the smaller reserve, divided by two to this power.
const FIRST_CHORD_SHIFT: u32 = 17;

/// The next chord of a curve that has no closed form.
///
/// Fees, also those of the tokens, are in the quotes it ends at, so it keeps all of both sides. The
/// widths double, from a 131072nd of the smaller reserve to 128 times of it all in all; the walk ends
/// before when nothing more comes out, or when the program refuses.
pub(super) fn chord(
    pool: &Pool,
    around: Around<'_>,
    a_to_b: bool,
    cursor: &mut Cursor,
) -> Option<Segment> {
    let least = pool.reserve_a.min(pool.reserve_b).checked_shr(FIRST_CHORD_SHIFT)?.max(1);
    let out_at = |amount| quote_in(pool, around, a_to_b, amount).map_or(0, |q| q.amount_out);
    // A pool of few units may give nothing for the first pieces: they become one.
    let mut to = cursor.used;
    while cursor.at < CHORDS && !cursor.ended {
        to = to.checked_add(least.checked_shl(cursor.at)?)?;
        cursor.at = cursor.at.saturating_add(1);
        let out = out_at(to).saturating_sub(cursor.given);
        let wide = to.checked_sub(cursor.used)?;
        if out > 0 {
            (cursor.used, cursor.given) = (to, cursor.given.checked_add(out)?);
            let (num, den) = (u128::from(out), u128::from(wide));
            return Some(Segment::Price {
                num,
                den,
                out,
                keep_in: Ratio::ONE,
                keep_out: Ratio::ONE,
            });
        }
        cursor.ended = cursor.given > 0;
    }
    None
}
