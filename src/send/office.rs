//! Who is sent what, and when: queues, budgets and open bundles of all endpoints, without a clock or
//! a socket.
//!
//! ```text
//! bundle --submit--> queues --next--> errand (+ its journal entry) --run.rs--> exchange --done--+
//!                       ^                                                                       |
//!                       +---- once more, when rate limited ----+--------------------------------+
//! time --settle--> the last word about each                    entries: outcomes and finals
//! ```
//!
//! The unit is the attempt: a bundle, a road, an endpoint. The road to leaders, who cannot be asked, joins
//! by [`Office::begin_elsewhere`] before its first byte leaves and [`Office::end_elsewhere`] with its
//! receipt; what becomes of its bundles is followed here by the signatures of their transactions, of
//! which an RPC node is asked.
//!
//! Invariants:
//! - An errand that sends comes with an entry that has to be in the journal before it is run.
//! - A bundle is sent once to an endpoint, again only after that endpoint said that it had too many
//!   requests; an id that is known, from this run or from the journal, is not taken again.
//! - Everything that goes to an endpoint is under one budget; sends go first, but for every third.
//! - For each bundle that was taken there is one final entry.

use super::budget::Budget;
use super::desk::Fit;
use super::follow::{End, Follow, Taken, Times, To};
use super::journal::{Entry, Kind};
use super::known::Known;
use super::receipt::{begun, by, sent, taken};
use super::reply::Reply;
use super::spending::Spending;
use super::status::{self, BATCH_MAX, Id, Inflight, News, Parts, Question, Silence};
use super::url::Endpoint;
use crate::bytes::hex;
use crate::ids::{JITO_TIP_ACCOUNTS, Key};
use crate::record::{Bundle, Outcome, Receipt, Road, fixed_text};
use crate::wire::bundle_id;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

/// Bundles whose end is not known, at most, of a pipe; more wait to be taken.
pub const OPEN_MAX: usize = 1024;
/// Requests on their way to an endpoint at the same time, at most.
pub const LANES: usize = 4;
/// Attempts at an endpoint that says that it has too many requests, at most.
const ATTEMPTS_MAX: u16 = 4;
/// Sends in a row while bundles wait to be asked for: a bundle takes two questions, of which five go at
/// once, so that a lasting load leaves none behind.
const SENDS_BEFORE_ASK: u32 = 2;
/// Bundles that are looked at for a question, at most.
const LOOK_MAX: usize = 256;
/// A slot's usual length, in nanoseconds (solana-clock `DEFAULT_MS_PER_SLOT`).
const SLOT_NS: u64 = 400_000_000;
/// Slots that a blockhash is good for (solana-clock `MAX_PROCESSING_AGE`).
const BLOCKHASH_SLOTS: u64 = 150;
/// Slots that `getBundleStatuses` looks back (docs.jito.wtf; `getSignatureStatuses` without history).
const LOOK_BACK_SLOTS: u64 = 300;
/// Time between two questions to an endpoint about a bundle, at least.
const ASK_EVERY_NS: u64 = 200_000_000;
/// How long an endpoint is left alone that says it has too many requests and not for how long.
const PAUSE_MS: u64 = 1_000;
/// Time between two looks at all bundles.
const SETTLE_EVERY_NS: u64 = 10_000_000;

/// What bounds the office.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Requests a second to an endpoint.
    pub per_second: u32,
    /// How long an answer is waited for.
    pub timeout_ns: u64,
    /// How long a bundle is sent at most, if less than its blockhash lasts.
    pub expiry_ns: u64,
    /// What bundles may cost in an hour, in lamports.
    pub spend_max: u64,
    /// Bundles whose end is not known, at most.
    pub open_max: usize,
}

/// What has to be done at an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// Ask for the tip accounts.
    Tips,
    /// Send a bundle.
    Send {
        /// The receipt of the attempt.
        attempt: Box<Receipt>,
        /// The request's body.
        body: Arc<[u8]>,
    },
    /// Ask what became of bundles.
    Ask {
        /// Which way.
        question: Question,
        /// Of these, at most [`BATCH_MAX`].
        ids: Vec<Id>,
        /// And the signatures of each, where it is by them that the endpoint is asked.
        signatures: Vec<Vec<[u8; 64]>>,
    },
}

