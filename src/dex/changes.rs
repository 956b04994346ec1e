//! The instructions of an Anchor program that are no swaps, as a table.
//!
//! A line of the table says what the instruction does to a pool, where its accounts stand and how
//! its arguments lie behind the discriminator. One function reads them all; a program whose table
//! is complete lets an unknown discriminator show as such.

use super::instruction::{Decoded, Instruction, IxFault, LiquidityIx};
use crate::bytes::i32_at;
use crate::ids::Venue;
use crate::record::Action;

/// An instruction that is no swap.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change {
    /// Its name in the program, which its discriminator is the hash of.
    #[cfg_attr(not(test), expect(dead_code, reason = "the tests make the hash again from it"))]
    name: &'static str,
    hash: [u8; 8],
    /// What it does to a pool; `None` when it moves none.
    action: Option<Action>,
    /// How many accounts it names at least.
    accounts: usize,
    pool: Option<usize>,
    owner: Option<usize>,
    mints: Option<[usize; 2]>,
    args: Args,
}

/// How arguments lie in the data.
#[derive(Clone, Copy, Debug)]
enum Args {
    /// None that are read.
    None,
    /// Exact `a` u64@8, `b` u64@16.
    Exact,
    /// The most `a` u64@8, `b` u64@16.
    Limits,
    /// Pool tokens u64@8, limits of a u64@16 and b u64@24.
    PoolTokens,
    /// Liquidity u128@8, limits of a u64@24 and b u64@32.
    Liquidity,
    /// Ticks i32@8 and i32@12, (their arrays @16), liquidity u128@24, limits u64@40 and u64@48.
    Position,
    /// The new value, u8@8.
    Byte,
}

impl Change {
    /// An instruction that moves no pool.
    pub(super) const fn other(name: &'static str, hash: [u8; 8]) -> Self {
        Self {
            name,
            hash,
            action: None,
            accounts: 0,
            pool: None,
            owner: None,
            mints: None,
            args: Args::None,
        }
    }

    /// One that does `action`, of which accounts are not known.
    pub(super) const fn of(name: &'static str, hash: [u8; 8], action: Action) -> Self {
        Self { action: Some(action), ..Self::other(name, hash) }
    }

    /// It names `count` accounts or more: the pool is at `pool`, who signs at `owner`.
    pub(super) const fn accounts(self, count: usize, pool: usize, owner: usize) -> Self {
        Self { accounts: count, pool: Some(pool), owner: Some(owner), ..self }
    }

    /// The pool's mints stand at `a` and `b`.
    pub(super) const fn mints(self, a: usize, b: usize) -> Self {
        Self { mints: Some([a, b]), ..self }
    }

    /// Both amounts are arguments, exact.
    pub(super) const fn exact(self) -> Self {
        Self { args: Args::Exact, ..self }
    }

    /// The most of both amounts are arguments.
    pub(super) const fn limits(self) -> Self {
        Self { args: Args::Limits, ..self }
    }

    /// Pool tokens with a limit on both amounts.
    pub(super) const fn pool_tokens(self) -> Self {
        Self { args: Args::PoolTokens, ..self }
    }

    /// Liquidity with a limit on both amounts.
    pub(super) const fn liquidity(self) -> Self {
        Self { args: Args::Liquidity, ..self }
    }

    /// A new position: ticks, liquidity and limits.
    pub(super) const fn position(self) -> Self {
        Self { args: Args::Position, ..self }
    }

    /// One byte, the new value of what is changed.
    pub(super) const fn byte(self) -> Self {
        Self { args: Args::Byte, ..self }
    }

    fn read<'a>(&self, venue: Venue, ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
        let Some(action) = self.action else { return Ok(Decoded::NotSwap) };
        let mut change = LiquidityIx::new(venue, action);
        match self.args {
            Args::None => {}
            Args::Exact => {
                (change.amount_a, change.amount_b) = (Some(ix.u64(8)?), Some(ix.u64(16)?));
            }
            Args::Limits => {
                (change.limit_a, change.limit_b) = (Some(ix.u64(8)?), Some(ix.u64(16)?));
            }
            Args::PoolTokens => {
                change.liquidity = Some(ix.u64(8)?.into());
                (change.limit_a, change.limit_b) = (Some(ix.u64(16)?), Some(ix.u64(24)?));
            }
            Args::Liquidity => {
                change.liquidity = Some(ix.u128(8)?);
                (change.limit_a, change.limit_b) = (Some(ix.u64(24)?), Some(ix.u64(32)?));
            }
            Args::Position => {
                let tick = |at| i32_at(ix.data, at).ok_or(IxFault::ShortData);
                change.ticks = Some((tick(8)?, tick(12)?));
                change.liquidity = Some(ix.u128(24)?);
                (change.limit_a, change.limit_b) = (Some(ix.u64(40)?), Some(ix.u64(48)?));
            }
            Args::Byte => {
                let byte = ix.data.get(8).ok_or(IxFault::ShortData)?;
                change.value = Some((*byte).into());
            }
        }
        ix.at_least(self.accounts)?;
        let key = |at: Option<usize>| at.and_then(|at| ix.account(at));
        (change.pool, change.owner) = (key(self.pool), key(self.owner));
        if let Some([a, b]) = self.mints {
            (change.mint_a, change.mint_b) = (ix.account(a), ix.account(b));
        }
        Ok(Decoded::Liquidity(change))
    }
}

