//! Raydium LaunchLab: bonding curves that end in a pool of AMM v4 or CPMM.
//!
//! Source: the interface description of the deployed program, version 0.2.0 (its source is closed),
//! and raydium-io/raydium-sdk-V2, src/raydium/launchpad (facts/dex.md 4).
//!
//! | instruction | discriminator | data | accounts |
//! |---|---|---|---|
//! | buy_exact_in | faea0d7bd59c13ec | quote in u64@8, least base u64@16, share ppm u64@24 | 15 and more |
//! | buy_exact_out | 18d3742869039938 | base out u64@8, most quote u64@16, share ppm u64@24 | 15 and more |
//! | sell_exact_in | 9527de9bd37c981a | base in u64@8, least quote u64@16, share ppm u64@24 | 15 and more |
//! | sell_exact_out | 5fc8472208090ba6 | quote out u64@8, most base u64@16, share ppm u64@24 | 15 and more |
//! | all others | [`CHANGES`] | | |
//!
//! Accounts: 0 payer (signs), 1 authority, 2 global config, 3 platform config, 4 pool, 5 user's
//! base, 6 user's quote, 7 base vault, 8 quote vault, 9 base mint, 10 quote mint, 11 and 12 token
//! programs, 13 event authority, 14 program. Token a is the base, token b the quote.

mod account;
mod event;
mod quote;

use crate::ids::Venue;
use crate::record::{Action, Direction, Exact};

use super::change::{self, Name, Row, change};
use super::instruction::{Decoded, Instruction, IxFault, SwapIx};
use super::{Coverage, Grade, VenueSpec};

/// The venue's line in the table.
pub(super) const SPEC: VenueSpec = VenueSpec {
    coverage: Coverage { intents: Grade::Live, fills: Grade::Live, pools: Grade::Source },
    decode,
    event: event::event,
    rederive: event::rederive,
    pools: account::pools,
    swap: quote::swap,
    settle: quote::settle,
    segment: quote::segment,
    ..VenueSpec::of(Venue::RaydiumLaunchlab)
};

const BUY_EXACT_IN: [u8; 8] = [0xfa, 0xea, 0x0d, 0x7b, 0xd5, 0x9c, 0x13, 0xec];
const BUY_EXACT_OUT: [u8; 8] = [0x18, 0xd3, 0x74, 0x28, 0x69, 0x03, 0x99, 0x38];
const SELL_EXACT_IN: [u8; 8] = [0x95, 0x27, 0xde, 0x9b, 0xd3, 0x7c, 0x98, 0x1a];
const SELL_EXACT_OUT: [u8; 8] = [0x5f, 0xc8, 0x47, 0x22, 0x08, 0x09, 0x0b, 0xa6];

/// The program's other instructions.
const CHANGES: [Row; 8] = [
    (
        "initialize",
        [0xaf, 0xaf, 0x6d, 0x1f, 0x0d, 0x98, 0x9b, 0xed],
        change(Action::Create, 18).pool(5).owner(0).mints(6, 7),
    ),
    (
        "initialize_v2",
        [0x43, 0x99, 0xaf, 0x27, 0xda, 0x10, 0x26, 0x20],
        change(Action::Create, 18).pool(5).owner(0).mints(6, 7),
    ),
    (
        "initialize_with_token_2022",
        [0x25, 0xbe, 0x7e, 0xde, 0x2c, 0x9a, 0xab, 0x11],
        change(Action::Create, 15).pool(5).owner(0).mints(6, 7),
    ),
    (
        "migrate_to_amm",
        [0xcf, 0x52, 0xc0, 0x91, 0xfe, 0xcf, 0x91, 0xdf],
        change(Action::Migrate, 32).pool(23).owner(0).mints(1, 2),
    ),
    (
        "migrate_to_cpswap",
        [0x88, 0x5c, 0xc8, 0x67, 0x1c, 0xda, 0x90, 0x8c],
        change(Action::Migrate, 28).pool(17).owner(0).mints(1, 2),
    ),
    (
        "collect_fee",
        [0x3c, 0xad, 0xf7, 0x67, 0x04, 0x5d, 0x82, 0x30],
        change(Action::Collect, 8).pool(2).owner(0),
    ),
    (
        "collect_migrate_fee",
        [0xff, 0xba, 0x96, 0xdf, 0xeb, 0x76, 0xc9, 0xba],
        change(Action::Collect, 8).pool(2).owner(0),
    ),
    (
        "claim_platform_fee",
        [0x9c, 0x27, 0xd0, 0x87, 0x4c, 0xed, 0x3d, 0x48],
        change(Action::Collect, 10).pool(2).owner(0),
    ),
];

