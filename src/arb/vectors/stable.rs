//! A generic two-token stable swap as the file describes it, against a constant product.
//!
//! `Ann = 2 A`, `D` and `y` by Newton's iteration in integers, `dy = y_old - y - 1`, the fee a floor
//! of the output. It is no program's own curve, so it lives here; what it shows is that a curve
//! without a closed form is sized as the others are.

use super::super::cost::Flash;
use super::super::decide::PoolHop;
use super::super::size::{self, Hop, Limits};
use super::cycle::{hop, pool};
use super::{Case, Odd};
use crate::dex::{Fault, Ratio, Segment};

/// Chords that the curve is shown as.
const CHORDS: u64 = 24;

/// The curve in one direction.
#[derive(Clone, Copy)]
struct Stable {
    x: u64,
    y: u64,
    amp: u128,
    fee_bps: u64,
}

impl Stable {
    fn invariant(&self) -> Option<u128> {
        let (x, y) = (u128::from(self.x), u128::from(self.y));
        let (sum, ann) = (x.checked_add(y)?, self.amp.checked_mul(2)?);
        let mut d = sum;
        for _ in 0..255 {
            let part = d.checked_mul(d)?.checked_div(x.checked_mul(2)?)?;
            let part = part.checked_mul(d)?.checked_div(y.checked_mul(2)?)?;
            let above = ann.checked_mul(sum)?.checked_add(part.checked_mul(2)?)?.checked_mul(d)?;
            let below = ann.checked_sub(1)?.checked_mul(d)?.checked_add(part.checked_mul(3)?)?;
            let next = above.checked_div(below)?;
            if next.abs_diff(std::mem::replace(&mut d, next)) <= 1 {
                return Some(d);
            }
        }
        None
    }

    /// The reserve of what comes out when that of what goes in is `x`.
    fn other(&self, x: u128) -> Option<u128> {
        let (d, ann) = (self.invariant()?, self.amp.checked_mul(2)?);
        let c = d.checked_mul(d)?.checked_div(x.checked_mul(2)?)?;
        let c = c.checked_mul(d)?.checked_div(ann.checked_mul(2)?)?;
        let b = x.checked_add(d.checked_div(ann)?)?;
        let mut y = d;
        for _ in 0..255 {
            let above = y.checked_mul(y)?.checked_add(c)?;
            let below = y.checked_mul(2)?.checked_add(b)?.checked_sub(d)?;
            let next = above.checked_div(below)?;
            if next.abs_diff(std::mem::replace(&mut y, next)) <= 1 {
                return Some(y);
            }
        }
        None
    }

    fn quote(&self, amount: u64) -> Option<u64> {
        let x = u128::from(self.x).checked_add(u128::from(amount))?;
        let out = u128::from(self.y).checked_sub(self.other(x)?)?.saturating_sub(1);
        let fee = out.checked_mul(u128::from(self.fee_bps))?.checked_div(10_000)?;
        u64::try_from(out.checked_sub(fee)?).ok()
    }
}

/// A hop of the case.
enum Either<'a> {
    Stable(Stable),
    Pool(PoolHop<'a>),
}

impl Hop for Either<'_> {
    type Cursor = (u64, Option<crate::dex::Cursor>);

    fn start(&self) -> Self::Cursor {
        match self {
            Self::Stable(_) => (0, None),
            Self::Pool(hop) => (0, Some(hop.start())),
        }
    }

    /// Chords of equal width over the reserve of what goes in.
    fn segment(&self, (used, cursor): &mut Self::Cursor) -> Option<Segment> {
        let stable = match self {
            Self::Stable(stable) => stable,
            Self::Pool(hop) => return hop.segment(cursor.as_mut()?),
        };
        let from = *used;
        let to = from.checked_add(stable.x.checked_div(CHORDS)?.max(1))?;
        *used = to;
        let out = stable.quote(to)?.checked_sub(stable.quote(from)?)?;
        let (num, den) = (u128::from(out), u128::from(to.checked_sub(from)?));
        (to <= stable.x).then_some(())?;
        Some(Segment::Price { num, den, out, keep_in: Ratio::ONE, keep_out: Ratio::ONE })
    }

    fn out(&self, amount_in: u64) -> Result<u64, Fault> {
        match self {
            Self::Stable(stable) => stable.quote(amount_in).ok_or(Fault::Overflow),
            Self::Pool(hop) => hop.out(amount_in),
        }
    }

    fn min_in(&self, amount_out: u64) -> Result<u64, Fault> {
        match self {
            Self::Stable(_) => super::least_input(amount_out, |amount| self.out(amount)),
            Self::Pool(hop) => hop.min_in(amount_out),
        }
    }

    fn is_smooth(&self) -> bool {
        matches!(self, Self::Stable(_))
    }
}

/// Checks the group; its curve and its pools stand in its texts, which are compared here.
pub(super) fn case(case: &mut Case<'_>) -> Result<(), Odd> {
    let stable = Stable { x: 2_600_000, y: 1_400_000, amp: 100, fee_bps: 4 };
    let back = Stable { x: stable.y, y: stable.x, ..stable };
    case.check("D", stable.invariant().ok_or("no invariant")?);
    case.check("quote_1000", stable.quote(1000).ok_or("no quote")?);
    case.check("quote_60000", stable.quote(60_000).ok_or("no quote")?);
    let (there, home) =
        (pool(1_000_000, 1_040_000, 25, 10_000), pool(1_040_000, 1_000_000, 25, 10_000));
    direction(case, "dir1", &[Either::Stable(stable), Either::Pool(hop(&there))])?;
    direction(case, "dir2", &[Either::Pool(hop(&home)), Either::Stable(back)])
}

/// Every input, and what sizing makes of the cycle.
fn direction(case: &mut Case<'_>, name: &str, hops: &[Either<'_>]) -> Result<(), Odd> {
    const MOST: u64 = 60_000;
    let Some(want) = case.value.get(name).cloned() else { return Ok(()) };
    let gain = |input| size::plan(hops, input, Flash::Own).map_or(0, |plan| plan.gain);
    let (mut most, mut first) = (0, 0);
    for input in 1..=MOST {
        if gain(input) > most {
            (most, first) = (gain(input), input);
        }
    }
    for (field, got) in [("best_profit", most), ("best_x_first", i128::from(first))] {
        let want = want.get(field).ok_or_else(|| format!("{name}.{field} is missing"))?;
        case.compare(&format!("{name}.{field}"), want, got);
    }
    let limits = Limits { flash: Flash::Own, cap: MOST, reach: 128, cost: 0, step_cost: 0 };
    let (found, bound) = match size::size(hops, &limits) {
        Ok(sizing) => (sizing.plan.gain, i128::from(sizing.walk.bound)),
        Err(_) => (0, 0),
    };
    let near = found <= most && most <= found.saturating_add(bound);
    case.holds(&format!("{name}: sizing finds {found}, the best is {most}, E is {bound}"), near);
    Ok(())
}
