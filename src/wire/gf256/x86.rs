//! Which instructions the processor has for products, and the calls that need them.

#![expect(unsafe_code, reason = "calls of instructions that not every processor has")]

use super::{Block, Term, avx2, gfni};

/// A way to do [`super::combine`]; `false`, with nothing done, where the processor lacks its
/// instructions.
type Way = fn(&[Term], &[u8], &mut [Block]) -> bool;

/// All of them, the fastest first.
pub(super) const WAYS: &[(&str, Way)] = &[("gfni", by_gfni), ("avx2", by_avx2)];

/// As [`super::combine`]; `false`, with nothing done, where the processor has none of the
/// instructions.
pub(super) fn combine(terms: &[Term], factors: &[u8], sums: &mut [Block]) -> bool {
    WAYS.iter().any(|(_, way)| way(terms, factors, sums))
}

fn by_gfni(terms: &[Term], factors: &[u8], sums: &mut [Block]) -> bool {
    let has = is_x86_feature_detected!("gfni") && is_x86_feature_detected!("avx512f");
    if has {
        // SAFETY: the processor has the instructions, which is all that the function asks for.
        unsafe { gfni::combine(terms, factors, sums) };
    }
    has
}

fn by_avx2(terms: &[Term], factors: &[u8], sums: &mut [Block]) -> bool {
    let has = is_x86_feature_detected!("avx2");
    if has {
        // SAFETY: the processor has the instructions, which is all that the function asks for.
        unsafe { avx2::combine(terms, factors, sums) };
    }
    has
}
