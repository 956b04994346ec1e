//! A transaction as it stands on the wire, borrowed.
//!
//! ```text
//! legacy, v0   compact n | 64 n signatures | message
//! message      [0x80 in v0] | header 3 u8 | compact n | 32 n keys | blockhash 32 | compact n | n instructions | [v0: compact n | n lookups]
//! instruction  program u8 | compact n | n account indexes u8 | compact n | n bytes
//! lookup       table 32 | compact n | n writable u8 | compact n | n readonly u8
//! v1           0x81 | header 3 u8 | mask u32 | blockhash 32 | n ix u8 | n keys u8 | keys | config values
//!              | n ix of (program u8, n accounts u8, data len u16) | n ix of (accounts, data) | 64 n signatures
//! ```
//!
//! v1 is SIMD-0385 (solana-message 4.6 `versions/v1`): the first byte tells it from the others,
//! since no signature count has the top bit. Signed bytes are the message, in v1 everything before
//! the signatures.
//!
//! [`Transaction::check_prefix`] walks the bytes once and applies the rules of the crates that a
//! validator uses (solana-message 4.6 `sanitize`, `validate`). Not checked: signatures, and that
//! the keys differ from each other. Keys that come from lookup tables are not on the wire, so an
//! index at or beyond [`Transaction::keys`] has no key here.

use super::reason::reasons;
use crate::bytes::base58::Signature;
use crate::bytes::{Cursor, u32_at, u64_at};
use std::fmt;

/// Bytes of a legacy or v0 transaction at most: what a packet holds (solana-packet
/// `PACKET_DATA_SIZE`); larger ones are refused in replay.
pub const LEN_MAX: usize = 1232;
/// Bytes of a v1 transaction at most.
pub const V1_LEN_MAX: usize = 4096;
/// Bytes of the smallest transaction: one signature, one key, no instruction, legacy.
pub const LEN_MIN: usize = 1 + 64 + 3 + 1 + 32 + 32 + 1;

const V1_PREFIX: u8 = 0x81;
const VERSION_BIT: u8 = 0x80;
/// solana-message 4.6 `versions/v1/mod.rs`.
const V1_SIGNATURES_MAX: u8 = 12;
const V1_KEYS_MAX: u8 = 64;
const V1_INSTRUCTIONS_MAX: u8 = 64;
const V1_HEAP: std::ops::RangeInclusive<u32> = 32 * 1024..=256 * 1024;

reasons! {
    /// Why bytes are not a transaction.
    pub enum TxReject {
        /// They end before the transaction does, or a count is written in a form that is not
        /// allowed.
        Short = "tx_short",
        /// It is longer than 1232 bytes, as v1 than 4096.
        Long = "tx_long",
        /// The version is none of legacy, 0 and 1.
        Version = "tx_version",
        /// The number of signatures is not the number the header requires.
        Signatures = "tx_signatures",
        /// The header counts no writable signer, or more keys than there are.
        Header = "tx_header",
        /// There are more keys than the version allows, lookups included.
        Keys = "tx_keys",
        /// An instruction's program is the fee payer or not among the static keys.
        Program = "tx_program",
        /// An instruction names an account beyond the last.
        Account = "tx_account",
        /// A lookup table is named for no account.
        Lookup = "tx_lookup",
        /// A v1 transaction has more instructions than 64.
        Instructions = "tx_instructions",
        /// A v1 configuration sets unknown bits, half a priority fee or an impossible heap.
        Config = "tx_config",
        /// Bytes follow the transaction where nothing should.
        Trailing = "tx_trailing",
    }
}

/// The message format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// Without a version byte.
    Legacy,
    /// With address lookup tables.
    V0,
    /// SIMD-0385: signatures last, configuration in the header, no lookup tables.
    V1,
}

/// What a v1 transaction asks for in its header; what legacy and v0 ask of the Compute Budget
/// program instead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Priority fee in lamports, of the whole transaction.
    pub priority_fee_lamports: Option<u64>,
    /// Compute units at most.
    pub compute_unit_limit: Option<u32>,
    /// Bytes of account data at most.
    pub loaded_data_limit: Option<u32>,
    /// Bytes of heap.
    pub heap_len: Option<u32>,
}

