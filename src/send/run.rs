//! The only file with I/O and threads: reads the secret, sends on lanes, reports.

use super::args::Args;
use super::desk::{Desk, Rehearsal, Ruling};
use super::receipt::{sent, unfit};
use super::url::Endpoint;
use super::{Tally, URLS_MAX};
use crate::cli::{Flow, Frame, Named, Stats, filter};
use crate::error::{Error, Exit, Result};
use crate::keys::secret_line;
use crate::net::http::Client;
use crate::record::{Bundle, Layout, Outcome, Receipt, Record};
use crate::stream::{Sink, Stage};
use clap::{ArgMatches, FromArgMatches};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};

/// Kinds the stage takes.
const CONSUMES: &[u16] = &[Bundle::SCHEMA.kind];

/// Bundles that wait for answers at the same time; one more makes the next wait.
const LANES: usize = 8;

/// Does the work.
pub(super) fn run(matches: &ArgMatches, frame: &Frame) -> Result<Exit> {
    let args = Args::from_arg_matches(matches).map_err(|e| Error::usage(e.to_string()))?;
    args.check(&frame.common)?;
    if args.tpu.tpu {
        return super::tpu::run::run(&args, frame);
    }
    let endpoints = args.endpoints()?;
    let inputs = args.files.named()?;
    let clients = clients(&args)?;
    let (flow, tally) = if args.live {
        live(frame, &endpoints, clients, &inputs)?
    } else {
        let mut rehearsal = Rehearsal::new(&endpoints);
        let flow = filter(frame, &mut rehearsal, CONSUMES, &inputs)?;
        (flow, rehearsal.tally)
    };
    report(&flow, &tally, frame);
    judge(&tally, frame)
}

/// The clients of the lanes. A dry run has none, but reads the secret that they would send.
fn clients(args: &Args) -> Result<Vec<Client>> {
    let auth = args.auth_file.as_deref().map(secret_line).transpose()?;
    let client = |_| {
        let client = Client::new(args.timeout)?;
        match &auth {
            Some(auth) => client.with_secret("x-jito-auth", auth),
            None => Ok(client),
        }
    };
    (0..if args.live { LANES } else { 0 }).map(client).collect()
}

/// A bundle on its way to a lane.
struct Job {
    bundle: Bundle,
    body: String,
}

/// Sends: a bundle goes to the first free lane, and receipts come out as they are ready.
struct Live<'a> {
    endpoints: &'a [Endpoint],
    desk: Desk,
    tally: Tally,
    /// `None` once nothing more is sent.
    jobs: Option<SyncSender<Job>>,
    done: Receiver<Vec<Receipt>>,
}

/// Sends what `inputs` hold, one thread a client.
fn live(
    frame: &Frame,
    endpoints: &[Endpoint],
    clients: Vec<Client>,
    inputs: &[Named],
) -> Result<(Flow, Tally)> {
    let (jobs, queue) = mpsc::sync_channel(1);
    let (finished, done) = mpsc::channel();
    let queue = &Mutex::new(queue);
    std::thread::scope(|scope| {
        for client in clients {
            let finished = finished.clone();
            scope.spawn(move || lane(&client, endpoints, queue, &finished));
        }
        drop(finished);
        let (desk, tally) = (Desk::default(), Tally::default());
        let mut stage = Live { endpoints, desk, tally, jobs: Some(jobs), done };
        let flow = filter(frame, &mut stage, CONSUMES, inputs)?;
        Ok((flow, stage.tally))
    })
}

/// Sends one bundle after another until there are no more.
fn lane(
    client: &Client,
    endpoints: &[Endpoint],
    queue: &Mutex<Receiver<Job>>,
    finished: &Sender<Vec<Receipt>>,
) {
    loop {
        // The lock is free again before anything is sent.
        let job = queue.lock().map(|queue| queue.recv());
        let Ok(Ok(Job { bundle, body })) = job else { return };
        let exchanges = client.post_json(endpoints, &body);
        let pairs = endpoints.iter().zip(&exchanges);
        let receipts = pairs.map(|(to, exchange)| sent(&bundle, to, body.len(), exchange));
        if finished.send(receipts.collect()).is_err() {
            return;
        }
    }
}

impl Live<'_> {
    fn put(&mut self, receipts: &[Receipt], out: &mut impl Sink) {
        for receipt in receipts {
            self.tally.count(receipt);
            out.put(Record::of(receipt));
        }
    }

    /// Puts the receipts of a bundle that is not sent.
    fn refuse(&mut self, bundle: &Bundle, reason: &str, out: &mut impl Sink) {
        let receipts = self.endpoints.iter().map(|to| unfit(bundle, to, reason));
        self.put(&receipts.collect::<Vec<_>>(), out);
    }

    /// Puts the receipts that are ready.
    fn drain(&mut self, out: &mut impl Sink) {
        while let Ok(receipts) = self.done.try_recv() {
            self.put(&receipts, out);
        }
    }
}

impl Stage for Live<'_> {
    const MAX_OUT: usize = LANES * URLS_MAX * size_of::<Receipt>();

    fn step(&mut self, input: Record<'_>, out: &mut impl Sink) {
        let Some(bundle) = input.typed::<Bundle>() else { return };
        self.tally.bundles = self.tally.bundles.saturating_add(1);
        match self.desk.rule(bundle, input.tail::<Bundle>()) {
            Ruling::Fit(body) => {
                let job = Job { bundle: *bundle, body: body.to_owned() };
                if self.jobs.as_ref().is_none_or(|jobs| jobs.send(job).is_err()) {
                    self.refuse(bundle, "lanes_ended", out);
                }
            }
            Ruling::Unfit(reason) => self.refuse(bundle, reason, out),
        }
        self.drain(out);
    }

    fn idle(&mut self, _now_ns: u64, out: &mut impl Sink) {
        self.drain(out);
    }

    fn finish(&mut self, out: &mut impl Sink) {
        self.jobs = None;
        // Ends when the last lane has: each gives up after its timeout.
        while let Ok(receipts) = self.done.recv() {
            self.put(&receipts, out);
        }
    }
}

fn report(flow: &Flow, tally: &Tally, frame: &Frame) {
    let mut stats = Stats::default();
    stats.number("bundles", tally.bundles).counts("receipts", tally.outcomes());
    stats.counts("answer_ns", tally.answers()).flow(flow);
    frame.report(&stats);
}

/// The status of the run: 6 when remotes answered and none accepted, 5 when none answered.
fn judge(tally: &Tally, frame: &Frame) -> Result<Exit> {
    let unfit = tally.of(Outcome::Unfit);
    if unfit > 0 {
        frame.warn(&format!(
            "{unfit} receipts say unfit: their bundles are not signed or not whole"
        ));
    }
    let Some(words) = tally.failure() else { return Ok(Exit::Done) };
    if tally.of(Outcome::Refused) > 0 || tally.of(Outcome::RateLimited) > 0 {
        return Err(Error::refused(words));
    }
    if tally.of(Outcome::Unreachable) > 0 {
        return Err(Error::os("cannot send", &std::io::Error::other(words)));
    }
    frame.warn(&words);
    Ok(Exit::Done)
}
