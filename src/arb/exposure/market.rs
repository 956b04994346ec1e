//! One pool, and what happens when somebody swaps before and after a pending swap.

use super::super::book::Book;
use super::bound::{Slope, slope};
use crate::dex::{Fault, Moment, Order, Quote};
use crate::math::muldiv::mul_div_floor;
use crate::record::Exact;

/// Inputs below the best one that are tried, for rounding makes stairs of the gain: the best was up to
/// 31 units below in the worked examples (facts: arb.md 3.1).
const STAIRS: u64 = 64;

/// Points of the range of front-runs that are tried first.
const POINTS: u64 = 32;

/// A pool in a book, before the pending swap.
pub(in super::super) struct Market<'a> {
    pub(in super::super) book: &'a mut Book,
    pub(in super::super) number: u32,
    pub(in super::super) now: Moment,
}

/// The largest front-run behind which a swap keeps its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Front {
    pub(in super::super) amount: u64,
    /// The swap behind it.
    pub(in super::super) victim: Quote,
    /// It ends where what is loaded ends.
    pub(in super::super) incomplete: bool,
}

/// A front-run that is sold again behind the swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Attack {
    pub(in super::super) front: u64,
    /// What comes back less what went in.
    pub(in super::super) gain: i128,
    /// The swap in between.
    pub(in super::super) victim: Quote,
}

/// Whether `order` would keep its limit with `quote`.
fn keeps(order: &Order, quote: &Quote) -> bool {
    match (order.exact, order.limit) {
        (_, None) => true,
        (Exact::In, Some(least)) => quote.amount_out >= least,
        (Exact::Out, Some(most)) => quote.amount_in <= most,
    }
}

