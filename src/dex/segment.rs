//! A pool's curve as pieces that are each a Moebius map, for sizing in closed form.
//!
//! On one piece `out = keep_out * s * g*x / (r + g*x)`: `x` the gross input from the piece's start,
//! `g` the part of it that reaches the curve, `r` and `s` the (virtual) reserves there. A whole
//! constant-product curve is one piece; concentrated liquidity has one between every two
//! initialised ticks; a bin or a level of a book is one of constant price. Pieces are for finding a size; what a size gives is asked of the quotes,
//! which round as the program does.

use crate::ids::Venue;
use crate::math::muldiv::{mul_div_ceil_u128, mul_div_floor_u128};
use crate::math::root::isqrt_u128;
use crate::math::wide::{U384, mul_wide, to_u128};
use crate::record::{Exact, Pool};

use super::around::Around;
use super::quote::{Fault, Order};
use super::token::TransferFee;

/// What is kept of an amount: `num / den`, never above one; `den` is never zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    /// Numerator, at most `den`.
    pub num: u64,
    /// Denominator.
    pub den: u64,
}

impl Ratio {
    /// All of it.
    pub const ONE: Self = Self { num: 1, den: 1 };

    /// `num / den`; `None` above one, without a denominator, or when nothing is kept.
    pub(super) fn new(num: u64, den: u64) -> Option<Self> {
        (0 < num && num <= den).then_some(Self { num, den })
    }

    /// Both one after the other; `None` when the product leaves 64 bits.
    fn then(self, next: Self) -> Option<Self> {
        match (self, next) {
            (Self::ONE, other) | (other, Self::ONE) => Some(other),
            (a, b) => Self::new(a.num.checked_mul(b.num)?, a.den.checked_mul(b.den)?),
        }
    }
}

/// One piece of a curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segment {
    /// A whole constant-product curve.
    Product {
        /// Reserve of the token that goes in.
        r_in: u64,
        /// Reserve of the token that comes out.
        r_out: u64,
        /// What reaches the curve of a gross input.
        keep_in: Ratio,
        /// What the user gets of the curve's output.
        keep_out: Ratio,
    },
    /// Constant liquidity between two square-root prices, Q64.64.
    Range {
        /// Liquidity.
        liquidity: u128,
        /// Where it starts.
        sqrt_price: u128,
        /// Where it ends: below the start when a goes in, above when b does.
        sqrt_target: u128,
        /// Token a goes in.
        a_to_b: bool,
        /// What reaches the curve of a gross input.
        keep_in: Ratio,
        /// What the user gets of the curve's output.
        keep_out: Ratio,
    },
    /// One price: a bin, a level of a book, a chord of a curve that has no closed form.
    Price {
        /// What comes out for `den` that reaches the curve.
        num: u128,
        /// See `num`; never 0.
        den: u128,
        /// Raw units that the curve gives at most.
        out: u64,
        /// What reaches the curve of a gross input.
        keep_in: Ratio,
        /// What the user gets of the curve's output.
        keep_out: Ratio,
    },
}

impl Segment {
    /// Reserves `(r, s)` of the piece at its start, rounded down; of a range the virtual ones,
    /// `L / p` of a and `L * p` of b, saturating at 128 bits; of one price what it takes and gives.
    pub fn reserves(&self) -> (u128, u128) {
        match *self {
            Self::Product { r_in, r_out, .. } => (u128::from(r_in), u128::from(r_out)),
            Self::Price { num, den, out, .. } => {
                let net = mul_div_floor_u128(u128::from(out), den, num).unwrap_or(u128::MAX);
                (net, u128::from(out))
            }
            Self::Range { liquidity, sqrt_price, a_to_b, .. } => {
                let of_a = mul_div_floor_u128(liquidity, 1 << 64, sqrt_price).unwrap_or(u128::MAX);
                let of_b = to_u128(&mul_wide(liquidity, sqrt_price).wrapping_shr(64));
                let of_b = of_b.unwrap_or(u128::MAX);
                if a_to_b { (of_a, of_b) } else { (of_b, of_a) }
            }
        }
    }

