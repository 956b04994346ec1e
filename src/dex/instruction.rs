//! One instruction of a transaction, and what a venue's decoder makes of it.
//!
//! A decoder is asked only after the program id matched: discriminators of different programs
//! collide. Data may be longer than the layout (programs ignore what follows), never shorter.

use super::event::SELF_CALL;
use crate::bytes::{u8_at, u64_at, u128_at};
use crate::ids::{Key, Venue};
use crate::record::{Action, Direction, Exact};

/// An instruction as a message carries it: accounts are positions in the message's key list.
#[derive(Clone, Copy, Debug)]
pub struct Instruction<'a> {
    /// The program that is called.
    pub program: &'a Key,
    /// The data passed to it.
    pub data: &'a [u8],
    /// For each account of the instruction, its index in `keys`, then `loaded`.
    pub indices: &'a [u8],
    /// The keys that the message itself lists.
    pub keys: &'a [Key],
    /// The keys that lookup tables add, writable ones first, each as far as it is known; empty when
    /// none is.
    pub loaded: &'a [Option<Key>],
}

impl<'a> Instruction<'a> {
    /// Whether it is an event that a program sends to itself: it asks for nothing.
    #[inline]
    pub fn is_event(&self) -> bool {
        self.data.starts_with(&SELF_CALL)
    }

    /// How many accounts the instruction names.
    #[inline]
    pub fn account_count(&self) -> usize {
        self.indices.len()
    }

    /// The account at `position`; `None` past the end and for a key that only a lookup table knows.
    #[inline]
    pub fn account(&self, position: usize) -> Option<&'a Key> {
        self.key(*self.indices.get(position)?)
    }

    /// The key of index `index` in `keys`, then `loaded`.
    #[inline]
    pub fn key(&self, index: u8) -> Option<&'a Key> {
        let index = usize::from(index);
        match index.checked_sub(self.keys.len()) {
            None => self.keys.get(index),
            Some(past) => self.loaded.get(past)?.as_ref(),
        }
    }

    /// The first 8 bytes of the data: an Anchor discriminator.
    #[inline]
    pub(super) fn discriminator(&self) -> Option<[u8; 8]> {
        self.data.first_chunk().copied()
    }

    /// Refuses an instruction of fewer than `count` accounts.
    #[inline]
    pub(super) fn at_least(&self, count: usize) -> Result<(), IxFault> {
        if self.indices.len() < count { Err(IxFault::FewAccounts) } else { Ok(()) }
    }

    /// Little-endian `u64` of the data.
    #[inline]
    pub(super) fn u64(&self, at: usize) -> Result<u64, IxFault> {
        u64_at(self.data, at).ok_or(IxFault::ShortData)
    }

    /// Little-endian `u128` of the data.
    #[inline]
    pub(super) fn u128(&self, at: usize) -> Result<u128, IxFault> {
        u128_at(self.data, at).ok_or(IxFault::ShortData)
    }

    /// A Borsh boolean of the data: 0 or 1, as the program itself insists.
    #[inline]
    pub(super) fn flag(&self, at: usize) -> Result<bool, IxFault> {
        match u8_at(self.data, at).ok_or(IxFault::ShortData)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(IxFault::Flag),
        }
    }
}

