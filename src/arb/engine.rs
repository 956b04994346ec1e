//! The stage: states and swaps in, opportunities out.
//!
//! ```text
//! pool, ticks, swap -> book -> rates -> graph -> guards -> exact tests -> size -> costs -> opportunity
//! ```
//!
//! All rows of a transaction, and all tick arrays in a row, are applied before anything is searched.
//! What is found in one step is put with the largest net first. Everything is sized at construction; a step allocates nothing.

use super::at_size::AtSize;
use super::book::{Applied, Book, BookRoom};
use super::cost::{CostModel, Flash};
use super::count::Counters;
use super::decide::{Bench, Judged, PoolHop, Trigger};
use super::detect::{Found, Graph, Room};
use super::explain::{Explained, explain};
use super::guard::{Guards, Progress};
use super::plan::Planner;
use super::rows::{ROWS, Rows, Taken, place};
use super::size::{self, Hop, Limits, MAX_HOPS};
use crate::dex::Moment;
use crate::ids::{Key, WSOL};
use crate::record::{
    Gap, GapReason, Layout, Liquidity, Opportunity, Pool, Record, Refusal, Role, Swap, Ticks,
    Wallet, WalletVerdict,
};
use crate::stream::{Sink, Stage};

/// Most opportunities of one step, and most refused candidates that one step explains.
const EMIT_MAX: usize = 64;

/// Candidates kept of one search (facts: arb.md section 2.2).
const LISTED: usize = 8;

/// What the stage is sized and judged by.
#[derive(Clone, Debug)]
pub struct Options {
    /// The tokens in which cycles start, in order of preference. Their raw units count as lamports:
    /// wrapped SOL, or what stands for it in a feed.
    pub bases: Vec<Key>,
    /// Most pools.
    pub pools: usize,
    /// Most tokens.
    pub tokens: usize,
    /// Most pools with ticks, and with bins, and with levels.
    pub deep_pools: usize,
    /// Most ticks, bins, or levels of one side, of one pool.
    pub entries: usize,
    /// Most places that one search looks at.
    pub visits: u32,
    /// Most lamports that may go in.
    pub balance: u64,
    /// Most lamports that the lender has.
    pub flash_cap: u64,
    /// Units of the coarsest amount tried on either side of the closed form.
    pub reach: u32,
    /// Where the principal comes from.
    pub flash: Flash,
    /// What the transaction pays.
    pub costs: CostModel,
    /// Compute units of a transaction without its hops.
    pub cu_base: u32,
    /// Compute units of one hop.
    pub cu_hop: u32,
    /// Compute units of each tick, bin or level that a hop crosses.
    pub cu_step: u32,
    /// The least net that is taken, lamports; at least 1 is asked for in any case.
    pub min_profit: u64,
    /// What a state must be to be traded on.
    pub guards: Guards,
    /// Search with average rates at this many lamports too; 0 does not.
    pub ref_size: u64,
    /// Most cycles of a plan; no plans below 1.
    pub plan: usize,
    /// Write refused candidates too.
    pub explain: bool,
}

impl Default for Options {
    /// Cycles from wrapped SOL with own funds, one signature, half of the gain as tip; room for
    /// 65 536 pools, 4096 of them with 512 ticks each, as many with bins and with levels.
    fn default() -> Self {
        Self {
            bases: vec![WSOL],
            pools: 1 << 16,
            tokens: 1 << 16,
            deep_pools: 1 << 12,
            entries: 1 << 9,
            visits: 1 << 16,
            balance: u64::MAX,
            flash_cap: u64::MAX,
            reach: size::REACH,
            flash: Flash::Own,
            costs: CostModel {
                signatures: 1,
                cu_price_micro: 1000,
                tip_bps: 5000,
                min_tip: 10_000,
            },
            cu_base: 10_000,
            cu_hop: 80_000,
            cu_step: 10_000,
            min_profit: 1,
            guards: Guards { min_reserve: 1000, min_depth: 1_000_000, max_slot_spread: 150 },
            ref_size: 0,
            plan: 0,
            explain: false,
        }
    }
}

