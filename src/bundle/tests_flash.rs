//! Bundles with flash loans, on a VM in which programs stand for the lenders that enforce the lenders' own
//! rules about the instructions around them: a loan that its lender would not take fails here too.
//!
//! The rules are those of the sources that `dex/flash` cites. The lenders' and venues' own programs are
//! not published as files; with such a file `mev-bundle simulate --program` runs the real one.

use super::testdata::{AMM, AMM_2, add_amm_v4, add_mint, key, opportunity, settle};
use super::*;
use crate::bytes::{base58, key_at, u16_at, u64_at};
use crate::dex::flash::tests::{
    LIQUIDITY_PROGRAM, MARGIN_ACCOUNT, MARKET, RECEIVER, RESERVE, VAULT, admin, jupiter_admin,
    kamino_reserve, marginfi_account, marginfi_bank, save_reserve,
};
use crate::dex::flash::{Lender, Protocol};
use crate::dex::{AccountBook, associated_token};
use crate::ids::{
    INSTRUCTIONS, JUPITER_FLASH, KAMINO_LEND, Key, MARGINFI, RAYDIUM_AMM_V4,
    RAYDIUM_AMM_V4_AUTHORITY, SAVE, SYSTEM, TOKEN, WSOL,
};
use crate::keys::Signer;
use crate::record::{Opportunity, Record};
use crate::sim::{Cause, Local, Simulation};
use crate::stream::{Arena, Stage};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use solana_program_runtime::declare_process_instruction;
use solana_program_runtime::invoke_context::InvokeContext;
use solana_program_runtime::solana_sbpf::program::BuiltinFunctionDefinition as _;
use solana_sdk::instruction::{AccountMeta, Instruction, InstructionError};
use solana_sdk::pubkey::Pubkey;

type Outcome = Result<(), InstructionError>;

/// The lender says no.
const NO: Outcome = Err(InstructionError::Custom(6009));

fn address(key: &Key) -> Pubkey {
    Pubkey::new_from_array(*key)
}

/// An instruction as the sysvar of instructions tells it (solana-instructions-sysvar 3.0 src/lib.rs): a
/// count, an offset for each, and there the accounts with flags, the program, the data.
struct Told {
    program: Key,
    accounts: Vec<Key>,
    data: Vec<u8>,
}

struct Sysvar(Vec<u8>);

impl Sysvar {
    fn count(&self) -> usize {
        u16_at(&self.0, 0).unwrap().into()
    }

    fn current(&self) -> usize {
        u16_at(&self.0, self.0.len() - 2).unwrap().into()
    }

    fn at(&self, number: usize) -> Option<Told> {
        if number >= self.count() {
            return None;
        }
        let mut at = usize::from(u16_at(&self.0, 2 + 2 * number)?);
        let accounts = usize::from(u16_at(&self.0, at)?);
        at += 2;
        let keys = (0..accounts).map(|n| *key_at(&self.0, at + 33 * n + 1).unwrap()).collect();
        at += 33 * accounts;
        let (program, len) = (*key_at(&self.0, at)?, usize::from(u16_at(&self.0, at + 32)?));
        Some(Told { program, accounts: keys, data: self.0[at + 34..][..len].to_vec() })
    }

    /// The instructions behind the current one, each with its place.
    fn behind(&self) -> impl Iterator<Item = (usize, Told)> {
        (self.current() + 1..self.count()).filter_map(|at| Some((at, self.at(at)?)))
    }
}

/// What a program is called with.
struct Call {
    program: Key,
    accounts: Vec<Key>,
    data: Vec<u8>,
}

fn call(context: &InvokeContext<'_, '_>) -> Call {
    let ix = context.transaction_context.get_current_instruction_context().unwrap();
    let count = ix.get_number_of_instruction_accounts();
    let key = |at| ix.get_key_of_instruction_account(at).unwrap().to_bytes();
    Call {
        program: ix.get_program_key().unwrap().to_bytes(),
        accounts: (0..count).map(key).collect(),
        data: ix.get_instruction_data().to_vec(),
    }
}

