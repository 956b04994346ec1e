//! Pool and configuration accounts.

use crate::bytes::{key_at, u8_at, u64_at};
use crate::ids::{Key, RAYDIUM_CPMM, TOKEN, Venue};
use crate::record::{Pool, PoolStatus};

use super::super::accounts::{
    Account, AccountBook, AccountFault, Clock, Found, Out, Part, PoolKeys, with_mints,
};
use super::super::join::{self, Joined};

pub(super) const POOL_STATE: [u8; 8] = [0xf7, 0xed, 0xe3, 0xf5, 0xd7, 0xc3, 0xde, 0x46];
pub(super) const POOL_STATE_LEN: usize = 637;
pub(super) const AMM_CONFIG: [u8; 8] = [0xda, 0xf4, 0x21, 0x68, 0xcb, 0xcb, 0x2b, 0x6f];
const AMM_CONFIG_LEN: usize = 236;

/// The program's other accounts.
const OTHER_ACCOUNTS: [(&str, [u8; 8]); 3] = [
    ("ObservationState", [0x7a, 0xae, 0xc5, 0x35, 0x81, 0x09, 0xa5, 0x84]),
    ("Permission", [0xe0, 0x53, 0x1c, 0x4f, 0x0a, 0xfd, 0xa1, 0x1c]),
    ("CreatorFeeShare", [0x1e, 0xeb, 0x62, 0xfc, 0x1a, 0xc5, 0x42, 0x56]),
];

