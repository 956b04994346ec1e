//! Records in pipes and files: head, records, gaps, end.
//!
//! ```text
//! head | record | record | gap | record | .. | end      then nothing, or another head
//! ```
//!
//! - End of file is not an end: only an [`End`](crate::record::End) record is. A stream that stops
//!   without one was cut off, and its reader says so after delivering everything before the cut.
//! - End is written by [`Writer::finish`], never by dropping: a stage that fails leaves its output
//!   cut, so the next one knows.
//! - `cat a b` of two streams is a stream: after an end, a head starts anew.
//! - A writer collects up to 64 KiB and is flushed when no complete input waits; under load that
//!   batches by itself.

mod reader;
mod source;
mod stage;
mod writer;

pub use reader::Reader;
pub use source::{Input, Mapped, Piped, Source};
pub use stage::{Arena, Sink, Stage};
pub use writer::Writer;
