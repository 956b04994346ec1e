//! mev-bundle: makes signed bundles of opportunities.
//!
//! ```text
//! opportunity --Policy--> may it be paid? --Draft--> swaps, loan, tip --message--> fits? --Payer--> bundle
//!        slot --> newest blockhash ------------^  ^-- txn: the pending one, if it is a back-run
//! ```
//!
//! | file | does |
//! |---|---|
//! | `builder` | the stage: what comes in, what is remembered, what leaves |
//! | `draft` `terms` | a bundle before it is signed, and what each of its transactions pays |
//! | `policy` `route` `transaction` `tables` | what may be paid; swaps, bytes, lookups |
//! | `payer` `purse` `nonce` | who signs, what is left to whom, durable nonces |
//! | `pending` `plan` | back-runs, plans: bundles of several transactions |
//! | `meter` | compute units as a run measures them |
//! | `check` `simulate` | rules of a block engine; bundles on trial |
//!
//! What holds of every bundle that leaves:
//!
//! - Each of our transactions is a whole cycle, so that it is atomic even if a block is dropped and its
//!   transactions are played alone: compute budget, loan, the swaps in order, repayment. The tip is
//!   the last instruction of our last one. In a plan that one pays for all: played alone, which takes a
//!   dropped block, it could tip more than it gains.
//! - Every swap spends a fixed amount and gives at least what the next one spends; the last gives
//!   at least what went in, every fee and its part of the tip. Whatever the chain's state, the payer's
//!   base tokens and lamports together do not shrink by a bundle that lands.
//! - What it pays is what its record says: base fee, priority fee, loan, tip. Where that is not what the
//!   opportunity counted, because the lender or a measurement says otherwise, `net` follows.
//! - Somebody else's transaction stands before ours and never between: no sandwich is built.
//! - A transaction is at most 1232 bytes long, locks at most 64 accounts and differs from the others.
//!   No rule of `check` is broken; a bundle with somebody else's transaction is held against them
//!   before it leaves.
//! - Signed means that every signature is there and that the blockhash is one; otherwise `missing`
//!   says what is not, and signatures and blockhash are zero bytes.
//!
//! An opportunity that cannot be made into such a bundle is refused, counted under a [`Reject`].

#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::float_arithmetic)]

mod args;
mod builder;
mod check;
mod draft;
mod meter;
mod nonce;
mod payer;
mod pending;
mod plan;
mod policy;
mod purse;
mod recent;
mod reject;
mod route;
mod run;
mod simulate;
mod tables;
mod terms;
mod transaction;

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]
mod testdata;
#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]
mod tests;
#[cfg(all(test, feature = "sim"))]
#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::default_trait_access,
    reason = "tests may panic, and a type of the VM's own has no name here"
)]
mod tests_flash;
#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]
mod tests_several;

pub use builder::{Builder, Counts};
pub use check::{Broken, Rule, Rules};
pub use meter::{Meter, Unmeasured};
pub use nonce::{Nonce, NonceFault};
pub use payer::Payer;
pub use pending::{Backrun, PendingCounts};
pub use policy::{BASE_FEE_LAMPORTS, COMPUTE_UNITS_MAX, Policy, TIP_MIN_LAMPORTS, priority_fee};
pub use recent::{BLOCKHASH_AGE_MAX, Blockhash};
pub use reject::Reject;
pub use simulate::{Judged, Tried, judge};
pub use tables::{ROOT_LAG_SLOTS, TableCounts, Tables};
pub use transaction::{ACCOUNT_LOCKS_MAX, TX_LEN_MAX, bundle_id};

use crate::cli::Tool;
use crate::record::{Bundle, Layout, Opportunity, Producer, Slot, Txn};
use clap::Args as _;

/// The program.
pub const TOOL: &Tool = &Tool {
    name: "mev-bundle",
    producer: Producer::Bundle,
    about: "Makes signed bundles of opportunities",
    reads: &[Opportunity::SCHEMA, Slot::SCHEMA, Txn::SCHEMA, Bundle::SCHEMA],
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
        "An opportunity that pays behind a pending transaction becomes a bundle of that transaction and ours, \
         when the stream holds it (mev-parse --txns): it comes first, ours behind it, and no bundle has ours \
         before somebody else's. --join-plans puts the cycles of a plan into one bundle. --flash borrows \
         what goes into a cycle from Kamino, Save, marginfi or Jupiter Lend; --nonce-account names durable \
         nonces; --min-balance keeps lamports with each payer; --measure asks for the compute units that a \
         run on this machine used.",
        "mev-bundle check says of the bundles of a stream which rules of a block engine they break.",
        "Records of opportunity, slot and txn are consumed; all others pass through. Nothing is sent, \
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
            "mev-parse pending.txt --txns --accounts pools.jsonl | mev-arb | mev-bundle --accounts \
             pools.jsonl --keypair id.json --backrun only | mev-send",
            "Back-runs of pending transactions, one a line in base64, and nothing else.",
        ),
        (
            "mev-bundle opportunities.bin --accounts pools.jsonl --accounts lender.jsonl --keypair id.json \
             --flash kamino --measure --program KLend2g3cP87fffoy8q1mQqGKjrxjC8boSyAYavgmjD=klend.so",
            "Borrows what each cycle needs, and asks for the compute units that a trial run used.",
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
