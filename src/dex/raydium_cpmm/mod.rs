//! Raydium CPMM: constant product with protocol, fund and creator fees, Token-2022 tokens.
//!
//! Source: raydium-io/raydium-cp-swap, programs/cp-swap/src/{states/pool.rs, states/config.rs,
//! curve/*, instructions/swap_base_*.rs, utils/token.rs} @609780f (facts/dex.md 2).
//!
//! | instruction | discriminator | data | accounts |
//! |---|---|---|---|
//! | swap_base_input | 8fbe5adac41e33de | amount_in u64@8, min_out u64@16 | 13 |
//! | swap_base_output | 37d96256a34ab4ad | max_in u64@8, amount_out u64@16 | 13 |
//! | all others | [`CHANGES`] | | |
//!
//! Accounts: 0 payer (signs), 1 authority, 2 config, 3 pool, 4 user in, 5 user out, 6 vault in,
//! 7 vault out, 8 program in, 9 program out, 10 mint in, 11 mint out, 12 observation. The pool's
//! token 0 has the smaller key (`initialize` insists), so the mints alone give the direction.
//!
//! Fees are parts per million. The trade fee stays in the pool but for the protocol's and the
//! fund's parts of it; the creator's fee is on the input or, in some pools, on the output.
//!
//! GAMMA is a fork with the same swaps (GooseFX1/gamma, programs/gamma/src/lib.rs): its other
//! instructions name other accounts, and only what they do is read.

mod account;
mod event;
mod gamma;
mod swap;

use crate::ids::{Key, RAYDIUM_CPMM, Venue};
use crate::record::{Action, Direction, Exact};

use super::accounts::AccountBook;
use super::build::{Build, BuildFault, Ix, Metas, derived};
use super::change::{self, Name, Row, amounts, change, limits, pool_tokens, small};
use super::instruction::{Decoded, Instruction, IxFault, SwapIx};
use super::{Coverage, Grade, VenueSpec};
use account::PoolState;

/// The venue's line in the table.
pub(super) const SPEC: VenueSpec = VenueSpec {
    venue: Venue::RaydiumCpmm,
    coverage: Coverage { intents: Grade::Live, fills: Grade::Live, pools: Grade::Live },
    decode: |ix| decode(Venue::RaydiumCpmm, &CHANGES, &OTHERS, ix),
    event: event::event,
    rederive: event::rederive,
    pools: account::pools,
    swap: swap::swap,
    exact_out_is_least: true,
    segment: swap::segment,
    build,
    ..VenueSpec::of(Venue::RaydiumCpmm)
};

/// GAMMA's line in the table.
pub(super) const GAMMA: VenueSpec = VenueSpec {
    coverage: Coverage { intents: Grade::ThirdParty, fills: Grade::None, pools: Grade::Source },
    decode: |ix| decode(Venue::Gamma, &GAMMA_CHANGES, &GAMMA_OTHERS, ix),
    pools: gamma::pools,
    ..VenueSpec::of(Venue::Gamma)
};

const SWAP_BASE_INPUT: [u8; 8] = [0x8f, 0xbe, 0x5a, 0xda, 0xc4, 0x1e, 0x33, 0xde];
const SWAP_BASE_OUTPUT: [u8; 8] = [0x37, 0xd9, 0x62, 0x56, 0xa3, 0x4a, 0xb4, 0xad];

/// The program's other instructions (its interface description, version 0.2.0).
const CHANGES: [Row; 9] = [
    (
        "update_pool_status",
        [0x82, 0x57, 0x6c, 0x06, 0x2e, 0xe0, 0x75, 0x7b],
        change(Action::Config, 2).pool(1).owner(0).args(small),
    ),
    (
        "collect_protocol_fee",
        [0x88, 0x88, 0xfc, 0xdd, 0xc2, 0x42, 0x7e, 0x59],
        change(Action::Collect, 12).pool(2).owner(0).mints(6, 7).args(limits),
    ),
    (
        "collect_fund_fee",
        [0xa7, 0x8a, 0x4e, 0x95, 0xdf, 0xc2, 0x06, 0x7e],
        change(Action::Collect, 12).pool(2).owner(0).mints(6, 7).args(limits),
    ),
    (
        "collect_creator_fee",
        [0x14, 0x16, 0x56, 0x7b, 0xc6, 0x1c, 0xdb, 0x84],
        change(Action::Collect, 14).pool(2).owner(0).mints(6, 7),
    ),
    (
        "collect_creator_fee_permissionless",
        [0xca, 0xca, 0x22, 0x53, 0xe2, 0x7a, 0x91, 0xe5],
        change(Action::Collect, 14).pool(3).owner(0).mints(6, 7),
    ),
    (
        "initialize",
        [0xaf, 0xaf, 0x6d, 0x1f, 0x0d, 0x98, 0x9b, 0xed],
        change(Action::Create, 20).pool(3).owner(0).mints(4, 5).args(amounts),
    ),
    (
        "initialize_with_permission",
        [0x3f, 0x37, 0xfe, 0x41, 0x31, 0xb2, 0x59, 0x79],
        change(Action::Create, 21).pool(4).owner(0).mints(5, 6).args(amounts),
    ),
    (
        "deposit",
        [0xf2, 0x23, 0xc6, 0x89, 0x52, 0xe1, 0xf2, 0xb6],
        change(Action::Add, 13).pool(2).owner(0).mints(10, 11).args(pool_tokens),
    ),
    (
        "withdraw",
        [0xb7, 0x12, 0x46, 0x9c, 0x94, 0x6d, 0xa1, 0x22],
        change(Action::Remove, 13).pool(2).owner(0).mints(10, 11).args(pool_tokens),
    ),
];

