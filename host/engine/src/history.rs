//! Reads the lanes into the store, in batches, and tells those who watch what has arrived, once it can be read there.

use std::sync::Arc;
use std::time::Duration;

use dongting_manifest::{Lane, Message, Timestamp};
use dongting_store::{Entry, Store, Tailed};
use tokio::sync::broadcast;

use crate::installed::chain;
use crate::worker::Shared;

/// As many as arrive in this time are written in one transaction.
const GATHER: Duration = Duration::from_millis(20);
const BATCH: usize = 512;
const PAUSE: Duration = Duration::from_secs(1);
/// How long it may take to read what is on the lanes, for those who wait for that.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(20);
const FORGET_EVERY: Duration = Duration::from_secs(60);
/// Tables that are read as a whole for it are looked through once in so many.
const HOUR: u64 = 60;

/// A message that can now be read from the store.
#[derive(Debug, Clone)]
pub struct Arrival {
    pub message: Arc<Message>,
}

/// Follows one lane for ever.
pub async fn follow(lane: Lane, shared: Arc<Shared>, arrivals: broadcast::Sender<Arrival>) {
    loop {
        if let Err(error) = read(lane, &shared, &arrivals).await {
            tracing::warn!(%lane, error, "Lane `{lane}` cannot be read into the history now; it is tried again");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn read(lane: Lane, shared: &Shared, arrivals: &broadcast::Sender<Arrival>) -> Result<(), String> {
    let (bus, store) = (&shared.publisher.bus, &shared.store);
    let created = bus.lane(lane).await.map_err(|error| chain(&error))?.created;
    let tailed = store.tailed(lane).await.map_err(|error| chain(&error))?;
    // A stream that was deleted and made again counts from one again.
    let from = tailed.filter(|tailed| tailed.stream_created == created).map_or(1, |t| t.sequence + 1);
    let mut tail = bus.tail(lane, from);
    loop {
        let first = tail.next().await;
        let mut last = first.sequence;
        let mut entries = Vec::new();
        gather(lane, first, &mut entries);
        let until = tokio::time::Instant::now() + GATHER;
        while entries.len() < BATCH
            && let Ok(next) = tokio::time::timeout_at(until, tail.next()).await
        {
            last = next.sequence;
            gather(lane, next, &mut entries);
        }
        let tailed = Tailed { stream_created: created, sequence: last };
        if lane == Lane::Bulk {
            shared.courtesy.step_aside().await;
        }
        store.keep(lane, &entries, tailed).await.map_err(|error| chain(&error))?;
        for entry in entries {
            // An error says that nobody watches.
            let _ = arrivals.send(Arrival { message: Arc::new(entry.message) });
        }
    }
}

/// Returns when the history has read what is on the lanes by now.
pub async fn caught_up(shared: &Shared) -> Result<(), String> {
    let reading = async {
        for lane in [Lane::Bulk, Lane::Alert, Lane::Command] {
            let state = shared.publisher.bus.lane(lane).await.map_err(|error| chain(&error))?;
            if state.last_sequence == 0 {
                continue;
            }
            loop {
                let read = shared.store.tailed(lane).await.map_err(|error| chain(&error))?;
                if read.is_some_and(|read| {
                    read.stream_created == state.created && read.sequence >= state.last_sequence
                }) {
                    break;
                }
                tokio::time::sleep(LOOK).await;
            }
        }
        Ok(())
    };
    let read = tokio::time::timeout(PATIENCE, reading).await;
    read.unwrap_or_else(|_| {
        Err("the history has not read yet what was published; it is tried again".to_owned())
    })
}

fn gather(lane: Lane, tailed: dongting_bus::Tailed, entries: &mut Vec<Entry>) {
    match tailed.message {
        Ok(message) => entries.push(Entry { lane, sequence: tailed.sequence, message }),
        Err(error) => tracing::warn!(
            %lane,
            sequence = tailed.sequence,
            "Something on lane `{lane}` is no message of this bus: {}",
            chain(&error)
        ),
    }
}

/// How long and how much is kept.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    pub history_days: u32,
    pub history_gib: u32,
    pub replay_days: u32,
    pub replay_gib: u32,
}

/// Forgets what is older than its days, and the oldest where all takes too much.
pub async fn forget(store: Store, retention: Retention) {
    let mut every = tokio::time::interval(FORGET_EVERY);
    let mut minutes = 0u64;
    loop {
        every.tick().await;
        if let Err(error) = forget_messages(&store, retention).await {
            tracing::warn!("Old messages could not be removed: {}", chain(&error));
        }
        let before = days_ago(retention.replay_days);
        if let Err(error) = store.forget_bodies(before, u64::from(retention.replay_gib) << 30).await {
            tracing::warn!("Old documents and HTTP answers could not be removed: {}", chain(&error));
        }
        if minutes.is_multiple_of(HOUR) {
            if let Err(error) = store.forget_calls(before).await {
                tracing::warn!("Old calls could not be removed: {}", chain(&error));
            }
            if let Err(error) = store.forget_dispatched(days_ago(retention.history_days)).await {
                tracing::warn!("Old attempts could not be removed: {}", chain(&error));
            }
        }
        minutes += 1;
    }
}

async fn forget_messages(store: &Store, retention: Retention) -> Result<(), dongting_store::StoreError> {
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

fn days_ago(days: u32) -> Timestamp {
    Timestamp::now().saturating_sub(Duration::from_secs(u64::from(days) * 86_400))
}
