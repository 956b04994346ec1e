//! Lenders from account bytes written by hand; instructions held against what the programs' public
//! sources say, names hashed anew.

use super::*;
use crate::dex::associated_token;
use crate::dex::build::derived;
use crate::ids::{
    ASSOCIATED_TOKEN, INSTRUCTIONS, JUPITER_FLASH, KAMINO_LEND, MARGINFI, SAVE, SYSTEM, TOKEN, WSOL,
};
use sha2::{Digest, Sha256};

pub(crate) const RESERVE: Key = [0xd1; 32];
pub(crate) const MARKET: Key = [0xd2; 32];
pub(crate) const VAULT: Key = [0xd3; 32];
pub(crate) const RECEIVER: Key = [0xd4; 32];
pub(crate) const MARGIN_ACCOUNT: Key = [0xd5; 32];
pub(crate) const LIQUIDITY_PROGRAM: Key = [0xd6; 32];
const BORROWER: Key = [0xe1; 32];
const OWN: Key = [0xe2; 32];

/// The first eight bytes of the hash of `name`.
fn hashed(name: &str) -> [u8; 8] {
    Sha256::digest(name)[..8].try_into().unwrap()
}

fn bytes(len: usize, parts: &[(usize, &[u8])]) -> Vec<u8> {
    let mut data = vec![0; len];
    for (at, part) in parts {
        data[*at..][..part.len()].copy_from_slice(part);
    }
    data
}

/// A reserve of wrapped SOL with `available` that takes `fee_sf / 2^60`.
pub(crate) fn kamino_reserve(available: u64, fee_sf: u64) -> Vec<u8> {
    let parts: [(usize, &[u8]); 8] = [
        (0, &hashed("account:Reserve")),
        (32, &MARKET),
        (128, &WSOL),
        (160, &VAULT),
        (192, &RECEIVER),
        (224, &available.to_le_bytes()),
        (408, &TOKEN),
        (4904, &fee_sf.to_le_bytes()),
    ];
    bytes(8624, &parts)
}

/// A reserve of wrapped SOL with `available` that takes `fee_wad / 10^18`, `host` percent of it for hosts.
pub(crate) fn save_reserve(available: u64, fee_wad: u64, host: u8) -> Vec<u8> {
    let parts: [(usize, &[u8]); 8] = [
        (0, &[1]),
        (10, &MARKET),
        (42, &WSOL),
        (75, &VAULT),
        (171, &available.to_le_bytes()),
        (314, &fee_wad.to_le_bytes()),
        (322, &[host]),
        (339, &RECEIVER),
    ];
    bytes(1219, &parts)
}

/// A bank of wrapped SOL that takes `fee_bits / 2^48`.
pub(crate) fn marginfi_bank(fee_bits: i128) -> Vec<u8> {
    let parts: [(usize, &[u8]); 6] = [
        (0, &hashed("account:Bank")),
        (8, &WSOL),
        (41, &MARKET),
        (112, &VAULT),
        (480, &fee_bits.to_le_bytes()),
        (608, &[1]),
    ];
    bytes(1864, &parts)
}

/// An account of `authority` without a balance.
pub(crate) fn marginfi_account(authority: &Key) -> Vec<u8> {
    let name = hashed("account:MarginfiAccount");
    bytes(2312, &[(0, &name), (8, &MARKET), (40, authority)])
}

/// The account that holds fee and state.
pub(crate) fn jupiter_admin(fee_bps: u16) -> Vec<u8> {
    let parts: [(usize, &[u8]); 5] = [
        (0, &hashed("account:FlashloanAdmin")),
        (8, &[7; 32]),
        (40, &LIQUIDITY_PROGRAM),
        (72, &[1]),
        (73, &fee_bps.to_le_bytes()),
    ];
    bytes(93, &parts)
}

/// The key of the account of [`jupiter_admin`].
pub(crate) fn admin() -> Key {
    derived(&JUPITER_FLASH, &[b"flashloan_admin"])
}

/// A token account of wrapped SOL with `amount`.
pub(crate) fn wrapped(owner: &Key, amount: u64) -> Vec<u8> {
    bytes(165, &[(0, &WSOL), (32, owner), (64, &amount.to_le_bytes()), (108, &[1])])
}

fn book(accounts: &[(Key, Key, Vec<u8>)]) -> AccountBook {
    let mut book = AccountBook::new();
    for (key, owner, data) in accounts {
        book.insert(*key, *owner, data.clone(), 0);
    }
    book
}

