//! The office against engines and a clock that are made here: whatever they answer and whenever the
//! process dies, what the module's head promises holds.

use super::desk::Fit;
use super::journal::{Entry, Kind};
use super::office::{Errand, LANES, Limits, Office, Work};
use super::reply::{Reply, Said};
use super::status::{Id, Question};
use super::url::Endpoint;
use crate::bytes::hex::Hex;
use crate::ids::{JITO_TIP_ACCOUNTS, Key};
use crate::net::http::{Answer, Failure, Reason};
use crate::record::{Bundle, Layout, Outcome, Receipt, Road, fixed_text};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const SECOND_NS: u64 = 1_000_000_000;
const URLS: [&str; 2] = ["http://a/api/v1/bundles", "http://b/api/v1/bundles"];

fn limits() -> Limits {
    let (timeout_ns, expiry_ns) = (SECOND_NS, 10 * SECOND_NS);
    Limits { per_second: 10, timeout_ns, expiry_ns, spend_max: 1_000, open_max: 1024 }
}

fn office() -> Office {
    Office::new(&URLS.map(endpoint), limits())
}

fn bundle(slot: u64, tip_account: Key) -> Bundle {
    let mut bundle = Bundle::new(77);
    (bundle.slot, bundle.tip, bundle.txs, bundle.tip_account) = (slot, 10, 1, tip_account);
    bundle
}

fn submit(office: &mut Office, number: u8, now_ns: u64) -> Result<(), &'static str> {
    let fit = Fit { body: b"body", id: [number; 32], price: 100, signatures: &[[number; 64]] };
    office.submit(&bundle(1000, JITO_TIP_ACCOUNTS[0]), &fit, now_ns)
}

/// An exchange that ended with `status` and `body`.
fn answered(status: u16, body: impl Into<String>) -> Reply {
    let said = Said::Http(Answer { status, body: body.into().into_bytes() });
    Reply { sent_ns: 1, done_ns: 2, said }
}

fn silent(reason: Reason) -> Reply {
    let said = Said::Nothing(Failure { reason, words: String::new() });
    Reply { sent_ns: 1, done_ns: 2, said }
}

fn endpoint(url: &str) -> Endpoint {
    Endpoint::parse(url).unwrap()
}

fn tips() -> Reply {
    let keys = JITO_TIP_ACCOUNTS.map(|key| crate::bytes::base58::Key(&key).to_string());
    answered(200, serde_json::json!({"result": keys}).to_string())
}

