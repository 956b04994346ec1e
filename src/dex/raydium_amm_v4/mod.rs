//! Raydium AMM v4: constant product, the fee stays in the pool.
//!
//! Source: raydium-io/raydium-amm, program/src/{instruction,state,math,processor}.rs @27f461d
//! (facts/dex.md 1). Not an Anchor program: the first byte of an instruction is its tag.
//!
//! | tag | instruction | data | accounts |
//! |---|---|---|---|
//! | 1 | Initialize2 | nonce u8@1, open_time u64@2, pc u64@10, coin u64@18 | 19, or 21 |
//! | 3 | Deposit | max_coin u64@1, max_pc u64@9, side u64@17 | 11, or 13 and 14 |
//! | 4 | Withdraw | pool tokens u64@1 | 11, or 20 to 23 |
//! | 9, 11 | SwapBaseIn, SwapBaseOut | u64@1, u64@9 | 17, or 18 with target orders at 4 |
//! | 16, 17 | the same without the order book | u64@1, u64@9 | 8 |
//!
//! The longer forms of 1, 3 and 4 name the order book, which the program left in 2026.
//!
//! The arguments are `amount_in, min_out` (9, 16) and `max_in, amount_out` (11, 17). Neither mints
//! nor direction are in the instruction. Token a is the coin, token b the pc.

mod log;

use crate::bytes::{key_at, u64_at};
use crate::ids::{Key, RAYDIUM_AMM_V4, RAYDIUM_AMM_V4_AUTHORITY, TOKEN, Venue};
use crate::record::{Action, Exact, Pool, PoolStatus};

use super::accounts::{AccountBook, AccountFault, Clock, Found, Out, Part, PoolKeys};
use super::build::{Build, BuildFault, Ix, Metas};
use super::instruction::{Decoded, Instruction, IxFault, LiquidityIx, SwapIx};
use super::{Coverage, Grade, VenueSpec, product, segment};

/// The venue's line in the table.
pub(super) const SPEC: VenueSpec = VenueSpec {
    venue: Venue::RaydiumAmmV4,
    coverage: Coverage { intents: Grade::Live, fills: Grade::Live, pools: Grade::Live },
    decode,
    event: log::event,
    rederive: log::rederive,
    pools,
    swap: product::swap,
    exact_out_is_least: true,
    is_product: true,
    segment: segment::product,
    build,
    ..VenueSpec::of(Venue::RaydiumAmmV4)
};

fn decode<'a>(ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    match ix.data.first().ok_or(IxFault::ShortData)? {
        9 => swap_of_book(ix, Venue::RaydiumAmmV4, Exact::In).map(Decoded::One),
        11 => swap_of_book(ix, Venue::RaydiumAmmV4, Exact::Out).map(Decoded::One),
        16 => swap_v2(ix, Exact::In).map(Decoded::One),
        17 => swap_v2(ix, Exact::Out).map(Decoded::One),
        1 => create(ix).map(Decoded::Liquidity),
        3 => deposit(ix).map(Decoded::Liquidity),
        4 => withdraw(ix).map(Decoded::Liquidity),
        7 => at_pool(ix, Action::Collect).map(Decoded::Liquidity),
        6 => at_pool(ix, Action::Config).map(Decoded::Liquidity),
        // 0 Initialize, 2 MonitorStep, 5 MigrateToOpenBook, 8 WithdrawSrm, 10 PreInitialize,
        // 12 SimulateInfo, 13 AdminCancelOrders, 14 and 15 the program's own configuration.
        0..=15 => Ok(Decoded::NotSwap),
        _ => Err(IxFault::Unknown),
    }
}

/// SwapBaseIn and SwapBaseOut with the accounts of an order book, on `venue`.
pub(super) fn swap_of_book<'a>(
    ix: &Instruction<'a>,
    venue: Venue,
    exact: Exact,
) -> Result<SwapIx<'a>, IxFault> {
    let swap = amounts(ix, venue, exact)?;
    // processor.rs `process_swap_base_in`: 17 accounts, or 18 with target orders before the
    // vaults; any other number is WrongAccountsNumber.
    match ix.account_count() {
        17 => Ok(at_places(ix, swap, 4, 14)),
        18 => Ok(at_places(ix, swap, 5, 15)),
        0..17 => Err(IxFault::FewAccounts),
        _ => Err(IxFault::AccountCount),
    }
}

