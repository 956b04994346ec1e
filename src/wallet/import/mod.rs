//! Rows from files into a table: all of them at once, by a new file, or through the log.

mod run;

#[cfg(feature = "parquet")]
mod parquet;

pub(super) use run::{each_line_of_stdin, run};
