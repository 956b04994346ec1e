//! The office at work: opens the journal, runs errands on lanes, follows to the end. Whoever feeds it,
//! a pipe or a gateway, is told every receipt.

use super::super::desk::Fit;
use super::super::journal::run::Journal;
use super::super::office::{Errand, LANES, Limits, Office, Work};
use super::super::reply::Reply;
use super::super::searcher::run::Searcher;
use super::super::status::{News, Question, TIP_ACCOUNTS, TIP_ACCOUNTS_BODY, signatures_body};
use super::super::tpu::{self, shown};
use super::super::url::Endpoint;
use crate::error::{Error, Result};
use crate::keys::Signer;
use crate::net::http::Client;
use crate::record::{Bundle, Receipt, Road};
use crate::time::now_ns;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use zeroize::Zeroizing;

/// What comes back from the lanes.
enum Event {
    /// An errand was run, and this came of it.
    Done(Errand, Reply),
    /// The engine at this endpoint tells of a bundle.
    Told(usize, News),
}

/// How endpoints are reached.
#[derive(Clone)]
pub struct Doors {
    /// How long an answer is waited for.
    pub timeout: Duration,
    /// The value of the header `x-jito-auth`.
    pub auth: Option<Zeroizing<String>>,
    /// Who signs the challenges of searcher APIs.
    pub signer: Option<Arc<Signer>>,
}

impl Doors {
    fn client(&self) -> Result<Client> {
        let client = Client::new(self.timeout)?;
        match &self.auth {
            Some(auth) => client.with_secret("x-jito-auth", auth),
            None => Ok(client),
        }
    }

    /// The searcher API of `endpoint`, if bundles go that way.
    fn searcher(&self, endpoint: &Endpoint) -> Result<Option<Arc<Searcher>>> {
        if endpoint.road() != Road::JitoGrpc {
            return Ok(None);
        }
        let auth = self.auth.as_ref().map(|auth| auth.as_str());
        let open = Searcher::new(endpoint.origin(), self.timeout, self.signer.clone(), auth);
        open.map(|searcher| Some(Arc::new(searcher)))
    }
}

/// What sending needs.
pub struct Setup {
    /// Where to send to; with `leaders`, who can be asked what became of it.
    pub endpoints: Vec<Endpoint>,
    /// How they are reached.
    pub doors: Doors,
    /// The road to leaders, if that is where bundles go.
    pub leaders: Option<tpu::Road>,
    /// What bounds the sending.
    pub limits: Limits,
    /// The journal's file; made if there is none.
    pub journal: PathBuf,
    /// Whether each entry reaches the disk before anything follows from it.
    pub sync: bool,
    /// Nothing is sent while this file exists.
    pub stop_file: Option<PathBuf>,
}

/// Sends, and follows what was sent.
pub struct Live {
    office: Office,
    journal: Journal,
    stop_file: Option<PathBuf>,
    /// One queue an endpoint.
    lanes: Vec<Sender<Errand>>,
    events: Receiver<Event>,
    /// Where there are no lanes, there is nobody to miss.
    _nobody: Option<Sender<Event>>,
    /// Results are wanted as long as these are there.
    wanted: Vec<Sender<()>>,
    leaders: Option<tpu::Road>,
    threads: Vec<JoinHandle<()>>,
    /// The journal could not be written: nothing more is sent or told.
    failed: Option<Error>,
}

