//! Integer arithmetic wider and stricter than the language's: products that do not overflow,
//! divisions that say which way they round, integer square roots.
//!
//! No floats, no panics: what has no answer (a zero divisor, a result that does not fit) is `None`.
//! Wide integers are `ruint`'s fixed-size ones, which live on the stack.

#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::float_arithmetic)]

pub mod muldiv;
pub mod root;
pub mod wide;
