//! A decision: from a `swap` record to the `opportunity` records that follow, by the whole engine.
//!
//! The market is that of the detection bench as pools with reserves. Swaps of up to a fifth of a
//! percent move prices away from the market's and, twice as often, back.

use super::detection::mint;
use super::topology::{Dice, Market, SOL};
use crate::arb::{Engine, Options};
use crate::ids::Venue;
use crate::record::{Direction, Opportunity, Pool, Record, Role, Swap};
use crate::stream::{Arena, Stage};
use crate::time::Stopwatch;
use hdrhistogram::Histogram;

/// Fees of the pools, bps.
const FEES_BPS: [u64; 4] = [4, 25, 30, 100];

/// How long steps took, ns, and what came of them.
pub struct Decision {
    /// Every swap.
    pub all: Histogram<u64>,
    /// Those of them that led to an opportunity.
    pub deciding: Histogram<u64>,
    /// Opportunities.
    pub found: u64,
    /// All of it, without reading the clock in between, ns.
    pub whole_ns: u64,
}

/// A market as records, and how its swaps are drawn.
struct Swaps {
    pools: Vec<Pool>,
    /// Swaps from a to b less those back.
    off: Vec<i32>,
    dice: Dice,
    count: u64,
}

impl Swaps {
    fn new(count: usize) -> Self {
        let market = Market::draw(count, 42);
        let mut dice = Dice::new(11);
        // Lamports that 2^16 raw units of a token are worth.
        let prices: Vec<u64> =
            (0..market.tokens).map(|_| (1 << 16) + u64::from(dice.roll(1 << 28))).collect();
        let mut pools = Vec::with_capacity(count);
        for ((number, [a, b]), sequence) in (0_u32..).zip(&market.pools).zip(1..) {
            let worth = (1_u64 << 58) + (u64::from(dice.roll(1 << 30)) << 31);
            let reserve = |token: &u32| {
                let price = prices.get(*token as usize).copied().unwrap_or(1);
                let price = if *token == SOL { 1 << 16 } else { price };
                worth / price
            };
            let mut pool = Pool::new(0);
            pool.venue = Venue::Feed as u16;
            pool.pool = mint(number);
            (pool.mint_a, pool.mint_b) = (mint(*a), mint(*b));
            (pool.reserve_a, pool.reserve_b) = (reserve(a), reserve(b));
            let fee = FEES_BPS.get(dice.roll(4) as usize).copied().unwrap_or(30);
            (pool.fee_num, pool.fee_den) = (fee, 10_000);
            (pool.slot, pool.sequence, pool.present) = (1, sequence, Pool::RESERVES);
            pools.push(pool);
        }
        let off = vec![0; pools.len()];
        Self { pools, off, dice, count: 0 }
    }

    fn next(&mut self) -> Swap {
        let pools = u32::try_from(self.pools.len()).unwrap_or(u32::MAX);
        let at = self.dice.roll(pools) as usize;
        let off = self.off.get(at).copied().unwrap_or(0);
        let a_to_b = if self.dice.roll(3) == 0 { off >= 0 } else { off < 0 };
        if let Some(off) = self.off.get_mut(at) {
            *off += if a_to_b { 1 } else { -1 };
        }
        let mut row = Swap::new(0);
        row.head.flags = Swap::LAST_OF_TX;
        (row.slot, row.role) = (2, Role::Fill as u8);
        row.direction = if a_to_b { Direction::AToB } else { Direction::BToA } as u8;
        if let Some(pool) = self.pools.get(at) {
            let reserve = if a_to_b { pool.reserve_a } else { pool.reserve_b };
            row.amount_in = (reserve / 10_000).saturating_mul(1 + u64::from(self.dice.roll(20)));
            (row.pool, row.venue) = (pool.pool, pool.venue);
        }
        self.count += 1;
        row.signature = [0; 64];
        for (place, byte) in row.signature.iter_mut().zip(self.count.to_le_bytes()) {
            *place = byte;
        }
        row.present = Swap::POOL | Swap::AMOUNT_IN | Swap::SIGNATURE;
        row
    }
}

/// An engine that knows the market.
fn engine(swaps: &Swaps) -> (Engine, Arena) {
    let options = Options {
        bases: vec![mint(SOL)],
        pools: swaps.pools.len() + 1,
        tokens: swaps.pools.len() + 16,
        deep_pools: 1,
        entries: 1,
        ..Options::default()
    };
    let mut engine = Engine::new(options);
    let mut arena = Arena::with_room(Engine::MAX_OUT);
    for pool in &swaps.pools {
        engine.step(Record::of(pool), &mut arena);
        arena.clear();
    }
    (engine, arena)
}

/// Measures `updates` swaps on a market of `count` pools, each alone, and `whole` more in one go.
pub fn measure(count: usize, updates: u64, whole: u64) -> Decision {
    let mut swaps = Swaps::new(count);
    let (mut engine, mut arena) = engine(&swaps);
    let histogram = || Histogram::new(3).unwrap_or_else(|_| unreachable!("3 digits are valid"));
    let mut done = Decision { all: histogram(), deciding: histogram(), found: 0, whole_ns: 0 };
    for _ in 0..updates {
        let row = swaps.next();
        let clock = Stopwatch::start();
        engine.step(Record::of(&row), &mut arena);
        let spent = clock.elapsed_ns();
        let _ = done.all.record(spent);
        let found = arena.records().filter(|one| one.typed::<Opportunity>().is_some()).count();
        if found > 0 {
            let _ = done.deciding.record(spent);
        }
        done.found += found as u64;
        arena.clear();
    }
    let clock = Stopwatch::start();
    for _ in 0..whole {
        let row = swaps.next();
        engine.step(Record::of(&row), &mut arena);
        arena.clear();
    }
    done.whole_ns = clock.elapsed_ns();
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_market_trades_and_sometimes_pays() {
        let done = measure(400, 4000, 100);
        assert_eq!(done.all.len(), 4000);
        assert!(done.found > 20 && done.deciding.len() > 10, "{}", done.found);
        assert!(done.whole_ns > 0);
    }
}
