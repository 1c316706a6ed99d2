//! Stops calling a plugin that faults on one message after the other, so that a broken release does not turn a whole lane into dead
//! letters.

use std::time::{Duration, Instant};

/// Different messages in a row that made the plugin fault, each alone in its call.
const TRIPS: u32 = 5;
const FIRST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(300);

#[derive(Debug, Default)]
pub struct Breaker {
    in_a_row: u32,
    /// Trips in a row, and the end of the pause after the last.
    open: Option<(u32, Instant)>,
}

impl Breaker {
    pub fn went_well(&mut self) {
        *self = Self::default();
    }

    /// Whether this fault trips it.
    pub fn faulted(&mut self, now: Instant) -> bool {
        self.in_a_row = self.in_a_row.saturating_add(1);
        let trips = match self.open {
            // The trial call after a pause failed, too.
            Some((trips, until)) if now >= until => trips.saturating_add(1),
            None if self.in_a_row >= TRIPS => 1,
            _ => return false,
        };
        let pause = FIRST.saturating_mul(1 << (trips - 1).min(8)).min(LONGEST);
        self.open = Some((trips, now + pause));
        true
    }

    /// Until when no call is made.
    pub fn paused_until(&self, now: Instant) -> Option<Instant> {
        self.open.map(|(_, until)| until).filter(|until| *until > now)
    }

    /// The next call is a trial: of one message, which is not given up for a fault.
    pub fn on_trial(&self) -> bool {
        self.open.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_trips_pauses_longer_and_heals() {
        let start = Instant::now();
        let mut breaker = Breaker::default();
        for _ in 1..TRIPS {
            assert!(!breaker.faulted(start));
        }
        breaker.went_well();
        for _ in 1..TRIPS {
            assert!(!breaker.faulted(start), "only faults in a row count");
        }
        assert!(breaker.faulted(start));
        assert_eq!(breaker.paused_until(start), Some(start + FIRST));
        assert!(!breaker.faulted(start), "a call that was already under way changes nothing");
        let after = start + FIRST;
        assert!(breaker.on_trial() && breaker.paused_until(after).is_none());
        assert!(breaker.faulted(after));
        assert_eq!(breaker.paused_until(after), Some(after + FIRST * 2));
        let mut now = after;
        for _ in 0..20 {
            now += LONGEST;
            assert!(breaker.faulted(now));
        }
        assert_eq!(breaker.paused_until(now), Some(now + LONGEST));
        breaker.went_well();
        assert!(!breaker.on_trial());
    }
}