/// Those of them that change no pool.
const OTHERS: [Name; 4] = [
    ("create_amm_config", [0x89, 0x34, 0xed, 0xd4, 0xd7, 0x75, 0x6c, 0x68]),
    ("update_amm_config", [0x31, 0x3c, 0xae, 0x88, 0x9a, 0x1c, 0x74, 0xc8]),
    ("create_permission_pda", [0x87, 0x88, 0x02, 0xd8, 0x89, 0xa9, 0xb5, 0xca]),
    ("close_permission_pda", [0x9c, 0x54, 0x20, 0x76, 0x45, 0x87, 0x46, 0x7b]),
];

/// GAMMA's other instructions.
const GAMMA_CHANGES: [Row; 12] = [
    ("update_pool", [0xef, 0xd6, 0xaa, 0x4e, 0x24, 0x23, 0x1e, 0x22], change(Action::Config, 0)),
    (
        "collect_protocol_fee",
        [0x88, 0x88, 0xfc, 0xdd, 0xc2, 0x42, 0x7e, 0x59],
        change(Action::Collect, 0).args(limits),
    ),
    (
        "collect_fund_fee",
        [0xa7, 0x8a, 0x4e, 0x95, 0xdf, 0xc2, 0x06, 0x7e],
        change(Action::Collect, 0).args(limits),
    ),
    (
        "initialize",
        [0xaf, 0xaf, 0x6d, 0x1f, 0x0d, 0x98, 0x9b, 0xed],
        change(Action::Create, 0).args(amounts),
    ),
    (
        "deposit",
        [0xf2, 0x23, 0xc6, 0x89, 0x52, 0xe1, 0xf2, 0xb6],
        change(Action::Add, 0).args(pool_tokens),
    ),
    (
        "withdraw",
        [0xb7, 0x12, 0x46, 0x9c, 0x94, 0x6d, 0xa1, 0x22],
        change(Action::Remove, 0).args(pool_tokens),
    ),
    (
        "migrate_meteora_dlmm_to_gamma",
        [0xa6, 0x21, 0xd1, 0xe4, 0x0f, 0x2e, 0xfc, 0x43],
        change(Action::Add, 0),
    ),
    (
        "migrate_orca_whirlpool_to_gamma",
        [0xc5, 0xc4, 0x81, 0x05, 0x40, 0xb8, 0x81, 0xf2],
        change(Action::Add, 0),
    ),
    (
        "migrate_orca_whirlpool_to_gamma_v2",
        [0x30, 0x4a, 0xad, 0xc9, 0xbd, 0x26, 0xdc, 0xf4],
        change(Action::Add, 0),
    ),
    (
        "migrate_raydium_clmm_to_gamma",
        [0x35, 0xa2, 0x0b, 0x6d, 0x39, 0x39, 0xba, 0xf8],
        change(Action::Add, 0),
    ),
    (
        "migrate_raydium_clmm_to_gamma_v2",
        [0x8a, 0x7f, 0xad, 0x74, 0xb8, 0x77, 0xa0, 0x91],
        change(Action::Add, 0),
    ),
    (
        "migrate_raydium_cp_swap_to_gamma",
        [0x27, 0x34, 0xca, 0xfd, 0x83, 0xa3, 0x2a, 0x10],
        change(Action::Add, 0),
    ),
];

