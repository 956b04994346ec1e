//! When each datagram of a replay is due. No clock: it turns stamps into times after the start.

use std::num::NonZeroU64;

/// How fast datagrams are played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// With the gaps of their stamps, at `speed_ppm` millionths of the recorded speed: 1 000 000
    /// is as recorded, 2 000 000 twice as fast.
    Recorded {
        /// Millionths of the recorded speed.
        speed_ppm: NonZeroU64,
    },
    /// So many a second, evenly.
    Rate {
        /// Datagrams a second.
        per_second: NonZeroU64,
    },
    /// So many bits of payload a second, evenly.
    Bits {
        /// Bits a second.
        per_second: NonZeroU64,
    },
    /// Without waiting.
    Full,
}

/// Turns the stamps of a replay into due times.
#[derive(Clone, Copy, Debug)]
pub struct Pacer {
    pace: Pace,
    first_ns: Option<u64>,
    count: u64,
    bits: u64,
    due_ns: u64,
    /// When the present round began.
    round_ns: u64,
}

impl Pacer {
    /// A pacer before the first datagram.
    pub fn new(pace: Pace) -> Self {
        Self { pace, first_ns: None, count: 0, bits: 0, due_ns: 0, round_ns: 0 }
    }

    /// Nanoseconds after the start at which the next datagram, stamped `rx_ns` and with `len` bytes of
    /// payload, is due.
    ///
    /// The first is due at 0, and none before the one it follows: a stamp that goes back waits for
    /// nothing. Times past 2^64 saturate.
    pub fn due_ns(&mut self, rx_ns: u64, len: usize) -> u64 {
        let first_ns = *self.first_ns.get_or_insert(rx_ns);
        let due = match self.pace {
            Pace::Recorded { speed_ppm } => {
                let gap = u128::from(rx_ns.saturating_sub(first_ns));
                u128::from(self.round_ns) + gap * 1_000_000 / u128::from(speed_ppm.get())
            }
            Pace::Rate { per_second } => {
                u128::from(self.count) * 1_000_000_000 / u128::from(per_second.get())
            }
            Pace::Bits { per_second } => {
                u128::from(self.bits) * 1_000_000_000 / u128::from(per_second.get())
            }
            Pace::Full => 0,
        };
        self.count = self.count.saturating_add(1);
        self.bits = self.bits.saturating_add((len as u64).saturating_mul(8));
        self.due_ns = self.due_ns.max(u64::try_from(due).unwrap_or(u64::MAX));
        self.due_ns
    }

    /// Begins again: the next datagram is the first of a round, due with the last of this one.
    pub fn again(&mut self) {
        (self.first_ns, self.round_ns) = (None, self.due_ns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dues(pace: Pace, stamps: &[u64]) -> Vec<u64> {
        let mut pacer = Pacer::new(pace);
        stamps.iter().map(|stamp| pacer.due_ns(*stamp, 0)).collect()
    }

    fn n(number: u64) -> NonZeroU64 {
        NonZeroU64::new(number).unwrap()
    }

    #[test]
    fn recorded_gaps_scale_with_the_speed_and_never_go_back() {
        let stamps = [1000, 1500, 1400, 900, 4000];
        let at = |speed| dues(Pace::Recorded { speed_ppm: n(speed) }, &stamps);
        assert_eq!(at(1_000_000), [0, 500, 500, 500, 3000]);
        assert_eq!(at(2_000_000), [0, 250, 250, 250, 1500]);
        assert_eq!(at(500_000), [0, 1000, 1000, 1000, 6000]);
        assert_eq!(dues(Pace::Recorded { speed_ppm: n(1) }, &[0, u64::MAX]), [0, u64::MAX]);
        let fast = Pace::Recorded { speed_ppm: n(u64::MAX) };
        assert_eq!(dues(fast, &[0, u64::MAX]), [0, 1_000_000]);
    }

    #[test]
    fn a_round_begins_where_the_one_before_it_ended() {
        let mut pacer = Pacer::new(Pace::Recorded { speed_ppm: n(2_000_000) });
        let mut round = |stamps: [u64; 3]| {
            let dues = stamps.map(|stamp| pacer.due_ns(stamp, 0));
            pacer.again();
            dues
        };
        assert_eq!(round([7, 27, 47]), [0, 10, 20]);
        assert_eq!(round([7, 27, 47]), [20, 30, 40]);
        assert_eq!(round([90, 80, 100]), [40, 40, 45]);
    }

    #[test]
    fn a_rate_does_not_drift_and_full_speed_never_waits() {
        let thirds = dues(Pace::Rate { per_second: n(3) }, &[9; 7]);
        let expect = [0, 333_333_333, 666_666_666, 1_000_000_000, 1_333_333_333];
        assert_eq!(thirds[..5], expect);
        assert_eq!(thirds[6], 2_000_000_000);
        assert_eq!(dues(Pace::Full, &[5, 1 << 60]), [0, 0]);
    }

    #[test]
    fn bits_are_spread_evenly() {
        let mut pacer = Pacer::new(Pace::Bits { per_second: NonZeroU64::new(8_000).unwrap() });
        // A byte is a millisecond.
        let due: Vec<u64> = [3, 1, 0, 5].map(|len| pacer.due_ns(9, len)).to_vec();
        assert_eq!(due, [0, 3_000_000, 4_000_000, 4_000_000]);
    }
}
