//! What wallets gain: lots of tokens bought, first in first out, and the score that follows.
//!
//! ```text
//! swap --fill--> bought? a lot : sold? lots are taken, oldest first --> trade: profit --> score --> row
//! ```
//!
//! Integers throughout: amounts are raw units, costs and profits raw units of the quote token. The
//! numbers of a row are rounded when they are stored, once.

mod fill;
mod lots;
mod run;
mod score;

pub use fill::{Refused, fill_of, owner};
pub use lots::{Applied, Fill, Lots, Quote};
pub(super) use run::run;
pub use score::{Trades, confidence, scored};

use super::row::Row;
use super::store::log::Change;

/// What follows from a fill: the changes that go into the log together. Nothing when it was taken before.
///
/// `old` is the wallet's row as it is, if there is one; `min_trades` is how many trades put a row.
pub fn learn(lots: &mut Lots, fill: &Fill, old: Option<Row>, min_trades: u32) -> Vec<Change> {
    let trades = match lots.take(fill) {
        Applied::Seen => return Vec::new(),
        Applied::Noted => return vec![Change::Fill(*fill)],
        Applied::Trade(trades) => trades,
    };
    let old = old.unwrap_or_else(|| Row::new(fill.wallet));
    let row = scored(&old, &trades, lots.quote().decimals);
    let row = row.filter(|_| trades.trades >= min_trades);
    std::iter::once(Change::Fill(*fill)).chain(row.map(Change::Put)).collect()
}
