//! Curves and their configuration.
//!
//! | account | bytes | fields |
//! |---|---|---|
//! | PoolState | 429 | status u8@17, decimals u8@18 and @19, base on sale u64@29, virtual base and quote u64@37 and @45, base sold u64@53, quote taken u64@61, quote to be raised u64@69, global config@141, platform@173, mints @205 and @237, vaults @269 and @301, token programs u8@365 (a set bit is Token-2022: bit 0 the base, bit 1 the quote) |
//! | GlobalConfig | 371 | curve u8@16, protocol fee u64@27 |
//! | PlatformConfig | 944 and more | platform's fee u64@104, creator's fee u64@720 |
//!
//! Source: the interface description of the deployed program, version 0.2.0, and
//! raydium-io/raydium-sdk-V2, src/raydium/launchpad/{layout.ts, curve/*.ts} @124c625. All fees are ppm
//! of the quote, added up, rounded up once and gone from the reserves: `fee_num` is their sum. What a
//! sharer adds is the instruction's own affair.
//!
//! | curve | price | in the record |
//! |---|---|---|
//! | 0 | product of `virtual base - sold` and `virtual quote + taken` | reserves `left`, `taken`; beside them `virtual base - on sale`, `virtual quote` |
//! | 1 | fixed, `virtual quote / virtual base` | the same reserves; the price is `virtual_b / virtual_a` alone |
//! | 2 | rises linearly with what is sold | not modelled |
//!
//! Vaults are not read, for the curve counts what it holds.

use crate::bytes::{key_at, u8_at, u64_at};
use crate::ids::{Key, Venue};
use crate::record::{self, Pool, PoolStatus};

use super::super::accounts::{
    Account, AccountBook, AccountFault, Clock, Out, Part, PoolKeys, Unsupported, with_mints,
};
use super::super::join::{self, FEE_IN_B, Joined};
use super::super::token::Mint;

const POOL_STATE: [u8; 8] = [0xf7, 0xed, 0xe3, 0xf5, 0xd7, 0xc3, 0xde, 0x46];
const POOL_STATE_LEN: usize = 429;
const GLOBAL_CONFIG: [u8; 8] = [0x95, 0x08, 0x9c, 0xca, 0xa0, 0xfc, 0xb0, 0xd9];
const PLATFORM_CONFIG: [u8; 8] = [0xa0, 0x4e, 0x80, 0x00, 0xf8, 0x53, 0xe6, 0xa0];
const PPM: u64 = 1_000_000;

/// The program's other accounts.
const OTHER_ACCOUNTS: [(&str, [u8; 8]); 4] = [
    ("GlobalConfig", GLOBAL_CONFIG),
    ("PlatformConfig", PLATFORM_CONFIG),
    ("PlatformGlobalAccess", [0xae, 0x93, 0x84, 0xf0, 0x89, 0xdb, 0xf3, 0x10]),
    ("VestingRecord", [0x6a, 0xf3, 0xdd, 0xcd, 0xe6, 0x7e, 0x55, 0x53]),
];

