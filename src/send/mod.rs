//! mev-send: sends bundles and keeps receipts; a dry run unless told otherwise.

mod args;
mod run;

use crate::cli::Tool;
use crate::record::{Bundle, Layout, Producer, Receipt};
use clap::Args as _;

/// The program.
pub const TOOL: &Tool = &Tool {
    name: "mev-send",
    producer: Producer::Send,
    about: "Sends bundles and keeps receipts; a dry run unless told otherwise",
    reads: &[Bundle::SCHEMA],
    writes: &[Receipt::SCHEMA],
    augment: args::Args::augment_args,
    run: run::run,
    description: &[],
    examples: &[],
};