/// One instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction<'a> {
    /// Index of the program among the static keys.
    pub program_index: u8,
    /// Indexes of the accounts: static keys, then writable lookups, then readonly lookups.
    pub accounts: &'a [u8],
    /// The instruction data.
    pub data: &'a [u8],
}

/// One address lookup table of a v0 transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lookup<'a> {
    /// The table's address.
    pub table: &'a [u8; 32],
    /// Positions in the table of the accounts that may be written.
    pub writable: &'a [u8],
    /// Positions in the table of the accounts that are only read.
    pub readonly: &'a [u8],
}

/// A checked transaction.
#[derive(Clone, Copy)]
pub struct Transaction<'a> {
    bytes: &'a [u8],
    message: &'a [u8],
    signatures: &'a [[u8; 64]],
    keys: &'a [[u8; 32]],
    blockhash: &'a [u8; 32],
    instructions: Instructions<'a>,
    lookups: Lookups<'a>,
    version: Version,
    readonly_signed: u8,
    readonly_unsigned: u8,
    lookup_writable_count: u16,
    lookup_readonly_count: u16,
    config: Config,
}

impl<'a> Transaction<'a> {
    /// The transaction that begins `bytes`; [`Self::bytes`] says how many of them are its own.
    ///
    /// # Errors
    /// The first rule it breaks.
    #[inline]
    pub fn check_prefix(bytes: &'a [u8]) -> Result<Self, TxReject> {
        let first = *bytes.first().ok_or(TxReject::Short)?;
        // Within the limit a read past the end means that the transaction is too long, unless the
        // bytes ended before the limit did.
        let (max, walked) = match first {
            V1_PREFIX => (V1_LEN_MAX, walk_v1(bytes.get(..V1_LEN_MAX).unwrap_or(bytes))),
            VERSION_BIT.. => return Err(TxReject::Version),
            _ => (LEN_MAX, walk_compact(bytes.get(..LEN_MAX).unwrap_or(bytes))),
        };
        walked.unwrap_or(Err(if bytes.len() > max { TxReject::Long } else { TxReject::Short }))
    }

    /// The transaction that `bytes` are.
    ///
    /// # Errors
    /// The first rule it breaks; [`TxReject::Trailing`] when it ends before `bytes` do.
    pub fn check(bytes: &'a [u8]) -> Result<Self, TxReject> {
        let tx = Self::check_prefix(bytes)?;
        if tx.bytes.len() == bytes.len() { Ok(tx) } else { Err(TxReject::Trailing) }
    }

    /// The whole transaction.
    #[inline]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The signed bytes.
    #[inline]
    pub fn message(&self) -> &'a [u8] {
        self.message
    }

    /// The signatures, one for each of the first keys; at least one.
    #[inline]
    pub fn signatures(&self) -> &'a [[u8; 64]] {
        self.signatures
    }

    /// The fee payer's signature, which names the transaction.
    #[inline]
    pub fn signature(&self) -> &'a [u8; 64] {
        const NONE: &[u8; 64] = &[0; 64];
        self.signatures.first().unwrap_or(NONE)
    }

    /// The message format.
    #[inline]
    pub fn version(&self) -> Version {
        self.version
    }

    /// The keys on the wire; at least one.
    #[inline]
    pub fn keys(&self) -> &'a [[u8; 32]] {
        self.keys
    }

    /// The fee payer: the first key.
    #[inline]
    pub fn fee_payer(&self) -> &'a [u8; 32] {
        const NONE: &[u8; 32] = &[0; 32];
        self.keys.first().unwrap_or(NONE)
    }

    /// The key of account `index`; `None` when a lookup table holds it.
    #[inline]
    pub fn account_key(&self, index: u8) -> Option<&'a [u8; 32]> {
        self.keys.get(usize::from(index))
    }

    /// Number of accounts: keys and lookups, 1..=256.
    #[inline]
    pub fn account_count(&self) -> usize {
        self.keys.len()
            + usize::from(self.lookup_writable_count)
            + usize::from(self.lookup_readonly_count)
    }

    /// Whether account `index` signs.
    #[inline]
    pub fn is_signer(&self, index: u8) -> bool {
        usize::from(index) < self.signatures.len()
    }

    /// Whether account `index` is claimed writable. (A validator takes that back for programs and
    /// system accounts.)
    #[inline]
    pub fn is_writable(&self, index: u8) -> bool {
        let (index, signed, keys) = (usize::from(index), self.signatures.len(), self.keys.len());
        if index < signed {
            index < signed.saturating_sub(usize::from(self.readonly_signed))
        } else if index < keys {
            index < keys.saturating_sub(usize::from(self.readonly_unsigned))
        } else {
            index - keys < usize::from(self.lookup_writable_count)
        }
    }

    /// The recent blockhash or nonce that bounds its life.
    #[inline]
    pub fn blockhash(&self) -> &'a [u8; 32] {
        self.blockhash
    }

    /// The instructions, in order of execution.
    #[inline]
    pub fn instructions(&self) -> Instructions<'a> {
        self.instructions
    }

    /// The lookup tables; none but in v0.
    #[inline]
    pub fn lookups(&self) -> Lookups<'a> {
        self.lookups
    }

    /// The configuration of a v1 transaction; empty in the others.
    #[inline]
    pub fn config(&self) -> Config {
        self.config
    }
}

