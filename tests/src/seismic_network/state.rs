//! What the stand-in knows: the catalogue as far as its clock has come, the fault it is to show, the requests it saw.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tokio::sync::watch;

use super::catalogue::Revision;
use super::fault::Fault;

const MAX_REQUESTS: usize = 10_000;

/// A request that came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seen {
    pub path: String,
    pub query: String,
    pub accept: String,
    pub at: Timestamp,
}

pub struct State {
    start: Timestamp,
    started: Instant,
    schedule: Vec<Revision>,
    pub stopped: watch::Receiver<bool>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    published: Vec<Revision>,
    fault: Option<(Fault, Option<u32>)>,
    requests: VecDeque<Seen>,
}

impl State {
    pub fn new(start: Timestamp, schedule: Vec<Revision>, stopped: watch::Receiver<bool>) -> Self {
        Self { start, started: Instant::now(), schedule, stopped, inner: Mutex::default() }
    }

    /// The start plus what has passed since.
    pub fn now(&self) -> Timestamp {
        SignedDuration::try_from(self.started.elapsed())
            .ok()
            .and_then(|elapsed| self.start.checked_add(elapsed).ok())
            .unwrap_or(self.start)
    }

    /// The history of each event so far, oldest statement first; none is empty.
    pub fn events(&self) -> Vec<Vec<Revision>> {
        let now = self.now();
        let due = self.schedule.iter().filter(|revision| revision.updated <= now).cloned();
        let mut events: BTreeMap<String, Vec<Revision>> = BTreeMap::new();
        for revision in due.chain(self.lock().published.iter().cloned()) {
            events.entry(revision.event.clone()).or_default().push(revision);
        }
        for history in events.values_mut() {
            history.sort_by_key(|revision| revision.updated);
        }
        events.into_values().collect()
    }

    pub fn publish(&self, revision: Revision) {
        self.lock().published.push(revision);
    }

    pub fn inject(&self, fault: Fault, times: Option<u32>) {
        self.lock().fault = Some((fault, times));
    }

    pub fn heal(&self) {
        self.lock().fault = None;
    }

    /// The fault to show to this request.
    pub fn take_fault(&self) -> Option<Fault> {
        let mut inner = self.lock();
        let (fault, times) = inner.fault.take()?;
        inner.fault = match times {
            Some(0) => return None,
            Some(1) => None,
            Some(times) => Some((fault.clone(), Some(times - 1))),
            None => Some((fault.clone(), None)),
        };
        Some(fault)
    }

    pub fn saw(&self, request: Seen) {
        let mut inner = self.lock();
        if inner.requests.len() >= MAX_REQUESTS {
            inner.requests.pop_front();
        }
        inner.requests.push_back(request);
    }

    pub fn requests(&self) -> Vec<Seen> {
        self.lock().requests.iter().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
