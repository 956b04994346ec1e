//! The files of a table: who may write, what is written first, and how another file takes its place.
//!
//! ```text
//! DB        the table that everybody maps (`table/mod.rs`)
//! DB.log    the changes since table and lots were last synced (`log.rs`)
//! DB.lots   what wallets hold of what they bought (`learn/lots.rs`); made by `walletdb learn`
//! DB.lock   held by the writer; never renamed, never removed
//! ```
//!
//! A change is written to the log first. It may touch the table only when its log could not be lost
//! before it: the kernel writes pages of the table back whenever it likes.
//!
//! | `--sync` | acknowledged | in the table | survives |
//! |---|---|---|---|
//! | `always` | after fdatasync of the log | then | a power cut |
//! | `interval` | after write | after the next fdatasync | a kill; a power cut but for the last interval |
//! | `none` | after write | then | a kill |
//!
//! - Rows in the log are absolute, so that it may be read again over a table that has some of them.
//! - The log is cut, by another file that takes its place, only after table and lots are on the disk.
//! - Where a table grows or is compacted, the new file is written and synced, the old one is marked as
//!   moving, the new one renamed over it, the folder synced. Readers serve the old rows until the path
//!   names the new file. A published file is never made shorter.
//! - A table whose writer ended without closing is repaired by the next one, by what the log says; one
//!   that has not been opened since the machine started is looked at as after a power cut.

mod bulk;
pub mod files;
pub mod log;
pub mod reader;
mod run;

#[cfg(test)]
mod tests;

pub use bulk::Bulk;
pub use reader::Reader;
pub use run::{Opening, Options, Writer};

/// When a change counts as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sync {
    /// When it is on the disk.
    Always,
    /// When the system has it; it is on the disk after the interval, at the latest.
    Interval(std::time::Duration),
    /// When the system has it.
    None,
}

/// A step of a writer after which the world may be looked at; see [`Steps`](super::table::edit::Steps).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Bytes were written to a file.
    Written(File),
    /// All that was written to a file is on the disk.
    Synced(File),
    /// A file took the place of another one.
    Renamed(File),
    /// What is named in the folder is on the disk.
    FolderSynced,
}

/// The files of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum File {
    /// The table.
    Table,
    /// The log.
    Log,
    /// The lots.
    Lots,
    /// What is to take the place of one of them.
    New,
}
