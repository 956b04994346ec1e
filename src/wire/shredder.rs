//! Batches of entries as FEC sets of signed shreds, as a leader sends them.
//!
//! A batch fills sets of 32 data and 32 code shreds (SIMD-0317), each data shred to its capacity,
//! the last ones with zeros. The sets are chained: each shred carries the root of the set before.
//! The last set of a slot is resigned, which leaves room for a retransmitter's signature, zero until
//! somebody retransmits; what does not fit into it goes before, into chained sets (agave
//! ledger/src/shred/merkle.rs `make_shreds_from_data`; firedancer
//! src/disco/shred/fd_shredder.c @178b48fe):
//!
//! ```text
//! set        ledger bytes a shred   a set
//! chained    963                    30816
//! resigned   899                    28768
//! ```
//!
//! The last data shred of a batch is flagged data complete, that of a slot last in slot too. Every
//! data shred carries the tick at which the batch was made.

use super::fec::{Coder, Points};
use super::image::{Image, Images, NO_IMAGE};
use super::merkle::{Root, Tree, proof_count};
use super::reason::reasons;
use super::shred::{CodeHeader, DataHeader, Head, Header, SHREDS_PER_SLOT_MAX};
use super::variant::{DATA_HEADER_LEN, Form, Kind, SIGNATURE_LEN, Variant};

/// Data shreds of a set, and code shreds of a set.
pub const SHREDS: usize = 32;
/// Entries of a proof in a set of 64.
const PROOF: u8 = proof_count(2 * SHREDS);
const SHREDS_U16: u16 = 32;
const SHREDS_U32: u32 = 32;

reasons! {
    /// Why a batch was not shredded.
    pub enum ShredderReject {
        /// It has no bytes.
        Empty = "shredder_empty",
        /// Its shreds would pass the last index of the slot.
        SlotFull = "shredder_slot_full",
    }
}

/// What a batch is in its slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Whether the batch ends the slot.
    pub last_in_slot: bool,
    /// The tick of the slot at which it was made; 63 says 63 or later.
    pub reference_tick: u8,
}

/// Shreds one slot after another. It keeps its memory, about 100 KiB.
#[derive(Debug)]
pub struct Shredder {
    images: Vec<Image>,
    coder: Coder,
    tree: Tree,
    version: u16,
    slot: u64,
    parent_offset: u16,
    next_index: u32,
    root: Root,
}

impl Shredder {
    /// A shredder of shred version `version`, to be started on a slot.
    pub fn new(version: u16) -> Self {
        Self {
            images: vec![NO_IMAGE; 2 * SHREDS],
            coder: Coder::new(),
            tree: Tree::new(),
            version,
            slot: 0,
            parent_offset: 0,
            next_index: 0,
            root: [0; 32],
        }
    }

    /// Starts slot `slot`, whose parent lies `parent_offset` slots back (0 only in slot 0).
    /// `chained_root` is the root of the parent's last set; [`Self::root`] when this shredder made it.
    pub fn start(&mut self, slot: u64, parent_offset: u16, chained_root: Root) {
        (self.slot, self.parent_offset, self.root) = (slot, parent_offset, chained_root);
        self.next_index = 0;
    }

    /// The root of the last set made.
    pub fn root(&self) -> Root {
        self.root
    }

    /// Index that the next data shred, and the next code shred, will have.
    pub fn next_index(&self) -> u32 {
        self.next_index
    }

    /// Hands the shreds of `batch` to `out`, set by set, data before code, each as it goes into a
    /// datagram. `sign` signs each set's root. Returns the number of sets.
    ///
    /// # Errors
    /// The batch is empty, or the slot has no room for it; then `out` was not called.
    pub fn shred(
        &mut self,
        batch: &[u8],
        place: Place,
        sign: &mut impl FnMut(&Root) -> [u8; SIGNATURE_LEN],
        out: &mut impl FnMut(&[u8]),
    ) -> Result<usize, ShredderReject> {
        if batch.is_empty() {
            return Err(ShredderReject::Empty);
        }
        let set_count = set_count(batch.len(), place.last_in_slot);
        let indexes = u64::from(self.next_index) + (set_count * SHREDS) as u64;
        if indexes > u64::from(SHREDS_PER_SLOT_MAX) {
            return Err(ShredderReject::SlotFull);
        }
        let mut rest = batch;
        for _ in 0..set_count {
            let resigned = set_len(Form::Resigned);
            let resign = place.last_in_slot && rest.len() <= resigned;
            let form = if resign { Form::Resigned } else { Form::Chained };
            let kept_back = if place.last_in_slot && !resign { resigned } else { 0 };
            let len = (rest.len() - kept_back).min(set_len(form));
            let (chunk, after) = rest.split_at_checked(len).unwrap_or((rest, &[]));
            rest = after;
            let flags = match (rest.is_empty(), place.last_in_slot) {
                (true, true) => DataHeader::LAST_IN_SLOT,
                (true, false) => DataHeader::DATA_COMPLETE,
                (false, _) => 0,
            };
            let tick = place.reference_tick.min(DataHeader::TICK);
            self.write_set(chunk, Variant::new(Kind::Data, form, PROOF), tick, flags);
            self.sign_set(Variant::new(Kind::Data, form, PROOF), sign);
            for (position, image) in self.images.iter().enumerate() {
                out(image.get(..variant_at(position, form).shred_len()).unwrap_or(image));
            }
        }
        Ok(set_count)
    }

