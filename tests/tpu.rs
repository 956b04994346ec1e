//! mev-send --tpu as a program: transactions to leaders on this machine, and what its receipts say.

#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]

use mev::bytes::base58;
use mev::keys::Signer;
use mev::net::quic::certificate;
use mev::record::{Bundle, Layout, Outcome, Producer, Receipt, Record, Slot};
use mev::stream::{Arena, Piped, Reader, Sink, Writer};
use program::{Folder, Ran, arg, keypair, run, slot};
use quic_server::{Desk, Manner, PATIENCE, Seen, Server};
use serde_json::{Value, json};
use server::serve;
use solana_sdk::hash::Hash;
use solana_sdk::message::Message;
use solana_sdk::pubkey::Pubkey;
use std::collections::BTreeSet;
use std::net::UdpSocket;

#[path = "support/program.rs"]
mod program;
#[path = "support/quic_server.rs"]
mod quic_server;
#[path = "support/server.rs"]
mod server;

const SEND: &str = env!("CARGO_BIN_EXE_mev-send");

/// A signed transaction without instructions, told apart by `number`.
fn transaction(number: u8) -> Vec<u8> {
    let signer = Signer::from_seed(&[7; 32]);
    let payer = Pubkey::new_from_array(signer.public());
    let hash = Hash::new_from_array([number; 32]);
    let message = Message::new_with_blockhash(&[], Some(&payer), &hash).serialize();
    [&[1], signer.sign(&message).as_slice(), &message].concat()
}

/// A bundle of slot `slot` and its tail.
fn bundle(slot: u64, transactions: &[Vec<u8>]) -> (Bundle, Vec<u8>) {
    let mut bundle = Bundle::new(5);
    (bundle.head.flags, bundle.slot) = (Bundle::SIGNED, slot);
    bundle.txs = u8::try_from(transactions.len()).unwrap();
    for (len, transaction) in bundle.tx_len.iter_mut().zip(transactions) {
        *len = u16::try_from(transaction.len()).unwrap();
    }
    let tail = transactions.concat();
    let len = size_of::<Bundle>() + tail.len();
    bundle.head.len = u32::try_from(len.next_multiple_of(64)).unwrap();
    (bundle, tail)
}

/// A stream of a slot record before `first`, and of bundles.
fn stream(first: u64, bundles: &[(Bundle, Vec<u8>)]) -> Vec<u8> {
    let mut arena = Arena::with_room(0);
    arena.put(Record::of(&slot(first - 1)));
    for (bundle, tail) in bundles {
        arena.put_parts(bundle, tail);
    }
    let mut writer = Writer::new(Vec::new(), Producer::Bundle);
    for record in arena.records() {
        writer.put(record).unwrap();
    }
    writer.finish().unwrap()
}

fn records<T: Layout>(stream: &[u8]) -> Vec<T> {
    let mut reader = Reader::new(Piped::new(stream));
    let mut found = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        found.extend(record.get::<T>().unwrap());
    }
    found
}

fn text(field: &[u8]) -> &str {
    std::str::from_utf8(field).unwrap().trim_end_matches('\0')
}

/// What `--tpu --live` needs, with the journal `name` in `folder`, besides `more`.
fn live(folder: &Folder, name: &str, more: &[&str], input: &[u8]) -> Ran {
    let journal = folder.path(name);
    let cap = "--max-spend-lamports-per-hour";
    let base = ["--tpu", "--live", "--journal", arg(&journal), cap, "1000000000", "--rate", "1000"];
    run(SEND, &[base.as_slice(), more].concat(), input)
}

/// The final receipts and the others.
fn sorted(stream: &[u8]) -> (Vec<Receipt>, Vec<Receipt>) {
    records::<Receipt>(stream).into_iter().partition(|r| r.head.flags & Receipt::FINAL != 0)
}

/// The receipts of attempts as (url, outcome, text), in the order of their URLs.
fn told(ran: &Ran) -> Vec<(String, u8, String)> {
    let mut told: Vec<_> = sorted(&ran.out)
        .1
        .iter()
        .map(|receipt| {
            (text(&receipt.url).to_owned(), receipt.outcome, text(&receipt.text).to_owned())
        })
        .collect();
    told.sort();
    told
}

