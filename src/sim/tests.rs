//! Bundles on the programs that come along with the VM.

use super::*;
use crate::ids::{ASSOCIATED_TOKEN, COMPUTE_BUDGET, SYSTEM, TOKEN, TOKEN_2022};
use crate::keys::Signer;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use solana_sdk::instruction::{AccountMeta, Instruction};
use solana_sdk::message::Message;

const MINT: Key = [0x33; 32];
const FROM: Key = [0x41; 32];
const TO: Key = [0x42; 32];
const OTHER: Key = [0x55; 32];
const SOL: u64 = 1_000_000_000;

fn signer() -> Signer {
    Signer::from_seed(&[7; 32])
}

fn line(key: &Key, owner: &Key, lamports: u64, data: &[u8]) -> String {
    let (key, owner) = (base58::Key(key), base58::Key(owner));
    let data = STANDARD.encode(data);
    format!(
        "{{\"pubkey\":\"{key}\",\"slot\":900,\"account\":{{\"owner\":\"{owner}\",\"lamports\":{lamports},\"data\":[\"{data}\",\"base64\"]}}}}\n"
    )
}

fn token_data(mint: &Key, owner: &Key, amount: u64) -> Vec<u8> {
    let mut data = vec![0; 165];
    data[..32].copy_from_slice(mint);
    data[32..64].copy_from_slice(owner);
    data[64..72].copy_from_slice(&amount.to_le_bytes());
    data[108] = 1;
    data
}

fn mint_data() -> Vec<u8> {
    let mut data = vec![0; 82];
    data[36..44].copy_from_slice(&1_000_000u64.to_le_bytes());
    (data[44], data[45]) = (6, 1);
    data
}

/// A bank with a payer of 10 SOL, a mint, and two token accounts of it, the payer's and another's.
fn bank() -> Local {
    let ours = signer().public();
    let mut bank = Local::new();
    let text = [
        line(&ours, &SYSTEM, 10 * SOL, &[]),
        line(&MINT, &TOKEN, 1_461_600, &mint_data()),
        line(&FROM, &TOKEN, 2_039_280, &token_data(&MINT, &ours, 1000)),
        line(&TO, &TOKEN, 2_039_280, &token_data(&MINT, &OTHER, 5)),
    ];
    assert_eq!(bank.read(text.concat().as_bytes()).unwrap(), 4);
    assert!(bank.load().is_empty());
    bank.at(1000, 1_700_000_000);
    bank
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
    ix(&SYSTEM, &[(signer().public(), true, true), (*to, false, true)], &data)
}

fn send_tokens(amount: u64) -> Instruction {
    let data = [&[3u8][..], &amount.to_le_bytes()].concat();
    let accounts = [(FROM, false, true), (TO, false, true), (signer().public(), true, false)];
    ix(&TOKEN, &accounts, &data)
}

/// Makes the token account of `owner` for [`MINT`] under `program`.
fn create(owner: &Key, program: &Key) -> (Key, Instruction) {
    let account = crate::dex::associated_token(owner, &MINT, program);
    let accounts = [
        (signer().public(), true, true),
        (account, false, true),
        (*owner, false, false),
        (MINT, false, false),
        (SYSTEM, false, false),
        (*program, false, false),
    ];
    (account, ix(&ASSOCIATED_TOKEN, &accounts, &[1]))
}

/// A signed transaction, told apart by `number`.
fn transaction(number: u8, instructions: &[Instruction]) -> Vec<u8> {
    let payer = address(&signer().public());
    let hash = Hash::new_from_array([number; 32]);
    let message = Message::new_with_blockhash(instructions, Some(&payer), &hash).serialize();
    [&[1], signer().sign(&message).as_slice(), &message].concat()
}

fn run(bank: &mut Local, transactions: &[Vec<u8>]) -> Simulation {
    bank.run(transactions.iter().map(Vec::as_slice), true)
}

fn lamports(bank: &Local, key: &Key) -> u64 {
    bank.account(key).map_or(0, ReadableAccount::lamports)
}

