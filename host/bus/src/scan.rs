//! What a stretch of a lane holds, by headers alone: ids for what was published before an outage that was longer than JetStream remembers
//! them, and letters for a list.

use std::time::Duration;

use async_nats::jetstream::Message as Raw;
use async_nats::jetstream::consumer::{AckPolicy, Consumer, pull};
use dongting_manifest::Lane;

use crate::bus::{Bus, BusError};
use crate::cloudevents::MESSAGE_ID;
use crate::consumer::{PullError, Start};
use crate::lane;

const BATCH: usize = 1_000;
const PATIENCE: Duration = Duration::from_secs(5);

/// The beginning of a stretch.
pub(crate) struct Scan {
    bus: Bus,
    lane: Lane,
    what: &'static str,
    consumer: Consumer<pull::Config>,
}

impl Bus {
    /// Tells the ids of what was stored on `lane` from there on, up to the sequence `last`. Only headers travel.
    pub async fn ids(
        &self,
        lane: Lane,
        from: Start,
        last: u64,
        mut tell: impl FnMut(&str),
    ) -> Result<(), BusError> {
        if matches!(from, Start::At(first) if first > last) {
            return Ok(());
        }
        let scan = self.scan(lane, String::new(), from, "tell what a lane holds").await?;
        let told = scan.read(last, |raw, _| {
            if let Some(id) = raw.headers.as_ref().and_then(|headers| headers.get(MESSAGE_ID)) {
                tell(id.as_str());
            }
        });
        told.await
    }

    /// From there on; only what is on `subject`, where it is not empty.
    pub(crate) async fn scan(
        &self,
        lane: Lane,
        subject: String,
        from: Start,
        what: &'static str,
    ) -> Result<Scan, BusError> {
        let config = pull::Config {
            deliver_policy: from.policy(),
            filter_subject: subject,
            ack_policy: AckPolicy::None,
            headers_only: true,
            memory_storage: true,
            num_replicas: 1,
            inactive_threshold: PATIENCE * 6,
            ..pull::Config::default()
        };
        let made = self.jetstream().create_consumer_on_stream(config, lane::stream(lane)).await;
        let consumer = made.map_err(|error| self.failed(what, error))?;
        Ok(Scan { bus: self.clone(), lane, what, consumer })
    }
}

impl Scan {
    /// How many messages there are.
    pub fn count(&self) -> u64 {
        self.consumer.cached_info().num_pending
    }

    /// Tells of all up to the sequence `last`, each with its own.
    pub async fn read(self, last: u64, tell: impl FnMut(&Raw, u64)) -> Result<(), BusError> {
        let read = self.read_on(last, tell).await;
        self.end().await;
        read
    }

    /// It would end by itself, later.
    pub async fn end(self) {
        let (stream, name) = (lane::stream(self.lane), &self.consumer.cached_info().name);
        let _ = self.bus.jetstream().delete_consumer_from_stream(name, stream).await;
    }

    async fn read_on(&self, last: u64, mut tell: impl FnMut(&Raw, u64)) -> Result<(), BusError> {
        // Nothing was stored since: there is nothing to wait for.
        if self.count() == 0 {
            return Ok(());
        }
        let mut number = 0;
        loop {
            let pulled =
                crate::consumer::pull(&self.bus, &self.consumer, BATCH, (PATIENCE, Duration::ZERO)).await;
            let pulled = match pulled {
                Ok(pulled) => pulled,
                Err(PullError::Unavailable(error)) => return Err(error),
                Err(PullError::NoConsumer(said)) => return Err(self.bus.failed(self.what, said)),
            };
            // What was held has been removed meanwhile: the rest of the stretch is empty.
            if pulled.is_empty() {
                return Ok(());
            }
            for raw in pulled {
                let Ok(info) = raw.info() else { continue };
                number += 1;
                if info.consumer_sequence != number {
                    return Err(self.bus.failed(self.what, "a message was lost on the way"));
                }
                let (sequence, pending) = (info.stream_sequence, info.pending);
                if sequence <= last {
                    tell(&raw, sequence);
                }
                if sequence >= last || pending == 0 {
                    return Ok(());
                }
            }
        }
    }
}
