//! The way onto the bus. What is published again after an outage is known by its id even when JetStream has forgotten it.
//!
//! JetStream knows an id for the length of a lane's duplicate window. A checkpoint says every second how far each lane was. When the last
//! one is older than a quarter of the window (the host was down, or the bus, or the database), nothing is published before
//! the lane has been read from a window before it on: what is found is not published again. Nor is anything before this life has made a
//! checkpoint: what an outage has left is known by then.

use std::collections::BTreeMap;
use std::time::Duration;

use dongting_bus::lane::{LaneLimits, LaneState};
use dongting_bus::{Bus, PublishError, Start, Stored};
use dongting_manifest::{DeadLetter, Lane, Message, Timestamp};
use dongting_store::{Checkpoint, Held, Store};
use futures::future::join_all;
use tokio::sync::{Mutex, RwLock, watch};

use crate::buses::Buses;
use crate::installed::chain;

mod ids;

use ids::Ids;

const EVERY: Duration = Duration::from_secs(1);
/// How long a publish waits for a lane to be known again.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long after an outage its ids are kept in mind, over restarts, at least.
const HOLD: Duration = Duration::from_secs(15 * 60);

pub struct Publisher {
    buses: Buses,
    lanes: BTreeMap<Lane, Known>,
}

/// What this host knows of a lane.
struct Known {
    window: Duration,
    /// The newest one of this life.
    checkpoint: watch::Sender<Option<Checkpoint>>,
    /// The one that the database has, at first from an earlier life: not each is written there while nothing comes.
    kept: Mutex<Option<Checkpoint>>,
    /// Ids that the lane holds and JetStream may have forgotten.
    held: RwLock<Ids>,
}

impl Publisher {
    /// Goes on from the checkpoints that an earlier life has left.
    pub async fn new(
        buses: impl Into<Buses>,
        limits: &LaneLimits,
        store: &Store,
    ) -> Result<Self, dongting_store::StoreError> {
        let mut lanes = BTreeMap::new();
        for lane in Lane::ALL {
            let kept = store.checkpoint(lane).await?;
            let known = Known {
                window: limits.of(lane).window(),
                checkpoint: watch::channel(None).0,
                kept: Mutex::new(kept),
                held: RwLock::default(),
            };
            lanes.insert(lane, known);
        }
        Ok(Self { buses: buses.into(), lanes })
    }

    /// The connection for threads like this one.
    pub fn bus(&self) -> &Bus {
        self.buses.mine()
    }

    /// Makes checkpoints, for ever. Each lane's by themselves: one that takes long to be read keeps no other closed.
    pub async fn keep(&self, store: &Store) {
        join_all(self.lanes.iter().map(|(lane, known)| self.keep_lane(*lane, known, store))).await;
    }

    async fn keep_lane(&self, lane: Lane, known: &Known, store: &Store) {
        let mut every = tokio::time::interval(EVERY.min(known.window / 16));
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut failing = false;
        loop {
            every.tick().await;
            match self.checkpoint(lane, known, store).await {
                Err(reason) if !failing => {
                    tracing::warn!(
                        reason,
                        "How far the lane `{lane}` is cannot be told now; publishing waits where it must"
                    );
                    failing = true;
                }
                Err(_) => {}
                Ok(()) => failing = false,
            }
        }
    }

    async fn checkpoint(&self, lane: Lane, known: &Known, store: &Store) -> Result<(), String> {
        // Before the question: what is stored while it is answered lies behind the checkpoint.
        let mut at = Timestamp::now();
        let mut state = self.bus().lane(lane).await.map_err(|error| chain(&error))?;
        let newest = *known.checkpoint.borrow();
        let last = match newest {
            Some(newest) => Some(newest),
            None => *known.kept.lock().await,
        };
        let last = last.filter(|last| last.stream_created == state.created);
        let held = last.and_then(|last| known.held_at(&last, at));
        let news = newest.is_none() || held != last.and_then(|last| last.held);
        if let Some(held) = held.filter(|_| news) {
            // Without the database there is no checkpoint, and the lane would be read in vain, again and again.
            store.checkpoint(lane).await.map_err(|error| chain(&error))?;
            (at, state) = self.read_again(lane, known, held.since, (at, state)).await?;
        }
        let (stream_created, sequence) = (state.created, state.last_sequence);
        let next = Checkpoint { at, stream_created, sequence, held };
        let mut kept = known.kept.lock().await;
        if kept.is_none_or(|kept| kept.said() != next.said() || at.since(kept.at) > known.window / 8) {
            store.keep_checkpoint(lane, &next).await.map_err(|error| chain(&error))?;
            *kept = Some(next);
        }
        known.checkpoint.send_replace(Some(next));
        Ok(())
    }

