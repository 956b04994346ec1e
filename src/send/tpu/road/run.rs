//! The road as its user sees it, and the threads behind it: one for all connections, one that asks
//! the RPC node.

use super::super::{Aim, Leading, ask};
use super::{Event, Hub, Job};
use crate::error::{Error, Result};
use crate::net::http;
use crate::net::quic::{Client, Counts, Identity, Settings, socket};
use crate::record::{Bundle, Receipt};
use crate::time::{Stopwatch, now_ns};
use quinn::AsyncUdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self as channel, Receiver, RecvTimeoutError};
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
        let hub = Hub::new(client, aim, inbox.downgrade(), finished);
        let mut threads = vec![thread("tpu", move || runtime.block_on(hub.serve(events)))?];
        if let Some(slot) = first {
            // The inbox is empty.
            let _ = inbox.try_send(Event::Slot(slot));
        }
        let (ending, ended) = channel::channel();
        let rpc_failed = Arc::new(AtomicU64::new(0));
        if let Some(scout) = scout {
            let (inbox, failed) = (inbox.downgrade(), Arc::clone(&rpc_failed));
            threads.push(thread("tpu-rpc", move || scout.watch(&inbox, &ended, &failed))?);
        }
        let (inbox, ending) = (Some(inbox), Some(ending));
        Ok(Self { inbox, receipts, counts, rpc_failed, timeout, ending, threads })
    }

    /// Hands in `bundle`, whose transactions are in `tail`; waits only while too many wait before it.
    /// Its receipts, one a leader, come from [`Road::ready`] and [`Road::finish`].
    pub fn send(&self, bundle: &Bundle, tail: &[u8]) {
        let timeout_ns = u64::try_from(self.timeout.as_nanos()).unwrap_or(u64::MAX);
        let until_ns = now_ns().saturating_add(timeout_ns);
        let job = Job { bundle: *bundle, wire: tail.into(), until_ns };
        self.tell(Event::Send(Box::new(job)));
    }

    /// Says that it is `slot`.
    pub fn heard(&self, slot: u64) {
        self.tell(Event::Slot(slot));
    }

    fn tell(&self, event: Event) {
        if let Some(inbox) = &self.inbox {
            // It is there as long as this is.
            let _ = inbox.blocking_send(event);
        }
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

    /// Asks again and again until `ended`, or nobody listens; counts what fails in `failed`.
    fn watch(mut self, inbox: &mpsc::WeakSender<Event>, ended: &Receiver<()>, failed: &AtomicU64) {
        while ended.recv_timeout(SLOT_EVERY) == Err(RecvTimeoutError::Timeout) {
            let news = self.news();
            let Some(inbox) = inbox.upgrade() else { return };
            for one in news {
                match one {
                    Ok(event) => drop(inbox.blocking_send(event)),
                    Err(_) => drop(failed.fetch_add(1, Ordering::Relaxed)),
                }
            }
        }
    }

    /// What is new, or why it is not known.
    fn news(&mut self) -> Vec<std::result::Result<Event, String>> {
        let slot = match self.ask(&ask::slot(), ask::take_slot) {
            Ok(slot) => slot,
            Err(why) => return vec![Err(why)],
        };
        let mut news = vec![Ok(Event::Slot(slot))];
        if self.rpc.leaders && slot.saturating_add(SPAN_LEFT) > self.told_until {
            news.push(self.leading(slot).map(Event::Leading));
        }
        if self.rpc.nodes && self.nodes_at.elapsed() > NODES_EVERY {
            self.nodes_at = Stopwatch::start();
            let nodes = self.ask(&ask::nodes(), ask::take_nodes);
            news.push(nodes.map(Event::Nodes));
        }
        news
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
