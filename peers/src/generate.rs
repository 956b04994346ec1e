//! Distinct transactions made from captured ones: other signatures, other accounts, other amounts.
//!
//! Programs stay, and so does everything else that decides how a transaction is read. Where another
//! amount would make either system find more or fewer rows, the amount stays too. A signer's associated
//! token account becomes that of the new signer and the new mint: a transaction whose accounts do not
//! belong together is not what a leader sends.

use crate::{ours, theirs};
use mev::dex::associated_token;
use mev::ids::{Key, TOKEN, TOKEN_2022};
use mev::wire::txn::Transaction;

/// Makes transactions until there are at least `count`, each base the same number of times, the
/// captured ones first. Those that no leader could have sent, because they are too long for the
/// wire, are left out.
pub fn distinct(bases: &[Vec<u8>], count: usize) -> Vec<Vec<u8>> {
    let bases: Vec<_> = bases.iter().filter(|wire| Transaction::check(wire).is_ok()).collect();
    let rounds = count.div_ceil(bases.len().max(1));
    let mut made: Vec<_> = bases.iter().map(|wire| (*wire).clone()).collect();
    let associated: Vec<_> = bases.iter().map(|wire| associated(wire)).collect();
    for round in 1..rounds {
        made.extend((0u64..).zip(bases.iter().zip(&associated)).map(
            |(number, (base, associated))| {
                other(base, associated, &mut Random(((round as u64) << 32) | number))
            },
        ));
    }
    made
}

/// An account that is the associated one of a signer and a mint, all by their index.
#[derive(Clone, Copy, Debug)]
pub struct Associated {
    account: usize,
    owner: usize,
    mint: usize,
    program: Key,
}

/// The associated token accounts of signers among the keys of `wire`.
fn associated(wire: &[u8]) -> Vec<Associated> {
    let tx = Transaction::check(wire).expect("checked before");
    let (keys, signers) = (tx.keys(), tx.signatures().len());
    let mut found = Vec::new();
    for program in [TOKEN, TOKEN_2022].into_iter().filter(|program| keys.contains(program)) {
        for owner in 0..signers {
            for mint in signers..keys.len() {
                let derived = associated_token(&keys[owner], &keys[mint], &program);
                if let Some(account) = keys.iter().position(|key| *key == derived) {
                    found.push(Associated { account, owner, mint, program });
                }
            }
        }
    }
    found
}

/// A transaction like `base`, whose associated accounts are `associated`.
pub fn other(base: &[u8], associated: &[Associated], random: &mut Random) -> Vec<u8> {
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
    let place = |index: usize| at(&tx.keys()[index]);
    let key = |wire: &[u8], index: usize| *wire[place(index)..].first_chunk().expect("32 bytes");
    for Associated { account, owner, mint, program } in associated {
        let derived = associated_token(&key(&wire, *owner), &key(&wire, *mint), program);
        wire[place(*account)..][..32].copy_from_slice(&derived);
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
