//! No instructions for many messages: one after the other it is.

use super::{Hash, LANES};

pub(super) fn digest(_: &[u8], _: &[&[u8]], _: &mut [Hash; LANES]) -> bool {
    false
}

pub(super) fn iterate_lanes(_: &mut [Hash], _: u64) -> bool {
    false
}

pub(super) fn iterate_pairs(_: &mut [Hash], _: u64) -> bool {
    false
}
