//! mev-send as a program: the dry run, and sending to servers on this machine.

#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]

use engine::{Fate, engine};
use mev::record::{Bundle, Outcome, Receipt, Record, Road};
use mev::stream::{Arena, Piped, Reader, Sink};
use program::{Folder, accounts, arg, keypair, opportunity, run, slot, stream};
use serde_json::{Value, json};
use server::serve;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

#[path = "support/engine.rs"]
mod engine;
#[path = "support/program.rs"]
mod program;
#[path = "support/server.rs"]
mod server;

const BUNDLE: &str = env!("CARGO_BIN_EXE_mev-bundle");
const SEND: &str = env!("CARGO_BIN_EXE_mev-send");

/// Bundles of the given slots: signed, or for want of a key pair not.
fn bundles(folder: &Folder, slots: &[u64], signed: bool) -> Vec<u8> {
    let accounts = folder.write("pools.jsonl", accounts().as_bytes());
    let id = folder.write("id.json", keypair().0.as_bytes());
    let payer = mev::bytes::base58::Key(&keypair().1).to_string();
    let known = slot(slots[0] - 1);
    let made: Vec<_> = slots.iter().map(|slot| opportunity(*slot)).collect();
    let mut records = vec![Record::of(&known)];
    records.extend(made.iter().map(Record::of));
    let who = if signed { ["--keypair", arg(&id)] } else { ["--payer", &payer] };
    let ran =
        run(BUNDLE, &[&["--accounts", arg(&accounts)], who.as_slice()].concat(), &stream(&records));
    assert_eq!(ran.code, 0, "{}", ran.err);
    ran.out
}

/// The records of type `T` in a stream, with their tails.
fn records<T: mev::record::Layout>(stream: &[u8]) -> Vec<(T, Vec<u8>)> {
    let mut reader = Reader::new(Piped::new(stream));
    let mut found = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        if let Some(one) = record.get::<T>().unwrap() {
            found.push((*one, record.tail::<T>().to_vec()));
        }
    }
    found
}

fn text(field: &[u8]) -> &str {
    std::str::from_utf8(field).unwrap().trim_end_matches('\0')
}

#[test]
fn a_dry_run_opens_no_socket_and_gives_the_same_bytes_each_time() {
    let folder = Folder::new("send-dry");
    let input = bundles(&folder, &[1000, 1001], true);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/?uuid=hidden", listener.local_addr().unwrap());
    let plain = run(SEND, &[], &input);
    assert_eq!((plain.code, plain.err.as_str()), (0, ""));
    let receipts = records::<Receipt>(&plain.out);
    assert_eq!(receipts.len(), 2);
    for ((receipt, _), (bundle, _)) in receipts.iter().zip(records::<Bundle>(&input)) {
        assert_eq!(receipt.outcome, Outcome::DryRun as u8);
        assert_eq!((receipt.id, receipt.tip, receipt.slot), (bundle.id, bundle.tip, bundle.slot));
        assert_eq!((receipt.head.rx_ns, receipt.txs, text(&receipt.url)), (77, 1, ""));
        assert_eq!(receipt.present, Receipt::ID);
    }
    let args = ["--url", &url, "--url", "https://example.org", "--stats"];
    let (first, second) = (run(SEND, &args, &input), run(SEND, &args, &input));
    assert!(first.code == 0 && first.out == second.out);
    assert_eq!(first.stats()["receipts"], json!({"dry_run": 4}));
    assert!(listener.accept().is_err(), "a dry run connected");
    assert!(!String::from_utf8_lossy(&first.out).contains("hidden"), "a query is shown");
    assert!(!first.err.contains("hidden"), "{}", first.err);
}

/// What `--live` needs, with a journal in `folder`, at a pace for tests.
fn live<'a>(journal: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let cap = "--max-spend-lamports-per-hour";
    let base = ["--live", "--journal", journal, cap, "1000000000", "--rate", "1000"];
    [base.as_slice(), more].concat()
}

