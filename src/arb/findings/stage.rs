//! The stage: swaps and states in, findings out.
//!
//! A transaction's arbitrages are put when it is complete; a sandwich when the window has passed the
//! slot of its first front-run, or at the end. Each step looks at a few swaps that the window has
//! passed, so that the work and the output of a step are bounded; every row is a step, so they keep up.

use super::atomic::{self, Atomics};
use super::count::{Dropped, FindingCounters};
use super::loss::{Before, replay};
use super::sandwich::{Sandwich, Search, VICTIMS, reach};
use super::slot::{SLOT_ROWS, SlotRows};
use super::window::{Entry, Window};
use super::write;
use crate::arb::book::{Applied, Book, BookRoom};
use crate::arb::count::more;
use crate::arb::rows::{ROWS, Rows, Taken, place};
use crate::ids::Key;
use crate::record::{
    Confidence, Direction, Finding, Gap, Layout, Liquidity, LossUnknown, Pool, Record, Role,
    RuleLevel, Swap, Ticks,
};
use crate::stream::{Sink, Stage};

/// Swaps that the window has passed and that one step looks at.
const PACE: usize = 16;

/// Which sets of rules are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Levels {
    /// Within the slots of one leader, all legs linked
    Strict,
    /// Within the window, tied by amounts or owner
    Wide,
    /// Strict first, then wide
    Both,
}

impl Levels {
    fn list(self) -> &'static [RuleLevel] {
        match self {
            Self::Strict => &[RuleLevel::Strict],
            Self::Wide => &[RuleLevel::Wide],
            Self::Both => &[RuleLevel::Strict, RuleLevel::Wide],
        }
    }
}

/// What the stage is sized and judged by.
#[derive(Clone, Copy, Debug)]
pub struct FindingsOptions {
    /// Most slots from the first front-run to the last back-run, the first not counted.
    pub window: u64,
    /// Which sets of rules are asked.
    pub levels: Levels,
    /// Write near misses too.
    pub explain: bool,
    /// What a transaction pays, lamports.
    pub tx_fee: u64,
    /// Most swaps in the window.
    pub swaps: usize,
    /// Most pools whose states are kept.
    pub pools: usize,
    /// Most pools with ticks.
    pub deep_pools: usize,
    /// Most ticks of one pool.
    pub entries: usize,
}

impl Default for FindingsOptions {
    /// Four leaders, both sets of rules, the fee of one signature; 32 768 swaps, 65 536 pools.
    fn default() -> Self {
        Self {
            window: 16,
            levels: Levels::Both,
            explain: false,
            tx_fee: 5000,
            swaps: 1 << 15,
            pools: 1 << 16,
            deep_pools: 1 << 12,
            entries: 1 << 9,
        }
    }
}

/// The core of `mev-arb findings`.
pub struct Findings {
    options: FindingsOptions,
    book: Book,
    /// For each pool how often its state came from elsewhere than swaps.
    replaced: Vec<u32>,
    rows: Rows,
    slot: SlotRows,
    /// The pools before the rows of a transaction, and what the model made come out.
    before: Vec<Before>,
    outs: Vec<Option<u64>>,
    window: Window,
    search: Search,
    atomics: Atomics,
    /// Number of the last transaction that came, and of the last one in the window.
    tx_came: u64,
    tx_placed: u64,
    newest_slot: u64,
    counters: FindingCounters,
}

impl Findings {
    /// Takes all the memory that it will ever use.
    pub fn new(options: FindingsOptions) -> Self {
        let FindingsOptions { pools, deep_pools, entries, .. } = options;
        Self {
            book: Book::new(BookRoom { pools, deep_pools: deep_pools.min(pools), entries }),
            replaced: Vec::with_capacity(pools),
            rows: Rows::new(1 << 16),
            slot: SlotRows::new(),
            before: Vec::with_capacity(ROWS),
            outs: Vec::with_capacity(ROWS),
            // A whole slot is put before the next step makes room again.
            window: Window::new(options.swaps.saturating_add(SLOT_ROWS)),
            search: Search::new(),
            atomics: Atomics::new(),
            tx_came: 0,
            tx_placed: 0,
            newest_slot: 0,
            counters: FindingCounters::default(),
            options,
        }
    }

