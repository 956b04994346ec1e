//! Curves and their configuration.
//!
//! | account | fields |
//! |---|---|
//! | BondingCurve, 49 bytes and more | virtual tokens u64@8, virtual quote u64@16, tokens left u64@24, quote taken u64@32, supply u64@40, complete u8@48, since then creator@49, quote mint@83 (zero is SOL), creator bps u64@115 |
//! | Global, 162 bytes and more | whether curves have creator rates of their own u8@1045 |
//! | FeeConfig | `super::fees` |
//!
//! Source: the program's interface description of October 2026 (facts/dex.md 10). A curve does not
//! name its coin: it is the one of the mints at hand whose curve has this address. SOL lies in the
//! curve's own account, tokens in the accounts associated with it; neither is read, for the curve
//! counts what it holds.
//!
//! A coin's market value is `virtual quote * supply / virtual tokens`. What a completing buy takes
//! beyond the curve is not in the record.

use std::collections::HashMap;

use five8_const::decode_32_const as key;

use crate::bytes::{key_at, u8_at, u64_at};
use crate::ids::{Key, TOKEN, TOKEN_2022, Venue, WSOL};
use crate::math::muldiv::mul_div_floor_u128;
use crate::record::{Pool, PoolStatus};

use super::super::accounts::{
    Account, AccountBook, AccountFault, Clock, Found, Out, Part, PoolKeys, with_mints,
};
use super::super::build::{associated_token, derived};
use super::super::join::{self, Joined};
use super::super::token::Mint;
use super::event::cost;
use super::fees::{self, FeeConfig};

/// Derived of `"global"`.
const GLOBAL: Key = key("4wTV1YmiEkRvAtNtsSGPtUrqRYQMe5SKy2uB4Jjaxnjf");
/// Derived by pump-fees of `"fee_config"` and this program.
const FEE_CONFIG: Key = key("8Wf5TiAheLUqBrKXeYg2JtAFFMWtKdG2BSFgqUcPVwTt");

const BONDING_CURVE: [u8; 8] = [0x17, 0xb7, 0xf8, 0x37, 0x60, 0xd8, 0xac, 0x60];
const GLOBAL_KIND: [u8; 8] = [0xa7, 0xe8, 0xe8, 0xb1, 0xc8, 0x6c, 0x72, 0x7f];

/// The program's other accounts.
const OTHER_ACCOUNTS: [(&str, [u8; 8]); 4] = [
    ("Global", GLOBAL_KIND),
    ("GlobalVolumeAccumulator", [0xca, 0x2a, 0xf6, 0x2b, 0x8e, 0xbe, 0x1e, 0xff]),
    ("QuoteControl", [0x38, 0xf4, 0x23, 0xee, 0xc1, 0xd5, 0xa2, 0xc9]),
    ("UserVolumeAccumulator", [0x56, 0xff, 0x70, 0x0e, 0x66, 0x35, 0x9a, 0xfa]),
];

/// A BondingCurve account.
#[derive(Clone, Copy, Debug)]
struct Curve<'a> {
    virtual_tokens: u64,
    virtual_quote: u64,
    /// What it still sells.
    left: u64,
    /// What it took.
    taken: u64,
    supply: u64,
    complete: bool,
    has_creator: bool,
    quote_mint: &'a Key,
    /// A creator's rate of its own, bps; 0 is none.
    creator_bps: u64,
}

impl<'a> Curve<'a> {
    fn read(data: &'a [u8]) -> Result<Self, AccountFault> {
        if data.first_chunk() != Some(&BONDING_CURVE) {
            return Err(AccountFault::Discriminator);
        }
        Self::fields(data).ok_or(AccountFault::WrongLen)
    }

