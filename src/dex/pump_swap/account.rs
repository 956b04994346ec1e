//! Pool and configuration accounts.
//!
//! | account | fields |
//! |---|---|
//! | Pool, 211 bytes and more | creator@11, base mint@43, quote mint@75, base vault@139, quote vault@171, since then coin creator@211, mayhem u8@243, cashback u8@244, virtual quote i128@245, creator bps u64@261 |
//! | GlobalConfig, 57 bytes and more | disabled u8@56 (bit 3 buys, bit 4 sells), whether pools have creator rates of their own u8@940, 8 wallets that buy back @643 |
//! | FeeConfig | `pump::fees` |
//!
//! Source: the program's interface description of October 2026 (facts/dex.md 11). A pool that a
//! curve of Pump became pays the rates of its quote token, which may follow the coin's market
//! value; every other pool pays the flat rates; without a coin creator there is no creator's fee.
//! The rates in the record are those at its reserves: what a swap pays that begins there.
//!
//! The quote vault counts whole: fees that are retained in it are balanced by the virtual quote.

use five8_const::decode_32_const as key;

use crate::bytes::{i128_at, key_at, u8_at, u64_at};
use crate::ids::{Key, USDC, Venue, WSOL};
use crate::math::muldiv::mul_div_floor_u128;
use crate::record::{Pool, PoolStatus};

use super::super::accounts::{
    Account, AccountBook, AccountFault, Clock, Found, Out, Part, PoolKeys, Vault, with_mints,
};
use super::super::build::derived;
use super::super::join::{self, Joined};
use super::super::pump::fees::{self, FeeConfig};
use super::super::token::{Mint, TransferFee};

/// Derived of `"global_config"`.
pub(super) const GLOBAL_CONFIG: Key = key("ADyA8hdefvWN2dbGGWFotbzWxrAvLW83WG6QCVXvJKqw");
/// Derived by pump-fees of `"fee_config"` and this program.
pub(super) const FEE_CONFIG: Key = key("5PHirr8joyTMp9JMm6nW7hNDVyEYdkzDqazxPD7RaTjx");

const POOL: [u8; 8] = [0xf1, 0x9a, 0x6d, 0x04, 0x11, 0xb1, 0x6d, 0xbc];
const GLOBAL: [u8; 8] = [0x95, 0x08, 0x9c, 0xca, 0xa0, 0xfc, 0xb0, 0xd9];

/// The program's other accounts.
const OTHER_ACCOUNTS: [(&str, [u8; 8]); 3] = [
    ("GlobalConfig", GLOBAL),
    ("GlobalVolumeAccumulator", [0xca, 0x2a, 0xf6, 0x2b, 0x8e, 0xbe, 0x1e, 0xff]),
    ("UserVolumeAccumulator", [0x56, 0xff, 0x70, 0x0e, 0x66, 0x35, 0x9a, 0xfa]),
];

/// Coins of a mayhem pool, raw units: their market value does not follow what is burned.
const MAYHEM_SUPPLY: u64 = 1_000_000_000_000_000;

/// The wallets that may be named for the part of the protocol's fee that buys back: eight at 643.
const BUYBACK_AT: usize = 643;

/// Whether the Pool account `data` is one that gives back a part of the fee.
pub(super) fn is_cashback(data: &[u8]) -> bool {
    u8_at(data, 244).is_some_and(|flag| flag != 0)
}

/// The first wallet that buys back, of the program's configuration.
pub(super) fn buyback(book: &AccountBook, program: &Key) -> Option<Key> {
    let account = book.get(&GLOBAL_CONFIG).filter(|account| account.owner == *program)?;
    Global::read(&account.data).ok()?;
    let wallets = account.data.get(BUYBACK_AT..BUYBACK_AT.checked_add(256)?)?;
    wallets.as_chunks().0.iter().copied().find(|wallet| *wallet != [0; 32])
}

