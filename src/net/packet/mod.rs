//! Whole frames by AF_PACKET: what works on every interface, without taking anything from the kernel.
//!
//! ```text
//! driver -> kernel's packet --copy--> ring --superframe split--> Arrival
//!                  \--> the kernel's network stack, as before
//! ```
//!
//! | file | what it holds |
//! |---|---|
//! | `receiver` | [`Receiver`]: two kinds of ring, stamps, losses |
//! | `sender` | [`Sender`]: frames out of an interface, past its queueing discipline |
//! | `ring` | the rings' memory, shared with the kernel |
//! | `syscall` | the system calls |
//!
//! Invariants:
//! - Every frame that the socket counts is delivered, refused by name ([`Skip`](super::pcap::Skip)),
//!   filtered, or counted as dropped.
//! - A superframe (UDP segmentation or receive offload) is delivered as the datagrams that were
//!   sent, in their order.
//! - VLAN tags are the kernel's: it takes them off before a ring sees the frame.

mod receiver;
mod ring;
mod sender;

mod syscall;

pub use receiver::{Kind, Options, Receiver, Tally};
pub use sender::Sender;
