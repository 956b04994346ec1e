//! The swap rows of one transaction, gathered until its last, one a swap.
//!
//! A transaction's swaps are applied together: between them the pools are in states that nobody can
//! trade on. Of the rows that tell of the same swap the fill wins over the intent, and what was told
//! before, in this transaction or an earlier one, is not applied again.

use xxhash_rust::xxh3::xxh3_64;

use crate::record::{Role, Swap};

/// Most rows of one transaction: more than the instructions that fit into one.
pub(super) const ROWS: usize = 128;

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Taken {
    /// It waits with the others.
    Held = 0,
    /// A route is only the sum of other rows.
    Route = 1,
    /// Its transaction failed: it moved nothing.
    Failed = 2,
    /// The same swap was told before.
    Repeated = 3,
    /// There is no room for another row.
    Full = 4,
}

impl Taken {
    /// Names by number, as counters show them.
    pub(super) const NAMES: &'static [&'static str] =
        &["held", "route", "failed", "repeated", "rows_full"];
}

/// Rows that wait for the last of their transaction.
pub(super) struct Rows {
    held: Vec<Swap>,
    recent: Recent,
}

impl Rows {
    /// Remembers about `recent` swaps.
    pub(super) fn new(recent: usize) -> Self {
        Self { held: Vec::with_capacity(ROWS), recent: Recent::new(recent) }
    }

    /// Whether `row` is of another transaction than those that wait.
    #[inline]
    pub(super) fn is_foreign(&self, row: &Swap) -> bool {
        // Without a signature every row is a transaction of its own.
        self.held.first().is_some_and(|held| {
            held.present & Swap::SIGNATURE == 0
                || row.present & Swap::SIGNATURE == 0
                || held.signature != row.signature
        })
    }

    /// Takes in `row`.
    pub(super) fn push(&mut self, row: &Swap) -> Taken {
        if row.role == Role::Route as u8 {
            return Taken::Route;
        }
        if row.failed != 0 {
            return Taken::Failed;
        }
        let same = |held: &&mut Swap| place(held) == place(row) && held.pool == row.pool;
        if let Some(held) = self.held.iter_mut().find(same) {
            if held.role == Role::Intent as u8 && row.role == Role::Fill as u8 {
                *held = *row;
            }
            return Taken::Repeated;
        }
        if self.held.len() >= ROWS {
            return Taken::Full;
        }
        if self.recent.seen(identity(row)) {
            return Taken::Repeated;
        }
        self.held.push(*row);
        Taken::Held
    }

    /// Whether `row` tells of a swap that was told before.
    pub(super) fn has_seen(&self, row: &Swap) -> bool {
        let same = |held: &Swap| place(held) == place(row) && held.pool == row.pool;
        self.held.iter().any(same) || self.recent.knows(identity(row))
    }

    /// The rows that wait, in the order they came.
    #[inline]
    pub(super) fn held(&self) -> &[Swap] {
        &self.held
    }

    /// Forgets the rows that waited.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.held.clear();
    }
}

/// Where in its transaction a swap is.
pub(super) fn place(row: &Swap) -> (u16, bool, u16) {
    (row.ix_outer, row.present & Swap::IX_INNER != 0, row.ix_inner)
}

/// A number that two rows share when they tell of the same swap. Rows without a signature are known
/// by pool and sequence number; without that either, by everything they say.
fn identity(row: &Swap) -> u64 {
    let mut key = [0_u8; 102];
    let key = if row.present & Swap::SIGNATURE != 0 {
        let (outer, inside, inner) = place(row);
        let tail = [outer.to_le_bytes(), inner.to_le_bytes(), u16::from(inside).to_le_bytes()];
        fill(&mut key, &[&row.signature, tail.as_flattened(), &row.pool])
    } else if row.present & Swap::SEQUENCE != 0 {
        fill(&mut key, &[&row.pool, &row.sequence.to_le_bytes()])
    } else {
        bytemuck::bytes_of(row)
    };
    xxh3_64(key)
}

/// `parts` one after the other, in `room`, which has as much.
fn fill<'a>(room: &'a mut [u8], parts: &[&[u8]]) -> &'a [u8] {
    let mut at = 0_usize;
    for part in parts {
        let end = at.saturating_add(part.len());
        if let Some(here) = room.get_mut(at..end) {
            here.copy_from_slice(part);
        }
        at = end;
    }
    room.get(..at).unwrap_or_default()
}

