//! Pool accounts made here: no real one was at hand.

#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "test fixtures")]

use super::super::accounts::tests::put;
use super::super::model::{join, pool_book};
use super::super::{AccountBook, Clock, Unsupported};
use super::account::{SQRT_MAX, SQRT_MIN};
use super::names::{ACCOUNTS, POOL_ACCOUNT};
use crate::ids::{TOKEN_2022, Venue};
use crate::record::{Curve, Layout, Pool, PoolStatus};
use proptest::prelude::*;

const VENUE: Venue = Venue::MeteoraDammV2;
const LEN: usize = 1112;

/// A pool of 25 bps that opened at slot 5: vaults 2 and 3, mints 4 and 5.
fn pool_bytes() -> Vec<u8> {
    let mut data = vec![0; LEN];
    put(&mut data, 0, &POOL_ACCOUNT);
    put(&mut data, 8, &2_500_000u64.to_le_bytes());
    (data[48], data[50], data[484], data[486]) = (20, 20, 1, 1);
    for (at, n) in [(168, 4), (200, 5), (232, 2), (264, 3)] {
        put(&mut data, at, &[n; 32]);
    }
    for (at, value) in [(360, 1 << 90), (424, SQRT_MIN), (440, SQRT_MAX), (456, 1u128 << 64)] {
        put(&mut data, at, &value.to_le_bytes());
    }
    put(&mut data, 472, &5u64.to_le_bytes());
    data
}

fn at(unix_s: Option<u64>) -> Clock {
    Clock { epoch: None, unix_s }
}

fn read(data: &[u8], clock: Clock) -> (Pool, Option<Unsupported>) {
    let joined = join(&pool_book(VENUE, data), clock);
    assert_eq!(joined.wrong, []);
    assert_eq!(joined.pools[0].0.invalid(), None);
    joined.pools[0]
}

#[test]
fn a_range_carries_its_price_its_ends_and_its_fee() {
    let mut data = pool_bytes();
    let (pool, unsupported) = read(&data, Clock::default());
    assert_eq!((unsupported, pool.status, pool.curve), (None, 0, Curve::Range as u8));
    assert_eq!((pool.sqrt_price, pool.liquidity), (1 << 64, 1 << 90));
    assert_eq!((pool.sqrt_min, pool.sqrt_max), (SQRT_MIN, SQRT_MAX));
    assert_eq!((pool.fee_num, pool.fee_den, pool.fee_side), (2_500_000, 1_000_000_000, 2));
    assert_eq!((pool.protocol_ppm, pool.fund_ppm), (200_000, 0));
    assert_eq!((pool.reserve_a, pool.reserve_b, pool.decimals_a), (70, 80, 9));
    assert_eq!(pool.present & Pool::OPEN_TIME, 0);
    data[484] = 0;
    assert_eq!(read(&data, Clock::default()).0.fee_side, 3);
    // The highest fee is a half of an old pool, 99 % of a new one.
    put(&mut data, 8, &999_999_999u64.to_le_bytes());
    assert_eq!(read(&data, Clock::default()).0.fee_num, 990_000_000);
    data[486] = 0;
    assert_eq!(read(&data, Clock::default()).0.fee_num, 500_000_000);
}

#[test]
fn a_pool_that_compounds_is_a_product() {
    let mut data = pool_bytes();
    (data[484], data[54]) = (2, 0);
    put(&mut data, 54, &2500u16.to_le_bytes());
    put(&mut data, 424, &[0; 16]);
    put(&mut data, 440, &[0xff; 16]);
    for (at, amount) in [(680, 11u64), (688, 12)] {
        put(&mut data, at, &amount.to_le_bytes());
    }
    let (pool, unsupported) = read(&data, Clock::default());
    assert_eq!((unsupported, pool.curve, pool.fee_side), (None, Curve::Product as u8, 2));
    assert_eq!((pool.reserve_a, pool.reserve_b), (11, 12));
    assert_eq!(pool.present & (Pool::SQRT_PRICE | Pool::LIQUIDITY | Pool::SQRT_RANGE), 0);
    // Of the fee 20 % are the protocol's, and of the rest a quarter stays.
    assert_eq!((pool.protocol_ppm, pool.fund_ppm), (200_000, 600_000));
    put(&mut data, 680, &[0; 8]);
    assert_eq!(join(&pool_book(VENUE, &data), Clock::default()).wrong, [([1; 32], "zero_reserve")]);
}

