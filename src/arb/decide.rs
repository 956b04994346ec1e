//! From a candidate to a record: believed, worth it, sized, paid for.

use xxhash_rust::xxh3::xxh3_64;

use super::book::Book;
use super::detect::{Candidate, SEARCH_HOPS};
use super::engine::Options;
use super::guard::Progress;
use super::log2::floor_log2_q20;
use super::size::{Hop, Limits, Sizing, next_piece, size};
use crate::dex::{self, Around, Cursor, Fault, Moment, Product, Segment};
use crate::ids::Key;
use crate::record::{Cause, Curve, Direction, Opportunity, Pool, Refusal};

/// A hop of a cycle: a pool of the book in one direction.
#[derive(Clone, Copy, Debug)]
pub(super) struct PoolHop<'a> {
    pub(super) pool: &'a Pool,
    pub(super) around: Around<'a>,
    pub(super) a_to_b: bool,
    /// The same, where that is all there is to it.
    product: Option<Product>,
}

impl<'a> PoolHop<'a> {
    /// `pool` among what is `around` it.
    #[inline]
    pub(super) fn new(pool: &'a Pool, around: Around<'a>, a_to_b: bool) -> Self {
        Self { pool, around, a_to_b, product: Product::of(pool, a_to_b) }
    }

    /// Pool `number` of `book`, for a swap at `now`.
    #[inline]
    pub(super) fn of(book: &'a Book, number: u32, a_to_b: bool, now: Moment) -> Option<Self> {
        let (pool, _) = book.state(number)?;
        Some(Self::new(pool, book.around(number, now), a_to_b))
    }

    /// The hops of `record`, as its pools now stand; `None` for one that is not in the book.
    pub(super) fn all(
        book: &'a Book,
        record: &Opportunity,
        now: Moment,
    ) -> impl Iterator<Item = Option<Self>> + use<'a> {
        let steps = record.pools.into_iter().zip(record.directions).take(usize::from(record.hops));
        steps.map(move |(key, direction)| {
            Self::of(book, book.number(&key)?, direction == Direction::AToB as u8, now)
        })
    }
}

impl Hop for PoolHop<'_> {
    type Cursor = Cursor;

    fn start(&self) -> Cursor {
        Cursor::start(self.pool)
    }

    fn segment(&self, cursor: &mut Cursor) -> Option<Segment> {
        dex::segment(self.pool, self.around, self.a_to_b, cursor)
    }

    #[inline]
    fn out(&self, amount_in: u64) -> Result<u64, Fault> {
        if let Some(product) = &self.product {
            return product.out(amount_in);
        }
        let quote = dex::quote_in(self.pool, self.around, self.a_to_b, amount_in)?;
        if quote.complete { Ok(quote.amount_out) } else { Err(Fault::Incomplete) }
    }

    #[inline]
    fn min_in(&self, amount_out: u64) -> Result<u64, Fault> {
        if let Some(product) = &self.product {
            return product.min_in(amount_out);
        }
        dex::min_in(self.pool, self.around, self.a_to_b, amount_out)
    }

    fn is_smooth(&self) -> bool {
        self.pool.curve == Curve::Stable as u8
    }
}

/// What set a search off.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trigger {
    pub(super) slot: u64,
    pub(super) ordinal: u64,
    pub(super) rx_ns: u64,
    pub(super) signature: Option<[u8; 64]>,
    /// It is a swap that is not executed yet.
    pub(super) pending: bool,
}

impl Trigger {
    /// Names this as what led to `record`, through `pool`.
    pub(super) fn write(&self, record: &mut Opportunity, pool: Option<Key>) {
        record.head.rx_ns = self.rx_ns;
        (record.slot, record.ordinal) = (self.slot, self.ordinal);
        record.trigger_pool = pool.unwrap_or_default();
        record.cause = if self.pending { Cause::Pending } else { Cause::State } as u8;
        if let Some(signature) = self.signature {
            record.trigger = signature;
            record.present |= Opportunity::TRIGGER;
        }
    }
}

/// A candidate with all that is known of it.
pub(super) struct Judged {
    pub(super) record: Opportunity,
    /// `None` when it is taken.
    pub(super) refusal: Refusal,
}

/// Judges candidates; remembers which were taken.
pub(super) struct Bench {
    /// Hash of a cycle and of the versions of its states, by the low bits of the first.
    taken: Vec<(u64, u64)>,
}

impl Bench {
    /// Remembers about `count` cycles.
    pub(super) fn new(count: usize) -> Self {
        Self { taken: vec![(0, 0); count.max(1).next_power_of_two()] }
    }

