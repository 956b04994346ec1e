//! One command-line frame for all tools: arguments, inputs, outputs, progress, statistics, statuses.
//!
//! A tool is a constant: its name, what it reads and writes, its options, its manual and `run`.
//! Everything else about being a program is here, once. Data goes to standard output, everything
//! else to standard error; what is written depends on the options, never on where it goes.

mod columns;
mod common;
mod detect;
mod drive;
mod gauges;
mod gift;
mod input;
mod output;
mod progress;
mod ring;
mod sheet;
mod stats;
pub mod svg;
mod table;

use columns::aligned;
pub use columns::columns;
pub use common::{Common, Files, Format, SchemaForm, When, parse_duration};
pub use detect::Detected;
pub use drive::{Drive, each_record, each_record_and, filter, read_stream};
pub use gauges::process_samples;
pub use input::{Named, Opened, Source};
pub use output::Output;
pub(crate) use output::Target;
pub use progress::Progress;
pub use ring::{Ready, RingInput, ring_path};
pub use stats::{Flow, Stats};
pub use table::Table;

use crate::error::{Error, Escaped, Exit, Result};
use crate::record::{self, Producer, Schema};
use crate::sys::{cpu, signal};
use clap::{ArgMatches, Args, Command, FromArgMatches};
use std::io::Write;
use std::process::ExitCode;

/// A program of the toolkit.
pub struct Tool {
    /// Its name.
    pub name: &'static str,
    /// What heads of its streams say.
    pub producer: Producer,
    /// One line: what it does.
    pub about: &'static str,
    /// Kinds it consumes.
    pub reads: &'static [&'static Schema],
    /// Kinds it makes.
    pub writes: &'static [&'static Schema],
    /// Adds its own options and subcommands.
    pub augment: fn(Command) -> Command,
    /// Does the work; whatever can be checked without input was or is checked first.
    pub run: fn(&ArgMatches, &Frame) -> Result<Exit>,
    /// Paragraphs of the manual's DESCRIPTION.
    pub description: &'static [&'static str],
    /// The manual's EXAMPLES: a command line and what it does.
    pub examples: &'static [(&'static str, &'static str)],
}

/// What a tool's `run` gets: itself and the common options.
pub struct Frame {
    /// The tool.
    pub tool: &'static Tool,
    /// The common options.
    pub common: Common,
}

/// The whole command line of `tool`.
pub fn command(tool: &Tool) -> Command {
    let statuses = Exit::ALL.iter().map(|(exit, what)| format!("  {}  {what}\n", *exit as u8));
    let command = (tool.augment)(Common::augment_args(Command::new(tool.name)));
    command
        .about(tool.about)
        .long_about(
            format!("{}\n\n{}", tool.about, tool.description.join("\n\n")).trim_end().to_owned(),
        )
        .version(env!("CARGO_PKG_VERSION"))
        .long_version(long_version(tool))
        .after_long_help(format!("Exit status:\n{}", statuses.collect::<String>()))
        .subcommand_precedence_over_arg(true)
}

/// Version of the package and of every record the tool reads or writes.
fn long_version(tool: &Tool) -> String {
    let mut kinds: Vec<_> = tool.reads.iter().chain(tool.writes).collect();
    kinds.sort_by_key(|schema| schema.kind);
    kinds.dedup_by_key(|schema| schema.kind);
    let lines = kinds.iter().map(|s| {
        format!(
            "\n{} 0x{:02x} version {} fingerprint {:016x}",
            s.name,
            s.kind,
            s.version,
            s.fingerprint()
        )
    });
    format!("{}{}", env!("CARGO_PKG_VERSION"), lines.collect::<String>())
}

/// Runs `tool` as a process: the whole of each program.
pub fn main(tool: &'static Tool) -> ExitCode {
    let matches = match command(tool).try_get_matches() {
        Ok(matches) => matches,
        Err(error) => {
            // clap prints help and version to standard output and faults to standard error.
            let status = if error.use_stderr() { Exit::Usage } else { Exit::Done };
            let _ = error.print();
            return ExitCode::from(status as u8);
        }
    };
    let exit = match start(tool, &matches) {
        Ok(exit) => exit,
        Err(error) if error.is_broken_pipe() => Exit::Done,
        Err(error) => {
            complain(tool.name, &error);
            error.exit()
        }
    };
    ExitCode::from(exit as u8)
}

