//! Reads a stream and tells an end from a cut.

use super::source::Source;
use crate::bytes::u32_at;
use crate::error::{Error, Result};
use crate::record::{End, Head, LEN_MAX, LINE, Layout, MAGIC, Record};

/// A stream reader.
///
/// Three answers: a record, the end (`None`), or an error; an end and an error never share a value.
#[derive(Debug)]
pub struct Reader<S> {
    source: S,
    state: State,
    /// Bytes of the stream that were passed, the current record included.
    passed: u64,
    /// Bytes of the record given last, still waiting in the source.
    given: usize,
    holes: bool,
    first_end_is_last: bool,
}

/// Where in the stream the reader stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the first head.
    Start,
    /// After a head, with the number of records since.
    Inside(u64),
    /// After an end.
    Between,
}

impl<S: Source> Reader<S> {
    /// Reads from `source`.
    pub fn new(source: S) -> Self {
        let (state, passed, given) = (State::Start, 0, 0);
        Self { source, state, passed, given, holes: false, first_end_is_last: false }
    }

    /// Takes the first end for the last, instead of looking for another head behind it: for a file
    /// that is followed while it grows.
    #[must_use]
    pub fn until_end(mut self) -> Self {
        self.first_end_is_last = true;
        self
    }

    /// Bytes of the stream read so far.
    pub fn position(&self) -> u64 {
        self.passed
    }

    /// The byte and the number, in its stream, of the record given last.
    pub fn place(&self) -> (u64, u64) {
        (self.passed - self.given as u64, self.number().saturating_sub(1))
    }

    /// Whether a head said that something upstream dropped records.
    pub fn has_holes(&self) -> bool {
        self.holes
    }

    /// Whether a whole record waits, so that [`next`](Self::next) will not ask the system.
    pub fn is_ready(&self) -> bool {
        let waiting = self.source.waiting().get(self.given..).unwrap_or_default();
        u32_at(waiting, 0).is_some_and(|len| bad_len(len) || len as usize <= waiting.len())
    }

