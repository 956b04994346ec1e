//! Inputs that are neither captures nor record streams: packets that a proxy dumped, and
//! transactions that an RPC server, or anybody, wrote as text.
//!
//! ```text
//! dump  --Dump--> datagram --Parser::datagram-->                   what a capture gives
//! text  --Text--> line   base64 | base58 ----------\
//!           \---> JSON   transaction | block | reply --wire bytes--> Parser::transaction --> rows
//!                            \--meta--> Executed ----------------------/
//! ```
//!
//! | file | reads |
//! |---|---|
//! | `dump` | borsh `packets`, as the ShredStream proxy writes them |
//! | `text` `scan` | where a line or a JSON document ends, and where to go on after a broken one |
//! | `line` | a transaction in base64 or base58 |
//! | `reply` `message` `meta` `json` | a JSON document: what it is, a message in JSON, what the chain says of it |
//! | `source` | bytes from a map or a pipe |
//! | `run` | drives both |
//!
//! Invariants:
//! - What is handed on as a transaction is one to its last byte ([`Transaction::check`]); everything
//!   else is refused by name, with its line.
//! - A broken line or document costs itself, not its neighbours.
//! - Memory is reused from one transaction to the next; a pipe's buffer grows with the longest
//!   document, up to [`DOCUMENT_MAX`].
//! - Such inputs keep their own order, and nothing of them is guessed: what they do not say (slot,
//!   time, place in the block) is absent.
//!
//! Not read: encoding jsonParsed, which has lost the bytes; Yellowstone's protobuf.
//!
//! [`Transaction::check`]: crate::wire::txn::Transaction::check

mod dump;
mod json;
mod line;
mod message;
mod meta;
mod reject;
mod reply;
mod run;
mod scan;
mod source;
#[cfg(test)]
mod tests;
mod text;

pub use dump::Dump;
pub use reject::Reject;
pub use source::{Buffered, Bytes};
pub use text::{DOCUMENT_MAX, Form, Found, Refused, Text};

pub(super) use run::{Said, read_dump, read_text};
