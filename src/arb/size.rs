//! How much to put into a cycle: closed form, piece by piece, then integers until nothing improves.
//!
//! 1. [`walk`] solves the real problem: start on the first piece of every hop, take the closed form,
//!    and when a hop's piece ends before, move the whole cycle there and solve again. Where the
//!    marginal rate is no longer above one, the walk stops.
//! 2. The result is capped by the balance.
//! 3. The integer cycle is followed backwards from its last output ("trim"): the smallest input
//!    that still gives it.
//! 4. Rounding makes stairs, and the coarsest amount of the cycle makes the widest: it is varied
//!    by up to `reach` units, mapped back to the smallest input and forward to the end. The largest gain
//!    wins, among equals the smallest input; it is trimmed once more. Where all that rounding can cost
//!    is nothing beside the gain, this is left out.
//!
//! facts: arb.md sections 2.3 and 2.4.

use super::cost::Flash;
use super::curve::{Curve, FINE};
use super::moebius::{Cycle, Moebius, Rate, rounding_bound};
use crate::dex::{Fault, Segment};
use crate::record::Refusal;

/// Most hops of a cycle.
pub(super) const MAX_HOPS: usize = 4;

/// A gain is sized well enough when all that rounding can cost is this power of two below it: a part in
/// eight million.
const FINE_ENOUGH: u32 = 23;

/// Units around the coarsest amount that are tried unless told otherwise. More wins little: from 0 to 16
/// took twelve parts in a hundred million more of a made market's gains, and each unit costs two more
/// trips around the cycle.
pub(super) const REACH: u32 = 2;

/// Most pieces one walk solves; a real cycle crosses a few.
const MAX_PIECES: u32 = 512;

/// One hop: a pool and a direction, as its program would execute it.
pub(super) trait Hop {
    /// A place among the pieces of the curve.
    type Cursor: Copy;

    /// The place before the first piece.
    fn start(&self) -> Self::Cursor;

    /// The next piece, if it is known.
    fn segment(&self, cursor: &mut Self::Cursor) -> Option<Segment>;

    /// What `amount_in` gives, wholly executed.
    fn out(&self, amount_in: u64) -> Result<u64, Fault>;

    /// The smallest input that gives at least `amount_out`.
    fn min_in(&self, amount_out: u64) -> Result<u64, Fault>;

    /// Its pieces are chords of a curve without a closed form.
    fn is_smooth(&self) -> bool {
        false
    }
}

/// What bounds a size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Where the principal comes from.
    pub(super) flash: Flash,
    /// The most that may go in.
    pub(super) cap: u64,
    /// How many units around the coarsest amount are tried.
    pub(super) reach: u32,
    /// A gain that is not above this is not worth sizing.
    pub(super) cost: u64,
    /// What every piece after the first costs besides: a tick, a bin or a level takes compute units.
    pub(super) step_cost: u64,
}

/// Amounts of a cycle: what goes into each hop, then what comes back; zero beyond.
pub(super) type Legs = [u64; MAX_HOPS + 1];

/// An input with all that follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// Amounts along the cycle.
    pub(super) legs: Legs,
    /// The loan's fee.
    pub(super) flash_fee: u64,
    /// What comes back, less what went in and the loan's fee.
    pub(super) gain: i128,
}

/// The answer of the closed form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Walk {
    /// The best real input, rounded down; 0 when nothing gains.
    pub(super) input: u64,
    /// Pieces solved.
    pub(super) pieces: u32,
    /// How much rounding can cost at most.
    pub(super) bound: u64,
    /// A hop stopped at the last known piece while more input would gain.
    pub(super) incomplete: bool,
    /// The inputs at which pieces ended, lowest first.
    pub(super) ends: Ends,
}

impl Walk {
    /// The inputs at which pieces ended, lowest first: the last few.
    pub(super) fn ends(&self) -> Vec<u64> {
        let mut ends: Vec<u64> = self.ends.newest().map(|(_, end)| end).collect();
        ends.reverse();
        ends
    }
}

