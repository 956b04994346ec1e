//! Which slot it is: told by records, bundles and RPC, and reckoned on between them.

use super::SLOT_NS;

/// What was heard last that counts.
const RECENT: usize = 12;
/// Slots that one word may be ahead of the others: a node that tells more is not believed (agave
/// v4.2.2 tpu-client `MAX_SLOT_SKIP_DISTANCE`).
const AHEAD_MAX: u64 = 48;
/// Time after which what was heard says nothing about now any more.
const STALE_NS: u64 = 60_000_000_000;

/// The current slot, from what several sources say. The caller owns the clock.
#[derive(Clone, Debug, Default)]
pub struct Slots {
    /// Slot and when it was heard, the oldest first.
    recent: Vec<(u64, u64)>,
}

impl Slots {
    /// Somebody said at `now_ns` that it is `slot`, or was just before.
    pub fn heard(&mut self, slot: u64, now_ns: u64) {
        // The first to tell counts, and many that tell the same must not outvote others.
        if self.recent.iter().any(|(known, _)| *known == slot) {
            return;
        }
        if self.recent.len() == RECENT {
            self.recent.remove(0);
        }
        self.recent.push((slot, now_ns));
    }

    /// The highest slot heard of that the others do not contradict, and when it was first heard.
    fn newest(&self) -> Option<(u64, u64)> {
        let mut slots: Vec<u64> = self.recent.iter().map(|(slot, _)| *slot).collect();
        slots.sort_unstable();
        let most = slots.get(slots.len() / 2)?.saturating_add(AHEAD_MAX);
        let believed = self.recent.iter().copied().filter(|(slot, _)| *slot <= most);
        believed.reduce(|best, one| if one.0 > best.0 { one } else { best })
    }

    /// The slot that is on at `now_ns`; `None` if nothing was heard for a minute.
    pub fn now(&self, now_ns: u64) -> Option<u64> {
        let (slot, heard_ns) = self.newest()?;
        let since_ns = now_ns.saturating_sub(heard_ns);
        (since_ns <= STALE_NS).then(|| slot.saturating_add(since_ns / SLOT_NS))
    }

    /// The newest slot heard of, whenever that was.
    pub fn last(&self) -> Option<u64> {
        self.newest().map(|(slot, _)| slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn slots_go_on_by_the_clock_until_what_was_heard_is_stale() {
        let mut slots = Slots::default();
        assert_eq!((slots.now(0), slots.last()), (None, None));
        slots.heard(1000, 500 * MS);
        for (ms, slot) in [(0, 1000), (500, 1000), (899, 1000), (900, 1001), (2500, 1005)] {
            assert_eq!(slots.now(ms * MS), Some(slot), "{ms} ms");
        }
        assert_eq!(slots.now(60_500 * MS), Some(1150));
        assert_eq!((slots.now(60_501 * MS), slots.last()), (None, Some(1000)));
        slots.heard(1151, 60_600 * MS);
        assert_eq!(slots.now(60_601 * MS), Some(1151));
    }

    #[test]
    fn what_is_late_changes_nothing_and_the_first_to_tell_counts() {
        let mut slots = Slots::default();
        slots.heard(1000, 0);
        slots.heard(1001, 300 * MS);
        slots.heard(1001, 650 * MS);
        slots.heard(999, 680 * MS);
        assert_eq!((slots.now(690 * MS), slots.now(700 * MS)), (Some(1001), Some(1002)));
        // However often it is told.
        for ms in 0..100 {
            slots.heard(1001, (700 + ms) * MS);
        }
        assert_eq!((slots.now(800 * MS), slots.now(1100 * MS)), (Some(1002), Some(1003)));
    }

    #[test]
    fn one_that_runs_far_ahead_is_not_believed_until_the_others_follow() {
        let mut slots = Slots::default();
        for slot in 0..5 {
            slots.heard(1000 + slot, slot * 400 * MS);
        }
        slots.heard(9999, 1601 * MS);
        assert_eq!(slots.now(1602 * MS), Some(1004));
        slots.heard(1004 + AHEAD_MAX - 1, 1603 * MS);
        assert_eq!(slots.now(1604 * MS), Some(1004 + AHEAD_MAX - 1));
        // Seven of twelve make a new middle.
        for slot in 0..7 {
            slots.heard(9000 + slot, 1700 * MS);
        }
        assert_eq!(slots.last(), Some(9006));
    }
}
