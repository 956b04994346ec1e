//! SHA-256 of sixteen messages at once: AVX-512, one 32-bit word of each message in a vector.
//!
//! Rounds and schedule are those of FIPS 180-4. An exclusive or of three, `Ch` and `Maj` are one
//! instruction each. All 64 rounds stand in a row, so that in [`iterate`], whose block is half
//! constant, the compiler works out ahead what does not depend on the chain.
//!
//! The functions are safe; that the processor has the instructions is their caller's proof.

use super::{Hash, IV, K, LANES, Message};
use std::arch::x86_64::{
    __m512i, _mm512_add_epi32, _mm512_ror_epi32, _mm512_set1_epi32, _mm512_setzero_si512,
    _mm512_shuffle_epi8, _mm512_shuffle_i32x4, _mm512_srli_epi32, _mm512_ternarylogic_epi32,
    _mm512_unpackhi_epi32, _mm512_unpackhi_epi64, _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
};

/// One word of each lane.
type Words = [u32; LANES];

#[inline]
#[target_feature(enable = "avx512f")]
fn all(word: u32) -> __m512i {
    _mm512_set1_epi32(word.cast_signed())
}

#[inline]
#[target_feature(enable = "avx512f")]
fn xor3(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0x96>(a, b, c)
}

/// The word of the schedule from those 16, 15, 7 and 2 places before it.
#[inline]
#[target_feature(enable = "avx512f")]
fn schedule(back16: __m512i, back15: __m512i, back7: __m512i, back2: __m512i) -> __m512i {
    let first = xor3(
        _mm512_ror_epi32::<7>(back15),
        _mm512_ror_epi32::<18>(back15),
        _mm512_srli_epi32::<3>(back15),
    );
    let second = xor3(
        _mm512_ror_epi32::<17>(back2),
        _mm512_ror_epi32::<19>(back2),
        _mm512_srli_epi32::<10>(back2),
    );
    _mm512_add_epi32(_mm512_add_epi32(back16, back7), _mm512_add_epi32(first, second))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn initial() -> [__m512i; 8] {
    let mut state = [_mm512_setzero_si512(); 8];
    for (words, word) in state.iter_mut().zip(IV) {
        *words = all(word);
    }
    state
}

/// One round with constant `k` and word `w` of the schedule.
#[inline]
#[target_feature(enable = "avx512f")]
fn round(state: &[__m512i; 8], k: u32, w: __m512i) -> [__m512i; 8] {
    let [a, b, c, d, e, f, g, h] = *state;
    let sum1 = xor3(_mm512_ror_epi32::<6>(e), _mm512_ror_epi32::<11>(e), _mm512_ror_epi32::<25>(e));
    let choice = _mm512_ternarylogic_epi32::<0xca>(e, f, g);
    let fixed = _mm512_add_epi32(_mm512_add_epi32(w, all(k)), h);
    let t1 = _mm512_add_epi32(_mm512_add_epi32(fixed, choice), sum1);
    let sum0 = xor3(_mm512_ror_epi32::<2>(a), _mm512_ror_epi32::<13>(a), _mm512_ror_epi32::<22>(a));
    let majority = _mm512_ternarylogic_epi32::<0xe8>(a, b, c);
    let t2 = _mm512_add_epi32(sum0, majority);
    [_mm512_add_epi32(t1, t2), a, b, c, _mm512_add_epi32(d, t1), e, f, g]
}

/// `$state` after the block of words `$w`, which it uses up.
macro_rules! compress {
    ($state:ident, $w:ident) => {{
        let before = $state;
        compress!(@ $state, $w;
            0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15
            16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
            32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47
            48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63);
        for (word, before) in $state.iter_mut().zip(before) {
            *word = _mm512_add_epi32(*word, before);
        }
    }};
    (@ $state:ident, $w:ident; $($t:literal)*) => {$(
        if $t >= 16 {
            $w[$t % 16] = schedule(
                $w[$t % 16], $w[($t + 1) % 16], $w[($t + 9) % 16], $w[($t + 14) % 16]);
        }
        $state = round(&$state, K[$t], $w[$t % 16]);
    )*};
}

/// Replaces each of `hashes` by the last of `count` hashes that begin with its own.
#[target_feature(enable = "avx512f")]
pub(super) fn iterate(hashes: &mut [Hash; LANES], count: u64) {
    let mut chain = [_mm512_setzero_si512(); 8];
    for (at, words) in chain.iter_mut().enumerate() {
        let word = |hash: &Hash| hash.as_chunks().0.get(at).map_or(0, |b| u32::from_be_bytes(*b));
        *words = bytemuck::cast(hashes.each_ref().map(word));
    }
    for _ in 0..count {
        let mut w = [_mm512_setzero_si512(); 16];
        for (word, hash) in w.iter_mut().zip(chain) {
            *word = hash;
        }
        // The end of a message of 32 bytes, and its length in bits.
        (w[8], w[15]) = (all(0x8000_0000), all(256));
        let mut state = initial();
        compress!(state, w);
        chain = state;
    }
    write(&chain, hashes, |_| true);
}

/// Writes the hashes of the lanes for which `which` holds.
#[inline]
#[target_feature(enable = "avx512f")]
fn write(state: &[__m512i; 8], hashes: &mut [Hash], which: impl Fn(usize) -> bool) {
    for (at, words) in state.iter().enumerate() {
        let words: Words = bytemuck::cast(*words);
        for (lane, (word, hash)) in words.iter().zip(&mut *hashes).enumerate() {
            if which(lane)
                && let Some(place) = hash.as_chunks_mut().0.get_mut(at)
            {
                *place = word.to_be_bytes();
            }
        }
    }
}

/// Writes the hash of each of `messages` to its place in `hashes`.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn digest(messages: &[Message<'_>; LANES], hashes: &mut [Hash]) {
    let block_count = messages.each_ref().map(Message::block_count);
    let longest = block_count.into_iter().max().unwrap_or(0);
    let mut state = initial();
    for block in 0..longest {
        let mut w = [_mm512_setzero_si512(); LANES];
        for (row, message) in w.iter_mut().zip(messages) {
            *row = bytemuck::cast(*message.block(block));
        }
        transpose(&mut w);
        compress!(state, w);
        if block_count.contains(&(block + 1)) {
            write(&state, hashes, |lane| block_count.get(lane) == Some(&(block + 1)));
        }
    }
}

