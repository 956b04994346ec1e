//! Statuses and messages: the one error type of the crate and the exit statuses it maps to.
//!
//! An error knows its status, where in which input it happened, what is wrong and, where the user
//! can act, what to do. The frame prints it by one grammar:
//!
//! ```text
//! tool: input: byte N (record M): what is wrong
//! tool: hint: what to do
//! ```

use std::fmt;

/// Exit statuses, the same in every tool; printed into each manual page from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Done; also when the reader of our standard output went away.
    Done = 0,
    /// Done; the answer is no.
    No = 1,
    /// Bad command line; nothing was read or written.
    Usage = 2,
    /// Not our input: another format, kind or version.
    Foreign = 3,
    /// Damaged input: cut off or self-contradicting.
    Damaged = 4,
    /// The system refused.
    Os = 5,
    /// A remote refused (send only).
    Refused = 6,
}

impl Exit {
    /// Every status with its meaning, in order: the EXIT STATUS section of the manual.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::Done, "done (also when the reader of standard output went away)"),
        (
            Self::No,
            "done; the answer is no (--check found fault, nothing matched, verification failed)",
        ),
        (Self::Usage, "bad command line; nothing was read or written"),
        (Self::Foreign, "not our input: other format, kind or version; both sides are named"),
        (
            Self::Damaged,
            "damaged input: cut off or self-contradicting; all good records before it were delivered",
        ),
        (Self::Os, "the system refused: open, permission, disk, socket, mapping"),
        (Self::Refused, "a remote refused (mev-send only)"),
    ];
}

/// What went wrong, where, with which status, and what the user can do about it.
#[derive(Debug)]
pub struct Error {
    exit: Exit,
    input: Option<String>,
    byte: Option<u64>,
    record: Option<u64>,
    what: String,
    hint: Option<String>,
    pipe: bool,
}

/// A result whose error is ours.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    fn new(exit: Exit, what: impl Into<String>) -> Self {
        let what = what.into();
        Self { exit, input: None, byte: None, record: None, what, hint: None, pipe: false }
    }

    /// The command line cannot be followed: status 2.
    pub fn usage(what: impl Into<String>) -> Self {
        Self::new(Exit::Usage, what)
    }

    /// The input is of another format, kind or version: status 3.
    pub fn foreign(what: impl Into<String>) -> Self {
        Self::new(Exit::Foreign, what)
    }

    /// The input is cut off or contradicts itself: status 4.
    pub fn damaged(what: impl Into<String>) -> Self {
        Self::new(Exit::Damaged, what)
    }

    /// The system refused, in its own words: status 5, or a quiet end when it is a broken pipe. A disk
    /// that is full has its hint.
    pub fn os(what: impl fmt::Display, error: &std::io::Error) -> Self {
        let mut made = Self::new(Exit::Os, format!("{what}: {error}"));
        made.pipe = error.kind() == std::io::ErrorKind::BrokenPipe;
        if error.kind() == std::io::ErrorKind::StorageFull {
            made.hint = Some("make room on that disk, or write to another with -o".to_owned());
        }
        made
    }

    /// A remote refused: status 6.
    pub fn refused(what: impl Into<String>) -> Self {
        Self::new(Exit::Refused, what)
    }

    /// The same error, naming the input it happened in. The innermost name stays.
    #[must_use]
    pub fn input(mut self, name: impl Into<String>) -> Self {
        self.input.get_or_insert_with(|| name.into());
        self
    }

    /// The same error at byte `byte` of its input.
    #[must_use]
    pub fn at_byte(mut self, byte: u64) -> Self {
        self.byte = Some(byte);
        self
    }

    /// The same error at byte `byte`, in record `record` (from 0) of its input.
    #[must_use]
    pub fn at(mut self, byte: u64, record: u64) -> Self {
        (self.byte, self.record) = (Some(byte), Some(record));
        self
    }

    /// The same error with advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The status the process ends with.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// The advice, if the user can act.
    pub fn advice(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Whether this is the reader of our output going away, which ends a tool quietly.
    pub fn is_broken_pipe(&self) -> bool {
        self.pipe
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(input) = &self.input {
            write!(f, "{}: ", Escaped(input))?;
        }
        match (self.byte, self.record) {
            (Some(byte), Some(record)) => write!(f, "byte {byte} (record {record}): ")?,
            (Some(byte), None) => write!(f, "byte {byte}: ")?,
            (None, _) => {}
        }
        write!(f, "{}", Escaped(&self.what))
    }
}

impl std::error::Error for Error {}

/// Text from outside, printed with its control characters escaped so that it cannot drive a
/// terminal.
pub struct Escaped<'a>(pub &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            if c.is_control() {
                write!(f, "{}", c.escape_default())?;
            } else {
                write!(f, "{c}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_names_input_place_and_fault() {
        let error = Error::damaged("input ends inside a record").at(100, 1).input("a\x1b[2J.bin");
        assert_eq!(
            error.to_string(),
            "a\\u{1b}[2J.bin: byte 100 (record 1): input ends inside a record"
        );
        assert_eq!(error.exit(), Exit::Damaged);
    }

    #[test]
    fn a_full_disk_has_its_hint_and_a_gone_reader_is_quiet() {
        let of = |number| Error::os("cannot write", &std::io::Error::from_raw_os_error(number));
        let (full, gone) = (of(28), of(32)); // ENOSPC, EPIPE
        assert!(full.hint.as_deref().is_some_and(|hint| hint.contains("-o")) && !full.pipe);
        assert!(gone.hint.is_none() && gone.pipe);
    }

    #[test]
    fn innermost_input_name_stays() {
        assert_eq!(Error::foreign("x").input("in").input("out").to_string(), "in: x");
    }

    #[test]
    fn statuses_are_dense_and_in_order() {
        for (at, (exit, _)) in Exit::ALL.iter().enumerate() {
            assert_eq!(*exit as usize, at);
        }
    }
}
