//! SHA-256 of many messages side by side, and of many chains.
//!
//! One message is a chain of dependences: each instruction waits for the one before. Messages that do
//! not depend on each other fill the waiting: sixteen in the lanes of AVX-512, two by the SHA
//! instructions. Which of them the processor has is asked at run time; else the crate sha2 hashes
//! one after the other, which is the twin that the tests hold both equal to.
//!
//! ```text
//! digest_each    sha256(prefix | body) of each body         leaves and nodes of Merkle trees
//! iterate        sha256^n(hash) of each hash, one n         entries of proof of history
//! ```

use sha2::{Digest, Sha256};

#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod ni;
#[cfg_attr(not(target_arch = "x86_64"), path = "portable.rs")]
mod x86;

/// A hash.
pub(crate) type Hash = [u8; 32];

/// Messages that are hashed side by side at most.
pub(crate) const LANES: usize = 16;

/// Bytes of a block of the compression.
const BLOCK_LEN: usize = 64;

/// The state before the first block (FIPS 180-4, 5.3.3).
#[cfg(target_arch = "x86_64")]
const IV: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// The constants of the rounds (FIPS 180-4, 4.2.2).
#[cfg(target_arch = "x86_64")]
#[rustfmt::skip]
const K: [u32; 64] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
];

/// The hash of `prefix` and `body` in a row.
pub(super) fn digest(prefix: &[u8], body: &[u8]) -> Hash {
    Sha256::new().chain_update(prefix).chain_update(body).finalize().into()
}

/// Hands the hash of `prefix` (at most 64 bytes) and each of `bodies` to `out`, in their order.
pub(crate) fn digest_each<'a>(
    prefix: &[u8],
    bodies: impl Iterator<Item = &'a [u8]>,
    out: &mut impl FnMut(Hash),
) {
    let mut bodies = bodies.fuse();
    loop {
        let (mut group, mut count) = ([&[][..]; LANES], 0);
        for (place, body) in group.iter_mut().zip(&mut bodies) {
            *place = body;
            count += 1;
        }
        let group = group.get(..count).unwrap_or_default();
        if group.is_empty() {
            return;
        }
        let mut hashes = [[0; 32]; LANES];
        if !x86::digest(prefix, group, &mut hashes) {
            for (hash, body) in hashes.iter_mut().zip(group) {
                *hash = digest(prefix, body);
            }
        }
        hashes.into_iter().take(group.len()).for_each(&mut *out);
    }
}

/// Replaces each of `hashes` by the last of `count` hashes that begin with its own.
pub(super) fn iterate(hashes: &mut [Hash], count: u64) {
    for group in hashes.chunks_mut(LANES) {
        if !x86::iterate_lanes(group, count) && !x86::iterate_pairs(group, count) {
            iterate_each(group, count);
        }
    }
}

fn iterate_each(hashes: &mut [Hash], count: u64) {
    for hash in hashes {
        for _ in 0..count {
            *hash = Sha256::digest(*hash).into();
        }
    }
}

/// A prefix and a body as padded blocks. Blocks that lie within the body are borrowed.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
struct Message<'a> {
    prefix_len: usize,
    body: &'a [u8],
    /// The block with the prefix, if the message fills one.
    first: [u8; BLOCK_LEN],
    /// What follows the last filled block, then the end mark and the length.
    last: [[u8; BLOCK_LEN]; 2],
    /// Blocks that the message fills.
    filled: usize,
    last_count: usize,
}

#[cfg(target_arch = "x86_64")]
impl<'a> Message<'a> {
    /// A message of no blocks, in a lane without use.
    const EMPTY: Self = Self {
        prefix_len: 0,
        body: &[],
        first: [0; BLOCK_LEN],
        last: [[0; BLOCK_LEN]; 2],
        filled: 0,
        last_count: 0,
    };

    fn new(prefix: &[u8], body: &'a [u8]) -> Self {
        let len = prefix.len() + body.len();
        let (filled, rest_len) = (len / BLOCK_LEN, len % BLOCK_LEN);
        let mut message = Self { prefix_len: prefix.len(), body, filled, ..Self::EMPTY };
        let put = |to: &mut [u8], at: usize, from: &[u8]| {
            for (to, from) in to.iter_mut().skip(at).zip(from) {
                *to = *from;
            }
        };
        let last = message.last.as_flattened_mut();
        if filled == 0 {
            put(last, 0, prefix);
            put(last, prefix.len(), body);
        } else {
            put(&mut message.first, 0, prefix);
            put(&mut message.first, prefix.len(), body);
            put(last, 0, body.get(body.len() - rest_len.min(body.len())..).unwrap_or_default());
        }
        put(last, rest_len, &[0x80]);
        message.last_count = if rest_len + 9 <= BLOCK_LEN { 1 } else { 2 };
        put(last, message.last_count * BLOCK_LEN - 8, &(len as u64 * 8).to_be_bytes());
        message
    }

    fn block_count(&self) -> usize {
        self.filled + self.last_count
    }

    /// Block `at`; any block beyond the last.
    #[inline]
    fn block(&self, at: usize) -> &[u8; BLOCK_LEN] {
        if let Some(at) = at.checked_sub(self.filled) {
            return self.last.get(at).unwrap_or(&self.first);
        }
        let within = (at * BLOCK_LEN).checked_sub(self.prefix_len);
        within.and_then(|start| self.body.get(start..)?.first_chunk()).unwrap_or(&self.first)
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;

    fn bytes(len: usize, seed: usize) -> Vec<u8> {
        (0..len).map(|at| (at * 31 + seed * 89 + (at >> 3)).to_le_bytes()[0]).collect()
    }

    fn each(prefix: &[u8], bodies: &[Vec<u8>]) -> Vec<Hash> {
        let mut hashes = Vec::new();
        digest_each(prefix, bodies.iter().map(Vec::as_slice), &mut |hash| hashes.push(hash));
        hashes
    }

    #[test]
    fn lanes_of_every_length_hash_as_one_message_does() {
        for prefix_len in [0, 1, 26, 63, 64] {
            let prefix = bytes(prefix_len, 7);
            for shortest in (0..300).chain([1000, 1019, 1044]) {
                // Lanes end after different blocks; the last group is not full.
                let bodies: Vec<_> = (0..25).map(|n| bytes(shortest + 7 * n, n)).collect();
                let expected: Vec<_> = bodies.iter().map(|body| digest(&prefix, body)).collect();
                assert_eq!(each(&prefix, &bodies), expected, "{prefix_len} {shortest}");
            }
        }
        assert_eq!(each(&[1], &[]), Vec::<Hash>::new());
    }

    #[test]
    fn chains_of_every_number_go_as_one_does() {
        for chain_count in 0..40 {
            for count in [0, 1, 2, 3, 100] {
                let mut chains: Vec<Hash> = (0..chain_count).map(|n| digest(&[n], &[9])).collect();
                let mut expected = chains.clone();
                iterate_each(&mut expected, count);
                let mut pairs = chains.clone();
                if x86::iterate_pairs(&mut pairs, count) {
                    assert_eq!(pairs, expected, "pairs {chain_count} {count}");
                }
                iterate(&mut chains, count);
                assert_eq!(chains, expected, "{chain_count} {count}");
            }
        }
    }
}
