//! The time of a quote: each peer's and ours, of the same states and orders, in turn.
//!
//! Every order is one that both fill alike. What a peer takes by value is made for it before its clock
//! runs: its own call is all that is timed. Ours is `quote_in` or `quote_out` on a record that is at hand,
//! as mev-arb has it.

#![allow(clippy::cast_precision_loss, reason = "a measurement")]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

#[path = "../../../benches/support/paired.rs"]
mod paired;

use peers_quotes::ask::{Ask, Rng};
use peers_quotes::clmm::Clmm;
use peers_quotes::dlmm::Dlmm;
use peers_quotes::saber::Saber;
use peers_quotes::tally::Peer;
use peers_quotes::token_swap::{TokenSwap, TokenSwapStable};
use peers_quotes::whirlpool::Whirlpool;
use std::hint::black_box;
use std::time::Instant;

/// States and orders of a peer.
const CASES: usize = 512;
/// Passes over them, each side in turn.
const ROUNDS: usize = 41;

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    println!("<!-- bench -->\n{}\n", paired::machine());
    println!(
        "{CASES} orders to each that both fill alike; {ROUNDS} passes over them, sides in turn; medians of a pass.\n"
    );
    println!(
        "| venue | peer | peer ns | ours ns | ratio | spread of ratio |\n|---|---|---:|---:|---:|---|"
    );
    compare::<Whirlpool>();
    compare::<Clmm>();
    compare::<Dlmm>();
    compare::<Saber>();
    compare::<TokenSwap>();
    compare::<TokenSwapStable>();
    println!("<!-- /bench -->");
}

/// Orders that both fill alike.
fn asks<P: Peer>() -> Vec<Ask> {
    let mut rng = Rng(11);
    let mut asks = Vec::with_capacity(CASES);
    while asks.len() < CASES {
        let ask = P::ask(&mut rng);
        let alike = match ask.ours() {
            Ok(ours) if ours.complete => {
                P::answer(&mut P::input(&ask)).is_ok_and(|theirs| ours.agrees(&theirs))
            }
            _ => false,
        };
        if alike {
            asks.push(ask);
        }
    }
    asks
}

fn compare<P: Peer>() {
    let asks = asks::<P>();
    let (mut theirs, mut ours) = ([0.0; ROUNDS], [0.0; ROUNDS]);
    for round in 0..ROUNDS {
        let mut inputs: Vec<P::Input> = asks.iter().map(P::input).collect();
        let start = Instant::now();
        for input in &mut inputs {
            black_box(P::answer(black_box(input))).expect("it answered before");
        }
        theirs[round] = start.elapsed().as_nanos() as f64 / CASES as f64;
        let start = Instant::now();
        for ask in &asks {
            black_box(black_box(ask).quote()).expect("it answered before");
        }
        ours[round] = start.elapsed().as_nanos() as f64 / CASES as f64;
    }
    let mut ratios: Vec<f64> = theirs.iter().zip(&ours).map(|(slow, fast)| slow / fast).collect();
    let median = |of: &mut [f64]| {
        of.sort_by(f64::total_cmp);
        of[of.len() / 2]
    };
    let (slow, fast) = (median(&mut theirs), median(&mut ours));
    ratios.sort_by(f64::total_cmp);
    println!(
        "| {} | {} | {slow:.0} | {fast:.0} | {:.1}x | {:.1}x to {:.1}x |",
        P::VENUE,
        P::CRATE,
        slow / fast,
        ratios[ROUNDS / 10],
        ratios[ROUNDS - 1 - ROUNDS / 10]
    );
}