    /// What the piece can take and give until its end, as `(gross input, output)` with the input
    /// rounded up and the output, what the user gets, rounded down; `None` for a curve without end.
    pub fn room(&self) -> Option<(u128, u128)> {
        let gross_of = |net, keep: Ratio| {
            mul_div_ceil_u128(net, u128::from(keep.den), u128::from(keep.num)).unwrap_or(u128::MAX)
        };
        let user_of = |out, keep: Ratio| {
            mul_div_floor_u128(out, u128::from(keep.num), u128::from(keep.den)).unwrap_or(u128::MAX)
        };
        let (liquidity, sqrt_price, sqrt_target, a_to_b, keep_in, keep_out) = match *self {
            Self::Product { .. } => return None,
            Self::Price { num, den, out, keep_in, keep_out } => {
                let net = mul_div_ceil_u128(u128::from(out), den, num).unwrap_or(u128::MAX);
                return Some((gross_of(net, keep_in), user_of(u128::from(out), keep_out)));
            }
            Self::Range { liquidity, sqrt_price, sqrt_target, a_to_b, keep_in, keep_out } => {
                (liquidity, sqrt_price, sqrt_target, a_to_b, keep_in, keep_out)
            }
        };
        let (low, high) = (sqrt_price.min(sqrt_target), sqrt_price.max(sqrt_target));
        let apart = high.saturating_sub(low);
        // a: L * 2^64 * (high - low) / (high * low); b: L * (high - low) / 2^64
        let moved = U384::from(mul_wide(liquidity, apart));
        let of_a = |up| divide(moved.wrapping_shl(64), U384::from(mul_wide(low, high)), up);
        let of_b = |up| divide(moved, U384::from(1u128 << 64), up);
        let (net, out) = if a_to_b { (of_a(true), of_b(false)) } else { (of_b(true), of_a(false)) };
        let gross = net.map_or(u128::MAX, |net| gross_of(net, keep_in));
        Some((gross, out.map_or(u128::MAX, |out| user_of(out, keep_out))))
    }

    /// What reaches the curve of a gross input.
    pub fn keep_in(&self) -> Ratio {
        match *self {
            Self::Product { keep_in, .. }
            | Self::Range { keep_in, .. }
            | Self::Price { keep_in, .. } => keep_in,
        }
    }

    /// What the user gets of the curve's output.
    pub fn keep_out(&self) -> Ratio {
        match *self {
            Self::Product { keep_out, .. }
            | Self::Range { keep_out, .. }
            | Self::Price { keep_out, .. } => keep_out,
        }
    }
}

/// `n / d` rounded up or down; `None` when `d` is zero or the result does not fit.
pub(super) fn divide(n: U384, d: U384, up: bool) -> Option<u128> {
    if d.is_zero() {
        return None;
    }
    let (quotient, remainder) = n.div_rem(d);
    to_u128(&quotient)?.checked_add(u128::from(up && !remainder.is_zero()))
}

/// Where a walk along a curve stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub(super) sqrt_price: u128,
    pub(super) liquidity: u128,
    pub(super) tick: i32,
    /// Number of the next bin or level, in the order of the walk.
    pub(super) at: u32,
    /// Gross input of the pieces given out.
    pub(super) used: u64,
    /// What the chords given out give the user.
    pub(super) given: u64,
    pub(super) ended: bool,
}

impl Cursor {
    /// At the pool's present price.
    pub fn start(pool: &Pool) -> Self {
        let &Pool { sqrt_price, liquidity, tick, .. } = pool;
        Self { sqrt_price, liquidity, tick, at: 0, used: 0, given: 0, ended: false }
    }
}

/// The next piece of the curve of `pool`; `None` at the end of what is known, and for a pool that
/// cannot be quoted. Pieces without liquidity are returned too: their room is zero.
#[inline]
pub fn segment<'a>(
    pool: &Pool,
    around: impl Into<Around<'a>>,
    a_to_b: bool,
    cursor: &mut Cursor,
) -> Option<Segment> {
    (super::spec(Venue::from_number(pool.venue)?).segment)(pool, around.into(), a_to_b, cursor)
}

/// The transfer fees on the tokens that go in and come out.
#[inline]
pub(super) fn transfer_fees(pool: &Pool, a_to_b: bool) -> (TransferFee, TransferFee) {
    let a = TransferFee { bps: pool.transfer_fee_bps_a, max: pool.transfer_fee_max_a };
    let b = TransferFee { bps: pool.transfer_fee_bps_b, max: pool.transfer_fee_max_b };
    if a_to_b { (a, b) } else { (b, a) }
}

