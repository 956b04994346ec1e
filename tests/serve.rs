//! mev-send serve as its users run it: callers of every kind, block engines on this machine, and ends
//! of every kind.

#![cfg(feature = "gateway")]
#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]

#[cfg(feature = "sim")]
use document::Met;
use engine::{Fate, engine};
use gateway::{
    Ask, Gateway, ask, bundle_json, certificate, claims, connect_tls, issuer, key_file, now_s,
    quoted, read, sound, token, token_of, tokens, wire,
};
use mev::keys::Signer;
use program::{Folder, arg, run};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

#[cfg(feature = "sim")]
#[path = "support/document.rs"]
mod document;
#[path = "support/engine.rs"]
mod engine;
#[path = "support/gateway.rs"]
mod gateway;
#[path = "support/program.rs"]
mod program;
#[path = "support/server.rs"]
mod server;

const SEND: &str = env!("CARGO_BIN_EXE_mev-send");
const LISTEN: &str = "listen = \"127.0.0.1:0\"\nmetrics = \"127.0.0.1:0\"\n";

/// What a configuration says of the audit log in `folder`.
fn audit(folder: &Folder) -> String {
    let key = key_file(folder, "audit.json", 3);
    let (file, key) = (quoted(&folder.path("audit.log")), quoted(&key));
    format!("[audit]\nfile = {file}\nkey = {key}\n")
}

/// The public key of its heads.
fn audit_key() -> String {
    mev::bytes::base58::Key(&Signer::from_seed(&[3; 32]).public()).to_string()
}

/// What a configuration says of sending to `url`, with its journal in `folder`.
fn sending(folder: &Folder, url: &str) -> String {
    format!(
        "[send]\nurls = [\"{url}\"]\njournal = {}\nmax_spend_lamports_per_hour = 100000000\n\
         stop_file = {}\nrate = 1000\nexpiry = \"3s\"\ntimeout = \"2s\"\n",
        quoted(&folder.path("sent.jnl")),
        quoted(&folder.path("STOP")),
    )
}

fn verified(files: &[&str]) -> program::Ran {
    let key = audit_key();
    run(SEND, &[&["audit", "verify", "--head", &key], files].concat(), b"")
}

/// The counter of refusals for `reason`.
fn refused(gateway: &Gateway, reason: &str) -> u64 {
    counter(gateway, &format!("mev_gateway_refused_total{{reason=\"{reason}\"}}"))
}

fn counter(gateway: &Gateway, name: &str) -> u64 {
    let counters = gateway.counters();
    let line = counters.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_else(|| panic!("{name}: {counters}")).trim().parse().unwrap()
}

#[test]
fn it_listens_beyond_this_machine_with_tls_and_keys_or_not_at_all() {
    let folder = Folder::new("serve-open");
    let revoked = folder.write("revoked.txt", b"");
    let (_, tls) = certificate(&folder);
    let config = |text: String| folder.write("gateway.toml", text.as_bytes());
    let open = "listen = \"0.0.0.0:0\"\n";
    for text in [open.to_owned(), format!("{open}{tls}"), format!("{open}{}", tokens(&revoked))] {
        let path = config(text);
        let ran = run(SEND, &["serve", "--config", arg(&path)], b"");
        assert_eq!(ran.code, 2, "{}", ran.err);
        assert!(ran.err.contains("is beyond this machine, without TLS and keys"), "{}", ran.err);
    }
    let path = config(format!("{open}{tls}{}", tokens(&revoked)));
    let ran = run(SEND, &["serve", "--config", arg(&path), "--check"], b"");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(ran.text().contains("0.0.0.0:0 with TLS"), "{}", ran.text());
    // A key that others could read is none.
    let open_key = Command::new("chmod").args(["644", arg(&folder.path("key.pem"))]).status();
    assert!(open_key.unwrap().success());
    let ran = run(SEND, &["serve", "--config", arg(&path), "--check"], b"");
    assert_eq!(ran.code, 5);
    assert!(
        ran.err.contains("mode 644 lets others") && ran.err.contains("chmod 600"),
        "{}",
        ran.err
    );
}