    fn fields(data: &'a [u8]) -> Option<Self> {
        Some(Self {
            virtual_tokens: u64_at(data, 8)?,
            virtual_quote: u64_at(data, 16)?,
            left: u64_at(data, 24)?,
            taken: u64_at(data, 32)?,
            supply: u64_at(data, 40)?,
            complete: u8_at(data, 48)? != 0,
            // Fields that older accounts have not grown yet.
            has_creator: key_at(data, 49).is_some_and(|key| *key != [0; 32]),
            quote_mint: key_at(data, 83).filter(|key| **key != [0; 32]).unwrap_or(&WSOL),
            creator_bps: u64_at(data, 115).unwrap_or(0),
        })
    }
}

/// Reads from a Global account whether curves have creator rates of their own.
fn own_creator_rates(data: &[u8]) -> Result<bool, AccountFault> {
    if data.first_chunk() != Some(&GLOBAL_KIND) {
        return Err(AccountFault::Discriminator);
    }
    u64_at(data, 154).ok_or(AccountFault::WrongLen)?;
    Ok(u8_at(data, 1045).is_some_and(|flag| flag != 0))
}

pub(super) fn pools(book: &AccountBook, clock: Clock, out: &mut Out<'_>) {
    let venue = Venue::Pump;
    for program in venue.programs() {
        let owned = book.owned_by(program);
        let coins = if owned.is_empty() { HashMap::new() } else { coins(book, program) };
        for (key, account) in owned {
            let kind = account.data.first_chunk::<8>();
            if OTHER_ACCOUNTS.iter().any(|(_, other)| Some(other) == kind) {
                continue;
            }
            let curve = match Curve::read(&account.data) {
                Ok(curve) => curve,
                Err(fault) => {
                    out(Found::Refused { pool: key, key, venue, fault });
                    continue;
                }
            };
            let mut parts = vec![(Part::Config, &GLOBAL), (Part::Config, &FEE_CONFIG)];
            if *curve.quote_mint != WSOL {
                parts.push((Part::MintB, curve.quote_mint));
            }
            let complete = book.complete(key, venue, &parts, out);
            let Some(coin) = coins.get(key) else {
                // Its key is not known, but whose coin it is.
                out(Found::Missing { pool: key, venue, part: Part::MintA, key });
                continue;
            };
            if complete {
                let joined = joined(book, clock, (key, account), (&curve, coin));
                join::hand_over(key, venue, &joined, out);
            }
        }
    }
}

/// The mints at hand by the address that a curve of theirs has.
fn coins(book: &AccountBook, program: &Key) -> HashMap<Key, Key> {
    let tokens = [TOKEN, TOKEN_2022];
    let accounts = tokens.iter().flat_map(|program| book.owned_by(program));
    let mints = accounts.filter(|(key, _)| book.mint(key, Clock::default()).is_ok());
    mints.map(|(mint, _)| (derived(program, &[b"bonding-curve", mint.as_slice()]), *mint)).collect()
}