/// A set of recent numbers; a newer one takes the place of an older one with the same low bits.
struct Recent {
    places: Vec<u64>,
}

impl Recent {
    fn new(count: usize) -> Self {
        Self { places: vec![0; count.max(1).next_power_of_two()] }
    }

    /// Whether `number` is in the set.
    fn knows(&self, number: u64) -> bool {
        let mask = self.places.len().wrapping_sub(1);
        #[expect(clippy::cast_possible_truncation, reason = "any bits of the hash will do")]
        let place = self.places.get(number as usize & mask);
        place.is_some_and(|place| number != 0 && *place == number)
    }

    /// Whether `number` is in the set; it is from then on. 0 never is.
    fn seen(&mut self, number: u64) -> bool {
        let mask = self.places.len().wrapping_sub(1);
        #[expect(clippy::cast_possible_truncation, reason = "any bits of the hash will do")]
        let place = self.places.get_mut(number as usize & mask);
        place.is_some_and(|place| number != 0 && std::mem::replace(place, number) == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(signature: u8, outer: u16, inner: Option<u16>, role: Role) -> Swap {
        let mut row = Swap::new(0);
        row.signature = [signature; 64];
        row.present = Swap::SIGNATURE;
        row.ix_outer = outer;
        row.role = role as u8;
        if let Some(inner) = inner {
            row.present |= Swap::IX_INNER;
            row.ix_inner = inner;
        }
        row
    }

    #[test]
    fn a_fill_replaces_its_intent_and_keeps_its_place() {
        let mut rows = Rows::new(16);
        assert_eq!(rows.push(&row(1, 0, None, Role::Intent)), Taken::Held);
        assert_eq!(rows.push(&row(1, 0, Some(0), Role::Intent)), Taken::Held);
        assert_eq!(rows.push(&row(1, 0, None, Role::Fill)), Taken::Repeated);
        assert_eq!(rows.push(&row(1, 0, None, Role::Intent)), Taken::Repeated);
        assert_eq!(rows.held().iter().map(|row| row.role).collect::<Vec<_>>(), [1, 0]);
    }

    #[test]
    fn routes_and_failures_move_nothing() {
        let mut rows = Rows::new(16);
        assert_eq!(rows.push(&row(1, 0, None, Role::Route)), Taken::Route);
        let mut failed = row(1, 0, None, Role::Fill);
        failed.failed = 1;
        assert_eq!(rows.push(&failed), Taken::Failed);
        assert!(rows.held().is_empty());
    }

    #[test]
    fn a_transaction_told_twice_is_held_once() {
        let mut rows = Rows::new(16);
        assert_eq!(rows.push(&row(1, 3, None, Role::Fill)), Taken::Held);
        assert!(rows.is_foreign(&row(2, 3, None, Role::Fill)));
        assert!(!rows.is_foreign(&row(1, 4, None, Role::Fill)));
        rows.clear();
        assert!(!rows.is_foreign(&row(2, 3, None, Role::Fill)), "nothing waits");
        assert_eq!(rows.push(&row(1, 3, None, Role::Fill)), Taken::Repeated);
        assert_eq!(rows.push(&row(1, 3, Some(0), Role::Fill)), Taken::Held);
    }

    #[test]
    fn rows_of_a_feed_are_known_by_their_number() {
        let mut rows = Rows::new(16);
        let mut first = Swap::new(5);
        (first.present, first.sequence) = (Swap::SEQUENCE, 7);
        assert_eq!(rows.push(&first), Taken::Held);
        assert!(rows.is_foreign(&first));
        rows.clear();
        let mut again = first;
        again.head.rx_ns = 6;
        assert_eq!(rows.push(&again), Taken::Repeated);
        again.sequence = 8;
        assert_eq!(rows.push(&again), Taken::Held);
    }

    #[test]
    fn more_rows_than_a_transaction_has_are_refused() {
        let mut rows = Rows::new(1 << 12);
        for outer in 0..u16::try_from(ROWS).unwrap() {
            assert_eq!(rows.push(&row(1, outer, None, Role::Fill)), Taken::Held);
        }
        assert_eq!(rows.push(&row(1, 999, None, Role::Fill)), Taken::Full);
    }
}
