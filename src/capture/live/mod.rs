//! Live capture from an interface: the fastest back end that the system grants.
//!
//! ```text
//! ladder: xdp -> packet -> udp          --tee: tee -> packet
//!            \______ source: one of them, received from alike ______/ --> Out
//! ```
//!
//! | back end | what it is | takes the traffic away |
//! |---|---|---|
//! | `xdp` | AF_XDP: zero copy, driver copy or generic copy, in this order | yes |
//! | `tee` | a program that copies each datagram and passes it on | no |
//! | `packet` | AF_PACKET: slots, or blocks with --volume | no |
//! | `udp` | UDP sockets on the ports | yes: it is the one that owns them |
//! | `tap` | the other end of a TAP device; never tried unasked | yes: what this machine sends there |
//!
//! | file | holds |
//! |---|---|
//! | `args` | the command line |
//! | `ladder` | what is tried, in which order, and what cannot be asked of it; pure |
//! | `handover` | from several receiving threads to the one that writes |
//! | `source` | the back ends as one |
//! | `run` | opens, receives by [`Pump`](super::pump::Pump), reopens an interface that went away |

pub(super) mod args;
mod handover;
mod ladder;
pub(super) mod run;
pub(super) mod source;
