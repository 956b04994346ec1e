//! The road as its user sees it, and the threads behind it: one for all connections, one that asks
//! the RPC node.

use super::super::{Aim, Leading, Slots, Target, ask};
use super::{Event, Hub, Job, Shared, Sight, with};
use crate::error::{Error, Result};
use crate::net::http;
use crate::net::quic::{Client, Counts, Identity, Settings, socket};
use crate::record::{Bundle, Receipt};
use crate::time::{Stopwatch, now_ns};
use quinn::AsyncUdpSocket;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self as channel, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::mpsc;
use zeroize::Zeroizing;

/// Bundles and news that wait for the hub; one more makes who hands it in wait.
const INBOX: usize = 1024;
/// How often the RPC node is asked for the slot.
const SLOT_EVERY: Duration = Duration::from_millis(400);
/// How often it is asked for nodes.
const NODES_EVERY: Duration = Duration::from_mins(5);
/// Slots whose leaders are asked for at once.
const SPAN: u64 = 2000;
/// Slots ahead for which leaders must be known: two minutes.
const SPAN_LEFT: u64 = 300;
/// The longest answer: several thousand nodes.
const ANSWER_MAX: usize = 64 << 20;

/// What a road is made of.
pub struct Setup {
    /// QUIC.
    pub settings: Settings,
    /// Who connects.
    pub identity: Identity,
    /// What is known of leaders beforehand.
    pub aim: Aim,
    /// No transaction of a bundle is begun later than this after it was handed in.
    pub timeout: Duration,
    /// Who tells slots, leaders and nodes.
    pub rpc: Option<Rpc>,
    /// Makes of the client's socket the one that is used: what measures looks in there.
    pub wrap: Option<Wrap>,
}

/// Makes another socket of one.
pub type Wrap = Box<dyn FnOnce(Arc<dyn AsyncUdpSocket>) -> Arc<dyn AsyncUdpSocket> + Send>;

/// An RPC node, and what it is asked for besides the slot.
pub struct Rpc {
    /// Where it is; may hold a key.
    pub url: Zeroizing<String>,
    /// Whether it is asked who leads.
    pub leaders: bool,
    /// Whether it is asked where they listen.
    pub nodes: bool,
    /// The longest wait for an answer.
    pub timeout: Duration,
}

/// A road to the leaders: bundles in, receipts out. Dropped without [`Road::finish`] its threads end by
/// themselves and what is on its way may be lost.
pub struct Road {
    /// `None` once nothing more is sent.
    inbox: Option<mpsc::Sender<Event>>,
    sight: Shared,
    receipts: Receiver<Receipt>,
    counts: Arc<Counts>,
    rpc_failed: Arc<AtomicU64>,
    timeout: Duration,
    /// Dropped to end the one who asks.
    ending: Option<channel::Sender<()>>,
    threads: Vec<JoinHandle<()>>,
}

