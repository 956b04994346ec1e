//! mev-tools' quotes beside those of published crates: the same states and orders to both, in one form.
//!
//! ```text
//! seed --> Ask (our record, order) --> ours ----> Answer \
//!              \--> the peer's own form --> peer -> Answer -> Tally: equal, or a difference and its cause
//! ```
//!
//! | module | what it is |
//! |---|---|
//! | `ask` | a state and an order, drawn from a seed, and our answer |
//! | `tally` | the trait of a peer, answers side by side, and what was counted |
//! | `whirlpool` `clmm` `dlmm` `saber` `token_swap` | each peer, called as its users would |
//! | `real` | real accounts instead of drawn ones |
//! | `run` | all of them in order |
//!
//! Who is right where two differ is not for either of them to say: every cause names the program's own
//! source.

pub mod ask;
pub mod clmm;
pub mod dlmm;
pub mod real;
pub mod run;
pub mod saber;
pub mod tally;
pub mod token_swap;
pub mod whirlpool;