/// An endpoint and what has to be done there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errand {
    /// Number of the endpoint.
    pub endpoint: usize,
    /// What has to be done.
    pub work: Work,
}

/// Whom an endpoint wants tips to go to.
#[derive(Clone, Debug)]
enum Tips {
    /// It was not asked yet.
    Unasked,
    /// It was, and nothing is sent before it answers.
    Asked,
    /// These; those that have been since 2023, if it gave no list.
    Listed(Vec<Key>),
}

/// An endpoint, with what waits there.
#[derive(Debug)]
struct Counter {
    url: String,
    road: Road,
    budget: Budget,
    tips: Tips,
    queue: VecDeque<Id>,
    /// Open bundles, and some that have ended since; what was looked at the longest time ago is first.
    asks: VecDeque<Id>,
    busy: usize,
    sends_in_a_row: u32,
}

/// A bundle whose end is not known.
#[derive(Debug)]
struct Case {
    begun: Receipt,
    tip_account: Key,
    /// Empty after a restart: it is not sent again.
    body: Arc<[u8]>,
    price: u64,
    /// Attempts by endpoint.
    attempts: Vec<u16>,
    follow: Follow,
    /// What the last attempt came to.
    last: [u8; 96],
    /// Why an engine gave it up, where one said so.
    given_up: Option<[u8; 96]>,
    /// First signatures of its transactions.
    signatures: Vec<[u8; 64]>,
    /// How many of them landed and the last one's slot, where not all did.
    part: Option<(usize, u64)>,
}

/// The office. See the module's documentation.
#[derive(Debug)]
pub struct Office {
    limits: Limits,
    counters: Vec<Counter>,
    cases: BTreeMap<Id, Case>,
    known: Known,
    /// Bundles by the id that an engine gave them, where it is not ours.
    other_ids: HashMap<String, Id>,
    spending: Spending,
    entries: Vec<Entry>,
    /// Sends on their way.
    sending: usize,
    /// Bundles of which something was told since the last look.
    told: Vec<Id>,
    /// When all bundles were looked at last; `None` when all may have changed since.
    settled_ns: Option<u64>,
    /// Which endpoint is looked at first.
    first: usize,
}

