//! txn: a whole transaction as it stands on the wire. parse to bundle and ledger, when asked for.

use super::layout::record;
use super::schema::Show;

/// What is known of a transaction beside its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum TxnState {
    /// Its bytes came alone: nobody says that it stands in a block.
    Pending = 0,
    /// It stands in a block, out of whose shreds it was read; what became of it is not known.
    InBlock = 1,
    /// It was executed and succeeded.
    Executed = 2,
    /// It was executed and failed.
    Failed = 3,
}

impl TxnState {
    /// Names by number.
    pub const NAMES: &'static [&'static str] = &["pending", "in_block", "executed", "failed"];
}

record! {
    /// A transaction: its wire bytes, where it stands, and what became of it as far as that is known.
    ///
    /// It comes before all rows of the transaction. The wire bytes follow the fixed part; then zero
    /// padding to a multiple of 64.
    pub struct Txn = 0x23 "txn" version 1, 128 bytes then "the transaction's wire bytes, zero-padded to a multiple of 64";
    flags {}
    /// Slot of the transaction; 0 when it is not known.
    16 slot: u64 => Show::Dec;
    /// Data index of the first shred of the transaction's batch.
    24 batch_start: u32 => Show::Dec, if BATCH = 1;
    /// Number of the transaction within its batch, from 0.
    28 batch_tx: u32 => Show::Dec, if BATCH_TX = 1;
    /// Number of the transaction within its slot, from 0.
    32 tx_index: u32 => Show::Dec, if TX_INDEX = 2;
    /// Wire length, in bytes.
    36 wire_len: u16 => Show::Dec;
    /// The message format.
    38 format: u8 => Show::Name(&["legacy", "v0", "v1"]);
    /// What is known of it.
    39 state: u8 => Show::Name(TxnState::NAMES);
    /// Which optional fields hold a value.
    40 present: u32 => Show::Hidden;
    /// Signatures that it needs.
    44 signatures: u8 => Show::Dec;
    /// Reserved.
    45 _zero: [u8; 3] => Show::Zero;
    /// Its first signature, which names it; zero bytes when it is not signed.
    48 signature: [u8; 64] => Show::Signature;
    /// Reserved.
    112 _zero1: [u8; 16] => Show::Zero;
}

impl Txn {
    /// The wire bytes in `tail`, the record's bytes after the fixed part; what there is of them, should
    /// the record say more.
    pub fn wire<'a>(&self, tail: &'a [u8]) -> &'a [u8] {
        tail.get(..usize::from(self.wire_len)).unwrap_or(tail)
    }
}