/// What a swap needs of a Pool account.
#[derive(Clone, Copy, Debug)]
struct PoolState<'a> {
    creator: &'a Key,
    mints: [&'a Key; 2],
    vaults: [&'a Key; 2],
    coin_creator: bool,
    mayhem: bool,
    virtual_quote: i128,
    /// A creator's rate of its own, bps; 0 is none.
    creator_bps: u64,
}

impl<'a> PoolState<'a> {
    fn read(data: &'a [u8]) -> Result<Self, AccountFault> {
        if data.first_chunk() != Some(&POOL) {
            return Err(AccountFault::Discriminator);
        }
        Self::fields(data).ok_or(AccountFault::WrongLen)
    }

    fn fields(data: &'a [u8]) -> Option<Self> {
        u64_at(data, 203)?;
        Some(Self {
            creator: key_at(data, 11)?,
            mints: [key_at(data, 43)?, key_at(data, 75)?],
            vaults: [key_at(data, 139)?, key_at(data, 171)?],
            // Fields that older accounts have not grown yet.
            coin_creator: key_at(data, 211).is_some_and(|key| *key != [0; 32]),
            mayhem: u8_at(data, 243).is_some_and(|flag| flag != 0),
            virtual_quote: i128_at(data, 245).unwrap_or(0),
            creator_bps: u64_at(data, 261).unwrap_or(0),
        })
    }

    /// Whether a curve of Pump became this pool.
    fn of_a_curve(&self) -> bool {
        Venue::Pump.programs().iter().any(|pump| {
            *self.creator == derived(pump, &[b"pool-authority", self.mints[0].as_slice()])
        })
    }
}

/// What holds for all pools.
struct Global {
    disabled: bool,
    own_creator_rates: bool,
}

impl Global {
    fn read(data: &[u8]) -> Result<Self, AccountFault> {
        if data.first_chunk() != Some(&GLOBAL) {
            return Err(AccountFault::Discriminator);
        }
        let disabled = u8_at(data, 56).ok_or(AccountFault::WrongLen)? & 0b1_1000 != 0;
        Ok(Self { disabled, own_creator_rates: u8_at(data, 940).is_some_and(|flag| flag != 0) })
    }
}

pub(super) fn pools(book: &AccountBook, clock: Clock, out: &mut Out<'_>) {
    let venue = Venue::PumpSwap;
    for program in venue.programs() {
        for (key, account) in book.owned_by(program) {
            let kind = account.data.first_chunk::<8>();
            if OTHER_ACCOUNTS.iter().any(|(_, other)| Some(other) == kind) {
                continue;
            }
            let state = match PoolState::read(&account.data) {
                Ok(state) => state,
                Err(fault) => {
                    out(Found::Refused { pool: key, key, venue, fault });
                    continue;
                }
            };
            let mut parts = vec![(Part::Config, &GLOBAL_CONFIG), (Part::Config, &FEE_CONFIG)];
            parts.extend([(Part::VaultA, state.vaults[0]), (Part::VaultB, state.vaults[1])]);
            let mints = [(Part::MintA, state.mints[0]), (Part::MintB, state.mints[1])];
            parts.extend(mints.into_iter().filter(|(_, mint)| plain(mint).is_none()));
            if book.complete(key, venue, &parts, out) {
                let joined = joined(book, clock, (key, account), &state);
                join::hand_over(key, venue, &joined, out);
            }
        }
    }
}

/// A mint of SPL Token that is known without its account.
fn plain(mint: &Key) -> Option<Mint> {
    let decimals = match *mint {
        WSOL => 9,
        USDC => 6,
        _ => return None,
    };
    let fee = TransferFee::default();
    Some(Mint { decimals, supply: 0, fee, paused: false, unsupported: None })
}

fn joined(
    book: &AccountBook,
    clock: Clock,
    (key, account): (&Key, &Account),
    state: &PoolState<'_>,
) -> Joined {
    let at_pool = |fault| (*key, fault);
    let [base, quote] = state.mints;
    if base == quote {
        return Err(at_pool(AccountFault::SameMint));
    }
    let side = |vault_key: &Key, mint: &Key| -> Result<(Vault, Mint), (Key, AccountFault)> {
        let vault = book.vault(vault_key, mint).map_err(|fault| (*vault_key, fault))?;
        let mint = match plain(mint) {
            Some(mint) => mint,
            None => book.mint(mint, clock).map_err(|fault| (*mint, fault))?,
        };
        Ok((vault, mint))
    };
    let (vault_a, mint_a) = side(state.vaults[0], base)?;
    let (vault_b, mint_b) = side(state.vaults[1], quote)?;
    if vault_a.amount == 0 {
        return Err((*state.vaults[0], AccountFault::ZeroReserve));
    }
    let depth = state.virtual_quote.checked_add(vault_b.amount.into());
    let depth = depth.and_then(|depth| u128::try_from(depth).ok()).filter(|depth| *depth > 0);
    let depth = depth.ok_or(at_pool(AccountFault::ZeroReserve))?;
    let program = account.owner;
    let keys = PoolKeys {
        pool: key,
        program,
        venue: Venue::PumpSwap,
        mints: state.mints,
        vaults: state.vaults,
    };
    let slots = [account.slot, vault_a.slot, vault_b.slot];
    let mut pool = keys.record(slots, [vault_a.amount, vault_b.amount]);
    pool.virtual_b = state.virtual_quote.try_into().map_err(|_| at_pool(AccountFault::Value))?;
    [pool.decimals_a, pool.decimals_b] = [mint_a.decimals, mint_b.decimals];
    pool.present |= Pool::DECIMALS | Pool::VIRTUAL;
    let named = |(part, fault): (&Key, _)| (*part, fault);
    let global = fees::part(book, &GLOBAL_CONFIG, &program, Global::read).map_err(named)?;
    let config = fees::part(book, &FEE_CONFIG, &fees::PROGRAM, FeeConfig::read).map_err(named)?;
    let mut rates = config.flat;
    if state.of_a_curve() {
        let supply = if state.mayhem { MAYHEM_SUPPLY } else { mint_a.supply };
        let value = mul_div_floor_u128(depth, supply.into(), vault_a.amount.into());
        let value = value.ok_or(at_pool(AccountFault::Value))?;
        rates = config.rates(quote, value).map_err(|fault| (FEE_CONFIG, fault))?;
        if FeeConfig::has_tiers(quote) {
            pool.supply_a = supply;
            pool.present |= Pool::SUPPLY;
        }
    }
    if global.own_creator_rates && state.creator_bps != 0 {
        rates[2] = state.creator_bps;
    }
    if !state.coin_creator {
        rates[2] = 0;
    }
    fees::charge(&mut pool, rates).ok_or((FEE_CONFIG, AccountFault::Fee))?;
    if global.disabled || vault_a.frozen || vault_b.frozen {
        pool.status = PoolStatus::Disabled as u8;
    }
    let unsupported = with_mints(&mut pool, [Some(mint_a), Some(mint_b)], None);
    Ok((pool, unsupported))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::super::accounts::tests::put;
    use super::super::super::instruction::tests::anchor_hash;
    use super::super::super::model::{self, join, key as named};
    use super::super::super::pump::fees::tests::fee_config;
    use super::super::super::token::tests::{account_bytes, mint_bytes};
    use super::*;
    use crate::bytes::{hex, u32_at};
    use crate::ids::{TOKEN, TOKEN_2022};
    use crate::record::Layout;
    use proptest::prelude::*;

    /// Two pools of mainnet and their parts, of 2026-10: facts/dex.md 23.
    const ACCOUNTS: &str = include_str!("../../../testdata/accounts/pump_swap.jsonl");
    /// Real events: as in the tests of events.
    const EVENTS: &str = include_str!("../../../testdata/events/pump_swap.txt");

    const PROGRAM: Key = key("pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA");

    #[test]
    fn hashes_and_addresses_are_those_of_the_names() {
        assert_eq!(POOL, anchor_hash("account", "Pool"));
        for (name, hash) in OTHER_ACCOUNTS {
            assert_eq!(hash, anchor_hash("account", name), "{name}");
        }
        assert_eq!(Venue::PumpSwap.programs(), [PROGRAM]);
        assert_eq!(GLOBAL_CONFIG, derived(&PROGRAM, &[b"global_config"]));
        assert_eq!(FEE_CONFIG, derived(&fees::PROGRAM, &[b"fee_config", &PROGRAM]));
    }

    #[test]
    fn real_pools_are_joined() {
        let joined = join(&model::book(ACCOUNTS), Clock::default());
        assert_eq!(joined.wrong, []);
        let [(sol, None), (other, None)] = joined.pools[..] else { panic!("{:?}", joined.pools) };
        assert_eq!(sol.pool, named("BwTKRFjssVL6c7Wb8MjvHMy9BET1Jb3xSKXcxz8t4RH"));
        assert_eq!((sol.mint_b, sol.virtual_b), (WSOL, 17_583_094_062));
        assert_eq!((sol.reserve_a, sol.reserve_b), (172_609_615_479_510, 113_336_860_503));
        assert_eq!((sol.decimals_a, sol.decimals_b), (6, 9));
        // 706.8 SOL: (quote + virtual) * supply / base.
        assert_eq!([sol.lp_bps, sol.protocol_bps, sol.creator_bps], [20, 5, 95]);
        assert_eq!(sol.supply_a, 931_861_628_000_264);
        assert_eq!((sol.status, sol.invalid()), (PoolStatus::Open as u8, None));
        assert_eq!(other.pool, named("G2UuRbmVDzDFP4qyoBJrSKBXSi7d6V4bPP9tHPs36y4b"));
        assert_eq!((other.virtual_b, other.decimals_b), (9_033_047, 6));
        // Sold for a token that has no tiers of its own.
        assert_eq!([other.lp_bps, other.protocol_bps, other.creator_bps], [20, 5, 5]);
        assert_eq!((other.fee_num, other.fee_den, other.fee_side), (25, 10_000, 2));
        assert_eq!((other.protocol_ppm, other.creator_ppm, other.creator_side), (200_000, 500, 2));
        assert_eq!((other.supply_a, other.invalid()), (0, None));
    }

    /// Market value and rates as events of mainnet tell them, by the configuration of mainnet.
    #[test]
    fn the_rates_are_those_that_mainnet_charged() {
        let book = model::book(ACCOUNTS);
        let config = FeeConfig::read(&book.get(&FEE_CONFIG).unwrap().data).unwrap();
        // Swaps of single pools that curves became, sold for SOL.
        for signature in ["TNSxB6uf", "3KBJWV5M", "2WCbtfv7", "27HoMFgk", "2qgqjVi7"] {
            let line = EVENTS.lines().find(|line| line.starts_with(signature)).unwrap();
            let bytes = hex::decode(line.split_once(' ').unwrap().1).unwrap();
            let buys = bytes[..8] == anchor_hash("event", "BuyEvent");
            let tail = if buys { 405 + u32_at(&bytes, 401).unwrap() as usize } else { 360 };
            let at = |at| u64_at(&bytes, at).unwrap();
            let quote = i128::from(at(56)) + i128_at(&bytes, tail + 32).unwrap();
            let value = quote * i128::from(at(tail + 49)) / i128::from(at(48));
            let told = [at(72), at(88), at(344)];
            assert_eq!(config.rates(&WSOL, value.try_into().unwrap()), Ok(told), "{signature}");
        }
    }

    /// Pool 1 of a curve, coin 5 for SOL, vaults 3 and 4.
    fn accounts() -> (AccountBook, Vec<u8>) {
        let mut data = vec![0; 301];
        let creator = derived(&Venue::Pump.programs()[0], &[b"pool-authority", &[5; 32]]);
        put(&mut data, 0, &POOL);
        put(&mut data, 11, &creator);
        put(&mut data, 43, &[5; 32]);
        put(&mut data, 75, &WSOL);
        put(&mut data, 139, &[3; 32]);
        put(&mut data, 171, &[4; 32]);
        put(&mut data, 211, &[8; 32]);
        put(&mut data, 245, &(-100i128).to_le_bytes());
        let mut coin = mint_bytes(6, &[]);
        put(&mut coin, 36, &3000u64.to_le_bytes());
        let mut global = vec![0; 949];
        put(&mut global, 0, &GLOBAL);
        let tiers = [(0, [2, 93, 30]), (1500, [20, 5, 95])];
        let mut book = AccountBook::new();
        book.insert([3; 32], TOKEN, account_bytes(&[5; 32], &[9; 32], 1000), 20);
        book.insert([4; 32], TOKEN, account_bytes(&WSOL, &[9; 32], 600), 19);
        book.insert([5; 32], TOKEN_2022, coin, 2);
        book.insert(GLOBAL_CONFIG, PROGRAM, global, 1);
        let config = fee_config([25, 5, 0], [&tiers, &[]], [20, 5, 5]);
        book.insert(FEE_CONFIG, fees::PROGRAM, config, 1);
        book.insert([1; 32], PROGRAM, data.clone(), 21);
        (book, data)
    }

    #[test]
    fn rates_follow_value_creator_and_settings() {
        type Change<'a> = &'a dyn Fn(&mut AccountBook, &mut Vec<u8>);
        let (book, data) = accounts();
        let with = |change: Change<'_>| {
            let (mut book, mut data) = (book.clone(), data.clone());
            change(&mut book, &mut data);
            book.insert([1; 32], PROGRAM, data, 99);
            let joined = join(&book, Clock::default());
            assert_eq!(joined.wrong, []);
            let pool = joined.pools[0].0;
            assert_eq!(pool.invalid(), None);
            (pool, [pool.lp_bps, pool.protocol_bps, pool.creator_bps])
        };
        // (600 - 100) * 3000 / 1000 is the second tier's least value.
        let (pool, rates) = with(&|_, _| {});
        assert_eq!((rates, pool.supply_a, pool.slot), ([20, 5, 95], 3000, 19));
        assert_eq!((pool.reserve_a, pool.reserve_b, pool.virtual_b), (1000, 600, -100));
        assert_eq!(with(&|_, d| put(d, 245, &(-101i128).to_le_bytes())).1, [2, 93, 30]);
        assert_eq!(with(&|_, d| d[243] = 1).0.supply_a, MAYHEM_SUPPLY);
        let (pool, rates) = with(&|_, d| d[11] ^= 1);
        assert_eq!((rates, pool.supply_a), ([25, 5, 0], 0), "anyone's pool");
        assert_eq!(with(&|_, d| d[211..243].fill(0)).1, [20, 5, 0]);
        let own: Change<'_> = &|_, d| put(d, 261, &7u64.to_le_bytes());
        assert_eq!(with(own).1, [20, 5, 95]);
        let allowed: Change<'_> = &|book, d| {
            own(book, d);
            let mut global = book.get(&GLOBAL_CONFIG).unwrap().data.clone();
            global[940] = 1;
            book.insert(GLOBAL_CONFIG, PROGRAM, global, 2);
        };
        assert_eq!(with(allowed).1, [20, 5, 7]);
        for bit in 0..8 {
            let (pool, _) = with(&|book, _| {
                let mut global = book.get(&GLOBAL_CONFIG).unwrap().data.clone();
                global[56] = 1 << bit;
                book.insert(GLOBAL_CONFIG, PROGRAM, global, 2);
            });
            let disabled = pool.status == PoolStatus::Disabled as u8;
            assert_eq!(disabled, matches!(bit, 3 | 4), "{bit}");
        }
        // Before the coin creator and all that came after it.
        assert_eq!(
            with(&|book, d| {
                d.truncate(211);
                book.insert([4; 32], TOKEN, account_bytes(&WSOL, &[9; 32], 500), 30);
            })
            .1,
            [20, 5, 0]
        );
    }

    #[test]
    fn every_broken_part_is_named() {
        type Change<'a> = &'a dyn Fn(&mut AccountBook, &mut Vec<u8>);
        let (book, data) = accounts();
        let with = |change: Change<'_>| {
            let (mut book, mut data) = (book.clone(), data.clone());
            change(&mut book, &mut data);
            book.insert([1; 32], PROGRAM, data, 99);
            let joined = join(&book, Clock::default());
            assert!(joined.pools.is_empty() || joined.wrong.is_empty());
            joined.wrong
        };
        for len in 0..301 {
            let name = if len < 8 { "wrong_discriminator" } else { "wrong_len" };
            let wrong = with(&|_, data| data.truncate(len));
            let cut = (len < 211).then_some(([1; 32], name));
            assert_eq!(wrong, Vec::from_iter(cut), "{len}");
        }
        let replaced = |at: Key, owner: Key, data: &[u8]| {
            with(&|book, _| book.insert(at, owner, data.to_vec(), 99))
        };
        let global = &book.get(&GLOBAL_CONFIG).unwrap().data;
        let config = &book.get(&FEE_CONFIG).unwrap().data;
        assert_eq!(replaced(GLOBAL_CONFIG, TOKEN, global), [(GLOBAL_CONFIG, "wrong_owner")]);
        assert_eq!(replaced(GLOBAL_CONFIG, PROGRAM, &global[..56])[0].1, "wrong_len");
        assert_eq!(replaced(FEE_CONFIG, TOKEN, config), [(FEE_CONFIG, "wrong_owner")]);
        assert_eq!(replaced(FEE_CONFIG, fees::PROGRAM, &config[..70])[0].1, "wrong_len");
        let dear = fee_config([9000, 900, 100], [&[(0, [9000, 900, 100])], &[]], [0; 3]);
        assert_eq!(replaced(FEE_CONFIG, fees::PROGRAM, &dear), [(FEE_CONFIG, "bad_fee")]);
        let none = fee_config([25, 5, 0], [&[], &[]], [0; 3]);
        assert_eq!(replaced(FEE_CONFIG, fees::PROGRAM, &none), [(FEE_CONFIG, "bad_fee")]);
        let empty = account_bytes(&[5; 32], &[9; 32], 0);
        assert_eq!(replaced([3; 32], TOKEN, &empty), [([3; 32], "zero_reserve")]);
        let foreign = account_bytes(&[6; 32], &[9; 32], 600);
        assert_eq!(replaced([4; 32], TOKEN, &foreign), [([4; 32], "vault_mint")]);
        let deep = with(&|_, d| put(d, 245, &(-600i128).to_le_bytes()));
        assert_eq!(deep, [([1; 32], "zero_reserve")]);
        let wide = with(&|_, d| put(d, 245, &(1i128 << 63).to_le_bytes()));
        assert_eq!(wide, [([1; 32], "bad_value")]);
        assert_eq!(with(&|_, d| put(d, 43, &WSOL)), [([1; 32], "same_mint")]);
        let absent = with(&|_, d| {
            for (at, n) in [(43, 55), (75, 66), (139, 33), (171, 44)] {
                put(d, at, &[n; 32]);
            }
        });
        let names = [(33, "vault_a"), (44, "vault_b"), (55, "mint_a"), (66, "mint_b")];
        assert_eq!(absent, names.map(|(n, name)| ([n; 32], name)));
        let mut alone = AccountBook::new();
        alone.insert([1; 32], PROGRAM, data.clone(), 1);
        let wrong = join(&alone, Clock::default()).wrong;
        assert_eq!(wrong[..2], [(GLOBAL_CONFIG, "config"), (FEE_CONFIG, "config")]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn hostile_accounts_never_panic(
            tail in proptest::collection::vec(any::<u8>(), 0..120),
            mut config in proptest::collection::vec(any::<u8>(), 0..400),
            mut coin in proptest::collection::vec(any::<u8>(), 82),
            amounts in any::<[u64; 2]>(),
            few in 0u8..3,
        ) {
            let (mut book, mut data) = accounts();
            data.truncate(203);
            data.extend(tail);
            let head = fee_config([25, 5, 0], [&[], &[]], [0; 3]);
            let known = config.len().min(65);
            config[..known].copy_from_slice(&head[..known]);
            if config.len() > 69 {
                config[65..69].copy_from_slice(&[few, 0, 0, 0]);
            }
            coin[45] = 1;
            book.insert([1; 32], PROGRAM, data, 99);
            book.insert(FEE_CONFIG, fees::PROGRAM, config, 99);
            book.insert([5; 32], TOKEN, coin, 99);
            book.insert([3; 32], TOKEN, account_bytes(&[5; 32], &[9; 32], amounts[0]), 99);
            book.insert([4; 32], TOKEN, account_bytes(&WSOL, &[9; 32], amounts[1]), 99);
            for (pool, _) in join(&book, Clock::default()).pools {
                prop_assert_eq!(pool.invalid(), None);
            }
        }
    }
}
