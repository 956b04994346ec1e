//! What a venue tells of a swap that it executed.
//!
//! | channel | who uses it | what is handed over |
//! |---|---|---|
//! | [`Channel::SelfCall`] | Anchor `emit_cpi!`, Phoenix | the data of the program's call of itself, whole |
//! | [`Channel::Data`] | Anchor `emit!` | what stands behind `Program data: `, base64 undone |
//! | [`Channel::RayLog`] | Raydium AMM v4 | what stands behind `Program log: ray_log: `, base64 undone |
//!
//! A decoder is asked only for what its own program emitted. Events grow at their tail: fields are
//! read at fixed offsets, a longer event is fine, a shorter one is not.

use crate::ids::Key;
use crate::record::Direction;

/// What Anchor writes before an event that a program sends to itself:
/// `sha256("anchor:event")[..8]`, reversed.
pub const SELF_CALL: [u8; 8] = [0xe4, 0x45, 0xa5, 0x2e, 0x51, 0xcb, 0x9a, 0x1d];

/// The way an event came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Data of a program's call of itself.
    SelfCall,
    /// A log line `Program data: `.
    Data,
    /// A log line `Program log: ray_log: `.
    RayLog,
}

/// An Anchor event's bytes, discriminator first, whichever way it came; `None` when it is no event.
#[inline]
pub(super) fn anchor(channel: Channel, bytes: &[u8]) -> Option<&[u8]> {
    match channel {
        Channel::SelfCall => bytes.strip_prefix(&SELF_CALL),
        Channel::Data => Some(bytes),
        Channel::RayLog => None,
    }
}

/// An event of a known program.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A swap was executed.
    Swap(Filled<'a>),
    /// Legs of an aggregator's route.
    Legs(Legs<'a>),
    /// A change of a pool that is no swap was executed.
    Liquidity(Moved<'a>),
    /// Known, and of no concern here.
    Other,
    /// Its discriminator is none of the program's known ones, or it is too short for its layout.
    Unknown,
}

/// The side of a swap that a fee is taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum FeeSide {
    /// The input.
    In = 0,
    /// The output.
    Out = 1,
}

/// What a swap moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filled<'a> {
    /// Of several events that tell of one swap the one with the highest rank counts.
    pub rank: u8,
    /// What the user's account gave, a transfer fee included.
    pub amount_in: u64,
    /// What the user's account received, a transfer fee deducted.
    pub amount_out: u64,
    /// The venue's whole fee, and the side it is taken from.
    pub fee: Option<(u64, FeeSide)>,
    /// Token-2022 transfer fee on the input, when the event tells.
    pub transfer_fee_in: Option<u64>,
    /// Token-2022 transfer fee on the output, when the event tells.
    pub transfer_fee_out: Option<u64>,
    /// Which of the pool's tokens went in, when the event tells.
    pub direction: Direction,
    /// The pool, when the event tells.
    pub pool: Option<&'a Key>,
    /// The token that went in, when the event tells.
    pub mint_in: Option<&'a Key>,
    /// The token that came out, when the event tells.
    pub mint_out: Option<&'a Key>,
}

impl Filled<'_> {
    /// A swap of which only the amounts are known.
    pub(super) fn new(amount_in: u64, amount_out: u64) -> Self {
        Self {
            rank: 0,
            amount_in,
            amount_out,
            fee: None,
            transfer_fee_in: None,
            transfer_fee_out: None,
            direction: Direction::Unknown,
            pool: None,
            mint_in: None,
            mint_out: None,
        }
    }
}

/// One leg of an aggregator's route, as the aggregator tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg<'a> {
    /// The program that swapped, or its pool, as the aggregator has it.
    pub amm: Option<&'a Key>,
    /// The token that went in.
    pub mint_in: &'a Key,
    /// How much of it.
    pub amount_in: u64,
    /// The token that came out.
    pub mint_out: &'a Key,
    /// How much of it.
    pub amount_out: u64,
}

/// The legs that one event tells of.
#[derive(Clone, Copy, Debug)]
pub struct Legs<'a> {
    /// How many there are.
    pub(super) count: u16,
    /// The event.
    pub(super) bytes: &'a [u8],
    /// Leg number `n` of the event.
    pub(super) leg: for<'b> fn(&'b [u8], u16) -> Option<Leg<'b>>,
}

impl<'a> Legs<'a> {
    /// The legs, in the order in which they executed.
    pub fn iter(&self) -> impl Iterator<Item = Leg<'a>> + Clone + use<'a> {
        let Self { count, bytes, leg } = *self;
        (0..count).map_while(move |n| leg(bytes, n))
    }
}

/// What a change that is no swap moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved<'a> {
    /// The pool, when the event tells.
    pub pool: Option<&'a Key>,
    /// Raw units of token a.
    pub amount_a: Option<u64>,
    /// Raw units of token b.
    pub amount_b: Option<u64>,
    /// Liquidity or pool tokens, in the venue's unit.
    pub liquidity: Option<u128>,
}

/// What a venue's own integer formula makes of a swap whose event tells the state before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rederived {
    /// What goes in and what comes out.
    Both {
        /// Raw units that go in.
        amount_in: u64,
        /// Raw units that come out.
        amount_out: u64,
    },
    /// The event does not tell all that the formula needs.
    StateUnknown,
    /// The state that the event tells has no such swap.
    Refused,
}
