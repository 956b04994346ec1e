//! The one walk over a transaction's bytes: finds its parts and applies the rules.

use super::{Config, Instructions, Lookups, Transaction, TxReject, VERSION_BIT, Version};
use crate::bytes::{Cursor, IndexSet, u32_at, u64_at};

/// solana-message 4.6 `versions/v1/mod.rs`.
const V1_SIGNATURES_MAX: u8 = 12;
const V1_KEYS_MAX: u8 = 64;
const V1_INSTRUCTIONS_MAX: u8 = 64;
const V1_HEAP: std::ops::RangeInclusive<u32> = 32 * 1024..=256 * 1024;

/// `None`: the bytes ended.
pub(super) type Walk<T> = Option<Result<T, TxReject>>;

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

#[expect(clippy::inline_always, reason = "one caller; the parts go to their place without a copy")]
#[inline(always)]
pub(super) fn compact(bytes: &[u8]) -> Walk<Transaction<'_>> {
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
    let (account_max, programs) = match check_instructions(&mut walked, keys.len())? {
        Ok(named) => named,
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
    if usize::from(account_max) >= accounts {
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
        programs,
        config: Config::default(),
    }))
}

#[expect(clippy::inline_always, reason = "one caller; the parts go to their place without a copy")]
#[inline(always)]
pub(super) fn v1(bytes: &[u8]) -> Walk<Transaction<'_>> {
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
    let programs = match check_instructions(&mut walked, keys.len())? {
        Ok((account_max, _)) if account_max >= key_count => return Some(Err(TxReject::Account)),
        Ok((_, programs)) => programs,
        Err(reason) => return Some(Err(reason)),
    };
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
        programs,
        config,
    }))
}

/// Walks to the end of the instructions; the highest account index that one of them names (0, the fee
/// payer's, when none names any), and the indexes of the programs.
#[inline]
fn check_instructions(
    instructions: &mut Instructions<'_>,
    key_count: usize,
) -> Walk<(u8, IndexSet)> {
    let (mut account_max, mut programs) = (0, IndexSet::default());
    for _ in 0..instructions.left {
        let instruction = instructions.next()?;
        // The fee payer cannot be a program, and programs are never looked up in tables.
        if instruction.program_index == 0 || usize::from(instruction.program_index) >= key_count {
            return Some(Err(TxReject::Program));
        }
        programs.insert(instruction.program_index.into());
        // Unlike `Iterator::max`, this becomes instructions for sixteen bytes at once.
        account_max = instruction.accounts.iter().fold(account_max, |max, index| max.max(*index));
    }
    Some(Ok((account_max, programs)))
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
    use super::super::made::{ALL, made};
    use super::super::{LEN_MAX, LEN_MIN, V1_LEN_MAX};
    use super::*;
    use proptest::prelude::*;

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