/// What is traded of an order once the transfer fee of its exact side is paid.
#[inline]
pub(super) fn traded(pool: &Pool, order: &Order) -> Result<u64, Fault> {
    let (fee_in, fee_out) = transfer_fees(pool, order.a_to_b);
    let amount = match order.exact {
        Exact::In => fee_in.net(order.amount),
        Exact::Out => fee_out.gross(order.amount).ok_or(Fault::Overflow)?,
    };
    if amount == 0 { Err(Fault::ZeroAmount) } else { Ok(amount) }
}

/// Whether the venue's fee is taken from what goes in.
#[inline]
pub(super) fn fee_on_input(pool: &Pool, a_to_b: bool) -> Result<bool, Fault> {
    match pool.fee_side {
        0 => Ok(true),
        1 => Ok(a_to_b),
        2 => Ok(!a_to_b),
        _ => Err(Fault::Unsupported),
    }
}

/// What is kept of input and output: a fee of `fee_num / fee_den` on the way in, one of `out_ppm`
/// on the way out, and the transfer fees of both tokens, whose caps are left aside.
pub(super) fn keeps(
    pool: &Pool,
    a_to_b: bool,
    (fee_num, fee_den): (u64, u64),
    out_ppm: u64,
) -> Option<(Ratio, Ratio)> {
    keeps_of(pool, a_to_b, (fee_num, fee_den), (out_ppm, 1_000_000))
}

/// As [`keeps`], with a fee of any denominator on the way out.
pub(super) fn keeps_of(
    pool: &Pool,
    a_to_b: bool,
    (fee_num, fee_den): (u64, u64),
    (out_num, out_den): (u64, u64),
) -> Option<(Ratio, Ratio)> {
    let (fee_in, fee_out) = transfer_fees(pool, a_to_b);
    let of_transfer = |fee: TransferFee| {
        if fee.bps == 0 { Some(Ratio::ONE) } else { Ratio::new(fee.kept_bps(), 10_000) }
    };
    let venue_in = Ratio::new(fee_den.checked_sub(fee_num)?, fee_den)?;
    let venue_out = match out_num {
        0 => Ratio::ONE,
        out_num => Ratio::new(out_den.checked_sub(out_num)?, out_den)?,
    };
    Some((of_transfer(fee_in)?.then(venue_in)?, venue_out.then(of_transfer(fee_out)?)?))
}

/// The one piece of a constant product whose fee is `fee_num / fee_den` of the input.
pub(super) fn product(
    pool: &Pool,
    _: Around<'_>,
    a_to_b: bool,
    cursor: &mut Cursor,
) -> Option<Segment> {
    let keep = keeps(pool, a_to_b, (pool.fee_num, pool.fee_den), 0)?;
    product_with(pool, a_to_b, cursor, keep)
}

/// The one piece of a constant product, with what is kept of input and output.
pub(super) fn product_with(
    pool: &Pool,
    a_to_b: bool,
    cursor: &mut Cursor,
    (keep_in, keep_out): (Ratio, Ratio),
) -> Option<Segment> {
    if cursor.ended || pool.reserve_a == 0 || pool.reserve_b == 0 {
        return None;
    }
    cursor.ended = true;
    let (a, b) = (pool.reserve_a, pool.reserve_b);
    let (r_in, r_out) = if a_to_b { (a, b) } else { (b, a) };
    Some(Segment::Product { r_in, r_out, keep_in, keep_out })
}

