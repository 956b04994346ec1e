//! One shred, as a datagram's payload carries it.
//!
//! ```text
//!  0..64 leader's signature   64 variant   65 slot u64   73 index u32   77 shred version u16   79 FEC set index u32
//!  data: 83 parent offset u16   85 flags u8   86 size u16              88 ledger bytes ..
//!  code: 83 num_data u16        85 num_code u16   87 position u16      89 erasure shard ..
//! ```
//!
//! Little-endian, packed (agave ledger/src/shred.rs:112, shred/wire.rs:79-116). Where the regions
//! after the header lie is [`Variant`]'s matter.
//!
//! Checked: that every region is there, that numbers stay in the ranges agave and firedancer allow,
//! and that they do not contradict each other. Not checked: the signature, the proof
//! ([`super::merkle`]), the shred version, whether the leader is the slot's leader, rules that
//! come and go with feature gates (fixed 32:32 sets, where a batch may end). Bytes beyond the
//! shred are ignored: repair replies append a nonce, other senders whatever they like.

use super::reason::reasons;
use super::variant::{
    CODE_HEADER_LEN, CODE_LEN, DATA_HEADER_LEN, Form, Kind, ROOT_LEN, SIGNATURE_LEN, Variant,
};
use crate::bytes::{u8_at, u16_at, u32_at, u64_at};
use std::fmt;

mod field {
    pub(super) const VARIANT: usize = 64;
    pub(super) const SLOT: usize = 65;
    pub(super) const INDEX: usize = 73;
    pub(super) const VERSION: usize = 77;
    pub(super) const FEC_SET_INDEX: usize = 79;
    pub(super) const PARENT_OFFSET: usize = 83;
    pub(super) const FLAGS: usize = 85;
    pub(super) const SIZE: usize = 86;
    pub(super) const NUM_DATA: usize = 83;
    pub(super) const NUM_CODE: usize = 85;
    pub(super) const POSITION: usize = 87;
}

/// Shreds of one kind in a slot; indexes lie below it (agave ledger/src/shred.rs
/// `MAX_DATA_SHREDS_PER_SLOT`, `MAX_CODE_SHREDS_PER_SLOT`).
pub const SHREDS_PER_SLOT_MAX: u32 = 32_768;
/// Shreds of one FEC set, data and code together: the points of GF(2^8).
pub const FEC_SET_LEN_MAX: usize = 256;
/// Data shreds of a FEC set, and code shreds, since SIMD-0317.
const FIXED_SET_LEN: u32 = 32;

reasons! {
    /// Why a datagram is not a shred.
    pub enum Reject {
        /// It ends before the shred does.
        Short = "shred_short",
        /// The variant byte is none of the known ones.
        Variant = "shred_variant",
        /// The index is 32768 or more.
        Index = "shred_index",
        /// A data shred lies before its FEC set, or a set reaches beyond the last index.
        FecSet = "shred_fec_set",
        /// The size field is below the header's length or beyond the ledger bytes' region.
        Size = "shred_size",
        /// Last in slot without data complete.
        Flags = "shred_flags",
        /// The parent is the slot itself, or lies before slot 0.
        Parent = "shred_parent",
        /// A code header counts no data, no code, or more than 256 shreds.
        CodeCounts = "shred_code_counts",
        /// A code shred's position is not below the count, or exceeds its index.
        CodePosition = "shred_code_position",
    }
}

/// What only a data shred's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataHeader {
    /// Slots back to the parent; 0 only in slot 0.
    pub parent_offset: u16,
    /// Data complete, last in slot, reference tick.
    pub flags: u8,
    /// Bytes of header and ledger bytes.
    pub size: u16,
}

impl DataHeader {
    /// The shred ends a batch of entries.
    pub const DATA_COMPLETE: u8 = 0x40;
    /// The shred ends the slot (and a batch: both bits).
    pub const LAST_IN_SLOT: u8 = 0xc0;
    /// Bits of the reference tick.
    pub const TICK: u8 = 0x3f;

    /// Whether the shred ends a batch.
    pub fn data_complete(&self) -> bool {
        self.flags & Self::DATA_COMPLETE != 0
    }

