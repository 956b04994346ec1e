//! `mev-bundle simulate` as its users run it: on the VM in the process, and by a server on this machine.

#![cfg(feature = "sim")]
#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use mev::bytes::base58;
use mev::ids::{JITO_TIP_ACCOUNTS, Key, SYSTEM, TOKEN, WSOL};
use mev::record::{Bundle, Gap, LINE, Layout, Producer, Record};
use mev::stream::{Arena, Piped, Reader, Sink, Writer};
use program::{Folder, Ran, arg, keypair, opportunity, run, stream};
use serde_json::{Value, json};
use server::serve;
use solana_sdk::hash::Hash;
use solana_sdk::instruction::{AccountMeta, Instruction};
use solana_sdk::message::Message;
use solana_sdk::pubkey::Pubkey;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

#[path = "support/program.rs"]
mod program;
#[path = "support/server.rs"]
mod server;

const BUNDLE: &str = env!("CARGO_BIN_EXE_mev-bundle");
const SEND: &str = env!("CARGO_BIN_EXE_mev-send");
/// Somebody's wrapped SOL, of which the payer may take 2 000 000.
const THEIRS: Key = [0x41; 32];
/// The payer's wrapped SOL.
const OURS: Key = [0x42; 32];
const STRANGER: Key = [0x55; 32];
const FEE: i64 = 5000;

fn payer() -> Key {
    keypair().1
}

fn address(key: &Key) -> Pubkey {
    Pubkey::new_from_array(*key)
}

fn ix(program: &Key, accounts: &[(Key, bool, bool)], data: &[u8]) -> Instruction {
    let accounts = accounts.iter().map(|(key, is_signer, is_writable)| AccountMeta {
        pubkey: address(key),
        is_signer: *is_signer,
        is_writable: *is_writable,
    });
    Instruction { program_id: address(program), accounts: accounts.collect(), data: data.to_vec() }
}

fn pay(to: &Key, lamports: u64) -> Instruction {
    let data = [&2u32.to_le_bytes()[..], &lamports.to_le_bytes()].concat();
    ix(&SYSTEM, &[(payer(), true, true), (*to, false, true)], &data)
}

/// What a bundle lives from here: wrapped SOL that the payer may take.
fn take(amount: u64) -> Instruction {
    let data = [&[3u8][..], &amount.to_le_bytes()].concat();
    ix(&TOKEN, &[(THEIRS, false, true), (OURS, false, true), (payer(), true, false)], &data)
}

fn tip(lamports: u64) -> Instruction {
    pay(&JITO_TIP_ACCOUNTS[0], lamports)
}

/// A signed transaction, told apart by `number`.
fn transaction(number: u8, instructions: &[Instruction]) -> Vec<u8> {
    let hash = Hash::new_from_array([number; 32]);
    let message = Message::new_with_blockhash(instructions, Some(&address(&payer())), &hash);
    let message = message.serialize();
    let signature = SigningKey::from_bytes(&[42; 32]).sign(&message).to_bytes();
    [&[1], signature.as_slice(), &message].concat()
}

/// A stream of bundles, each of its transactions and what is expected of it, and a gap at the end.
fn bundles(all: &[(Vec<Vec<u8>>, i64)]) -> Vec<u8> {
    let mut arena = Arena::with_room(0);
    for (ordinal, (transactions, net)) in (0..).zip(all) {
        let mut bundle = Bundle::new(1_700_000_000_000_000_000);
        (bundle.slot, bundle.ordinal, bundle.net) = (1000, ordinal, *net);
        bundle.head.flags = Bundle::SIGNED;
        bundle.txs = u8::try_from(transactions.len()).unwrap();
        for (len, wire) in bundle.tx_len.iter_mut().zip(transactions) {
            *len = u16::try_from(wire.len()).unwrap();
        }
        let tail = transactions.concat();
        let len = (size_of::<Bundle>() + tail.len()).next_multiple_of(LINE);
        bundle.head.len = u32::try_from(len).unwrap();
        arena.put_parts(&bundle, &tail);
    }
    let mut writer = Writer::new(Vec::new(), Producer::Bundle);
    for record in arena.records() {
        writer.put(record).unwrap();
    }
    writer.put(Record::of(&Gap::new(5))).unwrap();
    writer.finish().unwrap()
}