    /// Rate at the margin of pool `number`, log2 in 2^-20, rounded down. `None` when it has none.
    pub(super) fn rate(book: &Book, number: u32, a_to_b: bool, now: Moment) -> Option<i32> {
        let hop = PoolHop::of(book, number, a_to_b, now)?;
        log2_rate(&next_piece(&hop, &mut hop.start())?)
    }

    /// Judges `candidate`, unless it was taken in the same states before.
    pub(super) fn judge(
        &mut self,
        candidate: &Candidate,
        book: &Book,
        options: &Options,
        progress: Progress,
    ) -> Judged {
        let (cycle, versions) = identity(candidate, book);
        let known = self.place(cycle).is_some_and(|place| *place == (cycle, versions));
        let mut judged = judge(candidate, book, options, progress);
        if judged.refusal == Refusal::None {
            if known {
                judged.refusal = Refusal::Duplicate;
            } else if let Some(place) = self.place(cycle) {
                *place = (cycle, versions);
            }
        }
        judged
    }

    fn place(&mut self, cycle: u64) -> Option<&mut (u64, u64)> {
        let mask = self.taken.len().wrapping_sub(1);
        #[expect(clippy::cast_possible_truncation, reason = "any bits of the hash will do")]
        self.taken.get_mut(cycle as usize & mask)
    }
}

/// Judges `candidate` as if it were met for the first time.
pub(super) fn judge(
    candidate: &Candidate,
    book: &Book,
    options: &Options,
    progress: Progress,
) -> Judged {
    let mut record = Opportunity::new(0);
    let refusal = decide(candidate, book, options, progress, &mut record).err();
    Judged { record, refusal: refusal.unwrap_or(Refusal::None) }
}

