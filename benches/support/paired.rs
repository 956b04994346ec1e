//! Baseline and ours in turn, in one process: the ratio that a claim rests on.
//!
//! Each round times both over the same number of calls, one after the other; the ratio is that of
//! the medians over the rounds, and the spread of the rounds stands beside it. A machine that drifts
//! moves both.

#![allow(dead_code, reason = "each benchmark uses a part")]

use std::fmt::Write;
use std::time::{Duration, Instant};

/// Rounds of a comparison.
const ROUNDS: usize = 11;
/// Time that one side of a round takes.
const SIDE: Duration = Duration::from_millis(40);

/// One side: does its work so many times.
pub(crate) type Side<'a> = &'a mut dyn FnMut(u64);

/// Rows of a table, as Markdown.
pub(crate) struct Report {
    rows: String,
    /// What stands below the table.
    below: String,
}

impl Report {
    /// Starts a table that says on which machine and how loaded it was.
    pub(crate) fn new(title: &str) -> Self {
        let mut rows = format!("### {title}\n\n{}\n\n", machine());
        rows += "| what | baseline ns | ours ns | ratio | spread of ratio |\n|---|---:|---:|---:|---|\n";
        Self { rows, below: String::new() }
    }

    /// Times `baseline` and `ours` in turn and gives how many times faster ours is.
    pub(crate) fn compare(&mut self, what: &str, baseline: Side<'_>, ours: Side<'_>) -> f64 {
        let (slow_calls, fast_calls) = (calibrate(baseline), calibrate(ours));
        let mut rounds: Vec<(f64, f64)> =
            (0..ROUNDS).map(|_| (time(baseline, slow_calls), time(ours, fast_calls))).collect();
        let mut ratios: Vec<f64> = rounds.iter().map(|(slow, fast)| slow / fast).collect();
        ratios.sort_by(f64::total_cmp);
        let slow = middle(&mut rounds, |round| round.0);
        let fast = middle(&mut rounds, |round| round.1);
        let (low, high) = (ratios[0], ratios[ROUNDS - 1]);
        let _ = writeln!(
            self.rows,
            "| {what} | {slow:.1} | {fast:.1} | {:.1}x | {low:.1}x to {high:.1}x |",
            slow / fast
        );
        slow / fast
    }

    /// Adds a line that is no comparison, below the table.
    pub(crate) fn line(&mut self, line: &str) {
        let _ = writeln!(self.below, "\n{line}");
    }

    /// Prints the table, between marks that `scripts/bench` looks for.
    pub(crate) fn print(&self) {
        println!("<!-- bench -->\n{}{}<!-- /bench -->", self.rows, self.below);
    }
}

/// The number that half of `numbers` are below.
pub(crate) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

fn middle(rounds: &mut [(f64, f64)], side: fn(&(f64, f64)) -> f64) -> f64 {
    rounds.sort_by(|a, b| side(a).total_cmp(&side(b)));
    side(&rounds[rounds.len() / 2])
}

/// Nanoseconds a call.
#[expect(clippy::cast_precision_loss, reason = "a measurement")]
fn time(side: Side<'_>, calls: u64) -> f64 {
    let start = Instant::now();
    side(calls);
    start.elapsed().as_nanos() as f64 / calls as f64
}

/// How many calls fill a side of a round.
fn calibrate(side: Side<'_>) -> u64 {
    let mut calls = 1;
    loop {
        let start = Instant::now();
        side(calls);
        if start.elapsed() > SIDE {
            return calls;
        }
        calls *= 2;
    }
}

/// The machine, its load and the share of time that others took from it since boot.
pub(crate) fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown processor", |(_, name)| name);
    let cores = cpu.lines().filter(|line| line.starts_with("processor")).count();
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or("?").to_owned();
    let stat = read("/proc/stat");
    let ticks: Vec<u64> = stat
        .lines()
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .filter_map(|field| field.parse().ok())
        .collect();
    let steal = ticks.get(7).copied().unwrap_or(0) * 1000 / ticks.iter().sum::<u64>().max(1);
    format!("{model}, {cores} cores, load {load}, steal since boot {steal} per mille.")
}