/// The final receipts and the others.
fn sorted(stream: &[u8]) -> (Vec<Receipt>, Vec<Receipt>) {
    let all = records::<Receipt>(stream).into_iter().map(|(receipt, _)| receipt);
    all.partition(|receipt| receipt.head.flags & Receipt::FINAL != 0)
}

#[test]
fn live_requests_hold_the_bundles_and_what_became_of_them_is_told() {
    let folder = Folder::new("send-live");
    let input = bundles(&folder, &[1000, 1001, 1002], true);
    let made = records::<Bundle>(&input);
    let taker = engine(1008, |_, _| Fate::Land);
    let refuser = engine(1008, |_, _| Fate::Refuse("bundle contains an expired blockhash"));
    let uuid = folder.write("uuid.txt", b"11111111-2222-3333\n");
    let journal = folder.path("sent.jnl");
    let urls = ["--url", &taker.url, "--url", &refuser.url];
    let options = ["--auth-file", arg(&uuid), "--stats", "--sync", "always"];
    let more = [urls.as_slice(), options.as_slice()].concat();
    let ran = run(SEND, &live(arg(&journal), &more), &input);
    assert_eq!(ran.code, 0, "one acceptance is enough: {}", ran.err);
    let stats = ran.stats();
    assert_eq!(stats["receipts"], json!({"accepted": 3, "refused": 3}));
    assert_eq!(stats["finals"], json!({"landed": 3}));
    assert_eq!((&stats["bundles"], &stats["answer_ns"]["count"]), (&3.into(), &6.into()));
    assert!(!ran.err.contains("11111111"), "the secret is shown: {}", ran.err);
    let (finals, attempts) = sorted(&ran.out);
    for receipt in &attempts {
        assert!(receipt.sent_ns > 0 && receipt.answered_ns >= receipt.sent_ns);
        assert_eq!((receipt.road, receipt.attempt), (Road::Jito as u8, 1));
        let accepted = format!("{}/api/v1/bundles", taker.url) == text(&receipt.url);
        assert_eq!(receipt.http_status, if accepted { 200 } else { 400 });
        assert_eq!(receipt.code, if accepted { 0 } else { -32602 });
        let refusal = "expired_blockhash: bundle contains an expired blockhash";
        assert_eq!(text(&receipt.text), if accepted { "accepted" } else { refusal });
    }
    let seen = taker.seen.lock().unwrap();
    assert!(seen.batch <= 5);
    for (head, _) in &seen.requests {
        assert!(head.contains("x-jito-auth: 11111111-2222-3333\r\n"), "{head}");
        assert!(head.contains("content-type: application/json\r\n"), "{head}");
    }
    for (bundle, _) in &made {
        let id = mev::bytes::hex::Hex(&bundle.id).to_string();
        assert_eq!(seen.sends[&id], 1, "the engine reckons the same id, and it came once");
        let last: Vec<_> = finals.iter().filter(|receipt| receipt.id == bundle.id).collect();
        assert_eq!(last.len(), 1);
        assert_eq!((last[0].outcome, last[0].landed_slot), (Outcome::Landed as u8, 1007));
        assert_eq!(last[0].slot_delta, 1007 - i64::try_from(bundle.slot).unwrap());
    }
    // The journal tells the same again, to anybody who may read it.
    let again = run(SEND, &["receipts", "--journal", arg(&journal)], b"");
    assert_eq!((again.code, sorted(&again.out).0), (0, finals));
    let all = run(SEND, &["receipts", "--attempts", "--journal", arg(&journal)], b"");
    assert_eq!(sorted(&all.out).1.len(), 6);
    let mode = std::fs::metadata(&journal).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0);
    drop(seen);
    // The same input once more: all of it is known.
    let ran = run(SEND, &live(arg(&journal), &urls), &input);
    let (finals, told) = sorted(&ran.out);
    assert!(finals.is_empty() && told.iter().all(|receipt| text(&receipt.text) == "known_id"));
    assert_eq!((told.len(), taker.seen.lock().unwrap().sends.values().sum::<u32>()), (3, 3));
}

