//! Transactions on trial: what a simulation says of them, and a Solana VM on this machine that runs
//! them.
//!
//! ```text
//! account files, programs --Local--> a bank in memory --run--> Simulation --gain--> what somebody gained
//!                                          ^  the bundle's transactions, in order; then everything is put back
//! ```
//!
//! Invariants:
//!
//! - Transactions run one after the other, each on what those before it left; the first one that
//!   fails ends the bundle. Whatever happens, the bank is afterwards as it was before.
//! - What cannot be run, for lack of a program, a table or a payer, is said under its own [`Cause`]
//!   and is no result: it is neither a success nor a failure.
//! - No clock is read: the slot and the time of a trial are given.
//!
//! What a remote says of a simulation has the same form ([`Simulation`]). The VM itself is `litesvm`
//! (feature `sim`); this module is there without it.

#[cfg(feature = "sim")]
mod local;

#[cfg(feature = "sim")]
pub use local::Local;

use crate::ids::{Key, WSOL};

/// What became of a bundle's transactions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Simulation {
    /// The transactions in order, as far as they were run; the last one may be the one at fault.
    pub transactions: Vec<Ran>,
    /// Why not all of them succeeded.
    pub fault: Option<Fault>,
    /// Accounts that are named and that nobody gave: they were taken as not existing.
    pub missing: Vec<Key>,
    /// The simulator tells what balances became.
    pub has_balances: bool,
    /// Newest slot of the state, if it is known.
    pub slot: Option<u64>,
}

/// What a transaction did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ran {
    /// What its programs said.
    pub logs: Vec<String>,
    /// Compute units it used.
    pub units: u64,
    /// Base and priority fee, in lamports; 0 where it is not told.
    pub fee_lamports: u64,
    /// Accounts whose balances it changed; none for one that fails.
    pub changes: Vec<Change>,
}

/// The balances of an account before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The account.
    pub key: Key,
    /// Before the transaction.
    pub before: Held,
    /// After it.
    pub after: Held,
}

/// What an account holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Lamports.
    pub lamports: u64,
    /// Tokens, if it is a token account.
    pub token: Option<Token>,
}

/// What a token account holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Of which token.
    pub mint: Key,
    /// Who may spend it.
    pub owner: Key,
    /// How much, raw units.
    pub amount: u64,
}

/// What ended a bundle before its last transaction succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which kind of reason.
    pub cause: Cause,
    /// The transaction, from 0.
    pub tx: usize,
    /// Its instruction, from 0, if one is at fault.
    pub instruction: Option<u8>,
    /// The program's own error code.
    pub code: Option<u32>,
    /// The program that failed, or that is not loaded.
    pub program: Option<Key>,
    /// The reason in words.
    pub words: String,
}

/// Why a bundle did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A transaction ran and failed.
    Failed,
    /// A program that it calls is not loaded.
    NoProgram,
    /// Nobody gave the account of its fee payer.
    NoPayerAccount,
    /// A lookup table is not there, or does not hold what is looked up.
    NoTable,
    /// It changes a program, which those after it would have to be run with.
    ChangesProgram,
    /// A signature does not verify.
    BadSignature,
    /// Its bytes are no transaction that the simulator understands.
    NotTransactions,
    /// A remote gave no answer that is one.
    NoAnswer,
}

impl Fault {
    /// A fault of transaction `tx` that has no more than words.
    pub fn new(cause: Cause, tx: usize, words: impl Into<String>) -> Self {
        let (instruction, code, program) = (None, None, None);
        Self { cause, tx, instruction, code, program, words: words.into() }
    }
}

/// What the owners of accounts gained by a bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gain {
    /// Lamports, those in token accounts included.
    pub lamports: i128,
    /// Other tokens of which they have more or less, by mint, in order of first appearance.
    pub tokens: Vec<(Key, i128)>,
}

