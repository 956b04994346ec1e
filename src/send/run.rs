//! The only file with I/O: opens, loops, counts, finishes.

use super::args::Args;
use crate::cli::Frame;
use crate::error::{Error, Exit, Result};
use clap::{ArgMatches, FromArgMatches};

/// Does the work.
pub(super) fn run(matches: &ArgMatches, frame: &Frame) -> Result<Exit> {
    let args = Args::from_arg_matches(matches).map_err(|e| Error::usage(e.to_string()))?;
    let inputs = args.files.named()?;
    Err(Error::usage(format!("{} cannot read {} inputs", frame.tool.name, inputs.len())))
}
