//! Which messages a stretch of a lane holds, by their ids: for what was published before an outage that was longer than JetStream
//! remembers ids.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, pull};
use dongting_manifest::Lane;

use crate::bus::{Bus, BusError};
use crate::cloudevents::MESSAGE_ID;
use crate::consumer::{PullError, Start};
use crate::lane;

const BATCH: usize = 1_000;
const PATIENCE: Duration = Duration::from_secs(5);

impl Bus {
    /// Tells the ids of what was stored on `lane` from there on, up to the sequence `last`. Only headers travel.
    pub async fn ids(
        &self,
        lane: Lane,
        from: Start,
        last: u64,
        mut tell: impl FnMut(&str),
    ) -> Result<(), BusError> {
        const WHAT: &str = "tell what a lane holds";
        if matches!(from, Start::At(first) if first > last) {
            return Ok(());
        }
        let config = pull::Config {
            deliver_policy: from.policy(),
            ack_policy: AckPolicy::None,
            headers_only: true,
            memory_storage: true,
            num_replicas: 1,
            inactive_threshold: PATIENCE * 6,
            ..pull::Config::default()
        };
        let made = self.jetstream().create_consumer_on_stream(config, lane::stream(lane)).await;
        let consumer = made.map_err(|error| self.failed(WHAT, error))?;
        // Nothing was stored since: there is nothing to wait for.
        if consumer.cached_info().num_pending == 0 {
            return Ok(());
        }
        let mut number = 0;
        loop {
            let pulled = match crate::consumer::pull(self, &consumer, BATCH, (PATIENCE, Duration::ZERO)).await
            {
                Ok(pulled) => pulled,
                Err(PullError::Unavailable(error)) => return Err(error),
                Err(PullError::NoConsumer(said)) => return Err(self.failed(WHAT, said)),
            };
            // What was held has been removed meanwhile: the rest of the stretch is empty.
            if pulled.is_empty() {
                return Ok(());
            }
            for raw in pulled {
                let Ok(info) = raw.info() else { continue };
                number += 1;
                if info.consumer_sequence != number {
                    return Err(self.failed(WHAT, "a message was lost on the way"));
                }
                let id = raw.headers.as_ref().and_then(|headers| headers.get(MESSAGE_ID));
                if info.stream_sequence <= last
                    && let Some(id) = id
                {
                    tell(id.as_str());
                }
                if info.stream_sequence >= last || info.pending == 0 {
                    return Ok(());
                }
            }
        }
    }
}
