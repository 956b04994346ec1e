//! The I/O of account files that grow.

use super::Lines;
use crate::dex::AccountBook;
use crate::error::{Error, Result};
use crate::parse::accounts::Told;
use crate::parse::crew::Crew;
use crate::record::Record;
use crate::stream::{Sink, Stage};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

/// Between two looks at the files.
const EVERY_NS: u64 = 10_000_000;

/// Inputs between two looks when there is always one.
const INPUTS: u32 = 256;

/// A file and what of it was read.
struct Growing {
    path: PathBuf,
    file: File,
    lines: Lines,
}

/// Account files, what is known of their accounts, and what was written of them.
#[derive(Default)]
pub(in crate::parse) struct Fresh {
    files: Vec<Growing>,
    book: AccountBook,
    told: Told,
    due_ns: u64,
    inputs: u32,
    failed: Option<Error>,
}

impl Fresh {
    /// Follows `files`, each from the byte given, with what is known from before that.
    ///
    /// # Errors
    /// Status 5 when the system refuses a file.
    pub(in crate::parse) fn open(files: Vec<(PathBuf, u64)>, book: AccountBook) -> Result<Self> {
        let open = |(path, from): (PathBuf, u64)| {
            let named = |e: std::io::Error| {
                Error::os("cannot follow", &e).input(path.display().to_string())
            };
            let mut file = File::open(&path).map_err(named)?;
            file.seek(SeekFrom::Start(from)).map_err(named)?;
            Ok(Growing { path, file, lines: Lines::default() })
        };
        let files = files.into_iter().map(open).collect::<Result<_>>()?;
        let mut told = Told::default();
        told.mark(&book);
        Ok(Self { files, book, told, ..Self::default() })
    }

    /// Takes in what was appended since the last look, if that was long enough before `now_ns`.
    pub(in crate::parse) fn look(&mut self, now_ns: u64, crew: &mut Crew<'_>, out: &mut impl Sink) {
        if now_ns < self.due_ns || self.failed.is_some() {
            return;
        }
        self.due_ns = now_ns.saturating_add(EVERY_NS);
        match self.read() {
            Ok(true) => crew.parser().refresh(&self.book, &mut self.told, out),
            Ok(false) => {}
            Err(error) => self.failed = Some(error),
        }
    }

    /// Reads on; whether there were accounts.
    fn read(&mut self) -> Result<bool> {
        let mut fresh = false;
        for growing in &mut self.files {
            let named = |e: Error| e.input(growing.path.display().to_string());
            let mut piece = Vec::new();
            let read = (&growing.file).read_to_end(&mut piece);
            read.map_err(|e| named(Error::os("cannot read", &e)))?;
            if piece.is_empty() {
                continue;
            }
            growing.lines.push(&piece);
            let lines = growing.lines.take();
            fresh |= !lines.is_empty();
            self.book.read(lines).map_err(named)?;
        }
        Ok(fresh)
    }

    /// Why a file could not be followed on, if that was so.
    pub(in crate::parse) fn failure(&mut self) -> Result<()> {
        self.failed.take().map_or(Ok(()), Err)
    }
}

/// A crew beside whose input account files grow.
pub(in crate::parse) struct Beside<'a, 'm> {
    pub(in crate::parse) crew: &'a mut Crew<'m>,
    pub(in crate::parse) fresh: &'a mut Fresh,
}

impl Stage for Beside<'_, '_> {
    const MAX_OUT: usize = Crew::MAX_OUT;

    fn step(&mut self, input: Record<'_>, out: &mut impl Sink) {
        self.crew.step(input, out);
        self.fresh.inputs = self.fresh.inputs.wrapping_add(1);
        if self.fresh.inputs.is_multiple_of(INPUTS) {
            self.fresh.look(input.rx_ns(), self.crew, out);
        }
    }

    fn idle(&mut self, now_ns: u64, out: &mut impl Sink) {
        self.crew.idle(now_ns, out);
        self.fresh.look(now_ns, self.crew, out);
    }

    fn finish(&mut self, out: &mut impl Sink) {
        self.crew.finish(out);
    }
}