fn read(accounts: &[(Key, Key, Vec<u8>)], protocol: Protocol) -> Result<Lender, LoanFault> {
    Lender::read(&book(accounts), protocol, None, &WSOL)
}

const LOAN: Loan<'static> = Loan { borrower: &BORROWER, account: &OWN, amount: 1_000_000 };

/// Program, accounts as (key, writes, signs), and data.
fn told(ix: &Ix) -> (Key, Vec<(Key, bool, bool)>, Vec<u8>) {
    let meta = |meta: &solana_sdk::instruction::AccountMeta| {
        (meta.pubkey.to_bytes(), meta.is_writable, meta.is_signer)
    };
    let accounts = ix.accounts.iter().map(meta).collect();
    (ix.program_id.to_bytes(), accounts, ix.data.clone())
}

const R: (bool, bool) = (false, false);
const W: (bool, bool) = (true, false);

fn listed(accounts: &[(Key, (bool, bool))]) -> Vec<(Key, bool, bool)> {
    accounts.iter().map(|(key, (writes, signs))| (*key, *writes, *signs)).collect()
}

fn named(name: &str, arguments: &[&[u8]]) -> Vec<u8> {
    [&hashed(name)[..], &arguments.concat()].concat()
}

#[test]
fn kamino_names_the_same_twelve_accounts_and_the_place_of_the_borrow() {
    // IDL of klend: flashBorrowReserveLiquidity, flashRepayReserveLiquidity.
    let lender =
        read(&[(RESERVE, KAMINO_LEND, kamino_reserve(5_000_000, 1 << 50))], Protocol::Kamino);
    let lender = lender.unwrap();
    let accounts = listed(&[
        (BORROWER, (false, true)),
        (derived(&KAMINO_LEND, &[b"lma", &MARKET]), R),
        (MARKET, R),
        (RESERVE, W),
        (WSOL, R),
        (VAULT, W),
        (OWN, W),
        (RECEIVER, W),
        (KAMINO_LEND, R),
        (KAMINO_LEND, R),
        (INSTRUCTIONS, R),
        (TOKEN, R),
    ]);
    let amount = 1_000_000u64.to_le_bytes();
    let [borrow] = lender.borrow(&LOAN, 3, 2).unwrap().try_into().unwrap();
    let data = named("global:flash_borrow_reserve_liquidity", &[&amount]);
    assert_eq!(told(&borrow), (KAMINO_LEND, accounts.clone(), data));
    let [repay] = lender.repay(&LOAN, 3).unwrap().try_into().unwrap();
    let data = named("global:flash_repay_reserve_liquidity", &[&amount, &[3]]);
    assert_eq!(told(&repay), (KAMINO_LEND, accounts, data));
    assert_eq!((lender.borrow_count(), lender.fee(1_000_000)), (1, Ok(977)));
    assert_eq!(lender.fee(5_000_001), Err(LoanFault::TooLarge));
    assert_eq!(lender.repay(&LOAN, 256).err(), Some(LoanFault::TooLarge));
}

#[test]
fn the_authority_of_kamino_s_main_market_is_the_known_one() {
    let key = |text| crate::bytes::base58::key(text).unwrap();
    let market = key("7u3HeHxYDLhnCoErrtycNokbQYbWGzLs6JSDqGAv5PfF");
    let authority = key("9DrvZvyWh1HuAoZxvYWMvkf2XCzryCpGgHqrMjyDWpmo");
    assert_eq!(derived(&KAMINO_LEND, &[b"lma", &market]), authority);
}

#[test]
fn save_names_its_accounts_in_the_order_of_its_instructions() {
    let lender = read(
        &[(RESERVE, SAVE, save_reserve(5_000_000, 3_000_000_000_000_000, 20))],
        Protocol::Save,
    );
    let lender = lender.unwrap();
    let amount = 1_000_000u64.to_le_bytes();
    let authority = derived(&SAVE, &[&MARKET]);
    let [borrow] = lender.borrow(&LOAN, 4, 2).unwrap().try_into().unwrap();
    let accounts = [
        (VAULT, W),
        (OWN, W),
        (RESERVE, W),
        (MARKET, R),
        (authority, R),
        (INSTRUCTIONS, R),
        (TOKEN, R),
    ];
    let data = [&[19][..], &amount].concat();
    assert_eq!(told(&borrow), (SAVE, listed(&accounts), data));
    let [repay] = lender.repay(&LOAN, 4).unwrap().try_into().unwrap();
    let accounts = [
        (OWN, W),
        (VAULT, W),
        (RECEIVER, W),
        (RECEIVER, W),
        (RESERVE, W),
        (MARKET, R),
        (BORROWER, (false, true)),
        (INSTRUCTIONS, R),
        (TOKEN, R),
    ];
    let data = [&[20][..], &amount, &[4]].concat();
    assert_eq!(told(&repay), (SAVE, listed(&accounts), data));
    // 0.3 percent (the source's example), half up, at least one for each of owner and host.
    let fee = |amount| lender.fee(amount);
    assert_eq!((fee(1_000_000), fee(1_000_166), fee(1_000_167)), (Ok(3000), Ok(3000), Ok(3001)));
    assert_eq!((fee(3), fee(2), fee(0)), (Ok(2), Err(LoanFault::TooSmall), Ok(0)));
    let alone = read(&[(RESERVE, SAVE, save_reserve(9, 1, 0))], Protocol::Save).unwrap();
    assert_eq!((alone.fee(2), alone.fee(1)), (Ok(1), Err(LoanFault::TooSmall)));
    let free = read(&[(RESERVE, SAVE, save_reserve(9, 0, 0))], Protocol::Save).unwrap();
    assert_eq!(free.fee(9), Ok(0));
}

