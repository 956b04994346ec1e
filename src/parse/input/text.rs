//! Text: lines and JSON documents, one after another, each told apart by itself.
//!
//! ```text
//! {..}          a JSON document, on one line or over many; in a list too: [{..},{..}]
//! anything else up to the line's end: a transaction in base64 or base58, quotes around it allowed
//! ```
//!
//! A document whose end is not found, because it was cut short and others follow, is refused, and
//! reading goes on at the next line that begins one. Where the input itself ends inside a document,
//! what was whole of it is delivered, and that is damage.

use super::line::{self, LINE_MAX};
use super::reject::Reject;
use super::reply;
use super::scan::{Scan, Step};
use crate::error::{Error, Result};
use crate::parse::{Executed, TxPlace};
use crate::stream::Source;
use std::fmt;

/// Bytes of a JSON document at most; blocks are below 20 MB today.
pub const DOCUMENT_MAX: usize = 128 << 20;

/// How a transaction was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Form {
    /// A line of base64.
    LineBase64,
    /// A line of base58.
    LineBase58,
    /// A reply, in base64.
    Base64,
    /// A reply, in base58.
    Base58,
    /// A reply, in encoding json.
    Json,
}

impl Form {
    /// Names by number.
    pub const NAMES: [&'static str; 5] =
        ["line_base64", "line_base58", "json_base64", "json_base58", "json"];
}

/// What was found.
#[derive(Debug)]
pub enum Found<'a> {
    /// A transaction to its last byte.
    Transaction {
        /// Its wire bytes.
        wire: &'a [u8],
        /// How it was written.
        form: Form,
        /// Where it stands, as far as the document says.
        place: TxPlace,
        /// What the chain says of it.
        executed: Option<&'a Executed>,
        /// The document says something of it that cannot be.
        meta_refused: bool,
    },
    /// No transaction.
    Refused(Refused),
}

/// A line, a document, or a transaction in one, that is refused.
#[derive(Debug)]
pub struct Refused {
    /// Its line, or the one on which its document begins, from 1.
    pub line: u64,
    /// Its number in its block, from 0.
    pub number: Option<u32>,
    /// Why.
    pub why: Reject,
    /// More about why.
    pub detail: Option<String>,
}

impl fmt::Display for Refused {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "line {}: ", self.line)?;
        if let Some(number) = self.number {
            write!(to, "transaction {number}: ")?;
        }
        to.write_str(self.why.what())?;
        match (self.why, &self.detail) {
            (Reject::Bytes(why), _) => write!(to, ": {}", why.name()),
            (_, Some(detail)) => write!(to, ": {detail}"),
            (_, None) => Ok(()),
        }
    }
}

/// Reads text from a source.
pub struct Text<S> {
    source: S,
    state: reply::State,
    /// Bytes passed.
    at: u64,
    /// The line that the next byte stands on, from 1.
    line: u64,
    /// Lists that are open around the documents.
    open: u32,
    /// The scan of the document that waits.
    scan: Scan,
    /// What waits, once it is known.
    piece: Option<Piece>,
    /// The rest of the line is passed over.
    skipping: bool,
}

/// What waits at the front of the source.
#[derive(Clone, Copy, Debug)]
struct Piece {
    len: usize,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Line,
    /// More than a transaction can be.
    LongLine,
    Document,
    /// Broken; reading goes on right behind it.
    Broken,
    /// Broken, and the rest of the line with it.
    BrokenLine,
    /// The input ends inside.
    Cut,
    LongDocument,
}

impl<S: Source> Text<S> {
    /// Reads from `source`.
    pub fn new(source: S) -> Self {
        Self {
            source,
            state: reply::State::default(),
            at: 0,
            line: 1,
            open: 0,
            scan: Scan::default(),
            piece: None,
            skipping: false,
        }
    }

    /// Bytes read so far.
    pub fn position(&self) -> u64 {
        self.at
    }

    /// Whether a transaction or a block was read.
    pub fn is_understood(&self) -> bool {
        self.state.understood > 0
    }

    /// Whether a line or a document waits, so that [`next`](Self::next) will not ask the system.
    pub fn is_ready(&mut self) -> bool {
        self.look(false)
    }