    /// Whether the shred ends the slot.
    pub fn last_in_slot(&self) -> bool {
        self.flags & Self::LAST_IN_SLOT == Self::LAST_IN_SLOT
    }

    /// The tick of the slot at which the batch was made, saturating at 63.
    pub fn reference_tick(&self) -> u8 {
        self.flags & Self::TICK
    }
}

/// What only a code shred's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeHeader {
    /// Data shreds of the set, 1..=255.
    pub num_data: u16,
    /// Code shreds of the set, 1..=255.
    pub num_code: u16,
    /// Position among the set's code shreds, below `num_code`.
    pub position: u16,
}

/// The header's part that depends on the kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// Of a data shred.
    Data(DataHeader),
    /// Of a code shred.
    Code(CodeHeader),
}

/// A checked shred, borrowed from its datagram.
#[derive(Clone, Copy)]
pub struct Shred<'a> {
    bytes: &'a [u8],
    slot: u64,
    index: u32,
    fec_set_index: u32,
    version: u16,
    variant: Variant,
    header: Header,
}

impl<'a> Shred<'a> {
    /// The shred that begins `payload`.
    ///
    /// # Errors
    /// The first rule it breaks.
    #[inline]
    pub fn check(payload: &'a [u8]) -> Result<Self, Reject> {
        let byte = u8_at(payload, field::VARIANT).ok_or(Reject::Short)?;
        let variant = Variant::from_byte(byte).ok_or(Reject::Variant)?;
        let slot = u64_at(payload, field::SLOT).ok_or(Reject::Short)?;
        let index = u32_at(payload, field::INDEX).ok_or(Reject::Short)?;
        let version = u16_at(payload, field::VERSION).ok_or(Reject::Short)?;
        let fec_set_index = u32_at(payload, field::FEC_SET_INDEX).ok_or(Reject::Short)?;
        let (header, len) = match variant.kind {
            Kind::Data => check_data(payload, variant, slot, index, fec_set_index)?,
            Kind::Code => check_code(payload, variant, index, fec_set_index)?,
        };
        let bytes = payload.get(..len).ok_or(Reject::Short)?;
        Ok(Self { bytes, slot, index, fec_set_index, version, variant, header })
    }

