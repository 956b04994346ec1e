//! Inputs: what a path on the command line means, the same in every tool.

use super::ring::{Ready, RingInput, ring_path};
use super::{Files, Frame};
use crate::error::{Error, Result};
use crate::mem::Map;
use crate::stream::{self, Input, Mapped, Piped};
use crate::sys::{pipe, signal};
use crate::time::Stopwatch;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// An input by name: a path, or standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named(Option<PathBuf>);

/// An input that was opened.
pub enum Opened {
    /// A regular file, mapped.
    Map(Map),
    /// Anything else, to be read, and its descriptor to wait on.
    Pipe(Box<dyn Read>, OwnedFd),
    /// A ring, whose records are read as a stream.
    Ring(Box<RingInput>),
}

/// The bytes of a record stream, wherever they come from.
pub enum Source {
    /// A file or a pipe.
    File(Input),
    /// A ring.
    Ring(Box<RingInput>),
}

impl stream::Source for Source {
    #[inline]
    fn waiting(&self) -> &[u8] {
        match self {
            Self::File(input) => input.waiting(),
            Self::Ring(ring) => ring.waiting(),
        }
    }

    #[inline]
    fn take(&mut self, count: usize) {
        match self {
            Self::File(input) => input.take(count),
            Self::Ring(ring) => stream::Source::take(&mut **ring, count),
        }
    }

    fn more(&mut self) -> std::io::Result<usize> {
        match self {
            Self::File(input) => input.more(),
            Self::Ring(ring) => ring.more(),
        }
    }
}

impl Opened {
    /// The bytes as a source of a record stream, and what to wait on if it is no file.
    pub fn into_source(self) -> (Source, Option<Ready>) {
        match self {
            Self::Map(map) => (Source::File(Input::Mapped(Mapped::new(map))), None),
            Self::Pipe(from, fd) => {
                (Source::File(Input::Piped(Piped::new(from))), Some(Ready::Fd(fd)))
            }
            Self::Ring(ring) => {
                let ready = ring.ready();
                (Source::Ring(ring), Some(ready))
            }
        }
    }

    /// What is left to read when it is no file, and what to wait on.
    ///
    /// # Errors
    /// The map, if it is a file.
    pub fn into_pipe(self) -> std::result::Result<(Box<dyn Read>, Ready), Map> {
        match self {
            Self::Map(map) => Err(map),
            Self::Pipe(from, fd) => Ok((from, Ready::Fd(fd))),
            Self::Ring(ring) => {
                let ready = ring.ready();
                Ok((ring, ready))
            }
        }
    }

    /// Its length in bytes, if it is a file.
    pub fn file_len(&self) -> Option<u64> {
        match self {
            Self::Map(map) => Some(map.bytes().len() as u64),
            Self::Pipe(..) | Self::Ring(_) => None,
        }
    }
}

impl Files {
    /// The inputs in order: standard input when none is named.
    ///
    /// # Errors
    /// Status 2 when standard input is named twice.
    pub fn named(&self) -> Result<Vec<Named>> {
        if self.files.is_empty() {
            return Ok(vec![Named(None)]);
        }
        let stdin = self.files.iter().filter(|path| path.as_os_str() == "-").count();
        if stdin > 1 {
            return Err(Error::usage("standard input (-) is named twice"));
        }
        Ok(self.files.iter().map(|path| Named::new(path)).collect())
    }
}

impl Named {
    /// The input that `path` names.
    pub fn new(path: &Path) -> Self {
        Self((path.as_os_str() != "-").then(|| path.to_owned()))
    }

    /// Waits until standard input, if this is it and it is a pipe, has something to read or has
    /// ended. What the program before this one writes beside its output (an account file, say), it
    /// has written by then.
    pub fn wait(&self) {
        let stdin = std::io::stdin();
        while self.0.is_none()
            && pipe::kind(&stdin) == pipe::Kind::Pipe
            && !signal::stop_requested()
            && matches!(pipe::readable(&stdin, Duration::from_millis(100)), Ok(false))
        {}
    }

    /// The name in messages.
    pub fn name(&self) -> String {
        self.0.as_ref().map_or_else(|| "standard input".to_owned(), |p| p.display().to_string())
    }

    /// Opens it: a regular file is mapped unless it is followed; `ring:PATH` is a ring.
    ///
    /// # Errors
    /// Status 5 when the system refuses; those of [`crate::ring::Reader::attach`].
    pub fn open(&self, frame: &Frame) -> Result<Opened> {
        let refused = |e: std::io::Error| Error::os("cannot open", &e).input(self.name());
        let Some(path) = &self.0 else {
            let fd = std::io::stdin().as_fd().try_clone_to_owned().map_err(refused)?;
            // More bytes a read and a write; a system that declines keeps what it has.
            let _ = pipe::enlarge(&fd);
            // Read without a buffer of the library's: bytes in it would not show as waiting.
            let stdin = File::from(fd.try_clone().map_err(refused)?);
            return Ok(Opened::Pipe(Box::new(stdin), fd));
        };
        if let Some(path) = ring_path(path) {
            return Ok(Opened::Ring(Box::new(RingInput::open(path, frame)?)));
        }
        let file = File::open(path).map_err(refused)?;
        let meta = file.metadata().map_err(refused)?;
        if meta.is_dir() {
            return Err(Error::usage("is a directory").input(self.name()));
        }
        let fd = file.as_fd().try_clone_to_owned().map_err(refused)?;
        if frame.common.follow && meta.is_file() {
            let until = frame.common.duration.map(|limit| (Stopwatch::start(), limit));
            return Ok(Opened::Pipe(Box::new(Growing { file, until }), fd));
        }
        if meta.is_file() && meta.len() > 0 {
            let map = Map::open(&file);
            return map
                .map(Opened::Map)
                .map_err(|e| Error::os("cannot map", &e).input(self.name()));
        }
        Ok(Opened::Pipe(Box::new(file), fd))
    }
}

/// A file that is still being written: at its end it waits for more, until a signal or its time.
struct Growing {
    file: File,
    until: Option<(Stopwatch, Duration)>,
}

impl Growing {
    fn is_over(&self) -> bool {
        let late = self.until.is_some_and(|(since, limit)| since.elapsed() >= limit);
        late || signal::stop_requested()
    }
}

impl Read for Growing {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        loop {
            match self.file.read(to) {
                Ok(0) if !self.is_over() => pipe::pause(Duration::from_millis(5)),
                other => return other,
            }
        }
    }
}
