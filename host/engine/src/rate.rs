//! How much an installation may publish: a bucket per grant, filled by the second and a minute deep.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use dongting_manifest::installation::PublishGrant;

const DEPTH_SECONDS: f64 = 60.0;

pub struct Bucket {
    per_second: f64,
    level: Mutex<(f64, Instant)>,
}

impl Bucket {
    pub fn new(grant: &PublishGrant) -> Self {
        Self::per_second(f64::from(grant.per_second))
    }

    pub fn per_second(per_second: f64) -> Self {
        Self { per_second, level: Mutex::new((per_second * DEPTH_SECONDS, Instant::now())) }
    }

    /// Takes `count`, or says how long to wait. More than a full bucket is let through once the bucket is full, so that no
    /// batch waits for ever; whoever comes next waits until that is made up for.
    pub fn take(&self, count: usize) -> Result<(), Duration> {
        let depth = self.per_second * DEPTH_SECONDS;
        let count = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        let wanted = count.min(depth);
        let mut level = self.level.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let filled = (level.0 + now.duration_since(level.1).as_secs_f64() * self.per_second).min(depth);
        if filled >= wanted {
            *level = (filled - count, now);
            return Ok(());
        }
        *level = (filled, now);
        let seconds = (wanted - filled) / self.per_second.max(0.001);
        Err(Duration::from_secs_f64(seconds.min(DEPTH_SECONDS)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dongting_manifest::Kind;

    #[test]
    fn a_flood_waits() {
        let grant = PublishGrant {
            domain: "d".into(),
            kind: Kind::Warning,
            detail: None,
            outside: false,
            per_second: 1,
        };
        let bucket = Bucket::new(&grant);
        assert!(bucket.take(60).is_ok());
        assert!(bucket.take(10).unwrap_err() > Duration::from_secs(9));
    }

    #[test]
    fn a_batch_of_more_than_a_bucket_is_paid_for() {
        let bucket = Bucket::per_second(1_000_000.0);
        assert!(bucket.take(100_000_000).is_ok());
        // Forty seconds in arrears, and then one more.
        let wait = bucket.take(1_000_000).unwrap_err();
        assert!(wait > Duration::from_secs(35) && wait <= Duration::from_secs(41), "{wait:?}");
    }
}
