//! From a pending swap to its numbers.

use super::bound::front;
use super::market::{Attack, Front, Market};
use crate::dex::{Fault, Order, Quote};
use crate::math::muldiv::{mul_div_ceil, mul_div_floor};
use crate::record::Exact;

/// All of it, in parts per million.
const PPM: u64 = 1_000_000;

/// What attacks and swaps cost.
#[derive(Clone, Copy, Debug)]
pub struct Economics {
    /// Lamports that an attack costs: two transactions' fees and a tip.
    pub attack_cost: u64,
    /// Lamports that each of the user's transactions costs.
    pub part_cost: u64,
    /// Most parts that are considered.
    pub most_parts: u16,
}

/// What was measured of one swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Measured {
    /// The swap, if nobody comes before.
    pub(in super::super) alone: Quote,
    pub(in super::super) front: Front,
    /// The front-run that gains most; `None` when none gains.
    pub(in super::super) attack: Option<Attack>,
    pub(in super::super) gain_lamports: i64,
    pub(in super::super) loss_lamports: u64,
    /// Tolerance of the swap's own limit, ppm.
    pub(in super::super) tolerance_ppm: Option<u32>,
    /// The largest tolerance at which no attack pays, ppm; `None` when an attack pays even without
    /// any.
    pub(in super::super) safe_ppm: Option<u32>,
    pub(in super::super) parts: u16,
    pub(in super::super) parts_cost: u64,
    pub(in super::super) whole_cost: u64,
}

/// A swap whose exposure is asked for.
pub(in super::super) struct Case<'a, 'b> {
    pub(in super::super) market: &'a mut Market<'b>,
    pub(in super::super) victim: Order,
    /// The token that goes in is the base; else the one that comes out is.
    pub(in super::super) base_in: bool,
    pub(in super::super) economics: Economics,
}

/// The limit of `order`, which gives `alone`, at a tolerance: floored for the least that comes out,
/// rounded up for the most that goes in.
pub(in super::super) fn limit(order: &Order, alone: &Quote, tolerance_ppm: u32) -> u64 {
    let tolerance = u64::from(tolerance_ppm);
    match order.exact {
        Exact::In => {
            mul_div_floor(alone.amount_out, PPM.saturating_sub(tolerance), PPM).unwrap_or(0)
        }
        Exact::Out => {
            mul_div_ceil(alone.amount_in, PPM.saturating_add(tolerance), PPM).unwrap_or(u64::MAX)
        }
    }
}

impl Case<'_, '_> {
    /// Measures.
    ///
    /// # Errors
    /// [`Fault::Slippage`] when the limit is broken already; else why there is no quote.
    pub(in super::super) fn measure(&mut self) -> Result<Measured, Fault> {
        let victim = self.victim;
        let alone = self.market.behind(&victim, 0)?;
        let front = self.largest(&victim, &alone)?;
        let attack = self.market.best(&victim, front.amount).filter(|attack| attack.gain > 0);
        let gain = attack.map_or(0, |attack| self.lamports(&alone, attack.gain));
        let loss = attack.map_or(0, |attack| self.loss(&alone, &attack.victim));
        let tolerance_ppm = victim.limit.map(|limit| tolerance(&victim, &alone, limit));
        let (parts, parts_cost, whole_cost) = self.parts(gain, tolerance_ppm)?;
        Ok(Measured {
            alone,
            front,
            attack,
            gain_lamports: i64::try_from(gain).unwrap_or(i64::MAX),
            loss_lamports: u64::try_from(loss).unwrap_or(u64::MAX),
            tolerance_ppm,
            safe_ppm: self.safe_ppm(&alone),
            parts,
            parts_cost,
            whole_cost,
        })
    }

    fn largest(&mut self, victim: &Order, alone: &Quote) -> Result<Front, Fault> {
        let market = &mut *self.market;
        let around = market.book.around(market.number, market.now);
        let held = market.book.state(market.number);
        let guess = held.and_then(|(pool, _)| front(pool, around, victim));
        self.market.largest(victim, guess.unwrap_or(alone.amount_in))
    }

