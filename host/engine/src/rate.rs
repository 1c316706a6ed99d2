//! How much an installation may publish and log: a bucket for each grant and one for the log, filled by the second and a minute deep. They stay
//! from release to release, or whoever is reloaded often would have them full each time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use dongting_manifest::installation::PublishGrant;

const DEPTH_SECONDS: f64 = 60.0;
/// What was dropped of an installation's log is said once in this time.
const SAID: Duration = Duration::from_secs(60);

pub struct Bucket {
    per_second: f64,
    level: Mutex<(f64, Instant)>,
}

/// What all calls of an installation together may log.
pub struct LogRate {
    per_second: u32,
    bucket: Arc<Bucket>,
    unsaid: Arc<Mutex<Unsaid>>,
}

/// Lines that were dropped, by the limit that they were beyond.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dropped {
    pub beyond_log_lines: u64,
    pub beyond_log_per_second: u64,
}

#[derive(Default)]
struct Unsaid {
    dropped: Dropped,
    said: Option<Instant>,
}

/// A bucket for each grant: the one it had where it was granted before, else a full one.
pub fn buckets<'a>(
    grants: &[PublishGrant],
    before: impl IntoIterator<Item = (&'a PublishGrant, &'a Arc<Bucket>)>,
) -> Vec<Arc<Bucket>> {
    // Each goes to one grant: two that are alike have two, since a message takes from both.
    let mut before: Vec<_> = before.into_iter().collect();
    let bucket = |grant| match before.iter().position(|(granted, _)| *granted == grant) {
        Some(at) => Arc::clone(before.swap_remove(at).1),
        None => Arc::new(Bucket::new(grant)),
    };
    grants.iter().map(bucket).collect()
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
        let mut level = self.lock();
        let (filled, now) = self.filled(*level);
        match self.short(filled, count) {
            Some(wait) => Err(wait),
            None => {
                *level = (filled - number(count), now);
                Ok(())
            }
        }
    }

    /// How long to wait before `count` may be taken; none where they may be now.
    pub fn wait_for(&self, count: usize) -> Option<Duration> {
        let (filled, _) = self.filled(*self.lock());
        self.short(filled, count)
    }

    /// Takes `count`, there or not. Of two that have both waited for the same, the later one leaves the bucket in arrears.
    pub fn charge(&self, count: usize) {
        let mut level = self.lock();
        let (filled, now) = self.filled(*level);
        *level = (filled - number(count), now);
    }

    /// Takes one if it is there.
    fn take_one(&self) -> bool {
        let mut level = self.lock();
        let (filled, now) = self.filled(*level);
        let there = filled >= 1.0;
        *level = (if there { filled - 1.0 } else { filled }, now);
        there
    }

    fn short(&self, filled: f64, count: usize) -> Option<Duration> {
        let wanted = number(count).min(self.per_second * DEPTH_SECONDS);
        let seconds = (wanted - filled) / self.per_second.max(0.001);
        (filled < wanted).then(|| Duration::from_secs_f64(seconds.min(DEPTH_SECONDS)))
    }

    fn lock(&self) -> MutexGuard<'_, (f64, Instant)> {
        self.level.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn filled(&self, (level, at): (f64, Instant)) -> (f64, Instant) {
        let now = Instant::now();
        let since = now.duration_since(at).as_secs_f64() * self.per_second;
        ((level + since).min(self.per_second * DEPTH_SECONDS), now)
    }
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

impl LogRate {
    pub fn new(per_second: u32) -> Self {
        let bucket = Arc::new(Bucket::per_second(per_second.into()));
        Self { per_second, bucket, unsaid: Arc::default() }
    }

    /// Goes on from an earlier release. What that had left does not count under another limit.
    pub fn take_place_of(&mut self, earlier: &Self) {
        self.unsaid = Arc::clone(&earlier.unsaid);
        if self.per_second == earlier.per_second {
            self.bucket = Arc::clone(&earlier.bucket);
        }
    }

