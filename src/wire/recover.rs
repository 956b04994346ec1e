//! The missing data shreds of a FEC set, rebuilt from any `num_data` of its shreds.
//!
//! The erasure code gives back what it covers: of a Merkle data shred the bytes from the variant up
//! to the chained root. Signature, chained root and retransmitter's signature are copied from a
//! received shred, because they are equal throughout the set; proofs come from the Merkle tree.
//!
//! What was rebuilt must stand under the root that a received shred, the anchor, proves itself to
//! stand under: nothing else tells right bytes from wrong ones. The anchor's proof names the nodes
//! beside its way to the root, and every other leaf lies under exactly one of them:
//!
//! ```text
//!                 root                   Each of these nodes that has a missing data shred below
//!         .--------'--------.            is computed anew from all its leaves, and must be the
//!      [sibling]         on the way      one that the proof has. The others need no look, and
//!                      .----'----.       their missing code shreds are not rebuilt.
//!                  on the way  [sibling]
//!               .------'-----.
//!           [sibling]      anchor
//! ```
//!
//! (agave ledger/src/shred/merkle.rs `recover` rebuilds all code shreds and compares the whole
//! tree. A set whose leader signed other code shreds than those of its data is refused there; here
//! its data, which the root covers all the same, is recovered.) Legacy data shreds are covered with their
//! signature, which then can be verified; without that only the headers tell whether they are
//! right. They are handed out in full length, as their leader signed them.
//!
//! A caller who groups shreds by [`super::merkle::root_of`] keeps damaged shreds out of good sets.

use super::fec::{Coder, Points};
use super::image::{Image, NO_IMAGE, Rebuilt};
use super::merkle::{Tree, leaf_of, proof_count, sibling_leaves};
use super::reason::reasons;
use super::shred::{CodeHeader, FEC_SET_LEN_MAX, Head, Header, Shred};
use super::variant::{Form, Kind, ROOT_LEN, SIGNATURE_LEN, Variant};
use std::ops::Range;

reasons! {
    /// Why a FEC set was not recovered.
    pub enum RecoverReject {
        /// No code shred says how large the set is.
        NoCode = "recover_no_code",
        /// Fewer shreds are there than the set has data shreds.
        TooFew = "recover_too_few",
        /// Shreds contradict each other: slot, version, set, form, counts, signature or root.
        Inconsistent = "recover_inconsistent",
        /// The proofs are not as long as a tree of this size needs.
        ProofLength = "recover_proof_length",
        /// The rebuilt tree has another root than the received shreds.
        Root = "recover_root",
        /// Rebuilt bytes are not a shred of the set at the missing index.
        Shred = "recover_shred",
    }
}

/// Recovers FEC sets. It keeps its memory, about 500 KiB, from one set to the next.
#[derive(Debug)]
pub struct Recoverer {
    images: Vec<Image>,
    coder: Coder,
    tree: Tree,
}

impl Default for Recoverer {
    fn default() -> Self {
        Self::new()
    }
}

impl Recoverer {
    /// A recoverer for sets of up to 256 shreds.
    pub fn new() -> Self {
        Self { images: vec![NO_IMAGE; FEC_SET_LEN_MAX], coder: Coder::new(), tree: Tree::new() }
    }

    /// Rebuilds the data shreds that `shreds`, the received shreds of one FEC set in any order,
    /// lack, and hands each to `out`, by rising index. Returns how many there were; 0 when none
    /// was missing. Of two shreds at one position the first counts.
    ///
    /// # Errors
    /// The first reason for which the set cannot be recovered; then `out` was not called.
    pub fn recover<'a>(
        &mut self,
        shreds: impl Iterator<Item = Shred<'a>> + Clone,
        out: &mut impl FnMut(Shred<'_>),
    ) -> Result<usize, RecoverReject> {
        let set = Set::of(shreds.clone())?;
        let mut present = Points::default();
        let mut received = [&[][..]; FEC_SET_LEN_MAX];
        for shred in shreds {
            let position = set.position_of(&shred).ok_or(RecoverReject::Inconsistent)?;
            if present.insert(position)
                && let Some(place) = received.get_mut(position)
            {
                *place = shred.bytes();
            }
        }
        let missing = Points::range(0..set.num_data).without(&present);
        if missing.is_empty() {
            return Ok(0);
        }
        if present.len() < set.num_data {
            return Err(RecoverReject::TooFew);
        }
        self.rebuild(&set, &missing, &present, &received)?;
        for point in missing.iter() {
            self.data_shred(&set, point).map(&mut *out);
        }
        Ok(missing.len())
    }

