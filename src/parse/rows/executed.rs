//! What the chain says of a transaction that it executed: inner instructions, logs, balances.
//!
//! The form is that of an RPC reply's `meta`, with keys and data decoded. One value is filled again
//! for each transaction, so that its memory is reserved once.

use crate::ids::Key;
use std::ops::Range;

/// An executed transaction's outcome.
#[derive(Debug, Default)]
pub struct Executed {
    /// It failed: nothing of what it asked for was done.
    pub failed: bool,
    /// Keys that its lookup tables added, writable ones first.
    pub loaded: Vec<Option<Key>>,
    /// Instructions called by its top-level ones, in the order of execution.
    inner: Vec<Inner>,
    /// Log lines, in order.
    logs: Vec<Range<usize>>,
    /// Token accounts that it touched, each once.
    pub tokens: Vec<TokenBalance>,
    /// Lamports before and after, by account index.
    pub lamports: Vec<(u64, u64)>,
    /// What inner instructions and log lines hold.
    bytes: Vec<u8>,
}

/// An instruction that a program called.
#[derive(Clone, Debug)]
pub struct Inner {
    /// Number of the top-level instruction it lies below.
    pub outer: u16,
    /// Depth of the call, 2 for a direct one; 0 when the source does not tell.
    pub height: u8,
    /// Account index of its program.
    pub program_index: u8,
    accounts: Range<usize>,
    data: Range<usize>,
}

/// A token account before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenBalance {
    /// Account index.
    pub account: u8,
    /// Its token.
    pub mint: Key,
    /// Who owns it, when the source tells.
    pub owner: Option<Key>,
    /// Decimals of the token.
    pub decimals: u8,
    /// Raw units before; 0 when it did not exist.
    pub before: u64,
    /// Raw units after; 0 when it does not exist any more.
    pub after: u64,
}

impl Executed {
    /// Forgets the transaction and keeps the memory.
    pub fn clear(&mut self) {
        self.failed = false;
        self.loaded.clear();
        self.inner.clear();
        self.logs.clear();
        self.tokens.clear();
        self.lamports.clear();
        self.bytes.clear();
    }

    /// Adds an inner instruction; they come in the order of execution.
    pub fn push_inner(
        &mut self,
        outer: u16,
        height: u8,
        program_index: u8,
        accounts: &[u8],
        data: &[u8],
    ) {
        let (accounts, data) = (self.keep(accounts), self.keep(data));
        self.inner.push(Inner { outer, height, program_index, accounts, data });
    }

    /// Says that the inner instructions from number `from` on lie below top-level instruction
    /// `outer`.
    pub fn set_outer(&mut self, from: usize, outer: u16) {
        self.inner.iter_mut().skip(from).for_each(|inner| inner.outer = outer);
    }

    /// Adds a log line.
    pub fn push_log(&mut self, line: &str) {
        let line = self.keep(line.as_bytes());
        self.logs.push(line);
    }

    /// Notes what token account `account` held before or after; the two halves meet by account.
    pub fn token(
        &mut self,
        account: u8,
        mint: Key,
        owner: Option<Key>,
        decimals: u8,
    ) -> &mut TokenBalance {
        let at = self.tokens.iter().position(|known| known.account == account);
        let at = at.unwrap_or_else(|| {
            self.tokens.push(TokenBalance { account, mint, owner, decimals, before: 0, after: 0 });
            self.tokens.len() - 1
        });
        #[expect(clippy::indexing_slicing, reason = "found or pushed just now")]
        &mut self.tokens[at]
    }

    /// The inner instructions in the order of execution.
    pub fn inner(&self) -> &[Inner] {
        &self.inner
    }

    /// The account indexes of an inner instruction.
    pub fn accounts(&self, inner: &Inner) -> &[u8] {
        self.bytes.get(inner.accounts.clone()).unwrap_or_default()
    }

    /// The data of an inner instruction.
    pub fn data(&self, inner: &Inner) -> &[u8] {
        self.bytes.get(inner.data.clone()).unwrap_or_default()
    }

    /// The log lines, in order.
    pub fn logs(&self) -> impl Iterator<Item = &[u8]> {
        self.logs.iter().map(|line| self.bytes.get(line.clone()).unwrap_or_default())
    }

    fn keep(&mut self, bytes: &[u8]) -> Range<usize> {
        let from = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        from..self.bytes.len()
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_comes_out_and_is_forgotten() {
        let mut executed = Executed::default();
        executed.push_inner(1, 2, 7, &[1, 2], &[9]);
        executed.push_log("Program log: x");
        executed.push_inner(1, 3, 8, &[], &[]);
        executed.token(4, [1; 32], None, 6).before = 5;
        executed.token(4, [1; 32], None, 6).after = 8;
        let [first, second] = executed.inner() else { panic!() };
        assert_eq!((executed.accounts(first), executed.data(first)), (&[1, 2][..], &[9][..]));
        assert_eq!((executed.accounts(second), executed.data(second)), (&[][..], &[][..]));
        assert_eq!(executed.logs().collect::<Vec<_>>(), [b"Program log: x"]);
        assert_eq!(
            (executed.tokens.len(), executed.tokens[0].before, executed.tokens[0].after),
            (1, 5, 8)
        );
        executed.clear();
        assert!(executed.inner().is_empty() && executed.logs().next().is_none());
        assert!(executed.tokens.is_empty() && executed.bytes.is_empty());
    }
}