#[test]
fn every_fate_has_its_last_word() {
    let folder = Folder::new("send-fates");
    let input = bundles(&folder, &[1000], true);
    for (name, fate, slot, last, words) in [
        ("land", Fate::Land, 1008, Outcome::Landed, ""),
        ("broken", Fate::LandBroken, 1008, Outcome::Failed, "error_on_chain"),
        ("fail", Fate::Fail, 1008, Outcome::Failed, "given_up"),
        ("vanish", Fate::Vanish, 1_000_000, Outcome::Expired, "not_on_chain"),
        ("lie", Fate::Lie, 1_000_000, Outcome::Unknown, "landed_not_confirmed"),
        ("refuse", Fate::Refuse("no tip"), 1008, Outcome::Refused, "other_refusal: no tip"),
        ("limit", Fate::Limit, 1008, Outcome::Refused, "rate_limited: Retry after 20ms"),
        ("garbage", Fate::Garbage, 1_000_000, Outcome::Expired, "not_on_chain"),
        ("silent", Fate::Silent, 1_000_000, Outcome::Expired, "not_on_chain"),
        (
            "twice",
            Fate::Refuse("bundle contains an already processed transaction"),
            1_000_000,
            Outcome::Expired,
            "not_on_chain",
        ),
    ] {
        let engine = engine(slot, move |_, _| fate);
        let journal = folder.path(name);
        let quick = ["--url", &engine.url, "--timeout", "1s", "--expiry", "1500ms"];
        let ran = run(SEND, &live(arg(&journal), &quick), &input);
        let (finals, attempts) = sorted(&ran.out);
        assert_eq!(finals.len(), 1, "{name}: {}", ran.err);
        assert_eq!((finals[0].outcome, text(&finals[0].text)), (last as u8, words), "{name}");
        let sends: u32 = engine.seen.lock().unwrap().sends.values().sum();
        assert_eq!(attempts.len(), usize::try_from(sends).unwrap(), "{name}");
        assert_eq!(sends, if fate == Fate::Limit { 4 } else { 1 }, "{name}");
    }
}

#[test]
fn refusals_everywhere_are_status_6_and_silence_is_status_5() {
    let folder = Folder::new("send-refused");
    let input = bundles(&folder, &[1000, 1001], true);
    let refuser = engine(1008, |_, _| Fate::Refuse("transaction #0 could not be decoded"));
    let ran = run(SEND, &live(arg(&folder.path("a")), &["--url", &refuser.url]), &input);
    assert_eq!(ran.code, 6, "{}", ran.err);
    assert!(ran.err.contains("no request was accepted: 2 refused, 0 rate limited"), "{}", ran.err);
    assert_eq!(sorted(&ran.out).0.len(), 2, "the output is whole");

    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let closed = format!("http://{closed}");
    let (mute, _seen) = serve(|_| None);
    let quick = ["--url", &closed, "--url", &mute, "--timeout", "200ms", "--expiry", "2s"];
    let ran = run(SEND, &live(arg(&folder.path("b")), &quick), &input);
    assert_eq!(ran.code, 5, "{}", ran.err);
    let (finals, attempts) = sorted(&ran.out);
    assert_eq!((finals.len(), attempts.len()), (2, 4));
    for receipt in attempts {
        assert_eq!(receipt.present & (Receipt::ANSWERED | Receipt::HTTP_STATUS), 0);
        let limited = receipt.outcome == Outcome::RateLimited as u8;
        let reason = match (text(&receipt.url).starts_with(&mute), limited) {
            // The tip accounts were waited for until it was too late, or it was sent in time.
            (true, true) => "budget: waited until it expired",
            (true, false) => "timeout: no answer in 200 ms",
            (false, _) => "connect",
        };
        assert!(text(&receipt.text).starts_with(reason), "{}", text(&receipt.text));
    }
}

