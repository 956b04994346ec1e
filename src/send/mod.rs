//! mev-send: sends bundles and keeps receipts; a dry run unless told otherwise.
//!
//! ```text
//! bundle --desk--> fit? --jito--> JSON body --net::http--> block engines
//!                                                               |
//!                       receipt <--receipt-- verdict <--jito-- answer
//! ```
//!
//! | file | what it holds |
//! |---|---|
//! | `desk` | whether a bundle is fit to be sent; the dry run |
//! | `url` | where to send: checked, and shown without its query |
//! | `jito` | the `sendBundle` request and what an answer to it means |
//! | `receipt` | the record of what became of a bundle |
//! | `tally` | what became of all of them |
//!
//! Invariants:
//! - Nothing leaves without `--live`; a dry run opens no socket and its receipts hold no time, so
//!   that the same input gives the same bytes.
//! - Nothing leaves whose signatures do not all verify.
//! - The same bytes go to every endpoint, so that a bundle has one id wherever it lands.
//! - An answer that is not understood is reported as unknown, never as accepted or refused.
//! - A query, which may hold a key, appears in no receipt and no message.

mod args;
mod desk;
pub mod jito;
pub mod receipt;
mod run;
mod tally;
pub mod url;

pub use desk::{Desk, Rehearsal, Ruling};
pub use tally::Tally;

/// URLs that a bundle goes to at most: more than there are regions.
pub const URLS_MAX: usize = 16;

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
    description: &[
        "Reads bundle records and makes of each a JSON-RPC sendBundle request, transactions in \
         base64. Without --live nothing leaves this machine: the same work is done, and a receipt \
         dry_run shows each bundle, one for every --url, or one if there is none.",
        "With --live, every request is posted to all URLs at the same time, and each answer is a \
         receipt: accepted, refused, rate_limited, unreachable (no connection, or no answer in \
         time) or unknown (the answer was not understood; the bundle may have been taken). Its \
         text is the remote's own, after a name for what it means. Up to 8 bundles wait for \
         answers at the same time, and receipts come as answers do. Accepted means that the block \
         engine took the bundle into its auction, not that it landed.",
        "A bundle that is not signed, has no blockhash, or holds a signature that does not verify \
         is not sent, and its receipt says unfit and why; a dry run says the same.",
        "The status is 6 when remotes refused and none accepted anything, and 5 when none could be \
         reached. Records of bundle are consumed; all others pass through.",
    ],
    examples: &[
        (
            "mev-send bundles.bin -f json",
            "Shows, one JSON object a bundle, what would be sent. No network is used.",
        ),
        (
            "mev-arb states.bin | mev-bundle --accounts pools.jsonl --keypair id.json | mev-send \
             --live --url https://ny.mainnet.block-engine.jito.wtf --url \
             https://frankfurt.mainnet.block-engine.jito.wtf --stats -o receipts.bin",
            "Sends to two regions and keeps the receipts; the statistics hold how long answers took.",
        ),
        (
            "mev-send bundles.bin --live --auth-file uuid.txt --timeout 500ms --url \
             https://mainnet.block-engine.jito.wtf -f text",
            "Sends with the UUID that raises the rate limit, and gives up on an answer after half a \
             second.",
        ),
    ],
};
