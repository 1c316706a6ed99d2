//! Calls that a shadow has still to make: so many and so old at most. Behind that it goes on with the newest, which says more of what the
//! candidate does now than all that came before.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

const MOST: usize = 256;
const LONGEST: Duration = Duration::from_secs(30);

/// Positions among all calls, with when each was told; the oldest first.
#[derive(Debug, Default)]
pub struct Waiting {
    calls: Mutex<VecDeque<(i64, Instant)>>,
    more: Notify,
}

impl Waiting {
    /// How many are skipped for it.
    pub fn add(&self, position: i64) -> u64 {
        let skipped = {
            let (mut calls, now) = (self.calls(), Instant::now());
            calls.push_back((position, now));
            cut(&mut calls, now)
        };
        self.more.notify_one();
        skipped
    }

    /// Waits for the next, and how many were skipped before it.
    pub async fn next(&self) -> (i64, u64) {
        loop {
            let taken = {
                let mut calls = self.calls();
                let skipped = cut(&mut calls, Instant::now());
                calls.pop_front().map(|(position, _)| (position, skipped))
            };
            match taken {
                Some(taken) => return taken,
                None => self.more.notified().await,
            }
        }
    }

    fn calls(&self) -> MutexGuard<'_, VecDeque<(i64, Instant)>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leaves the newest alone where there are too many, or the oldest has waited for too long; how many went.
fn cut(calls: &mut VecDeque<(i64, Instant)>, now: Instant) -> u64 {
    let late = calls.front().is_some_and(|(_, told)| now.saturating_duration_since(*told) > LONGEST);
    if !late && calls.len() <= MOST {
        return 0;
    }
    let gone = calls.len().saturating_sub(1);
    calls.drain(..gone);
    gone as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    fn at(calls: &VecDeque<(i64, Instant)>) -> Vec<i64> {
        calls.iter().map(|(position, _)| *position).collect()
    }

    #[test]
    fn too_many_or_too_old_give_way_to_the_newest() {
        let began = Instant::now();
        let mut calls: VecDeque<_> = (0..MOST as i64).map(|position| (position, began)).collect();
        assert_eq!(cut(&mut calls, began + LONGEST), 0);
        calls.push_back((1000, began));
        assert_eq!(cut(&mut calls, began), MOST as u64);
        assert_eq!(at(&calls), [1000]);
        calls.push_back((1001, began + LONGEST));
        assert_eq!(cut(&mut calls, began + LONGEST), 0);
        assert_eq!(cut(&mut calls, began + LONGEST + Duration::from_millis(1)), 1);
        assert_eq!(at(&calls), [1001]);
        // Alone it is made however old it is.
        assert_eq!(cut(&mut calls, began + LONGEST * 3), 0);
        assert_eq!(at(&calls), [1001]);
    }

    #[tokio::test]
    async fn each_is_given_once_in_its_order() {
        let waiting = Waiting::default();
        assert!(waiting.next().now_or_never().is_none());
        assert_eq!((waiting.add(3), waiting.add(7)), (0, 0));
        assert_eq!(waiting.next().await, (3, 0));
        assert_eq!(waiting.next().await, (7, 0));
        assert!(waiting.next().now_or_never().is_none());
    }
}
