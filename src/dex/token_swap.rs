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
//! Direction is not in the instruction: the pool's source account equals its account of token a or
//! of token b, which only its own state tells. A program emits nothing: fills are read from
//! transfers.

use super::instruction::{Decoded, Instruction, IxFault, LiquidityIx, SwapIx};
use super::{Coverage, Grade, VenueSpec};
use crate::ids::Venue;
use crate::record::{Action, Exact};

/// The venue's line in the table.
pub(super) const SPEC: VenueSpec = VenueSpec {
    coverage: Coverage { intents: Grade::Source, fills: Grade::None, pools: Grade::None },
    decode,
    ..VenueSpec::of(Venue::TokenSwap)
};

fn decode<'a>(ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    match ix.data.first().ok_or(IxFault::ShortData)? {
        1 => swap(ix).map(Decoded::One),
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
fn swap<'a>(ix: &Instruction<'a>) -> Result<SwapIx<'a>, IxFault> {
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

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::decode;
    use super::*;
    use crate::ids::Key;

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
}
