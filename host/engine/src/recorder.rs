//! Writes down the calls that need no transaction, in batches, beside the work: a database that is slow loses records, not time.

use std::sync::atomic::{AtomicU64, Ordering};

use dongting_store::{CallRecord, Store};
use tokio::sync::{Mutex, mpsc};

use crate::courtesy::Courtesy;
use crate::installed::chain;

const WAITING: usize = 4_096;
const BATCH: usize = 256;

pub struct Recorder {
    sender: mpsc::Sender<(String, CallRecord)>,
    receiver: Mutex<mpsc::Receiver<(String, CallRecord)>>,
    dropped: AtomicU64,
}

impl Default for Recorder {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        Self { sender, receiver: Mutex::new(receiver), dropped: AtomicU64::new(0) }
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
        let mut receiver = self.receiver.lock().await;
        loop {
            let mut calls = Vec::new();
            if receiver.recv_many(&mut calls, BATCH).await == 0 {
                return;
            }
            courtesy.step_aside().await;
            if let Err(error) = store.record_calls(&calls).await {
                self.dropped.fetch_add(calls.len() as u64, Ordering::Relaxed);
                tracing::debug!("Calls could not be recorded: {}", chain(&error));
            }
            let dropped = self.dropped.swap(0, Ordering::Relaxed);
            if dropped > 0 {
                tracing::warn!(dropped, "Calls were not recorded; a replay of this time has gaps");
            }
        }
    }
}