impl Simulation {
    /// What the accounts of `owners` gained: the accounts of those keys themselves and the token
    /// accounts that they own.
    ///
    /// A token account counts with all its lamports. In one of wrapped SOL these are its amount and
    /// its rent, in others the rent alone: what is laid down for a new account stays its owner's, and
    /// comes back when it is closed.
    pub fn gain(&self, owners: &[Key]) -> Gain {
        let mut gain = Gain::default();
        let changes = self.transactions.iter().flat_map(|ran| &ran.changes);
        for Change { key, before, after } in changes {
            let is_ours = |held: &Held| match held.token {
                Some(token) => owners.contains(&token.owner),
                None => owners.contains(key),
            };
            let mut add = |held: &Held, sign: i128| {
                if !is_ours(held) {
                    return;
                }
                let signed = |amount: u64| i128::from(amount).saturating_mul(sign);
                gain.lamports = gain.lamports.saturating_add(signed(held.lamports));
                let Some(token) = held.token.filter(|token| token.mint != WSOL) else { return };
                let amount = signed(token.amount);
                match gain.tokens.iter_mut().find(|(mint, _)| *mint == token.mint) {
                    Some((_, sum)) => *sum = sum.saturating_add(amount),
                    None => gain.tokens.push((token.mint, amount)),
                }
            };
            add(before, -1);
            add(after, 1);
        }
        gain.tokens.retain(|(_, amount)| *amount != 0);
        gain
    }

    /// Compute units that the transactions used, those run before a fault included.
    pub fn units(&self) -> u64 {
        self.transactions.iter().fold(0, |sum, ran| sum.saturating_add(ran.units))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: Key = [1; 32];
    const THEIRS: Key = [2; 32];
    const MINT: Key = [3; 32];

    fn plain(lamports: u64) -> Held {
        Held { lamports, token: None }
    }

    fn token(mint: Key, owner: Key, amount: u64, lamports: u64) -> Held {
        Held { lamports, token: Some(Token { mint, owner, amount }) }
    }

    fn simulation(changes: &[(Key, Held, Held)]) -> Simulation {
        let change = |(key, before, after): &(Key, Held, Held)| Change {
            key: *key,
            before: *before,
            after: *after,
        };
        // Each in a transaction of its own: sums go over all of them.
        let ran = |one| Ran { changes: vec![change(one)], units: 7, ..Ran::default() };
        let transactions: Vec<Ran> = changes.iter().map(ran).collect();
        Simulation { transactions, ..Simulation::default() }
    }

    #[test]
    fn lamports_and_wrapped_ones_are_one_money_and_rent_stays_the_owner_s() {
        let none = Held::default();
        let made = simulation(&[
            (OURS, plain(10_000_000), plain(7_000_000)),
            ([9; 32], none, token(WSOL, OURS, 500, 2_039_780)),
            ([8; 32], none, token(MINT, OURS, 0, 2_039_280)),
            (THEIRS, plain(5), plain(900)),
        ]);
        let gain = made.gain(&[OURS]);
        assert_eq!(gain.lamports, -3_000_000 + 2_039_780 + 2_039_280);
        assert_eq!((gain.tokens.len(), made.units()), (0, 28));
        assert_eq!(made.gain(&[THEIRS]).lamports, 895);
        assert_eq!(made.gain(&[OURS, THEIRS]).lamports, gain.lamports + 895);
    }

    #[test]
    fn other_tokens_are_summed_by_mint_and_an_account_given_away_is_lost() {
        let made = simulation(&[
            ([9; 32], token(MINT, OURS, 70, 100), token(MINT, OURS, 30, 100)),
            ([8; 32], token(MINT, OURS, 0, 100), token(MINT, OURS, 25, 100)),
            ([7; 32], token([4; 32], OURS, 5, 100), token([4; 32], OURS, 5, 100)),
        ]);
        assert_eq!(made.gain(&[OURS]), Gain { lamports: 0, tokens: vec![(MINT, -15)] });
        let given =
            simulation(&[([9; 32], token(WSOL, OURS, 70, 170), token(WSOL, THEIRS, 70, 170))]);
        assert_eq!(given.gain(&[OURS]).lamports, -170);
        assert_eq!(given.gain(&[THEIRS]).lamports, 170);
    }
}
