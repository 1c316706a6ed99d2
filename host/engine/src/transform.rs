//! A transform at work: batches from its durable consumers, one call each, acknowledged after the effect.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dongting_bus::{AtWork, Bus, Consumer, ConsumerOptions, Delivery, FetchError, Start, lane};
use dongting_manifest::subject::filters;
use dongting_manifest::{Lane, Message, Timestamp};
use dongting_sandbox::{Applied, Refusal, Rejected};
use dongting_store::{Commit, CommitError, Input, Store};
use tokio::sync::{MutexGuard, Semaphore};

use crate::floor::Floor;
use crate::installed::{Installed, chain};
use crate::publish::Inputs;
use crate::{backoff, dead, outbox};

const BATCH: usize = 64;
const FETCH: Duration = Duration::from_secs(20);
/// A third of the consumers' `ack_wait`.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// A single message that makes the plugin fault is tried this often before it is a dead letter.
const FAULTS: u64 = 3;

/// What the tasks of all transforms share.
pub struct Shared {
    pub bus: Bus,
    pub store: Store,
    /// Calls at once, bulk and alert lanes; the alert lanes have a reserve that bulk cannot take.
    pub any: Semaphore,
    pub reserve: Semaphore,
}

struct Worker {
    installed: Arc<Installed>,
    shared: Arc<Shared>,
    lane: Lane,
    floor: Floor,
}

/// One task a lane that the installation listens on. Each runs for ever.
pub fn tasks(
    installed: &Arc<Installed>,
    shared: &Arc<Shared>,
) -> Vec<Pin<Box<dyn Future<Output = ()> + Send>>> {
    let lanes: BTreeSet<Lane> = installed.manifest.subscribe.iter().map(|topic| topic.kind.lane()).collect();
    lanes
        .into_iter()
        .map(|lane| {
            let (installed, shared) = (Arc::clone(installed), Arc::clone(shared));
            let worker = Worker { installed, shared, lane, floor: Floor::default() };
            Box::pin(worker.run()) as Pin<Box<dyn Future<Output = ()> + Send>>
        })
        .collect()
}

impl Worker {
    async fn run(mut self) {
        let mut failures = 0u32;
        let mut consumer: Option<Consumer> = None;
        loop {
            let failed = match self.step(&mut consumer).await {
                Ok(()) => {
                    failures = 0;
                    continue;
                }
                Err(reason) => reason,
            };
            failures = failures.saturating_add(1);
            self.installed.failing(failed);
            tokio::time::sleep(backoff::pause(failures, None, u64::from(failures))).await;
        }
    }

    /// Fetches one batch and handles it.
    async fn step(&mut self, held: &mut Option<Consumer>) -> Result<(), String> {
        let consumer = match held.take() {
            Some(consumer) => consumer,
            None => {
                let made =
                    self.shared.bus.consumer(&self.options().await?).await.map_err(|error| chain(&error))?;
                // Made after a start: whatever was committed and not published goes first.
                outbox::drain(&self.installed, &self.shared.bus, &self.shared.store).await?;
                if self.installed.status.state() == crate::State::Starting {
                    self.installed.status.set(crate::State::Running);
                }
                made
            }
        };
        if self.installed.stateful && self.floor.is_due(Instant::now()) {
            self.forget(&consumer).await?;
        }
        let deliveries = match consumer.fetch(BATCH, FETCH).await {
            Ok(deliveries) => deliveries,
            // Somebody deleted the durable: it is made again, before anything that is not used up.
            Err(FetchError::Gone(name)) => {
                return Err(format!("the consumer `{name}` was deleted; it is made again"));
            }
            Err(error) => {
                *held = Some(consumer);
                return Err(chain(&error));
            }
        };
        *held = Some(consumer);
        if deliveries.is_empty() {
            return Ok(());
        }
        let at_work = AtWork::new(&self.shared.bus, &deliveries);
        tokio::select! {
            done = self.admitted(deliveries) => done,
            never = at_work.keep(HEARTBEAT) => match never {},
        }
    }

    /// Handles a batch when it is its turn. The permits bound calls, not fetches: a batch waits here for the calls ahead of it.
    async fn admitted(&self, deliveries: Vec<Delivery>) -> Result<(), String> {
        let _turn = self.installed.turn().await;
        let _permit = match self.lane {
            Lane::Bulk => self.shared.any.acquire().await,
            _ => match self.shared.any.try_acquire() {
                Ok(permit) => Ok(permit),
                Err(_) => self.shared.reserve.acquire().await,
            },
        };
        self.handle(deliveries).await
    }