/// Where the pieces of a walk ended: the last few, and how many there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ends {
    last: [u64; 16],
    count: u32,
}

impl Ends {
    fn push(&mut self, input: u64) {
        self.last.rotate_left(1);
        if let Some(last) = self.last.last_mut() {
            *last = input;
        }
        self.count = self.count.saturating_add(1);
    }

    /// Ends that an input goes beyond.
    fn before(&self, input: u64) -> u32 {
        let after = self.newest().filter(|(_, end)| *end >= input).count();
        self.count.saturating_sub(u32::try_from(after).unwrap_or(u32::MAX))
    }

    /// The ends kept, the newest first, each with the number of those before it.
    fn newest(&self) -> impl Iterator<Item = (u32, u64)> {
        let before = (0..self.count).rev();
        before.zip(self.last.into_iter().rev())
    }
}

/// A sized cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sizing {
    /// The plan that gains most.
    pub(super) plan: Plan,
    /// The closed form behind it.
    pub(super) walk: Walk,
    /// The cap, not the market, decided the size.
    pub(super) capped: bool,
    /// Pieces that end within it: ticks, bins or levels that are crossed.
    pub(super) crossings: u32,
}

/// The named reason behind a venue's refusal to quote.
pub(super) fn refusal(fault: Fault) -> Refusal {
    match fault {
        Fault::Disabled | Fault::Unsupported => Refusal::Disabled,
        Fault::Ticks | Fault::Incomplete => Refusal::MissingTicks,
        Fault::Moment => Refusal::Moment,
        Fault::ZeroAmount | Fault::ZeroOut => Refusal::ZeroSize,
        _ => Refusal::BadState,
    }
}

/// The best integer plan of the cycle `hops` that a search around the closed form finds.
///
/// # Errors
/// The reason why there is none that gains.
pub(super) fn size<H: Hop>(hops: &[H], limits: &Limits) -> Result<Sizing, Refusal> {
    if limits.flash.fee(0).is_err() {
        return Err(Refusal::FlashLoan);
    }
    let walk = walk(hops, limits.flash, limits.cost)?;
    let mut input = walk.input.min(limits.cap);
    if input == 0 {
        return Err(Refusal::ZeroSize);
    }
    let smooth = hops.iter().any(Hop::is_smooth);
    if smooth {
        input = secant(hops, &walk, limits);
    }
    let start = trimmed(hops, input, limits.flash)?;
    // The bound is that of the walk's own input, on curves that are what they are taken for.
    let bounded = !smooth && walk.input <= limits.cap;
    let is_fine = bounded && i128::from(walk.bound) <= start.gain >> FINE_ENOUGH;
    let refined = if is_fine { start } else { refine(hops, start, limits) };
    let plan = step_back(hops, refined, &walk, limits);
    if plan.gain <= 0 {
        return Err(Refusal::ZeroSize);
    }
    let used = plan.legs.first().copied().unwrap_or(0);
    let crossings = walk.ends.before(used);
    Ok(Sizing { plan, walk, capped: walk.input > limits.cap, crossings })
}

/// The plan that gains most after what each crossing costs: the one at the end of an earlier piece
/// where the pieces after it gain less than they cost. The gain is concave, so that the first piece
/// that pays for itself, looked at from the last, ends the search.
fn step_back<H: Hop>(hops: &[H], found: Plan, walk: &Walk, limits: &Limits) -> Plan {
    let mut best = found;
    if limits.step_cost == 0 {
        return best;
    }
    let mut crossed = walk.ends.before(best.legs.first().copied().unwrap_or(0));
    for (before, end) in walk.ends.newest() {
        if before >= crossed {
            continue;
        }
        let Ok(less) = trimmed(hops, end.min(limits.cap), limits.flash) else { break };
        let saved = u64::from(crossed.saturating_sub(before)).saturating_mul(limits.step_cost);
        if less.gain.saturating_add(i128::from(saved)) <= best.gain {
            break;
        }
        (best, crossed) = (less, before);
    }
    best
}

