//! The state of every pool, and the rules by which it changes.
//!
//! **One order, one truth** (ARCHITECTURE.md section 2). A `pool` record is the truth at its slot; swaps
//! of later transactions are computed onto it, exactly as the venue's program would. A swap that is
//! not newer than the state is not applied. The next `pool` record replaces what was computed, and
//! where the two differ the model was wrong: that is counted. What cannot be explained (a swap of
//! unknown direction, a fill that the model does not reproduce, a walk out of the loaded ticks, a
//! hole in the stream) makes a pool stale until its next record.

use super::arrays::DepthFault;
use super::depth::{Depths, Mark, Place};
use super::intern::Interner;
use super::rows::ROWS;
use crate::dex::{Around, AroundMut, Depth, Fault, Moment, Order, Quote, apply};
use crate::mem;
use crate::record::{Action, Direction, Exact, Liquidity, Pool, Role, Swap, Ticks};

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
    /// No room for the ticks, bins or levels.
    NoTickRoom = 16,
    /// The ticks or bins contradict themselves or others, or are not what the pool trades on.
    BadTicks = 17,
    /// The pool waits for its next state: what is in it was changed otherwise than by a swap.
    VaultChange = 18,
}

impl Applied {
    /// The first that is neither a change nor a confirmation.
    pub(super) const DROPPED_FROM: usize = Self::UnknownPool as usize;

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
        "vault_change",
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
    /// What is in the pool was changed otherwise than by a swap since the last `pool` record.
    pub(super) moved: bool,
    /// Where its ticks, bins or levels are kept.
    place: Place,
}

/// A pool before a swap.
struct Before {
    at: usize,
    pool: Pool,
    anchor: Anchor,
    /// Its bins and levels; `None` when there was no room for them.
    depth: Option<Mark>,
}

/// How much a book holds at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct BookRoom {
    /// Pools.
    pub(super) pools: usize,
    /// Pools with ticks, and as many with bins, and as many with levels.
    pub(super) deep_pools: usize,
    /// Ticks, bins, or levels of one side, of one pool.
    pub(super) entries: usize,
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
    depths: Depths,
    holes: u32,
    /// What the swaps of the present transaction replaced, oldest first.
    undo: Vec<Before>,
    /// The present transaction has more rows than one: it may have to be put back.
    several: bool,
    pub(super) checks: ModelChecks,
}

impl Book {
    /// Takes all the memory that it will ever use.
    pub(super) fn new(room: BookRoom) -> Self {
        let BookRoom { pools, deep_pools, entries } = room;
        let (mut states, mut anchors) = (Vec::with_capacity(pools), Vec::with_capacity(pools));
        mem::large_pages(states.spare_capacity_mut());
        mem::large_pages(anchors.spare_capacity_mut());
        Self {
            keys: Interner::new(pools),
            states,
            anchors,
            depths: Depths::new(deep_pools, entries),
            holes: 0,
            undo: Vec::with_capacity(ROWS),
            several: false,
            checks: ModelChecks::default(),
        }
    }

    /// The number of the pool of account `key`.
    #[inline]
    pub(super) fn number(&self, key: &crate::ids::Key) -> Option<u32> {
        self.keys.get(key)
    }

    /// A row of pool `key` comes soon: the place to [`fetch`](Self::fetch) its state by.
    #[inline]
    pub(super) fn expect(&self, key: &crate::ids::Key) -> usize {
        self.keys.expect(key)
    }

    /// Asks for the lines of the state that a row needs, and tells its number, if all goes well.
    #[inline]
    pub(super) fn fetch(&self, place: usize) -> Option<u32> {
        let number = self.keys.guess(place)?;
        let at = usize::try_from(number).ok()?;
        mem::prefetch_item(&self.anchors, at);
        let state = bytemuck::bytes_of(self.states.get(at)?);
        // Slot and price, then reserves, fees and all that bends a curve.
        mem::prefetch(state, 0, 64);
        mem::prefetch(state, 256, 256);
        Some(number)
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

    /// What lies around the price of pool `number`, for a swap at `now`.
    #[inline]
    pub(super) fn around(&self, number: u32, now: Moment) -> Around<'_> {
        let Some((pool, anchor)) = self.state(number) else {
            return Around { now, ..Around::NONE };
        };
        let depth = self.depths.around(anchor.place, pool.tick);
        Around { depth, now }
    }

