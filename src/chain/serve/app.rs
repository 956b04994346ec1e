//! What all threads of the gateway share.

use super::audit::Event;
use super::audit::run::Log;
use super::code::{Code, Refusal};
use super::config::Config;
use super::counters::Counters;
use super::limit::Limiter;
use super::order::{Order, Parsed};
use super::queue::{Priority, Queue};
use super::token::{Caller, Role, Verifier};
use crate::bytes::hex::Hex;
use crate::record::{Outcome, Receipt, Simulated};
use crate::time::{Stopwatch, now_ns};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// Bundles whose last word is remembered for callers.
const WORDS_MAX: usize = 1 << 16;

/// What a bundle's caller is told.
pub(super) type Answer = Result<(), Refusal>;

/// A bundle that waits for its turn.
pub(super) struct Waiting {
    pub(super) order: Order,
    pub(super) caller: Arc<Caller>,
    pub(super) reply: oneshot::Sender<Answer>,
}

/// A bundle that is to be simulated.
pub(super) struct Trial {
    pub(super) parsed: Parsed,
    pub(super) reply: oneshot::Sender<(Simulated, serde_json::Value)>,
}

/// What is known of a bundle that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// The name of its final outcome, once there is one.
    pub(super) outcome: Option<&'static str>,
    pub(super) slot: Option<u64>,
}

/// The newest bundles, with what is known of each.
#[derive(Debug, Default)]
struct Words {
    by_id: HashMap<[u8; 32], Word>,
    order: VecDeque<[u8; 32]>,
}

impl Words {
    fn put(&mut self, id: [u8; 32], word: Word) {
        if self.by_id.insert(id, word).is_none() {
            self.order.push_back(id);
        }
        if self.order.len() > WORDS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_id.remove(&oldest);
        }
    }
}

/// The gateway.
pub(super) struct App {
    pub(super) config: Config,
    pub(super) live: bool,
    pub(super) counters: Counters,
    pub(super) simulator: Option<SyncSender<Trial>>,
    verifier: Option<Verifier>,
    limiter: Mutex<Limiter>,
    queue: Mutex<Queue<Waiting>>,
    came: Condvar,
    audit: Option<Mutex<Log>>,
    /// Refusals of callers that nobody knows, until they are written down together.
    strangers: Mutex<HashMap<&'static str, u64>>,
    words: Mutex<Words>,
    draining: AtomicBool,
    failed: Mutex<Option<Code>>,
    clock: Stopwatch,
}