fn state(context: &InvokeContext<'_, '_>, at: u16) -> Vec<u8> {
    let ix = context.transaction_context.get_current_instruction_context().unwrap();
    ix.try_borrow_instruction_account(at).unwrap().get_data().to_vec()
}

fn write(context: &InvokeContext<'_, '_>, at: u16, from: usize, bytes: &[u8]) {
    let ix = context.transaction_context.get_current_instruction_context().unwrap();
    let mut account = ix.try_borrow_instruction_account(at).unwrap();
    account.get_data_mut().unwrap()[from..][..bytes.len()].copy_from_slice(bytes);
}

/// Moves tokens; `by` has signed the transaction, or is an address of the program that stands here.
fn transfer(
    context: &mut InvokeContext<'_, '_>,
    from: Key,
    to: Key,
    by: Key,
    amount: u64,
) -> Outcome {
    let accounts = vec![
        AccountMeta::new(address(&from), false),
        AccountMeta::new(address(&to), false),
        AccountMeta::new_readonly(address(&by), true),
    ];
    let data = [&[3][..], &amount.to_le_bytes()].concat();
    let ix = Instruction { program_id: address(&TOKEN), accounts, data };
    context.prepare_next_cpi_instruction(ix, &[address(&by)])?;
    context.process_instruction(&mut 0, &mut Default::default())
}

fn amount(data: &[u8], at: usize) -> u64 {
    u64_at(data, at).unwrap()
}

/// A lender whose repay names the place of its borrow: tags and places of accounts as they are listed.
struct ByPlace<'a> {
    borrow: &'a [u8],
    repay: &'a [u8],
    /// Whether both list the same accounts.
    alike: bool,
}

impl ByPlace<'_> {
    /// The borrow `call` has its one repay behind it.
    fn has_repay(&self, call: &Call, sysvar: &Sysvar) -> bool {
        let own: Vec<_> =
            sysvar.behind().filter(|(_, told)| told.program == call.program).collect();
        let [(_, repay)] = own.as_slice() else { return false };
        let tag = self.repay.len();
        repay.data.starts_with(self.repay)
            && repay.data[tag..tag + 8] == call.data[tag..tag + 8]
            && usize::from(repay.data[tag + 8]) == sysvar.current()
            && (!self.alike || repay.accounts == call.accounts)
    }

    /// The repay `call` names its borrow.
    fn has_borrow(&self, call: &Call, sysvar: &Sysvar) -> bool {
        let tag = self.borrow.len();
        let place = usize::from(call.data[tag + 8]);
        let borrow = sysvar.at(place).filter(|_| place < sysvar.current());
        borrow.is_some_and(|borrow| {
            borrow.program == call.program
                && borrow.data.starts_with(self.borrow)
                && borrow.data[tag..tag + 8] == call.data[tag..tag + 8]
                && (!self.alike || borrow.accounts == call.accounts)
        })
    }
}

fn kamino(context: &mut InvokeContext<'_, '_>) -> Outcome {
    let rules = ByPlace {
        borrow: &[0x87, 0xe7, 0x34, 0xa7, 0x07, 0x34, 0xd4, 0xc1],
        repay: &[0xb9, 0x75, 0x00, 0xcb, 0x60, 0xf5, 0xb4, 0xba],
        alike: true,
    };
    let (call, sysvar) = (call(context), Sysvar(state(context, 10)));
    let [user, authority, _, _, _, supply, own, receiver, ..] = call.accounts[..] else {
        return NO;
    };
    if call.accounts.len() != 12 || call.accounts[10] != INSTRUCTIONS {
        return NO;
    }
    let principal = amount(&call.data, 8);
    if call.data.starts_with(rules.borrow) {
        if !rules.has_repay(&call, &sysvar) {
            return NO;
        }
        return transfer(context, supply, own, authority, principal);
    }
    if !call.data.starts_with(rules.repay) || !rules.has_borrow(&call, &sysvar) {
        return NO;
    }
    let fee_sf = amount(&state(context, 3), 4904);
    let fee = (u128::from(principal) * u128::from(fee_sf) + (1 << 59)) >> 60;
    transfer(context, own, supply, user, principal)?;
    transfer(context, own, receiver, user, u64::try_from(fee).unwrap())
}

