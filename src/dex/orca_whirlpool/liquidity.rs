//! Instructions that change a pool without a swap.
//!
//! Source: programs/whirlpool/src/instructions @630c0e0 and the program's interface description.
//!
//! | instructions | data | what is read |
//! |---|---|---|
//! | increase, decrease_liquidity, also v2 | liquidity u128@8, limit a u64@24, limit b u64@32; v2: an option @40 | all |
//! | increase_liquidity_by_token_amounts_v2 | method u8@8 (0), most a u64@9, most b u64@17, prices u128@25 u128@41, an option @57 | the limits |
//! | reposition_liquidity_v2 | ticks i32@8 i32@12, method u8@16 (0), liquidity u128@17, least a u64@33, b u64@41, most a u64@49, b u64@57, an option @65 | ticks, liquidity and limits of the new range |
//! | open_position and its kinds | bumps (0, 1, 2 bytes or a u16), then two ticks i32 | ticks; the position holds nothing yet |
//! | close_position and its kinds | | a position closes empty; its pool is not named |
//! | collect_* , also v2 | | |
//! | initialize_pool* | | the mints |
//! | set_fee_rate*, set_protocol_fee_rate | rate u16@8 | ppm, or bps of the fee |
//! | set_adaptive_fee_constants | options | |
//!
//! What moves no pool's price, liquidity or fee (rewards, locks, bundles, configurations, tick
//! arrays) is in `names`.

use super::super::change::{Row, change};
use super::super::instruction::{Instruction, IxFault, LiquidityIx};
use crate::bytes::{i32_at, u16_at};
use crate::record::Action;

use Action::{Add, Collect, Create, Fee, Remove};

