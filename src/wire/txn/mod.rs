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
use crate::bytes::{Cursor, IndexSet};
use std::fmt;

mod walk;

#[cfg(test)]
mod made;

/// Bytes of a legacy or v0 transaction at most: what a packet holds (solana-packet
/// `PACKET_DATA_SIZE`); larger ones are refused in replay.
pub const LEN_MAX: usize = 1232;
/// Bytes of a v1 transaction at most.
pub const V1_LEN_MAX: usize = 4096;
/// Bytes of the smallest transaction: one signature, one key, no instruction, legacy.
pub const LEN_MIN: usize = 1 + 64 + 3 + 1 + 32 + 32 + 1;

const V1_PREFIX: u8 = 0x81;
const VERSION_BIT: u8 = 0x80;
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
    programs: IndexSet,
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
        let ended = |max| Err(if bytes.len() > max { TxReject::Long } else { TxReject::Short });
        match first {
            V1_PREFIX => match walk::v1(bytes.get(..V1_LEN_MAX).unwrap_or(bytes)) {
                Some(walked) => walked,
                None => ended(V1_LEN_MAX),
            },
            VERSION_BIT.. => Err(TxReject::Version),
            _ => match walk::compact(bytes.get(..LEN_MAX).unwrap_or(bytes)) {
                Some(walked) => walked,
                None => ended(LEN_MAX),
            },
        }
    }

    /// The transaction that `bytes` are.
    ///
    /// # Errors
    /// The first rule it breaks; [`TxReject::Trailing`] when it ends before `bytes` do.
    #[inline]
    pub fn check(bytes: &'a [u8]) -> Result<Self, TxReject> {
        let checked = Self::check_prefix(bytes);
        if checked.as_ref().is_ok_and(|tx| tx.bytes.len() < bytes.len()) {
            return Err(TxReject::Trailing);
        }
        checked
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

    /// Indexes of the programs that the instructions call, each once.
    #[inline]
    pub fn programs(&self) -> impl Iterator<Item = u8> + use<> {
        self.programs.iter()
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

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::testdata;
    use super::made::{ALL, made};
    use super::*;
    use base64::Engine;
    use ed25519_dalek::{Signature as Ed25519, VerifyingKey};
    use solana_sdk::transaction::VersionedTransaction;

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
            assert_eq!(tx.programs().collect::<Vec<_>>(), [4, 5]);
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
}
