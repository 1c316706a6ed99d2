//! Instants as the catalogues write them. All are kept to the microsecond, which is what a message can say.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

/// QuakeML and FDSN text: a time without a zone is UTC. A leap second (`:60`) counts as the last whole second before it,
/// since no clock of a computer shows it.
pub fn utc(text: &str) -> Result<Timestamp, String> {
    read(text, Offset::UTC)
}

/// CENC lists: Beijing time, without a zone.
pub fn beijing(text: &str) -> Result<Timestamp, String> {
    read(text, Offset::constant(8))
}

/// USGS feeds: milliseconds since 1970.
pub fn from_millis(millis: i64) -> Result<Timestamp, String> {
    Timestamp::from_millisecond(millis).map_err(|_| format!("{millis} milliseconds since 1970 is no instant"))
}

/// `2026-08-29T06:36:52.125` as FDSN query parameters have it: UTC, no zone.
#[must_use]
pub fn to_parameter(instant: Timestamp) -> String {
    TimeZone::UTC.to_datetime(instant).to_string()
}

fn read(text: &str, zone: Offset) -> Result<Timestamp, String> {
    let no_instant = || format!("`{}` is no instant", text.chars().take(40).collect::<String>());
    let trimmed = text.trim();
    let (date, clock) = trimmed.split_once(['T', ' ']).ok_or_else(no_instant)?;
    // jiff would also take weeks, bracketed zones and times without seconds; a catalogue that writes those is broken.
    let plain =
        |part: &str, also: &str| part.bytes().all(|b| b.is_ascii_digit() || also.as_bytes().contains(&b));
    if !plain(date, "-") || !plain(clock, ":.+-Z") || clock.len() < 8 {
        return Err(no_instant());
    }
    let (clock, has_zone) = match clock.find(['Z', '+', '-']) {
        Some(at) => (clock.split_at(at), true),
        None => ((clock, ""), false),
    };
    // Nanoseconds and beyond are cut, not rounded, so that every format of one catalogue gives the same instant.
    let (seconds, fraction) = clock.0.split_once('.').unwrap_or((clock.0, "0"));
    let fraction =
        fraction.get(..fraction.len().min(6)).filter(|digits| !digits.is_empty()).ok_or_else(no_instant)?;
    let written = format!("{date}T{seconds}.{fraction}{}", clock.1);
    if has_zone {
        return written.parse::<Timestamp>().map_err(|_| no_instant());
    }
    let civil: DateTime = written.parse().map_err(|_| no_instant())?;
    zone.to_timestamp(civil).map_err(|_| no_instant())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_of_the_catalogues() {
        let check = |text: &str, expected: &str| {
            let read = utc(text).map_or_else(|error| error, |at| at.to_string());
            assert_eq!(read, expected, "{text}");
        };
        check("2012-04-04T14:21:42.3", "2012-04-04T14:21:42.3Z");
        check("2012-04-04T14:21:42", "2012-04-04T14:21:42Z");
        check("2012-04-04T14:21:42.123456789012Z", "2012-04-04T14:21:42.123456Z");
        check("2012-04-04T14:21:42+08:00", "2012-04-04T06:21:42Z");
        check(" 2012-04-04 14:21:42 ", "2012-04-04T14:21:42Z");
        check("1631-08-14T00:00:00", "1631-08-14T00:00:00Z");
        check("2016-12-31T23:59:60", "2016-12-31T23:59:59Z");
        for wrong in [
            "",
            "now",
            "2012-04-04",
            "2012-13-04T14:21:42",
            "2012-04-04T25:21:42",
            "2012-04-04T14:21:42.",
            "2012-04-04T14:21:42[Asia/Shanghai]",
            "2012-04-04T14:21:42.€",
            "99999-04-04T14:21:42",
        ] {
            assert!(utc(wrong).is_err(), "{wrong}");
        }
        assert_eq!(beijing("2026-08-29 06:36:52").unwrap().to_string(), "2026-08-28T22:36:52Z");
        assert_eq!(from_millis(1_537_603_200_000).unwrap().to_string(), "2018-09-22T08:00:00Z");
        assert!(from_millis(i64::MAX).is_err());
        assert_eq!(to_parameter(utc("2012-04-04T14:21:42.3").unwrap()), "2012-04-04T14:21:42.3");
    }
}
