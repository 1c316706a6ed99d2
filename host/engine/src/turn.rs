//! The turn of an installation that keeps something: one call after the other, each by a release that reads what is kept in the form it
//! has. Where it has an earlier one, the release brings it along first, in a call of its own. What a bulk lane does in it gives way to an
//! alert or a command.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dongting_manifest::record::Extent;
use dongting_manifest::{Lane, Timestamp};
use dongting_sandbox::{Call, Egress, Outcome, Readers, Refusal};
use dongting_store::{
    CallRecord, Commit, CommitError, Form, Kept, Lease, Migrated, Places, Store, StoreError,
};
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

use crate::installed::{Installed, chain};
use crate::pin::Elsewhere;
use crate::remembered::Remembered;
use crate::status::State;
use crate::worker::{Shared, Worker};

/// A call of bulk that ends within this keeps its turn whoever waits: most do, and what it has computed would be lost.
const MOMENT: Duration = Duration::from_millis(5);
/// Alerts that never end slow the bulk of their own installation down; they do not stop it. So long it gives way without a commit.
const GIVES_WAY: Duration = Duration::from_secs(30);
/// So long its calls run to their ends then, or one of them.
const RUNS: Duration = Duration::from_secs(1);

/// Shared by the releases of an installation, one after the other.
#[derive(Clone)]
pub struct Turn {
    seen: Arc<Mutex<Seen>>,
    /// How many wait for it that go before bulk.
    wanted: watch::Sender<usize>,
    /// Held by a commit until its end.
    commit: Arc<Mutex<()>>,
    /// The installation was stopped: what a call that began before comes to is not committed, beside those of one that was enabled anew.
    ended: Arc<AtomicBool>,
    /// Nobody has heard whether the last commit was made, and it may still be.
    unsure: Arc<AtomicBool>,
    pub remembered: Arc<Remembered>,
}

/// Held for a call and its commit. Inside, the form in which what is kept was seen, and under which epoch of the lease: under another one,
/// another host may have changed it.
#[derive(Debug, Default)]
pub struct Seen(Option<(i64, u32)>);

impl Seen {
    /// Whether the turn was begun under this lease.
    pub fn is_of(&self, lease: Option<&Lease>) -> bool {
        self.0.is_some_and(|(epoch, _)| epoch == lease.map_or(0, |lease| lease.epoch))
    }
}

/// An installation's turn, for the release that has it.
pub struct InTurn {
    pub installed: Arc<Installed>,
    /// None where it keeps nothing and needs none.
    pub turn: Option<OwnedMutexGuard<Seen>>,
}

/// Somebody waits who goes before bulk.
struct Wanting<'t>(&'t watch::Sender<usize>);

#[derive(Debug, thiserror::Error)]
pub enum TurnError {
    #[error(transparent)]
    Elsewhere(#[from] Elsewhere),
    #[error("what it keeps cannot be looked at")]
    Store(#[from] StoreError),
    /// A release that was waiting for its turn when another one took over.
    #[error(
        "what it keeps has state_version {kept} by now, and {release} reads {reads}: the release that brought it to that takes over"
    )]
    Superseded { release: String, reads: u32, kept: u32 },
    #[error(
        "what it keeps has state_version {kept}, and {release} reads {reads}: nothing leads back from a migration. Enable a release of state_version {kept} or later; to go back to the old code, publish it as a new version whose state_version is {next} and whose migration undoes that of {kept}, or restore the database as it was before",
        next = kept.saturating_add(1)
    )]
    Lower { release: String, reads: u32, kept: u32 },
    #[error(
        "{release} cannot bring what it keeps from state_version {from} to {to}, and nothing of it was changed: {why}"
    )]
    Migration { release: String, from: u32, to: u32, why: Refusal },
    #[error("{release} was not allowed to bring what it keeps from state_version {from} to {to}")]
    Commit {
        release: String,
        from: u32,
        to: u32,
        #[source]
        source: CommitError,
    },
}

