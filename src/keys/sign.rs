//! Ed25519 signatures.

use super::file;
use crate::error::{Error, Result};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use std::path::Path;

/// A secret key that signs. It is wiped when dropped.
///
/// ```
/// let signer = mev::keys::Signer::from_seed(&[7; 32]);
/// assert!(mev::keys::verify(&signer.public(), b"message", &signer.sign(b"message")));
/// ```
///
/// ```compile_fail
/// // Key bytes cannot be printed by accident.
/// println!("{:?}", mev::keys::Signer::from_seed(&[7; 32]));
/// ```
pub struct Signer(Box<SigningKey>);

impl Signer {
    /// The key of a 32-byte seed.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(Box::new(SigningKey::from_bytes(seed)))
    }

    /// The key of a seed followed by its public key, as Solana keeps key pairs.
    ///
    /// # Errors
    /// Status 4 when the public key is not the seed's.
    pub fn from_pair(pair: &[u8; 64]) -> Result<Self> {
        SigningKey::from_keypair_bytes(pair)
            .map(|key| Self(Box::new(key)))
            .map_err(|_| Error::damaged("the public key is not that of the secret key before it"))
    }

    /// The key in a Solana key file: a JSON array of 64 numbers, readable by its owner alone.
    ///
    /// # Errors
    /// Status 5 when it cannot be read or others could read it, 3 when it is another format, 4 when
    /// its halves do not belong together. No message holds a byte of it.
    pub fn from_file(path: &Path) -> Result<Self> {
        file::read_pair(path)
            .and_then(|pair| Self::from_pair(&pair))
            .map_err(|error| error.input(path.display().to_string()))
    }

    /// The signature of `message`. The same message always gives the same signature.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }

    /// The public key.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }
}

/// Whether `signature` is that of `message` by `public`, as a validator decides it: signatures and
/// keys of small order are refused (agave's `verify_strict`).
pub fn verify(public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    VerifyingKey::from_bytes(public)
        .is_ok_and(|key| key.verify_strict(message, &Signature::from_bytes(signature)).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::hex;
    use crate::error::Exit;

    #[test]
    fn signatures_are_those_of_rfc_8032() {
        // Section 7.1, tests 1 to 3.
        for (seed, public, message, signature) in [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            ),
            (
                "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
                "af82",
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
            ),
        ] {
            let bytes = |text: &str| hex::decode(text).unwrap();
            let signer = Signer::from_seed(bytes(seed).first_chunk().unwrap());
            let message = bytes(message);
            assert_eq!(signer.public().to_vec(), bytes(public));
            assert_eq!(signer.sign(&message).to_vec(), bytes(signature));
            let mut signature = signer.sign(&message);
            assert!(verify(&signer.public(), &message, &signature));
            assert!(!verify(&signer.public(), b"other", &signature));
            assert!(!verify(&[0; 32], &message, &signature));
            for at in 0..64 {
                signature.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1);
                assert!(!verify(&signer.public(), &message, &signature), "{at}");
                signature = signer.sign(&message);
            }
        }
    }

    #[test]
    fn a_pair_s_halves_must_belong_together() {
        let signer = Signer::from_seed(&[7; 32]);
        let mut pair = [7; 64];
        pair[32..].copy_from_slice(&signer.public());
        assert_eq!(Signer::from_pair(&pair).map(|s| s.public()).ok(), Some(signer.public()));
        pair[0] ^= 1;
        assert_eq!(Signer::from_pair(&pair).err().map(|e| e.exit()), Some(Exit::Damaged));
    }
}
