//! The output: records or a view of them, to standard output or a file that appears whole.

use super::gift::Gift;
use super::ring::create;
use super::sheet::Sheet;
use super::{Common, Format, Frame};
use crate::error::{Error, Result};
use crate::record::{self, Record, Schema};
use crate::ring;
use crate::stream::Writer;
use std::fs::{File, OpenOptions};
use std::io::{IsTerminal, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

/// Where records go.
pub struct Output {
    form: Form,
    only: Vec<u16>,
    left: u64,
    written: u64,
    left_out: u64,
}

enum Form {
    Bin(Writer<Target>),
    Ring(Box<ring::Writer>),
    View(View),
    Parquet { sheet: Box<Sheet>, schema: &'static Schema },
    Nothing,
}

impl Output {
    /// Opens what the common options ask for.
    ///
    /// # Errors
    /// Status 2 when records would go to a terminal, when a file exists, when the tool has no such
    /// format, or when Parquet is wanted of several kinds; status 5 when the system refuses.
    pub fn open(frame: &Frame) -> Result<Self> {
        let common = &frame.common;
        let mut only = common.only_kinds()?;
        let form = if common.check {
            Form::Nothing
        } else {
            match common.format {
                Format::Pcap => {
                    let what = format!("{} does not write captures", frame.tool.name);
                    return Err(Error::usage(what).hint("--format pcap belongs to mev-capture"));
                }
                Format::Bin if common.ring().is_some() => {
                    Form::Ring(create(common.ring().unwrap_or(Path::new("")), frame)?)
                }
                Format::Bin => {
                    let target = Target::open(common)?;
                    Form::Bin(Writer::new(target, frame.tool.producer))
                }
                Format::Parquet => {
                    let schema = one_kind(frame.tool.writes, &only)?;
                    only = vec![schema.kind];
                    let columns: Vec<_> = record::flat(schema).collect();
                    let notes = [
                        ("mev.kind", schema.name.to_owned()),
                        ("mev.version", schema.version.to_string()),
                        ("mev.fingerprint", format!("{:016x}", schema.fingerprint())),
                    ];
                    let sheet = Sheet::open(common, schema.name, &columns, &notes)?;
                    Form::Parquet { sheet: Box::new(sheet), schema }
                }
                _ => Form::View(View::open(common)?),
            }
        };
        let left = common.limit.unwrap_or(u64::MAX);
        Ok(Self { form, only, left, written: 0, left_out: 0 })
    }

    /// Writes a record, unless `--only` leaves its kind out or `--limit` was reached.
    ///
    /// # Errors
    /// Status 5 when the system refuses, quiet when the reader is gone; as Parquet, also those of
    /// [`record::check`], for a table has no place for a row of another layout.
    #[inline]
    pub fn put(&mut self, record: Record<'_>) -> Result<()> {
        let wanted = self.only.is_empty() || self.only.contains(&record.kind());
        if !wanted || self.left == 0 {
            self.left_out += u64::from(!wanted);
            return Ok(());
        }
        self.left -= 1;
        self.written += 1;
        match &mut self.form {
            Form::Bin(writer) => writer.put(record),
            Form::Ring(ring) => ring.put(record),
            Form::View(view) => view.put(record),
            Form::Parquet { sheet, schema } => {
                record::check(record)?;
                record::cells(schema, record, false, |cell| sheet.cell(cell));
                sheet.end_row()
            }
            Form::Nothing => Ok(()),
        }
    }

    /// Whether `--limit` was reached.
    pub fn is_full(&self) -> bool {
        self.left == 0
    }

    /// Records written.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Records of kinds that were not to be written.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Passes on that something upstream dropped records.
    pub fn set_holes(&mut self) {
        match &mut self.form {
            Form::Bin(writer) => writer.set_holes(),
            Form::Ring(ring) => ring.set_holes(),
            Form::View(_) | Form::Parquet { .. } | Form::Nothing => {}
        }
    }

    /// Hands everything to the reader. Rows of Parquet wait for their group: it can be read at the
    /// end only.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn flush(&mut self) -> Result<()> {
        match &mut self.form {
            Form::Bin(writer) => writer.flush(),
            Form::Ring(ring) => ring.flush().map(drop),
            Form::View(view) => view.flush(),
            Form::Parquet { .. } | Form::Nothing => Ok(()),
        }
    }

    /// Writes the end and puts a file in its place. An output dropped without it stays cut, and its
    /// file stays under its `.part` name.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn finish(self) -> Result<()> {
        match self.form {
            Form::Bin(writer) => writer.finish()?.finish(),
            Form::Ring(ring) => ring.finish(),
            Form::View(mut view) => {
                view.flush()?;
                view.to.finish()
            }
            Form::Parquet { sheet, .. } => sheet.finish(),
            Form::Nothing => Ok(()),
        }
    }
}