/// Where the gain of a cycle with a curve that has no closed form is largest, from where the walk
/// along its chords ended: the sign of the gain's difference around a point says on which side of the
/// optimum it lies, and the next point divides the bracket where the line through both differences
/// is zero.
fn secant<H: Hop>(hops: &[H], walk: &Walk, limits: &Limits) -> u64 {
    const ROUNDS: u32 = 64;
    const LEAST: i128 = i128::MIN >> 2;
    let gain = |input: u64| plan(hops, input, limits.flash).map_or(LEAST, |one| one.gain);
    let rise = |at: u64, around: u64| {
        gain(at.saturating_add(around)).saturating_sub(gain(at.saturating_sub(around)))
    };
    let most = limits.cap;
    let mut low = walk.ends.newest().nth(1).map_or(0, |(_, end)| end).min(most);
    let mut high = walk.input.saturating_mul(2).saturating_add(64).min(most);
    let (mut up, mut down) = (1_i128, 1_i128);
    for _ in 0..ROUNDS {
        let width = high.saturating_sub(low);
        if width <= 2 {
            break;
        }
        let around = (width >> 4).max(1);
        // The part of the width from below, kept away from both ends.
        let share = u128::from(width).checked_mul(up.unsigned_abs().min(1 << 60));
        let whole = up.unsigned_abs().min(1 << 60).saturating_add(down.unsigned_abs().min(1 << 60));
        let part = share.and_then(|share| share.checked_div(whole)).unwrap_or(0);
        let part = u64::try_from(part).unwrap_or(width >> 1);
        let part = part.clamp(width >> 3, width.saturating_sub(width >> 3));
        let at = low.saturating_add(part.max(1)).min(high.saturating_sub(1));
        let slope = rise(at, around);
        if slope > 0 {
            (low, up) = (at, slope);
        } else {
            (high, down) = (at, slope);
        }
    }
    let ends = [low, high, walk.input.min(most)];
    ends.into_iter().max_by_key(|input| gain(*input)).unwrap_or(low)
}

/// The real optimum of the cycle `hops`, if it may gain more than `cost`.
///
/// # Errors
/// The reason why there is none: no gain at the margin, a bound of the gain that is not above
/// `cost`, a state that is not one, ticks that are not loaded.
pub(super) fn walk<H: Hop>(hops: &[H], flash: Flash, cost: u64) -> Result<Walk, Refusal> {
    let mut stand = Stand::new(hops)?;
    let rate = flash.rate();
    stand.worth(rate, cost)?;
    let mut at: u128 = 0;
    let mut walk = Walk { input: 0, pieces: 0, bound: 0, incomplete: false, ends: Ends::default() };
    loop {
        walk.pieces = walk.pieces.saturating_add(1);
        let more = stand.cycle().best_input(rate, stand.shift).ok_or(Refusal::BadState)?;
        match stand.nearest_end() {
            Some((hop, end)) if end < more => {
                at = at.saturating_add(end);
                walk.ends.push(u64::try_from(at >> stand.shift).unwrap_or(u64::MAX));
                walk.incomplete = !stand.cross(hops, hop, end)? || walk.pieces >= MAX_PIECES;
                if walk.incomplete {
                    break;
                }
            }
            _ => {
                at = at.saturating_add(more);
                break;
            }
        }
    }
    walk.input = u64::try_from(at >> stand.shift).unwrap_or(u64::MAX);
    let first = stand.first.get(..hops.len()).unwrap_or_default();
    walk.bound = rounding_bound(first, &stand.roundings);
    Ok(walk)
}

/// The first pieces of `hops`, where nothing has gone in yet.
///
/// # Errors
/// As [`walk`].
pub(super) fn curves_at_zero<H: Hop>(hops: &[H]) -> Result<Vec<Curve>, Refusal> {
    Ok(Stand::new(hops)?.curves().to_vec())
}

