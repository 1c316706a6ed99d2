//! Stops calling a plugin that faults on one message after the other, so that a broken release does not turn a whole lane into dead
//! letters, or all that is pushed.

use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use dongting_sandbox::Refusal;

use crate::installed::Installed;
use crate::status::State;

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

impl Installed {
    /// For how long nothing is asked of it, where it faulted on one document or request after the other, and why.
    pub fn rests(&self) -> Option<(String, Duration)> {
        let until = self.asked().paused_until(Instant::now())?;
        let reason = match self.status.state() {
            State::Tripped(reason) => reason,
            _ => "it faults on one document or request after the other".to_owned(),
        };
        Some((reason, until.saturating_duration_since(Instant::now())))
    }

    /// How a call went that somebody asked for. Whether it was a trial that failed: what was given then is not at fault.
    pub fn was_asked<T>(&self, result: &Result<T, Refusal>) -> bool {
        let mut breaker = self.asked();
        let trial = breaker.on_trial();
        let Err(Refusal::Fault(fault)) = result else {
            // A plugin that says something of what it is given is not at fault, whatever it says.
            breaker.went_well();
            drop(breaker);
            if trial {
                self.status.went_well();
            }
            return false;
        };
        let tripped = breaker.faulted(Instant::now());
        drop(breaker);
        if tripped {
            let reason =
                format!("it faults on one document or request after the other, the last time: {fault}");
            tracing::error!(installation = self.id(), reason, "The breaker of `{}` tripped", self.id());
            self.status.at_work(State::Tripped(reason));
        }
        trial
    }

    fn asked(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
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
