//! What a network does to packets: loss, duplicates, reordering, flipped bits. Each is drawn per
//! packet from the seed and counted exactly.

use super::rng::Rng;
use super::share::Share;

/// How packets are impaired.
#[derive(Clone, Copy, Debug)]
pub struct Impair {
    /// Packets that never arrive.
    pub loss: Share,
    /// Packets that arrive twice.
    pub dup: Share,
    /// Packets in which one bit is flipped; a duplicate is flipped on its own.
    pub corrupt: Share,
    /// How many packets one may arrive behind its place at most; 0 keeps the order.
    pub reorder: u32,
}

/// How many packets were impaired, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Packets sent.
    pub sent: u64,
    /// Those that never arrived.
    pub lost: u64,
    /// Those that arrived twice.
    pub duplicated: u64,
    /// Arrivals with a flipped bit.
    pub corrupted: u64,
    /// Arrivals that one sent later preceded.
    pub reordered: u64,
}

/// Impairs packets; what was done is in `counts`.
pub struct Impairer {
    impair: Impair,
    rng: Rng,
    /// What was done so far.
    pub counts: Counts,
}

impl Impairer {
    /// Impairs as `seed` draws.
    pub fn new(seed: u64, impair: Impair) -> Self {
        Self { impair, rng: Rng::of(seed, "impair"), counts: Counts::default() }
    }

    /// What arrives of `packets`, in the order of arrival.
    pub fn pass(&mut self, packets: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
        let mut arrivals: Vec<(usize, usize, Vec<u8>)> = Vec::with_capacity(packets.len());
        for (index, packet) in packets.into_iter().enumerate() {
            self.counts.sent += 1;
            if self.rng.chance(self.impair.loss.ppm()) {
                self.counts.lost += 1;
                continue;
            }
            let twice = self.rng.chance(self.impair.dup.ppm());
            self.counts.duplicated += u64::from(twice);
            for copy in std::iter::repeat_n(packet, 1 + usize::from(twice)) {
                let copy = self.flip(copy);
                let behind = self.rng.below(u64::from(self.impair.reorder) + 1);
                let place = index.saturating_add(usize::try_from(behind).unwrap_or(usize::MAX));
                arrivals.push((place, index, copy));
            }
        }
        // Stable: packets of one place keep the order in which they were sent.
        arrivals.sort_by_key(|(place, ..)| *place);
        let mut last = 0;
        for (_, index, _) in &arrivals {
            self.counts.reordered += u64::from(*index < last);
            last = last.max(*index);
        }
        arrivals.into_iter().map(|(_, _, packet)| packet).collect()
    }

    fn flip(&mut self, mut packet: Vec<u8>) -> Vec<u8> {
        if self.rng.chance(self.impair.corrupt.ppm()) {
            let index = self.rng.index(packet.len());
            let bit = 1 << self.rng.below(8);
            if let Some(byte) = packet.get_mut(index) {
                *byte ^= bit;
                self.counts.corrupted += 1;
            }
        }
        packet
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn share(text: &str) -> Share {
        text.parse().unwrap()
    }

    fn numbered(count: u32) -> Vec<Vec<u8>> {
        (0..count).map(|n| [&n.to_le_bytes()[..], &[0xaa; 60]].concat()).collect()
    }

    fn impair(loss: &str, dup: &str, corrupt: &str, reorder: u32) -> Impair {
        Impair { loss: share(loss), dup: share(dup), corrupt: share(corrupt), reorder }
    }

    #[test]
    fn nothing_asked_for_is_nothing_done() {
        let mut impairer = Impairer::new(1, impair("0%", "0%", "0%", 0));
        assert_eq!(impairer.pass(numbered(1000)), numbered(1000));
        assert_eq!(impairer.counts, Counts { sent: 1000, ..Counts::default() });
    }

    #[test]
    fn counts_are_what_a_look_at_the_packets_finds() {
        let mut impairer = Impairer::new(2, impair("10%", "5%", "0%", 3));
        let sent = numbered(20_000);
        let arrived = impairer.pass(sent.clone());
        let index = |packet: &Vec<u8>| u32::from_le_bytes(*packet.first_chunk().unwrap());
        let mut seen: HashMap<u32, u64> = HashMap::new();
        let (mut last, mut reordered) = (0, 0);
        for (place, packet) in arrived.iter().enumerate() {
            *seen.entry(index(packet)).or_default() += 1;
            reordered += u64::from(index(packet) < last);
            last = last.max(index(packet));
            assert!(place < 20_000 + 1500);
        }
        let counts = impairer.counts;
        assert_eq!(counts.lost, 20_000 - seen.len() as u64);
        assert_eq!(counts.duplicated, seen.values().filter(|count| **count == 2).count() as u64);
        assert_eq!((counts.reordered, counts.corrupted), (reordered, 0));
        for (count, about) in [(counts.lost, 2000), (counts.duplicated, 900)] {
            assert!(count.abs_diff(about) < about / 8, "{counts:?}");
        }
        assert!(reordered > 1000);
        // Nothing is overtaken by more than the window's packets.
        let mut highest = 0;
        for packet in &arrived {
            highest = highest.max(index(packet));
            assert!(highest - index(packet) <= 3);
        }
    }

    #[test]
    fn a_corrupt_packet_differs_by_one_bit() {
        let mut impairer = Impairer::new(3, impair("0%", "0%", "25%", 0));
        let sent = numbered(4000);
        let arrived = impairer.pass(sent.clone());
        let mut corrupted = 0;
        for (was, is) in sent.iter().zip(&arrived) {
            let bits: u32 = was.iter().zip(is).map(|(a, b)| (a ^ b).count_ones()).sum();
            assert!(bits <= 1);
            corrupted += u64::from(bits);
        }
        assert_eq!(impairer.counts.corrupted, corrupted);
        assert!(corrupted.abs_diff(1000) < 125, "{corrupted}");
    }

    #[test]
    fn the_seed_decides() {
        let run = |seed| {
            let mut impairer = Impairer::new(seed, impair("10%", "10%", "10%", 5));
            (impairer.pass(numbered(500)), impairer.counts)
        };
        assert_eq!(run(9), run(9));
        assert_ne!(run(9).0, run(10).0);
    }
}
