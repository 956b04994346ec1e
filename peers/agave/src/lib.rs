//! mev-parse beside Agave's own path from shreds to transactions.
//!
//! A workspace of its own, because solana-ledger brings RocksDB and the whole runtime: `../README.md`
//! says what it takes. What is compared stands in `benches/shreds.rs`.

pub mod capture;
pub mod theirs;
