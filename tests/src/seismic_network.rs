//! A stand-in for a seismological network's web services: an FDSN event service, a USGS feed and a CENC list over one
//! catalogue, which either replays as time passes or holds what a test publishes; and faults at will.

mod catalogue;
mod cenc;
mod control;
mod fault;
mod fdsn;
mod state;
mod usgs;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get};
pub use catalogue::{Revision, Status};
pub use fault::Fault;
use jiff::Timestamp;
pub use state::Seen;
use state::State;
use tokio::net::TcpListener;
use tokio::sync::watch;

#[derive(Debug, Clone)]
pub struct Options {
    /// 0: the system chooses.
    pub port: u16,
    /// How many demo seconds pass in a second.
    pub speed: f64,
    /// The instant at which the replay begins; now where absent.
    pub start: Option<Timestamp>,
    /// Replay the built-in catalogue; else only what is published is there.
    pub replay: bool,
}

/// Serves until it is dropped.
pub struct SeismicNetwork {
    address: SocketAddr,
    state: Arc<State>,
    stop: watch::Sender<bool>,
}

impl Options {
    /// An empty catalogue that the test fills.
    #[must_use]
    pub fn manual() -> Self {
        Self { port: 0, speed: 1.0, start: None, replay: false }
    }

    #[must_use]
    pub fn replay() -> Self {
        Self { replay: true, ..Self::manual() }
    }
}

impl SeismicNetwork {
    pub async fn start(options: Options) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))
            .await
            .with_context(|| format!("port {} of this machine cannot be had", options.port))?;
        let address = listener.local_addr()?;
        let start = options.start.unwrap_or_else(Timestamp::now);
        let schedule = if options.replay { catalogue::schedule(start, options.speed)? } else { Vec::new() };
        let (stop, stopped) = watch::channel(false);
        let state = Arc::new(State::new(start, schedule, stopped.clone()));
        let serving = axum::serve(listener, router(Arc::clone(&state)))
            .with_graceful_shutdown(async move { stopping(stopped).await });
        tokio::spawn(async move { serving.await });
        Ok(Self { address, state, stop })
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// For the adapter's setting `url` with `fdsn-xml` or `fdsn-text`.
    #[must_use]
    pub fn fdsn_url(&self) -> String {
        format!("{}/fdsnws/event/1/query", self.url())
    }

    #[must_use]
    pub fn usgs_url(&self) -> String {
        format!("{}/earthquakes/feed/v1.0/summary/all_day.geojson", self.url())
    }

    #[must_use]
    pub fn cenc_url(&self) -> String {
        format!("{}/cenc/eqlist.json", self.url())
    }

    /// Adds a statement to the catalogue at once; the newest `updated` of an event is what the services serve.
    pub fn publish(&self, revision: Revision) {
        self.state.publish(revision);
    }

    /// Answers wrongly: the next `times` requests, or all until [`Self::heal`].
    pub fn inject(&self, fault: Fault, times: Option<u32>) {
        self.state.inject(fault, times);
    }

    pub fn heal(&self) {
        self.state.heal();
    }

    /// The requests to the services so far, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<Seen> {
        self.state.requests()
    }
}

impl Drop for SeismicNetwork {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

fn router(state: Arc<State>) -> Router {
    Router::new()
        .route("/fdsnws/event/1/query", get(fdsn::query))
        .route("/fdsnws/event/1/version", get(fdsn::version))
        .route("/earthquakes/feed/v1.0/summary/{name}", get(usgs::summary))
        .route("/cenc/eqlist.json", get(cenc::list))
        .layer(from_fn_with_state(Arc::clone(&state), fault::faults))
        .route("/control/fault", any(control::fault))
        .route("/control/publish", any(control::publish))
        .route("/control/requests", get(control::requests))
        .route("/control/catalogue", get(control::catalogue))
        .with_state(state)
}

/// Resolves when the handle is dropped.
async fn stopping(mut stopped: watch::Receiver<bool>) {
    // An error says that the sender is gone, which comes to the same.
    let _: Result<_, watch::error::RecvError> = stopped.wait_for(|stopped| *stopped).await.map(|_| ());
}

#[cfg(test)]
mod tests;
