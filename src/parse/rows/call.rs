//! The calls of an executed transaction, in the order of execution, each with what lies below it.
//!
//! ```text
//! top-level instruction 0   height 1  end 3   \  the calls below one stand between it and its end
//!   inner instruction 0     height 2  end 3   |
//!     inner instruction 1   height 3  end 3   /
//! top-level instruction 1   height 1  end 4
//! ```
//!
//! Old replies tell no heights. Then the log lines `Program P invoke [height]` do, if there is one
//! for each call; if not, a call of a venue owns what follows it up to the next call of a venue.

use super::executed::{Executed, Inner};
use super::lines::{Line, Programs};
use crate::dex::{self, Instruction, VenueSpec};
use crate::ids::Key;
use crate::wire::txn::Transaction;

/// One call of a program.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call<'a> {
    pub(super) ix: Instruction<'a>,
    /// The venue that is called, if it is one.
    pub(super) spec: Option<&'static VenueSpec>,
    /// Number of the top-level instruction.
    pub(super) outer: u16,
    /// Number of the inner instruction below it; none for the top-level one itself.
    pub(super) inner: Option<u16>,
    /// Depth, 1 for a top-level one; 0 when it is not known.
    height: u8,
    /// One past the last call below this one.
    pub(super) end: usize,
}

impl Call<'_> {
    /// Whether it is an event that a program sends to itself.
    pub(super) fn is_event(&self) -> bool {
        self.ix.is_event()
    }

    /// Whether it can be a call at `height`.
    pub(super) fn is_at(&self, height: u8) -> bool {
        self.height == 0 || self.height == height
    }

    /// Whether `other`, which lies below this one, was called by it and not by another below it.
    pub(super) fn called(&self, other: &Self) -> bool {
        self.height == 0 || other.height == 0 || other.height == self.height.saturating_add(1)
    }
}

/// The calls of `tx`, whose outcome is `executed`.
pub(super) fn calls<'a>(tx: &Transaction<'a>, executed: &'a Executed) -> Vec<Call<'a>> {
    let mut calls =
        Vec::with_capacity(tx.instructions().len().saturating_add(executed.inner().len()));
    let view = |program: u8, indices: &'a [u8], data: &'a [u8]| {
        let mut ix = Instruction {
            program: &NO_PROGRAM,
            data,
            indices: &[],
            keys: tx.keys(),
            loaded: &executed.loaded,
        };
        ix.program = ix.key(program).unwrap_or(&NO_PROGRAM);
        ix.indices = indices;
        ix
    };
    for (outer, top) in (0u16..).zip(tx.instructions()) {
        let ix = view(top.program_index, top.accounts, top.data);
        calls.push(Call {
            ix,
            spec: dex::venue_of(ix.program),
            outer,
            inner: None,
            height: 1,
            end: 0,
        });
        let below = executed.inner().iter().filter(|inner| inner.outer == outer);
        for (number, inner) in (0u16..).zip(below) {
            let Inner { program_index, height, .. } = *inner;
            let ix = view(program_index, executed.accounts(inner), executed.data(inner));
            let spec = dex::venue_of(ix.program);
            calls.push(Call { ix, spec, outer, inner: Some(number), height, end: 0 });
        }
    }
    if calls.iter().any(|call| call.height == 0) {
        heights_from_logs(&mut calls, executed);
    }
    close(&mut calls);
    calls
}

/// Stands for a program whose key is not known.
const NO_PROGRAM: Key = [0xff; 32];

/// Takes heights from the log, if it names every call in order.
fn heights_from_logs(calls: &mut [Call<'_>], executed: &Executed) {
    let mut programs = Programs::default();
    let told: Vec<_> = executed
        .logs()
        .filter_map(|line| match Line::read(line) {
            Line::Invoke { program, height } => Some((programs.key(program)?, height)),
            _ => None,
        })
        .collect();
    let same = told.len() == calls.len()
        && calls.iter().zip(&told).all(|(call, (program, _))| call.ix.program == program);
    if same {
        for (call, (_, height)) in calls.iter_mut().zip(told) {
            call.height = height;
        }
    }
}

/// Finds where each call ends.
fn close(calls: &mut [Call<'_>]) {
    for at in 0..calls.len() {
        let (Some(call), after) = (calls.get(at).copied(), at.saturating_add(1)) else { return };
        let below = calls.get(after..).unwrap_or_default().iter().take_while(|other| {
            other.outer == call.outer
                && match (call.height, other.height) {
                    (1, _) => true,
                    (0, _) | (_, 0) => other.spec.is_none() || other.is_event(),
                    (own, others) => others > own,
                }
        });
        let end = after.saturating_add(below.count());
        if let Some(call) = calls.get_mut(at) {
            call.end = end;
        }
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::super::testing;
    use super::*;
    use crate::bytes::base58;

    fn ends(heights: &[u8], logs: &[String]) -> Vec<usize> {
        let bytes = testing::swap_tx(1, &[70, 80]);
        let tx = Transaction::check(&bytes).unwrap();
        let mut executed = Executed::default();
        for (at, height) in heights.iter().enumerate() {
            // Calls of the token program (key 7) below instruction 0, of the AMM where at is 2.
            executed.push_inner(0, *height, if at == 2 { 8 } else { 7 }, &[1], &[3]);
        }
        for line in logs {
            executed.push_log(line);
        }
        calls(&tx, &executed).iter().map(|call| call.end).collect()
    }

    #[test]
    fn calls_end_where_their_heights_say() {
        assert_eq!(ends(&[2, 3, 3, 2], &[]), [5, 4, 3, 4, 5, 6]);
        assert_eq!(ends(&[], &[]), [1, 2]);
    }

    #[test]
    fn without_heights_the_log_tells_them_or_venues_do() {
        assert_eq!(ends(&[0, 0, 0, 0], &[]), [5, 3, 3, 5, 5, 6]);
        let token = base58::Key(&[8; 32]).to_string();
        let amm = base58::Key(&crate::ids::RAYDIUM_AMM_V4).to_string();
        let line = |program: &str, height: u8| format!("Program {program} invoke [{height}]");
        let logs = [
            line(&amm, 1),
            line(&token, 2),
            line(&token, 3),
            line(&amm, 2),
            line(&token, 3),
            line(&amm, 1),
        ];
        assert_eq!(ends(&[0, 0, 0, 0], &logs), [5, 3, 3, 5, 5, 6]);
        assert_eq!(ends(&[0, 0, 0, 0], &logs[1..]), [5, 3, 3, 5, 5, 6]);
    }
}
