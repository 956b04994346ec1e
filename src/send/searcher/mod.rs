//! A block engine's other door: its gRPC searcher API.
//!
//! ```text
//! bundle --told::send_bundle--> SendBundle ------------> its id, or why not
//! key ----auth--> access token --^     SubscribeBundleResults --told--> what happened to it
//! ```
//!
//! | file | what it holds |
//! |---|---|
//! | `messages` | the messages, written by hand |
//! | `auth` | challenge and tokens |
//! | `told` | what answers and results mean |
//! | `run` | the calls |
//!
//! Invariants:
//! - A result is an engine's own word: it makes the chain be asked, and is never the last one about a
//!   landing.
//! - What an engine is asked about bundles and tip accounts goes by JSON-RPC to the same host, under the
//!   same budget.

pub mod auth;
pub mod messages;
pub(super) mod run;
pub mod told;
