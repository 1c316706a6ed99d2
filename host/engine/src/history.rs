//! Reads the lanes into the store, in batches, and tells those who watch what has arrived, once it can be read there.

use std::sync::Arc;
use std::time::Duration;

use dongting_manifest::{Lane, Message};
use dongting_store::{Entry, Tailed};
use tokio::sync::broadcast;

use crate::installed::chain;
use crate::worker::Shared;

/// As many as arrive in this time are written in one transaction.
const GATHER: Duration = Duration::from_millis(20);
/// Where so many came the last time, many come: what each costs is less the more are written together, and nobody sees a tenth of a second.
const MANY: usize = 16;
const GATHER_MANY: Duration = Duration::from_millis(100);
const PAUSE: Duration = Duration::from_secs(1);
/// How long it may take to read what is on the lanes, for those who wait for that.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(20);

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
    let (bus, store) = (shared.publisher.bus(), &shared.store);
    let created = bus.lane(lane).await.map_err(|error| chain(&error))?.created;
    let tailed = store.tailed(lane).await.map_err(|error| chain(&error))?;
    // A stream that was deleted and made again counts from one again.
    let from = tailed.filter(|tailed| tailed.stream_created == created).map_or(1, |t| t.sequence + 1);
    let mut tail = bus.tail(lane, from);
    let mut last = 0;
    loop {
        let batch = tail.batch(if last < MANY { GATHER } else { GATHER_MANY }).await;
        last = batch.len();
        let Some(sequence) = batch.last().map(|last| last.sequence) else { continue };
        let entries: Vec<Entry> = batch.into_iter().filter_map(|tailed| entry(lane, tailed)).collect();
        let tailed = Tailed { stream_created: created, sequence };
        if lane == Lane::Bulk {
            shared.courtesy.step_aside().await;
        }
        let entries = Arc::new(entries);
        store.keep(lane, Arc::clone(&entries), tailed).await.map_err(|error| chain(&error))?;
        for entry in Arc::unwrap_or_clone(entries) {
            // An error says that nobody watches.
            let _ = arrivals.send(Arrival { message: Arc::new(entry.message) });
        }
    }
}

/// Returns when the history has read what is on the lanes by now.
pub async fn caught_up(shared: &Shared) -> Result<(), String> {
    let reading = async {
        for lane in [Lane::Bulk, Lane::Alert, Lane::Command] {
            let state = shared.publisher.bus().lane(lane).await.map_err(|error| chain(&error))?;
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

fn entry(lane: Lane, tailed: dongting_bus::Tailed) -> Option<Entry> {
    match tailed.message {
        Ok(message) => Some(Entry { lane, sequence: tailed.sequence, message }),
        Err(error) => {
            tracing::warn!(
                %lane,
                sequence = tailed.sequence,
                "Something on lane `{lane}` is no message of this bus: {}",
                chain(&error)
            );
            None
        }
    }
}
