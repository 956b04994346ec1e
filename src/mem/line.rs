//! Lines of cache that several processes write: looked at through [`Line`], which can only load;
//! written by whoever holds them as [`AtomicLine`].
//!
//! Two things are done here that the language has no word for. Sixteen aligned bytes are loaded and
//! stored by one instruction, which is never seen half done where [`pairs_are_whole`] says so. And the
//! 32 numbers of 16 bits in a line are compared with one number at once. Both are inline assembly: the
//! memory may change meanwhile, which a load through a plain reference may not meet, and an instruction
//! may.

#![expect(clippy::inline_always, reason = "an instruction or two, not worth a call")]

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Relaxed, Release};

/// A line of cache as atomic words, aligned as such.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct AtomicLine(pub [AtomicU64; 8]);

impl AtomicLine {
    /// A line of zeros.
    #[must_use]
    pub const fn zero() -> Self {
        Self([const { AtomicU64::new(0) }; 8])
    }

    /// A look at it.
    #[inline]
    pub fn look(&self) -> Line<'_> {
        Line(self)
    }

    /// Stores word `at`, after everything that was stored before; nothing if `at` is above 7.
    #[inline]
    pub fn store(&self, at: usize, to: u64) {
        if let Some(word) = self.0.get(at) {
            word.store(to, Release);
        }
    }

    /// Stores words `2 * pair` and `2 * pair + 1`, by one instruction where [`pairs_are_whole`] says
    /// so, after everything that was stored before; nothing if `pair` is above 3.
    #[inline]
    #[cfg_attr(
        any(target_arch = "x86_64", target_arch = "aarch64"),
        expect(unsafe_code, reason = "one instruction for 16 bytes")
    )]
    pub fn store_pair(&self, pair: usize, to: [u64; 2]) {
        let Some([low, high]) = self.0.as_chunks::<2>().0.get(pair) else { return };
        #[cfg(target_arch = "x86_64")]
        {
            let _ = high;
            // SAFETY: the address is that of two atomic words of this line, which is aligned to 64, so
            // it is aligned to 16; SSE2 is part of every x86-64. The block has no option that would
            // let the compiler move another access of memory across it, and stores of x86-64 are seen
            // in their order.
            unsafe {
                std::arch::asm!(
                    "movq {x}, {low}",
                    "movq {y}, {high}",
                    "punpcklqdq {x}, {y}",
                    "movdqa xmmword ptr [{to}], {x}",
                    low = in(reg) to[0],
                    high = in(reg) to[1],
                    to = in(reg) low.as_ptr(),
                    x = out(xmm_reg) _,
                    y = out(xmm_reg) _,
                    options(nostack, preserves_flags)
                );
            }
        }
        #[cfg(target_arch = "aarch64")]
        {
            let _ = high;
            // SAFETY: as above: two atomic words, aligned to 16. The barrier keeps what was stored
            // before from being seen after.
            unsafe {
                std::arch::asm!(
                    "dmb ish",
                    "stp {a}, {b}, [{to}]",
                    a = in(reg) to[0],
                    b = in(reg) to[1],
                    to = in(reg) low.as_ptr(),
                    options(nostack, preserves_flags)
                );
            }
        }
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        {
            low.store(to[0], Release);
            high.store(to[1], Release);
        }
    }
}

/// Lines that may change at any moment, and can only be looked at.
#[derive(Clone, Copy, Debug)]
pub struct Lines<'a>(&'a [AtomicLine]);

impl<'a> Lines<'a> {
    /// A look at `lines`.
    #[inline]
    pub fn new(lines: &'a [AtomicLine]) -> Self {
        Self(lines)
    }

    /// How many there are.
    #[inline]
    #[expect(clippy::len_without_is_empty, reason = "a map has at least a line")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Line `at`; `None` past the end.
    #[inline]
    pub fn get(&self, at: usize) -> Option<Line<'a>> {
        self.0.get(at).map(Line)
    }

    /// Lines `[from, from + count)`, as far as they exist.
    #[inline]
    #[must_use]
    pub fn part(&self, from: usize, count: usize) -> Self {
        let rest = self.0.get(from..).unwrap_or_default();
        Self(rest.get(..count).unwrap_or(rest))
    }

    /// Asks the processor for line `at`. Advice only.
    #[inline]
    pub fn prefetch(&self, at: usize) {
        super::prefetch_item(self.0, at);
    }
}

