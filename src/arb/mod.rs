//! Arbitrage: pool states and swaps come in, cycles that pay go out.

#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::float_arithmetic)]

mod log2;