fn swap_v2<'a>(ix: &Instruction<'a>, exact: Exact) -> Result<SwapIx<'a>, IxFault> {
    let swap = amounts(ix, Venue::RaydiumAmmV4, exact)?;
    ix.at_least(8)?;
    Ok(at_places(ix, swap, 3, 5))
}

fn amounts<'a>(ix: &Instruction<'a>, venue: Venue, exact: Exact) -> Result<SwapIx<'a>, IxFault> {
    let (first, second) = (ix.u64(1)?, ix.u64(9)?);
    let mut swap = SwapIx::new(venue, exact);
    (swap.amount, swap.limit) = match exact {
        Exact::In => (Some(first), Some(second)),
        Exact::Out => (Some(second), Some(first)),
    };
    Ok(swap)
}

/// The pool at 1, its vaults from `vault_a` on, the user's accounts and signer from `user_in` on.
fn at_places<'a>(
    ix: &Instruction<'a>,
    swap: SwapIx<'a>,
    vault_a: usize,
    user_in: usize,
) -> SwapIx<'a> {
    let key = |at: usize, past: usize| at.checked_add(past).and_then(|at| ix.account(at));
    SwapIx {
        pool: ix.account(1),
        vault_a: key(vault_a, 0),
        vault_b: key(vault_a, 1),
        user_in: key(user_in, 0),
        user_out: key(user_in, 1),
        owner: key(user_in, 2),
        ..swap
    }
}

/// processor.rs `process_initialize2`: with 19 accounts open orders are left out.
fn create<'a>(ix: &Instruction<'a>) -> Result<LiquidityIx<'a>, IxFault> {
    let (pc, coin) = (ix.u64(10)?, ix.u64(18)?);
    ix.at_least(19)?;
    let (mints, owner) = if ix.account_count() == 19 { ([7, 8], 15) } else { ([8, 9], 17) };
    Ok(LiquidityIx {
        pool: ix.account(4),
        owner: ix.account(owner),
        mint_a: ix.account(mints[0]),
        mint_b: ix.account(mints[1]),
        amount_a: Some(coin),
        amount_b: Some(pc),
        ..LiquidityIx::new(Venue::RaydiumAmmV4, Action::Create)
    })
}

/// processor.rs `process_deposit`: the owner is last of 11, or at 12 behind open orders and market.
fn deposit<'a>(ix: &Instruction<'a>) -> Result<LiquidityIx<'a>, IxFault> {
    let (max_coin, max_pc) = (ix.u64(1)?, ix.u64(9)?);
    ix.at_least(11)?;
    let owner = if ix.account_count() == 11 { 10 } else { 12 };
    Ok(LiquidityIx {
        pool: ix.account(1),
        owner: ix.account(owner),
        limit_a: Some(max_coin),
        limit_b: Some(max_pc),
        ..LiquidityIx::new(Venue::RaydiumAmmV4, Action::Add)
    })
}

/// processor.rs `process_withdraw`: 11 accounts, or 20 to 23, the last two forms with two accounts
/// that are no longer read.
fn withdraw<'a>(ix: &Instruction<'a>) -> Result<LiquidityIx<'a>, IxFault> {
    let pool_tokens = ix.u64(1)?;
    let owner = match ix.account_count() {
        0..11 => return Err(IxFault::FewAccounts),
        11 => 10,
        20 | 21 => 16,
        22 | 23 => 18,
        _ => return Err(IxFault::AccountCount),
    };
    Ok(LiquidityIx {
        pool: ix.account(1),
        owner: ix.account(owner),
        liquidity: Some(pool_tokens.into()),
        ..LiquidityIx::new(Venue::RaydiumAmmV4, Action::Remove)
    })
}

fn at_pool<'a>(ix: &Instruction<'a>, action: Action) -> Result<LiquidityIx<'a>, IxFault> {
    ix.at_least(2)?;
    let change = LiquidityIx::new(Venue::RaydiumAmmV4, action);
    Ok(LiquidityIx { pool: ix.account(1), ..change })
}

/// Bytes of AmmInfo, which has no discriminator.
const AMM_INFO_LEN: usize = 752;
/// Bytes of the program's other accounts: TargetOrders and AmmConfig (state.rs).
const OTHER_LENS: [usize; 2] = [2208, 544];

