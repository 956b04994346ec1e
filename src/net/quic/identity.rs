//! Who we are to a peer: a certificate around a public key, and TLS that signs with its secret half.
//!
//! A validator reads nothing of the certificate but the public key, to look up its stake; that the
//! other side has the secret key is what the handshake proves. So the certificate is a template with
//! one hole, and its signature is none.

use crate::error::{Error, Result};
use crate::keys::Signer;
use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::{CertifiedKey, SigningKey, SingleCertAndKey};
use rustls::{DigitallySignedStruct, SignatureAlgorithm, SignatureScheme};
use std::fmt;
use std::sync::Arc;

/// Bytes of a certificate.
pub const CERTIFICATE_LEN: usize = BEFORE_KEY.len() + 32 + AFTER_KEY.len();

/// X.509 up to the key: version 3, serial number 0x0101010101010101, Ed25519, issuer "Solana node",
/// valid from 1970 to 4096, no subject, an Ed25519 key (agave v4.2.2 tls-utils
/// `new_dummy_x509_certificate`).
const BEFORE_KEY: &[u8] = &[
    0x30, 0x81, 0xf6, 0x30, 0x81, 0xa9, 0xa0, 0x03, 0x02, 0x01, 0x02, 0x02, 0x08, 0x01, 0x01, 0x01,
    0x01, 0x01, 0x01, 0x01, 0x01, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x30, 0x16, 0x31, 0x14,
    0x30, 0x12, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x0b, 0x53, 0x6f, 0x6c, 0x61, 0x6e, 0x61, 0x20,
    0x6e, 0x6f, 0x64, 0x65, 0x30, 0x20, 0x17, 0x0d, 0x37, 0x30, 0x30, 0x31, 0x30, 0x31, 0x30, 0x30,
    0x30, 0x30, 0x30, 0x30, 0x5a, 0x18, 0x0f, 0x34, 0x30, 0x39, 0x36, 0x30, 0x31, 0x30, 0x31, 0x30,
    0x30, 0x30, 0x30, 0x30, 0x30, 0x5a, 0x30, 0x00, 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65,
    0x70, 0x03, 0x21, 0x00,
];

/// X.509 behind the key: the name "localhost", no certificate authority, and an Ed25519 signature of
/// all ones (the same place).
const AFTER_KEY: &[u8] = &[
    0xa3, 0x29, 0x30, 0x27, 0x30, 0x17, 0x06, 0x03, 0x55, 0x1d, 0x11, 0x01, 0x01, 0xff, 0x04, 0x0d,
    0x30, 0x0b, 0x82, 0x09, 0x6c, 0x6f, 0x63, 0x61, 0x6c, 0x68, 0x6f, 0x73, 0x74, 0x30, 0x0c, 0x06,
    0x03, 0x55, 0x1d, 0x13, 0x01, 0x01, 0xff, 0x04, 0x02, 0x30, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b,
    0x65, 0x70, 0x03, 0x41, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff,
];

/// The certificate of the Ed25519 key `public`.
pub fn certificate(public: &[u8; 32]) -> Vec<u8> {
    [BEFORE_KEY, public, AFTER_KEY].concat()
}

/// A key pair that introduces itself. Its secret half stays in the signer.
#[derive(Clone)]
pub struct Identity(Arc<Signer>);

impl Identity {
    /// The identity of `signer`.
    pub fn new(signer: Signer) -> Self {
        Self(Arc::new(signer))
    }

    /// An identity that nobody has seen before.
    ///
    /// # Errors
    /// Status 5 when the system gives no random bytes.
    pub fn random() -> Result<Self> {
        let mut seed = zeroize::Zeroizing::new([0; 32]);
        let filled = ring::default_provider().secure_random.fill(seed.as_mut_slice());
        let why = std::io::Error::other("the random generator failed");
        filled.map_err(|_| Error::os("cannot make an identity", &why))?;
        Ok(Self::new(Signer::from_seed(&seed)))
    }

    /// The public key.
    pub fn public(&self) -> [u8; 32] {
        self.0.public()
    }

    /// The certificate and the key behind it, as TLS wants them on either side of a connection.
    pub fn certified(&self) -> Arc<CertifiedKey> {
        let chain = vec![CertificateDer::from(certificate(&self.public()))];
        Arc::new(CertifiedKey::new(chain, Arc::new(self.clone())))
    }

