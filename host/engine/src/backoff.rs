//! Pauses that grow while something keeps failing, spread so that many do not try at once.

use std::ops::Range;
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

/// Milliseconds out of the range, always the same for one name: what many do again and again is spread over time.
pub fn within(milliseconds: Range<u64>, name: &str) -> Duration {
    let salt = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let spread = milliseconds.end.saturating_sub(milliseconds.start);
    // The low bits alone would hardly differ among names that differ in their last letters.
    let mixed = (salt ^ (salt >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    let more = mixed.checked_rem(spread).unwrap_or_default();
    Duration::from_millis(milliseconds.start.saturating_add(more))
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

    #[test]
    fn names_are_spread_over_the_range() {
        let all: std::collections::BTreeSet<Duration> =
            (0..1_000).map(|at| within(1_000..9_000, &format!("installation-{at}"))).collect();
        assert!(all.len() > 900, "{}", all.len());
        assert!(all.iter().all(|one| (1_000..9_000).contains(&one.as_millis())));
        assert_eq!(within(5..5, "x"), Duration::from_millis(5));
    }
}