/// A PoolState account.
#[derive(Clone, Copy, Debug)]
struct Curve<'a> {
    status: PoolStatus,
    decimals: [u8; 2],
    on_sale: u64,
    virtual_base: u64,
    virtual_quote: u64,
    /// What it still sells.
    left: u64,
    /// What it took.
    taken: u64,
    /// What it takes until it is complete.
    wanted: u64,
    global: &'a Key,
    platform: &'a Key,
    mints: [&'a Key; 2],
    vaults: [&'a Key; 2],
    /// The mints with extensions.
    token_2022: [bool; 2],
}

impl<'a> Curve<'a> {
    fn read(data: &'a [u8]) -> Result<Self, AccountFault> {
        if data.first_chunk() != Some(&POOL_STATE) {
            return Err(AccountFault::Discriminator);
        }
        if data.len() != POOL_STATE_LEN {
            return Err(AccountFault::WrongLen);
        }
        let curve = Self::fields(data).ok_or(AccountFault::WrongLen)??;
        if curve.mints[0] == curve.mints[1] {
            return Err(AccountFault::SameMint);
        }
        Ok(curve)
    }

    /// `None` when the account is too short.
    fn fields(data: &'a [u8]) -> Option<Result<Self, AccountFault>> {
        let value = AccountFault::Value;
        let status = match u8_at(data, 17)? {
            0 => PoolStatus::Open,
            // It waits for its migration, or is migrated.
            1 | 2 => PoolStatus::Disabled,
            _ => return Some(Err(value)),
        };
        let (on_sale, sold, taken) = (u64_at(data, 29)?, u64_at(data, 53)?, u64_at(data, 61)?);
        let Some(left) = on_sale.checked_sub(sold) else { return Some(Err(value)) };
        let Some(wanted) = u64_at(data, 69)?.checked_sub(taken) else { return Some(Err(value)) };
        let programs = u8_at(data, 365)?;
        Some(Ok(Self {
            status,
            decimals: [u8_at(data, 18)?, u8_at(data, 19)?],
            on_sale,
            virtual_base: u64_at(data, 37)?,
            virtual_quote: u64_at(data, 45)?,
            left,
            taken,
            wanted,
            global: key_at(data, 141)?,
            platform: key_at(data, 173)?,
            mints: [key_at(data, 205)?, key_at(data, 237)?],
            vaults: [key_at(data, 269)?, key_at(data, 301)?],
            token_2022: [programs & 1 != 0, programs & 2 != 0],
        }))
    }

    /// Writes down the rule of the price, by its number in the global configuration.
    fn fill(&self, pool: &mut Pool, curve: u8) -> Result<Option<Unsupported>, AccountFault> {
        let (base, unsupported) = match curve {
            0 => {
                let beside = self.virtual_base.checked_sub(self.on_sale).filter(|base| *base > 0);
                pool.curve = record::Curve::Product as u8;
                (beside.ok_or(AccountFault::ZeroReserve)?, None)
            }
            1 => {
                pool.curve = record::Curve::Fixed as u8;
                (
                    Some(self.virtual_base)
                        .filter(|base| *base > 0)
                        .ok_or(AccountFault::ZeroReserve)?,
                    None,
                )
            }
            2 => {
                pool.curve = record::Curve::Closed as u8;
                return Ok(Some(Unsupported::CurveKind));
            }
            _ => return Err(AccountFault::Value),
        };
        if self.virtual_quote == 0 {
            return Err(AccountFault::ZeroReserve);
        }
        let signed = |value: u64| i64::try_from(value).map_err(|_| AccountFault::Value);
        (pool.virtual_a, pool.virtual_b) = (signed(base)?, signed(self.virtual_quote)?);
        pool.present |= Pool::VIRTUAL;
        Ok(unsupported)
    }
}

/// The data of the account `key`, which is to be one of kind `kind` of the program.
fn part<'a>(
    book: &'a AccountBook,
    program: &Key,
    key: &Key,
    kind: [u8; 8],
) -> Result<&'a [u8], (Key, AccountFault)> {
    let account = book.get(key).ok_or((*key, AccountFault::NotInitialised))?;
    if account.owner != *program {
        return Err((*key, AccountFault::Owner));
    }
    if account.data.first_chunk() != Some(&kind) {
        return Err((*key, AccountFault::Discriminator));
    }
    Ok(&account.data)
}

pub(super) fn pools(book: &AccountBook, clock: Clock, out: &mut Out<'_>) {
    let venue = Venue::RaydiumLaunchlab;
    join::each(book, venue, out, &mut |key, account, out| {
        let kind = account.data.first_chunk::<8>();
        if OTHER_ACCOUNTS.iter().any(|(_, other)| Some(other) == kind) {
            return Ok(());
        }
        let curve = Curve::read(&account.data)?;
        let mut parts = vec![(Part::Config, curve.global), (Part::Config, curve.platform)];
        // An SPL Token mint says nothing that the pool does not; a Token-2022 mint has extensions.
        let mints = [(Part::MintA, curve.mints[0]), (Part::MintB, curve.mints[1])];
        let extended = mints.into_iter().zip(curve.token_2022).filter(|(_, extended)| *extended);
        parts.extend(extended.map(|(part, _)| part));
        if book.complete(key, venue, &parts, out) {
            join::hand_over(key, venue, &joined(book, clock, (key, account), &curve), out);
        }
        Ok(())
    });
}