fn joined(
    book: &AccountBook,
    clock: Clock,
    (key, account): (&Key, &Account),
    (curve, coin): (&Curve<'_>, &Key),
) -> Joined {
    let at_curve = |fault| (*key, fault);
    if coin == curve.quote_mint {
        return Err(at_curve(AccountFault::SameMint));
    }
    if curve.virtual_tokens <= curve.left || curve.virtual_quote == 0 {
        return Err(at_curve(AccountFault::ZeroReserve));
    }
    let mint = |mint: &Key| -> Result<(Mint, Key), (Key, AccountFault)> {
        let program = book.token_program(mint).ok_or((*mint, AccountFault::Owner))?;
        let read = book.mint(mint, clock).map_err(|fault| (*mint, fault))?;
        Ok((read, associated_token(key, mint, &program)))
    };
    let (mint_a, vault_a) = mint(coin)?;
    let sold_for_sol = *curve.quote_mint == WSOL;
    let (mint_b, vault_b) = if sold_for_sol {
        (None, *key)
    } else {
        let (read, vault) = mint(curve.quote_mint)?;
        (Some(read), vault)
    };
    let keys = PoolKeys {
        pool: key,
        program: account.owner,
        venue: Venue::Pump,
        mints: [coin, curve.quote_mint],
        vaults: [&vault_a, &vault_b],
    };
    let mut pool = keys.record([account.slot; 3], [curve.left, curve.taken]);
    let beside =
        |whole: u64, own: u64| i64::try_from(i128::from(whole).checked_sub(own.into())?).ok();
    let value = at_curve(AccountFault::Value);
    pool.virtual_a = beside(curve.virtual_tokens, curve.left).ok_or(value)?;
    pool.virtual_b = beside(curve.virtual_quote, curve.taken).ok_or(value)?;
    pool.decimals_a = mint_a.decimals;
    pool.decimals_b = mint_b.map_or(9, |mint| mint.decimals);
    pool.left_a = curve.left;
    pool.left_b = match curve.left {
        0 => 0,
        left => cost(left, curve.virtual_tokens, curve.virtual_quote).ok_or(value)?,
    };
    pool.present |= Pool::DECIMALS | Pool::VIRTUAL | Pool::LEFT_A | Pool::LEFT_B;
    let rates = rates(book, account, curve).map_err(|(part, fault)| (*part, fault))?;
    fees::charge(&mut pool, rates).ok_or((FEE_CONFIG, AccountFault::Fee))?;
    if FeeConfig::has_tiers(curve.quote_mint) {
        pool.supply_a = curve.supply;
        pool.present |= Pool::SUPPLY;
    }
    if curve.complete {
        pool.status = PoolStatus::Disabled as u8;
    }
    let unsupported = with_mints(&mut pool, [Some(mint_a), mint_b], None);
    Ok((pool, unsupported))
}

/// What a trade pays at the curve's price; liquidity providers there are none.
fn rates(
    book: &AccountBook,
    account: &Account,
    curve: &Curve<'_>,
) -> Result<fees::Rates, (&'static Key, AccountFault)> {
    let own = fees::part(book, &GLOBAL, &account.owner, own_creator_rates)?;
    let config = fees::part(book, &FEE_CONFIG, &fees::PROGRAM, FeeConfig::read)?;
    let supply = u128::from(curve.supply);
    let value = mul_div_floor_u128(curve.virtual_quote.into(), supply, curve.virtual_tokens.into());
    let value = value.ok_or((&GLOBAL, AccountFault::Value))?;
    let rates = config.rates(curve.quote_mint, value).map_err(|fault| (&FEE_CONFIG, fault))?;
    let [_, protocol, mut creator] = rates;
    if own && curve.creator_bps != 0 {
        creator = curve.creator_bps;
    }
    Ok([0, protocol, if curve.has_creator { creator } else { 0 }])
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::super::accounts::tests::put;
    use super::super::super::instruction::tests::anchor_hash;
    use super::super::super::model::join;
    use super::super::super::token::tests::mint_bytes;
    use super::fees::tests::fee_config;
    use super::*;
    use crate::record::Layout;
    use proptest::prelude::*;

    const PROGRAM: Key = key("6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P");
    const COIN: Key = [5; 32];

    #[test]
    fn hashes_and_addresses_are_those_of_the_names() {
        assert_eq!(BONDING_CURVE, anchor_hash("account", "BondingCurve"));
        for (name, hash) in OTHER_ACCOUNTS {
            assert_eq!(hash, anchor_hash("account", name), "{name}");
        }
        assert_eq!(Venue::Pump.programs(), [PROGRAM]);
        assert_eq!(GLOBAL, derived(&PROGRAM, &[b"global"]));
        assert_eq!(FEE_CONFIG, derived(&fees::PROGRAM, &[b"fee_config", &PROGRAM]));
    }

    fn curve() -> Key {
        derived(&PROGRAM, &[b"bonding-curve", &COIN])
    }

    /// The curve of transaction `fDy5VD3y..` as its event tells it, and a configuration.
    fn accounts() -> (AccountBook, Vec<u8>) {
        let mut data = vec![0; 166];
        put(&mut data, 0, &BONDING_CURVE);
        let numbers =
            [933_043_478_260_871u64, 34_500_000_000, 653_143_478_260_871, 4_500_000_000, SUPPLY];
        put(&mut data, 8, &numbers.map(u64::to_le_bytes).concat());
        put(&mut data, 49, &[8; 32]);
        let mut global = vec![0; 1088];
        put(&mut global, 0, &GLOBAL_KIND);
        let tiers = [(0, [0, 95, 30]), (40_000_000_000, [0, 95, 20])];
        let config = fee_config([0, 95, 5], [&tiers, &[]], [0, 95, 10]);
        let mut book = AccountBook::new();
        book.insert(COIN, TOKEN_2022, mint_bytes(6, &[]), 2);
        book.insert(GLOBAL, PROGRAM, global, 1);
        book.insert(FEE_CONFIG, fees::PROGRAM, config, 1);
        book.insert(curve(), PROGRAM, data.clone(), 21);
        (book, data)
    }

    const SUPPLY: u64 = 1_000_000_000_000_000;

    type Change<'a> = &'a dyn Fn(&mut AccountBook, &mut Vec<u8>);

    fn with(change: Change<'_>) -> (Vec<Pool>, Vec<(Key, &'static str)>) {
        let (mut book, mut data) = accounts();
        change(&mut book, &mut data);
        book.insert(curve(), PROGRAM, data, 99);
        let joined = join(&book, Clock::default());
        (joined.pools.into_iter().map(|(pool, _)| pool).collect(), joined.wrong)
    }

    #[test]
    fn a_curve_is_joined_with_the_mint_that_it_is_derived_of() {
        let (pools, wrong) = with(&|_, _| {});
        assert_eq!(wrong, []);
        let [pool] = pools[..] else { panic!("{pools:?}") };
        assert_eq!((pool.pool, pool.mint_a, pool.mint_b), (curve(), COIN, WSOL));
        assert_eq!(pool.vault_a, associated_token(&curve(), &COIN, &TOKEN_2022));
        assert_eq!(pool.vault_b, curve());
        assert_eq!((pool.reserve_a, pool.reserve_b), (653_143_478_260_871, 4_500_000_000));
        assert_eq!((pool.virtual_a, pool.virtual_b), (279_900_000_000_000, 30_000_000_000));
        // floor(left * virtual quote / 279900000000000) + 1
        assert_eq!(pool.left_b, 80_505_359_057);
        assert_eq!([pool.lp_bps, pool.protocol_bps, pool.creator_bps], [0, 95, 30]);
        assert_eq!((pool.decimals_a, pool.decimals_b, pool.supply_a), (6, 9, SUPPLY));
        assert_eq!((pool.status, pool.invalid()), (PoolStatus::Open as u8, None));
    }

    #[test]
    fn rates_follow_value_quote_creator_and_settings() {
        let rates = |change: Change<'_>| {
            let (pools, wrong) = with(change);
            assert_eq!(wrong, []);
            assert_eq!(pools[0].invalid(), None);
            [pools[0].lp_bps, pools[0].protocol_bps, pools[0].creator_bps]
        };
        assert_eq!(rates(&|_, d| put(d, 16, &40_000_000_000u64.to_le_bytes())), [0, 95, 20]);
        assert_eq!(rates(&|_, d| d.truncate(49)), [0, 95, 0], "before creators had a fee");
        let own: Change<'_> = &|_, d| put(d, 115, &125u64.to_le_bytes());
        assert_eq!(rates(own), [0, 95, 30]);
        assert_eq!(
            rates(&|book, d| {
                own(book, d);
                let mut global = book.get(&GLOBAL).unwrap().data.clone();
                global[1045] = 1;
                book.insert(GLOBAL, PROGRAM, global, 2);
            }),
            [0, 95, 125]
        );
        let stock: Change<'_> = &|book, d| {
            put(d, 83, &[7; 32]);
            book.insert([7; 32], TOKEN, mint_bytes(8, &[]), 1);
        };
        assert_eq!(rates(stock), [0, 95, 10]);
        let (pools, _) = with(stock);
        assert_eq!((pools[0].mint_b, pools[0].decimals_b, pools[0].supply_a), ([7; 32], 8, 0));
        assert_eq!(pools[0].vault_b, associated_token(&curve(), &[7; 32], &TOKEN));
        let (pools, _) = with(&|_, d| d[48] = 1);
        assert_eq!(pools[0].status, PoolStatus::Disabled as u8);
        let (pools, _) = with(&|_, d| put(d, 24, &[0; 8]));
        assert_eq!((pools[0].left_a, pools[0].left_b), (0, 0));
    }

    #[test]
    fn every_broken_part_is_named() {
        for len in 0..166 {
            let name = if len < 8 { "wrong_discriminator" } else { "wrong_len" };
            let cut = (len < 49).then_some((curve(), name));
            assert_eq!(with(&|_, data| data.truncate(len)).1, Vec::from_iter(cut), "{len}");
        }
        let wrong = |change: Change<'_>| with(change).1;
        let replaced = |at: Key, owner: Key, data: Vec<u8>| {
            wrong(&|book, _| book.insert(at, owner, data.clone(), 99))
        };
        let config = fee_config([0; 3], [&[(0, [0, 95, 30])], &[]], [0; 3]);
        assert_eq!(replaced(FEE_CONFIG, TOKEN, config.clone()), [(FEE_CONFIG, "wrong_owner")]);
        let cut = config[..80].to_vec();
        assert_eq!(replaced(FEE_CONFIG, fees::PROGRAM, cut), [(FEE_CONFIG, "wrong_len")]);
        let dear = fee_config([0; 3], [&[(0, [0, 9999, 1])], &[]], [0; 3]);
        assert_eq!(replaced(FEE_CONFIG, fees::PROGRAM, dear), [(FEE_CONFIG, "bad_fee")]);
        let mut global = vec![0; 161];
        put(&mut global, 0, &GLOBAL_KIND);
        assert_eq!(replaced(GLOBAL, PROGRAM, global.clone()), [(GLOBAL, "wrong_len")]);
        global.resize(162, 0);
        assert_eq!(replaced(GLOBAL, PROGRAM, global), []);
        let nought = wrong(&|_, d| put(d, 16, &[0; 8]));
        assert_eq!(nought, [(curve(), "zero_reserve")]);
        let more = wrong(&|_, d| put(d, 24, &933_043_478_260_871u64.to_le_bytes()));
        assert_eq!(more, [(curve(), "zero_reserve")]);
        let wide = wrong(&|_, d| put(d, 8, &u64::MAX.to_le_bytes()));
        assert_eq!(wide, [(curve(), "bad_value")]);
        assert_eq!(wrong(&|_, d| put(d, 83, &COIN)), [(curve(), "same_mint")]);
        assert_eq!(wrong(&|_, d| put(d, 83, &[7; 32])), [([7; 32], "mint_b")]);
        let mut alone = AccountBook::new();
        alone.insert(curve(), PROGRAM, accounts().1, 1);
        let names = [(GLOBAL, "config"), (FEE_CONFIG, "config"), (curve(), "mint_a")];
        assert_eq!(join(&alone, Clock::default()).wrong, names);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn hostile_accounts_never_panic(
            data in proptest::collection::vec(any::<u8>(), 0..200),
            small in any::<[u32; 5]>(),
        ) {
            let mut data = data;
            let known = data.len().min(8);
            data[..known].copy_from_slice(&BONDING_CURVE[..known]);
            with(&|_, to| to.clone_from(&data));
            let numbers = small.map(|n| u64::from(n).to_le_bytes()).concat();
            let (pools, _) = with(&|_, d| put(d, 8, &numbers));
            for pool in pools {
                prop_assert_eq!(pool.invalid(), None);
            }
        }
    }
}