/// Those of them that change no pool.
const OTHERS: [Name; 13] = [
    ("claim_creator_fee", [0x1a, 0x61, 0x8a, 0xcb, 0x84, 0xab, 0x8d, 0xfc]),
    ("claim_platform_fee_from_vault", [0x75, 0xf1, 0xc6, 0xa8, 0xf8, 0xda, 0x50, 0x1d]),
    ("claim_vested_token", [0x31, 0x21, 0x68, 0x1e, 0xbd, 0x9d, 0x4f, 0x23]),
    ("close_platform_global_access", [0x7b, 0xb4, 0xb8, 0x81, 0x6f, 0xb9, 0xbb, 0x3b]),
    ("create_config", [0xc9, 0xcf, 0xf3, 0x72, 0x4b, 0x6f, 0x2f, 0xbd]),
    ("create_platform_config", [0xb0, 0x5a, 0xc4, 0xaf, 0xfd, 0x71, 0xdc, 0x14]),
    ("create_platform_global_access", [0xa2, 0x5b, 0x92, 0xc7, 0x5d, 0x85, 0xea, 0xed]),
    ("create_platform_vesting_account", [0x92, 0x47, 0xad, 0x45, 0x62, 0x13, 0x0f, 0x6a]),
    ("create_vesting_account", [0x81, 0xb2, 0x02, 0x0d, 0xd9, 0xac, 0xe6, 0xda]),
    ("remove_platform_curve_param", [0x1b, 0x1e, 0x3e, 0xa9, 0x5d, 0xe0, 0x18, 0x91]),
    ("update_config", [0x1d, 0x9e, 0xfc, 0xbf, 0x0a, 0x53, 0xdb, 0x63]),
    ("update_platform_config", [0xc3, 0x3c, 0x4c, 0x81, 0x92, 0x2d, 0x43, 0x8f]),
    ("update_platform_curve_param", [0x8a, 0x90, 0x8a, 0xfa, 0xdc, 0x80, 0x04, 0x39]),
];

fn decode<'a>(ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    let (direction, exact) = match ix.discriminator().ok_or(IxFault::ShortData)? {
        BUY_EXACT_IN => (Direction::BToA, Exact::In),
        BUY_EXACT_OUT => (Direction::BToA, Exact::Out),
        SELL_EXACT_IN => (Direction::AToB, Exact::In),
        SELL_EXACT_OUT => (Direction::AToB, Exact::Out),
        _ => return change::decode(Venue::RaydiumLaunchlab, ix, &CHANGES, &OTHERS),
    };
    let (amount, limit, _share_ppm) = (ix.u64(8)?, ix.u64(16)?, ix.u64(24)?);
    ix.at_least(15)?;
    let users = (ix.account(5), ix.account(6));
    let mints = (ix.account(9), ix.account(10));
    let turned =
        |(base, quote)| if direction == Direction::AToB { (base, quote) } else { (quote, base) };
    let ((user_in, user_out), (mint_in, mint_out)) = (turned(users), turned(mints));
    Ok(Decoded::One(SwapIx {
        amount: Some(amount),
        limit: Some(limit),
        direction,
        owner: ix.account(0),
        pool: ix.account(4),
        user_in,
        user_out,
        mint_in,
        mint_out,
        vault_a: ix.account(7),
        vault_b: ix.account(8),
        ..SwapIx::new(Venue::RaydiumLaunchlab, exact)
    }))
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "test fixtures")]
mod tests {
    use super::super::change::tests::{hold_names, hold_rows};
    use super::super::decode;
    use super::*;
    use crate::bytes::hex;
    use crate::ids::Key;
    use proptest::prelude::*;

