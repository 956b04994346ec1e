//! The library under the eight mev-tools programs.
//!
//! ```text
//! mev-capture --packet--> mev-parse --swap,pool,..--> mev-arb --opportunity--> mev-bundle --bundle--> mev-send --receipt--> you
//! ```
//!
//! Fixed-layout binary records pass through pipes and files; every stage can be run, tested,
//! replayed and replaced alone. The modules stand on floors, and a module imports only from floors
//! below its own (`tests/layers.rs` keeps that true):
//!
//! | floor | modules | what lives there |
//! |---|---|---|
//! | 7 | `bin/` | one line each: `mev::cli::main(mev::arb::TOOL)` |
//! | 6 | [`chain`] | stages composed in one process |
//! | 5 | [`capture`] [`parse`] [`arb`] [`bundle`] [`send`] | stages: one folder a tool |
//! | 4 | [`cli`] | one command-line frame for all |
//! | 3 | [`stream`] [`ring`] [`net`] [`sys`] [`sim`] | records in pipes and files, records in shared memory, sockets and captures, Linux, transactions on trial |
//! | 2 | [`dex`] | one file a venue: layouts, quote, instruction builder |
//! | 1 | [`record`] [`wire`] [`keys`] | our layouts; Solana's bytes; secrets and signatures |
//! | 0 | [`error`] [`time`] [`bytes`] [`mem`] [`math`] [`ids`] | statuses, clocks, encodings, maps, integers, names |

#[cfg(target_endian = "big")]
compile_error!("records are little-endian in memory and on disk");

// Floor 0.
pub mod bytes;
pub mod error;
pub mod ids;
pub mod math;
pub mod mem;
pub mod time;
// Floor 1.
pub mod keys;
pub mod record;
pub mod wire;
// Floor 2.
pub mod dex;
// Floor 3.
pub mod net;
pub mod ring;
pub mod sim;
pub mod stream;
pub mod sys;
// Floor 4.
pub mod cli;
// Floor 5.
pub mod arb;
pub mod bundle;
pub mod capture;
pub mod parse;
pub mod send;
// Floor 6.
pub mod chain;

/// Every program of the toolkit, in the order of the pipeline.
pub const TOOLS: [&cli::Tool; 5] =
    [chain::CAPTURE, parse::TOOL, arb::TOOL, bundle::TOOL, chain::SEND];
