//! Small venues whose swap is one fixed layout: BonkSwap, WooFi, Saros DLMM, Sanctum.
//!
//! | venue | instruction | data | source |
//! |---|---|---|---|
//! | BonkSwap | swap f8c69e91e17587c8 | in u64@8, price limit u128@16, x to y u8@32 | sevenlabs-hq/carbon @9dc3c3a decoders/bonkswap-decoder |
//! | WooFi | swap f8c69e91e17587c8 | in u128@8, min out u128@24 | okxlabs/DEX-Router-Solana-V1 adapters/woofi.rs |
//! | Saros DLMM | swap f8c69e91e17587c8 | amount u64@8, limit u64@16, x to y u8@24, exact side u8@25 | blueshift-gg/beethoven @61036db crates/client/src/swap/saros_dlmm.rs |
//! | Sanctum, the infinity pool | tags 1, 2 | limit u64@11, amount u64@19 | igneous-labs/S @003244a docs/s-controller-program/instructions.md |
//!
//! WooFi keeps a pool for each token; the pool of a swap is that of the token that goes in. What
//! the programs tell is not read: what a swap moved is read from transfers. Sanctum's router has no
//! known layout here: its swaps are told from its transfers alone.

use super::instruction::{Decoded, Instruction, IxFault, LiquidityIx, SwapIx};
use super::plain::Place::At;
use super::plain::{Layout, Side, closed, find};
use super::{Coverage, Grade, VenueSpec};
use crate::ids::Venue;
use crate::record::{Action, Exact};

const fn of(venue: Venue, intents: Grade) -> VenueSpec {
    let coverage = Coverage { intents, fills: Grade::None, pools: Grade::None };
    VenueSpec { coverage, ..VenueSpec::of(venue) }
}

/// The lines of the table.
pub(super) const BONKSWAP: VenueSpec =
    VenueSpec { decode: bonkswap, ..of(Venue::Bonkswap, Grade::ThirdParty) };
pub(super) const WOOFI: VenueSpec =
    VenueSpec { decode: woofi, ..of(Venue::Woofi, Grade::ThirdParty) };
pub(super) const SAROS_DLMM: VenueSpec =
    VenueSpec { decode: saros, ..of(Venue::SarosDlmm, Grade::ThirdParty) };
pub(super) const SANCTUM: VenueSpec =
    VenueSpec { decode: sanctum, ..of(Venue::Sanctum, Grade::Source) };

const SWAP: [u8; 8] = [0xf8, 0xc6, 0x9e, 0x91, 0xe1, 0x75, 0x87, 0xc8];

const SANCTUM_IN: Layout = Layout {
    limit: Some(11),
    amount: Some(19),
    accounts: 12,
    owner: At(0),
    mints: [At(1), At(2)],
    users: [At(3), At(4)],
    pool: At(8),
    ..Layout::new(Venue::Sanctum, &[1])
};

const LAYOUTS: [Layout; 4] = [
    Layout {
        amount: Some(8),
        side: Side::Byte { at: 32, a_in: 1 },
        accounts: 9,
        pool: At(1),
        mints: [At(2), At(3)],
        vaults: [At(4), At(5)],
        users: [At(6), At(7)],
        owner: At(8),
        ..Layout::new(Venue::Bonkswap, &SWAP)
    },
    // The exact side is set from its own byte.
    Layout {
        amount: Some(8),
        limit: Some(16),
        side: Side::Byte { at: 24, a_in: 1 },
        accounts: 10,
        pool: At(0),
        mints: [At(1), At(2)],
        vaults: [At(5), At(6)],
        users: [At(7), At(8)],
        owner: At(9),
        ..Layout::new(Venue::SarosDlmm, &SWAP)
    },
    SANCTUM_IN,
    Layout { tag: &[2], exact: Exact::Out, ..SANCTUM_IN },
];

