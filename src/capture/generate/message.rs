//! Transactions: instructions compiled into a message, written in one of its three forms, signed.
//!
//! ```text
//! legacy  signatures | header, keys, blockhash, instructions
//! v0      signatures | 0x80, header, keys, blockhash, instructions, lookups (none)
//! v1      0x81, header, config mask, blockhash, counts, keys, config, instructions | signatures
//! ```
//!
//! Source: solana-message 4.6 (legacy, v0), SIMD-0385 (v1); facts/wire.md 4.9.

use crate::bytes::compact_u16;
use crate::ids::{COMPUTE_BUDGET, Key};
use solana_sdk::hash::Hash;
use solana_sdk::instruction::Instruction;
use solana_sdk::message::Message;
use solana_sdk::pubkey::Pubkey;

use super::world::Signer;

/// A form of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Without a version.
    Legacy,
    /// Version 0, without lookup tables.
    V0,
    /// Version 1.
    V1,
}

/// What a transaction pays to be included, as ComputeBudget instructions or as v1's config.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Most compute units it may use.
    pub units: u32,
    /// Price of a compute unit, in millionths of a lamport.
    pub micro_lamports: u64,
}

/// A signed transaction on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Its bytes.
    pub wire: Vec<u8>,
    /// Its only signature.
    pub signature: [u8; 64],
}

/// The transaction of `instructions`, paid and signed by `signer` alone.
pub fn sign(
    form: Form,
    signer: &Signer,
    budget: Option<Budget>,
    instructions: &[Instruction],
    blockhash: &[u8; 32],
) -> Signed {
    let mut all = Vec::with_capacity(instructions.len() + 2);
    if let Some(budget) = budget.filter(|_| form != Form::V1) {
        all.extend(compute_budget(budget));
    }
    all.extend_from_slice(instructions);
    let payer = Pubkey::new_from_array(signer.key);
    let message =
        Message::new_with_blockhash(&all, Some(&payer), &Hash::new_from_array(*blockhash));
    let bytes = match form {
        Form::Legacy => classic(&message),
        Form::V0 => [&[0x80][..], &classic(&message), &[0]].concat(),
        Form::V1 => v1(&message, budget),
    };
    let signature = signer.sign(&bytes);
    let wire = match form {
        Form::Legacy | Form::V0 => [&[1][..], &signature, &bytes].concat(),
        Form::V1 => [&bytes[..], &signature].concat(),
    };
    Signed { wire, signature }
}

/// SetComputeUnitLimit (tag 2) and SetComputeUnitPrice (tag 3).
fn compute_budget(budget: Budget) -> [Instruction; 2] {
    let program_id = Pubkey::new_from_array(COMPUTE_BUDGET);
    let ix = |data: Vec<u8>| Instruction { program_id, accounts: Vec::new(), data };
    [
        ix([&[2][..], &budget.units.to_le_bytes()].concat()),
        ix([&[3][..], &budget.micro_lamports.to_le_bytes()].concat()),
    ]
}

fn header(message: &Message) -> [u8; 3] {
    let header = &message.header;
    [
        header.num_required_signatures,
        header.num_readonly_signed_accounts,
        header.num_readonly_unsigned_accounts,
    ]
}

fn keys(message: &Message) -> impl Iterator<Item = Key> {
    message.account_keys.iter().map(Pubkey::to_bytes)
}

/// What legacy and v0 messages share.
fn classic(message: &Message) -> Vec<u8> {
    let mut to = header(message).to_vec();
    count(&mut to, message.account_keys.len());
    keys(message).for_each(|key| to.extend(key));
    to.extend(message.recent_blockhash.to_bytes());
    count(&mut to, message.instructions.len());
    for ix in &message.instructions {
        to.push(ix.program_id_index);
        count(&mut to, ix.accounts.len());
        to.extend_from_slice(&ix.accounts);
        count(&mut to, ix.data.len());
        to.extend_from_slice(&ix.data);
    }
    to
}

