//! A batch's bytes into rows, entry by entry, without looking ahead.

use super::rows::Rows;
use super::tally::{Note, Tally};
use crate::stream::Sink;
use crate::wire::entry::{Batch, Entries, Fault, Item};
use crate::wire::shred::SHREDS_PER_SLOT_MAX;
use crate::wire::variant::CODE_LEN;

/// Bytes of a batch at most: a whole slot in one.
pub(super) const LEN_MAX: usize = SHREDS_PER_SLOT_MAX as usize * CODE_LEN;

/// Where a batch lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) slot: u64,
    /// Data index of its first shred.
    pub(super) batch_start: u32,
    /// Number of its first transaction within the slot, when every batch before it was decoded.
    pub(super) tx_index: Option<u32>,
    /// When the last of its shreds was received.
    pub(super) rx_ns: u64,
}

/// What was read of a batch.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Read {
    pub(super) entries: u32,
    pub(super) txns: u32,
    pub(super) swaps: u32,
    /// Hash of the last entry.
    pub(super) last_hash: Option<[u8; 32]>,
    /// What ended the walk before its end.
    pub(super) fault: Option<Fault>,
}

/// Writes the rows of a batch, or only counts its transactions if there are no `rows`. What stands
/// before a fault is written; what follows it has no known place.
pub(super) fn read(
    bytes: &[u8],
    place: Place,
    rows: Option<&mut Rows>,
    tally: &mut Tally,
    out: &mut impl Sink,
) -> Read {
    let mut read = Read::default();
    if bytes.is_empty() {
        // No entries, and no fault (agave ledger/src/shredder.rs `deshred`).
        tally.note(Note::EmptyBatch);
        tally.batches += 1;
        return read;
    }
    match Batch::check(bytes) {
        Ok(Batch::Entries(mut entries)) => {
            items(&mut entries, &mut read, place, rows, tally, out);
        }
        Ok(Batch::Marker(_)) => tally.note(Note::BlockMarker),
        Err(why) => read.fault = Some(why.into()),
    }
    tally.batches += u64::from(read.fault.is_none());
    read
}

/// Writes the rows of the next items of a batch and adds what they are to `read`.
pub(super) fn items(
    entries: &mut Entries<'_>,
    read: &mut Read,
    place: Place,
    mut rows: Option<&mut Rows>,
    tally: &mut Tally,
    out: &mut impl Sink,
) {
    let before = *read;
    for item in entries {
        match item {
            Ok(Item::Entry(entry)) => {
                read.entries += 1;
                read.last_hash = Some(*entry.hash);
            }
            Ok(Item::Txn(tx)) => {
                if let Some(rows) = &mut rows {
                    read.swaps += rows.write(&tx, place, read.txns, tally, out);
                }
                read.txns += 1;
            }
            Err(fault) => read.fault = Some(fault),
        }
    }
    tally.entries += u64::from(read.entries - before.entries);
    tally.txns += u64::from(read.txns - before.txns);
}

/// Whether `bytes` are a batch of entries to their end.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    let Ok(Batch::Entries(entries)) = Batch::check(bytes) else { return false };
    entries.totals().is_ok()
}

/// Transactions in a batch, up to a fault if it has one.
pub(super) fn txns(bytes: &[u8]) -> u32 {
    let Ok(Batch::Entries(entries)) = Batch::check(bytes) else { return 0 };
    let txns = entries.filter(|item| matches!(item, Ok(Item::Txn(_)))).count();
    u32::try_from(txns).unwrap_or(u32::MAX)
}
