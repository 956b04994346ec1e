//! SPL token-swap and its forks: Orca v1 and v2, FluxBeam, Step, Dooar, Saros.
//!
//! Source: solana-program-library token-swap/program/src/instruction.rs @264ca72 (facts/dex.md 16).
//! Not an Anchor program: the first byte of an instruction is its tag.
//!
//! | tag | instruction | data | accounts |
//! |---|---|---|---|
//! | 0 | Initialize | fees, curve | 8 |
//! | 1 | Swap | amount_in u64@1, min_out u64@9 | 10 (older), 14 (with mints and token programs) |
//! | 2 | DepositAllTokenTypes | pool tokens u64@1, max_a u64@9, max_b u64@17 | 9 |
//! | 3 | WithdrawAllTokenTypes | pool tokens u64@1, min_a u64@9, min_b u64@17 | 10 |
//! | 4, 5 | deposit, withdraw of a single token | amount u64@1, limit u64@9 | 8, 9 |
//!
//! | account | bytes | fields |
//! |---|---|---|
//! | SwapV1 | 324 | version u8@0 (1), initialised u8@1, vaults @35 and @67, mints @131 and @163, trade fee u64@227 of u64@235, owner's fee u64@243 of u64@251, curve u8@291 with its number u64@292 |
//!
//! Source: token-swap/program/src/{state.rs, curve/*.rs} @264ca72. Both fees are taken of the input,
//! each rounded down but 1 at least, and stay in the reserves. They are written down as `lp_bps` and
//! `protocol_bps`, their sum as `fee_num`.
//!
//! | curve | price | in the record |
//! |---|---|---|
//! | 0 | product of the reserves | |
//! | 1 | number of raw a for a raw b | `virtual_a` for `virtual_b`, which is 1; reserves only limit it |
//! | 2 | stable, the number is its amplification, until 685e957 (August 2022); since then as 3 | Orca v2's as its SDK has it (orca-so/typescript-sdk, src/model/orca/pool/pool-types.ts); of other programs not known |
//! | 3 | product, the number is added to the reserve of b | `virtual_b` |
//!
//! FluxBeam has an owner's fee of 90 of 100 in its pools: a part of the trade fee at most, which its
//! closed program alone knows. Its pools with such a fee are not modelled.
//!
//! Direction is not in the instruction: the pool's source account equals its account of token a or
//! of token b, which only its own state tells. A program emits nothing: fills are read from
//! transfers.

mod swap;

use five8_const::decode_32_const as key;

use super::accounts::{AccountBook, AccountFault, Clock, Out, PoolKeys, Unsupported};
use super::instruction::{Decoded, Instruction, IxFault, LiquidityIx, SwapIx};
use super::join;
use super::{Coverage, Grade, VenueSpec};
use crate::bytes::{key_at, u8_at, u64_at};
use crate::ids::{Key, Venue};
use crate::record::{Action, Curve, Exact, Pool};

/// The venue's line in the table.
pub(super) const SPEC: VenueSpec = VenueSpec {
    coverage: Coverage { intents: Grade::Source, fills: Grade::None, pools: Grade::Source },
    decode,
    pools,
    swap: swap::swap,
    segment: swap::segment,
    ..VenueSpec::of(Venue::TokenSwap)
};

fn decode<'a>(ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    match ix.data.first().ok_or(IxFault::ShortData)? {
        1 => swap_ix(ix).map(Decoded::One),
        2 => all(ix, Action::Add).map(Decoded::Liquidity),
        3 => all(ix, Action::Remove).map(Decoded::Liquidity),
        4 => single(ix, Action::Add).map(Decoded::Liquidity),
        5 => single(ix, Action::Remove).map(Decoded::Liquidity),
        0 => {
            ix.at_least(8)?;
            let mut change = LiquidityIx::new(Venue::TokenSwap, Action::Create);
            change.pool = ix.account(0);
            Ok(Decoded::Liquidity(change))
        }
        _ => Err(IxFault::Unknown),
    }
}

