//! The office at work: opens the journal, runs errands on lanes, follows to the end. Whoever feeds it,
//! a pipe or a gateway, is told every receipt.

use super::super::desk::Fit;
use super::super::journal::run::Journal;
use super::super::office::{Errand, LANES, Limits, Office, Work};
use super::super::status::{TIP_ACCOUNTS, TIP_ACCOUNTS_BODY};
use super::super::url::Endpoint;
use crate::error::{Error, Result};
use crate::net::http::{Client, Exchange};
use crate::record::{Bundle, Receipt};
use crate::time::now_ns;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// An errand that was run, and what came of it.
type Done = (Errand, Exchange);

/// What sending needs.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Where to send to.
    pub endpoints: Vec<Endpoint>,
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
    done: Receiver<Done>,
    threads: Vec<JoinHandle<()>>,
    /// The journal could not be written: nothing more is sent or told.
    failed: Option<Error>,
}

impl Live {
    /// Opens the journal, takes up what it left, and starts [`LANES`] threads an endpoint, each with
    /// a `client` of its own; `warn` is told what a user should know.
    ///
    /// # Errors
    /// Those of [`Journal::open`] and of `client`; status 5 when the system gives no thread.
    pub fn open(
        setup: Setup,
        client: impl Fn() -> Result<Client>,
        mut warn: impl FnMut(&str),
    ) -> Result<Self> {
        let (journal, found) = Journal::open(&setup.journal, setup.sync)?;
        if found.cut_len > 0 {
            let len = found.cut_len;
            warn(&format!("the journal's last {len} bytes are no whole entry: cut off"));
        }
        let shown = setup.endpoints.iter().map(|endpoint| endpoint.shown().to_owned());
        let mut office = Office::new(shown, setup.limits);
        office.restore(&found.entries, now_ns());
        if !office.is_done() {
            let count = office.open_count();
            warn(&format!("{count} bundles of an earlier run have no final receipt: followed"));
        }
        let (finished, done) = mpsc::channel();
        let (lanes, threads, stop_file) = (Vec::new(), Vec::new(), setup.stop_file);
        let mut live = Self { office, journal, stop_file, lanes, done, threads, failed: None };
        for endpoint in setup.endpoints {
            let (lane, queue) = mpsc::channel();
            live.lanes.push(lane);
            let (endpoint, queue) = (Arc::new(endpoint), Arc::new(Mutex::new(queue)));
            for _ in 0..LANES {
                let (client, finished) = (client()?, finished.clone());
                let (endpoint, queue) = (Arc::clone(&endpoint), Arc::clone(&queue));
                let thread = std::thread::Builder::new()
                    .name("lane".to_owned())
                    .spawn(move || run_lane(&client, &endpoint, &queue, &finished))
                    .map_err(|e| Error::os("cannot start a thread", &e))?;
                live.threads.push(thread);
            }
        }
        Ok(live)
    }

    /// Takes a bundle to be sent everywhere.
    ///
    /// # Errors
    /// Why not, and then nothing of it will be sent.
    pub fn submit(
        &mut self,
        bundle: &Bundle,
        fit: &Fit<'_>,
    ) -> std::result::Result<(), &'static str> {
        if self.is_stopped() {
            return Err("stopped");
        }
        self.office.submit(bundle, fit, now_ns())
    }

    /// Takes a bundle as [`submit`](Self::submit) does, and has that in the journal: whatever happens
    /// to the process, there will be one final receipt.
    ///
    /// # Errors
    /// Why not, and then nothing of it will be sent.
    pub fn promise(
        &mut self,
        bundle: &Bundle,
        fit: &Fit<'_>,
    ) -> std::result::Result<(), &'static str> {
        if self.has_failed() {
            return Err("journal_failed");
        }
        self.submit(bundle, fit)?;
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
        match self.done.recv_timeout(time) {
            Ok((errand, exchange)) => self.office.done(&errand, &exchange, now_ns()),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => self.fail(lanes_ended()),
        }
    }

    /// Does all that is due: takes answers, sends, and tells what came of it.
    pub fn pump(&mut self, mut tell: impl FnMut(&Receipt)) {
        while let Ok((errand, exchange)) = self.done.try_recv() {
            self.office.done(&errand, &exchange, now_ns());
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
        self.stop_file.as_ref().is_some_and(|path| path.try_exists().unwrap_or(true))
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // Lanes end when nobody can give them errands any more.
        self.lanes.clear();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Runs one errand after another until there are no more.
fn run_lane(
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

/// Lanes end only when the office hangs up.
fn lanes_ended() -> Error {
    Error::os("cannot send", &std::io::Error::other("the threads that send have ended"))
}
