//! Proprietary AMMs: pools whose one owner prices them by a closed program.
//!
//! None has a published interface. The rows are from swaps of mainnet and from the decoders of
//! third parties (facts/dex.md 18: blueshift-gg/beethoven crates/swap, okxlabs/DEX-Router-Solana-V1,
//! Topledger/solana-programs dex-trades); a row's grade is in its line below. Layouts change without
//! notice: what fits none is handed on as a swap of which only the venue is known, when it names as
//! many accounts as a swap needs. No program tells an event: the transfers below a swap say what it
//! moved, first what went in, then what came out. Prices are closed: no pools, no quotes.
//!
//! Quantum, Aquifer and Hadron have no known layout; of GoonFi v1 only the tag, 2, is known.
//!
//! HumidiFi masks its data: each 8 bytes, number `i` from 0, as a little-endian word, by
//! `0xc3ebbae2ff2fff3a ^ i * 0x0001000100010001`, what is left over by the first bytes of the next
//! mask. Unmasked: swap id u64@0, amount u64@8, side u8@16, and last the selector, 4. Its sources
//! contradict each other on what the side means, so it stays open.

use super::instruction::{Decoded, Instruction, IxFault};
use super::plain::Place::At;
use super::plain::{Layout, Side, closed, find};
use super::{Coverage, Grade, VenueSpec};
use crate::ids::Venue;

type Decode = for<'a> fn(&Instruction<'a>) -> Result<Decoded<'a>, IxFault>;

const fn of(venue: Venue, intents: Grade, decode: Decode) -> VenueSpec {
    let coverage = Coverage { intents, fills: Grade::None, pools: Grade::None };
    VenueSpec { coverage, decode, ..VenueSpec::of(venue) }
}

/// The lines of the table.
pub(super) const SOLFI: VenueSpec = of(Venue::Solfi, Grade::Live, |ix| decode(Venue::Solfi, ix));
pub(super) const SOLFI_V2: VenueSpec =
    of(Venue::SolfiV2, Grade::ThirdParty, |ix| decode(Venue::SolfiV2, ix));
pub(super) const TESSERA: VenueSpec =
    of(Venue::Tessera, Grade::ThirdParty, |ix| decode(Venue::Tessera, ix));
pub(super) const ZEROFI: VenueSpec = of(Venue::Zerofi, Grade::Live, |ix| decode(Venue::Zerofi, ix));
pub(super) const BISONFI: VenueSpec =
    of(Venue::Bisonfi, Grade::Live, |ix| decode(Venue::Bisonfi, ix));
pub(super) const GOONFI: VenueSpec = of(Venue::Goonfi, Grade::None, |ix| decode(Venue::Goonfi, ix));
pub(super) const GOONFI_V2: VenueSpec =
    of(Venue::GoonfiV2, Grade::Live, |ix| decode(Venue::GoonfiV2, ix));
pub(super) const OBSIDIAN: VenueSpec =
    of(Venue::Obsidian, Grade::Live, |ix| decode(Venue::Obsidian, ix));
pub(super) const SCORCH: VenueSpec = of(Venue::Scorch, Grade::Live, |ix| decode(Venue::Scorch, ix));
pub(super) const QUAY: VenueSpec = of(Venue::Quay, Grade::Live, |ix| decode(Venue::Quay, ix));
pub(super) const HUMIDIFI: VenueSpec =
    of(Venue::Humidifi, Grade::ThirdParty, |ix| Ok(humidifi(ix)));
pub(super) const ALPHAQ: VenueSpec =
    of(Venue::Alphaq, Grade::ThirdParty, |ix| decode(Venue::Alphaq, ix));
pub(super) const OBRIC_V2: VenueSpec =
    of(Venue::ObricV2, Grade::ThirdParty, |ix| decode(Venue::ObricV2, ix));
pub(super) const QUANTUM: VenueSpec =
    of(Venue::Quantum, Grade::None, |ix| decode(Venue::Quantum, ix));
pub(super) const AQUIFER: VenueSpec =
    of(Venue::Aquifer, Grade::None, |ix| decode(Venue::Aquifer, ix));
pub(super) const HADRON: VenueSpec = of(Venue::Hadron, Grade::None, |ix| decode(Venue::Hadron, ix));

