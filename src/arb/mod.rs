//! mev-arb: finds cycles of swaps that pay, to the last lamport.
//!
//! ```text
//! pool, ticks, swap --book--> states --detect--> candidates --guard, moebius, size, cost--> opportunity
//! ```
//!
//! Invariants:
//! - Decisions are made on integers, by the venues' own rounding; the gain that is written is what
//!   the programs would pay.
//! - All rows of a transaction are applied before anything is searched.
//! - Every candidate that is not taken is counted under its reason.
//! - Nothing is allocated after construction, and nothing depends on a clock.
//!
//! It builds no front-running: cycles use states as they are after a change.

#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::float_arithmetic)]

mod args;
mod arrays;
mod at_size;
#[allow(
    clippy::arithmetic_side_effects,
    reason = "it measures; nothing is decided by it, and a number that overflows stops it"
)]
pub mod bench;
mod block;
mod book;
mod cost;
mod count;
mod curve;
mod decide;
mod depth;
mod detect;
mod dual;
mod engine;
mod explain;
mod exposure;
mod findings;
mod guard;
mod intern;
mod log2;
mod methods;
mod moebius;
mod plan;
mod plot;
mod replay;
mod report;
mod rows;
mod run;
mod show;
mod sides;
mod size;
mod stats;

mod table;
#[cfg(test)]
mod tests;
mod vectors;

pub use cost::{CostModel, Costs, Flash, FlashFault, priority_fee};
pub use count::Counters;
pub use engine::{Engine, Options};
pub use exposure::{Economics, Exposer};
pub use findings::{FindingCounters, Findings, FindingsOptions, Levels};
pub use guard::Guards;
pub use replay::{Delay, Landed, Outcome, Replay};
pub use vectors::{Report, verify};

use crate::cli::Tool;
use crate::record::{
    Exposure, Finding, Layout, Liquidity, Opportunity, Pool, Producer, Swap, Ticks, Wallet,
};
use clap::Args as _;

/// The program.
pub const TOOL: &Tool = &Tool {
    name: "mev-arb",
    producer: Producer::Arb,
    about: "Finds cycles of swaps that pay, to the last lamport",
    reads: &[Swap::SCHEMA, Pool::SCHEMA, Ticks::SCHEMA, Liquidity::SCHEMA, Wallet::SCHEMA],
    writes: &[Opportunity::SCHEMA, Exposure::SCHEMA, Finding::SCHEMA],
    keeps: &[],
    augment: args::Args::augment_args,
    run: run::run,
    description: &[
        "Keeps the state of pools from pool, ticks and swap records, applies each swap exactly as its program would, and after each transaction looks for cycles of two, three and four hops through the pools that it touched. A cycle is sized in closed form with integers and refined to the last unit; swap fees, base and priority fee, tip and flash-loan fee are subtracted; what pays is written as an opportunity record.",
        "Candidates are refused by name: rates that do not multiply to more than one, costs above the greatest possible gain, stale or tiny pools, states too many slots apart, pools that are closed, tick arrays that are not loaded, factors too good to be true. --stats counts them, --explain writes them too.",
        "A swap that is not newer than its pool's state changes nothing; a fill stands before its intent, a route and a failed transaction are never applied, an intent whose own limit would be broken is not applied. A later pool record replaces what was computed, and the difference is counted as model_wrong. A liquidity record makes its pool wait for its next state, and a gap makes every pool stale until then.",
        "A wallet record, as walletdb filter puts before each swap, says whether something may follow from that swap. The swap is applied either way; of a transaction all of whose swaps are stopped nothing is looked for. Where the filter dropped the swap, its pool alone is stale until its next state.",
        "mev-arb findings looks back instead: it tells sandwiches, their victims and atomic arbitrages apart from other swaps, by rules whose verdicts are fields of the finding records. Nothing here builds a sandwich.",
    ],
    examples: &[
        (
            "mev-parse shreds.pcap --accounts pools.jsonl | mev-arb -f text --human",
            "opportunities in a capture",
        ),
        (
            "mev-arb --flash bps:9 --tip-bps 7000 --min-profit 50000 parsed.rec -o found.rec",
            "with a loan, a larger tip and a floor",
        ),
        ("mev-arb table found.rec", "what was found, as a table"),
        (
            "mev-arb --explain --only opportunity -f json parsed.rec",
            "every candidate, with the reason against it",
        ),
        (
            "mev-arb explain 1454-8cda6cdff9f0d0b6 parsed.rec",
            "every hop, every cost and every rounding of one of them",
        ),
        (
            "mev-parse x.pcap --accounts pools.jsonl | mev-arb replay --latency 0ms,50ms",
            "what they would have been worth some time later",
        ),
        (
            "mev-parse shreds.pcap --accounts pools.jsonl | mev-arb exposure --say",
            "what each pending swap lets others take, and the limit that keeps it",
        ),
        ("mev-arb plot money found.rec -o money.svg", "net over time, as a picture"),
        (
            "mev-parse *.pcap --accounts pools.jsonl | mev-arb findings -f json",
            "sandwiches with what their victims lost, and atomic arbitrages",
        ),
        ("mev-arb findings --by owner --level strict parsed.rec", "the same, summed by who did it"),
        ("mev-arb verify --vectors vectors/arb.json", "the arithmetic, against exact integers"),
        (
            "mev-arb verify --vectors vectors/arb.json --swaps real_wide_3_victims | mev-arb findings",
            "a case of the vectors, as swap records through the pipe",
        ),
    ],
};
