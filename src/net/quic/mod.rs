//! A QUIC client that hands over messages, one unidirectional stream each: the client side of a
//! validator's TPU.
//!
//! ```text
//! Identity --certificate--> Client --connect--> Link --write--> Stream --acknowledged--> done
//!                              |                  |
//!                              \---- Counts <-----/   every failure is a Fault with a name
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `identity` | the certificate around a signer's public key, and TLS that signs with it |
//! | `client` | the endpoint, its settings, handshakes |
//! | `link` | a connection: streams, and early data that was rejected |
//! | `fault` | why something failed, and how often |
//!
//! Invariants:
//! - The peer's certificate is believed: who it is is known from the cluster, and nothing secret is
//!   sent. Its handshake must be signed by the key in it.
//! - Every wait has an end: handshakes, streams that the peer does not grant, bytes that it does not
//!   take, acknowledgements.
//! - A stream that was opened is finished, never empty. Nothing is sent twice, but what was early
//!   data and came back rejected: that never reached the peer's application.
//! - A handshake key never leaves the signer.
//!
//! Sources: anza-xyz/agave v4.2.2, tls-utils (certificate, server names), streamer
//! (`nonblocking/quic.rs`: limits and close codes), tpu-client-next (`quic_networking.rs`: settings).

mod client;
mod fault;
mod identity;
mod link;

pub use client::{Client, Congestion, INITIAL_WINDOW, Limits, Settings, socket};
pub use fault::{Counts, Early, Fault};
pub use identity::{CERTIFICATE_LEN, Identity, certificate};
pub use link::{Link, Stream};

/// The application protocol of a TPU (streamer `ALPN_TPU_PROTOCOL_ID`).
pub const ALPN_TPU: &[u8] = b"solana-tpu";

/// The longest message of a stream: more than a transaction of either kind (a packet of 1232 bytes,
/// 4096 of version 1, SIMD-0385). A TPU closes the connection on one that is longer than it takes.
pub const MESSAGE_MAX: usize = 4096;