impl Options {
    /// The most that may go in, and the flag that says why.
    pub(super) fn cap(&self) -> (u64, u8) {
        if self.flash != Flash::Own && self.flash_cap < self.balance {
            (self.flash_cap, Opportunity::CAPPED_FLASH)
        } else {
            (self.balance, Opportunity::CAPPED_BALANCE)
        }
    }
}

/// The core of `mev-arb`.
pub struct Engine {
    options: Options,
    book: Book,
    graph: Graph,
    at_size: Option<AtSize>,
    rows: Rows,
    found: Found,
    bench: Bench,
    planner: Planner,
    /// Pools whose state changed in this step.
    touched: Vec<u32>,
    /// Those pools, and which of their directions are searched.
    searches: Vec<(u32, [bool; 2])>,
    /// Where a pool that rows will touch is looked for, and the number of one before it.
    expected: (Option<usize>, Option<u32>),
    /// Opportunities of this step.
    taken: Vec<Opportunity>,
    explained: usize,
    /// The last tick array, while what it opened was not looked for.
    waiting: Option<Trigger>,
    progress: Progress,
    ordinal: u64,
    /// Number of the last row that waits.
    row_ordinal: u64,
    next_group: u32,
    /// What a wallet filter said of the record that comes next, and the pool that it named.
    judged: Option<(bool, Key)>,
    /// Whether something may follow from the transaction whose rows wait: no filter spoke, or it let one
    /// of them pass.
    open: bool,
    counters: Counters,
    watch: Option<Watch>,
}

/// What is looked at more closely.
struct Watch {
    ordinal: u64,
    what_if: Option<u64>,
    seen: Vec<Explained>,
}

impl Watch {
    /// Explains `record`, if it is one that was asked for.
    fn look(&mut self, record: &Opportunity, book: &Book, options: &Options, now: Moment) {
        if self.ordinal == record.ordinal {
            self.seen.push(explain(record, book, options, now, self.what_if));
        }
    }
}

impl Engine {
    /// Takes all the memory that it will ever use.
    pub fn new(options: Options) -> Self {
        let room = Room { tokens: options.tokens, pools: options.pools, visits: options.visits };
        Self {
            book: Book::new(BookRoom {
                pools: options.pools,
                deep_pools: options.deep_pools,
                entries: options.entries,
            }),
            graph: Graph::new(&options.bases, room),
            at_size: (options.ref_size > 0).then(|| {
                let graph = Graph::new(&options.bases, room);
                AtSize::new(graph, options.tokens, options.pools, options.ref_size)
            }),
            rows: Rows::new(1 << 16),
            found: Found::new(LISTED),
            bench: Bench::new(1 << 12),
            planner: Planner::new(),
            touched: Vec::with_capacity(ROWS),
            searches: Vec::with_capacity(ROWS),
            expected: (None, None),
            taken: Vec::with_capacity(EMIT_MAX.saturating_add(super::plan::MOST)),
            explained: 0,
            waiting: None,
            progress: Progress::default(),
            ordinal: 0,
            row_ordinal: 0,
            next_group: 1,
            judged: None,
            open: false,
            counters: Counters::default(),
            watch: None,
            options,
        }
    }

    /// Explains what the record of number `ordinal` leads to, and what `what_if` would have given.
    pub(super) fn watch(&mut self, ordinal: u64, what_if: Option<u64>) {
        self.watch = Some(Watch { ordinal, what_if, seen: Vec::new() });
    }

    /// What was watched for, so far.
    pub(super) fn seen(&self) -> &[Explained] {
        self.watch.as_ref().map_or(&[], |watch| &watch.seen)
    }