fn save(context: &mut InvokeContext<'_, '_>) -> Outcome {
    let rules = ByPlace { borrow: &[19], repay: &[20], alike: false };
    let call = call(context);
    let principal = amount(&call.data, 1);
    if call.data.starts_with(rules.borrow) {
        let [supply, own, _, _, authority, sysvar, _] = call.accounts[..] else { return NO };
        if sysvar != INSTRUCTIONS || !rules.has_repay(&call, &Sysvar(state(context, 5))) {
            return NO;
        }
        return transfer(context, supply, own, authority, principal);
    }
    let [own, supply, receiver, host, _, _, user, sysvar, _] = call.accounts[..] else { return NO };
    let good = call.data.starts_with(rules.repay) && sysvar == INSTRUCTIONS;
    if !good || !rules.has_borrow(&call, &Sysvar(state(context, 7))) {
        return NO;
    }
    let reserve = state(context, 4);
    let one = 1_000_000_000_000_000_000u128;
    let fee = (u128::from(principal) * u128::from(amount(&reserve, 314)) + one / 2) / one;
    let for_host = fee * u128::from(reserve[322]) / 100;
    transfer(context, own, supply, user, principal)?;
    transfer(context, own, host, user, u64::try_from(for_host).unwrap())?;
    transfer(context, own, receiver, user, u64::try_from(fee - for_host).unwrap())
}

fn marginfi(context: &mut InvokeContext<'_, '_>) -> Outcome {
    const END: [u8; 8] = [0x69, 0x7c, 0xc9, 0x6a, 0x99, 0x02, 0x08, 0x9c];
    /// Where the stand-in keeps the debt of a balance: the first bytes behind what says it is in use.
    const DEBT_AT: usize = 72 + 56;
    let call = call(context);
    let account_at = u16::from(call.accounts.len() > 3);
    let account = state(context, account_at);
    let in_loan = account[1800] & 2 != 0;
    match call.data[..8] {
        [0x0e, 0x83, ..] => {
            let sysvar = Sysvar(state(context, 2));
            let end = usize::try_from(amount(&call.data, 8)).unwrap();
            let told = sysvar.at(end).filter(|_| end > sysvar.current());
            let good = told.is_some_and(|end| {
                let same = end.accounts.first() == call.accounts.first();
                end.program == MARGINFI && end.data.starts_with(&END) && same
            });
            if in_loan || !good {
                return NO;
            }
            write(context, 0, 1800, &[2]);
            Ok(())
        }
        [0x04, 0x7e, ..] => {
            let [_, _, _, _, own, authority, vault, _] = call.accounts[..] else { return NO };
            let bank = state(context, 3);
            let principal = amount(&call.data, 8);
            let fee = u128::from(principal) * u128::from(amount(&bank, 480));
            let debt = principal + u64::try_from(fee.div_ceil(1 << 48)).unwrap();
            if !in_loan || account[72] != 0 {
                return NO;
            }
            write(context, 1, 72, &[1]);
            write(context, 1, DEBT_AT, &debt.to_le_bytes());
            transfer(context, vault, own, authority, principal)
        }
        [0x4f, 0xd1, ..] => {
            let [_, _, user, _, own, vault, _] = call.accounts[..] else { return NO };
            if account[72] != 1 || call.data[16..] != [1, 1] {
                return NO;
            }
            write(context, 1, 72, &[0]);
            transfer(context, own, vault, user, amount(&account, DEBT_AT))
        }
        _ if call.data.starts_with(&END) => {
            // A balance that is left wants its bank and oracle, which nobody names here.
            if !in_loan || account[72] != 0 {
                return NO;
            }
            write(context, 0, 1800, &[0]);
            Ok(())
        }
        _ => NO,
    }
}

