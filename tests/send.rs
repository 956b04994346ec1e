//! mev-send as a program: the dry run, and sending to servers on this machine.

#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]

use base64::Engine as _;
use mev::record::{Bundle, Outcome, Receipt, Record};
use mev::stream::{Piped, Reader};
use program::{Folder, accounts, arg, keypair, opportunity, run, slot, stream};
use serde_json::{Value, json};
use server::serve;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

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

#[test]
fn live_requests_hold_the_bundles_and_their_answers_become_receipts() {
    let folder = Folder::new("send-live");
    let input = bundles(&folder, &[1000, 1001, 1002], true);
    let made = records::<Bundle>(&input);
    let ids: Vec<_> =
        made.iter().map(|(bundle, _)| mev::bytes::hex::Hex(&bundle.id).to_string()).collect();
    let answers = ids.clone();
    let (url, seen) = serve(move |request| {
        let number = usize::try_from(request.body["id"].as_u64().unwrap()).unwrap();
        Some((
            "200 OK",
            json!({"jsonrpc": "2.0", "id": number, "result": answers[number - 1]}).to_string(),
        ))
    });
    let refusal = r#"{"jsonrpc":"2.0","error":{"code":-32602,"message":"bundle contains an expired blockhash"},"id":1}"#;
    let (other, _other_seen) = serve(move |_| Some(("400 Bad Request", refusal.to_owned())));
    let uuid = folder.write("uuid.txt", b"11111111-2222-3333\n");
    let args = ["--live", "--url", &url, "--url", &other, "--auth-file", arg(&uuid), "--stats"];
    let ran = run(SEND, &args, &input);
    assert_eq!(ran.code, 0, "one acceptance is enough: {}", ran.err);
    let stats = ran.stats();
    assert_eq!(stats["receipts"], json!({"accepted": 3, "refused": 3}));
    assert_eq!((&stats["bundles"], &stats["answer_ns"]["count"]), (&3.into(), &6.into()));
    assert!(!ran.err.contains("11111111"), "the secret is shown: {}", ran.err);
    for (receipt, _) in records::<Receipt>(&ran.out) {
        assert!(receipt.sent_ns > 0 && receipt.answered_ns >= receipt.sent_ns);
        let accepted = format!("{url}/api/v1/bundles") == text(&receipt.url);
        assert_eq!(receipt.http_status, if accepted { 200 } else { 400 });
        assert_eq!(receipt.code, if accepted { 0 } else { -32602 });
        let words = if accepted {
            "accepted"
        } else {
            "expired_blockhash: bundle contains an expired blockhash"
        };
        assert_eq!(text(&receipt.text), words);
    }
    let mut sent: Vec<_> = (0..3).map(|_| seen.recv().unwrap()).collect();
    sent.sort_by_key(|request| request.body["id"].as_u64());
    for (request, (bundle, tail)) in sent.iter().zip(&made) {
        assert!(request.head.starts_with("POST /api/v1/bundles HTTP/1.1\r\n"), "{}", request.head);
        assert!(request.head.contains("x-jito-auth: 11111111-2222-3333\r\n"), "{}", request.head);
        assert!(request.head.contains("content-type: application/json\r\n"), "{}", request.head);
        let wire = bundle.transactions(tail).next().unwrap();
        let wire = base64::engine::general_purpose::STANDARD.encode(wire);
        assert_eq!(request.body["params"], json!([[wire], {"encoding": "base64"}]));
        assert_eq!(request.body["method"], "sendBundle");
    }
    assert!(seen.try_recv().is_err(), "a bundle was sent twice");
}