#[test]
fn transfers_of_lamports_and_tokens_are_measured_and_put_back() {
    let (mut bank, ours) = (bank(), signer().public());
    let limit = ix(&COMPUTE_BUDGET, &[], &[&[2u8][..], &50_000u32.to_le_bytes()].concat());
    let txs = [
        transaction(1, &[limit, pay(&OTHER, SOL), send_tokens(300)]),
        transaction(2, &[send_tokens(700), pay(&OTHER, 2 * SOL)]),
    ];
    let twice = [run(&mut bank, &txs), run(&mut bank, &txs)];
    assert_eq!(twice[0], twice[1], "nothing is left of the first time");
    let made = &twice[0];
    assert_eq!((&made.fault, made.slot, made.missing.as_slice()), (&None, Some(900), &[OTHER][..]));
    let gain = made.gain(&[ours]);
    let lost = 3 * i128::from(SOL) + 10_000;
    assert_eq!((gain.lamports, gain.tokens), (-lost, vec![(MINT, -1000)]));
    assert_eq!(made.gain(&[OTHER]).lamports, 3 * i128::from(SOL));
    assert_eq!(made.gain(&[OTHER]).tokens, [(MINT, 1000)]);
    // The second one begins where the first one ended.
    let [first, second] = made.transactions.as_slice() else { panic!("two") };
    let of = |ran: &Ran, key| *ran.changes.iter().find(|change| change.key == key).unwrap();
    assert_eq!(of(first, FROM).after, of(second, FROM).before);
    assert_eq!(of(second, FROM).after.token.unwrap().amount, 0);
    assert!(first.units > 300 && first.units < 50_000 && first.fee_lamports == 5000);
    assert!(first.logs.iter().any(|line| line.contains("TokenkegQ")), "{:?}", first.logs);
    assert_eq!((lamports(&bank, &ours), lamports(&bank, &OTHER)), (10 * SOL, 0));
}

#[test]
fn a_second_transaction_that_fails_takes_the_first_one_back() {
    let (mut bank, ours) = (bank(), signer().public());
    let txs = [
        transaction(1, &[pay(&OTHER, SOL), send_tokens(300)]),
        transaction(2, &[pay(&OTHER, 1), send_tokens(701)]),
        transaction(3, &[pay(&OTHER, 1)]),
    ];
    let made = run(&mut bank, &txs);
    let fault = made.fault.as_ref().unwrap();
    assert_eq!((fault.cause, fault.tx, fault.instruction), (Cause::Failed, 1, Some(1)));
    // spl-token TokenError::InsufficientFunds.
    assert_eq!((fault.code, fault.program), (Some(1), Some(TOKEN)));
    assert_eq!(made.transactions.len(), 2, "the third one is not run");
    assert!(made.transactions[1].changes.is_empty() && made.transactions[1].units > 0);
    assert_eq!((lamports(&bank, &ours), lamports(&bank, &OTHER)), (10 * SOL, 0));
    assert_eq!(held(bank.account(&FROM).unwrap()).token.unwrap().amount, 1000);
    // And alone the first one passes, as if nothing had been before.
    assert_eq!(run(&mut bank, &txs[..1]).fault, None);
}

#[test]
fn an_account_that_a_bundle_makes_is_used_by_the_next_transaction_and_gone_afterwards() {
    let (mut bank, ours) = (bank(), signer().public());
    let (account, make) = create(&OTHER, &TOKEN);
    let data = [&[3u8][..], &10u64.to_le_bytes()].concat();
    let accounts = [(FROM, false, true), (account, false, true), (ours, true, false)];
    let fill = ix(&TOKEN, &accounts, &data);
    let txs = [transaction(1, &[make]), transaction(2, std::slice::from_ref(&fill))];
    let made = run(&mut bank, &txs);
    assert_eq!(made.fault, None, "{:?}", made.transactions.last());
    assert_eq!(made.gain(&[OTHER]).tokens, [(MINT, 10)]);
    assert_eq!(made.gain(&[ours]).lamports, -10_000 - 2_039_280);
    assert_eq!((lamports(&bank, &account), made.missing.contains(&account)), (0, true));
    let alone = run(&mut bank, &[transaction(3, &[fill])]);
    assert_eq!(alone.fault.unwrap().cause, Cause::Failed);
}

