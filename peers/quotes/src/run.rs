//! All peers in order, as a table.

use crate::clmm::Clmm;
use crate::dlmm::Dlmm;
use crate::saber::Saber;
use crate::tally::{Peer, Tally};
use crate::token_swap::{TokenSwap, TokenSwapStable, TokenSwapStable3};
use crate::whirlpool::Whirlpool;

/// What was said of all.
#[derive(Debug, Default)]
pub struct Report {
    /// The table.
    pub rows: String,
    /// What differs, and why.
    pub causes: String,
    /// Differences without a cause.
    pub unexplained: usize,
}

impl Report {
    fn add<P: Peer>(&mut self, seed: u64, cases: u64) {
        let tally = Tally::run::<P>(seed, cases);
        self.rows += &tally.row::<P>();
        self.causes += &tally.causes::<P>();
        self.unexplained += tally.unexplained.len();
    }
}

/// Puts `cases` orders drawn from `seed` to each peer.
pub fn all(seed: u64, cases: u64) -> Report {
    let mut report = Report {
        rows: "| venue | peer | orders | equal | both refuse | beyond the peer | ours right | peer right | both right | without a cause |\n|---|---|---:|---:|---:|---:|---:|---:|---:|---:|\n".to_owned(),
        ..Report::default()
    };
    report.add::<Whirlpool>(seed, cases);
    report.add::<Clmm>(seed, cases);
    report.add::<Dlmm>(seed, cases);
    report.add::<Saber>(seed, cases);
    report.add::<TokenSwap>(seed, cases);
    report.add::<TokenSwapStable>(seed, cases);
    report.add::<TokenSwapStable3>(seed, cases);
    report
}