impl Market<'_> {
    /// Does `what`, then puts everything back.
    fn suppose<T>(&mut self, what: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        self.book.suppose();
        let done = what(self);
        self.book.roll_back();
        done
    }

    fn swap(&mut self, order: &Order) -> Result<Quote, Fault> {
        self.book.trade(self.number, order, self.now)
    }

    /// What `victim` gives behind a front-run of `front`, its limit aside.
    ///
    /// # Errors
    /// The reason of the first of the two that the program would refuse.
    pub(in super::super) fn behind(&mut self, victim: &Order, front: u64) -> Result<Quote, Fault> {
        let free = Order { limit: None, ..*victim };
        self.suppose(|market| {
            if front > 0 {
                match market.swap(&Order::exact_in(free.a_to_b, front)) {
                    // So little that nothing comes out changes nothing.
                    Ok(_) | Err(Fault::ZeroOut | Fault::ZeroAmount) => {}
                    Err(fault) => return Err(fault),
                }
            }
            market.swap(&free)
        })
    }

    /// `front` in front of `victim`, and all that it bought sold behind.
    ///
    /// # Errors
    /// The reason of the first of the three that the program would refuse.
    pub(in super::super) fn attack(&mut self, victim: &Order, front: u64) -> Result<Attack, Fault> {
        let free = Order { limit: None, ..*victim };
        self.suppose(|market| {
            let bought = market.swap(&Order::exact_in(free.a_to_b, front))?;
            let victim = market.swap(&free)?;
            let back = market.swap(&Order::exact_in(!free.a_to_b, bought.amount_out))?;
            let gain = i128::from(back.amount_out).saturating_sub(i128::from(front));
            Ok(Attack { front, gain, victim })
        })
    }

    /// The rate of the first unit, now or behind `victim`.
    pub(in super::super) fn slope(
        &mut self,
        a_to_b: bool,
        behind: Option<&Order>,
    ) -> Option<Slope> {
        let found = self.suppose(|market| {
            if let Some(order) = behind {
                market.swap(&Order { limit: None, ..*order })?;
            }
            let around = market.book.around(market.number, market.now);
            let state = market.book.state(market.number);
            Ok(state.and_then(|(pool, _)| slope(pool, around, a_to_b)))
        });
        found.ok().flatten()
    }

    /// The largest front-run behind which `victim` keeps its limit; the swap itself keeps it.
    ///
    /// What the victim gets never rises with the front-run, so that halving is exact; it starts
    /// around `guess`.
    ///
    /// # Errors
    /// The reason for which the swap would be refused as things are.
    pub(in super::super) fn largest(&mut self, victim: &Order, guess: u64) -> Result<Front, Fault> {
        let alone = self.behind(victim, 0)?;
        if !keeps(victim, &alone) {
            return Err(Fault::Slippage);
        }
        let mut best = Front { amount: 0, victim: alone, incomplete: false };
        let mut edge = None;
        let mut fills = |market: &mut Self, front: u64, best: &mut Front| {
            match market.behind(victim, front) {
                Ok(quote) if keeps(victim, &quote) => {
                    if front > best.amount {
                        *best = Front { amount: front, victim: quote, incomplete: false };
                    }
                    return true;
                }
                Ok(_) => edge = None,
                Err(fault) => edge = Some(fault),
            }
            false
        };
        // Away from the guess in steps that double, until one fills and one does not.
        let (mut low, mut high) = (0_u64, u64::MAX);
        let (mut at, mut step) = (guess.max(1), 1_u64);
        let up = fills(self, at, &mut best);
        let mut does = up;
        loop {
            if does {
                low = low.max(at);
                if !up || at == u64::MAX {
                    break;
                }
                at = at.saturating_add(step);
            } else {
                high = high.min(at);
                if up || at <= 1 {
                    break;
                }
                at = at.saturating_sub(step).max(1);
            }
            step = step.saturating_mul(2);
            does = fills(self, at, &mut best);
        }
        while high.saturating_sub(low) > 1 {
            let middle = low.midpoint(high);
            if fills(self, middle, &mut best) { low = middle } else { high = middle }
        }
        // What stops the next unit.
        if best.amount < u64::MAX {
            fills(self, best.amount.saturating_add(1), &mut best);
        }
        best.incomplete = matches!(edge, Some(Fault::Incomplete | Fault::Ticks));
        Ok(best)
    }

    /// The front-run of at most `most` that gains most; of several the smallest. `None` when none can
    /// be sold again.
    ///
    /// Points all over the range find the hill, thirds its top, and single units what rounding leaves to
    /// win there and at the end.
    pub(in super::super) fn best(&mut self, victim: &Order, most: u64) -> Option<Attack> {
        let mut best = None;
        let point = |at: u64| mul_div_floor(most, at.min(POINTS), POINTS).unwrap_or(most);
        let mut top = 0;
        for at in 1..=POINTS {
            if self.better(victim, point(at), &mut best) {
                top = at;
            }
        }
        let (mut low, mut high) = (point(top.saturating_sub(1)), point(top.saturating_add(1)));
        while high.saturating_sub(low) > STAIRS {
            let third = high.saturating_sub(low) / 3;
            let (left, right) = (low.saturating_add(third), high.saturating_sub(third));
            let gains = [left, right].map(|front| self.gain(victim, front));
            if gains[0] < gains[1] { low = left } else { high = right }
        }
        for end in [Some(high), Some(most).filter(|most| *most != high)].into_iter().flatten() {
            for front in end.saturating_sub(STAIRS).max(1)..=end {
                self.better(victim, front, &mut best);
            }
        }
        best
    }

    fn gain(&mut self, victim: &Order, front: u64) -> i128 {
        self.attack(victim, front).map_or(i128::MIN, |attack| attack.gain)
    }

    /// Takes a front-run of `front` when it gains more than `best`, or as much with less.
    fn better(&mut self, victim: &Order, front: u64, best: &mut Option<Attack>) -> bool {
        let Ok(attack) = self.attack(victim, front) else { return false };
        let worse = |held: &Attack| (attack.gain, held.front) > (held.gain, attack.front);
        let is_better = best.as_ref().is_none_or(worse);
        if is_better {
            *best = Some(attack);
        }
        is_better
    }
}