const CREATE_POOL: [u8; 8] = [0xe9, 0x92, 0xd1, 0x8e, 0xcf, 0x68, 0x40, 0xbc];
const ADD_TOKENS: [u8; 8] = [0x1c, 0xda, 0x1e, 0xd1, 0xaf, 0x9b, 0x99, 0xf0];
const WITHDRAW_SHARES: [u8; 8] = [0xb0, 0x68, 0x9a, 0x69, 0xfa, 0x50, 0x44, 0xf4];

/// BonkSwap's other instructions.
const BONKSWAP_OTHER: [(&str, [u8; 8]); 15] = [
    ("add_supply", [0x50, 0x66, 0x46, 0x39, 0xeb, 0x58, 0xef, 0x08]),
    ("close_pool", [0x8c, 0xbd, 0xd1, 0x17, 0xef, 0x3e, 0xef, 0x0b]),
    ("create_dual_farm", [0x2a, 0xb4, 0x67, 0x8a, 0xce, 0x2b, 0xd0, 0x62]),
    ("create_farm", [0x4a, 0x3b, 0x80, 0xa0, 0x57, 0xae, 0x99, 0xc2]),
    ("create_provider", [0x4a, 0x35, 0xd3, 0xae, 0x26, 0xa8, 0xe3, 0xb1]),
    ("create_state", [0xd6, 0xd3, 0xd1, 0x4f, 0x6b, 0x69, 0xf7, 0xde]),
    ("create_triple_farm", [0x9a, 0x1a, 0xb4, 0x91, 0x12, 0xc9, 0x87, 0xab]),
    ("reset_farm", [0x2f, 0x4d, 0xe9, 0x75, 0x76, 0x37, 0x3d, 0x71]),
    ("update_fees", [0xe1, 0x1b, 0x0d, 0x06, 0x45, 0x54, 0xac, 0xbf]),
    ("update_reward_tokens", [0xf9, 0xec, 0x47, 0x4a, 0x68, 0x3a, 0xe1, 0x1c]),
    ("withdraw_buyback", [0xbc, 0x4b, 0x1e, 0xc6, 0x63, 0x2b, 0x0c, 0x36]),
    ("withdraw_lp_fee", [0x95, 0xa1, 0x02, 0xd5, 0xc3, 0x93, 0x2a, 0x41]),
    ("withdraw_mercanti_fee", [0xfd, 0xe5, 0x81, 0x25, 0x2f, 0x48, 0x0b, 0xf0]),
    ("withdraw_project_fee", [0x82, 0xc9, 0x8e, 0x9c, 0x9f, 0xcf, 0xa8, 0x16]),
    ("withdraw_rewards", [0x0a, 0xd6, 0xdb, 0x8b, 0xcd, 0x16, 0xfb, 0x15]),
];

/// Pools: 1 pool; of create_pool 2 and 3 mints, 8 signer; of the others 4 and 5 mints, 19 signer.
fn bonkswap<'a>(ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    let (action, first, owner) = match ix.discriminator().ok_or(IxFault::ShortData)? {
        SWAP => {
            let swap = find(&LAYOUTS, Venue::Bonkswap, ix).unwrap_or(Err(IxFault::Unknown));
            return swap.map(Decoded::One);
        }
        CREATE_POOL => (Action::Create, 2usize, 8),
        ADD_TOKENS => (Action::Add, 4, 19),
        WITHDRAW_SHARES => (Action::Remove, 4, 19),
        other if BONKSWAP_OTHER.iter().any(|(_, known)| *known == other) => {
            return Ok(Decoded::NotSwap);
        }
        _ => return Err(IxFault::Unknown),
    };
    let mut change = LiquidityIx::new(Venue::Bonkswap, action);
    match action {
        // Amounts at most, and shares.
        Action::Add => (change.limit_a, change.limit_b) = (Some(ix.u64(8)?), Some(ix.u64(16)?)),
        Action::Remove => change.liquidity = Some(ix.u64(8)?.into()),
        // Four fees u128 stand before the amounts.
        _ => (change.amount_a, change.amount_b) = (Some(ix.u64(72)?), Some(ix.u64(80)?)),
    }
    ix.at_least(usize::saturating_add(owner, 1))?;
    (change.pool, change.owner) = (ix.account(1), ix.account(owner));
    (change.mint_a, change.mint_b) = (ix.account(first), ix.account(first.saturating_add(1)));
    Ok(Decoded::Liquidity(change))
}