/// Fraction bits that the pieces of `hop` ask for; `None` when it has no piece.
pub(super) fn shift_of<H: Hop>(hop: &H) -> Option<u32> {
    Some(fraction(&next_piece(hop, &mut hop.start())?))
}

fn fraction(piece: &Segment) -> u32 {
    if matches!(piece, Segment::Product { .. }) { 0 } else { FINE }
}

/// The pieces of `hop`, one after the other, in units of 2^-`shift`.
pub(super) fn curves<H: Hop>(hop: &H, shift: u32) -> impl Iterator<Item = Curve> {
    let mut cursor = hop.start();
    std::iter::from_fn(move || Curve::of(&next_piece(hop, &mut cursor)?, shift))
}

/// Where a walk stands: a point on a piece of every hop.
struct Stand<H: Hop> {
    count: usize,
    shift: u32,
    /// The pieces at input zero.
    first: [Curve; MAX_HOPS],
    now: [Curve; MAX_HOPS],
    cursors: [Option<H::Cursor>; MAX_HOPS],
    /// Pieces touched by each hop: each rounds once more.
    roundings: [u64; MAX_HOPS],
}

impl<H: Hop> Stand<H> {
    /// At input zero.
    fn new(hops: &[H]) -> Result<Self, Refusal> {
        if hops.is_empty() || hops.len() > MAX_HOPS {
            return Err(Refusal::BadState);
        }
        let mut cursors = [const { None }; MAX_HOPS];
        let mut pieces = [const { None }; MAX_HOPS];
        for ((hop, cursor), piece) in hops.iter().zip(&mut cursors).zip(&mut pieces) {
            let mut start = hop.start();
            *piece = Some(next_piece(hop, &mut start).ok_or(Refusal::MissingTicks)?);
            *cursor = Some(start);
        }
        let shift = pieces.iter().flatten().map(fraction).max().unwrap_or(0);
        let mut first = [Curve::EMPTY; MAX_HOPS];
        for (curve, piece) in first.iter_mut().zip(pieces.iter().flatten()) {
            *curve = Curve::of(piece, shift).ok_or(Refusal::BadState)?;
        }
        let roundings = [1; MAX_HOPS];
        Ok(Self { count: hops.len(), shift, first, now: first, cursors, roundings })
    }

    /// What more input gives from here.
    fn cycle(&self) -> Cycle<'_> {
        Cycle::of(self.curves())
    }

    /// Whether any input gains more than `cost`. Where a piece ends the next may be deeper, so that
    /// only curves without ends are bounded by their first piece.
    fn worth(&self, rate: Rate, cost: u64) -> Result<(), Refusal> {
        let cycle = self.cycle();
        if !cycle.gains(rate).ok_or(Refusal::BadState)? {
            return Err(Refusal::NotProfitable);
        }
        if self.curves().iter().all(|curve| curve.room.is_none()) {
            let above = cycle.gains_above(rate, u128::from(cost)).ok_or(Refusal::BadState)?;
            return if above { Ok(()) } else { Err(Refusal::BelowCost) };
        }
        Ok(())
    }

    /// The hops where they stand.
    fn curves(&self) -> &[Curve] {
        self.now.get(..self.count).unwrap_or_default()
    }

    /// The hop whose piece ends first and the cycle's input at which it does. A piece that the hops
    /// before it cannot fill has no end.
    fn nearest_end(&self) -> Option<(usize, u128)> {
        let mut nearest: Option<(usize, u128)> = None;
        for (at, curve) in self.curves().iter().enumerate() {
            let before = self.curves().get(..at)?;
            let Some(room) = curve.room else { continue };
            let Some(end) = before.iter().rev().try_fold(room, |out, hop| hop.input_for(out))
            else {
                continue;
            };
            if nearest.is_none_or(|(_, found)| end < found) {
                nearest = Some((at, end));
            }
        }
        nearest
    }

    /// Moves to where the piece of hop `at` ends, `end` more input, and takes its next piece.
    /// False when there is none.
    fn cross(&mut self, hops: &[H], at: usize, end: u128) -> Result<bool, Refusal> {
        let mut amount = end;
        for (place, curve) in self.now.iter_mut().take(self.count).enumerate() {
            // The end is met exactly, whatever mapping it back has rounded.
            let gross = if place == at { curve.room.unwrap_or(amount) } else { amount };
            amount = curve.advance(gross).ok_or(Refusal::BadState)?;
        }
        let (Some(hop), Some(Some(cursor))) = (hops.get(at), self.cursors.get_mut(at)) else {
            return Err(Refusal::BadState);
        };
        let Some(piece) = next_piece(hop, cursor) else { return Ok(false) };
        if let (Some(curve), Some(times)) = (self.now.get_mut(at), self.roundings.get_mut(at)) {
            *curve = Curve::of(&piece, self.shift).ok_or(Refusal::BadState)?;
            *times = times.saturating_add(1);
        }
        Ok(true)
    }
}

