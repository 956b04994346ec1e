//! How often a caller may ask: a bucket of tokens each, in integers.
//!
//! A bucket is one number, the time at which it would be full again (GCRA, ATM Forum traffic
//! management 4.0): a request moves it one interval ahead, and is refused if that is further than a
//! burst away. Refused requests cost nothing. The time is monotonic: no clock can be set back.

use super::code::Code;
use std::collections::HashMap;

/// Nanoseconds of a second.
const SECOND_NS: u64 = 1_000_000_000;
/// Callers that are counted, at most.
const CALLERS_MAX: usize = 1 << 16;

/// The buckets of all callers.
#[derive(Debug)]
pub(super) struct Limiter {
    interval_ns: u64,
    burst_ns: u64,
    callers_max: usize,
    full_at_ns: HashMap<String, u64>,
}

impl Limiter {
    /// Every caller may ask `per_second` times a second, and `burst` times at once. Neither is zero.
    pub(super) fn new(per_second: u32, burst: u32) -> Self {
        let interval_ns = SECOND_NS.checked_div(u64::from(per_second)).unwrap_or(SECOND_NS).max(1);
        let burst_ns = interval_ns.saturating_mul(u64::from(burst.max(1)));
        Self { interval_ns, burst_ns, callers_max: CALLERS_MAX, full_at_ns: HashMap::new() }
    }

    /// `caller` asks at `now_ns`.
    pub(super) fn ask(&mut self, caller: &str, now_ns: u64) -> Result<(), Code> {
        if !self.full_at_ns.contains_key(caller) {
            if self.full_at_ns.len() >= self.callers_max {
                // A full bucket is no different from that of somebody who never asked.
                self.full_at_ns.retain(|_, full_at_ns| *full_at_ns > now_ns);
            }
            if self.full_at_ns.len() >= self.callers_max {
                return Err(Code::TooManyCallers);
            }
            self.full_at_ns.insert(caller.to_owned(), now_ns);
        }
        let Some(full_at_ns) = self.full_at_ns.get_mut(caller) else { return Ok(()) };
        let next_ns = (*full_at_ns).max(now_ns).saturating_add(self.interval_ns);
        if next_ns.saturating_sub(now_ns) > self.burst_ns {
            return Err(Code::RateLimited);
        }
        *full_at_ns = next_ns;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_burst_then_the_rate_and_others_are_not_touched() {
        let mut limiter = Limiter::new(10, 3);
        for _ in 0..3 {
            assert_eq!(limiter.ask("a", 5), Ok(()));
        }
        assert_eq!(limiter.ask("a", 5), Err(Code::RateLimited));
        assert_eq!(limiter.ask("b", 5), Ok(()));
        assert_eq!(limiter.ask("a", 5 + 99_999_999), Err(Code::RateLimited));
        assert_eq!(limiter.ask("a", 5 + 100_000_000), Ok(()));
        assert_eq!(limiter.ask("a", 5 + 100_000_000), Err(Code::RateLimited));
    }

    #[test]
    fn callers_are_bounded_and_those_with_full_buckets_make_room() {
        let mut limiter = Limiter { callers_max: 2, ..Limiter::new(10, 3) };
        assert!(limiter.ask("a", 0).is_ok() && limiter.ask("b", 0).is_ok());
        assert_eq!(limiter.ask("c", 1), Err(Code::TooManyCallers));
        assert_eq!(limiter.ask("a", 1), Ok(()), "who is counted already is not turned away");
        assert_eq!(limiter.ask("c", 100_000_000), Ok(()));
        assert_eq!(limiter.full_at_ns.len(), 2);
    }

    proptest! {
        /// Over any stretch of time no more are let in than the burst and the rate allow.
        #[test]
        fn never_more_than_the_rate(
            per_second in 1u32..2000, burst in 1u32..50,
            steps in prop::collection::vec(0u64..20_000_000, 1..400),
        ) {
            let mut limiter = Limiter::new(per_second, burst);
            let (mut now_ns, mut let_in) = (7u64, Vec::new());
            for step in steps {
                now_ns += step;
                if limiter.ask("a", now_ns).is_ok() {
                    let_in.push(now_ns);
                }
            }
            for (at, first) in let_in.iter().enumerate() {
                for (count, last) in let_in[at..].iter().enumerate() {
                    let most = u64::from(burst) + (last - first) / (SECOND_NS / u64::from(per_second));
                    prop_assert!((count as u64) < most);
                }
            }
        }
    }
}