/// A signed bundle with a tip of 1000 lamports, told apart by `number`; it costs 6000.
fn cheap(number: u32, arena: &mut Arena) {
    use solana_sdk::message::Message;
    use solana_sdk::pubkey::Pubkey;
    let key = ed25519_dalek::SigningKey::from_bytes(&[42; 32]);
    let payer = Pubkey::new_from_array(key.verifying_key().to_bytes());
    let mut hash = [7; 32];
    hash[..4].copy_from_slice(&number.to_le_bytes());
    let hash = solana_sdk::hash::Hash::new_from_array(hash);
    let message = Message::new_with_blockhash(&[], Some(&payer), &hash).serialize();
    let signature = ed25519_dalek::Signer::sign(&key, &message).to_bytes();
    let wire = [&[1], signature.as_slice(), &message].concat();
    let mut bundle = Bundle::new(77);
    let len = size_of::<Bundle>() + wire.len();
    (bundle.head.len, bundle.head.flags) =
        (u32::try_from(len.next_multiple_of(64)).unwrap(), Bundle::SIGNED);
    (bundle.slot, bundle.tip, bundle.txs) = (1000, 1000, 1);
    bundle.tip_account = mev::ids::JITO_TIP_ACCOUNTS[0];
    bundle.tx_len[0] = u16::try_from(wire.len()).unwrap();
    arena.put_parts(&bundle, &wire);
}

/// Killed at any moment, again and again on one journal, under load: every bundle that an engine
/// took has exactly one final receipt, none was sent twice to an engine, and the cap holds over all
/// runs. `MEV_SEND_KILLS=500` for more.
#[test]
fn kills_at_any_moment_leave_one_final_receipt_each_and_the_cap() {
    const FIT: u32 = 150;
    let kills = std::env::var("MEV_SEND_KILLS").map_or(6, |text| text.parse::<u32>().unwrap());
    let folder = Folder::new("send-kills");
    let mut arena = Arena::with_room(0);
    (0..2 * FIT).for_each(|number| cheap(number, &mut arena));
    let input = stream(&arena.records().collect::<Vec<_>>());
    let engines = [engine(1008, |_, _| Fate::Land), engine(1008, |_, _| Fate::Land)];
    let journal = folder.path("sent.jnl");
    let cap = (FIT * 6000).to_string();
    let urls =
        ["--url", &engines[0].url, "--url", &engines[1].url, "--rate", "200", "--expiry", "3s"];
    let base = ["--live", "--journal", arg(&journal), "--max-spend-lamports-per-hour", &cap];
    let args = [base.as_slice(), urls.as_slice()].concat();
    let mut chance = u64::from(std::process::id()) | 1;
    for _ in 0..kills {
        let mut child = Command::new(SEND)
            .args(&args)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let fed = input.clone();
        let feeder = std::thread::spawn(move || drop(stdin.write_all(&fed)));
        (0..3).for_each(|shift| chance ^= [chance << 13, chance >> 7, chance << 17][shift]);
        let (_keep, never) = std::sync::mpsc::channel::<()>();
        let _ = never.recv_timeout(std::time::Duration::from_millis(chance % 250));
        child.kill().unwrap();
        child.wait().unwrap();
        feeder.join().unwrap();
    }
    let ran = run(SEND, &args, &input);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let ran = run(SEND, &["receipts", "--journal", arg(&journal)], b"");
    assert!(ran.code == 0 && ran.err.is_empty(), "{}", ran.err);
    let mut finals = BTreeMap::new();
    for receipt in sorted(&ran.out).0 {
        let id = mev::bytes::hex::Hex(&receipt.id).to_string();
        assert_eq!(finals.insert(id, receipt.outcome), None, "two final receipts");
    }
    let mut taken = BTreeSet::new();
    for engine in &engines {
        let seen = engine.seen.lock().unwrap();
        for (id, sends) in &seen.sends {
            assert_eq!(*sends, 1, "{id} was sent again");
            let last = finals.get(id).copied();
            assert_eq!(last, Some(Outcome::Landed as u8), "{id} was taken, and landed");
            taken.insert(id.clone());
        }
    }
    // What was journaled and died before its bytes left is followed until it is too late.
    let others = finals.iter().filter(|(id, _)| !taken.contains(*id));
    for (id, outcome) in others {
        let unsent = [Outcome::Expired as u8, Outcome::Refused as u8].contains(outcome);
        assert!(unsent, "{id} was never taken: {outcome}");
    }
    assert!(!taken.is_empty() && taken.len() <= usize::try_from(FIT).unwrap(), "{}", taken.len());
}

