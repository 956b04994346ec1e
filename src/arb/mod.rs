//! mev-arb: finds cycles of swaps that pay, to the last lamport.

mod args;
mod run;
mod table;

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
