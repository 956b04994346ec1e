//! Whether the user's accounts are the owner's associated ones, and which way that points.
//!
//! An associated token account's address is a hash of owner, token program and mint, so the answer
//! is a pure function of keys, and a dear one: eight bumps of each are tried (an address is off the
//! curve with even odds, so one of eight is the right one for all but one account in 256). Who
//! trades once trades again, so answers are remembered, in a table of fixed size in which a newer
//! one takes the place of an older. A place is known by 128 bits of a hash of all the keys under a
//! seed of the process; that two sets of keys share them is not to be had by trying.

use crate::dex::SwapIx;
use crate::ids::{ASSOCIATED_TOKEN, Key, TOKEN, TOKEN_2022};
use crate::record::Direction;
use crate::wire::sha256::digest_each;
use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// Answers remembered, a power of two.
const PLACES: usize = 8192;

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
    /// `mints`, a and b; unknown when they are not. A token program that the transaction does not
    /// name cannot have made them: `may_name` says whether it does, as far as is known.
    pub(super) fn direction(
        &self,
        swap: &SwapIx<'_>,
        mints: [&Key; 2],
        may_name: impl Fn(&Key) -> bool,
    ) -> Direction {
        let Some(owner) = swap.owner else { return Direction::Unknown };
        let none = [0; 32];
        let users = [swap.user_in.unwrap_or(&none), swap.user_out.unwrap_or(&none)];
        let keys = [*owner, *users[0], *users[1], *mints[0], *mints[1]];
        let tag = xxh3_128_with_seed(keys.as_flattened(), self.seed);
        let place = self.answers.get(tag as usize % PLACES);
        if let Some(known) = place.map(Cell::get).filter(|known| known.tag == tag) {
            return known.direction;
        }
        let direction = search(owner, swap, mints, may_name);
        if let Some(place) = place {
            place.set(Answer { tag, direction });
        }
        direction
    }
}

/// What stands after owner and program in what is hashed: mint, bump, the associated token program,
/// and the mark of a derived address.
type Tail = [u8; 32 + 1 + 32 + 21];

/// An address that may be one of the user's accounts: which mint's, and the rest of what it is the
/// hash of. The account it is compared with exists, so a hash that equals it is off the curve:
/// nothing else has to be checked.
fn tail(mint: &Key, bump: u8) -> Tail {
    let mut tail = [0; size_of::<Tail>()];
    let parts: [&[u8]; 4] = [mint, &[bump], &ASSOCIATED_TOKEN, b"ProgramDerivedAddress"];
    for (to, from) in tail.iter_mut().zip(parts.into_iter().flatten()) {
        *to = *from;
    }
    tail
}

/// The addresses of both mints under two bumps, then under the six others: the likeliest decide
/// nearly always, and the rest is hashed side by side.
fn search(
    owner: &Key,
    swap: &SwapIx<'_>,
    mints: [&Key; 2],
    may_name: impl Fn(&Key) -> bool,
) -> Direction {
    let programs = [TOKEN, TOKEN_2022].map(|program| may_name(&program).then_some(program));
    let mut found = Direction::Unknown;
    for bumps in [254..=255, 248..=253] {
        let candidates = bumps.rev().flat_map(|bump| mints.map(|mint| tail(mint, bump)));
        let mut tails = [[0; size_of::<Tail>()]; 12];
        let count = tails.iter_mut().zip(candidates).map(|(to, from)| *to = from).count();
        for program in programs.iter().flatten() {
            let prefix = [*owner, *program];
            let bodies = tails.iter().take(count).map(<[u8; size_of::<Tail>()]>::as_slice);
            let mut is_a = false;
            digest_each(prefix.as_flattened(), bodies, &mut |account| {
                is_a = !is_a;
                let gives = swap.user_in == Some(&account);
                if gives || swap.user_out == Some(&account) {
                    found = if gives == is_a { Direction::AToB } else { Direction::BToA };
                }
            });
            if found != Direction::Unknown {
                return found;
            }
        }
    }
    found
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
        assert_eq!(derived.direction(&swap, mints, |_| true), Direction::Unknown);
        swap.owner = Some(&owner);
        for _ in 0..2 {
            assert_eq!(derived.direction(&swap, mints, |_| true), Direction::Unknown);
            for (program, mint, a_to_b) in [(TOKEN, mint_a, true), (TOKEN_2022, mint_b, false)] {
                let account = of(&mint, &program);
                let given = SwapIx { user_in: Some(&account), ..swap };
                let got = SwapIx { user_out: Some(&account), ..swap };
                let (one, other) = (Direction::AToB, Direction::BToA);
                let want = if a_to_b { (one, other) } else { (other, one) };
                let told = [given, got].map(|swap| derived.direction(&swap, mints, |_| true));
                assert_eq!((told[0], told[1]), want);
                let turned = derived.direction(&given, [&mint_b, &mint_a], |_| true);
                assert_eq!(turned, want.1, "the pool's order counts");
            }
        }
    }

    #[test]
    fn a_program_that_is_not_named_made_no_account() {
        let (mint_a, mint_b, owner) = (crate::ids::WSOL, crate::ids::USDC, [1; 32]);
        let account = crate::dex::associated_token(&owner, &mint_b, &TOKEN_2022);
        let mut swap = SwapIx::new(Venue::RaydiumAmmV4, Exact::In);
        (swap.owner, swap.user_in) = (Some(&owner), Some(&account));
        let of = |named: &[Key]| {
            let derived = Derived::default();
            derived.direction(&swap, [&mint_a, &mint_b], |key| named.contains(key))
        };
        assert_eq!(of(&[TOKEN]), Direction::Unknown);
        assert_eq!(of(&[TOKEN, TOKEN_2022]), Direction::BToA);
    }
}