/// A swap as an instruction asks for it. A key that only a lookup table knows is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SwapIx<'a> {
    /// Where.
    pub venue: Venue,
    /// Which side is exact.
    pub exact: Exact,
    /// The exact amount, raw units; `None` for the inner leg of a two-hop swap.
    pub amount: Option<u64>,
    /// The least that must come out (`exact` in) or the most that may go in (`exact` out).
    pub limit: Option<u64>,
    /// Explicit limit of the square-root price, Q64.64.
    pub sqrt_limit: Option<u128>,
    /// Which token goes in, when the instruction says so.
    pub direction: Direction,
    /// The pool's account.
    pub pool: Option<&'a Key>,
    /// Who signs for the swap.
    pub owner: Option<&'a Key>,
    /// Token account that pays.
    pub user_in: Option<&'a Key>,
    /// Token account that receives.
    pub user_out: Option<&'a Key>,
    /// Token that goes in.
    pub mint_in: Option<&'a Key>,
    /// Token that comes out.
    pub mint_out: Option<&'a Key>,
    /// The pool's token a, when the instruction names it without a direction.
    pub mint_a: Option<&'a Key>,
    /// The pool's token b, likewise.
    pub mint_b: Option<&'a Key>,
    /// The pool's token account of token a.
    pub vault_a: Option<&'a Key>,
    /// The pool's token account of token b.
    pub vault_b: Option<&'a Key>,
}

impl SwapIx<'_> {
    /// A swap of which nothing is known, in the place of an aggregator's whole.
    #[cfg(test)]
    pub(crate) fn whole() -> Self {
        Self::new(Venue::JupiterV6, Exact::In)
    }

    /// A swap on `venue` of which only the exact side is known.
    #[inline]
    pub(crate) fn new(venue: Venue, exact: Exact) -> Self {
        Self {
            venue,
            exact,
            amount: None,
            limit: None,
            sqrt_limit: None,
            direction: Direction::Unknown,
            pool: None,
            owner: None,
            user_in: None,
            user_out: None,
            mint_in: None,
            mint_out: None,
            mint_a: None,
            mint_b: None,
            vault_a: None,
            vault_b: None,
        }
    }
}

/// What an instruction of a known program is.
#[derive(Clone, Copy, Debug)]
pub enum Decoded<'a> {
    /// Another instruction of the program: it moves no pool.
    NotSwap,
    /// One swap.
    One(SwapIx<'a>),
    /// Several swaps in a row: the output of each goes into the next.
    Hops(Hops),
    /// An aggregator's whole: `pool` and vaults are absent, and the amounts are those of the route.
    Route(SwapIx<'a>),
    /// A change of a pool that is no swap.
    Liquidity(LiquidityIx<'a>),
    /// Not decodable.
    Refused(IxFault),
}

/// The swaps of one instruction, in the order in which they execute.
#[derive(Clone, Copy, Debug)]
pub struct Hops {
    /// A bit for each hop of the instruction, lowest first: whether it is a swap of the venue's own.
    own: u64,
    hop: Hop,
}

/// Gives the swap that hop number `n` of an instruction is.
pub(super) type Hop = for<'a> fn(&Instruction<'a>, u8) -> Option<SwapIx<'a>>;

impl Hops {
    /// The hops of an instruction of which `own` has a bit, lowest first.
    pub(super) fn of(own: u64, hop: Hop) -> Self {
        Self { own, hop }
    }

    /// The first `count` hops of an instruction, at most 64.
    pub(super) fn first(count: u8, hop: Hop) -> Self {
        Self { own: u64::MAX.checked_shr(64u32.saturating_sub(count.into())).unwrap_or(0), hop }
    }

    /// How many there are.
    #[inline]
    pub fn count(&self) -> u8 {
        self.own.count_ones().to_le_bytes()[0]
    }

    /// Swap number `n` of `ix`, which this was decoded from.
    #[inline]
    pub fn swap<'a>(&self, ix: &Instruction<'a>, n: u8) -> Option<SwapIx<'a>> {
        let mut own = (0..64u8).filter(|hop| self.own >> hop & 1 == 1);
        (self.hop)(ix, own.nth(n.into())?)
    }
}

impl<'a> Decoded<'a> {
    /// How many swaps there are, routes left aside.
    #[inline]
    pub fn swap_count(&self) -> u8 {
        match self {
            Self::One(_) => 1,
            Self::Hops(hops) => hops.count(),
            _ => 0,
        }
    }

