//! An enabled installation on this host, from release to release: what stays when a new one takes over.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dongting_manifest::plugin::Role;
use dongting_manifest::{Installation, Lane};
use dongting_sandbox::Egress;
use tokio::sync::{OwnedMutexGuard, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, timeout, timeout_at};

use crate::breaker::Breaker;
use crate::installed::{InstallError, Installed};
use crate::outbox;
use crate::pin::Pin;
use crate::status::{State, Status};
use crate::turn::{Seen, TurnError};
use crate::worker::{Shared, Worker, lanes};
use crate::{rate, service, session, shadow, source};

/// How long what is on its way out may take to get there when its installation is stopped.
const LEAVING: Duration = Duration::from_secs(5);

pub struct Slot {
    /// As it is at work, or as it was asked for where nothing is.
    pub installation: Arc<Installation>,
    /// As it was asked for last, whether it could be loaded or not.
    pub wanted: Arc<Installation>,
    pub status: Arc<Status>,
    /// The release at work; none where none could be loaded yet.
    current: Option<watch::Sender<Arc<Installed>>>,
    breaker: Arc<Mutex<Breaker>>,
    pin: Arc<Pin>,
    at_work: BTreeMap<Task, AbortHandle>,
    /// Ended with the slot.
    tasks: JoinSet<()>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Task {
    Poll,
    Lane(Lane),
    Serve,
    Listen,
    Shadow,
}

impl Slot {
    pub fn new(installation: Arc<Installation>, status: Arc<Status>, holder: Option<String>) -> Self {
        Self {
            wanted: Arc::clone(&installation),
            installation,
            status,
            current: None,
            breaker: Arc::default(),
            pin: Arc::new(Pin::new(holder.is_some())),
            at_work: BTreeMap::new(),
            tasks: JoinSet::new(),
        }
    }

    pub fn installed(&self) -> Option<Arc<Installed>> {
        self.current.as_ref().map(|current| Arc::clone(&current.borrow()))
    }

    /// The operator asks for this from now on. It is not loaded yet.
    pub fn ask(&mut self, installation: &Arc<Installation>) {
        self.wanted = Arc::clone(installation);
        if self.current.is_none() {
            self.installation = Arc::clone(installation);
        }
    }

    /// Sees that a release that is to be put to work reads what is kept, and has it bring that along where it is of an earlier form. The turn, if
    /// it was needed. Where another host works for the installation, that is seen to when this one does.
    pub async fn brought(
        &self,
        installed: &mut Installed,
        shared: &Shared,
    ) -> Result<Option<OwnedMutexGuard<Seen>>, InstallError> {
        if let Some(before) = self.installed() {
            installed.take_place_of(&before);
        }
        installed.pin = Arc::clone(&self.pin);
        let refused = |error| InstallError::Turn { id: installed.id().to_owned(), source: Box::new(error) };
        if installed.reads_what_is_kept(shared).await.map_err(refused)? {
            return Ok(None);
        }
        if self.pin.lease().is_err() {
            shared.leases.claim(installed.id(), &self.pin, &self.status, State::Starting);
            shared.leases.take(installed.id(), &shared.store).await;
        }
        match installed.turn(shared).await {
            Ok(turn) => Ok(turn),
            Err(TurnError::Elsewhere(_)) => Ok(None),
            Err(source) => Err(refused(source)),
        }
    }

    /// Puts a release to work. The one before it ends its batch and does no other.
    pub fn put(&mut self, mut installed: Installed, shared: &Arc<Shared>) {
        self.installation = Arc::clone(&installed.installation);
        installed.pin = Arc::clone(&self.pin);
        if let Some(before) = self.installed() {
            installed.take_place_of(&before);
        }
        let installed = Arc::new(installed);
        let id = installed.id();
        tracing::info!(installation = id, plugin = installed.reference, "Started installation `{id}`");
        let mut wanted = tasks(&installed);
        if self.at_work.contains_key(&Task::Listen) {
            // It ends the connections itself where there are to be none any more.
            wanted.insert(Task::Listen);
        }
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
        // What the new release does not do is ended at once, as by a kill: it is done again if it ever is asked for again.
        self.at_work.retain(|task, handle| {
            let stays = wanted.contains(task);
            if !stays {
                handle.abort();
            }
            stays
        });
        let starts = wanted.iter().any(|task| matches!(task, Task::Poll | Task::Listen | Task::Lane(_)));
        self.claim(shared, if starts { State::Starting } else { State::Running });
        for task in wanted {
            if !self.at_work.contains_key(&task) {
                let handle = self.spawn(task, current.clone(), Arc::clone(shared));
                self.at_work.insert(task, handle);
            }
        }
        // Where a lease is still to be had, the state follows from that: a document that comes before would be sent elsewhere.
        let waits = self.is_claimed() && self.pin.lease().is_err();
        if !waits && (!starts || !matches!(self.status.state(), State::Starting | State::Standby)) {
            self.status.set(State::Running);
        }
    }

