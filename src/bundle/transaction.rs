//! A transaction: instructions compiled into a message, the message signed, and its wire bytes.
//!
//! Legacy format where no lookup table makes it smaller: it then says the same as v0 in two bytes less.

use super::{Reject, Tables};
use crate::ids::{ASSOCIATED_TOKEN, COMPUTE_BUDGET, Key, SYSTEM};
use solana_sdk::hash::Hash;
use solana_sdk::instruction::{AccountMeta, Instruction};
use solana_sdk::message::{Message, MessageHeader, v0};
use solana_sdk::pubkey::Pubkey;
use std::collections::HashSet;

pub use crate::wire::bundle_id;

/// Bytes of a transaction at most: what a packet holds (solana-packet `PACKET_DATA_SIZE`).
pub const TX_LEN_MAX: usize = 1232;
/// Accounts a transaction may lock at most (agave `MAX_TX_ACCOUNT_LOCKS` before feature
/// `increase_tx_account_lock_limit`).
pub const ACCOUNT_LOCKS_MAX: usize = 64;

/// Limits the transaction to `units` compute units (`ComputeBudgetInstruction::SetComputeUnitLimit`).
pub(super) fn compute_unit_limit(units: u32) -> Instruction {
    compute_budget(2, &units.to_le_bytes())
}

/// Offers `micro_lamports` for each compute unit (`ComputeBudgetInstruction::SetComputeUnitPrice`).
pub(super) fn compute_unit_price(micro_lamports: u64) -> Instruction {
    compute_budget(3, &micro_lamports.to_le_bytes())
}

fn compute_budget(tag: u8, argument: &[u8]) -> Instruction {
    let mut data = vec![tag];
    data.extend_from_slice(argument);
    Instruction { program_id: address(&COMPUTE_BUDGET), accounts: Vec::new(), data }
}

/// Moves lamports from the signer `from` to `to` (`SystemInstruction::Transfer`).
pub(super) fn transfer(from: &Key, to: &Key, lamports: u64) -> Instruction {
    let mut data = 2u32.to_le_bytes().to_vec();
    data.extend_from_slice(&lamports.to_le_bytes());
    let accounts =
        vec![AccountMeta::new(address(from), true), AccountMeta::new(address(to), false)];
    Instruction { program_id: address(&SYSTEM), accounts, data }
}

/// Creates `account`, the token account that `owner` has for `mint`, unless it exists
/// (`AssociatedTokenAccountInstruction::CreateIdempotent`).
pub(super) fn create_token_account(
    owner: &Key,
    account: &Key,
    mint: &Key,
    token_program: &Key,
) -> Instruction {
    let accounts = vec![
        AccountMeta::new(address(owner), true),
        AccountMeta::new(address(account), false),
        AccountMeta::new_readonly(address(owner), false),
        AccountMeta::new_readonly(address(mint), false),
        AccountMeta::new_readonly(address(&SYSTEM), false),
        AccountMeta::new_readonly(address(token_program), false),
    ];
    Instruction { program_id: address(&ASSOCIATED_TOKEN), accounts, data: vec![1] }
}

fn address(key: &Key) -> Pubkey {
    Pubkey::new_from_array(*key)
}

/// The bytes that `payer` signs: a message of `instructions` to land in `slot`, which looks up what it
/// can in `tables`, and which `signers` sign in all.
///
/// # Errors
/// When others than so many would have to sign, when more than 64 accounts would be locked,
/// or when the signed transaction would be longer than 1232 bytes, for want of an older table or of any.
pub(super) fn message(
    instructions: &[Instruction],
    payer: &Key,
    blockhash: &[u8; 32],
    (tables, slot): (&Tables, u64),
    signers: usize,
) -> Result<Vec<u8>, Reject> {
    // The compiler of messages panics beyond 256 keys.
    let named: usize = instructions.iter().map(|ix| ix.accounts.len().saturating_add(1)).sum();
    if named > 255 {
        return Err(Reject::TooManyAccounts);
    }
    let blockhash = Hash::new_from_array(*blockhash);
    let wanted = lookable(instructions);
    let chosen = tables.choose(&wanted, slot);
    let bytes = if chosen.is_empty() {
        let message = Message::new_with_blockhash(instructions, Some(&address(payer)), &blockhash);
        limits(message.header, message.account_keys.len(), signers)?;
        message.serialize()
    } else {
        let message = v0::Message::try_compile(&address(payer), instructions, &chosen, blockhash)
            .map_err(|_| Reject::TooManyAccounts)?;
        let looked_up = message.address_table_lookups.iter().fold(0usize, |sum, lookup| {
            let both = lookup.writable_indexes.len().saturating_add(lookup.readonly_indexes.len());
            sum.saturating_add(both)
        });
        let count = message.account_keys.len().saturating_add(looked_up);
        limits(message.header, count, signers)?;
        message.serialize()
    };
    if bytes.len().saturating_add(signatures_len(signers)) <= TX_LEN_MAX {
        return Ok(bytes);
    }
    Err(if tables.lacks_young(&wanted, slot) { Reject::YoungTable } else { Reject::TxTooLarge })
}