#[test]
fn rent_of_an_own_account_stays_ours() {
    let (mut bank, ours) = (bank(), signer().public());
    let made = run(&mut bank, &[transaction(1, &[create(&ours, &TOKEN).1])]);
    assert_eq!((made.gain(&[ours]).lamports, made.gain(&[ours]).tokens.len()), (-5000, 0));
}

#[test]
fn a_program_that_is_not_loaded_is_named_and_nothing_is_run() {
    let mut bank = bank();
    let program = [0x77; 32];
    let own = ix(&program, &[], &[]);
    let made = run(&mut bank, &[transaction(1, &[pay(&OTHER, SOL)]), transaction(2, &[own])]);
    let fault = made.fault.unwrap();
    assert_eq!((fault.cause, fault.tx, fault.instruction), (Cause::NoProgram, 1, Some(0)));
    assert_eq!((fault.program, made.transactions[1].units), (Some(program), 0));
    // Called by another program, it is found among the accounts: Token-2022, which is taken away.
    bank.svm.set_account(address(&TOKEN_2022), Account::default()).unwrap();
    bank.read(line(&MINT, &TOKEN_2022, 1_461_600, &mint_data()).as_bytes()).unwrap();
    let made = run(&mut bank, &[transaction(1, &[create(&OTHER, &TOKEN_2022).1])]);
    let fault = made.fault.unwrap();
    assert_eq!(fault.cause, Cause::NoProgram, "{fault:?} {:?}", made.transactions);
    assert_eq!((fault.instruction, made.transactions[0].units > 0), (Some(0), true));
    // An account that is no program is none by being called.
    let made = run(&mut bank, &[transaction(1, &[ix(&MINT, &[], &[])])]);
    assert_eq!(made.fault.unwrap().program, Some(MINT));
}

#[test]
fn what_cannot_be_run_is_told_from_what_fails() {
    let mut bank = bank();
    let cause = |bank: &mut Local, wire: &[u8], signed| {
        bank.run([wire], signed).fault.map(|fault| fault.cause)
    };
    let good = transaction(1, &[pay(&OTHER, SOL)]);
    let mut forged = good.clone();
    forged[5] ^= 1;
    assert_eq!(cause(&mut bank, &forged, true), Some(Cause::BadSignature));
    assert_eq!(cause(&mut bank, &forged, false), None, "unsigned bundles are simulated too");
    for cut in 0..good.len() {
        let found = cause(&mut bank, &good[..cut], true);
        assert_eq!(found, Some(Cause::NotTransactions), "{cut}");
    }
    assert_eq!(
        cause(&mut bank, &transaction(1, &[pay(&OTHER, 10 * SOL)]), true),
        Some(Cause::Failed)
    );
    assert_eq!(cause(&mut Local::new(), &good, true), Some(Cause::NoPayerAccount));
    // Said to be empty, the payer is known, and cannot pay.
    let mut poor = Local::new();
    let key = base58::Key(&signer().public()).to_string();
    poor.read(format!("{{\"pubkey\":\"{key}\",\"account\":null}}").as_bytes()).unwrap();
    assert_eq!(cause(&mut poor, &good, true), Some(Cause::Failed));
}

