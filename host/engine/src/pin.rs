//! Work that one host at a time may do: polls, and calls whose inputs are written down. Where several hosts share a database, a lease says
//! whose turn it is, and its epoch goes into every commit: a host that lost it cannot commit, even if it has not noticed.

use dongting_store::{Lease, Store};
use tokio::sync::watch;

use crate::installed::chain;

pub struct Pin {
    /// Whether another host may use the database.
    shared: bool,
    held: watch::Sender<Option<Lease>>,
}

#[derive(Debug, thiserror::Error)]
#[error("another host works for the installation: ask it there")]
pub struct Elsewhere;

impl Pin {
    pub fn new(shared: bool) -> Self {
        Self { shared, held: watch::channel(None).0 }
    }

    /// Whether another host could work instead of this one.
    pub fn is_shared(&self) -> bool {
        self.shared
    }

    /// The lease for a commit; none where none is needed.
    pub fn lease(&self) -> Result<Option<Lease>, Elsewhere> {
        match self.held.borrow().clone() {
            _ if !self.shared => Ok(None),
            Some(lease) => Ok(Some(lease)),
            None => Err(Elsewhere),
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

    /// This host may work. Whether it might not before.
    pub fn gain(&self, lease: Lease) -> bool {
        self.held.send_if_modified(|held| {
            // It was read before its epoch was raised.
            if held.as_ref().is_some_and(|held| held.holder == lease.holder && held.epoch > lease.epoch) {
                return false;
            }
            let new = held.as_ref() != Some(&lease);
            *held = Some(lease);
            new
        })
    }

    /// Another host may work. What this one had.
    pub fn lose(&self) -> Option<Lease> {
        self.held.send_replace(None)
    }

    /// Leaves the work to another host at once.
    pub async fn release(&self, store: &Store) {
        if let Some(lease) = self.lose()
            && let Err(error) = store.release_lease(&lease).await
        {
            tracing::debug!("A lease could not be given back, and ends by itself: {}", chain(&error));
        }
    }
}
