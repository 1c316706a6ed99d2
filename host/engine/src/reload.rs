//! The configuration read again while the host runs: installations come, go, and change their release between two batches.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use dongting_manifest::Installation;
use sha2::{Digest, Sha256};

use crate::host::Host;
use crate::installed::{InstallError, chain, install};
use crate::slot::Slot;
use crate::status::{State, Status};
use crate::{HostConfig, HostConfigError};

/// What became of an installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Unchanged,
    Started,
    /// From the release that was at work to another, or to other settings.
    Changed {
        from: String,
        to: String,
    },
    /// What was asked for cannot run; what was at work goes on.
    Refused(String),
    Stopped,
}

#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    #[error("the host was started without a configuration file: start it with --config")]
    NoFile,
    #[error(transparent)]
    Config(#[from] HostConfigError),
}

impl Host {
    /// Reads the configuration file again and does what it says. One reload at a time.
    pub async fn reload(&self) -> Result<BTreeMap<String, Change>, ReloadError> {
        let path = self.config.file.clone().ok_or(ReloadError::NoFile)?;
        let config = HostConfig::read(&path)?;
        self.gate.set(config.trust.policy());
        let mut slots = self.slots.lock().await;
        let mut changes = BTreeMap::new();
        let wanted: Vec<&String> = config.installations.iter().map(|installation| &installation.id).collect();
        let gone: Vec<String> = slots.keys().filter(|id| !wanted.contains(id)).cloned().collect();
        for id in gone {
            if let Some(mut slot) = slots.remove(&id) {
                slot.stop(&self.shared).await;
                tracing::info!(installation = id, "Stopped installation `{id}`");
                changes.insert(id, Change::Stopped);
            }
        }
        for installation in config.installations {
            let id = installation.id.clone();
            let slot = slots.entry(id.clone()).or_insert_with(|| {
                let status = Arc::new(Status::new(self.changed.clone()));
                Slot::new(installation.clone(), status, self.holder.clone())
            });
            let change = self.change(slot, installation).await;
            changes.insert(id, change);
            self.show(&slots);
        }
        self.show(&slots);
        Ok(changes)
    }

    /// Brings one installation to what was asked for.
    pub(crate) async fn change(&self, slot: &mut Slot, installation: Installation) -> Change {
        self.stop_distrusted(slot).await;
        let before = slot.installed();
        if let Some(before) = &before
            && before.installation == installation
            && installation.shadow.is_none()
            && installation.shadow_release.is_none()
            && (before.signed.is_some()
                || digest(&installation).await.as_deref() == Some(before.digest.as_str()))
        {
            return Change::Unchanged;
        }
        let began = Instant::now();
        let installed = install(
            &self.gate,
            (&self.sandbox, &self.shared.bulk.handle),
            &self.shared.store,
            installation,
            Arc::clone(&slot.status),
        )
        .await;
        match (installed, before) {
            (Ok(installed), before) => {
                if let Err(error) = self.keep_grants(&installed).await {
                    tracing::warn!("The lineage will not tell what it is granted: {}", chain(&error));
                }
                let to = installed.reference.clone();
                slot.put(installed, &self.shared);
                match before {
                    None => Change::Started,
                    Some(before) => {
                        let from = before.reference.clone();
                        let took = began.elapsed();
                        tracing::info!(from, to, ?took, "Changed installation `{}`", before.id());
                        Change::Changed { from, to }
                    }
                }
            }
            (Err(error), before) => Change::Refused(refused(slot, &error, before.is_some())),
        }
    }
}

fn refused(slot: &Slot, error: &InstallError, goes_on: bool) -> String {
    let (id, reason) = (&slot.installation.id, chain(error));
    if slot.status.state() == State::Refused(reason.clone()) {
        // It was tried again since the registry has changed, and is told already.
        return reason;
    }
    tracing::error!(installation = id, reason, goes_on, "Installation `{id}` cannot run as it was asked for");
    if !goes_on {
        slot.status.set(State::Refused(reason.clone()));
    }
    reason
}

/// Of the component that the file has now; none where it cannot be read, which `install` says better. A release never changes.
async fn digest(installation: &Installation) -> Option<String> {
    let bytes = tokio::fs::read(installation.component.as_ref()?).await.ok()?;
    Some(Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}