    /// The shred's own bytes, without what the datagram carried beyond them. A legacy data shred
    /// that was trimmed to its size (as ledger stores do) stays trimmed.
    #[inline]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The leader's signature: of the Merkle root, or of a legacy shred's other bytes.
    #[inline]
    pub fn signature(&self) -> &'a [u8; SIGNATURE_LEN] {
        const NONE: &[u8; SIGNATURE_LEN] = &[0; SIGNATURE_LEN];
        self.bytes.first_chunk().unwrap_or(NONE)
    }

    /// Kind, form and length of the proof.
    #[inline]
    pub fn variant(&self) -> Variant {
        self.variant
    }

    /// The kind's part of the header.
    #[inline]
    pub fn header(&self) -> Header {
        self.header
    }

    /// The header of a data shred; `None` of a code shred.
    #[inline]
    pub fn data_header(&self) -> Option<DataHeader> {
        if let Header::Data(header) = self.header { Some(header) } else { None }
    }

    /// The header of a code shred; `None` of a data shred.
    #[inline]
    pub fn code_header(&self) -> Option<CodeHeader> {
        if let Header::Code(header) = self.header { Some(header) } else { None }
    }

    /// The slot, as the sender claims it.
    #[inline]
    pub fn slot(&self) -> u64 {
        self.slot
    }

    /// The index within the slot, below 32768. Data and code count apart.
    #[inline]
    pub fn index(&self) -> u32 {
        self.index
    }

    /// The shred version: which cluster, since which restart.
    #[inline]
    pub fn version(&self) -> u16 {
        self.version
    }

    /// Index of the first data shred of the FEC set.
    #[inline]
    pub fn fec_set_index(&self) -> u32 {
        self.fec_set_index
    }

    /// The parent slot, of a data shred.
    #[inline]
    pub fn parent(&self) -> Option<u64> {
        self.data_header().and_then(|data| self.slot.checked_sub(u64::from(data.parent_offset)))
    }

    /// Whether it breaks the rule that every FEC set has 32 data and 32 code shreds and begins at a
    /// multiple of 32 (SIMD-0317; agave ledger/src/shred/filter.rs `check_fixed_fec_set`). Ledgers
    /// of before the rule break it everywhere.
    #[inline]
    pub fn breaks_fixed_sets(&self) -> bool {
        let inside = (0..FIXED_SET_LEN).contains(&self.index.wrapping_sub(self.fec_set_index));
        let counts = |code: CodeHeader| {
            (u32::from(code.num_data), u32::from(code.num_code)) == (FIXED_SET_LEN, FIXED_SET_LEN)
        };
        let whole = self.code_header().is_none_or(counts);
        !(inside && whole && self.fec_set_index.is_multiple_of(FIXED_SET_LEN))
    }

    /// Whether it ends a batch or the slot elsewhere than at the end of a set of 32 (SIMD-0337).
    /// Ledgers of before the rule do.
    #[inline]
    pub fn breaks_aligned_ends(&self) -> bool {
        let ends = self.data_header().is_some_and(|data| data.data_complete());
        ends && self.index % FIXED_SET_LEN != FIXED_SET_LEN - 1
    }

    /// The ledger bytes of a data shred, without padding; empty of a code shred.
    #[inline]
    pub fn ledger(&self) -> &'a [u8] {
        self.data_header()
            .and_then(|data| self.bytes.get(self.variant.header_len()..usize::from(data.size)))
            .unwrap_or_default()
    }

    /// The bytes that the erasure code covers. Of a trimmed legacy data shred they are short: the
    /// rest is zero.
    #[inline]
    pub fn shard(&self) -> &'a [u8] {
        let shard = self.variant.shard();
        let end = shard.end.min(self.bytes.len());
        self.bytes.get(shard.start..end).unwrap_or_default()
    }

    /// Position within the FEC set, data shreds first: the leaf of the Merkle tree and the point
    /// of the erasure code. A hostile data shred can claim any distance from its set.
    #[inline]
    pub fn set_position(&self) -> usize {
        match self.header {
            Header::Data(_) => self.index.saturating_sub(self.fec_set_index) as usize,
            Header::Code(code) => usize::from(code.num_data) + usize::from(code.position),
        }
    }

    /// The Merkle proof, 20 bytes an entry from the leaf upwards; empty of a legacy shred.
    #[inline]
    pub fn proof(&self) -> &'a [u8] {
        self.bytes.get(self.variant.proof()).unwrap_or_default()
    }

    /// The Merkle root of the FEC set before this one.
    #[inline]
    pub fn chained_root(&self) -> Option<&'a [u8; ROOT_LEN]> {
        self.bytes.get(self.variant.chained_root())?.first_chunk()
    }

    /// The retransmitter's signature of the Merkle root; zero until somebody retransmits it.
    #[inline]
    pub fn retransmitter_signature(&self) -> Option<&'a [u8; SIGNATURE_LEN]> {
        self.bytes.get(self.variant.retransmitter())?.first_chunk()
    }

    /// Whether `other` is another copy of this shred. The retransmitter's signature does not
    /// count, because it differs by path (agave ledger/src/shred.rs `is_shred_duplicate`), nor the
    /// padding of legacy data shreds, because trimmed copies lack it.
    pub fn same_as(&self, other: &Shred<'_>) -> bool {
        self.variant == other.variant && self.fixed() == other.fixed()
    }

    fn fixed(&self) -> &'a [u8] {
        let end = match (self.variant.form, self.header) {
            (Form::Legacy, Header::Data(data)) => usize::from(data.size),
            (Form::Legacy, Header::Code(_)) => self.bytes.len(),
            _ => self.variant.retransmitter().start,
        };
        self.bytes.get(..end).unwrap_or_default()
    }
}

/// A header as values, to be written.
pub(super) struct Head {
    pub(super) variant: Variant,
    pub(super) slot: u64,
    pub(super) index: u32,
    pub(super) version: u16,
    pub(super) fec_set_index: u32,
    pub(super) header: Header,
}

