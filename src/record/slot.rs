//! slot: what is known of a slot, at its end. parse to bundle and to you.

use super::layout::record;
use super::schema::Show;

/// The verdict of a check over a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Verdict {
    /// Not asked for, or nothing to check it on.
    Unchecked = 0,
    /// Everything there was held, and nothing was missing.
    Ok = 1,
    /// Everything there was held; parts of the slot are missing.
    Partial = 2,
    /// Something did not hold.
    Bad = 3,
}

impl Verdict {
    /// Names by number.
    pub const NAMES: &'static [&'static str] = &["unchecked", "ok", "partial", "bad"];
}

record! {
    /// A slot: shreds seen and recovered, what was decoded, and the verdicts of the checks.
    pub struct Slot = 0x24 "slot" version 1, 192 bytes;
    flags {}
    /// The slot.
    16 slot: u64 => Show::Dec;
    /// Data shreds received, each counted once.
    24 shreds_data: u32 => Show::Dec;
    /// Code shreds received, each counted once.
    28 shreds_code: u32 => Show::Dec;
    /// Data shreds rebuilt from code shreds.
    32 shreds_recovered: u32 => Show::Dec;
    /// Shreds received again.
    36 shreds_duplicate: u32 => Show::Dec;
    /// Entry batches decoded.
    40 batches: u32 => Show::Dec;
    /// Entries in them.
    44 entries: u32 => Show::Dec;
    /// Transactions in them.
    48 txns: u32 => Show::Dec;
    /// The cluster's shred version, of most shreds of the slot.
    52 shred_version: u16 => Show::Dec;
    /// Every data shred up to the one that ends the slot was there, and every batch was decoded.
    54 complete: u8 => Show::Bool;
    /// Proof of history: each entry's hash follows from the one before.
    55 poh: u8 => Show::Name(Verdict::NAMES);
    /// Merkle proofs: each shred belongs to the root its set was signed for.
    56 merkle: u8 => Show::Name(Verdict::NAMES);
    /// Leader signatures.
    57 leader: u8 => Show::Name(Verdict::NAMES);
    /// Reserved.
    58 _zero: [u8; 2] => Show::Zero;
    /// Which optional fields hold a value.
    60 present: u32 => Show::Hidden;
    /// Hash of the last entry: the slot's blockhash, once complete.
    64 blockhash: [u8; 32] => Show::Key, if BLOCKHASH = 1;
    /// The slot it builds on.
    96 parent: u64 => Show::Dec, if PARENT = 2;
    /// Swap rows that were written for the slot.
    104 swaps: u32 => Show::Dec;
    /// Reserved.
    108 _zero1: [u8; 84] => Show::Zero;
}
