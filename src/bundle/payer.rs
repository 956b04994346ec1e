//! Who pays and signs.

use crate::ids::{Key, SYSTEM};
use crate::keys::Signer;

/// Who pays for transactions and owns the token accounts.
pub enum Payer {
    /// A key pair: transactions are signed.
    Signs(Signer),
    /// A public key alone: transactions are left unsigned.
    Named(Key),
    /// Nobody: no opportunity can be built.
    Nobody,
}

impl Payer {
    /// The public key; that of the System program, which pays for nothing, for nobody.
    pub fn key(&self) -> Key {
        match self {
            Self::Signs(signer) => signer.public(),
            Self::Named(key) => *key,
            Self::Nobody => SYSTEM,
        }
    }

    /// The signature over `message`; `None` without a key pair.
    pub(super) fn sign(&self, message: &[u8]) -> Option<[u8; 64]> {
        match self {
            Self::Signs(signer) => Some(signer.sign(message)),
            Self::Named(_) | Self::Nobody => None,
        }
    }
}
