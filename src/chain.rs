//! Stages composed in one process: the hot path without pipes.
//!
//! A chain of two stages is a stage, so three are a chain of a chain. What the first puts, the
//! second takes, if it is a kind the second consumes; everything else passes on, in order, as it
//! does between two programs.
//!
//! `mev-capture node` is such a chain behind a network stack of its own, and `mev-send serve` asks the
//! rules of one stage and the office of another; the programs get them here, because a stage may not know
//! others.

mod node;
#[cfg(feature = "gateway")]
mod serve;

pub use node::CAPTURE;
#[cfg(feature = "gateway")]
pub use serve::SEND;

/// The program mev-send, in a build without the gateway: the stage of that name.
#[cfg(not(feature = "gateway"))]
pub const SEND: &crate::cli::Tool = crate::send::TOOL;

use crate::record::Record;
use crate::stream::{Arena, Sink, Stage};

/// Two stages, one after the other.
#[derive(Debug)]
pub struct Chain<A, B> {
    first: A,
    second: B,
    /// Kinds that the second consumes; every kind, if it is empty.
    consumes: &'static [u16],
    between: Arena,
}

impl<A: Stage, B: Stage> Chain<A, B> {
    /// Puts `second`, which consumes the kinds `consumes` (every kind, if it is empty), behind `first`.
    pub fn new(first: A, second: B, consumes: &'static [u16]) -> Self {
        Self { first, second, consumes, between: Arena::with_room(A::MAX_OUT) }
    }

    /// The first stage.
    pub fn first(&self) -> &A {
        &self.first
    }

    /// The second stage.
    pub fn second(&self) -> &B {
        &self.second
    }

    /// Lets `make` give the first stage an input that is no record, and the second what follows.
    #[inline]
    pub fn input(&mut self, make: impl FnOnce(&mut A, &mut Arena), out: &mut impl Sink) {
        make(&mut self.first, &mut self.between);
        self.drain(out);
    }

    /// Gives the second stage what the first one put.
    fn drain(&mut self, out: &mut impl Sink) {
        for record in self.between.records() {
            if self.consumes.is_empty() || self.consumes.contains(&record.kind()) {
                self.second.step(record, out);
            } else {
                out.put(record);
            }
        }
        self.between.clear();
    }
}

impl<A: Stage, B: Stage> Stage for Chain<A, B> {
    // One record of the first may make the second emit its most; records are at least 64 long.
    const MAX_OUT: usize = A::MAX_OUT + A::MAX_OUT / 64 * B::MAX_OUT;

    fn step(&mut self, input: Record<'_>, out: &mut impl Sink) {
        self.input(|first, between| first.step(input, between), out);
    }

    fn idle(&mut self, now_ns: u64, out: &mut impl Sink) {
        self.first.idle(now_ns, &mut self.between);
        self.drain(out);
        self.second.idle(now_ns, out);
    }

    fn finish(&mut self, out: &mut impl Sink) {
        self.first.finish(&mut self.between);
        self.drain(out);
        self.second.finish(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Gap, Slot};

    /// Puts each record twice; what it holds back comes at the end.
    struct Twice(u64);

    impl Stage for Twice {
        const MAX_OUT: usize = 1024;
        fn step(&mut self, input: Record<'_>, out: &mut impl Sink) {
            out.put(input);
            out.put(input);
        }
        fn idle(&mut self, now_ns: u64, out: &mut impl Sink) {
            out.put(Record::of(&Gap::new(now_ns)));
        }
        fn finish(&mut self, out: &mut impl Sink) {
            out.put(Record::of(&Slot::new(self.0)));
        }
    }

    #[test]
    fn the_second_takes_what_it_consumes_and_the_rest_passes_in_order() {
        let mut chain = Chain::new(Twice(7), Twice(8), &[0x24]);
        let mut out = Arena::with_room(1024);
        chain.step(Record::of(&Slot::new(1)), &mut out);
        chain.step(Record::of(&Gap::new(2)), &mut out);
        chain.input(|_, between| between.put(Record::of(&Gap::new(3))), &mut out);
        chain.idle(3, &mut out);
        chain.finish(&mut out);
        let got: Vec<_> = out.records().map(|r| (r.kind(), r.rx_ns())).collect();
        let (slot, gap) = (0x24, 0x02);
        let should = [1, 1, 1, 1].map(|ns| (slot, ns)).into_iter().chain([(gap, 2), (gap, 2)]);
        let should = should.chain([(gap, 3), (gap, 3), (gap, 3), (slot, 7), (slot, 7), (slot, 8)]);
        assert_eq!(got, should.collect::<Vec<_>>());
    }
}
