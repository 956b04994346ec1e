//! The command line, and everything of it that can be checked without input.

use super::findings::By as FindingsBy;
use super::size::REACH;
use super::stats::By;
use super::{CostModel, Flash, Guards, Levels, Options};
use crate::bytes::base58;
use crate::cli::{Files, parse_duration};
use crate::error::{Error, Result};
use crate::ids::{Key, WSOL};
use clap::{Subcommand, ValueEnum, value_parser};
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
    /// Of the hop with the coarsest amounts: that is where rounding can still be won, a few lamports of
    /// an opportunity. Each costs time.
    #[arg(long, value_name = "N", default_value_t = REACH)]
    pub(super) reach: u32,

    /// Keep at most N pools
    ///
    /// All memory is taken at the start; a pool beyond it is refused by name.
    #[arg(long, value_name = "N", default_value_t = 65_536, value_parser = value_parser!(u32).range(1..=4_000_000))]
    pub(super) max_pools: u32,

    /// Search by average rates at N lamports too
    ///
    /// At the margin a tiny pool with a good price hides a deep one behind it; at a size it does not.
    /// Cycles whose amounts are all worth at least N are found; smaller ones by the marginal rates.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) ref_size: u64,

    /// Plan up to N cycles one after the other
    ///
    /// Each on the state that those before it leave, the best first; five fit into a bundle. The first
    /// record tells how many there are, what any trades in their pools could gain at most
    /// (plan_bound), and what part of it the plan takes.
    #[arg(long, value_name = "N", value_parser = value_parser!(u8).range(1..=5))]
    pub(super) plan: Option<u8>,

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
    /// Explains one opportunity to the last lamport
    ///
    /// Replays INPUT, what mev-arb read, up to ID, and shows each hop's reserves, fee, output, rounding
    /// and next boundary, and the whole account from gross to net. The options of the search have to
    /// be those that found it. Status 1 when the states are not those of ID, or nothing is there.
    Explain {
        /// Which one: ORDINAL-HASH, as `mev-arb table` shows it
        ///
        /// The number of the input record that was the trigger, and the hash of the states used; ORDINAL
        /// alone shows all that the record led to and checks no hash.
        #[arg(value_name = "ID", value_parser = id)]
        id: (u64, Option<u64>),

        /// The record stream that mev-arb read
        #[command(flatten)]
        files: Files,

        /// Show what N would give as input instead
        ///
        /// Raw units of the token that it starts in: every amount along the cycle, and what it gains
        /// less than the size taken.
        #[arg(long, value_name = "N")]
        what_if: Option<u64>,
    },
    /// Sizes one cycle by every method
    ///
    /// In the states that INPUT, what mev-arb reads, ends with: closed form, trimmed, walks of the
    /// coarsest amount, what would be taken and, where every hop is one curve, the certified optimum.
    Size {
        #[command(flatten)]
        files: Files,

        /// The pools in order, in base58
        ///
        /// The first holds a base token, each holds what the one before it gives, and the last gives
        /// the base token again.
        #[arg(long, value_name = "POOL,..", value_delimiter = ',', required = true, value_parser = mint)]
        path: Vec<Key>,

        /// Show the gain at N inputs instead
        ///
        /// Evenly from nothing to twice the best, with the number of pieces that end before each.
        #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..=1_000_000))]
        curve: Option<u64>,
    },
    /// Measures what each pending swap lets others take
    ///
    /// For every swap that is asked for: the largest swap in front of it behind which it still keeps its
    /// limit, what selling that again behind it would gain, how far it moves its own price; and what
    /// keeps it: the loosest limit at which no attack pays, and the number of equal parts that costs
    /// least. Writes exposure records in the order of the stream. It measures; it makes no transaction.
    Exposure {
        #[command(flatten)]
        files: Files,

        /// Take an attack to cost N lamports
        ///
        /// Two transactions' fees and a tip.
        #[arg(long, value_name = "N", default_value_t = 150_000)]
        attack_cost: u64,

        /// Take each of the user's transactions to cost N lamports
        ///
        /// What one more part costs, attacks aside: base fee and priority fee.
        #[arg(long, value_name = "N", default_value_t = 5_000)]
        part_cost: u64,

        /// Consider at most N parts
        ///
        /// Equal ones, each on the pool as it is now: the market comes back in between. Each number of parts
        /// takes some hundred quotes.
        #[arg(long, value_name = "N", default_value_t = 16, value_parser = value_parser!(u16).range(1..=64))]
        most_parts: u16,

        /// Say it in sentences instead of records
        ///
        /// A paragraph for each swap, with amounts in raw units and money in SOL.
        #[arg(long)]
        say: bool,
    },
    /// Replays a recorded stream with a delay between finding and landing
    ///
    /// Each opportunity (the best of its conflict group) is tried again after the latency, in the
    /// states of then: it lands, or its states had moved, or it was outbid or unlucky. Shows profit
    /// and loss a latency, the funnel with every reason, how long cycles kept paying, how far those
    /// were that paid too little, and how much of the net the best few are. With --format csv, json
    /// or parquet it is the one table that --table names. `mev-parse x.pcap | mev-arb replay`.
    Replay {
        #[command(flatten)]
        files: Files,

        /// Time from receipt to execution
        ///
        /// A list gives a row each; lifetimes and what landed one by one are those of the first.
        #[arg(long, value_name = "TIME,..", value_delimiter = ',', default_value = "0ms,50ms,400ms", value_parser = parse_duration)]
        latency: Vec<std::time::Duration>,

        /// Attempts that land if nothing else is against them, percent
        ///
        /// Which ones is drawn from the ordinal and the states, so that a replay is repeatable.
        #[arg(long, value_name = "N", default_value_t = 100, value_parser = value_parser!(u32).range(0..=100))]
        land: u32,

        /// Tips below this are outbid: lamports, or p50, p75, p95, p99
        ///
        /// The percentiles are of the tip floor that Jito published as an example: 10 000, 1 000 000,
        /// 5 300 000 and 8 300 000 lamports (QuickNode, getTipFloor). Take your own day's.
        #[arg(long, value_name = "FLOOR", default_value = "0", value_parser = tip_floor)]
        tip_floor: u64,

        /// Which table a program gets
        ///
        /// With --format csv, json or parquet; text shows all but the list of what landed.
        #[arg(long, value_enum, default_value_t = Show::Money)]
        table: Show,
    },
    /// Finds sandwiches, what their victims lost, and atomic arbitrages
    ///
    /// In history: of what was executed (fills; an intent only where there is no fill), in the order of
    /// slots. A sandwich is a front-run and a back-run in one pool through one program, with others'
    /// swaps between; each rule's verdict is a field. Each victim has a record with its loss: what it
    /// got against what it would have got in the pool without the front-run, by the venue's own
    /// rounding, where the pools' states are in the stream and give what the chain gave. An atomic
    /// arbitrage is one transaction whose swaps end in the token that they begin with, and gain.
    /// Writes finding records; with --table or --by a table. What is a finding already stays one, so
    /// that both read saved findings too. Nothing here builds a sandwich.
    Findings {
        #[command(flatten)]
        files: Files,

        /// Look for back-runs up to N slots after the front-run
        ///
        /// By the wide rules; the strict ones end with the leader's four slots.
        #[arg(long, value_name = "N", default_value_t = 16, value_parser = value_parser!(u64).range(..=1_000_000))]
        window: u64,

        /// Which sets of rules are asked
        ///
        /// Both want the same pool, program and direction, a victim between, no aggregator, and that
        /// the back-run gives no more than was bought and gets no less than was paid. One sandwich is
        /// found once, by the first set that it satisfies.
        #[arg(long, value_enum, default_value_t = Levels::Both)]
        level: Levels,

        /// Write near misses too
        ///
        /// Pairs of which all rules of a set hold but one: with the flag near_miss, the rule in missed.
        #[arg(long)]
        explain: bool,

        /// Count N lamports as the fee of a transaction
        ///
        /// Rows do not tell fees; 5000 is the fee of one signature without priority. A sandwich pays
        /// it for each of its transactions.
        #[arg(long, value_name = "N", default_value_t = 5000)]
        tx_fee: u64,

        /// Keep at most N swaps in the window
        ///
        /// All memory is taken at the start, 1.3 kB each. When it is full, the oldest is looked at with
        /// what has come so far, counted as window_full.
        #[arg(long, value_name = "N", default_value_t = 32_768, value_parser = value_parser!(u32).range(1..=4_000_000))]
        max_swaps: u32,

        /// Write a table for people instead
        ///
        /// One row each, victims below their sandwich, with every rule: + passed, - failed, ? open (the
        /// rows do not say). Amounts of wrapped SOL in SOL, others in raw units.
        #[arg(long, conflicts_with = "by")]
        table: bool,

        /// Write a table of counts and sums instead
        ///
        /// By what was found, its set of rules, and WHAT; money in lamports of wrapped SOL. A loss in a
        /// token that wrapped SOL was paid for counts at the price the victim should have had. Near
        /// misses are left out.
        #[arg(long, value_enum, value_name = "WHAT")]
        by: Option<FindingsBy>,
    },
    /// Measures detection and sizing beside their baselines
    ///
    /// On markets made from a seed: an update and the searches behind it against following every
    /// cycle, lists of cycles and Bellman-Ford; the closed form against wide integers; the share of
    /// the certified optimum that each rule of sizing takes. Prints Markdown; takes minutes.
    Bench {
        /// Sizes of the markets
        ///
        /// In pools; the large ones take a gigabyte and some minutes.
        #[arg(long, value_name = "N,..", value_delimiter = ',', default_value = "10000,100000,1000000", value_parser = value_parser!(u32).range(100..=4_000_000))]
        pools: Vec<u32>,
    },
    /// Counts and sums the opportunities of a stream by what they have in common
    Stats {
        #[command(flatten)]
        files: Files,

        /// What they are grouped by
        ///
        /// One that goes through several pools, pairs or venues counts in each of them once.
        #[arg(long, value_enum, default_value_t = By::Pool)]
        by: By,
    },
    /// Draws an SVG
    ///
    /// `profit` the gain of one opportunity over its input, with where pieces of its hops end (needs
    /// --id, and reads what mev-arb read); `money` the net of found opportunities over time (reads
    /// what mev-arb wrote); `latency` how long each record of what mev-arb reads takes.
    Plot {
        /// What to draw
        ///
        /// The SVG goes to standard output, or to --output.
        #[arg(value_enum)]
        what: Draw,

        #[command(flatten)]
        files: Files,

        /// The opportunity of a profit curve
        ///
        /// ORDINAL-HASH, as `mev-arb table` shows it, or ORDINAL.
        #[arg(long, value_name = "ID", value_parser = id)]
        id: Option<(u64, Option<u64>)>,
    },
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

        /// Write the swaps of one sandwich case as records instead
        ///
        /// CASE is its name in the group sandwich_detect; its words for pools, tokens, signers and
        /// programs become addresses. `mev-arb findings` reads them.
        #[arg(long, value_name = "CASE")]
        swaps: Option<String>,
    },
}

