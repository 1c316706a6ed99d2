//! What the ledger says: numbered readings at a set rate, the same whenever they are asked for.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::{Ledger, PAUSE};

/// As many as one answer or one push has.
const PAGE: u64 = 100;
/// Before the end of the load: what arrives then is told apart.
pub const LATE: Duration = Duration::from_secs(10);
const TOKEN: &str = "a-token-of-the-chaos-run";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    pub partition: String,
    pub n: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub poison: bool,
}

pub struct Load {
    rate: u32,
    partitions: u32,
    poison_percent: u32,
    began: Instant,
    stopped: Mutex<Option<Instant>>,
    /// Pushed and accepted, for the figures.
    pushed: AtomicU64,
}

impl Load {
    pub fn new(rate: u32, partitions: u32, poison_percent: u32) -> Self {
        let stopped = Mutex::default();
        Self { rate, partitions, poison_percent, began: Instant::now(), stopped, pushed: AtomicU64::new(0) }
    }

    pub fn stop(&self, now: Instant) {
        let mut stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        stopped.get_or_insert(now);
    }

    /// Readings of each half that there are by now.
    fn due(&self, now: Instant) -> u64 {
        self.due_at(self.ended().unwrap_or(now))
    }

    fn due_at(&self, now: Instant) -> u64 {
        let elapsed = now.duration_since(self.began);
        u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).saturating_mul(self.rate.into()) / 2_000
    }

    pub fn polled(&self, after: u64, now: Instant) -> (u64, Vec<Reading>) {
        let next = self.due(now).min(after + PAGE).max(after);
        (next, (after..next).map(|at| self.reading('p', at)).collect())
    }

    fn reading(&self, half: char, at: u64) -> Reading {
        let partition = at % u64::from(self.partitions);
        // Spread over the partitions, and never the first of one.
        let poison = half == 'q' && (at * 37) % 100 < u64::from(self.poison_percent) && at > 100;
        Reading { partition: format!("{half}{partition:02}"), n: at / u64::from(self.partitions) + 1, poison }
    }

    pub fn poison(&self, now: Instant) -> u64 {
        (0..self.due(now)).filter(|at| self.reading('q', *at).poison).count() as u64
    }

    /// The good readings that came due in the ten seconds before the load ended.
    pub fn late(&self) -> u64 {
        let Some(ended) = self.ended() else { return 0 };
        let from = self.due_at(ended.checked_sub(LATE).unwrap_or(ended));
        let good =
            |half| (from..self.due_at(ended)).filter(|at| !self.reading(half, *at).poison).count() as u64;
        good('p') + good('q')
    }

    pub fn ended(&self) -> Option<Instant> {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The numbers of each partition's good readings.
    pub fn expected(&self, now: Instant) -> BTreeMap<String, Vec<u64>> {
        let mut expected: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        let due = self.due(now);
        for half in ['p', 'q'] {
            for at in 0..due {
                let reading = self.reading(half, at);
                let good = expected.entry(reading.partition).or_default();
                if !reading.poison {
                    good.push(reading.n);
                }
            }
        }
        expected
    }
}

/// Pushes the other half, a page at a time and each until it is accepted.
pub async fn push(ledger: Arc<Ledger>) {
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(10)))
        .build()
        .new_agent();
    loop {
        let from = ledger.load.pushed.load(Ordering::Relaxed);
        let to = ledger.load.due(Instant::now()).min(from + PAGE);
        let url = ledger.host();
        if to == from || url.is_empty() {
            tokio::time::sleep(PAUSE).await;
            continue;
        }
        let readings: Vec<Reading> = (from..to).map(|at| ledger.load.reading('q', at)).collect();
        ledger.book().said(&readings);
        let agent = agent.clone();
        let sent = tokio::task::spawn_blocking(move || {
            let body = serde_json::to_vec(&readings).unwrap_or_default();
            let request = agent
                .post(format!("{url}api/v1/push/pushed"))
                .header("authorization", format!("Bearer {TOKEN}"));
            request.send(&body).is_ok_and(|answer| answer.status() == 200)
        });
        if sent.await.unwrap_or(false) {
            ledger.load.pushed.store(to, Ordering::Relaxed);
        } else {
            tokio::time::sleep(PAUSE).await;
        }
    }
}