impl Office {
    /// An office for `endpoints`.
    pub fn new<'e>(endpoints: impl IntoIterator<Item = &'e Endpoint>, limits: Limits) -> Self {
        let counter = |endpoint: &Endpoint| Counter {
            url: endpoint.shown().to_owned(),
            road: endpoint.road(),
            budget: Budget::new(limits.per_second),
            tips: if endpoint.road() == Road::Tpu {
                Tips::Listed(Vec::new())
            } else {
                Tips::Unasked
            },
            queue: VecDeque::new(),
            asks: VecDeque::new(),
            busy: 0,
            sends_in_a_row: 0,
        };
        Self {
            limits,
            counters: endpoints.into_iter().map(counter).collect(),
            cases: BTreeMap::new(),
            known: Known::default(),
            other_ids: HashMap::new(),
            spending: Spending::new(limits.spend_max),
            entries: Vec::new(),
            sending: 0,
            told: Vec::new(),
            settled_ns: None,
            first: 0,
        }
    }

    /// Takes a bundle at `now_ns`, to be sent to every endpoint.
    ///
    /// # Errors
    /// Why not, and then nothing of it will be sent.
    pub fn submit(
        &mut self,
        bundle: &Bundle,
        fit: &Fit<'_>,
        now_ns: u64,
    ) -> Result<(), &'static str> {
        if self.known.contains(&fit.id) {
            return Err("known_id");
        }
        if !self.spending.admit(now_ns, &fit.id, fit.price) {
            return Err("over_spending_cap");
        }
        let mut begun = begun(bundle);
        (begun.id, begun.present) = (fit.id, begun.present | Receipt::ID);
        begun.body_len = u32::try_from(fit.body.len()).unwrap_or(u32::MAX);
        let mut follow = Follow::new(self.times(bundle, now_ns), self.nodes());
        for (at, counter) in self.counters.iter_mut().enumerate() {
            counter.asks.push_back(fit.id);
            if counter.road == Road::Tpu {
                continue;
            }
            counter.queue.push_back(fit.id);
            follow.begins(To::Place(at));
        }
        let case = Case {
            begun,
            tip_account: bundle.tip_account,
            body: fit.body.into(),
            price: fit.price,
            attempts: vec![0; self.counters.len()],
            follow,
            last: [0; 96],
            given_up: None,
            signatures: fit.signatures.to_vec(),
            part: None,
        };
        self.known.insert(fit.id);
        self.cases.insert(fit.id, case);
        Ok(())
    }

    /// Of each endpoint: whether it sees whatever is on chain.
    fn nodes(&self) -> impl Iterator<Item = bool> {
        self.counters.iter().map(|counter| counter.road == Road::Tpu)
    }

    /// The entry by which a journal says that the bundle `id` was taken, for whoever tells so before
    /// anything of it is sent. `None` if there is no such bundle.
    pub fn promise(&self, id: &Id, now_ns: u64) -> Option<Entry> {
        self.cases.get(id).map(|case| entry(Kind::Taken, now_ns, &case.begun, case))
    }

    /// When the time of `bundle`, which came at `now_ns`, is over. Slots may last half as long again
    /// as they usually do.
    fn times(&self, bundle: &Bundle, now_ns: u64) -> Times {
        let known = bundle.present & Bundle::LAST_VALID != 0;
        let last_valid_slot = if known { bundle.last_valid_slot } else { 0 };
        let slots = if known { last_valid_slot.saturating_sub(bundle.slot) } else { u64::MAX };
        let lasts_ns =
            slots.min(BLOCKHASH_SLOTS).saturating_mul(SLOT_NS).min(self.limits.expiry_ns);
        let ends_ns = now_ns.saturating_add(lasts_ns).saturating_add(lasts_ns / 2);
        Times {
            expires_ns: now_ns.saturating_add(lasts_ns),
            ends_ns,
            gives_up_ns: ends_ns.saturating_add(self.grace_ns()),
            forgets_ns: now_ns.saturating_add(LOOK_BACK_SLOTS.saturating_mul(SLOT_NS)),
            last_valid_slot,
        }
    }

    /// How long an answer to a last question may take: two timeouts, and its turn.
    fn grace_ns(&self) -> u64 {
        let turn_ns = Budget::new(self.limits.per_second).interval_ns().saturating_mul(3);
        self.limits.timeout_ns.saturating_mul(2).saturating_add(turn_ns)
    }

    /// Takes up what a journal left, at `now_ns`: bundles without a final receipt are followed, and
    /// an attempt without an outcome may have been taken. One that was taken and of which no attempt
    /// was begun ends as refused: nobody can have it, and its bytes are gone.
    pub fn restore(&mut self, entries: &[Entry], now_ns: u64) {
        let mut pending: BTreeMap<Id, Vec<Receipt>> = BTreeMap::new();
        let mut signatures: HashMap<Id, Vec<[u8; 64]>> = HashMap::new();
        for entry in entries {
            if entry.kind() == Kind::Signatures {
                let held = entry.signatures();
                signatures.insert(bundle_id(&held), held);
                continue;
            }
            let (receipt, id) = (&entry.receipt, entry.receipt.id);
            let place = self.place(receipt);
            match entry.kind() {
                Kind::Signatures => {}
                Kind::Taken => self.reopen(entry, Vec::new(), now_ns),
                Kind::Attempt => {
                    self.reopen(entry, signatures.remove(&id).unwrap_or_default(), now_ns);
                    pending.entry(id).or_default().push(*receipt);
                    if let To::Place(at) = place
                        && let Some(counter) = self.counters.get_mut(at)
                    {
                        counter.budget.take(entry.at_ns);
                    }
                }
                Kind::Outcome => {
                    let begun = pending.entry(id).or_default();
                    if let Some(at) = begun.iter().position(|begun| begun.url == receipt.url) {
                        begun.remove(at);
                    }
                    if let Some(case) = self.cases.get_mut(&id) {
                        case.follow.ends(place, taken(receipt));
                        case.last = receipt.text;
                    }
                }
                Kind::Final => {
                    self.known.insert(id);
                    self.cases.remove(&id);
                    pending.remove(&id);
                    if receipt.outcome == Outcome::Refused as u8 {
                        self.spending.release(&id);
                    } else {
                        self.spending.settle(&id);
                    }
                }
            }
        }
        for (id, begun) in pending {
            for receipt in begun {
                let place = self.place(&receipt);
                if let Some(case) = self.cases.get_mut(&id) {
                    case.follow.ends(place, Taken::Maybe);
                }
            }
        }
    }

    /// Opens the case of an attempt's `entry` that a journal holds, of a bundle with `signatures`.
    fn reopen(&mut self, entry: &Entry, signatures: Vec<[u8; 64]>, now_ns: u64) {
        let id = entry.receipt.id;
        if !self.known.insert(id) {
            return;
        }
        self.spending.restore(entry.at_ns, &id, entry.price);
        let times = Times {
            expires_ns: entry.expires_ns,
            ends_ns: entry.ends_ns,
            gives_up_ns: entry.ends_ns.max(now_ns).saturating_add(self.grace_ns()),
            forgets_ns: entry.at_ns.saturating_add(LOOK_BACK_SLOTS.saturating_mul(SLOT_NS)),
            last_valid_slot: entry.last_valid_slot,
        };
        let (attempt, url, road) = (0, [0; 64], Road::None as u8);
        let case = Case {
            begun: Receipt { attempt, road, url, ..entry.receipt },
            tip_account: [0; 32],
            body: [].into(),
            price: entry.price,
            attempts: vec![ATTEMPTS_MAX; self.counters.len()],
            follow: Follow::new(times, self.nodes()),
            last: fixed_text("not_sent"),
            given_up: None,
            signatures,
            part: None,
        };
        self.counters.iter_mut().for_each(|counter| counter.asks.push_back(id));
        self.cases.insert(id, case);
    }

    /// Where the attempt that `receipt` is about goes.
    fn place(&self, receipt: &Receipt) -> To {
        if receipt.road == Road::Tpu as u8 {
            return To::Leader;
        }
        let named = |counter: &Counter| fixed_text(&counter.url) == receipt.url;
        self.counters.iter().position(named).map_or(To::OtherEngine, To::Place)
    }

    /// The next errand at `now_ns`, if one is due, with the entry that has to be in the journal
    /// before it is run.
    pub fn next(&mut self, now_ns: u64) -> Option<(Errand, Option<Entry>)> {
        let count = self.counters.len();
        for step in 0..count {
            let endpoint = self.first.wrapping_add(step).checked_rem(count)?;
            let ready = |c: &Counter| c.busy < LANES && c.budget.is_ready(now_ns);
            if !self.counters.get(endpoint).is_some_and(ready) {
                continue;
            }
            if let Some((work, entry)) = self.work(endpoint, now_ns) {
                let counter = self.counters.get_mut(endpoint)?;
                counter.budget.take(now_ns);
                counter.busy = counter.busy.saturating_add(1);
                self.first = endpoint.wrapping_add(1);
                return Some((Errand { endpoint, work }, entry));
            }
        }
        None
    }

    /// What is most urgent at `endpoint`.
    fn work(&mut self, endpoint: usize, now_ns: u64) -> Option<(Work, Option<Entry>)> {
        let counter = self.counters.get_mut(endpoint)?;
        if matches!(counter.tips, Tips::Unasked) {
            counter.tips = Tips::Asked;
            return Some((Work::Tips, None));
        }
        let ask_first = counter.sends_in_a_row >= SENDS_BEFORE_ASK;
        if ask_first && let Some(ask) = self.ask(endpoint, now_ns) {
            return Some((ask, None));
        }
        if let Some((send, entry)) = self.send(endpoint, now_ns) {
            return Some((send, Some(entry)));
        }
        self.ask(endpoint, now_ns).map(|ask| (ask, None))
    }

    /// The next bundle that waits for `endpoint`; those that cannot be sent there are turned away.
    fn send(&mut self, endpoint: usize, now_ns: u64) -> Option<(Work, Entry)> {
        loop {
            let counter = self.counters.get_mut(endpoint)?;
            let Tips::Listed(listed) = &counter.tips else { return None };
            let id = counter.queue.pop_front()?;
            let Some(case) = self.cases.get_mut(&id) else { continue };
            let number = case.attempts.get(endpoint).map_or(1, |count| count.saturating_add(1));
            let receipt = by(&case.begun, counter.road, &counter.url, number);
            if now_ns >= case.follow.times().expires_ns {
                let why = (Outcome::RateLimited, "budget: waited until it expired");
                turn_away(case, endpoint, receipt, why, now_ns, &mut self.entries);
            } else if case.begun.tip > 0 && !listed.contains(&case.tip_account) {
                let why = (Outcome::Refused, "tip_account_not_listed");
                turn_away(case, endpoint, receipt, why, now_ns, &mut self.entries);
            } else {
                case.attempts.get_mut(endpoint).into_iter().for_each(|count| *count = number);
                counter.sends_in_a_row = counter.sends_in_a_row.saturating_add(1);
                self.sending = self.sending.saturating_add(1);
                let entry = entry(Kind::Attempt, now_ns, &receipt, case);
                let body = Arc::clone(&case.body);
                return Some((Work::Send { attempt: Box::new(receipt), body }, entry));
            }
        }
    }

    /// What `endpoint` is asked next: of the bundles that are due, those that were looked at the longest
    /// time ago, one way at a time. What is not to be asked about has its next turn later.
    fn ask(&mut self, endpoint: usize, now_ns: u64) -> Option<Work> {
        let counter = self.counters.get_mut(endpoint)?;
        let every_ns = counter.budget.interval_ns().max(ASK_EVERY_NS);
        let (mut chosen, mut ids, mut others) = (None, Vec::new(), Vec::new());
        for _ in 0..counter.asks.len().min(LOOK_MAX) {
            if ids.len() >= BATCH_MAX {
                break;
            }
            let Some(id) = counter.asks.pop_front() else { break };
            let Some(case) = self.cases.get_mut(&id) else { continue };
            if now_ns.abs_diff(case.follow.last_asked(endpoint)) < every_ns {
                counter.asks.push_back(id);
                continue;
            }
            match case.follow.asks(endpoint, now_ns, every_ns) {
                Some(question) if chosen.is_some_and(|chosen| chosen != question) => {
                    others.push(id);
                    continue;
                }
                Some(question) => {
                    chosen = Some(question);
                    ids.push(id);
                }
                None => counter.asks.push_back(id),
            }
            case.follow.asked(endpoint, now_ns);
        }
        // The other way has its turn next.
        others.into_iter().rev().for_each(|id| counter.asks.push_front(id));
        counter.asks.extend(&ids);
        let question = chosen?;
        counter.sends_in_a_row = 0;
        let signatures = match question {
            Question::Signatures => {
                let cases = ids.iter().filter_map(|id| self.cases.get(id));
                cases.map(|case| case.signatures.clone()).collect()
            }
            _ => Vec::new(),
        };
        Some(Work::Ask { question, ids, signatures })
    }

    /// An errand is over at `now_ns`.
    pub fn done(&mut self, errand: &Errand, reply: &Reply, now_ns: u64) {
        let endpoint = errand.endpoint;
        if let Some(counter) = self.counters.get_mut(endpoint) {
            counter.busy = counter.busy.saturating_sub(1);
        }
        let (http_status, body) = reply.http();
        match &errand.work {
            Work::Tips => self.listed(endpoint, status::tip_accounts(http_status, body), now_ns),
            Work::Send { attempt, .. } => self.sent(endpoint, attempt, reply, now_ns),
            Work::Ask { question: Question::Signatures, ids, signatures } => {
                match status::signatures(http_status, body, signatures) {
                    Ok((slot, told)) => self.each_part(endpoint, slot, ids, told, now_ns),
                    Err(silence) => self.pause(endpoint, silence, now_ns),
                }
            }
            Work::Ask { question: Question::Inflight, ids, .. } => {
                match status::inflight(http_status, body, ids) {
                    Ok(told) => self.each(ids, told, |follow, told| {
                        if let Some(told) = told {
                            follow.inflight(endpoint, told);
                        }
                    }),
                    Err(silence) => self.pause(endpoint, silence, now_ns),
                }
            }
            Work::Ask { question: Question::Statuses, ids, .. } => {
                match status::statuses(http_status, body, ids) {
                    Ok(status::Statuses { slot, told }) => self.each(ids, told, |follow, told| {
                        follow.statuses(endpoint, slot, told, now_ns);
                    }),
                    Err(silence) => self.pause(endpoint, silence, now_ns),
                }
            }
        }
    }

    fn each<T>(&mut self, ids: &[Id], told: Vec<T>, tell: impl Fn(&mut Follow, T)) {
        for (id, told) in ids.iter().zip(told) {
            if let Some(case) = self.cases.get_mut(id) {
                tell(&mut case.follow, told);
                self.told.push(*id);
            }
        }
    }

    /// The node at `endpoint`, which is at slot `slot`, told of the transactions of `ids`.
    fn each_part(&mut self, endpoint: usize, slot: u64, ids: &[Id], told: Vec<Parts>, now_ns: u64) {
        for (id, parts) in ids.iter().zip(told) {
            let Some(case) = self.cases.get_mut(id) else { continue };
            // Without its signatures nobody can tell.
            if case.signatures.is_empty() {
                continue;
            }
            let seen = match parts {
                Parts::All(seen) => Some(seen),
                Parts::Some(count, slot) => {
                    case.part = Some((count, slot));
                    None
                }
                Parts::None => None,
            };
            case.follow.statuses(endpoint, slot, seen, now_ns);
            self.told.push(*id);
        }
    }

    /// The engine at `endpoint` tells of a bundle without being asked.
    pub fn told(&mut self, endpoint: usize, news: &News) {
        let ours = hex::decode(&news.bundle_id).and_then(|bytes| Id::try_from(bytes).ok());
        let id = self.other_ids.get(&news.bundle_id).copied().or(ours);
        let Some(id) = id else { return };
        let Some(case) = self.cases.get_mut(&id) else { return };
        case.follow.inflight(endpoint, news.inflight);
        if news.inflight == Inflight::Failed {
            case.given_up = Some(fixed_text(&news.words));
        }
        self.told.push(id);
    }

    fn listed(&mut self, endpoint: usize, listed: Result<Vec<Key>, Silence>, now_ns: u64) {
        if let Err(silence) = listed {
            self.pause(endpoint, silence, now_ns);
        }
        if let Some(counter) = self.counters.get_mut(endpoint) {
            counter.tips = Tips::Listed(listed.unwrap_or_else(|_| JITO_TIP_ACCOUNTS.to_vec()));
        }
    }

    fn pause(&mut self, endpoint: usize, silence: Silence, now_ns: u64) {
        if let (Silence::RateLimited(wait_ms), Some(counter)) =
            (silence, self.counters.get_mut(endpoint))
        {
            let wait_ns = wait_ms.unwrap_or(PAUSE_MS).saturating_mul(1_000_000);
            counter.budget.hold(now_ns, wait_ns.min(self.limits.expiry_ns));
        }
    }

    /// An attempt at `endpoint` is over.
    fn sent(&mut self, endpoint: usize, attempt: &Receipt, reply: &Reply, now_ns: u64) {
        self.sending = self.sending.saturating_sub(1);
        let (receipt, wait_ms) = sent(attempt, reply);
        let limited = receipt.outcome == Outcome::RateLimited as u8;
        if limited {
            self.pause(endpoint, Silence::RateLimited(wait_ms), now_ns);
        }
        let (id, counter) = (attempt.id, self.counters.get_mut(endpoint));
        let (Some(case), Some(counter)) = (self.cases.get_mut(&id), counter) else {
            // Another endpoint had the last word while this one was asked.
            return self.entries.push(Entry::new(Kind::Outcome, now_ns, receipt));
        };
        case.last = receipt.text;
        if let Some(theirs) = reply.other_id() {
            self.other_ids.insert(theirs.to_owned(), id);
        }
        self.told.push(id);
        if limited && attempt.attempt < ATTEMPTS_MAX {
            counter.queue.push_back(id);
        } else {
            case.follow.ends(To::Place(endpoint), taken(&receipt));
            // There is nothing to tell yet: the first question is not spent on that.
            case.follow.asked(endpoint, now_ns);
        }
        self.entries.push(entry(Kind::Outcome, now_ns, &receipt, case));
    }

    /// The road to leaders begins an attempt for the bundle `id` at each of the endpoints shown as `urls`:
    /// the entries that have to be in the journal before the first byte leaves. None, if there is no such
    /// bundle.
    pub fn begin_elsewhere(
        &mut self,
        id: &Id,
        urls: impl IntoIterator<Item = String>,
        now_ns: u64,
    ) -> Vec<Entry> {
        let Some(case) = self.cases.get_mut(id) else { return Vec::new() };
        let mut entries = vec![Entry::of_signatures(now_ns, &case.signatures)];
        for url in urls {
            case.follow.begins(To::Leader);
            entries.push(entry(Kind::Attempt, now_ns, &by(&case.begun, Road::Tpu, &url, 1), case));
        }
        entries
    }

    /// An attempt at a leader is over, with this receipt.
    pub fn end_elsewhere(&mut self, receipt: &Receipt, now_ns: u64) {
        if let Some(case) = self.cases.get_mut(&receipt.id) {
            case.last = receipt.text;
            self.told.push(receipt.id);
            case.follow.ends(To::Leader, taken(receipt));
            self.entries.push(entry(Kind::Outcome, now_ns, receipt, case));
        }
    }

    /// Nothing more may be sent, for `reason`: what waits is turned away.
    pub fn stop(&mut self, reason: &'static str, now_ns: u64) {
        for (endpoint, counter) in self.counters.iter_mut().enumerate() {
            for id in counter.queue.drain(..) {
                if let Some(case) = self.cases.get_mut(&id) {
                    let receipt = by(&case.begun, counter.road, &counter.url, 0);
                    let why = (Outcome::Unfit, reason);
                    turn_away(case, endpoint, receipt, why, now_ns, &mut self.entries);
                }
            }
        }
        self.settled_ns = None;
    }

    /// Says the last word about bundles of which there is one at `now_ns`: at once where something was
    /// told, and every now and then where it is time that tells; then turns away what waited too long.
    pub fn settle(&mut self, now_ns: u64) {
        for id in std::mem::take(&mut self.told) {
            let Some(case) = self.cases.get_mut(&id) else { continue };
            let Some(end) = case.follow.end(now_ns) else { continue };
            let last = entry(Kind::Final, now_ns, &last_word(case, end), case);
            close(&mut self.spending, &id, end);
            self.entries.push(last);
            self.cases.remove(&id);
        }
        if self.settled_ns.is_some_and(|then_ns| now_ns.abs_diff(then_ns) < SETTLE_EVERY_NS) {
            return;
        }
        self.settled_ns = Some(now_ns);
        for endpoint in 0..self.counters.len() {
            self.turn_away_late(endpoint, now_ns);
        }
        let (spending, entries) = (&mut self.spending, &mut self.entries);
        self.cases.retain(|id, case| {
            let Some(end) = case.follow.end(now_ns) else { return true };
            close(spending, id, end);
            entries.push(entry(Kind::Final, now_ns, &last_word(case, end), case));
            false
        });
        let cases = &self.cases;
        self.other_ids.retain(|_, id| cases.contains_key(id));
    }

    /// Turns away what waited for `endpoint` until it expired.
    fn turn_away_late(&mut self, endpoint: usize, now_ns: u64) {
        let Some(counter) = self.counters.get_mut(endpoint) else { return };
        let (cases, entries) = (&mut self.cases, &mut self.entries);
        counter.queue.retain(|id| {
            let Some(case) = cases.get_mut(id) else { return false };
            let late = now_ns >= case.follow.times().expires_ns;
            if late {
                let number = case.attempts.get(endpoint).map_or(0, |count| *count);
                let receipt = by(&case.begun, counter.road, &counter.url, number);
                let why = (Outcome::RateLimited, "budget: waited until it expired");
                turn_away(case, endpoint, receipt, why, now_ns, entries);
            }
            !late
        });
    }

    /// What has to be written to the journal and told, in order.
    pub fn take_entries(&mut self) -> Vec<Entry> {
        std::mem::take(&mut self.entries)
    }

    /// Whether no bundle waits for its end, and no send for its answer.
    pub fn is_done(&self) -> bool {
        self.cases.is_empty() && self.sending == 0
    }

    /// Whether as many bundles are open as may be.
    pub fn is_full(&self) -> bool {
        self.cases.len() >= self.limits.open_max
    }

    /// Bundles whose end is not known.
    pub fn open_count(&self) -> usize {
        self.cases.len()
    }

    /// Lamports that count against the cap.
    pub fn spent(&self) -> u64 {
        self.spending.sum()
    }
}