impl TurnError {
    /// Whether trying again may go another way.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Elsewhere(_) | Self::Store(_) | Self::Superseded { .. } => true,
            Self::Lower { .. } => false,
            Self::Migration { why, .. } => matches!(why, Refusal::Retry { .. }),
            Self::Commit { source, .. } => !matches!(
                source,
                CommitError::StateFull { .. } | CommitError::TimersFull { .. } | CommitError::OtherForm(_)
            ),
        }
    }
}

impl Default for Turn {
    fn default() -> Self {
        Self {
            seen: Arc::default(),
            wanted: watch::Sender::new(0),
            commit: Arc::default(),
            ended: Arc::default(),
            unsure: Arc::default(),
            remembered: Arc::default(),
        }
    }
}

impl Turn {
    /// Waits for it as one who goes before bulk.
    async fn before_bulk<T>(&self, turn: impl Future<Output = T>) -> T {
        let _wanting = Wanting::new(&self.wanted);
        turn.await
    }

    /// Whether somebody waits for it who goes before bulk.
    pub fn is_wanted(&self) -> bool {
        *self.wanted.borrow() > 0
    }

    /// Returns when somebody waits for it who goes before bulk.
    pub async fn wanted(&self) {
        // It is not closed: this is one end of it.
        let _ = self.wanted.subscribe().wait_for(|waiting| *waiting > 0).await;
    }

    /// Commits, and does `then` with what came of it. Who waits for it may go away, as one who pushes and hangs up: it goes on to its end, and
    /// no other turn begins before that. Who has that would not see what was committed.
    pub async fn commit<T: Send + 'static>(
        &self,
        store: &Store,
        commit: Commit,
        then: impl FnOnce(Commit, Result<Places, CommitError>) -> T + Send + 'static,
    ) -> T {
        let until_its_end = Arc::clone(&self.commit).lock_owned().await;
        if self.ended.load(Ordering::Relaxed) {
            return then(commit, Err(CommitError::Stopped));
        }
        let (store, remembered) = (store.clone(), Arc::clone(&self.remembered));
        let unsure = Arc::clone(&self.unsure);
        let work = tokio::spawn(async move {
            let epoch = commit.lease.as_ref().map_or(0, |lease| lease.epoch);
            remembered.begin(epoch, &commit.state);
            let commit = Arc::new(commit);
            let committed = store.commit(Arc::clone(&commit)).await;
            remembered.end(epoch, committed.is_ok().then_some(&commit.state));
            if matches!(committed, Err(CommitError::Store(_))) {
                unsure.store(true, Ordering::Relaxed);
            }
            drop(until_its_end);
            then(Arc::unwrap_or_clone(commit), committed)
        });
        match work.await {
            Ok(done) => done,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The host ends, and with it whoever waits here.
            Err(_) => std::future::pending().await,
        }
    }

    /// Lets no commit begin, and waits for one that has.
    pub async fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
        drop(self.commit.lock().await);
    }
}

impl<'t> Wanting<'t> {
    fn new(wanted: &'t watch::Sender<usize>) -> Self {
        wanted.send_modify(|waiting| *waiting += 1);
        Self(wanted)
    }
}

impl Drop for Wanting<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|waiting| *waiting = waiting.saturating_sub(1));
    }
}

impl Worker {
    /// The release at work once it is the installation's turn. While that was waited for another may have taken over.
    pub(crate) async fn in_turn(&self) -> Result<InTurn, String> {
        loop {
            let installed = self.installed();
            let turn = installed.turn_for(self.lane, &self.shared).await;
            if !Arc::ptr_eq(&installed, &self.current.borrow()) {
                continue;
            }
            return match turn {
                Ok(turn) => Ok(InTurn { installed, turn }),
                Err(error) => {
                    let reason = chain(&error);
                    if !error.is_passing() {
                        tracing::error!(
                            installation = installed.id(),
                            reason,
                            "`{}` cannot work",
                            installed.id()
                        );
                        installed.status.set(State::Refused(reason.clone()));
                    }
                    Err(reason)
                }
            };
        }
    }