    /// Reads the next line or document and hands what is in it to `take`; `false` at the end.
    ///
    /// # Errors
    /// Those of `take`; status 4, with the byte, when the input ends inside a document or a list;
    /// status 5 when the system refuses the read.
    pub fn next(&mut self, take: &mut impl FnMut(Found<'_>) -> Result<()>) -> Result<bool> {
        while !self.look(false) {
            let came = self.source.more().map_err(|e| Error::os("cannot read", &e))?;
            if came == 0 && !self.look(true) {
                return self.end().map(|()| false);
            }
        }
        let Some(piece) = self.piece.take() else { return Ok(false) };
        let bytes = self.source.waiting().get(..piece.len).unwrap_or_default();
        let fault = read(bytes, piece.kind, self.line, &mut self.state, take)?;
        if piece.kind == Kind::Cut {
            let what = format!("input ends inside the document that begins on line {}", self.line);
            return Err(Error::damaged(what).at_byte(self.at));
        }
        let refused = fault.map(|fault| Refused {
            line: self.line,
            number: None,
            why: fault.why,
            detail: fault.detail,
        });
        let broken_line = matches!(piece.kind, Kind::BrokenLine | Kind::LongDocument);
        self.skipping = broken_line || piece.kind == Kind::LongLine;
        self.scan = Scan::default();
        self.pass(piece.len);
        refused.map_or(Ok(()), |refused| take(Found::Refused(refused)))?;
        Ok(true)
    }

    /// Judges the end of the input.
    fn end(&self) -> Result<()> {
        if self.open > 0 {
            let what = "input ends inside a list: no bracket closes it";
            return Err(Error::damaged(what).at_byte(self.at));
        }
        Ok(())
    }

    /// Drops `len` bytes and counts their lines.
    fn pass(&mut self, len: usize) {
        let bytes = self.source.waiting().get(..len).unwrap_or_default();
        let lines = bytes.iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>();
        self.line += lines;
        self.at += len as u64;
        self.source.take(len);
    }

    /// Looks for the next piece in what waits, which is all there is once the input has `ended`.
    fn look(&mut self, ended: bool) -> bool {
        if self.piece.is_none() {
            self.separators();
            let waiting = self.source.waiting();
            self.piece = match waiting.first() {
                None => None,
                Some(b'{') => document(waiting, &mut self.scan, ended),
                Some(_) => text_line(waiting, ended),
            };
        }
        self.piece.is_some()
    }

    /// Passes what stands between pieces: blanks, the marks of lists, the rest of a refused line.
    fn separators(&mut self) {
        let waiting = self.source.waiting();
        let mut len = 0;
        if self.skipping {
            let end = waiting.iter().position(|byte| *byte == b'\n');
            len = end.unwrap_or(waiting.len());
            self.skipping = end.is_none();
        }
        while let Some(byte) = waiting.get(len) {
            match byte {
                b'[' => self.open = self.open.saturating_add(1),
                b']' if self.open > 0 => self.open -= 1,
                b',' if self.open > 0 => {}
                _ if byte.is_ascii_whitespace() => {}
                _ => break,
            }
            len += 1;
        }
        self.pass(len);
    }
}

/// Reads a piece; what is wrong with it as a whole comes back.
fn read(
    bytes: &[u8],
    kind: Kind,
    line: u64,
    state: &mut reply::State,
    take: &mut impl FnMut(Found<'_>) -> Result<()>,
) -> Result<Option<reply::Fault>> {
    let refused = |why| Ok(Some(reply::Fault { why, detail: None }));
    match kind {
        Kind::Line => {
            let lone = &mut state.lone;
            match line::read(line::bare(bytes), &mut lone.decoder, &mut lone.wire) {
                Err(why) => refused(why),
                Ok(form) => {
                    state.understood += 1;
                    let (wire, place) = (lone.wire.as_slice(), TxPlace::default());
                    let (executed, meta_refused) = (None, false);
                    take(Found::Transaction { wire, form, place, executed, meta_refused })?;
                    Ok(None)
                }
            }
        }
        Kind::LongLine => refused(Reject::LineLong),
        Kind::LongDocument => refused(Reject::Long),
        Kind::Document | Kind::Broken | Kind::BrokenLine | Kind::Cut => {
            reply::read(bytes, line, state, take)
        }
    }
}

/// The line that waits, without its end.
fn text_line(waiting: &[u8], ended: bool) -> Option<Piece> {
    // A text in quotes ends with them: several may stand in a list on one line.
    let quoted = waiting.first() == Some(&b'"');
    let ends = |(at, byte): (usize, &u8)| *byte == b'\n' || (quoted && at > 0 && *byte == b'"');
    // Blanks and quotes around the longest transaction.
    let near = waiting.get(..LINE_MAX + 64).unwrap_or(waiting);
    let line = |len| Some(Piece { len, kind: Kind::Line });
    match near.iter().enumerate().position(ends) {
        Some(at) if waiting.get(at) == Some(&b'"') => line(at + 1),
        Some(at) => line(at),
        None if near.len() < waiting.len() => Some(Piece { len: near.len(), kind: Kind::LongLine }),
        None if ended => line(waiting.len()),
        None => None,
    }
}

/// The document that waits.
fn document(waiting: &[u8], scan: &mut Scan, ended: bool) -> Option<Piece> {
    let (len, broken) = match scan.step(waiting) {
        Step::Whole(len) => return Some(Piece { len, kind: Kind::Document }),
        Step::Broken(at) => (at, Kind::BrokenLine),
        Step::More if waiting.len() >= DOCUMENT_MAX => (waiting.len(), Kind::LongDocument),
        Step::More if ended => (waiting.len(), Kind::Cut),
        Step::More => return None,
    };
    let next = next_document(waiting.get(..=len).unwrap_or(waiting));
    Some(match next {
        Some(len) => Piece { len, kind: Kind::Broken },
        None => Piece { len, kind: broken },
    })
}

/// The first line after the first in `bytes` that begins with a brace.
fn next_document(bytes: &[u8]) -> Option<usize> {
    bytes.windows(2).position(|pair| pair == b"\n{").map(|at| at + 1)
}
