//! Looks after outboxes. What the bus has confirmed goes with a later commit; where none comes for a while it is deleted here, that of all
//! installations together. What was committed and whose publishing was given up, as that of a push whose deliverer hung up, is published; and so
//! is what a host has left that was killed, or lost the lease, in between.

use std::sync::{Arc, Weak};
use std::time::Duration;

use dongting_store::{OutboxExtent, StoreError};
use tokio::sync::{Mutex, mpsc};
use tokio::time::{Instant, MissedTickBehavior, sleep_until};

use crate::installed::{Installed, chain};
use crate::outbox::{self, Found, Outbox};
use crate::worker::Shared;

/// How long after a commit its outbox is looked at.
const AFTER: Duration = Duration::from_secs(1);
/// How often all outboxes are looked for what nobody here knows of. A row that was there the last time already is not on its way.
const SWEEP: Duration = Duration::from_secs(2);
/// Installations whose rows are deleted in one transaction.
const TOGETHER: usize = 256;

pub struct Tidying {
    /// Each installation is in it once at most.
    sender: mpsc::UnboundedSender<Listed>,
    receiver: Mutex<mpsc::UnboundedReceiver<Listed>>,
}

pub struct Listed {
    at: Instant,
    installation: String,
    outbox: Arc<Outbox>,
    /// How many commits there had been by then.
    commits: u64,
}

impl Default for Tidying {
    fn default() -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        Self { sender, receiver: Mutex::new(receiver) }
    }
}

impl Tidying {
    /// Something was committed.
    pub fn list(&self, installation: &str, outbox: &Arc<Outbox>) {
        if let Some(commits) = outbox.to_list() {
            self.add(installation.to_owned(), Arc::clone(outbox), commits);
        }
    }

    fn add(&self, installation: String, outbox: Arc<Outbox>, commits: u64) {
        // An error says that the host ends.
        let _ = self.sender.send(Listed { at: Instant::now(), installation, outbox, commits });
    }

    /// Until it is aborted.
    pub async fn keep(&self, shared: &Shared) {
        let mut receiver = self.receiver.lock().await;
        let mut due = Vec::with_capacity(TOGETHER);
        let (mut sweep, mut seen) = (tokio::time::interval(SWEEP), 0);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                count = receiver.recv_many(&mut due, TOGETHER) => {
                    if count == 0 {
                        return;
                    }
                    if let Some(last) = due.last() {
                        sleep_until(last.at + AFTER).await;
                    }
                    shared.courtesy.step_aside().await;
                    self.tidy(&mut due, shared).await;
                }
                _ = sweep.tick() => match self.sweep(seen, shared).await {
                    Ok(last) => seen = last,
                    Err(error) => tracing::debug!("The outboxes cannot be looked through: {}", chain(&error)),
                },
            }
        }
    }

    /// Lists what has lain in an outbox since the last row that was `seen` or before. The last one now.
    async fn sweep(&self, seen: i64, shared: &Shared) -> Result<i64, StoreError> {
        let mut last = 0;
        for OutboxExtent { installation, first, last: its_last } in shared.store.outboxes().await? {
            last = last.max(its_last);
            let Some(installed) = at_work(&installation, shared).filter(|_| first <= seen) else { continue };
            if installed.outbox.wonders_about(first) {
                self.list(&installation, &installed.outbox);
            }
        }
        Ok(last)
    }

    async fn tidy(&self, due: &mut Vec<Listed>, shared: &Shared) {
        let (mut positions, mut held, mut again, mut left) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for listed in due.drain(..) {
            match listed.outbox.look(listed.commits) {
                Found::Work => again.push(listed),
                Found::Left => left.push(listed),
                Found::Confirmed(confirmed) => {
                    positions.extend_from_slice(&confirmed);
                    held.push((listed, confirmed));
                }
            }
        }
        if let Err(error) = shared.store.confirmed(&positions).await {
            tracing::warn!("Outboxes could not be cleared now; it is tried again: {}", chain(&error));
            again.extend(held.into_iter().map(|(listed, _)| listed));
        } else {
            for (listed, mut confirmed) in held {
                confirmed.clear();
                listed.outbox.unlist();
            }
        }
        for listed in left {
            let Some(installed) = listed.at_work(shared) else {
                listed.outbox.unlist();
                continue;
            };
            if let Err(reason) = outbox::drain(&installed, shared).await {
                let installation = installed.id();
                tracing::warn!(
                    installation,
                    reason,
                    "What `{installation}` has committed cannot be put on the bus now; it is tried again"
                );
            }
            again.push(listed);
        }
        for Listed { installation, outbox, .. } in again {
            let commits = outbox.commits();
            self.add(installation, outbox, commits);
        }
    }
}

impl Listed {
    /// What may publish from the outbox.
    fn at_work(&self, shared: &Shared) -> Option<Arc<Installed>> {
        at_work(&self.installation, shared).filter(|installed| Arc::ptr_eq(&installed.outbox, &self.outbox))
    }
}

/// None where this host does not work for the installation. Another does, or will.
fn at_work(installation: &str, shared: &Shared) -> Option<Arc<Installed>> {
    let host = shared.host.get().and_then(Weak::upgrade)?;
    host.installed(installation).filter(|installed| installed.lease().is_ok())
}
