//! The state of every pool, and the rules by which it changes.
//!
//! **One order, one truth** (ARCHITECTURE.md section 2). A `pool` record is the truth at its slot; swaps
//! of later transactions are computed onto it, exactly as the venue's program would. A swap that is
//! not newer than the state is not applied. The next `pool` record replaces what was computed, and
//! where the two differ the model was wrong: that is counted. What cannot be explained (a swap of
//! unknown direction, a fill that the model does not reproduce, a walk out of the loaded ticks, a
//! hole in the stream) makes a pool stale until its next record.

use super::intern::Interner;
use super::ticks::{TickFault, TickStore};
use crate::dex::{Fault, Order, Quote, TickRange, apply};
use crate::ids::Venue;
use crate::record::{Direction, Exact, Pool, Role, Swap, Tick, Ticks};

/// End of a list of regions: the pool has none.
const NONE: u32 = u32::MAX;

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Applied {
    /// The state of the pool changed.
    Changed = 0,
    /// The pool's first state.
    Added = 1,
    /// It says what was known.
    Unchanged = 2,
    /// The pool is not in the book.
    UnknownPool = 3,
    /// The swap is part of the state already.
    SwapBeforeState = 4,
    /// The record is older than the state.
    PoolBeforeState = 5,
    /// The program would refuse the swap: its own limit, an amount, a switch.
    WouldRevert = 6,
    /// The swap's last slot is over.
    Expired = 7,
    /// The direction is not known; the pool is stale.
    NoDirection = 8,
    /// The amount is not known; the pool is stale.
    NoAmount = 9,
    /// The pool's rules do not cover the swap; the pool is stale.
    NotModelled = 10,
    /// The swap leaves the loaded ticks; the pool is stale.
    OutOfTicks = 11,
    /// The swap happened between others that were applied before it came; the pool is stale.
    Late = 12,
    /// The fill's other amount is not what the model computes; the pool is stale.
    ModelError = 13,
    /// The record contradicts the pool: other tokens, or twice the same.
    OtherMints = 14,
    /// No room for another pool.
    NoRoom = 15,
    /// No room for the tick array.
    NoTickRoom = 16,
    /// The tick array contradicts itself or another.
    BadTicks = 17,
}

impl Applied {
    /// Names by number, as counters show them.
    pub(super) const NAMES: &'static [&'static str] = &[
        "changed",
        "added",
        "unchanged",
        "unknown_pool",
        "swap_before_state",
        "pool_before_state",
        "would_revert",
        "expired",
        "no_direction",
        "no_amount",
        "not_modelled",
        "out_of_ticks",
        "late",
        "model_error",
        "other_mints",
        "no_room",
        "no_tick_room",
        "bad_ticks",
    ];
}

/// What is known about how a state came to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Anchor {
    /// Rises with every change of the state or of its ticks.
    pub(super) version: u64,
    /// Slot of the last `pool` record; 0 is unknown.
    pub(super) slot: u64,
    /// Sequence number of the last `pool` record.
    sequence: u64,
    /// The last `pool` record holds all of its slot.
    snapshot: bool,
    /// Swaps were computed onto the last `pool` record.
    computed: bool,
    /// Holes of the stream when the last `pool` record came.
    holes: u32,
    /// Something happened that the state does not hold.
    broken: bool,
    /// The pool's region of ticks.
    region: u32,
}

/// How well computed states met the records that replaced them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ModelChecks {
    /// Computed states replaced by a record.
    pub(super) checked: u64,
    /// Those that differed.
    pub(super) wrong: u64,
}

/// Every pool by number, in the order in which they were added.
pub(super) struct Book {
    keys: Interner<crate::ids::Key>,
    states: Vec<Pool>,
    anchors: Vec<Anchor>,
    ticks: TickStore,
    holes: u32,
    pub(super) checks: ModelChecks,
}

impl Book {
    /// Room for `pools` pools, `ranged` of them with up to `ticks` initialised ticks each.
    pub(super) fn new(pools: usize, ranged: usize, ticks: usize) -> Self {
        Self {
            keys: Interner::new(pools),
            states: Vec::with_capacity(pools),
            anchors: Vec::with_capacity(pools),
            ticks: TickStore::new(ranged, ticks),
            holes: 0,
            checks: ModelChecks::default(),
        }
    }

    /// The number of the pool of account `key`.
    #[inline]
    pub(super) fn number(&self, key: &crate::ids::Key) -> Option<u32> {
        self.keys.get(key)
    }

    /// Pools known.
    pub(super) fn len(&self) -> usize {
        self.states.len()
    }

    /// The state of pool `number` and how it came to be.
    #[inline]
    pub(super) fn state(&self, number: u32) -> Option<(&Pool, &Anchor)> {
        let at = usize::try_from(number).ok()?;
        Some((self.states.get(at)?, self.anchors.get(at)?))
    }