/// The bundles of a stream, with the bytes after them.
fn read(bytes: &[u8]) -> Vec<(Bundle, Vec<u8>)> {
    let mut reader = Reader::new(Piped::new(bytes));
    let mut found = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        if let Some(bundle) = record.get::<Bundle>().unwrap() {
            assert_eq!(bundle.invalid(), None);
            found.push((*bundle, record.tail::<Bundle>().to_vec()));
        }
    }
    found
}

/// The state: a payer of 1 SOL, and two accounts of wrapped SOL.
fn state() -> String {
    let line = |key: &Key, owner: &Key, lamports: u64, data: &[u8]| {
        let (key, owner) = (base58::Key(key).to_string(), base58::Key(owner).to_string());
        let data = json!([STANDARD.encode(data), "base64"]);
        let account = json!({"owner": owner, "lamports": lamports, "data": data});
        format!("{}\n", json!({"pubkey": key, "slot": 990, "account": account}))
    };
    let wrapped = |owner: &Key, amount: u64, delegate: Option<(Key, u64)>| {
        // spl-token `Account`: mint, owner, amount, delegate, state, rent of a native one, delegated.
        let mut data = vec![0; 165];
        data[..32].copy_from_slice(&WSOL);
        data[32..64].copy_from_slice(owner);
        data[64..72].copy_from_slice(&amount.to_le_bytes());
        (data[108], data[109]) = (1, 1);
        data[113..121].copy_from_slice(&2_039_280u64.to_le_bytes());
        if let Some((delegate, most)) = delegate {
            data[72] = 1;
            data[76..108].copy_from_slice(&delegate);
            data[121..129].copy_from_slice(&most.to_le_bytes());
        }
        data
    };
    let theirs = wrapped(&STRANGER, 5_000_000, Some((payer(), 2_000_000)));
    [
        line(&payer(), &SYSTEM, 1_000_000_000, &[]),
        line(&THEIRS, &TOKEN, 2_039_280 + 5_000_000, &theirs),
        line(&OURS, &TOKEN, 2_039_280, &wrapped(&payer(), 0, None)),
    ]
    .concat()
}

/// Two transactions that take 1 100 000 and tip 100 000.
fn good(number: u8) -> Vec<Vec<u8>> {
    vec![
        transaction(number, &[take(1_000_000)]),
        transaction(number + 1, &[take(100_000), tip(100_000)]),
    ]
}

const GOOD_NET: i64 = 1_100_000 - 100_000 - 2 * FEE;

fn simulate(folder: &Folder, args: &[&str], input: &[u8]) -> Ran {
    let state = folder.write("state.jsonl", state().as_bytes());
    let args = [&["simulate", "--accounts", arg(&state), "--stats"], args].concat();
    run(BUNDLE, &args, input)
}

