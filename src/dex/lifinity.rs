//! Lifinity v1 and v2: pools priced by oracles.
//!
//! Source: the program's interface as sevenlabs-hq/carbon decoders/lifinity-amm-v2 has it
//! (facts/dex.md 17). The price is not public: nothing is quoted.
//!
//! | instruction | discriminator | data | accounts |
//! |---|---|---|---|
//! | swap | f8c69e91e17587c8 | amount_in u64@8, min_out u64@16 | 13 |
//!
//! Accounts: 0 authority, 1 amm, 2 user (signs), 3 user source, 4 user destination, 5 pool source,
//! 6 pool destination, 7 pool mint, 8 fee account, 9 token program, 10 to 12 oracles.
//!
//! Amm account of v2 (911 B, `8ff5c8114ad6c487`): token_a@158, token_b@190, mint_a@254, mint_b@286.

use super::accounts::{AccountBook, AccountFault, Clock, Found, Out, Part, PoolKeys};
use super::instruction::{Decoded, Instruction, IxFault, LiquidityIx, SwapIx};
use super::{Coverage, Grade, VenueSpec};
use crate::bytes::{key_at, u64_at};
use crate::ids::{Key, Venue};
use crate::record::{Action, Curve, Exact, Pool, PoolStatus};

/// The line of v2 in the table.
pub(super) const V2: VenueSpec = VenueSpec {
    coverage: Coverage { intents: Grade::ThirdParty, fills: Grade::None, pools: Grade::ThirdParty },
    decode: |ix| decode(Venue::LifinityV2, ix),
    pools,
    ..VenueSpec::of(Venue::LifinityV2)
};

/// The line of v1 in the table: the same instruction, as far as is known.
pub(super) const V1: VenueSpec = VenueSpec {
    coverage: Coverage { intents: Grade::Unverified, fills: Grade::None, pools: Grade::None },
    decode: |ix| decode(Venue::Lifinity, ix),
    ..VenueSpec::of(Venue::Lifinity)
};

const SWAP: [u8; 8] = [0xf8, 0xc6, 0x9e, 0x91, 0xe1, 0x75, 0x87, 0xc8];
const DEPOSIT: [u8; 8] = [0xf2, 0x23, 0xc6, 0x89, 0x52, 0xe1, 0xf2, 0xb6];
const WITHDRAW: [u8; 8] = [0xb7, 0x12, 0x46, 0x9c, 0x94, 0x6d, 0xa1, 0x22];

fn decode<'a>(venue: Venue, ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    let action = match ix.discriminator().ok_or(IxFault::ShortData)? {
        SWAP => return swap(venue, ix).map(Decoded::One),
        DEPOSIT => Action::Add,
        WITHDRAW => Action::Remove,
        _ => return Err(IxFault::Unknown),
    };
    // 0 amm, 1 authority, 2 user authority; pool tokens and the limits of both tokens.
    ix.at_least(3)?;
    let mut change = LiquidityIx::new(venue, action);
    (change.pool, change.owner) = (ix.account(0), ix.account(2));
    change.liquidity = Some(ix.u64(8)?.into());
    (change.limit_a, change.limit_b) = (Some(ix.u64(16)?), Some(ix.u64(24)?));
    Ok(Decoded::Liquidity(change))
}

fn swap<'a>(venue: Venue, ix: &Instruction<'a>) -> Result<SwapIx<'a>, IxFault> {
    let (amount, limit) = (ix.u64(8)?, ix.u64(16)?);
    ix.at_least(13)?;
    let mut swap = SwapIx::new(venue, Exact::In);
    (swap.amount, swap.limit) = (Some(amount), Some(limit));
    (swap.pool, swap.owner) = (ix.account(1), ix.account(2));
    (swap.user_in, swap.user_out) = (ix.account(3), ix.account(4));
    Ok(swap)
}

const AMM: [u8; 8] = [0x8f, 0xf5, 0xc8, 0x11, 0x4a, 0xd6, 0xc4, 0x87];

fn pools(book: &AccountBook, _: Clock, out: &mut Out<'_>) {
    let venue = Venue::LifinityV2;
    for program in venue.programs() {
        for (key, account) in book.owned_by(program) {
            if !account.data.starts_with(&AMM) {
                continue;
            }
            let keys = |at: usize| key_at(&account.data, at);
            let parts = keys(158).zip(keys(190)).zip(keys(254).zip(keys(286)));
            let Some(((vault_a, vault_b), (mint_a, mint_b))) = parts else {
                out(Found::Refused { pool: key, key, venue, fault: AccountFault::WrongLen });
                continue;
            };
            let needed = [(Part::VaultA, vault_a), (Part::VaultB, vault_b)];
            if !book.complete(key, venue, &needed, out) {
                continue;
            }
            let keys = PoolKeys {
                pool: key,
                program: *program,
                venue,
                mints: [mint_a, mint_b],
                vaults: [vault_a, vault_b],
            };
            match join(book, &keys, &account.data, account.slot) {
                Ok(pool) => out(Found::Pool { pool: &pool, unsupported: None }),
                Err((at, fault)) => out(Found::Refused { pool: key, key: &at, venue, fault }),
            }
        }
    }
}

