//! What a FEC set and a block's proof of history cost: lost shreds computed, hashes followed.
//!
//! The baseline of the erasure code is the crate reed-solomon-erasure with `simd-accel`, which agave
//! uses, called as agave calls it (`reconstruct_data` on borrowed shards). The same shards are lost
//! each time, so that its cache always has the inverted matrix; ours computes its factors anew each
//! time. The baseline of a chain of hashes is the crate sha2 with the machine's SHA instructions.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark prints, stops where it stands, and reads the clock"
)]

use mev::wire::entry::Entry;
use mev::wire::fec::{Coder, Points, Shards};
use mev::wire::poh::Chain;
use mev::wire::recover::Recoverer;
use mev::wire::shred::Shred;
use mev::wire::shredder::{Place, Shredder};
use reed_solomon_erasure::galois_8::ReedSolomon;
use sha2::{Digest, Sha256};
use std::hint::black_box;

#[path = "support/paired.rs"]
mod paired;

/// Bytes of a shard: a code shred's 1228 but for 89 of headers, 6 entries of proof of 20, and the
/// chained root's 32.
const SHARD_LEN: usize = 1228 - 89 - 6 * 20 - 32;

/// Bytes without a pattern (SplitMix64).
fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let n = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (n ^ (n >> 27)).to_le_bytes()[3]
    };
    (0..len).map(|_| next()).collect()
}

/// Shards of a set one after the other.
#[derive(Clone, PartialEq)]
struct Set(Vec<Vec<u8>>);

impl Shards for Set {
    fn shard(&self, point: u8) -> &[u8] {
        &self.0[usize::from(point)]
    }

    fn shard_mut(&mut self, point: u8) -> &mut [u8] {
        &mut self.0[usize::from(point)]
    }
}

/// Times the computation of the first `lost` data shards of a set.
fn coding(report: &mut paired::Report, num_data: usize, num_code: usize, lost: usize) {
    let count = num_data + num_code;
    let code = ReedSolomon::new(num_data, num_code).unwrap();
    let mut shards: Vec<Vec<u8>> = (0..count).map(|n| noise(SHARD_LEN, n as u64)).collect();
    code.encode(&mut shards).unwrap();
    let whole = Set(shards);
    let (mut theirs, mut ours) = (whole.clone(), whole.clone());
    for set in [&mut theirs, &mut ours] {
        set.0.iter_mut().take(lost).for_each(|shard| shard.fill(0xa5));
    }
    // Just as many shards as are needed, of which the last are code.
    let (known, wanted) = (Points::range(lost..num_data + lost), Points::range(0..lost));
    let mut baseline = |calls| {
        for _ in 0..calls {
            let mut shards: Vec<(&mut [u8], bool)> = theirs
                .0
                .iter_mut()
                .enumerate()
                .map(|(at, shard)| (shard.as_mut_slice(), (lost..num_data + lost).contains(&at)))
                .collect();
            code.reconstruct_data(black_box(&mut shards)).unwrap();
        }
    };
    let mut coder = Coder::new();
    let mut fill = |calls| {
        for _ in 0..calls {
            coder.fill(black_box(&mut ours), SHARD_LEN, &known, &wanted);
        }
    };
    let what =
        format!("{num_data}:{num_code}, {lost} data shards lost: reed-solomon-erasure / ours");
    report.compare(&what, &mut baseline, &mut fill);
    assert!(theirs.0[..num_data] == whole.0[..num_data] && ours == whole, "other shards");
}

/// Times the recovery of a whole set of shreds, half of its data lost, Merkle tree and all, against
/// the coding alone of the baseline.
fn recovery(report: &mut paired::Report) {
    const LOST: usize = 16;
    let mut shredder = Shredder::new(1);
    shredder.start(1000, 1, [7; 32]);
    let place = Place { reference_tick: 3, last_in_slot: false };
    let mut packets = Vec::new();
    shredder
        .shred(&noise(30_000, 1), place, &mut |_| [9; 64], &mut |shred| {
            packets.push(shred.to_vec());
        })
        .unwrap();
    assert_eq!(packets.len(), 64);
    let shreds: Vec<Shred<'_>> =
        packets[LOST..48].iter().map(|packet| Shred::check(packet).unwrap()).collect();
    let mut recoverer = Recoverer::new();
    let mut recovered = Vec::new();
    recoverer
        .recover(shreds.iter().copied(), &mut |shred| recovered.push(shred.bytes().to_vec()))
        .unwrap();
    assert!(recovered == packets[..LOST], "other shreds");
    let code = ReedSolomon::new(32, 32).unwrap();
    let mut shards: Vec<Vec<u8>> = (0..64).map(|n| noise(SHARD_LEN, n)).collect();
    code.encode(&mut shards).unwrap();
    let mut baseline = |calls| {
        for _ in 0..calls {
            let mut shards: Vec<(&mut [u8], bool)> = shards
                .iter_mut()
                .enumerate()
                .map(|(at, shard)| (shard.as_mut_slice(), (LOST..48).contains(&at)))
                .collect();
            code.reconstruct_data(black_box(&mut shards)).unwrap();
        }
    };
    let mut ours = |calls| {
        for _ in 0..calls {
            let count = recoverer.recover(black_box(&shreds).iter().copied(), &mut |shred| {
                black_box(shred.bytes());
            });
            assert_eq!(count, Ok(LOST));
        }
    };
    report.compare(
        "32:32, 16 lost: its coding alone / our whole recovery with headers and Merkle proofs",
        &mut baseline,
        &mut ours,
    );
}

/// Times hashes of proof of history: entries as of a mainnet slot, one call a hash.
fn history(report: &mut paired::Report) {
    // Of 64 to 1984 hashes, 1024 in the middle, so that a chain is a power of two as calls are.
    const TOTAL: u64 = 1 << 18;
    let mut hash = [5; 32];
    let mut entries = Vec::new();
    for n in (0..16).cycle().take(256) {
        let num_hashes = 64 + 128 * n;
        for _ in 0..num_hashes {
            hash = Sha256::digest(hash).into();
        }
        entries.push((num_hashes, hash));
    }
    assert_eq!(entries.iter().map(|(num_hashes, _)| num_hashes).sum::<u64>(), TOTAL);
    let mut baseline = |calls| {
        let mut hash = [5; 32];
        for _ in 0..calls {
            hash = Sha256::digest(hash).into();
        }
        black_box(hash);
    };
    let mut ours = |calls: u64| {
        for _ in 0..calls.div_ceil(TOTAL) {
            let mut chain = Chain::new(Some([5; 32]));
            let mut refuse = |why| panic!("{why:?}");
            for (num_hashes, hash) in black_box(&entries) {
                let entry = Entry { num_hashes: *num_hashes, hash, tx_count: 0 };
                chain.entry(&entry, &mut refuse);
            }
            chain.close(&mut refuse);
            chain.settle(&mut refuse);
            assert_eq!(chain.checked(), entries.len() as u64);
        }
    };
    let what = "Proof of history, a hash: sha2, one after the other / sixteen entries side by side";
    report.compare(what, &mut baseline, &mut ours);
}

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let mut report = paired::Report::new("FEC sets (ns a set) and proof of history (ns a hash)");
    for (num_data, num_code, lost) in [(32, 32, 16), (19, 45, 10), (7, 21, 4), (34, 34, 17)] {
        coding(&mut report, num_data, num_code, lost);
    }
    recovery(&mut report);
    history(&mut report);
    report.print();
}
