//! An instant as the contract has it: microseconds since 1970, written as RFC 3339 in UTC.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

#[derive(Debug, thiserror::Error)]
#[error("`{text}` is not an instant in RFC 3339, for example 2026-08-29T06:36:52Z")]
pub struct TimestampError {
    text: String,
}

impl Timestamp {
    /// The years 0001 to 9999: what RFC 3339 can write.
    const MIN: i64 = -62_135_596_800_000_000;
    const MAX: i64 = 253_402_207_200_000_000;

    #[must_use]
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(i64::try_from(since.as_micros()).unwrap_or(Self::MAX))
    }

    /// None for an instant that RFC 3339 cannot write.
    #[must_use]
    pub fn from_micros(micros: i64) -> Option<Self> {
        (Self::MIN..=Self::MAX).contains(&micros).then_some(Self(micros))
    }

    #[must_use]
    pub fn as_micros(self) -> i64 {
        self.0
    }

    /// Time since 1970; zero before it. What a guest's WASI clock can show.
    #[must_use]
    pub fn since_epoch(self) -> Duration {
        Duration::from_micros(u64::try_from(self.0).unwrap_or(0))
    }

    #[must_use]
    pub fn saturating_add(self, span: Duration) -> Self {
        let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        Self::from_micros(self.as_micros().saturating_add(micros)).unwrap_or(self)
    }

    /// The time from `earlier` to this; nothing where it lies behind.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(
            u64::try_from(self.as_micros().saturating_sub(earlier.as_micros())).unwrap_or(0),
        )
    }

    #[must_use]
    pub fn saturating_sub(self, span: Duration) -> Self {
        let span = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(span).max(Self::MIN))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The range was checked when it was made, so the conversion holds.
        let instant = jiff::Timestamp::from_microsecond(self.0).map_err(|_| fmt::Error)?;
        fmt::Display::fmt(&instant, f)
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<jiff::Timestamp>()
            .ok()
            .and_then(|instant| Self::from_micros(instant.as_microsecond()))
            .ok_or_else(|| TimestampError { text: text.chars().take(64).collect() })
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_instant_is_written_and_read_back(micros in Timestamp::MIN..=Timestamp::MAX) {
            let at = Timestamp::from_micros(micros).unwrap();
            prop_assert_eq!(at.to_string().parse::<Timestamp>().unwrap(), at);
        }
    }

    #[test]
    fn before_1970_and_offsets() {
        let at: Timestamp = "1631-08-14T00:00:00Z".parse().unwrap();
        assert_eq!(at.to_string(), "1631-08-14T00:00:00Z");
        let beijing: Timestamp = "2026-08-29T14:36:52.125+08:00".parse().unwrap();
        assert_eq!(beijing.to_string(), "2026-08-29T06:36:52.125Z");
        assert!("yesterday".parse::<Timestamp>().is_err());
    }
}
