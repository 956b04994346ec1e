//! Which instructions the processor has for many messages, and the calls that need them.

#![expect(unsafe_code, reason = "calls of instructions that not every processor has")]

use super::{Hash, LANES, Message, avx512, ni};

/// Messages from which on sixteen lanes take less time than one after the other.
const DIGEST_LANES_FROM: usize = 8;
/// Chains from which on sixteen lanes take less time than pairs.
const ITERATE_LANES_FROM: usize = 8;

/// As [`super::digest_each`] of at most 16 bodies; `false`, with nothing done, where the processor lacks
/// the lanes or they do not pay.
pub(super) fn digest(prefix: &[u8], bodies: &[&[u8]], hashes: &mut [Hash; LANES]) -> bool {
    let lanes = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw");
    if !lanes || bodies.len() < DIGEST_LANES_FROM {
        return false;
    }
    let mut messages = [Message::EMPTY; LANES];
    for (message, body) in messages.iter_mut().zip(bodies) {
        *message = Message::new(prefix, body);
    }
    // SAFETY: the processor has the instructions, which is all that the function asks for.
    unsafe { avx512::digest(&messages, hashes) };
    true
}

/// As [`super::iterate`] of at most 16 hashes; `false`, with nothing done, where the processor lacks the
/// lanes or they do not pay.
pub(super) fn iterate_lanes(hashes: &mut [Hash], count: u64) -> bool {
    if hashes.len() < ITERATE_LANES_FROM || !is_x86_feature_detected!("avx512f") {
        return false;
    }
    let mut lanes = [[0; 32]; LANES];
    for (lane, hash) in lanes.iter_mut().zip(&*hashes) {
        *lane = *hash;
    }
    // SAFETY: the processor has the instructions, which is all that the function asks for.
    unsafe { avx512::iterate(&mut lanes, count) };
    for (hash, lane) in hashes.iter_mut().zip(lanes) {
        *hash = lane;
    }
    true
}

/// As [`super::iterate`]; `false`, with nothing done, where the processor lacks the SHA instructions.
pub(super) fn iterate_pairs(hashes: &mut [Hash], count: u64) -> bool {
    if !is_x86_feature_detected!("sha") || !is_x86_feature_detected!("ssse3") {
        return false;
    }
    for hashes in hashes.chunks_mut(2) {
        let mut pair = [[0; 32]; 2];
        for (to, from) in pair.iter_mut().zip(&*hashes) {
            *to = *from;
        }
        // SAFETY: the processor has the instructions, which is all that the function asks for.
        unsafe { ni::iterate(&mut pair, count) };
        for (to, from) in hashes.iter_mut().zip(pair) {
            *to = from;
        }
    }
    true
}