/// 0 config, 1 token program, 2 user (signs), 3 oracle in, 4 pool in, 5 user in, 6 vault in, 7 price
/// in, 8 oracle out, 9 pool out, 10 user out, 11 vault out, 12 price out.
fn woofi<'a>(ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    if ix.discriminator().ok_or(IxFault::ShortData)? != SWAP {
        return Ok(closed(Venue::Woofi, ix));
    }
    let (amount, limit) = (ix.u128(8)?, ix.u128(24)?);
    ix.at_least(13)?;
    let mut swap = SwapIx::new(Venue::Woofi, Exact::In);
    (swap.amount, swap.limit) = (amount.try_into().ok(), limit.try_into().ok());
    (swap.owner, swap.pool) = (ix.account(2), ix.account(4));
    (swap.user_in, swap.user_out) = (ix.account(5), ix.account(10));
    Ok(Decoded::One(swap))
}

fn saros<'a>(ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    let Some(swap) = find(&LAYOUTS, Venue::SarosDlmm, ix) else {
        return Err(ix.discriminator().map_or(IxFault::ShortData, |_| IxFault::Unknown));
    };
    let exact = if ix.flag(25)? { Exact::Out } else { Exact::In };
    Ok(Decoded::One(SwapIx { exact, ..swap? }))
}