/// The next piece that holds liquidity: over a hole the price jumps.
pub(super) fn next_piece<H: Hop>(hop: &H, cursor: &mut H::Cursor) -> Option<Segment> {
    loop {
        match hop.segment(cursor)? {
            Segment::Range { liquidity: 0, .. } | Segment::Price { out: 0, .. } => {}
            piece => return Some(piece),
        }
    }
}

/// The integer cycle at `input`.
///
/// # Errors
/// The reason of the first hop that would refuse, or of the lender.
pub(super) fn plan<H: Hop>(hops: &[H], input: u64, flash: Flash) -> Result<Plan, Refusal> {
    let mut legs: Legs = [0; MAX_HOPS + 1];
    let mut amount = input;
    let mut places = legs.iter_mut();
    for (hop, leg) in hops.iter().zip(&mut places) {
        *leg = amount;
        amount = hop.out(amount).map_err(refusal)?;
    }
    if let Some(last) = places.next() {
        *last = amount;
    }
    let flash_fee = flash.fee(input).map_err(|_| Refusal::FlashLoan)?;
    Ok(Plan { legs, flash_fee, gain: gain(input, amount, flash_fee) })
}

/// What is left of `output`; three 64-bit numbers cannot leave 128 bits.
fn gain(input: u64, output: u64, flash_fee: u64) -> i128 {
    i128::from(output).wrapping_sub(i128::from(input)).wrapping_sub(i128::from(flash_fee))
}

/// The smallest input that makes the first `hops` give `out`.
fn back<H: Hop>(hops: &[H], out: u64) -> Result<u64, Fault> {
    hops.iter().rev().try_fold(out, |amount, hop| hop.min_in(amount))
}

/// The plan at the smallest input that gives what `input` gives.
pub(super) fn trimmed<H: Hop>(hops: &[H], input: u64, flash: Flash) -> Result<Plan, Refusal> {
    let whole = plan(hops, input, flash)?;
    let last = whole.legs.get(hops.len()).copied().unwrap_or(0);
    match back(hops, last) {
        Ok(least) if least < input => Ok(plan(hops, least, flash).unwrap_or(whole)),
        _ => Ok(whole),
    }
}

/// The best plan among those whose coarsest amount lies within `limits.reach` of that of `start`, which
/// is trimmed.
///
/// An amount is followed from where it comes out, backwards to the input and forwards to the end: what
/// that input gives more than the amount is not counted, which only an amount that is not the coarsest
/// can have.
pub(super) fn refine<H: Hop>(hops: &[H], start: Plan, limits: &Limits) -> Plan {
    let outputs = start.legs.get(1..=hops.len()).unwrap_or_default();
    let Some((at, coarsest)) = outputs.iter().copied().enumerate().min_by_key(|(_, out)| *out)
    else {
        return start;
    };
    let Some((head, tail)) = hops.split_at_checked(at.saturating_add(1)) else { return start };
    let reach = u64::from(limits.reach);
    let (low, high) = (coarsest.saturating_sub(reach).max(1), coarsest.saturating_add(reach));
    let mut best = start;
    for out in low..=high {
        let Ok(input) = back(head, out) else { continue };
        if input > limits.cap {
            break; // more output needs no less input
        }
        let end = tail.iter().try_fold(out, |amount, hop| hop.out(amount));
        let (Ok(end), Ok(flash_fee)) = (end, limits.flash.fee(input)) else { continue };
        let mut found =
            Plan { legs: [0; MAX_HOPS + 1], flash_fee, gain: gain(input, end, flash_fee) };
        if let Some(first) = found.legs.first_mut() {
            *first = input;
        }
        best = better(best, found);
    }
    let input = best.legs.first().copied().unwrap_or(0);
    if start.legs.first() == Some(&input) {
        return start;
    }
    trimmed(hops, input, limits.flash).map_or(start, |found| better(start, found))
}