    /// Writes headers, ledger bytes, chained roots and erasure shards of a set.
    fn write_set(&mut self, chunk: &[u8], data: Variant, tick: u8, last_flags: u8) {
        let mut parts = chunk.chunks(data.capacity());
        for (position, image) in (0..2 * SHREDS_U16).zip(&mut self.images) {
            let variant = variant_at(position.into(), data.form);
            *image = NO_IMAGE;
            let (at, header) = if let Some(position) = position.checked_sub(SHREDS_U16) {
                let counts = CodeHeader { num_data: SHREDS_U16, num_code: SHREDS_U16, position };
                (position, Header::Code(counts))
            } else {
                let part = parts.next().unwrap_or_default();
                let end = DATA_HEADER_LEN + part.len();
                if let Some(place) = image.get_mut(DATA_HEADER_LEN..end) {
                    place.copy_from_slice(part);
                }
                let flags = if position == SHREDS_U16 - 1 { tick | last_flags } else { tick };
                let (parent_offset, size) = (self.parent_offset, u16::try_from(end).unwrap_or(0));
                (position, Header::Data(DataHeader { parent_offset, flags, size }))
            };
            let head = Head {
                variant,
                slot: self.slot,
                index: self.next_index + u32::from(at),
                version: self.version,
                fec_set_index: self.next_index,
                header,
            };
            head.write(image);
            if let Some(place) = image.get_mut(variant.chained_root()) {
                place.copy_from_slice(&self.root);
            }
        }
        let mut shards = Images::new(&mut self.images, SHREDS, data);
        let shard_len = shards.shard_len();
        let (known, all) = (Points::range(0..SHREDS), Points::range(0..2 * SHREDS));
        self.coder.fill(&mut shards, shard_len, &known, &all);
        self.next_index += SHREDS_U32;
    }

    /// Builds the tree, has its root signed, and writes signatures and proofs.
    fn sign_set(&mut self, data: Variant, sign: &mut impl FnMut(&Root) -> [u8; SIGNATURE_LEN]) {
        let protected = |position: usize| {
            let proof = variant_at(position, data.form).proof();
            let image = self.images.get(position);
            image.and_then(|image| image.get(SIGNATURE_LEN..proof.start)).unwrap_or_default()
        };
        self.root = self.tree.build(2 * SHREDS, protected).unwrap_or_default();
        let signature = sign(&self.root);
        for (position, image) in self.images.iter_mut().enumerate() {
            image[..SIGNATURE_LEN].copy_from_slice(&signature);
            if let Some(proof) = image.get_mut(variant_at(position, data.form).proof()) {
                self.tree.write_proof(position, proof);
            }
        }
    }
}

/// Number of sets that a batch of `batch_len` bytes makes.
pub const fn set_count(batch_len: usize, last_in_slot: bool) -> usize {
    if last_in_slot {
        1 + batch_len.saturating_sub(set_len(Form::Resigned)).div_ceil(set_len(Form::Chained))
    } else {
        batch_len.div_ceil(set_len(Form::Chained))
    }
}

/// Ledger bytes of a whole set.
const fn set_len(form: Form) -> usize {
    SHREDS * Variant::new(Kind::Data, form, PROOF).capacity()
}