/// Those of them that change no pool.
const GAMMA_OTHERS: [Name; 4] = [
    ("create_amm_config", [0x89, 0x34, 0xed, 0xd4, 0xd7, 0x75, 0x6c, 0x68]),
    ("update_amm_config", [0x31, 0x3c, 0xae, 0x88, 0x9a, 0x1c, 0x74, 0xc8]),
    ("create_swap_referral", [0x43, 0x83, 0x5d, 0xec, 0x38, 0x06, 0x28, 0x4d]),
    ("init_user_pool_liquidity", [0xe3, 0xdd, 0xc8, 0xd4, 0x24, 0x6b, 0x95, 0x24]),
];

fn decode<'a>(
    venue: Venue,
    changes: &[Row],
    others: &[Name],
    ix: &Instruction<'a>,
) -> Result<Decoded<'a>, IxFault> {
    let exact = match ix.discriminator().ok_or(IxFault::ShortData)? {
        SWAP_BASE_INPUT => Exact::In,
        SWAP_BASE_OUTPUT => Exact::Out,
        _ => return change::decode(venue, ix, changes, others),
    };
    let (first, second) = (ix.u64(8)?, ix.u64(16)?);
    ix.at_least(13)?;
    let mut swap = SwapIx::new(venue, exact);
    (swap.amount, swap.limit) = match exact {
        Exact::In => (Some(first), Some(second)),
        Exact::Out => (Some(second), Some(first)),
    };
    (swap.owner, swap.pool) = (ix.account(0), ix.account(3));
    (swap.user_in, swap.user_out) = (ix.account(4), ix.account(5));
    (swap.mint_in, swap.mint_out) = (ix.account(10), ix.account(11));
    let vaults = (ix.account(6), ix.account(7));
    if let (Some(mint_in), Some(mint_out)) = (swap.mint_in, swap.mint_out) {
        if mint_in < mint_out {
            (swap.direction, (swap.vault_a, swap.vault_b)) = (Direction::AToB, vaults);
        } else {
            (swap.direction, (swap.vault_b, swap.vault_a)) = (Direction::BToA, vaults);
        }
    }
    Ok(Decoded::One(swap))
}

/// swap_base_input.
fn build(book: &AccountBook, request: &Build<'_>) -> Result<Ix, BuildFault> {
    let pool = request.pool;
    let account = book.get(&pool.pool).filter(|account| account.owner == RAYDIUM_CPMM);
    let account = account.ok_or(BuildFault::NoPool)?;
    let state = PoolState::read(&account.data).map_err(|_| BuildFault::NoPool)?;
    let sides = |[a, b]: [_; 2]| -> (&Key, &Key) { if request.a_to_b { (a, b) } else { (b, a) } };
    let (vault_in, vault_out) = sides(state.vaults);
    let (program_in, program_out) = sides(state.programs);
    let (mint_in, mint_out) = sides(state.mints);
    let mut metas = Metas::new(RAYDIUM_CPMM);
    metas.sign(request.owner).read(&derived(&RAYDIUM_CPMM, &[b"vault_and_lp_mint_auth_seed"]));
    metas.read(state.config).write(&pool.pool).write(request.user_in).write(request.user_out);
    metas.write(vault_in).write(vault_out).read(program_in).read(program_out);
    metas.read(mint_in).read(mint_out).write(state.observation);
    let mut data = SWAP_BASE_INPUT.to_vec();
    data.extend(request.amount_in.to_le_bytes());
    data.extend(request.min_out.to_le_bytes());
    Ok(metas.ix(data))
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "test fixtures")]
mod tests {
    use super::super::change::tests::{hold_names, hold_rows};
    use super::super::instruction::tests::anchor_hash;
    use super::super::model::{self, join, key, shared};
    use super::super::{Clock, associated_token, build, decode};
    use super::*;
    use crate::ids::{TOKEN, USDC, WSOL};

    #[test]
    fn hashes_are_those_of_the_names() {
        let swaps = [("swap_base_input", SWAP_BASE_INPUT), ("swap_base_output", SWAP_BASE_OUTPUT)];
        hold_names(&CHANGES, &OTHERS, &swaps);
        hold_rows(Venue::RaydiumCpmm, &CHANGES);
        hold_names(&GAMMA_CHANGES, &GAMMA_OTHERS, &swaps);
        hold_rows(Venue::Gamma, &GAMMA_CHANGES);
    }

