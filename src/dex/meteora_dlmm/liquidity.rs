//! Arguments of the instructions that change a pair and are no swap.
//!
//! | instruction | data |
//! |---|---|
//! | add_liquidity_by_strategy | x u64@8, y u64@16, active bin i32@24, slippage i32@28, bins i32@32 i32@36 |
//! | add_liquidity_by_strategy_one_side | amount u64@8, active bin i32@16, slippage i32@20, bins i32@24 i32@28 |
//! | rebalance_liquidity | active bin i32@8, slippage u16@12, u8@14, u8@15, least x out u64@16, most x in u64@24, least y out u64@32, most y in u64@40 |
//! | remove_liquidity_by_range | bins i32@8 i32@12, bps u16@16 |
//! | place_limit_order | sells x u8@8, 16 bytes, option of two i32@25, then a list of {bin i32, amount u64} |
//!
//! Source: MeteoraAg/dlmm-sdk idls/dlmm.json 0.12.0 @fb02e51.

use super::super::change;
use super::super::instruction::{Instruction, IxFault, LiquidityIx};
use crate::bytes::{i32_at, u16_at, u32_at, u64_at};

type Read = Result<(), IxFault>;

fn i32(ix: &Instruction<'_>, at: usize) -> Result<i32, IxFault> {
    i32_at(ix.data, at).ok_or(IxFault::ShortData)
}

/// Lowest and highest bin at `at`.
fn bins(ix: &Instruction<'_>, at: usize) -> Result<Option<(i32, i32)>, IxFault> {
    Ok(Some((i32(ix, at)?, i32(ix, at.saturating_add(4))?)))
}

pub(super) fn by_strategy<'a>(ix: &Instruction<'a>, to: &mut LiquidityIx<'a>) -> Read {
    change::amounts(ix, to)?;
    to.ticks = bins(ix, 32)?;
    Ok(())
}

/// The amount is of the token that the instruction's only mint is.
pub(super) fn one_side<'a>(ix: &Instruction<'a>, to: &mut LiquidityIx<'a>) -> Read {
    change::value(ix, to)?;
    to.ticks = bins(ix, 24)?;
    Ok(())
}

/// The limits are those of what goes in.
pub(super) fn rebalance<'a>(ix: &Instruction<'a>, to: &mut LiquidityIx<'a>) -> Read {
    (to.limit_a, to.limit_b) = (Some(ix.u64(24)?), Some(ix.u64(40)?));
    Ok(())
}

pub(super) fn range<'a>(ix: &Instruction<'a>, to: &mut LiquidityIx<'a>) -> Read {
    to.ticks = bins(ix, 8)?;
    Ok(())
}

/// The value is the part that is removed, bps.
pub(super) fn range_bps<'a>(ix: &Instruction<'a>, to: &mut LiquidityIx<'a>) -> Read {
    range(ix, to)?;
    to.value = Some(u16_at(ix.data, 16).ok_or(IxFault::ShortData)?.into());
    Ok(())
}

pub(super) fn bin<'a>(ix: &Instruction<'a>, to: &mut LiquidityIx<'a>) -> Read {
    let bin = i32(ix, 8)?;
    to.ticks = Some((bin, bin));
    Ok(())
}

