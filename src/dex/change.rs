//! Instructions that change a pool and are no swap, as rows of a venue's table.
//!
//! ```text
//! ("remove_liquidity", hash, change(Remove, 15).pool(1).owner(10).mints(6, 7).args(f))
//!                            what it does, the accounts it has at least, which account is what
//! ```
//!
//! A venue keeps one table of such rows and one of the names of all else that its program knows: an
//! instruction in neither is unknown, so that a change of the program shows.

use super::instruction::{Decoded, Instruction, IxFault, LiquidityIx};
use crate::ids::Venue;
use crate::record::Action;

/// The first 8 bytes of the hash that stands for a name.
pub(super) type Hash = [u8; 8];

/// A name and its hash.
pub(super) type Name = (&'static str, Hash);

/// A name, its hash and what it changes.
pub(super) type Row = (&'static str, Hash, Change);

/// Reads the arguments of an instruction into what it asks for.
pub(super) type Args = for<'a> fn(&Instruction<'a>, &mut LiquidityIx<'a>) -> Result<(), IxFault>;

/// Where an instruction has what its change is told by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change {
    action: Action,
    accounts_min: u8,
    pool: Option<u8>,
    owner: Option<u8>,
    mints: Option<(u8, u8)>,
    args: Option<Args>,
}

/// A change by an instruction of at least `accounts_min` accounts.
pub(super) const fn change(action: Action, accounts_min: u8) -> Change {
    Change { action, accounts_min, pool: None, owner: None, mints: None, args: None }
}

impl Change {
    /// The pool is account `at`.
    pub(super) const fn pool(self, at: u8) -> Self {
        Self { pool: Some(at), ..self }
    }

    /// Account `at` signs for the change.
    pub(super) const fn owner(self, at: u8) -> Self {
        Self { owner: Some(at), ..self }
    }

    /// Tokens a and b are accounts `a` and `b`.
    pub(super) const fn mints(self, a: u8, b: u8) -> Self {
        Self { mints: Some((a, b)), ..self }
    }

    /// `args` reads the arguments.
    pub(super) const fn args(self, args: Args) -> Self {
        Self { args: Some(args), ..self }
    }

    #[inline]
    fn read<'a>(&self, venue: Venue, ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
        let account = |at: Option<u8>| at.and_then(|at| ix.account(at.into()));
        // Filled in where it is returned: it is as long as three cache lines.
        let mut decoded = Ok(Decoded::Liquidity(LiquidityIx::new(venue, self.action)));
        if let Ok(Decoded::Liquidity(change)) = &mut decoded {
            if let Some(args) = self.args {
                args(ix, change)?;
            }
            ix.at_least(self.accounts_min.into())?;
            (change.pool, change.owner) = (account(self.pool), account(self.owner));
            let (mint_a, mint_b) = self.mints.unzip();
            (change.mint_a, change.mint_b) = (account(mint_a), account(mint_b));
        }
        decoded
    }
}

/// What `ix`, no swap, is: a row of `changes`, or one of `others`.
pub(super) fn decode<'a>(
    venue: Venue,
    ix: &Instruction<'a>,
    changes: &[Row],
    others: &[Name],
) -> Result<Decoded<'a>, IxFault> {
    let hash = ix.discriminator().ok_or(IxFault::ShortData)?;
    if let Some((_, _, change)) = changes.iter().find(|(_, known, _)| *known == hash) {
        return change.read(venue, ix);
    }
    if others.iter().any(|(_, known)| *known == hash) {
        return Ok(Decoded::NotSwap);
    }
    Err(IxFault::Unknown)
}

/// Arguments: exact amounts of a and b, u64@8 and u64@16.
pub(super) fn amounts<'a>(ix: &Instruction<'a>, to: &mut LiquidityIx<'a>) -> Result<(), IxFault> {
    (to.amount_a, to.amount_b) = (Some(ix.u64(8)?), Some(ix.u64(16)?));
    Ok(())
}

