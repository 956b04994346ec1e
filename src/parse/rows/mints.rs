//! Which tokens a swap moves, and which way, when its instruction does not say.
//!
//! Asked in this order: the instruction; what was moved, if that is known (events and transfers
//! name tokens, balances name the token of an account); the pool, if the accounts brought it or the
//! instruction names both its tokens. For the direction in a known pool the user's accounts decide:
//! by token instructions of the same transaction, else as associated token accounts of the owner.

use super::call::Call;
use super::derived::Derived;
use super::executed::Executed;
use super::fill::Fill;
use crate::dex::{Instruction, SwapIx};
use crate::ids::{ASSOCIATED_TOKEN, Key, TOKEN, TOKEN_2022};
use crate::parse::tally::{Note, Tally};
use crate::record::{Direction, Pool, Role};
use crate::wire::txn::Transaction;
use std::collections::HashMap;

/// The tokens of the pools that the accounts brought.
#[derive(Debug, Default)]
pub(super) struct Mints {
    pools: HashMap<Key, Pair>,
    derived: Derived,
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
    pub(super) mint_in: Option<Key>,
    pub(super) mint_out: Option<Key>,
}

impl Known {
    /// Counts what is not known of `swap`.
    #[inline]
    pub(super) fn count(&self, swap: &SwapIx<'_>, role: Role, tally: &mut Tally) {
        if role == Role::Route {
            return;
        }
        if swap.pool.is_none() {
            tally.note(Note::KeyInLookupTable);
        }
        if self.direction == Direction::Unknown {
            tally.note(Note::DirectionUnknown);
        }
        if self.mint_in.is_none() || self.mint_out.is_none() {
            tally.note(Note::MintUnknown);
        }
    }
}

/// The transaction around a swap.
pub(super) enum Scope<'a> {
    /// Its bytes, and nothing else.
    Wire {
        /// The transaction.
        tx: &'a Transaction<'a>,
        /// Keys that its lookup tables add, as far as they are known.
        loaded: &'a [Option<Key>],
    },
    /// Its calls and their outcome.
    Run {
        /// All calls, in order.
        calls: &'a [Call<'a>],
        /// What the chain says.
        executed: &'a Executed,
    },
}

impl Scope<'_> {
    /// Whether `key` is among the transaction's accounts, or may be because not all are known.
    fn may_name(&self, key: &Key) -> bool {
        let (keys, loaded, count) = match self {
            Self::Wire { tx, loaded } => (tx.keys(), *loaded, tx.account_count()),
            Self::Run { calls, .. } => match calls.first() {
                Some(call) => (call.ix.keys, call.ix.loaded, 0),
                None => return true,
            },
        };
        keys.contains(key)
            || loaded.iter().any(|known| known.is_none_or(|known| known == *key))
            || keys.len() + loaded.len() < count
    }

    /// The token of token account `account`: from a balance, else from an instruction that names
    /// both.
    fn mint_of(&self, account: &Key) -> Option<Key> {
        match self {
            Self::Wire { tx, loaded } => tx.instructions().find_map(|ix| {
                let program = tx.account_key(ix.program_index)?;
                let (data, indices, keys) = (ix.data, ix.accounts, tx.keys());
                named_mint(&Instruction { program, data, indices, keys, loaded }, account)
            }),
            Self::Run { calls, executed } => {
                let ix = &calls.first()?.ix;
                let known = executed
                    .tokens
                    .iter()
                    .find(|token| ix.key(token.account).is_some_and(|key| key == account));
                known
                    .map(|token| token.mint)
                    .or_else(|| calls.iter().find_map(|call| named_mint(&call.ix, account)))
            }
        }
    }
}

impl Mints {
    /// Learns a pool's tokens.
    pub(super) fn learn(&mut self, pool: &Pool) {
        self.pools.insert(pool.pool, Pair { mint_a: pool.mint_a, mint_b: pool.mint_b });
    }

    /// What is known of `swap`, and of what it moved.
    pub(super) fn of(
        &self,
        scope: &Scope<'_>,
        swap: &SwapIx<'_>,
        fill: Option<&Fill<'_>>,
    ) -> Known {
        let pool = swap.pool.or(fill.and_then(|fill| fill.pool));
        let named = swap.mint_a.zip(swap.mint_b);
        let named = named.map(|(mint_a, mint_b)| Pair { mint_a: *mint_a, mint_b: *mint_b });
        let pair = named.or_else(|| self.pools.get(pool?).copied());
        let told = match (swap.direction, fill) {
            (Direction::Unknown, Some(fill)) => fill.direction,
            (direction, _) => direction,
        };
        let mut known = Known {
            direction: told,
            mint_in: swap.mint_in.or(fill.and_then(|fill| fill.mint_in)).copied(),
            mint_out: swap.mint_out.or(fill.and_then(|fill| fill.mint_out)).copied(),
        };
        known.by_pair(pair.as_ref());
        if known.is_whole() {
            return known;
        }
        known.by_accounts(scope, swap, fill);
        known.by_vaults(swap, fill);
        known.by_pair(pair.as_ref());
        if known.direction == Direction::Unknown
            && let Some(pair) = pair
        {
            known.direction = {
                let mints = [&pair.mint_a, &pair.mint_b];
                self.derived.direction(swap, mints, |key| scope.may_name(key))
            };
            known.by_pair(Some(&pair));
        }
        known
    }
}

