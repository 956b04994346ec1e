//! No instructions for products: [`super::scalar`] does them.

use super::{Block, Term};

/// A way to do [`super::combine`].
#[cfg(test)]
type Way = fn(&[Term], &[u8], &mut [Block]) -> bool;

#[cfg(test)]
pub(super) const WAYS: &[(&str, Way)] = &[];

pub(super) fn combine(_: &[Term], _: &[u8], _: &mut [Block]) -> bool {
    false
}