/// Arguments: limits of a and b, u64@8 and u64@16.
pub(super) fn limits<'a>(ix: &Instruction<'a>, to: &mut LiquidityIx<'a>) -> Result<(), IxFault> {
    (to.limit_a, to.limit_b) = (Some(ix.u64(8)?), Some(ix.u64(16)?));
    Ok(())
}

/// Arguments: liquidity in pool tokens u64@8, then limits of a and b u64@16 and u64@24.
pub(super) fn pool_tokens<'a>(
    ix: &Instruction<'a>,
    to: &mut LiquidityIx<'a>,
) -> Result<(), IxFault> {
    to.liquidity = Some(ix.u64(8)?.into());
    (to.limit_a, to.limit_b) = (Some(ix.u64(16)?), Some(ix.u64(24)?));
    Ok(())
}

/// Arguments: liquidity u128@8, then limits of a and b u64@24 and u64@32.
pub(super) fn liquidity<'a>(ix: &Instruction<'a>, to: &mut LiquidityIx<'a>) -> Result<(), IxFault> {
    to.liquidity = Some(ix.u128(8)?);
    (to.limit_a, to.limit_b) = (Some(ix.u64(24)?), Some(ix.u64(32)?));
    Ok(())
}

/// Arguments: the value that is set, or the amount of a token which the instruction does not name as
/// a or b, u64@8.
pub(super) fn value<'a>(ix: &Instruction<'a>, to: &mut LiquidityIx<'a>) -> Result<(), IxFault> {
    to.value = Some(ix.u64(8)?);
    Ok(())
}

/// Arguments: the value that is set, u8@8.
pub(super) fn small<'a>(ix: &Instruction<'a>, to: &mut LiquidityIx<'a>) -> Result<(), IxFault> {
    to.value = Some((*ix.data.get(8).ok_or(IxFault::ShortData)?).into());
    Ok(())
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
pub(super) mod tests {
    use super::super::decode;
    use super::super::instruction::SwapIx;
    use super::super::instruction::tests::anchor_hash;
    use super::*;
    use crate::ids::Key;
    use crate::record::Exact;

