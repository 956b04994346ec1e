//! Pairs and bin arrays: two real pairs of MEV_SHARED, and accounts made here.

#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "test fixtures")]

use super::super::accounts::tests::put;
use super::super::model::{self, Joined, join, key};
use super::super::token::tests::{account_bytes, fee_value, mint_bytes};
use super::super::{AccountBook, Clock};
use super::array::array_address;
use super::names::{
    ACCOUNTS, BIN_ARRAY_ACCOUNT, BIN_ARRAY_BITMAP_EXTENSION_ACCOUNT, LB_PAIR_ACCOUNT,
};
use super::price::price;
use crate::error::Exit;
use crate::ids::{Key, METEORA_DLMM, TOKEN, TOKEN_2022};
use crate::record::{Bin, Curve, Layout, Pool, PoolStatus};
use proptest::prelude::*;

/// The accounts of a folder of raw files under MEV_SHARED.
fn real(pair: &str) -> Option<AccountBook> {
    let path = model::shared_path(&format!("data/pools/meteora-dlmm/{pair}"))?;
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        files.push((name, std::fs::read(entry.path()).unwrap()));
    }
    let mut book = AccountBook::new();
    book.read_pair(key(pair), files).unwrap();
    Some(book)
}

fn flat(joined: &Joined) -> Vec<Bin> {
    joined.bins.iter().flat_map(|(_, bins)| bins).copied().collect()
}

#[test]
fn a_real_pair_with_limit_orders() {
    let Some(book) = real("9t3EyC9FweyL7PBWvKz3mrXg8B9fwFc9SK3QxM4ENqhd") else { return };
    let joined = join(&book, Clock::default());
    assert_eq!((joined.pools.len(), &joined.wrong[..]), (1, &[][..]));
    let (pool, unsupported) = joined.pools[0];
    assert_eq!((unsupported, pool.invalid(), pool.status), (None, None, 0));
    assert_eq!((pool.curve, pool.tick, pool.bin_step_bps), (Curve::Bins as u8, 0, 10));
    // 10 000 * 10 * 10 * 10^1 parts of 10^9, always of y; a fifth is the protocol's.
    assert_eq!((pool.fee_num, pool.fee_den, pool.fee_side), (10_000_000, 1_000_000_000, 2));
    assert_eq!((pool.protocol_ppm, pool.decimals_a, pool.decimals_b), (200_000, 9, 6));
    assert_eq!((pool.vol_control, pool.vol_max, pool.vol_reduction_bps), (50_000, 150_000, 5000));
    assert_eq!((pool.vol_filter_s, pool.vol_decay_s, pool.vol_group), (10, 120, 1));
    // The addresses that the kit's own tests give the arrays (test_swap_quote_with_limit_order.rs).
    let arrays: Vec<_> =
        joined.bins.iter().map(|(t, _)| (t.start_tick, t.span_ticks, t.array, t.count)).collect();
    let low = key("338HBraHxVupeftangX6jySecbND4osxcJjjMSW7qmMs");
    let high = key("28BX6QycwTKx3CqswpJQs7hJCmoUs469Qt4maKMdhgmQ");
    assert_eq!(arrays, [(-70, 70, low, 30), (0, 70, high, 31)]);
    let bins = flat(&joined);
    let orders: Vec<_> =
        bins.iter().filter(|bin| bin.orders != 0).map(|bin| (bin.bin, bin.orders_of_a)).collect();
    let expected: Vec<_> = (-30..0).map(|n| (n, 0)).chain((1..=30).map(|n| (n, 1))).collect();
    assert_eq!(orders, expected, "y is offered below the price, x above it");
    hold(&pool, &bins);
}

#[test]
fn a_real_pair_of_token_2022() {
    let Some(book) = real("B5Eia4cE71tKuEDaqPHucJLG2fxySKyKzLMewd2nUvoc") else { return };
    let joined = join(&book, Clock::default());
    assert_eq!((joined.pools.len(), &joined.wrong[..]), (1, &[][..]));
    let (pool, unsupported) = joined.pools[0];
    assert_eq!((unsupported, pool.invalid(), pool.status), (None, None, 0));
    assert_eq!((pool.fee_num, pool.fee_side, pool.protocol_ppm), (100_000_000, 0, 0));
    assert_eq!((pool.transfer_fee_bps_a, pool.transfer_fee_max_a), (50, 5000));
    // The mint of y is not among the files: SPL Token's says nothing but its decimals.
    assert_eq!((pool.mint_b, pool.present & Pool::DECIMALS), (crate::ids::WSOL, 0));
    let bins = flat(&joined);
    assert_eq!(bins.len(), 61);
    assert!(bins.iter().all(|bin| bin.orders == 0));
    hold(&pool, &bins);
}

