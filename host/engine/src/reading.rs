//! A durable consumer being read by its worker, and what ends a wait for its next message.

use std::sync::Arc;

use dongting_bus::{AtWork, Bus, Consumer, ConsumerOptions, Delivery, Start};
use dongting_manifest::Lane;
use dongting_manifest::subject::filters;
use futures::future::{Either, select};
use tokio::runtime::Handle;
use tokio::sync::{broadcast, watch};

use crate::installed::Installed;
use crate::leaving;

pub struct Reading {
    bus: Bus,
    pub consumer: Consumer,
    pub options: ConsumerOptions,
    /// More waits, as the newest delivery said: it can be fetched without waiting for a first one.
    pub more: bool,
    /// The next batch, fetched while the one before was at work.
    pub ahead: Vec<Delivery>,
    /// Whether it begins anew after all that ends it.
    ordered: bool,
    /// Deliveries so far, but for those.
    counted: u64,
}

impl Reading {
    pub fn new(bus: Bus, consumer: Consumer, options: ConsumerOptions, ordered: bool) -> Self {
        Self { bus, consumer, options, more: false, ahead: Vec::new(), ordered, counted: 0 }
    }

    /// Whether there is a batch without waiting for a first delivery.
    pub fn is_ready(&self) -> bool {
        self.more || !self.ahead.is_empty()
    }

    /// What was fetched ahead; else `first` and what else is there, `max` in all.
    pub async fn batch(&mut self, first: Option<Delivery>, max: usize) -> Vec<Delivery> {
        if !self.ahead.is_empty() {
            return std::mem::take(&mut self.ahead);
        }
        let deliveries = match first {
            Some(first) => {
                let rest = self.consumer.rest(&first, max.saturating_sub(1)).await;
                std::iter::once(first).chain(rest).collect()
            }
            None => self.consumer.there(max).await,
        };
        self.more = more(&deliveries);
        deliveries
    }

    /// Does `work`, and fetches the next batch meanwhile where more waits.
    pub async fn beside<T>(&mut self, max: usize, work: impl Future<Output = T>) -> T {
        if !self.more {
            return work.await;
        }
        let (work, fetch) = (std::pin::pin!(work), std::pin::pin!(self.consumer.there(max)));
        let (done, next) = match select(work, fetch).await {
            // What has been asked for comes, and nobody else would answer it.
            Either::Left((done, fetch)) => (done, fetch.await),
            Either::Right((next, work)) => {
                let waiting = AtWork::new(&self.bus, &next);
                (leaving::beside(&waiting, work).await, next)
            }
        };
        self.more = more(&next);
        self.ahead = next;
        done
    }

    /// What was fetched ahead comes again soon.
    pub fn give_back(&mut self) {
        let ahead = AtWork::new(&self.bus, &std::mem::take(&mut self.ahead));
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move { leaving::give_back(&ahead).await });
        }
    }

    /// Cuts off what comes behind a delivery that is missing. Whether none is.
    pub fn count(&mut self, deliveries: &mut Vec<Delivery>) -> bool {
        let before = deliveries.len();
        let counted = self.counted;
        let good = (counted + 1..).zip(deliveries.iter()).take_while(|(n, d)| *n == d.number).count();
        deliveries.truncate(good);
        self.counted = counted + good as u64;
        good == before
    }
}

impl Drop for Reading {
    /// Whatever ends it. Not where there is order: that begins anew, and a word that comes late would be the new consumer's, which has the same name.
    fn drop(&mut self) {
        if !self.ordered && !self.ahead.is_empty() {
            self.give_back();
        }
    }
}

fn more(deliveries: &[Delivery]) -> bool {
    deliveries.last().is_some_and(|delivery| delivery.pending > 0)
}

/// Returns when JetStream has given up on a message of this consumer, or may have.
pub async fn told(exhausted: &mut broadcast::Receiver<(String, String)>, stream: &str, consumer: &str) {
    loop {
        match exhausted.recv().await {
            Ok((told, name)) if told == stream && name == consumer => return,
            Ok(_) => {}
            Err(broadcast::error::RecvError::Lagged(_)) => return,
            // The host ends.
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

pub fn options(installed: &Installed, lane: Lane) -> ConsumerOptions {
    let region = installed.installation.region;
    let filters = installed
        .manifest
        .subscribe
        .iter()
        .filter(|topic| topic.kind.lane() == lane)
        .flat_map(|topic| filters(region, &topic.domain, topic.kind, topic.detail.as_deref()))
        .collect();
    ConsumerOptions { start: Start::All, ..ConsumerOptions::new(installed.id(), lane, filters) }
}

/// Returns when a release is at work that asks for something else than the one before it. Any other takes over with the next message.
pub async fn another(
    current: &mut watch::Receiver<Arc<Installed>>,
    (lane, wanted, rings): (Lane, &ConsumerOptions, bool),
) {
    // An error says that the slot is gone, which ends the worker.
    while current.changed().await.is_ok() {
        let now = current.borrow_and_update();
        if options(&now, lane) != *wanted || now.rings(lane) != rings {
            return;
        }
    }
    std::future::pending().await
}