#[test]
fn a_stop_file_and_a_cap_keep_bundles_here() {
    let folder = Folder::new("send-stop");
    let input = bundles(&folder, &[1000, 1001], true);
    let engine = engine(1008, |_, _| Fate::Land);
    let stop = folder.write("STOP", b"");
    let journal = folder.path("a");
    let args = ["--url", &engine.url, "--stop-file", arg(&stop)];
    let ran = run(SEND, &live(arg(&journal), &args), &input);
    let (finals, told) = sorted(&ran.out);
    assert!(ran.code == 0 && finals.is_empty(), "{}", ran.err);
    assert!(told.len() == 2 && told.iter().all(|receipt| text(&receipt.text) == "stopped"));
    assert!(engine.seen.lock().unwrap().sends.is_empty());
    // With the file gone the same bundles go; a cap of one of them keeps the other here.
    std::fs::remove_file(&stop).unwrap();
    let dry = run(SEND, &["-f", "json"], &input).json();
    let tip: u64 = dry[0]["tip"].as_str().unwrap().parse().unwrap();
    let cap = (tip * 3 / 2).to_string();
    let capped = ["--live", "--journal", arg(&journal), "--max-spend-lamports-per-hour", &cap];
    for (finals, caps) in [(1, 1), (0, 1)] {
        let ran =
            run(SEND, &[capped.as_slice(), args.as_slice(), &["--rate", "1000"]].concat(), &input);
        let (last, told) = sorted(&ran.out);
        let over = told.iter().filter(|receipt| text(&receipt.text) == "over_spending_cap");
        assert_eq!((last.len(), over.count()), (finals, caps), "{}", ran.err);
    }
    assert_eq!(engine.seen.lock().unwrap().sends.len(), 1);
}

#[test]
fn a_journal_has_one_writer_and_a_torn_end_is_said() {
    let folder = Folder::new("send-journal");
    let input = bundles(&folder, &[1000], true);
    let engine = engine(1008, |_, _| Fate::Land);
    let journal = folder.path("sent.jnl");
    let args = live(arg(&journal), &["--url", &engine.url]);
    assert_eq!(run(SEND, &args, &input).code, 0);
    let whole = std::fs::read(&journal).unwrap();
    folder.write("sent.jnl", &[&whole, &[9; 100][..]].concat());
    let ran = run(SEND, &args, &input);
    assert!(ran.err.contains("last 100 bytes are no whole entry: cut off"), "{}", ran.err);
    assert_eq!(std::fs::read(&journal).unwrap(), whole);
    let held = std::fs::File::open(&journal).unwrap();
    held.lock().unwrap();
    let ran = run(SEND, &args, &input);
    assert_eq!(ran.code, 5);
    assert!(ran.err.contains("another process writes it"), "{}", ran.err);
    drop(held);
    let mut damaged = whole.clone();
    damaged[100] ^= 1;
    folder.write("sent.jnl", &damaged);
    for args in [args, vec!["receipts", "--journal", arg(&journal)]] {
        let ran = run(SEND, &args, &input);
        assert_eq!(ran.code, 4, "{}", ran.err);
    }
    folder.write("sent.jnl", &input);
    assert_eq!(run(SEND, &["receipts", "--journal", arg(&journal)], b"").code, 3);
}

#[test]
fn what_is_unfit_is_never_sent() {
    let folder = Folder::new("send-unfit");
    let unsigned = bundles(&folder, &[1000], false);
    let (url, seen) = serve(|_| Some(("200 OK", "{}".to_owned())));
    let mut forged = bundles(&folder, &[1000], true);
    let at = 64 + size_of::<Bundle>() + 10;
    forged[at] ^= 1;
    for (input, reason) in [(unsigned, "no_keypair"), (forged, "bad_signature")] {
        for live in [true, false] {
            let journal = folder.path(reason);
            let dry = vec!["--url", url.as_str()];
            let args = if live { self::live(arg(&journal), &dry) } else { dry };
            let ran = run(SEND, &args, &input);
            assert_eq!(ran.code, 0, "{}", ran.err);
            let [(receipt, _)] = records::<Receipt>(&ran.out).try_into().unwrap();
            assert_eq!((receipt.outcome, text(&receipt.text)), (Outcome::Unfit as u8, reason));
            assert_eq!(receipt.present & Receipt::SENT, 0);
            assert!(ran.err.contains("1 receipts say unfit"), "{}", ran.err);
        }
    }
    let sent = seen.try_iter().filter(|request| request.body["method"] == "sendBundle");
    assert_eq!(sent.count(), 0, "an unfit bundle was sent");
}

