//! The one thread that takes bundles out of the queue, sends them and follows them to their end.
//!
//! ```text
//! queue --next--> office --journal--> audit log --> the caller's 202
//!                   |--> attempts, answers, last words --> journal --> audit log, counters
//! ```
//!
//! A caller is told `202` after its bundle is in the journal and in the audit log: killed at any moment,
//! the next run has a last word for it.

use super::app::{App, Waiting, of_order};
use super::code::{Code, Refusal};
use crate::error::{Error, Result};
use crate::send::Fit;
use crate::send::live::Live;
use crate::time::Stopwatch;
use std::time::Duration;

/// How long an answer of an endpoint may wait to be looked at.
const TICK: Duration = Duration::from_millis(1);
/// The same where nothing is open.
const REST: Duration = Duration::from_millis(20);
/// Bundles that are taken before answers are looked at again.
const AT_ONCE: usize = 32;
/// Time between two entries about callers that nobody knows.
const STRANGERS_EVERY: Duration = Duration::from_secs(1);

/// Works until the queue is empty after the end has begun, and what was sent has its last word or the
/// time for that is over.
///
/// # Errors
/// Status 5 when the journal or the audit log could not be written.
pub(super) fn run(app: &App, mut live: Option<Live>) -> Result<()> {
    let mut strangers = Stopwatch::start();
    let mut draining: Option<Stopwatch> = None;
    let mut failure = None;
    loop {
        match &mut live {
            // Nothing can be taken before an answer makes room.
            Some(live) if live.is_full() => live.wait(TICK),
            Some(live) if live.open_count() > 0 => app.wait(TICK),
            _ => app.wait(REST),
        }
        for _ in 0..AT_ONCE {
            if live.as_ref().is_some_and(Live::is_full) {
                break;
            }
            let Some(waiting) = app.pop() else { break };
            decide(app, live.as_mut(), waiting);
        }
        if let Some(live) = &mut live {
            work(app, live, &mut failure);
        }
        if strangers.elapsed() >= STRANGERS_EVERY {
            app.write_strangers();
            strangers = Stopwatch::start();
        }
        if !app.is_draining() {
            continue;
        }
        let since = draining.get_or_insert_with(Stopwatch::start);
        let over = since.elapsed() >= app.config.limits.drain;
        let done = live.as_ref().is_none_or(|live| live.is_done() || live.has_failed());
        if over && let Some(live) = &mut live {
            // What waits has its last word now; what is on its way, the next run follows.
            live.turn_away("draining");
            work(app, live, &mut failure);
        }
        if (app.waiting() == 0 && done) || over || failure.is_some() {
            break;
        }
    }
    // Whoever waits still is told so, as its channel closes.
    while app.pop().is_some() {}
    app.write_strangers();
    let closed = app.close_audit();
    match failure {
        Some(error) => Err(error),
        None => closed,
    }
}

/// Does what is due, and notes what makes an end of it.
fn work(app: &App, live: &mut Live, failure: &mut Option<Error>) {
    if app.failure() == Some(Code::AuditFailed) {
        live.turn_away("audit_failed");
    }
    live.pump(|receipt| app.told(receipt));
    app.counters.open.set(live.open_count() as u64);
    app.counters.spent_lamports.set(live.spent());
    if live.has_failed() {
        app.fail(Code::JournalFailed);
    }
    if app.is_draining() && failure.is_none() {
        *failure = live.take_failure();
    }
}

/// Takes a bundle or refuses it, and tells its caller.
fn decide(app: &App, live: Option<&mut Live>, waiting: Waiting) {
    if waiting.reply.is_closed() {
        // Its caller was told that it waited too long.
        return;
    }
    let answer = taken(app, live, &waiting);
    // The caller may be gone: what was taken is followed all the same.
    let _ = waiting.reply.send(answer);
}

fn taken(
    app: &App,
    live: Option<&mut Live>,
    waiting: &Waiting,
) -> std::result::Result<(), Refusal> {
    let order = &waiting.order;
    if let Some(code) = app.failure() {
        return Err(code.into());
    }
    if let Some(live) = live {
        let (id, price, signatures) = (order.id, order.price, order.signatures.as_slice());
        let fit = Fit { body: &order.body, id, price, signatures };
        live.promise(&order.bundle, &order.tail, &fit).map_err(|reason| match reason {
            "known_id" => Code::KnownId.into(),
            "over_spending_cap" => Code::OverCap.into(),
            "stopped" => Code::Stopped.into(),
            "journal_failed" => {
                app.fail(Code::JournalFailed);
                Code::JournalFailed.into()
            }
            other => Refusal::with(Code::Unfit, other),
        })?;
        app.taken(order.id);
    }
    app.audit(&of_order("accepted", &waiting.caller, order))?;
    app.counters.accepted(order.priority);
    Ok(())
}
