//! Pool and vault accounts made here: no real one was at hand.

#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "test fixtures")]

use super::super::accounts::tests::put;
use super::super::model::{Joined, join};
use super::super::token::tests::{account_bytes, mint_bytes};
use super::super::{AccountBook, Clock, Unsupported};
use super::names::{ACCOUNTS, POOL_ACCOUNT, VAULT_ACCOUNT};
use crate::ids::{METEORA_VAULT, TOKEN, Venue};
use crate::record::{Curve, Layout, Pool, PoolStatus};
use proptest::prelude::*;

const VENUE: Venue = Venue::MeteoraDammV1;

/// A product of 25 bps, of which the protocol has a fifth: mints 4 and 5, lending vaults 6 and 7,
/// shares 8 and 9.
fn pool_bytes() -> Vec<u8> {
    let mut data = vec![0; 875];
    put(&mut data, 0, &POOL_ACCOUNT);
    for (at, n) in [(40, 4), (72, 5), (104, 6), (136, 7), (168, 8), (200, 9)] {
        put(&mut data, at, &[n; 32]);
    }
    for (at, value) in [(330, 250u64), (338, 100_000), (346, 20_000), (354, 100_000)] {
        put(&mut data, at, &value.to_le_bytes());
    }
    data[233] = 1;
    data
}

/// A lending vault of `mint`, of 1000 in all, whose profit of 100 was reported at 50 and is
/// released in ten seconds.
fn vault_bytes(mint: u8, tokens: u8, share_mint: u8) -> Vec<u8> {
    let mut data = vec![0; 1227];
    put(&mut data, 0, &VAULT_ACCOUNT);
    put(&mut data, 11, &1000u64.to_le_bytes());
    for (at, n) in [(19, tokens), (83, mint), (115, share_mint)] {
        put(&mut data, at, &[n; 32]);
    }
    for (at, value) in [(1203, 100u64), (1211, 50), (1219, 100_000_000_000)] {
        put(&mut data, at, &value.to_le_bytes());
    }
    data
}

fn share_mint(supply: u64) -> Vec<u8> {
    let mut data = mint_bytes(6, &[]);
    put(&mut data, 36, &supply.to_le_bytes());
    data
}

/// The pool has 300 of 900 shares of a and 2 of 3 of b.
fn book_of(pool: &[u8]) -> AccountBook {
    let mut book = AccountBook::new();
    book.insert([1; 32], VENUE.programs()[0], pool.to_vec(), 9);
    for [lending, tokens, mint, shares, minted] in [[6, 2, 4, 8, 10], [7, 3, 5, 9, 11]] {
        let (held, supply) = if mint == 4 { (300, 900) } else { (2, 3) };
        book.insert([lending; 32], METEORA_VAULT, vault_bytes(mint, tokens, minted), 9);
        book.insert([tokens; 32], TOKEN, account_bytes(&[mint; 32], &[lending; 32], 70), 8);
        book.insert([shares; 32], TOKEN, account_bytes(&[minted; 32], &[1; 32], held), 7);
        book.insert([minted; 32], TOKEN, share_mint(supply), 6);
        book.insert([mint; 32], TOKEN, mint_bytes(6, &[]), 9);
    }
    book
}

fn read(pool: &[u8], unix_s: Option<u64>) -> (Pool, Option<Unsupported>) {
    let joined = join(&book_of(pool), Clock { epoch: None, unix_s });
    assert_eq!(joined.wrong, []);
    assert_eq!(joined.pools[0].0.invalid(), None);
    joined.pools[0]
}

#[test]
fn reserves_are_what_the_shares_are_worth() {
    let data = pool_bytes();
    let worth = |unix_s| {
        let (pool, unsupported) = read(&data, unix_s);
        assert_eq!(unsupported, Some(Unsupported::LendingVault));
        assert_eq!(pool.status, PoolStatus::Unsupported as u8);
        (pool.reserve_a, pool.reserve_b)
    };
    // 900 and 950 are unlocked, at last all of 1000.
    assert_eq!(
        [worth(None), worth(Some(50)), worth(Some(55))],
        [(300, 600), (300, 600), (316, 633)]
    );
    assert_eq!([worth(Some(60)), worth(Some(u64::MAX))], [(333, 666); 2]);
    let (pool, _) = read(&data, None);
    assert_eq!((pool.fee_num, pool.fee_den, pool.protocol_ppm), (250, 100_000, 200_000));
    assert_eq!((pool.vault_a, pool.vault_b, pool.slot), ([2; 32], [3; 32], 7));
    assert_eq!((pool.curve, pool.present & Pool::STABLE), (Curve::Product as u8, 0));
}

