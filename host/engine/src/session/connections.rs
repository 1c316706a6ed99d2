//! The open connections of an installation, from release to release: counted, shown, and ended together.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use dongting_manifest::Timestamp;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::installed::Installed;
use crate::rate::Bucket;

/// How long connections that are to end have to be told so and to store what they say to it.
const PATIENCE: Duration = Duration::from_secs(3);
/// Refusals are counted; a log line tells of them this often at most.
const TOLD_EVERY: Duration = Duration::from_secs(60);
/// New connections of an installation, a minute deep: each has its instance made and its end told, and nobody had to show a token for it.
pub const ARRIVALS_PER_SECOND: u32 = 20;
/// What nobody had to show a token for may fill the dead letters' lane no faster.
const REJECTS_PER_SECOND: f64 = 1.0;

pub struct Connections {
    listening: Mutex<Option<SocketAddr>>,
    open: watch::Sender<BTreeMap<u64, Open>>,
    /// Raised to end all that are open.
    ends: watch::Sender<u64>,
    next: AtomicU64,
    opened: AtomicU64,
    moved: AtomicU64,
    refused: AtomicU64,
    told: Mutex<Option<Instant>>,
    pub rejects: Bucket,
    pub arrivals: Bucket,
}

struct Open {
    /// The release it runs on.
    installed: Arc<Installed>,
    task: Option<AbortHandle>,
}

/// What is shown of them.
#[derive(Debug, Clone, Default)]
pub struct Listening {
    /// None where it does not listen here: another host does, or the address cannot be had.
    pub address: Option<SocketAddr>,
    /// How many are open on each release.
    pub open: BTreeMap<String, usize>,
    /// Since the installation was enabled here.
    pub opened: u64,
    pub refused: u64,
    /// From one release to another.
    pub moved: u64,
}

/// One connection's entry, which goes with it.
pub struct Here {
    pub peer: SocketAddr,
    pub opened: Timestamp,
    pub ends: watch::Receiver<u64>,
    number: u64,
    all: Arc<Connections>,
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            listening: Mutex::default(),
            open: watch::channel(BTreeMap::new()).0,
            ends: watch::channel(0).0,
            next: AtomicU64::default(),
            opened: AtomicU64::default(),
            moved: AtomicU64::default(),
            refused: AtomicU64::default(),
            told: Mutex::default(),
            rejects: Bucket::per_second(REJECTS_PER_SECOND),
            arrivals: Bucket::per_second(ARRIVALS_PER_SECOND.into()),
        }
    }
}

impl Connections {
    pub fn listens(&self, address: Option<SocketAddr>) {
        *self.listening.lock().unwrap_or_else(PoisonError::into_inner) = address;
    }

    pub fn listening(&self) -> Option<SocketAddr> {
        *self.listening.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn count(&self) -> usize {
        self.open.borrow().len()
    }

    pub fn shown(&self) -> Listening {
        let mut open = BTreeMap::new();
        for one in self.open.borrow().values() {
            *open.entry(one.installed.reference.clone()).or_default() += 1;
        }
        let told = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Listening {
            address: self.listening(),
            open,
            opened: told(&self.opened),
            refused: told(&self.refused),
            moved: told(&self.moved),
        }
    }

    pub fn refuse(&self, id: &str, peer: SocketAddr, why: &str) {
        let refused = self.refused.fetch_add(1, Ordering::Relaxed) + 1;
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_none_or(|told| told.elapsed() > TOLD_EVERY) {
            *told = Some(Instant::now());
            tracing::warn!(
                installation = id,
                %peer,
                refused,
                "`{id}` refuses connections, {refused} by now: {why}"
            );
        }
    }

    /// Spawns what serves one more connection.
    pub fn open<F>(
        self: &Arc<Self>,
        installed: &Arc<Installed>,
        peer: SocketAddr,
        serve: impl FnOnce(Here) -> F,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.opened.fetch_add(1, Ordering::Relaxed);
        let one = Open { installed: Arc::clone(installed), task: None };
        self.open.send_modify(|open| drop(open.insert(number, one)));
        let (all, ends) = (Arc::clone(self), self.ends.subscribe());
        let task = tokio::spawn(serve(Here { peer, opened: Timestamp::now(), ends, number, all }));
        self.open.send_modify(|open| {
            if let Some(one) = open.get_mut(&number) {
                one.task = Some(task.abort_handle());
            }
        });
    }

    /// The releases on which connections are open, each once.
    pub fn releases(&self) -> Vec<Arc<Installed>> {
        let open = self.open.borrow();
        let each: BTreeMap<&str, &Arc<Installed>> =
            open.values().map(|one| (one.installed.reference.as_str(), &one.installed)).collect();
        each.into_values().cloned().collect()
    }

    /// Ends those of a release at once, without a word to it: it may not run any more.
    pub fn cut(&self, reference: &str) {
        for one in self.open.borrow().values().filter(|one| one.installed.reference == reference) {
            one.task.iter().for_each(AbortHandle::abort);
        }
    }

    /// Ends all: each instance is told, what it says to that is stored, and what takes longer than a few seconds is cut off.
    pub async fn end(&self) {
        let mut open = self.open.subscribe();
        self.ends.send_modify(|ends| *ends += 1);
        let ended = tokio::time::timeout(PATIENCE, open.wait_for(BTreeMap::is_empty)).await.is_ok();
        if !ended {
            for one in self.open.borrow().values() {
                one.task.iter().for_each(AbortHandle::abort);
            }
        }
    }
}

impl Here {
    /// The connection goes on on another release.
    pub fn moved(&self, to: &Arc<Installed>) {
        self.all.moved.fetch_add(1, Ordering::Relaxed);
        self.stays(to);
    }

    /// It goes on in the same instance.
    pub fn stays(&self, to: &Arc<Installed>) {
        self.all.open.send_modify(|open| {
            if let Some(one) = open.get_mut(&self.number) {
                one.installed = Arc::clone(to);
            }
        });
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        self.all.open.send_modify(|open| drop(open.remove(&self.number)));
    }
}
