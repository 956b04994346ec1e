//! Counters: everything that came in is counted once, under what it was or why it was refused.
//!
//! `packets = shreds_data + shreds_code + shreds_duplicate + feed_swaps + feed_updates + refused`.

use super::drift::Drift;
use super::input;
use super::rederive::Rederivation;
use crate::dex::{AccountFault, IxFault};
use crate::ids::Venue;
use crate::net::pcap::Skip;
use crate::record::{GapReason, Role, Source};
use crate::wire::entry::{BatchReject, Fault};
use crate::wire::feed::FeedReject;
use crate::wire::poh::PohReject;
use crate::wire::recover::RecoverReject;
use crate::wire::shred::Reject;
use crate::wire::txn::TxReject;

/// Why a datagram that is a shred or an update by its bytes is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Refusal {
    /// The capture kept only a part of it.
    Truncated,
    /// Its shred version is not that of most shreds.
    ShredVersion,
    /// Its slot was written and forgotten, or lies before one that was written.
    SlotPast,
    /// Its slot was written without it.
    SlotClosed,
    /// Another shred was first in its place.
    ShredConflict,
    /// It does not agree with its FEC set: form, signature, counts or range.
    SetConflict,
    /// It lies beyond the last shred of its slot, or calls itself last before others.
    LastConflict,
    /// Its Merkle proof leads to another root than its set's.
    MerkleProof,
    /// The leader has not signed it.
    LeaderSignature,
    /// Every cell is in use by its own slot.
    StorageFull,
    /// The directory does not name its pool.
    UnknownPool,
    /// Its sequence is not above the pool's last.
    StaleSequence,
}

impl Refusal {
    /// Names by number.
    pub(super) const NAMES: [&'static str; 12] = [
        "truncated",
        "shred_version",
        "slot_past",
        "slot_closed",
        "shred_conflict",
        "set_conflict",
        "last_conflict",
        "merkle_proof",
        "leader_signature",
        "storage_full",
        "unknown_pool",
        "stale_sequence",
    ];
}

/// What is worth knowing and refuses nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Note {
    /// A swap's pool is named by a lookup table, whose content is not on the wire.
    KeyInLookupTable,
    /// A swap's mints are known neither from it nor from the accounts.
    MintUnknown,
    /// A swap's direction is not known.
    DirectionUnknown,
    /// A sequence number of the feed that never came.
    FeedSkipped,
    /// A batch that is a block marker and holds no entries.
    BlockMarker,
    /// A batch decoded from the start of a FEC set, because what lies before it is missing.
    StartAssumed,
    /// A swap was executed, and neither event nor transfers nor balances tell what it moved.
    FillUnknown,
    /// A batch whose shreds carry no bytes.
    EmptyBatch,
    /// A shred of a FEC set that has not 32 data and 32 code shreds (SIMD-0317).
    SetNotFixed,
    /// A shred that ends a batch elsewhere than at the end of 32 shreds (SIMD-0337).
    EndNotAligned,
    /// A slot whose leader the schedule does not name.
    LeaderUnknown,
    /// A contradiction that was not described, because its slot had too many.
    FindingDropped,
    /// What a document says of an executed transaction cannot be; its instructions count alone.
    MetaRefused,
    /// A pool that is left out because one of its accounts is missing.
    PoolPartMissing,
}

impl Note {
    /// Names by number.
    pub(super) const NAMES: [&'static str; 14] = [
        "key_in_lookup_table",
        "mint_unknown",
        "direction_unknown",
        "feed_skipped",
        "block_marker",
        "start_assumed",
        "fill_unknown",
        "empty_batch",
        "set_not_fixed",
        "end_not_aligned",
        "leader_unknown",
        "finding_dropped",
        "meta_refused",
        "pool_part_missing",
    ];
}

/// One counter for each name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts<const N: usize>([u64; N]);

impl<const N: usize> Default for Counts<N> {
    fn default() -> Self {
        Self([0; N])
    }
}

impl<const N: usize> Counts<N> {
    /// Counts one more of number `number`.
    #[inline]
    pub(super) fn add(&mut self, number: usize) {
        self.add_many(number, 1);
    }

    /// Counts `many` more of number `number`.
    pub(super) fn add_many(&mut self, number: usize, many: u64) {
        if let Some(count) = self.0.get_mut(number) {
            *count += many;
        }
    }

