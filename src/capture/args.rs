//! The command line.

use crate::cli::Files;

/// The options of the tool.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) files: Files,
}
