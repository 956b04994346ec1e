//! The I/O of rings from outside.

use super::super::args::Ring;
use crate::cli::{Frame, Table, ring_path};
use crate::error::{Exit, Result};
use crate::record::Producer;
use crate::ring::{ReaderStat, Stat, Writer, remove};
use crate::sys::process;
use std::path::Path;

/// Does what is asked for.
pub(in crate::capture) fn run(frame: &Frame, ring: &Ring) -> Result<Exit> {
    match ring {
        Ring::Create(create) => Writer::prepare(plain(&create.path), create.options())?,
        Ring::Stat { path } => show(frame, &Stat::of(plain(path), process::alive)?)?,
        Ring::Rm { path } => remove(plain(path), process::alive, frame.common.force)?,
    }
    Ok(Exit::Done)
}

/// The file, whether or not `ring:` stands before it.
fn plain(path: &Path) -> &Path {
    ring_path(path).unwrap_or(path)
}

/// A row: the ring, or one of its readers.
type Row<'a> = (&'a Stat, Option<&'a ReaderStat>);

fn show(frame: &Frame, stat: &Stat) -> Result<()> {
    let mut rows: Vec<Row<'_>> = vec![(stat, None)];
    rows.extend(stat.readers.iter().map(|reader| (stat, Some(reader))));
    Table::new("ring", &rows)
        .text("what", |(_, reader)| {
            Some(if reader.is_some() { "reader" } else { "ring" }.to_owned())
        })
        .text("state", |(stat, reader)| Some(state(stat, *reader).to_owned()))
        .text("mode", |row| of_ring(row).map(|stat| stat.options.mode.name().to_owned()))
        .text("producer", |row| of_ring(row).map(|stat| producer(stat).to_owned()))
        .unsigned("pid", |(stat, reader)| {
            let pid = reader.map_or(stat.pid, |reader| reader.pid);
            (pid != 0).then_some(pid.into())
        })
        .unsigned("records", |(stat, r)| Some(r.map_or(stat.records, |reader| reader.records)))
        .unsigned("lag", |(_, reader)| reader.map(|reader| reader.lag))
        .unsigned("epoch", |row| of_ring(row).map(|stat| stat.epoch))
        .unsigned("cells", |row| of_ring(row).map(|stat| stat.options.cells as u64))
        .unsigned("payload_len", |row| of_ring(row).map(|stat| stat.options.payload_len as u64))
        .unsigned("payload_bytes", |row| of_ring(row).map(|stat| stat.payload_bytes))
        .unsigned("dropped", |row| of_ring(row).map(|stat| stat.dropped))
        .write(frame)
}

fn of_ring<'a>((stat, reader): &Row<'a>) -> Option<&'a Stat> {
    reader.is_none().then_some(*stat)
}

fn state(stat: &Stat, reader: Option<&ReaderStat>) -> &'static str {
    match reader {
        None => stat.state,
        Some(reader) if reader.pid == 0 => "awaited",
        Some(reader) if reader.alive => "reads",
        Some(_) => "gone",
    }
}

fn producer(stat: &Stat) -> &'static str {
    Producer::NAMES.get(usize::from(stat.producer)).copied().unwrap_or("unknown")
}