    /// Adds what another one counted.
    fn add_all(&mut self, other: &Self) {
        for (count, more) in self.0.iter_mut().zip(&other.0) {
            *count += more;
        }
    }

    /// The count of number `number`.
    #[cfg(test)]
    fn of(&self, number: usize) -> u64 {
        self.0.get(number).copied().unwrap_or(0)
    }

    /// Names with their counts.
    pub(super) fn named<'a>(
        &'a self,
        names: &'a [&'static str],
    ) -> impl Iterator<Item = (&'a str, u64)> {
        names.iter().copied().zip(self.0.iter().copied())
    }

    #[cfg(test)]
    fn sum(&self) -> u64 {
        self.0.iter().sum()
    }
}

/// All counters of a run.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Packets of every kind, refused ones included.
    pub packets: u64,
    /// Data shreds received, each counted once.
    pub shreds_data: u64,
    /// Code shreds received, each counted once.
    pub shreds_code: u64,
    /// Data shreds rebuilt from others.
    pub shreds_recovered: u64,
    /// Shreds received again.
    pub shreds_duplicate: u64,
    /// Swaps of the toolkit's own feed.
    pub feed_swaps: u64,
    /// Pool states of the toolkit's own feed.
    pub feed_updates: u64,
    /// Slot records written.
    pub slots: u64,
    /// Those of them that were complete.
    pub slots_complete: u64,
    /// Batches decoded to their end.
    pub batches: u64,
    /// Entries decoded.
    pub entries: u64,
    /// Transactions decoded.
    pub txns: u64,
    /// Those of them that were written whole.
    pub whole: u64,
    /// Swap rows written.
    pub swaps: u64,
    /// Liquidity rows written.
    pub liquidity: u64,
    /// Pool records written, snapshots included.
    pub pools: u64,
    /// Findings written.
    pub findings: u64,
    /// Gap records written.
    pub gaps: u64,
    /// Slots with a verdict of bad, a batch that could not be decoded, or two versions that their
    /// leader signed.
    pub slots_bad: u64,
    /// Lines, documents and transactions in them that were refused.
    pub inputs_bad: u64,
    forms: Counts<{ input::Form::NAMES.len() }>,
    refused_inputs: Counts<{ input::Reject::NAMES.len() }>,
    refused_lone: Counts<{ TxReject::NAMES.len() }>,
    refused: Counts<{ Refusal::NAMES.len() }>,
    refused_shreds: Counts<{ Reject::NAMES.len() }>,
    refused_feed: Counts<{ FeedReject::NAMES.len() }>,
    skipped: Counts<{ Skip::COUNT }>,
    refused_batches: Counts<{ BatchReject::NAMES.len() }>,
    refused_txns: Counts<{ TxReject::NAMES.len() }>,
    rows: Counts<{ Role::NAMES.len() }>,
    fill_sources: Counts<{ Source::NAMES.len() }>,
    drift: Drift,
    rederivation: Rederivation,
    refused_sets: Counts<{ RecoverReject::NAMES.len() }>,
    refused_poh: Counts<{ PohReject::NAMES.len() }>,
    refused_accounts: Counts<{ AccountFault::NAMES.len() }>,
    notes: Counts<{ Note::NAMES.len() }>,
    gap_reasons: Counts<{ GapReason::NAMES.len() }>,
}

