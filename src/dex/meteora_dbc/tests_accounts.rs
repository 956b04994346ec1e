//! Pool and configuration accounts made here: no real one was at hand.

#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "test fixtures")]

use super::super::accounts::tests::put;
use super::super::model::{join, pool_book};
use super::super::{AccountBook, Clock, Unsupported};
use super::names::{
    ACCOUNTS, CONFIG_WITH_TRANSFER_HOOK_ACCOUNT, POOL_CONFIG_ACCOUNT, TRANSFER_HOOK_POOL_ACCOUNT,
    VIRTUAL_POOL_ACCOUNT,
};
use crate::ids::{Key, TOKEN, Venue};
use crate::record::{Curve, Layout, Pool, PoolStatus};
use proptest::prelude::*;

const VENUE: Venue = Venue::MeteoraDbc;
const UNIT: u128 = 1 << 64;

/// A pool of configuration 6 at the price 1.5 (its square root): vaults 2 and 3, base mint 4.
fn pool_bytes() -> Vec<u8> {
    let mut data = vec![0; 424];
    put(&mut data, 0, &VIRTUAL_POOL_ACCOUNT);
    for (at, n) in [(72, 6), (136, 4), (168, 2), (200, 3)] {
        put(&mut data, at, &[n; 32]);
    }
    for (at, value) in [(232, 1000u64), (240, 300), (296, 5)] {
        put(&mut data, at, &value.to_le_bytes());
    }
    put(&mut data, 280, &(UNIT * 3 / 2).to_le_bytes());
    data
}

/// Quote mint 5, 1 % of the quote token; ranges from 1 to 2 to 4, migration at 3 or 500 of quote.
fn config_bytes() -> Vec<u8> {
    let mut data = vec![0; 1048];
    put(&mut data, 0, &POOL_CONFIG_ACCOUNT);
    put(&mut data, 8, &[5; 32]);
    put(&mut data, 104, &10_000_000u64.to_le_bytes());
    put(&mut data, 264, &500u64.to_le_bytes());
    let points = [(280, 3), (392, 1), (408, 2), (440, 4)];
    for (at, n) in points {
        put(&mut data, at, &(UNIT * n).to_le_bytes());
    }
    put(&mut data, 424, &(7 * UNIT).to_le_bytes());
    put(&mut data, 456, &(9 * UNIT).to_le_bytes());
    data
}

fn book_of(pool: &[u8], config: &[u8]) -> AccountBook {
    let mut book = pool_book(VENUE, pool);
    book.insert([6; 32], VENUE.programs()[0], config.to_vec(), 8);
    book
}

fn read(pool: &[u8], config: &[u8], unix_s: Option<u64>) -> (Pool, Option<Unsupported>) {
    let joined = join(&book_of(pool, config), Clock { epoch: None, unix_s });
    assert_eq!(joined.wrong, []);
    assert_eq!(joined.pools[0].0.invalid(), None);
    joined.pools[0]
}

#[test]
fn a_pool_carries_the_range_of_its_price() {
    for (kind, config_kind) in [
        (VIRTUAL_POOL_ACCOUNT, POOL_CONFIG_ACCOUNT),
        (TRANSFER_HOOK_POOL_ACCOUNT, CONFIG_WITH_TRANSFER_HOOK_ACCOUNT),
    ] {
        let (mut data, mut config) = (pool_bytes(), config_bytes());
        put(&mut data, 0, &kind);
        put(&mut config, 0, &config_kind);
        let (pool, unsupported) = read(&data, &config, None);
        assert_eq!((unsupported, pool.status, pool.curve), (None, 0, Curve::Range as u8));
        assert_eq!((pool.mint_a, pool.mint_b, pool.vault_b), ([4; 32], [5; 32], [3; 32]));
        assert_eq!((pool.sqrt_price, pool.liquidity), (UNIT * 3 / 2, 7 * UNIT));
        assert_eq!((pool.sqrt_min, pool.sqrt_max), (UNIT, 2 * UNIT));
        assert_eq!((pool.fee_num, pool.fee_den, pool.fee_side), (10_000_000, 1_000_000_000, 2));
        assert_eq!((pool.reserve_a, pool.reserve_b, pool.left_b), (1000, 300, 200));
        assert_eq!((pool.protocol_ppm, pool.slot), (200_000, 9));
        config[232] = 1;
        assert_eq!(read(&data, &config, None).0.fee_side, 3);
    }
    let range = |price: u128| {
        let mut data = pool_bytes();
        put(&mut data, 280, &price.to_le_bytes());
        let (pool, _) = read(&data, &config_bytes(), None);
        (pool.sqrt_min, pool.sqrt_max, pool.liquidity, pool.status)
    };
    let (open, over) = (PoolStatus::Open as u8, PoolStatus::Disabled as u8);
    assert_eq!(range(UNIT), (UNIT, 2 * UNIT, 7 * UNIT, open));
    assert_eq!(range(2 * UNIT - 1), (UNIT, 2 * UNIT, 7 * UNIT, open));
    assert_eq!(range(2 * UNIT), (2 * UNIT, 3 * UNIT, 9 * UNIT, open), "it ends at the migration");
    assert_eq!(range(3 * UNIT), (3 * UNIT, 3 * UNIT, 0, over));
}

#[test]
fn a_curve_that_is_complete_takes_no_swaps() {
    let status = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut data = pool_bytes();
        change(&mut data);
        let (pool, _) = read(&data, &config_bytes(), None);
        (pool.status, pool.left_b)
    };
    let over = PoolStatus::Disabled as u8;
    assert_eq!(status(&|data| put(data, 240, &499u64.to_le_bytes())), (0, 1));
    assert_eq!(status(&|data| put(data, 240, &500u64.to_le_bytes())), (over, 0));
    assert_eq!(status(&|data| data[305] = 1), (over, 200));
    assert_eq!(status(&|data| put(data, 296, &10u64.to_le_bytes())).0, PoolStatus::Waiting as u8);
}

