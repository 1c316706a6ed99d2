//! Durable pull consumers: one per installation and lane. Nothing is fetched ahead, so that no message's time
//! runs out in a buffer.

use std::time::Duration;

use async_nats::StatusCode;
use async_nats::jetstream::consumer::{self, AckPolicy, DeliverPolicy, FromConsumer, pull};
use async_nats::jetstream::context::ConsumerInfoErrorKind;
use async_nats::jetstream::stream::{
    ConsumerCreateStrictErrorKind, ConsumerErrorKind, ConsumerUpdateErrorKind,
};
use async_nats::jetstream::{ErrorCode, Message as Raw};
use dongting_manifest::name::is_token;
use dongting_manifest::{Lane, Timestamp, subject};
use futures::StreamExt;
use tokio::time::{Instant, timeout_at};

use crate::bus::{Bus, BusError};
use crate::delivery::Delivery;
use crate::lane;
use crate::wire::{self, Cause};

/// How long messages that the server counts as there may take to come.
const TOP_UP: Duration = Duration::from_millis(20);
/// How much later than asked the server's own word that nothing came may arrive.
const GRACE: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerOptions {
    /// Names the durable.
    pub installation: String,
    pub lane: Lane,
    /// As [`subject::filters`] makes them, all of this lane. Those that another one covers are taken out.
    pub filters: Vec<String>,
    /// Where a consumer that does not exist yet begins. An existing one stays where it is.
    pub start: Start,
    /// A message not acknowledged for this long comes again.
    pub ack_wait: Duration,
    /// Messages out and not acknowledged, at most.
    pub max_ack_pending: u32,
    /// None is without end: JetStream only falls silent about a message that has used its deliveries up, it
    /// makes no dead letter of it.
    pub max_deliver: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With what the lane still holds.
    All,
    /// With what is stored from now on.
    New,
    /// With this sequence.
    At(u64),
    /// With what was stored since then.
    Since(Timestamp),
}

