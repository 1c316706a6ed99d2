//! What a listener shows to whoever connects, so that nobody on the way reads along: a certificate with its secret key.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

#[derive(Debug, Clone)]
pub struct Certificate(pub(crate) Arc<ServerConfig>);

#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    #[error("the certificate {path} cannot be read: it must be PEM, with BEGIN CERTIFICATE, its own first", path = path.display())]
    Chain {
        path: PathBuf,
        #[source]
        source: pem::Error,
    },
    #[error("the certificate's key {path} cannot be read: it must be PEM, with BEGIN PRIVATE KEY and no passphrase", path = path.display())]
    Key {
        path: PathBuf,
        #[source]
        source: pem::Error,
    },
    #[error("the certificate {chain} and the key {key} cannot be used together", chain = chain.display(), key = key.display())]
    Pair {
        chain: PathBuf,
        key: PathBuf,
        #[source]
        source: rustls::Error,
    },
}

impl Certificate {
    /// Reads two PEM files: the certificate with those between it and its authority, and its secret key.
    pub fn read(chain: &Path, key: &Path) -> Result<Self, CertificateError> {
        let unread = |source| CertificateError::Chain { path: chain.to_owned(), source };
        let certificates: Vec<_> = CertificateDer::pem_file_iter(chain)
            .map_err(unread)?
            .collect::<Result<_, _>>()
            .map_err(unread)?;
        if certificates.is_empty() {
            return Err(unread(pem::Error::NoItemsFound));
        }
        let secret = PrivateKeyDer::from_pem_file(key)
            .map_err(|source| CertificateError::Key { path: key.to_owned(), source })?;
        let unusable =
            |source| CertificateError::Pair { chain: chain.to_owned(), key: key.to_owned(), source };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .with_no_client_auth()
            .with_single_cert(certificates, secret)
            .map_err(unusable)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(Arc::new(config)))
    }
}