impl fmt::Debug for Transaction<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} transaction {}", self.version, Signature(self.signature()))
    }
}

/// Walks over the instructions of a transaction.
#[derive(Clone, Copy, Debug)]
pub struct Instructions<'a> {
    left: u16,
    heads: Cursor<'a>,
    /// In v1 heads and bodies lie apart.
    bodies: Option<Cursor<'a>>,
}

#[expect(clippy::copy_iterator, reason = "a position in borrowed bytes: a copy walks alone")]
impl<'a> Iterator for Instructions<'a> {
    type Item = Instruction<'a>;

    #[inline]
    fn next(&mut self) -> Option<Instruction<'a>> {
        self.left = self.left.checked_sub(1)?;
        let heads = &mut self.heads;
        let program_index = heads.u8()?;
        let (accounts, data) = if let Some(bodies) = &mut self.bodies {
            let (accounts, data) = (heads.u8()?, heads.u16()?);
            (bodies.take(accounts.into())?, bodies.take(data.into())?)
        } else {
            let accounts = heads.compact_u16()?;
            let accounts = heads.take(accounts.into())?;
            let data = heads.compact_u16()?;
            (accounts, heads.take(data.into())?)
        };
        Some(Instruction { program_index, accounts, data })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::from(self.left), Some(usize::from(self.left)))
    }
}

impl ExactSizeIterator for Instructions<'_> {}

/// Walks over the lookup tables of a transaction.
#[derive(Clone, Copy, Debug)]
pub struct Lookups<'a> {
    left: u16,
    cursor: Cursor<'a>,
}

#[expect(clippy::copy_iterator, reason = "a position in borrowed bytes: a copy walks alone")]
impl<'a> Iterator for Lookups<'a> {
    type Item = Lookup<'a>;

    #[inline]
    fn next(&mut self) -> Option<Lookup<'a>> {
        self.left = self.left.checked_sub(1)?;
        let table = self.cursor.array()?;
        let writable = self.cursor.compact_u16()?;
        let writable = self.cursor.take(writable.into())?;
        let readonly = self.cursor.compact_u16()?;
        let readonly = self.cursor.take(readonly.into())?;
        Some(Lookup { table, writable, readonly })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::from(self.left), Some(usize::from(self.left)))
    }
}

impl ExactSizeIterator for Lookups<'_> {}

/// `None`: the bytes ended.
type Walk<T> = Option<Result<T, TxReject>>;

/// The three counts that begin a message.
struct Counts {
    required: u8,
    readonly_signed: u8,
    readonly_unsigned: u8,
}

impl Counts {
    #[inline]
    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let [required, readonly_signed, readonly_unsigned] = *cursor.array()?;
        Some(Self { required, readonly_signed, readonly_unsigned })
    }

    /// Whether they leave a writable signer and do not overlap among `keys` keys.
    fn fit(&self, keys: usize) -> bool {
        self.readonly_signed < self.required
            && usize::from(self.required) + usize::from(self.readonly_unsigned) <= keys
    }
}

