//! The connections: one task decides which there are and what goes over which; each has a task of
//! its own.
//!
//! ```text
//! run: bundles, slots, leaders, nodes --inbox--> Hub --jobs--> worker: Link --> receipts
//!                                                 ^-- up, down --/
//! ```
//!
//! Everything runs on one thread; whoever hands in a bundle waits only while the inbox is full. A
//! connection's jobs are written one after the other, as the validators' own client does (agave
//! v4.2.2 tpu-client-next `connection_worker.rs`: "shows better TPS in comparison with multistream
//! send"); acknowledgements are awaited beside.

mod run;
mod worker;

pub use run::{Road, Rpc, Setup, Wrap};

use super::receipt::unsent;
use super::{Action, Aim, Slots, Target, Warm};
use crate::net::quic::{Client, Fault};
use crate::record::{Bundle, Receipt};
use crate::time::now_ns;
use core::net::SocketAddr;
use std::collections::HashMap;
use std::sync::mpsc as channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Bundles that wait for a connection at a time; one more is refused there as `queue_full`.
const QUEUE: usize = 256;
/// How often connections are looked after.
const LOOK: Duration = Duration::from_millis(50);

/// What the hub is told.
pub(super) enum Event {
    /// Send this.
    Send(Box<Job>, Vec<Target>),
    /// The connection of this number is over.
    Down(SocketAddr, u64, Fault),
    /// Time has passed.
    Look,
}

/// A bundle on its way to one or several leaders.
#[derive(Clone)]
pub(super) struct Job {
    pub(super) bundle: Bundle,
    /// The transactions, one after the other.
    pub(super) wire: Arc<[u8]>,
    /// No transaction is begun after this: CLOCK_REALTIME nanoseconds.
    pub(super) until_ns: u64,
}

/// What is seen of the cluster: by who hands in bundles, who asks the RPC node, and the hub.
pub(super) struct Sight {
    pub(super) aim: Aim,
    pub(super) slots: Slots,
}

/// The sight that all share; nothing waits while it is held.
pub(super) type Shared = Arc<Mutex<Sight>>;

/// Looks at, or changes, what is seen.
pub(super) fn with<T>(shared: &Shared, look: impl FnOnce(&mut Sight) -> T) -> T {
    look(&mut shared.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The connections and what decides about them.
pub(super) struct Hub {
    client: Arc<Client>,
    sight: Shared,
    warm: Warm,
    workers: HashMap<SocketAddr, Worker>,
    tasks: JoinSet<()>,
    number: u64,
    inbox: mpsc::WeakSender<Event>,
    receipts: channel::Sender<Receipt>,
}

struct Worker {
    jobs: mpsc::Sender<(Job, Target)>,
    number: u64,
}

impl Hub {
    pub(super) fn new(
        client: Client,
        sight: Shared,
        inbox: mpsc::WeakSender<Event>,
        receipts: channel::Sender<Receipt>,
    ) -> Self {
        Self {
            client: Arc::new(client),
            sight,
            warm: Warm::default(),
            workers: HashMap::new(),
            tasks: JoinSet::new(),
            number: 0,
            inbox,
            receipts,
        }
    }

    /// Does what it is told until nobody can tell it anything any more, then waits until everything
    /// has its receipt; every wait in it is bounded.
    pub(super) async fn serve(mut self, mut events: mpsc::Receiver<Event>) {
        let inbox = self.inbox.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(LOOK).await;
                let Some(inbox) = inbox.upgrade() else { return };
                if inbox.send(Event::Look).await.is_err() {
                    return;
                }
            }
        });
        self.look();
        while let Some(event) = events.recv().await {
            match event {
                Event::Send(job, targets) => self.send(&job, targets),
                Event::Down(peer, number, fault) => self.down(peer, number, fault),
                Event::Look => self.look(),
            }
        }
        self.workers.clear();
        while self.tasks.join_next().await.is_some() {}
        // So that the peers forget us at once; what was written was waited for.
        self.client.close(Duration::from_millis(100)).await;
    }

    fn send(&mut self, job: &Job, targets: Vec<Target>) {
        if targets.is_empty() {
            let _ = self.receipts.send(unsent(&job.bundle, None, "no_leader"));
            return;
        }
        let actions = self.warm.want(targets.iter().map(|target| target.peer), now_ns());
        self.act(actions);
        for target in targets {
            let refused = match self.workers.get(&target.peer) {
                Some(worker) => match worker.jobs.try_send((job.clone(), target)) {
                    Ok(()) => continue,
                    Err(mpsc::error::TrySendError::Full(_)) => "queue_full",
                    Err(mpsc::error::TrySendError::Closed(_)) => "closed",
                },
                None => self.warm.fault(target.peer).map_or("closed", Fault::name),
            };
            let _ = self.receipts.send(unsent(&job.bundle, Some(target), refused));
        }
    }

    /// Keeps the connections that will be wanted.
    fn look(&mut self) {
        let now_ns = now_ns();
        let wanted = with(&self.sight, |sight| sight.aim.warm(sight.slots.now(now_ns)));
        let actions = self.warm.want(wanted.iter().map(|target| target.peer), now_ns);
        self.act(actions);
        while self.tasks.try_join_next().is_some() {}
    }

    fn act(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Open(peer) => self.open(peer),
                Action::Close(peer) => drop(self.workers.remove(&peer)),
            }
        }
    }

    fn open(&mut self, peer: SocketAddr) {
        self.number += 1;
        let (jobs, queue) = mpsc::channel(QUEUE);
        let (client, number) = (Arc::clone(&self.client), self.number);
        let (inbox, receipts) = (self.inbox.clone(), self.receipts.clone());
        self.tasks.spawn(worker::work(client, peer, number, queue, inbox, receipts));
        self.workers.insert(peer, Worker { jobs, number });
    }

    fn down(&mut self, peer: SocketAddr, number: u64, fault: Fault) {
        // An older connection to the same peer is no news.
        if self.workers.get(&peer).is_some_and(|worker| worker.number == number) {
            self.workers.remove(&peer);
            self.warm.ended(peer, fault, now_ns());
        }
    }
}