#[test]
fn marginfi_lends_between_start_and_end_to_an_account_without_balances() {
    let bank = || (RESERVE, MARGINFI, marginfi_bank(1 << 40));
    let accounts = [
        bank(),
        (VAULT, TOKEN, wrapped(&[9; 32], 2_000_000)),
        (MARGIN_ACCOUNT, MARGINFI, marginfi_account(&BORROWER)),
    ];
    let lender = read(&accounts, Protocol::Marginfi).unwrap();
    let amount = 1_000_000u64.to_le_bytes();
    let [start, borrow] = lender.borrow(&LOAN, 2, 3).unwrap().try_into().unwrap();
    let signer = (BORROWER, (false, true));
    // Start 2, borrow 3, three between, repay 7, end 8.
    let data = named("global:lending_account_start_flashloan", &[&8u64.to_le_bytes()]);
    let first = listed(&[(MARGIN_ACCOUNT, W), signer, (INSTRUCTIONS, R)]);
    assert_eq!(told(&start), (MARGINFI, first, data));
    let authority = derived(&MARGINFI, &[b"liquidity_vault_auth", &RESERVE]);
    let before = [(MARKET, R), (MARGIN_ACCOUNT, W), signer, (RESERVE, W), (OWN, W)];
    let list = listed(&[&before[..], &[(authority, R), (VAULT, W), (TOKEN, R)]].concat());
    let data = named("global:lending_account_borrow", &[&amount]);
    assert_eq!(told(&borrow), (MARGINFI, list, data));
    let [repay, end] = lender.repay(&LOAN, 2).unwrap().try_into().unwrap();
    let list = listed(&[&before[..], &[(VAULT, W), (TOKEN, R)]].concat());
    let data = named("global:lending_account_repay", &[&amount, &[1, 1]]);
    assert_eq!(told(&repay), (MARGINFI, list, data));
    let data = named("global:lending_account_end_flashloan", &[]);
    assert_eq!(told(&end), (MARGINFI, listed(&[(MARGIN_ACCOUNT, W), signer]), data));
    // 2^-8 of the amount, up.
    assert_eq!((lender.fee(256), lender.fee(257), lender.borrow_count()), (Ok(1), Ok(2), 2));
    assert_eq!(lender.fee(2_000_001), Err(LoanFault::TooLarge));
    // Whose accounts have balances, are busy or of another group has none.
    let changes: [(usize, u8); 4] = [(72, 1), (72 + 15 * 104, 1), (1800, 2), (8, 0)];
    for (at, value) in changes {
        let mut changed = accounts.clone();
        changed[2].2[at] = value;
        let lender = read(&changed, Protocol::Marginfi).unwrap();
        assert_eq!(lender.borrow(&LOAN, 2, 3).err(), Some(LoanFault::NoAccount), "{at}");
    }
    let mut paused = accounts.clone();
    paused[0].2[608] = 0;
    assert_eq!(read(&paused, Protocol::Marginfi).err(), Some(LoanFault::Disabled));
    let free = [(RESERVE, MARGINFI, marginfi_bank(0)), accounts[2].clone()];
    let free = read(&free, Protocol::Marginfi).unwrap();
    assert_eq!(free.fee(u64::MAX), Ok(0), "what the vault has is not known");
}