const LAYOUTS: [Layout; 11] = [
    Layout {
        amount: Some(1),
        limit: Some(9),
        side: Side::Byte { at: 17, a_in: 0 },
        accounts: 8,
        owner: At(0),
        pool: At(1),
        vaults: [At(2), At(3)],
        users: [At(4), At(5)],
        ..Layout::new(Venue::Solfi, &[7])
    },
    Layout {
        amount: Some(1),
        limit: Some(9),
        side: Side::Byte { at: 17, a_in: 0 },
        accounts: 13,
        owner: At(0),
        pool: At(1),
        vaults: [At(4), At(5)],
        users: [At(6), At(7)],
        mints: [At(8), At(9)],
        ..Layout::new(Venue::SolfiV2, &[7])
    },
    Layout {
        amount: Some(2),
        limit: Some(10),
        side: Side::Byte { at: 1, a_in: 1 },
        accounts: 12,
        pool: At(1),
        owner: At(2),
        vaults: [At(3), At(4)],
        users: [At(5), At(6)],
        mints: [At(7), At(8)],
        ..Layout::new(Venue::Tessera, &[16])
    },
    // The older form bears tag 6; its accounts are not known.
    Layout {
        amount: Some(1),
        limit: Some(9),
        accounts: 14,
        pool: At(0),
        users: [At(6), At(7)],
        // The mints are at 10 and 12, in an order that one swap does not tell.
        owner: At(8),
        ..Layout::new(Venue::Zerofi, &[16])
    },
    Layout {
        amount: Some(1),
        limit: Some(9),
        side: Side::Byte { at: 17, a_in: 0 },
        accounts: 9,
        owner: At(0),
        pool: At(1),
        vaults: [At(2), At(3)],
        users: [At(4), At(5)],
        ..Layout::new(Venue::Bisonfi, &[2])
    },
    Layout {
        amount: Some(2),
        limit: Some(10),
        side: Side::Byte { at: 1, a_in: 0 },
        accounts: 13,
        owner: At(0),
        pool: At(1),
        users: [At(2), At(3)],
        vaults: [At(4), At(5)],
        mints: [At(6), At(7)],
        ..Layout::new(Venue::GoonfiV2, &[1])
    },
    // It has no limit.
    Layout {
        amount: Some(1),
        accounts: 8,
        owner: At(0),
        pool: At(1),
        users: [At(4), At(5)],
        ..Layout::new(Venue::Obsidian, &[1])
    },
    // A swap id u128@1 and a byte stand before the amounts.
    Layout {
        amount: Some(18),
        limit: Some(26),
        accounts: 13,
        pool: At(0),
        owner: At(1),
        users: [At(2), At(3)],
        ..Layout::new(Venue::Scorch, &[1])
    },
    Layout {
        amount: Some(1),
        limit: Some(9),
        side: Side::Byte { at: 17, a_in: 1 },
        accounts: 13,
        pool: At(0),
        vaults: [At(4), At(5)],
        users: [At(6), At(7)],
        owner: At(8),
        mints: [At(9), At(10)],
        ..Layout::new(Venue::Quay, &[32])
    },
    Layout {
        amount: Some(2),
        limit: Some(10),
        side: Side::Byte { at: 1, a_in: 1 },
        accounts: 12,
        owner: At(0),
        pool: At(1),
        users: [At(3), At(4)],
        vaults: [At(5), At(6)],
        ..Layout::new(Venue::Alphaq, &[12])
    },
    // swap2, an Anchor instruction.
    Layout {
        amount: Some(9),
        limit: Some(17),
        side: Side::Byte { at: 8, a_in: 1 },
        accounts: 12,
        pool: At(0),
        vaults: [At(3), At(4)],
        users: [At(5), At(6)],
        owner: At(10),
        ..Layout::new(Venue::ObricV2, &[0x41, 0x4b, 0x3f, 0x4c, 0xeb, 0x5b, 0x5b, 0x88])
    },
];

/// Behind the mask; told by its selector, not by a tag.
const HUMIDIFI_SWAP: Layout = Layout {
    amount: Some(8),
    side: Side::Open,
    accounts: 9,
    owner: At(0),
    pool: At(1),
    vaults: [At(2), At(3)],
    ..Layout::new(Venue::Humidifi, &[])
};

fn decode<'a>(venue: Venue, ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    match find(&LAYOUTS, venue, ix) {
        Some(swap) => swap.map(Decoded::One),
        None => Ok(closed(venue, ix)),
    }
}

const HUMIDIFI_LEN: usize = 25;
const HUMIDIFI_SELECTOR: u8 = 4;
const HUMIDIFI_MASK: u64 = 0xc3eb_bae2_ff2f_ff3a;
const HUMIDIFI_STEP: u64 = 0x0001_0001_0001_0001;

/// The data of a HumidiFi swap without its mask.
fn unmasked(masked: &[u8; HUMIDIFI_LEN]) -> [u8; HUMIDIFI_LEN] {
    let mut clear = *masked;
    for (word, i) in clear.chunks_mut(8).zip(0u64..) {
        let mask = HUMIDIFI_MASK ^ HUMIDIFI_STEP.wrapping_mul(i);
        word.iter_mut().zip(mask.to_le_bytes()).for_each(|(byte, mask)| *byte ^= mask);
    }
    clear
}