/// What is behind the lock, whatever became of those who held it: all of it is whole between two
/// statements.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl App {
    /// The gateway of `config`, which checked.
    pub(super) fn new(
        config: Config,
        live: bool,
        counters: Counters,
        verifier: Option<Verifier>,
        audit: Option<Log>,
        simulator: Option<SyncSender<Trial>>,
    ) -> Self {
        let limits = &config.limits;
        let limiter = Mutex::new(Limiter::new(limits.requests_per_second, limits.burst));
        let queue = Mutex::new(Queue::new(limits.queue));
        counters.live.set(u64::from(live));
        counters.cap_lamports.set(config.send.max_spend_lamports_per_hour.unwrap_or(0));
        Self {
            config,
            live,
            counters,
            simulator,
            verifier,
            limiter,
            queue,
            came: Condvar::new(),
            audit: audit.map(Mutex::new),
            strangers: Mutex::default(),
            words: Mutex::default(),
            draining: AtomicBool::new(false),
            failed: Mutex::new(None),
            clock: Stopwatch::start(),
        }
    }

    /// Whom the bearer `token` names, if that caller may ask now and has `role`. A caller that is known
    /// comes with the refusal.
    pub(super) fn admit(
        &self,
        token: Option<&str>,
        role: Role,
    ) -> Result<Arc<Caller>, (Code, Option<Arc<Caller>>)> {
        let caller = match &self.verifier {
            None => Arc::new(Caller::local()),
            Some(verifier) => {
                let token = token.ok_or((Code::TokenMissing, None))?;
                let now_s = now_ns().checked_div(1_000_000_000).unwrap_or(0);
                verifier.verify(token, now_s).map_err(|code| (code, None))?
            }
        };
        held(&self.limiter)
            .ask(&caller.subject, self.clock.elapsed_ns())
            .map_err(|code| (code, None))?;
        if caller.has(role) { Ok(caller) } else { Err((Code::Role, Some(caller))) }
    }

    /// From now on believes no token of the list; none at all without one.
    pub(super) fn revoke(&self, revoked: Option<super::token::Revoked>) {
        self.counters.revoked.set(revoked.as_ref().map_or(0, |list| list.len() as u64));
        if let Some(verifier) = &self.verifier {
            verifier.revoke(revoked);
        }
    }

    /// Puts a bundle into the queue.
    pub(super) fn push(&self, waiting: Waiting) -> Result<(), Code> {
        if self.is_draining() {
            return Err(Code::Draining);
        }
        if let Some(code) = self.failure() {
            return Err(code);
        }
        let mut queue = held(&self.queue);
        let pushed = queue.push(waiting.order.priority, waiting);
        self.counters.queue.set(queue.len() as u64);
        drop(queue);
        self.came.notify_one();
        pushed.map_err(|_| Code::QueueFull)
    }

    /// Takes the next bundle out of the queue.
    pub(super) fn pop(&self) -> Option<Waiting> {
        let mut queue = held(&self.queue);
        let next = queue.pop();
        self.counters.queue.set(queue.len() as u64);
        next
    }

    /// Waits until there may be a bundle, for at most `time`.
    pub(super) fn wait(&self, time: Duration) {
        let queue = held(&self.queue);
        if queue.len() == 0 {
            // Whether it was a bundle or the time is told by the queue.
            drop(self.came.wait_timeout(queue, time));
        }
    }

    /// Writes `event` down. Where that fails nothing more is taken.
    pub(super) fn audit(&self, event: &Event<'_>) -> Result<(), Code> {
        let Some(log) = &self.audit else { return Ok(()) };
        let mut log = held(log);
        let written = log.append(event);
        self.counters.audit_entries.set(log.entries());
        drop(log);
        written.map_err(|_| {
            self.fail(Code::AuditFailed);
            Code::AuditFailed
        })
    }

    /// The last entry, and a signed head over it.
    pub(super) fn close_audit(&self) -> crate::error::Result<()> {
        let Some(log) = &self.audit else { return Ok(()) };
        let mut log = held(log);
        log.append(&Event { what: "ended", ..Event::default() })?;
        log.sign()
    }

    /// A caller was refused: counted, and written down unless nobody knows who it was or it was one too
    /// many. Those are written down together, so that nobody can fill the disk.
    pub(super) fn refused(&self, refusal: &Refusal, caller: Option<&Caller>) {
        self.counters.refused(refusal.why);
        let (name, status) = (refusal.why.name(), refusal.why.status());
        let Some(caller) = caller.filter(|_| status != 429) else {
            let mut strangers = held(&self.strangers);
            let count = strangers.entry(name).or_default();
            *count = count.saturating_add(1);
            return;
        };
        let event = Event { what: "refused", code: Some(name), ..told(caller) };
        // It was refused already.
        let _ = self.audit(&event);
    }

    /// Writes down who was refused since the last time and is not known.
    pub(super) fn write_strangers(&self) {
        let mut all: Vec<_> = held(&self.strangers).drain().collect();
        all.sort_unstable();
        for (code, count) in all {
            let (code, count) = (Some(code), Some(count));
            let event = Event { what: "turned_away", code, count, ..Event::default() };
            if self.audit(&event).is_err() {
                return;
            }
        }
    }

    /// A bundle was taken.
    pub(super) fn taken(&self, id: [u8; 32]) {
        held(&self.words).put(id, Word { outcome: None, slot: None });
    }

    /// What became of a bundle, as far as it is known.
    pub(super) fn word(&self, id: &[u8; 32]) -> Option<Word> {
        held(&self.words).by_id.get(id).copied()
    }

    /// Takes in a receipt; a last word is written down.
    pub(super) fn told(&self, receipt: &Receipt) {
        self.counters.receipt(receipt);
        if receipt.head.flags & Receipt::FINAL == 0 {
            return;
        }
        let outcome = Outcome::NAMES.get(usize::from(receipt.outcome)).copied();
        let landed = receipt.present & Receipt::LANDED_SLOT != 0;
        let slot = landed.then_some(receipt.landed_slot);
        held(&self.words).put(receipt.id, Word { outcome, slot });
        let event = Event {
            what: "final",
            bundle: Some(Hex(&receipt.id).to_string()),
            outcome,
            slot,
            ..Event::default()
        };
        // It is in the journal; where it cannot be written down, nothing more is taken.
        let _ = self.audit(&event);
    }

    /// Nothing more is taken, because of `code`.
    pub(super) fn fail(&self, code: Code) {
        held(&self.failed).get_or_insert(code);
        self.counters.failed.set(1);
    }

    /// Why nothing more is taken, if that is so.
    pub(super) fn failure(&self) -> Option<Code> {
        *held(&self.failed)
    }

    /// From now on nothing is taken: the end has begun.
    pub(super) fn drain(&self) {
        self.draining.store(true, Ordering::Release);
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> u64 {
        self.counters.queue.get()
    }
}

/// What is written down of who asked.
pub(super) fn told(caller: &Caller) -> Event<'_> {
    Event {
        caller: Some(&caller.subject),
        kid: Some(caller.kid.as_str()).filter(|kid| !kid.is_empty()),
        jti: caller.jti.as_deref(),
        ..Event::default()
    }
}

/// What is written down of an order.
pub(super) fn of_order<'a>(what: &'a str, caller: &'a Caller, order: &Order) -> Event<'a> {
    Event {
        what,
        bundle: Some(Hex(&order.id).to_string()),
        tip_lamports: Some(order.bundle.tip),
        priority: Some(Priority::name(order.priority)),
        ..told(caller)
    }
}
