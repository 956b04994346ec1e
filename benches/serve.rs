//! The gateway under load, open loop: submits of three signed transactions, and callers that are refused
//! beside questions for its health.
//!
//! ```text
//! this process: callers over TLS, a block engine   <-- loopback -->   mev-send serve --live, a process
//! ```
//!
//! Everything is on: TLS 1.3, tokens, signatures, rules, queue, journal, audit log, sending and following
//! to the last word. A schedule says when each request is due, whatever became of those before it, and
//! its time counts from then: a gateway that stalls is not asked less. Callers are threads that keep a
//! connection each, so a request may have to wait for its connection; that wait is in its time.
//! `cargo bench --bench serve -- --minutes 10` for the whole; 20 s of each without.

#![cfg(feature = "gateway")]
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark prints, reads the clock and stops where it stands"
)]

#[path = "../tests/support/gateway.rs"]
mod gateway;
#[path = "support/paired.rs"]
mod paired;
#[path = "../tests/support/program.rs"]
mod program;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gateway::{Ask, Gateway, certificate, connect_tls, key_file, quoted, token, token_of, tokens};
use hdrhistogram::Histogram;
use mev::bytes::hex::Hex;
use mev::ids::{JITO_TIP_ACCOUNTS, SYSTEM};
use mev::keys::Signer;
use program::Folder;
use serde_json::{Value, json};
use solana_sdk::hash::Hash;
use solana_sdk::instruction::{AccountMeta, Instruction};
use solana_sdk::message::Message;
use solana_sdk::pubkey::Pubkey;
use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::time::{Duration, Instant};

/// Submits a second.
const SUBMITS: u64 = 2_000;
/// Refused callers and questions for health a second.
const REFUSALS: u64 = 20_000;
/// Callers of the first kind, and of the second.
const CALLERS: [u64; 2] = [16, 32];
/// Transactions of which bundles are made: each place of a bundle has so many of its own, so that there
/// are enough different bundles for ten minutes.
const POOL: usize = 110;
/// Bytes of data in a transaction beside its transfer: about those of a swap.
const DATA_LEN: usize = 400;
/// Before anything is measured.
const WARM_UP: Duration = Duration::from_secs(2);

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if !args.iter().any(|arg| arg == "--bench") {
        return;
    }
    let minutes = args.iter().position(|arg| arg == "--minutes").and_then(|at| args.get(at + 1));
    let time = minutes.map_or(Duration::from_secs(20), |minutes| {
        Duration::from_secs(60 * minutes.parse::<u64>().unwrap())
    });
    let folder = Folder::new("serve-bench");
    let sync_us = fdatasync_us(&folder);
    println!("<!-- bench -->\n### The gateway, open loop\n\n{}\n", paired::machine());
    println!(
        "{} s each, from the time at which a request is due to its whole answer, microseconds. TLS 1.3, \
         tokens, journal and audit log on. An fdatasync takes {sync_us} us here; no caller waits for one.\n",
        time.as_secs()
    );
    println!("| what | asked | a second | p50 | p99 | p99.9 | max | memory before, after |");
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    let (der, text, engine) = configuration(&folder);
    let config = folder.write("gateway.toml", text.as_bytes());
    let gateway = Gateway::start(&config, true);
    let bodies = Arc::new(Bodies::new());
    let submit_token = token("bench", &["submit"]);
    let submit = |number: u64| {
        let body = bodies.body(number);
        Ask::post("/bundle/submit", &submit_token, &body).bytes()
    };
    run(
        "submits of 3 transactions, sent and followed",
        &gateway,
        &der,
        (SUBMITS, CALLERS[0]),
        time,
        &submit,
    );
    let forged = token_of(
        &json!({"alg": "EdDSA", "kid": "k1"}),
        &gateway::claims("bench", &["submit"]),
        &Signer::from_seed(&[6; 32]),
    );
    let reader = token("reader", &["read"]);
    let refused = |number: u64| match number % 8 {
        0 => Ask::post("/bundle/submit", &forged, b"").bytes(),
        1 => Ask::post("/bundle/submit", &reader, b"").bytes(),
        2 | 3 => Ask { token: None, ..Ask::post("/bundle/submit", "", b"") }.bytes(),
        _ => Ask::get().bytes(),
    };
    run("refused callers and health", &gateway, &der, (REFUSALS, CALLERS[1]), time, &refused);
    let counters = gateway.counters();
    let landed = counters.lines().find(|line| line.contains("finals_total{outcome=\"landed\"}"));
    println!(
        "\n{} requests reached the engine; {}",
        engine.load(Ordering::Relaxed),
        landed.unwrap()
    );
    println!("<!-- /bench -->");
    assert_eq!(gateway.end().0, 0);
    let key = mev::bytes::base58::Key(&Signer::from_seed(&[3; 32]).public()).to_string();
    let verified = Command::new(env!("CARGO_BIN_EXE_mev-send"))
        .args(["audit", "verify", "--head", &key])
        .args(audit_files(&folder))
        .output()
        .unwrap();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}

