//! Word of messages that JetStream has given up on. No consumer of ours lets it, so somebody has changed one.

use async_nats::Subscriber;
use futures::StreamExt;

use crate::bus::{Bus, BusError};

const SUBJECT: &str = "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.*.*";

/// What JetStream says of consumers that have used up their deliveries of a message.
pub struct Exhausted(Subscriber);

impl Bus {
    pub async fn exhausted(&self) -> Result<Exhausted, BusError> {
        let listening = self.client().subscribe(SUBJECT).await;
        Ok(Exhausted(listening.map_err(|error| self.failed("listen for advisories", error))?))
    }
}

impl Exhausted {
    /// The stream and the consumer, once for each message; none when the client has ended.
    pub async fn next(&mut self) -> Option<(String, String)> {
        loop {
            let said = self.0.next().await?;
            let mut tokens = said.subject.rsplitn(3, '.');
            if let (Some(consumer), Some(stream)) = (tokens.next(), tokens.next()) {
                return Some((stream.to_owned(), consumer.to_owned()));
            }
        }
    }
}