/// 0 swap, 1 authority, 2 user authority, 3 user source, 4 pool source, 5 pool destination,
/// 6 user destination, 7 pool mint, 8 fee account, then 9 token program (older), or 9 source mint,
/// 10 destination mint, 11 to 13 token programs.
fn swap_ix<'a>(ix: &Instruction<'a>) -> Result<SwapIx<'a>, IxFault> {
    let (amount, limit) = (ix.u64(1)?, ix.u64(9)?);
    ix.at_least(10)?;
    let mut swap = SwapIx::new(Venue::TokenSwap, Exact::In);
    (swap.amount, swap.limit) = (Some(amount), Some(limit));
    (swap.pool, swap.owner) = (ix.account(0), ix.account(2));
    (swap.user_in, swap.user_out) = (ix.account(3), ix.account(6));
    if ix.account_count() >= 14 {
        (swap.mint_in, swap.mint_out) = (ix.account(9), ix.account(10));
    }
    Ok(swap)
}

/// 0 swap, 1 authority, 2 user authority.
fn change<'a>(ix: &Instruction<'a>, action: Action) -> Result<LiquidityIx<'a>, IxFault> {
    ix.at_least(if action == Action::Add { 8 } else { 9 })?;
    let mut change = LiquidityIx::new(Venue::TokenSwap, action);
    (change.pool, change.owner) = (ix.account(0), ix.account(2));
    Ok(change)
}

fn all<'a>(ix: &Instruction<'a>, action: Action) -> Result<LiquidityIx<'a>, IxFault> {
    let (pool_tokens, limit_a, limit_b) = (ix.u64(1)?, ix.u64(9)?, ix.u64(17)?);
    let liquidity = Some(pool_tokens.into());
    let (limit_a, limit_b) = (Some(limit_a), Some(limit_b));
    Ok(LiquidityIx { limit_a, limit_b, liquidity, ..change(ix, action)? })
}

/// Of one token, which one the instruction does not say: its amount is `value`.
fn single<'a>(ix: &Instruction<'a>, action: Action) -> Result<LiquidityIx<'a>, IxFault> {
    let (amount, _limit) = (ix.u64(1)?, ix.u64(9)?);
    Ok(LiquidityIx { value: Some(amount), ..change(ix, action)? })
}

const SWAP_LEN: usize = 324;
const BPS: u64 = 10_000;
const ORCA_V2: Key = key("9W959DqEETiGZocYWCQPaJ6sBmUzgfxXfqGeTEdp3aQP");
const FLUXBEAM: Key = key("FLUXubRmkEi2q6K3Y9kBPg9248ggaZVsoSFhtJHSrm1X");

fn pools(book: &AccountBook, clock: Clock, out: &mut Out<'_>) {
    let venue = Venue::TokenSwap;
    join::each(book, venue, out, &mut |key, account, out| {
        let (data, short) = (&account.data, AccountFault::WrongLen);
        if data.len() != SWAP_LEN {
            return Err(short);
        }
        if !data.starts_with(&[1, 1]) {
            return Err(AccountFault::NotInitialised);
        }
        let both = |a, b| Some([key_at(data, a)?, key_at(data, b)?]);
        let keys = PoolKeys {
            pool: key,
            program: account.owner,
            venue,
            mints: both(131, 163).ok_or(short)?,
            vaults: both(35, 67).ok_or(short)?,
        };
        join::pool(book, clock, &keys, account.slot, out, |pool| {
            let fees = fill_fees(pool, data)?;
            let curve = fill_curve(pool, data)?;
            Ok(curve.or(fees))
        });
        Ok(())
    });
}

/// curve/fees.rs `validate_fraction`: a part below 1, or 0 of 0.
fn fraction(data: &[u8], at: usize) -> Result<(u64, u64), AccountFault> {
    let fields = u64_at(data, at).zip(u64_at(data, at.saturating_add(8)));
    match fields.ok_or(AccountFault::WrongLen)? {
        (0, 0) => Ok((0, 1)),
        (num, den) if num < den => Ok((num, den)),
        _ => Err(AccountFault::Fee),
    }
}