    /// Leaves the missing data shreds, whole and checked, in their images.
    fn rebuild(
        &mut self,
        set: &Set<'_>,
        missing: &Points,
        present: &Points,
        received: &[&[u8]],
    ) -> Result<(), RecoverReject> {
        let proving = set.proving(missing);
        let wanted = proving.union(missing).without(present);
        let mut shards = Rebuilt::new(received, &mut self.images, set.num_data, set.data_variant);
        let shard_len = shards.shard_len();
        self.coder.fill(&mut shards, shard_len, &present.first(set.num_data), &wanted);
        for point in wanted.iter() {
            if let Some(image) = self.images.get_mut(usize::from(point)) {
                set.complete(point, image);
            }
        }
        if missing.iter().any(|point| self.data_shred(set, point).is_none()) {
            return Err(RecoverReject::Shred);
        }
        if set.is_legacy() {
            return Ok(());
        }
        let protected = |point: usize| {
            let range = SIGNATURE_LEN..set.variant_at(point).proof().start;
            let received = received.get(point).filter(|bytes| !bytes.is_empty());
            let bytes = received.map_or_else(
                || self.images.get(point)?.get(range.clone()),
                |bytes| bytes.get(range.clone()),
            );
            bytes.unwrap_or_default()
        };
        self.tree.clear(set.len());
        let (index, proof) = (set.anchor.set_position(), set.anchor.proof());
        let leaf = leaf_of(&set.anchor).ok_or(RecoverReject::Root)?;
        self.tree.lay(index, leaf, proof).ok_or(RecoverReject::Root)?;
        self.tree.set_leaves(&proving, protected);
        for (entry, leaves) in set.siblings() {
            if proving.contains(leaves.start) {
                self.tree.grow(leaves, entry);
                if !self.tree.confirms(index, entry, proof) {
                    return Err(RecoverReject::Root);
                }
            }
        }
        self.write_proofs(set, missing);
        Ok(())
    }

    fn write_proofs(&mut self, set: &Set<'_>, missing: &Points) {
        for point in missing.iter() {
            let image = self.images.get_mut(usize::from(point));
            if let Some(proof) = image.and_then(|i| i.get_mut(set.data_variant.proof())) {
                self.tree.write_proof(point.into(), proof);
            }
        }
    }

    fn data_shred(&self, set: &Set<'_>, point: u8) -> Option<Shred<'_>> {
        set.data_shred(point, self.images.get(usize::from(point))?)
    }
}

/// What the shreds of a set have in common, taken from its first code shred.
struct Set<'a> {
    slot: u64,
    version: u16,
    fec_set_index: u32,
    first_code_index: u32,
    num_data: usize,
    num_code: usize,
    data_variant: Variant,
    signature: &'a [u8; SIGNATURE_LEN],
    chained_root: Option<&'a [u8; ROOT_LEN]>,
    retransmitter: Option<&'a [u8; SIGNATURE_LEN]>,
    /// The shred whose root the others must have.
    anchor: Shred<'a>,
}

impl<'a> Set<'a> {
    fn of(mut shreds: impl Iterator<Item = Shred<'a>>) -> Result<Self, RecoverReject> {
        let (shred, code) = shreds
            .find_map(|shred| shred.code_header().map(|code| (shred, code)))
            .ok_or(RecoverReject::NoCode)?;
        let (num_data, num_code) = (usize::from(code.num_data), usize::from(code.num_code));
        let legacy = shred.variant().form == Form::Legacy;
        if !legacy && shred.variant().proof_count != proof_count(num_data + num_code) {
            return Err(RecoverReject::ProofLength);
        }
        Ok(Self {
            slot: shred.slot(),
            version: shred.version(),
            fec_set_index: shred.fec_set_index(),
            first_code_index: shred.index() - u32::from(code.position),
            num_data,
            num_code,
            data_variant: shred.variant().with_kind(Kind::Data),
            signature: shred.signature(),
            chained_root: shred.chained_root(),
            retransmitter: shred.retransmitter_signature(),
            anchor: shred,
        })
    }