    /// The same for the client's side.
    pub(super) fn resolver(&self) -> Arc<dyn ResolvesClientCert> {
        Arc::new(SingleCertAndKey::from(self.certified()))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", crate::bytes::base58::Key(&self.public()))
    }
}

impl SigningKey for Identity {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn rustls::sign::Signer>> {
        offered.contains(&SignatureScheme::ED25519).then(|| Box::new(self.clone()) as Box<_>)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ED25519
    }
}

impl rustls::sign::Signer for Identity {
    fn sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, rustls::Error> {
        Ok(self.0.sign(message).to_vec())
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ED25519
    }
}

/// Cryptography of ring, with X25519 as the only key exchange: what validators restrict themselves
/// to (agave v4.2.2 tls-utils `crypto_provider`), and one key share to make instead of several.
pub(super) fn provider() -> CryptoProvider {
    CryptoProvider { kx_groups: vec![ring::kx_group::X25519], ..ring::default_provider() }
}

/// Believes any certificate whose key signed the handshake.
#[derive(Debug)]
pub(super) struct AnyPeer(pub(super) Arc<CryptoProvider>);

impl ServerCertVerifier for AnyPeer {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        // QUIC is TLS 1.3 alone (RFC 9001 section 4.2).
        Err(rustls::Error::General("TLS 1.2".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Length of the DER element at the front of `der`, and what it holds.
    fn element(der: &[u8], tag: u8) -> (&[u8], &[u8]) {
        assert_eq!(der[0], tag);
        let (len, at) = match der[1] {
            long @ 0x81.. => (usize::from(der[2]), usize::from(long - 0x80) + 2),
            short => (usize::from(short), 2),
        };
        (&der[at..at + len], &der[at + len..])
    }

    #[test]
    fn the_certificate_is_der_all_through_and_holds_the_key() {
        let key: [u8; 32] = std::array::from_fn(|at| u8::try_from(at).unwrap());
        let made = certificate(&key);
        // agave reserves 0xf4 bytes and writes 0xf9: 3 of tag and length, 0xf6 of content.
        assert_eq!((made.len(), CERTIFICATE_LEN), (0xf9, 0xf9));
        let (whole, rest) = element(&made, 0x30);
        assert!(rest.is_empty());
        let (signed, rest) = element(whole, 0x30);
        let (algorithm, rest) = element(rest, 0x30);
        assert_eq!(algorithm, [0x06, 0x03, 0x2b, 0x65, 0x70]);
        let (signature, rest) = element(rest, 0x03);
        assert!(rest.is_empty() && signature == [&[0][..], &[0xff; 64]].concat());
        let mut rest = signed;
        for tag in [0xa0, 0x02, 0x30, 0x30, 0x30, 0x30] {
            rest = element(rest, tag).1;
        }
        let (info, rest) = element(rest, 0x30);
        let bits = element(element(info, 0x30).1, 0x03).0;
        assert_eq!(bits, [&[0][..], &key].concat());
        assert!(element(rest, 0xa3).1.is_empty());
    }

    #[test]
    fn an_identity_signs_ed25519_alone_and_shows_its_public_half() {
        let identity = Identity::new(Signer::from_seed(&[7; 32]));
        assert!(identity.choose_scheme(&[SignatureScheme::RSA_PSS_SHA256]).is_none());
        let signer = identity.choose_scheme(&[SignatureScheme::ED25519]).unwrap();
        let signature: [u8; 64] = signer.sign(b"hello").unwrap().try_into().unwrap();
        assert!(crate::keys::verify(&identity.public(), b"hello", &signature));
        let shown = format!("{identity:?} {signer:?}");
        assert!(!shown.contains("7, 7") && shown.contains("Identity("), "{shown}");
    }

    #[test]
    fn random_identities_differ() {
        let two = [Identity::random().unwrap(), Identity::random().unwrap()];
        assert_ne!(two[0].public(), two[1].public());
    }

    #[test]
    fn the_only_key_exchange_is_x25519() {
        let groups: Vec<_> = provider().kx_groups.iter().map(|group| group.name()).collect();
        assert_eq!(groups, [rustls::NamedGroup::X25519]);
    }
}
