//! The threads: who writes which slot, and how the rows come back into order.

use super::super::deshred::{Limits, Verify};
use super::super::feed::Feed;
use super::super::rows::Change;
use super::super::stage::{Config, Order, Parser};
use super::super::tally::Tally;
use super::Job;
use crate::dex::AccountBook;
use crate::record::{Layout, Record};
use crate::stream::{Arena, Sink, Stage};
use crate::sys::cpu;
use crate::wire::shred::SHREDS_PER_SLOT_MAX;
use std::collections::{TryReserveError, VecDeque};
use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::Scope;

/// Slots that wait for a worker while it writes another one.
const WAITING_MAX: usize = 2;

/// A slot and its number in the order of the output.
struct Work<'m> {
    number: usize,
    job: Box<Job<'m>>,
    /// What the worker has to learn before.
    news: Vec<Change>,
}

/// What waits for its turn in the output.
enum Waiting<'m> {
    /// A slot at a worker.
    Away,
    /// A slot that was written.
    Slot(Box<Job<'m>>),
    /// What the reader put itself.
    Records(Arena),
}

/// A worker, as the reader sees it.
struct Worker<'m> {
    jobs: SyncSender<Work<'m>>,
    /// What it has to learn before its next slot.
    news: Vec<Change>,
}

/// A parser and those who help it: a stage that writes what the parser alone would write.
pub(in crate::parse) struct Crew<'m> {
    parser: Parser<'m>,
    /// Absent when the parser works alone.
    helpers: Option<Helpers<'m>>,
}

struct Helpers<'m> {
    workers: Vec<Worker<'m>>,
    /// The worker that is asked first.
    next: usize,
    done: Receiver<Work<'m>>,
    /// Writes slots when no worker has room, and again when they need what was not known. It has
    /// learned everything up to `first`.
    own: Parser<'m>,
    /// In the order of the output: the first is the next to be written.
    waiting: VecDeque<Waiting<'m>>,
    /// Number of the first in `waiting`.
    first: usize,
    arenas: Vec<Arena>,
    /// What the parser puts itself.
    made: Arena,
    tally: Tally,
}

impl<'m> Crew<'m> {
    /// `parser`, alone.
    pub(in crate::parse) fn alone(parser: Parser<'m>) -> Self {
        Self { parser, helpers: None }
    }

    /// A parser of `config` in slot order and `count` workers in `scope`, each thread on a processor
    /// of its own if there are as many. Workers know the accounts of `book`; the parser has yet to be
    /// shown them.
    ///
    /// # Errors
    /// There is not as much memory.
    pub(in crate::parse) fn of<'scope>(
        scope: &'scope Scope<'scope, '_>,
        config: &Config,
        feed: Feed,
        count: usize,
        book: &AccountBook,
    ) -> Result<Self, TryReserveError>
    where
        'm: 'scope,
    {
        debug_assert_eq!(config.order, Order::Slot);
        // The reader follows no proof, and writes no slot.
        let reads =
            Config { verify: Verify { poh: false, ..config.verify.clone() }, ..config.clone() };
        let mut parser = Parser::new(&reads, feed)?;
        parser.pack_slots();
        let writer = || -> Result<Parser<'m>, TryReserveError> {
            let verify = Verify { poh: config.verify.poh, ..Verify::default() };
            let limits = Limits { slots_max: 1, shreds_max: SHREDS_PER_SLOT_MAX };
            let mut writer =
                Parser::new(&Config { verify, limits, ..config.clone() }, Feed::default())?;
            writer.snapshot(book, &mut Nowhere, &mut |_| {});
            writer.tally = Tally::default();
            Ok(writer)
        };
        let cpus = Some(cpu::allowed()).filter(|cpus| cpus.len() > count).unwrap_or_default();
        let (to_reader, done) = sync_channel(count * (WAITING_MAX + 1));
        let mut workers = Vec::new();
        for number in 0..count {
            let (to_worker, jobs) = sync_channel(WAITING_MAX);
            let (writer, to_reader) = (writer()?, to_reader.clone());
            let cpu = cpus.get(number + 1).copied();
            scope.spawn(move || {
                cpu.map(cpu::pin);
                work(writer, &jobs, &to_reader);
            });
            workers.push(Worker { jobs: to_worker, news: Vec::new() });
        }
        if let Some(cpu) = cpus.first() {
            cpu::pin(*cpu);
        }
        let helpers = Helpers {
            workers,
            next: 0,
            done,
            own: writer()?,
            waiting: VecDeque::new(),
            first: 0,
            arenas: Vec::new(),
            made: Arena::default(),
            tally: Tally::default(),
        };
        Ok(Self { parser, helpers: Some(helpers) })
    }

    /// The parser that reads.
    pub(in crate::parse) fn parser(&mut self) -> &mut Parser<'m> {
        &mut self.parser
    }

    /// Lets `take` give the parser something, and writes what can be written.
    #[inline]
    pub(in crate::parse) fn input(
        &mut self,
        out: &mut Arena,
        take: impl FnOnce(&mut Parser<'m>, &mut Arena),
    ) {
        match &mut self.helpers {
            None => take(&mut self.parser, out),
            Some(helpers) => {
                take(&mut self.parser, &mut helpers.made);
                helpers.turn(&mut self.parser, out);
            }
        }
    }

    /// What was counted of all that was written, and of all packets.
    pub(in crate::parse) fn tally(&self) -> Tally {
        let mut tally = self.parser.tally().clone();
        if let Some(helpers) = &self.helpers {
            tally.add(&helpers.tally);
        }
        tally
    }
}

