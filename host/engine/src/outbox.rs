//! Committed outputs on their way to the bus, in their order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use dongting_manifest::{DeadLetter, Message};
use dongting_store::{Commit, CommitError, Lease, Output, Pending, Places};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::installed::{Installed, chain};
use crate::shadow::Tells;
use crate::worker::Shared;

/// Rows that are read at once; each holds up to 64 outputs.
const BATCH: u32 = 8;
/// Confirmed rows that a commit deletes, rather than leave them to a later one.
const DELETED: usize = 16;

/// No lease has such an epoch.
const UNSURE: i64 = -1;

/// What is known of an installation's outbox without looking. Carried from release to release.
pub struct Outbox {
    /// Places that the bus has stored and that are not deleted yet: once they are a few they go with a commit, which syncs the disk anyway.
    /// Held while the outbox is published: two at once would publish the same rows, and the slower one behind newer ones.
    confirmed: Arc<Mutex<Vec<i64>>>,
    /// The epoch of the lease under which nothing lies in it but what is confirmed: under another one another host may have committed.
    clean: AtomicI64,
    commits: AtomicU64,
    /// It will be looked at.
    listed: AtomicBool,
}

impl Default for Outbox {
    fn default() -> Self {
        Self {
            confirmed: Arc::default(),
            clean: AtomicI64::new(UNSURE),
            commits: AtomicU64::default(),
            listed: AtomicBool::default(),
        }
    }
}

/// How an outbox is found that nobody has committed to for a while.
pub enum Found {
    /// Something is on its way, or was committed meanwhile.
    Work,
    /// Something was committed, and whoever did has not published it.
    Left,
    /// Nothing but places that the bus has confirmed.
    Confirmed(OwnedMutexGuard<Vec<i64>>),
}

impl Outbox {
    /// How many commits there have been; none where it is listed already.
    pub fn to_list(&self) -> Option<u64> {
        (!self.listed.swap(true, Ordering::Relaxed)).then(|| self.commits())
    }

    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// `commits` is how many there had been a while ago.
    pub fn look(&self, commits: u64) -> Found {
        let Ok(confirmed) = Arc::clone(&self.confirmed).try_lock_owned() else { return Found::Work };
        if self.commits() != commits {
            return Found::Work;
        }
        let clean = self.clean.load(Ordering::Relaxed) != UNSURE;
        if clean { Found::Confirmed(confirmed) } else { Found::Left }
    }

    /// A row has lain in it for a while. Whether somebody has to look: nobody is at work there, and it is not known to be confirmed.
    pub fn wonders_about(&self, position: i64) -> bool {
        let wonders = self.confirmed.try_lock().is_ok_and(|confirmed| !confirmed.contains(&position));
        if wonders {
            self.clean.store(UNSURE, Ordering::Relaxed);
        }
        wonders
    }

    /// Something may have been left in it, by whoever committed that.
    fn is_left(&self) -> bool {
        self.confirmed.try_lock().is_ok() && self.clean.load(Ordering::Relaxed) == UNSURE
    }

    /// Nothing is to be looked at until the next commit.
    pub fn unlist(&self) {
        self.listed.store(false, Ordering::Relaxed);
    }
}

/// What was committed and goes out next. Until it has, nothing else of its installation is committed.
pub struct Committed {
    confirmed: OwnedMutexGuard<Vec<i64>>,
    positions: Vec<i64>,
    outputs: Vec<Output>,
    /// Something else may lie in the outbox, to go before these.
    behind: bool,
    /// Of the lease that it was committed under.
    epoch: i64,
    /// Told of the call when this ends.
    pub shadow: Option<Tells>,
}

/// Commits, and publishes what was committed.
pub async fn commit(installed: &Installed, shared: &Shared, commit: Commit) -> Result<(), String> {
    keep_rate(installed, &commit).await;
    let committed = committed(installed, shared, commit).await.map_err(|error| chain(&error))?;
    committed.publish(installed, shared).await
}

/// Waits until the installation may publish what a commit holds. Before it and not behind: what is committed and waits keeps all else of the
/// installation waiting.
pub async fn keep_rate(installed: &Installed, commit: &Commit) {
    let messages = commit.outputs.iter().filter_map(|output| match output {
        Output::Message(message) => Some(message),
        Output::DeadLetter(_) => None,
    });
    installed.keep_rate(messages).await;
}