/// What changes a pool and is no swap.
pub(super) const CHANGES: [Row; 26] = [
    (
        "increase_liquidity",
        [0x2e, 0x9c, 0xf3, 0x76, 0x0d, 0xcd, 0xfb, 0xb2],
        change(Add, 11).pool(0).owner(2).args(changed),
    ),
    (
        "decrease_liquidity",
        [0xa0, 0x26, 0xd0, 0x6f, 0x68, 0x5b, 0x2c, 0x01],
        change(Remove, 11).pool(0).owner(2).args(changed),
    ),
    (
        "increase_liquidity_v2",
        [0x85, 0x1d, 0x59, 0xdf, 0x45, 0xee, 0xb0, 0x0a],
        change(Add, 15).pool(0).owner(4).mints(7, 8).args(changed_v2),
    ),
    (
        "decrease_liquidity_v2",
        [0x3a, 0x7f, 0xbc, 0x3e, 0x4f, 0x52, 0xc4, 0x60],
        change(Remove, 15).pool(0).owner(4).mints(7, 8).args(changed_v2),
    ),
    (
        "increase_liquidity_by_token_amounts_v2",
        [0xef, 0xfb, 0x09, 0x7c, 0xd2, 0xc6, 0x35, 0x2b],
        change(Add, 15).pool(0).owner(4).mints(7, 8).args(by_amounts),
    ),
    (
        "reposition_liquidity_v2",
        [0xbf, 0xa9, 0xe0, 0x0b, 0x83, 0x13, 0x9e, 0xfd],
        change(Add, 19).pool(0).owner(4).mints(8, 9).args(repositioned),
    ),
    (
        "open_position",
        [0x87, 0x80, 0x2f, 0x4d, 0x0f, 0x98, 0xf0, 0x31],
        change(Add, 10).pool(5).owner(1).args(|ix, change| opened(ix, 9, change)),
    ),
    (
        "open_position_with_metadata",
        [0xf2, 0x1d, 0x86, 0x30, 0x3a, 0x6e, 0x0e, 0x3c],
        change(Add, 13).pool(6).owner(1).args(|ix, change| opened(ix, 10, change)),
    ),
    (
        "open_position_with_token_extensions",
        [0xd4, 0x2f, 0x5f, 0x5c, 0x72, 0x66, 0x83, 0xfa],
        change(Add, 10).pool(5).owner(1).args(|ix, change| opened(ix, 8, change)),
    ),
    (
        "open_bundled_position",
        [0xa9, 0x71, 0x7e, 0xab, 0xd5, 0xac, 0xd4, 0x31],
        change(Add, 8).pool(4).owner(3).args(|ix, change| opened(ix, 10, change)),
    ),
    (
        "close_position",
        [0x7b, 0x86, 0x51, 0x00, 0x31, 0x44, 0x62, 0x62],
        change(Remove, 6).owner(0).args(closed),
    ),
    (
        "close_position_with_token_extensions",
        [0x01, 0xb6, 0x87, 0x3b, 0x9b, 0x19, 0x63, 0xdf],
        change(Remove, 6).owner(0).args(closed),
    ),
    (
        "close_bundled_position",
        [0x29, 0x24, 0xd8, 0xf5, 0x1b, 0x55, 0x67, 0x43],
        change(Remove, 5).owner(3).args(closed),
    ),
    (
        "collect_fees",
        [0xa4, 0x98, 0xcf, 0x63, 0x1e, 0xba, 0x13, 0xb6],
        change(Collect, 9).pool(0).owner(1),
    ),
    (
        "collect_fees_v2",
        [0xcf, 0x75, 0x5f, 0xbf, 0xe5, 0xb4, 0xe2, 0x0f],
        change(Collect, 13).pool(0).owner(1).mints(4, 5),
    ),
    (
        "collect_reward",
        [0x46, 0x05, 0x84, 0x57, 0x56, 0xeb, 0xb1, 0x22],
        change(Collect, 7).pool(0).owner(1),
    ),
    (
        "collect_reward_v2",
        [0xb1, 0x6b, 0x25, 0xb4, 0xa0, 0x13, 0x31, 0xd1],
        change(Collect, 9).pool(0).owner(1),
    ),
    (
        "collect_protocol_fees",
        [0x16, 0x43, 0x17, 0x62, 0x96, 0xb2, 0x46, 0xdc],
        change(Collect, 8).pool(1).owner(2),
    ),
    (
        "collect_protocol_fees_v2",
        [0x67, 0x80, 0xde, 0x86, 0x72, 0xc8, 0x16, 0xc8],
        change(Collect, 12).pool(1).owner(2).mints(3, 4),
    ),
    (
        "initialize_pool",
        [0x5f, 0xb4, 0x0a, 0xac, 0x54, 0xae, 0xe8, 0x28],
        change(Create, 11).pool(4).owner(3).mints(1, 2),
    ),
    (
        "initialize_pool_v2",
        [0xcf, 0x2d, 0x57, 0xf2, 0x1b, 0x3f, 0xcc, 0x43],
        change(Create, 14).pool(6).owner(5).mints(1, 2),
    ),
    (
        "initialize_pool_with_adaptive_fee",
        [0x8f, 0x5e, 0x60, 0x4c, 0xac, 0x7c, 0x77, 0xc7],
        change(Create, 16).pool(7).owner(5).mints(1, 2),
    ),
    (
        "set_fee_rate",
        [0x35, 0xf3, 0x89, 0x41, 0x08, 0x8c, 0x9e, 0x06],
        change(Fee, 3).pool(1).owner(2).args(rate),
    ),
    (
        "set_fee_rate_by_delegated_fee_authority",
        [0x79, 0x79, 0x36, 0x72, 0x83, 0xe6, 0xa2, 0x68],
        change(Fee, 3).pool(0).owner(2).args(rate),
    ),
    (
        "set_protocol_fee_rate",
        [0x5f, 0x07, 0x04, 0x32, 0x9a, 0x4f, 0x9c, 0x83],
        change(Fee, 3).pool(1).owner(2).args(rate),
    ),
    (
        "set_adaptive_fee_constants",
        [0x85, 0x9e, 0xd4, 0xbd, 0xed, 0x0c, 0x49, 0x27],
        change(Fee, 4).pool(0).owner(3),
    ),
];

