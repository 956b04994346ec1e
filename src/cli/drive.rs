//! Drives a stage: records in, `step`, records out, and everything around it that is the same for
//! every filter.

use super::progress::Progress;
use super::{Flow, Frame, Named, Opened, Output, Ready};
use crate::error::{Error, Result};
use crate::record::{self, Record};
use crate::stream::{Arena, Reader, Source, Stage};
use crate::time::now_ns;
use std::time::Duration;

/// The output side of a run, and its measurements.
pub struct Drive {
    /// What was measured so far.
    pub flow: Flow,
    output: Output,
    arena: Arena,
    progress: Progress,
}

impl Drive {
    /// Opens the output; `total_len` is the length of all inputs, if it is known.
    ///
    /// # Errors
    /// Those of [`Output::open`].
    pub fn open(frame: &Frame, max_out: usize, total_len: Option<u64>) -> Result<Self> {
        Ok(Self {
            output: Output::open(frame)?,
            flow: Flow::open(frame)?,
            arena: Arena::with_room(max_out),
            progress: Progress::new(&frame.common, total_len),
        })
    }

    /// Gives `record` to the stage and writes what follows.
    ///
    /// # Errors
    /// Those of the output.
    #[inline]
    pub fn step(&mut self, stage: &mut impl Stage, record: Record<'_>, piped: bool) -> Result<()> {
        let rx_ns = record.rx_ns();
        let clock = self.flow.take(piped, rx_ns);
        stage.step(record, &mut self.arena);
        self.drain()?;
        self.flow.done(clock, rx_ns);
        Ok(())
    }

    /// Lets `make` give the stage an input that is no record, received at `rx_ns`, and writes what
    /// follows.
    ///
    /// # Errors
    /// Those of the output.
    #[inline]
    pub fn input(&mut self, rx_ns: u64, piped: bool, make: impl FnOnce(&mut Arena)) -> Result<()> {
        let clock = self.flow.take(piped, rx_ns);
        make(&mut self.arena);
        self.drain()?;
        self.flow.done(clock, rx_ns);
        Ok(())
    }

    /// Writes what `make` puts, which follows from no input.
    ///
    /// # Errors
    /// Those of the output.
    pub fn emit(&mut self, make: impl FnOnce(&mut Arena)) -> Result<()> {
        make(&mut self.arena);
        self.drain()
    }

    /// Writes a record unchanged.
    ///
    /// # Errors
    /// Those of the output.
    pub fn pass(&mut self, record: Record<'_>) -> Result<()> {
        self.flow.records_in += 1;
        self.flow.wrote(record.kind());
        self.output.put(record)
    }

    /// Tells the stage that no input waits, and hands everything to the reader.
    ///
    /// # Errors
    /// Those of the output.
    pub fn idle(&mut self, stage: &mut impl Stage) -> Result<()> {
        stage.idle(now_ns(), &mut self.arena);
        self.drain()?;
        self.output.flush()
    }

    /// Hands everything written so far to the reader.
    ///
    /// # Errors
    /// Those of the output.
    pub fn flush(&mut self) -> Result<()> {
        self.output.flush()
    }

    /// Tells the stage that the input has ended and writes what it held back.
    ///
    /// # Errors
    /// Those of the output.
    pub fn end(&mut self, stage: &mut impl Stage) -> Result<()> {
        stage.finish(&mut self.arena);
        self.drain()?;
        self.output.flush()
    }

    /// Whether nothing more is wanted.
    pub fn is_full(&self) -> bool {
        self.output.is_full()
    }

    /// Moves the progress bar to `position` bytes of all inputs.
    #[inline]
    pub fn progress(&mut self, position: u64) {
        self.progress.at(position);
    }

    /// Passes on that something upstream dropped records.
    pub fn set_holes(&mut self) {
        self.output.set_holes();
    }

    /// Writes the end. A drive dropped without it leaves its output cut.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(self) -> Result<Flow> {
        self.progress.finish();
        let mut flow = self.flow;
        flow.records_out = self.output.written();
        flow.left_out = self.output.left_out();
        self.output.finish()?;
        Ok(flow)
    }

    fn drain(&mut self) -> Result<()> {
        if self.arena.is_empty() {
            return Ok(());
        }
        for record in self.arena.records() {
            self.output.put(record)?;
            self.flow.wrote(record.kind());
        }
        self.arena.clear();
        Ok(())
    }
}

