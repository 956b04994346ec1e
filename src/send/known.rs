//! Which bundles were seen before, as far back as it matters.

use super::status::Id;
use std::collections::HashSet;

/// Ids that are remembered, at least; twice as many at most. At 2000 bundles a second they outlast the
/// 300 slots that an engine looks back.
const KNOWN_MIN: usize = 1 << 18;

/// Ids of bundles, of which the oldest are forgotten.
#[derive(Debug, Default)]
pub(super) struct Known {
    newer: HashSet<Id>,
    older: HashSet<Id>,
}

impl Known {
    /// Whether `id` is known.
    pub(super) fn contains(&self, id: &Id) -> bool {
        self.newer.contains(id) || self.older.contains(id)
    }

    /// Remembers `id`; whether it was not known before.
    pub(super) fn insert(&mut self, id: Id) -> bool {
        if self.newer.len() >= KNOWN_MIN {
            self.older = std::mem::take(&mut self.newer);
        }
        !self.older.contains(&id) && self.newer.insert(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_forgotten_and_as_many_as_promised_are_not() {
        let id = |number: usize| {
            let mut id = [0; 32];
            id[..8].copy_from_slice(&(number as u64).to_le_bytes());
            id
        };
        let mut known = Known::default();
        assert!(known.insert(id(0)) && !known.insert(id(0)));
        for number in 1..3 * KNOWN_MIN {
            assert!(known.insert(id(number)));
        }
        assert!(!known.contains(&id(0)), "there is a bound");
        let last = 3 * KNOWN_MIN;
        assert!((last - KNOWN_MIN..last).all(|number| known.contains(&id(number))));
        assert!(known.newer.len() + known.older.len() <= 2 * KNOWN_MIN);
    }
}
