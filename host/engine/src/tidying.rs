//! Looks after outboxes. What the bus has confirmed goes with a later commit; where none comes for a while it is deleted here, that of all
//! installations together. What was committed and whose publishing was given up, as that of a push whose deliverer hung up, is published.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::{Mutex, mpsc};
use tokio::time::{Instant, sleep_until};

use crate::installed::{Installed, chain};
use crate::outbox::{self, Found, Outbox};
use crate::worker::Shared;

/// How long after a commit its outbox is looked at.
const AFTER: Duration = Duration::from_secs(1);
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
        while receiver.recv_many(&mut due, TOGETHER).await > 0 {
            if let Some(last) = due.last() {
                sleep_until(last.at + AFTER).await;
            }
            shared.courtesy.step_aside().await;
            self.tidy(&mut due, shared).await;
        }
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
    /// What may publish from the outbox; none where the installation is no longer worked for here. Whoever begins to looks through it.
    fn at_work(&self, shared: &Shared) -> Option<Arc<Installed>> {
        let host = shared.host.get().and_then(Weak::upgrade)?;
        let installed = host.installed(&self.installation)?;
        let same = Arc::ptr_eq(&installed.outbox, &self.outbox) && installed.lease().is_ok();
        same.then_some(installed)
    }
}
