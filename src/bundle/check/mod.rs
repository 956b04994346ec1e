//! mev-bundle check: whether a block engine would take the bundles of a stream, rule by rule.
//!
//! ```text
//! slot --> blockhashes and their age --v
//! bundle --> transactions --------> rules --> one row for each rule that is broken
//! --alt  --> lookup tables ------------^
//! ```
//!
//! Nobody is asked and nothing is sent. What cannot be decided from the stream and the files is counted
//! as unchecked and never passed in silence: `--stats` shows how often.

pub(super) mod args;
mod known;
mod rules;
pub(super) mod run;
#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]
mod tests;

pub(super) use known::Known;
pub(super) use rules::tips;
pub use rules::{Broken, Rule, Rules};