    /// The loaded ticks around the price of pool `number`.
    #[inline]
    pub(super) fn ticks(&self, number: u32) -> TickRange<'_> {
        match self.state(number) {
            Some((pool, anchor)) if anchor.region != NONE => {
                self.ticks.range(anchor.region, pool.tick)
            }
            _ => TickRange::NONE,
        }
    }

    /// Whether more is known to have happened to the pool than its state holds.
    #[inline]
    pub(super) fn is_stale(&self, anchor: &Anchor) -> bool {
        anchor.broken || anchor.holes != self.holes
    }

    /// The stream has a hole: every pool is stale until its next record.
    pub(super) fn hole(&mut self) {
        self.holes = self.holes.wrapping_add(1);
    }

    /// Takes in a `pool` record; of a new pool only when `add` agrees, which is told its number.
    pub(super) fn put_pool(&mut self, pool: &Pool, add: impl FnOnce(u32) -> bool) -> Applied {
        let Some(number) = self.number(&pool.pool) else {
            return self.add_pool(pool, add);
        };
        let Ok(at) = usize::try_from(number) else { return Applied::NoRoom };
        let (Some(state), Some(anchor)) = (self.states.get_mut(at), self.anchors.get_mut(at)) else {
            return Applied::NoRoom;
        };
        if (state.mint_a, state.mint_b) != (pool.mint_a, pool.mint_b) {
            return Applied::OtherMints;
        }
        let older = pool.slot != 0 && pool.slot < state.slot;
        let repeated = pool.sequence != 0 && pool.sequence <= anchor.sequence;
        if older || repeated {
            return Applied::PoolBeforeState;
        }
        let stale = anchor.broken || anchor.holes != self.holes;
        let same = price(state) == price(pool) && rules(state) == rules(pool);
        if anchor.computed && !stale {
            self.checks.checked = self.checks.checked.saturating_add(1);
            if price(state) != price(pool) {
                self.checks.wrong = self.checks.wrong.saturating_add(1);
            }
        }
        *state = *pool;
        let version = anchor.version.wrapping_add(u64::from(!same || stale));
        *anchor = Anchor { version, ..Anchor::of(pool, self.holes, anchor.region) };
        if same && !stale { Applied::Unchanged } else { Applied::Changed }
    }

    fn add_pool(&mut self, pool: &Pool, add: impl FnOnce(u32) -> bool) -> Applied {
        if pool.mint_a == pool.mint_b {
            return Applied::OtherMints;
        }
        let next = u32::try_from(self.states.len()).unwrap_or(NONE);
        if self.states.len() >= self.states.capacity() || !add(next) {
            return Applied::NoRoom;
        }
        if self.keys.insert(&pool.pool).is_none() {
            return Applied::NoRoom;
        }
        self.states.push(*pool);
        self.anchors.push(Anchor::of(pool, self.holes, NONE));
        Applied::Added
    }

    /// Takes in a tick array. A pool must be known before its ticks.
    pub(super) fn put_ticks(&mut self, array: &Ticks, ticks: &[Tick]) -> Applied {
        let found = self.number(&array.pool).and_then(|number| usize::try_from(number).ok());
        let Some(anchor) = found.and_then(|at| self.anchors.get_mut(at)) else {
            return Applied::UnknownPool;
        };
        if anchor.region == NONE {
            match self.ticks.claim() {
                Ok(region) => anchor.region = region,
                Err(_) => return Applied::NoTickRoom,
            }
        }
        anchor.version = anchor.version.wrapping_add(1);
        match self.ticks.put(anchor.region, (array.start_tick, array.span_ticks), ticks) {
            Ok(()) => Applied::Changed,
            Err(TickFault::Order) => Applied::BadTicks,
            Err(TickFault::Pools | TickFault::Room) => Applied::NoTickRoom,
        }
    }

    /// Computes a swap onto its pool. `newest_slot` is the newest slot known.
    pub(super) fn put_swap(&mut self, row: &Swap, newest_slot: u64) -> Applied {
        let found = self.number(&row.pool).and_then(|number| usize::try_from(number).ok());
        let Some(at) = found else { return Applied::UnknownPool };
        let (Some(state), Some(anchor)) = (self.states.get_mut(at), self.anchors.get_mut(at)) else {
            return Applied::UnknownPool;
        };
        if row.present & Swap::DEADLINE != 0 && row.deadline_slot < newest_slot {
            return Applied::Expired;
        }
        if let Some(before) = before_state(row, state, anchor) {
            anchor.broken |= before == Applied::Late;
            return before;
        }
        let ticks = if anchor.region == NONE {
            TickRange::NONE
        } else {
            self.ticks.range(anchor.region, state.tick)
        };
        let applied = compute(row, state, ticks);
        match applied {
            Applied::Changed | Applied::ModelError => {
                state.slot = state.slot.max(row.slot);
                state.head.rx_ns = row.head.rx_ns;
                anchor.computed = true;
                anchor.version = anchor.version.wrapping_add(1);
                anchor.broken |= applied == Applied::ModelError;
            }
            Applied::WouldRevert => {}
            _ => anchor.broken = true,
        }
        applied
    }

    /// Something happened to the pool of `row` that was not kept.
    pub(super) fn lose(&mut self, row: &Swap) {
        let found = self.number(&row.pool).and_then(|number| usize::try_from(number).ok());
        if let Some(anchor) = found.and_then(|at| self.anchors.get_mut(at)) {
            anchor.broken = true;
        }
    }
}