impl Tally {
    /// Adds what another parser counted later.
    #[expect(clippy::too_many_lines, reason = "two lines a counter, and none may be forgotten")]
    pub fn add(&mut self, other: &Self) {
        // Every field by name, so that none is forgotten.
        let Self {
            packets,
            shreds_data,
            shreds_code,
            shreds_recovered,
            shreds_duplicate,
            feed_swaps,
            feed_updates,
            slots,
            slots_complete,
            batches,
            entries,
            txns,
            whole,
            swaps,
            liquidity,
            pools,
            findings,
            gaps,
            slots_bad,
            inputs_bad,
            forms,
            refused_inputs,
            refused_lone,
            refused,
            refused_shreds,
            refused_feed,
            skipped,
            refused_batches,
            refused_txns,
            rows,
            fill_sources,
            drift,
            rederivation,
            refused_sets,
            refused_poh,
            refused_accounts,
            notes,
            gap_reasons,
        } = other;
        self.packets += packets;
        self.shreds_data += shreds_data;
        self.shreds_code += shreds_code;
        self.shreds_recovered += shreds_recovered;
        self.shreds_duplicate += shreds_duplicate;
        self.feed_swaps += feed_swaps;
        self.feed_updates += feed_updates;
        self.slots += slots;
        self.slots_complete += slots_complete;
        self.batches += batches;
        self.entries += entries;
        self.txns += txns;
        self.whole += whole;
        self.swaps += swaps;
        self.liquidity += liquidity;
        self.pools += pools;
        self.gaps += gaps;
        self.findings += findings;
        self.slots_bad += slots_bad;
        self.inputs_bad += inputs_bad;
        self.forms.add_all(forms);
        self.refused_inputs.add_all(refused_inputs);
        self.refused_lone.add_all(refused_lone);
        self.refused.add_all(refused);
        self.refused_shreds.add_all(refused_shreds);
        self.refused_feed.add_all(refused_feed);
        self.skipped.add_all(skipped);
        self.refused_batches.add_all(refused_batches);
        self.refused_txns.add_all(refused_txns);
        self.rows.add_all(rows);
        self.fill_sources.add_all(fill_sources);
        self.refused_sets.add_all(refused_sets);
        self.refused_poh.add_all(refused_poh);
        self.refused_accounts.add_all(refused_accounts);
        self.notes.add_all(notes);
        self.gap_reasons.add_all(gap_reasons);
        self.drift.merge(drift);
        self.rederivation.merge(rederivation);
    }

    /// Counts a packet that was refused.
    pub(super) fn refuse(&mut self, why: Refusal) {
        self.refused.add(why as usize);
    }

    /// Counts a packet that is no shred.
    pub(super) fn refuse_shred(&mut self, why: Reject) {
        self.refused_shreds.add(why as usize);
    }

    /// Counts a packet of a feed's length that is no datagram of the feed.
    pub(super) fn refuse_feed(&mut self, why: FeedReject) {
        self.refused_feed.add(why as usize);
    }

    /// Counts a transaction that was read from text.
    pub(super) fn transaction(&mut self, form: input::Form) {
        self.forms.add(form as usize);
    }

    /// Counts a line, a document or a transaction in one that was refused.
    pub(super) fn refuse_input(&mut self, why: input::Reject) {
        self.inputs_bad += 1;
        match why.number() {
            Ok(number) => self.refused_inputs.add(number),
            Err(why) => self.refused_lone.add(why as usize),
        }
    }

    /// Counts a packet of a capture that carries no datagram.
    pub(super) fn skip(&mut self, why: Skip) {
        self.packets += 1;
        self.skipped.add(why as usize);
    }

    /// Counts a batch that could not be decoded to its end.
    pub(super) fn refuse_batch(&mut self, why: Fault) {
        match why {
            Fault::Batch(why) => self.refused_batches.add(why as usize),
            Fault::Txn(why) => self.refused_txns.add(why as usize),
        }
    }

    /// Counts an instruction of `venue` that could not be decoded.
    pub(super) fn refuse_swap(&mut self, venue: Venue, why: IxFault, data: &[u8]) {
        self.drift.add(venue, why, data);
    }

    /// Counts a swap row by its role.
    #[inline]
    pub(super) fn row(&mut self, role: u8) {
        self.rows.add(role.into());
    }

    /// Counts where the amounts of a fill come from.
    pub(super) fn filled(&mut self, source: Source) {
        self.fill_sources.add(source as usize);
    }

    /// Counts a FEC set that had enough shreds and could not be recovered.
    pub(super) fn refuse_set(&mut self, why: RecoverReject) {
        self.refused_sets.add(why as usize);
    }

    /// Counts an entry that does not follow from the one before.
    pub(super) fn refuse_poh(&mut self, why: PohReject) {
        self.refused_poh.add(why as usize);
    }

    /// Counts an account of a pool that is not what it should be.
    pub(super) fn refuse_account(&mut self, why: AccountFault) {
        self.refused_accounts.add(why as usize);
    }

    /// Counts something worth knowing.
    #[inline]
    pub(super) fn note(&mut self, what: Note) {
        self.notes.add(what as usize);
    }

    /// Counts something worth knowing `many` times.
    pub(super) fn note_many(&mut self, what: Note, many: u64) {
        self.notes.add_many(what as usize, many);
    }

    /// Counts a gap that was written.
    pub(super) fn gap(&mut self, why: GapReason) {
        self.gaps += 1;
        self.gap_reasons.add(why as usize);
    }