#[test]
fn jupiter_names_the_same_fourteen_accounts_in_both() {
    let vault = associated_token(&derived(&LIQUIDITY_PROGRAM, &[b"liquidity"]), &WSOL, &TOKEN);
    let accounts =
        [(admin(), JUPITER_FLASH, jupiter_admin(5)), (vault, TOKEN, wrapped(&[9; 32], 7_000_000))];
    let lender = read(&accounts, Protocol::Jupiter).unwrap();
    let of = |seeds: &[&[u8]]| derived(&LIQUIDITY_PROGRAM, seeds);
    let list = listed(&[
        (BORROWER, (true, true)),
        (admin(), W),
        (OWN, W),
        (WSOL, R),
        (of(&[b"reserve", &WSOL]), W),
        (of(&[b"user_borrow_position", &WSOL, &admin()]), W),
        (of(&[b"rate_model", &WSOL]), R),
        (vault, W),
        (of(&[b"liquidity"]), R),
        (LIQUIDITY_PROGRAM, R),
        (TOKEN, R),
        (ASSOCIATED_TOKEN, R),
        (SYSTEM, R),
        (INSTRUCTIONS, R),
    ]);
    let amount = 1_000_000u64.to_le_bytes();
    let [borrow] = lender.borrow(&LOAN, 2, 3).unwrap().try_into().unwrap();
    let data = named("global:flashloan_borrow", &[&amount]);
    assert_eq!(told(&borrow), (JUPITER_FLASH, list.clone(), data));
    let [repay] = lender.repay(&LOAN, 2).unwrap().try_into().unwrap();
    let data = named("global:flashloan_payback", &[&amount]);
    assert_eq!(told(&repay), (JUPITER_FLASH, list, data));
    let fee = |amount| lender.fee(amount);
    assert_eq!((fee(2000), fee(2001), fee(1000)), (Ok(1), Ok(2), Ok(1)));
    assert_eq!((fee(999), fee(7_000_001)), (Err(LoanFault::TooSmall), Err(LoanFault::TooLarge)));
    let mut paused = accounts;
    paused[0].2[72] = 0;
    assert_eq!(read(&paused, Protocol::Jupiter).err(), Some(LoanFault::Disabled));
}

#[test]
fn a_reserve_is_the_one_named_or_the_only_one() {
    let kamino = |key, fee| (key, KAMINO_LEND, kamino_reserve(9, fee));
    let two = book(&[kamino(RESERVE, 0), kamino([0xd9; 32], 1)]);
    let of = |book: &AccountBook, key: Option<Key>, mint: &Key| {
        Lender::read(book, Protocol::Kamino, key.as_ref(), mint).err()
    };
    assert_eq!(of(&two, None, &WSOL), Some(LoanFault::ManyReserves));
    assert_eq!(of(&two, Some(RESERVE), &WSOL), None);
    assert_eq!(of(&two, Some([1; 32]), &WSOL), Some(LoanFault::NoReserve));
    assert_eq!(of(&two, Some(RESERVE), &[1; 32]), Some(LoanFault::NotReserve));
    assert_eq!(of(&two, None, &[1; 32]), Some(LoanFault::NoReserve));
    let closed = book(&[kamino(RESERVE, u64::MAX)]);
    assert_eq!(of(&closed, None, &WSOL), Some(LoanFault::Disabled));
    // Cut off anywhere, an account is no reserve, or one of what is left.
    for (protocol, owner, whole) in [
        (Protocol::Kamino, KAMINO_LEND, kamino_reserve(9, 1)),
        (Protocol::Save, SAVE, save_reserve(9, 1, 1)),
        (Protocol::Marginfi, MARGINFI, marginfi_bank(1)),
    ] {
        for len in 0..whole.len() {
            let cut = book(&[(RESERVE, owner, whole[..len].to_vec())]);
            let read = Lender::read(&cut, protocol, Some(&RESERVE), &WSOL);
            let late = protocol == Protocol::Kamino && len >= 4912;
            let late = late || (protocol == Protocol::Marginfi && len >= 609);
            assert_eq!(read.is_ok(), late, "{} {len}", protocol.name());
        }
    }
    let admin_whole = jupiter_admin(1);
    for len in 0..75 {
        let cut = [(admin(), JUPITER_FLASH, admin_whole[..len].to_vec())];
        assert!(read(&cut, Protocol::Jupiter).is_err(), "{len}");
    }
}

#[test]
fn every_lender_has_a_name_and_every_fault_words() {
    for (name, protocol) in Protocol::ALL {
        assert_eq!(protocol.name(), name);
    }
    for fault in [LoanFault::NoReserve, LoanFault::NotReserve, LoanFault::ManyReserves] {
        assert!(!fault.words().is_empty());
    }
}