#[test]
fn what_is_checked_is_said_and_no_secret_is_shown() {
    let folder = Folder::new("serve-check");
    let url = folder.write("url.txt", b"https://engine.example/x?uuid=hidden\n");
    let text = format!(
        "{LISTEN}{}[send]\nurl_files = [{}]\njournal = \"j\"\nmax_spend_lamports_per_hour = 7\n",
        audit(&folder),
        quoted(&url)
    );
    let path = folder.write("gateway.toml", text.as_bytes());
    let ran = run(SEND, &["serve", "--config", arg(&path), "--check", "--live"], b"");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(ran.text().contains("https://engine.example/x") && ran.text().contains("live"));
    assert!(!ran.text().contains("hidden"));
    assert!(!folder.path("audit.log").exists(), "a check touches nothing");
    let without = text.replace("journal = \"j\"\n", "");
    let path = folder.write("gateway.toml", without.as_bytes());
    let ran = run(SEND, &["serve", "--config", arg(&path), "--live"], b"");
    assert!(ran.code == 2 && ran.err.contains("--live needs a journal"), "{}", ran.err);
    let missing = run(SEND, &["serve", "--config", arg(&folder.path("none"))], b"");
    assert_eq!(missing.code, 5);
}

#[test]
fn a_dry_run_checks_everything_and_sends_nothing() {
    let folder = Folder::new("serve-dry");
    let engine = TcpListener::bind("127.0.0.1:0").unwrap();
    engine.set_nonblocking(true).unwrap();
    let url = format!("http://{}", engine.local_addr().unwrap());
    let text = format!("{LISTEN}{}{}", audit(&folder), sending(&folder, &url));
    let gateway = Gateway::start(&folder.write("gateway.toml", text.as_bytes()), false);
    let reply = gateway.ask(&Ask::post("/bundle/submit", "", &sound(1)));
    assert_eq!(reply.status, 202);
    let json = reply.json();
    assert_eq!((&json["dry_run"], &json["status"]), (&true.into(), &"checked".into()));
    let wrong = gateway.ask(&Ask::post("/bundle/submit", "", &bundle_json(&[wire(1, 1500)], 1000)));
    assert_eq!((wrong.status, wrong.code().as_str()), (422, "tip_mismatch"));
    // A stream of mev-bundle's is a body, too.
    let record = record(&[wire(1, 1000)]);
    let kind = Some("application/octet-stream");
    let raw = Ask { kind, ..Ask::post("/bundle/submit?priority=UltraHigh", "", &record) };
    assert_eq!(gateway.ask(&raw).json()["bundle_id"], json["bundle_id"]);
    let high = counter(&gateway, "mev_gateway_accepted_total{priority=\"UltraHigh\"}");
    assert_eq!((high, refused(&gateway, "tip_mismatch")), (1, 1));
    assert!(engine.accept().is_err(), "a dry run connected");
    assert!(!folder.path("sent.jnl").exists());
    let (code, said) = gateway.end();
    assert_eq!((code, said.as_str()), (0, ""));
    assert_eq!(verified(&[arg(&folder.path("audit.log"))]).code, 0);
}