#[test]
fn refusals_everywhere_are_status_6_and_silence_is_status_5() {
    let folder = Folder::new("send-refused");
    let input = bundles(&folder, &[1000, 1001], true);
    let limited = r#"{"jsonrpc":"2.0","error":{"code":-32097,"message":"Network congested. Endpoint is globally rate limited.","data":null},"id":null}"#;
    let (busy, _busy_seen) = serve(move |_| Some(("429 Too Many Requests", limited.to_owned())));
    let ran = run(SEND, &["--live", "--url", &busy], &input);
    assert_eq!(ran.code, 6, "{}", ran.err);
    assert!(ran.err.contains("no request was accepted: 0 refused, 2 rate limited"), "{}", ran.err);
    let receipts = records::<Receipt>(&ran.out);
    assert_eq!(receipts.len(), 2, "the output is whole");
    assert!(receipts.iter().all(|(receipt, _)| {
        receipt.outcome == Outcome::RateLimited as u8
            && receipt.http_status == 429
            && receipt.code == -32097
    }));

    let (silent, _silent_seen) = serve(|_| None);
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let closed = format!("http://{closed}");
    let args = ["--live", "--url", &silent, "--url", &closed, "--timeout", "200ms"];
    let ran = run(SEND, &args, &input);
    assert_eq!(ran.code, 5, "{}", ran.err);
    let receipts = records::<Receipt>(&ran.out);
    assert_eq!(receipts.len(), 4);
    for (receipt, _) in receipts {
        assert_eq!(receipt.outcome, Outcome::Unreachable as u8);
        assert_eq!(receipt.present & (Receipt::ANSWERED | Receipt::HTTP_STATUS), 0);
        let reason = if text(&receipt.url).starts_with(&silent) {
            "timeout: no answer in 200 ms"
        } else {
            "connect"
        };
        assert!(text(&receipt.text).starts_with(reason), "{}", text(&receipt.text));
    }

    let (strange, _strange_seen) = serve(|_| Some(("200 OK", "<html>hello</html>".to_owned())));
    let ran = run(SEND, &["--live", "--url", &strange, "--stats"], &input);
    assert_eq!((ran.code, &ran.stats()["receipts"]), (0, &json!({"unknown": 2})));
    assert!(ran.err.contains("2 not understood"), "{}", ran.err);
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
            let args = ["--url", &url, "--live"];
            let ran = run(SEND, &args[..if live { 3 } else { 2 }], &input);
            assert_eq!(ran.code, 0, "{}", ran.err);
            let [(receipt, _)] = records::<Receipt>(&ran.out).try_into().unwrap();
            assert_eq!((receipt.outcome, text(&receipt.text)), (Outcome::Unfit as u8, reason));
            assert_eq!(receipt.present & Receipt::SENT, 0);
            assert!(ran.err.contains("1 receipts say unfit"), "{}", ran.err);
        }
    }
    assert!(seen.try_recv().is_err(), "an unfit bundle was sent");
}

#[test]
fn a_receipt_comes_while_the_input_is_still_open() {
    let folder = Folder::new("send-open");
    let input = bundles(&folder, &[1000, 1001], true);
    let (url, seen) = serve(|_| Some(("200 OK", r#"{"result":"other"}"#.to_owned())));
    let mut child = Command::new(SEND)
        .args(["--live", "--url", &url, "-f", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // Head and first bundle: the stream goes on later.
    let first = 64 + records::<Bundle>(&input)[0].0.head.len as usize;
    stdin.write_all(&input[..first]).unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let receipt: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(
        (&receipt["outcome"], &receipt["text"]),
        (&"accepted".into(), &"accepted_other_id: other".into())
    );
    seen.recv().unwrap();
    stdin.write_all(&input[first..]).unwrap();
    drop(stdin);
    assert_eq!(lines.count(), 1);
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
    let cases: [(&[&str], i32, &str); 9] = [
        (&["--live"], 2, "hint: add --url https://mainnet.block-engine.jito.wtf"),
        (&["--url", "ftp://hidden"], 2, "neither http nor https"),
        (&["--live", "--url", &url, "--timeout", "0s"], 2, "--timeout is zero"),
        (&["--live", "--url", &url, "--timeout", "5"], 2, "a number and a unit"),
        (&["--live", "--url", &url, "--check"], 2, "neither --check nor --limit"),
        (&["--live", "--url", &url, "-n", "1"], 2, "neither --check nor --limit"),
        (&["--live", "--url", &url, "--auth-file", arg(&empty)], 3, "not one line of visible"),
        (&["--live", "--url", &url, "--auth-file", arg(&missing)], 5, "missing.txt"),
        (&["--url", &url, "--auth-file", arg(&open)], 5, "hint: chmod 600"),
    ];
    for (args, code, message) in cases {
        let ran = run(SEND, &[args, &["-f", "text"]].concat(), &input);
        assert_eq!(ran.code, code, "{args:?}: {}", ran.err);
        assert!(ran.err.contains(message), "{args:?}: {}", ran.err);
        assert!(ran.out.is_empty() && !ran.err.contains("hidden"), "{args:?}: {}", ran.err);
    }
    assert!(seen.try_recv().is_err(), "something was sent");
}