/// The variant of the shred at `position` of a set.
const fn variant_at(position: usize, form: Form) -> Variant {
    let kind = if position < SHREDS { Kind::Data } else { Kind::Code };
    Variant::new(kind, form, PROOF)
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::merkle::root_of;
    use super::super::shred::Shred;
    use super::super::testdata;
    use super::*;
    use crate::bytes::hex::Hex;
    use ed25519_dalek::{Signer, SigningKey};

    /// The root that firedancer's shredder tests start from.
    fn start_root() -> Root {
        std::array::from_fn(|at| u8::try_from(at % 16 + 1).unwrap() % 16)
    }

    fn unsigned(_: &Root) -> [u8; 64] {
        [7; 64]
    }

    #[test]
    fn another_validator_s_packets_are_made_byte_for_byte() {
        let Some(packets) = testdata::packets("demo-shreds") else { return };
        let batch = testdata::file("shreds/demo-shreds.bin").unwrap();
        let key = testdata::file("shreds/demo-shreds.leader-key.bin").unwrap();
        let key = SigningKey::from_keypair_bytes(key[..].try_into().unwrap()).unwrap();
        let mut shredder = Shredder::new(6051);
        shredder.start(0, 0, start_root());
        let mut made = Vec::new();
        let place = Place { last_in_slot: true, reference_tick: 0 };
        let mut sign = |root: &Root| key.sign(root).to_bytes();
        let count = shredder.shred(&batch, place, &mut sign, &mut |s| made.push(s.to_vec()));
        assert_eq!((count, made.len()), (Ok(8), 512));
        for (at, (made, packet)) in made.iter().zip(&packets).enumerate() {
            assert!(made == packet, "shred {at} differs");
        }
    }

    #[test]
    fn roots_chain_through_sets_and_slots_as_firedancer_s_do() {
        // src/disco/shred/test_shredder.c @178b48fe, test_chained_merkle_shreds (Apache-2.0).
        let batch: Vec<u8> = (0..=255).cycle().take(28_000).collect();
        let mut shredder = Shredder::new(6051);
        shredder.start(10, 1, start_root());
        for (slot, parent_offset) in [(10, 1), (12, 2), (13, 1)] {
            shredder.start(slot, parent_offset, shredder.root());
            for set in 0..10u32 {
                let place = Place { last_in_slot: set == 9, reference_tick: 0 };
                let before = shredder.root();
                let mut at = 0;
                let mut look = |bytes: &[u8]| {
                    let shred = Shred::check(bytes).unwrap();
                    assert_eq!((shred.slot(), shred.fec_set_index()), (slot, set * 32));
                    assert_eq!(shred.index(), set * 32 + at % 32);
                    assert_eq!(shred.chained_root(), Some(&before));
                    assert_eq!(shred.set_position(), at as usize);
                    assert_eq!(shred.retransmitter_signature().is_some(), set == 9);
                    at += 1;
                };
                assert_eq!(shredder.shred(&batch, place, &mut unsigned, &mut look), Ok(1));
            }
        }
        let last = "257b665197d88dd93bfa15e9d47023bd042004593b838d2d165ff0d683cb354c";
        assert_eq!(Hex(&shredder.root()).to_string(), last);
    }

    #[test]
    fn batches_of_every_critical_length_come_back() {
        let bytes: Vec<u8> = (0..97_000u32).map(|at| (at % 251).to_le_bytes()[0] | 1).collect();
        let mut shredder = Shredder::new(1);
        let (chained, resigned) = (set_len(Form::Chained), set_len(Form::Resigned));
        assert_eq!((chained, resigned), (30_816, 28_768));
        for len in [1, 963, 964, resigned, resigned + 1, chained, chained + 1, chained + resigned] {
            for len in [len, len + chained] {
                for last_in_slot in [false, true] {
                    shredder.start(5, 1, [1; 32]);
                    let (mut ledger, mut flags, mut count) = (Vec::new(), Vec::new(), 0);
                    let mut look = |bytes: &[u8]| {
                        let shred = Shred::check(bytes).unwrap();
                        ledger.extend_from_slice(shred.ledger());
                        flags.extend(shred.data_header().map(|data| data.flags));
                        count += 1;
                        assert!(root_of(&shred).is_some() && shred.signature() == &[7; 64]);
                    };
                    let place = Place { last_in_slot, reference_tick: 99 };
                    let sets = shredder.shred(&bytes[..len], place, &mut unsigned, &mut look);
                    assert_eq!(
                        (sets, count),
                        (Ok(set_count(len, last_in_slot)), sets.unwrap() * 64)
                    );
                    assert!(ledger == bytes[..len], "{len} {last_in_slot}");
                    let last = if last_in_slot { 0xff } else { 0x7f };
                    assert_eq!(flags.pop(), Some(last));
                    assert!(flags.iter().all(|flags| *flags == 63));
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_before_anything_is_made() {
        let mut shredder = Shredder::new(1);
        let (mut sign, mut out) = (unsigned, |_: &[u8]| {});
        assert_eq!(
            shredder.shred(&[], Place::default(), &mut sign, &mut out),
            Err(ShredderReject::Empty)
        );
        shredder.next_index = SHREDS_PER_SLOT_MAX - 32;
        let batch = vec![1; set_len(Form::Chained) + 1];
        let refused = shredder.shred(&batch, Place::default(), &mut sign, &mut out);
        assert_eq!(refused, Err(ShredderReject::SlotFull));
        assert!(shredder.shred(&batch[1..], Place::default(), &mut sign, &mut out).is_ok());
        assert_eq!(shredder.next_index(), SHREDS_PER_SLOT_MAX);
    }
}