/// Liquidity u128@8, limits u64@24 and u64@32.
fn changed(ix: &Instruction<'_>, change: &mut LiquidityIx<'_>) -> Result<(), IxFault> {
    change.liquidity = Some(ix.u128(8)?);
    (change.limit_a, change.limit_b) = (Some(ix.u64(24)?), Some(ix.u64(32)?));
    Ok(())
}

/// The same, and an option's tag.
fn changed_v2(ix: &Instruction<'_>, change: &mut LiquidityIx<'_>) -> Result<(), IxFault> {
    changed(ix, change)?;
    ix.flag(40).map(|_| ())
}

fn by_amounts(ix: &Instruction<'_>, change: &mut LiquidityIx<'_>) -> Result<(), IxFault> {
    method(ix, 8)?;
    (change.limit_a, change.limit_b) = (Some(ix.u64(9)?), Some(ix.u64(17)?));
    ix.flag(57).map(|_| ())
}

fn repositioned(ix: &Instruction<'_>, change: &mut LiquidityIx<'_>) -> Result<(), IxFault> {
    change.ticks = Some(ticks(ix, 8)?);
    method(ix, 16)?;
    change.liquidity = Some(ix.u128(17)?);
    (change.limit_a, change.limit_b) = (Some(ix.u64(49)?), Some(ix.u64(57)?));
    ix.flag(65).map(|_| ())
}

/// A position between the ticks at `at`, which holds nothing yet.
fn opened(ix: &Instruction<'_>, at: usize, change: &mut LiquidityIx<'_>) -> Result<(), IxFault> {
    (change.ticks, change.liquidity) = (Some(ticks(ix, at)?), Some(0));
    Ok(())
}

/// A position closes empty.
#[expect(clippy::unnecessary_wraps, reason = "one of the readers of arguments")]
fn closed(_: &Instruction<'_>, change: &mut LiquidityIx<'_>) -> Result<(), IxFault> {
    change.liquidity = Some(0);
    Ok(())
}

fn rate(ix: &Instruction<'_>, change: &mut LiquidityIx<'_>) -> Result<(), IxFault> {
    change.value = Some(u16_at(ix.data, 8).ok_or(IxFault::ShortData)?.into());
    Ok(())
}

fn ticks(ix: &Instruction<'_>, at: usize) -> Result<(i32, i32), IxFault> {
    let tick = |at| i32_at(ix.data, at).ok_or(IxFault::ShortData);
    Ok((tick(at)?, tick(at.saturating_add(4))?))
}

