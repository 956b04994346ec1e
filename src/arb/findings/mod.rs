//! Findings in history: sandwiches, what their victims lost, and atomic arbitrages.
//!
//! ```text
//! swap -> transaction -> closed walks ------------------------------> atomic_arbitrage
//!             |
//!             +--> slot, in order -> book -> window -> rules -> replay -> sandwich, victim
//! ```
//!
//! A swap waits in the window until nothing that could follow from it can come any more: then it is
//! looked at as the first front-run of a sandwich, with every later leg at hand, and forgotten.
//! What the window holds is bounded, and so is what one search looks at.
//!
//! Invariants:
//! - Each leg belongs to one sandwich, each swap to one arbitrage.
//! - A loss is written only where the replay with the front-run gives, to the unit, what the chain gave.
//! - Nothing is allocated after construction; nothing depends on a clock; what is left out is counted.
//!
//! It measures what happened: nothing here builds a transaction.

mod atomic;
mod count;
mod loss;
mod rules;
mod sandwich;
mod shown;
mod slot;
mod stage;
mod summary;
#[cfg(test)]
#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "a test may stop where it is wrong"
)]
mod tests;
mod window;
mod write;

pub use count::FindingCounters;
pub(super) use shown::table;
pub use stage::{Findings, FindingsOptions, Levels};
pub(super) use summary::{By, group};
