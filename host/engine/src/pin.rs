//! Work that one host at a time may do: polls, and calls whose inputs are written down. Where several hosts share a database, a lease says
//! whose turn it is, and its epoch goes into every commit: a host that lost it cannot commit, even if it has not noticed.

use std::time::{Duration, Instant};

use dongting_manifest::Timestamp;
use dongting_store::{Lease, Store};
use tokio::sync::watch;

use crate::installed::chain;
use crate::status::{State, Status};

/// A host that dies is followed by another after this long at most, and a little.
const TTL: Duration = Duration::from_secs(5);
const EVERY: Duration = Duration::from_secs(1);
/// Without an answer of the database for this long, the lease counts as lost before another can have it.
const DOUBT: Duration = Duration::from_secs(3);

pub struct Pin {
    /// This host's name; none where no other host uses the database.
    holder: Option<String>,
    held: watch::Sender<Option<Lease>>,
}

#[derive(Debug, thiserror::Error)]
#[error("another host works for the installation: ask it there")]
pub struct Elsewhere;

impl Pin {
    pub fn new(holder: Option<String>) -> Self {
        Self { holder, held: watch::channel(None).0 }
    }

    /// Whether another host could work instead of this one.
    pub fn is_shared(&self) -> bool {
        self.holder.is_some()
    }

    /// The lease for a commit; none where none is needed.
    pub fn lease(&self) -> Result<Option<Lease>, Elsewhere> {
        match (&self.holder, self.held.borrow().clone()) {
            (None, _) => Ok(None),
            (Some(_), Some(lease)) => Ok(Some(lease)),
            (Some(_), None) => Err(Elsewhere),
        }
    }

    /// Returns at once while this host may work, else when it may again. Whether it had to wait.
    pub async fn wait(&self) -> bool {
        if self.lease().is_ok() {
            return false;
        }
        // The sender lives as long as this does.
        let _ = self.held.subscribe().wait_for(Option::is_some).await;
        true
    }

    /// Returns when another host may work instead.
    pub async fn lost(&self) {
        if !self.is_shared() {
            return std::future::pending().await;
        }
        let _ = self.held.subscribe().wait_for(Option::is_none).await;
    }

    /// Takes the lease where it is free, without waiting for it.
    pub async fn take_now(&self, id: &str, store: &Store) {
        let Some(holder) = self.holder.as_ref().filter(|_| self.lease().is_err()) else { return };
        match store.take_lease(id, holder, Timestamp::now(), TTL).await {
            Ok(Some(lease)) => drop(self.held.send_replace(Some(lease))),
            Ok(None) => {}
            Err(error) => {
                tracing::debug!(installation = id, "The lease cannot be taken: {}", chain(&error));
            }
        }
    }

    /// Takes the lease on and on, for ever.
    pub async fn keep(&self, id: &str, store: &Store, status: &Status) {
        let Some(holder) = &self.holder else { return };
        let mut sure = Instant::now();
        loop {
            let asked = Instant::now();
            match store.take_lease(id, holder, Timestamp::now(), TTL).await {
                Ok(Some(lease)) => {
                    sure = asked;
                    let new = self.held.send_if_modified(|held| {
                        let new = held.as_ref() != Some(&lease);
                        *held = Some(lease.clone());
                        new
                    });
                    if new {
                        tracing::info!(installation = id, epoch = lease.epoch, "This host works for `{id}`");
                        status.set(State::Starting);
                    }
                }
                Ok(None) => self.lose(id, status),
                Err(error) => {
                    tracing::debug!(installation = id, "The lease cannot be taken on: {}", chain(&error));
                    if sure.elapsed() > DOUBT {
                        self.lose(id, status);
                    }
                }
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// Leaves the work to another host at once.
    pub async fn release(&self, store: &Store) {
        let held = self.held.send_replace(None);
        if let Some(lease) = held
            && let Err(error) = store.release_lease(&lease).await
        {
            tracing::debug!("A lease could not be given back, and ends by itself: {}", chain(&error));
        }
    }

    fn lose(&self, id: &str, status: &Status) {
        if self.held.send_replace(None).is_some() {
            tracing::warn!(installation = id, "Another host works for `{id}` by now");
        }
        status.set(State::Standby);
    }
}
