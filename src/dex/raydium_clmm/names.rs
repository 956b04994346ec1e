//! The instructions of Raydium CLMM that are no swaps.
//!
//! Source: raydium-io/raydium-clmm, programs/amm/src/lib.rs and instructions/*.rs @03b44b7, with the
//! interface description of the deployed program. The forks have those that they took over:
//! PancakeSwap v3 stands at the state before limit orders, and adds its farm switch.

use super::super::change::{Name, Row, change, limits, liquidity, small};
use super::super::instruction::{Instruction, IxFault, LiquidityIx};
use crate::bytes::i32_at;
use crate::record::Action;

/// Those that change a pool.
pub(super) const CHANGES: [Row; 16] = [
    (
        "create_pool",
        [0xe9, 0x92, 0xd1, 0x8e, 0xcf, 0x68, 0x40, 0xbc],
        change(Action::Create, 13).pool(2).owner(0).mints(3, 4),
    ),
    (
        "create_customizable_pool",
        [0x2b, 0x44, 0xd4, 0xa7, 0x59, 0x2f, 0xa4, 0x01],
        change(Action::Create, 13).pool(2).owner(0).mints(3, 4),
    ),
    (
        "open_position",
        [0x87, 0x80, 0x2f, 0x4d, 0x0f, 0x98, 0xf0, 0x31],
        change(Action::Add, 19).pool(5).owner(0).args(position),
    ),
    (
        "open_position_v2",
        [0x4d, 0xb8, 0x4a, 0xd6, 0x70, 0x56, 0xf1, 0xc7],
        change(Action::Add, 22).pool(5).owner(0).mints(20, 21).args(position),
    ),
    (
        "open_position_with_token22_nft",
        [0x4d, 0xff, 0xae, 0x52, 0x7d, 0x1d, 0xc9, 0x2e],
        change(Action::Add, 20).pool(4).owner(0).mints(18, 19).args(position),
    ),
    (
        "increase_liquidity",
        [0x2e, 0x9c, 0xf3, 0x76, 0x0d, 0xcd, 0xfb, 0xb2],
        change(Action::Add, 12).pool(2).owner(0).args(liquidity),
    ),
    (
        "increase_liquidity_v2",
        [0x85, 0x1d, 0x59, 0xdf, 0x45, 0xee, 0xb0, 0x0a],
        change(Action::Add, 15).pool(2).owner(0).mints(13, 14).args(liquidity),
    ),
    (
        "decrease_liquidity",
        [0xa0, 0x26, 0xd0, 0x6f, 0x68, 0x5b, 0x2c, 0x01],
        change(Action::Remove, 12).pool(3).owner(0).args(liquidity),
    ),
    (
        "decrease_liquidity_v2",
        [0x3a, 0x7f, 0xbc, 0x3e, 0x4f, 0x52, 0xc4, 0x60],
        change(Action::Remove, 16).pool(3).owner(0).mints(14, 15).args(liquidity),
    ),
    (
        "collect_protocol_fee",
        [0x88, 0x88, 0xfc, 0xdd, 0xc2, 0x42, 0x7e, 0x59],
        change(Action::Collect, 11).pool(1).owner(0).mints(5, 6).args(limits),
    ),
    (
        "collect_fund_fee",
        [0xa7, 0x8a, 0x4e, 0x95, 0xdf, 0xc2, 0x06, 0x7e],
        change(Action::Collect, 11).pool(1).owner(0).mints(5, 6).args(limits),
    ),
    (
        "update_pool_status",
        [0x82, 0x57, 0x6c, 0x06, 0x2e, 0xe0, 0x75, 0x7b],
        change(Action::Config, 2).pool(1).owner(0).args(small),
    ),
    (
        "open_limit_order",
        [0x9d, 0x20, 0xda, 0xb7, 0x47, 0x1d, 0x12, 0x93],
        change(Action::Place, 10).pool(1).owner(0),
    ),
    (
        "increase_limit_order",
        [0xb1, 0x90, 0x59, 0xec, 0xfa, 0xba, 0x7d, 0x63],
        change(Action::Place, 8).pool(1).owner(0),
    ),
    (
        "decrease_limit_order",
        [0x75, 0x9d, 0x3c, 0x67, 0x42, 0x31, 0xa3, 0x00],
        change(Action::Cancel, 12).pool(1).owner(0),
    ),
    (
        "settle_limit_order",
        [0xcd, 0x4e, 0x74, 0x21, 0x5c, 0x69, 0x1a, 0x60],
        change(Action::Collect, 8).pool(1).owner(0),
    ),
];

