//! Distinct transactions made from captured ones: other signatures, other accounts, other amounts.
//!
//! Programs stay, and so does everything else that decides how a transaction is read. Where another
//! amount would make either system find more or fewer rows, the amount stays too.

use crate::{ours, theirs};
use mev::wire::txn::Transaction;

/// Makes transactions until there are at least `count`, each base the same number of times, the
/// captured ones first. Those that no leader could have sent, because they are too long for the
/// wire, are left out.
pub fn distinct(bases: &[Vec<u8>], count: usize) -> Vec<Vec<u8>> {
    let bases: Vec<_> = bases.iter().filter(|wire| Transaction::check(wire).is_ok()).collect();
    let rounds = count.div_ceil(bases.len().max(1));
    let mut made: Vec<_> = bases.iter().map(|wire| (*wire).clone()).collect();
    for round in 1..rounds {
        made.extend(
            (0u64..)
                .zip(&bases)
                .map(|(number, base)| other(base, &mut Random(((round as u64) << 32) | number))),
        );
    }
    made
}

/// A transaction like `base`.
pub fn other(base: &[u8], random: &mut Random) -> Vec<u8> {
    let mut wire = base.to_vec();
    let tx = Transaction::check(base).expect("checked before");
    let at = |part: &[u8]| part.as_ptr() as usize - base.as_ptr() as usize;
    for signature in tx.signatures() {
        random.fill(&mut wire[at(signature)..][..64]);
    }
    let programs: Vec<u8> = tx.instructions().map(|ix| ix.program_index).collect();
    for (index, key) in (0u8..).zip(tx.keys()) {
        if !programs.contains(&index) {
            random.fill(&mut wire[at(key)..][..32]);
        }
    }
    for ix in tx.instructions().filter(|ix| ix.data.len() >= 17) {
        let from = at(ix.data) + if ix.data.len() == 17 { 1 } else { 8 };
        let before = wire.clone();
        random.fill(&mut wire[from..from + 3]);
        if found(&before) != found(&wire) {
            wire = before;
        }
    }
    wire
}

/// How many rows each system finds.
fn found(wire: &[u8]) -> (usize, usize) {
    let mut events = Vec::new();
    theirs::wire(wire, Some(&theirs::swaps_only()), &mut events);
    (ours::intents(wire).len(), events.len())
}

/// SplitMix64.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let n = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        n ^ (n >> 31)
    }

    /// Fills `bytes`.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let number = self.next().to_le_bytes();
            chunk.copy_from_slice(&number[..chunk.len()]);
        }
    }

    /// Puts `items` in another order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let with = usize::try_from(self.next() % (last as u64 + 1)).expect("an index");
            items.swap(last, with);
        }
    }
}
