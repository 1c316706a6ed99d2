//! Connections that rest between two requests of one installation, so that the next one to the same place is spared the handshakes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use hyper::client::conn::http1::SendRequest;
use tokio::runtime;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;
use wasmtime_wasi_http::WasiBody;

/// Of one installation. One more, and the one that has rested longest is closed.
const MOST: usize = 4;
/// Then it is closed. Most servers wait longer before they do so themselves.
const REST: Duration = Duration::from_secs(30);
/// Of all installations of this process, which has a bounded number of open files. One more is closed when its answer has been read.
static PLACES: Semaphore = Semaphore::const_new(256);

pub type Sender = SendRequest<WasiBody>;

/// Where a connection leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    pub secure: bool,
    /// In lower case.
    pub host: String,
    pub port: u16,
    /// Whose threads serve it: what an alert asks does not wait for bulk's.
    pub threads: runtime::Id,
}

/// The connections of one installation that rest. It is empty, and nothing runs for it, while the installation asks for nothing.
#[derive(Default)]
pub struct Kept(Mutex<Resting>);

#[derive(Default)]
struct Resting {
    /// The one that has rested longest first.
    connections: Vec<Connection>,
    /// A task closes them in time, as long as there are any.
    watched: bool,
}

struct Connection {
    to: Destination,
    sender: Sender,
    until: Instant,
    _place: SemaphorePermit<'static>,
}

/// A connection whose answer is being read. Dropped before the answer's end it is closed: the rest of this answer would come before the next.
pub struct InUse {
    pub to: Destination,
    pub sender: Sender,
    /// The installation may have another way out by then, or none.
    pub kept: Weak<Kept>,
}

impl InUse {
    /// Its answer has been read to the end.
    pub fn rest(self) {
        if let Some(kept) = self.kept.upgrade() {
            kept.put(self.to, self.sender);
        }
    }
}

impl Kept {
    /// The connection that has rested shortest, of those that the server has not closed as far as is known here.
    pub fn take(&self, to: &Destination) -> Option<Sender> {
        let mut resting = self.lock();
        resting.close_old(Instant::now());
        let at = resting.connections.iter().rposition(|connection| connection.to == *to)?;
        Some(resting.connections.remove(at).sender)
    }

    fn put(self: Arc<Self>, to: Destination, sender: Sender) {
        let now = Instant::now();
        let mut resting = self.lock();
        resting.close_old(now);
        if resting.connections.len() >= MOST {
            resting.connections.remove(0);
        }
        let Ok(place) = PLACES.try_acquire() else { return };
        resting.connections.push(Connection { to, sender, until: now + REST, _place: place });
        if !std::mem::replace(&mut resting.watched, true) {
            tokio::spawn(close_in_time(Arc::downgrade(&self)));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Resting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Resting {
    fn close_old(&mut self, now: Instant) {
        self.connections.retain(|connection| now < connection.until && !connection.sender.is_closed());
    }
}

/// Ends when none rests any more.
async fn close_in_time(kept: Weak<Kept>) {
    loop {
        let next = {
            let Some(kept) = kept.upgrade() else { return };
            let mut resting = kept.lock();
            resting.close_old(Instant::now());
            let Some(first) = resting.connections.first() else {
                resting.watched = false;
                return;
            };
            first.until
        };
        tokio::time::sleep_until(next).await;
    }
}

#[cfg(test)]
mod tests {
    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt, DuplexStream};

    use super::*;

    /// A connection with its server's side. It is open as long as that is there.
    async fn connection() -> (Sender, DuplexStream) {
        let (ours, theirs) = tokio::io::duplex(64);
        let (sender, driven) = hyper::client::conn::http1::handshake(TokioIo::new(ours)).await.unwrap();
        tokio::spawn(driven);
        (sender, theirs)
    }

    fn to(port: u16) -> Destination {
        let threads = runtime::Handle::current().id();
        Destination { secure: false, host: "a.example".to_owned(), port, threads }
    }

    #[tokio::test]
    async fn a_connection_is_for_its_own_destination_and_one_request() {
        let kept = Arc::new(Kept::default());
        let (sender, _server) = connection().await;
        InUse { to: to(80), sender, kept: Arc::downgrade(&kept) }.rest();
        let elsewhere = [
            to(81),
            Destination { secure: true, ..to(80) },
            Destination { host: "b.example".to_owned(), ..to(80) },
        ];
        assert!(elsewhere.iter().all(|other| kept.take(other).is_none()));
        let others = std::thread::spawn(|| {
            let other = tokio::runtime::Builder::new_current_thread().build().unwrap();
            other.handle().id()
        });
        assert!(kept.take(&Destination { threads: others.join().unwrap(), ..to(80) }).is_none());
        assert!(kept.take(&to(80)).is_some());
        assert!(kept.take(&to(80)).is_none());
    }

    #[tokio::test]
    async fn the_one_that_has_rested_longest_makes_room() {
        let kept = Arc::new(Kept::default());
        let mut servers = Vec::new();
        for port in 1..=5 {
            let (sender, server) = connection().await;
            servers.push(server);
            Arc::clone(&kept).put(to(port), sender);
        }
        let left: Vec<bool> = (1..=5).map(|port| kept.take(&to(port)).is_some()).collect();
        assert_eq!(left, [false, true, true, true, true]);
    }

    #[tokio::test]
    async fn one_that_the_server_has_closed_is_not_given() {
        let kept = Arc::new(Kept::default());
        let (mut sender, server) = connection().await;
        drop(server);
        assert!(std::future::poll_fn(|context| sender.poll_ready(context)).await.is_err());
        Arc::clone(&kept).put(to(80), sender);
        assert!(kept.take(&to(80)).is_none());
    }

    #[tokio::test]
    async fn none_rests_for_ever_and_then_nobody_watches() {
        let kept = Arc::new(Kept::default());
        let (sender, _server) = connection().await;
        Arc::clone(&kept).put(to(80), sender);
        assert!(kept.lock().watched);
        for (later, left) in [(Duration::ZERO, 1), (REST, 0)] {
            kept.lock().close_old(Instant::now() + later);
            assert_eq!(kept.lock().connections.len(), left);
        }
        close_in_time(Arc::downgrade(&kept)).await;
        assert!(!kept.lock().watched);
    }

    #[tokio::test]
    async fn what_nobody_keeps_any_more_is_closed() {
        let kept = Arc::new(Kept::default());
        let (sender, mut server) = connection().await;
        let in_use = InUse { to: to(80), sender, kept: Arc::downgrade(&kept) };
        drop(kept);
        in_use.rest();
        assert_eq!(server.read(&mut [0]).await.unwrap(), 0);
    }
}
