//! Listening: for the registry alone, or for whatever its routes are part of.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::certificate::Certificate;

/// How long answers that are under way may take when it stops.
const LAST: Duration = Duration::from_secs(2);
/// For a client to agree on TLS.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Clients that do so at once; further ones wait to be accepted.
const HANDSHAKES: usize = 256;

/// An address that is taken, and serves nothing yet.
pub struct Listening {
    listener: TcpListener,
    pub address: SocketAddr,
}

/// Ends when `stop` is told to.
pub struct Served {
    pub address: SocketAddr,
    /// `http://127.0.0.1:8080/`
    pub url: String,
    task: JoinHandle<std::io::Result<()>>,
    stop: watch::Sender<bool>,
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    pub address: SocketAddr,
    pub tls: bool,
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

    /// Serves the routes, which learn who their callers are (`ConnectInfo<Peer>`), and returns at once. With a certificate by TLS alone.
    #[must_use]
    pub fn serve(self, app: Router, certificate: Option<Certificate>) -> Served {
        let Self { listener, address } = self;
        let (stop, mut stopped) = watch::channel(false);
        let told = async move {
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        let app = app.into_make_service_with_connect_info::<Peer>();
        let scheme = if certificate.is_some() { "https" } else { "http" };
        let task = match certificate {
            None => {
                tokio::spawn(async move { axum::serve(listener, app).with_graceful_shutdown(told).await })
            }
            Some(certificate) => {
                let listener = Agreed::new(listener, address, certificate);
                tokio::spawn(async move { axum::serve(listener, app).with_graceful_shutdown(told).await })
            }
        };
        Served { address, url: format!("{scheme}://{address}/"), task, stop }
    }
}

/// Connections on which TLS was agreed. Each is agreed on in a task of its own: one that says nothing keeps no other waiting.
struct Agreed {
    connections: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    address: SocketAddr,
    /// Ends with the listener, and all that it began with it.
    _accepting: JoinSet<()>,
}

impl Agreed {
    fn new(listener: TcpListener, address: SocketAddr, certificate: Certificate) -> Self {
        // One waits here at most: what is not taken stays with the system.
        let (agreed, connections) = mpsc::channel(1);
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, TlsAcceptor::from(certificate.0), agreed));
        Self { connections, address, _accepting: accepting }
    }
}

async fn accept(
    mut listener: TcpListener,
    acceptor: TlsAcceptor,
    agreed: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    let places = Arc::new(Semaphore::new(HANDSHAKES));
    let mut under_way = JoinSet::new();
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        while under_way.try_join_next().is_some() {}
        let (connection, peer) = Listener::accept(&mut listener).await;
        let (acceptor, agreed) = (acceptor.clone(), agreed.clone());
        under_way.spawn(async move {
            let _place = place;
            match tokio::time::timeout(HANDSHAKE, acceptor.accept(connection)).await {
                // The receiver is gone only when the listener is.
                Ok(Ok(stream)) => drop(agreed.send((stream, peer)).await),
                Ok(Err(error)) => tracing::debug!(%peer, %error, "A client could not agree on TLS"),
                Err(_) => tracing::debug!(%peer, "A client did not agree on TLS in time"),
            }
        });
    }
}

impl Listener for Agreed {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.connections.recv().await {
            Some(connection) => connection,
            // Not while this lives: the task that sends them is part of it.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        Ok(self.address)
    }
}

impl Connected<IncomingStream<'_, TcpListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TcpListener>) -> Self {
        Self { address: *stream.remote_addr(), tls: false }
    }
}

impl Connected<IncomingStream<'_, Agreed>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Agreed>) -> Self {
        Self { address: *stream.remote_addr(), tls: true }
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
