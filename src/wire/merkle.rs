//! The Merkle tree over a FEC set, whose root the leader signs.
//!
//! ```text
//! leaf = sha256("\x00SOLANA_MERKLE_SHREDS_LEAF" | shred bytes from the variant up to the proof)
//! node = sha256("\x01SOLANA_MERKLE_SHREDS_NODE" | left[..20] | right[..20])
//! ```
//!
//! Leaves are the data shreds, then the code shreds; the last node of a level of odd size pairs
//! with itself. The chained root is hashed, the retransmitter's signature is not (agave
//! ledger/src/shred/merkle_tree.rs). All shreds of a set share one root and so one signature: the
//! root computed from a shred's proof is the set's true name, and a shred with another root is
//! damaged or forged.

use super::shred::{FEC_SET_LEN_MAX, Shred};
use super::variant::{Form, PROOF_ENTRY_LEN, ROOT_LEN, SIGNATURE_LEN};
use sha2::{Digest, Sha256};

/// A hash of the tree.
pub type Root = [u8; ROOT_LEN];

const LEAF: &[u8] = b"\x00SOLANA_MERKLE_SHREDS_LEAF";
const NODE: &[u8] = b"\x01SOLANA_MERKLE_SHREDS_NODE";

/// The leaf of a shred's `protected` bytes: from the variant up to the proof.
pub fn leaf(protected: &[u8]) -> Root {
    Sha256::new().chain_update(LEAF).chain_update(protected).finalize().into()
}

/// The node over two others, of which only the first 20 bytes count.
pub fn node(left: &[u8], right: &[u8]) -> Root {
    let [left, right] = [left, right].map(|hash| hash.get(..PROOF_ENTRY_LEN).unwrap_or(hash));
    Sha256::new().chain_update(NODE).chain_update(left).chain_update(right).finalize().into()
}

/// The leaf of `shred`; `None` of a legacy shred, which is in no tree.
pub fn leaf_of(shred: &Shred<'_>) -> Option<Root> {
    let variant = shred.variant();
    if variant.form == Form::Legacy {
        return None;
    }
    shred.bytes().get(SIGNATURE_LEN..variant.proof().start).map(leaf)
}

/// The root that `shred` proves itself to stand under; `None` of a legacy shred and of a position
/// that the proof is too short for. Whether the leader signed it is the caller's question.
pub fn root_of(shred: &Shred<'_>) -> Option<Root> {
    let mut position = shred.set_position();
    let (entries, _) = shred.proof().as_chunks::<PROOF_ENTRY_LEN>();
    let root = entries.iter().fold(leaf_of(shred)?, |hash, sibling| {
        let right = position & 1 == 1;
        position >>= 1;
        if right { node(sibling, &hash) } else { node(&hash, sibling) }
    });
    (position == 0).then_some(root)
}

/// Entries of the proofs in a tree of `leaf_count` leaves: the levels above them.
pub const fn proof_count(leaf_count: usize) -> u8 {
    let mut count = 0;
    while leaf_count > 1 << count {
        count += 1;
    }
    count
}

/// A whole tree. It keeps its memory from one set to the next.
#[derive(Debug)]
pub struct Tree {
    /// Level by level, leaves first.
    nodes: Vec<Root>,
    leaf_count: usize,
}

impl Default for Tree {
    fn default() -> Self {
        Self::new()
    }
}

impl Tree {
    /// An empty tree with room for the largest FEC set.
    pub fn new() -> Self {
        // Each level is at most half of the one below and one more.
        Self { nodes: Vec::with_capacity(2 * FEC_SET_LEN_MAX + 9), leaf_count: 0 }
    }

    /// Replaces the tree by the one over `leaves`, at most 256 of them, and returns its root;
    /// `None` if there are none.
    pub fn build(&mut self, leaves: impl IntoIterator<Item = Root>) -> Option<Root> {
        self.nodes.clear();
        self.nodes.extend(leaves.into_iter().take(FEC_SET_LEN_MAX));
        self.leaf_count = self.nodes.len();
        let (mut start, mut len) = (0, self.leaf_count);
        while len > 1 {
            for at in (start..start + len).step_by(2) {
                let left = self.nodes.get(at)?;
                let right = if at + 1 < start + len { self.nodes.get(at + 1)? } else { left };
                let above = node(left, right);
                self.nodes.push(above);
            }
            (start, len) = (start + len, len.div_ceil(2));
        }
        self.nodes.last().copied()
    }