#[test]
fn bundles_leave_with_their_verdict_and_each_begins_on_the_same_state() {
    let folder = Folder::new("simulate-verdicts");
    let input = bundles(&[
        (good(1), GOOD_NET),
        // Two millions may be taken: twice the first bundle would be too much.
        (good(3), GOOD_NET + 7),
        (vec![transaction(5, &[tip(100_000)])], 0),
    ]);
    let ran = simulate(&folder, &[], &input);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let made = read(&ran.out);
    let [(first, tail), (second, _)] = made.as_slice() else { panic!("{made:?}") };
    assert_eq!((first.profit, second.profit), (GOOD_NET, GOOD_NET));
    assert_eq!(*tail, read(&input)[0].1, "the transactions are untouched");
    assert!(first.units[0] > 0 && first.units[1] > first.units[0] && first.units[2] == 0);
    assert_eq!(first.state_slot, 990);
    let stats = ran.stats();
    assert_eq!(stats["verdicts"], json!({"profit": 1, "below_net": 1, "loss": 1}));
    assert_eq!((&stats["refused"], &stats["passed"]), (&json!({"loss": 1}), &json!(2)));
    assert_eq!(stats["records_out"], 3, "the gap is passed on");
    assert!(ran.err.contains("refused 1 of 3 bundles: loss 1"), "{}", ran.err);
    // As text and as JSON the verdict has its name.
    let text = simulate(&folder, &["-f", "text"], &input);
    assert!(text.text().contains("verdict=profit simulator=local"), "{}", text.text());
    let rows = simulate(&folder, &["-f", "json"], &input).json();
    assert_eq!(
        (&rows[1]["verdict"], &rows[1]["profit"]),
        (&json!("below_net"), &json!(GOOD_NET.to_string()))
    );
    assert_eq!(rows[0]["fault_tx"], Value::Null);
    // What it writes it reads, and so does mev-send.
    let again = simulate(&folder, &[], &ran.out);
    assert_eq!(again.out, ran.out);
    let sent = run(SEND, &["-f", "json", "--only", "receipt"], &ran.out).json();
    let outcomes: Vec<_> =
        sent.iter().map(|receipt| receipt["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["dry_run", "dry_run"]);
}

#[test]
fn a_failing_second_transaction_refuses_the_bundle_and_says_where() {
    let folder = Folder::new("simulate-fails");
    let failing = vec![
        transaction(1, &[take(1_500_000)]),
        transaction(2, &[tip(1000), take(600_000)]),
        transaction(3, &[tip(1000)]),
    ];
    let input = bundles(&[(failing, 0), (good(5), GOOD_NET)]);
    let ran = simulate(&folder, &["--logs", "--check"], &input);
    assert_eq!((ran.code, ran.out.len()), (1, 0), "{}", ran.err);
    assert_eq!(ran.stats()["refused"], json!({"failed": 1}));
    assert!(ran.err.contains("verdict=failed simulator=local net=0\n"), "{}", ran.err);
    // spl-token TokenError::InsufficientFunds.
    let token = base58::Key(&TOKEN).to_string();
    let said = format!("fault: transaction 1 instruction 1 program {token} code 1:");
    assert!(ran.err.contains(&said), "{}", ran.err);
    assert!(ran.err.contains(&format!("    Program {token} invoke [1]\n")), "{}", ran.err);
    let more =
        format!("verdict=profit simulator=local net={GOOD_NET} profit={GOOD_NET} against_net=+0");
    assert!(ran.err.contains(&more), "{}", ran.err);
    let allowed = simulate(&folder, &["--allow-loss", "-f", "json"], &input);
    let [bundle, _, _] = allowed.json().try_into().unwrap();
    assert_eq!((&bundle["verdict"], &bundle["profit"]), (&json!("failed"), &Value::Null));
    assert_eq!((&bundle["fault_tx"], &bundle["fault_ix"]), (&json!(1), &json!(1)));
    assert_eq!((&bundle["fault_code"], &bundle["fault_program"]), (&json!(1), &json!(token)));
    assert_eq!(allowed.stats()["allowed"], 1);
}

#[test]
fn losses_are_refused_unless_allowed_and_whose_they_are_can_be_said() {
    let folder = Folder::new("simulate-loss");
    let input = bundles(&[(vec![transaction(1, &[take(50_000), tip(100_000)])], 0)]);
    let ran = simulate(&folder, &["-q"], &input);
    assert_eq!((ran.code, read(&ran.out).len()), (0, 0), "{}", ran.err);
    let allowed = read(&simulate(&folder, &["--allow-loss"], &input).out);
    assert_eq!(allowed[0].0.profit, 50_000 - 100_000 - FEE);
    let tips = base58::Key(&JITO_TIP_ACCOUNTS[0]).to_string();
    let theirs = read(&simulate(&folder, &["--owner", &tips], &input).out);
    assert_eq!(theirs[0].0.profit, 100_000);
}

#[test]
fn what_cannot_be_simulated_is_named_and_never_passed() {
    let folder = Folder::new("simulate-missing");
    // What mev-bundle builds calls Raydium, whose program is not here.
    let pools = folder.write("pools.jsonl", program::accounts().as_bytes());
    let id = folder.write("id.json", keypair().0.as_bytes());
    let hash = base58::Key(&[9; 32]).to_string();
    let args = ["--accounts", arg(&pools), "--keypair", arg(&id), "--blockhash", &hash];
    let built = run(BUNDLE, &args, &stream(&[Record::of(&opportunity(1000))])).out;
    assert_eq!(read(&built).len(), 1);
    let ran = simulate(&folder, &["--allow-loss", "--logs", "--accounts", arg(&pools)], &built);
    assert_eq!((ran.code, read(&ran.out).len()), (0, 0), "{}", ran.err);
    assert_eq!(ran.stats()["refused"], json!({"no_program": 1}));
    let program = base58::Key(&mev::ids::RAYDIUM_AMM_V4).to_string();
    assert!(ran.err.contains(&format!("program {program} is not loaded")), "{}", ran.err);
    // Nor without the payer's account, with a forged signature, or with bytes that are none.
    let mut forged = good(1);
    forged[1][7] ^= 1;
    let cut = vec![good(1)[0][..50].to_vec()];
    let input = bundles(&[(good(1), 0), (forged, 0), (cut, 0)]);
    let bare = run(BUNDLE, &["simulate", "--allow-loss", "--stats"], &input);
    let refused = &bare.stats()["refused"];
    assert_eq!(*refused, json!({"no_payer_account": 2, "not_transactions": 1}));
    let ran = simulate(&folder, &["--allow-loss"], &input);
    assert_eq!(ran.stats()["refused"], json!({"bad_signature": 1, "not_transactions": 1}));
}

#[test]
fn bad_command_lines_and_files_have_their_status() {
    let folder = Folder::new("simulate-faults");
    let broken = folder.write("broken.so", b"\x7fELF no more");
    let program = format!("{}={}", base58::Key(&[9; 32]), arg(&broken));
    let state = folder.write("state.jsonl", state().as_bytes());
    let open = folder.write("url", b"http://127.0.0.1:9/?token=hidden");
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o644)).unwrap();
    for (args, code, said) in [
        (vec!["--program", "x"], 2, "not ID=FILE"),
        (vec!["--program", &program], 3, "broken.so: program "),
        (vec!["--accounts", "/nowhere"], 5, "/nowhere: cannot read"),
        (vec!["--accounts", arg(&broken)], 3, "not an account file"),
        (vec!["--rpc", arg(&open), "--accounts", arg(&state)], 2, "cannot be used with"),
        (vec!["--rpc", arg(&open)], 5, "mode 644"),
    ] {
        let ran = run(BUNDLE, &[&["simulate"], args.as_slice()].concat(), &bundles(&[]));
        assert_eq!((ran.code, ran.err.contains(said)), (code, true), "{args:?}: {}", ran.err);
        assert!(!ran.err.contains("hidden"), "{}", ran.err);
    }
    // Another kind of stream, another version, a cut one.
    let mut other = bundles(&[(good(1), 0)]);
    other[64 + 6] = 1;
    let ran = simulate(&folder, &[], &other);
    assert!(
        ran.code == 3 && ran.err.contains("version 1; this tool reads version 2"),
        "{}",
        ran.err
    );
    let whole = bundles(&[(good(1), GOOD_NET)]);
    let ran = simulate(&folder, &[], &whole[..whole.len() - 100]);
    assert_eq!(ran.code, 4, "{}", ran.err);
}

