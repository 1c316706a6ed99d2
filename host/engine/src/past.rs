//! What was said before on the bus, as the sandbox reads it: what the installation is granted, as of the instant of the call.

use dongting_manifest::history::{Found, Query};
use dongting_manifest::plugin::Topic;
use dongting_manifest::{Region, Timestamp};
use dongting_sandbox::{HistoryReader, Read};
use dongting_store::Store;
use tokio::sync::OnceCell;

use crate::installed::{Installed, chain};

const MAX_BYTES: usize = 4 * 1024 * 1024;

pub struct Past {
    store: Store,
    granted: Vec<Topic>,
    region: Region,
    /// What was received later had not been said.
    now: Timestamp,
    /// The last batch that is read: of a call the one written when it asked first, so that a replay finds the same.
    batch: OnceCell<u64>,
}

impl Installed {
    pub fn past(&self, store: &Store, now: Timestamp) -> Past {
        let granted = self.installation.grants.subscribe.clone();
        Past { store: store.clone(), granted, region: self.installation.region, now, batch: OnceCell::new() }
    }
}

impl Past {
    /// Reads what had been written up to a batch.
    pub fn up_to(self, batch: u64) -> Self {
        Self { batch: OnceCell::new_with(Some(batch)), ..self }
    }
}

/// Why an installation may not ask that.
pub fn denied(granted: &[Topic], region: Region, query: &Query) -> Option<String> {
    if !granted.iter().any(|grant| grant.covers(&query.topic)) {
        return Some(format!("reading `{}` is not granted", query.topic));
    }
    let inside = region.contains(query.region);
    (!inside).then(|| format!("the region {} lies outside the installation's {region}", query.region))
}

impl HistoryReader for Past {
    fn find(&self, query: Query) -> Read<'_, Result<Found, String>> {
        Box::pin(async move {
            if let Some(why) = denied(&self.granted, self.region, &query) {
                return Ok(Err(why));
            }
            let batch = self.batch.get_or_try_init(|| self.store.history_batch()).await;
            let batch = *batch.map_err(|error| chain(&error))?;
            let found = self.store.statements(&query, (self.now, batch), MAX_BYTES).await;
            found.map(Ok).map_err(|error| chain(&error))
        })
    }

    fn batch(&self) -> Option<u64> {
        self.batch.get().copied()
    }
}
