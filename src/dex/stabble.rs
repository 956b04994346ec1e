//! Stabble, stable and weighted pools.
//!
//! Source: sevenlabs-hq/carbon @9dc3c3a decoders/stabble-{stable,weighted}-swap-decoder (facts/dex.md
//! 19). Both programs have the same swaps. Pools hold two tokens or more: which of them go in and
//! come out is named by the accounts, so a swap has no direction a to b of its own.
//!
//! | instruction | discriminator | data | accounts |
//! |---|---|---|---|
//! | swap | f8c69e91e17587c8 | amount_in option u64@8, min_out u64 | 12 |
//! | swap_v2 | 2b04ed0b1ac91e62 | the same | 15 |
//!
//! An absent amount stands for all that the user's account holds. The programs tell the balances
//! after a swap, not what it moved: that is read from transfers.

use super::instruction::{Decoded, Instruction, IxFault, LiquidityIx, SwapIx};
use super::{Coverage, Grade, VenueSpec};
use crate::ids::Venue;
use crate::record::{Action, Exact};

const COVERAGE: Coverage =
    Coverage { intents: Grade::ThirdParty, fills: Grade::None, pools: Grade::None };

/// The lines of the table.
pub(super) const STABLE: VenueSpec = VenueSpec {
    coverage: COVERAGE,
    decode: |ix| decode(Venue::StabbleStable, ix),
    ..VenueSpec::of(Venue::StabbleStable)
};
pub(super) const WEIGHTED: VenueSpec = VenueSpec {
    coverage: COVERAGE,
    decode: |ix| decode(Venue::StabbleWeighted, ix),
    ..VenueSpec::of(Venue::StabbleWeighted)
};

const SWAP: [u8; 8] = [0xf8, 0xc6, 0x9e, 0x91, 0xe1, 0x75, 0x87, 0xc8];
const SWAP_V2: [u8; 8] = [0x2b, 0x04, 0xed, 0x0b, 0x1a, 0xc9, 0x1e, 0x62];
const DEPOSIT: [u8; 8] = [0xf2, 0x23, 0xc6, 0x89, 0x52, 0xe1, 0xf2, 0xb6];
const WITHDRAW: [u8; 8] = [0xb7, 0x12, 0x46, 0x9c, 0x94, 0x6d, 0xa1, 0x22];

/// The programs' other instructions: those of the weighted pools are among those of the stable ones.
const OTHER_INSTRUCTIONS: [(&str, [u8; 8]); 13] = [
    ("accept_owner", [0xb0, 0x17, 0x29, 0x1c, 0x17, 0x6f, 0x08, 0x04]),
    ("approve_strategy", [0x07, 0x8d, 0xa2, 0x3c, 0x47, 0x73, 0x1a, 0x92]),
    ("change_amp_factor", [0x38, 0xee, 0xbd, 0x23, 0xc8, 0x9d, 0x2a, 0x42]),
    ("change_max_supply", [0x5d, 0xb0, 0x00, 0xcd, 0x45, 0x3f, 0x57, 0x50]),
    ("change_swap_fee", [0xe7, 0x0f, 0x84, 0x33, 0x84, 0xa5, 0x40, 0xaa]),
    ("create_strategy", [0x98, 0xa0, 0x6b, 0x94, 0xf5, 0xbe, 0x7f, 0xe0]),
    ("exec_strategy", [0xf9, 0x2e, 0x37, 0x39, 0x1f, 0x26, 0x3d, 0x1b]),
    ("initialize", [0xaf, 0xaf, 0x6d, 0x1f, 0x0d, 0x98, 0x9b, 0xed]),
    ("pause", [0xd3, 0x16, 0xdd, 0xfb, 0x4a, 0x79, 0xc1, 0x2f]),
    ("reject_owner", [0xee, 0xce, 0xc6, 0xd7, 0x33, 0xb2, 0x85, 0xe4]),
    ("shutdown", [0x92, 0xcc, 0xf1, 0xd5, 0x56, 0x15, 0xfd, 0xd3]),
    ("transfer_owner", [0xf5, 0x19, 0xdd, 0xaf, 0x6a, 0xe5, 0xe1, 0x2d]),
    ("unpause", [0xa9, 0x90, 0x04, 0x26, 0x0a, 0x8d, 0xbc, 0xff]),
];

fn decode<'a>(venue: Venue, ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    match ix.discriminator().ok_or(IxFault::ShortData)? {
        // 0 user (signs), 1 user in, 2 user out, 3 vault in, 4 vault out, 6 pool.
        SWAP => swap(venue, ix, 12, 1, 6).map(Decoded::One),
        // 0 user (signs), 1 mint in, 2 mint out, 3 user in, 4 user out, 8 pool.
        SWAP_V2 => {
            let mut swap = swap(venue, ix, 15, 3, 8)?;
            (swap.mint_in, swap.mint_out) = (ix.account(1), ix.account(2));
            Ok(Decoded::One(swap))
        }
        DEPOSIT => change(venue, ix, Action::Add),
        WITHDRAW => change(venue, ix, Action::Remove),
        other if OTHER_INSTRUCTIONS.iter().any(|(_, known)| *known == other) => {
            Ok(Decoded::NotSwap)
        }
        _ => Err(IxFault::Unknown),
    }
}

