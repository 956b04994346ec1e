//! What a filter's core is, and where it puts what it makes.

use crate::record::{LINE, Layout, Record};

/// The core of a filter: input comes in by record, output goes out by record, and between the two
/// there is no clock, no socket, no file, and no allocation after construction.
///
/// A pipe, a file, a test, a fuzz target, a bench or another process drives the same code. Time
/// comes in with the record, so a replay is deterministic.
pub trait Stage {
    /// Bytes that one step can emit at most, as a bound for the caller's arena.
    const MAX_OUT: usize;

    /// Which record, counted from the one that is stepped, [`expect`](Self::expect) is told of; 0 where
    /// a stage has no use for it.
    const AHEAD: usize = 0;

    /// `coming` will be stepped after [`AHEAD`](Self::AHEAD) others, unless the input ends: what it will
    /// need can be asked for from memory. Never changes what comes out, and need not be called.
    fn expect(&mut self, coming: Record<'_>) {
        let _ = coming;
    }

    /// Takes one record and puts everything that follows from it.
    fn step(&mut self, input: Record<'_>, out: &mut impl Sink);

    /// No complete input waits; `now_ns` is CLOCK_REALTIME. Live callers call it at least every
    /// millisecond.
    fn idle(&mut self, now_ns: u64, out: &mut impl Sink);

    /// The input has ended: puts everything that was held back.
    fn finish(&mut self, out: &mut impl Sink);
}

/// Where a stage puts records. Putting never blocks and never fails.
pub trait Sink {
    /// Takes a record.
    fn put(&mut self, record: Record<'_>);

    /// Takes a record made of a fixed part and a tail, whose sum in bytes is `fixed`'s `len`; the
    /// tail is padded with zeros.
    fn put_parts<T: Layout>(&mut self, fixed: &T, tail: &[u8]);

    /// Bytes of the records that it holds.
    fn held(&self) -> usize;
}

/// Records one after another in memory: the sink of a step, which its caller drains.
///
/// It is made with room for what one step can emit and keeps it, so that a step allocates nothing;
/// it grows only when a stage breaks its own bound.
#[derive(Debug, Default)]
pub struct Arena {
    lines: Vec<Line>,
}

/// 64 bytes that own their cache line.
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C, align(64))]
pub(crate) struct Line([u8; LINE]);

impl Line {
    pub(crate) const ZERO: Self = Self([0; LINE]);
}

impl Arena {
    /// Makes room for `bytes` bytes.
    pub fn with_room(bytes: usize) -> Self {
        Self { lines: Vec::with_capacity(bytes.div_ceil(LINE)) }
    }

    /// The records put since the last [`clear`](Self::clear), in order.
    pub fn records(&self) -> impl Iterator<Item = Record<'_>> {
        let mut rest: &[u8] = bytemuck::cast_slice(&self.lines);
        std::iter::from_fn(move || {
            let len = crate::bytes::u32_at(rest, 0)? as usize;
            let (record, after) = rest.split_at_checked(len)?;
            rest = after;
            Record::new(record)
        })
    }

    /// Whether nothing was put.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Forgets the records and keeps the room.
    pub fn clear(&mut self) {
        self.lines.clear();
    }

    /// Room for `len` bytes at the end, zeroed.
    fn grow(&mut self, len: usize) -> &mut [u8] {
        let from = self.lines.len();
        self.lines.resize(from + len.div_ceil(LINE), Line::ZERO);
        bytemuck::cast_slice_mut(self.lines.get_mut(from..).unwrap_or_default())
    }
}

impl Sink for Arena {
    fn put(&mut self, record: Record<'_>) {
        let (lines, _) = record.bytes().as_chunks::<LINE>();
        self.lines.extend(lines.iter().map(|line| Line(*line)));
    }

    fn put_parts<T: Layout>(&mut self, fixed: &T, tail: &[u8]) {
        debug_assert_eq!(fixed.invalid(), None, "a stage wrote an invalid {}", T::SCHEMA.name);
        let (len, fixed) = (fixed.head().len as usize, bytemuck::bytes_of(fixed));
        debug_assert_eq!(len, (fixed.len() + tail.len()).next_multiple_of(LINE));
        let room = self.grow(len);
        if let Some((head, after)) = room.split_at_mut_checked(fixed.len()) {
            head.copy_from_slice(fixed);
            if let Some(to) = after.get_mut(..tail.len()) {
                to.copy_from_slice(tail);
            }
        }
    }

    fn held(&self) -> usize {
        self.lines.len() * LINE
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Gap, Packet};

    #[test]
    fn an_arena_gives_back_what_was_put_in_order() {
        let mut arena = Arena::with_room(256);
        arena.put(Record::of(&Gap::new(1)));
        let mut packet = Packet::new(2);
        (packet.head.len, packet.payload_len) = (192, 65);
        arena.put_parts(&packet, &[9; 65]);
        let got: Vec<_> = arena.records().collect();
        assert_eq!(got.iter().map(Record::rx_ns).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(got[1].tail::<Packet>()[..65], [9; 65]);
        assert_eq!(got[1].tail::<Packet>()[65..], [0; 63]);
        arena.clear();
        assert!(arena.is_empty() && arena.records().next().is_none());
    }
}
