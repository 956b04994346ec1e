//! mev-send --live: a stream of bundles in, receipts out, until each bundle has its last word.

use super::super::args::{Args, Sync};
use super::super::desk::{Desk, Form, Ruling};
use super::super::office::LANES;
use super::super::receipt::unfit;
use super::super::url::Endpoint;
use super::super::{Tally, URLS_MAX, run::CONSUMES, tpu};
use super::{Doors, Live, Setup};
use crate::cli::{Drive, Flow, Frame, Named, read_stream};
use crate::error::{Error, Result};
use crate::record::{Bundle, Receipt, Record, Slot};
use crate::stream::{Sink, Stage};
use std::time::Duration;

/// How long an answer is waited for before time is looked at again.
const TICK: Duration = Duration::from_millis(1);

/// The stage: sends, and follows what was sent.
struct Pipe {
    desk: Desk,
    live: Live,
    tally: Tally,
}

/// Sends what `inputs` hold to `endpoints`, or to `leaders`, of which `endpoints` then are those that can be
/// asked; gives the road to leaders back.
pub(in crate::send) fn live(
    frame: &Frame,
    args: &Args,
    (endpoints, doors): (Vec<Endpoint>, Doors),
    inputs: &[Named],
    leaders: Option<tpu::Road>,
) -> Result<(Flow, Tally, Option<tpu::Road>)> {
    let guard = args.guard()?;
    let setup = Setup {
        endpoints,
        doors,
        leaders,
        limits: args.limits(guard.spend_max),
        journal: guard.journal.to_owned(),
        sync: args.sync == Sync::Always,
        stop_file: args.stop_file.clone(),
    };
    let consumes = if setup.leaders.is_some() { tpu::run::CONSUMES } else { CONSUMES };
    let form = setup.endpoints.first().map_or(Form::Json, |endpoint| Form::of(endpoint.road()));
    let live = Live::open(setup, |what| frame.warn(what))?;
    let mut stage = Pipe { desk: Desk::new(form), live, tally: Tally::default() };
    let flow = drive(frame, &mut stage, consumes, inputs);
    match stage.live.take_failure() {
        Some(error) => Err(error),
        None => Ok((flow?, stage.tally, stage.live.take_leaders())),
    }
}

/// Reads all inputs, then follows what was sent until each bundle has its final receipt.
fn drive(
    frame: &Frame,
    stage: &mut Pipe,
    consumes: &'static [u16],
    inputs: &[Named],
) -> Result<Flow> {
    let opened: Vec<_> = inputs.iter().map(|named| named.open(frame)).collect::<Result<_>>()?;
    let mut drive = Drive::open(frame, Pipe::MAX_OUT, None)?;
    let mut read = Ok(0);
    for (named, input) in inputs.iter().zip(opened) {
        read = read_stream(frame, &mut drive, stage, consumes, input, 0);
        if stage.live.has_failed() || read.is_err() {
            read = read.map_err(|error| error.input(named.name()));
            break;
        }
    }
    if read.as_ref().is_err_and(Error::is_broken_pipe) {
        // Nobody takes the receipts: they are in the journal, and the next run follows.
        return read.map(|_| Flow::new());
    }
    while !stage.live.has_failed() && !stage.live.is_done() {
        drive.idle(stage)?;
        stage.live.wait(TICK);
    }
    drive.end(stage)?;
    read?;
    drive.finish()
}

impl Pipe {
    fn pump(&mut self, out: &mut impl Sink) {
        let Self { live, tally, .. } = self;
        live.pump(|receipt| put(tally, receipt, out));
    }
}

fn put(tally: &mut Tally, receipt: &Receipt, out: &mut impl Sink) {
    tally.count(receipt);
    out.put(Record::of(receipt));
}

impl Stage for Pipe {
    const MAX_OUT: usize = LANES * URLS_MAX * size_of::<Receipt>() + size_of::<Slot>();

    fn step(&mut self, input: Record<'_>, out: &mut impl Sink) {
        if let Some(slot) = input.typed::<Slot>() {
            // It is told of at its end: the next one is on.
            self.live.heard(slot.slot.saturating_add(1));
            out.put(input);
        }
        let Some(bundle) = input.typed::<Bundle>() else { return };
        self.tally.bundles = self.tally.bundles.saturating_add(1);
        while !self.live.has_failed() && self.live.is_full() {
            self.pump(out);
            self.live.wait(TICK);
        }
        let tail = input.tail::<Bundle>();
        let ruled = match self.desk.rule(bundle, tail) {
            Ruling::Fit(fit) => self.live.submit(bundle, tail, &fit),
            Ruling::Unfit(reason) => Err(reason),
        };
        if let Err(reason) = ruled {
            let receipt = unfit(bundle, &Endpoint::nowhere(), reason);
            put(&mut self.tally, &receipt, out);
        }
        self.pump(out);
    }

    fn idle(&mut self, _now_ns: u64, out: &mut impl Sink) {
        self.pump(out);
    }

    fn finish(&mut self, out: &mut impl Sink) {
        self.pump(out);
    }
}
