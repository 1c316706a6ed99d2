//! What the ledger says: numbered readings at a set rate, the same whenever they are asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::{Ledger, PAUSE};

/// As many as one answer or one push has.
const PAGE: u64 = 100;
/// Poison is spread evenly over so many readings of each half.
const HUNDRED: u64 = 100;
const TOKEN: &str = "a-token-of-the-chaos-run";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    pub partition: String,
    pub n: u64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
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

    /// When the reading of each half is due that has so many before it.
    fn due_from(&self, at: u64) -> Instant {
        let millis = at.saturating_add(1).saturating_mul(2_000).div_ceil(u64::from(self.rate).max(1));
        self.began + Duration::from_millis(millis)
    }

    pub fn polled(&self, after: u64, now: Instant) -> (u64, Vec<Reading>) {
        let next = self.due(now).min(after + PAGE).max(after);
        (next, (after..next).map(|at| self.reading('p', at)).collect())
    }

    fn reading(&self, half: char, at: u64) -> Reading {
        let partition = at % u64::from(self.partitions);
        let n = at / u64::from(self.partitions) + 1;
        Reading { partition: format!("{half}{partition:02}"), n, poison: self.is_poison(half, at) }
    }

    /// Of each hundred of a half exactly so many, at other places in each hundred, so that every partition has some.
    fn is_poison(&self, half: char, at: u64) -> bool {
        let shift = if half == 'p' { HUNDRED / 2 } else { 0 };
        let place = at % HUNDRED * 37 + at / HUNDRED % HUNDRED * 7 + shift;
        place % HUNDRED < u64::from(self.poison_percent)
    }

    /// The poison of both halves.
    pub fn poison(&self, now: Instant) -> BTreeSet<(String, u64)> {
        let all = (0..self.due(now)).flat_map(|at| [('p', at), ('q', at)]);
        let poison = all.filter(|(half, at)| self.is_poison(*half, *at));
        poison.map(|(half, at)| self.reading(half, at)).map(|one| (one.partition, one.n)).collect()
    }

    /// When each of the good readings was due that came due then, in their order.
    pub fn due_between(&self, from: Instant, to: Instant) -> Vec<Instant> {
        let numbers = self.due_at(from)..self.due_at(to);
        let good = |at: &u64| ['p', 'q'].into_iter().filter(|half| !self.is_poison(*half, *at)).count();
        numbers.flat_map(|at| std::iter::repeat_n(self.due_from(at), good(&at))).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_each_hundred_exactly_so_many_are_poison_and_every_partition_has_some() {
        for percent in [0, 1, 7, 100] {
            let load = Load::new(200, 20, percent);
            for half in ['p', 'q'] {
                for hundred in 0..40 {
                    let numbers = hundred * HUNDRED..(hundred + 1) * HUNDRED;
                    let poison = numbers.filter(|at| load.is_poison(half, *at)).count();
                    assert_eq!(poison, percent as usize, "{half} {hundred}");
                }
            }
        }
        let load = Load::new(200, 20, 1);
        load.stop(load.began + Duration::from_secs(20));
        let poison = load.poison(Instant::now());
        let partitions: BTreeSet<&str> = poison.iter().map(|(partition, _)| partition.as_str()).collect();
        assert_eq!((poison.len(), partitions.len()), (40, 40), "1 % of 4,000");
    }

    #[test]
    fn what_is_due_is_due_from_then_on() {
        let load = Load::new(300, 20, 1);
        for at in 0..500 {
            let due = load.due_from(at);
            assert_eq!((load.due_at(due), load.due_at(due - Duration::from_millis(1))), (at + 1, at));
        }
        let (from, to) = (load.began + Duration::from_secs(2), load.began + Duration::from_secs(4));
        let due = load.due_between(from, to);
        assert_eq!(due.len(), 594, "99 % of 600");
        assert!(due.is_sorted() && due.iter().all(|at| *at > from && *at <= to));
    }
}
