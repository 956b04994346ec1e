//! How often an endpoint may be asked: one budget for everything that goes there.

/// Nanoseconds of a second.
const SECOND_NS: u64 = 1_000_000_000;

/// The requests that an endpoint is sent, evenly spaced: the block engine counts sends and status
/// calls of an address together, one a second without authentication (docs.jito.wtf, rate limits),
/// and says nothing of bursts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    interval_ns: u64,
    next_ns: u64,
    /// How far `next_ns` was ahead when it was set.
    wait_ns: u64,
}

impl Budget {
    /// A budget of `per_second` requests a second; none counts as one.
    pub fn new(per_second: u32) -> Self {
        let interval_ns = SECOND_NS.checked_div(u64::from(per_second)).unwrap_or(SECOND_NS);
        Self { interval_ns, next_ns: 0, wait_ns: 0 }
    }

    /// Whether a request may be sent at `now_ns`. A clock that was set back makes none wait longer
    /// than it was to wait.
    pub fn is_ready(&self, now_ns: u64) -> bool {
        match self.next_ns.checked_sub(now_ns) {
            None => true,
            Some(left_ns) => left_ns == 0 || left_ns > self.wait_ns,
        }
    }

    /// A request is sent at `now_ns`.
    pub fn take(&mut self, now_ns: u64) {
        self.hold(now_ns, self.interval_ns);
    }

    /// The endpoint asks at `now_ns` to be left alone for `wait_ns`; never for less than between two
    /// requests.
    pub fn hold(&mut self, now_ns: u64, wait_ns: u64) {
        self.wait_ns = wait_ns.max(self.interval_ns);
        self.next_ns = now_ns.saturating_add(self.wait_ns);
    }

    /// Time between two requests.
    pub fn interval_ns(&self) -> u64 {
        self.interval_ns
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn requests_are_spaced_and_a_pause_is_kept() {
        let mut budget = Budget::new(4);
        assert!(budget.is_ready(0));
        budget.take(1_000);
        assert!(!budget.is_ready(250_000_999) && budget.is_ready(250_001_000));
        budget.hold(1_000, 3 * SECOND_NS);
        assert!(!budget.is_ready(3 * SECOND_NS) && budget.is_ready(3 * SECOND_NS + 1_000));
        budget.hold(1_000, 1);
        assert!(!budget.is_ready(2_000), "a pause is no shorter than the interval");
        assert_eq!(Budget::new(0), Budget::new(1));
        // The clock was set back by a day.
        budget.take(86_400 * SECOND_NS);
        assert!(budget.is_ready(5));
    }

    proptest! {
        #[test]
        fn no_more_than_its_rate_in_any_window(
            per_second in 1u32..2000,
            steps in prop::collection::vec(0u64..2_000_000_000, 1..200),
        ) {
            let mut budget = Budget::new(per_second);
            let (mut now, mut sent) = (0u64, Vec::new());
            for step in steps {
                now += step;
                if budget.is_ready(now) {
                    budget.take(now);
                    sent.push(now);
                }
            }
            for pair in sent.windows(2) {
                prop_assert!(pair[1] - pair[0] >= SECOND_NS / u64::from(per_second));
            }
        }
    }
}
