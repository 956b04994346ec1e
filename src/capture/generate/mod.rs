//! Traffic from a seed: pure, deterministic, integers only.
//!
//! ```text
//! rng -> world -> accounts -> market -> traffic -> poh -> block -> impair -> packets
//!          \--> feed -> packets
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `rng` `share` | random integers; shares of a whole |
//! | `world` `pools` `positions` | tokens and wallets; pools; where concentrated liquidity lies |
//! | `accounts` | the programs' account bytes, and the account file |
//! | `market` | the pools' state as it moves |
//! | `traffic` `message` | transactions, drawn and signed |
//! | `poh` `block` | entries with proof of history; slots as signed shreds |
//! | `impair` `stamp` | loss, duplicates, reordering, flipped bits; times and addresses |
//! | `feed` `edge` | the toolkit's own datagrams; the least amounts that matter |
//!
//! The same seed and options give the same bytes on every machine.

#![deny(clippy::float_arithmetic, clippy::indexing_slicing)]

pub mod accounts;
pub mod block;
pub mod feed;
pub mod impair;
pub mod market;
pub mod message;
pub mod poh;
pub mod pools;
pub mod positions;
pub mod rng;
pub mod share;
pub mod stamp;
pub mod traffic;
pub mod world;

mod edge;

pub(super) mod args;
pub(super) mod run;