#[test]
fn a_stable_pool_carries_its_amplification() {
    let mut data = pool_bytes();
    data.resize(925, 0);
    data[874] = 1;
    put(&mut data, 875, &60u64.to_le_bytes());
    let (pool, _) = read(&data, None);
    assert_eq!((pool.curve, pool.amp, pool.amp_target), (Curve::Stable as u8, 60, 60));
    assert_ne!(pool.present & Pool::STABLE, 0);
    data.truncate(924);
    let wrong = join(&book_of(&data), Clock::default()).wrong;
    assert_eq!(wrong, [([1; 32], "wrong_len")]);
}

#[test]
fn every_missing_or_broken_part_is_named() {
    let first = |joined: &Joined| joined.wrong.first().map(|(key, name)| (key[0], *name));
    let missing = |gone: u8| {
        let whole = book_of(&pool_bytes());
        let mut book = AccountBook::new();
        for key in (1..=11).filter(|n| *n != gone).map(|n| [n; 32]) {
            let account = whole.get(&key).unwrap().clone();
            book.insert(key, account.owner, account.data, account.slot);
        }
        first(&join(&book, Clock::default()))
    };
    for (gone, name) in [
        (6, "lending_a"),
        (7, "lending_b"),
        (8, "shares_a"),
        (9, "shares_b"),
        (10, "share_mint_a"),
        (11, "share_mint_b"),
        (2, "vault_a"),
        (3, "vault_b"),
    ] {
        assert_eq!(missing(gone), Some((gone, name)));
    }
    let with = |key: u8, owner, data: Vec<u8>| {
        let mut book = book_of(&pool_bytes());
        book.insert([key; 32], owner, data, 99);
        first(&join(&book, Clock::default()))
    };
    assert_eq!(with(6, TOKEN, vault_bytes(4, 2, 10)), Some((6, "wrong_owner")));
    assert_eq!(with(7, METEORA_VAULT, vec![1; 1227]), Some((7, "wrong_discriminator")));
    assert_eq!(with(6, METEORA_VAULT, vault_bytes(5, 2, 10)), Some((6, "vault_mint")));
    assert_eq!(with(8, TOKEN, account_bytes(&[9; 32], &[1; 32], 1)), Some((8, "vault_mint")));
    assert_eq!(with(10, TOKEN, share_mint(0)), Some((6, "owed_exceeds_vault")));
    let mut owes = vault_bytes(4, 2, 10);
    put(&mut owes, 1203, &1001u64.to_le_bytes());
    assert_eq!(with(6, METEORA_VAULT, owes), Some((6, "owed_exceeds_vault")));
    for len in 8..1227 {
        let short = with(6, METEORA_VAULT, vault_bytes(4, 2, 10)[..len].to_vec());
        assert_eq!(short, Some((6, "wrong_len")), "{len}");
    }
    let pool = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut data = pool_bytes();
        change(&mut data);
        first(&join(&book_of(&data), Clock::default()))
    };
    for len in 1..875 {
        assert_eq!(pool(&|data| data.truncate(len)), Some((1, "wrong_len")), "{len}");
    }
    assert_eq!(pool(&|data| data[874] = 2), Some((1, "bad_value")));
    assert_eq!(pool(&|data| put(data, 338, &[0; 8])), Some((1, "bad_fee")));
    assert_eq!(pool(&|data| put(data, 354, &[0; 8])), Some((1, "bad_fee")));
    assert_eq!(pool(&|data| data[0] ^= 1), Some((1, "wrong_discriminator")));
    for (_, kind) in ACCOUNTS {
        let mut book = AccountBook::new();
        book.insert([1; 32], VENUE.programs()[0], kind.to_vec(), 1);
        assert!(join(&book, Clock::default()).wrong.is_empty());
    }
}

proptest! {
    #[test]
    fn hostile_accounts_never_panic(
        mut data in proptest::collection::vec(any::<u8>(), 925),
        mut vault in proptest::collection::vec(any::<u8>(), 1227),
        unix_s: Option<u64>, curve in 0u8..2,
    ) {
        put(&mut data, 0, &pool_bytes()[..232]);
        data[874] = curve;
        put(&mut vault, 0, &VAULT_ACCOUNT);
        put(&mut vault, 19, &vault_bytes(4, 2, 10)[19..147]);
        let mut book = book_of(&data);
        book.insert([6; 32], METEORA_VAULT, vault, 99);
        let _ = join(&book, Clock { epoch: None, unix_s });
    }
}
