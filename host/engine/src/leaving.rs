//! A batch on its way out: its messages are put on the bus and its deliveries answered, while its worker calls the plugin with the next one.
//! One batch of a worker at a time, so that they leave in their order.

use std::sync::Arc;
use std::time::Duration;

use dongting_bus::AtWork;
use dongting_manifest::Message;
use dongting_store::CallRecord;
use tokio::task::{JoinError, JoinSet};

use crate::backoff;
use crate::batch::BEHIND;
use crate::courtesy::Urgent;
use crate::installed::{Installed, chain};
use crate::item::{End, From, Item};
use crate::outbox::Committed;
use crate::worker::Shared;

/// A third of the consumers' `ack_wait`.
const HEARTBEAT: Duration = Duration::from_secs(10);

pub struct Batch {
    pub installed: Arc<Installed>,
    pub shared: Arc<Shared>,
    pub items: Vec<Item>,
    /// How each item went.
    pub ends: Vec<End>,
    pub outputs: Outputs,
    /// Whether messages of this lane are parked.
    pub parked: bool,
    /// Until it is out, where it is not of the bulk lane.
    pub urgent: Option<Urgent>,
}

pub enum Outputs {
    /// In the database.
    Committed(Committed),
    /// Nowhere yet; with the record of the call that made them, which is written down once they are on the bus.
    Messages(Vec<Message>, Option<Box<CallRecord>>),
}

/// What a worker has on its way out. Dropped, it is interrupted; what has not left then is found in the outbox or delivered again.
#[derive(Default)]
pub struct Leaving(JoinSet<Result<(), String>>);

impl Leaving {
    pub fn add(&mut self, batch: Batch) {
        self.0.spawn(batch.leave());
    }

    /// Waits until nothing is on its way; an error where something did not get out.
    pub async fn ended(&mut self) -> Result<(), String> {
        let mut ended = Ok(());
        while let Some(one) = self.0.join_next().await {
            ended = ended.and(outcome(one));
        }
        ended
    }

    /// Returns when something does not get out, and why.
    pub async fn trouble(&mut self) -> String {
        while let Some(one) = self.0.join_next().await {
            if let Err(reason) = outcome(one) {
                return reason;
            }
        }
        std::future::pending().await
    }
}

fn outcome(one: Result<Result<(), String>, JoinError>) -> Result<(), String> {
    one.unwrap_or_else(|_| Err("a batch was interrupted on its way out; it is taken again".to_owned()))
}

impl Batch {
    async fn leave(self) -> Result<(), String> {
        let Self { installed, shared, items, ends, outputs, parked, urgent: _urgent } = self;
        let deliveries = items.iter().filter_map(|item| match &item.from {
            From::Lane(delivery) => Some(&**delivery),
            _ => None,
        });
        let at_work = AtWork::new(shared.publisher.bus(), deliveries);
        let work = async {
            outputs.publish(&installed, &shared).await?;
            answer(&installed, &items, &ends, parked).await
        };
        let left = beside(&at_work, work).await;
        if left.is_err() && !installed.ordered() {
            give_back(&at_work).await;
        }
        left
    }
}

impl Outputs {
    async fn publish(self, installed: &Installed, shared: &Shared) -> Result<(), String> {
        match self {
            Self::Committed(committed) => committed.publish(installed, shared).await,
            Self::Messages(messages, record) => {
                installed.publish(&shared.publisher, &messages).await.map_err(|error| chain(&error))?;
                if let Some(record) = record {
                    shared.recorder.record(installed, *record);
                }
                Ok(())
            }
        }
    }
}

/// Ends the deliveries of a batch, each as it went.
async fn answer(installed: &Installed, items: &[Item], ends: &[End], parked: bool) -> Result<(), String> {
    let mut failing = None;
    let mut done = false;
    for (item, end) in items.iter().zip(ends) {
        if let End::Later { reason, .. } = end
            && reason != BEHIND
        {
            failing = Some(reason);
        }
        done |= matches!(end, End::Done);
        let From::Lane(delivery) = &item.from else { continue };
        let answered = match end {
            End::Later { after, .. } if !installed.ordered() => {
                delivery.nak(backoff::pause(item.tries, *after, item.origin.sequence)).await
            }
            End::Dead(reason) => delivery.term(reason).await,
            End::Done | End::Later { .. } => delivery.ack().await,
        };
        answered.map_err(|error| chain(&error))?;
    }
    match failing {
        Some(reason) => installed.failing(reason.clone()),
        // What waits stays in sight, whatever else goes well.
        None if done && parked => installed.status.touched(),
        None if done => installed.status.went_well(),
        None => {}
    }
    Ok(())
}

/// Does `work` while its deliveries are kept from coming again.
pub async fn beside<T>(deliveries: &AtWork, work: impl Future<Output = T>) -> T {
    tokio::select! {
        done = work => done,
        never = deliveries.keep(HEARTBEAT) => match never {},
    }
}

/// Deliveries come again soon, else they would after their `ack_wait`. Those that were acknowledged meanwhile do not mind.
pub async fn give_back(deliveries: &AtWork) {
    deliveries.nak(backoff::pause(1, None, 0)).await;
}