fn key(byte: u8) -> String {
    base58::Key(&[byte; 32]).to_string()
}

#[test]
fn a_dry_run_names_the_leaders_and_opens_no_socket() {
    let folder = Folder::new("tpu-dry");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_nonblocking(true).unwrap();
    let at = socket.local_addr().unwrap();
    let schedule = format!("1000-1003 {}\n1004-1007 {}\n1008-1011 {}\n", key(1), key(2), key(3));
    let leaders = folder.write("leaders.txt", schedule.as_bytes());
    let lines = format!("{} {at}\n{} 10.0.0.2:8009\n{} 10.0.0.3:8009\n", key(1), key(2), key(3));
    let nodes = folder.write("nodes.txt", lines.as_bytes());
    let rpc = folder.write("rpc.url", format!("http://{at}/?api-key=hidden\n").as_bytes());
    let input = stream(1000, &[bundle(1000, &[transaction(1), transaction(2)])]);
    let args =
        ["--tpu", "--leaders", arg(&leaders), "--nodes", arg(&nodes), "--leader-rpc", arg(&rpc)];
    let first = run(SEND, &args, &input);
    assert_eq!((first.code, first.err.as_str()), (0, ""));
    assert_eq!(
        told(&first),
        [
            ("quic://10.0.0.2:8009".to_owned(), 0, format!("leader {}", key(2))),
            (format!("quic://{at}"), 0, format!("leader {}", key(1))),
        ]
    );
    assert!(run(SEND, &args, &input).out == first.out, "a dry run is not the same each time");
    let [slot] = records::<Slot>(&first.out).try_into().unwrap();
    assert_eq!(slot.slot, 999, "slot records pass through");
    let length = records::<Receipt>(&first.out)[0].body_len;
    assert_eq!(length as usize, transaction(1).len() * 2);
    // The last slot of a leader: one leader more. Without leaders it is said.
    let last = stream(1003, &[bundle(1003, &[transaction(1)])]);
    assert_eq!(told(&run(SEND, &args, &last)).len(), 3);
    assert_eq!(
        told(&run(SEND, &["--tpu"], &last)),
        [("quic:".to_owned(), 0, "no_leader".to_owned())]
    );
    assert!(socket.recv(&mut [0; 9]).is_err(), "a dry run sent something");
}

#[test]
fn every_transaction_reaches_the_current_and_the_next_leader() {
    let folder = Folder::new("tpu-live");
    let servers = [1, 2].map(|_| Server::start(Manner { streams: 4, ..Manner::GOOD }));
    // They take turns for long: however slow this machine is, it is one of them and then the other.
    let turns = (1000..2000).step_by(4);
    let schedule: String = turns
        .map(|slot| format!("{slot}-{} {}\n", slot + 3, key(if slot / 4 % 2 == 0 { 1 } else { 2 })))
        .collect();
    let leaders = folder.write("leaders.txt", schedule.as_bytes());
    let lines = servers
        .iter()
        .zip(1..)
        .map(|(server, number)| format!("{} {}\n", key(number), server.address));
    let nodes = folder.write("nodes.txt", lines.collect::<String>().as_bytes());
    let identity = folder.write("id.json", keypair().0.as_bytes());
    let sent: Vec<Vec<u8>> = (0..40).map(transaction).collect();
    let bundles: Vec<_> = sent.chunks(5).map(|five| bundle(1001, five)).collect();
    let args = [
        "--leaders",
        arg(&leaders),
        "--nodes",
        arg(&nodes),
        "--identity",
        arg(&identity),
        "--timeout",
        "20s",
        "--handshake-timeout",
        "20s",
        "--stats",
    ];
    let ran = live(&folder, "journal", &args, &stream(1001, &bundles));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let (finals, receipts) = sorted(&ran.out);
    assert_eq!((finals.len(), receipts.len()), (8, 16));
    // Nobody was named who could tell what became of them.
    assert!(finals.iter().all(|receipt| text(&receipt.text) == "nobody_to_ask"));
    for receipt in &receipts {
        assert_eq!(receipt.outcome, Outcome::Written as u8, "{}", text(&receipt.text));
        let number =
            if text(&receipt.url).ends_with(&servers[0].address.to_string()) { 1 } else { 2 };
        assert_eq!(text(&receipt.text), format!("written: 5 acknowledged; {}", key(number)));
        assert!(receipt.sent_ns > 0 && receipt.present & Receipt::ANSWERED == 0);
    }
    let stats = ran.stats();
    assert_eq!(stats["receipts"], json!({"written": 16}));
    assert_eq!((&stats["transactions"], &stats["acknowledged"]), (&json!(80), &json!(80)));
    assert_eq!((&stats["faults"], &stats["zero_rtt"]), (&json!({}), &json!({})));
    for server in &servers {
        let mut found = Vec::new();
        while found.len() < sent.len() {
            match server.seen.recv_timeout(PATIENCE).unwrap() {
                Seen::Connection(who) => assert!(who == certificate(&keypair().1), "who is it?"),
                Seen::Message(bytes, early) => found.push((bytes, early)),
                Seen::Cut => panic!("a transaction was cut"),
            }
        }
        let expected: Vec<_> = sent.iter().map(|bytes| (bytes.clone(), false)).collect();
        assert!(found == expected, "not what was sent, in order");
    }
}

