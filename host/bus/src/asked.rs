//! Requests by NATS to a service: `svc.<installation>`, shared among the hosts that offer it, or for the one that works for it.

use async_nats::client::SubscribeError;
use async_nats::{HeaderMap, Subscriber};
use bytes::Bytes;
use futures::StreamExt;

use crate::bus::{Bus, BusError};
use crate::cloudevents::Headers;
use crate::wire;

/// A request that waits for its answer.
pub struct Asked {
    /// Names in lower case.
    pub headers: Headers,
    pub body: Bytes,
    reply: async_nats::Subject,
    bus: Bus,
}

/// The requests to one service.
pub struct Requests {
    inner: Subscriber,
    bus: Bus,
}

/// Where whoever asks by NATS waits for its answer: every client's inboxes lie there, unless it is told otherwise.
const INBOX: &str = "_INBOX.";

/// Where requests to a service go.
#[must_use]
pub fn subject(installation: &str) -> String {
    format!("svc.{installation}")
}

impl Bus {
    /// What is asked of an installation from now on. Each request goes to one of the hosts that listen like this.
    pub async fn asked(&self, installation: &str) -> Result<Requests, BusError> {
        self.requests(self.client().queue_subscribe(subject(installation), "svc".to_owned()).await).await
    }

    /// Likewise, for a host that has a lease on the installation: it gets all requests, whoever else listens. One whose machine is gone, or
    /// that hangs, listens on as far as nats-server knows, for minutes, and would be given every other request.
    pub async fn asked_alone(&self, installation: &str) -> Result<Requests, BusError> {
        self.requests(self.client().subscribe(subject(installation)).await).await
    }

    async fn requests(&self, subscribed: Result<Subscriber, SubscribeError>) -> Result<Requests, BusError> {
        let inner = subscribed.map_err(|error| self.failed("listen for requests", error))?;
        // It is on its way to the server when this returns, before whatever this connection says later.
        self.client().flush().await.map_err(|error| self.failed("listen for requests", error))?;
        Ok(Requests { inner, bus: self.clone() })
    }
}

impl Requests {
    /// Goes on through reconnects; none when the client has ended. What wants no answer is passed over.
    pub async fn next(&mut self) -> Option<Asked> {
        loop {
            let message = self.inner.next().await?;
            let Some(reply) = message.reply else { continue };
            // The host may publish everywhere. Who may only ask must not have it answer onto a lane, or to JetStream itself.
            if !reply.starts_with(INBOX) {
                tracing::debug!(%reply, "A request is not answered: it wants that outside `{INBOX}`");
                continue;
            }
            let headers = wire::from_nats(message.headers.as_ref())
                .into_iter()
                .map(|(name, value)| (name.to_ascii_lowercase(), value))
                .collect();
            return Some(Asked { headers, body: message.payload, reply, bus: self.bus.clone() });
        }
    }

    /// No more come; [`Self::next`] still gives those that have, and then none. What is on its way here is lost: who asked hears nothing.
    pub async fn end(&mut self) {
        // An error means that the client has ended, and all its subscriptions with it.
        let _ = self.inner.unsubscribe().await;
    }
}

impl Asked {
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// Answers with a `status` header beside the others. Who asked may have gone away, which harms nobody.
    pub async fn answer(self, status: u16, headers: Headers, body: Vec<u8>) {
        let mut map: HeaderMap = wire::to_nats(&headers);
        map.insert("status", status.to_string().as_str());
        if let Err(error) = self.bus.client().publish_with_headers(self.reply, map, body.into()).await {
            tracing::warn!("An answer could not be sent: {error}");
        }
    }
}
