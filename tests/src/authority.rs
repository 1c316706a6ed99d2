//! A province's authority: certificates that no system knows, made for one test.

use std::path::{Path, PathBuf};

use anyhow::Result;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

pub struct Authority {
    folder: TempDir,
    issuer: Issuer<'static, KeyPair>,
}

/// A server's certificate and its secret key, as files.
pub struct Files {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Authority {
    pub fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.distinguished_name.push(DnType::CommonName, "the province's authority");
        let key = KeyPair::generate()?;
        std::fs::write(folder.path().join("ca.crt"), parameters.self_signed(&key)?.pem())?;
        Ok(Self { folder, issuer: Issuer::new(parameters, key) })
    }

    /// The file of its own certificate, alone in its folder but for those it has issued.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("ca.crt")
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A certificate for a server of this name or address.
    pub fn issue(&self, name: &str) -> Result<Files> {
        let key = KeyPair::generate()?;
        let parameters = CertificateParams::new(vec![name.to_owned()])?;
        let certificate = parameters.signed_by(&key, &self.issuer)?;
        let at = |ending: &str| self.folder.path().join(format!("{name}.{ending}"));
        let files = Files { certificate: at("pem"), key: at("secret") };
        std::fs::write(&files.certificate, certificate.pem())?;
        std::fs::write(&files.key, key.serialize_pem())?;
        Ok(files)
    }
}