    /// What was counted so far.
    pub fn counters(&self) -> FindingCounters {
        let mut counters = self.counters;
        counters.legs_cut = self.search.cut;
        counters
    }

    /// Takes in a row, and its transaction when it is the last.
    fn take_swap(&mut self, row: &Swap, out: &mut impl Sink) {
        more(&mut self.counters.swaps);
        if self.rows.is_foreign(row) {
            self.settle(out);
        }
        let taken = self.rows.push(row);
        self.counters.row(taken);
        if taken == Taken::Full {
            self.book.lose(&row.pool);
        }
        if row.head.flags & Swap::LAST_OF_TX != 0 || row.present & Swap::SIGNATURE == 0 {
            self.settle(out);
        }
        self.pass(out);
    }

    /// Looks at the transaction whose rows wait, and lets its rows wait for their slot.
    fn settle(&mut self, out: &mut impl Sink) {
        let Some(first) = self.rows.held().first().copied() else { return };
        more(&mut self.counters.transactions);
        self.atomics.search(self.rows.held());
        for (at, found) in self.atomics.found.iter().enumerate() {
            let fee = if at == 0 { self.options.tx_fee } else { 0 };
            match write::atomic(self.rows.held(), found, fee) {
                Some(record) => {
                    more(&mut self.counters.arbitrages);
                    out.put(Record::of(&record));
                }
                None => more(&mut self.counters.overflow),
            }
        }
        let room = self.slot.has_room(self.rows.held().len());
        if self.slot.slot().is_some_and(|slot| slot != first.slot) {
            self.place_slot();
        } else if !room {
            more(&mut self.counters.slots_split);
            self.place_slot();
        }
        self.tx_came = self.tx_came.wrapping_add(1);
        for row in self.rows.held() {
            self.slot.push(row, self.tx_came);
        }
        self.rows.clear();
    }

    /// Applies the rows of the slot that waits, in order, and puts them into the window.
    fn place_slot(&mut self) {
        let Some(slot) = self.slot.slot() else { return };
        more(&mut self.counters.slots);
        if !self.slot.sort() {
            more(&mut self.counters.slots_by_arrival);
        }
        let fault = match slot {
            0 => Some(Dropped::NoSlot),
            slot if slot < self.newest_slot => Some(Dropped::OutOfOrder),
            _ => None,
        };
        self.newest_slot = self.newest_slot.max(slot);
        let mut at = 0;
        while let Some((_, tx)) = self.slot.get(at).copied() {
            let same = |end: usize| self.slot.get(end).is_some_and(|(_, other)| *other == tx);
            let mut end = at.saturating_add(1);
            while same(end) {
                end = end.saturating_add(1);
            }
            self.place_transaction(at..end, fault);
            at = end;
        }
        self.slot.clear();
    }

    /// Applies the rows `places` of the slot, one transaction.
    fn place_transaction(&mut self, places: std::ops::Range<usize>, fault: Option<Dropped>) {
        self.before.clear();
        self.outs.clear();
        self.book.begin(places.len());
        let mut carried = None;
        let mut refused = false;
        for at in places.clone() {
            let Some((row, _)) = self.slot.get(at) else { continue };
            let mut before = Before::of(&self.book, row, &self.replaced);
            let same = |(at, amount)| (at == place(row)).then_some(amount);
            let (applied, amount) =
                self.book.put_swap(row, carried.and_then(same), self.newest_slot);
            self.counters.applied(applied);
            before.applied(applied, row.role == Role::Fill as u8);
            self.outs.push(amount);
            carried = amount.map(|amount| (place(row), amount));
            refused |= matches!(applied, Applied::WouldRevert | Applied::Expired);
            self.before.push(before);
        }
        if refused {
            self.book.roll_back();
        }
        self.tx_placed = self.tx_placed.wrapping_add(1);
        for (at, turn) in places.zip(0..) {
            let Some((mut row, _)) = self.slot.get(at).copied() else { continue };
            let Some(before) = self.before.get(turn).copied() else { continue };
            if let Some(out) = self.outs.get(turn).copied().flatten()
                && row.present & Swap::AMOUNT_OUT == 0
            {
                (row.amount_out, row.present) = (out, row.present | Swap::AMOUNT_OUT);
            }
            let fault = if refused { Some(Dropped::WouldRevert) } else { fault };
            let pool = row.pool;
            let row = self.with_mints(row).ok_or(Dropped::NoMints);
            match fault.map_or(row, Err) {
                Ok(row) => self.window.push(&Entry::new(&row, self.tx_placed, &before)),
                Err(dropped) => {
                    self.counters.dropped(dropped);
                    // The book may hold what the window does not: a replay would miss it.
                    if !refused {
                        self.count_replaced(&pool);
                    }
                }
            }
        }
    }