    /// Whether one more line may be logged.
    pub fn take_line(&self) -> bool {
        self.bucket.take_one()
    }

    /// Counts what a call lost. All that was lost since this was said last, if it is time to say so: the first at once, and what comes within the
    /// minute with the first call after it.
    pub fn lost(&self, dropped: Dropped, now: Instant) -> Option<Dropped> {
        let mut unsaid = self.unsaid.lock().unwrap_or_else(PoisonError::into_inner);
        unsaid.dropped.beyond_log_lines += dropped.beyond_log_lines;
        unsaid.dropped.beyond_log_per_second += dropped.beyond_log_per_second;
        let due = unsaid.said.is_none_or(|said| now.saturating_duration_since(said) >= SAID);
        if !due || unsaid.dropped == Dropped::default() {
            return None;
        }
        unsaid.said = Some(now);
        Some(std::mem::take(&mut unsaid.dropped))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dongting_manifest::Kind;

    fn grant(domain: &str, per_second: u32) -> PublishGrant {
        let domain = domain.to_owned();
        PublishGrant { domain, kind: Kind::Warning, detail: None, outside: false, per_second }
    }

    #[test]
    fn a_flood_waits() {
        let bucket = Bucket::new(&grant("d", 1));
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

    #[test]
    fn what_is_granted_again_has_the_bucket_that_it_had() {
        let before = [grant("a", 1), grant("b", 1), grant("b", 1), grant("c", 1)];
        let had = buckets(&before, []);
        // In another order, one with another rate, and one that is new.
        let after = [grant("c", 2), grant("b", 1), grant("a", 1), grant("b", 1), grant("d", 1)];
        let has = buckets(&after, before.iter().zip(&had));
        let from: Vec<Option<usize>> =
            has.iter().map(|bucket| had.iter().position(|earlier| Arc::ptr_eq(earlier, bucket))).collect();
        assert_eq!((from[0], from[2], from[4]), (None, Some(0), None));
        assert!([[from[1], from[3]], [from[3], from[1]]].contains(&[Some(1), Some(2)]), "{from:?}");
    }

    /// So many lines at once, and as many more as have come since.
    fn lines(rate: &LogRate) -> usize {
        (0..1_000).filter(|_| rate.take_line()).count()
    }

    #[test]
    fn a_log_is_a_minute_deep_from_release_to_release() {
        let began = Instant::now();
        let first = LogRate::new(1);
        let mut taken = lines(&first);
        assert!(taken >= 60);
        let mut next = LogRate::new(1);
        next.take_place_of(&first);
        taken += lines(&next);
        assert!(taken <= 61 + began.elapsed().as_secs() as usize, "{taken}");
        let mut other = LogRate::new(3);
        other.take_place_of(&next);
        assert!(lines(&other) >= 180);
        assert_eq!(lines(&LogRate::new(0)), 0);
    }

    #[test]
    fn what_is_dropped_is_said_once_a_minute() {
        let dropped =
            |beyond_log_lines, beyond_log_per_second| Dropped { beyond_log_lines, beyond_log_per_second };
        let (first, start) = (LogRate::new(1), Instant::now());
        let lost = |rate: &LogRate, lines, seconds| rate.lost(lines, start + Duration::from_secs(seconds));
        assert_eq!(lost(&first, dropped(0, 0), 0), None);
        assert_eq!(lost(&first, dropped(5, 1), 1), Some(dropped(5, 1)));
        assert_eq!(lost(&first, dropped(5, 2), 2), None);
        // Whatever the limit is by now.
        let mut next = LogRate::new(2);
        next.take_place_of(&first);
        assert_eq!(lost(&next, dropped(1, 1), 60), None);
        // A call that has lost nothing says it too.
        assert_eq!(lost(&next, dropped(0, 0), 61), Some(dropped(6, 3)));
        assert_eq!(lost(&next, dropped(0, 0), 200), None);
        assert_eq!(lost(&next, dropped(0, 1), 201), Some(dropped(0, 1)));
    }
}