fn accepted(id: &Id) -> Reply {
    answered(200, format!(r#"{{"result":"{}"}}"#, Hex(id)))
}

fn inflight(ids: &[Id], status: &str) -> Reply {
    let value: Vec<_> = ids
        .iter()
        .map(|id| serde_json::json!({"bundle_id": Hex(id).to_string(), "status": status}))
        .collect();
    answered(200, serde_json::json!({"result": {"value": value}}).to_string())
}

/// No bundle is on chain at slot `slot`.
fn nothing(slot: u64) -> Reply {
    answered(200, format!(r#"{{"result":{{"context":{{"slot":{slot}}},"value":[]}}}}"#))
}

/// Opens both endpoints: each is asked for its tip accounts before anything else.
fn open(office: &mut Office, now_ns: u64) {
    let errands = URLS.map(|_| office.next(now_ns).unwrap().0);
    assert_eq!(office.next(now_ns), None);
    for errand in errands {
        assert_eq!(errand.work, Work::Tips);
        office.done(&errand, &tips(), now_ns);
    }
}

fn outcomes(office: &mut Office) -> Vec<(Kind, u8, String)> {
    let entries = office.take_entries();
    assert!(entries.iter().all(|entry| entry.receipt.invalid().is_none()));
    let text = |receipt: &Receipt| {
        String::from_utf8_lossy(&receipt.text).trim_end_matches('\0').to_owned()
    };
    entries.iter().map(|e| (e.kind(), e.receipt.outcome, text(&e.receipt))).collect()
}

/// Runs everything that is due until `until_ns`, answering by `answer`.
fn drive(
    office: &mut Office,
    from_ns: u64,
    until_ns: u64,
    mut answer: impl FnMut(&Errand, u64) -> Reply,
) -> Vec<Entry> {
    let (mut now_ns, mut entries) = (from_ns, Vec::new());
    while now_ns < until_ns {
        while let Some((errand, entry)) = office.next(now_ns) {
            entries.extend(entry);
            let exchange = answer(&errand, now_ns);
            office.done(&errand, &exchange, now_ns);
        }
        office.settle(now_ns);
        entries.extend(office.take_entries());
        now_ns += 10_000_000;
    }
    entries
}

#[test]
fn a_bundle_goes_to_every_endpoint_once_and_is_followed() {
    let mut office = office();
    assert_eq!(submit(&mut office, 1, 5), Ok(()));
    assert_eq!(submit(&mut office, 1, 5), Err("known_id"));
    // Nothing is sent before the tip accounts are known.
    let (first, _) = office.next(5).unwrap();
    let (second, _) = office.next(5).unwrap();
    assert_eq!((first.work, second.work, office.next(5)), (Work::Tips, Work::Tips, None));
    let mut office = self::office();
    submit(&mut office, 1, 5).unwrap();
    let mut sends = BTreeSet::new();
    let entries = drive(&mut office, 5, 30 * SECOND_NS, |errand, now_ns| match &errand.work {
        Work::Tips => tips(),
        Work::Send { attempt, body } => {
            assert_eq!(
                (&**body, attempt.attempt, attempt.road),
                (&b"body"[..], 1, Road::Jito as u8)
            );
            assert!(sends.insert(errand.endpoint), "sent twice");
            accepted(&attempt.id)
        }
        Work::Ask { question: Question::Inflight, ids, .. } => {
            assert!(now_ns < 10 * SECOND_NS + 5);
            inflight(ids, "Pending")
        }
        Work::Ask { .. } => nothing(1001),
    });
    assert_eq!(sends.len(), 2);
    let kinds: Vec<_> = entries.iter().map(|e| (e.kind() as u8, e.receipt.outcome)).collect();
    let (accepted, expired) = (Outcome::Accepted as u8, Outcome::Expired as u8);
    let unknown = Outcome::DryRun as u8;
    assert_eq!(kinds, [(1, unknown), (1, unknown), (2, accepted), (2, accepted), (3, expired)]);
    let last = entries.last().unwrap();
    assert_eq!((last.receipt.head.flags, last.receipt.road), (Receipt::FINAL, 0));
    // Not before slots of half as long again as usual would be over.
    assert!(last.at_ns >= 15 * SECOND_NS && office.is_done());
}

#[test]
fn a_limit_is_waited_for_and_tried_again_a_few_times() {
    let mut office = office();
    submit(&mut office, 1, 5).unwrap();
    let mut sends: BTreeMap<usize, Vec<(u16, u64)>> = BTreeMap::new();
    let entries = drive(&mut office, 5, 9 * SECOND_NS, |errand, now_ns| match &errand.work {
        Work::Send { attempt, .. } => {
            sends.entry(errand.endpoint).or_default().push((attempt.attempt, now_ns));
            answered(429, "Retry after 500ms")
        }
        Work::Tips => tips(),
        Work::Ask { .. } => panic!("nobody has it"),
    });
    for sent in sends.values() {
        assert_eq!(sent.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert!(sent.windows(2).all(|pair| pair[1].1 - pair[0].1 >= 500_000_000), "{sent:?}");
    }
    let last = entries.last().unwrap();
    assert_eq!((last.kind(), last.receipt.outcome), (Kind::Final, Outcome::Refused as u8));
    assert!(last.receipt.text.starts_with(b"rate_limited: Retry"));
    assert_eq!(office.spent(), 0, "nobody took it");
}

#[test]
fn what_waits_longer_than_it_lasts_is_rate_limited() {
    let mut office = Office::new(&[endpoint(URLS[0])], Limits { per_second: 1, ..limits() });
    (1..=10).for_each(|number| submit(&mut office, number, 5).unwrap());
    let mut sends = 0;
    let entries = drive(&mut office, 5, 40 * SECOND_NS, |errand, _| match &errand.work {
        Work::Tips => tips(),
        Work::Send { attempt, .. } => {
            sends += 1;
            accepted(&attempt.id)
        }
        Work::Ask { question: Question::Inflight, ids, .. } => inflight(ids, "Failed"),
        Work::Ask { .. } => nothing(1001),
    });
    // A tick for the tip accounts and, of the others, one of four for questions.
    assert!((5..=9).contains(&sends), "{sends}");
    let of = |outcome: Outcome, kind: Kind| {
        let is = |e: &&Entry| e.receipt.outcome == outcome as u8 && e.kind() == kind;
        entries.iter().filter(is).count()
    };
    assert_eq!(of(Outcome::RateLimited, Kind::Outcome), 10 - sends);
    assert_eq!(of(Outcome::Refused, Kind::Final), 10 - sends);
    // The last ones sent were not asked about before it was too late.
    let failed = of(Outcome::Failed, Kind::Final);
    assert!(failed > 0 && failed + of(Outcome::Expired, Kind::Final) == sends);
}

#[test]
fn a_tip_that_the_engine_does_not_list_is_not_sent_there() {
    let mut office = office();
    let fit = Fit { body: b"body", id: [1; 32], price: 100, signatures: &[[1; 64]] };
    office.submit(&bundle(1000, [9; 32]), &fit, 5).unwrap();
    open(&mut office, 5);
    let later = 5 + SECOND_NS;
    assert_eq!(office.next(later), None);
    office.settle(later);
    let (refused, text) = (Outcome::Refused as u8, "tip_account_not_listed".to_owned());
    let attempt = (Kind::Outcome, refused, text.clone());
    assert_eq!(outcomes(&mut office), [attempt.clone(), attempt, (Kind::Final, refused, text)]);
}

#[test]
fn the_cap_holds_and_a_stop_turns_away_what_waits() {
    let mut office = office();
    (1..=10).for_each(|number| submit(&mut office, number, 5).unwrap());
    assert_eq!(submit(&mut office, 11, 5), Err("over_spending_cap"));
    open(&mut office, 5);
    let later = 5 + SECOND_NS;
    let (errand, _) = office.next(later).unwrap();
    office.stop("stopped", later);
    assert_eq!(office.next(later), None);
    office.settle(later);
    let told = outcomes(&mut office);
    let finals = told.iter().filter(|(kind, ..)| *kind == Kind::Final).count();
    assert_eq!((told.len(), finals), (19 + 9, 9), "one is on its way");
    office.done(&errand, &silent(Reason::Timeout), later);
    office.settle(later);
    assert_eq!(outcomes(&mut office).len(), 1);
    assert_eq!((office.open_count(), office.spent()), (1, 100));
}

#[test]
fn another_road_joins_by_its_attempts() {
    let mut office = Office::new(&[Endpoint::node("http://rpc/?key=1")], limits());
    submit(&mut office, 1, 5).unwrap();
    let urls = ["quic://192.0.2.1:8009", "quic://192.0.2.2:8009"].map(str::to_owned);
    let begun = office.begin_elsewhere(&[1; 32], urls, 5);
    let kinds: Vec<_> = begun.iter().map(Entry::kind).collect();
    assert_eq!(kinds, [Kind::Signatures, Kind::Attempt, Kind::Attempt]);
    assert_eq!(begun[0].signatures(), [[1; 64]]);
    office.settle(6);
    assert!(outcomes(&mut office).is_empty() && !office.is_done(), "they are on their way");
    for entry in &begun[1..] {
        let mut receipt = entry.receipt;
        assert_eq!((receipt.road, receipt.attempt), (Road::Tpu as u8, 1));
        (receipt.outcome, receipt.text) = (Outcome::Written as u8, fixed_text("written"));
        office.end_elsewhere(&receipt, 7);
    }
    let entries =
        drive(&mut office, 5 + SECOND_NS, 30 * SECOND_NS, |errand, _| match &errand.work {
            Work::Ask { question: Question::Signatures, signatures, .. } => {
                assert_eq!(*signatures, [vec![[1; 64]]]);
                answered(200, r#"{"result":{"context":{"slot":1001},"value":[null]}}"#)
            }
            other => panic!("{other:?}"),
        });
    let last = entries.last().unwrap();
    assert_eq!((last.kind(), last.receipt.outcome), (Kind::Final, Outcome::Expired as u8));
    assert_eq!(office.begin_elsewhere(&[2; 32], [String::new()], 5), []);
}

#[test]
fn a_restart_follows_what_was_begun_and_sends_nothing_again() {
    let mut before = office();
    (1..=3).for_each(|number| submit(&mut before, number, 5).unwrap());
    open(&mut before, 5);
    let mut journal = Vec::new();
    // Of the first bundle one attempt has an outcome and one has none; the third was never begun.
    let (errand, entry) = before.next(5 + SECOND_NS).unwrap();
    journal.extend(entry);
    before.done(&errand, &accepted(&[1; 32]), 6 + SECOND_NS);
    journal.extend(before.take_entries());
    journal.extend(before.next(5 + SECOND_NS).unwrap().1);
    journal.extend(before.next(6 + 2 * SECOND_NS).unwrap().1);
    assert_eq!(journal.len(), 4);

    let mut office = office();
    let now_ns = 3 * SECOND_NS;
    office.restore(&journal, now_ns);
    assert_eq!((office.open_count(), office.spent()), (2, 200));
    assert_eq!(submit(&mut office, 1, now_ns), Err("known_id"));
    assert_eq!(submit(&mut office, 3, now_ns), Ok(()));
    let mut sent = Vec::new();
    let entries = drive(&mut office, now_ns, 40 * SECOND_NS, |errand, _| match &errand.work {
        Work::Tips => tips(),
        Work::Send { attempt, .. } => {
            sent.push(attempt.id);
            silent(Reason::Connect)
        }
        Work::Ask { question: Question::Inflight, ids, .. } => inflight(ids, "Failed"),
        Work::Ask { .. } => nothing(1001),
    });
    assert_eq!(sent, [[3; 32]; 2]);
    let finals: BTreeMap<Id, u8> = entries
        .iter()
        .filter(|entry| entry.kind() == Kind::Final)
        .map(|entry| (entry.receipt.id, entry.receipt.outcome))
        .collect();
    let (failed, refused) = (Outcome::Failed as u8, Outcome::Refused as u8);
    let should = [([1; 32], failed), ([2; 32], failed), ([3; 32], refused)];
    assert_eq!(finals, BTreeMap::from(should));
    // With its finals the journal leaves nothing to do, long after.
    journal.extend(entries);
    let mut later = self::office();
    later.restore(&journal, 4000 * SECOND_NS);
    assert!(later.is_done());
    assert_eq!(submit(&mut later, 3, 4000 * SECOND_NS), Err("known_id"));
}

#[test]
fn what_was_promised_and_never_begun_ends_as_refused() {
    let mut before = office();
    submit(&mut before, 1, 5).unwrap();
    assert_eq!(before.promise(&[2; 32], 5), None);
    let promise = before.promise(&[1; 32], 5).unwrap();
    assert_eq!(promise.kind(), Kind::Taken);
    let mut office = office();
    office.restore(&[promise], 2 * SECOND_NS);
    assert_eq!((office.open_count(), office.spent()), (1, 100));
    office.settle(2 * SECOND_NS);
    let last = (Kind::Final, Outcome::Refused as u8, "not_sent".to_owned());
    assert_eq!((outcomes(&mut office), office.spent()), (vec![last], 0));
    assert_eq!(submit(&mut office, 1, 3 * SECOND_NS), Err("known_id"));
    // With an attempt it is followed like any other.
    open(&mut before, 5);
    let attempt = before.next(5 + SECOND_NS).unwrap().1.unwrap();
    let mut office = self::office();
    office.restore(&[promise, attempt], 2 * SECOND_NS);
    office.settle(2 * SECOND_NS);
    assert_eq!((outcomes(&mut office).len(), office.open_count()), (0, 1));
}

#[test]
fn a_restart_with_other_endpoints_asks_those() {
    let mut before = office();
    submit(&mut before, 1, 5).unwrap();
    open(&mut before, 5);
    let journal: Vec<_> = before.next(5 + SECOND_NS).unwrap().1.into_iter().collect();
    let mut office = Office::new(&[endpoint("http://c/x")], limits());
    office.restore(&journal, 2 * SECOND_NS);
    let entries =
        drive(&mut office, 2 * SECOND_NS, 40 * SECOND_NS, |errand, _| match &errand.work {
            Work::Tips => tips(),
            Work::Ask { question: Question::Inflight, ids, .. } => inflight(ids, "Failed"),
            other => panic!("{other:?}"),
        });
    assert_eq!(entries.last().unwrap().receipt.outcome, Outcome::Failed as u8);
}

/// How an engine answers, by a number that chance gives.
fn by_chance(errand: &Errand, chance: u8) -> Reply {
    match (&errand.work, chance % 8) {
        (_, 0) => silent(Reason::Timeout),
        (_, 1) => answered(429, ""),
        (_, 2) => answered(200, "<html>"),
        (Work::Tips, _) => tips(),
        (Work::Send { .. }, 3) => silent(Reason::Connect),
        (Work::Send { .. }, 4) => answered(
            400,
            r#"{"error":{"code":-32602,"message":"bundle contains an expired blockhash"}}"#,
        ),
        (Work::Send { attempt, .. }, _) => accepted(&attempt.id),
        (Work::Ask { question: Question::Inflight, ids, .. }, status) => {
            inflight(ids, ["Invalid", "Pending", "Failed", "Landed", "?"][usize::from(status - 3)])
        }
        (Work::Ask { .. }, slot) => nothing(1000 + u64::from(slot)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Engines answer by chance, some requests are on their way for long, and the process dies at
    /// any of its writes, several times: whatever was attempted has one final receipt, nothing is
    /// sent again but after a limit, and the cap holds.
    #[test]
    fn deaths_at_any_write_leave_one_final_receipt_each(
        chances in prop::collection::vec(any::<u8>(), 64..256),
        deaths in prop::collection::vec(1usize..30, 0..4),
    ) {
        let mut chance = chances.into_iter().cycle();
        let (mut journal, mut now_ns): (Vec<Entry>, u64) = (Vec::new(), 5);
        let mut sent: BTreeMap<(Id, usize), u32> = BTreeMap::new();
        let mut limited: BTreeMap<(Id, usize), u32> = BTreeMap::new();
        for death in deaths.iter().copied().chain([usize::MAX]) {
            let mut office = office();
            office.restore(&journal, now_ns);
            for number in 1..=12 {
                let _ = submit(&mut office, number, now_ns);
            }
            let (mut writes, until_ns) = (0usize, now_ns + 60 * SECOND_NS);
            let mut away: Vec<(Errand, Reply)> = Vec::new();
            'life: while now_ns < until_ns && !(office.is_done()) {
                while let Some((errand, entry)) = office.next(now_ns) {
                    if let Some(entry) = entry {
                        if writes == death { break 'life; }
                        writes += 1;
                        journal.push(entry);
                    }
                    let exchange = by_chance(&errand, chance.next().unwrap());
                    if let Work::Send { attempt, .. } = &errand.work {
                        let at = (attempt.id, errand.endpoint);
                        *sent.entry(at).or_default() += 1;
                        let was = exchange.http().0 == 429;
                        *limited.entry(at).or_default() += u32::from(was);
                    }
                    away.push((errand, exchange));
                    prop_assert!(away.len() <= URLS.len() * LANES);
                }
                if chance.next().unwrap() % 3 > 0 && !away.is_empty() {
                    let (errand, exchange) = away.remove(0);
                    office.done(&errand, &exchange, now_ns);
                }
                office.settle(now_ns);
                for entry in office.take_entries() {
                    if writes == death { break 'life; }
                    writes += 1;
                        journal.push(entry);
                }
                now_ns += 50_000_000;
            }
            prop_assert!(death < usize::MAX || office.is_done(), "it comes to an end");
        }
        let ids = |kind| journal.iter().filter(move |e| e.kind() == kind).map(|e| e.receipt.id);
        let attempted: BTreeSet<_> = ids(Kind::Attempt).collect();
        let finals: Vec<_> = ids(Kind::Final).collect();
        let distinct: BTreeSet<_> = finals.iter().copied().collect();
        prop_assert_eq!(finals.len(), distinct.len(), "two final receipts");
        prop_assert!(attempted.is_subset(&distinct), "no final receipt");
        for (at, count) in sent {
            prop_assert!(count <= limited.get(&at).copied().unwrap_or(0) + 1, "{:?} {}", at, count);
        }
        // All of it happened within an hour.
        let refused: BTreeSet<_> = journal.iter()
            .filter(|e| e.kind() == Kind::Final && e.receipt.outcome == Outcome::Refused as u8)
            .map(|e| e.receipt.id).collect();
        prop_assert!(attempted.difference(&refused).count() <= 10, "over the cap");
    }
}
