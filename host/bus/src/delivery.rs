//! One message as a durable consumer got it, to be acknowledged after the effect.

use std::convert::Infallible;
use std::time::Duration;

use async_nats::jetstream;
use bytes::Bytes;
use dongting_manifest::{Message, Origin, Timestamp};

use crate::bus::{Bus, BusError};
use crate::cloudevents::{self, DecodeError, Headers};
use crate::wire;

/// Not acknowledged, it comes again after the consumer's `ack_wait`.
#[derive(Debug)]
pub struct Delivery {
    /// What is not one of our messages comes as the reason; [`Self::headers`] and [`Self::payload`] are as
    /// they came.
    pub message: Result<Message, DecodeError>,
    pub origin: Origin,
    pub stored_at: Timestamp,
    /// 1 the first time.
    pub delivered: u64,
    /// Counts the consumer's deliveries without gaps: one that is missing was lost on the way.
    pub number: u64,
    /// How many more wait for this consumer.
    pub pending: u64,
    pub headers: Headers,
    pub payload: Bytes,
    reply: async_nats::Subject,
    bus: Bus,
}

/// Deliveries at work, kept from coming again however long it takes.
pub struct AtWork {
    bus: Bus,
    replies: Vec<async_nats::Subject>,
}

impl AtWork {
    #[must_use]
    pub fn new<'d>(bus: &Bus, deliveries: impl IntoIterator<Item = &'d Delivery>) -> Self {
        let replies = deliveries.into_iter().map(|delivery| delivery.reply.clone()).collect();
        Self { bus: bus.clone(), replies }
    }

    /// Starts their `ack_wait` anew, again and again; for ever, so race it with the work. JetStream does not mind those that are
    /// acknowledged meanwhile; one that was given back with a delay comes after `ack_wait` instead.
    pub async fn keep(&self, every: Duration) -> Infallible {
        loop {
            tokio::time::sleep(every).await;
            for reply in &self.replies {
                // An error says that the connection is down; then they come again, which is right.
                if let Ok(_link) = self.bus.link().await {
                    let _ = self.bus.client().publish(reply.clone(), Bytes::from_static(b"+WPI")).await;
                }
            }
        }
    }
}

impl AtWork {
    /// Gives back those that are not acknowledged, to come again after `delay`. A connection that is down does so by itself, later.
    pub async fn nak(&self, delay: Duration) {
        let answer = Bytes::from(nak(delay));
        for reply in &self.replies {
            if self.bus.link().await.is_ok() {
                let _ = self.bus.client().publish(reply.clone(), answer.clone()).await;
            }
        }
    }
}

fn nak(delay: Duration) -> String {
    format!("-NAK {{\"delay\":{}}}", delay.as_nanos())
}

impl Delivery {
    pub(crate) fn new(bus: &Bus, stream_created: Timestamp, message: jetstream::Message) -> Option<Self> {
        let info = message.info().ok()?;
        let origin = Origin {
            stream: info.stream.to_owned(),
            stream_created,
            sequence: info.stream_sequence,
            subject: message.subject.to_string(),
        };
        let headers = wire::from_nats(message.headers.as_ref());
        Some(Self {
            message: cloudevents::decode(&message.subject, &headers, &message.payload),
            origin,
            stored_at: wire::instant(info.published),
            delivered: u64::try_from(info.delivered).unwrap_or(1),
            number: info.consumer_sequence,
            pending: info.pending,
            headers,
            payload: message.payload.clone(),
            reply: message.reply.clone()?,
            bus: bus.clone(),
        })
    }

    /// Done. Sent, not confirmed: should it be lost, the message comes again.
    pub async fn ack(&self) -> Result<(), BusError> {
        self.answer(Bytes::from_static(b"+ACK")).await
    }

    /// Done, and JetStream has said that it knows. It says so to a stale ack as well, and it writes acks down
    /// a tenth of a second later, even with `sync_always`: after `kill -9` of nats-server the message may
    /// come again.
    pub async fn ack_confirmed(&self) -> Result<(), BusError> {
        const WHAT: &str = "confirm an ack";
        let link = self.bus.link().await?;
        let client = self.bus.client();
        tokio::select! {
            biased;
            said = client.request(self.reply.clone(), Bytes::from_static(b"+ACK")) => {
                said.map(drop).map_err(|error| self.bus.failed(WHAT, error))
            }
            () = link.broken() => Err(self.bus.failed(WHAT, "the connection broke")),
        }
    }

    /// Again after `delay`. There is no nak without a delay: it would burn through a budget of deliveries in
    /// milliseconds.
    pub async fn nak(&self, delay: Duration) -> Result<(), BusError> {
        self.answer(nak(delay).into()).await
    }

    /// Never again. The reason goes into JetStream's advisory; the dead letter is the caller's to write,
    /// before this.
    pub async fn term(&self, reason: &str) -> Result<(), BusError> {
        let reason: String = reason.chars().filter(|c| !c.is_control()).take(256).collect();
        self.answer(format!("+TERM {reason}").into()).await
    }

    async fn answer(&self, answer: Bytes) -> Result<(), BusError> {
        let _link = self.bus.link().await?;
        let sent = self.bus.client().publish(self.reply.clone(), answer).await;
        sent.map_err(|error| self.bus.failed("take an ack", error))
    }
}