#[test]
fn a_fee_falls_by_time_or_is_unsupported() {
    let fee = |mode: u8, words: [u64; 3], by_time: u8, unix_s: Option<u64>| {
        let mut data = pool_bytes();
        (data[16], data[480]) = (mode, by_time);
        put(&mut data, 22, &u16::try_from(words[0]).unwrap().to_le_bytes());
        put(&mut data, 24, &words[1].to_le_bytes());
        put(&mut data, 32, &words[2].to_le_bytes());
        let (pool, unsupported) = read(&data, at(unix_s));
        let marked = unsupported.is_some() == (pool.status == PoolStatus::Unsupported as u8);
        assert!(marked && unsupported.is_none_or(|why| why == Unsupported::FeeSchedule));
        (pool.fee_num, pool.present & Pool::FEE_FALLS == 0 && unsupported.is_none())
    };
    // The account is of slot 9, the pool opened at 5: four periods of 1, or of 2.
    assert_eq!(fee(0, [4, 1, 100_000], 0, None), (2_100_000, true));
    assert_eq!(fee(0, [4, 2, 100_000], 0, None), (2_500_000, false));
    assert_eq!(fee(1, [1, 4, 5000], 0, None), (1_250_000, true));
    assert_eq!(fee(0, [4, 1, 100_000], 1, None), (2_500_000, false));
    assert_eq!(fee(0, [4, 1, 100_000], 1, Some(9)), (2_100_000, true));
    // A rate limiter of none, one that is over, one that is not.
    assert_eq!(fee(2, [0, 0, 0], 1, None), (2_500_000, true));
    assert_eq!(fee(2, [10, 3, 7], 0, None), (2_500_000, true));
    assert_eq!(fee(2, [10, 4, 7], 0, None), (2_500_000, false));
    // By price: the step in the lower half of the word, the duration in the upper.
    assert_eq!(fee(3, [2, (3 << 32) + 10, 100_000], 0, None), (2_300_000, true));
    assert_eq!(fee(4, [1, (4 << 32) + 10, 5000], 0, None), (2_500_000, false));
}

#[test]
fn a_dynamic_fee_is_read_and_its_time_counts() {
    let mut data = pool_bytes();
    (data[56], data[480]) = (1, 1);
    assert_eq!(read(&data, Clock::default()).1, Some(Unsupported::AdaptiveFee));
    put(&mut data, 72, &1_u16.to_le_bytes());
    put(&mut data, 88, &1_844_674_407_370_955_u128.to_le_bytes());
    put(&mut data, 120, &77_u128.to_le_bytes());
    put(&mut data, 80, &9u64.to_le_bytes());
    put(&mut data, 22, &4u16.to_le_bytes());
    put(&mut data, 24, &1u64.to_le_bytes());
    put(&mut data, 32, &100_000u64.to_le_bytes());
    let (pool, unsupported) = read(&data, Clock::default());
    assert_eq!((pool.fee_num, pool.vol_acc, unsupported), (2_100_000, 77, None));
    assert_eq!(pool.present & Pool::FEE_FALLS, 0);
    put(&mut data, 80, &8u64.to_le_bytes());
    let (pool, unsupported) = read(&data, Clock::default());
    assert_eq!((pool.fee_num, pool.fall_step, unsupported), (2_500_000, 100_000, None));
    assert_eq!((pool.fall_start, pool.fall_every, pool.fall_count), (5, 1, 4));
    data[484] = 2;
    put(&mut data, 680, &[1; 16]);
    assert_eq!(read(&data, Clock::default()).1, Some(Unsupported::AdaptiveFee));
}