    /// Returns when what this worker does in its turn, from now on, has to give way. Never for what goes before bulk itself, and for a sink, which
    /// cannot take back what it has sent.
    pub(crate) fn wanted(&self, installed: &Installed) -> impl Future<Output = ()> + Send + use<> {
        let gives_way = self.lane == Lane::Bulk && installed.stateful && !installed.is_sink();
        let turn = gives_way.then(|| installed.turn.clone());
        async move {
            match turn {
                Some(turn) => {
                    tokio::time::sleep(MOMENT).await;
                    turn.wanted().await;
                }
                None => std::future::pending().await,
            }
        }
    }

    /// For long enough.
    pub(crate) fn has_given_way(&self) -> bool {
        self.gives_way_since.is_some_and(|since| since.elapsed() > GIVES_WAY)
    }

    /// It has committed something.
    pub(crate) fn came_through(&mut self) {
        if !self.gives_way_since.is_some_and(|since| (GIVES_WAY..GIVES_WAY + RUNS).contains(&since.elapsed()))
        {
            self.gives_way_since = None;
        }
    }
}

impl Installed {
    /// Waits for the turn for what may be of this lane.
    pub async fn turn_for(
        &self,
        lane: Lane,
        shared: &Shared,
    ) -> Result<Option<OwnedMutexGuard<Seen>>, TurnError> {
        match lane {
            Lane::Bulk => self.turn(shared).await,
            _ => self.turn.before_bulk(self.turn(shared)).await,
        }
    }

    /// Waits for the turn; none for an installation that keeps nothing and needs none.
    pub async fn turn(&self, shared: &Shared) -> Result<Option<OwnedMutexGuard<Seen>>, TurnError> {
        if !self.stateful {
            return Ok(None);
        }
        let mut seen = Arc::clone(&self.turn.seen).lock_owned().await;
        drop(self.turn.commit.lock().await);
        self.make_sure(shared).await?;
        let epoch = self.pin.lease()?.map_or(0, |lease| lease.epoch);
        let reads = self.manifest.state_version;
        match seen.0 {
            Some((at, form)) if at == epoch && form == reads => return Ok(Some(seen)),
            Some((at, kept)) if at == epoch && kept > reads => {
                return Err(TurnError::Superseded { release: self.release_name(), reads, kept });
            }
            _ => {}
        }
        match shared.store.kept_form(self.id()).await? {
            Kept::Form(kept) if kept > reads => {
                return Err(TurnError::Lower { release: self.release_name(), reads, kept });
            }
            Kept::Form(kept) if kept < reads => self.migrate(shared, kept).await?,
            Kept::Form(_) => {}
            Kept::Nothing => self.begin(shared).await?,
        }
        seen.0 = Some((epoch, reads));
        Ok(Some(seen))
    }

