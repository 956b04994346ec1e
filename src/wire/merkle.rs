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

use super::fec::Points;
use super::sha256::{digest, digest_each};
use super::shred::{FEC_SET_LEN_MAX, Shred};
use super::variant::{Form, PROOF_ENTRY_LEN, ROOT_LEN, SIGNATURE_LEN};
use std::ops::Range;

/// A hash of the tree.
pub type Root = [u8; ROOT_LEN];

const LEAF: &[u8] = b"\x00SOLANA_MERKLE_SHREDS_LEAF";
const NODE: &[u8] = b"\x01SOLANA_MERKLE_SHREDS_NODE";

/// The leaf of a shred's `protected` bytes: from the variant up to the proof.
pub fn leaf(protected: &[u8]) -> Root {
    digest(LEAF, protected)
}

/// The node over two others, of which only the first 20 bytes count.
pub fn node(left: &[u8], right: &[u8]) -> Root {
    digest(NODE, &pair(left, right))
}

/// What of two nodes goes into the one above them.
fn pair(left: &[u8], right: &[u8]) -> [u8; 2 * PROOF_ENTRY_LEN] {
    let mut pair = [0; 2 * PROOF_ENTRY_LEN];
    for (place, hash) in pair.as_chunks_mut::<PROOF_ENTRY_LEN>().0.iter_mut().zip([left, right]) {
        *place = hash.first_chunk().copied().unwrap_or_default();
    }
    pair
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

/// The leaves, of `leaf_count`, under the sibling that entry `entry` (below 16) of the proof of leaf
/// `index` names; none where a node pairs with itself. All entries together leave out leaf `index`
/// only.
pub fn sibling_leaves(index: usize, entry: usize, leaf_count: usize) -> Range<usize> {
    let first = (index >> entry ^ 1) << entry;
    first.min(leaf_count)..(first + (1 << entry)).min(leaf_count)
}

/// A tree, whole or as far as it is asked for. It keeps its memory from one set to the next.
#[derive(Debug)]
pub struct Tree {
    /// Level by level, leaves first. Zeros where nothing was laid or grown; of what a proof laid,
    /// only the first 20 bytes count.
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

    /// Replaces the tree by the one over `leaf_count` leaves, at most 256, of which nothing is known.
    pub fn clear(&mut self, leaf_count: usize) {
        self.leaf_count = leaf_count.min(FEC_SET_LEN_MAX);
        let (mut node_count, mut len) = (self.leaf_count, self.leaf_count);
        while len > 1 {
            len = len.div_ceil(2);
            node_count += len;
        }
        self.nodes.clear();
        self.nodes.resize(node_count, Root::default());
    }

    /// Replaces the tree by the whole one over `leaf_count` leaves, at most 256, of which
    /// `protected` gives the bytes, and returns its root; `None` if there are none.
    pub fn build<'a>(
        &mut self,
        leaf_count: usize,
        protected: impl Fn(usize) -> &'a [u8],
    ) -> Option<Root> {
        self.clear(leaf_count);
        self.set_leaves(&Points::range(0..self.leaf_count), protected);
        self.grow(0..self.leaf_count, proof_count(self.leaf_count).into());
        self.nodes.last().copied()
    }

    /// Computes the leaves at `points` from their protected bytes.
    pub fn set_leaves<'a>(&mut self, points: &Points, protected: impl Fn(usize) -> &'a [u8]) {
        let mut places = points.iter();
        let bodies = points.iter().map(|point| protected(point.into()));
        digest_each(LEAF, bodies, &mut |hash| {
            let place = places.next().and_then(|point| self.nodes.get_mut(usize::from(point)));
            if let Some(place) = place {
                *place = hash;
            }
        });
    }

    /// Lays what leaf `index` and its proof tell: the nodes on its way to the root, and their
    /// siblings. `None` when the proof cannot be of this tree, else the root that it proves.
    pub fn lay(&mut self, index: usize, leaf: Root, proof: &[u8]) -> Option<Root> {
        let (entries, _) = proof.as_chunks::<PROOF_ENTRY_LEN>();
        let (mut index, mut start, mut len, mut hash) = (index, 0, self.leaf_count, leaf);
        if entries.len() != usize::from(proof_count(len)) {
            return None;
        }
        for entry in entries {
            *self.nodes.get_mut(start + index)? = hash;
            if index ^ 1 < len {
                let sibling = self.nodes.get_mut(start + (index ^ 1))?.first_chunk_mut()?;
                *sibling = *entry;
            } else if hash.first_chunk() != Some(entry) {
                return None;
            }
            hash = if index & 1 == 1 { node(entry, &hash) } else { node(&hash, entry) };
            (index, start, len) = (index >> 1, start + len, len.div_ceil(2));
        }
        *self.nodes.get_mut(start + index)? = hash;
        (index == 0).then_some(hash)
    }

    /// Computes the `levels` levels of nodes over leaves `leaves`, which begin at a multiple of
    /// `2^levels` and end at one or with the last leaf.
    pub fn grow(&mut self, leaves: Range<usize>, levels: usize) {
        let (mut below, mut start, mut len) = (leaves, 0, self.leaf_count);
        for _ in 0..levels {
            let Some((level, above)) =
                self.nodes.get_mut(start..).and_then(|nodes| nodes.split_at_mut_checked(len))
            else {
                return;
            };
            let mut pairs = [[0; 2 * PROOF_ENTRY_LEN]; FEC_SET_LEN_MAX / 2];
            let children = level.get(below.clone()).unwrap_or_default();
            for (place, children) in pairs.iter_mut().zip(children.chunks(2)) {
                if let (Some(left), Some(right)) = (children.first(), children.last()) {
                    *place = pair(left, right);
                }
            }
            below = below.start / 2..below.end.div_ceil(2);
            let pairs = pairs.iter().take(below.len()).map(<[u8; _]>::as_slice);
            let mut places = above.get_mut(below.clone()).unwrap_or_default().iter_mut();
            digest_each(NODE, pairs, &mut |hash| {
                if let Some(place) = places.next() {
                    *place = hash;
                }
            });
            (start, len) = (start + len, len.div_ceil(2));
        }
    }

    /// Whether the sibling that entry `entry` of the proof of leaf `index` names was grown, and is
    /// the one that the proof has.
    pub fn confirms(&self, index: usize, entry: usize, proof: &[u8]) -> bool {
        let (mut start, mut len) = (0, self.leaf_count);
        for _ in 0..entry {
            (start, len) = (start + len, len.div_ceil(2));
        }
        let grown = self.nodes.get(start + (index >> entry ^ 1));
        let said = proof.as_chunks::<PROOF_ENTRY_LEN>().0.get(entry);
        said.is_some() && grown.and_then(|node| node.first_chunk()) == said
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

    /// Something to hash for each leaf of the largest tree.
    const NUMBERS: [[u8; 1]; FEC_SET_LEN_MAX] = {
        let mut numbers = [[0; 1]; FEC_SET_LEN_MAX];
        let mut at = 0u8;
        while at < u8::MAX {
            at += 1;
            numbers[at as usize] = [at];
        }
        numbers
    };

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
        assert_eq!(tree.build(0, |_| &[]), None);
        for leaf_count in (1..70).chain([127, 128, 129, 255, 256]) {
            let leaves: Vec<Root> = NUMBERS[..leaf_count].iter().map(|b| leaf(b)).collect();
            let root = tree.build(leaf_count, |at| &NUMBERS[at]).unwrap();
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
