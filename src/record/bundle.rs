//! bundle: up to five transactions that land together or not at all. bundle to send.

use super::layout::record;
use super::schema::Show;

/// What a simulation says of a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Simulated {
    /// It was not simulated.
    None = 0,
    /// Every transaction succeeds, and what the payer gains is what the opportunity expected or more.
    Profit = 1,
    /// Every transaction succeeds, and the payer gains less than expected, but loses nothing.
    BelowNet = 2,
    /// Every transaction succeeds, and the payer has fewer lamports afterwards.
    Loss = 3,
    /// Every transaction succeeds, and the payer has less of a token that is no SOL afterwards.
    TokenLoss = 4,
    /// A transaction fails.
    Failed = 5,
    /// Not simulated: a program is not loaded.
    NoProgram = 6,
    /// Not simulated: there is no account of a fee payer.
    NoPayerAccount = 7,
    /// Not simulated: a lookup table is missing or does not hold what is looked up.
    NoTable = 8,
    /// Not simulated: it changes a program that later transactions might call.
    ChangesProgram = 9,
    /// Not simulated: a signature does not verify.
    BadSignature = 10,
    /// Not simulated: its bytes are no transactions that are understood.
    NotTransactions = 11,
    /// Its transactions succeed one by one; what they do in sequence was not simulated.
    OneByOne = 12,
    /// Every transaction succeeds; the simulator does not say what balances become.
    NoBalances = 13,
    /// Not simulated: the remote could not be reached, refused, or was not understood.
    NoAnswer = 14,
}

impl Simulated {
    /// Every verdict, in order of its number.
    pub const ALL: &'static [Self] = &[
        Self::None,
        Self::Profit,
        Self::BelowNet,
        Self::Loss,
        Self::TokenLoss,
        Self::Failed,
        Self::NoProgram,
        Self::NoPayerAccount,
        Self::NoTable,
        Self::ChangesProgram,
        Self::BadSignature,
        Self::NotTransactions,
        Self::OneByOne,
        Self::NoBalances,
        Self::NoAnswer,
    ];

    /// Names by number.
    pub const NAMES: &'static [&'static str] = &[
        "none",
        "profit",
        "below_net",
        "loss",
        "token_loss",
        "failed",
        "no_program",
        "no_payer_account",
        "no_table",
        "changes_program",
        "bad_signature",
        "not_transactions",
        "one_by_one",
        "no_balances",
        "no_answer",
    ];

    /// The name that records and counters show.
    pub fn name(self) -> &'static str {
        Self::NAMES.get(self as usize).copied().unwrap_or("?")
    }
}

/// Who simulated a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Simulator {
    /// Nobody.
    None = 0,
    /// The local SVM.
    Local = 1,
    /// A remote, all transactions in sequence (`simulateBundle`).
    Bundle = 2,
    /// A remote, each transaction alone (`simulateTransaction`).
    Transaction = 3,
}

impl Simulator {
    /// Names by number.
    pub const NAMES: &'static [&'static str] =
        &["none", "local", "simulate_bundle", "simulate_transaction"];
}

record! {
    /// A bundle: up to five transactions in order, with its tip and what is known of it.
    ///
    /// The wire bytes of the transactions follow one after another, of the lengths in `tx_len`;
    /// then zero padding to a multiple of 64.
    pub struct Bundle = 0x40 "bundle" version 2, 256 bytes then "the transactions' wire bytes, zero-padded to a multiple of 64";
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
    /// What a simulation says of it.
    180 verdict: u8 => Show::Name(Simulated::NAMES);
    /// Who simulated it.
    181 simulator: u8 => Show::Name(Simulator::NAMES);
    /// Which transaction fails or cannot be simulated, from 0.
    182 fault_tx: u8 => Show::Dec, if FAULT_TX = 8;
    /// Which of its instructions fails, from 0.
    183 fault_ix: u8 => Show::Dec, if FAULT_IX = 16;
    /// Lamports that the payer has more after it, fees and tip paid; less, if negative.
    184 profit: i64 => Show::Lamports, if PROFIT = 32;
    /// Newest slot of the state it was simulated on.
    192 state_slot: u64 => Show::Dec, if STATE_SLOT = 64;
    /// Compute units that each transaction used.
    200 units: [u32; 5] => Show::Dec, if UNITS = 128;
    /// The failing program's own error code.
    220 fault_code: u32 => Show::Dec, if FAULT_CODE = 256;
    /// The program that fails, or that is not loaded.
    224 fault_program: [u8; 32] => Show::Key, if FAULT_PROGRAM = 512;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_numbered_in_order_and_named_apart() {
        assert_eq!(Simulated::ALL.len(), Simulated::NAMES.len());
        for (at, verdict) in Simulated::ALL.iter().enumerate() {
            assert_eq!(*verdict as usize, at);
            let same = Simulated::NAMES.iter().filter(|name| **name == verdict.name()).count();
            assert_eq!(same, 1, "{}", verdict.name());
        }
    }
}