    /// What comes back when the cycle of `record` executes with its amounts in the present states;
    /// `None` when a hop gives less than its least.
    pub(super) fn execute(&self, record: &Opportunity) -> Option<u64> {
        let mut amount = record.amounts.first().copied()?;
        for (hop, least) in
            PoolHop::all(&self.book, record, self.progress.now()).zip(&record.min_out)
        {
            amount = hop?.out(amount).ok().filter(|out| out >= least)?;
        }
        Some(amount)
    }

    /// Whether some size of the cycle of `record` still gains more than its fixed costs.
    pub(super) fn pays(&self, record: &Opportunity) -> bool {
        let fixed = record.base_fee.saturating_add(record.priority_fee);
        let cost = fixed.saturating_add(self.options.costs.min_tip);
        let mut hops = [None; MAX_HOPS];
        for (place, hop) in
            hops.iter_mut().zip(PoolHop::all(&self.book, record, self.progress.now()))
        {
            *place = hop;
        }
        let all: Option<Vec<PoolHop<'_>>> =
            hops.into_iter().take(usize::from(record.hops)).collect();
        all.is_some_and(|hops| size::walk(&hops, self.options.flash, cost).is_ok())
    }

    /// The hops through the pools `path` in order, from a base token.
    ///
    /// # Errors
    /// What is wrong with the path.
    pub(super) fn path(&self, path: &[Key]) -> Result<Vec<PoolHop<'_>>, String> {
        let now = self.progress.now();
        let mut hops = Vec::new();
        let mut token = None;
        for key in path {
            let name = crate::bytes::base58::Key(key);
            let number = self.book.number(key).ok_or_else(|| format!("no pool {name}"))?;
            let (pool, _) = self.book.state(number).ok_or_else(|| format!("no pool {name}"))?;
            let is_base = |mint: &Key| self.options.bases.contains(mint);
            let base = [pool.mint_a, pool.mint_b].into_iter().find(is_base);
            let from = token.or(base).ok_or_else(|| format!("{name} holds no base token"))?;
            let a_to_b = from == pool.mint_a;
            if !a_to_b && from != pool.mint_b {
                return Err(format!("{name} does not hold what the pool before it gives"));
            }
            token = Some(if a_to_b { pool.mint_b } else { pool.mint_a });
            hops.extend(PoolHop::of(&self.book, number, a_to_b, now));
        }
        let first =
            hops.first().map(|hop| if hop.a_to_b { hop.pool.mint_a } else { hop.pool.mint_b });
        if token != first {
            return Err("the path does not end in the token that it begins with".to_owned());
        }
        Ok(hops)
    }

    /// What bounds a size, costs aside.
    pub(super) fn limits(&self) -> Limits {
        Limits {
            flash: self.options.flash,
            cap: self.options.cap().0,
            reach: self.options.reach,
            cost: 0,
            step_cost: 0,
        }
    }

    /// The states.
    pub(super) fn book_mut(&mut self) -> &mut Book {
        &mut self.book
    }

    /// Finishes what came before `row`, if `row` begins another transaction; whether it does.
    pub(super) fn make_way(&mut self, row: &Swap, out: &mut impl Sink) -> bool {
        self.look(out);
        let foreign = self.rows.is_foreign(row);
        if foreign {
            self.settle(out);
        }
        foreign
    }

    /// Whether `row` tells of a swap that was told before.
    pub(super) fn has_seen(&self, row: &Swap) -> bool {
        self.rows.has_seen(row)
    }

    /// A record that is not for the engine still has its number.
    pub(super) fn skip(&mut self) {
        self.ordinal = self.ordinal.wrapping_add(1);
    }

    /// Whether rows of a transaction wait for its last.
    pub(super) fn waits(&self) -> bool {
        !self.rows.held().is_empty()
    }

    /// Number of the next record.
    pub(super) fn ordinal(&self) -> u64 {
        self.ordinal
    }

    /// What was counted so far.
    pub fn counters(&self) -> Counters {
        let mut counters = self.counters;
        counters.model = self.book.checks;
        counters.pools_known = self.book.len();
        counters.tokens_known = self.graph.token_count();
        counters.pairs_known = self.graph.pair_count();
        counters
    }

    /// Takes in a state.
    fn take_pool(&mut self, pool: &Pool, out: &mut impl Sink) {
        self.counters.pools = self.counters.pools.saturating_add(1);
        self.look(out);
        self.settle(out);
        let (book, graph, at_size) = (&mut self.book, &mut self.graph, &mut self.at_size);
        let mut full = None;
        let applied = book.put_pool(pool, |number| {
            let graphs = std::iter::once(graph).chain(at_size.iter_mut().map(|own| &mut own.graph));
            for graph in graphs {
                match graph.add(&pool.mint_a, &pool.mint_b) {
                    Ok(added) if added == number => {}
                    Ok(_) => return false,
                    Err(reason) => {
                        full = Some(reason);
                        return false;
                    }
                }
            }
            true
        });
        self.counters.full(full);
        self.counters.applied(applied);
        self.progress.newest_slot = self.progress.newest_slot.max(pool.slot);
        if matches!(applied, Applied::Added | Applied::Changed) {
            self.touch(&pool.pool);
        }
        let trigger = Trigger {
            slot: pool.slot,
            ordinal: self.ordinal,
            rx_ns: pool.head.rx_ns,
            signature: None,
            pending: false,
        };
        self.detect(&trigger, out);
    }

    /// Takes in a tick array.
    fn take_ticks(&mut self, record: Record<'_>, array: &Ticks, out: &mut impl Sink) {
        self.counters.ticks = self.counters.ticks.saturating_add(1);
        if !self.rows.held().is_empty() {
            self.look(out);
            self.settle(out);
        }
        let applied = self.book.put_ticks(array, record.tail::<Ticks>());
        self.counters.applied(applied);
        if applied == Applied::UnknownPool {
            return;
        }
        if self.touched.len() >= ROWS {
            self.look(out);
        }
        self.touch(&array.pool);
        self.waiting = Some(Trigger {
            slot: array.slot,
            ordinal: self.ordinal,
            rx_ns: array.head.rx_ns,
            signature: None,
            pending: false,
        });
    }

    /// Takes in a change of liquidity: the pool waits for its next state.
    fn take_liquidity(&mut self, change: &Liquidity, out: &mut impl Sink) {
        self.counters.liquidity = self.counters.liquidity.saturating_add(1);
        self.look(out);
        self.settle(out);
        let applied = self.book.put_liquidity(change);
        self.counters.applied(applied);
    }

    /// Looks for what the tick arrays since the last other record opened: a pool's arrays come one
    /// after the other, and before the last one is there a size would be too small.
    fn look(&mut self, out: &mut impl Sink) {
        if let Some(trigger) = self.waiting.take() {
            self.detect(&trigger, out);
        }
    }

    /// Takes in a row, and applies its transaction when it is the last; nothing is looked for after a
    /// transaction of which no row `passes`.
    fn take_swap(&mut self, row: &Swap, passes: bool, out: &mut impl Sink) {
        self.counters.swaps = self.counters.swaps.saturating_add(1);
        self.make_way(row, out);
        self.row_ordinal = self.ordinal;
        let taken = self.rows.push(row);
        self.counters.row(taken);
        // A row that was told in an earlier transaction waits with none and opens none.
        let waits = matches!(taken, Taken::Held | Taken::Repeated) && self.waits();
        self.open |= passes && waits;
        if taken == Taken::Full {
            self.book.lose(&row.pool);
        }
        let last = row.head.flags & Swap::LAST_OF_TX != 0;
        if last || row.present & Swap::SIGNATURE == 0 {
            self.settle(out);
        }
    }

    /// Applies the transaction whose rows wait, then looks for what it opened.
    fn settle(&mut self, out: &mut impl Sink) {
        let open = std::mem::take(&mut self.open);
        let Some(last) = self.rows.held().last() else { return };
        let intent = |row: &Swap| row.role == Role::Intent as u8;
        let trigger = Trigger {
            slot: last.slot,
            ordinal: self.row_ordinal,
            rx_ns: last.head.rx_ns,
            signature: (last.present & Swap::SIGNATURE != 0).then_some(last.signature),
            pending: self.rows.held().iter().any(intent),
        };
        self.counters.transactions = self.counters.transactions.saturating_add(1);
        if self.progress.first_slot == 0 {
            self.progress.first_slot = trigger.slot;
        }
        self.progress.newest_slot = self.progress.newest_slot.max(trigger.slot);
        self.book.begin(self.rows.held().len());
        let mut carried = None;
        let mut refused = false;
        for row in self.rows.held() {
            let same = |(at, amount)| (at == place(row)).then_some(amount);
            let (applied, amount) =
                self.book.put_swap(row, carried.and_then(same), self.progress.newest_slot);
            self.counters.applied(applied);
            carried = amount.map(|amount| (place(row), amount));
            refused |= matches!(applied, Applied::WouldRevert | Applied::Expired);
        }
        if refused {
            self.book.roll_back();
            self.counters.rolled_back = self.counters.rolled_back.saturating_add(1);
        } else {
            for row in self.rows.held() {
                touch(&self.book, &mut self.touched, &row.pool);
            }
        }
        self.rows.clear();
        if open {
            self.detect(&trigger, out);
        } else {
            self.note();
        }
    }

    /// Takes in what a swap that is stopped changed, and looks for nothing.
    fn note(&mut self) {
        let now = self.progress.now();
        for number in &self.touched {
            let rates = [true, false].map(|a_to_b| Bench::rate(&self.book, *number, a_to_b, now));
            self.counters.rates(rates);
            let [a_to_b, b_to_a] = rates;
            self.graph.set(*number, a_to_b, b_to_a);
            if let Some(at_size) = &mut self.at_size {
                at_size.set(&self.book, *number, now, &self.options.bases);
            }
        }
        self.counters.stopped = self.counters.stopped.saturating_add(1);
        self.touched.clear();
    }

    /// A hole: what is known of pools may not be so any more. Where a wallet filter dropped a swap, it
    /// named the pool, and the others are as they were.
    fn take_gap(&mut self, gap: Option<&Gap>, dropped: Option<Key>, out: &mut impl Sink) {
        self.counters.gaps = self.counters.gaps.saturating_add(1);
        self.look(out);
        self.settle(out);
        let filtered = gap.is_some_and(|gap| gap.reason == GapReason::Filtered as u16);
        match dropped.filter(|_| filtered) {
            Some(pool) if pool != [0; 32] => self.book.lose(&pool),
            _ => self.book.hole(),
        }
    }

    fn touch(&mut self, pool: &Key) {
        touch(&self.book, &mut self.touched, pool);
    }

    /// Searches around every pool touched, and puts what pays.
    fn detect(&mut self, trigger: &Trigger, out: &mut impl Sink) {
        if self.touched.is_empty() {
            return;
        }
        self.progress.rx_ns = trigger.rx_ns;
        self.explained = 0;
        self.taken.clear();
        self.planner.clear();
        let (now, before) = (self.progress.now(), self.counters.candidates());
        // All rates first: a search must not see half a transaction.
        let mut searches = std::mem::take(&mut self.searches);
        searches.clear();
        for number in &self.touched {
            let rates = [true, false].map(|a_to_b| Bench::rate(&self.book, *number, a_to_b, now));
            self.counters.rates(rates);
            let [a_to_b, b_to_a] = rates;
            searches.push((*number, self.graph.set(*number, a_to_b, b_to_a)));
        }
        self.search_all(&searches, false, trigger, out);
        if let Some(at_size) = &mut self.at_size {
            for (number, wanted) in &mut searches {
                *wanted = at_size.set(&self.book, *number, now, &self.options.bases);
            }
            self.search_all(&searches, true, trigger, out);
        }
        self.searches = searches;
        self.touched.clear();
        self.counters.searched(before);
        self.emit(trigger, out);
    }

    /// Searches each direction that is wanted, by the marginal rates or `by_size`.
    fn search_all(
        &mut self,
        searches: &[(u32, [bool; 2])],
        by_size: bool,
        trigger: &Trigger,
        out: &mut impl Sink,
    ) {
        for (number, search) in searches {
            for (a_to_b, wanted) in [true, false].into_iter().zip(*search) {
                if !wanted {
                    self.counters.skipped = self.counters.skipped.saturating_add(1);
                    continue;
                }
                self.found.clear();
                let graph = match &mut self.at_size {
                    Some(at_size) if by_size => &mut at_size.graph,
                    _ => &mut self.graph,
                };
                graph.search(*number, a_to_b, &mut self.found);
                self.judge(*number, trigger, out);
            }
        }
    }

    /// Judges what the last search through pool `number` found.
    fn judge(&mut self, number: u32, trigger: &Trigger, out: &mut impl Sink) {
        self.counters.search(&self.found);
        for candidate in self.found.list() {
            if self.options.plan > 0 {
                self.planner.remember(candidate);
            }
            let judged = self.bench.judge(candidate, &self.book, &self.options, self.progress);
            let Judged { mut record, refusal } = judged;
            trigger.write(&mut record, self.book.state(number).map(|(pool, _)| pool.pool));
            self.counters.judged(refusal);
            if refusal == Refusal::None {
                insert(&mut self.taken, &record);
                if self.taken.len() > EMIT_MAX {
                    self.taken.truncate(EMIT_MAX);
                    self.counters.crowded_out = self.counters.crowded_out.saturating_add(1);
                }
            } else if self.options.explain && self.explained < EMIT_MAX {
                self.explained = self.explained.saturating_add(1);
                record.head.flags |= Opportunity::REFUSED;
                record.reason = refusal as u8;
                if let Some(watch) = &mut self.watch {
                    watch.look(&record, &self.book, &self.options, self.progress.now());
                }
                out.put(Record::of(&record));
            }
        }
    }

    /// Puts what was taken, each with the number of those that it conflicts with; the one with the
    /// largest net as the first of its plan, and the plan's others behind all.
    fn emit(&mut self, trigger: &Trigger, out: &mut impl Sink) {
        group(&mut self.taken, &mut self.next_group);
        if self.options.plan > 0 && !self.taken.is_empty() {
            self.plan(trigger);
        }
        for record in &self.taken {
            if let Some(watch) = &mut self.watch {
                watch.look(record, &self.book, &self.options, self.progress.now());
            }
            self.counters.emitted = self.counters.emitted.saturating_add(1);
            out.put(Record::of(record));
        }
        self.taken.clear();
    }

    fn plan(&mut self, trigger: &Trigger) {
        let most = self.options.plan;
        let plan = self.planner.make(&mut self.book, &self.options, self.progress, most);
        let Some((first, others)) = plan.split_first() else { return };
        let Some(held) = self.taken.first_mut() else { return };
        if held.pools != first.pools || held.amounts != first.amounts {
            return; // the best was taken before and is not taken again
        }
        (held.plan_count, held.plan_bound) = (first.plan_count, first.plan_bound);
        held.captured_ppm = first.captured_ppm;
        held.present |= first.present & Opportunity::PLAN;
        let (group, trigger_pool) = (held.conflict_group, held.trigger_pool);
        for other in others {
            let mut other = *other;
            trigger.write(&mut other, Some(trigger_pool));
            other.conflict_group = group;
            if self.taken.len() < self.taken.capacity() {
                self.taken.push(other);
            }
        }
    }
}

