//! Venues: how each names a swap, keeps a pool, prices it and is called.
//!
//! ```text
//! instruction --decode--> SwapIx          accounts --AccountBook::pools--> record::Pool, Ticks
//! Pool + Ticks --quote_in, quote_out, min_in, apply, segment--> amounts
//! Pool + AccountBook --build--> an instruction that swaps
//! ```
//!
//! Adding a venue is adding one file here and one line in [`VENUES`]. A venue's file holds the
//! layout of its instructions and accounts, its pricing rule and its instruction builder, each with
//! its source; what venues share is in `instruction`, `accounts`, `token`, `quote`, `segment`,
//! `ticks`, `product` and `build`.
//!
//! A `record::Pool` is the whole state of a pool; quotes are pure functions of it. They are the
//! program's own integer arithmetic, rounding included, and refuse by name whatever a program
//! refuses or is not modelled. Nothing here panics, whatever the bytes; nothing allocates but the
//! account book and the instructions built.

#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::float_arithmetic)]

mod accounts;
pub mod accounts_file;
mod build;
mod feed;
mod instruction;
#[cfg(test)]
mod model;
mod orca_whirlpool;
mod product;
mod quote;
mod raydium_amm_v4;
mod raydium_cpmm;
mod segment;
mod ticks;
mod token;

pub use accounts::{Account, AccountBook, AccountFault, Clock, Found, Out, Part, Unsupported};
pub use build::{Build, BuildFault, associated_token, build};
pub use instruction::{Decoded, Instruction, IxFault, SwapIx};
pub use orca_whirlpool::{SQRT_PRICE_MAX, SQRT_PRICE_MIN, TICK_MAX, TICK_MIN};
pub use orca_whirlpool::{sqrt_price_at_tick, tick_array_address, tick_at_sqrt_price};
pub use quote::{Fault, Order, Quote, apply, min_in, quote_in, quote_out};
pub use segment::{Cursor, Ratio, Segment, segment};
pub use ticks::{TickRange, covered};
pub use token::{Mint, TokenAccount, TransferFee, mint, token_account};

use crate::ids::{Key, Venue};
use crate::record::Pool;

/// All that the toolkit knows of a venue.
#[derive(Debug)]
pub struct VenueSpec {
    /// Its number and name.
    pub venue: Venue,
    /// Its program; `None` for the feed, which has none.
    pub program: Option<&'static Key>,
    /// Reads one of its instructions.
    decode: for<'a> fn(&Instruction<'a>) -> Result<Decoded<'a>, IxFault>,
    /// Joins its pools from accounts.
    pools: fn(&AccountBook, Clock, &mut Out<'_>),
    /// Answers an order as its program would.
    swap: fn(&Pool, TickRange<'_>, &Order) -> quote::Swapped,
    /// The next piece of its curve.
    segment: fn(&Pool, TickRange<'_>, bool, &mut Cursor) -> Option<Segment>,
    /// Makes an instruction that swaps.
    build: fn(&AccountBook, &Build<'_>) -> Result<build::Ix, BuildFault>,
}

/// Every venue, in the order of its number.
pub const VENUES: &[VenueSpec] =
    &[raydium_amm_v4::SPEC, raydium_cpmm::SPEC, orca_whirlpool::SPEC, feed::SPEC];

/// The venue whose program is `program`.
#[inline]
pub fn venue_of(program: &Key) -> Option<&'static VenueSpec> {
    // One word tells the known programs from nearly every other.
    let word = program.first_chunk::<8>()?;
    VENUES.iter().find(|spec| {
        spec.program.is_some_and(|known| known.first_chunk() == Some(word) && known == program)
    })
}

/// What is known of `venue`.
#[inline]
pub fn spec(venue: Venue) -> &'static VenueSpec {
    // A test holds the table to the numbers of the venues, which begin at 1.
    VENUES.get((venue as usize).wrapping_sub(1)).unwrap_or(&feed::SPEC)
}

/// What `ix` is, if it calls a known venue.
#[inline]
pub fn decode<'a>(ix: &Instruction<'a>) -> Option<Decoded<'a>> {
    venue_of(ix.program).map(|spec| (spec.decode)(ix).unwrap_or_else(Decoded::Refused))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_complete_and_in_order() {
        assert_eq!(VENUES.len(), Venue::ALL.len());
        for (known, venue) in VENUES.iter().zip(Venue::ALL) {
            assert_eq!(known.venue, venue);
            assert_eq!(spec(venue).venue, venue);
            if let Some(program) = known.program {
                assert_eq!(venue_of(program).map(|spec| spec.venue), Some(venue));
                let mut other = *program;
                other[31] ^= 1;
                assert!(venue_of(&other).is_none());
            }
        }
        assert!(venue_of(&[0; 32]).is_none());
    }
}
