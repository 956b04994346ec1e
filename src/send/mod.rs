//! send: bundles go out, receipts come back.
//!
//! ```text
//! bundle --jito--> JSON body --net::http--> block engines
//!                                                  |
//!          receipt <--receipt-- verdict <--jito-- answer
//! ```
//!
//! | file | what it holds |
//! |---|---|
//! | `url` | where to send: checked, and shown without its query |
//! | `jito` | the `sendBundle` request and what an answer to it means |
//! | `receipt` | the record of what became of a bundle |
//!
//! Invariants:
//! - The same bytes go to every endpoint, so that a bundle has one id wherever it lands.
//! - An answer that is not understood is reported as unknown, never as accepted or refused.
//! - A query, which may hold a key, appears in no receipt and no message.

mod args;
pub mod jito;
pub mod receipt;
mod run;
pub mod url;

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
