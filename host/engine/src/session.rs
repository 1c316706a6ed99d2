//! A session at work: the host listens where it was granted, on the one machine that holds the installation's lease, and each device that connects
//! gets an instance of its own.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use dongting_manifest::plugin::Role;
use ipnet::IpNet;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::backoff;
use crate::installed::Installed;
use crate::status::State;
use crate::worker::Shared;
use connection::Connection;
use connections::ARRIVALS_PER_SECOND;

mod connection;
mod connections;
mod moving;
mod stored;
pub(crate) mod transcript;

pub use connections::{Connections, Listening};

/// After an error that is not the connection's: too many open files.
const AGAIN: Duration = Duration::from_millis(100);

/// Listens until it is aborted. Connections outlive that: they end with [`Connections::end`].
pub async fn run(mut current: watch::Receiver<Arc<Installed>>, shared: Arc<Shared>) {
    let mut failures = 0u32;
    loop {
        let installed = Arc::clone(&current.borrow_and_update());
        let Some(address) = installed.listens_at() else {
            installed.connections.end().await;
            if current.changed().await.is_err() {
                return;
            }
            continue;
        };
        tokio::select! {
            _ = installed.pin.wait() => {}
            _ = current.changed() => continue,
        }
        match TcpListener::bind(address).await {
            Ok(listener) => {
                failures = 0;
                serve(&listener, address, &mut current, &shared).await;
                // Before anything is waited for: nobody would answer who connects now.
                drop(listener);
                installed.connections.listens(None);
                if installed.pin.lease().is_err() {
                    // The other host listens from now on, where the devices find it.
                    installed.connections.end().await;
                }
            }
            Err(error) => {
                failures = failures.saturating_add(1);
                installed.failing(format!(
                    "it cannot listen on {address} ({error}): see that nothing else has the address, or grant it another"
                ));
                tokio::select! {
                    () = tokio::time::sleep(backoff::pause(failures, None, u64::from(failures))) => {}
                    () = installed.pin.lost() => {}
                    _ = current.changed() => {}
                }
            }
        }
    }
}

/// Takes connections for as long as the address stays what it is and this host works for the installation.
async fn serve(
    listener: &TcpListener,
    address: SocketAddr,
    current: &mut watch::Receiver<Arc<Installed>>,
    shared: &Arc<Shared>,
) {
    let installed = Arc::clone(&current.borrow());
    let chosen = listener.local_addr().unwrap_or(address);
    installed.connections.listens(Some(chosen));
    tracing::info!(installation = installed.id(), %chosen, "`{}` listens on {chosen}", installed.id());
    installed.status.at_work(State::Running);
    loop {
        let installed = Arc::clone(&current.borrow_and_update());
        if installed.listens_at() != Some(address) {
            return;
        }
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => admit(&installed, (stream, peer), current, shared),
                Err(error) => {
                    tracing::warn!(installation = installed.id(), %error, "A connection cannot be taken now");
                    tokio::time::sleep(AGAIN).await;
                }
            },
            changed = current.changed() => if changed.is_err() { return },
            () = installed.pin.lost() => return,
        }
    }
}

/// Gives a device its instance, if there is room for one more.
fn admit(
    installed: &Arc<Installed>,
    (stream, peer): (TcpStream, SocketAddr),
    current: &watch::Receiver<Arc<Installed>>,
    shared: &Arc<Shared>,
) {
    let (grants, limits) = (&installed.installation.grants, &installed.installation.limits);
    let most = limits.connections as usize;
    let refused = |why: String| installed.connections.refuse(installed.id(), peer, &why);
    // First, so that strangers use up nobody's room.
    if !comes_from(peer.ip(), &grants.listen_from) {
        return refused("it comes from none of the networks in grants.listen_from".to_owned());
    }
    if installed.connections.count() >= most {
        return refused(format!("it has the {most} connections that limits.connections allows"));
    }
    if installed.connections.arrivals.take(1).is_err() {
        return refused(format!("more than {ARRIVALS_PER_SECOND} a second come anew, over a minute"));
    }
    let Some(place) = installed.plugin.place() else {
        return refused("this host has as many instances of sessions as it can".to_owned());
    };
    installed.connections.open(installed, peer, |here| {
        let connection = Connection::new(here, stream, (Arc::clone(installed), current.clone()), shared);
        async move { connection.run(place).await }
    });
}

/// On an address of IPv6 devices that speak IPv4 have addresses of IPv6 too.
fn comes_from(address: IpAddr, networks: &[IpNet]) -> bool {
    networks.is_empty() || networks.iter().any(|network| network.contains(&address.to_canonical()))
}

impl Installed {
    pub fn is_session(&self) -> bool {
        self.has(Role::Session)
    }

    fn listens_at(&self) -> Option<SocketAddr> {
        self.installation.grants.listen.filter(|_| self.is_session())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn who_may_connect_is_said_by_networks() {
        let networks: Vec<IpNet> = ["10.43.0.0/16", "fd00::/8"].map(|net| net.parse().unwrap()).to_vec();
        let from = |address: &str| comes_from(address.parse().unwrap(), &networks);
        assert!(from("10.43.7.1") && from("::ffff:10.43.7.1") && from("fd00::1"));
        assert!(!from("10.44.0.1") && !from("::ffff:10.44.0.1") && !from("fe80::1"));
        assert!(comes_from("10.44.0.1".parse().unwrap(), &[]));
    }
}
