//! How well a replay kept its gaps: the time between two datagrams against what was asked for.

use hdrhistogram::Histogram;
use std::fmt;

/// Differences between asked-for and actual gaps, in ns.
#[derive(Debug)]
pub(super) struct GapErrors {
    errors: Histogram<u64>,
    /// When the datagram before was due and when it was sent.
    last: Option<(u64, u64)>,
}

impl GapErrors {
    /// None yet.
    pub(super) fn new() -> Self {
        // Three digits up to an hour: construction fails only on bounds that are out of order.
        let errors = Histogram::new_with_bounds(1, 3_600_000_000_000, 3)
            .unwrap_or_else(|_| unreachable!("constant bounds are in order"));
        Self { errors, last: None }
    }

    /// Takes a datagram that was due at `due_ns` and sent at `sent_ns` after the start.
    pub(super) fn take(&mut self, due_ns: u64, sent_ns: u64) {
        if let Some((due, sent)) = self.last.replace((due_ns, sent_ns)) {
            let (asked, got) = (due_ns.saturating_sub(due), sent_ns.saturating_sub(sent));
            self.errors.saturating_record(asked.abs_diff(got).max(1));
        }
    }

    /// Percentiles by name, in ns.
    pub(super) fn percentiles(&self) -> [(&'static str, u64); 4] {
        let at = |quantile| self.errors.value_at_quantile(quantile);
        [("p50", at(0.5)), ("p99", at(0.99)), ("p999", at(0.999)), ("max", self.errors.max())]
    }
}

impl fmt::Display for GapErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [p50, p99, p999, max] = self.percentiles().map(|(_, ns)| ns.div_ceil(1000));
        write!(f, "gap error p50 {p50} us, p99 {p99} us, p999 {p999} us, max {max} us")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_those_of_gaps_and_not_of_lateness() {
        let mut gaps = GapErrors::new();
        // All 50 us late, the third another 30.
        for (due, sent) in [(0, 50_000), (100_000, 150_000), (200_000, 280_000)] {
            gaps.take(due, sent);
        }
        let [p50, .., max] = gaps.percentiles();
        assert_eq!(p50, ("p50", 1));
        assert!(max.1.abs_diff(30_000) < 50, "{max:?}");
        assert!(gaps.to_string().contains("p50 1 us"), "{gaps}");
    }
}