/// What `ix`, whose discriminator is `hash`, is according to `table`.
pub(super) fn decode<'a>(
    table: &[Change],
    venue: Venue,
    hash: [u8; 8],
    ix: &Instruction<'a>,
) -> Result<Decoded<'a>, IxFault> {
    let change = table.iter().find(|change| change.hash == hash).ok_or(IxFault::Unknown)?;
    change.read(venue, ix)
}

#[cfg(test)]
#[allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "test fixtures: a panic is a failed test"
)]
pub(super) mod tests {
    use super::super::instruction::tests::anchor_hash;
    use super::*;
    use crate::ids::Key;

    impl Change {
        /// How many bytes of data it needs, the discriminator included.
        fn data_len(&self) -> usize {
            match (self.action, self.args) {
                (None, _) | (_, Args::None) => 8,
                (_, Args::Exact | Args::Limits) => 24,
                (_, Args::PoolTokens) => 32,
                (_, Args::Liquidity) => 40,
                (_, Args::Position) => 56,
                (_, Args::Byte) => 9,
            }
        }
    }

    /// Every line's hash is that of its name, no two are alike, accounts lie within the count, and
    /// each line refuses every shorter length and count; to be called for every table.
    pub(in super::super) fn check(table: &[Change], venue: Venue, program: &Key) {
        let keys: Vec<Key> = (0..64).map(|n| [n; 32]).collect();
        let indices: Vec<u8> = (0..64).collect();
        for (at, line) in table.iter().enumerate() {
            let name = line.name;
            assert_eq!(line.hash, anchor_hash("global", name), "{name}");
            assert!(table[..at].iter().all(|before| before.hash != line.hash), "{name}");
            let places =
                [line.pool, line.owner, line.mints.map(|m| m[0]), line.mints.map(|m| m[1])];
            assert!(places.iter().flatten().all(|place| *place < line.accounts), "{name}");
            let data: Vec<u8> = line.hash.iter().copied().chain(1..=64).collect();
            let read = |len: usize, count: usize| {
                let (data, indices) = (&data[..len], &indices[..count]);
                let ix = Instruction { program, data, indices, keys: &keys, loaded: &[] };
                decode(table, venue, line.hash, &ix)
            };
            let len = line.data_len();
            let full = read(len, line.accounts).unwrap();
            let Decoded::Liquidity(change) = full else {
                assert!(line.action.is_none() && matches!(full, Decoded::NotSwap), "{name}");
                continue;
            };
            assert_eq!((Some(change.action), change.venue), (line.action, venue), "{name}");
            let place = |key: Option<&Key>| key.map(|key| usize::from(key[0]));
            assert_eq!(
                (place(change.pool), place(change.owner)),
                (line.pool, line.owner),
                "{name}"
            );
            for short in 8..len {
                assert_eq!(read(short, line.accounts).unwrap_err(), IxFault::ShortData, "{name}");
            }
            for few in 0..line.accounts {
                assert_eq!(read(len, few).unwrap_err(), IxFault::FewAccounts, "{name}");
            }
            let Ok(Decoded::Liquidity(longer)) = read(72, 64) else { panic!("{name}") };
            assert_eq!(longer, change, "{name}: what follows is ignored");
        }
    }

    #[test]
    fn arguments_come_from_their_places() {
        const TABLE: [Change; 2] = [
            Change::of(
                "open_position",
                [0x87, 0x80, 0x2f, 0x4d, 0x0f, 0x98, 0xf0, 0x31],
                Action::Add,
            )
            .accounts(3, 2, 1)
            .mints(0, 1)
            .position(),
            Change::of(
                "withdraw",
                [0xb7, 0x12, 0x46, 0x9c, 0x94, 0x6d, 0xa1, 0x22],
                Action::Remove,
            )
            .pool_tokens(),
        ];
        let keys = [[1; 32], [2; 32], [3; 32]];
        let mut data = TABLE[0].hash.to_vec();
        for tick in [-7i32, 9, -60, 0] {
            data.extend(tick.to_le_bytes());
        }
        data.extend(5u128.to_le_bytes());
        data.extend(6u64.to_le_bytes());
        data.extend(7u64.to_le_bytes());
        let read = |data: &[u8], hash| {
            let ix = Instruction {
                program: &[9; 32],
                data,
                indices: &[0, 1, 2],
                keys: &keys,
                loaded: &[],
            };
            match decode(&TABLE, Venue::RaydiumClmm, hash, &ix) {
                Ok(Decoded::Liquidity(change)) => (
                    change.ticks,
                    change.liquidity,
                    change.limit_a,
                    change.limit_b,
                    change.pool.copied(),
                    change.mint_b.copied(),
                ),
                other => panic!("{other:?}"),
            }
        };
        let (pool, mint_b) = (Some([3; 32]), Some([2; 32]));
        let opened = (Some((-7, 9)), Some(5), Some(6), Some(7), pool, mint_b);
        assert_eq!(read(&data, TABLE[0].hash), opened);
        let mut data = TABLE[1].hash.to_vec();
        for word in [5u64, 6, 7] {
            data.extend(word.to_le_bytes());
        }
        assert_eq!(read(&data, TABLE[1].hash), (None, Some(5), Some(6), Some(7), None, None));
        let ix =
            Instruction { program: &[9; 32], data: &data, indices: &[], keys: &keys, loaded: &[] };
        let unknown = decode(&TABLE, Venue::RaydiumClmm, [0; 8], &ix);
        assert_eq!(unknown.unwrap_err(), IxFault::Unknown);
    }
}
