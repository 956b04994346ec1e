//! Swap instructions of one fixed layout each, as rows of a table.
//!
//! Many small venues differ in nothing but where the amounts and the accounts stand. A row says
//! that; one function reads by it. Pairs of accounts stand either in the order of the swap (in,
//! out) or in that of the pool (a, b), of which [`Side`] decides.

use super::instruction::{Decoded, Instruction, IxFault, SwapIx};
use crate::bytes::{u8_at, u64_at};
use crate::ids::{Key, Venue, WSOL};
use crate::record::{Direction, Exact};

/// An account of an instruction.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// It is not named.
    No,
    /// Its position.
    At(u8),
    /// Wrapped SOL, which stands for lamports.
    Sol,
}

/// In which order the pairs of accounts stand, and which way the swap goes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Side {
    /// In, out.
    InOut,
    /// a, b; a goes in.
    AToB,
    /// a, b; b goes in.
    BToA,
    /// a, b; a goes in when the byte at `at`, 0 or 1, is `a_in`.
    Byte { at: usize, a_in: u8 },
    /// a, b; which way is not known.
    Open,
}

/// One swap instruction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub(super) venue: Venue,
    /// What the data begins with.
    pub(super) tag: &'static [u8],
    pub(super) exact: Exact,
    /// Where the exact amount stands in the data.
    pub(super) amount: Option<usize>,
    /// Where the limit stands.
    pub(super) limit: Option<usize>,
    pub(super) side: Side,
    /// The fewest accounts there may be.
    pub(super) accounts: usize,
    pub(super) pool: Place,
    pub(super) owner: Place,
    /// The user's token accounts.
    pub(super) users: [Place; 2],
    /// The pool's token accounts.
    pub(super) vaults: [Place; 2],
    pub(super) mints: [Place; 2],
}

impl Layout {
    /// A row of which nothing but the tag is known.
    pub(super) const fn new(venue: Venue, tag: &'static [u8]) -> Self {
        Self {
            venue,
            tag,
            exact: Exact::In,
            amount: None,
            limit: None,
            side: Side::InOut,
            accounts: 0,
            pool: Place::No,
            owner: Place::No,
            users: [Place::No; 2],
            vaults: [Place::No; 2],
            mints: [Place::No; 2],
        }
    }

    /// Reads `ix`, whose data, unmasked, is `data`.
    pub(super) fn read<'a>(
        &self,
        ix: &Instruction<'a>,
        data: &[u8],
    ) -> Result<SwapIx<'a>, IxFault> {
        let value = |at: Option<usize>| match at {
            Some(at) => u64_at(data, at).map(Some).ok_or(IxFault::ShortData),
            None => Ok(None),
        };
        let mut swap = SwapIx::new(self.venue, self.exact);
        (swap.amount, swap.limit) = (value(self.amount)?, value(self.limit)?);
        swap.direction = match self.side {
            Side::AToB => Direction::AToB,
            Side::BToA => Direction::BToA,
            Side::InOut | Side::Open => Direction::Unknown,
            Side::Byte { at, a_in } => match u8_at(data, at).ok_or(IxFault::ShortData)? {
                byte if byte == a_in => Direction::AToB,
                0 | 1 => Direction::BToA,
                _ => return Err(IxFault::Flag),
            },
        };
        ix.at_least(self.accounts)?;
        (swap.pool, swap.owner) = (key(ix, self.pool), key(ix, self.owner));
        let pair = |places: [Place; 2]| places.map(|place| key(ix, place));
        let (users, vaults, mints) = (pair(self.users), pair(self.vaults), pair(self.mints));
        if !matches!(self.side, Side::InOut) {
            [swap.vault_a, swap.vault_b] = vaults;
        }
        match (self.side, swap.direction) {
            (Side::InOut, _) | (_, Direction::AToB) => {
                [swap.user_in, swap.user_out] = users;
                [swap.mint_in, swap.mint_out] = mints;
            }
            (_, Direction::BToA) => {
                [swap.user_out, swap.user_in] = users;
                [swap.mint_out, swap.mint_in] = mints;
            }
            (_, Direction::Unknown) => [swap.mint_a, swap.mint_b] = mints,
        }
        Ok(swap)
    }
}

fn key<'a>(ix: &Instruction<'a>, place: Place) -> Option<&'a Key> {
    match place {
        Place::No => None,
        Place::At(at) => ix.account(at.into()),
        Place::Sol => Some(&WSOL),
    }
}

/// The first of `layouts` that is of `venue` and whose tag `ix` bears, read.
pub(super) fn find<'a>(
    layouts: &[Layout],
    venue: Venue,
    ix: &Instruction<'a>,
) -> Option<Result<SwapIx<'a>, IxFault>> {
    let mut own = layouts.iter().filter(|layout| layout.venue == venue);
    own.find(|layout| ix.data.starts_with(layout.tag)).map(|layout| layout.read(ix, ix.data))
}