/// The best plan of all, of a cycle whose hops are one piece each, and how many were tried.
///
/// The integer gain of an input is never above its real gain, which is concave: an input whose real
/// gain is below that of a plan in hand cannot beat it. What is left is an interval, in which every
/// amount of the coarsest hop is tried with the smallest input that gives it. `None` when a hop has
/// more than one piece, the numbers do not fit, or more than `most` amounts would have to be tried.
pub(super) fn certify<H: Hop>(
    hops: &[H],
    start: Plan,
    flash: Flash,
    most: u64,
) -> Option<(Plan, u64)> {
    let stand = Stand::new(hops).ok()?;
    if stand.shift != 0 || stand.curves().iter().any(|curve| curve.room.is_some()) {
        return None;
    }
    let real = Moebius::of(stand.curves())?;
    let reaches = |input: u64| real.reaches(flash.rate(), input, start.gain).unwrap_or(true);
    let near = *start.legs.first()?;
    let low = edge(near, 0, reaches);
    let high = edge(near, u64::MAX >> 1, reaches);
    let outputs = start.legs.get(1..=hops.len())?;
    let (at, _) = outputs.iter().enumerate().min_by_key(|(_, out)| **out)?;
    let head = hops.get(..=at)?;
    let through = |input: u64| head.iter().try_fold(input, |amount, hop| hop.out(amount));
    let (first, last) = (through(low).unwrap_or(1).max(1), through(high).ok()?);
    let tried = last.checked_sub(first)?.checked_add(1)?;
    (tried <= most).then_some(())?;
    let mut best = start;
    for out in first..=last {
        let Ok(input) = back(head, out) else { continue };
        if let Ok(found) = plan(hops, input, flash) {
            best = better(best, found);
        }
    }
    Some((best, tried))
}

/// The farthest input from `near` towards `far` that still `reaches`.
fn edge(near: u64, far: u64, reaches: impl Fn(u64) -> bool) -> u64 {
    if reaches(far) {
        return far;
    }
    let (mut inside, mut outside) = (near, far);
    while inside.abs_diff(outside) > 1 {
        let middle = inside.midpoint(outside);
        if reaches(middle) { inside = middle } else { outside = middle }
    }
    inside
}

