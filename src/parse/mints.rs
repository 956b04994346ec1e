//! Which tokens a swap moves, and which way, when its instruction does not say.
//!
//! Asked in this order: the instruction itself; the pool, if the accounts brought it; and for the
//! direction in a known pool the owner's associated token accounts, then token instructions of the
//! same transaction. Both mints are known or none is reported: one alone tells nothing that the
//! other tool could act on.

use crate::dex::SwapIx;
use crate::ids::{ASSOCIATED_TOKEN, Key, TOKEN, TOKEN_2022};
use crate::record::{Direction, Pool};
use crate::wire::txn::Transaction;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// The tokens of the pools that the accounts brought.
#[derive(Debug, Default)]
pub(super) struct Mints {
    pools: HashMap<Key, Pair>,
}

/// A pool's tokens.
#[derive(Clone, Copy, Debug)]
struct Pair {
    mint_a: Key,
    mint_b: Key,
}

/// What is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) direction: Direction,
    /// The token that goes in and the one that comes out.
    pub(super) in_out: Option<(Key, Key)>,
}

impl Mints {
    /// Learns a pool's tokens.
    pub(super) fn learn(&mut self, pool: &Pool) {
        self.pools.insert(pool.pool, Pair { mint_a: pool.mint_a, mint_b: pool.mint_b });
    }

    /// What is known of `swap`, an instruction of `tx`.
    pub(super) fn of(&self, tx: &Transaction<'_>, swap: &SwapIx<'_>) -> Known {
        let named = swap.mint_in.copied().zip(swap.mint_out.copied());
        let pair = swap.pool.and_then(|pool| self.pools.get(pool));
        let direction = match (swap.direction, pair, named) {
            (Direction::Unknown, Some(pair), Some((mint_in, _))) => pair.direction(&mint_in),
            (Direction::Unknown, Some(pair), None) => pair.search(tx, swap),
            (told, ..) => told,
        };
        let from_pair = pair.and_then(|pair| match direction {
            Direction::AToB => Some((pair.mint_a, pair.mint_b)),
            Direction::BToA => Some((pair.mint_b, pair.mint_a)),
            Direction::Unknown => None,
        });
        Known { direction, in_out: named.or(from_pair) }
    }
}

impl Pair {
    fn direction(&self, mint_in: &Key) -> Direction {
        if *mint_in == self.mint_a {
            Direction::AToB
        } else if *mint_in == self.mint_b {
            Direction::BToA
        } else {
            Direction::Unknown
        }
    }

    /// The direction, from what the user's two token accounts are.
    fn search(&self, tx: &Transaction<'_>, swap: &SwapIx<'_>) -> Direction {
        for (account, given) in [(swap.user_in, true), (swap.user_out, false)] {
            let Some(account) = account else { continue };
            let mint = self.associated(swap.owner, account).or_else(|| named_mint(tx, account));
            match (mint.map_or(Direction::Unknown, |mint| self.direction(&mint)), given) {
                (Direction::Unknown, _) => {}
                (direction, true) => return direction,
                (Direction::AToB, false) => return Direction::BToA,
                (Direction::BToA, false) => return Direction::AToB,
            }
        }
        Direction::Unknown
    }

    /// The token of the pool whose associated account of `owner` is `account`.
    fn associated(&self, owner: Option<&Key>, account: &Key) -> Option<Key> {
        let owner = owner?;
        [self.mint_a, self.mint_b].into_iter().find(|mint| {
            [TOKEN, TOKEN_2022].iter().any(|program| is_associated(account, owner, program, mint))
        })
    }
}

/// Bumps tried: an address is off the curve with even odds, so one of the first eight is the right
/// one for all but one account in 256.
const BUMPS: std::ops::RangeInclusive<u8> = 248..=255;

/// Whether `account` is the associated token account of `owner` and `mint`.
///
/// The account exists, so a hash that equals it is off the curve: nothing else has to be checked.
fn is_associated(account: &Key, owner: &Key, program: &Key, mint: &Key) -> bool {
    let seeds = Sha256::new().chain_update(owner).chain_update(program).chain_update(mint);
    BUMPS.rev().any(|bump| {
        let hash = seeds
            .clone()
            .chain_update([bump])
            .chain_update(ASSOCIATED_TOKEN)
            .chain_update(b"ProgramDerivedAddress")
            .finalize();
        hash.as_slice() == account
    })
}

/// The mint of `account`, from a token instruction of `tx` that names both.
///
/// Token program (spl-token instruction.rs): InitializeAccount 1 (account, mint),
/// InitializeAccount2 16 and 3 18 (account, mint), TransferChecked 12 (source, mint, destination),
/// MintToChecked 14 (mint, account), BurnChecked 15 (account, mint), Token-2022 fee transfer 26.1
/// as TransferChecked. Associated token program: Create and CreateIdempotent (payer, account,
/// owner, mint).
fn named_mint(tx: &Transaction<'_>, account: &Key) -> Option<Key> {
    tx.instructions().find_map(|ix| {
        let program = tx.account_key(ix.program_index)?;
        let key = |at: usize| tx.account_key(*ix.accounts.get(at)?);
        let pairs: &[(usize, usize)] = if *program == ASSOCIATED_TOKEN {
            match ix.data {
                [] | [0 | 1] => &[(1, 3)],
                _ => &[],
            }
        } else if *program == TOKEN || *program == TOKEN_2022 {
            match ix.data {
                [1 | 15 | 16 | 18, ..] => &[(0, 1)],
                [12, ..] | [26, 1, ..] => &[(0, 1), (2, 1)],
                [14, ..] => &[(1, 0)],
                _ => &[],
            }
        } else {
            &[]
        };
        pairs.iter().find_map(|(of, mint)| (key(*of)? == account).then(|| key(*mint).copied())?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::base58::key;

    #[test]
    fn an_associated_account_is_recognised() {
        // Owner and account of mainnet transaction 5xdziVVH..gUy: its USDC account.
        let owner = key("3PCRwFhHd8tNADpYrJNXndvzvFjgbCj4WiPiDi2yZftU").unwrap();
        let account = key("EmNiSjm3S5UG7eFngV4FSDQPot86ms2K87roM4aMiMQx").unwrap();
        let derived = crate::dex::associated_token(&owner, &crate::ids::USDC, &TOKEN);
        assert!(is_associated(&derived, &owner, &TOKEN, &crate::ids::USDC));
        assert_eq!(derived == account, is_associated(&account, &owner, &TOKEN, &crate::ids::USDC));
        assert!(!is_associated(&owner, &owner, &TOKEN, &crate::ids::USDC));
    }
}
