//! What each fuzz target does with its bytes: it takes them as foreign input and asserts what must
//! hold of any. `tests/corpus` replays the same bodies on stable.
//!
//! | file | bodies |
//! |---|---|
//! | `wire` | records, captures, shreds, recovery, transactions, entries, datagrams, dumps |
//! | `venues` | each venue's instructions and events |
//! | `pools` | each venue's accounts, account files, quotes |
//! | `history` | states and swaps through the stages of `mev-arb` |
//! | `rows` | transactions and what the chain says of them into rows; the same as text |
#![allow(dead_code, unused_imports, reason = "each target uses one body")]

mod history;
mod pools;
mod rows;
mod venues;
mod wire;

pub(crate) use history::{history, seen};
pub(crate) use pools::{accounts, accounts_file, join, quote};
pub(crate) use rows::{rows, text};
pub(crate) use venues::{event, instruction};
pub(crate) use wire::{capture, deshred, dump, entry, feed, recover, shred, stream, txn};

use mev::ids::{Key, Venue};
use std::cell::RefCell;
use std::hash::{DefaultHasher, Hash, Hasher};

thread_local! {
    static MET: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// Notes what an input led to. A fuzzer sees by itself which inputs lead on; the replay on stable
/// sees it by this.
fn met(what: impl Hash) {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    MET.with_borrow_mut(|met| met.push(hasher.finish()));
}

/// What the inputs since the last call led to, each as a number of its own.
pub(crate) fn take_met(mut take: impl FnMut(u64)) {
    MET.with_borrow_mut(|met| met.drain(..).for_each(&mut take));
}

/// Whether `part` lies inside `whole`.
fn inside(whole: &[u8], part: &[u8]) -> bool {
    let (outer, inner) = (whole.as_ptr_range(), part.as_ptr_range());
    part.is_empty() || (outer.start <= inner.start && inner.end <= outer.end)
}

/// Program number `number` of all venues', round and round.
pub(crate) fn program(number: u8) -> &'static Key {
    let all = || Venue::ALL.iter().flat_map(|venue| venue.programs());
    all().cycle().nth(usize::from(number) % all().count()).expect("there are programs")
}

/// A fuzz input, taken part by part; past its end there are zeros.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut array = [0; N];
        for (to, from) in array.iter_mut().zip(self.take(N)) {
            *to = *from;
        }
        array
    }

    fn u8(&mut self) -> u8 {
        u8::from_le_bytes(self.array())
    }

    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.array())
    }

    /// The next `len` bytes, or as many as there are.
    fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// Bytes behind their own length, which is one byte, or two below 0x8000.
    fn sized(&mut self) -> &'a [u8] {
        let len = match self.u8() {
            low @ 0..0x80 => usize::from(low),
            high => usize::from(high & 0x7f) * 256 + usize::from(self.u8()),
        };
        self.take(len)
    }
}