/// What a swap needs of a PoolState account.
#[derive(Clone, Copy, Debug)]
pub(super) struct PoolState<'a> {
    pub(super) config: &'a Key,
    pub(super) vaults: [&'a Key; 2],
    pub(super) mints: [&'a Key; 2],
    pub(super) programs: [&'a Key; 2],
    pub(super) observation: &'a Key,
    status: u8,
    decimals: [u8; 2],
    /// Protocol, fund and creator fees that lie in the vaults, by token.
    owed: [[u64; 3]; 2],
    open_time: u64,
    creator_side: u8,
    creator_fee: bool,
}

impl<'a> PoolState<'a> {
    pub(super) fn read(data: &'a [u8]) -> Result<Self, AccountFault> {
        if data.first_chunk() != Some(&POOL_STATE) {
            return Err(AccountFault::Discriminator);
        }
        if data.len() != POOL_STATE_LEN {
            return Err(AccountFault::WrongLen);
        }
        Self::fields(data).ok_or(AccountFault::WrongLen)
    }

    fn fields(data: &'a [u8]) -> Option<Self> {
        Some(Self {
            config: key_at(data, 8)?,
            vaults: [key_at(data, 72)?, key_at(data, 104)?],
            mints: [key_at(data, 168)?, key_at(data, 200)?],
            programs: [key_at(data, 232)?, key_at(data, 264)?],
            observation: key_at(data, 296)?,
            status: u8_at(data, 329)?,
            decimals: [u8_at(data, 331)?, u8_at(data, 332)?],
            owed: [
                [u64_at(data, 341)?, u64_at(data, 357)?, u64_at(data, 397)?],
                [u64_at(data, 349)?, u64_at(data, 365)?, u64_at(data, 405)?],
            ],
            open_time: u64_at(data, 373)?,
            creator_side: u8_at(data, 389)?,
            creator_fee: u8_at(data, 390)? != 0,
        })
    }
}

/// The rates of an AmmConfig account, ppm: trade, protocol, fund, creator.
pub(super) fn config_rates(data: &[u8]) -> Result<[u64; 4], AccountFault> {
    if data.first_chunk() != Some(&AMM_CONFIG) {
        return Err(AccountFault::Discriminator);
    }
    if data.len() != AMM_CONFIG_LEN {
        return Err(AccountFault::WrongLen);
    }
    let rate = |at| u64_at(data, at).ok_or(AccountFault::WrongLen);
    Ok([rate(12)?, rate(20)?, rate(28)?, rate(108)?])
}

pub(in super::super) fn pools(book: &AccountBook, clock: Clock, out: &mut Out<'_>) {
    let venue = Venue::RaydiumCpmm;
    for (key, account) in book.owned_by(&RAYDIUM_CPMM) {
        let known = account.data.first_chunk().is_some_and(|kind| {
            *kind == AMM_CONFIG || OTHER_ACCOUNTS.iter().any(|(_, other)| other == kind)
        });
        if known {
            continue;
        }
        let state = match PoolState::read(&account.data) {
            Ok(state) => state,
            Err(fault) => {
                out(Found::Refused { pool: key, key, venue, fault });
                continue;
            }
        };
        let mut parts = vec![(Part::Config, state.config)];
        parts.extend([(Part::VaultA, state.vaults[0]), (Part::VaultB, state.vaults[1])]);
        let mints = [(Part::MintA, state.mints[0]), (Part::MintB, state.mints[1])];
        // An SPL Token mint says nothing that the pool does not; a Token-2022 mint has extensions.
        parts.extend(
            mints.into_iter().zip(state.programs).filter(|(_, p)| **p != TOKEN).map(|x| x.0),
        );
        if book.complete(key, venue, &parts, out) {
            let joined = joined(book, clock, (key, account), &state);
            join::hand_over(key, venue, &joined, out);
        }
    }
}

fn joined(
    book: &AccountBook,
    clock: Clock,
    (key, account): (&Key, &Account),
    state: &PoolState<'_>,
) -> Joined {
    let at_pool = |fault| (*key, fault);
    if state.mints[0] == state.mints[1] {
        return Err(at_pool(AccountFault::SameMint));
    }
    if state.creator_side > 2 {
        return Err(at_pool(AccountFault::Value));
    }
    let at_config = |fault| (*state.config, fault);
    let config = book.get(state.config).ok_or(at_config(AccountFault::NotInitialised))?;
    if config.owner != RAYDIUM_CPMM {
        return Err(at_config(AccountFault::Owner));
    }
    let [trade, protocol, fund, creator] = config_rates(&config.data).map_err(at_config)?;
    let creator = if state.creator_fee { creator } else { 0 };
    let ppm = |rate: u64| u32::try_from(rate).ok().filter(|rate| *rate <= 1_000_000);
    let bad_fee = at_config(AccountFault::Fee);
    if trade.checked_add(creator).and_then(ppm).is_none_or(|total| total == 1_000_000)
        || protocol.checked_add(fund).and_then(ppm).is_none()
    {
        return Err(bad_fee);
    }
    let side = |vault_key: &Key, mint: &Key, owed: &[u64; 3]| {
        let vault = book.vault(vault_key, mint).map_err(|fault| (*vault_key, fault))?;
        let left = owed.iter().try_fold(vault.amount, |left, owed| left.checked_sub(*owed));
        match left {
            None => Err((*vault_key, AccountFault::Owed)),
            Some(0) => Err((*vault_key, AccountFault::ZeroReserve)),
            Some(reserve) => Ok((reserve, vault)),
        }
    };
    let (reserve_a, vault_a) = side(state.vaults[0], state.mints[0], &state.owed[0])?;
    let (reserve_b, vault_b) = side(state.vaults[1], state.mints[1], &state.owed[1])?;
    let keys = PoolKeys {
        pool: key,
        program: RAYDIUM_CPMM,
        venue: Venue::RaydiumCpmm,
        mints: state.mints,
        vaults: state.vaults,
    };
    let slots = [account.slot, vault_a.slot, vault_b.slot];
    let mut pool = keys.record(slots, [reserve_a, reserve_b]);
    (pool.fee_num, pool.fee_den) = (trade, 1_000_000);
    pool.protocol_ppm = ppm(protocol).ok_or(bad_fee)?;
    pool.fund_ppm = ppm(fund).ok_or(bad_fee)?;
    pool.creator_ppm = ppm(creator).ok_or(bad_fee)?;
    pool.creator_side = state.creator_side;
    [pool.decimals_a, pool.decimals_b] = state.decimals;
    pool.open_time = state.open_time;
    pool.present |= Pool::DECIMALS | Pool::DECIMALS_B | Pool::OPEN_TIME;
    // pool.rs `PoolStatusBitIndex::Swap` is bit 2; a set bit switches off.
    if state.status & 4 != 0 || vault_a.frozen || vault_b.frozen {
        pool.status = PoolStatus::Disabled as u8;
    } else if clock.unix_s.is_some_and(|now| now < state.open_time) {
        pool.status = PoolStatus::Waiting as u8;
    }
    let mint = |side: &Key, program: &Key| match *program {
        TOKEN => Ok(None),
        _ => book.mint(side, clock).map(Some).map_err(|fault| (*side, fault)),
    };
    let mints =
        [mint(state.mints[0], state.programs[0])?, mint(state.mints[1], state.programs[1])?];
    let unsupported = with_mints(&mut pool, mints, None);
    Ok((pool, unsupported))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "test fixtures")]
mod tests {
    use super::super::super::accounts::tests::put;
    use super::super::super::instruction::tests::anchor_hash;
    use super::super::super::model::{self, join, key, shared};
    use super::super::super::token::tests::{account_bytes, fee_value, mint_bytes};
    use super::super::super::{Order, TickRange, apply, quote_in, quote_out};
    use super::*;
    use crate::ids::TOKEN_2022;
    use crate::record::Layout;
    use proptest::prelude::*;

    /// Pool 7JuwJuNU.. of a real accounts file; the numbers were worked by hand from its fields.
    #[test]
    fn the_real_pool_is_joined_and_priced() {
        let Some(text) = shared("data/pools/raydium-cpmm-sol-usdc.jsonl") else { return };
        let joined = join(&model::book(&text), Clock::default());
        assert_eq!(joined.wrong, []);
        let [(mut pool, None)] = joined.pools[..] else { panic!("{:?}", joined.pools) };
        assert_eq!(pool.pool, key("7JuwJuNU88gurFnyWeiyGKbFmExMWcmRZntn9imEzdny"));
        assert_eq!((pool.mint_a, pool.mint_b), (crate::ids::WSOL, crate::ids::USDC));
        // vaults 559624424 and 35574492, less protocol and fund fees
        assert_eq!((pool.reserve_a, pool.reserve_b), (416_121_797, 34_290_700));
        assert_eq!((pool.fee_num, pool.fee_den, pool.creator_ppm), (2500, 1_000_000, 0));
        assert_eq!((pool.protocol_ppm, pool.fund_ppm), (120_000, 40_000));
        assert_eq!((pool.decimals_a, pool.decimals_b, pool.open_time), (9, 6, 1_715_746_443));
        assert_eq!((pool.status, pool.invalid()), (PoolStatus::Open as u8, None));

        let none = TickRange::NONE;
        assert_eq!(quote_in(&pool, none, false, 1_000_000).unwrap().amount_out, 11_762_614);
        assert_eq!(quote_out(&pool, none, true, 1_000_000).unwrap().amount_in, 12_530_969);
        let order = Order::exact_in(true, 100_000_000);
        let quote = apply(&mut pool, none, &order).unwrap();
        assert_eq!((quote.fee, quote.amount_out), (250_000, 6_630_518));
        assert_eq!(pool.reserve_a, 416_121_797 + 100_000_000 - 30_000 - 10_000);
        assert_eq!(pool.reserve_b, 34_290_700 - 6_630_518);
    }

    #[test]
    fn hashes_are_those_of_the_names() {
        assert_eq!(POOL_STATE, anchor_hash("account", "PoolState"));
        assert_eq!(AMM_CONFIG, anchor_hash("account", "AmmConfig"));
        for (name, hash) in OTHER_ACCOUNTS {
            assert_eq!(hash, anchor_hash("account", name), "{name}");
        }
    }

    fn config(rates: [u64; 4]) -> Vec<u8> {
        let mut data = vec![0; AMM_CONFIG_LEN];
        put(&mut data, 0, &AMM_CONFIG);
        for (at, rate) in [12, 20, 28, 108].into_iter().zip(rates) {
            put(&mut data, at, &rate.to_le_bytes());
        }
        data
    }

    /// Pool 1, config 2, vaults 3 and 4, an SPL mint 5 and a Token-2022 mint 6.
    fn accounts() -> (AccountBook, Vec<u8>) {
        let mut data = vec![0; POOL_STATE_LEN];
        put(&mut data, 0, &POOL_STATE);
        for (at, n) in [(8, 2), (72, 3), (104, 4), (168, 5), (200, 6), (296, 7)] {
            put(&mut data, at, &[n; 32]);
        }
        put(&mut data, 232, &TOKEN);
        put(&mut data, 264, &TOKEN_2022);
        for (at, owed) in [(341, 1u64), (349, 2), (357, 3), (365, 4), (397, 5), (405, 6)] {
            put(&mut data, at, &owed.to_le_bytes());
        }
        put(&mut data, 331, &[9, 6]);
        put(&mut data, 373, &500u64.to_le_bytes());
        put(&mut data, 389, &[2, 1]);
        let mut book = AccountBook::new();
        book.insert([2; 32], RAYDIUM_CPMM, config([2500, 120_000, 40_000, 10_000]), 1);
        book.insert([3; 32], TOKEN, account_bytes(&[5; 32], &[9; 32], 1009), 20);
        book.insert([4; 32], TOKEN_2022, account_bytes(&[6; 32], &[9; 32], 2012), 20);
        let fee = (1, fee_value((0, 70, 30), (5, 90, 20)));
        book.insert([6; 32], TOKEN_2022, mint_bytes(6, &[fee]), 2);
        book.insert([1; 32], RAYDIUM_CPMM, data.clone(), 21);
        (book, data)
    }

    #[test]
    fn fees_of_every_kind_reach_the_record() {
        let (book, _) = accounts();
        let read = |clock| {
            let joined = join(&book, clock);
            assert_eq!(joined.wrong, []);
            joined.pools[0].0
        };
        let pool = read(Clock { epoch: Some(5), unix_s: Some(499) });
        assert_eq!((pool.reserve_a, pool.reserve_b, pool.slot), (1000, 2000, 20));
        assert_eq!((pool.creator_ppm, pool.creator_side), (10_000, 2));
        assert_eq!((pool.transfer_fee_bps_a, pool.transfer_fee_max_a), (0, 0));
        assert_eq!((pool.transfer_fee_bps_b, pool.transfer_fee_max_b), (20, 90));
        assert_eq!((pool.status, pool.invalid()), (PoolStatus::Waiting as u8, None));
        let pool = read(Clock { epoch: Some(4), unix_s: Some(500) });
        assert_eq!((pool.transfer_fee_bps_b, pool.transfer_fee_max_b), (30, 70));
        assert_eq!(pool.status, PoolStatus::Open as u8);
        let pool = read(Clock::default());
        assert_eq!((pool.transfer_fee_bps_b, pool.transfer_fee_max_b), (30, 90));
    }

    #[test]
    fn every_broken_part_is_named() {
        type Change<'a> = &'a dyn Fn(&mut AccountBook, &mut Vec<u8>);
        let (book, data) = accounts();
        let with = |change: Change<'_>| {
            let (mut book, mut data) = (book.clone(), data.clone());
            change(&mut book, &mut data);
            book.insert([1; 32], RAYDIUM_CPMM, data, 99);
            let joined = join(&book, Clock::default());
            let status = joined.pools.first().map(|(pool, _)| pool.status);
            let mut wrong: Vec<_> =
                joined.wrong.iter().map(|(key, name)| (key[0], *name)).collect();
            wrong.dedup(); // a broken configuration is refused by itself and as a part
            (wrong, status)
        };
        let named = |n: u8, name: &'static str| (vec![(n, name)], None);
        let open = (vec![], Some(PoolStatus::Open as u8));
        assert_eq!(with(&|_, _| {}), open);
        assert_eq!(with(&|_, d| d[329] = 3), open, "deposit and withdraw are off, swap is on");
        assert_eq!(with(&|_, d| d[329] = 4), (vec![], Some(PoolStatus::Disabled as u8)));
        assert_eq!(with(&|_, d| d[389] = 3), named(1, "bad_value"));
        let same = with(&|book, d| {
            put(d, 200, &[5; 32]);
            book.insert([5; 32], TOKEN_2022, mint_bytes(6, &[]), 1);
        });
        assert_eq!(same, named(1, "same_mint"));
        assert_eq!(with(&|_, d| put(d, 341, &1001u64.to_le_bytes())), named(3, "zero_reserve"));
        assert_eq!(
            with(&|_, d| put(d, 341, &u64::MAX.to_le_bytes())),
            named(3, "owed_exceeds_vault")
        );
        let all = vec![(22, "config"), (33, "vault_a"), (44, "vault_b"), (66, "mint_b")];
        let absent: Change<'_> = &|_, d| {
            for (at, n) in [(8, 22), (72, 33), (104, 44), (200, 66)] {
                put(d, at, &[n; 32]);
            }
        };
        assert_eq!(with(absent), (all, None), "every missing part is named");
        let rates =
            |rates| with(&move |book, _| book.insert([2; 32], RAYDIUM_CPMM, config(rates), 9));
        for bad in [
            [990_000, 0, 0, 10_000],
            [u64::MAX, 0, 0, 1],
            [0, 600_000, 400_001, 0],
            [0, u64::MAX, u64::MAX, 0],
        ] {
            assert_eq!(rates(bad), named(2, "bad_fee"), "{bad:?}");
        }
        for len in (0..POOL_STATE_LEN).chain([POOL_STATE_LEN + 1]) {
            let name = if len < 8 { "wrong_discriminator" } else { "wrong_len" };
            assert_eq!(with(&|_, data| data.resize(len, 0)), named(1, name), "{len}");
        }
        for len in (0..AMM_CONFIG_LEN).chain([AMM_CONFIG_LEN + 1]) {
            let name = if len < 8 { "wrong_discriminator" } else { "wrong_len" };
            let mut cut = config([2500, 0, 0, 0]);
            cut.resize(len, 0);
            let wrong = with(&move |book, _| book.insert([2; 32], RAYDIUM_CPMM, cut.clone(), 9));
            assert_eq!(wrong, named(2, name), "{len}");
        }
        let owner = with(&|book, _| book.insert([2; 32], TOKEN, config([0; 4]), 9));
        assert_eq!(owner, named(2, "wrong_owner"));
        assert_eq!(with(&|_, d| d[0] ^= 1), named(1, "wrong_discriminator"));
        assert_eq!(with(&|_, d| put(d, 0, &AMM_CONFIG)), (vec![], None));
        let hook = mint_bytes(6, &[(14, vec![7; 64])]);
        let hooked = with(&|book, _| book.insert([6; 32], TOKEN_2022, hook.clone(), 9));
        assert_eq!(hooked, (vec![], Some(PoolStatus::Unsupported as u8)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn hostile_accounts_never_panic(
            mut pool in proptest::collection::vec(any::<u8>(), POOL_STATE_LEN),
            mut config in proptest::collection::vec(any::<u8>(), AMM_CONFIG_LEN),
        ) {
            let (mut book, data) = accounts();
            put(&mut config, 0, &AMM_CONFIG);
            // Random numbers around the keys that lead to the other accounts.
            put(&mut pool, 0, &data[..296]);
            book.insert([1; 32], RAYDIUM_CPMM, pool, 99);
            book.insert([2; 32], RAYDIUM_CPMM, config, 99);
            for (pool, _) in join(&book, Clock::default()).pools {
                prop_assert_eq!(pool.invalid(), None);
                let _ = quote_in(&pool, TickRange::NONE, true, 1000);
            }
        }
    }
}