    /// Where nobody has heard whether the last commit was made, begins a new epoch of the lease. That waits for the commit's end, and what has not
    /// reached the database by then is of an epoch that is over.
    async fn make_sure(&self, shared: &Shared) -> Result<(), TurnError> {
        if !self.turn.unsure.load(Ordering::Relaxed) {
            return Ok(());
        }
        if let Some(lease) = self.pin.lease()? {
            let lease = shared.store.raise_epoch(&lease).await?.ok_or(Elsewhere)?;
            self.pin.gain(lease);
        }
        self.turn.unsure.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Whether what is kept has the form that this release reads, as far as can be seen without the turn.
    pub async fn reads_what_is_kept(&self, shared: &Shared) -> Result<bool, TurnError> {
        if !self.stateful {
            return Ok(true);
        }
        let reads = self.manifest.state_version;
        match shared.store.kept_form(self.id()).await? {
            Kept::Form(kept) if kept > reads => {
                Err(TurnError::Lower { release: self.release_name(), reads, kept })
            }
            Kept::Form(kept) => Ok(kept == reads),
            Kept::Nothing => Ok(reads == 1),
        }
    }

    /// The form that a commit of this release reads and leaves.
    pub fn form(&self) -> Option<Form> {
        let reads = self.manifest.state_version;
        self.stateful.then_some(Form { from: reads, to: reads })
    }

    /// Notes the form of what nothing is kept of yet.
    async fn begin(&self, shared: &Shared) -> Result<(), TurnError> {
        let (from, to) = (1, self.manifest.state_version);
        if from == to {
            return Ok(());
        }
        let mut commit = Commit::new(self.id());
        commit.lease = self.pin.lease()?;
        commit.form = Some(Form { from, to });
        let noted = shared.store.commit(commit).await;
        let release = self.release_name();
        noted.map(drop).map_err(|source| TurnError::Commit { release, from, to, source })
    }

    async fn migrate(&self, shared: &Shared, from: u32) -> Result<(), TurnError> {
        let (to, now) = (self.manifest.state_version, Timestamp::now());
        let (id, release) = (self.id(), self.release_name());
        tracing::info!(
            installation = id,
            from,
            to,
            "{release} begins to bring along what `{id}` keeps, from state_version {from} to {to}"
        );
        let outcome = self.log(self.plugin.migrate(self.call_to_migrate(now, from), from).await);
        let Outcome { result, writes, .. } = outcome;
        if let Err(why) = result {
            return Err(TurnError::Migration { release, from, to, why });
        }
        let mut commit = Commit::new(self.id());
        commit.lease = self.pin.lease()?;
        commit.call = Some(CallRecord {
            migrated: Some(Migrated { now, from }),
            records: Some(writes.records.before).filter(|extent| *extent != Extent::default()),
            ..self.record_of_now()
        });
        self.write(&mut commit, writes);
        commit.form = Some(Form { from, to });
        let changes = (!commit.timers.is_empty()).then(|| Arc::clone(&self.timer_changes));
        let then = move |_, committed: Result<Places, CommitError>| {
            if let Some(changes) = changes {
                changes.add();
            }
            committed
        };
        let committed = self.turn.commit(&shared.store, commit, then).await;
        committed.map_err(|source| TurnError::Commit { release: release.clone(), from, to, source })?;
        tracing::info!(installation = id, from, to, "{release} has brought along what `{id}` keeps");
        Ok(())
    }

    /// The surroundings of a migration: what is kept, and nothing of the world outside. A replay gives it the same.
    pub(crate) fn call_to_migrate(&self, now: Timestamp, from: u32) -> Call {
        let call = self.call(now, &["migrate", &from.to_string(), &now.to_string()]);
        let readers = Readers { history: None, ..call.readers };
        Call { egress: Egress::Closed, readers, ..call }
    }

    fn release_name(&self) -> String {
        format!("{} {}", self.manifest.name, self.manifest.version)
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn who_goes_before_bulk_is_known_while_it_waits() {
        let turn = Turn::default();
        assert_eq!(turn.before_bulk(async { 1 }).await, 1);
        assert!(!turn.is_wanted() && turn.wanted().now_or_never().is_none());
        let (free, taken) = oneshot::channel();
        let mut waiting = std::pin::pin!(turn.before_bulk(taken));
        assert!(waiting.as_mut().now_or_never().is_none() && turn.is_wanted());
        assert!(turn.wanted().now_or_never().is_some(), "also for who asks later");
        free.send(2).unwrap();
        assert_eq!(waiting.await, Ok(2));
        assert!(!turn.is_wanted());
        let mut gone = Box::pin(turn.before_bulk(std::future::pending::<()>()));
        assert!(gone.as_mut().now_or_never().is_none() && turn.is_wanted());
        drop(gone);
        assert!(!turn.is_wanted());
    }
}