/// A swap names at least a pool, two vaults, a user and two accounts of the user.
const SWAP_ACCOUNTS: usize = 6;

/// What an instruction of a closed venue is that no known layout fits. With as many accounts as a
/// swap needs it may be one: nothing but the venue is said of it, and transfers below it may still
/// tell what it moved. With fewer it is a price update or the like.
pub(super) fn closed<'a>(venue: Venue, ix: &Instruction<'a>) -> Decoded<'a> {
    if ix.account_count() < SWAP_ACCOUNTS {
        return Decoded::NotSwap;
    }
    Decoded::One(SwapIx::new(venue, Exact::In))
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test may panic")]
pub(super) mod tests {
    use super::super::decode;
    use super::*;

    /// A transaction's keys 0 to 39, and `data` over the first `accounts` of them.
    pub(in super::super) fn read(venue: Venue, data: &[u8], accounts: usize) -> Decoded<'static> {
        let keys: &'static [Key] = Box::leak((0..40).map(|n| [n; 32]).collect());
        let indices: &'static [u8] = Box::leak((0..40).take(accounts).collect());
        let (program, data) = (&venue.programs()[0], Box::leak(data.into()));
        decode(&Instruction { program, data, indices, keys, loaded: &[] }).unwrap()
    }

    /// Reads an instruction of each row, whole, at every shorter length and with fewer accounts.
    pub(in super::super) fn check(layouts: &[Layout]) {
        for layout in layouts {
            let mut data = [layout.tag, &[0; 40]].concat();
            let mut put = |at: Option<usize>, value: u64| {
                let Some(at) = at else { return };
                data[at..at + 8].copy_from_slice(&value.to_le_bytes());
            };
            put(layout.amount, 7);
            put(layout.limit, 5);
            let side = if let Side::Byte { at, .. } = layout.side { at + 1 } else { 0 };
            let end = |at: Option<usize>| at.map_or(0, |at| at + 8);
            let least = [side, end(layout.amount), end(layout.limit), layout.tag.len()];
            let least = least.into_iter().max().unwrap();
            let swap = |data: &[u8], accounts| match read(layout.venue, data, accounts) {
                Decoded::One(swap) => Ok(swap),
                Decoded::Refused(why) => Err(why),
                other => panic!("{other:?}"),
            };
            for accounts in layout.accounts..40 {
                let swap = swap(&data[..least], accounts).unwrap();
                assert_eq!(swap.amount, layout.amount.map(|_| 7), "{layout:?}");
                assert_eq!((swap.limit, swap.exact), (layout.limit.map(|_| 5), layout.exact));
                let keys = [layout.pool, layout.owner].into_iter().zip([swap.pool, swap.owner]);
                for (place, key) in keys {
                    assert_eq!(matches!(place, Place::At(_)), key.is_some());
                }
                let known = !matches!(layout.side, Side::Open);
                let named = layout.users.iter().filter(|at| !matches!(at, Place::No)).count();
                let users = [swap.user_in, swap.user_out].into_iter().flatten().count();
                assert_eq!(users, if known { named } else { 0 });
            }
            for len in layout.tag.len()..least {
                assert_eq!(swap(&data[..len], 39), Err(IxFault::ShortData), "{layout:?}");
            }
            for accounts in 0..layout.accounts {
                assert_eq!(swap(&data, accounts), Err(IxFault::FewAccounts), "{layout:?}");
            }
            if let Side::Byte { at, a_in } = layout.side {
                for (byte, direction) in [(a_in, Direction::AToB), (1 - a_in, Direction::BToA)] {
                    data[at] = byte;
                    let swap = swap(&data, 39).unwrap();
                    assert_eq!(swap.direction, direction);
                    let Place::At(user) = layout.users[usize::from(byte != a_in)] else { panic!() };
                    assert_eq!(swap.user_in, Some(&[user; 32]));
                }
                data[at] = 2;
                assert_eq!(swap(&data, 39), Err(IxFault::Flag));
            }
        }
    }

    #[test]
    fn what_fits_no_layout_may_be_a_swap_when_it_has_the_accounts() {
        for accounts in 0..10 {
            let swap = match read(Venue::Quantum, &[1, 2, 3], accounts) {
                Decoded::One(swap) => Some(swap),
                Decoded::NotSwap => None,
                other => panic!("{other:?}"),
            };
            let bare = SwapIx::new(Venue::Quantum, Exact::In);
            assert_eq!(swap, (accounts >= 6).then_some(bare));
        }
    }
}
