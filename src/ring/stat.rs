//! What a ring looks like from outside, and how it goes away.

use super::Alive;
use super::head::{DROPPED, EPOCH, FINISHED, Options, PREPARED, Ring, STATE, WRITTEN};
use super::protocol::{PUBLISHED, PUBLISHED_AT};
use crate::error::{Error, Result};
use crate::record::LINE;
use std::path::Path;
use std::sync::atomic::Ordering::Acquire;

/// A ring at one moment; its parts may be some nanoseconds apart.
#[derive(Clone, Debug)]
pub struct Stat {
    /// What it was made with.
    pub options: Options,
    /// How often a writer began in this place; 0 before the first one.
    pub epoch: u64,
    /// The number of the program that writes.
    pub producer: u16,
    /// `prepared`, `written`, `finished`, or `cut off` when the writer is gone without an end.
    pub state: &'static str,
    /// The process that writes; 0 for none yet.
    pub pid: u32,
    /// Records published.
    pub records: u64,
    /// Bytes of payload published, skipped ends of the area included.
    pub payload_bytes: u64,
    /// Readers that were gone without leaving and dropped.
    pub dropped: u64,
    /// Those who read.
    pub readers: Vec<ReaderStat>,
}

/// A reader at one moment.
#[derive(Clone, Debug)]
pub struct ReaderStat {
    /// The number of its place.
    pub number: usize,
    /// Its process; 0 for the place that is kept for the first reader.
    pub pid: u32,
    /// Whether the process is there.
    pub alive: bool,
    /// Records that it has passed.
    pub records: u64,
    /// Records that wait for it.
    pub lag: u64,
}

impl Stat {
    /// Looks at the ring at `path`.
    ///
    /// # Errors
    /// As [`super::Reader::attach`].
    pub fn of(path: &Path, alive: Alive) -> Result<Self> {
        let named = |e: Error| e.input(format!("ring:{}", path.display()));
        let ring = Ring::open(path).map_err(named)?;
        let area = ring.area().map_err(named)?;
        let records = area.flow[PUBLISHED].load(Acquire);
        let (pid, start) = ring.writer();
        let state = match ring.load(STATE) {
            PREPARED => "prepared",
            FINISHED => "finished",
            WRITTEN if alive(pid, start) => "written",
            _ => "cut off",
        };
        let readers = area.readers().map(|reader| ReaderStat {
            number: reader.number,
            pid: reader.pid,
            alive: !reader.is_reserved && alive(reader.pid, reader.start),
            records: reader.seq,
            lag: records.saturating_sub(reader.seq),
        });
        Ok(Self {
            options: ring.options,
            epoch: ring.load(EPOCH),
            producer: ring.producer(),
            state,
            pid,
            records,
            payload_bytes: area.flow[PUBLISHED_AT].load(Acquire).saturating_mul(LINE as u64),
            dropped: ring.load(DROPPED),
            readers: readers.collect(),
        })
    }
}

/// Removes the ring at `path`; nothing that is no ring, and none that is written right now, unless
/// `force`. Those who have it open keep it.
///
/// # Errors
/// Status 2 when it is written; else as [`super::Reader::attach`].
pub fn remove(path: &Path, alive: Alive, force: bool) -> Result<()> {
    let stat = Stat::of(path, alive)?;
    let named = |e: Error| e.input(format!("ring:{}", path.display()));
    if stat.state == "written" && !force {
        let what = format!("ring is written by process {}", stat.pid);
        return Err(named(Error::usage(what).hint("add --force to remove it all the same")));
    }
    std::fs::remove_file(path).map_err(|e| named(Error::os("cannot remove", &e)))
}
