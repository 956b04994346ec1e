//! From an opportunity to its receipt: a three-hop transaction built and signed, a bundle tried on the
//! local VM, and the two programs with a block engine on this machine behind them.
//!
//! Building is beside the same transaction made with `solana-sdk` as its documentation does: token
//! accounts derived, instructions put together, compiled, serialized. The trial is beside the same
//! VM told to verify and run the same two transactions, of which it keeps what they did. The programs
//! run as their users run them: `mev-bundle | mev-send --live` with a journal, fed at a fixed pace
//! whatever they do; the time is from when a record should have been written to the pipe to when its
//! receipt was read, or its bundle's bytes were at the engine.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark prints, reads the clock and stops where it stands"
)]

#[path = "../tests/support/engine.rs"]
#[allow(dead_code, reason = "one kind of engine is used")]
mod engine;
#[path = "support/paired.rs"]
mod paired;
#[path = "../tests/support/server.rs"]
mod server;

use base64::Engine as _;
use engine::{Fate, engine};
use hdrhistogram::Histogram;
use mev::bundle::{Blockhash, Builder, Payer, Policy};
use mev::bytes::base58;
use mev::dex::AccountBook;
use mev::ids::{COMPUTE_BUDGET, JITO_TIP_ACCOUNTS, Key, RAYDIUM_AMM_V4, TOKEN, Venue, WSOL};
use mev::keys::Signer;
use mev::record::{Opportunity, Producer, Receipt, Record, Slot, Verdict};
use mev::stream::{Arena, Piped, Reader, Stage, Writer};
use solana_sdk::instruction::{AccountMeta, Instruction};
use solana_sdk::message::Message;
use solana_sdk::pubkey::Pubkey;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Pools of the cycle SOL, A, B, SOL.
const POOLS: [Key; 3] = [[0x10; 32], [0x20; 32], [0x30; 32]];
const MINTS: [Key; 3] = [WSOL, [0xf0; 32], [0xf1; 32]];
/// Bundles of a run of the programs, and a second.
const BUNDLES: u64 = 10_000;
const PER_SECOND: u64 = 1000;
/// Transactions whose times are taken one by one.
const SAMPLES: u64 = 50_000;

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let mut report = paired::Report::new("An opportunity's way out");
    build(&mut report);
    #[cfg(feature = "sim")]
    trial(&mut report);
    for sync in ["never", "always"] {
        report.line(&programs(sync));
    }
    report.line(&format!("fdatasync of 384 bytes appended here: {}.", disk()));
    report.print();
}

fn signer() -> Signer {
    Signer::from_seed(&[42; 32])
}

/// Where the three pools keep their tokens.
fn vaults(pool: &Key) -> [Key; 2] {
    [[pool[0] + 1; 32], [pool[0] + 2; 32]]
}

fn accounts() -> String {
    let mut text = String::new();
    let mut add = |key: &Key, owner: &Key, data: &[u8]| {
        let data = base64::engine::general_purpose::STANDARD.encode(data);
        let (key, owner) = (base58::Key(key), base58::Key(owner));
        let _ = writeln!(
            text,
            r#"{{"pubkey":"{key}","account":{{"owner":"{owner}","data":["{data}","base64"]}}}}"#
        );
    };
    for (at, pool) in POOLS.iter().enumerate() {
        let (vaults, mints) = (vaults(pool), [MINTS[at], MINTS[(at + 1) % 3]]);
        let mut data = [0; 752];
        (data[0], data[32], data[40], data[176]) = (6, 9, 6, 25);
        data[184..186].copy_from_slice(&10_000u16.to_le_bytes());
        for (at, part) in [(336, vaults[0]), (368, vaults[1]), (400, mints[0]), (432, mints[1])] {
            data[at..at + 32].copy_from_slice(&part);
        }
        add(pool, &RAYDIUM_AMM_V4, &data);
        for (vault, mint) in vaults.iter().zip(mints) {
            let mut data = [0; 165];
            data[..32].copy_from_slice(&mint);
            data[64..72].copy_from_slice(&1_000_000_000_000u64.to_le_bytes());
            data[108] = 1;
            add(vault, &TOKEN, &data);
        }
    }
    text
}

