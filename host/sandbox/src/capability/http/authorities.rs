//! Whose certificates are believed when a plugin asks by `https`: those of the system's authorities, and of those that the operator names.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};
use rustls::{ClientConfig, RootCertStore};

use super::NetworkError;

/// Sessions kept for each granted host, so that the next request to it is spared half of the handshake.
const SESSIONS: usize = 8;

/// One for all installations of a host. Without a file it is the system's alone.
#[derive(Debug, Clone, Default)]
pub struct Authorities(Arc<Known>);

#[derive(Debug, Default)]
struct Known {
    named: Vec<CertificateDer<'static>>,
    /// The certificates and the algorithms, which weigh half a megabyte: all installations share them while one has a way out.
    shared: Mutex<(Weak<RootCertStore>, Weak<CryptoProvider>)>,
}

#[derive(Debug, thiserror::Error)]
pub enum AuthoritiesError {
    #[error("the certificates {file} cannot be read: name a PEM file, with BEGIN CERTIFICATE", file = file.display())]
    Read {
        file: PathBuf,
        #[source]
        source: pem::Error,
    },
    #[error("certificate {number} in {file} cannot be used: have it from its authority again, or take it out", file = file.display())]
    Certificate {
        file: PathBuf,
        /// From 1.
        number: usize,
        #[source]
        source: rustls::Error,
    },
}

impl Authorities {
    /// The system's, and those of a PEM file. Each of its certificates must be usable: one that is passed over without a word is missed when a
    /// connection is refused, months later.
    pub fn read(file: &Path) -> Result<Self, AuthoritiesError> {
        let unread = |source| AuthoritiesError::Read { file: file.to_owned(), source };
        let named: Vec<_> =
            CertificateDer::pem_file_iter(file).map_err(unread)?.collect::<Result<_, _>>().map_err(unread)?;
        if named.is_empty() {
            return Err(unread(pem::Error::NoItemsFound));
        }
        let mut usable = RootCertStore::empty();
        for (before, certificate) in named.iter().enumerate() {
            let (file, number) = (file.to_owned(), before + 1);
            usable.add(certificate.clone()).map_err(|source| AuthoritiesError::Certificate {
                file,
                number,
                source,
            })?;
        }
        Ok(Self(Arc::new(Known { named, shared: Mutex::default() })))
    }

    /// The settings of one installation. Its sessions are its own: no server can tell by them who else runs here.
    pub(super) fn tls(&self, hosts: usize) -> Result<Arc<ClientConfig>, NetworkError> {
        let (roots, provider) = self.shared();
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| NetworkError::Tls(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.resumption = rustls::client::Resumption::in_memory_sessions(SESSIONS * hosts.max(1));
        Ok(Arc::new(config))
    }

    fn shared(&self) -> (Arc<RootCertStore>, Arc<CryptoProvider>) {
        let mut shared = self.0.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(roots), Some(provider)) = (shared.0.upgrade(), shared.1.upgrade()) {
            return (roots, provider);
        }
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        roots.add_parsable_certificates(self.0.named.iter().cloned());
        let made = (Arc::new(roots), Arc::new(rustls::crypto::ring::default_provider()));
        *shared = (Arc::downgrade(&made.0), Arc::downgrade(&made.1));
        made
    }
}

/// Whether they name the same certificates.
impl PartialEq for Authorities {
    fn eq(&self, other: &Self) -> bool {
        self.0.named == other.0.named
    }
}