    /// The next record, gaps included; `None` after the end. Heads and ends are checked and kept.
    ///
    /// # Errors
    /// Status 3 when the input is no record stream; status 4 when it is cut off or contradicts
    /// itself; status 5 when the system refuses the read. Each names byte and record.
    #[expect(clippy::should_implement_trait, reason = "the record borrows from the reader")]
    pub fn next(&mut self) -> Result<Option<Record<'_>>> {
        loop {
            self.source.take(self.given);
            self.given = 0;
            let Some(len) = self.fill()? else { return Ok(None) };
            let at = self.passed;
            let record = Record::new(self.source.waiting().get(..len).unwrap_or_default());
            let kind = record.ok_or_else(|| self.broken())?.kind();
            (self.given, self.passed) = (len, at + len as u64);
            if kind == Head::SCHEMA.kind || kind == End::SCHEMA.kind {
                self.frame(at)?;
                if self.state == State::Between && self.first_end_is_last {
                    return Ok(None);
                }
                continue;
            }
            match &mut self.state {
                State::Inside(records) => *records += 1,
                State::Start => return Err(self.foreign()),
                State::Between => {
                    let what = "a record stands between an end and a head";
                    return Err(Error::damaged(what).at_byte(at));
                }
            }
            return Ok(self.current());
        }
    }

    /// As [`next`](Self::next), and the record `ahead` places behind that one, if it waits already.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    #[inline]
    pub fn next_and(&mut self, ahead: usize) -> Result<Option<(Record<'_>, Option<Record<'_>>)>> {
        if self.next()?.is_none() {
            return Ok(None);
        }
        Ok(self.current().map(|record| (record, self.waiting_at(ahead))))
    }

    /// The record `ahead` places behind the one given last, if all of it waits; 0 is none.
    fn waiting_at(&self, ahead: usize) -> Option<Record<'_>> {
        let mut waiting = self.source.waiting().get(self.given..)?;
        for _ in 1..ahead {
            let len = u32_at(waiting, 0).filter(|len| !bad_len(*len))?;
            waiting = waiting.get(len as usize..)?;
        }
        let len = u32_at(waiting, 0).filter(|len| ahead > 0 && !bad_len(*len))?;
        Record::new(waiting.get(..len as usize)?)
    }

    /// The record that was found last.
    fn current(&self) -> Option<Record<'_>> {
        Record::new(self.source.waiting().get(..self.given)?)
    }

    /// Takes the head or end that was found last, at byte `at`.
    fn frame(&mut self, at: u64) -> Result<()> {
        let Some(record) = self.current() else { return Err(self.broken()) };
        let head = record.get::<Head>().map_err(|e| e.at_byte(at))?;
        let end = record.get::<End>().map_err(|e| e.at_byte(at))?;
        let holes = head.is_some_and(|head| head.head.flags & Head::HOLES != 0);
        let state = match (self.state, head, end) {
            (State::Start | State::Between, Some(head), _) if head.magic == MAGIC => {
                State::Inside(0)
            }
            (State::Inside(records), _, Some(end)) if end.records == records => State::Between,
            (State::Inside(records), _, Some(end)) => {
                let what = format!("the end says {} records, {records} were there", end.records);
                return Err(Error::damaged(what).at(at, records));
            }
            (State::Inside(records), ..) => {
                return Err(Error::damaged("a head stands before the end").at(at, records));
            }
            (State::Start, ..) => return Err(self.foreign()),
            (State::Between, ..) => {
                return Err(Error::damaged("no head stands after the end").at_byte(at));
            }
        };
        self.state = state;
        self.holes |= holes;
        Ok(())
    }

    /// Makes sure that a whole record waits and gives its length; `None` at the proper end.
    fn fill(&mut self) -> Result<Option<usize>> {
        loop {
            let waiting = self.source.waiting();
            let known = self.state != State::Start || waiting.len() >= 24;
            if self.state == State::Start && known && !starts_with_head(waiting) {
                return Err(self.foreign());
            }
            if let Some(len) = u32_at(waiting, 0).filter(|_| known) {
                if bad_len(len) {
                    return Err(self.broken());
                }
                if len as usize <= waiting.len() {
                    return Ok(Some(len as usize));
                }
            }
            // A source that knows more than the system says it in our own words.
            let refused = |e: std::io::Error| {
                e.downcast::<Error>().unwrap_or_else(|e| Error::os("cannot read", &e))
            };
            if self.source.more().map_err(refused)? == 0 {
                return self.at_eof().map(|()| None);
            }
        }
    }

    /// Judges the end of the file.
    fn at_eof(&self) -> Result<()> {
        let waiting = self.source.waiting();
        match self.state {
            State::Start if waiting.is_empty() => {
                let hint =
                    "the program before this one in the pipe may have failed: see its message";
                Err(Error::damaged("input is empty: not even a head").hint(hint))
            }
            State::Start if waiting.len() < 24 => Err(self.foreign()),
            State::Between if waiting.is_empty() => Ok(()),
            State::Inside(records) if waiting.is_empty() => {
                let what = "input ends without an end record: its writer was cut off";
                Err(Error::damaged(what).at(self.passed, records))
            }
            _ => {
                let whole = u32_at(waiting, 0).map(|len| format!(" of {len}")).unwrap_or_default();
                let what = format!("input ends inside a record: {}{whole} bytes", waiting.len());
                Err(Error::damaged(what).at(self.passed, self.number()))
            }
        }
    }

    /// The number of the next record in its stream, from 0.
    fn number(&self) -> u64 {
        if let State::Inside(records) = self.state { records } else { 0 }
    }

    fn foreign(&self) -> Error {
        let start = self.source.waiting().iter().take(8);
        let start: String = start.map(|byte| format!(" {byte:02x}")).collect();
        Error::foreign(format!("not a record stream: starts with{start}")).hint(
            "captures are read by mev-parse and mev-capture; the other tools read their output",
        )
    }

    fn broken(&self) -> Error {
        let what = "record length is no multiple of 64 within bounds";
        Error::damaged(what).at(self.passed, self.number())
    }
}

fn starts_with_head(waiting: &[u8]) -> bool {
    waiting.get(16..24) == Some(&MAGIC)
}

fn bad_len(len: u32) -> bool {
    let len = len as usize;
    len < LINE || !len.is_multiple_of(LINE) || len > LEN_MAX
}

#[cfg(test)]
mod tests {
    use super::super::{Piped, Writer};
    use super::*;
    use crate::error::Exit;
    use crate::record::{Gap, Producer, Slot};
    use std::io::Read;