impl Live {
    /// Opens the journal, takes up what it left, and starts [`LANES`] threads an endpoint, each with
    /// a client of its own; `warn` is told what a user should know.
    ///
    /// # Errors
    /// Those of [`Journal::open`] and of clients; status 5 when the system gives no thread.
    pub fn open(setup: Setup, mut warn: impl FnMut(&str)) -> Result<Self> {
        let (journal, found) = Journal::open(&setup.journal, setup.sync)?;
        if found.cut_len > 0 {
            let len = found.cut_len;
            warn(&format!("the journal's last {len} bytes are no whole entry: cut off"));
        }
        let mut office = Office::new(&setup.endpoints, setup.limits);
        office.restore(&found.entries, now_ns());
        if !office.is_done() {
            let count = office.open_count();
            warn(&format!("{count} bundles of an earlier run have no final receipt: followed"));
        }
        let (happens, events) = mpsc::channel();
        let mut live = Self {
            office,
            journal,
            stop_file: setup.stop_file,
            lanes: Vec::new(),
            events,
            _nobody: setup.endpoints.is_empty().then(|| happens.clone()),
            wanted: Vec::new(),
            leaders: setup.leaders,
            threads: Vec::new(),
            failed: None,
        };
        for (at, endpoint) in setup.endpoints.into_iter().enumerate() {
            live.start(at, endpoint, &setup.doors, &happens)?;
        }
        Ok(live)
    }

    /// Starts the threads of the endpoint with this number.
    fn start(
        &mut self,
        at: usize,
        endpoint: Endpoint,
        doors: &Doors,
        happens: &Sender<Event>,
    ) -> Result<()> {
        let (lane, queue) = mpsc::channel();
        self.lanes.push(lane);
        let searcher = doors.searcher(&endpoint)?;
        let (endpoint, queue) = (Arc::new(endpoint), Arc::new(Mutex::new(queue)));
        for _ in 0..LANES {
            let (client, happens, searcher) = (doors.client()?, happens.clone(), searcher.clone());
            let (endpoint, queue) = (Arc::clone(&endpoint), Arc::clone(&queue));
            let work =
                move || run_lane((&client, searcher.as_deref()), &endpoint, &queue, &happens);
            self.threads.push(thread("lane", work)?);
        }
        if let Some(searcher) = searcher {
            let ((want, is_wanted), happens) = (mpsc::channel(), happens.clone());
            self.wanted.push(want);
            let tell = move |news| happens.send(Event::Told(at, news)).is_ok();
            self.threads.push(thread("results", move || searcher.results(&is_wanted, tell))?);
        }
        Ok(())
    }

    /// It is `slot`: the road to leaders goes by it.
    pub fn heard(&self, slot: u64) {
        if let Some(leaders) = &self.leaders {
            leaders.heard(slot);
        }
    }

    /// Sends nothing more to leaders; the road, with its counts.
    pub fn take_leaders(&mut self) -> Option<tpu::Road> {
        self.leaders.take()
    }