/// What the gateway is told, the certificate it shows, and how often its engine was asked.
fn configuration(folder: &Folder) -> (Vec<u8>, String, Arc<AtomicU64>) {
    let revoked = folder.write("revoked.txt", b"");
    let (der, tls) = certificate(folder);
    let key = key_file(folder, "audit.json", 3);
    let (engine, asked) = engine();
    let text = format!(
        "listen = \"127.0.0.1:0\"\nmetrics = \"127.0.0.1:0\"\n{tls}{}[limits]\n\
         requests_per_second = 1000000\nburst = 1000000\nopen = 8192\n[audit]\nfile = {}\nkey = {}\n\
         [send]\nurls = [\"{engine}\"]\njournal = {}\nrate = 10000\n\
         max_spend_lamports_per_hour = 1000000000000000\n",
        tokens(&revoked),
        quoted(&folder.path("audit.log")),
        quoted(&key),
        quoted(&folder.path("sent.jnl")),
    );
    (der, text, asked)
}

/// The files of the audit log, oldest first.
fn audit_files(folder: &Folder) -> Vec<std::path::PathBuf> {
    let names = std::fs::read_dir(folder.path("")).unwrap();
    let mut files: Vec<_> = names
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            name.strip_prefix("audit.log.").is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
        })
        .collect();
    files.sort();
    files.push(folder.path("audit.log"));
    files
}

/// Asks `gateway` so often a second, by so many callers, for `time`, and prints a row.
fn run(
    what: &str,
    gateway: &Gateway,
    der: &[u8],
    (per_second, callers): (u64, u64),
    time: Duration,
    request: &(impl Fn(u64) -> Vec<u8> + Sync),
) {
    static DONE: AtomicU64 = AtomicU64::new(0);
    // Numbers go on where the last run ended, so that no bundle is asked for twice.
    let from = DONE.fetch_add(per_second * (time + WARM_UP).as_secs(), Ordering::Relaxed);
    let each = Duration::from_nanos(1_000_000_000 / per_second);
    let ready = Barrier::new(usize::try_from(callers).unwrap() + 1);
    let mut all = histogram();
    let mut statuses: BTreeMap<u16, u64> = BTreeMap::new();
    let (mut before, mut spent) = (0, Duration::ZERO);
    let address = gateway.address.as_str();
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..callers)
            .map(|caller| {
                let ready = &ready;
                scope.spawn(move || {
                    let stream = connect_tls(address, der);
                    let mut stream = Buffered { stream, held: Vec::new(), at: 0 };
                    // The handshake is no part of what is timed.
                    stream.stream.write_all(&Ask::get().bytes()).unwrap();
                    assert_eq!(stream.reply(), 200);
                    ready.wait();
                    let start = Instant::now();
                    let (mut times, mut statuses) = (histogram(), BTreeMap::<u16, u64>::new());
                    let mut number = caller;
                    loop {
                        let due = each * u32::try_from(number).unwrap();
                        if due >= time + WARM_UP {
                            return (times, statuses);
                        }
                        let bytes = request(from + number);
                        wait_until(start + due);
                        stream.stream.write_all(&bytes).unwrap();
                        let status = stream.reply();
                        if due >= WARM_UP {
                            let spent = start.elapsed().saturating_sub(due).as_nanos();
                            times.saturating_record(u64::try_from(spent).unwrap().max(1));
                            *statuses.entry(status).or_default() += 1;
                        }
                        number += callers;
                    }
                })
            })
            .collect();
        ready.wait();
        let start = Instant::now();
        wait_until(start + WARM_UP);
        before = resident_kib(gateway);
        for handle in handles {
            let (times, seen) = handle.join().unwrap();
            all.add(times).unwrap();
            for (status, count) in seen {
                *statuses.entry(status).or_default() += count;
            }
        }
        spent = start.elapsed().saturating_sub(WARM_UP);
    });
    let after = resident_kib(gateway);
    let us = |quantile: f64| all.value_at_quantile(quantile) / 1000;
    let statuses: Vec<_> =
        statuses.iter().map(|(status, count)| format!("{status}: {count}")).collect();
    println!(
        "| {what} ({}) | {} | {:.0} | {} | {} | {} | {} | {before} KiB, {after} KiB |",
        statuses.join(", "),
        all.len(),
        all.len() as f64 / spent.as_secs_f64(),
        us(0.5),
        us(0.99),
        us(0.999),
        all.max() / 1000,
    );
}