/// A constant product of `base` (token a) and `quote` that gives at most `most_out` of what comes out:
/// virtual reserves are more than what is there. As a range, whose end is a little before that.
pub(super) fn bounded_product(
    (base, quote): (u64, u64),
    most_out: u64,
    a_to_b: bool,
    (keep_in, keep_out): (Ratio, Ratio),
) -> Option<Segment> {
    let liquidity = isqrt_u128(u128::from(base).checked_mul(u128::from(quote))?);
    // A unit that goes in gives more than one where it is worth more: the end leaves room for two.
    let (r_in, r_out) = if a_to_b { (base, quote) } else { (quote, base) };
    let unit = r_out.checked_div(r_in)?.saturating_add(1).saturating_mul(2);
    let most_out = most_out.saturating_sub(most_out >> 20).saturating_sub(unit);
    let sqrt_price = mul_div_floor_u128(u128::from(quote), 1 << 64, liquidity)?;
    let sqrt_target = if a_to_b {
        mul_div_ceil_u128(quote.checked_sub(most_out)?.into(), 1 << 64, liquidity)?
    } else {
        mul_div_floor_u128(liquidity, 1 << 64, base.checked_sub(most_out)?.into())?
    };
    let ahead = if a_to_b { sqrt_target <= sqrt_price } else { sqrt_target >= sqrt_price };
    let sqrt_target = if ahead { sqrt_target } else { sqrt_price };
    Some(Segment::Range { liquidity, sqrt_price, sqrt_target, a_to_b, keep_in, keep_out })
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "the model is written plainly")]
mod tests {
    use super::super::model::product_pool;
    use super::super::quote_in;
    use super::*;

    #[test]
    fn a_constant_product_is_one_piece_without_end() {
        for venue in [Venue::RaydiumAmmV4, Venue::Feed] {
            let pool = product_pool(venue, 1000, 3000, 25, 10_000);
            for a_to_b in [true, false] {
                let mut cursor = Cursor::start(&pool);
                let piece = segment(&pool, Around::NONE, a_to_b, &mut cursor).unwrap();
                let reserves = if a_to_b { (1000, 3000) } else { (3000, 1000) };
                assert_eq!((piece.reserves(), piece.room()), (reserves, None));
                assert_eq!(piece.keep_in(), Ratio { num: 9975, den: 10_000 });
                assert_eq!(piece.keep_out(), Ratio::ONE);
                assert_eq!(segment(&pool, Around::NONE, a_to_b, &mut cursor), None);
            }
        }
    }

    #[test]
    fn fees_of_every_kind_are_kept_apart_by_side() {
        let mut pool = product_pool(Venue::RaydiumCpmm, 1 << 40, 1 << 41, 2500, 1_000_000);
        (pool.creator_ppm, pool.creator_side) = (10_000, 1);
        (pool.transfer_fee_bps_b, pool.transfer_fee_max_b) = (100, u64::MAX);
        let keeps = |a_to_b| {
            let piece = segment(&pool, Around::NONE, a_to_b, &mut Cursor::start(&pool)).unwrap();
            (piece.keep_in(), piece.keep_out())
        };
        let taxed = Ratio { num: 9900, den: 10_000 };
        assert_eq!(keeps(true), (Ratio { num: 987_500, den: 1_000_000 }, taxed));
        let both = Ratio { num: 9900 * 997_500, den: 10_000 * 1_000_000 };
        assert_eq!(keeps(false), (both, Ratio { num: 990_000, den: 1_000_000 }));
        // The piece and the quote are one curve: out = keep_out * s*g*x / (r + g*x).
        for (a_to_b, amount) in [(true, 1u64 << 30), (false, 1 << 35)] {
            let (g, k) = keeps(a_to_b);
            let (r, s) = if a_to_b { (1u128 << 40, 1u128 << 41) } else { (1 << 41, 1 << 40) };
            let net = u128::from(amount) * u128::from(g.num) / u128::from(g.den);
            let out = s * net / (r + net) * u128::from(k.num) / u128::from(k.den);
            let quote = quote_in(&pool, Around::NONE, a_to_b, amount).unwrap();
            assert!(out.abs_diff(u128::from(quote.amount_out)) <= 4, "{out} {quote:?}");
        }
    }

    #[test]
    fn what_cannot_be_quoted_has_no_piece() {
        let none = |pool: &Pool| {
            assert_eq!(segment(pool, Around::NONE, true, &mut Cursor::start(pool)), None);
        };
        none(&Pool::new(0));
        none(&product_pool(Venue::Feed, 0, 1, 0, 1));
        none(&product_pool(Venue::Feed, 1, 1, 1, 1));
        none(&product_pool(Venue::Feed, 1, 1, 2, 1));
        none(&product_pool(Venue::RaydiumCpmm, 1, 1, 1_000_000, 1_000_000));
        let mut taxed = product_pool(Venue::RaydiumCpmm, 9, 9, 25, 1_000_000);
        taxed.transfer_fee_bps_a = u16::MAX;
        none(&taxed);
        taxed.venue = Venue::OrcaWhirlpool as u16;
        none(&taxed);
    }
}