impl Road {
    /// Opens the road and begins to connect.
    ///
    /// # Errors
    /// Status 5 when the system refuses what it needs, status 6 when the RPC node does not tell what
    /// it was first asked.
    pub fn open(setup: Setup) -> Result<Self> {
        let Setup { settings, identity, mut aim, timeout, rpc, wrap } = setup;
        let mut scout = rpc.map(Scout::new).transpose()?;
        let first = scout.as_mut().map(|scout| scout.first(&mut aim)).transpose()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| Error::os("cannot start the TPU road", &e))?;
        let guard = runtime.enter();
        let client = match wrap {
            Some(wrap) => Client::over(wrap(socket()?), settings, &identity)?,
            None => Client::new(settings, &identity)?,
        };
        drop(guard);
        let counts = Arc::clone(client.counts());
        let (inbox, events) = mpsc::channel(INBOX);
        let (finished, receipts) = channel::channel();
        let mut slots = Slots::default();
        if let Some(slot) = first {
            slots.heard(slot, now_ns());
        }
        let sight = Arc::new(Mutex::new(Sight { aim, slots }));
        let hub = Hub::new(client, Arc::clone(&sight), inbox.downgrade(), finished);
        let mut threads = vec![thread("tpu", move || runtime.block_on(hub.serve(events)))?];
        let (ending, ended) = channel::channel();
        let rpc_failed = Arc::new(AtomicU64::new(0));
        if let Some(scout) = scout {
            let (sight, failed) = (Arc::clone(&sight), Arc::clone(&rpc_failed));
            threads.push(thread("tpu-rpc", move || scout.watch(&sight, &ended, &failed))?);
        }
        let (inbox, ending) = (Some(inbox), Some(ending));
        Ok(Self { inbox, sight, receipts, counts, rpc_failed, timeout, ending, threads })
    }

    /// Whom a bundle for a state in `slot` goes to now.
    pub fn targets(&self, slot: u64) -> Vec<Target> {
        with(&self.sight, |sight| {
            let now_ns = now_ns();
            // A bundle is made for a state that was there.
            sight.slots.heard(slot, now_ns);
            sight.aim.targets(sight.slots.now(now_ns))
        })
    }

    /// Hands in `bundle`, whose transactions are in `tail`, for those it goes to now.
    pub fn send(&self, bundle: &Bundle, tail: &[u8]) {
        self.send_to(bundle, tail, self.targets(bundle.slot));
    }

    /// Hands in `bundle`, whose transactions are in `tail`, for `targets`; waits only while too many wait
    /// before it. Its receipts, one a target, come from [`Road::ready`] and [`Road::finish`]; without a
    /// target it is one.
    pub fn send_to(&self, bundle: &Bundle, tail: &[u8], targets: Vec<Target>) {
        let timeout_ns = u64::try_from(self.timeout.as_nanos()).unwrap_or(u64::MAX);
        let until_ns = now_ns().saturating_add(timeout_ns);
        let job = Job { bundle: *bundle, wire: tail.into(), until_ns };
        if let Some(inbox) = &self.inbox {
            // The hub is there as long as this is.
            let _ = inbox.blocking_send(Event::Send(Box::new(job), targets));
        }
    }

    /// Says that it is `slot`.
    pub fn heard(&self, slot: u64) {
        with(&self.sight, |sight| sight.slots.heard(slot, now_ns()));
    }

    /// A receipt, if one is ready.
    pub fn ready(&self) -> Option<Receipt> {
        self.receipts.try_recv().ok()
    }

    /// What happened so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Requests to the RPC node that failed.
    pub fn rpc_failed(&self) -> u64 {
        self.rpc_failed.load(Ordering::Relaxed)
    }

    /// Sends nothing more, gives the receipts that are still to come to `take`, and ends.
    pub fn finish(&mut self, mut take: impl FnMut(Receipt)) {
        (self.inbox, self.ending) = (None, None);
        // Ends when the last connection has.
        while let Ok(receipt) = self.receipts.recv() {
            take(receipt);
        }
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn thread(name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    let named = std::thread::Builder::new().name(name.to_owned());
    named.spawn(body).map_err(|e| Error::os("cannot start a thread", &e))
}

/// Asks the RPC node.
struct Scout {
    client: http::Client,
    rpc: Rpc,
    /// First slot behind those whose leaders were told.
    told_until: u64,
    nodes_at: Stopwatch,
}

impl Scout {
    fn new(rpc: Rpc) -> Result<Self> {
        let client = http::Client::new(rpc.timeout)?.with_body_max(ANSWER_MAX);
        Ok(Self { client, rpc, told_until: 0, nodes_at: Stopwatch::start() })
    }

    /// Asks for everything once and puts it into `aim`; the slot.
    fn first(&mut self, aim: &mut Aim) -> Result<u64> {
        let refused = |why: String| Error::refused(why).input("rpc");
        let slot = self.ask(&ask::slot(), ask::take_slot).map_err(refused)?;
        if self.rpc.leaders {
            aim.leading = self.leading(slot).map_err(refused)?;
        }
        if self.rpc.nodes {
            aim.nodes = self.ask(&ask::nodes(), ask::take_nodes).map_err(refused)?;
        }
        Ok(slot)
    }

    /// The leaders from `slot` on.
    fn leading(&mut self, slot: u64) -> std::result::Result<Leading, String> {
        let leaders = self.ask(&ask::leaders(slot, SPAN), ask::take_leaders)?;
        self.told_until = slot.saturating_add(leaders.len() as u64);
        Ok(Leading::From(slot, leaders))
    }

    /// Asks again and again until `ended`; counts what fails in `failed`.
    fn watch(mut self, sight: &Shared, ended: &Receiver<()>, failed: &AtomicU64) {
        while ended.recv_timeout(SLOT_EVERY) == Err(RecvTimeoutError::Timeout) {
            let failures = self.look(sight);
            failed.fetch_add(failures, Ordering::Relaxed);
        }
    }

    /// Asks for what is due; how much of it failed.
    fn look(&mut self, sight: &Shared) -> u64 {
        let Ok(slot) = self.ask(&ask::slot(), ask::take_slot) else { return 1 };
        with(sight, |sight| sight.slots.heard(slot, now_ns()));
        let mut failures = 0;
        if self.rpc.leaders && slot.saturating_add(SPAN_LEFT) > self.told_until {
            match self.leading(slot) {
                Ok(leading) => with(sight, |sight| sight.aim.leading = leading),
                Err(_) => failures += 1,
            }
        }
        if self.rpc.nodes && self.nodes_at.elapsed() > NODES_EVERY {
            self.nodes_at = Stopwatch::start();
            match self.ask(&ask::nodes(), ask::take_nodes) {
                Ok(nodes) => with(sight, |sight| sight.aim.nodes = nodes),
                Err(_) => failures += 1,
            }
        }
        failures
    }

    fn ask<T>(
        &self,
        body: &str,
        take: fn(&[u8]) -> std::result::Result<T, String>,
    ) -> std::result::Result<T, String> {
        let exchange = self.client.post_json(&[self.rpc.url.as_str()], body).pop();
        match exchange.map(|exchange| exchange.result) {
            Some(Ok(answer)) if matches!(answer.status, 200..=299) => take(&answer.body),
            Some(Ok(answer)) => Err(format!("HTTP status {}", answer.status)),
            // Its words could name the host; the reason is enough.
            Some(Err(failure)) => Err(failure.reason.name().to_owned()),
            None => Err("no answer".to_owned()),
        }
    }
}
