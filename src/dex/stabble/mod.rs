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
//! | account | bytes | fields |
//! |---|---|---|
//! | stable Pool | 138 and 50 for each token | vault@40, active u8@105, amplification u16@106 to u16@108 from i64@110 to i64@118, swap fee u64@126, tokens u32@134 |
//! | weighted Pool | 126 and 58 for each token | vault@40, active u8@105, swap fee u64@114, tokens u32@122 |
//! | a token | | mint, decimals u8@32, scaled up u8@33, factor u64@34, balance u64@42; weighted: weight u64@50 |
//! | Vault, of the vault program | 116 and more | active u8@74, beneficiary's fee u64@107 |
//!
//! Source: stabbleorg/amm_v1, programs/{stable-swap,weighted-swap,vault}/src/state @719956f; fees are
//! parts of 10^9 (stabbleorg/amm-sdk, libraries/math/src/fixed_math.rs), the swap fee of the output and
//! the beneficiary's of that fee. A pool counts its balances itself, scaled, in a vault that it shares
//! with others: reserves are its own balances, unscaled. Not modelled are pools of more than two
//! tokens, weights, and a scale other than to 9 decimals.
//!
//! An absent amount stands for all that the user's account holds. The programs tell the balances
//! after a swap, not what it moved: that is read from transfers.

mod swap;

use five8_const::decode_32_const as key;

use super::accounts::{
    Account, AccountBook, AccountFault, Clock, Found, Out, Part, PoolKeys, Unsupported, with_mints,
};
use super::build::{associated_token, derived};
use super::instruction::{Decoded, Instruction, IxFault, LiquidityIx, SwapIx};
use super::{Coverage, Grade, VenueSpec, join, stable, token};
use crate::bytes::{key_at, u8_at, u16_at, u32_at, u64_at};
use crate::ids::{Key, Venue};
use crate::record::{Action, Curve, Exact, Pool, PoolStatus};

const COVERAGE: Coverage =
    Coverage { intents: Grade::ThirdParty, fills: Grade::None, pools: Grade::Source };

