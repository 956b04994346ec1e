//! The command line.

use super::office::{Limits, OPEN_MAX};
use super::url::Endpoint;
use super::{URLS_MAX, region, tpu};
use crate::cli::{Common, Files, parse_duration};
use crate::error::{Error, Result};
use crate::record::{Road, fixed_text};
use clap::{Subcommand, ValueEnum};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The options of the tool.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) task: Option<Task>,

    #[command(flatten)]
    pub(super) files: Files,

    /// Send to the block engine at URL
    ///
    /// http or https; without a path, /api/v1/bundles is meant. May be repeated: every bundle goes
    /// to all of them at the same time, and each answer makes a receipt. Receipts show a URL
    /// without its query.
    #[arg(long, value_name = "URL")]
    pub(super) url: Vec<String>,

    /// Send to these regions of Jito's block engine
    ///
    /// A list separated by commas of ams, dub, fra, lon, ny, sin, slc and tyo (or amsterdam, dublin
    /// and so on), or all. Each is an endpoint like one of --url.
    #[arg(long, value_name = "REGION,..", value_delimiter = ',')]
    pub(super) region: Vec<String>,

    /// Send bundles by the block engine's gRPC searcher API
    ///
    /// To the hosts of --url and --region, and their results are listened to. Tip accounts and statuses are
    /// still asked by JSON-RPC.
    #[arg(long)]
    pub(super) grpc: bool,

    /// Sign the searcher API's challenges with the key pair in FILE
    ///
    /// For engines that give tokens to keys that they know. It pays nothing. Refused unless only its
    /// owner can read the file.
    #[arg(long, value_name = "FILE", requires = "grpc")]
    pub(super) grpc_keypair: Option<PathBuf>,

    /// Really send
    ///
    /// Without it the same requests are made and a receipt dry_run shows each, but nothing leaves
    /// this machine. Needs --journal and --max-spend-lamports-per-hour.
    #[arg(long)]
    pub(super) live: bool,

    /// Keep a journal of what is sent in FILE
    ///
    /// Every attempt is in it before its first byte leaves, and every receipt before it is told: what
    /// a process that was killed had begun, the next one with the same file follows to its end and
    /// never sends again. Made if there is none; one process at a time.
    #[arg(long, value_name = "FILE")]
    pub(super) journal: Option<PathBuf>,

    /// When the journal reaches the disk
    ///
    /// What was written survives the death of the process either way; `always` waits for the disk
    /// before anything leaves, so that it survives the machine's too.
    #[arg(long, value_enum, default_value_t = Sync::Never, value_name = "WHEN")]
    pub(super) sync: Sync,

    /// Send nothing that could make an hour's tips and fees exceed N lamports
    ///
    /// A bundle counts with its tip and its fees for an hour from its first attempt, whatever becomes
    /// of it, unless every endpoint refused it; the journal keeps the count over restarts. What does
    /// not fit is unfit as over_spending_cap.
    #[arg(long, value_name = "N")]
    pub(super) max_spend_lamports_per_hour: Option<u64>,

    /// Send nothing while FILE exists
    ///
    /// Looked for before every send: bundles that wait are turned away, new ones are unfit as
    /// stopped. What was sent is still followed.
    #[arg(long, value_name = "FILE")]
    pub(super) stop_file: Option<PathBuf>,

    /// Ask each endpoint no more than N times a second
    ///
    /// Bundles and status calls together. The block engine allows one request a second and region
    /// without authentication.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) rate: u32,

    /// Give up sending a bundle TIME after it came in
    ///
    /// At most 60s, the usual length of the 150 slots that a blockhash is good for; less where the
    /// record says so. What waited for its turn until then becomes a receipt rate_limited. A bundle is
    /// followed for half as long again.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_duration)]
    pub(super) expiry: Duration,

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

/// What is done with a journal instead.
#[derive(Subcommand, Clone, Debug)]
pub(super) enum Task {
    /// Prints the receipts that a journal holds
    ///
    /// One final receipt for each bundle whose end is known, in the order in which they ended.
    Receipts(Receipts),
}