fn walk_compact(bytes: &[u8]) -> Walk<Transaction<'_>> {
    let mut cursor = Cursor::new(bytes);
    let signatures = cursor.compact_u16()?;
    let (signatures, _) = cursor.take(usize::from(signatures) * 64)?.as_chunks();
    let message_at = cursor.at();
    let version = match *cursor.rest().first()? {
        0..VERSION_BIT => Version::Legacy,
        VERSION_BIT => Version::V0,
        _ => return Some(Err(TxReject::Version)),
    };
    if version == Version::V0 {
        cursor.u8()?;
    }
    let counts = Counts::read(&mut cursor)?;
    if usize::from(counts.required) != signatures.len() {
        return Some(Err(TxReject::Signatures));
    }
    let keys = cursor.compact_u16()?;
    let (keys, _) = cursor.take(usize::from(keys) * 32)?.as_chunks();
    if !counts.fit(keys.len()) {
        return Some(Err(TxReject::Header));
    }
    let blockhash = cursor.array()?;

    let left = cursor.compact_u16()?;
    let instructions = Instructions { left, heads: cursor, bodies: None };
    let mut walked = instructions;
    let account_last = match check_instructions(&mut walked, keys.len())? {
        Ok(account_last) => account_last,
        Err(reason) => return Some(Err(reason)),
    };
    cursor = walked.heads;

    let left = if version == Version::V0 { cursor.compact_u16()? } else { 0 };
    let lookups = Lookups { left, cursor };
    let (mut walked, mut writable, mut readonly) = (lookups, 0, 0);
    for _ in 0..left {
        let lookup = walked.next()?;
        if lookup.writable.is_empty() && lookup.readonly.is_empty() {
            return Some(Err(TxReject::Lookup));
        }
        writable += lookup.writable.len();
        readonly += lookup.readonly.len();
    }
    cursor = walked.cursor;

    // Indexes are bytes, so that accounts beyond 256 could not be named.
    let accounts = keys.len() + writable + readonly;
    if accounts > 256 {
        return Some(Err(TxReject::Keys));
    }
    if account_last.is_some_and(|last| usize::from(last) >= accounts) {
        return Some(Err(TxReject::Account));
    }
    Some(Ok(Transaction {
        bytes: bytes.get(..cursor.at())?,
        message: bytes.get(message_at..cursor.at())?,
        signatures,
        keys,
        blockhash,
        instructions,
        lookups,
        version,
        readonly_signed: counts.readonly_signed,
        readonly_unsigned: counts.readonly_unsigned,
        lookup_writable_count: u16::try_from(writable).ok()?,
        lookup_readonly_count: u16::try_from(readonly).ok()?,
        config: Config::default(),
    }))
}

fn walk_v1(bytes: &[u8]) -> Walk<Transaction<'_>> {
    let mut cursor = Cursor::new(bytes);
    cursor.u8()?;
    let counts = Counts::read(&mut cursor)?;
    let mask = cursor.u32()?;
    let blockhash = cursor.array()?;
    let (instruction_count, key_count) = (cursor.u8()?, cursor.u8()?);
    if counts.required > V1_SIGNATURES_MAX {
        return Some(Err(TxReject::Signatures));
    }
    if key_count > V1_KEYS_MAX {
        return Some(Err(TxReject::Keys));
    }
    if instruction_count > V1_INSTRUCTIONS_MAX {
        return Some(Err(TxReject::Instructions));
    }
    if !counts.fit(key_count.into()) {
        return Some(Err(TxReject::Header));
    }
    let (keys, _) = cursor.take(usize::from(key_count) * 32)?.as_chunks();
    let config = match Config::read(mask, &mut cursor)? {
        Ok(config) => config,
        Err(reason) => return Some(Err(reason)),
    };
    let heads = Cursor::new(cursor.take(usize::from(instruction_count) * 4)?);
    let instructions = Instructions { left: instruction_count.into(), heads, bodies: Some(cursor) };
    let mut walked = instructions;
    match check_instructions(&mut walked, keys.len())? {
        Ok(Some(last)) if last >= key_count => return Some(Err(TxReject::Account)),
        Ok(_) => {}
        Err(reason) => return Some(Err(reason)),
    }
    cursor = walked.bodies?;
    let message = bytes.get(..cursor.at())?;
    let (signatures, _) = cursor.take(usize::from(counts.required) * 64)?.as_chunks();
    Some(Ok(Transaction {
        bytes: bytes.get(..cursor.at())?,
        message,
        signatures,
        keys,
        blockhash,
        instructions,
        lookups: Lookups { left: 0, cursor },
        version: Version::V1,
        readonly_signed: counts.readonly_signed,
        readonly_unsigned: counts.readonly_unsigned,
        lookup_writable_count: 0,
        lookup_readonly_count: 0,
        config,
    }))
}

