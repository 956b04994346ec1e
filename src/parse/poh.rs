//! Proof of history through a batch: each entry's hash follows from the one before.

use super::deshred::Proved;
use crate::wire::entry::{Batch, Item};
use sha2::{Digest, Sha256};

/// Hashes that are computed for one slot at most. A slot of mainnet has 4 million (64 ticks of
/// 62 500); a leader that skips slots brings those of the skipped ones. A forged count would
/// otherwise keep the parser busy for ever.
const HASHES_PER_SLOT_MAX: u64 = 32 << 20;

#[derive(Debug)]
pub(super) struct Prover {
    leaves: Vec<[u8; 32]>,
}

impl Prover {
    pub(super) fn new() -> Self {
        Self { leaves: Vec::with_capacity(1 << 20) }
    }
}

pub(super) fn follow(prover: &mut Prover, bytes: &[u8], proved: &mut Proved) -> bool {
    let Ok(Batch::Entries(entries)) = Batch::check(bytes) else { return false };
    let mut spent = false;
    let mut pending: Option<(u64, [u8; 32], u64)> = None;
    let mut finish = |head: (u64, [u8; 32], u64), leaves: &mut Vec<[u8; 32]>, proved: &mut Proved| {
        let (num, hash, _) = head;
        if let Some(mut h) = proved.hash {
            let budget = HASHES_PER_SLOT_MAX.saturating_sub(proved.hashes);
            if num > budget {
                spent = true;
                proved.checked.open = true;
            } else {
                proved.hashes += num;
                for _ in 1..num {
                    h = Sha256::digest(h).into();
                }
                if leaves.is_empty() {
                    if num > 0 { h = Sha256::digest(h).into(); }
                } else {
                    while leaves.len() > 1 {
                        let n = leaves.len();
                        let mut w = 0;
                        for i in (0..n).step_by(2) {
                            let l = leaves[i];
                            let r = if i + 1 < n { leaves[i + 1] } else { l };
                            leaves[w] = Sha256::new().chain_update([1]).chain_update(l).chain_update(r).finalize().into();
                            w += 1;
                        }
                        leaves.truncate(w);
                    }
                    h = Sha256::new().chain_update(h).chain_update(leaves[0]).finalize().into();
                }
                if h == hash { proved.checked.held += 1 } else { proved.checked.failed += 1 }
            }
        }
        leaves.clear();
        proved.hash = Some(hash);
    };
    for item in entries {
        match item {
            Ok(Item::Entry(e)) => {
                if let Some(head) = pending.replace((e.num_hashes, *e.hash, e.tx_count)) {
                    finish(head, &mut prover.leaves, proved);
                }
            }
            Ok(Item::Txn(tx)) => {
                for s in tx.signatures() {
                    prover.leaves.push(Sha256::new().chain_update([0]).chain_update(s).finalize().into());
                }
            }
            Err(_) => { proved.hash = None; proved.checked.open = true; return spent; }
        }
    }
    if let Some(head) = pending {
        finish(head, &mut prover.leaves, proved);
    }
    spent
}
