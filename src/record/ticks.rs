//! ticks: one tick array of a concentrated-liquidity pool. parse to arb.

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
    /// Reserved.
    pub _zero: [u8; 12],
}

record! {
    /// The initialised ticks of one array of a pool, lowest first.
    ///
    /// `count` entries of 32 bytes follow: `liquidity_net` i128, `tick` i32, 12 zero bytes; then
    /// zero padding to a multiple of 64.
    pub struct Ticks = 0x22 "ticks" version 1, 128 bytes then "`count` ticks of 32 bytes, zero-padded to a multiple of 64";
    flags {
        /// From an account file, not from the wire.
        SNAPSHOT = 1 "snapshot";
    }
    /// Slot of the state; 0 is unknown.
    16 slot: u64 => Show::Dec;
    /// First tick the array covers.
    24 start_tick: i32 => Show::Dec;
    /// Ticks the array covers, initialised or not.
    28 span_ticks: u32 => Show::Dec;
    /// The pool.
    32 pool: [u8; 32] => Show::Key;
    /// The array's own account.
    64 array: [u8; 32] => Show::Key;
    /// Initialised ticks that follow.
    96 count: u16 => Show::Dec;
    /// Ticks between two that may hold liquidity.
    98 tick_spacing: u16 => Show::Dec;
    /// Reserved.
    100 _zero: [u8; 28] => Show::Zero;
}

impl Ticks {
    /// The initialised ticks in `tail`; `None` when there are fewer than `count` says.
    pub fn entries<'a>(&self, tail: &'a [u8]) -> Option<&'a [Tick]> {
        let bytes = tail.get(..usize::from(self.count).checked_mul(size_of::<Tick>())?)?;
        bytemuck::try_cast_slice(bytes).ok()
    }
}