/// What a swap needs of an AmmInfo account.
#[derive(Clone, Copy, Debug)]
struct AmmInfo<'a> {
    status: u64,
    decimals: [u64; 2],
    fee_num: u64,
    fee_den: u64,
    need_take_pnl: [u64; 2],
    open_time: u64,
    vaults: [&'a Key; 2],
    mints: [&'a Key; 2],
}

impl<'a> AmmInfo<'a> {
    fn read(data: &'a [u8]) -> Result<Self, AccountFault> {
        if data.len() != AMM_INFO_LEN {
            return Err(AccountFault::WrongLen);
        }
        Self::fields(data).ok_or(AccountFault::WrongLen)
    }

    fn fields(data: &'a [u8]) -> Option<Self> {
        Some(Self {
            status: u64_at(data, 0)?,
            decimals: [u64_at(data, 32)?, u64_at(data, 40)?],
            fee_num: u64_at(data, 176)?,
            fee_den: u64_at(data, 184)?,
            need_take_pnl: [u64_at(data, 192)?, u64_at(data, 200)?],
            open_time: u64_at(data, 224)?,
            vaults: [key_at(data, 336)?, key_at(data, 368)?],
            mints: [key_at(data, 400)?, key_at(data, 432)?],
        })
    }

    /// state.rs `AmmStatus::swap_permission`: 1 Initialized, 6 SwapOnly and 7 WaitingTrade, which
    /// takes swaps from `open_time` on.
    fn status(&self, clock: Clock) -> Result<PoolStatus, AccountFault> {
        match self.status {
            1 | 6 => Ok(PoolStatus::Open),
            7 if clock.unix_s.is_some_and(|now| now >= self.open_time) => Ok(PoolStatus::Open),
            7 => Ok(PoolStatus::Waiting),
            0 | 2..=5 => Ok(PoolStatus::Disabled),
            _ => Err(AccountFault::Value),
        }
    }
}

fn pools(book: &AccountBook, clock: Clock, out: &mut Out<'_>) {
    for (key, account) in book.owned_by(&RAYDIUM_AMM_V4) {
        if OTHER_LENS.contains(&account.data.len()) {
            continue;
        }
        let venue = Venue::RaydiumAmmV4;
        let refused = |key, fault| Found::Refused { pool: key, key, venue, fault };
        let info = match AmmInfo::read(&account.data) {
            Ok(info) => info,
            Err(fault) => {
                out(refused(key, fault));
                continue;
            }
        };
        let [vault_a, vault_b] = info.vaults;
        let parts = [(Part::VaultA, vault_a), (Part::VaultB, vault_b)];
        if book.complete(key, venue, &parts, out) {
            match join(book, clock, key, account.slot, &info) {
                Ok(pool) => out(Found::Pool { pool: &pool, unsupported: None }),
                Err((key_of_part, fault)) => {
                    out(Found::Refused { pool: key, key: &key_of_part, venue, fault });
                }
            }
        }
    }
}

fn join(
    book: &AccountBook,
    clock: Clock,
    key: &Key,
    slot: u64,
    info: &AmmInfo<'_>,
) -> Result<Pool, (Key, AccountFault)> {
    let at_pool = |fault| (*key, fault);
    if info.mints[0] == info.mints[1] {
        return Err(at_pool(AccountFault::SameMint));
    }
    if info.fee_num >= info.fee_den {
        return Err(at_pool(AccountFault::Fee));
    }
    let status = info.status(clock).map_err(at_pool)?;
    let side = |side: usize| {
        let (vault_key, mint) = (info.vaults.get(side)?, info.mints.get(side)?);
        let owed = info.need_take_pnl.get(side)?;
        Some(book.vault(vault_key, mint).map_err(|fault| (**vault_key, fault)).and_then(|vault| {
            match vault.amount.checked_sub(*owed) {
                None => Err((**vault_key, AccountFault::Owed)),
                Some(0) => Err((**vault_key, AccountFault::ZeroReserve)),
                Some(reserve) => Ok((reserve, vault)),
            }
        }))
    };
    let bad = || at_pool(AccountFault::WrongLen);
    let (reserve_a, vault_a) = side(0).ok_or_else(bad)??;
    let (reserve_b, vault_b) = side(1).ok_or_else(bad)??;
    let keys = PoolKeys {
        pool: key,
        program: RAYDIUM_AMM_V4,
        venue: Venue::RaydiumAmmV4,
        mints: info.mints,
        vaults: info.vaults,
    };
    let mut pool = keys.record([slot, vault_a.slot, vault_b.slot], [reserve_a, reserve_b]);
    (pool.fee_num, pool.fee_den) = (info.fee_num, info.fee_den);
    let decimals = |decimals: u64| u8::try_from(decimals).map_err(|_| at_pool(AccountFault::Value));
    pool.decimals_a = decimals(info.decimals[0])?;
    pool.decimals_b = decimals(info.decimals[1])?;
    pool.open_time = info.open_time;
    pool.present |= Pool::DECIMALS | Pool::DECIMALS_B | Pool::OPEN_TIME;
    let frozen = vault_a.frozen || vault_b.frozen;
    pool.status = if frozen { PoolStatus::Disabled } else { status } as u8;
    Ok(pool)
}

/// SwapBaseInV2: all live swaps of 2026 use it.
fn build(_: &AccountBook, request: &Build<'_>) -> Result<Ix, BuildFault> {
    let pool = request.with_vaults()?;
    let mut metas = Metas::new(RAYDIUM_AMM_V4);
    metas.read(&TOKEN).write(&pool.pool).read(&RAYDIUM_AMM_V4_AUTHORITY);
    metas.write(&pool.vault_a).write(&pool.vault_b);
    metas.write(request.user_in).write(request.user_out).sign(request.owner);
    let mut data = vec![16];
    data.extend(request.amount_in.to_le_bytes());
    data.extend(request.min_out.to_le_bytes());
    Ok(metas.ix(data))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "test fixtures")]
