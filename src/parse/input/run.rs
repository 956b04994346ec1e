//! Drives dumps and text from a map or a pipe into the parser.

use super::{Buffered, Bytes, Dump, Found, Refused, Text};
use crate::cli::{Drive, Frame, Opened, Ready};
use crate::error::{Error, Exit, Result};
use crate::parse::crew::Crew;
use crate::parse::tally::Note;
use crate::stream::Mapped;
use crate::sys::signal;
use std::time::Duration;

/// Warnings that are printed one by one.
const WARNINGS_MAX: u64 = 20;

/// Warnings of one kind: the first are printed, the others counted.
#[derive(Debug, Default)]
pub(in crate::parse) struct Said {
    count: u64,
    /// Those that wait for it to be clear that they are worth it.
    held: Vec<String>,
}

impl Said {
    /// Prints a warning, or counts it.
    pub(in crate::parse) fn warn(&mut self, frame: &Frame, what: &str) {
        self.hold(what.to_owned());
        self.release(frame);
    }

    /// Says how many were not printed.
    pub(in crate::parse) fn finish(mut self, frame: &Frame) {
        self.release(frame);
        if self.count > WARNINGS_MAX {
            frame.warn(&format!("{} more of the kind", self.count - WARNINGS_MAX));
        }
    }

    /// Keeps a warning for later, or counts it.
    fn hold(&mut self, what: String) {
        self.count += 1;
        if self.count <= WARNINGS_MAX {
            self.held.push(what);
        }
    }

    /// Prints those that were kept.
    fn release(&mut self, frame: &Frame) {
        self.held.drain(..).for_each(|what| frame.warn(&what));
    }
}

/// The bytes of an input, and what to wait on if it is no file.
fn bytes(input: Opened) -> (Bytes, Option<Ready>) {
    match input.into_pipe() {
        Err(map) => (Bytes::Mapped(Mapped::new(map)), None),
        Ok((from, ready)) => (Bytes::Piped(Buffered::new(from)), Some(ready)),
    }
}

/// Hands on what is there when nothing waits.
fn idle(frame: &Frame, drive: &mut Drive, crew: &mut Crew<'_>, on: Option<&Ready>) -> Result<()> {
    let Some(ready) = on else { return Ok(()) };
    // A file that is followed always counts as readable.
    if frame.common.follow || !ready.wait(Duration::ZERO).unwrap_or(true) {
        drive.idle(crew)?;
    }
    Ok(())
}

/// Whether `error` is only that following ended where the signal found the writer.
fn is_end(frame: &Frame, error: &Error) -> bool {
    frame.common.follow && signal::stop_requested() && error.exit() == Exit::Damaged
}

/// Reads a dump to its end and gives its length; it begins after `before` bytes of input.
pub(in crate::parse) fn read_dump(
    frame: &Frame,
    drive: &mut Drive,
    crew: &mut Crew<'_>,
    input: Opened,
    before: u64,
) -> Result<u64> {
    let (source, fd) = bytes(input);
    let mut dump = Dump::new(source);
    while !drive.is_full() {
        if !dump.is_ready() {
            idle(frame, drive, crew, fd.as_ref())?;
        }
        drive.progress(before + dump.position());
        match dump.next() {
            Ok(Some(packet)) => {
                drive.input(0, false, |out| {
                    crew.input(out, |parser, out| parser.datagram(packet, false, 0, out));
                })?;
            }
            Ok(None) => break,
            Err(error) if is_end(frame, &error) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(dump.position())
}

/// Reads text to its end and gives its length; it begins after `before` bytes of input. Refusals
/// are warned of, under `name`.
///
/// # Errors
/// Status 3 when nothing in it is a transaction; those of [`Text::next`].
pub(in crate::parse) fn read_text(
    frame: &Frame,
    drive: &mut Drive,
    crew: &mut Crew<'_>,
    (name, input): (&str, Opened),
    before: u64,
) -> Result<u64> {
    let (source, fd) = bytes(input);
    let mut text = Text::new(source);
    let (mut said, mut first) = (Said::default(), None);
    while !drive.is_full() {
        if !text.is_ready() {
            idle(frame, drive, crew, fd.as_ref())?;
        }
        drive.progress(before + text.position());
        let next = text.next(&mut |found| match found {
            _ if drive.is_full() => Ok(()),
            Found::Refused(refused) => {
                crew.parser().tally.refuse_input(refused.why);
                let remedy = refused.why.remedy().map(|what| format!(": {what}"));
                said.hold(format!("{name}: {refused}{}", remedy.unwrap_or_default()));
                first.get_or_insert(refused);
                Ok(())
            }
            Found::Transaction { wire, form, place, executed, meta_refused } => {
                crew.parser().tally.transaction(form);
                said.release(frame);
                if meta_refused {
                    crew.parser().tally.note(Note::MetaRefused);
                }
                drive.input(place.rx_ns, false, |out| {
                    crew.input(out, |parser, out| {
                        parser.transaction(wire, place, executed, out);
                    });
                })
            }
        });
        match next {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) if is_end(frame, &error) => break,
            Err(error) => return Err(error),
        }
    }
    if !text.is_understood() {
        return Err(foreign(first, said.count));
    }
    said.finish(frame);
    Ok(text.position())
}

/// Nothing in a text is a transaction: `count` lines and documents were refused.
fn foreign(first: Option<Refused>, count: u64) -> Error {
    let Some(first) = first else { return Error::foreign("no transaction in it") };
    let of = if count > 1 { format!("{count} refused, the first: ") } else { String::new() };
    let error = Error::foreign(format!("no transaction in it: {of}{first}"));
    match first.why.hint() {
        Some(hint) => error.hint(hint),
        None => error,
    }
}
