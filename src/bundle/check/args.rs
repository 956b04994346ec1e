//! The command line of `mev-bundle check`.

use crate::cli::Files;
use std::path::PathBuf;

/// The options of the subcommand.
#[derive(clap::Args, Clone, Debug)]
pub(in crate::bundle) struct Check {
    #[command(flatten)]
    pub(super) files: Files,

    /// Look into the address lookup tables in FILE
    ///
    /// In the forms of --accounts. Without a table, what its positions hold is not known, and rules about
    /// it are counted as unchecked. May be repeated.
    #[arg(long, value_name = "FILE")]
    pub(super) alt: Vec<PathBuf>,
}
