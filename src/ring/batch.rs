//! Records that were copied out of a ring.

use super::protocol::Bytes;
use super::sync::Row;
use crate::record::Record;

/// Whole records one after another, in memory of the reader's own.
#[derive(Debug, Default)]
pub struct Batch {
    pub(super) rows: Vec<Row>,
}

impl Batch {
    /// Makes room for `bytes` bytes, so that a reader that asks for no more at a time allocates
    /// nothing later, but for a record that reaches beyond.
    pub fn with_room(bytes: usize) -> Self {
        Self { rows: Vec::with_capacity(bytes.div_ceil(size_of::<Bytes>())) }
    }

    /// The records as bytes, aligned to 64.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        bytemuck::cast_slice(&self.rows)
    }

    /// The records in order.
    pub fn records(&self) -> impl Iterator<Item = Record<'_>> {
        self.records_from(0)
    }

    /// The records from byte `at` on, where one begins, in order.
    pub fn records_from(&self, at: usize) -> impl Iterator<Item = Record<'_>> {
        let mut rest = self.bytes().get(at..).unwrap_or_default();
        std::iter::from_fn(move || {
            let len = crate::bytes::u32_at(rest, 0)? as usize;
            let (record, after) = rest.split_at_checked(len)?;
            rest = after;
            Record::new(record)
        })
    }

    /// Puts a record at byte `at`, a multiple of 64, before those that stand there.
    pub fn insert(&mut self, at: usize, record: Record<'_>) {
        let row = |line: &[u8; size_of::<Bytes>()]| bytemuck::pod_read_unaligned::<Row>(line);
        let lines = record.bytes().as_chunks().0;
        let at = (at / size_of::<Bytes>()).min(self.rows.len());
        self.rows.splice(at..at, lines.iter().map(row));
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Forgets the records and keeps the room.
    #[inline]
    pub fn clear(&mut self) {
        self.rows.clear();
    }

    /// Bytes of the records.
    #[inline]
    pub fn len(&self) -> usize {
        self.rows.len() * size_of::<Bytes>()
    }
}