fn jupiter(context: &mut InvokeContext<'_, '_>) -> Outcome {
    const PAYBACK: [u8; 8] = [0xd5, 0x2f, 0x99, 0x89, 0x54, 0xf3, 0x5e, 0xe8];
    let (call, sysvar) = (call(context), Sysvar(state(context, 13)));
    let [user, _, own, _, _, _, _, vault, liquidity, ..] = call.accounts[..] else { return NO };
    let principal = amount(&call.data, 8);
    let admin = state(context, 1);
    if call.accounts.len() != 14 || call.accounts[13] != INSTRUCTIONS || principal < 1000 {
        return NO;
    }
    if call.data.starts_with(&PAYBACK) {
        let fee =
            (u128::from(principal) * u128::from(u16_at(&admin, 73).unwrap())).div_ceil(10_000);
        if admin[83] != 1 || amount(&admin, 84) != principal {
            return NO;
        }
        write(context, 1, 83, &[0]);
        return transfer(context, own, vault, user, principal + u64::try_from(fee).unwrap());
    }
    let paid_back = sysvar.behind().filter(|(_, told)| {
        told.program == JUPITER_FLASH
            && told.data == [&PAYBACK[..], &principal.to_le_bytes()].concat()
            && told.accounts == call.accounts
    });
    if paid_back.count() != 1 || admin[83] != 0 {
        return NO;
    }
    write(context, 1, 83, &[1]);
    write(context, 1, 84, &principal.to_le_bytes());
    transfer(context, vault, own, liquidity, principal)
}

/// A pool that gives just the least that is asked for.
fn pool(context: &mut InvokeContext<'_, '_>) -> Outcome {
    let call = call(context);
    let [_, _, authority, vault_a, vault_b, user_in, user_out, owner] = call.accounts[..] else {
        return NO;
    };
    let mint = |at| *key_at(&state(context, at), 0).unwrap();
    let (into, from) = if mint(3) == mint(5) { (vault_a, vault_b) } else { (vault_b, vault_a) };
    transfer(context, user_in, into, owner, amount(&call.data, 1))?;
    transfer(context, from, user_out, authority, amount(&call.data, 9))
}

declare_process_instruction!(Kamino, 50_000, |context| { kamino(context) });
declare_process_instruction!(Save, 50_000, |context| { save(context) });
declare_process_instruction!(Marginfi, 50_000, |context| { marginfi(context) });
declare_process_instruction!(Jupiter, 50_000, |context| { jupiter(context) });
declare_process_instruction!(Pool, 30_000, |context| { pool(context) });

const OTHER: Key = [0xf0; 32];

fn payer() -> Signer {
    Signer::from_seed(&[42; 32])
}

/// A token account of `owner` with `amount` of `mint`.
fn token(mint: Key, owner: Key, amount: u64) -> Vec<u8> {
    let mut data = vec![0; 165];
    data[..32].copy_from_slice(&mint);
    data[32..64].copy_from_slice(&owner);
    data[64..72].copy_from_slice(&amount.to_le_bytes());
    data[108] = 1;
    data
}

