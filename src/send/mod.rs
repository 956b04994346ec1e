//! mev-send: sends bundles and keeps receipts; a dry run unless told otherwise.
//!
//! ```text
//! bundle --desk--> fit? --office--> attempts --journal--> lanes --net::http--> block engines
//!                             ^                                                     |
//!        receipt <--journal-- +-- receipt <--jito, status-- answers ----------------+
//! ```
//!
//! | file | what it holds |
//! |---|---|
//! | `desk` | whether a bundle is fit to be sent; the dry run |
//! | `url` `region` | where to send: checked, and shown without its query |
//! | `office` | queues and open bundles: who is sent what, and when |
//! | `budget` `spending` | how often an endpoint is asked; what an hour may cost |
//! | `follow` | what becomes of one bundle, told by attempts, engines and time |
//! | `jito` `status` | the requests, and what answers to them mean |
//! | `reply` | what came back, by either door of an engine |
//! | `receipt` | the record of what became of an attempt |
//! | `searcher` | an engine's gRPC API: messages, tokens, results |
//! | `journal` | attempts, outcomes and finals in a file that survives the process |
//! | `live` | threads, clock and files around the office; fed by a pipe here, by `chain/serve` there |
//! | `known` | which bundles were seen before |
//! | `tally` | what became of all of them |
//! | `tpu` | the other road: each transaction to the leaders, over QUIC |
//!
//! Invariants:
//! - Nothing leaves without `--live`; a dry run opens no socket and its receipts hold no time, so
//!   that the same input gives the same bytes.
//! - Nothing leaves whose signatures do not all verify, or that could exceed the spending cap.
//! - Nothing leaves before its attempt is in the journal, and nothing is told before it is there:
//!   killed at any moment, the next run follows what was begun and sends none of it again.
//! - Each bundle of which an attempt was begun has one final receipt; accepted is never final.
//! - The same bytes go to every endpoint, so that a bundle has one id wherever it lands.
//! - An answer that is not understood is reported as unknown, never as accepted or refused.
//! - A query, which may hold a key, appears in no receipt, no message and no journal.

mod args;
pub mod budget;
mod desk;
pub mod follow;
pub mod jito;
pub mod journal;
mod known;
pub mod live;
pub mod office;
pub mod receipt;
pub mod region;
pub mod reply;
mod run;
pub mod searcher;
pub mod spending;
pub mod status;
mod tally;
#[cfg(test)]
mod tests;
pub mod tpu;
pub mod url;

pub use desk::{Desk, Fit, Rehearsal, Ruling};
pub use tally::Tally;

/// Endpoints that a bundle goes to at most: more than there are regions.
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
    keeps: &[],
    augment: args::Args::augment_args,
    run: run::run,
    description: &[
        "Reads bundle records and makes of each a JSON-RPC sendBundle request, transactions in \
         base64. Without --live nothing leaves this machine: the same work is done, and a receipt \
         dry_run shows each bundle, one for every --url, or one if there is none.",
        "With --live, every bundle is sent to all endpoints, and each attempt is a receipt: accepted, \
         refused, rate_limited, unreachable (no connection, or no answer in time) or unknown (the \
         answer was not understood; the bundle may have been taken). Its text is the remote's own, \
         after a name for what it means. Accepted means that the block engine took the bundle into \
         its auction, not that it landed.",
        "What may have been taken is followed by getInflightBundleStatuses and getBundleStatuses, up \
         to five bundles a request, until one last receipt with the flag final: landed (in a \
         confirmed slot, with the slots that it took), failed, expired (not on chain, and its \
         blockhash too old), refused (by every endpoint) or unknown (nobody could say). Endpoints are \
         asked no more often than --rate says, sends and status calls together; what waits longer \
         than the bundle lasts is rate_limited. At the start each is asked for its tip accounts, and \
         is not sent a bundle that pays another.",
        "The journal makes that hold over crashes: every attempt is in it before its first byte \
         leaves. The next --live with the same journal follows what was left without an outcome and \
         sends none of it again; `mev-send receipts` prints what the journal holds. The spending cap \
         counts over restarts, too.",
        "A bundle that is not signed, has no blockhash, holds a signature that does not verify or \
         would exceed the cap is not sent, and its receipt says unfit and why; a dry run says the \
         same of all but the cap.",
        "With --grpc bundles go to the same hosts by the searcher API instead, and what an engine tells \
         of them is taken as it comes: rejected or dropped says why in the last receipt, processed makes \
         the chain be asked at once. --grpc-keypair signs the challenge of an engine that gives tokens.",
        "With --tpu the bundle's transactions go to the leaders themselves instead, over QUIC, one \
         stream each: to the current leader and those that follow (--fanout), on connections that are \
         kept warm. A leader takes transactions and not bundles: each lands or fails by itself. It \
         never answers, so a receipt says written, for each bundle and leader, and how many \
         transactions the leader's transport acknowledged; unreachable is one of which nothing was \
         written, unknown one that was written in part. 0-RTT (--zero-rtt) is refused by leaders. \
         Journal, spending cap and stop file hold as they do for block engines. What became of the \
         transactions is asked of the node of --leader-rpc by their signatures: landed are all of them, \
         failed some (landed_in_part) or one with an error; without such a node the last receipt is \
         unknown, as nobody_to_ask.",
        "The status is 6 when remotes refused and none accepted anything, and 5 when none could be \
         reached, nothing was written, or the journal cannot be written, whereupon nothing more is \
         sent. Records of bundle are consumed; all others pass through.",
    ],
    examples: &[
        (
            "mev-send bundles.bin -f json",
            "Shows, one JSON object a bundle, what would be sent. No network is used.",
        ),
        (
            "mev-arb states.bin | mev-bundle --accounts pools.jsonl --keypair id.json | mev-send \
             --live --region ny,fra --journal sent.jnl --max-spend-lamports-per-hour 50000000 --stats \
             -o receipts.bin",
            "Sends to two regions, at most 0.05 SOL of tips and fees an hour, and keeps the receipts; \
             the statistics hold how long answers took.",
        ),
        (
            "mev-send bundles.bin --tpu --live --leader-rpc rpc.url --identity id.json --journal sent.jnl \
             --max-spend-lamports-per-hour 50000000 --stats",
            "Sends each transaction to the current and the next leader, as the identity whose stake \
             gives more streams; the file holds the URL of an RPC node that tells who leads.",
        ),
        (
            "mev-send bundles.bin --live --journal sent.jnl --max-spend-lamports-per-hour 50000000 \
             --auth-file uuid.txt --rate 5 --timeout 500ms --stop-file STOP --region all -f text",
            "Sends everywhere with the UUID that raises the rate limit, gives up on an answer after \
             half a second, and sends nothing more once a file STOP appears.",
        ),
        (
            "mev-send receipts --journal sent.jnl -f json",
            "Prints the last word about every bundle that the journal knows.",
        ),
    ],
};