impl Stage for Crew<'_> {
    const MAX_OUT: usize = Parser::MAX_OUT;

    fn step(&mut self, input: Record<'_>, out: &mut impl Sink) {
        match &mut self.helpers {
            None => self.parser.step(input, out),
            Some(helpers) => {
                self.parser.step(input, &mut helpers.made);
                helpers.turn(&mut self.parser, out);
            }
        }
    }

    fn idle(&mut self, now_ns: u64, out: &mut impl Sink) {
        match &mut self.helpers {
            None => self.parser.idle(now_ns, out),
            Some(helpers) => {
                self.parser.idle(now_ns, &mut helpers.made);
                helpers.turn(&mut self.parser, out);
                helpers.collect(&mut self.parser, out);
            }
        }
    }

    fn finish(&mut self, out: &mut impl Sink) {
        match &mut self.helpers {
            None => self.parser.finish(out),
            Some(helpers) => {
                while self.parser.finish_slot(&mut helpers.made) {
                    helpers.turn(&mut self.parser, out);
                }
                helpers.collect(&mut self.parser, out);
                while !helpers.waiting.is_empty() {
                    helpers.wait(&mut self.parser, out);
                }
            }
        }
    }
}

impl<'m> Helpers<'m> {
    /// Hands on what the parser made with its last input.
    #[inline]
    fn turn(&mut self, parser: &mut Parser<'m>, out: &mut impl Sink) {
        if self.made.is_empty() && !parser.has_packed() {
            return;
        }
        self.collect(parser, out);
        let mut from = 0;
        while let Some(job) = parser.packed() {
            self.records(from..job.after);
            from = job.after;
            while self.waiting.len() >= self.workers.len() * WAITING_MAX * 8 {
                self.wait(parser, out);
            }
            self.hand(job);
        }
        self.records(from..usize::MAX);
        self.made.clear();
        self.write(parser, out);
    }

    /// Lets those records wait for their turn that the reader put at bytes `range` of what it made.
    fn records(&mut self, range: Range<usize>) {
        let mut records = self.arenas.pop().unwrap_or_default();
        let mut at = 0;
        for record in self.made.records() {
            if range.contains(&at) {
                records.put(record);
            }
            at += record.bytes().len();
        }
        if records.is_empty() {
            self.arenas.push(records);
        } else {
            self.waiting.push_back(Waiting::Records(records));
        }
    }

    /// Gives a slot to a worker with room, or writes it here.
    fn hand(&mut self, mut job: Box<Job<'m>>) {
        let number = self.first + self.waiting.len();
        for _ in 0..self.workers.len() {
            self.next = (self.next + 1) % self.workers.len();
            let Some(worker) = self.workers.get_mut(self.next) else { break };
            let news = std::mem::take(&mut worker.news);
            match worker.jobs.try_send(Work { number, job, news }) {
                Ok(()) => return self.waiting.push_back(Waiting::Away),
                Err(TrySendError::Full(back) | TrySendError::Disconnected(back)) => {
                    (job, worker.news) = (back.job, back.news);
                }
            }
        }
        self.own.write_and_hear(&mut job);
        self.waiting.push_back(Waiting::Slot(job));
    }

    /// Takes what workers have written, and writes what is next.
    fn collect(&mut self, parser: &mut Parser<'m>, out: &mut impl Sink) {
        while let Ok(work) = self.done.try_recv() {
            self.keep(work);
        }
        self.write(parser, out);
    }

    /// Waits for a worker and writes what is next.
    fn wait(&mut self, parser: &mut Parser<'m>, out: &mut impl Sink) {
        match self.done.recv() {
            Ok(work) => self.keep(work),
            // Workers that are gone have panicked, which their scope passes on.
            Err(_) => self.waiting.clear(),
        }
        self.write(parser, out);
    }

    fn keep(&mut self, work: Work<'m>) {
        if let Some(place) = self.waiting.get_mut(work.number - self.first) {
            *place = Waiting::Slot(work.job);
        }
    }

    /// Writes everything whose turn has come.
    fn write(&mut self, parser: &mut Parser<'m>, out: &mut impl Sink) {
        while self.waiting.front().is_some_and(|next| !matches!(next, Waiting::Away)) {
            self.first += 1;
            match self.waiting.pop_front() {
                Some(Waiting::Slot(mut job)) => {
                    self.learn(&mut job);
                    self.tally.add(&job.tally);
                    job.rows.records().for_each(|record| out.put(record));
                    parser.spare(job);
                }
                Some(Waiting::Records(mut records)) => {
                    records.records().for_each(|record| out.put(record));
                    records.clear();
                    self.arenas.push(records);
                }
                Some(Waiting::Away) | None => {}
            }
        }
    }

    /// Learns what was heard in a slot whose turn has come, and writes it again if it has to be.
    fn learn(&mut self, job: &mut Job<'m>) {
        if self.own.rows.agrees(&job.heard) {
            self.own.rows.learn_changes(&job.heard.changes);
        } else {
            self.own.write_packed(job);
        }
        if !job.heard.changes.is_empty() {
            self.workers.iter_mut().for_each(|it| it.news.extend_from_slice(&job.heard.changes));
        }
    }
}

/// Takes records for nobody.
struct Nowhere;

impl Sink for Nowhere {
    fn put(&mut self, _: Record<'_>) {}

    fn put_parts<T: Layout>(&mut self, _: &T, _: &[u8]) {}

    fn held(&self) -> usize {
        0
    }
}

/// A worker: writes slots until the reader is gone.
fn work<'m>(mut parser: Parser<'m>, jobs: &Receiver<Work<'m>>, done: &SyncSender<Work<'m>>) {
    for mut work in jobs {
        parser.rows.learn_changes(&work.news);
        parser.write_and_hear(&mut work.job);
        if done.send(work).is_err() {
            return;
        }
    }
}
