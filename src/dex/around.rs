//! What a quote needs beside the pool's record: where liquidity lies, and the moment it is asked at.
//!
//! A swap leaves ticks as they are, but it empties bins and fills the orders of a book: those are
//! lent as changeable ([`AroundMut`]) to [`apply`](super::apply). Whoever owns them stores them as
//! `ticks` records bring them: bins by number, the levels of a side best first.

use crate::record::{Bin, Level};

use super::ticks::TickRange;

/// A point in time, for fees and amplifications that move with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Slot; 0 is unknown.
    pub slot: u64,
    /// Unix seconds; 0 is unknown.
    pub unix_s: u64,
}

/// Unix seconds of Solana's mainnet genesis, 2020-03-16 14:29 UTC.
pub const GENESIS_UNIX_S: u64 = 1_584_368_940;

impl Moment {
    /// The slot, and the time of day of a receive time; a stamp from before Solana's first block is
    /// not the time of day (account files have none).
    #[inline]
    pub fn of(slot: u64, rx_ns: u64) -> Self {
        let unix_s = rx_ns.checked_div(1_000_000_000).unwrap_or(0);
        Self { slot, unix_s: if unix_s >= GENESIS_UNIX_S { unix_s } else { 0 } }
    }
}

/// The bins of a pool around its price.
///
/// Every bin that holds something in the contiguous arrays `[first_bin, end_bin)` is listed, lowest
/// first; those that are not listed there are empty, and outside nothing is known.
#[derive(Clone, Copy, Debug)]
pub struct BinRange<'a> {
    /// The bins, lowest first; two of one number where its orders are filled in two parts.
    pub bins: &'a [Bin],
    /// First bin of the lowest array of the run.
    pub first_bin: i32,
    /// First bin after the highest array of the run.
    pub end_bin: i32,
}

/// Both sides of a book, best first. A level that is filled whole is left with a size of 0.
#[derive(Clone, Copy, Debug)]
pub struct Levels<'a> {
    /// Who buys token a, highest price first.
    pub bids: &'a [Level],
    /// Who sells token a, lowest price first.
    pub asks: &'a [Level],
}

/// Where a pool's liquidity lies beside its reserves.
#[derive(Clone, Copy, Debug)]
pub enum Depth<'a> {
    /// Nowhere else, or it is not known.
    None,
    /// In ranges between ticks.
    Ticks(TickRange<'a>),
    /// In bins.
    Bins(BinRange<'a>),
    /// In the orders of a book.
    Levels(Levels<'a>),
}

/// What lies around a pool's price, and the moment.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// Where liquidity lies.
    pub depth: Depth<'a>,
    /// When the swap is to be.
    pub now: Moment,
}

impl<'a> Around<'a> {
    /// Nothing around, at a moment that is not known.
    pub const NONE: Self = Self { depth: Depth::None, now: Moment { slot: 0, unix_s: 0 } };

    /// The ticks; none when there are no ticks.
    #[inline]
    pub fn ticks(&self) -> TickRange<'a> {
        if let Depth::Ticks(ticks) = self.depth { ticks } else { TickRange::NONE }
    }

    /// The bins, if there are bins.
    #[inline]
    pub fn bins(&self) -> Option<BinRange<'a>> {
        if let Depth::Bins(bins) = self.depth { Some(bins) } else { None }
    }

    /// The levels, if there are levels.
    #[inline]
    pub fn levels(&self) -> Option<Levels<'a>> {
        if let Depth::Levels(levels) = self.depth { Some(levels) } else { None }
    }
}

impl<'a> From<Depth<'a>> for Around<'a> {
    fn from(depth: Depth<'a>) -> Self {
        Self { depth, ..Self::NONE }
    }
}

impl<'a> From<TickRange<'a>> for Around<'a> {
    fn from(ticks: TickRange<'a>) -> Self {
        Depth::Ticks(ticks).into()
    }
}

/// As [`Depth`], of which a swap changes bins and levels.
#[derive(Debug)]
pub enum DepthMut<'a> {
    /// What a swap does not change.
    Fixed(Depth<'a>),
    /// Bins, as in [`BinRange`].
    Bins {
        /// The bins, lowest first.
        bins: &'a mut [Bin],
        /// First bin of the lowest array of the run.
        first_bin: i32,
        /// First bin after the highest array of the run.
        end_bin: i32,
    },
    /// Levels, as in [`Levels`].
    Levels {
        /// Who buys token a, highest price first.
        bids: &'a mut [Level],
        /// Who sells token a, lowest price first.
        asks: &'a mut [Level],
    },
}

/// As [`Around`], for a swap that is executed.
#[derive(Debug)]
pub struct AroundMut<'a> {
    /// Where liquidity lies.
    pub depth: DepthMut<'a>,
    /// When the swap is.
    pub now: Moment,
}

impl AroundMut<'_> {
    /// The same to look at.
    #[inline]
    pub fn view(&self) -> Around<'_> {
        let depth = match &self.depth {
            DepthMut::Fixed(depth) => *depth,
            DepthMut::Bins { bins, first_bin, end_bin } => {
                Depth::Bins(BinRange { bins, first_bin: *first_bin, end_bin: *end_bin })
            }
            DepthMut::Levels { bids, asks } => Depth::Levels(Levels { bids, asks }),
        };
        Around { depth, now: self.now }
    }
}

impl<'a> From<Around<'a>> for AroundMut<'a> {
    /// For what no swap changes: bins and levels lent so are filled by none.
    fn from(around: Around<'a>) -> Self {
        Self { depth: DepthMut::Fixed(around.depth), now: around.now }
    }
}

impl<'a> From<TickRange<'a>> for AroundMut<'a> {
    fn from(ticks: TickRange<'a>) -> Self {
        Around::from(ticks).into()
    }
}
