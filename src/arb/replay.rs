//! A replay: what the opportunities of a recorded stream would have been worth, some time later.
//!
//! ```text
//! record --Engine--> opportunity --delay--> the same amounts in the states of then --> landed, or why not
//! ```
//!
//! The best of each conflict group is tried, once while it waits. After the delay it either finds
//! states in which every hop still gives its least output, or it would have been refused whole: a
//! bundle that fails costs nothing. Before that it may have been outbid (its tip is below the floor)
//! or lost by chance (a share of the attempts, drawn from the ordinal: a replay is repeatable).
//! What lands is not traded into the states: the record tells what others did, and goes on.
//!
//! Beside that, how long each cycle kept paying, and how far those were that paid too little.

use super::engine::{Engine, Options};
use super::size::MAX_HOPS;
use crate::record::{Opportunity, Pool, Record, Swap, Ticks};
use crate::stream::{Arena, Stage};
use hdrhistogram::Histogram;
use xxhash_rust::xxh3::xxh3_64;

/// Cycles that are followed at once, and attempts that wait at once.
const OPEN: usize = 4096;

/// What happens between finding and landing.
#[derive(Clone, Copy, Debug)]
pub struct Delay {
    /// From the receipt of the trigger until the transaction executes.
    pub latency_ns: u64,
    /// Attempts that land if nothing else is against them, ppm.
    pub land_ppm: u32,
    /// Tips below this are outbid, lamports.
    pub tip_floor: u64,
}

/// What became of attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Attempts.
    pub tried: u64,
    /// Their tip was below the floor.
    pub outbid: u64,
    /// Lost by chance.
    pub unlucky: u64,
    /// The states had moved: a hop gave less than its least.
    pub moved: u64,
    /// Landed.
    pub landed: u64,
    /// What the search promised for those that landed, lamports.
    pub promised: i64,
    /// Gross of those that landed, at the states they met.
    pub gross: i64,
    /// Flash fees, base and priority fees, tips.
    pub flash: u64,
    /// Base fees.
    pub base: u64,
    /// Priority fees.
    pub priority: u64,
    /// Tips.
    pub tip: u64,
    /// What is left.
    pub net: i64,
}

/// An opportunity that waits for its delay.
#[derive(Clone, Copy, Debug)]
struct Attempt {
    record: Opportunity,
    due_ns: u64,
    /// Number of its delay.
    delay: usize,
}

/// A cycle that pays, since when.
#[derive(Clone, Copy, Debug)]
struct Alive {
    record: Opportunity,
    since_ns: u64,
    since_slot: u64,
}

/// An attempt that landed, for tables and plots.
#[derive(Clone, Copy, Debug)]
pub struct Landed {
    /// The opportunity.
    pub record: Opportunity,
    /// When it landed.
    pub at_ns: u64,
    /// What was left, lamports.
    pub net: i64,
}

/// The replay's core.
pub struct Replay {
    engine: Engine,
    arena: Arena,
    delays: Vec<Delay>,
    /// One an entry of `delays`.
    pub outcomes: Vec<Outcome>,
    /// Those that landed by the first delay.
    pub landed: Vec<Landed>,
    waiting: Vec<Attempt>,
    alive: Vec<Alive>,
    /// How long cycles kept paying, microseconds and slots.
    pub lifetime_us: Histogram<u64>,
    /// The same in slots.
    pub lifetime_slots: Histogram<u64>,
    /// Shortfalls of those that paid too little, lamports.
    pub missed_by: Histogram<u64>,
    /// Of one conflict group the others than its best.
    pub conflicting: u64,
    /// Waiting or open ones that had no room.
    pub crowded: u64,
    now_ns: u64,
    now_slot: u64,
}