/// Bins in order, at the prices of their numbers, on the right side of the active one, and together
/// what the reserves hold but for what rounding left there.
fn hold(pool: &Pool, bins: &[Bin]) {
    assert!(bins.windows(2).all(|pair| pair[0].bin < pair[1].bin));
    let (mut of_a, mut of_b) = (0, 0);
    for bin in bins {
        assert_eq!(Some(bin.price), price(bin.bin, pool.bin_step_bps));
        assert!(bin.bin <= pool.tick || bin.amount_b == 0);
        assert!(bin.bin >= pool.tick || bin.amount_a == 0);
        of_a += bin.amount_a + if bin.orders_of_a == 1 { bin.orders } else { 0 };
        of_b += bin.amount_b + if bin.orders_of_a == 0 { bin.orders } else { 0 };
    }
    assert!(of_a <= pool.reserve_a && pool.reserve_a - of_a < 100, "{of_a} {}", pool.reserve_a);
    assert!(of_b <= pool.reserve_b && pool.reserve_b - of_b < 100, "{of_b} {}", pool.reserve_b);
}

/// A pair of step 25 whose active bin is 75, of array 1; mints 4 and 5, reserves 2 and 3.
fn pair_bytes() -> Vec<u8> {
    let mut data = vec![0; 904];
    put(&mut data, 0, &LB_PAIR_ACCOUNT);
    for (at, value) in [(8, 8000u16), (10, 30), (12, 600), (14, 5000), (32, 1000), (80, 25)] {
        put(&mut data, at, &value.to_le_bytes());
    }
    for (at, value) in [(16, 7500u32), (20, 150_000), (40, 20_000), (44, 10_000)] {
        put(&mut data, at, &value.to_le_bytes());
    }
    put(&mut data, 48, &74i32.to_le_bytes());
    put(&mut data, 56, &1_700_000_000i64.to_le_bytes());
    put(&mut data, 76, &75i32.to_le_bytes());
    for (at, n) in [(88, 4), (120, 5), (152, 2), (184, 3)] {
        put(&mut data, at, &[n; 32]);
    }
    data
}

/// Says in a pair's bitmap that the array `index` holds liquidity.
fn flag(data: &mut [u8], index: i32) {
    let bit = usize::try_from(index + 512).unwrap();
    data[584 + bit / 8] |= 1 << (bit % 8);
}

/// Bins by place: x, y, open orders, orders in process, orders sell x.
type Made = (usize, [u64; 4], u8);

fn array_bytes(index: i64, bins: &[Made]) -> Vec<u8> {
    let mut data = vec![0; 10_136];
    put(&mut data, 0, &BIN_ARRAY_ACCOUNT);
    put(&mut data, 8, &index.to_le_bytes());
    put(&mut data, 24, &[1; 32]);
    for (place, [x, y, open, left], side) in bins {
        let at = 56 + 144 * place;
        for (field, value) in [(0, x), (8, y), (112, open), (128, left)] {
            put(&mut data, at + field, &value.to_le_bytes());
        }
        data[at + 140] = *side;
    }
    data
}

/// Pair 1 with `arrays`: reserve 2 of SPL Token, reserve 3 and its mint of Token-2022.
fn book_of(pair: Vec<u8>, arrays: &[(i64, &[Made])]) -> AccountBook {
    let mut book = AccountBook::new();
    book.insert([1; 32], METEORA_DLMM, pair, 30);
    book.insert([2; 32], TOKEN, account_bytes(&[4; 32], &[1; 32], 70), 29);
    book.insert([3; 32], TOKEN_2022, account_bytes(&[5; 32], &[1; 32], 80), 31);
    let fee = fee_value((0, 9, 7), (9, 9, 5));
    book.insert([5; 32], TOKEN_2022, mint_bytes(6, &[(1, fee)]), 0);
    for (index, bins) in arrays {
        let address = array_address(&[1; 32], i32::try_from(*index).unwrap());
        book.insert(address, METEORA_DLMM, array_bytes(*index, bins), 40);
    }
    book
}

fn first_wrong(joined: &Joined) -> Option<(Key, &'static str)> {
    joined.wrong.first().copied()
}