    /// Swap number `n` of `ix`, which this was decoded from, in the order in which they execute.
    #[inline]
    pub fn swap(&self, ix: &Instruction<'a>, n: u8) -> Option<SwapIx<'a>> {
        match self {
            Self::One(swap) if n == 0 => Some(*swap),
            Self::Hops(hops) => hops.swap(ix, n),
            _ => None,
        }
    }
}

/// A change of a pool that is no swap, as an instruction asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiquidityIx<'a> {
    /// Where.
    pub venue: Venue,
    /// What is done.
    pub action: Action,
    /// The pool's account.
    pub pool: Option<&'a Key>,
    /// Who signs for it.
    pub owner: Option<&'a Key>,
    /// Token a, or the base token.
    pub mint_a: Option<&'a Key>,
    /// Token b, or the quote token.
    pub mint_b: Option<&'a Key>,
    /// Exact raw units of a.
    pub amount_a: Option<u64>,
    /// Exact raw units of b.
    pub amount_b: Option<u64>,
    /// The most of a that may go in, or the least that must come out.
    pub limit_a: Option<u64>,
    /// The most of b that may go in, or the least that must come out.
    pub limit_b: Option<u64>,
    /// Liquidity or pool tokens, in the venue's unit.
    pub liquidity: Option<u128>,
    /// The new value of what is changed, in the venue's unit.
    pub value: Option<u64>,
    /// Lowest and highest tick or bin.
    pub ticks: Option<(i32, i32)>,
}

impl LiquidityIx<'_> {
    /// A change of which nothing else is known.
    #[inline]
    pub(super) fn new(venue: Venue, action: Action) -> Self {
        Self {
            venue,
            action,
            pool: None,
            owner: None,
            mint_a: None,
            mint_b: None,
            amount_a: None,
            amount_b: None,
            limit_a: None,
            limit_b: None,
            liquidity: None,
            value: None,
            ticks: None,
        }
    }
}

/// Why an instruction of a known program could not be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum IxFault {
    /// The tag or discriminator is none of the program's known ones.
    Unknown = 0,
    /// The data ends before its fields do.
    ShortData = 1,
    /// It names fewer accounts than its layout has.
    FewAccounts = 2,
    /// It names a number of accounts that the program refuses.
    AccountCount = 3,
    /// A boolean is neither 0 nor 1.
    Flag = 4,
}

impl IxFault {
    /// Names by number.
    pub const NAMES: &'static [&'static str] =
        &["unknown_instruction", "short_data", "few_accounts", "account_count", "bad_flag"];

    /// The name counters show.
    pub fn name(self) -> &'static str {
        Self::NAMES.get(self as usize).copied().unwrap_or("?")
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// What Anchor writes for `name`: the first 8 bytes of `sha256("<space>:<name>")`.
    pub(in super::super) fn anchor_hash(space: &str, name: &str) -> [u8; 8] {
        use sha2::Digest;
        let hash = sha2::Sha256::digest(format!("{space}:{name}"));
        *hash.first_chunk().unwrap()
    }

    #[test]
    fn accounts_resolve_through_static_then_loaded_keys() {
        let keys = [[1; 32], [2; 32]];
        let loaded = [Some([3; 32]), None];
        let mut ix = Instruction {
            program: &keys[0],
            data: &[],
            indices: &[1, 0, 2, 3],
            keys: &keys,
            loaded: &loaded,
        };
        let at = |ix: &Instruction<'_>, n| ix.account(n).map(|k| k[0]);
        assert_eq!([0, 1, 2, 3, 4].map(|n| at(&ix, n)), [Some(2), Some(1), Some(3), None, None]);
        ix.loaded = &[];
        assert_eq!(at(&ix, 2), None);
        assert_eq!(ix.account_count(), 4);
        assert_eq!(ix.discriminator(), None);
    }

    #[test]
    fn every_fault_has_a_name() {
        assert_eq!(IxFault::NAMES.len(), IxFault::Flag as usize + 1);
        assert_eq!(IxFault::Flag.name(), "bad_flag");
    }
}