/// The `number`th opportunity: none is another.
fn opportunity(number: u64) -> Opportunity {
    let mut made = Opportunity::new(number + 1);
    (made.slot, made.state_hash, made.hops, made.base_mint) = (1000, number, 3, WSOL);
    made.pools[..3].copy_from_slice(&POOLS);
    made.mints[..3].copy_from_slice(&MINTS);
    let input = 1_000_000_000 + number;
    made.amounts = [input, 900_000_000, 800_000_000, input + 1_105_000, 0];
    made.venues[..3].copy_from_slice(&[Venue::RaydiumAmmV4 as u16; 3]);
    made.directions[..3].fill(1);
    made.compute_units = 200_000;
    (made.gross, made.base_fee, made.tip, made.net) = (1_105_000, 5000, 500_000, 600_000);
    made.min_out = [900_000_000, 800_000_000, input + 505_000, 0];
    made
}

fn slot() -> Slot {
    let mut slot = Slot::new(0);
    (slot.slot, slot.complete, slot.poh) = (999, 1, Verdict::Ok as u8);
    (slot.blockhash, slot.present) = ([7; 32], Slot::BLOCKHASH);
    slot
}

fn builder(payer: Payer) -> Builder {
    let mut book = AccountBook::new();
    book.read(accounts().as_bytes()).unwrap();
    let hash = Blockhash { hash: [7; 32], slot: Some(999) };
    Builder::new(book, payer, Policy::DEFAULT, Some(hash))
}

/// Builds and signs: the ratio, and how long one takes.
fn build(report: &mut paired::Report) {
    let (ours, theirs) = (signer(), signer());
    let payer = ours.public();
    let mut signed = builder(Payer::Signs(ours));
    let mut unsigned = builder(Payer::Named(payer));
    let mut arena = Arena::with_room(<Builder>::MAX_OUT);
    let mut number = 0;
    let mut step = |builder: &mut Builder| {
        number += 1;
        builder.step(Record::of(&opportunity(number)), &mut arena);
        assert!(arena.records().count() == 1, "refused: {:?}", builder.counts());
        arena.clear();
    };
    let mut other = 0;
    let mut by_sdk = |sign: bool| {
        other += 1;
        let message = with_sdk(&opportunity(other), &payer);
        let signature = if sign { theirs.sign(&message) } else { [0; 64] };
        std::hint::black_box([&[1], signature.as_slice(), &message].concat());
    };
    report.compare(
        "three hops, built (solana-sdk)",
        &mut |calls| (0..calls).for_each(|_| by_sdk(false)),
        &mut |calls| (0..calls).for_each(|_| step(&mut unsigned)),
    );
    report.compare(
        "built and signed (solana-sdk, the same signer)",
        &mut |calls| (0..calls).for_each(|_| by_sdk(true)),
        &mut |calls| (0..calls).for_each(|_| step(&mut signed)),
    );
    for (what, builder) in [("built", &mut unsigned), ("built and signed", &mut signed)] {
        let mut times = Histogram::<u64>::new(3).unwrap();
        for _ in 0..SAMPLES {
            let begun = Instant::now();
            step(builder);
            times.record(u64::try_from(begun.elapsed().as_nanos()).unwrap()).unwrap();
        }
        let [p50, p99] = [0.5, 0.99].map(|quantile| times.value_at_quantile(quantile));
        report.line(&format!("One {what}: p50 {p50} ns, p99 {p99} ns."));
    }
}

