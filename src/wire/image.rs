//! Whole shreds side by side, of which the erasure code sees the shards.

use super::fec::Shards;
use super::variant::{CODE_LEN, Kind, Variant};
use std::ops::Range;

/// Room for one shred of either kind.
pub(super) type Image = [u8; CODE_LEN];

/// Room with nothing in it.
pub(super) const NO_IMAGE: Image = [0; CODE_LEN];

/// Copies `bytes` to the start of `image` and clears the rest.
pub(super) fn lay(bytes: &[u8], image: &mut Image) {
    if let Some((head, tail)) = image.split_at_mut_checked(bytes.len()) {
        head.copy_from_slice(bytes);
        tail.fill(0);
    }
}

/// The shards within images.
pub(super) struct Images<'a> {
    all: &'a mut [Image],
    num_data: usize,
    data: Range<usize>,
    code: Range<usize>,
}

impl<'a> Images<'a> {
    /// `all` hold a set whose first `num_data` shreds are of variant `data`, the others of the
    /// code variant that goes with it.
    pub(super) fn new(all: &'a mut [Image], num_data: usize, data: Variant) -> Self {
        let code = data.with_kind(Kind::Code).shard();
        Self { all, num_data, data: data.shard(), code }
    }

    /// Bytes of each shard.
    pub(super) fn shard_len(&self) -> usize {
        self.data.len()
    }

    fn range(&self, point: u8) -> Range<usize> {
        if usize::from(point) < self.num_data { self.data.clone() } else { self.code.clone() }
    }
}

impl Shards for Images<'_> {
    fn shard(&self, point: u8) -> &[u8] {
        let range = self.range(point);
        self.all.get(usize::from(point)).and_then(|image| image.get(range)).unwrap_or_default()
    }

    fn shard_mut(&mut self, point: u8) -> &mut [u8] {
        let range = self.range(point);
        let image = self.all.get_mut(usize::from(point));
        image.and_then(|image| image.get_mut(range)).unwrap_or_default()
    }
}
