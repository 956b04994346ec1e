//! mev-bundle as a program: options, statuses, messages, and what it writes.

#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]

use base64::Engine as _;
use ed25519_dalek::{Signer as _, SigningKey};
use mev::bytes::base58;
use mev::dex::{self, AccountBook, Decoded, associated_token};
use mev::ids::{KAMINO_LEND, Key, ORCA_WHIRLPOOL, RAYDIUM_CPMM, SYSTEM, TOKEN, USDC, Venue, WSOL};
use mev::record::{Bundle, Cause, Direction, Gap, Opportunity, Pool, Producer, Record};
use mev::stream::{Piped, Reader, Writer};
use mev::wire::txn::Transaction;
use program::{Folder, accounts, arg, keypair, opportunity, run, slot, stream};
use std::collections::HashSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

#[path = "support/program.rs"]
mod program;

const BUNDLE: &str = env!("CARGO_BIN_EXE_mev-bundle");
const PARSE: &str = env!("CARGO_BIN_EXE_mev-parse");

#[test]
fn signs_with_the_blockhash_of_the_stream_and_passes_other_kinds_on() {
    let folder = Folder::new("bundle-signs");
    let accounts = folder.write("pools.jsonl", accounts().as_bytes());
    let id = folder.write("id.json", keypair().0.as_bytes());
    let (before, gap, after) = (opportunity(1000), Gap::new(5), opportunity(1001));
    let slot = slot(1000);
    let records = [Record::of(&before), Record::of(&gap), Record::of(&slot), Record::of(&after)];
    let input = stream(&records);
    let args = ["--accounts", arg(&accounts), "--keypair", arg(&id), "-f", "json", "--stats"];
    let ran = run(BUNDLE, &args, &input);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let [first, passed, second] = ran.json().try_into().unwrap();
    assert_eq!((&first["kind"], &first["missing"]), (&"bundle".into(), &"no_blockhash".into()));
    assert_eq!((&first["signed"], &first["id"]), (&false.into(), &serde_json::Value::Null));
    assert_eq!(passed["kind"], "gap");
    assert_eq!((&second["missing"], &second["signed"]), (&"nothing".into(), &true.into()));
    assert_eq!(
        (&second["blockhash_slot"], &second["last_valid_slot"]),
        (&"1000".into(), &"1150".into())
    );
    let stats = ran.stats();
    assert_eq!(
        (&stats["opportunities"], &stats["bundles"], &stats["signed"]),
        (&2.into(), &2.into(), &1.into())
    );
    assert_eq!((&stats["no_blockhash"], &stats["pools"]), (&1.into(), &2.into()));
    assert!(ran.err.contains("1 of 2 bundles have no blockhash"), "{}", ran.err);
    // A file gives what a pipe gives, and twice the same.
    let file = folder.write("opportunities.bin", &input);
    let binary = ["--accounts", arg(&accounts), "--keypair", arg(&id)];
    let piped = run(BUNDLE, &binary, &input);
    let read = run(BUNDLE, &[binary.as_slice(), &[arg(&file)]].concat(), &[]);
    assert_eq!((piped.code, read.code), (0, 0));
    assert!(piped.out == read.out && piped.out.len() > 1000);
}