/// Walks to the end of the instructions; the highest account index that one of them names.
#[inline]
fn check_instructions(instructions: &mut Instructions<'_>, key_count: usize) -> Walk<Option<u8>> {
    let mut last = None;
    for _ in 0..instructions.left {
        let instruction = instructions.next()?;
        // The fee payer cannot be a program, and programs are never looked up in tables.
        if instruction.program_index == 0 || usize::from(instruction.program_index) >= key_count {
            return Some(Err(TxReject::Program));
        }
        last = last.max(instruction.accounts.iter().copied().max());
    }
    Some(Ok(last))
}

impl Config {
    const PRIORITY_FEE: u32 = 0b11;
    const COMPUTE_UNITS: u32 = 0b100;
    const LOADED_DATA: u32 = 0b1000;
    const HEAP: u32 = 0b1_0000;
    const KNOWN: u32 = 0b1_1111;

    /// The values that `mask` announces, four bytes a bit, in the order of the bits.
    fn read(mask: u32, cursor: &mut Cursor<'_>) -> Walk<Self> {
        let fee_bits = mask & Self::PRIORITY_FEE;
        if mask & !Self::KNOWN != 0 || (fee_bits != 0 && fee_bits != Self::PRIORITY_FEE) {
            return Some(Err(TxReject::Config));
        }
        let len = mask.count_ones() as usize * 4;
        let values = cursor.take(len)?;
        let mut at = 0;
        let mut four = |bit: u32| {
            let value = (mask & bit != 0).then(|| u32_at(values, at)).flatten();
            at += if value.is_some() { 4 } else { 0 };
            value
        };
        let (low, high) = (four(1), four(2));
        let config = Self {
            priority_fee_lamports: low.zip(high).and_then(|_| u64_at(values, 0)),
            compute_unit_limit: four(Self::COMPUTE_UNITS),
            loaded_data_limit: four(Self::LOADED_DATA),
            heap_len: four(Self::HEAP),
        };
        let heap_fits =
            config.heap_len.is_none_or(|len| len.is_multiple_of(1024) && V1_HEAP.contains(&len));
        Some(if heap_fits { Ok(config) } else { Err(TxReject::Config) })
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::testdata;
    use super::*;
    use base64::Engine;
    use ed25519_dalek::{Signature as Ed25519, VerifyingKey};
    use proptest::prelude::*;
    use solana_sdk::hash::Hash;
    use solana_sdk::message::compiled_instruction::CompiledInstruction;
    use solana_sdk::message::v0::MessageAddressTableLookup;
    use solana_sdk::message::{MessageHeader, VersionedMessage, legacy, v0, v1};
    use solana_sdk::pubkey::Pubkey;
    use solana_sdk::transaction::VersionedTransaction;

    /// Two signers of whom the second only reads, four other keys of which the last two are only
    /// read, two instructions; in v0 two lookup tables.
    fn made(version: Version) -> Vec<u8> {
        let header = MessageHeader {
            num_required_signatures: 2,
            num_readonly_signed_accounts: 1,
            num_readonly_unsigned_accounts: 2,
        };
        let account_keys: Vec<Pubkey> = (1..=6).map(|byte| Pubkey::from([byte; 32])).collect();
        let recent_blockhash = Hash::from([9; 32]);
        let instructions = vec![
            CompiledInstruction {
                program_id_index: 4,
                accounts: vec![0, 1, 2],
                data: vec![7; 200],
            },
            CompiledInstruction { program_id_index: 5, accounts: vec![], data: vec![] },
        ];
        let lookup = |byte, writable_indexes, readonly_indexes| MessageAddressTableLookup {
            account_key: Pubkey::from([byte; 32]),
            writable_indexes,
            readonly_indexes,
        };
        let message = match version {
            Version::Legacy => VersionedMessage::Legacy(legacy::Message {
                header,
                account_keys,
                recent_blockhash,
                instructions,
            }),
            Version::V0 => {
                let mut instructions = instructions;
                instructions[1].accounts = vec![0, 9];
                VersionedMessage::V0(v0::Message {
                    header,
                    account_keys,
                    recent_blockhash,
                    instructions,
                    address_table_lookups: vec![
                        lookup(21, vec![3, 4], vec![]),
                        lookup(22, vec![5], vec![6]),
                    ],
                })
            }
            Version::V1 => VersionedMessage::V1(v1::Message {
                header,
                config: v1::TransactionConfig {
                    priority_fee: Some(0x0102_0304_0506_0708),
                    compute_unit_limit: None,
                    loaded_accounts_data_size_limit: Some(65_536),
                    heap_size: Some(64 * 1024),
                },
                lifetime_specifier: recent_blockhash,
                account_keys,
                instructions,
            }),
        };
        let signatures = [[11; 64], [12; 64]];
        let serialized = message.serialize();
        if version == Version::V1 {
            return [&serialized[..], &signatures.concat()].concat();
        }
        let tx = VersionedTransaction {
            signatures: signatures.iter().map(|s| (*s).into()).collect(),
            message,
        };
        let bytes = bincode::serialize(&tx).unwrap();
        assert_eq!(bytes, [&[2][..], &signatures.concat(), &serialized].concat());
        bytes
    }

    const ALL: [Version; 3] = [Version::Legacy, Version::V0, Version::V1];

    #[test]
    fn what_the_solana_crates_write_is_read_back() {
        for version in ALL {
            let bytes = made(version);
            let tx = Transaction::check(&bytes).unwrap();
            assert_eq!((tx.version(), tx.bytes()), (version, &bytes[..]));
            assert_eq!(tx.signatures(), [[11; 64], [12; 64]]);
            assert_eq!(tx.signature(), &[11; 64]);
            assert_eq!(tx.keys(), (1..=6).map(|byte| [byte; 32]).collect::<Vec<_>>());
            assert_eq!((tx.fee_payer(), tx.blockhash()), (&[1; 32], &[9; 32]));
            let message =
                if version == Version::V1 { 0..bytes.len() - 128 } else { 129..bytes.len() };
            assert_eq!(tx.message(), &bytes[message]);
            let all: Vec<_> = tx.instructions().collect();
            assert_eq!((tx.instructions().len(), all.len()), (2, 2));
            assert_eq!(
                all[0],
                Instruction { program_index: 4, accounts: &[0, 1, 2], data: &[7; 200] }
            );
            assert_eq!((all[1].program_index, all[1].data), (5, &[][..]));
            assert_eq!((tx.account_key(5), tx.account_key(6)), (Some(&[6; 32]), None));
        }
    }

    #[test]
    fn lookups_are_counted_as_accounts_after_the_keys() {
        let bytes = made(Version::V0);
        let tx = Transaction::check(&bytes).unwrap();
        let lookups: Vec<_> = tx.lookups().collect();
        assert_eq!(lookups[0], Lookup { table: &[21; 32], writable: &[3, 4], readonly: &[] });
        assert_eq!(lookups[1], Lookup { table: &[22; 32], writable: &[5], readonly: &[6] });
        assert_eq!((lookups.len(), tx.account_count()), (2, 10));
        let writable: Vec<u8> = (0..=255).filter(|index| tx.is_writable(*index)).collect();
        assert_eq!(writable, [0, 2, 3, 6, 7, 8]);
        let signers: Vec<u8> = (0..=255).filter(|index| tx.is_signer(*index)).collect();
        assert_eq!(signers, [0, 1]);
    }

    #[test]
    fn a_configuration_is_read_where_its_bits_say() {
        let bytes = made(Version::V1);
        let config = Transaction::check(&bytes).unwrap().config();
        assert_eq!(config.priority_fee_lamports, Some(0x0102_0304_0506_0708));
        assert_eq!((config.compute_unit_limit, config.loaded_data_limit), (None, Some(65_536)));
        assert_eq!(config.heap_len, Some(65_536));
        assert_eq!(Transaction::check(&made(Version::V0)).unwrap().config(), Config::default());
    }

    #[test]
    fn every_shorter_length_is_short_and_a_longer_one_trails() {
        for version in ALL {
            let mut bytes = made(version);
            for len in 0..bytes.len() {
                let reason = Transaction::check_prefix(&bytes[..len]).unwrap_err();
                assert_eq!(reason, TxReject::Short, "{version:?} {len}");
            }
            let len = bytes.len();
            bytes.push(0);
            assert_eq!(Transaction::check_prefix(&bytes).unwrap().bytes().len(), len);
            assert_eq!(Transaction::check(&bytes).unwrap_err(), TxReject::Trailing);
        }
    }

    /// Changes one byte of `made(version)` and expects `reason`.
    #[track_caller]
    fn refused(version: Version, at: usize, value: u8, reason: TxReject) {
        let mut bytes = made(version);
        bytes[at] = value;
        assert_eq!(Transaction::check_prefix(&bytes).unwrap_err(), reason, "{version:?} {at}");
    }

    #[test]
    fn each_broken_rule_is_named() {
        // 129 message, 130..132 header, 132 count, 133 keys, 325 blockhash, 357 count, 358 first
        // instruction: 359 accounts, 363 data, 565 second; v0 has one byte more before all that.
        for (version, at) in [(Version::Legacy, 129), (Version::V0, 130)] {
            refused(version, at, 3, TxReject::Signatures);
            refused(version, at, 1, TxReject::Signatures);
            refused(version, at + 1, 2, TxReject::Header);
            refused(version, at + 2, 5, TxReject::Header);
            refused(version, at + 229, 0, TxReject::Program);
            refused(version, at + 229, 6, TxReject::Program);
            let beyond = if version == Version::V0 { 10 } else { 6 };
            refused(version, at + 231, beyond, TxReject::Account);
        }
        refused(Version::V0, 129, 0x81, TxReject::Version);
        refused(Version::V1, 0, 0x80, TxReject::Version);
        refused(Version::V1, 0, 0xff, TxReject::Version);
        // v1: 1 header, 4 mask, 8 blockhash, 40 instructions, 41 keys, 42 keys, 234 values,
        // 250 heads, 258 bodies.
        refused(Version::V1, 1, 13, TxReject::Signatures);
        refused(Version::V1, 1, 0, TxReject::Header);
        refused(Version::V1, 2, 2, TxReject::Header);
        refused(Version::V1, 3, 5, TxReject::Header);
        refused(Version::V1, 4, 0b11101, TxReject::Config);
        refused(Version::V1, 5, 1, TxReject::Config);
        refused(Version::V1, 40, 65, TxReject::Instructions);
        refused(Version::V1, 41, 65, TxReject::Keys);
        refused(Version::V1, 246, 1, TxReject::Config);
        refused(Version::V1, 248, 0, TxReject::Config);
        refused(Version::V1, 250, 0, TxReject::Program);
        refused(Version::V1, 254, 6, TxReject::Program);
        refused(Version::V1, 258, 6, TxReject::Account);
    }

    #[test]
    fn lookups_that_are_empty_or_too_many_are_refused() {
        let head = |keys: u8| {
            let keys = [&[keys][..], &vec![1; usize::from(keys) * 32]].concat();
            [&[1][..], &[2; 64], &[0x80, 1, 0, 0], &keys, &[3; 32], &[0]].concat()
        };
        let lookups = |keys, writable: u8, readonly: u8| {
            // Counts below 128 are one byte.
            let lookup = [
                &[4; 32][..],
                &[writable],
                &vec![5; usize::from(writable)],
                &[readonly],
                &vec![6; usize::from(readonly)],
            ]
            .concat();
            [head(keys), vec![1], lookup].concat()
        };
        let check = |bytes: &[u8]| Transaction::check(bytes).map(|tx| tx.account_count());
        assert_eq!(check(&lookups(1, 0, 0)), Err(TxReject::Lookup));
        assert_eq!(check(&lookups(2, 127, 127)), Ok(256));
        assert_eq!(check(&lookups(3, 127, 127)), Err(TxReject::Keys));
    }

    #[test]
    fn longer_than_the_limit_is_long() {
        let long = |data: u16, version: u8| {
            let (head, max) = if version == 1 {
                let fixed = [&[0x81, 1, 0, 1, 0, 0, 0, 0][..], &[3; 32], &[1, 2], &[4; 64]];
                ([&fixed.concat()[..], &[1, 0], &data.to_le_bytes()].concat(), V1_LEN_MAX)
            } else {
                let keys = [&[1, 0, 1, 2][..], &[4; 64], &[3; 32], &[1, 1, 0]].concat();
                let (count, len) = crate::bytes::compact_u16(data);
                ([&[1][..], &[2; 64], &keys, &count[..len]].concat(), LEN_MAX)
            };
            let mut bytes = [head, vec![0; data.into()]].concat();
            bytes.resize(bytes.len() + if version == 1 { 64 } else { 0 }, 5);
            (Transaction::check_prefix(&bytes).err(), bytes.len(), max)
        };
        for (version, fits) in [(0, 1062), (1, 3922)] {
            let (reason, len, max) = long(fits - 1, version);
            assert_eq!((reason, len), (None, max - 1), "{version}");
            assert_eq!(long(fits, version).0, None);
            assert_eq!(long(fits + 1, version).0, Some(TxReject::Long));
        }
    }

    fn first_verifies(tx: &Transaction<'_>) -> bool {
        VerifyingKey::from_bytes(tx.fee_payer()).is_ok_and(|key| {
            key.verify_strict(tx.message(), &Ed25519::from_bytes(tx.signature())).is_ok()
        })
    }

    #[test]
    fn mainnet_transactions_parse_to_the_last_byte_and_verify() {
        let Some(lines) = testdata::file("txs/mainnet-txs.jsonl") else { return };
        let mut seen = [0; 3];
        for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let row: serde_json::Value = serde_json::from_slice(line).unwrap();
            let wire = row["transaction"][0].as_str().unwrap();
            let wire = base64::engine::general_purpose::STANDARD.decode(wire).unwrap();
            let tx = Transaction::check(&wire).unwrap();
            assert!(first_verifies(&tx));
            let named = match tx.version() {
                Version::Legacy => "legacy",
                Version::V0 => "0",
                Version::V1 => "1",
            };
            assert_eq!(row["version"].to_string().trim_matches('"'), named);
            // The model: what the validator's own type makes of the same bytes.
            if tx.version() != Version::V1 {
                let model: VersionedTransaction = bincode::deserialize(&wire).unwrap();
                let ours = tx.instructions().map(|i| (i.program_index, i.accounts, i.data));
                let theirs = model.message.instructions();
                let theirs =
                    theirs.iter().map(|i| (i.program_id_index, &i.accounts[..], &i.data[..]));
                assert!(ours.eq(theirs));
                let count = u8::try_from(tx.account_count() - 1).unwrap();
                for index in 0..=count {
                    let signs = model.message.is_signer(index.into());
                    assert_eq!(tx.is_signer(index), signs);
                    if usize::from(index) < tx.keys().len() {
                        assert_eq!(
                            tx.account_key(index).unwrap(),
                            model.message.static_account_keys()[usize::from(index)].as_array()
                        );
                    }
                }
            }
            seen[tx.version() as usize] += 1;
        }
        assert!(seen[0] > 0 && seen[1] > 0, "{seen:?}");
    }