/// The keys that a table may hold: not those that sign, and not the programs that are called
/// (solana-message `try_extract_table_lookup`).
fn lookable(instructions: &[Instruction]) -> HashSet<Key> {
    let accounts = || instructions.iter().flat_map(|ix| &ix.accounts);
    let signers = accounts().filter(|meta| meta.is_signer).map(|meta| meta.pubkey);
    let fixed: HashSet<Pubkey> =
        signers.chain(instructions.iter().map(|ix| ix.program_id)).collect();
    let keys = accounts().map(|meta| meta.pubkey).filter(|key| !fixed.contains(key));
    keys.map(|key| key.to_bytes()).collect()
}

fn limits(header: MessageHeader, account_count: usize, signers: usize) -> Result<(), Reject> {
    if usize::from(header.num_required_signatures) != signers {
        return Err(Reject::Signers);
    }
    if account_count > ACCOUNT_LOCKS_MAX {
        return Err(Reject::TooManyAccounts);
    }
    Ok(())
}

/// Bytes before the message: the number of signatures, below 128, and they.
fn signatures_len(count: usize) -> usize {
    count.saturating_mul(64).saturating_add(1)
}

/// A transaction's wire bytes: `message` under its `signatures`, fewer than 128.
pub(super) fn wire(message: &[u8], signatures: &[[u8; 64]]) -> Vec<u8> {
    let before = signatures_len(signatures.len());
    let mut bytes = Vec::with_capacity(message.len().saturating_add(before));
    bytes.push(u8::try_from(signatures.len()).unwrap_or(u8::MAX));
    bytes.extend(signatures.iter().flatten());
    bytes.extend_from_slice(message);
    bytes
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]
mod tests {
    use super::super::tables::tests::account as table_account;
    use super::*;
    use crate::dex::AccountBook;
    use crate::wire::txn::{Transaction, Version};

    const TIP: Key = crate::ids::JITO_TIP_ACCOUNTS[0];

    const PAYER: Key = [7; 32];

    /// The message of `instructions` without tables.
    fn plain(instructions: &[Instruction]) -> Result<Vec<u8>, Reject> {
        message(instructions, &PAYER, &[3; 32], (&Tables::default(), 0), 1)
    }

    #[test]
    fn what_is_compiled_is_what_the_wire_reads() {
        let to = [9; 32];
        let instructions = [
            compute_unit_limit(200_000),
            compute_unit_price(1_000_000),
            create_token_account(&PAYER, &[5; 32], &[6; 32], &crate::ids::TOKEN),
            transfer(&PAYER, &to, 12_345),
        ];
        let message = plain(&instructions).unwrap();
        let bytes = wire(&message, &[[8; 64]]);
        let tx = Transaction::check(&bytes).unwrap();
        assert_eq!(
            (tx.version(), tx.fee_payer(), tx.blockhash()),
            (Version::Legacy, &PAYER, &[3; 32])
        );
        assert_eq!((tx.message(), tx.signatures()), (message.as_slice(), [[8; 64]].as_slice()));
        let read: Vec<_> = tx
            .instructions()
            .map(|ix| (*tx.account_key(ix.program_index).unwrap(), ix.data.to_vec()))
            .collect();
        let limit = [[2u8].as_slice(), &200_000u32.to_le_bytes()].concat();
        let price = [[3u8].as_slice(), &1_000_000u64.to_le_bytes()].concat();
        let moved = [[2u8, 0, 0, 0].as_slice(), &12_345u64.to_le_bytes()].concat();
        let expected = [
            (COMPUTE_BUDGET, limit),
            (COMPUTE_BUDGET, price),
            (ASSOCIATED_TOKEN, vec![1]),
            (SYSTEM, moved),
        ];
        assert_eq!(read, expected);
        let last = tx.instructions().last().unwrap();
        let [from, to_index] = *last.accounts else { panic!("two accounts") };
        assert!(tx.is_signer(from) && tx.is_writable(from) && tx.is_writable(to_index));
        assert_eq!(tx.account_key(to_index), Some(&to));
    }

