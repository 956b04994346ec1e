//! finding: something in what the chain carries that its reader should know of, with the evidence.
//! parse and arb to you.

use super::layout::record;
use super::schema::Show;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum What {
    /// A leader made two versions of one thing.
    Equivocation = 0,
}

impl What {
    /// Names by number.
    pub const NAMES: &'static [&'static str] = &["equivocation"];
}

/// Which rule tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum FindingReason {
    /// Two different shreds were received for one place.
    Shred = 0,
    /// A shred was received that differs from the one that its FEC set recovers at its place.
    Recovered = 1,
    /// Two shreds of one FEC set differ in what all of it share: form, signature, counts.
    FecSet = 2,
    /// Two shreds disagree about which shred is the last of the slot.
    Last = 3,
    /// A FEC set names another root for the set before it than that set has.
    ChainedRoot = 4,
}

impl FindingReason {
    /// Names by number.
    pub const NAMES: &'static [&'static str] =
        &["shred", "recovered", "fec_set", "last", "chained_root"];
}

/// How far the evidence goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Proof {
    /// Who signed was not checked.
    Open = 0,
    /// The leader signed both versions.
    Proven = 1,
    /// One of the two is not the leader's: damaged on its way, or forged.
    Refuted = 2,
}

impl Proof {
    /// Names by number.
    pub const NAMES: &'static [&'static str] = &["open", "proven", "refuted"];
}

/// Whether the leader signed one of two versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Signed {
    /// The leader is not known.
    Unchecked = 0,
    /// It did.
    Ok = 1,
    /// It did not.
    Bad = 2,
}

impl Signed {
    /// Names by number.
    pub const NAMES: &'static [&'static str] = &["unchecked", "ok", "bad"];
}

/// Names of the kinds of shred.
const SHRED_KINDS: &[&str] = &["data", "code"];

record! {
    /// Something found, with the evidence: of two versions, the one that came first and was kept,
    /// and the other.
    ///
    /// Under `chained_root` the first version is the FEC set before, with its own root, and the
    /// other is the set that follows, with the root that it names for the set before.
    pub struct Finding = 0x32 "finding" version 1, 512 bytes;
    flags {}
    /// The slot.
    16 slot: u64 => Show::Dec;
    /// What was found.
    24 what: u16 => Show::Name(What::NAMES);
    /// Which rule tells.
    26 reason: u16 => Show::Name(FindingReason::NAMES);
    /// How far the evidence goes.
    28 proof: u8 => Show::Name(Proof::NAMES);
    /// The kind of the shreds.
    29 shred_kind: u8 => Show::Name(SHRED_KINDS), if SHRED_KIND = 1;
    /// Whether the leader signed the first version.
    30 signed: u8 => Show::Name(Signed::NAMES);
    /// Whether the leader signed the other one.
    31 other_signed: u8 => Show::Name(Signed::NAMES);
    /// Index of the first version's shred.
    32 index: u32 => Show::Dec, if INDEX = 2;
    /// Index of the other's, which is another one when what the two share is more than a place.
    36 other_index: u32 => Show::Dec, if OTHER_INDEX = 4;
    /// The FEC set of the other version.
    40 fec_set_index: u32 => Show::Dec, if FEC_SET = 8;
    /// Which optional fields hold a value.
    44 present: u32 => Show::Hidden;
    /// The slot of the first version, when that is another one: the parent.
    48 first_slot: u64 => Show::Dec, if FIRST_SLOT = 16;
    /// Who should have signed.
    56 leader: [u8; 32] => Show::Key, if LEADER = 32;
    /// Signature of the first version.
    88 signature: [u8; 64] => Show::Signature, if SIGNATURE = 64;
    /// Signature of the other one.
    152 other_signature: [u8; 64] => Show::Signature, if OTHER_SIGNATURE = 128;
    /// Merkle root of the first version; SHA-256 of what is signed, of a legacy shred.
    216 root: [u8; 32] => Show::Hex, if ROOT = 256;
    /// The same of the other one.
    248 other_root: [u8; 32] => Show::Hex, if OTHER_ROOT = 512;
    /// Reserved.
    280 _zero: [u8; 232] => Show::Zero;
}
