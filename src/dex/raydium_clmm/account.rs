//! Pool and configuration accounts, of Raydium and of its forks.
//!
//! | account | bytes | fields |
//! |---|---|---|
//! | PoolState | 1544 | config@9, mints @73 and @105, vaults @137 and @169, observation@201, decimals u8@233 and @234, tick_spacing u16@235, liquidity u128@237, sqrt_price u128@253, tick i32@269, status u8@389 (bit 4: no swaps), fee side u8@390, bitmap 1024 bits @904, open_time u64@1080, dynamic fee 80 bytes @1096 |
//! | its dynamic fee | 80 | filter u16, decay u16@2, reduction u16@4 (bps), control u32@6, max u32@10, index i32@14, reference u32@18, accumulator u32@22, last update u64@26; all zero is none |
//! | AmmConfig | 117 | protocol_rate u32@43, trade_rate u32@47, tick_spacing u16@51, fund_rate u32@53 (ppm; protocol and fund of the fee) |
//!
//! Source: raydium-io/raydium-clmm, programs/amm/src/states/{pool.rs, pool_fee.rs, config.rs} @03b44b7.
//! PancakeSwap v3 has the state before fee sides and dynamic fees, with zeros in their place (carbon,
//! decoders/pancake-swap-decoder/src/accounts/pool_state.rs). Byreal has a fee there that decays with
//! time, its flags u8@1096 (jup-ag/byreal-clmm, programs/amm/src/states/pool.rs @2badd50): a pool
//! where it is on is not modelled.
//!
//! A pool takes swaps in the second after its `open_time` (instructions/swap.rs, `require_gt!`).

use crate::bytes::{array_at, i32_at, key_at, u8_at, u16_at, u32_at, u64_at, u128_at};
use crate::ids::{Key, Venue};
use crate::record::{Curve, Pool, PoolStatus};

use super::super::accounts::{
    Account, AccountBook, AccountFault, Clock, Found, Out, Part, PoolKeys, Unsupported,
};
use super::super::join;
use super::super::orca_whirlpool::{SQRT_PRICE_MIN, TICK_MAX, TICK_MIN};
use super::array::{self, ArrayIndex, Bitmap};
use super::tick::SQRT_PRICE_MAX;

const POOL_STATE: [u8; 8] = [0xf7, 0xed, 0xe3, 0xf5, 0xd7, 0xc3, 0xde, 0x46];
const POOL_STATE_LEN: usize = 1544;
const AMM_CONFIG: [u8; 8] = [0xda, 0xf4, 0x21, 0x68, 0xcb, 0xcb, 0x2b, 0x6f];
const AMM_CONFIG_LEN: usize = 117;
const PPM: u32 = 1_000_000;

/// The other accounts of the program and its forks.
const OTHER_ACCOUNTS: [(&str, [u8; 8]); 15] = [
    ("AmmConfig", AMM_CONFIG),
    ("TickArrayState", array::FIXED),
    ("DynTickArrayState", array::DYNAMIC),
    ("TickArrayBitmapExtension", array::EXTENSION),
    ("AmmAdminGroup", [0x80, 0x80, 0xea, 0x1e, 0x3d, 0xac, 0xbc, 0x7b]),
    ("DynamicFeeConfig", [0xf4, 0xe2, 0x58, 0x52, 0x0e, 0x3b, 0xf6, 0xdc]),
    ("LimitOrderNonce", [0x11, 0x99, 0xec, 0x39, 0x19, 0xc7, 0xe7, 0xf8]),
    ("LimitOrderState", [0x01, 0xee, 0x05, 0x8e, 0xcf, 0x3e, 0x2c, 0xe4]),
    ("ObservationState", [0x7a, 0xae, 0xc5, 0x35, 0x81, 0x09, 0xa5, 0x84]),
    ("OffchainRewardConfig", [0x76, 0x34, 0x73, 0x96, 0x63, 0x45, 0xa4, 0x4c]),
    ("OperationState", [0x13, 0xec, 0x3a, 0xed, 0x51, 0xde, 0xb7, 0xfc]),
    ("PermissionlessFarmSwitch", [0x25, 0x5c, 0x93, 0x4e, 0xfa, 0x64, 0x93, 0x89]),
    ("PersonalPositionState", [0x46, 0x6f, 0x96, 0x7e, 0xe6, 0x0f, 0x19, 0x75]),
    ("ProtocolPositionState", [0x64, 0xe2, 0x91, 0x63, 0x92, 0xda, 0xa0, 0x6a]),
    ("SupportMintAssociated", [0x86, 0x28, 0xb7, 0x4f, 0x0c, 0x70, 0xa2, 0x35]),
];

