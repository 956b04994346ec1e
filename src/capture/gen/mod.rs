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
//! | `world` `positions` | tokens, pools, wallets; where concentrated liquidity lies |
//! | `accounts` | the programs' account bytes, and the account file |
//! | `market` | the pools' state as it moves |
//! | `traffic` `message` | transactions, drawn and signed |
//! | `poh` `block` | entries with proof of history; slots as signed shreds |
//! | `impair` | loss, duplicates, reordering, flipped bits |
//! | `feed` | the toolkit's own datagrams |
//!
//! The same seed and options give the same bytes on every machine.

#![deny(clippy::float_arithmetic, clippy::indexing_slicing)]

pub mod accounts;
pub mod block;
pub mod feed;
pub mod impair;
pub mod share;
pub mod traffic;
pub mod world;

mod market;
mod message;
mod poh;
mod positions;
mod rng;