impl Replay {
    /// Searches by `options`, lands by each of `delays`.
    pub fn new(options: Options, delays: Vec<Delay>) -> Self {
        let histogram = || Histogram::new(3).unwrap_or_else(|_| unreachable!("3 digits are valid"));
        Self {
            engine: Engine::new(Options { explain: true, plan: 0, ..options }),
            arena: Arena::with_room(Engine::MAX_OUT),
            outcomes: vec![Outcome::default(); delays.len()],
            delays,
            landed: Vec::new(),
            waiting: Vec::with_capacity(OPEN),
            alive: Vec::with_capacity(OPEN),
            lifetime_us: histogram(),
            lifetime_slots: histogram(),
            missed_by: histogram(),
            conflicting: 0,
            crowded: 0,
            now_ns: 0,
            now_slot: 0,
        }
    }

    /// The search's own counters.
    pub fn counters(&self) -> super::Counters {
        self.engine.counters()
    }

    /// What comes after [`Engine::AHEAD`] others.
    #[inline]
    pub fn expect(&mut self, coming: Record<'_>) {
        self.engine.expect(coming);
    }

    /// Takes one record of the stream.
    pub fn step(&mut self, record: Record<'_>) {
        let touched = pool_of(record);
        self.now_ns = self.now_ns.max(record.rx_ns());
        self.now_slot = self.now_slot.max(slot_of(record));
        self.land(self.now_ns);
        self.engine.step(record, &mut self.arena);
        if let Some(pool) = touched {
            self.bury(&pool);
        }
        self.meet();
    }

    /// The stream has ended: what waits meets the last states.
    pub fn finish(&mut self) {
        self.engine.finish(&mut self.arena);
        self.meet();
        self.land(u64::MAX);
        for one in std::mem::take(&mut self.alive) {
            self.close(&one);
        }
    }

    /// Takes in what the search has put.
    fn meet(&mut self) {
        let mut last_group = 0;
        let found: Vec<Opportunity> = self
            .arena
            .records()
            .filter_map(|record| record.typed::<Opportunity>().copied())
            .collect();
        self.arena.clear();
        for one in found {
            if one.head.flags & Opportunity::REFUSED != 0 {
                if one.net < 0 {
                    let _ = self.missed_by.record(one.net.unsigned_abs());
                }
                continue;
            }
            self.follow(&one);
            if one.conflict_group == last_group {
                self.conflicting = self.conflicting.saturating_add(1);
                continue;
            }
            last_group = one.conflict_group;
            self.wait(&one);
        }
    }

    /// Lets `record` wait, by every delay by which it does not wait yet.
    fn wait(&mut self, record: &Opportunity) {
        for (at, delay) in self.delays.iter().enumerate() {
            let waits = |held: &Attempt| held.delay == at && same(&held.record, record);
            if self.waiting.iter().any(waits) {
                continue;
            }
            if self.waiting.len() >= OPEN {
                self.crowded = self.crowded.saturating_add(1);
                continue;
            }
            let due_ns = record.head.rx_ns.saturating_add(delay.latency_ns);
            self.waiting.push(Attempt { record: *record, due_ns, delay: at });
        }
    }

    /// Executes what is due before the record that came at `now_ns`.
    fn land(&mut self, now_ns: u64) {
        let mut at = 0;
        while let Some(attempt) = self.waiting.get(at).copied() {
            if attempt.due_ns >= now_ns {
                at = at.saturating_add(1);
                continue;
            }
            self.waiting.swap_remove(at);
            self.try_one(&attempt);
        }
    }

