//! Who may call next. Calls at once are bounded; among those that wait, alert and command go before bulk, and of bulk the one whose
//! city and plugin have had the least of the machine.
//!
//! Start-time fair queueing: each waiting call is stamped with how much its city and its plugin have used, the smallest stamp goes first, and
//! one that was idle starts where the others are, so that idling saves nothing up. A call of twice the weight uses half as much up.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use dongting_manifest::Lane;
use tokio::sync::oneshot;

use crate::installed::Installed;

/// Shares that nobody has waited with for this many others are forgotten: idling saves nothing up anyway.
const MAX_SHARES: usize = 10_000;

#[derive(Clone)]
pub struct Permits(Arc<Mutex<Queue>>);

/// Whose call it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub lane: Lane,
    /// City code, or the province's.
    pub place: u32,
    pub plugin: String,
    /// At least 1.
    pub weight: u32,
}

/// Held over a call. Dropping it charges the time it was held.
pub struct Permit {
    queue: Arc<Mutex<Queue>>,
    caller: Caller,
    since: Instant,
}

struct Queue {
    free: usize,
    /// Of the free ones, kept for alert and command.
    reserve: usize,
    waiting: Vec<Waiting>,
    used: BTreeMap<Share, Duration>,
    /// How much the one that was served last had used.
    now: Duration,
    turn: u64,
}

struct Waiting {
    caller: Caller,
    turn: u64,
    stamp: Duration,
    granted: oneshot::Sender<()>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Share {
    Place(u32),
    Plugin(String),
}

impl Permits {
    pub fn new(calls: usize, reserve: usize) -> Self {
        let queue = Queue {
            free: calls,
            reserve,
            waiting: Vec::new(),
            used: BTreeMap::new(),
            now: Duration::ZERO,
            turn: 0,
        };
        Self(Arc::new(Mutex::new(queue)))
    }

    /// Waits for a permit. Cancel-safe: a permit that nobody takes goes to the next.
    pub async fn acquire(&self, caller: Caller) -> Permit {
        let (granted, mut turn) = oneshot::channel();
        {
            let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            queue.turn += 1;
            let stamp = queue.stamp(&caller);
            let waiting = Waiting { caller: caller.clone(), turn: queue.turn, stamp, granted };
            queue.waiting.push(waiting);
            queue.serve();
        }
        // The sender lives in the queue until it grants; the queue lives as long as we do.
        let mut guard = Unclaimed { queue: &self.0, turn: &mut turn, claimed: false };
        guard.claimed = (&mut *guard.turn).await.is_ok();
        drop(guard);
        Permit { queue: Arc::clone(&self.0), caller, since: Instant::now() }
    }
}

/// Gives a permit back that was granted in the same moment in which its caller went away.
struct Unclaimed<'p> {
    queue: &'p Mutex<Queue>,
    turn: &'p mut oneshot::Receiver<()>,
    claimed: bool,
}

impl Drop for Unclaimed<'_> {
    fn drop(&mut self) {
        if self.claimed {
            return;
        }
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        self.turn.close();
        if self.turn.try_recv().is_ok() {
            queue.free += 1;
            queue.serve();
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.charge(&self.caller, self.since.elapsed());
        queue.free += 1;
        queue.serve();
    }
}

impl Queue {
    /// Grants what is free to those who wait, best first.
    fn serve(&mut self) {
        while self.free > 0 {
            let may = |waiting: &&Waiting| waiting.caller.lane != Lane::Bulk || self.free > self.reserve;
            let rank = |waiting: &Waiting| (waiting.caller.lane == Lane::Bulk, waiting.stamp, waiting.turn);
            let Some(best) = self.waiting.iter().filter(may).min_by_key(|w| rank(w)).map(|w| w.turn) else {
                return;
            };
            let Some(index) = self.waiting.iter().position(|w| w.turn == best) else { return };
            let next = self.waiting.swap_remove(index);
            // One that has gone away leaves the permit where it is.
            if next.granted.send(()).is_ok() {
                self.free -= 1;
                self.now = self.now.max(next.stamp);
            }
        }
    }

    fn stamp(&self, caller: &Caller) -> Duration {
        let used = |share: &Share| self.used.get(share).copied().unwrap_or_default().max(self.now);
        caller.shares().iter().map(used).max().unwrap_or_default()
    }

    fn charge(&mut self, caller: &Caller, time: Duration) {
        let (start, time) = (self.now, time / caller.weight.max(1));
        for share in caller.shares() {
            let used = self.used.entry(share).or_default();
            *used = (*used).max(start) + time;
        }
        if self.used.len() > MAX_SHARES {
            self.used.retain(|_, used| *used > start);
        }
    }
}

impl Installed {
    pub fn caller(&self, lane: Lane) -> Caller {
        let [province, city, _] = self.installation.region.digits();
        let place = u32::from(province) * 100 + u32::from(city);
        Caller { lane, place, plugin: self.manifest.name.clone(), weight: self.installation.weight }
    }
}

impl Caller {
    fn shares(&self) -> [Share; 2] {
        [Share::Place(self.place), Share::Plugin(self.plugin.clone())]
    }
}

#[cfg(test)]
mod tests;