#[test]
fn a_pool_opens_and_closes() {
    let mut data = pool_bytes();
    put(&mut data, 472, &10u64.to_le_bytes());
    assert_eq!(read(&data, Clock::default()).0.status, PoolStatus::Waiting as u8);
    data[480] = 1;
    let (pool, _) = read(&data, at(Some(9)));
    assert_eq!((pool.status, pool.open_time), (PoolStatus::Waiting as u8, 10));
    assert_eq!(read(&data, at(Some(10))).0.status, PoolStatus::Open as u8);
    data[481] = 1;
    assert_eq!(read(&data, at(Some(10))).0.status, PoolStatus::Disabled as u8);
}

#[test]
fn every_broken_part_is_named() {
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut data = pool_bytes();
        change(&mut data);
        join(&pool_book(VENUE, &data), Clock::default()).wrong.first().map(|(key, n)| (key[0], *n))
    };
    for (offset, value) in [(16, 5), (480, 2), (481, 2), (484, 3), (486, 2)] {
        assert_eq!(with(&|data| data[offset] = value), Some((1, "bad_value")), "{offset}");
    }
    assert_eq!(with(&|data| data[48] = 101), Some((1, "bad_fee")));
    for (offset, price) in [(424, 0), (424, 1 << 65), (440, 1 << 60), (440, SQRT_MAX + 1)] {
        let wrong = with(&|data| put(data, offset, &u128::to_le_bytes(price)));
        assert_eq!(wrong, Some((1, "bad_sqrt_price")));
    }
    assert_eq!(with(&|data| put(data, 168, &[5; 32])), Some((1, "same_mint")));
    assert_eq!(with(&|data| put(data, 264, &[44; 32])), Some((44, "vault_b")));
    assert_eq!(with(&|data| data[0] ^= 1), Some((1, "wrong_discriminator")));
    for len in 1..LEN {
        assert_eq!(with(&|data| data.truncate(len)), Some((1, "wrong_len")), "{len}");
    }
    for (_, kind) in ACCOUNTS {
        let joined = join(&pool_book(VENUE, &kind), Clock::default());
        assert!(joined.pools.is_empty() && joined.wrong.is_empty());
    }
}

#[test]
fn a_plain_mint_may_be_missing_and_another_may_not() {
    let without = |program| {
        let whole = pool_book(VENUE, &pool_bytes());
        let mut book = AccountBook::new();
        for key in [1, 2, 3, 5].map(|n| [n; 32]) {
            let account = whole.get(&key).unwrap().clone();
            let owner = if key == [2; 32] { program } else { account.owner };
            book.insert(key, owner, account.data, account.slot);
        }
        join(&book, Clock::default())
    };
    let joined = without(crate::ids::TOKEN);
    assert_eq!((joined.wrong.len(), joined.pools[0].0.present & Pool::DECIMALS), (0, 0));
    let joined = without(TOKEN_2022);
    assert_eq!((joined.pools.len(), &joined.wrong[..]), (0, &[([4; 32], "mint_a")][..]));
}

proptest! {
    #[test]
    fn hostile_accounts_never_panic(mut data in proptest::collection::vec(any::<u8>(), LEN), sane: bool) {
        put(&mut data, 0, &pool_bytes()[..8]);
        put(&mut data, 168, &pool_bytes()[168..296]);
        if sane {
            (data[16], data[48], data[480], data[481]) = (data[16] % 5, data[48] % 101, 1, 0);
            (data[484], data[486]) = (data[484] % 3, 0);
        }
        let _ = join(&pool_book(VENUE, &data), Clock::default());
    }
}