fn humidifi<'a>(ix: &Instruction<'a>) -> Decoded<'a> {
    let clear = ix.data.try_into().ok().map(unmasked);
    let known = clear.filter(|data| data.last() == Some(&HUMIDIFI_SELECTOR));
    let swap = known.and_then(|data| HUMIDIFI_SWAP.read(ix, &data).ok());
    swap.map_or_else(|| closed(Venue::Humidifi, ix), Decoded::One)
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::instruction::SwapIx;
    use super::super::instruction::tests::anchor_hash;
    use super::super::plain::tests::{check, read};
    use super::*;
    use crate::bytes::hex;
    use crate::ids::Key;
    use crate::record::Direction;
    use proptest::prelude::*;

    #[test]
    fn every_layout_at_every_length() {
        check(&LAYOUTS);
        assert_eq!(LAYOUTS[10].tag, anchor_hash("global", "swap2"));
    }

    fn swap(venue: Venue, data: &str, accounts: usize) -> SwapIx<'static> {
        match read(venue, &hex::decode(data).unwrap(), accounts) {
            Decoded::One(swap) => swap,
            other => panic!("{other:?}"),
        }
    }

    /// Swaps of mainnet; the users' accounts are those that the first two transfers below each name.
    #[test]
    fn real_swaps() {
        let at = |key: Option<&Key>| key.map(|key| key[0]);
        let cases = [
            // eEWaGsbR..: the quote token goes in.
            (Venue::Bisonfi, "02766edc0400000000000000000000000001", 10, 81_555_062, [5, 4]),
            // 2MESm4Qx..: wrapped SOL for USDC, then USDC for a stock token.
            (Venue::GoonfiV2, "01005190c70200000000000000000000000000", 14, 46_633_041, [2, 3]),
            (Venue::Zerofi, "10d205520000000000000000000000000000", 14, 5_375_442, [6, 7]),
            // 3a51pehe..
            (Venue::Obsidian, "0100180d8f00000000", 8, 2_400_000_000, [4, 5]),
            // 4v27ccyr..
            (
                Venue::Scorch,
                "0183f3ca288c9d9afa620000000c0000000042316500000000000000000000000000",
                13,
                6_631_746,
                [2, 3],
            ),
            // 213kMyMK..: wrapped SOL goes in.
            (Venue::Quay, "20532a771900000000000000000000000001", 14, 427_240_019, [6, 7]),
            // rNMFZpBm..
            (Venue::Solfi, "07ef7172e915000000000000000000000000", 8, 94_110_904_815, [4, 5]),
        ];
        for (venue, data, accounts, amount, users) in cases {
            let swap = swap(venue, data, accounts);
            assert_eq!(swap.amount, Some(amount), "{venue:?}");
            assert_eq!([at(swap.user_in), at(swap.user_out)], users.map(Some), "{venue:?}");
        }
        let quay = swap(Venue::Quay, "20532a771900000000000000000000000001", 14);
        assert_eq!([at(quay.mint_in), at(quay.mint_out)], [Some(9), Some(10)]);
        assert_eq!(quay.direction, Direction::AToB);
        let goonfi = swap(Venue::GoonfiV2, "01005190c70200000000000000000000000000", 14);
        assert_eq!([at(goonfi.vault_a), at(goonfi.mint_in)], [Some(4), Some(6)]);
    }

    /// Data of a swap, published with its clear text.
    #[test]
    fn humidifi_is_unmasked() {
        let data = "c76fe286da5f5351ed7c6261e0baeac338ff2dffe0bae9c33d";
        let clear = swap(Venue::Humidifi, data, 9);
        assert_eq!((clear.amount, clear.direction), (Some(15_540_716_502), Direction::Unknown));
        assert_eq!((clear.owner, clear.pool), (Some(&[0; 32]), Some(&[1; 32])));
        let bytes: [u8; HUMIDIFI_LEN] = hex::decode(data).unwrap().try_into().unwrap();
        assert_eq!(unmasked(&unmasked(&bytes)), bytes);
        assert_eq!(unmasked(&bytes)[24], HUMIDIFI_SELECTOR);
        // Another selector, or another length: nothing but the venue is known.
        for other in [&data[..48], "00", &data.replace("3d", "2d")] {
            assert_eq!(swap(Venue::Humidifi, other, 9).amount, None);
        }
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(
            data in proptest::collection::vec(any::<u8>(), 0..40),
            accounts in 0usize..30,
        ) {
            for venue in Venue::ALL.iter().filter(|venue| !venue.programs().is_empty()) {
                let _ = read(*venue, &data, accounts);
            }
        }
    }
}