/// A table of a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Show {
    /// Profit and loss, a row a latency
    Money,
    /// From records to what landed, with every reason
    Funnel,
    /// Each that landed by the first latency
    Landed,
}

/// A drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Draw {
    /// The gain of one opportunity over its input
    Profit,
    /// Net over time
    Money,
    /// Time a record
    Latency,
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
            ref_size: self.ref_size,
            plan: self.plan.map_or(0, usize::from),
            explain: self.explain,
            ..defaults
        })
    }
}

/// Lamports, or a percentile of the example that QuickNode's page on getTipFloor shows.
fn tip_floor(text: &str) -> std::result::Result<u64, String> {
    match text {
        "p50" => Ok(10_000),
        "p75" => Ok(1_000_000),
        "p95" => Ok(5_300_000),
        "p99" => Ok(8_300_000),
        _ => text.parse().map_err(|_| "lamports, p50, p75, p95 or p99 are asked for".to_owned()),
    }
}

/// `ORDINAL` or `ORDINAL-HASH`.
fn id(text: &str) -> std::result::Result<(u64, Option<u64>), String> {
    let (ordinal, hash) = match text.split_once('-') {
        Some((ordinal, hash)) => {
            let hash = u64::from_str_radix(hash, 16);
            (ordinal, Some(hash.map_err(|_| format!("{text:?}: the hash is no hex number"))?))
        }
        None => (text, None),
    };
    let ordinal = ordinal.parse().map_err(|_| format!("{text:?}: the ordinal is no number"))?;
    Ok((ordinal, hash))
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
    fn tip_floors_are_read() {
        assert_eq!((tip_floor("p75"), tip_floor("7")), (Ok(1_000_000), Ok(7)));
        assert!(tip_floor("p51").is_err() && tip_floor("-1").is_err());
    }

    #[test]
    fn names_of_opportunities_are_read() {
        assert_eq!(id("17"), Ok((17, None)));
        assert_eq!(id("17-00000000000000ff"), Ok((17, Some(255))));
        for bad in ["", "-", "x", "1-", "1-xyz", "-5", "1-fffffffffffffffff"] {
            assert!(id(bad).is_err(), "{bad}");
        }
    }

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
