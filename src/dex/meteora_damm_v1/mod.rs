//! Meteora DAMM v1 (dynamic AMM): a product or a stable curve over two lending vaults.
//!
//! Source: MeteoraAg/damm-v1-sdk programs/{dynamic-amm,dynamic-vault}/src and dynamic-amm-quote/src
//! @02c66a3 and the program's interface 0.5.2 (facts/dex.md 9); the programs are closed.
//!
//! | instruction | discriminator | data | accounts |
//! |---|---|---|---|
//! | swap | f8c69e91e17587c8 | amount_in u64@8, min_out u64@16 | 15 |
//!
//! Accounts: 0 pool, 1 user in, 2 user out, 3 vault a, 4 vault b, 5 and 6 their token accounts, 7 and
//! 8 their pool token mints, 9 and 10 the pool's tokens of them, 11 protocol fee account, 12 user
//! (signs), 13 vault program, 14 token program. Neither mints nor direction are in the instruction;
//! the fee account is the one of the token that goes in.
//!
//! The token accounts of the vaults are shared by all pools of a token, and most of what the vaults
//! own is lent: a pool's reserve is its part of the vault, not what the account holds.
//!
//! Quotes are not made yet.

mod account;
mod event;
mod names;
#[cfg(test)]
mod tests_accounts;

use super::change;
use super::instruction::{Decoded, Instruction, IxFault, LiquidityIx, SwapIx};
use super::{Coverage, Grade, VenueSpec};
use crate::bytes::u8_at;
use crate::ids::Venue;
use crate::record::Exact;
use names::SWAP;

/// The venue's line in the table.
pub(super) const SPEC: VenueSpec = VenueSpec {
    coverage: Coverage { intents: Grade::Source, fills: Grade::None, pools: Grade::Source },
    decode,
    event: event::event,
    pools: account::pools,
    ..VenueSpec::of(Venue::MeteoraDammV1)
};

fn decode<'a>(ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    let venue = Venue::MeteoraDammV1;
    if ix.discriminator().ok_or(IxFault::ShortData)? != SWAP {
        return change::decode(venue, ix, &names::CHANGES, &names::INSTRUCTIONS);
    }
    let (amount, limit) = (ix.u64(8)?, ix.u64(16)?);
    ix.at_least(15)?;
    let mut swap = SwapIx::new(venue, Exact::In);
    (swap.amount, swap.limit) = (Some(amount), Some(limit));
    (swap.pool, swap.owner) = (ix.account(0), ix.account(12));
    (swap.user_in, swap.user_out) = (ix.account(1), ix.account(2));
    (swap.vault_a, swap.vault_b) = (ix.account(5), ix.account(6));
    Ok(Decoded::One(swap))
}

/// Arguments: least pool tokens u64@8, a u64@16, b u64@24.
fn imbalance<'a>(ix: &Instruction<'a>, to: &mut LiquidityIx<'a>) -> Result<(), IxFault> {
    to.liquidity = Some(ix.u64(8)?.into());
    (to.amount_a, to.amount_b) = (Some(ix.u64(16)?), Some(ix.u64(24)?));
    Ok(())
}

/// Arguments: pool tokens u64@8, least of the one token that comes out u64@16.
fn single_side<'a>(ix: &Instruction<'a>, to: &mut LiquidityIx<'a>) -> Result<(), IxFault> {
    to.liquidity = Some(ix.u64(8)?.into());
    to.value = Some(ix.u64(16)?);
    Ok(())
}

/// Bytes of a curve at 8: a tag, and for a stable curve its parameters.
fn curve_len(ix: &Instruction<'_>) -> Result<usize, IxFault> {
    // CurveType: amp u64, multipliers u64 u64 u8, depeg u64 u64 u8, time u64.
    match u8_at(ix.data, 8).ok_or(IxFault::ShortData)? {
        0 => Ok(1),
        1 => Ok(51),
        _ => Err(IxFault::Flag),
    }
}

fn amounts_at<'a>(
    ix: &Instruction<'a>,
    to: &mut LiquidityIx<'a>,
    past_curve: usize,
) -> Result<(), IxFault> {
    let at = curve_len(ix)?.saturating_add(past_curve);
    (to.amount_a, to.amount_b) = (Some(ix.u64(at)?), Some(ix.u64(at.saturating_add(8))?));
    Ok(())
}

/// Arguments: a curve @8, then a u64, b u64.
fn after_curve<'a>(ix: &Instruction<'a>, to: &mut LiquidityIx<'a>) -> Result<(), IxFault> {
    amounts_at(ix, to, 8)
}

/// Arguments: a curve @8, then the fee u64, a u64, b u64.
fn after_curve_and_fee<'a>(ix: &Instruction<'a>, to: &mut LiquidityIx<'a>) -> Result<(), IxFault> {
    amounts_at(ix, to, 16)
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::change::tests::{numbers, read_numbered, swap_is_read_at_every_length};
    use super::super::instruction::tests::anchor_hash;
    use super::*;

    #[test]
    fn a_swap_is_read_at_every_length() {
        let data = [&SWAP[..], &7u64.to_le_bytes(), &9u64.to_le_bytes()].concat();
        swap_is_read_at_every_length(Venue::MeteoraDammV1, &data, Exact::In, 15, |swap| {
            let keys = [swap.pool, swap.owner, swap.user_in, swap.user_out];
            let vaults = [swap.vault_a, swap.vault_b];
            assert_eq!((numbers(keys), numbers(vaults)), ([0, 12, 1, 2], [5, 6]));
        });
        read_numbered(Venue::MeteoraDammV1, &[9; 24], 15, |_, decoded| {
            assert!(matches!(decoded, Decoded::Refused(IxFault::Unknown)));
        });
    }

    #[test]
    fn arguments_reach_the_change() {
        let words = |words: &[u64]| words.iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<_>>();
        let stable = |rest: &[u64]| [&[1][..], &[0; 50], &words(rest)].concat();
        let read = |name: &str, args: &[u8]| {
            let data = [&anchor_hash("global", name)[..], args].concat();
            let mut told = None;
            read_numbered(Venue::MeteoraDammV1, &data, 26, |_, decoded| match decoded {
                Decoded::Liquidity(change) => {
                    told = Some((change.liquidity, change.amount_a, change.amount_b));
                }
                Decoded::Refused(IxFault::Flag) => {}
                other => panic!("{name}: {other:?}"),
            });
            told
        };
        let imbalance = read("add_imbalance_liquidity", &words(&[5, 6, 7]));
        assert_eq!(imbalance, Some((Some(5), Some(6), Some(7))));
        let plain = [&[0][..], &words(&[6, 7])].concat();
        let amounts = Some((None, Some(6), Some(7)));
        assert_eq!(read("initialize_permissionless_pool", &plain), amounts);
        assert_eq!(read("initialize_permissionless_pool", &stable(&[6, 7])), amounts);
        let with_fee = "initialize_permissionless_pool_with_fee_tier";
        assert_eq!(read(with_fee, &stable(&[25, 6, 7])), amounts);
        assert_eq!(read(with_fee, &[2; 40]), None);
    }
}