fn swap<'a>(
    venue: Venue,
    ix: &Instruction<'a>,
    accounts: usize,
    users: usize,
    pool: usize,
) -> Result<SwapIx<'a>, IxFault> {
    let (amount, limit) =
        if ix.flag(8)? { (Some(ix.u64(9)?), ix.u64(17)?) } else { (None, ix.u64(9)?) };
    ix.at_least(accounts)?;
    let mut swap = SwapIx::new(venue, Exact::In);
    (swap.amount, swap.limit) = (amount, Some(limit));
    (swap.owner, swap.pool) = (ix.account(0), ix.account(pool));
    (swap.user_in, swap.user_out) = (ix.account(users), ix.account(users.saturating_add(1)));
    Ok(swap)
}

/// 0 user (signs), 1 its pool tokens, 2 their mint, 3 pool. A withdrawal says how many of them.
fn change<'a>(venue: Venue, ix: &Instruction<'a>, action: Action) -> Result<Decoded<'a>, IxFault> {
    let mut change = LiquidityIx::new(venue, action);
    if action == Action::Remove {
        change.liquidity = Some(ix.u64(8)?.into());
    }
    ix.at_least(4)?;
    (change.owner, change.pool) = (ix.account(0), ix.account(3));
    Ok(Decoded::Liquidity(change))
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::instruction::tests::anchor_hash;
    use super::super::plain::tests::read;
    use super::*;
    use crate::ids::Key;

    const VENUES: [Venue; 2] = [Venue::StabbleStable, Venue::StabbleWeighted];

    #[test]
    fn hashes_are_those_of_the_names() {
        let own =
            [("swap", SWAP), ("swap_v2", SWAP_V2), ("deposit", DEPOSIT), ("withdraw", WITHDRAW)];
        for (name, hash) in own.into_iter().chain(OTHER_INSTRUCTIONS) {
            assert_eq!(hash, anchor_hash("global", name), "{name}");
        }
    }

    #[test]
    fn swaps_with_and_without_an_amount_at_every_length() {
        let at = |key: Option<&Key>| key.map(|key| key[0]);
        let some = [&[1][..], &7u64.to_le_bytes(), &5u64.to_le_bytes()].concat();
        let none = [&[0][..], &5u64.to_le_bytes()].concat();
        for venue in VENUES {
            for (hash, least, users, mints, pool) in [
                (SWAP, 12, [Some(1), Some(2)], [None, None], 6),
                (SWAP_V2, 15, [Some(3), Some(4)], [Some(1), Some(2)], 8),
            ] {
                for (args, amount) in [(&some, Some(7)), (&none, None)] {
                    let data = [&hash[..], args].concat();
                    let Decoded::One(swap) = read(venue, &data, least) else { panic!() };
                    assert_eq!((swap.venue, swap.amount, swap.limit), (venue, amount, Some(5)));
                    assert_eq!([at(swap.user_in), at(swap.user_out)], users);
                    assert_eq!([at(swap.mint_in), at(swap.mint_out)], mints);
                    assert_eq!((at(swap.owner), at(swap.pool)), (Some(0), Some(pool)));
                    for len in 0..data.len() {
                        let short = read(venue, &data[..len], least);
                        assert!(matches!(short, Decoded::Refused(IxFault::ShortData)));
                    }
                    let few = read(venue, &data, least - 1);
                    assert!(matches!(few, Decoded::Refused(IxFault::FewAccounts)));
                }
            }
        }
    }

    #[test]
    fn changes_and_other_instructions() {
        for venue in VENUES {
            let data = [&WITHDRAW[..], &7u64.to_le_bytes()].concat();
            let Decoded::Liquidity(change) = read(venue, &data, 10) else { panic!() };
            assert_eq!((change.action, change.liquidity), (Action::Remove, Some(7)));
            assert_eq!((change.pool, change.owner), (Some(&[3; 32]), Some(&[0; 32])));
            let Decoded::Liquidity(change) = read(venue, &DEPOSIT, 10) else { panic!() };
            assert_eq!((change.action, change.liquidity), (Action::Add, None));
            for (_, hash) in OTHER_INSTRUCTIONS {
                assert!(matches!(read(venue, &hash, 0), Decoded::NotSwap));
            }
            assert!(matches!(read(venue, &[9; 8], 20), Decoded::Refused(IxFault::Unknown)));
        }
    }
}