impl Start {
    pub(crate) fn policy(self) -> DeliverPolicy {
        match self {
            Self::All => DeliverPolicy::All,
            Self::New => DeliverPolicy::New,
            Self::At(sequence) => DeliverPolicy::ByStartSequence { start_sequence: sequence.max(1) },
            Self::Since(time) => DeliverPolicy::ByStartTime { start_time: wire::from_instant(time) },
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ConsumerError {
    #[error("`{0}` cannot name a consumer: 1 to 32 of a-z, 0-9 and -")]
    Name(String),
    #[error("the consumer of `{0}` has no filter, which to JetStream would mean every message")]
    NoFilter(String),
    #[error("the filters `{0}` and `{1}` of one consumer overlap")]
    Overlap(String, String),
    #[error("the filter `{filter}` lies outside the lane {lane}")]
    OutsideLane { filter: String, lane: Lane },
    #[error("JetStream does not make the consumer `{name}` on {stream} what it should be")]
    Refused {
        name: String,
        stream: &'static str,
        #[source]
        source: Cause,
    },
    #[error("the consumer cannot be made now")]
    Unavailable(#[source] BusError),
}

#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Somebody has deleted it, or the whole stream: make it again.
    #[error("the consumer `{0}` is gone")]
    Gone(String),
    /// Somebody has given it other settings: make it again, which gives it its own.
    #[error("the consumer `{0}` was changed by somebody else")]
    Changed(String),
    /// Try again later.
    #[error("nothing could be fetched")]
    Unavailable(#[source] BusError),
}

/// A durable consumer, ready to be fetched from.
pub struct Consumer {
    bus: Bus,
    name: String,
    stream_created: Timestamp,
    inner: consumer::Consumer<pull::Config>,
}

impl ConsumerOptions {
    #[must_use]
    pub fn new(installation: &str, lane: Lane, filters: Vec<String>) -> Self {
        Self {
            installation: installation.to_owned(),
            lane,
            filters,
            start: Start::New,
            ack_wait: Duration::from_secs(30),
            max_ack_pending: 1_000,
            max_deliver: None,
        }
    }

    fn config(&self) -> Result<pull::Config, ConsumerError> {
        let name = &self.installation;
        if !is_token(name) {
            return Err(ConsumerError::Name(name.clone()));
        }
        let outside = |filter: &&String| !lane::holds(self.lane, filter);
        if let Some(filter) = self.filters.iter().find(outside) {
            return Err(ConsumerError::OutsideLane { filter: filter.clone(), lane: self.lane });
        }
        let filters =
            subject::normalise(self.filters.clone()).map_err(|(a, b)| ConsumerError::Overlap(a, b))?;
        if filters.is_empty() {
            return Err(ConsumerError::NoFilter(name.clone()));
        }
        Ok(pull::Config {
            durable_name: Some(name.clone()),
            filter_subjects: filters,
            deliver_policy: self.start.policy(),
            ack_policy: AckPolicy::Explicit,
            ack_wait: self.ack_wait,
            max_ack_pending: i64::from(self.max_ack_pending),
            max_deliver: self.max_deliver.map_or(-1, i64::from),
            ..pull::Config::default()
        })
    }
}

impl Bus {
    /// Makes the durable consumer, or brings the one that exists to these options. JetStream would silently
    /// leave it with the settings it has, so they are compared; the answer is compared as well. New filters
    /// hold for what the consumer has not passed yet: it does not go back.
    pub async fn consumer(&self, options: &ConsumerOptions) -> Result<Consumer, ConsumerError> {
        let wanted = options.config()?;
        let stream = lane::stream(options.lane);
        let name = &options.installation;
        let unavailable = |source: Cause| ConsumerError::Unavailable(self.failed("make a consumer", source));
        let refused = |source: Cause| ConsumerError::Refused { name: name.clone(), stream, source };
        let said =
            |temporary: bool, source: Cause| if temporary { unavailable(source) } else { refused(source) };

        let held = self.jetstream().get_stream(stream).await.map_err(|error| unavailable(error.into()))?;
        let existing = match held.consumer_info(name).await {
            Ok(info) => Some(info),
            Err(error) if error.kind() == ConsumerInfoErrorKind::NotFound => None,
            Err(error) => return Err(unavailable(error.into())),
        };
        let inner = match existing {
            None => held.create_consumer_strict(wanted.clone()).await.map_err(|error| {
                let refusal = matches!(error.kind(), ConsumerCreateStrictErrorKind::JetStream(said)
                    if !wire::is_temporary(&said));
                said(!refusal, error.into())
            })?,
            Some(info) => {
                let existing = pull_config(info.config.clone()).map_err(refused)?;
                let wanted = merged(&existing, &wanted);
                if same(&existing, &wanted) {
                    consumer::Consumer::new(existing, info, self.jetstream().clone())
                } else {
                    tracing::info!(consumer = name, stream, "Changing the consumer `{name}`");
                    held.update_consumer(wanted).await.map_err(|error| {
                        let refusal = matches!(error.kind(), ConsumerUpdateErrorKind::JetStream(said)
                            if !wire::is_temporary(&said));
                        said(!refusal, error.into())
                    })?
                }
            }
        };
        let now = pull_config(inner.cached_info().config.clone()).map_err(refused)?;
        if !same(&now, &merged(&now, &wanted)) {
            return Err(refused("the server keeps other settings than it was given".into()));
        }
        let stream_created = wire::instant(held.cached_info().created);
        Ok(Consumer { bus: self.clone(), name: name.clone(), stream_created, inner })
    }

    /// Up to where a consumer has acknowledged everything; none where there is no such consumer. See [`Consumer::ack_floor`].
    pub async fn consumer_floor(&self, installation: &str, lane: Lane) -> Result<Option<u64>, BusError> {
        const WHAT: &str = "tell an ack floor";
        let held = self.jetstream().get_stream(lane::stream(lane)).await;
        match held.map_err(|error| self.failed(WHAT, error))?.consumer_info(installation).await {
            Ok(info) => Ok(Some(info.ack_floor.stream_sequence)),
            Err(error) if error.kind() == ConsumerInfoErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed(WHAT, error)),
        }
    }

    /// Forgets a consumer and where it stood. False where there was none.
    pub async fn delete_consumer(&self, installation: &str, lane: Lane) -> Result<bool, BusError> {
        let done = self.jetstream().delete_consumer_from_stream(installation, lane::stream(lane)).await;
        match done {
            Ok(_) => Ok(true),
            Err(error)
                if matches!(error.kind(), ConsumerErrorKind::JetStream(said)
                if said.error_code() == ErrorCode::CONSUMER_NOT_FOUND) =>
            {
                Ok(false)
            }
            Err(error) => Err(self.failed("delete a consumer", error)),
        }
    }
}

impl Consumer {
    /// At most `max` messages: what is there at once, else what comes first within `expires`. Empty when
    /// nothing came. A connection that breaks meanwhile is an error only when nothing had come. Cancelled,
    /// what had come comes again after `ack_wait`.
    pub async fn fetch(&self, max: usize, expires: Duration) -> Result<Vec<Delivery>, FetchError> {
        let Some(first) = self.first(expires, std::future::pending()).await? else { return Ok(Vec::new()) };
        let rest = self.rest(&first, max.saturating_sub(1)).await;
        Ok(std::iter::once(first).chain(rest).collect())
    }

    /// The next message, when it comes within `expires` and before `enough`, which takes the request back: none is on its way
    /// when this returns. Whoever must wait for a turn before it can handle more asks for the
    /// [`Self::rest`] when the turn has come: messages that sit in a buffer use up their `ack_wait`.
    pub async fn first(
        &self,
        expires: Duration,
        enough: impl Future<Output = ()>,
    ) -> Result<Option<Delivery>, FetchError> {
        match pull_first(&self.bus, &self.inner, expires, enough).await {
            Ok(raw) => Ok(raw.and_then(|raw| self.delivery(raw))),
            Err(PullError::Unavailable(error)) => Err(FetchError::Unavailable(error)),
            Err(PullError::NoConsumer(said)) => Err(self.gone(said).await),
        }
    }

    /// What else is there at once, behind `first`.
    pub async fn rest(&self, first: &Delivery, max: usize) -> Vec<Delivery> {
        // Messages that come again are not counted as pending.
        if first.pending == 0 && first.delivered == 1 { Vec::new() } else { self.there(max).await }
    }

    /// What is there at once; in one request, where it is known that more waits. What has come is worth more than an error, which the next
    /// fetch will meet again.
    pub async fn there(&self, max: usize) -> Vec<Delivery> {
        if max == 0 {
            return Vec::new();
        }
        let raw = pull_rest(&self.bus, &self.inner, max).await;
        raw.into_iter().filter_map(|raw| self.delivery(raw)).collect()
    }

    fn delivery(&self, raw: Raw) -> Option<Delivery> {
        Delivery::new(&self.bus, self.stream_created, raw)
    }

    /// Every message up to this sequence is acknowledged; an error where the consumer is not what it was made. It may fall back a little when nats-server is
    /// killed (see [`Delivery::ack_confirmed`]): who forgets by it what was done must leave a margin of
    /// minutes.
    pub async fn ack_floor(&self) -> Result<u64, FetchError> {
        match self.inner.get_info().await {
            Ok(info) => {
                let made = self.inner.cached_info().config.clone();
                let same = pull_config(info.config).and_then(|now| Ok(same(&now, &pull_config(made)?)));
                match same {
                    Ok(true) => Ok(info.ack_floor.stream_sequence),
                    _ => Err(FetchError::Changed(self.name.clone())),
                }
            }
            Err(error) if is_gone(&error.kind()) => Err(FetchError::Gone(self.name.clone())),
            Err(error) => Err(FetchError::Unavailable(self.bus.failed("tell an ack floor", error))),
        }
    }

    /// The stream's creation, the other half of what names a message. See [`lane::LaneState`].
    #[must_use]
    pub fn stream_created(&self) -> Timestamp {
        self.stream_created
    }

    /// Nobody answers for a consumer while JetStream starts, too: only its own word counts.
    async fn gone(&self, said: String) -> FetchError {
        match self.inner.get_info().await {
            Err(error) if is_gone(&error.kind()) => FetchError::Gone(self.name.clone()),
            _ => FetchError::Unavailable(self.bus.failed("answer for a consumer", said)),
        }
    }
}

pub(crate) enum PullError {
    Unavailable(BusError),
    /// The server has no such consumer, or is not ready to know.
    NoConsumer(String),
}

/// Waits for one message, then takes what else is there; where that is less than `max`, after `gather`. Both requests are ended by the
/// server's word: a request that the client walks away from may still be given messages, which then wait out their `ack_wait` in nobody's
/// hands. One request for all would do, were it not held open, with messages in it, for as long as the consumer has too many out.
pub(crate) async fn pull(
    bus: &Bus,
    consumer: &consumer::Consumer<pull::Config>,
    max: usize,
    (expires, gather): (Duration, Duration),
) -> Result<Vec<Raw>, PullError> {
    let Some(first) = pull_first(bus, consumer, expires, std::future::pending()).await? else {
        return Ok(Vec::new());
    };
    let (waiting, more) = (first.info().map_or(0, |info| info.pending), max.saturating_sub(1));
    let gathers = !gather.is_zero() && waiting < more as u64;
    if gathers {
        tokio::time::sleep(gather).await;
    }
    let rest = if gathers || waiting > 0 { pull_rest(bus, consumer, more).await } else { Vec::new() };
    Ok(std::iter::once(first).chain(rest).collect())
}

async fn pull_first(
    bus: &Bus,
    consumer: &consumer::Consumer<pull::Config>,
    expires: Duration,
    enough: impl Future<Output = ()>,
) -> Result<Option<Raw>, PullError> {
    let one = pull::BatchConfig { batch: 1, expires: Some(expires), ..Default::default() };
    Ok(request(bus, consumer, one, expires, enough).await?.pop())
}

async fn pull_rest(bus: &Bus, consumer: &consumer::Consumer<pull::Config>, max: usize) -> Vec<Raw> {
    let rest = pull::BatchConfig { batch: max, no_wait: true, expires: Some(TOP_UP), ..Default::default() };
    request(bus, consumer, rest, TOP_UP, std::future::pending()).await.unwrap_or_default()
}

async fn request(
    bus: &Bus,
    consumer: &consumer::Consumer<pull::Config>,
    request: pull::BatchConfig,
    expires: Duration,
    enough: impl Future<Output = ()>,
) -> Result<Vec<Raw>, PullError> {
    let failed = |source: Cause| PullError::Unavailable(bus.failed("fetch messages", source));
    let link = bus.link().await.map_err(PullError::Unavailable)?;
    let inbox = async_nats::Subject::from(bus.client().new_inbox());
    let mut answers = bus.client().subscribe(inbox.clone()).await.map_err(|error| failed(error.into()))?;
    let max = request.batch;
    consumer.request_batch(request, inbox).await.map_err(|error| failed(error.into()))?;
    let mut deadline = Instant::now() + expires + GRACE;
    let mut messages = Vec::new();
    let mut enough = std::pin::pin!(enough);
    let mut taken_back = false;
    while messages.len() < max {
        let answer = tokio::select! {
            biased;
            answer = timeout_at(deadline, answers.next()) => answer,
            () = &mut enough, if !taken_back => {
                // What the server sent before it hears of this still comes; behind that the answers end.
                taken_back = true;
                answers.drain().await.map_err(|error| failed(error.into()))?;
                deadline = Instant::now() + GRACE;
                continue;
            }
            () = link.broken() => {
                if messages.is_empty() {
                    return Err(failed("the connection broke".into()));
                }
                break;
            }
        };
        // The time is over, or the client is gone.
        let Ok(Some(message)) = answer else { break };
        match message.status {
            None | Some(StatusCode::OK) => {
                messages.push(Raw { message, context: bus.jetstream().clone() });
            }
            Some(StatusCode::NO_RESPONDERS) => {
                return Err(PullError::NoConsumer("no one answers".to_owned()));
            }
            // 404 and 408 are the ends; 409 is many things: the consumer was deleted, the server goes down.
            Some(status) => {
                let said = message.description.as_deref().unwrap_or_default();
                if said.contains("Deleted") && messages.is_empty() {
                    return Err(PullError::NoConsumer(said.to_owned()));
                }
                tracing::trace!(%status, "nats-server ends a fetch: {said}");
                break;
            }
        }
    }
    Ok(messages)
}

fn is_gone(error: &ConsumerInfoErrorKind) -> bool {
    matches!(error, ConsumerInfoErrorKind::NotFound | ConsumerInfoErrorKind::StreamNotFound)
}

fn pull_config(config: consumer::Config) -> Result<pull::Config, Cause> {
    pull::Config::try_from_consumer_config(config)
}

/// `wanted` over `existing`, as far as it can be changed: where a consumer began stays as it is, and what we
/// have no opinion about as well.
fn merged(existing: &pull::Config, wanted: &pull::Config) -> pull::Config {
    pull::Config {
        durable_name: wanted.durable_name.clone(),
        filter_subject: String::new(),
        filter_subjects: wanted.filter_subjects.clone(),
        ack_policy: wanted.ack_policy,
        ack_wait: wanted.ack_wait,
        max_ack_pending: wanted.max_ack_pending,
        max_deliver: wanted.max_deliver,
        ..existing.clone()
    }
}

/// The server writes one filter in another field than several, and in its own order.
fn same(a: &pull::Config, b: &pull::Config) -> bool {
    let filters = |config: &pull::Config| {
        let mut filters = config.filter_subjects.clone();
        filters.extend(Some(config.filter_subject.clone()).filter(|filter| !filter.is_empty()));
        filters.sort();
        filters
    };
    let rest = |config: &pull::Config| pull::Config {
        filter_subject: String::new(),
        filter_subjects: filters(config),
        ..config.clone()
    };
    rest(a) == rest(b)
}

#[cfg(test)]
mod tests;
