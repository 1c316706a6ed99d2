//! Trust withdrawn while the host runs: a key revoked, a release yanked, a reviewer no longer named. What runs by it stops within seconds
//! and says why. The same way trust comes: what waits for a review starts once it is there.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use dongting_registry::RegistryError;
use tokio::sync::watch;

use crate::gate::{Check, GateError, is_passing};
use crate::host::Host;
use crate::installed::{Installed, chain};
use crate::slot::Slot;

/// The registry could not be asked.
const AGAIN: Duration = Duration::from_secs(1);

/// Looks at everything again whenever the registry has changed, for as long as the host lives.
pub async fn follow(host: Weak<Host>, mut changes: watch::Receiver<u64>) {
    while changes.changed().await.is_ok() {
        loop {
            let Some(host) = host.upgrade() else { return };
            let Err(error) = host.recheck().await else { break };
            tracing::error!(
                reason = chain(&error),
                "The registry cannot be asked whether what runs is still trusted; it goes on and is looked at again"
            );
            drop(host);
            tokio::time::sleep(AGAIN).await;
        }
    }
}

impl Host {
    async fn recheck(&self) -> Result<(), RegistryError> {
        let mut slots = self.slots.lock().await;
        // What must stop goes first: a release that comes back may take seconds to compile.
        self.stop_distrusted(&mut slots).await?;
        let round = self.round();
        for slot in slots.values_mut() {
            // What was asked for last, not what ran before.
            if slot.installed().is_none() && slot.wanted.release.is_some() {
                let installation = Arc::clone(&slot.wanted);
                self.change(&round, slot, installation).await;
            }
        }
        Ok(())
    }

    /// Stops all that may not run any more. The error is that of some it could not be found out.
    pub(crate) async fn stop_distrusted(
        &self,
        slots: &mut BTreeMap<String, Slot>,
    ) -> Result<(), RegistryError> {
        let mut check = self.gate.check().await?;
        let mut unanswered = Ok(());
        for slot in slots.values_mut() {
            if let Err(error) = self.stop_if_distrusted(&mut check, slot).await {
                unanswered = Err(error);
            }
        }
        unanswered
    }

    /// The error is that it could not be found out.
    async fn stop_if_distrusted(&self, check: &mut Check<'_>, slot: &mut Slot) -> Result<(), RegistryError> {
        let Some(installed) = slot.installed() else { return Ok(()) };
        if let Some(reason) = withdrawn(check.still(installed.signed.as_ref()).await, &installed)? {
            let id = installed.id();
            tracing::error!(
                installation = id,
                reason,
                "Installation `{id}` is stopped: it is no longer trusted"
            );
            slot.refuse(&self.shared, reason, self.holder.clone()).await;
            self.show(slot);
            return Ok(());
        }
        // Connections may still finish on releases before this one.
        for earlier in installed.connections.releases() {
            if earlier.reference != installed.reference
                && let Some(reason) = withdrawn(check.still(earlier.signed.as_ref()).await, &earlier)?
            {
                let (id, release) = (installed.id(), &earlier.reference);
                tracing::error!(installation = id, reason, "Connections of `{id}` on {release} are cut off");
                installed.connections.cut(release);
            }
        }
        if let Some(shadow) = &installed.shadow
            && let Some(candidate) = shadow.called()
            && let Some(reason) = withdrawn(check.still(candidate.signed.as_ref()).await, &installed)?
        {
            let id = installed.id();
            tracing::warn!(installation = id, reason, "The shadow of `{id}` is called no more");
            shadow.refuse(reason);
        }
        Ok(())
    }
}

/// Why it may not run any more.
fn withdrawn(
    answer: Result<(), GateError>,
    installed: &Arc<Installed>,
) -> Result<Option<String>, RegistryError> {
    match answer {
        Ok(()) => Ok(None),
        Err(GateError::Registry { source, .. }) if is_passing(&source) => Err(*source),
        Err(error) => Ok(Some(format!("installation `{}`: {}", installed.id(), chain(&error)))),
    }
}