impl Known {
    /// Drops the one token that is known: what is asked for is judged by both.
    pub(super) fn both_or_none(&mut self) {
        if self.mint_in.is_none() || self.mint_out.is_none() {
            (self.mint_in, self.mint_out) = (None, None);
        }
    }

    fn is_whole(&self) -> bool {
        self.direction != Direction::Unknown && self.mint_in.is_some() && self.mint_out.is_some()
    }

    /// What the pool's tokens add: direction from a token, tokens from a direction.
    fn by_pair(&mut self, pair: Option<&Pair>) {
        let Some(pair) = pair else { return };
        if self.direction == Direction::Unknown {
            self.direction = match (self.mint_in, self.mint_out) {
                (Some(mint_in), _) if mint_in == pair.mint_a => Direction::AToB,
                (Some(mint_in), _) if mint_in == pair.mint_b => Direction::BToA,
                (None, Some(mint_out)) if mint_out == pair.mint_a => Direction::BToA,
                (None, Some(mint_out)) if mint_out == pair.mint_b => Direction::AToB,
                _ => Direction::Unknown,
            };
        }
        let (mint_in, mint_out) = match self.direction {
            Direction::AToB => (pair.mint_a, pair.mint_b),
            Direction::BToA => (pair.mint_b, pair.mint_a),
            Direction::Unknown => return,
        };
        self.mint_in = self.mint_in.or(Some(mint_in));
        self.mint_out = self.mint_out.or(Some(mint_out));
    }

    /// The tokens of the accounts that gave and received: the user's, else the pool's.
    fn by_accounts(&mut self, scope: &Scope<'_>, swap: &SwapIx<'_>, fill: Option<&Fill<'_>>) {
        let sides = [
            (&mut self.mint_in, swap.user_in, fill.map(|f| (f.user_in, f.vault_in))),
            (&mut self.mint_out, swap.user_out, fill.map(|f| (f.user_out, f.vault_out))),
        ];
        for (mint, user, moved) in sides {
            let (user_moved, vault_moved) = moved.unwrap_or_default();
            let accounts = [user, user_moved, vault_moved];
            if mint.is_none() {
                *mint = accounts.into_iter().flatten().find_map(|account| scope.mint_of(account));
            }
        }
    }

    /// The direction, from which of the pool's accounts took.
    fn by_vaults(&mut self, swap: &SwapIx<'_>, fill: Option<&Fill<'_>>) {
        let Some(fill) = fill.filter(|_| self.direction == Direction::Unknown) else { return };
        let is = |vault: Option<&Key>, moved: Option<&Key>| vault.is_some() && vault == moved;
        if is(swap.vault_a, fill.vault_in) || is(swap.vault_b, fill.vault_out) {
            self.direction = Direction::AToB;
        } else if is(swap.vault_b, fill.vault_in) || is(swap.vault_a, fill.vault_out) {
            self.direction = Direction::BToA;
        }
    }
}

/// The mint of `account`, if `ix` is a token instruction that names both.
///
/// Token program (spl-token instruction.rs): InitializeAccount 1 (account, mint),
/// InitializeAccount2 16 and 3 18 (account, mint), TransferChecked 12 (source, mint, destination),
/// MintToChecked 14 (mint, account), BurnChecked 15 (account, mint), Token-2022 fee transfer 26.1
/// as TransferChecked. Associated token program: Create and CreateIdempotent (payer, account,
/// owner, mint).
fn named_mint(ix: &Instruction<'_>, account: &Key) -> Option<Key> {
    let pairs: &[(usize, usize)] = if *ix.program == ASSOCIATED_TOKEN {
        match ix.data {
            [] | [0 | 1] => &[(1, 3)],
            _ => &[],
        }
    } else if *ix.program == TOKEN || *ix.program == TOKEN_2022 {
        match ix.data {
            [1 | 15 | 16 | 18, ..] => &[(0, 1)],
            [12, ..] | [26, 1, ..] => &[(0, 1), (2, 1)],
            [14, ..] => &[(1, 0)],
            _ => &[],
        }
    } else {
        &[]
    };
    let found = |at: usize| ix.account(at) == Some(account);
    pairs.iter().find_map(|(of, mint)| found(*of).then(|| ix.account(*mint).copied())?)
}
