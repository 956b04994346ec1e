//! liquidity: what moves a pool's state besides swaps. parse to arb and to you.

use super::layout::record;
use super::schema::Show;
use super::swap::{Role, Source};
use crate::ids::Venue;

/// What was done to a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Action {
    /// Liquidity was added.
    Add = 0,
    /// Liquidity was removed.
    Remove = 1,
    /// The pool was created.
    Create = 2,
    /// Fees or rewards were collected out of it.
    Collect = 3,
    /// A fee was changed.
    Fee = 4,
    /// Another setting was changed: status, authority, configuration.
    Config = 5,
    /// A bonding curve became complete, or its liquidity moved to another pool.
    Migrate = 6,
    /// An order was placed in a book.
    Place = 7,
    /// An order was taken out of a book.
    Cancel = 8,
}

impl Action {
    /// Names by number.
    pub const NAMES: &'static [&'static str] =
        &["add", "remove", "create", "collect", "fee", "config", "migrate", "place", "cancel"];
}

record! {
    /// A change of a pool that is no swap: asked for (`intent`) or executed (`fill`).
    ///
    /// Amounts are those of the instruction (exact ones, or `limit`: the most that goes in, the
    /// least that comes out) or, of a fill, what was moved.
    pub struct Liquidity = 0x25 "liquidity" version 1, 384 bytes;
    flags {
        /// The last row of its transaction.
        LAST_OF_TX = 1 "last_of_tx";
    }
    /// Slot of the transaction.
    16 slot: u64 => Show::Dec;
    /// Data index of the first shred of the transaction's batch.
    24 batch_start: u32 => Show::Dec, if BATCH = 1;
    /// Number of the transaction within its batch, from 0.
    28 batch_tx: u32 => Show::Dec, if BATCH_TX = 2;
    /// Liquidity or pool tokens, in the venue's unit.
    32 liquidity: u128 => Show::Dec, if LIQUIDITY = 4;
    /// First signature of the transaction.
    48 signature: [u8; 64] => Show::Signature, if SIGNATURE = 8;
    /// Number of the transaction within its slot, from 0.
    112 tx_index: u32 => Show::Dec, if TX_INDEX = 16;
    /// Number of the top-level instruction, from 0.
    116 ix_outer: u16 => Show::Dec;
    /// Number of the inner instruction below it, from 0; absent for the top-level one itself.
    118 ix_inner: u16 => Show::Dec, if IX_INNER = 32;
    /// Raw units of token a.
    120 amount_a: u64 => Show::Dec, if AMOUNT_A = 64;
    /// Raw units of token b.
    128 amount_b: u64 => Show::Dec, if AMOUNT_B = 128;
    /// The most of a that may go in, or the least that must come out.
    136 limit_a: u64 => Show::Dec, if LIMIT_A = 256;
    /// The most of b that may go in, or the least that must come out.
    144 limit_b: u64 => Show::Dec, if LIMIT_B = 512;
    /// The new value of what was changed, in the venue's unit.
    152 value: u64 => Show::Dec, if VALUE = 1024;
    /// Lowest tick or bin.
    160 tick_lower: i32 => Show::Dec, if TICKS = 2048;
    /// Highest tick or bin.
    164 tick_upper: i32 => Show::Dec, if TICK_UPPER = 2048;
    /// Where.
    168 venue: u16 => Show::Name(Venue::NAMES);
    /// What was done.
    170 action: u8 => Show::Name(Action::NAMES);
    /// Asked for or executed.
    171 role: u8 => Show::Name(Role::NAMES);
    /// Where the amounts come from.
    172 source: u8 => Show::Name(Source::NAMES);
    /// The transaction failed on chain, as far as is known.
    173 failed: u8 => Show::Bool;
    /// Reserved.
    174 _zero: [u8; 2] => Show::Zero;
    /// Which optional fields hold a value.
    176 present: u32 => Show::Hidden;
    /// Reserved.
    180 _zero1: [u8; 12] => Show::Zero;
    /// The program.
    192 program: [u8; 32] => Show::Key;
    /// The pool's account.
    224 pool: [u8; 32] => Show::Key, if POOL = 0x1000;
    /// Who signs for it.
    256 owner: [u8; 32] => Show::Key, if OWNER = 0x2000;
    /// Token a, or the base token.
    288 mint_a: [u8; 32] => Show::Key, if MINT_A = 0x4000;
    /// Token b, or the quote token.
    320 mint_b: [u8; 32] => Show::Key, if MINT_B = 0x8000;
    /// Who pays the transaction's fee.
    352 fee_payer: [u8; 32] => Show::Key;
}
