//! Reads the files and fills the table.

use crate::cli::{Frame, Named, Opened, Progress, Stats};
use crate::error::{Error, Exit, Result};
use crate::mem::Map;
use crate::wallet::args::Import;
use crate::wallet::row::Row;
use crate::wallet::rows::{self, Csv, Form};
use crate::wallet::run::{ROWS, say_opening};
use crate::wallet::store::log::Change;
use crate::wallet::store::{Bulk, Options, Writer};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::time::Duration;

/// Does the work.
pub(in crate::wallet) fn run(frame: &Frame, args: &Import) -> Result<Exit> {
    let inputs = args.files.named()?;
    let opened: Vec<Opened> =
        inputs.iter().map(|named| named.open(frame)).collect::<Result<_>>()?;
    let total_len = opened.iter().try_fold(0, |sum, input| Some(sum + input.file_len()?));
    let coming = opened.iter().try_fold(0, |sum, input| Some(sum + lines(input)?));
    let is_new = !args.db.exists();
    let options = Options::new(args.writing.sync);
    let mut writer = if is_new {
        Writer::create(&args.db, 1, options)?
    } else {
        Writer::open(&args.db, options)?
    };
    say_opening(frame, &writer);
    // A file that brings an eighth of what is there or more is quicker written anew, and at once.
    let anew = is_new || coming.is_some_and(|coming| coming.saturating_mul(8) >= writer.live());
    let rows = coming.unwrap_or(ROWS).saturating_add(writer.live());
    let mut load = Load {
        bulk: None,
        skip_bad: args.skip_bad,
        progress: Progress::new(&frame.common, total_len),
        before: 0,
        counts: Counts::default(),
    };
    if anew {
        load.bulk = Some(writer.bulk_of(args.capacity.unwrap_or(0).max(rows))?);
    }
    for (named, input) in inputs.iter().zip(opened) {
        let done = load.file(&mut writer, input, args.from, named);
        if let Err(error) = done {
            if is_new {
                discard(&args.db, writer);
            }
            return Err(error.input(named.name()));
        }
    }
    load.progress.finish();
    let counts = load.counts;
    match load.bulk {
        Some(mut bulk) => {
            bulk.fit(args.capacity.unwrap_or(0))?;
            writer.replace(bulk)?;
        }
        None => drop(writer.commit()?),
    }
    if counts.bad > 0 {
        let first = counts.first_bad.unwrap_or_default();
        frame.warn(&format!("{} rows were left out; the first: {first}", counts.bad));
    }
    let mut stats = Stats::default();
    writer.flush()?;
    stats.number("rows", counts.rows).number("bad", counts.bad).number("wallets", writer.live());
    writer.close()?;
    frame.report(&stats);
    Ok(Exit::Done)
}

/// Takes away a table that was made for an import that failed.
fn discard(path: &Path, writer: Writer) {
    drop(writer);
    let paths = crate::wallet::store::files::Paths::of(path);
    for file in [&paths.table, &paths.log, &paths.lots, &paths.lock] {
        let _ = std::fs::remove_file(file);
    }
}

/// Lines of a file, or rows of 64 bytes: as many wallets as it can bring.
fn lines(input: &Opened) -> Option<u64> {
    let Opened::Map(map) = input else { return None };
    let bytes = map.bytes();
    Some(match Form::of(bytes) {
        Form::Rows => bytes.len() as u64 / 64,
        // A row takes its address at least, which does not compress.
        Form::Parquet => bytes.len() as u64 / 32,
        _ => bytes.iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>() + 1,
    })
}

#[derive(Default)]
struct Counts {
    rows: u64,
    bad: u64,
    first_bad: Option<String>,
}

/// An import under way.
struct Load {
    bulk: Option<Bulk>,
    skip_bad: bool,
    progress: Progress,
    /// Bytes of the files before this one.
    before: u64,
    counts: Counts,
}