fn joined(
    book: &AccountBook,
    clock: Clock,
    (key, account): (&Key, &Account),
    curve: &Curve<'_>,
) -> Joined {
    let program = account.owner;
    let keys = PoolKeys {
        pool: key,
        program,
        venue: Venue::RaydiumLaunchlab,
        mints: curve.mints,
        vaults: curve.vaults,
    };
    let mut pool = keys.record([account.slot; 3], [curve.left, curve.taken]);
    [pool.decimals_a, pool.decimals_b] = curve.decimals;
    (pool.left_a, pool.left_b) = (curve.left, curve.wanted);
    pool.present |= Pool::DECIMALS | Pool::DECIMALS_B | Pool::LEFT_A | Pool::LEFT_B;
    pool.status = curve.status as u8;

    let global = part(book, &program, curve.global, GLOBAL_CONFIG)?;
    let platform = part(book, &program, curve.platform, PLATFORM_CONFIG)?;
    let at_global = |fault| (*curve.global, fault);
    let number = u8_at(global, 16).ok_or(at_global(AccountFault::WrongLen))?;
    let protocol = u64_at(global, 27).ok_or(at_global(AccountFault::WrongLen))?;
    let own = u64_at(platform, 104).zip(u64_at(platform, 720));
    let (own, creator) = own.ok_or((*curve.platform, AccountFault::WrongLen))?;
    let all = protocol.checked_add(own).and_then(|both| both.checked_add(creator));
    let rate = all.filter(|all| *all < PPM).ok_or((*curve.platform, AccountFault::Fee))?;
    (pool.fee_num, pool.fee_den, pool.fee_side) = (rate, PPM, FEE_IN_B);
    pool.protocol_ppm = 1_000_000; // the whole fee leaves the reserves

    let unsupported = curve.fill(&mut pool, number).map_err(|fault| (*key, fault))?;
    let mint = |mint: &Key, extended: bool| -> Result<Option<Mint>, (Key, AccountFault)> {
        let read = extended.then(|| book.mint(mint, clock)).transpose();
        read.map_err(|fault| (*mint, fault))
    };
    let mints =
        [mint(curve.mints[0], curve.token_2022[0])?, mint(curve.mints[1], curve.token_2022[1])?];
    let unsupported = with_mints(&mut pool, mints, unsupported);
    Ok((pool, unsupported))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::super::accounts::tests::put;
    use super::super::super::instruction::tests::anchor_hash;
    use super::super::super::model::{self, join};
    use super::super::super::token::tests::{fee_value, mint_bytes};
    use super::*;
    use crate::ids::TOKEN_2022;
    use crate::record::Layout;
    use proptest::prelude::*;

    const VENUE: Venue = Venue::RaydiumLaunchlab;

    #[test]
    fn hashes_are_those_of_the_names() {
        assert_eq!(POOL_STATE, anchor_hash("account", "PoolState"));
        for (name, hash) in OTHER_ACCOUNTS {
            assert_eq!(hash, anchor_hash("account", name), "{name}");
        }
    }

    fn global(curve: u8, protocol: u64) -> Vec<u8> {
        let mut data = vec![0; 371];
        put(&mut data, 0, &GLOBAL_CONFIG);
        data[16] = curve;
        put(&mut data, 27, &protocol.to_le_bytes());
        data
    }

    fn platform(own: u64, creator: u64) -> Vec<u8> {
        let mut data = vec![0; 944];
        put(&mut data, 0, &PLATFORM_CONFIG);
        put(&mut data, 104, &own.to_le_bytes());
        put(&mut data, 720, &creator.to_le_bytes());
        data
    }

    /// The curve of transaction `4pp8WNL4..` before it, as its event tells it (all but what is to be
    /// raised), and configurations.
    fn accounts() -> (AccountBook, Vec<u8>) {
        let mut data = vec![0; POOL_STATE_LEN];
        put(&mut data, 0, &POOL_STATE);
        put(&mut data, 18, &[6, 9]);
        let numbers = [
            1_000_000_000_000_000u64,
            793_100_000_000_000,
            1_073_025_605_606_459,
            1_967_423_749,
            39_532_427_396_157,
            75_256_475,
            85_000_000_000,
        ];
        put(&mut data, 21, &numbers.map(u64::to_le_bytes).concat());
        for (at, n) in [(141, 2), (173, 3), (205, 4), (237, 5), (269, 6), (301, 7)] {
            put(&mut data, at, &[n; 32]);
        }
        let mut book = AccountBook::new();
        let program = VENUE.programs()[0];
        book.insert([2; 32], program, global(0, 2500), 1);
        book.insert([3; 32], program, platform(7500, 500), 1);
        book.insert([1; 32], program, data.clone(), 30);
        (book, data)
    }

    type Change<'a> = &'a dyn Fn(&mut AccountBook, &mut Vec<u8>);

    fn with(change: Change<'_>) -> model::Joined {
        let (mut book, mut data) = accounts();
        change(&mut book, &mut data);
        book.insert([1; 32], VENUE.programs()[0], data, 99);
        join(&book, Clock { epoch: Some(9), unix_s: None })
    }

    fn one(change: Change<'_>) -> (Pool, Option<Unsupported>) {
        let joined = with(change);
        assert_eq!(joined.wrong, []);
        assert_eq!(joined.pools[0].0.invalid(), None);
        joined.pools[0]
    }

    #[test]
    fn a_curve_is_joined_with_both_configurations() {
        let (pool, unsupported) = one(&|_, _| {});
        assert_eq!((unsupported, pool.status), (None, PoolStatus::Open as u8));
        assert_eq!((pool.mint_a, pool.mint_b), ([4; 32], [5; 32]));
        assert_eq!((pool.vault_a, pool.vault_b), ([6; 32], [7; 32]));
        assert_eq!((pool.decimals_a, pool.decimals_b), (6, 9));
        assert_eq!((pool.reserve_a, pool.reserve_b), (753_567_572_603_843, 75_256_475));
        assert_eq!((pool.left_a, pool.left_b), (753_567_572_603_843, 84_924_743_525));
        // Together they are what the product is made from.
        let base = i128::from(pool.reserve_a) + i128::from(pool.virtual_a);
        let quote = i128::from(pool.reserve_b) + i128::from(pool.virtual_b);
        assert_eq!(base, 1_073_025_605_606_459 - 39_532_427_396_157);
        assert_eq!(quote, 1_967_423_749 + 75_256_475);
        assert_eq!((pool.fee_num, pool.fee_den, pool.fee_side), (10_500, 1_000_000, 2));
        assert_eq!(pool.protocol_ppm, 1_000_000);
    }

    #[test]
    fn curves_states_and_transfer_fees_reach_the_record() {
        let program = VENUE.programs()[0];
        let curve =
            |number: u8| one(&move |book, _| book.insert([2; 32], program, global(number, 0), 9));
        let (fixed, unsupported) = curve(1);
        assert_eq!((fixed.curve, unsupported), (record::Curve::Fixed as u8, None));
        assert_eq!((fixed.virtual_a, fixed.virtual_b), (1_073_025_605_606_459, 1_967_423_749));
        let (linear, unsupported) = curve(2);
        assert_eq!(unsupported, Some(Unsupported::CurveKind));
        assert_eq!(linear.status, PoolStatus::Unsupported as u8);
        for status in [1, 2] {
            assert_eq!(one(&|_, d| d[17] = status).0.status, PoolStatus::Disabled as u8);
        }
        let (pool, _) = one(&|book, d| {
            d[365] = 1;
            let fee = (1, fee_value((0, 9, 7), (0, 9, 7)));
            book.insert([4; 32], TOKEN_2022, mint_bytes(6, &[fee]), 1);
        });
        assert_eq!((pool.transfer_fee_bps_a, pool.transfer_fee_max_a), (7, 9));
        let both = with(&|_, d| d[365] = 3);
        assert_eq!(both.wrong, [([4; 32], "mint_a"), ([5; 32], "mint_b")]);
    }

    #[test]
    fn every_broken_part_is_named() {
        let program = VENUE.programs()[0];
        let wrong = |change: Change<'_>| {
            let joined = with(change);
            assert_eq!(joined.pools.len(), usize::from(joined.wrong.is_empty()));
            joined.wrong.iter().map(|(key, name)| (key[0], *name)).collect::<Vec<_>>()
        };
        let config = |n: u8, owner: Key, data: Vec<u8>| {
            wrong(&|book, _| book.insert([n; 32], owner, data.clone(), 9))
        };
        for len in (0..POOL_STATE_LEN).chain([POOL_STATE_LEN + 1]) {
            let name = if len < 8 { "wrong_discriminator" } else { "wrong_len" };
            assert_eq!(wrong(&|_, d| d.resize(len, 0)), [(1, name)], "{len}");
        }
        let number = |at: usize, value: u64| wrong(&|_, d| put(d, at, &value.to_le_bytes()));
        assert_eq!(number(53, 793_100_000_000_001), [(1, "bad_value")]);
        assert_eq!(number(61, 85_000_000_001), [(1, "bad_value")]);
        assert_eq!(number(37, 793_100_000_000_000), [(1, "zero_reserve")]);
        assert_eq!(number(37, u64::MAX), [(1, "bad_value")]);
        assert_eq!(number(45, 0), [(1, "zero_reserve")]);
        assert_eq!(wrong(&|_, d| d[17] = 3), [(1, "bad_value")]);
        assert_eq!(wrong(&|_, d| put(d, 237, &[4; 32])), [(1, "same_mint")]);
        let missing: Change<'_> = &|_, d| {
            put(d, 141, &[22; 32]);
            put(d, 173, &[33; 32]);
        };
        assert_eq!(wrong(missing), [(22, "config"), (33, "config")]);
        assert_eq!(config(2, [9; 32], global(0, 0)), [(2, "wrong_owner")]);
        assert_eq!(config(2, program, platform(0, 0)), [(2, "wrong_discriminator")]);
        (8..35).for_each(|len| {
            assert_eq!(config(2, program, global(0, 0)[..len].to_vec()), [(2, "wrong_len")]);
        });
        (8..728).for_each(|len| {
            assert_eq!(config(3, program, platform(0, 0)[..len].to_vec()), [(3, "wrong_len")]);
        });
        assert_eq!(config(2, program, global(3, 0)), [(1, "bad_value")]);
        for (own, creator) in [(997_500, 0), (1, u64::MAX), (u64::MAX, 0)] {
            assert_eq!(config(3, program, platform(own, creator)), [(3, "bad_fee")]);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn hostile_accounts_never_panic(
            data in proptest::collection::vec(any::<u8>(), POOL_STATE_LEN), status in 0u8..3, curve in 0u8..4,
        ) {
            let program = VENUE.programs()[0];
            let joined = with(&|book, honest| {
                let mut data = data.clone();
                data[..8].copy_from_slice(&POOL_STATE);
                data[17] = status;
                data[53..77].copy_from_slice(&honest[53..77]);
                data[141..301].copy_from_slice(&honest[141..301]);
                data[365] = 0;
                *honest = data;
                book.insert([2; 32], program, global(curve, 0), 9);
            });
            for (pool, _) in joined.pools {
                prop_assert_eq!(pool.invalid(), None);
            }
        }
    }
}
