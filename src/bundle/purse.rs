//! What payers have, and what of it their open bundles could spend.
//!
//! A balance is what the account files say. A bundle is open until the slot after which its blockhash is
//! not valid, as far as the stream's slots have come; one without such a slot is open to the end. What
//! landed meanwhile shows in newer account files only.

use super::Reject;
use crate::ids::Key;
use std::collections::{HashMap, VecDeque};

/// Lamports of payers.
#[derive(Debug, Default)]
pub(super) struct Purse {
    /// What must stay with each payer; `None` asks for nothing.
    least: Option<u64>,
    balances: HashMap<Key, u64>,
    /// What the open bundles of a payer could spend.
    open: HashMap<Key, u64>,
    /// Open bundles that end, by the last slot in which they can land.
    ending: VecDeque<(u64, Key, u64)>,
}

impl Purse {
    /// Lets each payer keep `least` of what `balances` say.
    pub(super) fn new(least: u64, balances: impl IntoIterator<Item = (Key, u64)>) -> Self {
        let balances = balances.into_iter().collect();
        Self { least: Some(least), balances, ..Self::default() }
    }

    /// Whether `payer` can spend `lamports` more and keep what it has to.
    ///
    /// # Errors
    /// It cannot, or its balance is not known.
    pub(super) fn check(&self, payer: &Key, lamports: u64) -> Result<(), Reject> {
        let Some(least) = self.least else { return Ok(()) };
        let balance = self.balances.get(payer).ok_or(Reject::NoBalance)?;
        let open = self.open.get(payer).copied().unwrap_or(0);
        let left = balance.checked_sub(open).and_then(|left| left.checked_sub(lamports));
        if left.is_some_and(|left| left >= least) { Ok(()) } else { Err(Reject::MinBalance) }
    }

    /// A bundle of `payer` is made that could spend `lamports` until `last_valid_slot`.
    pub(super) fn spend(&mut self, payer: Key, lamports: u64, last_valid_slot: Option<u64>) {
        if self.least.is_none() {
            return;
        }
        let open = self.open.entry(payer).or_default();
        *open = open.saturating_add(lamports);
        if let Some(last) = last_valid_slot {
            // Blockhashes grow older in the order in which they come, or nearly so.
            let at = self.ending.partition_point(|(other, ..)| *other <= last);
            self.ending.insert(at, (last, payer, lamports));
        }
    }

    /// The stream has come to `slot`: what could land before it, and not in it or later, is not open.
    pub(super) fn advance(&mut self, slot: u64) {
        while let Some((last, payer, lamports)) = self.ending.front().copied()
            && last < slot
        {
            self.ending.pop_front();
            if let Some(open) = self.open.get_mut(&payer) {
                *open = open.saturating_sub(lamports);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAYER: Key = [1; 32];

    #[test]
    fn open_bundles_count_until_they_cannot_land() {
        let mut purse = Purse::new(1000, [(PAYER, 10_000)]);
        assert_eq!(purse.check(&[2; 32], 0), Err(Reject::NoBalance));
        assert_eq!(purse.check(&PAYER, 9000), Ok(()));
        assert_eq!(purse.check(&PAYER, 9001), Err(Reject::MinBalance));
        purse.spend(PAYER, 3000, Some(150));
        purse.spend(PAYER, 2000, Some(140));
        purse.spend(PAYER, 1000, None);
        assert_eq!(purse.check(&PAYER, 3000), Ok(()));
        assert_eq!(purse.check(&PAYER, 3001), Err(Reject::MinBalance));
        purse.advance(140);
        assert_eq!(purse.check(&PAYER, 3001), Err(Reject::MinBalance), "it can land in 140");
        purse.advance(141);
        assert_eq!(purse.check(&PAYER, 5000), Ok(()));
        assert_eq!(purse.check(&PAYER, 5001), Err(Reject::MinBalance));
        purse.advance(u64::MAX);
        assert_eq!(purse.check(&PAYER, 8000), Ok(()));
        assert_eq!(purse.check(&PAYER, 8001), Err(Reject::MinBalance), "one has no end");
        assert_eq!(purse.check(&PAYER, u64::MAX), Err(Reject::MinBalance));
    }

    #[test]
    fn without_a_least_nothing_is_asked() {
        let mut purse = Purse::default();
        purse.spend(PAYER, u64::MAX, Some(1));
        assert_eq!(purse.check(&PAYER, u64::MAX), Ok(()));
        assert!(purse.ending.is_empty());
    }
}
