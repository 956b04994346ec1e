//! The variant byte of a shred and the regions it implies.
//!
//! ```text
//! data   88 header | capacity: ledger bytes, zero padding | chained root 32 | proof 20 each | retransmitter 64 | 1203
//! code   89 header | capacity: erasure shard              | chained root 32 | proof 20 each | retransmitter 64 | 1228
//! ```
//!
//! A root is there in chained and resigned shreds, a retransmitter's signature in resigned ones
//! (agave ledger/src/shred/merkle.rs:163-345). Legacy shreds have neither root nor proof.

use std::ops::Range;

/// Bytes of a Merkle data shred: 1228 - 89 + 64, so that its erasure shard, which lacks the
/// signature, is as long as that of a code shred, which lacks the header.
pub const DATA_LEN: usize = 1203;
/// Bytes of a code shred and of a legacy shred: a 1232-byte packet less a 4-byte repair nonce.
pub const CODE_LEN: usize = 1228;
/// Bytes of a data shred's header.
pub const DATA_HEADER_LEN: usize = 88;
/// Bytes of a code shred's header.
pub const CODE_HEADER_LEN: usize = 89;
/// Bytes of the leader's signature, the first field.
pub const SIGNATURE_LEN: usize = 64;
/// Bytes of a Merkle root.
pub const ROOT_LEN: usize = 32;
/// Bytes of one entry of a Merkle proof: a node cut short.
pub const PROOF_ENTRY_LEN: usize = 20;

/// Whether a shred carries ledger bytes or an erasure shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Ledger bytes.
    Data,
    /// An erasure shard.
    Code,
}

/// How a shred proves where it belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// The leader signs each shred alone (mainnet until 2023).
    Legacy,
    /// The leader signs the root of the FEC set's Merkle tree.
    Merkle,
    /// The same, and each shred carries the root of the FEC set before.
    Chained,
    /// The same, and a retransmitter signs the root too (the last FEC set of a slot).
    Resigned,
}

/// What the variant byte says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Variant {
    /// Data or code.
    pub kind: Kind,
    /// How it is authenticated.
    pub form: Form,
    /// Entries of the Merkle proof, 0..=15.
    pub proof_count: u8,
}

impl Variant {
    const LEGACY_DATA: u8 = 0xa5;
    const LEGACY_CODE: u8 = 0x5a;

    /// The variant of byte `byte`; `None` if there is none (agave ledger/src/shred.rs:657).
    pub const fn from_byte(byte: u8) -> Option<Self> {
        let (kind, form) = match (byte, byte >> 4) {
            (Self::LEGACY_DATA, _) => return Some(Self::new(Kind::Data, Form::Legacy, 0)),
            (Self::LEGACY_CODE, _) => return Some(Self::new(Kind::Code, Form::Legacy, 0)),
            (_, 0x8) => (Kind::Data, Form::Merkle),
            (_, 0x4) => (Kind::Code, Form::Merkle),
            (_, 0x9) => (Kind::Data, Form::Chained),
            (_, 0x6) => (Kind::Code, Form::Chained),
            (_, 0xb) => (Kind::Data, Form::Resigned),
            (_, 0x7) => (Kind::Code, Form::Resigned),
            _ => return None,
        };
        Some(Self::new(kind, form, byte & 0x0f))
    }

    /// A variant with `proof_count` (0..=15) entries of proof.
    pub const fn new(kind: Kind, form: Form, proof_count: u8) -> Self {
        Self { kind, form, proof_count }
    }

    /// The byte that says this.
    pub const fn byte(self) -> u8 {
        let high = match (self.kind, self.form) {
            (Kind::Data, Form::Legacy) => return Self::LEGACY_DATA,
            (Kind::Code, Form::Legacy) => return Self::LEGACY_CODE,
            (Kind::Data, Form::Merkle) => 0x80,
            (Kind::Code, Form::Merkle) => 0x40,
            (Kind::Data, Form::Chained) => 0x90,
            (Kind::Code, Form::Chained) => 0x60,
            (Kind::Data, Form::Resigned) => 0xb0,
            (Kind::Code, Form::Resigned) => 0x70,
        };
        high | (self.proof_count & 0x0f)
    }

    /// The same form with the other kind.
    #[must_use]
    pub const fn with_kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    /// Bytes of a whole shred; what a datagram carries beyond them is not the shred's.
    pub const fn shred_len(self) -> usize {
        match (self.kind, self.form) {
            (Kind::Data, Form::Merkle | Form::Chained | Form::Resigned) => DATA_LEN,
            _ => CODE_LEN,
        }
    }

