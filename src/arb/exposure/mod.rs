//! What a pending swap lets others take, and what would keep it.
//!
//! ```text
//! swap --its pool, before it--> largest front-run that it still fills behind, gain of selling again
//!                               tolerance at which no attack pays, number of parts that costs least
//!      --the engine, behind it--> the best cycle that it opens
//! ```
//!
//! Every number comes from the venue's exact quotes on a copy of the state that is put back. All swaps
//! of a transaction are measured on the state before it. The
//! attack is measured so that the user can ask better; no transaction is made of it.

mod bound;
mod market;
mod measure;
mod say;
#[cfg(test)]
mod tests;

pub(super) use bound::front;
pub(super) use market::Market;
pub use measure::Economics;
pub(super) use measure::{Case, limit};
pub(super) use say::say;

use super::book::{Applied, before_state, order};
use super::count::{count, more};
use super::engine::{Engine, Options};
use super::rows::ROWS;
use crate::dex::{Fault, Moment, Order};
use crate::ids::Key;
use crate::record::{
    Direction, Exact, Exposure, Layout, Opportunity, Record, Role, Swap, Unmeasured,
};
use crate::stream::{Sink, Stage};
use measure::Measured;

/// Records whose swaps are measured: the core of `mev-arb exposure`.
pub struct Exposer {
    engine: Engine,
    bases: Vec<Key>,
    economics: Economics,
    explain: bool,
    /// Measured swaps of the transaction that is not complete.
    waiting: Vec<Exposure>,
    ordinal: u64,
    measured: u64,
    attackable: u64,
    unmeasured: [u64; Unmeasured::NAMES.len()],
    /// Of one transaction more than there is room for.
    crowded_out: u64,
}

/// Takes the opportunities behind the swaps that wait, and passes everything else on.
struct Behind<'a, S> {
    waiting: &'a mut [Exposure],
    out: &'a mut S,
}

impl<S: Sink> Sink for Behind<'_, S> {
    fn put(&mut self, record: Record<'_>) {
        let Some(found) = record.typed::<Opportunity>() else { return self.out.put(record) };
        let behind = self.waiting.iter_mut().filter(|one| one.pool == found.trigger_pool);
        for one in behind.filter(|one| found.net > one.back_net) {
            (one.back_net, one.back_gross) = (found.net, found.gross);
        }
    }

    fn put_parts<T: Layout>(&mut self, fixed: &T, tail: &[u8]) {
        self.out.put_parts(fixed, tail);
    }

    fn held(&self) -> usize {
        self.out.held()
    }
}

impl Exposer {
    /// Takes all the memory that it will ever use. Swaps that are not measured are written too if
    /// `options` ask to explain.
    pub fn new(options: Options, economics: Economics) -> Self {
        let options = Options { plan: 0, ..options };
        Self {
            bases: options.bases.clone(),
            explain: options.explain,
            engine: Engine::new(Options { explain: false, ..options }),
            economics,
            waiting: Vec::with_capacity(ROWS),
            ordinal: 0,
            measured: 0,
            attackable: 0,
            unmeasured: [0; Unmeasured::NAMES.len()],
            crowded_out: 0,
        }
    }

    /// Swaps measured, and those of them that pay an attacker at their limit.
    pub fn measured(&self) -> (u64, u64) {
        (self.measured, self.attackable)
    }

    /// Measured swaps that were not written: more of one transaction than there is room for.
    pub fn crowded_out(&self) -> u64 {
        self.crowded_out
    }

    /// Swaps that were not measured, by reason.
    pub fn unmeasured(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Unmeasured::NAMES.iter().copied().zip(self.unmeasured).skip(1)
    }

    /// The engine takes `input`, and what it finds behind waiting swaps is theirs.
    fn drive(&mut self, input: Record<'_>, out: &mut impl Sink) {
        self.engine.step(input, &mut Behind { waiting: &mut self.waiting, out });
    }

    fn flush(&mut self, out: &mut impl Sink) {
        for one in self.waiting.drain(..) {
            out.put(Record::of(&one));
        }
    }

    fn take(&mut self, row: &Swap) {
        let mut record = Exposure::new(row.head.rx_ns);
        record.ordinal = self.ordinal;
        let told = match self.measure(row, &mut record) {
            Ok(()) => {
                more(&mut self.measured);
                let pays = record.head.flags & Exposure::ATTACKABLE != 0;
                self.attackable = self.attackable.saturating_add(u64::from(pays));
                true
            }
            Err(reason) => {
                count(&mut self.unmeasured, reason as u8);
                record.reason = reason as u8;
                let reverts = reason == Unmeasured::WouldRevert;
                record.head.flags |=
                    if reverts { Exposure::WOULD_REVERT } else { Exposure::REFUSED };
                reverts || self.explain
            }
        };
        if told && self.waiting.len() >= ROWS {
            more(&mut self.crowded_out);
        } else if told {
            self.waiting.push(record);
        }
    }

