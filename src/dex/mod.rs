//! Venues: how each names a swap, keeps a pool, prices it and is called.
//!
//! ```text
//! instruction --decode--> Decoded    event --event--> Event    accounts --AccountBook::pools--> record::Pool, Ticks
//! Pool + Around --quote_in, quote_out, min_in, apply, segment--> amounts
//! Pool + AccountBook --build--> an instruction that swaps
//! ```
//!
//! Adding a venue is adding one file here and one line in [`VENUES`]. A venue's file holds the
//! layout of its instructions and accounts, its pricing rule and its instruction builder, each with
//! its source; what venues share is in `instruction`, `accounts`, `token`, `quote`, `segment`,
//! `around`, `ticks`, `product`, `ranges`, `volatility` and `build`.
//!
//! A `record::Pool` is the whole state of a pool; quotes are pure functions of it. They are the
//! program's own integer arithmetic, rounding included, and refuse by name whatever a program
//! refuses or is not modelled. Nothing here panics, whatever the bytes; nothing allocates but the
//! account book and the instructions built.

#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::float_arithmetic)]

mod accounts;
pub mod accounts_file;
mod around;
mod build;
mod change;
mod dflow;
mod event;
mod feed;
pub mod flash;
mod gavel;
mod instruction;
mod join;
mod jupiter;
mod launchpads;
mod levels;
mod lifinity;
mod manifest;
mod meteora_damm_v1;
mod meteora_damm_v2;
mod meteora_dbc;
mod meteora_dlmm;
#[cfg(test)]
mod model;
mod okx;
mod openbook_v2;
mod orca_whirlpool;
mod phoenix;
mod plain;
mod product;
mod programs;
mod prop;
mod pump;
mod pump_swap;
mod quote;
mod ranges;
mod raydium_amm_v4;
mod raydium_clmm;
mod raydium_cpmm;
mod raydium_launchlab;
mod raydium_route;
mod raydium_stable;
mod saber;
mod segment;
mod small;
mod stabble;
mod stable;
mod ticks;
mod titan;
mod token;
mod token_swap;
mod volatility;

pub use accounts::{
    Account, AccountBook, AccountFault, Clock, Entries, Found, Out, Part, Unsupported,
};
pub use around::{Around, AroundMut, BinRange, Depth, DepthMut, GENESIS_UNIX_S, Levels, Moment};
pub use build::{Build, BuildFault, associated_token, build};
pub use event::{Channel, Event, FeeSide, Filled, Leg, Legs, Moved, Rederived, SELF_CALL};
pub use instruction::{Decoded, Hops, Instruction, IxFault, LiquidityIx, SwapIx};
pub use orca_whirlpool::{SQRT_PRICE_MAX, SQRT_PRICE_MIN, TICK_MAX, TICK_MIN};
pub use orca_whirlpool::{sqrt_price_at_tick, tick_array_address, tick_at_sqrt_price};
pub use product::Product;
pub use programs::venue_of;
pub use quote::{Fault, Order, Quote, apply, min_in, quote_in, quote_out};
pub use segment::{Cursor, Ratio, Segment, segment};
pub use ticks::{TickRange, covered};
pub use token::{Mint, TokenAccount, TransferFee, mint, token_account};

use crate::ids::Venue;
use crate::record::Pool;

/// How sure a part of a venue's file is of its layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Not there.
    None,
    /// A hypothesis.
    Unverified,
    /// From decoders of third parties.
    ThirdParty,
    /// From the program's own source or interface description.
    Source,
    /// Checked against transactions or accounts of mainnet.
    Live,
}

/// What a venue's file covers, and on what evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// Instructions into intents (or routes).
    pub intents: Grade,
    /// Events into fills; without them inner transfers are read.
    pub fills: Grade,
    /// Accounts into pools.
    pub pools: Grade,
}

