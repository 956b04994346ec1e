//! bundle: up to five transactions that land together or not at all. bundle to send.

use super::layout::record;
use super::schema::Show;

record! {
    /// A bundle: up to five transactions in order, with its tip and what is known of it.
    ///
    /// The wire bytes of the transactions follow one after another, of the lengths in `tx_len`;
    /// then zero padding to a multiple of 64.
    pub struct Bundle = 0x40 "bundle" version 1, 192 bytes then "the transactions' wire bytes, zero-padded to a multiple of 64";
    flags {
        /// Every signature is there.
        SIGNED = 1 "signed";
    }
    /// Slot of the state it was made for.
    16 slot: u64 => Show::Dec;
    /// Slot of the blockhash.
    24 blockhash_slot: u64 => Show::Dec, if BLOCKHASH_SLOT = 1;
    /// Last slot in which the blockhash is valid.
    32 last_valid_slot: u64 => Show::Dec, if LAST_VALID = 1;
    /// Ordinal of the opportunity it came from.
    40 ordinal: u64 => Show::Dec;
    /// Tip.
    48 tip: u64 => Show::Lamports;
    /// What the opportunity expects to be left.
    56 net: i64 => Show::Lamports;
    /// Bundle id: sha256 of the base58 first signatures joined by commas.
    64 id: [u8; 32] => Show::Hex, if ID = 2;
    /// Recent blockhash of the transactions.
    96 blockhash: [u8; 32] => Show::Key, if BLOCKHASH = 4;
    /// Wire length of each transaction, in bytes.
    128 tx_len: [u16; 5] => Show::Dec;
    /// How many transactions there are.
    138 txs: u8 => Show::Dec;
    /// What is missing before it could be sent.
    139 missing: u8 => Show::Name(&["nothing", "no_blockhash", "no_keypair", "no_blockhash_no_keypair"]);
    /// Which optional fields hold a value.
    140 present: u32 => Show::Hidden;
    /// The tip account.
    144 tip_account: [u8; 32] => Show::Key;
    /// Compute units asked for by all transactions.
    176 compute_units: u32 => Show::Dec;
    /// Reserved.
    180 _zero: [u8; 12] => Show::Zero;
}

impl Bundle {
    /// The wire bytes of each transaction in `tail`, the record's bytes after the fixed part.
    pub fn transactions<'a>(&'a self, tail: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        let mut rest = tail;
        self.tx_len.iter().take(usize::from(self.txs)).map_while(move |len| {
            let (tx, after) = rest.split_at_checked(usize::from(*len))?;
            rest = after;
            Some(tx)
        })
    }
}
