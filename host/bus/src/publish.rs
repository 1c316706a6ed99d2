//! Putting messages on their lanes, known to be stored when this returns.

use std::collections::{HashSet, VecDeque};
use std::future::IntoFuture;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::{PublishAckFuture, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use bytes::Bytes;
use dongting_manifest::{Lane, Message};

use crate::bus::{Bus, Link, TIMEOUT};
use crate::cloudevents::{self, EncodeError};
use crate::wire::{self, Cause};
use crate::{lane, together};

/// Messages sent and not yet acknowledged, per call of [`Bus::publish`].
const IN_FLIGHT: usize = 256;

/// A message is on the disk of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub stream: String,
    /// Of the first copy, where it is a duplicate.
    pub sequence: u64,
    /// The lane had this id already, inside its duplicate window; nothing was added.
    pub duplicate: bool,
}

/// Why one message is not known to be stored. After [`Self::Unavailable`] it may be stored all the same:
/// publish it again, the id keeps it from being there twice.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    #[error("the message `{id}` cannot be written as a CloudEvent")]
    Encode {
        id: String,
        #[source]
        source: EncodeError,
    },
    #[error("the message `{id}` has {bytes} bytes with its headers, more than the {limit} that NATS takes")]
    TooLarge { id: String, bytes: usize, limit: usize },
    #[error("the stream {stream} is full: raise its limit or clear it")]
    Full { stream: &'static str },
    #[error("JetStream refused the message `{id}`")]
    Refused {
        id: String,
        #[source]
        source: Cause,
    },
    #[error("NATS did not confirm the message `{id}`")]
    Unavailable {
        id: String,
        #[source]
        source: Cause,
    },
}

impl Bus {
    /// Publishes in the given order and waits for every ack. The answers are in the order of the messages.
    ///
    /// While the connection is down this waits five seconds for it and then says unavailable. After the first
    /// message that is unavailable no more are sent, but those in flight behind it may be stored. Of a partition nothing is sent behind a
    /// message that was not stored, whatever the reason.
    pub async fn publish(&self, messages: &[Message]) -> Vec<Result<Stored, PublishError>> {
        let mut results: Vec<Result<Stored, PublishError>> = Vec::with_capacity(messages.len());
        let mut failed = Failed::default();
        let mut rest = messages;
        while !rest.is_empty() {
            let next = if self.together { together::next(rest) } else { (rest.len(), false) };
            let (count, together) = match next {
                // The first goes ahead: a batch is there only with its last, and whoever follows the lane has waited long enough.
                (_, true) if results.is_empty() => (1, false),
                next => next,
            };
            let (part, behind) = rest.split_at(count);
            let stored = if together && failed.is_empty() { self.together(part).await } else { None };
            match stored {
                Some(stored) => {
                    for (message, stored) in part.iter().zip(&stored) {
                        failed.note(message, stored);
                    }
                    results.extend(stored);
                }
                None => self.alone(part, &mut failed, &mut results).await,
            }
            rest = behind;
        }
        results
    }

    /// One by one, many in flight. Of one partition only one is, so that their order holds through failures: what is published again
    /// never comes behind a later one.
    async fn alone<'m>(
        &self,
        messages: &'m [Message],
        failed: &mut Failed<'m>,
        results: &mut Vec<Result<Stored, PublishError>>,
    ) {
        // Answers are collected in order, so `results` grows as the front of the queue is answered.
        let mut flight: VecDeque<(&Message, Sent<'_>)> =
            VecDeque::with_capacity(IN_FLIGHT.min(messages.len()));
        let mut partitions: HashSet<&str> = HashSet::with_capacity(flight.capacity());
        for message in messages {
            while (flight.len() >= IN_FLIGHT || partitions.contains(message.partition.as_str()))
                && let Some((message, sent)) = flight.pop_front()
            {
                partitions.remove(message.partition.as_str());
                results.push(answered(message, sent, failed).await);
            }
            partitions.insert(&message.partition);
            let sent = if let Some(why) = failed.holds_back(message) {
                Sent::Not(PublishError::Unavailable { id: message.id.clone(), source: why.into() })
            } else {
                let sent = self.send_message(message).await;
                failed.is_down |= matches!(&sent, Sent::Not(PublishError::Unavailable { .. }));
                sent
            };
            flight.push_back((message, sent));
        }
        for (message, sent) in flight {
            results.push(answered(message, sent, failed).await);
        }
    }

    async fn send_message(&self, message: &Message) -> Sent<'_> {
        match cloudevents::encode(message) {
            Ok(headers) => {
                let subject = message.subject.to_string();
                let body = Bytes::copy_from_slice(&message.body);
                let lane = message.subject.kind.lane();
                self.send(&message.id, subject, lane, wire::to_nats(&headers), body).await
            }
            Err(source) => Sent::Not(PublishError::Encode { id: message.id.clone(), source }),
        }
    }

    /// Hands one message to the client. The stream is named, so that a stream of somebody else that listens
    /// on the same subject cannot take it.
    pub(crate) async fn send(
        &self,
        id: &str,
        subject: String,
        lane: Lane,
        headers: HeaderMap,
        body: Bytes,
    ) -> Sent<'_> {
        let unavailable = |source: Cause| PublishError::Unavailable { id: id.to_owned(), source };
        let link = match self.link().await {
            Ok(link) => link,
            Err(error) => return Sent::Not(unavailable(error.into())),
        };
        let bytes = body.len();
        let publish =
            PublishMessage::build().headers(headers).payload(body).expected_stream(lane::stream(lane));
        let sent = tokio::select! {
            biased;
            sent = self.jetstream().send_publish(subject, publish) => sent,
            () = link.broken() => return Sent::Not(unavailable("the connection broke".into())),
        };
        match sent {
            Ok(ack) => Sent::Waiting { bus: self, lane, bytes, link, ack },
            Err(error) if error.kind() == PublishErrorKind::MaxPayloadExceeded => {
                let limit = self.client().max_payload();
                Sent::Not(PublishError::TooLarge { id: id.to_owned(), bytes, limit })
            }
            Err(error) => Sent::Not(unavailable(error.into())),
        }
    }
}

