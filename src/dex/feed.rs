//! The toolkit's own feed: a constant product that its datagrams describe, without a program.
//!
//! `fee = ceil(in * num / den)` stays in the pool; `out = floor(r_out * net / (r_in + net))`.

use crate::ids::Venue;

use super::build::BuildFault;
use super::instruction::Decoded;
use super::{VenueSpec, product, segment};

/// The feed's line in the table of venues.
pub(super) const SPEC: VenueSpec = VenueSpec {
    venue: Venue::Feed,
    program: None,
    decode: |_| Ok(Decoded::NotSwap),
    pools: |_, _, _| {},
    swap: product::swap,
    segment: segment::product,
    build: |_, _| Err(BuildFault::NoProgram),
};
