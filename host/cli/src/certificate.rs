//! What a listener of ours is told of TLS.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use dongting_registry::Certificate;

#[derive(Args)]
pub struct TlsFiles {
    /// A certificate (PEM), with those between it and its authority behind it. With it only https:// is spoken.
    #[arg(long, env = "DONGTING_TLS_CERT", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's secret key (PEM).
    #[arg(long, env = "DONGTING_TLS_KEY", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

impl TlsFiles {
    /// None for plain http.
    pub fn read(&self) -> Result<Option<Certificate>> {
        match (&self.tls_cert, &self.tls_key) {
            (Some(chain), Some(key)) => Ok(Some(Certificate::read(chain, key)?)),
            _ => Ok(None),
        }
    }
}