/// What the bundle `id` cost is given back if nobody had it, and stays counted if somebody may have.
fn close(spending: &mut Spending, id: &Id, end: End) {
    if end == End::Refused {
        spending.release(id);
    } else {
        spending.settle(id);
    }
}

/// Ends the attempt of `case` at `endpoint` before anything left, with `receipt`.
fn turn_away(
    case: &mut Case,
    endpoint: usize,
    mut receipt: Receipt,
    (outcome, text): (Outcome, &str),
    now_ns: u64,
    entries: &mut Vec<Entry>,
) {
    (receipt.outcome, receipt.text) = (outcome as u8, fixed_text(text));
    case.last = receipt.text;
    case.follow.ends(To::Place(endpoint), Taken::No);
    entries.push(entry(Kind::Outcome, now_ns, &receipt, case));
}

/// An entry about `case`.
fn entry(kind: Kind, now_ns: u64, receipt: &Receipt, case: &Case) -> Entry {
    let times = case.follow.times();
    let mut entry = Entry::new(kind, now_ns, *receipt);
    entry.price = case.price;
    (entry.expires_ns, entry.ends_ns) = (times.expires_ns, times.ends_ns);
    entry.last_valid_slot = times.last_valid_slot;
    entry
}

/// The final receipt of `case`.
fn last_word(case: &Case, end: End) -> Receipt {
    let mut receipt = case.begun;
    receipt.head.flags = Receipt::FINAL;
    let (outcome, slot, text) = match end {
        End::Landed(slot) => (Outcome::Landed, Some(slot), fixed_text("")),
        End::Failed(Some(slot)) => (Outcome::Failed, Some(slot), fixed_text("error_on_chain")),
        End::Failed(None) => {
            (Outcome::Failed, None, case.given_up.unwrap_or_else(|| fixed_text("given_up")))
        }
        End::Expired | End::Unknown(_) if let Some((count, slot)) = case.part => {
            let words = format!("landed_in_part: {count} of {}", case.signatures.len());
            (Outcome::Failed, Some(slot), fixed_text(&words))
        }
        End::Expired => (Outcome::Expired, None, fixed_text("not_on_chain")),
        End::Refused => (Outcome::Refused, None, case.last),
        End::Unknown(reason) => (Outcome::Unknown, None, fixed_text(reason)),
    };
    (receipt.outcome, receipt.text) = (outcome as u8, text);
    if let Some(slot) = slot {
        receipt.landed_slot = slot;
        receipt.present |= Receipt::LANDED_SLOT;
        let delta = i128::from(slot) - i128::from(receipt.slot);
        // Who does not know for which slot it was made cannot tell how long it took.
        if let Some(delta) = i64::try_from(delta).ok().filter(|_| receipt.slot > 0) {
            (receipt.slot_delta, receipt.present) = (delta, receipt.present | Receipt::SLOT_DELTA);
        }
    }
    receipt
}
