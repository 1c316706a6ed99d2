//! Everything that is stored on a lane, in order: for the host's history and its live stream. Survives
//! reconnects and acknowledges nothing.

use std::collections::VecDeque;
use std::time::Duration;

use async_nats::jetstream::Message as Raw;
use async_nats::jetstream::consumer::{self, AckPolicy, DeliverPolicy, pull};
use dongting_manifest::{Lane, Message, Timestamp};

use crate::bus::{Bus, BusError};
use crate::cloudevents::{self, DecodeError};
use crate::consumer::PullError;
use crate::{lane, wire};

/// Messages held here at most.
const BATCH: usize = 256;
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
    ready: VecDeque<Tailed>,
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
        Tail { bus: self.clone(), lane, next: from.max(1), consumer: None, ready: VecDeque::new() }
    }
}

impl Tail {
    /// The next message, whenever it comes. Cancel-safe.
    pub async fn next(&mut self) -> Tailed {
        loop {
            if let Some(tailed) = self.ready.pop_front() {
                self.next = tailed.sequence + 1;
                return tailed;
            }
            if let Err(error) = self.fill().await {
                // Made again from the next sequence, so nothing is missed and nothing comes twice.
                tracing::debug!(lane = %self.lane, "The tail of lane `{}` starts again: {error}", self.lane);
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    async fn fill(&mut self) -> Result<(), BusError> {
        // Taken out while it is at work: cancelled in the middle, what was on its way would be missing for
        // ever.
        let mut reader = match self.consumer.take() {
            Some(reader) => reader,
            None => Reader { inner: reader(&self.bus, self.lane, self.next).await?, delivered: 0 },
        };
        let pulled = consumer_pull(&self.bus, &reader.inner).await?;
        for raw in pulled {
            let Ok(info) = raw.info() else { continue };
            if info.consumer_sequence != reader.delivered + 1 {
                return Err(self.bus.failed("deliver a message of a lane", "a message was lost on the way"));
            }
            reader.delivered = info.consumer_sequence;
            let headers = wire::from_nats(raw.headers.as_ref());
            self.ready.push_back(Tailed {
                sequence: info.stream_sequence,
                stored_at: wire::instant(info.published),
                subject: raw.subject.to_string(),
                message: cloudevents::decode(&raw.subject, &headers, &raw.payload),
            });
        }
        self.consumer = Some(reader);
        Ok(())
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

async fn consumer_pull(bus: &Bus, reader: &consumer::Consumer<pull::Config>) -> Result<Vec<Raw>, BusError> {
    match crate::consumer::pull(bus, reader, BATCH, EXPIRES).await {
        Ok(pulled) => Ok(pulled),
        Err(PullError::Unavailable(error)) => Err(error),
        Err(PullError::NoConsumer(said)) => Err(bus.failed("keep the consumer of a tail", said)),
    }
}
