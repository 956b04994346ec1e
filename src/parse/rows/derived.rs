//! Whether the user's accounts are the owner's associated ones, and which way that points.
//!
//! An associated token account's address is a hash of owner, token program and mint, so the answer
//! is a pure function of keys, and a dear one: up to 32 hashes where the accounts are others. Who
//! trades once trades again, so answers are remembered, in a table of fixed size in which a newer
//! one takes the place of an older. A place is known by 128 bits of a hash of all the keys under a
//! seed of the process; that two sets of keys share them is not to be had by trying.

use crate::dex::SwapIx;
use crate::ids::{ASSOCIATED_TOKEN, Key, TOKEN, TOKEN_2022};
use crate::record::Direction;
use sha2::{Digest, Sha256};
use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// Answers remembered, a power of two.
const PLACES: usize = 8192;

/// Bumps tried: an address is off the curve with even odds, so one of the first eight is the right
/// one for all but one account in 256.
const BUMPS: std::ops::RangeInclusive<u8> = 248..=255;

/// An answer, and the keys it was for.
#[derive(Clone, Copy, Debug)]
struct Answer {
    tag: u128,
    direction: Direction,
}

/// The answers.
#[derive(Debug)]
pub(super) struct Derived {
    answers: Box<[Cell<Answer>]>,
    seed: u64,
}

impl Default for Derived {
    fn default() -> Self {
        let none = Cell::new(Answer { tag: 0, direction: Direction::Unknown });
        let seed = RandomState::new().hash_one(PLACES);
        Self { answers: vec![none; PLACES].into_boxed_slice(), seed }
    }
}

impl Derived {
    /// The direction in which the user's accounts of `swap` are the owner's associated ones of
    /// `mints`, a and b; unknown when they are not.
    pub(super) fn direction(&self, swap: &SwapIx<'_>, mints: [&Key; 2]) -> Direction {
        let Some(owner) = swap.owner else { return Direction::Unknown };
        let none = [0; 32];
        let users = [swap.user_in.unwrap_or(&none), swap.user_out.unwrap_or(&none)];
        let keys = [*owner, *users[0], *users[1], *mints[0], *mints[1]];
        let tag = xxh3_128_with_seed(keys.as_flattened(), self.seed);
        #[expect(clippy::cast_possible_truncation, reason = "any bits of the hash will do")]
        let place = self.answers.get(tag as usize % PLACES);
        if let Some(known) = place.map(Cell::get).filter(|known| known.tag == tag) {
            return known.direction;
        }
        let direction = search(owner, swap, mints);
        if let Some(place) = place {
            place.set(Answer { tag, direction });
        }
        direction
    }
}

/// Bumps go from the likeliest on, so that the first few hashes decide nearly always.
fn search(owner: &Key, swap: &SwapIx<'_>, mints: [&Key; 2]) -> Direction {
    let seeds = mints.map(|mint| {
        [TOKEN, TOKEN_2022].map(|program| {
            Sha256::new().chain_update(owner).chain_update(program).chain_update(mint)
        })
    });
    for bump in BUMPS.rev() {
        for (of_mint, is_a) in seeds.iter().zip([true, false]) {
            for seed in of_mint {
                let account = derived(seed, bump);
                let gives = swap.user_in == Some(&account);
                if gives || swap.user_out == Some(&account) {
                    return if gives == is_a { Direction::AToB } else { Direction::BToA };
                }
            }
        }
    }
    Direction::Unknown
}

/// The address under `seeds`, which are those of an associated token account, and `bump`.
///
/// The account it is compared with exists, so a hash that equals it is off the curve: nothing else
/// has to be checked.
fn derived(seeds: &Sha256, bump: u8) -> Key {
    let seeds = seeds.clone().chain_update([bump]).chain_update(ASSOCIATED_TOKEN);
    seeds.chain_update(b"ProgramDerivedAddress").finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Venue;
    use crate::record::Exact;

    #[test]
    fn associated_accounts_give_the_direction_the_second_time_too() {
        let (mint_a, mint_b) = (crate::ids::WSOL, crate::ids::USDC);
        let mints = [&mint_a, &mint_b];
        let derived = Derived::default();
        let owner = [1; 32];
        let of = |mint: &Key, program: &Key| crate::dex::associated_token(&owner, mint, program);
        let mut swap = SwapIx::new(Venue::RaydiumAmmV4, Exact::In);
        assert_eq!(derived.direction(&swap, mints), Direction::Unknown);
        swap.owner = Some(&owner);
        for _ in 0..2 {
            assert_eq!(derived.direction(&swap, mints), Direction::Unknown);
            for (program, mint, a_to_b) in [(TOKEN, mint_a, true), (TOKEN_2022, mint_b, false)] {
                let account = of(&mint, &program);
                let given = SwapIx { user_in: Some(&account), ..swap };
                let got = SwapIx { user_out: Some(&account), ..swap };
                let (one, other) = (Direction::AToB, Direction::BToA);
                let want = if a_to_b { (one, other) } else { (other, one) };
                let told = [given, got].map(|swap| derived.direction(&swap, mints));
                assert_eq!((told[0], told[1]), want);
                let turned = derived.direction(&given, [&mint_b, &mint_a]);
                assert_eq!(turned, want.1, "the pool's order counts");
            }
        }
    }
}