    fn spawn(
        &mut self,
        task: Task,
        current: watch::Receiver<Arc<Installed>>,
        shared: Arc<Shared>,
    ) -> AbortHandle {
        match task {
            Task::Poll => self.tasks.spawn(source::run(current, shared)),
            Task::Serve => self.tasks.spawn(service::run(current, shared)),
            Task::Listen => self.tasks.spawn(session::run(current, shared)),
            Task::Shadow => self.tasks.spawn(shadow::run(current, shared)),
            Task::Lane(lane) => {
                let threads = shared.threads(lane).clone();
                let worker = Worker::new(current, shared, lane, Arc::clone(&self.breaker));
                self.tasks.spawn_on(worker.run(), &threads)
            }
        }
    }

    /// Claims the lease of what is at work, where it needs one. `begins` is its state once it has that.
    fn claim(&self, shared: &Shared, begins: State) {
        if self.is_claimed() {
            shared.leases.claim(&self.installation.id, &self.pin, &self.status, begins);
        } else {
            shared.leases.waive(&self.installation.id);
            self.pin.lose();
        }
    }

    /// Whether a lease says if this host may work.
    fn is_claimed(&self) -> bool {
        self.pin.is_shared() && self.installed().is_some_and(|installed| installed.is_pinned())
    }

    /// Leaves its work to another host at once.
    pub async fn leave(&self, shared: &Shared) {
        shared.leases.waive(&self.installation.id);
        self.pin.release(&shared.store).await;
    }

    /// Ends its work for as long as nobody enables it again. What was in the middle of a call is delivered again then; what was on its way out
    /// gets there now, while JetStream still knows what of it is there already.
    pub async fn stop(&mut self, shared: &Shared) {
        let until = Instant::now() + LEAVING;
        let installed = self.installed();
        for handle in self.at_work.iter().filter(|(task, _)| !matches!(task, Task::Lane(_))).map(|(_, h)| h) {
            handle.abort();
        }
        // Lanes end by themselves where there is no release any more.
        self.current = None;
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        let mut left = timeout_at(until, ended).await.is_ok();
        self.tasks.shutdown().await;
        if let Some(installed) = installed {
            installed.connections.end().await;
            let rest = async {
                installed.turn.end().await;
                outbox::leave(&installed, shared).await
            };
            let rest = timeout_at(until, rest).await;
            left &= matches!(rest, Ok(Ok(())));
        }
        if !left {
            tracing::warn!(
                installation = self.installation.id,
                "Not all that was on its way has left in {LEAVING:?}; it does when the installation is enabled again"
            );
        }
        self.leave(shared).await;
        self.at_work.clear();
        self.status.set(State::Stopped);
    }

    /// Ends its work at once. What was on its way is found when it begins again.
    pub async fn end(&mut self, shared: &Shared) {
        self.tasks.shutdown().await;
        if let Some(installed) = self.installed() {
            installed.connections.end().await;
            let _ = timeout(LEAVING, installed.turn.end()).await;
        }
        self.leave(shared).await;
    }

    /// Ends its work, as what runs must not run any more, and begins as if it had never run: the next release finds nothing of this one.
    pub async fn refuse(&mut self, shared: &Shared, reason: String, holder: Option<String>) {
        if let Some(installed) = self.installed() {
            // Nothing of it is called any more, not even to tell it that.
            installed.connections.cut(&installed.reference);
        }
        self.end(shared).await;
        *self = Self::new(Arc::clone(&self.wanted), Arc::clone(&self.status), holder);
        self.status.set(State::Refused(reason));
    }
}

fn tasks(installed: &Installed) -> BTreeSet<Task> {
    let mut tasks = BTreeSet::new();
    if installed.polls() {
        tasks.insert(Task::Poll);
    }
    if installed.is_service() {
        tasks.insert(Task::Serve);
    }
    if installed.is_session() {
        tasks.insert(Task::Listen);
    }
    if installed.shadow.as_ref().is_some_and(|shadow| shadow.called().is_some()) {
        tasks.insert(Task::Shadow);
    }
    if installed.listens() {
        tasks.extend(lanes(installed).into_iter().map(Task::Lane));
    }
    tasks
}

impl Installed {
    /// What stays from release to release.
    pub fn take_place_of(&mut self, before: &Self) {
        self.turn = before.turn.clone();
        self.outbox = Arc::clone(&before.outbox);
        self.connections = Arc::clone(&before.connections);
        self.timer_changes = Arc::clone(&before.timer_changes);
        self.pin = Arc::clone(&before.pin);
        let granted = before.installation.grants.publish.iter().zip(&before.buckets);
        self.buckets = rate::buckets(&self.installation.grants.publish, granted);
        self.log_rate.take_place_of(&before.log_rate);
        if let (Egress::Network(network), Egress::Network(earlier)) = (&mut self.egress, &before.egress) {
            Arc::make_mut(network).take_place_of(earlier);
        }
        // Asked for again as it is, a shadow goes on: what it has found is still true.
        if let (Some(shadow), Some(earlier)) = (&self.shadow, &before.shadow)
            && shadow.goes_on(earlier)
            && self.installation == before.installation
            && (&self.reference, &self.attachments) == (&before.reference, &before.attachments)
        {
            self.shadow = Some(Arc::clone(earlier));
        }
    }

    pub fn polls(&self) -> bool {
        self.has(Role::Source) && self.installation.poll
    }

    /// Whether one host at a time may work for it.
    pub fn is_pinned(&self) -> bool {
        self.polls() || self.fenced() || self.is_session()
    }

    pub fn listens(&self) -> bool {
        self.has(Role::Transform) || self.has(Role::Sink)
    }
}
