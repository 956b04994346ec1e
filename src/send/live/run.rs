//! mev-send --live: opens the journal, runs errands on lanes, follows to the end, reports.

use super::super::args::{Args, Sync};
use super::super::desk::{Desk, Ruling};
use super::super::journal::run::Journal;
use super::super::office::{Errand, LANES, Office, Work};
use super::super::receipt::unfit;
use super::super::status::{TIP_ACCOUNTS, TIP_ACCOUNTS_BODY};
use super::super::url::Endpoint;
use super::super::{Tally, URLS_MAX, run::CONSUMES};
use crate::cli::{Drive, Flow, Frame, Named, read_stream};
use crate::error::{Error, Result};
use crate::net::http::{Client, Exchange};
use crate::record::{Bundle, Receipt, Record};
use crate::stream::{Sink, Stage};
use crate::time::now_ns;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

/// How long an answer is waited for before time is looked at again.
const TICK: Duration = Duration::from_millis(1);

/// An errand that was run, and what came of it.
type Done = (Errand, Exchange);

/// Sends, and follows what was sent.
struct Live {
    desk: Desk,
    office: Office,
    journal: Journal,
    stop_file: Option<PathBuf>,
    /// One queue an endpoint.
    lanes: Vec<Sender<Errand>>,
    done: Receiver<Done>,
    tally: Tally,
    /// The journal could not be written: nothing more is sent or told.
    failed: Option<Error>,
}

/// Sends what `inputs` hold to `endpoints`, over [`LANES`] clients each.
pub(in crate::send) fn live(
    frame: &Frame,
    args: &Args,
    endpoints: &[Endpoint],
    client: impl Fn() -> Result<Client>,
    inputs: &[Named],
) -> Result<(Flow, Tally)> {
    let guard = args.guard()?;
    let (journal, found) = Journal::open(guard.journal, args.sync == Sync::Always)?;
    if found.cut_len > 0 {
        let len = found.cut_len;
        frame.warn(&format!("the journal's last {len} bytes are no whole entry: cut off"));
    }
    let shown = endpoints.iter().map(|endpoint| endpoint.shown().to_owned());
    let mut office = Office::new(shown, args.limits(guard.spend_max));
    office.restore(&found.entries, now_ns());
    if !office.is_done() {
        let count = office.open_count();
        frame.warn(&format!("{count} bundles of an earlier run have no final receipt: followed"));
    }
    let (finished, done) = mpsc::channel();
    let mut lanes = Vec::new();
    std::thread::scope(|scope| {
        let mut queues = Vec::new();
        for _ in endpoints {
            let (lane, queue) = mpsc::channel();
            lanes.push(lane);
            queues.push(std::sync::Arc::new(Mutex::new(queue)));
        }
        for (endpoint, queue) in endpoints.iter().zip(&queues) {
            for _ in 0..LANES {
                let (client, queue, finished) = (client()?, queue.clone(), finished.clone());
                scope.spawn(move || lane(&client, endpoint, &queue, &finished));
            }
        }
        drop(finished);
        let (desk, tally) = (Desk::default(), Tally::default());
        let stop_file = args.stop_file.clone();
        let mut stage = Live { desk, office, journal, stop_file, lanes, done, tally, failed: None };
        let flow = drive(frame, &mut stage, inputs);
        match stage.failed.take() {
            Some(error) => Err(error),
            None => Ok((flow?, stage.tally)),
        }
    })
}

/// Reads all inputs, then follows what was sent until each bundle has its final receipt.
fn drive(frame: &Frame, stage: &mut Live, inputs: &[Named]) -> Result<Flow> {
    let opened: Vec<_> = inputs.iter().map(|named| named.open(frame)).collect::<Result<_>>()?;
    let mut drive = Drive::open(frame, Live::MAX_OUT, None)?;
    let mut read = Ok(0);
    for (named, input) in inputs.iter().zip(opened) {
        read = read_stream(frame, &mut drive, stage, CONSUMES, input, 0);
        if stage.failed.is_some() || read.is_err() {
            read = read.map_err(|error| error.input(named.name()));
            break;
        }
    }
    if read.as_ref().is_err_and(Error::is_broken_pipe) {
        // Nobody takes the receipts: they are in the journal, and the next run follows.
        return read.map(|_| Flow::new());
    }
    while stage.failed.is_none() && !stage.office.is_done() {
        drive.idle(stage)?;
        stage.wait();
    }
    drive.end(stage)?;
    read?;
    drive.finish()
}

