//! Messages that JetStream has given up on, since somebody has set `max_deliver` on a consumer: kept as dead letters, and the consumer is
//! given its own settings back.

use std::sync::Weak;
use std::time::Duration;

use dongting_bus::{GivenUp, Kept, cloudevents};
use dongting_manifest::DeadLetter;

use crate::host::Host;
use crate::installed::chain;

const PAUSE: Duration = Duration::from_secs(1);

/// Listens, for as long as the host lives.
pub async fn listen(host: Weak<Host>) {
    loop {
        let Some(bus) = host.upgrade().map(|host| host.bus().clone()) else { return };
        match bus.exhausted().await {
            Ok(mut exhausted) => {
                while let Some(given_up) = exhausted.next().await {
                    let Some(host) = host.upgrade() else { return };
                    host.given_up(given_up).await;
                }
            }
            Err(error) => tracing::debug!("Advisories cannot be heard now: {}", chain(&error)),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

impl Host {
    async fn given_up(&self, given_up: GivenUp) {
        let GivenUp { stream, consumer, sequence, deliveries } = given_up;
        // Somebody else's consumer is somebody else's matter.
        let Some(installed) = self.installed(&consumer) else { return };
        let reason = format!(
            "JetStream gave it up after {deliveries} deliveries: somebody has set max_deliver on the consumer `{consumer}`, which now has its own settings again; re-drive it"
        );
        tracing::warn!(stream, sequence, reason, "A message of `{consumer}` was given up by JetStream");
        // An error says that nobody works yet; who does looks at the consumer and makes it what it was.
        let _ = self.shared.exhausted.send((stream.clone(), consumer.clone()));
        let found = self.bus().kept(&stream, sequence).await;
        let Kept { origin, headers, payload } = match found {
            Ok(Some(kept)) => kept,
            Ok(None) => return,
            Err(error) => {
                tracing::error!("Message {sequence} of {stream} is lost to `{consumer}`: {}", chain(&error));
                return;
            }
        };
        let message = cloudevents::decode(&origin.subject, &headers, &payload).ok();
        let letter = DeadLetter {
            installation: consumer,
            reason,
            plugin: installed.reference.clone(),
            traceparent: message.as_ref().map(|m| m.traceparent.clone()).unwrap_or_default(),
            region: message.as_ref().map(|m| m.subject.region),
            content_type: message.map(|m| m.content_type).unwrap_or_default(),
            origin: Some(origin),
            attributes: headers,
            payload,
        };
        if let Err(error) = installed.dead_letter(&self.shared.publisher, &letter).await {
            tracing::error!(
                "Message {sequence} of {stream} cannot be kept as a dead letter: {}",
                chain(&error)
            );
        }
    }
}
