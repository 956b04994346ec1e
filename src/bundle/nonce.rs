//! Durable nonces: what a transaction may name instead of a blockhash, so that it does not grow old.
//!
//! | nonce account, 80 bytes, owned by the System program | |
//! |---|---|
//! | version u32: 1 is current, 0 must be upgraded before use | 0 |
//! | state u32: 1 is initialized | 4 |
//! | authority | 8 |
//! | nonce | 40 |
//! | lamports per signature u64 | 72 |
//!
//! Source: solana-nonce 3.2 src/versions.rs and src/state.rs. A transaction uses a nonce by advancing it in
//! its first instruction (`AdvanceNonceAccount`: the account, the sysvar of recent blockhashes, the
//! authority, which signs); whether it then succeeds or fails, the nonce is another one. So each value
//! that is known serves one bundle.

use crate::bytes::{key_at, u32_at};
use crate::dex::Account;
use crate::ids::{Key, RECENT_BLOCKHASHES, SYSTEM};
use crate::keys::Signer;
use crate::wire::txn::Transaction;
use solana_sdk::instruction::{AccountMeta, Instruction};
use solana_sdk::pubkey::Pubkey;

/// Bytes of a nonce account.
const NONCE_LEN: usize = 80;
/// `SystemInstruction::AdvanceNonceAccount`.
const ADVANCE: u32 = 4;

/// Why an account is no nonce that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonceFault {
    /// The System program does not own it, or it is not as long as one.
    NotNonce,
    /// It holds no nonce yet.
    Uninitialized,
    /// It is of the old version, which is good for no transaction until it is upgraded.
    Legacy,
    /// Its authority is neither a payer nor the key pair that was named with it.
    Authority,
}

impl NonceFault {
    /// The reason in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::NotNonce => "it is no nonce account",
            Self::Uninitialized => "it is not initialized",
            Self::Legacy => "it is of the old version: see solana upgrade-nonce-account",
            Self::Authority => "its authority is neither a payer nor the key pair named with it",
        }
    }
}

/// A nonce that a bundle can use.
pub struct Nonce {
    account: Key,
    authority: Key,
    value: [u8; 32],
    /// The authority's own key pair, if it is not the payer.
    signer: Option<Signer>,
    used: bool,
}

impl Nonce {
    /// The nonce of `account`, whose state is `state`; its authority signs by `signer`, or is one of
    /// `payers`.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn read(
        account: Key,
        state: &Account,
        signer: Option<Signer>,
        payers: &[Key],
    ) -> Result<Self, NonceFault> {
        if state.owner != SYSTEM || state.data.len() != NONCE_LEN {
            return Err(NonceFault::NotNonce);
        }
        let number = |at| u32_at(&state.data, at).ok_or(NonceFault::NotNonce);
        let key = |at| key_at(&state.data, at).copied().ok_or(NonceFault::NotNonce);
        match (number(0)?, number(4)?) {
            (0 | 1, 0) => return Err(NonceFault::Uninitialized),
            (0, 1) => return Err(NonceFault::Legacy),
            (1, 1) => {}
            _ => return Err(NonceFault::NotNonce),
        }
        let (authority, value) = (key(8)?, key(40)?);
        let known = match &signer {
            Some(signer) => signer.public() == authority,
            None => payers.contains(&authority),
        };
        if known {
            Ok(Self { account, authority, value, signer, used: false })
        } else {
            Err(NonceFault::Authority)
        }
    }

    /// What stands in the place of the blockhash.
    pub(super) fn value(&self) -> [u8; 32] {
        self.value
    }

    /// The instruction that must come first.
    pub(super) fn advance(&self) -> Instruction {
        let address = |key: &Key| Pubkey::new_from_array(*key);
        let accounts = vec![
            AccountMeta::new(address(&self.account), false),
            AccountMeta::new_readonly(address(&RECENT_BLOCKHASHES), false),
            AccountMeta::new_readonly(address(&self.authority), true),
        ];
        let data = ADVANCE.to_le_bytes().to_vec();
        Instruction { program_id: address(&SYSTEM), accounts, data }
    }

    /// Signatures of a transaction that `payer` pays for.
    pub(super) fn signatures(&self, payer: &Key) -> u8 {
        if self.authority == *payer { 1 } else { 2 }
    }

    /// The signature of the authority, if it is not the payer.
    pub(super) fn sign(&self, payer: &Key, message: &[u8]) -> Option<[u8; 64]> {
        if self.authority == *payer {
            return None;
        }
        self.signer.as_ref().map(|signer| signer.sign(message))
    }
}