impl Head {
    /// Writes everything between the signature and what the header heads.
    pub(super) fn write(&self, out: &mut [u8; CODE_LEN]) {
        out[field::VARIANT] = self.variant.byte();
        out[field::SLOT..field::INDEX].copy_from_slice(&self.slot.to_le_bytes());
        out[field::INDEX..field::VERSION].copy_from_slice(&self.index.to_le_bytes());
        out[field::VERSION..field::FEC_SET_INDEX].copy_from_slice(&self.version.to_le_bytes());
        out[field::FEC_SET_INDEX..field::PARENT_OFFSET]
            .copy_from_slice(&self.fec_set_index.to_le_bytes());
        match self.header {
            Header::Data(data) => {
                out[field::PARENT_OFFSET..field::FLAGS]
                    .copy_from_slice(&data.parent_offset.to_le_bytes());
                out[field::FLAGS] = data.flags;
                out[field::SIZE..DATA_HEADER_LEN].copy_from_slice(&data.size.to_le_bytes());
            }
            Header::Code(code) => {
                out[field::NUM_DATA..field::NUM_CODE].copy_from_slice(&code.num_data.to_le_bytes());
                out[field::NUM_CODE..field::POSITION].copy_from_slice(&code.num_code.to_le_bytes());
                out[field::POSITION..CODE_HEADER_LEN].copy_from_slice(&code.position.to_le_bytes());
            }
        }
    }
}

impl fmt::Debug for Shred<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { slot, index, fec_set_index, header, .. } = self;
        write!(f, "shred {slot}:{index} of FEC set {fec_set_index}, {header:?}")
    }
}

/// The data header, and how many bytes of `payload` are the shred's.
fn check_data(
    payload: &[u8],
    variant: Variant,
    slot: u64,
    index: u32,
    fec_set_index: u32,
) -> Result<(Header, usize), Reject> {
    let parent_offset = u16_at(payload, field::PARENT_OFFSET).ok_or(Reject::Short)?;
    let flags = u8_at(payload, field::FLAGS).ok_or(Reject::Short)?;
    let size = u16_at(payload, field::SIZE).ok_or(Reject::Short)?;
    // agave ledger/src/shred/shred_data.rs:19.
    if index >= SHREDS_PER_SLOT_MAX {
        return Err(Reject::Index);
    }
    // firedancer src/ballet/shred/fd_shred.c @178b48fe: idx < fec_set_idx.
    if index < fec_set_index {
        return Err(Reject::FecSet);
    }
    let size_at_most = variant.header_len() + variant.capacity();
    if !(variant.header_len()..=size_at_most).contains(&usize::from(size)) {
        return Err(Reject::Size);
    }
    // agave ledger/src/shred.rs:149: 0x80 without 0x40 is no flag.
    if flags & DataHeader::LAST_IN_SLOT == 0x80 {
        return Err(Reject::Flags);
    }
    // agave ledger/src/shred/shred_data.rs `parent`: only slot 0 is its own parent.
    if (parent_offset == 0) != (slot == 0) || u64::from(parent_offset) > slot {
        return Err(Reject::Parent);
    }
    let whole = variant.shred_len();
    let len = match variant.form {
        Form::Legacy if payload.len() < whole => usize::from(size),
        _ => whole,
    };
    Ok((Header::Data(DataHeader { parent_offset, flags, size }), len))
}