/// The lines of the table.
pub(super) const STABLE: VenueSpec = VenueSpec {
    coverage: COVERAGE,
    decode: |ix| decode(Venue::StabbleStable, ix),
    pools: |book, clock, out| pools(Venue::StabbleStable, book, clock, out),
    swap: swap::swap,
    segment: stable::chord,
    ..VenueSpec::of(Venue::StabbleStable)
};
pub(super) const WEIGHTED: VenueSpec = VenueSpec {
    coverage: COVERAGE,
    decode: |ix| decode(Venue::StabbleWeighted, ix),
    pools: |book, clock, out| pools(Venue::StabbleWeighted, book, clock, out),
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
        SWAP => swap_ix(venue, ix, 12, 1, 6).map(Decoded::One),
        // 0 user (signs), 1 mint in, 2 mint out, 3 user in, 4 user out, 8 pool.
        SWAP_V2 => {
            let mut swap = swap_ix(venue, ix, 15, 3, 8)?;
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

fn swap_ix<'a>(
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

const VAULT_PROGRAM: Key = key("vo1tWgqZMjG61Z2T9qUaMYKqZ75CYzMuaZ2LZP1n7HV");
const POOL: [u8; 8] = [0xf1, 0x9a, 0x6d, 0x04, 0x11, 0xb1, 0x6d, 0xbc];
const STRATEGY: [u8; 8] = [0xae, 0x6e, 0x27, 0x77, 0x52, 0x6a, 0xa9, 0x66];
const VAULT: [u8; 8] = [0xd3, 0x08, 0xe8, 0x2b, 0x02, 0x98, 0x75, 0x77];
/// The whole, of which fees are parts.
const ONE: u64 = 1_000_000_000;

/// A Pool account.
#[derive(Clone, Copy, Debug)]
struct State<'a> {
    vault: &'a Key,
    active: bool,
    swap_fee: u64,
    tokens: [Token<'a>; 2],
    count: u32,
}

/// A token of a pool.
#[derive(Clone, Copy, Debug)]
struct Token<'a> {
    mint: &'a Key,
    decimals: u8,
    scaled_up: bool,
    factor: u64,
    balance: u64,
}

impl<'a> Token<'a> {
    fn at(data: &'a [u8], at: usize) -> Option<Self> {
        let data = data.get(at..)?;
        Some(Self {
            mint: key_at(data, 0)?,
            decimals: u8_at(data, 32)?,
            scaled_up: u8_at(data, 33)? != 0,
            factor: u64_at(data, 34)?,
            balance: u64_at(data, 42)?,
        })
    }

    /// The balance in raw units.
    fn reserve(&self) -> Option<u64> {
        if self.scaled_up {
            self.balance.checked_div(self.factor)
        } else {
            self.balance.checked_mul(self.factor)
        }
    }

    /// Whether the scale is that to 9 decimals.
    fn is_plain(&self) -> bool {
        let nine = 9u32.checked_sub(self.decimals.into()).and_then(|more| 10u64.checked_pow(more));
        nine == Some(self.factor) && (self.scaled_up || self.factor == 1)
    }
}

impl<'a> State<'a> {
    fn read(venue: Venue, data: &'a [u8]) -> Result<Self, AccountFault> {
        if data.first_chunk() != Some(&POOL) {
            return Err(AccountFault::Discriminator);
        }
        let state = Self::fields(venue, data).ok_or(AccountFault::WrongLen)?;
        if state.tokens[0].mint == state.tokens[1].mint {
            return Err(AccountFault::SameMint);
        }
        Ok(state)
    }

    fn fields(venue: Venue, data: &'a [u8]) -> Option<Self> {
        let (fee_at, count_at, tokens, next) =
            if venue == Venue::StabbleStable { (126, 134, 138, 188) } else { (114, 122, 126, 184) };
        Some(Self {
            vault: key_at(data, 40)?,
            active: u8_at(data, 105)? != 0,
            swap_fee: u64_at(data, fee_at)?,
            tokens: [Token::at(data, tokens)?, Token::at(data, next)?],
            count: u32_at(data, count_at)?,
        })
    }
}

/// Amplification and its ramp, of a stable pool.
fn fill_amp(pool: &mut Pool, data: &[u8]) -> Option<()> {
    let second = |at| u64_at(data, at).filter(|second| i64::try_from(*second).is_ok());
    pool.curve = Curve::Stable as u8;
    (pool.amp, pool.amp_target) = (u16_at(data, 106)?.into(), u16_at(data, 108)?.into());
    (pool.ramp_start_s, pool.ramp_stop_s) = (second(110)?, second(118)?);
    pool.present |= Pool::STABLE;
    Some(())
}

fn pools(venue: Venue, book: &AccountBook, clock: Clock, out: &mut Out<'_>) {
    join::each(book, venue, out, &mut |key, account, out| {
        if account.data.starts_with(&STRATEGY) {
            return Ok(());
        }
        let state = State::read(venue, &account.data)?;
        let [a, b] = state.tokens.map(|token| token.mint);
        let parts = [(Part::Config, state.vault), (Part::MintA, a), (Part::MintB, b)];
        if book.complete(key, venue, &parts, out) {
            match joined(venue, book, clock, (key, account), &state) {
                Ok((pool, unsupported)) => out(Found::Pool { pool: &pool, unsupported }),
                Err((part, fault)) => out(Found::Refused { pool: key, key: &part, venue, fault }),
            }
        }
        Ok(())
    });
}

/// Whether the vault takes swaps, and the beneficiary's part of a fee.
fn vault(book: &AccountBook, key: &Key) -> Result<(bool, u64), AccountFault> {
    let account = book.get(key).ok_or(AccountFault::NotInitialised)?;
    if account.owner != VAULT_PROGRAM {
        return Err(AccountFault::Owner);
    }
    if account.data.first_chunk() != Some(&VAULT) {
        return Err(AccountFault::Discriminator);
    }
    let fields = u8_at(&account.data, 74).zip(u64_at(&account.data, 107));
    let (active, fee) = fields.ok_or(AccountFault::WrongLen)?;
    if fee > ONE { Err(AccountFault::Fee) } else { Ok((active != 0, fee)) }
}

fn joined(
    venue: Venue,
    book: &AccountBook,
    clock: Clock,
    (key, account): (&Key, &Account),
    state: &State<'_>,
) -> Result<(Pool, Option<Unsupported>), (Key, AccountFault)> {
    let at_pool = |fault| (*key, fault);
    let (open, share) = vault(book, state.vault).map_err(|fault| (*state.vault, fault))?;
    let authority = derived(&VAULT_PROGRAM, &[b"vault_authority", state.vault]);
    let side = |token: &Token<'_>| -> Result<(token::Mint, Key, u64), (Key, AccountFault)> {
        let program = book.token_program(token.mint).ok_or((*token.mint, AccountFault::Owner))?;
        let mint = book.mint(token.mint, clock).map_err(|fault| (*token.mint, fault))?;
        let reserve = token.reserve().ok_or(at_pool(AccountFault::Value))?;
        Ok((mint, associated_token(&authority, token.mint, &program), reserve))
    };
    let (mint_a, vault_a, reserve_a) = side(&state.tokens[0])?;
    let (mint_b, vault_b, reserve_b) = side(&state.tokens[1])?;
    let keys = PoolKeys {
        pool: key,
        program: account.owner,
        venue,
        mints: state.tokens.map(|token| token.mint),
        vaults: [&vault_a, &vault_b],
    };
    let mut pool = keys.record([account.slot; 3], [reserve_a, reserve_b]);
    [pool.decimals_a, pool.decimals_b] = state.tokens.map(|token| token.decimals);
    pool.present |= Pool::DECIMALS | Pool::DECIMALS_B;
    if !(state.active && open) {
        pool.status = PoolStatus::Disabled as u8;
    }
    if state.swap_fee >= ONE {
        return Err(at_pool(AccountFault::Fee));
    }
    (pool.fee_num, pool.fee_den, pool.fee_side) = (state.swap_fee, ONE, join::FEE_OF_OUTPUT);
    let ppm = share.checked_div(1000).and_then(|ppm| u32::try_from(ppm).ok());
    pool.protocol_ppm = ppm.ok_or((*state.vault, AccountFault::Fee))?;
    let mut unsupported = (share.checked_rem(1000) != Some(0)).then_some(Unsupported::FeeShare);
    if !state.tokens.iter().all(Token::is_plain) {
        unsupported = Some(Unsupported::Scale);
    }
    if venue == Venue::StabbleStable {
        fill_amp(&mut pool, &account.data).ok_or(at_pool(AccountFault::Value))?;
    } else {
        (pool.curve, unsupported) = (Curve::Closed as u8, Some(Unsupported::CurveKind));
    }
    if state.count != 2 {
        unsupported = Some(Unsupported::Tokens);
    }
    let unsupported = with_mints(&mut pool, [Some(mint_a), Some(mint_b)], unsupported);
    Ok((pool, unsupported))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::accounts::tests::put;
    use super::super::instruction::tests::anchor_hash;
    use super::super::model;
    use super::super::plain::tests::read;
    use super::super::token::tests::mint_bytes;
    use super::*;
    use crate::ids::{TOKEN, TOKEN_2022};
    use crate::record::Layout;
    use proptest::prelude::*;

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

    /// Pool 1 in vault 2 with 7 of mint 4, of 6 decimals, and 8 of mint 5, of 9.
    fn pool_bytes(venue: Venue, tokens: u32) -> Vec<u8> {
        let stable = venue == Venue::StabbleStable;
        let mut data = POOL.to_vec();
        for n in [9, 2, 6] {
            data.extend([n; 32]);
        }
        data.extend([255, 1]);
        if stable {
            data.extend([100u16, 200].map(u16::to_le_bytes).concat());
            data.extend([10i64, 20].map(i64::to_le_bytes).concat());
        } else {
            data.extend(77u64.to_le_bytes());
        }
        data.extend(1_500_000u64.to_le_bytes());
        data.extend(tokens.to_le_bytes());
        let each = [(4, 6, 1000u64, 7000u64), (5, 9, 1, 8), (3, 9, 1, 9)];
        for (mint, decimals, factor, balance) in each.into_iter().take(tokens as usize) {
            data.extend([mint; 32]);
            data.extend([decimals, 1]);
            data.extend([factor, balance].map(u64::to_le_bytes).concat());
            if !stable {
                data.extend((ONE / u64::from(tokens)).to_le_bytes());
            }
        }
        data.push(0);
        data.extend(0u64.to_le_bytes());
        data
    }

    fn vault_bytes(active: u8, fee: u64) -> Vec<u8> {
        let mut data = vec![0; 148];
        put(&mut data, 0, &VAULT);
        data[74] = active;
        put(&mut data, 107, &fee.to_le_bytes());
        data
    }

    type Change<'a> = &'a dyn Fn(&mut AccountBook, &mut Vec<u8>);

    fn with(venue: Venue, tokens: u32, change: Change<'_>) -> model::Joined {
        let (mut book, mut data) = (AccountBook::new(), pool_bytes(venue, tokens));
        book.insert([2; 32], VAULT_PROGRAM, vault_bytes(1, 300_000_000), 1);
        book.insert([4; 32], TOKEN, mint_bytes(6, &[]), 1);
        book.insert([5; 32], TOKEN_2022, mint_bytes(9, &[]), 1);
        change(&mut book, &mut data);
        book.insert([1; 32], venue.programs()[0], data, 30);
        model::join(&book, Clock::default())
    }

    fn one(venue: Venue, tokens: u32, change: Change<'_>) -> (Pool, Option<Unsupported>) {
        let joined = with(venue, tokens, change);
        assert_eq!(joined.wrong, []);
        assert_eq!(joined.pools[0].0.invalid(), None);
        joined.pools[0]
    }

    #[test]
    fn account_hashes_are_those_of_the_names() {
        for (name, hash) in [("Pool", POOL), ("Strategy", STRATEGY), ("Vault", VAULT)] {
            assert_eq!(hash, anchor_hash("account", name), "{name}");
        }
    }

    #[test]
    fn a_stable_pool_is_joined_with_its_vault() {
        let (pool, unsupported) = one(Venue::StabbleStable, 2, &|_, _| {});
        assert_eq!((unsupported, pool.status, pool.slot), (None, PoolStatus::Open as u8, 30));
        assert_eq!((pool.mint_a, pool.mint_b), ([4; 32], [5; 32]));
        assert_eq!((pool.reserve_a, pool.reserve_b), (7, 8));
        let authority = derived(&VAULT_PROGRAM, &[b"vault_authority", &[2; 32]]);
        assert_eq!(pool.vault_a, associated_token(&authority, &[4; 32], &TOKEN));
        assert_eq!(pool.vault_b, associated_token(&authority, &[5; 32], &TOKEN_2022));
        assert_eq!((pool.fee_num, pool.fee_den, pool.fee_side), (1_500_000, ONE, 3));
        assert_eq!((pool.protocol_ppm, pool.curve), (300_000, Curve::Stable as u8));
        assert_eq!((pool.amp, pool.amp_target), (100, 200));
        assert_eq!((pool.ramp_start_s, pool.ramp_stop_s), (10, 20));
        let (paused, _) = one(Venue::StabbleStable, 2, &|_, d| d[105] = 0);
        assert_eq!(paused.status, PoolStatus::Disabled as u8);
        let (closed, _) = one(Venue::StabbleStable, 2, &|book, _| {
            book.insert([2; 32], VAULT_PROGRAM, vault_bytes(0, 0), 9);
        });
        assert_eq!(closed.status, PoolStatus::Disabled as u8);
    }

    #[test]
    fn what_is_not_modelled_is_named() {
        let (weighted, unsupported) = one(Venue::StabbleWeighted, 2, &|_, _| {});
        assert_eq!(unsupported, Some(Unsupported::CurveKind));
        assert_eq!((weighted.reserve_a, weighted.reserve_b), (7, 8));
        assert_eq!((weighted.fee_num, weighted.status), (1_500_000, 3));
        for venue in VENUES {
            assert_eq!(one(venue, 3, &|_, _| {}).1, Some(Unsupported::Tokens));
        }
        let stable = |change: Change<'_>| one(Venue::StabbleStable, 2, change);
        let (coarse, unsupported) = stable(&|_, d| put(d, 138 + 33, &[0, 3, 0]));
        assert_eq!((unsupported, coarse.reserve_a), (Some(Unsupported::Scale), 21_000));
        let uneven: Change<'_> =
            &|book, _| book.insert([2; 32], VAULT_PROGRAM, vault_bytes(1, 1), 9);
        assert_eq!(stable(uneven).1, Some(Unsupported::FeeShare));
    }

    #[test]
    fn every_broken_part_is_named() {
        for venue in VENUES {
            let wrong = |change: Change<'_>| {
                let joined = with(venue, 2, change);
                joined.wrong.iter().map(|(key, name)| (key[0], *name)).collect::<Vec<_>>()
            };
            let whole = pool_bytes(venue, 2).len() - 9 - if venue == VENUES[0] { 0 } else { 8 };
            for len in 0..whole {
                let name = if len < 8 { "wrong_discriminator" } else { "wrong_len" };
                assert_eq!(wrong(&|_, d| d.truncate(len)), [(1, name)], "{len}");
            }
            assert_eq!(wrong(&|_, d| d.truncate(whole)), []);
            let missing: Change<'_> = &|_, d| put(d, 40, &[77; 32]);
            assert_eq!(wrong(missing), [(77, "config")]);
            let vault = |owner: Key, data: Vec<u8>| {
                wrong(&|book, _| book.insert([2; 32], owner, data.clone(), 9))
            };
            assert_eq!(vault([9; 32], vault_bytes(1, 0)), [(2, "wrong_owner")]);
            assert_eq!(vault(VAULT_PROGRAM, vec![0; 148]), [(2, "wrong_discriminator")]);
            assert_eq!(vault(VAULT_PROGRAM, vault_bytes(1, ONE + 1)), [(2, "bad_fee")]);
            let cut = vault_bytes(1, 0)[..114].to_vec();
            assert_eq!(vault(VAULT_PROGRAM, cut), [(2, "wrong_len")]);
            let fee_at = if venue == VENUES[0] { 126 } else { 114 };
            assert_eq!(wrong(&|_, d| put(d, fee_at, &ONE.to_le_bytes())), [(1, "bad_fee")]);
            let factor_at = fee_at + 12 + 34;
            assert_eq!(wrong(&|_, d| put(d, factor_at, &[0; 8])), [(1, "bad_value")]);
            let second = fee_at + 12 + if venue == VENUES[0] { 50 } else { 58 };
            assert_eq!(wrong(&|_, d| put(d, second, &[4; 32])), [(1, "same_mint")]);
            let strategy = with(venue, 2, &|_, d| put(d, 0, &STRATEGY));
            assert!(strategy.pools.is_empty() && strategy.wrong.is_empty());
        }
        let early = with(Venue::StabbleStable, 2, &|_, d| put(d, 110, &(-1i64).to_le_bytes()));
        assert_eq!(early.wrong, [([1; 32], "bad_value")]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn hostile_pools_never_panic(data in proptest::collection::vec(any::<u8>(), 0..300), stable: bool) {
            let venue = VENUES[usize::from(!stable)];
            let joined = with(venue, 2, &|_, honest| {
                let at = if stable { 138 } else { 126 };
                let mut data = data.clone();
                data.resize(data.len().max(260), 0);
                data[..72].copy_from_slice(&honest[..72]);
                for (at, mint) in [(at, 4), (at + if stable { 50 } else { 58 }, 5)] {
                    put(&mut data, at, &[mint; 32]);
                }
                *honest = data;
            });
            for (pool, _) in joined.pools {
                prop_assert_eq!(pool.invalid(), None);
            }
        }
    }
}