/// A line that may change at any moment, and can only be looked at.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a>(&'a AtomicLine);

impl Line<'_> {
    /// Word `at` as it is now; 0 if `at` is above 7.
    #[inline(always)]
    pub fn word(&self, at: usize) -> u64 {
        self.0.0.get(at).map_or(0, |word| word.load(Relaxed))
    }

    /// All words, each as it is when its turn comes.
    #[inline]
    pub fn words(&self) -> [u64; 8] {
        std::array::from_fn(|at| self.word(at))
    }

    /// Words `2 * pair` and `2 * pair + 1`, by one instruction where [`pairs_are_whole`] says so;
    /// zeros if `pair` is above 3.
    #[inline(always)]
    #[cfg_attr(
        any(target_arch = "x86_64", target_arch = "aarch64"),
        expect(unsafe_code, reason = "one instruction for 16 bytes")
    )]
    pub fn pair(&self, pair: usize) -> [u64; 2] {
        let Some([low, high]) = self.0.0.as_chunks::<2>().0.get(pair) else { return [0; 2] };
        #[cfg(target_arch = "x86_64")]
        {
            let _ = high;
            let (one, other): (u64, u64);
            // SAFETY: the address is that of two atomic words of a line, which is aligned to 64, so it
            // is aligned to 16; SSE2 is part of every x86-64; nothing is written to memory.
            unsafe {
                std::arch::asm!(
                    "movdqa {x}, xmmword ptr [{from}]",
                    "movq {low}, {x}",
                    "punpckhqdq {x}, {x}",
                    "movq {high}, {x}",
                    from = in(reg) low.as_ptr(),
                    x = out(xmm_reg) _,
                    low = lateout(reg) one,
                    high = lateout(reg) other,
                    options(nostack, preserves_flags)
                );
            }
            [one, other]
        }
        #[cfg(target_arch = "aarch64")]
        {
            let _ = high;
            let (one, other): (u64, u64);
            // SAFETY: as above; nothing is written to memory.
            unsafe {
                std::arch::asm!(
                    "ldp {a}, {b}, [{from}]",
                    from = in(reg) low.as_ptr(),
                    a = lateout(reg) one,
                    b = lateout(reg) other,
                    options(nostack, preserves_flags)
                );
            }
            [one, other]
        }
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        [low.load(Relaxed), high.load(Relaxed)]
    }
}

/// Whether a pair of words is loaded and stored whole on this processor: x86-64 with AVX (Intel SDM
/// volume 3A, 9.1.1, April 2022; AMD APM volume 2, 7.3.2), aarch64 with LSE2 (Arm ARM B2.2.1).
pub fn pairs_are_whole() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("avx");
    #[cfg(target_arch = "aarch64")]
    return std::arch::is_aarch64_feature_detected!("lse2");
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    false
}

/// A way to compare the 32 numbers of a line with one number. The ways give the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lanes(Way);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "aarch64")]
    Neon,
    Scalar,
}