#[test]
fn a_pair_carries_its_fees_and_its_volatility() {
    let mut pair = pair_bytes();
    flag(&mut pair, 1);
    let book = book_of(pair, &[(1, &[(5, [3, 4, 0, 0], 0)])]);
    let joined = join(&book, Clock { epoch: Some(9), unix_s: None });
    assert_eq!(joined.wrong, []);
    let pool = joined.pools[0].0;
    assert_eq!(pool.invalid(), None);
    assert_eq!(
        (pool.slot, pool.reserve_a, pool.reserve_b, pool.transfer_fee_bps_b),
        (29, 70, 80, 5)
    );
    assert_eq!((pool.fee_num, pool.fee_side, pool.protocol_ppm), (2_000_000, 0, 100_000));
    assert_eq!((pool.vol_acc, pool.vol_ref, pool.vol_index), (20_000, 10_000, 74));
    assert_eq!((pool.vol_last_s, pool.vol_max), (1_700_000_000, 150_000));
    let (ticks, bins) = &joined.bins[0];
    assert_eq!((ticks.invalid(), ticks.slot, ticks.head.len), (None, 40, 192));
    // No swap has met the bin: its price is reckoned.
    let expected = price(75, 25).unwrap();
    assert_eq!(
        bins[..],
        [Bin { price: expected, amount_a: 3, amount_b: 4, orders: 0, bin: 75, orders_of_a: 0 }]
    );
}

#[test]
fn orders_are_read_of_pairs_that_support_them() {
    let made: &[Made] =
        &[(5, [3, 4, 0, 0], 1), (6, [0, 0, 7, 0], 1), (7, [0, 0, 0, 8], 0), (8, [1, 0, 7, 8], 1)];
    let orders = |function: u8, reward: u8| {
        let mut pair = pair_bytes();
        pair[35] = function;
        pair[264] = reward;
        let bins = flat(&join(&book_of(pair, &[(1, made)]), Clock::default()));
        let short = |b: &Bin| (b.bin, b.amount_a, b.orders, b.orders_of_a);
        bins.iter().map(short).collect::<Vec<_>>()
    };
    let all = [(75, 3, 0, 0), (76, 0, 7, 1), (77, 0, 8, 0), (78, 1, 8, 1), (78, 0, 7, 1)];
    assert_eq!(orders(2, 9), all);
    assert_eq!(orders(0, 0), all);
    let none = [(75, 3, 0, 0), (78, 1, 0, 0)];
    assert_eq!(orders(0, 9), none);
    assert_eq!(orders(1, 0), none);
}

#[test]
fn what_the_bitmap_says_is_empty_is_known() {
    let one: &[Made] = &[(0, [1, 0, 0, 0], 0)];
    let covered = |pair: Vec<u8>, arrays: &[(i64, &[Made])]| {
        let joined = join(&book_of(pair, arrays), Clock::default());
        joined.bins.iter().for_each(|(ticks, _)| assert_eq!(ticks.invalid(), None));
        let spans = joined.bins.iter().map(|(t, b)| (t.start_tick, t.span_ticks, b.len()));
        (spans.collect::<Vec<_>>(), joined.wrong)
    };
    let at = |index| (array_address(&[1; 32], index), "bin_array");
    let mut pair = pair_bytes();
    for index in [-3, 0, 4] {
        flag(&mut pair, index);
    }
    // Arrays -2, -1 and 1 to 3 are empty, and the price is in one of them.
    let whole = covered(pair.clone(), &[(-3, one), (0, one), (4, one)]);
    let spans = vec![(-210, 70, 1), (-140, 140, 0), (0, 70, 1), (70, 210, 0), (280, 70, 1)];
    assert_eq!(whole, (spans, vec![]));
    // The array above the price is not here: from the price up to it nothing can be said.
    let (spans, wrong) = covered(pair.clone(), &[(0, one)]);
    assert_eq!((spans, wrong), (vec![(0, 70, 1), (70, 70, 0)], vec![at(4)]));
    let (spans, wrong) = covered(pair.clone(), &[(4, one)]);
    assert_eq!((spans, wrong), (vec![(70, 210, 0), (280, 70, 1)], vec![at(0)]));
    let (spans, wrong) = covered(pair.clone(), &[]);
    assert_eq!((spans, wrong), (vec![(70, 70, 0)], vec![at(0), at(4)]));
    // Liquidity in the array of the price.
    flag(&mut pair, 1);
    assert_eq!(covered(pair.clone(), &[]), (vec![], vec![at(1)]));
    assert_eq!(covered(pair, &[(0, one), (4, one)]).0, [(0, 70, 1), (280, 70, 1)]);
}

