//! What the operator may set, as the table `registry` of dongting.toml or by the options of `dongting registry serve`.

use std::time::Duration;

use serde::Deserialize;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RegistryOptions {
    /// Who may read without a token.
    pub anonymous_read: AnonymousRead,
    /// What all that a vendor has here may come to, unless the vendor has a quota of its own.
    pub quota_mib: u64,
    /// The largest blob. The sandbox takes no component of more than 64 MiB.
    pub max_blob_mib: u64,
    /// Uploads that a vendor may have begun and not finished.
    pub uploads_per_vendor: u32,
    /// An upload that nobody has gone on with for so long is dropped.
    pub upload_seconds: u32,
    /// A blob that no manifest names, and a statement whose subject never came, are kept for so long.
    pub grace_hours: u32,
    /// Where clients find this registry, for example `https://registry.example.org`. None for what they ask for as host.
    pub public_url: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnonymousRead {
    /// Those on this machine. Behind a proxy on this machine that would be all.
    Loopback,
    Never,
    Anyone,
}

impl Default for RegistryOptions {
    fn default() -> Self {
        Self {
            anonymous_read: AnonymousRead::Loopback,
            quota_mib: 4096,
            max_blob_mib: 64,
            uploads_per_vendor: 16,
            upload_seconds: 3600,
            grace_hours: 24,
            public_url: None,
        }
    }
}

impl RegistryOptions {
    pub(crate) fn quota(&self) -> u64 {
        self.quota_mib.saturating_mul(1 << 20)
    }

    pub(crate) fn max_blob(&self) -> u64 {
        self.max_blob_mib.saturating_mul(1 << 20)
    }

    pub(crate) fn upload_age(&self) -> Duration {
        Duration::from_secs(u64::from(self.upload_seconds))
    }

    pub(crate) fn grace(&self) -> Duration {
        Duration::from_secs(u64::from(self.grace_hours) * 3600)
    }
}