/// The plan that gains more, among equals the one that needs less.
fn better(one: Plan, other: Plan) -> Plan {
    let key = |plan: &Plan| (plan.gain, std::cmp::Reverse(plan.legs.first().copied()));
    if key(&other) > key(&one) { other } else { one }
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
    use proptest::prelude::*;

    /// A constant product written down plainly.
    #[derive(Clone, Copy, Debug)]
    struct Product {
        r: u64,
        s: u64,
        fee: u64,
        den: u64,
    }

    impl Hop for Product {
        type Cursor = bool;

        fn start(&self) -> bool {
            false
        }

        fn segment(&self, ended: &mut bool) -> Option<Segment> {
            let keep_in = Ratio { num: self.den - self.fee, den: self.den };
            let keep_out = Ratio { num: 1, den: 1 };
            let one = Segment::Product { r_in: self.r, r_out: self.s, keep_in, keep_out };
            (!std::mem::replace(ended, true)).then_some(one)
        }

        fn out(&self, amount_in: u64) -> Result<u64, Fault> {
            let net = amount_in - (amount_in * self.fee).div_ceil(self.den);
            Ok(net * self.s / (self.r + net))
        }

        fn min_in(&self, out: u64) -> Result<u64, Fault> {
            if out >= self.s {
                return Err(Fault::Reserve);
            }
            let net = (self.r * out).div_ceil(self.s - out);
            Ok((net * self.den).div_ceil(self.den - self.fee))
        }
    }

    const FREE: Limits =
        Limits { flash: Flash::Own, cap: u64::MAX, reach: 8, cost: 0, step_cost: 0 };

    fn best(hops: &[Product], flash: Flash, most: u64) -> i128 {
        (0..=most).map(|x| plan(hops, x, flash).unwrap().gain).max().unwrap()
    }

    #[test]
    fn a_losing_cycle_has_no_size() {
        let hop = Product { r: 1000, s: 1000, fee: 3, den: 1000 };
        assert_eq!(size(&[hop, hop], &FREE), Err(Refusal::NotProfitable));
        assert_eq!(size::<Product>(&[], &FREE), Err(Refusal::BadState));
        assert_eq!(size(&[hop; 5], &FREE), Err(Refusal::BadState));
    }

    #[test]
    fn balance_and_lender_bound_the_size() {
        let hops = [
            Product { r: 100_000, s: 110_000, fee: 3, den: 1000 },
            Product { r: 100_000, s: 100_000, fee: 3, den: 1000 },
        ];
        let free = size(&hops, &FREE).unwrap();
        assert!(!free.capped && free.plan.legs[0] > 500);
        let held = size(&hops, &Limits { cap: 500, ..FREE }).unwrap();
        assert!(held.capped && held.plan.legs[0] <= 500 && held.plan.gain < free.plan.gain);
        let off = Limits { flash: Flash::Klend { fee_sf: u64::MAX }, ..FREE };
        assert_eq!(size(&hops, &off), Err(Refusal::FlashLoan));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(150))]
        /// On instances small enough to try every input: no integer gain is above the real bound,
        /// the closed form misses by at most `bound`, trimming and refining never lose.
        #[test]
        fn exhaustive_on_tiny_cycles(
            sizes in prop::array::uniform6(300_u64..12_000),
            fees in prop::array::uniform3(0_u64..8),
            count in 2_usize..=3,
            flash in prop::option::of(1_u64..30),
        ) {
            let hops: Vec<Product> = (0..count)
                .map(|at| Product { r: sizes[2 * at], s: sizes[2 * at + 1], fee: fees[at], den: 1000 })
                .collect();
            let flash = flash.map_or(Flash::Own, |num| Flash::Share { num, den: 10_000 });
            let found = walk(&hops, flash, 0);
            let input = found.map_or(0, |walk| walk.input);
            let most = best(&hops, flash, input.saturating_mul(2).max(20_000));
            let stand = Stand::new(&hops).unwrap();
            let cycle = stand.cycle();
            if most > 0 {
                let above = u128::try_from(most).unwrap() - 1;
                prop_assert_eq!(cycle.gains_above(flash.rate(), above), Some(true), "the bound holds");
                prop_assert!(input > 0);
            }
            let Ok(found) = found else {
                let why = found.unwrap_err();
                prop_assert!(matches!(why, Refusal::NotProfitable | Refusal::BelowCost) && most <= 0);
                return Ok(());
            };
            let plain = plan(&hops, found.input, flash).unwrap();
            let after = trimmed(&hops, found.input, flash).unwrap();
            prop_assert!(plain.gain + i128::from(found.bound) >= most, "{plain:?} {most}");
            prop_assert!(after.gain >= plain.gain && after.legs[count] == plain.legs[count]);
            let mut last = after.gain;
            for reach in [0, 2, 8, 32] {
                let refined = refine(&hops, after, &Limits { flash, reach, ..FREE });
                prop_assert!(refined.gain >= last && refined.gain <= most);
                last = refined.gain;
            }
        }
    }
}