    /// Forgets the inputs that will not be delivered again.
    async fn forget(&mut self, consumer: &Consumer) -> Result<(), String> {
        let told = consumer.ack_floor().await.map_err(|error| chain(&error))?;
        let Some(sequence) = self.floor.tell(Instant::now(), told) else { return Ok(()) };
        let stream = lane::stream(self.lane).to_owned();
        let floor = Input { stream, stream_created: consumer.stream_created(), sequence };
        self.shared.store.raise_floor(self.installed.id(), &floor).await.map_err(|error| chain(&error))
    }

    async fn stored_floor(&self) -> Result<Option<u64>, String> {
        let created = self.shared.bus.lane(self.lane).await.map_err(|error| chain(&error))?.created;
        let floor = self.shared.store.floor(self.installed.id(), lane::stream(self.lane), created).await;
        floor.map_err(|error| chain(&error))
    }

    async fn options(&self) -> Result<ConsumerOptions, String> {
        let floor = if self.installed.stateful { self.stored_floor().await? } else { None };
        let region = self.installed.installation.region;
        let filters = self
            .installed
            .manifest
            .subscribe
            .iter()
            .filter(|topic| topic.kind.lane() == self.lane)
            .flat_map(|topic| filters(region, &topic.domain, topic.kind, topic.detail.as_deref()))
            .collect();
        let start = floor.map_or(Start::All, Start::At);
        Ok(ConsumerOptions { start, ..ConsumerOptions::new(self.installed.id(), self.lane, filters) })
    }

    async fn handle(&self, deliveries: Vec<Delivery>) -> Result<(), String> {
        let mut good = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            match &delivery.message {
                Ok(_) => good.push(delivery),
                Err(error) => {
                    let reason = format!("not a message of this bus: {}", chain(error));
                    self.bury(&delivery, reason).await?;
                }
            }
        }
        if self.installed.stateful {
            good = self.unapplied(good).await?;
        }
        if good.is_empty() { Ok(()) } else { self.call(good).await }
    }

    /// Acknowledges what was committed before and gives back the rest.
    async fn unapplied(&self, deliveries: Vec<Delivery>) -> Result<Vec<Delivery>, String> {
        let inputs: Vec<Input> = deliveries.iter().map(input).collect();
        let applied =
            self.shared.store.applied(self.installed.id(), &inputs).await.map_err(|error| chain(&error))?;
        let mut rest = Vec::with_capacity(deliveries.len());
        if !applied.is_empty() {
            outbox::drain(&self.installed, &self.shared.bus, &self.shared.store).await?;
        }
        for delivery in deliveries {
            if applied.contains(&input(&delivery)) {
                delivery.ack().await.map_err(|error| chain(&error))?;
            } else {
                rest.push(delivery);
            }
        }
        Ok(rest)
    }

    /// Calls the plugin with a batch and sees its outcome through. Boxed, since bisection calls it again.
    fn call(
        &self,
        deliveries: Vec<Delivery>,
    ) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + '_>> {
        Box::pin(async move {
            let batch: Vec<Message> =
                deliveries.iter().filter_map(|d| d.message.as_ref().ok().cloned()).collect();
            match self.installed.apply(&batch).await {
                Ok(effects) => {
                    // Dead letters before the commit: once an input counts as applied nobody looks at it again.
                    self.keep_rejected(&deliveries, &effects.rejected).await?;
                    let inputs: Vec<Input> = deliveries.iter().map(input).collect();
                    let (bus, store) = (&self.shared.bus, &self.shared.store);
                    self.installed.stored(bus, store, &inputs, &effects).await?;
                    self.done(&deliveries, &effects.rejected).await
                }
                Err(Refusal::Retry { reason, after }) => self.later(&deliveries, reason, after).await,
                Err(Refusal::Other(reason)) => self.later(&deliveries, reason, None).await,
                Err(refusal) => self.refused(deliveries, &refusal).await,
            }
        })
    }

    /// What the plugin rejected becomes dead letters, each known by its place on the lane however often it is written.
    async fn keep_rejected(&self, deliveries: &[Delivery], rejected: &[Rejected]) -> Result<(), String> {
        for rejected in rejected {
            if let Some(delivery) = deliveries.get(rejected.input) {
                dead::message(&self.installed, &self.shared.bus, delivery, rejected.reason.clone())
                    .await
                    .map_err(|error| chain(&error))?;
            }
        }
        Ok(())
    }

    /// Ends the deliveries of the batch.
    async fn done(&self, deliveries: &[Delivery], rejected: &[Rejected]) -> Result<(), String> {
        for (index, delivery) in deliveries.iter().enumerate() {
            let ended = match rejected.iter().find(|rejected| rejected.input == index) {
                Some(rejected) => delivery.term(&rejected.reason).await,
                None => delivery.ack().await,
            };
            ended.map_err(|error| chain(&error))?;
        }
        self.installed.status.active();
        Ok(())
    }

    async fn later(
        &self,
        deliveries: &[Delivery],
        reason: String,
        wish: Option<Duration>,
    ) -> Result<(), String> {
        self.installed.failing(reason);
        for delivery in deliveries {
            let tries = u32::try_from(delivery.delivered).unwrap_or(u32::MAX);
            let pause = backoff::pause(tries, wish, delivery.origin.sequence);
            delivery.nak(pause).await.map_err(|error| chain(&error))?;
        }
        Ok(())
    }

    /// Halves the batch until the bad message is alone, and puts that one away.
    async fn refused(&self, mut deliveries: Vec<Delivery>, refusal: &Refusal) -> Result<(), String> {
        if deliveries.len() > 1 {
            let second = deliveries.split_off(deliveries.len() / 2);
            self.call(deliveries).await?;
            return self.call(second).await;
        }
        let Some(delivery) = deliveries.pop() else { return Ok(()) };
        let fault = matches!(refusal, Refusal::Fault(_));
        if fault && delivery.delivered < FAULTS {
            return self.later(&[delivery], refusal.to_string(), None).await;
        }
        self.bury(&delivery, refusal.to_string()).await
    }

    /// The dead letter first, then the end of the delivery.
    async fn bury(&self, delivery: &Delivery, reason: String) -> Result<(), String> {
        dead::message(&self.installed, &self.shared.bus, delivery, reason.clone())
            .await
            .map_err(|error| chain(&error))?;
        delivery.term(&reason).await.map_err(|error| chain(&error))
    }
}

