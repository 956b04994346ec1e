//! Solana's bytes: shreds, erasure coding, Merkle trees, entries, transactions, and the toolkit's
//! own two datagrams.
//!
//! ```text
//! datagram --Shred--> FEC set --recover--> ledger bytes of a batch --Batch--> entries --> Transaction
//! entries --shredder--> FEC sets of signed shreds
//! ```
//!
//! | file | holds |
//! |---|---|
//! | [`shred`] | the view of one shred; [`variant`] knows where its regions lie |
//! | [`merkle`] | leaf and node hashes, the root of a shred, the tree of a FEC set |
//! | [`fec`] | Reed-Solomon, on the field of `gf256` |
//! | [`recover`] | missing data shreds of a FEC set, from any `num_data` of its shreds |
//! | [`entry`] [`txn`] | a batch's entries and their transactions, borrowed |
//! | [`bundle_id`] | the id of a bundle |
//! | [`poh`] | whether an entry's hash follows from the one before it |
//! | [`shredder`] | a batch's bytes as signed FEC sets |
//! | [`feed`] | `DexSwapTx` and `PoolStateUpdate` |
//! | [`leaders`] | who leads which slot |
//!
//! Every view borrows: `check` looks at foreign bytes once and answers with the view or with a
//! named reason, and after it no accessor can fail. Nothing here allocates but the constructors of
//! [`recover::Recoverer`] and [`shredder::Shredder`]; nothing signs or verifies a signature: the
//! caller holds the keys. A comment that cites "agave" means jito-solana b64857b5 (2026-08-21).

#![deny(clippy::indexing_slicing, clippy::float_arithmetic)]

pub mod entry;
pub mod fec;
pub mod feed;
pub mod leaders;
pub mod merkle;
pub mod poh;
pub mod recover;
pub mod shred;
pub mod shredder;
pub mod txn;
pub mod variant;

mod bundle_id;
mod gf256;
mod image;
mod links;
mod reason;
pub(crate) mod sha256;

#[cfg(test)]
pub(crate) mod testdata;

pub use bundle_id::bundle_id;