fn join(
    book: &AccountBook,
    keys: &PoolKeys<'_>,
    data: &[u8],
    slot: u64,
) -> Result<Pool, (Key, AccountFault)> {
    if keys.mints[0] == keys.mints[1] {
        return Err((*keys.pool, AccountFault::SameMint));
    }
    let side = |vault: &Key, mint: &Key| book.vault(vault, mint).map_err(|fault| (*vault, fault));
    let [vault_a, vault_b] = keys.vaults;
    let (a, b) = (side(vault_a, keys.mints[0])?, side(vault_b, keys.mints[1])?);
    let mut pool = keys.record([slot, a.slot, b.slot], [a.amount, b.amount]);
    let fee = u64_at(data, 446).zip(u64_at(data, 454));
    let (num, den) = fee.filter(|(num, den)| num < den).ok_or((*keys.pool, AccountFault::Fee))?;
    (pool.fee_num, pool.fee_den) = (num, den);
    pool.curve = Curve::Closed as u8;
    // The price is the program's own: its pools are never quoted.
    pool.status = PoolStatus::Unsupported as u8;
    Ok(pool)
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::accounts::tests::put;
    use super::super::instruction::tests::anchor_hash;
    use super::super::token::tests::account_bytes;
    use super::super::{decode, model};
    use super::*;
    use crate::ids::TOKEN;

    #[test]
    fn hashes_are_those_of_the_names() {
        assert_eq!(SWAP, anchor_hash("global", "swap"));
        assert_eq!(DEPOSIT, anchor_hash("global", "deposit"));
        assert_eq!(WITHDRAW, anchor_hash("global", "withdraw"));
        assert_eq!(AMM, anchor_hash("account", "Amm"));
    }

    #[test]
    fn swaps_of_both_versions_at_every_length() {
        let keys: Vec<Key> = (0..14).map(|n| [n; 32]).collect();
        let indices: Vec<u8> = (0..13).collect();
        let data = [&SWAP[..], &7u64.to_le_bytes(), &5u64.to_le_bytes(), &[1]].concat();
        for venue in [Venue::Lifinity, Venue::LifinityV2] {
            let read = |data: &[u8], accounts: usize| {
                let (program, indices) = (&venue.programs()[0], &indices[..accounts]);
                let ix = Instruction { program, data, indices, keys: &keys, loaded: &[] };
                match decode(&ix).unwrap() {
                    Decoded::One(swap) => {
                        assert_eq!((swap.venue, swap.amount), (venue, Some(7)));
                        let places = [swap.pool, swap.owner, swap.user_in, swap.user_out];
                        Ok(places.map(|key| key.unwrap()[0]))
                    }
                    Decoded::Refused(why) => Err(why),
                    other => panic!("{other:?}"),
                }
            };
            assert_eq!(read(&data, 13), Ok([1, 2, 3, 4]));
            assert_eq!(read(&data, 12), Err(IxFault::FewAccounts));
            (0..24).for_each(|len| assert_eq!(read(&data[..len], 13), Err(IxFault::ShortData)));
        }
    }

    #[test]
    fn pools_are_read_and_never_quoted() {
        let mut data = vec![0; 911];
        put(&mut data, 0, &AMM);
        for (at, n) in [(158, 2), (190, 3), (254, 4), (286, 5)] {
            put(&mut data, at, &[n; 32]);
        }
        put(&mut data, 446, &200u64.to_le_bytes());
        put(&mut data, 454, &1_000_000u64.to_le_bytes());
        let program = Venue::LifinityV2.programs()[0];
        let mut book = AccountBook::new();
        book.insert([1; 32], program, data.clone(), 9);
        let missing = model::join(&book, Clock::default());
        assert!(missing.pools.is_empty());
        book.insert([2; 32], TOKEN, account_bytes(&[4; 32], &[9; 32], 70), 9);
        book.insert([3; 32], TOKEN, account_bytes(&[5; 32], &[9; 32], 80), 9);
        let (pool, _) = model::join(&book, Clock::default()).pools[0];
        assert_eq!((pool.reserve_a, pool.reserve_b, pool.fee_num), (70, 80, 200));
        assert_eq!(pool.status, PoolStatus::Unsupported as u8);
        let mut same = data.clone();
        put(&mut same, 286, &[4; 32]);
        book.insert([1; 32], program, same, 9);
        let joined = model::join(&book, Clock::default());
        assert_eq!((joined.pools.len(), &joined.wrong[..]), (0, &[([1; 32], "same_mint")][..]));
        for len in 8..318 {
            book.insert([1; 32], program, data[..len].to_vec(), 10);
            assert!(model::join(&book, Clock::default()).pools.is_empty(), "{len}");
        }
    }
}
