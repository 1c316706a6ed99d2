//! Timers of installations: read by calls, and given to them as messages when they are due.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

use dongting_manifest::message::id;
use dongting_manifest::plugin::Capability;
use dongting_manifest::timer::Timer;
use dongting_manifest::{Kind, Lane, Message, Origin, Region, Subject, Timestamp};
use dongting_sandbox::{Read, TimerReader};
use dongting_store::Due;

use crate::installed::{Installed, chain};
use crate::item::{From, Item};
use crate::state::Committed;
use crate::worker::{BATCH, Worker, lanes};

const TYPE: &str = "em.timer.due.v1";

/// Counts the commits that changed an installation's timers, so that its worker knows whether the deadline it remembers is still the next,
/// and wakes it.
#[derive(Debug, Default)]
pub struct Changes {
    count: AtomicU64,
    wake: Notify,
}

impl Changes {
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Acquire)
    }

    pub fn add(&self) {
        self.count.fetch_add(1, Ordering::Release);
        self.wake.notify_waiters();
    }

    /// Returns when the count is no longer `known`.
    pub async fn differs(&self, known: u64) {
        loop {
            // One that was begun before the count is read hears of what comes then.
            let notified = self.wake.notified();
            if self.count() != known {
                return;
            }
            notified.await;
        }
    }
}

impl TimerReader for Committed {
    fn get(&self, name: &str) -> Read<'_, Option<Timer>> {
        let name = name.to_owned();
        Box::pin(
            async move { self.store.timer(&self.installation, &name).await.map_err(|error| chain(&error)) },
        )
    }

    fn count(&self) -> Read<'_, u64> {
        Box::pin(
            async move { self.store.count_timers(&self.installation).await.map_err(|error| chain(&error)) },
        )
    }
}

impl Worker {
    /// When the installation's next timer is due. One lane's worker of an installation serves them; the others see none.
    pub(crate) async fn next_timer(&mut self, installed: &Installed) -> Result<Option<Timestamp>, String> {
        if !installed.rings(self.lane) {
            return Ok(None);
        }
        // Counted before the database is read: what is committed in between is noticed the next time.
        let changes = installed.timer_changes.count();
        if let Some((known, next)) = self.next_timer
            && known == changes
        {
            return Ok(next);
        }
        let next = self.shared.store.next_timer(installed.id()).await.map_err(|error| chain(&error))?;
        self.next_timer = Some((changes, next));
        Ok(next)
    }

    /// Calls the plugin with timers that are due.
    pub(crate) async fn ring(&mut self) -> Result<(), String> {
        let permits = self.shared.permits.clone();
        let _permit = permits.acquire(self.installed().caller(self.lane)).await;
        // Read in the turn: no other call cancels them meanwhile.
        let at_work = self.in_turn().await?;
        let installed = Arc::clone(&at_work.installed);
        let due = self.shared.store.due_timers(installed.id(), Timestamp::now(), BATCH as u32).await;
        let due = due.map_err(|error| chain(&error))?;
        let items: Vec<Item> = due.into_iter().map(|due| installed.rung(due)).collect();
        if items.is_empty() { Ok(()) } else { self.process(at_work, items).await }
    }
}

impl Installed {
    /// Whether this lane's worker serves the timers.
    pub fn rings(&self, lane: Lane) -> bool {
        // The most urgent of them: what a timer comes to may be an alarm.
        self.imported.contains(&Capability::Timers) && lanes(self).last() == Some(&lane)
    }

    /// A timer as the message that the plugin is given. All of it follows from the installation, the name and the deadline.
    fn rung(&self, due: Due) -> Item {
        let Due { name, timer, tries } = due;
        let at = timer.at;
        let message = self.timer_message(&name, timer, &self.reference);
        // It was on no lane. Name and deadline tell it apart among the dead letters.
        let origin = Origin {
            stream: format!("timers/{name}"),
            stream_created: at,
            sequence: 0,
            subject: message.subject.to_string(),
        };
        Item { message, origin, tries: tries.saturating_add(1), from: From::Timer }
    }

    pub fn timer_message(&self, name: &str, timer: Timer, plugin: &str) -> Message {
        message((self.id(), self.installation.region), name, timer, plugin)
    }
}

/// The message that an installation's timer comes as.
pub fn message((installation, region): (&str, Region), name: &str, timer: Timer, plugin: &str) -> Message {
    let (source, revision) = (format!("/timers/{installation}"), timer.at.to_string());
    let id = id(&source, TYPE, name, &revision);
    let trace = id.get(..32).unwrap_or_default();
    let span = id.get(24..40).unwrap_or_default();
    let subject = Subject { region, domain: "timer".to_owned(), kind: Kind::Status, detail: None };
    Message {
        traceparent: format!("00-{trace}-{span}-01"),
        id,
        source,
        r#type: TYPE.to_owned(),
        subject,
        time: timer.at,
        received: timer.at,
        partition: name.to_owned(),
        key: name.to_owned(),
        revision,
        causation: Vec::new(),
        plugin: plugin.to_owned(),
        content_type: "application/octet-stream".to_owned(),
        extensions: Vec::new(),
        body: timer.payload,
    }
}
