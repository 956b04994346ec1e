//! Plans: the cycles of one trigger that go into one bundle, each on what those before it leave.
//!
//! mev-arb writes the best cycle of a trigger first and the others of its plan behind all that it found;
//! they wait here until the plan is whole, or until something comes that belongs to no such plan.

use crate::record::Opportunity;

/// Transactions of a bundle at most.
pub(super) const TXS_MAX: usize = 5;

/// The plan that is being put together.
#[derive(Debug, Default)]
pub(super) struct Plan {
    parts: Vec<Opportunity>,
}

/// What becomes of an opportunity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joined {
    /// It belongs to no plan that waits: it is a bundle of its own.
    Alone,
    /// It waits for the rest of its plan.
    Waits,
    /// Its plan is whole.
    Whole,
}

impl Plan {
    /// Whether `opportunity` shows that the rest of the plan that waits will not come.
    pub(super) fn is_over(&self, opportunity: &Opportunity) -> bool {
        let Some(first) = self.parts.first() else { return false };
        opportunity.ordinal != first.ordinal || opportunity.slot != first.slot
    }

    /// Takes `opportunity` into its plan, if it is the next part of one.
    pub(super) fn join(&mut self, opportunity: &Opportunity) -> Joined {
        let count = usize::from(opportunity.plan_count);
        let is_part = count > 1 && opportunity.head.flags & Opportunity::REFUSED == 0;
        let is_next = usize::from(opportunity.plan_index) == self.parts.len();
        let same = |first: &Opportunity| first.conflict_group == opportunity.conflict_group;
        if !is_part || !is_next || !self.parts.first().is_none_or(same) {
            return Joined::Alone;
        }
        self.parts.push(*opportunity);
        if self.parts.len() >= count.min(TXS_MAX) { Joined::Whole } else { Joined::Waits }
    }

    /// The parts, in order; none wait afterwards.
    pub(super) fn take(&mut self) -> Vec<Opportunity> {
        std::mem::take(&mut self.parts)
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]
mod tests {
    use super::*;

    fn part(index: u16, count: u8) -> Opportunity {
        let mut made = Opportunity::new(0);
        (made.ordinal, made.conflict_group) = (7, 3);
        (made.plan_index, made.plan_count) = (index, count);
        made
    }

    #[test]
    fn parts_wait_for_their_plan_and_nobody_else() {
        let mut plan = Plan::default();
        assert_eq!(plan.join(&part(0, 0)), Joined::Alone);
        assert_eq!(plan.join(&part(0, 1)), Joined::Alone);
        assert_eq!(plan.join(&part(1, 3)), Joined::Alone, "the first is missing");
        assert_eq!(plan.join(&part(0, 3)), Joined::Waits);
        // Others of the same trigger lie between.
        assert!(!plan.is_over(&part(0, 0)));
        assert_eq!(plan.join(&part(0, 0)), Joined::Alone);
        assert_eq!(plan.join(&part(2, 3)), Joined::Alone, "not the next");
        assert_eq!(plan.join(&part(1, 3)), Joined::Waits);
        let other = Opportunity { conflict_group: 4, ..part(2, 3) };
        assert_eq!(plan.join(&other), Joined::Alone);
        assert_eq!(plan.join(&part(2, 3)), Joined::Whole);
        let numbers: Vec<_> = plan.take().iter().map(|part| part.plan_index).collect();
        assert_eq!(numbers, [0, 1, 2]);
        assert_eq!(plan.join(&part(0, 2)), Joined::Waits);
        assert!(plan.is_over(&Opportunity { ordinal: 8, ..part(0, 0) }));
        assert_eq!(plan.take().len(), 1);
        assert!(!plan.is_over(&Opportunity { ordinal: 8, ..part(0, 0) }));
    }
}
