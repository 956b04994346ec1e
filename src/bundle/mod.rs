//! mev-bundle: makes signed bundles of opportunities.

mod args;
mod run;

use crate::cli::Tool;
use crate::record::{Bundle, Layout, Opportunity, Producer, Slot};
use clap::Args as _;

/// The program.
pub const TOOL: &Tool = &Tool {
    name: "mev-bundle",
    producer: Producer::Bundle,
    about: "Makes signed bundles of opportunities",
    reads: &[Opportunity::SCHEMA, Slot::SCHEMA],
    writes: &[Bundle::SCHEMA],
    augment: args::Args::augment_args,
    run: run::run,
    description: &[],
    examples: &[],
};