    #[test]
    fn transactions_found_inside_shreds_verify() {
        let Some(rows) = testdata::json("txs/embedded_verified_txs.json") else { return };
        for row in rows.as_array().unwrap() {
            let raw = crate::bytes::hex::decode(row["raw"].as_str().unwrap()).unwrap();
            let tx = Transaction::check(&raw).unwrap();
            assert_eq!(Signature(tx.signature()).to_string(), row["signature"].as_str().unwrap());
            assert!(first_verifies(&tx));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1024))]

        #[test]
        fn changed_transactions_never_panic_and_views_stay_inside(
            version in 0usize..3,
            changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..4),
        ) {
            let mut bytes = made(ALL[version]);
            for (at, value) in changes { let at = at.index(bytes.len()); bytes[at] = value; }
            if let Ok(tx) = Transaction::check_prefix(&bytes) {
                prop_assert_eq!(tx.instructions().count(), tx.instructions().len());
                prop_assert_eq!(tx.lookups().count(), tx.lookups().len());
                prop_assert!(!tx.signatures().is_empty() && !tx.keys().is_empty());
                prop_assert!(tx.bytes().len() >= LEN_MIN);
                for instruction in tx.instructions() {
                    prop_assert!(tx.account_key(instruction.program_index).is_some());
                    for index in instruction.accounts {
                        prop_assert!(usize::from(*index) < tx.account_count());
                        let _ = (tx.is_writable(*index), tx.is_signer(*index));
                    }
                }
            }
        }

        #[test]
        fn any_bytes_are_a_transaction_or_a_reason(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Transaction::check_prefix(&bytes);
        }
    }
}
