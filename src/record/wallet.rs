//! wallet: what the wallet table knows of who makes the swap that follows. walletdb to arb.

use super::layout::record;
use super::schema::Show;

/// What a filter says of a swap, by its wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum WalletVerdict {
    /// Something may follow from the swap.
    Pass = 0,
    /// Nothing is to follow from it.
    Stop = 1,
}

impl WalletVerdict {
    /// Names by number.
    pub const NAMES: &'static [&'static str] = &["pass", "stop"];
}

/// What a filter's verdict comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum WalletReason {
    /// The wallet meets what was asked for.
    Meets = 0,
    /// The swap does not say whose it is.
    NoWallet = 1,
    /// The wallet is not in the table, and only one that is could meet it.
    Unknown = 2,
    /// The table is not as sure of it as was asked for.
    LowConfidence = 3,
    /// It has none of the flags that were asked for.
    WithoutFlag = 4,
    /// It has a flag that was barred.
    BarredFlag = 5,
    /// Its row was being written at every look.
    Busy = 6,
}

impl WalletReason {
    /// Names by number.
    pub const NAMES: &'static [&'static str] =
        &["meets", "no_wallet", "unknown", "low_confidence", "without_flag", "barred_flag", "busy"];
}

record! {
    /// What the wallet table knows of who makes the swap that follows, and the verdict.
    ///
    /// It stands directly before its swap or, where the swap was dropped, before the gap in its place.
    pub struct Wallet = 0x28 "wallet" version 1, 128 bytes;
    flags {
        /// The verdict was turned around: --invert.
        INVERTED = 1 "inverted";
    }
    /// Whose swap it is: who signs for it or, where that is not known, who pays the transaction.
    16 wallet: [u8; 32] => Show::Key, if WALLET = 1;
    /// The pool of the swap.
    48 pool: [u8; 32] => Show::Key, if POOL = 2;
    /// How sure the table is of the wallet, ppm, rounded down.
    80 confidence_ppm: u32 => Show::Dec, if CONFIDENCE = 4;
    /// What the wallet is: 1 insider, 2 blacklist, 4 copy, 8 pinned, 16 bot; other bits are the user's.
    84 marks: u32 => Show::Dec, if MARKS = 4;
    /// Whether something may follow from the swap.
    88 verdict: u8 => Show::Name(WalletVerdict::NAMES);
    /// Why, before it was turned around.
    89 reason: u8 => Show::Name(WalletReason::NAMES);
    /// Reserved.
    90 _zero: [u8; 2] => Show::Zero;
    /// Which optional fields hold a value.
    92 present: u32 => Show::Hidden;
    /// How often the table had been written anew.
    96 generation: u64 => Show::Dec;
    /// Reserved.
    104 _zero1: [u8; 24] => Show::Zero;
}