fn fill_fees(pool: &mut Pool, data: &[u8]) -> Result<Option<Unsupported>, AccountFault> {
    let (trade, owner) = (fraction(data, 227)?, fraction(data, 243)?);
    (pool.fee_num, pool.fee_den) = trade;
    if owner.0 == 0 {
        return Ok(None);
    }
    if pool.program == FLUXBEAM {
        return Ok(Some(Unsupported::FeeRule));
    }
    let whole_bps = |(num, den): (u64, u64)| {
        let scaled = num.checked_mul(BPS)?;
        let bps = scaled.checked_div(den)?;
        let exact = bps.checked_mul(den) == Some(scaled);
        u16::try_from(bps).ok().filter(|_| exact)
    };
    let (Some(lp), Some(protocol)) = (whole_bps(trade), whole_bps(owner)) else {
        return Ok(Some(Unsupported::FeeShare));
    };
    let both = u64::from(lp).saturating_add(protocol.into());
    if both >= BPS {
        return Err(AccountFault::Fee);
    }
    (pool.fee_num, pool.fee_den) = (both, BPS);
    (pool.lp_bps, pool.protocol_bps) = (lp, protocol);
    pool.present |= Pool::SPLIT_FEES;
    Ok(None)
}

fn fill_curve(pool: &mut Pool, data: &[u8]) -> Result<Option<Unsupported>, AccountFault> {
    let kind = u8_at(data, 291).ok_or(AccountFault::WrongLen)?;
    let number = u64_at(data, 292).ok_or(AccountFault::WrongLen)?;
    let signed = i64::try_from(number).ok().filter(|number| *number > 0);
    match kind {
        0 => pool.curve = Curve::Product as u8,
        1 => {
            pool.curve = Curve::Fixed as u8;
            (pool.virtual_a, pool.virtual_b) = (signed.ok_or(AccountFault::Value)?, 1);
            pool.present |= Pool::VIRTUAL;
        }
        2 if pool.program == ORCA_V2 => {
            pool.curve = Curve::Stable as u8;
            (pool.amp, pool.amp_target) = (number, number);
            pool.present |= Pool::STABLE;
        }
        2 => {
            pool.curve = Curve::Closed as u8;
            return Ok(Some(Unsupported::CurveKind));
        }
        3 => {
            pool.curve = Curve::Product as u8;
            (pool.virtual_a, pool.virtual_b) = (0, signed.ok_or(AccountFault::Value)?);
            pool.present |= Pool::VIRTUAL;
        }
        _ => return Err(AccountFault::Value),
    }
    Ok(None)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::accounts::tests::put;
    use super::super::token::tests::{account_bytes, mint_bytes};
    use super::super::{decode, model};
    use super::*;
    use crate::bytes::hex;
    use crate::ids::TOKEN;
    use crate::record::{Layout, PoolStatus};
    use proptest::prelude::*;

    fn read(data: &[u8], accounts: u8) -> Decoded<'static> {
        let keys: &'static [Key] = Box::leak((0..20).map(|n| [n; 32]).collect());
        let indices: &'static [u8] = Box::leak((0..accounts).collect());
        let data: &'static [u8] = Box::leak(data.into());
        let program = &Venue::TokenSwap.programs()[0];
        decode(&Instruction { program, data, indices, keys, loaded: &[] }).unwrap()
    }

    fn data(tag: u8, values: &[u64]) -> Vec<u8> {
        let mut data = vec![tag];
        for value in values {
            data.extend(value.to_le_bytes());
        }
        data
    }

    #[test]
    fn swaps_of_both_account_lists() {
        for (accounts, mints) in [(10, [None, None]), (15, [Some(9), Some(10)])] {
            let Decoded::One(swap) = read(&data(1, &[7, 5]), accounts) else { panic!() };
            let at = |key: Option<&Key>| key.map(|key| key[0]);
            assert_eq!((swap.amount, swap.limit, swap.exact), (Some(7), Some(5), Exact::In));
            assert_eq!((at(swap.pool), at(swap.owner)), (Some(0), Some(2)));
            assert_eq!((at(swap.user_in), at(swap.user_out)), (Some(3), Some(6)));
            assert_eq!([at(swap.mint_in), at(swap.mint_out)], mints);
        }
    }

    #[test]
    fn changes_carry_pool_tokens_and_limits() {
        let Decoded::Liquidity(change) = read(&data(3, &[7, 5, 6]), 10) else { panic!() };
        assert_eq!((change.action, change.liquidity), (Action::Remove, Some(7)));
        assert_eq!((change.limit_a, change.limit_b), (Some(5), Some(6)));
        let Decoded::Liquidity(change) = read(&data(4, &[7, 5]), 9) else { panic!() };
        assert_eq!((change.action, change.value), (Action::Add, Some(7)));
    }

    #[test]
    fn what_is_short_or_unknown_is_refused_by_name() {
        let whole = data(1, &[7, 5]);
        for len in 1..whole.len() {
            assert!(matches!(read(&whole[..len], 10), Decoded::Refused(IxFault::ShortData)));
        }
        assert!(matches!(read(&whole, 9), Decoded::Refused(IxFault::FewAccounts)));
        assert!(matches!(read(&[], 10), Decoded::Refused(IxFault::ShortData)));
        for tag in 6..=255 {
            assert!(matches!(read(&[tag], 10), Decoded::Refused(IxFault::Unknown)));
        }
    }

    /// Pool 1 of `program` with vaults 2 and 3, which hold 70 and 80, and mints 4 and 5; fees of 25 and
    /// 5 of 10 000.
    fn swap_info() -> Vec<u8> {
        let mut data = vec![0; SWAP_LEN];
        data[..2].copy_from_slice(&[1, 1]);
        for (at, n) in [(35, 2), (67, 3), (131, 4), (163, 5)] {
            put(&mut data, at, &[n; 32]);
        }
        put(&mut data, 227, &[25, BPS, 5, BPS].map(u64::to_le_bytes).concat());
        data
    }

    fn joined(program: Key, data: &[u8]) -> model::Joined {
        let mut book = model::pool_book(Venue::TokenSwap, data);
        book.insert([1; 32], program, data.to_vec(), 99);
        model::join(&book, Clock::default())
    }

    fn with(program: usize, at: usize, bytes: &[u8]) -> model::Joined {
        let mut data = swap_info();
        put(&mut data, at, bytes);
        joined(Venue::TokenSwap.programs()[program], &data)
    }

    #[test]
    fn pools_of_every_program_are_joined() {
        for (n, program) in Venue::TokenSwap.programs().iter().enumerate() {
            let (pool, unsupported) = with(n, 0, &[1]).pools[0];
            assert_eq!((pool.program, pool.invalid()), (*program, None));
            assert_eq!((pool.reserve_a, pool.reserve_b, pool.slot), (70, 80, 9));
            assert_eq!((pool.decimals_a, pool.decimals_b), (9, 6));
            if *program == FLUXBEAM {
                assert_eq!(unsupported, Some(Unsupported::FeeRule));
                assert_eq!(with(n, 243, &[0; 16]).pools[0].1, None);
            } else {
                assert_eq!((unsupported, pool.status), (None, PoolStatus::Open as u8));
                assert_eq!((pool.fee_num, pool.fee_den), (30, BPS));
                assert_eq!((pool.lp_bps, pool.protocol_bps, pool.fee_side), (25, 5, 0));
            }
        }
    }

    #[test]
    fn curves_are_read_by_their_kind_and_program() {
        let read = |program, kind: u8, number: u64| {
            let (pool, unsupported) =
                with(program, 291, &[&[kind][..], &number.to_le_bytes()].concat()).pools[0];
            assert_eq!(pool.invalid(), None);
            (pool, unsupported)
        };
        let (fixed, _) = read(2, 1, 7);
        assert_eq!((fixed.curve, fixed.virtual_a, fixed.virtual_b), (Curve::Fixed as u8, 7, 1));
        let (offset, _) = read(2, 3, 7);
        assert_eq!((offset.curve, offset.virtual_a, offset.virtual_b), (0, 0, 7));
        assert_eq!(Venue::TokenSwap.programs()[0], ORCA_V2);
        let (stable, unsupported) = read(0, 2, 100);
        assert_eq!((stable.curve, unsupported), (Curve::Stable as u8, None));
        assert_eq!((stable.amp, stable.amp_target, stable.ramp_stop_s), (100, 100, 0));
        assert_eq!(read(2, 2, 100).1, Some(Unsupported::CurveKind));
    }

    #[test]
    fn what_is_broken_or_not_modelled_is_named() {
        let whole = swap_info();
        let program = Venue::TokenSwap.programs()[0];
        for len in (1..SWAP_LEN).chain([SWAP_LEN + 1]) {
            let mut data = whole.clone();
            data.resize(len, 0);
            assert_eq!(joined(program, &data).wrong, [([1; 32], "wrong_len")], "{len}");
        }
        let wrong = |at, bytes: &[u8]| with(0, at, bytes).wrong[0].1;
        assert_eq!(wrong(0, &[2]), "not_initialised");
        assert_eq!(wrong(1, &[0]), "not_initialised");
        assert_eq!(wrong(163, &[4; 32]), "same_mint");
        assert_eq!(wrong(163, &[6; 32]), "mint_b");
        assert_eq!(wrong(67, &[2; 32]), "vault_mint");
        assert_eq!(wrong(35, &[44; 32]), "vault_a");
        assert_eq!(wrong(235, &25u64.to_le_bytes()), "bad_fee");
        assert_eq!(wrong(251, &[0; 8]), "bad_fee");
        assert_eq!(wrong(243, &9975u64.to_le_bytes()), "bad_fee", "both make 100 %");
        assert_eq!(wrong(291, &[4]), "bad_value");
        assert_eq!(wrong(291, &[3]), "bad_value", "an offset of nothing");
        let third = with(0, 243, &[1u64, 3].map(u64::to_le_bytes).concat()).pools[0];
        assert_eq!(third.1, Some(Unsupported::FeeShare));
        assert_eq!(with(0, 227, &[0; 16]).pools[0].0.fee_num, 5);
        let free = with(0, 227, &[0; 32]).pools[0].0;
        assert_eq!((free.fee_num, free.fee_den, free.invalid()), (0, 1, None));
    }

    /// A pool of FluxBeam on mainnet (carbon, decoders/fluxbeam-decoder/tests/fixtures/swap_account.json).
    #[test]
    fn the_real_pool_of_fluxbeam_is_read_and_not_modelled() {
        let text = "0101fe06ddf6e1ee758fde18425dbce46ccddab61afc4d83b90d27febdf928d8a18bfc0ad9190ea5681a94d57a0f4ac7b53007c9f4aa94bed3965a26e8cbd4280fc4527079efcbaa2a928f2a3ec6ae067c53ad3e4a28fa3d3ad4fec2bc740351331af360ffb8a982317db1967f707f9f8c4ad593301262a045a44414ca54c1976eef2c069b8857feab8184fb687f634618c035dac439dc1aeb3b5598a0f0000000000125d933c46d191808b40ab5344987ea39418e868720f94d69c777fc396924f7411fca317d16b51c9461a07d87bcca5e336937cae87b76945f91ca5ed459938e410200000000000000e8030000000000005a0000000000000064000000000000006200000000000000640000000000000000000000000000001027000000000000000000000000000000000000000000000000000000000000000000000000000000";
        let data = hex::decode(text).unwrap();
        let [vault_a, vault_b] = [35, 67].map(|at| *key_at(&data, at).unwrap());
        let [mint_a, mint_b] = [131, 163].map(|at| *key_at(&data, at).unwrap());
        assert_eq!(mint_a, crate::ids::WSOL);
        let mut book = AccountBook::new();
        book.insert([1; 32], FLUXBEAM, data.clone(), 9);
        let parts = model::join(&book, Clock::default()).wrong;
        let named =
            [(vault_a, "vault_a"), (vault_b, "vault_b"), (mint_a, "mint_a"), (mint_b, "mint_b")];
        assert_eq!(parts, named);
        for (vault, mint) in [(vault_a, mint_a), (vault_b, mint_b)] {
            book.insert(vault, TOKEN, account_bytes(&mint, &[9; 32], 70), 9);
            book.insert(mint, TOKEN, mint_bytes(9, &[]), 9);
        }
        let (pool, unsupported) = model::join(&book, Clock::default()).pools[0];
        assert_eq!((pool.fee_num, pool.fee_den, pool.curve), (2, 1000, Curve::Product as u8));
        assert_eq!(unsupported, Some(Unsupported::FeeRule));
        assert_eq!(pool.status, PoolStatus::Unsupported as u8);
    }

    proptest! {
        #[test]
        fn hostile_accounts_never_panic(
            mut data in proptest::collection::vec(any::<u8>(), SWAP_LEN), program in 0usize..8, kind in 0u8..5,
        ) {
            let whole = swap_info();
            for at in [0, 1, 35, 67, 131, 163, 227] {
                data[at..at + 32].copy_from_slice(&whole[at..at + 32]);
            }
            data[291] = kind;
            for (pool, _) in joined(Venue::TokenSwap.programs()[program], &data).pools {
                prop_assert_eq!(pool.invalid(), None);
            }
        }
    }
}