mod tests {
    use super::super::accounts::tests::put;
    use super::super::model::{join, narrow, product_pool, v4_in, v4_out};
    use super::super::quote::{Fault, Order, apply, min_in, quote_in, quote_out};
    use super::super::ticks::TickRange;
    use super::super::token::tests::account_bytes;
    use super::super::{SwapIx, build, decode};
    use super::*;
    use crate::bytes::hex;
    use proptest::prelude::*;

    const NONE: TickRange<'static> = TickRange::NONE;

    fn pool(a: u64, b: u64) -> Pool {
        product_pool(Venue::RaydiumAmmV4, a, b, 25, 10_000)
    }

    #[test]
    fn golden_numbers() {
        // facts/dex.md 22
        let pool = pool(123_456_789_012_345, 987_654_321_098_765);
        let quote = quote_in(&pool, NONE, true, 1_000_000_000).unwrap();
        assert_eq!((quote.fee, quote.amount_out), (2_500_000, 7_979_935_596));
        let quote = quote_out(&pool, NONE, true, 1_000_000_000).unwrap();
        assert_eq!(quote.amount_in, 125_313_410);
        assert!(quote.complete && quote.ticks_crossed == 0);
    }

    /// Tag 9 swaps of 2024 with their `ray_log` (reserves before, output): transactions of slots
    /// 292734971 (pc in) and 293583913 (coin in) in the shared data.
    #[test]
    fn mainnet_swaps_give_what_they_gave() {
        let then = pool(88_247_040_317, 207_702_130_444_871);
        let quote = quote_in(&then, NONE, false, 836_112_233_953).unwrap();
        assert_eq!(quote.amount_out, 352_936_256);
        let then = pool(212_568_283_055, 91_773_319_775_102);
        assert_eq!(quote_in(&then, NONE, true, 100_000_000).unwrap().amount_out, 43_045_438_075);
    }

    #[test]
    fn what_the_program_refuses_is_refused_by_name() {
        assert_eq!(quote_in(&pool(0, 5), NONE, true, 1), Err(Fault::ZeroReserve));
        assert_eq!(quote_in(&pool(5, 0), NONE, true, 1), Err(Fault::ZeroReserve));
        assert_eq!(quote_in(&pool(9000, 9), NONE, true, 1), Err(Fault::ZeroOut));
        assert_eq!(quote_out(&pool(9, 9), NONE, true, 9), Err(Fault::Reserve));
        assert_eq!(quote_out(&pool(u64::MAX, 9), NONE, true, 8), Err(Fault::Overflow));
        assert_eq!(quote_in(&pool(u64::MAX, 9), NONE, true, u64::MAX), Err(Fault::Overflow));
        let mut free = pool(9, 9);
        for fee in [(10_000, 10_000), (10_001, 10_000), (0, 0)] {
            (free.fee_num, free.fee_den) = fee;
            assert_eq!(quote_in(&free, NONE, true, 5), Err(Fault::Fee), "{fee:?}");
        }
        let mut limited = pool(1000, 1000);
        let before = limited;
        let order = Order { limit: Some(500), ..Order::exact_in(true, 100) };
        assert_eq!(apply(&mut limited, NONE, &order), Err(Fault::Slippage));
        let order = Order { limit: Some(50), ..Order::exact_out(true, 100) };
        assert_eq!(apply(&mut limited, NONE, &order), Err(Fault::Slippage));
        assert_eq!(limited, before, "a refused order changes nothing");
    }

