//! mev-capture: brings packets in: from captures, from UDP sockets, and from a generator.

mod args;
mod run;

use crate::cli::Tool;
use crate::record::{Layout, Packet, Producer};
use clap::Args as _;

/// The program.
pub const TOOL: &Tool = &Tool {
    name: "mev-capture",
    producer: Producer::Capture,
    about: "Brings packets in: from captures, from UDP sockets, and from a generator",
    reads: &[Packet::SCHEMA],
    writes: &[Packet::SCHEMA],
    augment: args::Args::augment_args,
    run: run::run,
    description: &[],
    examples: &[],
};
