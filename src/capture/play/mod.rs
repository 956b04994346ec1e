//! Replay: a capture or packet records to a UDP address, or out of an interface.
//!
//! ```text
//! capture, records --walk--> datagrams --Player, at their times--> UDP socket, AF_PACKET, AF_XDP
//!                                     \--all of them, preloaded--> frames made in the kernel
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `args` | the command line |
//! | `gaps` | how well gaps were kept |
//! | `run` | the I/O |

pub(super) mod args;
mod gaps;
pub(super) mod run;
