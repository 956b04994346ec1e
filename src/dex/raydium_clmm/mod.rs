//! Raydium CLMM: liquidity in ranges, with its forks PancakeSwap v3 and Byreal.
//!
//! Source: raydium-io/raydium-clmm, programs/amm/src/{lib.rs, instructions/*.rs, states/*.rs}
//! @03b44b7 (facts/dex.md 3).
//!
//! | instruction | discriminator | data | accounts |
//! |---|---|---|---|
//! | swap | f8c69e91e17587c8 | amount u64@8, threshold u64@16, sqrt limit u128@24, exact in u8@40 | 10 and more |
//! | swap_v2 | 2b04ed0b1ac91e62 | the same | 13 and more |
//! | swap_router_base_in | 457d73daf5baf2c4 | amount_in u64@8, min_out u64@16 | 6, then hops |
//! | all others | `names::CHANGES` | | |
//!
//! Accounts of swap and swap_v2: 0 payer (signs), 1 config, 2 pool, 3 user in, 4 user out, 5 vault
//! in, 6 vault out, 7 observation; of swap_v2 also 11 mint in, 12 mint out. Then come tick arrays
//! and the extension of their bitmap. A pool's token 0 has the smaller key (`create_pool`
//! insists), so mints give the direction; `swap` names none and leaves it open.
//!
//! `account` and `array` say what pools and ticks are, `swap` how a swap walks over them, `build` how
//! one is asked for.

mod account;
mod array;
mod build;
mod event;
mod names;
mod router;
mod swap;
#[cfg(test)]
mod tests_swap;
mod tick;

use crate::ids::{Key, Venue};
use crate::record::{Direction, Exact};

use super::change;
use super::instruction::{Decoded, Instruction, IxFault, SwapIx};
use super::ranges;
use super::{Coverage, Grade, VenueSpec};
use swap::Raydium;

/// What the venue and its forks share in the table.
const fn ranged(venue: Venue) -> VenueSpec {
    VenueSpec {
        swap: ranges::swap::<Raydium>,
        settle: ranges::settle::<Raydium>,
        segment: ranges::segment::<Raydium>,
        build: build::build,
        ..VenueSpec::of(venue)
    }
}

/// The venue's line in the table.
pub(super) const SPEC: VenueSpec = VenueSpec {
    coverage: Coverage { intents: Grade::Live, fills: Grade::Live, pools: Grade::Live },
    decode: |ix| decode(Venue::RaydiumClmm, ix),
    event: event::event,
    pools: |book, clock, out| account::pools(Venue::RaydiumClmm, book, clock, out),
    ..ranged(Venue::RaydiumClmm)
};

/// A fork has the same instructions (carbon, decoders/pancake-swap-decoder and
/// decoders/byreal-clmm-decoder), its fills come from transfers, and `account` says how its pools
/// differ.
const fn fork(pools: Grade) -> Coverage {
    Coverage { intents: Grade::ThirdParty, fills: Grade::None, pools }
}

/// PancakeSwap v3's line in the table.
pub(super) const PANCAKE: VenueSpec = VenueSpec {
    coverage: fork(Grade::ThirdParty),
    decode: |ix| decode(Venue::PancakeClmm, ix),
    pools: |book, clock, out| account::pools(Venue::PancakeClmm, book, clock, out),
    ..ranged(Venue::PancakeClmm)
};

/// Byreal's line in the table.
pub(super) const BYREAL: VenueSpec = VenueSpec {
    coverage: fork(Grade::Source),
    decode: |ix| decode(Venue::ByrealClmm, ix),
    pools: |book, clock, out| account::pools(Venue::ByrealClmm, book, clock, out),
    ..ranged(Venue::ByrealClmm)
};

const SWAP: [u8; 8] = [0xf8, 0xc6, 0x9e, 0x91, 0xe1, 0x75, 0x87, 0xc8];
const SWAP_V2: [u8; 8] = [0x2b, 0x04, 0xed, 0x0b, 0x1a, 0xc9, 0x1e, 0x62];
const SWAP_ROUTER_BASE_IN: [u8; 8] = [0x45, 0x7d, 0x73, 0xda, 0xf5, 0xba, 0xf2, 0xc4];

fn decode<'a>(venue: Venue, ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    match ix.discriminator().ok_or(IxFault::ShortData)? {
        SWAP => swap(venue, ix, 10).map(Decoded::One),
        SWAP_V2 => {
            let mut swap = swap(venue, ix, 13)?;
            let mints = [ix.account(11), ix.account(12)];
            name_mints(&mut swap, mints, [ix.account(5), ix.account(6)]);
            Ok(Decoded::One(swap))
        }
        SWAP_ROUTER_BASE_IN => router::decode(venue, ix),
        _ => change::decode(venue, ix, &names::CHANGES, &names::OTHERS),
    }
}

/// What swap and swap_v2 share.
fn swap<'a>(venue: Venue, ix: &Instruction<'a>, accounts: usize) -> Result<SwapIx<'a>, IxFault> {
    let (amount, threshold, sqrt_limit) = (ix.u64(8)?, ix.u64(16)?, ix.u128(24)?);
    let exact = if ix.flag(40)? { Exact::In } else { Exact::Out };
    ix.at_least(accounts)?;
    Ok(SwapIx {
        amount: Some(amount),
        limit: Some(threshold),
        // 0 is none.
        sqrt_limit: Some(sqrt_limit).filter(|limit| *limit != 0),
        owner: ix.account(0),
        pool: ix.account(2),
        user_in: ix.account(3),
        user_out: ix.account(4),
        ..SwapIx::new(venue, exact)
    })
}