impl Stage for Engine {
    const MAX_OUT: usize =
        (2 * EMIT_MAX + super::plan::MOST) * size_of::<Opportunity>() + size_of::<Swap>();

    const AHEAD: usize = 3;

    /// A pool's state is one of many, and mostly far away: it is asked for in three steps, each of which
    /// finds what the one before asked for.
    #[inline]
    fn expect(&mut self, coming: Record<'_>) {
        let (place, number) = self.expected;
        if let Some(number) = number {
            self.graph.fetch(number);
        }
        let number = place.and_then(|place| self.book.fetch(place));
        if let Some(number) = number {
            self.graph.expect(number);
        }
        let row = coming.typed::<Swap>();
        self.expected = (row.map(|row| self.book.expect(&row.pool)), number);
    }

    fn step(&mut self, input: Record<'_>, out: &mut impl Sink) {
        // The caller has checked version and layout of what is consumed.
        let judged = self.judged.take();
        if let Some(row) = input.typed::<Swap>() {
            self.take_swap(row, judged.is_none_or(|(passes, _)| passes), out);
        } else if let Some(pool) = input.typed::<Pool>() {
            self.take_pool(pool, out);
        } else if let Some(array) = input.typed::<Ticks>() {
            self.take_ticks(input, array, out);
        } else if let Some(wallet) = input.typed::<Wallet>() {
            self.judged = Some((wallet.verdict == WalletVerdict::Pass as u8, wallet.pool));
        } else {
            if let Some(change) = input.typed::<Liquidity>() {
                self.take_liquidity(change, out);
            } else if input.kind() == Gap::SCHEMA.kind {
                self.take_gap(input.typed::<Gap>(), judged.map(|(_, pool)| pool), out);
            }
            out.put(input);
        }
        self.ordinal = self.ordinal.wrapping_add(1);
    }

