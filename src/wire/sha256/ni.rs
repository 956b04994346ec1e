//! Two SHA-256 chains side by side: the SHA instructions take four cycles each, but a next one can
//! begin after two.
//!
//! The instructions keep a state as the two vectors `f e b a` and `h g d c` (lowest word first), and
//! do two rounds each (Intel, "SHA Extensions", 2013).
//!
//! The function is safe; that the processor has the instructions is its caller's proof.

use super::{Hash, IV, K};
use std::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_setr_epi32, _mm_sha256msg1_epu32,
    _mm_sha256msg2_epu32, _mm_sha256rnds2_epu32, _mm_shuffle_epi8, _mm_shuffle_epi32,
    _mm_unpackhi_epi64, _mm_unpacklo_epi64,
};

#[inline]
#[target_feature(enable = "sse2")]
fn vector(words: [u32; 4]) -> __m128i {
    bytemuck::cast(words)
}

/// A chain between two of its hashes.
#[derive(Clone, Copy)]
struct Chain {
    /// Words 0 to 3 and 4 to 7 of the hash.
    hash: [__m128i; 2],
}

/// A state in the midst of a block, and the last 16 words of the schedule.
#[derive(Clone, Copy)]
struct Rounds {
    feba: __m128i,
    hgdc: __m128i,
    w: [__m128i; 4],
}

const FEBA: [u32; 4] = [IV[5], IV[4], IV[1], IV[0]];
const HGDC: [u32; 4] = [IV[7], IV[6], IV[3], IV[2]];

impl Chain {
    /// Turns the bytes of each word around.
    #[inline]
    #[target_feature(enable = "ssse3")]
    fn turn(words: __m128i) -> __m128i {
        let turn = _mm_setr_epi32(0x0001_0203, 0x0405_0607, 0x0809_0a0b, 0x0c0d_0e0f);
        _mm_shuffle_epi8(words, turn)
    }

    #[inline]
    #[target_feature(enable = "ssse3")]
    fn new(hash: &Hash) -> Self {
        let halves: [__m128i; 2] = bytemuck::cast(*hash);
        Self { hash: halves.map(|words| Self::turn(words)) }
    }

    #[inline]
    #[target_feature(enable = "ssse3")]
    fn write(&self, hash: &mut Hash) {
        *hash = bytemuck::cast(self.hash.map(|words| Self::turn(words)));
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn begin(&self) -> Rounds {
        // The end of a message of 32 bytes, and its length in bits.
        let end = [vector([0x8000_0000, 0, 0, 0]), vector([0, 0, 0, 256])];
        let w = [self.hash[0], self.hash[1], end[0], end[1]];
        Rounds { feba: vector(FEBA), hgdc: vector(HGDC), w }
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn end(rounds: &Rounds) -> Self {
        let feba = _mm_add_epi32(rounds.feba, vector(FEBA));
        let hgdc = _mm_add_epi32(rounds.hgdc, vector(HGDC));
        let (abef, cdgh) = (_mm_shuffle_epi32::<0x1b>(feba), _mm_shuffle_epi32::<0x1b>(hgdc));
        Self { hash: [_mm_unpacklo_epi64(abef, cdgh), _mm_unpackhi_epi64(abef, cdgh)] }
    }
}

impl Rounds {
    /// Rounds `4 * AT` to `4 * AT + 3`.
    #[inline]
    #[target_feature(enable = "sha,sse2,ssse3")]
    #[expect(clippy::indexing_slicing, reason = "below 4; AT is below 16")]
    fn four<const AT: usize>(&mut self) {
        if AT >= 4 {
            let [back4, back3, back2, back1] =
                [self.w[AT % 4], self.w[(AT + 1) % 4], self.w[(AT + 2) % 4], self.w[(AT + 3) % 4]];
            let sum = _mm_add_epi32(
                _mm_sha256msg1_epu32(back4, back3),
                _mm_alignr_epi8::<4>(back1, back2),
            );
            self.w[AT % 4] = _mm_sha256msg2_epu32(sum, back1);
        }
        let k = vector([K[4 * AT], K[4 * AT + 1], K[4 * AT + 2], K[4 * AT + 3]]);
        let words = _mm_add_epi32(self.w[AT % 4], k);
        self.hgdc = _mm_sha256rnds2_epu32(self.hgdc, self.feba, words);
        self.feba = _mm_sha256rnds2_epu32(self.feba, self.hgdc, _mm_shuffle_epi32::<0x0e>(words));
    }
}

/// Replaces each hash by the last of `count` hashes that begin with its own.
#[target_feature(enable = "sha,sse2,ssse3")]
pub(super) fn iterate(pair: &mut [Hash; 2], count: u64) {
    let [mut first, mut second] = [Chain::new(&pair[0]), Chain::new(&pair[1])];
    for _ in 0..count {
        let (mut one, mut two) = (first.begin(), second.begin());
        macro_rules! rounds {
            ($($at:literal)*) => {$( one.four::<$at>(); two.four::<$at>(); )*};
        }
        rounds!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
        (first, second) = (Chain::end(&one), Chain::end(&two));
    }
    first.write(&mut pair[0]);
    second.write(&mut pair[1]);
}
