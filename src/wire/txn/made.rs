//! One transaction of each version for the tests, written by the crates that validators use.

use super::Version;
use solana_sdk::hash::Hash;
use solana_sdk::message::compiled_instruction::CompiledInstruction;
use solana_sdk::message::v0::MessageAddressTableLookup;
use solana_sdk::message::{MessageHeader, VersionedMessage, legacy, v0, v1};
use solana_sdk::pubkey::Pubkey;
use solana_sdk::transaction::VersionedTransaction;

/// Every version, in the order of its number.
pub(super) const ALL: [Version; 3] = [Version::Legacy, Version::V0, Version::V1];

/// Two signers of whom the second only reads, four other keys of which the last two are only
/// read, two instructions; in v0 two lookup tables.
pub(super) fn made(version: Version) -> Vec<u8> {
    let header = MessageHeader {
        num_required_signatures: 2,
        num_readonly_signed_accounts: 1,
        num_readonly_unsigned_accounts: 2,
    };
    let account_keys: Vec<Pubkey> = (1..=6).map(|byte| Pubkey::from([byte; 32])).collect();
    let recent_blockhash = Hash::from([9; 32]);
    let instructions = vec![
        CompiledInstruction { program_id_index: 4, accounts: vec![0, 1, 2], data: vec![7; 200] },
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
            if let Some(last) = instructions.last_mut() {
                last.accounts = vec![0, 9];
            }
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