impl Load {
    /// Takes a row, or what is wrong with it.
    fn row(
        &mut self,
        writer: &mut Writer,
        row: std::result::Result<Row, String>,
        place: impl FnOnce() -> String,
    ) -> Result<()> {
        let row = match row {
            Ok(row) => row,
            Err(what) => {
                let what = format!("{}: {what}", place());
                if !self.skip_bad {
                    let hint = "correct it, or leave such rows out with --skip-bad";
                    return Err(Error::damaged(what).hint(hint));
                }
                self.counts.bad += 1;
                self.counts.first_bad.get_or_insert(what);
                return Ok(());
            }
        };
        self.counts.rows += 1;
        if let Some(bulk) = &mut self.bulk {
            return bulk.put(&row);
        }
        writer.stage(Change::Put(row));
        Ok(())
    }

    /// Takes a file. What goes through the log is one group: all of it or nothing.
    fn file(
        &mut self,
        writer: &mut Writer,
        input: Opened,
        form: Form,
        named: &Named,
    ) -> Result<()> {
        let len = input.file_len().unwrap_or(0);
        match input {
            Opened::Map(map) => {
                let form = if form == Form::Auto { Form::of(map.bytes()) } else { form };
                match form {
                    Form::Rows => self.bytes(writer, &mut map.bytes())?,
                    Form::Parquet => self.parquet(writer, named)?,
                    form => self.mapped(writer, &map, form)?,
                }
            }
            Opened::Pipe(from, _) => {
                self.piped(writer, BufReader::with_capacity(1 << 16, from), form)?;
            }
            Opened::Ring(_) => {
                return Err(Error::usage("a ring holds records, not rows of wallets"));
            }
        }
        self.before += len;
        Ok(())
    }

    fn mapped(&mut self, writer: &mut Writer, map: &Map, form: Form) -> Result<()> {
        let mut text = Text::new(form);
        let (mut at, mut rest) = (0, map.bytes());
        while !rest.is_empty() {
            let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
            let (line, after) = rest.split_at(end);
            rest = after.get(1..).unwrap_or_default();
            at += end as u64 + 1;
            self.progress.at(self.before + at);
            self.line(writer, &mut text, line)?;
        }
        Ok(())
    }

    fn piped(
        &mut self,
        writer: &mut Writer,
        mut from: BufReader<Box<dyn Read>>,
        form: Form,
    ) -> Result<()> {
        let no = |e: std::io::Error| Error::os("cannot read", &e);
        let start = from.fill_buf().map_err(no)?;
        let form = if form == Form::Auto { Form::of(start) } else { form };
        if form == Form::Parquet {
            let what = "Parquet is read from a file, not from a pipe";
            return Err(Error::usage(what).hint("write it to a file and name that"));
        }
        if form == Form::Rows {
            return self.bytes(writer, &mut from);
        }
        let (mut text, mut line, mut at) = (Text::new(form), Vec::new(), 0);
        while from.read_until(b'\n', &mut line).map_err(no)? > 0 {
            at += line.len() as u64;
            self.progress.at(self.before + at);
            let whole = line.strip_suffix(b"\n").unwrap_or(&line);
            self.line(writer, &mut text, whole)?;
            line.clear();
        }
        Ok(())
    }

    /// Takes a line of text.
    fn line(&mut self, writer: &mut Writer, text: &mut Text, line: &[u8]) -> Result<()> {
        text.number += 1;
        let number = text.number;
        let Some(row) = text.row(line)? else { return Ok(()) };
        self.row(writer, row, || format!("line {number}"))
    }

