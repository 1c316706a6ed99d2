//! How long to wait before the child is started again.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(10);

/// Doubles with every failure; `share` (0 to 1) moves it between half and the whole, so that several hosts on
/// one broken disk do not start in step.
pub fn pause(failures: u32, share: f64) -> Duration {
    let whole = FIRST.saturating_mul(2u32.saturating_pow(failures)).min(LONGEST);
    FIRST.max(whole.mul_f64(0.5 + 0.5 * share.clamp(0.0, 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_ten_seconds() {
        let pauses: Vec<u128> = (0..9).map(|failures| pause(failures, 1.0).as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
        assert_eq!(pause(0, 0.0), FIRST);
        assert_eq!(pause(5, 0.0), Duration::from_millis(1600));
        assert_eq!(pause(u32::MAX, 1.0), LONGEST);
    }
}
