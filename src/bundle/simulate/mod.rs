//! Bundles on trial before they cost: each is simulated, judged, and passed on with its verdict.
//!
//! ```text
//! bundle --Executor--> Simulation --judge--> verdict --> bundle with the verdict, or refused by name
//!           local SVM, or a remote            ^ what the payer gained, against the opportunity's net
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `judge` | from a simulation to a verdict; pure |
//! | `trial` | the stage: bundles in, bundles with verdicts out, refusals counted; pure |
//! | `ask` | requests to a remote and its replies; pure |
//! | `say` | a simulation as text |
//! | `run` | files, the bank or the client |
//!
//! What holds: a bundle leaves only if it was simulated whole and succeeded without loss, or, under
//! `--allow-loss`, if it was simulated whole. What could not be simulated never leaves.

pub(super) mod args;
mod ask;
mod judge;
pub(super) mod run;
mod say;
mod trial;

pub use judge::{Judged, Tried, judge};