    fn try_one(&mut self, attempt: &Attempt) {
        let one = &attempt.record;
        let Some(delay) = self.delays.get(attempt.delay).copied() else { return };
        let Some(outcome) = self.outcomes.get_mut(attempt.delay) else { return };
        outcome.tried = outcome.tried.saturating_add(1);
        if one.tip < delay.tip_floor {
            outcome.outbid = outcome.outbid.saturating_add(1);
            return;
        }
        if chance(one) >= delay.land_ppm {
            outcome.unlucky = outcome.unlucky.saturating_add(1);
            return;
        }
        let Some(back) = self.engine.execute(one) else {
            outcome.moved = outcome.moved.saturating_add(1);
            return;
        };
        outcome.landed = outcome.landed.saturating_add(1);
        let first = one.amounts.first().copied().unwrap_or(0);
        let gross = i64::try_from(i128::from(back).saturating_sub(i128::from(first)));
        let gross = gross.unwrap_or(i64::MAX);
        let costs = [one.flash_fee, one.base_fee, one.priority_fee, one.tip];
        let net = costs.iter().fold(gross, |net, cost| net.saturating_sub_unsigned(*cost));
        outcome.promised = outcome.promised.saturating_add(one.net);
        outcome.gross = outcome.gross.saturating_add(gross);
        outcome.flash = outcome.flash.saturating_add(one.flash_fee);
        outcome.base = outcome.base.saturating_add(one.base_fee);
        outcome.priority = outcome.priority.saturating_add(one.priority_fee);
        outcome.tip = outcome.tip.saturating_add(one.tip);
        outcome.net = outcome.net.saturating_add(net);
        if attempt.delay == 0 {
            let at_ns = attempt.due_ns;
            self.landed.push(Landed { record: *one, at_ns, net });
        }
    }

    /// Follows a cycle from when it first paid.
    fn follow(&mut self, record: &Opportunity) {
        if let Some(held) = self.alive.iter_mut().find(|held| same(&held.record, record)) {
            held.record = *record;
            return;
        }
        if self.alive.len() >= OPEN {
            self.crowded = self.crowded.saturating_add(1);
            return;
        }
        let (since_ns, since_slot) = (record.head.rx_ns, record.slot);
        self.alive.push(Alive { record: *record, since_ns, since_slot });
    }

    /// Closes the cycles through `pool` that pay no longer.
    fn bury(&mut self, pool: &[u8; 32]) {
        let mut at = 0;
        while let Some(one) = self.alive.get(at).copied() {
            let through =
                one.record.pools.iter().take(usize::from(one.record.hops)).any(|p| p == pool);
            if through && !self.engine.pays(&one.record) {
                self.alive.swap_remove(at);
                self.close(&one);
            } else {
                at = at.saturating_add(1);
            }
        }
    }

    fn close(&mut self, one: &Alive) {
        let us = self.now_ns.saturating_sub(one.since_ns) / 1000;
        let _ = self.lifetime_us.record(us);
        let _ = self.lifetime_slots.record(self.now_slot.saturating_sub(one.since_slot));
    }
}

/// Whether both are the same cycle.
fn same(one: &Opportunity, other: &Opportunity) -> bool {
    (one.hops, one.pools, one.directions) == (other.hops, other.pools, other.directions)
}

/// A number below 10^6, the same in every replay.
fn chance(one: &Opportunity) -> u32 {
    let mut seed = [0_u8; 16];
    let (ordinal, state) = seed.split_at_mut(8);
    ordinal.copy_from_slice(&one.ordinal.to_le_bytes());
    state.copy_from_slice(&one.state_hash.to_le_bytes());
    let part = xxh3_64(&seed).checked_rem(1_000_000).unwrap_or(0);
    u32::try_from(part).unwrap_or(0)
}

/// The pool that a record is about.
fn pool_of(record: Record<'_>) -> Option<[u8; 32]> {
    if let Some(row) = record.typed::<Swap>() {
        return Some(row.pool);
    }
    if let Some(pool) = record.typed::<Pool>() {
        return Some(pool.pool);
    }
    record.typed::<Ticks>().map(|array| array.pool)
}

fn slot_of(record: Record<'_>) -> u64 {
    let pool = || record.typed::<Pool>().map(|pool| pool.slot);
    record.typed::<Swap>().map(|row| row.slot).or_else(pool).unwrap_or(0)
}

const _: () = assert!(MAX_HOPS <= 4, "a record holds four hops");