/// What an answered order changes beside the state it leaves, which is the last argument.
type Settle = fn(&mut Pool, &mut AroundMut<'_>, &Order, &Quote, &quote::State) -> Result<(), Fault>;

/// All that the toolkit knows of a venue.
#[derive(Debug)]
pub struct VenueSpec {
    /// Its number and name.
    pub venue: Venue,
    /// What is covered.
    pub coverage: Coverage,
    /// Reads one of its instructions.
    decode: for<'a> fn(&Instruction<'a>) -> Result<Decoded<'a>, IxFault>,
    /// Reads one of its events.
    event: for<'a> fn(Channel, &'a [u8]) -> Event<'a>,
    /// Reckons a swap again from the state that its event tells.
    rederive: fn(Channel, &[u8]) -> Rederived,
    /// Joins its pools from accounts.
    pools: fn(&AccountBook, Clock, &mut Out<'_>),
    /// Answers an order as its program would.
    swap: fn(&Pool, Around<'_>, &Order) -> quote::Swapped,
    /// What an exact output costs is the smallest input that gives as much.
    exact_out_is_least: bool,
    /// Its swaps are those of [`product::Product`].
    is_product: bool,
    /// Changes what the swap of an answered order changes beside [`quote::State`]: bins, levels,
    /// volatility. The pool's record is still as it was before.
    settle: Settle,
    /// The next piece of its curve.
    segment: fn(&Pool, Around<'_>, bool, &mut Cursor) -> Option<Segment>,
    /// Makes an instruction that swaps.
    build: fn(&AccountBook, &Build<'_>) -> Result<build::Ix, BuildFault>,
}

impl VenueSpec {
    /// A venue of which nothing but its programs is known: the base that a venue's file fills in.
    const fn of(venue: Venue) -> Self {
        Self {
            venue,
            coverage: Coverage { intents: Grade::None, fills: Grade::None, pools: Grade::None },
            decode: |_| Ok(Decoded::NotSwap),
            event: |_, _| Event::Unknown,
            rederive: |_, _| Rederived::StateUnknown,
            pools: |_, _, _| {},
            swap: |_, _, _| Err(Fault::Venue),
            exact_out_is_least: false,
            is_product: false,
            settle: |_, _, _, _, _| Ok(()),
            segment: |_, _, _, _| None,
            build: |_, _| Err(BuildFault::NoProgram),
        }
    }

    /// What `ix`, an instruction of this venue, is.
    #[inline]
    pub fn decode<'a>(&self, ix: &Instruction<'a>) -> Decoded<'a> {
        self.try_decode(ix).unwrap_or_else(Decoded::Refused)
    }

    /// As [`Self::decode`], but leaves the refusal where the decoder put it: nothing is copied.
    #[inline]
    pub(crate) fn try_decode<'a>(&self, ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
        (self.decode)(ix)
    }

    /// What an event of this venue tells.
    #[inline]
    pub fn event<'a>(&self, channel: Channel, bytes: &'a [u8]) -> Event<'a> {
        (self.event)(channel, bytes)
    }

    /// What the venue's formula makes of the swap that an event tells of.
    #[inline]
    pub fn rederive(&self, channel: Channel, bytes: &[u8]) -> Rederived {
        (self.rederive)(channel, bytes)
    }
}

/// Every venue, in the order of its number.
pub const VENUES: &[VenueSpec] = &[
    raydium_amm_v4::SPEC,
    raydium_cpmm::SPEC,
    orca_whirlpool::SPEC,
    feed::SPEC,
    raydium_clmm::SPEC,
    raydium_launchlab::SPEC,
    raydium_stable::SPEC,
    meteora_dlmm::SPEC,
    meteora_damm_v2::SPEC,
    meteora_dbc::SPEC,
    meteora_damm_v1::SPEC,
    pump::SPEC,
    pump_swap::SPEC,
    phoenix::SPEC,
    openbook_v2::SPEC,
    manifest::SPEC,
    lifinity::V2,
    saber::SPEC,
    token_swap::SPEC,
    raydium_clmm::PANCAKE,
    raydium_clmm::BYREAL,
    raydium_cpmm::GAMMA,
    prop::SOLFI,
    prop::SOLFI_V2,
    prop::TESSERA,
    prop::ZEROFI,
    prop::BISONFI,
    prop::GOONFI,
    prop::GOONFI_V2,
    prop::OBSIDIAN,
    prop::SCORCH,
    prop::QUAY,
    prop::HUMIDIFI,
    prop::ALPHAQ,
    prop::OBRIC_V2,
    prop::QUANTUM,
    prop::AQUIFER,
    prop::HADRON,
    stabble::STABLE,
    stabble::WEIGHTED,
    launchpads::BOOP,
    launchpads::MOONIT,
    launchpads::VIRTUALS,
    launchpads::HEAVEN,
    launchpads::VERTIGO,
    small::BONKSWAP,
    small::WOOFI,
    small::SAROS_DLMM,
    small::SANCTUM,
    launchpads::WAVEBREAK,
    gavel::SPEC,
    lifinity::V1,
    jupiter::SPEC,
    okx::V2,
    okx::V1,
    dflow::SPEC,
    titan::SPEC,
    raydium_route::SPEC,
];

/// What is known of `venue`.
#[inline]
pub fn spec(venue: Venue) -> &'static VenueSpec {
    // A test holds the table to the numbers of the venues, which begin at 1.
    VENUES.get((venue as usize).wrapping_sub(1)).unwrap_or(&feed::SPEC)
}

/// What `ix` is, if it calls a known venue; an event that a program sends to itself is no swap.
#[inline]
pub fn decode<'a>(ix: &Instruction<'a>) -> Option<Decoded<'a>> {
    let spec = venue_of(ix.program)?;
    if ix.is_event() {
        return Some(Decoded::NotSwap);
    }
    Some(spec.decode(ix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_complete_and_in_order() {
        assert_eq!(VENUES.len(), Venue::ALL.len());
        for (known, venue) in VENUES.iter().zip(Venue::ALL) {
            assert_eq!(known.venue, *venue);
            assert_eq!(spec(*venue).venue, *venue);
        }
    }
}