    /// Bytes of the header.
    pub const fn header_len(self) -> usize {
        match self.kind {
            Kind::Data => DATA_HEADER_LEN,
            Kind::Code => CODE_HEADER_LEN,
        }
    }

    /// Bytes between the header and what follows the ledger bytes or the erasure shard.
    ///
    /// A legacy data shred leaves as many bytes free at its end as a code header has, so that all
    /// the rest of it fits into a code shred.
    pub const fn capacity(self) -> usize {
        let tail = match (self.kind, self.form) {
            (Kind::Data, Form::Legacy) => CODE_HEADER_LEN,
            (Kind::Code, Form::Legacy) => 0,
            _ => self.root_len() + self.proof_len() + self.retransmitter_len(),
        };
        self.shred_len() - self.header_len() - tail
    }

    /// Where the erasure shard lies. It is as long in a set's data shreds as in its code shreds.
    pub const fn shard(self) -> Range<usize> {
        let end = self.header_len() + self.capacity();
        match (self.kind, self.form) {
            (Kind::Data, Form::Legacy) => 0..end,
            (Kind::Data, _) => SIGNATURE_LEN..end,
            (Kind::Code, _) => CODE_HEADER_LEN..end,
        }
    }

    /// Where the root of the FEC set before lies; empty when the shred carries none.
    pub const fn chained_root(self) -> Range<usize> {
        let start = self.header_len() + self.capacity();
        start..start + self.root_len()
    }

    /// Where the proof lies; empty in legacy shreds.
    pub const fn proof(self) -> Range<usize> {
        let start = self.chained_root().end;
        start..start + self.proof_len()
    }

    /// Where the retransmitter's signature lies; empty when the shred carries none.
    pub const fn retransmitter(self) -> Range<usize> {
        let start = self.proof().end;
        start..start + self.retransmitter_len()
    }

    const fn root_len(self) -> usize {
        if matches!(self.form, Form::Chained | Form::Resigned) { ROOT_LEN } else { 0 }
    }

    const fn proof_len(self) -> usize {
        if matches!(self.form, Form::Legacy) {
            0
        } else {
            (self.proof_count & 0x0f) as usize * PROOF_ENTRY_LEN
        }
    }

    const fn retransmitter_len(self) -> usize {
        if matches!(self.form, Form::Resigned) { SIGNATURE_LEN } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_a_variant_that_gives_it_back_or_none() {
        let mut known = 0;
        for byte in 0..=255u8 {
            let Some(variant) = Variant::from_byte(byte) else { continue };
            known += 1;
            assert_eq!(variant.byte(), byte);
            let data = variant.kind == Kind::Data;
            // firedancer src/ballet/shred/fd_shred.h:85-125: the top bits tell data from code.
            assert_eq!(data, byte & 0xc0 == 0x80, "{byte:02x}");
            assert_eq!(!data, byte & 0xc0 == 0x40, "{byte:02x}");
        }
        assert_eq!(known, 2 + 6 * 16);
    }

    #[test]
    fn regions_tile_the_shred_and_shards_are_equally_long() {
        for variant in (0..=255).filter_map(Variant::from_byte) {
            let other = match variant.kind {
                Kind::Data => variant.with_kind(Kind::Code),
                Kind::Code => variant.with_kind(Kind::Data),
            };
            assert_eq!(variant.shard().len(), other.shard().len(), "{variant:?}");
            assert_eq!(variant.header_len() + variant.capacity(), variant.chained_root().start);
            assert_eq!(variant.chained_root().end, variant.proof().start);
            assert_eq!(variant.proof().end, variant.retransmitter().start);
            if variant.form != Form::Legacy {
                assert_eq!(variant.retransmitter().end, variant.shred_len(), "{variant:?}");
            }
        }
    }

    #[test]
    fn capacities_are_those_of_the_protocol() {
        // facts: proof of 6 holds 995, 963 and 899 ledger bytes; shards of 1039, 987 and 923.
        for (byte, capacity, shard) in [
            (0x86, 995, 1019),
            (0x96, 963, 987),
            (0xb6, 899, 923),
            (0x45, 1039, 1039),
            (0x66, 987, 987),
            (0x76, 923, 923),
            (0xa5, 1051, 1139),
            (0x5a, 1139, 1139),
        ] {
            let variant = Variant::from_byte(byte).unwrap();
            assert_eq!((variant.capacity(), variant.shard().len()), (capacity, shard), "{byte:x}");
        }
    }
}