/// A v0 transaction that pays the account at `index` of `table`.
fn by_table(table: &Key, index: u8) -> Vec<u8> {
    let message = VersionedMessage::V0(v0::Message {
        header: MessageHeader {
            num_required_signatures: 1,
            num_readonly_signed_accounts: 0,
            num_readonly_unsigned_accounts: 1,
        },
        account_keys: vec![address(&signer().public()), address(&SYSTEM)],
        recent_blockhash: Hash::new_from_array([1; 32]),
        instructions: vec![CompiledInstruction {
            program_id_index: 1,
            accounts: vec![0, 2],
            data: pay(&OTHER, SOL).data,
        }],
        address_table_lookups: vec![MessageAddressTableLookup {
            account_key: address(table),
            writable_indexes: vec![index],
            readonly_indexes: vec![],
        }],
    });
    let message = message.serialize();
    [&[1], signer().sign(&message).as_slice(), &message].concat()
}

#[test]
fn lookup_tables_come_from_the_files_and_their_absence_is_named() {
    let (mut bank, table) = (bank(), [0x66; 32]);
    let made = run(&mut bank, &[by_table(&table, 0)]);
    assert_eq!(made.fault.unwrap().cause, Cause::NoTable);
    assert!(made.missing.contains(&table));
    // solana-address-lookup-table-interface `LookupTableMeta`: tag 1, deactivated never.
    let mut data = vec![0; 56];
    data[0] = 1;
    data[4..12].copy_from_slice(&u64::MAX.to_le_bytes());
    data.extend_from_slice(&OTHER);
    bank.read(line(&table, &crate::ids::LOOKUP_TABLE, SOL, &data).as_bytes()).unwrap();
    let made = run(&mut bank, &[by_table(&table, 0)]);
    assert_eq!((made.fault.clone(), made.gain(&[OTHER]).lamports), (None, i128::from(SOL)));
    assert_eq!(run(&mut bank, &[by_table(&table, 1)]).fault.unwrap().cause, Cause::NoTable);
}

#[test]
fn programs_of_the_files_need_their_code_and_broken_ones_are_refused() {
    let mut bank = bank();
    let (program, code) = ([0x78; 32], [0x79; 32]);
    let account = |data: &[u8]| {
        let text = line(&program, &LOADERS[2], SOL, data);
        text.replace("\"lamports\"", "\"executable\":true,\"lamports\"")
    };
    let named = [&[2, 0, 0, 0][..], &code].concat();
    bank.read(account(&named).as_bytes()).unwrap();
    let refused = bank.load();
    assert_eq!(refused.len(), 1);
    assert!(refused[0].1.contains("its code is not in the files"), "{refused:?}");
    // With the code it is loaded; the code of a program that comes along will do.
    let theirs = bank.svm.accounts_db().try_program_elf_bytes(&address(&TOKEN)).unwrap().to_vec();
    let code_account = [&[0; 45][..], &theirs].concat();
    bank.read(account(&named).as_bytes()).unwrap();
    bank.read(line(&code, &LOADERS[2], SOL, &code_account).as_bytes()).unwrap();
    assert!(bank.load().is_empty());
    assert!(bank.is_loaded(&program));
    assert!(bank.program(&[0x7a; 32], b"\x7fELF and no more").is_err());
    assert!(bank.program(&[0x7b; 32], &theirs).is_ok() && bank.is_loaded(&[0x7b; 32]));
}

#[test]
fn accounts_of_the_files_may_be_without_balance_and_broken_sysvars_are_refused() {
    let mut bank = Local::new();
    let wrapped = token_data(&WSOL, &OTHER, 77);
    let text = line(&FROM, &TOKEN, 1, &wrapped).replace("\"lamports\":1,", "");
    bank.read(text.as_bytes()).unwrap();
    assert_eq!(lamports(&bank, &FROM), 2_039_280 + 77);
    let error = bank.read(line(&CLOCK, &SYSTEM, 1, &[1, 2]).as_bytes()).unwrap_err();
    assert!(error.to_string().contains("SysvarC1ock"), "{error}");
    // An account that is taken back is gone.
    let key = base58::Key(&FROM).to_string();
    bank.read(format!("{{\"pubkey\":\"{key}\",\"account\":null}}").as_bytes()).unwrap();
    assert_eq!(lamports(&bank, &FROM), 0);
}