/// The accounts of a lender and its vault, which lends 50 SOL.
fn lender_accounts(protocol: Protocol) -> Vec<(Key, Key, Vec<u8>)> {
    let has = 50_000_000_000;
    let of = |program: &Key, seeds: &[&[u8]]| {
        Pubkey::find_program_address(seeds, &address(program)).0.to_bytes()
    };
    let receiver = (RECEIVER, TOKEN, token(WSOL, [8; 32], 0));
    let vault = |authority| (VAULT, TOKEN, token(WSOL, authority, has));
    match protocol {
        Protocol::Kamino => {
            let authority = of(&KAMINO_LEND, &[b"lma", &MARKET]);
            let reserve = (RESERVE, KAMINO_LEND, kamino_reserve(has, 11_529_215_046_068));
            vec![reserve, vault(authority), receiver]
        }
        Protocol::Save => {
            let authority = of(&SAVE, &[&MARKET]);
            let reserve = save_reserve(has, 100_000_000_000_000, 20);
            vec![(RESERVE, SAVE, reserve), vault(authority), receiver]
        }
        Protocol::Marginfi => {
            let authority = of(&MARGINFI, &[b"liquidity_vault_auth", &RESERVE]);
            let account = marginfi_account(&payer().public());
            let bank = (RESERVE, MARGINFI, marginfi_bank(1 << 33));
            vec![bank, vault(authority), (MARGIN_ACCOUNT, MARGINFI, account)]
        }
        Protocol::Jupiter => {
            let liquidity = of(&LIQUIDITY_PROGRAM, &[b"liquidity"]);
            let vault = associated_token(&liquidity, &WSOL, &TOKEN);
            let admin = (admin(), JUPITER_FLASH, jupiter_admin(1));
            vec![admin, (vault, TOKEN, token(WSOL, liquidity, has))]
        }
    }
}

/// Two pools and a lender: what bundles are built on, and a bank of the same in which programs stand for
/// theirs. The payer has lamports and two empty token accounts.
fn ground(protocol: Protocol) -> (AccountBook, Local) {
    let mut book = AccountBook::new();
    for mint in [WSOL, OTHER] {
        add_mint(&mut book, mint);
    }
    add_amm_v4(&mut book, AMM, [WSOL, OTHER], [1_000_000_000_000, 150_000_000_000]);
    add_amm_v4(&mut book, AMM_2, [WSOL, OTHER], [1_000_000_000_000, 160_000_000_000]);
    let mut accounts = lender_accounts(protocol);
    for (key, owner, data) in &accounts {
        book.insert(*key, *owner, data.clone(), 0);
    }
    for pool in [AMM, AMM_2] {
        let data = book.get(&key(pool)).unwrap().data.clone();
        accounts.push((key(pool), RAYDIUM_AMM_V4, data));
        for (vault, mint) in [(pool + 1, WSOL), (pool + 2, OTHER)] {
            let held = token(mint, RAYDIUM_AMM_V4_AUTHORITY, 100_000_000_000);
            accounts.push((key(vault), TOKEN, held));
        }
    }
    let payer = payer().public();
    for mint in [WSOL, OTHER] {
        let account = associated_token(&payer, &mint, &TOKEN);
        accounts.push((account, TOKEN, token(mint, payer, 0)));
    }
    accounts.push((payer, SYSTEM, Vec::new()));
    let mut bank = Local::new();
    for (key, owner, data) in &accounts {
        let (name, owner) = (base58::Key(key), base58::Key(owner));
        let lamports = if *key == payer { 1_000_000_000 } else { 50_000_000 };
        let data = STANDARD.encode(data);
        let line = format!(
            "{{\"pubkey\":\"{name}\",\"account\":{{\"owner\":\"{owner}\",\"lamports\":{lamports},\"data\":[\"{data}\",\"base64\"]}}}}"
        );
        bank.read(line.as_bytes()).unwrap();
    }
    bank.builtin(&KAMINO_LEND, Kamino::register);
    bank.builtin(&SAVE, Save::register);
    bank.builtin(&MARGINFI, Marginfi::register);
    bank.builtin(&JUPITER_FLASH, Jupiter::register);
    bank.builtin(&RAYDIUM_AMM_V4, Pool::register);
    bank.at(1000, 1_700_000_000);
    (book, bank)
}