#[test]
fn refusals_are_counted_and_told() {
    let folder = Folder::new("bundle-refusals");
    let accounts = folder.write("pools.jsonl", accounts().as_bytes());
    let good = opportunity(1000);
    let input = stream(&[Record::of(&good), Record::of(&good)]);
    let payer = base58::Key(&keypair().1).to_string();
    let args = ["--accounts", arg(&accounts), "--payer", &payer, "--stats", "-f", "csv"];
    let ran = run(BUNDLE, &args, &input);
    assert_eq!(ran.stats()["refused"], serde_json::json!({"duplicate": 1}));
    assert!(
        ran.err.contains("warning: unsigned bundles: 1 (there is no --keypair)"),
        "{}",
        ran.err
    );
    let limited = [args.as_slice(), &["--max-tip-lamports", "499999"]].concat();
    let ran = run(BUNDLE, &limited, &input);
    assert_eq!((ran.code, ran.text()), (0, ""));
    assert!(ran.err.contains("every opportunity was refused: tip_over_limit 2"), "{}", ran.err);
    let old = format!("{payer}@849");
    let late = [args.as_slice(), &["--blockhash", &old]].concat();
    assert_eq!(run(BUNDLE, &late, &input).stats()["refused"]["blockhash_too_old"], 2);
    let alone = ["--payer", &payer, "--stats", "-f", "text"];
    assert_eq!(run(BUNDLE, &alone, &input).stats()["refused"]["no_pool"], 2);
}

#[test]
fn bad_command_lines_and_files_have_their_status_and_message() {
    let folder = Folder::new("bundle-faults");
    let payer = base58::Key(&keypair().1).to_string();
    let (id, open) = (keypair().0, folder.write("open.json", keypair().0.as_bytes()));
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o644)).unwrap();
    let cut = folder.write("cut.jsonl", &accounts().as_bytes()[..700]);
    let foreign = folder.write("foreign.jsonl", b"pool,reserve\n1,2\n");
    let short = folder.write("short.json", id.replace("42,", "").as_bytes());
    let missing = folder.path("missing.jsonl");
    let cases: [(&[&str], i32, &str); 11] = [
        (&[], 0, "nobody is named who pays: see --keypair and --payer"),
        (&["--payer", "abc"], 2, "not a base58 key"),
        (&["--payer", &payer, "--tip-account", &payer], 2, "not a Jito tip account"),
        (&["--payer", &payer, "--blockhash", "x@y"], 2, "no slot number"),
        (&["--payer", &payer, "--keypair", arg(&open)], 2, "cannot be used with"),
        (&["--payer", &payer, "--accounts", arg(&missing)], 5, "missing.jsonl: cannot read"),
        (&["--payer", &payer, "--accounts", arg(&cut)], 4, "the account file is cut off"),
        (&["--payer", &payer, "--accounts", arg(&foreign)], 3, "not an account file"),
        (&["--keypair", arg(&open)], 5, "open.json"),
        (&["--keypair", arg(&short)], 3, "short.json"),
        (&["--keypair", arg(&missing)], 5, "missing.jsonl"),
    ];
    let good = opportunity(1000);
    let input = stream(&[Record::of(&good)]);
    for (args, code, message) in cases {
        let ran = run(BUNDLE, &[args, &["-f", "text"]].concat(), &input);
        assert_eq!(ran.code, code, "{args:?}: {}", ran.err);
        assert!(ran.err.contains(message), "{args:?}: {}", ran.err);
        assert_eq!(ran.text(), "", "{args:?}");
        assert!(!ran.err.contains("panicked"), "{}", ran.err);
    }
}

#[test]
fn a_cut_stream_gives_its_good_records_and_status_4() {
    let folder = Folder::new("bundle-cut");
    let accounts = folder.write("pools.jsonl", accounts().as_bytes());
    let payer = base58::Key(&keypair().1).to_string();
    let (one, two) = (opportunity(1000), opportunity(1001));
    let input = stream(&[Record::of(&one), Record::of(&two)]);
    let args = ["--accounts", arg(&accounts), "--payer", &payer, "-f", "json", "-q"];
    let ran = run(BUNDLE, &args, &input[..input.len() - 200]);
    assert_eq!((ran.code, ran.json().len()), (4, 1), "{}", ran.err);
}

