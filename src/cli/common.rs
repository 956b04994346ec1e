//! The options every tool has, declared once.

use super::ring_path;
use crate::error::{Error, Result};
use crate::record;
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The options every tool has.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Common options")]
pub struct Common {
    /// Write to FILE instead of standard output
    ///
    /// The file appears whole: it is written beside its place under the name FILE.part and renamed
    /// when its end was written. `-` is standard output; ring:PATH is a ring in
    /// shared memory, which is made if there is none and begun anew if its last writer is gone.
    #[arg(short, long, value_name = "FILE", global = true)]
    pub output: Option<PathBuf>,

    /// Overwrite an output file that exists
    ///
    /// Without it, an existing file is refused and nothing is read.
    #[arg(long, global = true)]
    pub force: bool,

    /// What to write: records, or a view of them
    ///
    /// `bin` is the record stream that the next tool reads; `text` is one line a record with absent
    /// fields left out; `csv` has a header before the first row of a kind; `json` is one object a
    /// line, with 64-bit integers as strings; `parquet` is a file with the columns of the CSV, for
    /// one kind: name it with --only where a tool writes several. It needs the feature `parquet`,
    /// which is in the default build.
    #[arg(short, long, value_enum, default_value_t = Format::Bin, value_name = "FORMAT", global = true)]
    pub format: Format,

    /// Show times as dates and lamports as SOL (text and csv)
    ///
    /// The default shows every number exactly as the record holds it. JSON is never changed.
    #[arg(long, global = true)]
    pub human: bool,

    /// Stop after N records were written
    ///
    /// The output is ended properly, so that the next tool sees a whole stream.
    #[arg(short = 'n', long, value_name = "N", global = true)]
    pub limit: Option<u64>,

    /// Stop a live source after TIME, such as 500ms, 10s or 2m
    ///
    /// Without effect on files, which end by themselves.
    #[arg(long, value_name = "TIME", value_parser = parse_duration, global = true)]
    pub duration: Option<Duration>,

    /// Keep reading a file that is still being written
    ///
    /// A record stream is followed until its end record; a capture until a signal or --duration.
    #[arg(long, global = true)]
    pub follow: bool,

    /// Write the output file in its place, without FILE.part
    ///
    /// For a reader that follows the file while it grows.
    #[arg(long, global = true)]
    pub in_place: bool,

    /// Give pages to a pipe instead of copying into it
    ///
    /// vmsplice(2): several times as fast where the output is large. For readers that read, as every
    /// tool of this toolkit does; one that moves pages on unread, such as pv, may pass on later bytes.
    /// Without effect where standard output is no pipe.
    #[arg(long, global = true)]
    pub give_pages: bool,

    /// Write only these kinds of record
    ///
    /// A list separated by commas, such as swap,pool. Everything the tool writes is filtered, what
    /// it passes through included.
    #[arg(long, value_name = "KIND,..", value_delimiter = ',', global = true)]
    pub only: Vec<String>,

    /// Read and verify everything, write nothing
    ///
    /// The status is the answer: 0 whole and sound, 1 a check found fault, 3 not our input, 4 cut
    /// off or damaged.
    #[arg(long, global = true)]
    pub check: bool,

    /// Print counters and latency percentiles at the end
    ///
    /// One JSON line on standard error. Latency is counted from the wire for live input and from
    /// the read for files; "latency_from" says which.
    #[arg(long, global = true)]
    pub stats: bool,

    /// Show a progress bar on standard error
    ///
    /// `auto` shows it when standard error is a terminal and the input's length is known.
    #[arg(long, value_enum, default_value_t = When::Auto, value_name = "WHEN", global = true)]
    pub progress: When,

    /// Serve counters as Prometheus text over HTTP at ADDR
    ///
    /// For long-running use, such as 127.0.0.1:9100. Needs the feature `gateway`, which is in the
    /// default build.
    #[arg(long, value_name = "ADDR", global = true)]
    pub metrics: Option<std::net::SocketAddr>,

    /// Print the layout of what the tool reads and writes, and exit
    ///
    /// `table` for people, `numpy` as dtypes, `json` for programs, `arrow` as Arrow's JSON schema.
    #[arg(
        long, value_enum, value_name = "FORM", num_args = 0..=1, require_equals = true,
        default_missing_value = "table", global = true
    )]
    pub schema: Option<SchemaForm>,

    /// Print no warnings and no progress
    ///
    /// Errors are still printed, and the status is the same.
    #[arg(short, long, global = true)]
    pub quiet: bool,

    /// Say more about what is being done
    ///
    /// May be repeated.
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,
}

/// The inputs of a tool that reads.
#[derive(Args, Clone, Debug)]
pub struct Files {
    /// Files to read; none or `-` is standard input
    ///
    /// Several files are read one after another. `-` may stand once; ring:PATH is a ring in shared
    /// memory.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// Forms of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Records
    Bin,
    /// One line a record
    Text,
    /// Comma-separated values
    Csv,
    /// One JSON object a line
    Json,
    /// A Parquet file of one kind of record
    Parquet,
    /// A capture in pcap form (mev-capture only)
    Pcap,
}

/// Forms of a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaForm {
    /// For people
    Table,
    /// numpy dtypes
    Numpy,
    /// For programs
    Json,
    /// Arrow's JSON schema
    Arrow,
}

/// When to show progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Common {
    /// The file of the ring that the output is, if it is one.
    pub fn ring(&self) -> Option<&Path> {
        self.output.as_deref().and_then(ring_path)
    }

    /// Checks what can be checked without touching anything.
    ///
    /// # Errors
    /// Status 2 on a kind that does not exist, or on options that exclude each other.
    pub fn check(&self) -> Result<()> {
        self.only_kinds()?;
        let file = self.output.as_ref().is_some_and(|path| path.as_os_str() != "-");
        if self.in_place && !file {
            return Err(Error::usage("--in-place needs an output file").hint("add --output FILE"));
        }
        Ok(())
    }

    /// The numbers of the kinds that `--only` names; empty for all.
    ///
    /// # Errors
    /// Status 2 on a kind that does not exist.
    pub fn only_kinds(&self) -> Result<Vec<u16>> {
        let number = |name: &String| {
            record::schema_named(name).map(|schema| schema.kind).ok_or_else(|| {
                let names: Vec<_> = record::ALL.iter().map(|schema| schema.name).collect();
                Error::usage(format!("--only: no kind of record is named {name}"))
                    .hint(format!("kinds are {}", names.join(", ")))
            })
        };
        self.only.iter().map(number).collect()
    }
}

/// A time such as `500ms`, `10s`, `2m` or `1h`.
///
/// # Errors
/// A text for people, when `text` is none.
pub fn parse_duration(text: &str) -> std::result::Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let scale_ms = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err("a number and a unit, such as 500ms, 10s, 2m or 1h".to_owned()),
    };
    let number: u64 = number.parse().map_err(|_| format!("{number:?} is no number"))?;
    let millis = number.checked_mul(scale_ms).ok_or("too long")?;
    Ok(Duration::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_duration("2m"), Ok(Duration::from_mins(2)));
        for bad in ["", "5", "s", "1.5s", "-1s", "99999999999999999999s", "18446744073709551615h"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }
}