/// The one known way to say how much: number 0.
fn method(ix: &Instruction<'_>, at: usize) -> Result<(), IxFault> {
    match ix.data.get(at) {
        Some(0) => Ok(()),
        Some(_) => Err(IxFault::Unknown),
        None => Err(IxFault::ShortData),
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::super::change::tests::{hold_names, hold_rows};
    use super::super::super::instruction::Decoded;
    use super::super::super::model::instruction;
    use super::super::names::INSTRUCTIONS;
    use super::super::{SWAP, SWAP_V2, TWO_HOP_SWAP, TWO_HOP_SWAP_V2};
    use super::*;
    use crate::bytes::hex;
    use crate::ids::Venue;

    fn read(data: &[u8], accounts: u8) -> Result<LiquidityIx<'static>, IxFault> {
        match instruction(Venue::OrcaWhirlpool, data, accounts) {
            Decoded::Liquidity(change) => Ok(change),
            Decoded::Refused(fault) => Err(fault),
            other => panic!("{other:?}"),
        }
    }

    /// Data of `name` with `tail` behind the discriminator.
    fn data(name: &str, tail: &[&[u8]]) -> Vec<u8> {
        let row = CHANGES.iter().find(|(known, ..)| *known == name).unwrap();
        [&row.1[..], &tail.concat()].concat()
    }

    #[test]
    fn every_row_at_every_shorter_length() {
        let swaps = [
            ("swap", SWAP),
            ("swap_v2", SWAP_V2),
            ("two_hop_swap", TWO_HOP_SWAP),
            ("two_hop_swap_v2", TWO_HOP_SWAP_V2),
        ];
        hold_names(&CHANGES, &INSTRUCTIONS, &swaps);
        hold_rows(Venue::OrcaWhirlpool, &CHANGES);
    }

    /// What the deployed program executed on accounts of mainnet (sol-parser-sdk 0.11.0,
    /// tests/fixtures/whirlpool_liquidity_20261008.json).
    #[test]
    fn executed_instructions_say_what_their_events_tell() {
        let text =
            "2e9cf3760dcdfbb2d0ee4600000000000000000000000000ffffffffffffffffffffffffffffffff";
        let change = read(&hex::decode(text).unwrap(), 11).unwrap();
        assert_eq!((change.action, change.liquidity), (Add, Some(4_648_656)));
        assert_eq!((change.limit_a, change.limit_b), (Some(u64::MAX), Some(u64::MAX)));
        let text =
            "a026d06f685b2c016877230000000000000000000000000000000000000000000000000000000000";
        let change = read(&hex::decode(text).unwrap(), 11).unwrap();
        assert_eq!((change.action, change.liquidity), (Remove, Some(2_324_328)));
        assert_eq!((change.pool, change.owner), (Some(&[0; 32]), Some(&[2; 32])));
        let text = "87802f4d0f98f031ff40aaffff80abffff";
        let change = read(&hex::decode(text).unwrap(), 10).unwrap();
        assert_eq!((change.ticks, change.liquidity), (Some((-21_952, -21_632)), Some(0)));
        assert_eq!((change.pool, change.owner), (Some(&[5; 32]), Some(&[1; 32])));
        let change = read(&hex::decode("7b86510031446262").unwrap(), 6).unwrap();
        assert_eq!((change.action, change.pool, change.liquidity), (Remove, None, Some(0)));
    }

    #[test]
    fn limits_and_ticks_of_the_newer_instructions() {
        let [seven, eight] = [7u64, 8].map(u64::to_le_bytes);
        let sixteen = [0; 16];
        let by_amounts = data(
            "increase_liquidity_by_token_amounts_v2",
            &[&[0], &seven, &eight, &sixteen, &sixteen, &[0]],
        );
        let change = read(&by_amounts, 15).unwrap();
        assert_eq!((change.limit_a, change.limit_b), (Some(7), Some(8)));
        assert_eq!((change.mint_a, change.mint_b), (Some(&[7; 32]), Some(&[8; 32])));
        let [low, high] = [-64i32, 128].map(i32::to_le_bytes);
        let nine = 9u128.to_le_bytes();
        let tail: [&[u8]; 9] = [&low, &high, &[0], &nine, &[0; 8], &[0; 8], &seven, &eight, &[0]];
        let change = read(&data("reposition_liquidity_v2", &tail), 19).unwrap();
        assert_eq!((change.ticks, change.liquidity), (Some((-64, 128)), Some(9)));
        assert_eq!((change.limit_a, change.limit_b), (Some(7), Some(8)));
        for (name, bumps) in [
            ("open_position_with_metadata", 2),
            ("open_position_with_token_extensions", 0),
            ("open_bundled_position", 2),
        ] {
            let change = read(&data(name, &[&[1; 2][..bumps], &low, &high]), 13).unwrap();
            assert_eq!(change.ticks, Some((-64, 128)), "{name}");
        }
        let change = read(&data("set_fee_rate", &[&[0xb8, 0x0b]]), 3).unwrap();
        assert_eq!((change.action, change.value), (Fee, Some(3000)));
        let change = read(&data("initialize_pool_v2", &[]), 14).unwrap();
        assert_eq!((change.action, change.pool), (Create, Some(&[6; 32])));
    }

    #[test]
    fn another_way_to_say_how_much_is_unknown() {
        for (name, at) in
            [("increase_liquidity_by_token_amounts_v2", 8), ("reposition_liquidity_v2", 16)]
        {
            let mut other = data(name, &[&[0; 60]]);
            assert!(read(&other, 19).is_ok());
            other[at] = 1;
            assert_eq!(read(&other, 19), Err(IxFault::Unknown), "{name}");
        }
    }
}