#[test]
fn a_check_names_each_broken_rule_and_has_its_status() {
    let folder = Folder::new("bundle-check");
    let accounts = folder.write("pools.jsonl", accounts().as_bytes());
    let id = folder.write("id.json", keypair().0.as_bytes());
    let payer = base58::Key(&keypair().1).to_string();
    let (one, slot) = (opportunity(1000), slot(1000));
    let input = stream(&[Record::of(&slot), Record::of(&one)]);
    let made = run(BUNDLE, &["--accounts", arg(&accounts), "--keypair", arg(&id)], &input);
    let good = run(BUNDLE, &["check", "-f", "json", "--stats"], &made.out);
    assert_eq!((good.code, good.text()), (0, ""), "{}", good.err);
    assert_eq!((&good.stats()["bundles"], &good.stats()["sound"]), (&1.into(), &1.into()));
    let unsigned = run(BUNDLE, &["--accounts", arg(&accounts), "--payer", &payer], &input);
    let file = folder.write("unsigned.bin", &unsigned.out);
    let bad = run(BUNDLE, &["check", arg(&file), "-f", "json", "--stats"], &[]);
    assert_eq!(bad.code, 1, "{}", bad.err);
    let [row] = bad.json().try_into().unwrap();
    assert_eq!((&row["rule"], &row["tx"]), (&"unsigned".into(), &"0".into()));
    assert_eq!(row["id"], serde_json::Value::Null);
    assert_eq!(bad.stats()["broken"], serde_json::json!({"unsigned": 1}));
    let text = run(BUNDLE, &["check", arg(&file)], &[]);
    assert_eq!(text.code, 1);
    assert!(text.text().contains("A signature is missing."), "{}", text.text());
    let missing = folder.path("missing.jsonl");
    let absent = run(BUNDLE, &["check", arg(&file), "--alt", arg(&missing)], &[]);
    assert_eq!((absent.code, absent.text()), (5, ""), "{}", absent.err);
}

#[test]
fn files_of_tables_are_read_and_what_is_wrong_with_them_is_said() {
    let folder = Folder::new("bundle-alt");
    let accounts = folder.write("pools.jsonl", accounts().as_bytes());
    let id = folder.write("id.json", keypair().0.as_bytes());
    let (one, slot) = (opportunity(1000), slot(1000));
    let input = stream(&[Record::of(&slot), Record::of(&one)]);
    let args = ["--accounts", arg(&accounts), "--keypair", arg(&id), "--alt", arg(&accounts)];
    let ran = run(BUNDLE, &args, &input);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("no lookup table in the files of --alt is in use"), "{}", ran.err);
    // Twice the same key pair is two turns of the same payer.
    let twice = ["--accounts", arg(&accounts), "--keypair", arg(&id), "--keypair", arg(&id)];
    assert_eq!(run(BUNDLE, &twice, &input).out, ran.out);
}

/// The line of an account file for `key`.
fn account(key: &Key, owner: &Key, lamports: u64, data: &[u8]) -> String {
    let (key, owner) = (base58::Key(key).to_string(), base58::Key(owner).to_string());
    let data = [base64::engine::general_purpose::STANDARD.encode(data), "base64".to_owned()];
    let account = serde_json::json!({"owner": owner, "lamports": lamports, "data": data});
    format!("{}\n", serde_json::json!({"pubkey": key, "account": account}))
}

/// Somebody's signed transaction, which transfers lamports, of blockhash `[9; 32]`.
fn theirs() -> Vec<u8> {
    let secret = SigningKey::from_bytes(&[50; 32]);
    let from = secret.verifying_key().to_bytes();
    let mut message = vec![1, 0, 1, 3];
    for key in [from, [0x77; 32], SYSTEM, [9; 32]] {
        message.extend(key);
    }
    message.extend([1, 2, 2, 0, 1, 12, 2, 0, 0, 0]);
    message.extend(1500u64.to_le_bytes());
    [&[1], secret.sign(&message).to_bytes().as_slice(), &message].concat()
}