    #[test]
    fn both_swaps_are_read_at_every_length() {
        let keys: Vec<Key> = (0..13).map(|n| [n; 32]).collect();
        let indices: Vec<u8> = (0..13).collect();
        let mut data =
            [SWAP_BASE_INPUT.as_slice(), &7u64.to_le_bytes(), &9u64.to_le_bytes()].concat();
        let read = |data: &[u8], indices: &[u8]| {
            let ix =
                Instruction { program: &RAYDIUM_CPMM, data, indices, keys: &keys, loaded: &[] };
            match decode(&ix).unwrap() {
                Decoded::One(swap) => {
                    let at = |key: Option<&Key>| key.map(|key| key[0]);
                    let vaults = (at(swap.vault_a), at(swap.vault_b));
                    assert_eq!((at(swap.owner), at(swap.pool)), (Some(0), Some(3)));
                    assert_eq!((at(swap.user_in), at(swap.user_out)), (Some(4), Some(5)));
                    Ok((swap.exact, swap.amount, swap.limit, swap.direction, vaults))
                }
                Decoded::Refused(fault) => Err(fault.name()),
                _ => Err("not a swap"),
            }
        };
        let (a_to_b, b_to_a) = (Direction::AToB, Direction::BToA);
        let forward = (Exact::In, Some(7), Some(9), a_to_b, (Some(6), Some(7)));
        assert_eq!(read(&data, &indices), Ok(forward));
        // mint 11 goes in and mint 10 comes out
        let swapped = [&indices[..10], &[11, 10, 12]].concat();
        let back = (Exact::In, Some(7), Some(9), b_to_a, (Some(7), Some(6)));
        assert_eq!(read(&data, &swapped), Ok(back));
        // a mint known to a lookup table only leaves the direction open
        let hidden = [&indices[..10], &[200, 11, 12]].concat();
        assert_eq!(read(&data, &hidden).unwrap().3, Direction::Unknown);
        for len in 0..data.len() {
            assert_eq!(read(&data[..len], &indices), Err("short_data"));
        }
        for count in 0..13 {
            assert_eq!(read(&data, &indices[..count]), Err("few_accounts"));
        }
        data[..8].copy_from_slice(&SWAP_BASE_OUTPUT);
        let out = (Exact::Out, Some(9), Some(7), a_to_b, (Some(6), Some(7)));
        assert_eq!(read(&data, &indices), Ok(out));
        let other = anchor_hash("global", "create_amm_config");
        assert_eq!(read(&other, &indices), Err("not a swap"));
        assert_eq!(read(&[0; 24], &indices), Err("unknown_instruction"));
    }

    #[test]
    fn an_instruction_for_the_real_pool() {
        let Some(text) = shared("data/pools/raydium-cpmm-sol-usdc.jsonl") else { return };
        let book = model::book(&text);
        let pool = join(&book, Clock::default()).pools[0].0;
        let owner = [9; 32];
        let [user_in, user_out] = [USDC, WSOL].map(|mint| associated_token(&owner, &mint, &TOKEN));
        let request = Build {
            pool: &pool,
            a_to_b: false,
            amount_in: 7,
            min_out: 5,
            owner: &owner,
            user_in: &user_in,
            user_out: &user_out,
        };
        let made = build(&book, &request).unwrap();
        let keys: Vec<Key> = made.accounts.iter().map(|meta| meta.pubkey.to_bytes()).collect();
        // The authority is in the file: it owns both vaults.
        assert_eq!(keys[1], key("GpMZbSM2GgvTKHJirzeGfMFoaZ8UR2X7F4v8vHTvxFbL"));
        assert_eq!(keys[2], key("D4FPEruKEHrG5TenZ2mpDGEfu1iUvTiqBxvpU8HLBvC2"));
        assert_eq!(keys[6..8], [pool.vault_b, pool.vault_a]);
        assert_eq!(keys[8..12], [TOKEN, TOKEN, USDC, WSOL]);
        assert_eq!(keys[12], key("4MYrPgjgFceyhtwhG1ZX8UVb4wn1aQB5wzMimtFqg7U8"));
        let writable: Vec<bool> = made.accounts.iter().map(|meta| meta.is_writable).collect();
        let expected = [3, 4, 5, 6, 7, 12];
        assert!(writable.iter().enumerate().all(|(at, w)| *w == expected.contains(&at)));
        assert!(made.accounts.iter().enumerate().all(|(at, meta)| meta.is_signer == (at == 0)));
        // What is built is what is read.
        let indices: Vec<u8> = (0..13).collect();
        let ix = Instruction {
            program: &RAYDIUM_CPMM,
            data: &made.data,
            indices: &indices,
            keys: &keys,
            loaded: &[],
        };
        let Some(Decoded::One(swap)) = decode(&ix) else { panic!() };
        assert_eq!((swap.amount, swap.limit, swap.direction), (Some(7), Some(5), Direction::BToA));
        assert_eq!((swap.user_in, swap.user_out), (Some(&user_in), Some(&user_out)));
        assert_eq!((swap.vault_a, swap.vault_b), (Some(&pool.vault_a), Some(&pool.vault_b)));
        assert_eq!(build(&AccountBook::new(), &request), Err(BuildFault::NoPool));
    }
}
