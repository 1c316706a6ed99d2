//! The configuration read again while the host runs: installations come, go, and change their release between two batches.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use dongting_manifest::Installation;
use futures::future::join_all;

use crate::host::Host;
use crate::installed::{InstallError, chain, install};
use crate::round::Round;
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

/// What a reload did.
#[derive(Debug)]
pub struct Reloaded {
    pub installations: BTreeMap<String, Change>,
    /// Keys of the host itself that the file has otherwise by now. They wait for the next start.
    pub restart: Vec<&'static str>,
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
    pub async fn reload(&self) -> Result<Reloaded, ReloadError> {
        let path = self.config.file.clone().ok_or(ReloadError::NoFile)?;
        let config = HostConfig::read(&path)?;
        let restart = self.config.restart_for(&config);
        if !restart.is_empty() {
            tracing::warn!(
                ?restart,
                "The file says otherwise of the host itself, which it does when it is started again"
            );
        }
        self.gate.set(config.trust.policy());
        let mut slots = self.slots.lock().await;
        let mut moved = self.registry.changes();
        self.stop_what_is_distrusted(&mut slots).await;
        let mut changes = BTreeMap::new();
        let wanted: BTreeSet<&String> =
            config.installations.iter().map(|installation| &installation.id).collect();
        let gone: Vec<String> = slots.keys().filter(|id| !wanted.contains(*id)).cloned().collect();
        // Nobody asks them for anything from here on.
        gone.iter().for_each(|id| self.hide(id));
        let mut gone: Vec<(String, Slot)> =
            gone.into_iter().filter_map(|id| slots.remove_entry(&id)).collect();
        join_all(gone.iter_mut().map(|(_, slot)| slot.stop(&self.shared))).await;
        for (id, _) in gone {
            tracing::info!(installation = id, "Stopped installation `{id}`");
            changes.insert(id, Change::Stopped);
        }
        let round = self.round();
        for installation in config.installations {
            let (id, installation) = (installation.id.clone(), Arc::new(installation));
            let slot = slots.entry(id.clone()).or_insert_with(|| {
                let status = Arc::new(Status::new(self.changed.clone()));
                Slot::new(Arc::clone(&installation), status, self.holder.clone())
            });
            let change = self.change(&round, slot, installation).await;
            changes.insert(id, change);
            // Many that are compiled take minutes, for which nobody else looks after what was revoked meanwhile.
            if moved.has_changed().unwrap_or(false) {
                moved.mark_unchanged();
                self.stop_what_is_distrusted(&mut slots).await;
            }
        }
        Ok(Reloaded { installations: changes, restart })
    }

    async fn stop_what_is_distrusted(&self, slots: &mut BTreeMap<String, Slot>) {
        if let Err(error) = self.stop_distrusted(slots).await {
            let reason = chain(&error);
            tracing::error!(
                reason,
                "Whether all that runs is still trusted cannot be asked now; it is asked again when the registry changes"
            );
        }
    }

    /// Brings one installation to what was asked for, and shows it.
    pub(crate) async fn change(
        &self,
        round: &Round<'_>,
        slot: &mut Slot,
        installation: Arc<Installation>,
    ) -> Change {
        let change = self.changed_to(round, slot, installation).await;
        self.show(slot);
        change
    }

    async fn changed_to(
        &self,
        round: &Round<'_>,
        slot: &mut Slot,
        installation: Arc<Installation>,
    ) -> Change {
        slot.ask(&installation);
        let before = slot.installed();
        if let Some(before) = &before
            && before.installation == installation
            && installation.shadow.is_none()
            && installation.shadow_release.is_none()
            && (before.signed.is_some()
                || digest(round, &installation).await.as_deref() == Some(before.digest.as_str()))
            && round.hash(&installation.attachments).await.as_ref() == Some(&before.attachments)
        {
            return Change::Unchanged;
        }
        let began = Instant::now();
        let status = Arc::clone(&slot.status);
        let installed = async {
            let mut installed = install(round, &self.shared.store, installation, status).await?;
            if let Some(reason) = installed.shadow.as_ref().and_then(|shadow| shadow.refused()) {
                // What was at work goes on as it was; where nothing was, the release begins without its shadow.
                if before.is_some() {
                    return Err(InstallError::Shadow(reason.to_owned()));
                }
                tracing::warn!(installation = installed.id(), reason, "It runs without its shadow");
            }
            // Held until the release is at work: no call of the one before it comes between.
            let turn = slot.brought(&mut installed, &self.shared).await?;
            installed.note_version().await?;
            Ok((installed, turn))
        };
        let installed = installed.await;
        match (installed, before) {
            (Ok((installed, _turn)), before) => {
                self.keep_grants(&installed).await;
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
            (Err(error), before) => {
                if before.is_none() {
                    // Nobody here works with the lease that may have been taken to bring along what is kept.
                    slot.leave(&self.shared).await;
                }
                Change::Refused(refused(slot, &error, before.is_some()))
            }
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

/// Of the component that the file has now; none where it cannot be loaded, which `install` says better. A release never changes.
async fn digest(round: &Round<'_>, installation: &Installation) -> Option<String> {
    Some(round.code(&installation.code().ok()?).await.ok()?.release.digest().to_owned())
}
