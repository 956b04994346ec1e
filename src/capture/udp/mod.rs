//! Live sockets: receiving from UDP, and playing a capture back to it.

mod gaps;

pub(super) mod run;