#[test]
fn a_back_run_carries_the_pending_transaction_that_mev_parse_wrote() {
    let folder = Folder::new("bundle-backrun");
    let accounts = folder.write("pools.jsonl", accounts().as_bytes());
    let id = folder.write("id.json", keypair().0.as_bytes());
    let wire = theirs();
    let line = base64::engine::general_purpose::STANDARD.encode(&wire);
    let parsed = run(PARSE, &["--txns=all"], format!("{line}\n").as_bytes());
    assert_eq!(parsed.code, 0, "{}", parsed.err);
    let mut found = opportunity(1000);
    (found.cause, found.present) = (Cause::Pending as u8, Opportunity::TRIGGER);
    found.trigger.copy_from_slice(&wire[1..65]);
    let mut reader = Reader::new(Piped::new(parsed.out.as_slice()));
    let mut writer = Writer::new(Vec::new(), Producer::Arb);
    writer.put(Record::of(&slot(999))).unwrap();
    while let Some(record) = reader.next().unwrap() {
        writer.put(record).unwrap();
    }
    writer.put(Record::of(&found)).unwrap();
    let input = writer.finish().unwrap();
    let args = ["--accounts", arg(&accounts), "--keypair", arg(&id), "--stats"];
    let ran = run(BUNDLE, &args, &input);
    assert_eq!((ran.code, &ran.stats()["backruns"]), (0, &1.into()), "{}", ran.err);
    let mut reader = Reader::new(Piped::new(ran.out.as_slice()));
    let record = reader.next().unwrap().unwrap();
    let bundle = record.get::<Bundle>().unwrap().unwrap();
    let txs: Vec<_> = bundle.transactions(record.tail::<Bundle>()).collect();
    assert_eq!((txs.len(), txs[0]), (2, wire.as_slice()));
    assert_eq!(Transaction::check(txs[1]).unwrap().fee_payer(), &keypair().1);
    let checked = run(BUNDLE, &["check"], &ran.out);
    // The head of the table, and no rule under it.
    assert_eq!((checked.code, checked.text().lines().count()), (0, 1), "{}", checked.err);
    let rehearsed = run(env!("CARGO_BIN_EXE_mev-send"), &["-f", "json"], &ran.out);
    assert!(rehearsed.text().contains("dry_run"), "{} {}", rehearsed.text(), rehearsed.err);
    // What is known of it decides: never carried, or nothing else wanted.
    let never = run(BUNDLE, &[&args[..], &["--backrun", "never"]].concat(), &input);
    assert_eq!((&never.stats()["backruns"], &never.stats()["bundles"]), (&0.into(), &1.into()));
    let without = stream(&[Record::of(&slot(999)), Record::of(&found)]);
    let only = run(BUNDLE, &[&args[..], &["--backrun=only"]].concat(), &without);
    assert_eq!(only.stats()["refused"], serde_json::json!({"no_trigger": 1}));
}

#[test]
fn the_cycles_of_a_plan_go_into_one_bundle() {
    let folder = Folder::new("bundle-plan");
    let accounts = folder.write("pools.jsonl", accounts().as_bytes());
    let id = folder.write("id.json", keypair().0.as_bytes());
    let part = |index: u16| {
        let mut part = opportunity(1000);
        (part.plan_index, part.plan_count, part.state_hash) = (index, 3, 7 + u64::from(index));
        part.amounts[0] -= u64::from(index);
        part
    };
    let (parts, slot) = ([part(0), part(1), part(2)], slot(999));
    let records: Vec<_> =
        std::iter::once(Record::of(&slot)).chain(parts.iter().map(Record::of)).collect();
    let input = stream(&records);
    let args = ["--accounts", arg(&accounts), "--keypair", arg(&id), "-f", "json", "--stats"];
    let ran = run(BUNDLE, &[&args[..], &["--join-plans"]].concat(), &input);
    let [bundle] = ran.json().try_into().unwrap();
    assert_eq!((&bundle["txs"], &bundle["tip"]), (&3.into(), &"1500000".into()), "{}", ran.err);
    assert_eq!(ran.stats()["joined"], 3);
    assert_eq!(run(BUNDLE, &args, &input).json().len(), 3);
}

