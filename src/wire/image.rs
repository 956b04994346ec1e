//! Whole shreds side by side, of which the erasure code sees the shards.

use super::fec::Shards;
use super::variant::{CODE_LEN, Kind, Variant};
use std::ops::Range;

/// Room for one shred of either kind.
pub(super) type Image = [u8; CODE_LEN];

/// Room with nothing in it.
pub(super) const NO_IMAGE: Image = [0; CODE_LEN];

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

/// The shards of a set of which some were received and others are rebuilt in images.
pub(super) struct Rebuilt<'a, 'b> {
    /// By position, empty where none was received.
    received: &'a [&'b [u8]],
    images: Images<'a>,
}

impl<'a, 'b> Rebuilt<'a, 'b> {
    /// `received` and `all` hold a set as [`Images::new`] has it.
    pub(super) fn new(
        received: &'a [&'b [u8]],
        all: &'a mut [Image],
        num_data: usize,
        data: Variant,
    ) -> Self {
        Self { received, images: Images::new(all, num_data, data) }
    }

    /// Bytes of each shard.
    pub(super) fn shard_len(&self) -> usize {
        self.images.shard_len()
    }
}

impl Shards for Rebuilt<'_, '_> {
    fn shard(&self, point: u8) -> &[u8] {
        let range = self.images.range(point);
        let bytes = self.received.get(usize::from(point)).copied().unwrap_or_default();
        // A trimmed legacy shred ends before its shard.
        bytes.get(range.start..range.end.min(bytes.len())).unwrap_or_default()
    }

    fn shard_mut(&mut self, point: u8) -> &mut [u8] {
        self.images.shard_mut(point)
    }
}