    /// What lies around `price` in pool `number`, as it now is.
    #[inline]
    pub(super) fn depth_at(&self, number: u32, price: i32) -> Depth<'_> {
        let place = self.state(number).map_or(Place::None, |(_, anchor)| anchor.place);
        self.depths.around(place, price)
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
        let (Some(state), Some(anchor)) = (self.states.get_mut(at), self.anchors.get_mut(at))
        else {
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
        let stale = anchor.broken || anchor.moved || anchor.holes != self.holes;
        let same = price(state) == price(pool) && same_rules(state, pool);
        if anchor.computed && !stale {
            self.checks.checked = self.checks.checked.saturating_add(1);
            if price(state) != price(pool) {
                self.checks.wrong = self.checks.wrong.saturating_add(1);
            }
        }
        *state = *pool;
        let version = anchor.version.wrapping_add(u64::from(!same || stale));
        *anchor = Anchor { version, ..Anchor::of(pool, self.holes, anchor.place) };
        if same && !stale { Applied::Unchanged } else { Applied::Changed }
    }

    fn add_pool(&mut self, pool: &Pool, add: impl FnOnce(u32) -> bool) -> Applied {
        if pool.mint_a == pool.mint_b {
            return Applied::OtherMints;
        }
        let next = u32::try_from(self.states.len()).unwrap_or(u32::MAX);
        if self.states.len() >= self.states.capacity() || !add(next) {
            return Applied::NoRoom;
        }
        if self.keys.insert(&pool.pool).is_none() {
            return Applied::NoRoom;
        }
        self.states.push(*pool);
        self.anchors.push(Anchor::of(pool, self.holes, Place::None));
        Applied::Added
    }

    /// Takes in ticks, bins or levels, the entries in `tail`. A pool must be known before them.
    pub(super) fn put_ticks(&mut self, array: &Ticks, tail: &[u8]) -> Applied {
        let found = self.number(&array.pool).and_then(|number| usize::try_from(number).ok());
        let held = found.and_then(|at| Some((self.states.get(at)?, self.anchors.get_mut(at)?)));
        let Some((state, anchor)) = held else { return Applied::UnknownPool };
        anchor.version = anchor.version.wrapping_add(1);
        let put = self.depths.put(&mut anchor.place, array, tail, state.tick);
        match put {
            Ok(()) => Applied::Changed,
            Err(DepthFault::Order) => Applied::BadTicks,
            Err(DepthFault::Pools | DepthFault::Room) => Applied::NoTickRoom,
        }
    }

    /// Takes in a change of a pool that is no swap.
    pub(super) fn put_liquidity(&mut self, change: &Liquidity) -> Applied {
        let found = self.number(&change.pool).and_then(|number| usize::try_from(number).ok());
        let held = found.and_then(|at| Some((self.states.get(at)?, self.anchors.get_mut(at)?)));
        let Some((state, anchor)) = held else { return Applied::UnknownPool };
        let known = change.slot != 0
            && (change.slot < state.slot || (anchor.snapshot && change.slot == anchor.slot));
        if known || change.failed != 0 || change.action == Action::Collect as u8 {
            return Applied::Unchanged;
        }
        anchor.moved = true;
        Applied::VaultChange
    }

    /// A transaction of `rows` swaps begins: they will stand or fall together.
    pub(super) fn begin(&mut self, rows: usize) {
        self.undo.clear();
        self.depths.begin();
        self.several = rows > 1;
    }

    /// The transaction would be refused as a whole: every pool is as it was before.
    pub(super) fn roll_back(&mut self) {
        while let Some(before) = self.undo.pop() {
            let (Some(state), Some(held)) =
                (self.states.get_mut(before.at), self.anchors.get_mut(before.at))
            else {
                continue;
            };
            (*state, *held) = (before.pool, before.anchor);
            match before.depth {
                Some(mark) => self.depths.put_back(held.place, state.tick, mark),
                None => held.broken = true,
            }
        }
    }