#[test]
fn payers_below_the_least_balance_are_passed_over() {
    let folder = Folder::new("bundle-least");
    let id = folder.write("id.json", keypair().0.as_bytes());
    let (one, two, slot) = (opportunity(1000), opportunity(1001), slot(999));
    let input = stream(&[Record::of(&slot), Record::of(&one), Record::of(&two)]);
    let ran = |balance: Option<u64>| {
        let own = balance.map(|lamports| account(&keypair().1, &SYSTEM, lamports, &[]));
        let text = accounts() + &own.unwrap_or_default();
        let accounts = folder.write("pools.jsonl", text.as_bytes());
        let args = ["--accounts", arg(&accounts), "--keypair", arg(&id), "--stats"];
        run(BUNDLE, &[&args[..], &["--min-balance", "1000"]].concat(), &input).stats()
    };
    // 505 000 a bundle.
    let refused = |stats: serde_json::Value| (stats["bundles"].clone(), stats["refused"].clone());
    assert_eq!(refused(ran(Some(1_011_000))), (2.into(), serde_json::json!({})));
    assert_eq!(refused(ran(Some(1_010_999))), (1.into(), serde_json::json!({"min_balance": 1})));
    assert_eq!(refused(ran(None)), (0.into(), serde_json::json!({"no_balance": 2})));
}

#[test]
fn a_nonce_is_used_once_and_the_bundle_has_no_last_slot() {
    let folder = Folder::new("bundle-nonce");
    let id = folder.write("id.json", keypair().0.as_bytes());
    let key = [0xc1; 32];
    // solana-nonce: version 1, initialized, authority, nonce, lamports per signature.
    let mut state = vec![1, 0, 0, 0, 1, 0, 0, 0];
    state.extend(keypair().1);
    state.extend([0xaa; 32]);
    state.extend(5000u64.to_le_bytes());
    let text = accounts() + &account(&key, &SYSTEM, 1_447_680, &state);
    let file = folder.write("pools.jsonl", text.as_bytes());
    let (one, two, slot) = (opportunity(1000), opportunity(1001), slot(999));
    let input = stream(&[Record::of(&slot), Record::of(&one), Record::of(&two)]);
    let named = base58::Key(&key).to_string();
    let args = ["--accounts", arg(&file), "--keypair", arg(&id), "--nonce-account", &named];
    let ran = run(BUNDLE, &[&args[..], &["-f", "json", "--stats"]].concat(), &input);
    let [bundle] = ran.json().try_into().unwrap();
    assert_eq!(bundle["blockhash"], base58::Key(&[0xaa; 32]).to_string());
    assert_eq!(
        (&bundle["last_valid_slot"], &bundle["missing"]),
        (&serde_json::Value::Null, &"nothing".into())
    );
    assert_eq!(ran.stats()["refused"], serde_json::json!({"no_nonce": 1}));
    let made = run(BUNDLE, &args, &input);
    assert_eq!(run(BUNDLE, &["check"], &made.out).code, 0);
    let missing = base58::Key(&[0xc2; 32]).to_string();
    let payer = base58::Key(&[3; 32]).to_string();
    for (args, code, message) in [
        (
            vec!["--keypair", arg(&id), "--nonce-account", &missing],
            3,
            "is not in the account files",
        ),
        (vec!["--payer", &payer, "--nonce-account", &named], 3, "its authority is neither"),
        (vec!["--keypair", arg(&id), "--nonce-account", "x"], 2, "not a base58 key"),
        (vec!["--nonce-account", &named, "--join-plans"], 2, "cannot be used with"),
        (vec!["--nonce-account", &named, "--blockhash", &payer], 2, "cannot be used with"),
    ] {
        let ran =
            run(BUNDLE, &[&args[..], &["--accounts", arg(&file), "-f", "text"]].concat(), &input);
        assert_eq!(ran.code, code, "{args:?}: {}", ran.err);
        assert!(ran.err.contains(message), "{args:?}: {}", ran.err);
    }
}

