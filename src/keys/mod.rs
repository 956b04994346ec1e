//! Secrets and signatures: the only place that holds key bytes.
//!
//! A [`Signer`] owns a secret key from where it is loaded to where it is wiped. It has neither
//! `Debug` nor `Display` nor `Clone`, and nothing gives its bytes back: it signs, and it names its
//! public key. [`verify`] needs no secret.

#![deny(clippy::indexing_slicing)]

mod file;
mod sign;

pub use file::{secret_bytes, secret_line};
pub use sign::{Signer, verify};