    /// `row` with its tokens, from the record of its pool if it does not say them.
    fn with_mints(&self, mut row: Swap) -> Option<Swap> {
        let mints = Swap::MINT_IN | Swap::MINT_OUT;
        if row.present & mints != mints {
            let (pool, _) = self.book.state(self.book.number(&row.pool)?)?;
            let told = |bit, mint: [u8; 32]| (row.present & bit != 0).then_some(mint);
            let direction = Direction::from_number(row.direction);
            let from_a = told(Swap::MINT_IN, row.mint_in) == Some(pool.mint_a)
                || told(Swap::MINT_OUT, row.mint_out) == Some(pool.mint_b);
            let from_b = told(Swap::MINT_IN, row.mint_in) == Some(pool.mint_b)
                || told(Swap::MINT_OUT, row.mint_out) == Some(pool.mint_a);
            (row.mint_in, row.mint_out) = if direction == Direction::AToB || from_a {
                (pool.mint_a, pool.mint_b)
            } else if direction == Direction::BToA || from_b {
                (pool.mint_b, pool.mint_a)
            } else {
                return None;
            };
            row.present |= mints;
        }
        (row.present & Swap::POOL != 0 && row.mint_in != row.mint_out).then_some(row)
    }

    /// Looks at a few swaps that the window has passed, or that it has no more room for.
    fn pass(&mut self, out: &mut impl Sink) {
        for _ in 0..PACE {
            let Some((_, oldest)) = self.window.oldest() else { return };
            let age = self.newest_slot.saturating_sub(oldest.row.slot);
            if age <= reach(RuleLevel::Strict, self.options.window) {
                if self.window.len() <= self.options.swaps {
                    return;
                }
                more(&mut self.counters.window_full);
            }
            self.pass_one(out);
        }
    }

    /// Looks at the oldest swap as a front-run, and forgets it.
    fn pass_one(&mut self, out: &mut impl Sink) {
        let Some((number, _)) = self.window.oldest() else { return };
        more(&mut self.counters.searched);
        let (span, levels) = (self.options.window, self.options.levels.list());
        if let Some(found) = self.search.find(&self.window, number, span, levels) {
            self.put_sandwich(number, &found, out);
        } else if self.options.explain
            && let Some(near) = self.search.find_near(&self.window, number, span, levels)
        {
            self.put_near(&near, out);
        }
        self.window.forget();
    }

    /// Puts a sandwich and its victims.
    fn put_sandwich(&mut self, number: u64, found: &Sandwich, out: &mut impl Sink) {
        let (window, search) = (&self.window, &self.search);
        let Some(mut record) = write::sandwich(window, search, found, self.options.tx_fee) else {
            more(&mut self.counters.overflow);
            return;
        };
        for leg in &self.search.legs {
            self.window.set_used(*leg);
        }
        more(if found.level == RuleLevel::Strict {
            &mut self.counters.strict
        } else {
            &mut self.counters.wide
        });
        let told = u64::try_from(self.search.victims.len()).unwrap_or(u64::MAX);
        let untold = u64::from(found.victims).saturating_sub(told);
        self.counters.victims = self.counters.victims.saturating_add(found.victims.into());
        self.counters.victims_untold = self.counters.victims_untold.saturating_add(untold);
        let unknown = self.replay(number);
        let victims = &self.search.victims;
        write::sum(&mut record, victims, if untold > 0 { LossUnknown::TooMany } else { unknown });
        out.put(Record::of(&record));
        for victim in victims {
            let Some(entry) = self.window.get(victim.number) else { continue };
            self.counters.losses =
                self.counters.losses.saturating_add(u64::from(victim.loss.is_some()));
            out.put(Record::of(&write::victim(&record, entry, victim, unknown)));
        }
    }