fn start(tool: &'static Tool, matches: &ArgMatches) -> Result<Exit> {
    let common =
        Common::from_arg_matches(matches).map_err(|error| Error::usage(error.to_string()))?;
    if let Some(form) = common.schema {
        return print_schemas(tool, form).map(|()| Exit::Done);
    }
    common.check()?;
    let source = tool.producer == Producer::Capture || common.follow;
    signal::install(if source { signal::Role::Source } else { signal::Role::Filter })?;
    (tool.run)(matches, &Frame { tool, common })
}

/// Prints an error by the message grammar, with its advice.
fn complain(tool: &str, error: &Error) {
    let mut to = std::io::stderr().lock();
    // Standard error may be gone; the status still tells.
    let _ = writeln!(to, "{tool}: {error}");
    if let Some(hint) = error.advice() {
        let _ = writeln!(to, "{tool}: hint: {}", Escaped(hint));
    }
}

fn print_schemas(tool: &Tool, form: SchemaForm) -> Result<()> {
    let mut out = String::new();
    for (verb, schemas) in [("reads", tool.reads), ("writes", tool.writes)] {
        for schema in schemas {
            match form {
                SchemaForm::Table => out += &format!("{verb} {}\n", record::table(schema)),
                SchemaForm::Numpy => {
                    out += &format!("{} = {}\n", schema.name, record::numpy(schema));
                }
                SchemaForm::Json => out += &format!("{}\n", record::schema_json(schema)),
                SchemaForm::Arrow => out += &format!("{}\n", record::arrow(schema)),
            }
        }
    }
    print(&out)
}

/// Writes text for people to standard output.
///
/// # Errors
/// Status 5 when the system refuses.
pub fn print(text: &str) -> Result<()> {
    let mut to = std::io::stdout().lock();
    to.write_all(text.as_bytes())
        .and_then(|()| to.flush())
        .map_err(|e| Error::os("cannot write", &e))
}

impl Frame {
    /// Writes `text` where the common options say.
    ///
    /// # Errors
    /// Status 2 when the output file exists; status 5 when the system refuses.
    pub fn write_text(&self, text: &str) -> Result<()> {
        let mut to = Target::open(&Common { format: Format::Text, ..self.common.clone() })?;
        to.write_all(text.as_bytes()).map_err(|e| Error::os("cannot write", &e))?;
        to.finish()
    }

    /// The same, writing nothing of what would be filtered, as under `--check`.
    #[must_use]
    pub fn checking(&self) -> Self {
        Self { tool: self.tool, common: Common { check: true, ..self.common.clone() } }
    }

    /// Keeps the calling thread on processor `number`, as `--cpu` asks; says so where the system refuses.
    pub fn pin(&self, number: usize) {
        if !cpu::pin(number) {
            self.warn(&format!("--cpu {number}: the system refuses; the thread stays free"));
        }
    }

    /// Prints a table on standard error.
    pub fn show(&self, table: &str) {
        let _ = std::io::stderr().lock().write_all(table.as_bytes());
    }

    /// Prints a warning, unless `--quiet`.
    pub fn warn(&self, what: &str) {
        if !self.common.quiet {
            let _ = writeln!(
                std::io::stderr().lock(),
                "{}: warning: {}",
                self.tool.name,
                Escaped(what)
            );
        }
    }

    /// Prints a line that whoever started the program waits for, unless `--quiet`.
    pub fn say(&self, what: &str) {
        if !self.common.quiet {
            let _ = writeln!(std::io::stderr().lock(), "{}: {}", self.tool.name, Escaped(what));
        }
    }

    /// Prints a line about what is being done, under `--verbose` only.
    pub fn note(&self, what: &str) {
        if self.common.verbose > 0 {
            let _ = writeln!(std::io::stderr().lock(), "{}: {}", self.tool.name, Escaped(what));
        }
    }

    /// Prints the statistics under `--stats`: one JSON line on standard error.
    pub fn report(&self, stats: &Stats) {
        if self.common.stats {
            let _ = writeln!(std::io::stderr().lock(), "{}", stats.line(self.tool.name));
        }
    }
}
