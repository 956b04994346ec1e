//! Accounts by JSON-RPC, as programs: fetched from a server on this machine, and read on while they
//! grow.

#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]

use mev::record::{Packet, Pool, Record};
use mev::stream::{Piped, Reader};
use mev::time::Stopwatch;
use program::{Folder, POOLS, accounts, arg, run};
use serde_json::{Value, json};
use server::serve;
use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[path = "support/program.rs"]
mod program;
#[path = "support/server.rs"]
mod server;

const CAPTURE: &str = env!("CARGO_BIN_EXE_mev-capture");
const PARSE: &str = env!("CARGO_BIN_EXE_mev-parse");

/// Accounts of a cluster by key, and its slot.
type Cluster = Arc<Mutex<(BTreeMap<String, Value>, u64)>>;

fn cluster() -> Cluster {
    let lines = accounts();
    let all = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let all = all.map(|one| (one["pubkey"].as_str().unwrap().to_owned(), one["account"].clone()));
    Arc::new(Mutex::new((all.collect(), 100)))
}

/// A server that answers for `cluster`; its URL in a file.
fn rpc(folder: &Folder, cluster: &Cluster) -> std::path::PathBuf {
    let cluster = cluster.clone();
    let (url, _) = serve(move |request| {
        assert!(request.head.to_ascii_lowercase().contains("content-type: application/json"));
        let cluster = cluster.lock().unwrap();
        let (all, slot) = (&cluster.0, cluster.1);
        let list = match request.body["method"].as_str().unwrap() {
            "getMultipleAccounts" => {
                let keys = request.body["params"][0].as_array().unwrap();
                assert!(keys.len() <= 100, "a request for {} accounts", keys.len());
                let of = |key: &Value| all.get(key.as_str().unwrap()).cloned();
                keys.iter().map(|key| of(key).unwrap_or(Value::Null)).collect()
            }
            "getProgramAccounts" => {
                let program = &request.body["params"][0];
                let of = all.iter().filter(|(_, account)| account["owner"] == *program);
                of.map(|(key, account)| json!({"pubkey": key, "account": account})).collect()
            }
            other => panic!("{other}"),
        };
        let result = json!({"context": {"slot": slot}, "value": Value::Array(list)});
        Some(("200 OK", json!({"jsonrpc": "2.0", "id": 1, "result": result}).to_string()))
    });
    let path = folder.write("url", url.as_bytes());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    path
}

fn pool_keys() -> Vec<String> {
    POOLS.iter().map(|key| mev::bytes::base58::Key(key).to_string()).collect()
}

/// Pool records of a stream.
fn pools(stream: &[u8]) -> Vec<Pool> {
    let mut reader = Reader::new(Piped::new(stream));
    let mut found = Vec::new();
    while let Ok(Some(record)) = reader.next() {
        found.extend(record.typed::<Pool>().copied());
    }
    found
}

#[test]
fn pools_are_fetched_with_all_that_they_need() {
    let folder = Folder::new("accounts-once");
    let url = rpc(&folder, &cluster());
    let out = folder.path("accounts.jsonl");
    let keys =
        folder.write("keys", format!("# two pools\n{}\n", pool_keys().join("\n")).as_bytes());
    let args =
        ["accounts", "--rpc", arg(&url), "--pubkeys", arg(&keys), "--stats", "-o", arg(&out)];
    let ran = run(CAPTURE, &args, b"");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let stats = ran.stats();
    assert_eq!((&stats["pools"], &stats["missing"]), (&json!(2), &json!(0)), "{stats}");
    let ran = run(PARSE, &["--accounts", arg(&out), "--only", "pool"], b"");
    let ours = pools(&ran.out);
    let file = folder.write("all.jsonl", accounts().as_bytes());
    let theirs = pools(&run(PARSE, &["--accounts", arg(&file), "--only", "pool"], b"").out);
    let keys = |pools: &[Pool]| pools.iter().map(|pool| pool.pool).collect::<Vec<_>>();
    assert_eq!((keys(&ours), ours[0].slot), (keys(&theirs), 100));
    assert_eq!(ours[0].reserve_a, theirs[0].reserve_a);
    // By program the same pools come, and with --only-named nothing else.
    let program = mev::bytes::base58::Key(&ours[0].program).to_string();
    let args = ["accounts", "--rpc", arg(&url), "--program", &program, "--only-named", "--stats"];
    let ran = run(CAPTURE, &args, b"");
    assert_eq!((ran.code, &ran.stats()["pools"]), (0, &json!(0)), "{}", ran.err);
    assert!(ran.stats()["missing"].as_u64().unwrap() > 0);
}

