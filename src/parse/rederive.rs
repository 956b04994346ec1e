//! Fills reckoned again: each venue's own integer formula on the state that its event tells.
//!
//! What the event says and what the formula says are compared to the unit. A difference means that
//! a layout or a rule has changed, or that our formula is wrong; the first [`KEPT_MAX`] are kept.

use crate::dex::Rederived;
use crate::ids::Venue;

/// Differences that are kept whole.
const KEPT_MAX: usize = 64;

/// What became of a fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Outcome {
    /// The formula gives what the event says.
    Equal = 0,
    /// It gives something else.
    Differs = 1,
    /// The event does not tell the state that the formula needs.
    StateUnknown = 2,
    /// No event tells of the swap.
    NoEvent = 3,
}

impl Outcome {
    /// Names by number.
    pub const NAMES: &'static [&'static str] = &["equal", "differs", "state_unknown", "no_event"];
}

/// A fill that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// First signature of the transaction.
    pub signature: [u8; 64],
    /// Number of the top-level instruction.
    pub ix_outer: u16,
    /// Number of the inner instruction below it.
    pub ix_inner: Option<u16>,
    /// Where.
    pub venue: Venue,
    /// What the event says: in, out.
    pub told: [u64; 2],
    /// What the formula says: in, out; `None` when it refuses.
    pub derived: Option<[u64; 2]>,
}

/// What was found, by venue.
#[derive(Clone, Debug)]
pub struct Rederivation {
    counts: [[u64; Outcome::NAMES.len()]; Venue::NAMES.len()],
    differences: Vec<Difference>,
}

impl Default for Rederivation {
    fn default() -> Self {
        let counts = [[0; Outcome::NAMES.len()]; Venue::NAMES.len()];
        Self { counts, differences: Vec::with_capacity(KEPT_MAX) }
    }
}

impl Rederivation {
    /// Takes in a fill: what its event says in `difference`, whose `derived` is still open, against
    /// what the formula says.
    pub(super) fn compare(&mut self, difference: Difference, rederived: Rederived) {
        let derived = match rederived {
            Rederived::StateUnknown => return self.count(difference.venue, Outcome::StateUnknown),
            Rederived::Refused => None,
            Rederived::Both { amount_in, amount_out } => Some([amount_in, amount_out]),
        };
        if derived == Some(difference.told) {
            return self.count(difference.venue, Outcome::Equal);
        }
        self.count(difference.venue, Outcome::Differs);
        if self.differences.len() < KEPT_MAX {
            self.differences.push(Difference { derived, ..difference });
        }
    }

    /// Adds what another parser found later.
    pub(super) fn merge(&mut self, other: &Self) {
        for (own, others) in self.counts.iter_mut().zip(&other.counts) {
            for (own, other) in own.iter_mut().zip(others) {
                *own += other;
            }
        }
        let room = KEPT_MAX.saturating_sub(self.differences.len());
        self.differences.extend(other.differences.iter().take(room).copied());
    }

    /// Counts a fill of `venue`.
    pub(super) fn count(&mut self, venue: Venue, outcome: Outcome) {
        let of_venue = self.counts.get_mut(venue as usize);
        if let Some(count) = of_venue.and_then(|counts| counts.get_mut(outcome as usize)) {
            *count += 1;
        }
    }

    /// Venues with a fill: name, and the count of each outcome in the order of its number.
    pub fn by_venue(&self) -> impl Iterator<Item = (&'static str, &[u64])> {
        let named = Venue::NAMES.iter().copied().zip(&self.counts);
        named
            .filter(|(_, counts)| counts.iter().any(|count| *count > 0))
            .map(|(name, counts)| (name, counts.as_slice()))
    }

    /// How many fills had `outcome`.
    pub fn total(&self, outcome: Outcome) -> u64 {
        self.counts.iter().filter_map(|of_venue| of_venue.get(outcome as usize)).sum()
    }

    /// The first differences, in the order in which they came.
    pub fn differences(&self) -> &[Difference] {
        &self.differences
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(told: [u64; 2]) -> Difference {
        let (signature, venue) = ([1; 64], Venue::Pump);
        Difference { signature, ix_outer: 2, ix_inner: Some(3), venue, told, derived: None }
    }

    #[test]
    fn only_equal_to_the_unit_is_equal() {
        let mut found = Rederivation::default();
        let both = |amount_in, amount_out| Rederived::Both { amount_in, amount_out };
        found.compare(told([5, 6]), both(5, 6));
        found.compare(told([5, 6]), both(5, 7));
        found.compare(told([5, 6]), Rederived::Refused);
        found.compare(told([5, 6]), Rederived::StateUnknown);
        found.count(Venue::Saber, Outcome::NoEvent);
        let venues: Vec<_> = found.by_venue().collect();
        assert_eq!(venues, [("pump", &[1, 2, 1, 0][..]), ("saber", &[0, 0, 0, 1])]);
        assert_eq!(found.total(Outcome::Differs), 2);
        let derived: Vec<_> = found.differences().iter().map(|found| found.derived).collect();
        assert_eq!(derived, [Some([5, 7]), None]);
    }

    #[test]
    fn kept_differences_are_bounded() {
        let mut found = Rederivation::default();
        (0..100).for_each(|_| found.compare(told([1, 1]), Rederived::Refused));
        assert_eq!((found.differences().len(), found.total(Outcome::Differs)), (KEPT_MAX, 100));
    }
}