    /// Puts pool `at` aside as it is before a swap.
    fn put_aside(&mut self, at: usize) {
        if !self.several || self.undo.len() >= self.undo.capacity() {
            return;
        }
        if let (Some(pool), Some(anchor)) = (self.states.get(at), self.anchors.get(at)) {
            let depth = self.depths.put_aside(anchor.place, pool.tick);
            self.undo.push(Before { at, pool: *pool, anchor: *anchor, depth });
        }
    }

    /// Computes a swap onto its pool, and returns what came out if it changed anything.
    /// `carried` is what goes in when the row does not say: the output of the swap before it in the
    /// same instruction. `newest_slot` is the newest slot known.
    pub(super) fn put_swap(
        &mut self,
        row: &Swap,
        carried: Option<u64>,
        newest_slot: u64,
    ) -> (Applied, Option<u64>) {
        let found = self.number(&row.pool).and_then(|number| usize::try_from(number).ok());
        let Some(at) = found else { return (Applied::UnknownPool, None) };
        if row.present & Swap::DEADLINE != 0 && row.deadline_slot < newest_slot {
            return (Applied::Expired, None);
        }
        let (Some(state), Some(anchor)) = (self.states.get(at), self.anchors.get(at)) else {
            return (Applied::UnknownPool, None);
        };
        if let Some(before) = before_state(row, state, anchor) {
            if let Some(anchor) = self.anchors.get_mut(at) {
                anchor.broken |= before == Applied::Late;
            }
            return (before, None);
        }
        self.put_aside(at);
        let (Some(state), Some(anchor)) = (self.states.get_mut(at), self.anchors.get_mut(at))
        else {
            return (Applied::UnknownPool, None);
        };
        let around = AroundMut {
            depth: self.depths.around_mut(anchor.place, state.tick),
            now: Moment::of(row.slot, row.head.rx_ns),
        };
        let (applied, out) = compute(row, carried, state, around);
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
        (applied, out)
    }

    /// What would follow begins: trades until [`Self::roll_back`] are not meant to stay.
    pub(super) fn suppose(&mut self) {
        self.begin(ROWS);
    }

    /// Executes `order` on pool `number`, as a part of what is supposed.
    ///
    /// # Errors
    /// The venue's reason; [`Fault::State`] when the pool could not be put back afterwards.
    pub(super) fn trade(
        &mut self,
        number: u32,
        order: &Order,
        now: Moment,
    ) -> Result<Quote, Fault> {
        let at = usize::try_from(number).map_err(|_| Fault::State)?;
        let before = self.undo.len();
        self.put_aside(at);
        if self.undo.get(before).is_none_or(|before| before.depth.is_none()) {
            self.undo.truncate(before);
            return Err(Fault::State);
        }
        let (Some(state), Some(anchor)) = (self.states.get_mut(at), self.anchors.get_mut(at))
        else {
            return Err(Fault::State);
        };
        let around = AroundMut { depth: self.depths.around_mut(anchor.place, state.tick), now };
        let quote = apply(state, around, order)?;
        anchor.version = anchor.version.wrapping_add(1);
        Ok(quote)
    }

    /// Something happened to the pool of `row` that was not kept.
    pub(super) fn lose(&mut self, pool: &crate::ids::Key) {
        let found = self.number(pool).and_then(|number| usize::try_from(number).ok());
        if let Some(anchor) = found.and_then(|at| self.anchors.get_mut(at)) {
            anchor.broken = true;
        }
    }
}

impl Anchor {
    /// A record came.
    fn of(pool: &Pool, holes: u32, place: Place) -> Self {
        Self {
            version: 0,
            slot: pool.slot,
            sequence: pool.sequence,
            snapshot: pool.head.flags & Pool::SNAPSHOT != 0,
            computed: false,
            holes,
            broken: false,
            moved: false,
            place,
        }
    }
}

/// What a pool's price is made from.
fn price(pool: &Pool) -> (i128, i128, u128, u128, i32) {
    if pool.present & Pool::SQRT_PRICE != 0 {
        return (0, 0, pool.sqrt_price, pool.liquidity, pool.tick);
    }
    // A fee may wait in a vault, with as much less of the virtual reserve.
    let whole = |own: u64, beside: i64| i128::from(own).saturating_add(i128::from(beside));
    let (a, b) = (whole(pool.reserve_a, pool.virtual_a), whole(pool.reserve_b, pool.virtual_b));
    (a, b, 0, 0, pool.tick)
}

