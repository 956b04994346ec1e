//! mev-send --grpc as a program, against engines on this machine.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may stop where it stands, and says what it skips"
)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::Fate;
use mev::record::{Layout, Outcome, Receipt, Record, Road};
use mev::send::searcher::messages as m;
use mev::stream::{Piped, Reader};
use program::{Folder, accounts, arg, keypair, opportunity, run, slot, stream};
use searcher_engine::{Manner, SearcherEngine, searcher_engine};

#[path = "support/engine.rs"]
#[allow(dead_code, reason = "its JSON-RPC is used, not its server")]
mod engine;
#[path = "support/program.rs"]
mod program;
#[path = "support/searcher_engine.rs"]
mod searcher_engine;
#[path = "support/server.rs"]
#[allow(dead_code, reason = "its requests are used, not its server")]
mod server;

const BUNDLE: &str = env!("CARGO_BIN_EXE_mev-bundle");
const SEND: &str = env!("CARGO_BIN_EXE_mev-send");

/// Signed bundles of `count` slots from 1000.
fn bundles(folder: &Folder, count: u64) -> Vec<u8> {
    let accounts = folder.write("pools.jsonl", accounts().as_bytes());
    let id = folder.write("id.json", keypair().0.as_bytes());
    let known = slot(999);
    let made: Vec<_> = (1000..1000 + count).map(opportunity).collect();
    let mut records = vec![Record::of(&known)];
    records.extend(made.iter().map(Record::of));
    let args = ["--accounts", arg(&accounts), "--keypair", arg(&id)];
    let ran = run(BUNDLE, &args, &stream(&records));
    assert_eq!(ran.code, 0, "{}", ran.err);
    ran.out
}

/// The final receipts and the others.
fn receipts(stream: &[u8]) -> (Vec<Receipt>, Vec<Receipt>) {
    let (mut reader, mut found) = (Reader::new(Piped::new(stream)), Vec::<Receipt>::new());
    while let Some(record) = reader.next().unwrap() {
        found.extend(record.get::<Receipt>().unwrap().copied());
    }
    found.into_iter().partition(|receipt| receipt.head.flags & Receipt::FINAL != 0)
}

fn text(field: &[u8]) -> &str {
    std::str::from_utf8(field).unwrap().trim_end_matches('\0')
}

/// Sends `input` by the searcher API of `engine`.
fn send(
    folder: &Folder,
    name: &str,
    engine: &SearcherEngine,
    more: &[&str],
    input: &[u8],
) -> program::Ran {
    let journal = folder.path(name);
    let live =
        ["--live", "--journal", arg(&journal), "--max-spend-lamports-per-hour", "1000000000"];
    let how = ["--rate", "1000", "--grpc", "--url", &engine.url, "--timeout", "1s", "--stats"];
    run(SEND, &[live.as_slice(), &how, more].concat(), input)
}

#[test]
fn bundles_go_by_grpc_and_results_and_the_chain_tell_their_end() {
    let folder = Folder::new("searcher-fates");
    let input = bundles(&folder, 1);
    for (name, fate, slot, last, words, attempt) in [
        ("land", Fate::Land, 1008, Outcome::Landed, "", "accepted"),
        ("broken", Fate::LandBroken, 1008, Outcome::Failed, "error_on_chain", "accepted"),
        (
            "fail",
            Fate::Fail,
            1008,
            Outcome::Failed,
            "rejected: simulation: custom program error",
            "accepted",
        ),
        ("vanish", Fate::Vanish, 1_000_000, Outcome::Expired, "not_on_chain", "accepted"),
        ("lie", Fate::Lie, 1_000_000, Outcome::Unknown, "landed_not_confirmed", "accepted"),
        (
            "refuse",
            Fate::Refuse("no tip"),
            1008,
            Outcome::Refused,
            "other_refusal: no tip",
            "other_refusal: no tip",
        ),
        (
            "limit",
            Fate::Limit,
            1008,
            Outcome::Refused,
            "rate_limited: Retry after 20ms",
            "rate_limited: Retry after 20ms",
        ),
        (
            "garbage",
            Fate::Garbage,
            1_000_000,
            Outcome::Expired,
            "not_on_chain",
            "server_error: not the message",
        ),
        (
            "silent",
            Fate::Silent,
            1_000_000,
            Outcome::Expired,
            "not_on_chain",
            "timeout: no answer in 1000 ms",
        ),
    ] {
        let engine = searcher_engine(slot, Manner::default(), move |_, _| fate);
        let ran = send(&folder, name, &engine, &["--expiry", "1500ms"], &input);
        let (finals, attempts) = receipts(&ran.out);
        assert_eq!(finals.len(), 1, "{name}: {}", ran.err);
        assert_eq!((finals[0].outcome, text(&finals[0].text)), (last as u8, words), "{name}");
        let sends: u32 = engine.seen.lock().unwrap().sends.values().sum();
        assert_eq!(sends, if fate == Fate::Limit { 4 } else { 1 }, "{name}");
        assert_eq!(attempts.len(), usize::try_from(sends).unwrap(), "{name}");
        for receipt in attempts {
            assert_eq!((receipt.road, receipt.http_status), (Road::JitoGrpc as u8, 0), "{name}");
            assert!(text(&receipt.text).starts_with(attempt), "{name}: {}", text(&receipt.text));
            assert_eq!(receipt.invalid(), None);
        }
        let asked =
            |method: &str| engine.seen.lock().unwrap().requests.iter().any(|(_, m)| m == method);
        assert!(asked("getTipAccounts") && !asked("sendBundle"), "{name}");
    }
}

