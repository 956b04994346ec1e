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
//! | `tpu` | the other road: each transaction to the leaders, over QUIC |
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
pub mod tpu;
pub mod url;

pub use desk::{Desk, Rehearsal, Ruling};
pub use tally::Tally;

/// URLs that a bundle goes to at most: more than there are regions.
pub const URLS_MAX: usize = 16;

use crate::cli::Tool;
use crate::record::{Bundle, Layout, Producer, Receipt, Slot};
use clap::Args as _;

/// The program.
pub const TOOL: &Tool = &Tool {
    name: "mev-send",
    producer: Producer::Send,
    about: "Sends bundles and keeps receipts; a dry run unless told otherwise",
    reads: &[Bundle::SCHEMA, Slot::SCHEMA],
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
        "With --tpu the bundle's transactions go to the leaders themselves instead, over QUIC, one \
         stream each: to the current leader and those that follow (--fanout), on connections that are \
         kept warm. A leader takes transactions and not bundles: each lands or fails by itself. It \
         never answers, so a receipt says written, for each bundle and leader, and how many \
         transactions the leader's transport acknowledged; unreachable is one of which nothing was \
         written, unknown one that was written in part. 0-RTT (--zero-rtt) is refused by leaders.",
        "The status is 6 when remotes refused and none accepted anything, and 5 when none could be \
         reached or nothing was written. Records of bundle are consumed; all others pass through.",
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
            "mev-send bundles.bin --tpu --live --leader-rpc rpc.url --identity id.json --stats",
            "Sends each transaction to the current and the next leader, as the identity whose stake \
             gives more streams; the file holds the URL of an RPC node that tells who leads.",
        ),
        (
            "mev-send bundles.bin --live --auth-file uuid.txt --timeout 500ms --url \
             https://mainnet.block-engine.jito.wtf -f text",
            "Sends with the UUID that raises the rate limit, and gives up on an answer after half a \
             second.",
        ),
    ],
};