    const NAMES: [(&str, [u8; 8]); 4] = [
        ("buy_exact_in", BUY_EXACT_IN),
        ("buy_exact_out", BUY_EXACT_OUT),
        ("sell_exact_in", SELL_EXACT_IN),
        ("sell_exact_out", SELL_EXACT_OUT),
    ];

    #[test]
    fn hashes_are_those_of_the_names() {
        hold_names(&CHANGES, &OTHERS, &NAMES);
        hold_rows(Venue::RaydiumLaunchlab, &CHANGES);
    }

    #[test]
    fn all_four_swaps_are_read_at_every_length() {
        let keys: Vec<Key> = (0..18).map(|n| [n; 32]).collect();
        let indices: Vec<u8> = (0..18).collect();
        // 4pp8WNL491e8134fxkLhdeLkVWtH3FJoXo2p1HL9dEXWiFj96FsN25qeCH2QZMvHUBZ97AyEJVcWpGZ63NPg9Rgb
        let live = "faea0d7bd59c13ece90700000000000000000000000000000000000000000000";
        let mut data = hex::decode(live).unwrap();
        for (name, hash) in NAMES {
            data[..8].copy_from_slice(&hash);
            let ix = Instruction {
                program: &Venue::RaydiumLaunchlab.programs()[0],
                data: &data,
                indices: &indices,
                keys: &keys,
                loaded: &[],
            };
            let Some(Decoded::One(swap)) = decode(&ix) else { panic!("{name}") };
            let exact = if name.ends_with("in") { Exact::In } else { Exact::Out };
            assert_eq!((swap.exact, swap.amount, swap.limit), (exact, Some(2025), Some(0)));
            let buys = name.starts_with("buy");
            let direction = if buys { Direction::BToA } else { Direction::AToB };
            assert_eq!(swap.direction, direction);
            let places = [
                swap.owner,
                swap.pool,
                swap.vault_a,
                swap.vault_b,
                swap.user_in,
                swap.user_out,
                swap.mint_in,
                swap.mint_out,
            ];
            let sides = if buys { [6, 5, 10, 9] } else { [5, 6, 9, 10] };
            let expected = [[0, 4, 7, 8], sides].concat();
            assert_eq!(places.map(|key| key.unwrap()[0]).as_slice(), expected);
            for len in 0..32 {
                let short = Instruction { data: &data[..len], ..ix };
                assert!(matches!(decode(&short), Some(Decoded::Refused(IxFault::ShortData))));
            }
            for few in 0..15 {
                let few = Instruction { indices: &indices[..few], ..ix };
                assert!(matches!(decode(&few), Some(Decoded::Refused(IxFault::FewAccounts))));
            }
            let strange = Instruction { data: &[7; 32], ..ix };
            assert!(matches!(decode(&strange), Some(Decoded::Refused(IxFault::Unknown))));
        }
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(data in proptest::collection::vec(any::<u8>(), 0..40), count in 0usize..18, kind in 0usize..4) {
            let keys: Vec<Key> = (0..18).map(|n| [n; 32]).collect();
            let indices: Vec<u8> = (0..18).collect();
            let data = [NAMES[kind].1.to_vec(), data].concat();
            let program = &Venue::RaydiumLaunchlab.programs()[0];
            let ix = Instruction { program, data: &data, indices: &indices[..count], keys: &keys, loaded: &[] };
            let _ = decode(&ix);
        }
    }
}
