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

    /// What was found, after what waits to be computed has been; what does not follow goes to
    /// `refuse`.
    pub(super) fn checked(&mut self, refuse: &mut impl FnMut(PohReject)) -> Checked {
        let noted = &mut self.checked;
        self.chain.settle(&mut |why| note(noted, why, refuse));
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
            self.chain.item(&item, &mut |why| note(&mut self.checked, why, refuse));
        }
        self.chain.close(&mut |why| note(&mut self.checked, why, refuse));
    }

    /// Something is missing: the next entry cannot be checked.
    fn break_off(&mut self) {
        self.chain.forget();
        self.checked.open = true;
    }
}

fn note(checked: &mut Checked, why: PohReject, refuse: &mut impl FnMut(PohReject)) {
    refuse(why);
    match why {
        PohReject::Hash => checked.failed += 1,
        // A claim too large to follow up is no proof of anything.
        PohReject::EntryHashes | PohReject::SlotHashes => checked.open = true,
    }
}