    fn measure(&mut self, row: &Swap, record: &mut Exposure) -> Result<(), Unmeasured> {
        (record.slot, record.pool, record.venue) = (row.slot, row.pool, row.venue);
        (record.exact, record.attack_cost) = (row.exact, self.economics.attack_cost);
        if row.present & Swap::SIGNATURE != 0 {
            record.signature = row.signature;
            record.present |= Exposure::SIGNATURE;
        }
        if row.role != Role::Intent as u8 || row.failed != 0 {
            return Err(Unmeasured::NotPending);
        }
        let book = self.engine.book_mut();
        let number = book.number(&row.pool).ok_or(Unmeasured::UnknownPool)?;
        let (pool, anchor) = book.state(number).ok_or(Unmeasured::UnknownPool)?;
        let mut victim = order(row, None, pool).map_err(|unknown| match unknown {
            Applied::NoDirection => Unmeasured::NoDirection,
            _ => Unmeasured::NoAmount,
        })?;
        // How callers ask without a limit.
        let none = if victim.exact == Exact::In { 0 } else { u64::MAX };
        victim.limit = victim.limit.filter(|limit| *limit != none);
        let direction = if victim.a_to_b { Direction::AToB } else { Direction::BToA };
        record.direction = direction as u8;
        let mints = [pool.mint_a, pool.mint_b];
        let [mint_in, mint_out] = if victim.a_to_b { mints } else { [mints[1], mints[0]] };
        (record.mint_in, record.mint_out) = (mint_in, mint_out);
        if anchor.moved || book.is_stale(anchor) {
            return Err(Unmeasured::Stale);
        }
        if before_state(row, pool, anchor).is_some() {
            return Err(Unmeasured::Happened);
        }
        let is_base = |mint: &Key| self.bases.contains(mint);
        let base_in = is_base(&mint_in);
        if !base_in && !is_base(&mint_out) {
            return Err(Unmeasured::NoBase);
        }
        let now = Moment::of(row.slot, row.head.rx_ns);
        let mut market = Market { book, number, now };
        let economics = self.economics;
        let mut case = Case { market: &mut market, victim, base_in, economics };
        let measured = case.measure().map_err(unmeasured)?;
        write(record, &victim, &measured);
        slopes(record, &mut market, &victim);
        Ok(())
    }
}

/// What a refusal to quote means for the measurement.
fn unmeasured(fault: Fault) -> Unmeasured {
    match fault {
        Fault::Venue | Fault::Unsupported => Unmeasured::Unsupported,
        Fault::Ticks | Fault::Incomplete => Unmeasured::MissingTicks,
        Fault::Moment => Unmeasured::Moment,
        Fault::State | Fault::Fee | Fault::ZeroReserve => Unmeasured::BadState,
        _ => Unmeasured::WouldRevert,
    }
}

fn write(record: &mut Exposure, victim: &Order, measured: &Measured) {
    let Measured { alone, front, .. } = measured;
    (record.amount_in, record.amount_out) = (alone.amount_in, alone.amount_out);
    let exact_out = record.exact != 0;
    record.front_max = front.amount;
    record.worst = if exact_out { front.victim.amount_in } else { front.victim.amount_out };
    if front.incomplete {
        record.head.flags |= Exposure::INCOMPLETE;
    }
    match victim.limit {
        Some(limit) => {
            record.limit = limit;
            record.present |= Exposure::LIMIT;
        }
        None => record.head.flags |= Exposure::NO_LIMIT,
    }
    if let Some(ppm) = measured.tolerance_ppm {
        record.tolerance_ppm = ppm;
        record.present |= Exposure::TOLERANCE;
    }
    if let Some(attack) = measured.attack {
        record.front_best = attack.front;
        record.gain = i64::try_from(attack.gain).unwrap_or(i64::MAX);
    }
    (record.gain_lamports, record.loss_lamports) = (measured.gain_lamports, measured.loss_lamports);
    if i128::from(measured.gain_lamports) > i128::from(record.attack_cost) {
        record.head.flags |= Exposure::ATTACKABLE;
    }
    match measured.safe_ppm {
        Some(ppm) => {
            record.safe_ppm = ppm;
            record.safe_limit = limit(victim, alone, ppm);
            record.present |= Exposure::SAFE_LIMIT;
        }
        None => record.head.flags |= Exposure::NO_SAFE_LIMIT,
    }
    record.parts = measured.parts;
    (record.parts_cost, record.whole_cost) = (measured.parts_cost, measured.whole_cost);
}

/// How far the swap moves its own price.
fn slopes(record: &mut Exposure, market: &mut Market<'_>, victim: &Order) {
    let Some(before) = market.slope(victim.a_to_b, None) else { return };
    record.impact_ppm = before.impact_ppm(record.amount_in, record.amount_out);
    if let Some(after) = market.slope(victim.a_to_b, Some(victim)) {
        record.move_ppm = after.fall_ppm(&before);
    }
}

impl Stage for Exposer {
    const MAX_OUT: usize = Engine::MAX_OUT + ROWS * size_of::<Exposure>();

    fn step(&mut self, input: Record<'_>, out: &mut impl Sink) {
        // Opportunities of the input are somebody else's: they pass, as all that is not consumed.
        if input.typed::<Opportunity>().is_some() {
            out.put(input);
            self.engine.skip();
            self.ordinal = self.ordinal.wrapping_add(1);
            return;
        }
        if let Some(row) = input.typed::<Swap>() {
            // What waits is another transaction: it happens before this swap.
            let mut behind = Behind { waiting: &mut self.waiting, out };
            if self.engine.make_way(row, &mut behind) {
                self.flush(out);
            }
            // What was told before is not asked for again.
            if !self.engine.has_seen(row) {
                self.take(row);
            }
        }
        self.drive(input, out);
        if !self.engine.waits() {
            self.flush(out);
        }
        self.ordinal = self.ordinal.wrapping_add(1);
    }

    fn idle(&mut self, now_ns: u64, out: &mut impl Sink) {
        self.engine.idle(now_ns, &mut Behind { waiting: &mut self.waiting, out });
    }

    fn finish(&mut self, out: &mut impl Sink) {
        self.engine.finish(&mut Behind { waiting: &mut self.waiting, out });
        self.flush(out);
    }
}
