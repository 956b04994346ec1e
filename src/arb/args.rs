//! The command line, and everything of it that can be checked without input.

use super::{CostModel, Flash, Guards, Options};
use crate::bytes::base58;
use crate::cli::Files;
use crate::error::{Error, Result};
use crate::ids::{Key, WSOL};
use clap::{Subcommand, value_parser};
use std::path::PathBuf;

/// The options of the tool.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) task: Option<Task>,

    #[command(flatten)]
    pub(super) files: Files,

    /// Start and end cycles in the token MINT
    ///
    /// In base58; may be repeated, and the first that a cycle touches is taken. Costs are lamports,
    /// so the token must be wrapped SOL (the default) or stand for it, as in a feed of your own.
    #[arg(long, value_name = "MINT", value_parser = mint)]
    pub(super) base: Vec<Key>,

    /// Put at most N lamports into a cycle
    ///
    /// The optimum below it is taken: profit is concave in the size. Without it, only the reserves
    /// and the loan bound the size.
    #[arg(long, value_name = "N")]
    pub(super) balance: Option<u64>,

    /// Borrow what goes in: own, bps:N or klend:SF
    ///
    /// `own` is free. `bps:N` pays N basis points of the principal, rounded up. `klend:SF` is a
    /// Kamino loan, whose reserve account gives SF (flash_loan_fee_sf, in 2^-60).
    #[arg(long, value_name = "LOAN", value_parser = flash, default_value = "own")]
    pub(super) flash: Flash,

    /// Borrow at most N lamports
    ///
    /// What the lender's reserve has. Counts only with --flash.
    #[arg(long, value_name = "N")]
    pub(super) flash_cap: Option<u64>,

    /// Give N basis points of the gain as tip
    ///
    /// Of what is left after base fee, priority fee and loan, rounded down.
    #[arg(long, value_name = "N", default_value_t = 5000, value_parser = value_parser!(u16).range(..=10_000))]
    pub(super) tip_bps: u16,

    /// Give at least N lamports as tip
    ///
    /// A block engine takes none below 1000.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub(super) min_tip: u64,

    /// Pay N micro-lamports for a compute unit
    ///
    /// The priority fee is that times the compute units asked for, rounded up to a lamport.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(super) cu_price: u64,

    /// Ask for N compute units beside those of the hops
    ///
    /// Compute budget, tip and signatures.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub(super) cu_base: u32,

    /// Ask for N compute units for each hop
    ///
    /// Of one that crosses nothing; take what your route needs.
    #[arg(long, value_name = "N", default_value_t = 80_000)]
    pub(super) cu_hop: u32,

    /// Ask for N compute units for each tick, bin or level that is crossed
    ///
    /// A size ends before one that gains less than its part of the priority fee.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub(super) cu_step: u32,

    /// Take only what leaves at least N lamports
    ///
    /// After every cost, the tip included.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) min_profit: u64,

    /// Trade only on pools with N lamports in reserve
    ///
    /// Of their base token. Tiny pools are the usual source of gains that are not there.
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    pub(super) min_depth: u64,

    /// Trade only on states at most N slots apart
    ///
    /// Each pool is known up to the newest slot of the stream, unless something was lost since.
    #[arg(long, value_name = "N", default_value_t = 150)]
    pub(super) max_slot_spread: u64,

    /// Try N units on either side of the closed form
    ///
    /// Of the hop with the coarsest amounts: that is where rounding can still be won.
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub(super) reach: u32,

    /// Keep at most N pools
    ///
    /// All memory is taken at the start; a pool beyond it is refused by name.
    #[arg(long, value_name = "N", default_value_t = 65_536, value_parser = value_parser!(u32).range(1..=4_000_000))]
    pub(super) max_pools: u32,

    /// Write refused candidates too, with the reason
    ///
    /// As opportunity records with the flag `refused`, which no later tool takes.
    #[arg(long)]
    pub(super) explain: bool,
}

/// What to do instead of filtering.
#[derive(Subcommand, Clone, Debug)]
pub(super) enum Task {
    /// Shows the opportunities of a stream as a table
    ///
    /// One row each: route, the amount that goes into every hop, gross, each cost, net; amounts of
    /// money in SOL, exact. In the order of the stream, or with --limit N the N of largest net.
    Table(Files),
    /// Checks the arithmetic against vectors of exact integers
    ///
    /// Prints a line for each failure and each group that is not covered, and closes with
    /// `N passed, M failed, S skipped`. Status 1 when something failed or nothing passed.
    Verify {
        /// The vectors, a JSON object of groups
        ///
        /// As in vectors/arb.json of the shared data: numbers are decimal strings.
        #[arg(long, value_name = "FILE")]
        vectors: PathBuf,
    },
}

impl Args {
    /// What the engine is sized and judged by.
    ///
    /// # Errors
    /// Status 2 when an option contradicts another.
    pub(super) fn options(&self) -> Result<Options> {
        if self.balance == Some(0) {
            return Err(Error::usage("--balance 0 leaves nothing to trade with"));
        }
        let defaults = Options::default();
        let pools = usize::try_from(self.max_pools).unwrap_or(usize::MAX);
        Ok(Options {
            bases: if self.base.is_empty() { vec![WSOL] } else { self.base.clone() },
            pools,
            tokens: pools,
            deep_pools: defaults.deep_pools.min(pools),
            balance: self.balance.unwrap_or(u64::MAX),
            flash_cap: self.flash_cap.unwrap_or(u64::MAX),
            reach: self.reach,
            flash: self.flash,
            costs: CostModel {
                cu_price_micro: self.cu_price,
                tip_bps: self.tip_bps,
                min_tip: self.min_tip,
                ..defaults.costs
            },
            cu_base: self.cu_base,
            cu_hop: self.cu_hop,
            cu_step: self.cu_step,
            min_profit: self.min_profit,
            guards: Guards {
                min_depth: self.min_depth,
                max_slot_spread: self.max_slot_spread,
                ..defaults.guards
            },
            explain: self.explain,
            ..defaults
        })
    }
}

fn mint(text: &str) -> std::result::Result<Key, String> {
    base58::key(text).ok_or_else(|| "no address: 32 bytes in base58 are asked for".to_owned())
}

fn flash(text: &str) -> std::result::Result<Flash, String> {
    let number = |text: &str| text.parse().map_err(|_| format!("{text:?} is no number"));
    match text.split_once(':') {
        None if text == "own" => Ok(Flash::Own),
        Some(("bps", num)) => Ok(Flash::Share { num: number(num)?, den: 10_000 }),
        Some(("klend", fee_sf)) => Ok(Flash::Klend { fee_sf: number(fee_sf)? }),
        _ => Err("own, bps:N or klend:SF are asked for".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loans_are_read() {
        assert_eq!(flash("own"), Ok(Flash::Own));
        assert_eq!(flash("bps:9"), Ok(Flash::Share { num: 9, den: 10_000 }));
        assert_eq!(flash("klend:7"), Ok(Flash::Klend { fee_sf: 7 }));
        for bad in ["", "bps", "bps:", "bps:-1", "solend:1", "klend:99999999999999999999"] {
            assert!(flash(bad).is_err(), "{bad}");
        }
    }
}