    /// Learns the ids that the lane holds since `since`; `at` is when it stood as `state` says. Reading may take longer than a checkpoint is
    /// young: what is stored meanwhile is read as well, and what is stored while that is read, until a piece took next to no time. When that
    /// piece began, and how the lane stood then.
    async fn read_again(
        &self,
        lane: Lane,
        known: &Known,
        since: Timestamp,
        (mut at, mut state): (Timestamp, LaneState),
    ) -> Result<(Timestamp, LaneState), String> {
        let mut from = Start::Since(since);
        let mut ids = known.held.read().await.none();
        loop {
            let told = self.bus().ids(lane, from, state.last_sequence, |id| ids.add(id)).await;
            told.map_err(|error| chain(&error))?;
            let now = Timestamp::now();
            if now >= at && now.since(at) <= known.young() / 2 {
                break;
            }
            from = Start::At(state.last_sequence + 1);
            at = now;
            let next = self.bus().lane(lane).await.map_err(|error| chain(&error))?;
            if next.created != state.created {
                return Err(format!("the lane `{lane}` was made anew while it was read"));
            }
            state = next;
        }
        tracing::info!(
            %lane,
            messages = ids.len(),
            "Lane `{lane}` was read again, since JetStream may have forgotten ids"
        );
        known.held.write().await.extend(ids);
        Ok((at, state))
    }

    /// Publishes what the lanes do not hold yet, in order, and returns when all of it is stored. The first that is not is the error;
    /// publishing all again is right, since each is known by its id.
    pub async fn publish(&self, messages: &[Message]) -> Result<(), PublishError> {
        let mut open: BTreeMap<Lane, bool> = BTreeMap::new();
        for message in messages {
            let lane = message.subject.kind.lane();
            if let std::collections::btree_map::Entry::Vacant(entry) = open.entry(lane) {
                entry.insert(self.ready(lane, &message.id).await?);
            }
        }
        // Nothing is held unless there was an outage, and next to nothing of that comes again.
        let mut held = Vec::new();
        if open.values().any(|holds| *holds) {
            for message in messages {
                held.push(self.holds(message.subject.kind.lane(), &message.id).await);
            }
        }
        if !held.contains(&true) {
            return all(self.bus().publish(messages).await);
        }
        let fresh = messages.iter().zip(held).filter(|(_, held)| !held).map(|(message, _)| message.clone());
        all(self.bus().publish(&fresh.collect::<Vec<_>>()).await)
    }

    /// Whether a letter was new.
    pub async fn dead_letter(&self, letter: &DeadLetter) -> Result<bool, PublishError> {
        let id = letter.id();
        if self.ready(Lane::Dead, &id).await? && self.holds(Lane::Dead, &id).await {
            return Ok(false);
        }
        Ok(!self.bus().dead_letter(letter).await?.duplicate)
    }

    /// Waits until what the lane holds is known. Whether there are ids to look for.
    async fn ready(&self, lane: Lane, id: &str) -> Result<bool, PublishError> {
        let Some(known) = self.lanes.get(&lane) else { return Ok(false) };
        let mut checkpoint = known.checkpoint.subscribe();
        let fresh = |last: &Option<Checkpoint>| {
            last.as_ref().is_some_and(|last| known.is_fresh(last, Timestamp::now()))
        };
        let waited = tokio::time::timeout(PATIENCE, checkpoint.wait_for(fresh)).await;
        if matches!(waited.map(|known| known.map(drop)), Ok(Ok(()))) {
            return Ok(!known.held.read().await.is_empty());
        }
        let source = format!("how far the lane `{lane}` was is not known after an outage").into();
        Err(PublishError::Unavailable { id: id.to_owned(), source })
    }

    async fn holds(&self, lane: Lane, id: &str) -> bool {
        match self.lanes.get(&lane) {
            Some(known) => known.held.read().await.contains(id),
            None => false,
        }
    }
}

impl Known {
    /// From when on published messages may be published again, as of now. What was in the middle of its work when an outage began was published
    /// at most a window before the last checkpoint: its outbox row not deleted, its cursor not moved, its input not acknowledged. It may take a while
    /// after the outage until it is, and the host may be killed again meanwhile: so what is held stays held, and is written down.
    fn held_at(&self, last: &Checkpoint, now: Timestamp) -> Option<Held> {
        let before = last.held.filter(|held| now.since(held.at) < HOLD.max(self.window));
        if self.is_fresh(last, now) {
            return before;
        }
        let since = last.at.saturating_sub(self.window);
        Some(Held { since: before.map_or(since, |held| held.since.min(since)), at: now })
    }

    /// Whether JetStream still knows every id that came after the checkpoint. A clock that went backwards says nothing.
    fn is_fresh(&self, last: &Checkpoint, now: Timestamp) -> bool {
        now >= last.at && now.since(last.at) <= self.young()
    }

    /// How old the newest checkpoint may be.
    fn young(&self) -> Duration {
        self.window / 4
    }
}

fn all(results: Vec<Result<Stored, PublishError>>) -> Result<(), PublishError> {
    results.into_iter().try_for_each(|result| result.map(drop))
}

#[cfg(test)]
mod tests;
