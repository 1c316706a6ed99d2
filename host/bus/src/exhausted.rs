//! Word of messages that JetStream has given up on. No consumer of ours lets it, so somebody has changed one. The word is kept in a stream
//! until it is acted upon: JetStream says it once, and no host may run then.

use std::collections::VecDeque;
use std::time::Duration;

use async_nats::jetstream::consumer::{self, AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::stream::{
    Config, DirectGetErrorKind, DiscardPolicy, RetentionPolicy, StorageType,
};
use async_nats::jetstream::{AckKind, Message as Raw};
use dongting_manifest::Origin;
use serde::Deserialize;

use crate::bus::{Bus, BusError};
use crate::cloudevents::Headers;
use crate::consumer::PullError;
use crate::wire;

/// The stream that keeps the word.
pub const STREAM: &str = "GIVEN_UP";
const SUBJECT: &str = "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.*.*";
/// All hosts of one bus share it: each word is for one of them.
const CONSUMER: &str = "hosts";
/// A word has some 300 bytes. Where nobody listens for long, the oldest go first.
const MAX_BYTES: i64 = 256 << 20;
const MAX_AGE: Duration = Duration::from_secs(90 * 24 * 3600);
const BATCH: usize = 64;
const EXPIRES: Duration = Duration::from_secs(60);

/// What JetStream says of consumers that have used up their deliveries of a message.
pub struct Exhausted {
    bus: Bus,
    consumer: consumer::Consumer<pull::Config>,
    ready: VecDeque<Raw>,
}

/// A word, kept until it is ended.
pub struct Advised {
    pub given_up: GivenUp,
    /// How often it was told, this time included.
    pub told: i64,
    bus: Bus,
    raw: Raw,
}

/// A message of which a consumer is not told any more.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct GivenUp {
    pub stream: String,
    pub consumer: String,
    #[serde(rename = "stream_seq")]
    pub sequence: u64,
    pub deliveries: u64,
}

/// A message as its stream has it.
#[derive(Debug)]
pub struct Kept {
    pub origin: Origin,
    pub headers: Headers,
    pub payload: Vec<u8>,
}

impl Bus {
    /// Listens, also to what was said while nobody did.
    pub async fn exhausted(&self) -> Result<Exhausted, BusError> {
        const WHAT: &str = "keep its advisories";
        let config = Config {
            name: STREAM.to_owned(),
            subjects: vec![SUBJECT.to_owned()],
            storage: StorageType::File,
            retention: RetentionPolicy::WorkQueue,
            discard: DiscardPolicy::Old,
            max_bytes: MAX_BYTES,
            max_age: MAX_AGE,
            ..Config::default()
        };
        let stream = self.jetstream().get_or_create_stream(config).await;
        let stream = stream.map_err(|error| self.failed(WHAT, error))?;
        let config = pull::Config {
            durable_name: Some(CONSUMER.to_owned()),
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::Explicit,
            ack_wait: EXPIRES,
            ..pull::Config::default()
        };
        let consumer = stream.get_or_create_consumer(CONSUMER, config).await;
        let consumer = consumer.map_err(|error| self.failed(WHAT, error))?;
        Ok(Exhausted { bus: self.clone(), consumer, ready: VecDeque::new() })
    }

    /// None where it is no longer there.
    pub async fn kept(&self, stream: &str, sequence: u64) -> Result<Option<Kept>, BusError> {
        const WHAT: &str = "read a message";
        let held = self.jetstream().get_stream(stream).await.map_err(|error| self.failed(WHAT, error))?;
        let message = match held.direct_get(sequence).await {
            Ok(message) => message,
            Err(error) if error.kind() == DirectGetErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed(WHAT, error)),
        };
        let origin = Origin {
            stream: stream.to_owned(),
            stream_created: wire::instant(held.cached_info().created),
            sequence,
            subject: message.subject.to_string(),
        };
        let headers = wire::from_nats(Some(&message.headers));
        Ok(Some(Kept { origin, headers, payload: message.payload.to_vec() }))
    }
}

impl Exhausted {
    /// The next word that nobody has ended. An error says that listening begins anew.
    pub async fn next(&mut self) -> Result<Advised, BusError> {
        loop {
            while let Some(raw) = self.ready.pop_front() {
                match serde_json::from_slice(&raw.payload) {
                    Ok(given_up) => {
                        let told = raw.info().map_or(1, |info| info.delivered);
                        return Ok(Advised { given_up, told, bus: self.bus.clone(), raw });
                    }
                    Err(error) => {
                        tracing::debug!(%error, "An advisory is not understood");
                        let ended = raw.ack_with(AckKind::Term).await;
                        ended.map_err(|error| self.bus.failed("end an advisory", error))?;
                    }
                }
            }
            let pulled =
                crate::consumer::pull(&self.bus, &self.consumer, BATCH, (EXPIRES, Duration::ZERO)).await;
            self.ready.extend(pulled.map_err(|error| match error {
                PullError::Unavailable(error) => error,
                PullError::NoConsumer(said) => self.bus.failed("answer for its advisories", said),
            })?);
        }
    }
}

impl Advised {
    /// It was acted upon.
    pub async fn end(self) -> Result<(), BusError> {
        self.raw.ack().await.map_err(|error| self.bus.failed("end an advisory", error))
    }

    /// It is told again after a pause, to this host or another.
    pub async fn later(self, pause: Duration) -> Result<(), BusError> {
        let put_off = self.raw.ack_with(AckKind::Nak(Some(pause))).await;
        put_off.map_err(|error| self.bus.failed("put an advisory off", error))
    }
}
