//! pool: the state of a pool after a change, all that a quote needs. parse to arb.

use super::layout::record;
use super::schema::Show;
use crate::ids::Venue;

/// Whether a pool takes swaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum PoolStatus {
    /// It does.
    Open = 0,
    /// It does from `open_time` on.
    Waiting = 1,
    /// Its program has switched swaps off.
    Disabled = 2,
    /// A rule of this pool is not modelled (named in the parser's counters): never traded.
    Unsupported = 3,
}

impl PoolStatus {
    /// Names by number.
    pub const NAMES: &'static [&'static str] = &["open", "waiting", "disabled", "unsupported"];
}

record! {
    /// A pool's state: identity, reserves or price and liquidity, and every rate a quote needs.
    ///
    /// A fee is `fee_num / fee_den` of the input. Reserves are those the price is made from: what
    /// the vaults hold less what is owed to others.
    pub struct Pool = 0x21 "pool" version 1, 512 bytes;
    flags {
        /// From an account file, not from the wire: the first record of its pool.
        SNAPSHOT = 1 "snapshot";
    }
    /// Slot of the state; 0 is unknown.
    16 slot: u64 => Show::Dec;
    /// Rises with every state of the pool.
    24 sequence: u64 => Show::Dec;
    /// Square root of the price of a in b, Q64.64; concentrated liquidity only.
    32 sqrt_price: u128 => Show::Dec, if SQRT_PRICE = 1;
    /// Liquidity in range; concentrated liquidity only.
    48 liquidity: u128 => Show::Dec, if LIQUIDITY = 2;
    /// The pool's account.
    64 pool: [u8; 32] => Show::Key;
    /// Its program.
    96 program: [u8; 32] => Show::Key;
    /// Token a.
    128 mint_a: [u8; 32] => Show::Key;
    /// Token b.
    160 mint_b: [u8; 32] => Show::Key;
    /// Token account that holds a.
    192 vault_a: [u8; 32] => Show::Key, if VAULTS = 4;
    /// Token account that holds b.
    224 vault_b: [u8; 32] => Show::Key, if VAULT_B = 4;
    /// Raw units of a that the price is made from; of the vault where the price is not.
    256 reserve_a: u64 => Show::Dec, if RESERVES = 8;
    /// Raw units of b that the price is made from; of the vault where the price is not.
    264 reserve_b: u64 => Show::Dec, if RESERVE_B = 8;
    /// Unix seconds from which the pool takes swaps.
    272 open_time: u64 => Show::Dec, if OPEN_TIME = 16;
    /// Numerator of the swap fee.
    280 fee_num: u64 => Show::Dec;
    /// Denominator of the swap fee; never 0.
    288 fee_den: u64 => Show::Dec;
    /// Most raw units of a that a transfer fee takes.
    296 transfer_fee_max_a: u64 => Show::Dec;
    /// Most raw units of b that a transfer fee takes.
    304 transfer_fee_max_b: u64 => Show::Dec;
    /// The feed's number of the pool.
    312 pool_id: u64 => Show::Dec, if POOL_ID = 32;
    /// Part of the fee that leaves the reserves for the protocol, ppm of the fee.
    320 protocol_ppm: u32 => Show::Dec;
    /// Part of the fee that leaves the reserves for the fund, ppm of the fee.
    324 fund_ppm: u32 => Show::Dec;
    /// The creator's fee, ppm of the amount; it leaves the reserves.
    328 creator_ppm: u32 => Show::Dec;
    /// The tick or bin of the price.
    332 tick: i32 => Show::Dec, if TICK = 64;
    /// Ticks between two that may hold liquidity.
    336 tick_spacing: u16 => Show::Dec, if TICK_SPACING = 128;
    /// Transfer fee of token a, bps.
    338 transfer_fee_bps_a: u16 => Show::Dec;
    /// Transfer fee of token b, bps.
    340 transfer_fee_bps_b: u16 => Show::Dec;
    /// Where.
    342 venue: u16 => Show::Name(Venue::NAMES);
    /// Decimals of token a.
    344 decimals_a: u8 => Show::Dec, if DECIMALS = 256;
    /// Decimals of token b.
    345 decimals_b: u8 => Show::Dec, if DECIMALS_B = 256;
    /// Whether it takes swaps.
    346 status: u8 => Show::Name(PoolStatus::NAMES);
    /// The creator's fee is taken: 0 from the input, 1 from token a only, 2 from token b only.
    347 creator_side: u8 => Show::Name(&["input", "a", "b"]);
    /// Which optional fields hold a value.
    348 present: u32 => Show::Hidden;
    /// Reserved.
    352 _zero: [u8; 160] => Show::Zero;
}
