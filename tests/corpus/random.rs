//! Randomness that is the same every time, and the damage that is done with it.

/// SplitMix64.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 when there is none.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[7]
    }

    /// One of `all`.
    pub(crate) fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    /// A number of any size, small ones as often as large ones, and the ends of the range.
    pub(crate) fn number(&mut self) -> u64 {
        match self.below(16) {
            0 => u64::MAX,
            1 => 0,
            2 | 3 => 1 + self.next() % 3,
            _ => self.next() >> self.below(64),
        }
    }

    /// Flips, overwrites with extreme values and with numbers, cuts, repeats.
    pub(crate) fn damage(&mut self, seed: &[u8]) -> Vec<u8> {
        let mut bytes = seed.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            match self.below(8) {
                0 => bytes.truncate(at),
                1 => bytes.extend_from_within(at..),
                2 => {
                    for byte in bytes.iter_mut().skip(at).take(8) {
                        *byte = 0xff;
                    }
                }
                3 => {
                    for byte in bytes.iter_mut().skip(at).take(4) {
                        *byte = 0;
                    }
                }
                4 | 5 => {
                    let number = self.number().to_le_bytes();
                    for (to, from) in bytes.iter_mut().skip(at).zip(number) {
                        *to = from;
                    }
                }
                _ => {
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte ^= 1 << self.below(8);
                    }
                }
            }
        }
        bytes
    }

    /// `len` bytes as foreign data has them: numbers of all sizes, flags, keys, zeros, noise.
    pub(crate) fn fill(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(len + 32);
        while bytes.len() < len {
            match self.below(8) {
                0 => bytes.extend([self.byte(); 32]),
                1 => bytes.extend((0..32).map(|_| self.byte())),
                2 => bytes.extend((0..=self.below(16)).map(|_| 0)),
                3 | 4 => bytes.push(u8::try_from(self.below(4)).unwrap()),
                _ => bytes.extend(self.number().to_le_bytes()),
            }
        }
        bytes.truncate(len);
        bytes
    }

    /// `len` bytes as accounts have them: the same, and stretches of keys that differ.
    pub(crate) fn account(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = self.fill(len);
        for _ in 0..self.below(4) {
            let (at, count) = (self.below(len), 32 + self.below(256));
            for byte in bytes.iter_mut().skip(at).take(count) {
                *byte = self.byte();
            }
        }
        bytes
    }
}