impl Lanes {
    /// Those that this processor has, the fastest first.
    pub fn all() -> Vec<Self> {
        let mut all = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw") {
                all.push(Self(Way::Avx512));
            }
            if is_x86_feature_detected!("avx2") {
                all.push(Self(Way::Avx2));
            }
        }
        #[cfg(target_arch = "aarch64")]
        all.push(Self(Way::Neon));
        all.push(Self(Way::Scalar));
        all
    }

    /// The fastest.
    pub fn best() -> Self {
        Self::all().first().copied().unwrap_or(Self(Way::Scalar))
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Way::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            Way::Avx2 => "avx2",
            #[cfg(target_arch = "aarch64")]
            Way::Neon => "neon",
            Way::Scalar => "scalar",
        }
    }

    /// Which of the 32 little-endian numbers of `line` are `number`: bit i for number i. Each is as it
    /// is at some moment of the call.
    #[inline(always)]
    pub fn equal(self, line: Line<'_>, number: u16) -> u32 {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Way::Avx512 => equal_avx512(line, number),
            #[cfg(target_arch = "x86_64")]
            Way::Avx2 => equal_avx2(line, number),
            #[cfg(target_arch = "aarch64")]
            Way::Neon => equal_neon(line, number),
            Way::Scalar => equal_scalar(line, number),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[expect(unsafe_code, reason = "instructions that not every processor has")]
fn equal_avx512(line: Line<'_>, number: u16) -> u32 {
    let bits: u32;
    // SAFETY: the address is that of a whole line; nothing is written to memory. `Way::Avx512` is made
    // only where the processor has AVX-512 F and BW, and the registers named are given up to it.
    unsafe {
        std::arch::asm!(
            "vpbroadcastw zmm16, {number:e}",
            "vpcmpeqw k1, zmm16, zmmword ptr [{line}]",
            "kmovd {bits:e}, k1",
            number = in(reg) u32::from(number),
            line = in(reg) line.0.0.as_ptr(),
            bits = lateout(reg) bits,
            out("xmm16") _,
            out("k1") _,
            options(nostack, preserves_flags)
        );
    }
    bits
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[expect(unsafe_code, reason = "instructions that not every processor has")]
fn equal_avx2(line: Line<'_>, number: u16) -> u32 {
    let bits: u32;
    // SAFETY: the address is that of a whole line; nothing is written to memory. `Way::Avx2` is made
    // only where the processor has AVX2. All registers whose upper halves are cleared are given up.
    unsafe {
        std::arch::asm!(
            "vmovd xmm0, {number:e}",
            "vpbroadcastw ymm0, xmm0",
            "vpcmpeqw ymm1, ymm0, ymmword ptr [{line}]",
            "vpcmpeqw ymm0, ymm0, ymmword ptr [{line} + 32]",
            "vpacksswb ymm0, ymm1, ymm0",
            "vpermq ymm0, ymm0, 0xd8",
            "vpmovmskb {bits:e}, ymm0",
            "vzeroupper",
            number = in(reg) u32::from(number),
            line = in(reg) line.0.0.as_ptr(),
            bits = lateout(reg) bits,
            out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _,
            out("xmm4") _, out("xmm5") _, out("xmm6") _, out("xmm7") _,
            out("xmm8") _, out("xmm9") _, out("xmm10") _, out("xmm11") _,
            out("xmm12") _, out("xmm13") _, out("xmm14") _, out("xmm15") _,
            options(nostack, preserves_flags)
        );
    }
    bits
}

/// NEON is part of every aarch64, and its intrinsics on values are safe to call there.
#[cfg(target_arch = "aarch64")]
#[inline(always)]
#[expect(unsafe_code, reason = "intrinsics of a processor's instructions")]
fn equal_neon(line: Line<'_>, number: u16) -> u32 {
    use std::arch::aarch64::{
        vaddv_u8, vandq_u8, vceqq_u16, vcombine_u8, vcombine_u64, vcreate_u8, vcreate_u64,
        vdupq_n_u16, vget_high_u8, vget_low_u8, vmovn_u16, vreinterpretq_u16_u64,
    };
    let words = line.words();
    let half = |from: [u64; 4]| -> u32 {
        // SAFETY: NEON is part of every aarch64; the intrinsics take values and touch no memory.
        unsafe {
            let [a, b, c, d] = from.map(|word| vcreate_u64(word));
            let wanted = vdupq_n_u16(number);
            let low = vceqq_u16(vreinterpretq_u16_u64(vcombine_u64(a, b)), wanted);
            let high = vceqq_u16(vreinterpretq_u16_u64(vcombine_u64(c, d)), wanted);
            let all = vcombine_u8(vmovn_u16(low), vmovn_u16(high));
            let weights = vcreate_u8(0x8040_2010_0804_0201);
            let bits = vandq_u8(all, vcombine_u8(weights, weights));
            u32::from(vaddv_u8(vget_low_u8(bits))) | u32::from(vaddv_u8(vget_high_u8(bits))) << 8
        }
    };
    let [a, b, c, d, e, f, g, h] = words;
    half([a, b, c, d]) | half([e, f, g, h]) << 16
}

/// Without instructions for it: four numbers a word. A number is equal where the difference is zero;
/// the sum below carries into the top bit of each number that is not (Hacker's Delight, 6-1).
#[inline]
fn equal_scalar(line: Line<'_>, number: u16) -> u32 {
    const LOW: u64 = 0x7fff_7fff_7fff_7fff;
    let wanted = u64::from(number) * 0x0001_0001_0001_0001;
    let mut bits = 0;
    for (at, word) in line.words().into_iter().enumerate() {
        let difference = word ^ wanted;
        let zero = !(((difference & LOW) + LOW) | difference | LOW);
        // The top bits of four numbers, gathered into the four lowest bits.
        let four = (zero >> 15).wrapping_mul(0x0001_0002_0004_0008) >> 48 & 0xf;
        bits |= (four as u32) << (4 * at);
    }
    bits
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "random numbers are cut to size")]
mod tests {
    use super::*;

    fn line(numbers: [u16; 32]) -> AtomicLine {
        let words: [[u16; 4]; 8] = numbers.as_chunks().0.try_into().unwrap();
        AtomicLine(words.map(|four| {
            AtomicU64::new(four.iter().rev().fold(0, |word, n| word << 16 | u64::from(*n)))
        }))
    }

    /// A generator that is good enough to fill lines.
    struct Random(u64);

    impl Random {
        fn next(&mut self) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0
        }
    }

    #[test]
    fn all_ways_give_what_a_loop_gives() {
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        for round in 0..20_000_u64 {
            // Few different numbers, so that many are equal; and near ones, whose differences carry.
            let near = random.next() as u16;
            let numbers: [u16; 32] = std::array::from_fn(|_| match random.next() % 4 {
                0 => near,
                1 => near ^ 1 << (random.next() % 16),
                2 => near.wrapping_add((random.next() % 3) as u16),
                _ => random.next() as u16,
            });
            let made = line(numbers);
            for wanted in [near, near ^ 0x8000, numbers[31], 0, u16::MAX, round as u16] {
                let should =
                    (0..32).fold(0, |bits, at| bits | u32::from(numbers[at] == wanted) << at);
                for way in Lanes::all() {
                    assert_eq!(
                        way.equal(made.look(), wanted),
                        should,
                        "{} {wanted:#x}",
                        way.name()
                    );
                }
            }
        }
    }

    #[test]
    fn pairs_are_loaded_and_stored_where_they_stand() {
        let line = AtomicLine::zero();
        for pair in 0..4 {
            line.store_pair(pair, [10 + pair as u64, u64::MAX - pair as u64]);
        }
        line.store_pair(4, [7, 7]);
        for pair in 0..4 {
            let should = [10 + pair as u64, u64::MAX - pair as u64];
            assert_eq!(line.look().pair(pair), should);
            assert_eq!([line.look().word(2 * pair), line.look().word(2 * pair + 1)], should);
        }
        assert_eq!((line.look().pair(4), line.look().word(8)), ([0; 2], 0));
    }

    #[test]
    fn a_pair_is_never_seen_half_stored() {
        if !pairs_are_whole() {
            return; // what uses pairs has a lock then
        }
        let line = AtomicLine::zero();
        let seen = AtomicU64::new(0);
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut last = 0;
                while seen.load(Relaxed) < 10_000 {
                    let [low, high] = line.look().pair(1);
                    assert!(low == !high || (low, high) == (0, 0), "torn: {low} {high}");
                    seen.fetch_add(u64::from(low != last), Relaxed);
                    last = low;
                }
            });
            let mut number = 0;
            while !reader.is_finished() {
                number += 1;
                line.store_pair(1, [number, !number]);
            }
        });
    }
}
