//! What the programs of an executed transaction told: events, and which call told which.
//!
//! Two channels: a program's call of itself, which stands among the calls, and log lines, which
//! belong to the call that the lines `invoke [n]` and `success` around them say. Logs may be cut
//! off at 10 kB (`Log truncated`); what stands before the cut still counts.

use super::call::Call;
use super::executed::Executed;
use super::lines::{Line, Programs};
use crate::dex::{Channel, Event};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::ops::Range;

/// The events that log lines carry.
#[derive(Debug, Default)]
pub(super) struct Logged {
    /// Which call, which channel, which of the bytes.
    lines: Vec<(usize, Channel, Range<usize>)>,
    bytes: Vec<u8>,
}

impl Logged {
    /// Reads the log lines of `executed`, whose calls are `calls`.
    pub(super) fn read(calls: &[Call<'_>], executed: &Executed) -> Self {
        let mut logged = Self::default();
        let (mut stack, mut next) = (Vec::new(), 0usize);
        let mut programs = Programs::default();
        for line in executed.logs() {
            match Line::read(line) {
                Line::Invoke { program, height } => {
                    // Programs that are run by the validator itself leave no lines. A call whose
                    // own record is missing is no call further on at another depth.
                    let program = programs.key(program);
                    let rest = calls.get(next..).unwrap_or_default();
                    let found = rest.iter().position(|call| {
                        program.is_some_and(|program| *call.ix.program == program)
                            && call.is_at(height)
                    });
                    let call = found.map(|past| next.saturating_add(past));
                    next = call.map_or(next, |call| call.saturating_add(1));
                    stack.push(call);
                }
                Line::End => drop(stack.pop()),
                Line::Event(channel, text) => {
                    if let Some(Some(call)) = stack.last() {
                        logged.add(*call, channel, text);
                    }
                }
                Line::Other => {}
            }
        }
        logged
    }

    fn add(&mut self, call: usize, channel: Channel, text: &[u8]) {
        let from = self.bytes.len();
        self.bytes.resize(from.saturating_add(text.len()), 0);
        let room = self.bytes.get_mut(from..).unwrap_or_default();
        let len = STANDARD.decode_slice(text, room).unwrap_or(0);
        self.bytes.truncate(from.saturating_add(len));
        if len > 0 {
            self.lines.push((call, channel, from..self.bytes.len()));
        }
    }
}

/// An event's bytes, and how they came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told<'a> {
    pub(super) channel: Channel,
    pub(super) bytes: &'a [u8],
    pub(super) event: Event<'a>,
}

/// The events that the program of call number `at` told during it, in order: calls of itself first,
/// which are never cut off, then log lines.
pub(super) fn events<'a>(
    calls: &'a [Call<'a>],
    at: usize,
    logged: &'a Logged,
) -> impl Iterator<Item = Told<'a>> + Clone {
    let call = calls.get(at);
    let spec = call.and_then(|call| call.spec);
    let below = call.and_then(|call| calls.get(at.saturating_add(1)..call.end)).unwrap_or_default();
    let own = below.iter().filter(move |other| {
        call.is_some_and(|call| other.ix.program == call.ix.program && call.called(other))
    });
    let lines = logged.lines.iter().filter(move |(of, ..)| *of == at);
    let sent = own.map(|other| (Channel::SelfCall, other.ix.data));
    let logged = lines
        .map(|(_, channel, range)| (*channel, logged.bytes.get(range.clone()).unwrap_or_default()));
    sent.chain(logged).filter_map(move |(channel, bytes)| {
        let event = spec?.event(channel, bytes);
        Some(Told { channel, bytes, event })
    })
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::super::testing;
    use super::super::call::calls;
    use super::*;
    use crate::bytes::base58;
    use crate::wire::txn::Transaction;

    #[test]
    fn log_lines_belong_to_the_call_they_stand_in() {
        let bytes = testing::swap_tx(1, &[70, 80]);
        let tx = Transaction::check(&bytes).unwrap();
        let mut executed = Executed::default();
        executed.push_inner(0, 2, 7, &[], &[]);
        let amm = base58::Key(&crate::ids::RAYDIUM_AMM_V4).to_string();
        let token = base58::Key(&[8; 32]).to_string();
        for line in [
            format!("Program {amm} invoke [1]"),
            "Program log: ray_log: AQI=".to_owned(),
            format!("Program {token} invoke [2]"),
            "Program data: BwgJ".to_owned(),
            "Program data: no base64!".to_owned(),
            format!("Program {token} success"),
            "Program log: ray_log: Aw==".to_owned(),
            format!("Program {amm} failed: custom program error: 0x1"),
            "Program data: Cg==".to_owned(),
            // Nothing tells of this call; the next one of the AMM is another.
            format!("Program {amm} invoke [2]"),
            "Program data: DA==".to_owned(),
            format!("Program {amm} success"),
            format!("Program {amm} invoke [1]"),
            "Program data: Cw==".to_owned(),
        ] {
            executed.push_log(&line);
        }
        let calls = calls(&tx, &executed);
        let logged = Logged::read(&calls, &executed);
        let got: Vec<_> =
            logged.lines.iter().map(|(at, c, r)| (*at, *c, &logged.bytes[r.clone()])).collect();
        let (ray, data) = (Channel::RayLog, Channel::Data);
        assert_eq!(
            got,
            [(0, ray, &[1, 2][..]), (1, data, &[7, 8, 9]), (0, ray, &[3]), (2, data, &[11])]
        );
        assert_eq!(events(&calls, 0, &logged).count(), 2);
    }
}
