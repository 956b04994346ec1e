//! Proof of history of one slot: how far it was followed, and with what result.

use super::deshred::Checked;
use crate::wire::entry::Batch;
use crate::wire::poh::{Chain, PohReject};
use std::ops::RangeInclusive;

/// A slot's chain of entries.
#[derive(Debug)]
pub(super) struct Proof {
    chain: Chain,
    /// Data index at which the next batch begins.
    next: u32,
    checked: Checked,
}

impl Proof {
    pub(super) fn new() -> Self {
        Self { chain: Chain::new(None), next: 0, checked: Checked::default() }
    }

    /// Data index at which the next batch begins.
    pub(super) fn next(&self) -> u32 {
        self.next
    }

    /// What was found so far.
    pub(super) fn checked(&self) -> Checked {
        let held = u32::try_from(self.chain.checked()).unwrap_or(u32::MAX);
        Checked { held, ..self.checked }
    }

    /// Follows the batch of data shreds `batch`, whose ledger bytes are `bytes`, and hands what
    /// does not follow to `refuse`. Batches come in order; after a hole the next entry is believed.
    pub(super) fn follow(
        &mut self,
        batch: &RangeInclusive<u32>,
        bytes: &[u8],
        refuse: &mut impl FnMut(PohReject),
    ) {
        if *batch.start() > self.next {
            self.break_off();
        }
        self.next = *batch.end() + 1;
        if bytes.is_empty() {
            return;
        }
        let entries = match Batch::check(bytes) {
            Ok(Batch::Entries(entries)) => entries,
            Ok(Batch::Marker(_)) => return,
            Err(_) => return self.break_off(),
        };
        for item in entries {
            let Ok(item) = item else { return self.break_off() };
            let followed = self.chain.item(&item);
            self.note(followed, refuse);
        }
        let followed = self.chain.close();
        self.note(followed, refuse);
    }

    /// Something is missing: the next entry cannot be checked.
    fn break_off(&mut self) {
        self.chain.forget();
        self.checked.open = true;
    }

    fn note(&mut self, followed: Result<(), PohReject>, refuse: &mut impl FnMut(PohReject)) {
        let Err(why) = followed else { return };
        refuse(why);
        match why {
            PohReject::Hash => self.checked.failed += 1,
            // A claim too large to follow up is no proof of anything.
            PohReject::EntryHashes | PohReject::SlotHashes => self.checked.open = true,
        }
    }
}
