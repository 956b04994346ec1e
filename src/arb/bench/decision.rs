//! A decision: from a `swap` record to the `opportunity` records that follow, by the whole engine.
//!
//! The market is that of the detection bench as pools with reserves. Swaps of up to a 5000th of them
//! move prices away from the market's and, twice as often, back; the best of what one opens is taken by
//! the transaction behind it, whose swaps count too.

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

/// Swaps drawn at once.
const PIECE: usize = 4096;

/// How long steps took, ns, and what came of them.
pub struct Decision {
    /// Every swap.
    pub all: Histogram<u64>,
    /// Those of them that led to an opportunity.
    pub deciding: Histogram<u64>,
    /// Opportunities.
    pub found: u64,
    /// All of the swaps in one go, without drawing them, ns.
    pub whole_ns: u64,
}

/// A market as records, and how its swaps are drawn.
struct Swaps {
    pools: Vec<Pool>,
    /// Swaps from a to b less those back.
    off: Vec<i32>,
    dice: Dice,
    count: u64,
    /// Swaps of those who take what was found, the next one last.
    takers: Vec<Swap>,
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
        Self { pools, off, dice, count: 0, takers: Vec::with_capacity(4) }
    }

    /// Somebody takes `found`: its hops are the next transaction.
    fn take(&mut self, found: &Opportunity) {
        self.count += 1;
        let hops = usize::from(found.hops);
        self.takers.clear();
        for at in (0..hops).rev() {
            let of = |list: &[u64]| list.get(at).copied().unwrap_or(0);
            let mut row = Swap::new(0);
            row.head.flags = if at + 1 == hops { Swap::LAST_OF_TX } else { 0 };
            (row.slot, row.role) = (2, Role::Fill as u8);
            row.amount_in = of(&found.amounts);
            row.pool = found.pools.get(at).copied().unwrap_or_default();
            row.direction = found.directions.get(at).copied().unwrap_or(0);
            row.ix_outer = u16::try_from(at).unwrap_or(0);
            self.takers.push(self.signed(row));
        }
    }

    /// The row with a signature of its own transaction.
    fn signed(&self, mut row: Swap) -> Swap {
        for (place, byte) in row.signature.iter_mut().zip(self.count.to_le_bytes()) {
            *place = byte;
        }
        row.present = Swap::POOL | Swap::AMOUNT_IN | Swap::SIGNATURE;
        row
    }

    fn next(&mut self) -> Swap {
        if let Some(row) = self.takers.pop() {
            return row;
        }
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
            row.amount_in = (reserve / 100_000).saturating_mul(1 + u64::from(self.dice.roll(20)));
            (row.pool, row.venue) = (pool.pool, pool.venue);
        }
        self.count += 1;
        self.signed(row)
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

/// How many opportunities there are in `arena`, the best of which somebody takes.
fn taken(swaps: &mut Swaps, arena: &mut Arena) -> u64 {
    let mut found = 0;
    for one in arena.records().filter_map(|one| one.typed::<Opportunity>()) {
        if found == 0 {
            swaps.take(one);
        }
        found += 1;
    }
    arena.clear();
    found
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
        let found = taken(&mut swaps, &mut arena);
        if found > 0 {
            let _ = done.deciding.record(spent);
        }
        done.found += found;
    }
    // As from a file: rows lie there in pieces, and what comes next is known.
    let mut rows: Vec<Swap> = Vec::with_capacity(PIECE);
    let mut left = whole;
    while left > 0 {
        rows.clear();
        while rows.len() < PIECE && left > 0 {
            rows.push(swaps.next());
            left -= 1;
        }
        let clock = Stopwatch::start();
        for (at, row) in rows.iter().enumerate() {
            if let Some(coming) = rows.get(at + Engine::AHEAD) {
                engine.expect(Record::of(coming));
            }
            engine.step(Record::of(row), &mut arena);
            if !arena.is_empty() {
                taken(&mut swaps, &mut arena);
                while let Some(row) = swaps.takers.pop() {
                    engine.step(Record::of(&row), &mut arena);
                }
                arena.clear();
            }
        }
        done.whole_ns += clock.elapsed_ns();
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_market_trades_and_sometimes_pays() {
        let done = measure(400, 4000, 100);
        assert_eq!(done.all.len(), 4000);
        assert!(done.found > 4 && !done.deciding.is_empty(), "{}", done.found);
        assert!(done.whole_ns > 0);
    }
}
