//! Live UDP: a receiver in batches with the kernel's receive stamps and drop counts, and a sender
//! that plays datagrams at a pace.
//!
//! | file | what it holds |
//! |---|---|
//! | `receiver` | [`Receiver`]: several sockets, `recvmmsg`, stamps, losses |
//! | `player` | [`Player`]: waits for each datagram's time; [`Socket`]: sends by `sendmmsg` |
//! | `pacer` | [`Pacer`]: when each datagram is due; no clock |
//! | `control` | addresses and control messages as bytes; no socket |
//! | `syscall` | the system calls, each behind a safe function; the only unsafe code here |
//!
//! Nothing is allocated per packet, and a signal ends every wait so that a stop flag is seen.

mod control;
mod pacer;
mod player;
mod receiver;
mod syscall;

pub(super) use control::mapped;
pub use pacer::{Pace, Pacer};
pub use player::{Outlet, Played, Player, Sent, Socket};
pub use receiver::{Arrival, Options, Receiver};
pub(super) use syscall::{PAYLOAD_MAX, poll};