    fn stream(slots: u64) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new(), Producer::Parse);
        for slot in 0..slots {
            let mut record = Slot::new(slot);
            record.slot = slot;
            writer.put(Record::of(&record)).unwrap();
        }
        writer.put(Record::of(&Gap::new(9))).unwrap();
        writer.finish().unwrap()
    }

    /// Hands out `step` bytes at a time, so that every boundary is crossed inside a record.
    struct Drip<'a>(&'a [u8], usize);

    impl Read for Drip<'_> {
        fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
            let count = self.1.min(to.len());
            self.0.read(&mut to[..count])
        }
    }

    fn read_all(from: impl Read) -> (Vec<u64>, Option<Error>) {
        let mut reader = Reader::new(Piped::new(from));
        let mut got = Vec::new();
        loop {
            match reader.next() {
                Ok(Some(record)) => got.push(record.rx_ns()),
                Ok(None) => return (got, None),
                Err(error) => return (got, Some(error)),
            }
        }
    }

    #[test]
    fn what_was_written_is_read_whatever_the_pieces() {
        let bytes = stream(3);
        for step in [1, 7, 64, 4096] {
            let (got, error) = read_all(Drip(&bytes, step));
            assert_eq!((got, error.is_none()), (vec![0, 1, 2, 9], true), "step {step}");
        }
    }

    #[test]
    fn what_waits_behind_a_record_is_shown_as_far_as_it_does() {
        let bytes = stream(4);
        let mut reader = Reader::new(Piped::new(bytes.as_slice()));
        let mut seen = Vec::new();
        while let Some((record, coming)) = reader.next_and(2).unwrap() {
            seen.push((record.rx_ns(), coming.map(|coming| coming.rx_ns())));
        }
        // Four slots, a gap, and the end, which is a record too.
        let want = [(0, Some(2)), (1, Some(3)), (2, Some(9)), (3, Some(0)), (9, None)];
        assert_eq!(seen, want);
        let mut reader = Reader::new(Piped::new(Drip(&bytes, 64)));
        assert_eq!(reader.next_and(1).unwrap().map(|(_, coming)| coming.is_none()), Some(true));
        assert_eq!(reader.next_and(0).unwrap().map(|(_, coming)| coming.is_none()), Some(true));
    }

    #[test]
    fn two_streams_in_a_row_are_one() {
        let both = [stream(2), stream(1)].concat();
        let (got, error) = read_all(both.as_slice());
        assert_eq!((got, error.is_none()), (vec![0, 1, 9, 0, 9], true));
    }

    #[test]
    fn a_cut_at_every_byte_is_found_after_every_whole_record() {
        let bytes = stream(2);
        for cut in 0..bytes.len() {
            let (got, error) = read_all(&bytes[..cut]);
            let error = error.unwrap_or_else(|| panic!("cut at {cut} passed"));
            let whole = if cut < 64 { 0 } else { (cut - 64) / 192 };
            assert_eq!(got.len(), whole.min(2) + usize::from(cut >= 64 + 384 + 64), "cut {cut}");
            let exit = if (1..24).contains(&cut) { Exit::Foreign } else { Exit::Damaged };
            assert_eq!(error.exit(), exit, "cut {cut}: {error}");
        }
    }

    #[test]
    fn foreign_bytes_are_named_and_damage_is_placed() {
        let (_, error) = read_all(&b"this is a text file, and no stream\n"[..]);
        let error = error.unwrap();
        assert_eq!(error.exit(), Exit::Foreign);
        assert!(error.to_string().contains("starts with 74 68 69 73"), "{error}");
        let mut bytes = stream(2);
        bytes[64] = 65;
        let error = read_all(bytes.as_slice()).1.unwrap();
        assert!(error.to_string().starts_with("byte 64 (record 0)"), "{error}");
        let mut bytes = stream(2);
        let end = bytes.len() - 64;
        bytes[end + 16] = 9;
        let error = read_all(bytes.as_slice()).1.unwrap();
        assert!(error.to_string().contains("the end says 9 records, 3 were there"), "{error}");
        for step in [1, 12, 23] {
            let error = read_all(Drip(b"a text that comes in pieces, and is no stream", step)).1;
            assert_eq!(error.unwrap().exit(), Exit::Foreign, "step {step}");
        }
        let short = &stream(1)[64..];
        assert_eq!(read_all(short).1.unwrap().exit(), Exit::Foreign);
    }

    #[test]
    fn a_followed_file_ends_at_its_first_end() {
        let both = [stream(1), stream(1)].concat();
        let mut reader = Reader::new(Piped::new(both.as_slice())).until_end();
        let mut count = 0;
        while reader.next().unwrap().is_some() {
            count += 1;
        }
        assert_eq!((count, reader.position()), (2, stream(1).len() as u64));
    }
}
