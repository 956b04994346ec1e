//! Kernel-bypass capture by AF_XDP, in Rust alone: the program, its loading, sockets and rings.
//!
//! ```text
//! wire -> driver -> [program] --taken--> socket of the queue -> rings -> Arrival
//!                       \ anything else --> the kernel's network stack, as before
//! ```
//!
//! | file | what it holds |
//! |---|---|
//! | `receiver` | [`Receiver`]: the ladder of modes, receiving, what was lost |
//! | `port` | [`Port`]: every frame of a queue, both ways |
//! | `sender` | [`Sender`]: frames out of an interface |
//! | `classify` | the program: which datagrams are taken, and why others pass |
//! | `tee` | [`Tee`]: copies on their way to the kernel |
//! | `live` | [`Live`]: frames made in the kernel, to test with and to replay |
//! | `insn` | eBPF instructions and an assembler |
//! | `attached` | programs at an interface, whoever attached them |
//! | `btf` | the numbers of kernel functions |
//! | `bpf` | bpf(2): maps, programs, links, test runs |
//! | `socket` | one socket at one queue |
//! | `rings` | memory shared with the kernel |
//! | `syscall` | the other system calls |
//!
//! Invariants:
//! - Every frame that comes to the program is counted once, taken or passed by a named reason, and
//!   every frame taken is delivered or lost by a named cause ([`Losses`]).
//! - What is not taken is not touched: the host's other traffic goes on. (A [`Port`] takes all.)
//! - Nothing is left behind: program, maps and sockets live as long as their descriptors.
//!
//! Deliberately absent: a compiler, a C library, pinned objects, reassembly of fragments.

mod attached;
mod bpf;
mod btf;
mod classify;
mod insn;
mod live;
mod port;
mod receiver;
mod rings;
mod sender;
mod socket;
mod syscall;
mod tee;

pub use attached::{Attached, attached, detach};
pub use classify::{Filter, Reason};
pub use live::{Live, Patch};
pub use port::Port;
pub use receiver::{Mode, Options, Receiver};
pub use sender::Sender;
pub use socket::Losses;
pub use tee::{Tee, TeeOptions};
