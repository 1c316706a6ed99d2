//! Word of messages that JetStream has given up on. No consumer of ours lets it, so somebody has changed one.

use async_nats::Subscriber;
use async_nats::jetstream::stream::DirectGetErrorKind;
use dongting_manifest::Origin;
use futures::StreamExt;
use serde::Deserialize;

use crate::bus::{Bus, BusError};
use crate::cloudevents::Headers;
use crate::wire;

const SUBJECT: &str = "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.*.*";

/// What JetStream says of consumers that have used up their deliveries of a message.
pub struct Exhausted(Subscriber);

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
    pub async fn exhausted(&self) -> Result<Exhausted, BusError> {
        let listening = self.client().subscribe(SUBJECT).await;
        Ok(Exhausted(listening.map_err(|error| self.failed("listen for advisories", error))?))
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
    /// Once for each message and consumer; none when the client has ended.
    pub async fn next(&mut self) -> Option<GivenUp> {
        loop {
            let said = self.0.next().await?;
            match serde_json::from_slice(&said.payload) {
                Ok(given_up) => return Some(given_up),
                Err(error) => tracing::debug!(%error, "An advisory is not understood"),
            }
        }
    }
}