    /// Writes the proof of leaf `index` to `out`, 20 bytes an entry from the leaf upwards, as many
    /// entries as there are levels and room.
    pub fn write_proof(&self, index: usize, out: &mut [u8]) {
        let (mut index, mut start, mut len) = (index, 0, self.leaf_count);
        for entry in out.as_chunks_mut::<PROOF_ENTRY_LEN>().0 {
            if len <= 1 {
                return;
            }
            let sibling = start + (index ^ 1).min(len - 1);
            if let Some(cut) = self.nodes.get(sibling).and_then(|hash| hash.first_chunk()) {
                *entry = *cut;
            }
            (index, start, len) = (index >> 1, start + len, len.div_ceil(2));
        }
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::testdata;
    use super::*;
    use crate::bytes::hex::Hex;

    #[test]
    fn a_node_takes_twenty_bytes_of_each_side() {
        let (mut left, right) = ([1; 32], [2; 32]);
        let whole = node(&left, &right);
        assert_eq!(node(&left[..20], &right[..20]), whole);
        left[20] = 9;
        assert_eq!(node(&left, &right), whole);
        left[19] = 9;
        assert_ne!(node(&left, &right), whole);
    }

    #[test]
    fn proof_counts_are_the_tree_s_heights() {
        let counts: Vec<u8> = [1, 2, 3, 4, 5, 28, 32, 33, 64, 65, 68, 128, 129, 256]
            .into_iter()
            .map(proof_count)
            .collect();
        assert_eq!(counts, [0, 1, 2, 2, 3, 5, 5, 6, 6, 7, 7, 7, 8, 8]);
    }

    #[test]
    fn every_leaf_of_every_tree_proves_the_root() {
        let mut tree = Tree::new();
        assert_eq!(tree.build([]), None);
        for leaf_count in (1..70).chain([127, 128, 129, 255, 256]) {
            let leaves: Vec<Root> =
                (0..leaf_count).map(|at: usize| leaf(&at.to_le_bytes())).collect();
            let root = tree.build(leaves.iter().copied()).unwrap();
            for (index, leaf) in leaves.iter().enumerate() {
                let mut proof = vec![0; usize::from(proof_count(leaf_count)) * 20];
                tree.write_proof(index, &mut proof);
                assert_eq!(climb(*leaf, index, &proof), root, "{leaf_count} {index}");
            }
        }
    }

    fn climb(leaf: Root, index: usize, proof: &[u8]) -> Root {
        proof.chunks(20).enumerate().fold(leaf, |hash, (level, sibling)| {
            if index >> level & 1 == 1 { node(sibling, &hash) } else { node(&hash, sibling) }
        })
    }

    #[test]
    fn mainnet_roots_are_agave_s() {
        let Some(packets) = testdata::packets("mainnet-2024-merkle") else { return };
        let oracle = testdata::json("shreds/mainnet-2024-merkle.oracle.json").unwrap();
        for (packet, row) in packets.iter().zip(oracle.as_array().unwrap()) {
            let shred = Shred::check(packet).unwrap();
            let root = root_of(&shred).unwrap();
            assert_eq!(row["merkle_root"], Hex(&root).to_string());
        }
    }

    #[test]
    fn a_changed_byte_before_the_retransmitter_changes_the_root() {
        let Some(packets) = testdata::packets("demo-shreds") else { return };
        let mut bytes = packets.last().unwrap().clone();
        let root = |bytes: &[u8]| root_of(&Shred::check(bytes).unwrap()).unwrap();
        let whole = root(&bytes);
        for at in [90, 500, 1011, 1012, 1043, 1044, 1163] {
            bytes[at] ^= 1;
            assert_ne!(root(&bytes), whole, "{at}");
            bytes[at] ^= 1;
        }
        bytes[1164] ^= 1;
        assert_eq!(root(&bytes), whole);
    }
}