    /// A transaction is complete when its last row says so, not when time passes; tick arrays are
    /// when nothing else comes.
    fn idle(&mut self, _now_ns: u64, out: &mut impl Sink) {
        self.look(out);
    }

    fn finish(&mut self, out: &mut impl Sink) {
        self.look(out);
        self.settle(out);
    }
}

/// Puts `record` behind those with as much net.
fn insert(taken: &mut Vec<Opportunity>, record: &Opportunity) {
    let at = taken.partition_point(|held| held.net >= record.net);
    taken.insert(at, *record);
}

/// Gives all that share a pool, directly or through others, the same number, from `next` on.
fn group(taken: &mut [Opportunity], next: &mut u32) {
    for at in 0..taken.len() {
        let (before, rest) = taken.split_at_mut(at);
        let Some(one) = rest.first_mut() else { return };
        let joined = before.iter().filter(|other| share_pool(one, other));
        one.conflict_group = match joined.map(|other| other.conflict_group).min() {
            Some(group) => group,
            None => std::mem::replace(next, next.checked_add(1).unwrap_or(1)),
        };
        for place in 0..before.len() {
            let Some(old) = before.get(place).filter(|other| share_pool(one, other)) else {
                continue;
            };
            let old = old.conflict_group;
            for other in before.iter_mut().filter(|other| other.conflict_group == old) {
                other.conflict_group = one.conflict_group;
            }
        }
    }
}

fn share_pool(one: &Opportunity, other: &Opportunity) -> bool {
    let pools = |of: &Opportunity| usize::from(of.hops);
    let theirs = other.pools.iter().take(pools(other));
    one.pools.iter().take(pools(one)).any(|pool| theirs.clone().any(|their| their == pool))
}

/// Remembers that the pool of account `pool` changed.
fn touch(book: &Book, touched: &mut Vec<u32>, pool: &Key) {
    if let Some(number) = book.number(pool)
        && !touched.contains(&number)
        && touched.len() < ROWS
    {
        touched.push(number);
    }
}
