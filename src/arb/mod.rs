//! mev-arb: finds cycles of swaps that pay, to the last lamport.

#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::float_arithmetic)]

mod args;
mod book;
mod cost;
mod count;
mod curve;
mod decide;
mod engine;
mod graph;
mod guard;
mod intern;
mod log2;
mod moebius;
mod rows;
mod run;
mod size;
mod table;
#[cfg(test)]
mod tests;
mod ticks;
mod vectors;

pub use cost::{CostModel, Costs, Flash, FlashFault, priority_fee};
pub use count::Counters;
pub use engine::{Engine, Options};
pub use guard::Guards;
pub use vectors::{Report, verify};

use crate::cli::Tool;
use crate::record::{Layout, Opportunity, Pool, Producer, Swap, Ticks};
use clap::Args as _;

/// The program.
pub const TOOL: &Tool = &Tool {
    name: "mev-arb",
    producer: Producer::Arb,
    about: "Finds cycles of swaps that pay, to the last lamport",
    reads: &[Swap::SCHEMA, Pool::SCHEMA, Ticks::SCHEMA],
    writes: &[Opportunity::SCHEMA],
    augment: args::Args::augment_args,
    run: run::run,
    description: &[],
    examples: &[],
};