#[test]
fn what_goes_wrong_is_said_without_the_url() {
    let folder = Folder::new("accounts-wrong");
    let key = &pool_keys()[0];
    let answers = [
        ("200 OK", r#"{"error":{"code":-32005,"message":"too busy"}}"#, "error -32005: too busy"),
        ("500 Oops", "", "status 500"),
        ("200 OK", "<html>", "no JSON object"),
    ];
    for (status, body, said) in answers {
        let (url, _) = serve(move |_| Some((status, body.to_owned())));
        let path = folder.write("url", format!("{url}/?token=hidden").as_bytes());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let ran = run(CAPTURE, &["accounts", "--rpc", arg(&path), "--pubkey", key], b"");
        assert_eq!(ran.code, 6, "{}", ran.err);
        assert!(ran.err.contains(said) && !ran.err.contains("hidden"), "{}", ran.err);
    }
    let open = folder.write("open", b"http://127.0.0.1:1/");
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o644)).unwrap();
    let ran = run(CAPTURE, &["accounts", "--rpc", arg(&open), "--pubkey", key], b"");
    assert_eq!(ran.code, 5, "{}", ran.err);
    assert_eq!(run(CAPTURE, &["accounts", "--rpc", arg(&open)], b"").code, 2);
    assert_eq!(run(CAPTURE, &["accounts", "--rpc", "x", "--pubkey", "0OIl"], b"").code, 2);
}

/// A program that is ended with the test, however that ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn quiet(program: &str) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Waits until `ready` or a limit that is long for any machine.
fn soon(what: &str, mut ready: impl FnMut() -> bool) {
    let since = Stopwatch::start();
    while !ready() {
        assert!(since.elapsed() < Duration::from_secs(30), "{what}");
        mev::sys::pipe::pause(Duration::from_millis(10));
    }
}

fn lines(path: &Path) -> usize {
    std::fs::read_to_string(path).unwrap_or_default().lines().count()
}

#[test]
fn what_changes_reaches_the_parser_while_both_run() {
    let folder = Folder::new("accounts-live");
    let cluster = cluster();
    let url = rpc(&folder, &cluster);
    let (file, parsed) = (folder.path("accounts.jsonl"), folder.path("parsed.mev"));
    let mut args = vec!["accounts", "--rpc", arg(&url), "--every", "20ms", "-o", arg(&file)];
    let keys = pool_keys();
    args.extend(keys.iter().flat_map(|key| ["--pubkey", key.as_str()]));
    let mut fetching = Running(quiet(CAPTURE).args(args).spawn().unwrap());
    soon("the first accounts", || lines(&file) >= 6);
    let args = ["--accounts", arg(&file), "--follow", "--in-place", "-o", arg(&parsed)];
    let mut parsing = Running(quiet(PARSE).args(args).stdin(Stdio::piped()).spawn().unwrap());
    let mut stdin = parsing.0.stdin.take().unwrap();
    // One packet, and then silence.
    let mut packet = Packet::new(1);
    packet.head.len = 64;
    let stream = program::stream(&[Record::of(&packet)]);
    let (before, end) = stream.split_at(stream.len() - 64);
    stdin.write_all(before).unwrap();
    let told = || pools(&std::fs::read(&parsed).unwrap_or_default());
    soon("the first states", || told().len() >= 2);
    // One vault is filled up.
    let first = told()[0];
    let vault = mev::bytes::base58::Key(&first.vault_a).to_string();
    {
        let mut cluster = cluster.lock().unwrap();
        cluster.1 = 101;
        let account = cluster.0.get_mut(&vault).unwrap();
        let text = account["data"][0].as_str().unwrap().to_owned();
        account["data"][0] = json!(with_amount(&text, first.reserve_a + 5000));
    }
    soon("the new state", || {
        told()
            .iter()
            .skip(2)
            .any(|pool| pool.pool == first.pool && pool.reserve_a > first.reserve_a)
    });
    let fresh = told().into_iter().skip(2).find(|pool| pool.pool == first.pool).unwrap();
    assert_ne!(fresh.head.flags & Pool::SNAPSHOT, 0);
    assert_eq!(told().iter().filter(|pool| pool.pool != first.pool).count(), 1, "others stay");
    stdin.write_all(end).unwrap();
    drop(stdin);
    assert_eq!(parsing.0.wait().unwrap().code(), Some(0));
    interrupt(&fetching.0);
    assert_eq!(fetching.0.wait().unwrap().code(), Some(0));
    let record = Record::of(&fresh);
    assert!(mev::record::check(record).is_ok());
}

/// A token account, in base64, with another amount.
fn with_amount(text: &str, amount: u64) -> String {
    use base64::Engine as _;
    let base64 = base64::engine::general_purpose::STANDARD;
    let mut data = base64.decode(text).unwrap();
    data[64..72].copy_from_slice(&amount.to_le_bytes());
    base64.encode(data)
}

fn interrupt(child: &Child) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
}