    /// Takes a bundle, whose transactions are in `tail`, to be sent everywhere.
    ///
    /// # Errors
    /// Why not, and then nothing of it will be sent.
    pub fn submit(
        &mut self,
        bundle: &Bundle,
        tail: &[u8],
        fit: &Fit<'_>,
    ) -> std::result::Result<(), &'static str> {
        if self.is_stopped() {
            return Err("stopped");
        }
        self.office.submit(bundle, fit, now_ns())?;
        if let Some(leaders) = &self.leaders {
            let targets = leaders.targets(bundle.slot);
            let peers = targets.iter().map(|target| Some(target.peer));
            let nobody = targets.is_empty().then_some(None);
            let begun =
                self.office.begin_elsewhere(&fit.id, peers.chain(nobody).map(shown), now_ns());
            // Before the first byte leaves.
            match begun.iter().try_for_each(|entry| self.journal.append(entry)) {
                Ok(()) => {
                    let mut named = *bundle;
                    (named.id, named.present) = (fit.id, bundle.present | Bundle::ID);
                    leaders.send_to(&named, tail, targets);
                }
                Err(error) => self.fail(error),
            }
        }
        Ok(())
    }

    /// Takes a bundle as [`submit`](Self::submit) does, and has that in the journal: whatever happens
    /// to the process, there will be one final receipt.
    ///
    /// # Errors
    /// Why not, and then nothing of it will be sent.
    pub fn promise(
        &mut self,
        bundle: &Bundle,
        tail: &[u8],
        fit: &Fit<'_>,
    ) -> std::result::Result<(), &'static str> {
        if self.has_failed() {
            return Err("journal_failed");
        }
        self.submit(bundle, tail, fit)?;
        let written = match self.office.promise(&fit.id, now_ns()) {
            Some(entry) => self.journal.append(&entry),
            None => Ok(()),
        };
        written.map_err(|error| {
            self.fail(error);
            "journal_failed"
        })
    }

    /// Waits at most `time` for an answer.
    pub fn wait(&mut self, time: Duration) {
        match self.events.recv_timeout(time) {
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

    /// Does all that is due: takes answers, sends, and tells what came of it.
    pub fn pump(&mut self, mut tell: impl FnMut(&Receipt)) {
        while let Ok(event) = self.events.try_recv() {
            self.take(&event);
        }
        while !self.has_failed() {
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
            if self.has_failed() {
                return;
            }
            match self.journal.append(&entry) {
                Ok(()) => tell(&entry.receipt),
                Err(error) => self.fail(error),
            }
        }
    }

    /// Turns away what waits to be sent, for `reason`.
    pub fn turn_away(&mut self, reason: &'static str) {
        self.office.stop(reason, now_ns());
    }

    /// Whether each bundle has its last word and no send is on its way.
    pub fn is_done(&self) -> bool {
        self.office.is_done()
    }

    /// Whether as many bundles are open as may be.
    pub fn is_full(&self) -> bool {
        self.office.is_full()
    }

    /// Bundles whose end is not known.
    pub fn open_count(&self) -> usize {
        self.office.open_count()
    }

    /// Lamports that count against the cap.
    pub fn spent(&self) -> u64 {
        self.office.spent()
    }

    /// Whether something happened after which nothing more is sent or told.
    pub fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    /// What it was.
    pub fn take_failure(&mut self) -> Option<Error> {
        self.failed.take()
    }

    fn fail(&mut self, error: Error) {
        self.failed.get_or_insert(error);
    }

    /// Whether the stop file is there. Where the system does not tell, it is.
    fn is_stopped(&self) -> bool {
        self.stop_file.as_deref().is_some_and(|path: &Path| path.try_exists().unwrap_or(true))
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // Lanes end when nobody can give them errands any more.
        self.lanes.clear();
        self.wanted.clear();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Runs one errand after another until there are no more.
fn run_lane(
    (client, searcher): (&Client, Option<&Searcher>),
    endpoint: &Endpoint,
    queue: &Mutex<Receiver<Errand>>,
    happens: &Sender<Event>,
) {
    let post = |url: &str, body: &[u8]| client.post_json(&[url], body).pop().map(Reply::from);
    loop {
        // The lock is free again before anything is sent.
        let errand = queue.lock().map(|queue| queue.recv());
        let Ok(Ok(errand)) = errand else { return };
        let reply = match (&errand.work, searcher) {
            (Work::Send { attempt, body }, Some(searcher)) => {
                Some(searcher.send(body, &attempt.id))
            }
            (Work::Send { body, .. }, None) => post(endpoint.url(), body),
            (Work::Ask { question: Question::Signatures, signatures, .. }, _) => {
                post(endpoint.url(), signatures_body(signatures.iter().flatten()).as_bytes())
            }
            (Work::Ask { question, ids, .. }, _) => {
                post(&endpoint.method(question.method()), question.body(ids).as_bytes())
            }
            (Work::Tips, _) => post(&endpoint.method(TIP_ACCOUNTS), TIP_ACCOUNTS_BODY.as_bytes()),
        };
        let Some(reply) = reply else { return };
        if happens.send(Event::Done(errand, reply)).is_err() {
            return;
        }
    }
}

fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    let named = std::thread::Builder::new().name(name.to_owned());
    named.spawn(work).map_err(|e| Error::os("cannot start a thread", &e))
}

/// Lanes end only when the office hangs up.
fn lanes_ended() -> Error {
    Error::os("cannot send", &std::io::Error::other("the threads that send have ended"))
}