/// A v1 message: what it pays is in its config (bits 0 and 1 the priority fee, bit 2 the units).
fn v1(message: &Message, budget: Option<Budget>) -> Vec<u8> {
    let mut to = vec![0x81];
    to.extend(header(message));
    to.extend((if budget.is_some() { 0b111u32 } else { 0 }).to_le_bytes());
    to.extend(message.recent_blockhash.to_bytes());
    to.extend([message.instructions.len(), message.account_keys.len()].map(byte));
    keys(message).for_each(|key| to.extend(key));
    if let Some(budget) = budget {
        let fee = u128::from(budget.units) * u128::from(budget.micro_lamports);
        let fee = u64::try_from(fee.div_ceil(1_000_000)).unwrap_or(u64::MAX);
        to.extend(fee.to_le_bytes());
        to.extend(budget.units.to_le_bytes());
    }
    for ix in &message.instructions {
        to.extend([ix.program_id_index, byte(ix.accounts.len())]);
        to.extend(u16::try_from(ix.data.len()).unwrap_or(u16::MAX).to_le_bytes());
    }
    for ix in &message.instructions {
        to.extend_from_slice(&ix.accounts);
        to.extend_from_slice(&ix.data);
    }
    to
}

/// Counts of our own instructions are far below 256.
fn byte(count: usize) -> u8 {
    debug_assert!(count < 256);
    u8::try_from(count).unwrap_or(u8::MAX)
}

fn count(to: &mut Vec<u8>, count: usize) {
    let (bytes, len) = compact_u16(u16::try_from(count).unwrap_or(u16::MAX));
    to.extend(bytes.into_iter().take(len));
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::rng::Rng;
    use super::*;
    use crate::wire::txn::{Transaction, Version};
    use ed25519_dalek::{Signature, Verifier, VerifyingKey};
    use solana_sdk::instruction::AccountMeta;

    #[test]
    fn every_form_reads_back_and_its_signature_holds() {
        let signer = Signer::draw(&mut Rng::new(3));
        let [program, account] = [[7; 32], [8; 32]].map(Pubkey::new_from_array);
        let accounts = vec![AccountMeta::new(account, false)];
        let ix = Instruction { program_id: program, accounts, data: vec![1, 2, 3] };
        let budget = Budget { units: 200_000, micro_lamports: 1001 };
        for (form, version) in
            [(Form::Legacy, Version::Legacy), (Form::V0, Version::V0), (Form::V1, Version::V1)]
        {
            for budget in [None, Some(budget)] {
                let signed = sign(form, &signer, budget, std::slice::from_ref(&ix), &[9; 32]);
                let txn = Transaction::check(&signed.wire).unwrap();
                assert_eq!(txn.version(), version);
                assert_eq!((txn.signature(), txn.blockhash()), (&signed.signature, &[9; 32]));
                assert_eq!(*txn.fee_payer(), signer.key);
                let last = txn.instructions().last().unwrap();
                assert_eq!(last.data, [1, 2, 3]);
                assert_eq!(txn.account_key(last.program_index), Some(&[7; 32]));
                assert_eq!(txn.account_key(last.accounts[0]), Some(&[8; 32]));
                assert!(txn.is_writable(last.accounts[0]));
                let classic = if form == Form::V1 { 0 } else { 2 * usize::from(budget.is_some()) };
                assert_eq!(txn.instructions().len(), 1 + classic);
                if form == Form::V1 && budget.is_some() {
                    let config = txn.config();
                    assert_eq!(config.priority_fee_lamports, Some(201), "200.2 rounds up");
                    assert_eq!(config.compute_unit_limit, Some(200_000));
                }
                let key = VerifyingKey::from_bytes(&signer.key).unwrap();
                let signature = Signature::from_bytes(&signed.signature);
                key.verify(txn.message(), &signature).unwrap();
            }
        }
    }
}