    fn len(&self) -> usize {
        self.num_data + self.num_code
    }

    fn is_legacy(&self) -> bool {
        self.data_variant.form == Form::Legacy
    }

    /// The entries of the anchor's proof, each with the leaves under the node that it names.
    fn siblings(&self) -> impl Iterator<Item = (usize, Range<usize>)> + use<> {
        let (index, len) = (self.anchor.set_position(), self.len());
        let entries = 0..usize::from(self.data_variant.proof_count);
        entries.map(move |entry| (entry, sibling_leaves(index, entry, len)))
    }

    /// The leaves that prove the shreds at `missing`.
    fn proving(&self, missing: &Points) -> Points {
        let mut proving = Points::default();
        for (_, leaves) in self.siblings() {
            if leaves.clone().any(|point| missing.contains(point)) {
                leaves.for_each(|point| {
                    proving.insert(point);
                });
            }
        }
        proving
    }

    fn variant_at(&self, point: usize) -> Variant {
        let kind = if point < self.num_data { Kind::Data } else { Kind::Code };
        self.data_variant.with_kind(kind)
    }

    /// The position of `shred`; `None` when it does not belong to this set.
    fn position_of(&self, shred: &Shred<'_>) -> Option<usize> {
        let position = shred.set_position();
        let counts = shred.code_header().is_none_or(|code| {
            (usize::from(code.num_data), usize::from(code.num_code))
                == (self.num_data, self.num_code)
                && shred.index() - u32::from(code.position) == self.first_code_index
        });
        let belongs = self.shares_header(shred)
            && counts
            && position < self.len()
            && shred.variant() == self.variant_at(position)
            && shred.chained_root() == self.chained_root
            && (self.is_legacy() || shred.signature() == self.signature);
        belongs.then_some(position)
    }

    fn shares_header(&self, shred: &Shred<'_>) -> bool {
        shred.slot() == self.slot
            && shred.version() == self.version
            && shred.fec_set_index() == self.fec_set_index
    }

    /// Writes the bytes of a rebuilt shred that the erasure code does not cover, the proof apart.
    fn complete(&self, point: u8, image: &mut Image) {
        let variant = self.variant_at(point.into());
        if variant.form == Form::Legacy {
            // The leader signed zeros up to the shred's full length.
            image.get_mut(variant.shard().end..).unwrap_or_default().fill(0);
            return;
        }
        if variant.kind == Kind::Code {
            let (num_data, num_code) = (count(self.num_data), count(self.num_code));
            let position = u16::from(point).saturating_sub(num_data);
            let head = Head {
                variant,
                slot: self.slot,
                index: self.first_code_index + u32::from(position),
                version: self.version,
                fec_set_index: self.fec_set_index,
                header: Header::Code(CodeHeader { num_data, num_code, position }),
            };
            head.write(image);
        }
        let copies: [(Range<usize>, &[u8]); 3] = [
            (0..SIGNATURE_LEN, self.signature),
            (variant.chained_root(), self.chained_root.map_or(&[], |root| root)),
            (variant.retransmitter(), self.retransmitter.map_or(&[], |signature| signature)),
        ];
        for (range, bytes) in copies {
            if let Some(place) = image.get_mut(range).filter(|place| place.len() == bytes.len()) {
                place.copy_from_slice(bytes);
            }
        }
    }

    /// The rebuilt data shred, if it is the one that was missing.
    fn data_shred<'b>(&self, point: u8, image: &'b Image) -> Option<Shred<'b>> {
        let shred = Shred::check(image).ok()?;
        let index = self.fec_set_index.checked_add(point.into())?;
        let belongs = self.shares_header(&shred)
            && shred.variant() == self.data_variant
            && shred.index() == index;
        belongs.then_some(shred)
    }
}

