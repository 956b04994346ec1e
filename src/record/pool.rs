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

/// The rule by which a pool makes its price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Curve {
    /// Constant product of the reserves, virtual ones added.
    Product = 0,
    /// Liquidity in ranges of the square-root price.
    Range = 1,
    /// Liquidity in bins of one price each.
    Bins = 2,
    /// Stable swap.
    Stable = 3,
    /// An order book.
    Book = 4,
    /// A fixed price.
    Fixed = 5,
    /// A price that the program alone knows.
    Closed = 6,
}

impl Curve {
    /// Names by number.
    pub const NAMES: &'static [&'static str] =
        &["product", "range", "bins", "stable", "book", "fixed", "closed"];
}

record! {
    /// A pool's state: identity, reserves or price and liquidity, and every rate a quote needs.
    ///
    /// A fee is `fee_num / fee_den` of what `fee_side` says. Reserves are those the price is made from: what
    /// the vaults hold less what is owed to others.
    pub struct Pool = 0x21 "pool" version 4, 640 bytes;
    flags {
        /// From an account file, not from the wire: the first record of its pool.
        SNAPSHOT = 1 "snapshot";
    }
    /// Slot of the state; 0 is unknown.
    16 slot: u64 => Show::Dec;
    /// Rises with every state of the pool.
    24 sequence: u64 => Show::Dec;
    /// Square root of the price of a in b, Q64.64; liquidity in ranges only.
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
    /// Lowest square-root price that the liquidity reaches to, Q64.64.
    352 sqrt_min: u128 => Show::Dec, if SQRT_RANGE = 512;
    /// Highest square-root price that the liquidity reaches to, Q64.64.
    368 sqrt_max: u128 => Show::Dec, if SQRT_MAX = 512;
    /// Raw units of a that the price is made from beside the reserve.
    384 virtual_a: i64 => Show::Dec, if VIRTUAL = 1024;
    /// Raw units of b that the price is made from beside the reserve.
    392 virtual_b: i64 => Show::Dec, if VIRTUAL_B = 1024;
    /// Unix seconds of the last change of the volatility reference.
    400 vol_last_s: u64 => Show::Dec, if VOLATILITY = 2048;
    /// Amplification at `ramp_start_s`; stable swap only.
    408 amp: u64 => Show::Dec, if STABLE = 4096;
    /// Amplification at `ramp_stop_s`.
    416 amp_target: u64 => Show::Dec, if AMP_TARGET = 4096;
    /// Unix seconds at which the amplification begins to move.
    424 ramp_start_s: u64 => Show::Dec, if RAMP_START = 4096;
    /// Unix seconds at which it has moved.
    432 ramp_stop_s: u64 => Show::Dec, if RAMP_STOP = 4096;
    /// Control of the variable fee, in the program's own unit.
    440 vol_control: u32 => Show::Dec, if VOL_CONTROL = 2048;
    /// Highest volatility accumulator.
    444 vol_max: u32 => Show::Dec, if VOL_MAX = 2048;
    /// Volatility accumulator.
    448 vol_acc: u32 => Show::Dec, if VOL_ACC = 2048;
    /// Volatility reference.
    452 vol_ref: u32 => Show::Dec, if VOL_REF = 2048;
    /// Index (of a tick group or bin) that volatility is measured from.
    456 vol_index: i32 => Show::Dec, if VOL_INDEX = 2048;
    /// Seconds within which the references stay.
    460 vol_filter_s: u16 => Show::Dec, if VOL_FILTER = 2048;
    /// Seconds after which the references are forgotten.
    462 vol_decay_s: u16 => Show::Dec, if VOL_DECAY = 2048;
    /// Part of the accumulator that the reference keeps between them, bps.
    464 vol_reduction_bps: u16 => Show::Dec, if VOL_REDUCTION = 2048;
    /// Ticks of one group of the variable fee.
    466 vol_group: u16 => Show::Dec, if VOL_GROUP = 2048;
    /// The liquidity providers' fee where each fee is rounded up by itself, bps.
    468 lp_bps: u16 => Show::Dec, if SPLIT_FEES = 8192;
    /// The protocol's fee, likewise.
    470 protocol_bps: u16 => Show::Dec, if PROTOCOL_BPS = 8192;
    /// The creator's fee, likewise.
    472 creator_bps: u16 => Show::Dec, if CREATOR_BPS = 8192;
    /// Price step from bin to bin, bps.
    474 bin_step_bps: u16 => Show::Dec, if BIN_STEP = 32768;
    /// The rule of the price.
    476 curve: u8 => Show::Name(Curve::NAMES);
    /// What `fee_num` is taken of: the input, always a, always b, or the output.
    477 fee_side: u8 => Show::Name(&["input", "a", "b", "output"]);
    /// Reserved.
    478 _zero: [u8; 2] => Show::Zero;
    /// Raw units of a that the curve still sells.
    480 left_a: u64 => Show::Dec, if LEFT_A = 16384;
    /// Raw units of b that the curve takes until it is complete.
    488 left_b: u64 => Show::Dec, if LEFT_B = 0x1_0000;
    /// Supply of token a that its market value is reckoned with.
    496 supply_a: u64 => Show::Dec, if SUPPLY = 0x2_0000;
    /// Raw units of a in one of its lots; order books only.
    504 lot_a: u64 => Show::Dec, if LOTS = 0x4_0000;
    /// Raw units of b in one of its lots.
    512 lot_b: u64 => Show::Dec, if LOT_B = 0x4_0000;
    /// Lots of a in the unit that prices are for.
    520 lots_per_unit: u64 => Show::Dec, if LOTS_PER_UNIT = 0x4_0000;
    /// Lots of b by which prices step.
    528 price_step: u64 => Show::Dec, if PRICE_STEP = 0x4_0000;
    /// Slot or Unix second at which the base fee begins to fall from `fee_num`.
    536 fall_start: u64 => Show::Dec, if FEE_FALLS = 0x8_0000;
    /// Slots or seconds of one period.
    544 fall_every: u64 => Show::Dec, if FALL_EVERY = 0x8_0000;
    /// What each period takes: parts of `fee_den`, or bps of the fee.
    552 fall_step: u64 => Show::Dec, if FALL_STEP = 0x8_0000;
    /// Square root of the price that volatility is measured from, Q64.64.
    560 vol_sqrt: u128 => Show::Dec, if VOL_SQRT = 0x10_0000;
    /// Periods in which the fee falls.
    576 fall_count: u16 => Show::Dec, if FALL_COUNT = 0x8_0000;
    /// How each period takes from the fee.
    578 fall_mode: u8 => Show::Name(&["amount", "part"]), if FALL_MODE = 0x8_0000;
    /// What `fall_start` and `fall_every` count.
    579 fall_by: u8 => Show::Name(&["slot", "second"]), if FALL_BY = 0x8_0000;
    /// Reserved.
    580 _zero1: [u8; 4] => Show::Zero;
    /// Most that base fee and volatility's come to together, parts of `fee_den`.
    584 fee_max: u64 => Show::Dec, if FEE_MAX = 0x20_0000;
    /// Reserved.
    592 _zero2: [u8; 48] => Show::Zero;
}
