//! mev-send --live: opens the journal, runs errands on lanes, follows to the end, reports.

use super::super::args::{Args, Sync};
use super::super::desk::{Desk, Form, Ruling};
use super::super::journal::run::Journal;
use super::super::office::{Errand, LANES, Office, Work};
use super::super::receipt::unfit;
use super::super::reply::Reply;
use super::super::searcher::run::Searcher;
use super::super::status::{News, Question, TIP_ACCOUNTS, TIP_ACCOUNTS_BODY, signatures_body};
use super::super::tpu::{self, shown};
use super::super::url::Endpoint;
use super::super::{Tally, URLS_MAX, run::CONSUMES};
use crate::cli::{Drive, Flow, Frame, Named, read_stream};
use crate::error::{Error, Result};
use crate::keys::Signer;
use crate::net::http::Client;
use crate::record::{Bundle, Receipt, Record, Road, Slot};
use crate::stream::{Sink, Stage};
use crate::time::now_ns;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long an answer is waited for before time is looked at again.
const TICK: Duration = Duration::from_millis(1);

/// What comes back from the lanes.
enum Event {
    /// An errand was run, and this came of it.
    Done(Errand, Reply),
    /// The engine at this endpoint tells of a bundle.
    Told(usize, News),
}

/// How endpoints are reached.
pub(in crate::send) struct Doors<'a> {
    /// How long an answer is waited for.
    pub(in crate::send) timeout: Duration,
    /// The value of the header `x-jito-auth`.
    pub(in crate::send) auth: Option<&'a str>,
    /// Who signs the challenges of searcher APIs.
    pub(in crate::send) signer: Option<Arc<Signer>>,
}

impl Doors<'_> {
    fn client(&self) -> Result<Client> {
        let client = Client::new(self.timeout)?;
        match self.auth {
            Some(auth) => client.with_secret("x-jito-auth", auth),
            None => Ok(client),
        }
    }

    /// The searcher API of `endpoint`, if bundles go that way.
    fn searcher(&self, endpoint: &Endpoint) -> Result<Option<Searcher>> {
        let asked = endpoint.road() == Road::JitoGrpc;
        let open =
            || Searcher::new(endpoint.origin(), self.timeout, self.signer.clone(), self.auth);
        asked.then(open).transpose()
    }
}

/// Sends, and follows what was sent.
struct Live {
    desk: Desk,
    office: Office,
    journal: Journal,
    stop_file: Option<PathBuf>,
    /// One queue an endpoint.
    lanes: Vec<Sender<Errand>>,
    events: Receiver<Event>,
    tally: Tally,
    /// The road to leaders, if that is where bundles go.
    leaders: Option<tpu::Road>,
    /// The journal could not be written: nothing more is sent or told.
    failed: Option<Error>,
}

