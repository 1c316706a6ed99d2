//! How an installation is doing: what the operator and the portal are shown.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use dongting_manifest::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    Starting,
    Running,
    /// Something fails again and again; it goes on trying.
    Backoff(String),
    /// Another host that shares the database works for it.
    Standby,
    /// It made the plugin fault on one message after the other; it is called again after a pause.
    Tripped(String),
    /// It cannot run until the operator changes something.
    Refused(String),
    Stopped,
}

#[derive(Default)]
pub struct Counts {
    pub calls: AtomicU64,
    pub messages: AtomicU64,
    pub rejects: AtomicU64,
    pub faults: AtomicU64,
}

/// The live status, shared by an installation's tasks.
pub struct Status {
    state: Mutex<(State, Option<Timestamp>)>,
    pub counts: Counts,
    changed: tokio::sync::watch::Sender<u64>,
}

impl Status {
    pub fn new(changed: tokio::sync::watch::Sender<u64>) -> Self {
        Self { state: Mutex::new((State::Starting, None)), counts: Counts::default(), changed }
    }

    pub fn state(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    /// When it last did something.
    pub fn last_activity(&self) -> Option<Timestamp> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).1
    }

    /// Moves to `state`; whoever watches is told if that is a change.
    pub fn set(&self, state: State) {
        let mut held = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if held.0 != state {
            held.0 = state;
            drop(held);
            self.changed.send_modify(|count| *count += 1);
        }
    }

    /// A call on messages went well.
    pub fn went_well(&self) {
        self.touched();
        self.at_work(State::Running);
    }

    /// A call of another kind went well, as for a document or a re-drive. It says nothing about a breaker that tripped.
    pub fn active(&self) {
        if matches!(self.state(), State::Tripped(_)) {
            self.touched();
        } else {
            self.went_well();
        }
    }

    /// Moves to `state`, unless it was stopped or refused meanwhile: a call that ends after that changes nothing of it.
    pub fn at_work(&self, state: State) {
        if !matches!(self.state(), State::Stopped | State::Refused(_)) {
            self.set(state);
        }
    }

    /// A call went well, while something else still fails.
    pub fn touched(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).1 = Some(Timestamp::now());
    }

    pub fn count(&self, counter: impl FnOnce(&Counts) -> &AtomicU64, by: usize) {
        counter(&self.counts).fetch_add(by as u64, Ordering::Relaxed);
    }
}