/// A cycle of 5 SOL that asks for `units`.
fn found(book: &AccountBook, units: u32) -> Opportunity {
    let mut made = opportunity(book, &[key(AMM_2), key(AMM)], 5_000_000_000);
    made.compute_units = units;
    settle(&mut made);
    made
}

fn make(builder: &mut Builder<impl Meter>, opportunity: &Opportunity) -> Option<(Bundle, Vec<u8>)> {
    let mut arena = Arena::with_room(0);
    builder.step(Record::of(opportunity), &mut arena);
    arena.records().next().map(|record| {
        let bundle = *record.get::<Bundle>().unwrap().unwrap();
        let tx = bundle.transactions(record.tail::<Bundle>()).next().unwrap().to_vec();
        (bundle, tx)
    })
}

fn with_loan(book: AccountBook, protocol: Protocol) -> Builder {
    let lender = Lender::read(&book, protocol, None, &WSOL).unwrap();
    let given = Blockhash { hash: [0xb5; 32], slot: Some(990) };
    let policy = Policy::DEFAULT;
    Builder::new(book, Payer::Signs(payer()), policy, Some(given)).with_lender(Some(lender))
}

/// What the payer's wrapped SOL became.
fn wrapped(made: &Simulation) -> u64 {
    let account = associated_token(&payer().public(), &WSOL, &TOKEN);
    let changes = made.transactions.iter().flat_map(|ran| &ran.changes);
    let after = changes.rev().find(|change| change.key == account);
    after.and_then(|change| change.after.token).map_or(0, |token| token.amount)
}

#[test]
fn each_lender_lends_to_a_bundle_and_gets_its_own_back_with_the_fee() {
    for (name, protocol) in Protocol::ALL {
        let (book, mut bank) = ground(protocol);
        let fee = Lender::read(&book, protocol, None, &WSOL).unwrap().fee(5_000_000_000).unwrap();
        assert!(fee >= 50_000, "{name}: {fee}");
        let found = found(&book, 400_000);
        let (bundle, tx) = make(&mut with_loan(book.clone(), protocol), &found).unwrap();
        let fee_signed = i64::try_from(fee).unwrap();
        assert_eq!(bundle.net, found.net - fee_signed, "{name}: the loan was not counted");
        let made = bank.run([tx.as_slice()], true);
        assert_eq!(made.fault, None, "{name}");
        // The pools gave the least: what is left pays for fees and tip, and nothing for the lender.
        assert_eq!(wrapped(&made), found.base_fee + found.priority_fee + found.tip, "{name}");
        // With the payer's own money nobody has to lend, and it has none.
        let mut alone = Builder::new(book, Payer::Signs(payer()), Policy::DEFAULT, None);
        let (_, own) = make(&mut alone, &found).unwrap();
        assert_eq!(bank.run([own.as_slice()], false).fault.unwrap().cause, Cause::Failed, "{name}");
    }
}

#[test]
fn a_loan_that_names_a_wrong_place_or_amount_is_refused_by_its_lender() {
    for (name, protocol) in Protocol::ALL {
        let (book, mut bank) = ground(protocol);
        let found = found(&book, 400_000);
        let (_, tx) = make(&mut with_loan(book, protocol), &found).unwrap();
        let amount = 5_000_000_000u64.to_le_bytes();
        // The last place of the instruction that names another one, or the amount, in the bytes.
        let part: &[u8] = match protocol {
            Protocol::Kamino => &[0xb9, 0x75, 0x00, 0xcb, 0x60, 0xf5, 0xb4, 0xba],
            Protocol::Save => &[10, 20],
            Protocol::Marginfi => &[0x0e, 0x83, 0x21, 0xdc, 0x51, 0xba, 0xb4, 0x6b],
            Protocol::Jupiter => &[0xd5, 0x2f, 0x99, 0x89, 0x54, 0xf3, 0x5e, 0xe8],
        };
        let at = tx.windows(part.len()).position(|window| window == part).unwrap() + part.len();
        let place = match protocol {
            Protocol::Kamino | Protocol::Save => {
                assert_eq!(tx[at..at + 8], amount, "{name}");
                // Behind limit and price of the compute budget.
                assert_eq!(tx[at + 8], 2, "{name}");
                at + 8
            }
            // Start, borrow, two swaps, repay, end.
            Protocol::Marginfi => {
                assert_eq!(tx[at], 7);
                at
            }
            Protocol::Jupiter => at,
        };
        for change in [1, 0xff] {
            let mut wrong = tx.clone();
            wrong[place] = wrong[place].wrapping_add(change);
            let fault = bank.run([wrong.as_slice()], false).fault;
            let fault = fault.unwrap_or_else(|| panic!("{name}: it was lent"));
            assert_eq!((fault.cause, fault.code), (Cause::Failed, Some(6009)), "{name}");
        }
        assert_eq!(bank.run([tx.as_slice()], true).fault, None, "{name}");
    }
}

