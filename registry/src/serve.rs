//! Listening: for the registry alone, or for whatever its routes are part of.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long answers that are under way may take when it stops.
const LAST: Duration = Duration::from_secs(2);

/// An address that is taken, and serves nothing yet.
pub struct Listening {
    listener: TcpListener,
    pub address: SocketAddr,
}

/// Ends when `stop` is told to.
pub struct Served {
    pub address: SocketAddr,
    task: JoinHandle<std::io::Result<()>>,
    stop: watch::Sender<bool>,
}

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("the address {address} is in use: stop what listens there, or choose another with --listen")]
    InUse { address: SocketAddr },
    #[error("the host cannot listen on {address}")]
    Listen {
        address: SocketAddr,
        #[source]
        source: std::io::Error,
    },
}

impl Listening {
    pub async fn on(address: SocketAddr) -> Result<Self, ServeError> {
        let listener = TcpListener::bind(address).await.map_err(|source| match source.kind() {
            std::io::ErrorKind::AddrInUse => ServeError::InUse { address },
            _ => ServeError::Listen { address, source },
        })?;
        let address = listener.local_addr().map_err(|source| ServeError::Listen { address, source })?;
        Ok(Self { listener, address })
    }

    /// Serves the routes, which learn where their callers are, and returns at once.
    #[must_use]
    pub fn serve(self, app: Router) -> Served {
        let Self { listener, address } = self;
        let (stop, mut stopped) = watch::channel(false);
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        let task = tokio::spawn(async move {
            axum::serve(listener, app)
                .with_graceful_shutdown(async move {
                    let _ = stopped.wait_for(|stop| *stop).await;
                })
                .await
        });
        Served { address, task, stop }
    }
}

impl Served {
    /// Takes no more requests; open streams are cut after a moment.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        if tokio::time::timeout(LAST, &mut self.task).await.is_err() {
            self.task.abort();
            let _ = self.task.await;
        }
    }
}

/// Whether a `Host` header names this machine. A page elsewhere may point its own name at a loopback address and so make a browser
/// here its hands; the name that it must then use gives it away.
#[must_use]
pub fn is_loopback_name(host: &str) -> bool {
    let name = host.rsplit_once(':').filter(|(_, port)| !port.contains(']')).map_or(host, |(name, _)| name);
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_loopback() {
        for good in ["localhost", "localhost:8080", "127.0.0.1:1", "[::1]:80", "[::1]", "127.3.2.1"] {
            assert!(is_loopback_name(good), "{good}");
        }
        for bad in ["", "example.org", "localhost.example.org:80", "10.0.0.1:80", "[::2]:80"] {
            assert!(!is_loopback_name(bad), "{bad}");
        }
    }
}