impl Anchor {
    /// A record came.
    fn of(pool: &Pool, holes: u32, region: u32) -> Self {
        Self {
            version: 0,
            slot: pool.slot,
            sequence: pool.sequence,
            snapshot: pool.head.flags & Pool::SNAPSHOT != 0,
            computed: false,
            holes,
            broken: false,
            region,
        }
    }
}

/// What a pool's price is made from.
fn price(pool: &Pool) -> (u64, u64, u128, u128, i32) {
    if pool.venue == Venue::OrcaWhirlpool as u16 {
        return (0, 0, pool.sqrt_price, pool.liquidity, pool.tick);
    }
    (pool.reserve_a, pool.reserve_b, 0, 0, 0)
}

/// What else decides a quote.
fn rules(pool: &Pool) -> Pool {
    let mut rules = *pool;
    rules.head.rx_ns = 0;
    rules.head.flags = 0;
    (rules.slot, rules.sequence) = (0, 0);
    (rules.reserve_a, rules.reserve_b) = (0, 0);
    (rules.sqrt_price, rules.liquidity, rules.tick) = (0, 0, 0);
    rules
}

/// Why `row` is not newer than the state, if it is not. Slot 0 is unknown and always newer.
fn before_state(row: &Swap, state: &Pool, anchor: &Anchor) -> Option<Applied> {
    if row.slot == 0 {
        return None;
    }
    if row.slot < anchor.slot || (anchor.snapshot && row.slot == anchor.slot) {
        return Some(Applied::SwapBeforeState);
    }
    (row.slot < state.slot).then_some(Applied::Late)
}

/// Whether token a goes in.
fn is_a_to_b(row: &Swap, state: &Pool) -> Option<bool> {
    match Direction::from_number(row.direction) {
        Direction::AToB => Some(true),
        Direction::BToA => Some(false),
        Direction::Unknown => {
            let told = |bit, mint: [u8; 32]| (row.present & bit != 0).then_some(mint);
            let (mint_in, mint_out) =
                (told(Swap::MINT_IN, row.mint_in), told(Swap::MINT_OUT, row.mint_out));
            if mint_in == Some(state.mint_a) || mint_out == Some(state.mint_b) {
                Some(true)
            } else if mint_in == Some(state.mint_b) || mint_out == Some(state.mint_a) {
                Some(false)
            } else {
                None
            }
        }
    }
}

/// Executes `row` on `state`.
fn compute(row: &Swap, state: &mut Pool, ticks: TickRange<'_>) -> Applied {
    let Some(a_to_b) = is_a_to_b(row, state) else { return Applied::NoDirection };
    let told = |bit, value| (row.present & bit != 0).then_some(value);
    let amount_in = told(Swap::AMOUNT_IN, row.amount_in);
    let amount_out = told(Swap::AMOUNT_OUT, row.amount_out);
    let exact_out = row.exact == Exact::Out as u8;
    let (exact, amount) = match (amount_in, amount_out) {
        (_, Some(amount)) if exact_out => (Exact::Out, amount),
        (Some(amount), _) => (Exact::In, amount),
        _ => return Applied::NoAmount,
    };
    let is_fill = row.role == Role::Fill as u8;
    let order = Order {
        a_to_b,
        exact,
        amount,
        // What was executed has kept its limits.
        limit: told(Swap::LIMIT, row.limit).filter(|_| !is_fill),
        sqrt_limit: told(Swap::SQRT_LIMIT, row.sqrt_limit).filter(|_| !is_fill),
    };
    match apply(state, ticks, &order) {
        Ok(quote) if is_fill && !agrees(&quote, amount_in, amount_out) => Applied::ModelError,
        Ok(_) => Applied::Changed,
        // What was executed has not been refused: the state is not what it was.
        Err(_) if is_fill => Applied::ModelError,
        Err(fault) => refused(fault),
    }
}

/// Whether the model computes what was executed.
fn agrees(quote: &Quote, amount_in: Option<u64>, amount_out: Option<u64>) -> bool {
    amount_in.is_none_or(|amount| amount == quote.amount_in)
        && amount_out.is_none_or(|amount| amount == quote.amount_out)
}

/// What a refusal to quote an intent means for the pool.
fn refused(fault: Fault) -> Applied {
    match fault {
        Fault::Ticks | Fault::Incomplete => Applied::OutOfTicks,
        Fault::Venue | Fault::Unsupported | Fault::ZeroReserve | Fault::Fee | Fault::State => {
            Applied::NotModelled
        }
        _ => Applied::WouldRevert,
    }
}