    /// The two swaps of mainnet block 102815960 (facts/wire.md 1.1), which tag 9 makes.
    #[test]
    fn mainnet_swaps_and_monitor_steps_of_2021() {
        let keys: Vec<Key> = (0..18).map(|n| [n; 32]).collect();
        let indices: Vec<u8> = (0..18).collect();
        let read = |data: &[u8], accounts: usize| {
            let indices = &indices[..accounts];
            let ix =
                Instruction { program: &RAYDIUM_AMM_V4, data, indices, keys: &keys, loaded: &[] };
            match decode(&ix).unwrap() {
                Decoded::One(swap) => {
                    let at = |key: Option<&Key>| usize::from(key.unwrap()[0]);
                    let SwapIx { pool, owner, user_in, user_out, vault_a, vault_b, .. } = swap;
                    let places = [pool, vault_a, vault_b, user_in, user_out, owner].map(at);
                    Ok((swap.exact, swap.amount.unwrap(), swap.limit.unwrap(), places))
                }
                Decoded::NotSwap => Err("not a swap"),
                Decoded::Liquidity(_) => Err("liquidity"),
                Decoded::Refused(fault) => Err(fault.name()),
                other => panic!("{other:?}"),
            }
        };
        let first = hex::decode("098ae39c9001000000000af4ae07000000").unwrap();
        let second = hex::decode("099f5237491e000000cb02b31b06000000").unwrap();
        let places = [1, 5, 6, 15, 16, 17];
        assert_eq!(read(&first, 18), Ok((Exact::In, 6_721_168_266, 33_000_000_000, places)));
        assert_eq!(read(&second, 18), Ok((Exact::In, 130_077_381_279, 26_234_520_267, places)));
        assert_eq!(read(&first, 17).unwrap().3, [1, 4, 5, 14, 15, 16]);
        assert_eq!(read(&[first.clone(), vec![7; 9]].concat(), 18), read(&first, 18));
        for tag in 0..=255u8 {
            let data = [&[tag], &first[1..]].concat();
            let amounts = (6_721_168_266, 33_000_000_000);
            match tag {
                9 => assert_eq!(read(&data, 18), read(&first, 18)),
                11 => {
                    assert_eq!(read(&data, 18), Ok((Exact::Out, amounts.1, amounts.0, places)));
                }
                16 | 17 => {
                    let swap = read(&data, 8).unwrap();
                    assert_eq!(swap.3, [1, 3, 4, 5, 6, 7]);
                    assert_eq!(swap.0, if tag == 16 { Exact::In } else { Exact::Out });
                    assert_eq!(read(&data, 18), Ok(swap), "more accounts are ignored");
                    assert_eq!(read(&data, 7), Err("few_accounts"));
                }
                1 => assert_eq!(read(&data, 18), Err("short_data")),
                3 | 6 | 7 => assert_eq!(read(&data, 18), Err("liquidity")),
                4 => assert_eq!(read(&data, 18), Err("account_count")),
                0..16 => assert_eq!(read(&data, 18), Err("not a swap")),
                _ => assert_eq!(read(&data, 18), Err("unknown_instruction")),
            }
        }
        for len in 0..first.len() {
            assert_eq!(read(&first[..len], 18), Err("short_data"));
        }
        for accounts in 0..17 {
            assert_eq!(read(&first, accounts), Err("few_accounts"));
        }
        let more: Vec<u8> = (0..19).map(|n| n % 18).collect();
        let ix = Instruction {
            program: &RAYDIUM_AMM_V4,
            data: &first,
            indices: &more,
            keys: &keys,
            loaded: &[],
        };
        assert!(matches!(decode(&ix), Some(Decoded::Refused(IxFault::AccountCount))));
    }