/// What of a journal is printed.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Receipts {
    /// The journal to read
    ///
    /// A process may be writing it.
    #[arg(long, value_name = "FILE")]
    pub(super) journal: PathBuf,

    /// Print the receipts of attempts too
    ///
    /// In the order in which they came; an attempt that has no outcome is unknown, as no_outcome.
    #[arg(long)]
    pub(super) attempts: bool,
}

/// When the journal reaches the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Sync {
    /// When the system sees fit
    Never,
    /// Before anything leaves
    Always,
}

/// What may be spent, and where that is kept.
pub(super) struct Guard<'a> {
    pub(super) journal: &'a Path,
    pub(super) spend_max: u64,
}

impl Args {
    /// Checks what can be checked without touching anything.
    ///
    /// # Errors
    /// Status 2 when there is nowhere to send to, or when what is sent could leave no receipt.
    pub(super) fn check(&self, common: &Common) -> Result<()> {
        self.tpu.check(self.live, !self.url.is_empty() || !self.region.is_empty())?;
        if self.grpc && self.url.is_empty() && self.region.is_empty() {
            let hint = "add --region ny, or the --url of a block engine";
            return Err(Error::usage("--grpc needs a --url or a --region").hint(hint));
        }
        if self.live && self.url.is_empty() && self.region.is_empty() && !self.tpu.tpu {
            let hint = "add --url https://mainnet.block-engine.jito.wtf, or leave --live out";
            return Err(Error::usage("--live needs a --url or a --region").hint(hint));
        }
        if self.live && (common.check || common.limit.is_some()) {
            return Err(Error::usage("--live goes with neither --check nor --limit")
                .hint("what is sent must leave a receipt; limit what comes in instead"));
        }
        if self.timeout.is_zero() {
            return Err(Error::usage("--timeout is zero"));
        }
        if self.expiry.is_zero() || self.expiry > Duration::from_mins(1) {
            return Err(Error::usage("--expiry is not between 1ms and 60s"));
        }
        if self.live { self.guard().map(drop) } else { Ok(()) }
    }

    /// What sending for real needs, whatever the road.
    ///
    /// # Errors
    /// Status 2 without a journal or a cap.
    pub(super) fn guard(&self) -> Result<Guard<'_>> {
        let missing =
            |option: &str, hint: &str| Error::usage(format!("--live needs {option}")).hint(hint);
        let journal = self.journal.as_deref().ok_or_else(|| {
            missing("--journal", "add --journal FILE: it is made if there is none")
        })?;
        let spend_max = self.max_spend_lamports_per_hour.ok_or_else(|| {
            let hint = "add what an hour's tips and fees may come to, in lamports";
            missing("--max-spend-lamports-per-hour", hint)
        })?;
        Ok(Guard { journal, spend_max })
    }

    /// What bounds the sending.
    pub(super) fn limits(&self, spend_max: u64) -> Limits {
        let ns = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let (timeout_ns, expiry_ns) = (ns(self.timeout), ns(self.expiry));
        Limits { per_second: self.rate, timeout_ns, expiry_ns, spend_max, open_max: OPEN_MAX }
    }

    /// Where to send to: nowhere, once, when no URL and no region is given.
    ///
    /// # Errors
    /// Those of [`Endpoint::parse`], as clap would repeat the text, which may hold a key; status 2 on
    /// a region that is none, too many endpoints, or two that receipts could not tell apart.
    pub(super) fn endpoints(&self) -> Result<Vec<Endpoint>> {
        if self.url.is_empty() && self.region.is_empty() {
            return Ok(vec![Endpoint::nowhere()]);
        }
        let urls = [self.url.clone(), region::urls(&self.region)?].concat();
        if urls.len() > URLS_MAX {
            return Err(Error::usage(format!("more than {URLS_MAX} endpoints")));
        }
        let road = if self.grpc { Road::JitoGrpc } else { Road::Jito };
        let endpoints: Vec<_> =
            urls.iter().map(|url| Ok(Endpoint::parse(url)?.over(road))).collect::<Result<_>>()?;
        let mut shown: Vec<[u8; 64]> = endpoints.iter().map(|to| fixed_text(to.shown())).collect();
        shown.sort_unstable();
        if shown.windows(2).any(|pair| matches!(pair, [one, two] if one == two)) {
            return Err(Error::usage(
                "two endpoints are the same in the 64 bytes that receipts show",
            ));
        }
        Ok(endpoints)
    }
}