/// Makes of a block of each lane the words of all lanes, in the machine's byte order.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
#[expect(clippy::indexing_slicing, reason = "constant, or below 4 and 12 more, of 16")]
fn transpose(rows: &mut [__m512i; LANES]) {
    // Bytes of each word turned around.
    const TURN: [u8; 64] = {
        let mut turn = [0; 64];
        let mut at = 0;
        while at < 64 {
            #[expect(clippy::cast_possible_truncation, reason = "below 64")]
            let from = at as u8 ^ 3;
            turn[at] = from;
            at += 1;
        }
        turn
    };
    let turn = bytemuck::cast(TURN);
    for row in &mut *rows {
        *row = _mm512_shuffle_epi8(*row, turn);
    }
    // Squares of 4 words by 4 lanes, within each quarter of the vectors.
    for four in rows.as_chunks_mut::<4>().0 {
        let [a, b, c, d] = *four;
        let (ab_low, ab_high) = (_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
        let (cd_low, cd_high) = (_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
        *four = [
            _mm512_unpacklo_epi64(ab_low, cd_low),
            _mm512_unpackhi_epi64(ab_low, cd_low),
            _mm512_unpacklo_epi64(ab_high, cd_high),
            _mm512_unpackhi_epi64(ab_high, cd_high),
        ];
    }
    // Then the quarters: row n of each four has word 4q + n of its lanes in quarter q.
    for at in 0..4 {
        let [a, b, c, d] = [rows[at], rows[at + 4], rows[at + 8], rows[at + 12]];
        let even = (_mm512_shuffle_i32x4::<0x88>(a, b), _mm512_shuffle_i32x4::<0x88>(c, d));
        let odd = (_mm512_shuffle_i32x4::<0xdd>(a, b), _mm512_shuffle_i32x4::<0xdd>(c, d));
        rows[at] = _mm512_shuffle_i32x4::<0x88>(even.0, even.1);
        rows[at + 4] = _mm512_shuffle_i32x4::<0x88>(odd.0, odd.1);
        rows[at + 8] = _mm512_shuffle_i32x4::<0xdd>(even.0, even.1);
        rows[at + 12] = _mm512_shuffle_i32x4::<0xdd>(odd.0, odd.1);
    }
}
