//! Accounts by JSON-RPC: fetched, completed with what their pools need, and fetched again.
//!
//! ```text
//! keys, programs -> ask -> replies -> held -> lines {"pubkey","slot","account"} of what changed
//!                    ^                  |
//!                    \--- missing ------/   vaults, mints, tick arrays: as joining the pools names them
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `ask` | requests, and replies as accounts; pure |
//! | `held` | what is known, what is new in it, what is missing; pure |
//! | `run` | the client, the clock, the file |
//!
//! The lines are what `mev-parse --accounts FILE` reads; with `--follow` it reads on as they come.

mod ask;
mod held;
pub(super) mod run;