    /// `amount` of the token that goes in, in lamports at the swap's own rate.
    fn lamports(&self, alone: &Quote, amount: i128) -> i128 {
        if self.base_in || alone.amount_in == 0 {
            return amount;
        }
        let all = amount.saturating_mul(i128::from(alone.amount_out));
        all.checked_div(i128::from(alone.amount_in)).unwrap_or(0)
    }

    /// What the user loses with `quote` instead of `alone`, in lamports, rounded down.
    fn loss(&self, alone: &Quote, quote: &Quote) -> i128 {
        let less = i128::from(alone.amount_out).saturating_sub(i128::from(quote.amount_out));
        let more = i128::from(quote.amount_in).saturating_sub(i128::from(alone.amount_in));
        let out_in_lamports = if self.base_in {
            let all = less.saturating_mul(i128::from(alone.amount_in));
            all.checked_div(i128::from(alone.amount_out)).unwrap_or(0)
        } else {
            less
        };
        out_in_lamports.saturating_add(self.lamports(alone, more)).max(0)
    }

    /// The most that an attack on `order` gains, in lamports, once it costs more than nothing.
    fn most_gain(&mut self, order: &Order, alone: &Quote) -> Result<i128, Fault> {
        let front = self.largest(order, alone)?;
        let attack = self.market.best(order, front.amount);
        Ok(attack.map_or(0, |attack| self.lamports(alone, attack.gain)).max(0))
    }

    fn pays(&mut self, order: &Order, alone: &Quote) -> Result<bool, Fault> {
        let gain = self.most_gain(order, alone)?;
        Ok(gain > i128::from(self.economics.attack_cost))
    }

    /// The largest tolerance at which no attack pays, by halving: what an attack gains never falls with
    /// the tolerance.
    fn safe_ppm(&mut self, alone: &Quote) -> Option<u32> {
        let victim = self.victim;
        let mut safe = |ppm: u32| {
            let order = Order { limit: Some(limit(&victim, alone, ppm)), ..victim };
            self.pays(&order, alone).is_ok_and(|pays| !pays)
        };
        let (mut low, mut high) = (0, u32::try_from(PPM).unwrap_or(u32::MAX));
        if safe(high) {
            return Some(high);
        }
        if !safe(low) {
            return None;
        }
        while high.saturating_sub(low) > 1 {
            let middle = low.midpoint(high);
            if safe(middle) { low = middle } else { high = middle }
        }
        Some(low)
    }

    /// The number of equal parts that cost least, what they cost, and what one part costs, of which an
    /// attack gains `gain`. A part is taken to meet the pool as it is now: the market comes back in
    /// between.
    fn parts(&mut self, gain: i128, tolerance: Option<u32>) -> Result<(u16, u64, u64), Fault> {
        let Economics { attack_cost, part_cost, most_parts } = self.economics;
        let cost = |parts: u16, gain: i128| {
            let taken = if gain > i128::from(attack_cost) { gain } else { 0 };
            let one = u64::try_from(taken).unwrap_or(u64::MAX);
            one.saturating_add(part_cost).saturating_mul(u64::from(parts))
        };
        let whole = cost(1, gain);
        let mut best = (1, whole);
        for parts in 2..=most_parts {
            let amount = self.victim.amount.div_ceil(u64::from(parts));
            let part = Order { amount, limit: None, ..self.victim };
            // The least that can be swapped ends it.
            let Ok(quote) = self.market.behind(&part, 0) else { break };
            let limit = tolerance.map(|ppm| limit(&part, &quote, ppm));
            let gain = self.most_gain(&Order { limit, ..part }, &quote)?;
            let cost = cost(parts, gain);
            if cost < best.1 {
                best = (parts, cost);
            }
        }
        Ok((best.0, best.1, whole))
    }
}

/// The tolerance that `limit` leaves, ppm, rounded down; 0 when it is broken already.
fn tolerance(order: &Order, alone: &Quote, limit: u64) -> u32 {
    let (slack, whole) = match order.exact {
        Exact::In => (alone.amount_out.saturating_sub(limit), alone.amount_out),
        Exact::Out => (limit.saturating_sub(alone.amount_in), alone.amount_in),
    };
    let ppm = mul_div_floor(slack, PPM, whole.max(1)).unwrap_or(u64::MAX);
    u32::try_from(ppm).unwrap_or(u32::MAX)
}
