//! The command line.

use super::URLS_MAX;
use super::tpu;
use super::url::Endpoint;
use crate::cli::{Common, Files, parse_duration};
use crate::error::{Error, Result};
use std::path::PathBuf;
use std::time::Duration;

/// The options of the tool.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) files: Files,

    /// Send to the block engine at URL
    ///
    /// http or https; without a path, /api/v1/bundles is meant. May be repeated: every bundle goes
    /// to all of them at the same time, and each answer makes a receipt. Receipts show a URL
    /// without its query.
    #[arg(long, value_name = "URL")]
    pub(super) url: Vec<String>,

    /// Really send
    ///
    /// Without it the same requests are made and a receipt dry_run shows each, but nothing leaves
    /// this machine.
    #[arg(long)]
    pub(super) live: bool,

    /// Wait no longer than TIME for an answer, such as 500ms or 5s
    ///
    /// Connecting included. A request without an answer becomes a receipt unreachable: whether its
    /// bundle arrived is then unknown.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = parse_duration)]
    pub(super) timeout: Duration,

    /// Send the text in FILE as the header x-jito-auth
    ///
    /// The UUID that raises the rate limit. Refused unless only its owner can read the file; it is
    /// never shown.
    #[arg(long, value_name = "FILE")]
    pub(super) auth_file: Option<PathBuf>,

    #[command(flatten)]
    pub(super) tpu: tpu::Args,
}

impl Args {
    /// Checks what can be checked without touching anything.
    ///
    /// # Errors
    /// Status 2 when there is nowhere to send to, or when what is sent could leave no receipt.
    pub(super) fn check(&self, common: &Common) -> Result<()> {
        self.tpu.check(self.live, !self.url.is_empty())?;
        if self.live && self.url.is_empty() && !self.tpu.tpu {
            let hint = "add --url https://mainnet.block-engine.jito.wtf, or leave --live out";
            return Err(Error::usage("--live needs a --url").hint(hint));
        }
        if self.live && (common.check || common.limit.is_some()) {
            return Err(Error::usage("--live goes with neither --check nor --limit")
                .hint("what is sent must leave a receipt; limit what comes in instead"));
        }
        if self.url.len() > URLS_MAX {
            return Err(Error::usage(format!("more than {URLS_MAX} times --url")));
        }
        if self.timeout.is_zero() {
            return Err(Error::usage("--timeout is zero"));
        }
        Ok(())
    }

    /// Where to send to: nowhere, once, when no URL is given.
    ///
    /// # Errors
    /// Those of [`Endpoint::parse`]; clap would repeat the text, which may hold a key.
    pub(super) fn endpoints(&self) -> Result<Vec<Endpoint>> {
        if self.url.is_empty() {
            return Ok(vec![Endpoint::nowhere()]);
        }
        self.url.iter().map(|url| Endpoint::parse(url)).collect()
    }
}