#[test]
fn an_rpc_node_tells_slot_leaders_and_nodes() {
    let folder = Folder::new("tpu-rpc");
    let leader = Server::start(Manner::GOOD);
    let at = leader.address.to_string();
    let (url, asked) = serve(move |request| {
        let result = match request.body["method"].as_str().unwrap() {
            "getSlot" => json!(500),
            "getSlotLeaders" => json!(vec![key(9); 400]),
            "getClusterNodes" => json!([{"pubkey": key(9), "tpuQuic": at}]),
            "getSignatureStatuses" => {
                assert_eq!(request.body["params"][0].as_array().unwrap().len(), 1);
                let status = json!({"slot": 501, "confirmations": 1, "err": null,
                    "confirmationStatus": "confirmed"});
                json!({"context": {"slot": 502}, "value": [status]})
            }
            _ => return None,
        };
        Some(("200 OK", json!({"jsonrpc": "2.0", "id": 1, "result": result}).to_string()))
    });
    let rpc = folder.write("rpc.url", format!("{url}/?api-key=hidden\n").as_bytes());
    let input = stream(500, &[bundle(500, &[transaction(1)])]);
    let args = ["--leader-rpc", arg(&rpc), "--stats", "--handshake-timeout", "20s"];
    let ran = live(&folder, "told", &args, &input);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let (finals, _) = sorted(&ran.out);
    assert_eq!((finals[0].outcome, finals[0].landed_slot), (Outcome::Landed as u8, 501));
    assert_eq!((finals.len(), finals[0].slot_delta), (1, 1));
    let expect = format!("written: 1 acknowledged; {}", key(9));
    assert_eq!(
        told(&ran),
        [(format!("quic://{}", leader.address), Outcome::Written as u8, expect)]
    );
    assert_eq!(leader.message().0, transaction(1));
    let methods: Vec<_> =
        asked.try_iter().take(3).map(|request| request.body["method"].clone()).collect();
    assert_eq!(methods, ["getSlot", "getSlotLeaders", "getClusterNodes"]);
    assert!(!ran.err.contains("hidden"), "{}", ran.err);

    // One that refuses ends the run before anything is sent.
    let refusal = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32005,"message":"Node is behind"}}"#;
    let (url, _asked) = serve(move |_| Some(("200 OK", refusal.to_owned())));
    let rpc = folder.write("behind.url", format!("{url}/?api-key=hidden\n").as_bytes());
    let ran = live(&folder, "behind", &["--leader-rpc", arg(&rpc)], &input);
    assert_eq!((ran.code, ran.out.len()), (6, 0));
    assert!(ran.err.contains("rpc: error -32005: Node is behind"), "{}", ran.err);
}

