//! Who is served next: a bounded queue of five classes.
//!
//! The class orders the queue and nothing else. The highest class goes first, in the order of arrival
//! within a class; but every [`OLDEST_EVERY`]th turn takes whatever has waited longest. So nothing
//! starves: what has `n` before it by age leaves within `OLDEST_EVERY * (n + 1)` turns, whatever comes
//! in. How long that takes depends on who serves, and is bounded by no promise.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Of so many turns, one takes the oldest.
const OLDEST_EVERY: u64 = 8;

/// The class of a bundle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Priority {
    Low,
    #[default]
    Medium,
    High,
    VeryHigh,
    UltraHigh,
}

impl Priority {
    /// Every class, lowest first.
    pub(super) const ALL: [Self; 5] =
        [Self::Low, Self::Medium, Self::High, Self::VeryHigh, Self::UltraHigh];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Low => "Low",
            Self::Medium => "Medium",
            Self::High => "High",
            Self::VeryHigh => "VeryHigh",
            Self::UltraHigh => "UltraHigh",
        }
    }

    /// The class named `name`.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}

/// The queue.
#[derive(Debug)]
pub(super) struct Queue<T> {
    classes: [VecDeque<(u64, T)>; Priority::ALL.len()],
    len: usize,
    len_max: usize,
    came: u64,
    turns: u64,
}

impl<T> Queue<T> {
    /// A queue of at most `len_max`.
    pub(super) fn new(len_max: usize) -> Self {
        let classes = std::array::from_fn(|_| VecDeque::new());
        Self { classes, len: 0, len_max, came: 0, turns: 0 }
    }

    /// Puts `item` behind those of its class; gives it back if the queue is full.
    pub(super) fn push(&mut self, class: Priority, item: T) -> Result<(), T> {
        if self.len >= self.len_max {
            return Err(item);
        }
        let Some(queue) = self.classes.get_mut(class as usize) else { return Err(item) };
        queue.push_back((self.came, item));
        (self.came, self.len) = (self.came.saturating_add(1), self.len.saturating_add(1));
        Ok(())
    }

    /// Takes the next one.
    pub(super) fn pop(&mut self) -> Option<T> {
        self.turns = self.turns.wrapping_add(1);
        let waiting = || self.classes.iter().enumerate().filter(|(_, queue)| !queue.is_empty());
        let at = if self.turns.is_multiple_of(OLDEST_EVERY) {
            waiting().min_by_key(|(_, queue)| queue.front().map(|(came, _)| *came))
        } else {
            waiting().next_back()
        };
        let (at, _) = at?;
        let (_, item) = self.classes.get_mut(at)?.pop_front()?;
        self.len = self.len.saturating_sub(1);
        Some(item)
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.len
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_highest_class_goes_first_and_the_first_of_a_class_before_the_second() {
        let mut queue = Queue::new(6);
        for (number, class) in [2, 0, 4, 2, 0, 4].into_iter().enumerate() {
            queue.push(Priority::ALL[class], number).unwrap();
        }
        assert_eq!(queue.push(Priority::UltraHigh, 9), Err(9), "it is full");
        let order: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!((order, queue.len()), (vec![2, 5, 0, 3, 1, 4], 0));
    }

    #[test]
    fn names_are_those_of_the_json() {
        for class in Priority::ALL {
            assert_eq!(serde_json::to_string(&class).unwrap(), format!("{:?}", class.name()));
            assert_eq!(Priority::named(class.name()), Some(class));
        }
        assert_eq!((Priority::named("low"), Priority::default()), (None, Priority::Medium));
    }

    proptest! {
        /// However much of a higher class comes in, what waits leaves within the turns promised.
        #[test]
        fn nothing_starves(before in 0usize..20, class in 1usize..5, per_turn in 1usize..3) {
            let mut queue = Queue::new(100_000);
            for number in 0..before {
                queue.push(Priority::ALL[class], number).unwrap();
            }
            queue.push(Priority::Low, usize::MAX).unwrap();
            let turns = 8 * (before + 1);
            let mut found = false;
            for _ in 0..turns {
                for _ in 0..per_turn {
                    queue.push(Priority::ALL[class], 0).unwrap();
                }
                found |= queue.pop() == Some(usize::MAX);
            }
            prop_assert!(found);
        }

        /// What goes in comes out once, and never more is inside than may be.
        #[test]
        fn it_holds_what_it_took(steps in prop::collection::vec((0usize..6, any::<u8>()), 0..300)) {
            let (mut queue, mut inside) = (Queue::new(16), Vec::new());
            for (step, item) in steps {
                match Priority::ALL.get(step) {
                    Some(class) => if queue.push(*class, item).is_ok() {
                        inside.push(item);
                    } else {
                        prop_assert_eq!(inside.len(), 16);
                    },
                    None => if let Some(item) = queue.pop() {
                        let at = inside.iter().position(|other| *other == item);
                        prop_assert!(at.is_some());
                        inside.remove(at.unwrap());
                    } else {
                        prop_assert!(inside.is_empty());
                    },
                }
                prop_assert_eq!(queue.len(), inside.len());
            }
        }
    }
}