    /// Takes rows of 64 bytes.
    fn bytes(&mut self, writer: &mut Writer, from: &mut dyn Read) -> Result<()> {
        let mut number = 0_u64;
        loop {
            let mut row = [0; 64];
            let mut len = 0;
            while let Some(room) = row.get_mut(len..).filter(|room| !room.is_empty()) {
                match from.read(room) {
                    Ok(0) => break,
                    Ok(more) => len += more,
                    Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                    Err(e) => return Err(Error::os("cannot read", &e)),
                }
            }
            if len == 0 {
                return Ok(());
            }
            number += 1;
            self.progress.at(self.before + number * 64);
            if len < row.len() {
                return Err(Error::damaged(format!("row {number} is cut off after {len} bytes")));
            }
            self.row(writer, rows::from_bytes(&row), || format!("row {number}"))?;
        }
    }

    #[cfg(feature = "parquet")]
    fn parquet(&mut self, writer: &mut Writer, named: &Named) -> Result<()> {
        let file = std::fs::File::open(named.name()).map_err(|e| Error::os("cannot open", &e))?;
        let rows = super::parquet::rows(file).map_err(Error::damaged)?;
        for (number, row) in (1..).zip(rows) {
            self.row(writer, row, || format!("row {number}"))?;
        }
        Ok(())
    }

    #[cfg(not(feature = "parquet"))]
    #[expect(clippy::unused_self, reason = "as with the feature")]
    fn parquet(&mut self, _: &mut Writer, _: &Named) -> Result<()> {
        Err(Error::usage("built without the parquet feature")
            .hint("build with `--features parquet`, or import CSV"))
    }
}

/// A text file that is read line by line.
struct Text {
    form: Form,
    csv: Option<Csv>,
    number: u64,
}

impl Text {
    fn new(form: Form) -> Self {
        Self { form, csv: None, number: 0 }
    }

    /// The row of a line; `None` for an empty one and the header.
    ///
    /// # Errors
    /// Status 4 for a header that is none: no line can be read without it.
    fn row(&mut self, line: &[u8]) -> Result<Option<std::result::Result<Row, String>>> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.trim_ascii().is_empty() {
            return Ok(None);
        }
        let Ok(line) = std::str::from_utf8(line) else {
            return Ok(Some(Err("it is not UTF-8".to_owned())));
        };
        if self.form == Form::Jsonl {
            return Ok(Some(rows::from_json(line)));
        }
        if let Some(csv) = &self.csv {
            return Ok(Some(csv.row(line)));
        }
        let number = self.number;
        let csv = Csv::header(line).map_err(|what| {
            Error::damaged(format!("line {number}: {what}"))
                .hint("CSV begins with a header; other forms are named with --from")
        })?;
        self.csv = Some(csv);
        Ok(None)
    }
}

/// How long one who waits for input waits before it looks what else is due.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Gives every line of standard input to `take`, with its number from 1 and whether another one waits
/// already; calls `idle` while nothing comes.
pub(in crate::wallet) fn each_line_of_stdin(
    frame: &Frame,
    mut take: impl FnMut(&str, u64, bool) -> Result<()>,
    mut idle: impl FnMut() -> Result<()>,
) -> Result<()> {
    let named = Named::new(Path::new("-"));
    let Ok((mut from, ready)) = named.open(frame)?.into_pipe() else { return Ok(()) };
    let wrong = |number: u64| {
        Error::damaged(format!("line {number}: it is not UTF-8")).input("standard input")
    };
    let (mut held, mut number) = (Vec::new(), 0);
    let mut part = vec![0; 1 << 16];
    loop {
        while !ready.wait(LOOK_EVERY)? {
            idle()?;
        }
        let len = match from.read(&mut part) {
            Ok(len) => len,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(Error::os("cannot read", &e).input("standard input")),
        };
        held.extend_from_slice(part.get(..len).unwrap_or_default());
        if len == 0 && !held.is_empty() {
            held.push(b'\n');
        }
        let mut rest = held.as_slice();
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, after) = rest.split_at(end);
            rest = after.get(1..).unwrap_or_default();
            number += 1;
            let line = std::str::from_utf8(line).map_err(|_| wrong(number))?;
            take(line, number, rest.contains(&b'\n'))?;
        }
        held = rest.to_vec();
        if len == 0 {
            return Ok(());
        }
    }
}