#[test]
fn a_flash_loan_stands_around_the_swaps_and_its_fee_is_counted() {
    let folder = Folder::new("bundle-flash");
    let id = folder.write("id.json", keypair().0.as_bytes());
    // klend `Reserve`: market, mint, vaults, what it has, token program, flash loan fee 2^-11.
    let mut reserve = vec![0; 8624];
    let parts: [(usize, &[u8]); 8] = [
        (0, &[0x2b, 0xf2, 0xcc, 0xca, 0x1a, 0xf7, 0x3b, 0x7f]),
        (32, &[0xd2; 32]),
        (128, &WSOL),
        (160, &[0xd3; 32]),
        (192, &[0xd4; 32]),
        (224, &2_000_000_000u64.to_le_bytes()),
        (408, &TOKEN),
        (4904, &(1u64 << 49).to_le_bytes()),
    ];
    for (at, part) in parts {
        reserve[at..at + part.len()].copy_from_slice(part);
    }
    let text = accounts() + &account(&[0xd1; 32], &KAMINO_LEND, 1, &reserve);
    let file = folder.write("pools.jsonl", text.as_bytes());
    let (slot, mut found) = (slot(999), opportunity(1000));
    // It expects enough for the loan, too: 488 281 lamports of fee.
    found.amounts[2] += 500_000;
    found.gross += 500_000;
    found.net += 500_000;
    let input = stream(&[Record::of(&slot), Record::of(&found)]);
    let args = ["--accounts", arg(&file), "--keypair", arg(&id), "-f", "json", "--stats"];
    let ran = run(BUNDLE, &[&args[..], &["--flash", "kamino"]].concat(), &input);
    let [bundle] = ran.json().try_into().unwrap();
    assert_eq!(bundle["net"], (found.net - 488_281).to_string(), "{}", ran.err);
    let made = run(BUNDLE, &[&args[..4], &["--flash=kamino"]].concat(), &input);
    let mut reader = Reader::new(Piped::new(made.out.as_slice()));
    let record = reader.next().unwrap().unwrap();
    let made = record.get::<Bundle>().unwrap().unwrap();
    let bytes = made.transactions(record.tail::<Bundle>()).next().unwrap();
    let tx = Transaction::check(bytes).unwrap();
    let lent: Vec<_> = tx
        .instructions()
        .enumerate()
        .filter(|(_, ix)| tx.account_key(ix.program_index) == Some(&KAMINO_LEND))
        .map(|(at, ix)| (at, ix.data.last().copied()))
        .collect();
    // Limit, price, borrow, two swaps, repay, tip; the repay names the borrow's place.
    assert_eq!(lent, [(2, Some(0)), (5, Some(2))]);
    let other = base58::Key(&[0xd9; 32]).to_string();
    for (flash, code, message) in [
        ("save".to_owned(), 3, "--flash save: its reserve of wrapped SOL is not in"),
        (format!("kamino={other}"), 3, "--flash kamino"),
        ("solend".to_owned(), 2, "lenders are kamino, save, marginfi and jupiter"),
    ] {
        let ran = run(BUNDLE, &[&args[..], &["--flash", &flash]].concat(), &input);
        assert_eq!(ran.code, code, "{flash}: {}", ran.err);
        assert!(ran.err.contains(message), "{flash}: {}", ran.err);
    }
}

