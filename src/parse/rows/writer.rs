//! Rows one after another into a sink. A row waits for the next one, because the last of a
//! transaction says so; it is filled in where it waits.

use crate::dex::IxFault;
use crate::ids::Venue;
use crate::parse::tally::Tally;
use crate::record::{Liquidity, Record, Swap, Txn};
use crate::stream::Sink;

/// Writes the rows of one transaction.
pub(super) struct Writer<'w, S: Sink> {
    pub(super) tally: &'w mut Tally,
    out: &'w mut S,
    /// The row that waits; never both.
    swap: Option<Swap>,
    liquidity: Option<Liquidity>,
    swaps: u32,
    /// The transaction itself, which its first row writes before it.
    whole: Option<(Txn, &'w [u8])>,
}

impl<'w, S: Sink> Writer<'w, S> {
    #[inline]
    pub(super) fn new(
        tally: &'w mut Tally,
        out: &'w mut S,
        whole: Option<(Txn, &'w [u8])>,
    ) -> Self {
        Self { tally, out, swap: None, liquidity: None, swaps: 0, whole }
    }

    /// A swap row to be filled in.
    #[inline]
    pub(super) fn swap(&mut self, rx_ns: u64) -> &mut Swap {
        self.put(false);
        self.liquidity = None;
        self.swaps += 1;
        self.swap.insert(Swap::new(rx_ns))
    }

    /// A liquidity row to be filled in.
    pub(super) fn liquidity(&mut self, rx_ns: u64) -> &mut Liquidity {
        self.put(false);
        self.swap = None;
        self.tally.liquidity += 1;
        self.liquidity.insert(Liquidity::new(rx_ns))
    }

    /// Counts an instruction that could not be decoded.
    #[cold]
    pub(super) fn drift(&mut self, venue: Venue, why: IxFault, data: &[u8]) {
        self.tally.refuse_swap(venue, why, data);
    }

    /// Writes the last row, flagged, and gives how many swap rows there were.
    #[inline]
    pub(super) fn finish(&mut self) -> u32 {
        self.put(true);
        self.tally.swaps += u64::from(self.swaps);
        self.swaps
    }

    #[inline]
    fn put(&mut self, last: bool) {
        if self.swap.is_none() && self.liquidity.is_none() {
            return;
        }
        if let Some((txn, wire)) = self.whole.take() {
            self.tally.whole += 1;
            self.out.put_parts(&txn, wire);
        }
        if let Some(row) = &mut self.swap {
            row.head.flags |= if last { Swap::LAST_OF_TX } else { 0 };
            self.tally.row(row.role);
            self.out.put(Record::of(row));
        } else if let Some(row) = &mut self.liquidity {
            row.head.flags |= if last { Liquidity::LAST_OF_TX } else { 0 };
            self.out.put(Record::of(row));
        }
    }
}