/// The nonces of a run.
#[derive(Default)]
pub(super) struct Nonces(Vec<Nonce>);

impl Nonces {
    pub(super) fn new(nonces: Vec<Nonce>) -> Self {
        Self(nonces)
    }

    /// Whether transactions use nonces instead of blockhashes.
    pub(super) fn any(&self) -> bool {
        !self.0.is_empty()
    }

    /// The first nonce that a transaction of `payer` can use and none has yet.
    pub(super) fn free(&self, payer: &Key) -> Option<usize> {
        let usable =
            |nonce: &Nonce| !nonce.used && (nonce.signer.is_some() || nonce.authority == *payer);
        self.0.iter().position(usable)
    }

    pub(super) fn get(&self, at: usize) -> Option<&Nonce> {
        self.0.get(at)
    }

    /// Nonce `at` is in a bundle.
    pub(super) fn spend(&mut self, at: usize) {
        if let Some(nonce) = self.0.get_mut(at) {
            nonce.used = true;
        }
    }
}

/// The nonce account that `tx` advances in its first instruction: its blockhash is then a nonce.
pub(super) fn account_of<'a>(tx: &Transaction<'a>) -> Option<&'a Key> {
    let first = tx.instructions().next()?;
    let is_advance = tx.account_key(first.program_index) == Some(&SYSTEM)
        && u32_at(first.data, 0) == Some(ADVANCE);
    tx.account_key(*first.accounts.first()?).filter(|_| is_advance)
}

/// Whether the blockhash of `tx` is a nonce, which has no age.
pub(super) fn is_used_by(tx: &Transaction<'_>) -> bool {
    account_of(tx).is_some()
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]
pub(super) mod tests {
    use super::*;

    /// A nonce account of `authority` that holds `value`, as `bincode` writes solana-nonce's `Versions`.
    pub(in crate::bundle) fn account(authority: Key, value: [u8; 32]) -> Account {
        let state = (1u32, 1u32, authority, value, 5000u64);
        Account { owner: SYSTEM, data: bincode::serialize(&state).unwrap(), slot: 0 }
    }

    #[test]
    fn an_account_is_a_nonce_or_says_why_not() {
        let signer = || Signer::from_seed(&[5; 32]);
        let authority = signer().public();
        let good = account(authority, [7; 32]);
        assert_eq!(good.data.len(), NONCE_LEN);
        let of_payer = Nonce::read([1; 32], &good, None, &[[2; 32], authority]).unwrap();
        assert_eq!((of_payer.value(), of_payer.signatures(&authority)), ([7; 32], 1));
        let of_other = Nonce::read([1; 32], &good, Some(signer()), &[]).unwrap();
        assert_eq!(of_other.signatures(&[2; 32]), 2);
        let fault = |state: &Account, signer| Nonce::read([1; 32], state, signer, &[]).err();
        assert_eq!(fault(&good, None), Some(NonceFault::Authority));
        let stranger = Some(Signer::from_seed(&[6; 32]));
        assert_eq!(fault(&good, stranger), Some(NonceFault::Authority));
        let with = |at: usize, value| {
            let mut changed = good.clone();
            changed.data[at] = value;
            fault(&changed, Some(signer()))
        };
        assert_eq!(with(0, 0), Some(NonceFault::Legacy));
        assert_eq!(with(4, 0), Some(NonceFault::Uninitialized));
        assert_eq!(
            (with(0, 2), with(4, 2)),
            (Some(NonceFault::NotNonce), Some(NonceFault::NotNonce))
        );
        let mut short = good.clone();
        short.data.pop();
        assert_eq!(fault(&short, Some(signer())), Some(NonceFault::NotNonce));
        let foreign = Account { owner: [3; 32], ..good };
        assert_eq!(fault(&foreign, Some(signer())), Some(NonceFault::NotNonce));
    }

    #[test]
    fn each_value_serves_once_and_only_who_may_use_it() {
        let signer = Signer::from_seed(&[5; 32]);
        let (payer, other) = (signer.public(), [2; 32]);
        let own = account(payer, [7; 32]);
        let read = |number, signer| Nonce::read([number; 32], &own, signer, &[payer]).unwrap();
        let mut nonces = Nonces::new(vec![read(1, None), read(2, Some(signer))]);
        assert_eq!((nonces.free(&payer), nonces.free(&other)), (Some(0), Some(1)));
        nonces.spend(0);
        assert_eq!((nonces.free(&payer), nonces.free(&other)), (Some(1), Some(1)));
        nonces.spend(1);
        assert_eq!((nonces.free(&payer), nonces.free(&other)), (None, None));
        assert!(nonces.any() && !Nonces::default().any());
    }
}