#[test]
fn the_extension_tells_of_arrays_far_away() {
    let one: &[Made] = &[(0, [1, 0, 0, 0], 0)];
    let mut pair = pair_bytes();
    put(&mut pair, 80, &1u16.to_le_bytes());
    flag(&mut pair, 1);
    let mut extension = vec![0; 1576];
    put(&mut extension, 0, &BIN_ARRAY_BITMAP_EXTENSION_ACCOUNT);
    put(&mut extension, 8, &[1; 32]);
    // Array 514, and -514: bits 2 and 1.
    (extension[40], extension[808]) = (4, 2);
    let spans = |with: bool| {
        let arrays: &[(i64, &[Made])] = &[(-514, one), (1, one), (514, one)];
        let mut book = book_of(pair.clone(), arrays);
        if with {
            book.insert([9; 32], METEORA_DLMM, extension.clone(), 1);
        }
        let joined = join(&book, Clock::default());
        assert_eq!(joined.wrong, []);
        joined.bins.iter().map(|(t, _)| (t.start_tick, t.span_ticks)).collect::<Vec<_>>()
    };
    let (low, high) = (-514 * 70, 514 * 70);
    assert_eq!(spans(false), [(low, 70), (70, 70), (high, 70)]);
    let whole = [(low, 70), (low + 70, 514 * 70), (70, 70), (140, 512 * 70), (high, 70)];
    assert_eq!(spans(true), whole);
}

#[test]
fn a_pair_opens_at_a_slot_or_at_a_time() {
    let status = |kind: u8, by_time: u8, unix_s: Option<u64>, point: u64| {
        let mut pair = pair_bytes();
        (pair[75], pair[86]) = (kind, by_time);
        put(&mut pair, 816, &point.to_le_bytes());
        let pool = join(&book_of(pair, &[]), Clock { epoch: None, unix_s }).pools[0].0;
        (pool.status, (pool.present & Pool::OPEN_TIME != 0).then_some(pool.open_time))
    };
    let (open, waits) = (PoolStatus::Open as u8, PoolStatus::Waiting as u8);
    // The account is of slot 30.
    for kind in [1, 2] {
        assert_eq!(status(kind, 0, None, 30), (open, None));
        assert_eq!(status(kind, 0, None, 31), (waits, None));
        assert_eq!(status(kind, 1, Some(49), 50), (waits, Some(50)));
        assert_eq!(status(kind, 1, Some(50), 50), (open, Some(50)));
        assert_eq!(status(kind, 1, None, 50), (open, Some(50)));
    }
    for kind in [0, 3] {
        assert_eq!(status(kind, 0, None, 31), (open, None));
        assert_eq!(status(kind, 1, Some(1), 50), (open, None));
    }
    let mut pair = pair_bytes();
    pair[82] = 1;
    let pool = join(&book_of(pair, &[]), Clock::default()).pools[0].0;
    assert_eq!(pool.status, PoolStatus::Disabled as u8);
}

