//! One cycle sized by every method, beside each other.

use super::cost::Flash;
use super::size::{self, Hop, Limits, Plan, certify};
use crate::record::Refusal;

/// Amounts that a certificate may try.
const TRIES: u64 = 20_000_000;

/// What a method makes of the cycle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Method {
    pub(super) name: String,
    pub(super) input: u64,
    pub(super) back: u64,
    pub(super) flash_fee: u64,
    pub(super) gain: i64,
}

/// A point of the curve of gains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) input: u64,
    pub(super) gain: i64,
    /// Pieces of hops that end before it.
    pub(super) crossed: u64,
}

/// The cycle `hops` by every method, the plainest first.
///
/// # Errors
/// The reason why it has no size.
pub(super) fn methods<H: Hop>(hops: &[H], limits: &Limits) -> Result<Vec<Method>, Refusal> {
    let walk = size::walk(hops, limits.flash, 0)?;
    let input = walk.input.min(limits.cap);
    let method = |name: String, plan: &Plan| Method {
        name,
        input: plan.legs.first().copied().unwrap_or(0),
        back: plan.legs.get(hops.len()).copied().unwrap_or(0),
        flash_fee: plan.flash_fee,
        gain: i64::try_from(plan.gain).unwrap_or(i64::MAX),
    };
    let plain = size::plan(hops, input, limits.flash)?;
    let trimmed = size::trimmed(hops, input, limits.flash)?;
    let pieces = walk.pieces;
    let mut all = vec![
        method(format!("closed form, {pieces} pieces"), &plain),
        method("trimmed".to_owned(), &trimmed),
    ];
    for reach in [8, 32, 128] {
        let found = size::refine(hops, trimmed, &Limits { reach, ..*limits });
        all.push(method(format!("coarse walk of {reach}"), &found));
    }
    let taken = size::size(hops, limits)?;
    all.push(method(format!("taken (reach {})", limits.reach), &taken.plan));
    if limits.cap == u64::MAX
        && let Some((best, tried)) = certify(hops, taken.plan, limits.flash, TRIES)
    {
        all.push(method(format!("certified, {tried} tried"), &best));
    }
    Ok(all)
}

/// Inputs and what they gain at `count` even steps up to `most`; those that are refused left out.
pub(super) fn sample<H: Hop>(
    hops: &[H],
    flash: Flash,
    most: u128,
    count: u64,
) -> impl Iterator<Item = (u64, i128)> {
    (1..=count).filter_map(move |part| {
        let at = most.saturating_mul(u128::from(part)).checked_div(u128::from(count))?;
        let input = u64::try_from(at).ok()?;
        Some((input, size::plan(hops, input, flash).ok()?.gain))
    })
}

/// `count` points of the gain, from nothing to twice the best input.
pub(super) fn curve<H: Hop>(hops: &[H], flash: Flash, count: u64) -> Result<Vec<Point>, Refusal> {
    let walk = size::walk(hops, flash, 0)?;
    let most = u128::from(walk.input).saturating_mul(2);
    let ends = walk.ends();
    let point = |(input, gain): (u64, i128)| {
        let crossed = ends.iter().filter(|end| **end < input).count();
        let gain = i64::try_from(gain).ok()?;
        Some(Point { input, gain, crossed: u64::try_from(crossed).unwrap_or(0) })
    };
    Ok(sample(hops, flash, most, count).filter_map(point).collect())
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may stop where it is wrong")]
mod tests {
    use super::super::vectors::sides;
    use super::*;

    #[test]
    fn the_worked_example_by_every_method() {
        // vectors/arb.json `cpmm2`.
        let pools = sides(&[
            (800_000_000_000, 124_000_000_000, 2500, 1_000_000),
            (150_000_000_000, 1_000_000_000_000, 2500, 1_000_000),
        ]);
        let hops: Vec<_> = pools.iter().map(super::super::vectors::side).collect();
        let limits = Limits { flash: Flash::Own, cap: u64::MAX, reach: 8, cost: 0, step_cost: 0 };
        let found = methods(&hops, &limits).unwrap();
        let gains: Vec<_> = found.iter().map(|one| (one.name.as_str(), one.gain)).collect();
        assert_eq!(gains[0], ("closed form, 1 pieces", 86_013_250));
        assert_eq!(gains[1], ("trimmed", 86_013_251));
        assert_eq!(gains[4], ("coarse walk of 128", 86_013_253));
        let last = found.last().unwrap();
        assert!(last.name.starts_with("certified, "), "{}", last.name);
        assert_eq!((last.input, last.gain, last.back), (6_148_665_192, 86_013_256, 6_234_678_448));
        let points = curve(&hops, Flash::Own, 10).unwrap();
        assert_eq!((points.len(), points[4].input), (10, 6_148_757_996));
        assert!(points.iter().all(|point| point.gain <= 86_013_256 && point.crossed == 0));
    }
}