    /// An instruction that names `count` accounts no other one names, and `len` bytes of data.
    fn with_accounts(count: u8, len: usize) -> Instruction {
        let accounts = (0..count).map(|at| {
            let mut key = [0xee; 32];
            key[0] = at;
            AccountMeta::new(address(&key), false)
        });
        Instruction {
            program_id: address(&[1; 32]),
            accounts: accounts.collect(),
            data: vec![0; len],
        }
    }

    #[test]
    fn size_accounts_and_signers_have_limits() {
        // 1 + 64 + 3 + (1 + 32 n) + 32 + 1 + 1 + (1 + accounts) + (2 + data) bytes: 32 accounts.
        let fits = |len| plain(&[with_accounts(30, len)]);
        let spare = TX_LEN_MAX - wire(&fits(0).unwrap(), &[[0; 64]]).len();
        assert_eq!(wire(&fits(spare).unwrap(), &[[0; 64]]).len(), TX_LEN_MAX);
        assert_eq!(fits(spare + 1), Err(Reject::TxTooLarge));
        // 64 accounts never fit without lookup tables, so size speaks first up to there.
        assert_eq!(plain(&[with_accounts(62, 0)]), Err(Reject::TxTooLarge));
        for count in [63, 253, 254, 255] {
            let made = plain(&[with_accounts(count, 0)]);
            assert_eq!(made, Err(Reject::TooManyAccounts), "{count}");
        }
        let other = [transfer(&[4; 32], &PAYER, 1)];
        assert_eq!(plain(&other), Err(Reject::Signers));
        // With a second signer there are 64 bytes less.
        let two = message(&other, &PAYER, &[3; 32], (&Tables::default(), 0), 2).unwrap();
        let bytes = wire(&two, &[[1; 64], [2; 64]]);
        let tx = Transaction::check(&bytes).unwrap();
        assert_eq!((tx.signatures(), tx.keys()[1]), ([[1; 64], [2; 64]].as_slice(), [4; 32]));
    }

    #[test]
    fn tables_make_room_and_the_chain_reads_the_same_accounts() {
        let named = with_accounts(55, 0);
        let keys: Vec<Key> = named.accounts.iter().map(|meta| meta.pubkey.to_bytes()).collect();
        let mut book = AccountBook::new();
        // The program that is called stands in the table too: it must stay where it is.
        let held = [&[[1; 32]][..], &keys[..50]].concat();
        book.insert([0xa1; 32], crate::ids::LOOKUP_TABLE, table_account(100, &held), 0);
        let tables = Tables::of(&book);
        let instructions = [compute_unit_limit(7), named, transfer(&PAYER, &TIP, 1000)];
        let of = |slot| message(&instructions, &PAYER, &[3; 32], (&tables, slot), 1);
        assert_eq!(of(131), Err(Reject::YoungTable));
        let none = (&Tables::default(), 132);
        assert_eq!(message(&instructions, &PAYER, &[3; 32], none, 1), Err(Reject::TxTooLarge));
        let bytes = wire(&of(132).unwrap(), &[[8; 64]]);
        let tx = Transaction::check(&bytes).unwrap();
        assert_eq!((tx.version(), tx.fee_payer()), (Version::V0, &PAYER));
        let [lookup] = tx.lookups().collect::<Vec<_>>()[..] else { panic!() };
        assert_eq!((lookup.table, lookup.readonly.len()), (&[0xa1; 32], 0));
        // Every account of the instruction, found again through the table.
        let account = |index: u8| match usize::from(index).checked_sub(tx.keys().len()) {
            None => tx.keys()[usize::from(index)],
            Some(at) => held[usize::from(lookup.writable[at])],
        };
        let called = tx.instructions().nth(1).unwrap();
        let found: Vec<Key> = called.accounts.iter().map(|index| account(*index)).collect();
        assert_eq!(found, keys);
        assert_eq!(account(called.program_index), [1; 32]);
        assert!(tx.keys().contains(&TIP));
        // More than 64 locks are too many, wherever the keys stand.
        let many = with_accounts(63, 0);
        let all: Vec<Key> = many.accounts.iter().map(|meta| meta.pubkey.to_bytes()).collect();
        book.insert([0xa1; 32], crate::ids::LOOKUP_TABLE, table_account(100, &all), 0);
        let made = message(&[many], &PAYER, &[3; 32], (&Tables::of(&book), 200), 1);
        assert_eq!(made, Err(Reject::TooManyAccounts));
    }
}
