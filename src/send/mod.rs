//! send: bundles go out, receipts come back.
//!
//! ```text
//! bundle --jito--> JSON body --net::http--> block engines
//!                                                  |
//!          receipt <--receipt-- verdict <--jito-- answer
//! ```
//!
//! | file | what it holds |
//! |---|---|
//! | `url` | where to send: checked, and shown without its query |
//! | `jito` | the `sendBundle` request and what an answer to it means |
//! | `receipt` | the record of what became of a bundle |
//!
//! Invariants:
//! - The same bytes go to every endpoint, so that a bundle has one id wherever it lands.
//! - An answer that is not understood is reported as unknown, never as accepted or refused.
//! - A query, which may hold a key, appears in no receipt and no message.

pub mod jito;
pub mod receipt;
pub mod url;