/// The sum over the bins, and the bins from the lowest to the highest; without orders neither.
pub(super) fn orders<'a>(ix: &Instruction<'a>, to: &mut LiquidityIx<'a>) -> Read {
    let sells_x = ix.flag(8)?;
    // Relative bins count from an active bin that the instruction names.
    let (base, mut at) = if ix.flag(25)? { (i32(ix, 26)?, 34) } else { (0, 26) };
    let count = u32_at(ix.data, at).ok_or(IxFault::ShortData)?;
    at = at.saturating_add(4);
    let (mut sum, mut span) = (0u64, None);
    for _ in 0..count {
        let bin = base.saturating_add(i32(ix, at)?);
        let amount = u64_at(ix.data, at.saturating_add(4)).ok_or(IxFault::ShortData)?;
        sum = sum.saturating_add(amount);
        let (low, high) = span.unwrap_or((bin, bin));
        span = Some((bin.min(low), bin.max(high)));
        at = at.saturating_add(12);
    }
    let side = if sells_x { &mut to.amount_a } else { &mut to.amount_b };
    *side = span.map(|_| sum);
    to.ticks = span;
    Ok(())
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::super::change::tests::read_numbered;
    use super::super::super::instruction::Decoded;
    use super::super::super::instruction::tests::anchor_hash;
    use super::*;
    use crate::bytes::hex;
    use crate::ids::Venue;
    use crate::record::Action;

    fn read(name: &str, args: &[u8], then: impl FnOnce(Result<LiquidityIx<'_>, IxFault>)) {
        let data = [&anchor_hash("global", name)[..], args].concat();
        read_numbered(Venue::MeteoraDlmm, &data, 20, |_, decoded| match decoded {
            Decoded::Liquidity(change) => then(Ok(change)),
            Decoded::Refused(fault) => then(Err(fault)),
            other => panic!("{other:?}"),
        });
    }

    #[test]
    fn a_removal_of_mainnet() {
        // 5TjXcSVPadYrApvVxZRh.., instruction 2 (2024).
        let data = hex::decode("1a526698f04a691aa1edffffb3edffff1027").unwrap();
        read("remove_liquidity_by_range", &data[8..], |change| {
            let change = change.unwrap();
            assert_eq!((change.action, change.ticks), (Action::Remove, Some((-4703, -4685))));
            assert_eq!(change.value, Some(10_000));
        });
    }

    #[test]
    fn arguments_reach_the_change() {
        let words = |words: &[u64]| words.iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<_>>();
        let ints = |ints: &[i32]| ints.iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<_>>();
        let strategy = [words(&[5, 6]), ints(&[1, 2, -3, 4])].concat();
        read("add_liquidity_by_strategy2", &strategy, |change| {
            let change = change.unwrap();
            assert_eq!((change.amount_a, change.amount_b), (Some(5), Some(6)));
            assert_eq!(change.ticks, Some((-3, 4)));
        });
        let side = [words(&[5]), ints(&[1, 2, -3, 4])].concat();
        read("add_liquidity_by_strategy_one_side", &side, |change| {
            let change = change.unwrap();
            assert_eq!((change.value, change.ticks), (Some(5), Some((-3, 4))));
        });
        let moved = [ints(&[1]), vec![0; 4], words(&[1, 2, 3, 4])].concat();
        read("rebalance_liquidity", &moved, |change| {
            let change = change.unwrap();
            assert_eq!((change.limit_a, change.limit_b), (Some(2), Some(4)));
        });
        read("go_to_a_bin", &ints(&[-7]), |change| {
            assert_eq!(change.unwrap().ticks, Some((-7, -7)));
        });
    }

    #[test]
    fn orders_are_added_up_by_side() {
        let order =
            |bin: i32, amount: u64| [&bin.to_le_bytes()[..], &amount.to_le_bytes()].concat();
        let list = [&2u32.to_le_bytes()[..], &order(5, 70), &order(-2, 8)].concat();
        let plain = [&[1][..], &[0; 16], &[0], &list].concat();
        read("place_limit_order", &plain, |change| {
            let change = change.unwrap();
            assert_eq!((change.amount_a, change.amount_b), (Some(78), None));
            assert_eq!(change.ticks, Some((-2, 5)));
        });
        let relative = [&[0][..], &[0; 16], &[1, 100, 0, 0, 0, 3, 0, 0, 0], &list].concat();
        read("place_limit_order", &relative, |change| {
            let change = change.unwrap();
            assert_eq!((change.amount_a, change.amount_b), (None, Some(78)));
            assert_eq!(change.ticks, Some((98, 105)));
        });
        for len in 0..relative.len() {
            read("place_limit_order", &relative[..len], |change| {
                assert_eq!(change, Err(IxFault::ShortData));
            });
        }
        // a count beyond the data ends where the data does
        let huge = [&[0][..], &[0; 17], &u32::MAX.to_le_bytes()].concat();
        read("place_limit_order", &huge, |change| assert_eq!(change, Err(IxFault::ShortData)));
    }
}
