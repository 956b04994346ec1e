//! Instructions of known programs that could not be decoded: a layout that changed shows here the
//! same hour.
//!
//! Per venue and fault one counter; of unknown discriminators the first [`SEEN_MAX`] different ones
//! are kept with their counts.

use crate::dex::IxFault;
use crate::ids::Venue;

/// Different unknown discriminators that are kept.
const SEEN_MAX: usize = 64;

/// Venues, number 0 (none) included.
const VENUES: usize = Venue::NAMES.len();
/// Faults that an instruction may have.
const FAULTS: usize = IxFault::NAMES.len();

/// An unknown discriminator: as much of the first 8 bytes of the data as there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unknown {
    /// Number of the venue.
    pub venue: u16,
    /// How many of `bytes` there were.
    pub len: u8,
    /// The bytes, padded with zeros.
    pub bytes: [u8; 8],
    /// How often it came.
    pub count: u64,
}

/// The counters.
#[derive(Clone, Debug)]
pub struct Drift {
    counts: [[u64; FAULTS]; VENUES],
    seen: [Unknown; SEEN_MAX],
    seen_count: usize,
}

impl Default for Drift {
    fn default() -> Self {
        let counts = [[0; FAULTS]; VENUES];
        Self { counts, seen: [Unknown::default(); SEEN_MAX], seen_count: 0 }
    }
}

impl Drift {
    /// Counts an instruction of `venue` with data `data`.
    pub(super) fn add(&mut self, venue: Venue, why: IxFault, data: &[u8]) {
        let of_venue = self.counts.get_mut(venue as usize);
        if let Some(count) = of_venue.and_then(|counts| counts.get_mut(why as usize)) {
            *count += 1;
        }
        if why == IxFault::Unknown {
            self.see(venue as u16, data);
        }
    }

    fn see(&mut self, venue: u16, data: &[u8]) {
        let mut found = Unknown { venue, count: 1, ..Unknown::default() };
        for (to, from) in found.bytes.iter_mut().zip(data) {
            *to = *from;
            found.len += 1;
        }
        let same = |known: &&mut Unknown| {
            (known.venue, known.len, known.bytes) == (venue, found.len, found.bytes)
        };
        if let Some(known) = self.seen.iter_mut().take(self.seen_count).find(same) {
            known.count += 1;
        } else if let Some(place) = self.seen.get_mut(self.seen_count) {
            *place = found;
            self.seen_count += 1;
        }
    }

    /// Adds what another run counted.
    pub fn merge(&mut self, other: &Self) {
        for (own, others) in self.counts.iter_mut().zip(&other.counts) {
            for (own, other) in own.iter_mut().zip(others) {
                *own += other;
            }
        }
        for unknown in other.unknown() {
            let data = unknown.bytes.get(..usize::from(unknown.len)).unwrap_or_default();
            for _ in 0..unknown.count {
                self.see(unknown.venue, data);
            }
        }
    }

    /// Faults by name, over all venues.
    pub fn by_fault(&self) -> impl Iterator<Item = (&'static str, u64)> {
        IxFault::NAMES.iter().enumerate().map(|(fault, name)| {
            let counts = self.counts.iter().filter_map(|of_venue| of_venue.get(fault));
            (*name, counts.sum())
        })
    }

    /// Venues with a fault: name, and the count of each fault in the order of its number.
    pub fn by_venue(&self) -> impl Iterator<Item = (&'static str, &[u64; FAULTS])> {
        let named = Venue::NAMES.iter().copied().zip(&self.counts);
        named.filter(|(_, counts)| counts.iter().any(|count| *count > 0))
    }

    /// The unknown discriminators, in the order in which they first came.
    pub fn unknown(&self) -> &[Unknown] {
        self.seen.get(..self.seen_count).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_counted_by_venue_and_unknown_ones_by_their_bytes() {
        let mut drift = Drift::default();
        drift.add(Venue::Pump, IxFault::Unknown, &[1, 2, 3]);
        drift.add(Venue::Pump, IxFault::Unknown, &[1, 2, 3]);
        drift.add(Venue::Pump, IxFault::Unknown, &[1, 2, 3, 0]);
        drift.add(Venue::Saber, IxFault::ShortData, &[]);
        let mut twice = drift.clone();
        twice.merge(&drift);
        let venues: Vec<_> =
            twice.by_venue().map(|(name, counts)| (name, counts[..2].to_vec())).collect();
        assert_eq!(venues, [("pump", vec![6, 0]), ("saber", vec![0, 2])]);
        let unknown: Vec<_> = twice.unknown().iter().map(|u| (u.len, u.count)).collect();
        assert_eq!(unknown, [(3, 4), (4, 2)]);
        let faults: u64 = twice.by_fault().map(|(_, count)| count).sum();
        assert_eq!(faults, 8);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut drift = Drift::default();
        for n in 0..200u8 {
            drift.add(Venue::Pump, IxFault::Unknown, &[n; 9]);
        }
        assert_eq!(drift.unknown().len(), SEEN_MAX);
        assert_eq!(drift.by_fault().next(), Some(("unknown_instruction", 200)));
    }
}