    #[test]
    fn liquidity_has_old_and_new_accounts() {
        fn read<'a>(
            keys: &'a [Key],
            data: &'a [u8],
            indices: &'a [u8],
        ) -> Result<LiquidityIx<'a>, IxFault> {
            let ix = Instruction { program: &RAYDIUM_AMM_V4, data, indices, keys, loaded: &[] };
            match decode(&ix).unwrap() {
                Decoded::Liquidity(change) => Ok(change),
                Decoded::Refused(fault) => Err(fault),
                other => panic!("{other:?}"),
            }
        }
        let keys: Vec<Key> = (0..24).map(|n| [n; 32]).collect();
        let indices: Vec<u8> = (0..24).collect();
        let read = |data, count: usize| read(&keys, data, &indices[..count]);
        let place = |key: Option<&Key>| key.map(|key| key[0]);
        let words = |tag: u8, head: &[u8], words: &[u64]| -> Vec<u8> {
            let words = words.iter().flat_map(|word| word.to_le_bytes());
            std::iter::once(tag).chain(head.iter().copied()).chain(words).collect()
        };
        let create = words(1, &[254], &[1_700_000_000, 5, 6]);
        for (count, places) in [(19, [4, 15, 7, 8]), (21, [4, 17, 8, 9])] {
            let change = read(&create, count).unwrap();
            assert_eq!((change.action, change.amount_a), (Action::Create, Some(6)));
            assert_eq!(change.amount_b, Some(5));
            let keys = [change.pool, change.owner, change.mint_a, change.mint_b];
            assert_eq!(keys.map(place), places.map(Some));
        }
        let deposit = words(3, &[], &[5, 6, 0]);
        for (count, owner) in [(11, 10), (13, 12), (14, 12)] {
            let change = read(&deposit, count).unwrap();
            let limits = (Some(5), Some(6));
            assert_eq!((change.action, (change.limit_a, change.limit_b)), (Action::Add, limits));
            assert_eq!((place(change.pool), place(change.owner)), (Some(1), Some(owner)));
        }
        let withdraw = words(4, &[], &[7]);
        for (count, owner) in [(11, 10), (20, 16), (21, 16), (22, 18), (23, 18)] {
            let change = read(&withdraw, count).unwrap();
            assert_eq!((change.action, change.liquidity), (Action::Remove, Some(7)));
            assert_eq!((place(change.pool), place(change.owner)), (Some(1), Some(owner)));
        }
        assert_eq!(read(&withdraw, 24), Err(IxFault::AccountCount));
        for (data, len, count) in [(&create, 26, 19), (&deposit, 17, 11), (&withdraw, 9, 11)] {
            assert!((1..len).all(|len| read(&data[..len], count) == Err(IxFault::ShortData)));
            assert!((0..count).all(|few| read(data, few) == Err(IxFault::FewAccounts)));
        }
        assert_eq!(
            read(&[7], 2).map(|c| (c.action, place(c.pool))),
            Ok((Action::Collect, Some(1)))
        );
        assert_eq!(read(&[6], 1), Err(IxFault::FewAccounts));
    }

    /// An AmmInfo of 25 bps with pnl of 7 and 9, and its vaults.
    fn accounts() -> (Vec<u8>, AccountBook) {
        let mut data = vec![0; AMM_INFO_LEN];
        let mut set = |at: usize, value: u64| put(&mut data, at, &value.to_le_bytes());
        for (at, value) in [(0, 6), (32, 9), (40, 6), (176, 25), (184, 10_000), (192, 7), (200, 9)]
        {
            set(at, value);
        }
        set(224, 1_600_000_000);
        for (at, n) in [(336, 2), (368, 3), (400, 4), (432, 5)] {
            put(&mut data, at, &[n; 32]);
        }
        let mut book = AccountBook::new();
        book.insert([2; 32], TOKEN, account_bytes(&[4; 32], &[8; 32], 1007), 12);
        book.insert([3; 32], TOKEN, account_bytes(&[5; 32], &[8; 32], 2009), 10);
        book.insert([1; 32], RAYDIUM_AMM_V4, data.clone(), 11);
        (data, book)
    }

    #[test]
    fn a_pool_is_joined_from_its_accounts() {
        let (_, book) = accounts();
        let joined = join(&book, Clock::default());
        assert_eq!(joined.wrong, []);
        let [(pool, None)] = joined.pools[..] else { panic!("{:?}", joined.pools) };
        assert_eq!((pool.reserve_a, pool.reserve_b), (1000, 2000));
        assert_eq!((pool.slot, pool.open_time), (10, 1_600_000_000));
        assert_eq!((pool.decimals_a, pool.decimals_b), (9, 6));
        assert_eq!((pool.pool, pool.mint_b, pool.vault_a), ([1; 32], [5; 32], [2; 32]));
        assert_eq!(pool.head.flags, Pool::SNAPSHOT);
        assert_eq!(crate::record::Layout::invalid(&pool), None);

        let request = Build {
            pool: &pool,
            a_to_b: false,
            amount_in: 77,
            min_out: 66,
            owner: &[9; 32],
            user_in: &[10; 32],
            user_out: &[11; 32],
        };
        let made = build(&book, &request).unwrap();
        let metas: Vec<_> = made
            .accounts
            .iter()
            .map(|meta| (meta.pubkey.to_bytes(), meta.is_writable, meta.is_signer))
            .collect();
        let write = |n| ([n; 32], true, false);
        assert_eq!(
            metas,
            [
                (TOKEN, false, false),
                write(1),
                (RAYDIUM_AMM_V4_AUTHORITY, false, false),
                write(2),
                write(3),
                write(10),
                write(11),
                ([9; 32], false, true)
            ]
        );
        assert_eq!(made.data, [&[16][..], &77u64.to_le_bytes(), &66u64.to_le_bytes()].concat());
    }

    #[test]
    fn every_broken_part_is_named() {
        let (data, book) = accounts();
        let with = |change: &dyn Fn(&mut AccountBook, &mut Vec<u8>)| {
            let (mut book, mut data) = (book.clone(), data.clone());
            change(&mut book, &mut data);
            book.insert([1; 32], RAYDIUM_AMM_V4, data, 99);
            let joined = join(&book, Clock { epoch: None, unix_s: Some(1_500_000_000) });
            let status = joined.pools.first().map(|(pool, _)| pool.status);
            (joined.wrong.first().map(|(key, name)| (key[0], *name)), status)
        };
        let field =
            |at: usize, value: u64| with(&move |_, data| put(data, at, &value.to_le_bytes()));
        let status = |status: PoolStatus| (None, Some(status as u8));
        assert_eq!(field(0, 1), status(PoolStatus::Open));
        assert_eq!(field(0, 7), status(PoolStatus::Waiting));
        for disabled in [0, 2, 3, 4, 5] {
            assert_eq!(field(0, disabled), status(PoolStatus::Disabled));
        }
        assert_eq!(field(0, 8), (Some((1, "bad_value")), None));
        assert_eq!(field(32, 256), (Some((1, "bad_value")), None));
        assert_eq!(field(176, 10_000), (Some((1, "bad_fee")), None));
        assert_eq!(field(184, 0), (Some((1, "bad_fee")), None));
        assert_eq!(field(192, 1007), (Some((2, "zero_reserve")), None));
        assert_eq!(field(200, 2010), (Some((3, "owed_exceeds_vault")), None));
        assert_eq!(with(&|_, d| put(d, 400, &[5; 32])), (Some((1, "same_mint")), None));
        assert_eq!(with(&|_, d| put(d, 336, &[77; 32])), (Some((77, "vault_a")), None));
        assert_eq!(with(&|_, d| put(d, 368, &[2; 32])), (Some((2, "vault_mint")), None));
        for len in
            (0..AMM_INFO_LEN).chain([AMM_INFO_LEN + 1]).filter(|len| !OTHER_LENS.contains(len))
        {
            let wrong = with(&|_, data| data.resize(len, 1));
            assert_eq!(wrong, (Some((1, "wrong_len")), None), "{len}");
        }
        assert_eq!(with(&|_, data| data.resize(2208, 0)), (None, None), "target orders");
        let mut frozen = account_bytes(&[4; 32], &[8; 32], 5000);
        frozen[108] = 2;
        let disabled = with(&|book, _| book.insert([2; 32], TOKEN, frozen.clone(), 99));
        assert_eq!(disabled, status(PoolStatus::Disabled));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn quotes_equal_the_big_model(
            a in 1u64.., b in 1u64.., cuts in (0u32..64, 0u32..64, 0u32..64),
            amount in 1u64.., num in 0u64..10_000, a_to_b: bool, feed: bool,
        ) {
            let venue = if feed { Venue::Feed } else { Venue::RaydiumAmmV4 };
            let (a, b, amount) = ((a >> cuts.0).max(1), (b >> cuts.1).max(1), (amount >> cuts.2).max(1));
            let mut pool = product_pool(venue, a, b, num, 10_000);
            let before = pool;
            let (r_in, r_out) = if a_to_b { (a, b) } else { (b, a) };
            let (out, fee) = v4_in(&pool, a_to_b, amount);
            let quote = quote_in(&pool, NONE, a_to_b, amount);
            match quote {
                Ok(quote) => {
                    prop_assert_eq!(Some(quote.amount_out), narrow(&out));
                    prop_assert_eq!(Some(quote.fee), narrow(&fee));
                    prop_assert_eq!(quote.amount_in, amount);
                    prop_assert!(quote.amount_out < r_out);
                    // More in never gives less out.
                    if let Ok(more) = quote_in(&pool, NONE, a_to_b, amount.saturating_add(1)) {
                        prop_assert!(more.amount_out >= quote.amount_out);
                    }
                    let least = min_in(&pool, NONE, a_to_b, quote.amount_out).unwrap();
                    prop_assert!(least <= amount);
                    prop_assert_eq!(apply(&mut pool, NONE, &Order::exact_in(a_to_b, amount)), Ok(quote));
                    let after = if a_to_b { (pool.reserve_a, pool.reserve_b) } else { (pool.reserve_b, pool.reserve_a) };
                    prop_assert_eq!(after, (r_in + amount, r_out - quote.amount_out));
                }
                Err(Fault::ZeroOut) => prop_assert_eq!(narrow(&out), Some(0)),
                Err(Fault::Overflow) => prop_assert!(r_in.checked_add(amount).is_none()),
                Err(other) => prop_assert!(false, "{:?}", other),
            }
            if amount < r_out {
                let model = narrow(&v4_out(&before, a_to_b, amount));
                let fits = |gross: &u64| r_in.checked_add(*gross).is_some();
                match quote_out(&before, NONE, a_to_b, amount) {
                    Ok(quote) => {
                        prop_assert_eq!(Some(quote.amount_in), model);
                        prop_assert_eq!(quote.amount_out, amount);
                        prop_assert_eq!(min_in(&before, NONE, a_to_b, amount), Ok(quote.amount_in));
                        let least = quote_in(&before, NONE, a_to_b, quote.amount_in).unwrap();
                        prop_assert!(least.amount_out >= amount);
                        if quote.amount_in > 1 {
                            let less = quote_in(&before, NONE, a_to_b, quote.amount_in - 1);
                            prop_assert!(less.map_or(0, |quote| quote.amount_out) < amount);
                        }
                    }
                    Err(fault) => {
                        prop_assert_eq!(fault, Fault::Overflow);
                        prop_assert!(model.is_none_or(|gross| !fits(&gross)));
                    }
                }
            } else {
                prop_assert_eq!(quote_out(&before, NONE, a_to_b, amount), Err(Fault::Reserve));
            }
        }

        #[test]
        fn hostile_bytes_never_panic(
            data in proptest::collection::vec(any::<u8>(), 0..40),
            indices in proptest::collection::vec(any::<u8>(), 0..20),
            mut account in proptest::collection::vec(any::<u8>(), AMM_INFO_LEN),
            record: [u8; 32],
        ) {
            for program in Venue::ALL.iter().flat_map(|venue| venue.programs()) {
                let keys = [[1; 32]; 3];
                let ix = Instruction { program, data: &data, indices: &indices, keys: &keys, loaded: &[] };
                let _ = decode(&ix);
            }
            let (_, mut book) = accounts();
            for (at, n) in [(336, 2), (368, 3), (400, 4), (432, 5)] {
                put(&mut account, at, &[n; 32]);
            }
            book.insert([1; 32], RAYDIUM_AMM_V4, account, 99);
            join(&book, Clock::default());
            let word = |at: usize| u64::from_le_bytes(*record[at..].first_chunk().unwrap());
            let pool = product_pool(Venue::Feed, word(0), word(8), word(16), word(24));
            for amount in [1, word(0), u64::MAX] {
                let _ = (quote_in(&pool, NONE, true, amount), quote_out(&pool, NONE, false, amount));
                let _ = min_in(&pool, NONE, true, amount);
            }
        }
    }
}
