//! What is kept longer than the operator wants it is forgotten, in pieces, beside the work.

use std::sync::Arc;
use std::time::Duration;

use dongting_manifest::Timestamp;
use dongting_store::{Store, StoreError, VersionPlace};
use tokio::time::Instant;

use crate::courtesy::Courtesy;
use crate::installed::chain;
use crate::versions::Versions;
use crate::worker::Shared;

const EVERY: Duration = Duration::from_secs(60);
/// Tables that are read as a whole for it are looked through once in so many.
const HOUR: u64 = 60;

/// How long and how much is kept.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    pub history_days: u32,
    pub history_gib: u32,
    pub replay_days: u32,
    pub replay_gib: u32,
}

/// Forgets what is older than its days, and the oldest where all takes too much.
pub async fn forget(shared: Arc<Shared>, retention: Retention) {
    let store = &shared.store;
    let mut every = tokio::time::interval(EVERY);
    let mut minutes = 0u64;
    loop {
        every.tick().await;
        if let Err(error) = forget_messages(store, retention).await {
            tracing::warn!("Old messages could not be removed: {}", chain(&error));
        }
        let before = days_ago(retention.replay_days);
        if let Err(error) = store.forget_bodies(before, u64::from(retention.replay_gib) << 30).await {
            tracing::warn!("Old documents and HTTP answers could not be removed: {}", chain(&error));
        }
        let mut pace = Pace { courtesy: &shared.courtesy, began: None };
        if let Err(error) = forget_used_up(store, &mut pace).await {
            tracing::warn!("Inputs that are used up could not be removed: {}", chain(&error));
        }
        if let Err(error) = forget_calls(store, before, &mut pace).await {
            tracing::warn!("Old calls could not be removed: {}", chain(&error));
        }
        let before = days_ago(retention.history_days);
        if let Err(error) = forget_dispatched(store, before, &mut pace).await {
            tracing::warn!("Old attempts could not be removed: {}", chain(&error));
        }
        if minutes.is_multiple_of(HOUR) {
            if let Err(error) = forget_versions(store, u64::from(retention.replay_gib) << 30, &mut pace).await
            {
                tracing::warn!("Old values of what is kept could not be removed: {}", chain(&error));
            }
            if let Err(error) = store.forget_grants(before).await {
                tracing::warn!("Old grants could not be removed: {}", chain(&error));
            }
        }
        minutes += 1;
    }
}

async fn forget_messages(store: &Store, retention: Retention) -> Result<(), StoreError> {
    store.forget(days_ago(retention.history_days)).await?;
    let max_bytes = u64::from(retention.history_gib) << 30;
    let (gone, enough) = store.forget_beyond(max_bytes).await?;
    if gone > 0 {
        tracing::info!(gone, "The history is full: {gone} of its oldest messages were removed");
    }
    if !enough {
        tracing::error!(
            max_bytes,
            "What still holds takes more than history_gib allows: raise it, or no older statement is kept at all"
        );
    }
    Ok(())
}

async fn forget_used_up(store: &Store, pace: &mut Pace<'_>) -> Result<(), StoreError> {
    for below in store.used_up().await? {
        pace.wait().await;
        while store.forget_used_up(&below).await? > 0 {
            pace.wait().await;
        }
    }
    Ok(())
}

async fn forget_calls(store: &Store, before: Timestamp, pace: &mut Pace<'_>) -> Result<(), StoreError> {
    pace.wait().await;
    while store.forget_calls(before).await? > 0 {
        pace.wait().await;
    }
    Ok(())
}

async fn forget_dispatched(store: &Store, before: Timestamp, pace: &mut Pace<'_>) -> Result<(), StoreError> {
    pace.wait().await;
    while store.forget_dispatched(before).await? > 0 {
        pace.wait().await;
    }
    Ok(())
}

async fn forget_versions(store: &Store, most: u64, pace: &mut Pace<'_>) -> Result<(), StoreError> {
    let beyond = look_at_versions(store, pace).await?.beyond(most);
    for (installation, position) in &beyond {
        tracing::warn!(
            installation,
            "The state kept for replay takes more than replay_gib allows: the oldest calls of `{installation}` go"
        );
        while store.forget_calls_up_to(installation, *position).await? {
            pace.wait().await;
        }
    }
    if !beyond.is_empty() {
        look_at_versions(store, pace).await?;
    }
    Ok(())
}

async fn look_at_versions(store: &Store, pace: &mut Pace<'_>) -> Result<Versions, StoreError> {
    let (mut versions, mut after) = (Versions::default(), Some(VersionPlace::default()));
    while let Some(place) = after {
        pace.wait().await;
        let looked = store.forget_versions(&place).await?;
        looked
            .kept
            .into_iter()
            .for_each(|(installation, call, bytes)| versions.add(installation, call, bytes));
        after = looked.next;
    }
    Ok(versions)
}

/// Between two pieces: others write meanwhile for as long as the piece took.
struct Pace<'c> {
    courtesy: &'c Courtesy,
    began: Option<Instant>,
}

impl Pace<'_> {
    async fn wait(&mut self) {
        if let Some(began) = self.began {
            tokio::time::sleep(began.elapsed()).await;
        }
        self.courtesy.step_aside().await;
        self.began = Some(Instant::now());
    }
}

fn days_ago(days: u32) -> Timestamp {
    Timestamp::now().saturating_sub(Duration::from_secs(u64::from(days) * 86_400))
}