#[test]
fn every_broken_part_is_named() {
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut pair = pair_bytes();
        change(&mut pair);
        first_wrong(&join(&book_of(pair, &[]), Clock::default()))
    };
    let pool = |name| Some(([1; 32], name));
    assert_eq!(with(&|_| {}), None);
    assert_eq!(with(&|data| put(data, 80, &[0; 2])), pool("bad_tick_spacing"));
    assert_eq!(with(&|data| put(data, 76, &443_637i32.to_le_bytes())), pool("bad_tick"));
    assert_eq!(with(&|data| put(data, 76, &i32::MIN.to_le_bytes())), pool("bad_tick"));
    assert_eq!(with(&|data| put(data, 88, &[5; 32])), pool("same_mint"));
    assert_eq!(with(&|data| put(data, 32, &10_001u16.to_le_bytes())), pool("bad_fee"));
    assert_eq!(with(&|data| data[34] = 255), pool("bad_fee"));
    for (at, value) in [(35, 3), (36, 2), (75, 4), (82, 2), (86, 2), (63, 0x80)] {
        assert_eq!(with(&|data| data[at] = value), pool("bad_value"), "{at}");
    }
    assert_eq!(with(&|data| put(data, 152, &[44; 32])), Some(([44; 32], "vault_a")));
    assert_eq!(with(&|data| put(data, 120, &[6; 32])), Some(([6; 32], "mint_b")));
    assert_eq!(with(&|data| put(data, 88, &[6; 32])), Some(([2; 32], "vault_mint")));
    assert_eq!(with(&|data| data[0] ^= 1), pool("wrong_discriminator"));
    for len in 0..904 {
        let name = if len < 8 { "wrong_discriminator" } else { "wrong_len" };
        assert_eq!(with(&|data| data.truncate(len)), pool(name), "{len}");
    }
    assert_eq!(with(&|data| data.extend([7; 9])), None, "it may grow");
    for (_, kind) in ACCOUNTS {
        let mut book = AccountBook::new();
        book.insert([1; 32], METEORA_DLMM, kind.to_vec(), 1);
        assert!(join(&book, Clock::default()).wrong.is_empty());
    }
    let array = |data: Vec<u8>| {
        let mut book = book_of(pair_bytes(), &[]);
        book.insert([7; 32], METEORA_DLMM, data, 99);
        first_wrong(&join(&book, Clock::default()))
    };
    for len in [8, 56, 10_135] {
        assert_eq!(
            array(array_bytes(1, &[])[..len].to_vec()),
            Some(([7; 32], "wrong_len")),
            "{len}"
        );
    }
    for index in [-6339, 6338, i64::MIN, i64::MAX] {
        assert_eq!(array(array_bytes(index, &[])), Some(([7; 32], "bad_tick")), "{index}");
    }
    let mut extension = vec![0; 1575];
    put(&mut extension, 0, &BIN_ARRAY_BITMAP_EXTENSION_ACCOUNT);
    assert_eq!(array(extension), Some(([7; 32], "wrong_len")));
}

#[test]
fn raw_files_find_their_keys() {
    let read = |files: &[(&str, Vec<u8>)]| {
        let files = files.iter().map(|(name, data)| ((*name).to_owned(), data.clone()));
        let mut book = AccountBook::new();
        book.read_pair([1; 32], files.collect()).map(|()| book)
    };
    let mut pair = pair_bytes();
    pair[881] = 1;
    let whole = read(&[
        ("reserve_y.bin", vec![3]),
        ("lb_pair.bin", pair.clone()),
        ("token_x_mint.bin", vec![4]),
        ("bin_array_7.bin", array_bytes(-2, &[])),
        ("notes.txt", vec![]),
    ])
    .unwrap();
    assert_eq!(whole.len(), 4);
    let owner = |key: Key| whole.get(&key).map(|account| account.owner);
    assert_eq!((owner([3; 32]), owner([4; 32])), (Some(TOKEN_2022), Some(TOKEN)));
    assert_eq!(owner(array_address(&[1; 32], -2)), Some(METEORA_DLMM));
    let refused = |files: &[(&str, Vec<u8>)]| {
        let error = read(files).unwrap_err();
        assert_eq!(error.exit(), Exit::Foreign);
        error.to_string()
    };
    assert_eq!(refused(&[("reserve_x.bin", vec![])]), "no lb_pair.bin is in it");
    for name in ["bin_array_1.bin", "position.bin"] {
        let said = refused(&[("lb_pair.bin", pair.clone()), (name, vec![0; 9])]);
        assert_eq!(said, format!("{name} is no account of a DLMM pair"));
    }
    let said = refused(&[("lb_pair.bin", vec![0; 99]), ("oracle.bin", vec![])]);
    assert_eq!(said, "oracle.bin is no account of a DLMM pair");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn hostile_accounts_never_panic(
        mut pair in proptest::collection::vec(any::<u8>(), 904),
        mut array in proptest::collection::vec(any::<u8>(), 10_136),
        index in -6400i64..6400, active in -443_636i32..443_636, step in 1u16..500,
    ) {
        let honest = pair_bytes();
        for (at, len) in [(0, 8), (32, 8), (56, 32), (88, 128)] {
            put(&mut pair, at, &honest[at..at + len]);
        }
        put(&mut pair, 76, &active.to_le_bytes());
        put(&mut pair, 80, &step.to_le_bytes());
        put(&mut array, 0, &array_bytes(index, &[])[..56]);
        let mut book = book_of(pair, &[]);
        book.insert([7; 32], METEORA_DLMM, array, 99);
        let joined = join(&book, Clock::default());
        prop_assert!(joined.bins.iter().all(|(ticks, _)| ticks.invalid().is_none()));
    }
}
