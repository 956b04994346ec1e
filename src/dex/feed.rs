//! The toolkit's own feed: a constant product that its datagrams describe, without a program.
//!
//! `fee = ceil(in * num / den)` stays in the pool; `out = floor(r_out * net / (r_in + net))`.

use crate::ids::Venue;

use super::{VenueSpec, product, segment};

/// The feed's line in the table of venues.
pub(super) const SPEC: VenueSpec = VenueSpec {
    venue: Venue::Feed,
    swap: product::swap,
    exact_out_is_least: true,
    is_product: true,
    segment: segment::product,
    ..VenueSpec::of(Venue::Feed)
};
