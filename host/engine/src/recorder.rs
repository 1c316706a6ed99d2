//! Writes down the calls that need no transaction, in batches, beside the work: a database that is slow loses records, not time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dongting_store::{CallRecord, Store};
use tokio::sync::{Mutex, mpsc};
use tokio::time::{Instant, timeout_at};

use crate::courtesy::Courtesy;
use crate::installed::chain;

const WAITING: usize = 4_096;
const BATCH: usize = 256;
/// As many as come in this time are written in one transaction, which syncs the disk once.
const GATHER: Duration = Duration::from_millis(100);

pub struct Recorder {
    sender: mpsc::Sender<(String, CallRecord)>,
    incoming: Mutex<Incoming>,
    dropped: AtomicU64,
}

struct Incoming {
    receiver: mpsc::Receiver<(String, CallRecord)>,
    gathered: Vec<(String, CallRecord)>,
}

impl Default for Recorder {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        let incoming = Mutex::new(Incoming { receiver, gathered: Vec::new() });
        Self { sender, incoming, dropped: AtomicU64::new(0) }
    }
}

impl Recorder {
    pub fn record(&self, installation: &str, call: CallRecord) {
        if self.sender.try_send((installation.to_owned(), call)).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Writes, for ever.
    pub async fn write(&self, store: &Store, courtesy: &Courtesy) {
        let mut incoming = self.incoming.lock().await;
        loop {
            incoming.gather().await;
            courtesy.step_aside().await;
            self.keep(&mut incoming.gathered, store).await;
        }
    }

    /// Writes what is left, when nothing is recorded any more and [`Self::write`] has ended.
    pub async fn finish(&self, store: &Store) {
        let mut incoming = self.incoming.lock().await;
        let Incoming { receiver, gathered } = &mut *incoming;
        while let Ok(call) = receiver.try_recv() {
            gathered.push(call);
        }
        self.keep(gathered, store).await;
    }

    async fn keep(&self, calls: &mut Vec<(String, CallRecord)>, store: &Store) {
        if let Err(error) = store.record_calls(calls).await {
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

impl Incoming {
    /// Waits for a call, and a while for more.
    async fn gather(&mut self) {
        if self.gathered.is_empty() {
            self.gathered.extend(self.receiver.recv().await);
        }
        let until = Instant::now() + GATHER;
        while self.gathered.len() < BATCH
            && let Ok(Some(next)) = timeout_at(until, self.receiver.recv()).await
        {
            self.gathered.push(next);
        }
    }
}