/// Commits what is to be published then, and may be.
pub async fn committed(
    installed: &Installed,
    shared: &Shared,
    mut commit: Commit,
) -> Result<Committed, CommitError> {
    let mut confirmed = Arc::clone(&installed.outbox.confirmed).lock_owned().await;
    if confirmed.len() >= DELETED {
        commit.confirmed.clone_from(&confirmed);
    }
    let (outbox, tidying) = (Arc::clone(&installed.outbox), Arc::clone(&shared.tidying));
    let epoch = epoch(commit.lease.as_ref());
    let (timer_changes, shadow) = (Arc::clone(&installed.timer_changes), installed.shadow.clone());
    let then = move |commit: Commit, committed: Result<Places, CommitError>| {
        if !commit.timers.is_empty() || !commit.rung.is_empty() {
            timer_changes.add();
        }
        if matches!(committed, Err(CommitError::Store(_))) {
            // It may have been made, and lie there.
            outbox.clean.store(UNSURE, Ordering::Relaxed);
        }
        let Places { outputs: positions, call } = committed?;
        let shadow = Tells::of(shadow.as_ref(), call);
        if !commit.confirmed.is_empty() {
            confirmed.clear();
        }
        outbox.commits.fetch_add(1, Ordering::Relaxed);
        tidying.list(&commit.installation, &outbox);
        // Whatever goes wrong from here on leaves it to be looked through.
        let behind = outbox.clean.swap(UNSURE, Ordering::Relaxed) != epoch;
        Ok(Committed { confirmed, positions, outputs: commit.outputs, behind, epoch, shadow })
    };
    installed.turn.commit(&shared.store, commit, then).await
}

fn epoch(lease: Option<&Lease>) -> i64 {
    lease.map_or(0, |lease| lease.epoch)
}

impl Committed {
    pub async fn publish(mut self, installed: &Installed, shared: &Shared) -> Result<(), String> {
        if self.behind {
            return drain_held(installed, shared, &mut self.confirmed, self.epoch).await;
        }
        publish(installed, shared, self.outputs).await?;
        self.confirmed.append(&mut self.positions);
        installed.outbox.clean.store(self.epoch, Ordering::Relaxed);
        Ok(())
    }
}

/// Publishes everything that is pending for the installation and deletes what the bus has stored.
pub async fn drain(installed: &Installed, shared: &Shared) -> Result<(), String> {
    let mut confirmed = installed.outbox.confirmed.lock().await;
    let epoch = installed.lease().map_or(UNSURE, |lease| epoch(lease.as_ref()));
    drain_held(installed, shared, &mut confirmed, epoch).await
}

/// Before a call that somebody waits for: what was left goes out first. Where it does not, nothing more is committed behind it, and whoever
/// waits is told to come again.
pub async fn ready(installed: &Installed, shared: &Shared) -> Result<(), String> {
    if installed.stateful && installed.outbox.is_left() { drain(installed, shared).await } else { Ok(()) }
}

/// Leaves nothing in it, as the installation is stopped. Where another host works for it, that does.
pub async fn leave(installed: &Installed, shared: &Shared) -> Result<(), String> {
    let Ok(lease) = installed.lease() else { return Ok(()) };
    let mut confirmed = installed.outbox.confirmed.lock().await;
    let clean = installed.outbox.clean.load(Ordering::Relaxed) == epoch(lease.as_ref());
    if clean && confirmed.is_empty() {
        return Ok(());
    }
    drain_held(installed, shared, &mut confirmed, epoch(lease.as_ref())).await
}

async fn drain_held(
    installed: &Installed,
    shared: &Shared,
    confirmed: &mut Vec<i64>,
    epoch: i64,
) -> Result<(), String> {
    shared.store.confirmed(confirmed).await.map_err(|error| chain(&error))?;
    confirmed.clear();
    loop {
        let pending = shared.store.pending(installed.id(), BATCH).await.map_err(|error| chain(&error))?;
        if pending.is_empty() {
            installed.outbox.clean.store(epoch, Ordering::Relaxed);
            return Ok(());
        }
        // What lies in rows without a letter is gone from here even where the letters' lane is full: it is not sent again and again, until
        // JetStream has forgotten that it was there.
        let (letters, messages): (Vec<Pending>, Vec<Pending>) = pending
            .into_iter()
            .partition(|row| row.outputs.iter().any(|output| matches!(output, Output::DeadLetter(_))));
        for rows in [messages, letters] {
            let (positions, outputs): (Vec<i64>, Vec<Vec<Output>>) =
                rows.into_iter().map(|Pending { position, outputs }| (position, outputs)).unzip();
            publish(installed, shared, outputs.into_iter().flatten().collect()).await?;
            shared.store.confirmed(&positions).await.map_err(|error| chain(&error))?;
        }
    }
}

async fn publish(installed: &Installed, shared: &Shared, outputs: Vec<Output>) -> Result<(), String> {
    let mut messages: Vec<Message> = Vec::with_capacity(outputs.len());
    let mut letters: Vec<DeadLetter> = Vec::new();
    for output in outputs {
        match output {
            Output::Message(message) => messages.push(message),
            Output::DeadLetter(letter) => letters.push(letter),
        }
    }
    installed.publish_taken(&shared.publisher, &messages).await.map_err(|error| chain(&error))?;
    for letter in letters {
        installed.dead_letter(&shared.publisher, &letter).await.map_err(|error| chain(&error))?;
    }
    Ok(())
}