#[test]
fn challenges_are_signed_and_tokens_renewed() {
    let folder = Folder::new("searcher-auth");
    let input = bundles(&folder, 3);
    let (pair, key) = keypair();
    let id = folder.write("grpc.json", pair.as_bytes());
    let uuid = folder.write("uuid", b"0f-uuid");
    let good = Manner { key: Some(key), ..Manner::default() };
    let with = ["--grpc-keypair", arg(&id), "--auth-file", arg(&uuid)];
    // A token lasts; one that expires in five minutes is renewed before every call; one that the engine
    // forgot is asked for again.
    for (name, manner, paths) in [
        ("lasts", good, [1, 1, 0]),
        ("short", Manner { token_s: 299, ..good }, [1, 1, 1]),
        ("forgets", Manner { forgets: true, ..good }, [2, 2, 0]),
    ] {
        let engine = searcher_engine(1008, manner, |_, _| Fate::Land);
        let ran = send(&folder, name, &engine, &with, &input);
        assert_eq!((ran.code, receipts(&ran.out).0.len()), (0, 3), "{name}: {}", ran.err);
        assert_eq!(ran.stats()["finals"], serde_json::json!({"landed": 3}), "{name}");
        let calls = engine.calls.lock().unwrap();
        let count = |path| calls.paths.iter().filter(|called| *called == path).count();
        let [challenges, tokens, refreshes] = paths;
        assert!(
            count(m::CHALLENGE) >= challenges && count(m::TOKENS) >= tokens,
            "{name}: {calls:?}"
        );
        assert_eq!(count(m::REFRESH) > 0, refreshes > 0, "{name}: {calls:?}");
        assert_eq!(
            count(m::SEND_BUNDLE),
            if manner.forgets { count(m::SEND_BUNDLE).max(3) } else { 3 }
        );
        assert!(
            calls.secrets.iter().all(|secret| secret == "0f-uuid") && !calls.secrets.is_empty()
        );
        assert!(!ran.err.contains("0f-uuid") && !ran.err.contains("access-"), "{}", ran.err);
    }
    // Somebody else's key gets no token, and nothing leaves.
    let engine = searcher_engine(1008, Manner { key: Some([1; 32]), ..good }, |_, _| Fate::Land);
    let ran = send(&folder, "other", &engine, &with, &input);
    let (finals, attempts) = receipts(&ran.out);
    assert_eq!((ran.code, finals.len()), (6, 3), "{}", ran.err);
    assert!(
        attempts.iter().all(|r| text(&r.text).starts_with("unauthorized: no token: The supplied"))
    );
    assert!(finals.iter().all(|r| r.outcome == Outcome::Refused as u8));
    assert!(engine.seen.lock().unwrap().sends.is_empty());
    // Without a key, too.
    let engine = searcher_engine(1008, good, |_, _| Fate::Land);
    let ran = send(&folder, "none", &engine, &[], &input);
    assert_eq!((ran.code, receipts(&ran.out).0.len()), (6, 3), "{}", ran.err);
}

#[test]
fn other_ids_and_streams_that_end_are_followed() {
    let folder = Folder::new("searcher-odd");
    let input = bundles(&folder, 4);
    let manner = Manner { own_ids: true, cuts: true, ..Manner::default() };
    let engine = searcher_engine(1008, manner, |_, _| Fate::Fail);
    let ran = send(&folder, "odd", &engine, &["--expiry", "1500ms"], &input);
    let (finals, attempts) = receipts(&ran.out);
    assert_eq!(finals.len(), 4, "{}", ran.err);
    assert!(attempts.iter().all(|r| text(&r.text).starts_with("accepted_other_id: own-")));
    // Each was given up; the word about some came while the stream was cut, and those were asked for.
    assert!(finals.iter().all(|r| r.outcome == Outcome::Failed as u8), "{}", ran.err);
}

