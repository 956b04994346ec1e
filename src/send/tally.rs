//! What became of all bundles together.

use crate::record::{Outcome, Receipt};
use hdrhistogram::Histogram;

/// Counters of a run, and the time that answers took.
#[derive(Debug)]
pub struct Tally {
    /// Bundles that came in.
    pub bundles: u64,
    /// Receipts of attempts, and final ones, by outcome.
    outcomes: [u64; Outcome::NAMES.len()],
    finals: [u64; Outcome::NAMES.len()],
    answers: Histogram<u64>,
}

impl Default for Tally {
    fn default() -> Self {
        // Three digits up to an hour: construction fails only on bounds that are out of order.
        let answers = Histogram::new_with_bounds(1, 3_600_000_000_000, 3)
            .unwrap_or_else(|_| unreachable!("constant bounds are in order"));
        let none = [0; Outcome::NAMES.len()];
        Self { bundles: 0, outcomes: none, finals: none, answers }
    }
}

impl Tally {
    /// Counts what `receipt` says.
    pub fn count(&mut self, receipt: &Receipt) {
        let last = receipt.head.flags & Receipt::FINAL != 0;
        let counts = if last { &mut self.finals } else { &mut self.outcomes };
        if let Some(count) = counts.get_mut(usize::from(receipt.outcome)) {
            *count = count.saturating_add(1);
        }
        if !last && receipt.present & Receipt::ANSWERED != 0 {
            let took_ns = receipt.answered_ns.saturating_sub(receipt.sent_ns);
            self.answers.saturating_record(took_ns.max(1));
        }
    }

    /// How many receipts of attempts say `outcome`.
    pub fn of(&self, outcome: Outcome) -> u64 {
        self.outcomes.get(outcome as usize).copied().unwrap_or(0)
    }

    /// Final receipts by the name of their outcome.
    pub fn finals(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Outcome::NAMES.iter().copied().zip(self.finals)
    }

    /// Receipts of attempts by the name of their outcome.
    pub fn outcomes(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Outcome::NAMES.iter().copied().zip(self.outcomes)
    }

    /// Nanoseconds from request to whole answer: how many there were, and their percentiles.
    pub fn answers(&self) -> [(&'static str, u64); 5] {
        let at = |quantile: f64| self.answers.value_at_quantile(quantile);
        let (count, max) = (self.answers.len(), self.answers.max());
        [("count", count), ("p50", at(0.5)), ("p99", at(0.99)), ("p999", at(0.999)), ("max", max)]
    }

    /// What to tell when nothing that was sent was accepted; `None` if something was, or if nothing
    /// was sent.
    pub fn failure(&self) -> Option<String> {
        use Outcome::{Accepted, RateLimited, Refused, Unknown, Unreachable, Written};
        let [refused, limited, silent, unknown] =
            [Refused, RateLimited, Unreachable, Unknown].map(|outcome| self.of(outcome));
        let sent = [refused, limited, silent, unknown].into_iter().fold(0, u64::saturating_add);
        (self.of(Accepted) == 0 && self.of(Written) == 0 && sent > 0).then(|| {
            format!(
                "no request was accepted: {refused} refused, {limited} rate limited, {silent} \
                 without an answer, {unknown} not understood"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receipts_are_counted_by_outcome_and_answers_timed() {
        let mut tally = Tally::default();
        let mut receipt = Receipt::new(0);
        tally.count(&receipt);
        assert_eq!((tally.of(Outcome::DryRun), tally.failure()), (1, None));
        (receipt.outcome, receipt.sent_ns) = (Outcome::Refused as u8, 100);
        (receipt.answered_ns, receipt.present) = (350, Receipt::SENT | Receipt::ANSWERED);
        tally.count(&receipt);
        receipt.outcome = Outcome::RateLimited as u8;
        tally.count(&receipt);
        let words = tally.failure().unwrap();
        assert!(words.contains("1 refused, 1 rate limited, 0 without"), "{words}");
        assert_eq!(tally.answers()[..2], [("count", 2), ("p50", 250)]);
        receipt.outcome = Outcome::Accepted as u8;
        // A clock that was set back is no time less than none.
        receipt.answered_ns = 50;
        tally.count(&receipt);
        assert_eq!((tally.failure(), tally.of(Outcome::Accepted)), (None, 1));
        (receipt.outcome, receipt.head.flags) = (Outcome::Landed as u8, Receipt::FINAL);
        tally.count(&receipt);
        assert_eq!(tally.outcomes().map(|(_, count)| count).sum::<u64>(), 4);
        assert_eq!(tally.finals().find(|(_, count)| *count > 0), Some(("landed", 1)));
        assert_eq!(tally.answers()[0], ("count", 3));
    }
}