#[cfg(feature = "sim")]
#[test]
fn what_cannot_be_measured_keeps_its_units_and_is_counted() {
    let folder = Folder::new("bundle-measure");
    let accounts = folder.write("pools.jsonl", accounts().as_bytes());
    let id = folder.write("id.json", keypair().0.as_bytes());
    let (slot, found) = (slot(999), opportunity(1000));
    let input = stream(&[Record::of(&slot), Record::of(&found)]);
    let args = ["--accounts", arg(&accounts), "--keypair", arg(&id), "-f", "json", "--stats"];
    let ran = run(BUNDLE, &[&args[..], &["--measure"]].concat(), &input);
    let [bundle] = ran.json().try_into().unwrap();
    assert_eq!(bundle["compute_units"], 200_000);
    assert_eq!((&ran.stats()["measured"], &ran.stats()["unmeasured"]), (&0.into(), &1.into()));
    assert!(ran.err.contains("1 transactions could not be measured"), "{}", ran.err);
    for bad in ["--measure=x", "--measure=1001"] {
        assert_eq!(run(BUNDLE, &[&args[..], &[bad]].concat(), &input).code, 2);
    }
}

/// Puts the accounts of `file` into `book`.
fn load(file: &Path, book: &mut AccountBook) {
    let text = std::fs::read(file).unwrap();
    let read = dex::accounts_file::read(&text, &mut |entry| match entry.contents {
        Some(contents) => book.insert(entry.key, contents.owner, contents.data, entry.slot),
        None => book.insert_absent(entry.key),
    });
    read.unwrap();
}

/// The pools that `book` describes.
fn pools(book: &AccountBook) -> Vec<Pool> {
    let mut pools = Vec::new();
    book.pools(dex::Clock::default(), &mut |found| {
        if let dex::Found::Pool { pool, .. } = found {
            pools.push(*pool);
        }
    });
    pools
}

/// A cycle of 1 SOL over `token` through `pools`, as numbers: no quote is asked.
fn cycle(pools: [&Pool; 2], token: Key) -> Opportunity {
    let mut made = opportunity(1000);
    made.mints[1] = token;
    for (at, pool) in pools.into_iter().enumerate() {
        (made.pools[at], made.venues[at]) = (pool.pool, pool.venue);
        made.directions[at] = if pool.mint_a == made.mints[at] { 1 } else { 2 };
    }
    made
}

#[test]
fn real_pools_become_swaps_that_decode_to_the_same_amounts() {
    let root = std::env::var("MEV_SHARED").unwrap_or_else(|_| "../shared".to_owned());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(root).join("data/pools");
    let names = ["raydium-cpmm-sol-usdc.jsonl", "orca-whirlpool-sol-usdc.jsonl"];
    let files = names.map(|name| root.join(name));
    let mut book = AccountBook::new();
    for file in &files {
        if !file.exists() {
            println!("skipped: there is no {}", file.display());
            return;
        }
        load(file, &mut book);
    }
    let pools = pools(&book);
    let pool = |venue: Venue| pools.iter().find(|pool| pool.venue == venue as u16).unwrap();
    let [cpmm, whirlpool] = [Venue::RaydiumCpmm, Venue::OrcaWhirlpool].map(pool);
    let folder = Folder::new("bundle-real");
    let id = folder.write("id.json", keypair().0.as_bytes());
    for (route, programs) in [
        ([cpmm, whirlpool], [RAYDIUM_CPMM, ORCA_WHIRLPOOL]),
        ([whirlpool, cpmm], [ORCA_WHIRLPOOL, RAYDIUM_CPMM]),
    ] {
        let (slot, real) = (slot(999), cycle(route, USDC));
        let input = stream(&[Record::of(&slot), Record::of(&real)]);
        let [first, second] = [arg(&files[0]), arg(&files[1])];
        let args = ["--accounts", first, "--accounts", second, "--keypair", arg(&id), "--stats"];
        let ran = run(BUNDLE, &args, &input);
        assert_eq!((ran.code, &ran.stats()["signed"]), (0, &1.into()), "{}", ran.err);
        let mut reader = Reader::new(Piped::new(ran.out.as_slice()));
        let record = reader.next().unwrap().unwrap();
        let bundle = record.get::<Bundle>().unwrap().unwrap();
        let bytes = bundle.transactions(record.tail::<Bundle>()).next().unwrap();
        check_swaps(&Transaction::check(bytes).unwrap(), &real, programs);
    }
}

