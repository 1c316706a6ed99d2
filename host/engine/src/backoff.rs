//! Pauses that grow while something keeps failing, spread so that many do not try at once.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(60);

/// The pause after the `failures`th failure in a row, at least `wish`. `salt` spreads it by a quarter.
pub fn pause(failures: u32, wish: Option<Duration>, salt: u64) -> Duration {
    let grown = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(LONGEST);
    let quarter = u64::try_from(grown.as_millis() / 4).unwrap_or(0);
    // A multiplicative hash: spread, and the same in a replay.
    let jitter = salt.wrapping_mul(0x9e37_79b9_7f4a_7c15).checked_rem(quarter.max(1)).unwrap_or(0);
    wish.unwrap_or_default().max(grown + Duration::from_millis(jitter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_are_bounded_and_spread() {
        for failures in 1..40 {
            let pause = pause(failures, None, u64::from(failures));
            assert!(pause >= FIRST && pause <= LONGEST + LONGEST / 4, "{failures}: {pause:?}");
        }
        assert_ne!(pause(5, None, 1), pause(5, None, 2));
        assert_eq!(pause(1, Some(Duration::from_secs(9)), 0), Duration::from_secs(9));
    }
}
