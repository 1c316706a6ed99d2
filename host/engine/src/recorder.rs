//! Writes down the calls that need no transaction, in batches, beside the work: a database that is slow loses records, not time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use dongting_store::{Body, CallRecord, Store, StoreError};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use crate::courtesy::Courtesy;
use crate::given::Noted;
use crate::installed::{Installed, chain};
use crate::shadow::Shadow;
use crate::worker::Shared;

const WAITING: usize = 4_096;
/// Bytes of bodies that wait with them; a call whose bodies find no room is not recorded.
const WAITING_BYTES: usize = 64 << 20;
const BATCH: usize = 256;
/// As many as come in this time are written in one transaction, which syncs the disk once.
const GATHER: Duration = Duration::from_millis(100);
/// Why a shadow cannot make a call again.
const DROPPED: &str = "the call was not written down: the database did not take it in time, and the release at work does not wait for that";

pub struct Recorder {
    sender: mpsc::Sender<Incoming>,
    receiver: Mutex<mpsc::Receiver<Incoming>>,
    gathered: Mutex<Vec<Made>>,
    dropped: AtomicU64,
    /// Bytes of the bodies that wait.
    waiting: AtomicUsize,
}

/// A call with the bodies that its record names, as far as they are not kept yet.
struct Made {
    installation: String,
    call: CallRecord,
    bodies: Vec<Body>,
    /// Who is told where it is written.
    shadow: Option<Arc<Shadow>>,
}

enum Incoming {
    Call(Box<Made>),
    /// Somebody wants to read what came before this.
    Wanted(oneshot::Sender<()>),
}

impl Default for Recorder {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        Self {
            sender,
            receiver: Mutex::new(receiver),
            gathered: Mutex::default(),
            dropped: AtomicU64::new(0),
            waiting: AtomicUsize::new(0),
        }
    }
}

impl Recorder {
    pub fn record(&self, installed: &Installed, call: CallRecord) {
        self.record_with(installed, call, Vec::new());
    }

    /// With the bodies that the record names.
    pub fn record_with(&self, installed: &Installed, call: CallRecord, bodies: Vec<Body>) {
        let shadow = installed.shadow.clone();
        let made = Made { installation: installed.id().to_owned(), call, bodies, shadow };
        let bytes = made.bytes();
        let room = |waiting: usize| waiting.checked_add(bytes).filter(|all| *all <= WAITING_BYTES);
        let taken = self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room).is_ok();
        if taken && self.sender.try_send(Incoming::Call(Box::new(made))).is_ok() {
            return;
        }
        if taken {
            self.waiting.fetch_sub(bytes, Ordering::Relaxed);
        }
        if let Some(shadow) = &installed.shadow {
            shadow.unrecorded(DROPPED);
        }
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns when what was recorded until now can be read from the store.
    pub async fn written(&self) {
        let (written, wanted) = oneshot::channel();
        // An error says that the host ends.
        if self.sender.send(Incoming::Wanted(written)).await.is_ok() {
            let _ = wanted.await;
        }
    }

    /// Writes, for ever.
    pub async fn write(&self, store: &Store, courtesy: &Courtesy) {
        let mut receiver = self.receiver.lock().await;
        loop {
            let mut gathered = self.gathered.lock().await;
            let wanted = gather(&mut receiver, &mut gathered).await;
            if wanted.is_none() {
                courtesy.step_aside().await;
            }
            self.keep(&mut gathered, store).await;
            // An error says that nobody waits any more.
            let _ = wanted.map(|wanted| wanted.send(()));
        }
    }

    /// Writes what is left, when nothing is recorded any more and [`Self::write`] has ended.
    pub async fn finish(&self, store: &Store) {
        let (mut receiver, mut gathered) = (self.receiver.lock().await, self.gathered.lock().await);
        while let Ok(incoming) = receiver.try_recv() {
            if let Incoming::Call(made) = incoming {
                gathered.push(*made);
            }
        }
        self.keep(&mut gathered, store).await;
    }

    async fn keep(&self, calls: &mut Vec<Made>, store: &Store) {
        if !calls.is_empty() {
            self.told(calls, written(calls, store).await);
        }
        self.waiting.fetch_sub(calls.iter().map(Made::bytes).sum(), Ordering::Relaxed);
        calls.clear();
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            tracing::warn!(dropped, "Calls were not recorded; a replay of this time has gaps");
        }
    }

    /// Tells the shadows of calls where those were written.
    fn told(&self, calls: &[Made], written: Result<Vec<Option<i64>>, StoreError>) {
        let followed = calls.iter().map(|made| made.shadow.as_ref());
        match written {
            Ok(positions) => {
                for (shadow, position) in followed.zip(positions) {
                    if let (Some(shadow), Some(position)) = (shadow, position) {
                        shadow.tell(position);
                    }
                }
            }
            Err(error) => {
                self.dropped.fetch_add(calls.len() as u64, Ordering::Relaxed);
                tracing::debug!("Calls could not be recorded: {}", chain(&error));
                followed.flatten().for_each(|shadow| shadow.unrecorded(DROPPED));
            }
        }
    }
}

impl Installed {
    /// Writes down beside the work a call that leaves nothing to commit, in its turn: by the time its record is written others may have been
    /// committed, so it says behind which commit it saw what is kept.
    pub async fn record_beside(&self, shared: &Shared, Noted { call, bodies }: Noted) {
        let seen = match self.stateful {
            true => shared.store.last_call().await.map(Some),
            false => Ok(None),
        };
        match seen {
            // Once another host works for it, nobody knows.
            Ok(seen) if self.lease().is_ok() => {
                shared.recorder.record_with(self, CallRecord { seen, ..call }, bodies);
            }
            Ok(_) => {}
            Err(error) => {
                let id = self.id();
                tracing::warn!(
                    installation = id,
                    "A call of `{id}` was not recorded, so it cannot be replayed: {}",
                    chain(&error)
                );
            }
        }
    }
}

/// The bodies go first: a record whose body is missing could not be made again.
async fn written(calls: &[Made], store: &Store) -> Result<Vec<Option<i64>>, StoreError> {
    let bodies = calls.iter().flat_map(|made| &made.bodies).collect();
    store.keep_bodies(bodies).await?;
    let calls: Vec<_> = calls.iter().map(|made| (made.installation.as_str(), &made.call)).collect();
    store.record_calls(&calls).await
}

impl Made {
    fn bytes(&self) -> usize {
        self.bodies.iter().map(|body| body.bytes.len()).sum()
    }
}

/// Waits for a call, and a while for more, unless somebody wants to read them.
async fn gather(
    receiver: &mut mpsc::Receiver<Incoming>,
    gathered: &mut Vec<Made>,
) -> Option<oneshot::Sender<()>> {
    let mut until = None;
    while gathered.len() < BATCH {
        let incoming = match until {
            None => receiver.recv().await,
            Some(until) => timeout_at(until, receiver.recv()).await.ok().flatten(),
        };
        match incoming {
            Some(Incoming::Call(made)) => gathered.push(*made),
            Some(Incoming::Wanted(wanted)) => return Some(wanted),
            None => break,
        }
        until = until.or_else(|| Some(Instant::now() + GATHER));
    }
    None
}
