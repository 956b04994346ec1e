//! TLS of the listener.

use super::config::Tls;
use crate::error::{Error, Result};
use crate::keys::secret_bytes;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::Arc;

/// What the listener shows and speaks: TLS 1.2 and 1.3, HTTP/1.1.
///
/// # Errors
/// Status 5 when a file cannot be read or others could read the key; status 3 when one is not PEM of
/// what it should be, or the key is not the certificate's.
pub(super) fn config(tls: &Tls) -> Result<Arc<ServerConfig>> {
    let name = tls.certificate.display().to_string();
    let text = std::fs::read(&tls.certificate)
        .map_err(|e| Error::os("cannot read the certificate", &e).input(&name))?;
    let chain: std::result::Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let chain = chain.ok().filter(|chain| !chain.is_empty());
    let foreign = |what: &str, name: &str| Error::foreign(what.to_owned()).input(name);
    let chain = chain.ok_or_else(|| foreign("no certificate in PEM", &name))?;
    let secret = secret_bytes(&tls.key)?;
    let key_name = tls.key.display().to_string();
    let key = PrivateKeyDer::from_pem_slice(&secret)
        .map_err(|_| foreign("no private key in PEM", &key_name))?;
    let provider = Arc::new(ring::default_provider());
    let wrong = |error: rustls::Error| Error::foreign(format!("TLS: {error}")).input(&key_name);
    let mut made = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(wrong)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(wrong)?;
    made.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(made))
}