/// The same transaction with what `solana-sdk` offers.
fn with_sdk(opportunity: &Opportunity, payer: &Key) -> Vec<u8> {
    let address = |key: &Key| Pubkey::new_from_array(*key);
    let payer = address(payer);
    let token_account = |mint: &Key| {
        let seeds = [payer.as_ref(), &TOKEN, mint.as_slice()];
        Pubkey::find_program_address(&seeds, &address(&mev::ids::ASSOCIATED_TOKEN)).0
    };
    let budget = |data: Vec<u8>| Instruction {
        program_id: address(&COMPUTE_BUDGET),
        accounts: Vec::new(),
        data,
    };
    let units = [&[2][..], &opportunity.compute_units.to_le_bytes()].concat();
    let price = [&[3][..], &opportunity.cu_price_micro.to_le_bytes()].concat();
    let mut instructions = vec![budget(units), budget(price)];
    let authority = address(&mev::ids::RAYDIUM_AMM_V4_AUTHORITY);
    for (at, pool) in POOLS.iter().enumerate() {
        let [input, output] = [MINTS[at], MINTS[(at + 1) % 3]];
        let [vault_in, vault_out] = vaults(pool).map(|vault| address(&vault));
        let accounts = vec![
            AccountMeta::new_readonly(address(&TOKEN), false),
            AccountMeta::new(address(pool), false),
            AccountMeta::new_readonly(authority, false),
            AccountMeta::new(vault_in, false),
            AccountMeta::new(vault_out, false),
            AccountMeta::new(token_account(&input), false),
            AccountMeta::new(token_account(&output), false),
            AccountMeta::new_readonly(payer, true),
        ];
        let amounts = [opportunity.amounts[at], opportunity.min_out[at]].map(u64::to_le_bytes);
        let data = [&[16], amounts.concat().as_slice()].concat();
        instructions.push(Instruction { program_id: address(&RAYDIUM_AMM_V4), accounts, data });
    }
    let tip = [&2u32.to_le_bytes()[..], &opportunity.tip.to_le_bytes()].concat();
    let accounts = vec![
        AccountMeta::new(payer, true),
        AccountMeta::new(address(&JITO_TIP_ACCOUNTS[0]), false),
    ];
    let program_id = address(&mev::ids::SYSTEM);
    instructions.push(Instruction { program_id, accounts, data: tip });
    let hash = solana_sdk::hash::Hash::new_from_array([7; 32]);
    Message::new_with_blockhash(&instructions, Some(&payer), &hash).serialize()
}

/// The mint of the trial, and who gets some of it.
#[cfg(feature = "sim")]
const TRIED: [Key; 2] = [[0x33; 32], [0x55; 32]];

/// The token account of `owner` in the trial.
#[cfg(feature = "sim")]
fn token_account(owner: &Key) -> Key {
    mev::dex::associated_token(owner, &TRIED[0], &TOKEN)
}

#[cfg(feature = "sim")]
fn ix(program: &Key, accounts: &[(Key, bool, bool)], data: &[u8]) -> Instruction {
    let meta = |(key, is_signer, is_writable): &(Key, bool, bool)| AccountMeta {
        pubkey: Pubkey::new_from_array(*key),
        is_signer: *is_signer,
        is_writable: *is_writable,
    };
    Instruction {
        program_id: Pubkey::new_from_array(*program),
        accounts: accounts.iter().map(meta).collect(),
        data: data.to_vec(),
    }
}

/// Two signed transactions: one makes a token account and sends to it, one sends again and tips.
#[cfg(feature = "sim")]
fn tried(hash: solana_sdk::hash::Hash) -> [Vec<u8>; 2] {
    use mev::ids::{ASSOCIATED_TOKEN, SYSTEM};
    let ours = signer();
    let (payer, [mint, other]) = (ours.public(), TRIED);
    let [from, to] = [payer, other].map(|owner| token_account(&owner));
    let accounts = [
        (payer, true, true),
        (to, false, true),
        (other, false, false),
        (mint, false, false),
        (SYSTEM, false, false),
        (TOKEN, false, false),
    ];
    let make = ix(&ASSOCIATED_TOKEN, &accounts, &[1]);
    let send = |amount: u64| {
        let data = [&[3u8][..], &amount.to_le_bytes()].concat();
        ix(&TOKEN, &[(from, false, true), (to, false, true), (payer, true, false)], &data)
    };
    let tip = [&2u32.to_le_bytes()[..], &1000u64.to_le_bytes()].concat();
    let tip = ix(&SYSTEM, &[(payer, true, true), (JITO_TIP_ACCOUNTS[0], false, true)], &tip);
    [[make, send(100)], [send(200), tip]].map(|instructions| {
        let payer = Pubkey::new_from_array(payer);
        let message = Message::new_with_blockhash(&instructions, Some(&payer), &hash).serialize();
        [&[1], ours.sign(&message).as_slice(), &message].concat()
    })
}