#[test]
fn a_dry_run_by_grpc_makes_the_message_and_opens_nothing() {
    let folder = Folder::new("searcher-dry");
    let input = bundles(&folder, 1);
    let engine = searcher_engine(1008, Manner::default(), |_, _| Fate::Land);
    let ran = run(SEND, &["--grpc", "--url", &engine.url], &input);
    let (_, receipts) = receipts(&ran.out);
    assert_eq!((ran.code, receipts.len()), (0, 1), "{}", ran.err);
    assert_eq!(
        (receipts[0].outcome, receipts[0].road),
        (Outcome::DryRun as u8, Road::JitoGrpc as u8)
    );
    assert!(receipts[0].body_len > 100);
    assert!(engine.calls.lock().unwrap().paths.is_empty());
    let ran = run(SEND, &["--grpc"], &input);
    assert_eq!((ran.code, ran.err.contains("--url")), (2, true), "{}", ran.err);
    let ran = run(SEND, &["--grpc", "--tpu", "--url", "http://h"], &input);
    assert_eq!(ran.code, 2, "{}", ran.err);
}

/// The library's folder, if it is installed.
fn jito_ts() -> Option<&'static str> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/jito");
    let there = std::path::Path::new(folder).join("node_modules/jito-ts").exists();
    if !there {
        eprintln!("skipped: jito-ts is not there: npm ci --prefix peers/jito");
    }
    there.then_some(folder)
}

#[test]
#[ignore = "needs node, and npm ci --prefix peers/jito"]
fn jito_ts_drives_the_engine_of_these_tests() {
    let Some(peer) = jito_ts() else { return };
    let folder = Folder::new("searcher-drive");
    let input = bundles(&folder, 1);
    let (mut reader, mut texts) = (Reader::new(Piped::new(input.as_slice())), Vec::new());
    while let Some(record) = reader.next().unwrap() {
        if let Some(bundle) = record.get::<mev::record::Bundle>().unwrap() {
            let tail = record.tail::<mev::record::Bundle>();
            texts.extend(bundle.transactions(tail).map(|wire| STANDARD.encode(wire)));
        }
    }
    let (pair, key) = keypair();
    let id = folder.write("grpc.json", pair.as_bytes());
    let manner = Manner { key: Some(key), ..Manner::default() };
    let engine = searcher_engine(1008, manner, |_, _| Fate::Land);
    let at = engine.url.strip_prefix("http://").unwrap();
    let ran = std::process::Command::new("node")
        .current_dir(peer)
        .args(["drive.js", at, arg(&id)])
        .args(&texts)
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let told: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    let seen = engine.seen.lock().unwrap();
    let (id, _) = seen.taken.iter().next().unwrap();
    assert_eq!(told["uuid"], **id);
    let last = told["told"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["bundleId"], &last["processed"]["slot"]), (&told["uuid"], &1007.into()));
}

#[test]
#[ignore = "needs node, and npm ci --prefix peers/jito"]
fn an_engine_of_jito_ts_takes_bundles_and_tells_of_them() {
    use std::io::BufRead as _;
    let Some(peer) = jito_ts() else { return };
    let folder = Folder::new("searcher-peer");
    let input = bundles(&folder, 3);
    let (pair, key) = keypair();
    let id = folder.write("grpc.json", pair.as_bytes());
    let mut engine = std::process::Command::new("node")
        .current_dir(peer)
        .args(["engine.js", &mev::bytes::base58::Key(&key).to_string()])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufReader::new(engine.stdout.take().unwrap()).lines();
    let mut line =
        || -> serde_json::Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    let url = format!("http://127.0.0.1:{}", line()["port"]);
    let (seen, calls) = Default::default();
    let at = SearcherEngine { url, seen, calls };
    let ran = send(&folder, "peer", &at, &["--grpc-keypair", arg(&id)], &input);
    engine.kill().unwrap();
    engine.wait().unwrap();
    assert_eq!(ran.code, 0, "{}", ran.err);
    let (finals, attempts) = receipts(&ran.out);
    assert!(attempts.iter().all(|r| text(&r.text) == "accepted"), "the ids are the same");
    assert!(finals.iter().all(|r| (r.outcome, r.landed_slot) == (Outcome::Landed as u8, 1007)));
    assert_eq!((finals.len(), attempts.len()), (3, 3));
    let mut called = std::collections::BTreeMap::<String, usize>::new();
    while let Some(Ok(text)) = lines.next() {
        let told: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(told["good"] != false && told["sizes"] != false, "{told}");
        *called.entry(told["call"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    assert_eq!((called["send"], called["results"]), (3, 1), "{called:?}");
}