    /// Holds a venue's tables to the hashes of their names, each there once.
    pub(in super::super) fn hold_names(changes: &[Row], others: &[Name], swaps: &[Name]) {
        let all = changes.iter().map(|(name, hash, _)| (*name, *hash));
        let mut hashes: Vec<Hash> = all
            .chain(others.iter().copied())
            .chain(swaps.iter().copied())
            .map(|(name, hash)| {
                assert_eq!(hash, anchor_hash("global", name), "{name}");
                hash
            })
            .collect();
        let count = hashes.len();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), count, "an instruction has two rows");
    }

    /// Holds a table of events or accounts to the hashes of its names.
    pub(in super::super) fn hold_hashes(space: &str, names: &[Name]) {
        for (name, hash) in names {
            assert_eq!(*hash, anchor_hash(space, name), "{space}:{name}");
        }
    }

    /// Keys `[0; 32]` to `[59; 32]`.
    pub(in super::super) fn numbered_keys() -> Vec<Key> {
        (0..60).map(|n| [n; 32]).collect()
    }

    /// Decodes `data` for `venue`, whose account number `n` is the key `[n; 32]`.
    pub(in super::super) fn read_numbered(
        venue: Venue,
        data: &[u8],
        accounts: u8,
        then: impl FnOnce(&Instruction<'_>, Decoded<'_>),
    ) {
        let (keys, indices) = (numbered_keys(), (0..accounts).collect::<Vec<_>>());
        let program = &venue.programs()[0];
        let ix = Instruction { program, data, indices: &indices, keys: &keys, loaded: &[] };
        then(&ix, decode(&ix).unwrap());
    }

    /// The numbers of the accounts that [`read_numbered`] gave.
    pub(in super::super) fn numbers<const N: usize>(keys: [Option<&Key>; N]) -> [u8; N] {
        keys.map(|key| key.unwrap()[0])
    }

    /// Holds `data`, a swap of exactly 7 (`exact`) with the limit 9, to be read where it is whole and
    /// longer, and refused by name where it is shorter or names fewer accounts than `least`.
    pub(in super::super) fn swap_is_read_at_every_length(
        venue: Venue,
        data: &[u8],
        exact: Exact,
        least: u8,
        check: impl Fn(&SwapIx<'_>),
    ) {
        let read = |data: &[u8], accounts: u8| {
            let mut fault = None;
            read_numbered(venue, data, accounts, |_, decoded| match decoded {
                Decoded::One(swap) => {
                    assert_eq!((swap.exact, swap.amount, swap.limit), (exact, Some(7), Some(9)));
                    check(&swap);
                }
                Decoded::Refused(why) => fault = Some(why),
                other => panic!("{other:?}"),
            });
            fault
        };
        assert_eq!(read(data, least), None);
        assert_eq!(read(&[data, &[3; 9]].concat(), least.saturating_add(20)), None);
        for len in 0..data.len() {
            assert_eq!(read(&data[..len], least), Some(IxFault::ShortData), "{len}");
        }
        assert!((0..least).all(|count| read(data, count) == Some(IxFault::FewAccounts)));
    }

    /// Holds every row to its pool and owner, and refuses it by name with fewer accounts or less
    /// data than it has.
    pub(in super::super) fn hold_rows(venue: Venue, changes: &[Row]) {
        for (name, hash, change) in changes {
            let data = [&hash[..], &[0; 400]].concat();
            let full = change.accounts_min;
            let number = |key: Option<&Key>| key.map(|key| key[0]);
            read_numbered(venue, &data, full, |_, decoded| match decoded {
                Decoded::Liquidity(ix) => {
                    assert_eq!((ix.venue, ix.action), (venue, change.action), "{name}");
                    assert_eq!(number(ix.pool), change.pool, "{name}");
                    assert_eq!(number(ix.owner), change.owner, "{name}");
                    assert_eq!(number(ix.mint_a).zip(number(ix.mint_b)), change.mints, "{name}");
                }
                other => panic!("{name}: {other:?}"),
            });
            for fewer in 0..full {
                read_numbered(venue, &data, fewer, |_, decoded| {
                    assert!(matches!(decoded, Decoded::Refused(IxFault::FewAccounts)), "{name}");
                });
            }
            let mut whole = false;
            for len in 8..100 {
                read_numbered(venue, &data[..len], full, |_, decoded| match decoded {
                    Decoded::Refused(IxFault::ShortData) => assert!(!whole, "{name} at {len}"),
                    Decoded::Liquidity(_) => whole = true,
                    other => panic!("{name} at {len}: {other:?}"),
                });
            }
            assert!(whole, "{name}");
        }
    }

    #[test]
    fn arguments_come_from_their_places() {
        let data: Vec<u8> = [0u64, 1, 2, 3, 4].iter().flat_map(|n| n.to_le_bytes()).collect();
        let program = &[9; 32];
        let ix = Instruction { program, data: &data, indices: &[], keys: &[], loaded: &[] };
        let read = |args: Args| {
            let mut to = LiquidityIx::new(Venue::RaydiumCpmm, Action::Add);
            args(&ix, &mut to).unwrap();
            (to.liquidity, to.amount_a.zip(to.amount_b), to.limit_a.zip(to.limit_b), to.value)
        };
        assert_eq!(read(amounts), (None, Some((1, 2)), None, None));
        assert_eq!(read(limits), (None, None, Some((1, 2)), None));
        assert_eq!(read(pool_tokens), (Some(1), None, Some((2, 3)), None));
        assert_eq!(read(liquidity), (Some((2 << 64) + 1), None, Some((3, 4)), None));
        assert_eq!(read(value), (None, None, None, Some(1)));
        assert_eq!(read(small), (None, None, None, Some(1)));
    }
}