#[test]
fn a_receipt_comes_while_the_input_is_still_open() {
    let folder = Folder::new("send-open");
    let input = bundles(&folder, &[1000, 1001], true);
    let engine = engine(1008, |_, _| Fate::Land);
    let journal = folder.path("sent.jnl");
    let mut child = Command::new(SEND)
        .args(live(arg(&journal), &["--url", &engine.url, "-f", "json"]))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // Head and first bundle: the stream goes on later.
    let first = 64 + records::<Bundle>(&input)[0].0.head.len as usize;
    stdin.write_all(&input[..first]).unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for outcome in ["accepted", "landed"] {
        let receipt: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!(receipt["outcome"], outcome);
        assert_eq!(receipt["final"], outcome == "landed");
    }
    stdin.write_all(&input[first..]).unwrap();
    drop(stdin);
    assert_eq!(lines.count(), 2);
    assert!(child.wait().unwrap().success());
}

#[test]
fn bad_command_lines_have_status_2_and_send_nothing() {
    let folder = Folder::new("send-faults");
    let input = bundles(&folder, &[1000], true);
    let (url, seen) = serve(|_| Some(("200 OK", "{}".to_owned())));
    let open = folder.write("open.txt", b"uuid");
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o644)).unwrap();
    let empty = folder.write("empty.txt", b"\n");
    let missing = folder.path("missing.txt");
    let journal = folder.path("sent.jnl");
    let cap = ["--live", "--journal", arg(&journal), "--max-spend-lamports-per-hour", "9"];
    let with = |more: &[&'static str]| [cap.as_slice(), &["--url", &url], more].concat();
    let cases: [(&[&str], i32, &str); 16] = [
        (&["--live"], 2, "hint: add --url https://mainnet.block-engine.jito.wtf"),
        (&["--live", "--url", &url], 2, "--live needs --journal"),
        (&["--live", "--url", &url, "--journal", "x"], 2, "--live needs --max-spend-lamports-per"),
        (&["--url", "ftp://hidden"], 2, "neither http nor https"),
        (&["--url", &url, "--url", &url], 2, "two endpoints are the same"),
        (&["--region", "ny,paris"], 2, "no region is named paris"),
        (&["--url", &url, "--rate", "0"], 2, "--rate"),
        (&["--url", &url, "--expiry", "61s"], 2, "--expiry"),
        (&with(&["--timeout", "0s"]), 2, "--timeout is zero"),
        (&with(&["--timeout", "5"]), 2, "a number and a unit"),
        (&with(&["--check"]), 2, "neither --check nor --limit"),
        (&with(&["-n", "1"]), 2, "neither --check nor --limit"),
        (&[&with(&[])[..], &["--auth-file", arg(&empty)]].concat(), 3, "not one line of visible"),
        (&[&with(&[])[..], &["--auth-file", arg(&missing)]].concat(), 5, "missing.txt"),
        (&["--url", &url, "--auth-file", arg(&open)], 5, "hint: chmod 600"),
        (&["receipts", "--journal", arg(&missing)], 5, "missing.txt"),
    ];
    for (args, code, message) in cases {
        let ran = run(SEND, &[args, &["-f", "text"]].concat(), &input);
        assert_eq!(ran.code, code, "{args:?}: {}", ran.err);
        assert!(ran.err.contains(message), "{args:?}: {}", ran.err);
        assert!(ran.out.is_empty() && !ran.err.contains("hidden"), "{args:?}: {}", ran.err);
    }
    assert!(seen.try_recv().is_err(), "something was sent");
}