/// Names the mints that go in and come out, and from their order the direction and the vaults.
fn name_mints<'a>(
    swap: &mut SwapIx<'a>,
    [mint_in, mint_out]: [Option<&'a Key>; 2],
    [vault_in, vault_out]: [Option<&'a Key>; 2],
) {
    (swap.mint_in, swap.mint_out) = (mint_in, mint_out);
    let (Some(mint_in), Some(mint_out)) = (mint_in, mint_out) else { return };
    if mint_in < mint_out {
        swap.direction = Direction::AToB;
        (swap.vault_a, swap.vault_b) = (vault_in, vault_out);
    } else {
        swap.direction = Direction::BToA;
        (swap.vault_a, swap.vault_b) = (vault_out, vault_in);
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "test fixtures")]
mod tests {
    use super::super::decode;
    use super::super::instruction::tests::anchor_hash;
    use super::*;
    use crate::bytes::hex;
    use proptest::prelude::*;

    #[test]
    fn hashes_are_those_of_the_names() {
        assert_eq!(SWAP, anchor_hash("global", "swap"));
        assert_eq!(SWAP_V2, anchor_hash("global", "swap_v2"));
        assert_eq!(SWAP_ROUTER_BASE_IN, anchor_hash("global", "swap_router_base_in"));
    }

    fn keys() -> (Vec<Key>, Vec<u8>) {
        ((0..20).map(|n| [n; 32]).collect(), (0..20).collect())
    }

    /// The data of 4ARos3Yq1SMNE3izDpy9YdKrRgMmD7UCDxvnVrBRaGCJHiifPHSmQWc4DPfjUaEUcxS7puGmEN64K7EZdeXLJaj2
    /// (swap_v2) and eEWaGsbRPoiD36Xf3epzSMmdtXX36va76b13YfsDV3ncsxQHBTjC68zZ8mbzFXTNWy3n3qKUAHjgHBconX4Gu1i.
    #[test]
    fn swaps_of_mainnet_are_read_at_every_length() {
        let (keys, indices) = keys();
        let zeros = "00".repeat(24);
        let cases = [
            (format!("2b04ed0b1ac91e625d8dd11600000000{zeros}01"), 13, 382_831_965),
            (format!("f8c69e91e17587c8c12615d61adb1700{zeros}01"), 10, 6_714_832_771_688_129),
        ];
        for venue in [Venue::RaydiumClmm, Venue::PancakeClmm, Venue::ByrealClmm] {
            for (text, count, amount) in &cases {
                let data = hex::decode(text).unwrap();
                let ix = Instruction {
                    program: &venue.programs()[0],
                    data: &data,
                    indices: &indices,
                    keys: &keys,
                    loaded: &[],
                };
                let Some(Decoded::One(swap)) = decode(&ix) else { panic!("{text}") };
                assert_eq!((swap.venue, swap.exact, swap.sqrt_limit), (venue, Exact::In, None));
                assert_eq!((swap.amount, swap.limit), (Some(*amount), Some(0)));
                let place = |key: Option<&Key>| key.map(|key| key[0]);
                let places = [swap.owner, swap.pool, swap.user_in, swap.user_out];
                assert_eq!(places.map(place), [0, 2, 3, 4].map(Some));
                let named = if *count == 13 { [11, 12, 5, 6].map(Some) } else { [None; 4] };
                let names = [swap.mint_in, swap.mint_out, swap.vault_a, swap.vault_b];
                assert_eq!(names.map(place), named);
                let a_to_b = if *count == 13 { Direction::AToB } else { Direction::Unknown };
                assert_eq!(swap.direction, a_to_b);
                let refused = |ix: Instruction<'_>| match decode(&ix) {
                    Some(Decoded::Refused(fault)) => fault,
                    other => panic!("{other:?}"),
                };
                for len in 0..41 {
                    let short = Instruction { data: &data[..len], ..ix };
                    assert_eq!(refused(short), IxFault::ShortData);
                }
                for few in 0..*count {
                    let few = Instruction { indices: &indices[..few], ..ix };
                    assert_eq!(refused(few), IxFault::FewAccounts);
                }
                let strange = Instruction { data: &[9; 41], ..ix };
                assert_eq!(refused(strange), IxFault::Unknown);
            }
        }
    }

    #[test]
    fn an_exact_output_and_a_limit_of_the_price() {
        let (keys, mut indices) = keys();
        let mut data = SWAP_V2.to_vec();
        data.extend([7u64, 9].iter().flat_map(|word| word.to_le_bytes()));
        data.extend(11u128.to_le_bytes());
        data.push(0);
        indices.swap(11, 12);
        let ix = Instruction {
            program: &Venue::RaydiumClmm.programs()[0],
            data: &data,
            indices: &indices,
            keys: &keys,
            loaded: &[],
        };
        let Some(Decoded::One(swap)) = decode(&ix) else { panic!() };
        assert_eq!((swap.exact, swap.amount, swap.limit), (Exact::Out, Some(7), Some(9)));
        assert_eq!((swap.sqrt_limit, swap.direction), (Some(11), Direction::BToA));
        assert_eq!((swap.vault_a, swap.vault_b), (Some(&[6; 32]), Some(&[5; 32])));
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(data in proptest::collection::vec(any::<u8>(), 0..80), count in 0usize..20, kind in 0usize..4) {
            let (keys, indices) = keys();
            let head = [SWAP, SWAP_V2, SWAP_ROUTER_BASE_IN, [0; 8]][kind];
            let data = [head.to_vec(), data].concat();
            let program = &Venue::RaydiumClmm.programs()[0];
            let ix = Instruction { program, data: &data, indices: &indices[..count], keys: &keys, loaded: &[] };
            let _ = decode(&ix);
        }
    }
}
