//! A host in user space: ARP, ICMP, UDP and TCP over frames that the kernel's stack never sees.
//!
//! ```text
//! TAP ----\                     /--> ARP, ICMP echo: answered here
//!          +--> Wire --smoltcp--+--> UDP to the port: Arrival, and back what the caller says
//! AF_XDP -/                     \--> TCP to the port: the counts as a line, then closed
//! ```
//!
//! | file | what it holds |
//! |---|---|
//! | `wire` | [`Wire`]: where frames come from and go to |
//! | `device` | the wire as smoltcp takes it |
//! | `stack` | [`Node`]: the addresses, the sockets, a turn |
//!
//! Invariants:
//! - One frame is taken, told of and answered before the next: what a datagram led to leaves before the
//!   one behind it is looked at.
//! - An answer to a datagram goes to the Ethernet address that the datagram came from: no sender can keep
//!   answers from others.
//! - Nothing is allocated after [`Node::open`] but what smoltcp keeps for connections.
//! - What cannot be sent is counted.

mod device;
mod stack;
mod wire;

pub use stack::{Counts, Node, Place};
pub use wire::Wire;
