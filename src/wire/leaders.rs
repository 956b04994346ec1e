//! Who leads which slot: one key for all, or a schedule from a file.
//!
//! ```text
//! lines   SLOT KEY            as `solana leader-schedule` prints
//!         FIRST-LAST KEY      both inclusive
//! JSON    {"KEY":[INDEX,..],..}, or an RPC reply whose `result` is that
//! ```
//!
//! Empty lines and lines that begin with `#` are skipped. The JSON is that of RPC
//! `getLeaderSchedule`, whose indexes count from the epoch's first slot: an option says which one it
//! is, or a field `firstSlot` beside `result`. A slot that no line names has no known leader; a slot
//! with two leaders is refused.

use crate::bytes::base58;
use crate::error::{Error, Result};
use crate::ids::Key;
use serde_json::Value;

/// The leaders of slots.
#[derive(Clone, Debug)]
pub enum Leaders {
    /// One key leads every slot.
    One(Key),
    /// A schedule.
    Of(Schedule),
}

impl Leaders {
    /// Who leads `slot`, if it is known.
    pub fn of(&self, slot: u64) -> Option<Key> {
        match self {
            Self::One(key) => Some(*key),
            Self::Of(schedule) => schedule.of(slot),
        }
    }
}

/// Runs of slots with their leader, by slot.
#[derive(Clone, Debug, Default)]
pub struct Schedule {
    turns: Vec<Turn>,
}

/// Slots in a row of one leader.
#[derive(Clone, Copy, Debug)]
struct Turn {
    first: u64,
    last: u64,
    leader: Key,
    /// Line that says so; 0 of JSON.
    line: u64,
}

impl Schedule {
    /// The schedule that `text` holds. In JSON, index 0 is slot `epoch_start`, or what the text
    /// itself says.
    ///
    /// # Errors
    /// Status 4 with the line that is wrong; status 2 when JSON comes without the epoch's first
    /// slot.
    pub fn read(text: &[u8], epoch_start: Option<u64>) -> Result<Self> {
        let text = std::str::from_utf8(text).map_err(|_| Error::damaged("is no text"))?;
        let turns = if text.trim_start().starts_with('{') {
            from_json(text, epoch_start)?
        } else {
            let lines = (1..).zip(text.lines().map(str::trim));
            let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
            lines.map(|(number, line)| turn(number, line)).collect::<Result<_>>()?
        };
        if turns.is_empty() {
            return Err(Error::damaged("names no leader"));
        }
        Self::sorted(turns)
    }

    fn sorted(mut turns: Vec<Turn>) -> Result<Self> {
        turns.sort_by_key(|turn| (turn.first, turn.line));
        let mut made: Vec<Turn> = Vec::with_capacity(turns.len());
        for turn in turns {
            match made.last_mut() {
                Some(before) if turn.first <= before.last && turn.leader != before.leader => {
                    return Err(twice(before, &turn));
                }
                Some(before)
                    if turn.first <= before.last.saturating_add(1)
                        && turn.leader == before.leader =>
                {
                    before.last = before.last.max(turn.last);
                }
                _ => made.push(turn),
            }
        }
        made.shrink_to_fit();
        Ok(Self { turns: made })
    }

    /// Who leads `slot`.
    pub fn of(&self, slot: u64) -> Option<Key> {
        let at = self.turns.partition_point(|turn| turn.last < slot);
        self.turns.get(at).filter(|turn| turn.first <= slot).map(|turn| turn.leader)
    }
}

fn twice(before: &Turn, turn: &Turn) -> Error {
    let slot = turn.first;
    Error::damaged(match turn.line.max(before.line) {
        0 => format!("slot {slot} has two leaders"),
        line => format!(
            "line {line}: slot {slot} has another leader in line {}",
            turn.line.min(before.line)
        ),
    })
}

/// One line of plain text.
fn turn(line: u64, text: &str) -> Result<Turn> {
    let wrong = |what: &str| Error::damaged(format!("line {line}: {what}"));
    let mut words = text.split_whitespace();
    let (Some(slots), Some(key), None) = (words.next(), words.next(), words.next()) else {
        return Err(wrong("is not SLOT KEY or FIRST-LAST KEY"));
    };
    let (first, last) = slots.split_once('-').unwrap_or((slots, slots));
    let number = |text: &str| text.parse::<u64>().map_err(|_| wrong("no number of a slot"));
    let (first, last) = (number(first)?, number(last)?);
    if last < first {
        return Err(wrong("the last slot lies before the first"));
    }
    let leader = base58::key(key).ok_or_else(|| wrong("no public key in base58"))?;
    Ok(Turn { first, last, leader, line })
}

