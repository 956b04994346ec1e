//! Arbitrage: detection against following every cycle, sizing against searching.
//!
//! What is measured lives in `mev::arb::bench`, so that `mev-arb bench` and this are one.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark prints, and the support of others reads the clock"
)]

#[path = "support/paired.rs"]
mod paired;

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    println!("<!-- bench -->\n{}\n", paired::machine());
    println!("{}<!-- /bench -->", mev::arb::bench::report(&[10_000, 100_000, 1_000_000]));
}