/// Runs one errand after another until there are no more.
fn lane(
    client: &Client,
    endpoint: &Endpoint,
    queue: &Mutex<Receiver<Errand>>,
    finished: &Sender<Done>,
) {
    loop {
        // The lock is free again before anything is sent.
        let errand = queue.lock().map(|queue| queue.recv());
        let Ok(Ok(errand)) = errand else { return };
        let mut exchanges = match &errand.work {
            Work::Send { body, .. } => client.post_json(&[endpoint.url()], body),
            Work::Ask { question, ids } => {
                client.post_json(&[endpoint.method(question.method())], &question.body(ids))
            }
            Work::Tips => client.post_json(&[endpoint.method(TIP_ACCOUNTS)], TIP_ACCOUNTS_BODY),
        };
        let Some(exchange) = exchanges.pop() else { return };
        if finished.send((errand, exchange)).is_err() {
            return;
        }
    }
}

impl Live {
    /// Waits a moment for an answer.
    fn wait(&mut self) {
        match self.done.recv_timeout(TICK) {
            Ok((errand, exchange)) => self.office.done(&errand, &exchange, now_ns()),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => self.fail(lanes_ended()),
        }
    }

    fn fail(&mut self, error: Error) {
        self.failed.get_or_insert(error);
    }

    /// Whether the stop file is there. Where the system does not tell, it is.
    fn is_stopped(&self) -> bool {
        self.stop_file.as_ref().is_some_and(|path| path.try_exists().unwrap_or(true))
    }

    /// Does all that is due: takes answers, sends, and tells what came of it.
    fn pump(&mut self, out: &mut impl Sink) {
        while let Ok((errand, exchange)) = self.done.try_recv() {
            self.office.done(&errand, &exchange, now_ns());
        }
        while self.failed.is_none() {
            if self.is_stopped() {
                self.office.stop("stopped", now_ns());
            }
            let Some((errand, entry)) = self.office.next(now_ns()) else { break };
            // Before the first byte leaves.
            if let Some(Err(error)) = entry.map(|entry| self.journal.append(&entry)) {
                return self.fail(error);
            }
            let lane = self.lanes.get(errand.endpoint);
            if lane.is_none_or(|lane| lane.send(errand).is_err()) {
                return self.fail(lanes_ended());
            }
        }
        self.office.settle(now_ns());
        for entry in self.office.take_entries() {
            if self.failed.is_some() {
                return;
            }
            match self.journal.append(&entry) {
                Ok(()) => self.put(&entry.receipt, out),
                Err(error) => self.fail(error),
            }
        }
    }

    fn put(&mut self, receipt: &Receipt, out: &mut impl Sink) {
        self.tally.count(receipt);
        out.put(Record::of(receipt));
    }
}

impl Stage for Live {
    const MAX_OUT: usize = LANES * URLS_MAX * size_of::<Receipt>();

    fn step(&mut self, input: Record<'_>, out: &mut impl Sink) {
        let Some(bundle) = input.typed::<Bundle>() else { return };
        self.tally.bundles = self.tally.bundles.saturating_add(1);
        while self.failed.is_none() && self.office.is_full() {
            self.pump(out);
            self.wait();
        }
        let stopped = self.is_stopped();
        let ruled = match self.desk.rule(bundle, input.tail::<Bundle>()) {
            Ruling::Fit(_) if stopped => Err("stopped"),
            Ruling::Fit(fit) => self.office.submit(bundle, &fit, now_ns()),
            Ruling::Unfit(reason) => Err(reason),
        };
        if let Err(reason) = ruled {
            let receipt = unfit(bundle, &Endpoint::nowhere(), reason);
            self.put(&receipt, out);
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

/// Lanes end only when the office hangs up.
fn lanes_ended() -> Error {
    Error::os("cannot send", &std::io::Error::other("the threads that send have ended"))
}