/// The reply of `getLeaderSchedule`, or its `result`.
fn from_json(text: &str, epoch_start: Option<u64>) -> Result<Vec<Turn>> {
    let whole: Value = serde_json::from_str(text)
        .map_err(|e| Error::damaged(format!("line {}: is no JSON: {e}", e.line())))?;
    let map = whole.get("result").unwrap_or(&whole).as_object();
    let map = map.ok_or_else(|| {
        Error::damaged("the result is no object of identities")
            .hint("getLeaderSchedule answers null for an epoch that is not known yet")
    })?;
    let start = epoch_start.or_else(|| whole.get("firstSlot")?.as_u64()).ok_or_else(|| {
        Error::usage("the indexes of a leader schedule in JSON need the epoch's first slot")
            .hint("add --epoch-start SLOT: absoluteSlot less slotIndex of getEpochInfo")
    })?;
    let mut turns = Vec::new();
    for (identity, indexes) in map.iter().filter(|(name, _)| *name != "firstSlot") {
        let wrong = |what: &str| Error::damaged(format!("{identity:?}: {what}"));
        let leader = base58::key(identity).ok_or_else(|| wrong("no public key in base58"))?;
        let indexes = indexes.as_array().ok_or_else(|| wrong("no list of indexes"))?;
        for index in indexes {
            let slot = index.as_u64().and_then(|index| start.checked_add(index));
            let slot = slot.ok_or_else(|| wrong("no index of a slot"))?;
            turns.push(Turn { first: slot, last: slot, leader, line: 0 });
        }
    }
    Ok(turns)
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::bytes::base58::Key as Shown;

    fn key(byte: u8) -> String {
        Shown(&[byte; 32]).to_string()
    }

    fn read(text: &str, start: Option<u64>) -> Result<Schedule> {
        Schedule::read(text.as_bytes(), start)
    }

    #[test]
    fn lines_name_slots_and_ranges() {
        let text = format!("# epoch 9\n\n 8-11  {}\n4 {}\r\n5 {}\n", key(1), key(2), key(2));
        let schedule = read(&text, None).unwrap();
        let led: Vec<_> = (3..=12).map(|slot| schedule.of(slot).map(|key| key[0])).collect();
        let (one, two) = (Some(1), Some(2));
        assert_eq!(led, [None, two, two, None, None, one, one, one, one, None]);
        assert_eq!(schedule.turns.len(), 2);
        assert_eq!(Leaders::Of(schedule).of(u64::MAX), None);
        assert_eq!(Leaders::One([7; 32]).of(u64::MAX), Some([7; 32]));
    }

    #[test]
    fn the_reply_of_get_leader_schedule_counts_from_the_epoch() {
        let map = format!("{{\"{}\":[0,1,2,3,8],\"{}\":[4,5,6,7]}}", key(1), key(2));
        let reply = format!("{{\"jsonrpc\":\"2.0\",\"result\":{map},\"id\":1}}");
        let held = format!("{{\"firstSlot\":432000,\"result\":{map}}}");
        for (text, start) in [(&map, Some(432_000)), (&reply, Some(432_000)), (&held, None)] {
            let schedule = read(text, start).unwrap();
            let led: Vec<_> =
                (431_999..432_010).map(|slot| schedule.of(slot).map_or(0, |key| key[0])).collect();
            assert_eq!(led, [0, 1, 1, 1, 1, 2, 2, 2, 2, 1, 0]);
        }
        // What the option says counts.
        assert_eq!(read(&held, Some(0)).unwrap().of(8), Some([1; 32]));
        let error = read(&reply, None).unwrap_err();
        assert_eq!(error.exit(), crate::error::Exit::Usage);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let (a, b) = (key(1), key(2));
        for (text, says) in [
            (format!("1 {a}\nx {a}"), "line 2: no number of a slot"),
            (format!("1 {a}\n2"), "line 2: is not SLOT KEY"),
            (format!("1 {a} 2"), "line 1: is not SLOT KEY"),
            ("\n7 nonsense".to_owned(), "line 2: no public key"),
            (format!("9-8 {a}"), "line 1: the last slot lies before"),
            (format!("1-4 {a}\n6 {b}\n3-5 {b}"), "line 3: slot 3 has another leader in line 1"),
            (String::new(), "names no leader"),
            ("{\"result\":null}".to_owned(), "no object of identities"),
            ("{\"x\":[1]}".to_owned(), "\"x\": no public key"),
            (format!("{{\"{a}\":[-1]}}"), "no index of a slot"),
            (format!("{{\"{a}\":7}}"), "no list of indexes"),
            (format!("{{\"{a}\":[1],\n\"{b}\":[1]}}"), "slot 1 has two leaders"),
            ("{\n\"".to_owned(), "line 2: is no JSON"),
        ] {
            let error = read(&text, Some(0)).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
        assert!(Schedule::read(&[0xff, 0xfe], None).unwrap_err().to_string().contains("no text"));
    }
}