/// A message on its way.
pub(crate) enum Sent<'b> {
    Waiting { bus: &'b Bus, lane: Lane, bytes: usize, link: Link, ack: PublishAckFuture },
    Not(PublishError),
}

impl Sent<'_> {
    pub(crate) async fn stored(self, id: &str, patience: Duration) -> Result<Stored, PublishError> {
        let (bus, lane, bytes, link, ack) = match self {
            Self::Waiting { bus, lane, bytes, link, ack } => (bus, lane, bytes, link, ack),
            Self::Not(error) => return Err(error),
        };
        let unavailable = |source: Cause| PublishError::Unavailable { id: id.to_owned(), source };
        let ack = tokio::select! {
            biased;
            ack = tokio::time::timeout(patience, ack.into_future()) => ack,
            () = link.broken() => return Err(unavailable("the connection broke before the ack came".into())),
        };
        let error = match ack {
            Ok(Ok(ack)) => {
                return Ok(Stored { stream: ack.stream, sequence: ack.sequence, duplicate: ack.duplicate });
            }
            Ok(Err(error)) => error,
            Err(late) => return Err(unavailable(late.into())),
        };
        let id = id.to_owned();
        Err(match wire::jetstream_error(&error) {
            Some(said) if is_full(said) => PublishError::Full { stream: lane::stream(lane) },
            Some(said) if said.error_code() == ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM => {
                PublishError::TooLarge {
                    id,
                    bytes,
                    limit: lane::max_message_bytes(lane, bus.client().max_payload()),
                }
            }
            Some(said) if !wire::is_temporary(said) => PublishError::Refused { id, source: error.into() },
            _ => PublishError::Unavailable { id, source: error.into() },
        })
    }
}

/// What of a call of [`Bus::publish`] was not stored, and could be the next time.
#[derive(Default)]
struct Failed<'m> {
    /// The connection or the server does not answer.
    is_down: bool,
    partitions: HashSet<&'m str>,
}

impl<'m> Failed<'m> {
    fn is_empty(&self) -> bool {
        !self.is_down && self.partitions.is_empty()
    }

    fn note(&mut self, message: &'m Message, stored: &Result<Stored, PublishError>) {
        match stored {
            // Of these no later try makes anything else.
            Ok(_) | Err(PublishError::Encode { .. } | PublishError::TooLarge { .. }) => {}
            Err(error) => {
                self.is_down |= matches!(error, PublishError::Unavailable { .. });
                self.partitions.insert(&message.partition);
            }
        }
    }

    /// Why a message is not sent: stored now, it would stand before one that was to go before it.
    fn holds_back(&self, message: &Message) -> Option<&'static str> {
        if self.is_down {
            Some("an earlier message of the batch was not confirmed")
        } else if self.partitions.contains(message.partition.as_str()) {
            Some("an earlier message of its partition was not stored")
        } else {
            None
        }
    }
}

async fn answered<'m>(
    message: &'m Message,
    sent: Sent<'_>,
    failed: &mut Failed<'m>,
) -> Result<Stored, PublishError> {
    let was_sent = matches!(sent, Sent::Waiting { .. });
    // An ack that is there already is taken even when others were given up on.
    let patience = if failed.is_down { Duration::ZERO } else { TIMEOUT };
    let stored = sent.stored(&message.id, patience).await;
    if was_sent {
        failed.note(message, &stored);
    }
    stored
}

fn is_full(said: &async_nats::jetstream::Error) -> bool {
    let code = said.error_code();
    code == ErrorCode::INSUFFICIENT_RESOURCES
        || (code == ErrorCode::STREAM_STORE_FAILED && said.to_string().contains("maximum"))
}

#[cfg(test)]
mod tests;
