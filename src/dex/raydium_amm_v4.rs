//! Raydium AMM v4: constant product, the fee stays in the pool.
//!
//! Source: raydium-io/raydium-amm, program/src/{instruction,state,math,processor}.rs @27f461d
//! (facts/dex.md 1). Not an Anchor program: the first byte of an instruction is its tag.
//!
//! | tag | instruction | data | accounts |
//! |---|---|---|---|
//! | 9, 11 | SwapBaseIn, SwapBaseOut | u64@1, u64@9 | 17, or 18 with target orders at 4 |
//! | 16, 17 | the same without the order book | u64@1, u64@9 | 8 |
//!
//! The arguments are `amount_in, min_out` (9, 16) and `max_in, amount_out` (11, 17). Neither mints
//! nor direction are in the instruction. Token a is the coin, token b the pc.

use crate::bytes::{key_at, u64_at};
use crate::ids::{Key, RAYDIUM_AMM_V4, RAYDIUM_AMM_V4_AUTHORITY, TOKEN, Venue};
use crate::math::muldiv::mul_div_ceil;
use crate::record::{Exact, Pool, PoolStatus};

use super::accounts::{AccountBook, AccountFault, Clock, Found, Out, Part, PoolKeys};
use super::build::{Build, BuildFault, Ix, Metas};
use super::instruction::{Decoded, Instruction, IxFault, SwapIx};
use super::quote::{Fault, Order, Quote, State, Swapped};
use super::ticks::TickRange;
use super::{VenueSpec, product, segment};

/// The venue's line in the table.
pub(super) const SPEC: VenueSpec = VenueSpec {
    venue: Venue::RaydiumAmmV4,
    program: Some(&RAYDIUM_AMM_V4),
    decode,
    pools,
    swap,
    segment: segment::product,
    build,
};

fn decode<'a>(ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    let (exact, book) = match ix.data.first().ok_or(IxFault::ShortData)? {
        9 => (Exact::In, true),
        11 => (Exact::Out, true),
        16 => (Exact::In, false),
        17 => (Exact::Out, false),
        0..=15 => return Ok(Decoded::NotSwap),
        _ => return Err(IxFault::Unknown),
    };
    let (first, second) = (ix.u64(1)?, ix.u64(9)?);
    let (vault_a, user_in) = if book {
        // processor.rs `process_swap_base_in`: 17 accounts, or 18 with target orders before the
        // vaults; any other number is WrongAccountsNumber.
        match ix.account_count() {
            17 => (4, 14),
            18 => (5, 15),
            0..17 => return Err(IxFault::FewAccounts),
            _ => return Err(IxFault::AccountCount),
        }
    } else {
        ix.at_least(8)?;
        (3, 5)
    };
    let key = |at: usize, past: usize| at.checked_add(past).and_then(|at| ix.account(at));
    let mut swap = SwapIx::new(Venue::RaydiumAmmV4, exact);
    (swap.amount, swap.limit) = match exact {
        Exact::In => (Some(first), Some(second)),
        Exact::Out => (Some(second), Some(first)),
    };
    swap.pool = ix.account(1);
    (swap.vault_a, swap.vault_b) = (key(vault_a, 0), key(vault_a, 1));
    (swap.user_in, swap.user_out, swap.owner) = (key(user_in, 0), key(user_in, 1), key(user_in, 2));
    Ok(Decoded::One(swap))
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

/// Answers an order as the program does (processor.rs `process_swap_base_in_v2`, `_out_v2`).
pub(super) fn swap(pool: &Pool, _: TickRange<'_>, order: &Order) -> Swapped {
    let state = State::of(pool);
    let (r_in, r_out) = state.reserves(order.a_to_b);
    let (num, den) = (pool.fee_num, pool.fee_den);
    let kept = den.checked_sub(num).filter(|kept| *kept > 0).ok_or(Fault::Fee)?;
    let (amount_in, amount_out, fee) = match order.exact {
        Exact::In => {
            let fee = mul_div_ceil(order.amount, num, den).ok_or(Fault::Overflow)?;
            let net = order.amount.checked_sub(fee).ok_or(Fault::Fee)?;
            (order.amount, product::out_for(r_in, r_out, net)?, fee)
        }
        Exact::Out => {
            let net = product::in_for(r_in, r_out, order.amount)?;
            let gross = mul_div_ceil(net, den, kept).ok_or(Fault::Overflow)?;
            (gross, order.amount, gross.checked_sub(net).ok_or(Fault::Fee)?)
        }
    };
    if amount_out == 0 {
        return Err(Fault::ZeroOut);
    }
    let r_in = r_in.checked_add(amount_in).ok_or(Fault::Overflow)?;
    let r_out = r_out.checked_sub(amount_out).ok_or(Fault::Reserve)?;
    let quote = Quote { amount_in, amount_out, fee, ticks_crossed: 0, complete: true };
    Ok((quote, state.with_reserves(order.a_to_b, r_in, r_out)))
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