/// The URL of a server in a file that only its owner reads.
fn url_file(folder: &Folder, url: &str) -> PathBuf {
    folder.write("url", format!("{url}/?token=hidden\n").as_bytes())
}

/// What a server says of a transaction with `keys` accounts whose first one gains `gain`.
fn told(keys: usize, gain: i64) -> Value {
    let mut before = vec![1_000_000_000u64; keys];
    let after = before.clone();
    before[0] = before[0].checked_add_signed(-gain).unwrap();
    json!({
        "err": null, "logs": ["Program log: hello"], "unitsConsumed": 321, "fee": 5000,
        "preBalances": before, "postBalances": after,
        "preTokenBalances": [], "postTokenBalances": [],
    })
}

fn rpc(folder: &Folder, url: &str, args: &[&str], input: &[u8]) -> Ran {
    let url = url_file(folder, url);
    let args = [&["simulate", "--rpc", arg(&url), "--stats"], args].concat();
    let ran = run(BUNDLE, &args, input);
    assert!(!ran.err.contains("hidden"), "{}", ran.err);
    ran
}

#[test]
fn a_server_simulates_bundles() {
    let folder = Folder::new("simulate-rpc");
    let (url, seen) = serve(|request| {
        assert_eq!(request.body["method"], "simulateBundle");
        let sent = request.body["params"][0]["encodedTransactions"].as_array().unwrap().clone();
        // Accounts of the two transactions: payer, theirs, ours, program; tip account and System.
        let results = [told(4, 1000), told(6, 500)];
        let results = &results[..sent.len()];
        let value = json!({"summary": "succeeded", "transactionResults": results});
        let result = json!({"context": {"slot": 4321}, "value": value});
        Some(("200 OK", json!({"jsonrpc": "2.0", "id": 1, "result": result}).to_string()))
    });
    let input = bundles(&[(good(1), 1500), (good(3), 1501), (good(5)[..1].to_vec(), 0)]);
    let ran = rpc(&folder, &url, &[], &input);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let made = read(&ran.out);
    assert_eq!(made.len(), 3);
    let (first, _) = &made[0];
    assert_eq!((first.profit, first.state_slot, first.units), (1500, 4321, [321, 321, 0, 0, 0]));
    assert_eq!(ran.stats()["verdicts"], json!({"profit": 2, "below_net": 1}));
    let asked = seen.recv().unwrap();
    assert!(asked.head.starts_with("POST /?token=hidden"), "{}", asked.head);
    let sent = &asked.body["params"][0]["encodedTransactions"];
    assert_eq!(*sent, json!(good(1).iter().map(|wire| STANDARD.encode(wire)).collect::<Vec<_>>()));
}

