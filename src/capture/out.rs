//! Where datagrams go: records in one of their views, or a capture; and what went there.

use super::packets::{self, Stamps};
use crate::cli::{Flow, Format, Frame, Output, Stats, Target};
use crate::error::{Error, Exit, Result};
use crate::net::pcap::{self, Datagram, Skip};
use crate::record::{Gap, Layout, Packet, Record};
use crate::stream::Arena;
use std::cell::RefCell;
use std::io::{BufWriter, Write};
use std::rc::Rc;

/// What went through.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) packets: u64,
    pub(super) payload_bytes: u64,
    pub(super) truncated: u64,
    pub(super) gaps: u64,
    /// Packets of captures that are no datagrams, by reason.
    pub(super) refused: [u64; Skip::COUNT],
    /// Records that a capture cannot hold.
    pub(super) unwritable: u64,
}

/// Where datagrams go, and what went there.
pub(super) struct Out {
    form: Form,
    arena: Arena,
    pub(super) flow: Flow,
    pub(super) tally: Tally,
}

/// Records or a view of them, or a capture.
enum Form {
    Records(Output),
    Pcap { to: pcap::Writer<Shared>, file: Shared, left: u64, wanted: bool },
}

/// A buffered target that its owner can flush while a writer holds it.
#[derive(Clone)]
struct Shared(Rc<RefCell<BufWriter<Target>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.borrow_mut().flush()
    }
}

impl Out {
    /// Opens what the common options ask for.
    pub(super) fn open(frame: &Frame) -> Result<Self> {
        let common = &frame.common;
        let form = if common.format == Format::Pcap && !common.check {
            let only = common.only_kinds()?;
            let target = Target::open(common)?;
            let file = Shared(Rc::new(RefCell::new(BufWriter::new(target))));
            let to = pcap::Writer::new(file.clone())?;
            let wanted = only.is_empty() || only.contains(&Packet::SCHEMA.kind);
            Form::Pcap { to, file, left: common.limit.unwrap_or(u64::MAX), wanted }
        } else {
            Form::Records(Output::open(frame)?)
        };
        let (arena, flow) = (Arena::with_room(64 + (64 << 10)), Flow::open(frame)?);
        Ok(Self { form, arena, flow, tally: Tally::default() })
    }

    /// Writes a datagram; `user_ns` is when this process saw it, if it was there.
    pub(super) fn put(&mut self, datagram: &Datagram<'_>, user_ns: Option<u64>) -> Result<()> {
        self.put_stamped(datagram, Stamps { user_ns, ..Stamps::default() })
    }

    /// Writes a datagram with all its stamps.
    pub(super) fn put_stamped(&mut self, datagram: &Datagram<'_>, stamps: Stamps) -> Result<()> {
        let clock = self.flow.take(stamps.user_ns.is_some(), datagram.rx_ns);
        self.count(datagram);
        match &mut self.form {
            Form::Records(output) => {
                packets::put(datagram, stamps, &mut self.arena);
                for record in self.arena.records() {
                    output.put(record)?;
                    self.flow.wrote(record.kind());
                }
                self.arena.clear();
            }
            Form::Pcap { to, left, wanted, .. } => {
                if *wanted && *left > 0 {
                    *left -= 1;
                    to.write(datagram)?;
                }
            }
        }
        self.flow.done(clock, datagram.rx_ns);
        Ok(())
    }

    fn count(&mut self, datagram: &Datagram<'_>) {
        self.tally.packets += 1;
        self.tally.payload_bytes += datagram.payload.len() as u64;
        self.tally.truncated += u64::from(datagram.truncated);
    }

    /// Writes a gap; a capture has no place for it.
    pub(super) fn gap(&mut self, gap: &Gap) -> Result<()> {
        self.tally.gaps += 1;
        match &mut self.form {
            Form::Records(output) => {
                self.flow.wrote(Gap::SCHEMA.kind);
                output.put(Record::of(gap))
            }
            Form::Pcap { .. } => Ok(()),
        }
    }

    /// Passes on that something upstream dropped records.
    pub(super) fn set_holes(&mut self) {
        if let Form::Records(output) = &mut self.form {
            output.set_holes();
        }
    }

    /// Writes a packet record, which holds `datagram`: unchanged where records are written. `live` says
    /// that it was received just now.
    pub(super) fn put_record(
        &mut self,
        record: Record<'_>,
        datagram: &Datagram<'_>,
        live: bool,
    ) -> Result<()> {
        let Form::Records(output) = &mut self.form else {
            return self.put(datagram, live.then_some(datagram.rx_ns));
        };
        let clock = self.flow.take(live, datagram.rx_ns);
        output.put(record)?;
        self.flow.wrote(record.kind());
        self.count(datagram);
        self.flow.done(clock, datagram.rx_ns);
        Ok(())
    }

    /// Writes a record unchanged; a capture holds datagrams only.
    pub(super) fn pass(&mut self, record: Record<'_>) -> Result<()> {
        match &mut self.form {
            Form::Records(output) => {
                self.flow.wrote(record.kind());
                output.put(record)
            }
            Form::Pcap { .. } => {
                self.tally.unwritable += 1;
                Ok(())
            }
        }
    }

    /// Whether `--limit` was reached.
    pub(super) fn is_full(&self) -> bool {
        match &self.form {
            Form::Records(output) => output.is_full(),
            Form::Pcap { left, .. } => *left == 0,
        }
    }

    /// Hands everything to the reader.
    pub(super) fn flush(&mut self) -> Result<()> {
        match &mut self.form {
            Form::Records(output) => output.flush(),
            Form::Pcap { file, .. } => file.flush().map_err(|e| Error::os("cannot write", &e)),
        }
    }

    /// Writes the end, puts a file in its place, and reports; `more` adds to the report.
    pub(super) fn finish(mut self, frame: &Frame, more: impl FnOnce(&mut Stats)) -> Result<Exit> {
        self.flush()?;
        self.flow.records_out = match self.form {
            Form::Records(output) => {
                let written = output.written();
                self.flow.left_out = output.left_out();
                output.finish()?;
                written
            }
            Form::Pcap { to, file, left, .. } => {
                drop(to);
                // The writer was the only other owner.
                if let Ok(buffer) = Rc::try_unwrap(file.0) {
                    let refused = |e: std::io::Error| Error::os("cannot write", &e);
                    buffer
                        .into_inner()
                        .into_inner()
                        .map_err(|e| refused(e.into_error()))?
                        .finish()?;
                }
                frame.common.limit.unwrap_or(u64::MAX).saturating_sub(left)
            }
        };
        report(frame, &self.tally, &self.flow, more);
        Ok(Exit::Done)
    }

    /// Hands on what there is and reports; the output stays cut.
    pub(super) fn fail(mut self, frame: &Frame, error: Error) -> Result<Exit> {
        self.flush()?;
        report(frame, &self.tally, &self.flow, |_| ());
        Err(error)
    }
}

fn report(frame: &Frame, tally: &Tally, flow: &Flow, more: impl FnOnce(&mut Stats)) {
    let mut stats = Stats::default();
    stats.number("packets", tally.packets).number("payload_bytes", tally.payload_bytes);
    stats.number("truncated", tally.truncated).number("gaps", tally.gaps);
    let unwritable = [("not_a_packet", tally.unwritable)];
    stats.counts("refused", Skip::NAMES.into_iter().zip(tally.refused).chain(unwritable));
    more(&mut stats);
    frame.report(stats.flow(flow));
}