    /// Packets that were refused, whatever the reason.
    #[cfg(test)]
    pub(super) fn refused_count(&self) -> u64 {
        self.refused.sum()
            + self.refused_shreds.sum()
            + self.refused_feed.sum()
            + self.skipped.sum()
    }

    /// Reasons for which packets were refused.
    pub fn refused(&self) -> impl Iterator<Item = (&str, u64)> {
        self.refused
            .named(&Refusal::NAMES)
            .chain(self.refused_shreds.named(Reject::NAMES))
            .chain(self.refused_feed.named(FeedReject::NAMES))
            .chain(self.skipped.named(&Skip::NAMES))
    }

    /// Transactions read from text, by how they were written.
    pub fn forms(&self) -> impl Iterator<Item = (&str, u64)> {
        self.forms.named(&input::Form::NAMES)
    }

    /// Reasons for which lines, documents and transactions in them were refused.
    pub fn refused_inputs(&self) -> impl Iterator<Item = (&str, u64)> {
        self.refused_inputs
            .named(&input::Reject::NAMES)
            .chain(self.refused_lone.named(TxReject::NAMES))
    }

    /// Reasons for which batches could not be decoded.
    pub fn refused_batches(&self) -> impl Iterator<Item = (&str, u64)> {
        self.refused_batches
            .named(BatchReject::NAMES)
            .chain(self.refused_txns.named(TxReject::NAMES))
    }

    /// Reasons for which instructions of venues are not rows.
    pub fn refused_swaps(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.drift.by_fault()
    }

    /// Instructions that could not be decoded, by venue.
    pub fn drift(&self) -> &Drift {
        &self.drift
    }

    /// Fills reckoned again, if that was asked for.
    pub fn rederivation(&self) -> &Rederivation {
        &self.rederivation
    }

    /// The same, to add to.
    pub(super) fn rederivation_mut(&mut self) -> &mut Rederivation {
        &mut self.rederivation
    }

    /// Swap rows by role.
    pub fn rows(&self) -> impl Iterator<Item = (&str, u64)> {
        self.rows.named(Role::NAMES)
    }

    /// Where the amounts of fills come from.
    pub fn fill_sources(&self) -> impl Iterator<Item = (&str, u64)> {
        self.fill_sources.named(Source::NAMES)
    }

    /// Reasons for which FEC sets could not be recovered.
    pub fn refused_sets(&self) -> impl Iterator<Item = (&str, u64)> {
        self.refused_sets.named(RecoverReject::NAMES)
    }

    /// Reasons for which entries do not follow.
    pub fn refused_poh(&self) -> impl Iterator<Item = (&str, u64)> {
        self.refused_poh.named(PohReject::NAMES)
    }

    /// Reasons for which accounts of pools were refused.
    pub fn refused_accounts(&self) -> impl Iterator<Item = (&str, u64)> {
        self.refused_accounts.named(AccountFault::NAMES)
    }

    /// What is worth knowing.
    pub fn notes(&self) -> impl Iterator<Item = (&str, u64)> {
        self.notes.named(&Note::NAMES)
    }

    /// Why gaps were written.
    pub fn gap_reasons(&self) -> impl Iterator<Item = (&str, u64)> {
        self.gap_reasons.named(GapReason::NAMES)
    }

    /// How often `why` refused a packet.
    #[cfg(test)]
    pub(super) fn count_of(&self, why: Refusal) -> u64 {
        self.refused.of(why as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_own_name() {
        let tally = Tally::default();
        let mut names: Vec<_> = tally.refused().chain(tally.refused_batches()).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert_eq!(Refusal::NAMES.get(Refusal::StaleSequence as usize), Some(&"stale_sequence"));
        assert_eq!(Note::NAMES.get(Note::StartAssumed as usize), Some(&"start_assumed"));
    }

    #[test]
    fn refusals_add_up_whatever_their_kind() {
        let mut tally = Tally::default();
        tally.refuse(Refusal::SlotPast);
        tally.refuse_shred(Reject::Short);
        tally.refuse_feed(FeedReject::Checksum);
        tally.skip(Skip::NotUdp);
        assert_eq!((tally.refused_count(), tally.packets), (4, 1));
        assert_eq!(tally.refused().map(|(_, count)| count).sum::<u64>(), 4);
    }
}
