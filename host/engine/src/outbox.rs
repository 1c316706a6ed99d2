//! Committed outputs on their way to the bus, in their order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use dongting_manifest::{DeadLetter, Message};
use dongting_store::{Commit, CommitError, Output, Pending, Places};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::installed::{Installed, chain};
use crate::shadow::Tells;
use crate::worker::Shared;

/// Rows that are read at once; each holds up to 64 outputs.
const BATCH: u32 = 8;

/// What is known of an installation's outbox without looking. Carried from release to release.
#[derive(Default)]
pub struct Outbox {
    /// Places that the bus has stored and that are not deleted yet: they go with the next commit, which syncs the disk anyway. Held
    /// while the outbox is published: two at once would publish the same rows, and the slower one behind newer ones.
    confirmed: Arc<Mutex<Vec<i64>>>,
    /// Nothing lies in it but what is confirmed.
    clean: AtomicBool,
}

/// What was committed and goes out next. Until it has, nothing else of its installation is committed.
pub struct Committed {
    confirmed: OwnedMutexGuard<Vec<i64>>,
    positions: Vec<i64>,
    outputs: Vec<Output>,
    /// Something else lies in the outbox, to go before these.
    behind: bool,
    /// Told of the call when this ends.
    _shadow: Option<Tells>,
}

/// Commits, and publishes what was committed.
pub async fn commit(installed: &Installed, shared: &Shared, commit: Commit<'_>) -> Result<(), String> {
    let committed = committed(installed, shared, commit).await.map_err(|error| chain(&error))?;
    committed.publish(installed, shared).await
}

/// Commits what is to be published then.
pub async fn committed(
    installed: &Installed,
    shared: &Shared,
    mut commit: Commit<'_>,
) -> Result<Committed, CommitError> {
    let mut confirmed = Arc::clone(&installed.outbox.confirmed).lock_owned().await;
    commit.confirmed.clone_from(&confirmed);
    let timers = !commit.timers.is_empty() || !commit.rung.is_empty();
    let committed = shared.store.commit(&commit).await;
    if timers {
        installed.timer_changes.add();
    }
    let Places { outputs: positions, call } = committed?;
    let _shadow = Tells::of(installed.shadow.as_ref(), call);
    confirmed.clear();
    // Whatever goes wrong from here on leaves it to be looked through.
    let behind = !installed.outbox.clean.swap(false, Ordering::Relaxed);
    Ok(Committed { confirmed, positions, outputs: commit.outputs, behind, _shadow })
}

impl Committed {
    pub async fn publish(mut self, installed: &Installed, shared: &Shared) -> Result<(), String> {
        if self.behind {
            return drain_held(installed, shared, &mut self.confirmed).await;
        }
        publish(installed, shared, self.outputs).await?;
        *self.confirmed = self.positions;
        installed.outbox.clean.store(true, Ordering::Relaxed);
        Ok(())
    }
}

/// Publishes everything that is pending for the installation and deletes what the bus has stored.
pub async fn drain(installed: &Installed, shared: &Shared) -> Result<(), String> {
    let mut confirmed = installed.outbox.confirmed.lock().await;
    drain_held(installed, shared, &mut confirmed).await
}

/// Deletes what is confirmed, where no commit comes along to do it.
pub async fn tidy(installed: &Installed, shared: &Shared) -> Result<(), String> {
    let mut confirmed = installed.outbox.confirmed.lock().await;
    shared.store.confirmed(&confirmed).await.map_err(|error| chain(&error))?;
    confirmed.clear();
    Ok(())
}

async fn drain_held(installed: &Installed, shared: &Shared, confirmed: &mut Vec<i64>) -> Result<(), String> {
    shared.store.confirmed(confirmed).await.map_err(|error| chain(&error))?;
    confirmed.clear();
    loop {
        let pending = shared.store.pending(installed.id(), BATCH).await.map_err(|error| chain(&error))?;
        if pending.is_empty() {
            installed.outbox.clean.store(true, Ordering::Relaxed);
            return Ok(());
        }
        let (positions, outputs): (Vec<i64>, Vec<Vec<Output>>) =
            pending.into_iter().map(|Pending { position, outputs }| (position, outputs)).unzip();
        let outputs = outputs.into_iter().flatten().collect();
        publish(installed, shared, outputs).await?;
        shared.store.confirmed(&positions).await.map_err(|error| chain(&error))?;
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
    installed.publish(&shared.publisher, &messages).await.map_err(|error| chain(&error))?;
    for letter in letters {
        installed.dead_letter(&shared.publisher, &letter).await.map_err(|error| chain(&error))?;
    }
    Ok(())
}
