//! mev-parse: turns packets into swaps, pools and slots.

#![deny(clippy::indexing_slicing, clippy::float_arithmetic)]

mod accounts;
mod args;
mod batch;
mod decode;
mod deshred;
mod feed;
mod mints;
mod poh;
mod rows;
mod run;
mod stage;
mod tally;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod version;

use crate::cli::Tool;
use crate::record::{Layout, Packet, Pool, Producer, Slot, Swap, Ticks};
use clap::Args as _;

/// The program.
pub const TOOL: &Tool = &Tool {
    name: "mev-parse",
    producer: Producer::Parse,
    about: "Turns packets into swaps, pools and slots",
    reads: &[Packet::SCHEMA],
    writes: &[Swap::SCHEMA, Pool::SCHEMA, Ticks::SCHEMA, Slot::SCHEMA],
    augment: args::Args::augment_args,
    run: run::run,
    description: &[],
    examples: &[],
};
