//! Records in shared memory: one file, one writer, many readers, no system call on the way.
//!
//! ```text
//! | head 4 KiB                                   | cells: 64 bytes each  | payload area            |
//! | what it is, flow, claims, bells, 30 readers  | record seq: seq % n   | records above 64 bytes  |
//! ```
//!
//! - A ring is *reliable*: the slowest reader holds the writer back, and one that died is noticed,
//!   dropped and counted; before anybody reads, the first record waits for the first reader. Or it is
//!   *lossy*: nobody holds the writer back, and who is overtaken is told how many records it lost.
//! - End comes from [`Writer::finish`]. A writer that is gone without it is told as such; one that
//!   begins anew makes a new file of the next epoch in the same place, to which a reader that wants
//!   it goes over with [`Reader::reattach`].
//! - What is put is seen after [`Writer::flush`], at the latest after 64 records or 32 KiB.
//! - The protocol (`protocol.rs`) is safe code over atomics, which `tests/ring_loom.rs` checks over
//!   all interleavings. Numbers that another process wrote are never trusted.
//!
//! The head, in words of 8 bytes; what is written at different rates or by different processes lies
//! in lines of its own:
//!
//! | word | holds |
//! |---|---|
//! | 0 | `MEVRING1` |
//! | 1 | version of this layout, 1 |
//! | 2, 3 | cells; bytes of the payload area; both powers of two |
//! | 4 | mode (0 reliable, 1 lossy); in the high half, the producer's number |
//! | 5 | epoch, from 1: how often a writer began in this place |
//! | 6, 7 | the writer: number of its process and when that started |
//! | 8, 9, 10 | records published, payload lines published, state (0 prepared, 1 written, 2 finished, 3 given up) |
//! | 11 | whether something upstream dropped records |
//! | 16, 17, 18 | records and payload lines claimed; readers that were dropped |
//! | 24, 25 | bell of the readers, and whether one of them sleeps |
//! | 26, 27 | bell of the writer, and whether it sleeps |
//! | 32 + 16 i .. | reader i: number and state of its process, its start; in the next line its cursor |

mod batch;
mod head;
mod protocol;
mod reader;
mod stat;
mod sync;
mod writer;

#[cfg(test)]
mod tests;

pub use batch::Batch;
pub use head::{Mode, Options};
pub use reader::{Got, Reader, Status};
pub use stat::{ReaderStat, Stat, remove};
pub use writer::Writer;

use std::time::Duration;

/// A process, by its number and the time of its start, which are one's own for good.
pub type Identity = (u32, u64);

/// Tells whether the process with this number and start is there.
pub type Alive = fn(pid: u32, start: u64) -> bool;

/// How to wait when nothing is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Not at all.
    No,
    /// On the processor, which keeps it busy, for so long at most.
    Spin(Duration),
    /// On the processor for some microseconds, then asleep, for so long at most.
    Park(Duration),
}

/// Looks at the memory before the clock is looked at again.
const LOOKS: u32 = 1024;

/// Looks at the memory before one who parks goes to sleep: some 20 microseconds.
const LOOKS_AWAKE: u32 = 4096;

/// The longest sleep. Bells are rung without a fence, which every record would pay for; one that
/// is missed costs so much.
const SLEEP_MAX: Duration = Duration::from_millis(1);

/// How often those who wait look whether the other side is alive.
const ALIVE_EVERY: Duration = Duration::from_millis(50);
