//! Writes down the calls that need no transaction, in batches, beside the work: a database that is slow loses records, not time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dongting_store::{CallRecord, Store};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use crate::courtesy::Courtesy;
use crate::installed::chain;

const WAITING: usize = 4_096;
const BATCH: usize = 256;
/// As many as come in this time are written in one transaction, which syncs the disk once.
const GATHER: Duration = Duration::from_millis(100);

pub struct Recorder {
    sender: mpsc::Sender<Incoming>,
    receiver: Mutex<mpsc::Receiver<Incoming>>,
    gathered: Mutex<Vec<(String, CallRecord)>>,
    dropped: AtomicU64,
}

enum Incoming {
    Call(String, Box<CallRecord>),
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
        }
    }
}

impl Recorder {
    pub fn record(&self, installation: &str, call: CallRecord) {
        if self.sender.try_send(Incoming::Call(installation.to_owned(), Box::new(call))).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
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
            if let Incoming::Call(installation, call) = incoming {
                gathered.push((installation, *call));
            }
        }
        self.keep(&mut gathered, store).await;
    }

    async fn keep(&self, calls: &mut Vec<(String, CallRecord)>, store: &Store) {
        if !calls.is_empty()
            && let Err(error) = store.record_calls(calls).await
        {
            self.dropped.fetch_add(calls.len() as u64, Ordering::Relaxed);
            tracing::debug!("Calls could not be recorded: {}", chain(&error));
        }
        calls.clear();
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            tracing::warn!(dropped, "Calls were not recorded; a replay of this time has gaps");
        }
    }
}

/// Waits for a call, and a while for more, unless somebody wants to read them.
async fn gather(
    receiver: &mut mpsc::Receiver<Incoming>,
    gathered: &mut Vec<(String, CallRecord)>,
) -> Option<oneshot::Sender<()>> {
    let mut until = None;
    while gathered.len() < BATCH {
        let incoming = match until {
            None => receiver.recv().await,
            Some(until) => timeout_at(until, receiver.recv()).await.ok().flatten(),
        };
        match incoming {
            Some(Incoming::Call(installation, call)) => gathered.push((installation, *call)),
            Some(Incoming::Wanted(wanted)) => return Some(wanted),
            None => break,
        }
        until = until.or_else(|| Some(Instant::now() + GATHER));
    }
    None
}