/// Runs `stage` over the record streams `inputs`: kinds in `consumes` (every kind, if it is empty)
/// are checked and stepped, all others pass through unchanged and in order.
///
/// # Errors
/// The first error of input or output. What was whole before it was delivered, what the stage held
/// back included; the output then has no end.
pub fn filter<S: Stage>(
    frame: &Frame,
    stage: &mut S,
    consumes: &[u16],
    inputs: &[Named],
) -> Result<Flow> {
    let opened: Vec<_> = inputs.iter().map(|named| named.open(frame)).collect::<Result<_>>()?;
    let total_len = total_len(&opened);
    let mut drive = Drive::open(frame, S::MAX_OUT, total_len)?;
    let mut before = 0;
    for (named, input) in inputs.iter().zip(opened) {
        let read = read_stream(frame, &mut drive, stage, consumes, input, before);
        match read {
            Ok(len) => before += len,
            Err(error) => {
                drive.end(stage)?;
                return Err(error.input(named.name()));
            }
        }
    }
    drive.end(stage)?;
    drive.finish()
}

/// Length of all inputs, if all are files.
fn total_len(opened: &[Opened]) -> Option<u64> {
    opened.iter().try_fold(0, |sum, input| Some(sum + input.file_len()?))
}

/// Gives every record of the streams `inputs` to `take`, with progress, until it wants no more: for
/// what is shown and not passed on.
///
/// # Errors
/// The first error of an input or of `take`.
pub fn each_record(
    frame: &Frame,
    inputs: &[Named],
    mut take: impl FnMut(Record<'_>) -> Result<bool>,
) -> Result<()> {
    each_record_and(frame, inputs, 0, |record, _| take(record))
}

/// As [`each_record`], with the record `ahead` places behind, if it waits already.
///
/// # Errors
/// The first error of an input or of `take`.
pub fn each_record_and(
    frame: &Frame,
    inputs: &[Named],
    ahead: usize,
    mut take: impl FnMut(Record<'_>, Option<Record<'_>>) -> Result<bool>,
) -> Result<()> {
    let opened: Vec<_> = inputs.iter().map(|named| named.open(frame)).collect::<Result<_>>()?;
    let mut progress = Progress::new(&frame.common, total_len(&opened));
    let mut before = 0;
    for (named, input) in inputs.iter().zip(opened) {
        let mut reader = Reader::new(input.into_source().0);
        let wrong = |e: Error| e.input(named.name());
        while let Some((record, coming)) = reader.next_and(ahead).map_err(wrong)? {
            if !take(record, coming).map_err(wrong)? {
                return Ok(());
            }
            progress.at(before + reader.position());
        }
        before += reader.position();
    }
    progress.finish();
    Ok(())
}

/// Reads one stream to its end and gives its length, which begins after `before` bytes of input.
///
/// # Errors
/// The first error of input or output.
pub fn read_stream<S: Stage>(
    frame: &Frame,
    drive: &mut Drive,
    stage: &mut S,
    consumes: &[u16],
    input: Opened,
    before: u64,
) -> Result<u64> {
    let (source, pipe) = input.into_source();
    let mut reader = Reader::new(source);
    if frame.common.follow {
        reader = reader.until_end();
    }
    while !drive.is_full() {
        if let Some(ready) = &pipe
            && !reader.is_ready()
        {
            wait(ready, drive, stage)?;
        }
        drive.progress(before + reader.position());
        if reader.has_holes() {
            drive.set_holes();
        }
        if !next(&mut reader, drive, stage, consumes, frame, pipe.is_some())? {
            break;
        }
    }
    Ok(reader.position())
}

/// Takes one record; `false` at the end of the stream.
fn next<S: Stage>(
    reader: &mut Reader<impl Source>,
    drive: &mut Drive,
    stage: &mut S,
    consumes: &[u16],
    frame: &Frame,
    piped: bool,
) -> Result<bool> {
    let Some((record, coming)) = reader.next_and(S::AHEAD)? else { return Ok(false) };
    if let Some(coming) = coming {
        stage.expect(coming);
    }
    let consumed = consumes.is_empty() || consumes.contains(&record.kind());
    if (consumed || frame.common.check)
        && let Err(error) = record::check(record)
    {
        let (byte, number) = reader.place();
        return Err(error.at(byte, number));
    }
    if consumed {
        drive.step(stage, record, piped)?;
    } else {
        drive.pass(record)?;
    }
    Ok(true)
}

/// Nothing waits: flushes, then waits for input and lets the stage look at the time each
/// millisecond.
fn wait<S: Stage>(ready: &Ready, drive: &mut Drive, stage: &mut S) -> Result<()> {
    loop {
        drive.idle(stage)?;
        if ready.wait(Duration::from_millis(1))? {
            return Ok(());
        }
    }
}
