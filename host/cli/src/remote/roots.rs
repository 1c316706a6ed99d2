//! Whose certificates are believed: those of the system, and of the authority that the operator names.

use std::path::Path;

use anyhow::{Context, Result, bail};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use ureq::tls::{Certificate, RootCerts};

pub fn believed(authority: Option<&Path>) -> Result<RootCerts> {
    let mut all = rustls_native_certs::load_native_certs().certs;
    if let Some(file) = authority {
        all.extend(
            read(file).with_context(|| format!("the authority {} cannot be believed", file.display()))?,
        );
    }
    let all: Vec<Certificate<'static>> =
        all.iter().map(|one| Certificate::from_der(one.as_ref()).to_owned()).collect();
    Ok(RootCerts::new_with_certs(&all))
}

fn read(file: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let certificates: Vec<_> = CertificateDer::pem_file_iter(file)?.collect::<Result<_, _>>()?;
    if certificates.is_empty() {
        bail!("it has no certificate: it must be PEM, with BEGIN CERTIFICATE");
    }
    // What cannot be used would be passed over without a word later.
    let mut store = RootCertStore::empty();
    for certificate in &certificates {
        store.add(certificate.clone())?;
    }
    Ok(certificates)
}