#[test]
fn leaders_that_are_down_or_close_are_told_and_never_written() {
    let folder = Folder::new("tpu-down");
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let down = silent.local_addr().unwrap().to_string();
    let input = stream(1000, &[bundle(1000, &[transaction(1), transaction(2)])]);
    let args = ["--tpu-peer", &down, "--handshake-timeout", "100ms", "--stats"];
    let ran = live(&folder, "down", &args, &input);
    // Nothing of it was written: that is the last word, and its tip is free again.
    let (finals, _) = sorted(&ran.out);
    assert_eq!((finals.len(), finals[0].outcome), (1, Outcome::Refused as u8));
    assert_eq!(ran.code, 5, "{}", ran.err);
    assert!(
        ran.err.contains("no bundle was written whole: 1 not at all, 0 in part"),
        "{}",
        ran.err
    );
    let expect = "handshake_timeout: 0 of 2 written".to_owned();
    assert_eq!(told(&ran), [(format!("quic://{down}"), Outcome::Unreachable as u8, expect)]);
    assert_eq!(ran.stats()["faults"], json!({"handshake_timeout": 1}));

    // Two streams are granted and nothing is read: the rest of the bundle has no stream.
    let stingy = Server::start(Manner { streams: 2, desk: Desk::Ignore, ..Manner::GOOD });
    let peer = stingy.address.to_string();
    let five = [1, 2, 3, 4, 5].map(transaction);
    let args = ["--tpu-peer", &peer, "--timeout", "300ms"];
    let args = [&args[..], &["--handshake-timeout", "20s", "--stats"]].concat();
    let ran = live(&folder, "stingy", &args, &stream(1000, &[bundle(1000, &five)]));
    assert_eq!(ran.code, 5, "{}", ran.err);
    let [(_, outcome, words)] = told(&ran).try_into().unwrap();
    assert_eq!((outcome, words.as_str()), (Outcome::Unknown as u8, "no_stream: 2 of 5 written"));

    // One that closes within the first transaction of many: the second waits for a stream.
    let closing = Server::start(Manner { streams: 1, desk: Desk::CloseWithin(4), ..Manner::GOOD });
    let peer = closing.address.to_string();
    let many: Vec<_> = (0..40).map(|number| bundle(1000, &[transaction(number)])).collect();
    let args = ["--tpu-peer", &peer, "--stats", "--handshake-timeout", "20s"];
    let ran = live(&folder, "closing", &args, &stream(1000, &many));
    let receipts = told(&ran);
    assert_eq!(receipts.len(), 40, "every bundle has its receipt");
    assert!(receipts.iter().any(|(_, _, words)| words.contains("closed_too_many")), "{receipts:?}");
    assert!(ran.stats()["faults"]["closed_too_many"].as_u64() > Some(0));
}

#[test]
fn more_than_a_connection_s_queue_holds_is_refused_by_name() {
    let folder = Folder::new("tpu-queue");
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let peer = silent.local_addr().unwrap().to_string();
    let one = |number: u8| bundle(1000, &[transaction(number)]);
    let two = |number: u8| bundle(1000, &[transaction(number), transaction(!number)]);
    let many: Vec<_> = (0..=255).flat_map(|number| [one(number), two(number)]).collect();
    let args = ["--tpu-peer", &peer, "--handshake-timeout", "2s"];
    let ran = live(&folder, "journal", &args, &stream(1000, &many));
    assert_eq!(ran.code, 5, "{}", ran.err);
    let receipts = told(&ran);
    assert_eq!(receipts.len(), 512, "every bundle has its receipt");
    let with = |name: &str| {
        let words = format!("{name}: 0 of ");
        receipts.iter().filter(|(_, _, found)| found.starts_with(&words)).count()
    };
    let (full, late) = (with("queue_full"), with("handshake_timeout"));
    // 256 wait for the handshake; the rest, as far as they come before it is given up, is refused.
    assert!(late >= 256 && full + late == 512, "{full} and {late}");
}