/// A connection whose answers are read in pieces as large as they come.
struct Buffered<S> {
    stream: S,
    held: Vec<u8>,
    at: usize,
}

impl<S: Read> Buffered<S> {
    /// Reads an answer; its status.
    fn reply(&mut self) -> u16 {
        loop {
            let held = &self.held[self.at..];
            if let Some(end) = held.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = std::str::from_utf8(&held[..end]).unwrap();
                let len = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                let whole = end + 4 + len.unwrap().parse::<usize>().unwrap();
                if held.len() >= whole {
                    let status = head[9..12].parse().unwrap();
                    self.at += whole;
                    if self.at == self.held.len() {
                        self.held.clear();
                        self.at = 0;
                    }
                    return status;
                }
            }
            let mut some = [0; 4096];
            let count = self.stream.read(&mut some).unwrap();
            assert!(count > 0, "the gateway hung up");
            self.held.extend(&some[..count]);
        }
    }
}

fn wait_until(due: Instant) {
    let left = due.saturating_duration_since(Instant::now());
    if !left.is_zero() {
        std::thread::sleep(left);
    }
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000_000, 3).unwrap()
}

/// What the gateway says of its own memory.
fn resident_kib(gateway: &Gateway) -> u64 {
    let counters = gateway.counters();
    let line = counters.lines().find_map(|line| line.strip_prefix("mev_gateway_resident_bytes "));
    line.unwrap().parse::<u64>().unwrap() / 1024
}

/// How long the disk takes for 4 KiB: the median of 50.
fn fdatasync_us(folder: &Folder) -> u128 {
    let mut file = std::fs::File::create(folder.path("sync")).unwrap();
    let mut times: Vec<_> = (0..50)
        .map(|_| {
            file.write_all(&[7; 4096]).unwrap();
            let start = Instant::now();
            file.sync_data().unwrap();
            start.elapsed().as_micros()
        })
        .collect();
    times.sort_unstable();
    times[25]
}

/// Transactions in base64 for each place of a bundle.
struct Bodies([Vec<String>; 3]);

impl Bodies {
    fn new() -> Self {
        let signer = Signer::from_seed(&[42; 32]);
        let of = |place: usize| {
            let number = |at: usize| u32::try_from(place * POOL + at).unwrap();
            (0..POOL).map(|at| STANDARD.encode(wire(&signer, number(at), place == 2))).collect()
        };
        Self([0, 1, 2].map(of))
    }

    /// The body of bundle `number`, different from those of others.
    fn body(&self, number: u64) -> Vec<u8> {
        let number = usize::try_from(number).unwrap();
        let [one, two, three] = &self.0;
        let picked =
            [&one[number % POOL], &two[number / POOL % POOL], &three[number / POOL / POOL % POOL]];
        json!({"transactions": picked, "tip_lamports": 1000, "priority": "High"})
            .to_string()
            .into_bytes()
    }
}