#[test]
fn a_server_without_bundles_is_asked_once_and_then_one_by_one() {
    let folder = Folder::new("simulate-fallback");
    let (url, seen) = serve(|request| {
        if request.body["method"] == "simulateBundle" {
            let error = json!({"code": -32601, "message": "Method not found"});
            return Some((
                "200 OK",
                json!({"jsonrpc": "2.0", "id": 1, "error": error}).to_string(),
            ));
        }
        let sent = STANDARD.decode(request.body["params"][0].as_str().unwrap()).unwrap();
        let (first, second) = (good(1)[0].len(), good(1)[1].len());
        let mut value = told(if sent.len() == first { 4 } else { 6 }, 700);
        if sent.len() != first && sent.len() != second {
            value["err"] = json!({"InstructionError": [0, {"Custom": 6001}]});
        }
        let result = json!({"context": {"slot": 55}, "value": value});
        Some(("200 OK", json!({"jsonrpc": "2.0", "id": 1, "result": result}).to_string()))
    });
    let failing = vec![transaction(9, &[tip(1)])];
    let input = bundles(&[(good(1)[..1].to_vec(), 600), (good(1), 0), (failing, 0)]);
    let ran = rpc(&folder, &url, &["--logs"], &input);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let made = read(&ran.out);
    assert_eq!((made.len(), made[0].0.profit, made[0].0.state_slot), (1, 700, 55));
    assert_eq!(ran.stats()["refused"], json!({"failed": 1, "one_by_one": 1}));
    assert!(ran.err.contains("simulator=simulate_transaction"), "{}", ran.err);
    assert!(ran.err.contains("Program log: hello"), "{}", ran.err);
    assert!(ran.err.contains("code 6001"), "{}", ran.err);
    let methods: Vec<_> = seen.try_iter().map(|request| request.body["method"].clone()).collect();
    let single = json!("simulateTransaction");
    assert_eq!(
        methods,
        [json!("simulateBundle"), single.clone(), single.clone(), single.clone(), single]
    );
}

#[test]
fn no_answer_passes_nothing_and_has_its_status() {
    let folder = Folder::new("simulate-silent");
    let input = bundles(&[(good(1), 0)]);
    for (status, body, said) in [
        ("200 OK", r#"{"error":{"code":-32005,"message":"too busy"}}"#, "error -32005: too busy"),
        ("500 Oops", "", "status 500"),
        ("200 OK", "<html>", "the answer is no JSON"),
        ("200 OK", r#"{"error":{"code":-32601,"message":"no"}}"#, "neither simulateBundle nor"),
    ] {
        let (url, _seen) = serve(move |_| Some((status, body.to_owned())));
        let ran = rpc(&folder, &url, &["--allow-loss", "--logs"], &input);
        assert_eq!((ran.code, read(&ran.out).len()), (6, 0), "{}", ran.err);
        assert!(ran.err.contains(said), "{said}: {}", ran.err);
        assert_eq!(ran.stats()["refused"], json!({"no_answer": 1}));
    }
    let (url, _seen) = serve(|_| None);
    let ran = rpc(&folder, &url, &["--timeout", "50ms", "--logs"], &input);
    assert!(ran.code == 6 && ran.err.contains("timeout: no answer in 50 ms"), "{}", ran.err);
}