fn decide(
    candidate: &Candidate,
    book: &Book,
    options: &Options,
    progress: Progress,
    record: &mut Opportunity,
) -> Result<(), Refusal> {
    describe(candidate, book, record);
    options.guards.check(candidate, book, &options.bases, progress)?;
    let now = progress.now();
    let hop = |at: usize| {
        let step = candidate.steps().get(at).or(candidate.steps().first())?;
        PoolHop::of(book, step.pool, step.a_to_b, now)
    };
    let [Some(first), Some(second), Some(third), Some(fourth)] = [0, 1, 2, 3].map(hop) else {
        return Err(Refusal::BadState);
    };
    let all: [PoolHop<'_>; SEARCH_HOPS] = [first, second, third, fourth];
    let hops = all.get(..candidate.steps().len()).ok_or(Refusal::BadState)?;
    let hop_count = u32::from(record.hops);
    record.compute_units = options.cu_base.saturating_add(options.cu_hop.saturating_mul(hop_count));
    record.cu_price_micro = options.costs.cu_price_micro;
    let least = options.min_profit.max(1);
    let step = options.costs.fixed(record.compute_units.saturating_add(options.cu_step));
    let limits = Limits {
        step_cost: step.saturating_sub(options.costs.fixed(record.compute_units)),
        flash: options.flash,
        cap: options.cap().0,
        reach: options.reach,
        cost: options
            .costs
            .fixed(record.compute_units)
            .saturating_add(options.costs.min_tip)
            .saturating_add(least.saturating_sub(1)),
    };
    let sizing = size(hops, &limits)?;
    record.crossings = u16::try_from(sizing.crossings).unwrap_or(u16::MAX);
    record.compute_units =
        record.compute_units.saturating_add(options.cu_step.saturating_mul(sizing.crossings));
    fill(&sizing, options, record)?;
    if record.net < i64::try_from(least).unwrap_or(i64::MAX) {
        return Err(Refusal::BelowMinProfit);
    }
    Ok(())
}

/// `floor(2^20 log2(marginal rate))` at the start of `segment`.
pub(super) fn log2_rate(segment: &Segment) -> Option<i32> {
    let (into, from) = (segment.keep_in(), segment.keep_out());
    let [num_in, den_in, num_out, den_out] =
        [into.num, into.den, from.num, from.den].map(u128::from);
    match *segment {
        Segment::Price { num, den, .. } => {
            floor_log2_q20(&[num_in, num_out, num], &[den_in, den_out, den])
        }
        Segment::Product { r_in, r_out, .. } => floor_log2_q20(
            &[num_in, num_out, u128::from(r_out)],
            &[den_in, den_out, u128::from(r_in)],
        ),
        // The price of a in b is the square of p / 2^64.
        Segment::Range { sqrt_price: p, a_to_b: true, .. } => {
            floor_log2_q20(&[num_in, num_out, p, p], &[den_in, den_out, 1 << 64, 1 << 64])
        }
        Segment::Range { sqrt_price: p, a_to_b: false, .. } => {
            floor_log2_q20(&[num_in, num_out, 1 << 64, 1 << 64], &[den_in, den_out, p, p])
        }
    }
}

/// Numbers that say which cycle this is, and which states it stands on.
fn identity(candidate: &Candidate, book: &Book) -> (u64, u64) {
    let mut cycle = [0_u32; SEARCH_HOPS];
    let mut versions = [0_u64; SEARCH_HOPS];
    for ((step, name), version) in candidate.steps().iter().zip(&mut cycle).zip(&mut versions) {
        *name = step.pool.wrapping_mul(2).wrapping_add(u32::from(step.a_to_b)).wrapping_add(1);
        *version = book.state(step.pool).map_or(0, |(_, anchor)| anchor.version);
    }
    (xxh3_64(bytemuck::cast_slice(&cycle)), xxh3_64(bytemuck::cast_slice(&versions)))
}

/// Writes what `candidate` is.
fn describe(candidate: &Candidate, book: &Book, record: &mut Opportunity) {
    /// State of a pool without its length, kind, flags and receive time.
    const STATE_LEN: usize = size_of::<Pool>() - crate::record::PREFIX_LEN;
    let mut states = [[0_u8; STATE_LEN]; SEARCH_HOPS];
    record.hops = u8::try_from(candidate.steps().len()).unwrap_or(0);
    record.excess_q20 = candidate.score;
    record.oldest_slot = u64::MAX;
    for (at, (step, bytes)) in candidate.steps().iter().zip(&mut states).enumerate() {
        let Some((pool, _)) = book.state(step.pool) else { continue };
        if let Some(state) = bytemuck::bytes_of(pool).last_chunk() {
            *bytes = *state;
        }
        let (mint, decimals, direction) = if step.a_to_b {
            (pool.mint_a, pool.decimals_a, Direction::AToB)
        } else {
            (pool.mint_b, pool.decimals_b, Direction::BToA)
        };
        set(&mut record.pools, at, pool.pool);
        set(&mut record.mints, at, mint);
        set(&mut record.venues, at, pool.venue);
        set(&mut record.directions, at, direction as u8);
        set(&mut record.decimals, at, decimals);
        record.oldest_slot = record.oldest_slot.min(pool.slot);
        record.newest_slot = record.newest_slot.max(pool.slot);
        if at == 0 {
            record.base_mint = mint;
        }
    }
    let used = states.get(..candidate.steps().len()).unwrap_or_default();
    record.state_hash = xxh3_64(used.as_flattened());
}

fn set<T>(list: &mut [T], at: usize, value: T) {
    if let Some(place) = list.get_mut(at) {
        *place = value;
    }
}

/// Writes the amounts and what they cost.
fn fill(sizing: &Sizing, options: &Options, record: &mut Opportunity) -> Result<(), Refusal> {
    let plan = &sizing.plan;
    record.amounts = plan.legs;
    record.flash_fee = plan.flash_fee;
    let gross = plan.gain.checked_add(i128::from(plan.flash_fee));
    record.gross = gross.and_then(|gross| i64::try_from(gross).ok()).ok_or(Refusal::BadState)?;
    record.bound = sizing.walk.bound;
    if sizing.capped {
        record.head.flags |= options.cap().1;
    }
    if sizing.walk.incomplete {
        record.head.flags |= Opportunity::INCOMPLETE_TICKS;
    }
    let costs = options
        .costs
        .costs(record.gross, record.flash_fee, record.compute_units)
        .ok_or(Refusal::BadState)?;
    record.base_fee = costs.base_fee;
    record.priority_fee = costs.priority_fee;
    record.tip = costs.tip;
    record.net = costs.net;
    // Each hop must give what the next one takes, the last one what was put in and every cost.
    let hops = usize::from(record.hops);
    let (_, after) = plan.legs.split_first().ok_or(Refusal::BadState)?;
    for (least, leg) in record.min_out.iter_mut().zip(after).take(hops) {
        *least = *leg;
    }
    let owed = [record.flash_fee, costs.base_fee, costs.priority_fee, costs.tip];
    let whole = owed
        .iter()
        .try_fold(plan.legs.first().copied().unwrap_or(0), |sum, part| sum.checked_add(*part));
    set(&mut record.min_out, hops.saturating_sub(1), whole.ok_or(Refusal::BadState)?);
    Ok(())
}
