//! What a victim lost: its swap again, on the pool as it was before the front-run, with everything
//! that others did in between and without the legs of the sandwich.
//!
//! ```text
//! chain    front   v1   other   v2   back        each of these gave in the book what the chain gave,
//! replay           v1'  other'  v2'              or there is no loss
//! loss             v1' - v1     v2' - v2
//! ```
//!
//! A swap whose input is exact is asked again with the same input, and loses output; one whose output
//! is exact loses input. The only file here that asks the venues. Pools whose bins or orders swaps
//! change are not replayed: only the state record is kept for each swap.

use super::window::{Chain, Entry, Window};
use crate::arb::book::{Applied, Book};
use crate::dex::{Around, Depth, Fault, Moment, Order, Quote, apply};
use crate::record::{Exact, LossUnknown, Pool, Swap};

/// A pool before a swap, and what the model made of the swap.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before {
    pool: Pool,
    number: u32,
    /// How often the pool's state came from elsewhere than swaps.
    replaced: u32,
    unknown: LossUnknown,
}

/// A swap inside a sandwich.
#[derive(Clone, Copy, Debug)]
pub(super) struct Victim {
    /// Its number in the window.
    pub(super) number: u64,
    /// The other side of its exact one, without the front-run.
    pub(super) fair: Option<u64>,
    /// What it lost.
    pub(super) loss: Option<i64>,
    /// What comes out is its exact side: the loss is of what goes in.
    pub(super) is_exact_out: bool,
}

impl Victim {
    /// Of a swap whose loss is not reckoned yet.
    pub(super) fn new(number: u64, entry: &Entry) -> Self {
        Self { number, fair: None, loss: None, is_exact_out: is_exact_out(&entry.row) }
    }
}

impl Before {
    /// Of a pool that is not known.
    pub(super) fn unknown() -> Self {
        Self {
            pool: bytemuck::Zeroable::zeroed(),
            number: u32::MAX,
            replaced: 0,
            unknown: LossUnknown::NoState,
        }
    }

    /// The pool of `row` as the book has it now, with `replaced` by its number.
    pub(super) fn of(book: &Book, row: &Swap, replaced: &[u32]) -> Self {
        let Some(number) = book.number(&row.pool) else { return Self::unknown() };
        let Some((pool, anchor)) = book.state(number) else { return Self::unknown() };
        let stale = book.is_stale(anchor) || anchor.moved;
        Self {
            pool: *pool,
            number,
            replaced: times(replaced, number),
            unknown: if stale { LossUnknown::Stale } else { LossUnknown::None },
        }
    }

    /// The book then applied the row; of one that was not executed, what the chain made of it is not
    /// told.
    pub(super) fn applied(&mut self, applied: Applied, was_executed: bool) {
        if self.unknown == LossUnknown::None {
            self.unknown = match applied {
                Applied::Changed if was_executed => LossUnknown::None,
                Applied::Changed => LossUnknown::NotExecuted,
                Applied::UnknownPool | Applied::SwapBeforeState => LossUnknown::NoState,
                Applied::Late => LossUnknown::Stale,
                _ => LossUnknown::Model,
            };
        }
    }
}

/// How often pool `number` was replaced.
fn times(replaced: &[u32], number: u32) -> u32 {
    let at = usize::try_from(number).unwrap_or(usize::MAX);
    replaced.get(at).copied().unwrap_or(0)
}

/// Fills in what each of `victims` would have had and lost. `first` is the first leg, `legs` are all,
/// both by their numbers, in order.
///
/// # Errors
/// Why there is no loss; none is filled in then.
pub(super) fn replay(
    window: &Window,
    (book, replaced): (&Book, &[u32]),
    first: u64,
    legs: &[u64],
    victims: &mut [Victim],
) -> Result<(), LossUnknown> {
    let front = window.get(first).ok_or(LossUnknown::NoState)?;
    let mut pool = front.before.pool;
    let around = Book::depth_at;
    match around(book, front.before.number, pool.tick) {
        Depth::None => {}
        Depth::Ticks(_) if times(replaced, front.before.number) == front.before.replaced => {}
        Depth::Ticks(_) => return Err(LossUnknown::StateReplaced),
        Depth::Bins(_) | Depth::Levels(_) => return Err(LossUnknown::Depth),
    }
    known(front, front)?;
    let mut waiting = victims.iter_mut();
    let mut victim = waiting.next();
    for (number, entry) in window.after(first, Chain::Pool) {
        let Some(next) = victim.as_deref_mut() else { break };
        if entry.row.pool != front.row.pool {
            continue;
        }
        known(entry, front)?;
        if legs.binary_search(&number).is_err() {
            let depth = around(book, front.before.number, pool.tick);
            let quote = again(&mut pool, depth, &entry.row).map_err(|_| LossUnknown::Refused)?;
            if number == next.number {
                (next.fair, next.loss) = lost(entry, &quote);
                victim = waiting.next();
            }
        }
    }
    Ok(())
}

/// Whether the pool before `entry` is known, and by swaps alone since `front`.
fn known(entry: &Entry, front: &Entry) -> Result<(), LossUnknown> {
    match entry.before.unknown {
        LossUnknown::None if entry.before.replaced != front.before.replaced => {
            Err(LossUnknown::StateReplaced)
        }
        LossUnknown::None => Ok(()),
        unknown => Err(unknown),
    }
}

/// Executes `row` on `pool`.
fn again(pool: &mut Pool, depth: Depth<'_>, row: &Swap) -> Result<Quote, Fault> {
    let told = |bit, value| (row.present & bit != 0).then_some(value);
    let (exact, amount) = if is_exact_out(row) {
        (Exact::Out, row.amount_out)
    } else {
        (Exact::In, told(Swap::AMOUNT_IN, row.amount_in).ok_or(Fault::ZeroAmount)?)
    };
    let order = Order {
        a_to_b: row.mint_in == pool.mint_a,
        exact,
        amount,
        limit: told(Swap::LIMIT, row.limit),
        sqrt_limit: told(Swap::SQRT_LIMIT, 0).map(|_| row.sqrt_limit).filter(|limit| *limit != 0),
    };
    let around = Around { depth, now: Moment::of(row.slot, row.head.rx_ns) };
    apply(pool, around, &order)
}

/// Whether what comes out is the exact side of `row`, as the book reads it too.
pub(super) fn is_exact_out(row: &Swap) -> bool {
    row.exact == Exact::Out as u8 && row.present & Swap::AMOUNT_OUT != 0
}

/// What a victim should have had and what it lost.
fn lost(entry: &Entry, quote: &Quote) -> (Option<u64>, Option<i64>) {
    let row = &entry.row;
    let (fair, more, less) = if is_exact_out(row) {
        let gave = (row.present & Swap::AMOUNT_IN != 0).then_some(row.amount_in);
        (quote.amount_in, gave, Some(quote.amount_in))
    } else {
        let got = (row.present & Swap::AMOUNT_OUT != 0).then_some(row.amount_out);
        (quote.amount_out, Some(quote.amount_out), got)
    };
    let loss = more.zip(less).map(|(more, less)| i128::from(more).saturating_sub(less.into()));
    (Some(fair), loss.and_then(|loss| i64::try_from(loss).ok()))
}
