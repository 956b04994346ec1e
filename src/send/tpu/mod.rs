//! The TPU road: transactions straight to the leaders, over QUIC.
//!
//! ```text
//! slot records, bundles, RPC --slots--> current slot --aim--> leaders ahead --warm--> connections
//! bundle --desk--> fit? --run--> a stream a transaction, to each leader --receipt--> written
//! ```
//!
//! | file | what it holds |
//! |---|---|
//! | `slots` | which slot it is |
//! | `nodes` | where a leader listens |
//! | `aim` | which leaders a bundle goes to, and which connections to keep warm |
//! | `warm` | when a connection is opened, rested and given up |
//! | `ask` | the RPC requests that tell slot, leaders and nodes, and their replies |
//! | `receipt` | what became of a bundle at one leader |
//! | `road` | the connections, and who asks the RPC node |
//! | `run` | the command |
//!
//! Invariants:
//! - A leader never answers: a receipt says `written`, never `accepted`. That the leader's transport
//!   acknowledged every byte stands in its words.
//! - A leader's transactions are no bundle: each lands or fails by itself.
//! - Nothing waits without a limit, and a connection that fails rests before it is tried again.
//! - A dry run opens no socket; its receipts name the leaders of the bundle's slot.
//! - Who is sent to is the current leader and those that follow, `--fanout` in all; in the last slot
//!   of a leader one more.
//!
//! Source: anza-xyz/agave v4.2.2, tpu-client-next (`leader_updater.rs`,
//! `connection_workers_scheduler.rs`, `node_address_service/`).

mod aim;
mod args;
mod ask;
mod nodes;
mod receipt;
mod road;
pub(super) mod run;
mod slots;
mod warm;

pub use aim::{Aim, Leading, Target};
pub(super) use args::Args;
pub use nodes::Nodes;
pub use receipt::shown;
pub use road::{Road, Rpc, Setup, Wrap};
pub use slots::Slots;
pub use warm::{Action, Warm};

/// Leaders that a bundle goes to at most.
pub const FANOUT_MAX: u8 = 16;
/// Slots in a row of a leader (solana-leader-schedule `NUM_CONSECUTIVE_LEADER_SLOTS`).
const TURN_SLOTS: u64 = 4;
/// A slot's length, in nanoseconds (solana-clock `DEFAULT_MS_PER_SLOT`).
const SLOT_NS: u64 = 400_000_000;
