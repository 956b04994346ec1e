//! What `mev-arb bench` and `scripts/bench arb` measure: baselines and ours in one process.
//!
//! Nothing here decides anything: it makes markets from a seed, runs both sides on the same ones and
//! counts.

pub mod decision;
pub mod detection;
pub mod sizing;
pub mod topology;

use crate::time::Stopwatch;
use hdrhistogram::Histogram;
use std::fmt::Write;

/// Updates measured of a market.
const UPDATES: u32 = 200_000;

/// Back-runs whose optimum is certified.
const BACK_RUNS: u64 = 2000;

/// All tables as Markdown: detection on markets of `sizes` pools, sizing.
pub fn report(sizes: &[usize]) -> String {
    let mut text = String::new();
    detection(&mut text, sizes);
    decisions(&mut text);
    closed_forms(&mut text);
    shares(&mut text);
    text
}

fn detection(text: &mut String, sizes: &[usize]) {
    let _ = writeln!(text, "### Detection: an update and the searches behind it (ns)\n");
    let _ =
        writeln!(text, "Every cycle of two to four hops; the clock costs about 25 ns of each.\n");
    let _ = writeln!(
        text,
        "| pools | what | count | p50 | p99 | p99.9 | p50 against ours |\n|---:|---|---:|---:|---:|---:|---:|"
    );
    for size in sizes {
        let every = u32::try_from(size / 200).unwrap_or(u32::MAX).max(20);
        let done = detection::measure(*size, UPDATES, every);
        let ours = done.ours.value_at_quantile(0.5).max(1);
        let mut row = |what: &str, times: &Histogram<u64>| {
            if times.is_empty() {
                return;
            }
            let at = |quantile| times.value_at_quantile(quantile);
            let _ = writeln!(
                text,
                "| {size} | {what} | {} | {} | {} | {} | {}x |",
                times.len(),
                at(0.5),
                at(0.99),
                at(0.999),
                at(0.5) / ours
            );
        };
        row("ours", &done.ours);
        row("every cycle of pools through the pool", &done.every_pool);
        row("every cycle of tokens through it, over best-of-pair rates", &done.every_cycle);
        row("the pool's cycles listed beforehand", &done.listed);
        row("three rounds of Bellman-Ford over all pairs", &done.relaxed);
        let _ = writeln!(
            text,
            "| {size} | {} bytes a pool, {} ns a pool to build; {} candidates; {} of {} best scores differ; {} searches of pools stopped at {} | | | | | |",
            done.bytes_a_pool,
            done.build_ns,
            done.met,
            done.mismatches,
            done.compared,
            done.stopped,
            detection::FOLLOWED
        );
    }
}

/// Pools of the market that decisions are measured on.
const DECISION_POOLS: usize = 100_000;

/// Swaps of a day of Solana: 8.5 billion trades in 16 months (facts/arb.md 1.2).
const DAY: u64 = 17_500_000;

fn decisions(text: &mut String) {
    let done = decision::measure(DECISION_POOLS, u64::from(UPDATES), DAY);
    let _ = writeln!(
        text,
        "\n### A decision: swap record in, opportunity records out, {DECISION_POOLS} pools (ns)\n"
    );
    let _ = writeln!(
        text,
        "| swaps | count | p50 | p99 | p99.9 | opportunities |\n|---|---:|---:|---:|---:|---:|"
    );
    for (what, times) in [("all", &done.all), ("those that led to one", &done.deciding)] {
        let at = |quantile| times.value_at_quantile(quantile);
        let _ = writeln!(
            text,
            "| {what} | {} | {} | {} | {} | {} |",
            times.len(),
            at(0.5),
            at(0.99),
            at(0.999),
            done.found
        );
    }
    let _ = writeln!(
        text,
        "\n{DAY} swaps, a day of Solana, in {}.{:01} s on one core.",
        done.whole_ns / 1_000_000_000,
        done.whole_ns / 100_000_000 % 10
    );
}

fn closed_forms(text: &mut String) {
    const ROUNDS: u64 = 11;
    let _ = writeln!(text, "\n### Sizing: the closed form of a cycle of constant products (ns)\n");
    let _ = writeln!(
        text,
        "| hops | exact wide integers | 128-bit blocks | ratio |\n|---:|---:|---:|---:|"
    );
    for hops in 2..=4 {
        let cycles = sizing::Curves::draw(hops, 1000);
        let (mut exact, mut blocks) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let clock = Stopwatch::start();
            for cycle in &cycles {
                std::hint::black_box(cycle.exact_form());
            }
            exact.push(clock.elapsed_ns() / 1000);
            let clock = Stopwatch::start();
            for cycle in &cycles {
                std::hint::black_box(cycle.closed_form());
            }
            blocks.push(clock.elapsed_ns() / 1000);
        }
        let median = |times: &mut Vec<u64>| {
            times.sort_unstable();
            times.get(times.len() / 2).copied().unwrap_or(0)
        };
        let (exact, blocks) = (median(&mut exact), median(&mut blocks));
        let _ = writeln!(text, "| {hops} | {exact} | {blocks} | {}x |", exact / blocks.max(1));
    }
}

fn shares(text: &mut String) {
    let mut back_runs = Vec::new();
    let mut number = 0;
    while back_runs.len() < usize::try_from(BACK_RUNS).unwrap_or(0) {
        if let Some(one) = sizing::BackRun::draw(number) {
            back_runs.push(one);
        }
        number += 1;
    }
    let (mut tried, mut certified) = (0_u64, Vec::new());
    for one in &back_runs {
        let (best, count) = one.certified().unwrap_or((0, 0));
        certified.push(best);
        tried += count;
    }
    let _ = writeln!(text, "\n### Share of the certified optimum, {BACK_RUNS} random back-runs\n");
    let _ = writeln!(text, "Certified by trying {tried} amounts; 100 000 000 is all of it.\n");
    let _ = writeln!(
        text,
        "| rule | mean share, 10^-8 | p10 | takes nothing | exact | evaluations' time, ns a back-run |\n|---|---:|---:|---:|---:|---:|"
    );
    for (name, rule) in sizing::RULES {
        let clock = Stopwatch::start();
        let inputs: Vec<u64> = back_runs.iter().map(rule).collect();
        let spent = clock.elapsed_ns() / BACK_RUNS;
        let mut shares: Vec<i128> = Vec::new();
        let mut exact = 0;
        for ((one, input), best) in back_runs.iter().zip(inputs).zip(&certified) {
            let gain = one.gain(input).max(0);
            exact += u64::from(gain == *best);
            shares.push(gain * 100_000_000 / (*best).max(1));
        }
        let mean = shares.iter().sum::<i128>() / i128::from(BACK_RUNS);
        let nothing = shares.iter().filter(|share| **share == 0).count();
        shares.sort_unstable();
        let p10 = shares.get(shares.len() / 10).copied().unwrap_or(0);
        let _ = writeln!(text, "| {name} | {mean} | {p10} | {nothing} | {exact} | {spent} |");
    }
}