/// The accounts that they need: key, owner, lamports, data.
#[cfg(feature = "sim")]
fn held() -> [(Key, Key, u64, Vec<u8>); 3] {
    let payer = signer().public();
    let mut tokens = vec![0; 165];
    tokens[..32].copy_from_slice(&TRIED[0]);
    tokens[32..64].copy_from_slice(&payer);
    tokens[64..72].copy_from_slice(&1000u64.to_le_bytes());
    tokens[108] = 1;
    let mut mint = vec![0; 82];
    mint[36..44].copy_from_slice(&1_000_000u64.to_le_bytes());
    (mint[44], mint[45]) = (6, 1);
    [
        (payer, mev::ids::SYSTEM, 10_000_000_000, Vec::new()),
        (TRIED[0], TOKEN, 1_461_600, mint),
        (token_account(&payer), TOKEN, 2_039_280, tokens),
    ]
}

/// A bundle of two transactions on the local VM.
#[cfg(feature = "sim")]
fn trial(report: &mut paired::Report) {
    use litesvm::LiteSVM;
    use solana_sdk::account::Account;
    use solana_sdk::transaction::VersionedTransaction;
    let mut svm = LiteSVM::new().with_transaction_history(0);
    let wires = tried(svm.latest_blockhash());
    let (mut bank, mut text) = (mev::sim::Local::new(), String::new());
    for (key, owner, lamports, data) in held() {
        let code = base64::engine::general_purpose::STANDARD.encode(&data);
        let (shown, program) = (base58::Key(&key), base58::Key(&owner));
        let _ = writeln!(
            text,
            r#"{{"pubkey":"{shown}","slot":900,"account":{{"owner":"{program}","lamports":{lamports},"data":["{code}","base64"]}}}}"#
        );
        let owner = Pubkey::new_from_array(owner);
        let account = Account { lamports, data, owner, executable: false, rent_epoch: u64::MAX };
        svm.set_account(Pubkey::new_from_array(key), account).unwrap();
    }
    let rich = Account { lamports: 1_000_000, ..Default::default() };
    svm.set_account(Pubkey::new_from_array(JITO_TIP_ACCOUNTS[0]), rich).unwrap();
    bank.read(text.as_bytes()).unwrap();
    assert!(bank.load().is_empty());
    bank.at(1000, 1_700_000_000);
    let done = bank.run(wires.iter().map(Vec::as_slice), true);
    assert!(done.fault.is_none() && done.transactions.len() == 2, "{:?}", done.fault);
    let transactions: Vec<VersionedTransaction> =
        wires.iter().map(|wire| bincode::deserialize(wire).unwrap()).collect();
    report.compare(
        "two transactions tried and put back (litesvm: a copy of the bank, sent to)",
        &mut |calls| {
            for _ in 0..calls {
                let mut copy = svm.clone();
                for transaction in &transactions {
                    std::hint::black_box(copy.send_transaction(transaction.clone()).unwrap());
                }
            }
        },
        &mut |calls| {
            for _ in 0..calls {
                std::hint::black_box(bank.run(wires.iter().map(Vec::as_slice), true));
            }
        },
    );
}

/// A file that goes away with the run.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("mev-bench-submit-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> String {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The programs of this build.
fn program(name: &str) -> Command {
    Command::new(match name {
        "mev-bundle" => env!("CARGO_BIN_EXE_mev-bundle"),
        _ => env!("CARGO_BIN_EXE_mev-send"),
    })
}

