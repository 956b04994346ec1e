//! mev-parse beside sol-parser-sdk: the same transactions to both, and their answers in one form.
//!
//! ```text
//! fixtures --wire bytes--> ours, theirs --> Row (intent)      benches/decode
//!     \------RPC result--> ours, theirs --> Row (fill)        src/bin/differential
//! ```
//!
//! | module | what it is |
//! |---|---|
//! | `fixtures` | the captured transactions: of the SDK's own tests, of the shared folder |
//! | `generate` | distinct transactions made from them |
//! | `ours` `theirs` | each system, called as its users would |
//! | `row` | the form in which answers are compared |
//! | `differ` | rows side by side, and what differs |
//! | `causes` | why |
//!
//! Nothing of the SDK is copied: its fixtures are read from where cargo unpacked it.

pub mod causes;
pub mod differ;
pub mod fixtures;
pub mod generate;
pub mod ours;
pub mod row;
pub mod theirs;
