//! The connection to NATS, and the lanes made ready.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event};
use tokio::sync::watch;

use crate::lane::{self, LaneLimits};
use crate::wire::Cause;

/// How long a request to JetStream, or the ack of a publish, may take before it counts as unavailable.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(5);
const OLDEST: (i64, i64) = (2, 12);
/// What one message may have: a dead letter holds a whole document.
pub(crate) const MAX_PAYLOAD_BYTES: usize = 8 * 1024 * 1024;

/// A connection to NATS that heals by itself. Cloning shares it.
#[derive(Clone)]
pub struct Bus {
    client: Client,
    jetstream: Context,
    connection: watch::Receiver<Connection>,
    url: Arc<str>,
    /// Many messages go as one batch.
    pub(crate) together: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    Connected,
    /// Reconnecting, for ever.
    Disconnected,
}

/// User and password. `Debug` does not show the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub user: String,
    pub password: String,
}

#[derive(Debug, thiserror::Error)]
pub enum BusError {
    #[error("NATS at {url} cannot be reached: is nats-server running there?")]
    Connect {
        url: String,
        #[source]
        source: Cause,
    },
    #[error("NATS at {url} refuses these credentials")]
    Credentials { url: String },
    #[error("NATS at {url} is nats-server {version}; Dongting needs {}.{} or newer", OLDEST.0, OLDEST.1)]
    TooOld { url: String, version: String },
    #[error(
        "NATS at {url} takes {bytes} bytes in a message: set `max_payload: {MAX_PAYLOAD_BYTES}` in its configuration"
    )]
    Payload { url: String, bytes: usize },
    #[error("the stream {stream} cannot be made what it should be")]
    Lane {
        stream: &'static str,
        #[source]
        source: Cause,
    },
    /// Try again later.
    #[error("NATS at {url} did not {what}")]
    Unavailable {
        url: String,
        what: &'static str,
        #[source]
        source: Cause,
    },
}

impl Bus {
    /// Connects and makes sure that the lanes exist with these limits. The connection is kept for ever: when
    /// it breaks, it is made again, with pauses from 50 ms to 2 s.
    pub async fn connect(
        url: &str,
        credentials: &Credentials,
        limits: &LaneLimits,
    ) -> Result<Self, BusError> {
        let (state, connection) = watch::channel(Connection::Connected);
        let client =
            ConnectOptions::with_user_and_password(credentials.user.clone(), credentials.password.clone())
                .name("dongting")
                .connection_timeout(TIMEOUT)
                .request_timeout(Some(TIMEOUT))
                .ping_interval(Duration::from_secs(10))
                .max_reconnects(None)
                .ignore_discovered_servers()
                .reconnect_delay_callback(|attempts| {
                    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(u32::MAX).min(6);
                    Duration::from_millis(50 << doublings).min(Duration::from_secs(2))
                })
                .event_callback(move |event| {
                    observe(&state, &event);
                    std::future::ready(())
                })
                .connect(url)
                .await
                .map_err(|error| match error.kind() {
                    ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => {
                        BusError::Credentials { url: url.to_owned() }
                    }
                    _ => BusError::Connect { url: url.to_owned(), source: error.into() },
                })?;
        if !client.is_server_compatible(OLDEST.0, OLDEST.1, 0) {
            let version = client.server_info().version;
            return Err(BusError::TooOld { url: url.to_owned(), version });
        }
        // Found later, a letter that is too large for it would be tried for ever.
        let bytes = client.max_payload();
        if bytes < MAX_PAYLOAD_BYTES {
            return Err(BusError::Payload { url: url.to_owned(), bytes });
        }
        // A publish holds its permit until its ack is looked at, so a bound here could deadlock publishers
        // that wait for each other; each publish bounds itself.
        let jetstream = jetstream::ContextBuilder::new()
            .timeout(TIMEOUT)
            .ack_timeout(TIMEOUT)
            .max_ack_inflight(1_000_000)
            .build(client.clone());
        lane::ensure(&jetstream, limits).await?;
        Ok(Self { client, jetstream, connection, url: url.into(), together: true })
    }

    /// For a server that does not sync each message: for it a batch is more work than its messages.
    #[must_use]
    pub fn one_by_one(self) -> Self {
        Self { together: false, ..self }
    }

    /// Whether the connection stands, and every change of it.
    #[must_use]
    pub fn connection(&self) -> watch::Receiver<Connection> {
        self.connection.clone()
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn jetstream(&self) -> &Context {
        &self.jetstream
    }

    /// A guard taken before sending; see [`Link::broken`]. Waits for the connection, up to the time-out.
    pub(crate) async fn link(&self) -> Result<Link, BusError> {
        let mut watch = self.connection.clone();
        // What is waited for counts as seen, so that any later change is one.
        let connected = watch.wait_for(|now| *now == Connection::Connected);
        match tokio::time::timeout(TIMEOUT, connected).await.map(|seen| seen.map(drop)) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(self.failed("keep the connection", error)),
            Err(error) => return Err(self.failed("come back in time", error)),
        }
        Ok(Link(watch))
    }

    pub(crate) fn failed(&self, what: &'static str, source: impl Into<Cause>) -> BusError {
        BusError::Unavailable { url: self.url.to_string(), what, source: source.into() }
    }
}

/// Tells a request that the connection it was sent on is gone, so that it need not wait for its time-out.
pub(crate) struct Link(watch::Receiver<Connection>);

impl Link {
    /// Returns when the connection has broken since the link was taken, even if it stands again.
    pub(crate) async fn broken(&self) {
        let mut watch = self.0.clone();
        // An error means that the client is gone, which is as broken as it gets.
        let _ = watch.changed().await;
    }
}

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bus").field("url", &self.url).finish_non_exhaustive()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}

fn observe(state: &watch::Sender<Connection>, event: &Event) {
    match event {
        Event::Connected => {
            let again = state.send_replace(Connection::Connected) == Connection::Disconnected;
            if again {
                tracing::info!("NATS is connected again");
            }
        }
        Event::Disconnected | Event::Closed => {
            state.send_replace(Connection::Disconnected);
            tracing::warn!("The connection to NATS is lost");
        }
        Event::ServerError(error) => tracing::warn!("nats-server says: {error}"),
        other => tracing::debug!("NATS: {other}"),
    }
}