    /// Fills in what the victims found lost.
    fn replay(&mut self, number: u64) -> LossUnknown {
        let Search { legs, victims, .. } = &mut self.search;
        let states = (&self.book, self.replaced.as_slice());
        match replay(&self.window, states, number, legs, victims) {
            Ok(()) => LossUnknown::None,
            Err(unknown) => {
                for victim in victims {
                    (victim.fair, victim.loss) = (None, None);
                }
                self.counters.unknown(unknown);
                unknown
            }
        }
    }

    fn put_near(&mut self, near: &Sandwich, out: &mut impl Sink) {
        let (window, search) = (&self.window, &self.search);
        let Some(mut record) = write::sandwich(window, search, near, self.options.tx_fee) else {
            more(&mut self.counters.overflow);
            return;
        };
        more(&mut self.counters.near_misses);
        record.head.flags |= Finding::NEAR_MISS;
        record.missed = near.verdicts.missing(near.level).1 as u8;
        record.confidence = Confidence::None as u8;
        out.put(Record::of(&record));
    }

    /// Takes in a state.
    fn take_pool(&mut self, pool: &Pool, out: &mut impl Sink) {
        self.wait_no_more(out);
        let applied = self.book.put_pool(pool, |_| true);
        self.counters.applied(applied);
        while self.replaced.len() < self.book.len() {
            self.replaced.push(0);
        }
        if applied == Applied::Changed {
            self.count_replaced(&pool.pool);
        }
    }

    /// Takes in a tick array.
    fn take_ticks(&mut self, record: Record<'_>, array: &Ticks, out: &mut impl Sink) {
        self.wait_no_more(out);
        let applied = self.book.put_ticks(array, record.tail::<Ticks>());
        self.counters.applied(applied);
        self.count_replaced(&array.pool);
    }

    /// Takes in a change of liquidity. It does not end its own slot: such rows stand among swaps.
    fn take_liquidity(&mut self, change: &Liquidity) {
        if self.slot.slot().is_some_and(|slot| slot < change.slot) {
            self.place_slot();
        }
        let applied = self.book.put_liquidity(change);
        self.counters.applied(applied);
        if applied == Applied::VaultChange {
            self.count_replaced(&change.pool);
        }
    }

    /// What waits comes before the record that is next.
    fn wait_no_more(&mut self, out: &mut impl Sink) {
        self.settle(out);
        self.place_slot();
    }

    fn count_replaced(&mut self, pool: &Key) {
        let number = self.book.number(pool).and_then(|number| usize::try_from(number).ok());
        if let Some(times) = number.and_then(|number| self.replaced.get_mut(number)) {
            *times = times.wrapping_add(1);
        }
    }
}

impl Stage for Findings {
    const MAX_OUT: usize =
        (PACE * (1 + VICTIMS) + 2 * atomic::MOST) * size_of::<Finding>() + size_of::<Liquidity>();

    fn step(&mut self, input: Record<'_>, out: &mut impl Sink) {
        // The caller has checked version and layout of what is consumed.
        if let Some(row) = input.typed::<Swap>() {
            self.take_swap(row, out);
        } else if let Some(pool) = input.typed::<Pool>() {
            self.take_pool(pool, out);
        } else if let Some(array) = input.typed::<Ticks>() {
            self.take_ticks(input, array, out);
        } else {
            if let Some(change) = input.typed::<Liquidity>() {
                self.take_liquidity(change);
            } else if input.kind() == Gap::SCHEMA.kind {
                more(&mut self.counters.gaps);
                self.wait_no_more(out);
                self.book.hole();
            }
            out.put(input);
        }
    }

    /// A slot is complete when the next one begins, not when time passes.
    fn idle(&mut self, _now_ns: u64, _out: &mut impl Sink) {}

    fn finish(&mut self, out: &mut impl Sink) {
        self.wait_no_more(out);
        while self.window.len() > 0 {
            self.pass_one(out);
        }
    }
}
