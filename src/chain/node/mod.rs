//! `mev-capture node`: capture, parse, arb and reply in one process, past the kernel's network stack.
//!
//! ```text
//! TAP or AF_XDP --net::node--> datagrams --[ parse --> arb ]--> opportunities --> output
//!       ^--------------------- the best one of each datagram, with --reply --------/
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `args` | the command line |
//! | `run` | the loop |
//!
//! Invariants:
//! - A datagram is decided and answered before the next frame is looked at.
//! - What is written is what `mev-parse | mev-arb` would write of the same datagrams.

mod args;
mod run;

use crate::capture;
use crate::cli::{Frame, Tool};
use crate::error::{Error, Exit, Result};
use crate::record::{Layout, Opportunity, Packet};
use clap::{ArgMatches, Args, Command, FromArgMatches};

/// The program mev-capture: the stage of that name, and the node.
pub const CAPTURE: &Tool =
    &Tool { writes: &[Packet::SCHEMA, Opportunity::SCHEMA], augment, run: start, ..*capture::TOOL };

const NAME: &str = "node";

fn augment(command: Command) -> Command {
    let node = args::Node::augment_args(Command::new(NAME));
    (capture::TOOL.augment)(command).subcommand(node)
}

fn start(matches: &ArgMatches, frame: &Frame) -> Result<Exit> {
    let Some((NAME, own)) = matches.subcommand() else {
        // The stage alone writes packets only, as its formats of one kind ask.
        let frame = Frame { tool: capture::TOOL, common: frame.common.clone() };
        return (capture::TOOL.run)(matches, &frame);
    };
    let args = args::Node::from_arg_matches(own).map_err(|e| Error::usage(e.to_string()))?;
    run::run(frame, &args)
}