/// A count of shreds, at most 256.
fn count(shreds: usize) -> u16 {
    u16::try_from(shreds).unwrap_or(u16::MAX)
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::testdata;
    use super::*;
    use crate::bytes::hex;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn shreds(packets: &[Vec<u8>]) -> impl Iterator<Item = Shred<'_>> + Clone {
        packets.iter().map(|packet| Shred::check(packet).unwrap())
    }

    /// Recovers `received`; the rebuilt bytes.
    fn recovered(received: &[Shred<'_>]) -> Result<Vec<Vec<u8>>, RecoverReject> {
        let mut out = Vec::new();
        Recoverer::new()
            .recover(received.iter().copied(), &mut |shred| out.push(shred.bytes().to_vec()))
            .map(|count| {
                assert_eq!(count, out.len());
                out
            })
    }

    #[test]
    fn mainnet_shreds_are_recovered_as_agave_does() {
        let Some(packets) = testdata::packets("mainnet-284737905-recovery") else { return };
        let oracle = testdata::json("shreds/mainnet-284737905-recovery.oracle.json").unwrap();
        let expected: Vec<Vec<u8>> = oracle["recovered_shreds_hex"]
            .as_array()
            .unwrap()
            .iter()
            .map(|text| hex::decode(text.as_str().unwrap()).unwrap())
            .filter(|bytes| Shred::check(bytes).unwrap().data_header().is_some())
            .collect();
        let received: Vec<_> = shreds(&packets).collect();
        assert_eq!((received.len(), expected.len()), (11, 5));
        assert_eq!(recovered(&received).unwrap(), expected);
        // Seven are enough, six are not.
        assert_eq!(recovered(&received[..7]).map(|out| out.len()).ok(), Some(5));
        assert_eq!(recovered(&received[received.len() - 6..]), Err(RecoverReject::TooFew));
        let data: Vec<_> = received.iter().copied().filter(|s| s.data_header().is_some()).collect();
        assert_eq!(recovered(&data), Err(RecoverReject::NoCode));
    }

    #[test]
    fn a_chained_set_survives_the_loss_of_half_its_data() {
        let Some(packets) = testdata::packets("slot-410010000-fec0") else { return };
        let all: Vec<_> = shreds(&packets).collect();
        for keep in [|index: u32| index >= 16, |index| index % 2 == 0, |index| index >= 27] {
            let (kept, lost): (Vec<_>, Vec<_>) =
                all.iter().partition(|s| s.data_header().is_none() || keep(s.index()));
            let out = recovered(&kept).unwrap();
            assert_eq!(out.len(), lost.len());
            assert!(out.iter().zip(&lost).all(|(out, lost)| out == lost.bytes()));
        }
        assert_eq!(recovered(&all), Ok(vec![]));
    }

    #[test]
    fn every_set_of_another_validator_is_recovered_from_its_code_alone() {
        let Some(packets) = testdata::packets("demo-shreds") else { return };
        for set in packets.chunks(64) {
            let all: Vec<_> = shreds(set).collect();
            let out = recovered(&all[32..]).unwrap();
            assert!(out.iter().map(Vec::as_slice).eq(all[..32].iter().map(Shred::bytes)));
        }
    }

    #[test]
    fn a_legacy_block_survives_the_loss_of_a_third_of_its_data() {
        let Some(packets) = testdata::packets("mainnet-102815960") else { return };
        let mut sets: BTreeMap<u32, Vec<Shred<'_>>> = BTreeMap::new();
        for shred in shreds(&packets) {
            sets.entry(shred.fec_set_index()).or_default().push(shred);
        }
        assert_eq!(sets.len(), 45);
        let mut recoverer = Recoverer::new();
        let mut total = 0;
        for set in sets.values() {
            let code = set.iter().filter(|s| s.code_header().is_some()).count();
            let data = set.len() - code;
            let mut lose = code.min(data.div_ceil(3));
            let (kept, lost): (Vec<Shred<'_>>, Vec<Shred<'_>>) = set.iter().partition(|shred| {
                let keep = shred.code_header().is_some() || shred.index() % 3 != 0 || lose == 0;
                lose -= usize::from(!keep);
                keep
            });
            let mut lost = lost.into_iter();
            let count = recoverer
                .recover(kept.iter().copied(), &mut |shred| {
                    assert_eq!(shred.bytes(), lost.next().unwrap().bytes());
                })
                .unwrap();
            assert!(lost.next().is_none());
            total += count;
        }
        assert!(total > 400, "{total}");
    }

    #[test]
    fn contradictions_are_named() {
        let Some(packets) = testdata::packets("slot-410010000-fec0") else { return };
        let code: Vec<_> =
            packets.iter().filter(|p| Shred::check(p).unwrap().code_header().is_some()).collect();
        let data = packets.iter().find(|p| Shred::check(p).unwrap().index() == 31).unwrap();
        // 0 signature, 72 slot, 77 version, 83 num_data, 85 num_code, 1076 chained root.
        for at in [0, 65, 77, 79, 83, 85, 1076] {
            let mut changed = code[1].clone();
            changed[at] ^= 1;
            let Ok(shred) = Shred::check(&changed) else { panic!("{at}") };
            let set = [Shred::check(code[0]).unwrap(), shred];
            assert_eq!(recovered(&set), Err(RecoverReject::Inconsistent), "{at}");
        }
        for at in [0, 65, 77, 1051] {
            let mut changed = data.clone();
            changed[at] ^= 1;
            let set = [Shred::check(code[0]).unwrap(), Shred::check(&changed).unwrap()];
            assert_eq!(recovered(&set), Err(RecoverReject::Inconsistent), "{at}");
        }
        let mut proof = code[0].clone();
        proof[64] = 0x65;
        let set = [Shred::check(&proof).unwrap()];
        assert_eq!(recovered(&set), Err(RecoverReject::ProofLength));
    }

    #[test]
    fn damaged_bytes_are_found_by_the_root_or_the_header() {
        let Some(packets) = testdata::packets("slot-410010000-fec0") else { return };
        let mut received: Vec<Vec<u8>> = packets
            .into_iter()
            .filter(|p| Shred::check(p).unwrap().data_header().is_none_or(|_| p[73] >= 16))
            .collect();
        let try_it = |packets: &[Vec<u8>]| recovered(&shreds(packets).collect::<Vec<_>>());
        let recovered = try_it(&received).unwrap();
        let last = received.len() - 1;
        // 200 ledger bytes or shard, 90 bytes that become headers; the first 32 are used.
        for (packet, at) in [(0, 200), (31, 300), (20, 90)] {
            received[packet][at] ^= 4;
            let reason = try_it(&received).unwrap_err();
            assert!(matches!(reason, RecoverReject::Root | RecoverReject::Shred), "{reason:?}");
            received[packet][at] ^= 4;
        }
        // A code shred beyond those that are needed has no say in what is rebuilt.
        received[last][300] ^= 4;
        assert_eq!(try_it(&received).unwrap(), recovered);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn hostile_sets_never_panic(
            changes in proptest::collection::vec(
                (any::<proptest::sample::Index>(), 64usize..92, any::<u8>()), 0..6),
            byte in prop::sample::select(vec![0x66u8, 0x76, 0x46, 0x5a]),
        ) {
            // Code shreds of 2:6, whose content is arbitrary.
            let mut packets: Vec<Vec<u8>> = (0..6u8).map(|position| {
                let mut bytes = vec![position.wrapping_mul(37); 1228];
                bytes[..65].fill(1);
                bytes[64] = byte & 0xf0 | if byte == 0x5a { 0xa } else { 3 };
                bytes[65..89].fill(0);
                bytes[65] = 9;
                bytes[73] = position;
                bytes[83] = 2;
                bytes[85] = 6;
                bytes[87] = position;
                bytes[1000..].fill(1);
                bytes
            }).collect();
            for (packet, at, value) in changes {
                let packet = packet.index(packets.len());
                packets[packet][at] = value;
            }
            let set: Vec<_> = packets.iter().filter_map(|p| Shred::check(p).ok()).collect();
            let _ = recovered(&set);
        }
    }
}