/// Opportunities at a pace through both programs; what became of them and how long it took.
fn programs(sync: &str) -> String {
    let folder = Folder::new();
    let pools = folder.write("pools.jsonl", &accounts());
    let secret = ed25519_dalek::SigningKey::from_bytes(&[42; 32]).to_keypair_bytes();
    let key = folder.write("id.json", &format!("{secret:?}"));
    let journal = folder.0.join("sent.jnl");
    let engine = engine(1008, |_, _| Fate::Land);
    let mut bundles = program("mev-bundle")
        .args(["--accounts", &pools, "--keypair", &key])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut send = program("mev-send")
        .args(["--live", "--url", &engine.url, "--journal", journal.to_str().unwrap()])
        .args(["--sync", sync, "--rate", "10000", "--max-spend-lamports-per-hour", "1000000000000"])
        .stdin(bundles.stdout.take().unwrap())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let reading = read(&mut send);
    let begun = feed(&mut bundles);
    let answered = reading.join().unwrap();
    assert!(bundles.wait().unwrap().success() && send.wait().unwrap().success());
    let (mut first, mut last) =
        (Histogram::<u64>::new(3).unwrap(), Histogram::<u64>::new(3).unwrap());
    let mut outcomes = std::collections::BTreeMap::<u8, u64>::new();
    for (number, outcome, is_final, at) in answered {
        let due = begun + Duration::from_nanos(number * 1_000_000_000 / PER_SECOND);
        let took = u64::try_from(at.saturating_duration_since(due).as_nanos()).unwrap();
        if is_final {
            *outcomes.entry(outcome).or_default() += 1;
            last.record(took.max(1)).unwrap();
        } else {
            first.record(took.max(1)).unwrap();
        }
    }
    let landed = outcomes.get(&(mev::record::Outcome::Landed as u8)).copied().unwrap_or(0);
    let us = |times: &Histogram<u64>, quantile| times.value_at_quantile(quantile) / 1000;
    format!(
        "{BUNDLES} opportunities at {PER_SECOND}/s through mev-bundle and mev-send --live --sync {sync} to an engine here: \
         opportunity in to its answer's receipt out p50 {} us, p99 {} us, most {} us ({} receipts); \
         to the last receipt p50 {} us; {landed} landed.",
        us(&first, 0.5),
        us(&first, 0.99),
        us(&first, 1.0),
        first.len(),
        us(&last, 0.5),
    )
}

/// A receipt: the number of its opportunity, outcome, whether it is final, and when it was read.
type Told = (u64, u8, bool, Instant);

fn read(send: &mut Child) -> std::thread::JoinHandle<Vec<Told>> {
    let stdout = send.stdout.take().unwrap();
    std::thread::spawn(move || {
        let (mut reader, mut told) = (Reader::new(Piped::new(stdout)), Vec::new());
        while let Some(record) = reader.next().unwrap() {
            if let Some(receipt) = record.get::<Receipt>().unwrap() {
                let is_final = receipt.head.flags & Receipt::FINAL != 0;
                told.push((receipt.head.rx_ns - 1, receipt.outcome, is_final, Instant::now()));
            }
        }
        told
    })
}

/// Feeds opportunities at their times; when the first was due.
fn feed(bundles: &mut Child) -> Instant {
    let mut writer = Writer::new(bundles.stdin.take().unwrap(), Producer::Arb);
    writer.put(Record::of(&slot())).unwrap();
    let begun = Instant::now() + Duration::from_millis(300);
    for number in 0..BUNDLES {
        let due = begun + Duration::from_nanos(number * 1_000_000_000 / PER_SECOND);
        if let Some(wait) = due.checked_duration_since(Instant::now()) {
            std::thread::sleep(wait);
        }
        writer.put(Record::of(&opportunity(number))).unwrap();
        writer.flush().unwrap();
    }
    writer.finish().unwrap().flush().unwrap();
    begun
}

/// How long the disk takes for what a journal writes.
fn disk() -> String {
    let folder = Folder::new();
    let mut file = std::fs::File::create(folder.0.join("disk")).unwrap();
    let mut times = Histogram::<u64>::new(3).unwrap();
    for _ in 0..1000 {
        let begun = Instant::now();
        file.write_all(&[7; 384]).unwrap();
        file.sync_data().unwrap();
        times.record(u64::try_from(begun.elapsed().as_micros()).unwrap().max(1)).unwrap();
    }
    let [p50, p99] = [0.5, 0.99].map(|quantile| times.value_at_quantile(quantile));
    format!("p50 {p50} us, p99 {p99} us")
}