#[test]
fn what_cannot_be_borrowed_is_refused_by_name() {
    let refusal = |book: AccountBook, protocol, amount: u64, payer: Payer| {
        let lender = Lender::read(&book, protocol, None, &WSOL).unwrap();
        let mut builder = Builder::new(book.clone(), payer, Policy::DEFAULT, None);
        builder = builder.with_lender(Some(lender));
        let mut found = found(&book, 400_000);
        found.amounts[0] = amount;
        assert!(make(&mut builder, &found).is_none());
        let counts = builder.counts().clone();
        *Reject::ALL.iter().find(|reject| counts.of(**reject) > 0).unwrap()
    };
    let signs = || Payer::Signs(payer());
    let (book, _) = ground(Protocol::Kamino);
    let large = refusal(book.clone(), Protocol::Kamino, 50_000_000_001, signs());
    assert_eq!(large, Reject::LoanTooLarge);
    assert_eq!(refusal(book.clone(), Protocol::Kamino, 1, signs()), Reject::LoanTooSmall);
    let (margin, _) = ground(Protocol::Marginfi);
    let stranger = Payer::Named([9; 32]);
    let none = refusal(margin, Protocol::Marginfi, 5_000_000_000, stranger);
    assert_eq!(none, Reject::NoLoanAccount);
    // The fee eats more than what is left.
    let mut dear = book;
    dear.insert(RESERVE, KAMINO_LEND, kamino_reserve(u64::MAX, 1 << 59), 0);
    assert_eq!(refusal(dear, Protocol::Kamino, 5_000_000_000, signs()), Reject::Unguarded);
}

/// The bank as a meter.
struct Here(Local);

impl Meter for Here {
    const MEASURES: bool = true;

    fn units(&mut self, _: u64, _: u64, transactions: &[&[u8]]) -> Option<Vec<u64>> {
        let made = self.0.run(transactions.iter().copied(), false);
        let all = made.fault.is_none() && made.transactions.len() == transactions.len();
        all.then(|| made.transactions.iter().map(|ran| ran.units).collect())
    }
}

#[test]
fn the_units_that_a_loan_really_uses_are_asked_for() {
    let (book, bank) = ground(Protocol::Kamino);
    let found = found(&book, 1_000_000);
    let mut builder = with_loan(book.clone(), Protocol::Kamino).with_meter(Here(bank));
    let (bundle, tx) = make(&mut builder, &found).unwrap();
    assert_eq!((builder.counts().measured, builder.counts().unmeasured), (1, 0));
    // Two calls of the lender and two of pools, their transfers, budget and tip.
    let (_, mut bank) = ground(Protocol::Kamino);
    let used = bank.run([tx.as_slice()], true).units();
    assert!((160_000..300_000).contains(&used), "{used}");
    assert_eq!(u64::from(bundle.compute_units), used + used.div_ceil(10));
    let fee = priority_fee(found.cu_price_micro, bundle.compute_units).unwrap();
    assert!(fee < found.priority_fee);
}