/// What a call of a transform comes to, before anything of it is stored.
pub struct Effects {
    pub messages: Vec<Message>,
    pub rejected: Vec<Rejected>,
    state: BTreeMap<String, Option<Vec<u8>>>,
}

impl Installed {
    /// Held over a call and its commit, where the plugin keeps state.
    pub async fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        if self.stateful { Some(self.turn.lock().await) } else { None }
    }

    /// One call with a batch.
    pub async fn apply(&self, batch: &[Message]) -> Result<Effects, Refusal> {
        let received = batch.iter().map(|m| m.received).max().unwrap_or_else(Timestamp::now);
        let ids: Vec<&str> = batch.iter().map(|m| m.id.as_str()).collect();
        let outcome = self.log(self.plugin.apply(self.call(received, &ids), batch).await);
        let Applied { drafts, rejected } = outcome.result?;
        let inputs = Inputs { messages: batch, received: Timestamp::now() };
        Ok(Effects { messages: self.messages(&inputs, drafts)?, rejected, state: outcome.state })
    }

    /// Returns when the messages are on the bus, and for a stateful plugin the state and the inputs' use with them.
    pub async fn stored(
        &self,
        bus: &Bus,
        store: &Store,
        inputs: &[Input],
        effects: &Effects,
    ) -> Result<(), String> {
        if !self.stateful {
            return self.publish(bus, &effects.messages).await.map_err(|error| chain(&error));
        }
        let commit = Commit {
            installation: self.id(),
            inputs,
            state: &effects.state,
            state_limit_bytes: u64::from(self.installation.limits.state_kib) * 1024,
            outputs: &effects.messages,
        };
        match store.commit(commit).await {
            Ok(()) => outbox::drain(self, bus, store).await,
            // Delivered twice at once: nothing was committed, and the next try finds what is used up.
            Err(CommitError::Applied) => {
                Err("some inputs were committed meanwhile; the batch is taken again".to_owned())
            }
            Err(error) => Err(chain(&error)),
        }
    }
}

fn input(delivery: &Delivery) -> Input {
    Input {
        stream: delivery.origin.stream.clone(),
        stream_created: delivery.origin.stream_created,
        sequence: delivery.origin.sequence,
    }
}
