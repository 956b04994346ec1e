//! Reads the log behind its writer.
//!
//! A log that is cut is another file in its place; the old one is read to its end first, so that
//! nothing is missed between two looks. What is not in any log, an import that wrote the table anew or a
//! log that was cut twice between two looks, is told as such.

use crate::cli::{Format, Frame, Target};
use crate::error::{Error, Exit, Result};
use crate::sys::{pipe, signal};
use crate::time::Stopwatch;
use crate::wallet::args::Follow;
use crate::wallet::row::Row;
use crate::wallet::rows;
use crate::wallet::store::Reader;
use crate::wallet::store::files::Paths;
use crate::wallet::store::log::{self, Change, HEAD_LEN, Logged};
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

/// How often the log is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Does the work.
pub(in crate::wallet) fn run(frame: &Frame, args: &Follow) -> Result<Exit> {
    signal::install(signal::Role::Source)?;
    let mut reader = Reader::open(&args.db, false)?;
    let format = match frame.common.format {
        Format::Bin => Format::Text,
        Format::Parquet | Format::Pcap => {
            return Err(Error::usage("follow writes text, csv or json"));
        }
        format => format,
    };
    let mut to = Target::open(&crate::cli::Common { format, ..frame.common.clone() })?;
    let paths = Paths::of(&args.db);
    let mut log = Tail::new(&paths, args.all);
    let mut says =
        Says { format, left: frame.common.limit.unwrap_or(u64::MAX), text: String::new() };
    if format == Format::Csv {
        says.text = format!("sequence,change,{}\n", rows::COLUMNS.join(","));
    }
    let clock = Stopwatch::start();
    let mut generation = reader.head().generation;
    loop {
        log.look(&mut |logged| says.change(logged))?;
        if log.missed > 0 {
            says.event("missed", log.missed);
            log.missed = 0;
        }
        if reader.refresh() && reader.head().generation != generation {
            generation = reader.head().generation;
            says.event("generation", generation);
        }
        to.write_all(says.text.as_bytes())
            .and_then(|()| to.flush())
            .map_err(|e| Error::os("cannot write", &e))?;
        says.text.clear();
        let late = frame.common.duration.is_some_and(|limit| clock.elapsed() >= limit);
        if says.left == 0 || late || signal::stop_requested() {
            to.finish()?;
            return Ok(Exit::Done);
        }
        pipe::pause(LOOK_EVERY);
    }
}

/// What is written of a change.
struct Says {
    format: Format,
    left: u64,
    text: String,
}

impl Says {
    fn change(&mut self, logged: &Logged) {
        let (what, row) = match &logged.change {
            Change::Put(row) => ("put", *row),
            Change::Remove(address) => ("remove", Row::new(*address)),
            Change::Fill(_) => return,
        };
        if self.left == 0 {
            return;
        }
        self.left -= 1;
        let sequence = logged.sequence;
        match self.format {
            Format::Csv => {
                self.text += &format!("{sequence},{what},");
                rows::to_csv(&row, &mut self.text);
            }
            Format::Json => {
                self.text += &format!("{{\"sequence\":\"{sequence}\",\"change\":\"{what}\",");
                rows::json_fields(&row, &mut self.text);
                self.text += "}\n";
            }
            _ => {
                self.text += &format!("{sequence} {what} ");
                rows::to_text(&row, &mut self.text);
            }
        }
    }

    /// What is no change: the table was written anew, or changes were missed.
    fn event(&mut self, what: &str, number: u64) {
        match self.format {
            Format::Csv => self.text += &format!("{number},{what},,,,,,,\n"),
            Format::Json => {
                self.text += &format!("{{\"change\":\"{what}\",\"number\":\"{number}\"}}\n");
            }
            _ => self.text += &format!("- {what} {number}\n"),
        }
    }
}

/// The log, as far as it was read.
struct Tail<'a> {
    paths: &'a Paths,
    file: Option<(File, u64)>,
    id: u64,
    /// Where in it the next record begins.
    at: u64,
    /// The number of the next record; `None` before the first look that skips what is there.
    next: Option<u64>,
    skip: bool,
    missed: u64,
}

impl<'a> Tail<'a> {
    fn new(paths: &'a Paths, all: bool) -> Self {
        Self { paths, file: None, id: 0, at: 0, next: None, skip: !all, missed: 0 }
    }

    /// Gives every change since the last look to `take`.
    fn look(&mut self, take: &mut dyn FnMut(&Logged)) -> Result<()> {
        loop {
            let there = std::fs::metadata(&self.paths.log).ok().map(|meta| meta.ino());
            let inode = self.file.as_ref().map(|(_, inode)| *inode);
            // The end of the file that we have, before another one is gone over to.
            self.read(take)?;
            if there.is_none() || there == inode {
                self.skip = false;
                return Ok(());
            }
            self.open()?;
        }
    }

    fn open(&mut self) -> Result<()> {
        let no = |e: std::io::Error| {
            crate::wallet::store::files::refused("cannot read the log", &e, self.paths)
        };
        let mut file = match File::open(&self.paths.log) {
            Ok(file) => file,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
            Err(e) => return Err(no(e)),
        };
        let inode = file.metadata().map_err(no)?.ino();
        let mut head = [0; HEAD_LEN];
        file.read_exact(&mut head).map_err(no)?;
        let named = |e: Error| e.input(self.paths.log.display().to_string());
        let (id, first) = log::read_head(&head).map_err(named)?;
        if let Some(next) = self.next {
            self.missed += first.saturating_sub(next);
        }
        self.next = Some(first);
        self.id = id;
        self.at = HEAD_LEN as u64;
        self.file = Some((file, inode));
        Ok(())
    }

    fn read(&mut self, take: &mut dyn FnMut(&Logged)) -> Result<()> {
        let Some((file, _)) = &mut self.file else { return Ok(()) };
        let mut held = Vec::new();
        let read = file.seek(SeekFrom::Start(self.at)).and_then(|_| file.read_to_end(&mut held));
        read.map_err(|e| {
            crate::wallet::store::files::refused("cannot read the log", &e, self.paths)
        })?;
        let mut at = 0;
        while let Some((logged, len)) = held.get(at..).and_then(|rest| log::read_one(rest, self.id))
        {
            at += len;
            if self.next.is_some_and(|next| logged.sequence >= next) {
                self.next = Some(logged.sequence + 1);
                if !self.skip {
                    take(&logged);
                }
            }
        }
        self.at += at as u64;
        Ok(())
    }
}