/// Tags 0 (sync), 3 to 6 (liquidity, of one token each: its amount is `value`), then settings to 22.
fn sanctum<'a>(ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    if Venue::Sanctum.programs().first() != Some(ix.program) {
        return Ok(closed(Venue::Sanctum, ix));
    }
    if let Some(swap) = find(&LAYOUTS, Venue::Sanctum, ix) {
        return swap.map(Decoded::One);
    }
    let action = match ix.data.first().ok_or(IxFault::ShortData)? {
        3 => Action::Add,
        4 => Action::Remove,
        0 | 5..=22 => return Ok(Decoded::NotSwap),
        _ => return Err(IxFault::Unknown),
    };
    // 0 signer, 1 mint, 8 pool; amount of the token that goes in: LST, or pool tokens.
    let amount = ix.u64(6)?;
    ix.at_least(9)?;
    let mut change = LiquidityIx::new(Venue::Sanctum, action);
    (change.owner, change.mint_a, change.pool) = (ix.account(0), ix.account(1), ix.account(8));
    if action == Action::Add {
        change.amount_a = Some(amount);
    } else {
        change.liquidity = Some(amount.into());
    }
    Ok(Decoded::Liquidity(change))
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::instruction::tests::anchor_hash;
    use super::super::plain::tests::{check, read};
    use super::*;

    #[test]
    fn hashes_are_those_of_the_names() {
        let own = [
            ("swap", SWAP),
            ("create_pool", CREATE_POOL),
            ("add_tokens", ADD_TOKENS),
            ("withdraw_shares", WITHDRAW_SHARES),
        ];
        for (name, hash) in own.into_iter().chain(BONKSWAP_OTHER) {
            assert_eq!(hash, anchor_hash("global", name), "{name}");
        }
    }

    #[test]
    fn every_layout_at_every_length() {
        check(&LAYOUTS[..1]);
        check(&LAYOUTS[2..]);
    }

    #[test]
    fn the_exact_side_of_saros_is_a_byte() {
        let data = [&SWAP[..], &7u64.to_le_bytes(), &5u64.to_le_bytes(), &[1, 0]].concat();
        for (byte, exact) in [(0, Exact::In), (1, Exact::Out)] {
            let mut data = data.clone();
            data[25] = byte;
            let Decoded::One(swap) = read(Venue::SarosDlmm, &data, 17) else { panic!() };
            assert_eq!((swap.exact, swap.amount, swap.limit), (exact, Some(7), Some(5)));
            assert_eq!((swap.user_in, swap.mint_in), (Some(&[7; 32]), Some(&[1; 32])));
        }
        for len in 0..data.len() {
            let short = read(Venue::SarosDlmm, &data[..len], 17);
            assert!(matches!(short, Decoded::Refused(IxFault::ShortData)));
        }
        let few = read(Venue::SarosDlmm, &data, 9);
        assert!(matches!(few, Decoded::Refused(IxFault::FewAccounts)));
        let unknown = read(Venue::SarosDlmm, &[9; 30], 17);
        assert!(matches!(unknown, Decoded::Refused(IxFault::Unknown)));
    }

    #[test]
    fn woofi_has_wide_amounts() {
        let data = [&SWAP[..], &7u128.to_le_bytes(), &5u128.to_le_bytes()].concat();
        let Decoded::One(swap) = read(Venue::Woofi, &data, 17) else { panic!() };
        assert_eq!((swap.amount, swap.limit), (Some(7), Some(5)));
        assert_eq!((swap.user_in, swap.user_out), (Some(&[5; 32]), Some(&[10; 32])));
        for len in 0..data.len() {
            let short = read(Venue::Woofi, &data[..len], 17);
            assert!(matches!(short, Decoded::Refused(IxFault::ShortData)));
        }
        let few = read(Venue::Woofi, &data, 12);
        assert!(matches!(few, Decoded::Refused(IxFault::FewAccounts)));
        let wide = [&SWAP[..], &u128::MAX.to_le_bytes(), &5u128.to_le_bytes()].concat();
        let Decoded::One(swap) = read(Venue::Woofi, &wide, 17) else { panic!() };
        assert_eq!((swap.amount, swap.limit), (None, Some(5)));
    }

    #[test]
    fn liquidity_and_other_instructions() {
        let data = [&ADD_TOKENS[..], &7u64.to_le_bytes(), &5u64.to_le_bytes()].concat();
        let Decoded::Liquidity(change) = read(Venue::Bonkswap, &data, 26) else { panic!() };
        assert_eq!((change.limit_a, change.limit_b), (Some(7), Some(5)));
        assert_eq!((change.mint_a, change.owner), (Some(&[4; 32]), Some(&[19; 32])));
        let short = read(Venue::Bonkswap, &data[..23], 26);
        assert!(matches!(short, Decoded::Refused(IxFault::ShortData)));
        let few = read(Venue::Bonkswap, &data, 19);
        assert!(matches!(few, Decoded::Refused(IxFault::FewAccounts)));
        let data = [&CREATE_POOL[..], &[0; 64], &7u64.to_le_bytes(), &5u64.to_le_bytes()].concat();
        let Decoded::Liquidity(change) = read(Venue::Bonkswap, &data, 15) else { panic!() };
        assert_eq!((change.amount_a, change.amount_b), (Some(7), Some(5)));
        for (_, hash) in BONKSWAP_OTHER {
            assert!(matches!(read(Venue::Bonkswap, &hash, 0), Decoded::NotSwap));
        }
        let data = [&[3, 1, 0, 0, 0, 0][..], &7u64.to_le_bytes()].concat();
        let Decoded::Liquidity(change) = read(Venue::Sanctum, &data, 14) else { panic!() };
        assert_eq!((change.action, change.amount_a), (Action::Add, Some(7)));
        for tag in [0, 5, 22] {
            assert!(matches!(read(Venue::Sanctum, &[tag], 0), Decoded::NotSwap));
        }
        assert!(matches!(read(Venue::Sanctum, &[23], 0), Decoded::Refused(IxFault::Unknown)));
    }
}