/// Whether all else that decides a quote is the same.
fn same_rules(one: &Pool, other: &Pool) -> bool {
    let mut rules = *one;
    (rules.head.rx_ns, rules.head.flags) = (other.head.rx_ns, other.head.flags);
    (rules.slot, rules.sequence) = (other.slot, other.sequence);
    (rules.reserve_a, rules.reserve_b) = (other.reserve_a, other.reserve_b);
    (rules.virtual_a, rules.virtual_b) = (other.virtual_a, other.virtual_b);
    (rules.sqrt_price, rules.liquidity) = (other.sqrt_price, other.liquidity);
    rules.tick = other.tick;
    bytemuck::bytes_of(&rules) == bytemuck::bytes_of(other)
}

/// Why `row` is not newer than the state, if it is not. Slot 0 is unknown and always newer.
pub(super) fn before_state(row: &Swap, state: &Pool, anchor: &Anchor) -> Option<Applied> {
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

/// What `row` asks of the pool in `state`; `carried` goes in where it does not say.
///
/// # Errors
/// What is not known.
pub(super) fn order(row: &Swap, carried: Option<u64>, state: &Pool) -> Result<Order, Applied> {
    let a_to_b = is_a_to_b(row, state).ok_or(Applied::NoDirection)?;
    let told = |bit, value| (row.present & bit != 0).then_some(value);
    let amount_in = told(Swap::AMOUNT_IN, row.amount_in);
    let amount_out = told(Swap::AMOUNT_OUT, row.amount_out);
    let exact_out = row.exact == Exact::Out as u8;
    let (exact, amount) = match (amount_in.or(carried), amount_out) {
        (_, Some(amount)) if exact_out => (Exact::Out, amount),
        (Some(amount), _) if !exact_out || amount_in.is_some() => (Exact::In, amount),
        _ => return Err(Applied::NoAmount),
    };
    // What was executed has kept its limits.
    let is_fill = row.role == Role::Fill as u8;
    Ok(Order {
        a_to_b,
        exact,
        amount,
        limit: told(Swap::LIMIT, row.limit).filter(|_| !is_fill),
        sqrt_limit: Some(row.sqrt_limit)
            .filter(|_| !is_fill && row.present & Swap::SQRT_LIMIT != 0),
    })
}

/// Executes `row` on `state`.
fn compute(
    row: &Swap,
    carried: Option<u64>,
    state: &mut Pool,
    around: AroundMut<'_>,
) -> (Applied, Option<u64>) {
    let order = match order(row, carried, state) {
        Ok(order) => order,
        Err(unknown) => return (unknown, None),
    };
    let is_fill = row.role == Role::Fill as u8;
    match apply(state, around, &order) {
        Ok(quote) if is_fill && !agrees(&quote, row) => (Applied::ModelError, None),
        Ok(quote) => (Applied::Changed, Some(quote.amount_out)),
        // What was executed has not been refused: the state is not what it was.
        Err(_) if is_fill => (Applied::ModelError, None),
        Err(fault) => (refused(fault), None),
    }
}

/// Whether the model computes what was executed.
fn agrees(quote: &Quote, row: &Swap) -> bool {
    let is = |bit, told: u64, computed| row.present & bit == 0 || told == computed;
    is(Swap::AMOUNT_IN, row.amount_in, quote.amount_in)
        && is(Swap::AMOUNT_OUT, row.amount_out, quote.amount_out)
}

/// What a refusal to quote an intent means for the pool.
fn refused(fault: Fault) -> Applied {
    match fault {
        Fault::Ticks | Fault::Incomplete => Applied::OutOfTicks,
        Fault::Venue
        | Fault::Unsupported
        | Fault::ZeroReserve
        | Fault::Fee
        | Fault::State
        | Fault::Moment => Applied::NotModelled,
        _ => Applied::WouldRevert,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Venue;

    fn pool(slot: u64, sequence: u64) -> Pool {
        let mut pool = Pool::new(0);
        pool.venue = Venue::Feed as u16;
        (pool.pool, pool.mint_a, pool.mint_b) = ([1; 32], [2; 32], [3; 32]);
        (pool.reserve_a, pool.reserve_b) = (1_000_000, 2_000_000);
        (pool.fee_num, pool.fee_den) = (25, 10_000);
        (pool.slot, pool.sequence) = (slot, sequence);
        pool.present = Pool::RESERVES;
        pool
    }

    fn snapshot(slot: u64) -> Pool {
        let mut pool = pool(slot, 0);
        pool.head.flags = Pool::SNAPSHOT;
        pool
    }

    fn swap(slot: u64, amount_in: u64) -> Swap {
        let mut row = Swap::new(9);
        row.pool = [1; 32];
        row.slot = slot;
        row.direction = Direction::AToB as u8;
        row.amount_in = amount_in;
        row.present = Swap::POOL | Swap::AMOUNT_IN;
        row
    }

    fn book(first: &Pool) -> Book {
        let mut book = Book::new(BookRoom { pools: 4, deep_pools: 1, entries: 16 });
        assert_eq!(book.put_pool(first, |number| number == 0), Applied::Added);
        book
    }

    fn put(book: &mut Book, row: &Swap) -> Applied {
        book.begin(1);
        book.put_swap(row, None, 0).0
    }

    fn stale(book: &Book) -> bool {
        book.is_stale(book.state(0).unwrap().1)
    }

    #[test]
    fn a_snapshot_holds_all_of_its_slot_and_a_state_of_the_wire_does_not() {
        let mut held = book(&snapshot(10));
        assert_eq!(put(&mut held, &swap(10, 500)), Applied::SwapBeforeState);
        assert_eq!(put(&mut held, &swap(11, 500)), Applied::Changed);
        assert_eq!(put(&mut held, &swap(11, 500)), Applied::Changed);
        assert_eq!(held.state(0).unwrap().0.slot, 11);
        let mut held = book(&pool(10, 1));
        assert_eq!(put(&mut held, &swap(9, 500)), Applied::SwapBeforeState);
        assert_eq!(put(&mut held, &swap(10, 500)), Applied::Changed);
        assert_eq!(put(&mut held, &swap(0, 500)), Applied::Changed, "slot 0 is unknown");
        assert!(!stale(&held));
    }

    #[test]
    fn a_swap_moves_the_reserves_as_the_program_does() {
        let mut book = book(&pool(0, 0));
        assert_eq!(book.put_swap(&swap(0, 10_000), None, 0), (Applied::Changed, Some(19_752)));
        let (state, _) = book.state(0).unwrap();
        // net 9975, out floor(9975 * 2000000 / 1009975) = 19752
        assert_eq!((state.reserve_a, state.reserve_b), (1_010_000, 1_980_248));
        assert_eq!(state.head.rx_ns, 9);
    }

    #[test]
    fn a_late_swap_makes_the_pool_stale_until_its_next_record() {
        let mut book = book(&pool(10, 1));
        assert_eq!(put(&mut book, &swap(13, 500)), Applied::Changed);
        assert_eq!(put(&mut book, &swap(12, 500)), Applied::Late);
        assert!(stale(&book));
        assert_eq!(book.put_pool(&pool(12, 2), |_| false), Applied::PoolBeforeState);
        assert_eq!(book.put_pool(&pool(13, 1), |_| false), Applied::PoolBeforeState, "repeated");
        assert_eq!(book.put_pool(&pool(13, 2), |_| false), Applied::Changed);
        assert!(!stale(&book));
        assert_eq!(book.checks, ModelChecks::default(), "a stale state proves nothing");
    }

    #[test]
    fn a_hole_makes_every_pool_stale_until_its_next_record() {
        let mut book = book(&pool(10, 1));
        book.hole();
        assert!(stale(&book));
        let version = book.state(0).unwrap().1.version;
        assert_eq!(book.put_pool(&pool(11, 2), |_| false), Applied::Changed, "from stale to known");
        assert!(!stale(&book) && book.state(0).unwrap().1.version > version);
        assert_eq!(book.put_pool(&pool(12, 3), |_| false), Applied::Unchanged);
    }

    #[test]
    fn computed_states_are_checked_against_the_record_that_replaces_them() {
        let mut book = book(&pool(10, 1));
        put(&mut book, &swap(11, 10_000));
        let mut told = pool(11, 2);
        (told.reserve_a, told.reserve_b) = (1_010_000, 1_980_248);
        assert_eq!(book.put_pool(&told, |_| false), Applied::Unchanged);
        assert_eq!(book.checks, ModelChecks { checked: 1, wrong: 0 });
        put(&mut book, &swap(11, 10_000));
        told.sequence = 3;
        assert_eq!(book.put_pool(&told, |_| false), Applied::Changed);
        assert_eq!(book.checks, ModelChecks { checked: 2, wrong: 1 });
    }

    #[test]
    fn a_transaction_that_would_be_refused_moves_nothing() {
        let mut book = book(&pool(10, 1));
        let before = *book.state(0).unwrap().0;
        book.begin(2);
        assert_eq!(book.put_swap(&swap(11, 500), None, 0).0, Applied::Changed);
        let mut second = swap(11, 10_000);
        (second.limit, second.present) = (19_752, second.present | Swap::LIMIT);
        assert_eq!(book.put_swap(&second, None, 0), (Applied::WouldRevert, None));
        book.roll_back();
        assert_eq!(*book.state(0).unwrap().0, before);
        assert_eq!(put(&mut book, &second), Applied::Changed, "alone it is filled just so");
    }

    #[test]
    fn what_cannot_be_explained_makes_the_pool_stale() {
        type Case = (fn(&mut Swap), Applied);
        let cases: [Case; 4] = [
            (|row| row.direction = 0, Applied::NoDirection),
            (|row| row.present = Swap::POOL, Applied::NoAmount),
            (|row| (row.role, row.amount_out) = (Role::Fill as u8, 7), Applied::ModelError),
            (|row| (row.role, row.amount_in) = (Role::Fill as u8, 0), Applied::ModelError),
        ];
        for (change, want) in cases {
            let mut book = book(&pool(10, 1));
            let mut row = swap(11, 500);
            row.present |= Swap::AMOUNT_OUT;
            change(&mut row);
            assert_eq!(put(&mut book, &row), want);
            assert!(stale(&book), "{want:?}");
        }
    }

    #[test]
    fn direction_follows_from_a_mint_and_amounts_from_the_swap_before() {
        let mut book = book(&pool(0, 0));
        let mut row = swap(0, 0);
        (row.direction, row.mint_out) = (0, [2; 32]);
        row.present = Swap::POOL | Swap::MINT_OUT;
        assert_eq!(book.put_swap(&row, Some(20_000), 0), (Applied::Changed, Some(9_876)));
        assert_eq!(book.state(0).unwrap().0.reserve_b, 2_020_000);
    }

    #[test]
    fn expired_and_foreign_swaps_and_contradicting_records_change_nothing() {
        let mut book = book(&pool(10, 1));
        let mut row = swap(0, 500);
        (row.deadline_slot, row.present) = (19, row.present | Swap::DEADLINE);
        assert_eq!(book.put_swap(&row, None, 20).0, Applied::Expired);
        assert_eq!(book.put_swap(&row, None, 19).0, Applied::Changed);
        row.pool = [9; 32];
        assert_eq!(book.put_swap(&row, None, 0).0, Applied::UnknownPool);
        let mut other = pool(11, 2);
        other.mint_a = [7; 32];
        assert_eq!(book.put_pool(&other, |_| true), Applied::OtherMints);
        (other.pool, other.mint_b) = ([8; 32], [7; 32]);
        assert_eq!(book.put_pool(&other, |_| true), Applied::OtherMints);
        other.mint_b = [6; 32];
        assert_eq!(book.put_pool(&other, |_| false), Applied::NoRoom);
        assert_eq!(book.len(), 1);
    }

    #[test]
    fn ticks_come_after_their_pool() {
        let mut book = book(&pool(10, 1));
        let mut array = Ticks::new(0);
        (array.start_tick, array.span_ticks) = (0, 88);
        assert_eq!(book.put_ticks(&array, &[]), Applied::UnknownPool);
        array.pool = [1; 32];
        assert_eq!(book.put_ticks(&array, &[]), Applied::Changed);
        let held = book.around(0, Moment::default()).ticks();
        assert_eq!((held.first_tick, held.end_tick), (0, 88));
        array.span_ticks = 0;
        assert_eq!(book.put_ticks(&array, &[]), Applied::BadTicks);
        assert_eq!(book.around(1, Moment::default()).ticks().end_tick, 0);
    }
}
