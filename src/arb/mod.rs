//! Arbitrage: pool states and swaps come in, cycles that pay go out.

#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::float_arithmetic)]

mod book;
mod cost;
mod curve;
mod graph;
mod intern;
mod log2;
mod moebius;
mod rows;
mod size;
mod ticks;