/// The swaps of `tx` are those of `real`, on `programs`, of the payer's own token accounts.
fn check_swaps(tx: &Transaction<'_>, real: &Opportunity, programs: [Key; 2]) {
    let payer = keypair().1;
    let mut at = 0;
    for ix in tx.instructions() {
        let program = tx.account_key(ix.program_index).unwrap();
        let (data, indices, keys) = (ix.data, ix.accounts, tx.keys());
        let ix = dex::Instruction { program, data, indices, keys, loaded: &[] };
        let Some(decoded) = dex::decode(&ix) else { continue };
        let Decoded::One(swap) = decoded else { panic!("{decoded:?}") };
        assert_eq!((program, swap.pool), (&programs[at], Some(&real.pools[at])));
        assert_eq!((swap.amount, swap.owner), (Some(real.amounts[at]), Some(&payer)));
        assert_eq!(swap.limit, Some(real.min_out[at]));
        // AMM v4 names neither mints nor direction: there the token accounts decide.
        if swap.direction != Direction::Unknown {
            assert_eq!(swap.direction as u8, real.directions[at]);
        }
        let next = if at == 1 { WSOL } else { real.mints[1] };
        let account = |mint| associated_token(&payer, mint, &TOKEN);
        assert_eq!(swap.user_in, Some(&account(&real.mints[at])));
        assert_eq!(swap.user_out, Some(&account(&next)));
        at += 1;
    }
    assert_eq!(at, 2);
}

/// The token of `pool` that is not SOL, if the other one is.
fn other(pool: &Pool) -> Option<Key> {
    match (pool.mint_a == WSOL, pool.mint_b == WSOL) {
        (true, false) => Some(pool.mint_b),
        (false, true) => Some(pool.mint_a),
        _ => None,
    }
}

#[test]
fn cycles_over_the_pools_of_the_generator_become_swaps_on_every_venue() {
    let folder = Folder::new("bundle-generated");
    let (file, id) = (folder.path("pools.jsonl"), folder.write("id.json", keypair().0.as_bytes()));
    let args = ["gen", "shreds", "--seed", "7", "--slots", "1", "--txs-per-slot", "20"];
    let args = [&args, ["--accounts-out", arg(&file)].as_slice()].concat();
    let ran = run(env!("CARGO_BIN_EXE_mev-capture"), &args, &[]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let mut book = AccountBook::new();
    load(&file, &mut book);
    let pools = pools(&book);
    let mut cycles = Vec::new();
    for (first, token) in pools.iter().filter_map(|pool| Some((pool, other(pool)?))) {
        let back = pools.iter().filter(|pool| other(pool) == Some(token));
        for last in back.filter(|last| last.pool != first.pool) {
            let mut made = cycle([first, last], token);
            made.state_hash = cycles.len() as u64;
            cycles.push((made, [first.program, last.program]));
        }
    }
    let venues: HashSet<_> = cycles.iter().flat_map(|(_, programs)| *programs).collect();
    assert_eq!(venues.len(), 3, "of {} cycles", cycles.len());
    let slot = slot(999);
    let mut records = vec![Record::of(&slot)];
    records.extend(cycles.iter().map(|(made, _)| Record::of(made)));
    let args = ["--accounts", arg(&file), "--keypair", arg(&id), "--stats", "--create-atas"];
    let ran = run(BUNDLE, &args, &stream(&records));
    assert_eq!((ran.code, &ran.stats()["signed"]), (0, &cycles.len().into()), "{}", ran.err);
    let mut reader = Reader::new(Piped::new(ran.out.as_slice()));
    for (made, programs) in &cycles {
        let record = reader.next().unwrap().unwrap();
        let bundle = record.get::<Bundle>().unwrap().unwrap();
        let bytes = bundle.transactions(record.tail::<Bundle>()).next().unwrap();
        check_swaps(&Transaction::check(bytes).unwrap(), made, *programs);
    }
    assert!(reader.next().unwrap().is_none());
}