/// The code header, and how many bytes of `payload` are the shred's.
fn check_code(
    payload: &[u8],
    variant: Variant,
    index: u32,
    fec_set_index: u32,
) -> Result<(Header, usize), Reject> {
    let num_data = u16_at(payload, field::NUM_DATA).ok_or(Reject::Short)?;
    let num_code = u16_at(payload, field::NUM_CODE).ok_or(Reject::Short)?;
    let claimed = u16_at(payload, field::POSITION).ok_or(Reject::Short)?;
    // agave ledger/src/shred/shred_code.rs:40.
    if index >= SHREDS_PER_SLOT_MAX {
        return Err(Reject::Index);
    }
    // firedancer src/ballet/shred/fd_shred.c @178b48fe: none may be 0, the sum is at most 256.
    if num_data == 0
        || num_code == 0
        || usize::from(num_data) + usize::from(num_code) > FEC_SET_LEN_MAX
    {
        return Err(Reject::CodeCounts);
    }
    // Leaders of 2021 left the position 0 and counted code shreds from the FEC set's index.
    let since_set = index.wrapping_sub(fec_set_index);
    let position = match (variant.form, claimed) {
        (Form::Legacy, 0) if since_set < u32::from(num_code) => {
            u16::try_from(since_set).unwrap_or(0)
        }
        _ => claimed,
    };
    if position >= num_code || u32::from(position) > index {
        return Err(Reject::CodePosition);
    }
    // agave ledger/src/shred/shred_code.rs:12-25: both ranges of the set end below the limit.
    let data_last = u64::from(fec_set_index) + u64::from(num_data) - 1;
    let code_last = u64::from(index) - u64::from(position) + u64::from(num_code) - 1;
    if data_last.max(code_last) >= u64::from(SHREDS_PER_SLOT_MAX) {
        return Err(Reject::FecSet);
    }
    Ok((Header::Code(CodeHeader { num_data, num_code, position }), variant.shred_len()))
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::testdata;
    use super::*;
    use proptest::prelude::*;

    /// A shred of variant `byte` whose every field is in range.
    fn made(byte: u8) -> Vec<u8> {
        let variant = Variant::from_byte(byte).unwrap();
        let mut bytes = vec![0xa5; variant.shred_len()];
        bytes[64] = byte;
        bytes[65..73].copy_from_slice(&9u64.to_le_bytes());
        bytes[73..77].copy_from_slice(&40u32.to_le_bytes());
        bytes[77..79].copy_from_slice(&6051u16.to_le_bytes());
        bytes[79..83].copy_from_slice(&32u32.to_le_bytes());
        match variant.kind {
            Kind::Data => {
                bytes[83..85].copy_from_slice(&1u16.to_le_bytes());
                bytes[85] = 0x45;
                bytes[86..88].copy_from_slice(&100u16.to_le_bytes());
            }
            Kind::Code => {
                bytes[83..85].copy_from_slice(&32u16.to_le_bytes());
                bytes[85..87].copy_from_slice(&33u16.to_le_bytes());
                bytes[87..89].copy_from_slice(&8u16.to_le_bytes());
            }
        }
        bytes
    }

    fn put<const N: usize>(bytes: &mut [u8], at: usize, value: [u8; N]) {
        bytes[at..at + N].copy_from_slice(&value);
    }

    #[test]
    fn fields_of_a_data_shred() {
        let bytes = made(0x96);
        let shred = Shred::check(&bytes).unwrap();
        assert_eq!((shred.slot(), shred.index(), shred.version()), (9, 40, 6051));
        assert_eq!((shred.fec_set_index(), shred.set_position(), shred.parent()), (32, 8, Some(8)));
        let data = shred.data_header().unwrap();
        assert!(data.data_complete() && !data.last_in_slot());
        assert_eq!((data.reference_tick(), data.size), (5, 100));
        assert_eq!((shred.ledger().len(), shred.shard().len()), (12, 987));
        assert_eq!(shred.ledger().as_ptr(), bytes[88..].as_ptr());
        assert_eq!((shred.proof().len(), shred.code_header()), (120, None));
        assert!(shred.chained_root().is_some() && shred.retransmitter_signature().is_none());
    }

    #[test]
    fn fields_of_a_code_shred() {
        let bytes = made(0x76);
        let shred = Shred::check(&bytes).unwrap();
        let code = shred.code_header().unwrap();
        assert_eq!((code.num_data, code.num_code, code.position), (32, 33, 8));
        assert_eq!((shred.set_position(), shred.shard().len()), (40, 923));
        assert!(shred.ledger().is_empty() && shred.data_header().is_none());
        assert_eq!(shred.parent(), None);
        assert_eq!(shred.retransmitter_signature().unwrap().as_slice(), &bytes[1164..]);
    }

    #[test]
    fn a_written_header_is_read_back_and_nothing_else_is_touched() {
        for byte in [0x96, 0xb6, 0x66, 0x5a, 0xa5] {
            let bytes = made(byte);
            let shred = Shred::check(&bytes).unwrap();
            let head = Head {
                variant: shred.variant(),
                slot: shred.slot(),
                index: shred.index(),
                version: shred.version(),
                fec_set_index: shred.fec_set_index(),
                header: shred.header(),
            };
            let mut out = [0xa5; CODE_LEN];
            head.write(&mut out);
            assert_eq!(out[..bytes.len()], bytes);
        }
    }

    #[test]
    fn every_shorter_length_of_every_variant_is_short() {
        for byte in (0..=255).filter(|byte| Variant::from_byte(*byte).is_some()) {
            let bytes = made(byte);
            for len in 0..bytes.len() {
                let checked = Shred::check(&bytes[..len]);
                // A legacy data shred may be trimmed to its size.
                if byte == 0xa5 && len >= 100 {
                    assert_eq!(checked.unwrap().bytes().len(), 100);
                } else {
                    assert_eq!(checked.unwrap_err(), Reject::Short, "{byte:02x} {len}");
                }
            }
        }
    }

    #[test]
    fn every_unknown_variant_is_refused() {
        let mut bytes = made(0x96);
        for byte in 0..=255u8 {
            bytes[64] = byte;
            let refused = Shred::check(&bytes).err() == Some(Reject::Variant);
            assert_eq!(refused, Variant::from_byte(byte).is_none(), "{byte:02x}");
        }
    }

    #[test]
    fn bytes_beyond_the_shred_are_cut() {
        for byte in [0x5a, 0xa5, 0x45, 0x85, 0x66, 0x96, 0x76, 0xb6] {
            let mut bytes = made(byte);
            let len = bytes.len();
            bytes.extend([7; 21]);
            assert_eq!(Shred::check(&bytes).unwrap().bytes(), &bytes[..len]);
        }
    }

    #[test]
    fn numbers_out_of_range_are_named() {
        let data: [(usize, &[u8], Reject); 10] = [
            (73, &[0, 0x80, 0, 0], Reject::Index),
            (79, &[41, 0, 0, 0], Reject::FecSet),
            (79, &[0xff; 4], Reject::FecSet),
            (86, &[87, 0], Reject::Size),
            (86, &[0xff, 0xff], Reject::Size),
            (86, &1052u16.to_le_bytes(), Reject::Size),
            (85, &[0x80], Reject::Flags),
            (83, &[0, 0], Reject::Parent),
            (83, &[10, 0], Reject::Parent),
            (65, &[0; 8], Reject::Parent),
        ];
        for (at, value, reason) in data {
            let mut bytes = made(0x96);
            bytes[at..at + value.len()].copy_from_slice(value);
            assert_eq!(Shred::check(&bytes).unwrap_err(), reason, "{at} {value:?}");
        }
        let code: [(usize, &[u8], Reject); 9] = [
            (73, &[0, 0x80, 0, 0], Reject::Index),
            (83, &[0, 0], Reject::CodeCounts),
            (85, &[0, 0], Reject::CodeCounts),
            (85, &[225, 0], Reject::CodeCounts),
            (83, &[0xff, 0xff], Reject::CodeCounts),
            (87, &[33, 0], Reject::CodePosition),
            (73, &[7, 0, 0, 0], Reject::CodePosition),
            (79, &32_737u32.to_le_bytes(), Reject::FecSet),
            (73, &32_760u32.to_le_bytes(), Reject::FecSet),
        ];
        for (at, value, reason) in code {
            let mut bytes = made(0x66);
            bytes[at..at + value.len()].copy_from_slice(value);
            assert_eq!(Shred::check(&bytes).unwrap_err(), reason, "{at} {value:?}");
        }
    }

    #[test]
    fn the_limits_themselves_are_in_range() {
        let mut bytes = made(0x96);
        put(&mut bytes, 86, 1051u16.to_le_bytes());
        put(&mut bytes, 73, 32_767u32.to_le_bytes());
        assert_eq!(Shred::check(&bytes).unwrap().ledger().len(), 963);
        let mut bytes = made(0x66);
        put(&mut bytes, 79, 32_736u32.to_le_bytes());
        put(&mut bytes, 85, 224u16.to_le_bytes());
        put(&mut bytes, 87, 223u16.to_le_bytes());
        put(&mut bytes, 73, 32_767u32.to_le_bytes());
        assert_eq!(Shred::check(&bytes).unwrap().set_position(), 255);
        let mut bytes = made(0x96);
        put(&mut bytes, 65, [0; 8]);
        put(&mut bytes, 83, [0; 2]);
        assert_eq!(Shred::check(&bytes).unwrap().parent(), Some(0));
    }

    #[test]
    fn rules_that_came_with_feature_gates_are_told_and_refuse_nothing() {
        let rules = |bytes: &[u8]| {
            let shred = Shred::check(bytes).unwrap();
            (shred.breaks_fixed_sets(), shred.breaks_aligned_ends())
        };
        let mut data = made(0x96);
        assert_eq!(rules(&data), (false, true));
        data[85] = 5;
        assert_eq!(rules(&data), (false, false));
        for (index, flags, broken) in [(63, 0xc0, false), (62, 0xc0, true), (63, 0x40, false)] {
            (data[73], data[85]) = (index, flags);
            assert_eq!(rules(&data), (false, broken));
        }
        for (index, set, broken) in [(64, 32, true), (64, 64, false), (65, 33, true)] {
            (data[73], data[79], data[85]) = (index, set, 0);
            assert_eq!(rules(&data), (broken, false));
        }
        let mut code = made(0x76);
        assert_eq!(rules(&code), (true, false));
        code[85] = 32;
        assert_eq!(rules(&code), (false, false));
        code[83] = 31;
        assert_eq!(rules(&code), (true, false));
    }

    #[test]
    fn legacy_code_shreds_without_position_count_from_their_set() {
        let mut bytes = made(0x5a);
        put(&mut bytes, 87, [0; 2]);
        let shred = Shred::check(&bytes).unwrap();
        assert_eq!(shred.code_header().unwrap().position, 8);
        put(&mut bytes, 73, 65u32.to_le_bytes());
        assert_eq!(Shred::check(&bytes).unwrap().code_header().unwrap().position, 0);
    }

    #[test]
    fn copies_are_the_same_whoever_retransmitted_them() {
        let (one, mut two) = (made(0xb6), made(0xb6));
        two[1202] ^= 1;
        let same = |a: &[u8], b: &[u8]| Shred::check(a).unwrap().same_as(&Shred::check(b).unwrap());
        assert!(same(&one, &two));
        two[1138] ^= 1;
        assert!(!same(&one, &two));
        let (chained, mut other) = (made(0x96), made(0x96));
        other[1202] ^= 1;
        assert!(!same(&chained, &other));
        let legacy = made(0xa5);
        assert!(same(&legacy, &legacy[..100]) && same(&legacy[..100], &legacy));
    }

    #[test]
    fn mainnet_shreds_are_what_the_oracle_says() {
        let Some(packets) = testdata::packets("mainnet-2024-merkle") else { return };
        let oracle = testdata::json("shreds/mainnet-2024-merkle.oracle.json").unwrap();
        let oracle = oracle.as_array().unwrap();
        assert_eq!((packets.len(), oracle.len()), (99, 99));
        assert!(packets.iter().any(|packet| packet.len() > 1203));
        for (packet, row) in packets.iter().zip(oracle) {
            let shred = Shred::check(packet).unwrap();
            assert_eq!(row["slot"], shred.slot());
            assert_eq!(row["index"], shred.index());
            assert_eq!(row["fec_set_index"], shred.fec_set_index());
            assert_eq!((shred.bytes().len(), shred.version()), (1203, 50_093));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn no_bytes_make_it_panic(
            mut bytes in proptest::collection::vec(any::<u8>(), 0..1300),
            variant in any::<u8>(),
            tame in any::<bool>(),
        ) {
            if let Some(at) = bytes.get_mut(64) { *at = variant; }
            if tame && bytes.len() > 88 {
                // Small numbers get past the first checks.
                for at in [67, 68, 69, 70, 71, 72, 74, 75, 76, 80, 81, 82, 84, 86, 88] { bytes[at] = 0; }
            }
            if let Ok(shred) = Shred::check(&bytes) {
                let inside = bytes.as_ptr_range();
                for part in [shred.bytes(), shred.ledger(), shred.shard(), shred.proof(), shred.signature()] {
                    let part = part.as_ptr_range();
                    prop_assert!(part.start == part.end || (inside.start <= part.start && part.end <= inside.end));
                }
                prop_assert!(shred.same_as(&shred));
                let _ = (shred.chained_root(), shred.retransmitter_signature(), shred.parent(), shred.set_position());
            }
        }
    }
}
