//! The command lines of the gateway and of its audit log.

use crate::bytes::base58;
use crate::ids::Key;
use clap::Subcommand;
use std::path::PathBuf;

/// Serves bundles of many callers over HTTP
///
/// POST /bundle/submit and /bundle/simulate, GET /bundle/ID, /health and /openapi.json; counters on a
/// listener of their own. Holds no payer's key and signs no transaction: it checks, queues, sends and
/// writes down. Without --live everything but the sending happens, and replies say so. Ends in order at
/// SIGTERM or Ctrl-C. --check says what it would do and ends.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Serve {
    /// Read what to serve, whom and where from the TOML file FILE
    ///
    /// The manual lists what stands in it, deploy/gateway.toml is an example. A name that is unknown is
    /// refused; secrets stand in files of mode 600 that it names.
    #[arg(long, value_name = "FILE")]
    pub(super) config: PathBuf,

    /// Really send
    ///
    /// Needs a journal, a spending cap and an audit log in the configuration.
    #[arg(long)]
    pub(super) live: bool,
}

/// Looks into audit logs of the gateway
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Audit {
    #[command(subcommand)]
    pub(super) task: AuditTask,
}

/// What is done with an audit log.
#[derive(Subcommand, Clone, Debug)]
pub(super) enum AuditTask {
    /// Says whether audit logs are whole and unchanged
    ///
    /// Status 1 when an entry was changed, moved or is missing, 4 when the last line was cut off while
    /// it was written. Entries behind the last signed head are counted: those nobody signed yet.
    Verify(Verify),
}

/// What is verified.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Verify {
    /// The files of a log, oldest first
    ///
    /// A log that was rotated has files named after their first entry; the one in use comes last.
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,

    /// The public key that signs heads, in base58
    ///
    /// As solana-keygen pubkey prints it of the key file that the configuration names.
    #[arg(long, value_name = "KEY", value_parser = parse_key)]
    pub(super) head: Key,

    /// A signed head that was kept elsewhere
    ///
    /// A copy of FILE.head, made at any time: entries up to there must be in the log as they were. The
    /// default is the last FILE with .head behind it, if it is there.
    #[arg(long, value_name = "FILE")]
    pub(super) newest: Option<PathBuf>,
}

fn parse_key(text: &str) -> Result<Key, String> {
    base58::key(text).ok_or_else(|| "not a base58 key of 32 bytes".to_owned())
}