#[test]
fn a_fee_falls_by_time_or_is_unsupported() {
    let fee = |mode: u8, words: [u64; 3], by_time: u8, unix_s: Option<u64>| {
        let mut config = config_bytes();
        (config[130], config[234]) = (mode, by_time);
        put(&mut config, 128, &u16::try_from(words[0]).unwrap().to_le_bytes());
        put(&mut config, 112, &words[1].to_le_bytes());
        put(&mut config, 120, &words[2].to_le_bytes());
        let (pool, unsupported) = read(&pool_bytes(), &config, unix_s);
        assert!(unsupported.is_none_or(|why| why == Unsupported::FeeSchedule));
        (pool.fee_num, pool.present & Pool::FEE_FALLS == 0 && unsupported.is_none())
    };
    // The pool opened at 5, its account is of slot 9.
    assert_eq!(fee(0, [4, 1, 1_000_000], 0, None), (6_000_000, true));
    assert_eq!(fee(0, [5, 1, 1_000_000], 0, None), (10_000_000, false));
    assert_eq!(fee(1, [1, 4, 5000], 1, Some(9)), (5_000_000, true));
    assert_eq!(fee(1, [1, 4, 5000], 1, None), (10_000_000, false));
    assert_eq!(fee(2, [10, 3, 7], 0, None), (10_000_000, true));
    assert_eq!(fee(2, [10, 4, 7], 0, None), (10_000_000, false));
    // A dynamic fee: its rules are the configuration's, where it stands the pool's.
    let (mut data, mut config) = (pool_bytes(), config_bytes());
    config[136] = 1;
    assert_eq!(read(&data, &config, None).1, Some(Unsupported::AdaptiveFee));
    put(&mut config, 152, &1_u16.to_le_bytes());
    put(&mut config, 168, &1_844_674_407_370_955_u128.to_le_bytes());
    put(&mut data, 40, &77_u128.to_le_bytes());
    let (pool, unsupported) = read(&data, &config, None);
    assert_eq!((pool.vol_acc, unsupported), (77, None));
    put(&mut data, 40, &u128::MAX.to_le_bytes());
    let wrong = join(&book_of(&data, &config), Clock::default()).wrong;
    assert_eq!(wrong, [([1; 32], "bad_value")]);
}

#[test]
fn every_broken_part_is_named() {
    let first = |book: &AccountBook| {
        join(book, Clock::default()).wrong.first().map(|(key, name)| (key[0], *name))
    };
    let pool = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut data = pool_bytes();
        change(&mut data);
        first(&book_of(&data, &config_bytes()))
    };
    let config = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut data = config_bytes();
        change(&mut data);
        first(&book_of(&pool_bytes(), &data))
    };
    assert_eq!(first(&pool_book(VENUE, &pool_bytes())), Some((6, "config")));
    let mut book = pool_book(VENUE, &pool_bytes());
    let owner: Key = TOKEN;
    book.insert([6; 32], owner, config_bytes(), 8);
    assert_eq!(first(&book), Some((6, "wrong_owner")));
    assert_eq!(pool(&|data| put(data, 168, &[44; 32])), Some((44, "vault_a")));
    assert_eq!(pool(&|data| put(data, 136, &[5; 32])), Some((1, "same_mint")));
    for price in [0, UNIT - 1, u128::MAX] {
        let wrong = pool(&|data| put(data, 280, &u128::to_le_bytes(price)));
        assert_eq!(wrong, Some((1, "bad_sqrt_price")));
    }
    assert_eq!(config(&|data| put(data, 408, &UNIT.to_le_bytes())), Some((1, "bad_sqrt_price")));
    for (at, value) in [(130, 3), (232, 2), (234, 2)] {
        assert_eq!(config(&|data| data[at] = value), Some((1, "bad_value")), "{at}");
    }
    for len in 1..424 {
        assert_eq!(pool(&|data| data.truncate(len)), Some((1, "wrong_len")), "{len}");
    }
    for len in 8..1048 {
        assert_eq!(config(&|data| data.truncate(len)), Some((6, "wrong_len")), "{len}");
    }
    // A configuration that is none is a fault of the pool that names it, and of its own.
    let wrong = join(&book_of(&pool_bytes(), &[9; 1048]), Clock::default()).wrong;
    assert_eq!(wrong, [([6; 32], "wrong_discriminator"); 2]);
    for (_, kind) in ACCOUNTS {
        let joined = join(&pool_book(VENUE, &kind), Clock::default());
        assert!(joined.pools.is_empty() && joined.wrong.is_empty());
    }
}

proptest! {
    #[test]
    fn hostile_accounts_never_panic(
        mut data in proptest::collection::vec(any::<u8>(), 424),
        mut config in proptest::collection::vec(any::<u8>(), 1048),
        small: bool,
    ) {
        put(&mut data, 0, &VIRTUAL_POOL_ACCOUNT);
        put(&mut data, 72, &pool_bytes()[72..232]);
        put(&mut config, 0, &config_bytes()[..40]);
        if small {
            put(&mut data, 280, &pool_bytes()[280..296]);
            put(&mut config, 280, &config_bytes()[280..296]);
            put(&mut config, 392, &config_bytes()[392..424]);
            (config[130], config[232], config[234]) = (config[130] % 3, 0, 1);
        }
        let _ = join(&book_of(&data, &config), Clock::default());
    }
}