/// Sends what `inputs` hold to `endpoints`, over [`LANES`] clients each, or to `leaders`, of which `endpoints`
/// then are those that can be asked; gives the leaders' road back.
pub(in crate::send) fn live(
    frame: &Frame,
    args: &Args,
    (endpoints, doors): (&[Endpoint], &Doors<'_>),
    inputs: &[Named],
    leaders: Option<tpu::Road>,
) -> Result<(Flow, Tally, Option<tpu::Road>)> {
    let guard = args.guard()?;
    let (journal, found) = Journal::open(guard.journal, args.sync == Sync::Always)?;
    if found.cut_len > 0 {
        let len = found.cut_len;
        frame.warn(&format!("the journal's last {len} bytes are no whole entry: cut off"));
    }
    let mut office = Office::new(endpoints, args.limits(guard.spend_max));
    office.restore(&found.entries, now_ns());
    if !office.is_done() {
        let count = office.open_count();
        frame.warn(&format!("{count} bundles of an earlier run have no final receipt: followed"));
    }
    let searchers: Vec<_> =
        endpoints.iter().map(|endpoint| doors.searcher(endpoint)).collect::<Result<_>>()?;
    let (happens, events) = mpsc::channel();
    let mut lanes = Vec::new();
    // Results are wanted as long as these are there.
    let mut wanted = Vec::new();
    std::thread::scope(|scope| {
        let mut queues = Vec::new();
        for _ in endpoints {
            let (lane, queue) = mpsc::channel();
            lanes.push(lane);
            queues.push(Arc::new(Mutex::new(queue)));
        }
        for ((at, endpoint), (queue, searcher)) in
            endpoints.iter().enumerate().zip(queues.iter().zip(&searchers))
        {
            let searcher = searcher.as_ref();
            for _ in 0..LANES {
                let (client, queue, happens) = (doors.client()?, queue.clone(), happens.clone());
                scope.spawn(move || lane((&client, searcher), endpoint, &queue, &happens));
            }
            if let Some(searcher) = searcher {
                let ((want, is_wanted), happens) = (mpsc::channel(), happens.clone());
                wanted.push(want);
                let tell = move |news| happens.send(Event::Told(at, news)).is_ok();
                scope.spawn(move || searcher.results(&is_wanted, tell));
            }
        }
        // Where there are no lanes, there is nobody to miss.
        let _nobody = endpoints.is_empty().then(|| happens.clone());
        drop(happens);
        let form = endpoints.first().map_or(Form::Json, |endpoint| Form::of(endpoint.road()));
        let (desk, tally, stop_file) = (Desk::new(form), Tally::default(), args.stop_file.clone());
        let failed = None;
        let mut stage =
            Live { desk, office, journal, stop_file, lanes, events, tally, leaders, failed };
        let flow = drive(frame, &mut stage, inputs);
        drop(wanted);
        match stage.failed.take() {
            Some(error) => Err(error),
            None => Ok((flow?, stage.tally, stage.leaders)),
        }
    })
}

/// Reads all inputs, then follows what was sent until each bundle has its final receipt.
fn drive(frame: &Frame, stage: &mut Live, inputs: &[Named]) -> Result<Flow> {
    let opened: Vec<_> = inputs.iter().map(|named| named.open(frame)).collect::<Result<_>>()?;
    let mut drive = Drive::open(frame, Live::MAX_OUT, None)?;
    let mut read = Ok(0);
    let consumes = if stage.leaders.is_some() { tpu::run::CONSUMES } else { CONSUMES };
    for (named, input) in inputs.iter().zip(opened) {
        read = read_stream(frame, &mut drive, stage, consumes, input, 0);
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
    (client, searcher): (&Client, Option<&Searcher>),
    endpoint: &Endpoint,
    queue: &Mutex<Receiver<Errand>>,
    happens: &Sender<Event>,
) {
    loop {
        // The lock is free again before anything is sent.
        let errand = queue.lock().map(|queue| queue.recv());
        let Ok(Ok(errand)) = errand else { return };
        let post = |url: &str, body: &[u8]| client.post_json(&[url], body).pop();
        let reply = match (&errand.work, searcher) {
            (Work::Send { attempt, body }, Some(searcher)) => {
                Some(searcher.send(body, &attempt.id))
            }
            (Work::Send { body, .. }, None) => post(endpoint.url(), body).map(Reply::from),
            (Work::Ask { question: Question::Signatures, signatures, .. }, _) => {
                let body = signatures_body(signatures.iter().flatten());
                post(endpoint.url(), body.as_bytes()).map(Reply::from)
            }
            (Work::Ask { question, ids, .. }, _) => {
                let url = endpoint.method(question.method());
                post(&url, question.body(ids).as_bytes()).map(Reply::from)
            }
            (Work::Tips, _) => {
                let url = endpoint.method(TIP_ACCOUNTS);
                post(&url, TIP_ACCOUNTS_BODY.as_bytes()).map(Reply::from)
            }
        };
        let Some(reply) = reply else { return };
        if happens.send(Event::Done(errand, reply)).is_err() {
            return;
        }
    }
}

impl Live {
    /// Waits a moment for an answer.
    fn wait(&mut self) {
        match self.events.recv_timeout(TICK) {
            Ok(event) => self.take(&event),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => self.fail(lanes_ended()),
        }
    }

    fn take(&mut self, event: &Event) {
        match event {
            Event::Done(errand, reply) => self.office.done(errand, reply, now_ns()),
            Event::Told(endpoint, news) => self.office.told(*endpoint, news),
        }
    }

    fn fail(&mut self, error: Error) {
        self.failed.get_or_insert(error);
    }

    /// Whether the stop file is there.
    fn is_stopped(&self) -> bool {
        self.stop_file.as_deref().is_some_and(exists)
    }

    /// Does all that is due: takes answers, sends, and tells what came of it.
    fn pump(&mut self, out: &mut impl Sink) {
        while let Ok(event) = self.events.try_recv() {
            self.take(&event);
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
        if let Some(leaders) = &self.leaders {
            while let Some(receipt) = leaders.ready() {
                self.office.end_elsewhere(&receipt, now_ns());
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

    /// Takes a bundle and sends it on its way.
    ///
    /// # Errors
    /// Why it is not fit to be sent.
    fn submit(&mut self, bundle: &Bundle, tail: &[u8]) -> std::result::Result<(), &'static str> {
        let id = match self.desk.rule(bundle, tail) {
            Ruling::Fit(_) if self.stop_file.as_deref().is_some_and(exists) => Err("stopped"),
            Ruling::Fit(fit) => self.office.submit(bundle, &fit, now_ns()).map(|()| fit.id),
            Ruling::Unfit(reason) => Err(reason),
        }?;
        let Some(leaders) = &self.leaders else { return Ok(()) };
        let mut named = *bundle;
        (named.id, named.present) = (id, bundle.present | Bundle::ID);
        let targets = leaders.targets(bundle.slot);
        let urls = if targets.is_empty() {
            vec![shown(None)]
        } else {
            targets.iter().map(|target| shown(Some(target.peer))).collect()
        };
        // Before the first byte leaves.
        for entry in self.office.begin_elsewhere(&id, urls, now_ns()) {
            if let Err(error) = self.journal.append(&entry) {
                self.fail(error);
                return Ok(());
            }
        }
        if let Some(leaders) = &self.leaders {
            leaders.send_to(&named, tail, targets);
        }
        Ok(())
    }

    fn put(&mut self, receipt: &Receipt, out: &mut impl Sink) {
        self.tally.count(receipt);
        out.put(Record::of(receipt));
    }
}

impl Stage for Live {
    const MAX_OUT: usize = LANES * URLS_MAX * size_of::<Receipt>() + size_of::<Slot>();

    fn step(&mut self, input: Record<'_>, out: &mut impl Sink) {
        if let Some((slot, leaders)) = input.typed::<Slot>().zip(self.leaders.as_ref()) {
            // It is told of at its end: the next one is on.
            leaders.heard(slot.slot.saturating_add(1));
            out.put(input);
        }
        let Some(bundle) = input.typed::<Bundle>() else { return };
        self.tally.bundles = self.tally.bundles.saturating_add(1);
        while self.failed.is_none() && self.office.is_full() {
            self.pump(out);
            self.wait();
        }
        if let Err(reason) = self.submit(bundle, input.tail::<Bundle>()) {
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

/// Whether the file at `path` is there. Where the system does not tell, it is.
fn exists(path: &Path) -> bool {
    path.try_exists().unwrap_or(true)
}

/// Lanes end only when the office hangs up.
fn lanes_ended() -> Error {
    Error::os("cannot send", &std::io::Error::other("the threads that send have ended"))
}
