//! Sizing: what share of the certified optimum each rule takes, on random back-runs.
//!
//! Two constant products at one price; a victim sells in one; the cycle buys in the other and sells
//! behind the victim. The optimum is certified: every input whose real gain, which bounds the integer
//! one from above, reaches the best one found was tried.

use crate::arb::cost::Flash;
use crate::arb::curve::Curve;
use crate::arb::moebius::{Cycle, Moebius, Rate};
use crate::arb::size::{self, Hop, Limits, Plan, certify};
use crate::dex::{Around, Fault, Order, Segment, apply, quote_in, quote_out};
use crate::ids::Venue;
use crate::record::Pool;

/// One SOL.
const SOL: u64 = 1_000_000_000;

/// A rule's name and its choice of input for the cycle behind a victim of some size.
pub type Rule = (&'static str, fn(&BackRun) -> u64);

/// The rules of others, as their code states them (facts: arb.md section 1.1), and ours last.
pub const RULES: [Rule; 5] = [
    ("3 steps of the victim (jito-labs/mev-bot)", three_steps),
    ("10 SOL and halves, the largest that gains (0xNineteen)", halves),
    ("ternary, 60 rounds on 0..100 SOL (aether)", ternary),
    ("golden section, 40 rounds on 0.001..1000 SOL (tycho-searcher)", golden),
    ("closed form, trim, coarse walk (ours)", ours),
];

/// A constant product with the token that goes in first.
#[derive(Clone, Copy, Debug)]
pub struct Side(Pool);

impl Side {
    fn new(r_in: u64, r_out: u64, fee_bps: u64) -> Self {
        let mut pool = Pool::new(0);
        pool.venue = Venue::Feed as u16;
        (pool.reserve_a, pool.reserve_b, pool.present) = (r_in, r_out, Pool::RESERVES);
        (pool.fee_num, pool.fee_den) = (fee_bps, 10_000);
        Self(pool)
    }

    fn turned(&self) -> Self {
        let pool = Pool { reserve_a: self.0.reserve_b, reserve_b: self.0.reserve_a, ..self.0 };
        Self(pool)
    }
}

impl Hop for Side {
    type Cursor = crate::dex::Cursor;

    fn start(&self) -> Self::Cursor {
        Self::Cursor::start(&self.0)
    }

    fn segment(&self, cursor: &mut Self::Cursor) -> Option<Segment> {
        crate::dex::segment(&self.0, Around::NONE, true, cursor)
    }

    fn out(&self, amount_in: u64) -> Result<u64, Fault> {
        quote_in(&self.0, Around::NONE, true, amount_in).map(|quote| quote.amount_out)
    }

    fn min_in(&self, amount_out: u64) -> Result<u64, Fault> {
        quote_out(&self.0, Around::NONE, true, amount_out).map(|quote| quote.amount_in)
    }
}

/// A cycle behind a victim.
#[derive(Clone, Copy, Debug)]
pub struct BackRun {
    hops: [Side; 2],
    victim: u64,
}

impl BackRun {
    /// Number `number` of a seed; `None` when the victim leaves nothing to take.
    pub fn draw(number: u64) -> Option<Self> {
        let mut state = number;
        let mut draw = |low: u64, high: u64| -> Option<u64> {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let bits = xxhash_rust::xxh3::xxh3_64(&state.to_le_bytes());
            low.checked_add(bits.checked_rem(high.checked_sub(low)?)?)
        };
        // Reserves from 10 to 2560 SOL, each power of two as likely; prices from 20 to 400.
        let power = draw(0, 8)?;
        let depth = draw(10, 20)?.checked_mul(SOL)?.checked_shl(u32::try_from(power).ok()?)?;
        let other = draw(depth / 4, depth.checked_mul(4)?)?;
        let price = draw(20_000, 400_000)?; // raw units of the other token for 10^6 lamports
        let worth = |sol: u64| u64::try_from(u128::from(sol) * u128::from(price) / 1_000_000).ok();
        let (fee_one, fee_other) = (draw(4, 31)?, draw(4, 31)?);
        let mut one = Side::new(depth, worth(depth)?, fee_one);
        let victim = draw(depth / 200, depth / 5)?;
        apply(&mut one.0, Around::NONE, &Order::exact_in(true, victim)).ok()?;
        let hops = [Side::new(other, worth(other)?, fee_other), one.turned()];
        let back_run = Self { hops, victim };
        (back_run.gain(ours(&back_run)) > 0).then_some(back_run)
    }

    /// What an input gains.
    pub fn gain(&self, input: u64) -> i128 {
        size::plan(&self.hops, input, Flash::Own).map_or(0, |plan| plan.gain)
    }

    /// The largest gain of any input, and how many were tried to know.
    pub fn certified(&self) -> Option<(i128, u64)> {
        let start = size::size(&self.hops, &LIMITS).ok()?.plan;
        let (best, tried): (Plan, u64) = certify(&self.hops, start, Flash::Own, u64::MAX)?;
        Some((best.gain, tried))
    }
}

const LIMITS: Limits =
    Limits { flash: Flash::Own, cap: u64::MAX, reach: 128, cost: 0, step_cost: 0 };

fn ours(one: &BackRun) -> u64 {
    size::size(&one.hops, &LIMITS)
        .ok()
        .and_then(|sizing| sizing.plan.legs.first().copied())
        .unwrap_or(0)
}

fn three_steps(one: &BackRun) -> u64 {
    let mut best = (0, 0);
    for step in 1..=3 {
        let input = one.victim / 3 * step;
        let gain = one.gain(input);
        if gain <= best.1 {
            break;
        }
        best = (input, gain);
    }
    best.0
}

fn halves(one: &BackRun) -> u64 {
    let tries = [10 * SOL, 5 * SOL, 5 * SOL / 2, 5 * SOL / 4];
    tries.into_iter().find(|input| one.gain(*input) > 0).unwrap_or(0)
}

fn ternary(one: &BackRun) -> u64 {
    let (mut low, mut high) = (0_u64, 100 * SOL);
    for _ in 0..60 {
        let third = (high - low) / 3;
        let (left, right) = (low + third, high - third);
        if one.gain(left) < one.gain(right) { low = left } else { high = right }
    }
    u64::midpoint(low, high)
}

fn golden(one: &BackRun) -> u64 {
    let (mut low, mut high) = (SOL / 1000, 1000 * SOL);
    for _ in 0..40 {
        let part = (high - low) / 1000 * 382;
        let (left, right) = (low + part, high - part);
        if one.gain(left) < one.gain(right) { low = left } else { high = right }
    }
    u64::midpoint(low, high)
}

/// A cycle of constant products, to be sized over and over.
#[derive(Clone, Debug)]
pub struct Curves(Vec<Curve>);

impl Curves {
    /// `count` cycles of 2, 3 or 4 hops.
    pub fn draw(hops: usize, count: usize) -> Vec<Self> {
        let mut cycles = Vec::new();
        let mut number = 0_u64;
        while cycles.len() < count {
            number += 1;
            let Some(back_run) = BackRun::draw(number) else { continue };
            let [first, last] = back_run.hops;
            let middle = Side::new(first.0.reserve_b * 3, first.0.reserve_b * 3, 1);
            let chain = [first, middle, middle, last];
            let used = chain.iter().take(hops - 1).chain([&last]);
            let curves = used.filter_map(|side| Curve::of(&side.segment(&mut side.start())?, 0));
            cycles.push(Self(curves.collect()));
        }
        cycles
    }

    /// The best input by the closed form in blocks.
    pub fn closed_form(&self) -> Option<u128> {
        Cycle::of(&self.0).best_input(Rate::FREE, 0)
    }

    /// The same in exact wide integers alone.
    pub fn exact_form(&self) -> Option<u128> {
        Moebius::of(&self.0)?.best_input(Rate::FREE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_takes_the_certified_optimum_of_small_back_runs() {
        let mut seen = 0;
        for number in 0..40 {
            let Some(one) = BackRun::draw(number) else { continue };
            let Some((best, tried)) = one.certified() else { panic!("{number}: no certificate") };
            let gain = one.gain(ours(&one));
            assert!(gain <= best && best - gain <= 40, "{number}: {gain} of {best}");
            for (name, rule) in RULES {
                assert!(one.gain(rule(&one)) <= best, "{name} beats the certified best");
            }
            assert!(tried > 0);
            seen += 1;
        }
        assert!(seen > 20, "{seen}");
    }

    #[test]
    fn both_forms_agree() {
        for hops in 2..=4 {
            for cycle in Curves::draw(hops, 50) {
                assert_eq!(cycle.0.len(), hops);
                assert_eq!(cycle.closed_form(), cycle.exact_form());
            }
        }
    }
}
