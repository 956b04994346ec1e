//! swap: what somebody asked a venue to do, or what it did. parse to arb.

use super::layout::record;
use super::schema::Show;
use crate::ids::Venue;

/// What a swap row states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Role {
    /// What the instruction asks for: an exact side and a limit.
    Intent = 0,
    /// What was executed.
    Fill = 1,
    /// An aggregator's whole, of which other rows are the legs.
    Route = 2,
}

impl Role {
    /// Names by number.
    pub const NAMES: &'static [&'static str] = &["intent", "fill", "route"];
}

/// Where the amounts of a row come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Source {
    /// The instruction's arguments.
    Instruction = 0,
    /// An event of the program.
    Event = 1,
    /// Inner token transfers.
    Transfers = 2,
    /// Token balances before and after.
    Balances = 3,
    /// A datagram of the toolkit's feed.
    Feed = 4,
}

impl Source {
    /// Names by number.
    pub const NAMES: &'static [&'static str] =
        &["instruction", "event", "transfers", "balances", "feed"];
}

/// Which of the pool's two tokens goes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Direction {
    /// Not known from what is in hand.
    Unknown = 0,
    /// Token a goes in, token b comes out.
    AToB = 1,
    /// Token b goes in, token a comes out.
    BToA = 2,
}

impl Direction {
    /// Names by number.
    pub const NAMES: &'static [&'static str] = &["unknown", "a_to_b", "b_to_a"];

    /// The direction of number `number`; unknown for a number without a name.
    pub fn from_number(number: u8) -> Self {
        match number {
            1 => Self::AToB,
            2 => Self::BToA,
            _ => Self::Unknown,
        }
    }
}

/// Which side of an intent is exact; the other side has the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exact {
    /// `amount_in` is exact and `limit` is the least that must come out.
    In = 0,
    /// `amount_out` is exact and `limit` is the most that may go in.
    Out = 1,
}

impl Exact {
    /// Names by number.
    pub const NAMES: &'static [&'static str] = &["in", "out"];
}

record! {
    /// A swap: asked for (`intent`), executed (`fill`), or an aggregator's whole (`route`).
    pub struct Swap = 0x20 "swap" version 2, 512 bytes;
    flags {
        /// The last row of its transaction: a consumer applies all rows up to here, then looks.
        LAST_OF_TX = 1 "last_of_tx";
    }
    /// Slot of the transaction.
    16 slot: u64 => Show::Dec;
    /// Data index of the first shred of the transaction's batch.
    24 batch_start: u32 => Show::Dec, if BATCH = 1;
    /// Number of the transaction within its batch, from 0.
    28 batch_tx: u32 => Show::Dec, if BATCH_TX = 1;
    /// The instruction's price limit, sqrt price Q64.64.
    32 sqrt_limit: u128 => Show::Dec, if SQRT_LIMIT = 2;
    /// First signature of the transaction.
    48 signature: [u8; 64] => Show::Signature, if SIGNATURE = 4;
    /// Number of the transaction within its slot, from 0.
    112 tx_index: u32 => Show::Dec, if TX_INDEX = 8;
    /// Number of the top-level instruction, from 0.
    116 ix_outer: u16 => Show::Dec;
    /// Number of the inner instruction below it, from 0; absent for the top-level one itself.
    118 ix_inner: u16 => Show::Dec, if IX_INNER = 16;
    /// Raw units that go in: what the user's account gives, a transfer fee included.
    120 amount_in: u64 => Show::Dec, if AMOUNT_IN = 32;
    /// Raw units that come out: what the user's account receives, a transfer fee deducted.
    128 amount_out: u64 => Show::Dec, if AMOUNT_OUT = 64;
    /// The least that must come out (`exact` in) or the most that may go in (`exact` out).
    136 limit: u64 => Show::Dec, if LIMIT = 128;
    /// The venue's fee, in units of the token it is taken from.
    144 fee: u64 => Show::Dec, if FEE = 256;
    /// Token-2022 transfer fee on the input.
    152 transfer_fee_in: u64 => Show::Dec, if TRANSFER_FEE_IN = 512;
    /// Token-2022 transfer fee on the output.
    160 transfer_fee_out: u64 => Show::Dec, if TRANSFER_FEE_OUT = 1024;
    /// Number that a route and its legs share within their transaction.
    168 route_id: u64 => Show::Dec, if ROUTE = 2048;
    /// Where.
    176 venue: u16 => Show::Name(Venue::NAMES);
    /// What the row states.
    178 role: u8 => Show::Name(Role::NAMES);
    /// Where its amounts come from.
    179 source: u8 => Show::Name(Source::NAMES);
    /// Which of the pool's tokens goes in.
    180 direction: u8 => Show::Name(Direction::NAMES);
    /// The transaction failed on chain, as far as is known.
    181 failed: u8 => Show::Bool;
    /// Which side is exact.
    182 exact: u8 => Show::Name(Exact::NAMES);
    /// The side that `fee` is taken from.
    183 fee_side: u8 => Show::Name(&["in", "out"]);
    /// Which optional fields hold a value.
    184 present: u32 => Show::Hidden;
    /// Reserved.
    188 _zero: [u8; 4] => Show::Zero;
    /// The program that swaps.
    192 program: [u8; 32] => Show::Key, if PROGRAM = 0x1000;
    /// The program of the top-level instruction, when it is another.
    224 outer_program: [u8; 32] => Show::Key, if OUTER_PROGRAM = 0x2000;
    /// The pool's account.
    256 pool: [u8; 32] => Show::Key, if POOL = 0x4000;
    /// Who signs for the swap: the owner of the user's token accounts, or its delegate.
    288 owner: [u8; 32] => Show::Key, if OWNER = 0x8000;
    /// Who pays the transaction's fee.
    320 fee_payer: [u8; 32] => Show::Key, if FEE_PAYER = 0x1_0000;
    /// The token that goes in.
    352 mint_in: [u8; 32] => Show::Key, if MINT_IN = 0x2_0000;
    /// The token that comes out.
    384 mint_out: [u8; 32] => Show::Key, if MINT_OUT = 0x4_0000;
    /// The token account it is taken from.
    416 user_in: [u8; 32] => Show::Key, if USER_IN = 0x8_0000;
    /// The token account it goes to.
    448 user_out: [u8; 32] => Show::Key, if USER_OUT = 0x10_0000;
    /// The feed's sequence number.
    480 sequence: u64 => Show::Dec, if SEQUENCE = 0x20_0000;
    /// The last slot in which the swap may execute.
    488 deadline_slot: u64 => Show::Dec, if DEADLINE = 0x40_0000;
    /// Reserved.
    496 _zero1: [u8; 16] => Show::Zero;
}
