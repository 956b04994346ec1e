//! mev-bundle: makes signed bundles of opportunities.
//!
//! ```text
//! opportunity --Policy--> may it be paid? --Routes--> swaps --message--> fits? --Payer--> bundle
//!        slot --> newest blockhash ----------------------------^
//! ```
//!
//! What holds of every bundle that leaves:
//!
//! - It is one transaction, so that the cycle is atomic even if a block is dropped and its
//!   transactions are played alone: compute budget, the swaps in order, the tip last.
//! - Every swap spends a fixed amount and gives at least what the next one spends; the last gives
//!   at least what went in, every fee and the tip. Whatever the chain's state, the payer's base
//!   tokens and lamports together do not shrink by a bundle that lands.
//! - What it pays is what the opportunity counted: base fee, priority fee, tip.
//! - It is at most 1232 bytes long, locks at most 64 accounts and differs from the others.
//! - Signed means that every signature is there and that the blockhash is one; otherwise `missing`
//!   says what is not, and signatures and blockhash are zero bytes.
//!
//! An opportunity that cannot be made into such a bundle is refused, counted under a [`Reject`].

#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::float_arithmetic)]

mod args;
mod builder;
mod check;
mod payer;
mod policy;
mod recent;
mod reject;
mod route;
mod run;
mod simulate;
mod tables;
mod transaction;

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]
mod testdata;
#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]
mod tests;

pub use builder::{Builder, Counts};
pub use check::{Broken, Rule, Rules};
pub use payer::Payer;
pub use policy::{BASE_FEE_LAMPORTS, COMPUTE_UNITS_MAX, Policy, TIP_MIN_LAMPORTS, priority_fee};
pub use recent::{BLOCKHASH_AGE_MAX, Blockhash};
pub use reject::Reject;
pub use simulate::{Judged, Tried, judge};
pub use tables::{ROOT_LAG_SLOTS, TableCounts, Tables};
pub use transaction::{ACCOUNT_LOCKS_MAX, TX_LEN_MAX, bundle_id};

use crate::cli::Tool;
use crate::record::{Bundle, Layout, Opportunity, Producer, Slot};
use clap::Args as _;

/// The program.
pub const TOOL: &Tool = &Tool {
    name: "mev-bundle",
    producer: Producer::Bundle,
    about: "Makes signed bundles of opportunities",
    reads: &[Opportunity::SCHEMA, Slot::SCHEMA, Bundle::SCHEMA],
    writes: &[Bundle::SCHEMA],
    keeps: &[],
    augment: args::Args::augment_args,
    run: run::run,
    description: &[
        "Reads opportunity records and makes of each a Solana transaction in a bundle: the compute \
         unit limit and price of the opportunity, a swap for each hop, and the tip to a Jito tip \
         account. The last swap must give at least what went in, every fee and the tip, or the \
         transaction fails: a bundle that lands does not lose.",
        "The accounts that the swaps need come from --accounts. The blockhash is that of the newest \
         complete slot record before the opportunity, or --blockhash. With --keypair the \
         transaction is signed and the bundle has its id, the one that block engines give it. \
         Without a key pair or a blockhash the bundle is left unsigned, and its field `missing` \
         says why; mev-send never sends it.",
        "An opportunity is refused, by a name that --stats counts, when its tip is below 1000 \
         lamports, above --max-tip-lamports or more than is left after all other costs; when the \
         fees it counts are not those the transaction pays; when it is stale, a duplicate, or more \
         than 150 slots newer than the blockhash; when a pool or mint is not in the account files \
         or its venue has no program; and when the transaction would exceed 1232 bytes or 64 \
         accounts.",
        "With --alt, what a transaction's accounts have in common with address lookup tables is looked \
         up there, and the transaction is a v0 one: tables are taken one after the other, that which \
         saves most first, while any saves a byte. A block engine resolves tables against the root \
         bank, so a table that was extended in the last 32 slots is not used, and an opportunity that \
         would need it is refused as young_table. A tip account is never looked up.",
        "mev-bundle check says of the bundles of a stream which rules of a block engine they break.",
        "Records of opportunity and slot are consumed; all others pass through. Nothing is sent, \
         and no network is used. The same input and options give the same bytes.",
        "mev-bundle simulate runs the bundles of a stream before they cost, on a Solana VM in this \
         process or by a server, and passes on those that do not lose, each with a verdict.",
    ],
    examples: &[
        (
            "mev-parse slot.pcap --accounts pools.jsonl | mev-arb | mev-bundle --accounts \
             pools.jsonl --keypair id.json | mev-send",
            "Makes signed bundles of what a capture offers, and shows what would be sent.",
        ),
        (
            "mev-bundle opportunities.bin --accounts pools.jsonl --payer \
             9WzDXwBbmkg8ZTbNMqUxvQRAyrZzDsGYdLVL9zYtAWWM -f json --stats",
            "Makes unsigned bundles for a public key, shows them as JSON, and counts what was \
             refused and why.",
        ),
        (
            "mev-arb states.bin | mev-bundle --accounts pools.jsonl --keypair id.json \
             --max-tip-lamports 2000000 -o bundles.bin",
            "Keeps bundles in a file; no tip is above 0.002 SOL.",
        ),
        (
            "mev-bundle check bundles.bin --alt tables.jsonl -f json",
            "Shows each rule of a block engine that a bundle breaks, as JSON; status 1 when there is one.",
        ),
        (
            "mev-bundle simulate bundles.bin --accounts pools.jsonl --program \
             675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8=amm_v4.so --logs | mev-send",
            "Runs bundles on this machine first; only those that do not lose go on.",
        ),
        (
            "mev-bundle simulate bundles.bin --rpc url.txt -f json --stats",
            "The same by the server whose URL is in a file.",
        ),
    ],
};