/// What a swap needs of a PoolState account.
#[derive(Clone, Copy, Debug)]
pub(super) struct PoolState<'a> {
    pub(super) config: &'a Key,
    pub(super) mints: [&'a Key; 2],
    pub(super) vaults: [&'a Key; 2],
    pub(super) observation: &'a Key,
    tick_spacing: u16,
    liquidity: u128,
    sqrt_price: u128,
    tick: i32,
    status: u8,
    fee_side: u8,
    pub(super) bitmap: &'a [u8],
    open_time: u64,
    /// The 80 bytes that Raydium and Byreal use each in its way.
    fee_state: [u8; 80],
}

impl<'a> PoolState<'a> {
    pub(super) fn read(data: &'a [u8]) -> Result<Self, AccountFault> {
        if data.first_chunk() != Some(&POOL_STATE) {
            return Err(AccountFault::Discriminator);
        }
        if data.len() != POOL_STATE_LEN {
            return Err(AccountFault::WrongLen);
        }
        Self::fields(data).ok_or(AccountFault::WrongLen)?.checked()
    }

    fn fields(data: &'a [u8]) -> Option<Self> {
        Some(Self {
            config: key_at(data, 9)?,
            mints: [key_at(data, 73)?, key_at(data, 105)?],
            vaults: [key_at(data, 137)?, key_at(data, 169)?],
            observation: key_at(data, 201)?,
            tick_spacing: u16_at(data, 235)?,
            liquidity: u128_at(data, 237)?,
            sqrt_price: u128_at(data, 253)?,
            tick: i32_at(data, 269)?,
            status: u8_at(data, 389)?,
            fee_side: u8_at(data, 390)?,
            bitmap: data.get(904..1032)?,
            open_time: u64_at(data, 1080)?,
            fee_state: array_at(data, 1096)?,
        })
    }

    /// The first broken rule.
    fn checked(self) -> Result<Self, AccountFault> {
        // After a downward crossing at the lowest tick the program stores one below it.
        let ticks = TICK_MIN.saturating_sub(1)..=TICK_MAX;
        if self.tick_spacing == 0 {
            Err(AccountFault::TickSpacing)
        } else if !(SQRT_PRICE_MIN..=SQRT_PRICE_MAX).contains(&self.sqrt_price) {
            Err(AccountFault::SqrtPrice)
        } else if !ticks.contains(&self.tick) {
            Err(AccountFault::Tick)
        } else if self.fee_side > 2 {
            Err(AccountFault::Value)
        } else {
            Ok(self)
        }
    }

    fn fill(&self, pool: &mut Pool, clock: Clock) {
        pool.curve = Curve::Range as u8;
        (pool.sqrt_price, pool.liquidity, pool.tick) = (self.sqrt_price, self.liquidity, self.tick);
        (pool.tick_spacing, pool.fee_side) = (self.tick_spacing, self.fee_side);
        pool.open_time = self.open_time;
        pool.present |= Pool::SQRT_PRICE | Pool::LIQUIDITY | Pool::TICK | Pool::TICK_SPACING;
        pool.present |= Pool::OPEN_TIME;
        // pool.rs `PoolStatusBitIndex::Swap` is bit 4; a set bit switches off.
        if self.status & 16 != 0 {
            pool.status = PoolStatus::Disabled as u8;
        } else if pool.status == PoolStatus::Open as u8
            && clock.unix_s.is_some_and(|now| now <= self.open_time)
        {
            pool.status = PoolStatus::Waiting as u8;
        }
    }

    /// Fills in Raydium's dynamic fee, which a pool has when any byte of it is set.
    fn fill_dynamic_fee(&self, pool: &mut Pool) -> Option<()> {
        let bytes = &self.fee_state;
        if *bytes == [0; 80] {
            return Some(());
        }
        (pool.vol_filter_s, pool.vol_decay_s) = (u16_at(bytes, 0)?, u16_at(bytes, 2)?);
        pool.vol_reduction_bps = u16_at(bytes, 4)?;
        (pool.vol_control, pool.vol_max) = (u32_at(bytes, 6)?, u32_at(bytes, 10)?);
        pool.vol_index = i32_at(bytes, 14)?;
        (pool.vol_ref, pool.vol_acc) = (u32_at(bytes, 18)?, u32_at(bytes, 22)?);
        pool.vol_last_s = u64_at(bytes, 26)?;
        pool.vol_group = self.tick_spacing;
        pool.present |= Pool::VOLATILITY;
        Some(())
    }
}

/// The rates of an AmmConfig account, ppm: of a trade, and the protocol's and the fund's of its fee.
fn rates(book: &AccountBook, program: &Key, key: &Key) -> Result<[u32; 3], AccountFault> {
    let account = book.get(key).ok_or(AccountFault::NotInitialised)?;
    let data = &account.data;
    if account.owner != *program {
        return Err(AccountFault::Owner);
    }
    if data.first_chunk() != Some(&AMM_CONFIG) {
        return Err(AccountFault::Discriminator);
    }
    if data.len() != AMM_CONFIG_LEN {
        return Err(AccountFault::WrongLen);
    }
    let rate = |at| u32_at(data, at).ok_or(AccountFault::WrongLen);
    let [protocol, trade, fund] = [rate(43)?, rate(47)?, rate(53)?];
    if trade >= PPM || protocol.checked_add(fund).is_none_or(|both| both > PPM) {
        return Err(AccountFault::Fee);
    }
    Ok([trade, protocol, fund])
}

/// Joins every pool of `venue` with its configuration, vaults, mints and tick arrays.
pub(super) fn pools(venue: Venue, book: &AccountBook, clock: Clock, out: &mut Out<'_>) {
    for program in venue.programs() {
        let owned = book.owned_by(program);
        let arrays = ArrayIndex::new(venue, &owned, out);
        for (key, account) in owned {
            let kind = account.data.first_chunk();
            if kind.is_some_and(|kind| OTHER_ACCOUNTS.iter().any(|(_, known)| known == kind)) {
                continue;
            }
            let state = match PoolState::read(&account.data) {
                Ok(state) => state,
                Err(fault) => {
                    out(Found::Refused { pool: key, key, venue, fault });
                    continue;
                }
            };
            let keys = PoolKeys {
                pool: key,
                program: *program,
                venue,
                mints: state.mints,
                vaults: state.vaults,
            };
            let parts = [
                (Part::Config, state.config),
                (Part::VaultA, state.vaults[0]),
                (Part::VaultB, state.vaults[1]),
                (Part::MintA, state.mints[0]),
                (Part::MintB, state.mints[1]),
            ];
            if !book.complete(key, venue, &parts, out) {
                continue;
            }
            let joined = join(book, clock, &keys, account, &state).and_then(|found| {
                let bitmap = Bitmap::new(book, &found.0, state.bitmap)?;
                Ok((found, bitmap))
            });
            match joined {
                Ok(((pool, unsupported), bitmap)) => {
                    out(Found::Pool { pool: &pool, unsupported });
                    array::emit(venue, &arrays, &bitmap, &pool, out);
                }
                Err((part, fault)) => out(Found::Refused { pool: key, key: &part, venue, fault }),
            }
        }
    }
}

fn join(
    book: &AccountBook,
    clock: Clock,
    keys: &PoolKeys<'_>,
    account: &Account,
    state: &PoolState<'_>,
) -> Result<(Pool, Option<Unsupported>), (Key, AccountFault)> {
    let [trade, protocol, fund] =
        rates(book, &keys.program, state.config).map_err(|fault| (*state.config, fault))?;
    join::joined(book, clock, keys, account.slot, |pool| {
        (pool.fee_num, pool.fee_den) = (trade.into(), PPM.into());
        (pool.protocol_ppm, pool.fund_ppm) = (protocol, fund);
        state.fill(pool, clock);
        if keys.venue == Venue::ByrealClmm {
            // pool.rs `is_decay_fee_enabled` is bit 0.
            let [flags, ..] = state.fee_state;
            return Ok((flags & 1 != 0).then_some(Unsupported::FeeSchedule));
        }
        state.fill_dynamic_fee(pool).ok_or(AccountFault::WrongLen)?;
        Ok(None)
    })
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::super::accounts::tests::put;
    use super::super::super::instruction::tests::anchor_hash;
    use super::super::super::model::{self, join, key};
    use super::super::super::token::tests::{account_bytes, fee_value, mint_bytes};
    use super::super::super::{covered, tick_at_sqrt_price};
    use super::array::tests::array_bytes;
    use super::*;
    use crate::ids::{TOKEN, TOKEN_2022, USDC};
    use crate::record::Layout;
    use proptest::prelude::*;

    /// Accounts of mainnet at slot 458965734 (the snapshot of sol-trade-sdk 11.0.1, tests/fixtures).
    const ACCOUNTS: &str = include_str!("../../../testdata/accounts/raydium_clmm.jsonl");

    #[test]
    fn hashes_are_those_of_the_names() {
        assert_eq!(POOL_STATE, anchor_hash("account", "PoolState"));
        for (name, hash) in OTHER_ACCOUNTS {
            assert_eq!(hash, anchor_hash("account", name), "{name}");
        }
    }

    #[test]
    fn the_real_pool_is_joined_with_its_arrays() {
        let joined = join(&model::book(ACCOUNTS), Clock::default());
        assert_eq!(joined.wrong, []);
        let [(pool, unsupported)] = joined.pools[..] else { panic!("{:?}", joined.pools) };
        assert_eq!(pool.pool, key("ANyCzRPgiCLeJx3nH4SKS1jxtaxMk9qzG5SmJooh55ie"));
        assert_eq!((unsupported, pool.invalid(), pool.slot), (None, None, 458_965_734));
        assert_eq!(pool.mint_a, key("UVXY4ojmAMTaPwUmrRmcuxWHjMHCbz3BxX2RBMzjYKx"));
        assert_eq!((pool.mint_b, pool.decimals_a, pool.decimals_b), (USDC, 6, 6));
        assert_eq!((pool.fee_num, pool.fee_den, pool.fee_side), (10_000, 1_000_000, 2));
        assert_eq!((pool.protocol_ppm, pool.fund_ppm, pool.tick_spacing), (120_000, 40_000, 120));
        assert_eq!((pool.tick, tick_at_sqrt_price(pool.sqrt_price)), (28_495, Some(28_495)));
        assert_eq!((pool.vol_filter_s, pool.vol_decay_s, pool.vol_reduction_bps), (30, 900, 5000));
        assert_eq!((pool.vol_control, pool.vol_max, pool.vol_group), (1736, 200_000, 120));
        assert_eq!((pool.vol_index, pool.vol_ref, pool.vol_acc), (237, 0, 0));
        assert_eq!((pool.vol_last_s, pool.vol_index), (1_792_441_681, pool.tick / 120));
        // Both arrays that its bitmap names, and nothing beside them.
        let pieces: Vec<_> =
            joined.arrays.iter().map(|(t, _)| (t.start_tick, t.span_ticks)).collect();
        assert_eq!(
            pieces,
            [(-446_400, 468_000), (21_600, 7200), (28_800, 7200), (36_000, 410_400)]
        );
        assert_eq!(covered(&pieces, pool.tick), Some((-446_400, 446_400)));
        let counts: Vec<_> = joined.arrays.iter().map(|(t, _)| t.count).collect();
        assert_eq!(counts, [0, 7, 8, 0], "the accounts say the same at byte 10124");
        let nets: Vec<_> = joined.arrays.iter().flat_map(|(_, ticks)| ticks).collect();
        assert!(nets.iter().all(|tick| tick.tick % 120 == 0 && tick.orders == 0));
        let below = nets.iter().filter(|t| t.tick <= pool.tick).map(|t| t.liquidity_net);
        assert_eq!(u128::try_from(below.sum::<i128>()), Ok(pool.liquidity));
        assert_eq!(nets.iter().map(|t| t.liquidity_net).sum::<i128>(), 0);
    }

    #[test]
    fn every_missing_part_of_the_real_pool_is_named() {
        let book = |left_out: &str| {
            let lines =
                ACCOUNTS.lines().filter(|line| !line.contains(&format!("pubkey\":\"{left_out}")));
            model::book(&lines.collect::<Vec<_>>().join("\n"))
        };
        for (part, name) in [
            ("A1BBtTYJd4i3xU8D6Tc2FzU6ZN4oXZWXKZnCxwbHXr8x", "config"),
            ("6jngZtoG19WRFUfXJW1rWq2HonazMSv9MNcdDkzaD4my", "vault_a"),
            ("8coWzfJ8VAbPFC3zDUgJFHT6Ggg292EwpqGMn9AqR1oo", "vault_b"),
            ("UVXY4ojmAMTaPwUmrRmcuxWHjMHCbz3BxX2RBMzjYKx", "mint_a"),
            ("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v", "mint_b"),
            ("2eBN89sbPB8dvRuRvDqQoSKXQyNohqzQUDuU6wu33Xwp", "tick_array"),
        ] {
            let joined = join(&book(part), Clock::default());
            assert_eq!(joined.wrong, [(key(part), name)]);
            assert_eq!(joined.pools.len(), usize::from(name == "tick_array"));
        }
        // The array above the price is not where a swap begins; what is known ends before it.
        let joined = join(&book("FmDMUHNjAwepMDGSCBUz9Hh6bGhuTmExfFZZtdawm2EF"), Clock::default());
        assert_eq!((joined.wrong.len(), joined.arrays.len()), (0, 2));
    }

    fn config(protocol: u32, trade: u32, fund: u32) -> Vec<u8> {
        let mut data = vec![0; AMM_CONFIG_LEN];
        put(&mut data, 0, &AMM_CONFIG);
        for (at, rate) in [(43, protocol), (47, trade), (53, fund)] {
            put(&mut data, at, &rate.to_le_bytes());
        }
        data
    }

    /// Pool 1 of spacing 10 at price 1 and second 500, config 2, mints 3 and 5, vaults 4 and 6.
    fn accounts(venue: Venue) -> (AccountBook, Vec<u8>) {
        let mut data = vec![0; POOL_STATE_LEN];
        put(&mut data, 0, &POOL_STATE);
        for (at, n) in [(9, 2), (73, 3), (105, 5), (137, 4), (169, 6)] {
            put(&mut data, at, &[n; 32]);
        }
        data[235] = 10;
        put(&mut data, 253, &(1u128 << 64).to_le_bytes());
        put(&mut data, 1080, &500u64.to_le_bytes());
        let mut book = AccountBook::new();
        let program = venue.programs()[0];
        book.insert([2; 32], program, config(120_000, 500, 40_000), 1);
        book.insert([3; 32], TOKEN, mint_bytes(9, &[]), 1);
        book.insert([5; 32], TOKEN_2022, mint_bytes(6, &[(1, fee_value((0, 9, 7), (9, 9, 5)))]), 1);
        book.insert([4; 32], TOKEN, account_bytes(&[3; 32], &[1; 32], 70), 29);
        book.insert([6; 32], TOKEN_2022, account_bytes(&[5; 32], &[1; 32], 80), 31);
        book.insert([1; 32], program, data.clone(), 30);
        (book, data)
    }

    type Change<'a> = &'a dyn Fn(&mut AccountBook, &mut Vec<u8>);

    fn with(venue: Venue, clock: Clock, change: Change<'_>) -> model::Joined {
        let (mut book, mut data) = accounts(venue);
        change(&mut book, &mut data);
        book.insert([1; 32], venue.programs()[0], data, 99);
        join(&book, clock)
    }

    const VENUES: [Venue; 3] = [Venue::RaydiumClmm, Venue::PancakeClmm, Venue::ByrealClmm];

    #[test]
    fn status_opening_and_transfer_fees_reach_the_record_of_every_fork() {
        for venue in VENUES {
            let read = |unix_s, change: Change<'_>| {
                let joined = with(venue, Clock { epoch: Some(9), unix_s }, change);
                assert_eq!(joined.wrong, []);
                let (pool, unsupported) = joined.pools[0];
                assert_eq!((unsupported, pool.invalid()), (None, None));
                pool
            };
            let pool = read(Some(500), &|_, _| {});
            assert_eq!((pool.venue, pool.program), (venue as u16, venue.programs()[0]));
            assert_eq!((pool.reserve_a, pool.reserve_b, pool.slot), (70, 80, 29));
            assert_eq!((pool.decimals_a, pool.decimals_b, pool.transfer_fee_bps_b), (9, 6, 5));
            assert_eq!((pool.open_time, pool.status), (500, PoolStatus::Waiting as u8));
            assert_eq!(pool.present & Pool::VOLATILITY, 0);
            for open in [None, Some(501)] {
                assert_eq!(read(open, &|_, _| {}).status, PoolStatus::Open as u8);
            }
            assert_eq!(read(None, &|_, d| d[389] = 16).status, PoolStatus::Disabled as u8);
            assert_eq!(read(None, &|_, d| d[389] = 47).status, PoolStatus::Open as u8);
            assert_eq!(read(None, &|_, d| d[390] = 1).fee_side, 1);
        }
    }

    #[test]
    fn the_same_bytes_are_a_dynamic_fee_or_one_that_decays() {
        for venue in VENUES {
            let joined = with(venue, Clock::default(), &|_, d| put(d, 1096, &[7, 5, 1, 9]));
            let (pool, unsupported) = joined.pools[0];
            assert_eq!(pool.invalid(), None);
            if venue == Venue::ByrealClmm {
                assert_eq!(unsupported, Some(Unsupported::FeeSchedule));
                assert_eq!(pool.status, PoolStatus::Unsupported as u8);
                let off = with(venue, Clock::default(), &|_, d| put(d, 1096, &[6, 5, 1, 9]));
                assert_eq!(off.pools[0].1, None);
            } else {
                assert_eq!(unsupported, None);
                assert_eq!((pool.vol_filter_s, pool.vol_decay_s), (0x507, 0x901));
                assert_ne!(pool.present & Pool::VOLATILITY, 0);
            }
        }
    }

    #[test]
    fn a_growing_array_of_byreal_is_one_of_the_pool() {
        let venue = Venue::ByrealClmm;
        let joined = with(venue, Clock::default(), &|book, d| {
            put(d, 904 + 64, &[1]); // array 0
            let data = array_bytes((0, 10), &[(1, 5, 5, 0), (4, -5, 5, 0)], true);
            book.insert([7; 32], venue.programs()[0], data, 3);
        });
        assert_eq!(joined.wrong, []);
        let (ticks, entries) = &joined.arrays[1];
        assert_eq!((ticks.array, ticks.start_tick, ticks.span_ticks), ([7; 32], 0, 600));
        assert_eq!(entries.iter().map(|tick| tick.tick).collect::<Vec<_>>(), [10, 40]);
        // Spacing 10 goes beyond the pool's own bits: nothing is said of what lies there.
        assert_eq!(joined.arrays[0].0.start_tick, -512 * 600);
        assert_eq!((joined.arrays[2].0.span_ticks, joined.arrays.len()), (511 * 600, 3));
    }

    #[test]
    fn every_broken_part_is_named() {
        let wrong = |change: Change<'_>| {
            let joined = with(Venue::RaydiumClmm, Clock::default(), change);
            joined.wrong.iter().map(|(key, name)| (key[0], *name)).collect::<Vec<_>>()
        };
        assert_eq!(wrong(&|_, _| {}), []);
        for price in [0, SQRT_PRICE_MIN - 1, SQRT_PRICE_MAX + 1] {
            let bad = wrong(&|_, d| put(d, 253, &price.to_le_bytes()));
            assert_eq!(bad, [(1, "bad_sqrt_price")]);
        }
        for tick in [i32::MIN, TICK_MIN - 2, TICK_MAX + 1] {
            assert_eq!(wrong(&|_, d| put(d, 269, &tick.to_le_bytes())), [(1, "bad_tick")]);
        }
        assert_eq!(wrong(&|_, d| put(d, 235, &[0; 2])), [(1, "bad_tick_spacing")]);
        assert_eq!(wrong(&|_, d| d[390] = 3), [(1, "bad_value")]);
        assert_eq!(wrong(&|_, d| put(d, 105, &[3; 32])), [(1, "same_mint")]);
        assert_eq!(wrong(&|_, d| put(d, 169, &[4; 32])), [(4, "vault_mint")]);
        let all: Change<'_> = &|_, d| {
            for at in [9, 137, 169, 73, 105] {
                put(d, at, &[77; 32]);
            }
        };
        let names = ["config", "vault_a", "vault_b", "mint_a", "mint_b"];
        assert_eq!(wrong(all), names.map(|name| (77, name)));
        for (protocol, trade, fund) in [(0, PPM, 0), (PPM, 0, 1), (u32::MAX, 0, u32::MAX)] {
            let program = Venue::RaydiumClmm.programs()[0];
            let data = config(protocol, trade, fund);
            let bad = wrong(&|book, _| book.insert([2; 32], program, data.clone(), 9));
            assert_eq!(bad, [(2, "bad_fee")]);
        }
        let config = |owner: Key, data: &[u8]| {
            wrong(&|book, _| book.insert([2; 32], owner, data.to_vec(), 9))
        };
        let program = Venue::RaydiumClmm.programs()[0];
        let whole = config_bytes();
        assert_eq!(config([9; 32], &whole), [(2, "wrong_owner")]);
        (8..whole.len())
            .for_each(|len| assert_eq!(config(program, &whole[..len]), [(2, "wrong_len")]));
        let kind = config(program, &[9; 117]);
        assert_eq!(kind, [(2, "wrong_discriminator"); 2], "by itself and as a part");
        for len in (0..POOL_STATE_LEN).chain([POOL_STATE_LEN + 1]) {
            let name = if len < 8 { "wrong_discriminator" } else { "wrong_len" };
            assert_eq!(wrong(&|_, d| d.resize(len, 0)), [(1, name)], "{len}");
        }
    }

    fn config_bytes() -> Vec<u8> {
        config(0, 500, 0)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn hostile_accounts_never_panic(
            mut data in proptest::collection::vec(any::<u8>(), POOL_STATE_LEN),
            spacing in 1u16.., tick in TICK_MIN..TICK_MAX, place in 0usize..3,
        ) {
            let joined = with(VENUES[place], Clock { epoch: None, unix_s: Some(1) }, &|_, honest| {
                let mut data = data.clone();
                data[..201].copy_from_slice(&honest[..201]);
                put(&mut data, 235, &spacing.to_le_bytes());
                put(&mut data, 253, &honest[253..269]);
                put(&mut data, 269, &tick.to_le_bytes());
                data[390] %= 3;
                *honest = data;
            });
            prop_assert_eq!(joined.pools.len(), 1);
            prop_assert_eq!(joined.pools[0].0.invalid(), None);
            data.truncate(1000);
            let _ = PoolState::read(&data);
        }
    }
}