/// A stream of one bundle of `wires`, which tips 1000 lamports.
fn record(wires: &[Vec<u8>]) -> Vec<u8> {
    use mev::record::{Bundle, Record};
    use mev::stream::{Arena, Sink};
    let mut bundle = Bundle::new(77);
    (bundle.head.flags, bundle.tip) = (Bundle::SIGNED, 1000);
    bundle.tip_account = mev::ids::JITO_TIP_ACCOUNTS[0];
    for (len, wire) in bundle.tx_len.iter_mut().zip(wires) {
        *len = u16::try_from(wire.len()).unwrap();
    }
    bundle.txs = u8::try_from(wires.len()).unwrap();
    let tail = wires.concat();
    let len = (size_of::<Bundle>() + tail.len()).next_multiple_of(64);
    bundle.head.len = u32::try_from(len).unwrap();
    let mut arena = Arena::with_room(0);
    arena.put_parts(&bundle, &tail);
    program::stream(&arena.records().collect::<Vec<Record<'_>>>())
}

/// Tokens that are no good, each with the name of why and its status.
fn bad_tokens() -> Vec<(&'static str, u16, String)> {
    let header = json!({"alg": "EdDSA", "kid": "k1"});
    let with = |name: &str, value: Value| {
        let mut claims = claims("alice", &["submit"]);
        claims[name] = value;
        token_of(&header, &claims, &issuer())
    };
    let other = Signer::from_seed(&[6; 32]);
    let good = claims("alice", &["submit"]);
    let none = token_of(&json!({"alg": "none", "kid": "k1"}), &good, &issuer());
    let unsigned = format!("{}.", none.rsplit_once('.').unwrap().0);
    let confused = token_of(&json!({"alg": "HS256", "kid": "k1"}), &good, &issuer());
    let unknown = token_of(&json!({"alg": "EdDSA", "kid": "k9"}), &good, &issuer());
    vec![
        ("token_malformed", 401, "garbage".to_owned()),
        ("token_algorithm", 401, none),
        ("token_algorithm", 401, unsigned),
        ("token_algorithm", 401, confused),
        ("token_key_unknown", 401, unknown),
        ("token_signature", 401, token_of(&header, &good, &other)),
        ("token_issuer", 401, with("iss", json!("https://other"))),
        ("token_audience", 401, with("aud", json!("other"))),
        ("token_lifetime", 401, with("exp", json!(now_s() + 90_000))),
        ("token_expired", 401, with("exp", json!(now_s() - 31))),
        ("token_not_yet_valid", 401, with("nbf", json!(now_s() + 3000))),
        ("token_revoked", 401, token("mallory", &["submit"])),
        ("role_missing", 403, token("reader", &["read", "simulate"])),
    ]
}

#[test]
fn every_fault_of_a_caller_has_its_status_and_is_counted() {
    let folder = Folder::new("serve-faults");
    let revoked = folder.write("revoked.txt", b"jti of-mallory\n");
    let limits = "[limits]\nrequests_per_second = 1\nburst = 2\nbody_bytes = 4096\n";
    let text = format!("{LISTEN}{}{limits}{}", tokens(&revoked), audit(&folder));
    let gateway = Gateway::start(&folder.write("gateway.toml", text.as_bytes()), false);
    let body = sound(1);
    let mut should: BTreeMap<&str, u64> = BTreeMap::new();
    for (code, status, token) in &bad_tokens() {
        let reply = gateway.ask(&Ask::post("/bundle/submit", token, &body));
        assert_eq!((reply.status, reply.code().as_str()), (*status, *code));
        assert_eq!(reply.head.contains("www-authenticate: bearer"), *status == 401);
        *should.entry(code).or_default() += 1;
    }
    let nobody = Ask { token: None, ..Ask::post("/bundle/submit", "", &body) };
    assert_eq!(gateway.ask(&nobody).code(), "token_missing");
    should.insert("token_missing", 1);
    // Over the limit is who asks more often than the burst; others are not touched.
    let (greedy, patient) = (token("greedy", &["submit"]), token("patient", &["submit"]));
    let statuses: Vec<_> =
        (0..9).map(|_| gateway.ask(&Ask::post("/bundle/submit", &greedy, &body)).status).collect();
    assert_eq!(statuses[..2], [202, 202]);
    let limited = statuses.iter().filter(|status| **status == 429).count();
    assert!(limited >= 4, "{statuses:?}");
    should.insert("rate_limited", limited as u64);
    assert_eq!(gateway.ask(&Ask::post("/bundle/submit", &patient, &body)).status, 202);
    // A body that is too large, told or not told beforehand.
    let large = vec![b' '; 5000];
    let big = token("big", &["submit"]);
    let reply = gateway.ask(&Ask::post("/bundle/submit", &big, &large));
    assert_eq!((reply.status, reply.code().as_str()), (413, "body_too_large"));
    let mut stream = gateway.connect();
    let head = format!(
        "POST /bundle/submit HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {big}\r\n\
         transfer-encoding: chunked\r\n\r\n1388\r\n"
    );
    let _ = stream.write_all(&[head.as_bytes(), &large, b"\r\n0\r\n\r\n"].concat());
    assert_eq!(read(&mut stream).status, 413);
    should.insert("body_too_large", 2);
    // A token that is revoked while it lives is believed no more.
    std::fs::write(&revoked, "sub patient\n").unwrap();
    loop {
        let reply = gateway.ask(&Ask::post("/bundle/submit", &patient, &body));
        if reply.status == 401 {
            assert_eq!(reply.code(), "token_revoked");
            *should.get_mut("token_revoked").unwrap() += 1;
            break;
        }
        if reply.status == 429 {
            *should.get_mut("rate_limited").unwrap() += 1;
        }
    }
    for (code, count) in &should {
        assert_eq!(refused(&gateway, code), *count, "{code}");
    }
    let (code, _) = gateway.end();
    assert_eq!(code, 0);
    let log = std::fs::read_to_string(folder.path("audit.log")).unwrap();
    assert!(log.contains("\"what\":\"refused\",\"caller\":\"reader\",\"kid\":\"k1\""), "{log}");
    assert!(log.contains("\"what\":\"turned_away\",\"code\":\"token_signature\",\"count\":1"));
    // Neither tokens nor transactions are written down.
    let token_part = greedy.split('.').nth(1).unwrap();
    let body = String::from_utf8(body).unwrap();
    let sent = body.split('"').find(|part| part.len() > 100).unwrap();
    assert!(!log.contains(token_part) && !log.contains(&sent[..40]));
    assert_eq!(verified(&[arg(&folder.path("audit.log"))]).code, 0);
}

#[test]
fn tls_is_spoken_and_nothing_else() {
    let folder = Folder::new("serve-tls");
    let revoked = folder.write("revoked.txt", b"");
    let (der, tls) = certificate(&folder);
    let limits = "[limits]\npatience = \"1s\"\nconnections = 2\n";
    let text = format!("{LISTEN}{tls}{}{limits}", tokens(&revoked));
    let gateway = Gateway::start(&folder.write("gateway.toml", text.as_bytes()), false);
    let mut stream = connect_tls(&gateway.address, &der);
    let token = token("alice", &["submit"]);
    for number in 1..4 {
        let body = sound(number);
        let reply = ask(&mut stream, &Ask::post("/bundle/submit", &token, &body));
        assert_eq!(reply.status, 202, "the connection is kept");
    }
    // Plain HTTP is no handshake; a peer that says nothing is let go.
    let mut plain = gateway.connect();
    let _ = plain.write_all(&Ask::get().bytes());
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    let mut silent = gateway.connect();
    assert_eq!(silent.read(&mut [0]).unwrap_or(0), 0);
    assert_eq!(counter(&gateway, "mev_gateway_tls_failed_total"), 2);
    // A connection that asks nothing is let go, too; two are open at most.
    until(|| counter(&gateway, "mev_gateway_connections_open"), |open| *open == 0);
    let mut first = connect_tls(&gateway.address, &der);
    assert_eq!(ask(&mut first, &Ask::get()).status, 200);
    let mut second = connect_tls(&gateway.address, &der);
    assert_eq!(ask(&mut second, &Ask::get()).status, 200);
    let mut third = connect_tls(&gateway.address, &der);
    assert!(third.write_all(&Ask::get().bytes()).is_err() || third.read(&mut [0]).is_err());
    assert_eq!(counter(&gateway, "mev_gateway_connections_refused_total"), 1);
    assert_eq!(gateway.end().0, 0);
}

/// Waits until `is` holds of what `look` gives.
fn until<T>(look: impl Fn() -> T, is: impl Fn(&T) -> bool) -> T {
    loop {
        let seen = look();
        if is(&seen) {
            return seen;
        }
        // A look is a request: that is pause enough.
    }
}

#[test]
fn live_bundles_reach_the_engine_and_their_last_word_reaches_the_caller() {
    let folder = Folder::new("serve-live");
    let engine = engine(1008, |_, _| Fate::Land);
    let simulate = if cfg!(feature = "sim") { "[simulate]\n" } else { "" };
    let text = format!(
        "{LISTEN}{simulate}[limits]\nrequests_per_second = 100000\nburst = 100000\n{}{}",
        audit(&folder),
        sending(&folder, &engine.url)
    );
    let config = folder.write("gateway.toml", text.as_bytes());
    let gateway = Gateway::start(&config, true);
    let mut stream = gateway.connect();
    let mut ids = Vec::new();
    for number in 0..20 {
        let body = sound(number);
        let reply = ask(&mut stream, &Ask::post("/bundle/submit", "", &body));
        assert_eq!(reply.status, 202, "{:?}", reply.json());
        assert_eq!(reply.json()["status"], "queued");
        assert_eq!(reply.json().get("dry_run"), None);
        ids.push(reply.json()["bundle_id"].as_str().unwrap().to_owned());
    }
    for id in &ids {
        let path = format!("/bundle/{id}");
        let look = || gateway.ask(&Ask { path: &path, ..Ask::get() }).json();
        let word = until(look, |word| word["status"] != "pending");
        assert_eq!((&word["status"], &word["slot"]), (&"landed".into(), &1007.into()));
    }
    let again = ask(&mut stream, &Ask::post("/bundle/submit", "", &sound(3)));
    assert_eq!((again.status, again.code().as_str()), (422, "known_id"));
    let dear = bundle_json(&[wire(99, 200_000_000)], 200_000_000);
    let capped = ask(&mut stream, &Ask::post("/bundle/submit", "", &dear));
    assert_eq!((capped.status, capped.code().as_str()), (429, "over_spending_cap"));
    let stop = folder.write("STOP", b"");
    let stopped = ask(&mut stream, &Ask::post("/bundle/submit", "", &sound(50)));
    assert_eq!((stopped.status, stopped.code().as_str()), (503, "stopped"));
    std::fs::remove_file(stop).unwrap();
    assert_eq!(counter(&gateway, "mev_gateway_finals_total{outcome=\"landed\"}"), 20);
    assert_eq!(counter(&gateway, "mev_gateway_spent_lamports"), 20 * 6000);
    assert_eq!(gateway.end().0, 0);
    for id in &ids {
        assert_eq!(engine.seen.lock().unwrap().sends[id], 1, "the engine reckons the same id");
    }
    // The journal tells the same to whoever may read it.
    let ran = run(SEND, &["receipts", "--journal", arg(&folder.path("sent.jnl"))], b"");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let log = std::fs::read_to_string(folder.path("audit.log")).unwrap();
    assert_eq!(log.matches("\"what\":\"accepted\"").count(), 20);
    assert_eq!(log.matches("\"outcome\":\"landed\",\"slot\":1007").count(), 20);
    edits_are_found(&folder, &log);
}

/// Changes the audit log in every way that it should tell.
fn edits_are_found(folder: &Folder, log: &str) {
    let path = folder.path("audit.log");
    let file = arg(&path);
    let ran = verified(&[file]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(ran.text().starts_with("sound: ") && ran.text().contains(" 0 entries behind it"));
    let kept = folder.write("kept.head", &std::fs::read(folder.path("audit.log.head")).unwrap());
    let lines: Vec<&str> = log.lines().collect();
    let mut moved = lines.clone();
    moved.swap(3, 4);
    let mut without = lines.clone();
    without.remove(5);
    for (what, text) in [
        ("changed", log.replacen("\"tip_lamports\":1000", "\"tip_lamports\":9000", 1)),
        ("out of order", moved.join("\n") + "\n"),
        ("missing", without.join("\n") + "\n"),
        ("missing at the end", lines[..lines.len() - 2].join("\n") + "\n"),
    ] {
        std::fs::write(&path, text).unwrap();
        let ran = verified(&[file]);
        assert_eq!(ran.code, 1, "{what}: {}", ran.err);
        assert!(ran.text().starts_with("broken: ") && ran.text().contains(what), "{}", ran.text());
        let config = folder.path("gateway.toml");
        let ran = run(SEND, &["serve", "--config", arg(&config)], b"");
        assert_eq!(ran.code, 4, "nothing is chained to it: {}", ran.err);
    }
    // Where the head beside the log is gone, too, the one that was kept tells.
    std::fs::remove_file(folder.path("audit.log.head")).unwrap();
    assert_eq!(verified(&[file]).code, 0);
    assert_eq!(verified(&["--newest", arg(&kept), file]).code, 1);
    std::fs::write(&path, format!("{log}{{\"n\":99")).unwrap();
    let ran = verified(&[file]);
    assert_eq!(ran.code, 4, "{}", ran.text());
    assert!(ran.err.contains("the last 7 bytes are no whole entry: cut off"), "{}", ran.err);
    let other = mev::bytes::base58::Key(&[9; 32]).to_string();
    std::fs::write(&path, log).unwrap();
    assert_eq!(run(SEND, &["audit", "verify", "--head", &other, file], b"").code, 1);
    assert_eq!(verified(&[arg(&folder.path("gateway.toml"))]).code, 3);
}

#[test]
fn an_end_answers_what_was_asked_and_follows_what_was_sent() {
    let folder = Folder::new("serve-drain");
    let engine = engine(1008, |_, _| Fate::Land);
    let text = format!("{LISTEN}{}{}", audit(&folder), sending(&folder, &engine.url));
    let gateway = Gateway::start(&folder.write("gateway.toml", text.as_bytes()), true);
    let body = sound(1);
    let request = Ask::post("/bundle/submit", "", &body).bytes();
    let (mut idle, mut asking) = (gateway.connect(), gateway.connect());
    assert_eq!(ask(&mut idle, &Ask::get()).status, 200);
    // Asked in part when the end begins: its head is read, its body comes later.
    let cut = request.len() - 10;
    asking.write_all(&request[..cut]).unwrap();
    until(|| counter(&gateway, "mev_gateway_connections_open"), |open| *open == 2);
    let address = gateway.address.clone();
    let ended = std::thread::spawn(move || gateway.end());
    // The listener is closed first.
    until(|| std::net::TcpStream::connect(&address).is_err(), |closed| *closed);
    assert_eq!(idle.read(&mut [0]).unwrap_or(0), 0, "an idle connection is closed");
    asking.write_all(&request[cut..]).unwrap();
    let reply = read(&mut asking);
    assert_eq!((reply.status, reply.json()["status"].as_str()), (202, Some("queued")));
    let (code, said) = ended.join().unwrap();
    assert_eq!((code, said.as_str()), (0, ""));
    let ran =
        run(SEND, &["receipts", "--journal", arg(&folder.path("sent.jnl")), "-f", "json"], b"");
    let finals = ran.json();
    assert_eq!((finals.len(), &finals[0]["outcome"]), (1, &"landed".into()), "{}", ran.err);
    assert_eq!(verified(&[arg(&folder.path("audit.log"))]).code, 0);
}

#[test]
fn a_full_queue_turns_callers_away_and_nobody_waits_for_ever() {
    let folder = Folder::new("serve-full");
    let engine = engine(1008, |_, _| Fate::Silent);
    let limits = "[limits]\nopen = 1\nqueue = 1\nwait = \"1s\"\ndrain = \"1s\"\n";
    let text = format!("{LISTEN}{limits}{}{}", audit(&folder), sending(&folder, &engine.url));
    let gateway = Gateway::start(&folder.write("gateway.toml", text.as_bytes()), true);
    assert_eq!(gateway.ask(&Ask::post("/bundle/submit", "", &sound(1))).status, 202);
    // As many are open as may be: the next one waits, and the one after it has no place.
    let mut waiting = gateway.connect();
    waiting.write_all(&Ask::post("/bundle/submit", "", &sound(2)).bytes()).unwrap();
    until(|| counter(&gateway, "mev_gateway_queue"), |queue| *queue == 1);
    let full = gateway.ask(&Ask::post("/bundle/submit", "", &sound(3)));
    assert_eq!((full.status, full.code().as_str()), (503, "queue_full"));
    assert!(full.head.contains("retry-after: "), "{}", full.head);
    let late = read(&mut waiting);
    assert_eq!((late.status, late.code().as_str()), (503, "queue_timeout"));
    assert_eq!((refused(&gateway, "queue_full"), refused(&gateway, "queue_timeout")), (1, 1));
    assert_eq!(gateway.end().0, 0);
    // Of the three one was sent, and the one that gave up was not.
    assert_eq!(engine.seen.lock().unwrap().sends.len(), 1);
}

#[test]
fn where_the_journal_cannot_grow_nothing_more_is_taken() {
    let folder = Folder::new("serve-journal");
    let engine = engine(1008, |_, _| Fate::Land);
    let text = format!("{LISTEN}{}{}", audit(&folder), sending(&folder, &engine.url));
    let config = folder.write("gateway.toml", text.as_bytes());
    let line = format!(
        "trap '' XFSZ; ulimit -f 3; exec {SEND} serve --live --config {}",
        config.display()
    );
    let gateway = Gateway::spawn(Command::new("bash").args(["-c", &line]));
    let mut number = 0;
    let refused = loop {
        let reply = gateway.ask(&Ask::post("/bundle/submit", "", &sound(number)));
        number += 1;
        if reply.status != 202 {
            break reply;
        }
    };
    assert_eq!((refused.status, refused.code().as_str()), (503, "journal_failed"));
    assert_eq!(gateway.ask(&Ask::get()).json()["status"], "journal_failed");
    let (code, said) = gateway.end();
    assert_eq!(code, 5);
    assert!(said.contains("cannot write the journal"), "{said}");
    // With room again what was accepted has its last word.
    let gateway = Gateway::start(&config, true);
    until(|| counter(&gateway, "mev_gateway_open"), |open| *open == 0);
    assert_eq!(gateway.end().0, 0);
    let ran =
        run(SEND, &["receipts", "--journal", arg(&folder.path("sent.jnl")), "-f", "json"], b"");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(ran.json().len() >= number as usize - 1);
    assert_eq!(verified(&[arg(&folder.path("audit.log"))]).code, 0);
}

/// Killed at any moment under load, again and again: whatever was accepted has exactly one final
/// receipt, nothing was sent twice, the cap holds, and the audit chain verifies.
/// `MEV_SEND_KILLS=500` for more.
#[test]
fn kills_at_any_moment_leave_one_final_receipt_each_and_a_chain_that_verifies() {
    /// Bundles of a run at most: a kill falls before their end, or while they are followed.
    const QUOTA: u32 = 60;
    let kills = std::env::var("MEV_SEND_KILLS").map_or(5, |text| text.parse::<u32>().unwrap());
    let folder = Folder::new("serve-kills");
    let engine = engine(1008, |_, _| Fate::Land);
    let cap = u64::from(kills * QUOTA + 10) * 6000;
    let text = format!(
        "{LISTEN}[limits]\nrequests_per_second = 100000\nburst = 100000\n{}{}",
        audit(&folder),
        sending(&folder, &engine.url).replace("100000000", &cap.to_string())
    );
    let config = folder.write("gateway.toml", text.as_bytes());
    let mut chance = u64::from(std::process::id()) | 1;
    let (mut accepted, mut number) = (BTreeSet::new(), 0u32);
    for _ in 0..kills {
        let gateway = Gateway::start(&config, true);
        let address = gateway.address.clone();
        let from = number;
        let caller = std::thread::spawn(move || submit(&address, from, QUOTA));
        (0..3).for_each(|shift| chance ^= [chance << 13, chance >> 7, chance << 17][shift]);
        let (_keep, never) = std::sync::mpsc::channel::<()>();
        let _ = never.recv_timeout(Duration::from_millis(chance % 250));
        gateway.kill();
        let (ids, next, capped) = caller.join().unwrap();
        assert!(!capped, "what was never taken counts against the cap");
        accepted.extend(ids);
        number = next;
    }
    // The last one takes what the cap leaves, and follows all to its end.
    let gateway = Gateway::start(&config, true);
    let (ids, _, capped) = submit(&gateway.address, number, kills * QUOTA + 11);
    assert!(capped, "the cap counts over restarts");
    accepted.extend(ids);
    until(|| counter(&gateway, "mev_gateway_open"), |open| *open == 0);
    assert_eq!(gateway.end().0, 0);
    let ran =
        run(SEND, &["receipts", "--journal", arg(&folder.path("sent.jnl")), "-f", "json"], b"");
    assert!(ran.code == 0 && ran.err.is_empty(), "{}", ran.err);
    let mut finals = BTreeMap::new();
    for receipt in ran.json() {
        let id = receipt["id"].as_str().unwrap().to_owned();
        let outcome = receipt["outcome"].as_str().unwrap().to_owned();
        assert_eq!(finals.insert(id, outcome), None, "two final receipts");
    }
    assert!(!accepted.is_empty());
    for id in &accepted {
        assert!(finals.contains_key(id), "{id} was accepted and has no last word");
    }
    let seen = engine.seen.lock().unwrap();
    assert!(seen.sends.values().all(|sends| *sends == 1), "sent twice");
    for id in seen.sends.keys() {
        assert_eq!(finals.get(id).map(String::as_str), Some("landed"), "{id}");
    }
    let spent = seen.sends.len() as u64 * 6000;
    assert!(spent <= cap, "{spent} of {cap}");
    let ran = verified(&[arg(&folder.path("audit.log"))]);
    assert_eq!(ran.code, 0, "{}{}", ran.text(), ran.err);
}

/// Submits up to `count` bundles from `number` on until the connection breaks or the cap is reached: the
/// ids that were accepted, the next number, and whether it was the cap.
fn submit(address: &str, mut number: u32, count: u32) -> (Vec<String>, u32, bool) {
    let mut accepted = Vec::new();
    let Ok(mut stream) = std::net::TcpStream::connect(address) else {
        return (accepted, number, false);
    };
    for _ in 0..count {
        let body = sound(number);
        number += 1;
        let asked = stream.write_all(&Ask::post("/bundle/submit", "", &body).bytes());
        let mut some = [0; 4096];
        let len = asked.and_then(|()| stream.read(&mut some)).unwrap_or(0);
        let text = String::from_utf8_lossy(&some[..len]);
        if !text.starts_with("HTTP/1.1 202") {
            return (accepted, number, text.starts_with("HTTP/1.1 429"));
        }
        if let Some((_, json)) = text.split_once("\r\n\r\n")
            && let Ok(json) = serde_json::from_str::<Value>(json)
        {
            accepted.push(json["bundle_id"].as_str().unwrap().to_owned());
        }
    }
    (accepted, number, false)
}

/// Every role.
#[cfg(feature = "sim")]
const ALL: &[&str] = &["submit", "simulate", "read"];

/// Meets all that the two routes with bodies answer, but for 503; the id of the bundle.
#[cfg(feature = "sim")]
fn meet_posts(
    gateway: &Gateway,
    met: &mut Met,
    caller: &mut impl FnMut(&[&str]) -> String,
    good: &[u8],
) -> String {
    let large = vec![b' '; 5000];
    let mut id = String::new();
    for route in ["/bundle/submit", "/bundle/simulate"] {
        let mut post = |token: &str, body: &[u8]| {
            let reply = gateway.ask(&Ask::post(route, token, body));
            met.meets(route, "post", &reply);
            reply
        };
        let taken = post(&caller(ALL), good);
        assert!(taken.status < 300, "{:?}", taken.json());
        taken.json()["bundle_id"].as_str().unwrap().clone_into(&mut id);
        assert_eq!(post(&caller(ALL), b"{}").status, 400);
        assert_eq!(post("garbage", good).status, 401);
        assert_eq!(post(&caller(&["read"]), good).status, 403);
        assert_eq!(post(&caller(ALL), &large).status, 413);
        if route == "/bundle/submit" {
            assert_eq!(post(&caller(ALL), &bundle_json(&[wire(2, 1500)], 1000)).status, 422);
        }
        let greedy = caller(ALL);
        while post(&greedy, good).status != 429 {}
        // A body that does not come.
        let mut stream = gateway.connect();
        let bytes = Ask::post(route, &caller(ALL), good).bytes();
        stream.write_all(&bytes[..bytes.len() - 1]).unwrap();
        let late = read(&mut stream);
        assert_eq!((late.status, late.code().as_str()), (408, "body_timeout"));
        met.meets(route, "post", &late);
    }
    id
}

#[cfg(feature = "sim")]
#[test]
fn every_route_status_and_schema_of_the_document_is_met() {
    let folder = Folder::new("serve-openapi");
    let engine = engine(1008, |_, _| Fate::Land);
    let revoked = folder.write("revoked.txt", b"");
    let limits =
        "[limits]\nrequests_per_second = 1\nburst = 3\nbody_bytes = 4096\npatience = \"1s\"\n";
    let text = format!(
        "{LISTEN}[simulate]\n{}{limits}{}{}",
        tokens(&revoked),
        audit(&folder),
        sending(&folder, &engine.url)
    );
    let config = folder.write("gateway.toml", text.as_bytes());
    let gateway = Gateway::start(&config, true);
    let document = gateway.ask(&Ask { path: "/openapi.json", ..Ask::get() });
    let mut met = Met::new(document.json());
    met.meets("/openapi.json", "get", &document);
    met.meets("/health", "get", &gateway.ask(&Ask::get()));
    let mut callers = 0;
    let mut caller = |roles: &[&str]| {
        callers += 1;
        token(&format!("caller-{callers}"), roles)
    };
    let good = sound(1);
    let id = meet_posts(&gateway, &mut met, &mut caller, &good);
    let path = format!("/bundle/{id}");
    let mut get = |token: &str, path: &str| {
        let reply = gateway.ask(&Ask { path, token: Some(token), ..Ask::get() });
        met.meets("/bundle/{id}", "get", &reply);
        reply.status
    };
    assert_eq!(get(&caller(ALL), &path), 200);
    assert_eq!(get(&caller(ALL), "/bundle/none"), 404);
    assert_eq!(get("garbage", &path), 401);
    assert_eq!(get(&caller(&["submit"]), &path), 403);
    let greedy = caller(ALL);
    while get(&greedy, &path) != 429 {}
    // Without its list of revoked tokens it believes nobody.
    std::fs::remove_file(&revoked).unwrap();
    let nobody =
        || gateway.ask(&Ask { path: &path, token: Some(&caller(ALL)), ..Ask::get() }).status;
    let mut status = nobody;
    while status() != 503 {}
    let fresh = token("late", ALL);
    let reply = gateway.ask(&Ask { path: &path, token: Some(&fresh), ..Ask::get() });
    assert_eq!((reply.status, reply.code().as_str()), (503, "revocations_unreadable"));
    met.meets("/bundle/{id}", "get", &reply);
    for route in ["/bundle/submit", "/bundle/simulate"] {
        met.meets(route, "post", &gateway.ask(&Ask::post(route, &fresh, &good)));
    }
    // Beside the document: what no route is.
    assert_eq!(gateway.ask(&Ask { path: "/metrics", ..Ask::get() }).code(), "no_route");
    let deleted = gateway.ask(&Ask { method: "DELETE", ..Ask::get() });
    assert_eq!((deleted.status, deleted.code().as_str()), (405, "method_not_allowed"));
    assert_eq!(gateway.end().0, 0);
    met.meets("/health", "get", &unhealthy(&folder));
    assert_eq!(met.missed(), []);
}

/// The health of a gateway whose audit log cannot grow: nothing more is taken.
fn unhealthy(folder: &Folder) -> gateway::Reply {
    let text = format!("{LISTEN}{}", audit(folder).replace("audit.log", "full.log"));
    let config: PathBuf = folder.write("full.toml", text.as_bytes());
    let line =
        format!("trap '' XFSZ; ulimit -f 2; exec {SEND} serve --config {}", config.display());
    let gateway = Gateway::spawn(Command::new("bash").args(["-c", &line]));
    let mut number = 1000;
    let refused = loop {
        let reply = gateway.ask(&Ask::post("/bundle/submit", "", &sound(number)));
        number += 1;
        if reply.status != 202 {
            break reply;
        }
    };
    assert_eq!((refused.status, refused.code().as_str()), (503, "audit_failed"));
    let again = gateway.ask(&Ask::post("/bundle/submit", "", &sound(number)));
    assert_eq!(again.code(), "audit_failed");
    let health = gateway.ask(&Ask::get());
    assert_eq!((health.status, &health.json()["status"]), (503, &"audit_failed".into()));
    let (code, _) = gateway.end();
    assert_eq!(code, 5, "what could not be written down is no good end");
    torn_is_told(&folder.path("full.log"));
    health
}

/// A log on a full disk is cut, and says so; nothing before that is lost.
fn torn_is_told(path: &Path) {
    let ran = verified(&[arg(path)]);
    assert!(ran.text().starts_with("sound: "), "{}", ran.text());
    assert!([0, 4].contains(&ran.code), "{}", ran.err);
}
