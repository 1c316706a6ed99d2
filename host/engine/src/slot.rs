//! An enabled installation on this host, from release to release: what stays when a new one takes over.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use dongting_manifest::plugin::Role;
use dongting_manifest::{Installation, Lane};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::breaker::Breaker;
use crate::installed::Installed;
use crate::source;
use crate::status::{State, Status};
use crate::worker::{Shared, Worker, lanes};

pub struct Slot {
    /// As it was enabled last, whether it could be loaded or not.
    pub installation: Installation,
    pub status: Arc<Status>,
    /// The release at work; none where none could be loaded yet.
    current: Option<watch::Sender<Arc<Installed>>>,
    breaker: Arc<Mutex<Breaker>>,
    at_work: BTreeSet<Task>,
    /// Ended with the slot.
    tasks: JoinSet<()>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Task {
    Poll,
    Lane(Lane),
}

impl Slot {
    pub fn new(installation: Installation, status: Arc<Status>) -> Self {
        Self {
            installation,
            status,
            current: None,
            breaker: Arc::default(),
            at_work: BTreeSet::new(),
            tasks: JoinSet::new(),
        }
    }

    pub fn installed(&self) -> Option<Arc<Installed>> {
        self.current.as_ref().map(|current| Arc::clone(&current.borrow()))
    }

    /// Puts a release to work. The one before it ends its batch and does no other.
    pub fn put(&mut self, mut installed: Installed, shared: &Arc<Shared>) {
        self.installation = installed.installation.clone();
        if let Some(before) = self.installed() {
            installed.turn = Arc::clone(&before.turn);
            installed.drain = Arc::clone(&before.drain);
            installed.timer_changes = Arc::clone(&before.timer_changes);
        }
        let installed = Arc::new(installed);
        let id = installed.id();
        tracing::info!(installation = id, plugin = installed.reference, "Started installation `{id}`");
        let wanted = tasks(&installed);
        let current = match &self.current {
            Some(current) => {
                current.send_replace(installed);
                current.subscribe()
            }
            None => {
                let (sender, current) = watch::channel(installed);
                self.current = Some(sender);
                current
            }
        };
        // A task that the new release does not need ends by itself; what ended is not at work any more.
        for task in wanted.difference(&self.at_work) {
            let (current, shared) = (current.clone(), Arc::clone(shared));
            match task {
                Task::Poll => self.tasks.spawn(source::run(current, shared)),
                Task::Lane(lane) => {
                    self.tasks.spawn(Worker::new(current, shared, *lane, Arc::clone(&self.breaker)).run())
                }
            };
        }
        if wanted.is_empty() || self.status.state() != State::Starting {
            self.status.set(State::Running);
        }
        self.at_work = wanted;
    }

    /// Ends its work at once. What was in the middle of a call is delivered again when it is enabled again.
    pub async fn stop(&mut self) {
        self.tasks.shutdown().await;
        self.at_work.clear();
        self.status.set(State::Stopped);
    }
}

fn tasks(installed: &Installed) -> BTreeSet<Task> {
    let mut tasks = BTreeSet::new();
    if installed.polls() {
        tasks.insert(Task::Poll);
    }
    if installed.listens() {
        tasks.extend(lanes(installed).into_iter().map(Task::Lane));
    }
    tasks
}

impl Installed {
    pub fn polls(&self) -> bool {
        self.has(Role::Source) && self.installation.poll
    }

    pub fn listens(&self) -> bool {
        self.has(Role::Transform) || self.has(Role::Sink)
    }
}
