//! Everything that is stored on a lane, in order: for the host's history and its live stream. Survives
//! reconnects and acknowledges nothing.

use std::time::Duration;

use async_nats::jetstream::Message as Raw;
use async_nats::jetstream::consumer::{self, AckPolicy, DeliverPolicy, pull};
use dongting_manifest::{Lane, Message, Timestamp};

use crate::bus::{Bus, BusError};
use crate::cloudevents::{self, DecodeError};
use crate::consumer::PullError;
use crate::{lane, wire};

/// Messages given at once, at most.
const BATCH: usize = 512;
/// What others have to do is not kept waiting for longer than it takes to decode so many.
const IN_ONE_PIECE: usize = 32;
const EXPIRES: Duration = Duration::from_secs(20);
/// The server forgets the consumer of a tail that nobody reads any more.
const INACTIVE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(250);

/// A place in a lane that moves forward. Dropping it is enough to end it.
pub struct Tail {
    bus: Bus,
    lane: Lane,
    next: u64,
    consumer: Option<Reader>,
}

#[derive(Debug)]
pub struct Tailed {
    pub sequence: u64,
    pub stored_at: Timestamp,
    pub subject: String,
    pub message: Result<Message, DecodeError>,
}

struct Reader {
    inner: consumer::Consumer<pull::Config>,
    /// Of the consumer, counted without gaps: one that is missing was lost on the way.
    delivered: u64,
}

impl Bus {
    /// From `from` on (or from the oldest that is still held). A lane's sequences begin anew when its stream
    /// was deleted: compare [`lane::LaneState::created`] with what it was before relying on a stored `from`.
    #[must_use]
    pub fn tail(&self, lane: Lane, from: u64) -> Tail {
        Tail { bus: self.clone(), lane, next: from.max(1), consumer: None }
    }
}

impl Tail {
    /// The next message, whenever it comes, with those that come within `gather` of it; where a full batch waits already, at once. Cancelled,
    /// nothing is missed, but the next batch is read by a consumer that is made anew, and the server keeps the one before for a minute.
    pub async fn batch(&mut self, gather: Duration) -> Vec<Tailed> {
        loop {
            match self.read(gather).await {
                Ok(batch) if batch.is_empty() => {}
                Ok(batch) => return batch,
                // Made again from the next sequence, so nothing is missed and nothing comes twice.
                Err(error) => {
                    tracing::debug!(lane = %self.lane, "The tail of lane `{}` starts again: {error}", self.lane);
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    async fn read(&mut self, gather: Duration) -> Result<Vec<Tailed>, BusError> {
        // Taken out while it is at work: cancelled in the middle, what was on its way would be missing for
        // ever.
        let mut reader = match self.consumer.take() {
            Some(reader) => reader,
            None => Reader { inner: reader(&self.bus, self.lane, self.next).await?, delivered: 0 },
        };
        let pulled = consumer_pull(&self.bus, &reader.inner, gather).await?;
        let mut batch = Vec::with_capacity(pulled.len());
        for raw in pulled {
            let Ok(info) = raw.info() else { continue };
            if info.consumer_sequence != reader.delivered + 1 {
                return Err(self.bus.failed("deliver a message of a lane", "a message was lost on the way"));
            }
            reader.delivered = info.consumer_sequence;
            let headers = wire::from_nats(raw.headers.as_ref());
            batch.push(Tailed {
                sequence: info.stream_sequence,
                stored_at: wire::instant(info.published),
                subject: raw.subject.to_string(),
                message: cloudevents::decode(&raw.subject, &headers, &raw.payload),
            });
            if batch.len() % IN_ONE_PIECE == 0 {
                tokio::task::yield_now().await;
            }
        }
        if let Some(last) = batch.last() {
            self.next = last.sequence + 1;
        }
        self.consumer = Some(reader);
        Ok(batch)
    }
}

async fn reader(bus: &Bus, lane: Lane, from: u64) -> Result<consumer::Consumer<pull::Config>, BusError> {
    let config = pull::Config {
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: from },
        ack_policy: AckPolicy::None,
        memory_storage: true,
        num_replicas: 1,
        inactive_threshold: INACTIVE,
        ..pull::Config::default()
    };
    let made = bus.jetstream().create_consumer_on_stream(config, lane::stream(lane)).await;
    made.map_err(|error| bus.failed("tail a lane", error))
}

async fn consumer_pull(
    bus: &Bus,
    reader: &consumer::Consumer<pull::Config>,
    gather: Duration,
) -> Result<Vec<Raw>, BusError> {
    match crate::consumer::pull(bus, reader, BATCH, (EXPIRES, gather)).await {
        Ok(pulled) => Ok(pulled),
        Err(PullError::Unavailable(error)) => Err(error),
        Err(PullError::NoConsumer(said)) => Err(bus.failed("keep the consumer of a tail", said)),
    }
}
