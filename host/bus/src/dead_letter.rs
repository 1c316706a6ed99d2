//! What could not be processed, kept with its reason in a lane of its own.

use async_nats::header::HeaderMap;
use async_nats::jetstream;
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::DirectGetErrorKind;
use bytes::Bytes;
use dongting_manifest::dead_letter::DocumentHead;
use dongting_manifest::name::is_token;
use dongting_manifest::{DeadLetter, Lane, Origin, Timestamp};

use crate::bus::{Bus, BusError, TIMEOUT};
use crate::cloudevents::{self, Headers, MESSAGE_ID, percent};
use crate::lane;
use crate::publish::{PublishError, Stored};
use crate::wire;

mod list;

/// Bytes of a reason as a header, of a document's name and content type, and of what else is said of a letter: JetStream takes no more than
/// 65,535 bytes of headers, and what is too long must not be what keeps the letter from being stored.
const MAX_REASON_BYTES: usize = 12 * 1024;
const MAX_DOCUMENT_BYTES: usize = 8 * 1024;
const MAX_SAID_BYTES: usize = 1024;

const READ: &str = "read the dead letters";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDeadLetter {
    pub sequence: u64,
    pub stored_at: Timestamp,
    /// Length of the payload, which a list leaves out.
    pub bytes: usize,
    pub letter: DeadLetter,
}

impl Bus {
    /// Publishes on `dead.<installation>`. When the lane is full this is refused: nothing makes room by
    /// itself for a letter that nobody has read.
    pub async fn dead_letter(&self, letter: &DeadLetter) -> Result<Stored, PublishError> {
        let id = letter.id();
        if !is_token(&letter.installation) {
            let source = format!("`{}` is no installation id", letter.installation).into();
            return Err(PublishError::Refused { id, source });
        }
        let subject = format!("dead.{}", letter.installation);
        let headers = wire::to_nats(&headers(letter, &id));
        let payload = Bytes::copy_from_slice(&letter.payload);
        self.send(&id, subject, Lane::Dead, headers, payload).await.stored(&id, TIMEOUT).await
    }

    /// One dead letter, whole.
    pub async fn dead_letter_at(&self, sequence: u64) -> Result<Option<StoredDeadLetter>, BusError> {
        match self.dead().await?.direct_get(sequence).await {
            Ok(message) => Ok(Some(stored(message))),
            Err(error) if error.kind() == DirectGetErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed(READ, error)),
        }
    }

    /// Removes one dead letter for ever. Whether it was there.
    pub async fn discard_dead_letter(&self, sequence: u64) -> Result<bool, BusError> {
        match self.dead().await?.delete_message(sequence).await {
            Ok(_) => Ok(true),
            // JetStream has several words for a message that is not there.
            Err(_) if self.dead_letter_at(sequence).await?.is_none() => Ok(false),
            Err(error) => Err(self.failed("discard a dead letter", error)),
        }
    }

    async fn dead(&self) -> Result<jetstream::stream::Stream, BusError> {
        let dead = self.jetstream().get_stream(lane::stream(Lane::Dead)).await;
        dead.map_err(|error| self.failed(READ, error))
    }
}

fn headers(letter: &DeadLetter, id: &str) -> Headers {
    let mut bytes = 0;
    // What has more is no message, and still where it came from.
    let fits = |(name, value): &&(String, String)| {
        bytes += cloudevents::line(name.len(), value.len());
        bytes <= cloudevents::MAX_READ_BYTES
    };
    // Those are of a message. A document has none, and needs their room.
    let attributes = if letter.document.is_none() { letter.attributes.as_slice() } else { &[] };
    let kept = attributes.iter().filter(|(name, _)| is_kept(name)).take_while(fits);
    let mut headers: Headers = kept.cloned().collect();
    let region = letter.region.map(|region| region.to_string()).unwrap_or_default();
    let mut ours = vec![
        ("dt-reason", letter.reason.clone()),
        ("dt-plugin", letter.plugin.clone()),
        ("dt-traceparent", letter.traceparent.clone()),
        ("dt-region", region),
        ("dt-content-type", letter.content_type.clone()),
    ];
    if let Some(origin) = &letter.origin {
        ours.extend([
            ("dt-stream", origin.stream.clone()),
            ("dt-stream-created", origin.stream_created.to_string()),
            ("dt-sequence", origin.sequence.to_string()),
            ("dt-subject", origin.subject.clone()),
        ]);
    }
    if let Some(document) = &letter.document {
        ours.extend([
            ("dt-transport", document.transport.clone()),
            ("dt-name", document.name.clone().unwrap_or_default()),
            ("dt-received", document.received.to_string()),
        ]);
    }
    let ours = ours.into_iter().filter(|(_, value)| !value.is_empty());
    headers.extend(ours.map(|(name, value)| {
        let most = match name {
            "dt-reason" => MAX_REASON_BYTES,
            "dt-name" | "dt-content-type" if letter.document.is_some() => MAX_DOCUMENT_BYTES,
            _ => MAX_SAID_BYTES,
        };
        (name.to_owned(), percent::encode(percent::cut(&value, most)))
    }));
    headers.push((MESSAGE_ID.to_owned(), id.to_owned()));
    headers
}

/// Never a `Nats-` header: those give orders to the server.
fn is_kept(name: &str) -> bool {
    name.split_at_checked(3).is_some_and(|(prefix, _)| prefix.eq_ignore_ascii_case("ce-"))
        || name.eq_ignore_ascii_case("content-type")
}

fn stored(message: StreamMessage) -> StoredDeadLetter {
    StoredDeadLetter {
        sequence: message.sequence,
        stored_at: wire::instant(message.time),
        bytes: message.payload.len(),
        letter: read(&message.subject, &message.headers, message.payload.to_vec()),
    }
}

/// Lenient: only the host writes here, and a letter that cannot be read in full must still be shown.
fn read(subject: &str, headers: &HeaderMap, payload: Vec<u8>) -> DeadLetter {
    let get = |name: &str| value(headers, name);
    let origin = || {
        Some(Origin {
            stream: get("dt-stream")?,
            stream_created: get("dt-stream-created")?.parse().ok()?,
            sequence: get("dt-sequence")?.parse().ok()?,
            subject: get("dt-subject").unwrap_or_default(),
        })
    };
    let document = || {
        Some(DocumentHead {
            transport: get("dt-transport")?,
            name: get("dt-name"),
            received: get("dt-received")?.parse().ok()?,
        })
    };
    DeadLetter {
        installation: subject.strip_prefix("dead.").unwrap_or(subject).to_owned(),
        reason: get("dt-reason").unwrap_or_default(),
        plugin: get("dt-plugin").unwrap_or_default(),
        traceparent: get("dt-traceparent").unwrap_or_default(),
        region: get("dt-region").and_then(|region| region.parse().ok()),
        origin: origin(),
        attributes: wire::from_nats(Some(headers)).into_iter().filter(|(name, _)| is_kept(name)).collect(),
        document: document(),
        content_type: get("dt-content-type").unwrap_or_default(),
        payload,
    }
}

fn value(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.as_str();
    Some(percent::decode(value).unwrap_or_else(|| value.to_owned()))
}

#[cfg(test)]
mod tests;