/// A signed transaction; the tip of 1000 lamports is paid if it `tips`.
fn wire(signer: &Signer, number: u32, tips: bool) -> Vec<u8> {
    let payer = Pubkey::new_from_array(signer.public());
    let to = if tips { JITO_TIP_ACCOUNTS[0] } else { [9; 32] };
    let accounts =
        vec![AccountMeta::new(payer, true), AccountMeta::new(Pubkey::new_from_array(to), false)];
    let data = [&[2, 0, 0, 0][..], &1000u64.to_le_bytes()].concat();
    let transfer = Instruction { program_id: Pubkey::new_from_array(SYSTEM), accounts, data };
    let swap = Instruction {
        program_id: Pubkey::new_from_array([8; 32]),
        accounts: vec![AccountMeta::new(payer, true)],
        data: vec![7; DATA_LEN],
    };
    let mut hash = [7; 32];
    hash[..4].copy_from_slice(&number.to_le_bytes());
    let hash = Hash::new_from_array(hash);
    let message = Message::new_with_blockhash(&[swap, transfer], Some(&payer), &hash).serialize();
    [&[1], signer.sign(&message).as_slice(), &message].concat()
}

/// Signatures of bundles by id, until their status was asked for.
type Taken = Arc<Mutex<HashMap<String, Vec<String>>>>;

/// A block engine that takes everything and lands it at once. Its URL, and how often it was asked.
fn engine() -> (String, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicU64::new(0));
    let (shared, taken) = (Arc::clone(&asked), Taken::default());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, asked, taken) = (stream.unwrap(), Arc::clone(&shared), Arc::clone(&taken));
            std::thread::spawn(move || answer(stream, &asked, &taken));
        }
    });
    (url, asked)
}

fn answer(mut stream: TcpStream, asked: &AtomicU64, taken: &Taken) {
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let (mut line, mut len) = (String::new(), 0);
        while line != "\r\n" {
            line.clear();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if let Some(text) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
                len = text.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; len];
        reader.read_exact(&mut body).unwrap();
        asked.fetch_add(1, Ordering::Relaxed);
        let result = result(&serde_json::from_slice(&body).unwrap(), taken);
        let body = json!({"jsonrpc": "2.0", "result": result, "id": 1}).to_string();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).unwrap();
    }
}

fn result(request: &Value, taken: &Taken) -> Value {
    let parameters = request["params"][0].as_array();
    let texts: Vec<&str> = parameters.into_iter().flatten().filter_map(Value::as_str).collect();
    match request["method"].as_str().unwrap() {
        "getTipAccounts" => {
            json!(JITO_TIP_ACCOUNTS.map(|key| mev::bytes::base58::Key(&key).to_string()))
        }
        "sendBundle" => {
            let signatures: Vec<[u8; 64]> = texts
                .iter()
                .map(|text| STANDARD.decode(text).unwrap()[1..65].try_into().unwrap())
                .collect();
            let id = Hex(&mev::wire::bundle_id(&signatures)).to_string();
            let shown = signatures.iter().map(|by| mev::bytes::base58::Signature(by).to_string());
            taken.lock().unwrap().insert(id.clone(), shown.collect());
            json!(id)
        }
        "getInflightBundleStatuses" => {
            let each = texts
                .iter()
                .map(|id| json!({"bundle_id": id, "status": "Landed", "landed_slot": 1007}));
            json!({"context": {"slot": 1008}, "value": each.collect::<Vec<_>>()})
        }
        _ => {
            let mut taken = taken.lock().unwrap();
            let each = texts.iter().filter_map(|id| {
                let signatures = taken.remove(*id)?;
                Some(json!({"bundle_id": id, "transactions": signatures, "slot": 1007,
                    "confirmation_status": "confirmed", "err": {"Ok": null}}))
            });
            json!({"context": {"slot": 1008}, "value": each.collect::<Vec<_>>()})
        }
    }
}
