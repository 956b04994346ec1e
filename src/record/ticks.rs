//! ticks: where a pool's liquidity lies: a tick array, a bin array, or the levels of an order book.
//! parse to arb.

use super::layout::record;
use super::schema::Show;

/// One initialised tick: 32 bytes of a `ticks` record's tail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Tick {
    /// Liquidity that enters when the price rises through the tick (leaves when it falls).
    pub liquidity_net: i128,
    /// The tick.
    pub tick: i32,
    /// Limit orders wait at the tick: 1, else 0.
    pub orders: u32,
    /// Reserved.
    pub _zero: [u8; 8],
}

/// One bin that holds liquidity: 48 bytes of a `ticks` record's tail.
///
/// Orders are filled after the amounts. Where a program fills a bin's orders in two parts, each
/// rounded by itself, the second part is an entry of the same number that holds nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Bin {
    /// Price of a in b, Q64.64.
    pub price: u128,
    /// Raw units of a that the liquidity providers' part holds.
    pub amount_a: u64,
    /// Raw units of b that it holds.
    pub amount_b: u64,
    /// Raw units that limit orders of the bin still offer, on the side that `orders_of_a` says.
    pub orders: u64,
    /// The bin's number.
    pub bin: i32,
    /// The limit orders sell a: 1; b: 0.
    pub orders_of_a: u32,
}

/// One price of an order book: 48 bytes of a `ticks` record's tail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Level {
    /// Price in the venue's own unit.
    pub price: u128,
    /// What is offered or asked for there, in the venue's unit of the base token.
    pub base: u64,
    /// Order in which equal prices are filled.
    pub sequence: u64,
    /// Slot or Unix second after which it does not count; 0 is never.
    pub expires: u64,
    /// It buys the base token: 1; it sells it: 0.
    pub is_bid: u64,
}

/// What the entries of a `ticks` record are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum TickKind {
    /// [`Tick`].
    Ticks = 0,
    /// [`Bin`].
    Bins = 1,
    /// [`Level`].
    Levels = 2,
}

impl TickKind {
    /// Names by number.
    pub const NAMES: &'static [&'static str] = &["ticks", "bins", "levels"];
}

record! {
    /// The initialised ticks or the bins of one array of a pool, lowest first, or the levels of one
    /// side of a book, best first.
    ///
    /// `count` entries follow, then zero padding to a multiple of 64. A tick has 32 bytes:
    /// `liquidity_net` i128, `tick` i32, `orders` u32, 8 zero bytes. A bin has 48: `price` u128,
    /// `amount_a` u64, `amount_b` u64, `orders` u64, `bin` i32, `orders_of_a` u32. A level has 48:
    /// `price` u128, `base` u64, `sequence` u64, `expires` u64, `is_bid` u64.
    pub struct Ticks = 0x22 "ticks" version 2, 128 bytes then "`count` ticks of 32 bytes, or bins or levels of 48, zero-padded to a multiple of 64";
    flags {
        /// From an account file, not from the wire.
        SNAPSHOT = 1 "snapshot";
    }
    /// Slot of the state; 0 is unknown.
    16 slot: u64 => Show::Dec;
    /// First tick or bin the array covers.
    24 start_tick: i32 => Show::Dec;
    /// Ticks or bins the array covers, with liquidity or without.
    28 span_ticks: u32 => Show::Dec;
    /// The pool.
    32 pool: [u8; 32] => Show::Key;
    /// The array's own account.
    64 array: [u8; 32] => Show::Key;
    /// Entries that follow.
    96 count: u16 => Show::Dec;
    /// Ticks between two that may hold liquidity.
    98 tick_spacing: u16 => Show::Dec;
    /// What the entries are.
    100 what: u8 => Show::Name(TickKind::NAMES);
    /// Reserved.
    101 _zero: [u8; 27] => Show::Zero;
}

impl Ticks {
    /// The initialised ticks in `tail`; `None` when the entries are no ticks, or fewer than `count`
    /// says.
    pub fn entries<'a>(&self, tail: &'a [u8]) -> Option<&'a [Tick]> {
        self.cast(TickKind::Ticks, tail)
    }

    /// The bins in `tail`; `None` when the entries are no bins, or fewer than `count` says.
    pub fn bins<'a>(&self, tail: &'a [u8]) -> Option<&'a [Bin]> {
        self.cast(TickKind::Bins, tail)
    }

    /// The levels in `tail`; `None` when the entries are no levels, or fewer than `count` says.
    pub fn levels<'a>(&self, tail: &'a [u8]) -> Option<&'a [Level]> {
        self.cast(TickKind::Levels, tail)
    }

    fn cast<'a, T: bytemuck::Pod>(&self, what: TickKind, tail: &'a [u8]) -> Option<&'a [T]> {
        if self.what != what as u8 {
            return None;
        }
        if self.count == 0 {
            return Some(&[]);
        }
        let bytes = tail.get(..usize::from(self.count).checked_mul(size_of::<T>())?)?;
        bytemuck::try_cast_slice(bytes).ok()
    }
}