#[test]
fn what_is_unfit_is_not_sent_and_early_data_is_counted() {
    let folder = Folder::new("tpu-unfit");
    let leader = Server::start(Manner::GOOD);
    let peer = leader.address.to_string();
    let good = bundle(1000, &[transaction(1)]);
    let mut forged = bundle(1000, &[transaction(2)]);
    forged.1[10] ^= 1;
    let args = ["--tpu-peer", &peer, "--zero-rtt", "--congestion", "bbr"];
    let args = [&args[..], &["--stats", "--handshake-timeout", "20s"]].concat();
    let ran = live(&folder, "journal", &args, &stream(1000, &[forged, good]));
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("1 receipts say unfit"), "{}", ran.err);
    assert_eq!(ran.stats()["receipts"], json!({"unfit": 1, "written": 1}));
    assert_eq!(ran.stats()["zero_rtt"], json!({"unavailable": 1}));
    assert_eq!(leader.message(), (transaction(1), false));
    assert!(!matches!(leader.seen.try_recv(), Ok(Seen::Message(..))), "the forged one was sent");
}

#[test]
fn a_receipt_comes_while_the_input_is_still_open() {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let folder = Folder::new("tpu-open");
    let leader = Server::start(Manner::GOOD);
    let input = stream(1000, &[bundle(1000, &[transaction(1)])]);
    let journal = folder.path("journal");
    let mut child = Command::new(SEND)
        .args(["--tpu", "--live", "--handshake-timeout", "20s", "--only", "receipt"])
        .args(["--journal", arg(&journal), "--max-spend-lamports-per-hour", "1000000"])
        .args(["--tpu-peer", &leader.address.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // All but the end.
    stdin.write_all(&input[..input.len() - 64]).unwrap();
    let mut reader = Reader::new(Piped::new(child.stdout.take().unwrap()));
    let record = reader.next().unwrap().expect("a receipt");
    assert_eq!(record.get::<Receipt>().unwrap().unwrap().outcome, Outcome::Written as u8);
    stdin.write_all(&input[input.len() - 64..]).unwrap();
    drop(stdin);
    let record = reader.next().unwrap().expect("the last receipt");
    let last = record.get::<Receipt>().unwrap().unwrap();
    assert_eq!(last.head.flags & Receipt::FINAL, Receipt::FINAL);
    assert!(reader.next().unwrap().is_none());
    assert!(child.wait().unwrap().success());
}

/// A node that knows of the transactions that `landed` holds.
fn node(landed: Vec<Vec<u8>>) -> String {
    let (url, _) = serve(move |request| {
        let result = match request.body["method"].as_str().unwrap() {
            "getSlot" => json!(1000),
            "getSlotLeaders" => json!(vec![key(9); 400]),
            "getClusterNodes" => json!([]),
            _ => {
                let asked = request.body["params"][0].as_array().unwrap();
                let known = |text: &Value| {
                    let known = landed.iter().any(|wire| {
                        let signature: &[u8; 64] = wire[1..65].try_into().unwrap();
                        text.as_str() == Some(&base58::Signature(signature).to_string())
                    });
                    let status = json!({"slot": 1004, "confirmations": null, "err": null,
                        "confirmationStatus": "finalized"});
                    if known { status } else { Value::Null }
                };
                let value: Vec<_> = asked.iter().map(known).collect();
                json!({"context": {"slot": 1_000_000}, "value": value})
            }
        };
        Some(("200 OK", json!({"jsonrpc": "2.0", "id": 1, "result": result}).to_string()))
    });
    url
}

#[test]
fn the_cap_the_stop_file_and_the_journal_hold_on_this_road_too() {
    let folder = Folder::new("tpu-guard");
    let leader = Server::start(Manner::GOOD);
    let peer = leader.address.to_string();
    let [whole, part, none] = [[1, 2], [3, 4], [5, 6]].map(|pair| pair.map(transaction));
    let url = node([whole.to_vec(), part[..1].to_vec()].concat());
    let rpc = folder.write("rpc.url", format!("{url}/?api-key=hidden").as_bytes());
    let to = ["--tpu-peer", &peer, "--leader-rpc", arg(&rpc), "--expiry", "1500ms"];
    let three = [&whole, &part, &none].map(|pair| bundle(1000, pair));
    let stop = folder.write("STOP", b"");
    let stopped = [to.as_slice(), &["--stop-file", arg(&stop)]].concat();
    let ran = live(&folder, "journal", &stopped, &stream(1000, &three));
    assert!(told(&ran).iter().all(|(_, _, words)| words == "stopped"), "{:?}", told(&ran));
    // Connections are kept warm all the same.
    let sent = leader.seen.try_iter().filter(|seen| matches!(seen, Seen::Message(..)));
    assert_eq!(sent.count(), 0, "something was sent");

    let ran = live(&folder, "journal", &to, &stream(1000, &three));
    let (finals, attempts) = sorted(&ran.out);
    assert_eq!((finals.len(), attempts.len()), (3, 3), "{}", ran.err);
    let ends: BTreeSet<_> =
        finals.iter().map(|receipt| (receipt.outcome, text(&receipt.text))).collect();
    let should = [
        (Outcome::Landed as u8, ""),
        (Outcome::Failed as u8, "landed_in_part: 1 of 2"),
        (Outcome::Expired as u8, "not_on_chain"),
    ];
    assert_eq!(ends, BTreeSet::from(should));
    assert!(!ran.err.contains("hidden"));
    // What the journal knows is not sent again, and what it holds can be read.
    let again = live(&folder, "journal", &to, &stream(1000, &three));
    assert!(told(&again).iter().all(|(_, _, words)| words == "known_id"));
    let journal = folder.path("journal");
    let receipts = run(SEND, &["receipts", "--attempts", "--journal", arg(&journal)], b"");
    assert_eq!((sorted(&receipts.out).0, sorted(&receipts.out).1.len()), (finals, 3));
    // A cap of one bundle lets one through.
    let journal = folder.path("capped");
    let cap = ["--tpu", "--live", "--journal", arg(&journal), "--max-spend-lamports-per-hour"];
    let ran = run(SEND, &[cap.as_slice(), &["10000"], &to].concat(), &stream(1000, &three));
    let capped = told(&ran).iter().filter(|(_, _, words)| words == "over_spending_cap").count();
    assert_eq!((sorted(&ran.out).0.len(), capped), (1, 2), "{}", ran.err);
}

#[test]
fn a_killed_run_is_followed_by_signatures_and_sends_nothing_again() {
    let folder = Folder::new("tpu-kill");
    let leader = Server::start(Manner::GOOD);
    let peer = leader.address.to_string();
    let transactions: Vec<_> = (0..20).map(transaction).collect();
    let url = node(transactions.clone());
    let rpc = folder.write("rpc.url", url.as_bytes());
    let journal = folder.path("journal");
    let cap = "--max-spend-lamports-per-hour";
    let base = ["--tpu", "--live", "--journal", arg(&journal), cap, "1000000"];
    let bundles: Vec<_> =
        transactions.iter().map(|tx| bundle(1000, std::slice::from_ref(tx))).collect();
    let input = stream(1000, &bundles);
    let mut child = std::process::Command::new(SEND)
        .args(base)
        .args(["--tpu-peer", &peer])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    // Its input stays open: it has the last word about none before it is killed.
    let mut stdin = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, &input[..input.len() - 64]).unwrap();
    let mut seen = BTreeSet::new();
    while seen.len() < 5 {
        seen.insert(leader.message().0);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let to = ["--tpu-peer", &peer, "--leader-rpc", arg(&rpc), "--expiry", "2s"];
    let ran = run(SEND, &[base.as_slice(), &to].concat(), &input);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let receipts = run(SEND, &["receipts", "--journal", arg(&journal)], b"");
    let (finals, _) = sorted(&receipts.out);
    let ids: BTreeSet<_> = finals.iter().map(|receipt| receipt.id).collect();
    assert_eq!((ids.len(), finals.len()), (20, 20), "one last word each");
    while let Ok(Seen::Message(bytes, _)) =
        leader.seen.recv_timeout(std::time::Duration::from_millis(300))
    {
        assert!(seen.insert(bytes), "a transaction was sent again");
    }
}