/// The one kind that a Parquet file will hold: that of `only`, or the only one of `writes`.
fn one_kind(writes: &[&'static Schema], only: &[u16]) -> Result<&'static Schema> {
    let one = match (writes, only) {
        (&[one], []) => Some(one),
        (_, &[first, ref more @ ..]) if more.iter().all(|kind| *kind == first) => {
            record::schema(first)
        }
        _ => None,
    };
    one.ok_or_else(|| {
        let names: Vec<_> = writes.iter().map(|schema| schema.name).collect();
        Error::usage("--format parquet writes one kind of record to a file")
            .hint(format!("add --only with one of {}", names.join(", ")))
    })
}

/// Text, CSV or JSON of records.
struct View {
    to: Target,
    format: Format,
    human: bool,
    batch: String,
    /// The kind whose CSV header was written last.
    header: Option<&'static Schema>,
}

impl View {
    fn open(common: &Common) -> Result<Self> {
        let to = Target::open(common)?;
        Ok(Self {
            to,
            format: common.format,
            human: common.human,
            batch: String::new(),
            header: None,
        })
    }

    fn put(&mut self, record: Record<'_>) -> Result<()> {
        let batch = &mut self.batch;
        match (record::schema(record.kind()), self.format) {
            (None, _) => {
                let (kind, len) = (record.kind(), record.bytes().len());
                match self.format {
                    Format::Json => *batch += &format!("{{\"kind\":{kind},\"len\":{len}}}"),
                    Format::Csv => *batch += &format!("{kind},{len}"),
                    _ => *batch += &format!("kind-{kind:#04x} len={len}"),
                }
            }
            (Some(schema), Format::Json) => record::json(schema, record, batch),
            (Some(schema), Format::Csv) => {
                if self.header.is_none_or(|last| last.kind != schema.kind) {
                    self.header = Some(schema);
                    record::csv_header(schema, batch);
                    batch.push('\n');
                }
                record::csv(schema, record, self.human, batch);
            }
            (Some(schema), _) => record::text(schema, record, self.human, batch),
        }
        batch.push('\n');
        if batch.len() >= 64 << 10 { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        self.to.write_all(self.batch.as_bytes()).map_err(|e| Error::os("cannot write", &e))?;
        self.batch.clear();
        self.to.flush().map_err(|e| Error::os("cannot write", &e))
    }
}

/// Standard output, or a file that is renamed into its place when it is whole.
pub(crate) enum Target {
    /// Standard output.
    Stdout(File),
    /// Standard output, a pipe that is given pages.
    Pipe(Gift),
    /// A file, the name it is written under and the name it gets.
    File { file: File, part: PathBuf, path: PathBuf },
    /// A device or a named pipe: nothing there to replace.
    Device(File),
}

impl Target {
    /// Opens what `--output`, `--force` and `--in-place` ask for.
    ///
    /// # Errors
    /// Status 2 when binary data would go to a terminal or a file exists; status 5 when the system
    /// refuses.
    pub(crate) fn open(common: &Common) -> Result<Self> {
        let binary = matches!(common.format, Format::Bin | Format::Parquet | Format::Pcap);
        let Some(path) = common.output.as_ref().filter(|path| path.as_os_str() != "-") else {
            if binary && std::io::stdout().is_terminal() {
                return Err(Error::usage("standard output is a terminal; records are binary")
                    .hint("add --format text, or send the output to a file or another tool"));
            }
            let to = stdout()?;
            if common.give_pages {
                return Ok(Gift::new(to).map_or_else(Self::Stdout, Self::Pipe));
            }
            return Ok(Self::Stdout(to));
        };
        let name = path.display().to_string();
        if common.ring().is_some() {
            return Err(Error::usage("a ring holds records only")
                .input(name)
                .hint("leave --format away, or name a file"));
        }
        if std::fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir()) {
            let open = OpenOptions::new().write(true).open(path);
            let device = open.map_err(|e| Error::os("cannot open", &e).input(&name))?;
            return Ok(Self::Device(device));
        }
        let exists =
            || Error::usage("output file exists").input(&name).hint("add --force to overwrite it");
        if !common.force && path.exists() {
            return Err(exists());
        }
        let part = if common.in_place {
            path.clone()
        } else {
            let mut part = path.as_os_str().to_owned();
            part.push(".part");
            PathBuf::from(part)
        };
        let open = OpenOptions::new().write(true).create(true).truncate(true).open(&part);
        let file = open.map_err(|e| Error::os("cannot create", &e).input(&name))?;
        Ok(Self::File { file, part, path: path.clone() })
    }

    /// Puts a file in its place.
    ///
    /// # Errors
    /// Status 5 when the system refuses.
    pub(crate) fn finish(&mut self) -> Result<()> {
        match self {
            Self::Stdout(file) | Self::Device(file) => {
                file.flush().map_err(|e| Error::os("cannot write", &e))
            }
            Self::Pipe(_) => Ok(()),
            Self::File { file, part, path } => {
                let refused = |e: std::io::Error| {
                    Error::os("cannot put in place", &e).input(path.display().to_string())
                };
                file.sync_all().map_err(refused)?;
                if part == path { Ok(()) } else { std::fs::rename(&*part, &*path).map_err(refused) }
            }
        }
    }
}

/// Standard output without the library's buffer, which would cut records at line ends; a pipe is
/// enlarged where the system allows it.
fn stdout() -> Result<File> {
    let fd = std::io::stdout().as_fd().try_clone_to_owned();
    let fd = fd.map_err(|e| Error::os("cannot open standard output", &e))?;
    let _ = crate::sys::pipe::enlarge(&fd);
    Ok(File::from(fd))
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::File { file, .. } | Self::Stdout(file) | Self::Device(file) => file.write(bytes),
            Self::Pipe(gift) => gift.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::File { file, .. } | Self::Stdout(file) | Self::Device(file) => file.flush(),
            Self::Pipe(gift) => gift.flush(),
        }
    }
}