/// Instructions that change no pool; the last two are of PancakeSwap v3 alone (carbon,
/// decoders/pancake-swap-decoder).
pub(super) const OTHERS: [Name; 17] = [
    ("close_position", [0x7b, 0x86, 0x51, 0x00, 0x31, 0x44, 0x62, 0x62]),
    ("close_protocol_position", [0xc9, 0x75, 0x98, 0x90, 0x55, 0x55, 0x6c, 0xb2]),
    ("close_limit_order", [0x4c, 0x7c, 0x80, 0x0f, 0xd5, 0x57, 0x25, 0xfa]),
    ("collect_remaining_rewards", [0x12, 0xed, 0xa6, 0xc5, 0x22, 0x10, 0xd5, 0x90]),
    ("create_amm_config", [0x89, 0x34, 0xed, 0xd4, 0xd7, 0x75, 0x6c, 0x68]),
    ("create_dynamic_fee_config", [0xbd, 0x0e, 0xb5, 0x78, 0x55, 0x76, 0xe3, 0x3e]),
    ("create_operation_account", [0x3f, 0x57, 0x94, 0x21, 0x6d, 0x23, 0x08, 0x68]),
    ("create_support_mint_associated", [0x11, 0xfb, 0x41, 0x5c, 0x88, 0xf2, 0x0e, 0xa9]),
    ("initialize_reward", [0x5f, 0x87, 0xc0, 0xc4, 0xf2, 0x81, 0xe6, 0x44]),
    ("set_reward_params", [0x70, 0x34, 0xa7, 0x4b, 0x20, 0xc9, 0xd3, 0x89]),
    ("transfer_reward_owner", [0x07, 0x16, 0x0c, 0x53, 0xf2, 0x2b, 0x30, 0x79]),
    ("update_amm_config", [0x31, 0x3c, 0xae, 0x88, 0x9a, 0x1c, 0x74, 0xc8]),
    ("update_dynamic_fee_config", [0x07, 0x07, 0x50, 0x08, 0x02, 0xc7, 0x84, 0xf0]),
    ("update_operation_account", [0x7f, 0x46, 0x77, 0x28, 0xbc, 0xe3, 0x3d, 0x07]),
    ("update_reward_infos", [0xa3, 0xac, 0xe0, 0x34, 0x0b, 0x9a, 0x6a, 0xdf]),
    ("create_permissionless_farm_switch", [0x58, 0xf2, 0xc6, 0x46, 0xf1, 0x06, 0xc4, 0xfb]),
    ("toggle_permissionless_farm_switch", [0x96, 0x70, 0x36, 0xe9, 0xee, 0xa1, 0x07, 0x56]),
];

/// Events that tell of no swap and of no amount that is not in another one.
pub(super) const OTHER_EVENTS: [(&str, [u8; 8]); 10] = [
    ("CollectPersonalFeeEvent", [0xa6, 0xae, 0x69, 0xc0, 0x51, 0xa1, 0x53, 0x69]),
    ("CollectProtocolFeeEvent", [0xce, 0x57, 0x11, 0x4f, 0x2d, 0x29, 0xd5, 0x3d]),
    ("ConfigChangeEvent", [0xf7, 0xbd, 0x07, 0x77, 0x6a, 0x70, 0x5f, 0x97]),
    ("LiquidityCalculateEvent", [0xed, 0x70, 0x94, 0xe6, 0x39, 0x54, 0xb4, 0xa2]),
    ("LiquidityChangeEvent", [0x7e, 0xf0, 0xaf, 0xce, 0x9e, 0x58, 0x99, 0x6b]),
    ("OpenLimitOrderEvent", [0x6a, 0x18, 0x47, 0x55, 0x39, 0xa9, 0x9e, 0xd8]),
    ("IncreaseLimitOrderEvent", [0x0b, 0x78, 0x0d, 0xcc, 0xc7, 0x57, 0x13, 0xc8]),
    ("DecreaseLimitOrderEvent", [0x46, 0x30, 0x28, 0xdd, 0xdb, 0xed, 0xd4, 0xa3]),
    ("SettleLimitOrderEvent", [0x58, 0x77, 0x4d, 0xa4, 0x7d, 0x7c, 0x0a, 0xc2]),
    ("UpdateRewardInfosEvent", [0x6d, 0x7f, 0xba, 0x4e, 0x72, 0x41, 0x25, 0xec]),
];

/// Arguments: ticks i32@8 and i32@12 (their arrays @16), liquidity u128@24, limits of a and b u64@40
/// and u64@48.
fn position<'a>(ix: &Instruction<'a>, to: &mut LiquidityIx<'a>) -> Result<(), IxFault> {
    let tick = |at| i32_at(ix.data, at).ok_or(IxFault::ShortData);
    to.ticks = Some((tick(8)?, tick(12)?));
    to.liquidity = Some(ix.u128(24)?);
    (to.limit_a, to.limit_b) = (Some(ix.u64(40)?), Some(ix.u64(48)?));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::super::change::tests::{hold_names, hold_rows, read_numbered};
    use super::super::super::instruction::Decoded;
    use super::super::super::instruction::tests::anchor_hash;
    use super::*;
    use crate::ids::Venue;

    #[test]
    fn hashes_are_those_of_the_names() {
        hold_names(&CHANGES, &OTHERS, &[]);
        hold_rows(Venue::RaydiumClmm, &CHANGES);
        for (name, hash) in OTHER_EVENTS {
            assert_eq!(hash, anchor_hash("event", name), "{name}");
        }
    }

    #[test]
    fn a_position_is_read_from_its_places() {
        let mut data = anchor_hash("global", "open_position").to_vec();
        for tick in [-7i32, 9, -60, 0] {
            data.extend(tick.to_le_bytes());
        }
        data.extend(5u128.to_le_bytes());
        for limit in [6u64, 7] {
            data.extend(limit.to_le_bytes());
        }
        read_numbered(Venue::RaydiumClmm, &data, 19, |_, decoded| {
            let Decoded::Liquidity(change) = decoded else { panic!("{decoded:?}") };
            assert_eq!((change.ticks, change.liquidity), (Some((-7, 9)), Some(5)));
            assert_eq!((change.limit_a, change.limit_b), (Some(6), Some(7)));
        });
    }
}
